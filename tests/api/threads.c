/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Sessions in two threads, and spaces of one session in two threads: threads IMAGE VMLINUX PID PID.
 *
 * Each thread must see what one alone sees. Under ThreadSanitizer this also finds what they share.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <mmuscope/mmuscope.h>

#define ROUNDS 3

static const char *image, *vmlinux;

static void need(struct mmu_error *error)
{
	if (!error)
		return;
	fprintf(stderr, "threads: %s\n", mmu_error_message(error));
	exit(1);
}

/* What a thread has seen, as one number. */
static uint64_t mix(uint64_t sum, uint64_t value)
{
	return (sum ^ value) * UINT64_C(0x100000001b3);
}

static struct mmu_session *open_session(void)
{
	const struct mmu_options options = { .size = sizeof(options),
					     .image = image,
					     .vmlinux = vmlinux };
	struct mmu_session *session = NULL;

	need(mmu_session_open(&options, &session));
	need(mmu_session_learn(session));
	return session;
}

static uint64_t see_tasks(struct mmu_session *session)
{
	const struct mmu_error *problem;
	const struct mmu_task *task;
	struct mmu_tasks *tasks = NULL;
	uint64_t sum = 0;

	need(mmu_tasks_open(session, NULL, &tasks));
	while ((task = mmu_tasks_next(tasks, &problem)) || problem)
		sum = mix(sum, task ? task->task_va + (uint64_t)task->pid : 1);
	mmu_tasks_close(tasks);
	return sum;
}

static uint64_t see_vmas(struct mmu_space *space)
{
	const struct mmu_vma_info *vma = NULL;
	struct mmu_vmas *vmas = NULL;
	struct mmu_error *error;
	uint64_t sum = 0, rounds = 0;

	need(mmu_vmas_open(space, &vmas));
	do {
		error = mmu_vmas_next(vmas, &vma);
		sum = mix(sum, error ? 1 : vma ? vma->first_va + vma->vm_flags : 2);
		for (const char *at = !error && vma ? vma->name : ""; *at; at++)
			sum = mix(sum, (unsigned char)*at);
		mmu_error_destroy(error);
	} while ((error || vma) && ++rounds < 10000);
	mmu_vmas_close(vmas);
	return sum;
}

static uint64_t see_space(struct mmu_session *session, uint64_t pid)
{
	const struct mmu_space_query query = { .size = sizeof(query),
					       .by = MMU_SPACE_PID,
					       .value = pid };
	struct mmu_part part = { .size = sizeof(part) };
	const struct mmu_range *range;
	struct mmu_ranges *ranges = NULL;
	struct mmu_space *space = NULL;
	struct mmu_walk *walk = NULL;
	unsigned char bytes[64];
	uint64_t sum = 0;
	size_t done;

	need(mmu_space_open(session, &query, &space));
	need(mmu_walk_create(&walk));
	mmu_space_extent(space, &part.first_va, &part.last_va);
	need(mmu_ranges_open(space, &part, &ranges));
	for (need(mmu_ranges_next(ranges, &range)); range; need(mmu_ranges_next(ranges, &range))) {
		sum = mix(sum, range->first_va + range->pa + range->rights);
		mmu_space_walk(space, range->last_va, walk);
		sum = mix(sum, mmu_walk_get(walk)->pa);
		mmu_space_read(space, range->first_va, bytes, sizeof(bytes), &done, NULL);
		for (size_t i = 0; i < done; i++)
			sum = mix(sum, bytes[i]);
	}
	mmu_ranges_close(ranges);
	sum = mix(sum, see_vmas(space));
	mmu_walk_destroy(walk);
	mmu_space_close(space);
	return sum;
}

struct job {
	struct mmu_session *session; /* NULL: one of its own */
	uint64_t pid, sum;
};

static void *run(void *context)
{
	struct job *job = context;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct mmu_session *own = job->session ? NULL : open_session();

		job->sum = own ? see_tasks(own) : 0;
		job->sum = mix(job->sum, see_space(own ? own : job->session, job->pid));
		mmu_session_close(own);
	}
	return NULL;
}

/* Two jobs one after the other, then at once. */
static bool agree(const char *what, struct mmu_session *session, const uint64_t pids[2])
{
	struct job alone[2] = { { session, pids[0], 0 }, { session, pids[1], 0 } };
	struct job jobs[2] = { { session, pids[0], 0 }, { session, pids[1], 0 } };
	pthread_t threads[2];

	for (unsigned int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, run, &jobs[i]) != 0)
			exit(1);
	for (unsigned int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	for (unsigned int i = 0; i < 2; i++)
		run(&alone[i]);
	bool same = alone[0].sum == jobs[0].sum && alone[1].sum == jobs[1].sum &&
		    jobs[0].sum != jobs[1].sum;
	printf("%s: %s\n", what, same ? "the same as alone" : "NOT the same as alone");
	return same;
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 2;
	image = argv[1];
	vmlinux = argv[2];
	const uint64_t pids[2] = { strtoull(argv[3], NULL, 0), strtoull(argv[4], NULL, 0) };
	/* the first session of all loads the back-end: in two threads at once */
	bool good = agree("two sessions", NULL, pids);
	struct mmu_session *session = open_session();
	good &= agree("two spaces of one session", session, pids);
	mmu_session_close(session);
	return !good;
}
