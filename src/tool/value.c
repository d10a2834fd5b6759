/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Typed values: what --value reads. */
#include <inttypes.h>
#include <string.h>

#include "tool.h"

struct tool_type {
	const char *name;
	size_t bytes;
	bool is_signed, hexadecimal;
};

static const struct tool_type types[] = {
	{ "u8", 1, false, false },  { "u16", 2, false, false }, { "u32", 4, false, false },
	{ "u64", 8, false, false }, { "s8", 1, true, false },   { "s16", 2, true, false },
	{ "s32", 4, true, false },  { "s64", 8, true, false },  { "x8", 1, false, true },
	{ "x16", 2, false, true },  { "x32", 4, false, true },  { "x64", 8, false, true },
};

#define COUNT (sizeof(types) / sizeof(types[0]))

const struct tool_type *tool_type_find(const char *name)
{
	for (size_t i = 0; i < COUNT; i++)
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	if (strcmp(name, "int") == 0)
		return tool_type_find("s32");
	return NULL;
}

const char *tool_type_names(void)
{
	return "u8 u16 u32 u64, s8 to s64 with a sign, x8 to x64 in hexadecimal, int";
}

size_t tool_type_bytes(const struct tool_type *type)
{
	return type->bytes;
}

const char *tool_type_text(const struct tool_type *type, bool big_endian,
			   const unsigned char *bytes, char ret[64])
{
	uint64_t value = 0;

	for (size_t i = 0; i < type->bytes; i++)
		value = value << 8 | bytes[big_endian ? i : type->bytes - 1 - i];
	if (type->hexadecimal)
		snprintf(ret, 64, "0x%0*" PRIx64, (int)(2 * type->bytes), value);
	else if (type->is_signed)
		snprintf(ret, 64, "%" PRId64,
			 (int64_t)(value << (64 - 8 * type->bytes)) >> (64 - 8 * type->bytes));
	else
		snprintf(ret, 64, "%" PRIu64, value);
	return ret;
}

const char *tool_type_read(const struct tool_type *type, bool big_endian, struct mmu_space *space,
			   uint64_t va, char ret[64], struct mmu_walk *stop)
{
	unsigned char bytes[TOOL_TYPE_BYTES_MAX];
	size_t done;

	if (!mmu_space_read(space, va, bytes, type->bytes, &done, stop))
		return NULL;
	return tool_type_text(type, big_endian, bytes, ret);
}
