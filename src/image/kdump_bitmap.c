/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Ranks of pages, made block by block when one is asked for, and passes over the bitmaps. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"
#include "image/kdump_bitmap.h"
#include "image/reader.h"

#define BLOCK_BYTES 4096u
#define BLOCK_BITS (8 * BLOCK_BYTES)
#define CHUNK_WORDS 8u
#define CHUNK_BITS (64 * CHUNK_WORDS)
#define BLOCK_CHUNKS (BLOCK_BITS / CHUNK_BITS)
/* What a pass reads at once. */
#define PIECE_BYTES ((uint64_t)8 * BLOCK_BYTES)
/* Pages of absence that one span may say at most: keeps a span cheap. */
#define RUN_WORDS_MAX 4096
#define RAM_RANGES_MAX ((size_t)1 << 20)

static uint64_t word_at(const uint8_t *bytes, uint64_t word)
{
	return mmu_get_u64(bytes + word * 8, false);
}

static bool bit_at(struct mmu_bytes bitmap, uint64_t bit)
{
	return bitmap.data[bit / 8] >> (bit % 8) & 1;
}

static uint64_t count_bits(uint64_t word)
{
	return (uint64_t)__builtin_popcountll(word);
}

/* Most chunks of a bitmap are all zeros or all ones. */
static uint64_t count_chunk(const uint8_t *bytes)
{
	uint64_t any = 0, all = UINT64_MAX, count = 0;

	for (uint64_t i = 0; i < CHUNK_WORDS; i++) {
		any |= word_at(bytes, i);
		all &= word_at(bytes, i);
	}
	if (!any || all == UINT64_MAX)
		return any ? CHUNK_BITS : 0;
	for (uint64_t i = 0; i < CHUNK_WORDS; i++)
		count += count_bits(word_at(bytes, i));
	return count;
}

struct mmu_error *mmu_kdump_bitmaps_open(struct mmu_image *image, uint64_t offset, uint64_t bytes,
					 struct mmu_kdump_bitmaps *ret)
{
	if (!bytes)
		return NULL;
	if (!mmu_bytes_fit(image->view.bytes, offset, 2 * bytes))
		return mmu_error_new(MMU_ERROR_FORMAT,
				     "the file ends inside its page bitmaps (file offset 0x%" PRIx64
				     ", 0x%" PRIx64 " bytes): no page can be read",
				     offset, 2 * bytes);
	struct mmu_error *error = mmu_image_bytes(image, offset, bytes, &ret->ram);
	if (!error)
		error = mmu_image_bytes(image, offset + bytes, bytes, &ret->dumped);
	if (error)
		return error;
	if (ret->ram.count < bytes || ret->dumped.count < bytes)
		return mmu_error_new(MMU_ERROR_FORMAT, "parts of the page bitmaps are missing");
	if (!image->view.extents)
		ret->file = &image->file;
	ret->nr_blocks = bytes / BLOCK_BYTES;
	/* zeros that cost nothing until something is written there */
	ret->blocks = calloc(ret->nr_blocks + 1, sizeof(*ret->blocks));
	ret->chunks = calloc(ret->nr_blocks * BLOCK_CHUNKS, sizeof(*ret->chunks));
	if (!ret->blocks || !ret->chunks)
		return mmu_error_no_memory();
	pthread_mutex_init(&ret->lock, NULL);
	ret->nr_pfns = bytes * 8;
	return NULL;
}

void mmu_kdump_bitmaps_close(struct mmu_kdump_bitmaps *bitmaps)
{
	if (bitmaps->nr_pfns)
		pthread_mutex_destroy(&bitmaps->lock);
	free(bitmaps->blocks);
	free(bitmaps->chunks);
	*bitmaps = (struct mmu_kdump_bitmaps){ 0 };
}

/*
 * Bytes of a bitmap from `at` on, at most a piece. A pass reads the file instead of touching the
 * mapping, which would cost a fault for every few pages and count as our memory.
 */
static const uint8_t *read_piece(const struct mmu_kdump_bitmaps *bitmaps, struct mmu_bytes bitmap,
				 uint64_t at, uint64_t bytes, uint8_t *buffer)
{
	const uint8_t *data = bitmap.data + at;

	if (bitmaps->file &&
	    mmu_file_read(bitmaps->file, buffer, bytes,
			  (uint64_t)(data - bitmaps->file->map.data)) == (ssize_t)bytes)
		return buffer;
	return data;
}

/*
 * Where data begin in the file, from a byte of a bitmap on; the bitmap's end: all of that is a
 * hole, which reads as zeros.
 */
static uint64_t data_from(const struct mmu_kdump_bitmaps *bitmaps, struct mmu_bytes bitmap,
			  uint64_t at)
{
	if (!bitmaps->file)
		return at;
	uint64_t offset = (uint64_t)(bitmap.data - bitmaps->file->map.data);
	off_t data = lseek(bitmaps->file->fd, (off_t)(offset + at), SEEK_DATA);

	if (data < 0) /* ENXIO: nothing but a hole; else the system can't tell */
		return errno == ENXIO ? bitmap.count : at;
	uint64_t found = (uint64_t)data - offset;
	return found < bitmap.count ? found : bitmap.count;
}

