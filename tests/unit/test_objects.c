/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Tasks, mms and spaces of a small made-up kernel, whole and damaged; its struct pages. */
#include "objects/task_find.h"
#include "support/small_kernel.h"

/* ------------------------------------------------------------------ tasks */

/* Tasks lie at 0x1000, 0x1100, ..., their signal_struct 0x80 behind, their mms at 0x8000, ... */
static uint64_t task_at(unsigned int n)
{
	return BASE + 0x1000 + 0x100 * (uint64_t)n;
}

static uint64_t mm_at(unsigned int n)
{
	return BASE + 0x8000 + 0x100 * (uint64_t)n;
}

static void link_tasks(struct mmu_session *session, unsigned int from, uint64_t to_task)
{
	put(session, task_at(from) + TASKS, 8, to_task + TASKS);
}

static void put_task(struct mmu_session *session, unsigned int n, uint32_t pid, uint64_t mm_va)
{
	uint64_t va = task_at(n), signal_va = va + 0x80;

	put(session, va + PID, 4, pid);
	put(session, va + TGID, 4, pid);
	put(session, va + MM, 8, mm_va);
	put(session, va + ACTIVE_MM, 8, mm_va);
	memcpy(memory_image_at(session->kernel.image, va + COMM - BASE, 16), "task\0garbage", 12);
	put(session, va + SIGNAL, 8, signal_va);
	put(session, signal_va + THREAD_HEAD, 8, va + THREAD_NODE);
	put(session, va + THREAD_NODE, 8, signal_va + THREAD_HEAD);
	if (mm_va)
		put(session, mm_va + PGD, 8, BASE + 0x10000 + 0x1000 * (uint64_t)n);
}

/* Task n becomes the next thread of leader's, behind `last` (the leader itself at first). */
static void put_thread(struct mmu_session *session, unsigned int n, unsigned int leader,
		       unsigned int last)
{
	uint64_t head = task_at(leader) + 0x80 + THREAD_HEAD;

	put(session, task_at(n) + TGID, 4, 100 * leader);
	put(session, task_at(last) + THREAD_NODE, 8, task_at(n) + THREAD_NODE);
	put(session, task_at(n) + THREAD_NODE, 8, head);
}

/* The idle task and `nr` processes with pids 100, 200, ... */
static struct mmu_session *open_tasks(unsigned int nr)
{
	struct mmu_session *session = open_session();

	put_task(session, 0, 0, 0);
	for (unsigned int n = 1; n <= nr; n++) {
		put_task(session, n, 100 * n, mm_at(n));
		link_tasks(session, n - 1, task_at(n));
	}
	link_tasks(session, nr, task_at(0));
	return session;
}

struct seen {
	struct mmu_task tasks[64];
	unsigned int nr, problems, stop_at;
	char problem[300]; /* the last one */
};

static bool take(const struct mmu_task *task, const struct mmu_error *problem, void *context)
{
	struct seen *seen = context;

	assert_int_equal(!task, !!problem);
	if (task) {
		assert_true(seen->nr < COUNT(seen->tasks));
		seen->tasks[seen->nr++] = *task;
	} else {
		seen->problems++;
		snprintf(seen->problem, sizeof(seen->problem), "%s", mmu_error_message(problem));
	}
	return seen->nr != seen->stop_at;
}

/* The pids in order, as text. */
static const char *list(struct mmu_session *session, bool threads, struct seen *seen)
{
	static char text[400];
	size_t out = 0;

	*seen = (struct seen){ .stop_at = UINT32_MAX };
	struct mmu_error *error = mmu_tasks_visit(&session->memory, threads, take, seen);
	if (error)
		fail_msg("%s", mmu_error_message(error));
	text[0] = '\0';
	for (unsigned int i = 0; i < seen->nr; i++)
		out += (size_t)snprintf(text + out, sizeof(text) - out, "%s%d", i ? " " : "",
					seen->tasks[i].pid);
	return text;
}

