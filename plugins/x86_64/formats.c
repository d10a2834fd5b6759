/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file 4 and 5 levels: bits and regimes; README.md has the manual's sections. */
#include "x86_64.h"

/* clang-format off */
#define LV_PTE   (1u << PTE)
#define LV_LARGE (1u << PMD | 1u << PUD)
#define LV_LEAF  (LV_PTE | LV_LARGE)
#define LV_UPPER (3u << 3)
#define LV_TABLE (LV_ALL & ~LV_PTE)
#define LV_ALL   0x1fu
#define K_LEAF   (MMU_KINDS(MMU_KIND_LEAF) | MMU_KINDS(MMU_KIND_BAD))
#define K_HELD   (MMU_KINDS(MMU_KIND_TABLE) | K_LEAF)
#define K_TABLE  MMU_KINDS(MMU_KIND_TABLE)
#define K_SOFT   MMU_KINDS(MMU_KIND_SOFTWARE)

/* Read by hardware / by Linux alone: bit, levels, kinds, if_traits, no_traits, name, what. */
#define HW(n, lv, k, if_, no, name, what) \
	{ BIT(n), BIT(n), 0, name, NULL, what, if_, no, lv, k, false, false }
#define SW(n, lv, k, if_, no, name, what) \
	{ BIT(n), BIT(n), 0, name, NULL, what, if_, no, lv, k, false, true }
/* In a software entry of a process: `mask` must read `value` beside the bit. */
#define AMONG(n, mask, value, lv, if_, no, name, what) \
	{ BIT(n) | (mask), BIT(n) | (value), 0, name, NULL, what, if_, no, lv, K_SOFT, false, \
	  true, 1 << MMU_HALF_USER }
/* In an entry that the kernel took out of its own map: nothing but PRESENT has changed. */
#define HIDDEN_PAGE(n, lv, if_, no, name, what) \
	{ BIT(n), BIT(n), 0, name, NULL, what, if_, no, lv, K_SOFT, false, true, \
	  1 << MMU_HALF_KERNEL }
#define SWAP(n, if_, no, name, what) \
	AMONG(n, PROTNONE, 0, LV_PTE, if_, no, name, what), \
	AMONG(n, PROTNONE | PSE, 0, LV_LARGE, if_, no, name, what)
/* Kept in a page without access, and in a huge page that is being split. */
#define KEPT(n, if_, no, name, what) \
	AMONG(n, PROTNONE, PROTNONE, LV_LEAF, if_, no, name, what), \
	AMONG(n, PROTNONE | PSE, PSE, LV_LARGE, if_, no, name, what)

#define KEPT_LARGE(n, name, what) \
	AMONG(n, PROTNONE, PROTNONE, LV_LARGE, 0, 0, name, what), \
	AMONG(n, PROTNONE | PSE, PSE, LV_LARGE, 0, 0, name, what)
/* Numbers, of what is present and of what the kernel took out of its map. */
#define FIELD(first, last, lv, k, if_, no, name, what) \
	{ BITS(first, last), 0, 0, name, NULL, what, if_, no, lv, k, true, false }
#define HIDDEN_FIELD(first, last, name, what) \
	{ BITS(first, last), 0, 0, name, NULL, what, 0, 0, LV_LEAF, K_SOFT, true, false, \
	  1 << MMU_HALF_KERNEL }

