/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Entries of x86_64's tables: README.md has the bits by section of the manual. */
#include <string.h>

#include "x86_64.h"

/* Is this a slot in which KPTI may set NX for its own ends? pti.c:__pti_set_user_pgtbl() */
static bool is_guarded(const struct mmu_regime *regime, unsigned int level, bool user)
{
	return regime->traits & PTI && level == regime->top_level && user;
}

static uint8_t rights_of(uint64_t raw, bool nx)
{
	return MMU_RIGHT_READ | (raw & RW ? MMU_RIGHT_WRITE : 0) |
	       (raw & USER ? MMU_RIGHT_USER : 0) | (nx ? 0 : MMU_RIGHT_EXEC_PRIV) |
	       (raw & USER && !nx ? MMU_RIGHT_EXEC : 0);
}

static void decode_absent(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			  struct mmu_entry *ret)
{
	struct mmu_software software;

	if (!(raw & ~(ACCESSED | DIRTY))) { /* as pte_none(): _PAGE_KNL_ERRATUM_MASK, 4.8 */
		if (raw)
			ret->note = "only bits 5 and 6, which Xeon Phi may set by mistake";
	} else if (level <= PUD) {
		ret->kind = MMU_KIND_SOFTWARE;
		x86_64_explain(regime, level, raw, 0, &software);
		if (software.kind == MMU_SOFTWARE_SPLIT) {
			ret->rights = rights_of(raw, raw & NX);
			ret->note = "a huge page that is just being split";
		}
	} else {
		ret->kind = MMU_KIND_BAD;
		ret->bad_mask = raw;
		ret->note = "not present, yet not 0: Linux keeps nothing at this level";
	}
}

static uint8_t attrs_of(const struct mmu_regime *regime, uint64_t raw)
{
	bool saved = regime->traits & SAVED_DIRTY && raw & BIT(58);
	bool user = regime->half == MMU_HALF_USER, soft = raw & BIT(11) && user;

	return MMU_ATTR_KNOWN | (raw & ACCESSED ? MMU_ATTR_ACCESSED : 0) |
	       (raw & DIRTY || saved ? MMU_ATTR_DIRTY : 0) | (raw & BIT(8) ? MMU_ATTR_GLOBAL : 0) |
	       (raw & BIT(9) ? MMU_ATTR_SPECIAL : 0) | (raw & BIT(10) ? MMU_ATTR_UFFD_WP : 0) |
	       (soft ? MMU_ATTR_SOFT_DIRTY : 0) | (user && raw & BITS(59, 62) ? MMU_ATTR_KEYED : 0);
}

/* By the PAT that Linux writes (mm/pat/memtype.c): WB, WC, UC-, UC, WB, WP, UC-, WT. */
static uint8_t memory_of(unsigned int level, uint64_t raw)
{
	static const uint8_t types[8] = { MMU_MEMORY_WRITEBACK, MMU_MEMORY_COMBINING,
					  MMU_MEMORY_UNCACHED,  MMU_MEMORY_UNCACHED,
					  MMU_MEMORY_WRITEBACK, MMU_MEMORY_UNKNOWN,
					  MMU_MEMORY_UNCACHED,  MMU_MEMORY_WRITETHROUGH };

	return types[(raw >> (level > PTE ? 12 : 7) & 1) << 2 | (raw >> 3 & 3)];
}

static const char *const beyond_note = "reserved: address bits beyond the processor's physical "
				       "address width";

/* Address bits that hardware knows and this processor has not. */
static uint64_t beyond(const struct mmu_regime *regime)
{
	return address_bits(regime) & ~regime->pa_mask;
}

static void decode_leaf(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			struct mmu_entry *ret)
{
	ret->bad_mask = raw & (beyond(regime) | (level > PTE ? BITS(13, 11 + 9 * level) : 0));
	if (ret->bad_mask) {
		ret->kind = MMU_KIND_BAD;
		ret->note = ret->bad_mask & beyond(regime) ? beyond_note
			    : level == PMD ? "reserved: bits 13 to 20 of a 2 MiB page must be 0"
					   : "reserved: bits 13 to 29 of a 1 GiB page must be 0";
		return;
	}
	ret->kind = MMU_KIND_LEAF;
	ret->pa = raw & regime->pa_mask & BITS(12 + 9 * level, 51);
	ret->rights = rights_of(raw, raw & NX);
	ret->attrs = attrs_of(regime, raw);
	ret->memory = memory_of(level, raw);
	/* SDM Vol. 3A, 4.6.1: R/W 0 with D 1 */
	if ((raw & (RW | USER | DIRTY)) == (USER | DIRTY) && regime->traits & SAVED_DIRTY)
		ret->note = "a shadow stack page (before 6.6: just read-only and dirty)";
}

