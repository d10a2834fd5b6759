/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Two spaces, compared address by address and frame by frame, as they are read. */
#include <stdlib.h>
#include <string.h>

#include "analysis/compare.h"
#include "base/cleanup.h"

MMU_CLEANUP_TYPE(comparison, struct mmu_comparison *, mmu_comparison_destroy)
MMU_CLEANUP_TYPE(differences, struct mmu_differences *, mmu_differences_close)

/* One space, as it is read. */
struct side {
	struct mmu_space_sweep *sweep;
	const struct mmu_hook *hook;
	struct mmu_totals *totals;     /* to add up; NULL: they are known */
	struct mmu_frame_index *count; /* to count in; NULL: it is made */
	unsigned int page_lg2;
	size_t at;
	const struct mmu_swept *now; /* NULL: there is no more */
	bool more;
	uint64_t entries;
	uint64_t unknown_va; /* incomplete: nothing is known from here on */
	bool incomplete, stopped;
};

struct mmu_differences {
	struct side own[2], *side[2]; /* the same tables twice are read once: one side for both */
	uint64_t va, last_va;         /* what is left */
	bool ended, has_open;
	bool same_frames; /* so far both had the same frames at the same addresses */
	struct mmu_whole_difference open, told;
	struct mmu_comparison *sums; /* to add up; NULL: they are known */
};

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

/* On to the next range. */
static void advance(struct side *side)
{
	struct mmu_sweep *sweep = &side->sweep->sweep;

	if (side->now)
		side->unknown_va = side->now->last_va + 1;
	side->at++;
	while (side->at >= sweep->nr_ready && side->more) {
		side->stopped = mmu_hook_stops(side->hook, MMU_PHASE_TABLES, side->entries, 0);
		side->more = !side->stopped && mmu_sweep_go_on(sweep);
		side->at = side->stopped ? sweep->nr_ready : 0;
	}
	side->now = side->at < sweep->nr_ready ? &sweep->ranges[side->at] : NULL;
	if (!side->now) {
		side->incomplete = sweep->tally.end != MMU_LEAVES_ALL;
		return;
	}
	side->entries += side->now->entries;
	if (side->totals)
		mmu_totals_add(side->totals, side->now);
	if (side->count)
		mmu_frame_index_count(side->count, (const struct mmu_range *)side->now);
}

static bool begin_side(struct side *side, struct mmu_space *space, const struct mmu_va_range *range)
{
	side->sweep = mmu_space_sweep_open(space, range->first_va, range->last_va);
	side->unknown_va = range->first_va;
	side->page_lg2 = mmu_walker_regime(&space->walker)->page_lg2;
	side->more = true;
	if (side->sweep)
		advance(side);
	return side->sweep;
}

/* ------------------------------------------------------------------ address by address */

