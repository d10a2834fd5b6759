/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Finding and loading back-ends. */
#ifndef MMU_WALK_REGISTRY_H
#define MMU_WALK_REGISTRY_H

#include "base/error.h"

/** The back-end's name for an EM_* number, or NULL. */
const char *mmu_arch_name_of_machine(uint16_t elf_machine);

/**
 * Load one file.
 * @param path  with a slash
 * @param name  what the back-end must call itself
 * @return MMU_ERROR_PLUGIN: not loadable, another ABI, not sane
 */
struct mmu_error *mmu_arch_open(const char *path, const char *name,
				const struct mmu_arch **ret) MMU_MUST_CHECK;

/**
 * Names of the back-ends that can be found, sorted.
 * @return MMU_ERROR_NO_MEMORY, _OS; *ret is a NULL-terminated list, freed with free() as one block
 */
struct mmu_error *mmu_arch_list(const char *plugin_dir, char ***ret) MMU_MUST_CHECK;

/** A regime of a back-end's format without any kernel: default traits, all address bits. */
struct mmu_regime mmu_arch_regime(const struct mmu_arch *arch, const struct mmu_format *format);

#endif
