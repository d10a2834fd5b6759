/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Two levels and PAE: bits and regimes; README.md has the manual's sections. */
#include "i386.h"

/* clang-format off */
#define LV_PTE   (1u << PTE)
#define LV_LARGE (1u << LARGE)
#define LV_LEAF  (LV_PTE | LV_LARGE)
#define LV_PDPT  (1u << PDPT)
#define K_LEAF   (MMU_KINDS(MMU_KIND_LEAF) | MMU_KINDS(MMU_KIND_BAD))
#define K_TABLE  MMU_KINDS(MMU_KIND_TABLE)
#define K_HELD   (K_TABLE | K_LEAF)
#define K_SOFT   MMU_KINDS(MMU_KIND_SOFTWARE)

/* Read by hardware / by Linux alone: bit, levels, kinds, if_traits, no_traits, name, what. */
#define HW(n, lv, k, name, what) \
	{ BIT(n), BIT(n), 0, name, NULL, what, 0, 0, lv, k, false, false }
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
/* What stays in a page without access, in a huge page that is being split, in the kernel's half. */
#define KEPT_AT(n, lv, if_, no, name, what) \
	AMONG(n, PROTNONE, PROTNONE, lv, if_, no, name, what), \
	HIDDEN_PAGE(n, lv, if_, no, name, what)
#define KEPT(n, if_, no, name, what) \
	KEPT_AT(n, LV_LEAF, if_, no, name, what), \
	AMONG(n, PROTNONE | PSE, PSE, LV_LARGE, if_, no, name, what)
