/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the tables of a space are used for, and what they cost. */
#ifndef MMU_ANALYSIS_STAT_H
#define MMU_ANALYSIS_STAT_H

#include "analysis/totals.h"
#include "objects/space.h"

struct mmu_stat {
	struct mmu_stat_info;
	struct mmu_stat_level level[MMU_LEVELS_MAX];
	struct mmu_totals totals;
};

/** As mmu_space_stat(), of addresses in order; *ret is zeroed. */
struct mmu_error *mmu_stat_count(struct mmu_space *space, struct mmu_va_range range,
				 const struct mmu_hook *hook, struct mmu_stat *ret) MMU_MUST_CHECK;

#endif
