/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * A prototype for tests: ARM's 64-bit format in two halves, with every granule, and no kernel.
 *
 * ARM DDI 0487, D8.3 (descriptors) and D8.6 (contiguous bit); pgtable-hwdef.h and pgtable-prot.h of
 * arch/arm64/include/asm for what Linux keeps in the bits that are its own.
 */
#include "mmuscope/arch.h"

enum {
	TRAIT_52 = 1 << 0,    /* 52-bit addresses: LPA2, or LPA of 64 KiB pages */
	TRAIT_SWAP3 = 1 << 1, /* software entries as before 6.10 */
};

#define BIT(n) (UINT64_C(1) << (n))
#define VALID BIT(0)
#define TABLE BIT(1) /* or, at level 0, a page */
#define USER BIT(6)
#define RDONLY BIT(7)
#define ACCESSED BIT(10)
#define NOT_GLOBAL BIT(11)
#define WRITE BIT(51) /* DBM: hardware clears RDONLY at the first write */
#define CONTIGUOUS BIT(52)
#define PXN BIT(53)
#define UXN BIT(54)
#define DIRTY BIT(55)
#define SPECIAL BIT(56)
#define UFFD_WP BIT(58)
#define PXN_TABLE BIT(59)
#define UXN_TABLE BIT(60)
#define NO_USER_TABLE BIT(61)
#define RDONLY_TABLE BIT(62)
#define OLD_NONE BIT(58)
#define OLD_SPLIT BIT(59)

#define LEAF_LEVELS 7u
#define TABLE_LEVELS 0x1eu
#define LEAF MMU_KINDS(MMU_KIND_LEAF)
#define TABLES MMU_KINDS(MMU_KIND_TABLE)

static const struct mmu_flag flags[] = {
	{ VALID, VALID, 0, "VALID", NULL, "hardware looks at it", 0, 0, 0x1f, LEAF | TABLES, 0, 0 },
	{ 7u << 2, 0, 0, "ATTR", NULL, "memory type: byte of MAIR", 0, 0, LEAF_LEVELS, LEAF, 1, 0 },
	{ USER, USER, 0, "USER", NULL, "user mode may", 0, 0, LEAF_LEVELS, LEAF, 0, 0 },
	{ RDONLY, RDONLY, 0, "RDONLY", NULL, "hardware: no writes", 0, 0, LEAF_LEVELS, LEAF, 0, 0 },
	{ 3u << 8, 0, 0, "SH", NULL, "shareability", 0, TRAIT_52, LEAF_LEVELS, LEAF, 1, 0 },
	{ ACCESSED, ACCESSED, 0, "AF", NULL, "was used", 0, 0, LEAF_LEVELS, LEAF, 0, 0 },
	{ NOT_GLOBAL, NOT_GLOBAL, 0, "NG", NULL, "of one ASID", 0, 0, LEAF_LEVELS, LEAF, 0, 0 },
	{ WRITE, WRITE, 0, "WRITE", NULL, "Linux: may write (DBM)", 0, 0, LEAF_LEVELS, LEAF, 0, 0 },
	{ CONTIGUOUS, CONTIGUOUS, 0, "CONT", NULL, "one of a run", 0, 0, 3, LEAF, 0, 0 },
	{ PXN, PXN, 0, "PXN", NULL, "not for the kernel to run", 0, 0, LEAF_LEVELS, LEAF, 0, 0 },
	{ UXN, UXN, 0, "UXN", NULL, "not for user mode to run", 0, 0, LEAF_LEVELS, LEAF, 0, 0 },
	{ DIRTY, DIRTY, 0, "DIRTY", NULL, "was written to", 0, 0, LEAF_LEVELS, LEAF, 0, 1 },
	{ SPECIAL, SPECIAL, 0, "SPECIAL", NULL, "no struct page", 0, 0, 1, LEAF, 0, 1 },
	{ UFFD_WP, UFFD_WP, 0, "UFFD_WP", NULL, "userfaultfd", 0, TRAIT_SWAP3, 3, LEAF, 0, 1 },
	{ PXN_TABLE, PXN_TABLE, 0, "PXN", NULL, "as PXN of all below", 0, 0, TABLE_LEVELS, TABLES,
	  0, 0 },
	{ UXN_TABLE, UXN_TABLE, 0, "UXN", NULL, "as UXN of all below", 0, 0, TABLE_LEVELS, TABLES,
	  0, 0 },
};