/* In a swap entry, which a huge page that is being split is not: has PSE. */
#define SWAP(n, if_, no) \
	AMONG(n, PROTNONE, 0, LV_PTE, if_, no, "SWP" #n, "not used"), \
	AMONG(n, PROTNONE | PSE, 0, LV_LARGE, if_, no, "SWP" #n, "not used")
/* A leaf's bit of hardware, and what stays of it. */
#define LEAF(n, name, what) \
	HW(n, LV_LEAF, K_LEAF, name, what), KEPT(n, 0, 0, name, what)
#define SOFT(n, if_, no, name, what) \
	SW(n, LV_LEAF, K_LEAF, if_, no, name, what), KEPT(n, if_, no, name, what)

/*
 * What both formats share, lowest bit first: this is the order in which they are shown. UPPER is
 * the table level above PTE.
 */
#define LOW_BITS \
	HW(0, LV_LEAF | LV_PDPT, K_HELD, "PRESENT", "the entry is valid"), \
	HW(1, LV_LARGE, K_TABLE, "RW", "writes are allowed"), \
	LEAF(1, "RW", "writes are allowed"), \
	HW(2, LV_LARGE, K_TABLE, "USER", "user mode has access"), \
	LEAF(2, "USER", "user mode has access"), \
	HW(3, LV_LARGE | LV_PDPT, K_TABLE, "PWT", "write-through: bit 0 of the PAT index"), \
	LEAF(3, "PWT", "write-through: bit 0 of the PAT index"), \
	HW(4, LV_LARGE | LV_PDPT, K_TABLE, "PCD", "not cached: bit 1 of the PAT index"), \
	LEAF(4, "PCD", "not cached: bit 1 of the PAT index"), \
	HW(5, LV_LARGE, K_TABLE, "ACCESSED", "was used"), \
	LEAF(5, "ACCESSED", "was used"), \
	SW(6, LV_LARGE, K_TABLE, 0, 0, "DIRTY", "ignored by hardware, Linux sets it in tables"), \
	LEAF(6, "DIRTY", "was written to"), \
	HW(7, LV_PTE, K_LEAF, "PAT", "bit 2 of the PAT index"), \
	KEPT_AT(7, LV_PTE, 0, 0, "PAT", "bit 2 of the PAT index"), \
	HW(7, LV_LARGE, K_LEAF, "PSE", "maps a large page"), \
	AMONG(7, 0, 0, LV_LARGE, 0, 0, "PSE", "a large page"), \
	HIDDEN_PAGE(7, LV_LARGE, 0, 0, "PSE", "a large page"), \
	AMONG(7, PROTNONE, 0, LV_PTE, 0, 0, "SWP_EXCLUSIVE", \
	      "an anonymous page of this process alone (6.3)"), \
	SW(8, LV_LARGE, K_TABLE, 0, 0, "IGNORED8", "ignored"), \
	HW(8, LV_LEAF, K_LEAF, "GLOBAL", "survives a change of address space in the TLB"), \
	AMONG(8, 0, 0, LV_LEAF, 0, 0, "PROTNONE", "the page is there without any access"), \
	HIDDEN_PAGE(8, LV_LEAF, 0, 0, "GLOBAL", "survived a change of address space in the TLB"), \
	{ BITS(9, 11), 0, 0, "SOFT9", NULL, "left to software", 0, 0, LV_LARGE | LV_PDPT, \
	  K_TABLE, true, false }, \
	SOFT(9, 0, 0, "SPECIAL", "the page has no reference count to keep"), \
	SOFT(10, 0, SAVED_DIRTY, "SOFT10", "left to software"), \
	SOFT(10, SAVED_DIRTY, 0, "SAVED_DIRTY", "dirty, but write-protected since"), \
	SOFT(11, 0, 0, "SOFT11", "left to software"), \
	HW(12, LV_LARGE, K_LEAF, "PAT", "bit 2 of the PAT index")

static const struct mmu_flag two_flags[] = {
	LOW_BITS,
	KEPT_AT(12, LV_LARGE, 0, 0, "PAT", "bit 2 of the PAT index"),
	AMONG(12, PROTNONE | PSE, PSE, LV_LARGE, 0, 0, "PAT", "bit 2 of the PAT index"),
	SWAP(6, 0, 0),
	{ BITS(13, 20), 0, 0, "PSE36", NULL, "bits 39 to 32 of the address", 0, 0, LV_LARGE,
	  K_LEAF, true, false },
};

static const struct mmu_flag pae_flags[] = {
	LOW_BITS,
	KEPT_AT(12, LV_LARGE, 0, 0, "BIT12", "PAT, or inverted with the frame (hugetlb)"),
	AMONG(12, PROTNONE | PSE, PSE, LV_LARGE, 0, 0, "BIT12", "PAT, or inverted with the frame"),
	SWAP(1, 0, 0), SWAP(2, 0, 0), SWAP(3, 0, 0), SWAP(4, 0, 0), SWAP(5, 0, 0), SWAP(6, 0, 0),
	/* before L1TF all is in the high word */
	{ BITS(9, 31), 0, PROTNONE, "SWP9", NULL, "not used", 0, L1TF, LV_PTE, K_SOFT, true, true,
	  1 << MMU_HALF_USER },
	{ BITS(9, 31), 0, PROTNONE | PSE, "SWP9", NULL, "not used", 0, L1TF, LV_LARGE, K_SOFT,
	  true, true, 1 << MMU_HALF_USER },
	HW(5, LV_PDPT, K_TABLE, "BIT5", "reserved by the manual; QEMU sets it as ACCESSED"),
	HW(63, LV_LARGE, K_TABLE, "NX", "instructions are not fetched"),
	LEAF(63, "NX", "instructions are not fetched"),
};

static const struct mmu_level two_levels[] = {
	{ "PTE", .may_be_leaf = true }, { "PGD", .may_be_leaf = true },
};
static const struct mmu_level pae_levels[] = {
	{ "PTE", .may_be_leaf = true }, { "PMD", .may_be_leaf = true }, { "PGD" },
};
/* clang-format on */

/* ------------------------------------------------------------------ formats, regimes */

/* CR3: SDM 2.5, 4.3 and 4.4: PWT, PCD and what is ignored; a PDPT has 32 bytes */
#define FORMAT(text, about, bytes, rows, names, other)                                             \
	{                                                                                          \
		.size = sizeof(struct mmu_format), .name = text, .title = about,                   \
		.kind = MMU_FORMAT_RADIX, .entry_bytes = bytes, .slot_bytes = bytes,               \
		.nr_levels = COUNT(rows), .level = rows, .flags = names, .nr_flags = COUNT(names), \
		.decode = i386_decode, .encode = i386_encode, .explain = i386_explain,             \
		.alike = i386_alike, .root_other_bits = other,                                     \
	}
const struct mmu_format i386_formats[NR_FORMATS] = {
	[TWO] = FORMAT("2level", "32-bit paging (Intel SDM Vol. 3A, chapter 4.3)", 4, two_levels,
		       two_flags, 0xfff),
	[PAE] = FORMAT("pae", "PAE paging (Intel SDM Vol. 3A, chapter 4.4)", 8, pae_levels,
		       pae_flags, 0x1f),
};

/* For work without a kernel: the newest one's traits, and VMSPLIT_3G. */
#define SPLIT UINT64_C(0xc0000000)
#define REGIME(of, text, which, first, last, known, widest, ...)                                   \
	{                                                                                          \
		.size = sizeof(struct mmu_regime), .traits = known, .format = &i386_formats[of],   \
		.name = text, .first_va = first, .last_va = last, .pa_mask = widest,               \
		.page_lg2 = 12, .top_level = (of) == PAE ? PDPT : LARGE, .rights = MMU_RIGHTS_ALL, \
		.half = which, .shape = { __VA_ARGS__ },                                           \
	}
#define HALVES(of, ...)                                                                            \
	{                                                                                          \
		REGIME(of, "user half", MMU_HALF_USER, 0, SPLIT - 1, __VA_ARGS__),                 \
			REGIME(of, "kernel half", MMU_HALF_KERNEL, SPLIT, UINT32_MAX,              \
			       __VA_ARGS__),                                                       \
	}
const struct mmu_regime i386_regimes[NR_FORMATS][2] = {
	[TWO] = HALVES(TWO, SAVED_DIRTY, BITS(0, 39), { 12, 10 }, { 22, 10 }),
	[PAE] = HALVES(PAE, L1TF | SAVED_DIRTY, BITS(0, 51), { 12, 9 }, { 21, 9 }, { 30, 2 }),
};
