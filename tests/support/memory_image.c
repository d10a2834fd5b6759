/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Memory images without a file. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory_image.h"

struct memory {
	struct memory_piece *pieces;
	size_t nr;
	struct mmu_cursor cursor;
	uint8_t last[4096]; /* what the last span was, of an image that forgets */
};

static void *must(void *block)
{
	if (!block)
		abort();
	return block;
}

static const struct memory_piece *find(const struct memory *memory, uint64_t pa)
{
	for (size_t i = 0; i < memory->nr; i++)
		if (pa - memory->pieces[i].first_pa < memory->pieces[i].bytes)
			return &memory->pieces[i];
	return NULL;
}

static struct mmu_span memory_span(const struct mmu_image *image, struct mmu_cursor *cursor,
				   uint64_t pa)
{
	const struct memory_piece *piece = find(image->reader_data, pa);
	struct mmu_span span = { .state = MMU_PAGE_OUTSIDE_RAM, .bytes = 1 };

	if (!piece)
		return span;
	span.state = piece->state;
	span.bytes = piece->bytes - (pa - piece->first_pa);
	if (piece->state == MMU_PAGE_PRESENT)
		span.data = (const uint8_t *)piece->data + (pa - piece->first_pa);
	return span;
}

static void memory_close(struct mmu_image *image)
{
	struct memory *memory = image->reader_data;

	for (size_t i = 0; i < memory->nr; i++)
		free((void *)memory->pieces[i].data);
	free(memory->pieces);
	free(memory);
}

static const struct mmu_image_reader memory_reader = {
	.name = "memory",
	.span = memory_span,
	.spans_last = true,
	.close = memory_close,
};

static struct mmu_span forgetful_span(const struct mmu_image *image, struct mmu_cursor *cursor,
				      uint64_t pa)
{
	struct memory *memory = image->reader_data;
	struct mmu_span span = memory_span(image, cursor, pa);

	memset(memory->last, 0xa5, sizeof(memory->last));
	if (span.state != MMU_PAGE_PRESENT)
		return span;
	if (span.bytes > sizeof(memory->last))
		span.bytes = sizeof(memory->last);
	memcpy(memory->last, span.data, span.bytes);
	span.data = memory->last;
	return span;
}

static const struct mmu_image_reader forgetful_reader = {
	.name = "forgetful memory",
	.span = forgetful_span,
	.close = memory_close,
};

void memory_image_forget(struct mmu_image *image)
{
	image->reader = &forgetful_reader;
}

struct mmu_image *memory_image_create(const struct memory_piece *pieces, size_t nr)
{
	struct mmu_image *image = must(calloc(1, sizeof(*image)));
	struct memory *memory = must(calloc(1, sizeof(*memory)));

	memory->pieces = must(calloc(nr + 1, sizeof(*memory->pieces)));
	image->ram = must(calloc(nr + 1, sizeof(*image->ram)));
	for (size_t i = 0; i < nr; i++) {
		struct memory_piece *copy = &memory->pieces[memory->nr++];

		*copy = pieces[i];
		copy->data = NULL;
		if (copy->state == MMU_PAGE_PRESENT) {
			copy->data = must(calloc(1, copy->bytes));
			if (pieces[i].data)
				memcpy((void *)copy->data, pieces[i].data, copy->bytes);
		}
		if (copy->state != MMU_PAGE_OUTSIDE_RAM)
			image->ram[image->nr_ram++] = (struct mmu_pa_range){
				copy->first_pa, copy->first_pa + (copy->bytes - 1)
			};
	}
	image->reader = &memory_reader;
	image->reader_data = memory;
	mmu_cursor_init(&memory->cursor, image);
	image->format = "memory of a test";
	image->page_bytes = 4096;
	image->file.fd = -1;
	image->file.path = must(strdup("a test's memory"));
	return image;
}

struct mmu_cursor *memory_image_cursor(const struct mmu_image *image)
{
	return &((struct memory *)image->reader_data)->cursor;
}

uint8_t *memory_image_at(const struct mmu_image *image, uint64_t pa, size_t bytes)
{
	const struct memory_piece *piece = find(image->reader_data, pa);

	assert(piece && piece->state == MMU_PAGE_PRESENT);
	assert(bytes <= piece->bytes - (pa - piece->first_pa));
	return (uint8_t *)piece->data + (pa - piece->first_pa);
}

void memory_image_put(const struct mmu_image *image, uint64_t pa, unsigned int width,
		      uint64_t value)
{
	mmu_put_uint(memory_image_at(image, pa, width), width, image->big_endian, value);
}

void memory_image_set_vmcoreinfo(struct mmu_image *image, const void *text, size_t bytes)
{
	uint8_t *copy = must(malloc(bytes + !bytes));
	void **owned = must(reallocarray(image->owned, image->nr_owned + 1, sizeof(*owned)));

	memcpy(copy, text, bytes);
	image->owned = owned;
	image->owned[image->nr_owned++] = copy;
	image->vmcoreinfo = (struct mmu_bytes){ copy, bytes };
}
