/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file How two spaces differ, and two ranges at the same addresses. */
#ifndef MMU_ANALYSIS_COMPARE_H
#define MMU_ANALYSIS_COMPARE_H

#include "base/error.h"

/** As mmu_compare_spaces(). */
struct mmu_error *mmu_spaces_compare(struct mmu_space *first, struct mmu_space *second,
				     const struct mmu_compare_query *query,
				     struct mmu_comparison **ret) MMU_MUST_CHECK;

/** enum mmu_change bits between two ranges that cover the same addresses; 0: the same. */
uint32_t mmu_range_changes(const struct mmu_range *first, const struct mmu_range *second);

#endif
