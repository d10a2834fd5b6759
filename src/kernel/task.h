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

/** Read pgd and counters of task->mm_va; errors as mmu_task_read(). */
struct mmu_error *mmu_task_read_mm(struct mmu_session *session,
				   struct mmu_task *task) MMU_MUST_CHECK;

/**
 * Find a task by pid, leader or thread. A leader that has left its mm behind (a zombie with living
 * threads) gets the mm of one of them.
 * @return MMU_ERROR_NO_TASK: no such pid, or none that the image has; the message says why
 */
struct mmu_error *mmu_task_find(struct mmu_session *session, int32_t pid,
				struct mmu_task *ret) MMU_MUST_CHECK;

#endif
