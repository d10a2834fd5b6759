/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file All tasks, and one by its pid. */
#ifndef MMU_OBJECTS_TASKS_H
#define MMU_OBJECTS_TASKS_H

#include "kernel/object.h"

/**
 * Called for each task, and with task NULL and a `problem` for each object that is missing: a task
 * or its mm, part of the table of pids, and last the place where the list is broken.
 * @return false to stop.
 */
typedef bool (*mmu_task_fn)(const struct mmu_task *task, const struct mmu_error *problem,
			    void *context);

/** Visit all tasks of a learnt kernel, as mmu_tasks_open() has them; errors as there. */
struct mmu_error *mmu_tasks_visit(struct mmu_memory *memory, bool threads, mmu_task_fn fn,
				  void *context) MMU_MUST_CHECK;

/**
 * Find a task by pid, leader or thread. A leader that has left its mm behind (a zombie with living
 * threads) gets the mm of one of them.
 * @return MMU_ERROR_NO_TASK: no such pid, or none that the image has; the message says why
 */
struct mmu_error *mmu_task_find(struct mmu_memory *memory, int32_t pid,
				struct mmu_task *ret) MMU_MUST_CHECK;

/** Tell the pieces of memory that are read for a task, and those that lead to the next ones. */
void mmu_tasks_pieces(struct mmu_memory *memory, const struct mmu_task *task, mmu_piece_fn fn,
		      void *context);

#endif
