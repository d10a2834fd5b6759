/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file libmmuscope on maps: a space as ranges, with its VMAs or regions. See mmuscope.h. */
#ifndef MMUSCOPE_MAPS_H
#define MMUSCOPE_MAPS_H

#include "mmuscope/walks.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Bits of mmu_map_query.flags. */
enum mmu_map_flag {
	MMU_MAP_FLAT = 1 << 0,  /**< the tables alone: no VMAs, no regions, no holes */
	MMU_MAP_RUNS = 1 << 1,  /**< a row for each physical run, too */
	MMU_MAP_PAGES = 1 << 2, /**< a row for each page; what has none stays whole */
	MMU_ENUM_32(MMU_MAP),
};

struct mmu_map_query {
	size_t size;                 /**< sizeof(struct mmu_map_query) */
	const struct mmu_part *part; /**< NULL: mmu_space_extent() */
	uint32_t flags;              /**< enum mmu_map_flag */
};

/**
 * Neighbouring addresses of one VMA or region that have the same result, rights and page size, and
 * swap type.
 */
struct mmu_map_row {
	/** pa, swap_offset and target_pa are the first page's; they go on as in a range if runs is
	 *  1. note: NULL, where it does not hold for all. */
	struct mmu_range range;
	/** Of range.page_bytes each; pages of the kernel's own size, where nothing is or a table
	 *  can't be read. */
	uint64_t pages;
	uint64_t runs;                   /**< pieces whose frames or swap slots go on */
	const struct mmu_vma_info *vma;  /**< NULL: there is none, or it can't be read */
	const struct mmu_region *region; /**< of the kernel's addresses, or NULL */
	enum mmu_next next;              /**< what the next access brings, in a VMA's holes */
	uint64_t file_page;              /**< MMU_NEXT_FILE: of first_va, when has_file_page */
	bool has_file_page;
	bool vma_unknown; /**< part of the tree of VMAs can't be read: there may be one */
};

struct mmu_map;

/**
 * Map a space, in address order and as the rows come: nothing is collected. A row of a VMA is there
 * for all of its addresses; of a region for what the tables hold, and one if they hold nothing.
 * @return MMU_ERROR_INVALID (the query, the part), _NO_MEMORY
 */
MMU_EXPORT struct mmu_error *mmu_map_open(struct mmu_space *space,
					  const struct mmu_map_query *query, struct mmu_map **ret);
/**
 * The next row, or the next problem: VMAs that can't be read. The rows go on without them.
 * @param ret          NULL, with *ret_problem NULL: there are no more, see mmu_map_leaves()
 * @param ret_problem  NULL, unless there is one in place of a row
 * @return MMU_ERROR_STOPPED; all are valid until the next call
 */
MMU_EXPORT struct mmu_error *mmu_map_next(struct mmu_map *map, const struct mmu_map_row **ret,
					  const struct mmu_error **ret_problem);
/** What it is made of: how it ended, how many tables. Valid as long as the map. */
MMU_EXPORT const struct mmu_leaves *mmu_map_leaves(const struct mmu_map *map);
/** The n-th region of kernel addresses that the back-end names, ascending, or NULL. */
MMU_EXPORT const struct mmu_region *mmu_map_region(const struct mmu_map *map, size_t n);
/** Accepts NULL. */
MMU_EXPORT void mmu_map_close(struct mmu_map *map);

/* ------------------------------------------------------------------------------ hashed tables */

/** A slot of a hashed table that is not empty. */
struct mmu_hash_row {
	const struct mmu_step *step; /**< its place, words and entry, with the entry's own rights */
	/** It is known what it serves; else hardware finds it nowhere, and the rest is 0. */
	bool served;
	uint64_t space; /**< how slots call the space that it belongs to */
	/** The one of the space at hand that it belongs to; NULL: it is another space's. */
	const struct mmu_regime *regime;
	/** What it serves; without a regime, the bits that slots have (mmu_format.slot_va_bits). */
	uint64_t first_va, last_va;
};

struct mmu_hash;

/**
 * The hashed table that a space is translated by, with the entries of all spaces, slot by slot as
 * they lie. The space must stay.
 * @return MMU_ERROR_NOT_FOUND (it has none, or the image lacks it), _NO_MEMORY
 */
MMU_EXPORT struct mmu_error *mmu_hash_open(struct mmu_space *space, struct mmu_hash **ret);
/** One of its regimes: where it lies, how many slots it has. */
MMU_EXPORT const struct mmu_regime *mmu_hash_table(const struct mmu_hash *hash);
/** @param ret  NULL: there are no more; valid until the next call @return MMU_ERROR_STOPPED */
MMU_EXPORT struct mmu_error *mmu_hash_next(struct mmu_hash *hash, const struct mmu_hash_row **ret);
/** Slots so far that are not in the image. */
MMU_EXPORT uint64_t mmu_hash_unreadable(const struct mmu_hash *hash);
/** Accepts NULL. */
MMU_EXPORT void mmu_hash_close(struct mmu_hash *hash);

#ifdef __cplusplus
}
#endif

#endif
