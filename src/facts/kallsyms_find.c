/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Finding kallsyms in a kernel image by its shape, where nobody says where it lies. */
#include <stdlib.h>
#include <string.h>

#include "facts/kallsyms.h"

/*
 * scripts/kallsyms.c writes, each part at a multiple of a pointer's size, since 7.2 of 4:
 *   up to 6.3   addresses (up to 4.5), or offsets and relative_base; num_syms, names, markers,
 *               seqs_of_names (6.2), token_table, token_index
 *   since 6.4   num_syms, names, markers, token_table, token_index, offsets, relative_base (up to
 *               6.19), seqs_of_names
 * The tables of tokens vouch for each other. Before them lie the markers: where in names[] every
 * 256th symbol begins. They vouch for names[] and its number.
 */
#define TOKENS 256u
#define DIGITS_AT 0x30u /* '0' to '9' are in names, and so tokens of their own */
#define TOKEN_BYTES_MAX 8192u
#define BLOCK 256u               /* symbols for each marker */
#define BLOCK_BYTES_MIN 512u     /* a length and one token each */
#define BLOCK_BYTES_MAX 0x21000u /* KSYM_NAME_LEN is 512, and the type and the length take 3 */
#define MARKERS_MIN 4u
#define SEQS_BYTES_MAX (8u << 20)
#define NAMES_BYTES_MAX (64u << 20)
#define CHUNK_BYTES 65536u
#define TRIES_MAX 1024u /* of digits in a range */

static const char digits[] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009";

struct finder {
	mmu_kallsyms_read_fn read;
	mmu_kallsyms_found_fn fn;
	void *context;
	unsigned int tries;
	struct mmu_budget *budget;
	struct mmu_kallsyms_place place; /* as far as it is known */
	unsigned int unit;               /* each part begins at a multiple of it */
	uint64_t end_va;                 /* of token_index */
	uint64_t count;                  /* symbols */
};

static bool read_all(struct finder *finder, uint64_t va, uint8_t *buf, size_t bytes)
{
	return finder->read(finder->context, va, buf, bytes);
}

/* Read [va, va + bytes) page by page; what is missing reads as zero. */
static void read_some(struct finder *finder, uint64_t va, uint8_t *buf, size_t bytes)
{
	if (read_all(finder, va, buf, bytes))
		return;
	for (size_t at = 0; at < bytes;) {
		size_t here = 4096 - ((va + at) & 4095);

		here = here < bytes - at ? here : bytes - at;
		if (!read_all(finder, va + at, buf + at, here))
			memset(buf + at, 0, here);
		at += here;
	}
}

/* Once a search is given up, nothing more is read. */
static bool goes_on(const struct finder *finder)
{
	return !mmu_budget_ended(finder->budget, MMU_BUDGET_READ);
}

static uint64_t align(const struct finder *finder, uint64_t va)
{
	uint64_t mask = finder->unit - 1;

	return (va + mask) & ~mask;
}

static uint64_t number(const struct finder *finder, const uint8_t *at, unsigned int bytes)
{
	return mmu_get_uint(at, bytes, finder->place.big_endian);
}

/* ------------------------------------------------------------------ where the addresses are */

static bool offer(struct finder *finder, uint64_t offsets_va, uint64_t base_va,
		  uint64_t addresses_va)
{
	struct mmu_kallsyms_place place = finder->place;

	place.offsets_va = offsets_va;
	place.relative_base_va = base_va;
	place.addresses_va = addresses_va;
	return finder->fn(finder->context, &place);
}

/* Try every order that kernels have had; the addresses show which one it is. */
static bool offer_all(struct finder *finder)
{
	uint64_t word = finder->place.pointer_bytes, num_va = finder->place.names_va - finder->unit;
	uint64_t behind_va = align(finder, finder->end_va);
	uint64_t bytes = align(finder, 4 * finder->count);

	return offer(finder, behind_va, behind_va + bytes, 0) ||
	       offer(finder, num_va - word - bytes, num_va - word, 0) ||
	       offer(finder, behind_va, 0, 0) || offer(finder, 0, 0, num_va - word * finder->count);
}

/* ------------------------------------------------------------------ names */

