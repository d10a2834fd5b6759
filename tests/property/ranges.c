/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * A sweep makes the very ranges that come of merging an enumeration's leaves, one by one, and
 * counts the same tables: of random tables, and of tables made to lead its short ways astray. One
 * that merges makes ranges of those, and a map of them has the same rows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/part_tables.h"
#include "analysis/space_map.h"
#include "property/world.h"
#include "walk/sweep.h"

#define ROUNDS 12u
#define PARTS 9u
#define MAX_TABLES 100u

static struct mmu_swept *expected;
static size_t nr_expected;
static uint64_t seen_ranges, seen_long, seen_too_many, seen_corrected, seen_merged, seen_rows,
	seen_used;

/*
 * No range that begins before one of these goes on behind it, and none with a page has a leaf that
 * reaches over it besides others. Ascending.
 */
#define MAX_BREAKS 12u
static uint64_t breaks[MAX_BREAKS];
static size_t nr_breaks;

/* ------------------------------------------------------------------ the plain way */

/* What a caller may know better: also of two neighbours not the same. */
static void correct(struct mmu_walk *walk, void *context)
{
	if (walk->result != MMU_RESULT_PROTNONE && walk->result != MMU_RESULT_HIDDEN)
		return;
	seen_corrected++;
	if (walk->va >> 14 & 1)
		walk->note = "corrected";
	else
		walk->result = MMU_RESULT_NUMA;
}

static bool plain_range(const struct mmu_range *range, void *context)
{
	uint64_t *entries = context;

	if (!(nr_expected & (nr_expected - 1)))
		expected = reallocarray(expected, 2 * (nr_expected + 1), sizeof(*expected));
	assert_non_null(expected);
	expected[nr_expected++] = (struct mmu_swept){
		*range, *entries, 1, range->pa + (range->last_va - range->first_va) + 1
	};
	*entries = 0;
	return true;
}

struct plain {
	struct mmu_range_merger merger;
	uint64_t entries;
};

static bool is_cut(uint64_t first_va, uint64_t last_va)
{
	for (size_t i = 0; i < nr_breaks; i++)
		if (first_va < breaks[i] && breaks[i] <= last_va)
			return true;
	return false;
}

static bool plain_leaf(struct mmu_walk *walk, uint64_t last_va, void *context)
{
	struct plain *plain = context;
	struct mmu_range next;

	if (walk->result != MMU_RESULT_MAPPED)
		correct(walk, NULL);
	/* told of before this one is counted, unless it joins */
	next = mmu_range_of_leaf(walk, last_va);
	if (plain->merger.has_range) {
		struct mmu_range longer = plain->merger.range;

		if (is_cut(longer.first_va, walk->has_pa ? last_va : walk->va) ||
		    !mmu_range_append(&longer, &next, plain->merger.page_lg2))
			assert_true(mmu_range_flush(&plain->merger));
	}
	assert_true(mmu_range_merge(walk, last_va, &plain->merger));
	plain->entries++;
	return true;
}

static enum mmu_leaves_end enumerate(const struct world *w, const struct mmu_walker *walker,
				     uint64_t first_va, uint64_t last_va, struct mmu_tally *ret)
{
	struct plain plain = { .merger = { .fn = plain_range,
					   .page_lg2 = w->regimes.regime[0].page_lg2 } };

	plain.merger.context = &plain.entries;
	nr_expected = 0;
	mmu_walker_leaves(walker, first_va, last_va, MAX_TABLES, false, plain_leaf, &plain, ret);
	mmu_range_flush(&plain.merger);
	return ret->end;
}

/* ------------------------------------------------------------------ the sweep */

#define AGREE(field)                                                                               \
	do {                                                                                       \
		if (have->field != want->field)                                                    \
			fail_msg("%s %s, range %zu at 0x%llx-0x%llx: " #field " is 0x%llx, not "   \
				 "0x%llx",                                                         \
				 w->arch->name, format_of(w)->name, at,                            \
				 (unsigned long long)want->first_va,                               \
				 (unsigned long long)want->last_va,                                \
				 (unsigned long long)(uintptr_t)have->field,                       \
				 (unsigned long long)(uintptr_t)want->field);                      \
	} while (0)

