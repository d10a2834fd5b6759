/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file ELF vmcores: /proc/vmcore, dump-guest-memory, makedumpfile -E; by p_paddr only. */
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/cleanup.h"
#include "image/elfcore.h"
#include "image/layout.h"
#include "image/reader.h"

#define SEGMENTS_MAX ((uint64_t)1 << 20)
#define NOTE_BYTES_MAX ((uint64_t)256 << 20)
#define WRAP32 ((uint64_t)1 << 32)
/* QEMU writes a string table of a few bytes behind the memory. */
#define TAIL_BYTES_MAX 65536

struct elf {
	struct mmu_layout layout;
	bool wide; /* ELFCLASS64 */
	uint64_t phoff, shoff;
	uint64_t phnum;
	uint16_t phentsize;
	struct mmu_elf_segment *segments; /* PT_LOAD, in file order; until the layout is made */
	size_t nr_segments;
	uint64_t nr_unwritten; /* program headers that the writer never got to */
};

static bool elf_probe(const struct mmu_image *image, const struct mmu_source *source)
{
	const uint8_t *ident = mmu_view_at(&image->view, NULL, 0, SELFMAG);

	return ident && !memcmp(ident, ELFMAG, SELFMAG);
}

static const char *type_text(uint16_t type)
{
	switch (type) {
	case ET_EXEC:
	case ET_DYN:
		return "is an ELF executable (a vmlinux?)";
	case ET_REL:
		return "is an ELF object file (a module?)";
	default:
		return "is an ELF file of an unknown type";
	}
}