static void test_tasks(void **state)
{
	struct mmu_session *session = open_tasks(3);
	struct seen seen;

	put(session, mm_at(2) + TABLE_BYTES, 8, 0x9000);
	put(session, mm_at(2) + RSS, 8, 10);
	put(session, mm_at(2) + RSS + 8, 8, (uint64_t)-3); /* being lowered */
	put(session, mm_at(2) + RSS + 16, 8, 7);
	put(session, mm_at(2) + RSS + 24, 8, 5);
	assert_string_equal(list(session, false, &seen), "0 100 200 300");
	assert_int_equal(seen.problems, 0);
	const struct mmu_task *task = &seen.tasks[2];
	assert_int_equal(task->task_va, task_at(2));
	assert_int_equal(task->mm_va, mm_at(2));
	assert_int_equal(task->pgd_va, BASE + 0x12000);
	assert_int_equal(task->pgd_pa, 0x12000);
	assert_string_equal(task->comm, "task");
	assert_int_equal(task->owner, MMU_MM_OWN);
	assert_true(task->leader && task->has_counters);
	assert_false(task->kernel_thread || task->zombie);
	assert_int_equal(task->table_bytes, 0x9000);
	assert_int_equal(task->rss_pages, 15);
	assert_int_equal(task->swap_pages, 7);
	mmu_session_close(session);
}

static void test_only_the_idle_task(void **state)
{
	struct mmu_session *session = open_tasks(0);
	struct seen seen;

	assert_string_equal(list(session, true, &seen), "0");
	assert_int_equal(seen.tasks[0].owner, MMU_MM_BORROWED);
	assert_int_equal(seen.problems, 0);
	mmu_session_close(session);
}

static void test_stop(void **state)
{
	struct mmu_session *session = open_tasks(3);
	struct seen seen = { .stop_at = 2 };

	put_thread(session, 4, 1, 1);
	assert_null(mmu_tasks_visit(&session->memory, true, take, &seen));
	assert_int_equal(seen.nr, 2);
	seen = (struct seen){ .stop_at = 1 };
	assert_null(mmu_tasks_visit(&session->memory, true, take, &seen));
	assert_int_equal(seen.nr, 1);
	mmu_session_close(session);
}

static void test_long_comm(void **state)
{
	struct mmu_session *session = open_tasks(1);
	struct seen seen;

	memset(memory_image_at(session->kernel.image, task_at(1) + COMM - BASE, 16), 'x', 16);
	list(session, false, &seen);
	assert_string_equal(seen.tasks[1].comm, "xxxxxxxxxxxxxxxx");
	mmu_session_close(session);
}

static void test_threads(void **state)
{
	struct mmu_session *session = open_tasks(2);
	struct seen seen;

	put_task(session, 3, 101, mm_at(1));
	put_task(session, 4, 102, mm_at(1));
	put_thread(session, 3, 1, 1);
	put_thread(session, 4, 1, 3);
	assert_string_equal(list(session, true, &seen), "0 100 101 102 200");
	assert_false(seen.tasks[2].leader);
	assert_int_equal(seen.tasks[2].tgid, 100);
	assert_int_equal(seen.problems, 0);
	assert_string_equal(list(session, false, &seen), "0 100 200");
	mmu_session_close(session);
}

static void test_kernel_threads(void **state)
{
	struct mmu_session *session = open_tasks(3);
	struct seen seen;

	/* one that last ran on process 3's mm; one that serves process 3 (kthread_use_mm) */
	put(session, task_at(1) + FLAGS, 4, 0x00200040);
	put(session, task_at(1) + MM, 8, 0);
	put(session, task_at(1) + ACTIVE_MM, 8, mm_at(3));
	put(session, task_at(2) + FLAGS, 4, 0x00200040);
	put(session, task_at(2) + MM, 8, mm_at(3));
	list(session, false, &seen);
	for (unsigned int i = 1; i <= 2; i++) {
		assert_true(seen.tasks[i].kernel_thread);
		assert_int_equal(seen.tasks[i].owner, MMU_MM_BORROWED);
		assert_int_equal(seen.tasks[i].mm_va, mm_at(3));
	}
	assert_int_equal(seen.tasks[3].owner, MMU_MM_OWN);
	mmu_session_close(session);
}

