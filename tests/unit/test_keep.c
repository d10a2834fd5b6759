/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What an extract collects in: ranges by their kinds, and the set of tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/keep.h"
#include "analysis/extract.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void expect(struct mmu_keep *keep, const struct mmu_extent *wanted, size_t nr)
{
	assert_null(mmu_keep_finish(keep));
	assert_int_equal(keep->nr, nr);
	for (size_t i = 0; i < nr; i++) {
		assert_int_equal(keep->list[i].first, wanted[i].first);
		assert_int_equal(keep->list[i].last, wanted[i].last);
		assert_int_equal(keep->list[i].kind, wanted[i].kind);
	}
}

static void test_kinds_and_overlaps(void **state)
{
	struct mmu_keep keep = { 0 };

	expect(&keep, NULL, 0);
	mmu_keep_add(&keep, 5, 0x1000, 0x1000);
	mmu_keep_add(&keep, 2, 0x1800, 0x1000); /* the lower kind wins, whichever comes first */
	mmu_keep_add(&keep, 2, 0x5000, 0x1000);
	mmu_keep_add(&keep, 5, 0x5800, 0x1000);
	mmu_keep_add(&keep, 1, 0x8001, 1);
	mmu_keep_add(&keep, 1, 0x8000, 1); /* side by side: one */
	mmu_keep_add(&keep, 1, 0x8002, 1);
	mmu_keep_add(&keep, 1, 0x8002, 0); /* nothing */
	mmu_keep_add(&keep, 3, 0x8003, 1);
	mmu_keep_add(&keep, 5, 0x1000, 0x100); /* again */
	const struct mmu_extent wanted[] = {
		{ .first = 0x1000, .last = 0x17ff, .kind = 5 },
		{ .first = 0x1800, .last = 0x27ff, .kind = 2 },
		{ .first = 0x5000, .last = 0x5fff, .kind = 2 },
		{ .first = 0x6000, .last = 0x67ff, .kind = 5 },
		{ .first = 0x8000, .last = 0x8002, .kind = 1 },
		{ .first = 0x8003, .last = 0x8003, .kind = 3 },
	};
	expect(&keep, wanted, COUNT(wanted));
	/* it goes on from there */
	mmu_keep_add(&keep, 3, 0x8004, 4);
	mmu_keep_add(&keep, 1, 0x8007, 1);
	struct mmu_extent more[COUNT(wanted) + 1];
	memcpy(more, wanted, sizeof(wanted));
	more[5].last = 0x8006;
	more[6] = (struct mmu_extent){ .first = 0x8007, .last = 0x8007, .kind = 1 };
	expect(&keep, more, COUNT(more));
	mmu_keep_destroy(&keep);
	expect(&keep, NULL, 0);
}

static void test_ends_of_memory(void **state)
{
	struct mmu_keep keep = { 0 };

	mmu_keep_add(&keep, 0, UINT64_MAX, 1);
	mmu_keep_add(&keep, 0, 0, 1);              /* not what follows */
	mmu_keep_add(&keep, 0, UINT64_MAX - 1, 3); /* more than there is */
	mmu_keep_add(&keep, 0, 0, 2);
	expect(&keep,
	       (const struct mmu_extent[]){ { .first = 0, .last = 1 },
					    { .first = UINT64_MAX, .last = UINT64_MAX } },
	       2);
	mmu_keep_destroy(&keep);
}

/* More than fits at first, over and over and in another order each time. */
static void test_many(void **state)
{
	enum { NR = 10007, TIMES = 20 };
	struct mmu_keep keep = { 0 };

	for (uint64_t i = 0; i < NR * TIMES; i++)
		mmu_keep_add(&keep, i % TIMES ? 4 : 3, i * 7919 % NR * 16, 8);
	assert_null(mmu_keep_finish(&keep));
	assert_int_equal(keep.nr, NR);
	for (uint64_t i = 0; i < NR; i++) {
		assert_int_equal(keep.list[i].first, 16 * i);
		assert_int_equal(keep.list[i].last, 16 * i + 7);
		assert_int_equal(keep.list[i].kind, 3);
	}
	mmu_keep_destroy(&keep);
	/* what fills one range needs no room */
	for (uint64_t i = 0; i < 1000 * NR; i++)
		mmu_keep_add(&keep, 0, i % NR, 2);
	assert_in_range(keep.room, 1, NR);
	expect(&keep, &(const struct mmu_extent){ .first = 0, .last = NR }, 1);
	mmu_keep_destroy(&keep);
}

/* Long lists are sorted digit by digit: all of an address counts, from its ends to its middle. */
static void test_far_apart(void **state)
{
	enum { NR = 5003 };
	const unsigned int shifts[] = { 3, 11, 30, 47, 51 };

	for (size_t i = 0; i < COUNT(shifts); i++) {
		struct mmu_keep keep = { 0 };

		mmu_keep_add(&keep, 1, UINT64_MAX, 1);
		for (uint64_t n = 0; n < NR; n++)
			mmu_keep_add(&keep, 1 + n % 2, (n * 2003 % NR) << shifts[i], 4);
		assert_null(mmu_keep_finish(&keep));
		assert_int_equal(keep.nr, NR + 1);
		for (uint64_t n = 0; n < NR; n++) {
			assert_int_equal(keep.list[n].first, n << shifts[i]);
			assert_int_equal(keep.list[n].last, (n << shifts[i]) + 3);
		}
		assert_int_equal(keep.list[NR].first, UINT64_MAX);
		mmu_keep_destroy(&keep);
	}
}

static void test_failure_is_kept(void **state)
{
	struct mmu_keep keep = { .failed = true };

	mmu_keep_add(&keep, 0, 0, 1);
	struct mmu_error *error = mmu_keep_finish(&keep);
	assert_int_equal(mmu_error_code(error), MMU_ERROR_NO_MEMORY);
	mmu_error_destroy(error);
	mmu_keep_destroy(&keep);
}

static void test_tables(void **state)
{
	enum { NR = 5000 };
	struct mmu_set set = { 0 };

	/* table 0 is one like the others; one address can hold tables of all levels */
	for (unsigned int again = 0; again < 2; again++)
		for (unsigned int level = 0; level < 8; level++)
			for (uint64_t i = 0; i < NR; i++)
				assert_int_equal(mmu_set_add(&set, mmu_table_key(level, i * 1024)),
						 !again);
	assert_int_equal(set.nr, 8 * NR);
	assert_int_equal(mmu_set_add(&set, mmu_table_key(0, 8)), 1);
	assert_int_equal(mmu_set_add(&set, mmu_table_key(0, UINT64_C(0xffffffffff000))), 1);
	assert_int_equal(mmu_set_add(&set, mmu_table_key(0, UINT64_C(0xffffffffff000))), 0);
	mmu_set_destroy(&set);
	assert_int_equal(mmu_set_add(&set, mmu_table_key(0, 0)), 1);
	mmu_set_destroy(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds_and_overlaps),
		cmocka_unit_test(test_ends_of_memory),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_far_apart),
		cmocka_unit_test(test_failure_is_kept),
		cmocka_unit_test(test_tables),
	};

	return cmocka_run_group_tests_name("keep", tests, NULL, NULL);
}
