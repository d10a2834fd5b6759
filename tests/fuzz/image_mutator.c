/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Changing image files where their numbers stand. */
#include <string.h>

#include "fuzz/image_mutator.h"

struct file {
	struct fuzz_random *random;
	uint8_t *data;
	size_t bytes;
};

static uint64_t get(const struct file *file, size_t offset, unsigned int width, bool big)
{
	return fuzz_get(file->data, file->bytes, offset, width, big);
}

static void change(const struct file *file, size_t offset, unsigned int width, bool big)
{
	fuzz_change(file->random, file->data, file->bytes, offset, width, big);
}

/* One of the numbers of a struct that lie at these offsets, with these widths. */
static void change_one(const struct file *file, size_t at, const uint8_t (*fields)[2], size_t nr,
		       bool big)
{
	size_t i = fuzz_below(file->random, nr);

	change(file, at + fields[i][0], fields[i][1], big);
}

#define CHANGE_ONE(file, at, fields, big)                                                          \
	change_one(file, at, fields, sizeof(fields) / sizeof((fields)[0]), big)

/* Notes: their lengths, which count in turn where the next one begins. */
static void change_note(const struct file *file, uint64_t offset, uint64_t bytes, bool big)
{
	for (unsigned int i = 0; i < 8 && bytes >= 12; i++) {
		uint64_t name = get(file, offset, 4, big), desc = get(file, offset + 4, 4, big);
		uint64_t whole = 12 + ((name + 3) & ~UINT64_C(3)) + ((desc + 3) & ~UINT64_C(3));

		if (whole > bytes || !fuzz_below(file->random, 3)) {
			change(file, offset + 4 * fuzz_below(file->random, 3), 4, big);
			return;
		}
		offset += whole;
		bytes -= whole;
	}
}

static void change_elf(const struct file *file)
{
	static const uint8_t header_64[][2] = { { 16, 2 }, { 18, 2 }, { 32, 8 }, { 40, 8 },
						{ 52, 2 }, { 54, 2 }, { 56, 2 }, { 60, 2 } };
	static const uint8_t header_32[][2] = { { 16, 2 }, { 18, 2 }, { 28, 4 }, { 32, 4 },
						{ 40, 2 }, { 42, 2 }, { 44, 2 }, { 48, 2 } };
	static const uint8_t segment_64[][2] = { { 0, 4 },  { 8, 8 },  { 16, 8 },
						 { 24, 8 }, { 32, 8 }, { 40, 8 } };
	static const uint8_t segment_32[][2] = { { 0, 4 },  { 4, 4 },  { 8, 4 },
						 { 12, 4 }, { 16, 4 }, { 20, 4 } };
	bool wide = file->data[4] == 2, big = file->data[5] == 2;
	uint64_t phoff = get(file, wide ? 32 : 28, wide ? 8 : 4, big);
	uint64_t nr = get(file, wide ? 56 : 44, 2, big), size = wide ? 56 : 32;
	uint64_t one = phoff + size * fuzz_below(file->random, nr < 64 ? nr : 64);
	uint64_t other = phoff + size * fuzz_below(file->random, nr < 64 ? nr : 64);

	switch (fuzz_below(file->random, 8)) {
	case 0:
		if (wide)
			CHANGE_ONE(file, 0, header_64, big);
		else
			CHANGE_ONE(file, 0, header_32, big);
		return;
	case 1: /* one segment again in place of another */
		if (one < file->bytes && other < file->bytes && size <= file->bytes - one &&
		    size <= file->bytes - other)
			memmove(file->data + one, file->data + other, size);
		return;
	case 2:
		change_note(file, get(file, phoff + (wide ? 8 : 4), wide ? 8 : 4, big),
			    get(file, phoff + (wide ? 32 : 16), wide ? 8 : 4, big), big);
		return;
	default:
		if (wide)
			CHANGE_ONE(file, one, segment_64, big);
		else
			CHANGE_ONE(file, one, segment_32, big);
	}
}

