/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A bounded cache of unpacked pages. */
#ifndef MMU_IMAGE_PAGE_CACHE_H
#define MMU_IMAGE_PAGE_CACHE_H

#include <stddef.h>
#include <stdint.h>

/** For unpacked pages: page tables of a busy process are a thousand or two. */
#define MMU_PAGE_CACHE_BYTES ((size_t)8 << 20)

struct mmu_page_cache;

/**
 * @param bytes  of all its pages, which are used as they come in; it has room for 4 in any case
 * @return NULL: no memory
 */
struct mmu_page_cache *mmu_page_cache_new(uint32_t page_bytes, size_t bytes);
/** Accepts NULL. */
void mmu_page_cache_destroy(struct mmu_page_cache *cache);

/**
 * Forget all pages; fewer and longer ones take their place, in the same memory.
 * @param page_bytes  a power of two times what it was; where less than 4 had room, nothing happens
 */
void mmu_page_cache_lengthen(struct mmu_page_cache *cache, uint32_t page_bytes);
uint32_t mmu_page_cache_page_bytes(const struct mmu_page_cache *cache);
/** How many pages were taken so far. */
uint64_t mmu_page_cache_nr_taken(const struct mmu_page_cache *cache);

/** The page of a key, or NULL. Pointers stay valid until the next take. */
const uint8_t *mmu_page_cache_find(struct mmu_page_cache *cache, uint64_t key);

/** Room for a page whose key is not in the cache; another page may go for it. */
uint8_t *mmu_page_cache_take(struct mmu_page_cache *cache, uint64_t key);

/** Forget the page that was taken last: it could not be filled. */
void mmu_page_cache_drop(struct mmu_page_cache *cache);

#endif
