/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Why there is no value at an address. */
#include "show.h"

const char *show_missing_value(const struct show *show, struct mmu_space *space, uint64_t va)
{
	struct mmu_walk *stop = tool_walk_create();
	const struct mmu_walk_info *info = mmu_walk_get(stop);
	const char *word = "";
	char text[64];

	if (!tool_type_read(show->type, show->big_endian, space, va, text, stop))
		word = info->has_pa ? mmu_page_state_name(info->page_state)
				    : mmu_result_name(info->result);
	mmu_walk_destroy(stop);
	return word;
}
