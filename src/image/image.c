/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Opening images: which reader serves a file, and what to say when none does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "image/reader.h"

#define WARNING_BYTES_MAX 1024

/* The first whose probe() says so. libkdumpfile is last: it takes whatever it can open. */
static const struct mmu_image_reader *const readers[] = {
	&mmu_reader_elf,  &mmu_reader_kdump,     &mmu_reader_lime,
	&mmu_reader_avml, &mmu_reader_kdumpfile,
};

void *mmu_image_own(struct mmu_image *image, void *block)
{
	void **more = block ? reallocarray(image->owned, image->nr_owned + 1, sizeof(*more)) : NULL;

	if (!more) {
		free(block);
		return NULL;
	}
	image->owned = more;
	image->owned[image->nr_owned++] = block;
	return block;
}

struct mmu_error *mmu_image_set_format(struct mmu_image *image, const char *text, ...)
{
	va_list args;
	char *format = NULL;

	va_start(args, text);
	if (vasprintf(&format, text, args) < 0)
		format = NULL;
	va_end(args);
	format = mmu_image_own(image, format);
	if (!format)
		return mmu_error_no_memory();
	image->format = format;
	return NULL;
}

void mmu_image_warn(struct mmu_image *image, const char *text, ...)
{
	MMU_FREE char *line = NULL;
	char *joined = NULL;
	va_list args;

	va_start(args, text);
	if (vasprintf(&line, text, args) < 0)
		line = NULL;
	va_end(args);
	if (!line || (image->warning && strlen(image->warning) > WARNING_BYTES_MAX))
		return;
	if (!image->warning) {
		image->warning = mmu_steal(line);
	} else if (asprintf(&joined, "%s; %s", image->warning, line) >= 0) {
		free(image->warning);
		image->warning = joined;
	}
}

struct mmu_error *mmu_image_bytes(struct mmu_image *image, uint64_t offset, uint64_t count,
				  struct mmu_bytes *ret)
{
	struct mmu_bytes run = mmu_view_run(&image->view, NULL, offset);

	if (offset >= image->view.bytes) {
		*ret = (struct mmu_bytes){ NULL, 0 };
		return NULL;
	}
	if (count > image->view.bytes - offset)
		count = image->view.bytes - offset;
	if (run.data && run.count >= count) {
		*ret = (struct mmu_bytes){ run.data, count };
		return NULL;
	}
	if (count > image->view.map.count)
		count = image->view.map.count;
	uint8_t *copy = mmu_image_own(image, malloc(count));
	if (!copy)
		return mmu_error_no_memory();
	*ret = (struct mmu_bytes){ copy, mmu_view_copy(&image->view, NULL, offset, copy, count) };
	return NULL;
}

/* The first bytes are printable, or white space. */
static bool is_text(struct mmu_bytes map)
{
	uint64_t count = map.count < 512 ? map.count : 512;

	for (uint64_t i = 0; i < count; i++) {
		uint8_t byte = map.data[i];

		if ((byte < ' ' && !(byte >= '\t' && byte <= '\r')) || byte == 0x7f)
			return false;
	}
	return true;
}

struct mmu_error *mmu_image_unknown(const struct mmu_image *image)
{
	return mmu_error_new(MMU_ERROR_FORMAT,
			     "%snot a memory image that mmuscope knows; if it is raw physical "
			     "memory, say where it lies with --ram",
			     is_text(image->file.map) ? "is text, " : "");
}

static struct mmu_error *open_probed(struct mmu_image *image)
{
	struct mmu_error *error = NULL;

	if (image->file.map_error) {
		image->reader = &mmu_reader_kcore;
		return image->reader->open(image);
	}
	if (!image->file.map.count)
		return mmu_error_new(MMU_ERROR_FORMAT, "is empty");
	if (mmu_flattened_probe(&image->file))
		error = mmu_flattened_open(&image->view);
	else
		error = mmu_image_stranger(&image->file);
	if (error)
		return error;
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		if (!readers[i]->probe(&image->view))
			continue;
		image->reader = readers[i];
		return readers[i]->open(image);
	}
	return mmu_error_new(MMU_ERROR_FORMAT, "flattened, and neither an ELF nor a kdump file "
					       "within");
}

