/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Page tables of any back-end, built in memory: by calls, or from a readable text.
 *
 * The text, line by line; # begins a comment, numbers are decimal or 0x..., sizes may end in K, M,
 * G or T:
 *
 *     arch x86_64               the back-end
 *     format 4level             one of its formats; both come first
 *     memory 0x100000 [SIZE]    where memory begins: the root lies here, other tables follow as
 *                               they are needed. SIZE: at least so much
 *     map VA PA SIZE RIGHTS [COUNT]       COUNT adjacent leaves of SIZE: 4K, 2M, ...
 *     table LEVEL VA RIGHTS     the entry of this level gives its table these rights
 *     entry LEVEL VA RAW [SECOND]         a raw value, as it is
 *     hole PA SIZE              no memory is here
 *     filtered PA SIZE          memory that was left out
 *     cut PA                    the file ends before this address
 *
 * RIGHTS are rwxXu, with - for what is absent. Tables that are missing on the way are made, with
 * all rights.
 */
#ifndef MMU_SUPPORT_TABLES_H
#define MMU_SUPPORT_TABLES_H

#include "walk/walk.h"

#define TABLES_GAPS_MAX 32

/** A range that the image lacks. */
struct tables_gap {
	uint64_t first_pa, last_pa;
	bool filtered; /**< else there is no memory */
};

/** Tables that are being built. All zero before tables_parse(). */
struct tables {
	const struct mmu_arch *arch;
	struct mmu_regimes
		regimes;   /**< of the format's sample; root_pa holds once there is a root */
	const char *name;  /**< of the format or sample, as the text has it; NULL: it had none */
	uint64_t first_pa; /**< of the memory */
	uint8_t *memory;
	uint64_t bytes;                          /**< of the memory, so far; whole pages */
	uint64_t next_pa;                        /**< where the next table may go */
	uint64_t cut_pa;                         /**< the file ends before it; 0: it is whole */
	struct tables_gap gaps[TABLES_GAPS_MAX]; /**< ascending */
	size_t nr_gaps;
	char error[200]; /**< one line, when a function has failed */
};

/** Functions that return bool say in `error` why they failed. */
void tables_stop(struct tables *tables);

/**
 * Put an entry into the slot of `va`, making the tables above it.
 * @param level  of the entry
 */
bool tables_enter(struct tables *tables, unsigned int level, uint64_t va, uint64_t raw,
		  uint64_t second);

/** Map one leaf, or one whole run, of `bytes`. The slots must be empty. */
bool tables_map(struct tables *tables, uint64_t va, uint64_t pa, uint64_t bytes, uint8_t rights);

/** Set the rights of the table below the slot of `va`; it is made where there is none. */
bool tables_restrict(struct tables *tables, unsigned int level, uint64_t va, uint8_t rights);

/** A new, empty table. @return its physical address */
uint64_t tables_new(struct tables *tables, unsigned int level);

/**
 * Build what a text says.
 * @param archs  the back-ends to choose from, NULL-terminated
 * @return false with the error "line 3: ..."
 */
bool tables_parse(struct tables *tables, const struct mmu_arch *const *archs, const char *text);

#endif
