/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A memory image without a file, for tests of whatever reads one. */
#ifndef MMU_SUPPORT_MEMORY_IMAGE_H
#define MMU_SUPPORT_MEMORY_IMAGE_H

#include "image/image.h"

/** Physical memory that is there, or is known and not there. */
struct memory_piece {
	uint64_t first_pa;
	uint64_t bytes;
	enum mmu_page_state state;
	const void *data; /**< copied; NULL: zeros */
};

/**
 * An image of these pieces, ascending; outside of them there is no memory. Each piece lies in a
 * block of its own, so that a sanitizer sees reads past its end. Aborts without memory.
 * @return to be closed with mmu_image_close()
 */
struct mmu_image *memory_image_create(const struct memory_piece *pieces, size_t nr);

/**
 * From now on the bytes of a span are overwritten when the image's cursor is asked for the next, as
 * a cache of unpacked pages may do.
 */
void memory_image_forget(struct mmu_image *image);

/** A cursor for a test of one thread; the image keeps it. */
struct mmu_cursor *memory_image_cursor(const struct mmu_image *image);

/** The bytes at `pa`, to be changed; asserts that `bytes` of them lie in one present piece. */
uint8_t *memory_image_at(const struct mmu_image *image, uint64_t pa, size_t bytes);

/** Write a number of `width` bytes in the image's byte order. */
void memory_image_put(const struct mmu_image *image, uint64_t pa, unsigned int width,
		      uint64_t value);

/** Give it a VMCOREINFO; copied. */
void memory_image_set_vmcoreinfo(struct mmu_image *image, const void *text, size_t bytes);

#endif
