/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * A space compared with itself: one pass and a bit for each frame say the very same as the plain
 * comparison, which a live image gets. Of tables that are simple, of ones that are so but for one
 * thing, and of random ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/compare.h"
#include "property/world.h"
#include "support/tables.h"
#include "walk/registry.h"

#define ROUNDS 8u
#define RANGES 3u
#define TABLES_PA UINT64_C(0x1000000)
#define PAGE UINT64_C(4096)
#define GIB ((uint64_t)1 << 30)
#define SIZES_MAX 16u
#define VAS 16u

static uint64_t seen_simple, seen_plain, seen_taken_back, seen_shared, seen_passes, seen_huge;

/* ------------------------------------------------------------------ both ways */

#define AGREE(a, b)                                                                                \
	do {                                                                                       \
		if ((a) != (b))                                                                    \
			fail_msg("%s: " #a " is 0x%llx, not 0x%llx", name,                         \
				 (unsigned long long)(a), (unsigned long long)(b));                \
	} while (0)

static void agree_totals(const char *name, const struct mmu_totals *have,
			 const struct mmu_totals *want)
{
	AGREE(have->leaves.end, want->leaves.end);
	assert_memory_equal(have->leaves.tables, want->leaves.tables, sizeof(have->leaves.tables));
	assert_memory_equal(have->leaves.missing, want->leaves.missing,
			    sizeof(have->leaves.missing));
	AGREE(have->table_bytes, want->table_bytes);
	for (unsigned int i = 0; i < MMU_RESULTS; i++) {
		AGREE(have->pages[i], want->pages[i]);
		AGREE(have->bytes[i], want->bytes[i]);
	}
	AGREE(have->nr_mapped, want->nr_mapped);
	for (unsigned int i = 0; i < have->nr_mapped; i++) {
		AGREE(have->mapped[i].page_bytes, want->mapped[i].page_bytes);
		AGREE(have->mapped[i].pages, want->mapped[i].pages);
	}
}

static void agree_ranges(const char *name, const struct mmu_range *have,
			 const struct mmu_range *want)
{
	AGREE(have->first_va, want->first_va);
	AGREE(have->last_va, want->last_va);
	AGREE(have->result, want->result);
	AGREE(have->pa, want->pa);
	AGREE(have->rights, want->rights);
	AGREE(have->page_bytes, want->page_bytes);
}

static const struct mmu_range *side_of(const struct mmu_difference *difference, unsigned int i)
{
	return &((const struct mmu_whole_difference *)difference)->side[i];
}

static void agree_differences(const char *name, struct mmu_comparison *const both[2])
{
	const struct mmu_difference *told[2];
	struct mmu_differences *all[2];
	uint64_t nr = 0;

	for (unsigned int i = 0; i < 2; i++)
		assert_null(mmu_differences_open(both[i], &all[i]));
	for (;; nr++) {
		for (unsigned int i = 0; i < 2; i++)
			assert_null(mmu_differences_next(all[i], &told[i]));
		AGREE(!told[0], !told[1]);
		if (!told[0])
			break;
		AGREE(told[0]->first_va, told[1]->first_va);
		AGREE(told[0]->last_va, told[1]->last_va);
		AGREE(told[0]->changes, told[1]->changes);
		for (unsigned int i = 0; i < 2; i++)
			agree_ranges(name, side_of(told[0], i), side_of(told[1], i));
	}
	AGREE(nr, both[0]->nr_differences);
	mmu_differences_close(all[0]);
	mmu_differences_close(all[1]);
}

static void agree_shared(const char *name, struct mmu_comparison *const both[2])
{
	const struct mmu_shared_frames *told[2];
	struct mmu_shared *all[2];
	uint64_t nr = 0, bytes = 0;

	for (unsigned int i = 0; i < 2; i++)
		assert_null(mmu_shared_open(both[i], &all[i]));
	for (;; nr++) {
		for (unsigned int i = 0; i < 2; i++)
			told[i] = mmu_shared_next(all[i]);
		AGREE(!told[0], !told[1]);
		if (!told[0])
			break;
		AGREE(told[0]->first_pa, told[1]->first_pa);
		AGREE(told[0]->last_pa, told[1]->last_pa);
		for (unsigned int i = 0; i < 2; i++) {
			const struct mmu_shared_side *have = &all[0]->told.side[i];
			const struct mmu_shared_side *want = &all[1]->told.side[i];

			AGREE(have->va, want->va);
			AGREE(have->times, want->times);
			AGREE(have->rights, want->rights);
		}
		bytes += told[0]->last_pa - told[0]->first_pa + 1;
	}
	AGREE(nr, both[0]->nr_shared);
	AGREE(bytes, both[0]->shared_bytes);
	seen_shared += both[0]->set ? nr : 0;
	seen_passes += all[0]->same.grown;
	mmu_shared_close(all[0]);
	mmu_shared_close(all[1]);
}

