/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Bits, levels and regimes of Sv39, Sv48 and Sv57; README.md has the manual's sections. */
#include "riscv64.h"

/* clang-format off */
#define LV_KEPT  7u /* where Linux keeps software entries */
#define LV_TABLE 0x1eu
#define LV_ALL   0x1fu
#define K_LEAF   (MMU_KINDS(MMU_KIND_LEAF) | MMU_KINDS(MMU_KIND_BAD))
#define K_TABLE  MMU_KINDS(MMU_KIND_TABLE)
#define K_SOFT   MMU_KINDS(MMU_KIND_SOFTWARE)
#define IN_USER   (1 << MMU_HALF_USER)
#define IN_KERNEL (1 << MMU_HALF_KERNEL)

#define ROW(mask, value, lv, k, if_, no, sw, halves, name, what) \
	{ mask, value, 0, name, NULL, what, if_, no, lv, k, false, sw, halves }
#define FIELD(first, last, lv, k, sw, name, what) \
	{ BITS(first, last), 0, 0, name, NULL, what, 0, 0, lv, k, true, sw }
/* What is left of a page without VALID: by PROT_NONE, or in the kernel's own map. */
#define KEPT(n, name, what) \
	ROW(BIT(n) | GLOBAL, BIT(n) | GLOBAL, LV_KEPT, K_SOFT, 0, NONE_READ, true, IN_USER, name, \
	    what), \
	ROW(BIT(n) | READ, BIT(n) | READ, LV_KEPT, K_SOFT, NONE_READ, 0, true, IN_USER, name, \
	    what), \
	ROW(BIT(n), BIT(n), LV_KEPT, K_SOFT, 0, 0, true, IN_KERNEL, name, what)
#define LEAF(n, sw, name, what) \
	ROW(BIT(n), BIT(n), LV_ALL, K_LEAF, 0, 0, sw, 0, name, what), \
	KEPT(n, name, what)
/* What tells, without VALID and PROT_NONE, a huge page that is split. */
#define SPLIT(n, name, what) \
	ROW(BIT(n) | GLOBAL, BIT(n), 1u << PMD, K_SOFT, 0, NONE_READ, true, IN_USER, name, what)

static const struct mmu_flag flags[] = {
	ROW(VALID, VALID, LV_ALL, K_LEAF | K_TABLE, 0, 0, false, 0, "VALID",
	    "hardware looks at it"),
	ROW(READ, READ, LV_ALL, K_LEAF, 0, 0, false, 0, "READ", "may be read"),
	ROW(READ | GLOBAL, READ | GLOBAL, LV_KEPT, K_SOFT, 0, NONE_READ, true, IN_USER, "READ",
	    "may be read"),
	ROW(READ, READ, LV_KEPT, K_SOFT, NONE_READ, 0, true, IN_USER, "PROT_NONE",
	    "the page is there without any access"),
	ROW(READ, READ, LV_KEPT, K_SOFT, 0, 0, true, IN_KERNEL, "READ", "may be read"),
	SPLIT(1, "READ", "may be read"),
	LEAF(2, false, "WRITE", "may be written"),
	SPLIT(2, "WRITE", "may be written"),
	LEAF(3, false, "EXEC", "may be run"),
	SPLIT(3, "EXEC", "may be run"),
	LEAF(4, false, "USER", "user mode has access"),
	ROW(GLOBAL, GLOBAL, LV_ALL, K_LEAF | K_TABLE, 0, 0, false, 0, "GLOBAL", "of all ASIDs"),
	ROW(GLOBAL, GLOBAL, LV_KEPT, K_SOFT, 0, NONE_READ, true, IN_USER, "PROT_NONE",
	    "the page is there without any access"),
	ROW(GLOBAL | READ, GLOBAL | READ, LV_KEPT, K_SOFT, NONE_READ, 0, true, IN_USER, "GLOBAL",
	    "of all ASIDs"),
	ROW(GLOBAL, GLOBAL, LV_KEPT, K_SOFT, 0, 0, true, IN_KERNEL, "GLOBAL", "of all ASIDs"),
	LEAF(6, false, "ACCESSED", "was used"),
	ROW(BIT(6) | GLOBAL | BITS(1, 3), BIT(6), LV_KEPT, K_SOFT, 0, NONE_READ | SWAP6, true,
	    IN_USER, "SWP_EXCLUSIVE", "an anonymous page of this process alone"),
	LEAF(7, false, "DIRTY", "was written to"),
	LEAF(8, true, "SPECIAL", "the page has no reference count to keep"),
	LEAF(9, true, "SOFT9", "left to software"),
	FIELD(8, 9, LV_TABLE, K_TABLE, true, "SOFT8", "left to software"),
	FIELD(54, 60, LV_ALL, K_LEAF, false, "RES54", "reserved"),
	FIELD(61, 62, LV_ALL, K_LEAF, false, "PBMT", "memory: 1 not cached, 2 device (Svpbmt)"),
	KEPT(61, "PBMT0", "bit 0 of the memory type"),
	KEPT(62, "PBMT1", "bit 1 of the memory type"),
	LEAF(63, false, "NAPOT", "one of 16 pages that are 64 KiB together (Svnapot)"),
};

