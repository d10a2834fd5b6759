/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the tables of a space are used for, and what they cost. */
#include "analysis/part_tables.h"
#include "analysis/stat.h"
#include "base/hook.h"
#include "walk/table.h"

/* ------------------------------------------------------------------ what is mapped */

struct counting {
	struct mmu_space *space;
	const struct mmu_hook *hook;
	uint64_t told, tables_left;
	bool stopped;
	bool in_run;
	uint64_t run_pages, next_va, next_pa;
	struct mmu_stat *ret;
};

static void end_run(struct counting *counting)
{
	struct mmu_stat *ret = counting->ret;
	uint64_t pages = counting->run_pages;
	unsigned int at = 0;

	if (!counting->in_run)
		return;
	while (at < MMU_STAT_RUNS - 1 && (uint64_t)1 << at < pages)
		at++;
	ret->run_counts[at]++;
	ret->runs++;
	if (pages << ret->page_lg2 > ret->longest_run_bytes)
		ret->longest_run_bytes = pages << ret->page_lg2;
	counting->in_run = false;
}

static void add_to_run(struct counting *counting, const struct mmu_walk *walk, uint64_t bytes)
{
	if (counting->in_run && (walk->va != counting->next_va || walk->pa != counting->next_pa))
		end_run(counting);
	if (!counting->in_run)
		counting->run_pages = 0;
	counting->in_run = true;
	counting->run_pages += bytes >> counting->ret->page_lg2;
	counting->next_va = walk->va + bytes;
	counting->next_pa = walk->pa + bytes;
}

static bool count_leaf(const struct mmu_walk *walk, uint64_t last_va, void *context)
{
	struct counting *counting = context;
	struct mmu_stat *ret = counting->ret;
	uint64_t bytes = last_va - walk->va + 1, pages = 1;

	if (counting->told++ % MMU_HOOK_EVERY == 0 &&
	    mmu_hook_stops(counting->hook, MMU_PHASE_TABLES, counting->told - 1, 0)) {
		counting->stopped = true;
		return false;
	}
	if (walk->result == MMU_RESULT_MAPPED)
		pages += last_va / walk->page_bytes - walk->va / walk->page_bytes;
	const struct mmu_swept range = { mmu_range_of_leaf(walk, last_va), .entries = pages };
	mmu_totals_add(&ret->totals, &range);
	if (walk->result != MMU_RESULT_MAPPED)
		return true;
	ret->mapped_pages += pages;
	ret->mapped_bytes += bytes;
	ret->page_reads += pages * walk->nr_steps;
	ret->byte_reads += (bytes >> ret->page_lg2) * walk->nr_steps;
	add_to_run(counting, walk, bytes);
	return true;
}

/* ------------------------------------------------------------------ how full tables are */

/* [0] empty, quarters, full */
static unsigned int fill_of(uint64_t used, uint64_t entries)
{
	if (!used || used == entries)
		return used ? MMU_STAT_FILLS - 1 : 0;
	for (unsigned int quarter = 1; quarter < 4; quarter++)
		if (used * 4 <= entries * quarter)
			return quarter;
	return 4;
}

static bool fill_table(struct counting *counting, const struct mmu_part_table *part);

/* @return false to stop */
static bool fill_entry(struct counting *counting, const struct mmu_part_table *part,
		       const struct mmu_step *step)
{
	struct mmu_part_table below;

	if (step->entry.kind != MMU_KIND_TABLE || !part->level) {
		counting->ret->level[part->level].leaves++;
		return true;
	}
	return !mmu_part_table_below(part, step, &below) || fill_table(counting, &below);
}

