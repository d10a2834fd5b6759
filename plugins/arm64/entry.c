/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Descriptors of AArch64 stage 1, every granule: README.md has the bits. */
#include <string.h>

#include "arm64.h"

/* ------------------------------------------------------------------ addresses */

static bool has_52_bits(const struct mmu_regime *regime)
{
	return regime->traits & (regime->page_lg2 == 16 ? LPA : LPA2);
}

/* Where a word has its address: most of it in its place, the top of a 52-bit one apart. */
static uint64_t plain_field(const struct mmu_regime *regime)
{
	return BITS(regime->page_lg2, has_52_bits(regime) && regime->page_lg2 < 16 ? 49 : 47);
}

static uint64_t top_field(const struct mmu_regime *regime)
{
	return !has_52_bits(regime) ? 0 : regime->page_lg2 == 16 ? BITS(12, 15) : BITS(8, 9);
}

/* From where the top bits lie in the word to where they lie in the address. */
static unsigned int up(const struct mmu_regime *regime)
{
	return regime->page_lg2 == 16 ? 36 : 42;
}

static uint64_t address_of(const struct mmu_regime *regime, uint64_t raw)
{
	return (raw & plain_field(regime)) | (raw & top_field(regime)) << up(regime);
}

static uint64_t word_of(const struct mmu_regime *regime, uint64_t pa)
{
	return (pa & plain_field(regime)) | (pa >> up(regime) & top_field(regime));
}

static uint64_t low_mask(const struct mmu_regime *regime, unsigned int level)
{
	return BIT(regime->shape[level].shift) - 1;
}

/* Blocks of the third level need 4 KiB pages or 52-bit addresses (D8.3.1). */
static bool may_map(const struct mmu_regime *regime, unsigned int level)
{
	return level < PUD || (level == PUD && (regime->page_lg2 == 12 || has_52_bits(regime)));
}

/* Entries that a contiguous bit at this level joins (D8.7.1). */
static uint8_t run_of(const struct mmu_regime *regime, unsigned int level)
{
	if (level > PMD)
		return 0;
	return regime->page_lg2 == 12 ? 4 : regime->page_lg2 == 14 && level == PTE ? 7 : 5;
}

/* ------------------------------------------------------------------ decode */

static uint8_t memory_of(const struct mmu_regime *regime, uint64_t raw)
{
	uint8_t type = (uint8_t)(regime->word[MAIR] >> 8 * (raw >> 2 & 7));

	if (!regime->word[MAIR])
		return MMU_MEMORY_UNKNOWN;
	if (!(type & 0xf0))
		return MMU_MEMORY_DEVICE;
	if (type == 0x44)
		return MMU_MEMORY_COMBINING;
	return (type >> 6) == 3 ? MMU_MEMORY_WRITEBACK : MMU_MEMORY_WRITETHROUGH;
}

static uint8_t rights_of(uint64_t raw)
{
	uint8_t rights = MMU_RIGHT_READ;

	if (raw & WRITE || !(raw & RDONLY))
		rights |= MMU_RIGHT_WRITE;
	if (raw & USER)
		rights |= MMU_RIGHT_USER;
	if (!(raw & UXN))
		rights |= MMU_RIGHT_EXEC;
	/* D8.4.1: what user mode may write the kernel may not run, whatever PXN says */
	if (!(raw & PXN) && !(raw & USER && rights & MMU_RIGHT_WRITE))
		rights |= MMU_RIGHT_EXEC_PRIV;
	return rights;
}

static uint8_t attrs_of(const struct mmu_regime *regime, unsigned int level, uint64_t raw)
{
	bool user = regime->half == MMU_HALF_USER;
	uint8_t attrs = MMU_ATTR_KNOWN;

	attrs |= raw & AF ? MMU_ATTR_ACCESSED : 0;
	attrs |= raw & DIRTY || (raw & WRITE && !(raw & RDONLY)) ? MMU_ATTR_DIRTY : 0;
	attrs |= raw & NG ? 0 : MMU_ATTR_GLOBAL;
	attrs |= raw & SPECIAL && level == PTE ? MMU_ATTR_SPECIAL : 0;
	attrs |= raw & UFFD_WP && user && !(regime->traits & OLD_NONE) ? MMU_ATTR_UFFD_WP : 0;
	attrs |= raw & POINDEX && user ? MMU_ATTR_KEYED : 0;
	return attrs;
}

