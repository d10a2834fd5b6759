/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file State, parent and CPU of tasks (issue 9, 16): found by members, and never invented. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/task_kernel.h"

enum { STATE = 0x800, PARENT = 0x810, CPU = 0x820, STACK = 0x828 };

#define PARENT_FACT "OFFSET(task_struct.real_parent)=2064" /* 0x810 */

static const char *const new_facts[] = { "OFFSET(task_struct.__state)=2048",
					 "SIZE(task_struct.__state)=4", PARENT_FACT,
					 "OFFSET(task_struct.thread_info)=2080",
					 "OFFSET(task_struct.thread_info.cpu)=2080" };
static const char *const middle_facts[] = { "OFFSET(task_struct.state)=2048",
					    "SIZE(task_struct.state)=8", PARENT_FACT,
					    "OFFSET(task_struct.thread_info)=0",
					    "OFFSET(task_struct.cpu)=2080" };
/* thread_info at the end of the stack */
static const char *const old_facts[] = { "OFFSET(task_struct.state)=2048",
					 "SIZE(task_struct.state)=8", PARENT_FACT,
					 "OFFSET(task_struct.stack)=2088",
					 "OFFSET(thread_info.cpu)=20" };

#define STATUS(facts) more_facts(session, facts, COUNT(facts))

static struct mmu_task task_of(struct mmu_session *session, unsigned int pid)
{
	struct mmu_task task;

	assert_null(mmu_task_find(&session->memory, (int32_t)pid, &task, NULL));
	assert_int_equal(task.pid, pid);
	return task;
}

static void expect_state(struct mmu_session *session, uint64_t state, uint64_t exit_state,
			 char letter)
{
	put(session, TASK(3), STATE, 4, state);
	put(session, TASK(3), T_EXIT, 4, exit_state);
	assert_int_equal(task_of(session, 3).state, letter);
}

/* fs/proc/array.c and include/linux/sched.h of 6.12 */
static void test_16_states(void **state)
{
	struct mmu_session *session = open_tasks(4, GONE(0), true);

	(void)state;
	STATUS(new_facts);
	expect_state(session, 0, 0, 'R');
	expect_state(session, 0x1, 0, 'S');
	expect_state(session, 0x2, 0, 'D');
	expect_state(session, 0x102, 0, 'D'); /* TASK_KILLABLE */
	expect_state(session, 0x402, 0, 'I');
	expect_state(session, 0x2402, 0, 'I'); /* and TASK_FREEZABLE */
	expect_state(session, 0x2001, 0, 'S');
	expect_state(session, 0x4, 0, 'T');
	expect_state(session, 0x104, 0, 'T'); /* TASK_STOPPED */
	expect_state(session, 0x8, 0, 't');
	expect_state(session, 0x40, 0, 'P');
	expect_state(session, 0x8000, 0, 'D'); /* TASK_FROZEN */
	expect_state(session, 0x1000, 0, 'D'); /* TASK_RTLOCK_WAIT */
	expect_state(session, 0x200, 0, 'R');  /* TASK_WAKING */
	expect_state(session, 0x80, 0x20, 'Z');
	expect_state(session, 0x40, 0x20, 'Z'); /* TASK_DEAD before 4.14 */
	expect_state(session, 0x80, 0x10, 'X');
	expect_state(session, 0x80, 0x30, 'Z'); /* EXIT_TRACE */
	mmu_session_close(session);
}

/* Before 5.14 it is a long, of which the upper half can hold nothing. */
static void test_16_long_state(void **state)
{
	struct mmu_session *session = open_tasks(4, GONE(0), true);

	(void)state;
	STATUS(middle_facts);
	put(session, TASK(3), STATE, 8, 0x402);
	assert_int_equal(task_of(session, 3).state, 'I');
	mmu_session_close(session);
}

