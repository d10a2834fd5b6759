/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Tasks of a small made-up kernel of whose pages some are not in the image. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/task_kernel.h"

/* ------------------------------------------------------------------ the list of leaders */

static void test_one_gap(void **state)
{
	struct mmu_session *session = open_tasks(8, GONE(TASK(4)), true);
	struct told told;

	list(session, false, &told);
	assert_string_equal(told.pids, "0 1 2 3 5 6 7 8");
	assert_string_equal(told.problems, "task_struct of pid 4 at 0xffff800000104000: physical "
					   "0x104000 is filtered\n"
					   "the list is broken at task_struct 0xffff800000104000: "
					   "task_struct.tasks at 0xffff800000104030: physical "
					   "0x104030 is filtered; "
					   "4 more tasks were found\n");
	mmu_session_close(session);
	session = open_tasks(8, GONE(TASK(8)), true);
	list(session, false, &told);
	assert_string_equal(told.pids, "0 1 2 3 4 5 6 7");
	says(&told, "task_struct of pid 8 at");
	says(&told, "; 0 more tasks");
	mmu_session_close(session);
}

/* A part between two gaps is found by its pids, whichever it has, and told in the list's order. */
static void test_island(void **state)
{
	for (unsigned int only = 3; only < 7; only++) {
		struct mmu_session *session = open_tasks(8, GONE(TASK(2), TASK(7)), true);
		struct told told;

		for (unsigned int pid = 3; pid < 7; pid++)
			if (pid != only)
				put(session, LEAF_NODE(0), NODE_SLOTS + 8 * pid, 8, 0);
		put(session, LEAF_NODE(0), NODE_SLOTS + 8 * 50, 8, 0x406); /* XA_ZERO_ENTRY */
		list(session, false, &told);
		assert_string_equal(told.pids, "0 1 8 3 4 5 6");
		assert_int_equal(told.nr_problems, 3);
		mmu_session_close(session);
	}
}

static void test_island_out_of_reach(void **state)
{
	struct mmu_session *session = open_tasks(8, GONE(TASK(2), TASK(7), LEAF_NODE(0)), true);
	struct told told;

	list(session, false, &told);
	assert_string_equal(told.pids, "0 1 8");
	says(&told, "pids 0 to 63: xa_node of pids at 0xffff800000003000: physical 0x3000 is "
		    "filtered\n");
	mmu_session_close(session);
}

static void test_no_table_of_pids(void **state)
{
	struct mmu_session *session = open_tasks(8, GONE(TASK(4)), false);
	struct told told;

	list(session, false, &told);
	assert_string_equal(told.pids, "0 1 2 3 5 6 7 8");
	assert_int_equal(told.nr_problems, 1);
	says(&told, "4 more tasks were found, and not by their pids: ");
	says(&told, "OFFSET(pid.tasks)");
	mmu_session_close(session);
}

/* Where struct pid_namespace is not described: with a kref before the idr, and without. */
static void test_namespace_not_described(void **state)
{
	static const char *const more[] = { "SYMBOL(init_pid_ns)=ffff800000001000",
					    "OFFSET(xarray.xa_head)=8", "OFFSET(pid.tasks)=16",
					    "OFFSET(task_struct.pid_links)=96" };

	for (unsigned int at = 0; at <= 16; at += 8) {
		struct mmu_session *session = open_tasks(8, GONE(TASK(4)), true);
		struct told told;

		more_facts(session, more, COUNT(more));
		put(session, NAMESPACE, 8, 8, UINT64_C(0x0400000000000000)); /* its flags */
		put(session, NAMESPACE, 8 + at, 8, va_of(ROOT_NODE) | 2);
		list(session, false, &told);
		says(&told, at < 16 ? "task_struct of pid 4 at" : "begins with no xarray");
		mmu_session_close(session);
	}
}

