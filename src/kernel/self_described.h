/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What a kernel says of itself: kallsyms and BTF, in the image, or in files when it runs. */
#ifndef MMU_KERNEL_SELF_DESCRIBED_H
#define MMU_KERNEL_SELF_DESCRIBED_H

#include "kernel/memory.h"

/**
 * Take symbols and types from the kernel in the image itself, or from the files in which a running
 * kernel shows them. Needs an image mapping in kernel->linear. What was found is kept on failure
 * too.
 * @return MMU_ERROR_NOT_FOUND (no place known, no BTF), _FAULT, _CORRUPT, _NO_MEMORY
 */
struct mmu_error *mmu_self_learn(struct mmu_memory *memory) MMU_MUST_CHECK;

/**
 * Only its kallsyms: by the places that the facts tell, else by its shape.
 * @param ret  handed to the facts, which own it
 */
struct mmu_error *mmu_self_kallsyms(struct mmu_memory *memory,
				    struct mmu_kallsyms **ret) MMU_MUST_CHECK;

#endif
