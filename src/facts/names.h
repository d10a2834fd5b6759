/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A small fixed set of names, looked up for each string of a big table. */
#ifndef MMU_FACTS_NAMES_H
#define MMU_FACTS_NAMES_H

#include "base/bytes.h"
#include "base/error.h"

#define MMU_NAMES_MAX 4096
#define MMU_NAMES_NONE SIZE_MAX

/** Built by mmu_names_init(). The strings belong to the caller. */
struct mmu_names {
	size_t count;
	const char **text;
	size_t *length;
	uint64_t *key;  /**< the first eight characters */
	uint16_t *next; /**< 1 + the next name of the same bucket */
	uint16_t head[256];
	uint64_t filter[64];
};

/**
 * Build a set of two NULL-terminated lists; either may be NULL. Duplicates are harmless: the first
 * is found.
 * @return MMU_ERROR_NO_MEMORY, MMU_ERROR_INVALID (more than MMU_NAMES_MAX)
 */
struct mmu_error *mmu_names_init(struct mmu_names *names, const char *const *first,
				 const char *const *second) MMU_MUST_CHECK;
void mmu_names_destroy(struct mmu_names *names);

/* Characters after the NUL are masked away: they must not count. */
static inline uint64_t mmu_names_key(const uint8_t *text, uint64_t room)
{
	const uint64_t ones = 0x0101010101010101, highs = ones << 7;
	uint64_t key = 0;

	if (__builtin_expect(room >= 8, 1))
		memcpy(&key, text, 8);
	else
		memcpy(&key, text, room);
	if (MMU_HOST_BIG)
		key = __builtin_bswap64(key);
	uint64_t zeros = (key - ones) & ~key & highs;

	return zeros ? key & (((zeros & -zeros) >> 7) - 1) : key;
}

static inline uint32_t mmu_names_hash(uint64_t key)
{
	return (uint32_t)((key * 0x9E3779B97F4A7C15u) >> 52);
}

size_t mmu_names_find_slow(const struct mmu_names *names, uint64_t key, const uint8_t *text,
			   uint64_t room);

/** The index of the NUL-terminated string at `text`, of which `room` bytes can be read. */
static inline size_t mmu_names_find(const struct mmu_names *names, const uint8_t *text,
				    uint64_t room)
{
	uint64_t key = mmu_names_key(text, room);
	uint32_t hash = mmu_names_hash(key);

	if (__builtin_expect(!(names->filter[hash >> 6] >> (hash & 63) & 1), 1))
		return MMU_NAMES_NONE;
	return mmu_names_find_slow(names, key, text, room);
}

#endif
