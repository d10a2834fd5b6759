/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The pass over lines of symbols. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "facts/names.h"
#include "facts/symbols.h"
#include "facts/symboltext.h"

struct mmu_symbol_text {
	char *path;
	char *text;      /* its lines end with NUL */
	const char *end; /* behind the last one's NUL */
	struct mmu_names names;
	struct mmu_symbol *symbols; /* per name */
};

struct line {
	uint64_t va;
	enum mmu_symbol_rank rank;
	const char *name; /* NUL-terminated */
	size_t bytes;     /* with the NUL */
};

/* ------------------------------------------------------------------ lines */

/* As nm(1) has letters: lower case is local, but v and w are weak and not defined, as is U. */
static enum mmu_symbol_rank rank_of(char letter)
{
	if (strchr("UvwNn?", letter))
		return MMU_SYMBOL_NONE;
	if (letter == 'V' || letter == 'W')
		return MMU_SYMBOL_WEAK;
	return letter >= 'A' && letter <= 'Z' ? MMU_SYMBOL_GLOBAL : MMU_SYMBOL_LOCAL;
}

static bool is_letter(char letter)
{
	return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
	       letter == '?';
}

/* "ffffffff81000000 T _stext", NUL-terminated; a module's name in brackets makes it no symbol. */
static bool parse_line(const char *text, struct line *ret)
{
	uint64_t va = 0;
	unsigned int i;

	for (i = 0; i < 16; i++) {
		char digit = text[i];
		bool decimal = digit >= '0' && digit <= '9';

		if (!decimal && !(digit >= 'a' && digit <= 'f') && !(digit >= 'A' && digit <= 'F'))
			break;
		va = va << 4 | (uint64_t)(decimal ? digit - '0' : (digit | 0x20) - 'a' + 10);
	}
	if (!i || text[i] != ' ' || !is_letter(text[i + 1]) || text[i + 2] != ' ')
		return false;
	const char *name = text + i + 3;
	size_t bytes = 0;

	while (name[bytes] > ' ' && name[bytes] < 0x7f)
		bytes++;
	if (!bytes || name[bytes])
		return false;
	*ret = (struct line){ va, rank_of(text[i + 1]), name, bytes + 1 };
	return true;
}

bool mmu_symbol_text_recognise(const void *text, uint64_t bytes)
{
	char first[640]; /* names have up to 511 characters */
	const char *newline = memchr(text, '\n', bytes < sizeof(first) ? bytes : sizeof(first));
	struct line line;

	if (!newline)
		return false;
	size_t length = (size_t)(newline - (const char *)text);
	memcpy(first, text, length);
	first[length] = '\0';
	return parse_line(first, &line);
}

/* @param at  moved to the next line. @return false: there are no more */
static bool next_line(const struct mmu_symbol_text *symbols, const char **at, struct line *ret)
{
	while (*at < symbols->end) {
		const char *text = *at;

		*at += strlen(text) + 1;
		if (parse_line(text, ret))
			return true;
	}
	return false;
}

/* ------------------------------------------------------------------ symbols */

static void take(const struct line *line, struct mmu_symbol *symbol)
{
	if (line->rank > symbol->rank)
		*symbol = (struct mmu_symbol){ .va = line->va, .rank = line->rank };
	else if (line->rank && line->rank == symbol->rank && line->va != symbol->va)
		symbol->ambiguous = true;
}

bool mmu_symbol_text_find(const struct mmu_symbol_text *symbols, const char *name, uint64_t *ret_va)
{
	size_t known = mmu_names_find(&symbols->names, (const uint8_t *)name, strlen(name) + 1);
	struct mmu_symbol symbol = { 0 };
	const char *at = symbols->text;
	struct line line;

	if (known != MMU_NAMES_NONE)
		symbol = symbols->symbols[known];
	while (known == MMU_NAMES_NONE && next_line(symbols, &at, &line))
		if (strcmp(line.name, name) == 0)
			take(&line, &symbol);
	/* ambiguous: either of two static objects may be meant */
	if (!symbol.rank || symbol.ambiguous)
		return false;
	*ret_va = symbol.va;
	return true;
}