/* Lowest bit first: this is the order in which they are shown. */
static const struct mmu_flag flags[] = {
	HW(0,  LV_ALL,   K_HELD, 0, 0, "PRESENT", "the entry is valid"),
	HW(1,  LV_ALL,   K_HELD, 0, 0, "RW", "writes are allowed"),
	SWAP(1,                  0, SWAP_SD7, "SWP_SOFT_DIRTY", "soft-dirty when swapped out"),
	SWAP(1,                  SWAP_SD7, 0, "SWP1", "not used"),
	KEPT(1,                  0, 0, "RW", "writes were allowed"),
	HIDDEN_PAGE(1, LV_LEAF,  0, 0, "RW", "writes were allowed"),
	HW(2,  LV_ALL,   K_HELD, 0, 0, "USER", "user mode has access"),
	SWAP(2,                  0, 0, "SWP_UFFD_WP", "userfaultfd write-protected it"),
	KEPT(2,                  0, 0, "USER", "user mode had access"),
	HIDDEN_PAGE(2, LV_LEAF,  0, 0, "USER", "user mode had access"),
	HW(3,  LV_ALL,   K_HELD, 0, 0, "PWT", "write-through: bit 0 of the PAT index"),
	KEPT(3,                  0, 0, "PWT", "write-through: bit 0 of the PAT index"),
	SWAP(3,                  0, 0, "SWP_EXCLUSIVE", "an anonymous page of this process alone"),
	HIDDEN_PAGE(3, LV_LEAF,  0, 0, "PWT", "write-through: bit 0 of the PAT index"),
	HW(4,  LV_ALL,   K_HELD, 0, 0, "PCD", "not cached: bit 1 of the PAT index"),
	KEPT(4,                  0, 0, "PCD", "not cached: bit 1 of the PAT index"),
	SWAP(4,                  0, 0, "SWP4", "not used"),
	HIDDEN_PAGE(4, LV_LEAF,  0, 0, "PCD", "not cached: bit 1 of the PAT index"),
	HW(5,  LV_ALL,   K_HELD, 0, 0, "ACCESSED", "was used"),
	KEPT(5,                  0, 0, "ACCESSED", "was used"),
	SWAP(5,                  0, 0, "SWP5", "not used"),
	HIDDEN_PAGE(5, LV_LEAF,  0, 0, "ACCESSED", "was used"),
	HW(6,  LV_LEAF,  K_LEAF, 0, 0, "DIRTY", "was written to"),
	SW(6,  LV_TABLE, K_TABLE, 0, 0, "DIRTY", "ignored by hardware, Linux sets it in tables"),
	KEPT(6,                  0, 0, "DIRTY", "was written to"),
	SWAP(6,                  0, 0, "SWP6", "not used"),
	HIDDEN_PAGE(6, LV_LEAF,  0, 0, "DIRTY", "was written to"),
	HW(7,  LV_PTE,   K_LEAF, 0, 0, "PAT", "bit 2 of the PAT index"),
	HW(7,  LV_ALL & ~LV_PTE, K_LEAF, 0, 0, "PSE", "maps a large page"),
	AMONG(7, PROTNONE, PROTNONE, LV_PTE, 0, 0, "PAT", "bit 2 of the PAT index"),
	HIDDEN_PAGE(7, LV_PTE,   0, 0, "PAT", "bit 2 of the PAT index"),
	AMONG(7, 0, 0, LV_LARGE, 0, 0, "PSE", "a large page"),
	HIDDEN_PAGE(7, LV_LARGE, 0, 0, "PSE", "a large page"),
	AMONG(7, PROTNONE, 0, LV_PTE, SWAP_SD7, 0, "SWP_SOFT_DIRTY", "soft-dirty when swapped out"),
	AMONG(7, PROTNONE, 0, LV_PTE, 0, SWAP_SD7, "SWP7", "not used"),
	SW(8,  LV_TABLE, K_TABLE, 0, 0, "IGNORED8", "ignored"),
	HW(8,  LV_LEAF,  K_LEAF, 0, 0, "GLOBAL", "survives a change of address space in the TLB"),
	AMONG(8, 0, 0, LV_LEAF,  0, 0, "PROTNONE", "the page is there without any access"),
	HIDDEN_PAGE(8, LV_LEAF,  0, 0, "GLOBAL", "survived a change of address space in the TLB"),
	FIELD(9, 11, LV_TABLE, K_TABLE, 0, 0, "SOFT9", "left to software"),
	SW(9,  LV_LEAF,  K_LEAF, 0, 0, "SPECIAL", "the page has no reference count to keep"),
	KEPT(9,                  0, 0, "SPECIAL", "the page has no reference count to keep"),
	HIDDEN_PAGE(9, LV_LEAF,  0, 0, "SPECIAL", "the page has no reference count to keep"),
	SW(10, LV_LEAF,  K_LEAF, 0, 0, "UFFD_WP", "userfaultfd write-protected it"),
	KEPT(10,                 0, 0, "UFFD_WP", "userfaultfd write-protected it"),
	HIDDEN_PAGE(10, LV_LEAF, 0, 0, "SOFT10", "left to software"),
	{ BIT(11), BIT(11), 0, "SOFT_DIRTY", NULL, "written to since clear_refs", 0, 0, LV_LEAF,
	  K_LEAF, false, true, 1 << MMU_HALF_USER },
	{ BIT(11), BIT(11), 0, "KERNEL_4K", NULL, "not to be merged into a large page", 0, 0,
	  LV_LEAF, K_LEAF, false, true, 1 << MMU_HALF_KERNEL },
	HIDDEN_PAGE(11, LV_LEAF, 0, 0, "KERNEL_4K", "not to be merged into a large page"),
	KEPT(11,                 0, 0, "SOFT_DIRTY", "written to since clear_refs"),
	HW(12, LV_LARGE, K_LEAF, 0, 0, "PAT", "bit 2 of the PAT index"),
	KEPT_LARGE(12, "BIT12", "PAT, or inverted with the frame (hugetlb)"),
	HIDDEN_PAGE(12, LV_LARGE, 0, 0, "BIT12", "PAT, or inverted with the frame"),
	FIELD(52, 56, LV_LEAF, K_LEAF, 0, 0, "IGNORED52", "ignored"),
	FIELD(52, 57, LV_TABLE, K_TABLE, 0, 0, "IGNORED52", "ignored"),
	HIDDEN_FIELD(52, 57, "IGNORED52", "ignored"),
	KEPT(52,                 0, 0, "IGNORED52", "ignored"),
	KEPT(53,                 0, 0, "IGNORED53", "ignored"),
	KEPT(54,                 0, 0, "IGNORED54", "ignored"),
	KEPT(55,                 0, 0, "IGNORED55", "ignored"),
	KEPT(56,                 0, 0, "IGNORED56", "ignored"),
	SW(57, LV_LEAF,  K_LEAF, 0, SAVED_DIRTY, "IGNORED57", "ignored"),
	KEPT(57,                 0, SAVED_DIRTY, "IGNORED57", "ignored"),
	SW(57, LV_LEAF,  K_LEAF, SAVED_DIRTY | NO_DEVMAP, 0, "IGNORED57", "ignored"),
	KEPT(57,                 SAVED_DIRTY | NO_DEVMAP, 0, "IGNORED57", "ignored"),
	SW(57, LV_LEAF,  K_LEAF, SAVED_DIRTY, NO_DEVMAP, "DEVMAP", "memory of a device (pmem)"),
	KEPT(57,                 SAVED_DIRTY, NO_DEVMAP, "DEVMAP", "memory of a device (pmem)"),
	SW(58, LV_LEAF,  K_LEAF, 0, SAVED_DIRTY, "DEVMAP", "memory of a device (pmem)"),
	KEPT(58,                 0, SAVED_DIRTY, "DEVMAP", "memory of a device (pmem)"),
	SW(58, LV_LEAF,  K_LEAF, SAVED_DIRTY, 0, "SAVED_DIRTY", "dirty, but write-protected since"),
	KEPT(58,                 SAVED_DIRTY, 0, "SAVED_DIRTY", "dirty, but write-protected since"),
	HIDDEN_PAGE(58, LV_LEAF, 0, 0, "SAVED_DIRTY", "dirty, but write-protected since"),
	{ BIT(58), BIT(58), 0, "NOPTISHADOW", NULL, "KPTI keeps no user copy", SAVED_DIRTY, 0,
	  LV_UPPER, K_TABLE, false, true, .top = MMU_FLAG_AT_TOP },
	{ BIT(58), BIT(58), 0, "IGNORED58", NULL, "ignored", 0, SAVED_DIRTY, LV_UPPER, K_TABLE,
	  false, true, .top = MMU_FLAG_AT_TOP },
	{ BIT(58), BIT(58), 0, "IGNORED58", NULL, "ignored", 0, 0, LV_TABLE, K_TABLE, false, true,
	  .top = MMU_FLAG_BELOW_TOP },
	FIELD(59, 62, LV_LEAF, K_LEAF, 0, 0, "PKEY", "protection key"),
	FIELD(59, 62, LV_TABLE, K_TABLE, 0, 0, "IGNORED59", "ignored"),
	HIDDEN_FIELD(59, 62, "PKEY", "protection key"),
	KEPT(59,                 0, 0, "PKEY0", "bit 0 of the protection key"),
	KEPT(60,                 0, 0, "PKEY1", "bit 1 of the protection key"),
	KEPT(61,                 0, 0, "PKEY2", "bit 2 of the protection key"),
	KEPT(62,                 0, 0, "PKEY3", "bit 3 of the protection key"),
	HW(63, LV_ALL,   K_HELD, 0, 0, "NX", "instructions are not fetched"),
	KEPT(63,                 0, 0, "NX", "instructions were not fetched"),
	HIDDEN_PAGE(63, LV_LEAF, 0, 0, "NX", "instructions were not fetched"),
};

