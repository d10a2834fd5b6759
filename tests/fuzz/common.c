/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What mutators have in common: random numbers, and numbers worth a try. */
#include <string.h>

#include "base/bytes.h"
#include "fuzz/fuzz.h"

uint64_t fuzz_next(struct fuzz_random *random)
{
	uint64_t x = random->state ? random->state : 1;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	random->state = x;
	return x * UINT64_C(0x2545f4914f6cdd1d);
}

uint64_t fuzz_below(struct fuzz_random *random, uint64_t below)
{
	return below ? (fuzz_next(random) >> 11) % below : 0;
}

uint64_t fuzz_get(const uint8_t *data, size_t bytes, size_t offset, unsigned int width, bool big)
{
	if (offset > bytes || width > bytes - offset)
		return 0;
	return mmu_get_uint(data + offset, width, big);
}

void fuzz_put(uint8_t *data, size_t bytes, size_t offset, unsigned int width, bool big,
	      uint64_t value)
{
	if (offset <= bytes && width <= bytes - offset)
		mmu_put_uint(data + offset, width, big, value);
}

uint64_t fuzz_number(struct fuzz_random *random, const uint8_t *data, size_t bytes, uint64_t old)
{
	static const uint64_t fixed[] = {
		0,
		1,
		0xfff,
		0x1000,
		INT32_MAX,
		UINT32_MAX,
		INT64_MAX,
		UINT64_MAX,
		UINT64_C(1) << 63,
		UINT64_C(1) << 32,
		UINT64_MAX - 0xfff,
		UINT64_MAX - 0x1000,
	};
	uint64_t little = fuzz_below(random, 17) - 8;

	switch (fuzz_below(random, 8)) {
	case 0:
		return fixed[fuzz_below(random, sizeof(fixed) / sizeof(fixed[0]))];
	case 1:
		return old + little;
	case 2:
		return old + (little << 12);
	case 3:
		return bytes + little;
	case 4:
		return (UINT64_C(1) << fuzz_below(random, 64)) + little;
	case 5:
		return old ^ UINT64_C(1) << fuzz_below(random, 64);
	case 6:
		return fuzz_get(data, bytes, fuzz_below(random, bytes) & ~UINT64_C(3),
				fuzz_below(random, 2) ? 8 : 4, fuzz_below(random, 2));
	default:
		return fuzz_next(random) >> fuzz_below(random, 64);
	}
}

void fuzz_change(struct fuzz_random *random, uint8_t *data, size_t bytes, size_t offset,
		 unsigned int width, bool big)
{
	uint64_t old = fuzz_get(data, bytes, offset, width, big);

	fuzz_put(data, bytes, offset, width, big, fuzz_number(random, data, bytes, old));
}

uint64_t fuzz_take(struct fuzz_input *input, unsigned int width)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < width; i++) {
		if (!input->bytes)
			break;
		value |= (uint64_t)*input->data++ << 8 * i;
		input->bytes--;
	}
	return value;
}
