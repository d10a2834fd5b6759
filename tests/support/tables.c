/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Building page tables with a back-end's encode(). */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "support/tables.h"
#include "walk/registry.h"
#include "walk/walk.h"

/* Far more than any test wants; a slip of the pen must not fill the machine. */
#define MEMORY_MAX ((uint64_t)64 << 20)
#define EMPTY_WORDS_MAX 4096u

__attribute__((__format__(__printf__, 2, 3))) static bool fail(struct tables *tables,
							       const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(tables->error, sizeof(tables->error), format, arguments);
	va_end(arguments);
	return false;
}

static const struct mmu_format *format_of(const struct tables *tables)
{
	return tables->regimes.regime[0].format;
}

static uint64_t page_bytes(const struct tables *tables)
{
	return (uint64_t)1 << tables->regimes.regime[0].page_lg2;
}

/* ------------------------------------------------------------------ memory */

static void grow(struct tables *tables, uint64_t end_pa)
{
	uint64_t page = page_bytes(tables);
	uint64_t bytes = (end_pa - tables->first_pa + page - 1) & -page;

	if (bytes <= tables->bytes)
		return;
	tables->memory = bytes <= MEMORY_MAX ? realloc(tables->memory, bytes) : NULL;
	if (!tables->memory)
		abort();
	memset(tables->memory + tables->bytes, 0, bytes - tables->bytes);
	tables->bytes = bytes;
}

/* The word at `pa`; NULL outside of the memory. */
static uint8_t *word_at(struct tables *tables, uint64_t pa)
{
	unsigned int bytes = format_of(tables)->entry_bytes;

	return mmu_bytes_fit(tables->bytes, pa - tables->first_pa, bytes)
		       ? tables->memory + (pa - tables->first_pa)
		       : NULL;
}

static bool get_word(struct tables *tables, uint64_t pa, uint64_t *ret)
{
	const struct mmu_format *format = format_of(tables);
	const uint8_t *at = word_at(tables, pa);

	if (!at)
		return fail(tables, "there is no memory at 0x%" PRIx64, pa);
	*ret = mmu_get_uint(at, format->entry_bytes, format->big_endian);
	return true;
}

static bool put_word(struct tables *tables, uint64_t pa, uint64_t value)
{
	const struct mmu_format *format = format_of(tables);
	uint8_t *at = word_at(tables, pa);

	if (!at)
		return fail(tables, "there is no memory at 0x%" PRIx64, pa);
	mmu_put_uint(at, format->entry_bytes, format->big_endian, value);
	return true;
}

/* Which word is empty is the format's own affair: the smallest that is. */
static uint64_t empty_word(const struct tables *tables, unsigned int level)
{
	const struct mmu_format *format = format_of(tables);
	struct mmu_entry entry;

	for (uint64_t raw = 0; raw < EMPTY_WORDS_MAX; raw++) {
		format->decode(tables->regimes.regime, level, raw, 0, &entry);
		if (entry.kind == MMU_KIND_EMPTY)
			return raw;
	}
	abort();
}

uint64_t tables_new(struct tables *tables, unsigned int level)
{
	const struct mmu_format *format = format_of(tables);
	uint64_t bytes = mmu_table_span(tables->regimes.regime, level);
	int64_t second = format->level[level].second_offset;
	uint64_t below = second < 0 ? (uint64_t)-second : 0, above = second > 0 ? second : 0;
	/* second copies lie within the same page as the table, wherever an entry leads */
	uint64_t align = bytes;
	uint64_t pa = (tables->next_pa + below + align - 1) & -align;

	uint64_t empty = empty_word(tables, level);

	tables->next_pa = pa + bytes + above;
	grow(tables, tables->next_pa);
	for (uint64_t at = 0; empty && at < bytes; at += format->slot_bytes)
		put_word(tables, pa + at, empty);
	return pa;
}

static bool begin(struct tables *tables, uint64_t first_pa)
{
	uint64_t page = page_bytes(tables);

	if (first_pa & (page - 1))
		return fail(tables, "memory does not begin at a page");
	tables->first_pa = tables->next_pa = first_pa;
	uint64_t root_pa = tables_new(tables, tables->regimes.regime[0].top_level);
	for (size_t i = 0; i < tables->regimes.nr; i++)
		tables->regimes.regime[i].root_pa = root_pa;
	return true;
}

