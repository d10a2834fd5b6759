/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Which of the layouts a kdump header has is not written anywhere: the data decide. */
#include <string.h>

#include "image/kdump_header.h"
#include "image/view.h"

#define VERSION_MAX 64
#define SUB_BLOCKS_MAX 65536
#define RELEASE_OFFSET 142
#define MACHINE_OFFSET 272

/*
 * struct disk_dump_header and struct kdump_sub_header of makedumpfile's diskdump_mod.h. In the
 * first, the width and alignment of struct timeval move everything behind it. In the second, longs
 * have 4 or 8 bytes, and 64-bit members are aligned to 4 (i386, and QEMU always) or 8.
 */
static const struct layout {
	uint16_t status;
	bool wide, packed;
	uint16_t split, start_pfn, end_pfn, vmcoreinfo, vmcoreinfo_bytes, note, note_bytes;
	uint16_t start_pfn_64, end_pfn_64, max_mapnr_64;
} layouts[] = {
	{ 424, true, false, 12, 16, 24, 32, 40, 48, 56, 80, 88, 96 },
	{ 412, false, false, 8, 12, 16, 24, 32, 40, 48, 72, 80, 88 },
	{ 412, false, true, 8, 12, 16, 20, 28, 32, 40, 56, 64, 72 },
	/* 32 bits with 64-bit time. */
	{ 424, false, false, 8, 12, 16, 24, 32, 40, 48, 72, 80, 88 },
	{ 420, false, true, 8, 12, 16, 20, 28, 32, 40, 56, 64, 72 },
};

#define MAIN_BYTES 464
#define SUB_BYTES 104

static void read_name(const uint8_t *from, char to[65])
{
	size_t i = 0;

	/* It goes to terminals: end it where it stops being text. */
	for (; i < 64 && from[i] > ' ' && from[i] < 0x7f; i++)
		to[i] = (char)from[i];
	to[i] = '\0';
}

/* The first half of the header; false when it can't be so. */
static bool read_main(const uint8_t *main, const struct layout *layout, bool big,
		      struct mmu_kdump_header *ret)
{
	const uint8_t *at = main + layout->status;

	*ret = (struct mmu_kdump_header){
		.big_endian = big,
		.wide = layout->wide,
		.packed = layout->packed,
		.version = mmu_get_u32(main + 8, big),
		.status = mmu_get_u32(at, big),
		.block_bytes = mmu_get_u32(at + 4, big),
		.sub_blocks = mmu_get_u32(at + 8, big),
		.bitmap_blocks = mmu_get_u32(at + 12, big),
		.max_mapnr = mmu_get_u32(at + 16, big),
	};
	read_name(main + RELEASE_OFFSET, ret->release);
	read_name(main + MACHINE_OFFSET, ret->machine);
	return ret->version <= VERSION_MAX && ret->block_bytes >= 4096 &&
	       ret->block_bytes <= 65536 && !(ret->block_bytes & (ret->block_bytes - 1)) &&
	       ret->sub_blocks <= SUB_BLOCKS_MAX && !(ret->bitmap_blocks & 1) &&
	       /* what holds no page at all may have neither */
	       ((ret->sub_blocks && ret->bitmap_blocks) ||
		(!ret->bitmap_blocks && !ret->max_mapnr));
}

static bool is_vmcoreinfo(const struct mmu_view *view, uint64_t offset, uint64_t bytes)
{
	char text[10];

	return bytes >= sizeof(text) &&
	       mmu_view_copy(view, NULL, offset, text, sizeof(text)) == sizeof(text) &&
	       !memcmp(text, "OSRELEASE=", sizeof(text));
}

static bool is_note(const struct mmu_view *view, uint64_t offset, uint64_t bytes, bool big)
{
	uint8_t note[12];

	if (bytes < sizeof(note) ||
	    mmu_view_copy(view, NULL, offset, note, sizeof(note)) < sizeof(note))
		return false;
	uint32_t name_bytes = mmu_get_u32(note, big);
	return name_bytes && name_bytes <= 32 && mmu_get_u32(note + 4, big) <= bytes;
}

/* Read the second half, and say how much speaks for this layout. */
static int read_sub(const struct mmu_view *view, const uint8_t *sub, const struct layout *layout,
		    struct mmu_kdump_header *header)
{
	unsigned int width = layout->wide ? 8 : 4;
	bool big = header->big_endian;
	uint64_t capacity = (uint64_t)header->bitmap_blocks / 2 * header->block_bytes * 8;
	int score = header->max_mapnr <= capacity ? 1 : 0;

	header->phys_base = mmu_get_uint(sub, width, big);
	if (header->version >= 2) {
		header->split = mmu_get_u32(sub + layout->split, big);
		header->first_pfn = mmu_get_uint(sub + layout->start_pfn, width, big);
		header->end_pfn = mmu_get_uint(sub + layout->end_pfn, width, big);
	}
	if (header->version >= 3) {
		header->vmcoreinfo_offset = mmu_get_u64(sub + layout->vmcoreinfo, big);
		header->vmcoreinfo_bytes = mmu_get_uint(sub + layout->vmcoreinfo_bytes, width, big);
	}
	if (header->vmcoreinfo_offset)
		score += is_vmcoreinfo(view, header->vmcoreinfo_offset, header->vmcoreinfo_bytes)
				 ? 8
				 : -4;
	if (header->version >= 4) {
		header->note_offset = mmu_get_u64(sub + layout->note, big);
		header->note_bytes = mmu_get_uint(sub + layout->note_bytes, width, big);
	}
	if (header->note_offset)
		score += is_note(view, header->note_offset, header->note_bytes, big) ? 4 : -2;
	if (header->version >= 6) {
		uint64_t max_mapnr = mmu_get_u64(sub + layout->max_mapnr_64, big);

		score += max_mapnr == header->max_mapnr ||
					 (header->max_mapnr == UINT32_MAX &&
					  max_mapnr > UINT32_MAX && max_mapnr <= capacity)
				 ? 4
				 : -4;
		header->max_mapnr = max_mapnr;
		header->first_pfn = mmu_get_u64(sub + layout->start_pfn_64, big);
		header->end_pfn = mmu_get_u64(sub + layout->end_pfn_64, big);
	}
	return score;
}

struct mmu_error *mmu_kdump_header_read(const struct mmu_view *view, struct mmu_kdump_header *ret)
{
	uint8_t main[MAIN_BYTES];
	int best = -1000;

	if (mmu_view_copy(view, NULL, 0, main, sizeof(main)) < sizeof(main))
		return mmu_error_new(MMU_ERROR_FORMAT, "the file ends inside its kdump header");
	for (size_t i = 0; i < 2 * sizeof(layouts) / sizeof(layouts[0]); i++) {
		const struct layout *layout = &layouts[i / 2];
		uint8_t sub[SUB_BYTES] = { 0 };
		struct mmu_kdump_header header;

		if (!read_main(main, layout, i & 1, &header))
			continue;
		/* Old sub headers are shorter; what is missing is not looked at. */
		mmu_view_copy(view, NULL, header.block_bytes, sub, sizeof(sub));
		int score = read_sub(view, sub, layout, &header);
		if (score > best) {
			best = score;
			*ret = header;
		}
	}
	if (best == -1000)
		return mmu_error_new(MMU_ERROR_FORMAT, "damaged kdump header: block size and "
						       "bitmaps make no sense");
	return NULL;
}