static void agree(const struct world *w, size_t at, const struct mmu_swept *have)
{
	const struct mmu_swept *want = &expected[at];

	assert_true(at < nr_expected);
	AGREE(first_va);
	AGREE(last_va);
	AGREE(result);
	AGREE(rights);
	AGREE(swap_type);
	AGREE(has_pa);
	AGREE(has_swap);
	AGREE(has_target);
	AGREE(assumed);
	AGREE(page_bytes);
	AGREE(pa);
	AGREE(swap_offset);
	AGREE(target_pa);
	AGREE(note);
	AGREE(entries);
	seen_long += have->entries > 8;
}

/* ------------------------------------------------------------------ how full tables are */

/* Sums of all tables, by level: as sweeps tell them, and as each entry says by itself. */
static struct mmu_fill swept_fill[MMU_LEVELS_MAX], plain_fill[MMU_LEVELS_MAX];
static uint64_t swept_tables, plain_tables;

static void add_fill(const struct mmu_regime *regime, unsigned int level,
		     const struct mmu_fill *fill, void *context)
{
	struct mmu_fill *sums = context;

	(void)regime;
	sums[level].read += fill->read;
	sums[level].used += fill->used;
	sums[level].tables += fill->tables;
	swept_tables++;
}

static void fill_plainly(const struct mmu_walker *walker, const struct mmu_part_table *part)
{
	struct mmu_fill *fill = &plain_fill[part->level];
	struct mmu_part_table below;
	struct mmu_table table;
	struct mmu_step step;

	plain_tables++;
	mmu_table_init(&table, walker, part->regime, part->level, part->table_pa);
	for (uint64_t index = part->first_index; index <= part->last_index; index++) {
		bool zero = !mmu_table_entry(&table, index, &step);
		bool used = !zero && step.readable && step.entry.kind != MMU_KIND_EMPTY;

		fill->read += zero || step.readable;
		fill->used += used;
		if (!used || step.entry.kind != MMU_KIND_TABLE || !part->level)
			continue;
		fill->tables++;
		if (mmu_part_table_below(part, &step, &below))
			fill_plainly(walker, &below);
	}
}

/* Of a sweep that went through all of its part. */
static void check_fill(const struct mmu_walker *walker, uint64_t first_va, uint64_t last_va)
{
	uint64_t va = first_va, end_va = last_va;
	const struct mmu_regime *regime;
	struct mmu_part_table root;

	memset(plain_fill, 0, sizeof(plain_fill));
	plain_tables = 0;
	while ((regime = mmu_regimes_next(walker->regimes, &va, &end_va)) && va <= last_va) {
		uint64_t end = end_va < last_va ? end_va : last_va;

		if (regime->format->kind != MMU_FORMAT_HASHED &&
		    mmu_part_table_root(regime, va, end, &root))
			fill_plainly(walker, &root);
		if (end == last_va)
			break;
		va = end_va + 1;
	}
	assert_int_equal(swept_tables, plain_tables);
	assert_memory_equal(swept_fill, plain_fill, sizeof(plain_fill));
	for (unsigned int level = 0; level < MMU_LEVELS_MAX; level++)
		seen_used += plain_fill[level].used;
}

/* ------------------------------------------------------------------ a sweep */

static struct mmu_sweep *begin_sweep(const struct mmu_walker *walker, uint64_t first_va,
				     uint64_t last_va)
{
	struct mmu_sweep *sweep = malloc(sizeof(*sweep));

	assert_non_null(sweep);
	memset(sweep, 0xa5, sizeof(*sweep));
	mmu_sweep_init(sweep, walker, first_va, last_va, MAX_TABLES, correct, NULL);
	return sweep;
}

static void end_sweep(struct mmu_sweep *sweep, const struct mmu_tally *plain)
{
	assert_int_equal(sweep->tally.end, plain->end);
	assert_memory_equal(sweep->tally.tables, plain->tables, sizeof(plain->tables));
	assert_memory_equal(sweep->tally.missing, plain->missing, sizeof(plain->missing));
	mmu_sweep_release(sweep);
	free(sweep);
}

