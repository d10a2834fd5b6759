/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file JSON Lines: one object a line, written whole or not at all. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#include "tool.h"

/*
 * A list of addresses is a thousand bytes for each of them, nearly all of them names and numbers of
 * our own: these are put down here. What somebody else wrote goes through yajl.
 */
static _Thread_local struct {
	char *text;
	size_t bytes, room;
	bool more; /* what comes next is not the first in its object or array */
} line;

/* Room for so many bytes, and for what stands around them. */
static char *room_for(size_t bytes)
{
	size_t wanted = line.bytes + bytes + 32;

	if (wanted > line.room) {
		line.room = wanted + line.room + 4096;
		line.text = realloc(line.text, line.room);
		if (!line.text)
			tool_no_memory();
	}
	return line.text + line.bytes;
}

static void went_to(const char *end)
{
	line.bytes = (size_t)(end - line.text);
}

static char *put(char *to, const char *bytes, size_t count)
{
	memcpy(to, bytes, count);
	return to + count;
}

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

/* Up to the first byte that can't stand in JSON as it is, if it is of ASCII alone. */
static size_t plain_length(const char *text)
{
	size_t at = 0;

	while ((unsigned char)text[at] >= ' ' && (unsigned char)text[at] < 0x7f &&
	       text[at] != '"' && text[at] != '\\')
		at++;
	return at;
}

/* It is loaded when there will be JSON: to link it costs each start a third of a millisecond. */
static struct {
	__typeof__(&yajl_gen_alloc) alloc;
	__typeof__(&yajl_gen_string) string;
	__typeof__(&yajl_gen_get_buf) get_buf;
	__typeof__(&yajl_gen_free) free;
} yajl;

static void load(void *library, const char *name, void *ret)
{
	void *function = library ? dlsym(library, name) : NULL;

	if (!function) {
		fprintf(stderr, "mmuscope: %s can't be loaded, which writes JSON\n", MMU_LAZY_YAJL);
		exit(TOOL_UNUSABLE);
	}
	memcpy(ret, &function, sizeof(function));
}

