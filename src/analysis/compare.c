/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Two spaces, compared address by address and frame by frame. */
#include <stdlib.h>
#include <string.h>

#include "analysis/compare.h"
#include "analysis/frames.h"
#include "base/list.h"
#include "base/cleanup.h"
#include "base/hook.h"
#include "objects/space.h"
#include "walk/range.h"

/* A small image may have so many ranges all the same. */
#define MIN_RANGES 65536u

MMU_CLEANUP_TYPE(comparison, struct mmu_comparison *, mmu_comparison_destroy)

/* One space, as it was read. */
struct side {
	const struct mmu_va_range *range; /* of both */
	const struct mmu_hook *hook;
	struct mmu_totals *totals;
	struct mmu_range_merger merger;
	struct mmu_range *ranges;
	size_t nr, max; /* a hostile space may have any number of ranges */
	uint64_t entries;
	uint64_t unknown_va; /* incomplete: nothing is known from here on */
	bool incomplete, no_memory, stopped;
};

static void free_side(struct side *side)
{
	free(side->ranges);
}

const char *mmu_change_name(enum mmu_change change)
{
	static const char *const names[] = { "appeared", "went", "result", "moved",
					     "rights",   "size", "unknown" };

	for (unsigned int bit = 0; bit < MMU_CHANGES; bit++)
		if (change & 1u << bit)
			return names[bit];
	return NULL;
}

/* ------------------------------------------------------------------ reading a space */

static bool keep_range(const struct mmu_range *range, void *context)
{
	struct side *side = context;

	if (side->nr == side->max)
		return false;
	if (!mmu_list_room(&side->ranges, side->nr, sizeof(*side->ranges))) {
		side->no_memory = true;
		return false;
	}
	side->ranges[side->nr++] = *range;
	return true;
}

static bool keep_leaf(const struct mmu_walk *walk, uint64_t last_va, void *context)
{
	struct side *side = context;

	if (++side->entries % MMU_HOOK_EVERY == 0 &&
	    mmu_hook_stops(side->hook, MMU_PHASE_TABLES, side->entries, 0)) {
		side->stopped = true;
		return false;
	}
	mmu_totals_add(side->totals, walk, last_va);
	return mmu_range_merge(walk, last_va, &side->merger);
}

static void read_side(struct side *side, struct mmu_space *space, const struct mmu_va_range *range)
{
	const struct mmu_image *image = space->memory.kernel->image;
	const struct mmu_regime *regime = mmu_walker_regime(&space->walker);
	struct mmu_tally leaves = { .kept = false };

	side->max = 2 * (size_t)image->most_pages;
	if (side->max < MIN_RANGES)
		side->max = MIN_RANGES;
	side->merger = (struct mmu_range_merger){ .fn = keep_range,
						  .context = side,
						  .page_lg2 = regime->page_lg2 };
	mmu_space_visit_leaves(space, range->first_va, range->last_va, true, keep_leaf, side,
			       &leaves);
	if (leaves.end != MMU_LEAVES_STOPPED && !mmu_range_flush(&side->merger))
		leaves.end = MMU_LEAVES_STOPPED;
	if (leaves.end == MMU_LEAVES_STOPPED && side->nr == side->max)
		leaves.end = MMU_LEAVES_TOO_MANY;
	mmu_totals_finish(side->totals, regime, &leaves);
	side->incomplete = leaves.end != MMU_LEAVES_ALL;
	side->unknown_va = side->nr ? side->ranges[side->nr - 1].last_va + 1 : range->first_va;
}

/* ------------------------------------------------------------------ address by address */

static bool is_unknown(enum mmu_result result)
{
	return result >= MMU_RESULT_FILTERED && result <= MMU_RESULT_UNREADABLE;
}

