/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * build_tables [--elf] TEXT IMAGE: write the memory that tables.h describes as a file.
 *
 * Standard output says how to open it, one "KEY VALUE" a line: arch, format, root, and for raw
 * memory each range as --ram takes it.
 */
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/elf_little.h"
#include "support/tables.h"

/* MMU_PLUGINS is P(x86_64) P(arm) ...: the build's list. */
#define P(name) extern const struct mmu_arch mmu_arch_##name;
MMU_PLUGINS
#undef P
#define P(name) &mmu_arch_##name,
static const struct mmu_arch *const archs[] = { MMU_PLUGINS NULL };
#undef P

struct piece {
	uint64_t first_pa, last_pa;
	bool filtered;
};

static char *read_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!file) {
		perror(path);
		exit(1);
	}
	ssize_t bytes = getdelim(&text, &size, '\0', file);
	if (bytes < 0 && ferror(file)) {
		perror(path);
		exit(1);
	}
	fclose(file);
	if (bytes >= 0)
		return text;
	free(text);
	return strdup("");
}

/* The pieces of the image, without its holes. */
static size_t cut_to_pieces(const struct tables *tables, struct piece pieces[])
{
	uint64_t next_pa = tables->first_pa, end_pa = tables->first_pa + tables->bytes;
	size_t count = 0;

	for (size_t i = 0; i <= tables->nr_gaps; i++) {
		const struct tables_gap *gap = i < tables->nr_gaps ? &tables->gaps[i] : NULL;
		uint64_t stop_pa = gap && gap->first_pa < end_pa ? gap->first_pa : end_pa;

		if (next_pa < stop_pa)
			pieces[count++] = (struct piece){ next_pa, stop_pa - 1, false };
		if (gap && gap->filtered)
			pieces[count++] = (struct piece){ gap->first_pa, gap->last_pa, true };
		if (gap)
			next_pa = gap->last_pa + 1;
	}
	return count;
}

static void write_raw(const struct tables *tables, const struct piece pieces[], size_t nr,
		      FILE *file)
{
	fwrite(tables->memory, 1, tables->bytes, file);
	for (size_t i = 0; i < nr; i++)
		printf("raw 0x%" PRIx64 ":0x%" PRIx64 ":0x%" PRIx64 "\n", pieces[i].first_pa,
		       pieces[i].last_pa - pieces[i].first_pa + 1,
		       pieces[i].first_pa - tables->first_pa);
}

static void write_elf(const struct tables *tables, const struct piece pieces[], size_t nr,
		      FILE *file)
{
	Elf64_Ehdr header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_CORE,
		.e_machine = tables->arch->elf_machine,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(header),
		.e_ehsize = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (Elf64_Half)nr,
	};
	uint64_t offset = sizeof(header) + nr * sizeof(Elf64_Phdr);

	elf_little_ehdr(&header);
	fwrite(&header, sizeof(header), 1, file);
	for (size_t i = 0; i < nr; i++) {
		uint64_t bytes = pieces[i].last_pa - pieces[i].first_pa + 1;
		Elf64_Phdr load = {
			.p_type = PT_LOAD,
			.p_offset = offset,
			.p_paddr = pieces[i].first_pa,
			.p_filesz = pieces[i].filtered ? 0 : bytes,
			.p_memsz = bytes,
		};

		offset += load.p_filesz;
		elf_little_phdr(&load);
		fwrite(&load, sizeof(load), 1, file);
	}
	for (size_t i = 0; i < nr; i++) {
		uint64_t end_pa = pieces[i].last_pa + 1;

		if (tables->cut_pa && tables->cut_pa < end_pa)
			end_pa = tables->cut_pa;
		if (!pieces[i].filtered && pieces[i].first_pa < end_pa)
			fwrite(tables->memory + (pieces[i].first_pa - tables->first_pa), 1,
			       end_pa - pieces[i].first_pa, file);
	}
}

int main(int argc, char **argv)
{
	struct piece pieces[2 * TABLES_GAPS_MAX + 1];
	struct tables tables = { 0 };
	bool elf = argc > 1 && strcmp(argv[1], "--elf") == 0, needs_elf;

	if (argc != 3 + elf) {
		fprintf(stderr, "usage: build_tables [--elf] TEXT IMAGE\n");
		return 2;
	}
	char *text = read_text(argv[1 + elf]);
	bool good = text && tables_parse(&tables, archs, text);
	free(text);
	if (!good) {
		fprintf(stderr, "%s: %s\n", argv[1 + elf], tables.error);
		tables_stop(&tables);
		return 1;
	}
	needs_elf = tables.cut_pa;
	for (size_t i = 0; i < tables.nr_gaps; i++)
		needs_elf |= tables.gaps[i].filtered;
	if (needs_elf && !elf) {
		fprintf(stderr, "%s: 'filtered' and 'cut' need --elf\n", argv[1]);
		tables_stop(&tables);
		return 1;
	}
	FILE *file = fopen(argv[2 + elf], "wb");
	if (!file) {
		perror(argv[2 + elf]);
		tables_stop(&tables);
		return 1;
	}
	printf("arch %s\nformat %s\nroot 0x%" PRIx64 "\n", tables.arch->name, tables.name,
	       tables.regimes.regime[0].root_pa);
	(elf ? write_elf : write_raw)(&tables, pieces, cut_to_pieces(&tables, pieces), file);
	tables_stop(&tables);
	if (fclose(file) != 0) {
		perror(argv[2 + elf]);
		return 1;
	}
	return 0;
}
