/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The headers of a kdump-compressed file, in whatever layout the writer's compiler chose. */
#ifndef MMU_IMAGE_KDUMP_HEADER_H
#define MMU_IMAGE_KDUMP_HEADER_H

#include "image/image.h"

#define MMU_KDUMP_SIGNATURE "KDUMP   "

#define MMU_KDUMP_INCOMPLETE 0x8 /* in the status: the writer ran out of room */

struct mmu_kdump_header {
	bool big_endian;
	bool wide;   /* written by a 64-bit program */
	bool packed; /* 32 bits: sub header without alignment, as on i386 and by QEMU */
	uint32_t version;
	uint32_t status;
	uint32_t block_bytes;
	uint32_t sub_blocks;
	uint32_t bitmap_blocks; /* of both bitmaps together */
	uint64_t max_mapnr;
	uint64_t phys_base;
	uint32_t split;
	uint64_t first_pfn, end_pfn; /* of a split dump's part */
	uint64_t vmcoreinfo_offset, vmcoreinfo_bytes;
	uint64_t note_offset, note_bytes;
	char release[65], machine[65];
};

/** @return MMU_ERROR_FORMAT: no layout makes sense of it */
struct mmu_error *mmu_kdump_header_read(const struct mmu_view *view,
					struct mmu_kdump_header *ret) MMU_MUST_CHECK;

#endif
