/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The tables that a part of a space goes through: which of their entries belong to it. */
#ifndef MMU_ANALYSIS_PART_TABLES_H
#define MMU_ANALYSIS_PART_TABLES_H

#include "walk/walk.h"

/** A table, and the entries of it that answer for the part. */
struct mmu_part_table {
	const struct mmu_regime *regime;
	uint64_t table_pa;
	uint64_t base_va; /**< of index 0 */
	uint64_t first_index, last_index;
	uint64_t first_va, last_va; /**< the part, inside the regime */
	unsigned int level;
	uint8_t rights; /**< of the path above it */
};

/** Addresses that the entries from `index` to `last_index` answer for. */
static inline uint64_t mmu_part_table_va(const struct mmu_part_table *table, uint64_t index)
{
	return table->base_va + (index << table->regime->shape[table->level].shift);
}

/** The top table of a regime with radix tables. @return false: the part has none of its entries */
bool mmu_part_table_root(const struct mmu_regime *regime, uint64_t first_va, uint64_t last_va,
			 struct mmu_part_table *ret);

/**
 * The table that an entry leads to.
 * @param step  readable, of kind TABLE, above level 0
 * @return false: the part has none of its entries
 */
bool mmu_part_table_below(const struct mmu_part_table *table, const struct mmu_step *step,
			  struct mmu_part_table *ret);

#endif