/* Pids in a row of which nothing can be known are told together; and not one by one for ever. */
static void test_many_gone(void **state)
{
	unsigned int gone[41] = { 0 };
	struct told told;

	for (unsigned int i = 0; i < 40; i++)
		gone[i] = TASK(10 + i);
	struct mmu_session *session = open_tasks(60, gone, true);
	list(session, false, &told);
	assert_string_equal(told.pids, "0 1 2 3 4 5 6 7 8 9 50 51 52 53 54 55 56 57 58 59 60");
	assert_int_equal(told.nr_problems, 16 + 2);
	says(&told, "task_struct of pid 25 at");
	says(&told, "and 24 more like these\n");
	mmu_session_close(session);
}

/* ------------------------------------------------------------------ threads */

static void test_threads(void **state)
{
	struct mmu_session *session = open_tasks(4, GONE(TASK(65)), true);
	struct told told;

	put_threads(session, 2, GONE(64, 65, 66, 67));
	list(session, true, &told);
	assert_string_equal(told.pids, "0 1 2 64 3 4 66 67");
	says(&told, "threads of pid 2: the list is broken at task_struct 0xffff800000141000: ");
	says(&told, "task_struct of pid 65 at 0xffff800000141000: physical 0x141000 is filtered\n");
	assert_int_equal(told.nr_problems, 2);
	list(session, false, &told);
	assert_string_equal(told.pids, "0 1 2 3 4");
	assert_int_equal(told.nr_problems, 0);
	mmu_session_close(session);
	session = open_tasks(4, GONE(SIGNAL_OF(2)), true);
	put_threads(session, 2, GONE(64));
	list(session, true, &told);
	assert_string_equal(told.pids, "0 1 2 3 4 64");
	says(&told, "threads of pid 2: signal_struct.thread_head at 0xffff800000202010");
	mmu_session_close(session);
}

/* A part of the list that is found late brings its threads; none is told twice. */
static void test_threads_behind_a_gap(void **state)
{
	struct mmu_session *session = open_tasks(6, GONE(TASK(2), TASK(6)), true);
	struct told told;

	put_threads(session, 4, GONE(64, 65));
	list(session, true, &told);
	assert_string_equal(told.pids, "0 1 3 4 64 65 5");
	list(session, false, &told);
	assert_string_equal(told.pids, "0 1 3 4 5");
	mmu_session_close(session);
}

/* ------------------------------------------------------------------ one pid */

static void refuses(struct mmu_session *session, int pid, enum mmu_error_kind code,
		    const char *message)
{
	struct mmu_task task;
	struct mmu_error *error = mmu_task_find(&session->memory, pid, &task, NULL);

	assert_non_null(error);
	assert_string_equal(mmu_error_message(error), message);
	assert_int_equal(mmu_error_code(error), code);
	mmu_error_destroy(error);
}

static void finds(struct mmu_session *session, int pid)
{
	struct mmu_task task;
	struct mmu_error *error = mmu_task_find(&session->memory, pid, &task, NULL);

	if (error)
		fail_msg("%s", mmu_error_message(error));
	assert_int_equal(task.pid, pid);
	assert_int_equal(task.task_va, va_of(TASK((unsigned int)pid)));
}

static void test_find(void **state)
{
	struct mmu_session *session = open_tasks(8, GONE(TASK(2), TASK(7), TASK(65), PID_OF(66)),
						 true);

	put_threads(session, 5, GONE(64, 65, 66, 67));
	finds(session, 5);
	finds(session, 8);
	finds(session, 67);
	refuses(session, 2, MMU_ERROR_NO_TASK,
		"task_struct of pid 2 at 0xffff800000102000: physical 0x102000 is filtered");
	refuses(session, 65, MMU_ERROR_NO_TASK,
		"task_struct of pid 65 at 0xffff800000141000: physical 0x141000 is filtered");
	refuses(session, 66, MMU_ERROR_NO_TASK,
		"struct pid of pid 66 at 0xffff800000342000: physical 0x342010 is filtered");
	refuses(session, 9, MMU_ERROR_NO_TASK, "no task has pid 9");
	mmu_session_close(session);
}

