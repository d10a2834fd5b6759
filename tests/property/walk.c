/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Walks over random tables of every back-end of the tree agree with a translation written here,
 * which shares nothing with the walk loop but the back-end's decode() and explain() and the plain
 * numbers of its regimes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "property/world.h"
#include "walk/answers.h"
#include "walk/table.h"

#define ROUNDS 12u
#define ADDRESSES 3000u

/* ------------------------------------------------------------------ the naive translation */

static enum mmu_page_state load_byte(const struct world *w, uint64_t pa, uint8_t *ret)
{
	for (size_t i = 0; i < w->nr_pieces; i++) {
		const struct memory_piece *piece = &w->pieces[i];

		if (pa < piece->first_pa || pa > piece->first_pa + (piece->bytes - 1))
			continue;
		*ret = w->bytes[pa - FIRST_PA];
		return piece->state;
	}
	return MMU_PAGE_OUTSIDE_RAM;
}

static enum mmu_page_state load(const struct world *w, uint64_t pa, uint64_t *ret)
{
	*ret = 0;
	for (unsigned int i = 0; i < entry_bytes(w); i++) {
		unsigned int place = format_of(w)->big_endian ? entry_bytes(w) - 1 - i : i;
		enum mmu_page_state state;
		uint8_t byte;

		state = load_byte(w, pa + i, &byte);
		if (state != MMU_PAGE_PRESENT)
			return state;
		*ret |= (uint64_t)byte << 8 * place;
	}
	return MMU_PAGE_PRESENT;
}

struct naive {
	enum mmu_result result;
	unsigned int nr_steps;
	struct mmu_entry entries[MMU_LEVELS_MAX];
	uint64_t page_bytes;
	bool has_pa;
	uint64_t pa;
	uint8_t rights;
	uint8_t denied_by[MMU_RIGHTS_COUNT];
};

static enum mmu_page_state load_one(const struct world *w, unsigned int level, uint64_t pa,
				    uint64_t *raw, uint64_t *second, struct mmu_entry *entry)
{
	int offset = format_of(w)->level[level].second_offset;
	enum mmu_page_state state = load(w, pa, raw);

	*second = 0;
	if (state == MMU_PAGE_PRESENT && offset > 0)
		state = load(w, pa + (unsigned int)offset, second);
	else if (state == MMU_PAGE_PRESENT && offset < 0)
		state = load(w, pa - (unsigned int)-offset, second);
	if (state == MMU_PAGE_PRESENT)
		format_of(w)->decode(w->regimes.regime, level, *raw, *second, entry);
	return state;
}

/* Where only the first entry of a run is kept up to date, that one counts. */
static enum mmu_page_state load_entry(const struct world *w, unsigned int level, uint64_t table_pa,
				      uint64_t index, uint64_t *raw, uint64_t *second,
				      struct mmu_entry *entry)
{
	enum mmu_page_state state = load_one(w, level, table_pa + index * entry_bytes(w), raw,
					     second, entry);
	uint64_t run, first_raw, first_second;
	struct mmu_entry first;

	if (state != MMU_PAGE_PRESENT || !format_of(w)->level[level].first_of_run)
		return state;
	run = (uint64_t)1 << entry->run_lg2;
	if (load_one(w, level, table_pa + index / run * run * entry_bytes(w), &first_raw,
		     &first_second, &first) == MMU_PAGE_PRESENT &&
	    first.kind == MMU_KIND_LEAF && first.run_lg2 == entry->run_lg2)
		*entry = first;
	return state;
}

static uint64_t index_of(const struct world *w, unsigned int level, uint64_t va)
{
	for (unsigned int i = 0; i < shift_of(w, level); i++)
		va /= 2;
	return va % entries_of(w, level);
}

/* The regime whose numbers the address lies between. No two of them have one address. */
static const struct mmu_regime *naive_regime(const struct world *w, uint64_t va)
{
	for (size_t i = 0; i < w->regimes.nr; i++) {
		const struct mmu_regime *regime = &w->regimes.regime[i];
		uint64_t plain = va;

		for (unsigned int bit = 0; bit < 64; bit++) /* tags */
			if (regime->ignored_va >> bit & 1)
				plain ^= (plain ^ regime->first_va) & (uint64_t)1 << bit;
		if (plain >= regime->first_va && plain <= regime->last_va)
			return regime;
	}
	return NULL;
}

