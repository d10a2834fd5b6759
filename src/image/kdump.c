/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file kdump-compressed files of makedumpfile and QEMU. */
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/list.h"
#include "image/kdump_parts.h"
#include "image/page_cache.h"
#include "image/reader.h"
#include "image/unpack.h"

#define DESCRIPTOR_BYTES 24
#define NOTE_BYTES_MAX ((uint64_t)256 << 20)
#define RAM_RANGES_MAX ((size_t)1 << 20)
/* Pages of absence that one span may say at most: keeps a span cheap. */
#define RUN_WORDS_MAX 4096
#define CHUNK_BITS 512

struct kdump {
	struct mmu_kdump_header header;
	unsigned int page_lg2;
	uint64_t first_pfn; /* of bit 0 of the bitmaps */
	uint64_t nr_pfns;
	struct mmu_bytes ram, dumped; /* the bitmaps */
	uint64_t *ranks;              /* dumped pages before every CHUNK_BITS of them */
	uint64_t nr_dumped;
	struct mmu_kdump_parts parts;
};

/* A cursor's. */
struct place {
	const struct mmu_kdump_part *part; /* that was used last */
	size_t hit;                        /* in its view */
	struct mmu_page_cache *cache;
	struct mmu_unpacker *unpacker;
	uint8_t *packed;          /* a page's data, where they are not in one piece */
	uint64_t last_pfn;        /* relative to first_pfn */
	const uint8_t *last_page; /* NULL: there is none */
};

struct descriptor {
	uint64_t offset;
	uint32_t bytes, packing;
};

static bool has_signature(const struct mmu_image *image)
{
	const uint8_t *signature = mmu_view_at(&image->view, NULL, 0,
					       sizeof(MMU_KDUMP_SIGNATURE) - 1);

	return signature &&
	       !memcmp(signature, MMU_KDUMP_SIGNATURE, sizeof(MMU_KDUMP_SIGNATURE) - 1);
}

static bool kdump_probe(const struct mmu_image *image, const struct mmu_source *source)
{
	return mmu_source_is_split(source) || (!source->raw && has_signature(image));
}

/* ------------------------------------------------------------------------------------ bitmaps */

static uint64_t word_at(struct mmu_bytes bitmap, uint64_t word)
{
	return mmu_get_u64(bitmap.data + word * 8, false);
}

static bool bit_at(struct mmu_bytes bitmap, uint64_t bit)
{
	return bitmap.data[bit / 8] >> (bit % 8) & 1;
}

static struct mmu_error *read_bitmaps(struct mmu_image *image, struct kdump *kdump)
{
	const struct mmu_kdump_header *header = &kdump->header;
	uint64_t bytes = (uint64_t)header->bitmap_blocks / 2 * header->block_bytes;
	uint64_t offset = (1 + (uint64_t)header->sub_blocks) * header->block_bytes;

	if (header->max_mapnr > bytes * 8)
		return mmu_error_new(MMU_ERROR_FORMAT,
				     "damaged kdump header: %" PRIu64 " pages, and bitmaps for "
				     "%" PRIu64,
				     header->max_mapnr, bytes * 8);
	if (bytes && !mmu_bytes_fit(image->view.bytes, offset, 2 * bytes))
		return mmu_error_new(MMU_ERROR_FORMAT,
				     "the file ends inside its page bitmaps (file offset 0x%" PRIx64
				     ", 0x%" PRIx64 " bytes): no page can be read",
				     offset, 2 * bytes);
	struct mmu_error *error = bytes ? mmu_image_bytes(image, offset, bytes, &kdump->ram) : NULL;
	if (!error && bytes)
		error = mmu_image_bytes(image, offset + bytes, bytes, &kdump->dumped);
	if (error)
		return error;
	if (kdump->ram.count < bytes || kdump->dumped.count < bytes)
		return mmu_error_new(MMU_ERROR_FORMAT, "parts of the page bitmaps are missing");
	kdump->nr_pfns = bytes * 8;
	return NULL;
}

