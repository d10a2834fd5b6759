/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Finding and loading back-ends. */
#ifndef MMU_WALK_REGISTRY_H
#define MMU_WALK_REGISTRY_H

#include <stdint.h>

/** The name of the tree's back-end for an EM_* number, or NULL. */
const char *mmu_arch_name_of_machine(uint16_t elf_machine);

#endif
