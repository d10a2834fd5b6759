/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The ranges of a space: from table to table, and what the inner loops leave to decode. */
#include <string.h>

#include "walk/hashed.h"
#include "walk/scan.h"
#include "walk/step.h"

/* Pieces of tables that are read until the caller is asked: 1 MiB of them. */
#define WORK 256u
/* In a few tables other processes have neighbours, and one fault brings some of them. */
#define MANY_TABLES 64u

/* ------------------------------------------------------------------ telling */

/* Make `next` a part of the open range, if it goes on where the last run of that ends. */
static bool append(const struct mmu_sweep *sweep, struct mmu_swept *open,
		   const struct mmu_range *next, unsigned int page_lg2)
{
	struct mmu_range last = *(struct mmu_range *)open;

	if (next->has_pa && sweep->break_va && next->last_va >= sweep->break_va)
		return false;
	if (open->runs > 1)
		last.pa = open->next_pa - (last.last_va - last.first_va) - 1;
	if (!mmu_range_append(&last, next, page_lg2))
		return false;
	open->last_va = last.last_va;
	open->note = last.note;
	return true;
}

/* What an entry says becomes a range, or the open one goes on. */
static void add(struct mmu_sweep *sweep, uint64_t last_va)
{
	unsigned int page_lg2 = mmu_walker_regime(&sweep->walker)->page_lg2;
	struct mmu_swept *open = sweep->nr ? &sweep->ranges[sweep->nr - 1] : NULL;
	struct mmu_range next;

	if (sweep->correct)
		sweep->correct(&sweep->walk, sweep->context);
	next = mmu_range_of_leaf(&sweep->walk, last_va);
	if (sweep->pages && next.has_pa)
		sweep->pages(&(struct mmu_sweep_pages){ next.first_va, last_va - next.first_va + 1,
							&next.pa, 1, next.rights },
			     sweep->pages_context);
	if (open && append(sweep, open, &next, page_lg2)) {
		open->entries++;
	} else {
		open = &sweep->ranges[sweep->nr++];
		*(struct mmu_range *)open = next;
		open->entries = open->runs = 1;
	}
	open->next_pa = next.pa + (next.last_va - next.first_va) + 1;
}

/* Tell of the entries from the step's to the one before level->index. */
static void tell(struct mmu_sweep *sweep, const struct mmu_sweep_level *level)
{
	const struct mmu_step *step = &sweep->step;
	uint64_t first_va = level->base_va + (step->index << level->shift);
	uint64_t last_va = level->base_va + (level->index << level->shift) - 1;

	sweep->walk.va = first_va < sweep->first_va ? sweep->first_va : first_va;
	mmu_step_finish(&sweep->answer, step, &sweep->walk);
	add(sweep, last_va > sweep->last_va ? sweep->last_va : last_va);
}

/* ------------------------------------------------------------------ entries that say the same */

static bool same_leaf(const struct mmu_entry *a, const struct mmu_entry *b)
{
	return b->kind == MMU_KIND_LEAF && a->pa == b->pa && a->rights == b->rights &&
	       a->run_lg2 == b->run_lg2 && a->note == b->note;
}

/* ------------------------------------------------------------------ how full tables are */

/* Is the chunk's count of words all that is to be known, but for what tally_entry() corrects? */
static bool counts_words(const struct mmu_sweep *sweep, const struct mmu_sweep_level *level)
{
	return level->table.chunk_whole &&
	       !sweep->regime->format->level[level->table.level].first_of_run;
}

/* The entries of the chunk from the next one on: those that are not 0 are taken for used. */
static void tally_chunk(const struct mmu_sweep *sweep, struct mmu_sweep_level *level)
{
	const struct mmu_table *table = &level->table;
	uint64_t end = table->chunk_first + table->chunk_count;

	if (!sweep->left || level->index < level->filled || !counts_words(sweep, level))
		return;
	end = level->last < end ? level->last + 1 : end;
	level->fill.read += end - level->index;
	level->fill.used += table->zero_is_empty
				    ? mmu_table_count(table, level->index, end - level->index)
				    : end - level->index;
	level->filled = end;
}

/* An entry that was looked at: more is known of it than whether it is 0. */
static void tally_entry(const struct mmu_sweep *sweep, struct mmu_sweep_level *level,
			const struct mmu_step *step)
{
	bool used = step->readable && step->entry.kind != MMU_KIND_EMPTY;

	if (!sweep->left)
		return;
	if (step->index < level->filled) {
		level->fill.used -= !used;
	} else {
		level->fill.read += step->readable;
		level->fill.used += used;
		level->filled = step->index + 1;
	}
	level->fill.tables += used && step->entry.kind == MMU_KIND_TABLE && step->level > 0;
}

