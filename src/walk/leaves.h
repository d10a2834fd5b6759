/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file All entries of a space that are not empty, table by table. */
#ifndef MMU_WALK_LEAVES_H
#define MMU_WALK_LEAVES_H

#include "walk/hashed.h"

/** What an enumeration came across. All zero at first. */
struct mmu_tally {
	enum mmu_leaves_end end;
	uint64_t
		tables[MMU_LEVELS_MAX]; /**< per level: read, once for every entry that led there */
	uint64_t
		missing[MMU_LEVELS_MAX]; /**< per level: not one entry of the table could be read */
	/**
	 * Set by whoever goes on where an earlier call was stopped: the next call adds to what is
	 * here, and in the end mmu_tally_release() is called.
	 */
	bool kept;
	/* kept from call to call */
	bool begun;
	enum { MMU_ROOT_NEW, MMU_ROOT_MISSING, MMU_ROOT_READ } roots[MMU_REGIMES_MAX];
	/** Per level, the table that was counted last: whoever goes on comes across it again. */
	struct {
		uint64_t base_va;
		bool known, readable;
	} last[MMU_LEVELS_MAX];
	struct mmu_hashed_list hashed;
	size_t hashed_next; /**< pages of it before this one were told */
};

/** Count a root. One that several regimes share counts once, and as read if one could read it. */
void mmu_tally_root(struct mmu_tally *tally, const struct mmu_regimes *regimes,
		    const struct mmu_regime *regime, bool readable);
/** Count another table. It counts once, also if an earlier call was stopped in it. */
void mmu_tally_table(struct mmu_tally *tally, unsigned int level, uint64_t base_va, bool readable);

/** Release what a tally keeps. */
void mmu_tally_release(struct mmu_tally *tally);

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
 * Visit what is not empty in a part of a space, regime by regime. Each table is read once as a
 * whole; holes cost nothing. The first and the last entry are cut to the part that was asked for.
 * @param first_va,last_va  ends inclusive, any two addresses: what can't exist is left out
 * @param stretches   leaves behind each other that map one page after the other, with the same
 *                    rights and note, are told as one where their words show it: as ranges have
 *                    them. The walk is that of the first
 * @param max_tables  after so many tables it ends with MMU_LEAVES_TOO_MANY: tables may lead to
 *                    each other in circles, which depth alone would end after 512^4 entries
 */
enum mmu_leaves_end mmu_walker_leaves(const struct mmu_walker *walker, uint64_t first_va,
				      uint64_t last_va, uint64_t max_tables, bool stretches,
				      mmu_walker_leaf_fn fn, void *context, struct mmu_tally *ret);

/** A bound for max_tables that no kernel reaches: the tables for which the image has room. */
uint64_t mmu_walker_max_tables(const struct mmu_walker *walker);

#endif
