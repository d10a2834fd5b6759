/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Writers of ELF, kdump, LiME and AVML images. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <zlib.h>
#ifdef MMU_HAVE_LZO
#include <lzo/lzo1x.h>
#endif
#ifdef MMU_HAVE_SNAPPY
#include <snappy-c.h>
#endif
#ifdef MMU_HAVE_ZSTD
#include <zstd.h>
#endif

#include "base/bytes.h"
#include "support/build_image.h"

static void check(bool good)
{
	if (!good)
		abort();
}

static void reserve(struct build_buffer *buffer, size_t bytes)
{
	if (bytes <= buffer->bytes)
		return;
	if (bytes > buffer->room) {
		buffer->room = 2 * bytes;
		buffer->data = realloc(buffer->data, buffer->room);
		check(buffer->data);
	}
	memset(buffer->data + buffer->bytes, 0, bytes - buffer->bytes);
	buffer->bytes = bytes;
}

void build_put(struct build_buffer *buffer, size_t offset, const void *data, size_t bytes)
{
	reserve(buffer, offset + bytes);
	if (bytes)
		memcpy(buffer->data + offset, data, bytes);
}

void build_put_uint(struct build_buffer *buffer, size_t offset, unsigned int width, bool big,
		    uint64_t value)
{
	reserve(buffer, offset + width);
	mmu_put_uint(buffer->data + offset, width, big, value);
}

void build_put_text(struct build_buffer *buffer, size_t offset, const char *text)
{
	build_put(buffer, offset, text, strlen(text));
}

uint8_t build_byte(uint64_t pa)
{
	/* Half of it compresses well; no page equals another. */
	return pa & 2048 ? (uint8_t)(pa >> 12)
			 : (uint8_t)((pa * UINT64_C(0x9e3779b97f4a7c15)) >> 56);
}

size_t build_note(struct build_buffer *buffer, size_t offset, bool big, const char *name,
		  uint32_t type, const void *desc, uint32_t bytes)
{
	size_t name_bytes = strlen(name) + 1;

	build_put_uint(buffer, offset, 4, big, name_bytes);
	build_put_uint(buffer, offset + 4, 4, big, bytes);
	build_put_uint(buffer, offset + 8, 4, big, type);
	build_put(buffer, offset + 12, name, name_bytes);
	offset += 12 + ((name_bytes + 3) & ~(size_t)3);
	build_put(buffer, offset, desc, bytes);
	offset += (bytes + 3) & ~(size_t)3;
	reserve(buffer, offset);
	return offset;
}

/* ------------------------------------------------------------------------------------ ELF */

struct program_header {
	uint32_t type;
	uint64_t offset, first_pa, file_bytes, memory_bytes;
};

static void put_program_header(struct build_buffer *buffer, size_t at, const struct build_elf *elf,
			       const struct program_header *header)
{
	bool big = elf->big;

	build_put_uint(buffer, at, 4, big, header->type);
	if (elf->wide) {
		build_put_uint(buffer, at + 8, 8, big, header->offset);
		build_put_uint(buffer, at + 16, 8, big, header->first_pa);
		build_put_uint(buffer, at + 24, 8, big, header->first_pa);
		build_put_uint(buffer, at + 32, 8, big, header->file_bytes);
		build_put_uint(buffer, at + 40, 8, big, header->memory_bytes);
		build_put_uint(buffer, at + 48, 8, big, 0);
	} else {
		build_put_uint(buffer, at + 4, 4, big, header->offset);
		build_put_uint(buffer, at + 8, 4, big, header->first_pa);
		build_put_uint(buffer, at + 12, 4, big, header->first_pa);
		build_put_uint(buffer, at + 16, 4, big, header->file_bytes);
		build_put_uint(buffer, at + 20, 4, big, header->memory_bytes);
		build_put_uint(buffer, at + 24, 8, big, 0);
	}
}

