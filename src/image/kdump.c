/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file kdump-compressed files of makedumpfile and QEMU. */
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/cleanup.h"
#include "base/list.h"
#include "image/good_pages.h"
#include "image/inflate.h"
#include "image/kdump_bitmap.h"
#include "image/kdump_parts.h"
#include "image/page_cache.h"
#include "image/reader.h"
#include "image/shared_pages.h"
#include "image/unpack.h"

#define DESCRIPTOR_BYTES 24
#define NOTE_BYTES_MAX ((uint64_t)256 << 20)
/* How far back we look for a page that is not of zeros, before we count them all. */
#define ZEROS_MAX ((uint64_t)1 << 16)
/* Pairs of descriptors that are looked at for data that they share. */
#define SHARED_LOOKS 256u

struct kdump {
	struct mmu_kdump_header header;
	unsigned int page_lg2;
	uint64_t first_pfn; /* of bit 0 of the bitmaps */
	struct mmu_kdump_bitmaps bitmaps;
	struct mmu_kdump_parts parts;
	struct mmu_good_pages good;      /* whose descriptors were looked at */
	struct mmu_shared_pages *shared; /* unpacked, by their number as in the bitmaps */
};

/* A cursor's. */
struct place {
	const struct mmu_kdump_part *part; /* that was used last */
	size_t hit;                        /* in its view */
	uint8_t *room;                     /* for a page that all share, or NULL */
	struct mmu_page_cache *cache;      /* made when those that all share are full */
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
	return mmu_kdump_bitmaps_open(image, offset, bytes, &kdump->bitmaps);
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
	bool big = part->header.big_endian;
	uint8_t copy[DESCRIPTOR_BYTES];

	if (n >= part->most)
		return false;
	const uint8_t *at = mmu_view_at(part->view, &place->hit, offset, DESCRIPTOR_BYTES);
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

static bool has_size(const struct kdump *kdump, const struct descriptor *descriptor)
{
	return descriptor->bytes && descriptor->bytes <= kdump->header.block_bytes;
}

/* Where the data of a dumped page lie. @return MMU_PAGE_PRESENT: its descriptor makes sense */
static enum mmu_page_state find_packed(const struct kdump *kdump, struct place *place, uint64_t pfn,
				       struct descriptor *ret)
{
	const struct mmu_kdump_part *part = mmu_kdump_part_of(&kdump->parts, pfn);

	if (!part)
		return MMU_PAGE_TRUNCATED;
	use_part(place, part);
	uint64_t n = mmu_kdump_rank(&kdump->bitmaps, pfn) -
		     mmu_kdump_rank(&kdump->bitmaps, part->first_pfn);
	if (!read_descriptor(place, n, ret))
		return MMU_PAGE_TRUNCATED;
	return has_size(kdump, ret) ? MMU_PAGE_PRESENT : MMU_PAGE_UNREADABLE;
}

/* Room that this cursor has for an unpacked page, once those that all share are full; or NULL. */
static uint8_t *own_room(const struct mmu_image *image, struct place *place, uint64_t pfn)
{
	if (!place->cache)
		place->cache = mmu_page_cache_new(image->page_bytes, MMU_PAGE_CACHE_BYTES);
	return place->cache ? mmu_page_cache_take(place->cache, pfn) : NULL;
}

static enum mmu_page_state unpack_page(struct mmu_cursor *cursor, struct place *place, uint64_t pfn,
				       uint32_t packing, struct mmu_bytes packed)
{
	const struct kdump *kdump = cursor->image->reader_data;

	if (!place->room)
		place->room = mmu_shared_pages_take(kdump->shared);
	uint8_t *page = place->room ? place->room : own_room(cursor->image, place, pfn);
	cursor->nr_unpacked++;
	if (!page)
		return MMU_PAGE_UNREADABLE;
	if (!mmu_unpack(place->unpacker, packing, packed, page, kdump->header.block_bytes)) {
		if (!place->room)
			mmu_page_cache_drop(place->cache);
		return MMU_PAGE_UNREADABLE;
	}
	place->last_page = page;
	if (page == place->room) {
		place->last_page = mmu_shared_pages_put(kdump->shared, page, pfn);
		if (place->last_page == page)
			place->room = NULL;
	}
	return MMU_PAGE_PRESENT;
}

/* A page that was dumped, and that is not among those that all share. */
static enum mmu_page_state load_page(struct mmu_cursor *cursor, struct place *place, uint64_t pfn)
{
	const struct kdump *kdump = cursor->image->reader_data;
	struct descriptor descriptor;
	bool in_place;

