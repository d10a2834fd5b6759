/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The enumeration of a space: tables read as a whole, entries told by the walk's code. */
#include <stdlib.h>
#include <string.h>

#include "walk/leaves.h"
#include "walk/step.h"
#include "walk/table.h"

/* More than 8 TiB of 4 KiB pages need; on a small image the bound is far lower. */
#define MAX_TABLES (UINT64_C(1) << 24)
#define MIN_TABLES (UINT64_C(1) << 14)

/* Tables that are read until a back-end gets its next mapped page, or none. */
#define SEARCH_TABLES 8192u

struct enumeration {
	const struct mmu_walker *walker;
	const struct mmu_regime *regime; /* that is being visited */
	struct mmu_walker answer;   /* without the image: the bytes of pages are not looked for */
	uint64_t first_va, last_va; /* that are asked for, of this regime */
	uint64_t tables_left;
	bool stretches; /* leaves that go on are told as one */
	mmu_walker_leaf_fn fn;
	void *context;
	struct mmu_tally *ret;
	struct mmu_alike alike[MMU_LEVELS_MAX]; /* step 0: not known */
	struct mmu_walk walk;                   /* its steps are the path to where we are */
};

/* A table that is being visited. */
struct visit {
	unsigned int level;
	uint64_t base_va; /* of index 0 */
	uint64_t first_index, last_index;
	uint8_t rights; /* of the path above it */
	struct mmu_table table;
};

static const struct mmu_shape *shape_of(const struct enumeration *e, unsigned int level)
{
	return &e->regime->shape[level];
}

/* ------------------------------------------------------------------ entries that say the same */

static bool same_leaf(const struct mmu_entry *a, const struct mmu_entry *b)
{
	return b->kind == MMU_KIND_LEAF && a->pa == b->pa && a->rights == b->rights &&
	       a->run_lg2 == b->run_lg2 && a->note == b->note;
}

/* The last index up to which the entries are of one run, or can't be read for one reason. */
static uint64_t last_alike(struct visit *visit, const struct mmu_step *step)
{
	uint64_t last = visit->last_index;
	struct mmu_step next;

	if (step->readable) {
		uint64_t run_mask = ((uint64_t)1 << step->entry.run_lg2) - 1;

		if (step->entry.kind != MMU_KIND_LEAF || !run_mask)
			return step->index;
		if ((step->index | run_mask) < last)
			last = step->index | run_mask;
	}
	for (uint64_t index = step->index; index < last; index++) {
		if (!mmu_table_entry(&visit->table, index + 1, &next) ||
		    next.readable != step->readable ||
		    (step->readable ? !same_leaf(&step->entry, &next.entry)
				    : next.slot_state != step->slot_state))
			return index;
	}
	return last;
}

/* Is `next` what must stand behind `word`? Only the address goes on, and carries into nothing. */
static bool goes_on(uint64_t word, uint64_t next, uint64_t address, uint64_t step)
{
	return next == word + step && !(((word & address) + step) & ~address);
}

/* The last index up to which the leaves behind this one map what comes next, all else equal. */
static uint64_t last_of_stretch(const struct enumeration *e, const struct visit *visit,
				const struct mmu_step *step)
{
	const struct mmu_alike *alike = &e->alike[visit->level];
	uint64_t last = visit->table.chunk_first + visit->table.chunk_count - 1;
	uint64_t raw = step->raw, second = step->second, index = step->index;

	if (!e->stretches || !alike->step || !visit->table.chunk_whole || !step->readable ||
	    step->entry.kind != MMU_KIND_LEAF || step->entry.run_lg2 ||
	    (step->has_second && (!raw || !second)))
		return index;
	if (last > visit->last_index)
		last = visit->last_index;
	for (; index < last; index++) {
		uint64_t next_second,
			next = mmu_table_words(&visit->table, index + 1, &next_second);

		if (!goes_on(raw, next, alike->address, alike->step) ||
		    !goes_on(second, next_second, alike->second_address, alike->second_step))
			break;
		raw = next;
		second = next_second;
	}
	return index;
}

