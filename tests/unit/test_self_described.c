/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What a kernel carries about itself: BTF, kallsyms, VMCOREINFO; whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "facts/btf.h"
#include "facts/kallsyms.h"
#include "facts/scan.h"
#include "support/btf_like.h"
#include "support/memory_image.h"

/* ------------------------------------------------------------------ BTF */

/*
 * struct task { int pid; union { long a; struct { char pad[8]; char comm[16]; }; }; int list[3]; };
 * enum color { RED = -1, BLUE = 7 }; typedef struct task task_t;
 */
static size_t make_btf(uint8_t *out)
{
	struct blob types = { .bytes = 0 }, strings = { .bytes = 1 };

	type(&types, name(&strings, "int"), 1, 0, 4); /* 1 */
	put(&types, 0x01000020);
	type(&types, name(&strings, "char"), 1, 0, 1); /* 2 */
	put(&types, 0x02000008);
	type(&types, 0, 3, 0, 0); /* 3: char[16] */
	put(&types, 2), put(&types, 1), put(&types, 16);
	type(&types, 0, 3, 0, 0); /* 4: int[3] */
	put(&types, 1), put(&types, 1), put(&types, 3);
	type(&types, 0, 4, 1, 24); /* 5: struct { comm } */
	put(&types, name(&strings, "comm")), put(&types, 3), put(&types, 8 * 8);
	type(&types, 0, 5, 1, 24); /* 6: union { anonymous 5 } */
	put(&types, 0), put(&types, 5), put(&types, 0);
	type(&types, name(&strings, "task"), 4, 3, 48); /* 7 */
	put(&types, name(&strings, "pid")), put(&types, 1), put(&types, 0);
	put(&types, 0), put(&types, 6), put(&types, 8 * 8);
	put(&types, name(&strings, "list")), put(&types, 4), put(&types, 32 * 8);
	type(&types, name(&strings, "color"), 6, 0x80000000u | 2, 4); /* 8, signed */
	put(&types, name(&strings, "RED")), put(&types, (uint32_t)-1);
	put(&types, name(&strings, "BLUE")), put(&types, 7);
	type(&types, name(&strings, "task_t"), 8, 0, 7); /* 9 */
	return btf_finish(&types, &strings, out);
}

static void ask_btf(struct mmu_btf *btf)
{
	struct mmu_member member;
	uint64_t bytes;
	int64_t value;

	mmu_error_destroy(mmu_btf_size(btf, "task", &bytes));
	mmu_error_destroy(mmu_btf_size(btf, "task_t", &bytes));
	mmu_error_destroy(mmu_btf_member(btf, "task", "comm", &member));
	mmu_error_destroy(mmu_btf_member(btf, "task", "list.x", &member));
	mmu_error_destroy(mmu_btf_enumerator(btf, "color", "BLUE", &value));
}

static void test_btf(void **state)
{
	struct mmu_member member;
	uint8_t data[4096];
	struct mmu_bytes bytes = { data, make_btf(data) };
	struct mmu_btf *btf;
	uint64_t size;
	int64_t value;

	assert_int_equal(mmu_btf_bytes(bytes, false), bytes.count);
	assert_null(mmu_btf_open(bytes, false, &btf));
	assert_null(mmu_btf_size(btf, "task", &size));
	assert_int_equal(size, 48);
	assert_null(mmu_btf_size(btf, "task_t", &size)); /* not a wanted one, and a typedef */
	assert_int_equal(size, 48);
	assert_null(mmu_btf_member(btf, "task", "pid", &member));
	assert_int_equal(member.offset_bytes, 0);
	assert_int_equal(member.size_bytes, 4);
	assert_null(mmu_btf_member(btf, "task", "comm", &member)); /* two anonymous levels down */
	assert_int_equal(member.offset_bytes, 16);
	assert_int_equal(member.elements, 16);
	assert_null(mmu_btf_member(btf, "task", "list", &member));
	assert_int_equal(member.offset_bytes, 32);
	assert_int_equal(member.size_bytes, 12);
	assert_null(mmu_btf_enumerator(btf, "color", "RED", &value));
	int64_t any = 0;
	assert_null(mmu_btf_enumerator(btf, NULL, "RED", &any)); /* of whatever enum */
	assert_int_equal(any, value);
	assert_int_equal(value, -1);
	struct mmu_error *error = mmu_btf_member(btf, "task", "nothing", &member);
	assert_int_equal(mmu_error_code(error), MMU_ERROR_NOT_FOUND);
	mmu_error_destroy(error);
	error = mmu_btf_size(btf, "nothing", &size);
	assert_int_equal(mmu_error_code(error), MMU_ERROR_NOT_FOUND);
	mmu_error_destroy(error);
	mmu_btf_close(btf);
}

