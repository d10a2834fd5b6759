/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file VMCOREINFO: the notes' own held to memory, or one that is found there. */
#ifndef MMU_KERNEL_VMCOREINFO_H
#define MMU_KERNEL_VMCOREINFO_H

#include "kernel/memory.h"

/**
 * Hold the VMCOREINFO of the notes to memory. Where it does not fit, or there is none, look for one
 * in memory that does. One that can't be told from another kernel's is not taken. Needs nothing; an
 * unknown architecture changes nothing.
 */
void mmu_vmcoreinfo_find(struct mmu_kernel *kernel, struct mmu_memory *memory);

#endif