static const struct mmu_level levels4[] = {
	{ "PTE", .may_be_leaf = true }, { "PMD", .may_be_leaf = true },
	{ "PUD", .may_be_leaf = true }, { "PGD" },
};
static const struct mmu_level levels5[] = {
	{ "PTE", .may_be_leaf = true }, { "PMD", .may_be_leaf = true },
	{ "PUD", .may_be_leaf = true }, { "P4D" }, { "PGD" },
};
/* clang-format on */

/* ------------------------------------------------------------------ the back-end */

/* CR3 (SDM 2.5, 4.10.4.1): PCID, or PWT and PCD; LAM_U57, LAM_U48; bit 63 of what is written */
#define CR3_OTHER_BITS (0xfff | UINT64_C(7) << 61)
#define FORMAT(text, about, rows)                                                                  \
	{                                                                                          \
		.size = sizeof(struct mmu_format), .name = text, .title = about,                   \
		.kind = MMU_FORMAT_RADIX, .entry_bytes = 8, .slot_bytes = 8,                       \
		.nr_levels = COUNT(rows), .level = rows, .flags = flags, .nr_flags = COUNT(flags), \
		.decode = x86_64_decode, .encode = x86_64_encode, .explain = x86_64_explain,       \
		.alike = x86_64_alike, .root_other_bits = CR3_OTHER_BITS,                          \
	}
