/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Resolving overlaps: a sweep over the ranges with a heap of those that are open. */
#include <stdlib.h>

#include "base/cleanup.h"
#include "image/extent.h"

struct sweep {
	const struct mmu_extent *in;
	size_t nr_in, next;             /* inputs from `next` on have not begun */
	const struct mmu_extent **heap; /* those that have, the best rank first */
	size_t nr_heap;
	struct mmu_extent *out;
	size_t nr_out;
};

static int compare_extents(const void *left, const void *right)
{
	const struct mmu_extent *a = left, *b = right;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a->rank < b->rank ? -1 : a->rank > b->rank;
}

static void heap_push(struct sweep *sweep, const struct mmu_extent *extent)
{
	size_t i = sweep->nr_heap++;

	for (; i && sweep->heap[(i - 1) / 2]->rank > extent->rank; i = (i - 1) / 2)
		sweep->heap[i] = sweep->heap[(i - 1) / 2];
	sweep->heap[i] = extent;
}

static void heap_pop(struct sweep *sweep)
{
	const struct mmu_extent *extent = sweep->heap[--sweep->nr_heap];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= sweep->nr_heap)
			break;
		if (child + 1 < sweep->nr_heap &&
		    sweep->heap[child + 1]->rank < sweep->heap[child]->rank)
			child++;
		if (extent->rank < sweep->heap[child]->rank)
			break;
		sweep->heap[i] = sweep->heap[child];
		i = child;
	}
	sweep->heap[i] = extent;
}

/* Put out [first, last] of `from`, as one with the piece before where that came from it as well. */
static void emit(struct sweep *sweep, const struct mmu_extent *from, uint64_t first, uint64_t last)
{
	struct mmu_extent *before = sweep->nr_out ? &sweep->out[sweep->nr_out - 1] : NULL;

	if (before && before->rank == from->rank && before->last + 1 == first) {
		before->last = last;
		return;
	}
	sweep->out[sweep->nr_out] = *from;
	sweep->out[sweep->nr_out].first = first;
	sweep->out[sweep->nr_out].last = last;
	sweep->out[sweep->nr_out++].at += first - from->first;
}

static void run_sweep(struct sweep *sweep)
{
	uint64_t at = 0;

	for (;;) {
		while (sweep->nr_heap && sweep->heap[0]->last < at)
			heap_pop(sweep);
		if (!sweep->nr_heap) {
			if (sweep->next == sweep->nr_in)
				return;
			at = sweep->in[sweep->next].first;
		}
		while (sweep->next < sweep->nr_in && sweep->in[sweep->next].first <= at)
			heap_push(sweep, &sweep->in[sweep->next++]);

		const struct mmu_extent *best = sweep->heap[0];
		uint64_t last = best->last;
		while (sweep->next < sweep->nr_in && sweep->in[sweep->next].first <= last) {
			if (sweep->in[sweep->next].rank < best->rank) {
				last = sweep->in[sweep->next].first - 1;
				break;
			}
			heap_push(sweep, &sweep->in[sweep->next++]);
		}
		emit(sweep, best, at, last);
		if (last == UINT64_MAX)
			return;
		at = last + 1;
	}
}

static bool is_disjoint(const struct mmu_extent *list, size_t nr)
{
	for (size_t i = 1; i < nr; i++)
		if (list[i - 1].last >= list[i].first)
			return false;
	return true;
}

struct mmu_error *mmu_extents_resolve(struct mmu_extent **list, size_t *nr)
{
	bool sorted = true;

	for (size_t i = 1; i < *nr && sorted; i++)
		sorted = compare_extents(&(*list)[i - 1], &(*list)[i]) < 0;
	if (!sorted)
		qsort(*list, *nr, sizeof(**list), compare_extents);
	if (is_disjoint(*list, *nr))
		return NULL;

	/* Every piece begins or ends where an input does. */
	MMU_FREE const struct mmu_extent **heap = calloc(*nr, sizeof(*heap));
	MMU_FREE struct mmu_extent *out = calloc(*nr, 2 * sizeof(*out));
	if (!heap || !out)
		return mmu_error_no_memory();
	struct sweep sweep = { .in = *list, .nr_in = *nr, .heap = heap, .out = out };
	run_sweep(&sweep);
	free(*list);
	*list = mmu_steal(out);
	*nr = sweep.nr_out;
	return NULL;
}
