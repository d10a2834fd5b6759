/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file VMAs. */
#ifndef MMU_OBJECTS_VMA_H
#define MMU_OBJECTS_VMA_H

#include "kernel/memory.h"

/** vm_flags that every kernel has (include/linux/mm.h). */
#define MMU_VM_READ 1u
#define MMU_VM_WRITE 2u
#define MMU_VM_EXEC 4u

/** One VMA. Names are filled in where they are cheap: "[heap]", "[stack]", else "". */
struct mmu_vma {
	uint64_t first_va, last_va;
	uint64_t vm_flags;
	uint64_t file_va; /**< struct file, 0: anonymous */
	char name[256];   /**< file's last path component or special name; raw bytes */
};

/**
 * The VMA around `va` in an mm.
 * @param ret  untouched unless *ret_found
 * @return MMU_ERROR_FAULT, _CORRUPT: names the object that can't be read, or that contradicts
 *         itself; _NOT_FOUND (facts)
 */
struct mmu_error *mmu_vma_find(struct mmu_memory *memory, uint64_t mm_va, uint64_t va,
			       struct mmu_vma *ret, bool *ret_found) MMU_MUST_CHECK;

/** Called with the address of a vm_area_struct. @return true: go on. */
typedef bool (*mmu_vma_fn)(uint64_t vma_va, void *context);

/**
 * Visit all VMAs of an mm, in address order.
 * @return false: a part of the tree can't be read, or it has more than the image has room for, as
 *         in a loop; a caller that stops it learns nothing
 */
bool mmu_vma_visit(struct mmu_memory *memory, uint64_t mm_va, mmu_vma_fn fn, void *context);

#endif