static void put_elf_header(struct build_buffer *buffer, const struct build_elf *elf, size_t phnum,
			   size_t phoff, size_t shoff)
{
	unsigned int width = elf->wide ? 8 : 4;
	bool big = elf->big;
	size_t at = 24;

	build_put(buffer, 0, ELFMAG, SELFMAG);
	build_put_uint(buffer, 4, 1, big, elf->wide ? ELFCLASS64 : ELFCLASS32);
	build_put_uint(buffer, 5, 1, big, big ? ELFDATA2MSB : ELFDATA2LSB);
	build_put_uint(buffer, 6, 1, big, 1);
	build_put_uint(buffer, 16, 2, big, elf->type ? elf->type : ET_CORE);
	build_put_uint(buffer, 18, 2, big, elf->machine);
	build_put_uint(buffer, 20, 4, big, 1);
	build_put_uint(buffer, at, width, big, 0);
	build_put_uint(buffer, at + width, width, big, phoff);
	build_put_uint(buffer, at + 2 * width, width, big, shoff);
	at += 3 * (size_t)width + 4;
	build_put_uint(buffer, at, 2, big, elf->ehsize ? elf->ehsize : elf->wide ? 64 : 52);
	build_put_uint(buffer, at + 2, 2, big, elf->wide ? 56 : 32);
	build_put_uint(buffer, at + 4, 2, big, elf->extended ? PN_XNUM : phnum);
	build_put_uint(buffer, at + 6, 2, big, elf->wide ? 64 : 40);
	build_put_uint(buffer, at + 8, 4, big, 1);
	/* Section header 0, whose sh_info has the real count. */
	reserve(buffer, shoff + (elf->wide ? 64 : 40));
	if (elf->extended)
		build_put_uint(buffer, shoff + (elf->wide ? 44 : 28), 4, big, phnum);
}

void build_elf(struct build_buffer *buffer, const struct build_elf *elf)
{
	size_t phnum = 1 + elf->nr_empty + elf->nr_segments, entry = elf->wide ? 56 : 32;
	size_t shoff = 64, phoff = shoff + 64, notes = phoff + phnum * entry, at = notes;

	put_elf_header(buffer, elf, phnum, phoff, shoff);
	at = build_note(buffer, at, elf->big, "CORE", NT_PRSTATUS, "registers", 9);
	if (elf->vmcoreinfo)
		at = build_note(buffer, at, elf->big, "VMCOREINFO", 0, elf->vmcoreinfo,
				(uint32_t)strlen(elf->vmcoreinfo));
	put_program_header(buffer, phoff, elf,
			   &(struct program_header){ PT_NOTE, notes, 0, at - notes, 0 });
	for (size_t i = 0; i < elf->nr_empty; i++)
		put_program_header(buffer, phoff + (1 + i) * entry, elf,
				   &(struct program_header){ PT_LOAD, at, i << 12, 0, 0 });
	for (size_t i = 0; i < elf->nr_segments; i++) {
		const struct build_segment *segment = &elf->segments[i];
		struct program_header header = { PT_LOAD, at, segment->first_pa,
						 segment->file_bytes, segment->memory_bytes };

		put_program_header(buffer, phoff + (1 + elf->nr_empty + i) * entry, elf, &header);
		reserve(buffer, at + segment->file_bytes);
		for (uint64_t k = 0; k < segment->file_bytes; k++)
			buffer->data[at + k] =
				(uint8_t)(build_byte(segment->first_pa + k) + segment->change);
		at += segment->file_bytes;
	}
}

/* ------------------------------------------------------------------------------------ kdump */

/* Offsets of what moves from layout to layout. */
static const struct widths {
	unsigned int width;
	size_t status, split, vmcoreinfo, vmcoreinfo_bytes, notes, notes_bytes, max_mapnr_64;
} widths[] = {
	[BUILD_64] = { 8, 424, 12, 32, 40, 48, 56, 96 },
	[BUILD_32_NATURAL] = { 4, 412, 8, 24, 32, 40, 48, 88 },
	[BUILD_32_PACKED] = { 4, 412, 8, 20, 28, 32, 40, 72 },
	[BUILD_32_NATURAL_TIME64] = { 4, 424, 8, 24, 32, 40, 48, 88 },
};

static size_t pack(uint32_t packing, const uint8_t *page, size_t bytes, uint8_t *out, size_t room)
{
	size_t count = room;

	switch (packing) {
	case 1: {
		uLongf zlib_count = room;

		check(compress2(out, &zlib_count, page, bytes, 1) == Z_OK);
		return zlib_count;
	}
#ifdef MMU_HAVE_LZO
	case 2: {
		lzo_uint lzo_count = 0;
		void *work = malloc(LZO1X_1_MEM_COMPRESS);

		check(work && lzo1x_1_compress(page, bytes, out, &lzo_count, work) == LZO_E_OK);
		free(work);
		return lzo_count;
	}
#endif
#ifdef MMU_HAVE_SNAPPY
	case 4:
		check(snappy_compress((const char *)page, bytes, (char *)out, &count) == SNAPPY_OK);
		return count;
#endif
#ifdef MMU_HAVE_ZSTD
	case 0x20:
		count = ZSTD_compress(out, room, page, bytes, 1);
		check(!ZSTD_isError(count));
		return count;
#endif
	default:
		check(!packing);
		memcpy(out, page, bytes);
		return bytes;
	}
}

