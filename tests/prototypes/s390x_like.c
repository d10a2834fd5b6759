/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * A prototype for tests: the tables of s390x, where 0 maps a page and nothing says "user".
 *
 * z/Architecture Principles of Operation, SA22-7832, chapter 3 (dynamic address translation);
 * arch/s390/include/asm/pgtable.h for what Linux keeps in the bits that are its own.
 */
#include "mmuscope/arch.h"

enum {
	TRAIT_HIGH_RW = 1 << 0
}; /* large entries have READ and WRITE in bits 14 and 15: from 6.14 */

#define PROTECT 0x200u
#define NOEXEC 0x100u

/* Of page table entries. */
#define INVALID 0x400u
#define ZERO 0x800u
#define PRESENT 0x001u
#define SOFT_DIRTY 0x002u
#define YOUNG 0x004u
#define DIRTY 0x008u
#define READ 0x010u
#define WRITE 0x020u
#define SPECIAL 0x040u

/* Of segment and region table entries. */
#define LARGE 0x400u
#define UP_INVALID 0x020u
#define COMMON 0x010u
#define TYPE 0x00cu
#define FIRST 0x0c0u  /* where the next table begins, in quarters */
#define LENGTH 0x003u /* and its last quarter */
#define UP_YOUNG 0x1000u
#define UP_DIRTY 0x2000u

#define QUARTER 512u /* entries */
#define DATA (MMU_RIGHT_READ | MMU_RIGHT_USER)
#define EXEC (MMU_RIGHT_EXEC | MMU_RIGHT_EXEC_PRIV)

#define LEAF MMU_KINDS(MMU_KIND_LEAF)
#define TABLES MMU_KINDS(MMU_KIND_TABLE)

static const struct mmu_flag flags[] = {
	{ INVALID, INVALID, 0, "INVALID", NULL, "not for hardware", 0, 0, 1, LEAF, 0, 0 },
	{ PROTECT, PROTECT, 0, "PROTECT", NULL, "hardware: no writes", 0, 0, 0x1f, LEAF | TABLES, 0,
	  0 },
	{ NOEXEC, NOEXEC, 0, "NOEXEC", NULL, "not to be run", 0, 0, 7, LEAF, 0, 0 },
	{ PRESENT, PRESENT, 0, "PRESENT", NULL, "Linux: a page", 0, 0, 1, LEAF, 0, 1 },
	{ SOFT_DIRTY, SOFT_DIRTY, 0, "SOFT_DIRTY", NULL, "was written to", 0, 0, 1, LEAF, 0, 1 },
	{ YOUNG, YOUNG, 0, "YOUNG", NULL, "was used", 0, 0, 1, LEAF, 0, 1 },
	{ DIRTY, DIRTY, 0, "DIRTY", NULL, "was written to", 0, 0, 1, LEAF, 0, 1 },
	{ READ, READ, 0, "READ", NULL, "Linux: may read", 0, 0, 1, LEAF, 0, 1 },
	{ WRITE, WRITE, 0, "WRITE", NULL, "Linux: may write", 0, 0, 1, LEAF, 0, 1 },
	{ SPECIAL, SPECIAL, 0, "SPECIAL", NULL, "no struct page", 0, 0, 1, LEAF, 0, 1 },
	{ LARGE, LARGE, 0, "LARGE", NULL, "maps memory itself", 0, 0, 6, LEAF, 0, 0 },
	{ UP_INVALID, UP_INVALID, 0, "INVALID", NULL, "not for hardware", 0, 0, 6, LEAF, 0, 0 },
	{ UP_YOUNG, UP_YOUNG, 0, "YOUNG", NULL, "was used", 0, 0, 6, LEAF, 0, 1 },
	{ UP_DIRTY, UP_DIRTY, 0, "DIRTY", NULL, "was written to", 0, 0, 6, LEAF, 0, 1 },
	{ TYPE, 0, 0, "TYPE", NULL, "level of the table", 0, 0, 0x1e, LEAF | TABLES, 1, 0 },
	{ FIRST, 0, 0, "FIRST", NULL, "first quarter of the next table", 0, 0, 0x1c, TABLES, 1, 0 },
	{ LENGTH, 0, 0, "LENGTH", NULL, "last quarter of the next table", 0, 0, 0x1c, TABLES, 1,
	  0 },
};

