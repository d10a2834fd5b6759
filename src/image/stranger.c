/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What is known not to be a memory image, or not yet: what to do about such a file. */
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "image/lime.h"
#include "image/reader.h"

#define ZLIB_IN_BYTES_MAX 65536

enum remedy {
	REMEDY_FILTER, /* a program that writes the unpacked file to its standard output */
	REMEDY_EXTRACT,
	REMEDY_TOLD,
};

static const struct stranger {
	const char *magic;
	uint16_t magic_bytes, offset;
	enum remedy remedy;
	const char *what;
	const char *command;
} strangers[] = {
	{ "\x1f\x8b\x08", 3, 0, REMEDY_FILTER, "gzip", "gzip -dc" },
	{ "\x28\xb5\x2f\xfd", 4, 0, REMEDY_FILTER, "zstd", "zstd -dc" },
	/* pzstd: a frame to be skipped comes first */
	{ "\x50\x2a\x4d\x18", 4, 0, REMEDY_FILTER, "zstd", "zstd -dc" },
	{ "\xfd\x37zXZ\0", 6, 0, REMEDY_FILTER, "xz", "xz -dc" },
	{ "BZh", 3, 0, REMEDY_FILTER, "bzip2", "bzip2 -dc" },
	{ "\x04\x22\x4d\x18", 4, 0, REMEDY_FILTER, "lz4", "lz4 -dc" },
	{ "\x02\x21\x4c\x18", 4, 0, REMEDY_FILTER, "lz4", "lz4 -dc" },
	{ "\x89LZO\0\r\n\x1a\n", 9, 0, REMEDY_FILTER, "lzop", "lzop -dc" },
	{ "\xff\x06\0\0sNaPpY", 10, 0, REMEDY_FILTER, "snappy", "snzip -dc" },
	{ "PK\x03\x04", 4, 0, REMEDY_EXTRACT, "a zip archive", "unzip" },
	{ "7z\xbc\xaf\x27\x1c", 6, 0, REMEDY_EXTRACT, "a 7z archive", "7z x" },
	{ "ustar", 5, 257, REMEDY_EXTRACT, "a tar archive", "tar -xf" },
	{ "QEVM", 4, 0, REMEDY_TOLD, "is a saved QEMU machine; resume it and use dump-guest-memory",
	  NULL },
	{ "QFI\xfb", 4, 0, REMEDY_TOLD, "is a qcow2 disk, not a memory image", NULL },
};

/* LiME's compress=1 makes one zlib stream of the whole file, which pigz reads and gzip doesn't. */
static const struct stranger zlib = { NULL, 0, 0, REMEDY_FILTER, "zlib", "pigz -dc" };
static const struct stranger zlib_lime = {
	NULL, 0, 0, REMEDY_FILTER, "zlib, a LiME file within: compress=1", "pigz -dc"
};

/* Two bytes of a header say little: see what comes out. */
static const struct stranger *find_zlib(struct mmu_bytes map)
{
	uint8_t out[MMU_LIME_HEADER_BYTES];
	z_stream stream = {
		.next_in = (Bytef *)map.data,
		.avail_in = map.count < ZLIB_IN_BYTES_MAX ? (uInt)map.count : ZLIB_IN_BYTES_MAX,
		.next_out = out,
		.avail_out = sizeof(out),
	};

	if (map.count < 2 || (map.data[0] & 0xf) != Z_DEFLATED || inflateInit(&stream) != Z_OK)
		return NULL;
	bool whole = inflate(&stream, Z_SYNC_FLUSH) >= Z_OK && !stream.avail_out;
	inflateEnd(&stream);
	if (!whole)
		return NULL;
	return mmu_get_u32(out, false) == MMU_LIME_MAGIC || mmu_get_u32(out, true) == MMU_LIME_MAGIC
		       ? &zlib_lime
		       : &zlib;
}

static const struct stranger *find(struct mmu_bytes map)
{
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		const struct stranger *stranger = &strangers[i];
		struct mmu_bytes at;

		if (mmu_bytes_slice(map, stranger->offset, stranger->magic_bytes, &at) &&
		    memcmp(at.data, stranger->magic, at.count) == 0)
			return stranger;
	}
	return find_zlib(map);
}

struct mmu_error *mmu_image_stranger(const struct mmu_file *file)
{
	const struct stranger *stranger = find(file->map);

	if (!stranger)
		return NULL;
	switch (stranger->remedy) {
	case REMEDY_FILTER:
		return mmu_error_new(MMU_ERROR_FORMAT,
				     "is compressed (%s); unpack it first: %s %s > %s.unpacked",
				     stranger->what, stranger->command, file->path, file->path);
	case REMEDY_EXTRACT:
		return mmu_error_new(MMU_ERROR_FORMAT, "is %s; unpack it first: %s %s",
				     stranger->what, stranger->command, file->path);
	default:
		return mmu_error_new(MMU_ERROR_FORMAT, "%s", stranger->what);
	}
}
