/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A hash of pages; the clock algorithm chooses which page goes. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "image/page_cache.h"

#define SLOTS_MIN 4
#define NONE UINT32_MAX
struct slot {
	uint64_t key;
	uint32_t next; /* in the chain of its bucket */
	bool used;     /* false: in no chain */
	bool touched;  /* since the clock's hand came by */
};

struct mmu_page_cache {
	uint32_t page_bytes;
	uint32_t nr_slots; /* a power of two, also the number of buckets */
	uint32_t hand;
	uint32_t taken; /* last */
	uint64_t nr_taken;
	uint32_t *buckets;
	struct slot *slots;
	uint8_t *pages;
};

static void empty(struct mmu_page_cache *cache)
{
	memset(cache->slots, 0, cache->nr_slots * sizeof(*cache->slots));
	for (uint32_t i = 0; i < cache->nr_slots; i++)
		cache->buckets[i] = NONE;
	cache->hand = 0;
}

struct mmu_page_cache *mmu_page_cache_new(uint32_t page_bytes, size_t bytes)
{
	struct mmu_page_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return NULL;
	cache->page_bytes = page_bytes;
	cache->nr_slots = SLOTS_MIN;
	while ((size_t)2 * cache->nr_slots * page_bytes <= bytes)
		cache->nr_slots *= 2;
	cache->buckets = malloc(cache->nr_slots * sizeof(*cache->buckets));
	cache->slots = malloc(cache->nr_slots * sizeof(*cache->slots));
	cache->pages = malloc((size_t)cache->nr_slots * page_bytes);
	if (!cache->buckets || !cache->slots || !cache->pages) {
		mmu_page_cache_destroy(cache);
		return NULL;
	}
	empty(cache);
	return cache;
}

void mmu_page_cache_destroy(struct mmu_page_cache *cache)
{
	if (!cache)
		return;
	free(cache->buckets);
	free(cache->slots);
	free(cache->pages);
	free(cache);
}

void mmu_page_cache_lengthen(struct mmu_page_cache *cache, uint32_t page_bytes)
{
	size_t bytes = (size_t)cache->nr_slots * cache->page_bytes;

	if (bytes / page_bytes < SLOTS_MIN)
		return;
	cache->nr_slots = (uint32_t)(bytes / page_bytes);
	cache->page_bytes = page_bytes;
	empty(cache);
}

uint32_t mmu_page_cache_page_bytes(const struct mmu_page_cache *cache)
{
	return cache->page_bytes;
}

uint64_t mmu_page_cache_nr_taken(const struct mmu_page_cache *cache)
{
	return cache->nr_taken;
}

static uint32_t *bucket_of(struct mmu_page_cache *cache, uint64_t key)
{
	/* Fibonacci hashing: neighbouring frames spread, equal low bits don't collide. */
	uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15);

	return &cache->buckets[(hash >> 32) & (cache->nr_slots - 1)];
}

const uint8_t *mmu_page_cache_find(struct mmu_page_cache *cache, uint64_t key)
{
	for (uint32_t i = *bucket_of(cache, key); i != NONE; i = cache->slots[i].next) {
		if (cache->slots[i].key == key) {
			cache->slots[i].touched = true;
			return cache->pages + (size_t)i * cache->page_bytes;
		}
	}
	return NULL;
}

static void unchain(struct mmu_page_cache *cache, uint32_t index)
{
	uint32_t *link = bucket_of(cache, cache->slots[index].key);

	while (*link != index)
		link = &cache->slots[*link].next;
	*link = cache->slots[index].next;
	cache->slots[index].used = false;
}

uint8_t *mmu_page_cache_take(struct mmu_page_cache *cache, uint64_t key)
{
	struct slot *slot = &cache->slots[cache->hand];

	while (slot->used && slot->touched) {
		slot->touched = false;
		cache->hand = (cache->hand + 1) & (cache->nr_slots - 1);
		slot = &cache->slots[cache->hand];
	}
	uint32_t index = cache->hand;
	if (slot->used)
		unchain(cache, index);
	uint32_t *bucket = bucket_of(cache, key);
	*slot = (struct slot){ .key = key, .next = *bucket, .used = true };
	*bucket = index;
	cache->taken = index;
	cache->nr_taken++;
	cache->hand = (index + 1) & (cache->nr_slots - 1);
	return cache->pages + (size_t)index * cache->page_bytes;
}

void mmu_page_cache_drop(struct mmu_page_cache *cache)
{
	if (cache->slots[cache->taken].used)
		unchain(cache, cache->taken);
}
