/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The entries of a space's tables, level by level; neighbours that go on made one. */
#include <string.h>

#include "analysis/part_tables.h"
#include "analysis/runs.h"
#include "base/hook.h"
#include "base/list.h"
#include "walk/hashed.h"
#include "walk/table.h"

/* A run that may still grow, or the entry behind it. */
struct item {
	struct mmu_step step;
	uint64_t target_pa; /* of this very entry: one of a run of leaves maps a part of the page */
	bool has_swap;
	uint8_t swap_type;
	enum mmu_result result;
	uint64_t swap_offset;
};

struct mmu_runs {
	struct mmu_run run; /* what was handed out last */
	struct mmu_space *space;
	struct mmu_hook hook;
	uint32_t levels;
	bool single;
	struct {
		struct mmu_part_table *table;
		size_t nr;
	} list[MMU_LEVELS_MAX]; /* still to be read, or read */
	unsigned int level;     /* that is being read */
	size_t next;            /* its next table */
	uint64_t tables_left, done;
	bool no_memory;
	enum mmu_leaves_end ended;
	bool reading; /* table and part are of a table that is not read to its end */
	struct mmu_part_table part;
	uint64_t index;
	bool has_pending; /* an entry that was read behind the last run */
	struct item first, last, pending;
	uint64_t raw_step, second_step; /* of the run's words; 0: not known yet */
	struct mmu_walk scratch;
	struct mmu_table table;
};

static void add_table(struct mmu_runs *runs, const struct mmu_part_table *table)
{
	unsigned int level = table->level;

	if (!runs->tables_left) {
		runs->ended = MMU_LEAVES_TOO_MANY;
	} else if (!mmu_list_room(&runs->list[level].table, runs->list[level].nr,
				  sizeof(*runs->list[level].table))) {
		runs->no_memory = true;
	} else {
		runs->list[level].table[runs->list[level].nr++] = *table;
		runs->tables_left--;
	}
}

static void add_roots(struct mmu_runs *runs, struct mmu_va_range range)
{
	uint64_t va = range.first_va, end_va = range.last_va;
	const struct mmu_regime *regime;
	struct mmu_part_table root;

	while ((regime = mmu_regimes_next(runs->space->walker.regimes, &va, &end_va)) &&
	       va <= range.last_va) {
		uint64_t last_va = end_va < range.last_va ? end_va : range.last_va;

		if (regime->format->kind == MMU_FORMAT_HASHED) {
			root = (struct mmu_part_table){ .regime = regime,
							.table_pa = regime->root_pa,
							.last_index = regime->nr_slots - 1,
							.first_va = va,
							.last_va = last_va,
							.rights = regime->rights };
			if (regime->nr_slots)
				add_table(runs, &root);
		} else if (mmu_part_table_root(regime, va, last_va, &root)) {
			add_table(runs, &root);
		}
		if (last_va == range.last_va)
			return;
		va = end_va + 1;
	}
}

/* ------------------------------------------------------------------ entries */

/* Is a hashed slot one of this space and part? */
static bool is_own_slot(const struct mmu_part_table *part, const struct mmu_step *step,
			uint64_t *ret_va, uint64_t *ret_last_va)
{
	const struct mmu_regime *regime = part->regime;
	struct mmu_slot slot;

	if (!step->readable ||
	    !regime->format->slot(regime, step->index, step->raw, step->second, &slot) ||
	    slot.space != regime->space)
		return false;
	*ret_va = mmu_hashed_va(regime, &slot);
	*ret_last_va = *ret_va + (((uint64_t)1 << slot.lg2) - 1);
	return *ret_va <= part->last_va && *ret_last_va >= part->first_va;
}

static void complete(struct mmu_runs *runs, struct item *item)
{
	const struct mmu_regime *regime = runs->part.regime;
	const struct mmu_entry *entry = &item->step.entry;
	uint64_t in_run = item->step.index & (((uint64_t)1 << entry->run_lg2) - 1);

	item->target_pa = entry->pa;
	item->has_swap = false;
	if (entry->kind == MMU_KIND_LEAF && regime->format->kind != MMU_FORMAT_HASHED)
		item->target_pa += in_run << regime->shape[item->step.level].shift;
	if (entry->kind != MMU_KIND_SOFTWARE)
		return;
	mmu_entry_decode(runs->space->walker.arch, regime, item->step.level, item->step.raw,
			 item->step.has_second ? &item->step.second : NULL, &runs->scratch);
	item->result = runs->scratch.result;
	item->has_swap = runs->scratch.has_swap;
	item->swap_type = runs->scratch.swap_type;
	item->swap_offset = runs->scratch.swap_offset;
	item->target_pa = runs->scratch.has_pa ? runs->scratch.pa : 0;
}