static void check_part(const struct world *w, const struct mmu_walker *walker, uint64_t first_va,
		       uint64_t last_va)
{
	struct mmu_sweep *sweep = begin_sweep(walker, first_va, last_va);
	struct mmu_tally plain = { .kept = false };
	size_t nr = 0;
	bool more;

	nr_breaks = 0;
	enumerate(w, walker, first_va, last_va, &plain);
	memset(swept_fill, 0, sizeof(swept_fill));
	swept_tables = 0;
	sweep->left = add_fill;
	sweep->left_context = swept_fill;
	do {
		more = mmu_sweep_go_on(sweep);
		assert_int_equal(sweep->tally.end == MMU_LEAVES_STOPPED, more);
		for (size_t i = 0; i < sweep->nr_ready; i++)
			agree(w, nr++, &sweep->ranges[i]);
	} while (more);
	assert_int_equal(nr, nr_expected);
	seen_ranges += nr;
	seen_too_many += plain.end == MMU_LEAVES_TOO_MANY;
	if (plain.end == MMU_LEAVES_ALL)
		check_fill(walker, first_va, last_va);
	end_sweep(sweep, &plain);
}

/* ------------------------------------------------------------------ a sweep that merges */

static int ascending(const void *one, const void *other)
{
	uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;

	return (a > b) - (a < b);
}

/* Where ranges begin, end, or have their middle. */
static void choose_breaks(void)
{
	size_t nr = nr_expected ? below(MAX_BREAKS + 1) : 0;

	for (size_t i = 0; i < nr; i++) {
		const struct mmu_swept *range = &expected[below(nr_expected)];
		uint64_t bytes = range->last_va - range->first_va;

		breaks[i] = range->first_va +
			    (one_in(3) ? 0 : below(bytes + 1 ? bytes + 1 : bytes));
		if (one_in(4))
			breaks[i] = range->last_va + 1;
		else if (one_in(2))
			breaks[i] &= -((uint64_t)1 << 12);
	}
	qsort(breaks, nr, sizeof(breaks[0]), ascending);
	nr_breaks = 0;
	for (size_t i = 0; i < nr; i++)
		if (breaks[i] && (!nr_breaks || breaks[i] != breaks[nr_breaks - 1]))
			breaks[nr_breaks++] = breaks[i];
}

/* One that merges is some of the plain ones, side by side. @return how many */
static size_t agree_merged(const struct world *w, size_t at, const struct mmu_swept *have)
{
	struct mmu_swept sum;
	size_t nr = 1;

	assert_true(at < nr_expected);
	sum = expected[at];
	for (; sum.last_va != have->last_va; nr++) {
		const struct mmu_swept *next = &expected[at + nr];

		assert_true(at + nr < nr_expected);
		assert_int_equal(next->first_va, sum.last_va + 1);
		assert_int_equal(next->result, MMU_RESULT_MAPPED);
		assert_int_equal(next->rights, sum.rights);
		assert_int_equal(next->page_bytes, sum.page_bytes);
		sum.last_va = next->last_va;
		sum.entries += next->entries;
		sum.runs++;
		sum.next_pa = next->next_pa;
		if (sum.note != next->note)
			sum.note = NULL;
	}
	expected[at] = sum;
	agree(w, at, have);
	assert_int_equal(have->runs, sum.runs);
	assert_true(!have->has_pa || have->next_pa == sum.next_pa);
	assert_true(sum.runs == 1 || !is_cut(sum.first_va, sum.last_va));
	seen_merged += sum.runs > 2;
	return nr;
}

