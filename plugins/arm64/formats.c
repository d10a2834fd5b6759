/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Bits, levels and regimes of AArch64 as Linux has them; README.md has the sections. */
#include "arm64.h"

/* clang-format off */
#define LV_PTE   (1u << PTE)
#define LV_LARGE (1u << PMD | 1u << PUD)
#define LV_LEAF  (LV_PTE | LV_LARGE)
#define LV_TABLE 0x1eu
#define K_LEAF   (MMU_KINDS(MMU_KIND_LEAF) | MMU_KINDS(MMU_KIND_BAD))
#define K_TABLE  MMU_KINDS(MMU_KIND_TABLE)
#define K_SOFT   MMU_KINDS(MMU_KIND_SOFTWARE)
#define IN_USER   (1 << MMU_HALF_USER)
#define IN_KERNEL (1 << MMU_HALF_KERNEL)

/* What a valid entry says; `sw` is what hardware ignores. */
#define ROW(mask, value, lv, k, if_, no, sw, halves, name, what) \
	{ mask, value, 0, name, NULL, what, if_, no, lv, k, false, sw, halves }
/* What is left of it without VALID: by PROT_NONE, while it is split, or in the kernel's own map. */
#define KEPT_NO(no, mask, value, lv, name, what) \
	ROW((mask) | NONE58, (value) | NONE58, lv, K_SOFT, OLD_NONE, no, true, IN_USER, name, \
	    what), \
	ROW((mask) | NONE58 | SPLIT59, (value) | SPLIT59, (lv) & LV_LARGE, K_SOFT, OLD_NONE, no, \
	    true, IN_USER, name, what), \
	ROW((mask) | INVALID, (value) | INVALID, lv, K_SOFT, 0, OLD_NONE | (no), true, IN_USER, \
	    name, what), \
	ROW(mask, value, lv, K_SOFT, 0, no, true, IN_KERNEL, name, what)
#define KEPT(mask, value, lv, name, what) KEPT_NO(0, mask, value, lv, name, what)
#define LEAF(n, sw, name, what) \
	ROW(BIT(n), BIT(n), LV_LEAF, K_LEAF, 0, 0, sw, 0, name, what), \
	KEPT(BIT(n), BIT(n), LV_LEAF, name, what)
#define SHARE(value, name, what) \
	ROW(BITS(8, 9), (value) << 8, LV_LEAF, K_LEAF, 0, LPA2, false, 0, name, what), \
	KEPT_NO(LPA2, BITS(8, 9), (value) << 8, LV_LEAF, name, what)
#define TAB(n, name, what) \
	ROW(BIT(n), BIT(n), LV_TABLE, K_TABLE, 0, 0, false, 0, name, what)
#define FIELD(first, last, lv, k, if_, no, sw, halves, name, what) \
	{ BITS(first, last), 0, 0, name, NULL, what, if_, no, lv, k, true, sw, halves }

