/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file One step of a walk: what the walk loop and the enumeration of leaves share. */
#ifndef MMU_WALK_STEP_H
#define MMU_WALK_STEP_H

#include "walk/walk.h"

/** Read and decode the entry whose level, table_pa, index, probe and nr_slots are set. */
void mmu_step_read(const struct mmu_walker *walker, const struct mmu_regime *regime,
		   struct mmu_step *step);

/**
 * AND the rights of a step to those of the path above it.
 * @param rights  of the path so far, to begin with the regime's; then with this step
 */
static inline void mmu_step_restrict(struct mmu_step *step, uint8_t *rights)
{
	bool grants = step->readable && step->entry.kind != MMU_KIND_EMPTY &&
		      step->entry.kind != MMU_KIND_BAD;

	step->effective = *rights = grants ? *rights & step->entry.rights : 0;
}

/** A walk in walk->regime, to which walk->va belongs; all else but the steps must be zero. */
void mmu_walk_hashed(const struct mmu_walker *walker, struct mmu_walk *walk);

/**
 * The walk of walk->va in walk->regime ends at this step: fill in its answer, all that stands
 * before the steps in struct mmu_walk but regime. Without an image the page's bytes are not looked
 * for.
 */
void mmu_step_finish(const struct mmu_walker *walker, const struct mmu_step *step,
		     struct mmu_walk *walk);

/* Its parts, where the walk loop wants them in place. */

/** A hole of the step's size, but for the reason. */
static inline void mmu_walk_set_hole(const struct mmu_step *step, struct mmu_walk *walk)
{
	walk->rights = walk->swap_type = 0;
	walk->has_pa = walk->has_swap = walk->has_target = walk->assumed = false;
	walk->pa = walk->swap_offset = walk->target_pa = 0;
	walk->page_state = MMU_PAGE_PRESENT;
	walk->note = NULL;
	walk->page_bytes = (uint64_t)1 << walk->regime->shape[step->level].shift;
}

static inline void mmu_walk_set_page(const struct mmu_walker *walker, struct mmu_walk *walk,
				     uint64_t page_pa)
{
	walk->has_pa = true;
	walk->pa = page_pa + (walk->va & (walk->page_bytes - 1));
	if (walker->cursor)
		walk->page_state = mmu_image_state(walker->cursor, walk->pa);
}

/** It ends at a leaf. */
static inline void mmu_step_map(const struct mmu_walker *walker, const struct mmu_step *step,
				struct mmu_walk *walk)
{
	mmu_walk_set_hole(step, walk);
	walk->result = MMU_RESULT_MAPPED;
	walk->note = step->entry.note;
	walk->rights = step->effective;
	walk->page_bytes <<= step->entry.run_lg2;
	mmu_walk_set_page(walker, walk, step->entry.pa);
}

#endif
