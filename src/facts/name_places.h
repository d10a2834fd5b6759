/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Where a set of names stands in a large table of strings, which is read through once. */
#ifndef MMU_FACTS_NAME_PLACES_H
#define MMU_FACTS_NAME_PLACES_H

#include "facts/elffile.h"
#include "facts/names.h"

/** Offsets in the table of strings, hashed. */
struct mmu_name_places {
	uint64_t filter[128]; /**< a bit for each of its hashes: most strings are none of these */
	uint32_t *keys;       /**< an offset + 1; 0: a free slot */
	uint16_t *names;      /**< which name stands there */
	uint32_t slots_lg2, nr;
};

#define MMU_NAME_PLACES_FILTER_LG2 13

/**
 * Find every place of every name. Linkers let strings share their ends, so a name is looked for
 * before each NUL.
 * @param ret  to be destroyed, whatever is returned
 * @return false: no memory, a part can't be read, a name that is too short or too long for this, or
 *         far more places than names. Then each string has to be looked at itself.
 */
bool mmu_name_places_search(const struct mmu_elffile *file, struct mmu_bytes strings,
			    const struct mmu_names *names, struct mmu_name_places *ret);
void mmu_name_places_destroy(struct mmu_name_places *places);

static inline uint32_t mmu_name_places_hash(uint32_t key)
{
	return key * UINT32_C(0x9e3779b1);
}

/** mmu_name_places_find() of an offset that the filter lets through. */
size_t mmu_name_places_find_slow(const struct mmu_name_places *places, uint32_t offset);

/** @return the name that begins at `offset`, or MMU_NAMES_NONE */
static inline size_t mmu_name_places_find(const struct mmu_name_places *places, uint32_t offset)
{
	uint32_t bit = mmu_name_places_hash(offset + 1) >> (32 - MMU_NAME_PLACES_FILTER_LG2);

	if (__builtin_expect(!(places->filter[bit >> 6] >> (bit & 63) & 1), 1))
		return MMU_NAMES_NONE;
	return mmu_name_places_find_slow(places, offset);
}

#endif
