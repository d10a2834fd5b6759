/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Symbols from kallsyms: the compressed table that a kernel carries about itself. */
#ifndef MMU_FACTS_KALLSYMS_H
#define MMU_FACTS_KALLSYMS_H

#include "base/bytes.h"
#include "base/error.h"

struct mmu_kallsyms;

/** Where the parts of the table lie in the kernel, and what the kernel is. */
struct mmu_kallsyms_place {
	uint64_t names_va, num_syms_va, token_table_va, token_index_va;
	uint64_t offsets_va;       /**< kallsyms_offsets, since 4.6; 0: there is none */
	uint64_t relative_base_va; /**< 0: since 7.0 offsets count from their own place */
	uint64_t addresses_va;     /**< kallsyms_addresses, without offsets */
	unsigned int pointer_bytes;
	bool big_endian;
	const char *proof; /**< a symbol whose address is known from elsewhere, or NULL */
	uint64_t proof_va; /**< its run-time address */
};

/** Reads kernel memory, all or nothing. */
typedef bool (*mmu_kallsyms_read_fn)(void *context, uint64_t va, void *buf, size_t bytes);

/**
 * Read the table once, for all wanted names.
 * @param symbols  NULL-terminated static names that will be asked for
 * @param ret      owned by the caller; untouched on failure. Addresses are run-time ones.
 * @return MMU_ERROR_FAULT (a part is not in the image), _CORRUPT, _NO_MEMORY
 */
struct mmu_error *mmu_kallsyms_open(const struct mmu_kallsyms_place *place,
				    mmu_kallsyms_read_fn read, void *context,
				    const char *const *symbols,
				    struct mmu_kallsyms **ret) MMU_MUST_CHECK;
/** Accepts NULL. */
void mmu_kallsyms_close(struct mmu_kallsyms *kallsyms);

/** A symbol's run-time address; unwanted names take a new pass. @return false: none, or two */
bool mmu_kallsyms_symbol(struct mmu_kallsyms *kallsyms, const char *name, uint64_t *ret_va);

/** The address of the next symbol above `va`. @return false: there is none */
bool mmu_kallsyms_next(struct mmu_kallsyms *kallsyms, uint64_t va, uint64_t *ret_va);

#endif
