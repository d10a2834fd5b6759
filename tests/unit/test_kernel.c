/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Tasks, mms and VMAs of a small made-up kernel, whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/memmap.h"
#include "kernel/task.h"
#include "kernel/vma.h"
#include "support/memory_image.h"

/* Where all of physical memory is mapped; PA 0 to BYTES is there. */
#define BASE UINT64_C(0xffff800000000000)
#define BYTES 0x40000
#define NOWHERE (BASE + 0x7000000)

/* struct task_struct of this kernel */
enum {
	PID = 0,
	TGID = 4,
	FLAGS = 8,
	EXIT_STATE = 12,
	MM = 16,
	ACTIVE_MM = 24,
	COMM = 32,
	TASKS = 48,
	THREAD_NODE = 64,
	SIGNAL = 80,
	TASK_BYTES = 96,
	THREAD_HEAD = 16, /* in signal_struct */
};
/* struct mm_struct and struct vm_area_struct */
enum {
	PGD = 0,
	TABLE_BYTES = 8,
	RSS = 16,
	BRK = 48,
	START_BRK = 56,
	START_STACK = 64,
	TREE = 72,
	TREE_ROOT = 8, /* in maple_tree */
	MM_RB = 96,
	VM_START = 0,
	VM_END = 8,
	VM_FLAGS = 16,
	VM_FILE = 24,
	VM_RB = 32,
};

