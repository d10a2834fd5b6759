/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Walks through an invented hashed table, and all that it holds of a space. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/memory_image.h"
#include "support/regimes.h"
#include "walk/conformance.h"
#include "walk/leaves.h"

/*
 * A slot has two big-endian words. The tag: bit 0 valid, bit 1 secondary, bit 2 a page of 64 KiB,
 * bits 15:8 the space, bits 31:16 the number of the page of 4 KiB. The second word: the address,
 * and in bits 4:0 the rights. Groups have four slots; the secondary one is the complement.
 */
#define TABLE UINT64_C(0x10000)
#define GROUPS 16u
#define PER_GROUP 4u
enum { VALID = 1, SECONDARY = 2, LARGE = 4 };

static uint64_t group_of(const struct mmu_regime *regime, uint64_t space, uint64_t page,
			 bool second)
{
	uint64_t hash = page ^ space ^ page >> 4 ^ page >> 8;

	return (second ? ~hash : hash) & regime->word[0];
}

static void decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		   uint64_t second, struct mmu_entry *ret)
{
	*ret = (struct mmu_entry){ .kind = MMU_KIND_EMPTY };
	if (!(raw & VALID))
		return;
	ret->kind = MMU_KIND_LEAF;
	ret->run_lg2 = raw & LARGE ? 4 : 0;
	ret->pa = second & regime->pa_mask & ~UINT64_C(0xfff) &
		  (raw & LARGE ? ~UINT64_C(0xffff) : ~UINT64_C(0));
	ret->rights = second & MMU_RIGHTS_ALL;
}

static bool encode(const struct mmu_regime *regime, unsigned int level,
		   const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	uint64_t mask = entry->run_lg2 ? 0xffff : 0xfff;

	if (entry->kind != MMU_KIND_LEAF || (entry->run_lg2 && entry->run_lg2 != 4) ||
	    entry->pa & ~regime->pa_mask || entry->next_first || entry->next_count)
		return false;
	*ret_raw = VALID | (entry->run_lg2 ? LARGE : 0);
	*ret_second = (entry->pa & ~mask) | entry->rights;
	return true;
}

static unsigned int probes(const struct mmu_regime *regime, uint64_t va, struct mmu_probe *ret)
{
	uint64_t page = va >> 12 & 0xffff;

	for (unsigned int i = 0; i < 2; i++)
		ret[i] = (struct mmu_probe){ group_of(regime, regime->space, page, i) * PER_GROUP,
					     PER_GROUP, i ? "secondary" : "primary" };
	return 2;
}

static bool slot(const struct mmu_regime *regime, uint64_t index, uint64_t raw, uint64_t second,
		 struct mmu_slot *ret)
{
	uint64_t page = raw >> 16 & 0xffff, space = raw >> 8 & 0xff;

	*ret = (struct mmu_slot){ .space = space, .va = page << 12, .lg2 = 12 };
	return raw & VALID && group_of(regime, space, page, raw & SECONDARY) == index / PER_GROUP;
}

static const struct mmu_level level = {
	.name = "HPTE", .may_be_leaf = true, .run_lg2 = 4, .second_offset = 8
};
static const struct mmu_flag flags[] = {
	{ VALID, VALID, 0, "VALID", NULL, "valid", 0, 0, 1, MMU_KINDS(MMU_KIND_LEAF), false,
	  false },
};
static const struct mmu_format format = { .size = sizeof(struct mmu_format),
					  .name = "hash",
					  .title = "an invented hash table",
					  .kind = MMU_FORMAT_HASHED,
					  .entry_bytes = 8,
					  .slot_bytes = 16,
					  .big_endian = true,
					  .nr_levels = 1,
					  .slot_va_bits = 28,
					  .level = &level,
					  .flags = flags,
					  .nr_flags = 1,
					  .second_name = "r",
					  .second_flags = flags,
					  .decode = decode,
					  .encode = encode,
					  .probes = probes,
					  .slot = slot };
#define REGIME(text, first, last, number)                                                          \
	{                                                                                          \
		.size = sizeof(struct mmu_regime), .format = &format, .name = text,                \
		.first_va = first, .last_va = last, .pa_mask = (UINT64_C(1) << 40) - 1,            \
		.page_lg2 = 12, .rights = MMU_RIGHTS_ALL & ~MMU_RIGHT_EXEC,                        \
		.shape = { { 12, 0 } }, .word = { GROUPS - 1 }, .nr_slots = GROUPS * PER_GROUP,    \
		.space = number,                                                                   \
	}
