/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file AVML's compressed files: blocks of memory, each a stream in snappy's framing format. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "image/crc32c.h"
#include "image/layout.h"
#include "image/lime.h"
#include "image/page_cache.h"
#include "image/reader.h"
#include "image/unpack.h"

/*
 * A block is a header as LiME has it, chunks, and the chunks' bytes as 64 bits: image.rs of
 * https://github.com/microsoft/avml. Chunks: framing_format.txt of snappy.
 */
#define AVML_VERSION 2
#define LENGTH_BYTES 8
#define CHUNK_HEADER_BYTES 4
#define CRC_BYTES 4
#define UNPACKED_BYTES_MAX 65536
#define PACKED_LEAST 3u
#define UNPACKED_MOST 64u
#define FRAMES_MAX ((size_t)1 << 26)

enum chunk_type {
	CHUNK_COMPRESSED = 0x00,
	CHUNK_PLAIN = 0x01,
	CHUNK_SKIPPABLE = 0x80, /* from here on */
	CHUNK_IDENTIFIER = 0xff,
};

static const uint8_t identifier[] = { 's', 'N', 'a', 'P', 'p', 'Y' };

struct chunk {
	uint8_t type;
	struct mmu_bytes body;   /* without the checksum, where there is one */
	uint32_t crc;            /* masked */
	uint32_t unpacked_bytes; /* 0: no memory in it */
	uint64_t end;            /* file offset of the next one */
};

/* A chunk with memory in it. */
struct frame {
	uint64_t first_pa;
	uint64_t offset; /* of the chunk in the file */
};

/* The frames of a block are looked for when one of them is needed. */
struct block {
	struct frame *frames;
	size_t nr;
	uint64_t bytes; /* of memory that the frames hold */
	bool indexed;
};

struct avml {
	struct mmu_layout layout; /* no data: what is PRESENT must be unpacked */
	struct mmu_lime_ranges ranges;
};

/* A cursor's. */
struct place {
	size_t nr_blocks;
	struct block *blocks;         /* one a range */
	size_t nr_frames;             /* of all blocks */
	struct mmu_page_cache *cache; /* by the frame's offset */
	struct mmu_unpacker *unpacker;
	uint64_t hit_pa, hit_bytes; /* the frame that was read last */
	const uint8_t *hit;         /* NULL: there is none */
};

enum outcome {
	OUTCOME_WHOLE,
	OUTCOME_CUT,     /* the file ends first */
	OUTCOME_DAMAGED, /* what is before it can be used */
};

/* ------------------------------------------------------------------------------------ chunks */

/* The length that stands before snappy's data: 7 bits a byte, low ones first. */
static bool read_unpacked_bytes(struct mmu_bytes body, uint32_t *ret)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < 3 && i < body.count; i++) {
		value |= (uint32_t)(body.data[i] & 0x7f) << (7 * i);
		if (body.data[i] & 0x80)
			continue;
		*ret = value;
		return value <= UNPACKED_BYTES_MAX;
	}
	return false;
}

/* The chunk at an offset; `file` ends where the stream must end at the latest. */
static enum outcome read_chunk(struct mmu_bytes file, uint64_t offset, struct chunk *ret)
{
	struct chunk chunk = { 0 };
	struct mmu_bytes at;