static const struct mmu_flag flags[] = {
	ROW(VALID, VALID, LV_LEAF, K_LEAF, 0, 0, false, 0, "VALID", "hardware looks at it"),
	ROW(BITS(0, 1), 3, LV_TABLE, K_TABLE, 0, 0, false, 0, "TABLE", "bits 1:0 are 11"),
	ROW(TABLE, TABLE, LV_PTE, K_LEAF, 0, 0, false, 0, "PAGE", "bits 1:0 are 11"),
	ROW(TABLE | NONE58, TABLE | NONE58, LV_PTE, K_SOFT, OLD_NONE, 0, true, IN_USER, "PAGE",
	    "bits 1:0 were 11"),
	ROW(TABLE | INVALID, TABLE | INVALID, LV_PTE, K_SOFT, 0, OLD_NONE, true, IN_USER, "PAGE",
	    "bits 1:0 were 11"),
	ROW(TABLE, TABLE, LV_PTE, K_SOFT, 0, 0, true, IN_KERNEL, "PAGE", "bits 1:0 were 11"),
	ROW(TABLE, TABLE, LV_LARGE, K_SOFT, 0, 0, true, IN_KERNEL, "BIT1", "not of a block"),
	FIELD(2, 9, LV_TABLE, K_TABLE, 0, LPA2, false, 0, "IGNORED2", "ignored"),
	FIELD(2, 7, LV_TABLE, K_TABLE, LPA2, 0, false, 0, "IGNORED2", "ignored"),
	TAB(10, "AF", "was used (FEAT_HAFT)"),
	TAB(11, "IGNORED11", "ignored"),
	/* a value of MAIR_EL1, whose order Linux changed: the memory type says which it is */
	FIELD(2, 4, LV_LEAF, K_LEAF, 0, 0, false, 0, "ATTR", "AttrIndx: a byte of MAIR_EL1"),
	KEPT(BIT(2), BIT(2), LV_LEAF, "ATTR0", "bit 0 of AttrIndx"),
	KEPT(BIT(3), BIT(3), LV_LEAF, "ATTR1", "bit 1 of AttrIndx"),
	KEPT(BIT(4), BIT(4), LV_LEAF, "ATTR2", "bit 2 of AttrIndx"),
	LEAF(5, false, "NS", "not secure"),
	LEAF(6, false, "USER", "AP[1]: user mode has access"),
	LEAF(7, false, "RDONLY", "AP[2]: hardware may not write"),
	SHARE(1, "SH_RESERVED", "shareability"),
	SHARE(2, "SH_OUTER", "outer shareable"),
	SHARE(3, "SH_INNER", "inner shareable"),
	LEAF(10, false, "AF", "access flag: was used"),
	ROW(NG, NG, LV_LEAF, K_LEAF, 0, 0, false, 0, "NG", "not global: of one ASID"),
	ROW(NG | NONE58, NG | NONE58, LV_LEAF, K_SOFT, OLD_NONE, 0, true, IN_USER, "NG",
	    "not global: of one ASID"),
	ROW(NG | NONE58 | SPLIT59, NG | SPLIT59, LV_LARGE, K_SOFT, OLD_NONE, 0, true, IN_USER,
	    "NG", "not global: of one ASID"),
	ROW(INVALID, INVALID, LV_LEAF, K_SOFT, 0, OLD_NONE, true, IN_USER, "PRESENT_INVALID",
	    "the page is there, but hardware is not to see it"),
	ROW(NG, NG, LV_LEAF, K_SOFT, 0, 0, true, IN_KERNEL, "NG", "not global: of one ASID"),
	/* in a swap entry */
	ROW(BIT(2) | NONE58, BIT(2), LV_LEAF, K_SOFT, OLD_NONE, SWAP6, true, IN_USER,
	    "SWP_EXCLUSIVE", "an anonymous page of this process alone"),
	ROW(BIT(2) | INVALID, BIT(2), LV_LEAF, K_SOFT, 0, OLD_NONE, true, IN_USER,
	    "SWP_EXCLUSIVE", "an anonymous page of this process alone"),
	ROW(BIT(3) | INVALID, BIT(3), LV_LEAF, K_SOFT, 0, OLD_NONE, true, IN_USER,
	    "SWP_UFFD_WP", "userfaultfd write-protected it"),
	ROW(BIT(16), BIT(16), LV_LARGE, K_LEAF, 0, 0, false, 0, "NT",
	    "block translation (FEAT_BBM)"),
	FIELD(48, 49, LV_LEAF | LV_TABLE, K_LEAF | K_TABLE, 0, LPA2, false, 0, "RES48", "reserved"),
	ROW(BIT(50), BIT(50), LV_TABLE, K_TABLE, 0, 0, false, 0, "RES50", "reserved"),
	LEAF(50, false, "GP", "guarded page: branches need a landing (BTI)"),
	LEAF(51, false, "WRITE", "DBM: Linux allows writes, hardware clears RDONLY at the first"),
	TAB(51, "IGNORED51", "ignored"),
	LEAF(52, false, "CONT", "one of a run of entries that map adjacent memory"),
	LEAF(53, false, "PXN", "the kernel fetches no instructions"),
	LEAF(54, false, "UXN", "user mode fetches no instructions"),
	FIELD(52, 58, LV_TABLE, K_TABLE, 0, 0, true, 0, "IGNORED52", "ignored"),
	LEAF(55, true, "DIRTY", "was written to"),
	LEAF(56, true, "SPECIAL", "the page has no reference count to keep"),
	LEAF(57, true, "DEVMAP", "memory of a device (pmem; 5.4 to 6.15)"),
	ROW(UFFD_WP, UFFD_WP, LV_LEAF, K_LEAF, 0, OLD_NONE, true, IN_USER, "UFFD_WP",
	    "userfaultfd write-protected it"),
	ROW(BIT(58), BIT(58), LV_LEAF, K_LEAF, OLD_NONE, 0, true, IN_USER, "BIT58",
	    "left to software"),
	ROW(BIT(58), BIT(58), LV_LEAF, K_LEAF | K_SOFT, 0, 0, true, IN_KERNEL, "BIT58",
	    "left to software"),
	ROW(NONE58, NONE58, LV_LEAF, K_SOFT, OLD_NONE, 0, true, IN_USER, "PROT_NONE",
	    "the page is there without any access"),
	ROW(UFFD_WP | INVALID, UFFD_WP | INVALID, LV_LEAF, K_SOFT, 0, OLD_NONE, true, IN_USER,
	    "UFFD_WP", "userfaultfd write-protected it"),
	ROW(BIT(59), BIT(59), LV_LEAF, K_LEAF, 0, 0, false, 0, "PBHA0", "left to the system"),
	ROW(NONE58 | SPLIT59, SPLIT59, LV_LARGE, K_SOFT, OLD_NONE, 0, true, IN_USER,
	    "PRESENT_INVALID", "the page is there, but hardware is not to see it"),
	ROW(NONE58 | BIT(59), NONE58 | BIT(59), LV_LEAF, K_SOFT, OLD_NONE, 0, true, IN_USER,
	    "PBHA0", "left to the system"),
	ROW(INVALID | BIT(59), INVALID | BIT(59), LV_LEAF, K_SOFT, 0, OLD_NONE, true, IN_USER,
	    "PBHA0", "left to the system"),
	ROW(BIT(59), BIT(59), LV_LEAF, K_SOFT, 0, 0, true, IN_KERNEL, "PBHA0",
	    "left to the system"),
	FIELD(60, 62, LV_LEAF, K_LEAF, 0, 0, false, 0, "POINDEX",
	      "protection key (FEAT_S1POE), else left to the system"),
	KEPT(BIT(60), BIT(60), LV_LEAF, "POINDEX0", "bit 0 of the protection key"),
	KEPT(BIT(61), BIT(61), LV_LEAF, "POINDEX1", "bit 1 of the protection key"),
	KEPT(BIT(62), BIT(62), LV_LEAF, "POINDEX2", "bit 2 of the protection key"),
	LEAF(63, false, "BIT63", "ignored"),
	TAB(59, "PXN", "PXNTable: the kernel fetches no instructions below"),
	TAB(60, "UXN", "UXNTable: user mode fetches no instructions below"),
	TAB(61, "NO_USER", "APTable[0]: no user access below"),
	TAB(62, "RDONLY", "APTable[1]: read-only below"),
	TAB(63, "NS", "NSTable: not secure below"),
};