static void naive_page(struct naive *n, uint64_t page_pa, uint64_t va)
{
	n->has_pa = true;
	n->pa = page_pa + va % n->page_bytes;
}

/* The result that the core gives for an entry that hardware takes for a hole. */
static void naive_software(const struct world *w, struct naive *n, unsigned int level, uint64_t va,
			   uint64_t raw, uint64_t second)
{
	struct mmu_software software = { .kind = MMU_SOFTWARE_UNKNOWN };
	const struct mmu_regime *regime = naive_regime(w, va);
	bool kernel = regime->half == MMU_HALF_KERNEL;

	if (format_of(w)->explain)
		format_of(w)->explain(regime, level, raw, second, &software);
	if (software.kind == MMU_SOFTWARE_UNKNOWN) {
		n->result = MMU_RESULT_BAD_ENTRY;
	} else if (software.kind == MMU_SOFTWARE_SPLIT) {
		n->result = MMU_RESULT_MAPPED;
		naive_page(n, software.pa, va);
	} else if (kernel || software.kind == MMU_SOFTWARE_NONE) {
		n->result = kernel ? MMU_RESULT_HIDDEN : MMU_RESULT_PROTNONE;
		if (software.kind == MMU_SOFTWARE_NONE)
			naive_page(n, software.pa, va);
	} else {
		n->result = MMU_RESULT_SWAPPED;
	}
}

static enum mmu_result result_of(enum mmu_page_state state)
{
	return state == MMU_PAGE_FILTERED      ? MMU_RESULT_FILTERED
	       : state == MMU_PAGE_TRUNCATED   ? MMU_RESULT_TRUNCATED
	       : state == MMU_PAGE_OUTSIDE_RAM ? MMU_RESULT_OUTSIDE_RAM
					       : MMU_RESULT_UNREADABLE;
}

static void naive_translate(const struct world *w, uint64_t va, struct naive *n)
{
	const struct mmu_regime *regime = naive_regime(w, va);
	uint64_t table_pa, raw, second;
	uint64_t first = 0, count = 0;

	*n = (struct naive){ .result = MMU_RESULT_NONCANONICAL };
	if (!regime)
		return;
	table_pa = regime->root_pa;
	for (unsigned int level = top_level(w);; level--) {
		struct mmu_entry *entry = &n->entries[n->nr_steps++];
		uint64_t index = index_of(w, level, va);
		enum mmu_page_state state = MMU_PAGE_PRESENT;

		raw = second = 0;
		*entry = (struct mmu_entry){ .kind = MMU_KIND_EMPTY };
		n->page_bytes = (uint64_t)1 << shift_of(w, level);
		if (!count || (index >= first && index - first < count))
			state = load_entry(w, level, table_pa, index, &raw, &second, entry);
		if (state != MMU_PAGE_PRESENT) {
			n->result = result_of(state);
			return;
		}
		if (entry->kind == MMU_KIND_TABLE && level > 0) {
			table_pa = entry->pa;
			first = entry->next_first;
			count = entry->next_count;
			continue;
		}
		if (entry->kind == MMU_KIND_LEAF) {
			n->result = MMU_RESULT_MAPPED;
			n->page_bytes <<= entry->run_lg2;
			naive_page(n, entry->pa, va);
		} else if (entry->kind == MMU_KIND_SOFTWARE) {
			naive_software(w, n, level, va, raw, second);
		} else {
			n->result = entry->kind == MMU_KIND_EMPTY ? MMU_RESULT_EMPTY
								  : MMU_RESULT_BAD_ENTRY;
		}
		return;
	}
}

/* A mapped page has a right if the regime grants it and no level on its path denies it. */
static void naive_rights(const struct world *w, struct naive *n)
{
	if (n->result != MMU_RESULT_MAPPED)
		return;
	for (unsigned int bit = 0; bit < MMU_RIGHTS_COUNT; bit++) {
		bool granted = w->regimes.regime[0].rights >> bit & 1;
		unsigned int step = 0;

		while (granted && step < n->nr_steps && n->entries[step].rights >> bit & 1)
			step++;
		if (step == n->nr_steps)
			n->rights |= (uint8_t)(1u << bit);
		else
			n->denied_by[bit] = (uint8_t)(granted ? top_level(w) - step
							      : MMU_DENIED_BY_REGIME);
	}
}