static struct mmu_error *count_pages(struct mmu_image *image, struct kdump *kdump)
{
	uint64_t nr_words = kdump->nr_pfns / 64, dumped = 0;

	kdump->ranks = calloc(kdump->nr_pfns / CHUNK_BITS + 1, sizeof(*kdump->ranks));
	if (!kdump->ranks)
		return mmu_error_no_memory();
	for (uint64_t i = 0; i < nr_words; i++) {
		uint64_t there = word_at(kdump->dumped, i);

		if (!(i % (CHUNK_BITS / 64)))
			kdump->ranks[i / (CHUNK_BITS / 64)] = dumped;
		dumped += (uint64_t)__builtin_popcountll(there);
		image->filtered_pages += (uint64_t)__builtin_popcountll(word_at(kdump->ram, i) &
									~there);
	}
	kdump->nr_dumped = dumped;
	return NULL;
}

/* How many dumped pages come before this one, in all parts. */
static uint64_t rank_of(const struct kdump *kdump, uint64_t pfn)
{
	if (pfn == kdump->nr_pfns)
		return kdump->nr_dumped;
	uint64_t rank = kdump->ranks[pfn / CHUNK_BITS];

	for (uint64_t word = pfn / CHUNK_BITS * (CHUNK_BITS / 64); word < pfn / 64; word++)
		rank += (uint64_t)__builtin_popcountll(word_at(kdump->dumped, word));
	uint64_t below = (UINT64_C(1) << (pfn % 64)) - 1;
	return rank + (uint64_t)__builtin_popcountll(word_at(kdump->dumped, pfn / 64) & below);
}

/* A bit for every page of a word that is in the state, which is not MMU_PAGE_PRESENT. */
static uint64_t state_word(const struct kdump *kdump, uint64_t word, enum mmu_page_state state)
{
	uint64_t absent = ~word_at(kdump->dumped, word), ram = word_at(kdump->ram, word);

	return absent & (state == MMU_PAGE_FILTERED ? ram : ~ram);
}

/* The first page from `pfn` on that is not in the state, or where we stop looking. */
static uint64_t run_end(const struct kdump *kdump, uint64_t pfn, enum mmu_page_state state)
{
	uint64_t word = pfn / 64, nr_words = kdump->nr_pfns / 64;
	uint64_t others = ~state_word(kdump, word, state) & (UINT64_MAX << (pfn % 64));

	for (uint64_t i = 0; !others && i < RUN_WORDS_MAX; i++) {
		if (++word == nr_words)
			return kdump->nr_pfns;
		others = ~state_word(kdump, word, state);
	}
	return word * 64 + (others ? (uint64_t)__builtin_ctzll(others) : 0);
}

/* The first page from `pfn` on that is RAM, or that is not; nr_pfns when there is none. */
static uint64_t find_ram(const struct kdump *kdump, uint64_t pfn, bool want)
{
	uint64_t mask = UINT64_MAX << (pfn % 64);

	for (uint64_t word = pfn / 64; word < kdump->nr_pfns / 64; word++) {
		uint64_t ram = word_at(kdump->ram, word) | word_at(kdump->dumped, word);
		uint64_t found = (want ? ram : ~ram) & mask;

		if (found)
			return word * 64 + (uint64_t)__builtin_ctzll(found);
		mask = UINT64_MAX;
	}
	return kdump->nr_pfns;
}

static struct mmu_error *list_ram(struct mmu_image *image, struct kdump *kdump)
{
	MMU_FREE struct mmu_pa_range *ram = NULL;
	size_t nr = 0;

