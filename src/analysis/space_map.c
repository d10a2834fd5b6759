/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A space as rows: ranges of the tables, joined with VMAs or regions. */
#include <assert.h>

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
	const struct mmu_swept *range;
	bool end;

	while (!join->has_range && !join->ranges_end) {
		uint64_t break_va = next_break(join);
		struct mmu_error *error;

		if (join->has_area && join->searched_va > join->area.last_va)
			return NULL;
		error = join->source.next_range(join->source.context, break_va, &range, &end);
		if (error)
			return error;
		if (range ? range->first_va > join->last_va : end) {
			join->ranges_end = true;
		} else if (!range) {
			join->searched_va = break_va;
		} else if (range->last_va >= join->next_va) {
			join->range = *range;
			join->has_range = true;
		}
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
	if (join->has_range && join->range.last_va <= last_va)
		join->has_range = false;
	if (join->has_area && join->area.last_va <= last_va)
		join->has_area = false;
}

/*
 * What is known from next_va on: a part of a range, or a hole of an area.
 * @return false: of the area there is nothing more to tell, and it was left behind
 */
static bool next_piece(struct mmu_map_join *join, struct mmu_swept *ret, bool *ret_in_area)
{
	const struct mmu_map_area *area = &join->area;
	uint64_t range_first = later(join->range.first_va, join->next_va);
	uint64_t area_first = later(area->first_va, join->next_va);
	bool in_area = join->has_area && (!join->has_range || area_first <= range_first);
	bool reaches = join->has_range && (!in_area || range_first <= area->last_va);
	uint64_t last = join->last_va;

	*ret_in_area = in_area;
	if (in_area && (!reaches || (range_first > area_first && area->holes))) {
		if (!area->holes && (!area->region || join->area_begun)) {
			go_behind(join, area->last_va);
			return false;
		}
		*ret = (struct mmu_swept){ .first_va = area_first,
					   .last_va = reaches ? range_first - 1 : area->last_va,
					   .result = MMU_RESULT_EMPTY,
					   .runs = 1 };
		return true;
	}
	if (in_area)
		last = area->last_va;
	else if (join->has_area)
		last = area->first_va - 1;
	last = earlier(last, join->range.last_va);
	if (join->flags & MMU_MAP_PAGES && join->range.page_bytes &&
	    !has_no_pages(join->range.result))
		last = earlier(last, range_first | (join->range.page_bytes - 1));
	if (range_first == join->range.first_va && last == join->range.last_va) {
		*ret = join->range;
		return true;
	}
	assert(join->range.runs == 1);
	*(struct mmu_range *)ret = mmu_range_part((struct mmu_range *)&join->range, range_first,
						  last, join->page_lg2);
	ret->runs = 1;
	ret->next_pa = ret->pa + (ret->last_va - ret->first_va) + 1;
	return true;
}

/* ------------------------------------------------------------------ rows */

static uint64_t pages_of(const struct mmu_swept *range, unsigned int page_lg2)
{
	uint64_t bytes = range->page_bytes;

	if (bytes && !(bytes & (bytes - 1)) && !has_no_pages(range->result))
		page_lg2 = (unsigned int)__builtin_ctzll(bytes);
	return (range->last_va >> page_lg2) - (range->first_va >> page_lg2) + 1;
}

static bool goes_on(const struct mmu_map_join *join, const struct mmu_swept *piece)
{
	const struct mmu_range *so_far = &join->row.range;

	return piece->first_va == so_far->last_va + 1 && piece->result == so_far->result &&
	       piece->rights == so_far->rights && piece->page_bytes == so_far->page_bytes &&
	       piece->has_pa == so_far->has_pa && piece->has_swap == so_far->has_swap &&
	       piece->has_target == so_far->has_target && piece->swap_type == so_far->swap_type &&
	       piece->assumed == so_far->assumed;
}

/* Make a piece a part of the row. @return false: it is none */
static bool extend_row(struct mmu_map_join *join, const struct mmu_swept *piece, bool in_area)
{
	struct mmu_map_row *row = &join->row;
	bool of_area = row->vma || row->region || row->vma_unknown;
	bool same_run = piece->has_pa && piece->pa == join->run_next_pa;

	if (of_area != in_area || !goes_on(join, piece) || join->flags & MMU_MAP_PAGES ||
	    (join->flags & MMU_MAP_RUNS && !same_run))
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
	return join->at_end || (!join->has_range && !join->has_area);
}

struct mmu_error *mmu_map_join_next(struct mmu_map_join *join, const struct mmu_map_row **ret,
				    const struct mmu_error **ret_problem)
{
	struct mmu_swept piece;
	bool in_area;

	*ret_problem = NULL;
	for (;;) {
		bool over = join->row_open && !join->has_area && !join->areas_end;
		struct mmu_error *error;

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
		if (!over && !next_piece(join, &piece, &in_area))
			continue;
		if (!over && join->row_open && !extend_row(join, &piece, in_area))
			over = true;
		else if (!over && !join->row_open)
			begin_row(join, &piece, in_area);
		if (over) {
			*ret = join->row_open ? &join->row : NULL;
			join->row_open = false;
			return NULL;
		}
		join->run_next_pa = piece.next_pa;
		go_behind(join, piece.last_va);
	}
}
