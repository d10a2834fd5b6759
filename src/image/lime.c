/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file LiME files, which AVML writes too: ranges of memory, each behind a header. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/list.h"
#include "image/lime.h"
#include "image/reader.h"

#define RANGES_MAX ((size_t)1 << 24)
#define LIME_VERSION 1
#define AVML_BLOCK_BYTES ((uint64_t)16 << 20)
#define PAGE_MASK UINT64_C(0xfff)

struct lime {
	struct mmu_layout layout;
	struct mmu_lime_ranges ranges;
};

/* ------------------------------------------------------------------------------------ headers */

struct mmu_error *mmu_lime_add(struct mmu_lime_ranges *ranges, struct mmu_lime_range range)
{
	if (ranges->nr >= RANGES_MAX)
		return mmu_error_new(MMU_ERROR_UNSUPPORTED, "memory lies in more than %zu ranges",
				     RANGES_MAX);
	if (!mmu_list_room(&ranges->items, ranges->nr, sizeof(*ranges->items)))
		return mmu_error_no_memory();
	ranges->items[ranges->nr++] = range;
	return NULL;
}

static int compare_ranges(const void *left, const void *right)
{
	const struct mmu_lime_range *a = left, *b = right;

	return a->first_pa < b->first_pa ? -1 : a->first_pa > b->first_pa;
}

static struct mmu_error *sort(struct mmu_lime_ranges *ranges)
{
	if (!ranges->nr)
		return mmu_error_new(MMU_ERROR_FORMAT, "has no memory in it: all its ranges are "
						       "empty");
	qsort(ranges->items, ranges->nr, sizeof(*ranges->items), compare_ranges);
	for (size_t i = 1; i < ranges->nr; i++) {
		const struct mmu_lime_range *before = &ranges->items[i - 1], *range = before + 1;

		if (range->first_pa <= before->last_pa)
			return mmu_error_new(MMU_ERROR_FORMAT,
					     "damaged: the ranges at physical 0x%" PRIx64
					     " (file offset 0x%" PRIx64 ") and 0x%" PRIx64
					     " (file offset 0x%" PRIx64 ") overlap",
					     before->first_pa, before->data - MMU_LIME_HEADER_BYTES,
					     range->first_pa, range->data - MMU_LIME_HEADER_BYTES);
	}
	return NULL;
}

struct mmu_error *mmu_lime_lay_out(struct mmu_lime_ranges *ranges, const uint8_t *file,
				   struct mmu_layout *layout, struct mmu_image *image)
{
	struct mmu_error *error = sort(ranges);

	for (size_t i = 0; i < ranges->nr && !error; i++) {
		const struct mmu_lime_range *range = &ranges->items[i];
		uint64_t missing_pa = range->first_pa + range->bytes;

		if (range->bytes)
			error = mmu_layout_add(layout, range->first_pa, missing_pa - 1,
					       file ? file + range->data : NULL, MMU_PAGE_PRESENT);
		if (!error && (!range->bytes || missing_pa - 1 != range->last_pa))
			error = mmu_layout_add(layout, missing_pa, range->last_pa, NULL,
					       MMU_PAGE_TRUNCATED);
	}
	return error ? error : mmu_layout_complete(layout, image);
}

struct mmu_error *mmu_lime_header(struct mmu_bytes file, uint64_t offset, uint32_t magic,
				  uint32_t version, bool big_endian, struct mmu_lime_range *ret,
				  bool *ret_found)
{
	struct mmu_bytes header;

	if (!mmu_bytes_slice(file, offset, MMU_LIME_HEADER_BYTES, &header) ||
	    mmu_get_u32(header.data, big_endian) != magic ||
	    mmu_get_u32(header.data + 4, big_endian) != version) {
		*ret_found = false;
		return NULL;
	}
	uint64_t first_pa = mmu_get_u64(header.data + 8, big_endian);
	uint64_t last_pa = mmu_get_u64(header.data + 16, big_endian);
	if (last_pa < first_pa && last_pa + 1 != first_pa)
		return mmu_error_new(MMU_ERROR_FORMAT,
				     "damaged: the range at file offset 0x%" PRIx64
				     " runs backwards, from physical 0x%" PRIx64 " to 0x%" PRIx64,
				     offset, first_pa, last_pa);
	offset += MMU_LIME_HEADER_BYTES;
	*ret = (struct mmu_lime_range){ first_pa, last_pa, offset, offset, 0 };
	*ret_found = true;
	return NULL;
}

struct mmu_error *mmu_lime_version(struct mmu_bytes file, const char *name, bool big_endian)
{
	if (file.count < MMU_LIME_HEADER_BYTES)
		return mmu_error_new(MMU_ERROR_FORMAT, "ends inside its first %s header", name);
	return mmu_error_new(MMU_ERROR_UNSUPPORTED, "%s headers of version %u are not known", name,
			     mmu_get_u32(file.data + 4, big_endian));
}

void mmu_lime_warn_rest(struct mmu_image *image, const char *name, uint64_t offset)
{
	if (image->file.map.count - offset < MMU_LIME_HEADER_BYTES)
		mmu_image_warn(image,
			       "the file ends inside the header at file offset 0x%" PRIx64
			       ": ranges are missing",
			       offset);
	else
		mmu_image_warn(image,
			       "no %s header at file offset 0x%" PRIx64 ": the rest of the file is "
			       "not used, ranges may be missing, and the one before may be wrong",
			       name, offset);
}

