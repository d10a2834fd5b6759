/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Where nothing says where the kernel lies: its tables, found by their shape. */
#ifndef MMU_KERNEL_TABLES_H
#define MMU_KERNEL_TABLES_H

#include "kernel/memory.h"

/**
 * Find the kernel by the shape of its tables: the facts then have what the back-end needs. Nothing
 * found is no error.
 * @return MMU_ERROR_MISMATCH: memory holds several kernels, and none is better than the others
 */
struct mmu_error *mmu_tables_find(struct mmu_kernel *kernel,
				  struct mmu_memory *memory) MMU_MUST_CHECK;

#endif
