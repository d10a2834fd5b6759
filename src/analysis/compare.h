/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file How two spaces differ, and two ranges at the same addresses. */
#ifndef MMU_ANALYSIS_COMPARE_H
#define MMU_ANALYSIS_COMPARE_H

#include "analysis/totals.h"
#include "base/error.h"
#include "walk/range.h"

/** How many bits enum mmu_change has. */
#define MMU_CHANGES 7u

struct mmu_whole_difference {
	struct mmu_difference;
	struct mmu_range side[2];
};

struct mmu_whole_frames {
	struct mmu_shared_frames;
	struct mmu_shared_side side[2];
};

struct mmu_comparison {
	struct mmu_comparison_info;
	struct mmu_totals totals[2];
	uint64_t changed_bytes[MMU_CHANGES]; /**< by number of the enum mmu_change bit */
	struct mmu_whole_difference *differences;
	struct mmu_whole_frames *shared;
};

/**
 * As mmu_compare_spaces().
 * @param range  what is compared of each
 */
struct mmu_error *mmu_spaces_compare(struct mmu_space *first, struct mmu_space *second,
				     const struct mmu_va_range range[2],
				     const struct mmu_hook *hook,
				     struct mmu_comparison **ret) MMU_MUST_CHECK;

/** enum mmu_change bits between two ranges that cover the same addresses; 0: the same. */
uint32_t mmu_range_changes(const struct mmu_range *first, const struct mmu_range *second);

#endif
