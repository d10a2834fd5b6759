/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file kallsyms found by its shape, in hand-made kernels of every layout; whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "facts/kallsyms.h"
#include "support/kallsyms_like.h"

static bool read_memory(void *context, uint64_t va, void *buf, size_t bytes)
{
	uint64_t at = va - like.base;

	(void)context;
	if (va < like.base || at > MEMORY || bytes > MEMORY - at ||
	    (like.missing && at < like.missing + 4096 && at + bytes > like.missing))
		return false;
	memcpy(buf, like.memory + at, bytes);
	return true;
}

static void make(const struct kallsyms_layout *layout, unsigned int word, bool big_endian)
{
	make_at(layout, word, big_endian, word == 8 ? UINT64_C(0xffffffff81000000) : 0xc0008000);
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
	const struct mmu_kallsyms_where where = { like.base, like.base + MEMORY - 1, like.word,
						  like.big_endian, NULL };

	return mmu_kallsyms_find(&where, read_memory, take, ret);
}

static void assert_found(void)
{
	struct mmu_kallsyms *table;
	uint64_t va;

	if (!find(&table))
		fail_msg("%s, %u bytes a word, %s-endian: not found", like.layout->name, like.word,
			 like.big_endian ? "big" : "little");
	assert_true(mmu_kallsyms_symbol(table, "init_task", &va));
	assert_int_equal(va, symbol_va(900));
	assert_true(mmu_kallsyms_symbol(table, "linux_banner", &va));
	assert_int_equal(va, like.base + BANNER_AT);
	assert_true(mmu_kallsyms_symbol(table, "function_1499", &va));
	assert_int_equal(va, symbol_va(1499));
	mmu_kallsyms_close(table);
}

static void assert_not_found(const char *why)
{
	struct mmu_kallsyms *table;

	if (find(&table))
		fail_msg("%s: a table was believed: %s", like.layout->name, why);
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

/* Since 7.2 no part is a pointer or counts from one, and 4 bytes are enough for all of them. */
static void test_parts_by_4_bytes(void **state)
{
	bool odd = false;

	for (size_t i = 0; i < LAYOUTS; i++) {
		if (!layouts[i].by_4)
			continue;
		make(&layouts[i], 8, false);
		odd |= like.names & 4;
		odd |= like.num_syms & 4;
		assert_found();
	}
	assert_true(odd);
}

/* One thing is wrong in each part: then nothing is found, not two thirds of a table. */
static void test_no_part_is_believed_alone(void **state)
{
	for (size_t i = 0; i < LAYOUTS; i++) {
		const struct kallsyms_layout *layout = &layouts[i];

		make(layout, 8, false);
		like.memory[BANNER_AT] ^= 1;
		assert_not_found("no banner");
		make(layout, 8, false);
		like.memory[like.num_syms]--;
		assert_not_found("one symbol less");
		make(layout, 8, false);
		put_word(like.num_syms, 4, SYMBOLS + 256);
		assert_not_found("a block more");
		make(layout, 8, false);
		like.memory[like.markers + (layout->words ? 8 : 4) * 3]++;
		assert_not_found("a marker");
		make(layout, 8, false);
		like.memory[like.names]++;
		assert_not_found("a length");
		make(layout, 8, false);
		like.memory[like.token_index + 40]++;
		assert_not_found("a token's index");
		make(layout, 8, false);
		memset(like.memory + like.token_table + 100, 0, 2);
		assert_not_found("a token");
		make(layout, 8, false);
		put_word(like.offsets + (layout->addresses ? 8 : 4) * 1000, 4, 0x7f123456);
		assert_not_found("an address that is out of order");
		make(layout, 8, false);
		like.missing = (like.names + 4096) & ~(size_t)4095;
		assert_not_found("a page of names");
		make(layout, 8, false);
		like.missing = like.offsets & ~(size_t)4095;
		assert_not_found("a page of addresses");
	}
}

/* Another kernel's table, say a file's in the page cache, puts the banner where there is none. */
static void test_second_table(void **state)
{
	static uint8_t copy[MEMORY];
	size_t bytes;

	make(&layouts[6], 8, false);
	bytes = like.at - KALLSYMS_AT + 1024;
	memcpy(copy, like.memory + KALLSYMS_AT, bytes);
	memmove(like.memory + KALLSYMS_AT + 0x18000, copy, bytes);
	put_word(like.offsets + 4 * SYMBOLS, 8, like.base + 0x100000);
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
			like.memory[KALLSYMS_AT + (seed >> 8) % (like.at - KALLSYMS_AT)] ^=
				(uint8_t)(1 << (seed & 7));
		}
		if (find(&table))
			mmu_kallsyms_close(table);
	}
	/* nothing but digits; nothing but ones; markers without end */
	for (unsigned int kind = 0; kind < 3; kind++) {
		make(&layouts[5], 8, false);
		for (size_t at = 0; at < KALLSYMS_AT; at++)
			like.memory[at] = kind == 1 ? 1 : at & 1 ? 0 : (uint8_t)('0' + at / 2 % 10);
		for (size_t at = 0; kind == 2 && at < like.token_table - 4; at += 4)
			put_word(at, 4, at % 64 * 200);
		assert_not_found("what has no banner");
	}
}

static bool read_and_spend(void *context, uint64_t va, void *buf, size_t bytes)
{
	return read_memory(NULL, va, buf, bytes) &&
	       mmu_budget_take(context, MMU_BUDGET_READ, bytes, "the search");
}

static bool take_nothing(void *context, const struct mmu_kallsyms_place *place)
{
	(void)context;
	(void)place;
	return false;
}

/* A kernel's image may be mapped in many pieces: the budget is that of all of them. */
static void test_budget(void **state)
{
	struct mmu_budget budget = { .factor = 1 };
	struct mmu_kallsyms_where where = { 0, MEMORY - 1, 8, false, &budget };
	unsigned int searches = 0;
	uint64_t limit = mmu_budget_limit(&budget, MMU_BUDGET_READ), before;

	make(&layouts[5], 8, false);
	where.first_va += like.base;
	where.last_va += like.base;
	do {
		before = budget.spent[MMU_BUDGET_READ];
		assert_true(before <= limit);
		assert_false(mmu_kallsyms_find(&where, read_and_spend, take_nothing, &budget));
		assert_true(++searches < 10000);
	} while (!mmu_budget_given_up(&budget));
	assert_true(searches > 1);
	assert_true(budget.spent[MMU_BUDGET_READ] > before);
	/* and then nothing more is looked at */
	before = budget.spent[MMU_BUDGET_READ];
	assert_false(mmu_kallsyms_find(&where, read_and_spend, take_nothing, &budget));
	assert_int_equal(budget.spent[MMU_BUDGET_READ], before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_layout),
		cmocka_unit_test(test_parts_by_4_bytes),
		cmocka_unit_test(test_no_part_is_believed_alone),
		cmocka_unit_test(test_second_table),
		cmocka_unit_test(test_damage_ends),
		cmocka_unit_test(test_budget),
	};

	return cmocka_run_group_tests_name("kallsyms-find", tests, NULL, NULL);
}