/* What open() must leave behind, whatever the reader. */
static struct mmu_error *finish(struct mmu_image *image)
{
	if (image->view.extents) {
		struct mmu_error *error = mmu_image_set_format(image, "%s, flattened",
							       image->format);
		if (error)
			return error;
	}
	if (image->truncated_pages)
		mmu_image_warn(image,
			       "the file is truncated: %llu pages that its headers promise are "
			       "missing",
			       (unsigned long long)image->truncated_pages);
	else if (image->view.cut)
		mmu_image_warn(image, "the flattened file ends without its end mark");
	return NULL;
}

static struct mmu_error *open_parts(struct mmu_image *image, const char *const *parts)
{
	struct mmu_error *error = NULL;
	size_t count = 0;

	while (parts[count])
		count++;
	image->parts = calloc(count, sizeof(*image->parts));
	if (!image->parts)
		return mmu_error_no_memory();
	while (image->nr_parts < count && !error) {
		error = mmu_file_open(parts[image->nr_parts], &image->parts[image->nr_parts]);
		image->nr_parts += !error;
	}
	if (error)
		return error;
	image->reader = &mmu_reader_kdumpfile;
	return image->reader->open(image);
}

static struct mmu_error *open_any(const char *path, const struct mmu_raw_range *raw, size_t nr_raw,
				  const char *const *parts, struct mmu_image **ret)
{
	struct mmu_image *image = calloc(1, sizeof(*image));

	if (!image)
		return mmu_error_no_memory();
	image->page_bytes = 4096;
	bool probed = !raw && !(parts && parts[0]);
	struct mmu_error *error = probed ? mmu_file_open_unmapped(path, &image->file)
					 : mmu_file_open(path, &image->file);
	if (error) {
		free(image);
		return error;
	}
	image->view = (struct mmu_view){ .map = image->file.map, .bytes = image->file.map.count };
	error = probed ? open_probed(image)
		: raw  ? mmu_raw_open(image, raw, nr_raw)
		       : open_parts(image, parts);
	if (!error)
		error = finish(image);
	if (error) {
		mmu_image_close(image);
		return mmu_error_context(error, "%s", path);
	}
	*ret = image;
	return NULL;
}

struct mmu_error *mmu_image_open(const char *path, const struct mmu_raw_range *raw, size_t nr_raw,
				 struct mmu_image **ret)
{
	return open_any(path, raw, nr_raw, NULL, ret);
}

struct mmu_error *mmu_image_open_split(const char *path, const char *const *parts,
				       struct mmu_image **ret)
{
	return open_any(path, NULL, 0, parts, ret);
}

void mmu_image_close(struct mmu_image *image)
{
	if (!image)
		return;
	if (image->reader)
		image->reader->close(image);
	for (size_t i = 0; i < image->nr_notes; i++)
		free((char *)image->notes[i].name);
	free(image->notes);
	free(image->ram);
	free(image->warning);
	for (size_t i = 0; i < image->nr_owned; i++)
		free(image->owned[i]);
	free(image->owned);
	mmu_view_close(&image->view);
	mmu_file_close(&image->file);
	for (size_t i = 0; i < image->nr_parts; i++)
		mmu_file_close(&image->parts[i]);
	free(image->parts);
	free(image);
}

void mmu_cursor_destroy(struct mmu_cursor *cursor)
{
	if (cursor->state)
		cursor->image->reader->stop(cursor->state);
	*cursor = (struct mmu_cursor){ 0 };
}

enum mmu_page_state mmu_image_read(struct mmu_cursor *cursor, uint64_t pa, void *buf, size_t bytes,
				   uint64_t *ret_pa)
{
	uint8_t *out = buf;

	if (cursor->on_read)
		cursor->on_read(cursor->on_read_context, pa, bytes);
	while (bytes) {
		struct mmu_span span = mmu_image_span(cursor, pa);

		if (span.state != MMU_PAGE_PRESENT) {
			if (ret_pa)
				*ret_pa = pa;
			return span.state;
		}
		size_t part = span.bytes < bytes ? span.bytes : bytes;
		memcpy(out, span.data, part);
		out += part;
		bytes -= part;
		/* Physical memory ends at 2^64: what follows is not its beginning. */
		if (bytes && pa + part < pa) {
			if (ret_pa)
				*ret_pa = UINT64_MAX;
			return MMU_PAGE_OUTSIDE_RAM;
		}
		pa += part;
	}
	return MMU_PAGE_PRESENT;
}
