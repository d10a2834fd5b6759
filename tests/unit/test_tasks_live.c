/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Tasks of a small made-up kernel that runs: they change at any read. */
#include "support/regimes.h"
#include "support/task_kernel.h"

#define LIST_POISON2 UINT64_C(0xdead000000000122)
#define OTHER_MM 0x3f1u
#define PGD 0x5000u
#define OTHER_PGD 0x6000u
#define NR_TASKS 8u

/* ------------------------------------------------------------------ what happens meanwhile */

static const struct mmu_image_reader *quiet;
static struct mmu_image *image;
static void (*event)(void);
static unsigned int reads, at_read; /* the event comes before this read, or, 0, before each */

static struct mmu_span restless_span(const struct mmu_image *of, struct mmu_cursor *cursor,
				     uint64_t pa)
{
	reads++;
	if (!at_read || reads == at_read)
		event();
	return quiet->span(of, cursor, pa);
}

static struct mmu_image_reader restless;

/* As put(), but reads nothing. */
static void set(unsigned int page, unsigned int offset, unsigned int width, uint64_t value)
{
	memory_image_put(image, ((uint64_t)page << 12) + offset, width, value);
}

static void set_comm(unsigned int page, const char *comm)
{
	strcpy((char *)memory_image_at(image, ((uint64_t)page << 12) + T_COMM, 16), comm);
}

/* What a reader may see of freed memory. */
static void spoil(unsigned int page)
{
	memset(memory_image_at(image, (uint64_t)page << 12, 4096), 0xff, 4096);
	set(page, T_PID, 4, 16000000);
	set(page, T_TGID, 4, 16000000);
}

/* Pids 1 to 8, of which 4 and 5 have an mm, and 5 has threads. */
static struct mmu_session *open_live(bool pids)
{
	struct mmu_session *session = open_tasks(NR_TASKS, GONE(0), pids);
	char comm[16];

	image = session->kernel.image;
	put_threads(session, 5, GONE(64, 65));
	for (unsigned int pid = 0; pid <= 65; pid++) {
		snprintf(comm, sizeof(comm), "t%u", pid);
		set_comm(TASK(pid), comm);
		if (pid != 4 && pid != 5 && pid < 64)
			continue;
		set(TASK(pid), T_FLAGS, 4, 0);
		set(TASK(pid), T_MM, 8, va_of(MM));
	}
	set(MM, 0, 8, BASE + PGD);
	set(OTHER_MM, 0, 8, BASE + OTHER_PGD);
	quiet = image->reader;
	restless = *quiet;
	restless.span = restless_span;
	image->live = true;
	return session;
}

/* From now on, until close_live(). */
static void let_happen(void (*what)(void), unsigned int before_read)
{
	reads = 0;
	at_read = before_read;
	event = what;
	image->reader = &restless;
}

/* @return false: it did not come to that read any more */
static bool close_live(struct mmu_session *session)
{
	image->reader = quiet;
	mmu_session_close(session);
	return reads >= at_read;
}

static void nothing(void)
{
}

static void leave_lists(unsigned int pid, unsigned int prev, unsigned int next)
{
	set(TASK(prev), T_TASKS, 8, va_of(TASK(next)) + T_TASKS);
	set(TASK(next), T_TASKS + 8, 8, va_of(TASK(prev)) + T_TASKS);
	set(TASK(pid), T_TASKS + 8, 8, LIST_POISON2);
	set(PID_OF(pid), P_TASKS, 8, 0);
	set(PID_OF(pid), P_TASKS + 8, 8, 0);
	set(TASK(pid), T_LINKS + 8, 8, LIST_POISON2);
	set(LEAF_NODE(0), NODE_SLOTS + 8 * pid, 8, 0);
	set(TASK(pid), T_MM, 8, 0);
	set(TASK(pid), T_EXIT, 4, 0x10);
}

static void die(void)
{
	leave_lists(4, 3, 5);
}

