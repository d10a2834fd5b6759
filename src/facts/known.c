/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The list of facts that were asked for. */
#include "base/list.h"
#include "facts/known.h"

/* The slot of a key, or the free one where it belongs: the table is never more than half full. */
static size_t slot_of(const struct mmu_known *known, const char *key)
{
	uint32_t hash = 2166136261u; /* FNV-1a */
	const size_t mask = sizeof(known->slots) / sizeof(known->slots[0]) - 1;

	for (const char *at = key; *at; at++)
		hash = (hash ^ (uint8_t)*at) * 16777619u;
	size_t slot = (hash ^ hash >> 16) & mask;
	while (known->slots[slot] && strcmp(known->facts[known->slots[slot] - 1].key, key) != 0)
		slot = (slot + 1) & mask;
	return slot;
}

struct mmu_known_fact *mmu_known_find(const struct mmu_known *known, const char *key)
{
	uint16_t index = known->slots[slot_of(known, key)];

	return index ? &known->facts[index - 1] : NULL;
}

struct mmu_known_fact *mmu_known_add(struct mmu_known *known, const char *key)
{
	if (known->nr == MMU_KNOWN_MAX ||
	    !mmu_list_room(&known->facts, known->nr, sizeof(*known->facts)))
		return NULL;
	struct mmu_known_fact *fact = &known->facts[known->nr];
	*fact = (struct mmu_known_fact){ .key = strdup(key) };
	if (!fact->key)
		return NULL;
	known->slots[slot_of(known, key)] = (uint16_t)++known->nr;
	return fact;
}

void mmu_known_drop(struct mmu_known *known, bool (*which)(const struct mmu_known_fact *fact))
{
	size_t kept = 0;

	memset(known->slots, 0, sizeof(known->slots));
	for (size_t i = 0; i < known->nr; i++) {
		struct mmu_known_fact fact = known->facts[i];

		if (!which || which(&fact)) {
			free(fact.key);
			free(fact.how);
			continue;
		}
		known->facts[kept] = fact;
		known->slots[slot_of(known, fact.key)] = (uint16_t)++kept;
	}
	known->nr = kept;
	if (which)
		return;
	free(known->facts);
	known->facts = NULL;
}
