/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Symbols from kallsyms (scripts/kallsyms.c, kernel/kallsyms.c). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "facts/kallsyms.h"
#include "facts/names.h"

#define SYMBOLS_MAX (8u << 20)
/* KSYM_NAME_LEN is 512 since 6.1 (b8a94bfb3395), 128 before; and the type letter */
#define NAME_MAX_BYTES 520u
/* a name's length byte, a second one, and the tokens */
#define ENTRY_MAX_BYTES (2u + 0x3fffu)
#define CHUNK_BYTES 65536u
#define TOKENS 256u

/* How kallsyms_offsets[] is to be read. */
enum scheme {
	SCHEME_ABSOLUTE_PERCPU, /* x86_64 SMP, 4.6 to 6.14: o >= 0 absolute, else base - 1 - o */
	SCHEME_RELATIVE,        /* base + (u32)o */
	SCHEME_PLACE,           /* since 7.0: counted from the place of the offset itself */
	SCHEME_VALUE,           /* likewise, of 32 bits that are not relocatable: the address */
	SCHEME_ADDRESSES,       /* kallsyms_addresses[], up to 4.5 */
};

struct mmu_kallsyms {
	struct mmu_kallsyms_place place;
	mmu_kallsyms_read_fn read;
	void *context;
	enum scheme scheme;
	uint32_t count;
	uint64_t base;
	uint8_t *numbers; /* offsets[] or addresses[] as in memory */
	char *tokens;     /* NUL-terminated strings */
	uint16_t index[TOKENS];
	uint16_t length[TOKENS];
	uint64_t letters[TOKENS];       /* the first eight, as mmu_names_key() */
	uint64_t typed_letters[TOKENS]; /* likewise, without the first of all, which is the type */
	struct mmu_names names;         /* the symbols that are wanted */
	uint32_t *found;                /* per name: 1 + its number, or 0 */
};

/* ------------------------------------------------------------------ addresses */

static uint64_t address_as(const struct mmu_kallsyms *table, enum scheme scheme, uint32_t n)
{
	bool big = table->place.big_endian;

	if (scheme == SCHEME_ADDRESSES)
		return mmu_get_uint(table->numbers + (uint64_t)n * table->place.pointer_bytes,
				    table->place.pointer_bytes, big);
	uint32_t raw = mmu_get_u32(table->numbers + (uint64_t)n * 4, big);
	int64_t offset = (int32_t)raw;

	if (scheme == SCHEME_VALUE)
		return raw;
	if (scheme == SCHEME_PLACE)
		return table->place.offsets_va + (uint64_t)n * 4 + (uint64_t)offset;
	if (scheme == SCHEME_ABSOLUTE_PERCPU)
		return offset >= 0 ? (uint64_t)offset : table->base - 1 - (uint64_t)offset;
	return table->base + raw;
}

static uint64_t address(const struct mmu_kallsyms *table, uint32_t n)
{
	return address_as(table, table->scheme, n);
}

/* ------------------------------------------------------------------ names */

/* Expand tokens until `limit` characters are there. @return how many */
static size_t expand(const struct mmu_kallsyms *table, const uint8_t *tokens, size_t nr_tokens,
		     char *out, size_t limit)
{
	size_t count = 0;

	for (size_t i = 0; i < nr_tokens && count < limit; i++) {
		size_t length = table->length[tokens[i]];

		if (length > NAME_MAX_BYTES - count)
			length = NAME_MAX_BYTES - count;
		memcpy(out + count, table->tokens + table->index[tokens[i]], length);
		count += length;
	}
	return count;
}

/* Called for each symbol with its tokens. @return false to stop */
typedef bool (*visit_fn)(struct mmu_kallsyms *table, uint32_t n, const uint8_t *tokens,
			 size_t nr_tokens, void *context);

/* Read names[] in chunks; an entry that a chunk cuts in two begins the next chunk. */
static struct mmu_error *visit(struct mmu_kallsyms *table, visit_fn fn, void *context)
{
	uint8_t *chunk = malloc(CHUNK_BYTES);
	uint64_t va = table->place.names_va;
	uint32_t n = 0;