/* Bytes, in whole pieces, that both bitmaps have not. */
static uint64_t hole_bytes(const struct mmu_kdump_bitmaps *bitmaps, uint64_t at)
{
	uint64_t ram = data_from(bitmaps, bitmaps->ram, at);
	uint64_t dumped = ram > at ? data_from(bitmaps, bitmaps->dumped, at) : at;
	uint64_t bytes = (dumped < ram ? dumped : ram) - at;

	return at + bytes == bitmaps->ram.count ? bytes : bytes / PIECE_BYTES * PIECE_BYTES;
}

static uint64_t piece_bytes(const struct mmu_kdump_bitmaps *bitmaps, uint64_t at)
{
	uint64_t left = bitmaps->nr_pfns / 8 - at;

	return left < PIECE_BYTES ? left : PIECE_BYTES;
}

/* Rank the next blocks, as many as a piece has. */
static uint64_t rank_piece(struct mmu_kdump_bitmaps *bitmaps, uint64_t block)
{
	uint8_t buffer[PIECE_BYTES];
	uint64_t at = block * BLOCK_BYTES, bytes = piece_bytes(bitmaps, at);
	const uint8_t *data = read_piece(bitmaps, bitmaps->dumped, at, bytes, buffer);
	uint64_t dumped = bitmaps->blocks[block], in_block = 0;

	bitmaps->bytes_ranked += bytes;
	/* A bitmap is a number of the file's blocks, which have 4 KiB or a multiple. */
	for (uint64_t done = 0; done < bytes; done += CHUNK_BITS / 8) {
		uint64_t chunk = (at + done) * 8 / CHUNK_BITS;

		bitmaps->chunks[chunk] = (uint16_t)in_block;
		in_block += count_chunk(data + done);
		if ((chunk + 1) % BLOCK_CHUNKS == 0) {
			dumped += in_block;
			in_block = 0;
			bitmaps->blocks[++block] = dumped;
		}
	}
	return block;
}

/* Let `nr` blocks have their ranks. */
static void rank_blocks(struct mmu_kdump_bitmaps *bitmaps, uint64_t nr)
{
	pthread_mutex_lock(&bitmaps->lock);
	uint64_t block = bitmaps->nr_ranked;
	while (block < nr)
		block = rank_piece(bitmaps, block);
	__atomic_store_n(&bitmaps->nr_ranked, block, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&bitmaps->lock);
}

uint64_t mmu_kdump_rank(const struct mmu_kdump_bitmaps *bitmaps, uint64_t pfn)
{
	bool all = pfn == bitmaps->nr_pfns;
	uint64_t need = all ? bitmaps->nr_blocks : pfn / BLOCK_BITS + 1;

	/* The image does not change for those who read it: nothing but what is known already. */
	if (__atomic_load_n(&bitmaps->nr_ranked, __ATOMIC_ACQUIRE) < need)
		rank_blocks((struct mmu_kdump_bitmaps *)bitmaps, need);
	if (all)
		return bitmaps->blocks ? bitmaps->blocks[need] : 0;
	uint64_t rank = bitmaps->blocks[need - 1] + bitmaps->chunks[pfn / CHUNK_BITS];

	for (uint64_t word = pfn / CHUNK_BITS * CHUNK_WORDS; word < pfn / 64; word++)
		rank += count_bits(word_at(bitmaps->dumped.data, word));
	uint64_t below = (UINT64_C(1) << (pfn % 64)) - 1;
	return rank + count_bits(word_at(bitmaps->dumped.data, pfn / 64) & below);
}

enum mmu_page_state mmu_kdump_state(const struct mmu_kdump_bitmaps *bitmaps, uint64_t pfn)
{
	if (bit_at(bitmaps->dumped, pfn))
		return MMU_PAGE_PRESENT;
	return bit_at(bitmaps->ram, pfn) ? MMU_PAGE_FILTERED : MMU_PAGE_OUTSIDE_RAM;
}

/* A bit for every page of a word that is in the state, which is not MMU_PAGE_PRESENT. */
static uint64_t state_word(const struct mmu_kdump_bitmaps *bitmaps, uint64_t word,
			   enum mmu_page_state state)
{
	uint64_t absent = ~word_at(bitmaps->dumped.data, word);
	uint64_t ram = word_at(bitmaps->ram.data, word);

	return absent & (state == MMU_PAGE_FILTERED ? ram : ~ram);
}

uint64_t mmu_kdump_absence_end(const struct mmu_kdump_bitmaps *bitmaps, uint64_t pfn)
{
	enum mmu_page_state state = mmu_kdump_state(bitmaps, pfn);
	uint64_t word = pfn / 64, nr_words = bitmaps->nr_pfns / 64;
	uint64_t others = ~state_word(bitmaps, word, state) & (UINT64_MAX << (pfn % 64));

	for (uint64_t i = 0; !others && i < RUN_WORDS_MAX; i++) {
		if (++word == nr_words)
			return bitmaps->nr_pfns;
		others = ~state_word(bitmaps, word, state);
	}
	return word * 64 + (others ? (uint64_t)__builtin_ctzll(others) : 0);
}

