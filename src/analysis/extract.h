/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the parts of an extract's making share. */
#ifndef MMU_ANALYSIS_EXTRACT_H
#define MMU_ANALYSIS_EXTRACT_H

#include "analysis/basket.h"
#include "base/hook.h"
#include "base/set.h"

/** How many values enum mmu_extract_kind has. */
#define MMU_EXTRACT_KINDS (MMU_EXTRACT_CHOSEN + 1u)

struct mmu_extract {
	struct mmu_extract_info;
	uint64_t bytes[MMU_EXTRACT_KINDS]; /**< each byte counts once */
};

/** What is wanted: the members of struct mmu_extract_options, taken apart. */
struct mmu_extract_wish {
	const int32_t *pids;
	size_t nr_pids;
	struct mmu_extract_pages *pages;
	size_t nr_pages;
	struct mmu_hook hook;
};

/** As mmu_session_extract(), of a learnt kernel. */
struct mmu_error *mmu_extract_write(const struct mmu_kernel *kernel,
				    const struct mmu_extract_wish *wish, const char *path,
				    struct mmu_extract *ret) MMU_MUST_CHECK;

/** A process that is wanted whole. */
struct mmu_extract_process {
	uint64_t mm_va;
	int32_t pid;
};

/** An extract that is being made. */
struct mmu_extraction {
	struct mmu_basket basket;
	const struct mmu_extract_wish *wish;
	struct mmu_set tables; /**< mmu_table_key() of those that are in it */
	struct mmu_extract_process *chosen;
	size_t nr_chosen;
	uint64_t entries, chosen_pages;
	bool stopped, no_memory;
	struct mmu_extract result;
};

/** A page table as one number; tables are aligned to 8 bytes or more, and levels are 0 to 7. */
static inline uint64_t mmu_table_key(unsigned int level, uint64_t table_pa)
{
	return (table_pa & ~UINT64_C(7)) << 1 | level << 1 | 1;
}

/**
 * Keep the kernel's static data, its per-CPU variables and idle tasks, and the lists of modules and
 * pids that debuggers follow. basket->memmap must be known, if it can be.
 * @return MMU_ERROR_NOT_FOUND: where its data lie is not known; _CORRUPT: that can't be true
 */
struct mmu_error *mmu_extract_kernel(struct mmu_basket *basket) MMU_MUST_CHECK;

#endif
