/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What a VMA maps, as /proc/PID/maps names it. */
#ifndef MMU_OBJECTS_VMA_NAME_H
#define MMU_OBJECTS_VMA_NAME_H

#include "mmuscope/mmuscope.h"
#include "objects/path.h"

/** vm_flags that every kernel has (include/linux/mm.h). */
#define MMU_VM_READ 0x1u
#define MMU_VM_WRITE 0x2u
#define MMU_VM_EXEC 0x4u
#define MMU_VM_SHARED 0x8u
#define MMU_VM_MAYSHARE 0x80u
#define MMU_VM_GROWSDOWN 0x100u
#define MMU_VM_UFFD_MISSING 0x200u
#define MMU_VM_PFNMAP 0x400u
#define MMU_VM_UFFD_WP 0x1000u
#define MMU_VM_LOCKED 0x2000u
#define MMU_VM_IO 0x4000u
#define MMU_VM_HUGETLB 0x400000u
#define MMU_VM_SOFTDIRTY 0x8000000u

/** One VMA. */
struct mmu_vma {
	uint64_t vma_va; /**< of the vm_area_struct */
	uint64_t first_va, last_va;
	uint64_t vm_flags;
	uint64_t file_va;      /**< struct file, 0: anonymous */
	uint64_t offset_bytes; /**< of first_va in its file; known where has_offset */
	bool has_offset;
	bool gate;               /**< it is in no tree */
	bool has_ops, knows_ops; /**< vm_ops: without them Linux takes it for anonymous */
};

struct mmu_vma_name {
	enum mmu_vma_named kind;
	bool unknown;              /**< kind is NONE, though it may have a name all the same */
	struct mmu_file_id file;   /**< not known: it has none, or that can't be read */
	char text[MMU_PATH_BYTES]; /**< raw bytes; "" where kind is MMU_VMA_NAME_NONE */
};

/**
 * Learn what mmu_vma_name_read() asks for, so that no memory for it is not taken for no name.
 * @return MMU_ERROR_NO_MEMORY alone
 */
struct mmu_error *mmu_vma_names_need(const struct mmu_kernel *kernel) MMU_MUST_CHECK;

/** What is missing makes for a shorter name, or none. */
void mmu_vma_name_read(const struct mmu_peek *peek, uint64_t mm_va, const struct mmu_vma *vma,
		       struct mmu_vma_name *ret);

#endif
