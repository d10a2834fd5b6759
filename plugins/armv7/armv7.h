/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the two halves of the ARMv7 back-end share: entries (armv7.c), kernels (kernel.c). */
#ifndef MMU_ARMV7_H
#define MMU_ARMV7_H

#include "mmuscope/arch.h"

#define BIT(n) (UINT64_C(1) << (n))
#define BITS(first, last) (UINT64_MAX >> (63 - (last)) & UINT64_MAX << (first))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ARM_SHORT, ARM_LPAE };

enum { ARM_SWAP_EXCLUSIVE = 1 << 0 };

extern const struct mmu_format arm_formats[2] __attribute__((visibility("hidden")));

const char *arm_locate(const struct mmu_facts *facts, const struct mmu_root *root,
		       struct mmu_regime *ret) __attribute__((visibility("hidden")));
const char *arm_linear(const struct mmu_facts *facts, struct mmu_linear *ret, size_t *ret_nr)
	__attribute__((visibility("hidden")));

#endif