/* ------------------------------------------------------------------ addresses */

static uint64_t bits(unsigned int high, unsigned int low)
{
	return (BIT(high) << 1) - BIT(low);
}

/* Where a word has its address: most of it in its place, the top of a 52-bit one apart. */
static uint64_t plain_field(const struct mmu_regime *regime)
{
	bool apart = regime->page_lg2 == 16 || !(regime->traits & TRAIT_52);

	return bits(apart ? 47 : 49, regime->page_lg2);
}

static uint64_t top_field(const struct mmu_regime *regime)
{
	return !(regime->traits & TRAIT_52) ? 0
	       : regime->page_lg2 == 16     ? bits(15, 12)
					    : bits(9, 8);
}

static uint64_t address_of(const struct mmu_regime *regime, uint64_t raw)
{
	unsigned int up = regime->page_lg2 == 16 ? 36 : 42;

	return (raw & plain_field(regime)) | (raw & top_field(regime)) << up;
}

static uint64_t word_of(const struct mmu_regime *regime, uint64_t pa)
{
	unsigned int up = regime->page_lg2 == 16 ? 36 : 42;

	return (pa & plain_field(regime)) | (pa >> up & top_field(regime));
}

static uint64_t low_mask(const struct mmu_regime *regime, unsigned int level)
{
	return BIT(regime->shape[level].shift) - 1;
}

/* Blocks of the third level need 4 KiB pages or 52-bit addresses. */
static bool may_map(const struct mmu_regime *regime, unsigned int level)
{
	return level < 2 || (level == 2 && (regime->page_lg2 == 12 || regime->traits & TRAIT_52));
}

/* Entries that a contiguous bit at this level joins. */
static uint8_t run_of(const struct mmu_regime *regime, unsigned int level)
{
	return level > 1                ? 0
	       : regime->page_lg2 == 12 ? 4
	       : regime->page_lg2 == 14 ? (level ? 5 : 7)
					: 5;
}

/* ------------------------------------------------------------------ entries */

static uint8_t memory_of(const struct mmu_regime *regime, uint64_t raw)
{
	uint8_t type = (uint8_t)(regime->word[0] >> 8 * (raw >> 2 & 7));

	if (!regime->word[0]) /* MAIR is not known */
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
	/* what user mode may write the kernel may not run, whatever PXN says */
	if (!(raw & PXN) && !(raw & USER && rights & MMU_RIGHT_WRITE))
		rights |= MMU_RIGHT_EXEC_PRIV;
	return rights;
}

static uint8_t attrs_of(const struct mmu_regime *regime, unsigned int level, uint64_t raw)
{
	uint8_t attrs = MMU_ATTR_KNOWN;

	attrs |= raw & ACCESSED ? MMU_ATTR_ACCESSED : 0;
	attrs |= raw & DIRTY || (raw & WRITE && !(raw & RDONLY)) ? MMU_ATTR_DIRTY : 0;
	attrs |= raw & NOT_GLOBAL ? 0 : MMU_ATTR_GLOBAL;
	attrs |= raw & SPECIAL && level == 0 ? MMU_ATTR_SPECIAL : 0;
	attrs |= raw & UFFD_WP && level < 2 && !(regime->traits & TRAIT_SWAP3) ? MMU_ATTR_UFFD_WP
									       : 0;
	return attrs;
}

