/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What a space adds up to. */
#include <string.h>

#include "analysis/totals.h"

#define SIZES_MAX (sizeof(((struct mmu_totals *)NULL)->mapped) / sizeof(struct mmu_page_count))

static void count_pages(struct mmu_totals *totals, uint64_t page_bytes, uint64_t pages)
{
	unsigned int at = 0;

	while (at < totals->nr_mapped && totals->mapped[at].page_bytes < page_bytes)
		at++;
	if (at == totals->nr_mapped || totals->mapped[at].page_bytes != page_bytes) {
		if (totals->nr_mapped == SIZES_MAX)
			return; /* more sizes than levels and runs: not with any real format */
		memmove(&totals->mapped[at + 1], &totals->mapped[at],
			(totals->nr_mapped++ - at) * sizeof(totals->mapped[0]));
		totals->mapped[at] = (struct mmu_page_count){ .page_bytes = page_bytes };
	}
	totals->mapped[at].pages += pages;
}

void mmu_totals_add(struct mmu_totals *totals, const struct mmu_swept *range)
{
	totals->pages[range->result] += range->entries;
	totals->bytes[range->result] += range->last_va - range->first_va + 1;
	if (range->result == MMU_RESULT_MAPPED)
		count_pages(totals, range->page_bytes, range->entries);
}

void mmu_totals_finish(struct mmu_totals *totals, const struct mmu_regime *regime,
		       const struct mmu_tally *leaves)
{
	totals->leaves = *leaves;
	totals->leaves.hashed = (struct mmu_hashed_list){ .nr = 0 }; /* the tally keeps that */
	for (unsigned int level = 0; level <= regime->top_level; level++)
		totals->table_bytes += leaves->tables[level] * mmu_table_bytes(regime, level);
}

void mmu_totals_merge(struct mmu_totals *totals, const struct mmu_totals *other)
{
	totals->table_bytes += other->table_bytes;
	for (unsigned int i = 0; i < MMU_RESULTS; i++) {
		totals->pages[i] += other->pages[i];
		totals->bytes[i] += other->bytes[i];
	}
	for (unsigned int i = 0; i < other->nr_mapped; i++)
		count_pages(totals, other->mapped[i].page_bytes, other->mapped[i].pages);
}
