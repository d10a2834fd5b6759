/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Whether a VMA may have transparent huge pages, as THPeligible of smaps says. */
#ifndef MMU_ANALYSIS_THP_H
#define MMU_ANALYSIS_THP_H

#include "objects/space.h"

enum mmu_thp {
	MMU_THP_UNKNOWN,
	MMU_THP_NO,
	MMU_THP_YES,
};

/** What /proc/PID/smaps would say of a VMA, where every kernel that it can be says the same. */
enum mmu_thp mmu_thp_eligible(struct mmu_space *space, const struct mmu_vma_info *vma);

#endif