#define LEVEL_PTE { "PTE", .may_be_leaf = true, .run_lg2 = 7 }
#define LEVEL_PMD { "PMD", .may_be_leaf = true, .run_lg2 = 5 }
#define LEVEL_PUD { "PUD", .may_be_leaf = true }
static const struct mmu_level levels2[] = {
	LEVEL_PTE, { "PGD", .may_be_leaf = true, .run_lg2 = 5 },
};
static const struct mmu_level levels3[] = { LEVEL_PTE, LEVEL_PMD, { "PGD", .may_be_leaf = true } };
static const struct mmu_level levels4[] = { LEVEL_PTE, LEVEL_PMD, LEVEL_PUD, { "PGD" } };
static const struct mmu_level levels5[] = { LEVEL_PTE, LEVEL_PMD, LEVEL_PUD, { "P4D" }, { "PGD" } };
/* clang-format on */

/* TTBR: ASID, CnP (D24.2.194) */
#define TTBR_OTHER_BITS (BITS(48, 63) | 1)
#define FORMAT(text, about, rows, function)                                                        \
	{                                                                                          \
		.size = sizeof(struct mmu_format), .name = text, .title = about,                   \
		.kind = MMU_FORMAT_RADIX, .entry_bytes = 8, .slot_bytes = 8,                       \
		.nr_levels = COUNT(rows), .level = rows, .flags = flags, .nr_flags = COUNT(flags), \
		.decode = function, .encode = arm64_encode, .explain = arm64_explain,              \
		.alike = arm64_alike, .root_other_bits = TTBR_OTHER_BITS,                          \
	}
#define FORMATS(function)                                                                          \
	FORMAT("2level", "VMSAv8-64 with 2 levels (Arm DDI 0487, D8.3)", levels2, function),       \
		FORMAT("3level", "VMSAv8-64 with 3 levels (Arm DDI 0487, D8.3)", levels3,          \
		       function),                                                                  \
		FORMAT("4level", "VMSAv8-64 with 4 levels (Arm DDI 0487, D8.3)", levels4,          \
		       function),                                                                  \
		FORMAT("5level", "VMSAv8-64 with 5 levels (Arm DDI 0487, D8.3)", levels5,          \
		       function)

