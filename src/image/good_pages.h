/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Pages that were found to be all right: a bit each, which any thread reads and sets. */
#ifndef MMU_IMAGE_GOOD_PAGES_H
#define MMU_IMAGE_GOOD_PAGES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>

/** All zeros: none is known, and none can be noted. */
struct mmu_good_pages {
	uint64_t *words; /**< of addresses alone, until bits of them are set */
	uint64_t nr_words;
};

/** Without memory for the bits nothing will be noted. */
static inline void mmu_good_pages_open(struct mmu_good_pages *good, uint64_t nr_pages)
{
	uint64_t nr = nr_pages / 64 + 1;
	void *map = mmap(NULL, nr * sizeof(*good->words), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (map == MAP_FAILED)
		return;
	good->words = map;
	good->nr_words = nr;
}

static inline void mmu_good_pages_close(struct mmu_good_pages *good)
{
	if (good->words)
		munmap(good->words, good->nr_words * sizeof(*good->words));
}

static inline bool mmu_good_pages_has(const struct mmu_good_pages *good, uint64_t page)
{
	return page / 64 < good->nr_words &&
	       __atomic_load_n(&good->words[page / 64], __ATOMIC_RELAXED) >> page % 64 & 1;
}

/** Note pages of one word. @param bits  of the pages from a multiple of 64 on */
static inline void mmu_good_pages_add(const struct mmu_good_pages *good, uint64_t word,
				      uint64_t bits)
{
	if (word < good->nr_words)
		__atomic_fetch_or(&good->words[word], bits, __ATOMIC_RELAXED);
}

#endif