/* ------------------------------------------------------------------ comparison */

/* The cases that were met: a test proves nothing about a case that never occurs. */
static uint64_t seen[MMU_RESULTS];
static uint64_t seen_denials[UINT8_MAX + 1], seen_depth[MMU_LEVELS_MAX + 1];

#define AGREE(field)                                                                               \
	do {                                                                                       \
		if ((uint64_t)walk.field != (uint64_t)naive.field)                                 \
			fail_msg("%s %s, va 0x%llx: " #field " is 0x%llx, naively 0x%llx",         \
				 w->arch->name, format_of(w)->name, (unsigned long long)va,        \
				 (unsigned long long)walk.field, (unsigned long long)naive.field); \
	} while (0)

/* What stands before the steps of a walk. */
static void same_answer(const struct mmu_walk *one, const struct mmu_walk *other)
{
	assert_int_equal(one->va, other->va);
	assert_int_equal(one->result, other->result);
	assert_int_equal(one->nr_steps, other->nr_steps);
	assert_int_equal(one->pa, other->pa);
	assert_int_equal(one->page_bytes, other->page_bytes);
	assert_int_equal(one->swap_offset, other->swap_offset);
	assert_int_equal(one->target_pa, other->target_pa);
	assert_ptr_equal(one->regime, other->regime);
	assert_ptr_equal(one->note, other->note);
	assert_int_equal(one->page_state, other->page_state);
	assert_int_equal(one->rights, other->rights);
	assert_int_equal(one->swap_type, other->swap_type);
	assert_int_equal(one->has_pa, other->has_pa);
	assert_int_equal(one->has_swap, other->has_swap);
	assert_int_equal(one->has_target, other->has_target);
	assert_int_equal(one->assumed, other->assumed);
}

/* All that a walk is. */
static void same_walk(const struct mmu_walk *one, const struct mmu_walk *other)
{
	same_answer(one, other);
	for (unsigned int bit = 0; bit < MMU_RIGHTS_COUNT; bit++)
		assert_int_equal(mmu_walk_denied_by(one, (enum mmu_right)(1u << bit)),
				 mmu_walk_denied_by(other, (enum mmu_right)(1u << bit)));
	for (unsigned int i = 0; i < one->nr_steps; i++) {
		const struct mmu_step *a = &one->steps[i], *b = &other->steps[i];

		assert_int_equal(a->level, b->level);
		assert_int_equal(a->table_pa, b->table_pa);
		assert_int_equal(a->index, b->index);
		assert_int_equal(a->slot_pa, b->slot_pa);
		assert_int_equal(a->slot_state, b->slot_state);
		assert_int_equal(a->readable, b->readable);
		assert_int_equal(a->raw, b->raw);
		assert_int_equal(a->second, b->second);
		assert_int_equal(a->second_pa, b->second_pa);
		assert_int_equal(a->has_second, b->has_second);
		assert_int_equal(a->effective, b->effective);
		assert_int_equal(a->known_bytes, b->known_bytes);
		assert_int_equal(a->nr_slots, b->nr_slots);
		assert_ptr_equal(a->probe, b->probe);
		assert_int_equal(a->entry.kind, b->entry.kind);
		assert_int_equal(a->entry.rights, b->entry.rights);
		assert_int_equal(a->entry.attrs, b->entry.attrs);
		assert_int_equal(a->entry.memory, b->entry.memory);
		assert_int_equal(a->entry.run_lg2, b->entry.run_lg2);
		assert_int_equal(a->entry.pa, b->entry.pa);
		assert_int_equal(a->entry.bad_mask, b->entry.bad_mask);
		assert_int_equal(a->entry.next_first, b->entry.next_first);
		assert_int_equal(a->entry.next_count, b->entry.next_count);
		assert_ptr_equal(a->entry.note, b->entry.note);
	}
}

static struct mmu_paths *paths; /* of the world, which does not change */

/* By paths that others took, in a struct that has had others, and in one that has not. */
static void compare_with_paths(const struct mmu_walker *plain, uint64_t va,
			       const struct mmu_walk *walk)
{
	static struct mmu_walk again;
	struct mmu_walk fresh = { .serial = 0 };
	struct mmu_walker walker = *plain;

	walker.paths = paths;
	mmu_walker_walk(&walker, va, &fresh);
	same_walk(walk, &fresh);
	for (unsigned int bit = 0; bit < 64; bit += 7) { /* what shares ever more with it */
		mmu_walker_walk(&walker, va ^ (uint64_t)1 << (63 - bit), &again);
		mmu_walker_walk(&walker, va, &again);
		same_walk(walk, &again);
	}
}

