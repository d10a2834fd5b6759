/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A walk beside Linux's: through the table that hardware looks into. */
#include <inttypes.h>

#include "show.h"

/* Does hardware's table allow no more than Linux's tree, and lead to the same place? */
static bool agrees(const struct mmu_walk_info *linux_walk, const struct mmu_walk_info *hardware)
{
	return linux_walk->has_pa && linux_walk->pa == hardware->pa &&
	       !(hardware->rights & ~linux_walk->rights & (MMU_RIGHT_WRITE | MMU_RIGHT_USER));
}

static const char *verdict(const struct mmu_walk *walk, const struct mmu_walk *hardware)
{
	const struct mmu_walk_info *info = mmu_walk_get(hardware);

	if (info->result == MMU_RESULT_EMPTY)
		return mmu_walk_get(walk)->result == MMU_RESULT_MAPPED
			       ? "not in it: the next access faults, and Linux puts it there"
			       : "not in it either";
	if (info->result != MMU_RESULT_MAPPED)
		return mmu_result_name(info->result);
	return agrees(mmu_walk_get(walk), info) ? "the same page" : "not what Linux's tree says";
}

void show_hardware_text(const struct show *show, struct mmu_space *space,
			const struct mmu_walk *walk)
{
	uint64_t va = mmu_walk_get(walk)->va;
	struct mmu_walk *hardware = tool_walk_create();

	if (mmu_space_walk_hardware(space, va, hardware)) {
		const struct mmu_walk_info *info = mmu_walk_get(hardware);
		char rights[6];

		printf("hardware's own table: %s, %s\n", info->regime->name,
		       verdict(walk, hardware));
		for (unsigned int i = 0; i < info->nr_steps; i++)
			show_step_text(show, space, info->regime, va, mmu_walk_step(hardware, i));
		if (info->has_pa)
			printf("     physical 0x%" PRIx64 ", %s page, rights %s\n", info->pa,
			       tool_size(info->page_bytes), mmu_rights_text(info->rights, rights));
	}
	mmu_walk_destroy(hardware);
}

void show_hardware_json(const struct show *show, struct mmu_space *space,
			const struct mmu_walk *walk)
{
	uint64_t va = mmu_walk_get(walk)->va;
	struct mmu_walk *hardware = tool_walk_create();

	if (mmu_space_walk_hardware(space, va, hardware)) {
		const struct mmu_walk_info *info = mmu_walk_get(hardware);

		json_object("hardware");
		json_string("format", info->regime->format->name);
		json_string("regime", info->regime->name);
		json_hex("root_pa", info->regime->root_pa);
		json_array("steps");
		for (unsigned int i = 0; i < info->nr_steps; i++)
			show_step_json(show, info->regime, mmu_walk_step(hardware, i), va);
		json_array_end();
		show_result_json(hardware);
		json_bool("agrees",
			  info->result == MMU_RESULT_EMPTY || agrees(mmu_walk_get(walk), info));
		json_object_end();
	} else {
		json_null("hardware");
	}
	mmu_walk_destroy(hardware);
}