	if (!mmu_bytes_slice(file, offset, CHUNK_HEADER_BYTES, &at))
		return OUTCOME_CUT;
	uint32_t header = mmu_get_u32(at.data, false);
	chunk.type = header & 0xff;
	if (chunk.type > CHUNK_PLAIN && chunk.type < CHUNK_SKIPPABLE)
		return OUTCOME_DAMAGED;
	if (!mmu_bytes_slice(file, offset + CHUNK_HEADER_BYTES, header >> 8, &chunk.body))
		return OUTCOME_CUT;
	chunk.end = offset + CHUNK_HEADER_BYTES + chunk.body.count;
	if (chunk.type == CHUNK_IDENTIFIER &&
	    (chunk.body.count != sizeof(identifier) ||
	     memcmp(chunk.body.data, identifier, sizeof(identifier)) != 0))
		return OUTCOME_DAMAGED;
	if (chunk.type <= CHUNK_PLAIN) {
		if (chunk.body.count < CRC_BYTES)
			return OUTCOME_DAMAGED;
		chunk.crc = mmu_get_u32(chunk.body.data, false);
		chunk.body.data += CRC_BYTES;
		chunk.body.count -= CRC_BYTES;
		if (chunk.type == CHUNK_PLAIN && chunk.body.count <= UNPACKED_BYTES_MAX)
			chunk.unpacked_bytes = (uint32_t)chunk.body.count;
		else if (chunk.type == CHUNK_PLAIN ||
			 !read_unpacked_bytes(chunk.body, &chunk.unpacked_bytes))
			return OUTCOME_DAMAGED;
	}
	*ret = chunk;
	return OUTCOME_WHOLE;
}

static struct mmu_error *add_frame(size_t *nr_frames, struct block *block, struct frame frame)
{
	if (!mmu_list_room(&block->frames, block->nr, sizeof(*block->frames)))
		return mmu_error_no_memory();
	if (*nr_frames >= FRAMES_MAX)
		return mmu_error_new(MMU_ERROR_UNSUPPORTED,
				     "memory is compressed in more than %zu pieces", FRAMES_MAX);
	++*nr_frames;
	block->frames[block->nr++] = frame;
	return NULL;
}

/* Does the length of the stream that began at `data` stand here? */
static bool is_length(struct mmu_bytes file, uint64_t data, uint64_t offset)
{
	struct mmu_bytes length;

	return mmu_bytes_slice(file, offset, LENGTH_BYTES, &length) &&
	       mmu_get_u64(length.data, false) == offset - data;
}

/*
 * List the frames of a range.
 * @param nr_frames  of all blocks that are listed; goes up
 * @param range  its `end` is where its stream ends at the latest; set to where it stops
 */
static struct mmu_error *index_block(size_t *nr_frames, struct mmu_bytes file,
				     struct mmu_lime_range *range, struct block *block,
				     enum outcome *ret)
{
	/* No stream is 2^64 bytes long: only a damaged header says that of its memory. */
	uint64_t memory_bytes = range->last_pa - range->first_pa + 1;
	struct mmu_bytes stream = { file.data, range->end };
	enum outcome outcome = OUTCOME_WHOLE;
	struct mmu_error *error = NULL;
	uint64_t offset = range->data;
	struct chunk chunk;

	block->indexed = true;
	while (block->bytes != memory_bytes || !is_length(file, range->data, offset)) {
		outcome = read_chunk(stream, offset, &chunk);
		if (outcome == OUTCOME_WHOLE && chunk.unpacked_bytes > memory_bytes - block->bytes)
			outcome = OUTCOME_DAMAGED;
		if (outcome != OUTCOME_WHOLE)
			break;
		if (chunk.unpacked_bytes)
			error = add_frame(nr_frames, block,
					  (struct frame){ range->first_pa + block->bytes, offset });
		if (error)
			return error;
		block->bytes += chunk.unpacked_bytes;
		offset = chunk.end;
	}
	range->end = offset;
	*ret = outcome;
	return NULL;
}

/* ------------------------------------------------------------------------------------ opening */

static bool avml_probe(const struct mmu_image *image, const struct mmu_source *source)
{
	return !image->view.extents && image->view.map.count >= 4 &&
	       mmu_get_u32(image->view.map.data, false) == MMU_AVML_MAGIC;
}

static struct mmu_error *header_at(struct mmu_bytes file, uint64_t offset,
				   struct mmu_lime_range *ret, bool *ret_found)
{
	return mmu_lime_header(file, offset, MMU_AVML_MAGIC, AVML_VERSION, false, ret, ret_found);
}

/* Early versions write empty ranges; at 0 those look like one from 0 to 2^64 - 1. */
static bool is_empty(const struct mmu_lime_range *range)
{
	return range->last_pa + 1 == range->first_pa &&
	       (range->first_pa || range->end == range->data);
}