static void put_kdump_headers(struct build_buffer *buffer, const struct build_kdump *kdump,
			      uint64_t bitmap_blocks, uint64_t first_pfn, uint64_t max_mapnr)
{
	const struct widths *w = &widths[kdump->width];
	size_t block = kdump->block_bytes, sub = block, at = w->status;
	bool big = kdump->big;

	reserve(buffer, 2 * block);
	build_put_text(buffer, 0, "KDUMP   ");
	build_put_uint(buffer, 8, 4, big, kdump->version);
	build_put_text(buffer, 12, "Linux");
	build_put_text(buffer, 77, "node");
	build_put_text(buffer, 142, "6.1.0-test");
	build_put_text(buffer, 207, "#1 SMP");
	build_put_text(buffer, 272, kdump->machine);
	build_put_uint(buffer, at, 4, big, kdump->packing | kdump->status);
	build_put_uint(buffer, at + 4, 4, big, block);
	build_put_uint(buffer, at + 8, 4, big, 1);
	build_put_uint(buffer, at + 12, 4, big, 2 * bitmap_blocks);
	build_put_uint(buffer, at + 16, 4, big, max_mapnr);
	build_put_uint(buffer, sub, w->width, big, kdump->phys_base);
	if (kdump->version >= 1)
		build_put_uint(buffer, sub + w->width, 4, big, 31);
	if (kdump->version >= 2)
		build_put_uint(buffer, sub + w->split, 4, big, kdump->split);
	if (kdump->version >= 2 && kdump->split) {
		size_t start = sub + w->split + 4;

		build_put_uint(buffer, start, w->width, big, first_pfn + kdump->first_page);
		build_put_uint(buffer, start + w->width, w->width, big,
			       first_pfn + kdump->end_page);
	}
	if (kdump->version >= 6 && kdump->split) {
		build_put_uint(buffer, sub + w->max_mapnr_64 - 16, 8, big,
			       first_pfn + kdump->first_page);
		build_put_uint(buffer, sub + w->max_mapnr_64 - 8, 8, big,
			       first_pfn + kdump->end_page);
	}
	if (kdump->version >= 6)
		build_put_uint(buffer, sub + w->max_mapnr_64, 8, big, max_mapnr);
	/* Both live behind the sub header, in its block. */
	if (kdump->version >= 3 && kdump->vmcoreinfo) {
		build_put_uint(buffer, sub + w->vmcoreinfo, 8, big, sub + 1024);
		build_put_uint(buffer, sub + w->vmcoreinfo_bytes, w->width, big,
			       strlen(kdump->vmcoreinfo));
		build_put_text(buffer, sub + 1024, kdump->vmcoreinfo);
	}
	if (kdump->version >= 4 && kdump->notes) {
		uint8_t registers[336] = { 0 };
		size_t end = build_note(buffer, sub + 2048, big, "CORE", NT_PRSTATUS, registers,
					w->width == 8 ? 336 : 148);
		if (kdump->vmcoreinfo)
			end = build_note(buffer, end, big, "VMCOREINFO", 0, kdump->vmcoreinfo,
					 (uint32_t)strlen(kdump->vmcoreinfo));

		build_put_uint(buffer, sub + w->notes, 8, big, sub + 2048);
		build_put_uint(buffer, sub + w->notes_bytes, w->width, big, end - sub - 2048);
	}
}

struct page_writer {
	struct build_buffer *buffer;
	const struct build_kdump *kdump;
	size_t descriptor, data;
	size_t zeros, zeros_bytes;
	uint8_t *page, *packed;
};

