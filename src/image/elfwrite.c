/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The ELF vmcore writer: headers, notes, and ranges of memory at their places in pages. */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "image/elfwrite.h"

#define CHUNK_BYTES ((uint64_t)256 << 10)
/* As the reader's limit. */
#define SEGMENTS_MAX ((size_t)1 << 20)

struct segment {
	uint64_t va, offset, first_pa, file_bytes, memory_bytes;
};

struct writer {
	const struct mmu_image *image;
	struct mmu_cursor *cursor; /* of the image */
	const struct mmu_elf_output *output;
	FILE *file;
	int error;             /* errno of the first write that failed */
	bool wide;             /* ELFCLASS64 */
	struct mmu_note extra; /* VMCOREINFO that is in no note; name NULL: none */
	struct segment *segments;
	size_t nr_segments, nr_once; /* the first nr_once have all the memory */
	uint64_t end, last_page_pa;  /* of what has its place: where its pages end, the last one */
	uint64_t note_bytes, data_offset;
	uint64_t at; /* where the next byte goes */
};

/* ------------------------------------------------------------------ where everything goes */

/* Where the hole from `pa` on ends: at the next range of this RAM, or behind the RAM. */
static uint64_t hole_end_pa(const struct writer *writer, size_t next, uint64_t last_pa)
{
	const struct mmu_elf_output *output = writer->output;

	if (next < output->nr_kept && output->kept[next].first_pa <= last_pa)
		return output->kept[next].first_pa;
	return last_pa + 1;
}

/* Place a range as it lies in its pages; a page that two ranges share is there once. */
static uint64_t place(struct writer *writer, const struct mmu_pa_range *kept)
{
	uint64_t mask = writer->image->page_bytes - 1, page = kept->first_pa & ~mask;
	uint64_t offset = (page == writer->last_page_pa ? writer->end - mask - 1 : writer->end) +
			  (kept->first_pa & mask);

	writer->last_page_pa = kept->last_pa & ~mask;
	writer->end = (offset + (kept->last_pa - kept->first_pa) + mask + 1) & ~mask;
	return offset;
}

/* One range of RAM, in segments; `next` is the first of the kept ranges that have no place yet. */
static void plan_ram(struct writer *writer, const struct mmu_pa_range *ram, size_t *next)
{
	uint64_t pa = ram->first_pa, end_pa;

	do {
		struct segment *segment = &writer->segments[writer->nr_segments++];

		*segment = (struct segment){ .first_pa = pa };
		if (writer->output->direct_map_va)
			segment->va = writer->output->direct_map_va + pa;
		end_pa = hole_end_pa(writer, *next, ram->last_pa);
		if (end_pa == pa) {
			const struct mmu_pa_range *kept = &writer->output->kept[(*next)++];

			segment->offset = place(writer, kept);
			segment->file_bytes = kept->last_pa - pa + 1;
			end_pa = hole_end_pa(writer, *next, ram->last_pa);
		}
		segment->memory_bytes = end_pa - pa;
		writer->wide |= ((end_pa - 1) | segment->memory_bytes) >> 32;
		pa = end_pa;
	} while (pa && pa <= ram->last_pa);
}

/* The kernel's image once more, at the addresses that it is linked for. */
static void plan_image(struct writer *writer)
{
	const struct mmu_elf_output *output = writer->output;

	writer->nr_once = writer->nr_segments;
	for (size_t i = 0; i < writer->nr_once && output->image_va; i++) {
		struct segment segment = writer->segments[i];

		if (!segment.file_bytes || segment.first_pa < output->image.first_pa ||
		    segment.first_pa > output->image.last_pa)
			continue;
		segment.va = output->image_va + segment.first_pa;
		segment.memory_bytes = segment.file_bytes;
		writer->segments[writer->nr_segments++] = segment;
	}
}

/* The segments cover all RAM. Their offsets count from where the memory begins in the file. */
static struct mmu_error *plan(struct writer *writer)
{
	const struct mmu_elf_output *output = writer->output;
	struct mmu_error *error = mmu_image_survey(writer->image);
	if (error)
		return error;
	const struct mmu_pa_range *ram = writer->image->ram;
	size_t nr_ram = writer->image->nr_ram, room = nr_ram + 2 * output->nr_kept, next = 0;