static void check_merged(const struct world *w, const struct mmu_walker *walker, uint64_t first_va,
			 uint64_t last_va)
{
	struct mmu_sweep *sweep = begin_sweep(walker, first_va, last_va);
	struct mmu_tally plain = { .kept = false };
	size_t nr = 0, at_break = 0;
	bool more;

	enumerate(w, walker, first_va, last_va, &plain);
	sweep->merges = true;
	do {
		sweep->break_va = at_break < nr_breaks ? breaks[at_break] : 0;
		more = mmu_sweep_go_on(sweep);
		for (size_t i = 0; i < sweep->nr_ready; i++)
			nr += agree_merged(w, nr, &sweep->ranges[i]);
		assert_true(!sweep->at_break || nr == nr_expected ||
			    expected[nr].first_va >= sweep->break_va);
		at_break += sweep->at_break;
	} while (more);
	assert_int_equal(nr, nr_expected);
	end_sweep(sweep, &plain);
}

/* ------------------------------------------------------------------ maps of both */

/* Where a map's rows come from: a sweep that merges, or the plain ranges. */
struct source {
	struct mmu_sweep *sweep; /* NULL: the plain ranges */
	size_t at;               /* of those */
	bool more;
	size_t next_area;
};

static struct mmu_error *next_ranges(void *context, uint64_t break_va, const struct mmu_swept **ret,
				     size_t *ret_nr, bool *ret_end)
{
	struct source *source = context;
	size_t first = source->at;

	if (!source->sweep) {
		while (source->at < nr_expected &&
		       (!break_va || expected[source->at].first_va < break_va))
			source->at++;
		*ret_end = first == nr_expected;
		*ret = &expected[first];
		*ret_nr = source->at - first;
		return NULL;
	}
	source->sweep->break_va = break_va;
	source->sweep->at_break = false;
	source->sweep->nr_ready = source->more ? source->sweep->nr_ready : 0;
	do
		source->more = source->more && mmu_sweep_go_on(source->sweep);
	while (!source->sweep->nr_ready && source->more && !source->sweep->at_break);
	*ret = source->sweep->ranges;
	*ret_nr = source->sweep->nr_ready;
	*ret_end = !source->more;
	return NULL;
}

/* From every second break to the next. */
static bool next_area(void *context, struct mmu_map_area *ret, const struct mmu_error **ret_problem)
{
	static const struct mmu_vma_info vmas[2] = { { 0 } };
	static const struct mmu_region region = { 0 };
	struct source *source = context;
	size_t n = source->next_area++;
	bool is_region = 2 * n > nr_breaks / 2;

	if (2 * n + 1 >= nr_breaks)
		return false;
	*ret = (struct mmu_map_area){ .first_va = breaks[2 * n],
				      .last_va = breaks[2 * n + 1] - 1,
				      .vma = is_region ? NULL : &vmas[n % 2],
				      .region = is_region ? &region : NULL,
				      .holes = !is_region };
	return true;
}

static struct mmu_map_join join_of(const struct world *w, struct source *source, uint64_t first_va,
				   uint64_t last_va, bool flat)
{
	return (struct mmu_map_join){ .source = { source, next_ranges, next_area },
				      .next_va = first_va,
				      .last_va = last_va,
				      .page_lg2 = w->regimes.regime[0].page_lg2,
				      .areas_end = flat };
}

static bool same_row(const struct mmu_map_row *one, const struct mmu_map_row *other)
{
	const struct mmu_range *a = &one->range, *b = &other->range;

	return a->first_va == b->first_va && a->last_va == b->last_va && a->result == b->result &&
	       a->rights == b->rights && a->swap_type == b->swap_type && a->has_pa == b->has_pa &&
	       a->has_swap == b->has_swap && a->has_target == b->has_target &&
	       a->assumed == b->assumed && a->page_bytes == b->page_bytes && a->pa == b->pa &&
	       a->swap_offset == b->swap_offset && a->target_pa == b->target_pa &&
	       a->note == b->note && one->pages == other->pages && one->runs == other->runs &&
	       one->vma == other->vma && one->region == other->region && one->next == other->next &&
	       one->file_page == other->file_page && one->has_file_page == other->has_file_page &&
	       one->vma_unknown == other->vma_unknown;
}