	if (!chunk)
		return mmu_error_no_memory();
	while (n < table->count) {
		size_t have = CHUNK_BYTES, at = 0;

		/* memory may be missing right after the table */
		while (have >= 4096 && !table->read(table->context, va, chunk, have))
			have /= 2;
		if (have < 4096) {
			free(chunk);
			return mmu_error_new(MMU_ERROR_FAULT,
					     "kallsyms_names at 0x%" PRIx64 " is missing", va);
		}
		while (n < table->count && at < have) {
			size_t length = chunk[at], head = 1;

			/* since 6.1 (73bbb94466fd) a length above 127 takes two bytes */
			if (length & 0x80 && at + 1 < have) {
				length = (length & 0x7f) | (size_t)chunk[at + 1] << 7;
				head = 2;
			}
			if (at + head + length > have && have == CHUNK_BYTES)
				break;
			if (!length || at + head + length > have ||
			    !fn(table, n, chunk + at + head, length, context)) {
				free(chunk);
				return length && at + head + length <= have
					       ? NULL
					       : mmu_error_new(MMU_ERROR_CORRUPT,
							       "kallsyms name %u is damaged", n);
			}
			at += head + length;
			n++;
		}
		if (!at)
			break;
		va += at;
	}
	free(chunk);
	return n == table->count ? NULL
				 : mmu_error_new(MMU_ERROR_CORRUPT, "kallsyms_names ends early");
}

static bool note_wanted(struct mmu_kallsyms *table, uint32_t n, const uint8_t *tokens,
			size_t nr_tokens, void *context)
{
	char name[NAME_MAX_BYTES + 8];

	(void)context;
	/* the first letters exclude most names; most tokens are short, so they are put together */
	uint64_t key = table->typed_letters[tokens[0]];
	for (size_t i = 1, have = table->length[tokens[0]] - 1u; i < nr_tokens && have < 8; i++) {
		key |= table->letters[tokens[i]] << 8 * have;
		have += table->length[tokens[i]];
	}
	uint32_t hash = mmu_names_hash(key);

	if (!(table->names.filter[hash >> 6] >> (hash & 63) & 1))
		return true;
	size_t count = expand(table, tokens, nr_tokens, name, NAME_MAX_BYTES);
	name[count] = '\0';
	size_t found = mmu_names_find(&table->names, (const uint8_t *)name + 1, count);
	/* a global symbol (capital letter) is better than a static one of the same name */
	if (found != MMU_NAMES_NONE && (!table->found[found] || (name[0] >= 'A' && name[0] <= 'Z')))
		table->found[found] = n + 1;
	return true;
}

struct search {
	const char *name;
	size_t bytes;
	uint32_t found;
	bool ambiguous; /* several static ones, at different addresses */
};

static bool match_name(struct mmu_kallsyms *table, uint32_t n, const uint8_t *tokens,
		       size_t nr_tokens, void *context)
{
	struct search *search = context;
	char name[NAME_MAX_BYTES + 8];
	size_t first = search->bytes < 8 ? search->bytes + 1 : 9;
	size_t count = expand(table, tokens, nr_tokens, name, first);

	/* the first letters exclude most names; [0] is the type */
	if (count < first || memcmp(name + 1, search->name, first - 1) != 0)
		return true;
	count = expand(table, tokens, nr_tokens, name, NAME_MAX_BYTES);
	if (count != search->bytes + 1 || memcmp(name + 1, search->name, search->bytes) != 0)
		return true;
	bool global = name[0] >= 'A' && name[0] <= 'Z';
	search->ambiguous = !global && (search->ambiguous ||
					(search->found &&
					 address(table, n) != address(table, search->found - 1)));
	search->found = n + 1;
	return !global;
}

bool mmu_kallsyms_symbol(struct mmu_kallsyms *table, const char *name, uint64_t *ret_va)
{
	struct search search = { .name = name, .bytes = strlen(name) };
	size_t known = mmu_names_find(&table->names, (const uint8_t *)name, search.bytes + 1);

	if (known != MMU_NAMES_NONE)
		search.found = table->found[known];
	else
		mmu_error_destroy(visit(table, match_name, &search));
	/* ambiguous: either of two static objects may be meant */
	if (!search.found || search.ambiguous)
		return false;
	*ret_va = address(table, search.found - 1);
	return true;
}