	for (uint64_t end, pfn = find_ram(kdump, 0, true); pfn < kdump->nr_pfns;
	     pfn = find_ram(kdump, end, true)) {
		end = find_ram(kdump, pfn, false);
		if (nr < RAM_RANGES_MAX && !mmu_list_room(&ram, nr, sizeof(*ram)))
			return mmu_error_no_memory();
		if (nr < RAM_RANGES_MAX)
			ram[nr++].first_pa = (kdump->first_pfn + pfn) << kdump->page_lg2;
		ram[nr - 1].last_pa = ((kdump->first_pfn + end) << kdump->page_lg2) - 1;
	}
	if (nr == RAM_RANGES_MAX)
		mmu_image_warn(image, "RAM is in so many pieces that the last ones are shown as "
				      "one");
	image->ram = mmu_steal(ram);
	image->nr_ram = nr;
	return NULL;
}

/* ------------------------------------------------------------------------------------ pages */

static void use_part(struct place *place, const struct mmu_kdump_part *part)
{
	if (place->part == part)
		return;
	place->part = part;
	place->hit = 0;
}

/*
 * Of the part's `n`-th page. @return false when the file ends before it, or the writer never got to
 * it.
 */
static bool read_descriptor(struct place *place, uint64_t n, struct descriptor *ret)
{
	const struct mmu_kdump_part *part = place->part;
	uint64_t offset = part->descriptors + n * DESCRIPTOR_BYTES;
	const uint8_t *at = mmu_view_at(part->view, &place->hit, offset, DESCRIPTOR_BYTES);
	bool big = part->header.big_endian;
	uint8_t copy[DESCRIPTOR_BYTES];

	if (!at) {
		if (mmu_view_copy(part->view, &place->hit, offset, copy, sizeof(copy)) <
		    sizeof(copy))
			return false;
		at = copy;
	}
	*ret = (struct descriptor){
		.offset = mmu_get_u64(at, big),
		.bytes = mmu_get_u32(at + 8, big),
		.packing = mmu_get_u32(at + 12, big) & MMU_PACKING_MASK,
	};
	/* A full disk leaves zeros. */
	return ret->offset;
}

/* A page's data as they are in the file; NULL when they are not all there. */
static const uint8_t *packed_data(struct place *place, const struct descriptor *descriptor,
				  bool *ret_in_place)
{
	const struct mmu_view *view = place->part->view;
	const uint8_t *data = mmu_view_at(view, &place->hit, descriptor->offset, descriptor->bytes);

	*ret_in_place = data;
	if (data)
		return data;
	return mmu_view_copy(view, &place->hit, descriptor->offset, place->packed,
			     descriptor->bytes) == descriptor->bytes
		       ? place->packed
		       : NULL;
}

/* Where the data of a dumped page lie. @return MMU_PAGE_PRESENT: its descriptor makes sense */
static enum mmu_page_state find_packed(const struct kdump *kdump, struct place *place, uint64_t pfn,
				       struct descriptor *ret)
{
	const struct mmu_kdump_part *part = mmu_kdump_part_of(&kdump->parts, pfn);

	if (!part)
		return MMU_PAGE_TRUNCATED;
	use_part(place, part);
	if (!read_descriptor(place, rank_of(kdump, pfn) - part->first_rank, ret))
		return MMU_PAGE_TRUNCATED;
	return ret->bytes && ret->bytes <= kdump->header.block_bytes ? MMU_PAGE_PRESENT
								     : MMU_PAGE_UNREADABLE;
}

static enum mmu_page_state load_page(const struct mmu_image *image, struct place *place,
				     uint64_t pfn)
{
	const struct kdump *kdump = image->reader_data;
	uint32_t block_bytes = kdump->header.block_bytes;
	struct descriptor descriptor;
	bool in_place;

	place->last_page = mmu_page_cache_find(place->cache, pfn);
	if (place->last_page)
		return MMU_PAGE_PRESENT;
	enum mmu_page_state state = find_packed(kdump, place, pfn, &descriptor);
	if (state != MMU_PAGE_PRESENT)
		return state;
	const uint8_t *data = packed_data(place, &descriptor, &in_place);
	if (!data)
		return MMU_PAGE_TRUNCATED;
	if (in_place && descriptor.packing == MMU_PACKING_NONE && descriptor.bytes == block_bytes) {
		place->last_page = data;
		return MMU_PAGE_PRESENT;
	}
	uint8_t *page = mmu_page_cache_take(place->cache, pfn);
	if (!mmu_unpack(place->unpacker, descriptor.packing,
			(struct mmu_bytes){ data, descriptor.bytes }, page, block_bytes)) {
		mmu_page_cache_drop(place->cache);
		return MMU_PAGE_UNREADABLE;
	}
	place->last_page = page;
	return MMU_PAGE_PRESENT;
}

