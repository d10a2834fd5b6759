/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Leaves and ranges of an invented format: ends, halves, runs, what is missing, loops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/memory_image.h"
#include "support/regimes.h"
#include "walk/leaves.h"
#include "walk/range.h"

/* Bits 2:0 the kind, bits 7:3 the rights, bits 11:8 a swap type, the rest an address. */
enum { W_TABLE = 1, W_LEAF, W_RUN, W_SWAP, W_WINDOW };
#define RIGHTS(rights) ((uint64_t)(rights) << 3)
#define ALL RIGHTS(MMU_RIGHTS_ALL)

static void decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		   uint64_t second, struct mmu_entry *ret)
{
	static const enum mmu_kind kinds[] = { MMU_KIND_BAD,  MMU_KIND_TABLE,    MMU_KIND_LEAF,
					       MMU_KIND_LEAF, MMU_KIND_SOFTWARE, MMU_KIND_TABLE };

	(void)level;
	(void)second;
	*ret = (struct mmu_entry){ .rights = raw >> 3 & 31, .pa = raw & ~UINT64_C(0xfff) };
	ret->kind = raw ? kinds[raw & 7] : MMU_KIND_EMPTY;
	if (!raw && regime->traits) /* an architecture may do so */
		ret->kind = MMU_KIND_LEAF;
	if ((raw & 7) == W_WINDOW) {
		ret->next_first = raw >> 8 & 15;
		ret->next_count = 4;
	}
	ret->run_lg2 = (raw & 7) == W_RUN ? 2 : 0;
}

static void explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		    uint64_t second, struct mmu_software *ret)
{
	(void)regime;
	(void)level;
	(void)second;
	*ret = (struct mmu_software){ .kind = MMU_SOFTWARE_SWAP,
				      .type = raw >> 8 & 15,
				      .offset = raw >> 12 };
}

/* Only the address goes on. */
static bool alike(const struct mmu_regime *regime, unsigned int level, struct mmu_alike *ret)
{
	(void)regime;
	*ret = (struct mmu_alike){ .address = UINT64_C(0xfffffffff000),
				   .step = UINT64_C(0x1000) << 4 * level };
	return true;
}

/* 3 levels of 16 entries: 24 address bits, the upper half at the very top */
static const struct mmu_level levels[] = {
	{ .name = "L0", .may_be_leaf = true, .run_lg2 = 2 },
	{ .name = "L1", .may_be_leaf = true },
	{ .name = "L2" },
};
static const struct mmu_format format = { .size = sizeof(struct mmu_format),
					  .name = "fake",
					  .entry_bytes = 8,
					  .slot_bytes = 8,
					  .nr_levels = 3,
					  .level = levels,
					  .decode = decode,
					  .explain = explain,
					  .alike = alike };

#define ROOT UINT64_C(0x10000)
#define MID UINT64_C(0x11000)
#define LOW UINT64_C(0x12000)
#define TOP (UINT64_MAX << 24) /* where index 0 of the upper half would lie */

struct seen {
	uint64_t first_va, last_va, pa;
	enum mmu_result result;
	uint8_t rights;
};

static struct mmu_regimes regimes;
static struct fixture {
	struct mmu_image *image;
	struct mmu_walker walker;
	bool stretches;
	struct seen seen[4096];
	size_t nr, stop_at;
	struct mmu_tally leaves;
} f;

