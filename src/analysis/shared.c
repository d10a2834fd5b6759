/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The frames that two spaces share. */
#include <stdlib.h>

#include "analysis/compare.h"
#include "base/cleanup.h"

void mmu_shared_init(struct mmu_shared *shared, struct mmu_frame_index *const frames[2])
{
	*shared = (struct mmu_shared){ .has_open = false };
	for (unsigned int i = 0; i < 2; i++) {
		shared->iter[i].index = frames[i];
		shared->has[i] = frames[i] && mmu_frames_next(&shared->iter[i], &shared->now[i]);
	}
}

static bool goes_on(const struct mmu_shared_side *side, const struct mmu_shared_side *next,
		    uint64_t bytes)
{
	return next->va == side->va + bytes && next->times == side->times &&
	       next->rights == side->rights;
}

static bool join(struct mmu_whole_frames *open, const struct mmu_whole_frames *piece)
{
	uint64_t bytes = piece->first_pa - open->first_pa;

	if (piece->first_pa != open->last_pa + 1 ||
	    !goes_on(&open->side[0], &piece->side[0], bytes) ||
	    !goes_on(&open->side[1], &piece->side[1], bytes))
		return false;
	open->last_pa = piece->last_pa;
	return true;
}

/* Both sides are one, and map all their frames once. */
static bool next_same(struct mmu_shared *shared, struct mmu_whole_frames *ret)
{
	const struct mmu_frames *frames = mmu_same_frames_next(&shared->same);

	if (!frames)
		return false;
	*ret = (struct mmu_whole_frames){ .first_pa = frames->first_pa,
					  .last_pa = frames->last_pa };
	ret->side[0] = (struct mmu_shared_side){ frames->va, frames->times, frames->rights };
	ret->side[1] = ret->side[0];
	return true;
}

/* The next frames that are in both. @return false: there are none */
static bool next_piece(struct mmu_shared *shared, struct mmu_whole_frames *ret)
{
	if (shared->same.comparison)
		return next_same(shared, ret);
	while (shared->has[0] && shared->has[1]) {
		const struct mmu_frames *a = &shared->now[0], *b = &shared->now[1];
		uint64_t first = a->first_pa > b->first_pa ? a->first_pa : b->first_pa;
		uint64_t last = a->last_pa < b->last_pa ? a->last_pa : b->last_pa;
		bool a_ends = a->last_pa == last, b_ends = b->last_pa == last;

		*ret = (struct mmu_whole_frames){
			.first_pa = first,
			.last_pa = last,
			.side = { { a->va + (first - a->first_pa), a->times, a->rights },
				  { b->va + (first - b->first_pa), b->times, b->rights } },
		};
		if (a_ends)
			shared->has[0] = mmu_frames_next(&shared->iter[0], &shared->now[0]);
		if (b_ends)
			shared->has[1] = mmu_frames_next(&shared->iter[1], &shared->now[1]);
		if (first <= last)
			return true;
	}
	return false;
}

bool mmu_shared_step(struct mmu_shared *shared)
{
	struct mmu_whole_frames piece;

	while (next_piece(shared, &piece)) {
		bool told = shared->has_open;

		if (told && join(&shared->open, &piece))
			continue;
		shared->told = shared->open;
		shared->open = piece;
		shared->has_open = true;
		if (told)
			return true;
	}
	if (!shared->has_open)
		return false;
	shared->told = shared->open;
	shared->has_open = false;
	return true;
}

/* Both sides have one index, in which nothing overlaps: all of it is shared. */
static void sum_of_one(const struct mmu_frame_index *index, uint64_t *ret_nr, uint64_t *ret_bytes)
{
	uint64_t nr = index->nr, bytes = 0;

	for (size_t i = 0; i < index->nr; i++) {
		const struct mmu_frames *item = &index->items[i], *last = item - 1;

		bytes += item->last_pa - item->first_pa + 1;
		if (i && item->first_pa == last->last_pa + 1 &&
		    item->va - last->va == item->first_pa - last->first_pa &&
		    item->times == last->times && item->rights == last->rights)
			nr--;
	}
	*ret_nr = nr;
	*ret_bytes = bytes;
}

void mmu_shared_sum(struct mmu_frame_index *const frames[2], uint64_t *ret_nr, uint64_t *ret_bytes)
{
	struct mmu_shared shared;
	uint64_t nr = 0, bytes = 0;

	if (frames[0] == frames[1] && !frames[0]->ends) {
		sum_of_one(frames[0], ret_nr, ret_bytes);
		return;
	}
	mmu_shared_init(&shared, frames);
	for (; mmu_shared_step(&shared); nr++)
		bytes += shared.told.last_pa - shared.told.first_pa + 1;
	*ret_nr = nr;
	*ret_bytes = bytes;
}

struct mmu_error *mmu_shared_open(const struct mmu_comparison *comparison, struct mmu_shared **ret)
{
	struct mmu_shared *shared = malloc(sizeof(*shared));

	if (!shared)
		return mmu_error_no_memory();
	mmu_shared_init(shared, comparison->frames);
	if (comparison->set && !mmu_same_frames_open(&shared->same, comparison)) {
		mmu_shared_close(shared);
		return mmu_error_no_memory();
	}
	*ret = shared;
	return NULL;
}

const struct mmu_shared_frames *mmu_shared_next(struct mmu_shared *shared)
{
	return mmu_shared_step(shared) ? (const struct mmu_shared_frames *)&shared->told : NULL;
}

void mmu_shared_close(struct mmu_shared *shared)
{
	if (!shared)
		return;
	mmu_same_frames_close(&shared->same);
	free(shared);
}
