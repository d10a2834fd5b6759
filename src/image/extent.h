/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Ranges that may overlap, resolved into ranges that do not. */
#ifndef MMU_IMAGE_EXTENT_H
#define MMU_IMAGE_EXTENT_H

#include "base/error.h"

/** [first, last] of one space lies at `at` in another. */
struct mmu_extent {
	uint64_t first, last;
	uint64_t at;
	uint32_t rank; /**< where extents overlap, the lowest rank wins; ranks must be distinct */
	uint32_t kind; /**< the caller's own */
};

/**
 * Sort and cut a list until nothing overlaps.
 * @param list  allocated with malloc(); replaced, on success only, by a list that the caller owns
 * @return MMU_ERROR_NO_MEMORY
 */
struct mmu_error *mmu_extents_resolve(struct mmu_extent **list, size_t *nr) MMU_MUST_CHECK;

/** Index of the extent that holds `value`, or of the first behind it; nr when there is none. */
static inline size_t mmu_extents_find(const struct mmu_extent *list, size_t nr, uint64_t value)
{
	size_t low = 0, high = nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list[middle].last < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

#endif