/* A descriptor: one of its numbers, or another page's place; in half the cases a size that fits. */
static void change_descriptor(const struct file *file, uint64_t at, bool big)
{
	static const uint8_t fields[][2] = { { 0, 8 }, { 8, 4 }, { 12, 4 }, { 16, 8 } };
	static const uint32_t flags[] = { 0, 1, 2, 4, 0x20, 8 };

	if (!fuzz_below(file->random, 3))
		fuzz_put(file->data, file->bytes, at + 12, 4, big,
			 flags[fuzz_below(file->random, 6)]);
	else
		CHANGE_ONE(file, at, fields, big);
	uint64_t offset = get(file, at, 8, big);
	if (offset < file->bytes && fuzz_below(file->random, 2)) {
		uint64_t room = file->bytes - offset;

		fuzz_put(file->data, file->bytes, at + 8, 4, big, room < 4096 ? room : 4096);
	}
}

static void change_kdump(const struct file *file)
{
	static const uint8_t status[] = { 424 & 0xff, 412 & 0xff, 420 & 0xff }; /* and 256 */
	bool big = get(file, 8, 4, false) > 64;
	size_t main = 256u + status[fuzz_below(file->random, 3)];
	uint64_t block = 4096;

	for (size_t i = 0; i < sizeof(status); i++)
		if (get(file, 256u + status[i] + 4, 4, big) % 4096 == 0)
			main = 256u + status[i];
	if (get(file, main + 4, 4, big) <= 65536)
		block = get(file, main + 4, 4, big);
	uint64_t bitmap = block * (1 + get(file, main + 8, 4, big));
	uint64_t descriptors = bitmap + block * get(file, main + 12, 4, big);

	switch (fuzz_below(file->random, 6)) {
	case 0: /* status, block, sub header, bitmaps, max_mapnr */
		change(file, main + 4 * fuzz_below(file->random, 5), 4, big);
		return;
	case 1:
		change(file, block + 4 * fuzz_below(file->random, 28),
		       fuzz_below(file->random, 2) ? 8 : 4, big);
		return;
	case 2:
		if (bitmap < file->bytes)
			file->data[bitmap + fuzz_below(file->random, file->bytes - bitmap) % 16] ^=
				(uint8_t)(1u << fuzz_below(file->random, 8));
		return;
	default:
		change_descriptor(file, descriptors + 24 * fuzz_below(file->random, 16), big);
	}
}

/* Records of a flattened file lie one behind the other: offset and size, big-endian. */
static void change_record(const struct file *file)
{
	uint64_t at = 4096, pick = fuzz_below(file->random, 32);

	for (; pick; pick--) {
		uint64_t size = get(file, at + 8, 8, true);

		if (size >= file->bytes || at + 16 + size + 16 > file->bytes)
			break;
		at += 16 + size;
	}
	change(file, at + 8 * fuzz_below(file->random, 2), 8, true);
}

/* Headers of ranges, one behind the other, and the lengths of AVML's chunks between them. */
static void change_ranges(const struct file *file)
{
	static const uint8_t fields[][2] = { { 0, 4 }, { 4, 4 }, { 8, 8 }, { 16, 8 }, { 24, 8 } };
	bool avml = file->data[0] == 'A' || file->data[0] == 'L';
	uint64_t at = 0, pick = fuzz_below(file->random, 16);

	for (; pick && at + 32 < file->bytes; pick--) {
		uint64_t bytes = get(file, at + 16, 8, false) - get(file, at + 8, 8, false) + 1;

		if (avml && fuzz_below(file->random, 2)) {
			uint64_t chunk = at + 32;

			while (fuzz_below(file->random, 3) && chunk + 4 < file->bytes)
				chunk += 4 + get(file, chunk + 1, 3, false);
			change(file, chunk, 4, false);
			return;
		}
		if (bytes > file->bytes - at - 32)
			break;
		at += 32 + bytes;
	}
	CHANGE_ONE(file, at, fields, false);
}

void image_mutate(struct fuzz_random *random, uint8_t *data, size_t bytes)
{
	const struct file file = { random, data, bytes };

	if (bytes < 64)
		return;
	if (memcmp(data, "\177ELF", 4) == 0)
		change_elf(&file);
	else if (memcmp(data, "KDUMP   ", 8) == 0)
		change_kdump(&file);
	else if (memcmp(data, "makedumpfile", 12) == 0)
		change_record(&file);
	else
		change_ranges(&file);
}