/* The same questions to both kinds of leaves. */
struct leaf {
	bool invalid, read, write, young, dirty, soft_dirty, special, by_linux;
};

static struct leaf leaf_of(const struct mmu_regime *regime, unsigned int level, uint64_t raw)
{
	bool high = regime->traits & TRAIT_HIGH_RW;

	if (level == 0)
		return (struct leaf){
			raw & INVALID, raw & READ,       raw & WRITE,   raw & YOUNG,
			raw & DIRTY,   raw & SOFT_DIRTY, raw & SPECIAL, raw & PRESENT
		};
	return (struct leaf){
		.invalid = raw & UP_INVALID,
		.read = raw & (high ? 0x4000u : 1u),
		.write = raw & (high ? 0x8000u : 2u),
		.young = raw & UP_YOUNG,
		.dirty = raw & UP_DIRTY,
		.soft_dirty = raw & (high ? 2u : 0x4000u),
		.by_linux = true,
	};
}

static uint64_t page_mask(const struct mmu_regime *regime, unsigned int level)
{
	return ~(((uint64_t)1 << regime->shape[level].shift) - 1);
}

static unsigned int type_of(unsigned int level)
{
	return (level - 1) << 2;
}

static void bad(struct mmu_entry *ret, uint64_t mask, const char *note)
{
	*ret = (struct mmu_entry){ .kind = MMU_KIND_BAD, .bad_mask = mask, .note = note };
}

/* What is invalid for hardware is a page to Linux, if it may be read: it is just not young. */
static void decode_leaf(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			struct mmu_entry *ret)
{
	const struct leaf leaf = leaf_of(regime, level, raw);

	if (leaf.invalid && !(leaf.by_linux && leaf.read)) {
		ret->kind = MMU_KIND_SOFTWARE;
		return;
	}
	ret->kind = MMU_KIND_LEAF;
	ret->pa = raw & page_mask(regime, level);
	ret->rights = DATA | (raw & NOEXEC ? 0 : EXEC);
	if (leaf.write || !(raw & PROTECT))
		ret->rights |= MMU_RIGHT_WRITE;
	ret->attrs = leaf.by_linux ? MMU_ATTR_KNOWN : 0;
	ret->attrs |= leaf.young ? MMU_ATTR_ACCESSED : 0;
	ret->attrs |= leaf.dirty ? MMU_ATTR_DIRTY : 0;
	ret->attrs |= leaf.soft_dirty ? MMU_ATTR_SOFT_DIRTY : 0;
	ret->attrs |= leaf.special ? MMU_ATTR_SPECIAL : 0;
	ret->memory = MMU_MEMORY_WRITEBACK;
	if (leaf.invalid)
		ret->note = "not young: invalid for hardware until its next use";
	else if (!leaf.by_linux)
		ret->note = "valid for hardware, and no page that Linux made";
	else if (leaf.write && raw & PROTECT)
		ret->note = "clean: read-only for hardware until the first write";
	if (ret->pa & ~regime->pa_mask)
		bad(ret, ret->pa & ~regime->pa_mask, "beyond the physical address bits");
}

static void decode_table(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			 struct mmu_entry *ret)
{
	unsigned int first = (raw & FIRST) >> 6, last = raw & LENGTH;

	ret->kind = MMU_KIND_TABLE;
	ret->pa = raw & (level == 1 ? ~(uint64_t)0x7ff : ~(uint64_t)0xfff);
	ret->rights = DATA | EXEC | (raw & PROTECT ? 0 : MMU_RIGHT_WRITE);
	if (ret->pa & ~regime->pa_mask) {
		bad(ret, ret->pa & ~regime->pa_mask, "beyond the physical address bits");
	} else if (level > 1 && first > last) {
		bad(ret, FIRST | LENGTH, "the next table ends before it begins");
	} else if (level > 1 && (first > 0 || last < 3)) {
		ret->next_first = first * QUARTER;
		ret->next_count = (last - first + 1) * QUARTER;
	}
}

