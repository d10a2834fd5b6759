/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file All entries of a space that are not empty, table by table. */
#ifndef MMU_WALK_LEAVES_H
#define MMU_WALK_LEAVES_H

#include "walk/walk.h"

/** What an enumeration came across. */
struct mmu_tally {
	enum mmu_leaves_end end;
	uint64_t
		tables[MMU_LEVELS_MAX]; /**< per level: read, once for every entry that led there */
	uint64_t
		missing[MMU_LEVELS_MAX]; /**< per level: not one entry of the table could be read */
	/** To be set by whoever goes on behind the address where an earlier call was stopped. */
	bool goes_on;
	/** Per level, the table that was counted last: whoever goes on comes across it again. */
	struct {
		uint64_t base_va;
		bool known, readable;
	} last[MMU_LEVELS_MAX];
};

/**
 * Called for each entry that is not empty, in address order; the walk may be corrected on its way.
 * @param walk     the walk of the first address that the entry answers for, as mmu_walker_walk()
 *                 has it, but whether the page's bytes are in the image is not looked for:
 *                 page_state is without meaning. Steps behind nr_steps too. Valid during the call.
 * @param last_va  the last address that it answers for: all of a run, if its entries are equal;
 *                 all neighbours in a table that can't be read for the same reason
 * @return false to stop
 */
typedef bool (*mmu_walker_leaf_fn)(struct mmu_walk *walk, uint64_t last_va, void *context);

/**
 * Visit what is not empty in a part of a space. Each table is read once as a whole; holes cost
 * nothing. The first and the last entry are cut to the part that was asked for.
 * @param first_va,last_va  ends inclusive, any two addresses: what can't exist is left out
 * @param ret         what was there before is added to, if it goes on, and replaced else
 * @param max_tables  after so many tables it ends with MMU_LEAVES_TOO_MANY: tables may lead to
 *                    each other in circles, which depth alone would end after 512^4 entries
 */
enum mmu_leaves_end mmu_walker_leaves(const struct mmu_walker *walker, uint64_t first_va,
				      uint64_t last_va, uint64_t max_tables, mmu_walker_leaf_fn fn,
				      void *context, struct mmu_tally *ret);

/** A bound for max_tables that no kernel reaches: the tables for which the image has room. */
uint64_t mmu_walker_max_tables(const struct mmu_walker *walker);

#endif
