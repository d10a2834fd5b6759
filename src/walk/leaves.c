/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The enumeration of a space: tables read as a whole, entries told by the walk's code. */
#include <string.h>

#include "walk/leaves.h"
#include "walk/step.h"

/* Tables are copied in such pieces: what an image hands out may vanish with the next call. */
#define CHUNK_BYTES 4096u

/* More than 8 TiB of 4 KiB pages need; on a small image the bound is far lower. */
#define MAX_TABLES (UINT64_C(1) << 24)
#define MIN_TABLES (UINT64_C(1) << 14)

struct enumeration {
	const struct mmu_walker *walker;
	struct mmu_walker answer; /* without the image: the bytes of pages are not looked for */
	uint64_t first_va, last_va;
	uint64_t tables_left;
	mmu_walker_leaf_fn fn;
	void *context;
	struct mmu_tally *ret;
	bool zero_is_empty[MMU_LEVELS_MAX];
	struct mmu_walk walk; /* its steps are the path to where we are */
};

/* A table that is being visited. */
struct visit {
	unsigned int level;
	uint64_t table_pa;
	uint64_t base_va; /* of index 0 */
	uint64_t first_index, last_index;
	uint8_t rights; /* of the path above it */
	uint8_t denied_by[MMU_RIGHTS_COUNT];
	/* entries of the table that were read as one */
	uint64_t chunk_first, chunk_count; /* count 0: none so far */
	bool chunk_whole;                  /* false: entries must be read one by one */
	uint8_t raw[CHUNK_BYTES], second[CHUNK_BYTES];
};

static const struct mmu_level *shape_of(const struct enumeration *e, unsigned int level)
{
	return &e->walker->regime.format->level[level];
}

/* ------------------------------------------------------------------ reading */

static void load_chunk(const struct enumeration *e, struct visit *visit, uint64_t index)
{
	const struct mmu_level *shape = shape_of(e, visit->level);
	unsigned int entry_bytes = e->walker->regime.format->entry_bytes;
	uint64_t per_chunk = CHUNK_BYTES / entry_bytes;
	uint64_t entries = (uint64_t)1 << shape->index_bits;
	uint64_t pa;

	visit->chunk_first = index - index % per_chunk;
	visit->chunk_count = entries - visit->chunk_first;
	if (visit->chunk_count > per_chunk)
		visit->chunk_count = per_chunk;
	pa = visit->table_pa + visit->chunk_first * entry_bytes;
	size_t bytes = (size_t)(visit->chunk_count * entry_bytes);
	visit->chunk_whole = mmu_image_read(e->walker->cursor, pa, visit->raw, bytes, NULL) ==
			     MMU_PAGE_PRESENT;
	if (visit->chunk_whole && shape->second_offset) {
		pa += (uint64_t)(int64_t)shape->second_offset;
		visit->chunk_whole = mmu_image_read(e->walker->cursor, pa, visit->second, bytes,
						    NULL) == MMU_PAGE_PRESENT;
	}
}

/* @return false: the entry is 0 and zero is empty, so that nothing of *step but its place is set */
static bool load(const struct enumeration *e, struct visit *visit, uint64_t index,
		 struct mmu_step *step)
{
	const struct mmu_format *format = e->walker->regime.format;
	int16_t second_offset = shape_of(e, visit->level)->second_offset;

	*step = (struct mmu_step){ .level = visit->level,
				   .table_pa = visit->table_pa,
				   .index = index };
	if (index - visit->chunk_first >= visit->chunk_count)
		load_chunk(e, visit, index);
	if (!visit->chunk_whole) {
		mmu_step_read(e->walker, step);
		return true;
	}
	size_t at = (size_t)(index - visit->chunk_first) * format->entry_bytes;
	step->raw = mmu_get_uint(visit->raw + at, format->entry_bytes, format->big_endian);
	step->has_second = second_offset != 0;
	if (step->has_second)
		step->second = mmu_get_uint(visit->second + at, format->entry_bytes,
					    format->big_endian);
	if (!step->raw && !step->second && e->zero_is_empty[visit->level])
		return false;
	step->readable = true;
	step->slot_pa = visit->table_pa + index * format->entry_bytes;
	if (step->has_second)
		step->second_pa = step->slot_pa + (uint64_t)(int64_t)second_offset;
	e->walker->arch->decode(&e->walker->regime, visit->level, step->raw, step->second,
				&step->entry);
	return true;
}

/* ------------------------------------------------------------------ entries that say the same */

static bool same_leaf(const struct mmu_entry *a, const struct mmu_entry *b)
{
	return b->kind == MMU_KIND_LEAF && a->pa == b->pa && a->rights == b->rights &&
	       a->run_lg2 == b->run_lg2 && a->note == b->note;
}

/* The last index up to which the entries are of one run, or can't be read for one reason. */
static uint64_t last_alike(const struct enumeration *e, struct visit *visit,
			   const struct mmu_step *step)
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
		if (!load(e, visit, index + 1, &next) || next.readable != step->readable ||
		    (step->readable ? !same_leaf(&step->entry, &next.entry)
				    : next.slot_state != step->slot_state))
			return index;
	}
	return last;
}

