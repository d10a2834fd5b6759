/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Pages that will be asked for, unpacked by a thread of the image. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/image.h"

/* For fewer pages no thread is started or woken: that takes as long as unpacking some of them. */
#define WORTH 32u

struct mmu_ahead {
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t more;
	size_t next, nr; /* of pas: what is still to be read */
	bool stop;
	uint64_t pas[MMU_EXPECTED_MAX];
	/* set once */
	const struct mmu_image *image;
	bool runs;
	pid_t pid; /* whose thread it is: a child has none */
	pthread_t thread;
};

/* @return false: the image is being closed */
static bool next_page(struct mmu_ahead *ahead, uint64_t *ret)
{
	pthread_mutex_lock(&ahead->lock);
	while (!ahead->stop && ahead->next == ahead->nr)
		pthread_cond_wait(&ahead->more, &ahead->lock);
	bool more = !ahead->stop;
	if (more)
		*ret = ahead->pas[ahead->next++];
	pthread_mutex_unlock(&ahead->lock);
	return more;
}

static void *run(void *argument)
{
	struct mmu_ahead *ahead = argument;
	struct mmu_cursor cursor;
	uint64_t pa;

	mmu_cursor_init(&cursor, ahead->image);
	while (next_page(ahead, &pa))
		if (mmu_image_expects(ahead->image, pa))
			mmu_image_span(&cursor, pa);
	mmu_cursor_destroy(&cursor);
	return NULL;
}

static bool has_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 1;
}

static void start(struct mmu_ahead *ahead)
{
	sigset_t all, before;

	if (!has_cpus())
		return;
	/* signals are for the threads of whoever uses the library */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ahead->runs = pthread_create(&ahead->thread, NULL, run, ahead) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* The image's, made at first need; NULL: no memory. */
static struct mmu_ahead *need(const struct mmu_image *image)
{
	static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;
	struct mmu_ahead *ahead = __atomic_load_n(&image->ahead, __ATOMIC_ACQUIRE);

	if (ahead)
		return ahead;
	pthread_mutex_lock(&making);
	ahead = image->ahead;
	if (!ahead && (ahead = calloc(1, sizeof(*ahead)))) {
		pthread_mutex_init(&ahead->lock, NULL);
		pthread_cond_init(&ahead->more, NULL);
		ahead->image = image;
		ahead->pid = getpid();
		start(ahead);
		/* what is said of the image stays as it is */
		__atomic_store_n(&((struct mmu_image *)image)->ahead, ahead, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&making);
	return ahead;
}

bool mmu_image_expect(const struct mmu_image *image, const uint64_t *pas, size_t nr)
{
	struct mmu_ahead *ahead = nr >= WORTH && image->reader->lacks ? need(image) : NULL;

	if (!ahead || !ahead->runs || ahead->pid != getpid())
		return false;
	nr = nr < MMU_EXPECTED_MAX ? nr : MMU_EXPECTED_MAX;
	pthread_mutex_lock(&ahead->lock);
	memcpy(ahead->pas, pas, nr * sizeof(*pas));
	ahead->next = 0;
	ahead->nr = nr;
	pthread_cond_signal(&ahead->more);
	pthread_mutex_unlock(&ahead->lock);
	return true;
}

void mmu_image_expect_no_more(struct mmu_image *image)
{
	struct mmu_ahead *ahead = image->ahead;

	image->ahead = NULL;
	if (!ahead || ahead->pid != getpid()) /* of a child, nobody knows what its lock is like */
		return;
	if (ahead->runs) {
		pthread_mutex_lock(&ahead->lock);
		ahead->stop = true;
		pthread_cond_signal(&ahead->more);
		pthread_mutex_unlock(&ahead->lock);
		pthread_join(ahead->thread, NULL);
	}
	pthread_cond_destroy(&ahead->more);
	pthread_mutex_destroy(&ahead->lock);
	free(ahead);
}
