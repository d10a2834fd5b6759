/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file zlib, loaded at first need like the other codecs (lazy.h). */
#ifndef MMU_IMAGE_INFLATE_H
#define MMU_IMAGE_INFLATE_H

#include <stdbool.h>
#include <zlib.h>

struct mmu_zlib {
	__typeof__(&inflateInit2_) init;
	__typeof__(&inflate) inflate;
	__typeof__(&inflateReset) reset;
	__typeof__(&inflateEnd) end;
	__typeof__(&adler32) adler32;
};

/** Its functions; NULL: it can't be loaded. */
const struct mmu_zlib *mmu_zlib(void);

/** inflateInit2(). @return false: no memory, or no zlib */
static inline bool mmu_inflate_init(z_stream *stream, int window_bits)
{
	const struct mmu_zlib *zlib = mmu_zlib();

	return zlib && zlib->init(stream, window_bits, ZLIB_VERSION, (int)sizeof(*stream)) == Z_OK;
}

#endif