void json_prepare(void)
{
	void *library = dlopen(MMU_LAZY_YAJL, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	load(library, "yajl_gen_alloc", &yajl.alloc);
	load(library, "yajl_gen_string", &yajl.string);
	load(library, "yajl_gen_get_buf", &yajl.get_buf);
	load(library, "yajl_gen_free", &yajl.free);
}

/* Of anybody's. @return behind the string, which has its quotes */
static char *put_foreign(const char *text)
{
	const unsigned char *at = (const unsigned char *)text, *string;
	unsigned char clean[3 * 4096 + 1]; /* a path of odd bytes alone */
	yajl_gen generator = yajl.alloc(NULL);
	size_t out = 0, count;

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
	if (!generator || yajl.string(generator, clean, out) != yajl_gen_status_ok ||
	    yajl.get_buf(generator, &string, &count) != yajl_gen_status_ok)
		tool_no_memory();
	char *end = put(room_for(count), (const char *)string, count);
	yajl.free(generator);
	return end;
}

/* Keys are our own, and plain. @return where the value goes, with room for so many bytes */
static char *put_key(const char *key, size_t value_bytes)
{
	size_t count = key ? strlen(key) : 0;
	char *to = room_for(count + value_bytes);

	if (line.more)
		*to++ = ',';
	line.more = true;
	if (!key)
		return to;
	*to++ = '"';
	to = put(to, key, count);
	*to++ = '"';
	*to++ = ':';
	return to;
}

void json_begin(const char *thing)
{
	char schema[64];

	line.bytes = 0;
	line.more = false;
	json_object(NULL);
	snprintf(schema, sizeof(schema), "mmuscope.%s/1", thing); /* once a line */
	json_string("schema", schema);
}

void json_reserve(size_t bytes)
{
	room_for(bytes);
}

void json_end(void)
{
	json_object_end();
	*room_for(1) = '\n';
	fwrite_unlocked(line.text, 1, line.bytes + 1, stdout);
}

void json_release(void)
{
	free(line.text);
	memset(&line, 0, sizeof(line));
}

void json_string(const char *key, const char *value)
{
	size_t count = plain_length(value);
	char *to = put_key(key, count + 2);

	if (value[count]) {
		went_to(to);
		went_to(put_foreign(value));
		return;
	}
	*to++ = '"';
	to = put(to, value, count);
	*to++ = '"';
	went_to(to);
}

void json_hex(const char *key, uint64_t value)
{
	char *to = put_key(key, TOOL_NUMBER_BYTES + 2);

	*to++ = '"';
	to = tool_put_hex(to, value, 1);
	*to++ = '"';
	went_to(to);
}

void json_number(const char *key, int64_t value)
{
	char *to = put_key(key, TOOL_NUMBER_BYTES + 1);

	if (value < 0)
		*to++ = '-';
	went_to(tool_put_number(to, value < 0 ? -(uint64_t)value : (uint64_t)value));
}

static void put_word(const char *key, const char *word)
{
	size_t count = strlen(word);

	went_to(put(put_key(key, count), word, count));
}

void json_bool(const char *key, bool value)
{
	put_word(key, value ? "true" : "false");
}

void json_null(const char *key)
{
	put_word(key, "null");
}

void json_object(const char *key)
{
	put_word(key, "{");
	line.more = false;
}

void json_array(const char *key)
{
	put_word(key, "[");
	line.more = false;
}

static void close_with(char bracket)
{
	*room_for(1) = bracket;
	line.bytes++;
	line.more = true;
}

void json_object_end(void)
{
	close_with('}');
}

void json_array_end(void)
{
	close_with(']');
}

/* ------------------------------------------------------------------ flags */

/* The words of a list have few combinations of flags, and each takes a look at all flags. */
struct flag_list {
	const struct mmu_format *format; /* NULL: not used */
	uint64_t raw;                    /* the bits that flags are made of */
	uint32_t traits;
	uint8_t half, top_level, kind;
	bool second;
	uint16_t bytes;
	char text[216];
};

#define FLAG_LISTS_LG2 5u /* of each level */

/* The bits of a word that any flag of such an entry looks at. */
static uint64_t flag_bits(const struct mmu_format *format, unsigned int level, enum mmu_kind kind,
			  bool second)
{
	static const struct mmu_format *known;
	static uint64_t bits[2][MMU_LEVELS_MAX][MMU_KIND_BAD + 1];
	static bool is_known[2][MMU_LEVELS_MAX][MMU_KIND_BAD + 1];
	const struct mmu_flag *flag = second ? format->second_flags : format->flags;
	size_t nr = second ? format->nr_second_flags : format->nr_flags;

	if (known != format)
		memset(is_known, 0, sizeof(is_known));
	known = format;
	uint64_t *ret = &bits[second][level][kind];
	if (is_known[second][level][kind])
		return *ret;
	*ret = 0;
	for (size_t i = 0; i < nr; i++)
		if (flag[i].levels >> level & 1 && flag[i].kinds & MMU_KINDS(kind))
			*ret |= flag[i].mask | flag[i].absent;
	is_known[second][level][kind] = true;
	return *ret;
}

static void put_flags(const struct mmu_regime *regime, const struct mmu_step_info *at,
		      enum mmu_kind kind, bool second)
{
	const struct mmu_flag *flag = NULL;
	char name[32];

	while ((flag = mmu_flag_next(regime, at->level, kind, second, second ? at->second : at->raw,
				     flag, name, sizeof(name))))
		json_string(NULL, name);
}

void json_flags(const char *key, const struct mmu_regime *regime, const struct mmu_step *step,
		bool second)
{
	static struct flag_list lists[MMU_LEVELS_MAX][1u << FLAG_LISTS_LG2];
	const struct mmu_step_info *at = mmu_step_get(step);
	enum mmu_kind kind = mmu_step_entry(step)->kind;
	uint64_t raw = (second ? at->second : at->raw) &
		       flag_bits(regime->format, at->level, kind, second);
	uint64_t hash = raw * UINT64_C(0x9e3779b97f4a7c15);
	struct flag_list *list = &lists[at->level][hash >> (64 - FLAG_LISTS_LG2)];

	json_array(key);
	if (list->format == regime->format && list->raw == raw && list->kind == kind &&
	    list->second == second && list->traits == regime->traits &&
	    list->half == regime->half && list->top_level == regime->top_level) {
		went_to(put(room_for(list->bytes), list->text, list->bytes));
		json_array_end();
		return;
	}
	size_t from = line.bytes;
	put_flags(regime, at, kind, second);
	size_t bytes = line.bytes - from;
	if (bytes <= sizeof(list->text)) {
		*list = (struct flag_list){ .format = regime->format,
					    .raw = raw,
					    .traits = regime->traits,
					    .half = (uint8_t)regime->half,
					    .top_level = regime->top_level,
					    .kind = (uint8_t)kind,
					    .second = second,
					    .bytes = (uint16_t)bytes };
		memcpy(list->text, line.text + from, bytes);
	}
	json_array_end();
}
