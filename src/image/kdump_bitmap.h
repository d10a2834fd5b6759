/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The two bitmaps of a kdump-compressed file, counted no further than somebody asks. */
#ifndef MMU_IMAGE_KDUMP_BITMAP_H
#define MMU_IMAGE_KDUMP_BITMAP_H

#include <pthread.h>

#include "image/image.h"

/**
 * Which page frames are RAM, and which were dumped. A machine of 24 TiB has 768 MiB of each, so a
 * page's rank is made from what lies below the highest page that was asked for, and kept.
 */
struct mmu_kdump_bitmaps {
	struct mmu_bytes ram, dumped;
	uint64_t nr_pfns;
	const struct mmu_file *file;   /* in whose mapping the bitmaps lie; NULL: they are copies */
	pthread_mutex_t lock;          /* of what follows */
	uint64_t *blocks;              /* dumped pages before each block of bits */
	uint16_t *chunks;              /* those of the block before each chunk of it */
	uint64_t nr_blocks, nr_ranked; /* blocks whose ranks are known; that of the next is, too */
	uint64_t bytes_ranked;         /* so far, for tests */
};

/**
 * @param bytes  of each bitmap
 * @return MMU_ERROR_FORMAT (the file lacks them), _BUDGET (they are holes), _NO_MEMORY
 */
struct mmu_error *mmu_kdump_bitmaps_open(struct mmu_image *image, uint64_t offset, uint64_t bytes,
					 struct mmu_kdump_bitmaps *ret) MMU_MUST_CHECK;
/** Accepts what is all zeros. */
void mmu_kdump_bitmaps_close(struct mmu_kdump_bitmaps *bitmaps);

/** How many dumped pages come before this one; of nr_pfns: how many there are. Thread-safe. */
uint64_t mmu_kdump_rank(const struct mmu_kdump_bitmaps *bitmaps, uint64_t pfn);

/** MMU_PAGE_PRESENT: it was dumped; _FILTERED, _OUTSIDE_RAM. @param pfn below nr_pfns */
enum mmu_page_state mmu_kdump_state(const struct mmu_kdump_bitmaps *bitmaps, uint64_t pfn);

/** The first page from `pfn` on that is not in its state, which is absence, or where we stop. */
uint64_t mmu_kdump_absence_end(const struct mmu_kdump_bitmaps *bitmaps, uint64_t pfn);

/** The first page that is RAM, or was dumped; nr_pfns: none. */
uint64_t mmu_kdump_first_ram(const struct mmu_kdump_bitmaps *bitmaps);

/**
 * The last page that is RAM, or was dumped: looked for from the end on, in what the file has; holes
 * of a sparse one are passed over. @return false: none
 */
bool mmu_kdump_last_ram(const struct mmu_kdump_bitmaps *bitmaps, uint64_t *ret_pfn);

/** What a pass over both bitmaps says. */
struct mmu_kdump_census {
	struct mmu_pa_range *ram; /**< of page frames; the caller's to free */
	size_t nr_ram;
	bool joined; /**< there were too many, and the last one has all that were left */
	uint64_t nr_dumped, nr_filtered;
};

/** @return false: no memory */
bool mmu_kdump_census(const struct mmu_kdump_bitmaps *bitmaps, struct mmu_kdump_census *ret);

/** Those of an image that the kdump reader opened, for tests. */
const struct mmu_kdump_bitmaps *mmu_kdump_bitmaps_of(const struct mmu_image *image);

#endif
