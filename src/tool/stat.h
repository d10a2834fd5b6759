/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What mmuscope stat counted, and how it is told. */
#ifndef MMU_TOOL_STAT_H
#define MMU_TOOL_STAT_H

#include "sides.h"

#define STAT_TLB_MAX 8

struct stat_options {
	struct tool *tool;
	uint64_t tlb[STAT_TLB_MAX]; /**< numbers of entries */
	size_t nr_tlb;
};

/** One space, or the sum of several. */
struct stat_answer {
	const struct mmu_stat *stat;
	const struct mmu_regime *regime; /**< for the names of levels */
	const struct mmu_arch *arch;
	const char *comm; /**< NULL: not a process's */
	int pid;          /**< -1: none */
	uint64_t spaces;  /**< that are summed up; 1 */
	bool counted;     /**< the kernel's own count is known */
	uint64_t counted_bytes;
};

/** How what was read and what the kernel counts go together. */
struct stat_verdict {
	enum { STAT_NOT_KNOWN, STAT_EQUAL, STAT_DEPOSITED, STAT_DIFFERS } how;
	uint64_t deposited;       /**< tables that are kept for huge pages, and lead nowhere */
	int64_t difference_bytes; /**< counted less read */
};

struct stat_verdict stat_judge(const struct stat_answer *answer);

void stat_text(const struct stat_options *options, const struct stat_answer *answer);
void stat_json(const struct stat_options *options, const struct stat_answer *answer);
/** @param side  what rows begin with, or NULL */
void stat_tsv(const struct stat_answer *answer, const char *side);
/** @param with  rows begin with their side */
void stat_tsv_header(bool with);
/** --all: a line each. */
void stat_row(const struct stat_answer *answer);
void stat_rows_head(void);

/* ------------------------------------------------------------------ two side by side */

/** Levels of two spaces that stand in one row; -1: one of them has none. */
struct stat_pair {
	int level[2];
};

/** More than two spaces can have. */
#define STAT_PAIRS_MAX (2 * MMU_LEVELS_MAX)

/**
 * Which levels belong together: those whose entries reach as far, else those of the same name; the
 * top ones first.
 * @return how many rows
 */
size_t stat_pairs(const struct stat_answer answer[2], struct stat_pair ret[STAT_PAIRS_MAX]);

/** Bytes that an entry of a level translates. */
uint64_t stat_reach(const struct stat_answer *answer, int level);

/** "71.2 MiB": to three digits. Up to four calls can be alive. */
const char *stat_amount(uint64_t bytes);

void stat_sides_text(const struct stat_options *options, const struct compare *sides,
		     const struct stat_answer answer[2]);
/** A line for each, and one that compares. */
void stat_sides_json(const struct stat_options *options, const struct compare *sides,
		     const struct stat_answer answer[2]);
void stat_sides_tsv(const struct stat_answer answer[2]);

#endif
