/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Walks, their steps, and the entries of one table. */
#include <stdlib.h>

#include "api/session.h"
#include "walk/table.h"

struct mmu_error *mmu_walk_create(struct mmu_walk **ret)
{
	struct mmu_walk *walk = calloc(1, sizeof(*walk));

	if (!walk)
		return mmu_error_no_memory();
	walk->result = MMU_RESULT_EMPTY;
	*ret = walk;
	return NULL;
}

void mmu_walk_destroy(struct mmu_walk *walk)
{
	free(walk);
}

void mmu_space_walk(struct mmu_space *space, uint64_t va, struct mmu_walk *walk)
{
	mmu_space_translate(space, va, walk);
}

void mmu_space_answer(struct mmu_space *space, const uint64_t *vas, size_t nr, mmu_answer_fn fn,
		      void *context)
{
	mmu_space_tell(space, vas, nr, fn, context);
}

bool mmu_space_read(struct mmu_space *space, uint64_t va, void *buf, size_t bytes,
		    size_t *ret_bytes, struct mmu_walk *walk)
{
	return mmu_space_copy(space, va, buf, bytes, ret_bytes, walk);
}

const struct mmu_walk_info *mmu_walk_get(const struct mmu_walk *walk)
{
	return (const struct mmu_walk_info *)walk;
}

const struct mmu_step *mmu_walk_step(const struct mmu_walk *walk, size_t n)
{
	return n < walk->nr_steps ? &walk->steps[n] : NULL;
}

const struct mmu_step_info *mmu_step_get(const struct mmu_step *step)
{
	return (const struct mmu_step_info *)step;
}

const struct mmu_entry *mmu_step_entry(const struct mmu_step *step)
{
	return &step->entry;
}

/* The public part of a struct is what it begins with. */
_Static_assert(offsetof(struct mmu_walk, va) == offsetof(struct mmu_walk_info, va), "walk");
_Static_assert(offsetof(struct mmu_step, level) == offsetof(struct mmu_step_info, level), "step");

/* ------------------------------------------------------------------ the entries of a table */

struct mmu_entries {
	struct mmu_table table;
	uint64_t next;
	enum mmu_page_state state;
	struct mmu_step step;
};

struct mmu_error *mmu_entries_open(struct mmu_space *space, const struct mmu_regime *regime,
				   unsigned int level, uint64_t table_pa, struct mmu_entries **ret)
{
	struct mmu_entries *entries;

	if (level > regime->top_level)
		return mmu_error_new(MMU_ERROR_INVALID, "format %s has no level %u",
				     regime->format->name, level);
	entries = malloc(sizeof(*entries));
	if (!entries)
		return mmu_error_no_memory();
	mmu_table_init(&entries->table, &space->walker, regime, level, table_pa);
	entries->next = 0;
	entries->state = MMU_PAGE_PRESENT;
	*ret = entries;
	return NULL;
}

const struct mmu_step *mmu_entries_next(struct mmu_entries *entries)
{
	struct mmu_step *step = &entries->step;

	while (entries->next < entries->table.nr) {
		if (!mmu_table_entry(&entries->table, entries->next++, step))
			continue;
		if (!step->readable && entries->state == MMU_PAGE_PRESENT)
			entries->state = step->slot_state;
		step->effective = step->entry.rights;
		if (step->readable && step->entry.kind != MMU_KIND_EMPTY)
			return step;
	}
	return NULL;
}

enum mmu_page_state mmu_entries_state(const struct mmu_entries *entries)
{
	return entries->state;
}

void mmu_entries_close(struct mmu_entries *entries)
{
	free(entries);
}

uint64_t mmu_regime_table_bytes(const struct mmu_regime *regime, unsigned int level)
{
	return level <= regime->top_level ? mmu_table_bytes(regime, level) : 0;
}