static int open_memory(void **state)
{
	const struct memory_piece pieces[] = {
		{ .first_pa = ROOT, .bytes = 0x3000 },
		{ .first_pa = 0x20000, .bytes = 0x40, .state = MMU_PAGE_FILTERED },
		{ .first_pa = 0x20040, .bytes = 0x40 },
		{ .first_pa = 0x21000, .bytes = 0x40, .state = MMU_PAGE_FILTERED },
		{ .first_pa = 0x21040, .bytes = 0x40, .state = MMU_PAGE_TRUNCATED },
	};

	(void)state;
	memset(&f, 0, sizeof(f));
	f.image = memory_image_create(pieces, sizeof(pieces) / sizeof(pieces[0]));
	f.walker = (struct mmu_walker){
		.cursor = memory_image_cursor(f.image),
		.regimes = &regimes,
	};
	regimes_of(&regimes, &format, ROOT, true);
	memory_image_put(f.image, ROOT, 8, MID | ALL | W_TABLE);
	memory_image_put(f.image, MID, 8, LOW | ALL | W_TABLE);
	return 0;
}

static int close_memory(void **state)
{
	(void)state;
	mmu_image_close(f.image);
	return 0;
}

static void put(uint64_t table_pa, uint64_t index, uint64_t raw)
{
	memory_image_put(f.image, table_pa + 8 * index, 8, raw);
}

static bool keep(struct mmu_walk *walk, uint64_t last_va, void *context)
{
	(void)context;
	assert_true(f.nr < sizeof(f.seen) / sizeof(f.seen[0]));
	f.seen[f.nr++] = (struct seen){ walk->va, last_va, walk->has_pa ? walk->pa : 0,
					walk->result, walk->rights };
	return f.nr != f.stop_at;
}

static enum mmu_leaves_end leaves(uint64_t first_va, uint64_t last_va, uint64_t max_tables)
{
	f.nr = 0;
	return mmu_walker_leaves(&f.walker, first_va, last_va, max_tables, f.stretches, keep, NULL,
				 &f.leaves);
}

static void assert_seen(size_t at, uint64_t first_va, uint64_t last_va, enum mmu_result result,
			uint64_t pa)
{
	assert_true(at < f.nr);
	assert_int_equal(f.seen[at].first_va, first_va);
	assert_int_equal(f.seen[at].last_va, last_va);
	assert_int_equal(f.seen[at].result, result);
	assert_int_equal(f.seen[at].pa, pa);
}

/* ------------------------------------------------------------------ leaves */

static void test_both_halves(void **state)
{
	put(LOW, 3, 0x7000 | ALL | W_LEAF);
	put(ROOT, 15, MID | RIGHTS(MMU_RIGHT_READ) | W_TABLE);
	assert_int_equal(leaves(0, UINT64_MAX, 100), MMU_LEAVES_ALL);
	assert_int_equal(f.nr, 2);
	assert_seen(0, 0x3000, 0x3fff, MMU_RESULT_MAPPED, 0x7000);
	assert_seen(1, TOP + 0xf03000, TOP + 0xf03fff, MMU_RESULT_MAPPED, 0x7000);
	assert_int_equal(f.seen[0].rights, MMU_RIGHTS_ALL);
	assert_int_equal(f.seen[1].rights, MMU_RIGHT_READ);
	assert_int_equal(f.leaves.tables[2], 1); /* once, though it has two halves */
	assert_int_equal(f.leaves.tables[1], 2); /* once for every entry that leads there */
	assert_int_equal(f.leaves.tables[0], 2);
}

static void test_ends_are_cut(void **state)
{
	put(MID, 1, 0x50000 | ALL | W_LEAF); /* 64 KiB at 0x10000 */
	leaves(0x12345, 0x12346, 100);
	assert_int_equal(f.nr, 1);
	assert_seen(0, 0x12345, 0x12346, MMU_RESULT_MAPPED, 0x52345);
	leaves(0x1ffff, 0x1ffff, 100);
	assert_seen(0, 0x1ffff, 0x1ffff, MMU_RESULT_MAPPED, 0x5ffff);
	leaves(0x20000, UINT64_MAX, 100);
	assert_int_equal(f.nr, 0);
	leaves(0, 0xffff, 100);
	assert_int_equal(f.nr, 0);
	/* only the tables on the way are read, none where no address can be */
	leaves(0x1000000, TOP - 1, 100);
	assert_int_equal(f.nr + f.leaves.tables[2], 0);
	leaves(5, 4, 100);
	assert_int_equal(f.nr, 0);
}