static void bad(struct mmu_entry *ret, uint64_t mask, const char *note)
{
	*ret = (struct mmu_entry){ .kind = MMU_KIND_BAD, .bad_mask = mask, .note = note };
}

/*
 * A huge page that is being split. 6.10 moved everything: NOT_GLOBAL without VALID is that, or a
 * page without access, which grants nothing.
 */
static bool is_split(const struct mmu_regime *regime, unsigned int level, uint64_t raw)
{
	if (level == 0 || !may_map(regime, level))
		return false;
	if (regime->traits & TRAIT_SWAP3)
		return !(raw & OLD_NONE) && raw & OLD_SPLIT;
	return raw & NOT_GLOBAL && (raw & USER || !(raw & UXN));
}

static void decode_leaf(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			struct mmu_entry *ret)
{
	ret->kind = MMU_KIND_LEAF;
	ret->rights = rights_of(raw);
	ret->attrs = attrs_of(regime, level, raw);
	ret->memory = memory_of(regime, raw);
	ret->run_lg2 = raw & CONTIGUOUS ? run_of(regime, level) : 0;
	ret->pa = address_of(regime, raw) & ~(((low_mask(regime, level) + 1) << ret->run_lg2) - 1);
	if (!(raw & ACCESSED))
		ret->note = "not young: hardware may fault at its first use";
	else if (raw & WRITE && raw & RDONLY)
		ret->note = "clean: read-only for hardware until the first write";
}

static void decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		   uint64_t second, struct mmu_entry *ret)
{
	uint64_t beyond;

	*ret = (struct mmu_entry){ .kind = MMU_KIND_EMPTY };
	if (!raw)
		return;
	if (!(raw & VALID)) {
		ret->kind = MMU_KIND_SOFTWARE;
		ret->rights = is_split(regime, level, raw) ? rights_of(raw) : 0;
		return;
	}
	if (!(raw & TABLE) && (level == 0 || !may_map(regime, level))) {
		bad(ret, TABLE, level ? "no blocks at this level" : "reserved: not a page");
		return;
	}
	beyond = address_of(regime, raw) & ~regime->pa_mask;
	if (level > 0 && !(raw & TABLE))
		beyond &= ~low_mask(regime, level);
	if (beyond) {
		bad(ret, word_of(regime, beyond), "beyond the physical address bits");
		return;
	}
	if (level == 0 || !(raw & TABLE)) {
		decode_leaf(regime, level, raw, ret);
		return;
	}
	ret->kind = MMU_KIND_TABLE;
	ret->pa = address_of(regime, raw);
	ret->rights = MMU_RIGHTS_ALL;
	ret->rights &= (uint8_t) ~(raw & PXN_TABLE ? MMU_RIGHT_EXEC_PRIV : 0);
	ret->rights &= (uint8_t) ~(raw & UXN_TABLE ? MMU_RIGHT_EXEC : 0);
	ret->rights &= (uint8_t) ~(raw & NO_USER_TABLE ? MMU_RIGHT_USER : 0);
	ret->rights &= (uint8_t) ~(raw & RDONLY_TABLE ? MMU_RIGHT_WRITE : 0);
}

static bool encode_table(const struct mmu_regime *regime, unsigned int level,
			 const struct mmu_entry *entry, uint64_t *ret_raw)
{
	unsigned int below = regime->shape[level ? level - 1 : 0].index_bits;

	if (level == 0 || entry->run_lg2 || entry->pa & ~regime->pa_mask ||
	    entry->pa & (((uint64_t)8 << below) - 1) ||
	    address_of(regime, word_of(regime, entry->pa)) != entry->pa)
		return false;
	*ret_raw = word_of(regime, entry->pa) | VALID | TABLE;
	*ret_raw |= entry->rights & MMU_RIGHT_EXEC_PRIV ? 0 : PXN_TABLE;
	*ret_raw |= entry->rights & MMU_RIGHT_EXEC ? 0 : UXN_TABLE;
	*ret_raw |= entry->rights & MMU_RIGHT_USER ? 0 : NO_USER_TABLE;
	*ret_raw |= entry->rights & MMU_RIGHT_WRITE ? 0 : RDONLY_TABLE;
	return true;
}

