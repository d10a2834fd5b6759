/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the running kernel tells of itself: /proc/kallsyms and /sys/kernel/btf/vmlinux. */
#ifndef MMU_FACTS_LIVE_H
#define MMU_FACTS_LIVE_H

#include "base/bytes.h"
#include "base/error.h"

#define MMU_LIVE_KALLSYMS_PATH "/proc/kallsyms"
#define MMU_LIVE_BTF_PATH "/sys/kernel/btf/vmlinux"

struct mmu_live_symbols;

/**
 * Read the symbols once, for all wanted names.
 * @param path     "/proc/kallsyms", kept: must outlive the object
 * @param symbols  NULL-terminated static names that will be asked for
 * @param ret      owned by the caller; untouched on failure
 * @return MMU_ERROR_OS, _NOT_FOUND (the addresses are hidden, or nothing is in it), _NO_MEMORY
 */
struct mmu_error *mmu_live_symbols_open(const char *path, const char *const *symbols,
					struct mmu_live_symbols **ret) MMU_MUST_CHECK;
/** Accepts NULL. */
void mmu_live_symbols_close(struct mmu_live_symbols *live);

/** A symbol's address; names outside the wanted ones take a new pass. @return false: none */
bool mmu_live_symbol(struct mmu_live_symbols *live, const char *name, uint64_t *ret_va);

/** The address of the next symbol above `va`. @return false: there is none */
bool mmu_live_next(struct mmu_live_symbols *live, uint64_t va, uint64_t *ret_va);

/**
 * Read a file that the kernel makes up.
 * @param ret  its bytes, to be freed by the caller; untouched on failure
 * @return MMU_ERROR_OS, _CORRUPT (more than bytes_max), _NO_MEMORY
 */
struct mmu_error *mmu_live_read(const char *path, uint64_t bytes_max, void **ret,
				uint64_t *ret_bytes) MMU_MUST_CHECK;

#endif
