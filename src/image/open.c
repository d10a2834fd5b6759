/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Opening images: all readers, and which of them serves a source. */
#include <stdlib.h>

#include "base/budget.h"
#include "image/reader.h"

/* The first whose probe() says so. libkdumpfile is last: it takes whatever it can open. */
static const struct mmu_image_reader *const readers[] = {
	&mmu_reader_kdump, &mmu_reader_raw,  &mmu_reader_kcore,     &mmu_reader_elf,
	&mmu_reader_lime,  &mmu_reader_avml, &mmu_reader_kdumpfile,
};

static struct mmu_error *map_source(struct mmu_image *image, const struct mmu_source *source)
{
	struct mmu_error *error = source->raw ? mmu_file_open(source->path, &image->file)
					      : mmu_file_open_unmapped(source->path, &image->file);
	if (error)
		return error;
	mmu_budget_add_image(image->budget, image->file.disk_bytes);
	image->view = (struct mmu_view){ .map = image->file.map, .bytes = image->file.map.count };
	return NULL;
}

/* See through the records of a flattened file; refuse what is known to be no image. */
static struct mmu_error *look_at_file(struct mmu_image *image)
{
	if (image->file.map_error)
		return NULL;
	if (!image->file.map.count)
		return mmu_error_new(MMU_ERROR_FORMAT, "is empty");
	if (mmu_flattened_probe(&image->file))
		return mmu_flattened_open(&image->file, &image->view);
	return mmu_file_recognize(&image->file);
}

static struct mmu_error *open_reader(struct mmu_image *image, const struct mmu_source *source)
{
	struct mmu_error *error = source->raw ? NULL : look_at_file(image);

	if (error)
		return error;
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		if (!readers[i]->probe(image, source))
			continue;
		image->reader = readers[i];
		return readers[i]->open(image, source);
	}
	return mmu_error_new(MMU_ERROR_FORMAT, "flattened, and neither an ELF nor a kdump file "
					       "within");
}

/* What open() must leave behind, whatever the reader. */
static struct mmu_error *finish(struct mmu_image *image, const struct mmu_source *source)
{
	if (image->view.extents) {
		struct mmu_error *error = mmu_image_set_format(image, "%s, flattened",
							       image->format);
		if (error)
			return error;
	}
	if (!image->reader->survey)
		image->most_pages = image->present_pages;
	if (image->truncated_pages && !mmu_source_is_split(source))
		mmu_image_warn(image,
			       "the file is truncated: %llu pages that its headers promise are "
			       "missing",
			       (unsigned long long)image->truncated_pages);
	else if (image->view.cut)
		mmu_image_warn(image, "the flattened file ends without its end mark");
	return NULL;
}

void mmu_image_close(struct mmu_image *image)
{
	if (!image)
		return;
	mmu_image_expect_no_more(image);
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
	free(image);
}

struct mmu_error *mmu_image_open(const struct mmu_source *source, struct mmu_image **ret)
{
	struct mmu_image *image = calloc(1, sizeof(*image));

	if (!image)
		return mmu_error_no_memory();
	image->page_bytes = 4096;
	image->budget = source->budget;
	struct mmu_error *error = map_source(image, source);
	if (error) {
		free(image);
		return error;
	}
	error = open_reader(image, source);
	if (!error)
		error = finish(image, source);
	if (error) {
		mmu_image_close(image);
		return mmu_error_context(error, "%s", source->path);
	}
	*ret = image;
	return NULL;
}
