/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Views of files: as they are, or through the index of a flattened file's records. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/list.h"
#include "image/view.h"

/* makedumpfile -F: a header of 4096 bytes, then records, all numbers big-endian. */
#define FLATTENED_SIGNATURE "makedumpfile\0\0\0\0"
#define FLATTENED_HEADER_BYTES 4096
#define RECORD_HEADER_BYTES 16
/* QEMU's records have 16 KiB, makedumpfile's more: enough for 512 GiB. */
#define RECORDS_MAX ((size_t)1 << 25)

struct mmu_bytes mmu_view_run(const struct mmu_view *view, size_t *hit, uint64_t offset)
{
	if (offset >= view->bytes)
		return (struct mmu_bytes){ NULL, 0 };
	if (!view->extents)
		return (struct mmu_bytes){ view->map.data + offset, view->map.count - offset };

	const struct mmu_extent *extent = &view->extents[hit ? *hit : 0];
	if (offset < extent->first || offset > extent->last) {
		/* There is one: the view ends where the last extent does. */
		size_t i = mmu_extents_find(view->extents, view->nr_extents, offset);

		extent = &view->extents[i];
		if (offset < extent->first)
			return (struct mmu_bytes){ NULL, extent->first - offset };
		if (hit)
			*hit = i;
	}
	return (struct mmu_bytes){ view->map.data + extent->at + (offset - extent->first),
				   extent->last - offset + 1 };
}

const uint8_t *mmu_view_at(const struct mmu_view *view, size_t *hit, uint64_t offset,
			   uint64_t count)
{
	struct mmu_bytes run = mmu_view_run(view, hit, offset);

	return count <= run.count ? run.data : NULL;
}

/* The next piece of `count` bytes; 0: there is none. */
static uint64_t next_part(const struct mmu_view *view, size_t *hit, uint64_t offset, uint64_t count,
			  const uint8_t **ret)
{
	struct mmu_bytes run = mmu_view_run(view, hit, offset);

	*ret = run.data;
	if (!run.data && view->cut)
		return 0;
	return run.count < count ? run.count : count;
}

bool mmu_view_has(const struct mmu_view *view, size_t *hit, uint64_t offset, uint64_t count)
{
	const uint8_t *data;
	uint64_t part;

	for (; count; count -= part, offset += part) {
		part = next_part(view, hit, offset, count, &data);
		if (!part)
			return false;
	}
	return true;
}

uint64_t mmu_view_copy(const struct mmu_view *view, size_t *hit, uint64_t offset, void *buf,
		       uint64_t count)
{
	uint64_t done = 0, part;
	const uint8_t *data;

	for (; done < count; done += part) {
		part = next_part(view, hit, offset + done, count - done, &data);
		if (!part)
			break;
		if (data)
			memcpy((uint8_t *)buf + done, data, part);
		else
			memset((uint8_t *)buf + done, 0, part);
	}
	return done;
}

bool mmu_flattened_probe(const struct mmu_file *file)
{
	return file->map.count >= 16 && !memcmp(file->map.data, FLATTENED_SIGNATURE, 16);
}

struct record_list {
	struct mmu_extent *extents;
	size_t nr;
};

/* The record at `at` holds [offset, offset + bytes) of the file that is described. */
static struct mmu_error *record_add(struct record_list *list, uint64_t offset, uint64_t bytes,
				    uint64_t at)
{
	if (list->nr >= RECORDS_MAX)
		return mmu_error_new(MMU_ERROR_UNSUPPORTED,
				     "the flattened file has more than %zu records; "
				     "rearrange it first: makedumpfile -R",
				     RECORDS_MAX);
	if (!mmu_list_room(&list->extents, list->nr, sizeof(*list->extents)))
		return mmu_error_no_memory();
	/* What was written later wins. */
	list->extents[list->nr] = (struct mmu_extent){ .first = offset,
						       .last = offset + bytes - 1,
						       .at = at,
						       .rank = UINT32_MAX - (uint32_t)list->nr };
	list->nr++;
	return NULL;
}

/*
 * The headers lie among all the data. They are read from the file: a touch of the mapping brings in
 * pages around it, too, and soon all of them, which cost a fault each and count as our memory.
 */
struct header_reader {
	const struct mmu_file *file;
	uint64_t first, count; /* what the window has of the file */
	uint8_t window[1024];
};

static const uint8_t *record_header(struct header_reader *reader, uint64_t at)
{
	uint64_t skip = at - reader->first;

	if (at < reader->first || skip > reader->count ||
	    reader->count - skip < RECORD_HEADER_BYTES) {
		ssize_t count = mmu_file_read(reader->file, reader->window, sizeof(reader->window),
					      at);

		if (count < RECORD_HEADER_BYTES)
			return reader->file->map.data + at;
		reader->first = at;
		reader->count = (uint64_t)count;
		skip = 0;
	}
	return reader->window + skip;
}

static struct mmu_error *records_read(const struct mmu_file *file, struct record_list *list,
				      bool *ret_cut)
{
	struct header_reader reader = { .file = file };
	struct mmu_bytes map = file->map;
	uint64_t at = FLATTENED_HEADER_BYTES;

	*ret_cut = true;
	while (mmu_bytes_fit(map.count, at, RECORD_HEADER_BYTES)) {
		const uint8_t *header = record_header(&reader, at);
		uint64_t offset = mmu_get_u64(header, true);
		uint64_t bytes = mmu_get_u64(header + 8, true);

		if (offset == UINT64_MAX && bytes == UINT64_MAX) {
			*ret_cut = false;
			return NULL;
		}
		if (offset > INT64_MAX || bytes > INT64_MAX)
			return mmu_error_new(MMU_ERROR_FORMAT,
					     "damaged: the flattened record at file offset "
					     "0x%" PRIx64 " is for 0x%" PRIx64 " bytes at "
					     "0x%" PRIx64,
					     at, bytes, offset);
		at += RECORD_HEADER_BYTES;
		uint64_t there = bytes < map.count - at ? bytes : map.count - at;
		struct mmu_error *error = there ? record_add(list, offset, there, at) : NULL;
		if (error)
			return error;
		at += there;
	}
	return NULL;
}

struct mmu_error *mmu_flattened_open(const struct mmu_file *file, struct mmu_view *view)
{
	if (view->map.count < FLATTENED_HEADER_BYTES + RECORD_HEADER_BYTES)
		return mmu_error_new(MMU_ERROR_FORMAT, "a flattened dump that ends in its header");
	uint64_t type = mmu_get_u64(view->map.data + 16, true);
	uint64_t version = mmu_get_u64(view->map.data + 24, true);
	if (type != 1 || version != 1)
		return mmu_error_new(MMU_ERROR_UNSUPPORTED,
				     "a flattened dump of type %" PRIu64 ", version %" PRIu64
				     "; only type 1, version 1 is known",
				     type, version);

	struct record_list list = { 0 };
	bool cut;
	struct mmu_error *error = records_read(file, &list, &cut);
	if (!error && !list.nr)
		error = mmu_error_new(MMU_ERROR_FORMAT, "a flattened dump without any record");
	if (!error)
		error = mmu_extents_resolve(&list.extents, &list.nr);
	if (error) {
		free(list.extents);
		return error;
	}
	view->extents = list.extents;
	view->nr_extents = list.nr;
	view->bytes = list.extents[list.nr - 1].last + 1;
	view->cut = cut;
	return NULL;
}

void mmu_view_close(struct mmu_view *view)
{
	free(view->extents);
	*view = (struct mmu_view){ 0 };
}