/*
 * AVML takes the last address of a line in /proc/iomem for the first one behind it. A table in that
 * page has its last entry there, without its last byte.
 */
void mmu_lime_warn_last_bytes(struct mmu_image *image, const struct mmu_lime_ranges *ranges)
{
	uint64_t last_pa = 0;
	size_t nr = 0;

	for (size_t i = 0; i < ranges->nr; i++) {
		if ((ranges->items[i].last_pa & PAGE_MASK) != PAGE_MASK - 1)
			continue;
		last_pa = ranges->items[i].last_pa + 1;
		nr++;
	}
	if (nr)
		mmu_image_warn(image,
			       "AVML leaves out the last byte of each range, as at physical "
			       "0x%" PRIx64 " (%zu in all): an entry that ends there is said to "
			       "be outside RAM, with what its other bytes say",
			       last_pa, nr);
}

/*
 * AVML leaves a block out when it is all zeros, and avml-convert can't bring it back. Where one of
 * full size is followed by none, either that happened, or RAM ends.
 */
void mmu_lime_warn_zeros(struct mmu_image *image, const struct mmu_lime_ranges *ranges)
{
	for (size_t i = 0; i < ranges->nr; i++) {
		const struct mmu_lime_range *range = &ranges->items[i];

		if (range->last_pa - range->first_pa != AVML_BLOCK_BYTES - 1 ||
		    (i + 1 < ranges->nr && range[1].first_pa == range->last_pa + 1))
			continue;
		mmu_image_warn(image, "AVML leaves out zeros in blocks of 16 MiB: what is said to "
				      "be outside RAM may be zeros");
		return;
	}
}

/* ------------------------------------------------------------------------------------ opening */

/* LiME writes its headers in the byte order of the machine that it runs on. */
static bool is_big_endian(struct mmu_bytes file)
{
	return mmu_get_u32(file.data, true) == MMU_LIME_MAGIC;
}

static bool lime_probe(const struct mmu_image *image, const struct mmu_source *source)
{
	return !image->view.extents && image->view.map.count >= 4 &&
	       (mmu_get_u32(image->view.map.data, false) == MMU_LIME_MAGIC ||
		is_big_endian(image->view.map));
}

static struct mmu_error *find_ranges(struct mmu_image *image, struct mmu_lime_ranges *ranges)
{
	struct mmu_bytes file = image->file.map;

	for (uint64_t offset = 0; offset < file.count;) {
		struct mmu_lime_range range;
		bool found;
		struct mmu_error *error = mmu_lime_header(file, offset, MMU_LIME_MAGIC,
							  LIME_VERSION, image->big_endian, &range,
							  &found);

		if (error)
			return error;
		if (!found && !offset)
			return mmu_lime_version(file, "LiME", image->big_endian);
		if (!found) {
			mmu_lime_warn_rest(image, "LiME", offset);
			break;
		}
		offset = range.data;
		/* 0 to 2^64 - 1 may be an empty range at 0, but nothing tells. */
		if (range.last_pa + 1 == range.first_pa && range.first_pa)
			continue;
		uint64_t left = file.count - offset, behind = range.last_pa - range.first_pa;
		range.bytes = behind < left ? behind + 1 : left;
		range.end = offset + range.bytes;
		offset = range.end;
		error = mmu_lime_add(ranges, range);
		if (error)
			return error;
	}
	return NULL;
}

/* LiME takes each page from its beginning, and counts from where the range begins. */
static void warn_of_shift(struct mmu_image *image, const struct mmu_lime_ranges *ranges)
{
	for (size_t i = 0; i < ranges->nr; i++)
		if (ranges->items[i].first_pa & PAGE_MASK)
			mmu_image_warn(image,
				       "the range at physical 0x%" PRIx64 " begins within a page: "
				       "if LiME wrote it, its bytes lie 0x%" PRIx64 " too high",
				       ranges->items[i].first_pa,
				       ranges->items[i].first_pa & PAGE_MASK);
}

static struct mmu_error *lime_open(struct mmu_image *image, const struct mmu_source *source)
{
	struct lime *lime = calloc(1, sizeof(*lime));

	if (!lime)
		return mmu_error_no_memory();
	image->reader_data = lime;
	image->big_endian = is_big_endian(image->file.map);
	struct mmu_error *error = find_ranges(image, &lime->ranges);
	if (!error)
		error = mmu_lime_lay_out(&lime->ranges, image->file.map.data, &lime->layout, image);
	if (error)
		return error;
	mmu_lime_warn_zeros(image, &lime->ranges);
	mmu_lime_warn_last_bytes(image, &lime->ranges);
	warn_of_shift(image, &lime->ranges);
	return mmu_image_set_format(image, "LiME v1");
}

static struct mmu_span lime_span(const struct mmu_image *image, struct mmu_cursor *cursor,
				 uint64_t pa)
{
	return mmu_layout_span(&((const struct lime *)image->reader_data)->layout, cursor, pa);
}

static void lime_close(struct mmu_image *image)
{
	struct lime *lime = image->reader_data;

	if (!lime)
		return;
	free(lime->ranges.items);
	free(lime->layout.pieces);
	free(lime);
}

const struct mmu_image_reader mmu_reader_lime = {
	.name = "lime",
	.probe = lime_probe,
	.open = lime_open,
	.span = lime_span,
	.spans_last = true,
	.close = lime_close,
};