/* ------------------------------------------------------------------ damaged lists */

static unsigned int times(const struct seen *seen, int pid)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < seen->nr; i++)
		count += seen->tasks[i].pid == pid;
	return count;
}

static void test_list_loops(void **state)
{
	/* back to any task, itself included, but never to the head */
	for (unsigned int target = 1; target <= 9; target++) {
		struct mmu_session *session = open_tasks(9);
		struct seen seen;

		link_tasks(session, 9, task_at(target));
		list(session, false, &seen);
		for (int pid = 0; pid <= 900; pid += 100)
			assert_true(times(&seen, pid) >= 1);
		assert_int_equal(seen.problems, 1);
		assert_non_null(strstr(seen.problem, "loops"));
		mmu_session_close(session);
	}
}

static void test_list_breaks(void **state)
{
	static const uint64_t targets[] = { NOWHERE, 0, 1, UINT64_MAX - TASKS, BASE + BYTES - 4 };

	for (size_t i = 0; i < COUNT(targets); i++) {
		struct mmu_session *session = open_tasks(3);
		struct seen seen;

		link_tasks(session, 2, targets[i]);
		assert_string_equal(list(session, false, &seen), "0 100 200");
		assert_int_equal(seen.problems, 1);
		assert_non_null(strstr(seen.problem, "task_struct.tasks"));
		mmu_session_close(session);
	}
}

static void test_no_first_task(void **state)
{
	const struct memory_piece pieces[] = {
		{ .first_pa = 0, .bytes = 0x1000 },
		{ .first_pa = 0x1000, .bytes = 0x1000, .state = MMU_PAGE_FILTERED },
	};
	struct mmu_session *session = session_of(memory_image_create(pieces, 2), true);
	struct seen seen = { .stop_at = UINT32_MAX };
	struct mmu_error *error = mmu_tasks_visit(&session->memory, false, take, &seen);

	assert_non_null(error);
	assert_int_equal(mmu_error_code(error), MMU_ERROR_FAULT);
	assert_non_null(strstr(mmu_error_message(error), "init_task"));
	assert_non_null(strstr(mmu_error_message(error), "filtered"));
	assert_int_equal(seen.nr, 0);
	mmu_error_destroy(error);
	mmu_session_close(session);
}

/* A task of which only the list node can be read: the others are found all the same. */
static void test_one_task_unreadable(void **state)
{
	const struct memory_piece pieces[] = {
		{ .first_pa = 0, .bytes = 0x1120 },
		{ .first_pa = 0x1120, .bytes = 0x10, .state = MMU_PAGE_TRUNCATED }, /* comm */
		{ .first_pa = 0x1130, .bytes = BYTES - 0x1130 },
	};
	struct mmu_session *session = session_of(memory_image_create(pieces, 3), true);
	struct seen seen;

	put_task(session, 0, 0, 0);
	put_task(session, 2, 200, mm_at(2));
	link_tasks(session, 0, task_at(1));
	link_tasks(session, 1, task_at(2));
	link_tasks(session, 2, task_at(0));
	assert_string_equal(list(session, false, &seen), "0 200");
	assert_int_equal(seen.problems, 1);
	assert_non_null(strstr(seen.problem, "truncated"));
	mmu_session_close(session);
}

static void test_damaged_mm(void **state)
{
	struct mmu_session *session = open_tasks(3);
	struct seen seen;

	put(session, task_at(1) + MM, 8, NOWHERE);
	put(session, mm_at(2) + PGD, 8, 0x1234); /* in no mapping of the kernel */
	assert_string_equal(list(session, false, &seen), "0 100 200 300");
	assert_int_equal(seen.problems, 2);
	assert_non_null(strstr(seen.problem, "pid 200"));
	assert_int_equal(seen.tasks[1].pgd_va, 0);
	assert_int_equal(seen.tasks[2].pgd_va, 0);
	assert_int_equal(seen.tasks[3].pgd_pa, 0x13000);
	mmu_session_close(session);
}

