/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The tables that a part of a space goes through: which of their entries belong to it. */
#include "analysis/part_tables.h"

/* Cut the indices to the part. */
static bool clip(struct mmu_part_table *table)
{
	unsigned int shift = table->regime->shape[table->level].shift;
	uint64_t first_va = mmu_part_table_va(table, table->first_index);
	uint64_t last_va = mmu_part_table_va(table, table->last_index) +
			   (((uint64_t)1 << shift) - 1);

	if (table->first_index > table->last_index || first_va > table->last_va ||
	    last_va < table->first_va)
		return false;
	if (first_va < table->first_va)
		table->first_index = (table->first_va - table->base_va) >> shift;
	if (last_va > table->last_va)
		table->last_index = (table->last_va - table->base_va) >> shift;
	return true;
}

bool mmu_part_table_root(const struct mmu_regime *regime, uint64_t first_va, uint64_t last_va,
			 struct mmu_part_table *ret)
{
	unsigned int va_bits = mmu_regime_va_bits(regime);

	*ret = (struct mmu_part_table){
		.regime = regime,
		.table_pa = regime->root_pa,
		.base_va = va_bits < 64 ? first_va & UINT64_MAX << va_bits : 0,
		.last_index =
			mmu_table_span(regime, regime->top_level) / regime->format->slot_bytes - 1,
		.first_va = first_va,
		.last_va = last_va,
		.level = regime->top_level,
		.rights = regime->rights,
	};
	return clip(ret);
}

bool mmu_part_table_below(const struct mmu_part_table *table, const struct mmu_step *step,
			  struct mmu_part_table *ret)
{
	const struct mmu_entry *entry = &step->entry;
	unsigned int level = table->level - 1;
	uint64_t last = ((uint64_t)1 << table->regime->shape[level].index_bits) - 1;

	*ret = *table;
	ret->level = level;
	ret->table_pa = entry->pa;
	ret->base_va = mmu_part_table_va(table, step->index);
	ret->first_index = entry->next_count ? entry->next_first : 0;
	ret->last_index = last;
	ret->rights = table->rights & entry->rights;
	if (entry->next_count) {
		uint64_t last_there = entry->next_first + (entry->next_count - 1);

		if (last_there >= ret->first_index && last_there < last)
			ret->last_index = last_there;
	}
	return clip(ret);
}
