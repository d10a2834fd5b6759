/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The words of a table as they lie there, for loops that are made for each way. */
#ifndef MMU_WALK_WORDS_H
#define MMU_WALK_WORDS_H

#include <string.h>

#include "base/bytes.h"
#include "walk/walk.h"

#define ALWAYS_INLINE inline __attribute__((__always_inline__))

/** How words lie in a table. What is not common goes byte by byte. */
enum lie { LIE_8, LIE_8_SWAPPED, LIE_4, LIE_4_SWAPPED, LIE_OTHER };

static ALWAYS_INLINE uint64_t word_at(const uint8_t *words, uint64_t index,
				      const struct mmu_format *format, enum lie lie)
{
	uint64_t wide;
	uint32_t narrow;

	switch (lie) {
	case LIE_8:
	case LIE_8_SWAPPED:
		memcpy(&wide, words + 8 * index, sizeof(wide));
		return lie == LIE_8 ? wide : __builtin_bswap64(wide);
	case LIE_4:
	case LIE_4_SWAPPED:
		memcpy(&narrow, words + 4 * index, sizeof(narrow));
		return lie == LIE_4 ? narrow : __builtin_bswap32(narrow);
	case LIE_OTHER:
		break;
	}
	return mmu_get_uint(words + index * format->slot_bytes, format->entry_bytes,
			    format->big_endian);
}

static inline enum lie lie_of(const struct mmu_format *format)
{
	bool swapped = format->big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);

	if (format->slot_bytes != format->entry_bytes || format->entry_bytes < 4)
		return LIE_OTHER;
	if (format->entry_bytes == 8)
		return swapped ? LIE_8_SWAPPED : LIE_8;
	return swapped ? LIE_4_SWAPPED : LIE_4;
}

#endif
