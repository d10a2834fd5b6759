/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file All entries of a space that are not empty, table by table. */
#ifndef MMU_WALK_LEAVES_H
#define MMU_WALK_LEAVES_H

#include "walk/walk.h"

/** As mmu_leaf_fn, but the walk may be corrected on its way. */
typedef bool (*mmu_walker_leaf_fn)(struct mmu_walk *walk, uint64_t last_va, void *context);

/**
 * As mmu_space_leaves(), regime by regime.
 * @param stretches   leaves behind each other that map one page after the other, with the same
 *                    rights and note, are told as one where their words show it: as ranges have
 *                    them. The walk is that of the first
 * @param max_tables  after so many tables it ends with MMU_LEAVES_TOO_MANY: tables may lead to
 *                    each other in circles, which depth alone would end after 512^4 entries
 */
enum mmu_leaves_end mmu_walker_leaves(const struct mmu_walker *walker, uint64_t first_va,
				      uint64_t last_va, uint64_t max_tables, bool stretches,
				      mmu_walker_leaf_fn fn, void *context, struct mmu_leaves *ret);

/** A bound for max_tables that no kernel reaches: the tables for which the image has room. */
uint64_t mmu_walker_max_tables(const struct mmu_walker *walker);

#endif
