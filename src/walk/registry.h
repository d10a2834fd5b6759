/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Finding and loading back-ends. */
#ifndef MMU_WALK_REGISTRY_H
#define MMU_WALK_REGISTRY_H

#include "base/error.h"

/** The name of the tree's back-end for an EM_* number, or NULL. */
const char *mmu_arch_name_of_machine(uint16_t elf_machine);

/** Of one that reads the registers of this machine's CPUs, and has none of its tables; or NULL. */
const char *mmu_arch_name_of_cpus(uint16_t elf_machine);

/**
 * Names of the back-ends that can be found, sorted.
 * @return MMU_ERROR_NO_MEMORY, _OS; *ret is a NULL-terminated list, freed with free() as one block
 */
struct mmu_error *mmu_arch_list(const char *plugin_dir, char ***ret) MMU_MUST_CHECK;

/**
 * The directories that back-ends are looked for in, one after the other.
 * @param plugin_dir  the first; may be NULL
 * @return false: there are no more
 */
bool mmu_arch_search_dir(const char *plugin_dir, unsigned int n, char *ret, size_t size);

#endif
