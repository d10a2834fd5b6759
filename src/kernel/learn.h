/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Learning a kernel. */
#ifndef MMU_KERNEL_LEARN_H
#define MMU_KERNEL_LEARN_H

#include "kernel/kernel.h"

/**
 * Begin with an image, and what the user knows: kernel->options must be set.
 * @param image  owned by the kernel from now on, also on failure
 * @param facts  as of mmu_fact_store_create()
 * @return MMU_ERROR_INVALID (facts), _NO_MEMORY: mmu_kernel_destroy() is still to be called
 */
struct mmu_error *mmu_kernel_init(struct mmu_kernel *kernel, struct mmu_image *image,
				  const char *const *facts) MMU_MUST_CHECK;

/** Release what the kernel owns, its image too; but not its options. */
void mmu_kernel_destroy(struct mmu_kernel *kernel);

/**
 * Learn the kernel of an open image: back-end, vmlinux, KASLR slide, linear mappings. Called once.
 * @return MMU_ERROR_NOT_FOUND (no vmlinux, a missing fact), _MISMATCH, _PLUGIN, _CORRUPT, _FAULT
 */
struct mmu_error *mmu_kernel_learn(struct mmu_kernel *kernel) MMU_MUST_CHECK;

#endif