/* Move level->index behind the entries of one run, or those that can't be read for one reason. */
static void pass_alike(struct mmu_sweep *sweep, struct mmu_sweep_level *level)
{
	const struct mmu_step *step = &sweep->step;
	uint64_t run_mask = ((uint64_t)1 << step->entry.run_lg2) - 1, last = level->last;
	struct mmu_step next;

	level->index = step->index + 1;
	if (step->readable) {
		if (step->entry.kind != MMU_KIND_LEAF || !run_mask)
			return;
		if ((step->index | run_mask) < last)
			last = step->index | run_mask;
	}
	for (; level->index <= last; level->index++) {
		if (!mmu_table_entry(&level->table, level->index, &next) ||
		    next.readable != step->readable ||
		    (step->readable ? !same_leaf(&step->entry, &next.entry)
				    : next.slot_state != step->slot_state))
			return;
		tally_entry(sweep, level, &next);
	}
}

/* ------------------------------------------------------------------ tables */

static void count(struct mmu_sweep *sweep, unsigned int number)
{
	struct mmu_sweep_level *level = &sweep->level[number];

	if (number == sweep->regime->top_level)
		mmu_tally_root(&sweep->tally, sweep->walker.regimes, sweep->regime,
			       level->readable);
	else
		mmu_tally_table(&sweep->tally, number, level->base_va, level->readable);
}

static void mark_readable(struct mmu_sweep *sweep, struct mmu_sweep_level *level)
{
	if (level->readable)
		return;
	level->readable = true;
	count(sweep, sweep->at);
}

/* Is only a part of what the entry answers for asked for? */
static bool is_cut(const struct mmu_sweep *sweep, const struct mmu_sweep_level *level,
		   uint64_t index)
{
	uint64_t first_va = level->base_va + (index << level->shift);
	uint64_t last_va = first_va + (((uint64_t)1 << level->shift) - 1);

	return first_va < sweep->first_va || last_va > sweep->last_va;
}

/*
 * Begin a table whose level has its base_va, and index and last as its parent has them, if it has
 * addresses that are asked for.
 */
static void enter(struct mmu_sweep *sweep, unsigned int number, uint64_t table_pa)
{
	struct mmu_sweep_level *level = &sweep->level[number];
	uint64_t first_va = level->base_va + (level->index << level->shift);
	uint64_t last_va = level->base_va + (level->last << level->shift) +
			   (((uint64_t)1 << level->shift) - 1);
	bool top = number == sweep->regime->top_level;

	if (level->index > level->last || first_va > sweep->last_va || last_va < sweep->first_va) {
		if (top)
			sweep->regime = NULL;
		return;
	}
	if (sweep->tables_left == 0) { /* those above it are counted: this one was read of them */
		sweep->tally.end = MMU_LEAVES_TOO_MANY;
		sweep->ended = true;
		return;
	}
	sweep->tables_left--;
	if (first_va < sweep->first_va)
		level->index = (sweep->first_va - level->base_va) >> level->shift;
	if (last_va > sweep->last_va)
		level->last = (sweep->last_va - level->base_va) >> level->shift;
	level->scan_first = level->index + is_cut(sweep, level, level->index);
	level->scan_end = level->last + 1 - is_cut(sweep, level, level->last);
	level->readable = false;
	level->fill = (struct mmu_fill){ 0 };
	level->filled = level->index;
	mmu_table_move(&level->table, table_pa);
	sweep->at = number;
}

static void leave(struct mmu_sweep *sweep)
{
	if (!sweep->level[sweep->at].readable)
		count(sweep, sweep->at);
	if (sweep->left)
		sweep->left(sweep->regime, sweep->at, &sweep->level[sweep->at].fill,
			    sweep->left_context);
	if (sweep->at++ == sweep->regime->top_level)
		sweep->regime = NULL;
}

static void descend(struct mmu_sweep *sweep, const struct mmu_sweep_level *from)
{
	const struct mmu_step *step = &sweep->step;
	unsigned int number = step->level - 1;
	struct mmu_sweep_level *level = &sweep->level[number];

	level->base_va = from->base_va + (step->index << from->shift);
	level->index = 0;
	level->last = level->table.nr - 1;
	if (step->entry.next_count) {
		uint64_t last = step->entry.next_first + (step->entry.next_count - 1);

		level->index = step->entry.next_first;
		if (last >= level->index && last < level->last)
			level->last = last;
	}
	level->rights = from->rights & step->entry.rights;
	enter(sweep, number, step->entry.pa);
}

