/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file libmmuscope on whole spaces: extracts, comparisons. See mmuscope.h. */
#ifndef MMUSCOPE_ANALYSIS_H
#define MMUSCOPE_ANALYSIS_H

#include "mmuscope/walks.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------ extracts */

/** What an extract is made of. A byte of several kinds counts under the first. */
enum mmu_extract_kind {
	MMU_EXTRACT_TABLES, /**< page tables: the kernel's, and those of the chosen processes */
	MMU_EXTRACT_TASKS,  /**< all tasks and their mms, without user mode's registers */
	MMU_EXTRACT_VMAS,   /**< VMAs of the chosen processes, with the names of their files */
	MMU_EXTRACT_PERCPU, /**< the kernel's static per-CPU variables */
	MMU_EXTRACT_KERNEL, /**< the kernel's static data; BTF and kallsyms are in it */
	MMU_EXTRACT_MEMMAP, /**< struct pages of tables and of the chosen processes' pages */
	MMU_EXTRACT_CHOSEN, /**< user pages that were asked for */
	MMU_ENUM_32(MMU_EXTRACT),
};

/** "page tables", "tasks", ...: for people. @return NULL behind the last one */
MMU_EXPORT const char *mmu_extract_kind_name(enum mmu_extract_kind kind);

/** User pages that are wanted. */
struct mmu_extract_pages {
	size_t size;                /**< sizeof(struct mmu_extract_pages) */
	uint64_t first_va, last_va; /**< ends inclusive */
	int64_t pid;
};

struct mmu_extract_options {
	size_t size;                                  /**< sizeof(struct mmu_extract_options) */
	const int32_t *pids;                          /**< whose tables, VMAs and struct pages */
	size_t nr_pids;                               /**< 0: of all processes */
	const struct mmu_extract_pages *const *pages; /**< NULL-terminated, or NULL */
	const struct mmu_hook *hook;                  /**< NULL: the session's */
};

/** What went into a file. */
struct mmu_extract;

struct mmu_extract_info {
	uint64_t missing_bytes; /**< wanted, and not in the image either */
	uint64_t note_bytes, file_bytes, segments;
	uint64_t tasks, spaces; /**< spaces: address spaces whose tables are in it */
	uint64_t problems;      /**< tasks or trees of VMAs that could not be read as a whole */
	uint64_t ranges_without_pages; /**< of those that were asked for: nothing is mapped there */
	bool has_memmap;               /**< false: where the struct pages lie is not known */
};

/**
 * Write a small ELF vmcore of the same kernel: what work with page tables needs, and no user data
 * but the pages that are asked for. Objects are kept byte by byte, not with their neighbours in a
 * page; what is left out reads as filtered. All notes are kept except registers of floating point
 * and vectors.
 * @param path  of a file that does not exist yet; it appears whole or not at all
 * @param ret   owned by the caller: mmu_extract_destroy(); untouched on failure
 * @return MMU_ERROR_OS, _NO_TASK, _NO_MM (a chosen pid), _NOT_FOUND (facts), _UNSUPPORTED, _FAULT,
 *         _CORRUPT (facts that can't be true), _INVALID (options), _STOPPED, or those of
 *         mmu_session_learn()
 */
MMU_EXPORT struct mmu_error *mmu_session_extract(struct mmu_session *session,
						 const struct mmu_extract_options *options,
						 const char *path, struct mmu_extract **ret);
MMU_EXPORT const struct mmu_extract_info *mmu_extract_get(const struct mmu_extract *extract);
/** Bytes of one kind; each byte counts once. */
MMU_EXPORT uint64_t mmu_extract_bytes(const struct mmu_extract *extract,
				      enum mmu_extract_kind kind);
/** Accepts NULL. */
MMU_EXPORT void mmu_extract_destroy(struct mmu_extract *extract);

/* ------------------------------------------------------------------------------------ comparing */

/** How two spaces differ at an address. Several can hold. */
enum mmu_change {
	MMU_CHANGE_APPEARED = 1 << 0, /**< empty in the first */
	MMU_CHANGE_WENT = 1 << 1,     /**< empty in the second */
	MMU_CHANGE_RESULT = 1 << 2,   /**< mapped here, swapped there, ... */
	MMU_CHANGE_MOVED = 1 << 3,    /**< another frame, or another place in swap */
	MMU_CHANGE_RIGHTS = 1 << 4,
	MMU_CHANGE_SIZE = 1 << 5,    /**< a page of another size */
	MMU_CHANGE_UNKNOWN = 1 << 6, /**< a table page is not in an image, or tables never end */
	MMU_ENUM_32(MMU_CHANGE),
};

/**
 * "appeared", "went", "result", "moved", "rights", "size", "unknown".
 * @param change  one bit
 * @return NULL: there is no such bit, so that all can be gone through
 */
MMU_EXPORT const char *mmu_change_name(enum mmu_change change);

struct mmu_compare_query {
	size_t size;                   /**< sizeof(struct mmu_compare_query) */
	const struct mmu_part *first;  /**< what is compared of each; NULL: mmu_space_extent() */
	const struct mmu_part *second; /**< their hooks are not asked */
	const struct mmu_hook *hook;   /**< NULL: the first space's */
};

