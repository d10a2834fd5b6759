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

/** The lines of a file, as they come in. */
struct tool_lines {
	int fd;
	size_t at, end; /**< what was read and not taken yet */
	bool cut;       /**< what the line began with was thrown away */
	bool ended;
	char bytes[(64 << 10) + 1]; /**< with a 0 at the end */
};

void tool_lines_begin(struct tool_lines *lines, int fd);

/**
 * The next line, if it is there whole.
 * @param ret_problem  static text: the line is too long, or has a byte 0; or NULL
 * @return it, to be written to, valid until more is read; NULL: tool_lines_read() must come first
 */
char *tool_lines_take(struct tool_lines *lines, const char **ret_problem);

/** The next line, if it is there whole and a number of tool_hex() alone. @return false: not so */
bool tool_lines_take_number(struct tool_lines *lines, uint64_t *ret);

/** Wait for more, once no whole line is left. @return false: there is no more */
bool tool_lines_read(struct tool_lines *lines);

#endif