/* Do the names fill the room up to the markers, and do the markers say where they are? */
static bool names_agree(const struct finder *finder, const uint8_t *names, uint64_t bytes,
			const uint8_t *markers, unsigned int width)
{
	uint64_t at = 0;

	for (uint64_t n = 0; n < finder->count; n++) {
		if (at >= bytes ||
		    (n % BLOCK == 0 && number(finder, markers + n / BLOCK * width, width) != at))
			return false;
		uint64_t length = names[at++];

		if (length & 0x80 && at < bytes) /* since 6.1 (73bbb94466fd) */
			length = (length & 0x7f) | (uint64_t)names[at++] << 7;
		if (!length || length > bytes - at)
			return false;
		at += length;
	}
	return bytes - at < finder->unit;
}

/* names[] at `names_va`, behind a number of symbols that fits the markers. */
static bool try_names(struct finder *finder, uint64_t num_syms_va, uint64_t names_va,
		      uint64_t markers_va, const uint8_t *markers, unsigned int width)
{
	uint64_t bytes = markers_va - names_va;
	uint8_t *names = bytes > NAMES_BYTES_MAX ? NULL : malloc(bytes);
	bool good = names && read_all(finder, names_va, names, bytes) &&
		    names_agree(finder, names, bytes, markers, width);

	free(names);
	if (!good)
		return false;
	finder->place.names_va = names_va;
	finder->place.num_syms_va = num_syms_va;
	return offer_all(finder);
}

/*
 * names[] in the `room` before its last block: the number of symbols, which lies before it, fits
 * the number of markers.
 */
static bool try_room(struct finder *finder, uint64_t room_va, const uint8_t *room, uint64_t va,
		     const uint8_t *markers, size_t nr, unsigned int width)
{
	unsigned int unit = finder->unit, tries = 64;

	for (size_t at = BLOCK_BYTES_MAX; at >= unit && tries; at -= unit) {
		uint64_t count = number(finder, room + at - unit, unit);
		uint64_t num_syms_va = room_va + at - unit;

		/* 32 bits and padding since 5.0, a word before */
		if (unit == 8 && finder->place.big_endian) {
			num_syms_va += count >> 32 ? 0 : 4;
			count >>= count >> 32 ? 32 : 0;
		}
		if (!count || (count - 1) / BLOCK + 1 != nr)
			continue;
		finder->count = count;
		if (try_names(finder, num_syms_va, room_va + at, va, markers, width))
			return true;
		tries--;
	}
	return false;
}

/*
 * The last marker says how much of names[] lies before its block. How long the block is, it does
 * not say.
 */
static bool try_markers(struct finder *finder, uint64_t va, unsigned int width)
{
	static const size_t most = SEQS_BYTES_MAX / 3 / BLOCK;
	uint8_t *room = malloc(BLOCK_BYTES_MAX), *markers = malloc(most * width);
	size_t nr = 1;
	bool taken = false;

	if (!room || !markers)
		goto out;
	read_some(finder, va, markers, most * width);
	while (nr < most) {
		uint64_t step = number(finder, markers + nr * width, width) -
				number(finder, markers + (nr - 1) * width, width);

		if (step < BLOCK_BYTES_MIN || step > BLOCK_BYTES_MAX)
			break;
		nr++;
	}
	uint64_t last = number(finder, markers + (nr - 1) * width, width);
	finder->unit = finder->place.pointer_bytes;
	for (; finder->unit >= 4 && !taken; finder->unit /= 2) {
		uint64_t room_va = (va - last - BLOCK_BYTES_MAX) & ~(uint64_t)(finder->unit - 1);

		read_some(finder, room_va, room, BLOCK_BYTES_MAX);
		taken = try_room(finder, room_va, room, va, markers, nr, width);
	}
out:
	free(room);
	free(markers);
	return taken;
}

/* Do markers begin here? */
static bool looks_like_markers(const struct finder *finder, const uint8_t *at, unsigned int width)
{
	uint64_t value = number(finder, at, width), next;

	if (value)
		return false;
	for (unsigned int i = 1; i < MARKERS_MIN; i++, value = next) {
		next = number(finder, at + i * width, width);
		if (next < value + BLOCK_BYTES_MIN || next > value + BLOCK_BYTES_MAX)
			return false;
	}
	return true;
}