bool mmu_kallsyms_next(struct mmu_kallsyms *table, uint64_t va, uint64_t *ret_va)
{
	uint64_t best = UINT64_MAX;

	for (uint32_t n = 0; n < table->count; n++) {
		uint64_t here = address(table, n);

		if (here > va && here < best)
			best = here;
	}
	if (best != UINT64_MAX)
		*ret_va = best;
	return best != UINT64_MAX;
}

/* ------------------------------------------------------------------ opening */

static struct mmu_error *read_number(struct mmu_kallsyms *table, uint64_t va, unsigned int bytes,
				     const char *what, uint64_t *ret)
{
	uint8_t buf[8];

	if (!table->read(table->context, va, buf, bytes))
		return mmu_error_new(MMU_ERROR_FAULT,
				     "%s at virtual 0x%" PRIx64 " is not in the image", what, va);
	*ret = mmu_get_uint(buf, bytes, table->place.big_endian);
	return NULL;
}

static struct mmu_error *read_tokens(struct mmu_kallsyms *table)
{
	uint8_t index[2 * TOKENS];
	size_t end;

	if (!table->read(table->context, table->place.token_index_va, index, sizeof(index)))
		return mmu_error_new(MMU_ERROR_FAULT, "kallsyms_token_index is not in the image");
	for (unsigned int i = 0; i < TOKENS; i++)
		table->index[i] = mmu_get_u16(index + 2 * i, table->place.big_endian);
	/* the strings follow each other: the last begins at the greatest index */
	end = (size_t)table->index[TOKENS - 1] + NAME_MAX_BYTES;
	table->tokens = calloc(1, 65536 + NAME_MAX_BYTES + 1);
	if (!table->tokens)
		return mmu_error_no_memory();
	while (end > table->index[TOKENS - 1] &&
	       !table->read(table->context, table->place.token_table_va, table->tokens, end))
		end -= 8;
	if (end <= table->index[TOKENS - 1])
		return mmu_error_new(MMU_ERROR_FAULT, "kallsyms_token_table is not in the image");
	for (unsigned int i = 0; i < TOKENS; i++)
		table->length[i] = (uint16_t)strnlen(table->tokens + table->index[i],
						     NAME_MAX_BYTES);
	for (unsigned int i = 0; i < TOKENS; i++) {
		const uint8_t *token = (const uint8_t *)table->tokens + table->index[i];

		/* an unused token is empty; it begins no name */
		table->letters[i] = mmu_names_key(token, 9);
		table->typed_letters[i] = mmu_names_key(token + 1, 8);
	}
	return NULL;
}

static struct mmu_error *read_numbers(struct mmu_kallsyms *table)
{
	uint64_t va = table->place.offsets_va ? table->place.offsets_va : table->place.addresses_va;
	size_t width = table->place.offsets_va ? 4 : table->place.pointer_bytes;
	uint64_t count = 0;
	/* word-sized up to 4.19; on little-endian machines its low half is the same */
	struct mmu_error *error = read_number(table, table->place.num_syms_va, 4,
					      "kallsyms_num_syms", &count);

	if (error)
		return error;
	if (!count || count > SYMBOLS_MAX)
		return mmu_error_new(MMU_ERROR_CORRUPT, "kallsyms_num_syms is %" PRIu64, count);
	table->count = (uint32_t)count;
	if (table->place.relative_base_va) {
		error = read_number(table, table->place.relative_base_va,
				    table->place.pointer_bytes, "kallsyms_relative_base",
				    &table->base);
		if (error)
			return error;
	}
	table->numbers = malloc(count * width);
	if (!table->numbers)
		return mmu_error_no_memory();
	if (!table->read(table->context, va, table->numbers, count * width))
		return mmu_error_new(MMU_ERROR_FAULT,
				     "kallsyms' addresses at virtual 0x%" PRIx64 " are not in the "
				     "image",
				     va);
	return NULL;
}

