/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Where an mm keeps its VMAs: the maple tree of 6.1 and later, the red-black tree before. */
#ifndef MMU_OBJECTS_VMA_TREE_H
#define MMU_OBJECTS_VMA_TREE_H

#include "kernel/object.h"

#define MMU_VMA_NODES_MAX 64u

/** What a tree says of an address. */
struct mmu_vma_place {
	uint64_t vma_va;  /**< of the vm_area_struct; 0: a gap */
	uint64_t last_va; /**< it says so up to here, inclusive */
	/** What was read on the way: nodes, or VMAs that have them inside. */
	uint64_t node_va[MMU_VMA_NODES_MAX];
	unsigned int nr_nodes;
	bool in_vmas;
};

#define MMU_VMA_NODE_BYTES 256u

/** The bounds and what else is read of a vm_area_struct. */
struct mmu_vma_fields {
	struct mmu_field start, end, flags, file, page_offset, ops;
};
extern const struct mmu_layout mmu_vma_layout;

/**
 * Look an address up in the tree of an mm.
 * @param ret  filled in on failure too: nothing is known from va to ret->last_va
 * @return MMU_ERROR_FAULT, _CORRUPT: names the object; _NOT_FOUND (facts)
 */
struct mmu_error *mmu_vma_tree_find(struct mmu_memory *memory, uint64_t mm_va, uint64_t va,
				    struct mmu_vma_place *ret) MMU_MUST_CHECK;

/** Tell the pieces of memory that were read on the way to a place. */
void mmu_vma_place_pieces(const struct mmu_kernel *kernel, const struct mmu_vma_place *place,
			  mmu_piece_fn fn, void *context);

/** The error of an object that contradicts itself or what leads to it. */
struct mmu_error *mmu_vma_damaged(const char *what, uint64_t va) MMU_MUST_CHECK;

#endif