static const struct mmu_regime low = REGIME("low", 0, 0xfffffff, 5);
static const struct mmu_regime high = REGIME("high", UINT64_C(0xc000000000000000),
					     UINT64_C(0xc00000000fffffff), 7);

static struct mmu_regimes regimes;
static struct mmu_image *image;
static struct mmu_walker walker;
static struct mmu_walk walk;

static void set_image(const struct memory_piece *pieces, size_t nr)
{
	image = memory_image_create(pieces, nr);
	image->big_endian = true;
	walker = (struct mmu_walker){ .cursor = memory_image_cursor(image), .regimes = &regimes };
}

static int open_table(void **state)
{
	const struct memory_piece whole = { .first_pa = TABLE, .bytes = GROUPS * PER_GROUP * 16 };

	regimes = (struct mmu_regimes){ .nr = 2, .regime = { low, high } };
	regimes.regime[0].root_pa = regimes.regime[1].root_pa = TABLE;
	set_image(&whole, 1);
	return 0;
}

static int close_table(void **state)
{
	mmu_image_close(image);
	return 0;
}

/* Put an entry into a place of the group where it belongs. @return its index */
static uint64_t put(const struct mmu_regime *regime, uint64_t va, unsigned int place, uint64_t tag,
		    uint64_t second)
{
	uint64_t page = va >> 12 & 0xffff;
	uint64_t index = group_of(regime, regime->space, page, tag & SECONDARY) * PER_GROUP + place;

	memory_image_put(image, TABLE + 16 * index, 8,
			 tag | VALID | regime->space << 8 | page << 16);
	memory_image_put(image, TABLE + 16 * index + 8, 8, second);
	return index;
}

static void walk_to(uint64_t va, enum mmu_result result)
{
	memset(&walk, 0xee, sizeof(walk));
	mmu_walker_walk(&walker, va, &walk);
	assert_int_equal(walk.va, va);
	assert_int_equal(walk.result, result);
}

/* ------------------------------------------------------------------ walks */

static void test_primary(void **state)
{
	uint64_t index = put(&low, 0x123000, 2, 0, 0x7000 | MMU_RIGHTS_ALL);

	walk_to(0x123456, MMU_RESULT_MAPPED);
	assert_int_equal(walk.pa, 0x7456);
	assert_int_equal(walk.page_bytes, 4096);
	assert_int_equal(walk.nr_steps, 1);
	assert_string_equal(walk.steps[0].probe, "primary");
	assert_int_equal(walk.steps[0].nr_slots, PER_GROUP);
	assert_int_equal(walk.steps[0].index, index);
	assert_int_equal(walk.steps[0].slot_pa, TABLE + 16 * index);
	assert_int_equal(walk.steps[0].second, 0x7000 | MMU_RIGHTS_ALL);
	/* the regime's rights and the entry's, and the groups say nothing */
	assert_int_equal(walk.rights, MMU_RIGHTS_ALL & ~MMU_RIGHT_EXEC);
	assert_int_equal(mmu_walk_denied_by(&walk, MMU_RIGHT_EXEC), MMU_DENIED_BY_REGIME);
	assert_ptr_equal(walk.regime, &regimes.regime[0]);
}

static void test_secondary(void **state)
{
	put(&low, 0x123000, 0, SECONDARY, 0x7000 | MMU_RIGHT_READ);
	walk_to(0x123000, MMU_RESULT_MAPPED);
	assert_int_equal(walk.nr_steps, 2);
	assert_string_equal(walk.steps[1].probe, "secondary");
	assert_int_equal(walk.steps[0].entry.kind, MMU_KIND_EMPTY);
	assert_int_equal(walk.rights, MMU_RIGHT_READ);
	assert_int_equal(mmu_walk_denied_by(&walk, MMU_RIGHT_WRITE), 0);
}

static void test_nothing(void **state)
{
	put(&high, 0x123000, 1, 0, 0x7000 | MMU_RIGHTS_ALL); /* the other space's */
	walk_to(0x123000, MMU_RESULT_EMPTY);
	assert_int_equal(walk.nr_steps, 2);
	assert_int_equal(walk.page_bytes, 4096);
	assert_int_equal(walk.rights, 0);
	assert_false(walk.has_pa);
	walk_to(UINT64_C(0xc000000000123008), MMU_RESULT_MAPPED);
	assert_int_equal(walk.pa, 0x7008);
	walk_to(0x10000000, MMU_RESULT_NONCANONICAL);
}