/* Whatever a byte becomes, wherever the data end: an answer or an error. */
static void test_damaged_btf(void **state)
{
	uint8_t good[4096];
	size_t count = make_btf(good);

	for (size_t i = 0; i < 8 * count; i++) {
		uint8_t *data = malloc(count);
		struct mmu_btf *btf;

		memcpy(data, good, count);
		data[i / 8] ^= (uint8_t)(1 << i % 8);
		struct mmu_error *error = mmu_btf_open((struct mmu_bytes){ data, count }, false,
						       &btf);
		if (!error) {
			ask_btf(btf);
			mmu_btf_close(btf);
		}
		mmu_error_destroy(error);
		free(data);
	}
	for (size_t cut = 0; cut < count; cut++) {
		uint8_t *data = malloc(cut + 1);
		struct mmu_btf *btf;

		memcpy(data, good, cut);
		struct mmu_error *error = mmu_btf_open((struct mmu_bytes){ data, cut }, false,
						       &btf);
		assert_non_null(error);
		mmu_error_destroy(error);
		free(data);
	}
}

/* A struct with ten anonymous ones in it, each of which is that struct again: 10^16 ways down. */
static void test_endless_btf(void **state)
{
	struct blob types = { .bytes = 0 }, strings = { .bytes = 1 };
	struct mmu_member member;
	uint8_t data[4096];
	struct mmu_btf *btf;

	type(&types, name(&strings, "task"), 4, 10, 8);
	for (int i = 0; i < 10; i++)
		put(&types, 0), put(&types, 1), put(&types, 0);
	struct mmu_bytes bytes = { data, btf_finish(&types, &strings, data) };
	assert_null(mmu_btf_open(bytes, false, &btf));
	struct mmu_error *error = mmu_btf_member(btf, "task", "pid", &member);
	assert_int_equal(mmu_error_code(error), MMU_ERROR_NOT_FOUND);
	mmu_error_destroy(error);
	mmu_btf_close(btf);
}

/* ------------------------------------------------------------------ kallsyms */

#define BASE UINT64_C(0xffffffff81000000)

/* A kernel of one piece: the table's parts at fixed offsets. */
enum {
	NAMES = 0,
	NUM_SYMS = 0x8000,
	TOKENS = 0x8100,
	INDEX = 0x9000,
	OFFSETS = 0xa000,
	RELATIVE = 0xb000,
	MEMORY = 0xc000
};

static bool read_memory(void *context, uint64_t va, void *buf, size_t bytes)
{
	if (va < BASE || va - BASE > MEMORY || bytes > MEMORY - (va - BASE))
		return false;
	memcpy(buf, (uint8_t *)context + (va - BASE), bytes);
	return true;
}

/* Each byte is its own token, except 0x80, which stands for "task". */
static void make_tokens(uint8_t *memory)
{
	size_t at = 0;

	for (unsigned int i = 0; i < 256; i++) {
		mmu_put_uint(memory + INDEX + 2 * i, 2, false, at);
		if (i == 0x80)
			memcpy(memory + TOKENS + at, "task", 5);
		else
			memory[TOKENS + at] = (uint8_t)i;
		at += i == 0x80 ? 5 : 2;
	}
}

static size_t add_name(uint8_t *memory, size_t at, const char *tokens)
{
	size_t bytes = strlen(tokens), head = 1;

	if (bytes > 127) {
		memory[at] = (uint8_t)(0x80 | (bytes & 0x7f));
		memory[at + 1] = (uint8_t)(bytes >> 7);
		head = 2;
	} else {
		memory[at] = (uint8_t)bytes;
	}
	memcpy(memory + at + head, tokens, bytes);
	return at + head + bytes;
}

/*
 * Symbols: _stext at base + 0x10, a long one, init_task at base + 0x1234, a per-CPU one at 0x40,
 * two static ones of one name, and a global one between two static ones.
 */
