/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file The search for names in a table of strings. It goes through a window: a copy of the whole
 * table would cost more for its memory than for the search.
 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "facts/name_places.h"

#define WINDOW_BYTES ((uint64_t)32 << 10)
/* What is kept of the strings before the window: no name of a kernel is longer (KSYM_NAME_LEN). */
#define BEFORE_BYTES 512u
/* The characters before its NUL by which a name is found. */
#define TAIL_BYTES 4u
#define TAIL_HASH_BITS 11
/* "_end" ends hundreds of strings. */
#define SLOTS_PER_NAME 16
#define SLOTS_LG2_MIN 10u
#define WORD_BYTES 8u

struct search {
	const struct mmu_names *names;
	struct mmu_name_places *places;
	uint16_t head[1 << TAIL_HASH_BITS]; /* 1 + the first name with such a tail */
	uint16_t next[MMU_NAMES_MAX];
	uint8_t bytes[BEFORE_BYTES + WINDOW_BYTES + WORD_BYTES];
};

static uint32_t tail_hash(const uint8_t *tail)
{
	uint32_t word;

	memcpy(&word, tail, sizeof(word));
	return word * UINT32_C(0x9e3779b1) >> (32 - TAIL_HASH_BITS);
}

/* @return false: a name is too short or too long */
static bool hash_tails(struct search *search)
{
	const struct mmu_names *names = search->names;

	for (size_t i = 0; i < names->count; i++) {
		const uint8_t *text = (const uint8_t *)names->text[i];
		size_t length = names->length[i];

		if (length < TAIL_BYTES || length > BEFORE_BYTES)
			return false;
		if (mmu_names_find(names, text, length + 1) != i)
			continue; /* the first of equal names is found */
		uint16_t *head = &search->head[tail_hash(text + length - TAIL_BYTES)];
		search->next[i] = *head;
		*head = (uint16_t)(i + 1);
	}
	return true;
}

/* The slot that a key has, or would have. */
static uint32_t find_slot(const struct mmu_name_places *places, uint32_t key)
{
	uint32_t mask = (UINT32_C(1) << places->slots_lg2) - 1;
	uint32_t at = mmu_name_places_hash(key) >> (32 - places->slots_lg2);

	while (places->keys[at] && places->keys[at] != key)
		at = (at + 1) & mask;
	return at;
}

size_t mmu_name_places_find_slow(const struct mmu_name_places *places, uint32_t offset)
{
	uint32_t at = find_slot(places, offset + 1);

	return places->keys[at] ? places->names[at] : MMU_NAMES_NONE;
}

/* @return false: there are too many */
static bool add_place(struct mmu_name_places *places, uint64_t offset, size_t name)
{
	uint32_t key = (uint32_t)offset + 1, at = find_slot(places, key);
	uint32_t bit = mmu_name_places_hash(key) >> (32 - MMU_NAME_PLACES_FILTER_LG2);

	if (places->nr >> (places->slots_lg2 - 1))
		return false;
	places->filter[bit >> 6] |= UINT64_C(1) << (bit & 63);
	places->keys[at] = key;
	places->names[at] = (uint16_t)name;
	places->nr++;
	return true;
}

/*
 * @param i    of the first name that may stand there
 * @param end  the NUL's offset in the table
 */
static __attribute__((noinline)) bool names_before(struct search *search, size_t i,
						   const uint8_t *nul, uint64_t end)
{
	const struct mmu_names *names = search->names;

	for (; i; i = search->next[i - 1]) {
		size_t length = names->length[i - 1];

		if (length <= end && !memcmp(nul - length, names->text[i - 1], length) &&
		    !add_place(search->places, end - length, i - 1))
			return false;
	}
	return true;
}

/* The NULs of a window, eight bytes at a time. */
static bool search_window(struct search *search, uint64_t offset, size_t bytes)
{
	const uint64_t highs = UINT64_C(0x8080808080808080);
	const uint8_t *at = search->bytes + BEFORE_BYTES;

	for (size_t i = 0; i < bytes; i += WORD_BYTES) {
		uint64_t word = mmu_get_u64(at + i, false);
		/* the highest bit of each byte that is 0 */
		uint64_t nuls = ~(((word & ~highs) + ~highs) | word) & highs;

		for (; nuls; nuls &= nuls - 1) {
			size_t nul = i + (size_t)__builtin_ctzll(nuls) / 8;
			size_t name = search->head[tail_hash(at + nul - TAIL_BYTES)];

			if (__builtin_expect(name != 0, 0) &&
			    !names_before(search, name, at + nul, offset + nul))
				return false;
		}
	}
	return true;
}

static bool search_all(struct search *search, const struct mmu_elffile *file,
		       struct mmu_bytes strings)
{
	uint8_t *window = search->bytes + BEFORE_BYTES;

	for (uint64_t offset = 0, part; offset < strings.count; offset += part) {
		part = strings.count - offset < WINDOW_BYTES ? strings.count - offset
							     : WINDOW_BYTES;
		if (!mmu_elffile_read(file, (struct mmu_bytes){ strings.data + offset, part },
				      window))
			return false;
		memset(window + part, 0xff, WORD_BYTES); /* no NULs */
		if (!search_window(search, offset, part))
			return false;
		memmove(search->bytes, search->bytes + part, BEFORE_BYTES);
	}
	return true;
}

bool mmu_name_places_search(const struct mmu_elffile *file, struct mmu_bytes strings,
			    const struct mmu_names *names, struct mmu_name_places *ret)
{
	MMU_FREE struct search *search = malloc(sizeof(*search));

	*ret = (struct mmu_name_places){ .slots_lg2 = SLOTS_LG2_MIN };
	while ((size_t)1 << ret->slots_lg2 < SLOTS_PER_NAME * names->count)
		ret->slots_lg2++;
	ret->keys = calloc((size_t)1 << ret->slots_lg2, sizeof(*ret->keys));
	ret->names = malloc(sizeof(*ret->names) << ret->slots_lg2);
	if (!search || !ret->keys || !ret->names || strings.count >= UINT32_MAX)
		return false;
	search->names = names;
	search->places = ret;
	memset(search->head, 0, sizeof(search->head));
	memset(search->bytes, 0, BEFORE_BYTES);
	return hash_tails(search) && search_all(search, file, strings);
}

void mmu_name_places_destroy(struct mmu_name_places *places)
{
	free(places->keys);
	free(places->names);
	*places = (struct mmu_name_places){ 0 };
}
