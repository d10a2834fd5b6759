/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file kallsyms found by its shape, in hand-made kernels of every layout; whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "facts/kallsyms.h"

#define MEMORY 0x40000u
#define TABLE 0x5000u  /* where the first part lies */
#define BANNER 0x3a10u /* where linux_banner lies */
#define SYMBOLS 1500u  /* 6 markers */
#define TOKENS 256u

/* scripts/kallsyms.c, in the releases that changed it. */
static const struct layout {
	const char *name;
	bool addresses, offsets_first, base, seqs, words, absolute_percpu, place;
} layouts[] = {
	{ "up to 4.5", true, true, false, false, true, false, false },
	{ "4.6 to 4.19", false, true, true, false, true, true, false },
	{ "5.0 to 6.1", false, true, true, false, false, true, false },
	{ "without absolute ones", false, true, true, false, false, false, false },
	{ "6.2 and 6.3", false, true, true, true, false, true, false },
	{ "6.4 to 6.14", false, false, true, true, false, true, false },
	{ "6.15 to 6.19", false, false, true, true, false, false, false },
	{ "since 7.0", false, false, false, true, false, false, true },
};
#define LAYOUTS (sizeof(layouts) / sizeof(layouts[0]))

static struct kernel {
	uint8_t memory[MEMORY];
	const struct layout *layout;
	unsigned int word;
	bool big_endian;
	uint64_t base; /* of the memory, and kallsyms_relative_base */
	size_t at;
	/* what was made, as offsets in memory */
	size_t names, num_syms, markers, token_table, token_index, offsets, end;
	size_t missing; /* a page that is not there, if not 0 */
} kernel;

static bool read_memory(void *context, uint64_t va, void *buf, size_t bytes)
{
	uint64_t at = va - kernel.base;

	(void)context;
	if (va < kernel.base || at > MEMORY || bytes > MEMORY - at ||
	    (kernel.missing && at < kernel.missing + 4096 && at + bytes > kernel.missing))
		return false;
	memcpy(buf, kernel.memory + at, bytes);
	return true;
}

static void put(size_t at, unsigned int bytes, uint64_t value)
{
	assert_true(at + bytes <= MEMORY);
	mmu_put_uint(kernel.memory + at, bytes, kernel.big_endian, value);
}

/* Each part begins at a multiple of a word. */
static size_t begin(void)
{
	kernel.at = (kernel.at + kernel.word - 1) & ~(size_t)(kernel.word - 1);
	return kernel.at;
}

static void add(unsigned int bytes, uint64_t value)
{
	put(kernel.at, bytes, value);
	kernel.at += bytes;
}

/* The n-th symbol. The first three are per-CPU ones. */
static uint64_t symbol_va(unsigned int n)
{
	if (n < 3 && kernel.layout->absolute_percpu)
		return 0x40 * n;
	if (n == 700)
		return kernel.base + BANNER;
	return kernel.base + 0x10 * n / 2 + (n > 700 ? BANNER : 0);
}

static void add_names(void)
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
			put(kernel.markers + n / 256 * (kernel.layout->words ? kernel.word : 4),
			    kernel.layout->words ? kernel.word : 4, kernel.at - kernel.names);
		add(1, strlen(name));
		memcpy(kernel.memory + kernel.at, name, strlen(name));
		kernel.at += strlen(name);
	}
}

static void add_addresses(void)
{
	const struct layout *layout = kernel.layout;
	size_t start = begin();

	kernel.offsets = start;
	for (unsigned int n = 0; n < SYMBOLS; n++) {
		uint64_t va = symbol_va(n), offset = va - kernel.base;

		if (layout->place)
			offset = va - (kernel.base + start + 4 * n);
		else if (layout->absolute_percpu)
			offset = n < 3 ? va : kernel.base - 1 - va;
		add(layout->addresses ? kernel.word : 4, layout->addresses ? va : offset);
	}
	begin();
	if (layout->base)
		add(kernel.word, kernel.base);
}

