/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What VMAs use. */
#include <stdlib.h>
#include <string.h>

#include "mmuscope/mmuscope.h"
#include "analysis/smaps.h"
#include "api/session.h"
#include "objects/vma_flags.h"

static const char *const names[MMU_SMAPS_ITEMS] = {
	[MMU_SMAPS_SIZE] = "Size",
	[MMU_SMAPS_KERNEL_PAGE_SIZE] = "KernelPageSize",
	[MMU_SMAPS_MMU_PAGE_SIZE] = "MMUPageSize",
	[MMU_SMAPS_RSS] = "Rss",
	[MMU_SMAPS_PSS] = "Pss",
	[MMU_SMAPS_PSS_DIRTY] = "Pss_Dirty",
	[MMU_SMAPS_SHARED_CLEAN] = "Shared_Clean",
	[MMU_SMAPS_SHARED_DIRTY] = "Shared_Dirty",
	[MMU_SMAPS_PRIVATE_CLEAN] = "Private_Clean",
	[MMU_SMAPS_PRIVATE_DIRTY] = "Private_Dirty",
	[MMU_SMAPS_REFERENCED] = "Referenced",
	[MMU_SMAPS_ANONYMOUS] = "Anonymous",
	[MMU_SMAPS_KSM] = "KSM",
	[MMU_SMAPS_LAZY_FREE] = "LazyFree",
	[MMU_SMAPS_ANON_HUGE_PAGES] = "AnonHugePages",
	[MMU_SMAPS_SHMEM_PMD_MAPPED] = "ShmemPmdMapped",
	[MMU_SMAPS_FILE_PMD_MAPPED] = "FilePmdMapped",
	[MMU_SMAPS_SHARED_HUGETLB] = "Shared_Hugetlb",
	[MMU_SMAPS_PRIVATE_HUGETLB] = "Private_Hugetlb",
	[MMU_SMAPS_SWAP] = "Swap",
	[MMU_SMAPS_SWAP_PSS] = "SwapPss",
	[MMU_SMAPS_LOCKED] = "Locked",
	[MMU_SMAPS_NOT_TOUCHED] = "NotTouched",
	[MMU_SMAPS_SOFT_DIRTY] = "SoftDirty",
};

const char *mmu_smaps_name(enum mmu_smaps_item item)
{
	return (unsigned int)item < MMU_SMAPS_ITEMS ? names[item] : NULL;
}

struct mmu_error *mmu_smaps_create(struct mmu_smaps **ret)
{
	struct mmu_smaps *smaps = calloc(1, sizeof(*smaps));

	if (!smaps)
		return mmu_error_no_memory();
	*ret = smaps;
	return NULL;
}

void mmu_smaps_destroy(struct mmu_smaps *smaps)
{
	free(smaps);
}

struct mmu_error *mmu_space_smaps(struct mmu_space *space, const struct mmu_vma_info *vma,
				  struct mmu_smaps *smaps)
{
	return mmu_smaps_add_up(space, vma, smaps);
}

bool mmu_smaps_get(const struct mmu_smaps *smaps, enum mmu_smaps_item item, uint64_t *ret)
{
	if ((unsigned int)item >= MMU_SMAPS_ITEMS || smaps->unknown[item])
		return false;
	*ret = smaps->bytes[item];
	return true;
}

bool mmu_smaps_thp_eligible(const struct mmu_smaps *smaps, bool *ret)
{
	if (smaps->thp == MMU_THP_UNKNOWN)
		return false;
	*ret = smaps->thp == MMU_THP_YES;
	return true;
}

bool mmu_vma_protection_key(const struct mmu_space *space, const struct mmu_vma_info *vma,
			    uint32_t *ret)
{
	uint64_t mask = mmu_vm_key_mask(space->memory.kernel);

	if (!mask)
		return false;
	*ret = (uint32_t)((vma->vm_flags & mask) / (mask & -mask));
	return true;
}

int mmu_vma_next_flag(const struct mmu_space *space, const struct mmu_vma_info *vma, int after,
		      char ret[MMU_VM_FLAG_BYTES])
{
	for (int bit = after + 1; bit >= 0 && bit < 64; bit++) {
		if (!(vma->vm_flags >> bit & 1))
			continue;
		const char *text = mmu_vm_flag_letters(space->memory.kernel, (unsigned int)bit);
		if (!text[0])
			continue;
		strcpy(ret, text);
		return bit;
	}
	return -1;
}
