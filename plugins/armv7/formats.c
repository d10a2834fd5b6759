/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Short descriptors and LPAE as Linux uses them: levels, regimes; README.md has the bits. */
#include "armv7.h"

/* clang-format off */
#define LV(level) (1u << (level))
#define K_TABLE   MMU_KINDS(MMU_KIND_TABLE)
#define K_LEAF    (MMU_KINDS(MMU_KIND_LEAF) | MMU_KINDS(MMU_KIND_BAD))
#define K_SOFT    MMU_KINDS(MMU_KIND_SOFTWARE)

#define ROW(mask, value, lv, kinds, software, name, what) \
	{ mask, value, 0, name, NULL, what, 0, 0, lv, kinds, false, software }
#define FIELD(first, last, lv, kinds, name, what) \
	{ BITS(first, last), 0, 0, name, NULL, what, 0, 0, lv, kinds, true, false }
#define EXCLUSIVE(mask) \
	{ mask, BIT(7), 0, "SWP_EXCLUSIVE", NULL, "an anonymous page of this process alone", \
	  ARM_SWAP_EXCLUSIVE, 0, LV(PTE), K_SOFT, false, true }

/* ------------------------------------------------------------------ short descriptors */

#define TABLE(n, name, what)   ROW(BIT(n), BIT(n), LV(SHORT_PGD), K_TABLE, false, name, what)
#define SECTION(n, name, what) ROW(BIT(n), BIT(n), LV(SHORT_PGD), K_LEAF, false, name, what)
#define PAGE(n, name, what)    ROW(BIT(n), BIT(n), LV(PTE), K_LEAF, false, name, what)
/* A large page has XN and TEX elsewhere than a small one. */
#define SMALL(mask, value, name, what) \
	ROW(BIT(1) | (mask), BIT(1) | (value), LV(PTE), K_LEAF, false, name, what)
#define LARGE(mask, value, name, what) \
	ROW(BITS(0, 1) | (mask), BIT(0) | (value), LV(PTE), K_LEAF, false, name, what)

/*
 * TEX[0], C and B choose from PRRR and NMRR, which Linux sets to 0xff0a81a8 and 0x40e040e0
 * (mm/proc-v7-2level.S).
 */