uint32_t mmu_range_changes(const struct mmu_range *first, const struct mmu_range *second)
{
	uint32_t ret = 0;

	if (mmu_result_is_unknown(first->result) || mmu_result_is_unknown(second->result))
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

/* All that is asked of either side: where the other has no addresses it has nothing there. */
static struct mmu_va_range both_ranges(const struct mmu_va_range range[2])
{
	const struct mmu_va_range *first = &range[0], *second = &range[1];

	return (struct mmu_va_range){
		first->first_va < second->first_va ? first->first_va : second->first_va,
		first->last_va > second->last_va ? first->last_va : second->last_va,
	};
}

/* What a side has at `va`, up to last_va at most: a part of a range, or nothing. */
static struct mmu_range side_at(const struct side *side, uint64_t va, uint64_t last_va)
{
	const struct mmu_range *range = (const struct mmu_range *)side->now;

	if (!range || range->first_va > last_va)
		return (struct mmu_range){ va, last_va, .result = MMU_RESULT_EMPTY };
	if (range->first_va > va)
		return (struct mmu_range){ va, range->first_va - 1, .result = MMU_RESULT_EMPTY };
	return mmu_range_part(range, va, range->last_va < last_va ? range->last_va : last_va,
			      side->page_lg2);
}

/* @return true and the first address of which not all is known; false: everything is so far */
static bool unknown_from(const struct mmu_differences *differences, uint64_t *ret)
{
	bool unknown = false;

	for (unsigned int i = 0; i < 2; i++) {
		const struct side *side = differences->side[i];

		if (side->now || !side->incomplete || side->unknown_va > differences->last_va ||
		    (unknown && side->unknown_va >= *ret))
			continue;
		*ret = side->unknown_va;
		unknown = true;
	}
	return unknown;
}

/* All up to `end` was looked at. */
static void pass(struct mmu_differences *differences, uint64_t end)
{
	for (unsigned int i = 0; i < 2; i++)
		while (differences->side[i]->now && differences->side[i]->now->last_va <= end)
			advance(differences->side[i]);
	if (end == differences->last_va)
		differences->ended = true;
	differences->va = end + 1;
}

/* Most often both sides have the same, as a whole. @return false: not here */
static bool pass_same(struct mmu_differences *differences)
{
	const struct mmu_swept *one = differences->side[0]->now, *other = differences->side[1]->now;
	uint64_t last_va;

	if (!one || !other || one->first_va != differences->va ||
	    other->first_va != differences->va || one->last_va != other->last_va ||
	    (one == other ? mmu_result_is_unknown(one->result)
			  : mmu_range_changes((const struct mmu_range *)one,
					      (const struct mmu_range *)other)))
		return false;
	if (one->has_pa != other->has_pa)
		differences->same_frames = false;
	last_va = one->last_va;
	if (differences->sums)
		differences->sums->same_bytes += last_va - differences->va + 1;
	pass(differences, last_va);
	return true;
}

/* The next piece: one range or nothing on both sides. */
static void next_piece(struct mmu_differences *differences, struct mmu_range piece[2])
{
	uint64_t va = differences->va, last_va = differences->last_va, unknown_va = 0;

	if (unknown_from(differences, &unknown_va)) {
		if (unknown_va <= va) {
			piece[0] = (struct mmu_range){ va, last_va,
						       .result = MMU_RESULT_UNREADABLE };
			piece[1] = piece[0];
			differences->same_frames = false;
			differences->ended = true;
			return;
		}
		last_va = unknown_va - 1;
	}
	piece[0] = side_at(differences->side[0], va, last_va);
	piece[1] = side_at(differences->side[1], va, last_va);
	if (piece[0].result != MMU_RESULT_EMPTY || piece[1].result != MMU_RESULT_EMPTY)
		differences->same_frames = false; /* or the same in other ranges */
	last_va = piece[0].last_va < piece[1].last_va ? piece[0].last_va : piece[1].last_va;
	piece[0].last_va = piece[1].last_va = last_va;
	pass(differences, last_va);
}

static void sum_up(struct mmu_comparison *sums, const struct mmu_range piece[2], uint32_t changes)
{
	uint64_t bytes = piece[0].last_va - piece[0].first_va + 1;

	if (!changes)
		sums->same_bytes += piece[0].result == MMU_RESULT_EMPTY ? 0 : bytes;
	for (; changes; changes &= changes - 1)
		sums->changed_bytes[__builtin_ctz(changes)] += bytes;
}

/* Does the piece make the open difference longer? */
static bool join(struct mmu_differences *differences, const struct mmu_range piece[2],
		 uint32_t changes)
{
	struct mmu_whole_difference *open = &differences->open;
	struct mmu_range longer[2];

	if (!differences->has_open || open->changes != changes ||
	    open->last_va + 1 != piece[0].first_va)
		return false;
	memcpy(longer, open->side, sizeof(longer));
	if (!append_side(&longer[0], &piece[0], differences->side[0]->page_lg2) ||
	    !append_side(&longer[1], &piece[1], differences->side[0]->page_lg2))
		return false;
	memcpy(open->side, longer, sizeof(longer));
	open->last_va = piece[0].last_va;
	return true;
}

/* Member by member: a struct of this size that is set as a whole is cleared byte by byte. */
static void begin_difference(struct mmu_whole_difference *ret, const struct mmu_range piece[2],
			     uint32_t changes)
{
	ret->first_va = piece[0].first_va;
	ret->last_va = piece[0].last_va;
	ret->changes = changes;
	memcpy(ret->side, piece, sizeof(ret->side));
}

/* @return true: differences->told is the next */
static bool step(struct mmu_differences *differences)
{
	struct mmu_range piece[2];
	bool told = false;

	while (!told && !differences->ended) {
		if (pass_same(differences))
			continue;
		next_piece(differences, piece);
		uint32_t changes = mmu_range_changes(&piece[0], &piece[1]);
		if (differences->sums)
			sum_up(differences->sums, piece, changes);
		if (!changes || join(differences, piece, changes))
			continue;
		told = differences->has_open;
		if (told)
			differences->told = differences->open;
		begin_difference(&differences->open, piece, changes);
		differences->has_open = true;
	}
	if (!told && differences->has_open) {
		told = true;
		differences->told = differences->open;
		differences->has_open = false;
	}
	return told;
}

static bool is_stopped(const struct mmu_differences *differences)
{
	return differences->side[0]->stopped || differences->side[1]->stopped;
}

static struct mmu_error *stopped(void)
{
	return mmu_error_new(MMU_ERROR_STOPPED, "cancelled by the caller");
}

/* Are both sides the same part of the same tables, read with the same knowledge? */
static bool is_one(const struct mmu_comparison *comparison)
{
	const struct mmu_space *first = comparison->space[0], *second = comparison->space[1];

	return first->memory.kernel == second->memory.kernel && first->mm_va == second->mm_va &&
	       first->walker.arch == second->walker.arch &&
	       first->walker.swap == second->walker.swap &&
	       first->walker.regimes->nr == second->walker.regimes->nr &&
	       !memcmp(first->walker.regimes->regime, second->walker.regimes->regime,
		       first->walker.regimes->nr * sizeof(first->walker.regimes->regime[0])) &&
	       !memcmp(&comparison->range[0], &comparison->range[1], sizeof(comparison->range[0]));
}

/* @param sums  what is to be found out on the way; NULL: that is known */
static struct mmu_error *begin(struct mmu_comparison *comparison, struct mmu_comparison *sums,
			       struct mmu_differences **ret)
{
	struct mmu_differences *differences MMU_CLEANUP(cleanup_differences) =
		calloc(1, sizeof(*differences));
	struct mmu_va_range range = both_ranges(comparison->range);

	if (!differences)
		return mmu_error_no_memory();
	differences->sums = sums;
	differences->va = range.first_va;
	differences->last_va = range.last_va;
	differences->ended = !comparison->by_address || comparison->set; /* there are none */
	differences->same_frames = comparison->by_address;
	differences->side[0] = differences->side[1] = &differences->own[0];
	for (unsigned int i = 0; i < (is_one(comparison) ? 1 : 2); i++) {
		struct side *side = differences->side[i] = &differences->own[i];

		side->hook = &comparison->hook;
		side->totals = sums ? &sums->totals[i] : NULL;
		side->count = sums ? sums->frames[i] : NULL;
		if (!begin_side(side, comparison->space[i], &comparison->range[i]))
			return mmu_error_no_memory();
		if (side->stopped)
			return stopped();
	}
	*ret = mmu_steal(differences);
	return NULL;
}

struct mmu_error *mmu_differences_open(struct mmu_comparison *comparison,
				       struct mmu_differences **ret)
{
	return begin(comparison, NULL, ret);
}

struct mmu_error *mmu_differences_next(struct mmu_differences *differences,
				       const struct mmu_difference **ret)
{
	bool told = step(differences);

	if (is_stopped(differences))
		return stopped();
	*ret = told ? (const struct mmu_difference *)&differences->told : NULL;
	return NULL;
}

void mmu_differences_close(struct mmu_differences *differences)
{
	if (!differences)
		return;
	mmu_space_sweep_close(differences->own[0].sweep);
	mmu_space_sweep_close(differences->own[1].sweep);
	free(differences);
}

/* ------------------------------------------------------------------ all of it */

static void drop_index(struct mmu_frame_index *index)
{
	if (index)
		mmu_frame_index_release(index);
	free(index);
}

/* One index for both. */
static void share_index(struct mmu_comparison *comparison)
{
	if (!comparison->by_frame)
		return;
	drop_index(comparison->frames[1]);
	comparison->frames[1] = comparison->frames[0];
}

/* The first pass: sums, totals, and how many frames begin where. */
static struct mmu_error *count_all(struct mmu_comparison *comparison)
{
	struct mmu_differences *differences MMU_CLEANUP(cleanup_differences) = NULL;
	struct mmu_error *error = begin(comparison, comparison, &differences);

	if (error)
		return error;
	while (step(differences) && !is_stopped(differences))
		comparison->nr_differences++;
	for (unsigned int i = 0; i < 2; i++) {
		struct side *side = differences->side[i];

		while (side->now) /* what lies where nothing is known of the other side */
			advance(side);
		if (side->totals != &comparison->totals[i]) { /* counted for both */
			comparison->totals[i] = *side->totals;
			continue;
		}
		mmu_totals_finish(&comparison->totals[i],
				  mmu_walker_regime(&comparison->space[i]->walker),
				  &side->sweep->sweep.tally);
	}
	if (differences->same_frames || differences->side[0] == differences->side[1])
		share_index(comparison);
	return is_stopped(differences) ? stopped() : NULL;
}

/* The second pass over a side: its frames, in order. */
static struct mmu_error *index_side(struct mmu_comparison *comparison, unsigned int i)
{
	struct mmu_frame_index *index = comparison->frames[i];
	struct side side = { .hook = &comparison->hook };
	bool filled = mmu_frame_index_make(index) &&
		      begin_side(&side, comparison->space[i], &comparison->range[i]);

	for (; filled && side.now; advance(&side))
		mmu_frame_index_add(index, (const struct mmu_range *)side.now);
	mmu_space_sweep_close(side.sweep);
	if (side.stopped)
		return stopped();
	return filled && mmu_frame_index_finish(index) ? NULL : mmu_error_no_memory();
}

static struct mmu_error *compare(struct mmu_comparison *comparison)
{
	struct mmu_error *error;

	if (comparison->by_address && is_one(comparison) &&
	    !comparison->space[0]->memory.kernel->image->live) {
		error = mmu_same_count(comparison);
		if (error || comparison->set)
			return error;
	}
	for (unsigned int i = 0; comparison->by_frame && i < 2; i++) {
		comparison->frames[i] = malloc(sizeof(*comparison->frames[i]));
		if (!comparison->frames[i])
			return mmu_error_no_memory();
		mmu_frame_index_init(comparison->frames[i],
				     comparison->space[i]->memory.kernel->image);
	}
	error = count_all(comparison);
	for (unsigned int i = 0; !error && comparison->by_frame && i < 2; i++)
		if (i == 0 || comparison->frames[1] != comparison->frames[0])
			error = index_side(comparison, i);
	if (!error && comparison->by_frame)
		mmu_shared_sum(comparison->frames, &comparison->nr_shared,
			       &comparison->shared_bytes);
	return error;
}

struct mmu_error *mmu_spaces_compare(struct mmu_space *first, struct mmu_space *second,
				     const struct mmu_va_range range[2],
				     const struct mmu_hook *hook, struct mmu_comparison **ret)
{
	struct mmu_comparison *comparison MMU_CLEANUP(cleanup_comparison) =
		calloc(1, sizeof(*comparison));

	if (!comparison)
		return mmu_error_no_memory();
	comparison->space[0] = first;
	comparison->space[1] = second;
	memcpy(comparison->range, range, sizeof(comparison->range));
	comparison->hook = *hook;
	comparison->by_address = first->walker.arch == second->walker.arch;
	comparison->by_frame = first->memory.kernel == second->memory.kernel;
	struct mmu_error *error = compare(comparison);
	if (error)
		return error;
	*ret = mmu_steal(comparison);
	return NULL;
}

void mmu_comparison_destroy(struct mmu_comparison *comparison)
{
	if (!comparison)
		return;
	if (comparison->frames[1] != comparison->frames[0])
		drop_index(comparison->frames[1]);
	drop_index(comparison->frames[0]);
	mmu_frame_set_destroy(comparison->set);
	free(comparison);
}
