/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Whole spaces: what is not empty, entry by entry or range by range. */
#include <stdlib.h>

#include "api/session.h"
#include "base/cleanup.h"
#include "base/hook.h"
#include "base/sized.h"

/* So many entries are read at once: enough for the way down to the first of them not to count. */
#define BATCH 64u

struct mmu_leaves {
	struct mmu_space *space;
	struct mmu_hook hook;
	bool stretches;            /* for ranges: see mmu_walker_leaves() */
	uint64_t next_va, last_va; /* what is still to be read; nothing when `read_all` */
	bool read_all, stopped;
	uint64_t entries;
	struct mmu_tally tally;
	size_t nr, at;
	struct leaf {
		struct mmu_walk walk;
		uint64_t last_va;
	} batch[BATCH];
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
				     bool stretches, struct mmu_leaves **ret)
{
	struct mmu_leaves *leaves = NULL;
	struct mmu_part own;
	struct mmu_hook hook;
	struct mmu_error *error = take_part(space, part, &own, &hook);

	if (!error && !(leaves = calloc(1, sizeof(*leaves))))
		error = mmu_error_no_memory();
	if (error)
		return error;
	leaves->space = space;
	leaves->hook = hook;
	leaves->stretches = stretches;
	leaves->next_va = own.first_va;
	leaves->last_va = own.last_va;
	leaves->tally = (struct mmu_tally){ .end = MMU_LEAVES_STOPPED, .kept = true };
	*ret = leaves;
	return NULL;
}

struct mmu_error *mmu_leaves_open(struct mmu_space *space, const struct mmu_part *part,
				  struct mmu_leaves **ret)
{
	return open_leaves(space, part, false, ret);
}

static bool keep_leaf(const struct mmu_walk *walk, uint64_t last_va, void *context)
{
	struct mmu_leaves *leaves = context;
	struct leaf *leaf = &leaves->batch[leaves->nr++];

	leaf->walk = *walk;
	leaf->last_va = last_va;
	return leaves->nr < BATCH;
}

/* The next entries, from next_va on. */
static void fill(struct mmu_leaves *leaves)
{
	const struct leaf *last;

	leaves->nr = leaves->at = 0;
	mmu_space_visit_leaves(leaves->space, leaves->next_va, leaves->last_va, leaves->stretches,
			       keep_leaf, leaves, &leaves->tally);
	last = leaves->nr == BATCH ? &leaves->batch[BATCH - 1] : NULL;
	leaves->read_all = leaves->tally.end != MMU_LEAVES_STOPPED;
	if (last && !leaves->read_all && last->last_va >= leaves->last_va) {
		leaves->read_all = true;
		leaves->tally.end = MMU_LEAVES_ALL;
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
	return leaves->at < leaves->nr ? MMU_LEAVES_STOPPED : leaves->tally.end;
}

uint64_t mmu_leaves_tables(const struct mmu_leaves *leaves, unsigned int level,
			   uint64_t *ret_missing)
{
	bool known = level < MMU_LEVELS_MAX;

	if (ret_missing)
		*ret_missing = known ? leaves->tally.missing[level] : 0;
	return known ? leaves->tally.tables[level] : 0;
}

void mmu_leaves_close(struct mmu_leaves *leaves)
{
	if (!leaves)
		return;
	mmu_tally_release(&leaves->tally);
	free(leaves);
}

/* ------------------------------------------------------------------ ranges */

struct mmu_ranges {
	struct mmu_leaves *leaves;
	struct mmu_range_merger merger;
	struct mmu_range range; /* what was handed out last */
	bool has_range, at_end;
};

static bool keep_range(const struct mmu_range *range, void *context)
{
	struct mmu_ranges *ranges = context;

	ranges->range = *range;
	ranges->has_range = true;
	return true;
}

struct mmu_error *mmu_ranges_open(struct mmu_space *space, const struct mmu_part *part,
				  struct mmu_ranges **ret)
{
	struct mmu_ranges *ranges = calloc(1, sizeof(*ranges));
	struct mmu_error *error = ranges ? open_leaves(space, part, true, &ranges->leaves)
					 : mmu_error_no_memory();

	if (error) {
		free(ranges);
		return error;
	}
	ranges->merger = (struct mmu_range_merger){ .fn = keep_range,
						    .context = ranges,
						    .page_lg2 = space->regimes.regime[0].page_lg2 };
	*ret = ranges;
	return NULL;
}

struct mmu_error *mmu_ranges_next(struct mmu_ranges *ranges, const struct mmu_range **ret)
{
	const struct mmu_walk *walk;
	uint64_t last_va;

	ranges->has_range = false;
	while (!ranges->has_range && !ranges->at_end) {
		struct mmu_error *error = mmu_leaves_next(ranges->leaves, &walk, &last_va);

		if (error)
			return error;
		ranges->at_end = !walk;
		if (walk)
			mmu_range_merge(walk, last_va, &ranges->merger);
		else
			mmu_range_flush(&ranges->merger);
	}
	*ret = ranges->has_range ? &ranges->range : NULL;
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
	free(ranges);
}
