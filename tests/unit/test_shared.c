/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file One learnt kernel: how often it is asked by name, and read by several threads at once. */
#include <pthread.h>

#include "support/small_kernel.h"

#define MANY_BYTES ((uint64_t)4 << 20)
#define NR_MAX 1000u
#define VMAS 30u

/* A task of its own, with signal_struct, mm, percpu counters: 1 KiB each. */
static uint64_t task_at(unsigned int n)
{
	return BASE + 0x100000 + 0x400 * (uint64_t)n;
}

static uint64_t signal_at(unsigned int n)
{
	return task_at(n) + 0x80;
}

static uint64_t mm_at(unsigned int n)
{
	return task_at(n) + 0x100;
}

/* Where task n has its VMAs, in a red-black tree that leans to the right. */
static uint64_t vma_at(unsigned int n)
{
	return BASE + 0x8000 + 0x80 * (uint64_t)n;
}

static struct mmu_session *open_many(unsigned int nr, bool maple)
{
	const struct memory_piece whole = { .bytes = MANY_BYTES };
	struct mmu_session *session = session_of(memory_image_create(&whole, 1), maple);
	const uint64_t init_va = BASE + 0x1000, node_va = BASE + 0x3000;

	put(session, init_va + TASKS, 8, task_at(0) + TASKS);
	for (unsigned int n = 0; n < nr; n++) {
		uint64_t va = task_at(n), next = n + 1 < nr ? task_at(n + 1) : init_va;

		put(session, va + TASKS, 8, next + TASKS);
		put(session, va + PID, 4, n + 1);
		put(session, va + TGID, 4, n + 1);
		put(session, va + MM, 8, mm_at(n));
		put(session, va + SIGNAL, 8, signal_at(n));
		put(session, signal_at(n) + THREAD_HEAD, 8, va + THREAD_NODE);
		put(session, va + THREAD_NODE, 8, signal_at(n) + THREAD_HEAD);
		put(session, mm_at(n) + PGD, 8, BASE + 0x10000);
		put(session, mm_at(n) + TABLE_BYTES, 8, 4096 * (uint64_t)n);
		put(session, mm_at(n) + RSS, 8, n);
		/* all share what their trees lead to */
		put(session, mm_at(n) + (maple ? TREE + TREE_ROOT : MM_RB), 8,
		    maple ? node_va | 1 << 3 | 2 : vma_at(0) + VM_RB);
	}
	for (unsigned int n = 0; n < VMAS; n++) {
		put(session, vma_at(n) + VM_START, 8, 0x1000 * (uint64_t)n);
		put(session, vma_at(n) + VM_END, 8, 0x1000 * (uint64_t)(n + 1));
		put(session, vma_at(n) + VM_FLAGS, 8, n);
		if (n + 1 < VMAS)
			put(session, vma_at(n) + VM_RB, 8, vma_at(n + 1) + VM_RB);
	}
	for (unsigned int n = 0; maple && n < 16; n++) {
		put(session, node_va + 8 * (uint64_t)(16 + n), 8, vma_at(n));
		if (n < 15)
			put(session, node_va + 8 + 8 * (uint64_t)n, 8, 0x1000 * (n + 1) - 1);
	}
	return session;
}

/* ------------------------------------------------------------------ by name, once */

static bool count_task(const struct mmu_task *task, const struct mmu_error *problem, void *context)
{
	if (!task)
		fail_msg("%s", mmu_error_message(problem));
	if (task->pid) {
		assert_true(task->has_counters);
		assert_int_equal(task->rss_pages, task->pid - 1);
	}
	++*(unsigned int *)context;
	return true;
}

/* @return look-ups by name that it takes to list `nr` tasks, with their threads, `times` times */
static uint64_t lookups_of_tasks(unsigned int nr, unsigned int times)
{
	struct mmu_session *session = open_many(nr, true);
	uint64_t before = mmu_fact_lookups(session->kernel.facts), after;

	for (unsigned int i = 0; i < times; i++) {
		unsigned int count = 0;

		assert_null(mmu_tasks_visit(&session->memory, true, count_task, &count));
		assert_int_equal(count, nr + 1);
	}
	after = mmu_fact_lookups(session->kernel.facts);
	mmu_session_close(session);
	assert_true(after > before);
	return after - before;
}

static void test_lookups_of_tasks(void **state)
{
	uint64_t ten = lookups_of_tasks(10, 1);

	assert_int_equal(lookups_of_tasks(NR_MAX, 1), ten);
	/* init_task's address is asked for by each listing; nothing else */
	assert_int_equal(lookups_of_tasks(10, 5), ten + 4);
}