static void decode_leaf(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			struct mmu_entry *ret)
{
	ret->kind = MMU_KIND_LEAF;
	ret->rights = rights_of(raw);
	ret->attrs = attrs_of(regime, level, raw);
	ret->memory = memory_of(regime, raw);
	ret->run_lg2 = raw & CONT ? run_of(regime, level) : 0;
	ret->pa = address_of(regime, raw) & ~(((low_mask(regime, level) + 1) << ret->run_lg2) - 1);
	if (!(raw & AF))
		ret->note = "not young: hardware may fault at its first use";
	else if (raw & WRITE && raw & RDONLY)
		ret->note = "clean: read-only for hardware until the first write";
}

static void decode_table(const struct mmu_regime *regime, uint64_t raw, struct mmu_entry *ret)
{
	uint8_t denied = raw & PXN_TABLE ? MMU_RIGHT_EXEC_PRIV : 0;

	denied |= raw & UXN_TABLE ? MMU_RIGHT_EXEC : 0;
	denied |= raw & NO_USER_TABLE ? MMU_RIGHT_USER : 0;
	denied |= raw & RDONLY_TABLE ? MMU_RIGHT_WRITE : 0;
	ret->kind = MMU_KIND_TABLE;
	ret->pa = address_of(regime, raw);
	ret->rights = MMU_RIGHTS_ALL & ~denied;
}

/* Does Linux still take a page for mapped, though it is not valid for hardware? pmd_mkinvalid() */
static bool is_split(const struct mmu_regime *regime, unsigned int level, uint64_t raw)
{
	if (level == PTE || !may_map(regime, level) || regime->half == MMU_HALF_KERNEL)
		return false;
	if (regime->traits & OLD_NONE)
		return (raw & (NONE58 | SPLIT59)) == SPLIT59;
	/* pte_protnone(): without access for user mode it is PROT_NONE */
	return raw & INVALID && (raw & USER || !(raw & UXN));
}

static void bad(struct mmu_entry *ret, uint64_t mask, const char *note)
{
	*ret = (struct mmu_entry){ .kind = MMU_KIND_BAD, .bad_mask = mask, .note = note };
}

static void decode_absent(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			  struct mmu_entry *ret)
{
	if (!raw)
		return;
	if (!may_map(regime, level)) {
		bad(ret, raw, "not valid, yet not 0: Linux keeps nothing at this level");
		return;
	}
	ret->kind = MMU_KIND_SOFTWARE;
	if (is_split(regime, level, raw)) {
		ret->rights = rights_of(raw);
		ret->note = "a huge page that is just being split";
	}
}

void arm64_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		  uint64_t second, struct mmu_entry *ret)
{
	bool leaf = level == PTE || !(raw & TABLE);
	uint64_t beyond;

	(void)second;
	memset(ret, 0, sizeof(*ret));
	if (!(raw & VALID)) {
		decode_absent(regime, level, raw, ret);
		return;
	}
	if (!(raw & TABLE) && (level == PTE || !may_map(regime, level))) {
		bad(ret, TABLE,
		    level ? "reserved: this level has no blocks" : "reserved: bits 1:0 are 01");
		return;
	}
	beyond = address_of(regime, raw) & ~regime->pa_mask;
	beyond &= leaf ? ~low_mask(regime, level) : UINT64_MAX;
	if (beyond)
		bad(ret, word_of(regime, beyond), "beyond the physical address bits");
	else if (leaf)
		decode_leaf(regime, level, raw, ret);
	else
		decode_table(regime, raw, ret);
}

void arm64_decode_first_attr(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			     uint64_t second, struct mmu_entry *ret)
{
	arm64_decode(regime, level, raw, second, ret);
	if (ret->kind == MMU_KIND_LEAF && raw & ATTR)
		bad(ret, ATTR, "another memory type");
}

/* ------------------------------------------------------------------ encode */

static bool encode_table(const struct mmu_regime *regime, unsigned int level,
			 const struct mmu_entry *entry, uint64_t *ret_raw)
{
	if (level == PTE || entry->run_lg2 || entry->pa & ~regime->pa_mask ||
	    entry->pa & ((UINT64_C(8) << regime->shape[level - 1].index_bits) - 1) ||
	    address_of(regime, word_of(regime, entry->pa)) != entry->pa)
		return false;
	*ret_raw = word_of(regime, entry->pa) | VALID | TABLE;
	*ret_raw |= entry->rights & MMU_RIGHT_EXEC_PRIV ? 0 : PXN_TABLE;
	*ret_raw |= entry->rights & MMU_RIGHT_EXEC ? 0 : UXN_TABLE;
	*ret_raw |= entry->rights & MMU_RIGHT_USER ? 0 : NO_USER_TABLE;
	*ret_raw |= entry->rights & MMU_RIGHT_WRITE ? 0 : RDONLY_TABLE;
	return true;
}