/* snappy makes 64 bytes of 3 at most. @param bytes  of memory; 0: 2^64 */
static bool can_hold(uint64_t packed_bytes, uint64_t bytes)
{
	return bytes && (bytes - 1) / UNPACKED_MOST < packed_bytes / PACKED_LEAST + 1;
}

/* How much of its memory a block holds: where it can't be all, the chunks are counted. */
static struct mmu_error *count_memory(struct mmu_bytes file, struct mmu_lime_range *range)
{
	uint64_t bytes = range->last_pa - range->first_pa + 1, packed = range->end - range->data;
	struct mmu_lime_range whole = *range;
	struct block block = { 0 };
	size_t nr_frames = 0;
	enum outcome outcome;

	range->bytes = bytes;
	if (can_hold(packed, bytes))
		return NULL;
	struct mmu_error *error = index_block(&nr_frames, file, &whole, &block, &outcome);
	range->bytes = block.bytes;
	free(block.frames);
	return error;
}

/*
 * Each block ends with its length, so a whole file's blocks are found from its end, without a
 * look at their chunks.
 * @param ret_found  false, and there are no ranges: that leads nowhere
 */
static struct mmu_error *find_backwards(struct mmu_bytes file, struct mmu_lime_ranges *ranges,
					bool *ret_found)
{
	struct mmu_error *error = NULL;
	uint64_t end = file.count;

	while (end && !error) {
		struct mmu_lime_range range;
		bool found = end >= MMU_LIME_HEADER_BYTES + LENGTH_BYTES;
		uint64_t bytes = found ? mmu_get_u64(file.data + end - LENGTH_BYTES, false) : 0;

		found = found && bytes <= end - MMU_LIME_HEADER_BYTES - LENGTH_BYTES;
		if (found)
			error = header_at(file, end - MMU_LIME_HEADER_BYTES - LENGTH_BYTES - bytes,
					  &range, &found);
		if (!found) {
			ranges->nr = 0;
			*ret_found = false;
			return error;
		}
		if (error)
			break;
		range.end = range.data + bytes;
		error = count_memory(file, &range);
		if (error)
			break;
		end = range.data - MMU_LIME_HEADER_BYTES;
		if (!is_empty(&range))
			error = mmu_lime_add(ranges, range);
	}
	*ret_found = !error;
	return error;
}

/* One block after the other: for files whose end is missing, or has something behind it. */
static struct mmu_error *find_forwards(struct mmu_image *image, struct avml *avml)
{
	struct mmu_bytes file = image->file.map;
	enum outcome outcome = OUTCOME_WHOLE;

	for (uint64_t offset = 0; offset < file.count && outcome == OUTCOME_WHOLE;) {
		struct block block = { 0 };
		struct mmu_lime_range range;
		size_t nr_frames = 0;
		bool found;
		struct mmu_error *error = header_at(file, offset, &range, &found);

		if (error)
			return error;
		if (!found && !offset)
			return mmu_lime_version(file, "AVML", false);
		if (!found) {
			mmu_lime_warn_rest(image, "AVML", offset);
			break;
		}
		range.end = file.count;
		error = index_block(&nr_frames, file, &range, &block, &outcome);
		free(block.frames); /* each cursor lists its own */
		if (error)
			return error;
		range.bytes = range.last_pa - range.first_pa + 1;
		if (outcome == OUTCOME_CUT)
			mmu_image_warn(image, "the file ends inside a block: others may be "
					      "missing");
		if (outcome == OUTCOME_CUT || !can_hold(file.count - range.data, range.bytes))
			range.bytes = block.bytes;
		if (outcome == OUTCOME_DAMAGED)
			mmu_image_warn(image,
				       "damaged at file offset 0x%" PRIx64 ": the blocks behind it "
				       "can't be found",
				       range.end);
		offset = range.end + LENGTH_BYTES;
		if (!is_empty(&range))
			error = mmu_lime_add(&avml->ranges, range);
		if (error)
			return error;
	}
	return NULL;
}

static struct mmu_error *need_snappy(void)
{
	struct mmu_unpacker *unpacker = mmu_unpacker_new();
	struct mmu_error *error = NULL;

