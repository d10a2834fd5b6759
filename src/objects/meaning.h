/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What an answer means for the process: the kernel's own word, by its VMAs. */
#ifndef MMU_OBJECTS_MEANING_H
#define MMU_OBJECTS_MEANING_H

#include "objects/space.h"

/** What the next access brings where nothing is in a VMA. */
enum mmu_next mmu_meaning_next(const struct mmu_vma *vma);

/**
 * As mmu_space_meaning(); ret->vma stays NULL.
 * @param vma  around the address of the walk, or NULL: there is none
 */
void mmu_meaning_find(struct mmu_space *space, const struct mmu_walk *walk,
		      const struct mmu_vma *vma, struct mmu_meaning *ret);

/** Which zero page a walk has hit, if any. */
enum mmu_zero_page mmu_zero_page_of(struct mmu_space *space, const struct mmu_walk *walk);

/** Else a huge page may be that of zeros, which nobody's memory counts. */
bool mmu_knows_huge_zero_page(struct mmu_space *space);

/** Has the format of a leaf a bit that says soft-dirty? */
bool mmu_can_be_soft_dirty(const struct mmu_regime *regime, const struct mmu_step *leaf);

#endif