static void test_runs(void **state)
{
	for (uint64_t index = 4; index < 8; index++)
		put(LOW, index, 0x40000 | ALL | W_RUN);
	leaves(0, UINT64_MAX, 100);
	assert_int_equal(f.nr, 1);
	assert_seen(0, 0x4000, 0x7fff, MMU_RESULT_MAPPED, 0x40000);
	leaves(0x5800, UINT64_MAX, 100);
	assert_seen(0, 0x5800, 0x7fff, MMU_RESULT_MAPPED, 0x41800);
	/* one entry says something else: each then speaks for itself */
	put(LOW, 6, 0x80000 | ALL | W_RUN);
	leaves(0, UINT64_MAX, 100);
	assert_int_equal(f.nr, 3);
	assert_seen(0, 0x4000, 0x5fff, MMU_RESULT_MAPPED, 0x40000);
	assert_seen(1, 0x6000, 0x6fff, MMU_RESULT_MAPPED, 0x82000);
	assert_seen(2, 0x7000, 0x7fff, MMU_RESULT_MAPPED, 0x43000);
}

/* Entries of one run that differ in their rights alone. */
static void test_runs_of_other_rights(void **state)
{
	for (uint64_t index = 4; index < 8; index++)
		put(LOW, index, 0x40000 | (index == 6 ? RIGHTS(MMU_RIGHT_READ) : ALL) | W_RUN);
	leaves(0, UINT64_MAX, 100);
	assert_int_equal(f.nr, 3);
	assert_seen(0, 0x4000, 0x5fff, MMU_RESULT_MAPPED, 0x40000);
	assert_int_equal(f.seen[0].rights, MMU_RIGHTS_ALL);
	assert_seen(1, 0x6000, 0x6fff, MMU_RESULT_MAPPED, 0x42000);
	assert_int_equal(f.seen[1].rights, MMU_RIGHT_READ);
	assert_seen(2, 0x7000, 0x7fff, MMU_RESULT_MAPPED, 0x43000);
	assert_int_equal(f.seen[2].rights, MMU_RIGHTS_ALL);
}

static void test_what_is_missing(void **state)
{
	/* entries 0 to 7 of this table were filtered, 8 to 15 are there */
	put(MID, 2, UINT64_C(0x20000) | ALL | W_TABLE);
	memory_image_put(f.image, 0x20048, 8, 0x7000 | ALL | W_LEAF);
	/* and this one lies outside of all memory */
	put(MID, 3, UINT64_C(0x90000) | ALL | W_TABLE);
	leaves(0, UINT64_MAX, 100);
	assert_int_equal(f.nr, 3);
	assert_seen(0, 0x20000, 0x27fff, MMU_RESULT_FILTERED, 0);
	assert_seen(1, 0x29000, 0x29fff, MMU_RESULT_MAPPED, 0x7000);
	assert_seen(2, 0x30000, 0x3ffff, MMU_RESULT_OUTSIDE_RAM, 0);
	assert_int_equal(f.leaves.tables[0], 2);
	assert_int_equal(f.leaves.missing[0], 1);
	assert_int_equal(f.leaves.missing[2], 0);
	regimes.regime[0].root_pa = regimes.regime[1].root_pa = 0x90000;
	leaves(0, UINT64_MAX, 100);
	assert_int_equal(f.nr, 2); /* two halves */
	assert_seen(1, TOP + 0x800000, UINT64_MAX, MMU_RESULT_OUTSIDE_RAM, 0);
	assert_int_equal(f.leaves.tables[2], 0);
	assert_int_equal(f.leaves.missing[2], 1);
}

