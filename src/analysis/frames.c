/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The frames of a space, ordered by physical address. */
#include <stdlib.h>
#include <string.h>

#include "analysis/frames.h"
#include "base/huge.h"

/* What is said of an invented number of mappings. */
#define TIMES_MAX (((uint64_t)1 << 56) - 1)

void mmu_frame_index_init(struct mmu_frame_index *index, const struct mmu_image *image)
{
	uint64_t last_pa = image->nr_ram ? image->ram[image->nr_ram - 1].last_pa : 0;

	*index = (struct mmu_frame_index){ .piece_lg2 = 12 };
	while (last_pa >> index->piece_lg2 >= MMU_FRAME_PIECES)
		index->piece_lg2++;
}

void mmu_frame_index_release(struct mmu_frame_index *index)
{
	free(index->items);
	free(index->ends);
}

/* The piece in which a range's frames begin. @return false: it has none */
static bool piece_of(const struct mmu_frame_index *index, const struct mmu_range *range,
		     uint64_t *ret_last_pa, size_t *ret)
{
	*ret_last_pa = range->pa + (range->last_va - range->first_va);
	if (!range->has_pa || *ret_last_pa < range->pa)
		return false;
	*ret = range->pa >> index->piece_lg2;
	if (*ret >= MMU_FRAME_PIECES) /* behind all memory */
		*ret = MMU_FRAME_PIECES - 1;
	return true;
}

void mmu_frame_index_count(struct mmu_frame_index *index, const struct mmu_range *range)
{
	uint64_t last_pa;
	size_t piece;

	if (!piece_of(index, range, &last_pa, &piece))
		return;
	if (index->begin[piece + 1] && index->last_first_pa[piece] == range->pa &&
	    index->last_last_pa[piece] == last_pa)
		return;
	index->begin[piece + 1]++;
	index->last_first_pa[piece] = range->pa;
	index->last_last_pa[piece] = last_pa;
}

bool mmu_frame_index_make(struct mmu_frame_index *index)
{
	for (size_t piece = 0; piece < MMU_FRAME_PIECES; piece++)
		index->begin[piece + 1] += index->begin[piece];
	index->nr = index->begin[MMU_FRAME_PIECES];
	/* filled here and there: small pages would cost a fault and a TLB miss each */
	index->items = mmu_huge_alloc((index->nr + 1) * sizeof(*index->items));
	return index->items;
}

/*
 * Next to each other in a piece lie frames in the order of their addresses in the space, which is
 * the order in which the memory was handed out, mostly.
 */
void mmu_frame_index_add(struct mmu_frame_index *index, const struct mmu_range *range)
{
	uint64_t last_pa;
	size_t piece;

	if (!index->items || !piece_of(index, range, &last_pa, &piece))
		return;
	size_t at = index->begin[piece] + index->filled[piece];
	struct mmu_frames *item = &index->items[at];
	if (index->filled[piece] && item[-1].first_pa == range->pa && item[-1].last_pa == last_pa) {
		item[-1].times += item[-1].times < TIMES_MAX;
		return;
	}
	if (at >= index->begin[piece + 1]) /* another answer than in the first pass */
		return;
	*item = (struct mmu_frames){ .first_pa = range->pa,
				     .last_pa = last_pa,
				     .va = range->first_va,
				     .times = 1,
				     .rights = range->rights };
	index->filled[piece]++;
}

static int by_pa(const void *left, const void *right)
{
	const struct mmu_frames *a = left, *b = right;

	if (a->first_pa != b->first_pa)
		return a->first_pa < b->first_pa ? -1 : 1;
	return a->va < b->va ? -1 : a->va > b->va;
}

static int by_end(const void *left, const void *right)
{
	const struct mmu_frame_end *a = left, *b = right;

	return a->last_pa < b->last_pa ? -1 : a->last_pa > b->last_pa;
}

static bool make_ends(struct mmu_frame_index *index)
{
	index->ends = calloc(index->nr + 1, sizeof(*index->ends));
	if (!index->ends)
		return false;
	for (size_t i = 0; i < index->nr; i++) {
		index->ends[i].last_pa = index->items[i].last_pa;
		index->ends[i].times = index->items[i].times;
	}
	if (index->nr)
		qsort(index->ends, index->nr, sizeof(*index->ends), by_end);
	return true;
}

/*
 * Each piece holds what begins in it: only within a piece may the order be wrong.
 * @return do any overlap?
 */
static bool sort_pieces(struct mmu_frame_index *index)
{
	struct mmu_frames *items = index->items;
	bool overlap = false;

	for (size_t piece = 0, first = 0; piece < MMU_FRAME_PIECES; piece++) {
		size_t end = first + index->filled[piece];
		bool sorted = true;

		for (size_t i = first + 1; i < end && sorted; i++)
			sorted = by_pa(&items[i - 1], &items[i]) < 0;
		if (!sorted)
			qsort(&items[first], end - first, sizeof(*items), by_pa);
		for (size_t i = first ? first : 1; i < end; i++)
			overlap |= items[i].first_pa <= items[i - 1].last_pa;
		first = end;
	}
	return overlap;
}

/* Leave out what the second pass did not have. */
static void close_gaps(struct mmu_frame_index *index)
{
	size_t nr = 0;

	for (size_t piece = 0; piece < MMU_FRAME_PIECES; piece++) {
		if (index->begin[piece] != nr)
			memmove(&index->items[nr], &index->items[index->begin[piece]],
				index->filled[piece] * sizeof(*index->items));
		nr += index->filled[piece];
	}
	index->nr = nr;
}

bool mmu_frame_index_finish(struct mmu_frame_index *index)
{
	close_gaps(index);
	return !sort_pieces(index) || make_ends(index);
}

/*
 * Overlapping frames are cut into pieces that each have one number of mappings. A frame that is
 * mapped a thousand times, such as the zero page, must not make a thousand times a thousand pairs
 * later. Between two borders as many mappings are alive as have begun and not ended. The one that
 * reaches furthest stands for all.
 */
bool mmu_frames_next(struct mmu_frames_iter *iter, struct mmu_frames *ret)
{
	const struct mmu_frame_index *index = iter->index;
	const struct mmu_frames *items = index->items;
	uint64_t last;

	if (iter->ended == index->nr)
		return false;
	if (!index->ends) {
		*ret = items[iter->ended++];
		return true;
	}
	last = index->ends[iter->ended].last_pa;
	if (iter->begun == iter->ended) /* nothing is alive: on to the next beginning */
		iter->at = items[iter->begun].first_pa;
	for (; iter->begun < index->nr && items[iter->begun].first_pa == iter->at; iter->begun++) {
		iter->alive += items[iter->begun].times;
		if (!iter->furthest || items[iter->begun].last_pa > iter->furthest->last_pa)
			iter->furthest = &items[iter->begun];
	}
	if (iter->begun < index->nr && items[iter->begun].first_pa <= last)
		last = items[iter->begun].first_pa - 1;
	*ret = (struct mmu_frames){ .first_pa = iter->at,
				    .last_pa = last,
				    .va = iter->furthest->va +
					  (iter->at - iter->furthest->first_pa),
				    .times = iter->alive < TIMES_MAX ? iter->alive : TIMES_MAX,
				    .rights = iter->furthest->rights };
	for (; iter->ended < index->nr && index->ends[iter->ended].last_pa == last; iter->ended++)
		iter->alive -= index->ends[iter->ended].times;
	iter->at = last + 1;
	return true;
}
