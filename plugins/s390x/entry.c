/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Entries of page, segment and region tables: README.md has the bits by section. */
#include <string.h>

#include "s390x.h"

#define DATA (MMU_RIGHT_READ | MMU_RIGHT_USER)
#define RUN (MMU_RIGHT_EXEC | MMU_RIGHT_EXEC_PRIV)

static uint64_t page_mask(const struct mmu_regime *regime, unsigned int level)
{
	return ~(BIT(regime->shape[level].shift) - 1);
}

static bool may_map(unsigned int level)
{
	return level <= PUD;
}

/* The same questions to leaves of every level. */
struct leaf {
	bool invalid, by_linux, read, write, young, dirty, soft_dirty, special;
};

static struct leaf leaf_of(const struct mmu_regime *regime, unsigned int level, uint64_t raw)
{
	bool low = regime->traits & LOW_RW;

	if (level == PTE)
		return (struct leaf){ .invalid = raw & INVALID,
				      .by_linux = raw & PRESENT,
				      .read = raw & READ,
				      .write = raw & WRITE,
				      .young = raw & YOUNG,
				      .dirty = raw & DIRTY,
				      .soft_dirty = raw & SOFT_DIRTY,
				      .special = raw & SPECIAL };
	/* with a validity bit, storage keys lie where Linux has its own bits: it never sets it */
	return (struct leaf){ .invalid = raw & UP_INVALID,
			      .by_linux = !(raw & UP_VALIDITY) && (low || raw & PRESENT),
			      .read = raw & (low ? LOW_READ : UP_READ),
			      .write = raw & (low ? LOW_WRITE : UP_WRITE),
			      .young = raw & UP_YOUNG,
			      .dirty = raw & UP_DIRTY,
			      .soft_dirty = raw & (low ? LOW_SOFT_DIRTY : SOFT_DIRTY) };
}

/* ------------------------------------------------------------------ decode */

static void bad(struct mmu_entry *ret, uint64_t mask, const char *note)
{
	*ret = (struct mmu_entry){ .kind = MMU_KIND_BAD, .bad_mask = mask, .note = note };
}

static const char *note_of(const struct leaf *leaf, bool protect, bool user)
{
	if (leaf->invalid)
		return leaf->young ? "young, yet invalid for hardware: it is just being changed"
				   : "not young: invalid for hardware until its next use";
	if (!leaf->by_linux)
		return "valid for hardware, and no page that Linux made";
	if (user && leaf->write && protect)
		return "clean: read-only for hardware until the first write";
	return NULL;
}

/*
 * Of a process, what is invalid for hardware is a page for Linux if it may be read: it is just not
 * young. The kernel has no such faults for its own pages: it takes them out of its map.
 */
static bool is_page(const struct mmu_regime *regime, const struct leaf *leaf)
{
	if (!leaf->invalid)
		return !leaf->by_linux || leaf->read || regime->half == MMU_HALF_KERNEL;
	return regime->half == MMU_HALF_USER && leaf->by_linux && leaf->read;
}

static void decode_leaf(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			struct mmu_entry *ret)
{
	const struct leaf leaf = leaf_of(regime, level, raw);
	bool user = regime->half == MMU_HALF_USER;
	uint64_t pa = raw & page_mask(regime, level);

	if (!is_page(regime, &leaf)) {
		ret->kind = MMU_KIND_SOFTWARE;
		return;
	}
	if (pa & ~regime->pa_mask) {
		bad(ret, pa & ~regime->pa_mask, "beyond the physical address bits");
		return;
	}
	ret->kind = MMU_KIND_LEAF;
	ret->pa = pa;
	ret->rights = DATA | (raw & NOEXEC && !(regime->traits & NO_IEP) ? 0 : RUN);
	if (!(raw & PROTECT) || (user && leaf.by_linux && leaf.write))
		ret->rights |= MMU_RIGHT_WRITE;
	if (leaf.by_linux)
		ret->attrs = MMU_ATTR_KNOWN | (leaf.young ? MMU_ATTR_ACCESSED : 0) |
			     (leaf.dirty ? MMU_ATTR_DIRTY : 0) |
			     (leaf.soft_dirty ? MMU_ATTR_SOFT_DIRTY : 0) |
			     (leaf.special ? MMU_ATTR_SPECIAL : 0);
	ret->note = note_of(&leaf, raw & PROTECT, user);
}

static void decode_table(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			 struct mmu_entry *ret)
{
	unsigned int first = (unsigned int)((raw & UP_OFFSET) >> 6), last = raw & UP_LENGTH;
	uint64_t pa = raw & (level == PMD ? ~BITS(0, 10) : ~BITS(0, 11));

	if (pa & ~regime->pa_mask) {
		bad(ret, pa & ~regime->pa_mask, "beyond the physical address bits");
		return;
	}
	if (level > PMD && first > last) {
		bad(ret, UP_OFFSET | UP_LENGTH, "the next table ends before it begins");
		return;
	}
	ret->kind = MMU_KIND_TABLE;
	ret->pa = pa;
	ret->rights = DATA | RUN | (raw & PROTECT ? 0 : MMU_RIGHT_WRITE);
	if (level > PMD && (first > 0 || last < 3)) {
		ret->next_first = first * QUARTER;
		ret->next_count = (last - first + 1) * QUARTER;
	}
}

/* A swap entry of an upper level (6.14): bits 4 and 0 tell it, and FC is a bit of its type. */
static bool is_upper_swap(const struct mmu_regime *regime, unsigned int level, uint64_t raw)
{
	return (level == PMD || level == PUD) && !(regime->traits & LOW_RW) &&
	       regime->half == MMU_HALF_USER &&
	       (raw & (UP_INVALID | UP_COMMON | PRESENT)) == (UP_INVALID | UP_COMMON);
}

