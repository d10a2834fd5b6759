/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The compression libraries behind one function. */
#include <stdlib.h>

#ifdef MMU_HAVE_LIBDEFLATE
#include <libdeflate.h>
#endif
#ifdef MMU_HAVE_LZO
#include <lzo/lzo1x.h>
#endif
#ifdef MMU_HAVE_SNAPPY
#include <snappy-c.h>
#endif
#ifdef MMU_HAVE_ZSTD
#include <zstd.h>
#endif

#include "image/inflate.h"
#include "image/lazy.h"
#include "image/unpack.h"

/* To load a library for a checksum pays after so many pages of the process. */
#define PAGES_BEFORE_LOADING 256u

struct mmu_unpacker {
	uint8_t *copy; /* of what is unpacked */
	size_t copy_room;
	z_stream zlib;
	bool zlib_ready;
#ifdef MMU_HAVE_SNAPPY
	__typeof__(&snappy_uncompress) snappy;
	bool snappy_tried;
#endif
#ifdef MMU_HAVE_LZO
	__typeof__(&lzo1x_decompress_safe) lzo;
#endif
#ifdef MMU_HAVE_ZSTD
	__typeof__(&ZSTD_createDCtx) zstd_create;
	__typeof__(&ZSTD_freeDCtx) zstd_free;
	__typeof__(&ZSTD_decompressDCtx) zstd_unpack;
	ZSTD_DCtx *zstd;
#endif
};

const char *mmu_packing_name(uint32_t packing)
{
	switch (packing) {
	case MMU_PACKING_NONE:
		return "uncompressed";
	case MMU_PACKING_ZLIB:
		return "zlib";
	case MMU_PACKING_LZO:
		return "LZO";
	case MMU_PACKING_SNAPPY:
		return "snappy";
	case MMU_PACKING_ZSTD:
		return "zstd";
	default:
		return NULL;
	}
}

struct mmu_unpacker *mmu_unpacker_new(void)
{
	return calloc(1, sizeof(struct mmu_unpacker));
}

void mmu_unpacker_destroy(struct mmu_unpacker *unpacker)
{
	if (!unpacker)
		return;
	if (unpacker->zlib_ready)
		mmu_zlib()->end(&unpacker->zlib);
#ifdef MMU_HAVE_ZSTD
	if (unpacker->zstd)
		unpacker->zstd_free(unpacker->zstd);
#endif
	free(unpacker->copy);
	free(unpacker);
}

/*
 * The codecs are given a copy that nobody else writes: some read their input twice, and a file that
 * changes in between could lead them past the end of a page, though each reading alone is safe.
 */
static bool copy_in(struct mmu_unpacker *unpacker, struct mmu_bytes *in)
{
	if (unpacker->copy_room < in->count) {
		free(unpacker->copy);
		unpacker->copy = malloc(in->count);
		unpacker->copy_room = unpacker->copy ? in->count : 0;
	}
	if (!unpacker->copy)
		return false;
	memcpy(unpacker->copy, in->data, in->count);
	in->data = unpacker->copy;
	return true;
}

typedef uint32_t (*adler32_fn)(uint32_t adler, const void *bytes, size_t count);

static uint32_t zlib_adler32(uint32_t adler, const void *bytes, size_t count)
{
	return (uint32_t)mmu_zlib()->adler32(adler, bytes, (uInt)count);
}

/* Libdeflate's is several times as fast as zlib's, which is good enough for a few pages. */
static adler32_fn adler32_of(void)
{
#ifdef MMU_HAVE_LIBDEFLATE
	_Static_assert(__builtin_types_compatible_p(__typeof__(&libdeflate_adler32), adler32_fn),
		       "libdeflate's function is another one");
	static adler32_fn chosen;
	static unsigned int pages;
	adler32_fn function = __atomic_load_n(&chosen, __ATOMIC_RELAXED);

	if (function)
		return function;
	if (__atomic_add_fetch(&pages, 1, __ATOMIC_RELAXED) < PAGES_BEFORE_LOADING)
		return zlib_adler32;
	mmu_lazy_function(mmu_lazy_library(MMU_LAZY_DEFLATE), "libdeflate_adler32", &function);
	__atomic_store_n(&chosen, function ? function : zlib_adler32, __ATOMIC_RELAXED);
	return function ? function : zlib_adler32;
#else
	return zlib_adler32;
#endif
}

/* What stands around deflated bytes (RFC 1950): two bytes before them, a checksum behind. */
#define ZLIB_HEAD_BYTES 2u
#define ZLIB_TAIL_BYTES 4u

/* A method that is deflate, a window that it can have, a sum that is right, and no dictionary. */
static bool is_zlib_head(const uint8_t head[ZLIB_HEAD_BYTES])
{
	return (head[0] & 0xf) == Z_DEFLATED && head[0] >> 4 <= MAX_WBITS - 8 &&
	       (head[0] << 8 | head[1]) % 31 == 0 && !(head[1] & 0x20);
}