/* ------------------------------------------------------------------ visiting */

static bool visit_table(struct enumeration *e, struct visit *visit);

static bool descend(struct enumeration *e, const struct visit *from, const struct mmu_step *step,
		    uint8_t rights)
{
	const struct mmu_level *shape = shape_of(e, step->level - 1);
	struct visit visit;

	visit.level = step->level - 1;
	visit.table_pa = step->entry.pa;
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
	memcpy(visit.denied_by, e->walk.denied_by, sizeof(visit.denied_by));
	visit.chunk_first = visit.chunk_count = 0;
	return visit_table(e, &visit);
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

/* Each table once, also if an earlier call was stopped in it. */
static void count_table(struct mmu_tally *tally, const struct visit *visit, bool readable)
{
	unsigned int level = visit->level;

	if (tally->goes_on && tally->last[level].known &&
	    tally->last[level].base_va == visit->base_va) {
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
	tally->last[level].base_va = visit->base_va;
}

static bool visit_table(struct enumeration *e, struct visit *visit)
{
	unsigned int depth = e->walker->regime.format->nr_levels - 1u - visit->level;
	struct mmu_step *step = &e->walk.steps[depth];
	bool any_readable = false, go_on = true;

	if (!clip(e, visit))
		return true;
	if (e->tables_left-- == 0) {
		e->tables_left = 0;
		e->ret->end = MMU_LEAVES_TOO_MANY;
		return false;
	}
	for (uint64_t index = visit->first_index; go_on && index <= visit->last_index; index++) {
		uint8_t rights = visit->rights;

		if (!load(e, visit, index, step)) {
			any_readable = true;
			continue;
		}
		any_readable |= step->readable;
		if (step->readable && step->entry.kind == MMU_KIND_EMPTY)
			continue;
		memcpy(e->walk.denied_by, visit->denied_by, sizeof(visit->denied_by));
		mmu_step_restrict(step, &rights, &e->walk);
		if (step->readable && step->entry.kind == MMU_KIND_TABLE && visit->level > 0) {
			go_on = descend(e, visit, step, rights);
			continue;
		}
		e->walk.nr_steps = depth + 1;
		uint64_t last = last_alike(e, visit, step);
		go_on = tell(e, visit, step, last);
		index = last;
	}
	count_table(e->ret, visit, any_readable);
	return go_on;
}

/* A format that extends signs has two halves: the upper one's index 0 would lie at -2^va_bits. */
static void visit_root(struct enumeration *e)
{
	const struct mmu_format *format = e->walker->regime.format;
	unsigned int top = format->nr_levels - 1u;
	uint64_t last_index = ((uint64_t)1 << format->level[top].index_bits) - 1;
	bool halves = format->sign_extended && format->va_bits < 64;
	struct visit visit = { .level = top,
			       .table_pa = e->walker->regime.root_pa,
			       .last_index = halves ? last_index / 2 : last_index,
			       .rights = MMU_RIGHTS_ALL };

	if (!visit_table(e, &visit) || !halves)
		return;
	visit.base_va = UINT64_MAX << format->va_bits;
	visit.first_index = last_index / 2 + 1;
	visit.last_index = last_index;
	visit_table(e, &visit);
	if (e->ret->tables[top] + e->ret->missing[top] > 1) { /* one table in two visits */
		e->ret->tables[top] = e->ret->tables[top] > 0;
		e->ret->missing[top] = !e->ret->tables[top];
	}
}

enum mmu_leaves_end mmu_walker_leaves(const struct mmu_walker *walker, uint64_t first_va,
				      uint64_t last_va, uint64_t max_tables, mmu_walker_leaf_fn fn,
				      void *context, struct mmu_tally *ret)
{
	struct enumeration e = { .walker = walker,
				 .answer = *walker,
				 .first_va = first_va,
				 .last_va = last_va,
				 .tables_left = max_tables,
				 .fn = fn,
				 .context = context,
				 .ret = ret };

	if (!ret->goes_on)
		*ret = (struct mmu_tally){ .end = MMU_LEAVES_ALL };
	ret->end = MMU_LEAVES_ALL;
	e.answer.cursor = NULL;
	for (unsigned int level = 0; level < walker->regime.format->nr_levels; level++) {
		struct mmu_entry entry;

		walker->arch->decode(&walker->regime, level, 0, 0, &entry);
		e.zero_is_empty[level] = entry.kind == MMU_KIND_EMPTY;
	}
	visit_root(&e);
	return ret->end;
}

uint64_t mmu_walker_max_tables(const struct mmu_walker *walker)
{
	const struct mmu_format *format = walker->regime.format;
	uint64_t smallest = UINT64_MAX, room;

	for (unsigned int level = 0; level < format->nr_levels; level++)
		if (mmu_table_bytes(format, level) < smallest)
			smallest = mmu_table_bytes(format, level);
	room = walker->cursor->image->present_pages * walker->cursor->image->page_bytes / smallest;
	return room < MIN_TABLES ? MIN_TABLES : room > MAX_TABLES ? MAX_TABLES : room;
}
