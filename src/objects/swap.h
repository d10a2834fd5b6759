/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the swap types of a kernel mean. */
#ifndef MMU_OBJECTS_SWAP_H
#define MMU_OBJECTS_SWAP_H

#include "kernel/kernel.h"
#include "walk/walk.h"

/**
 * What the facts of a learnt kernel say; worked out once.
 * @param ret  valid as long as the kernel
 * @return MMU_ERROR_NO_MEMORY
 */
struct mmu_error *mmu_swap_map(const struct mmu_kernel *kernel,
			       const struct mmu_swap_map **ret) MMU_MUST_CHECK;

#endif