static void decode_table(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			 struct mmu_entry *ret)
{
	bool guarded = is_guarded(regime, level, raw & USER);

	ret->bad_mask = raw & (beyond(regime) | (level > PUD ? PSE : 0));
	if (ret->bad_mask) {
		ret->kind = MMU_KIND_BAD;
		ret->note = ret->bad_mask & beyond(regime) ? beyond_note
							   : "reserved: bit 7 must be 0 in this "
							     "table";
		return;
	}
	ret->kind = MMU_KIND_TABLE;
	ret->pa = raw & regime->pa_mask & ADDRESS;
	ret->rights = rights_of(raw, raw & NX && !guarded);
	if (raw & NX && guarded)
		ret->note = "NX only guards the kernel's copy of this table (KPTI)";
}

void x86_64_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		   uint64_t second, struct mmu_entry *ret)
{
	(void)second;
	memset(ret, 0, sizeof(*ret));
	if (!(raw & PRESENT))
		decode_absent(regime, level, raw, ret);
	else if (level == PTE || (level <= PUD && raw & PSE))
		decode_leaf(regime, level, raw, ret);
	else
		decode_table(regime, level, raw, ret);
}

bool x86_64_encode(const struct mmu_regime *regime, unsigned int level,
		   const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	bool table = entry->kind == MMU_KIND_TABLE;
	bool user = entry->rights & MMU_RIGHT_USER, exec = entry->rights & MMU_RIGHT_EXEC_PRIV;
	bool guarded = is_guarded(regime, level, user);
	uint64_t pa = table ? entry->pa : entry->pa & BITS(12 + 9 * level, 63);
	uint64_t raw = PRESENT | ACCESSED | pa;

	if ((!table && entry->kind != MMU_KIND_LEAF) || (table ? level == PTE : level > PUD) ||
	    entry->run_lg2 || entry->next_first || entry->next_count ||
	    pa & ~(regime->pa_mask & ADDRESS) || !(entry->rights & MMU_RIGHT_READ) ||
	    !!(entry->rights & MMU_RIGHT_EXEC) != (user && exec) || (guarded && !exec) ||
	    entry->rights & ~MMU_RIGHTS_ALL)
		return false;
	raw |= (entry->rights & MMU_RIGHT_WRITE ? RW : 0) | (user ? USER : 0);
	raw |= exec && !guarded ? 0 : NX;
	/* Linux sets DIRTY in tables (_PAGE_TABLE); in a leaf without RW it is a shadow stack. */
	raw |= table || raw & RW ? DIRTY : 0;
	raw |= !table && level > PTE ? PSE : 0;
	*ret_raw = raw;
	*ret_second = 0;
	return true;
}

/*
 * The frame of an entry that is not present. pgtable-invert.h: it is inverted whatever else the
 * entry holds. pmd_modify() inverts the bits of the frame alone, pte_modify(), of a hugetlb page,
 * those below it too. @return false: nothing that Linux writes
 */
static bool find_frame(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		       bool inverted, uint64_t *ret_pa)
{
	uint64_t below = level > PTE ? BITS(13, 11 + 9 * level) : 0;

	*ret_pa = (inverted ? ~raw : raw) & address_bits(regime) & BITS(12 + 9 * level, 51);
	return !(raw & below) || (inverted && !(~raw & below));
}

void x86_64_explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		    uint64_t second, struct mmu_software *ret)
{
	bool kernel = regime->half == MMU_HALF_KERNEL, inverted = regime->traits & L1TF;
	bool large = level > PTE && raw & PSE;

	(void)second;
	memset(ret, 0, sizeof(*ret));
	if (level > PUD)
		return; /* MMU_SOFTWARE_UNKNOWN */
	if (kernel) {
		/* nothing is swapped; kfence (up to 6.18) clears PRESENT and inverts nothing */
		inverted = raw >> (63 - __builtin_clzll(address_bits(regime))) & 1;
		if (find_frame(regime, level, raw, inverted, &ret->pa))
			ret->kind = MMU_SOFTWARE_NONE;
	} else if (raw & PROTNONE ? level == PTE || large : large) {
		/* by pmd_mkinvalid(), a split too; pud_present() asks for PRESENT alone */
		if (find_frame(regime, level, raw, inverted, &ret->pa) &&
		    (raw & PROTNONE || level == PMD))
			ret->kind = raw & PROTNONE ? MMU_SOFTWARE_NONE : MMU_SOFTWARE_SPLIT;
	} else if (!(raw & PROTNONE)) {
		ret->kind = MMU_SOFTWARE_SWAP;
		ret->type = (uint8_t)(inverted ? raw >> 59 : raw >> 9 & 31);
		ret->offset = inverted ? ~raw << 5 >> 14 : raw >> 14;
	}
	if (ret->kind == MMU_SOFTWARE_UNKNOWN)
		ret->pa = 0;
}

bool x86_64_alike(const struct mmu_regime *regime, unsigned int level, struct mmu_alike *ret)
{
	*ret = (struct mmu_alike){ .address = regime->pa_mask & BITS(12 + 9 * level, 51),
				   .step = BIT(12 + 9 * level) };
	return level <= PUD;
}
