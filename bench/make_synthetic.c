/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * An image that holds nothing but tables: make-synthetic [--fragmented] SIZE FILE.
 *
 * SIZE (1G to 1T) is mapped from 0 on in pages of 4 KiB, to frames that are no neighbours, by
 * tables of x86_64 of which no two share a byte. With --fragmented every other page is missing, at
 * random, and what is there has random rights. The back-end's encode() makes the entries; standard
 * output says how bench-ranges opens it: FORMAT=ROOT.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/support/elf_little.h"
#include "walk/walk.h"

#define PAGE 4096u
#define ENTRIES 512u
#define FIRST_PA UINT64_C(0x100000)
/* Behind all tables, and in the address bits of every x86-64 machine. */
#define FRAMES_PA UINT64_C(0x2000000000)
#define FRAMES_LG2 36u

/* MMU_PLUGINS is P(NAME) P(NAME) ...: the build's list. */
#define P(name) extern const struct mmu_arch mmu_arch_##name;
MMU_PLUGINS
#undef P
#define P(name) &mmu_arch_##name,
static const struct mmu_arch *const archs[] = { MMU_PLUGINS NULL };
#undef P

/* Four levels of 512 entries of 8 bytes, little-endian. More than one machine has a "4level". */
#define FORMAT "4level"
#define MACHINE EM_X86_64

static const struct mmu_regime *find_regime(void)
{
	for (const struct mmu_arch *const *arch = archs; *arch; arch++)
		for (size_t i = 0; i < (*arch)->nr_samples; i++) {
			const struct mmu_regime *regime = (*arch)->samples[i]->regimes[0];

			if ((*arch)->elf_machine == MACHINE &&
			    !strcmp(regime->format->name, FORMAT))
				return regime;
		}
	return NULL;
}

static uint64_t next_random(void)
{
	static uint64_t state = UINT64_C(88172645463325252);

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* @return 0: it is no size */
static uint64_t size_of(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	if (value < 1 || value > 1024 || !*end || end[1])
		return 0;
	value = *end == 'G' ? value << 30 : *end == 'T' ? value << 40 : 0;
	return value <= UINT64_C(1) << 40 ? value : 0;
}

static void fill(uint8_t *table, const struct mmu_regime *regime, unsigned int level,
		 uint64_t entries, uint64_t next_pa, bool fragmented)
{
	memset(table, 0, PAGE);
	for (unsigned int i = 0; i < ENTRIES && i < entries; i++) {
		struct mmu_entry entry = { .kind = MMU_KIND_TABLE,
					   .rights = MMU_RIGHTS_ALL,
					   .pa = next_pa + (uint64_t)i * PAGE };
		uint64_t raw, second, random = next_random();

		if (level == 0) {
			entry.kind = MMU_KIND_LEAF;
			entry.rights = MMU_RIGHT_READ | MMU_RIGHT_WRITE | MMU_RIGHT_USER;
			entry.pa = FRAMES_PA +
				   ((random >> 20) % (UINT64_C(1) << FRAMES_LG2 >> 12)) * PAGE;
			if (fragmented && random & 1)
				continue;
			if (fragmented && random & 2)
				entry.rights &= (uint8_t)~MMU_RIGHT_WRITE;
			if (fragmented && random & 4)
				entry.rights |= MMU_RIGHT_EXEC | MMU_RIGHT_EXEC_PRIV;
		}
		if (!regime->format->encode(regime, level, &entry, &raw, &second)) {
			fprintf(stderr, "make-synthetic: no such entry at level %u\n", level);
			exit(3);
		}
		mmu_put_uint(table + 8u * i, 8, false, raw);
	}
}

static void write_header(FILE *file, uint64_t bytes)
{
	Elf64_Ehdr header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_CORE,
		.e_machine = MACHINE,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(header),
		.e_ehsize = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
	};
	Elf64_Phdr load = {
		.p_type = PT_LOAD,
		.p_offset = PAGE,
		.p_paddr = FIRST_PA,
		.p_filesz = bytes,
		.p_memsz = bytes,
	};
	static const uint8_t zeros[PAGE];

	elf_little_ehdr(&header);
	elf_little_phdr(&load);
	fwrite(&header, sizeof(header), 1, file);
	fwrite(&load, sizeof(load), 1, file);
	fwrite(zeros, PAGE - sizeof(header) - sizeof(load), 1, file);
}

/* Level by level from the root down, each level's tables by address. */
static void write_tables(FILE *file, const struct mmu_regime *regime, uint64_t pages,
			 bool fragmented)
{
	uint64_t nr[5] = { pages };
	uint64_t pa = FIRST_PA, all = 0;
	uint8_t table[PAGE];

	for (unsigned int level = 0; level < 4; level++)
		all += nr[level + 1] = (nr[level] + ENTRIES - 1) / ENTRIES;
	write_header(file, all * PAGE);
	for (unsigned int level = 4; level-- > 0;) {
		uint64_t below_pa = pa + nr[level + 1] * PAGE;

		for (uint64_t i = 0; i < nr[level + 1]; i++) {
			uint64_t first = i * ENTRIES;

			fill(table, regime, level, nr[level] - first, below_pa + first * PAGE,
			     fragmented);
			fwrite(table, PAGE, 1, file);
		}
		pa = below_pa;
	}
}

int main(int argc, char **argv)
{
	bool fragmented = argc > 1 && strcmp(argv[1], "--fragmented") == 0;
	uint64_t bytes = argc == 3 + fragmented ? size_of(argv[1 + fragmented]) : 0;
	const struct mmu_regime *regime;

	if (!bytes) {
		fprintf(stderr, "usage: make-synthetic [--fragmented] SIZE FILE, SIZE from 1G to "
				"1T\n");
		return 2;
	}
	regime = find_regime();
	FILE *file = regime ? fopen(argv[2 + fragmented], "wb") : NULL;
	if (!file) {
		perror(argv[2 + fragmented]);
		return 3;
	}
	write_tables(file, regime, bytes / PAGE, fragmented);
	if (ferror(file) | fclose(file)) {
		perror(argv[2 + fragmented]);
		return 3;
	}
	printf(FORMAT "=0x%" PRIx64 "\n", FIRST_PA);
	return 0;
}