static void test_damaged_threads(void **state)
{
	struct mmu_session *session = open_tasks(2);
	struct seen seen;

	put_task(session, 3, 101, mm_at(1));
	put_task(session, 4, 102, mm_at(1));
	put_thread(session, 3, 1, 1);
	put_thread(session, 4, 1, 3);
	put(session, task_at(4) + THREAD_NODE, 8, task_at(3) + THREAD_NODE);
	list(session, true, &seen);
	assert_true(times(&seen, 101) >= 1 && times(&seen, 102) >= 1);
	assert_int_equal(times(&seen, 200), 1);
	assert_int_equal(seen.problems, 1);
	assert_non_null(strstr(seen.problem, "threads of pid 100"));
	put(session, task_at(3) + THREAD_NODE, 8, NOWHERE);
	assert_string_equal(list(session, true, &seen), "0 100 101 200");
	assert_int_equal(seen.problems, 1);
	put(session, task_at(1) + SIGNAL, 8, NOWHERE);
	assert_string_equal(list(session, true, &seen), "0 100 200");
	assert_int_equal(seen.problems, 1);
	put(session, task_at(1) + SIGNAL, 8, 0); /* just being released */
	assert_string_equal(list(session, true, &seen), "0 100 200");
	assert_int_equal(seen.problems, 0);
	mmu_session_close(session);
}

/* ------------------------------------------------------------------ one pid */

static void test_find(void **state)
{
	struct mmu_session *session = open_tasks(2);
	struct mmu_task task;

	put_task(session, 3, 101, mm_at(1));
	put_thread(session, 3, 1, 1);
	assert_null(mmu_task_find(&session->memory, 200, &task, NULL));
	assert_int_equal(task.task_va, task_at(2));
	assert_null(mmu_task_find(&session->memory, 101, &task, NULL));
	assert_int_equal(task.task_va, task_at(3));
	assert_int_equal(task.pgd_pa, 0x13000);
	struct mmu_error *error = mmu_task_find(&session->memory, 7, &task, NULL);
	assert_non_null(error);
	assert_int_equal(mmu_error_code(error), MMU_ERROR_NO_TASK);
	assert_int_equal(task.pid, 101); /* untouched */
	mmu_error_destroy(error);
	/* the list may be incomplete, and the message says so */
	link_tasks(session, 1, NOWHERE);
	mmu_layouts_forget(session->kernel.layouts); /* a dump does not change */
	error = mmu_task_find(&session->memory, 200, &task, NULL);
	assert_non_null(error);
	assert_non_null(strstr(mmu_error_message(error), "not whole"));
	mmu_error_destroy(error);
	mmu_session_close(session);
}

/* A leader that has exited while its threads run on. */
static void test_zombie_leader(void **state)
{
	struct mmu_session *session = open_tasks(2);
	struct mmu_task task;

	put_task(session, 3, 101, 0);
	put_task(session, 4, 102, mm_at(4));
	put_thread(session, 3, 1, 1);
	put_thread(session, 4, 1, 3);
	put(session, task_at(1) + MM, 8, 0);
	put(session, task_at(1) + EXIT_STATE, 4, 0x20);
	assert_null(mmu_task_find(&session->memory, 100, &task, NULL));
	assert_int_equal(task.pid, 100);
	assert_true(task.zombie);
	assert_int_equal(task.owner, MMU_MM_OWN);
	assert_int_equal(task.mm_va, mm_at(4));
	assert_int_equal(task.pgd_pa, 0x14000);
	/* without any living thread there is none */
	put(session, task_at(2) + MM, 8, 0);
	put(session, task_at(2) + EXIT_STATE, 4, 0x20);
	assert_null(mmu_task_find(&session->memory, 200, &task, NULL));
	assert_int_equal(task.owner, MMU_MM_NONE);
	assert_int_equal(task.mm_va, 0);
	mmu_session_close(session);
}