void tables_stop(struct tables *tables)
{
	free(tables->memory);
	*tables = (struct tables){ 0 };
}

/* ------------------------------------------------------------------ entries */

static bool decode_at(struct tables *tables, unsigned int level, uint64_t slot_pa,
		      struct mmu_entry *ret)
{
	int64_t offset = format_of(tables)->level[level].second_offset;
	uint64_t raw = 0, second = 0;

	if (!get_word(tables, slot_pa, &raw) ||
	    (offset && !get_word(tables, slot_pa + (uint64_t)offset, &second)))
		return false;
	format_of(tables)->decode(tables->regimes.regime, level, raw, second, ret);
	return true;
}

static bool encode_at(struct tables *tables, unsigned int level, uint64_t slot_pa,
		      const struct mmu_entry *entry)
{
	const struct mmu_format *format = format_of(tables);
	uint64_t raw, second = 0;
	char rights[6];

	if (!format->encode(tables->regimes.regime, level, entry, &raw, &second))
		return fail(tables, "%s %s can't say this: a %s at 0x%" PRIx64 " with rights %s",
			    format->name, format->level[level].name,
			    entry->kind == MMU_KIND_TABLE ? "table" : "page", entry->pa,
			    mmu_rights_text(entry->rights, rights));
	if (!put_word(tables, slot_pa, raw))
		return false;
	return !format->level[level].second_offset ||
	       put_word(tables, slot_pa + (uint64_t)(int64_t)format->level[level].second_offset,
			second);
}

static uint64_t slot_of(const struct tables *tables, unsigned int level, uint64_t table_pa,
			uint64_t va)
{
	const struct mmu_shape *shape = &tables->regimes.regime[0].shape[level];
	uint64_t index = va >> shape->shift & (((uint64_t)1 << shape->index_bits) - 1);

	return table_pa + index * format_of(tables)->slot_bytes;
}

/* The slot of `va` at a level. Tables above it are made where slots are empty. */
static bool find_slot(struct tables *tables, unsigned int level, uint64_t va, uint64_t *ret_pa)
{
	const struct mmu_format *format = format_of(tables);
	uint64_t table_pa = tables->regimes.regime[0].root_pa;

	if (!mmu_regimes_find(&tables->regimes, va))
		return fail(tables, "0x%" PRIx64 " is no address of %s", va, format->name);
	for (unsigned int at = tables->regimes.regime[0].top_level; at > level; at--) {
		struct mmu_entry entry;
		uint64_t slot_pa = slot_of(tables, at, table_pa, va);

		if (!decode_at(tables, at, slot_pa, &entry))
			return false;
		if (entry.kind == MMU_KIND_EMPTY) {
			entry = (struct mmu_entry){ .kind = MMU_KIND_TABLE,
						    .rights = MMU_RIGHTS_ALL,
						    .pa = tables_new(tables, at - 1) };
			if (!encode_at(tables, at, slot_pa, &entry))
				return false;
		}
		if (entry.kind != MMU_KIND_TABLE)
			return fail(tables, "the %s entry of 0x%" PRIx64 " holds no table",
				    format->level[at].name, va);
		table_pa = entry.pa;
	}
	*ret_pa = slot_of(tables, level, table_pa, va);
	return true;
}

bool tables_enter(struct tables *tables, unsigned int level, uint64_t va, uint64_t raw,
		  uint64_t second)
{
	int64_t offset = format_of(tables)->level[level].second_offset;
	unsigned int bits = 8u * format_of(tables)->entry_bytes;
	uint64_t slot_pa;

	if (bits < 64 && (raw | second) >> bits)
		return fail(tables, "an entry has %u bits", bits);
	if (second && !offset)
		return fail(tables, "%s entries have no second copy",
			    format_of(tables)->level[level].name);
	return find_slot(tables, level, va, &slot_pa) && put_word(tables, slot_pa, raw) &&
	       (!offset || put_word(tables, slot_pa + (uint64_t)offset, second));
}