static bool fill_table(struct counting *counting, const struct mmu_part_table *part)
{
	struct mmu_stat_level *level = &counting->ret->level[part->level];
	uint64_t used = 0, read = 0;
	struct mmu_table table;
	struct mmu_step step;

	if (counting->tables_left-- == 0) {
		counting->tables_left = 0;
		return false;
	}
	if (mmu_hook_stops(counting->hook, MMU_PHASE_TABLES, counting->told++, 0)) {
		counting->stopped = true;
		return false;
	}
	mmu_table_init(&table, &counting->space->walker, part->regime, part->level, part->table_pa);
	for (uint64_t index = part->first_index; index <= part->last_index; index++) {
		bool zero = !mmu_table_entry(&table, index, &step);

		read += zero || step.readable;
		if (zero || !step.readable || step.entry.kind == MMU_KIND_EMPTY)
			continue;
		used++;
		if (!fill_entry(counting, part, &step))
			return false;
	}
	level->entries += read;
	level->used += used;
	/* regimes that share a top table come by once each: half of it may be empty */
	if (part->level == part->regime->top_level && !used)
		return true;
	level->empty += read && !used;
	if (read)
		level->fill[fill_of(used, read)]++;
	return true;
}

static void fill_tables(struct counting *counting, struct mmu_va_range range)
{
	const struct mmu_regimes *regimes = counting->space->walker.regimes;
	uint64_t va = range.first_va, end_va = range.last_va;
	const struct mmu_regime *regime;
	struct mmu_part_table root;

	while ((regime = mmu_regimes_next(regimes, &va, &end_va)) && va <= range.last_va) {
		uint64_t last_va = end_va < range.last_va ? end_va : range.last_va;

		if (regime->format->kind != MMU_FORMAT_HASHED &&
		    mmu_part_table_root(regime, va, last_va, &root) && !fill_table(counting, &root))
			return;
		if (last_va == range.last_va)
			return;
		va = end_va + 1;
	}
}

/* ------------------------------------------------------------------ sums */

/*
 * mm_inc_nr_ptes(), _pmds(), _puds() (include/linux/mm.h) count tables by their Linux size, without
 * the hardware's copy on ARM. Neither the top table is counted, nor a p4d, the fourth of five.
 */
static bool linux_counts(const struct mmu_regime *regime, unsigned int level)
{
	return level < regime->top_level && level < 3;
}

static void finish(struct mmu_stat *ret, const struct mmu_regime *regime,
		   const struct mmu_tally *tally)
{
	mmu_totals_finish(&ret->totals, regime, tally);
	ret->ended = tally->end;
	ret->table_bytes = ret->totals.table_bytes;
	for (unsigned int i = 0; i <= regime->top_level; i++) {
		struct mmu_stat_level *level = &ret->level[i];

		level->tables = tally->tables[i];
		level->missing = tally->missing[i];
		level->table_bytes = tally->tables[i] * mmu_table_bytes(regime, i);
		if (linux_counts(regime, i))
			ret->linux_bytes += tally->tables[i] * mmu_table_span(regime, i);
	}
	if (regime->format->kind == MMU_FORMAT_HASHED)
		return;
	ret->nr_levels = regime->top_level + 1u;
	ret->page_tables = mmu_table_span(regime, 0);
	ret->huge_entries = regime->top_level ? ret->level[1].leaves : 0;
}

struct mmu_error *mmu_stat_count(struct mmu_space *space, struct mmu_va_range range,
				 const struct mmu_hook *hook, struct mmu_stat *ret)
{
	const struct mmu_regime *regime = mmu_walker_regime(&space->walker);
	struct counting counting = { .space = space,
				     .hook = hook,
				     .tables_left = mmu_walker_max_tables(&space->walker),
				     .ret = ret };
	struct mmu_tally tally = { .kept = false };

	ret->page_lg2 = regime->page_lg2;
	mmu_space_visit_leaves(space, range.first_va, range.last_va, true, count_leaf, &counting,
			       &tally);
	end_run(&counting);
	if (!counting.stopped)
		fill_tables(&counting, range);
	if (counting.stopped)
		return mmu_error_new(MMU_ERROR_STOPPED, "cancelled by the caller");
	finish(ret, regime, &tally);
	return NULL;
}