static uint64_t nr_answered;

/* Looked for side by side by paths that others took since; what is answered is what a walk says. */
static void compare_answers(const struct world *w)
{
	const struct mmu_walker plain = { .cursor = memory_image_cursor(w->image),
					  .arch = w->arch,
					  .regimes = &w->regimes };
	struct mmu_word words[MMU_ANSWERS_MAX];
	struct mmu_walker walker = plain;
	uint64_t vas[MMU_ANSWERS_MAX];
	struct mmu_walk walk, answer;

	walker.paths = paths;
	walk.serial = 0;
	for (size_t i = 0; i < MMU_ANSWERS_MAX; i++)
		vas[i] = any_va(w);
	for (size_t i = 0; i < MMU_ANSWERS_MAX; i += 2)
		mmu_walker_walk(&walker, vas[i], &walk);
	mmu_words_find(&walker, vas, MMU_ANSWERS_MAX, words);
	for (size_t i = 0; i < MMU_ANSWERS_MAX; i++) {
		mmu_walker_walk(&walker, any_va(w), &walk);
		memset(&answer, 0xa5, sizeof(answer));
		if (!mmu_word_answer(&walker, &words[i], vas[i], &answer))
			continue;
		assert_int_equal(answer.nr_steps, 0);
		mmu_walker_walk(&plain, vas[i], &walk);
		walk.nr_steps = 0;
		same_answer(&answer, &walk);
		nr_answered++;
	}
}

static void compare(const struct world *w, uint64_t va)
{
	const struct mmu_walker walker = { .cursor = memory_image_cursor(w->image),
					   .arch = w->arch,
					   .regimes = &w->regimes };
	struct mmu_walk walk;
	struct naive naive;
	uint8_t byte;

	memset(&walk, 0xa5, sizeof(walk)); /* every field must be written */
	mmu_walker_walk(&walker, va, &walk);
	compare_with_paths(&walker, va, &walk);
	naive_translate(w, va, &naive);
	naive_rights(w, &naive);
	AGREE(result);
	AGREE(nr_steps);
	AGREE(page_bytes);
	AGREE(has_pa);
	AGREE(rights);
	assert_true(walk.nr_steps <= top_level(w) + 1);
	assert_int_equal(walk.va, va);
	assert_ptr_equal(walk.regime, naive_regime(w, va));
	if (naive.has_pa) {
		AGREE(pa);
		assert_int_equal(walk.page_state, load_byte(w, naive.pa, &byte));
	}
	for (unsigned int bit = 0; naive.result == MMU_RESULT_MAPPED && bit < MMU_RIGHTS_COUNT;
	     bit++) {
		if (naive.rights >> bit & 1)
			continue;
		assert_int_equal(mmu_walk_denied_by(&walk, (enum mmu_right)(1u << bit)),
				 naive.denied_by[bit]);
		seen_denials[naive.denied_by[bit]]++;
	}
	for (unsigned int i = 0; i < walk.nr_steps; i++)
		assert_int_equal(walk.steps[i].level, top_level(w) - i);
	seen[walk.result]++;
	seen_depth[walk.nr_steps]++;
}

/* ------------------------------------------------------------------ whole tables */

struct listing {
	const struct world *w;
	unsigned int level;
	uint64_t table_pa;
	uint64_t next, stop_at, calls; /* indices; calls until it says no */
};

static bool next_listed(const struct mmu_step *step, void *context)
{
	struct listing *list = context;
	uint64_t raw, second, pa;
	struct mmu_entry entry;

	assert_true(step->index >= list->next);
	assert_int_equal(step->level, list->level);
	for (; list->next <= step->index; list->next++) { /* what is left out must be empty */
		pa = list->table_pa + list->next * entry_bytes(list->w);
		if (load_entry(list->w, list->level, list->table_pa, list->next, &raw, &second,
			       &entry) != MMU_PAGE_PRESENT) {
			assert_true(list->next < step->index);
			continue;
		}
		if (list->next < step->index)
			assert_int_equal(entry.kind, MMU_KIND_EMPTY);
	}
	assert_int_not_equal(entry.kind, MMU_KIND_EMPTY);
	assert_int_equal(step->slot_pa, pa);
	assert_int_equal(step->raw, raw);
	assert_true(!step->has_second || step->second == second);
	assert_int_equal(step->entry.kind, entry.kind);
	assert_int_equal(step->entry.pa, entry.pa);
	assert_int_equal(step->effective, entry.rights);
	return ++list->calls < list->stop_at;
}

