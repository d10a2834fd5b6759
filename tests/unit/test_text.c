/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The words for results, states, rights and flags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mmuscope/mmuscope.h"
#include "support/flag_texts.h"
#include "walk/walk.h"

static void test_results(void **state)
{
	/* the list that the design fixes, in the order of the enum */
	static const char *const words[] = {
		"mapped",    "empty",       "swapped",    "protnone",  "numa",         "migration",
		"hwpoison",  "device",      "marker",     "bad-entry", "noncanonical", "filtered",
		"truncated", "outside-ram", "unreadable", "table",     "hidden",
	};

	assert_int_equal(MMU_RESULTS, sizeof(words) / sizeof(words[0]));
	for (unsigned int i = 0; i < MMU_RESULTS; i++)
		assert_string_equal(mmu_result_name((enum mmu_result)i), words[i]);
	assert_null(mmu_result_name(MMU_RESULTS));
	assert_null(mmu_result_name((enum mmu_result) - 1));
}

static void test_page_states(void **state)
{
	assert_string_equal(mmu_page_state_name(MMU_PAGE_PRESENT), "present");
	assert_string_equal(mmu_page_state_name(MMU_PAGE_FILTERED), "filtered");
	assert_string_equal(mmu_page_state_name(MMU_PAGE_TRUNCATED), "truncated");
	assert_string_equal(mmu_page_state_name(MMU_PAGE_OUTSIDE_RAM), "outside-ram");
	assert_string_equal(mmu_page_state_name(MMU_PAGE_UNREADABLE), "unreadable");
	assert_string_equal(mmu_page_state_name((enum mmu_page_state)5), "unreadable");
}

static void test_rights(void **state)
{
	char text[6];

	assert_string_equal(mmu_rights_text(0, text), "-----");
	assert_string_equal(mmu_rights_text(MMU_RIGHTS_ALL, text), "rwxXu");
	assert_string_equal(mmu_rights_text(MMU_RIGHT_READ, text), "r----");
	assert_string_equal(mmu_rights_text(MMU_RIGHT_WRITE, text), "-w---");
	assert_string_equal(mmu_rights_text(MMU_RIGHT_EXEC, text), "--x--");
	assert_string_equal(mmu_rights_text(MMU_RIGHT_EXEC_PRIV, text), "---X-");
	assert_string_equal(mmu_rights_text(MMU_RIGHT_USER, text), "----u");
	assert_string_equal(mmu_rights_text(0xe0, text), "-----");
	assert_ptr_equal(mmu_rights_text(0, text), text);
}

/* ------------------------------------------------------------------ flags */

#define LEAF MMU_KINDS(MMU_KIND_LEAF)
#define TABLE MMU_KINDS(MMU_KIND_TABLE)

static const struct mmu_flag flags[] = {
	{ .mask = 1, .value = 1, .set = "ON", .clear = "OFF", .levels = 3, .kinds = LEAF },
	{ .mask = 6, .value = 2, .set = "TWO", .levels = 3, .kinds = LEAF | TABLE },
	{ .mask = 6, .value = 0, .set = "ZERO", .levels = 2, .kinds = LEAF },
	{ .mask = 8, .value = 8, .clear = "NOT8", .levels = 1, .kinds = LEAF },
	{ .mask = 0xf0, .set = "KEY", .levels = 3, .kinds = LEAF, .field = true },
	{ .mask = 0, .set = "NEVER", .levels = 3, .kinds = LEAF },
	{ .mask = 0x100, .value = 0x100, .set = "IF", .if_traits = 3, .levels = 3, .kinds = LEAF },
	{ .mask = 0x100, .value = 0x100, .set = "NO", .no_traits = 3, .levels = 3, .kinds = LEAF },
	{ .mask = 1,
	  .value = 1,
	  .set = "IN_USER",
	  .levels = 8,
	  .kinds = LEAF,
	  .halves = 1 << MMU_HALF_USER },
	{ .mask = 2,
	  .value = 2,
	  .set = "IN_KERNEL",
	  .levels = 8,
	  .kinds = LEAF,
	  .halves = 1 << MMU_HALF_KERNEL },
	{ .mask = UINT64_C(1) << 63,
	  .value = UINT64_C(1) << 63,
	  .levels = 3,
	  .kinds = LEAF,
	  .set = "A_NAME_THAT_IS_LONGER_THAN_ANY_FLAG_OUGHT_TO_BE" },
	{ .mask = UINT64_MAX << 32, .set = "WIDE", .levels = 4, .kinds = LEAF, .field = true },
};
static const struct mmu_flag second_flags[] = {
	{ .mask = 1, .value = 1, .set = "YOUNG", .levels = 1, .kinds = LEAF },
};
static const struct mmu_format format = {
	.flags = flags,
	.nr_flags = sizeof(flags) / sizeof(flags[0]),
	.second_flags = second_flags,
	.nr_second_flags = 1,
};