/*
 * What the bitmaps say of a page: MMU_PAGE_PRESENT of those that were dumped.
 * @param ret_bytes  up to the first one that is in another state, or where we stopped looking
 */
static enum mmu_page_state bitmap_state(const struct kdump *kdump, uint64_t pa, uint64_t *ret_bytes)
{
	uint64_t pfn = (pa >> kdump->page_lg2) - kdump->first_pfn;
	uint64_t in_page = pa & (kdump->header.block_bytes - 1);

	if (pa >> kdump->page_lg2 < kdump->first_pfn) {
		*ret_bytes = (kdump->first_pfn << kdump->page_lg2) - pa;
		return MMU_PAGE_OUTSIDE_RAM;
	}
	if (pfn >= kdump->nr_pfns) {
		*ret_bytes = pa ? -pa : UINT64_MAX;
		return MMU_PAGE_OUTSIDE_RAM;
	}
	*ret_bytes = kdump->header.block_bytes - in_page;
	if (bit_at(kdump->dumped, pfn))
		return MMU_PAGE_PRESENT;
	return bit_at(kdump->ram, pfn) ? MMU_PAGE_FILTERED : MMU_PAGE_OUTSIDE_RAM;
}

/* An address whose page is not the one that was read last. */
static struct mmu_span other_span(const struct mmu_image *image, struct mmu_cursor *cursor,
				  uint64_t pa)
{
	const struct kdump *kdump = image->reader_data;
	struct place *place = mmu_cursor_state(cursor);
	uint64_t pfn = (pa >> kdump->page_lg2) - kdump->first_pfn;
	uint64_t in_page = pa & (kdump->header.block_bytes - 1);
	uint64_t left;
	enum mmu_page_state state = bitmap_state(kdump, pa, &left);

	if (!place)
		return (struct mmu_span){ NULL, kdump->header.block_bytes - in_page,
					  MMU_PAGE_UNREADABLE };
	place->last_page = NULL;
	if (state == MMU_PAGE_PRESENT)
		state = load_page(image, place, pfn);
	else if (pa >> kdump->page_lg2 >= kdump->first_pfn && pfn < kdump->nr_pfns)
		left = ((run_end(kdump, pfn, state) - pfn) << kdump->page_lg2) - in_page;
	if (state != MMU_PAGE_PRESENT)
		return (struct mmu_span){ NULL, left, state };
	place->last_pfn = pfn;
	return (struct mmu_span){ place->last_page + in_page, left, state };
}

static enum mmu_page_state kdump_state(const struct mmu_image *image, struct mmu_cursor *cursor,
				       uint64_t pa)
{
	const struct kdump *kdump = image->reader_data;
	uint64_t left;
	struct descriptor descriptor;
	enum mmu_page_state state = bitmap_state(kdump, pa, &left);
	struct place *place = state == MMU_PAGE_PRESENT ? mmu_cursor_state(cursor) : NULL;

	if (state != MMU_PAGE_PRESENT)
		return state;
	if (!place)
		return MMU_PAGE_UNREADABLE;
	state = find_packed(kdump, place, (pa >> kdump->page_lg2) - kdump->first_pfn, &descriptor);
	if (state != MMU_PAGE_PRESENT)
		return state;
	return mmu_view_has(place->part->view, &place->hit, descriptor.offset, descriptor.bytes)
		       ? MMU_PAGE_PRESENT
		       : MMU_PAGE_TRUNCATED;
}

