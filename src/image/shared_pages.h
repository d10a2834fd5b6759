/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Unpacked pages that all cursors of an image share: they stay until it is closed. */
#ifndef MMU_IMAGE_SHARED_PAGES_H
#define MMU_IMAGE_SHARED_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Enough for the tables of 400 processes and one of 16 GiB; it is used as pages come in. */
#define MMU_SHARED_PAGES_BYTES ((size_t)64 << 20)

/** Any thread may use it, without a lock. */
struct mmu_shared_pages;

/**
 * @param bytes  of all its pages; only addresses are taken at once
 * @return NULL: no memory. All functions below accept that, and find and have nothing then
 */
struct mmu_shared_pages *mmu_shared_pages_new(uint32_t page_bytes, size_t bytes);
void mmu_shared_pages_destroy(struct mmu_shared_pages *pages);

/** The page of a key, or NULL. */
const uint8_t *mmu_shared_pages_find(const struct mmu_shared_pages *pages, uint64_t key);

/** Is it a place in one of its pages? */
bool mmu_shared_pages_has(const struct mmu_shared_pages *pages, const uint8_t *at);

/** Room for one more page, which the caller has for itself; NULL: there is none left. */
uint8_t *mmu_shared_pages_take(struct mmu_shared_pages *pages);

/** Will mmu_shared_pages_take() have room? */
bool mmu_shared_pages_has_room(const struct mmu_shared_pages *pages);

/**
 * Let others find a page that was taken.
 * @return `page`; or that of another thread, which was faster: the caller has its room still
 */
const uint8_t *mmu_shared_pages_put(struct mmu_shared_pages *pages, uint8_t *page, uint64_t key);

#endif
