/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A walk through the table that hardware looks into, beside Linux's: do they agree? */
#include "show.h"

/* Does hardware's table allow no more than Linux's tree, and lead to the same place? */
bool show_hardware_agrees(const struct mmu_walk_info *linux_walk,
			  const struct mmu_walk_info *hardware)
{
	return linux_walk->has_pa && linux_walk->pa == hardware->pa &&
	       !(hardware->rights & ~linux_walk->rights & (MMU_RIGHT_WRITE | MMU_RIGHT_USER));
}

const char *show_hardware_verdict(const struct mmu_walk *walk, const struct mmu_walk *hardware)
{
	const struct mmu_walk_info *info = mmu_walk_get(hardware);

	if (info->result == MMU_RESULT_EMPTY)
		return mmu_walk_get(walk)->result == MMU_RESULT_MAPPED
			       ? "not in it: the next access faults, and Linux puts it there"
			       : "not in it either";
	if (info->result != MMU_RESULT_MAPPED)
		return mmu_result_name(info->result);
	return show_hardware_agrees(mmu_walk_get(walk), info) ? "the same page"
							      : "not what Linux's tree says";
}
