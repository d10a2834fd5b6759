/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file VMAs: the one at an address, all of an mm, and the objects that they are made of. */
#ifndef MMU_OBJECTS_VMA_H
#define MMU_OBJECTS_VMA_H

#include "objects/vma_name.h"
#include "objects/vma_tree.h"

/**
 * The VMA around `va` in an mm.
 * @param ret  untouched unless *ret_found
 * @return MMU_ERROR_FAULT, _CORRUPT: names the object that can't be read, or that contradicts
 *         itself; _NOT_FOUND (facts)
 */
struct mmu_error *mmu_vma_find(struct mmu_memory *memory, uint64_t mm_va, uint64_t va,
			       struct mmu_vma *ret, bool *ret_found) MMU_MUST_CHECK;

/** As mmu_vma_find(), with what it maps. @param ret_name  untouched unless *ret_found */
struct mmu_error *mmu_vma_find_named(struct mmu_memory *memory, uint64_t mm_va, uint64_t va,
				     struct mmu_vma *ret, struct mmu_vma_name *ret_name,
				     bool *ret_found) MMU_MUST_CHECK;

/**
 * The VMA that no tree has, behind all others in /proc/PID/maps: x86's [vsyscall], ARM's [vectors].
 * @param ret_name  undefined on failure
 * @return false, with *ret untouched: this mm has none
 */
bool mmu_vma_gate(struct mmu_memory *memory, uint64_t mm_va, struct mmu_vma *ret,
		  struct mmu_vma_name *ret_name);

/** Goes through the VMAs of an mm. Set up with mmu_vma_walk_init(). */
struct mmu_vma_walk {
	struct mmu_memory *memory;
	uint64_t mm_va;
	uint64_t next_va;           /**< what was not looked at yet begins here */
	bool end;                   /**< nothing is left */
	uint64_t budget;            /**< look-ups that may still come: no image has room for more */
	struct mmu_vma_place place; /**< of what came last */
	mmu_piece_fn on_node;       /**< told the pieces of the tree that are read, or NULL */
	void *context;              /**< of on_node */
};

void mmu_vma_walk_init(struct mmu_vma_walk *vmas, struct mmu_memory *memory, uint64_t mm_va);

/**
 * The next VMA, in address order.
 * @param ret        untouched unless *ret_found
 * @param ret_found  false, without an error: there are no more
 * @return as mmu_vma_find(): some that may be there can't be read; the next call goes on behind
 */
struct mmu_error *mmu_vma_walk_next(struct mmu_vma_walk *vmas, struct mmu_vma *ret,
				    bool *ret_found) MMU_MUST_CHECK;

/**
 * Tell the pieces of memory that were read for what mmu_vma_walk_next() found, beside the tree's
 * nodes: the VMA, and what its name lies in.
 */
void mmu_vma_walk_pieces(struct mmu_vma_walk *vmas, const struct mmu_vma *vma, mmu_piece_fn fn,
			 void *context);

#endif