#define TYPE(shape, tex0, t, c, b, name, what) \
	shape(BIT(tex0) | BITS(2, 3), BIT(tex0) * (t) | BIT(3) * (c) | BIT(2) * (b), name, \
	      "TEX[0] C B " #t #c #b ": " what)
#define TYPES(shape, tex0) \
	TYPE(shape, tex0, 0, 0, 0, "UNCACHED", "strongly ordered"), \
	TYPE(shape, tex0, 0, 0, 1, "BUFFERABLE", "normal, not cached"), \
	TYPE(shape, tex0, 0, 1, 0, "WRITETHROUGH", "normal, write-through"), \
	TYPE(shape, tex0, 0, 1, 1, "WRITEBACK", "normal, write-back"), \
	TYPE(shape, tex0, 1, 0, 0, "DEVICE", "device"), \
	TYPE(shape, tex0, 1, 0, 1, "TYPE5", "not used by Linux"), \
	TYPE(shape, tex0, 1, 1, 0, "TYPE6", "implementation defined"), \
	TYPE(shape, tex0, 1, 1, 1, "WRITEALLOC", "normal, write-back, write-allocate")
#define SECTION_TYPE(mask, value, name, what) \
	ROW(mask, value, LV(SHORT_PGD), K_LEAF, false, name, what)

static const struct mmu_flag short_flags[] = {
	ROW(BITS(0, 1), 1, LV(SHORT_PGD), K_TABLE, false, "TABLE", "bits 1:0 are 01"),
	TABLE(2, "PXN", "the kernel fetches no instructions below"),
	TABLE(3, "NS", "not secure"),
	ROW(BIT(4), BIT(4), LV(SHORT_PGD), K_TABLE, true, "BIT4", "not used; Linux sets it"),
	TABLE(9, "IMP", "implementation defined"),
	FIELD(5, 8, LV(SHORT_PGD), K_TABLE, "DOMAIN", "0 kernel, 1 user, 2 I/O, 3 vectors"),
	ROW(BIT(1) | BIT(18), BIT(1), LV(SHORT_PGD), K_LEAF, false, "SECTION", "1 MiB"),
	ROW(BIT(1) | BIT(18), BIT(1) | BIT(18), LV(SHORT_PGD), K_LEAF, false, "SUPERSECTION",
	    "16 MiB, 16 equal words"),
	SECTION(0, "PXN", "the kernel fetches no instructions"),
	TYPES(SECTION_TYPE, 12),
	SECTION(4, "XN", "instructions are not fetched"),
	/* a supersection has address bits there */
	{ BITS(5, 8), 0, BIT(18), "DOMAIN", NULL, "0 kernel, 1 user, 2 I/O, 3 vectors", 0, 0,
	  LV(SHORT_PGD), K_LEAF, true, false },
	SECTION(9, "IMP", "implementation defined"),
	SECTION(13, "TEX1", "not part of the type: TEX remap is on"),
	SECTION(14, "TEX2", "not part of the type: TEX remap is on"),
	SECTION(10, "AP0", "access, with AP1 and APX"),
	SECTION(11, "AP1", "user mode has access"),
	SECTION(15, "APX", "read-only"),
	SECTION(16, "S", "shareable"),
	SECTION(17, "NG", "not global"),
	SECTION(19, "NS", "not secure"),
	SMALL(0, 0, "SMALL", "4 KiB page"),
	LARGE(0, 0, "LARGE", "64 KiB page, 16 equal words"),
	SMALL(BIT(0), BIT(0), "XN", "instructions are not fetched"),
	TYPES(SMALL, 6),
	TYPES(LARGE, 12),
	SMALL(BIT(7), BIT(7), "TEX1", "not part of the type: TEX remap is on"),
	SMALL(BIT(8), BIT(8), "TEX2", "not part of the type: TEX remap is on"),
	LARGE(BIT(6), BIT(6), "SBZ6", "should be 0"),
	LARGE(BIT(7), BIT(7), "SBZ7", "should be 0"),
	LARGE(BIT(8), BIT(8), "SBZ8", "should be 0"),
	LARGE(BIT(13), BIT(13), "TEX1", "not part of the type: TEX remap is on"),
	LARGE(BIT(14), BIT(14), "TEX2", "not part of the type: TEX remap is on"),
	PAGE(4, "AP0", "access, with AP1 and APX"),
	PAGE(5, "AP1", "user mode has access"),
	PAGE(9, "APX", "read-only"),
	PAGE(10, "S", "shareable"),
	PAGE(11, "NG", "not global"),
	LARGE(BIT(15), BIT(15), "XN", "instructions are not fetched"),
};

/* Linux's PTE (asm/pgtable-2level.h). All but a swap entry have PRESENT. */
#define LINUX(n, name, what) \
	ROW(BIT(0) | BIT(n), BIT(0) | BIT(n), LV(PTE), K_LEAF | K_SOFT, true, name, what)
#define MT(value, name, what) \
	ROW(BIT(0) | BITS(2, 5), BIT(0) | (value) << 2, LV(PTE), K_LEAF | K_SOFT, true, \
	    "MT_" name, "memory type " #value ": " what)

static const struct mmu_flag linux_flags[] = {
	LINUX(0, "PRESENT", "the page is there"),
	LINUX(1, "YOUNG", "was used; without it the hardware word is 0"),
	MT(0, "UNCACHED", "strongly ordered"),
	MT(1, "BUFFERABLE", "not cached"),
	MT(2, "WRITETHROUGH", "cached"),
	MT(3, "WRITEBACK", "cached"),
	MT(4, "DEV_SHARED", "device"),
	MT(5, "5", "not used"), MT(6, "6", "not used"), MT(8, "8", "not used"),
	MT(10, "10", "not used"), MT(13, "13", "not used"), MT(14, "14", "not used"),
	MT(7, "WRITEALLOC", "cached, write-allocate"),
	MT(9, "DEV_WC", "device, not cached"),
	MT(11, "DEV_CACHED", "device, cached"),
	MT(12, "DEV_NONSHARED", "device"),
	MT(15, "VECTORS", "cached"),
	LINUX(6, "DIRTY", "was written to; without it hardware may not write"),
	EXCLUSIVE(BITS(0, 1) | BIT(7)),
	LINUX(7, "RDONLY", "writes are not allowed"),
	LINUX(8, "USER", "user mode has access"),
	LINUX(9, "XN", "instructions are not fetched"),
	LINUX(10, "SHARED", "shared between CPUs"),
	LINUX(11, "NONE", "the page is there without any access"),
};

static const struct mmu_level short_levels[] = {
	{ "PTE", .may_be_leaf = true, .run_lg2 = 4, .second_offset = -2048 },
	{ "PGD", .may_be_leaf = true, .run_lg2 = 4 },
};

/*
 * arch/arm/include/asm/pgtable-2level.h: PTRS_PER_PTE 512, PTRS_PER_PGD 2048. Linux pairs the
 * hardware's first-level entries, and a page holds the tables of both.
 */
static const struct mmu_shape short_linux_shape[COUNT(short_levels)] = { { 12, 9 }, { 21, 11 } };

/* ------------------------------------------------------------------ LPAE */

/*
 * A page, block, or what is left of one by PROT_NONE or in the middle of a split. Bit 1 tells a
 * page without access from a swap entry; there are no swap entries in PMDs.
 */
#define HELD(mask, value, software, name, what) \
	ROW(BIT(1) | (mask), BIT(1) | (value), LV(PTE), K_LEAF | K_SOFT, software, name, what), \
	ROW(mask, value, LV(PMD) | LV(PGD), K_LEAF | K_SOFT, software, name, what)
#define LEAF(n, name, what) HELD(BIT(n), BIT(n), false, name, what)
#define SOFT(n, name, what) HELD(BIT(n), BIT(n), true, name, what)
/* AttrIndx names an attribute of MAIR0 or MAIR1 as Linux fills them (mm/proc-v7-3level.S). */
#define ATTR(value, name, what) \
	HELD(BITS(2, 4), (uint64_t)(value) << 2, false, name, "AttrIndx " #value ": " what)
#define SHARE(value, name) \
	HELD(BITS(8, 9), (uint64_t)(value) << 8, false, name, "shareability")
#define BELOW(n, name, what) \
	ROW(BIT(n), BIT(n), LV(PMD) | LV(PGD), K_TABLE, false, name, what)

static const struct mmu_flag lpae_flags[] = {
	ROW(BITS(0, 1), 3, LV(PMD) | LV(PGD), K_TABLE, false, "TABLE", "bits 1:0 are 11"),
	ROW(BIT(55), BIT(55), LV(PGD), K_TABLE, true, "SWAPPER", "an entry of swapper_pg_dir"),
	ROW(BIT(55), BIT(55), LV(PMD), K_TABLE, false, "IGNORED55", "ignored"),
	FIELD(56, 58, LV(PMD) | LV(PGD), K_TABLE, "IGNORED56", "ignored"),
	FIELD(2, 11, LV(PMD) | LV(PGD), K_TABLE, "IGNORED2", "ignored"),
	FIELD(52, 54, LV(PMD) | LV(PGD), K_TABLE, "IGNORED52", "ignored"),
	BELOW(59, "PXNTABLE", "the kernel fetches no instructions below"),
	BELOW(60, "XNTABLE", "no instructions are fetched below"),
	BELOW(61, "APTABLE0", "no user access below"),
	BELOW(62, "APTABLE1", "read-only below"),
	BELOW(63, "NSTABLE", "not secure below"),
	ROW(BITS(0, 1), 1, LV(PMD) | LV(PGD), K_LEAF, false, "BLOCK", "bits 1:0 are 01"),
	ROW(BITS(0, 1), 3, LV(PTE), K_LEAF, false, "PAGE", "bits 1:0 are 11"),
	ATTR(0, "UNCACHED", "strongly ordered"),
	ATTR(1, "BUFFERABLE", "normal, not cached"),
	ATTR(2, "WRITETHROUGH", "normal, write-through"),
	ATTR(3, "WRITEBACK", "normal, write-back"),
	ATTR(4, "DEVICE", "device"),
	ATTR(5, "ATTR5", "not used by Linux"),
	ATTR(6, "ATTR6", "not used by Linux"),
	ATTR(7, "WRITEALLOC", "normal, write-back, write-allocate"),
	LEAF(5, "NS", "not secure"),
	LEAF(6, "USER", "AP[1]: user mode has access"),
	LEAF(7, "AP2", "AP[2]: hardware may not write"),
	SHARE(1, "SH_RESERVED"), SHARE(2, "SH_OUTER"), SHARE(3, "SH_INNER"),
	LEAF(10, "AF", "access flag: was used"),
	LEAF(11, "NG", "not global"),
	LEAF(52, "CONT", "one of 16 that map adjacent memory"),
	LEAF(53, "PXN", "the kernel fetches no instructions"),
	LEAF(54, "XN", "instructions are not fetched"),
	SOFT(55, "DIRTY", "was written to"),
	ROW(BIT(1) | BIT(56), BIT(1) | BIT(56), LV(PTE), K_LEAF | K_SOFT, true, "SPECIAL",
	    "the page has no reference count to keep"),
	ROW(BIT(56), BIT(56), LV(PMD) | LV(PGD), K_LEAF | K_SOFT, true, "SOFT56",
	    "left to software"),
	SOFT(57, "NONE", "the page is there without any access"),
	SOFT(58, "RDONLY", "writes are not allowed"),
	FIELD(59, 63, LV(PTE) | LV(PMD) | LV(PGD), K_LEAF | K_SOFT, "IGNORED59", "ignored"),
	EXCLUSIVE(BITS(0, 1) | BIT(7) | BIT(57)),
};

static const struct mmu_level lpae_levels[] = {
	{ "PTE", .may_be_leaf = true, .run_lg2 = 4 },
	{ "PMD", .may_be_leaf = true, .run_lg2 = 4 },
	{ "PGD", .may_be_leaf = true },
};
/* clang-format on */

/* ------------------------------------------------------------------ formats, regimes */

const struct mmu_format arm_short_format = {
	.size = sizeof(struct mmu_format),
	.name = "short",
	.title = "short descriptors (Arm ARM ARMv7-A, B3.5)",
	.kind = MMU_FORMAT_RADIX,
	.entry_bytes = 4,
	.slot_bytes = 4,
	.nr_levels = COUNT(short_levels),
	.level = short_levels,
	.flags = short_flags,
	.nr_flags = COUNT(short_flags),
	.second_name = "Linux",
	.second_flags = linux_flags,
	.nr_second_flags = COUNT(linux_flags),
	.decode = arm_short_decode,
	.encode = arm_short_encode,
	.explain = arm_short_explain,
	.alike = arm_short_alike,
	.audit = arm_short_audit,
	.linux_shape = short_linux_shape,
	.root_other_bits = 0x7f, /* TTBR0: IRGN, S, RGN, NOS (ARM DDI 0406C, B4.1.154) */
};

const struct mmu_format arm_lpae_format = {
	.size = sizeof(struct mmu_format),
	.name = "lpae",
	.title = "long descriptors, LPAE (Arm ARM ARMv7-A, B3.6)",
	.kind = MMU_FORMAT_RADIX,
	.entry_bytes = 8,
	.slot_bytes = 8,
	.nr_levels = COUNT(lpae_levels),
	.level = lpae_levels,
	.flags = lpae_flags,
	.nr_flags = COUNT(lpae_flags),
	.decode = arm_lpae_decode,
	.encode = arm_lpae_encode,
	.explain = arm_lpae_explain,
	.alike = arm_lpae_alike,
	.root_other_bits = UINT64_C(0xff) << 48, /* TTBR0, 64 bits: ASID (B4.1.154) */
};

/* One table has both halves: Linux keeps TTBCR.N 0, and with LPAE TTBR1 for what all share. */
#define REGIME(of, top, ...)                                                                       \
	{                                                                                          \
		.size = sizeof(struct mmu_regime), .traits = ARM_SWAP_EXCLUSIVE, .format = of,     \
		.name = "all", .last_va = UINT32_MAX, .pa_mask = BITS(0, 39), .page_lg2 = 12,      \
		.top_level = top, .rights = MMU_RIGHTS_ALL, .shape = { __VA_ARGS__ },              \
	}
const struct mmu_regime arm_regimes[2] = {
	[ARM_SHORT] = REGIME(&arm_short_format, SHORT_PGD, { 12, 8 }, { 20, 12 }),
	[ARM_LPAE] = REGIME(&arm_lpae_format, PGD, { 12, 9 }, { 21, 9 }, { 30, 2 }),
};
