/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Lists of addresses: what one line of them asks for. */
#ifndef MMU_TOOL_LISTS_H
#define MMU_TOOL_LISTS_H

#include "tool.h"

/** No line of a list is longer. */
#define TOOL_LINE_MAX 4096

/** A line, cut into its words. Pointers lead into the text that was parsed. */
struct tool_line {
	const char *address; /**< NULL: the line asks for nothing */
	const char *last;    /**< the other end of a range, NULL: there is none */
	bool exclusive;      /**< last is the first address behind it, as in /proc/PID/maps */
	const char *label;   /**< "": none */
	bool has_pid;
	int32_t pid;
	char written[160]; /**< address or range as it stands in the line, cut if it is longer */
};

/**
 * Take a line apart: [PID] ADDRESS [LABEL] # COMMENT.
 * @param text      is written to
 * @param with_pid  the line begins with a pid; else it must not
 * @return NULL, or a static text: what is wrong or could mean two things
 */
const char *tool_line_parse(char *text, bool with_pid, struct tool_line *ret);

/**
 * Read a line, without its end. One that is too long, or has a byte 0, is skipped.
 * @param ret_problem  static text, or NULL
 * @return false: there are no more
 */
bool tool_line_read(FILE *file, char ret[TOOL_LINE_MAX], const char **ret_problem);

#endif
