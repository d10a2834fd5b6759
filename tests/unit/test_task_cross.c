/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Tasks that one list of a made-up kernel lacks, and what its others say. */
#include "objects/task_cross.h"
#include "support/task_kernel.h"

#define LIST (1u << MMU_TASK_WAY_LIST)
#define PIDS (1u << MMU_TASK_WAY_PIDS)
#define CHILDREN (1u << MMU_TASK_WAY_CHILDREN)
#define QUEUES (1u << MMU_TASK_WAY_RUN_QUEUES)
#define MMS (1u << MMU_TASK_WAY_MM_LIST)

enum { T_CHILDREN = 128, T_SIBLING = 144, Q_CURRENT = 8, Q_TASKS = 16, T_GROUP = 160 };
enum { QUEUE = 10, INIT_MM = 11, M_NODE = 32, M_OWNER = 48 };

static const char *const cross_facts[] = {
	"SYMBOL(init_pid_ns)=ffff800000001000",
	"OFFSET(pid_namespace.idr.idr_rt.xa_head)=8",
	"OFFSET(pid.tasks)=16",
	"OFFSET(task_struct.pid_links)=96",
	"OFFSET(task_struct.children)=128",
	"OFFSET(task_struct.sibling)=144",
	"SYMBOL(runqueues)=ffff80000000a000",
	"OFFSET(rq.curr)=8",
	"OFFSET(rq.cfs_tasks)=16",
	"OFFSET(task_struct.se.group_node)=160",
	"SYMBOL(init_mm)=ffff80000000b000",
	"OFFSET(mm_struct.mmlist)=32",
	"OFFSET(mm_struct.owner)=48",
};

/* A list_head at `offset` of a page, and those of tasks, 0 at the end. */
static void put_ring(struct mmu_session *session, unsigned int page, unsigned int offset,
		     unsigned int node, const unsigned int *pids)
{
	uint64_t head_va = va_of(page) + offset, last_va = head_va;

	for (; *pids; pids++) {
		uint64_t va = va_of(TASK(*pids)) + node;

		put(session, (unsigned int)((last_va - BASE) >> 12), last_va & 0xfff, 8, va);
		put(session, TASK(*pids), node + 8, 8, last_va);
		last_va = va;
	}
	put(session, (unsigned int)((last_va - BASE) >> 12), last_va & 0xfff, 8, head_va);
	put(session, page, offset + 8, 8, last_va);
}

/* 1 and 2 are children of the idle task, 3 to 8 of 1; 64 is a thread of 2, and 3 runs. */
static struct mmu_session *open_cross(const unsigned int *gone)
{
	struct mmu_session *session = open_tasks(8, gone, true);

	more_facts(session, cross_facts, COUNT(cross_facts));
	put_threads(session, 2, GONE(64));
	for (unsigned int pid = 0; pid <= 8; pid++)
		put_ring(session, TASK(pid), T_CHILDREN, T_SIBLING, GONE(0));
	put_ring(session, TASK(64), T_CHILDREN, T_SIBLING, GONE(0));
	put_ring(session, TASK(0), T_CHILDREN, T_SIBLING, GONE(1, 2));
	put_ring(session, TASK(1), T_CHILDREN, T_SIBLING, GONE(3, 4, 5, 6, 7, 8));
	put(session, QUEUE, Q_CURRENT, 8, va_of(TASK(3)));
	put_ring(session, QUEUE, Q_TASKS, T_GROUP, GONE(3, 4));
	put_list(session, INIT_MM, M_NODE, va_of(INIT_MM) + M_NODE, va_of(INIT_MM) + M_NODE);
	return session;
}

static void expect(struct mmu_session *session, uint32_t whole, const char *text)
{
	struct mmu_cross_check check = { .tasks = NULL };
	char told[400] = "";

	assert_null(mmu_tasks_cross(&session->memory, NULL, &check));
	for (size_t i = 0; i < check.nr; i++)
		snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s%d:%x/%x",
			 i ? " " : "", check.tasks[i].task.pid, check.tasks[i].known_by,
			 check.tasks[i].lacked_by);
	assert_string_equal(told, text);
	assert_int_equal(check.whole, whole);
	for (unsigned int way = 0; way < MMU_TASK_WAYS; way++)
		assert_int_equal(!check.why_not[way], check.whole >> way & 1);
	mmu_cross_check_destroy(&check);
}