static struct mmu_span kdump_span(const struct mmu_image *image, struct mmu_cursor *cursor,
				  uint64_t pa)
{
	const struct kdump *kdump = image->reader_data;
	const struct place *place = cursor->state;
	uint64_t in_page = pa & (kdump->header.block_bytes - 1);

	if (place && place->last_page &&
	    (pa >> kdump->page_lg2) - kdump->first_pfn == place->last_pfn)
		return (struct mmu_span){ place->last_page + in_page,
					  kdump->header.block_bytes - in_page, MMU_PAGE_PRESENT };
	return other_span(image, cursor, pa);
}

static void kdump_stop(void *state)
{
	struct place *place = state;

	mmu_unpacker_destroy(place->unpacker);
	mmu_page_cache_destroy(place->cache);
	free(place->packed);
	free(place);
}

static void *kdump_start(const struct mmu_image *image)
{
	struct place *place = calloc(1, sizeof(*place));

	if (!place)
		return NULL;
	place->packed = malloc(image->page_bytes);
	place->unpacker = mmu_unpacker_new();
	place->cache = mmu_page_cache_new(image->page_bytes, MMU_PAGE_CACHE_BYTES);
	if (place->packed && place->unpacker && place->cache)
		return place;
	kdump_stop(place);
	return NULL;
}

/* ------------------------------------------------------------------------------------ opening */

static bool data_is_there(struct place *place, uint64_t n, struct descriptor *ret)
{
	bool in_place;

	return read_descriptor(place, n, ret) &&
	       (ret->bytes > place->part->header.block_bytes || packed_data(place, ret, &in_place));
}

/*
 * Writers append page after page, so when the last page's data are there, all are. Only what is
 * known to be damaged is looked at page by page: the descriptors of a big dump are gigabytes.
 */
static uint64_t count_truncated(const struct mmu_kdump_part *part, struct place *place)
{
	uint64_t shared_zeros = part->descriptors + part->nr_dumped * DESCRIPTOR_BYTES;
	uint64_t bytes = part->view->bytes;
	bool whole = !part->view->cut && !(part->header.status & MMU_KDUMP_INCOMPLETE);
	struct descriptor descriptor;

	use_part(place, part);
	for (uint64_t i = part->nr_dumped; whole && i--;) {
		whole = data_is_there(place, i, &descriptor);
		if (whole && descriptor.offset != shared_zeros)
			break;
	}
	if (whole)
		return 0;
	uint64_t room = bytes > part->descriptors ? (bytes - part->descriptors) / DESCRIPTOR_BYTES
						  : 0;
	uint64_t nr = room < part->nr_dumped ? room : part->nr_dumped;
	uint64_t truncated = part->nr_dumped - nr;
	for (uint64_t i = 0; i < nr; i++)
		truncated += !data_is_there(place, i, &descriptor);
	return truncated;
}

/* Pages that the bitmaps promise, and that are in no part from page frame `first` to `end`. */
static uint64_t count_missing(struct mmu_image *image, const struct kdump *kdump, uint64_t first,
			      uint64_t end)
{
	uint64_t nr = rank_of(kdump, end) - rank_of(kdump, first);

	if (nr)
		mmu_image_warn(image,
			       "a part of the split dump is missing: page frames 0x%" PRIx64
			       " to 0x%" PRIx64 ", of which %" PRIu64 " were dumped",
			       first, end - 1, nr);
	return nr;
}

/* Which pages each part has, and which are not there. */
static void count_parts(struct mmu_image *image, struct kdump *kdump, struct place *place)
{
	uint64_t next = 0;

	for (size_t i = 0; i < kdump->parts.nr; i++) {
		struct mmu_kdump_part *part = &kdump->parts.part[i];

		part->first_rank = rank_of(kdump, part->first_pfn);
		part->nr_dumped = rank_of(kdump, part->end_pfn) - part->first_rank;
		uint64_t truncated = count_truncated(part, place);
		if (truncated && kdump->parts.nr > 1)
			mmu_image_warn(image, "%s is truncated: %" PRIu64 " pages are missing",
				       part->path, truncated);
		if (part->first_pfn > next)
			truncated += count_missing(image, kdump, next, part->first_pfn);
		image->truncated_pages += truncated;
		next = part->end_pfn;
	}
	if (next < kdump->nr_pfns)
		image->truncated_pages += count_missing(image, kdump, next, kdump->nr_pfns);
	image->present_pages = kdump->nr_dumped - image->truncated_pages;
}