static void check_maps(const struct world *w, const struct mmu_walker *walker, uint64_t first_va,
		       uint64_t last_va)
{
	struct mmu_tally plain = { .kept = false };
	struct source sources[2] = {
		{ .sweep = NULL }, { .sweep = begin_sweep(walker, first_va, last_va), .more = true }
	};
	bool flat = one_in(3);
	struct mmu_map_join joins[2] = { join_of(w, &sources[0], first_va, last_va, flat),
					 join_of(w, &sources[1], first_va, last_va, flat) };
	const struct mmu_map_row *rows[2];
	const struct mmu_error *problem;

	nr_breaks = flat ? 0 : nr_breaks & ~(size_t)1; /* areas begin and end there */
	enumerate(w, walker, first_va, last_va, &plain);
	sources[1].sweep->merges = true;
	do {
		for (size_t i = 0; i < 2; i++)
			assert_null(mmu_map_join_next(&joins[i], &rows[i], &problem));
		assert_int_equal(!rows[0], !rows[1]);
		if (rows[0])
			assert_true(same_row(rows[0], rows[1]));
		seen_rows += rows[0] && rows[0]->runs > 2;
	} while (rows[0]);
	end_sweep(sources[1].sweep, &plain);
}

static void check_all(const struct world *w, uint64_t first_va, uint64_t last_va)
{
	const struct mmu_walker walker = { .cursor = memory_image_cursor(w->image),
					   .arch = w->arch,
					   .regimes = &w->regimes };

	check_part(w, &walker, first_va, last_va);
	choose_breaks();
	check_merged(w, &walker, first_va, last_va);
	check_maps(w, &walker, first_va, last_va);
}

/* Parts that begin and end anywhere; often within a few tables, now and then everything. */
static void check_parts(const struct world *w)
{
	for (unsigned int k = 0; k < PARTS; k++) {
		uint64_t first_va = any_va(w);
		uint64_t bytes = (uint64_t)1 << below(shift_of(w, 0) + 12u);
		uint64_t last_va = first_va + bytes + below(bytes);

		if (last_va < first_va || one_in(20))
			last_va = UINT64_MAX;
		check_all(w, one_in(20) ? 0 : first_va, last_va);
	}
}

/* ------------------------------------------------------------------ tables that mislead */

static void put_word(const struct world *w, uint64_t pa, uint64_t word)
{
	struct mmu_span span = { .bytes = 0 };

	for (unsigned int i = 0; i < entry_bytes(w); i++) { /* pieces may end inside of it */
		unsigned int at = format_of(w)->big_endian ? entry_bytes(w) - 1 - i : i;

		span = mmu_image_span(memory_image_cursor(w->image), pa + at);
		if (span.state == MMU_PAGE_PRESENT)
			*memory_image_at(w->image, pa + at, 1) = (uint8_t)(word >> 8 * i);
	}
}

static void put(const struct world *w, unsigned int level, uint64_t table_pa, uint64_t index,
		uint64_t raw, uint64_t second)
{
	uint64_t pa = table_pa + index * format_of(w)->slot_bytes;
	int32_t offset = format_of(w)->level[level].second_offset;

	put_word(w, pa, raw);
	if (offset)
		put_word(w, pa + (uint64_t)(int64_t)offset, second);
}

/* A leaf, often so near to the end of its address bits that what follows carries out of them. */
static bool any_leaf(const struct world *w, unsigned int level, const struct mmu_alike *alike,
		     uint64_t *ret_raw, uint64_t *ret_second)
{
	for (unsigned int i = 0; i < 100; i++) {
		struct mmu_entry entry = { .kind = MMU_KIND_LEAF,
					   .rights = (uint8_t)below(32),
					   .pa = any() & w->regimes.regime[0].pa_mask };

		if (one_in(3))
			entry.pa |= w->regimes.regime[0].pa_mask &
				    -((uint64_t)8 << shift_of(w, level));
		if (!format_of(w)->encode(w->regimes.regime, level, &entry, ret_raw, ret_second))
			continue;
		if (one_in(4) && alike->step) { /* all ones, all zeros */
			*ret_raw |= alike->address;
			*ret_second |= *ret_second ? alike->second_address : 0;
		} else if (one_in(8)) {
			*ret_raw &= ~alike->address;
			*ret_second &= ~alike->second_address;
		}
		return true;
	}
	return false;
}