/* @return whether it took the short way */
static bool check(const char *name, const struct mmu_arch *arch, const struct mmu_regimes *regimes,
		  struct mmu_image *image, const struct mmu_va_range *range)
{
	struct mmu_kernel kernel = { .image = image, .arch = arch };
	struct mmu_space spaces[2] = { { .mm_va = 0 }, { .mm_va = 0 } };
	const struct mmu_va_range ranges[2] = { *range, *range };
	const struct mmu_hook hook = { .fn = NULL };
	struct mmu_comparison *both[2];

	for (unsigned int i = 0; i < 2; i++) {
		mmu_memory_init(&spaces[i].memory, &kernel);
		spaces[i].regimes = *regimes;
		spaces[i].walker = (struct mmu_walker){ .cursor = &spaces[i].memory.cursor,
							.arch = arch,
							.regimes = &spaces[i].regimes };
	}
	for (unsigned int i = 0; i < 2; i++) {
		image->live = i;
		assert_null(mmu_spaces_compare(&spaces[0], &spaces[one_in(2)], ranges, &hook,
					       &both[i]));
	}
	image->live = false;
	bool simple = both[0]->set;
	assert_null(both[1]->set);
	AGREE(both[0]->same_bytes, both[1]->same_bytes);
	AGREE(both[0]->shared_bytes, both[1]->shared_bytes);
	AGREE(both[0]->nr_differences, both[1]->nr_differences);
	AGREE(both[0]->nr_shared, both[1]->nr_shared);
	AGREE(both[0]->by_address, both[1]->by_address);
	AGREE(both[0]->by_frame, both[1]->by_frame);
	assert_memory_equal(both[0]->changed_bytes, both[1]->changed_bytes,
			    sizeof(both[0]->changed_bytes));
	for (unsigned int i = 0; i < 2; i++)
		agree_totals(name, &both[0]->totals[i], &both[1]->totals[i]);
	agree_differences(name, both);
	agree_shared(name, both);
	seen_simple += simple && both[0]->nr_shared > 1;
	seen_plain += !simple;
	seen_taken_back += !simple && both[1]->nr_shared;
	for (unsigned int i = 0; i < 2; i++) {
		mmu_comparison_destroy(both[i]);
		mmu_memory_destroy(&spaces[i].memory);
	}
	return simple;
}

/* ------------------------------------------------------------------ tables that are simple */

/* What is not simple. */
enum spoiler { NOTHING, TWICE, BEYOND, UNREADABLE, WORDS, SPOILERS };

struct plan {
	struct tables tables;
	const struct mmu_regime *regime;
	char name[80];
	uint64_t sizes[SIZES_MAX]; /* of pages; sizes[0]: the smallest */
	size_t nr_sizes;
	uint64_t ram_bytes; /* RAM begins at 0 */
	uint8_t *used;      /* for each page of it */
	uint64_t vas[VAS];
	size_t nr_vas;
	uint64_t last_pa, next_va, next_pa; /* the last one mapped, and where it would go on */
	uint8_t rights;
	struct mmu_image *image;
};

/* Frames that nothing else maps. @return false: not this time */
static bool take_frames(struct plan *plan, uint64_t pa, uint64_t bytes)
{
	if (pa & (bytes - 1) || pa >= plan->ram_bytes || bytes > plan->ram_bytes - pa ||
	    memchr(plan->used + pa / PAGE, 1, bytes / PAGE))
		return false;
	memset(plan->used + pa / PAGE, 1, bytes / PAGE);
	return true;
}