static const char *const facts_always[] = {
	"SYMBOL(init_task)=ffff800000001000",
	"OFFSET(task_struct.pid)=0",
	"SIZE(task_struct.pid)=4",
	"OFFSET(task_struct.tgid)=4",
	"SIZE(task_struct.tgid)=4",
	"OFFSET(task_struct.flags)=8",
	"SIZE(task_struct.flags)=4",
	"OFFSET(task_struct.exit_state)=12",
	"SIZE(task_struct.exit_state)=4",
	"OFFSET(task_struct.mm)=16",
	"SIZE(task_struct.mm)=8",
	"OFFSET(task_struct.active_mm)=24",
	"SIZE(task_struct.active_mm)=8",
	"OFFSET(task_struct.comm)=32",
	"OFFSET(task_struct.tasks)=48",
	"OFFSET(task_struct.thread_node)=64",
	"OFFSET(task_struct.signal)=80",
	"SIZE(task_struct.signal)=8",
	"OFFSET(signal_struct.thread_head)=16",
	"OFFSET(mm_struct.pgd)=0",
	"SIZE(mm_struct.pgd)=8",
	"OFFSET(mm_struct.pgtables_bytes)=8",
	"OFFSET(mm_struct.rss_stat)=16",
	"LENGTH(mm_struct.rss_stat.count)=4",
	"OFFSET(mm_struct.brk)=48",
	"SIZE(mm_struct.brk)=8",
	"OFFSET(mm_struct.start_brk)=56",
	"SIZE(mm_struct.start_brk)=8",
	"OFFSET(mm_struct.start_stack)=64",
	"SIZE(mm_struct.start_stack)=8",
	"OFFSET(vm_area_struct.vm_start)=0",
	"SIZE(vm_area_struct.vm_start)=8",
	"OFFSET(vm_area_struct.vm_end)=8",
	"SIZE(vm_area_struct.vm_end)=8",
	"OFFSET(vm_area_struct.vm_flags)=16",
	"SIZE(vm_area_struct.vm_flags)=8",
	"OFFSET(vm_area_struct.vm_file)=24",
	"SIZE(vm_area_struct.vm_file)=8",
	"OFFSET(file.f_path)=8",
	"OFFSET(path.dentry)=8",
	"OFFSET(dentry.d_name)=16",
	"OFFSET(qstr.name)=8",
};
static const char *const facts_maple[] = {
	"OFFSET(mm_struct.mm_mt)=72",
	"OFFSET(maple_tree.ma_root)=8",
	"SIZE(maple_tree.ma_root)=8",
};
static const char *const facts_rb[] = {
	"OFFSET(mm_struct.mm_rb)=96",      "SIZE(mm_struct.mm_rb)=8",
	"OFFSET(vm_area_struct.vm_rb)=32", "OFFSET(rb_node.rb_left)=8",
	"OFFSET(rb_node.rb_right)=0",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ------------------------------------------------------------------ an architecture, a session */

/* One level of 16 pages. An odd word maps; an even one, other than 0, is a page without access. */
static const struct mmu_level level = {
	.name = "L0", .shift = 12, .index_bits = 4, .may_be_leaf = true
};
static const struct mmu_format format = { .name = "one",
					  .entry_bytes = 8,
					  .va_bits = 16,
					  .pa_bits = 48,
					  .nr_levels = 1,
					  .level = &level };

static void decode(const struct mmu_regime *regime, unsigned int at, uint64_t raw, uint64_t second,
		   struct mmu_entry *ret)
{
	(void)regime;
	(void)at;
	(void)second;
	*ret = (struct mmu_entry){ .kind = !raw      ? MMU_KIND_EMPTY
					   : raw & 1 ? MMU_KIND_LEAF
						     : MMU_KIND_SOFTWARE,
				   .rights = raw & 1 ? MMU_RIGHTS_ALL : 0,
				   .pa = raw & ~UINT64_C(0xfff) };
}

static void explain(const struct mmu_regime *regime, unsigned int at, uint64_t raw, uint64_t second,
		    struct mmu_software *ret)
{
	(void)regime;
	(void)at;
	(void)second;
	*ret = (struct mmu_software){ .kind = MMU_SOFTWARE_NONE, .pa = raw & ~UINT64_C(0xfff) };
}

static const char *locate(const struct mmu_facts *facts, const struct mmu_root *root,
			  struct mmu_regime *ret)
{
	(void)facts;
	*ret = (struct mmu_regime){ .format = &format,
				    .root_pa = root->value,
				    .pa_mask = UINT64_MAX };
	return NULL;
}

static const struct mmu_arch arch = { .name = "fake",
				      .elf_class = 2,
				      .page_lg2 = 12,
				      .formats = &format,
				      .nr_formats = 1,
				      .decode = decode,
				      .explain = explain,
				      .locate = locate };

static struct mmu_session *session_of(struct mmu_image *image, bool maple)
{
	const char *facts[COUNT(facts_always) + COUNT(facts_rb) + 1] = { NULL };
	struct mmu_session *session = calloc(1, sizeof(*session));

	assert_non_null(session);
	memcpy(facts, facts_always, sizeof(facts_always));
	if (maple)
		memcpy(facts + COUNT(facts_always), facts_maple, sizeof(facts_maple));
	else
		memcpy(facts + COUNT(facts_always), facts_rb, sizeof(facts_rb));
	session->image = image;
	session->arch = &arch;
	session->learnt = MMU_LEARN_DONE;
	session->linear[0] = (struct mmu_linear){ BASE, BASE + 0x7ffffff, 0, "direct map" };
	session->nr_linear = 1;
	assert_null(mmu_fact_store_create(image, facts, &session->facts));
	return session;
}

static struct mmu_session *open_session(void)
{
	const struct memory_piece whole = { .bytes = BYTES };

	return session_of(memory_image_create(&whole, 1), true);
}

static void put(struct mmu_session *session, uint64_t va, unsigned int width, uint64_t value)
{
	memory_image_put(session->image, va - BASE, width, value);
}

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
	memcpy(memory_image_at(session->image, va + COMM - BASE, 16), "task\0garbage", 12);
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

static bool take(const struct mmu_task *task, const char *problem, void *context)
{
	struct seen *seen = context;

	assert_int_equal(!task, !!problem);
	if (task) {
		assert_true(seen->nr < COUNT(seen->tasks));
		seen->tasks[seen->nr++] = *task;
	} else {
		seen->problems++;
		snprintf(seen->problem, sizeof(seen->problem), "%s", problem);
	}
	return seen->nr != seen->stop_at;
}

/* The pids in order, as text. */
static const char *list(struct mmu_session *session, bool threads, struct seen *seen)
{
	static char text[400];
	size_t out = 0;

	*seen = (struct seen){ .stop_at = UINT32_MAX };
	struct mmu_error *error = mmu_session_tasks(session, threads, take, seen);
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
	assert_null(mmu_session_tasks(session, true, take, &seen));
	assert_int_equal(seen.nr, 2);
	seen = (struct seen){ .stop_at = 1 };
	assert_null(mmu_session_tasks(session, true, take, &seen));
	assert_int_equal(seen.nr, 1);
	mmu_session_close(session);
}

static void test_long_comm(void **state)
{
	struct mmu_session *session = open_tasks(1);
	struct seen seen;

	memset(memory_image_at(session->image, task_at(1) + COMM - BASE, 16), 'x', 16);
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
	struct mmu_error *error = mmu_session_tasks(session, false, take, &seen);

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
	assert_null(mmu_task_find(session, 200, &task));
	assert_int_equal(task.task_va, task_at(2));
	assert_null(mmu_task_find(session, 101, &task));
	assert_int_equal(task.task_va, task_at(3));
	assert_int_equal(task.pgd_pa, 0x13000);
	struct mmu_error *error = mmu_task_find(session, 7, &task);
	assert_non_null(error);
	assert_int_equal(mmu_error_code(error), MMU_ERROR_NO_TASK);
	assert_int_equal(task.pid, 101); /* untouched */
	mmu_error_destroy(error);
	/* a list that is not whole may be why */
	link_tasks(session, 1, NOWHERE);
	error = mmu_task_find(session, 200, &task);
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
	assert_null(mmu_task_find(session, 100, &task));
	assert_int_equal(task.pid, 100);
	assert_true(task.zombie);
	assert_int_equal(task.owner, MMU_MM_OWN);
	assert_int_equal(task.mm_va, mm_at(4));
	assert_int_equal(task.pgd_pa, 0x14000);
	/* without any living thread there is none */
	put(session, task_at(2) + MM, 8, 0);
	put(session, task_at(2) + EXIT_STATE, 4, 0x20);
	assert_null(mmu_task_find(session, 200, &task));
	assert_int_equal(task.owner, MMU_MM_NONE);
	assert_int_equal(task.mm_va, 0);
	mmu_session_close(session);
}

/* ------------------------------------------------------------------ spaces */

static enum mmu_error_code refused(struct mmu_session *session, enum mmu_space_by by,
				   uint64_t value, const char *part)
{
	const struct mmu_space_query query = { .by = by, .value = value };
	struct mmu_space *space = (void *)session;
	struct mmu_error *error = mmu_space_open(session, &query, &space);

	assert_non_null(error);
	assert_ptr_equal(space, session); /* untouched */
	if (!strstr(mmu_error_message(error), part))
		fail_msg("'%s' has no '%s'", mmu_error_message(error), part);
	enum mmu_error_code code = mmu_error_code(error);
	mmu_error_destroy(error);
	return code;
}

static uint64_t root_of(struct mmu_session *session, enum mmu_space_by by, uint64_t value)
{
	const struct mmu_space_query query = { .by = by, .value = value };
	struct mmu_space *space;
	struct mmu_error *error = mmu_space_open(session, &query, &space);

	if (error)
		fail_msg("%s", mmu_error_message(error));
	uint64_t root_pa = mmu_space_regime(space)->root_pa;
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
	assert_int_equal(root_of(session, MMU_SPACE_PGD, 0x5000), 0x5000);
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

/* ------------------------------------------------------------------ VMAs */

static void put_vma(struct mmu_session *session, uint64_t va, uint64_t start, uint64_t end,
		    uint64_t flags)
{
	put(session, va + VM_START, 8, start);
	put(session, va + VM_END, 8, end);
	put(session, va + VM_FLAGS, 8, flags);
}

/* ma_root: a node's address, its type in bits 6:3, and the root's mark */
static uint64_t node_entry(uint64_t node_va, unsigned int type, bool root)
{
	return node_va | type << 3 | (root ? 2 : 4);
}

static uint64_t pivot_at(uint64_t node_va, unsigned int n)
{
	return node_va + 8 + 8 * (uint64_t)n;
}

static uint64_t slot_at(uint64_t node_va, unsigned int slots, unsigned int n)
{
	return node_va + 8 * (uint64_t)(slots + n);
}

enum { LEAF_64 = 1, RANGE_64, ARANGE_64 };
#define TREE_MM (BASE + 0x8000)
#define NODE(n) (BASE + 0x20000 + 0x100 * (uint64_t)(n))
#define VMA(n) (BASE + 0x30000 + 0x100 * (uint64_t)(n))

static void set_root(struct mmu_session *session, uint64_t entry)
{
	put(session, TREE_MM + TREE + TREE_ROOT, 8, entry);
}

/* "-" for none, else its first and last address */
static const char *vma_at(struct mmu_session *session, uint64_t va)
{
	static char text[400];
	struct mmu_vma vma;
	bool found = false;

	mmu_error_destroy(mmu_vma_find(session, TREE_MM, va, &vma, &found));
	if (!found)
		return "-";
	snprintf(text, sizeof(text), "%llx-%llx %llx%s%s", (unsigned long long)vma.first_va,
		 (unsigned long long)vma.last_va, (unsigned long long)vma.vm_flags,
		 vma.name[0] ? " " : "", vma.name);
	return text;
}

/*
 * Two levels: node 0 (allocation ranges) has node 1 up to 0xffff and node 2 above. Leaves: a gap,
 * VMA 0x1000-0x2fff, a gap, VMA 0x8000-0xffff | VMA 0x10000-0x10fff, a gap to the end.
 */
static struct mmu_session *open_maple(void)
{
	struct mmu_session *session = open_session();

	put_vma(session, VMA(0), 0x1000, 0x3000, 0x75);
	put_vma(session, VMA(1), 0x8000, 0x10000, 0x73);
	put_vma(session, VMA(2), 0x10000, 0x11000, 0);
	set_root(session, node_entry(NODE(0), ARANGE_64, true));
	put(session, pivot_at(NODE(0), 0), 8, 0xffff);
	put(session, slot_at(NODE(0), 10, 0), 8, node_entry(NODE(1), LEAF_64, false));
	put(session, slot_at(NODE(0), 10, 1), 8, node_entry(NODE(2), LEAF_64, false));
	put(session, pivot_at(NODE(1), 0), 8, 0xfff);
	put(session, pivot_at(NODE(1), 1), 8, 0x2fff);
	put(session, slot_at(NODE(1), 16, 1), 8, VMA(0));
	put(session, pivot_at(NODE(1), 2), 8, 0x7fff);
	put(session, pivot_at(NODE(1), 3), 8, 0xffff);
	put(session, slot_at(NODE(1), 16, 3), 8, VMA(1));
	put(session, pivot_at(NODE(2), 0), 8, 0x10fff);
	put(session, slot_at(NODE(2), 16, 0), 8, VMA(2));
	return session;
}

static void test_maple_tree(void **state)
{
	struct mmu_session *session = open_maple();

	assert_string_equal(vma_at(session, 0), "-");
	assert_string_equal(vma_at(session, 0xfff), "-");
	assert_string_equal(vma_at(session, 0x1000), "1000-2fff 75");
	assert_string_equal(vma_at(session, 0x2fff), "1000-2fff 75");
	assert_string_equal(vma_at(session, 0x3000), "-");
	assert_string_equal(vma_at(session, 0x7fff), "-");
	assert_string_equal(vma_at(session, 0x8000), "8000-ffff 73");
	assert_string_equal(vma_at(session, 0xffff), "8000-ffff 73");
	assert_string_equal(vma_at(session, 0x10000), "10000-10fff 0");
	assert_string_equal(vma_at(session, 0x10fff), "10000-10fff 0");
	assert_string_equal(vma_at(session, 0x11000), "-");
	assert_string_equal(vma_at(session, UINT64_MAX), "-");
	mmu_session_close(session);
}

static void test_maple_root(void **state)
{
	struct mmu_session *session = open_maple();

	set_root(session, 0); /* an empty tree */
	assert_string_equal(vma_at(session, 0), "-");
	set_root(session, VMA(0)); /* a single entry */
	assert_string_equal(vma_at(session, 0x1000), "1000-2fff 75");
	assert_string_equal(vma_at(session, 0x8000), "-");
	set_root(session, node_entry(NODE(1), LEAF_64, true)); /* one leaf */
	assert_string_equal(vma_at(session, 0x8000), "8000-ffff 73");
	mmu_session_close(session);
}

/* A leaf that is full to the last slot: that one's end is the node's own. */
static void test_maple_full_leaf(void **state)
{
	struct mmu_session *session = open_session();

	put(session, TREE_MM + START_STACK, 8, UINT64_MAX); /* else it is in the first VMA */
	set_root(session, node_entry(NODE(0), LEAF_64, true));
	for (unsigned int n = 0; n < 16; n++) {
		put_vma(session, VMA(n), 0x1000 * (uint64_t)n, 0x1000 * (uint64_t)(n + 1), n);
		put(session, slot_at(NODE(0), 16, n), 8, VMA(n));
		if (n < 15)
			put(session, pivot_at(NODE(0), n), 8, 0x1000 * (uint64_t)(n + 1) - 1);
	}
	assert_string_equal(vma_at(session, 0x0), "0-fff 0");
	assert_string_equal(vma_at(session, 0xe123), "e000-efff e");
	assert_string_equal(vma_at(session, 0xf123), "f000-ffff f");
	mmu_session_close(session);
}

static void test_damaged_maple_tree(void **state)
{
	struct mmu_session *session = open_maple();

	/* a node that is its own child */
	put(session, slot_at(NODE(0), 10, 1), 8, node_entry(NODE(0), ARANGE_64, false));
	assert_string_equal(vma_at(session, 0x10000), "-");
	/* a child that is nowhere, of no type, none */
	put(session, slot_at(NODE(0), 10, 1), 8, node_entry(NOWHERE, LEAF_64, false));
	assert_string_equal(vma_at(session, 0x10000), "-");
	put(session, slot_at(NODE(0), 10, 1), 8, node_entry(NODE(2), 9, false));
	assert_string_equal(vma_at(session, 0x10000), "-");
	put(session, slot_at(NODE(0), 10, 1), 8, 0);
	assert_string_equal(vma_at(session, 0x10000), "-");
	/* the mark of a fork that failed (XA_ZERO_ENTRY); a pointer to nowhere; another VMA */
	put(session, slot_at(NODE(1), 16, 1), 8, 0x406);
	assert_string_equal(vma_at(session, 0x1000), "-");
	put(session, slot_at(NODE(1), 16, 1), 8, NOWHERE);
	assert_string_equal(vma_at(session, 0x1000), "-");
	put(session, slot_at(NODE(1), 16, 1), 8, VMA(1));
	assert_string_equal(vma_at(session, 0x1000), "-");
	/* pivots that do not ascend */
	put(session, pivot_at(NODE(1), 2), 8, 0x1fff);
	assert_string_equal(vma_at(session, 0x8000), "-");
	set_root(session, node_entry(NOWHERE, ARANGE_64, true));
	assert_string_equal(vma_at(session, 0x8000), "-");
	mmu_session_close(session);
}

static void test_rb_tree(void **state)
{
	const struct memory_piece whole = { .bytes = BYTES };
	struct mmu_session *session = session_of(memory_image_create(&whole, 1), false);

	put_vma(session, VMA(0), 0x1000, 0x3000, 1);
	put_vma(session, VMA(1), 0x8000, 0x10000, 2);
	put_vma(session, VMA(2), 0x10000, 0x11000, 3);
	put(session, TREE_MM + MM_RB, 8, VMA(1) + VM_RB);
	put(session, VMA(1) + VM_RB + 8, 8, VMA(0) + VM_RB); /* left */
	put(session, VMA(1) + VM_RB, 8, VMA(2) + VM_RB);     /* right */
	assert_string_equal(vma_at(session, 0xfff), "-");
	assert_string_equal(vma_at(session, 0x1000), "1000-2fff 1");
	assert_string_equal(vma_at(session, 0x2fff), "1000-2fff 1");
	assert_string_equal(vma_at(session, 0x3000), "-");
	assert_string_equal(vma_at(session, 0xffff), "8000-ffff 2");
	assert_string_equal(vma_at(session, 0x10fff), "10000-10fff 3");
	assert_string_equal(vma_at(session, 0x11000), "-");
	/* a loop, and a child that is nowhere */
	put(session, VMA(2) + VM_RB, 8, VMA(1) + VM_RB);
	assert_string_equal(vma_at(session, 0x11000), "-");
	put(session, VMA(2) + VM_RB, 8, NOWHERE);
	assert_string_equal(vma_at(session, 0x11000), "-");
	mmu_session_close(session);
}

/* ------------------------------------------------------------------ all VMAs */

struct visited {
	uint64_t vmas, stop_after; /* 0: never */
	char text[200];            /* the first of them, by their numbers */
};

static bool visit_vma(uint64_t vma_va, void *context)
{
	struct visited *visited = context;
	size_t used = strlen(visited->text);

	if (used + 20 < sizeof(visited->text))
		snprintf(visited->text + used, sizeof(visited->text) - used, "%s%lld",
			 used ? " " : "", (long long)(vma_va - VMA(0)) / 0x100);
	return ++visited->vmas != visited->stop_after;
}

/* The numbers of the VMAs, and "..." when that is not all. */
static const char *all_vmas(struct mmu_session *session)
{
	static struct visited visited;

	visited = (struct visited){ 0 };
	if (!mmu_vma_visit(session, TREE_MM, visit_vma, &visited))
		strcat(visited.text, "...");
	return visited.text;
}

static void test_visit_maple_tree(void **state)
{
	struct mmu_session *session = open_maple();
	struct visited visited = { .stop_after = 2 };

	assert_string_equal(all_vmas(session), "0 1 2");
	mmu_vma_visit(session, TREE_MM, visit_vma, &visited);
	assert_string_equal(visited.text, "0 1");
	/* what lies behind the end of a node is not looked at; a reserved value is no VMA */
	put(session, slot_at(NODE(1), 16, 4), 8, VMA(7));
	put(session, pivot_at(NODE(1), 3), 8, UINT64_C(0xffff));
	put(session, slot_at(NODE(1), 16, 2), 8, 0x406);
	assert_string_equal(all_vmas(session), "0 1 2");
	/* of a child that is nowhere or of no type only the others are there */
	put(session, slot_at(NODE(0), 10, 0), 8, node_entry(NOWHERE, LEAF_64, false));
	assert_string_equal(all_vmas(session), "2...");
	put(session, slot_at(NODE(0), 10, 0), 8, node_entry(NODE(1), 9, false));
	assert_string_equal(all_vmas(session), "2...");
	set_root(session, 0);
	assert_string_equal(all_vmas(session), "");
	set_root(session, VMA(3));
	assert_string_equal(all_vmas(session), "3");
	set_root(session, node_entry(NODE(2), LEAF_64, true));
	assert_string_equal(all_vmas(session), "2");
	set_root(session, node_entry(NOWHERE, LEAF_64, true));
	assert_string_equal(all_vmas(session), "...");
	mmu_session_close(session);
}

/* Every slot of a node leads back to it: 10^32 ways. */
static void test_visit_looping_maple_tree(void **state)
{
	struct mmu_session *session = open_session();
	struct visited visited = { 0 };

	set_root(session, node_entry(NODE(0), ARANGE_64, true));
	for (unsigned int n = 0; n < 10; n++) {
		put(session, slot_at(NODE(0), 10, n), 8, node_entry(NODE(0), ARANGE_64, false));
		if (n < 9)
			put(session, pivot_at(NODE(0), n), 8, n + 1);
	}
	assert_string_equal(all_vmas(session), "...");
	/* and a leaf that is there again and again */
	put(session, slot_at(NODE(0), 10, 0), 8, node_entry(NODE(1), LEAF_64, false));
	put(session, slot_at(NODE(1), 16, 0), 8, VMA(0));
	assert_false(mmu_vma_visit(session, TREE_MM, visit_vma, &visited));
	assert_in_range(visited.vmas, 1, 1 << 18);
	visited = (struct visited){ .stop_after = 10 };
	mmu_vma_visit(session, TREE_MM, visit_vma, &visited);
	assert_int_equal(visited.vmas, 10);
	mmu_session_close(session);
}

static void test_visit_rb_tree(void **state)
{
	const struct memory_piece whole = { .bytes = BYTES };
	struct mmu_session *session = session_of(memory_image_create(&whole, 1), false);
	struct visited visited = { .stop_after = 2 };

	assert_string_equal(all_vmas(session), "");
	put(session, TREE_MM + MM_RB, 8, VMA(1) + VM_RB);
	put(session, VMA(1) + VM_RB + 8, 8, VMA(0) + VM_RB); /* left */
	put(session, VMA(1) + VM_RB, 8, VMA(3) + VM_RB);     /* right */
	put(session, VMA(3) + VM_RB + 8, 8, VMA(2) + VM_RB);
	assert_string_equal(all_vmas(session), "0 1 2 3");
	mmu_vma_visit(session, TREE_MM, visit_vma, &visited);
	assert_string_equal(visited.text, "0 1");
	visited = (struct visited){ .stop_after = 1 };
	mmu_vma_visit(session, TREE_MM, visit_vma, &visited);
	assert_string_equal(visited.text, "0");
	put(session, VMA(0) + VM_RB, 8, NOWHERE);
	assert_string_equal(all_vmas(session), "0 1 2 3...");
	/* a node that is its own child, on both sides: 2^64 ways */
	put(session, VMA(0) + VM_RB, 8, VMA(0) + VM_RB);
	put(session, VMA(0) + VM_RB + 8, 8, VMA(0) + VM_RB);
	visited = (struct visited){ 0 };
	assert_false(mmu_vma_visit(session, TREE_MM, visit_vma, &visited));
	assert_in_range(visited.vmas, 1, 1 << 18);
	mmu_session_close(session);
}

/* ------------------------------------------------------------------ struct pages */

static struct mmu_session *open_memmap(const char *size, const char *symbol)
{
	const char *const facts[] = { size ? size : symbol, size ? symbol : NULL, NULL };
	struct mmu_session *session = open_session();

	mmu_fact_store_destroy(session->facts);
	assert_null(mmu_fact_store_create(session->image, facts, &session->facts));
	session->linear[0].first_pa = 0;
	put(session, BASE + 0x3000, 8, UINT64_C(0xffffea0000000000));
	return session;
}

static void check_memmap(const char *symbol, uint64_t first_va)
{
	struct mmu_session *session = open_memmap("SIZE(page)=64", symbol);
	struct mmu_memmap map;

	assert_null(mmu_memmap_find(session, &map));
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
	session->linear[0].first_pa = 0x1000;
	put(session, BASE + 0x4000, 8, 0x4000);
	assert_null(mmu_memmap_find(session, &map));
	assert_int_equal(map.first_pfn, 1);
	assert_int_equal(map.first_va, 0x4000);
	assert_int_equal(mmu_memmap_va(&map, 3), 0x4040);
	mmu_session_close(session);
}

static void test_no_memmap(void **state)
{
	static const struct {
		const char *size, *symbol;
		enum mmu_error_code code;
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
		struct mmu_error *error = mmu_memmap_find(session, &map);

		assert_non_null(error);
		assert_int_equal(mmu_error_code(error), cases[i].code);
		assert_int_equal(map.page_bytes, 7); /* untouched */
		mmu_error_destroy(error);
		mmu_session_close(session);
	}
}

/* ------------------------------------------------------------------ names, hints */

static void test_vma_names(void **state)
{
	struct mmu_session *session = open_maple();
	const uint64_t file_va = BASE + 0x38000, dentry_va = BASE + 0x38100;
	uint64_t name_va = BASE + 0x38ff8;

	put(session, TREE_MM + START_BRK, 8, 0x2000);
	put(session, TREE_MM + BRK, 8, 0x2800);
	put(session, TREE_MM + START_STACK, 8, 0xfff0);
	assert_string_equal(vma_at(session, 0x1000), "1000-2fff 75 [heap]");
	assert_string_equal(vma_at(session, 0x8000), "8000-ffff 73 [stack]");
	put(session, VMA(0) + VM_FILE, 8, file_va);
	put(session, file_va + 16, 8, dentry_va);
	put(session, dentry_va + 24, 8, name_va);
	memcpy(memory_image_at(session->image, name_va - BASE, 16), "libexample.so.1", 16);
	assert_string_equal(vma_at(session, 0x1000), "1000-2fff 75 libexample.so.1");
	/* a name without an end is cut; one that is nowhere is none */
	memset(memory_image_at(session->image, name_va - BASE, 1000), 'n', 1000);
	assert_int_equal(strlen(vma_at(session, 0x1000)), strlen("1000-2fff 75 ") + 255);
	put(session, dentry_va + 24, 8, NOWHERE);
	assert_string_equal(vma_at(session, 0x1000), "1000-2fff 75");
	put(session, file_va + 16, 8, BASE + BYTES - 8);
	assert_string_equal(vma_at(session, 0x1000), "1000-2fff 75");
	mmu_session_close(session);
}

/* PROT_NONE and a NUMA hint look alike in the table: what the VMA allows tells them apart. */
static void test_numa_hint(void **state)
{
	const struct mmu_space_query query = { .by = MMU_SPACE_MM, .value = TREE_MM };
	struct mmu_session *session = open_maple();
	struct mmu_space *space;
	struct mmu_walk walk;

	put(session, TREE_MM + PGD, 8, BASE + 0x10000);
	put_vma(session, VMA(1), 0x8000, 0x10000, 0x70); /* no access */
	put(session, BASE + 0x10000 + 8, 8, 0x5000 | 2);
	put(session, BASE + 0x10000 + 8 * 8, 8, 0x6000 | 2);
	put(session, BASE + 0x10000 + 4 * 8, 8, 0x7000 | 2);
	assert_null(mmu_space_open(session, &query, &space));
	mmu_walk(space, 0x1234, &walk);
	assert_int_equal(walk.result, MMU_RESULT_NUMA);
	assert_int_equal(walk.pa, 0x5234);
	mmu_walk(space, 0x8234, &walk);
	assert_int_equal(walk.result, MMU_RESULT_PROTNONE);
	mmu_walk(space, 0x4000, &walk); /* without a VMA nothing is known */
	assert_int_equal(walk.result, MMU_RESULT_PROTNONE);
	assert_null(walk.note);
	/* nor where it can't be read; but then it is said */
	set_root(session, node_entry(NOWHERE, ARANGE_64, true));
	mmu_walk(space, 0x8234, &walk);
	assert_int_equal(walk.result, MMU_RESULT_PROTNONE);
	assert_non_null(strstr(walk.note, "or numa"));
	mmu_space_close(space);
	mmu_session_close(session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tasks),
		cmocka_unit_test(test_only_the_idle_task),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_long_comm),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_kernel_threads),
		cmocka_unit_test(test_list_loops),
		cmocka_unit_test(test_list_breaks),
		cmocka_unit_test(test_no_first_task),
		cmocka_unit_test(test_one_task_unreadable),
		cmocka_unit_test(test_damaged_mm),
		cmocka_unit_test(test_damaged_threads),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_zombie_leader),
		cmocka_unit_test(test_spaces),
		cmocka_unit_test(test_maple_tree),
		cmocka_unit_test(test_maple_root),
		cmocka_unit_test(test_maple_full_leaf),
		cmocka_unit_test(test_damaged_maple_tree),
		cmocka_unit_test(test_rb_tree),
		cmocka_unit_test(test_visit_maple_tree),
		cmocka_unit_test(test_visit_looping_maple_tree),
		cmocka_unit_test(test_visit_rb_tree),
		cmocka_unit_test(test_memmap),
		cmocka_unit_test(test_no_memmap),
		cmocka_unit_test(test_vma_names),
		cmocka_unit_test(test_numa_hint),
	};

	return cmocka_run_group_tests_name("kernel", tests, NULL, NULL);
}
