/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The entries of a table as rows: a row for neighbours that say nothing new. */
#ifndef MMU_TOOL_TABLE_ROWS_H
#define MMU_TOOL_TABLE_ROWS_H

#include "tool.h"

/** What the rows of one table have in common. */
struct table_rows {
	const struct mmu_arch *arch;
	const struct mmu_regime *regime;
	unsigned int level;
	uint64_t table_pa;
	uint64_t used;            /**< an index with a row of its own; UINT64_MAX: there is none */
	uint64_t first, last;     /**< which entries count */
	bool every_entry;         /**< each has a row of its own */
	struct mmu_walk *scratch; /**< to be used */
};

/** Adjacent entries that one row shows: their first and their last. */
struct table_row {
	struct mmu_step_info first, last;
	struct mmu_entry entry; /**< the last, but that of the first page */
	uint64_t first_pa, last_pa;
	enum mmu_result result;
	unsigned int swap_type;
	uint64_t swap_offset;       /**< the last one's */
	uint64_t first_swap_offset; /**< the first one's */
	bool has_swap, assumed;
	bool equal; /**< all words are equal: nothing follows anything */
	char target[128], flags[512], second_flags[512];
};

/** What is told of rows. */
struct table_rows_told {
	/** A row begins, with this step. @param state  so far, as mmu_entries_state() */
	void (*begin)(const struct table_row *row, const struct mmu_step *step,
		      enum mmu_page_state state, void *context);
	/** It is complete. */
	void (*end)(struct table_row *row, void *context);
	void *context;
};

/**
 * Read a table, row by row; ends early when SIGINT has come.
 * @return MMU_PAGE_PRESENT, or the state of the first entry that could not be read
 */
enum mmu_page_state table_rows_visit(const struct table_rows *rows, struct mmu_space *space,
				     const struct table_rows_told *told);

/** "17", or "17-31" */
const char *table_rows_index(uint64_t first, uint64_t last, char ret[48]);

/**
 * Print a row: what stands before it, its index, word, meaning and flags, as many of them beside
 * each other as there is room for. Uses up the row's texts.
 */
void table_rows_print(const struct table_rows *rows, struct table_row *row, const char *before,
		      int index_width);

#endif
