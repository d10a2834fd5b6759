/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Whole spaces: what is not empty, entry by entry or range by range. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "api/ranges.h"
#include "api/session.h"
#include "base/cleanup.h"
#include "base/hook.h"
#include "base/sized.h"

/* So many entries are read at once: enough for the way down to the first of them not to count. */
#define BATCH 64u

MMU_CLEANUP_TYPE(leaves, struct mmu_leaves *, mmu_leaves_close)

struct mmu_leaves {
	struct mmu_space *space;
	struct mmu_hook hook;
	uint64_t next_va, last_va; /* what is still to be read; nothing when `read_all` */
	bool read_all, stopped;
	uint64_t entries;
	struct mmu_tally own_tally, *tally; /* of ranges: the sweep's */
	size_t nr, at;                      /* of the batch; of ranges: of those that are ready */
	struct leaf {
		struct mmu_walk walk;
		uint64_t last_va;
	} * batch; /* NULL: of ranges */
};

static struct mmu_error *take_part(const struct mmu_space *space, const struct mmu_part *from,
				   struct mmu_part *ret, struct mmu_hook *ret_hook)
{
	struct mmu_error *error = mmu_sized(from, ret);

	*ret_hook = space->hook;
	if (!error && ret->first_va > ret->last_va)
		error = mmu_error_new(MMU_ERROR_INVALID, "the part ends before it begins");
	return error || !ret->hook ? error : mmu_sized(ret->hook, ret_hook);
}

static struct mmu_error *open_leaves(struct mmu_space *space, const struct mmu_part *part,
				     size_t batch, struct mmu_leaves **ret)
{
	struct mmu_leaves *leaves MMU_CLEANUP(cleanup_leaves) = NULL;
	struct mmu_part own;
	struct mmu_hook hook;
	struct mmu_error *error = take_part(space, part, &own, &hook);

	if (error)
		return error;
	leaves = calloc(1, sizeof(*leaves));
	if (!leaves || (batch && !(leaves->batch = malloc(batch * sizeof(*leaves->batch)))))
		return mmu_error_no_memory();
	leaves->space = space;
	leaves->hook = hook;
	leaves->next_va = own.first_va;
	leaves->last_va = own.last_va;
	leaves->own_tally = (struct mmu_tally){ .end = MMU_LEAVES_STOPPED, .kept = true };
	leaves->tally = &leaves->own_tally;
	*ret = mmu_steal(leaves);
	return NULL;
}

struct mmu_error *mmu_leaves_open(struct mmu_space *space, const struct mmu_part *part,
				  struct mmu_leaves **ret)
{
	return open_leaves(space, part, BATCH, ret);
}

static bool keep_leaf(const struct mmu_walk *walk, uint64_t last_va, void *context)
{
	struct mmu_leaves *leaves = context;
	struct leaf *leaf = &leaves->batch[leaves->nr++];

	/* the steps behind the last one mean nothing */
	memcpy(&leaf->walk, walk, offsetof(struct mmu_walk, steps[walk->nr_steps]));
	leaf->last_va = last_va;
	return leaves->nr < BATCH;
}

/* The next entries, from next_va on. */
static void fill(struct mmu_leaves *leaves)
{
	const struct leaf *last;

	leaves->nr = leaves->at = 0;
	mmu_space_visit_leaves(leaves->space, leaves->next_va, leaves->last_va, false, keep_leaf,
			       leaves, leaves->tally);
	last = leaves->nr == BATCH ? &leaves->batch[BATCH - 1] : NULL;
	leaves->read_all = leaves->tally->end != MMU_LEAVES_STOPPED;
	if (last && !leaves->read_all && last->last_va >= leaves->last_va) {
		leaves->read_all = true;
		leaves->tally->end = MMU_LEAVES_ALL;
	}
	if (!leaves->read_all)
		leaves->next_va = last->last_va + 1;
}

struct mmu_error *mmu_leaves_next(struct mmu_leaves *leaves, const struct mmu_walk **ret,
				  uint64_t *ret_last_va)
{
	const struct leaf *leaf = NULL;

	if (leaves->at == leaves->nr && !leaves->read_all && !leaves->stopped) {
		struct mmu_error *error = mmu_hook_ask(&leaves->hook, MMU_PHASE_TABLES,
						       leaves->entries, 0);

		leaves->stopped = error;
		if (error)
			return error;
		fill(leaves);
	}
	if (leaves->at < leaves->nr) {
		leaf = &leaves->batch[leaves->at++];
		leaves->entries++;
		*ret_last_va = leaf->last_va;
	}
	*ret = leaf ? &leaf->walk : NULL;
	return NULL;
}

enum mmu_leaves_end mmu_leaves_ended(const struct mmu_leaves *leaves)
{
	return leaves->at < leaves->nr ? MMU_LEAVES_STOPPED : leaves->tally->end;
}

