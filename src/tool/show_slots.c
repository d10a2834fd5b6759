/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What a slot is to the kernel: its virtual address, and the number of its entry. */
#include <inttypes.h>

#include "show.h"

/* Where the direct map has a physical address. @return false: nowhere, as on ARM above lowmem */
static bool direct_va(const struct show *show, uint64_t pa, uint64_t *ret)
{
	const struct mmu_linear *linear;

	for (size_t n = 0; (linear = mmu_session_linear(show->session, n)); n++) {
		uint64_t at = pa - linear->first_pa;

		if (!(linear->roles & MMU_LINEAR_DIRECT) || at > linear->last_va - linear->first_va)
			continue;
		*ret = linear->first_va + at;
		return true;
	}
	return false;
}

/* Linux's number of an entry, and which part of it the hardware's entry is. */
static uint64_t linux_index(const struct mmu_shape *linux_shape, const struct mmu_regime *regime,
			    const struct mmu_step_info *at, uint64_t va, uint64_t *ret_part,
			    uint64_t *ret_parts)
{
	const struct mmu_shape *shape = &regime->shape[at->level];
	unsigned int parts_lg2 = linux_shape->shift > shape->shift
					 ? linux_shape->shift - shape->shift + 0u
					 : 0;

	*ret_parts = (uint64_t)1 << parts_lg2;
	*ret_part = va >> shape->shift & (*ret_parts - 1);
	return va >> linux_shape->shift & (((uint64_t)1 << linux_shape->index_bits) - 1);
}

void show_slot_text(const struct show *show, const struct mmu_regime *regime,
		    const struct mmu_step_info *at, uint64_t va)
{
	const struct mmu_shape *shape = mmu_format_linux_shape(regime->format, at->level);
	uint64_t slot_va, part, parts;

	if (direct_va(show, at->slot_pa, &slot_va))
		printf("     slot at virtual 0x%" PRIx64, slot_va);
	else
		printf("     slot at %s", mmu_session_linear(show->session, 0)
						  ? "no virtual address of the direct map"
						  : "a virtual address that no kernel tells");
	if (at->has_second && at->second_pa && direct_va(show, at->second_pa, &slot_va))
		printf(", %s at 0x%" PRIx64, regime->format->second_name, slot_va);
	printf("  index 0x%" PRIx64, at->index);
	if (shape) {
		printf(", Linux's %" PRIu64, linux_index(shape, regime, at, va, &part, &parts));
		if (parts > 1)
			printf(" (entry %" PRIu64 " of %" PRIu64 ")", part, parts);
	}
	printf("\n");
}

void show_slot_json(const struct show *show, const struct mmu_regime *regime,
		    const struct mmu_step_info *at, uint64_t va)
{
	const struct mmu_shape *shape = mmu_format_linux_shape(regime->format, at->level);
	uint64_t slot_va, part, parts;

	if (direct_va(show, at->slot_pa, &slot_va))
		json_hex("slot_va", slot_va);
	else
		json_null("slot_va");
	if (at->has_second && at->second_pa && direct_va(show, at->second_pa, &slot_va))
		json_hex("second_slot_va", slot_va);
	if (!shape)
		return;
	json_number("linux_index", (int64_t)linux_index(shape, regime, at, va, &part, &parts));
	if (parts > 1)
		json_number("linux_part", (int64_t)part);
}
