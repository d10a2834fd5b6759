/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Entries of Sv39, Sv48 and Sv57: README.md has the bits by section of the manual. */
#include <string.h>

#include "riscv64.h"

#define ANY (READ | WRITE | EXEC)
#define NAPOT_LG2 4u /* the only run that is defined: 64 KiB, of 16 pages */

static uint64_t low_mask(unsigned int level)
{
	return BIT(12 + 9 * level) - 1;
}

static uint64_t address_of(uint64_t raw)
{
	return (raw & PPN) << 2;
}

static bool is_none(const struct mmu_regime *regime, uint64_t raw)
{
	return raw & (regime->traits & NONE_READ ? READ : GLOBAL);
}

/* ------------------------------------------------------------------ decode */

static uint8_t rights_of(uint64_t raw)
{
	uint8_t rights = raw & READ ? MMU_RIGHT_READ : 0;

	rights |= raw & WRITE ? MMU_RIGHT_WRITE : 0;
	if (raw & USER) /* the kernel never runs what user mode may touch */
		return rights | MMU_RIGHT_USER | (raw & EXEC ? MMU_RIGHT_EXEC : 0);
	return rights | (raw & EXEC ? MMU_RIGHT_EXEC_PRIV : 0);
}

static uint8_t memory_of(uint64_t raw)
{
	static const uint8_t types[4] = { MMU_MEMORY_WRITEBACK, MMU_MEMORY_COMBINING,
					  MMU_MEMORY_DEVICE, MMU_MEMORY_UNKNOWN };

	return types[(raw & PBMT) >> 61];
}

static void bad(struct mmu_entry *ret, uint64_t mask, const char *note)
{
	*ret = (struct mmu_entry){ .kind = MMU_KIND_BAD, .bad_mask = mask, .note = note };
}

static void decode_leaf(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			struct mmu_entry *ret)
{
	bool napot = raw & NAPOT;
	uint64_t pa = address_of(raw);

	if ((raw & (READ | WRITE)) == WRITE) {
		bad(ret, READ | WRITE, "reserved: write without read");
	} else if ((raw & PBMT) == PBMT) {
		bad(ret, PBMT, "reserved: memory type 3 (Svpbmt)");
	} else if (raw & BITS(54, 60)) {
		bad(ret, raw & BITS(54, 60), "reserved: bits 60:54 must be 0");
	} else if (napot && (level > PTE || (pa >> 12 & 15) != 8)) {
		bad(ret, NAPOT, "reserved: no run but 64 KiB is defined (Svnapot)");
	} else if (pa & ~regime->pa_mask) {
		bad(ret, (pa & ~regime->pa_mask) >> 2, "beyond the physical address bits");
	} else if (pa & low_mask(level)) {
		bad(ret, (pa & low_mask(level)) >> 2, "a large page that is not aligned");
	} else {
		ret->kind = MMU_KIND_LEAF;
		ret->run_lg2 = napot ? NAPOT_LG2 : 0;
		ret->pa = napot ? pa & ~BITS(12, 15) : pa;
		ret->rights = rights_of(raw);
		ret->attrs = MMU_ATTR_KNOWN | (raw & ACCESSED ? MMU_ATTR_ACCESSED : 0) |
			     (raw & DIRTY ? MMU_ATTR_DIRTY : 0) |
			     (raw & GLOBAL ? MMU_ATTR_GLOBAL : 0) |
			     (raw & SPECIAL ? MMU_ATTR_SPECIAL : 0);
		ret->memory = memory_of(raw);
		if (!(raw & ACCESSED))
			ret->note = "not young: hardware may fault at its first use";
	}
}

static void decode_table(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			 struct mmu_entry *ret)
{
	uint64_t reserved = raw & (USER | ACCESSED | DIRTY | BITS(54, 63));

	if (level == PTE) {
		bad(ret, ANY, "reserved: a page needs read, write or execute");
	} else if (reserved) {
		bad(ret, reserved, "reserved in what leads to a table");
	} else if (address_of(raw) & ~regime->pa_mask) {
		bad(ret, (address_of(raw) & ~regime->pa_mask) >> 2,
		    "beyond the physical address bits");
	} else {
		ret->kind = MMU_KIND_TABLE;
		ret->pa = address_of(raw);
		ret->rights = MMU_RIGHTS_ALL;
	}
}

/*
 * pmd_present(): a huge page whose VALID bit was cleared is still there while it has rights; that
 * is so while it is split.
 */
