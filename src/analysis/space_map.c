/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A space as rows: ranges of the tables, joined with VMAs or regions. */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "analysis/space_map.h"

static uint64_t later(uint64_t one, uint64_t other)
{
	return one > other ? one : other;
}

static uint64_t earlier(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

/* ------------------------------------------------------------------ what comes next */

/* Where the area that comes next begins or ends: no piece goes over it. 0: there is none */
static uint64_t next_break(const struct mmu_map_join *join)
{
	if (!join->has_area)
		return 0;
	return join->searched_va < join->area.first_va ? join->area.first_va
						       : join->area.last_va + 1;
}

/* The range that comes next, if it begins before the area ends. */
static struct mmu_error *load_range(struct mmu_map_join *join)
{
	while (!join->range && !join->ranges_end) {
		uint64_t break_va = next_break(join);
		struct mmu_error *error;
		bool end = false;

		if (join->has_area && join->searched_va > join->area.last_va)
			return NULL;
		if (!join->nr_ready) {
			error = join->source.next_ranges(join->source.context, break_va,
							 &join->ready, &join->nr_ready, &end);
			if (error)
				return error;
			if (!join->nr_ready) {
				join->ranges_end = end;
				join->searched_va = break_va;
				continue;
			}
		}
		join->nr_ready--;
		join->range = join->ready++;
		if (join->range->first_va > join->last_va)
			join->ranges_end = true;
		if (join->ranges_end || join->range->last_va < join->next_va)
			join->range = NULL;
	}
	return NULL;
}

/* @return a problem in place of an area, or NULL */
static const struct mmu_error *load_area(struct mmu_map_join *join)
{
	const struct mmu_error *problem = NULL;

	while (!join->has_area && !join->areas_end) {
		if (!join->source.next_area(join->source.context, &join->area, &problem) ||
		    (!problem && join->area.first_va > join->last_va))
			join->areas_end = true;
		else if (problem)
			return problem;
		else
			join->has_area = join->area.last_va >= join->next_va;
	}
	join->area_begun = false;
	join->area.first_va = later(join->area.first_va, join->next_va);
	join->area.last_va = earlier(join->area.last_va, join->last_va);
	return NULL;
}

/* Nothing is there, or a table can't be read: no entry gives the pages their size. */
static bool has_no_pages(enum mmu_result result)
{
	return result == MMU_RESULT_EMPTY ||
	       (result >= MMU_RESULT_FILTERED && result <= MMU_RESULT_UNREADABLE);
}

/* All up to this address was told. */
static void go_behind(struct mmu_map_join *join, uint64_t last_va)
{
	join->at_end |= last_va >= join->last_va;
	join->next_va = last_va + 1;
	if (join->range && join->range->last_va <= last_va)
		join->range = NULL;
	if (join->has_area && join->area.last_va <= last_va)
		join->has_area = false;
}

/*
 * What is known from next_va on: a range, or a part of one or a hole of an area in *scratch.
 * @return NULL: of the area there is nothing more to tell, and it was left behind
 */
static const struct mmu_swept *next_piece(struct mmu_map_join *join, struct mmu_swept *scratch,
					  bool *ret_in_area)
{
	const struct mmu_map_area *area = &join->area;
	const struct mmu_swept *range = join->range;
	uint64_t range_first = range ? later(range->first_va, join->next_va) : 0;
	uint64_t area_first = later(area->first_va, join->next_va);
	bool in_area = join->has_area && (!range || area_first <= range_first);
	bool reaches = range && (!in_area || range_first <= area->last_va);
	uint64_t last = join->last_va;

	*ret_in_area = in_area;
	if (in_area && (!reaches || (range_first > area_first && area->holes))) {
		if (!area->holes && (!area->region || join->area_begun)) {
			go_behind(join, area->last_va);
			return NULL;
		}
		*scratch = (struct mmu_swept){ .first_va = area_first,
					       .last_va = reaches ? range_first - 1 : area->last_va,
					       .result = MMU_RESULT_EMPTY,
					       .runs = 1 };
		return scratch;
	}
	if (in_area)
		last = area->last_va;
	else if (join->has_area)
		last = area->first_va - 1;
	last = earlier(last, range->last_va);
	if (join->flags & MMU_MAP_PAGES && range->page_bytes && !has_no_pages(range->result))
		last = earlier(last, range_first | (range->page_bytes - 1));
	if (range_first == range->first_va && last == range->last_va)
		return range;
	assert(range->runs == 1);
	*(struct mmu_range *)scratch = mmu_range_part((const struct mmu_range *)range, range_first,
						      last, join->page_lg2);
	scratch->runs = 1;
	scratch->next_pa = scratch->pa + (scratch->last_va - scratch->first_va) + 1;
	return scratch;
}

/* ------------------------------------------------------------------ rows */

static uint64_t pages_of(const struct mmu_swept *range, unsigned int page_lg2)
{
	uint64_t bytes = range->page_bytes;

	if (bytes && !(bytes & (bytes - 1)) && !has_no_pages(range->result))
		page_lg2 = (unsigned int)__builtin_ctzll(bytes);
	return (range->last_va >> page_lg2) - (range->first_va >> page_lg2) + 1;
}

/* How two ranges differ in what they say of each page: 0, if they don't. */
static inline uint64_t differ(const struct mmu_range *one, const struct mmu_range *other)
{
	uint64_t words[2];
	uint16_t last[2];

	_Static_assert(offsetof(struct mmu_range, has_target) ==
				       offsetof(struct mmu_range, result) + sizeof(words[0]) &&
			       sizeof(one->has_target) + sizeof(one->assumed) == sizeof(last[0]),
		       "from result to assumed there is nothing between");
	memcpy(&words[0], &one->result, sizeof(words[0]));
	memcpy(&words[1], &other->result, sizeof(words[0]));
	memcpy(&last[0], &one->has_target, sizeof(last[0]));
	memcpy(&last[1], &other->has_target, sizeof(last[0]));
	return (words[0] ^ words[1]) | (uint64_t)(last[0] ^ last[1]) |
	       (one->page_bytes ^ other->page_bytes);
}

/* One branch, not ten: any of them may be what differs. */
static inline bool goes_on(const struct mmu_range *so_far, const struct mmu_range *piece)
{
	return !((piece->first_va ^ (so_far->last_va + 1)) | differ(piece, so_far));
}

/* Make a piece a part of the row. @return false: it is none */
static __attribute__((__noinline__)) bool extend_row(struct mmu_map_join *join,
						     const struct mmu_swept *piece, bool in_area)
{
	struct mmu_map_row *row = &join->row;
	bool of_area = row->vma || row->region || row->vma_unknown;
	bool same_run = piece->has_pa && piece->pa == join->run_next_pa;

	if (of_area != in_area || !goes_on(&row->range, (const struct mmu_range *)piece) ||
	    join->flags & MMU_MAP_PAGES || (join->flags & MMU_MAP_RUNS && !same_run))
		return false;
	row->range.last_va = piece->last_va;
	row->pages += pages_of(piece, join->page_lg2);
	row->runs += piece->runs - same_run;
	if (row->range.note != piece->note)
		row->range.note = NULL;
	return true;
}

static void begin_row(struct mmu_map_join *join, const struct mmu_swept *piece, bool in_area)
{
	const struct mmu_map_area *area = &join->area;
	struct mmu_map_row *row = &join->row;

	/* one by one: in one assignment the bytes between are cleared first, which takes longer */
	row->range = *(const struct mmu_range *)piece;
	row->pages = pages_of(piece, join->page_lg2);
	row->runs = piece->result == MMU_RESULT_EMPTY ? 0 : piece->runs;
	row->vma = NULL;
	row->region = NULL;
	row->next = MMU_NEXT_NOT_SAID;
	row->file_page = 0;
	row->has_file_page = row->vma_unknown = false;
	join->row_open = true;
	if (!in_area)
		return;
	join->area_begun = true;
	row->vma = area->vma;
	row->region = area->region;
	row->vma_unknown = area->unknown;
	if (piece->result != MMU_RESULT_EMPTY)
		return;
	row->next = area->next;
	row->has_file_page = area->next == MMU_NEXT_FILE && area->vma && area->vma->has_offset;
	if (row->has_file_page)
		row->file_page =
			(area->vma->offset_bytes + (piece->first_va - area->vma->first_va)) >>
			join->page_lg2;
}

/* ------------------------------------------------------------------ all of it */

static bool nothing_left(const struct mmu_map_join *join)
{
	return join->at_end || (!join->range && !join->has_area);
}

/*
 * Without areas, as long as ranges are ready: each is a row, or a part of the open one.
 * @return is the row complete?
 */
static inline bool next_flat(struct mmu_map_join *join)
{
	const struct mmu_swept *range = join->ready;
	struct mmu_map_row *row = &join->row;
	size_t nr = join->nr_ready;
	bool complete = false;

	if (!join->row_open) {
		/* of an area it says nothing, as the one before */
		row->range = *(const struct mmu_range *)range;
		row->pages = pages_of(range, join->page_lg2);
		row->runs = range->runs;
		join->run_next_pa = range->next_pa;
		range++;
		nr--;
	}
	for (; nr; nr--, range++) {
		if (!goes_on(&row->range, (const struct mmu_range *)range) ||
		    !extend_row(join, range, false)) {
			complete = true;
			break;
		}
		join->run_next_pa = range->next_pa;
	}
	if (!nr)
		join->next_va = range[-1].last_va + 1;
	join->row_open = !complete;
	join->nr_ready = nr;
	join->ready = range;
	return complete;
}

/* Are there ranges alone, each of them whole? */
static inline bool is_flat(const struct mmu_map_join *join)
{
	return (join->flags & (MMU_MAP_FLAT | MMU_MAP_PAGES)) == MMU_MAP_FLAT && join->nr_ready &&
	       !join->range && join->ready[join->nr_ready - 1].last_va < join->last_va;
}

static __attribute__((__noinline__)) struct mmu_error *
next_joined(struct mmu_map_join *join, const struct mmu_map_row **ret,
	    const struct mmu_error **ret_problem)
{
	const struct mmu_swept *piece = NULL;
	struct mmu_swept scratch;
	bool in_area;

	for (;;) {
		bool over = join->row_open && !join->has_area && !join->areas_end;
		struct mmu_error *error;

		if (is_flat(join) && next_flat(join)) {
			*ret = &join->row;
			return NULL;
		}
		/* a row that is complete points into the area that the next one replaces */
		if (!over && !join->at_end && !join->has_area && !join->areas_end) {
			*ret_problem = load_area(join);
			*ret = NULL;
			if (*ret_problem)
				return NULL;
		}
		error = over || join->at_end ? NULL : load_range(join);
		if (error)
			return error;
		over |= nothing_left(join);
		if (!over && !(piece = next_piece(join, &scratch, &in_area)))
			continue;
		if (!over && join->row_open && !extend_row(join, piece, in_area))
			over = true;
		else if (!over && !join->row_open)
			begin_row(join, piece, in_area);
		if (over) {
			*ret = join->row_open ? &join->row : NULL;
			join->row_open = false;
			return NULL;
		}
		join->run_next_pa = piece->next_pa;
		go_behind(join, piece->last_va);
	}
}

struct mmu_error *mmu_map_join_next(struct mmu_map_join *join, const struct mmu_map_row **ret,
				    const struct mmu_error **ret_problem)
{
	*ret_problem = NULL;
	*ret = &join->row;
	return is_flat(join) && next_flat(join) ? NULL : next_joined(join, ret, ret_problem);
}