static void test_nobody(void **state)
{
	struct mmu_session *session = open_cross(GONE(0));

	expect(session, LIST | PIDS | CHILDREN | QUEUES | MMS, "");
	mmu_session_close(session);
}

/* Out of each list in turn: who still has it, and who has not. */
static void test_one_list(void **state)
{
	const uint32_t all = LIST | PIDS | CHILDREN | QUEUES | MMS;
	struct mmu_session *session = open_cross(GONE(0));

	put(session, TASK(4), T_TASKS, 8, va_of(TASK(6)) + T_TASKS);
	put(session, TASK(6), T_TASKS + 8, 8, va_of(TASK(4)) + T_TASKS);
	expect(session, all, "5:6/1");
	put_ring(session, TASK(1), T_CHILDREN, T_SIBLING, GONE(3, 4, 5, 7, 8));
	expect(session, all, "5:6/1 6:3/4");
	put(session, LEAF_NODE(0), NODE_SLOTS + 8 * 4, 8, 0);
	expect(session, all, "4:d/2 5:6/1 6:3/4");
	/* a thread, which is nobody's child, and one that nothing but its CPU knows */
	put_list(session, SIGNAL_OF(2), 16, va_of(TASK(2)) + T_THREAD, va_of(TASK(2)) + T_THREAD);
	put_list(session, TASK(2), T_THREAD, va_of(SIGNAL_OF(2)) + 16, va_of(SIGNAL_OF(2)) + 16);
	put(session, QUEUE, Q_CURRENT, 8, va_of(TASK(70)));
	put(session, TASK(70), T_PID, 4, 70);
	put(session, TASK(70), T_TGID, 4, 70);
	expect(session, all, "4:d/2 5:6/1 6:3/4 64:2/1 70:8/7");
	/* its last run: everything has let go of it */
	put(session, TASK(70), T_EXIT, 4, 0x10);
	expect(session, all, "4:d/2 5:6/1 6:3/4 64:2/1");
	mmu_session_close(session);
}

/* The owner of an mm counts as long as it has that mm. */
static void test_mms(void **state)
{
	struct mmu_session *session = open_cross(GONE(0));

	put_list(session, INIT_MM, M_NODE, va_of(MM) + M_NODE, va_of(MM) + M_NODE);
	put_list(session, MM, M_NODE, va_of(INIT_MM) + M_NODE, va_of(INIT_MM) + M_NODE);
	put(session, MM, M_OWNER, 8, va_of(TASK(71)));
	put(session, TASK(71), T_PID, 4, 71);
	put(session, TASK(71), T_TGID, 4, 71);
	expect(session, LIST | PIDS | CHILDREN | QUEUES | MMS, "");
	put(session, TASK(71), T_MM, 8, va_of(MM));
	expect(session, LIST | PIDS | CHILDREN | QUEUES | MMS, "71:10/7");
	mmu_session_close(session);
}

/* What can't be read to its end lacks nobody, and neither does what runs in a circle. */
static void test_broken(void **state)
{
	struct mmu_session *session = open_cross(GONE(LEAF_NODE(1)));

	expect(session, LIST | CHILDREN | QUEUES | MMS, "");
	mmu_session_close(session);
	session = open_cross(GONE(0));
	put(session, TASK(8), T_SIBLING, 8, va_of(TASK(3)) + T_SIBLING);
	put(session, TASK(6), T_TASKS, 8, va_of(TASK(2)) + T_TASKS);
	put(session, TASK(4), T_GROUP, 8, va_of(TASK(4)) + T_GROUP);
	expect(session, PIDS | MMS, "");
	mmu_session_close(session);
	session = open_tasks(8, GONE(0), false);
	expect(session, LIST, "");
	mmu_session_close(session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_one_list),
		cmocka_unit_test(test_mms),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests_name("task-cross", tests, NULL, NULL);
}
