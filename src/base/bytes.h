/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Bounds-checked views of bytes, and numbers in either byte order. */
#ifndef MMU_BASE_BYTES_H
#define MMU_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MMU_HOST_BIG (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

/** A view of bytes that somebody else owns. */
struct mmu_bytes {
	const uint8_t *data;
	uint64_t count;
};

/** Is [offset, offset + count) inside a region of `total` bytes? Safe against wrap-around. */
static inline bool mmu_bytes_fit(uint64_t total, uint64_t offset, uint64_t count)
{
	return offset <= total && count <= total - offset;
}

/** @return false, with *ret untouched, when the slice is not inside. */
static inline bool mmu_bytes_slice(struct mmu_bytes from, uint64_t offset, uint64_t count,
				   struct mmu_bytes *ret)
{
	if (!mmu_bytes_fit(from.count, offset, count))
		return false;
	*ret = (struct mmu_bytes){ from.data + offset, count };
	return true;
}

static inline uint16_t mmu_get_u16(const void *at, bool big_endian)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return big_endian == MMU_HOST_BIG ? value : __builtin_bswap16(value);
}

static inline uint32_t mmu_get_u32(const void *at, bool big_endian)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return big_endian == MMU_HOST_BIG ? value : __builtin_bswap32(value);
}

static inline uint64_t mmu_get_u64(const void *at, bool big_endian)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return big_endian == MMU_HOST_BIG ? value : __builtin_bswap64(value);
}

/** A number of 1, 2, 4 or 8 bytes; any other width gives 0. */
static inline uint64_t mmu_get_uint(const void *at, unsigned int bytes, bool big_endian)
{
	switch (bytes) {
	case 1:
		return *(const uint8_t *)at;
	case 2:
		return mmu_get_u16(at, big_endian);
	case 4:
		return mmu_get_u32(at, big_endian);
	case 8:
		return mmu_get_u64(at, big_endian);
	default:
		return 0;
	}
}

/** The inverse of mmu_get_uint(). */
static inline void mmu_put_uint(void *at, unsigned int bytes, bool big_endian, uint64_t value)
{
	uint8_t *out = at;

	for (unsigned int i = 0; i < bytes; i++)
		out[big_endian ? bytes - 1 - i : i] = (uint8_t)(value >> (8 * i));
}

#endif
