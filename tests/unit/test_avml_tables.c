/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Tables of x86_64 in an AVML image, which lacks the last byte of each range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/build_image.h"
#include "walk/walk.h"

extern const struct mmu_arch mmu_arch_x86_64;

#define PAGE 0x1000u
#define ROOT 0x1000u
#define TABLE 0x2000u /* a PUD table */
#define LAST_SLOT (TABLE + PAGE - 8)
#define LAST_VA (UINT64_C(511) << 30)

/* Two pages without their last byte: a root, and the table below its first entry. */
static struct mmu_image *open_image(uint64_t last_entry, bool lime, struct build_file *file)
{
	struct build_buffer memory = { 0 }, buffer = { 0 };
	struct mmu_source source = { 0 };
	struct mmu_image *image;

	build_put_uint(&memory, 2 * PAGE - 8, 8, false, last_entry);
	build_put_uint(&memory, 0, 8, false, TABLE | 0x67);
	if (lime) {
		size_t at = build_lime_header(&buffer, "EMiL", 1, false, ROOT, ROOT + 2 * PAGE - 2);

		build_put(&buffer, at, memory.data, 2 * PAGE - 1);
	} else {
		size_t data = build_avml_start(&buffer, ROOT, 2 * PAGE - 1);

		build_chunk_of(&buffer, false, memory.data, 2 * PAGE - 1);
		build_avml_end(&buffer, data);
	}
	build_file_create(file, &buffer);
	source.path = file->path;
	assert_null(mmu_image_open(&source, &image));
	free(memory.data);
	free(buffer.data);
	return image;
}

static void walk_last(uint64_t last_entry, bool lime, struct mmu_walk *ret)
{
	struct mmu_regimes regimes = { .nr = 1 };
	struct build_file file;
	struct mmu_image *image = open_image(last_entry, lime, &file);
	struct mmu_cursor cursor;
	const struct mmu_walker walker = { .cursor = &cursor,
					   .arch = &mmu_arch_x86_64,
					   .regimes = &regimes };

	mmu_cursor_init(&cursor, image);
	regimes.regime[0] = *mmu_arch_x86_64.samples[0]->regimes[0];
	regimes.regime[0].root_pa = ROOT;
	mmu_walker_walk(&walker, LAST_VA, ret);
	ret->regime = NULL;
	mmu_cursor_destroy(&cursor);
	mmu_image_close(image);
	build_file_close(&file);
}

/* The word stays, since NX is not known; but what seven bytes say is said. */
static void expect_table(bool lime)
{
	struct mmu_walk walk;

	walk_last(0x5067, lime, &walk);
	assert_int_equal(walk.result, MMU_RESULT_OUTSIDE_RAM);
	assert_int_equal(walk.nr_steps, 2);
	const struct mmu_step *step = &walk.steps[1];
	assert_false(step->readable);
	assert_int_equal(step->slot_pa, LAST_SLOT);
	assert_int_equal(step->known_bytes, 7);
	assert_int_equal(step->known, 0x5067);
	assert_true(step->has_known_kind && step->has_known_pa);
	assert_int_equal(step->known_kind, MMU_KIND_TABLE);
	assert_int_equal(step->known_pa, 0x5000);
	assert_int_equal(step->rights_most, MMU_RIGHTS_ALL);
	assert_int_equal(step->rights_least, MMU_RIGHT_READ | MMU_RIGHT_WRITE | MMU_RIGHT_USER);
	assert_int_equal(walk.steps[0].known_bytes, 0);
}

/* Issue 9, 11. */
static void test_9_11_table_without_its_last_byte(void **state)
{
	(void)state;
	expect_table(true);
#ifdef MMU_HAVE_SNAPPY
	expect_table(false);
#endif
}

static void test_9_11_page_without_its_last_byte(void **state)
{
	struct mmu_walk walk;

	(void)state;
	walk_last(UINT64_C(0x80000000400000e7), true, &walk); /* 1 GiB; the NX bit is lost */
	const struct mmu_step *step = &walk.steps[1];
	assert_int_equal(walk.result, MMU_RESULT_OUTSIDE_RAM);
	assert_int_equal(step->known, 0x400000e7);
	assert_true(step->has_known_kind && step->has_known_pa);
	assert_int_equal(step->known_kind, MMU_KIND_LEAF);
	assert_int_equal(step->known_pa, 0x40000000);
}

/* Seven zeros may be an empty entry, or the end of one that was swapped out. */
static void test_9_11_zeros_without_their_last_byte(void **state)
{
	struct mmu_walk walk;

	(void)state;
	walk_last(0, true, &walk);
	assert_int_equal(walk.result, MMU_RESULT_OUTSIDE_RAM);
	assert_int_equal(walk.steps[1].known_bytes, 7);
	assert_int_equal(walk.steps[1].known, 0);
	assert_false(walk.steps[1].has_known_kind);
	assert_false(walk.steps[1].has_known_pa);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_9_11_table_without_its_last_byte),
		cmocka_unit_test(test_9_11_page_without_its_last_byte),
		cmocka_unit_test(test_9_11_zeros_without_their_last_byte),
	};

	return cmocka_run_group_tests_name("AVML tables", tests, NULL, NULL);
}
