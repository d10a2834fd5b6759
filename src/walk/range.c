/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Ranges: neighbouring addresses with one answer, made one. */
#include "walk/range.h"

struct mmu_range mmu_range_of_leaf(const struct mmu_walk *walk, uint64_t last_va)
{
	return (struct mmu_range){ .first_va = walk->va,
				   .last_va = last_va,
				   .result = walk->result,
				   .rights = walk->rights,
				   .swap_type = walk->swap_type,
				   .has_pa = walk->has_pa,
				   .has_swap = walk->has_swap,
				   .has_target = walk->has_target,
				   .assumed = walk->assumed,
				   .page_bytes = walk->page_bytes,
				   .pa = walk->pa,
				   .swap_offset = walk->swap_offset,
				   .target_pa = walk->target_pa,
				   .note = walk->note };
}

/*
 * What comes `bytes` behind the beginning. The offset of a swap file counts pages; that of a
 * special type holds a frame number, as target_pa does, or flags.
 */
static struct mmu_range advanced(const struct mmu_range *range, uint64_t bytes,
				 unsigned int page_lg2)
{
	struct mmu_range ret = *range;

	ret.first_va += bytes;
	if (range->has_pa)
		ret.pa += bytes;
	if (range->has_swap && (range->result == MMU_RESULT_SWAPPED || range->has_target))
		ret.swap_offset += bytes >> page_lg2;
	if (range->has_target)
		ret.target_pa += bytes;
	return ret;
}

bool mmu_range_append(struct mmu_range *range, const struct mmu_range *next, unsigned int page_lg2)
{
	uint64_t bytes = next->first_va - range->first_va;
	struct mmu_range wanted = advanced(range, bytes, page_lg2);

	if (range->last_va == UINT64_MAX || next->first_va != range->last_va + 1 ||
	    next->result != range->result || next->rights != range->rights ||
	    next->page_bytes != range->page_bytes || next->has_pa != range->has_pa ||
	    next->has_swap != range->has_swap || next->has_target != range->has_target ||
	    next->swap_type != range->swap_type || next->pa != wanted.pa ||
	    next->swap_offset != wanted.swap_offset || next->target_pa != wanted.target_pa)
		return false;
	range->last_va = next->last_va;
	if (range->note != next->note)
		range->note = NULL; /* what does not hold for all is not said of any */
	return true;
}

struct mmu_range mmu_range_part(const struct mmu_range *range, uint64_t first_va, uint64_t last_va,
				unsigned int page_lg2)
{
	struct mmu_range ret = advanced(range, first_va - range->first_va, page_lg2);

	ret.last_va = last_va;
	return ret;
}

bool mmu_range_merge(const struct mmu_walk *walk, uint64_t last_va, void *context)
{
	struct mmu_range_merger *merger = context;
	struct mmu_range next = mmu_range_of_leaf(walk, last_va);

	if (merger->has_range && mmu_range_append(&merger->range, &next, merger->page_lg2))
		return true;
	if (!mmu_range_flush(merger))
		return false;
	merger->range = next;
	merger->has_range = true;
	return true;
}

bool mmu_range_flush(struct mmu_range_merger *merger)
{
	bool had_range = merger->has_range;

	merger->has_range = false;
	return !had_range || merger->fn(&merger->range, merger->context);
}
