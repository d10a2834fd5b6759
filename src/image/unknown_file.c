/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Files that no reader knows: what they are, and what to do about them. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "image/inflate.h"
#include "image/lime.h"
#include "image/reader.h"

#define ZLIB_IN_BYTES_MAX 65536

enum remedy {
	REMEDY_FILTER, /* a program that writes the unpacked file to its standard output */
	REMEDY_EXTRACT,
	REMEDY_TOLD,
};

static const struct known_file {
	const char *magic;
	uint16_t magic_bytes, offset;
	enum remedy remedy;
	const char *what;
	const char *command;
} known_files[] = {
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
static const struct known_file zlib = { NULL, 0, 0, REMEDY_FILTER, "zlib", "pigz -dc" };
static const struct known_file zlib_lime = {
	NULL, 0, 0, REMEDY_FILTER, "zlib, a LiME file within: compress=1", "pigz -dc"
};

/* Two bytes of a header say little: see what comes out. */
static const struct known_file *find_zlib(struct mmu_bytes map)
{
	uint8_t out[MMU_LIME_HEADER_BYTES];
	z_stream stream = {
		.next_in = (Bytef *)map.data,
		.avail_in = map.count < ZLIB_IN_BYTES_MAX ? (uInt)map.count : ZLIB_IN_BYTES_MAX,
		.next_out = out,
		.avail_out = sizeof(out),
	};

	if (map.count < 2 || (map.data[0] & 0xf) != Z_DEFLATED ||
	    !mmu_inflate_init(&stream, MAX_WBITS))
		return NULL;
	bool whole = mmu_zlib()->inflate(&stream, Z_SYNC_FLUSH) >= Z_OK && !stream.avail_out;
	mmu_zlib()->end(&stream);
	if (!whole)
		return NULL;
	return mmu_get_u32(out, false) == MMU_LIME_MAGIC || mmu_get_u32(out, true) == MMU_LIME_MAGIC
		       ? &zlib_lime
		       : &zlib;
}

static const struct known_file *find(struct mmu_bytes map)
{
	for (size_t i = 0; i < sizeof(known_files) / sizeof(known_files[0]); i++) {
		const struct known_file *known = &known_files[i];
		struct mmu_bytes at;

		if (mmu_bytes_slice(map, known->offset, known->magic_bytes, &at) &&
		    memcmp(at.data, known->magic, at.count) == 0)
			return known;
	}
	return find_zlib(map);
}

/* A path as a shell takes it: as it is, or in quotes. @return malloc'ed; NULL: no memory */
static char *for_shell(const char *path, const char *suffix)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_-+=:.,/@%";
	bool quoted = !path[0] || path[strspn(path, plain)];
	/* a quote within is '\'' */
	char *text = malloc(4 * strlen(path) + strlen(suffix) + 5), *at = text;

	if (!text)
		return NULL;
	if (path[0] == '-') /* no option */
		at = stpcpy(at, "./");
	if (quoted)
		*at++ = '\'';
	for (; *path; path++) {
		if (*path == '\'')
			at = stpcpy(at, "'\\'");
		*at++ = *path;
	}
	at = stpcpy(at, suffix);
	strcpy(at, quoted ? "'" : "");
	return text;
}

struct mmu_error *mmu_file_recognize(const struct mmu_file *file)
{
	const struct known_file *known = find(file->map);

	if (!known)
		return NULL;
	MMU_FREE char *path = for_shell(file->path, "");
	MMU_FREE char *unpacked = for_shell(file->path, ".unpacked");
	if (!path || !unpacked)
		return mmu_error_no_memory();
	switch (known->remedy) {
	case REMEDY_FILTER:
		return mmu_error_new(MMU_ERROR_FORMAT,
				     "is compressed (%s); unpack it first: %s %s > %s", known->what,
				     known->command, path, unpacked);
	case REMEDY_EXTRACT:
		return mmu_error_new(MMU_ERROR_FORMAT, "is %s; unpack it first: %s %s", known->what,
				     known->command, path);
	default:
		return mmu_error_new(MMU_ERROR_FORMAT, "%s", known->what);
	}
}

/* The first bytes are printable, or white space. */
static bool is_text(struct mmu_bytes map)
{
	uint64_t count = map.count < 512 ? map.count : 512;

	for (uint64_t i = 0; i < count; i++) {
		uint8_t byte = map.data[i];

		if ((byte < ' ' && !(byte >= '\t' && byte <= '\r')) || byte == 0x7f)
			return false;
	}
	return true;
}

struct mmu_error *mmu_image_unknown(const struct mmu_image *image)
{
	return mmu_error_remedy(mmu_error_new(MMU_ERROR_FORMAT,
					      "%snot a memory image that mmuscope knows",
					      is_text(image->file.map) ? "is text, " : ""),
				MMU_REMEDY_RAW);
}
