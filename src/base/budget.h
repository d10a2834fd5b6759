/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file One budget of work and memory for all searches of a session. */
#ifndef MMU_BASE_BUDGET_H
#define MMU_BASE_BUDGET_H

#include "base/error.h"

/** What is counted. Answers to questions are not: only what a file alone can make long. */
enum mmu_budget_kind {
	MMU_BUDGET_READ,    /**< bytes of memory that are read while something is searched for */
	MMU_BUDGET_MEMORY,  /**< bytes that are allocated for what an image says of itself */
	MMU_BUDGET_ENTRIES, /**< entries of debug info that are decoded */
	MMU_BUDGET_UNPACK,  /**< bytes that debug info is unpacked to */
	MMU_BUDGET_KINDS,
};

/**
 * All zeros is a budget of its own. Of one session; any thread may spend it.
 * What a file can be worth goes by what it takes on disk, not by the size that it claims: a file
 * with holes, or whose segments share bytes, promises more than anybody wrote.
 */
struct mmu_budget {
	uint64_t disk_bytes[MMU_BUDGET_KINDS]; /**< of the files that the work is done for */
	uint64_t spent[MMU_BUDGET_KINDS];      /**< atomic */
	uint64_t factor;                       /**< the caller's; 0 is 1 */
	/** Atomic: what ended first for want of it, static text; NULL: nothing did. */
	const char *given_up[MMU_BUDGET_KINDS];
};

/** Another file belongs to the session. @param bytes  that it takes on disk */
void mmu_budget_add_image(struct mmu_budget *budget, uint64_t bytes);
/** Likewise, with debug info. */
void mmu_budget_add_symbols(struct mmu_budget *budget, uint64_t bytes);

/** How much may be spent in all. */
uint64_t mmu_budget_limit(const struct mmu_budget *budget, enum mmu_budget_kind kind);

/**
 * Spend a part of it.
 * @param budget  NULL: there is no limit
 * @param what    is given up when there is not so much left: "the search for ..."; static text
 * @return false: there is not; the work must end
 */
bool mmu_budget_take(struct mmu_budget *budget, enum mmu_budget_kind kind, uint64_t amount,
		     const char *what);

/** What was given up for want of this, static text, or NULL. @param budget  may be NULL */
const char *mmu_budget_ended(const struct mmu_budget *budget, enum mmu_budget_kind kind);
/** What was given up for want of anything, likewise. */
const char *mmu_budget_given_up(const struct mmu_budget *budget);

/** Why: "... was given up: ..."; MMU_ERROR_BUDGET, with its remedy. */
struct mmu_error *mmu_budget_error(const char *what) MMU_NEW_ERROR;

#endif