/* ------------------------------------------------------------------ spaces */

static enum mmu_error_kind refused(struct mmu_session *session, enum mmu_space_by by,
				   uint64_t value, const char *part)
{
	const struct mmu_space_query query = { .size = sizeof(query), .by = by, .value = value };
	struct mmu_space *space = (void *)session;
	struct mmu_error *error = mmu_space_open(session, &query, &space);

	assert_non_null(error);
	assert_ptr_equal(space, session); /* untouched */
	if (!strstr(mmu_error_message(error), part))
		fail_msg("'%s' has no '%s'", mmu_error_message(error), part);
	enum mmu_error_kind code = mmu_error_code(error);
	mmu_error_destroy(error);
	return code;
}

static uint64_t root_of(struct mmu_session *session, enum mmu_space_by by, uint64_t value)
{
	const struct mmu_space_query query = { .size = sizeof(query), .by = by, .value = value };
	struct mmu_space *space;
	struct mmu_error *error = mmu_space_open(session, &query, &space);

	if (error)
		fail_msg("%s", mmu_error_message(error));
	uint64_t root_pa = mmu_space_regime(space, 0)->root_pa;
	assert_int_equal(!mmu_space_task(space), by != MMU_SPACE_PID && by != MMU_SPACE_TASK);
	mmu_space_close(space);
	return root_pa;
}

static void test_spaces(void **state)
{
	struct mmu_session *session = open_tasks(3);

	assert_int_equal(root_of(session, MMU_SPACE_PID, 100), 0x11000);
	assert_int_equal(root_of(session, MMU_SPACE_TASK, task_at(2)), 0x12000);
	assert_int_equal(root_of(session, MMU_SPACE_MM, mm_at(3)), 0x13000);
	regimes_of(&session->kernel.regimes, &format, 0,
		   false); /* as a kernel that was learnt has it */
	assert_int_equal(root_of(session, MMU_SPACE_PGD, 0x5000), 0x5000);
	assert_int_equal(root_of(session, MMU_SPACE_PGD, 0x5080), 0x5080); /* 16 entries of 8 */
	assert_int_equal(refused(session, MMU_SPACE_PGD, 0x5040, "aligned to 128 bytes"),
			 MMU_ERROR_INVALID);
	session->kernel.regimes.nr = 0;
	put(session, task_at(2) + FLAGS, 4, 0x00200000);
	put(session, task_at(3) + MM, 8, 0);
	put(session, task_at(3) + EXIT_STATE, 4, 0x10);
	assert_int_equal(refused(session, MMU_SPACE_PID, 0, "kernel thread"), MMU_ERROR_NO_MM);
	assert_int_equal(refused(session, MMU_SPACE_PID, 200, "kernel thread"), MMU_ERROR_NO_MM);
	assert_int_equal(refused(session, MMU_SPACE_PID, 300, "zombie"), MMU_ERROR_NO_MM);
	assert_int_equal(refused(session, MMU_SPACE_PID, 5, "no task has pid 5"),
			 MMU_ERROR_NO_TASK);
	assert_int_equal(refused(session, MMU_SPACE_PID, UINT64_C(0x100000064), "no task has pid"),
			 MMU_ERROR_NO_TASK);
	assert_int_equal(refused(session, MMU_SPACE_TASK, NOWHERE, "outside-ram"), MMU_ERROR_FAULT);
	assert_int_equal(refused(session, MMU_SPACE_MM, NOWHERE, "outside-ram"), MMU_ERROR_FAULT);
	mmu_session_close(session);
}

/* ------------------------------------------------------------------ struct pages */

static struct mmu_session *open_memmap(const char *size, const char *symbol)
{
	const char *const facts[] = { size ? size : symbol, size ? symbol : NULL, NULL };
	struct mmu_session *session = open_session();