/* Another page for the same leaf. */
static void move_leaf(const struct mmu_alike *alike, uint64_t *raw, uint64_t *second)
{
	uint64_t by = (any() & alike->address) - (*raw & alike->address);

	*raw += by;
	if (*second)
		*second += by;
}

/* Runs that go up or anywhere, stop for one entry, change a bit, step twice, or stand still. */
static void mislead(const struct world *w, unsigned int level, uint64_t table_pa)
{
	uint64_t width = entry_bytes(w) == 8 ? UINT64_MAX : ((uint64_t)1 << 8 * entry_bytes(w)) - 1;
	uint64_t raw = 0, second = 0, left = 0;
	struct mmu_alike alike = { .step = 0 };
	bool scattered = false;

	if (!format_of(w)->alike || !format_of(w)->alike(w->regimes.regime, level, &alike))
		alike = (struct mmu_alike){ .step = 0 };
	for (uint64_t index = 0; index < entries_of(w, level); index++) {
		bool paired = format_of(w)->level[level].second_offset;

		if (!left && any_leaf(w, level, &alike, &raw, &second))
			left = one_in(4) ? 1 + below(3) : 1 + below(200);
		if (one_in(100))
			scattered = !scattered;
		if (scattered)
			move_leaf(&alike, &raw, &second);
		if (!left)
			return;
		if (one_in(40)) {
			put(w, level, table_pa, index, 0, paired && one_in(2) ? second : 0);
		} else if (one_in(40)) {
			put(w, level, table_pa, index, (raw ^ (uint64_t)1 << below(64)) & width,
			    paired ? (second ^ (uint64_t)(one_in(2)) << below(64)) & width : 0);
		} else {
			put(w, level, table_pa, index, raw, second);
		}
		if (!one_in(40))
			raw = (raw + alike.step) & width;
		if (!one_in(40))
			second = paired ? (second + alike.second_step) & width : 0;
		if (one_in(40))
			raw = (raw + alike.step) & width;
		left--;
	}
}

static void mislead_all(const struct world *w)
{
	if (format_of(w)->kind != MMU_FORMAT_RADIX)
		return;
	for (unsigned int level = 0; level <= top_level(w); level++)
		for (unsigned int i = 0; i < TABLES_PER_LEVEL; i++)
			if (format_of(w)->level[level].may_be_leaf && (!level || one_in(3)))
				mislead(w, level, w->table_pa[level][i]);
}

enum tables { RANDOM, HOSTILE, MISLEADING };

static void run(enum tables tables)
{
	world_seed = UINT64_C(0x853c49e6748fea9b) + tables;
	for (size_t i = 0; i < world_nr_archs; i++) {
		for (size_t j = 0; j < world_archs[i]->nr_samples * world_rounds(i, ROUNDS); j++) {
			struct world w;

			world_create(&w, world_archs[i],
				     world_archs[i]->samples[j % world_archs[i]->nr_samples],
				     tables == HOSTILE);
			if (tables == MISLEADING)
				mislead_all(&w);
			if (one_in(2))
				memory_image_forget(w.image);
			check_parts(&w);
			world_destroy(&w);
		}
	}
}

static void test_random_tables(void **state)
{
	run(RANDOM);
	assert_true(seen_ranges > 10000);
	assert_true(seen_too_many > 5);
	assert_true(seen_corrected > 1000);
}

static void test_hostile_tables(void **state)
{
	seen_too_many = 0;
	run(HOSTILE);
	assert_true(seen_too_many > 5);
}

static void test_misleading_tables(void **state)
{
	seen_ranges = seen_long = seen_merged = seen_rows = seen_used = 0;
	run(MISLEADING);
	assert_true(seen_ranges > 10000);
	assert_true(seen_long > 1000);
	assert_true(seen_merged > 1000);
	assert_true(seen_rows > 1000);
	assert_true(seen_used > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_tables),
		cmocka_unit_test(test_hostile_tables),
		cmocka_unit_test(test_misleading_tables),
	};
	int failed = cmocka_run_group_tests_name("ranges", tests, NULL, NULL);

	free(expected);
	return failed;
}
