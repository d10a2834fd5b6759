/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Entries of the hashed table: ISA 2.07 III-S, 5.7.7.4; ISA 3.0 III, 6.7.9.4. */
#include <string.h>

#include "ppc64.h"

#define R_PP BITS(0, 1)
#define R_NO_EXEC BIT(2)
#define R_GUARDED BIT(3)
#define R_COHERENT BIT(4)
#define R_UNCACHED BIT(5)
#define R_WRITETHROUGH BIT(6)
#define R_CHANGED BIT(7)
#define R_REFERENCED BIT(8)
#define R_KEY (BITS(9, 11) | BITS(60, 61))
#define R_LP BITS(12, 19)
#define R_PP0 BIT(63)
#define EXECS (MMU_RIGHT_EXEC | MMU_RIGHT_EXEC_PRIV)

static uint64_t rpn_mask(const struct mmu_regime *regime)
{
	return regime->traits & ISA3 ? BITS(12, 56) : BITS(12, 59);
}

/* Codes that POWER5 to POWER10 share; Linux takes them from the device tree. */
static const struct hpt_size sizes[] = {
	{ 16, 16, 1, 0x0f }, { 12, 16, 7, 0x0f }, { 16, 24, 8, 0xff },
	{ 24, 24, 0, 0xff }, { 34, 34, 3, 0xff }, { 12, 24, 0x38, 0xff },
};

bool ppc64_size(uint64_t v, uint64_t r, struct hpt_size *ret)
{
	*ret = (struct hpt_size){ 12, 12, 0, 0 };
	if (!(v & HPT_LARGE))
		return true;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		*ret = sizes[i];
		if ((r >> 12 & ret->mask) == ret->code)
			return true;
	}
	return false;
}

/*
 * Linux has Ks 0 and Kp 1: user mode may do what PP says, the kernel what is in brackets.
 * 0: nothing (all), 1: read (all), 2: all, 3: read. With PP0, 2: nothing (read).
 */
static uint8_t rights_of(uint64_t r)
{
	uint8_t rights = MMU_RIGHT_READ;

	if (!(r & R_PP0) && !(r & 1))
		rights |= MMU_RIGHT_WRITE;
	if (!(r & R_PP0) && r & R_PP)
		rights |= MMU_RIGHT_USER;
	if (!(r & R_NO_EXEC) && !(r & R_GUARDED))
		rights |= rights & MMU_RIGHT_USER ? EXECS : MMU_RIGHT_EXEC_PRIV;
	return rights;
}

static uint8_t memory_of(uint64_t r)
{
	if (!(r & R_UNCACHED))
		return r & R_WRITETHROUGH ? MMU_MEMORY_WRITETHROUGH : MMU_MEMORY_WRITEBACK;
	if (r & R_WRITETHROUGH) /* strong access order */
		return MMU_MEMORY_WRITEBACK;
	return r & R_GUARDED ? MMU_MEMORY_DEVICE : MMU_MEMORY_COMBINING;
}

void ppc64_hpt_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		      uint64_t second, struct mmu_entry *ret)
{
	struct hpt_size size;

	(void)level;
	memset(ret, 0, sizeof(*ret));
	if (!(raw & HPT_VALID))
		return;
	if (!ppc64_size(raw, second, &size)) {
		*ret = (struct mmu_entry){ .kind = MMU_KIND_BAD,
					   .bad_mask = R_LP,
					   .note = "LP: no page size has this code" };
		return;
	}
	uint64_t pa = second & rpn_mask(regime) & ~(BIT(size.actual_lg2) - 1);
	if (pa & ~regime->pa_mask) {
		*ret = (struct mmu_entry){ .kind = MMU_KIND_BAD,
					   .bad_mask = pa & ~regime->pa_mask,
					   .note = "beyond the physical address bits" };
		return;
	}
	ret->kind = MMU_KIND_LEAF;
	ret->pa = pa;
	ret->run_lg2 = (uint8_t)(size.actual_lg2 - 12);
	ret->rights = rights_of(second);
	ret->attrs = MMU_ATTR_KNOWN | (second & R_REFERENCED ? MMU_ATTR_ACCESSED : 0) |
		     (second & R_CHANGED ? MMU_ATTR_DIRTY : 0) |
		     (second & R_KEY && ret->rights & MMU_RIGHT_USER ? MMU_ATTR_KEYED : 0);
	ret->memory = memory_of(second);
}

bool ppc64_hpt_encode(const struct mmu_regime *regime, unsigned int level,
		      const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	uint8_t exec = entry->rights & EXECS;
	bool user = entry->rights & MMU_RIGHT_USER, write = entry->rights & MMU_RIGHT_WRITE;
	unsigned int lg2 = 12u + entry->run_lg2, i = 0;
	uint64_t pa = entry->pa & ~(BIT(lg2 & 63) - 1);

	(void)level;
	if (entry->kind != MMU_KIND_LEAF || entry->next_first || entry->next_count ||
	    !(entry->rights & MMU_RIGHT_READ) || entry->rights & ~MMU_RIGHTS_ALL ||
	    (exec && exec != (user ? EXECS : MMU_RIGHT_EXEC_PRIV)) ||
	    pa & ~(regime->pa_mask & rpn_mask(regime)))
		return false;
	while (i < COUNT(sizes) && (sizes[i].base_lg2 != lg2 || sizes[i].actual_lg2 != lg2))
		i++;
	if (lg2 != 12 && i == COUNT(sizes))
		return false;
	*ret_raw = HPT_VALID | (lg2 == 12 ? 0 : HPT_LARGE);
	*ret_second = pa | R_COHERENT | (lg2 == 12 ? 0 : (uint64_t)sizes[i].code << 12) |
		      (exec ? 0 : R_NO_EXEC) | (user ? (write ? 2 : 3) : (write ? 0 : R_PP0 | 2));
	return true;
}