static void die_and_be_freed(void)
{
	die();
	spoil(TASK(4));
	spoil(PID_OF(4));
	spoil(MM);
	set(TASK(5), T_MM, 8, va_of(OTHER_MM));
	set(TASK(64), T_MM, 8, va_of(OTHER_MM));
	set(TASK(65), T_MM, 8, va_of(OTHER_MM));
}

/* The task_struct of 4 is that of 9, at the end of the list. */
static void die_and_be_another(void)
{
	die();
	set(TASK(4), T_PID, 4, 9);
	set(TASK(4), T_TGID, 4, 9);
	set(TASK(4), T_EXIT, 4, 0);
	set(TASK(4), T_FLAGS, 4, 0x00200000);
	set_comm(TASK(4), "t9");
	set(TASK(4), T_TASKS, 8, va_of(TASK(0)) + T_TASKS);
	set(TASK(4), T_TASKS + 8, 8, va_of(TASK(8)) + T_TASKS);
	set(TASK(8), T_TASKS, 8, va_of(TASK(4)) + T_TASKS);
	set(TASK(0), T_TASKS + 8, 8, va_of(TASK(4)) + T_TASKS);
	set(PID_OF(9), P_TASKS, 8, va_of(TASK(4)) + T_LINKS);
	set(PID_OF(9), P_TASKS + 8, 8, va_of(TASK(4)) + T_LINKS + 16);
	set(TASK(4), T_LINKS + 8, 8, va_of(PID_OF(9)) + P_TASKS);
	set(LEAF_NODE(0), NODE_SLOTS + 8 * 9, 8, va_of(PID_OF(9)));
}

/* Thread 64 goes, and takes what leads to 65 with it. */
static void lose_thread(void)
{
	set(TASK(5), T_THREAD, 8, va_of(TASK(65)) + T_THREAD);
	set(TASK(65), T_THREAD + 8, 8, va_of(TASK(5)) + T_THREAD);
	set(PID_OF(64), P_TASKS, 8, 0);
	set(LEAF_NODE(1), NODE_SLOTS, 8, 0);
	spoil(TASK(64));
}

static void exec(void)
{
	set_comm(TASK(4), "t4 anew");
	set(TASK(4), T_MM, 8, va_of(OTHER_MM));
}

/* Pid 4 goes on in another task_struct: exec in a thread that is not the leader. */
static void exec_in_thread(void)
{
	memcpy(memory_image_at(image, (uint64_t)TASK(70) << 12, 4096),
	       memory_image_at(image, (uint64_t)TASK(4) << 12, 4096), 4096);
	set(TASK(3), T_TASKS, 8, va_of(TASK(70)) + T_TASKS);
	set(TASK(5), T_TASKS + 8, 8, va_of(TASK(70)) + T_TASKS);
	set(PID_OF(4), P_TASKS, 8, va_of(TASK(70)) + T_LINKS);
	set(PID_OF(4), P_TASKS + 8, 8, va_of(TASK(70)) + T_LINKS + 16);
	spoil(TASK(4));
}

/* As a thread that execs takes its leader's place: pids 5 and 64 change tasks. */
static void exchange(void)
{
	set(TASK(64), T_PID, 4, 5);
	set(TASK(5), T_PID, 4, 64);
	set_comm(TASK(64), "t5");
	set_comm(TASK(5), "t64");
	set(PID_OF(5), P_TASKS, 8, va_of(TASK(64)) + T_LINKS);
	set(PID_OF(5), P_TASKS + 8, 8, va_of(TASK(64)) + T_LINKS + 16);
	set(PID_OF(64), P_TASKS, 8, va_of(TASK(5)) + T_LINKS);
	set(TASK(64), T_LINKS + 8, 8, va_of(PID_OF(5)) + P_TASKS);
	set(TASK(5), T_LINKS + 8, 8, va_of(PID_OF(64)) + P_TASKS);
}

