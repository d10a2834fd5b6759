/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Entries of long descriptors (LPAE): Linux's bits and the hardware's in one word. */
#include <string.h>

#include "armv7.h"

#define ADDRESS BITS(12, 39)
#define USER BIT(6) /* AP[1] */
#define AP2 BIT(7)
#define AF BIT(10)
#define NG BIT(11)
#define CONT BIT(52)
#define PXN BIT(53)
#define XN BIT(54)
#define DIRTY BIT(55)
#define SPECIAL BIT(56)
#define NONE BIT(57)
#define RDONLY BIT(58)

#define PXN_TABLE BIT(59)
#define XN_TABLE BIT(60)
#define NO_USER_TABLE BIT(61) /* APTable[0] */
#define RDONLY_TABLE BIT(62)  /* APTable[1] */

static uint64_t address_bits(unsigned int level)
{
	return BITS(12 + 9 * level, 39);
}

/* What must be 0 in a page or block. */
#define RESERVED(level) (BITS(12, 51) & ~address_bits(level))

/* ------------------------------------------------------------------ decode */

static uint8_t table_rights(uint64_t raw)
{
	uint8_t denied = raw & RDONLY_TABLE ? MMU_RIGHT_WRITE : 0;

	if (raw & PXN_TABLE)
		denied |= MMU_RIGHT_EXEC_PRIV;
	if (raw & XN_TABLE)
		denied |= MMU_RIGHT_EXEC_PRIV | MMU_RIGHT_EXEC;
	if (raw & NO_USER_TABLE)
		denied |= MMU_RIGHT_USER | MMU_RIGHT_EXEC;
	return MMU_RIGHTS_ALL & ~denied;
}

/*
 * AP[2] also marks a page of a Linux process as clean: its first write faults, and Linux allows it.
 * In any other table the page is read-only.
 */
static bool is_clean(const struct mmu_regime *regime, uint64_t raw)
{
	return regime->traits & ARM_PROCESS &&
	       (raw & (USER | AP2 | RDONLY | DIRTY)) == (USER | AP2);
}

static uint8_t leaf_rights(const struct mmu_regime *regime, uint64_t raw)
{
	uint8_t rights = MMU_RIGHT_READ | (raw & USER ? MMU_RIGHT_USER : 0) |
			 (raw & AP2 && !is_clean(regime, raw) ? 0 : MMU_RIGHT_WRITE);

	return arm_exec_rights(rights, raw & XN, raw & PXN);
}

static void decode_leaf(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			struct mmu_entry *ret)
{
	ret->kind = MMU_KIND_LEAF;
	ret->run_lg2 = raw & CONT && level < PGD ? 4 : 0;
	ret->pa = raw & BITS(12 + 9 * level + ret->run_lg2, 39);
	ret->rights = leaf_rights(regime, raw);
	ret->attrs = MMU_ATTR_KNOWN | (raw & AF ? MMU_ATTR_ACCESSED : 0) |
		     (raw & DIRTY ? MMU_ATTR_DIRTY : 0) | (raw & NG ? 0 : MMU_ATTR_GLOBAL) |
		     (raw & SPECIAL && level == PTE ? MMU_ATTR_SPECIAL : 0);
	ret->memory = arm_memory(raw >> 2 & 7);
	if (!(raw & AF))
		ret->note = "not young: the access flag makes the next touch fault";
	else if (is_clean(regime, raw))
		ret->note = "clean: hardware has it read-only until the first write";
}

/*
 * pmd_mkinvalid() clears VALID and leaves all else. A user's huge page always has PXN, so that the
 * high bits are never all 0; a PMD holds no swap entries (no ARCH_ENABLE_THP_MIGRATION).
 */
static bool is_split(unsigned int level, uint64_t raw)
{
	return level == PMD && !(raw & RESERVED(level)) && !(raw & (BITS(0, 1) | NONE)) &&
	       raw >> 52;
}

static void decode_absent(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			  struct mmu_entry *ret)
{
	if (!raw)
		return;
	if (level == PGD) {
		ret->kind = MMU_KIND_BAD;
		ret->bad_mask = raw;
		ret->note = "not valid, yet not 0: Linux keeps nothing at this level";
		return;
	}
	ret->kind = MMU_KIND_SOFTWARE;
	if (is_split(level, raw)) {
		ret->rights = leaf_rights(regime, raw);
		ret->note = "a huge page that is just being split";
	}
}