static void make_kallsyms(uint8_t *memory, bool absolute_percpu)
{
	static const uint64_t va[] = { BASE + 0x10, BASE + 0x20, BASE + 0x1234,
				       0x40,        BASE + 0x30, BASE + 0x31,
				       BASE + 0x32, BASE + 0x33, BASE + 0x34 };
	const size_t count = sizeof(va) / sizeof(va[0]);
	char long_name[200];
	size_t at = NAMES;

	memset(memory, 0, MEMORY);
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	make_tokens(memory);
	at = add_name(memory, at, "T_stext");
	at = add_name(memory, at, long_name);
	at = add_name(memory, at, "Dinit_\x80");
	at = add_name(memory, at, "Apercpu");
	at = add_name(memory, at, "dtwice");
	at = add_name(memory, at, "dtwice");
	at = add_name(memory, at, "tcleanup");
	at = add_name(memory, at, "Tcleanup");
	add_name(memory, at, "tcleanup");
	mmu_put_uint(memory + NUM_SYMS, 4, false, count);
	mmu_put_uint(memory + RELATIVE, 8, false, BASE);
	for (size_t i = 0; i < count; i++) {
		uint64_t offset = va[i] - BASE;

		if (absolute_percpu) /* kernel/kallsyms.c:kallsyms_sym_address() */
			offset = i == 3 ? va[i] : BASE - 1 - va[i];
		mmu_put_uint(memory + OFFSETS + 4 * i, 4, false, offset);
	}
}

static const struct mmu_kallsyms_place place = {
	.names_va = BASE + NAMES,
	.num_syms_va = BASE + NUM_SYMS,
	.token_table_va = BASE + TOKENS,
	.token_index_va = BASE + INDEX,
	.offsets_va = BASE + OFFSETS,
	.relative_base_va = BASE + RELATIVE,
	.pointer_bytes = 8,
	.proof = "_stext",
	.proof_va = BASE + 0x10,
};

static const char *const wanted_symbols[] = { "init_task", "swap_info", NULL };

static void test_kallsyms(void **state)
{
	uint8_t *memory = malloc(MEMORY);
	struct mmu_kallsyms *table;
	uint64_t va;

	for (int absolute = 0; absolute < 2; absolute++) {
		make_kallsyms(memory, absolute);
		assert_null(mmu_kallsyms_open(&place, read_memory, memory, wanted_symbols, &table));
		assert_true(mmu_kallsyms_symbol(table, "init_task", &va));
		assert_int_equal(va, BASE + 0x1234);
		assert_true(mmu_kallsyms_symbol(table, "_stext", &va)); /* not a wanted one */
		assert_int_equal(va, BASE + 0x10);
		assert_false(mmu_kallsyms_symbol(table, "swap_info", &va));
		assert_false(mmu_kallsyms_symbol(table, "init_tas", &va));
		assert_false(mmu_kallsyms_symbol(table, "twice", &va)); /* which one? */
		assert_true(mmu_kallsyms_symbol(table, "cleanup", &va));
		assert_int_equal(va, BASE + 0x33);
		assert_true(mmu_kallsyms_next(table, BASE + 0x34, &va));
		assert_int_equal(va, BASE + 0x1234);
		if (absolute) {
			assert_true(mmu_kallsyms_symbol(table, "percpu", &va));
			assert_int_equal(va, 0x40);
		}
		mmu_kallsyms_close(table);
	}
	free(memory);
}

/* A table that puts a known symbol elsewhere is not believed. */
static void test_disproved_kallsyms(void **state)
{
	struct mmu_kallsyms_place wrong = place;
	uint8_t *memory = malloc(MEMORY);
	struct mmu_kallsyms *table;

	make_kallsyms(memory, true);
	wrong.proof_va = BASE + 0x99;
	struct mmu_error *error = mmu_kallsyms_open(&wrong, read_memory, memory, wanted_symbols,
						    &table);
	assert_non_null(error);
	assert_int_equal(mmu_error_code(error), MMU_ERROR_CORRUPT);
	mmu_error_destroy(error);
	wrong = place;
	wrong.token_index_va = BASE - 0x1000;
	error = mmu_kallsyms_open(&wrong, read_memory, memory, wanted_symbols, &table);
	assert_int_equal(mmu_error_code(error), MMU_ERROR_FAULT);
	mmu_error_destroy(error);
	free(memory);
}

