/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The entries of one table, which is read a page at a time. */
#ifndef MMU_WALK_TABLE_H
#define MMU_WALK_TABLE_H

#include "walk/walk.h"

/**
 * Tables are read in such pieces: in place where what the image hands out stays, else copied, for
 * it vanishes with the next call.
 */
#define MMU_CHUNK_BYTES 4096u

/** Fields up to `second` are for callers to read. */
struct mmu_table {
	const struct mmu_walker *walker;
	const struct mmu_regime *regime;
	unsigned int level;
	uint64_t table_pa;
	uint64_t nr; /**< entries of the table */
	bool zero_is_empty;
	bool picks; /**< read what lies in a mapping that was not touched: see mmu_image_pick() */
	uint64_t chunk_first,
		chunk_count;         /**< the entries that raw and second hold; none at first */
	bool chunk_whole;            /**< false: these must be read one by one */
	const uint8_t *raw, *second; /**< the chunk's; second where the level has second words */
	uint8_t copy[2][MMU_CHUNK_BYTES];
};

/** Nothing is read yet. What the pointers point to must outlive the table. */
void mmu_table_init(struct mmu_table *table, const struct mmu_walker *walker,
		    const struct mmu_regime *regime, unsigned int level, uint64_t table_pa);

/** On to another table of the same level. */
static inline void mmu_table_move(struct mmu_table *table, uint64_t table_pa)
{
	table->table_pa = table_pa;
	table->chunk_first = table->chunk_count = 0;
}

/** Have the chunk that holds an entry. @param index below table->nr */
void mmu_table_load(struct mmu_table *table, uint64_t index);

/**
 * Tell the image which tables the entries of the chunk from `first` to `last` lead to, if it would
 * unpack them ahead of us.
 */
void mmu_table_announce(struct mmu_table *table, uint64_t first, uint64_t last);

/**
 * The next entry that is not 0, from one on that the chunk holds, where 0 means empty.
 * @return its index; the first behind the chunk, when there is none in it. It may stop before
 */
uint64_t mmu_table_skip_zeros(const struct mmu_table *table, uint64_t index);

/** How many of `count` entries from one on, all of the chunk, are not 0. */
uint64_t mmu_table_count(const struct mmu_table *table, uint64_t index, uint64_t count);

/**
 * Read and decode an entry.
 * @param index  below table->nr
 * @param ret    filled in whole
 * @return false, with only the place in *ret set: the entry is 0, and that means empty
 */
bool mmu_table_entry(struct mmu_table *table, uint64_t index, struct mmu_step *ret);

/** The words of an entry of the chunk, which must be whole. */
uint64_t mmu_table_words(const struct mmu_table *table, uint64_t index, uint64_t *ret_second);

/**
 * Copy `count` adjacent entries, slots apart, that lie at pa, and their second words.
 * @param second  untouched where the level has none
 * @return false: some byte of them is not there
 */
bool mmu_words_read(const struct mmu_walker *walker, const struct mmu_format *format,
		    const struct mmu_level *level, uint64_t pa, uint64_t count, uint8_t *raw,
		    uint8_t *second);

/**
 * Decode every entry of a table that is not empty.
 * @param fn  gets a step whose `effective` is the entry's own rights; returns false to stop
 * @return MMU_PAGE_PRESENT, or the state of the first byte that could not be read
 */
enum mmu_page_state mmu_walker_table(const struct mmu_walker *walker,
				     const struct mmu_regime *regime, unsigned int level,
				     uint64_t table_pa,
				     bool (*fn)(const struct mmu_step *step, void *context),
				     void *context);

#endif