/* At each tenth read there is a higher pid, and the one before it has gone. */
static void come_and_go(void)
{
	unsigned int pid = 9 + reads / 10 % 50;

	set(PID_OF(pid - 1), P_TASKS, 8, pid == 9 ? va_of(TASK(8)) + T_LINKS : 0);
	set(PID_OF(pid), P_TASKS, 8, va_of(TASK(70)) + T_LINKS);
	set(PID_OF(pid), P_TASKS + 8, 8, va_of(TASK(70)) + T_LINKS + 16);
	set(LEAF_NODE(0), NODE_SLOTS + 8 * pid, 8, va_of(PID_OF(pid)));
	set(TASK(70), T_LINKS + 8, 8, va_of(PID_OF(pid)) + P_TASKS);
	set(TASK(70), T_PID, 4, pid);
	set(TASK(70), T_TGID, 4, pid);
	set(TASK(70), T_FLAGS, 4, 0x00200000);
}

static void rename_always(void)
{
	char comm[16];

	snprintf(comm, sizeof(comm), "t6 %u", reads);
	set_comm(TASK(6), comm);
}

static void switch_always(void)
{
	set(TASK(0), T_MM + 8, 8, va_of(MM) + 8 * reads);
}

/* ------------------------------------------------------------------ lists */

struct rows {
	uint64_t pids; /* a bit each; 64 and 65 as 62 and 63 */
	char problems[1000];
	unsigned int nr_problems;
};

/* Each row once, and true. */
static bool take_true(const struct mmu_task *task, const struct mmu_error *problem, void *context)
{
	struct rows *rows = context;
	char comm[16];

	if (!task) {
		snprintf(rows->problems, sizeof(rows->problems), "%s", mmu_error_message(problem));
		rows->nr_problems++;
		return true;
	}
	assert_in_range(task->pid, 0, 65);
	uint64_t bit = UINT64_C(1) << (task->pid < 64 ? task->pid : task->pid - 2);
	assert_false(rows->pids & bit);
	rows->pids |= bit;
	snprintf(comm, sizeof(comm), "t%d", task->pid);
	assert_int_equal(strncmp(task->comm, comm, strlen(comm)), 0);
	if (task->mm_va && task->mm_va != va_of(OTHER_MM))
		assert_int_equal(task->mm_va, va_of(MM));
	if (task->owner == MMU_MM_OWN)
		assert_int_equal(task->pgd_pa, task->mm_va == va_of(MM) ? PGD : OTHER_PGD);
	if (task->pid == 4 && task->owner == MMU_MM_OWN)
		assert_int_equal(task->mm_va == va_of(OTHER_MM), strlen(task->comm) > 2);
	return true;
}

#define STAY UINT64_C(0x1ef) /* 0 to 8 without 4 */
#define BIT(pid) (UINT64_C(1) << (pid))
#define THREADS (BIT(62) | BIT(63))

/* Something happens before each read in turn: those who stay are listed, `may` others. */
static void list_meanwhile(bool by_pid, bool threads, void (*what)(void), uint64_t stay,
			   uint64_t may)
{
	bool happened = true;

	for (unsigned int n = 1; happened; n++) {
		struct mmu_session *session = open_live(by_pid);
		struct rows rows = { .pids = 0 };

		let_happen(what, n);
		assert_null(mmu_tasks_visit(&session->memory, threads, take_true, &rows));
		happened = close_live(session);
		if ((rows.pids & ~may) != stay || rows.nr_problems)
			fail_msg("before read %u: pids 0x%llx, %s", n,
				 (unsigned long long)rows.pids, rows.problems);
		assert_true(n < 5000);
	}
}

static void test_quiet(void **state)
{
	(void)state;
	for (int by_pid = 0; by_pid < 2; by_pid++) {
		struct mmu_session *session = open_live(by_pid);
		struct told told;

		list(session, true, &told);
		assert_string_equal(told.pids,
				    by_pid ? "0 1 2 3 4 5 6 7 8 64 65" : "0 1 2 3 4 5 64 65 6 7 8");
		assert_string_equal(told.problems, "");
		list(session, false, &told);
		assert_string_equal(told.pids, "0 1 2 3 4 5 6 7 8");
		let_happen(nothing, 0);
		close_live(session);
	}
}