/* The table's next entry that is not empty. @return false: there is none */
static bool next_entry(struct mmu_runs *runs, struct item *ret)
{
	bool hashed = runs->part.regime->format->kind == MMU_FORMAT_HASHED;
	struct mmu_part_table below;
	uint64_t va, last_va;

	while (runs->index <= runs->part.last_index) {
		if (!mmu_table_entry(&runs->table, runs->index++, &ret->step) ||
		    (ret->step.readable && ret->step.entry.kind == MMU_KIND_EMPTY) ||
		    (hashed && ret->step.readable &&
		     !is_own_slot(&runs->part, &ret->step, &va, &last_va)))
			continue;
		if (!ret->step.readable)
			return true;
		complete(runs, ret);
		ret->step.effective = runs->part.rights & ret->step.entry.rights;
		if (ret->step.entry.kind == MMU_KIND_TABLE && runs->part.level &&
		    mmu_part_table_below(&runs->part, &ret->step, &below))
			add_table(runs, &below);
		return true;
	}
	return false;
}

/* ------------------------------------------------------------------ runs */

/* Have two words the same flags, by name and value? */
static bool same_flags(const struct mmu_runs *runs, const struct mmu_step *a,
		       const struct mmu_step *b, bool second)
{
	const struct mmu_flag *at_a = NULL, *at_b = NULL;
	char name_a[32], name_b[32];

	do {
		at_a = mmu_flag_next(runs->part.regime, a->level, a->entry.kind, second,
				     second ? a->second : a->raw, at_a, name_a, sizeof(name_a));
		at_b = mmu_flag_next(runs->part.regime, b->level, b->entry.kind, second,
				     second ? b->second : b->raw, at_b, name_b, sizeof(name_b));
		if (at_a != at_b || (at_a && strcmp(name_a, name_b) != 0))
			return false;
	} while (at_a);
	return true;
}

/* Does `next` lead to what lies behind the last one's target? */
static bool target_follows(const struct mmu_runs *runs, const struct item *next)
{
	const struct mmu_regime *regime = runs->part.regime;
	const struct item *last = &runs->last;
	unsigned int level = runs->part.level;
	uint64_t page = (uint64_t)1 << regime->shape[level].shift;

	switch (last->step.entry.kind) {
	case MMU_KIND_TABLE:
		return level && next->target_pa ==
					last->target_pa + mmu_regime_table_bytes(regime, level - 1);
	case MMU_KIND_LEAF:
		return next->target_pa == last->target_pa + page;
	case MMU_KIND_SOFTWARE:
		if (last->result != next->result)
			return false;
		if (last->has_swap)
			return next->has_swap && next->swap_type == last->swap_type &&
			       next->swap_offset == last->swap_offset + 1;
		return last->target_pa && next->target_pa == last->target_pa + page;
	default:
		return false;
	}
}

/* Words that differ by what the run's words have differed by so far have the same flags. */
static bool flags_go_on(struct mmu_runs *runs, const struct item *next)
{
	uint64_t raw_step = next->step.raw - runs->last.step.raw;
	uint64_t second_step = next->step.has_second ? next->step.second - runs->last.step.second
						     : 0;

	if (runs->raw_step && raw_step == runs->raw_step && second_step == runs->second_step)
		return true;
	if (!same_flags(runs, &runs->last.step, &next->step, false) ||
	    (next->step.has_second && !same_flags(runs, &runs->last.step, &next->step, true)))
		return false;
	runs->raw_step = raw_step;
	runs->second_step = second_step;
	return true;
}

static bool extend(struct mmu_runs *runs, const struct item *next)
{
	const struct mmu_step *last = &runs->last.step, *step = &next->step;
	bool alone = last->index == runs->first.step.index;

	if (runs->single || runs->part.regime->format->kind == MMU_FORMAT_HASHED ||
	    step->index != last->index + 1 || step->readable != last->readable)
		return false;
	if (!step->readable)
		return step->slot_state == last->slot_state;
	if (step->raw == last->raw && step->second == last->second &&
	    next->target_pa == runs->last.target_pa && (alone || runs->run.equal)) {
		runs->run.equal = true;
		return true;
	}
	return !runs->run.equal && step->entry.kind == last->entry.kind &&
	       step->entry.rights == last->entry.rights && step->entry.note == last->entry.note &&
	       step->entry.run_lg2 == last->entry.run_lg2 && target_follows(runs, next) &&
	       flags_go_on(runs, next);
}