uint64_t mmu_leaves_tables(const struct mmu_leaves *leaves, unsigned int level,
			   uint64_t *ret_missing)
{
	bool known = level < MMU_LEVELS_MAX;

	if (ret_missing)
		*ret_missing = known ? leaves->tally->missing[level] : 0;
	return known ? leaves->tally->tables[level] : 0;
}

void mmu_leaves_close(struct mmu_leaves *leaves)
{
	if (!leaves)
		return;
	mmu_tally_release(&leaves->own_tally);
	free(leaves->batch);
	free(leaves);
}

/* ------------------------------------------------------------------ ranges */

struct mmu_ranges {
	struct mmu_leaves *leaves;
	struct mmu_space_sweep *sweep;
};

struct mmu_error *mmu_ranges_open(struct mmu_space *space, const struct mmu_part *part,
				  struct mmu_ranges **ret)
{
	struct mmu_ranges *ranges = calloc(1, sizeof(*ranges));
	struct mmu_error *error = ranges ? open_leaves(space, part, 0, &ranges->leaves)
					 : mmu_error_no_memory();

	if (!error) {
		ranges->sweep = mmu_space_sweep_open(space, ranges->leaves->next_va,
						     ranges->leaves->last_va);
		error = ranges->sweep ? NULL : mmu_error_no_memory();
	}
	if (error) {
		mmu_ranges_close(ranges);
		return error;
	}
	ranges->leaves->tally = &ranges->sweep->sweep.tally;
	*ret = ranges;
	return NULL;
}

void mmu_ranges_merge(struct mmu_ranges *ranges)
{
	ranges->sweep->sweep.merges = true;
}

/* The next range of those that are ready, or NULL. */
static inline const struct mmu_swept *take_ready(struct mmu_ranges *ranges)
{
	struct mmu_leaves *leaves = ranges->leaves;
	const struct mmu_swept *ret = NULL;

	if (leaves->at < leaves->nr) {
		ret = &ranges->sweep->sweep.ranges[leaves->at++];
		leaves->entries += ret->entries;
	}
	return ret;
}

/* Have more of them ready. @param ret_at_break  there are none before it, but behind it */
static struct mmu_error *refill(struct mmu_ranges *ranges, uint64_t break_va, bool *ret_at_break)
{
	struct mmu_sweep *sweep = &ranges->sweep->sweep;
	struct mmu_leaves *leaves = ranges->leaves;

	*ret_at_break = false;
	while (leaves->at == leaves->nr && !leaves->read_all && !leaves->stopped &&
	       !*ret_at_break) {
		struct mmu_error *error = mmu_hook_ask(&leaves->hook, MMU_PHASE_TABLES,
						       leaves->entries, 0);

		leaves->stopped = error;
		if (error)
			return error;
		sweep->break_va = break_va;
		leaves->read_all = !mmu_sweep_go_on(sweep);
		leaves->at = 0;
		leaves->nr = sweep->nr_ready;
		*ret_at_break = sweep->at_break;
		/* so many for some ranges: not in all, for they may be found in any number */
		if (leaves->nr || sweep->went_on)
			sweep->tables_left = mmu_walker_max_tables(&leaves->space->walker);
	}
	return NULL;
}

struct mmu_error *mmu_ranges_next_before(struct mmu_ranges *ranges, uint64_t break_va,
					 const struct mmu_swept **ret, size_t *ret_nr,
					 bool *ret_end)
{
	struct mmu_leaves *leaves = ranges->leaves;
	bool at_break;
	struct mmu_error *error = refill(ranges, break_va, &at_break);

	if (error)
		return error;
	*ret = &ranges->sweep->sweep.ranges[leaves->at];
	*ret_nr = leaves->nr - leaves->at;
	*ret_end = !*ret_nr && !at_break;
	while (leaves->at < leaves->nr)
		leaves->entries += ranges->sweep->sweep.ranges[leaves->at++].entries;
	return NULL;
}

struct mmu_error *mmu_ranges_next(struct mmu_ranges *ranges, const struct mmu_range **ret)
{
	const struct mmu_swept *range = take_ready(ranges);
	bool at_break;

	if (!range) {
		struct mmu_error *error = refill(ranges, 0, &at_break);

		if (error)
			return error;
		range = take_ready(ranges);
	}
	*ret = (const struct mmu_range *)range;
	return NULL;
}

const struct mmu_leaves *mmu_ranges_leaves(const struct mmu_ranges *ranges)
{
	return ranges->leaves;
}

void mmu_ranges_close(struct mmu_ranges *ranges)
{
	if (!ranges)
		return;
	mmu_leaves_close(ranges->leaves);
	mmu_space_sweep_close(ranges->sweep);
	free(ranges);
}
