/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Ranges of physical memory that are to be kept, each of one kind. */
#ifndef MMU_ANALYSIS_KEEP_H
#define MMU_ANALYSIS_KEEP_H

#include "image/extent.h"

/** Zeroed to begin with. */
struct mmu_keep {
	struct mmu_extent *list;
	size_t nr, room;
	bool failed; /**< no memory for more: finish() says so */
};

/** Add [pa, pa + bytes). Ranges may overlap and come again and again. */
void mmu_keep_add(struct mmu_keep *keep, uint32_t kind, uint64_t pa, uint64_t bytes);

/**
 * Sort, and cut until nothing overlaps: what is of two kinds is of the lower one. Then
 * keep->list holds ascending ranges, `first` to `last` inclusive, with their kinds.
 * @return MMU_ERROR_NO_MEMORY
 */
struct mmu_error *mmu_keep_finish(struct mmu_keep *keep) MMU_MUST_CHECK;

/** Release the list. */
void mmu_keep_destroy(struct mmu_keep *keep);

#endif