static void put_page(struct page_writer *w, uint64_t pa, char kind)
{
	const struct build_kdump *kdump = w->kdump;
	size_t block = kdump->block_bytes, bytes, offset = w->data;
	uint32_t packing = kdump->packing;

	if (kind == 't') {
		reserve(w->buffer, w->descriptor + 24);
		w->descriptor += 24;
		return;
	}
	for (size_t i = 0; i < block; i++)
		w->page[i] = kind == 'z'     ? 0
			     : kdump->memory ? kdump->memory[pa - kdump->first_pa + i]
					     : build_byte(pa + i);
	bytes = pack(packing, w->page, block, w->packed, 2 * block + 1024);
	if (kind == 'x') {
		packing = packing ? packing : 1;
		memset(w->packed, 0xff, bytes = bytes < 32 ? bytes : 32);
	} else if (bytes >= block) {
		bytes = pack(packing = 0, w->page, block, w->packed, block);
	}
	if (kind == 'z' && w->zeros) {
		offset = w->zeros;
	} else {
		build_put(w->buffer, w->data, w->packed, bytes);
		w->data += bytes;
		if (kind == 'z')
			w->zeros = offset;
	}
	build_put_uint(w->buffer, w->descriptor, 8, kdump->big, offset);
	build_put_uint(w->buffer, w->descriptor + 8, 4, kdump->big, bytes);
	build_put_uint(w->buffer, w->descriptor + 12, 4, kdump->big, packing);
	build_put_uint(w->buffer, w->descriptor + 16, 8, kdump->big, 0);
	w->descriptor += 24;
}

void build_kdump(struct build_buffer *buffer, const struct build_kdump *kdump)
{
	size_t block = kdump->block_bytes, nr = strlen(kdump->pages), nr_dumped = 0;
	/* makedumpfile on ARM counts from phys_base. */
	bool relative = !strncmp(kdump->machine, "armv", 4) && kdump->width != BUILD_32_PACKED;
	uint64_t first_pfn = (kdump->first_pa - (relative ? kdump->phys_base : 0)) / block;
	uint64_t max_mapnr = kdump->max_mapnr ? kdump->max_mapnr : first_pfn + nr;
	uint64_t bitmap_blocks = (max_mapnr + 8 * block - 1) / (8 * block);
	size_t bitmap = 2 * block, bitmap_bytes = bitmap_blocks * block;

	size_t first = kdump->split ? kdump->first_page : 0;
	size_t end = kdump->split && kdump->end_page < nr ? kdump->end_page : nr;

	put_kdump_headers(buffer, kdump, bitmap_blocks, first_pfn, max_mapnr);
	reserve(buffer, bitmap + 2 * bitmap_bytes);
	for (size_t i = 0; i < nr; i++) {
		uint64_t pfn = first_pfn + i;
		uint8_t bit = (uint8_t)(1u << (pfn % 8));

		if (kdump->pages[i] == '.')
			continue;
		buffer->data[bitmap + pfn / 8] |= bit;
		if (kdump->pages[i] == 'f')
			continue;
		buffer->data[bitmap + bitmap_bytes + pfn / 8] |= bit;
		nr_dumped += i >= first && i < end;
	}
	struct page_writer writer = { .buffer = buffer, .kdump = kdump };
	writer.descriptor = bitmap + 2 * bitmap_bytes;
	writer.data = writer.descriptor + 24 * nr_dumped;
	writer.page = malloc(block);
	writer.packed = malloc(2 * block + 1024);
	check(writer.page && writer.packed);
	for (size_t i = first; i < end; i++) {
		if (kdump->pages[i] != '.' && kdump->pages[i] != 'f')
			put_page(&writer, kdump->first_pa + i * block, kdump->pages[i]);
	}
	free(writer.page);
	free(writer.packed);
}

/* ------------------------------------------------------------------------------------ files */

static void put_record(struct build_buffer *to, const uint8_t *data, uint64_t offset,
		       uint64_t bytes, uint8_t change)
{
	size_t at = to->bytes;

	build_put_uint(to, at, 8, true, offset);
	build_put_uint(to, at + 8, 8, true, bytes);
	build_put(to, at + 16, data, bytes);
	for (uint64_t i = 0; i < bytes; i++)
		to->data[at + 16 + i] = (uint8_t)(to->data[at + 16 + i] + change);
}