/* Neighbours that are missing for two reasons are two ranges. */
static void test_two_reasons(void **state)
{
	put(MID, 2, UINT64_C(0x21000) | ALL | W_TABLE);
	leaves(0, UINT64_MAX, 100);
	assert_int_equal(f.nr, 2);
	assert_seen(0, 0x20000, 0x27fff, MMU_RESULT_FILTERED, 0);
	assert_seen(1, 0x28000, 0x2ffff, MMU_RESULT_TRUNCATED, 0);
	assert_int_equal(f.leaves.missing[0], 1);
}

/* Only indices 6 to 9 of the low table exist; behind the last one nothing is left of it. */
static void test_windows(void **state)
{
	for (uint64_t index = 0; index < 16; index++)
		put(LOW, index, (index << 20) | ALL | W_LEAF);
	put(MID, 0, LOW | ALL | W_WINDOW | 6 << 8);
	put(MID, 1, LOW | ALL | W_WINDOW | 14 << 8);
	leaves(0, UINT64_MAX, 100);
	assert_int_equal(f.nr, 6);
	assert_seen(0, 0x6000, 0x6fff, MMU_RESULT_MAPPED, 0x600000);
	assert_seen(3, 0x9000, 0x9fff, MMU_RESULT_MAPPED, 0x900000);
	assert_seen(5, 0x1f000, 0x1ffff, MMU_RESULT_MAPPED, 0xf00000);
}

static void test_zero_may_be_a_leaf(void **state)
{
	regimes.regime[0].traits = 1;
	leaves(0, 0xffff, 100);
	assert_int_equal(f.nr, 16);
	assert_seen(15, 0xf000, 0xffff, MMU_RESULT_MAPPED, 0);
}

static void test_stop(void **state)
{
	for (uint64_t index = 0; index < 16; index++)
		put(LOW, index, (index << 20) | ALL | W_LEAF);
	f.stop_at = 5;
	assert_int_equal(leaves(0, UINT64_MAX, 100), MMU_LEAVES_STOPPED);
	assert_int_equal(f.nr, 5);
	assert_int_equal(f.leaves.end, MMU_LEAVES_STOPPED);
}

/* A table whose entries all lead to itself would have 16^3 ends. */
static void test_loop_ends(void **state)
{
	for (uint64_t index = 0; index < 16; index++)
		put(ROOT, index, ROOT | ALL | W_TABLE);
	assert_int_equal(leaves(0, UINT64_MAX, 20), MMU_LEAVES_TOO_MANY);
	assert_true(f.nr > 0 && f.nr <= 20 * 16);
	assert_int_equal(f.seen[0].result, MMU_RESULT_BAD_ENTRY);
	/* with room for all of them it ends by itself */
	assert_int_equal(leaves(0, UINT64_MAX, 1000), MMU_LEAVES_ALL);
	assert_int_equal(f.nr, 4096);
	assert_int_equal(f.leaves.tables[0], 256);
}

/* A root that is not shared is one table for each half. */
static void test_two_roots(void **state)
{
	put(LOW, 3, 0x7000 | ALL | W_LEAF);
	regimes.regime[1].root_pa = MID;
	assert_int_equal(leaves(0, UINT64_MAX, 100), MMU_LEAVES_ALL);
	assert_int_equal(f.leaves.tables[2], 2);
	assert_int_equal(f.leaves.tables[1], 1);
}

/* ------------------------------------------------------------------ regimes */

/* What the regime does not grant, no entry gives back; what denies it is the regime. */
static void test_rights_of_the_regime(void **state)
{
	struct mmu_walk w;

	regimes.regime[0].rights = MMU_RIGHTS_ALL & ~MMU_RIGHT_USER;
	put(LOW, 0, 0x7000 | RIGHTS(MMU_RIGHTS_ALL & ~MMU_RIGHT_WRITE) | W_LEAF);
	mmu_walker_walk(&f.walker, 0, &w);
	assert_int_equal(w.rights, MMU_RIGHTS_ALL & ~(MMU_RIGHT_WRITE | MMU_RIGHT_USER));
	assert_int_equal(mmu_walk_denied_by(&w, MMU_RIGHT_WRITE), 0);
	assert_int_equal(mmu_walk_denied_by(&w, MMU_RIGHT_USER), MMU_DENIED_BY_REGIME);
	leaves(0, UINT64_MAX, 100);
	assert_int_equal(f.seen[0].rights, w.rights);
}