static void test_die(void **state)
{
	(void)state;
	list_meanwhile(true, false, die, STAY, BIT(4));
	list_meanwhile(false, false, die, STAY, BIT(4));
}

static void test_freed(void **state)
{
	(void)state;
	list_meanwhile(true, true, die_and_be_freed, STAY | THREADS, BIT(4));
	list_meanwhile(false, true, die_and_be_freed, STAY | THREADS, BIT(4));
}

static void test_used_again(void **state)
{
	(void)state;
	list_meanwhile(true, false, die_and_be_another, STAY, BIT(4) | BIT(9));
	list_meanwhile(false, false, die_and_be_another, STAY, BIT(4) | BIT(9));
}

static void test_thread_goes(void **state)
{
	(void)state;
	list_meanwhile(true, true, lose_thread, STAY | BIT(4) | BIT(63), BIT(62));
	list_meanwhile(false, true, lose_thread, STAY | BIT(4) | BIT(63), BIT(62));
}

static void test_exec(void **state)
{
	(void)state;
	list_meanwhile(true, false, exec, STAY | BIT(4), 0);
}

static void test_exec_in_thread(void **state)
{
	(void)state;
	list_meanwhile(true, false, exec_in_thread, STAY | BIT(4), 0);
	list_meanwhile(false, false, exec_in_thread, STAY | BIT(4), 0);
	list_meanwhile(true, false, exchange, STAY | BIT(4), 0);
}

/* Whoever comes while the list is read does not make it longer. */
static void test_comers(void **state)
{
	struct mmu_session *session = open_live(true);
	struct rows rows = { .pids = 0 };

	(void)state;
	let_happen(nothing, 0);
	assert_null(mmu_tasks_visit(&session->memory, false, take_true, &rows));
	unsigned int quiet_reads = reads;
	rows.pids = 0;
	let_happen(come_and_go, 0);
	assert_null(mmu_tasks_visit(&session->memory, false, take_true, &rows));
	assert_int_equal(rows.pids, STAY | BIT(4));
	assert_string_equal(rows.problems, "");
	assert_in_range(reads, quiet_reads, 4 * quiet_reads);
	close_live(session);
}

static void test_idle_switches(void **state)
{
	struct mmu_session *session = open_live(true);
	struct rows rows = { .pids = 0 };

	(void)state;
	let_happen(switch_always, 0);
	assert_null(mmu_tasks_visit(&session->memory, false, take_true, &rows));
	assert_int_equal(rows.pids, STAY | BIT(4));
	assert_string_equal(rows.problems, "");
	close_live(session);
}

#define WARNING                                                                                    \
	"tasks came and went while the list was read, again and again: some may not be listed"

/* What never holds still is not listed, and that is said, once. */
static void test_never_still(void **state)
{
	(void)state;
	for (int by_pid = 0; by_pid < 2; by_pid++) {
		struct mmu_session *session = open_live(by_pid);
		struct rows rows = { .pids = 0 };
		struct mmu_task task;

		let_happen(rename_always, 0);
		assert_null(mmu_tasks_visit(&session->memory, false, take_true, &rows));
		assert_int_equal(rows.pids, (STAY | BIT(4)) & ~BIT(6));
		assert_string_equal(rows.problems, WARNING);
		assert_int_equal(rows.nr_problems, 1);
		struct mmu_error *error = mmu_task_find(&session->memory, 6, &task, NULL);
		assert_non_null(error);
		assert_int_equal(mmu_error_code(error), MMU_ERROR_NO_TASK);
		assert_string_equal(mmu_error_message(error), "no task has pid 6, but the list is "
							      "not whole: " WARNING);
		mmu_error_destroy(error);
		close_live(session);
	}
}

/* ------------------------------------------------------------------ one task */