static void test_find_without_its_node(void **state)
{
	struct mmu_session *session = open_tasks(8, GONE(TASK(2), TASK(7), LEAF_NODE(0)), true);

	finds(session, 8);
	refuses(session, 4, MMU_ERROR_NO_TASK,
		"no such task was found; it may be among those that are missing: pids 0 to 63: "
		"xa_node of pids at 0xffff800000003000: physical 0x3000 is filtered");
	refuses(session, 64, MMU_ERROR_NO_TASK, "no task has pid 64");
	mmu_session_close(session);
}

/* A task whose node in the list is there, and what lies before it is not. */
static void test_find_half(void **state)
{
	const uint64_t half_va = va_of(0x81) - T_TASKS;
	struct mmu_session *session = open_tasks(3, GONE(0x80), true);
	struct told told;

	put_pid(session, 9, half_va, true);
	put(session, TASK(1), T_TASKS, 8, half_va + T_TASKS);
	put_list(session, 0x81, 0, va_of(TASK(2)) + T_TASKS, va_of(TASK(1)) + T_TASKS);
	list(session, false, &told);
	assert_string_equal(told.pids, "0 1 2 3");
	assert_string_equal(told.problems, "task_struct at 0xffff800000080fd0: physical 0x80fd0 is "
					   "filtered\n");
	refuses(session, 9, MMU_ERROR_NO_TASK,
		"task_struct of pid 9 at 0xffff800000080fd0: physical 0x80fd0 is filtered");
	mmu_session_close(session);
}

/* ------------------------------------------------------------------ one look-up */

static bool touched[PAGES];
static const struct mmu_image_reader *plain_reader;

static struct mmu_span touch(const struct mmu_image *image, struct mmu_cursor *cursor, uint64_t pa)
{
	if (pa >> 12 < PAGES)
		touched[pa >> 12] = true;
	return plain_reader->span(image, cursor, pa);
}

/* From now on the pages that are read are noted. */
static void note_pages(struct mmu_session *session)
{
	static struct mmu_image_reader reader;

	if (session->kernel.image->reader != &reader)
		plain_reader = session->kernel.image->reader;
	reader = *plain_reader;
	reader.span = touch;
	session->kernel.image->reader = &reader;
	memset(touched, 0, sizeof(touched));
}

static unsigned int nr_touched(unsigned int first, unsigned int count)
{
	unsigned int nr = 0;

	for (unsigned int page = first; page < first + count; page++)
		nr += touched[page];
	return nr;
}

static enum mmu_task_known known_of(struct mmu_session *session, int pid)
{
	enum mmu_task_known known = (enum mmu_task_known)99;
	struct mmu_task task;

	assert_null(mmu_task_find(&session->memory, pid, &task, &known));
	assert_int_equal(task.pid, pid);
	return known;
}

/* However many tasks there are: the nodes on the way, the struct pid, the task and a neighbour. */
static void test_one_look_up(void **state)
{
	struct mmu_session *session = open_tasks(60, GONE(0), true);

	put_threads(session, 30, GONE(64, 65, 66));
	note_pages(session);
	assert_int_equal(known_of(session, 40), MMU_TASK_KNOWN);
	assert_int_equal(nr_touched(TASK(0), 0x100), 2);
	assert_true(touched[TASK(40)] && touched[TASK(41)]);
	assert_int_equal(nr_touched(0, PAGES), 2 + 3 + 1);
	note_pages(session);
	assert_int_equal(known_of(session, 65), MMU_TASK_KNOWN);
	assert_true(touched[TASK(65)] && touched[TASK(66)]);
	assert_int_equal(nr_touched(0, PAGES), 2 + 3 + 1);
	mmu_session_close(session);
}