static void add_tokens(void)
{
	uint16_t index[TOKENS];

	kernel.token_table = begin();
	for (unsigned int i = 0; i < TOKENS; i++) {
		static const char *const filler[] = { "st", "str", "lock_", "_" };
		char text[8] = { (char)i };

		index[i] = (uint16_t)(kernel.at - kernel.token_table);
		if (i < 0x20 || i > 0x7e)
			snprintf(text, sizeof(text), "%s", i == 1 ? "linux_" : filler[i % 4]);
		memcpy(kernel.memory + kernel.at, text, strlen(text) + 1);
		kernel.at += strlen(text) + 1;
	}
	kernel.token_index = begin();
	for (unsigned int i = 0; i < TOKENS; i++)
		add(2, index[i]);
	kernel.end = kernel.at;
}

static void add_seqs(void)
{
	begin();
	for (unsigned int n = 0; n < SYMBOLS; n++) {
		uint32_t other = n * 701 % SYMBOLS;
		const uint8_t bytes[3] = { (uint8_t)(other >> 16), (uint8_t)(other >> 8),
					   (uint8_t)other };

		memcpy(kernel.memory + kernel.at, bytes, 3);
		kernel.at += 3;
	}
}

static void make(const struct layout *layout, unsigned int word, bool big_endian)
{
	unsigned int marker_bytes = layout->words ? word : 4;

	memset(&kernel, 0, sizeof(kernel));
	kernel.layout = layout;
	kernel.word = word;
	kernel.big_endian = big_endian;
	kernel.base = word == 8 ? UINT64_C(0xffffffff81000000) : 0xc0008000;
	memcpy(kernel.memory + BANNER, "Linux version 9.9", 18);
	memcpy(kernel.memory + 0x4100, "0\0001\0002\0003\0004\0005\0006\0007\0008\0009", 20);
	kernel.at = TABLE;
	if (layout->offsets_first)
		add_addresses();
	kernel.num_syms = begin();
	add(layout->words ? word : 4, SYMBOLS);
	kernel.names = begin();
	/* how long names[] is turns out when it is written; then they are written once more */
	kernel.markers = MEMORY - 64;
	add_names();
	size_t markers = begin();
	memset(kernel.memory + MEMORY - 64, 0, 64);
	kernel.markers = markers;
	kernel.at = kernel.names;
	add_names();
	kernel.at = kernel.markers + (SYMBOLS + 255) / 256 * marker_bytes;
	if (layout->offsets_first && layout->seqs)
		add_seqs();
	add_tokens();
	if (!layout->offsets_first)
		add_addresses();
	if (!layout->offsets_first && layout->seqs)
		add_seqs();
	assert_true(kernel.at < MEMORY - 64);
}

static const char *const wanted[] = { "init_task", NULL };

static bool take(void *context, const struct mmu_kallsyms_place *place)
{
	struct mmu_error *error = mmu_kallsyms_open(place, read_memory, NULL, wanted, context);

	mmu_error_destroy(error);
	return !error;
}

static bool find(struct mmu_kallsyms **ret)
{
	uint64_t budget_bytes = MMU_KALLSYMS_BUDGET_BYTES;
	const struct mmu_kallsyms_where where = { kernel.base, kernel.base + MEMORY - 1,
						  kernel.word, kernel.big_endian, &budget_bytes };

	return mmu_kallsyms_find(&where, read_memory, take, ret);
}

static void assert_found(void)
{
	struct mmu_kallsyms *table;
	uint64_t va;

	if (!find(&table))
		fail_msg("%s, %u bytes a word, %s-endian: not found", kernel.layout->name,
			 kernel.word, kernel.big_endian ? "big" : "little");
	assert_true(mmu_kallsyms_symbol(table, "init_task", &va));
	assert_int_equal(va, symbol_va(900));
	assert_true(mmu_kallsyms_symbol(table, "linux_banner", &va));
	assert_int_equal(va, kernel.base + BANNER);
	assert_true(mmu_kallsyms_symbol(table, "function_1499", &va));
	assert_int_equal(va, symbol_va(1499));
	mmu_kallsyms_close(table);
}

static void assert_not_found(const char *why)
{
	struct mmu_kallsyms *table;

	if (find(&table))
		fail_msg("%s: a table was believed: %s", kernel.layout->name, why);
}

static void test_every_layout(void **state)
{
	for (size_t i = 0; i < LAYOUTS; i++) {
		for (unsigned int way = 0; way < 4; way++) {
			make(&layouts[i], way & 1 ? 4 : 8, way & 2);
			assert_found();
		}
	}
}

