/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Entries of i386's tables: README.md has the bits by section of the manual. */
#include <string.h>

#include "i386.h"

/* SDM 4.3: a 4 MiB page has bits 39 to 32 of its address in bits 20 to 13 (PSE-36). */
#define PSE36_SHIFT 19u
#define PSE36 BITS(13, 20)

static unsigned int shift_of(const struct mmu_regime *regime, unsigned int level)
{
	return regime->shape[level].shift;
}

/* The bits of an address in an entry that leads to a table or maps a small page. */
static uint64_t table_bits(const struct mmu_regime *regime)
{
	return is_pae(regime) ? BITS(12, 51) : BITS(12, 31);
}

/* The bits of a leaf's frame that are where they are in the address: all but those of PSE-36. */
static uint64_t frame_bits(const struct mmu_regime *regime, unsigned int level)
{
	return table_bits(regime) & UINT64_MAX << shift_of(regime, level);
}

static uint64_t leaf_pa(const struct mmu_regime *regime, unsigned int level, uint64_t raw)
{
	uint64_t high = level > PTE && !is_pae(regime) ? (raw & PSE36) << PSE36_SHIFT : 0;

	return (raw & frame_bits(regime, level)) | high;
}

static uint8_t rights_of(uint64_t raw)
{
	bool nx = raw & NX;

	return MMU_RIGHT_READ | (raw & RW ? MMU_RIGHT_WRITE : 0) |
	       (raw & USER ? MMU_RIGHT_USER : 0) | (nx ? 0 : MMU_RIGHT_EXEC_PRIV) |
	       (raw & USER && !nx ? MMU_RIGHT_EXEC : 0);
}

/* ------------------------------------------------------------------ decode */

