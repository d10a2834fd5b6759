/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Ranges: neighbouring addresses with one answer, made one. */
#ifndef MMU_WALK_RANGE_H
#define MMU_WALK_RANGE_H

#include "walk/walk.h"

/** Addresses, ends inclusive. */
struct mmu_va_range {
	uint64_t first_va, last_va;
};

/** @return false to stop. */
typedef bool (*mmu_range_fn)(const struct mmu_range *range, void *context);

/** The range that an entry of mmu_walker_leaves() answers for. */
struct mmu_range mmu_range_of_leaf(const struct mmu_walk *walk, uint64_t last_va);

/**
 * Make `next` a part of `range`, if it goes on where `range` ends: same result, rights and page
 * size, and the next frame, swap slot or target.
 * @return false, with *range untouched: it does not
 */
bool mmu_range_append(struct mmu_range *range, const struct mmu_range *next, unsigned int page_lg2);

/** The part of a range from first_va to last_va, which must lie inside it. */
struct mmu_range mmu_range_part(const struct mmu_range *range, uint64_t first_va, uint64_t last_va,
				unsigned int page_lg2);

/** Makes ranges of leaves and hands each on when it is complete. */
struct mmu_range_merger {
	mmu_range_fn fn;
	void *context;
	unsigned int page_lg2;
	bool has_range;
	struct mmu_range range;
};

/** Take an entry of mmu_walker_leaves(), with a merger as its context. @return what fn said */
bool mmu_range_merge(const struct mmu_walk *walk, uint64_t last_va, void *merger);
/** Hand the last range on. @return what fn said */
bool mmu_range_flush(struct mmu_range_merger *merger);

#endif
