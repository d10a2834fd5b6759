/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Words of radix trees, and of the tree that Linux keeps beside a hash: README.md. */
#include <string.h>

#include "ppc64.h"

#define EXECS (MMU_RIGHT_EXEC | MMU_RIGHT_EXEC_PRIV)

static uint64_t page_mask(const struct mmu_regime *regime, unsigned int level)
{
	return ~(BIT(regime->shape[level].shift) - 1);
}

/* Address bits that an entry may have: those below the page are other things. */
static uint64_t address_mask(const struct mmu_regime *regime, unsigned int level)
{
	return PA_MASK & page_mask(regime, level);
}

/* Linux's trees beside a hashed table have slots in a second word, or runs. */
static bool is_radix(const struct mmu_regime *regime)
{
	const struct mmu_level *level = regime->format->level;

	return !level[PTE].second_offset && !level[PTE + 1].run_lg2;
}

static bool is_4k(const struct mmu_regime *regime)
{
	return regime->format->level[PTE + 1].run_lg2;
}

/* pte_none(): what may be left of an entry that is gone, or has never been. */
static uint64_t left_over(const struct mmu_regime *regime)
{
	return is_radix(regime) ? DIRTY | ACCESSED
	       : is_4k(regime)  ? BUSY | HASHED_4K | BITS(53, 56)
				: BUSY | HASHED_64K | COMBO;
}

/* Beside a hash huge pages have 16 MiB and 16 GiB, however many entries that takes. */
static uint8_t run_of(const struct mmu_regime *regime, unsigned int level)
{
	unsigned int huge = level == PMD ? 24 : 34, shift = regime->shape[level].shift;

	return (uint8_t)(is_radix(regime) || level == PTE || huge < shift ? 0 : huge - shift);
}

/*
 * pmdp_invalidate() and ptep_set_access_flags() take VALID away for a moment; INVALID says that
 * Linux has the page still.
 */
static bool is_split(const struct mmu_regime *regime, uint64_t raw)
{
	return (raw & (VALID | LEAF | INVALID)) == (LEAF | INVALID) &&
	       regime->half == MMU_HALF_USER;
}

/* remap_4k_pfn(): no page of the kernel's, whose number lies where its own would not begin. */
static bool is_part(const struct mmu_regime *regime, unsigned int level, uint64_t raw)
{
	return regime->format->level[PTE].second_offset && level == PTE && raw & PFN_4K;
}

/* ------------------------------------------------------------------ decode */

static void bad(struct mmu_entry *ret, uint64_t mask, const char *note)
{
	*ret = (struct mmu_entry){ .kind = MMU_KIND_BAD, .bad_mask = mask, .note = note };
}

/* EAA: where user mode has access, the kernel has it as well (KUAP and KUEP are modes). */
static uint8_t rights_of(uint64_t raw)
{
	uint8_t rights = raw & READ ? MMU_RIGHT_READ : 0;

	rights |= raw & WRITE ? MMU_RIGHT_WRITE : 0;
	rights |= raw & PRIVILEGED ? 0 : MMU_RIGHT_USER;
	if (raw & EXEC)
		rights |= raw & PRIVILEGED ? MMU_RIGHT_EXEC_PRIV : EXECS;
	return rights;
}

static uint8_t attrs_of(const struct mmu_regime *regime, uint64_t raw)
{
	uint8_t attrs = MMU_ATTR_KNOWN;

	attrs |= raw & ACCESSED ? MMU_ATTR_ACCESSED : 0;
	attrs |= raw & DIRTY ? MMU_ATTR_DIRTY : 0;
	attrs |= raw & SOFT_DIRTY ? MMU_ATTR_SOFT_DIRTY : 0;
	attrs |= raw & SPECIAL ? MMU_ATTR_SPECIAL : 0;
	if (!is_radix(regime) && raw & (is_4k(regime) ? BITS(57, 59) : BITS(56, 60)))
		attrs |= MMU_ATTR_KEYED;
	return attrs;
}

static const char *note_of(const struct mmu_regime *regime, uint64_t raw)
{
	if (is_radix(regime))
		return raw & ACCESSED ? NULL : "not young: hardware may fault at its first use";
	if (raw & BUSY)
		return "busy: it is just being put into the hashed table";
	if (!(raw & (is_4k(regime) ? HASHED_4K : HASHED_64K)))
		return "not in the hashed table: hardware faults at its next use";
	return NULL;
}

static void decode_leaf(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			struct mmu_entry *ret)
{
	static const uint8_t types[4] = { MMU_MEMORY_WRITEBACK, MMU_MEMORY_WRITEBACK,
					  MMU_MEMORY_DEVICE, MMU_MEMORY_COMBINING };
	uint64_t pa = raw & address_mask(regime, level);
	uint64_t inside = raw & PA_MASK & ~page_mask(regime, level) & ~(BIT(regime->page_lg2) - 1);

	if (inside) {
		bad(ret, inside, "a large page that is not aligned");
		return;
	}
	pa &= page_mask(regime, level) << run_of(regime, level);
	if (pa & ~regime->pa_mask) {
		bad(ret, pa & ~regime->pa_mask, "beyond the physical address bits");
		return;
	}
	ret->kind = MMU_KIND_LEAF;
	ret->run_lg2 = run_of(regime, level);
	ret->pa = pa;
	ret->rights = rights_of(raw);
	ret->attrs = attrs_of(regime, raw);
	ret->memory = types[(raw & ATT) >> 4];
	ret->note = note_of(regime, raw);
}

