/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The one walk loop: an image, a regime and an address in, every step and the reason out. */
#ifndef MMU_WALK_WALK_H
#define MMU_WALK_WALK_H

#include "image/image.h"
#include "mmuscope/mmuscope.h"

/** How many values enum mmu_result has. */
#define MMU_RESULTS (MMU_RESULT_TABLE + 1u)

/* The public part of a struct is an unnamed member of it: what callers see is the struct itself. */

struct mmu_step {
	struct mmu_step_info;
	struct mmu_entry entry;
};

struct mmu_walk {
	struct mmu_walk_info;
	uint8_t denied_by[MMU_RIGHTS_COUNT]; /**< per right: the level that first denies it */
	struct mmu_step steps[MMU_LEVELS_MAX];
};

/**
 * What the swap types of one kernel mean. Types from MAX_SWAPFILES on are no swap files but
 * migration, hwpoison, ... (include/linux/swap.h): which, depends on its configuration.
 */
struct mmu_swap_map {
	enum mmu_result result[32];
	const char *note[32]; /**< static text for the walk, or NULL */
	uint8_t pfn_bits;     /**< low bits of the offset that are the page frame, for such types */
	bool known;           /**< false: all types are taken for swap files */
};

/** Everything that a translation needs. Plain data; nothing of it is owned. */
struct mmu_walker {
	struct mmu_cursor *cursor; /**< of the thread that walks */
	const struct mmu_arch *arch;
	struct mmu_regime regime;
	const struct mmu_swap_map *swap; /**< NULL: not known */
};

/** Translate one address. Every outcome is a result; *ret is filled in whole. */
void mmu_walker_walk(const struct mmu_walker *walker, uint64_t va, struct mmu_walk *ret);

/** Bytes of one table, with the second copies of its entries. */
uint64_t mmu_table_bytes(const struct mmu_format *format, unsigned int level);

/**
 * Decode every entry of a table that is not empty.
 * @param fn  gets a step whose `effective` is the entry's own rights; returns false to stop
 * @return MMU_PAGE_PRESENT, or the state of the first byte that could not be read
 */
enum mmu_page_state mmu_walker_table(const struct mmu_walker *walker, unsigned int level,
				     uint64_t table_pa,
				     bool (*fn)(const struct mmu_step *step, void *context),
				     void *context);

/** Can the address exist in this format at all? */
bool mmu_format_canonical(const struct mmu_format *format, uint64_t va);

#endif