/* The entry at level->index, decoded. */
static void take_entry(struct mmu_sweep *sweep, struct mmu_sweep_level *level, bool scanned)
{
	struct mmu_step *step = &sweep->step;
	const struct mmu_entry *entry = &step->entry;

	if (!mmu_table_entry(&level->table, level->index, step)) {
		mark_readable(sweep, level);
		level->index++;
		return;
	}
	if (step->readable)
		mark_readable(sweep, level);
	if (scanned && entry->kind == MMU_KIND_LEAF && mmu_scan_learn(level, step))
		return; /* the scan has it next */
	tally_entry(sweep, level, step);
	if (step->readable && entry->kind == MMU_KIND_EMPTY) {
		level->index++;
		return;
	}
	if (step->readable && entry->kind == MMU_KIND_TABLE && step->level > 0) {
		level->index++;
		descend(sweep, level);
		return;
	}
	step->effective = step->readable && entry->kind != MMU_KIND_BAD
				  ? level->rights & entry->rights
				  : 0;
	pass_alike(sweep, level);
	tell(sweep, level);
}

/* Nothing is told from `va` on before the break was set again. @return false: it lies before it */
static bool stop_at_break(struct mmu_sweep *sweep, uint64_t va)
{
	if (va < sweep->first_va)
		va = sweep->first_va;
	sweep->at_break = sweep->break_va && va >= sweep->break_va;
	return sweep->at_break;
}

/* Does the entry that comes next not lie whole before the break? */
static bool reaches_break(const struct mmu_sweep *sweep, const struct mmu_sweep_level *level)
{
	uint64_t first_va = level->base_va + (level->index << level->shift);

	return sweep->break_va && first_va + (((uint64_t)1 << level->shift) - 1) >= sweep->break_va;
}

/* Go on in the table where we are. */
static void go_on_in_table(struct mmu_sweep *sweep)
{
	struct mmu_sweep_level *level = &sweep->level[sweep->at];
	struct mmu_table *table = &level->table;
	bool scanned;

	if (level->index > level->last) {
		leave(sweep);
		return;
	}
	if (stop_at_break(sweep, level->base_va + (level->index << level->shift)))
		return;
	if (level->index - table->chunk_first >= table->chunk_count) {
		table->picks = sweep->picks && sweep->tally.tables[sweep->at] >= MANY_TABLES;
		mmu_table_load(table, level->index);
		mmu_table_announce(table, level->index, level->last);
		sweep->work--;
	}
	tally_chunk(sweep, level);
	scanned = table->chunk_whole && level->index >= level->scan_first &&
		  level->index < level->scan_end && !reaches_break(sweep, level) &&
		  !sweep->regime->format->level[sweep->at].first_of_run;
	if (scanned) {
		mark_readable(sweep, level);
		level->scan(sweep, level);
		if (level->index >= level->scan_end || sweep->nr == MMU_SWEEP_BATCH ||
		    level->index - table->chunk_first >= table->chunk_count ||
		    reaches_break(sweep, level))
			return;
	}
	take_entry(sweep, level, scanned);
}

static void begin_radix(struct mmu_sweep *sweep)
{
	const struct mmu_regime *regime = sweep->regime;
	unsigned int va_bits = mmu_regime_va_bits(regime), top = regime->top_level;
	struct mmu_sweep_level *level = &sweep->level[top];

	for (unsigned int number = 0; number <= top; number++) {
		mmu_table_init(&sweep->level[number].table, &sweep->walker, regime, number, 0);
		mmu_scan_prepare(&sweep->level[number], regime, number);
	}
	level->base_va = va_bits < 64 ? sweep->first_va & UINT64_MAX << va_bits : 0;
	level->index = 0;
	level->last = level->table.nr - 1;
	level->rights = regime->rights;
	enter(sweep, top, regime->root_pa);
}

/* ------------------------------------------------------------------ hashed tables */

static void begin_hashed(struct mmu_sweep *sweep)
{
	struct mmu_hashed_list *list = &sweep->tally.hashed;
	const struct mmu_regime *regime = sweep->regime;

	sweep->hashed_va = sweep->first_va;
	sweep->tally.hashed_next = 0;
	if (list->of && list->of->format == regime->format && list->of->root_pa == regime->root_pa)
		return;
	list->nr = 0;
	list->incomplete = false;
	list->of = regime;
	if (!mmu_hashed_gather(&sweep->walker, regime, list)) {
		sweep->tally.end = MMU_LEAVES_TOO_MANY;
		sweep->ended = true;
		return;
	}
	sweep->tally.missing[0] += list->incomplete;
}