/* Two halves may have tables of their own, of another depth. */
static void test_depth_of_each_half(void **state)
{
	struct mmu_walk w;

	put(LOW, 0, 0x7000 | ALL | W_LEAF);
	regimes.regime[1].root_pa = LOW;
	regimes.regime[1].top_level = 0;
	regimes.regime[1].first_va = UINT64_C(0xffffffffffff0000);
	mmu_walker_walk(&f.walker, UINT64_C(0xffffffffffff0123), &w);
	assert_int_equal(w.pa, 0x7123);
	assert_int_equal(w.nr_steps, 1);
	assert_ptr_equal(w.regime, &regimes.regime[1]);
	mmu_walker_walk(&f.walker, UINT64_C(0xfffffffffffeffff), &w);
	assert_int_equal(w.result, MMU_RESULT_NONCANONICAL);
	assert_null(w.regime);
	leaves(0, UINT64_MAX, 100);
	assert_int_equal(f.nr, 2);
	assert_seen(0, 0, 0xfff, MMU_RESULT_MAPPED, 0x7000);
	assert_seen(1, UINT64_C(0xffffffffffff0000), UINT64_C(0xffffffffffff0fff),
		    MMU_RESULT_MAPPED, 0x7000);
	assert_int_equal(f.leaves.tables[0], 2);
	assert_int_equal(f.leaves.tables[2], 1);
}

/* The hardware's view answers where Linux's has no regime, and there alone. */
static void test_views(void **state)
{
	struct mmu_walk walk;

	put(LOW, 3, 0x7000 | ALL | W_LEAF);
	put(LOW, 4, 0x8000 | ALL | W_LEAF);
	put(LOW, 6, 0x9000 | ALL | W_LEAF);
	regimes.regime[1] = regimes.regime[0];
	regimes.regime[1].view = MMU_VIEW_HARDWARE;
	regimes.regime[0].view = MMU_VIEW_LINUX;
	regimes.regime[0].first_va = 0x4000;
	regimes.regime[0].last_va = 0x5fff;
	regimes.regime[0].root_pa = 0x90000;
	leaves(0, UINT64_MAX, 100);
	assert_int_equal(f.nr, 3);
	assert_seen(0, 0x3000, 0x3fff, MMU_RESULT_MAPPED, 0x7000);
	assert_seen(1, 0x4000, 0x5fff, MMU_RESULT_OUTSIDE_RAM, 0);
	assert_seen(2, 0x6000, 0x6fff, MMU_RESULT_MAPPED, 0x9000);
	for (unsigned int va = 0x3000; va < 0x7000; va += 0x1000) {
		mmu_walker_walk(&f.walker, va, &walk);
		assert_ptr_equal(walk.regime, &regimes.regime[va < 0x4000 || va >= 0x6000]);
	}
	/* ends at the very end of an outer one */
	regimes.regime[0].last_va = regimes.regime[1].last_va;
	leaves(0, UINT64_MAX, 100);
	assert_int_equal(f.nr, 2);
}

static void test_the_last_address(void **state)
{
	put(ROOT, 15, MID | ALL | W_TABLE);
	put(MID, 15, LOW | ALL | W_TABLE);
	put(LOW, 15, 0x7000 | ALL | W_LEAF);
	leaves(UINT64_MAX, UINT64_MAX, 100);
	assert_int_equal(f.nr, 1);
	assert_seen(0, UINT64_MAX, UINT64_MAX, MMU_RESULT_MAPPED, 0x7fff);
}