static bool encode_leaf(const struct mmu_regime *regime, unsigned int level,
			const struct mmu_entry *entry, uint64_t *ret_raw)
{
	const uint8_t user_data = MMU_RIGHT_USER | MMU_RIGHT_WRITE | MMU_RIGHT_EXEC_PRIV;
	uint64_t raw, pa = entry->pa & ~low_mask(regime, level);

	if (!may_map(regime, level) || pa & ~regime->pa_mask ||
	    (entry->run_lg2 && entry->run_lg2 != run_of(regime, level)) ||
	    (entry->rights & user_data) == user_data ||
	    address_of(regime, word_of(regime, pa)) != pa)
		return false;
	raw = word_of(regime, pa) | VALID | AF | (level == PTE ? TABLE : 0);
	raw |= entry->run_lg2 ? CONT : 0;
	raw |= entry->rights & MMU_RIGHT_WRITE ? WRITE | DIRTY : RDONLY;
	raw |= entry->rights & MMU_RIGHT_USER ? USER | NG : 0;
	raw |= entry->rights & MMU_RIGHT_EXEC ? 0 : UXN;
	raw |= entry->rights & MMU_RIGHT_EXEC_PRIV ? 0 : PXN;
	*ret_raw = raw;
	return true;
}

bool arm64_encode(const struct mmu_regime *regime, unsigned int level,
		  const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	if (entry->next_first || entry->next_count || !(entry->rights & MMU_RIGHT_READ) ||
	    entry->rights & ~MMU_RIGHTS_ALL ||
	    (entry->kind != MMU_KIND_TABLE && entry->kind != MMU_KIND_LEAF) ||
	    !(entry->kind == MMU_KIND_TABLE ? encode_table(regime, level, entry, ret_raw)
					    : encode_leaf(regime, level, entry, ret_raw)))
		return false;
	*ret_second = 0;
	return true;
}

/* ------------------------------------------------------------------ explain, alike */

/* asm/pgtable.h: __swp_type(), __swp_offset(). @return false: bits that no swap entry has */
static bool explain_swap(const struct mmu_regime *regime, uint64_t raw, struct mmu_software *ret)
{
	bool old = regime->traits & OLD_NONE, six = old && regime->traits & SWAP6;
	uint64_t others = BITS(0, 1) | (old ? BITS(59, 63) : BITS(4, 5) | BITS(62, 63));
	uint64_t type = six ? raw >> 2 & 63 : raw >> (old ? 3 : 6) & 31;

	if (raw & others || type > 31)
		return false;
	ret->kind = MMU_SOFTWARE_SWAP;
	ret->type = (uint8_t)type;
	ret->offset = raw >> (old ? 8 : 12) & (BIT(50) - 1);
	return true;
}

void arm64_explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		   uint64_t second, struct mmu_software *ret)
{
	bool split = is_split(regime, level, raw);
	bool none = raw & (regime->traits & OLD_NONE ? NONE58 : INVALID);

	(void)second;
	*ret = (struct mmu_software){ .kind = MMU_SOFTWARE_UNKNOWN };
	if (!may_map(regime, level))
		return;
	/* in the kernel's half set_memory_valid() clears VALID and leaves all else */
	if (split || none || regime->half == MMU_HALF_KERNEL) {
		ret->kind = split ? MMU_SOFTWARE_SPLIT : MMU_SOFTWARE_NONE;
		ret->pa = address_of(regime, raw) & ~low_mask(regime, level) & regime->pa_mask;
	} else {
		explain_swap(regime, raw, ret);
	}
}

bool arm64_alike(const struct mmu_regime *regime, unsigned int level, struct mmu_alike *ret)
{
	if (!may_map(regime, level))
		return false;
	*ret = (struct mmu_alike){
		.address = plain_field(regime) & regime->pa_mask & ~low_mask(regime, level),
		.step = low_mask(regime, level) + 1,
	};
	return true;
}