/* A leaf of its own, if there is one of this size, else a run of smaller ones that can be said. */
static bool find_size(const struct tables *tables, uint64_t bytes, unsigned int *ret_level,
		      unsigned int *ret_run_lg2)
{
	const struct mmu_regime *regime = &tables->regimes.regime[0];
	const struct mmu_format *format = regime->format;

	for (unsigned int run = 0; run < 16; run++) {
		for (unsigned int level = 0; level <= regime->top_level; level++) {
			struct mmu_entry entry = { .kind = MMU_KIND_LEAF,
						   .rights = MMU_RIGHT_READ,
						   .run_lg2 = (uint8_t)run };
			uint64_t raw, second;

			if (!format->level[level].may_be_leaf ||
			    run > format->level[level].run_lg2 ||
			    bytes != (uint64_t)1 << regime->shape[level].shift << run ||
			    (run && !format->encode(regime, level, &entry, &raw, &second)))
				continue;
			*ret_level = level;
			*ret_run_lg2 = run;
			return true;
		}
	}
	return false;
}

bool tables_map(struct tables *tables, uint64_t va, uint64_t pa, uint64_t bytes, uint8_t rights)
{
	const struct mmu_format *format = format_of(tables);
	unsigned int level, run_lg2;

	if (!find_size(tables, bytes, &level, &run_lg2))
		return fail(tables, "%s has no pages of 0x%" PRIx64 " bytes", format->name, bytes);
	if (va & (bytes - 1) || pa & (bytes - 1))
		return fail(tables, "a page of 0x%" PRIx64 " bytes does not begin there", bytes);
	for (uint64_t i = 0; i < (uint64_t)1 << run_lg2; i++) {
		uint64_t offset = i << tables->regimes.regime[0].shape[level].shift, slot_pa;
		struct mmu_entry entry;

		if (!find_slot(tables, level, va + offset, &slot_pa) ||
		    !decode_at(tables, level, slot_pa, &entry))
			return false;
		if (entry.kind != MMU_KIND_EMPTY)
			return fail(tables, "the %s entry of 0x%" PRIx64 " is taken",
				    format->level[level].name, va + offset);
		entry = (struct mmu_entry){
			.kind = MMU_KIND_LEAF,
			.rights = rights,
			.run_lg2 = (uint8_t)run_lg2,
			.pa = pa + offset,
		};
		if (!encode_at(tables, level, slot_pa, &entry))
			return false;
	}
	return true;
}

bool tables_restrict(struct tables *tables, unsigned int level, uint64_t va, uint8_t rights)
{
	struct mmu_entry entry;
	uint64_t slot_pa;

	if (level == 0)
		return fail(tables, "there are no tables below level 0");
	if (!find_slot(tables, level, va, &slot_pa) || !decode_at(tables, level, slot_pa, &entry))
		return false;
	if (entry.kind == MMU_KIND_EMPTY)
		entry = (struct mmu_entry){ .kind = MMU_KIND_TABLE,
					    .pa = tables_new(tables, level - 1) };
	if (entry.kind != MMU_KIND_TABLE)
		return fail(tables, "the %s entry of 0x%" PRIx64 " holds no table",
			    format_of(tables)->level[level].name, va);
	entry.rights = rights;
	entry.note = NULL;
	return encode_at(tables, level, slot_pa, &entry);
}

/* ------------------------------------------------------------------ the text */

#define WORDS_MAX 8

/* One line, taken apart. */
struct line {
	char *word[WORDS_MAX];
	size_t nr;
};

static bool number(struct tables *tables, const char *text, uint64_t *ret)
{
	static const char units[] = "KMGT";
	bool hexadecimal = strncmp(text, "0x", 2) == 0;
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, hexadecimal ? 16 : 10);
	if (end != text && *end && !errno) {
		const char *unit = strchr(units, *end);
		unsigned int lg2 = unit ? 10u * (unsigned int)(unit - units + 1) : 0;

		if (unit && *ret << lg2 >> lg2 == *ret) {
			*ret <<= lg2;
			end++;
		}
	}
	if (errno || end == text || *end || *text == '-' || *text == '+')
		return fail(tables, "'%s' is no number", text);
	return true;
}

