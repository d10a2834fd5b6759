/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the tables of a space are used for, and what they cost. */
#include "analysis/stat.h"
#include "base/hook.h"

/* ------------------------------------------------------------------ what is mapped */

struct counting {
	const struct mmu_regimes *regimes;
	const struct mmu_regime *regime; /* of the last range */
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

static void add_to_run(struct counting *counting, const struct mmu_swept *range, uint64_t bytes)
{
	if (counting->in_run &&
	    (range->first_va != counting->next_va || range->pa != counting->next_pa))
		end_run(counting);
	if (!counting->in_run)
		counting->run_pages = 0;
	counting->in_run = true;
	counting->run_pages += bytes >> counting->ret->page_lg2;
	counting->next_va = range->first_va + bytes;
	counting->next_pa = range->pa + bytes;
}

/* Entries that a walk of such a page reads: none but the last level has runs of a page's size. */
static uint64_t depth_of(struct counting *counting, const struct mmu_swept *range)
{
	const struct mmu_regime *regime = counting->regime;
	unsigned int level;

	if (!regime || !mmu_regime_holds(regime, range->first_va))
		regime = mmu_regimes_find(counting->regimes, range->first_va);
	counting->regime = regime;
	if (!regime || regime->format->kind == MMU_FORMAT_HASHED)
		return 1;
	level = regime->top_level;
	while (level && (uint64_t)1 << regime->shape[level].shift > range->page_bytes)
		level--;
	return regime->top_level - level + 1u;
}

static void count_range(struct counting *counting, struct mmu_swept *range)
{
	struct mmu_stat *ret = counting->ret;
	uint64_t bytes = range->last_va - range->first_va + 1, pages, depth;

	if (range->result != MMU_RESULT_MAPPED) {
		mmu_totals_add(&ret->totals, range);
		return;
	}
	pages = range->last_va / range->page_bytes - range->first_va / range->page_bytes + 1;
	range->entries = pages;
	mmu_totals_add(&ret->totals, range);
	depth = depth_of(counting, range);
	ret->mapped_pages += pages;
	ret->mapped_bytes += bytes;
	ret->page_reads += pages * depth;
	ret->byte_reads += (bytes >> ret->page_lg2) * depth;
	add_to_run(counting, range, bytes);
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

static void count_fill(const struct mmu_regime *regime, unsigned int number,
		       const struct mmu_fill *fill, void *context)
{
	struct counting *counting = context;
	struct mmu_stat_level *level = &counting->ret->level[number];

	level->entries += fill->read;
	level->used += fill->used;
	level->leaves += fill->used - fill->tables;
	/* regimes that share a top table come by once each: half of it may be empty */
	if (number == regime->top_level && !fill->used)
		return;
	level->empty += fill->read && !fill->used;
	if (fill->read)
		level->fill[fill_of(fill->used, fill->read)]++;
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
	struct counting counting = { .regimes = space->walker.regimes, .ret = ret };
	struct mmu_space_sweep *sweep = mmu_space_sweep_open(space, range.first_va, range.last_va);
	struct mmu_error *error = sweep ? NULL : mmu_error_no_memory();
	uint64_t told = 0;
	bool more = sweep;

	ret->page_lg2 = regime->page_lg2;
	if (sweep) {
		sweep->sweep.left = count_fill;
		sweep->sweep.left_context = &counting;
	}
	while (more && !error) {
		error = mmu_hook_ask(hook, MMU_PHASE_TABLES, told, 0);
		if (error)
			break;
		more = mmu_sweep_go_on(&sweep->sweep);
		for (size_t i = 0; i < sweep->sweep.nr_ready; i++) {
			told += sweep->sweep.ranges[i].entries;
			count_range(&counting, &sweep->sweep.ranges[i]);
		}
	}
	end_run(&counting);
	if (!error)
		finish(ret, regime, &sweep->sweep.tally);
	mmu_space_sweep_close(sweep);
	return error;
}
