/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The bytes of a debug section, decompressed as far as they are needed. */
#ifndef MMU_FACTS_DEBUGSECTION_H
#define MMU_FACTS_DEBUGSECTION_H

#include "facts/elffile.h"

/** Decompress at most this much: more than the first units of any kernel need. */
#define MMU_DEBUGSECTION_LIMIT ((uint64_t)1 << 28)

/** A section's bytes, in the file's mapping or in separate memory. */
struct mmu_debugsection {
	struct mmu_bytes bytes; /**< count 0: there is no such section */
	bool cut;               /**< only the first part, as `limit` asked for */
	void *own;              /**< a mapping; NULL: bytes are the file's */
	uint64_t own_bytes;
};

/**
 * Get a section, also as .zdebug_*.
 * @param name   ".debug_..."
 * @param limit  decompress no more than this, nor than MMU_DEBUGSECTION_LIMIT; sections that are
 *               not compressed are always whole
 * @param ret    owned by the caller; all zero when there is no such section
 * @return MMU_ERROR_CORRUPT, _UNSUPPORTED (the compression), _BUDGET, _NO_MEMORY
 */
struct mmu_error *mmu_debugsection_get(const struct mmu_elffile *file, const char *name,
				       uint64_t limit, struct mmu_debugsection *ret) MMU_MUST_CHECK;
/** Whether the file has the section, compressed or not. */
bool mmu_debugsection_exists(const struct mmu_elffile *file, const char *name);
void mmu_debugsection_release(struct mmu_debugsection *section);

#endif