static void test_16_cpu(void **state)
{
	struct mmu_session *session = open_tasks(4, GONE(0), true);

	(void)state;
	put(session, TASK(3), CPU, 4, 5);
	put(session, TASK(3), STACK, 8, va_of(MM));
	put(session, MM, 20, 4, 6);
	STATUS(new_facts);
	assert_int_equal(task_of(session, 3).cpu, 5);
	STATUS(middle_facts);
	assert_int_equal(task_of(session, 3).cpu, 5);
	STATUS(old_facts);
	assert_int_equal(task_of(session, 3).cpu, 6);
	put(session, MM, 20, 4, 8192); /* NR_CPUS is 8192 at most */
	assert_int_equal(task_of(session, 3).cpu, -1);
	put(session, TASK(3), STACK, 8, 0x1234); /* not mapped */
	assert_int_equal(task_of(session, 3).cpu, -1);
	put(session, TASK(3), STACK, 8, 0); /* freed already: a zombie */
	assert_int_equal(task_of(session, 3).cpu, -1);
	/* a kernel for one CPU: thread_info has none, in task_struct or on the stack */
	static const char *const one_cpu[] = { "OFFSET(task_struct.thread_info)=0", "OFFSET(task_"
										    "struct.stack)="
										    "2088" };
	STATUS(one_cpu);
	assert_int_equal(task_of(session, 3).cpu, -1);
	mmu_session_close(session);
}

static void test_16_parent(void **state)
{
	struct mmu_session *session = open_tasks(4, GONE(0), true);

	(void)state;
	STATUS(new_facts);
	assert_int_equal(task_of(session, 3).ppid, -1);
	put(session, TASK(3), PARENT, 8, va_of(TASK(2)));
	put(session, TASK(2), T_TGID, 4, 1); /* a thread: its group counts */
	assert_int_equal(task_of(session, 3).ppid, 1);
	assert_int_equal(task_of(session, 3).parent_va, va_of(TASK(2)));
	put(session, TASK(3), PARENT, 8, 0x1234);
	assert_int_equal(task_of(session, 3).ppid, -1);
	mmu_session_close(session);
}

/* No source tells these members: the task is there, and nothing is made up. */
static void test_16_not_known(void **state)
{
	struct mmu_session *session = open_tasks(4, GONE(0), true);
	struct mmu_task task = task_of(session, 3);

	(void)state;
	assert_int_equal(task.state, 0);
	assert_int_equal(task.cpu, -1);
	assert_int_equal(task.ppid, -1);
	mmu_session_close(session);
}

/* What walks need is on one page of task_struct, the rest on one that the image lacks. */
static void test_16_missing_page(void **state)
{
	static const char *const far_facts[] = { "OFFSET(task_struct.__state)=4096",
						 "SIZE(task_struct.__state)=4",
						 "OFFSET(task_struct.real_parent)=4104" };
	struct mmu_session *session = open_tasks(4, GONE(TASK(4)), true);
	struct told told;

	(void)state;
	STATUS(far_facts); /* the page behind TASK(3) is TASK(4) */
	list(session, false, &told);
	assert_string_equal(told.pids, "0 1 2 3");
	assert_int_equal(task_of(session, 3).state, 0);
	mmu_session_close(session);
}

struct pieces {
	uint64_t wanted_va;
	bool found;
};

static void look_for(void *context, uint64_t va, uint64_t bytes)
{
	struct pieces *pieces = context;

	pieces->found |= va == pieces->wanted_va && bytes == 4;
}

static void test_16_pieces(void **state)
{
	struct mmu_session *session = open_tasks(4, GONE(0), true);

	(void)state;
	put(session, TASK(3), STACK, 8, va_of(MM));
	put(session, TASK(3), PARENT, 8, va_of(TASK(2)));
	STATUS(old_facts);
	const struct mmu_task task = task_of(session, 3);
	const uint64_t wanted[] = { va_of(MM) + 20, va_of(TASK(2)) + T_TGID };

	for (size_t i = 0; i < COUNT(wanted); i++) {
		struct pieces pieces = { .wanted_va = wanted[i] };

		mmu_task_pieces(&session->memory, &task, look_for, &pieces);
		assert_true(pieces.found);
	}
	mmu_session_close(session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_16_states),    cmocka_unit_test(test_16_long_state),
		cmocka_unit_test(test_16_cpu),       cmocka_unit_test(test_16_parent),
		cmocka_unit_test(test_16_not_known), cmocka_unit_test(test_16_missing_page),
		cmocka_unit_test(test_16_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
