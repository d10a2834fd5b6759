/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Sets of names. */
#include <stdlib.h>

#include "facts/names.h"

static size_t list_length(const char *const *list)
{
	size_t count = 0;

	while (list && list[count] && count <= MMU_NAMES_MAX)
		count++;
	return count;
}

static void names_add(struct mmu_names *names, const char *text)
{
	size_t i = names->count++;
	size_t length = strlen(text);
	uint64_t key = mmu_names_key((const uint8_t *)text, length + 1);
	uint32_t hash = mmu_names_hash(key);
	uint16_t *link = &names->head[hash >> 4];

	names->text[i] = text;
	names->length[i] = length;
	names->key[i] = key;
	names->filter[hash >> 6] |= (uint64_t)1 << (hash & 63);
	while (*link)
		link = &names->next[*link - 1];
	*link = (uint16_t)(i + 1);
}

struct mmu_error *mmu_names_init(struct mmu_names *names, const char *const *first,
				 const char *const *second)
{
	size_t nr_first = list_length(first);
	size_t nr_second = list_length(second);
	size_t count = nr_first + nr_second;

	memset(names, 0, sizeof(*names));
	if (count > MMU_NAMES_MAX)
		return mmu_error_new(MMU_ERROR_INVALID, "more than %d names asked for",
				     MMU_NAMES_MAX);
	names->text = calloc(count + 1, sizeof(*names->text));
	names->length = calloc(count + 1, sizeof(*names->length));
	names->key = calloc(count + 1, sizeof(*names->key));
	names->next = calloc(count + 1, sizeof(*names->next));
	if (!names->text || !names->length || !names->key || !names->next) {
		mmu_names_destroy(names);
		return mmu_error_no_memory();
	}
	for (size_t i = 0; i < nr_first; i++)
		names_add(names, first[i]);
	for (size_t i = 0; i < nr_second; i++)
		names_add(names, second[i]);
	return NULL;
}

void mmu_names_destroy(struct mmu_names *names)
{
	free(names->text);
	free(names->length);
	free(names->key);
	free(names->next);
	memset(names, 0, sizeof(*names));
}

size_t mmu_names_find_slow(const struct mmu_names *names, uint64_t key, const uint8_t *text,
			   uint64_t room)
{
	for (size_t i = names->head[mmu_names_hash(key) >> 4]; i; i = names->next[i - 1]) {
		size_t length = names->length[i - 1];

		if (names->key[i - 1] == key && length < room &&
		    !memcmp(text, names->text[i - 1], length + 1))
			return i - 1;
	}
	return MMU_NAMES_NONE;
}
