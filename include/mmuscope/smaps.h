/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file libmmuscope on what VMAs use, as /proc/PID/smaps adds it up. See mmuscope.h. */
#ifndef MMUSCOPE_SMAPS_H
#define MMUSCOPE_SMAPS_H

#include "mmuscope/sessions.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What is added up of a VMA, in bytes: in the order and with the meaning of proc(5). */
enum mmu_smaps_item {
	MMU_SMAPS_SIZE,
	MMU_SMAPS_KERNEL_PAGE_SIZE,
	MMU_SMAPS_MMU_PAGE_SIZE,
	MMU_SMAPS_RSS,
	MMU_SMAPS_PSS,
	MMU_SMAPS_PSS_DIRTY,
	MMU_SMAPS_SHARED_CLEAN,
	MMU_SMAPS_SHARED_DIRTY,
	MMU_SMAPS_PRIVATE_CLEAN,
	MMU_SMAPS_PRIVATE_DIRTY,
	MMU_SMAPS_REFERENCED,
	MMU_SMAPS_ANONYMOUS,
	MMU_SMAPS_KSM,
	MMU_SMAPS_LAZY_FREE,
	MMU_SMAPS_ANON_HUGE_PAGES,
	MMU_SMAPS_SHMEM_PMD_MAPPED,
	MMU_SMAPS_FILE_PMD_MAPPED,
	MMU_SMAPS_SHARED_HUGETLB,
	MMU_SMAPS_PRIVATE_HUGETLB,
	MMU_SMAPS_SWAP,
	MMU_SMAPS_SWAP_PSS,
	MMU_SMAPS_LOCKED,
	MMU_SMAPS_NOT_TOUCHED, /**< beyond smaps: no entry says anything of these addresses */
	MMU_SMAPS_SOFT_DIRTY,  /**< beyond smaps: written to since clear_refs */
	MMU_ENUM_32(MMU_SMAPS),
};

/** "Size", "KernelPageSize", ...: as smaps writes it. @return NULL behind the last one */
MMU_EXPORT const char *mmu_smaps_name(enum mmu_smaps_item item);

/** What a VMA uses; made once and filled in any number of times. */
struct mmu_smaps;

/** @return MMU_ERROR_NO_MEMORY */
MMU_EXPORT struct mmu_error *mmu_smaps_create(struct mmu_smaps **ret);
/** Accepts NULL. */
MMU_EXPORT void mmu_smaps_destroy(struct mmu_smaps *smaps);

/**
 * Add a VMA up, in one pass over its entries (fs/proc/task_mmu.c).
 * @param vma  of this space
 * @return MMU_ERROR_STOPPED, with *smaps as it was
 */
MMU_EXPORT struct mmu_error *
mmu_space_smaps(struct mmu_space *space, const struct mmu_vma_info *vma, struct mmu_smaps *smaps);

/**
 * @param ret  untouched on failure
 * @return false: not known, because tables or struct pages are not in the image, or because no fact
 *         says what is in them
 */
MMU_EXPORT bool mmu_smaps_get(const struct mmu_smaps *smaps, enum mmu_smaps_item item,
			      uint64_t *ret);

/**
 * THPeligible: may the VMA have transparent huge pages, by its flags, room and file, and by the
 * settings below /sys/kernel/mm/transparent_hugepage (mm/huge_memory.c)?
 * @return false, with *ret untouched: not known; it may depend on how the kernel was built
 */
MMU_EXPORT bool mmu_smaps_thp_eligible(const struct mmu_smaps *smaps, bool *ret);

/**
 * The protection key of a VMA.
 * @return false, with *ret untouched: this architecture has none
 */
MMU_EXPORT bool mmu_vma_protection_key(const struct mmu_space *space,
				       const struct mmu_vma_info *vma, uint32_t *ret);

/** Room for the two letters of a flag. */
#define MMU_VM_FLAG_BYTES 3

/**
 * The next flag of a VMA, by the letters of smaps' VmFlags: "rd", "mw"; "??" for one that is not
 * known here. Protection keys are none.
 * @param after  the bit of the last call; -1: begin
 * @return the bit, or -1: there are no more
 */
MMU_EXPORT int mmu_vma_next_flag(const struct mmu_space *space, const struct mmu_vma_info *vma,
				 int after, char ret[MMU_VM_FLAG_BYTES]);

#ifdef __cplusplus
}
#endif

#endif