/* Without a table of pids the list is read once for all look-ups. */
static void test_one_index(void **state)
{
	struct mmu_session *session = open_tasks(60, GONE(0), false);

	put_threads(session, 30, GONE(64, 65, 66));
	finds(session, 7);
	finds(session, 65);
	note_pages(session);
	assert_int_equal(known_of(session, 40), MMU_TASK_KNOWN);
	assert_int_equal(known_of(session, 66), MMU_TASK_KNOWN);
	assert_int_equal(nr_touched(0, PAGES), 2);
	refuses(session, 67, MMU_ERROR_NO_TASK, "no task has pid 67");
	assert_int_equal(nr_touched(0, PAGES), 2);
	mmu_session_close(session);
}

/* What one of the two ways does not know is found by the other, and told. */
static void test_disagreement(void **state)
{
	struct mmu_session *session = open_tasks(8, GONE(0), true);

	/* 4 is taken out of the list, as list_del() leaves it, and as one who only skips it */
	put(session, TASK(3), T_TASKS, 8, va_of(TASK(5)) + T_TASKS);
	put(session, TASK(5), T_TASKS + 8, 8, va_of(TASK(3)) + T_TASKS);
	assert_int_equal(known_of(session, 4), MMU_TASK_UNLISTED);
	assert_int_equal(known_of(session, 3), MMU_TASK_KNOWN);
	assert_int_equal(known_of(session, 5), MMU_TASK_KNOWN);
	/* 6 is taken out of the table; and 0, which never is in it, is no matter */
	put(session, LEAF_NODE(0), NODE_SLOTS + 8 * 6, 8, 0);
	assert_int_equal(known_of(session, 6), MMU_TASK_UNTABLED);
	assert_int_equal(known_of(session, 0), MMU_TASK_KNOWN);
	/* a node without any entry, as zeros are where memory was not dumped, says nothing */
	put(session, LEAF_NODE(0), 2, 1, 0);
	assert_int_equal(known_of(session, 6), MMU_TASK_KNOWN);
	put(session, LEAF_NODE(0), 2, 1, 1);
	refuses(session, 200, MMU_ERROR_NO_TASK, "no task has pid 200");
	/* one that is in the table with another's task is found by the list */
	put(session, PID_OF(7), P_TASKS, 8, va_of(TASK(8)) + T_LINKS);
	assert_int_equal(known_of(session, 7), MMU_TASK_KNOWN);
	mmu_session_close(session);
	/* a thread whose leader's list does not lead to it */
	session = open_tasks(3, GONE(0), true);
	put_threads(session, 2, GONE(64, 65));
	put_list(session, SIGNAL_OF(2), 16, va_of(TASK(2)) + T_THREAD, va_of(TASK(64)) + T_THREAD);
	assert_int_equal(known_of(session, 65), MMU_TASK_UNLISTED);
	assert_int_equal(known_of(session, 64), MMU_TASK_KNOWN);
	mmu_session_close(session);
}

/* The kernel's threads of a living process are asked for its mm, and nobody else. */
static void test_mm_of_a_thread(void **state)
{
	struct mmu_session *session = open_tasks(60, GONE(0), true);
	struct mmu_task task;

	put_threads(session, 2, GONE(64, 65));
	put(session, TASK(2), T_FLAGS, 4, 0);
	put(session, TASK(2), T_EXIT, 4, 0x20);
	put(session, TASK(65), T_FLAGS, 4, 0);
	put(session, TASK(65), T_MM, 8, va_of(MM));
	put(session, MM, 0, 8, BASE + 0x5000);
	note_pages(session);
	assert_null(mmu_task_find(&session->memory, 2, &task, NULL));
	assert_int_equal(task.mm_va, va_of(MM));
	assert_int_equal(nr_touched(TASK(0), 0x100), 4); /* and the leader's neighbour */
	mmu_session_close(session);
}

