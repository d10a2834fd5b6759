/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Hand-made kernels that carry kallsyms, in every layout. */
#ifndef MMU_SUPPORT_KALLSYMS_LIKE_H
#define MMU_SUPPORT_KALLSYMS_LIKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"

#define MEMORY 0x40000u
#define KALLSYMS_AT 0x5000u /* where the first part lies */
#define BANNER_AT 0x3a10u   /* where linux_banner lies */
#define SYMBOLS 1500u       /* 6 markers */
#define TOKENS 256u

/* scripts/kallsyms.c, in the releases that changed it. */
static const struct kallsyms_layout {
	const char *name;
	bool addresses, offsets_first, base, seqs, words, absolute_percpu, place;
	bool by_4;         /* each part begins at a multiple of 4, not of a word */
	unsigned int skew; /* the first part lies so much behind such a place */
} layouts[] = {
	{ "up to 4.5", true, true, false, false, true, false, false },
	{ "4.6 to 4.19", false, true, true, false, true, true, false },
	{ "5.0 to 6.1", false, true, true, false, false, true, false },
	{ "without absolute ones", false, true, true, false, false, false, false },
	{ "6.2 and 6.3", false, true, true, true, false, true, false },
	{ "6.4 to 6.14", false, false, true, true, false, true, false },
	{ "6.15 to 6.19", false, false, true, true, false, false, false },
	{ "7.0 and 7.1", false, false, false, true, false, false, true },
	{ "since 7.2", false, false, false, true, false, false, true, true },
	{ "since 7.2, 4 bytes on", false, false, false, true, false, false, true, true, 4 },
};
#define LAYOUTS (sizeof(layouts) / sizeof(layouts[0]))

static struct kallsyms_like {
	uint8_t memory[MEMORY];
	const struct kallsyms_layout *layout;
	unsigned int word;
	bool big_endian;
	uint64_t base; /* of the memory, and kallsyms_relative_base */
	size_t at;
	/* what was made, as offsets in memory */
	size_t names, num_syms, markers, token_table, token_index, offsets, end;
	size_t missing; /* a page that is not there, if not 0 */
} like;

static inline void put_word(size_t at, unsigned int bytes, uint64_t value)
{
	assert_true(at + bytes <= MEMORY);
	mmu_put_uint(like.memory + at, bytes, like.big_endian, value);
}

/* Each part begins at a multiple of a word, or of 4. */
static inline size_t begin(void)
{
	size_t unit = like.layout->by_4 ? 4 : like.word;

	like.at = (like.at + unit - 1) & ~(unit - 1);
	return like.at;
}

static inline void add(unsigned int bytes, uint64_t value)
{
	put_word(like.at, bytes, value);
	like.at += bytes;
}

/* The n-th symbol. The first three are per-CPU ones. */
static inline uint64_t symbol_va(unsigned int n)
{
	if (n < 3 && like.layout->absolute_percpu)
		return 0x40 * n;
	if (n == 700)
		return like.base + BANNER_AT;
	return like.base + 0x10 * n / 2 + (n > 700 ? BANNER_AT : 0);
}

static inline void add_names(void)
{
	for (unsigned int n = 0; n < SYMBOLS; n++) {
		char name[32];

		/* 0x01 stands for "linux_" */
		if (n == 700)
			snprintf(name, sizeof(name), "D\001banner");
		else if (n == 900)
			snprintf(name, sizeof(name), "Dinit_task");
		else
			snprintf(name, sizeof(name), "tfunction_%u", n);
		if (n % 256 == 0)
			put_word(like.markers + n / 256 * (like.layout->words ? like.word : 4),
				 like.layout->words ? like.word : 4, like.at - like.names);
		add(1, strlen(name));
		memcpy(like.memory + like.at, name, strlen(name));
		like.at += strlen(name);
	}
}

static inline void add_addresses(void)
{
	const struct kallsyms_layout *layout = like.layout;
	size_t start = begin();

	like.offsets = start;
	for (unsigned int n = 0; n < SYMBOLS; n++) {
		uint64_t va = symbol_va(n), offset = va - like.base;

		if (layout->place)
			offset = va - (like.base + start + 4 * n);
		else if (layout->absolute_percpu)
			offset = n < 3 ? va : like.base - 1 - va;
		add(layout->addresses ? like.word : 4, layout->addresses ? va : offset);
	}
	begin();
	if (layout->base)
		add(like.word, like.base);
}

static inline void add_tokens(void)
{
	uint16_t index[TOKENS];

	like.token_table = begin();
	for (unsigned int i = 0; i < TOKENS; i++) {
		static const char *const filler[] = { "st", "str", "lock_", "_" };
		char text[8] = { (char)i };

		index[i] = (uint16_t)(like.at - like.token_table);
		if (i < 0x20 || i > 0x7e)
			snprintf(text, sizeof(text), "%s", i == 1 ? "linux_" : filler[i % 4]);
		memcpy(like.memory + like.at, text, strlen(text) + 1);
		like.at += strlen(text) + 1;
	}
	like.token_index = begin();
	for (unsigned int i = 0; i < TOKENS; i++)
		add(2, index[i]);
	like.end = like.at;
}

static inline void add_seqs(void)
{
	begin();
	for (unsigned int n = 0; n < SYMBOLS; n++) {
		uint32_t other = n * 701 % SYMBOLS;
		const uint8_t bytes[3] = { (uint8_t)(other >> 16), (uint8_t)(other >> 8),
					   (uint8_t)other };

		memcpy(like.memory + like.at, bytes, 3);
		like.at += 3;
	}
}

/* @param base  where all of it lies */
static inline void make_at(const struct kallsyms_layout *layout, unsigned int word, bool big_endian,
			   uint64_t base)
{
	unsigned int marker_bytes = layout->words ? word : 4;

	memset(&like, 0, sizeof(like));
	like.layout = layout;
	like.word = word;
	like.big_endian = big_endian;
	like.base = base;
	memcpy(like.memory + BANNER_AT, "Linux version 9.9", 18);
	memcpy(like.memory + 0x4100, "0\0001\0002\0003\0004\0005\0006\0007\0008\0009", 20);
	like.at = KALLSYMS_AT + layout->skew;
	if (layout->offsets_first)
		add_addresses();
	like.num_syms = begin();
	add(layout->words ? word : 4, SYMBOLS);
	like.names = begin();
	/* how long names[] is turns out when it is written; then they are written once more */
	like.markers = MEMORY - 64;
	add_names();
	size_t markers = begin();
	memset(like.memory + MEMORY - 64, 0, 64);
	like.markers = markers;
	like.at = like.names;
	add_names();
	like.at = like.markers + (SYMBOLS + 255) / 256 * marker_bytes;
	if (layout->offsets_first && layout->seqs)
		add_seqs();
	add_tokens();
	if (!layout->offsets_first)
		add_addresses();
	if (!layout->offsets_first && layout->seqs)
		add_seqs();
	assert_true(like.at < MEMORY - 64);
}

#endif
