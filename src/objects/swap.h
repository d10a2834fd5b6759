/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the swap types of a kernel mean. */
#ifndef MMU_OBJECTS_SWAP_H
#define MMU_OBJECTS_SWAP_H

#include "kernel/kernel.h"
#include "walk/walk.h"

/** Work it out from the facts of a learnt kernel. */
void mmu_swap_map_make(const struct mmu_kernel *kernel, struct mmu_swap_map *map);

#endif
