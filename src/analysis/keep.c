/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Collecting ranges: what comes twice is put together whenever the list is full. */
#include <stdlib.h>
#include <string.h>

#include "analysis/keep.h"

#define FIRST_ROOM 4096u
/* As a rank holds the kind above the place in the list. */
#define RANK_BITS 28u
#define ROOM_MAX ((size_t)1 << RANK_BITS)

static int by_place(const void *left, const void *right)
{
	const struct mmu_extent *a = left, *b = right;

	return a->first < b->first ? -1 : a->first > b->first;
}

/*
 * Neighbours of one kind become one. Most of what is kept comes page by page, in any order, and
 * often: that need not be sorted out against the other kinds.
 */
static void join_alike(struct mmu_keep *keep)
{
	size_t nr = 0;

	if (keep->nr)
		qsort(keep->list, keep->nr, sizeof(*keep->list), by_place);
	for (size_t i = 0; i < keep->nr; i++) {
		struct mmu_extent *before = nr ? &keep->list[nr - 1] : NULL;

		if (!before || before->kind != keep->list[i].kind ||
		    (keep->list[i].first > before->last && keep->list[i].first - before->last > 1))
			keep->list[nr++] = keep->list[i];
		else if (keep->list[i].last > before->last)
			before->last = keep->list[i].last;
	}
	keep->nr = nr;
}

struct mmu_error *mmu_keep_finish(struct mmu_keep *keep)
{
	size_t nr = 0;

	if (keep->failed)
		return mmu_error_no_memory();
	join_alike(keep);
	for (size_t i = 0; i < keep->nr; i++)
		keep->list[i].rank = keep->list[i].kind << RANK_BITS | (uint32_t)i;
	struct mmu_error *error = mmu_extents_resolve(&keep->list, &keep->nr);
	if (error)
		return error;
	for (size_t i = 0; i < keep->nr; i++) {
		struct mmu_extent *before = nr ? &keep->list[nr - 1] : NULL;

		if (before && before->kind == keep->list[i].kind &&
		    before->last + 1 == keep->list[i].first)
			before->last = keep->list[i].last;
		else
			keep->list[nr++] = keep->list[i];
	}
	keep->nr = nr;
	keep->room = nr; /* the list may be another one now */
	return NULL;
}

/* Make room: by putting together what overlaps, or else with more memory. */
static bool grow(struct mmu_keep *keep)
{
	size_t room = keep->room ? keep->room : FIRST_ROOM;
	struct mmu_error *error = mmu_keep_finish(keep);

	mmu_error_destroy(error);
	if (error)
		return false;
	if (keep->nr > room / 2)
		room *= 2;
	struct mmu_extent *more = room > ROOM_MAX
					  ? NULL
					  : reallocarray(keep->list, room, sizeof(*keep->list));
	if (!more)
		return false;
	keep->list = more;
	keep->room = room;
	return true;
}

void mmu_keep_add(struct mmu_keep *keep, uint32_t kind, uint64_t pa, uint64_t bytes)
{
	struct mmu_extent *before = keep->nr ? &keep->list[keep->nr - 1] : NULL;

	if (!bytes || bytes - 1 > UINT64_MAX - pa)
		return;
	if (before && before->kind == kind && pa && before->last == pa - 1) {
		before->last += bytes;
		return;
	}
	if (keep->failed || (keep->nr == keep->room && !grow(keep))) {
		keep->failed = true;
		return;
	}
	keep->list[keep->nr++] =
		(struct mmu_extent){ .first = pa, .last = pa + bytes - 1, .kind = kind };
}

void mmu_keep_destroy(struct mmu_keep *keep)
{
	free(keep->list);
	memset(keep, 0, sizeof(*keep));
}