static void decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		   uint64_t second, struct mmu_entry *ret)
{
	*ret = (struct mmu_entry){ .kind = MMU_KIND_EMPTY };
	if (raw == (level ? UP_INVALID | type_of(level) : INVALID))
		return;
	if (level == 0 && !(raw & INVALID) && raw & ZERO)
		bad(ret, ZERO, "must be 0");
	else if (level == 0)
		decode_leaf(regime, level, raw, ret);
	else if (!(raw & UP_INVALID) && (raw & TYPE) != type_of(level))
		bad(ret, TYPE, "an entry of another level");
	else if (level < 3 && raw & LARGE)
		decode_leaf(regime, level, raw, ret);
	else if (raw & UP_INVALID)
		ret->kind = MMU_KIND_SOFTWARE;
	else
		decode_table(regime, level, raw, ret);
}

static bool encode_table(const struct mmu_regime *regime, unsigned int level,
			 const struct mmu_entry *entry, uint64_t *ret_raw)
{
	uint64_t first = entry->next_first, count = entry->next_count;
	bool whole = !first && !count;

	if (level == 0 || entry->run_lg2 || (entry->rights | MMU_RIGHT_WRITE) != MMU_RIGHTS_ALL ||
	    entry->pa & ~regime->pa_mask || entry->pa & (level == 1 ? 0x7ff : 0xfff))
		return false;
	if (!whole && (level == 1 || first % QUARTER || count % QUARTER || !count ||
		       first > 3 * QUARTER || count > 4 * QUARTER - first || count == 4 * QUARTER))
		return false;
	*ret_raw = entry->pa | type_of(level);
	if (level > 1)
		*ret_raw |= first / QUARTER << 6 | (whole ? 3 : (first + count) / QUARTER - 1);
	*ret_raw |= level == 1 && regime->traits & TRAIT_HIGH_RW ? 1u : 0;
	*ret_raw |= entry->rights & MMU_RIGHT_WRITE ? 0 : PROTECT;
	return true;
}

static uint64_t leaf_word(const struct mmu_regime *regime, unsigned int level, bool write)
{
	bool high = regime->traits & TRAIT_HIGH_RW;

	if (level == 0)
		return PRESENT | READ | YOUNG | (write ? WRITE | DIRTY : PROTECT);
	return LARGE | UP_YOUNG | type_of(level) | (high ? 0x4001u : 1u) |
	       (write ? UP_DIRTY | (high ? 0x8000u : 2u) : PROTECT);
}

static bool encode(const struct mmu_regime *regime, unsigned int level,
		   const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	uint64_t pa = entry->pa & page_mask(regime, level);
	uint8_t exec = entry->rights & EXEC;

	if (entry->kind == MMU_KIND_TABLE) {
		if (!encode_table(regime, level, entry, ret_raw))
			return false;
		*ret_second = 0;
		return true;
	}
	if (entry->kind != MMU_KIND_LEAF || level > 2 || entry->run_lg2 || entry->next_first ||
	    entry->next_count || pa & ~regime->pa_mask || (entry->rights & DATA) != DATA ||
	    (exec && exec != EXEC))
		return false;
	*ret_raw = pa | leaf_word(regime, level, entry->rights & MMU_RIGHT_WRITE) |
		   (exec ? 0 : NOEXEC);
	*ret_second = 0;
	return true;
}

static void explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		    uint64_t second, struct mmu_software *ret)
{
	bool page = level == 0 && raw & PRESENT, large = level > 0 && level < 3 && raw & LARGE;
	bool swap = level == 0 ? (raw & (PRESENT | PROTECT)) == PROTECT
			       : level < 3 && (raw & (PRESENT | COMMON)) == COMMON;

	*ret = (struct mmu_software){ .kind = MMU_SOFTWARE_UNKNOWN };
	if (page || large) {
		ret->kind = MMU_SOFTWARE_NONE;
		ret->pa = raw & page_mask(regime, level) & regime->pa_mask;
	} else if (swap) {
		ret->kind = MMU_SOFTWARE_SWAP;
		ret->type = raw >> (level ? 6 : 2) & 31;
		ret->offset = raw >> 12;
	}
}