static bool encode(const struct mmu_regime *regime, unsigned int level,
		   const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	const uint8_t user_data = MMU_RIGHT_USER | MMU_RIGHT_WRITE | MMU_RIGHT_EXEC_PRIV;
	uint64_t raw, pa = entry->pa & ~low_mask(regime, level);

	if (entry->next_first || entry->next_count || !(entry->rights & MMU_RIGHT_READ))
		return false;
	if (entry->kind == MMU_KIND_TABLE) {
		if (!encode_table(regime, level, entry, ret_raw))
			return false;
		*ret_second = 0;
		return true;
	}
	if (entry->kind != MMU_KIND_LEAF || !may_map(regime, level) || pa & ~regime->pa_mask ||
	    (entry->run_lg2 && entry->run_lg2 != run_of(regime, level)) ||
	    (entry->rights & user_data) == user_data ||
	    address_of(regime, word_of(regime, pa)) != pa)
		return false;
	raw = word_of(regime, pa) | VALID | ACCESSED | (level ? 0 : TABLE);
	raw |= entry->run_lg2 ? CONTIGUOUS : 0;
	raw |= entry->rights & MMU_RIGHT_WRITE ? WRITE | DIRTY : RDONLY;
	raw |= entry->rights & MMU_RIGHT_USER ? USER | NOT_GLOBAL : 0;
	raw |= entry->rights & MMU_RIGHT_EXEC ? 0 : UXN;
	raw |= entry->rights & MMU_RIGHT_EXEC_PRIV ? 0 : PXN;
	*ret_raw = raw;
	*ret_second = 0;
	return true;
}

static void explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		    uint64_t second, struct mmu_software *ret)
{
	bool old = regime->traits & TRAIT_SWAP3, split = is_split(regime, level, raw);

	*ret = (struct mmu_software){ .kind = MMU_SOFTWARE_UNKNOWN };
	if (!may_map(regime, level))
		return;
	if (split || raw & (old ? OLD_NONE : NOT_GLOBAL)) {
		ret->kind = split ? MMU_SOFTWARE_SPLIT : MMU_SOFTWARE_NONE;
		ret->pa = address_of(regime, raw) & ~low_mask(regime, level) & regime->pa_mask;
	} else if (!(raw & TABLE)) {
		ret->kind = MMU_SOFTWARE_SWAP;
		ret->type = raw >> (old ? 3 : 6) & 31;
		ret->offset = raw >> (old ? 8 : 12) & (BIT(50) - 1);
	}
}

static bool alike(const struct mmu_regime *regime, unsigned int level, struct mmu_alike *ret)
{
	if (!may_map(regime, level))
		return false;
	*ret = (struct mmu_alike){
		.address = plain_field(regime) & regime->pa_mask & ~low_mask(regime, level),
		.step = low_mask(regime, level) + 1,
	};
	return true;
}

static const struct mmu_level levels[] = {
	{ .name = "PTE", .may_be_leaf = true, .run_lg2 = 7 },
	{ .name = "PMD", .may_be_leaf = true, .run_lg2 = 5 },
	{ .name = "PUD", .may_be_leaf = true },
	{ .name = "P4D" },
	{ .name = "PGD" },
};

static const struct mmu_format format = {
	.size = sizeof(struct mmu_format),
	.name = "vmsa64",
	.title = "AArch64 stage 1, every granule (DDI 0487, D8.3)",
	.entry_bytes = 8,
	.slot_bytes = 8,
	.nr_levels = 5,
	.level = levels,
	.flags = flags,
	.nr_flags = sizeof(flags) / sizeof(flags[0]),
	.decode = decode,
	.encode = encode,
	.explain = explain,
	.alike = alike,
};
static const struct mmu_format *const formats[] = { &format };