static bool map(struct plan *plan, uint64_t va, uint64_t pa, uint64_t bytes, uint8_t rights)
{
	if (!tables_map(&plan->tables, va, pa, bytes, rights) &&
	    !tables_map(&plan->tables, va, pa, bytes, MMU_RIGHTS_ALL) &&
	    !tables_map(&plan->tables, va, pa, bytes, MMU_RIGHT_READ))
		return false;
	plan->vas[plan->nr_vas++ % VAS] = va;
	plan->last_pa = pa;
	plan->next_va = va + bytes;
	plan->next_pa = pa + bytes;
	seen_huge += bytes == GIB;
	return true;
}

/* Is there room for so many bytes at the next multiple of them? */
static bool find_room(const struct plan *plan, uint64_t *va, uint64_t bytes)
{
	uint64_t at = (*va + bytes - 1) & -bytes;

	if (at < *va || at < plan->regime->first_va || at > plan->regime->last_va ||
	    plan->regime->last_va - at < bytes - 1)
		return false;
	*va = at;
	return true;
}

/*
 * Pages of one size, up, down or anywhere in memory; often they go on where those of another size
 * end. @return the address behind them
 */
static uint64_t map_stretch(struct plan *plan, uint64_t va, uint64_t count)
{
	uint64_t bytes = plan->sizes[one_in(2) ? 0 : below(plan->nr_sizes)];
	uint64_t by = below(3), pa = below(plan->ram_bytes) & -bytes;

	if (va == plan->next_va && one_in(2)) {
		pa = plan->next_pa;
		by = 0;
	} else {
		plan->rights = (uint8_t)below(32);
	}
	for (; count && find_room(plan, &va, bytes); count--) {
		for (unsigned int tries = 0; tries < 8; tries++) {
			if (take_frames(plan, pa, bytes)) {
				map(plan, va, pa, bytes, plan->rights);
				break;
			}
			pa = below(plan->ram_bytes) & -bytes;
		}
		va += bytes;
		pa = by == 0 ? pa + bytes : by == 1 ? pa - bytes : below(plan->ram_bytes) & -bytes;
		if (one_in(60)) /* a hole */
			va += bytes * (1 + below(600));
		if (one_in(20)) /* goes on, with other rights */
			plan->rights = (uint8_t)below(32);
	}
	return va;
}

static uint64_t any_page(const struct plan *plan)
{
	uint64_t span = plan->regime->last_va - plan->regime->first_va;

	return plan->regime->first_va + (any() % span & -plan->sizes[0]);
}

/* A page that ends behind RAM, or begins there: some of the first 64 frames still have a bit. */
static void map_beyond(struct plan *plan)
{
	uint64_t bytes = plan->sizes[below(plan->nr_sizes)], va = any_page(plan);
	uint64_t pa = (plan->ram_bytes + below(128) * PAGE) & -bytes;

	if (find_room(plan, &va, bytes) && map(plan, va, pa, bytes, MMU_RIGHTS_ALL) &&
	    pa < plan->ram_bytes)
		memset(plan->used + pa / PAGE, 1, (plan->ram_bytes - pa) / PAGE);
}

static void map_all(struct plan *plan)
{
	uint64_t huge = plan->sizes[plan->nr_sizes - 1], huge_va = any_page(plan);

	if (one_in(4) && find_room(plan, &huge_va, huge) && take_frames(plan, 0, huge))
		map(plan, huge_va, 0, huge, MMU_RIGHTS_ALL);
	for (unsigned int areas = 1 + (unsigned int)below(5); areas; areas--) {
		uint64_t va = any_page(plan);

		for (unsigned int nr = 1 + (unsigned int)below(8); nr; nr--)
			va = map_stretch(plan, va, 1 + below(one_in(3) ? 300 : 12));
	}
	if (one_in(6)) /* more frames than are told of one pass */
		map_stretch(plan, any_page(plan), 6000);
}

/* ------------------------------------------------------------------ but for one thing */

/* Words that say anything but where a table or a page is, as luck has it. */
static void put_words(struct plan *plan)
{
	const struct mmu_format *format = plan->regime->format;
	uint64_t va = any_page(plan);
	struct mmu_entry entry;

	for (unsigned int i = 0; i < 200; i++) {
		uint64_t raw = any() >> (64 - 8 * format->entry_bytes) &
			       (one_in(2) ? any() : UINT64_MAX);

		format->decode(plan->regime, 0, raw, 0, &entry);
		if (entry.kind == MMU_KIND_SOFTWARE || entry.kind == MMU_KIND_BAD)
			tables_enter(&plan->tables, 0, va, raw, 0);
		if (va > plan->regime->last_va - 2 * plan->sizes[0])
			return;
		va += plan->sizes[0];
	}
}