static void decode_absent(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			  struct mmu_entry *ret)
{
	/* as pte_none(): _PAGE_KNL_ERRATUM_MASK, 4.8, which is 0 with two levels */
	uint64_t ignored = is_pae(regime) ? ACCESSED | DIRTY : 0;
	struct mmu_software software;

	if (!(raw & ~ignored)) {
		if (raw)
			ret->note = "only bits 5 and 6, which Xeon Phi may set by mistake";
	} else if (level < PDPT) {
		ret->kind = MMU_KIND_SOFTWARE;
		i386_explain(regime, level, raw, 0, &software);
		if (software.kind == MMU_SOFTWARE_SPLIT) {
			ret->rights = rights_of(raw);
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
	bool saved = regime->traits & SAVED_DIRTY && raw & BIT(10);

	return MMU_ATTR_KNOWN | (raw & ACCESSED ? MMU_ATTR_ACCESSED : 0) |
	       (raw & DIRTY || saved ? MMU_ATTR_DIRTY : 0) | (raw & GLOBAL ? MMU_ATTR_GLOBAL : 0) |
	       (raw & BIT(9) ? MMU_ATTR_SPECIAL : 0);
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

/*
 * Bits that must be 0 whatever the entry is: address bits that this processor has not, and what
 * lies above any address.
 */
static uint64_t beyond(const struct mmu_regime *regime, unsigned int level, bool leaf)
{
	uint64_t most = regime->pa_mask >> 12 << 12;

	if (is_pae(regime))
		return (BITS(12, 51) & ~most) | BITS(52, 62) | (level == PDPT ? NX : 0);
	return (BITS(12, 31) & ~most) * !leaf | (leaf ? frame_bits(regime, level) & ~most : 0) |
	       (leaf && level > PTE ? PSE36 & ~(most >> PSE36_SHIFT) : 0);
}

static bool is_bad(const struct mmu_regime *regime, unsigned int level, uint64_t raw, bool leaf,
		   struct mmu_entry *ret)
{
	uint64_t inside = !leaf || level == PTE ? 0 : is_pae(regime) ? BITS(13, 20) : BIT(21);
	uint64_t above = raw & beyond(regime, level, leaf);

	/* QEMU sets bit 5 of a PDPTE, though the manual has it reserved */
	if (level == PDPT)
		inside = BITS(1, 2) | BITS(6, 8);
	ret->bad_mask = above | (raw & inside);
	if (!ret->bad_mask)
		return false;
	ret->kind = MMU_KIND_BAD;
	ret->note = above ? "reserved: address bits beyond the processor's physical address width"
		    : level == PDPT  ? "reserved: bits 1, 2, 6, 7 and 8 of a PDPTE must be 0"
		    : is_pae(regime) ? "reserved: bits 13 to 20 of a 2 MiB page must be 0"
				     : "reserved: bit 21 of a 4 MiB page must be 0";
	return true;
}

static void decode_leaf(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			struct mmu_entry *ret)
{
	if (is_bad(regime, level, raw, true, ret))
		return;
	ret->kind = MMU_KIND_LEAF;
	ret->pa = leaf_pa(regime, level, raw);
	ret->rights = rights_of(raw);
	ret->attrs = attrs_of(regime, raw);
	ret->memory = memory_of(level, raw);
}

static void decode_table(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			 struct mmu_entry *ret)
{
	if (is_bad(regime, level, raw, false, ret))
		return;
	ret->kind = MMU_KIND_TABLE;
	ret->pa = raw & table_bits(regime);
	ret->rights = level == PDPT ? MMU_RIGHTS_ALL : rights_of(raw);
}

void i386_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw, uint64_t second,
		 struct mmu_entry *ret)
{
	(void)second;
	memset(ret, 0, sizeof(*ret));
	if (!(raw & PRESENT))
		decode_absent(regime, level, raw, ret);
	else if (level == PTE || (level == LARGE && raw & PSE))
		decode_leaf(regime, level, raw, ret);
	else
		decode_table(regime, level, raw, ret);
}

/* ------------------------------------------------------------------ encode */

bool i386_encode(const struct mmu_regime *regime, unsigned int level, const struct mmu_entry *entry,
		 uint64_t *ret_raw, uint64_t *ret_second)
{
	bool table = entry->kind == MMU_KIND_TABLE, large = !table && level > PTE;
	bool user = entry->rights & MMU_RIGHT_USER, exec = entry->rights & MMU_RIGHT_EXEC_PRIV;
	uint64_t pa = table ? entry->pa : entry->pa & UINT64_MAX << shift_of(regime, level);
	uint64_t raw = PRESENT | ACCESSED;

	if ((!table && entry->kind != MMU_KIND_LEAF) || (table ? level == PTE : level > LARGE) ||
	    entry->run_lg2 || entry->next_first || entry->next_count || pa & ~regime->pa_mask ||
	    entry->rights & ~MMU_RIGHTS_ALL)
		return false;
	raw |= pa & table_bits(regime);
	if (large && !is_pae(regime))
		raw |= pa >> PSE36_SHIFT & PSE36;
	if (level == PDPT) {
		raw &= ~ACCESSED;
	} else {
		raw |= (entry->rights & MMU_RIGHT_WRITE ? RW : 0) | (user ? USER : 0);
		raw |= exec || !is_pae(regime) ? 0 : NX;
		/* Linux sets DIRTY in tables (_PAGE_TABLE) */
		raw |= table || raw & RW ? DIRTY : 0;
		raw |= large ? PSE : 0;
	}
	if ((level == PDPT ? MMU_RIGHTS_ALL : rights_of(raw)) != entry->rights ||
	    (table ? raw & table_bits(regime) : leaf_pa(regime, level, raw)) != pa)
		return false;
	*ret_raw = raw;
	*ret_second = 0;
	return true;
}

/* ------------------------------------------------------------------ explain */

/*
 * The frame of an entry that is not present. pgtable-invert.h is for PAE alone: there it is
 * inverted whatever else the entry holds. pmd_modify() inverts the bits of the frame alone,
 * pte_modify(), of a hugetlb page, those below it too. @return false: nothing that Linux writes
 */
static bool find_frame(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		       bool inverted, uint64_t *ret_pa)
{
	uint64_t below = level > PTE ? BITS(13, shift_of(regime, level) - 1) : 0;

	*ret_pa = (inverted ? ~raw : raw) & frame_bits(regime, level);
	return !(raw & BITS(52, 62)) && (!(raw & below) || (inverted && !(~raw & below)));
}

/*
 * With two levels, one layout: type from bit 1, offset from bit 9, and 6.3 keeps "exclusive" in bit
 * 7. PAE before L1TF keeps swp_entry_t in the high word.
 */
static void find_swap(const struct mmu_regime *regime, uint64_t raw, struct mmu_software *ret)
{
	ret->kind = MMU_SOFTWARE_SWAP;
	if (!is_pae(regime)) {
		ret->type = raw >> 1 & 31;
		ret->offset = raw >> 9;
	} else if (regime->traits & L1TF) {
		ret->type = (uint8_t)(raw >> 59);
		ret->offset = ~raw << 5 >> 14;
	} else {
		ret->type = raw >> 32 & 31;
		ret->offset = raw >> 37;
	}
}

void i386_explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		  uint64_t second, struct mmu_software *ret)
{
	bool kernel = regime->half == MMU_HALF_KERNEL;
	bool inverted = is_pae(regime) && regime->traits & L1TF;
	bool large = level == LARGE && raw & PSE;

	(void)second;
	memset(ret, 0, sizeof(*ret)); /* MMU_SOFTWARE_UNKNOWN */
	if (level > LARGE)
		return;
	if (kernel) {
		/* nothing is swapped; kfence (up to 6.18) clears PRESENT and inverts nothing */
		inverted = is_pae(regime) && raw >> 51 & 1;
		if (find_frame(regime, level, raw, inverted, &ret->pa))
			ret->kind = MMU_SOFTWARE_NONE;
	} else if (raw & PROTNONE ? level == PTE || large : large) {
		if (find_frame(regime, level, raw, inverted, &ret->pa))
			ret->kind = raw & PROTNONE ? MMU_SOFTWARE_NONE : MMU_SOFTWARE_SPLIT;
	} else if (!(raw & PROTNONE)) {
		find_swap(regime, raw, ret);
	}
	if (ret->kind == MMU_SOFTWARE_UNKNOWN)
		ret->pa = 0;
}

bool i386_alike(const struct mmu_regime *regime, unsigned int level, struct mmu_alike *ret)
{
	*ret = (struct mmu_alike){ .address = regime->pa_mask & frame_bits(regime, level),
				   .step = BIT(shift_of(regime, level)) };
	return level < PDPT;
}
