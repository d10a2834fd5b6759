/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file How ranges differ, and which frames two lists of them share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "analysis/compare.h"
#include "analysis/frames.h"

static struct mmu_range page_of(uint64_t pa, uint8_t rights, uint64_t page_bytes)
{
	return (struct mmu_range){
		.has_pa = true, .pa = pa, .rights = rights, .page_bytes = page_bytes
	};
}

static void test_changes(void **state)
{
	const struct mmu_range page = page_of(0x1000, 7, 4096), moved = page_of(0x2000, 7, 4096);
	const struct mmu_range read_only = page_of(0x1000, 1, 4096);
	const struct mmu_range large = page_of(0x1000, 7, 1 << 21);
	const struct mmu_range other = page_of(0x2000, 1, 1 << 21);
	const struct mmu_range none = {
		.result = MMU_RESULT_PROTNONE, .has_pa = true, .pa = 0x1000, .page_bytes = 4096
	};
	const struct mmu_range empty = { .result = MMU_RESULT_EMPTY };
	const struct mmu_range filtered = { .result = MMU_RESULT_FILTERED };
	const struct mmu_range swapped = { .result = MMU_RESULT_SWAPPED, .has_swap = true };
	const struct mmu_range slot = { .result = MMU_RESULT_SWAPPED,
					.has_swap = true,
					.swap_offset = 1 };
	const struct mmu_range marker = { .result = MMU_RESULT_MARKER, .has_swap = true };
	const struct mmu_range guard = { .result = MMU_RESULT_MARKER,
					 .has_swap = true,
					 .swap_offset = 4 };
	const struct {
		const struct mmu_range *first, *second;
		uint32_t changes;
	} cases[] = {
		{ &page, &page, 0 },
		{ &empty, &empty, 0 },
		{ &swapped, &swapped, 0 },
		{ &page, &moved, MMU_CHANGE_MOVED },
		{ &page, &read_only, MMU_CHANGE_RIGHTS },
		{ &page, &large, MMU_CHANGE_SIZE },
		{ &page, &other, MMU_CHANGE_MOVED | MMU_CHANGE_RIGHTS | MMU_CHANGE_SIZE },
		{ &page, &none, MMU_CHANGE_RESULT },
		{ &moved, &none, MMU_CHANGE_RESULT | MMU_CHANGE_MOVED },
		{ &empty, &page, MMU_CHANGE_APPEARED },
		{ &page, &empty, MMU_CHANGE_WENT },
		{ &page, &swapped, MMU_CHANGE_RESULT },
		{ &swapped, &slot, MMU_CHANGE_MOVED },
		{ &marker, &guard, MMU_CHANGE_RESULT },
		{ &filtered, &page, MMU_CHANGE_UNKNOWN },
		{ &filtered, &filtered, MMU_CHANGE_UNKNOWN },
		{ &empty, &filtered, MMU_CHANGE_UNKNOWN },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(mmu_range_changes(cases[i].first, cases[i].second),
				 cases[i].changes);
}

/* What can't be read is neither a change nor none, whatever keeps us from it. */
static void test_unknown(void **state)
{
	static const enum mmu_result unknown[] = { MMU_RESULT_FILTERED, MMU_RESULT_TRUNCATED,
						   MMU_RESULT_OUTSIDE_RAM, MMU_RESULT_UNREADABLE };
	const struct mmu_range page = page_of(0x1000, 7, 4096);

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		const struct mmu_range missing = { .result = unknown[i] };

		assert_int_equal(mmu_range_changes(&missing, &missing), MMU_CHANGE_UNKNOWN);
		assert_int_equal(mmu_range_changes(&missing, &page), MMU_CHANGE_UNKNOWN);
		assert_int_equal(mmu_range_changes(&page, &missing), MMU_CHANGE_UNKNOWN);
	}
}

