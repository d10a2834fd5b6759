/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What a space adds up to. */
#ifndef MMU_ANALYSIS_TOTALS_H
#define MMU_ANALYSIS_TOTALS_H

#include "mmuscope/mmuscope.h"

/** Add what mmu_space_leaves() tells, or mmu_space_stretches(). */
void mmu_totals_add(struct mmu_totals *totals, const struct mmu_walk *walk, uint64_t last_va);

/** All entries are in: add up what the enumeration itself has counted. */
void mmu_totals_finish(struct mmu_totals *totals, const struct mmu_regime *regime,
		       const struct mmu_leaves *leaves);

#endif
