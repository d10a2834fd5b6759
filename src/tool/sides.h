/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Two sides, left and right of --with: what compare compares, and how it is told. */
#ifndef MMU_TOOL_SIDES_H
#define MMU_TOOL_SIDES_H

#include "tool.h"

struct compare_side {
	struct tool *tool; /**< whose session the space is of */
	struct tool own;   /**< of the second side, when it has an image of its own */
	struct tool_space space_options;
	const char *image, *address; /**< as they were given, or NULL */
	struct mmu_space *space;
	struct mmu_walk *walk; /**< when addresses are compared, else NULL */
};

struct compare {
	struct tool *tool;
	struct compare_side side[2];
	struct mmu_part range[2]; /**< whole spaces: what is compared of each */
	const char *range_text;   /**< of --range, or NULL */
	bool all, one_image;
};

/* ------------------------------------------------------------------ which two */

/** How a command parses either side; `input` goes to the parser. */
struct sides_parser {
	const struct argp_option *options;
	argp_parser_t parser;
	const char *args_doc, *doc;
	void *input[2];
};

/** Parse what stands left and right of --with. @return false: there is no --with */
bool sides_parse(struct compare *compare, int argc, char **argv, const struct sides_parser *parser);

/** One line on stderr, and where to read more. @return TOOL_USAGE */
int sides_usage(const char *command, const char *message);

/** Does the second side say something of its own: an image, an address, a space? */
bool sides_second_is_given(const struct compare *compare);

/**
 * Let the second side take from the first what it leaves out.
 * @return TOOL_OK, or TOOL_USAGE after lines on stderr
 */
int sides_complete(struct compare *compare, const char *command);

/** Open both images, or the one, before any kernel is learnt: then no more can be opened. */
int sides_open_images(struct compare *compare);

/** Open a side's space. @return as tool_space_open() */
int sides_open(struct compare_side *side);

/** Both kernels are learnt: see tool_seal(). */
int sides_seal(const struct compare *compare);

/** Close all of both but the first one's session. @param status  of the answer @return the same,
 * or worse */
int sides_close(struct compare *compare, int status);

/** "first", "second". */
const char *compare_side_name(unsigned int side);

/* ------------------------------------------------------------------ in words */

/** One sentence on two walks. */
struct compare_word {
	bool same;        /**< what they have in common; else a difference */
	const char *what; /**< one word from a fixed list, for programs */
	char text[320];
};

#define COMPARE_WORDS_MAX 32

/** What matters about two walks. @return how many were written */
size_t compare_words(const struct compare *compare, struct compare_word ret[COMPARE_WORDS_MAX]);

/** How the formats of two spaces differ, or "". */
const char *compare_formats(const struct compare *compare, char ret[320]);

/** Are they of one format, with tables of the same shape? */
bool compare_one_format(const struct compare *compare);

/**
 * What the mapped pages of a side would take as tables of the other's format, in its smallest
 * pages.
 * @param ret_fits  false: some address is beyond what that format translates
 */
struct mmu_error *compare_tables_of_other(const struct compare *compare, unsigned int side,
					  bool *ret_fits, uint64_t *ret_bytes);

/** Bytes of the tables on the path of a walk. */
uint64_t compare_path_bytes(const struct compare_side *side);

/* ------------------------------------------------------------------ text */

/** Two columns of text, or one below the other where they don't fit. */
struct compare_columns {
	unsigned int width; /**< of the terminal */
	const char *colour; /**< of the next label; NULL: bold */
	FILE *side[2];      /**< what goes into each column of the next block */
	char *text[2];
	size_t bytes[2];
};

/** Start a block: side[] can be written to. */
void compare_begin(struct compare_columns *columns);
/** Print a block, its label in front, and nothing when both of its sides are empty. */
void compare_end(struct compare_columns *columns, const char *label);
/** The rows that say what is compared: image, process, format, root. */
void compare_head(const struct compare *compare, struct compare_columns *columns);

/** Levels, tables, reach, reads and rights of both formats; nothing if it is one. */
void compare_translations_text(const struct compare *compare, struct compare_columns *columns);
/** Spaces, likewise: what each format would take for the other's pages. */
struct mmu_error *compare_same_pages_text(const struct compare *compare,
					  struct compare_columns *columns);

void compare_walks_text(const struct compare *compare, const struct compare_word *words,
			size_t nr_words);
/** This and what follows: an error when the spaces can't be read again. */
struct mmu_error *compare_spaces_text(const struct compare *compare,
				      struct mmu_comparison *comparison);

/* ------------------------------------------------------------------ JSON */

/** Of one side: entry_bytes, levels, page_rights. */
void compare_translation_json(const struct mmu_regime *regime);
void compare_walks_json(const struct compare *compare, const struct compare_word *words,
			size_t nr_words);
struct mmu_error *compare_spaces_json(const struct compare *compare,
				      struct mmu_comparison *comparison);

/* ------------------------------------------------------------------ TSV */

/** Every difference, a row each. */
struct mmu_error *compare_spaces_tsv(struct mmu_comparison *comparison);

#endif
