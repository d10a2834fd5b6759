/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The files that a kdump-compressed dump lies in: one, or those of a split dump. */
#ifndef MMU_IMAGE_KDUMP_PARTS_H
#define MMU_IMAGE_KDUMP_PARTS_H

#include "image/kdump_header.h"
#include "image/view.h"

#define MMU_KDUMP_BITMAP_BYTES_MAX ((uint64_t)2 << 30) /* 64 TiB of pages of 4 KiB */

/** A file, and which pages it has. Page frames are bits of the bitmaps, which each file repeats. */
struct mmu_kdump_part {
	struct mmu_file file; /**< path NULL: the image's own */
	struct mmu_view own_view;
	const struct mmu_view *view; /**< own_view, or the image's */
	const char *path;
	struct mmu_kdump_header header;
	uint64_t first_pfn, end_pfn; /**< none, where they are the same */
	uint64_t bitmaps;            /**< their offset in the view */
	uint64_t descriptors;        /**< likewise, of its pages' */
	uint64_t most;               /**< of them: data, or the end of the file, come behind */
};

struct mmu_kdump_parts {
	struct mmu_kdump_part *part; /**< ascending, disjoint */
	size_t nr;
};

/**
 * Open the source's other files, see that all are parts of the image's own dump, and sort them. An
 * image that is not split is one part.
 * @param header  of the image's own file
 * @param ret     to be closed, also after a failure
 * @return MMU_ERROR_OS, _FORMAT, _UNSUPPORTED, _MISMATCH (a part that comes twice, or is of another
 *         dump), _NO_MEMORY
 */
struct mmu_error *mmu_kdump_parts_open(const struct mmu_image *image,
				       const struct mmu_source *source,
				       const struct mmu_kdump_header *header,
				       struct mmu_kdump_parts *ret) MMU_MUST_CHECK;
void mmu_kdump_parts_close(struct mmu_kdump_parts *parts);

/** The part that has this page; NULL: it is in none. */
const struct mmu_kdump_part *mmu_kdump_part_of(const struct mmu_kdump_parts *parts, uint64_t pfn);

#endif
