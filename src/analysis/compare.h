/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file How two ranges at the same addresses differ; the rest is public. */
#ifndef MMU_ANALYSIS_COMPARE_H
#define MMU_ANALYSIS_COMPARE_H

#include "mmuscope/mmuscope.h"

/** enum mmu_change bits between two ranges that cover the same addresses; 0: the same. */
uint32_t mmu_range_changes(const struct mmu_range *first, const struct mmu_range *second);

#endif
