/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The same memory in another format, for tests of the readers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#ifdef MMU_HAVE_LZO
#include <lzo/lzo1x.h>
#endif
#ifdef MMU_HAVE_ZSTD
#include <zstd.h>
#endif

#include "base/bytes.h"
#include "image/image.h"
#include "support/build_image.h"

/*
 * Writes what makedumpfile -d 31 writes for 64-bit kernels, little-endian, header version 6 (its
 * diskdump_mod.h). What the image left out is left out again: its page is memory by the first
 * bitmap and not dumped by the second. Format "same" is the file as it is, to be flattened; "lime"
 * and "avml" have a range for each run of memory that is there.
 */
#define BLOCK 4096u
#define SUB ((size_t)BLOCK)
#define NOTES (2 * (size_t)BLOCK)
#define PACKED_MAX (2 * BLOCK)

enum { PLAIN = 0, ZLIB = 1, LZO = 2, ZSTD = 0x20, LIME = 0x100, AVML };

static const struct format {
	const char *name;
	uint32_t flag; /* of the page descriptors */
} formats[] = {
	{ "plain", PLAIN }, { "zlib", ZLIB },
#ifdef MMU_HAVE_LZO
	{ "lzo", LZO },
#endif
#ifdef MMU_HAVE_ZSTD
	{ "zstd", ZSTD },
#endif
	{ "lime", LIME },
#ifdef MMU_HAVE_SNAPPY
	{ "avml", AVML },
#endif
};

struct kdump {
	struct build_buffer buffer;
	struct mmu_image *image;
	struct mmu_cursor cursor;
	uint32_t flag;
	uint64_t nr_pages; /* up to the highest address */
	uint64_t dumped;
	size_t bitmap, bitmap_bytes, descriptor, data;
};

/* @return how many bytes; BLOCK or more: it does not pay */
static size_t pack(uint32_t flag, const uint8_t *page, uint8_t *out)
{
	uLongf zlib_bytes = PACKED_MAX;

	if (flag == ZLIB && compress2(out, &zlib_bytes, page, BLOCK, Z_BEST_SPEED) == Z_OK)
		return zlib_bytes;
#ifdef MMU_HAVE_LZO
	static uint8_t work[LZO1X_1_MEM_COMPRESS];
	lzo_uint lzo_bytes = PACKED_MAX;

	if (flag == LZO && lzo1x_1_compress(page, BLOCK, out, &lzo_bytes, work) == LZO_E_OK)
		return lzo_bytes;
#endif
#ifdef MMU_HAVE_ZSTD
	if (flag == ZSTD) {
		size_t zstd_bytes = ZSTD_compress(out, PACKED_MAX, page, BLOCK, 3);

		return ZSTD_isError(zstd_bytes) ? BLOCK : zstd_bytes;
	}
#endif
	return BLOCK;
}

static void put32(struct kdump *kdump, size_t at, uint64_t value)
{
	build_put_uint(&kdump->buffer, at, 4, false, value);
}

static void put64(struct kdump *kdump, size_t at, uint64_t value)
{
	build_put_uint(&kdump->buffer, at, 8, false, value);
}

/* The notes, behind the sub header. @return the offset behind them */
static size_t put_notes(struct kdump *kdump)
{
	size_t at = NOTES;

	for (size_t i = 0; i < kdump->image->nr_notes; i++) {
		const struct mmu_note *note = &kdump->image->notes[i];
		size_t end = build_note(&kdump->buffer, at, false, note->name, note->type,
					note->desc.data, (uint32_t)note->desc.count);

		if (strcmp(note->name, "VMCOREINFO") == 0) {
			put64(kdump, SUB + 32, end - ((note->desc.count + 3) & ~(size_t)3));
			put64(kdump, SUB + 40, note->desc.count);
		}
		at = end;
	}
	put64(kdump, SUB + 48, NOTES);
	put64(kdump, SUB + 56, at - NOTES);
	return at;
}