/** Two spaces, compared. */
struct mmu_comparison;
/** What one space adds up to. */
struct mmu_totals;

struct mmu_comparison_info {
	uint64_t same_bytes; /**< addresses where both have the same, and not nothing */
	uint64_t shared_bytes;
	uint64_t nr_differences; /**< see mmu_differences_open() */
	uint64_t nr_shared;      /**< see mmu_shared_open() */
	bool by_address; /**< of one architecture: there are differences, address by address */
	bool by_frame;   /**< in one image: there are shared frames */
};

/** Neighbouring addresses that differ in one way; as long as both sides are one range. */
struct mmu_difference {
	uint64_t first_va, last_va;
	uint32_t changes; /**< enum mmu_change bits */
};

/** Frames that both spaces map, each frame once. */
struct mmu_shared_frames {
	uint64_t first_pa, last_pa;
};

/** How one side maps shared frames. */
struct mmu_shared_side {
	uint64_t va;    /**< of first_pa; one of its mappings when there are several */
	uint64_t times; /**< how many mappings of these frames the side has */
	uint8_t rights; /**< of the mapping at va */
};

/**
 * Compare two spaces, of one session or of two, which must stay open. What they have is read and
 * not kept; for frames that are shared it takes 32 bytes a range that has a page, or, of a space
 * and itself, most often a bit for each frame of memory.
 * @param ret  owned by the caller: mmu_comparison_destroy(); untouched on failure
 * @return MMU_ERROR_INVALID (the query), _NO_MEMORY, _STOPPED
 */
MMU_EXPORT struct mmu_error *mmu_compare_spaces(struct mmu_space *first, struct mmu_space *second,
						const struct mmu_compare_query *query,
						struct mmu_comparison **ret);
/** Accepts NULL. What the following functions give is closed, or valid no more, by then. */
MMU_EXPORT void mmu_comparison_destroy(struct mmu_comparison *comparison);

MMU_EXPORT const struct mmu_comparison_info *
mmu_comparison_get(const struct mmu_comparison *comparison);
/** Addresses with this change. @param change one bit */
MMU_EXPORT uint64_t mmu_comparison_changed_bytes(const struct mmu_comparison *comparison,
						 enum mmu_change change);

struct mmu_differences;

/**
 * Go through the differences, ascending: the spaces are read again.
 * @return MMU_ERROR_NO_MEMORY, _STOPPED
 */
MMU_EXPORT struct mmu_error *mmu_differences_open(struct mmu_comparison *comparison,
						  struct mmu_differences **ret);
/**
 * The next one.
 * @param ret  valid until the next call; NULL: there are no more
 * @return MMU_ERROR_STOPPED
 */
MMU_EXPORT struct mmu_error *mmu_differences_next(struct mmu_differences *differences,
						  const struct mmu_difference **ret);
/** Accepts NULL. */
MMU_EXPORT void mmu_differences_close(struct mmu_differences *differences);
/** What a side (0, 1) has at the addresses of a difference. */
MMU_EXPORT const struct mmu_range *mmu_difference_side(const struct mmu_difference *difference,
						       unsigned int side);

struct mmu_shared;

/** Go through the shared frames, ascending: spaces may be read again. @return _NO_MEMORY */
MMU_EXPORT struct mmu_error *mmu_shared_open(const struct mmu_comparison *comparison,
					     struct mmu_shared **ret);
/** @return valid until the next call; NULL: there are no more */
MMU_EXPORT const struct mmu_shared_frames *mmu_shared_next(struct mmu_shared *shared);
/** Accepts NULL. */
MMU_EXPORT void mmu_shared_close(struct mmu_shared *shared);
/** How a side (0, 1) maps them. */
MMU_EXPORT const struct mmu_shared_side *
mmu_shared_frames_side(const struct mmu_shared_frames *frames, unsigned int side);

/** Of a side (0, 1). */
MMU_EXPORT const struct mmu_totals *mmu_comparison_totals(const struct mmu_comparison *comparison,
							  unsigned int side);
MMU_EXPORT enum mmu_leaves_end mmu_totals_ended(const struct mmu_totals *totals);
/** As mmu_leaves_tables(). */
MMU_EXPORT uint64_t mmu_totals_tables(const struct mmu_totals *totals, unsigned int level,
				      uint64_t *ret_missing);
/** Bytes of all tables that were read, the top one included. */
MMU_EXPORT uint64_t mmu_totals_table_bytes(const struct mmu_totals *totals);
/**
 * Addresses with a result.
 * @param ret_entries  the entries that say so, a run counts once; may be NULL
 */
MMU_EXPORT uint64_t mmu_totals_bytes(const struct mmu_totals *totals, enum mmu_result result,
				     uint64_t *ret_entries);
/** Mapped pages of the n-th size, ascending. @return false: there is no such size */
MMU_EXPORT bool mmu_totals_mapped(const struct mmu_totals *totals, size_t n,
				  uint64_t *ret_page_bytes, uint64_t *ret_pages);

#ifdef __cplusplus
}
#endif

#endif
