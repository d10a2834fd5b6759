/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file CRC-32C, eight bytes at a time by tables. */
#include "image/crc32c.h"

#define POLYNOMIAL 0x82f63b78 /* reversed */
#define WIDTH 8

/* [k][b]: what byte b does to the checksum when k bytes follow it. */
static uint32_t tables[WIDTH][256];

__attribute__((constructor)) static void fill_tables(void)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t crc = byte;

		for (unsigned int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
		tables[0][byte] = crc;
	}
	for (unsigned int k = 1; k < WIDTH; k++)
		for (unsigned int byte = 0; byte < 256; byte++)
			tables[k][byte] = tables[k - 1][byte] >> 8 ^
					  tables[0][tables[k - 1][byte] & 0xff];
}

uint32_t mmu_crc32c(struct mmu_bytes bytes)
{
	uint32_t crc = UINT32_MAX;
	uint64_t i = 0;

	for (; bytes.count - i >= WIDTH; i += WIDTH) {
		uint64_t word = mmu_get_u64(bytes.data + i, false) ^ crc;

		crc = 0;
		for (unsigned int k = 0; k < WIDTH; k++)
			crc ^= tables[WIDTH - 1 - k][word >> (8 * k) & 0xff];
	}
	for (; i < bytes.count; i++)
		crc = crc >> 8 ^ tables[0][(crc ^ bytes.data[i]) & 0xff];
	return ~crc;
}