/* A leader that has exited, and the one thread that still runs lies behind a gap. */
static void test_mm_behind_a_gap(void **state)
{
	struct mmu_session *session = open_tasks(3, GONE(TASK(64)), true);
	struct mmu_task task;

	put_threads(session, 2, GONE(64, 65));
	put(session, TASK(2), T_FLAGS, 4, 0);
	put(session, TASK(2), T_EXIT, 4, 0x20);
	put(session, TASK(65), T_FLAGS, 4, 0);
	put(session, TASK(65), T_MM, 8, va_of(MM));
	put(session, MM, 0, 8, BASE + 0x5000);
	assert_null(mmu_task_find(&session->memory, 2, &task, NULL));
	assert_int_equal(task.mm_va, va_of(MM));
	assert_int_equal(task.pgd_pa, 0x5000);
	/* when that one has none either, the one that is missing may have it */
	put(session, TASK(65), T_MM, 8, 0);
	refuses(session, 2, MMU_ERROR_NO_MM,
		"pid 2 has left its address space behind, and not all threads can be read that may "
		"still have it");
	mmu_session_close(session);
}

static void test_mm_gone(void **state)
{
	const struct mmu_space_query query = { .size = sizeof(query),
					       .by = MMU_SPACE_PID,
					       .value = 2 };
	struct mmu_session *session = open_tasks(3, GONE(MM), true);
	struct mmu_space *space;
	struct told told;

	put(session, TASK(2), T_FLAGS, 4, 0);
	put(session, TASK(2), T_MM, 8, va_of(MM));
	list(session, false, &told);
	assert_string_equal(told.pids, "0 1 2 3");
	assert_string_equal(told.problems, "mm_struct of pid 2 at 0xffff8000003f0000: physical "
					   "0x3f0000 is filtered\n");
	struct mmu_error *error = mmu_space_open(session, &query, &space);
	assert_non_null(error);
	assert_int_equal(mmu_error_code(error), MMU_ERROR_NO_MM);
	assert_string_equal(mmu_error_message(error), "mm_struct of pid 2 at 0xffff8000003f0000: "
						      "physical 0x3f0000 is filtered");
	mmu_error_destroy(error);
	/* that of another is no reason not to find a pid */
	refuses(session, 9, MMU_ERROR_NO_TASK, "no task has pid 9");
	mmu_session_close(session);
}

/* ------------------------------------------------------------------ what a task has */

/* A count that lacks what one CPU has not yet added is wrong, not about right. */
static void test_counters(void **state)
{
	static const char *const more[] = {
		"OFFSET(mm_struct.pgtables_bytes)=8",
		"OFFSET(mm_struct.rss_stat)=16",
		"LENGTH(mm_struct.rss_stat)=4",
		"SIZE(percpu_counter)=16",
		"OFFSET(percpu_counter.count)=0",
		"OFFSET(percpu_counter.counters)=8",
		"SYMBOL(__per_cpu_offset)=ffff800000090000",
		"SYMBOL(nr_cpu_ids)=ffff800000091000",
	};

	for (unsigned int gone = 0; gone < 2; gone++) {
		struct mmu_session *session = open_tasks(1, GONE(gone ? 0x93 : 0), false);
		struct mmu_task task;

		more_facts(session, more, COUNT(more));
		put(session, TASK(1), T_FLAGS, 4, 0);
		put(session, TASK(1), T_MM, 8, va_of(MM));
		put(session, MM, 0, 8, BASE + 0x5000);
		put(session, MM, 8, 8, 0x3000);
		for (unsigned int i = 0; i < 4; i++) {
			put(session, MM, 16 + 16 * i, 8, 10);
			put(session, MM, 24 + 16 * i, 8, 0x100 + 8 * i);
		}
		put(session, 0x91, 0, 4, 2);
		put(session, 0x90, 0, 8, va_of(0x92));
		put(session, 0x90, 8, 8, va_of(0x93));
		put(session, 0x92, 0x100, 4, 5);
		put(session, 0x93, 0x100, 4, (uint32_t)-2);
		assert_null(mmu_task_find(&session->memory, 1, &task, NULL));
		assert_int_equal(task.has_counters, !gone);
		if (!gone)
			assert_int_equal(task.rss_pages, 33);
		mmu_session_close(session);
	}
}

