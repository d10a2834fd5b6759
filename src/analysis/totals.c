/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What a space adds up to. */
#include <string.h>

#include "analysis/totals.h"

#define SIZES_MAX (sizeof(((struct mmu_totals *)NULL)->mapped) / sizeof(struct mmu_page_count))

static void count_page(struct mmu_totals *totals, uint64_t page_bytes)
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
	totals->mapped[at].pages++;
}

void mmu_totals_add(struct mmu_totals *totals, const struct mmu_walk *walk, uint64_t last_va)
{
	totals->pages[walk->result]++;
	totals->bytes[walk->result] += last_va - walk->va + 1;
	if (walk->result == MMU_RESULT_MAPPED)
		count_page(totals, walk->page_bytes);
}

void mmu_totals_finish(struct mmu_totals *totals, const struct mmu_format *format,
		       const struct mmu_tally *leaves)
{
	totals->leaves = *leaves;
	for (unsigned int level = 0; level < format->nr_levels; level++)
		totals->table_bytes += leaves->tables[level] * mmu_table_bytes(format, level);
}
