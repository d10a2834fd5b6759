/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Pages that threads share: each finds what any of them put there, once, and whole. */
#include <pthread.h>
#include <stdlib.h>

#include "support/image_checks.h"

#include "image/shared_pages.h"

#define PAGE 4096u
#define NR_KEYS 700u
#define NR_THREADS 3u
#define BYTES ((size_t)4 << 20)

/* Far apart, near each other, and with the same low bits. */
static uint64_t key_of(unsigned int number)
{
	return number % 3 == 0 ? number : number % 3 == 1 ? (uint64_t)number << 40 : ~number;
}

struct thread {
	pthread_t id;
	pthread_barrier_t *start;
	struct mmu_shared_pages *pages;
	const uint8_t *found[NR_KEYS];
	unsigned int first, rooms, wrong;
};

static const uint8_t *have(struct thread *thread, uint64_t key, uint8_t **room)
{
	const uint8_t *page = mmu_shared_pages_find(thread->pages, key);

	if (page)
		return page;
	if (!*room) {
		*room = mmu_shared_pages_take(thread->pages);
		thread->rooms++;
	}
	if (!*room)
		return NULL;
	for (unsigned int at = 0; at < PAGE; at += 8)
		mmu_put_uint(*room + at, 8, false, key + at);
	page = mmu_shared_pages_put(thread->pages, *room, key);
	if (page == *room)
		*room = NULL;
	return page;
}

static void *run(void *context)
{
	struct thread *thread = context;
	uint8_t *room = NULL;

	pthread_barrier_wait(thread->start);
	for (unsigned int i = 0; i < NR_KEYS; i++) {
		unsigned int number = (thread->first + i) % NR_KEYS;
		uint64_t key = key_of(number);

		thread->found[number] = have(thread, key, &room);
		for (unsigned int at = 0; thread->found[number] && at < PAGE; at += 8)
			thread->wrong += mmu_get_uint(thread->found[number] + at, 8, false) !=
					 key + at;
	}
	return NULL;
}

static void found_by_all(void **state)
{
	static struct thread threads[NR_THREADS];
	struct mmu_shared_pages *pages = mmu_shared_pages_new(PAGE, BYTES);
	pthread_barrier_t start;
	unsigned int rooms = 0;

	assert_non_null(pages);
	assert_int_equal(pthread_barrier_init(&start, NULL, NR_THREADS), 0);
	for (unsigned int i = 0; i < NR_THREADS; i++) {
		threads[i] = (struct thread){ .start = &start,
					      .pages = pages,
					      .first = i % 2 * (NR_KEYS / 2) };
		assert_int_equal(pthread_create(&threads[i].id, NULL, run, &threads[i]), 0);
	}
	for (unsigned int i = 0; i < NR_THREADS; i++)
		assert_int_equal(pthread_join(threads[i].id, NULL), 0);
	for (unsigned int i = 0; i < NR_THREADS; i++) {
		assert_int_equal(threads[i].wrong, 0);
		rooms += threads[i].rooms;
		for (unsigned int number = 0; number < NR_KEYS; number++) {
			assert_non_null(threads[i].found[number]);
			assert_ptr_equal(threads[i].found[number], threads[0].found[number]);
		}
	}
	/* whoever was too late kept its room for the next page */
	assert_in_range(rooms, NR_KEYS, NR_KEYS + NR_THREADS);
	pthread_barrier_destroy(&start);
	mmu_shared_pages_destroy(pages);
}

static void full(void **state)
{
	struct mmu_shared_pages *pages = mmu_shared_pages_new(PAGE, 3 * PAGE);
	uint8_t *room[3];

	for (unsigned int i = 0; i < 3; i++) {
		room[i] = mmu_shared_pages_take(pages);
		assert_non_null(room[i]);
		room[i][0] = room[i][PAGE - 1] = (uint8_t)i;
	}
	assert_null(mmu_shared_pages_take(pages));
	assert_null(mmu_shared_pages_take(pages));
	for (unsigned int i = 0; i < 3; i++)
		assert_ptr_equal(mmu_shared_pages_put(pages, room[i], i), room[i]);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(mmu_shared_pages_find(pages, i)[PAGE - 1], i);
	assert_null(mmu_shared_pages_find(pages, 3));
	mmu_shared_pages_destroy(pages);
}

static void without_memory(void **state)
{
	assert_null(mmu_shared_pages_find(NULL, 1));
	assert_null(mmu_shared_pages_take(NULL));
	mmu_shared_pages_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_by_all),
		cmocka_unit_test(full),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests_name("image-shared-threads", tests, NULL, NULL);
}