static void expect_vma(struct mmu_session *session, uint64_t va, const char *message)
{
	struct mmu_vma vma;
	bool found = true;
	struct mmu_error *error = mmu_vma_find(&session->memory, va_of(MM), va, &vma, &found);

	if (message) {
		assert_non_null(error);
		assert_string_equal(mmu_error_message(error), message);
	} else {
		assert_null(error);
		assert_false(found);
	}
	mmu_error_destroy(error);
}

/* No VMA, and none that can be read, are two things. */
static void test_vma_gone(void **state)
{
	static const char *const more[] = {
		"OFFSET(mm_struct.mm_mt)=8",       "OFFSET(maple_tree.ma_root)=0",
		"SIZE(maple_tree.ma_root)=8",      "OFFSET(vm_area_struct.vm_start)=0",
		"SIZE(vm_area_struct.vm_start)=8", "OFFSET(vm_area_struct.vm_end)=8",
		"SIZE(vm_area_struct.vm_end)=8",   "OFFSET(vm_area_struct.vm_flags)=16",
		"SIZE(vm_area_struct.vm_flags)=8", "OFFSET(vm_area_struct.vm_file)=24",
		"SIZE(vm_area_struct.vm_file)=8",
	};
	struct mmu_session *session = open_tasks(1, GONE(0x81, 0x83), false);

	more_facts(session, more, COUNT(more));
	put(session, MM, 8, 8, va_of(0x80) | 3 << 3 | 2);
	/* an inner node with three parts: a leaf, a leaf that is gone, a leaf */
	put(session, 0x80, 8, 8, 0xffff);
	put(session, 0x80, 16, 8, 0x1ffff);
	put(session, 0x80, 80, 8, va_of(0x82) | 1 << 3 | 4);
	put(session, 0x80, 88, 8, va_of(0x81) | 1 << 3 | 4);
	/* a leaf: a gap, a VMA that is gone */
	put(session, 0x82, 8, 8, 0xfff);
	put(session, 0x82, 16, 8, 0xffff);
	put(session, 0x82, 128 + 8, 8, va_of(0x83));
	expect_vma(session, 0x800, NULL);
	expect_vma(session, 0x1000,
		   "vm_area_struct at 0xffff800000083000: physical 0x83000 is filtered");
	expect_vma(session, 0x10000,
		   "maple_node at 0xffff800000081000: physical 0x81008 is filtered");
	put(session, 0x82, 16, 8, 0x800);
	expect_vma(session, 0x1000, "maple_node at 0xffff800000082000: torn or damaged");
	mmu_session_close(session);
}

/* ------------------------------------------------------------------ damage */

/* What the table of pids says is taken when the task agrees. */
static void test_wrong_pid(void **state)
{
	struct mmu_session *session = open_tasks(8, GONE(TASK(2), TASK(7)), true);
	struct told told;

	put(session, TASK(4), T_PID, 4, 40);
	put(session, TASK(4), T_TGID, 4, 40);
	put(session, TASK(3), T_TASKS, 8, 0);
	put(session, TASK(5), T_TASKS + 8, 8, 0);
	list(session, false, &told);
	assert_string_equal(told.pids, "0 1 8 3 5 6");
	says(&told, "task_struct of pid 4 at 0xffff800000104000: says pid 40\n");
	mmu_session_close(session);
}