/* The next address that a slot has is walked to: the walk says whether it is looked for there. */
static void go_on_hashed(struct mmu_sweep *sweep)
{
	const struct mmu_hashed_list *list = &sweep->tally.hashed;
	const struct mmu_regime *regime = sweep->regime;
	const struct mmu_hashed_page *page;
	uint64_t last_va;

	/* they ascend: what comes is another regime's, before which a third one may lie */
	if (sweep->tally.hashed_next == list->nr ||
	    list->pages[sweep->tally.hashed_next].va > sweep->last_va) {
		sweep->regime = NULL;
		return;
	}
	page = &list->pages[sweep->tally.hashed_next];
	if (stop_at_break(sweep, page->va))
		return;
	sweep->work--;
	sweep->tally.hashed_next++;
	last_va = page->va + (page->bytes - 1);
	if (last_va < sweep->hashed_va)
		return;
	memset(&sweep->walk, 0, sizeof(sweep->walk));
	sweep->walk.regime = regime;
	sweep->walk.va = page->va < sweep->hashed_va ? sweep->hashed_va : page->va;
	mmu_walk_hashed(&sweep->walker, &sweep->walk);
	if (sweep->walk.result == MMU_RESULT_EMPTY)
		return;
	last_va = last_va > sweep->last_va ? sweep->last_va : last_va;
	add(sweep, last_va);
	if (last_va == sweep->last_va)
		sweep->regime = NULL;
	sweep->hashed_va = last_va + 1;
}

/* ------------------------------------------------------------------ regimes */

static void next_regime(struct mmu_sweep *sweep)
{
	uint64_t va = sweep->wanted_first_va, end_va = sweep->wanted_last_va;
	bool more = sweep->wanted_first_va <= sweep->wanted_last_va;

	sweep->regime = more ? mmu_regimes_next(sweep->walker.regimes, &va, &end_va) : NULL;
	if (!sweep->regime || va > sweep->wanted_last_va) {
		sweep->regime = NULL;
		sweep->tally.end = MMU_LEAVES_ALL;
		sweep->ended = true;
		return;
	}
	sweep->first_va = va;
	sweep->last_va = end_va < sweep->wanted_last_va ? end_va : sweep->wanted_last_va;
	if (sweep->last_va == sweep->wanted_last_va) {
		sweep->wanted_first_va = 1; /* nothing is left */
		sweep->wanted_last_va = 0;
	} else {
		sweep->wanted_first_va = end_va + 1;
	}
	sweep->walk.regime = sweep->regime;
	if (sweep->regime->format->kind == MMU_FORMAT_HASHED)
		begin_hashed(sweep);
	else
		begin_radix(sweep);
}

void mmu_sweep_init(struct mmu_sweep *sweep, const struct mmu_walker *walker, uint64_t first_va,
		    uint64_t last_va, uint64_t max_tables, mmu_sweep_correct_fn correct,
		    void *context)
{
	sweep->tally = (struct mmu_tally){ .end = MMU_LEAVES_STOPPED, .kept = true };
	sweep->walker = sweep->answer = *walker;
	sweep->answer.cursor = NULL;
	sweep->tables_left = max_tables;
	sweep->correct = correct;
	sweep->context = context;
	sweep->pages = NULL;
	sweep->nr = sweep->nr_ready = 0;
	sweep->ended = sweep->merges = sweep->picks = sweep->at_break = false;
	sweep->break_va = 0;
	sweep->left = NULL;
	sweep->left_context = NULL;
	sweep->wanted_first_va = first_va;
	sweep->wanted_last_va = last_va;
	sweep->regime = NULL;
}

bool mmu_sweep_go_on(struct mmu_sweep *sweep)
{
	uint64_t runs = UINT64_MAX;

	if (sweep->nr_ready < sweep->nr) { /* the last range may go on */
		sweep->ranges[0] = sweep->ranges[sweep->nr_ready];
		runs = sweep->ranges[0].runs;
	}
	sweep->nr -= sweep->nr_ready;
	sweep->work = WORK;
	sweep->at_break = false;
	while (!sweep->ended && !sweep->at_break && sweep->nr < MMU_SWEEP_BATCH && sweep->work) {
		if (!sweep->regime)
			next_regime(sweep);
		else if (sweep->regime->format->kind == MMU_FORMAT_HASHED)
			go_on_hashed(sweep);
		else
			go_on_in_table(sweep);
	}
	sweep->went_on = sweep->nr && sweep->ranges[0].runs > runs;
	sweep->nr_ready = sweep->nr;
	if (sweep->nr && !sweep->ended && !sweep->at_break)
		sweep->nr_ready--;
	return !sweep->ended;
}

void mmu_sweep_release(struct mmu_sweep *sweep)
{
	mmu_tally_release(&sweep->tally);
}