static void expect(uint32_t traits, unsigned int level, enum mmu_kind kind, uint64_t raw,
		   const char *names)
{
	const struct mmu_regime regime = { .format = &format, .traits = traits };
	struct flag_text texts[16];
	char joined[200] = "";
	size_t count = flag_texts(&regime, level, kind, false, raw, texts, 16);

	for (size_t i = 0; i < count; i++) {
		strcat(strcat(joined, i ? " " : ""), texts[i].name);
		assert_true(texts[i].flag >= flags && texts[i].flag < flags + format.nr_flags);
	}
	assert_string_equal(joined, names);
}

static void test_flags(void **state)
{
	expect(0, 0, MMU_KIND_LEAF, 0, "OFF NOT8");
	expect(0, 0, MMU_KIND_LEAF, 9, "ON");
	expect(0, 0, MMU_KIND_LEAF, 0xb, "ON TWO");
	expect(0, 0, MMU_KIND_LEAF, 0xf, "ON");
	/* the level, and the kind */
	expect(0, 1, MMU_KIND_LEAF, 1, "ON ZERO");
	expect(0, 0, MMU_KIND_TABLE, 0x1f3, "TWO");
	expect(0, 0, MMU_KIND_EMPTY, 0x1f3, "");
	expect(0, 4, MMU_KIND_LEAF, UINT64_MAX, "");
	/* fields are shown when they are not 0 */
	expect(0, 0, MMU_KIND_LEAF, 0xa9, "ON KEY=10");
	expect(0, 2, MMU_KIND_LEAF, UINT64_C(0xffffffff) << 32, "WIDE=4294967295");
	/* all of if_traits, none of no_traits */
	expect(0, 0, MMU_KIND_LEAF, 0x109, "ON NO");
	expect(1, 0, MMU_KIND_LEAF, 0x109, "ON");
	expect(3, 0, MMU_KIND_LEAF, 0x109, "ON IF");
	expect(7, 0, MMU_KIND_LEAF, 0x109, "ON IF");
	/* the half */
	expect(0, 3, MMU_KIND_LEAF, 3, "IN_USER");
	/* cut, not overrun */
	expect(0, 0, MMU_KIND_LEAF, UINT64_C(1) << 63 | 9, "ON A_NAME_THAT_IS_LONGER_THAN_ANY_");
}

static void test_flags_limits(void **state)
{
	const struct mmu_regime regime = { .format = &format };
	struct flag_text texts[3];

	memset(texts, 0x5a, sizeof(texts));
	assert_int_equal(flag_texts(&regime, 0, MMU_KIND_LEAF, false, 0x13, texts, 2), 2);
	assert_string_equal(texts[0].name, "ON");
	assert_string_equal(texts[1].name, "TWO");
	assert_int_equal(texts[2].name[0], 0x5a);
	assert_int_equal(flag_texts(&regime, 0, MMU_KIND_LEAF, false, 3, texts, 0), 0);
	/* the second copy has names of its own */
	assert_int_equal(flag_texts(&regime, 0, MMU_KIND_LEAF, true, 1, texts, 3), 1);
	assert_string_equal(texts[0].name, "YOUNG");
	assert_ptr_equal(texts[0].flag, second_flags);
	assert_int_equal(flag_texts(&regime, 1, MMU_KIND_LEAF, true, 1, texts, 3), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_results),      cmocka_unit_test(test_page_states),
		cmocka_unit_test(test_rights),       cmocka_unit_test(test_flags),
		cmocka_unit_test(test_flags_limits),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