/* ------------------------------------------------------------------ samples */

/* Level n of a granule of 2^g bytes, which translates `va` bits in all. */
#define SHIFT(g, n) ((g) + ((g)-3) * (n))
#define INDEX(g, va, n) ((va)-SHIFT(g, n) < (g)-3 ? (va)-SHIFT(g, n) : (g)-3)
#define SHAPE(g, va, n)                                                                            \
	{                                                                                          \
		SHIFT(g, n) < (va) ? SHIFT(g, n) : 0, SHIFT(g, n) < (va) ? INDEX(g, va, n) : 0     \
	}
#define HALF(g, va, pa, trait, half_name, first, ignored, which)                                   \
	{                                                                                          \
		.size = sizeof(struct mmu_regime), .traits = (trait), .format = &format,           \
		.name = half_name, .first_va = (first), .last_va = (first) + (BIT(va) - 1),        \
		.ignored_va = (ignored), .pa_mask = BIT(pa) - 1, .page_lg2 = (g),                  \
		.top_level = ((va)-4) / ((g)-3) - 1, .rights = MMU_RIGHTS_ALL,                     \
		.view = MMU_VIEW_BOTH, .half = (which),                                            \
		.shape = { SHAPE(g, va, 0), SHAPE(g, va, 1), SHAPE(g, va, 2), SHAPE(g, va, 3),     \
			   SHAPE(g, va, 4) },                                                      \
	}

/* User pointers may carry tags in their top byte (TBI0); the kernel's may not. */
#define SAMPLE(id, sample_name, g, va, pa, trait)                                                  \
	static const struct mmu_regime id##_user = HALF(g, va, pa, trait, "TTBR0", 0,              \
							UINT64_C(0xff) << 56, MMU_HALF_USER);      \
	static const struct mmu_regime id##_kernel = HALF(g, va, pa, trait, "TTBR1", -BIT(va), 0,  \
							  MMU_HALF_KERNEL);                        \
	static const struct mmu_regime *const id##_regimes[] = { &id##_user, &id##_kernel };       \
	static const struct mmu_sample id = { sizeof(struct mmu_sample), sample_name,              \
					      id##_regimes, 2 }

SAMPLE(s4k48, "4k-48", 12, 48, 48, 0);
SAMPLE(s4k39, "4k-39", 12, 39, 48, 0);
SAMPLE(s4k52, "4k-52", 12, 52, 52, TRAIT_52);
SAMPLE(s16k47, "16k-47", 14, 47, 48, 0);
SAMPLE(s16k52, "16k-52", 14, 52, 52, TRAIT_52);
SAMPLE(s64k42, "64k-42", 16, 42, 48, 0);
SAMPLE(s64k48, "64k-48", 16, 48, 48, 0);
SAMPLE(s64k52, "64k-52", 16, 52, 52, TRAIT_52);

static const struct mmu_sample *const samples[] = { &s4k48,  &s4k39,  &s4k52,  &s16k47,
						    &s16k52, &s64k42, &s64k48, &s64k52 };

static const struct mmu_trait traits[] = {
	{ TRAIT_52, "lpa2", "52-bit physical addresses" },
	{ TRAIT_SWAP3, "swap3", "swap types from bit 3, PROT_NONE in bit 58: before 6.10" },
};

__attribute__((visibility("default"))) const struct mmu_arch mmu_arch_plugin = {
	.abi = MMU_ARCH_ABI,
	.size = sizeof(struct mmu_arch),
	.name = "arm64_like",
	.title = "a prototype of AArch64, for tests",
	.formats = formats,
	.nr_formats = 1,
	.samples = samples,
	.nr_samples = sizeof(samples) / sizeof(samples[0]),
	.traits = traits,
	.nr_traits = sizeof(traits) / sizeof(traits[0]),
};