/* The schemes that the parts of the table allow, likeliest first. @return how many */
static size_t possible_schemes(const struct mmu_kallsyms *table, enum scheme ret[2])
{
	const struct mmu_kallsyms_place *place = &table->place;
	bool wide = place->pointer_bytes == 8;

	if (!place->offsets_va) {
		ret[0] = SCHEME_ADDRESSES;
		return 1;
	}
	if (place->relative_base_va) {
		ret[0] = wide ? SCHEME_ABSOLUTE_PERCPU : SCHEME_RELATIVE;
		ret[1] = wide ? SCHEME_RELATIVE : SCHEME_ABSOLUTE_PERCPU;
		return 2;
	}
	ret[0] = SCHEME_PLACE;
	ret[1] = SCHEME_VALUE;
	return wide ? 1 : 2;
}

/* The table must be sorted: the kernel does a binary search in it. */
static bool is_sorted(const struct mmu_kallsyms *table, enum scheme scheme)
{
	for (uint32_t n = 1; n < table->count; n++)
		if (address_as(table, scheme, n) < address_as(table, scheme, n - 1))
			return false;
	return true;
}

static bool holds_banner(const struct mmu_kallsyms *table, uint64_t va)
{
	static const char banner[] = "Linux version ";
	char seen[sizeof(banner) - 1];

	return table->read(table->context, va, seen, sizeof(seen)) &&
	       memcmp(seen, banner, sizeof(seen)) == 0;
}

/* Find the scheme that gives a known symbol its known address. */
static struct mmu_error *find_scheme(struct mmu_kallsyms *table)
{
	const struct mmu_kallsyms_place *place = &table->place;
	struct search proof = { .name = place->proof }, banner = { .name = "linux_banner" };
	struct mmu_error *error = NULL;
	enum scheme schemes[2];
	size_t nr = possible_schemes(table, schemes);

	table->scheme = schemes[0];
	if (proof.name) {
		proof.bytes = strlen(proof.name);
		error = visit(table, match_name, &proof);
	}
	if (!error && !proof.found) {
		banner.bytes = strlen(banner.name);
		error = visit(table, match_name, &banner);
	}
	if (error || (!proof.found && !banner.found && !place->by_shape))
		return error;
	for (size_t i = 0; i < nr; i++) {
		bool holds =
			proof.found
				? address_as(table, schemes[i], proof.found - 1) == place->proof_va
				: banner.found && holds_banner(table, address_as(table, schemes[i],
										 banner.found - 1));

		if (!holds || (place->by_shape && !is_sorted(table, schemes[i])))
			continue;
		table->scheme = schemes[i];
		return NULL;
	}
	if (!proof.found)
		return mmu_error_new(MMU_ERROR_CORRUPT, "kallsyms puts linux_banner where there is "
							"none");
	return mmu_error_new(MMU_ERROR_CORRUPT,
			     "kallsyms puts %s at virtual 0x%" PRIx64 ", not at 0x%" PRIx64,
			     proof.name, address(table, proof.found - 1), place->proof_va);
}

void mmu_kallsyms_close(struct mmu_kallsyms *table)
{
	if (!table)
		return;
	mmu_names_destroy(&table->names);
	free(table->found);
	free(table->numbers);
	free(table->tokens);
	free(table);
}

struct mmu_error *mmu_kallsyms_open(const struct mmu_kallsyms_place *place,
				    mmu_kallsyms_read_fn read, void *context,
				    const char *const *symbols, struct mmu_kallsyms **ret)
{
	struct mmu_kallsyms *table = calloc(1, sizeof(*table));

	if (!table)
		return mmu_error_no_memory();
	table->place = *place;
	table->read = read;
	table->context = context;
	struct mmu_error *error = mmu_names_init(&table->names, symbols, NULL);
	if (!error) {
		table->found = calloc(table->names.count + 1, sizeof(*table->found));
		error = table->found ? NULL : mmu_error_no_memory();
	}
	if (!error)
		error = read_tokens(table);
	if (!error)
		error = read_numbers(table);
	if (!error)
		error = find_scheme(table);
	if (!error)
		error = visit(table, note_wanted, NULL);
	if (error) {
		mmu_kallsyms_close(table);
		return error;
	}
	*ret = table;
	return NULL;
}