static void test_change_names(void **state)
{
	static const struct {
		enum mmu_change change;
		const char *name;
	} names[] = {
		{ MMU_CHANGE_APPEARED, "appeared" }, { MMU_CHANGE_WENT, "went" },
		{ MMU_CHANGE_RESULT, "result" },     { MMU_CHANGE_MOVED, "moved" },
		{ MMU_CHANGE_RIGHTS, "rights" },     { MMU_CHANGE_SIZE, "size" },
		{ MMU_CHANGE_UNKNOWN, "unknown" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_string_equal(mmu_change_name(names[i].change), names[i].name);
	assert_null(mmu_change_name(0));
	assert_null(mmu_change_name(1u << MMU_CHANGES));
}

static struct mmu_range page_at(uint64_t va, uint64_t pa, uint64_t pages)
{
	struct mmu_range ret = page_of(pa, 7, 4096);

	ret.first_va = va;
	ret.last_va = va + pages * 4096 - 1;
	return ret;
}

struct found {
	size_t nr;
	uint64_t bytes;
	struct mmu_whole_frames shared[4096];
};

static void make_index(const struct mmu_range *ranges, size_t nr, struct mmu_frame_index *ret)
{
	struct mmu_pa_range ram = { 0, 0x3fffff };
	const struct mmu_image image = { .ram = &ram, .nr_ram = 1 };

	mmu_frame_index_init(ret, &image);
	for (size_t i = 0; i < nr; i++)
		mmu_frame_index_count(ret, &ranges[i]);
	assert_true(mmu_frame_index_make(ret));
	for (size_t i = 0; i < nr; i++)
		mmu_frame_index_add(ret, &ranges[i]);
	assert_true(mmu_frame_index_finish(ret));
}

static const struct found *share(const struct mmu_range *first, size_t nr_first,
				 const struct mmu_range *second, size_t nr_second)
{
	static struct mmu_frame_index index[2];
	static struct found ret;
	struct mmu_shared shared;

	make_index(first, nr_first, &index[0]);
	make_index(second, nr_second, &index[1]);
	mmu_shared_init(&shared, (struct mmu_frame_index *[]){ &index[0], &index[1] });
	for (ret.nr = ret.bytes = 0; mmu_shared_step(&shared); ret.nr++) {
		assert_true(ret.nr < sizeof(ret.shared) / sizeof(ret.shared[0]));
		ret.shared[ret.nr] = shared.told;
		ret.bytes += shared.told.last_pa - shared.told.first_pa + 1;
	}
	mmu_frame_index_release(&index[0]);
	mmu_frame_index_release(&index[1]);
	return &ret;
}

/* The zero page, a hundred times on each side, is one frame and no ten thousand pairs. */
static void test_shared_many_times(void **state)
{
	struct mmu_range many[100];

	for (size_t i = 0; i < 100; i++)
		many[i] = page_at(0x10000 + i * 4096, 0x5000, 1);
	const struct found *c = share(many, 100, many, 99);
	assert_int_equal(c->nr, 1);
	assert_int_equal(c->bytes, 4096);
	assert_int_equal(c->shared[0].first_pa, 0x5000);
	assert_int_equal(c->shared[0].last_pa, 0x5fff);
	assert_int_equal(c->shared[0].side[0].times, 100);
	assert_int_equal(c->shared[0].side[1].times, 99);
	assert_int_equal(c->shared[0].side[0].va, 0x10000);
}

/* A large page, and a small one within it mapped once more. */
static void test_shared_within(void **state)
{
	const struct mmu_range first[] = { page_at(0x900000, 0x203000, 1),
					   page_at(0x400000, 0x200000, 512) };
	const struct mmu_range second[] = { page_at(0x100000, 0x202000, 3),
					    page_at(0x800000, 0x3ff000, 4) };
	const struct found *c = share(first, 2, second, 2);

	assert_int_equal(c->nr, 4);
	assert_int_equal(c->bytes, 4 * 4096);
	assert_int_equal(c->shared[0].first_pa, 0x202000);
	assert_int_equal(c->shared[0].side[0].va, 0x402000);
	assert_int_equal(c->shared[1].first_pa, 0x203000);
	assert_int_equal(c->shared[1].side[0].times, 2);
	assert_int_equal(c->shared[1].side[0].va, 0x403000);
	assert_int_equal(c->shared[1].side[1].va, 0x101000);
	assert_int_equal(c->shared[2].side[0].times, 1);
	assert_int_equal(c->shared[3].first_pa, 0x3ff000);
	assert_int_equal(c->shared[3].last_pa, 0x3fffff);
}

static void test_shared_nothing(void **state)
{
	const struct mmu_range page[] = { page_at(0, 0x1000, 1) };
	const struct mmu_range swapped[] = { { .result = MMU_RESULT_SWAPPED, .last_va = 4095 } };
	const struct found *c = share(page, 1, swapped, 1);

	assert_int_equal(c->nr, 0);
	c = share(NULL, 0, page, 1);
	assert_int_equal(c->nr, 0);
}

/* One index for both sides adds up as two of the same do. */
static void test_shared_one_index(void **state)
{
	static struct mmu_frame_index index[2];
	const struct mmu_range one_by_one[] = { page_at(0x1000, 0x8000, 1),
						page_at(0x9000, 0x5000, 2),
						page_at(0xb000, 0x7000, 1),
						page_at(0x30000, 0x1000, 1) };
	const struct mmu_range within[] = { page_at(0x900000, 0x203000, 1),
					    page_at(0x400000, 0x200000, 512) };
	const struct {
		const struct mmu_range *ranges;
		size_t nr;
		uint64_t shared, bytes;
	} cases[] = { { one_by_one, 4, 3, 0x5000 }, { within, 2, 3, 0x200000 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t nr[2], bytes[2];

		make_index(cases[i].ranges, cases[i].nr, &index[0]);
		make_index(cases[i].ranges, cases[i].nr, &index[1]);
		for (unsigned int other = 0; other < 2; other++) {
			mmu_shared_sum((struct mmu_frame_index *[]){ &index[0], &index[other] },
				       &nr[other], &bytes[other]);
			assert_int_equal(nr[other], cases[i].shared);
			assert_int_equal(bytes[other], cases[i].bytes);
		}
		mmu_frame_index_release(&index[0]);
		mmu_frame_index_release(&index[1]);
	}
}

#define FRAMES 1200u /* some lie behind the memory that the image has */
#define RANDOM 300u

static uint64_t below(uint64_t limit)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % limit;
}

/* Any ranges, often over each other: each frame is told once, with all its mappings. */
static void test_shared_at_random(void **state)
{
	for (unsigned int round = 0; round < 200; round++) {
		struct mmu_range sides[2][RANDOM];
		uint64_t times[2][FRAMES + 64] = { { 0 }, { 0 } }, frame = 0;

		for (unsigned int i = 0; i < 2 * RANDOM; i++) {
			uint64_t first = below(FRAMES), count = 1 + below(below(8) ? 4 : 60);
			struct mmu_range *range = &sides[i % 2][i / 2];

			*range = page_at(UINT64_C(0x1000000) * (i / 2), first << 12, count);
			if (i > 1 && !below(4)) { /* as the one before it */
				range->pa = range[-1].pa;
				range->last_va = range->first_va + range[-1].last_va -
						 range[-1].first_va;
			}
			first = range->pa >> 12;
			for (uint64_t n = 0; n <= (range->last_va - range->first_va) >> 12; n++)
				times[i % 2][first + n]++;
		}
		const struct found *c = share(sides[0], RANDOM, sides[1], RANDOM);
		for (size_t i = 0; i < c->nr; i++) {
			const struct mmu_whole_frames *f = &c->shared[i];

			for (; frame < f->first_pa >> 12; frame++)
				assert_true(!times[0][frame] || !times[1][frame]);
			for (; frame <= f->last_pa >> 12; frame++)
				for (unsigned int side = 0; side < 2; side++) {
					uint64_t va = f->side[side].va + (frame << 12) -
						      f->first_pa;
					const struct mmu_range *range = &sides[side][va >> 24];

					assert_int_equal(f->side[side].times, times[side][frame]);
					assert_true(va >= range->first_va && va <= range->last_va);
					assert_int_equal(range->pa + (va - range->first_va),
							 frame << 12);
				}
		}
		for (; frame < FRAMES + 64; frame++)
			assert_true(!times[0][frame] || !times[1][frame]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),          cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_change_names),     cmocka_unit_test(test_shared_many_times),
		cmocka_unit_test(test_shared_within),    cmocka_unit_test(test_shared_nothing),
		cmocka_unit_test(test_shared_one_index), cmocka_unit_test(test_shared_at_random),
	};

	return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