static bool alike(const struct mmu_regime *regime, unsigned int level, struct mmu_alike *ret)
{
	if (level > 2)
		return false;
	*ret = (struct mmu_alike){ .address = page_mask(regime, level) & regime->pa_mask,
				   .step = -page_mask(regime, level) };
	return true;
}

static const struct mmu_level levels[] = {
	{ .name = "PTE", .may_be_leaf = true },
	{ .name = "PMD", .may_be_leaf = true },
	{ .name = "PUD", .may_be_leaf = true },
	{ .name = "P4D" },
	{ .name = "PGD" },
};

static const struct mmu_format format = {
	.size = sizeof(struct mmu_format),
	.name = "dat",
	.title = "z/Architecture region, segment and page tables (SA22-7832, chapter 3)",
	.entry_bytes = 8,
	.slot_bytes = 8,
	.big_endian = true,
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

/*
 * User and kernel both begin at 0, in spaces of their own. Entries don't say whose pages they map:
 * what the other mode may not do is missing in the regime's rights.
 */
#define USER_RIGHTS (MMU_RIGHTS_ALL & ~MMU_RIGHT_EXEC_PRIV)
#define KERNEL_RIGHTS (MMU_RIGHT_READ | MMU_RIGHT_WRITE | MMU_RIGHT_EXEC_PRIV)

#define SAMPLE(id, sample_name, top, last, granted, which)                                         \
	static const struct mmu_regime id##_regime = {                                             \
		.size = sizeof(struct mmu_regime),                                                 \
		.format = &format,                                                                 \
		.name = sample_name,                                                               \
		.last_va = (last),                                                                 \
		.pa_mask = UINT64_MAX,                                                             \
		.page_lg2 = 12,                                                                    \
		.top_level = (top),                                                                \
		.rights = (granted),                                                               \
		.half = (which),                                                                   \
		.shape = { { 12, 8 }, { 20, 11 }, { 31, 11 }, { 42, 11 }, { 53, 11 } },            \
	};                                                                                         \
	static const struct mmu_regime *const id##_regimes[] = { &id##_regime };                   \
	static const struct mmu_sample id = { sizeof(struct mmu_sample), sample_name,              \
					      id##_regimes, 1 }

SAMPLE(s2, "2level", 1, (UINT64_C(1) << 31) - 1, USER_RIGHTS, MMU_HALF_USER);
SAMPLE(s3, "3level", 2, (UINT64_C(1) << 42) - 1, USER_RIGHTS, MMU_HALF_USER);
SAMPLE(s4, "4level", 3, (UINT64_C(1) << 53) - 1, USER_RIGHTS, MMU_HALF_USER);
SAMPLE(s5, "5level", 4, UINT64_MAX, USER_RIGHTS, MMU_HALF_USER);
SAMPLE(kernel, "kernel", 2, (UINT64_C(1) << 42) - 1, KERNEL_RIGHTS, MMU_HALF_KERNEL);
/* half a region table, as an ASCE may say */
SAMPLE(half, "short", 2, (UINT64_C(1) << 41) - 1, USER_RIGHTS, MMU_HALF_USER);

static const struct mmu_sample *const samples[] = { &s3, &s2, &s4, &s5, &kernel, &half };

static const struct mmu_trait traits[] = {
	{ TRAIT_HIGH_RW, "high-rw", "READ and WRITE of large entries in bits 14 and 15" },
};

__attribute__((visibility("default"))) const struct mmu_arch mmu_arch_plugin = {
	.abi = MMU_ARCH_ABI,
	.size = sizeof(struct mmu_arch),
	.name = "s390x_like",
	.title = "a prototype of s390x, for tests",
	.formats = formats,
	.nr_formats = 1,
	.samples = samples,
	.nr_samples = sizeof(samples) / sizeof(samples[0]),
	.traits = traits,
	.nr_traits = sizeof(traits) / sizeof(traits[0]),
};
