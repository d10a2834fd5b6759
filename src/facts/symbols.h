/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Symbols: one linear pass over an ELF symbol table for a set of names. */
#ifndef MMU_FACTS_SYMBOLS_H
#define MMU_FACTS_SYMBOLS_H

#include "facts/elffile.h"
#include "facts/names.h"

/** Which definition of a name wins, lowest first. */
enum mmu_symbol_rank {
	MMU_SYMBOL_NONE,
	MMU_SYMBOL_LOCAL,
	MMU_SYMBOL_WEAK,
	MMU_SYMBOL_GLOBAL,
};

struct mmu_symbol {
	uint64_t va, bytes;
	enum mmu_symbol_rank rank;
	bool ambiguous; /**< several of the same rank, at different addresses */
};

/** Look all names up; `ret` has room for names->count, all zero. */
void mmu_symbols_scan(const struct mmu_elffile *file, const struct mmu_names *names,
		      struct mmu_symbol *ret);

#endif
