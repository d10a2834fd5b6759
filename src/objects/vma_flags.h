/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file vm_flags by the letters that /proc/PID/smaps has for them. */
#ifndef MMU_OBJECTS_VMA_FLAGS_H
#define MMU_OBJECTS_VMA_FLAGS_H

#include "kernel/layout.h"

/** @return two letters, "??" for one that is not known; "": smaps does not show it so */
const char *mmu_vm_flag_letters(const struct mmu_kernel *kernel, unsigned int bit);

/** The bits of vm_flags that are the protection key; 0: there are none. */
uint64_t mmu_vm_key_mask(const struct mmu_kernel *kernel);

#endif