static void compare_table(const struct world *w, unsigned int level, uint64_t table_pa)
{
	const struct mmu_walker walker = { .cursor = memory_image_cursor(w->image),
					   .arch = w->arch,
					   .regimes = &w->regimes };
	struct listing list = { w, level, table_pa, 0, UINT64_MAX, 0 };
	enum mmu_page_state state, first = MMU_PAGE_PRESENT;
	uint64_t raw, second, count = 0;
	struct mmu_entry entry;

	for (uint64_t index = 0; index < entries_of(w, level); index++) {
		state = load_entry(w, level, table_pa, index, &raw, &second, &entry);
		count += state == MMU_PAGE_PRESENT && entry.kind != MMU_KIND_EMPTY;
		first = first == MMU_PAGE_PRESENT ? state : first;
	}
	assert_int_equal(
		mmu_walker_table(&walker, w->regimes.regime, level, table_pa, next_listed, &list),
		first);
	assert_int_equal(list.calls, count);
	if (count < 2)
		return;
	list = (struct listing){ w, level, table_pa, 0, 1 + below(count), 0 };
	mmu_walker_table(&walker, w->regimes.regime, level, table_pa, next_listed, &list);
	assert_int_equal(list.calls, list.stop_at);
}

/* ------------------------------------------------------------------ the tests */

static void run(bool hostile)
{
	memset(seen, 0, sizeof(seen));
	memset(seen_denials, 0, sizeof(seen_denials));
	memset(seen_depth, 0, sizeof(seen_depth));
	world_seed = UINT64_C(0x9e3779b97f4a7c15);
	for (size_t i = 0; i < world_nr_archs; i++) {
		for (size_t j = 0; j < world_archs[i]->nr_samples * world_rounds(i, ROUNDS); j++) {
			struct world w;

			world_create(&w, world_archs[i],
				     world_archs[i]->samples[j % world_archs[i]->nr_samples],
				     hostile);
			paths = mmu_paths_create(&w.regimes);
			assert_non_null(paths);
			for (unsigned int k = 0; k < ADDRESSES; k++)
				compare(&w, any_va(&w));
			for (unsigned int k = 0; k < ADDRESSES / MMU_ANSWERS_MAX; k++)
				compare_answers(&w);
			mmu_paths_destroy(paths);
			for (unsigned int level = 0; level <= top_level(&w); level++)
				for (unsigned int k = 0; k < TABLES_PER_LEVEL; k++)
					compare_table(&w, level,
						      w.table_pa[level][k] -
							      (hostile ? below(16) : 0));
			world_destroy(&w);
		}
	}
}

static void test_random_tables(void **state)
{
	static const enum mmu_result results[] = {
		MMU_RESULT_MAPPED,     MMU_RESULT_EMPTY,     MMU_RESULT_SWAPPED,
		MMU_RESULT_PROTNONE,   MMU_RESULT_BAD_ENTRY, MMU_RESULT_NONCANONICAL,
		MMU_RESULT_FILTERED,   MMU_RESULT_TRUNCATED, MMU_RESULT_OUTSIDE_RAM,
		MMU_RESULT_UNREADABLE, MMU_RESULT_HIDDEN,
	};

	run(false);
	assert_true(nr_answered > 1000);
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		if (seen[results[i]] < 50)
			fail_msg("only %llu walks ended with '%s'",
				 (unsigned long long)seen[results[i]], mmu_result_name(results[i]));
	assert_true(seen_denials[MMU_DENIED_BY_REGIME] > 50);
	for (unsigned int level = 0; level < 4; level++) {
		assert_true(seen_denials[level] > 50);
		assert_true(seen_depth[level + 1] > 50);
	}
}

static void test_hostile_tables(void **state)
{
	run(true);
	assert_true(seen[MMU_RESULT_MAPPED] > 50);
	assert_true(seen_depth[4] > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_tables),
		cmocka_unit_test(test_hostile_tables),
	};

	return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
