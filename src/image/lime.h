/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The header before each range of memory in LiME and AVML files. */
#ifndef MMU_IMAGE_LIME_H
#define MMU_IMAGE_LIME_H

#include "image/layout.h"

#define MMU_LIME_HEADER_BYTES 32
#define MMU_LIME_MAGIC 0x4c694d45 /* "EMiL" */
#define MMU_AVML_MAGIC 0x4c4d5641 /* "AVML" */

/** A range, and where its data lie in the file. */
struct mmu_lime_range {
	uint64_t first_pa, last_pa;
	uint64_t data, end; /**< file offsets: of the data, and behind them */
	uint64_t bytes;     /**< of the memory, from first_pa on, that the file has */
};

struct mmu_lime_ranges {
	struct mmu_lime_range *items;
	size_t nr;
};

/** @return MMU_ERROR_NO_MEMORY, _UNSUPPORTED (too many) */
struct mmu_error *mmu_lime_add(struct mmu_lime_ranges *ranges,
			       struct mmu_lime_range range) MMU_MUST_CHECK;

/**
 * Sort the ranges, and complete a layout with them.
 * @param file  where data lie as they were in memory; NULL: they are compressed, and what is
 *              present in the layout has no data
 * @return MMU_ERROR_FORMAT (the ranges overlap, or there are none), _NO_MEMORY, _UNSUPPORTED
 */
struct mmu_error *mmu_lime_lay_out(struct mmu_lime_ranges *ranges, const uint8_t *file,
				   struct mmu_layout *layout,
				   struct mmu_image *image) MMU_MUST_CHECK;

/**
 * Read the header at a file offset.
 * @param magic      that it must have, as the version
 * @param ret        its addresses, and where its data begin (and end, until that is found).
 *                   last_pa + 1 == first_pa: empty, which early versions of AVML write
 * @param ret_found  false, with *ret untouched: there is no such header
 * @return MMU_ERROR_FORMAT: the range runs backwards
 */
struct mmu_error *mmu_lime_header(struct mmu_bytes file, uint64_t offset, uint32_t magic,
				  uint32_t version, bool big_endian, struct mmu_lime_range *ret,
				  bool *ret_found) MMU_MUST_CHECK;

/** The error of a file whose first header has another version. */
struct mmu_error *mmu_lime_version(struct mmu_bytes file, const char *name,
				   bool big_endian) MMU_MUST_CHECK;

/**
 * Warn of the zeros that AVML leaves out, if the ranges look like AVML's: blocks of 16 MiB.
 * @param ranges  sorted
 */
void mmu_lime_warn_zeros(struct mmu_image *image, const struct mmu_lime_ranges *ranges);

/** Warn of the last byte of each range, which AVML leaves out; of both its formats. */
void mmu_lime_warn_last_bytes(struct mmu_image *image, const struct mmu_lime_ranges *ranges);

/** Warn that from this offset on there are no headers. */
void mmu_lime_warn_rest(struct mmu_image *image, const char *name, uint64_t offset);

#endif