/* @return whether it is spoiled for sure */
static bool spoil(struct plan *plan, enum spoiler spoiler)
{
	uint64_t va = any_page(plan), bytes = plan->sizes[0];

	if (spoiler == TWICE && plan->nr_vas) {
		if (!one_in(3)) /* all of the page, else a part of it */
			bytes = plan->next_pa - plan->last_pa;
		return find_room(plan, &va, bytes) &&
		       map(plan, va, plan->last_pa, bytes, MMU_RIGHTS_ALL);
	}
	if (spoiler == WORDS)
		put_words(plan);
	return false;
}

static void add_piece(struct memory_piece *pieces, size_t *nr, uint64_t end_pa,
		      enum mmu_page_state state, const void *data)
{
	uint64_t first_pa = *nr ? pieces[*nr - 1].first_pa + pieces[*nr - 1].bytes : 0;

	if (first_pa < end_pa)
		pieces[(*nr)++] = (struct memory_piece){ first_pa, end_pa - first_pa, state, data };
}

/* All of RAM, of which tables are there, often without one page of them. */
static void make_image(struct plan *plan, bool lacks)
{
	const uint8_t *memory = plan->tables.memory;
	uint64_t end_pa = TABLES_PA + plan->tables.bytes;
	uint64_t used = (plan->tables.next_pa - TABLES_PA + PAGE - 1) / PAGE;
	uint64_t gap = lacks ? below(used) * PAGE : plan->tables.bytes;
	struct memory_piece pieces[5];
	size_t nr = 0;

	add_piece(pieces, &nr, TABLES_PA, MMU_PAGE_FILTERED, NULL);
	add_piece(pieces, &nr, TABLES_PA + gap, MMU_PAGE_PRESENT, memory);
	if (lacks) {
		add_piece(pieces, &nr, TABLES_PA + gap + PAGE,
			  one_in(2) ? MMU_PAGE_FILTERED : MMU_PAGE_UNREADABLE, NULL);
		add_piece(pieces, &nr, end_pa, MMU_PAGE_PRESENT, memory + gap + PAGE);
	}
	add_piece(pieces, &nr, plan->ram_bytes, MMU_PAGE_FILTERED, NULL);
	plan->image = memory_image_create(pieces, nr);
	if (one_in(3))
		memory_image_forget(plan->image);
}

/* ------------------------------------------------------------------ plans */

static void find_sizes(struct plan *plan)
{
	const struct mmu_regime *regime = plan->regime;

	for (unsigned int level = 0; level <= regime->top_level; level++) {
		const struct mmu_level *shape = &regime->format->level[level];
		uint64_t bytes = (uint64_t)1 << regime->shape[level].shift;

		for (unsigned int run = 0; shape->may_be_leaf && run <= shape->run_lg2; run++)
			if (bytes << run <= GIB && plan->nr_sizes < SIZES_MAX)
				plan->sizes[plan->nr_sizes++] = bytes << run;
	}
	assert_true(plan->nr_sizes && plan->sizes[0] >= PAGE);
}

static void create(struct plan *plan, const struct mmu_arch *arch, const struct mmu_sample *sample,
		   bool alone, enum spoiler spoiler)
{
	const struct mmu_arch *const archs[] = { arch, NULL };
	char text[200]; /* 256K: room for many, at once */

	*plan = (struct plan){ .ram_bytes = UINT64_C(0xc0000000) };
	snprintf(plan->name, sizeof(plan->name), "%s %s", arch->name, sample->name);
	snprintf(text, sizeof(text), "arch %s\nformat %s\nmemory 0x%llx 256K\n", arch->name,
		 sample->name, (unsigned long long)TABLES_PA);
	if (!tables_parse(&plan->tables, archs, text))
		fail_msg("%s", plan->tables.error);
	if (alone) { /* regimes have one root here, and may have one table for both */
		struct mmu_regimes *regimes = &plan->tables.regimes;

		regimes->regime[0] = regimes->regime[below(regimes->nr)];
		regimes->nr = 1;
	}
	plan->regime = &plan->tables.regimes.regime[below(plan->tables.regimes.nr)];
	if (one_in(2))
		plan->ram_bytes = UINT64_C(0x8000000);
	plan->ram_bytes += below(500) * PAGE + (one_in(3) ? below(PAGE) : 0);
	plan->used = calloc(1, plan->ram_bytes / PAGE + 1);
	assert_non_null(plan->used);
	find_sizes(plan);
	if (spoiler == BEYOND)
		map_beyond(plan);
	map_all(plan);
}