/* A neighbour that does not know of us is none. */
static void test_one_sided_neighbour(void **state)
{
	struct mmu_session *session = open_tasks(8, GONE(TASK(2)), false);
	struct told told;

	put(session, TASK(6), T_TASKS + 8, 8, va_of(0x80) + T_TASKS);
	list(session, false, &told);
	assert_string_equal(told.pids, "0 1 6 7 8");
	mmu_session_close(session);
}

static void test_backwards_for_ever(void **state)
{
	struct mmu_session *session = open_tasks(8, GONE(TASK(2)), true);
	struct told told;

	/* 5 and 6 agree to be each other's neighbours on both sides */
	put_list(session, TASK(5), T_TASKS, va_of(TASK(6)) + T_TASKS, va_of(TASK(6)) + T_TASKS);
	put_list(session, TASK(6), T_TASKS, va_of(TASK(5)) + T_TASKS, va_of(TASK(5)) + T_TASKS);
	list(session, false, &told);
	assert_string_equal(told.pids, "0 1 7 8 3 4 6 5");
	mmu_session_close(session);
}

/* The search ends in a table of pids that points back into itself. */
static void test_table_of_pids_loops(void **state)
{
	struct mmu_session *session = open_tasks(8, GONE(TASK(2), TASK(7)), true);
	struct told told;

	put(session, ROOT_NODE, 0, 1, 18);
	put(session, LEAF_NODE(0), 0, 1, 17);
	for (unsigned int slot = 0; slot < 64; slot++) {
		put(session, ROOT_NODE, NODE_SLOTS + 8 * slot, 8, va_of(LEAF_NODE(0)) | 2);
		put(session, LEAF_NODE(0), NODE_SLOTS + 8 * slot, 8, va_of(ROOT_NODE) | 2);
	}
	list(session, false, &told);
	assert_string_equal(told.pids, "0 1 8");
	says(&told, "its shift 18 is not below its parent's");
	mmu_session_close(session);
}

/* The same node everywhere, four million pids without a task: the search ends soon. */
static void test_table_of_pids_repeats(void **state)
{
	struct mmu_session *session = open_tasks(8, GONE(TASK(2)), true);
	struct told told;

	put(session, ROOT_NODE, 0, 1, 18);
	for (unsigned int n = 0; n < 4; n++) {
		unsigned int page = n ? LEAF_NODE(n - 1) : ROOT_NODE;

		put(session, page, 0, 1, 18 - 6 * n);
		for (unsigned int slot = 0; slot < 64; slot++)
			put(session, page, NODE_SLOTS + 8 * slot, 8,
			    n < 3 ? va_of(LEAF_NODE(n)) | 2 : BASE + 0x6000000);
	}
	list(session, false, &told);
	assert_string_equal(told.pids, "0 1 3 4 5 6 7 8");
	says(&told, "and 65520 more like these\n");
	mmu_session_close(session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_gap),
		cmocka_unit_test(test_island),
		cmocka_unit_test(test_island_out_of_reach),
		cmocka_unit_test(test_no_table_of_pids),
		cmocka_unit_test(test_namespace_not_described),
		cmocka_unit_test(test_many_gone),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_threads_behind_a_gap),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_find_without_its_node),
		cmocka_unit_test(test_find_half),
		cmocka_unit_test(test_one_look_up),
		cmocka_unit_test(test_one_index),
		cmocka_unit_test(test_disagreement),
		cmocka_unit_test(test_mm_of_a_thread),
		cmocka_unit_test(test_mm_behind_a_gap),
		cmocka_unit_test(test_mm_gone),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_vma_gone),
		cmocka_unit_test(test_wrong_pid),
		cmocka_unit_test(test_one_sided_neighbour),
		cmocka_unit_test(test_backwards_for_ever),
		cmocka_unit_test(test_table_of_pids_loops),
		cmocka_unit_test(test_table_of_pids_repeats),
	};

	return cmocka_run_group_tests_name("tasks", tests, NULL, NULL);
}