/* A slot serves its base page, though the page is larger. */
static void test_two_sizes(void **state)
{
	put(&low, 0x123000, 1, LARGE, 0x70000 | MMU_RIGHTS_ALL);
	walk_to(0x123456, MMU_RESULT_MAPPED);
	assert_int_equal(walk.pa, 0x73456);
	assert_int_equal(walk.page_bytes, 0x10000);
	walk_to(0x124456, MMU_RESULT_EMPTY);
}

/* What can't be read might have been it; what is found behind it is. */
static void test_missing_groups(void **state)
{
	uint64_t group = group_of(&low, 5, 0x123, false) * PER_GROUP * 16;
	struct memory_piece pieces[] = {
		{ .first_pa = TABLE, .bytes = group + 16 },
		{ .first_pa = TABLE + group + 16, .bytes = 16, .state = MMU_PAGE_FILTERED },
		{ .first_pa = TABLE + group + 32, .bytes = GROUPS * PER_GROUP * 16 - group - 32 },
	};

	close_table(state);
	set_image(pieces, 3);
	walk_to(0x123000, MMU_RESULT_FILTERED);
	assert_int_equal(walk.nr_steps, 2);
	assert_int_equal(walk.steps[0].slot_state, MMU_PAGE_FILTERED);
	assert_true(walk.steps[1].readable);
	put(&low, 0x123000, 3, 0, 0x7000);
	walk_to(0x123000, MMU_RESULT_MAPPED);
	assert_int_equal(walk.nr_steps, 1);
	put(&low, 0x123000, 3, 0x200, 0x7000); /* of another space */
	put(&low, 0x123000, 3, SECONDARY, 0x8000);
	walk_to(0x123000, MMU_RESULT_MAPPED);
	assert_int_equal(walk.pa, 0x8000);
}

/* Groups that a back-end places outside of the table are cut to it. */
static void test_hostile_sizes(void **state)
{
	regimes.regime[0].nr_slots = 0;
	put(&low, 0x123000, 2, 0, 0x7000);
	walk_to(0x123000, MMU_RESULT_EMPTY);
	regimes.regime[0].nr_slots = UINT64_MAX;
	regimes.regime[0].root_pa = UINT64_MAX - 8;
	walk_to(0x123000, MMU_RESULT_OUTSIDE_RAM);
}

/* ------------------------------------------------------------------ all of a space */

static struct {
	uint64_t first_va, last_va, pa;
} told[16];
static size_t nr_told;

static bool tell(struct mmu_walk *leaf, uint64_t last_va, void *context)
{
	assert_true(nr_told < 16);
	told[nr_told].first_va = leaf->va;
	told[nr_told].last_va = last_va;
	told[nr_told++].pa = leaf->pa;
	return nr_told != *(size_t *)context;
}

static enum mmu_leaves_end all(uint64_t first_va, uint64_t last_va, struct mmu_tally *ret,
			       size_t stop_at)
{
	nr_told = 0;
	return mmu_walker_leaves(&walker, first_va, last_va, 100, false, tell, &stop_at, ret);
}