	if (room >= SEGMENTS_MAX)
		return mmu_error_new(MMU_ERROR_UNSUPPORTED,
				     "%zu pieces of memory are too many for an ELF vmcore; choose "
				     "fewer processes",
				     room);
	writer->segments = calloc(room + 1, sizeof(*writer->segments));
	if (!writer->segments)
		return mmu_error_no_memory();
	for (size_t i = 0; i < nr_ram; i++) {
		size_t end = next;

		while (end < output->nr_kept && output->kept[end].first_pa >= ram[i].first_pa &&
		       output->kept[end].last_pa <= ram[i].last_pa)
			end++;
		if (end < output->nr_kept && output->kept[end].first_pa <= ram[i].last_pa)
			break;
		plan_ram(writer, &ram[i], &next);
	}
	if (next < output->nr_kept) /* some formats don't say all */
		return mmu_error_new(MMU_ERROR_UNSUPPORTED,
				     "physical 0x%" PRIx64 " is not in what the image says is RAM",
				     output->kept[next].first_pa);
	plan_image(writer);
	/* headers, notes and padding take far less than the other half */
	writer->wide |= writer->end >> 31;
	return NULL;
}

/* ------------------------------------------------------------------ numbers */

static void put_bytes(struct writer *writer, const void *data, uint64_t bytes)
{
	if (fwrite(data, 1, bytes, writer->file) != bytes && !writer->error)
		writer->error = errno;
	writer->at += bytes;
}

/* Zeros: a hole in the file, where it can have one. */
static void skip_to(struct writer *writer, uint64_t offset)
{
	if (fseeko(writer->file, (off_t)offset, SEEK_SET) != 0 && !writer->error)
		writer->error = errno;
	writer->at = offset;
}

static void put(struct writer *writer, uint64_t value, unsigned int bytes)
{
	uint8_t buf[8];

	for (unsigned int i = 0; i < bytes; i++)
		buf[writer->image->big_endian ? bytes - 1 - i : i] = (uint8_t)(value >> 8 * i);
	put_bytes(writer, buf, bytes);
}

/* An Elf_Addr, Elf_Off or Elf_Xword. */
static void put_wide(struct writer *writer, uint64_t value)
{
	put(writer, value, writer->wide ? 8 : 4);
}

/* ------------------------------------------------------------------ headers */

static uint64_t section_header_bytes(const struct writer *writer)
{
	return writer->wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
}

/* The program headers stand where all but QEMU have them: makedumpfile looks nowhere else. */
static void put_file_header(struct writer *writer, bool many, uint64_t section_offset)
{
	uint64_t ehsize = writer->wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	const uint8_t ident[EI_NIDENT] = { ELFMAG0,
					   ELFMAG1,
					   ELFMAG2,
					   ELFMAG3,
					   writer->wide ? ELFCLASS64 : ELFCLASS32,
					   writer->image->big_endian ? ELFDATA2MSB : ELFDATA2LSB,
					   EV_CURRENT };

	put_bytes(writer, ident, sizeof(ident));
	put(writer, ET_CORE, 2);
	put(writer, writer->output->elf_machine, 2);
	put(writer, EV_CURRENT, 4);
	put_wide(writer, 0); /* e_entry */
	put_wide(writer, ehsize);
	put_wide(writer, many ? section_offset : 0);
	put(writer, 0, 4); /* e_flags */
	put(writer, ehsize, 2);
	put(writer, writer->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr), 2);
	put(writer, many ? PN_XNUM : writer->nr_segments + 1, 2);
	put(writer, many ? section_header_bytes(writer) : 0, 2);
	put(writer, many, 2);
	put(writer, 0, 2); /* e_shstrndx */
}

/* Section header 0: its sh_info counts the segments that e_phnum can't. */
static void put_section_header(struct writer *writer)
{
	put(writer, 0, 8);
	for (unsigned int i = 0; i < 4; i++)
		put_wide(writer, 0);
	put(writer, 0, 4);
	put(writer, writer->nr_segments + 1, 4);
	put_wide(writer, 0);
	put_wide(writer, 0);
}

