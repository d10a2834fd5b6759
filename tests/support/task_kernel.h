/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A small made-up kernel with tasks, of whose pages some are not in the image. */
#ifndef MMU_SUPPORT_TASK_KERNEL_H
#define MMU_SUPPORT_TASK_KERNEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/session.h"
#include "kernel/layout.h"
#include "kernel/learn.h"
#include "objects/task.h"
#include "objects/task_find.h"
#include "objects/tasks.h"
#include "objects/vma.h"
#include "support/memory_image.h"
#include "support/task_facts.h"

#define BASE UINT64_C(0xffff800000000000)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* Each object has a page of its own, so that each can be missing. */
#define PAGES 0x400u
#define NAMESPACE 1u
#define ROOT_NODE 2u
#define LEAF_NODE(n) (3u + (n))
#define TASK(pid) (0x100u + (pid))
#define SIGNAL_OF(pid) (0x200u + (pid))
#define PID_OF(pid) (0x300u + (pid))
#define MM 0x3f0u

enum {
	T_PID = 0,
	T_TGID = 4,
	T_FLAGS = 8,
	T_EXIT = 12,
	T_MM = 16,
	T_COMM = 32,
	T_TASKS = 48,
	T_THREAD = 64,
	T_SIGNAL = 80,
	T_LINKS = 96,
	IDR = 8,
	P_TASKS = 16,
	NODE_SLOTS = 40,
};

static const char *const list_facts[] = {
	"SYMBOL(init_task)=ffff800000100000",
	TASK_FACTS,
};
static const char *const pid_facts[] = {
	"SYMBOL(init_pid_ns)=ffff800000001000",
	"OFFSET(pid_namespace.idr.idr_rt.xa_head)=8",
	"OFFSET(pid.tasks)=16",
	"OFFSET(task_struct.pid_links)=96",
};

static const struct mmu_arch arch = { .name = "fake", .elf_class = 2 };

/* ------------------------------------------------------------------ a kernel */

static inline uint64_t va_of(unsigned int page)
{
	return BASE + ((uint64_t)page << 12);
}

/* @param gone  pages that the image lacks, 0 at the end */
static inline struct mmu_session *open_session(const unsigned int *gone, bool pids)
{
	const char *facts[COUNT(list_facts) + COUNT(pid_facts) + 1] = { NULL };
	struct mmu_session *session = calloc(1, sizeof(*session));
	static struct memory_piece pieces[PAGES];

	assert_non_null(session);
	for (unsigned int i = 0; i < PAGES; i++)
		pieces[i] = (struct memory_piece){ .first_pa = (uint64_t)i << 12, .bytes = 4096 };
	for (; *gone; gone++)
		pieces[*gone].state = MMU_PAGE_FILTERED;
	memcpy(facts, list_facts, sizeof(list_facts));
	if (pids)
		memcpy(facts + COUNT(list_facts), pid_facts, sizeof(pid_facts));
	assert_null(mmu_kernel_init(&session->kernel, memory_image_create(pieces, PAGES), facts));
	session->kernel.arch = &arch;
	session->learnt = MMU_LEARN_DONE;
	session->kernel.linear[0] = (struct mmu_linear){ BASE, BASE + 0x7ffffff, 0, "direct map",
							 MMU_LINEAR_DIRECT };
	session->kernel.nr_linear = 1;
	mmu_memory_init(&session->memory, &session->kernel);
	return session;
}

/* In place of those that it has. */
static inline void more_facts(struct mmu_session *session, const char *const *more, size_t nr)
{
	const char *facts[COUNT(list_facts) + 16] = { NULL };

	memcpy(facts, list_facts, sizeof(list_facts));
	memcpy(facts + COUNT(list_facts), more, nr * sizeof(*more));
	mmu_layouts_forget(session->kernel.layouts);
	mmu_fact_store_destroy(session->kernel.facts);
	assert_null(mmu_fact_store_create(session->kernel.image, facts, &session->kernel.facts));
}

/* What lies on a page that is gone is lost. */
static inline void put(struct mmu_session *session, unsigned int page, unsigned int offset,
		       unsigned int width, uint64_t value)
{
	uint64_t pa = ((uint64_t)page << 12) + offset;

	if (mmu_image_span(&session->memory.cursor, pa).state == MMU_PAGE_PRESENT)
		memory_image_put(session->kernel.image, pa, width, value);
}

static inline void put_list(struct mmu_session *session, unsigned int page, unsigned int offset,
			    uint64_t next_va, uint64_t prev_va)
{
	put(session, page, offset, 8, next_va);
	put(session, page, offset + 8, 8, prev_va);
}

