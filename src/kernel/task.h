/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Tasks and their mms. */
#ifndef MMU_KERNEL_TASK_H
#define MMU_KERNEL_TASK_H

#include "kernel/session.h"

/**
 * Read one task_struct. Needs a learnt kernel.
 * @param what  names it for the message: "task_struct of pid 42"
 * @return MMU_ERROR_FAULT, _NOT_FOUND (facts)
 */
struct mmu_error *mmu_task_read(struct mmu_session *session, uint64_t task_va, const char *what,
				struct mmu_task *ret) MMU_MUST_CHECK;

/** Read init_task; errors as mmu_task_read(), and a truncated file is told of. */
struct mmu_error *mmu_task_read_init(struct mmu_session *session,
				     struct mmu_task *ret) MMU_MUST_CHECK;

/** Read pgd and counters of task->mm_va; errors as mmu_task_read(). */
struct mmu_error *mmu_task_read_mm(struct mmu_session *session,
				   struct mmu_task *task) MMU_MUST_CHECK;

enum mmu_task_live {
	MMU_TASK_HOLDS, /**< all that was read was true at one moment */
	MMU_TASK_GONE,  /**< nothing leads to it any more */
	MMU_TASK_TORN,  /**< it changed at each try */
};

/**
 * Read a task of a running kernel, and its mm: what comes back was there at one moment.
 * @param node_va  its list_head or hlist_node, by which it was found and which leads back to there;
 *                 0: the task never goes
 * @param ret  untouched unless it holds; a borrowed mm that changes is left out
 * @param ret_error  where it holds: as of mmu_task_read_mm(), or NULL
 */
enum mmu_task_live mmu_task_read_live(struct mmu_session *session, uint64_t task_va,
				      uint64_t node_va, struct mmu_task *ret,
				      struct mmu_error **ret_error);

/** Does a task that was read still have its pid and its mm? Asks for nothing else. */
bool mmu_task_has_mm(struct mmu_session *session, const struct mmu_task *task);

/**
 * Called for each task, and with task NULL and a `problem` for each object that is missing: a task
 * or its mm, part of the table of pids, and last the place where the list is broken.
 * @return false to stop.
 */
typedef bool (*mmu_task_fn)(const struct mmu_task *task, const struct mmu_error *problem,
			    void *context);

/** Visit all tasks, as mmu_tasks_open() has them; errors as there. */
struct mmu_error *mmu_session_tasks(struct mmu_session *session, bool threads, mmu_task_fn fn,
				    void *context) MMU_MUST_CHECK;

/**
 * Find a task by pid, leader or thread. A leader that has left its mm behind (a zombie with living
 * threads) gets the mm of one of them.
 * @return MMU_ERROR_NO_TASK: no such pid, or none that the image has; the message says why
 */
struct mmu_error *mmu_task_find(struct mmu_session *session, int32_t pid,
				struct mmu_task *ret) MMU_MUST_CHECK;

#endif