static void test_leaves(void **state)
{
	struct mmu_tally leaves = { .kept = false };
	uint64_t index = put(&low, 0x5000, 0, 0, 0x1000);

	put(&low, 0x5000, 1, SECONDARY, 0x2000); /* twice: hardware finds the first */
	put(&low, 0x3000, 0, SECONDARY, 0x3000);
	put(&low, 0xfff8000, 0, LARGE, 0x40000);
	put(&high, 0x3000, 0, 0, 0x5000);
	/* one of a third space, and one that is nowhere looked for */
	memory_image_put(image, TABLE + 16 * (index ^ 1), 8, VALID | 9 << 8 | 0x77 << 16);
	memory_image_put(image, TABLE + 16 * (index ^ 2), 8, VALID | 5 << 8 | 0x79 << 16);
	assert_int_equal(all(0, UINT64_MAX, &leaves, 0), MMU_LEAVES_ALL);
	assert_int_equal(nr_told, 4);
	assert_int_equal(told[0].first_va, 0x3000);
	assert_int_equal(told[0].last_va, 0x3fff);
	assert_int_equal(told[0].pa, 0x3000);
	assert_int_equal(told[1].first_va, 0x5000);
	assert_int_equal(told[1].pa, 0x1000);
	assert_int_equal(told[2].first_va, 0xfff8000);
	assert_int_equal(told[2].last_va, 0xfff8fff);
	assert_int_equal(told[2].pa, 0x48000);
	assert_int_equal(told[3].first_va, UINT64_C(0xc000000000003000));
	assert_int_equal(told[3].pa, 0x5000);
	assert_int_equal(leaves.missing[0], 0);
	/* cut to what is asked for */
	all(0x3800, 0x5000, &leaves, 0);
	assert_int_equal(nr_told, 2);
	assert_int_equal(told[0].first_va, 0x3800);
	assert_int_equal(told[0].pa, 0x3800);
	assert_int_equal(told[1].last_va, 0x5000);
	assert_int_equal(all(0, UINT64_MAX, &leaves, 2), MMU_LEAVES_STOPPED);
	assert_int_equal(nr_told, 2);
}

static void test_leaves_of_part_of_a_table(void **state)
{
	const struct memory_piece half = { .first_pa = TABLE, .bytes = GROUPS * PER_GROUP * 8 };
	struct mmu_tally leaves = { .kept = false };

	close_table(state);
	set_image(&half, 1);
	assert_int_equal(all(0, UINT64_MAX, &leaves, 0), MMU_LEAVES_ALL);
	assert_int_equal(nr_told, 0);
	assert_int_equal(leaves.missing[0], 1);
}

/* ------------------------------------------------------------------ conformance */

static void print_problem(void *context, const char *problem)
{
	fprintf(stderr, "# %s\n", problem);
}

static bool misplaced_slot(const struct mmu_regime *regime, uint64_t index, uint64_t raw,
			   uint64_t second, struct mmu_slot *ret)
{
	return slot(regime, index ^ PER_GROUP, raw, second, ret);
}

static bool own_slot(const struct mmu_regime *regime, uint64_t index, uint64_t raw, uint64_t second,
		     struct mmu_slot *ret)
{
	return slot(regime, index, raw, second, ret) && ret->space == regime->space;
}

static unsigned int wide_probes(const struct mmu_regime *regime, uint64_t va, struct mmu_probe *ret)
{
	unsigned int nr = probes(regime, va, ret);

	ret[1].nr_slots = PER_GROUP * GROUPS;
	return nr;
}

static void test_conformance(void **state)
{
	struct mmu_format changed = format;
	struct mmu_regime first = low, second = high;
	const struct mmu_regime *const both[] = { &first, &second };
	const struct mmu_sample sample = { sizeof(sample), "hash", both, 2 };
	const struct mmu_sample *const samples[] = { &sample };
	const struct mmu_format *const formats[] = { &changed };
	const struct mmu_arch arch = { .abi = MMU_ARCH_ABI,
				       .size = sizeof(arch),
				       .name = "hash",
				       .title = "an invented machine",
				       .formats = formats,
				       .nr_formats = 1,
				       .samples = samples,
				       .nr_samples = 1 };

	first.format = second.format = &changed;
	assert_true(mmu_arch_conformance(&arch, print_problem, NULL, NULL));
	changed.slot = misplaced_slot;
	assert_false(mmu_arch_conformance(&arch, NULL, NULL, NULL));
	changed.slot = own_slot;
	assert_false(mmu_arch_conformance(&arch, NULL, NULL, NULL));
	changed.slot = slot;
	changed.probes = wide_probes;
	assert_false(mmu_arch_conformance(&arch, NULL, NULL, NULL));
	changed.probes = NULL;
	assert_false(mmu_arch_conformance(&arch, NULL, NULL, NULL));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_table, close_table)
	const struct CMUnitTest tests[] = {
		TEST(test_primary),        TEST(test_secondary),
		TEST(test_nothing),        TEST(test_two_sizes),
		TEST(test_missing_groups), TEST(test_hostile_sizes),
		TEST(test_leaves),         TEST(test_leaves_of_part_of_a_table),
		TEST(test_conformance),
	};

	return cmocka_run_group_tests_name("hashed", tests, NULL, NULL);
}
