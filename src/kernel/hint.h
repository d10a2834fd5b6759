/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What to tell people when something is missing. */
#ifndef MMU_KERNEL_HINT_H
#define MMU_KERNEL_HINT_H

#include "kernel/memory.h"

/**
 * Set the hint that messages of missing facts carry: what was looked for, and what would help.
 * @param itself  why the kernel in the image does not describe itself, or NULL: not asked yet
 */
void mmu_hint_set(const struct mmu_kernel *kernel, const struct mmu_error *itself);

/** Say before what the image lacks (MMU_ERROR_FAULT) that its file is truncated, if it is. */
struct mmu_error *mmu_hint_truncated(const struct mmu_kernel *kernel,
				     struct mmu_error *error) MMU_MUST_CHECK;

/** Is known what finding tasks begins with: one symbol, one type? */
bool mmu_hint_tasks_known(const struct mmu_kernel *kernel);

#endif