	mmu_layouts_forget(session->kernel.layouts);
	mmu_fact_store_destroy(session->kernel.facts);
	assert_null(mmu_fact_store_create(session->kernel.image, facts, &session->kernel.facts));
	session->kernel.linear[0].first_pa = 0;
	put(session, BASE + 0x3000, 8, UINT64_C(0xffffea0000000000));
	return session;
}

static void check_memmap(const char *symbol, uint64_t first_va)
{
	struct mmu_session *session = open_memmap("SIZE(page)=64", symbol);
	struct mmu_memmap map;

	assert_null(mmu_memmap_find(&session->memory, &map));
	assert_int_equal(map.first_va, first_va);
	assert_int_equal(map.first_pfn, 0);
	assert_int_equal(map.page_bytes, 64);
	assert_int_equal(mmu_memmap_va(&map, 5), first_va + 5 * 64);
	mmu_session_close(session);
}

static void test_memmap(void **state)
{
	struct mmu_memmap map;

	check_memmap("SYMBOL(vmemmap_base)=ffff800000003000", UINT64_C(0xffffea0000000000));
	check_memmap("SYMBOL(mem_map)=ffff800000003000", UINT64_C(0xffffea0000000000));
	check_memmap("SYMBOL(vmemmap)=ffffea0000000000", UINT64_C(0xffffea0000000000));
	/* FLATMEM's begins with the RAM */
	struct mmu_session *session = open_memmap("SIZE(page)=32", "SYMBOL(mem_map)="
								   "ffff800000003000");
	session->kernel.linear[0].first_pa = 0x1000;
	put(session, BASE + 0x4000, 8, 0x4000);
	assert_null(mmu_memmap_find(&session->memory, &map));
	assert_int_equal(map.first_pfn, 1);
	assert_int_equal(map.first_va, 0x4000);
	assert_int_equal(mmu_memmap_va(&map, 3), 0x4040);
	mmu_session_close(session);
}

static void test_no_memmap(void **state)
{
	static const struct {
		const char *size, *symbol;
		enum mmu_error_kind code;
	} cases[] = {
		{ NULL, "SYMBOL(mem_map)=ffff800000003000", MMU_ERROR_NOT_FOUND },
		{ "SIZE(page)=64", NULL, MMU_ERROR_NOT_FOUND },
		{ "SIZE(page)=0", "SYMBOL(mem_map)=ffff800000003000", MMU_ERROR_CORRUPT },
		{ "SIZE(page)=513", "SYMBOL(mem_map)=ffff800000003000", MMU_ERROR_CORRUPT },
		{ "SIZE(page)=64", "SYMBOL(mem_map)=ffff800007000000", MMU_ERROR_FAULT },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mmu_session *session = open_memmap(cases[i].size, cases[i].symbol);
		struct mmu_memmap map = { .page_bytes = 7 };
		struct mmu_error *error = mmu_memmap_find(&session->memory, &map);

		assert_non_null(error);
		assert_int_equal(mmu_error_code(error), cases[i].code);
		assert_int_equal(map.page_bytes, 7); /* untouched */
		mmu_error_destroy(error);
		mmu_session_close(session);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tasks),         cmocka_unit_test(test_only_the_idle_task),
		cmocka_unit_test(test_stop),          cmocka_unit_test(test_long_comm),
		cmocka_unit_test(test_threads),       cmocka_unit_test(test_kernel_threads),
		cmocka_unit_test(test_list_loops),    cmocka_unit_test(test_list_breaks),
		cmocka_unit_test(test_no_first_task), cmocka_unit_test(test_one_task_unreadable),
		cmocka_unit_test(test_damaged_mm),    cmocka_unit_test(test_damaged_threads),
		cmocka_unit_test(test_find),          cmocka_unit_test(test_zombie_leader),
		cmocka_unit_test(test_spaces),        cmocka_unit_test(test_memmap),
		cmocka_unit_test(test_no_memmap),
	};

	return cmocka_run_group_tests_name("objects", tests, NULL, NULL);
}
