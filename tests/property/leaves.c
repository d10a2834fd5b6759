/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * An enumeration of random tables says of every page what a walk of that page says; ranges made of
 * it lose no byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "property/world.h"
#include "walk/leaves.h"
#include "walk/range.h"

#define ROUNDS 12u
#define PARTS 20u
#define MAX_TABLES 100u
#define FEW_TABLES 10u
#define PROBES_MAX 2048u

/* One enumeration that is being checked. */
struct check {
	const struct world *w;
	struct mmu_walker walker;
	uint64_t first_va, last_va;
	uint64_t next_va; /* all before it was compared */
	bool done;        /* next_va has passed the last address there is */
	uint64_t calls, stop_at, max_tables;
	struct mmu_range_merger merger;
	uint64_t leaf_bytes, range_bytes, nr_ranges;
	uint64_t range_next_va;
};

static uint64_t seen[MMU_RESULTS], seen_runs, seen_merged, seen_too_many, seen_stretches;

/* What an enumeration has under another address: without its tag. */
static bool is_tagged(const struct mmu_regime *regime, uint64_t va)
{
	return regime && (va ^ regime->first_va) & regime->ignored_va;
}

/* Walks must find nothing at addresses that the enumeration skipped. */
static void check_hole(struct check *check, uint64_t first_va, uint64_t last_va)
{
	uint64_t step = (uint64_t)1 << shift_of(check->w, 0);
	uint64_t pages = (last_va - first_va) / step;

	if (pages > PROBES_MAX / 16)
		step *= pages / (PROBES_MAX / 16);
	for (uint64_t va = first_va;; va += step) {
		struct mmu_walk walk;

		mmu_walker_walk(&check->walker, va, &walk);
		if (!is_tagged(walk.regime, va) && walk.result != MMU_RESULT_EMPTY &&
		    walk.result != MMU_RESULT_NONCANONICAL)
			fail_msg("%s %s, va 0x%llx: %s was passed over", check->walker.arch->name,
				 format_of(check->w)->name, (unsigned long long)va,
				 mmu_result_name(walk.result));
		if (va == last_va)
			return;
		if (last_va - va < step) /* the last byte counts too */
			step = last_va - va;
	}
}

#define AGREE(field)                                                                               \
	do {                                                                                       \
		if (walk.field != leaf->field)                                                     \
			fail_msg("%s %s, va 0x%llx in leaf 0x%llx: " #field " is 0x%llx, of the "  \
				 "leaf 0x%llx",                                                    \
				 check->walker.arch->name, format_of(check->w)->name,              \
				 (unsigned long long)va, (unsigned long long)leaf->va,             \
				 (unsigned long long)walk.field, (unsigned long long)leaf->field); \
	} while (0)

static void check_address(struct check *check, const struct mmu_walk *leaf, uint64_t va)
{
	struct mmu_walk walk;

	mmu_walker_walk(&check->walker, va, &walk);
	AGREE(result);
	AGREE(nr_steps);
	AGREE(rights);
	AGREE(page_bytes);
	AGREE(has_pa);
	AGREE(has_swap);
	AGREE(swap_type);
	AGREE(swap_offset);
	AGREE(has_target);
	AGREE(target_pa);
	assert_ptr_equal(walk.note, leaf->note);
	for (unsigned int bit = 0; bit < MMU_RIGHTS_COUNT; bit++)
		assert_int_equal(mmu_walk_denied_by(&walk, (enum mmu_right)(1u << bit)),
				 mmu_walk_denied_by(leaf, (enum mmu_right)(1u << bit)));
	if (leaf->has_pa)
		assert_int_equal(walk.pa, leaf->pa + (va - leaf->va));
	for (unsigned int i = 0; i < walk.nr_steps; i++) {
		const struct mmu_step *a = &walk.steps[i], *b = &leaf->steps[i];
		bool last = i == walk.nr_steps - 1;

		assert_int_equal(a->table_pa, b->table_pa);
		assert_int_equal(a->level, b->level);
		assert_int_equal(a->effective, b->effective);
		assert_int_equal(a->readable, b->readable);
		assert_int_equal(a->has_second, b->has_second);
		if (last && va != leaf->va) /* a run, or neighbours that can't be read */
			continue;
		assert_int_equal(a->index, b->index);
		assert_int_equal(a->slot_pa, b->slot_pa);
		assert_int_equal(a->raw, b->raw);
		assert_int_equal(a->second, b->second);
		assert_int_equal(a->second_pa, b->second_pa);
		assert_int_equal(a->entry.kind, b->entry.kind);
	}
}

