/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Unpacking by zlib's format: what zlib itself unpacks, and nothing else. */
#include <stdlib.h>

#include <zlib.h>

#include "support/image_checks.h"

#include "image/unpack.h"

#define PAGE 4096u
#define PACKED_MAX (2 * PAGE)
/* More than are unpacked before another library is loaded. */
#define NR_PAGES 600u

static uint8_t page[PAGE], packed[PACKED_MAX], out[PAGE], expected[PAGE];

static size_t pack(unsigned int number, int level)
{
	uLongf bytes = PACKED_MAX;

	for (unsigned int at = 0; at < PAGE; at++)
		page[at] = (uint8_t)(at % 8 ? number + at / 8 : at * number >> 4);
	assert_int_equal(compress2(packed, &bytes, page, PAGE, level), Z_OK);
	return bytes;
}

/* Both must say the same, of bytes that may be damaged. */
static void compare(struct mmu_unpacker *unpacker, size_t bytes)
{
	uLongf there = PAGE;
	bool good = uncompress(expected, &there, packed, bytes) == Z_OK && there == PAGE;

	if (mmu_unpack(unpacker, MMU_PACKING_ZLIB, (struct mmu_bytes){ packed, bytes }, out,
		       PAGE) != good)
		fail_msg("%zu bytes, that begin with %02x%02x: zlib says %s", bytes, packed[0],
			 packed[1], good ? "good" : "bad");
	if (good)
		assert_memory_equal(out, expected, PAGE);
}

static void good_pages(void **state)
{
	struct mmu_unpacker *unpacker = mmu_unpacker_new();

	assert_non_null(unpacker);
	for (unsigned int number = 0; number < NR_PAGES; number++) {
		size_t bytes = pack(number, (int)(number % 10));

		assert_true(mmu_unpack(unpacker, MMU_PACKING_ZLIB,
				       (struct mmu_bytes){ packed, bytes }, out, PAGE));
		assert_memory_equal(out, page, PAGE);
	}
	mmu_unpacker_destroy(unpacker);
}

/* Every value of the head, every bit of the rest, every length, and more bytes behind. */
static void damaged_pages(void **state)
{
	struct mmu_unpacker *unpacker = mmu_unpacker_new();
	size_t bytes = pack(77, 6);

	assert_non_null(unpacker);
	for (unsigned int head = 0; head < 0x10000; head++) {
		packed[0] = (uint8_t)(head >> 8);
		packed[1] = (uint8_t)head;
		compare(unpacker, bytes);
	}
	bytes = pack(77, 6);
	for (size_t bit = 0; bit < 8 * bytes; bit++) {
		packed[bit / 8] ^= (uint8_t)(1u << bit % 8);
		compare(unpacker, bytes);
		packed[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t count = 1; count < bytes + 9; count++)
		compare(unpacker, count);
	mmu_unpacker_destroy(unpacker);
}

static void another_size(void **state)
{
	struct mmu_unpacker *unpacker = mmu_unpacker_new();
	size_t bytes = pack(5, 1);

	assert_non_null(unpacker);
	for (uint32_t wrong = PAGE - 9; wrong < PAGE; wrong++)
		assert_false(mmu_unpack(unpacker, MMU_PACKING_ZLIB,
					(struct mmu_bytes){ packed, bytes }, out, wrong));
	mmu_unpacker_destroy(unpacker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_pages),
		cmocka_unit_test(damaged_pages),
		cmocka_unit_test(another_size),
	};

	return cmocka_run_group_tests_name("image-unpack", tests, NULL, NULL);
}
