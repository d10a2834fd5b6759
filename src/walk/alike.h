/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The tight loop over entries that say the same of pages that lie anywhere. */
#ifndef MMU_WALK_ALIKE_H
#define MMU_WALK_ALIKE_H

#include "walk/sweep.h"

/**
 * How many entries behind the one at `index`, `room` at most, have the bits that this one has
 * beside its address. All must be in the chunk, whose first has the index 0 here, and the one at
 * `index` must have a template.
 * @param breaks  grows by those that don't map the page behind the one of the entry before
 */
typedef uint64_t (*mmu_alike_fn)(const struct mmu_sweep_level *level, uint64_t index, uint64_t room,
				 uint64_t *breaks);
mmu_alike_fn mmu_alike_of(const struct mmu_format *format, bool paired);

#endif