static const struct {
	const char *prefix;
	uint16_t elf_machine;
} machines[] = {
	{ "x86_64", EM_X86_64 }, { "i386", EM_386 },        { "i486", EM_386 },
	{ "i586", EM_386 },      { "i686", EM_386 },        { "aarch64", EM_AARCH64 },
	{ "arm", EM_ARM },       { "riscv", EM_RISCV },     { "ppc64", EM_PPC64 },
	{ "ppc", EM_PPC },       { "s390", EM_S390 },       { "mips", EM_MIPS },
	{ "loongarch", 258 },    { "sparc64", EM_SPARCV9 }, { "alpha", EM_ALPHA },
};

/* The size of the registers that a note of type NT_PRSTATUS has, by machine. */
static const struct {
	uint16_t bytes;
	bool wide;
	uint16_t elf_machine;
} statuses[] = {
	{ 336, true, EM_X86_64 }, { 392, true, EM_AARCH64 }, { 376, true, EM_RISCV },
	{ 504, true, EM_PPC64 },  { 144, false, EM_386 },    { 148, false, EM_ARM },
};

static uint16_t machine_of(const struct mmu_image *image, const struct kdump *kdump)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		if (!strncmp(image->machine, machines[i].prefix, strlen(machines[i].prefix)))
			return machines[i].elf_machine;
	}
	for (size_t n = 0; n < image->nr_notes; n++) {
		const struct mmu_note *note = &image->notes[n];

		if (note->type != NT_PRSTATUS || strcmp(note->name, "CORE") != 0)
			continue;
		for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
			if (statuses[i].bytes != note->desc.count ||
			    statuses[i].wide != kdump->header.wide)
				continue;
			/* s390x's registers have as many bytes as x86_64's. */
			if (statuses[i].elf_machine == EM_X86_64 && image->big_endian)
				return EM_S390;
			return statuses[i].elf_machine;
		}
	}
	return EM_NONE;
}

static struct mmu_error *read_notes(struct mmu_image *image, const struct kdump *kdump)
{
	const struct mmu_kdump_header *header = &kdump->header;
	struct mmu_bytes bytes;

	if (header->vmcoreinfo_offset && header->vmcoreinfo_bytes <= NOTE_BYTES_MAX) {
		struct mmu_error *error = mmu_image_bytes(image, header->vmcoreinfo_offset,
							  header->vmcoreinfo_bytes, &bytes);
		if (error)
			return error;
		mmu_image_set_vmcoreinfo(image, bytes);
	}
	if (!header->note_offset || header->note_bytes > NOTE_BYTES_MAX)
		return NULL;
	struct mmu_error *error = mmu_image_bytes(image, header->note_offset, header->note_bytes,
						  &bytes);
	return error ? error : mmu_image_add_notes(image, bytes);
}

/*
 * makedumpfile on ARM counts page frames from the start of RAM, all others (QEMU's ARM dumps, too)
 * from 0. Where RAM begins below phys_base, it can only be relative.
 */
static void find_first_pfn(struct mmu_image *image, struct kdump *kdump)
{
	uint64_t base = kdump->header.phys_base >> kdump->page_lg2;

	if (!kdump->header.wide && image->elf_machine == EM_ARM && find_ram(kdump, 0, true) < base)
		kdump->first_pfn = base;
}

static struct mmu_error *use_header(struct mmu_image *image, struct kdump *kdump, bool alone)
{
	const struct mmu_kdump_header *header = &kdump->header;

