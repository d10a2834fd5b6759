/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Bits, levels and formats of trees: radix, and Linux's beside a hash. See README.md. */
#include "ppc64.h"

/* clang-format off */
#define LV_PAGE  7u /* where pages may be */
#define LV_LARGE 6u
#define LV_PTE   1u
#define LV_TABLE 0xeu
#define LV_ALL   0xfu
#define K_LEAF   (MMU_KINDS(MMU_KIND_LEAF) | MMU_KINDS(MMU_KIND_BAD))
#define K_TABLE  MMU_KINDS(MMU_KIND_TABLE)
#define K_SOFT   MMU_KINDS(MMU_KIND_SOFTWARE)
#define IN_USER   (1 << MMU_HALF_USER)
#define IN_KERNEL (1 << MMU_HALF_KERNEL)

#define ROW(mask, value, absent, lv, k, if_, no, sw, halves, name, what) \
	{ mask, value, absent, name, NULL, what, if_, no, lv, k, false, sw, halves }
#define FIELD(first, last, lv, k, sw, name, what) \
	{ BITS(first, last), 0, 0, name, NULL, what, 0, 0, lv, k, true, sw }
#define PAGE(bit, lv, sw, name, what) ROW(bit, bit, 0, lv, K_LEAF, 0, 0, sw, 0, name, what), \
	KEPT(bit, lv, name, what)
/* What is left of a page without access or without VALID: all but what tells a swap entry. */
#define KEPT(bit, lv, name, what) \
	ROW((bit) | VALID, (bit) | VALID, 0, lv, K_SOFT, 0, 0, true, IN_USER, name, what), \
	ROW((bit) | VALID | INVALID, (bit) | INVALID, 0, lv, K_SOFT, 0, 0, true, IN_USER, name, \
	    what), \
	ROW(bit, bit, 0, lv, K_SOFT, 0, 0, true, IN_KERNEL, name, what)
#define SWAPPED(bit, if_, no, name, what) \
	ROW((bit) | VALID | INVALID, bit, 0, LV_PAGE, K_SOFT, if_, no, true, IN_USER, name, what)

#define WORDS(v, l, x, w, r, p, c, used) \
	ROW(VALID, VALID, 0, LV_ALL, K_LEAF | K_TABLE | K_SOFT, 0, 0, false, 0, v, \
	    "hardware looks at it"), \
	ROW(LEAF, LEAF, 0, LV_ALL, K_LEAF, 0, 0, false, 0, l, "maps memory: no pointer"), \
	ROW(LEAF, LEAF, 0, LV_PAGE, K_SOFT, 0, 0, true, 0, l, "no pointer"), \
	ROW(INVALID, INVALID, 0, LV_PAGE, K_SOFT, 0, 0, true, 0, "INVALID", \
	    "without VALID: Linux has the page still"), \
	PAGE(EXEC, LV_PAGE, false, x, "may be run"), \
	PAGE(WRITE, LV_PAGE, false, w, "may be written"), \
	PAGE(READ, LV_PAGE, false, r, "may be read"), \
	PAGE(PRIVILEGED, LV_PAGE, false, p, "for the kernel alone"), \
	PAGE(BIT(4), LV_PAGE, false, "ATT0", \
	     "memory: 1 strongly ordered, 3 not cached, tolerant"), \
	ROW(BIT(5), BIT(5), 0, LV_PAGE, K_LEAF, 0, 0, false, 0, "ATT1", \
	    "memory: not cached; guarded without ATT0"), \
	KEPT(BIT(5), LV_PAGE, "ATT1", "memory: not cached; guarded without ATT0"), \
	SWAPPED(BIT(5), OLD_SWAP, 0, "SWP_SOFT_DIRTY", "was written to, for checkpoints"), \
	SWAPPED(BIT(5), 0, OLD_SWAP, "SWP_EXCLUSIVE", "an anonymous page of this process alone"), \
	PAGE(DIRTY, LV_PAGE, false, c, "was written to"), \
	PAGE(ACCESSED, LV_PAGE, false, used, "was used"), \
	PAGE(SOFT_DIRTY, LV_PAGE, true, "SOFT_DIRTY", "was written to, for checkpoints"), \
	SWAPPED(SOFT_DIRTY, 0, OLD_SWAP, "SWP_SOFT_DIRTY", "was written to, for checkpoints"), \
	PAGE(SPECIAL, LV_PAGE, true, "SPECIAL", "the page has no reference count to keep"), \
	PAGE(DEVMAP, LV_PAGE, true, "DEVMAP", "memory of a device (ZONE_DEVICE)")

static const struct mmu_flag radix_flags[] = {
	WORDS("V", "L", "X", "W", "R", "PRIV", "C", "REF"),
	ROW(INVALID, INVALID, 0, LV_PAGE, K_LEAF, 0, 0, true, 0, "SW0", "left to software"),
	FIELD(0, 4, LV_TABLE, K_TABLE, false, "NLS", "bits of the next table's index"),
	FIELD(5, 7, LV_TABLE, K_TABLE, false, "RES5", "reserved"),
	FIELD(61, 62, LV_TABLE, K_TABLE, false, "RES61", "reserved"),
	ROW(BUSY, BUSY, 0, LV_PAGE, K_LEAF, 0, 0, false, 0, "RES6", "reserved"),
	FIELD(57, 60, LV_PAGE, K_LEAF, false, "RES57", "reserved"),
};

