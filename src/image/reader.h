/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the readers share: an image's notes, memory and warnings. */
#ifndef MMU_IMAGE_READER_H
#define MMU_IMAGE_READER_H

#include "image/view.h"

extern const struct mmu_image_reader mmu_reader_avml;
extern const struct mmu_image_reader mmu_reader_elf;
extern const struct mmu_image_reader mmu_reader_kcore;
extern const struct mmu_image_reader mmu_reader_kdump;
extern const struct mmu_image_reader mmu_reader_kdumpfile;
extern const struct mmu_image_reader mmu_reader_lime;
extern const struct mmu_image_reader mmu_reader_raw;

/** Is the source a dump that is split over several files? */
static inline bool mmu_source_is_split(const struct mmu_source *source)
{
	return source->parts && source->parts[0];
}

/** The error that says that the file is no image that any reader knows. */
struct mmu_error *mmu_image_unknown(const struct mmu_image *image) MMU_MUST_CHECK;

/** The error of a file that is known to be something else (compressed, say); NULL: it is not. */
struct mmu_error *mmu_file_recognize(const struct mmu_file *file) MMU_MUST_CHECK;

/** The cursor's state, which the reader's start() makes; NULL: no memory. */
static inline void *mmu_cursor_state(struct mmu_cursor *cursor)
{
	if (!cursor->state)
		cursor->state = cursor->image->reader->start(cursor->image);
	return cursor->state;
}

/** Let `block` live as long as the image; frees it and returns NULL when that fails. Takes NULL. */
void *mmu_image_own(struct mmu_image *image, void *block);

/** Set what people read as the image's format; NULL on success. */
struct mmu_error *mmu_image_set_format(struct mmu_image *image, const char *text, ...)
	MMU_PRINTF(2, 3) MMU_MUST_CHECK;

/** Add to image->warning; several are joined with "; ". Without memory it is lost. */
void mmu_image_warn(struct mmu_image *image, const char *text, ...) MMU_PRINTF(2, 3);

/** Some of the file's bytes stand for several places in memory; 0: none. @param what  "segments" */
void mmu_image_tell_shared(struct mmu_image *image, uint64_t bytes, uint64_t nr, const char *what);

/**
 * Bytes of the view that live as long as the image: in place, or a copy (never of more than the
 * file's size).
 * @param ret    what is there of them, possibly fewer; untouched on failure
 * @return MMU_ERROR_NO_MEMORY, _BUDGET
 */
struct mmu_error *mmu_image_bytes(struct mmu_image *image, uint64_t offset, uint64_t count,
				  struct mmu_bytes *ret) MMU_MUST_CHECK;

/**
 * Add a block of ELF notes, and take VMCOREINFO from it unless it is known. Stops with a warning
 * where the notes make no sense.
 * @return MMU_ERROR_NO_MEMORY
 */
struct mmu_error *mmu_image_add_notes(struct mmu_image *image,
				      struct mmu_bytes notes) MMU_MUST_CHECK;

/** Set image->vmcoreinfo, without the zeros that pad it. */
void mmu_image_set_vmcoreinfo(struct mmu_image *image, struct mmu_bytes text);

/** PAGESIZE of VMCOREINFO, or 4096. */
uint32_t mmu_image_vmcoreinfo_page_bytes(const struct mmu_image *image);

#endif
