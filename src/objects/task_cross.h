/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Who knows each task: a task that was hidden from one list is still in the others. */
#ifndef MMU_OBJECTS_TASK_CROSS_H
#define MMU_OBJECTS_TASK_CROSS_H

#include "kernel/object.h"

/** What was found; all zeros before. */
struct mmu_cross_check {
	struct mmu_cross_task *tasks; /**< those that something lacks, ascending by pid */
	size_t nr;
	uint64_t nr_tasks; /**< that anything knows */
	uint32_t whole;    /**< bits of the ways that have been gone through to the end */
	struct mmu_error *why_not[MMU_TASK_WAYS]; /**< of the others, owned */
};

/**
 * Go all ways to the tasks of a learnt kernel's dump, and compare. A way that can't be gone to its
 * end still shows tasks, but lacks none.
 * @param hook  asked now and then; may be NULL
 * @param ret  to be destroyed, also after a failure
 * @return MMU_ERROR_UNSUPPORTED (a running kernel), _STOPPED, _NO_MEMORY; as mmu_task_read_init()
 */
struct mmu_error *mmu_tasks_cross(struct mmu_memory *memory, const struct mmu_hook *hook,
				  struct mmu_cross_check *ret) MMU_MUST_CHECK;
void mmu_cross_check_destroy(struct mmu_cross_check *check);

#endif
