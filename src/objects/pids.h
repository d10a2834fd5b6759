/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The kernel's table of pids: a second way to its tasks. */
#ifndef MMU_OBJECTS_PIDS_H
#define MMU_OBJECTS_PIDS_H

#include "kernel/object.h"

/** A pid and its task, or pids of which nothing can be known. */
struct mmu_pid {
	int32_t first, last;             /**< numbers, ends inclusive; equal but where `missing` */
	uint64_t pid_va, task_va;        /**< of its struct pid; 0 where `missing` */
	uint64_t node_va;                /**< by which the task hangs at it: an hlist_node */
	bool leader;                     /**< of a thread group */
	const struct mmu_error *missing; /**< NULL, or names the object that could not be read */
};

/** @return false to stop. */
typedef bool (*mmu_pid_fn)(const struct mmu_pid *pid, void *context);

/**
 * All pids of the first pid namespace that have a task, in ascending order (struct pid in
 * init_pid_ns.idr, an xarray: since 4.20). Needs a learnt kernel.
 * @param piece  told what the table lies in, with the same context; may be NULL
 * @return MMU_ERROR_NOT_FOUND (facts), _FAULT (not even the root can be read)
 */
struct mmu_error *mmu_pids_visit(struct mmu_memory *memory, mmu_pid_fn fn, mmu_piece_fn piece,
				 void *context) MMU_MUST_CHECK;

/**
 * One of them: a few nodes of the table are read, and its struct pid.
 * @param quick  take the shape that the table has in all kernels so far for granted: that is proven
 *               if the task says that it has this pid, and nothing is known if not
 * @param ret  task_va 0: no task has this pid, as the table says; untouched on failure
 * @return as mmu_pids_visit(), and _FAULT and _CORRUPT: what leads to it can't be read
 */
struct mmu_error *mmu_pids_find(struct mmu_memory *memory, int32_t pid, bool quick,
				struct mmu_pid *ret) MMU_MUST_CHECK;

#endif
