/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The pass over the symbol table. */
#include <stdlib.h>

#include "base/cleanup.h"
#include "facts/name_places.h"
#include "facts/symbols.h"

/* Smaller tables are looked at in the mapping. Those of a kernel have megabytes. */
#define READ_BYTES_MIN ((uint64_t)512 << 10)
/* What says that it has more is not read unasked. */
#define READ_BYTES_MAX ((uint64_t)32 << 20)
#define CHUNK_BYTES ((uint64_t)32 << 10)

/* The two sections, and where the fields of an entry are. */
struct table {
	const struct mmu_elffile *file;
	struct mmu_bytes entries, strings;
	const struct mmu_names *names;
	const struct mmu_name_places *places; /* NULL: each string is looked at in the mapping */
	uint8_t *chunk; /* for a part of the entries; NULL: they are used in the mapping */
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

static size_t name_at(const struct table *table, uint32_t offset)
{
	if (table->places)
		return mmu_name_places_find(table->places, offset);
	if (offset >= table->strings.count)
		return MMU_NAMES_NONE;
	return mmu_names_find(table->names, table->strings.data + offset,
			      table->strings.count - offset);
}

static void scan_entries(const struct table *table, const uint8_t *at, uint64_t count,
			 struct mmu_symbol *ret)
{
	for (uint64_t i = 0; i < count; i++, at += table->entry_bytes) {
		size_t found = name_at(table, mmu_get_u32(at, table->big_endian));

		if (__builtin_expect(found != MMU_NAMES_NONE, 0))
			take(table, at, &ret[found]);
	}
}

static void scan_range(const struct table *table, uint64_t first, uint64_t count,
		       struct mmu_symbol *ret)
{
	const uint8_t *at = table->entries.data + first * table->entry_bytes;
	uint64_t most = CHUNK_BYTES / table->entry_bytes, part;

	if (!table->chunk) {
		scan_entries(table, at, count, ret);
		return;
	}
	for (; count; count -= part, at += part * table->entry_bytes) {
		part = count < most ? count : most;
		if (!mmu_elffile_read(table->file,
				      (struct mmu_bytes){ at, part * table->entry_bytes },
				      table->chunk))
			return;
		scan_entries(table, table->chunk, part, ret);
	}
}

static bool all_global(const struct mmu_symbol *symbols, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (symbols[i].rank != MMU_SYMBOL_GLOBAL)
			return false;
	return true;
}

static void scan_all(const struct table *table, uint64_t first_global, uint64_t count,
		     struct mmu_symbol *ret)
{
	/* ELF puts local symbols first. Most of a kernel's symbols are local and rarely wanted. */
	scan_range(table, first_global, count - first_global, ret);
	if (!all_global(ret, table->names->count))
		scan_range(table, 0, first_global, ret);
}

void mmu_symbols_scan(const struct mmu_elffile *file, const struct mmu_names *names,
		      struct mmu_symbol *ret)
{
	struct mmu_elfsection symtab, strtab;
	struct mmu_name_places places = { 0 };

	if (!mmu_elffile_typed(file, SHT_SYMTAB, &symtab) ||
	    !mmu_elffile_indexed(file, symtab.link, &strtab))
		return;
	struct table table = {
		.file = file,
		.entries = symtab.bytes,
		.strings = strtab.bytes,
		.names = names,
		.is64 = file->elf_class == ELFCLASS64,
		.big_endian = file->big_endian,
	};

	table.entry_bytes = table.is64 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
	uint64_t count = symtab.bytes.count / table.entry_bytes, bytes = strtab.bytes.count;
	MMU_FREE uint8_t *chunk = NULL;

	if (bytes >= READ_BYTES_MIN && bytes <= READ_BYTES_MAX &&
	    mmu_name_places_search(file, strtab.bytes, names, &places)) {
		table.places = &places;
		table.chunk = chunk = malloc(CHUNK_BYTES);
	}
	scan_all(&table, symtab.info < count ? symtab.info : 0, count, ret);
	mmu_name_places_destroy(&places);
}
