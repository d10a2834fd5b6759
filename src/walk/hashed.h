/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Hashed tables: all that one of them holds of a space. */
#ifndef MMU_WALK_HASHED_H
#define MMU_WALK_HASHED_H

#include "walk/walk.h"

/** What one valid slot serves. */
struct mmu_hashed_page {
	uint64_t va;
	uint64_t bytes;
};

struct mmu_hashed_list {
	const struct mmu_regime *of;   /**< whose table it is; NULL: none so far */
	struct mmu_hashed_page *pages; /**< ascending; several may have one address */
	size_t nr, capacity;
	bool incomplete; /**< a part of the table could not be read */
};

/**
 * Find, in one pass over the table, what it holds for all regimes of the walker that share it.
 * @param ret  empty; pages are freed by the caller, whatever is returned
 * @return false: no memory
 */
bool mmu_hashed_gather(const struct mmu_walker *walker, const struct mmu_regime *table,
		       struct mmu_hashed_list *ret);

/** The first address of the regime that a slot of it serves. */
uint64_t mmu_hashed_va(const struct mmu_regime *regime, const struct mmu_slot *slot);

#endif