static bool unpack_zlib(struct mmu_unpacker *unpacker, struct mmu_bytes in, void *out,
			uint32_t out_bytes)
{
	z_stream *stream = &unpacker->zlib;

	if (in.count < ZLIB_HEAD_BYTES || !is_zlib_head(in.data))
		return false;
	/* One stream for all pages: setting it up costs as much as unpacking a page. */
	if (!unpacker->zlib_ready)
		unpacker->zlib_ready = mmu_inflate_init(stream, -MAX_WBITS);
	else if (mmu_zlib()->reset(stream) != Z_OK)
		return false;
	if (!unpacker->zlib_ready)
		return false;
	stream->next_in = (Bytef *)in.data + ZLIB_HEAD_BYTES;
	stream->avail_in = (uInt)(in.count - ZLIB_HEAD_BYTES);
	stream->next_out = out;
	stream->avail_out = out_bytes;
	return mmu_zlib()->inflate(stream, Z_FINISH) == Z_STREAM_END && !stream->avail_out &&
	       stream->avail_in >= ZLIB_TAIL_BYTES &&
	       mmu_get_u32(stream->next_in, true) == adler32_of()(1, out, out_bytes);
}

static bool lzo_ready(struct mmu_unpacker *unpacker)
{
#ifdef MMU_HAVE_LZO
	return unpacker->lzo || mmu_lazy_function(mmu_lazy_library(MMU_LAZY_LZO),
						  "lzo1x_decompress_safe", &unpacker->lzo);
#else
	return false;
#endif
}

static bool unpack_lzo(struct mmu_unpacker *unpacker, struct mmu_bytes in, void *out,
		       uint32_t out_bytes)
{
#ifdef MMU_HAVE_LZO
	lzo_uint count = out_bytes;

	return lzo_ready(unpacker) &&
	       unpacker->lzo(in.data, in.count, out, &count, NULL) == LZO_E_OK &&
	       count == out_bytes;
#else
	return false;
#endif
}

static bool snappy_ready(struct mmu_unpacker *unpacker)
{
#ifdef MMU_HAVE_SNAPPY
	if (!unpacker->snappy_tried) {
		unpacker->snappy_tried = true;
		mmu_lazy_function(mmu_lazy_library(MMU_LAZY_SNAPPY), "snappy_uncompress",
				  &unpacker->snappy);
	}
	return unpacker->snappy;
#else
	return false;
#endif
}

static bool unpack_snappy(struct mmu_unpacker *unpacker, struct mmu_bytes in, void *out,
			  uint32_t out_bytes)
{
#ifdef MMU_HAVE_SNAPPY
	size_t count = out_bytes;

	return snappy_ready(unpacker) &&
	       unpacker->snappy((const char *)in.data, in.count, out, &count) == SNAPPY_OK &&
	       count == out_bytes;
#else
	return false;
#endif
}

static bool zstd_ready(struct mmu_unpacker *unpacker)
{
#ifdef MMU_HAVE_ZSTD
	if (!unpacker->zstd) {
		void *library = mmu_lazy_library(MMU_LAZY_ZSTD);

		if (mmu_lazy_function(library, "ZSTD_createDCtx", &unpacker->zstd_create) &&
		    mmu_lazy_function(library, "ZSTD_freeDCtx", &unpacker->zstd_free) &&
		    mmu_lazy_function(library, "ZSTD_decompressDCtx", &unpacker->zstd_unpack))
			unpacker->zstd = unpacker->zstd_create();
	}
	return unpacker->zstd;
#else
	return false;
#endif
}

static bool unpack_zstd(struct mmu_unpacker *unpacker, struct mmu_bytes in, void *out,
			uint32_t out_bytes)
{
#ifdef MMU_HAVE_ZSTD
	return zstd_ready(unpacker) && unpacker->zstd_unpack(unpacker->zstd, out, out_bytes,
							     in.data, in.count) == out_bytes;
#else
	return false;
#endif
}

bool mmu_unpacker_can(struct mmu_unpacker *unpacker, uint32_t packing)
{
	switch (packing) {
	case MMU_PACKING_NONE:
		return true;
	case MMU_PACKING_ZLIB:
		return mmu_zlib();
	case MMU_PACKING_LZO:
		return lzo_ready(unpacker);
	case MMU_PACKING_SNAPPY:
		return snappy_ready(unpacker);
	case MMU_PACKING_ZSTD:
		return zstd_ready(unpacker);
	default:
		return false;
	}
}

bool mmu_unpack(struct mmu_unpacker *unpacker, uint32_t packing, struct mmu_bytes in, void *out,
		uint32_t out_bytes)
{
	if (packing != MMU_PACKING_NONE && !copy_in(unpacker, &in))
		return false;
	switch (packing) {
	case MMU_PACKING_NONE:
		if (in.count != out_bytes)
			return false;
		memcpy(out, in.data, out_bytes);
		return true;
	case MMU_PACKING_ZLIB:
		return unpack_zlib(unpacker, in, out, out_bytes);
	case MMU_PACKING_LZO:
		return unpack_lzo(unpacker, in, out, out_bytes);
	case MMU_PACKING_SNAPPY:
		return unpack_snappy(unpacker, in, out, out_bytes);
	case MMU_PACKING_ZSTD:
		return unpack_zstd(unpacker, in, out, out_bytes);
	default:
		return false;
	}
}