void arm_lpae_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		     uint64_t second, struct mmu_entry *ret)
{
	bool table = (raw & 3) == 3 && level > PTE;
	uint64_t bad = raw & (BITS(40, 51) | (ADDRESS & ~regime->pa_mask));

	memset(ret, 0, sizeof(*ret));
	if (!(raw & BIT(0))) {
		decode_absent(regime, level, raw, ret);
		return;
	}
	ret->note = "reserved: address bits beyond the 40, or the processor's fewer";
	if (!table && raw & ADDRESS & ~address_bits(level)) {
		bad |= raw & ADDRESS & ~address_bits(level);
		ret->note = "reserved: address bits inside the block must be 0";
	}
	if (level == PTE && !(raw & BIT(1))) {
		bad = BITS(0, 1);
		ret->note = "reserved: bits 1:0 of a page are never 01";
	}
	if (bad) {
		ret->kind = MMU_KIND_BAD;
		ret->bad_mask = bad;
		return;
	}
	ret->note = NULL;
	if (!table) {
		decode_leaf(regime, level, raw, ret);
		return;
	}
	ret->kind = MMU_KIND_TABLE;
	ret->pa = raw & ADDRESS;
	ret->rights = table_rights(raw);
}

bool arm_lpae_alike(const struct mmu_regime *regime, unsigned int level, struct mmu_alike *ret)
{
	*ret = (struct mmu_alike){ .address = address_bits(level) & regime->pa_mask,
				   .step = BIT(12 + 9 * level) };
	return true;
}

/* ------------------------------------------------------------------ encode */

static bool encode_table(unsigned int level, const struct mmu_entry *entry, uint64_t *ret)
{
	static const uint64_t ways[] = { 0, XN_TABLE, PXN_TABLE };

	if (level == PTE || entry->pa & ~ADDRESS)
		return false;
	for (size_t i = 0; i < COUNT(ways); i++) {
		uint64_t raw = entry->pa | 3 | ways[i];

		raw |= entry->rights & MMU_RIGHT_WRITE ? 0 : RDONLY_TABLE;
		raw |= entry->rights & MMU_RIGHT_USER ? 0 : NO_USER_TABLE;
		*ret = raw;
		if (table_rights(raw) == entry->rights)
			return true;
	}
	return false;
}

static bool encode_leaf(const struct mmu_regime *regime, unsigned int level,
			const struct mmu_entry *entry, uint64_t *ret)
{
	bool user = entry->rights & MMU_RIGHT_USER, exec = entry->rights & MMU_RIGHT_EXEC;
	bool exec_priv = entry->rights & MMU_RIGHT_EXEC_PRIV;
	uint64_t raw = (entry->pa & address_bits(level)) | AF | 3 << 8 | 7 << 2 | (level ? 1 : 3);

	raw |= user ? USER | NG : 0;
	raw |= entry->rights & MMU_RIGHT_WRITE ? DIRTY : DIRTY | RDONLY | AP2;
	raw |= exec || exec_priv ? 0 : XN;
	raw |= user && !exec_priv ? PXN : 0; /* user_pgprot has it (mm/mmu.c) */
	raw |= entry->run_lg2 ? CONT : 0;
	*ret = raw;
	return !(entry->pa >> 40) && leaf_rights(regime, raw) == entry->rights &&
	       (!entry->run_lg2 || (entry->run_lg2 == 4 && level < PGD));
}

bool arm_lpae_encode(const struct mmu_regime *regime, unsigned int level,
		     const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	uint64_t raw;

	if (!arm_may_encode(regime, entry) ||
	    !(entry->kind == MMU_KIND_TABLE ? encode_table(level, entry, &raw)
					    : encode_leaf(regime, level, entry, &raw)))
		return false;
	*ret_raw = raw;
	*ret_second = 0;
	return true;
}

/* ------------------------------------------------------------------ explain */

void arm_lpae_explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		      uint64_t second, struct mmu_software *ret)
{
	/* PROT_NONE: VALID is cleared, which leaves 10 in a page and 00 in a block */
	bool none = raw & NONE && !(raw & RESERVED(level)) && (raw & 3) == (level == PTE ? 2 : 0);

	memset(ret, 0, sizeof(*ret)); /* MMU_SOFTWARE_UNKNOWN */
	if (none || is_split(level, raw)) {
		ret->kind = none ? MMU_SOFTWARE_NONE : MMU_SOFTWARE_SPLIT;
		ret->pa = raw & address_bits(level);
	} else if (level == PTE && !(raw & 3) && !(raw >> 32)) { /* swp_entry_t has 32 bits */
		arm_swap(regime, raw, ret);
	}
}