const struct mmu_format x86_64_format4 =
	FORMAT("4level", "4-level paging (Intel SDM Vol. 3A, chapter 4.5)", levels4);
const struct mmu_format x86_64_format5 =
	FORMAT("5level", "5-level paging (Intel SDM Vol. 3A, chapter 4.5)", levels5);
#define REGIME(of, bits, text, which, first, last)                                                 \
	{                                                                                          \
		.size = sizeof(struct mmu_regime), .traits = DEFAULT_TRAITS, .format = of,         \
		.name = text, .first_va = first, .last_va = last, .pa_mask = BITS(0, 51),          \
		.page_lg2 = 12, .top_level = (bits) / 9 - 2, .rights = MMU_RIGHTS_ALL,             \
		.half = which,                                                                     \
		.shape = {                                                                         \
			{ 12, 9 }, { 21, 9 }, { 30, 9 }, { 39, 9 }, { 48, 9 * ((bits) > 48) }      \
		},                                                                                 \
	}
#define HALVES(of, bits)                                                                           \
	{                                                                                          \
		REGIME(of, bits, "user half", MMU_HALF_USER, 0, BIT((bits)-1) - 1),                \
			REGIME(of, bits, "kernel half", MMU_HALF_KERNEL, UINT64_MAX << ((bits)-1), \
			       UINT64_MAX),                                                        \
	}
const struct mmu_regime x86_64_regimes[2][2] = { HALVES(&x86_64_format4, 48),
						 HALVES(&x86_64_format5, 57) };