/* Backwards from the tokens: before them lie the markers, or numbers by name and then those. */
static bool find_markers(struct finder *finder)
{
	uint64_t end_va = finder->place.token_table_va & ~UINT64_C(3), bytes = 0;
	uint8_t *chunk = malloc(CHUNK_BYTES + 8 * MARKERS_MIN);
	bool taken = false;
	unsigned int tries = 64;

	while (chunk && !taken && tries && bytes < SEQS_BYTES_MAX && goes_on(finder)) {
		bytes += CHUNK_BYTES;
		read_some(finder, end_va - bytes, chunk, CHUNK_BYTES + 8 * MARKERS_MIN);
		for (size_t at = CHUNK_BYTES; at && tries && !taken;) {
			at -= 4;
			for (unsigned int width = 4; width <= finder->place.pointer_bytes;
			     width += 4) {
				if (!looks_like_markers(finder, chunk + at, width))
					continue;
				tries--;
				taken = try_markers(finder, end_va - bytes + at, width);
				if (taken)
					break;
			}
		}
	}
	free(chunk);
	return taken;
}

/* ------------------------------------------------------------------ tokens */

/* Is this the index of the strings, of which those from '0' on begin at `strings`? */
static bool index_agrees(const struct finder *finder, const uint8_t *index, const uint8_t *strings,
			 const uint16_t starts[TOKENS])
{
	uint64_t first = number(finder, index + 2 * DIGITS_AT, 2);
	const uint8_t *table = strings - first;

	for (unsigned int i = 0; i < TOKENS; i++) {
		uint64_t here = number(finder, index + 2 * i, 2);
		uint64_t next = i + 1 < TOKENS ? number(finder, index + 2 * i + 2, 2) : here;

		if (i >= DIGITS_AT ? here != first + starts[i]
				   : (!i && here) || next <= here ||
					     strnlen((const char *)table + here, next - here) !=
						     next - here - 1)
			return false;
	}
	return true;
}

/* Digits lie at `va`: is that token_table[], and does token_index[] follow it? */
static bool try_digits(struct finder *finder, uint64_t va)
{
	uint8_t room[2 * TOKEN_BYTES_MAX + 2 * TOKENS + 16], *strings = room + TOKEN_BYTES_MAX;
	uint16_t starts[TOKENS] = { 0 };
	size_t at = 0;

	read_some(finder, va - TOKEN_BYTES_MAX, room, sizeof(room));
	for (unsigned int i = DIGITS_AT; i < TOKENS; i++) {
		starts[i] = (uint16_t)at;
		at += strnlen((const char *)strings + at, TOKEN_BYTES_MAX - at) + 1;
		if (at >= TOKEN_BYTES_MAX)
			return false;
	}
	for (size_t index = at; index < at + 16; index++) {
		uint64_t before = number(finder, strings + index + 2 * DIGITS_AT, 2);

		if ((va + index) & 3 || before > TOKEN_BYTES_MAX ||
		    !index_agrees(finder, strings + index, strings, starts))
			continue;
		finder->place.token_table_va = va - before;
		finder->place.token_index_va = va + index;
		finder->end_va = va + index + 2 * TOKENS;
		return find_markers(finder);
	}
	return false;
}

bool mmu_kallsyms_find(const struct mmu_kallsyms_where *where, mmu_kallsyms_read_fn read,
		       mmu_kallsyms_found_fn fn, void *context)
{
	struct finder finder = {
		.read = read, .fn = fn, .context = context, .budget = where->budget
	};
	uint8_t *chunk = malloc(CHUNK_BYTES + sizeof(digits));
	bool taken = false;

	finder.place.pointer_bytes = where->pointer_bytes;
	finder.place.big_endian = where->big_endian;
	finder.place.by_shape = true;
	for (uint64_t va = where->first_va; chunk && !taken && goes_on(&finder);
	     va += CHUNK_BYTES) {
		const uint8_t *hit = chunk, *end = chunk + CHUNK_BYTES + sizeof(digits);

		read_some(&finder, va, chunk, CHUNK_BYTES + sizeof(digits));
		while (!taken && finder.tries < TRIES_MAX &&
		       (hit = memmem(hit, (size_t)(end - hit), digits, sizeof(digits)))) {
			finder.tries++;
			taken = try_digits(&finder, va + (uint64_t)(hit - chunk));
			hit++;
		}
		if (where->last_va - va < CHUNK_BYTES)
			break;
	}
	free(chunk);
	return taken;
}
