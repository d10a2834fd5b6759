/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The headers of ELF cores of physical memory, for every reader of such files. */
#ifndef MMU_IMAGE_ELFCORE_H
#define MMU_IMAGE_ELFCORE_H

#include "image/extent.h"
#include "image/image.h"

/** A PT_LOAD that has a physical address. */
struct mmu_elf_segment {
	uint64_t offset, first_pa;
	uint64_t file_bytes, memory_bytes; /**< memory_bytes is no less than file_bytes */
};

/**
 * Read the headers in image->view, and set the image's class, byte order, machine and notes.
 * @param ret  in file order, owned by the caller; untouched on failure
 * @return MMU_ERROR_FORMAT, _NO_MEMORY
 */
struct mmu_error *mmu_elf_read_headers(struct mmu_image *image, struct mmu_elf_segment **ret,
				       size_t *ret_nr) MMU_MUST_CHECK;

/** Several segments, and all at physical 0: addresses that nobody wrote. */
bool mmu_elf_without_addresses(const struct mmu_elf_segment *segments, size_t nr);

/**
 * Every segment as up to three extents, whose kind is a page state: in the file, promised but not
 * there, left out.
 * @param out  room for 3 * nr_segments
 * @return how many
 */
size_t mmu_elf_extents(const struct mmu_elf_segment *segments, size_t nr_segments,
		       uint64_t view_bytes, struct mmu_extent *out);

#endif