static const struct mmu_format formats[4] = { FORMATS(arm64_decode) };
const struct mmu_format arm64_first_attr[4] = { FORMATS(arm64_decode_first_attr) };
const struct mmu_format *const arm64_formats[4] = { &formats[0], &formats[1], &formats[2],
						    &formats[3] };

const struct mmu_format *arm64_format(unsigned int levels)
{
	return levels < 2 || levels > 5 ? NULL : &formats[levels - 2];
}

/* ------------------------------------------------------------------ regimes, samples */

/* Level n of a granule of 2^g bytes, which translates `va` bits in all. */
#define SHIFT(g, n) ((g) + ((g)-3) * (n))
#define SHAPE(g, va, n)                                                                            \
	{                                                                                          \
		SHIFT(g, n) < (va) ? SHIFT(g, n) : 0, SHIFT(g, n) >= (va) ? 0                      \
						      : (va)-SHIFT(g, n) < (g)-3                   \
							      ? (va)-SHIFT(g, n)                   \
							      : (g)-3                              \
	}
#define LEVELS(g, va) (((va)-4) / ((g)-3))
/* User pointers may carry tags in their top byte (TCR_EL1.TBI0), the kernel's may not. */
#define REGIME(g, va, trait, which)                                                                \
	{                                                                                          \
		.size = sizeof(struct mmu_regime), .traits = trait,                                \
		.format = &formats[LEVELS(g, va) - 2],                                             \
		.name = (which) == MMU_HALF_USER ? "TTBR0" : "TTBR1",                              \
		.first_va = (which) == MMU_HALF_USER ? 0 : -BIT(va),                               \
		.last_va = (which) == MMU_HALF_USER ? BIT(va) - 1 : UINT64_MAX,                    \
		.ignored_va = (which) == MMU_HALF_USER ? BITS(56, 63) : 0,                         \
		.pa_mask = (trait) ? BITS(0, 51) : BITS(0, 47), .page_lg2 = g,                     \
		.top_level = LEVELS(g, va) - 1, .rights = MMU_RIGHTS_ALL, .half = which,           \
		.shape = { SHAPE(g, va, 0), SHAPE(g, va, 1), SHAPE(g, va, 2), SHAPE(g, va, 3),     \
			   SHAPE(g, va, 4) },                                                      \
	}
#define SAMPLE(id, text, g, va, trait)                                                             \
	static const struct mmu_regime id##_user = REGIME(g, va, trait, MMU_HALF_USER);            \
	static const struct mmu_regime id##_kernel = REGIME(g, va, trait, MMU_HALF_KERNEL);        \
	static const struct mmu_regime *const id##_halves[] = { &id##_user, &id##_kernel };        \
	static const struct mmu_sample id = { sizeof(struct mmu_sample), text, id##_halves, 2 }

SAMPLE(sample_4k_48, "4k-48", 12, 48, 0);
SAMPLE(sample_4k_39, "4k-39", 12, 39, 0);
SAMPLE(sample_4k_52, "4k-52", 12, 52, LPA2);
SAMPLE(sample_16k_36, "16k-36", 14, 36, 0);
SAMPLE(sample_16k_47, "16k-47", 14, 47, 0);
SAMPLE(sample_16k_48, "16k-48", 14, 48, 0);
SAMPLE(sample_16k_52, "16k-52", 14, 52, LPA2);
SAMPLE(sample_64k_42, "64k-42", 16, 42, 0);
SAMPLE(sample_64k_48, "64k-48", 16, 48, 0);
SAMPLE(sample_64k_52, "64k-52", 16, 52, LPA);

const struct mmu_sample *const arm64_samples[ARM64_NR_SAMPLES] = {
	&sample_4k_48,  &sample_4k_39,  &sample_4k_52,  &sample_16k_36, &sample_16k_47,
	&sample_16k_48, &sample_16k_52, &sample_64k_42, &sample_64k_48, &sample_64k_52,
};

bool arm64_regime(unsigned int page_lg2, unsigned int va_bits, uint32_t traits, enum mmu_half half,
		  struct mmu_regime *ret)
{
	for (size_t i = 0; i < COUNT(arm64_samples); i++) {
		const struct mmu_regime *sample = arm64_samples[i]->regimes[half];

		if (sample->page_lg2 != page_lg2 ||
		    sample->shape[sample->top_level].shift +
				    sample->shape[sample->top_level].index_bits !=
			    va_bits)
			continue;
		*ret = *sample;
		ret->traits = traits;
		if (traits & (page_lg2 == 16 ? LPA : LPA2))
			ret->pa_mask = BITS(0, 51);
		return true;
	}
	return false;
}
