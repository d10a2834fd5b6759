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

#endif
