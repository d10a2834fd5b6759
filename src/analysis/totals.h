/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What a space adds up to. */
#ifndef MMU_ANALYSIS_TOTALS_H
#define MMU_ANALYSIS_TOTALS_H

#include "walk/sweep.h"

struct mmu_page_count {
	uint64_t page_bytes, pages;
};

struct mmu_totals {
	struct mmu_tally leaves;
	uint64_t table_bytes;        /**< of all tables that were read, the top one included */
	uint64_t pages[MMU_RESULTS]; /**< entries with this result; a run counts once */
	uint64_t bytes[MMU_RESULTS]; /**< addresses with this result */
	struct mmu_page_count mapped[2 * MMU_LEVELS_MAX]; /**< mapped pages by size, ascending */
	unsigned int nr_mapped;
};

/** Add a range of a sweep. */
void mmu_totals_add(struct mmu_totals *totals, const struct mmu_swept *range);

/** All entries are in: add up what the enumeration itself has counted. */
void mmu_totals_finish(struct mmu_totals *totals, const struct mmu_regime *regime,
		       const struct mmu_tally *leaves);

/** Add what another space of the same kind adds up to, but its tally of tables. */
void mmu_totals_merge(struct mmu_totals *totals, const struct mmu_totals *other);

#endif