#define OF_LINUX \
	WORDS("PRESENT", "PTE", "EXEC", "WRITE", "READ", "PRIVILEGED", "DIRTY", "ACCESSED"), \
	FIELD(0, 7, LV_TABLE, K_TABLE, true, "RES0", "0 in pointers"), \
	PAGE(BUSY, LV_PAGE, true, "BUSY", "a processor is changing it and the hashed table")

static const struct mmu_flag tree64k_flags[] = {
	OF_LINUX,
	PAGE(COMBO, LV_PTE, true, "COMBO", "in the hashed table in pieces of 4 KiB"),
	PAGE(PFN_4K, LV_PTE, true, "4K_PFN", "the same 4 KiB, 16 times"),
	PAGE(PFN_4K, LV_LARGE, true, "THP_HUGE", "a transparent huge page"),
	PAGE(HASHED_64K, LV_PAGE, true, "HASHPTE", "is, or was, in the hashed table"),
	FIELD(56, 60, LV_PAGE, K_LEAF, true, "PKEY", "protection key, its bits from 4 to 0"),
};

static const struct mmu_flag tree4k_flags[] = {
	OF_LINUX,
	FIELD(53, 55, LV_PAGE, K_LEAF | K_SOFT, true, "F_GIX", "number of its slot in the group"),
	PAGE(BIT(56), LV_PAGE, true, "F_SECOND", "in the group of the inverted hash"),
	PAGE(HASHED_4K, LV_PAGE, true, "HASHPTE", "is, or was, in the hashed table"),
	FIELD(57, 59, LV_PAGE, K_LEAF, true, "PKEY", "protection key, its bits from 2 to 0"),
};

/*
 * Of each 4 KiB, or of all 64 in the first: 1 more than the slot in its group. It is a number of
 * the kernel's, not of the tables: a little-endian one has its bytes the other way round.
 */
#define HIDX(at, n, if_, no) \
	{ BITS(at, (at) + 3), 0, 0, "HIDX" #n, NULL, \
	  "1 + slot in the group, 9 on: of the inverted hash; 0: none", if_, no, LV_PTE, \
	  K_LEAF | K_SOFT | MMU_KINDS(MMU_KIND_EMPTY), true, true }
#define HIDXES(n, m, at) HIDX(4 * (n), n, 0, LITTLE), HIDX(4 * (m), m, 0, LITTLE), \
	HIDX(at, n, LITTLE, 0), HIDX((at) + 4, m, LITTLE, 0)
static const struct mmu_flag hidx_flags[] = {
	HIDXES(0, 1, 56), HIDXES(2, 3, 48), HIDXES(4, 5, 40), HIDXES(6, 7, 32),
	HIDXES(8, 9, 24), HIDXES(10, 11, 16), HIDXES(12, 13, 8), HIDXES(14, 15, 0),
};
/* clang-format on */

static const struct mmu_level radix_levels[] = {
	{ .name = "PTE", .may_be_leaf = true },
	{ .name = "PMD", .may_be_leaf = true },
	{ .name = "PUD", .may_be_leaf = true },
	{ .name = "PGD" },
};

/* The second half of a page of PTEs has the slots of their subpages: asm/book3s/64/hash-64k.h */
static const struct mmu_level tree64k_levels[] = {
	{ .name = "PTE", .may_be_leaf = true, .second_offset = 2048 },
	{ .name = "PMD", .may_be_leaf = true },
	{ .name = "PUD", .may_be_leaf = true },
	{ .name = "PGD" },
};

static const struct mmu_level tree4k_levels[] = {
	{ .name = "PTE", .may_be_leaf = true },
	{ .name = "PMD", .may_be_leaf = true, .run_lg2 = 3, .first_of_run = true },
	{ .name = "PUD", .may_be_leaf = true, .run_lg2 = 6, .first_of_run = true },
	{ .name = "PGD" },
};

#define COMMON(text, about, rows, bytes)                                                           \
	.size = sizeof(struct mmu_format), .name = text, .title = about, .entry_bytes = 8,         \
	.slot_bytes = bytes, .big_endian = true, .nr_levels = COUNT(rows), .level = rows

#define TREE                                                                                       \
	.decode = ppc64_decode, .encode = ppc64_encode, .explain = ppc64_explain,                  \
	.alike = ppc64_alike, .audit = ppc64_audit

const struct mmu_format ppc64_radix = {
	COMMON("radix", "radix tree (Power ISA 3.0B, III 5.7.10)", radix_levels, 8),
	.flags = radix_flags,
	.nr_flags = COUNT(radix_flags),
	TREE,
};

const struct mmu_format ppc64_tree64k = {
	COMMON("tree64k", "Linux's tree beside a hashed table, pages of 64 KiB", tree64k_levels, 8),
	.flags = tree64k_flags,
	.nr_flags = COUNT(tree64k_flags),
	.second_name = "hidx",
	.second_flags = hidx_flags,
	.nr_second_flags = COUNT(hidx_flags),
	TREE,
};

const struct mmu_format ppc64_tree4k = {
	COMMON("tree4k", "Linux's tree beside a hashed table, pages of 4 KiB", tree4k_levels, 8),
	.flags = tree4k_flags,
	.nr_flags = COUNT(tree4k_flags),
	TREE,
};