static void put_headers(struct kdump *kdump)
{
	size_t notes_end = put_notes(kdump);
	size_t blocks = (notes_end + BLOCK - 1) / BLOCK;
	size_t bitmap_blocks = (size_t)(kdump->nr_pages + 8 * BLOCK - 1) / (8 * BLOCK);

	kdump->bitmap = blocks * BLOCK;
	kdump->bitmap_bytes = bitmap_blocks * BLOCK;
	build_put_text(&kdump->buffer, 0, "KDUMP   ");
	put32(kdump, 8, 6);
	build_put_text(&kdump->buffer, 12, "Linux");
	build_put_text(&kdump->buffer, 142, kdump->image->release);
	build_put_text(&kdump->buffer, 272, "x86_64");
	put32(kdump, 424, kdump->flag);
	put32(kdump, 428, BLOCK);
	put32(kdump, 432, blocks - 1);
	put32(kdump, 436, 2 * bitmap_blocks);
	put32(kdump, 440, kdump->nr_pages);
	put32(kdump, 460, 1);
	put32(kdump, SUB + 8, 31);
	put64(kdump, SUB + 96, kdump->nr_pages);
	build_put_uint(&kdump->buffer, kdump->bitmap + 2 * kdump->bitmap_bytes - 1, 1, false, 0);
}

static void set_bit(uint8_t *bits, uint64_t page)
{
	bits[page / 8] |= (uint8_t)(1u << page % 8);
}

/* The two bitmaps: which pages are memory, and which of them are dumped. */
static void put_bitmaps(struct kdump *kdump)
{
	uint8_t *memory = kdump->buffer.data + kdump->bitmap;
	const struct mmu_image *image = kdump->image;

	for (size_t i = 0; i < image->nr_ram; i++)
		for (uint64_t page = image->ram[i].first_pa / BLOCK;
		     page <= image->ram[i].last_pa / BLOCK; page++) {
			set_bit(memory, page);
			if (mmu_image_span(&kdump->cursor, page * BLOCK).state != MMU_PAGE_PRESENT)
				continue;
			set_bit(memory + kdump->bitmap_bytes, page);
			kdump->dumped++;
		}
	kdump->descriptor = kdump->bitmap + 2 * kdump->bitmap_bytes;
	kdump->data = kdump->descriptor + 24 * (size_t)kdump->dumped;
}

static void put_page(struct kdump *kdump, uint64_t pa)
{
	uint8_t page[BLOCK], packed[PACKED_MAX];

	mmu_image_read(&kdump->cursor, pa, page, BLOCK, NULL);
	size_t bytes = pack(kdump->flag, page, packed);
	bool pays = bytes < BLOCK;

	bytes = pays ? bytes : BLOCK;
	build_put(&kdump->buffer, kdump->data, pays ? packed : page, bytes);
	put64(kdump, kdump->descriptor, kdump->data);
	put32(kdump, kdump->descriptor + 8, bytes);
	put32(kdump, kdump->descriptor + 12, pays ? kdump->flag : 0);
	put64(kdump, kdump->descriptor + 16, 0);
	kdump->descriptor += 24;
	kdump->data += bytes;
}

static void put_pages(struct kdump *kdump)
{
	const struct mmu_image *image = kdump->image;

	for (size_t i = 0; i < image->nr_ram; i++)
		for (uint64_t pa = image->ram[i].first_pa & -(uint64_t)BLOCK;
		     pa <= image->ram[i].last_pa; pa += BLOCK)
			if (mmu_image_span(&kdump->cursor, pa).state == MMU_PAGE_PRESENT)
				put_page(kdump, pa);
}

/* Bytes that are there from an address on. */
static uint64_t run_bytes(struct mmu_cursor *cursor, uint64_t first_pa)
{
	uint64_t bytes = 0;

	for (;;) {
		struct mmu_span span = mmu_image_span(cursor, first_pa + bytes);

		if (span.state != MMU_PAGE_PRESENT)
			return bytes;
		bytes += span.bytes;
	}
}

