/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file JSON Lines: one object a line, written whole or not at all. */
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#include "tool.h"

static yajl_gen generator;

/* UTF-8 as it may stand in JSON; anything else of a hostile name becomes U+FFFD. */
static size_t utf8_length(const unsigned char *at)
{
	size_t more = at[0] < 0x80                    ? 0
		      : at[0] >= 0xc2 && at[0] < 0xe0 ? 1
		      : at[0] >= 0xe0 && at[0] < 0xf0 ? 2
		      : at[0] >= 0xf0 && at[0] < 0xf5 ? 3
						      : 9;

	if (more == 9)
		return 0;
	for (size_t i = 1; i <= more; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
	    (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
		return 0;
	return more + 1;
}

/* Of a text that is short and of ASCII alone; else 0. */
static size_t plain_length(const char *text)
{
	size_t at = 0;

	while (text[at] > 0 && at < 256)
		at++;
	return text[at] ? 0 : at;
}

static void put_text(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t plain = plain_length(text);
	char clean[3 * 4096 + 1]; /* a path of odd bytes alone */
	size_t out = 0;

	if (plain) { /* nearly all */
		yajl_gen_string(generator, at, plain);
		return;
	}
	while (*at && out + 4 < sizeof(clean)) {
		size_t bytes = utf8_length(at);

		if (bytes) {
			memcpy(clean + out, at, bytes);
			out += bytes;
			at += bytes;
		} else {
			memcpy(clean + out, "\xef\xbf\xbd", 3);
			out += 3;
			at++;
		}
	}
	yajl_gen_string(generator, (const unsigned char *)clean, out);
}

static void put_key(const char *key)
{
	if (key)
		yajl_gen_string(generator, (const unsigned char *)key, strlen(key));
}

void json_begin(const char *thing)
{
	char schema[64];

	if (!generator) {
		generator = yajl_gen_alloc(NULL);
		if (!generator)
			tool_no_memory();
	}
	yajl_gen_map_open(generator);
	snprintf(schema, sizeof(schema), "mmuscope.%s/1", thing); /* once a line */
	json_string("schema", schema);
}

void json_end(void)
{
	const unsigned char *text;
	size_t bytes;

	yajl_gen_map_close(generator);
	yajl_gen_get_buf(generator, &text, &bytes);
	fwrite(text, 1, bytes, stdout);
	putchar('\n');
	yajl_gen_clear(generator);
	yajl_gen_reset(generator, NULL);
}

void json_string(const char *key, const char *value)
{
	put_key(key);
	put_text(value);
}

void json_hex(const char *key, uint64_t value)
{
	static const char digits[] = "0123456789abcdef";
	char text[18], *at = text + sizeof(text);

	do
		*--at = digits[value & 15];
	while (value >>= 4);
	*--at = 'x';
	*--at = '0';
	put_key(key);
	yajl_gen_string(generator, (const unsigned char *)at, (size_t)(text + sizeof(text) - at));
}

void json_number(const char *key, int64_t value)
{
	char text[20], *at = text + sizeof(text);
	uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;

	do
		*--at = (char)('0' + left % 10);
	while (left /= 10);
	if (value < 0)
		*--at = '-';
	put_key(key);
	yajl_gen_number(generator, at, (size_t)(text + sizeof(text) - at));
}

void json_bool(const char *key, bool value)
{
	put_key(key);
	yajl_gen_bool(generator, value);
}

void json_null(const char *key)
{
	put_key(key);
	yajl_gen_null(generator);
}

void json_object(const char *key)
{
	put_key(key);
	yajl_gen_map_open(generator);
}

void json_object_end(void)
{
	yajl_gen_map_close(generator);
}

void json_array(const char *key)
{
	put_key(key);
	yajl_gen_array_open(generator);
}

void json_array_end(void)
{
	yajl_gen_array_close(generator);
}

void json_flags(const char *key, const struct mmu_regime *regime, const struct mmu_step *step,
		bool second)
{
	const struct mmu_step_info *at = mmu_step_get(step);
	enum mmu_kind kind = mmu_step_entry(step)->kind;
	const struct mmu_flag *flag = NULL;
	char name[32];

	json_array(key);
	while ((flag = mmu_flag_next(regime, at->level, kind, second, second ? at->second : at->raw,
				     flag, name, sizeof(name))))
		json_string(NULL, name);
	json_array_end();
}