/* ------------------------------------------------------------------ visiting */

static bool visit_table(struct enumeration *e, struct visit *visit);

/* Cut the table's indices to the addresses that are asked for. @return false: there are none */
static bool clip(const struct enumeration *e, struct visit *visit)
{
	unsigned int shift = shape_of(e, visit->level)->shift;
	uint64_t first_va = visit->base_va + (visit->first_index << shift);
	uint64_t last_va = visit->base_va + (visit->last_index << shift) +
			   (((uint64_t)1 << shift) - 1);

	if (visit->first_index > visit->last_index || first_va > e->last_va ||
	    last_va < e->first_va)
		return false;
	if (first_va < e->first_va)
		visit->first_index = (e->first_va - visit->base_va) >> shift;
	if (last_va > e->last_va)
		visit->last_index = (e->last_va - visit->base_va) >> shift;
	return true;
}

static bool descend(struct enumeration *e, const struct visit *from, const struct mmu_step *step,
		    uint8_t rights)
{
	const struct mmu_shape *shape = shape_of(e, step->level - 1);
	struct visit visit;

	visit.level = step->level - 1;
	visit.base_va = from->base_va + (step->index << shape_of(e, step->level)->shift);
	visit.first_index = 0;
	visit.last_index = ((uint64_t)1 << shape->index_bits) - 1;
	if (step->entry.next_count) {
		uint64_t last = step->entry.next_first + (step->entry.next_count - 1);

		visit.first_index = step->entry.next_first;
		if (last >= visit.first_index && last < visit.last_index)
			visit.last_index = last;
	}
	visit.rights = rights;
	mmu_table_init(&visit.table, e->walker, e->regime, visit.level, step->entry.pa);
	return !clip(e, &visit) || visit_table(e, &visit);
}

/* Tell of the entries from the step's to `last_index`. */
static bool tell(struct enumeration *e, const struct visit *visit, const struct mmu_step *step,
		 uint64_t last_index)
{
	unsigned int shift = shape_of(e, visit->level)->shift;
	uint64_t first_va = visit->base_va + (step->index << shift);
	uint64_t last_va = visit->base_va + (last_index << shift) + (((uint64_t)1 << shift) - 1);

	e->walk.va = first_va < e->first_va ? e->first_va : first_va;
	mmu_step_finish(&e->answer, step, &e->walk);
	if (e->fn(&e->walk, last_va > e->last_va ? e->last_va : last_va, e->context))
		return true;
	e->ret->end = MMU_LEAVES_STOPPED;
	return false;
}

void mmu_tally_root(struct mmu_tally *tally, const struct mmu_regimes *regimes,
		    const struct mmu_regime *regime, bool readable)
{
	const struct mmu_regime *first = regimes->regime;
	unsigned int top = regime->top_level, at = 0;

	while (&first[at] != regime &&
	       (first[at].root_pa != regime->root_pa || first[at].format != regime->format ||
		first[at].top_level != top || tally->roots[at] == MMU_ROOT_NEW))
		at++;
	if (tally->roots[at] == MMU_ROOT_READ ||
	    (tally->roots[at] == MMU_ROOT_MISSING && !readable))
		return;
	if (tally->roots[at] == MMU_ROOT_MISSING)
		tally->missing[top]--;
	(readable ? tally->tables : tally->missing)[top]++;
	tally->roots[at] = readable ? MMU_ROOT_READ : MMU_ROOT_MISSING;
}

void mmu_tally_table(struct mmu_tally *tally, unsigned int level, uint64_t base_va, bool readable)
{
	if (tally->last[level].known && tally->last[level].base_va == base_va) {
		if (readable && !tally->last[level].readable) {
			tally->missing[level]--;
			tally->tables[level]++;
			tally->last[level].readable = true;
		}
		return;
	}
	(readable ? tally->tables : tally->missing)[level]++;
	tally->last[level].known = true;
	tally->last[level].readable = readable;
	tally->last[level].base_va = base_va;
}