static inline void put_pid(struct mmu_session *session, unsigned int pid, uint64_t task_va,
			   bool leader)
{
	put(session, LEAF_NODE(pid / 64), NODE_SLOTS + 8 * (pid % 64), 8, va_of(PID_OF(pid)));
	put(session, LEAF_NODE(pid / 64), 2, 1, 1); /* its count: some slot is in use */
	put(session, PID_OF(pid), P_TASKS, 8, task_va + T_LINKS);
	put(session, PID_OF(pid), P_TASKS + 8, 8, leader ? task_va + T_LINKS + 16 : 0);
	if (task_va == va_of(TASK(pid)))
		put(session, TASK(pid), T_LINKS + 8, 8, va_of(PID_OF(pid)) + P_TASKS);
}

/* A kernel thread, in no list but that of its own threads. */
static inline void put_task(struct mmu_session *session, unsigned int pid, unsigned int tgid)
{
	put(session, TASK(pid), T_PID, 4, pid);
	put(session, TASK(pid), T_TGID, 4, tgid);
	put(session, TASK(pid), T_FLAGS, 4, 0x00200000);
	put(session, TASK(pid), T_SIGNAL, 8, va_of(SIGNAL_OF(tgid)));
	put_pid(session, pid, va_of(TASK(pid)), pid == tgid);
	if (pid != tgid)
		return;
	put_list(session, TASK(pid), T_THREAD, va_of(SIGNAL_OF(pid)) + 16,
		 va_of(SIGNAL_OF(pid)) + 16);
	put_list(session, SIGNAL_OF(pid), 16, va_of(TASK(pid)) + T_THREAD,
		 va_of(TASK(pid)) + T_THREAD);
}

/* Pids 1 to `nr` in the list behind the idle task, and in the table of pids. */
static inline struct mmu_session *open_tasks(unsigned int nr, const unsigned int *gone, bool pids)
{
	struct mmu_session *session = open_session(gone, pids);

	put(session, NAMESPACE, IDR, 8, va_of(ROOT_NODE) | 2);
	put(session, ROOT_NODE, 0, 1, 6);
	put(session, ROOT_NODE, 2, 1, 4);
	for (unsigned int i = 0; i < 4; i++)
		put(session, ROOT_NODE, NODE_SLOTS + 8 * i, 8, va_of(LEAF_NODE(i)) | 2);
	for (unsigned int pid = 0; pid <= nr; pid++) {
		unsigned int next = pid == nr ? 0 : pid + 1, prev = pid ? pid - 1 : nr;

		put_task(session, pid, pid);
		put_list(session, TASK(pid), T_TASKS, va_of(TASK(next)) + T_TASKS,
			 va_of(TASK(prev)) + T_TASKS);
	}
	put(session, LEAF_NODE(0), NODE_SLOTS, 8, 0); /* the idle task is in no table */
	return session;
}

/* Threads of a leader, by their pids, 0 at the end. */
static inline void put_threads(struct mmu_session *session, unsigned int leader,
			       const unsigned int *pids)
{
	uint64_t head_va = va_of(SIGNAL_OF(leader)) + 16;
	unsigned int last = leader;

	for (; *pids; pids++) {
		put_task(session, *pids, leader);
		put(session, TASK(last), T_THREAD, 8, va_of(TASK(*pids)) + T_THREAD);
		put_list(session, TASK(*pids), T_THREAD, head_va, va_of(TASK(last)) + T_THREAD);
		last = *pids;
	}
}

struct told {
	char pids[400], problems[4000];
	unsigned int nr_problems;
};

static inline bool take(const struct mmu_task *task, const struct mmu_error *problem, void *context)
{
	struct told *told = context;
	char *text = task ? told->pids : told->problems;
	size_t size = task ? sizeof(told->pids) : sizeof(told->problems), length = strlen(text);

	if (task) {
		snprintf(text + length, size - length, "%s%d", length ? " " : "", task->pid);
	} else {
		snprintf(text + length, size - length, "%s\n", mmu_error_message(problem));
		told->nr_problems++;
	}
	return true;
}

static inline void list(struct mmu_session *session, bool threads, struct told *ret)
{
	*ret = (struct told){ .nr_problems = 0 };
	assert_null(mmu_tasks_visit(&session->memory, threads, take, ret));
}

static inline void says(const struct told *told, const char *part)
{
	if (!strstr(told->problems, part))
		fail_msg("'%s' is not in:\n%s", part, told->problems);
}

#define GONE(...) ((const unsigned int[]){ __VA_ARGS__, 0 })

#endif
