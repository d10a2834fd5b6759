/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file libmmuscope on what the tables of a space cost. */
#ifndef MMUSCOPE_STAT_H
#define MMUSCOPE_STAT_H

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
MMU_EXPORT const struct mmu_stat_level *mmu_stat_level_get(const struct mmu_stat *stat,
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

#ifdef __cplusplus
}
#endif

#endif