static bool rights_of(struct tables *tables, const char *text, uint8_t *ret)
{
	static const char letters[] = "rwxXu";

	*ret = 0;
	for (size_t i = 0; i < MMU_RIGHTS_COUNT; i++) {
		if (text[i] != letters[i] && text[i] != '-')
			return fail(tables, "rights are rwxXu with - for what is absent, not '%s'",
				    text);
		*ret |= (uint8_t)(text[i] == '-' ? 0 : 1u << i);
	}
	return !text[MMU_RIGHTS_COUNT] || fail(tables, "'%s' has too many rights", text);
}

static bool level_of(struct tables *tables, const char *text, unsigned int *ret)
{
	const struct mmu_format *format = format_of(tables);

	for (unsigned int level = 0; level < format->nr_levels; level++) {
		if (strcasecmp(format->level[level].name, text) == 0) {
			*ret = level;
			return true;
		}
	}
	return fail(tables, "%s has no level '%s'", format->name, text);
}

static bool do_map(struct tables *tables, const struct line *line)
{
	uint64_t va, pa, bytes, count = 1;
	uint8_t rights;

	if (!number(tables, line->word[1], &va) || !number(tables, line->word[2], &pa) ||
	    !number(tables, line->word[3], &bytes) || !rights_of(tables, line->word[4], &rights) ||
	    (line->nr > 5 && !number(tables, line->word[5], &count)))
		return false;
	for (uint64_t i = 0; i < count; i++)
		if (!tables_map(tables, va + i * bytes, pa + i * bytes, bytes, rights))
			return false;
	return true;
}

static bool do_table(struct tables *tables, const struct line *line)
{
	unsigned int level = 0;
	uint8_t rights;
	uint64_t va;

	return level_of(tables, line->word[1], &level) && number(tables, line->word[2], &va) &&
	       rights_of(tables, line->word[3], &rights) &&
	       tables_restrict(tables, level, va, rights);
}

static bool do_entry(struct tables *tables, const struct line *line)
{
	uint64_t va, raw, second = 0;
	unsigned int level = 0;

	return level_of(tables, line->word[1], &level) && number(tables, line->word[2], &va) &&
	       number(tables, line->word[3], &raw) &&
	       (line->nr < 5 || number(tables, line->word[4], &second)) &&
	       tables_enter(tables, level, va, raw, second);
}

static bool do_gap(struct tables *tables, const struct line *line)
{
	struct tables_gap *gap = &tables->gaps[tables->nr_gaps];
	uint64_t first_pa, bytes, page = page_bytes(tables);

	if (!number(tables, line->word[1], &first_pa) || !number(tables, line->word[2], &bytes))
		return false;
	if (!bytes || (first_pa | bytes) & (page - 1))
		return fail(tables, "a gap is of whole pages");
	if (tables->nr_gaps == TABLES_GAPS_MAX)
		return fail(tables, "too many gaps");
	if (first_pa < tables->first_pa || (tables->nr_gaps && first_pa <= gap[-1].last_pa))
		return fail(tables, "gaps ascend, and lie in the memory");
	*gap = (struct tables_gap){ first_pa, first_pa + bytes - 1,
				    strcmp(line->word[0], "filtered") == 0 };
	tables->nr_gaps++;
	return true;
}

static bool do_cut(struct tables *tables, const struct line *line)
{
	if (!number(tables, line->word[1], &tables->cut_pa))
		return false;
	return tables->cut_pa > tables->first_pa || fail(tables, "nothing would be left");
}

static bool do_memory(struct tables *tables, const struct line *line)
{
	uint64_t first_pa, bytes = 0;

	if (!number(tables, line->word[1], &first_pa) ||
	    (line->nr > 2 && !number(tables, line->word[2], &bytes)) || !begin(tables, first_pa))
		return false;
	if (bytes > MEMORY_MAX)
		return fail(tables, "at most 0x%" PRIx64 " bytes", MEMORY_MAX);
	grow(tables, first_pa + bytes);
	return true;
}

