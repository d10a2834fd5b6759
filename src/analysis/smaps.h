/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What a VMA uses, as /proc/PID/smaps adds it up. */
#ifndef MMU_ANALYSIS_SMAPS_H
#define MMU_ANALYSIS_SMAPS_H

#include "analysis/thp.h"

#define MMU_SMAPS_ITEMS (MMU_SMAPS_SOFT_DIRTY + 1)

struct mmu_smaps {
	uint64_t bytes[MMU_SMAPS_ITEMS];
	bool unknown[MMU_SMAPS_ITEMS];
	enum mmu_thp thp;
};

/** As mmu_space_smaps(). */
struct mmu_error *mmu_smaps_add_up(struct mmu_space *space, const struct mmu_vma_info *vma,
				   struct mmu_smaps *ret) MMU_MUST_CHECK;

#endif
