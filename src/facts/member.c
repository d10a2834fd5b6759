/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Where the bits of a bit-field lie, in either byte order. */
#include "facts/member.h"

bool mmu_member_place_bits(uint64_t first, uint64_t bits, uint64_t type_bytes, bool big_endian,
			   struct mmu_member *ret)
{
	if (!bits || bits > 64)
		return false;
	for (uint64_t bytes = type_bytes; bytes && bytes <= 8; bytes *= 2) {
		uint64_t at = first / 8 / bytes * bytes;
		uint64_t shift = first - at * 8;

		if (shift + bits > bytes * 8) {
			/* A packed struct's: it need not be aligned. */
			at = first / 8;
			shift = first % 8;
		}
		if (shift + bits > bytes * 8)
			continue;
		ret->offset_bytes = at;
		ret->size_bytes = bytes;
		ret->bit_size = (uint8_t)bits;
		ret->bit_shift = (uint8_t)(big_endian ? bytes * 8 - shift - bits : shift);
		return true;
	}
	return false;
}
