/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * What the parts of the ARMv7 back-end share: its tables (armv7.c), the entries of both formats
 * (short.c, lpae.c), kernels (kernel.c).
 */
#ifndef MMU_ARMV7_H
#define MMU_ARMV7_H

#include "mmuscope/arch.h"

#define BIT(n) (UINT64_C(1) << (n))
#define BITS(first, last) (UINT64_MAX >> (63 - (last)) & UINT64_MAX << (first))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ARM_SHORT, ARM_LPAE }; /* formats */
enum { PTE, PMD, PGD };       /* levels of LPAE; of short descriptors PTE and SHORT_PGD */
enum { SHORT_PGD = 1 };

enum { ARM_SWAP_EXCLUSIVE = 1 << 0 };

#define HIDDEN __attribute__((visibility("hidden")))

extern const struct mmu_format arm_formats[2] HIDDEN;

/* A regime may hold a copy of the format: what it says counts, not where it lies. */
static inline bool arm_is_lpae(const struct mmu_regime *regime)
{
	return regime->format->nr_levels == 3;
}

/* Nothing is executable that can't be read (Arm ARM B3.7.2). */
static inline uint8_t arm_exec_rights(uint8_t rights, bool xn, bool pxn)
{
	if (xn || !(rights & MMU_RIGHT_READ))
		return rights;
	return rights | (rights & MMU_RIGHT_USER ? MMU_RIGHT_EXEC : 0) |
	       (pxn ? 0 : MMU_RIGHT_EXEC_PRIV);
}

/* The swap entry in the low word of an entry: its type and offset. */
static inline void arm_swap(const struct mmu_regime *regime, uint64_t word,
			    struct mmu_software *ret)
{
	ret->kind = MMU_SOFTWARE_SWAP;
	ret->type = word >> 2 & 31;
	ret->offset = word >> (regime->traits & ARM_SWAP_EXCLUSIVE ? 8 : 7);
}

void arm_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw, uint64_t second,
		struct mmu_entry *ret) HIDDEN;

void arm_short_decode(const struct mmu_regime *regime, unsigned int level, uint32_t raw,
		      uint32_t second, struct mmu_entry *ret) HIDDEN;
bool arm_short_encode(unsigned int level, const struct mmu_entry *entry, uint64_t *ret_raw,
		      uint64_t *ret_second) HIDDEN;
void arm_short_explain(const struct mmu_regime *regime, uint32_t second,
		       struct mmu_software *ret) HIDDEN;

void arm_lpae_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		     struct mmu_entry *ret) HIDDEN;
bool arm_lpae_encode(unsigned int level, const struct mmu_entry *entry, uint64_t *ret) HIDDEN;
void arm_lpae_explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		      struct mmu_software *ret) HIDDEN;

const char *arm_locate(const struct mmu_facts *facts, const struct mmu_root *root,
		       struct mmu_regime *ret) HIDDEN;
const char *arm_linear(const struct mmu_facts *facts, struct mmu_linear *ret,
		       size_t *ret_nr) HIDDEN;

#endif
