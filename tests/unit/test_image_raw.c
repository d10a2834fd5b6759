/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Raw memory that the caller describes. */
#include <stdlib.h>

#include "support/image_checks.h"

#define PAGE 4096

static void fill(struct build_buffer *buffer, size_t offset, uint64_t first_pa, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		build_put_uint(buffer, offset + i, 1, false, build_byte(first_pa + i));
}

static void ranges_of_two_files(void **state)
{
	struct build_buffer low = { 0 }, high = { 0 };
	struct build_file low_file, high_file;
	struct mmu_cursor cursor;
	struct mmu_image *image;

	fill(&low, 100, 0x4000, 2 * PAGE);
	fill(&low, 100 + 2 * PAGE, 0x1000, PAGE);
	fill(&high, 0, UINT64_C(0x100000000), 3 * PAGE);
	build_file_create(&low_file, &low);
	build_file_create(&high_file, &high);
	const struct mmu_raw_range ranges[] = {
		{ 0, high_file.path, UINT64_C(0x100000000), 0, 0 },
		{ 0, NULL, 0x4000, 100, 2 * PAGE },
		{ 0, NULL, 0x1000, 100 + 2 * PAGE, 0 },
	};
	assert_null(mmu_image_open(
		&(struct mmu_source){ .path = low_file.path, .raw = ranges, .nr_raw = 3 }, &image));
	mmu_cursor_init(&cursor, image);
	assert_string_equal(image->reader->name, "raw");
	expect_counts(image, 6, 0, 0);
	expect_ram(image, 3,
		   (struct mmu_pa_range[]){ { 0x1000, 0x1fff },
					    { 0x4000, 0x5fff },
					    { UINT64_C(0x100000000), UINT64_C(0x100002fff) } });
	expect_bytes(&cursor, 0, PAGE, MMU_PAGE_OUTSIDE_RAM, 0);
	expect_bytes(&cursor, 0x1000, PAGE, MMU_PAGE_PRESENT, 0);
	expect_bytes(&cursor, 0x2000, 2 * PAGE, MMU_PAGE_OUTSIDE_RAM, 0);
	expect_bytes(&cursor, 0x4000, 2 * PAGE, MMU_PAGE_PRESENT, 0);
	expect_bytes(&cursor, UINT64_C(0x100000000), 3 * PAGE, MMU_PAGE_PRESENT, 0);
	mmu_cursor_destroy(&cursor);
	mmu_image_close(image);
	build_file_close(&low_file);
	build_file_close(&high_file);
	free(low.data);
	free(high.data);
}

static void refusals(void **state)
{
	static const struct {
		struct mmu_raw_range ranges[2];
		enum mmu_error_kind code;
		const char *message;
	} cases[] = {
		{ { { 0, NULL, 0x1000, 0, PAGE + 1 } }, MMU_ERROR_INVALID, "0x1001 bytes at file" },
		{ { { 0, NULL, 0x1000, PAGE, 0 } },
		  MMU_ERROR_INVALID,
		  "offset 0x1000 is not inside" },
		{ { { 0, NULL, 0x1000, UINT64_MAX, 2 } }, MMU_ERROR_INVALID, "are not inside" },
		{ { { 0, NULL, UINT64_MAX, 0, 0 } }, MMU_ERROR_INVALID, "run past 2^64" },
		{ { { 0, "/nonexistent", 0x1000, 0, 0 } }, MMU_ERROR_OS, "/nonexistent" },
		{ { { 0, NULL, 0x1000, 0, 0 }, { 0, NULL, 0x1fff, 0, 1 } },
		  MMU_ERROR_INVALID,
		  "at physical 0x1000 ends at 0x1fff and overlaps the one at 0x1fff" },
	};
	struct build_buffer buffer = { 0 };
	struct build_file file;

	fill(&buffer, 0, 0x1000, PAGE);
	build_file_create(&file, &buffer);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mmu_image *image = NULL;
		const struct mmu_source source = { .path = file.path,
						   .raw = cases[i].ranges,
						   .nr_raw = cases[i].ranges[1].first_pa ? 2 : 1 };
		struct mmu_error *error = mmu_image_open(&source, &image);

		assert_non_null(error);
		assert_null(image);
		assert_int_equal(mmu_error_code(error), cases[i].code);
		if (!strstr(mmu_error_message(error), cases[i].message))
			fail_msg("%s", mmu_error_message(error));
		mmu_error_destroy(error);
	}
	build_file_close(&file);
	free(buffer.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_of_two_files),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests_name("image-raw", tests, NULL, NULL);
}
