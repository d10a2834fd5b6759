/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Values that the tool reads, in either byte order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tool/tool.h"

static const unsigned char memory[8] = { 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10 };

/* In place of the library's: 8 bytes from address 0 on. */
bool mmu_space_read(struct mmu_space *space, uint64_t va, void *buf, size_t bytes,
		    size_t *ret_bytes, struct mmu_walk *walk)
{
	(void)space;
	(void)walk;
	*ret_bytes = va < sizeof(memory) ? sizeof(memory) - va : 0;
	*ret_bytes = *ret_bytes < bytes ? *ret_bytes : bytes;
	memcpy(buf, memory + va, *ret_bytes);
	return *ret_bytes == bytes;
}

static void expect(const char *type, bool big_endian, const char *text)
{
	char ret[64];

	assert_ptr_equal(tool_type_read(tool_type_find(type), big_endian, NULL, 0, ret, NULL), ret);
	assert_string_equal(ret, text);
}

static void test_byte_order(void **state)
{
	(void)state;
	expect("x64", true, "0xfedcba9876543210");
	expect("x64", false, "0x1032547698badcfe");
	expect("x16", true, "0xfedc");
	expect("u16", false, "56574");
	expect("s8", true, "-2");
	expect("s8", false, "-2");
	expect("s32", true, "-19088744");
	expect("int", false, "-1732584194");
}

static void test_missing(void **state)
{
	char ret[64];

	(void)state;
	assert_null(tool_type_read(tool_type_find("u64"), true, NULL, 1, ret, NULL));
	assert_non_null(tool_type_read(tool_type_find("u8"), true, NULL, 7, ret, NULL));
	assert_null(tool_type_find("u128"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_byte_order),
		cmocka_unit_test(test_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
