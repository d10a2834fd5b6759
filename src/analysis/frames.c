/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The frames that two spaces share. */
#include <stdlib.h>

#include "analysis/frames.h"
#include "base/list.h"
#include "base/cleanup.h"

/* Frames of one side, each once, ascending. */
struct frames {
	uint64_t first_pa, last_pa;
	uint64_t va; /* of first_pa, in the mapping that stands for all of them */
	uint64_t times;
	uint8_t rights;
};

struct frame_list {
	struct frames *items;
	size_t nr;
};

static void free_list(struct frame_list *list)
{
	free(list->items);
}

static int by_pa(const void *left, const void *right)
{
	const struct frames *a = left, *b = right;

	if (a->first_pa != b->first_pa)
		return a->first_pa < b->first_pa ? -1 : 1;
	return a->va < b->va ? -1 : a->va > b->va;
}

static int by_number(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

/* Every range with a page, ordered by physical address. */
static bool collect(const struct mmu_range *ranges, size_t nr, struct frame_list *ret)
{
	for (size_t i = 0; i < nr; i++) {
		const struct mmu_range *range = &ranges[i];
		uint64_t last_pa = range->pa + (range->last_va - range->first_va);

		if (!range->has_pa || last_pa < range->pa)
			continue;
		if (!mmu_list_room(&ret->items, ret->nr, sizeof(*ret->items)))
			return false;
		ret->items[ret->nr++] = (struct frames){ .first_pa = range->pa,
							 .last_pa = last_pa,
							 .va = range->first_va,
							 .rights = range->rights };
	}
	if (ret->nr)
		qsort(ret->items, ret->nr, sizeof(*ret->items), by_pa);
	return true;
}

/*
 * Cut overlapping ranges into pieces that each have one number of mappings. A frame that is mapped
 * a thousand times, such as the zero page, must not make a thousand times a thousand pairs later.
 * `from` is ordered by its beginnings, `ends` holds its ends in order: between two borders as many
 * mappings are alive as have begun and not ended. The one that reaches furthest stands for all.
 */
static bool flatten(const struct frame_list *from, const uint64_t *ends, struct frame_list *ret)
{
	const struct frames *furthest = NULL;
	size_t begun = 0, ended = 0;
	uint64_t at = 0;

	while (ended < from->nr) {
		uint64_t last = ends[ended];

		if (begun == ended) /* nothing is alive: on to the next beginning */
			at = from->items[begun].first_pa;
		for (; begun < from->nr && from->items[begun].first_pa == at; begun++)
			if (!furthest || from->items[begun].last_pa > furthest->last_pa)
				furthest = &from->items[begun];
		if (begun < from->nr && from->items[begun].first_pa <= last)
			last = from->items[begun].first_pa - 1;
		if (!mmu_list_room(&ret->items, ret->nr, sizeof(*ret->items)))
			return false;
		ret->items[ret->nr++] =
			(struct frames){ .first_pa = at,
					 .last_pa = last,
					 .va = furthest->va + (at - furthest->first_pa),
					 .times = begun - ended,
					 .rights = furthest->rights };
		while (ended < from->nr && ends[ended] == last)
			ended++;
		at = last + 1;
	}
	return true;
}

static bool frames_of(const struct mmu_range *ranges, size_t nr, struct frame_list *ret)
{
	struct frame_list all MMU_CLEANUP(free_list) = { 0 };
	uint64_t *ends MMU_FREE = NULL;
	bool sorted = true; /* so are ends of pieces that don't overlap, as those of most spaces */

	if (!collect(ranges, nr, &all))
		return false;
	ends = calloc(all.nr + 1, sizeof(*ends));
	if (!ends)
		return false;
	for (size_t i = 0; i < all.nr; i++) {
		ends[i] = all.items[i].last_pa;
		sorted = sorted && (i == 0 || ends[i - 1] <= ends[i]);
	}
	if (!sorted)
		qsort(ends, all.nr, sizeof(*ends), by_number);
	return flatten(&all, ends, ret);
}

static bool goes_on(const struct mmu_shared_side *side, const struct mmu_shared_side *next,
		    uint64_t bytes)
{
	return next->va == side->va + bytes && next->times == side->times &&
	       next->rights == side->rights;
}

/* Add a piece to the result, or make the last one longer. */
static bool add(struct mmu_comparison *ret, const struct mmu_whole_frames *piece)
{
	struct mmu_whole_frames *last = ret->nr_shared ? &ret->shared[ret->nr_shared - 1] : NULL;
	uint64_t bytes = last ? piece->first_pa - last->first_pa : 0;

	ret->shared_bytes += piece->last_pa - piece->first_pa + 1;
	if (last && piece->first_pa == last->last_pa + 1 &&
	    goes_on(&last->side[0], &piece->side[0], bytes) &&
	    goes_on(&last->side[1], &piece->side[1], bytes)) {
		last->last_pa = piece->last_pa;
		return true;
	}
	if (!mmu_list_room(&ret->shared, ret->nr_shared, sizeof(*ret->shared)))
		return false;
	ret->shared[ret->nr_shared++] = *piece;
	return true;
}

static bool intersect(const struct frame_list lists[2], struct mmu_comparison *ret)
{
	const struct frames *a = lists[0].items, *a_end = a + lists[0].nr;
	const struct frames *b = lists[1].items, *b_end = b + lists[1].nr;

	while (a < a_end && b < b_end) {
		uint64_t first = a->first_pa > b->first_pa ? a->first_pa : b->first_pa;
		uint64_t last = a->last_pa < b->last_pa ? a->last_pa : b->last_pa;
		struct mmu_whole_frames piece = {
			.first_pa = first,
			.last_pa = last,
			.side = { { a->va + (first - a->first_pa), a->times, a->rights },
				  { b->va + (first - b->first_pa), b->times, b->rights } },
		};
		bool a_ends = a->last_pa == last, b_ends = b->last_pa == last;

		if (first <= last && !add(ret, &piece))
			return false;
		a += a_ends;
		b += b_ends;
	}
	return true;
}

struct mmu_error *mmu_frames_share(const struct mmu_range *const ranges[2], const size_t nr[2],
				   struct mmu_comparison *ret)
{
	struct frame_list first MMU_CLEANUP(free_list) = { 0 };
	struct frame_list second MMU_CLEANUP(free_list) = { 0 };

	if (!frames_of(ranges[0], nr[0], &first) || !frames_of(ranges[1], nr[1], &second) ||
	    !intersect((struct frame_list[]){ first, second }, ret))
		return mmu_error_no_memory();
	return NULL;
}
