/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Tasks and their mms. */
#ifndef MMU_OBJECTS_TASK_H
#define MMU_OBJECTS_TASK_H

#include "kernel/object.h"

/**
 * Read one task_struct. Needs a learnt kernel.
 * @param what  names it for the message: "task_struct of pid 42"
 * @return MMU_ERROR_FAULT, _NOT_FOUND (facts)
 */
struct mmu_error *mmu_task_read(struct mmu_memory *memory, uint64_t task_va, const char *what,
				struct mmu_task *ret) MMU_MUST_CHECK;

/** Read init_task; errors as mmu_task_read(), and a truncated file is told of. */
struct mmu_error *mmu_task_read_init(struct mmu_memory *memory,
				     struct mmu_task *ret) MMU_MUST_CHECK;

/** Read what /proc shows, and pgd and counters of task->mm_va; errors as mmu_task_read(). */
struct mmu_error *mmu_task_read_mm(struct mmu_memory *memory, struct mmu_task *task) MMU_MUST_CHECK;

/** Tell the pieces of memory that mmu_task_read() and mmu_task_read_mm() read. */
void mmu_task_pieces(struct mmu_memory *memory, const struct mmu_task *task, mmu_piece_fn fn,
		     void *context);

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
enum mmu_task_live mmu_task_read_live(struct mmu_memory *memory, uint64_t task_va, uint64_t node_va,
				      struct mmu_task *ret, struct mmu_error **ret_error);

/** Does a task that was read still have its pid and its mm? Asks for nothing else. */
bool mmu_task_has_mm(struct mmu_memory *memory, const struct mmu_task *task);

#endif