static void test_damaged_kallsyms(void **state)
{
	uint8_t *memory = malloc(MEMORY);
	uint32_t seed = 1;

	for (unsigned int round = 0; round < 2000; round++) {
		struct mmu_kallsyms *table;
		uint64_t va;

		make_kallsyms(memory, round & 1);
		for (unsigned int i = 0; i < 8; i++) {
			static const size_t places[] = { NAMES, NUM_SYMS, TOKENS, INDEX };

			seed = seed * 1664525 + 1013904223;
			memory[places[seed >> 30] + (seed >> 8) % 300] ^= (uint8_t)(seed >> 16);
		}
		struct mmu_error *error = mmu_kallsyms_open(&place, read_memory, memory,
							    wanted_symbols, &table);
		if (!error) {
			mmu_kallsyms_symbol(table, "init_task", &va);
			mmu_kallsyms_symbol(table, "percpu", &va);
			mmu_kallsyms_close(table);
		}
		mmu_error_destroy(error);
	}
	free(memory);
}

/* ------------------------------------------------------------------ VMCOREINFO in memory */

static const char info[] = "OSRELEASE=6.1.0\nPAGESIZE=4096\nSYMBOL(init_uts_ns)=ffffffff81000000\n"
			   "SYMBOL(swapper_pg_dir)=ffffffff82000000\nCOPY=";

/* Collects the last letter of each candidate; accepts the one that ends in `take`. */
struct offers {
	char seen[16], take;
};

static bool offer(void *context, struct mmu_bytes text)
{
	struct offers *offers = context;
	size_t count = strlen(offers->seen);

	assert_true(count + 1 < sizeof(offers->seen));
	offers->seen[count] = (char)text.data[text.count - 1];
	return offers->seen[count] == offers->take;
}

static void put_text(struct mmu_image *image, uint64_t pa, char letter)
{
	memcpy(memory_image_at(image, pa, sizeof(info) + 1), info, sizeof(info));
	*memory_image_at(image, pa + sizeof(info) - 1, 1) = (uint8_t)letter;
}

static void test_scan(void **state)
{
	const struct memory_piece pieces[] = {
		{ 0x0800, 0x4800, MMU_PAGE_PRESENT, NULL },
		{ 0x8000, 0x2000, MMU_PAGE_FILTERED, NULL },
		{ 0x100000, 0x4000, MMU_PAGE_PRESENT, NULL },
	};
	struct mmu_image *image = memory_image_create(pieces, 3);
	struct offers offers = { .take = 0 };

	assert_false(mmu_scan_vmcoreinfo(memory_image_cursor(image), NULL, offer, &offers));
	assert_string_equal(offers.seen, "");
	put_text(image, 0x2000, 'a');             /* the bare text, at a page's start */
	put_text(image, 0x3010, 'b');             /* not at one: page cache, a log */
	memory_image_put(image, 0x100000, 4, 11); /* a note */
	memory_image_put(image, 0x100004, 4, sizeof(info));
	memcpy(memory_image_at(image, 0x10000c, 12), "VMCOREINFO\0", 12);
	put_text(image, 0x100018, 'c');
	memcpy(memory_image_at(image, 0x102000, 16), "OSRELEASE=6.1.0\n", 16); /* no more of it */
	put_text(image, 0x104000 - sizeof(info) - 1, 'd');
	assert_false(mmu_scan_vmcoreinfo(memory_image_cursor(image), NULL, offer, &offers));
	assert_string_equal(offers.seen, "ac");
	offers = (struct offers){ .take = 'a' };
	assert_true(mmu_scan_vmcoreinfo(memory_image_cursor(image), NULL, offer, &offers));
	assert_string_equal(offers.seen, "a");
	mmu_image_close(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_btf),
		cmocka_unit_test(test_damaged_btf),
		cmocka_unit_test(test_endless_btf),
		cmocka_unit_test(test_kallsyms),
		cmocka_unit_test(test_disproved_kallsyms),
		cmocka_unit_test(test_damaged_kallsyms),
		cmocka_unit_test(test_scan),
	};

	return cmocka_run_group_tests_name("self-described", tests, NULL, NULL);
}