static void put_segment(struct writer *writer, uint32_t type, const struct segment *segment)
{
	uint32_t flags = type == PT_LOAD ? PF_R | PF_W | PF_X : 0;

	put(writer, type, 4);
	if (writer->wide)
		put(writer, flags, 4);
	put_wide(writer, segment->offset);
	put_wide(writer, segment->va);
	put_wide(writer, segment->first_pa);
	put_wide(writer, segment->file_bytes);
	put_wide(writer, segment->memory_bytes);
	if (!writer->wide)
		put(writer, flags, 4);
	put_wide(writer, 0); /* p_align: what tells readers that this is a kdump */
}

static uint64_t one_note_bytes(const struct mmu_note *note)
{
	return sizeof(Elf64_Nhdr) + ((strlen(note->name) + 4) & ~UINT64_C(3)) +
	       ((note->desc.count + 3) & ~UINT64_C(3));
}

static void put_note(struct writer *writer, const struct mmu_note *note)
{
	uint64_t end = writer->at + one_note_bytes(note);

	put(writer, strlen(note->name) + 1, 4);
	put(writer, note->desc.count, 4);
	put(writer, note->type, 4);
	put_bytes(writer, note->name, strlen(note->name) + 1);
	skip_to(writer, (writer->at + 3) & ~UINT64_C(3));
	put_bytes(writer, note->desc.data, note->desc.count);
	skip_to(writer, end);
}

static bool wants_note(const struct writer *writer, const struct mmu_note *note)
{
	return !writer->output->wants_note ||
	       writer->output->wants_note(note, writer->output->context);
}

/* VMCOREINFO becomes a note, wherever it was found. */
static void plan_notes(struct writer *writer)
{
	const struct mmu_image *image = writer->image;
	bool there = false;

	for (size_t i = 0; i < image->nr_notes; i++) {
		if (!wants_note(writer, &image->notes[i]))
			continue;
		writer->note_bytes += one_note_bytes(&image->notes[i]);
		there |= strcmp(image->notes[i].name, "VMCOREINFO") == 0;
	}
	if (there || !writer->output->vmcoreinfo.data)
		return;
	writer->extra = (struct mmu_note){ "VMCOREINFO", 0, writer->output->vmcoreinfo };
	writer->note_bytes += one_note_bytes(&writer->extra);
}

static void put_headers(struct writer *writer)
{
	const struct mmu_image *image = writer->image;
	uint64_t mask = image->page_bytes - 1;
	bool many = writer->nr_segments + 1 >= PN_XNUM;
	uint64_t section_offset = writer->wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);

	section_offset += (writer->nr_segments + 1) *
			  (writer->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr));
	const struct segment notes = {
		.offset = section_offset + (many ? section_header_bytes(writer) : 0),
		.file_bytes = writer->note_bytes,
	};
	writer->data_offset = (notes.offset + writer->note_bytes + mask) & ~mask;
	put_file_header(writer, many, section_offset);
	put_segment(writer, PT_NOTE, &notes);
	for (size_t i = 0; i < writer->nr_segments; i++) {
		struct segment segment = writer->segments[i];

		segment.offset += writer->data_offset;
		put_segment(writer, PT_LOAD, &segment);
	}
	if (many)
		put_section_header(writer);
	for (size_t i = 0; i < image->nr_notes; i++)
		if (wants_note(writer, &image->notes[i]))
			put_note(writer, &image->notes[i]);
	if (writer->extra.name)
		put_note(writer, &writer->extra);
}

/* ------------------------------------------------------------------ memory */

/* What is gathered to be written in one piece: stdio would copy it once more. */
struct chunk {
	uint8_t *bytes;
	uint64_t nr;
};

static void put_chunk(struct writer *writer, struct chunk *chunk)
{
	put_bytes(writer, chunk->bytes, chunk->nr);
	chunk->nr = 0;
}

