/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Learning a kernel. */
#ifndef MMU_KERNEL_LEARN_H
#define MMU_KERNEL_LEARN_H

#include "kernel/kernel.h"

/**
 * Learn the kernel of an open image: back-end, vmlinux, KASLR slide, linear mappings. Called once.
 * @return MMU_ERROR_NOT_FOUND (no vmlinux, a missing fact), _MISMATCH, _PLUGIN, _CORRUPT, _FAULT
 */
struct mmu_error *mmu_kernel_learn(struct mmu_kernel *kernel) MMU_MUST_CHECK;

#endif
