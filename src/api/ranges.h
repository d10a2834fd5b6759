/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Ranges as a map needs them: merged, and up to where a VMA begins or ends. */
#ifndef MMU_API_RANGES_H
#define MMU_API_RANGES_H

#include "objects/space.h"

/** See mmu_sweep.merges. Before the first range. */
void mmu_ranges_merge(struct mmu_ranges *ranges);

/**
 * As mmu_ranges_next(), but all that are ready, and no further than mmu_sweep.break_va.
 * @param break_va  not before that of the last call
 * @param ret       valid until the next call
 * @param ret_nr    0: there are no more that begin before it
 * @param ret_end   there are none behind it, either
 */
struct mmu_error *mmu_ranges_next_before(struct mmu_ranges *ranges, uint64_t break_va,
					 const struct mmu_swept **ret, size_t *ret_nr,
					 bool *ret_end);

#endif