/* One thing is wrong in each part: then nothing is found, not two thirds of a table. */
static void test_no_part_is_believed_alone(void **state)
{
	for (size_t i = 0; i < LAYOUTS; i++) {
		const struct layout *layout = &layouts[i];

		make(layout, 8, false);
		kernel.memory[BANNER] ^= 1;
		assert_not_found("no banner");
		make(layout, 8, false);
		kernel.memory[kernel.num_syms]--;
		assert_not_found("one symbol less");
		make(layout, 8, false);
		put(kernel.num_syms, 4, SYMBOLS + 256);
		assert_not_found("a block more");
		make(layout, 8, false);
		kernel.memory[kernel.markers + (layout->words ? 8 : 4) * 3]++;
		assert_not_found("a marker");
		make(layout, 8, false);
		kernel.memory[kernel.names]++;
		assert_not_found("a length");
		make(layout, 8, false);
		kernel.memory[kernel.token_index + 40]++;
		assert_not_found("a token's index");
		make(layout, 8, false);
		memset(kernel.memory + kernel.token_table + 100, 0, 2);
		assert_not_found("a token");
		make(layout, 8, false);
		put(kernel.offsets + (layout->addresses ? 8 : 4) * 1000, 4, 0x7f123456);
		assert_not_found("an address that is out of order");
		make(layout, 8, false);
		kernel.missing = (kernel.names + 4096) & ~(size_t)4095;
		assert_not_found("a page of names");
		make(layout, 8, false);
		kernel.missing = kernel.offsets & ~(size_t)4095;
		assert_not_found("a page of addresses");
	}
}

/* Another kernel's table, say a file's in the page cache, puts the banner where there is none. */
static void test_second_table(void **state)
{
	static uint8_t copy[MEMORY];
	size_t bytes;

	make(&layouts[6], 8, false);
	bytes = kernel.at - TABLE + 1024;
	memcpy(copy, kernel.memory + TABLE, bytes);
	memmove(kernel.memory + TABLE + 0x18000, copy, bytes);
	put(kernel.offsets + 4 * SYMBOLS, 8, kernel.base + 0x100000);
	assert_found();
}

static void test_damage_ends(void **state)
{
	uint32_t seed = 1;

	for (unsigned int round = 0; round < 150; round++) {
		struct mmu_kallsyms *table;

		make(&layouts[round % LAYOUTS], 8, round & 1);
		for (unsigned int i = 0; i < 4; i++) {
			seed = seed * 1664525 + 1013904223;
			kernel.memory[TABLE + (seed >> 8) % (kernel.at - TABLE)] ^=
				(uint8_t)(1 << (seed & 7));
		}
		if (find(&table))
			mmu_kallsyms_close(table);
	}
	/* nothing but digits; nothing but ones; markers without end */
	for (unsigned int kind = 0; kind < 3; kind++) {
		make(&layouts[5], 8, false);
		for (size_t at = 0; at < TABLE; at++)
			kernel.memory[at] = kind == 1 ? 1
					    : at & 1  ? 0
						      : (uint8_t)('0' + at / 2 % 10);
		for (size_t at = 0; kind == 2 && at < kernel.token_table - 4; at += 4)
			put(at, 4, at % 64 * 200);
		assert_not_found("what has no banner");
	}
}

/* A kernel's image may be mapped in many pieces: the budget is that of all of them. */
static void test_budget(void **state)
{
	uint64_t budget_bytes = MEMORY / 2;
	struct mmu_kallsyms_where where = { 0, MEMORY - 1, 8, false, &budget_bytes };
	struct mmu_kallsyms *table;

	make(&layouts[5], 8, false);
	where.first_va += kernel.base;
	where.last_va += kernel.base;
	assert_false(mmu_kallsyms_find(&where, read_memory, take, &table));
	assert_true(budget_bytes < MEMORY / 2);
	budget_bytes = MMU_KALLSYMS_BUDGET_BYTES;
	assert_true(mmu_kallsyms_find(&where, read_memory, take, &table));
	assert_true(budget_bytes < MMU_KALLSYMS_BUDGET_BYTES);
	mmu_kallsyms_close(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_layout),
		cmocka_unit_test(test_no_part_is_believed_alone),
		cmocka_unit_test(test_second_table),
		cmocka_unit_test(test_damage_ends),
		cmocka_unit_test(test_budget),
	};

	return cmocka_run_group_tests_name("kallsyms-find", tests, NULL, NULL);
}