void s390x_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		  uint64_t second, struct mmu_entry *ret)
{
	(void)second;
	memset(ret, 0, sizeof(*ret));
	if (raw == (level == PTE ? INVALID : UP_INVALID | type_of(level)))
		return; /* MMU_KIND_EMPTY */
	if (level == PTE) {
		if ((raw & (INVALID | ZERO)) == ZERO)
			bad(ret, ZERO, "must be 0");
		else
			decode_leaf(regime, level, raw, ret);
	} else if (!(raw & UP_INVALID) && (raw & UP_TYPE) != type_of(level)) {
		bad(ret, UP_TYPE, "an entry of another level's table");
	} else if (may_map(level) && raw & UP_LARGE && !is_upper_swap(regime, level, raw)) {
		decode_leaf(regime, level, raw, ret);
	} else if (raw & UP_INVALID) {
		ret->kind = MMU_KIND_SOFTWARE;
	} else {
		decode_table(regime, level, raw, ret);
	}
}

/* ------------------------------------------------------------------ encode */

static bool encode_table(const struct mmu_regime *regime, unsigned int level,
			 const struct mmu_entry *entry, uint64_t *ret_raw)
{
	uint64_t first = entry->next_first, count = entry->next_count, raw;
	bool whole = !first && !count;

	if (level == PTE || entry->run_lg2 || (entry->rights | MMU_RIGHT_WRITE) != MMU_RIGHTS_ALL ||
	    entry->pa & ~regime->pa_mask || entry->pa & (level == PMD ? BITS(0, 10) : BITS(0, 11)))
		return false;
	if (!whole && (level == PMD || first % QUARTER || count % QUARTER || !count ||
		       first > 3 * QUARTER || count > 4 * QUARTER - first || count == 4 * QUARTER))
		return false;
	raw = entry->pa | type_of(level) | (entry->rights & MMU_RIGHT_WRITE ? 0 : PROTECT);
	if (level > PMD)
		raw |= first / QUARTER << 6 | (whole ? 3 : (first + count) / QUARTER - 1);
	else if (!(regime->traits & LOW_RW))
		raw |= PRESENT;
	*ret_raw = raw;
	return true;
}

static uint64_t leaf_word(const struct mmu_regime *regime, unsigned int level, bool write)
{
	if (level == PTE)
		return PRESENT | READ | YOUNG | (write ? WRITE | DIRTY : PROTECT);
	if (regime->traits & LOW_RW)
		return UP_LARGE | UP_YOUNG | type_of(level) | LOW_READ |
		       (write ? UP_DIRTY | LOW_WRITE : PROTECT);
	return UP_LARGE | UP_YOUNG | type_of(level) | PRESENT | UP_READ |
	       (write ? UP_DIRTY | UP_WRITE : PROTECT);
}

bool s390x_encode(const struct mmu_regime *regime, unsigned int level,
		  const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	uint64_t pa = entry->pa & page_mask(regime, level);
	uint8_t run = entry->rights & RUN;

	if (entry->kind == MMU_KIND_TABLE) {
		if (!encode_table(regime, level, entry, ret_raw))
			return false;
		*ret_second = 0;
		return true;
	}
	if (entry->kind != MMU_KIND_LEAF || !may_map(level) || entry->run_lg2 ||
	    entry->next_first || entry->next_count || pa & ~regime->pa_mask ||
	    (entry->rights & DATA) != DATA || (run && run != RUN) ||
	    (!run && regime->traits & NO_IEP))
		return false;
	*ret_raw = pa | leaf_word(regime, level, entry->rights & MMU_RIGHT_WRITE) |
		   (run ? 0 : NOEXEC);
	*ret_second = 0;
	return true;
}

/* ------------------------------------------------------------------ explain, alike, audit */

void s390x_explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		   uint64_t second, struct mmu_software *ret)
{
	bool upper_swap = is_upper_swap(regime, level, raw);
	bool page = level == PTE ? raw & PRESENT : may_map(level) && raw & UP_LARGE && !upper_swap;

	(void)second;
	memset(ret, 0, sizeof(*ret));
	/* mm/maccess.c: the window on real memory is all ones until it is first used */
	if (regime->half == MMU_HALF_KERNEL && raw == UINT64_MAX)
		return; /* MMU_SOFTWARE_UNKNOWN */
	if (page) {
		ret->kind = MMU_SOFTWARE_NONE;
		ret->pa = raw & page_mask(regime, level) & regime->pa_mask;
	} else if (upper_swap || (level == PTE && regime->half == MMU_HALF_USER &&
				  (raw & (PRESENT | PROTECT)) == PROTECT)) {
		ret->kind = MMU_SOFTWARE_SWAP;
		ret->type = (uint8_t)(raw >> (upper_swap ? 6 : 2) & 31);
		ret->offset = raw >> 12;
	}
}

bool s390x_alike(const struct mmu_regime *regime, unsigned int level, struct mmu_alike *ret)
{
	if (!may_map(level))
		return false;
	*ret = (struct mmu_alike){ .address = page_mask(regime, level) & regime->pa_mask,
				   .step = BIT(regime->shape[level].shift) };
	return true;
}

/* asm/pgtable.h: pmd_bad(), pud_bad(), p4d_bad(), pgd_bad() */
const char *s390x_audit(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			uint64_t second, uint64_t *ret_mask)
{
	uint64_t never = level == PMD ? BITS(6, 8) : BITS(6, 8) | UP_COMMON | BITS(10, 11);

	(void)regime;
	(void)second;
	if (level == PTE || raw & UP_INVALID || (may_map(level) && raw & UP_LARGE) ||
	    !(raw & never))
		return NULL;
	*ret_mask = raw & never;
	return "bits that Linux never sets in an entry that leads to a table";
}