static void put_run(struct kdump *kdump, uint32_t flag, uint64_t first_pa, uint64_t bytes)
{
	static uint8_t piece[65536];
	size_t data = 0;

	if (flag == AVML)
		data = build_avml_start(&kdump->buffer, first_pa, bytes);
	else
		build_lime_header(&kdump->buffer, "EMiL", 1, false, first_pa, first_pa + bytes - 1);
	for (uint64_t done = 0; done < bytes; done += sizeof(piece)) {
		size_t part = bytes - done < sizeof(piece) ? bytes - done : sizeof(piece);

		mmu_image_read(&kdump->cursor, first_pa + done, piece, part, NULL);
		if (flag == AVML)
			build_chunk_of(&kdump->buffer, true, piece, part);
		else
			build_put(&kdump->buffer, kdump->buffer.bytes, piece, part);
	}
	if (flag == AVML)
		build_avml_end(&kdump->buffer, data);
}

/* LiME and AVML. */
static void put_runs(struct kdump *kdump, uint32_t flag)
{
	const struct mmu_image *image = kdump->image;

	for (size_t i = 0; i < image->nr_ram; i++)
		for (uint64_t pa = image->ram[i].first_pa; pa <= image->ram[i].last_pa;) {
			uint64_t bytes = run_bytes(&kdump->cursor, pa);

			if (bytes)
				put_run(kdump, flag, pa, bytes);
			else
				bytes = mmu_image_span(&kdump->cursor, pa).bytes;
			pa += bytes;
		}
}

static bool write_file(const char *path, const struct build_buffer *buffer)
{
	FILE *file = fopen(path, "wb");
	bool good = file && fwrite(buffer->data, 1, buffer->bytes, file) == buffer->bytes;

	if (file && fclose(file) != 0)
		good = false;
	if (!good)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return good;
}

/* The image in a format; NULL: as it is. */
static void make(struct kdump *kdump, const struct format *format)
{
	const struct mmu_image *image = kdump->image;

	if (!format) {
		build_put(&kdump->buffer, 0, image->file.map.data, image->file.map.count);
		return;
	}
	if (format->flag >= LIME) {
		put_runs(kdump, format->flag);
		return;
	}
	kdump->flag = format->flag;
	kdump->nr_pages = image->ram[image->nr_ram - 1].last_pa / BLOCK + 1;
	put_headers(kdump);
	put_bitmaps(kdump);
	put_pages(kdump);
}

static const struct format *find_format(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

int main(int argc, char **argv)
{
	bool flat = argc > 1 && strcmp(argv[1], "--flat") == 0;
	char **argument = argv + flat;
	struct kdump kdump = { 0 };
	struct build_buffer flattened = { 0 };

	if (argc - flat != 4) {
		fprintf(stderr, "usage: %s [--flat] IMAGE same|plain|zlib|lzo|zstd|lime|avml OUT\n",
			argv[0]);
		return 2;
	}
	const struct format *format = find_format(argument[2]);
	if (!format && strcmp(argument[2], "same") != 0) {
		fprintf(stderr, "no format %s in this build\n", argument[2]);
		return 77;
	}
	struct mmu_error *error = mmu_image_open(&(struct mmu_source){ .path = argument[1] },
						 &kdump.image);
	if (!error)
		error = mmu_image_survey(kdump.image);
	if (error) {
		fprintf(stderr, "%s\n", mmu_error_message(error));
		return 3;
	}
	mmu_cursor_init(&kdump.cursor, kdump.image);
	make(&kdump, format);
	if (flat)
		build_flattened(&flattened, &kdump.buffer, 65536, true, true);
	bool good = write_file(argument[3], flat ? &flattened : &kdump.buffer);
	free(kdump.buffer.data);
	free(flattened.data);
	mmu_cursor_destroy(&kdump.cursor);
	mmu_image_close(kdump.image);
	return good ? 0 : 1;
}
