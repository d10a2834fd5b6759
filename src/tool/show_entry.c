/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file An entry as text: what it points to, its rights, its flags. */
#include <inttypes.h>

#include "show.h"

const char *show_target(const struct mmu_regime *regime, const struct mmu_step *step, char ret[128])
{
	const struct mmu_step_info *at = mmu_step_get(step);
	const struct mmu_shape *shape = &regime->shape[at->level];
	const struct mmu_entry *entry = mmu_step_entry(step);

	switch (entry->kind) {
	case MMU_KIND_TABLE:
		snprintf(ret, 128, "table at 0x%" PRIx64, entry->pa);
		break;
	case MMU_KIND_LEAF:
		snprintf(ret, 128, "%s page at 0x%" PRIx64,
			 tool_size((uint64_t)1 << shape->shift << entry->run_lg2), entry->pa);
		break;
	case MMU_KIND_EMPTY:
		snprintf(ret, 128, "empty");
		break;
	case MMU_KIND_SOFTWARE:
		snprintf(ret, 128, "not present for hardware");
		break;
	case MMU_KIND_BAD:
		snprintf(ret, 128, "%sbad entry%s: %s (bits 0x%" PRIx64 ")", tool_colour(TOOL_BAD),
			 tool_colour(TOOL_PLAIN), entry->note ? entry->note : "", entry->bad_mask);
		break;
	}
	return ret;
}

void show_entry_text(const struct mmu_regime *regime, const struct mmu_step *step,
		     const char *prefix)
{
	const struct mmu_step_info *at = mmu_step_get(step);
	const struct mmu_entry *entry = mmu_step_entry(step);
	char flags[512];

	tool_flags(regime, step, false, flags);
	if (flags[0])
		printf("%s%s\n", prefix, flags);
	if (at->has_second) {
		printf("%s%s 0x%0*" PRIx64, prefix, regime->format->second_name,
		       2 * regime->format->entry_bytes, at->second);
		if (at->second_pa)
			printf(" at 0x%" PRIx64, at->second_pa);
		tool_flags(regime, step, true, flags);
		printf("%s%s\n", flags[0] ? ": " : "", flags);
	}
	if (entry->note && entry->kind != MMU_KIND_BAD)
		printf("%snote: %s\n", prefix, entry->note);
}

void show_target_text(const struct mmu_regime *regime, const struct mmu_step *step,
		      const char *so_far)
{
	const struct mmu_entry *entry = mmu_step_entry(step);
	char target[128], own[6];

	show_target(regime, step, target);
	if (entry->kind != MMU_KIND_TABLE && entry->kind != MMU_KIND_LEAF)
		printf("     %s\n", target);
	else
		printf(tool_narrow() ? "     %s\n     rights %s%s%s\n"
				     : "     %-36s rights %s%s%s\n",
		       target, mmu_rights_text(entry->rights, own), so_far ? "  so far " : "",
		       so_far ? so_far : "");
}