static struct mmu_va_range any_part(const struct plan *plan)
{
	size_t nr = plan->nr_vas < VAS ? plan->nr_vas : VAS;
	uint64_t cut = one_in(2) ? PAGE : 1, bytes = plan->sizes[below(plan->nr_sizes)];
	struct mmu_va_range ret = { 0, UINT64_MAX };

	if (!nr)
		return ret;
	ret.first_va = plan->vas[below(nr)] + (below(2 * bytes) & -cut);
	ret.last_va = plan->vas[below(nr)] + (below(2 * bytes) & -cut) - 1;
	if (ret.last_va < ret.first_va)
		ret.last_va = UINT64_MAX;
	return ret;
}

static void check_plan(const struct mmu_arch *arch, const struct mmu_sample *sample)
{
	const struct mmu_va_range whole = { 0, UINT64_MAX };
	enum spoiler spoiler = one_in(3) ? NOTHING : (enum spoiler)(1 + below(SPOILERS - 1));
	bool alone = !one_in(3);
	struct plan plan;

	create(&plan, arch, sample, alone, spoiler);
	bool spoiled = spoil(&plan, spoiler);
	make_image(&plan, spoiler == UNREADABLE);
	bool simple = check(plan.name, arch, &plan.tables.regimes, plan.image, &whole);
	if (alone && (spoiler == NOTHING || spoiled))
		assert_int_equal(simple, !spoiled);
	for (unsigned int i = 0; i < RANGES; i++) {
		struct mmu_va_range part = any_part(&plan);

		check(plan.name, arch, &plan.tables.regimes, plan.image, &part);
	}
	mmu_image_close(plan.image);
	tables_stop(&plan.tables);
	free(plan.used);
}

/* ------------------------------------------------------------------ the tests */

static void test_simple_tables(void **state)
{
	world_seed = UINT64_C(0x2545f4914f6cdd1d);
	seen_plain = seen_taken_back = 0;
	for (size_t i = 0; i < world_nr_archs; i++) {
		const struct mmu_arch *arch = world_archs[i];

		for (size_t j = 0; j < arch->nr_samples * world_rounds(i, ROUNDS); j++) {
			const struct mmu_sample *sample = arch->samples[j % arch->nr_samples];

			if (sample->regimes[0]->format->kind == MMU_FORMAT_RADIX)
				check_plan(arch, sample);
		}
	}
	assert_true(seen_simple > 30);
	assert_true(seen_taken_back > 30);
	assert_true(seen_shared > 10000);
	assert_true(seen_passes > 10);
	assert_true(seen_huge > 0);
}

static void test_random_tables(void **state)
{
	world_seed = UINT64_C(0xd1342543de82ef95);
	seen_simple = seen_plain = 0;
	for (size_t i = 0; i < world_nr_archs; i++) {
		const struct mmu_arch *arch = world_archs[i];

		for (size_t j = 0; j < arch->nr_samples * world_rounds(i, ROUNDS); j++) {
			struct world w;

			world_create(&w, arch, arch->samples[j % arch->nr_samples], false);
			for (unsigned int k = 0; k < 2 * RANGES; k++) {
				uint64_t va = any_va(&w);
				uint64_t bytes = (uint64_t)1 << below(shift_of(&w, 0) + 10u);
				struct mmu_va_range part = { va, va + bytes + below(bytes) };

				if (part.last_va > va)
					check(arch->name, arch, &w.regimes, w.image, &part);
			}
			world_destroy(&w);
		}
	}
	assert_true(seen_plain > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_simple_tables),
		cmocka_unit_test(test_random_tables),
	};

	return cmocka_run_group_tests_name("same", tests, NULL, NULL);
}
