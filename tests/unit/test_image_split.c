/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Dumps that are split over several files: whole sets, and sets in which one is wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/image_checks.h"

#define VMCOREINFO "OSRELEASE=6.1.0-test\nCRASHTIME=1\n"
#define PAGES "ppzf..fffpz.ppppppppzpppppzpppppf"
#define FIRST_PFN 3u
#define PARTS_MAX 5

static const struct build_kdump whole = {
	.width = BUILD_64,
	.version = 6,
	.block_bytes = 4096,
	.packing = 1,
	.split = 1,
	.first_pa = FIRST_PFN * 4096,
	.machine = "x86_64",
	.vmcoreinfo = VMCOREINFO,
	.notes = true,
	.pages = PAGES,
};

/* Files, and what is opened of them: the first is the image, the others are named beside it. */
static struct set {
	struct build_file files[PARTS_MAX];
	const char *paths[PARTS_MAX + 1];
	size_t nr;
	struct mmu_image *image;
	struct mmu_cursor cursor;
} set;

static void add_file(const struct build_buffer *buffer)
{
	build_file_create(&set.files[set.nr], buffer);
	set.paths[set.nr] = set.files[set.nr].path;
	set.nr++;
}

static void add_part(const struct build_kdump *kdump, size_t first, size_t end, bool flatten)
{
	struct build_buffer buffer = { 0 }, flat = { 0 };
	struct build_kdump part = *kdump;

	part.first_page = first;
	part.end_page = end;
	build_kdump(&buffer, &part);
	if (flatten)
		build_flattened(&flat, &buffer, 3000, true, true);
	add_file(flatten ? &flat : &buffer);
	free(buffer.data);
	free(flat.data);
}

static struct mmu_error *open_set(void)
{
	set.paths[set.nr] = NULL;
	return mmu_image_open(&(struct mmu_source){ .path = set.paths[0], .parts = set.paths + 1 },
			      &set.image);
}

static void close_set(void)
{
	if (set.image) {
		mmu_cursor_destroy(&set.cursor);
		mmu_image_close(set.image);
	}
	for (size_t i = 0; i < set.nr; i++)
		build_file_close(&set.files[i]);
	memset(&set, 0, sizeof(set));
}

/* `missing`: which pages can't be there. */
static void check_set(const struct build_kdump *kdump, size_t missing_first, size_t missing_end)
{
	uint64_t pa = kdump->first_pa, counts[3] = { 0 };
	struct mmu_error *error = open_set();

	if (error)
		fail_msg("%s", mmu_error_message(error));
	assert_string_equal(set.image->reader->name, "kdump");
	mmu_cursor_init(&set.cursor, set.image);
	for (unsigned int round = 0; round < 2; round++, pa = kdump->first_pa) {
		for (size_t i = 0; kdump->pages[i]; i++, pa += kdump->block_bytes) {
			char kind = kdump->pages[i];
			bool gone = i >= missing_first && i < missing_end &&
				    (kind == 'p' || kind == 'z');
			enum mmu_page_state state = kind == '.'   ? MMU_PAGE_OUTSIDE_RAM
						    : kind == 'f' ? MMU_PAGE_FILTERED
						    : gone        ? MMU_PAGE_TRUNCATED
								  : MMU_PAGE_PRESENT;

			if (state != MMU_PAGE_OUTSIDE_RAM && !round)
				counts[state]++;
			if (kind == 'z' && !gone)
				assert_int_equal(mmu_image_span(&set.cursor, pa).data[9], 0);
			else
				expect_bytes(&set.cursor, pa, kdump->block_bytes, state, 0);
		}
	}
	expect_counts(set.image, counts[MMU_PAGE_PRESENT], counts[MMU_PAGE_FILTERED],
		      counts[MMU_PAGE_TRUNCATED]);
	assert_int_equal(!!set.image->warning, counts[MMU_PAGE_TRUNCATED] > 0);
}

/* In any order, as they are or flattened; makedumpfile also writes parts without any page. */
static void whole_sets(void **state)
{
	static const size_t borders[] = { 0, 2, 14, 14, sizeof(PAGES) - 1 };
	static const unsigned int orders[][4] = {
		{ 0, 1, 2, 3 }, { 3, 2, 1, 0 }, { 2, 0, 3, 1 }, { 1, 3, 0, 2 }
	};

	for (unsigned int way = 0; way < 4 * 2 * 4 * 2; way++) {
		struct build_kdump kdump = whole;

		kdump.width = (enum build_width)(way % 4);
		kdump.big = way / 4 % 2;
		kdump.version = way / 32 ? 6 : 5;
		for (unsigned int i = 0; i < 4; i++) {
			unsigned int n = orders[way / 8 % 4][i];

			add_part(&kdump, borders[n], borders[n + 1], (way + n) % 3 == 0);
		}
		check_set(&kdump, 0, 0);
		assert_int_equal(set.image->vmcoreinfo.count, strlen(VMCOREINFO));
		close_set();
	}
}