#define LEVEL_PTE { "PTE", .may_be_leaf = true, .run_lg2 = 4 }
#define LEAVES(text) { text, .may_be_leaf = true }
static const struct mmu_level levels39[] = { LEVEL_PTE, LEAVES("PMD"), LEAVES("PGD") };
static const struct mmu_level levels48[] = { LEVEL_PTE, LEAVES("PMD"), LEAVES("PUD"),
					     LEAVES("PGD") };
static const struct mmu_level levels57[] = { LEVEL_PTE, LEAVES("PMD"), LEAVES("PUD"),
					     LEAVES("P4D"), LEAVES("PGD") };
/* clang-format on */

#define FORMAT(text, about, rows)                                                                  \
	{                                                                                          \
		.size = sizeof(struct mmu_format), .name = text, .title = about,                   \
		.kind = MMU_FORMAT_RADIX, .entry_bytes = 8, .slot_bytes = 8,                       \
		.nr_levels = COUNT(rows), .level = rows, .flags = flags, .nr_flags = COUNT(flags), \
		.decode = riscv64_decode, .encode = riscv64_encode, .explain = riscv64_explain,    \
		.alike = riscv64_alike,                                                            \
	}
const struct mmu_format riscv64_formats[NR_MODES] = {
	FORMAT("sv39", "Sv39 (RISC-V Privileged Architecture, 12.4)", levels39),
	FORMAT("sv48", "Sv48 (RISC-V Privileged Architecture, 12.5)", levels48),
	FORMAT("sv57", "Sv57 (RISC-V Privileged Architecture, 12.6)", levels57),
};

#define REGIME(mode, bits, text, which, first, last)                                               \
	{                                                                                          \
		.size = sizeof(struct mmu_regime), .format = &riscv64_formats[mode], .name = text, \
		.first_va = first, .last_va = last, .pa_mask = PA_MASK, .page_lg2 = 12,            \
		.top_level = ((bits)-12) / 9 - 1, .rights = MMU_RIGHTS_ALL, .half = which,         \
		.shape = { { 12, 9 },                                                              \
			   { 21, 9 },                                                              \
			   { 30, 9 },                                                              \
			   { (bits) > 39 ? 39 : 0, (bits) > 39 ? 9 : 0 },                          \
			   { (bits) > 48 ? 48 : 0, (bits) > 48 ? 9 : 0 } },                        \
	}
#define HALVES(mode, bits)                                                                         \
	{                                                                                          \
		REGIME(mode, bits, "user half", MMU_HALF_USER, 0, BIT((bits)-1) - 1),              \
			REGIME(mode, bits, "kernel half", MMU_HALF_KERNEL,                         \
			       UINT64_MAX << ((bits)-1), UINT64_MAX),                              \
	}
const struct mmu_regime riscv64_regimes[NR_MODES][2] = { HALVES(SV39, 39), HALVES(SV48, 48),
							 HALVES(SV57, 57) };