void build_flattened(struct build_buffer *to, const struct build_buffer *from, size_t record_bytes,
		     bool shuffle, bool end)
{
	size_t nr = (from->bytes + record_bytes - 1) / record_bytes;

	reserve(to, 4096);
	build_put_text(to, 0, "makedumpfile");
	build_put_uint(to, 16, 8, true, 1);
	build_put_uint(to, 24, 8, true, 1);
	/* What is wrong here is put right later, by records with other borders. */
	for (size_t i = 0; shuffle && i + 2 < nr; i += 3)
		put_record(to, from->data + i * record_bytes + record_bytes / 2,
			   i * record_bytes + record_bytes / 2, record_bytes, 1);
	for (size_t i = 0; i < nr; i++) {
		size_t record = shuffle ? nr - 1 - i : i, offset = record * record_bytes;
		size_t left = from->bytes - offset;

		put_record(to, from->data + offset, offset,
			   left < record_bytes ? left : record_bytes, 0);
	}
	if (end) {
		build_put_uint(to, to->bytes, 8, true, UINT64_MAX);
		build_put_uint(to, to->bytes, 8, true, UINT64_MAX);
	}
}

void build_memory(struct build_buffer *buffer, uint64_t first_pa, size_t bytes)
{
	size_t offset = buffer->bytes;

	reserve(buffer, offset + bytes);
	for (size_t i = 0; i < bytes; i++)
		buffer->data[offset + i] = build_byte(first_pa + i);
}

size_t build_lime_header(struct build_buffer *buffer, const char *magic, uint32_t version, bool big,
			 uint64_t first_pa, uint64_t last_pa)
{
	size_t offset = buffer->bytes;

	build_put_text(buffer, offset, magic);
	build_put_uint(buffer, offset + 4, 4, big, version);
	build_put_uint(buffer, offset + 8, 8, big, first_pa);
	build_put_uint(buffer, offset + 16, 8, big, last_pa);
	build_put_uint(buffer, offset + 24, 8, big, 0);
	return buffer->bytes;
}

size_t build_avml_start(struct build_buffer *buffer, uint64_t first_pa, uint64_t bytes)
{
	size_t data = build_lime_header(buffer, "AVML", 2, false, first_pa, first_pa + bytes - 1);

	build_chunk_header(buffer, 0xff, 6);
	build_put_text(buffer, buffer->bytes, "sNaPpY");
	return data;
}

void build_avml_end(struct build_buffer *buffer, size_t data)
{
	build_put_uint(buffer, buffer->bytes, 8, false, buffer->bytes - data);
}

void build_chunk_header(struct build_buffer *buffer, uint8_t type, size_t bytes)
{
	build_put_uint(buffer, buffer->bytes, 4, false, (uint64_t)bytes << 8 | type);
}

static uint32_t masked_crc32c(const uint8_t *data, size_t bytes)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < bytes * 8; i++) {
		crc ^= i % 8 ? 0 : data[i / 8];
		crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	crc = ~crc;
	return (crc >> 15 | crc << 17) + 0xa282ead8;
}

void build_chunk_of(struct build_buffer *buffer, bool packed, const void *data, size_t bytes)
{
	char out[80000];
	size_t out_bytes = sizeof(out);
#ifdef MMU_HAVE_SNAPPY
	bool can = true;
#else
	bool can = !packed;
#endif

	check(can && bytes <= 65536);
#ifdef MMU_HAVE_SNAPPY
	if (packed)
		check(snappy_compress(data, bytes, out, &out_bytes) == SNAPPY_OK);
#endif
	build_chunk_header(buffer, !packed, (packed ? out_bytes : bytes) + 4);
	build_put_uint(buffer, buffer->bytes, 4, false, masked_crc32c(data, bytes));
	build_put(buffer, buffer->bytes, packed ? out : data, packed ? out_bytes : bytes);
}

void build_chunk(struct build_buffer *buffer, bool packed, uint64_t first_pa, size_t bytes)
{
	struct build_buffer memory = { 0 };

	build_memory(&memory, first_pa, bytes);
	build_chunk_of(buffer, packed, memory.data, bytes);
	free(memory.data);
}

void build_file_create(struct build_file *file, const struct build_buffer *buffer)
{
	file->fd = memfd_create("image", MFD_CLOEXEC);
	check(file->fd >= 0);
	snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
	check(!buffer->bytes ||
	      pwrite(file->fd, buffer->data, buffer->bytes, 0) == (ssize_t)buffer->bytes);
}

void build_file_close(struct build_file *file)
{
	close(file->fd);
}
