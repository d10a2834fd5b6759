/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Do image, notes and vmlinux belong together? */
#ifndef MMU_KERNEL_IDENTITY_H
#define MMU_KERNEL_IDENTITY_H

#include "kernel/memory.h"

/**
 * Do vmlinux and image belong together, as far as their ids tell? One that differs is only final
 * when the releases differ too: else the banner in memory decides.
 * @return MMU_ERROR_MISMATCH: shows both
 */
struct mmu_error *mmu_identity_compare_ids(const struct mmu_kernel *kernel,
					   struct mmu_vmlinux *vmlinux) MMU_MUST_CHECK;

/**
 * Are the symbols that VMCOREINFO tells where System.map has them? Where the slide is not known
 * yet, there is nothing to compare.
 * @return MMU_ERROR_MISMATCH: names one that is not
 */
struct mmu_error *mmu_identity_check_map(struct mmu_kernel *kernel) MMU_MUST_CHECK;

#define MMU_BANNER_BYTES 256
/** What memory must hold at linux_banner; "": a separate debug file does not tell. */
void mmu_identity_banner(const struct mmu_kernel *kernel, char ret[MMU_BANNER_BYTES]);

/**
 * Hold the banner in memory to vmlinux's, or else to the release that the notes name. Needs a
 * linear mapping. Takes the release from the banner where nobody has told it.
 * @return MMU_ERROR_MISMATCH
 */
struct mmu_error *mmu_identity_check_banner(struct mmu_kernel *kernel,
					    struct mmu_memory *memory) MMU_MUST_CHECK;

#endif
