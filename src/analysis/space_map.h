/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A space as rows: ranges of the tables, joined with VMAs or regions. */
#ifndef MMU_ANALYSIS_SPACE_MAP_H
#define MMU_ANALYSIS_SPACE_MAP_H

#include "base/error.h"
#include "mmuscope/maps.h"
#include "walk/sweep.h"

/** Addresses that belong together: a VMA, or a region. */
struct mmu_map_area {
	uint64_t first_va, last_va;
	const struct mmu_vma_info *vma;
	const struct mmu_region *region;
	enum mmu_next next; /**< in its holes */
	bool holes;         /**< holes are told, each */
	bool unknown;       /**< it stands for VMAs that can't be read */
};

/** Where ranges and areas come from; each ascending and disjoint. */
struct mmu_map_source {
	void *context;
	/**
	 * The next ranges, which lie behind each other. One with several runs ends before break_va,
	 * which never goes down; 0: it may go anywhere.
	 * @param ret      valid until the next call
	 * @param ret_nr   0: no more begin before break_va
	 * @param ret_end  with 0: there are none behind it, either
	 */
	struct mmu_error *(*next_ranges)(void *context, uint64_t break_va,
					 const struct mmu_swept **ret, size_t *ret_nr,
					 bool *ret_end);
	/**
	 * What the area points to is valid until the next call. An area need not begin behind the
	 * last one's end: what lies before it is cut off.
	 * @param ret_problem  an error of the source's in place of an area, or NULL
	 * @return false: there are no more
	 */
	bool (*next_area)(void *context, struct mmu_map_area *ret,
			  const struct mmu_error **ret_problem);
};

/** Joins both. All zero but source, next_va, last_va, page_lg2, flags, and areas_end if flat. */
struct mmu_map_join {
	struct mmu_map_source source;
	uint64_t next_va, last_va; /**< what was not told yet */
	unsigned int page_lg2;
	uint32_t flags; /**< enum mmu_map_flag */
	bool at_end;    /**< all was told */
	bool ranges_end, has_area, areas_end, area_begun;
	bool row_open; /**< a row that may go on */
	const struct mmu_swept *ready;
	size_t nr_ready;               /**< ranges of the source that were not looked at */
	const struct mmu_swept *range; /**< whose part from next_va on was not told yet, or NULL */
	uint64_t searched_va;          /**< without a range: none begins before it */
	struct mmu_map_area area;
	struct mmu_map_row row;
	uint64_t run_next_pa; /**< where the row's last run would go on */
};

/** As mmu_map_next(). */
struct mmu_error *mmu_map_join_next(struct mmu_map_join *join, const struct mmu_map_row **ret,
				    const struct mmu_error **ret_problem) MMU_MUST_CHECK;

#endif
