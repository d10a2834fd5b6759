/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Regimes for formats that no processor has: 4 KiB pages, tables of 16 entries. */
#ifndef MMU_SUPPORT_REGIMES_H
#define MMU_SUPPORT_REGIMES_H

#include "walk/walk.h"

/** Every level of the format. @param halves  the user's half at 0, the kernel's at the very top */
static inline void regimes_of(struct mmu_regimes *ret, const struct mmu_format *format,
			      uint64_t root_pa, bool halves)
{
	unsigned int va_bits = 12 + 4u * format->nr_levels;
	struct mmu_regime *user = &ret->regime[0];

	*ret = (struct mmu_regimes){ .nr = halves ? 2 : 1 };
	*user = (struct mmu_regime){ .size = sizeof(*user),
				     .format = format,
				     .name = "user",
				     .root_pa = root_pa,
				     .last_va = ((uint64_t)1 << (va_bits - halves)) - 1,
				     .pa_mask = UINT64_MAX,
				     .page_lg2 = 12,
				     .top_level = (uint8_t)(format->nr_levels - 1),
				     .rights = MMU_RIGHTS_ALL };
	for (unsigned int level = 0; level < format->nr_levels; level++)
		user->shape[level] = (struct mmu_shape){ (uint8_t)(12 + 4 * level), 4 };
	ret->regime[1] = *user;
	ret->regime[1].name = "kernel";
	ret->regime[1].half = MMU_HALF_KERNEL;
	ret->regime[1].first_va = UINT64_MAX << (va_bits - 1);
	ret->regime[1].last_va = UINT64_MAX;
}

#endif