	if (header->split && alone)
		return mmu_error_remedy(mmu_error_new(MMU_ERROR_UNSUPPORTED,
						      "is one part of a split dump (page frames "
						      "0x%" PRIx64 " to 0x%" PRIx64 ")",
						      header->first_pfn, header->end_pfn),
					MMU_REMEDY_PARTS);
	kdump->page_lg2 = (unsigned int)__builtin_ctz(header->block_bytes);
	image->page_bytes = header->block_bytes;
	image->big_endian = header->big_endian;
	image->elf_class = header->wide ? ELFCLASS64 : ELFCLASS32;
	memcpy(image->release, header->release, sizeof(image->release));
	/* QEMU's word for what it does not know. */
	if (strcmp(header->machine, "Unknown") != 0)
		memcpy(image->machine, header->machine, sizeof(image->machine));
	if (header->status & MMU_KDUMP_INCOMPLETE)
		mmu_image_warn(image, "the dump is incomplete: its writer ran out of room");
	return NULL;
}

static struct mmu_error *check_packing(struct mmu_image *image, const struct kdump *kdump,
				       struct mmu_unpacker *unpacker)
{
	uint32_t packing = kdump->header.status & MMU_PACKING_MASK;
	const char *name = mmu_packing_name(packing);

	if (name && !mmu_unpacker_can(unpacker, packing))
		return mmu_error_new(MMU_ERROR_UNSUPPORTED,
				     "its pages are compressed with %s, which is not available "
				     "here",
				     name);
	return mmu_image_set_format(image, "kdump-compressed v%u, %s", kdump->header.version,
				    name ? name : "mixed compression");
}

/* Can the pages be unpacked, and are they there? */
static struct mmu_error *look_at_pages(struct mmu_image *image, struct kdump *kdump)
{
	MMU_FREE uint8_t *packed = malloc(image->page_bytes);
	struct mmu_unpacker *unpacker = mmu_unpacker_new();
	struct place place = { .packed = packed }; /* nothing is unpacked */
	struct mmu_error *error = packed && unpacker ? check_packing(image, kdump, unpacker)
						     : mmu_error_no_memory();

	if (!error)
		count_parts(image, kdump, &place);
	mmu_unpacker_destroy(unpacker);
	return error;
}

static struct mmu_error *kdump_open(struct mmu_image *image, const struct mmu_source *source)
{
	struct kdump *kdump = calloc(1, sizeof(*kdump));
	struct mmu_error *error = NULL;

	if (!kdump)
		return mmu_error_no_memory();
	image->reader_data = kdump;
	if (!has_signature(image)) /* the caller names other parts */
		error = mmu_error_new(MMU_ERROR_FORMAT, "is no kdump-compressed file, as the parts "
							"of a split dump are");
	if (!error)
		error = mmu_kdump_header_read(&image->view, &kdump->header);
	if (!error)
		error = use_header(image, kdump, !mmu_source_is_split(source));
	if (!error)
		error = mmu_kdump_parts_open(image, source, &kdump->header, &kdump->parts);
	if (!error)
		error = read_bitmaps(image, kdump);
	if (!error)
		error = count_pages(image, kdump);
	if (!error)
		error = read_notes(image, kdump);
	if (!error)
		error = look_at_pages(image, kdump);
	if (error)
		return error;
	image->elf_machine = machine_of(image, kdump);
	find_first_pfn(image, kdump);
	return list_ram(image, kdump);
}

static void kdump_close(struct mmu_image *image)
{
	struct kdump *kdump = image->reader_data;

	if (!kdump)
		return;
	mmu_kdump_parts_close(&kdump->parts);
	free(kdump->ranks);
	free(kdump);
}

const struct mmu_image_reader mmu_reader_kdump = {
	.name = "kdump",
	.probe = kdump_probe,
	.open = kdump_open,
	.span = kdump_span,
	.state = kdump_state,
	.close = kdump_close,
	.start = kdump_start,
	.stop = kdump_stop,
};