uint32_t mmu_range_changes(const struct mmu_range *first, const struct mmu_range *second)
{
	uint32_t ret = 0;

	if (is_unknown(first->result) || is_unknown(second->result))
		return MMU_CHANGE_UNKNOWN;
	if (first->result != second->result) {
		if (first->result == MMU_RESULT_EMPTY)
			return MMU_CHANGE_APPEARED;
		if (second->result == MMU_RESULT_EMPTY)
			return MMU_CHANGE_WENT;
		ret |= MMU_CHANGE_RESULT;
	} else if (first->rights != second->rights) {
		ret |= MMU_CHANGE_RIGHTS; /* with another result other rights say nothing new */
	}
	if (first->has_pa && second->has_pa) {
		ret |= first->pa != second->pa ? MMU_CHANGE_MOVED : 0;
		ret |= first->page_bytes != second->page_bytes ? MMU_CHANGE_SIZE : 0;
	}
	if (first->result != second->result)
		return ret;
	if (first->has_target && second->has_target)
		ret |= first->target_pa != second->target_pa ? MMU_CHANGE_MOVED : 0;
	else if (first->swap_type != second->swap_type || first->swap_offset != second->swap_offset)
		/* a marker's offset is no place */
		ret |= first->result == MMU_RESULT_SWAPPED ? MMU_CHANGE_MOVED : MMU_CHANGE_RESULT;
	return ret;
}

/* Both sides of a difference go on, or are empty and stay so. */
static bool append_side(struct mmu_range *range, const struct mmu_range *next,
			unsigned int page_lg2)
{
	if (range->result != MMU_RESULT_EMPTY)
		return mmu_range_append(range, next, page_lg2);
	if (next->result != MMU_RESULT_EMPTY)
		return false;
	range->last_va = next->last_va;
	return true;
}

static bool add_difference(struct mmu_comparison *ret, uint32_t changes,
			   const struct mmu_range sides[2], unsigned int page_lg2)
{
	size_t nr = ret->nr_differences;
	struct mmu_whole_difference *last = nr ? &ret->differences[nr - 1] : NULL;

	if (last && last->changes == changes && last->last_va + 1 == sides[0].first_va) {
		struct mmu_range longer[2] = { last->side[0], last->side[1] };

		if (append_side(&longer[0], &sides[0], page_lg2) &&
		    append_side(&longer[1], &sides[1], page_lg2)) {
			memcpy(last->side, longer, sizeof(longer));
			last->last_va = sides[0].last_va;
			return true;
		}
	}
	if (!mmu_list_room(&ret->differences, nr, sizeof(*ret->differences)))
		return false;
	ret->differences[ret->nr_differences++] =
		(struct mmu_whole_difference){ .first_va = sides[0].first_va,
					       .last_va = sides[0].last_va,
					       .changes = changes,
					       .side = { sides[0], sides[1] } };
	return true;
}

static bool add_piece(struct mmu_comparison *ret, const struct mmu_range sides[2],
		      unsigned int page_lg2)
{
	uint32_t changes = mmu_range_changes(&sides[0], &sides[1]);
	uint64_t bytes = sides[0].last_va - sides[0].first_va + 1;

	if (!changes) {
		ret->same_bytes += sides[0].result == MMU_RESULT_EMPTY ? 0 : bytes;
		return true;
	}
	for (unsigned int bit = 0; bit < MMU_CHANGES; bit++)
		ret->changed_bytes[bit] += changes >> bit & 1 ? bytes : 0;
	return add_difference(ret, changes, sides, page_lg2);
}

/* What a side has at `va`, up to last_va at most: a part of a range, or nothing. */
static struct mmu_range side_at(const struct side *side, size_t *next, uint64_t va,
				uint64_t last_va)
{
	const struct mmu_range *range;

	while (*next < side->nr && side->ranges[*next].last_va < va)
		(*next)++;
	range = *next < side->nr ? &side->ranges[*next] : NULL;
	if (!range || range->first_va > last_va)
		return (struct mmu_range){ va, last_va, .result = MMU_RESULT_EMPTY };
	if (range->first_va > va)
		return (struct mmu_range){ va, range->first_va - 1, .result = MMU_RESULT_EMPTY };
	return mmu_range_part(range, va, range->last_va < last_va ? range->last_va : last_va,
			      side->merger.page_lg2);
}

/* All that is asked of either side: where the other has no addresses it has nothing there. */
static struct mmu_va_range both_ranges(const struct mmu_va_range range[2])
{
	const struct mmu_va_range *first = &range[0], *second = &range[1];

