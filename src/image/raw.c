/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Raw physical memory: no headers, the caller says where it lies. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/budget.h"
#include "base/cleanup.h"
#include "image/layout.h"
#include "image/reader.h"

#define RANGES_MAX 65536

struct raw {
	struct mmu_layout layout;
	struct mmu_file *files; /* of the ranges that name one */
	size_t nr_files;
};

/* The bytes of a range. The same file may be opened more than once: that costs nothing. */
static struct mmu_error *range_bytes(struct mmu_image *image, struct raw *raw,
				     const struct mmu_raw_range *range, struct mmu_bytes *ret)
{
	const struct mmu_file *file = &image->file;

	if (range->path) {
		struct mmu_error *error = mmu_file_open(range->path, &raw->files[raw->nr_files]);

		if (error)
			return error;
		file = &raw->files[raw->nr_files++];
		mmu_budget_add_image(image->budget, file->disk_bytes);
	}
	uint64_t bytes = range->bytes;
	/* Memory can begin with anything: this is no proof. */
	struct mmu_error *other = mmu_file_recognize(file);
	if (other)
		mmu_image_warn(image, "%s, taken for raw memory, looks as if it %s", file->path,
			       mmu_error_message(other));
	mmu_error_destroy(other);
	if (!bytes && range->file_offset < file->map.count)
		bytes = file->map.count - range->file_offset;
	if (!bytes)
		return mmu_error_new(MMU_ERROR_INVALID,
				     "raw range at physical 0x%" PRIx64 ": file offset 0x%" PRIx64
				     " is not inside %s, which has 0x%" PRIx64 " bytes",
				     range->first_pa, range->file_offset, file->path,
				     file->map.count);
	if (!mmu_bytes_slice(file->map, range->file_offset, bytes, ret))
		return mmu_error_new(MMU_ERROR_INVALID,
				     "raw range at physical 0x%" PRIx64 ": 0x%" PRIx64
				     " bytes at file offset 0x%" PRIx64 " are not inside %s, which "
				     "has 0x%" PRIx64 " bytes",
				     range->first_pa, bytes, range->file_offset, file->path,
				     file->map.count);
	if (bytes - 1 > UINT64_MAX - range->first_pa)
		return mmu_error_new(MMU_ERROR_INVALID,
				     "raw range at physical 0x%" PRIx64 ": 0x%" PRIx64 " bytes run "
				     "past 2^64",
				     range->first_pa, bytes);
	return NULL;
}

struct placed {
	uint64_t first_pa;
	struct mmu_bytes bytes;
};

static int compare_placed(const void *left, const void *right)
{
	const struct placed *a = left, *b = right;

	return a->first_pa < b->first_pa ? -1 : a->first_pa > b->first_pa;
}

static struct mmu_error *lay_out(struct mmu_image *image, struct raw *raw, struct placed *placed,
				 size_t nr)
{
	qsort(placed, nr, sizeof(*placed), compare_placed);
	for (size_t i = 0; i < nr; i++) {
		uint64_t last_pa = placed[i].first_pa + (placed[i].bytes.count - 1);

		if (i + 1 < nr && placed[i + 1].first_pa <= last_pa)
			return mmu_error_new(MMU_ERROR_INVALID,
					     "the raw range at physical 0x%" PRIx64 " ends at "
					     "0x%" PRIx64 " and overlaps the one at 0x%" PRIx64,
					     placed[i].first_pa, last_pa, placed[i + 1].first_pa);
		struct mmu_error *error = mmu_layout_add(&raw->layout, placed[i].first_pa, last_pa,
							 placed[i].bytes.data, MMU_PAGE_PRESENT);
		if (error)
			return error;
	}
	return mmu_layout_complete(&raw->layout, image);
}

static bool raw_probe(const struct mmu_image *image, const struct mmu_source *source)
{
	return source->raw;
}

static struct mmu_error *raw_open(struct mmu_image *image, const struct mmu_source *source)
{
	size_t nr_ranges = source->nr_raw;

	if (!nr_ranges || nr_ranges > RANGES_MAX)
		return mmu_error_new(MMU_ERROR_INVALID, "%zu raw ranges; 1 to %d are possible",
				     nr_ranges, RANGES_MAX);
	struct raw *raw = calloc(1, sizeof(*raw));
	if (!raw)
		return mmu_error_no_memory();
	image->reader_data = raw;
	raw->files = calloc(nr_ranges, sizeof(*raw->files));
	MMU_FREE struct placed *placed = calloc(nr_ranges, sizeof(*placed));
	if (!raw->files || !placed)
		return mmu_error_no_memory();
	for (size_t i = 0; i < nr_ranges; i++) {
		placed[i].first_pa = source->raw[i].first_pa;
		struct mmu_error *error = range_bytes(image, raw, &source->raw[i],
						      &placed[i].bytes);
		if (error)
			return error;
	}
	struct mmu_error *error = lay_out(image, raw, placed, nr_ranges);
	return error ? error : mmu_image_set_format(image, "raw physical memory");
}

static struct mmu_span raw_span(const struct mmu_image *image, struct mmu_cursor *cursor,
				uint64_t pa)
{
	return mmu_layout_span(&((const struct raw *)image->reader_data)->layout, cursor, pa);
}

static void raw_close(struct mmu_image *image)
{
	struct raw *raw = image->reader_data;

	if (!raw)
		return;
	for (size_t i = 0; i < raw->nr_files; i++)
		mmu_file_close(&raw->files[i]);
	free(raw->files);
	free(raw->layout.pieces);
	free(raw);
}

const struct mmu_image_reader mmu_reader_raw = {
	.name = "raw",
	.probe = raw_probe,
	.open = raw_open,
	.span = raw_span,
	.spans_last = true,
	.close = raw_close,
};
