/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Symbols from kallsyms: the compressed table that a kernel carries about itself. */
#ifndef MMU_FACTS_KALLSYMS_H
#define MMU_FACTS_KALLSYMS_H

#include "base/budget.h"
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
	bool by_shape;     /**< found by its shape: it must prove itself */
};

/** Reads kernel memory, all or nothing. */
typedef bool (*mmu_kallsyms_read_fn)(void *context, uint64_t va, void *buf, size_t bytes);

/** A range of kernel memory, ends inclusive, and what kernel that is. */
struct mmu_kallsyms_where {
	uint64_t first_va, last_va;
	unsigned int pointer_bytes;
	bool big_endian;
	struct mmu_budget *budget; /**< read() spends it; NULL: it has no end */
};

/** Called for each place where a table may lie. @return true: this is it, stop */
typedef bool (*mmu_kallsyms_found_fn)(void *context, const struct mmu_kallsyms_place *place);

/**
 * Look for the table by its shape, in all layouts since 2.6.
 * @param where  the table's tokens lie in it; its other parts may lie around it
 * @param fn     gets a place whose tokens, names, markers and number agree, once for each way in
 *               which addresses may lie beside them; mmu_kallsyms_open() tells which is true
 * @return true when fn took one
 */
bool mmu_kallsyms_find(const struct mmu_kallsyms_where *where, mmu_kallsyms_read_fn read,
		       mmu_kallsyms_found_fn fn, void *context);

/**
 * Read the table once, for all wanted names. The address of the symbol `proof` must be right; else
 * that of linux_banner, if the table has it. One found by its shape must have one of both, and must
 * be sorted, as kallsyms is.
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