static void expect_vma(struct mmu_memory *memory, unsigned int task, unsigned int n)
{
	struct mmu_vma vma;
	bool found;

	assert_null(mmu_vma_find(memory, mm_at(task), 0x1000 * (uint64_t)n + 0x123, &vma, &found));
	assert_true(found);
	assert_int_equal(vma.vm_flags, n);
	assert_int_equal(vma.first_va, 0x1000 * (uint64_t)n);
}

static void test_lookups_of_vmas(void **state)
{
	for (unsigned int maple = 0; maple < 2; maple++) {
		struct mmu_session *session = open_many(NR_MAX, maple);

		expect_vma(&session->memory, 0, 0);
		uint64_t one = mmu_fact_lookups(session->kernel.facts);
		assert_true(one > 0);
		for (unsigned int n = 0; n < 1000; n++)
			expect_vma(&session->memory, n, n % (maple ? 16 : VMAS));
		assert_int_equal(mmu_fact_lookups(session->kernel.facts), one);
		mmu_session_close(session);
	}
}

/* What is missing is not asked for again either; but when there is another source. */
static void test_missing(void **state)
{
	static const char *const facts[] = { "SYMBOL(init_task)=ffff800000001000", NULL };
	struct mmu_session *session = open_many(10, true);
	struct mmu_task task;
	uint64_t first;

	mmu_layouts_forget(session->kernel.layouts);
	mmu_fact_store_destroy(session->kernel.facts);
	assert_null(mmu_fact_store_create(session->kernel.image, facts, &session->kernel.facts));
	for (unsigned int i = 0; i < 3; i++) {
		struct mmu_error *error = mmu_task_read(&session->memory, task_at(0), NULL, &task);

		assert_int_equal(mmu_error_code(error), MMU_ERROR_NOT_FOUND);
		assert_non_null(strstr(mmu_error_message(error), "task_struct.pid"));
		mmu_error_destroy(error);
		if (!i)
			first = mmu_fact_lookups(session->kernel.facts);
		assert_int_equal(mmu_fact_lookups(session->kernel.facts), first);
	}
	mmu_layouts_forget(session->kernel.layouts);
	mmu_error_destroy(mmu_task_read(&session->memory, task_at(0), NULL, &task));
	assert_true(mmu_fact_lookups(session->kernel.facts) > first);
	mmu_session_close(session);
}

/* ------------------------------------------------------------------ several threads */

struct reader {
	pthread_t thread;
	const struct mmu_kernel *kernel;
	unsigned int nr, tasks;
	bool good;
};

static bool count_quietly(const struct mmu_task *task, const struct mmu_error *problem,
			  void *context)
{
	struct reader *reader = context;

	(void)problem;
	reader->tasks += task != NULL;
	return true;
}

/* cmocka's assertions are for the first thread only. */
static void *read_kernel(void *context)
{
	struct reader *reader = context;
	struct mmu_memory memory;
	struct mmu_vma vma;
	bool found;

	mmu_memory_init(&memory, reader->kernel);
	reader->good = true;
	for (unsigned int i = 0; i < 20; i++) {
		uint64_t va = 0x1000 * (uint64_t)((i + reader->nr) % 16);
		struct mmu_error *error = mmu_tasks_visit(&memory, true, count_quietly, reader);

		reader->good &= !error;
		mmu_error_destroy(error);
		error = mmu_vma_find(&memory, mm_at(i), va, &vma, &found);
		reader->good &= !error && found && vma.first_va == va;
		mmu_error_destroy(error);
	}
	mmu_memory_destroy(&memory);
	return NULL;
}

static void test_threads(void **state)
{
	struct mmu_session *session = open_many(100, true);
	struct reader readers[4];

	/* from the first look-up on */
	for (unsigned int i = 0; i < COUNT(readers); i++) {
		readers[i] = (struct reader){ .kernel = &session->kernel, .nr = i };
		assert_int_equal(pthread_create(&readers[i].thread, NULL, read_kernel, &readers[i]),
				 0);
	}
	for (unsigned int i = 0; i < COUNT(readers); i++) {
		assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
		assert_true(readers[i].good);
		assert_int_equal(readers[i].tasks, 20 * 101);
	}
	mmu_session_close(session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookups_of_tasks),
		cmocka_unit_test(test_lookups_of_vmas),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests_name("shared", tests, NULL, NULL);
}
