/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the parts of the command maps share: filters, totals, rows. */
#ifndef MMU_TOOL_MAPS_H
#define MMU_TOOL_MAPS_H

#include "tool.h"

/** What is left out. All zero: nothing. */
struct maps_filter {
	uint32_t results;      /**< bits by enum mmu_result; 0: all */
	uint8_t with, without; /**< rights that a page must have, and must not */
	uint64_t page_bytes;   /**< 0: all */
	const char *vma;       /**< part of the name of a VMA or region, or NULL */
	const char *range;     /**< FIRST-LAST as it was written, or NULL */
};

/** "wx", "u", "-w", "r-x": a '-' turns the letter behind it round. @return false: it is none */
bool maps_filter_rights(struct maps_filter *filter, const char *text);
/** "swapped,empty". @return NULL, or the word that is none; valid until the next call */
const char *maps_filter_results(struct maps_filter *filter, const char *text);
bool maps_filter_page_size(struct maps_filter *filter, const char *text);
/** Is this row wanted, by its result, rights and page size? */
bool maps_filter_wants(const struct maps_filter *filter, const struct mmu_map_row *row);
/** Is this VMA or region (the other is NULL) wanted, by its name? */
bool maps_filter_wants_area(const struct maps_filter *filter, const struct mmu_vma_info *vma,
			    const struct mmu_region *region);

#define MAPS_RESULTS 32u
#define MAPS_NEXTS 8u
#define MAPS_SIZES 16u

/** What the rows of a space add up to. */
struct maps_totals {
	uint64_t bytes[MAPS_RESULTS], pages[MAPS_RESULTS]; /**< by result */
	uint64_t next_bytes[MAPS_NEXTS];                   /**< empty, by what comes next */
	uint64_t rights_bytes[MMU_RIGHTS_ALL + 1];         /**< mapped */
	struct maps_size {
		uint64_t page_bytes, pages;
	} sizes[MAPS_SIZES]; /**< mapped, ascending */
	size_t nr_sizes;
	uint64_t vmas, vma_bytes;
	uint64_t last_vma_va; /**< that was counted, when vmas */
};

void maps_totals_add(struct maps_totals *totals, const struct mmu_map_row *row);
/** Rows of text: how much is there, in which pages, with which rights. */
void maps_totals_text(const struct maps_totals *totals);

/** Rows and more of a VMA are told as one row for each result, rights and page size. */
#define MAPS_ROWS_MAX 8u
#define MAPS_GROUPS_MAX 64u

/** The text of one space. */
struct maps_text {
	const struct mmu_space *space;
	bool every_range; /**< never sum a VMA's rows up */
	int digits;       /**< of an address */
	struct maps_totals totals;
	FILE *real; /**< standard output, while the text is held back; else NULL */
	char *held;
	size_t held_bytes;
	bool head_shown;

	/* the VMA or region of the rows below, which point here; a map that is gone told it */
	struct mmu_vma_info vma;
	char *name;
	struct mmu_region region;
	bool has_vma, has_region;
	struct mmu_map_row rows[MAPS_ROWS_MAX];
	size_t nr_rows; /**< more than MAPS_ROWS_MAX: they are in groups */
	struct maps_group {
		struct mmu_map_row row; /**< the first; pages and runs are of all */
		uint64_t ranges;
	} groups[MAPS_GROUPS_MAX];
	size_t nr_groups;
};

/** The text of a space begins: what it is. It is held back until its totals can stand first. */
void maps_text_begin(struct maps_text *text, const struct mmu_space *space, bool every_range);
void maps_text_row(struct maps_text *text, const struct mmu_map_row *row);
/** What is left of it, and its totals. */
void maps_text_end(struct maps_text *text);

/** What the next access brings, in one word, or NULL: it is not said. */
const char *maps_next_word(enum mmu_next next);

/**
 * maps --hash: the hashed table that a space is translated by, slot by slot.
 * @param only  those of this space alone, not of all that are known
 * @return the exit status
 */
int maps_hash(struct tool *tool, struct mmu_space *space, bool only);

void maps_row_json(const struct mmu_space *space, const struct mmu_map_row *row);
void maps_tsv_header(void);
void maps_row_tsv(const struct mmu_space *space, const struct mmu_map_row *row);

#endif