static bool check_range(const struct mmu_range *range, void *context)
{
	struct check *check = context;

	assert_true(range->first_va >= check->range_next_va && range->last_va >= range->first_va);
	check->range_next_va = range->last_va + 1;
	check->range_bytes += range->last_va - range->first_va + 1;
	check->nr_ranges++;
	for (unsigned int i = 0; i < 4; i++) { /* what the range says of an address in it */
		uint64_t va = range->first_va + below(range->last_va - range->first_va + 1);
		struct mmu_range part = mmu_range_part(range, va, range->last_va,
						       check->w->regimes.regime[0].page_lg2);
		struct mmu_walk walk;

		mmu_walker_walk(&check->walker, va, &walk);
		assert_int_equal(walk.result, range->result);
		assert_int_equal(walk.rights, range->rights);
		assert_int_equal(walk.page_bytes, range->page_bytes);
		assert_int_equal(walk.has_pa, range->has_pa);
		if (walk.has_pa)
			assert_int_equal(walk.pa, part.pa);
	}
	return true;
}

static bool check_leaf(struct mmu_walk *leaf, uint64_t last_va, void *context)
{
	struct check *check = context;
	uint64_t step = (uint64_t)1 << shift_of(check->w, 0);
	uint64_t pages = (last_va - leaf->va) / step;

	assert_false(check->done);
	assert_true(leaf->va >= check->next_va && leaf->va <= last_va);
	assert_true(leaf->va >= check->first_va && last_va <= check->last_va);
	assert_int_not_equal(leaf->result, MMU_RESULT_EMPTY);
	if (leaf->va > check->next_va)
		check_hole(check, check->next_va, leaf->va - 1);
	if (pages > 64)
		step *= pages / 64;
	for (uint64_t va = leaf->va;;) {
		check_address(check, leaf, va);
		if (last_va - va < step)
			break;
		va += step;
	}
	check_address(check, leaf, last_va);
	check->next_va = last_va + 1;
	check->done = last_va == UINT64_MAX;
	check->leaf_bytes += last_va - leaf->va + 1;
	seen[leaf->result]++;
	seen_runs += leaf->steps[leaf->nr_steps - 1].entry.run_lg2 && pages > 0;
	mmu_range_merge(leaf, last_va, &check->merger);
	return ++check->calls != check->stop_at;
}

/* ------------------------------------------------------------------ stretches */

static struct mmu_range *kept[2];
static size_t nr_kept[2];

static bool keep_range(const struct mmu_range *range, void *context)
{
	size_t which = *(const size_t *)context;

	if (!(nr_kept[which] & (nr_kept[which] - 1)))
		kept[which] = realloc(kept[which], 2 * (nr_kept[which] + 1) * sizeof(*range));
	assert_non_null(kept[which]);
	kept[which][nr_kept[which]++] = *range;
	return true;
}

static bool merge(struct mmu_walk *leaf, uint64_t last_va, void *merger)
{
	seen_stretches += leaf->result == MMU_RESULT_MAPPED &&
			  last_va - leaf->va > leaf->page_bytes;
	return mmu_range_merge(leaf, last_va, merger);
}

/* Leaves told as stretches make the same ranges, and the same tables are read. */
static void check_stretches(struct check *check, enum mmu_leaves_end end,
			    const struct mmu_tally *leaves)
{
	struct mmu_tally these = { .kept = false };

	for (size_t which = 0; which < 2; which++) {
		struct mmu_range_merger merger = { .fn = keep_range,
						   .context = &which,
						   .page_lg2 =
							   check->w->regimes.regime[0].page_lg2 };

		nr_kept[which] = 0;
		assert_int_equal(mmu_walker_leaves(&check->walker, check->first_va, check->last_va,
						   check->max_tables, which, merge, &merger,
						   &these),
				 end);
		mmu_range_flush(&merger);
		assert_memory_equal(these.tables, leaves->tables, sizeof(these.tables));
		assert_memory_equal(these.missing, leaves->missing, sizeof(these.missing));
	}
	assert_int_equal(nr_kept[0], nr_kept[1]);
	for (size_t i = 0; i < nr_kept[0]; i++) {
		const struct mmu_range *a = &kept[0][i], *b = &kept[1][i];

		assert_int_equal(a->first_va, b->first_va);
		assert_int_equal(a->last_va, b->last_va);
		assert_int_equal(a->result, b->result);
		assert_int_equal(a->rights, b->rights);
		assert_int_equal(a->page_bytes, b->page_bytes);
		assert_int_equal(a->pa, b->pa);
		assert_int_equal(a->swap_offset, b->swap_offset);
		assert_int_equal(a->target_pa, b->target_pa);
		assert_ptr_equal(a->note, b->note);
	}
}

