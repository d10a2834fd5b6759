/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file All tasks. */
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

/** What a visit has seen that was made for the sake of one pid. */
struct mmu_tasks_seen {
	struct mmu_error *missing; /**< why that pid can't be had, or NULL; owned */
	bool whole;                /**< no task can have been missed */
	bool whole_otherwise; /**< by the table of pids, except for what it says of `missing` */
};

/**
 * Visit all tasks for the sake of one pid: the mm of others is not read.
 * @param pid  one that no task has is fine
 */
struct mmu_error *mmu_tasks_search(struct mmu_memory *memory, bool threads, int32_t pid,
				   mmu_task_fn fn, void *context,
				   struct mmu_tasks_seen *ret) MMU_MUST_CHECK;

/** Visit the threads of a leader, without itself. @param ret_whole  there are no others */
struct mmu_error *mmu_task_threads(struct mmu_memory *memory, const struct mmu_task *leader,
				   mmu_task_fn fn, void *context, bool *ret_whole) MMU_MUST_CHECK;

/**
 * Does the list that a task should be in (of all leaders, or of its process's threads) not lead to
 * it? Its neighbour alone is asked.
 */
bool mmu_task_is_unlinked(struct mmu_memory *memory, const struct mmu_task *task);

/** Tell the pieces of memory that are read for a task, and those that lead to the next ones. */
void mmu_tasks_pieces(struct mmu_memory *memory, const struct mmu_task *task, mmu_piece_fn fn,
		      void *context);

#endif
