/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Bytes at an offset of the file that a reader sees, flattened or not. */
#ifndef MMU_IMAGE_VIEW_H
#define MMU_IMAGE_VIEW_H

#include "image/extent.h"
#include "image/image.h"

/**
 * What lies at an offset: bytes up to the end of their record, or a hole (data NULL) up to the
 * next. The count is 0 from the end of the view on.
 * @param hit  the extent that was used last, 0 at first, to find the same or the next one at once;
 *             NULL: one look, not a row of them. Likewise below.
 */
struct mmu_bytes mmu_view_run(const struct mmu_view *view, size_t *hit, uint64_t offset);

/** `count` bytes in one piece, in place; NULL when they are not all there, or not in one piece. */
const uint8_t *mmu_view_at(const struct mmu_view *view, size_t *hit, uint64_t offset,
			   uint64_t count);

/**
 * Copy bytes. Holes are zeros, as in the file that the records describe, unless records are
 * missing.
 * @return how many bytes are there before the first that is not
 */
uint64_t mmu_view_copy(const struct mmu_view *view, size_t *hit, uint64_t offset, void *buf,
		       uint64_t count);

/** @return would mmu_view_copy() have `count` bytes? */
bool mmu_view_has(const struct mmu_view *view, size_t *hit, uint64_t offset, uint64_t count);

/** @return true when the file is one that makedumpfile flattened (or QEMU, in the same way). */
bool mmu_flattened_probe(const struct mmu_file *file);

/**
 * Index the records of a flattened file; nothing is rearranged.
 * @param file  whose mapping the view has
 * @return MMU_ERROR_FORMAT, _NO_MEMORY, _UNSUPPORTED (too many records)
 */
struct mmu_error *mmu_flattened_open(const struct mmu_file *file,
				     struct mmu_view *view) MMU_MUST_CHECK;

void mmu_view_close(struct mmu_view *view);

#endif
