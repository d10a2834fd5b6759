/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Lists of addresses: what one line of them asks for. */
#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "lists.h"

/* PID_MAX_LIMIT of 64-bit kernels: no pid is larger, so a number beyond is none. */
#define PID_LIMIT (UINT64_C(4) << 20)

static bool is_blank(char c)
{
	return isspace((unsigned char)c);
}

/* The next word, which gets its end, or "". */
static char *next_word(char **at)
{
	char *word = *at;

	while (is_blank(*word))
		word++;
	char *end = word;
	while (*end && !is_blank(*end))
		end++;
	*at = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

static void cut_comment(char *text)
{
	for (char *at = text; *at; at++)
		if (*at == '#' && (at == text || is_blank(at[-1]))) {
			*at = '\0';
			return;
		}
}

static bool is_decimal(const char *word)
{
	return *word && word[strspn(word, "0123456789")] == '\0';
}

/* Could it be a pid? They are written without zeros in front. */
static bool is_pid(const char *word, int32_t *ret)
{
	uint64_t pid;

	if (!is_decimal(word) || (word[0] == '0' && word[1]) || !tool_number(word, &pid) ||
	    pid > PID_LIMIT)
		return false;
	*ret = (int32_t)pid;
	return true;
}

/*
 * Where the '-' of a range stands, or NULL: behind a number, or behind a symbol where no offset
 * follows.
 */
static char *range_dash(char *word)
{
	char *dash = strchr(word, '-');
	uint64_t number;
	bool first_number;

	if (!dash || dash == word)
		return NULL;
	*dash = '\0';
	first_number = tool_hex(word, &number);
	*dash = '-';
	return first_number || !tool_number(dash + 1, &number) ? dash : NULL;
}

static bool is_number_or_range(const char *word)
{
	uint64_t number;
	size_t first = strspn(word, "0123456789abcdefABCDEFxX");

	return tool_hex(word, &number) || (first && word[first] == '-') ||
	       strncmp(word, "sym:", 4) == 0;
}

/* r-xp: the second word of a line of maps. */
static bool is_maps_rights(const char *word)
{
	return strlen(word) == 4 && strchr("r-", word[0]) && strchr("w-", word[1]) &&
	       strchr("x-", word[2]) && strchr("ps", word[3]);
}

/* What stands behind the rights in maps: offset, device, inode, and then the name. */
static char *maps_name(char *at)
{
	unsigned int major, minor;
	unsigned long long offset, inode;
	int used = 0;

	if (sscanf(at, "%llx %x:%x %llu%n", &offset, &major, &minor, &inode, &used) == 4)
		at += used;
	return at;
}

static char *trimmed(char *text)
{
	while (is_blank(*text))
		text++;
	for (char *end = text + strlen(text); end > text && is_blank(end[-1]);)
		*--end = '\0';
	return text;
}

/* What follows the address, up to the end of the line. */
static void take_label(char *rest, struct tool_line *line)
{
	rest = trimmed(rest);
	if (line->last) {
		char *at = rest;
		size_t bytes = strcspn(rest, " \t");
		char saved = rest[bytes];

		rest[bytes] = '\0';
		line->exclusive = is_maps_rights(rest);
		rest[bytes] = saved;
		if (line->exclusive)
			rest = trimmed(maps_name(at + bytes));
	}
	line->label = rest;
}

const char *tool_line_parse(char *text, bool with_pid, struct tool_line *ret)
{
	struct tool_line line = { .label = "" };
	int32_t pid;

	cut_comment(text);
	char *word = next_word(&text);
	if (!*word) {
		*ret = line;
		return NULL;
	}
	line.has_pid = with_pid;
	if (with_pid) {
		if (!is_pid(word, &line.pid))
			return "no pid, and no option says whose address it is";
		word = next_word(&text);
		if (!*word)
			return "no address behind the pid";
	} else if (is_pid(word, &pid)) {
		char second[TOOL_LINE_MAX], *at = second;

		snprintf(second, sizeof(second), "%s", text);
		if (is_number_or_range(next_word(&at)))
			return "PID ADDRESS, or ADDRESS LABEL? Without --pid and the like it is "
			       "the first, with 0x before the address the second";
	}
	snprintf(line.written, sizeof(line.written), "%s", word);
	char *dash = range_dash(word);
	line.address = word;
	if (dash) {
		*dash = '\0';
		line.last = dash + 1;
	}
	take_label(text, &line);
	*ret = line;
	return NULL;
}

/* ------------------------------------------------------------------ lines of a file */

void tool_lines_begin(struct tool_lines *lines, int fd)
{
	lines->fd = fd;
	lines->at = lines->end = 0;
	lines->cut = lines->ended = false;
	lines->bytes[0] = '\0';
}

char *tool_lines_take(struct tool_lines *lines, const char **ret_problem)
{
	char *line = lines->bytes + lines->at;
	size_t left = lines->end - lines->at;
	char *end = memchr(line, '\n', left);

	if (!end && (!lines->ended || (!left && !lines->cut)))
		return NULL;
	if (end)
		left = (size_t)(end - line);
	lines->at += left + !!end;
	line[left] = '\0';
	*ret_problem = NULL;
	if (lines->cut || left >= TOOL_LINE_MAX)
		*ret_problem = "the line is too long";
	else if (strlen(line) < left)
		*ret_problem = "a byte 0 is no text";
	lines->cut = false;
	return line;
}

bool tool_lines_take_number(struct tool_lines *lines, uint64_t *ret)
{
	const char *behind = tool_hex_run(lines->bytes + lines->at, ret);

	if (!behind || *behind != '\n' || lines->cut)
		return false;
	lines->at = (size_t)(behind - lines->bytes) + 1;
	return true;
}

bool tool_lines_read(struct tool_lines *lines)
{
	size_t left = lines->end - lines->at;

	if (lines->ended)
		return false;
	memmove(lines->bytes, lines->bytes + lines->at, left);
	if (left >= TOOL_LINE_MAX) { /* what is too long is not kept */
		lines->cut = true;
		left = 0;
	}
	ssize_t more = read(lines->fd, lines->bytes + left, sizeof(lines->bytes) - 1 - left);
	lines->ended = more <= 0;
	lines->at = 0;
	lines->end = left + (more > 0 ? (size_t)more : 0);
	lines->bytes[lines->end] = '\0';
	return true;
}