/* What is in no file is not there, and the warning says what that is. */
static void missing_parts(void **state)
{
	static const struct {
		size_t first, end;
		const char *warning;
	} cases[] = {
		{ 0, 2, "page frames 0x0 to 0x4, of which 2 were dumped" },
		{ 2, 14, "page frames 0x5 to 0x10, of which 5 were dumped" },
		{ 14, sizeof(PAGES) - 1, "page frames 0x11 to 0x7fff, of which 18 were dumped" },
	};

	for (size_t i = 0; i < 3; i++) {
		for (size_t n = 0; n < 3; n++)
			if (n != i)
				add_part(&whole, cases[n].first, cases[n].end, false);
		check_set(&whole, cases[i].first, cases[i].end);
		if (!strstr(set.image->warning, cases[i].warning))
			fail_msg("%s", set.image->warning);
		close_set();
	}
	/* nothing was dumped there: nothing is missing */
	add_part(&whole, 0, 3, false);
	add_part(&whole, 9, sizeof(PAGES) - 1, false);
	check_set(&whole, 0, 0);
	close_set();
}

static void truncated_part(void **state)
{
	struct build_kdump part = whole;
	struct build_buffer buffer = { 0 };

	part.packing = 0;
	add_part(&part, 0, 14, false);
	part.first_page = 14;
	part.end_page = sizeof(PAGES) - 1;
	build_kdump(&buffer, &part);
	buffer.bytes -= 4096 * 5; /* all but the zeros have data of their own */
	add_file(&buffer);
	check_set(&part, 27, sizeof(PAGES) - 1);
	assert_non_null(strstr(set.image->warning, set.paths[1]));
	close_set();
	free(buffer.data);
}

static void expect_set_refused(enum mmu_error_kind code, const char *text)
{
	struct mmu_error *error = open_set();

	assert_non_null(error);
	if (mmu_error_code(error) != code || !strstr(mmu_error_message(error), text))
		fail_msg("code %d: %s", mmu_error_code(error), mmu_error_message(error));
	mmu_error_destroy(error);
	assert_null(set.image);
	close_set();
}

/* All that crashed libkdumpfile 0.5.1, and all that would show fewer pages, or others. */
static void wrong_parts(void **state)
{
	static const char *const texts[] = { "", "text\n", "\177ELF", "KDUMP", "makedumpfile" };
	struct build_buffer flat = { 0 }, text = { 0 };

	for (unsigned int first = 0; first < 2; first++) {
		for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
			struct build_buffer file = { (uint8_t *)texts[i], strlen(texts[i]), 0 };

			if (first) {
				add_file(&file);
				add_part(&whole, 0, 14, false);
			} else {
				add_part(&whole, 0, 14, false);
				add_file(&file);
			}
			expect_set_refused(MMU_ERROR_FORMAT,
					   first && !*texts[i] ? "is empty" : "is no kdump-");
		}
	}
	add_part(&whole, 0, 14, false);
	build_flattened(&flat, &text, 100, false, true);
	add_file(&flat);
	expect_set_refused(MMU_ERROR_FORMAT, "without any record");
	free(flat.data);

	add_part(&whole, 0, 14, false);
	set.paths[set.nr] = "/nonexistent/part";
	assert_non_null(set.paths[1]);
	struct mmu_image *image = NULL;
	struct mmu_error *error = mmu_image_open(
		&(struct mmu_source){ .path = set.paths[0], .parts = set.paths + 1 }, &image);
	assert_int_equal(mmu_error_code(error), MMU_ERROR_OS);
	mmu_error_destroy(error);
	close_set();
}

/* Files of a split dump, but not of this one, or not all of them once. */
static void foreign_and_doubled_parts(void **state)
{
	struct build_kdump other = whole;

	add_part(&whole, 0, 14, false);
	add_part(&whole, 14, 20, false);
	add_part(&whole, 14, 20, true);
	expect_set_refused(MMU_ERROR_MISMATCH, "both have page frames 0x11 to 0x16: a part is "
					       "named "
					       "twice");
	add_part(&whole, 0, 14, false);
	add_part(&whole, 13, 20, false);
	expect_set_refused(MMU_ERROR_MISMATCH, "both have page frames 0x10 to 0x10");
	add_part(&whole, 0, 14, false);
	other.split = 0;
	add_part(&other, 0, 0, false);
	expect_set_refused(MMU_ERROR_MISMATCH, "is a whole dump");
	other = whole;
	other.vmcoreinfo = "OSRELEASE=6.1.0-test\nCRASHTIME=2\n";
	add_part(&whole, 0, 14, false);
	add_part(&other, 14, 20, false);
	expect_set_refused(MMU_ERROR_MISMATCH, "VMCOREINFO differs");
	other = whole;
	other.pages = "ppzf..fffpz.ppppppppzpppppzppppff";
	add_part(&whole, 0, 14, false);
	add_part(&other, 14, 20, false);
	expect_set_refused(MMU_ERROR_MISMATCH, "the page bitmaps differ");
	other = whole;
	other.machine = "x86_32";
	add_part(&whole, 0, 14, false);
	add_part(&other, 14, 20, false);
	expect_set_refused(MMU_ERROR_MISMATCH, "the headers differ");
	add_part(&whole, 0, 14, false);
	add_part(&whole, 20, 14, false);
	expect_set_refused(MMU_ERROR_FORMAT, "it has page frames 0x17 to 0x11");
	add_part(&whole, 0, 14, false);
	add_part(&whole, 14, 0x8000, false);
	expect_set_refused(MMU_ERROR_FORMAT, "of 0x8000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_sets),
		cmocka_unit_test(missing_parts),
		cmocka_unit_test(truncated_part),
		cmocka_unit_test(wrong_parts),
		cmocka_unit_test(foreign_and_doubled_parts),
	};

	return cmocka_run_group_tests_name("image-split", tests, NULL, NULL);
}
