/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Writing a part of an image as an ELF vmcore of its own. */
#ifndef MMU_IMAGE_ELFWRITE_H
#define MMU_IMAGE_ELFWRITE_H

#include "image/image.h"

/** What goes into the file. Nothing of it is owned. */
struct mmu_elf_output {
	uint16_t elf_machine;
	uint8_t elf_class; /**< 1 or 2; 2 is taken where a number does not fit 32 bits */
	/** What is kept, ascending, apart from each other, all of it present in the image. */
	const struct mmu_pa_range *kept;
	size_t nr_kept;
	uint64_t direct_map_va; /**< p_vaddr is p_paddr plus this; 0: p_vaddr is 0 */
	/**
	 * Where the kernel's image lies, and how far its virtual addresses are above the physical
	 * ones: kept ranges in it get a second segment there, for readers that know a kernel by
	 * p_vaddr alone. image_va 0: none.
	 */
	struct mmu_pa_range image;
	uint64_t image_va;
	struct mmu_bytes
		vmcoreinfo; /**< to be a note where the image's have none; data NULL: none */
	/** Does a note go in? NULL: all of them do. */
	bool (*wants_note)(const struct mmu_note *note, void *context);
	bool (*stop)(void *context); /**< asked now and then: true ends it; may be NULL */
	void *context;
};

struct mmu_elf_written {
	uint64_t file_bytes, note_bytes, segments;
};

/**
 * Write an ELF core: the image's notes and VMCOREINFO, and for each
 * range a segment whose p_memsz reaches to the next one in the same RAM, so that what was left out
 * reads as filtered. Each range lies in the file as it lies in its pages, with zeros around it that
 * belong to no segment: readers that think in pages read zeros there, and never a stranger's bytes.
 * @param path  must not exist; it appears whole or not at all
 * @return MMU_ERROR_OS, _FAULT (kept bytes are not there any more), _UNSUPPORTED (too many
 *         segments, or kept bytes outside of what the image says is RAM), _STOPPED, _NO_MEMORY
 */
struct mmu_error *mmu_elf_write(struct mmu_cursor *cursor, const struct mmu_elf_output *output,
				const char *path, struct mmu_elf_written *ret) MMU_MUST_CHECK;

#endif
