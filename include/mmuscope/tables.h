/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file libmmuscope on tables themselves: their entries, level by level, and what they cost. */
#ifndef MMUSCOPE_TABLES_H
#define MMUSCOPE_TABLES_H

#include "mmuscope/walks.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------ stat */

/** Full tables, quarters of them, ..., empty ones: see mmu_stat_level.fill. */
#define MMU_STAT_FILLS 6
/** Lengths of physical runs: 1 base page, up to 2, 4, ..., and longer than all of these. */
#define MMU_STAT_RUNS 20

struct mmu_stat;

/** One level of a space's tables. */
struct mmu_stat_level {
	uint64_t tables;      /**< read, once for every entry that led there */
	uint64_t missing;     /**< not one entry could be read: not among `tables` */
	uint64_t entries;     /**< that lie in the part of the space that was asked for */
	uint64_t used;        /**< of these, those that are not empty */
	uint64_t empty;       /**< tables with no entry in use, without the top one */
	uint64_t leaves;      /**< of the used: those that lead to no table */
	uint64_t table_bytes; /**< of all `tables` */
	/** Tables by fill: empty, up to a quarter, half, three quarters, below all, full. */
	uint64_t fill[MMU_STAT_FILLS];
};

struct mmu_stat_info {
	uint64_t table_bytes;  /**< of all tables that were read, the top one included */
	uint64_t linux_bytes;  /**< of these, what mm_struct.pgtables_bytes counts */
	uint64_t page_tables;  /**< bytes of a table of the lowest level */
	uint64_t huge_entries; /**< leaves one level above it: Linux may keep a table for each */
	uint64_t mapped_pages; /**< a page of any size is one */
	uint64_t mapped_bytes;
	uint64_t page_reads; /**< entries that the walks of all mapped pages read, a walk a page */
	uint64_t byte_reads; /**< likewise, a walk for each base page of 2^page_lg2 bytes */
	uint64_t runs;       /**< physical runs: pages that lie behind each other in both spaces */
	uint64_t longest_run_bytes;
	uint64_t run_counts[MMU_STAT_RUNS]; /**< [n]: of up to 2^n base pages */
	enum mmu_leaves_end ended;
	uint32_t nr_levels; /**< 0: hashed tables, whose slots serve all spaces, are not counted */
	uint32_t page_lg2;
};

/**
 * Count the tables of a part of a space, and what they map.
 * @param part  NULL: mmu_space_extent()
 * @param ret   owned by the caller: mmu_stat_destroy(); untouched on failure
 * @return MMU_ERROR_INVALID (the part), _NO_MEMORY, _STOPPED
 */
MMU_EXPORT struct mmu_error *mmu_space_stat(struct mmu_space *space, const struct mmu_part *part,
					    struct mmu_stat **ret);
/** Valid, as what follows, until mmu_stat_destroy(). */
MMU_EXPORT const struct mmu_stat_info *mmu_stat_get(const struct mmu_stat *stat);
/** @return NULL: there is no such level */
MMU_EXPORT const struct mmu_stat_level *mmu_stat_level(const struct mmu_stat *stat,
						       unsigned int level);
/** As mmu_totals_bytes(). */
MMU_EXPORT uint64_t mmu_stat_bytes(const struct mmu_stat *stat, enum mmu_result result,
				   uint64_t *ret_entries);
/** As mmu_totals_mapped(). */
MMU_EXPORT bool mmu_stat_mapped(const struct mmu_stat *stat, size_t n, uint64_t *ret_page_bytes,
				uint64_t *ret_pages);
/** Mapped bytes that a TLB of so many entries holds at best: the largest pages first. */
MMU_EXPORT uint64_t mmu_stat_tlb_reach(const struct mmu_stat *stat, uint64_t entries);
/** Add what another space counts up to. @param stat  of the same kind of tables */
MMU_EXPORT void mmu_stat_add(struct mmu_stat *stat, const struct mmu_stat *other);
/** Accepts NULL. */
MMU_EXPORT void mmu_stat_destroy(struct mmu_stat *stat);

/* ------------------------------------------------------------------------------------ tables */

/** Neighbouring entries of a table that say one thing: see mmu_runs_next(). */
struct mmu_run {
	uint64_t first_va, last_va; /**< that the entries answer for */
	uint64_t last_index;        /**< the first is the step's */
	uint64_t target_pa;         /**< TABLE, LEAF: where the first leads to */
	uint8_t effective;          /**< rights of the path, these entries included */
	bool equal;                 /**< several, and all have the same words */
	const struct mmu_regime *regime;
	/** The first entry. Not readable: so are all of them, for the same reason. */
	const struct mmu_step *step;
};

struct mmu_runs;

struct mmu_runs_query {
	size_t size;                 /**< sizeof(struct mmu_runs_query) */
	const struct mmu_part *part; /**< NULL: mmu_space_extent() */
	uint32_t levels;             /**< bits: which levels are told of; 0: all */
	bool single;                 /**< each entry by itself */
};

/**
 * The entries of all tables that a part of a space goes through, level by level from the top one
 * down, in each by address. Of hashed tables there is one: the slots of all spaces.
 * @return MMU_ERROR_INVALID (the query), _NO_MEMORY
 */
MMU_EXPORT struct mmu_error *
mmu_runs_open(struct mmu_space *space, const struct mmu_runs_query *query, struct mmu_runs **ret);
/**
 * The next run: entries of one kind with the same flags, whose targets lie behind each other.
 * @param ret  NULL: there are no more; valid until the next call
 * @return MMU_ERROR_STOPPED, _NO_MEMORY
 */
MMU_EXPORT struct mmu_error *mmu_runs_next(struct mmu_runs *runs, const struct mmu_run **ret);
/** MMU_LEAVES_STOPPED as long as more may follow. */
MMU_EXPORT enum mmu_leaves_end mmu_runs_ended(const struct mmu_runs *runs);
/** Accepts NULL. */
MMU_EXPORT void mmu_runs_close(struct mmu_runs *runs);

#ifdef __cplusplus
}
#endif

#endif
