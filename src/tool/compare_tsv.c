/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Two whole spaces as TSV: their differences. */
#include <string.h>

#include "sides.h"

static void side_cells(const struct mmu_range *range)
{
	char rights[6];

	tsv_text(mmu_result_name(range->result));
	tsv_hex(range->has_pa, range->pa);
	tsv_number(range->has_pa, (int64_t)range->page_bytes);
	tsv_text(mmu_rights_text(range->rights, rights));
	tsv_number(range->has_swap, range->swap_type);
	tsv_number(range->has_swap, (int64_t)range->swap_offset);
	tsv_hex(range->has_target, range->target_pa);
}

static void difference_row(const struct mmu_difference *difference)
{
	char changes[128] = "";

	for (unsigned int change = 1; mmu_change_name(change); change <<= 1)
		if (difference->changes & change)
			snprintf(changes + strlen(changes), sizeof(changes) - strlen(changes),
				 "%s%s", changes[0] ? "," : "", mmu_change_name(change));
	tsv_hex(true, difference->first_va);
	tsv_hex(true, difference->last_va);
	tsv_text(changes);
	side_cells(mmu_difference_side(difference, 0));
	side_cells(mmu_difference_side(difference, 1));
	tsv_end();
}

struct mmu_error *compare_spaces_tsv(struct mmu_comparison *comparison)
{
	const struct mmu_difference *difference = NULL;
	struct mmu_differences *differences = NULL;
	struct mmu_error *error = mmu_differences_open(comparison, &differences);

	tsv_header("first: last: changes result_1 pa_1: page_size_1 rights_1 swap_type_1 "
		   "swap_offset_1 target_pa_1: result_2 pa_2: page_size_2 rights_2 swap_type_2 "
		   "swap_offset_2 target_pa_2:");
	while (!error && !tool_interrupted() &&
	       !(error = mmu_differences_next(differences, &difference)) && difference)
		difference_row(difference);
	mmu_differences_close(differences);
	return error;
}