	place->last_page = place->cache ? mmu_page_cache_find(place->cache, pfn) : NULL;
	if (place->last_page)
		return MMU_PAGE_PRESENT;
	enum mmu_page_state state = find_packed(kdump, place, pfn, &descriptor);
	if (state != MMU_PAGE_PRESENT)
		return state;
	const uint8_t *data = packed_data(place, &descriptor, &in_place);
	if (!data)
		return MMU_PAGE_TRUNCATED;
	if (in_place && descriptor.packing == MMU_PACKING_NONE &&
	    descriptor.bytes == kdump->header.block_bytes) {
		place->last_page = data;
		return MMU_PAGE_PRESENT;
	}
	return unpack_page(cursor, place, pfn, descriptor.packing,
			   (struct mmu_bytes){ data, descriptor.bytes });
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
	if (pfn >= kdump->bitmaps.nr_pfns) {
		*ret_bytes = pa ? -pa : UINT64_MAX;
		return MMU_PAGE_OUTSIDE_RAM;
	}
	*ret_bytes = kdump->header.block_bytes - in_page;
	return mmu_kdump_state(&kdump->bitmaps, pfn);
}

/* An address whose page is not the one that was read last. */
static struct mmu_span other_span(const struct mmu_image *image, struct mmu_cursor *cursor,
				  uint64_t pa)
{
	const struct kdump *kdump = image->reader_data;
	struct place *place = mmu_cursor_state(cursor);
	uint64_t pfn = (pa >> kdump->page_lg2) - kdump->first_pfn;
	uint64_t in_page = pa & (kdump->header.block_bytes - 1);
	uint64_t left = kdump->header.block_bytes - in_page;

	if (!place)
		return (struct mmu_span){ NULL, left, MMU_PAGE_UNREADABLE };
	place->last_pfn = pfn;
	place->last_page = mmu_shared_pages_find(kdump->shared, pfn);
	if (place->last_page)
		return (struct mmu_span){ place->last_page + in_page, left, MMU_PAGE_PRESENT };
	enum mmu_page_state state = bitmap_state(kdump, pa, &left);
	if (state == MMU_PAGE_PRESENT)
		state = load_page(cursor, place, pfn);
	else if (pa >> kdump->page_lg2 >= kdump->first_pfn && pfn < kdump->bitmaps.nr_pfns)
		left = ((mmu_kdump_absence_end(&kdump->bitmaps, pfn) - pfn) << kdump->page_lg2) -
		       in_page;
	if (state != MMU_PAGE_PRESENT)
		return (struct mmu_span){ NULL, left, state };
	return (struct mmu_span){ place->last_page + in_page, left, state };
}

/* Does a page's descriptor lead to data that are there? */
static enum mmu_page_state descriptor_state(struct place *place,
					    const struct descriptor *descriptor)
{
	return mmu_view_has(place->part->view, &place->hit, descriptor->offset, descriptor->bytes)
		       ? MMU_PAGE_PRESENT
		       : MMU_PAGE_TRUNCATED;
}

/*
 * Look at the descriptors of a page's neighbours, too: of random pages each descriptor would miss
 * all caches, and those of 64 pages lie side by side.
 */
static void note_good(const struct kdump *kdump, struct place *place, uint64_t pfn)
{
	const struct mmu_kdump_part *part = place->part;
	uint64_t first = pfn & ~UINT64_C(63), end = first + 64, bits = 0;
	struct descriptor descriptor;

	first = first > part->first_pfn ? first : part->first_pfn;
	end = end < part->end_pfn ? end : part->end_pfn;
	uint64_t n = mmu_kdump_rank(&kdump->bitmaps, first) -
		     mmu_kdump_rank(&kdump->bitmaps, part->first_pfn);
	for (uint64_t i = first; i < end; i++) {
		if (mmu_kdump_state(&kdump->bitmaps, i) != MMU_PAGE_PRESENT)
			continue;
		if (read_descriptor(place, n++, &descriptor) && has_size(kdump, &descriptor) &&
		    descriptor_state(place, &descriptor) == MMU_PAGE_PRESENT)
			bits |= UINT64_C(1) << i % 64;
	}
	mmu_good_pages_add(&kdump->good, pfn / 64, bits);
}

static enum mmu_page_state kdump_state(const struct mmu_image *image, struct mmu_cursor *cursor,
				       uint64_t pa)
{
	const struct kdump *kdump = image->reader_data;
	uint64_t left, pfn = (pa >> kdump->page_lg2) - kdump->first_pfn;
	struct descriptor descriptor;

	if (mmu_good_pages_has(&kdump->good, pfn))
		return MMU_PAGE_PRESENT;
	enum mmu_page_state state = bitmap_state(kdump, pa, &left);
	struct place *place = state == MMU_PAGE_PRESENT ? mmu_cursor_state(cursor) : NULL;

	if (state != MMU_PAGE_PRESENT)
		return state;
	if (!place)
		return MMU_PAGE_UNREADABLE;
	state = find_packed(kdump, place, pfn, &descriptor);
	if (state == MMU_PAGE_PRESENT)
		state = descriptor_state(place, &descriptor);
	if (state == MMU_PAGE_PRESENT)
		note_good(kdump, place, pfn);
	return state;
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

/* What a cursor has for itself gives way to other pages. */
static bool kdump_stays(const struct mmu_image *image, const uint8_t *data)
{
	const struct kdump *kdump = image->reader_data;

	return mmu_shared_pages_has(kdump->shared, data);
}

static bool kdump_lacks(const struct mmu_image *image, uint64_t pa)
{
	const struct kdump *kdump = image->reader_data;

	return mmu_shared_pages_has_room(kdump->shared) &&
	       !mmu_shared_pages_find(kdump->shared, (pa >> kdump->page_lg2) - kdump->first_pfn);
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
	if (place->packed && place->unpacker)
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
 * Are the data of the part's last page there? The last pages may be zeros, whose data are shared.
 * @param nr  how many it has
 */
static bool ends_whole(const struct mmu_kdump_part *part, struct place *place, uint64_t nr,
		       uint64_t nr_looks)
{
	uint64_t shared_zeros = part->descriptors + nr * DESCRIPTOR_BYTES;
	struct descriptor descriptor;

	for (uint64_t i = nr; i--;) {
		if (!nr_looks-- || !data_is_there(place, i, &descriptor))
			return false;
		if (descriptor.offset != shared_zeros)
			break;
	}
	return true;
}

/* No more pages can be there than have a descriptor. */
static uint64_t descriptors_max(const struct mmu_kdump_part *part)
{
	return part->view->bytes > part->descriptors
		       ? (part->view->bytes - part->descriptors) / DESCRIPTOR_BYTES
		       : 0;
}

static bool may_be_cut(const struct mmu_kdump_part *part)
{
	return part->view->cut || part->header.status & MMU_KDUMP_INCOMPLETE;
}

/*
 * Writers append page after page, so when the last page's data are there, all are. Only what is
 * known to be damaged is looked at page by page: the descriptors of a big dump are gigabytes.
 */
static uint64_t count_truncated(struct mmu_budget *budget, const struct mmu_kdump_part *part,
				struct place *place, uint64_t nr_dumped)
{
	struct descriptor descriptor;

	use_part(place, part);
	if (!may_be_cut(part) && ends_whole(part, place, nr_dumped, UINT64_MAX))
		return 0;
	uint64_t nr = part->most < nr_dumped ? part->most : nr_dumped;
	uint64_t truncated = nr_dumped - nr;
	/* holes of a file have no pages, and are not gone through */
	if (!mmu_budget_take(budget, MMU_BUDGET_READ, nr * DESCRIPTOR_BYTES, "counting pages"))
		return nr_dumped;
	for (uint64_t i = 0; i < nr; i++)
		truncated += !data_is_there(place, i, &descriptor);
	return truncated;
}

/*
 * Is it plain that all data of a part are there, although nobody has counted its pages? The data
 * begin right behind the descriptors with a page of zeros, as it is, which all such pages share
 * (makedumpfile since 1.3, QEMU). So the first descriptor says how many there are: its data are
 * that page, or what comes behind it.
 */
static bool is_plainly_whole(struct mmu_kdump_part *part, struct place *place)
{
	struct descriptor first;

	use_part(place, part);
	if (may_be_cut(part) || part->first_pfn == part->end_pfn ||
	    !read_descriptor(place, 0, &first) || first.offset <= part->descriptors)
		return false;
	uint64_t bytes = first.offset - part->descriptors;
	if (bytes % DESCRIPTOR_BYTES)
		bytes -= bytes > part->header.block_bytes ? part->header.block_bytes : bytes;
	if (!bytes || bytes % DESCRIPTOR_BYTES ||
	    !ends_whole(part, place, bytes / DESCRIPTOR_BYTES, ZEROS_MAX))
		return false;
	part->most = bytes / DESCRIPTOR_BYTES; /* what the bitmaps promise beyond is not there */
	return true;
}

/* Pages that the bitmaps promise, and that are in no part from page frame `first` to `end`. */
static uint64_t count_missing(struct mmu_image *image, const struct kdump *kdump, uint64_t first,
			      uint64_t end)
{
	uint64_t nr = mmu_kdump_rank(&kdump->bitmaps, end) - mmu_kdump_rank(&kdump->bitmaps, first);

	if (nr)
		mmu_image_warn(image,
			       "a part of the split dump is missing: page frames 0x%" PRIx64
			       " to 0x%" PRIx64 ", of which %" PRIu64 " were dumped",
			       first, end - 1, nr);
	return nr;
}

/* Which pages are not there, of all parts. A whole image is not counted for it. */
static void count_parts(struct mmu_image *image, struct kdump *kdump, struct place *place)
{
	uint64_t next = 0;

	for (size_t i = 0; i < kdump->parts.nr; i++) {
		struct mmu_kdump_part *part = &kdump->parts.part[i];
		uint64_t truncated = 0;

		part->most = descriptors_max(part);
		if (!is_plainly_whole(part, place))
			truncated = count_truncated(
				image->budget, part, place,
				mmu_kdump_rank(&kdump->bitmaps, part->end_pfn) -
					mmu_kdump_rank(&kdump->bitmaps, part->first_pfn));
		if (truncated && kdump->parts.nr > 1)
			mmu_image_warn(image, "%s is truncated: %" PRIu64 " pages are missing",
				       part->path, truncated);
		if (part->first_pfn > next)
			truncated += count_missing(image, kdump, next, part->first_pfn);
		image->truncated_pages += truncated;
		next = part->end_pfn;
	}
	if (next < kdump->bitmaps.nr_pfns)
		image->truncated_pages += count_missing(image, kdump, next, kdump->bitmaps.nr_pfns);
}

static uint64_t most_pages(const struct kdump *kdump)
{
	uint64_t most = 0;

	for (size_t i = 0; i < kdump->parts.nr; i++)
		most += kdump->parts.part[i].most;
	return most < kdump->bitmaps.nr_pfns ? most : kdump->bitmaps.nr_pfns;
}

static bool is_zeros(const uint8_t *data, uint32_t bytes)
{
	return !data[0] && !memcmp(data, data + 1, bytes - 1);
}

/*
 * Do pages share their data that are not zeros? To look at all descriptors would take gigabytes: a
 * few neighbours show whether a file is made so. @return bytes that were seen twice
 */
static uint64_t find_shared(const struct mmu_kdump_part *part, uint64_t nr)
{
	struct place place = { .part = part };
	uint64_t step = nr / SHARED_LOOKS + 1, bytes = 0;
	struct descriptor one, next;

	nr = nr < part->most ? nr : part->most;
	for (uint64_t n = 0; nr && n < nr - 1; n += step) {
		if (!read_descriptor(&place, n, &one) || !read_descriptor(&place, n + 1, &next) ||
		    one.offset != next.offset || !one.bytes)
			continue;
		const uint8_t *data = mmu_view_at(part->view, &place.hit, one.offset, one.bytes);
		if (data && !is_zeros(data, one.bytes))
			bytes += one.bytes;
	}
	return bytes;
}

/* Text is static: an image that is open does not change. */
static void tell_odd(struct mmu_image *image, const struct kdump *kdump, uint64_t nr_dumped,
		     bool joined)
{
	if (joined)
		image->survey_warning = "RAM is in so many pieces that the last ones are shown as "
					"one";
	if (kdump->parts.nr == 1)
		image->shared_bytes = find_shared(&kdump->parts.part[0], nr_dumped);
	if (image->shared_bytes)
		image->survey_warning = "pages share their bytes in the file, and they are not "
					"zeros: no writer of dumps does that";
	if (nr_dumped - image->truncated_pages > image->most_pages) {
		image->truncated_pages = nr_dumped - image->most_pages;
		image->survey_warning = "the bitmaps promise more pages than the file has: it is "
					"truncated, or damaged";
	}
}

static struct mmu_error *kdump_survey(struct mmu_image *image)
{
	const struct kdump *kdump = image->reader_data;
	struct mmu_kdump_census census;

	if (!mmu_kdump_census(&kdump->bitmaps, &census))
		return mmu_error_no_memory();
	for (size_t i = 0; i < census.nr_ram; i++) {
		struct mmu_pa_range *range = &census.ram[i];

		range->first_pa = (kdump->first_pfn + range->first_pa) << kdump->page_lg2;
		range->last_pa = ((kdump->first_pfn + range->last_pa + 1) << kdump->page_lg2) - 1;
	}
	tell_odd(image, kdump, census.nr_dumped, census.joined);
	image->ram = census.ram;
	image->nr_ram = census.nr_ram;
	image->filtered_pages = census.nr_filtered;
	image->present_pages = census.nr_dumped - image->truncated_pages;
	return NULL;
}

static bool kdump_last_ram(const struct mmu_image *image, uint64_t *ret_first_pa,
			   uint64_t *ret_last_pa)
{
	const struct kdump *kdump = image->reader_data;
	uint64_t pfn;

	if (!mmu_kdump_last_ram(&kdump->bitmaps, &pfn))
		return false;
	*ret_first_pa = (kdump->first_pfn + pfn) << kdump->page_lg2;
	*ret_last_pa = *ret_first_pa + (kdump->header.block_bytes - 1);
	return true;
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

	if (!kdump->header.wide && image->elf_machine == EM_ARM &&
	    mmu_kdump_first_ram(&kdump->bitmaps) < base)
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

	mmu_zlib(); /* each page says how it is packed, whatever the header does */
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
		error = read_notes(image, kdump);
	if (!error)
		error = look_at_pages(image, kdump);
	if (error)
		return error;
	image->elf_machine = machine_of(image, kdump);
	image->most_pages = most_pages(kdump);
	find_first_pfn(image, kdump);
	mmu_good_pages_open(&kdump->good, kdump->bitmaps.nr_pfns);
	kdump->shared = mmu_shared_pages_new(image->page_bytes, source->unpacked_bytes
									? source->unpacked_bytes
									: MMU_SHARED_PAGES_BYTES);
	return NULL;
}

const struct mmu_kdump_bitmaps *mmu_kdump_bitmaps_of(const struct mmu_image *image)
{
	return &((const struct kdump *)image->reader_data)->bitmaps;
}

static void kdump_close(struct mmu_image *image)
{
	struct kdump *kdump = image->reader_data;

	if (!kdump)
		return;
	mmu_kdump_parts_close(&kdump->parts);
	mmu_kdump_bitmaps_close(&kdump->bitmaps);
	mmu_good_pages_close(&kdump->good);
	mmu_shared_pages_destroy(kdump->shared);
	free(kdump);
}

const struct mmu_image_reader mmu_reader_kdump = {
	.name = "kdump",
	.probe = kdump_probe,
	.open = kdump_open,
	.span = kdump_span,
	.state = kdump_state,
	.survey = kdump_survey,
	.last_ram = kdump_last_ram,
	.lacks = kdump_lacks,
	.stays = kdump_stays,
	.close = kdump_close,
	.start = kdump_start,
	.stop = kdump_stop,
};