/* Go to where a segment's bytes are: behind the last ones in the same page, or in the next. */
static void begin_segment(struct writer *writer, struct chunk *chunk, const struct segment *segment)
{
	uint64_t gap = writer->data_offset + segment->offset - (writer->at + chunk->nr);

	if (gap > CHUNK_BYTES - chunk->nr)
		put_chunk(writer, chunk);
	if (gap > CHUNK_BYTES) {
		skip_to(writer, writer->at + gap);
	} else {
		memset(chunk->bytes + chunk->nr, 0, gap);
		chunk->nr += gap;
	}
}

static struct mmu_error *put_segment_bytes(struct writer *writer, struct chunk *chunk,
					   const struct segment *segment)
{
	uint64_t part;

	for (uint64_t done = 0; done < segment->file_bytes; done += part) {
		uint64_t pa = segment->first_pa + done, stop_pa;

		if (chunk->nr == CHUNK_BYTES)
			put_chunk(writer, chunk);
		part = segment->file_bytes - done;
		if (part > CHUNK_BYTES - chunk->nr)
			part = CHUNK_BYTES - chunk->nr;
		if (mmu_image_peek(writer->cursor, pa, chunk->bytes + chunk->nr, part, &stop_pa) !=
		    MMU_PAGE_PRESENT)
			return mmu_error_new(MMU_ERROR_FAULT,
					     "physical 0x%" PRIx64 " can't be read any more",
					     stop_pa);
		chunk->nr += part;
	}
	return NULL;
}

static struct mmu_error *put_memory(struct writer *writer)
{
	const struct mmu_elf_output *output = writer->output;
	uint8_t *buf MMU_FREE = malloc(CHUNK_BYTES);
	struct chunk chunk = { .bytes = buf };

	if (!buf)
		return mmu_error_no_memory();
	for (size_t i = 0; i < writer->nr_once; i++) {
		const struct segment *segment = &writer->segments[i];

		if (writer->error)
			return NULL;
		if (output->stop && output->stop(output->context))
			return mmu_error_new(MMU_ERROR_STOPPED, "stopped");
		if (!segment->file_bytes)
			continue;
		begin_segment(writer, &chunk, segment);
		struct mmu_error *error = put_segment_bytes(writer, &chunk, segment);
		if (error)
			return error;
	}
	put_chunk(writer, &chunk);
	return NULL;
}

/* ------------------------------------------------------------------ the file */

static struct mmu_error *write_all(struct writer *writer)
{
	put_headers(writer);
	struct mmu_error *error = put_memory(writer);
	if (error)
		return error;
	/* the last page is whole, as all are */
	if (!writer->error &&
	    (fflush(writer->file) != 0 ||
	     ftruncate(fileno(writer->file), (off_t)(writer->data_offset + writer->end)) != 0))
		writer->error = errno;
	return writer->error ? mmu_error_os(writer->error, "can't write it") : NULL;
}

static struct mmu_error *write_to(struct writer *writer, const char *path)
{
	struct mmu_new_file *file;
	struct mmu_error *error = mmu_new_file_open(path, &file);

	if (error)
		return error;
	writer->file = mmu_new_file_stream(file);
	error = mmu_error_context(write_all(writer), "%s", path);
	struct mmu_error *of_close = mmu_new_file_close(file, !error);
	if (!error)
		return of_close;
	mmu_error_destroy(of_close);
	return error;
}

struct mmu_error *mmu_elf_write(struct mmu_cursor *cursor, const struct mmu_elf_output *output,
				const char *path, struct mmu_elf_written *ret)
{
	struct writer writer = { .image = cursor->image,
				 .cursor = cursor,
				 .output = output,
				 .wide = output->elf_class != ELFCLASS32,
				 .last_page_pa = UINT64_MAX };

	plan_notes(&writer);
	struct mmu_error *error = mmu_error_context(plan(&writer), "%s", path);
	if (!error)
		error = write_to(&writer, path);
	if (!error)
		*ret = (struct mmu_elf_written){ writer.data_offset + writer.end, writer.note_bytes,
						 writer.nr_segments };
	free(writer.segments);
	return error;
}
