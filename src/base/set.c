/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A hash table of numbers with linear probing. */
#include <stdlib.h>
#include <string.h>

#include "base/set.h"

#define FIRST_ROOM 256u

/* The place of a key, or the free one where it belongs. */
static uint64_t *place(const struct mmu_set *set, uint64_t key)
{
	size_t i = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (set->room - 1);

	while (set->keys[i] && set->keys[i] != key)
		i = (i + 1) & (set->room - 1);
	return &set->keys[i];
}

static bool grow(struct mmu_set *set)
{
	struct mmu_set more = { .room = set->room ? 2 * set->room : FIRST_ROOM, .nr = set->nr };

	more.keys = calloc(more.room, sizeof(*more.keys));
	if (!more.keys)
		return false;
	for (size_t i = 0; i < set->room; i++)
		if (set->keys[i])
			*place(&more, set->keys[i]) = set->keys[i];
	free(set->keys);
	*set = more;
	return true;
}

bool mmu_set_has(const struct mmu_set *set, uint64_t key)
{
	return set->room && *place(set, key) == key;
}

int mmu_set_add(struct mmu_set *set, uint64_t key)
{
	if (2 * set->nr >= set->room && !grow(set))
		return -1;
	uint64_t *at = place(set, key);
	if (*at)
		return 0;
	*at = key;
	set->nr++;
	return 1;
}

void mmu_set_destroy(struct mmu_set *set)
{
	free(set->keys);
	memset(set, 0, sizeof(*set));
}