static void find_meanwhile(void (*what)(void))
{
	bool happened = true;

	for (unsigned int n = 1; happened; n++) {
		struct mmu_session *session = open_live(true);
		struct mmu_task task = { .pid = -1 };

		let_happen(what, n);
		struct mmu_error *error = mmu_task_find(&session->memory, 4, &task, NULL);
		happened = close_live(session);
		if (error) {
			assert_string_equal(mmu_error_message(error), "no task has pid 4");
		} else {
			assert_int_equal(task.pid, 4);
			assert_int_equal(task.mm_va, va_of(MM));
			assert_int_equal(task.pgd_pa, PGD);
		}
		mmu_error_destroy(error);
		assert_true(n < 5000);
	}
}

static void test_find(void **state)
{
	(void)state;
	find_meanwhile(die_and_be_freed);
	find_meanwhile(die_and_be_another);
}

static const struct mmu_level level = { .name = "L0", .may_be_leaf = true };

static void decode(const struct mmu_regime *regime, unsigned int at, uint64_t raw, uint64_t second,
		   struct mmu_entry *ret)
{
	(void)regime;
	(void)at;
	(void)second;
	*ret = (struct mmu_entry){ .kind = MMU_KIND_LEAF, .pa = raw & ~UINT64_C(0xfff) };
}

static const struct mmu_format format = { .size = sizeof(struct mmu_format),
					  .name = "one",
					  .entry_bytes = 8,
					  .slot_bytes = 8,
					  .nr_levels = 1,
					  .level = &level,
					  .decode = decode };
static const struct mmu_format *const formats[] = { &format };

static const char *locate(const struct mmu_facts *facts, const struct mmu_root *root,
			  struct mmu_regime *ret, size_t *ret_nr)
{
	struct mmu_regimes regimes;

	(void)facts;
	regimes_of(&regimes, &format, root->value, false);
	*ret = regimes.regime[0];
	*ret_nr = 1;
	return NULL;
}

static void die_and_lend_mm(void)
{
	die();
	set(MM, 0, 8, BASE + OTHER_PGD);
}

static const struct mmu_arch walking = {
	.name = "fake", .elf_class = 2, .formats = formats, .nr_formats = 1, .locate = locate
};

/* The root is the one that the task had. */
static void test_open(void **state)
{
	const struct mmu_space_query query = { .size = sizeof(query),
					       .by = MMU_SPACE_PID,
					       .value = 4 };
	bool happened = true;

	(void)state;
	for (unsigned int n = 1; happened; n++) {
		struct mmu_session *session = open_live(true);
		struct mmu_space *space = NULL;

		session->kernel.arch = &walking;
		let_happen(die_and_lend_mm, n);
		mmu_error_destroy(mmu_space_open(session, &query, &space));
		happened = reads >= at_read;
		if (space)
			assert_int_equal(mmu_space_regime(space, 0)->root_pa, PGD);
		assert_true(space || happened);
		mmu_space_close(space);
		close_live(session);
	}
}

/* The space was opened, and then its task leaves it, at any time. */
static void test_walk(void **state)
{
	const struct mmu_space_query query = { .size = sizeof(query),
					       .by = MMU_SPACE_PID,
					       .value = 4 };
	bool happened = true;

	(void)state;
	for (unsigned int n = 1; happened; n++) {
		struct mmu_session *session = open_live(true);
		struct mmu_space *space;
		struct mmu_walk walk;

		session->kernel.arch = &walking;
		set(PGD >> 12, 8, 8, 0x7000);
		assert_null(mmu_space_open(session, &query, &space));
		let_happen(die, n);
		mmu_space_walk(space, 0x1234, &walk);
		assert_int_equal(walk.pa, 0x7234);
		happened = reads >= at_read;
		if (n == 1)
			assert_non_null(strstr(walk.note, "has left this address space"));
		if (!happened)
			assert_null(walk.note);
		mmu_space_close(space);
		close_live(session);
	}
}

/* ------------------------------------------------------------------ VMAs */

#define LEAF 0x80u
#define OTHER_LEAF 0x82u
#define VMA 0x83u
#define OTHER_VMA 0x84u

static void set_vma(unsigned int page, uint64_t end, uint64_t flags)
{
	set(page, 0, 8, 0x1000);
	set(page, 8, 8, end);
	set(page, 16, 8, flags);
}

