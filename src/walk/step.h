/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file One step of a walk: what the walk loop and the enumeration of leaves share. */
#ifndef MMU_WALK_STEP_H
#define MMU_WALK_STEP_H

#include "walk/walk.h"

/** Read and decode the entry whose level, table_pa, index, probe and nr_slots are set. */
void mmu_step_read(const struct mmu_walker *walker, const struct mmu_regime *regime,
		   struct mmu_step *step);

/**
 * AND the rights of a step to those of the path above it, and remember who said no first.
 * @param rights  of the path so far; then with this step
 * @param walk    its denied_by is updated
 */
void mmu_step_restrict(struct mmu_step *step, uint8_t *rights, struct mmu_walk *walk);

/** A walk in walk->regime begins: what that denies is denied. @return what it grants */
uint8_t mmu_walk_begin(struct mmu_walk *walk);

/** One walk in walk->regime, to which walk->va belongs; all else but the steps must be zero. */
void mmu_walk_radix(const struct mmu_walker *walker, struct mmu_walk *walk);
void mmu_walk_hashed(const struct mmu_walker *walker, struct mmu_walk *walk);

/**
 * The walk of walk->va in walk->regime ends at this step: fill in its answer, all that stands
 * behind the steps in struct mmu_walk but denied_by and regime. Without an image the page's bytes
 * are not looked for.
 */
void mmu_step_finish(const struct mmu_walker *walker, const struct mmu_step *step,
		     struct mmu_walk *walk);

#endif
