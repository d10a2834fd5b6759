/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the running kernel tells of itself: /proc/kallsyms, BTF in a file; System.map. */
#ifndef MMU_FACTS_LIVE_H
#define MMU_FACTS_LIVE_H

#include "base/bytes.h"
#include "base/error.h"
#include "facts/symboltext.h"

#define MMU_LIVE_KALLSYMS_PATH "/proc/kallsyms"
#define MMU_LIVE_BTF_PATH "/sys/kernel/btf/vmlinux"

/**
 * Read the symbols of the running kernel once, for all wanted names.
 * @param path     "/proc/kallsyms"
 * @param symbols  NULL-terminated static names that will be asked for
 * @param ret      owned by the caller; untouched on failure
 * @return MMU_ERROR_OS, _NOT_FOUND (the addresses are hidden, or nothing is in it), _NO_MEMORY
 */
struct mmu_error *mmu_live_symbols_open(const char *path, const char *const *symbols,
					struct mmu_symbol_text **ret) MMU_MUST_CHECK;

/**
 * As above, of a System.map: addresses are those that the kernel was linked for.
 * @param ret  NULL, without an error: there is no such file, or it is none, or begins otherwise
 * @return also MMU_ERROR_FORMAT: it begins as a System.map and has other lines
 */
struct mmu_error *mmu_system_map_open(const char *path, const char *const *symbols,
				      struct mmu_symbol_text **ret) MMU_MUST_CHECK;

/** Is a file that begins so the one that is wanted? */
typedef bool (*mmu_begins_fn)(const void *first, uint64_t bytes);

/**
 * Read a file that says no size, as those that the kernel makes up.
 * @param begins  NULL: any is wanted
 * @param ret     its bytes, to be freed by the caller; untouched on failure and where the file is
 *                not the wanted one
 * @return MMU_ERROR_OS, _CORRUPT (more than bytes_max), _NO_MEMORY
 */
struct mmu_error *mmu_live_read(const char *path, uint64_t bytes_max, mmu_begins_fn begins,
				void **ret, uint64_t *ret_bytes) MMU_MUST_CHECK;

#endif