/* The mapping shrinks: a new node, a new VMA; the old VMA is another's now. */
static void shrink(void)
{
	set(MM, 8, 8, va_of(OTHER_LEAF) | 1 << 3 | 2);
	set_vma(VMA, 0x2000, 7);
}

static void wobble(void)
{
	set_vma(VMA, 0x10000, reads);
}

/* First no tree, then an empty one, then as it is. */
static void settle_late(void)
{
	set(MM, 8, 8, reads == 1 ? va_of(LEAF) | 2 : reads == 2 ? 0 : va_of(LEAF) | 1 << 3 | 2);
}

static struct mmu_session *open_vmas(void)
{
	static const char *const more[] = {
		"OFFSET(mm_struct.mm_mt)=8",       "OFFSET(maple_tree.ma_root)=0",
		"SIZE(maple_tree.ma_root)=8",      "OFFSET(vm_area_struct.vm_start)=0",
		"SIZE(vm_area_struct.vm_start)=8", "OFFSET(vm_area_struct.vm_end)=8",
		"SIZE(vm_area_struct.vm_end)=8",   "OFFSET(vm_area_struct.vm_flags)=16",
		"SIZE(vm_area_struct.vm_flags)=8", "OFFSET(vm_area_struct.vm_file)=24",
		"SIZE(vm_area_struct.vm_file)=8",
	};
	struct mmu_session *session = open_live(false);

	more_facts(session, more, COUNT(more));
	set(MM, 8, 8, va_of(LEAF) | 1 << 3 | 2);
	for (unsigned int i = 0; i < 2; i++) { /* a gap, the VMA, a gap */
		unsigned int page = i ? OTHER_LEAF : LEAF;

		set(page, 8, 8, 0xfff);
		set(page, 16, 8, i ? 0x7fff : 0xffff);
		set(page, 128 + 8, 8, va_of(i ? OTHER_VMA : VMA));
	}
	set_vma(VMA, 0x10000, 3);
	set_vma(OTHER_VMA, 0x8000, 1);
	return session;
}

static void test_vma(void **state)
{
	bool happened = true;
	struct mmu_vma vma;
	bool found;

	(void)state;
	for (unsigned int n = 1; happened; n++) {
		struct mmu_session *session = open_vmas();

		let_happen(shrink, n);
		assert_null(mmu_vma_find(&session->memory, va_of(MM), 0x1000, &vma, &found));
		happened = close_live(session);
		assert_true(found);
		assert_int_equal(vma.vm_flags, vma.last_va == 0xffff ? 3 : 1);
		assert_true(vma.last_va == 0xffff || vma.last_va == 0x7fff);
	}
	struct mmu_session *session = open_vmas();
	let_happen(settle_late, 0);
	assert_null(mmu_vma_find(&session->memory, va_of(MM), 0x1000, &vma, &found));
	assert_true(found);
	let_happen(wobble, 0);
	struct mmu_error *error = mmu_vma_find(&session->memory, va_of(MM), 0x1000, &vma, &found);
	assert_non_null(error);
	assert_int_equal(mmu_error_code(error), MMU_ERROR_CORRUPT);
	assert_string_equal(mmu_error_message(error), "the VMA at 0x1000: changed while it was "
						      "read, again and again");
	mmu_error_destroy(error);
	assert_null(mmu_vma_find(&session->memory, va_of(MM), 0x800, &vma, &found));
	assert_false(found);
	close_live(session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quiet),          cmocka_unit_test(test_die),
		cmocka_unit_test(test_freed),          cmocka_unit_test(test_used_again),
		cmocka_unit_test(test_thread_goes),    cmocka_unit_test(test_exec),
		cmocka_unit_test(test_exec_in_thread), cmocka_unit_test(test_comers),
		cmocka_unit_test(test_idle_switches),  cmocka_unit_test(test_never_still),
		cmocka_unit_test(test_find),           cmocka_unit_test(test_open),
		cmocka_unit_test(test_walk),           cmocka_unit_test(test_vma),
	};

	return cmocka_run_group_tests_name("tasks-live", tests, NULL, NULL);
}
