/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Where the kernel keeps the struct page of a page frame. */
#ifndef MMU_OBJECTS_MEMMAP_H
#define MMU_OBJECTS_MEMMAP_H

#include "kernel/memory.h"

/** The struct pages of all frames, one behind the other at kernel addresses. */
struct mmu_memmap {
	uint64_t first_va; /**< of the struct page of first_pfn */
	uint64_t first_pfn;
	uint64_t page_bytes; /**< sizeof(struct page) */
};

/**
 * Find it: vmemmap (SPARSEMEM_VMEMMAP), or mem_map (FLATMEM). Needs a learnt kernel.
 * @return MMU_ERROR_NOT_FOUND (another memory model, or no symbols for it), _FAULT
 */
struct mmu_error *mmu_memmap_find(struct mmu_memory *memory, struct mmu_memmap *ret) MMU_MUST_CHECK;

/** Address of a frame's struct page. Frames below first_pfn have none. */
static inline uint64_t mmu_memmap_va(const struct mmu_memmap *map, uint64_t pfn)
{
	return map->first_va + (pfn - map->first_pfn) * map->page_bytes;
}

#endif