static bool visit_table(struct enumeration *e, struct visit *visit)
{
	unsigned int depth = e->regime->top_level - visit->level;
	struct mmu_step *step = &e->walk.steps[depth];
	bool any_readable = false, go_on = true;

	if (e->tables_left-- == 0) {
		e->tables_left = 0;
		e->ret->end = MMU_LEAVES_TOO_MANY;
		return false;
	}
	for (uint64_t index = visit->first_index; go_on && index <= visit->last_index; index++) {
		uint8_t rights = visit->rights;

		if (!mmu_table_entry(&visit->table, index, step)) {
			any_readable = true;
			continue;
		}
		any_readable |= step->readable;
		if (step->readable && step->entry.kind == MMU_KIND_EMPTY)
			continue;
		mmu_step_restrict(step, &rights);
		if (step->readable && step->entry.kind == MMU_KIND_TABLE && visit->level > 0) {
			go_on = descend(e, visit, step, rights);
			continue;
		}
		e->walk.nr_steps = depth + 1;
		uint64_t last = last_alike(visit, step);
		if (last == index)
			last = last_of_stretch(e, visit, step);
		go_on = tell(e, visit, step, last);
		index = last;
	}
	if (depth > 0)
		mmu_tally_table(e->ret, visit->level, visit->base_va, any_readable);
	else
		mmu_tally_root(e->ret, e->walker->regimes, e->regime, any_readable);
	return go_on;
}

static bool visit_radix(struct enumeration *e)
{
	const struct mmu_regime *regime = e->regime;
	unsigned int va_bits = mmu_regime_va_bits(regime);
	struct visit visit = { .level = regime->top_level };

	for (unsigned int level = 0; level <= regime->top_level; level++) {
		if (!e->stretches || !regime->format->alike ||
		    !regime->format->alike(regime, level, &e->alike[level]))
			e->alike[level].step = 0;
	}
	mmu_table_init(&visit.table, e->walker, regime, visit.level, regime->root_pa);
	visit.base_va = va_bits < 64 ? e->first_va & UINT64_MAX << va_bits : 0;
	visit.last_index = visit.table.nr - 1;
	visit.rights = regime->rights;
	return !clip(e, &visit) || visit_table(e, &visit);
}

/* Each address that a slot has is walked to: the walk says whether it is looked for there. */
static bool visit_hashed(struct enumeration *e)
{
	struct mmu_hashed_list *list = &e->ret->hashed;
	uint64_t next_va = e->first_va;

	if (!list->of || list->of->format != e->regime->format ||
	    list->of->root_pa != e->regime->root_pa) {
		e->ret->hashed_next = list->nr = 0;
		list->incomplete = false;
		list->of = e->regime;
		if (!mmu_hashed_gather(e->walker, e->regime, list)) {
			e->ret->end = MMU_LEAVES_TOO_MANY;
			return false;
		}
		e->ret->missing[0] += list->incomplete;
	}
	for (size_t i = e->ret->hashed_next; i < list->nr; i++) {
		uint64_t va = list->pages[i].va;
		uint64_t last_va = va + (list->pages[i].bytes - 1);

		if (last_va < next_va || va > e->last_va)
			continue;
		const struct mmu_regime *regime = e->walk.regime;
		memset(&e->walk, 0, sizeof(e->walk));
		e->walk.regime = regime;
		e->walk.va = va < next_va ? next_va : va;
		mmu_walk_hashed(e->walker, &e->walk);
		if (e->walk.result == MMU_RESULT_EMPTY)
			continue;
		last_va = last_va > e->last_va ? e->last_va : last_va;
		if (!e->fn(&e->walk, last_va, e->context)) {
			e->ret->hashed_next = i;
			e->ret->end = MMU_LEAVES_STOPPED;
			return false;
		}
		if (last_va == e->last_va)
			break;
		next_va = last_va + 1;
	}
	return true;
}

