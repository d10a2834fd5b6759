/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Walks in packed images: what is unpacked, what is counted, and what damage they see. */
#include <stdlib.h>

#include "support/image_checks.h"
#include "support/tables.h"

#include "image/kdump_bitmap.h"
#include "walk/answers.h"
#include "walk/sweep.h"

#define PAGE 4096u
#define TABLES_PA 0x100000u
#define TARGETS_PA 0x200000u
#define NR_TARGETS 1000u
#define TARGETS_VA UINT64_C(0x7f0000000000)

extern const struct mmu_arch mmu_arch_x86_64;

static const uint32_t packings[] = {
	1,
#ifdef MMU_HAVE_LZO
	2,
#endif
#ifdef MMU_HAVE_ZSTD
	0x20,
#endif
};

struct packed {
	struct tables tables;
	char *pages;
	uint8_t *memory;
	struct build_kdump kdump;
	struct build_buffer buffer;
	struct opened opened;
	struct mmu_walker walker;
};

/* Tables that map NR_TARGETS pages one behind the other, the seventh of which is damaged. */
static void make(struct packed *packed, uint32_t packing, uint64_t max_mapnr)
{
	const struct mmu_arch *archs[] = { &mmu_arch_x86_64, NULL };
	uint64_t bytes = TARGETS_PA - TABLES_PA + NR_TARGETS * PAGE;

	if (!tables_parse(&packed->tables, archs,
			  "arch x86_64\nformat 4level\nmemory 0x100000\n"
			  "map 0x7f0000000000 0x200000 4K rw--u 1000\n"))
		fail_msg("%s", packed->tables.error);
	packed->pages = malloc(bytes / PAGE + 1);
	packed->memory = calloc(1, bytes);
	assert_true(packed->pages && packed->memory && packed->tables.bytes < bytes);
	memcpy(packed->memory, packed->tables.memory, packed->tables.bytes);
	memset(packed->pages, 'p', bytes / PAGE);
	packed->pages[bytes / PAGE] = '\0';
	packed->pages[(TARGETS_PA - TABLES_PA) / PAGE + 7] = 'x';
	packed->kdump = (struct build_kdump){ .width = BUILD_64,
					      .version = 6,
					      .block_bytes = PAGE,
					      .packing = packing,
					      .first_pa = TABLES_PA,
					      .machine = "x86_64",
					      .pages = packed->pages,
					      .memory = packed->memory,
					      .max_mapnr = max_mapnr };
	build_kdump(&packed->buffer, &packed->kdump);
	packed->opened = open_bytes(&packed->buffer);
	packed->walker = (struct mmu_walker){ .cursor = &packed->opened.cursor,
					      .arch = &mmu_arch_x86_64,
					      .regimes = &packed->tables.regimes };
}

static void close_packed(struct packed *packed)
{
	close_opened(&packed->opened);
	free(packed->buffer.data);
	free(packed->pages);
	free(packed->memory);
	tables_stop(&packed->tables);
}

static void walks_unpack_tables_only(void **state)
{
	for (size_t p = 0; p < sizeof(packings) / sizeof(packings[0]); p++) {
		struct packed packed = { 0 };
		struct mmu_walk walk;

		make(&packed, packings[p], 0);
		for (uint64_t i = 0; i < NR_TARGETS; i++) {
			mmu_walker_walk(&packed.walker, TARGETS_VA + i * PAGE + 5, &walk);
			assert_int_equal(walk.result, MMU_RESULT_MAPPED);
			assert_int_equal(walk.pa, TARGETS_PA + i * PAGE + 5);
			assert_int_equal(walk.page_state, MMU_PAGE_PRESENT);
		}
		/* two leaf tables and three above them */
		assert_int_equal(packed.opened.cursor.nr_unpacked, 5);
		/* the damage shows when the bytes are asked for */
		expect_bytes(&packed.opened.cursor, TARGETS_PA + 7 * PAGE, PAGE,
			     MMU_PAGE_UNREADABLE, 0);
		close_packed(&packed);
	}
}

/* Tables that all cursors share stay where they are: their words are found without a walk. */
static void answers_need_no_walk(void **state)
{
	struct mmu_word words[MMU_ANSWERS_MAX];
	uint64_t vas[MMU_ANSWERS_MAX];
	struct packed packed = { 0 };
	struct mmu_walk walk = { .serial = 0 };

	make(&packed, packings[0], 0);
	packed.walker.paths = mmu_paths_create(packed.walker.regimes);
	assert_non_null(packed.walker.paths);
	for (uint64_t i = 0; i < NR_TARGETS; i += NR_TARGETS - 1) /* a leaf table each */
		mmu_walker_walk(&packed.walker, TARGETS_VA + i * PAGE, &walk);
	for (uint64_t i = 0; i < MMU_ANSWERS_MAX; i++)
		vas[i] = TARGETS_VA + i * 15 * PAGE + i;
	mmu_words_find(&packed.walker, vas, MMU_ANSWERS_MAX, words);
	for (uint64_t i = 0; i < MMU_ANSWERS_MAX; i++) {
		assert_true(mmu_word_answer(&packed.walker, &words[i], vas[i], &walk));
		assert_int_equal(walk.pa, TARGETS_PA + i * 15 * PAGE + i);
		assert_int_equal(walk.page_state, MMU_PAGE_PRESENT);
	}
	assert_int_equal(packed.opened.cursor.nr_unpacked, 5);
	mmu_paths_destroy(packed.walker.paths);
	close_packed(&packed);
}