static bool is_split(const struct mmu_regime *regime, unsigned int level, uint64_t raw)
{
	return level == PMD && raw & ANY && !is_none(regime, raw) &&
	       regime->half == MMU_HALF_USER && !(address_of(raw) & low_mask(level));
}

static void decode_absent(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			  struct mmu_entry *ret)
{
	if (!raw)
		return;
	if (level > PUD) {
		bad(ret, raw, "not valid, yet not 0: Linux keeps nothing at this level");
		return;
	}
	ret->kind = MMU_KIND_SOFTWARE;
	if (is_split(regime, level, raw)) {
		ret->rights = rights_of(raw);
		ret->note = "a huge page that is just being split";
	}
}

void riscv64_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		    uint64_t second, struct mmu_entry *ret)
{
	(void)second;
	memset(ret, 0, sizeof(*ret));
	if (!(raw & VALID))
		decode_absent(regime, level, raw, ret);
	else if (raw & ANY)
		decode_leaf(regime, level, raw, ret);
	else
		decode_table(regime, level, raw, ret);
}

/* ------------------------------------------------------------------ encode */

bool riscv64_encode(const struct mmu_regime *regime, unsigned int level,
		    const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	bool table = entry->kind == MMU_KIND_TABLE, user = entry->rights & MMU_RIGHT_USER;
	uint64_t pa = table ? entry->pa : entry->pa & ~low_mask(level), raw = VALID;

	if (entry->next_first || entry->next_count || pa & ~regime->pa_mask || pa & BITS(0, 11) ||
	    entry->rights & ~MMU_RIGHTS_ALL)
		return false;
	if (table) {
		if (level == PTE || entry->run_lg2 || entry->rights != MMU_RIGHTS_ALL)
			return false;
	} else {
		if (entry->kind != MMU_KIND_LEAF ||
		    (entry->run_lg2 && (entry->run_lg2 != NAPOT_LG2 || level > PTE)) ||
		    (user ? entry->rights & MMU_RIGHT_EXEC_PRIV : entry->rights & MMU_RIGHT_EXEC))
			return false;
		raw |= entry->rights & MMU_RIGHT_READ ? READ : 0;
		raw |= entry->rights & MMU_RIGHT_WRITE ? WRITE | DIRTY : 0;
		raw |= entry->rights & (MMU_RIGHT_EXEC | MMU_RIGHT_EXEC_PRIV) ? EXEC : 0;
		if (!(raw & ANY) || (raw & (READ | WRITE)) == WRITE)
			return false;
		raw |= ACCESSED | (user ? USER : GLOBAL);
		if (entry->run_lg2) {
			raw |= NAPOT;
			pa = (pa & ~BITS(12, 15)) | BIT(15);
		}
	}
	*ret_raw = raw | pa >> 2;
	*ret_second = 0;
	return true;
}

/* ------------------------------------------------------------------ explain, alike */

/* asm/pgtable.h: __swp_type(), __swp_offset(). @return false: bits that no swap entry has */
static bool explain_swap(const struct mmu_regime *regime, uint64_t raw, struct mmu_software *ret)
{
	unsigned int type = regime->traits & NONE_READ ? 2 : regime->traits & SWAP6 ? 6 : 7;
	uint64_t others = regime->traits & NONE_READ ? 3 : BITS(0, 3) | GLOBAL;

	if (raw & others || raw & (regime->traits & NONE_READ ? 0 : USER))
		return false;
	ret->kind = MMU_SOFTWARE_SWAP;
	ret->type = (uint8_t)(raw >> type & 31);
	ret->offset = raw >> (type + 5);
	return true;
}

void riscv64_explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		     uint64_t second, struct mmu_software *ret)
{
	bool split = is_split(regime, level, raw);

	(void)second;
	memset(ret, 0, sizeof(*ret));
	if (level > PUD)
		return; /* MMU_SOFTWARE_UNKNOWN */
	/* in the kernel's half set_direct_map_invalid_noflush() clears VALID and leaves all else */
	if (split || is_none(regime, raw) || regime->half == MMU_HALF_KERNEL) {
		ret->kind = split ? MMU_SOFTWARE_SPLIT : MMU_SOFTWARE_NONE;
		ret->pa = address_of(raw) & ~low_mask(level) & regime->pa_mask;
	} else {
		explain_swap(regime, raw, ret);
	}
}

bool riscv64_alike(const struct mmu_regime *regime, unsigned int level, struct mmu_alike *ret)
{
	if (level > PUD)
		return false;
	*ret = (struct mmu_alike){ .address = (regime->pa_mask & ~low_mask(level)) >> 2 & PPN,
				   .step = (low_mask(level) + 1) >> 2 };
	return true;
}
