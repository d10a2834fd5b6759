/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Collecting ranges: what comes twice is put together whenever the list is full. */
#include <stdlib.h>
#include <string.h>

#include "analysis/keep.h"
#include "base/cleanup.h"

#define FIRST_ROOM 4096u
/* As a rank holds the kind above the place in the list. */
#define RANK_BITS 28u
#define ROOM_MAX ((size_t)1 << RANK_BITS)

/* Shorter lists are sorted by comparing. */
#define RADIX_FROM 1024u
#define DIGIT_BITS 11u
#define DIGITS (1u << DIGIT_BITS)

static int by_place(const void *left, const void *right)
{
	const struct mmu_extent *a = left, *b = right;

	return a->first < b->first ? -1 : a->first > b->first;
}

/* By one digit of `first`; what is alike there keeps its order. */
static void sort_digit(const struct mmu_extent *from, struct mmu_extent *to, size_t nr,
		       unsigned int shift)
{
	uint32_t places[DIGITS] = { 0 }, place = 0; /* ROOM_MAX fits */

	for (size_t i = 0; i < nr; i++)
		places[from[i].first >> shift & (DIGITS - 1)]++;
	for (unsigned int digit = 0; digit < DIGITS; digit++) {
		uint32_t count = places[digit];

		places[digit] = place;
		place += count;
	}
	for (size_t i = 0; i < nr; i++)
		to[places[from[i].first >> shift & (DIGITS - 1)]++] = from[i];
}

/*
 * By `first`. Struct pages come in no order and by the million: comparing them took a quarter of an
 * extract, and their addresses differ in three digits.
 */
static void sort_by_place(struct mmu_keep *keep)
{
	struct mmu_extent *from = keep->list, *to;
	uint64_t differ = 0;

	for (size_t i = 1; i < keep->nr; i++)
		differ |= keep->list[i].first ^ keep->list[0].first;
	struct mmu_extent *spare MMU_FREE = keep->nr < RADIX_FROM
						    ? NULL
						    : reallocarray(NULL, keep->nr, sizeof(*spare));
	if (!spare) {
		if (keep->nr)
			qsort(keep->list, keep->nr, sizeof(*keep->list), by_place);
		return;
	}
	to = spare;
	for (unsigned int shift = 0; shift < 64 && differ >> shift; shift += DIGIT_BITS) {
		if (!(differ >> shift & (DIGITS - 1)))
			continue;
		sort_digit(from, to, keep->nr, shift);
		struct mmu_extent *sorted = to;
		to = from;
		from = sorted;
	}
	if (from != keep->list)
		memcpy(keep->list, from, keep->nr * sizeof(*from));
}

/*
 * Neighbours of one kind become one. Most of what is kept comes page by page, in any order, and
 * often: that need not be sorted out against the other kinds.
 */
static void join_alike(struct mmu_keep *keep)
{
	size_t nr = 0;

	sort_by_place(keep);
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