	if (!unpacker)
		return mmu_error_no_memory();
	if (!mmu_unpacker_can(unpacker, MMU_PACKING_SNAPPY))
		error = mmu_error_new(MMU_ERROR_UNSUPPORTED, "is compressed with snappy, which is "
							     "not available here; "
							     "avml-convert makes a LiME file of "
							     "it");
	mmu_unpacker_destroy(unpacker);
	return error;
}

static struct mmu_error *avml_open(struct mmu_image *image, const struct mmu_source *source)
{
	struct avml *avml = calloc(1, sizeof(*avml));
	bool found;

	if (!avml)
		return mmu_error_no_memory();
	image->reader_data = avml;
	struct mmu_error *error = find_backwards(image->file.map, &avml->ranges, &found);
	if (!error && !found)
		error = find_forwards(image, avml);
	if (!error)
		error = mmu_lime_lay_out(&avml->ranges, NULL, &avml->layout, image);
	if (!error)
		error = need_snappy();
	if (error)
		return error;
	mmu_lime_warn_zeros(image, &avml->ranges);
	mmu_lime_warn_last_bytes(image, &avml->ranges);
	return mmu_image_set_format(image, "AVML v%d, snappy", AVML_VERSION);
}

/* ------------------------------------------------------------------------------------ memory */

