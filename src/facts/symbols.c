/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The pass over the symbol table. */
#include "facts/symbols.h"

/* The two sections, and where the fields of an entry are. */
struct table {
	struct mmu_bytes entries, strings;
	uint64_t entry_bytes;
	bool big_endian, is64;
};

static enum mmu_symbol_rank rank_of(uint8_t info, uint16_t section)
{
	uint8_t type = GELF_ST_TYPE(info);

	if (section == SHN_UNDEF || type == STT_SECTION || type == STT_FILE)
		return MMU_SYMBOL_NONE;
	switch (GELF_ST_BIND(info)) {
	case STB_LOCAL:
		return MMU_SYMBOL_LOCAL;
	case STB_WEAK:
		return MMU_SYMBOL_WEAK;
	default:
		return MMU_SYMBOL_GLOBAL;
	}
}

static void take(const struct table *table, const uint8_t *at, struct mmu_symbol *symbol)
{
	bool big = table->big_endian;
	uint8_t info = at[table->is64 ? 4 : 12];
	uint16_t section = mmu_get_u16(at + (table->is64 ? 6 : 14), big);
	uint64_t va = table->is64 ? mmu_get_u64(at + 8, big) : mmu_get_u32(at + 4, big);
	uint64_t bytes = table->is64 ? mmu_get_u64(at + 16, big) : mmu_get_u32(at + 8, big);
	enum mmu_symbol_rank rank = rank_of(info, section);

	if (rank > symbol->rank)
		*symbol = (struct mmu_symbol){ va, bytes, rank, false };
	else if (rank && rank == symbol->rank && va != symbol->va)
		symbol->ambiguous = true;
}

static void scan_range(const struct table *table, uint64_t first, uint64_t count,
		       const struct mmu_names *names, struct mmu_symbol *ret)
{
	const uint8_t *at = table->entries.data + first * table->entry_bytes;

	for (uint64_t i = 0; i < count; i++, at += table->entry_bytes) {
		uint32_t name = mmu_get_u32(at, table->big_endian);

		if (name >= table->strings.count)
			continue;
		size_t found = mmu_names_find(names, table->strings.data + name,
					      table->strings.count - name);

		if (__builtin_expect(found != MMU_NAMES_NONE, 0))
			take(table, at, &ret[found]);
	}
}

static bool all_global(const struct mmu_symbol *symbols, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (symbols[i].rank != MMU_SYMBOL_GLOBAL)
			return false;
	return true;
}

void mmu_symbols_scan(const struct mmu_elffile *file, const struct mmu_names *names,
		      struct mmu_symbol *ret)
{
	struct mmu_elfsection symtab, strtab;

	if (!mmu_elffile_typed(file, SHT_SYMTAB, &symtab) ||
	    !mmu_elffile_indexed(file, symtab.link, &strtab))
		return;
	struct table table = {
		.entries = symtab.bytes,
		.strings = strtab.bytes,
		.is64 = file->elf_class == ELFCLASS64,
		.big_endian = file->big_endian,
	};

	table.entry_bytes = table.is64 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
	uint64_t count = symtab.bytes.count / table.entry_bytes;
	/* ELF puts local symbols first. Most of a kernel's symbols are local and rarely wanted. */
	uint64_t first_global = symtab.info < count ? symtab.info : 0;

	mmu_elffile_expect(file, &symtab);
	mmu_elffile_expect(file, &strtab);
	scan_range(&table, first_global, count - first_global, names, ret);
	if (!all_global(ret, names->count))
		scan_range(&table, 0, first_global, names, ret);
}