/* What Linux keeps in the first entry of a run holds for all of it. */
static void test_first_of_run(void **state)
{
	static const struct mmu_level first[] = {
		{ .name = "L0", .may_be_leaf = true, .run_lg2 = 2, .first_of_run = true },
		{ .name = "L1", .may_be_leaf = true },
		{ .name = "L2" },
	};
	struct mmu_format keeper = format;
	struct mmu_walk walk;

	keeper.level = first;
	regimes.regime[0].format = regimes.regime[1].format = &keeper;
	put(LOW, 4, 0x8000 | ALL | W_RUN);
	for (uint64_t index = 5; index < 8; index++)
		put(LOW, index, 0x8000 | RIGHTS(MMU_RIGHT_READ) | W_RUN);
	mmu_walker_walk(&f.walker, 0x6123, &walk);
	assert_int_equal(walk.result, MMU_RESULT_MAPPED);
	assert_int_equal(walk.rights, MMU_RIGHTS_ALL);
	assert_int_equal(walk.pa, 0xa123);
	leaves(0x5000, 0x7fff, 100);
	assert_int_equal(f.nr, 1);
	assert_seen(0, 0x5000, 0x7fff, MMU_RESULT_MAPPED, 0x9000);
	assert_int_equal(f.seen[0].rights, MMU_RIGHTS_ALL);
}

/* ------------------------------------------------------------------ stretches */

static void test_stretches(void **state)
{
	f.stretches = true;
	for (uint64_t index = 2; index < 7; index++)
		put(LOW, index, (0x70000 + 0x1000 * index) | ALL | W_LEAF);
	put(LOW, 7, 0x77000 | RIGHTS(MMU_RIGHT_READ) | W_LEAF); /* other rights */
	put(LOW, 8, 0x78000 | RIGHTS(MMU_RIGHT_READ) | W_LEAF);
	put(LOW, 9, 0x7a000 | RIGHTS(MMU_RIGHT_READ) | W_LEAF); /* another frame */
	for (uint64_t index = 12; index < 16; index++)
		put(LOW, index, 0x8000 | ALL | W_RUN);
	put(MID, 1, 0x100000 | ALL | W_LEAF);
	put(MID, 2, 0x110000 | ALL | W_LEAF);
	put(MID, 3, 0x130000 | ALL | W_LEAF);
	leaves(0, UINT64_MAX, 100);
	assert_int_equal(f.nr, 6);
	assert_seen(0, 0x2000, 0x6fff, MMU_RESULT_MAPPED, 0x72000);
	assert_seen(1, 0x7000, 0x8fff, MMU_RESULT_MAPPED, 0x77000);
	assert_seen(2, 0x9000, 0x9fff, MMU_RESULT_MAPPED, 0x7a000);
	assert_seen(3, 0xc000, 0xffff, MMU_RESULT_MAPPED, 0x8000);
	assert_seen(4, 0x10000, 0x2ffff, MMU_RESULT_MAPPED, 0x100000);
	assert_seen(5, 0x30000, 0x3ffff, MMU_RESULT_MAPPED, 0x130000);
	/* cut to what is asked for */
	leaves(0x3800, 0x57ff, 100);
	assert_int_equal(f.nr, 1);
	assert_seen(0, 0x3800, 0x57ff, MMU_RESULT_MAPPED, 0x73800);
}

/* The address may carry into nothing: behind its last frame a field begins at 0 again. */
static void test_stretch_without_carry(void **state)
{
	f.stretches = true;
	put(LOW, 0, UINT64_C(0xfffffffff000) | ALL | W_LEAF);
	put(LOW, 1, UINT64_C(0x1000000000000) | ALL | W_LEAF);
	put(LOW, 2, UINT64_C(0x1000000001000) | ALL | W_LEAF);
	leaves(0, UINT64_MAX, 100);
	assert_int_equal(f.nr, 2);
	assert_seen(0, 0, 0xfff, MMU_RESULT_MAPPED, UINT64_C(0xfffffffff000));
}