/* The range that an address is in, which is in one. */
static size_t range_of(const struct avml *avml, uint64_t pa)
{
	size_t low = 0, high = avml->ranges.nr - 1;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (avml->ranges.items[middle].last_pa < pa)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The last frame that does not begin above an address; the first one does not. */
static const struct frame *frame_of(const struct block *block, uint64_t pa)
{
	size_t low = 0, high = block->nr - 1;

	while (low < high) {
		size_t middle = low + (high - low + 1) / 2;

		if (block->frames[middle].first_pa > pa)
			high = middle - 1;
		else
			low = middle;
	}
	return &block->frames[low];
}

/* snappy's checksum is rotated, since those of data with checksums in them are bad ones. */
static bool is_intact(const uint8_t *data, const struct chunk *chunk)
{
	uint32_t crc = mmu_crc32c((struct mmu_bytes){ data, chunk->unpacked_bytes });

	return (crc >> 15 | crc << 17) + 0xa282ead8 == chunk->crc;
}

/* @return NULL: damaged */
static const uint8_t *load_frame(const struct mmu_image *image, struct place *place,
				 const struct frame *frame, uint64_t bytes)
{
	const uint8_t *cached = mmu_page_cache_find(place->cache, frame->offset);
	struct chunk chunk;

	if (cached)
		return cached;
	if (read_chunk(image->file.map, frame->offset, &chunk) != OUTCOME_WHOLE ||
	    chunk.unpacked_bytes != bytes)
		return NULL;
	uint8_t *data = mmu_page_cache_take(place->cache, frame->offset);
	if (mmu_unpack(place->unpacker,
		       chunk.type == CHUNK_PLAIN ? MMU_PACKING_NONE : MMU_PACKING_SNAPPY,
		       chunk.body, data, chunk.unpacked_bytes) &&
	    is_intact(data, &chunk))
		return data;
	mmu_page_cache_drop(place->cache);
	return NULL;
}

/* The block that should have an address, with its frames listed. */
static struct block *block_of(const struct mmu_image *image, struct place *place, uint64_t pa,
			      struct mmu_lime_range *ret_range)
{
	const struct avml *avml = image->reader_data;
	size_t index = range_of(avml, pa);
	struct block *block = &place->blocks[index];
	enum outcome outcome;

	*ret_range = avml->ranges.items[index];
	/* The frames that come before what is wrong can be used. */
	if (!block->indexed)
		mmu_error_destroy(index_block(&place->nr_frames, image->file.map, ret_range, block,
					      &outcome));
	return block;
}

/* An address that a block should have, and whose frame is not the one that was read last. */
static struct mmu_span other_span(const struct mmu_image *image, struct place *place, uint64_t pa)
{
	struct mmu_lime_range range;
	struct block *block = block_of(image, place, pa, &range);

	place->hit = NULL;
	if (pa - range.first_pa >= block->bytes) {
		uint64_t behind = range.last_pa - pa;

		return (struct mmu_span){ NULL, behind + (behind != UINT64_MAX),
					  MMU_PAGE_UNREADABLE };
	}
	const struct frame *frame = frame_of(block, pa);
	bool is_last = frame == &block->frames[block->nr - 1];
	uint64_t end = is_last ? block->bytes : frame[1].first_pa - range.first_pa;
	uint64_t bytes = end - (frame->first_pa - range.first_pa);
	uint64_t in_frame = pa - frame->first_pa;
	const uint8_t *data = load_frame(image, place, frame, bytes);
	if (!data)
		return (struct mmu_span){ NULL, bytes - in_frame, MMU_PAGE_UNREADABLE };
	place->hit = data;
	place->hit_pa = frame->first_pa;
	place->hit_bytes = bytes;
	return (struct mmu_span){ data + in_frame, bytes - in_frame, MMU_PAGE_PRESENT };
}

static struct mmu_span avml_span(const struct mmu_image *image, struct mmu_cursor *cursor,
				 uint64_t pa)
{
	const struct avml *avml = image->reader_data;
	struct place *place = cursor->state;
	uint64_t in_hit = place ? pa - place->hit_pa : 0;

	if (place && place->hit && in_hit < place->hit_bytes)
		return (struct mmu_span){ place->hit + in_hit, place->hit_bytes - in_hit,
					  MMU_PAGE_PRESENT };
	struct mmu_span span = mmu_layout_span(&avml->layout, cursor, pa);
	if (span.state != MMU_PAGE_PRESENT)
		return span;
	place = mmu_cursor_state(cursor);
	if (!place)
		return (struct mmu_span){ NULL, span.bytes, MMU_PAGE_UNREADABLE };
	return other_span(image, place, pa);
}

static enum mmu_page_state avml_state(const struct mmu_image *image, struct mmu_cursor *cursor,
				      uint64_t pa)
{
	const struct avml *avml = image->reader_data;
	enum mmu_page_state state = mmu_layout_span(&avml->layout, cursor, pa).state;
	struct place *place = state == MMU_PAGE_PRESENT ? mmu_cursor_state(cursor) : NULL;
	struct mmu_lime_range range;

	if (state != MMU_PAGE_PRESENT)
		return state;
	if (!place)
		return MMU_PAGE_UNREADABLE;
	const struct block *block = block_of(image, place, pa, &range);
	return pa - range.first_pa < block->bytes ? MMU_PAGE_PRESENT : MMU_PAGE_UNREADABLE;
}

static void avml_stop(void *state)
{
	struct place *place = state;

	for (size_t i = 0; place->blocks && i < place->nr_blocks; i++)
		free(place->blocks[i].frames);
	free(place->blocks);
	mmu_page_cache_destroy(place->cache);
	mmu_unpacker_destroy(place->unpacker);
	free(place);
}

static void *avml_start(const struct mmu_image *image)
{
	const struct avml *avml = image->reader_data;
	struct place *place = calloc(1, sizeof(*place));

	if (!place)
		return NULL;
	place->nr_blocks = avml->ranges.nr;
	place->blocks = calloc(place->nr_blocks, sizeof(*place->blocks));
	place->cache = mmu_page_cache_new(UNPACKED_BYTES_MAX, MMU_PAGE_CACHE_BYTES);
	place->unpacker = mmu_unpacker_new();
	if (place->blocks && place->cache && place->unpacker)
		return place;
	avml_stop(place);
	return NULL;
}

static void avml_close(struct mmu_image *image)
{
	struct avml *avml = image->reader_data;

	if (!avml)
		return;
	free(avml->ranges.items);
	free(avml->layout.pieces);
	free(avml);
}

const struct mmu_image_reader mmu_reader_avml = {
	.name = "avml",
	.probe = avml_probe,
	.open = avml_open,
	.span = avml_span,
	.state = avml_state,
	.close = avml_close,
	.start = avml_start,
	.stop = avml_stop,
};