	return (struct mmu_va_range){
		first->first_va < second->first_va ? first->first_va : second->first_va,
		first->last_va > second->last_va ? first->last_va : second->last_va,
	};
}

/* @return true and the first address of which not all is known; false: everything is */
static bool unknown_from(const struct side sides[2], uint64_t *ret)
{
	if (!sides[0].incomplete && !sides[1].incomplete)
		return false;
	*ret = UINT64_MAX;
	for (unsigned int i = 0; i < 2; i++)
		if (sides[i].incomplete && sides[i].unknown_va < *ret)
			*ret = sides[i].unknown_va;
	return true;
}

/* Piece by piece, each of which is one range or nothing on both sides. */
static bool compare_addresses(const struct side sides[2], struct mmu_comparison *ret)
{
	struct mmu_va_range range = both_ranges(sides[0].range);
	unsigned int page_lg2 = sides[0].merger.page_lg2;
	uint64_t va = range.first_va, last_va = range.last_va, unknown_va = 0;
	size_t next[2] = { 0, 0 };
	bool cut = unknown_from(sides, &unknown_va) && unknown_va <= last_va;

	if (cut)
		last_va = unknown_va - 1;
	while (!(cut && unknown_va <= va)) {
		struct mmu_range piece[2] = { side_at(&sides[0], &next[0], va, last_va),
					      side_at(&sides[1], &next[1], va, last_va) };
		uint64_t end = piece[0].last_va < piece[1].last_va ? piece[0].last_va
								   : piece[1].last_va;

		piece[0].last_va = piece[1].last_va = end;
		if (!add_piece(ret, piece, page_lg2))
			return false;
		if (end == last_va)
			break;
		va = end + 1;
	}
	if (!cut)
		return true;
	struct mmu_range rest = { .first_va = unknown_va > range.first_va ? unknown_va
									  : range.first_va,
				  .last_va = range.last_va,
				  .result = MMU_RESULT_UNREADABLE };
	return add_piece(ret, (struct mmu_range[]){ rest, rest }, page_lg2);
}

/* ------------------------------------------------------------------ all of it */

static struct mmu_error *compare(const struct side sides[2], struct mmu_comparison *ret)
{
	const struct mmu_range *const ranges[2] = { sides[0].ranges, sides[1].ranges };

	if (ret->by_address && !compare_addresses(sides, ret))
		return mmu_error_no_memory();
	if (!ret->by_frame)
		return NULL;
	return mmu_frames_share(ranges, (size_t[]){ sides[0].nr, sides[1].nr }, ret);
}

struct mmu_error *mmu_spaces_compare(struct mmu_space *first, struct mmu_space *second,
				     const struct mmu_va_range range[2],
				     const struct mmu_hook *hook, struct mmu_comparison **ret)
{
	struct mmu_comparison *comparison MMU_CLEANUP(cleanup_comparison) =
		calloc(1, sizeof(*comparison));
	struct side first_side MMU_CLEANUP(free_side) = { .range = range, .hook = hook };
	struct side second_side MMU_CLEANUP(free_side) = { .range = range, .hook = hook };

	if (!comparison)
		return mmu_error_no_memory();
	first_side.totals = &comparison->totals[0];
	second_side.totals = &comparison->totals[1];
	read_side(&first_side, first, &range[0]);
	if (!first_side.stopped)
		read_side(&second_side, second, &range[1]);
	if (first_side.no_memory || second_side.no_memory)
		return mmu_error_no_memory();
	if (first_side.stopped || second_side.stopped)
		return mmu_error_new(MMU_ERROR_STOPPED, "cancelled by the caller");
	comparison->by_address = first->walker.arch == second->walker.arch;
	comparison->by_frame = first->memory.kernel == second->memory.kernel;
	struct mmu_error *error = compare((struct side[]){ first_side, second_side }, comparison);
	if (error)
		return error;
	*ret = mmu_steal(comparison);
	return NULL;
}

void mmu_comparison_destroy(struct mmu_comparison *comparison)
{
	if (!comparison)
		return;
	free(comparison->differences);
	free(comparison->shared);
	free(comparison);
}