bool mmu_symbol_text_next(const struct mmu_symbol_text *symbols, uint64_t va, uint64_t *ret_va)
{
	const char *at = symbols->text;
	uint64_t best = UINT64_MAX;
	struct line line;

	while (next_line(symbols, &at, &line))
		if (line.va > va && line.va < best)
			best = line.va;
	if (best != UINT64_MAX)
		*ret_va = best;
	return best != UINT64_MAX;
}

const char *mmu_symbol_text_path(const struct mmu_symbol_text *symbols)
{
	return symbols->path;
}

/* ------------------------------------------------------------------ life */

void mmu_symbol_text_close(struct mmu_symbol_text *symbols)
{
	if (!symbols)
		return;
	mmu_names_destroy(&symbols->names);
	free(symbols->symbols);
	free(symbols->text);
	free(symbols->path);
	free(symbols);
}

MMU_CLEANUP_TYPE(symbols, struct mmu_symbol_text *, mmu_symbol_text_close)

/* Lines become strings. @return 0, or the number of the first line that is no symbol */
static unsigned long split(struct mmu_symbol_text *symbols, char *end)
{
	unsigned long bad = 0, nr = 0;
	struct line line;

	for (char *at = symbols->text; at < end; at += strlen(at) + 1) {
		char *newline = memchr(at, '\n', (size_t)(end - at));

		if (newline)
			*newline = '\0';
		nr++;
		/* the last line ends too, or the file was cut there */
		if (!bad &&
		    (!newline || strlen(at) != (size_t)(newline - at) || !parse_line(at, &line)))
			bad = nr;
	}
	return bad;
}

static struct mmu_error *read_symbols(struct mmu_symbol_text *symbols)
{
	const char *at = symbols->text;
	bool any = false, any_address = false;
	struct line line;

	while (next_line(symbols, &at, &line)) {
		size_t found = mmu_names_find(&symbols->names, (const uint8_t *)line.name,
					      line.bytes);

		any = true;
		any_address |= line.va != 0;
		if (found != MMU_NAMES_NONE)
			take(&line, &symbols->symbols[found]);
	}
	if (any_address)
		return NULL;
	return mmu_error_new(MMU_ERROR_NOT_FOUND, "%s %s", symbols->path,
			     any ? "hides its addresses: see /proc/sys/kernel/kptr_restrict"
				 : "has no symbols in it");
}

struct mmu_error *mmu_symbol_text_open(const char *path, enum mmu_symbol_text_kind kind, void *text,
				       uint64_t bytes, const char *const *wanted,
				       struct mmu_symbol_text **ret)
{
	struct mmu_symbol_text *symbols MMU_CLEANUP(cleanup_symbols) = calloc(1, sizeof(*symbols));
	char *room = symbols ? realloc(text, bytes + 1) : NULL;

	if (!room) {
		free(text);
		return mmu_error_no_memory();
	}
	room[bytes] = '\0';
	symbols->text = room;
	symbols->end = room + bytes;
	symbols->path = strdup(path);
	struct mmu_error *error = mmu_names_init(&symbols->names, wanted, NULL);
	if (error)
		return error;
	symbols->symbols = calloc(symbols->names.count + 1, sizeof(*symbols->symbols));
	if (!symbols->symbols || !symbols->path)
		return mmu_error_no_memory();
	unsigned long bad = split(symbols, room + bytes);

	if (bad && kind == MMU_SYMBOL_TEXT_MAP)
		return mmu_error_new(MMU_ERROR_FORMAT,
				     "%s: line %lu is no whole symbol, as all lines of a "
				     "System.map "
				     "are",
				     path, bad);
	error = read_symbols(symbols);
	if (!error)
		*ret = mmu_steal(symbols);
	return error;
}