uint64_t mmu_kdump_first_ram(const struct mmu_kdump_bitmaps *bitmaps)
{
	for (uint64_t word = 0; word < bitmaps->nr_pfns / 64; word++) {
		uint64_t ram = word_at(bitmaps->ram.data, word) |
			       word_at(bitmaps->dumped.data, word);

		if (ram)
			return word * 64 + (uint64_t)__builtin_ctzll(ram);
	}
	return bitmaps->nr_pfns;
}

/* The last word of a piece that is not all zeros; false: there is none. */
static bool last_word(const struct mmu_kdump_bitmaps *bitmaps, uint64_t at, uint64_t bytes,
		      uint64_t *ret_pfn)
{
	uint8_t ram[PIECE_BYTES], dumped[PIECE_BYTES];
	const uint8_t *known = read_piece(bitmaps, bitmaps->ram, at, bytes, ram);
	const uint8_t *there = read_piece(bitmaps, bitmaps->dumped, at, bytes, dumped);

	for (uint64_t i = bytes / 8; i--;) {
		uint64_t any = word_at(known, i) | word_at(there, i);

		if (any) {
			*ret_pfn = at * 8 + i * 64 + 63 - (uint64_t)__builtin_clzll(any);
			return true;
		}
	}
	return false;
}

bool mmu_kdump_last_ram(const struct mmu_kdump_bitmaps *bitmaps, uint64_t *ret_pfn)
{
	uint64_t end = bitmaps->nr_pfns / 8, step = PIECE_BYTES;

	while (end) {
		/* the end of a bitmap is one of pieces, but for the last one */
		uint64_t at = end > step
				      ? (end - 1) / PIECE_BYTES * PIECE_BYTES + PIECE_BYTES - step
				      : 0;

		if (data_from(bitmaps, bitmaps->ram, at) >= end &&
		    data_from(bitmaps, bitmaps->dumped, at) >= end) {
			end = at;
			step *= 2;
			continue;
		}
		if (step > PIECE_BYTES) {
			step /= 2;
			continue;
		}
		if (last_word(bitmaps, at, end - at, ret_pfn))
			return true;
		end = at;
	}
	return false;
}

/* ------------------------------------------------------------------------------------ a pass */

/* RAM begins or ends at `pfn`. */
static bool census_turn(struct mmu_kdump_census *census, uint64_t pfn, bool is_ram)
{
	if (!is_ram) {
		census->ram[census->nr_ram - 1].last_pa = pfn - 1;
		return true;
	}
	if (census->nr_ram == RAM_RANGES_MAX) {
		census->joined = true;
		return true;
	}
	if (!mmu_list_room(&census->ram, census->nr_ram, sizeof(*census->ram)))
		return false;
	census->ram[census->nr_ram++].first_pa = pfn;
	return true;
}

/* @param in_ram  what the page before is; afterwards what the last one is */
static bool census_word(struct mmu_kdump_census *census, uint64_t word, uint64_t ram, bool *in_ram)
{
	uint64_t turns = ram ^ (ram << 1 | *in_ram);

	for (; turns; turns &= turns - 1) {
		*in_ram = !*in_ram;
		if (!census_turn(census, word * 64 + (uint64_t)__builtin_ctzll(turns), *in_ram))
			return false;
	}
	return true;
}

static bool census_piece(const uint8_t *ram, const uint8_t *dumped, uint64_t at, uint64_t bytes,
			 struct mmu_kdump_census *census, bool *in_ram)
{
	for (uint64_t i = 0; i < bytes / 8; i++) {
		uint64_t known = word_at(ram, i), there = word_at(dumped, i);

		if (!(known | there) && !*in_ram)
			continue;
		census->nr_dumped += count_bits(there);
		census->nr_filtered += count_bits(known & ~there);
		if (!census_word(census, at / 8 + i, known | there, in_ram))
			return false;
	}
	return true;
}

bool mmu_kdump_census(const struct mmu_kdump_bitmaps *bitmaps, struct mmu_kdump_census *ret)
{
	uint8_t ram[PIECE_BYTES], dumped[PIECE_BYTES];
	struct mmu_kdump_census census = { 0 };
	bool in_ram = false;
	uint64_t bytes;

	for (uint64_t at = 0; at < bitmaps->nr_pfns / 8; at += bytes) {
		bytes = in_ram ? 0 : hole_bytes(bitmaps, at);
		if (bytes)
			continue;
		bytes = piece_bytes(bitmaps, at);
		if (!census_piece(read_piece(bitmaps, bitmaps->ram, at, bytes, ram),
				  read_piece(bitmaps, bitmaps->dumped, at, bytes, dumped), at,
				  bytes, &census, &in_ram)) {
			free(census.ram);
			return false;
		}
	}
	if (in_ram)
		census_turn(&census, bitmaps->nr_pfns, false);
	*ret = census;
	return true;
}
