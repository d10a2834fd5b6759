/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file One task by its pid. */
#ifndef MMU_OBJECTS_TASK_FIND_H
#define MMU_OBJECTS_TASK_FIND_H

#include "kernel/object.h"

/** Who knows a task that was found. */
enum mmu_task_known {
	MMU_TASK_KNOWN,    /**< nobody who was asked says otherwise */
	MMU_TASK_UNLISTED, /**< the table of pids has it, the list of tasks does not lead to it */
	MMU_TASK_UNTABLED, /**< the list of tasks has it, the table of pids says: no such pid */
};

/**
 * Find a task by pid, leader or thread: with one look-up in the kernel's table of pids, and where
 * that is not known or has no such pid, in the list of tasks, which is read once for all look-ups.
 * A leader that has left its mm behind (a zombie with living threads) gets the mm of one of them.
 * @param ret_known  may be NULL
 * @return MMU_ERROR_NO_TASK: no such pid, or none that the image has; the message says why
 */
struct mmu_error *mmu_task_find(struct mmu_memory *memory, int32_t pid, struct mmu_task *ret,
				enum mmu_task_known *ret_known) MMU_MUST_CHECK;

#endif
