/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Symbols as text, a line each: /proc/kallsyms, System.map. */
#ifndef MMU_FACTS_SYMBOLTEXT_H
#define MMU_FACTS_SYMBOLTEXT_H

#include "base/bytes.h"
#include "base/error.h"

/** The largest kernels have some 300,000 symbols. The limit ends a file that has no end. */
#define MMU_SYMBOL_TEXT_BYTES_MAX ((uint64_t)128 << 20)

struct mmu_symbol_text;

enum mmu_symbol_text_kind {
	MMU_SYMBOL_TEXT_KALLSYMS, /**< symbols of modules are left out, as is what is none */
	MMU_SYMBOL_TEXT_MAP,      /**< each line must be a symbol */
};

/** Do these bytes begin with a line "ffffffff81000000 T _text"? */
bool mmu_symbol_text_recognise(const void *text, uint64_t bytes);

/**
 * Read the symbols once, for all wanted names.
 * @param path     what messages call it; copied
 * @param text     malloc'ed; owned by the object from now on, also on failure
 * @param symbols  NULL-terminated static names that will be asked for
 * @param ret      owned by the caller; untouched on failure
 * @return MMU_ERROR_NOT_FOUND (the addresses are hidden, or nothing is in it), _FORMAT (a line is
 *         no symbol), _NO_MEMORY
 */
struct mmu_error *mmu_symbol_text_open(const char *path, enum mmu_symbol_text_kind kind, void *text,
				       uint64_t bytes, const char *const *symbols,
				       struct mmu_symbol_text **ret) MMU_MUST_CHECK;
/** Accepts NULL. */
void mmu_symbol_text_close(struct mmu_symbol_text *symbols);

const char *mmu_symbol_text_path(const struct mmu_symbol_text *symbols);

/**
 * A symbol's address as the file has it; names outside the wanted ones take a new pass. By the case
 * of its letter a global symbol wins over a weak one, that over a static one.
 * @return false: none, or several of equal rank at different addresses
 */
bool mmu_symbol_text_find(const struct mmu_symbol_text *symbols, const char *name,
			  uint64_t *ret_va);

/** The address of the next symbol above `va`. @return false: there is none */
bool mmu_symbol_text_next(const struct mmu_symbol_text *symbols, uint64_t va, uint64_t *ret_va);

#endif
