/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A space compared with itself: its frames are counted, and told some at a time. */
#ifndef MMU_ANALYSIS_SAME_H
#define MMU_ANALYSIS_SAME_H

#include "analysis/frames.h"
#include "objects/space.h"

struct mmu_comparison;

/** The frames that a space maps, each of them once: a bit for each frame of memory. */
struct mmu_frame_set {
	uint64_t *bits;
	uint64_t nr; /**< of the bits */
	uint64_t nr_frames;
	unsigned int page_lg2;
};

/** Accepts NULL. */
void mmu_frame_set_destroy(struct mmu_frame_set *set);

/**
 * What mmu_spaces_compare() says of two spaces that are one, as far as that is simple: all of the
 * space can be read, and no frame is mapped twice. comparison->set is there then; else nothing is
 * said.
 * @return MMU_ERROR_NO_MEMORY, _STOPPED
 */
struct mmu_error *mmu_same_count(struct mmu_comparison *comparison) MMU_MUST_CHECK;

/** The frames of such a space, ascending, some of them at a time: the space is read again. */
struct mmu_same_frames {
	const struct mmu_comparison *comparison;
	struct mmu_space_sweep *sweep;
	struct mmu_frames *items;
	size_t room, nr, at;
	uint64_t next_frame; /**< what lies before it was told */
	bool grown;
};

/** To be closed with mmu_same_frames_close(), also where it fails. @return false: no memory */
bool mmu_same_frames_open(struct mmu_same_frames *frames, const struct mmu_comparison *comparison);
/** @return NULL: there are no more; valid until the next call */
const struct mmu_frames *mmu_same_frames_next(struct mmu_same_frames *frames);
/** Accepts what is all zeros. */
void mmu_same_frames_close(struct mmu_same_frames *frames);

#endif
