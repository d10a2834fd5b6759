/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A hash of pages that only grows, so that who looks one up needs no lock. */
#include <stdlib.h>
#include <sys/mman.h>

#include "image/shared_pages.h"

#define HUGE_BYTES ((size_t)2 << 20)
/*
 * The first pages are had in such pieces: one call for a piece costs less than a fault for each
 * page. What comes behind them is had in huge pages, which few runs need.
 */
#define PIECE_BYTES ((size_t)64 << 10)
#define BUCKETS_LG2 13

struct entry {
	uint64_t key;
	uint32_t next; /* number of the next one of its bucket, from 1; 0: it is the last */
};

struct mmu_shared_pages {
	uint32_t page_bytes, max;
	uint32_t nr;           /* that were taken, or more; atomic */
	uint8_t *pages;        /* on a huge page's boundary */
	struct entry *entries; /* of each page */
	uint32_t *buckets;     /* the first of each, from 1; atomic */
	void *map;             /* entries, then pages */
	size_t map_bytes;
};

struct mmu_shared_pages *mmu_shared_pages_new(uint32_t page_bytes, size_t bytes)
{
	struct mmu_shared_pages *pages = calloc(1, sizeof(*pages));
	size_t entries = bytes / page_bytes * sizeof(struct entry);

	if (!pages)
		return NULL;
	pages->page_bytes = page_bytes;
	pages->max = (uint32_t)(bytes / page_bytes);
	pages->map_bytes = entries + HUGE_BYTES + bytes;
	pages->buckets = calloc((size_t)1 << BUCKETS_LG2, sizeof(*pages->buckets));
	pages->map = mmap(NULL, pages->map_bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!pages->buckets || pages->map == MAP_FAILED) {
		free(pages->buckets);
		free(pages);
		return NULL;
	}
	pages->entries = pages->map;
	uint8_t *behind = (uint8_t *)pages->map + entries;
	pages->pages = behind + (HUGE_BYTES - (uintptr_t)behind % HUGE_BYTES);
	return pages;
}

void mmu_shared_pages_destroy(struct mmu_shared_pages *pages)
{
	if (!pages)
		return;
	munmap(pages->map, pages->map_bytes);
	free(pages->buckets);
	free(pages);
}

static uint32_t *bucket_of(const struct mmu_shared_pages *pages, uint64_t key)
{
	/* as in page_cache.c */
	return &pages->buckets[key * UINT64_C(0x9e3779b97f4a7c15) >> (64 - BUCKETS_LG2)];
}

/* Look at entries from `number` up to the one before `end`. @return 0: there is none */
static uint32_t find_in(const struct mmu_shared_pages *pages, uint32_t number, uint32_t end,
			uint64_t key)
{
	while (number != end && pages->entries[number - 1].key != key)
		number = pages->entries[number - 1].next;
	return number == end ? 0 : number;
}

static const uint8_t *page_of(const struct mmu_shared_pages *pages, uint32_t number)
{
	return number ? pages->pages + (size_t)(number - 1) * pages->page_bytes : NULL;
}

const uint8_t *mmu_shared_pages_find(const struct mmu_shared_pages *pages, uint64_t key)
{
	if (!pages)
		return NULL;
	uint32_t first = __atomic_load_n(bucket_of(pages, key), __ATOMIC_ACQUIRE);
	return page_of(pages, find_in(pages, first, 0, key));
}

bool mmu_shared_pages_has(const struct mmu_shared_pages *pages, const uint8_t *at)
{
	return pages &&
	       (uintptr_t)at - (uintptr_t)pages->pages < (size_t)pages->max * pages->page_bytes;
}

/* Where it is no more than a matter of speed: an older kernel may know nothing of it. */
static void prepare(const struct mmu_shared_pages *pages, size_t at)
{
#ifdef MADV_POPULATE_WRITE
	if (at < HUGE_BYTES && at % PIECE_BYTES == 0)
		madvise(pages->pages + at, PIECE_BYTES, MADV_POPULATE_WRITE);
#endif
	if (at == HUGE_BYTES)
		madvise(pages->pages + at, (size_t)pages->max * pages->page_bytes - at,
			MADV_HUGEPAGE);
}

bool mmu_shared_pages_has_room(const struct mmu_shared_pages *pages)
{
	return pages && __atomic_load_n(&pages->nr, __ATOMIC_RELAXED) < pages->max;
}

uint8_t *mmu_shared_pages_take(struct mmu_shared_pages *pages)
{
	if (!mmu_shared_pages_has_room(pages))
		return NULL;
	uint32_t index = __atomic_fetch_add(&pages->nr, 1, __ATOMIC_RELAXED);
	if (index >= pages->max)
		return NULL;
	size_t at = (size_t)index * pages->page_bytes;
	prepare(pages, at);
	return pages->pages + at;
}

const uint8_t *mmu_shared_pages_put(struct mmu_shared_pages *pages, uint8_t *page, uint64_t key)
{
	uint32_t *bucket = bucket_of(pages, key), seen = 0;
	uint32_t number = (uint32_t)((size_t)(page - pages->pages) / pages->page_bytes) + 1;
	uint32_t first = __atomic_load_n(bucket, __ATOMIC_ACQUIRE);

	for (;;) {
		uint32_t found = find_in(pages, first, seen, key);

		if (found)
			return page_of(pages, found);
		seen = first;
		pages->entries[number - 1] = (struct entry){ .key = key, .next = first };
		if (__atomic_compare_exchange_n(bucket, &first, number, false, __ATOMIC_RELEASE,
						__ATOMIC_ACQUIRE))
			return page;
	}
}
