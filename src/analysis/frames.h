/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The frames that two spaces share. */
#ifndef MMU_ANALYSIS_FRAMES_H
#define MMU_ANALYSIS_FRAMES_H

#include "walk/sweep.h"

/** Physical memory is cut into so many pieces. */
#define MMU_FRAME_PIECES 4096u

/** Frames that lie side by side, and are mapped so. */
struct mmu_frames {
	uint64_t first_pa, last_pa;
	uint64_t va;         /**< of first_pa, in the mapping that stands for all of them */
	uint64_t times : 56; /**< how many mappings of the very same frames there are */
	uint64_t rights : 8; /**< of the mapping at va */
};

/**
 * The frames of one space, ordered by address: 32 bytes for each range with a page. Ranges behind
 * each other that lead to the same frames, such as the zero page, are one. It is made in two
 * passes over the same ranges: the first one counts, so that the second can put each in its place.
 */
struct mmu_frame_index {
	struct mmu_frames *items;
	size_t nr;
	struct mmu_frame_end { /**< where frames end, ascending; NULL: none overlap */
		uint64_t last_pa, times;
	} * ends;
	unsigned int piece_lg2;
	/** Per piece: frames that begin there; from mmu_frame_index_make() on: where those go. */
	size_t begin[MMU_FRAME_PIECES + 1];
	size_t filled[MMU_FRAME_PIECES]; /**< the second pass: how many of a piece are there */
	uint64_t last_first_pa[MMU_FRAME_PIECES], last_last_pa[MMU_FRAME_PIECES]; /**< came last */
};

/** @param image  of the space. To be released with mmu_frame_index_release() */
void mmu_frame_index_init(struct mmu_frame_index *index, const struct mmu_image *image);
void mmu_frame_index_release(struct mmu_frame_index *index);

/** The first pass. */
void mmu_frame_index_count(struct mmu_frame_index *index, const struct mmu_range *range);
/** Between the two. @return false: no memory */
bool mmu_frame_index_make(struct mmu_frame_index *index);
/** The second pass. What the first one has not seen is left out. */
void mmu_frame_index_add(struct mmu_frame_index *index, const struct mmu_range *range);
/** And then. @return false: no memory */
bool mmu_frame_index_finish(struct mmu_frame_index *index);

/** Goes through an index; each frame comes once. Zeroed but for `index` at first. */
struct mmu_frames_iter {
	const struct mmu_frame_index *index;
	size_t begun, ended;
	uint64_t at, alive;
	const struct mmu_frames *furthest;
};

/** @return false: there are no more */
bool mmu_frames_next(struct mmu_frames_iter *iter, struct mmu_frames *ret);

#endif