/* The next run of the table that is being read. @return false: there is none */
static bool next_run(struct mmu_runs *runs)
{
	if (!runs->has_pending && !next_entry(runs, &runs->pending)) {
		runs->reading = false;
		return false;
	}
	runs->first = runs->last = runs->pending;
	runs->has_pending = false;
	runs->run.equal = false;
	runs->raw_step = runs->second_step = 0;
	while (next_entry(runs, &runs->pending)) {
		if (!extend(runs, &runs->pending)) {
			runs->has_pending = true;
			break;
		}
		runs->last = runs->pending;
	}
	return true;
}

static void tell_run(struct mmu_runs *runs)
{
	const struct mmu_part_table *part = &runs->part;
	const struct mmu_step *first = &runs->first.step;

	runs->run.regime = part->regime;
	runs->run.step = first;
	runs->run.last_index = runs->last.step.index;
	runs->run.target_pa = first->readable ? runs->first.target_pa : 0;
	runs->run.effective = first->readable ? first->effective : 0;
	if (part->regime->format->kind == MMU_FORMAT_HASHED) {
		runs->run.first_va = part->first_va;
		runs->run.last_va = part->last_va;
		is_own_slot(part, first, &runs->run.first_va, &runs->run.last_va);
		return;
	}
	runs->run.first_va = mmu_part_table_va(part, first->index);
	runs->run.last_va = mmu_part_table_va(part, runs->run.last_index) +
			    (((uint64_t)1 << part->regime->shape[part->level].shift) - 1);
}

/* Begin with the next table. @return false: there is none */
static bool next_table(struct mmu_runs *runs)
{
	while (runs->next == runs->list[runs->level].nr) {
		free(runs->list[runs->level].table);
		runs->list[runs->level].table = NULL;
		runs->list[runs->level].nr = runs->next = 0;
		if (!runs->level)
			return false;
		runs->level--;
	}
	runs->part = runs->list[runs->level].table[runs->next++];
	runs->index = runs->part.first_index;
	runs->has_pending = false;
	runs->reading = true;
	mmu_table_init(&runs->table, &runs->space->walker, runs->part.regime, runs->level,
		       runs->part.table_pa);
	return true;
}

/* Are there levels to be told of, from this one down? */
static bool is_wanted_below(const struct mmu_runs *runs)
{
	return !runs->levels || runs->levels & ((UINT32_C(2) << runs->level) - 1);
}

struct mmu_error *mmu_runs_advance(struct mmu_runs *runs, const struct mmu_run **ret)
{
	for (;;) {
		while (runs->reading && next_run(runs)) {
			if (runs->no_memory)
				return mmu_error_no_memory();
			if (runs->levels && !(runs->levels & UINT32_C(1) << runs->level))
				continue;
			tell_run(runs);
			*ret = &runs->run;
			return NULL;
		}
		struct mmu_error *error = mmu_hook_ask(&runs->hook, MMU_PHASE_TABLES, runs->done++,
						       0);
		if (error)
			return error;
		if (!next_table(runs) || !is_wanted_below(runs)) {
			if (runs->ended == MMU_LEAVES_STOPPED)
				runs->ended = MMU_LEAVES_ALL;
			*ret = NULL;
			return NULL;
		}
	}
}

enum mmu_leaves_end mmu_runs_end(const struct mmu_runs *runs)
{
	return runs->ended;
}

struct mmu_error *mmu_runs_create(struct mmu_space *space, struct mmu_va_range range,
				  const struct mmu_hook *hook, uint32_t levels, bool single,
				  struct mmu_runs **ret)
{
	struct mmu_runs *runs = calloc(1, sizeof(*runs));

	if (!runs)
		return mmu_error_no_memory();
	runs->space = space;
	runs->hook = *hook;
	runs->levels = levels;
	runs->single = single;
	runs->level = MMU_LEVELS_MAX - 1;
	runs->tables_left = mmu_walker_max_tables(&space->walker);
	runs->ended = MMU_LEAVES_STOPPED;
	add_roots(runs, range);
	if (runs->no_memory) {
		mmu_runs_destroy(runs);
		return mmu_error_no_memory();
	}
	*ret = runs;
	return NULL;
}

void mmu_runs_destroy(struct mmu_runs *runs)
{
	if (!runs)
		return;
	for (unsigned int i = 0; i < MMU_LEVELS_MAX; i++)
		free(runs->list[i].table);
	free(runs);
}