/* A pointer: of a radix tree it says how many bits the next index has. */
static void decode_table(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			 struct mmu_entry *ret)
{
	uint64_t pa = raw & ~NO_POINTER & ~(is_radix(regime) ? BITS(61, 62) : 0);

	if (level == PTE) {
		bad(ret, LEAF, "a pointer where only pages are");
	} else if (is_radix(regime) && (raw & BITS(0, 4)) != regime->shape[level - 1].index_bits) {
		bad(ret, BITS(0, 4), "NLS: the next table is not as large as Linux makes it");
	} else if (!is_radix(regime) && raw & BITS(0, 5)) {
		bad(ret, BITS(0, 5), "a directory of huge pages (hugepd), before 6.11");
	} else if (pa & ~regime->pa_mask) {
		bad(ret, pa & ~regime->pa_mask, "beyond the physical address bits");
	} else {
		ret->kind = MMU_KIND_TABLE;
		ret->rights = MMU_RIGHTS_ALL;
		ret->pa = pa;
	}
}

void ppc64_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		  uint64_t second, struct mmu_entry *ret)
{
	(void)second; /* where a hash keeps the slots of its subpages */
	memset(ret, 0, sizeof(*ret));
	if (!(raw & ~left_over(regime)))
		return;
	if (raw & VALID && !(raw & LEAF)) {
		decode_table(regime, level, raw, ret);
	} else if (level > PUD) {
		bad(ret, raw & (VALID | LEAF) ? raw & (VALID | LEAF) : raw,
		    "Linux keeps nothing but pointers at this level");
	} else if (raw & VALID && raw & RWX && !is_part(regime, level, raw)) {
		decode_leaf(regime, level, raw, ret);
	} else { /* also what hardware takes for valid: PROT_NONE */
		ret->kind = MMU_KIND_SOFTWARE;
		if (raw & VALID && raw & RWX)
			ret->note = "the same 4 KiB, 16 times (H_PAGE_4K_PFN)";
		if (is_split(regime, raw)) {
			ret->rights = rights_of(raw);
			ret->note = "just being split or changed";
		}
	}
}

/* ------------------------------------------------------------------ encode */

static bool encode_table(const struct mmu_regime *regime, unsigned int level,
			 const struct mmu_entry *entry, uint64_t *ret_raw)
{
	if (level == PTE || entry->run_lg2 || entry->rights != MMU_RIGHTS_ALL ||
	    entry->pa & (NO_POINTER | ~regime->pa_mask))
		return false;
	*ret_raw = entry->pa | VALID;
	if (is_radix(regime))
		*ret_raw |= regime->shape[level - 1].index_bits;
	return true;
}

bool ppc64_encode(const struct mmu_regime *regime, unsigned int level,
		  const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	uint8_t exec = entry->rights & EXECS, run = level > PUD ? 0 : run_of(regime, level);
	uint64_t pa = entry->pa & page_mask(regime, level) << run, raw = VALID | LEAF | ACCESSED;
	bool user = entry->rights & MMU_RIGHT_USER;

	if (entry->next_first || entry->next_count || entry->rights & ~MMU_RIGHTS_ALL)
		return false;
	if (entry->kind == MMU_KIND_TABLE) {
		if (!encode_table(regime, level, entry, &raw))
			return false;
	} else {
		if (entry->kind != MMU_KIND_LEAF || level > PUD || entry->run_lg2 != run ||
		    pa & ~(regime->pa_mask & address_mask(regime, level)) ||
		    (exec && exec != (user ? EXECS : MMU_RIGHT_EXEC_PRIV)))
			return false;
		raw |= pa | (entry->rights & MMU_RIGHT_READ ? READ : 0);
		raw |= entry->rights & MMU_RIGHT_WRITE ? WRITE | DIRTY : 0;
		raw |= (exec ? EXEC : 0) | (user ? 0 : PRIVILEGED);
		if (!(raw & RWX))
			return false;
	}
	*ret_raw = raw;
	*ret_second = 0;
	return true;
}

/* ------------------------------------------------------------------ explain, alike, audit */

/* asm/book3s/64/pgtable.h: __swp_type(), __swp_offset(). LEAF tells them from pointers. */
void ppc64_explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		   uint64_t second, struct mmu_software *ret)
{
	(void)second;
	memset(ret, 0, sizeof(*ret)); /* MMU_SOFTWARE_UNKNOWN */
	if (level > PUD || !(raw & LEAF) || (raw & VALID && raw & RWX))
		return;
	if (is_split(regime, raw) || raw & VALID || regime->half == MMU_HALF_KERNEL) {
		ret->kind = is_split(regime, raw) ? MMU_SOFTWARE_SPLIT : MMU_SOFTWARE_NONE;
		ret->pa = raw & address_mask(regime, level) & regime->pa_mask;
	} else if (!(raw & INVALID)) {
		ret->kind = MMU_SOFTWARE_SWAP;
		ret->type = (uint8_t)(raw & BITS(0, 4));
		ret->offset = (raw & PA_MASK) >> regime->page_lg2;
	}
}

bool ppc64_alike(const struct mmu_regime *regime, unsigned int level, struct mmu_alike *ret)
{
	if (level > PUD || regime->format->level[level].second_offset)
		return false;
	*ret = (struct mmu_alike){ .address = address_mask(regime, level) & regime->pa_mask,
				   .step = -page_mask(regime, level) };
	return true;
}

/* pmd_bad(), pud_bad(), p4d_bad() */
const char *ppc64_audit(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			uint64_t second, uint64_t *ret_mask)
{
	uint64_t wrong = is_radix(regime) ? BITS(61, 62) | BITS(5, 7) : BITS(0, 7);

	(void)second;
	if (level == PTE || !(raw & VALID) || raw & LEAF || !(raw & wrong))
		return NULL;
	*ret_mask = raw & wrong;
	return "pmd_bad() or pud_bad(): bits that no pointer has";
}