/* A program or section header's field; `at` holds a header of the file's class. */
#define FIELD(elf, big, at, kind, name)                                                            \
	((elf)->wide ? mmu_get_uint((at) + offsetof(Elf64_##kind, name),                           \
				    sizeof(((Elf64_##kind *)NULL)->name), (big))                   \
		     : mmu_get_uint((at) + offsetof(Elf32_##kind, name),                           \
				    sizeof(((Elf32_##kind *)NULL)->name), (big)))

static struct mmu_error *read_header(struct mmu_image *image, struct elf *elf)
{
	uint8_t header[sizeof(Elf64_Ehdr)] = { 0 };
	uint64_t there = mmu_view_copy(&image->view, NULL, 0, header, sizeof(header));

	if (there <= EI_DATA)
		return mmu_error_new(MMU_ERROR_FORMAT, "ends inside its ELF header");
	if (header[EI_CLASS] != ELFCLASS32 && header[EI_CLASS] != ELFCLASS64)
		return mmu_error_new(MMU_ERROR_FORMAT, "damaged ELF header: class %u",
				     header[EI_CLASS]);
	if (header[EI_DATA] != ELFDATA2LSB && header[EI_DATA] != ELFDATA2MSB)
		return mmu_error_new(MMU_ERROR_FORMAT, "damaged ELF header: byte order %u",
				     header[EI_DATA]);
	elf->wide = header[EI_CLASS] == ELFCLASS64;
	if (there < (elf->wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr)))
		return mmu_error_new(MMU_ERROR_FORMAT, "ends inside its ELF header");

	bool big = header[EI_DATA] == ELFDATA2MSB;
	uint16_t type = (uint16_t)FIELD(elf, big, header, Ehdr, e_type);
	if (type != ET_CORE)
		return mmu_error_new(MMU_ERROR_FORMAT, "%s, not a memory image", type_text(type));
	image->elf_class = header[EI_CLASS];
	image->big_endian = big;
	image->elf_machine = (uint16_t)FIELD(elf, big, header, Ehdr, e_machine);
	elf->phoff = FIELD(elf, big, header, Ehdr, e_phoff);
	elf->shoff = FIELD(elf, big, header, Ehdr, e_shoff);
	elf->phentsize = (uint16_t)FIELD(elf, big, header, Ehdr, e_phentsize);
	elf->phnum = FIELD(elf, big, header, Ehdr, e_phnum);
	return NULL;
}

/* More segments than a half-word can count are in section header 0. */
static void read_extended_phnum(struct mmu_image *image, struct elf *elf)
{
	uint8_t header[sizeof(Elf64_Shdr)];
	uint64_t bytes = elf->wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);

	if (elf->phnum != PN_XNUM || !elf->shoff ||
	    mmu_view_copy(&image->view, NULL, elf->shoff, header, bytes) < bytes)
		return;
	uint64_t phnum = FIELD(elf, image->big_endian, header, Shdr, sh_info);
	if (phnum)
		elf->phnum = phnum;
}

static struct mmu_error *add_note_segment(struct mmu_image *image, uint64_t offset, uint64_t bytes)
{
	struct mmu_bytes notes;

	if (bytes > NOTE_BYTES_MAX) {
		mmu_image_warn(image, "the notes claim 0x%" PRIx64 " bytes and are ignored", bytes);
		return NULL;
	}
	if (mmu_budget_ended(image->budget, MMU_BUDGET_MEMORY)) /* that was said */
		return NULL;
	struct mmu_error *error = mmu_image_bytes(image, offset, bytes, &notes);
	if (error && mmu_error_code(error) == MMU_ERROR_BUDGET) { /* memory may do without */
		mmu_image_warn(image, "notes are left out: %s", mmu_error_message(error));
		mmu_error_destroy(error);
		return NULL;
	}
	if (error)
		return error;
	if (notes.count < bytes)
		mmu_image_warn(image, "the file ends inside its notes");
	return mmu_image_add_notes(image, notes);
}

static void add_load_segment(struct mmu_image *image, struct elf *elf,
			     struct mmu_elf_segment segment)
{
	uint64_t none = elf->wide ? UINT64_MAX : UINT32_MAX;

	/* /proc/kcore: virtual memory without a physical address. */
	if (segment.first_pa == none)
		return;
	/* Some writers leave p_memsz out. */
	if (segment.memory_bytes < segment.file_bytes)
		segment.memory_bytes = segment.file_bytes;
	if (segment.memory_bytes && segment.memory_bytes - 1 > UINT64_MAX - segment.first_pa) {
		mmu_image_warn(image,
			       "the segment at physical 0x%" PRIx64 " runs past 2^64 and is "
			       "ignored",
			       segment.first_pa);
		return;
	}
	elf->segments[elf->nr_segments++] = segment;
}

static struct mmu_error *read_segments(struct mmu_image *image, struct elf *elf)
{
	uint64_t bytes = elf->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	bool big = image->big_endian;

	if (elf->phnum && elf->phentsize < bytes)
		return mmu_error_new(MMU_ERROR_FORMAT,
				     "damaged ELF header: program headers of %u bytes",
				     elf->phentsize);
	if (elf->phnum > SEGMENTS_MAX)
		return mmu_error_new(MMU_ERROR_FORMAT,
				     "damaged ELF header: %" PRIu64 " program headers", elf->phnum);
	if (!mmu_bytes_fit(image->view.bytes, elf->phoff, elf->phnum * elf->phentsize))
		return mmu_error_new(MMU_ERROR_FORMAT,
				     "the file ends before its %" PRIu64 " program headers at file "
				     "offset 0x%" PRIx64,
				     elf->phnum, elf->phoff);
	elf->segments = calloc(elf->phnum + 1, sizeof(*elf->segments));
	if (!elf->segments)
		return mmu_error_no_memory();
	for (uint64_t i = 0; i < elf->phnum; i++) {
		uint8_t header[sizeof(Elf64_Phdr)];

		if (mmu_view_copy(&image->view, NULL, elf->phoff + i * elf->phentsize, header,
				  bytes) < bytes)
			return mmu_error_new(MMU_ERROR_FORMAT,
					     "program header %" PRIu64 " is missing", i);
		uint64_t type = FIELD(elf, big, header, Phdr, p_type);
		struct mmu_elf_segment segment = {
			.offset = FIELD(elf, big, header, Phdr, p_offset),
			.first_pa = FIELD(elf, big, header, Phdr, p_paddr),
			.file_bytes = FIELD(elf, big, header, Phdr, p_filesz),
			.memory_bytes = FIELD(elf, big, header, Phdr, p_memsz),
		};
		if (type == PT_LOAD)
			add_load_segment(image, elf, segment);
		elf->nr_unwritten += type == PT_NULL;
		struct mmu_error *error = type == PT_NOTE ? add_note_segment(image, segment.offset,
									     segment.file_bytes)
							  : NULL;
		if (error)
			return error;
	}
	return NULL;
}

/*
 * QEMU writes 32-bit headers for machines with memory above 4 GiB too, every number cut to 32 bits,
 * and the memory whole, one block behind the other in the order of the headers. So the numbers are
 * known modulo 2^32, and the file's size says how much is missing.
 */
static void repair_truncated_sizes(struct mmu_image *image, struct elf *elf)
{
	struct mmu_elf_segment *list = elf->segments, *top = list;

	if (elf->wide || !elf->nr_segments)
		return;
	uint64_t end = list[0].offset;
	for (size_t i = 0; i < elf->nr_segments; i++) {
		if (list[i].offset != (end & UINT32_MAX) ||
		    list[i].file_bytes != list[i].memory_bytes)
			return;
		end += list[i].file_bytes;
		/* Any other would grow over this one. */
		if (list[i].first_pa > top->first_pa)
			top = &list[i];
	}
	if (end >= image->view.bytes || image->view.bytes - end <= TAIL_BYTES_MAX)
		return;
	uint64_t missing = image->view.bytes - end - TAIL_BYTES_MAX;
	missing = (missing + WRAP32 - 1) & ~(WRAP32 - 1);
	mmu_image_warn(image,
		       "the headers' sizes are cut to 32 bits: memory at physical 0x%" PRIx64
		       " taken as 0x%" PRIx64 " bytes, not 0x%" PRIx64,
		       top->first_pa, top->file_bytes + missing, top->file_bytes);
	top->file_bytes += missing;
	top->memory_bytes += missing;
	end = list[0].offset;
	for (size_t i = 0; i < elf->nr_segments; i++) {
		list[i].offset = end;
		end += list[i].file_bytes;
	}
}

bool mmu_elf_without_addresses(const struct mmu_elf_segment *segments, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		if (segments[i].first_pa)
			return false;
	}
	return nr > 1;
}

size_t mmu_elf_extents(const struct mmu_elf_segment *segments, size_t nr_segments,
		       uint64_t view_bytes, struct mmu_extent *out)
{
	size_t nr = 0;

	for (uint32_t i = 0; i < nr_segments; i++) {
		const struct mmu_elf_segment *segment = &segments[i];
		uint64_t room = segment->offset < view_bytes ? view_bytes - segment->offset : 0;
		uint64_t there = segment->file_bytes < room ? segment->file_bytes : room;
		uint64_t part_end[3] = { there, segment->file_bytes, segment->memory_bytes };
		enum mmu_page_state state[3] = { MMU_PAGE_PRESENT, MMU_PAGE_TRUNCATED,
						 MMU_PAGE_FILTERED };
		uint64_t from = 0;

		for (uint32_t part = 0; part < 3; part++) {
			if (from == part_end[part])
				continue;
			out[nr++] = (struct mmu_extent){
				.first = segment->first_pa + from,
				.last = segment->first_pa + part_end[part] - 1,
				.at = segment->offset + from,
				.rank = part * (uint32_t)nr_segments + i,
				.kind = state[part],
			};
			from = part_end[part];
		}
	}
	return nr;
}

/* Lay out what is in the file; in a flattened one its records cut it to pieces. */
static struct mmu_error *add_present(struct mmu_image *image, struct elf *elf,
				     const struct mmu_extent *extent)
{
	uint64_t first = extent->first, left = extent->last - extent->first + 1;
	size_t hit = 0;
	struct mmu_error *error = NULL;

	while (left && !error) {
		struct mmu_bytes run = mmu_view_run(&image->view, &hit,
						    extent->at + (first - extent->first));
		uint64_t part = run.count < left ? run.count : left;

		/* A hole between records: what was never written is not taken for zeros. */
		error = mmu_layout_add(&elf->layout, first, first + part - 1, run.data,
				       run.data ? MMU_PAGE_PRESENT : MMU_PAGE_TRUNCATED);
		first += part;
		left -= part;
	}
	return error;
}

static struct mmu_error *make_layout(struct mmu_image *image, struct elf *elf)
{
	MMU_FREE struct mmu_extent *extents = calloc(elf->nr_segments + 1, 3 * sizeof(*extents));

	if (!extents)
		return mmu_error_no_memory();
	size_t nr = mmu_elf_extents(elf->segments, elf->nr_segments, image->view.bytes, extents);
	if (!nr)
		return mmu_error_new(MMU_ERROR_FORMAT, "an ELF core without any physical memory in "
						       "it");
	struct mmu_error *error = mmu_extents_resolve(&extents, &nr);
	for (size_t i = 0; i < nr && !error; i++) {
		const struct mmu_extent *extent = &extents[i];

		if (extent->kind == MMU_PAGE_PRESENT)
			error = add_present(image, elf, extent);
		else
			error = mmu_layout_add(&elf->layout, extent->first, extent->last, NULL,
					       (enum mmu_page_state)extent->kind);
	}
	return error ? error : mmu_layout_complete(&elf->layout, image);
}

/*
 * makedumpfile -E writes the header of a segment after its memory, into room left for all: when the
 * disk is full, those that are left are zeros, and nobody knows which memory they would have told
 * of. That is not to say that there was none.
 */
static void tell_unwritten(struct mmu_image *image, struct elf *elf)
{
	if (!elf->nr_unwritten)
		return;
	mmu_image_warn(image,
		       "the dump is incomplete: %" PRIu64 " of its %" PRIu64
		       " program headers were never written, and all memory of which the others "
		       "don't speak is taken as truncated",
		       elf->nr_unwritten, elf->phnum);
	for (size_t i = 0; i < elf->layout.nr; i++) {
		struct mmu_piece *piece = &elf->layout.pieces[i];

		if (piece->state == MMU_PAGE_OUTSIDE_RAM)
			piece->state = MMU_PAGE_TRUNCATED;
	}
}

static int compare_offsets(const void *left, const void *right)
{
	const struct mmu_elf_segment *a = left, *b = right;

	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/*
 * Segments that share bytes of the file: a few bytes on disk then stand for any amount of memory.
 * QEMU tells of memory once for every address that it is mapped at, of the same bytes: that is no
 * other memory. Afterwards the segments are in the order of the file.
 */
static void tell_shared(struct mmu_image *image, struct elf *elf)
{
	struct mmu_elf_segment *list = elf->segments;
	uint64_t end = 0, shared = 0, distance = 0;
	size_t nr = 0;

	qsort(list, elf->nr_segments, sizeof(*list), compare_offsets);
	for (size_t i = 0; i < elf->nr_segments; i++) {
		uint64_t room = list[i].offset < image->view.bytes
					? image->view.bytes - list[i].offset
					: 0;
		uint64_t bytes = list[i].file_bytes < room ? list[i].file_bytes : room;
		uint64_t last = list[i].offset + bytes;

		if (bytes && list[i].offset < end &&
		    list[i].first_pa - list[i].offset != distance) {
			shared += (last < end ? last : end) - list[i].offset;
			nr++;
		}
		if (last > end) {
			end = last;
			distance = list[i].first_pa - list[i].offset;
		}
	}
	mmu_image_tell_shared(image, shared, nr, "segments");
}

static struct mmu_error *read_headers(struct mmu_image *image, struct elf *elf)
{
	struct mmu_error *error = read_header(image, elf);

	if (error)
		return error;
	read_extended_phnum(image, elf);
	return read_segments(image, elf);
}

struct mmu_error *mmu_elf_read_headers(struct mmu_image *image, struct mmu_elf_segment **ret,
				       size_t *ret_nr)
{
	struct elf elf = { 0 };
	struct mmu_error *error = read_headers(image, &elf);

	if (error) {
		free(elf.segments);
		return error;
	}
	*ret = elf.segments;
	*ret_nr = elf.nr_segments;
	return NULL;
}

static struct mmu_error *elf_open(struct mmu_image *image, const struct mmu_source *source)
{
	struct elf *elf = calloc(1, sizeof(*elf));

	if (!elf)
		return mmu_error_no_memory();
	image->reader_data = elf;
	struct mmu_error *error = read_headers(image, elf);
	if (error)
		return error;
	/* Cores of processes have segments without physical addresses. */
	if (mmu_elf_without_addresses(elf->segments, elf->nr_segments))
		return mmu_error_new(MMU_ERROR_FORMAT, "is the core of a process (its segments "
						       "have no physical "
						       "addresses), not a memory image");
	repair_truncated_sizes(image, elf);
	image->page_bytes = mmu_image_vmcoreinfo_page_bytes(image);
	error = make_layout(image, elf);
	if (!error)
		tell_unwritten(image, elf);
	if (!error)
		tell_shared(image, elf);
	free(mmu_steal(elf->segments));
	return error ? error
		     : mmu_image_set_format(image, "ELF vmcore, %d bits", elf->wide ? 64 : 32);
}

static struct mmu_span elf_span(const struct mmu_image *image, struct mmu_cursor *cursor,
				uint64_t pa)
{
	return mmu_layout_span(&((const struct elf *)image->reader_data)->layout, cursor, pa);
}

static enum mmu_page_state elf_state(const struct mmu_image *image, struct mmu_cursor *cursor,
				     uint64_t pa)
{
	const struct elf *elf = image->reader_data;

	return mmu_layout_piece(&elf->layout, cursor, pa)->state;
}

static void elf_close(struct mmu_image *image)
{
	struct elf *elf = image->reader_data;

	if (!elf)
		return;
	free(elf->segments);
	free(elf->layout.pieces);
	free(elf);
}

const struct mmu_image_reader mmu_reader_elf = {
	.name = "elf",
	.probe = elf_probe,
	.open = elf_open,
	.span = elf_span,
	.spans_last = true,
	.state = elf_state,
	.close = elf_close,
};