static bool set_sample(struct tables *tables, const struct mmu_sample *sample)
{
	tables->regimes.nr = 0;
	if (sample)
		mmu_sample_regimes(sample, sample->regimes[0]->format, 0, &tables->regimes);
	return sample;
}

static bool do_format(struct tables *tables, const struct line *line)
{
	const struct mmu_sample *sample = mmu_arch_sample(tables->arch, line->word[1]);

	if (set_sample(tables, sample)) {
		const char *format = tables->regimes.regime[0].format->name;

		tables->name = strcmp(format, line->word[1]) == 0 ? format : sample->name;
		return true;
	}
	return fail(tables, "back-end %s has no format '%s'", tables->arch->name, line->word[1]);
}

/* What must have been said before a command. */
enum stage { NOTHING, ARCH, FORMAT, MEMORY };

static enum stage stage_of(const struct tables *tables)
{
	return tables->memory       ? MEMORY
	       : tables->regimes.nr ? FORMAT
	       : tables->arch       ? ARCH
				    : NOTHING;
}

static const struct {
	const char *name;
	size_t least, most; /* arguments */
	enum stage stage;
	bool (*run)(struct tables *tables, const struct line *line);
} commands[] = {
	{ "format", 1, 1, ARCH, do_format },  { "memory", 1, 2, FORMAT, do_memory },
	{ "map", 4, 5, MEMORY, do_map },      { "table", 3, 3, MEMORY, do_table },
	{ "entry", 3, 4, MEMORY, do_entry },  { "hole", 2, 2, MEMORY, do_gap },
	{ "filtered", 2, 2, MEMORY, do_gap }, { "cut", 1, 1, MEMORY, do_cut },
};

static bool run_line(struct tables *tables, const struct mmu_arch *const *archs,
		     const struct line *line)
{
	if (strcmp(line->word[0], "arch") == 0 && line->nr == 2) {
		if (tables->arch)
			return fail(tables, "'arch' comes once");
		for (; *archs; archs++)
			if (strcmp((*archs)->name, line->word[1]) == 0)
				tables->arch = *archs;
		return tables->arch || fail(tables, "no back-end '%s'", line->word[1]);
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, line->word[0]) != 0)
			continue;
		if (line->nr - 1 < commands[i].least || line->nr - 1 > commands[i].most)
			return fail(tables, "'%s' takes %zu to %zu arguments", line->word[0],
				    commands[i].least, commands[i].most);
		if (commands[i].stage < MEMORY ? stage_of(tables) != commands[i].stage
					       : stage_of(tables) < MEMORY)
			return fail(tables,
				    "'%s' is out of place: arch, format, memory, then the "
				    "rest",
				    line->word[0]);
		return commands[i].run(tables, line);
	}
	return fail(tables, "no command '%s'", line->word[0]);
}

/* @return false: more words than any command has */
static bool split(char *text, struct line *ret)
{
	char *rest, *comment = strchr(text, '#');

	if (comment)
		*comment = '\0';
	ret->nr = 0;
	for (char *word = strtok_r(text, " \t\r", &rest); word;
	     word = strtok_r(NULL, " \t\r", &rest)) {
		if (ret->nr == WORDS_MAX)
			return false;
		ret->word[ret->nr++] = word;
	}
	return true;
}

bool tables_parse(struct tables *tables, const struct mmu_arch *const *archs, const char *text)
{
	char *copy = strdup(text), *at = copy;
	unsigned int count = 0;
	bool good = copy;

	while (good && at) {
		char *newline = strchr(at, '\n');
		struct line line;

		if (newline)
			*newline++ = '\0';
		count++;
		good = split(at, &line) ? !line.nr || run_line(tables, archs, &line)
					: fail(tables, "too many words");
		at = newline;
	}
	free(copy);
	if (!good) {
		char error[sizeof(tables->error)];

		memcpy(error, tables->error, sizeof(error));
		error[sizeof(error) - 20] = '\0';
		return fail(tables, "line %u: %s", count, error);
	}
	return stage_of(tables) == MEMORY ||
	       fail(tables, "line %u: no arch, format and memory so far", count);
}