struct told {
	uint64_t nr;
	struct mmu_walker *walker;
};

static void check_pages(const struct mmu_sweep_pages *pages, void *context)
{
	struct told *told = context;
	struct mmu_walk walk;

	assert_int_equal(pages->bytes, PAGE);
	assert_int_equal(pages->va, TARGETS_VA + told->nr * PAGE);
	for (size_t i = 0; i < pages->nr; i++, told->nr++) {
		mmu_walker_walk(told->walker, pages->va + i * PAGE, &walk);
		assert_int_equal(pages->pas[i], walk.pa);
		assert_int_equal(pages->rights, walk.rights);
	}
}

/* Whoever merges them can be told of each page, in order. */
static void sweeps_tell_pages(void **state)
{
	static struct mmu_sweep sweep;
	struct packed packed = { 0 };
	struct told told = { .walker = &packed.walker };
	uint64_t entries = 0;

	make(&packed, packings[0], 0);
	mmu_sweep_init(&sweep, &packed.walker, 0, UINT64_MAX >> 17, 1000, NULL, NULL);
	sweep.merges = true;
	sweep.pages = check_pages;
	sweep.pages_context = &told;
	for (bool more = true; more;) {
		more = mmu_sweep_go_on(&sweep);
		for (size_t i = 0; i < sweep.nr_ready; i++)
			entries += sweep.ranges[i].entries;
	}
	mmu_sweep_release(&sweep);
	assert_int_equal(entries, NR_TARGETS);
	assert_int_equal(told.nr, NR_TARGETS);
	close_packed(&packed);
}

/* Of a machine of 512 GiB, whose memory is dumped at its beginning. */
static void walks_count_as_far_as_they_read(void **state)
{
	uint64_t max_mapnr = UINT64_C(1) << 27;
	struct packed packed = { 0 };
	const struct mmu_kdump_bitmaps *bitmaps;
	struct mmu_walk walk;

	make(&packed, 1, max_mapnr);
	bitmaps = mmu_kdump_bitmaps_of(packed.opened.image);
	assert_int_equal(bitmaps->nr_pfns, max_mapnr);
	assert_int_equal(bitmaps->bytes_ranked, 0);
	uint64_t first_pa, last_pa;
	assert_true(mmu_image_last_ram(packed.opened.image, &first_pa, &last_pa));
	assert_int_equal(first_pa, TARGETS_PA + (NR_TARGETS - 1) * PAGE);
	assert_int_equal(last_pa, TARGETS_PA + NR_TARGETS * PAGE - 1);
	assert_false(mmu_image_is_surveyed(packed.opened.image));
	mmu_walker_walk(&packed.walker, TARGETS_VA, &walk);
	assert_int_equal(walk.page_state, MMU_PAGE_PRESENT);
	assert_true(bitmaps->bytes_ranked && bitmaps->bytes_ranked <= 32768);
	assert_false(mmu_image_is_surveyed(packed.opened.image));
	expect_counts(packed.opened.image, strlen(packed.pages), 0, 0);
	expect_ram(packed.opened.image, 1,
		   &(struct mmu_pa_range){ TABLES_PA, TARGETS_PA + NR_TARGETS * PAGE - 1 });
	assert_true(bitmaps->bytes_ranked <= 32768);
	assert_int_equal(mmu_kdump_rank(bitmaps, max_mapnr), strlen(packed.pages));
	assert_int_equal(bitmaps->bytes_ranked, max_mapnr / 8);
	close_packed(&packed);
}

/* Page frames far apart, asked for in any order; a naive count tells the ranks. */
static void ranks_are_right_in_any_order(void **state)
{
	static char pages[200001];
	struct build_kdump kdump = { .width = BUILD_64,
				     .version = 6,
				     .block_bytes = PAGE,
				     .packing = 0,
				     .machine = "x86_64",
				     .pages = pages };
	static uint32_t rank[sizeof(pages)];
	struct build_buffer buffer = { 0 };
	uint32_t random = 1, count = 0;

	for (size_t i = 0; i + 1 < sizeof(pages); i++) {
		random = random * 1664525 + 1013904223;
		rank[i] = count;
		pages[i] = i % 7000 < 3000 ? '.' : ".fffz"[random >> 24 & 3];
		if (i % 9000 > 8000)
			pages[i] = 'z';
		count += pages[i] == 'z';
	}
	build_kdump(&buffer, &kdump);
	struct opened opened = open_bytes(&buffer);
	const struct mmu_kdump_bitmaps *bitmaps = mmu_kdump_bitmaps_of(opened.image);
	for (size_t i = 0; i < 20000; i++) {
		random = random * 1664525 + 1013904223;
		uint64_t pfn = (random >> 8) % (sizeof(pages) - 1);

		assert_int_equal(mmu_kdump_rank(bitmaps, pfn), rank[pfn]);
	}
	assert_int_equal(mmu_kdump_rank(bitmaps, bitmaps->nr_pfns), count);
	close_opened(&opened);
	free(buffer.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks_unpack_tables_only),
		cmocka_unit_test(answers_need_no_walk),
		cmocka_unit_test(sweeps_tell_pages),
		cmocka_unit_test(walks_count_as_far_as_they_read),
		cmocka_unit_test(ranks_are_right_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