static void check_part(const struct world *w, uint64_t first_va, uint64_t last_va)
{
	struct check check = { .w = w,
			       .walker = { .cursor = memory_image_cursor(w->image),
					   .arch = w->arch,
					   .regimes = &w->regimes },
			       .first_va = first_va,
			       .last_va = last_va,
			       .next_va = first_va,
			       .range_next_va = first_va };
	struct mmu_tally leaves = { .kept = false };
	enum mmu_leaves_end end;

	if (one_in(10))
		check.stop_at = 1 + below(50);
	check.max_tables = one_in(10) ? FEW_TABLES : MAX_TABLES;
	check.merger = (struct mmu_range_merger){ .fn = check_range,
						  .context = &check,
						  .page_lg2 = w->regimes.regime[0].page_lg2 };
	end = mmu_walker_leaves(&check.walker, first_va, last_va, check.max_tables, false,
				check_leaf, &check, &leaves);
	assert_int_equal(end, leaves.end);
	assert_int_equal(end == MMU_LEAVES_STOPPED, check.calls && check.calls == check.stop_at);
	if (end == MMU_LEAVES_ALL && !check.done && check.next_va <= last_va)
		check_hole(&check, check.next_va, last_va);
	uint64_t tables = 0;
	for (unsigned int level = 0; level <= top_level(w); level++)
		tables += leaves.tables[level] + leaves.missing[level];
	assert_true(tables <= check.max_tables + 2);
	mmu_range_flush(&check.merger);
	assert_int_equal(check.leaf_bytes, check.range_bytes);
	assert_true(check.nr_ranges <= check.calls);
	seen_merged += check.calls - check.nr_ranges;
	if (end != MMU_LEAVES_STOPPED)
		check_stretches(&check, end, &leaves);
	seen_too_many += end == MMU_LEAVES_TOO_MANY;
}

/* Parts that begin and end anywhere; often within a few tables, now and then everything. */
static void run(bool hostile)
{
	world_seed = UINT64_C(0x2545f4914f6cdd1d);
	for (size_t i = 0; i < world_nr_archs; i++) {
		for (size_t j = 0; j < world_archs[i]->nr_samples * world_rounds(i, ROUNDS); j++) {
			struct world w;

			world_create(&w, world_archs[i],
				     world_archs[i]->samples[j % world_archs[i]->nr_samples],
				     hostile);
			for (unsigned int k = 0; k < PARTS; k++) {
				uint64_t first_va = any_va(&w);
				uint64_t bytes = (uint64_t)1 << below(shift_of(&w, 0) + 12u);
				uint64_t last_va = first_va + bytes + below(bytes);

				if (last_va < first_va || one_in(40))
					last_va = UINT64_MAX;
				check_part(&w, one_in(40) ? 0 : first_va, last_va);
			}
			world_destroy(&w);
		}
	}
}

static void test_random_tables(void **state)
{
	static const enum mmu_result results[] = {
		MMU_RESULT_MAPPED,     MMU_RESULT_SWAPPED,     MMU_RESULT_PROTNONE,
		MMU_RESULT_FILTERED,   MMU_RESULT_TRUNCATED,   MMU_RESULT_BAD_ENTRY,
		MMU_RESULT_UNREADABLE, MMU_RESULT_OUTSIDE_RAM,
	};

	run(false);
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		if (seen[results[i]] < 50)
			fail_msg("only %llu leaves are '%s'", (unsigned long long)seen[results[i]],
				 mmu_result_name(results[i]));
	assert_true(seen_runs > 50);
	assert_true(seen_merged > 50);
	assert_true(seen_stretches > 50);
	assert_true(seen_too_many > 5);
}

static void test_hostile_tables(void **state)
{
	seen_too_many = 0;
	run(true);
	assert_true(seen_too_many > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_tables),
		cmocka_unit_test(test_hostile_tables),
	};

	return cmocka_run_group_tests_name("leaves", tests, NULL, NULL);
}