static void visit_regimes(struct enumeration *e, uint64_t first_va, uint64_t last_va)
{
	uint64_t va = first_va, end_va = last_va;
	bool go_on = true;

	while (go_on && (e->regime = mmu_regimes_next(e->walker->regimes, &va, &end_va))) {
		if (va > last_va)
			return;
		e->first_va = va;
		e->last_va = end_va < last_va ? end_va : last_va;
		e->walk.regime = e->regime;
		go_on = e->regime->format->kind == MMU_FORMAT_HASHED ? visit_hashed(e)
								     : visit_radix(e);
		if (e->last_va == last_va)
			return;
		va = end_va + 1;
	}
}

enum mmu_leaves_end mmu_walker_leaves(const struct mmu_walker *walker, uint64_t first_va,
				      uint64_t last_va, uint64_t max_tables, bool stretches,
				      mmu_walker_leaf_fn fn, void *context, struct mmu_tally *ret)
{
	struct enumeration e = { .walker = walker,
				 .answer = *walker,
				 .tables_left = max_tables,
				 .stretches = stretches,
				 .fn = fn,
				 .context = context,
				 .ret = ret };

	if (!ret->kept || !ret->begun)
		*ret = (struct mmu_tally){ .kept = ret->kept, .begun = true };
	ret->end = MMU_LEAVES_ALL;
	e.answer.cursor = NULL;
	if (first_va <= last_va)
		visit_regimes(&e, first_va, last_va);
	if (!ret->kept)
		mmu_tally_release(ret);
	return ret->end;
}

void mmu_tally_release(struct mmu_tally *tally)
{
	free(tally->hashed.pages);
	tally->hashed = (struct mmu_hashed_list){ .nr = 0 };
}

uint64_t mmu_walker_max_tables(const struct mmu_walker *walker)
{
	uint64_t smallest = UINT64_MAX, room;

	for (size_t i = 0; i < walker->regimes->nr; i++) {
		const struct mmu_regime *regime = &walker->regimes->regime[i];

		if (regime->format->kind == MMU_FORMAT_HASHED)
			continue; /* one table, of all spaces */
		for (unsigned int level = 0; level <= regime->top_level; level++)
			if (mmu_table_bytes(regime, level) < smallest)
				smallest = mmu_table_bytes(regime, level);
	}
	room = walker->cursor->image->most_pages * walker->cursor->image->page_bytes / smallest;
	return room < MIN_TABLES ? MIN_TABLES : room > MAX_TABLES ? MAX_TABLES : room;
}

/* ------------------------------------------------------------------ for back-ends */

static bool take_mapped(struct mmu_walk *walk, uint64_t last_va, void *context)
{
	(void)last_va;
	*(struct mmu_walk *)context = *walk;
	return walk->result != MMU_RESULT_MAPPED;
}

bool mmu_translate_next(struct mmu_cursor *cursor, const struct mmu_regime *regime, uint64_t *va,
			uint64_t last_va, uint64_t *ret_pa, uint64_t *ret_tables)
{
	const struct mmu_regimes regimes = { .nr = 1, .regime = { *regime } };
	const struct mmu_walker walker = { .cursor = cursor, .regimes = &regimes };
	struct mmu_tally tally = { .kept = false };
	struct mmu_walk walk;

	enum mmu_leaves_end end = mmu_walker_leaves(&walker, *va, last_va, SEARCH_TABLES, false,
						    take_mapped, &walk, &tally);

	*ret_tables = 0;
	for (unsigned int level = 0; level < MMU_LEVELS_MAX; level++)
		*ret_tables += tally.tables[level] + tally.missing[level];
	if (end != MMU_LEAVES_STOPPED)
		return false;
	*va = walk.va;
	*ret_pa = walk.pa;
	return true;
}
