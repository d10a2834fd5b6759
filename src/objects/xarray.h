/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file XArrays of pages: what of a file lies in swap. */
#ifndef MMU_OBJECTS_XARRAY_H
#define MMU_OBJECTS_XARRAY_H

#include "objects/peek.h"

/**
 * Count the indices whose entry is a value and no pointer: of shared memory, pages in swap.
 * @param head_va     of the xarray.xa_head
 * @param first,last  ends inclusive
 * @return false, with *ret untouched: a node can't be read, or contradicts its parent
 */
bool mmu_xarray_count_values(struct mmu_memory *memory, uint64_t head_va, uint64_t first,
			     uint64_t last, uint64_t *ret);

#endif