/* ------------------------------------------------------------------ ranges */

static struct mmu_range ranges[64];
static size_t nr_ranges;

static bool keep_range(const struct mmu_range *range, void *context)
{
	(void)context;
	ranges[nr_ranges++] = *range;
	return true;
}

static bool merge(struct mmu_walk *walk, uint64_t last_va, void *context)
{
	return mmu_range_merge(walk, last_va, context);
}

static void merge_all(void)
{
	struct mmu_range_merger merger = { .fn = keep_range, .page_lg2 = 12 };
	struct mmu_tally ignored = { .kept = false };

	nr_ranges = 0;
	mmu_walker_leaves(&f.walker, 0, UINT64_MAX, 100, f.stretches, merge, &merger, &ignored);
	assert_true(mmu_range_flush(&merger));
}

static void test_ranges(void **state)
{
	put(LOW, 1, 0x71000 | ALL | W_LEAF);
	put(LOW, 2, 0x72000 | ALL | W_LEAF);
	put(LOW, 3, 0x74000 | ALL | W_LEAF);                    /* another frame */
	put(LOW, 4, 0x75000 | RIGHTS(MMU_RIGHT_READ) | W_LEAF); /* other rights */
	put(LOW, 6, 0x76000 | RIGHTS(MMU_RIGHT_READ) | W_LEAF); /* behind a hole */
	put(LOW, 8, 0x21000 | W_SWAP | 2 << 8);
	put(LOW, 9, 0x22000 | W_SWAP | 2 << 8);  /* the next slot */
	put(LOW, 10, 0x23000 | W_SWAP | 3 << 8); /* another file */
	merge_all();
	assert_int_equal(nr_ranges, 6);
	assert_int_equal(ranges[0].first_va, 0x1000);
	assert_int_equal(ranges[0].last_va, 0x2fff);
	assert_int_equal(ranges[0].pa, 0x71000);
	assert_int_equal(ranges[4].first_va, 0x8000);
	assert_int_equal(ranges[4].last_va, 0x9fff);
	assert_int_equal(ranges[4].swap_offset, 0x21);
	assert_int_equal(ranges[5].swap_type, 3);
	struct mmu_range part = mmu_range_part(&ranges[4], 0x9000, 0x9fff, 12);
	assert_int_equal(part.swap_offset, 0x22);
	part = mmu_range_part(&ranges[0], 0x2800, 0x28ff, 12);
	assert_int_equal(part.pa, 0x72800);
	assert_int_equal(part.last_va, 0x28ff);
}

static void test_page_sizes_do_not_mix(void **state)
{
	put(LOW, 15, 0x7f000 | ALL | W_LEAF);
	put(MID, 1, 0x80000 | ALL | W_LEAF);
	merge_all();
	assert_int_equal(nr_ranges, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_memory, close_memory)
	const struct CMUnitTest tests[] = {
		TEST(test_both_halves),
		TEST(test_ends_are_cut),
		TEST(test_runs),
		TEST(test_runs_of_other_rights),
		TEST(test_what_is_missing),
		TEST(test_two_reasons),
		TEST(test_windows),
		TEST(test_zero_may_be_a_leaf),
		TEST(test_stop),
		TEST(test_loop_ends),
		TEST(test_two_roots),
		TEST(test_rights_of_the_regime),
		TEST(test_depth_of_each_half),
		TEST(test_views),
		TEST(test_the_last_address),
		TEST(test_first_of_run),
		TEST(test_stretches),
		TEST(test_stretch_without_carry),
		TEST(test_ranges),
		TEST(test_page_sizes_do_not_mix),
	};

	return cmocka_run_group_tests_name("leaves", tests, NULL, NULL);
}
