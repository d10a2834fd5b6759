/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Lists on standard input, line by line, with a pid in front or without. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "tool/lists.h"

static void look_at(const char *text, const char *start, const char *end)
{
	if (!text)
		return;
	FUZZ_CHECK(!*text || (text >= start && text < end));
	FUZZ_CHECK(strlen(text) < TOOL_LINE_MAX && !strchr(text, '\n'));
}

static const char *next_line(struct tool_lines *lines, const char **ret_problem)
{
	const char *line;

	while (!(line = tool_lines_take(lines, ret_problem)) && tool_lines_read(lines))
		continue;
	return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static struct tool_lines lines;
	static char copy[TOOL_LINE_MAX];
	const char *line, *problem = NULL;
	uint64_t number;

	if (bytes >= sizeof(lines.bytes))
		return 0;
	tool_lines_begin(&lines, -1); /* all of it was read, then */
	memcpy(lines.bytes, data, bytes);
	lines.bytes[bytes] = '\0';
	lines.end = bytes;
	for (;;) {
		while (tool_lines_take_number(&lines, &number))
			FUZZ_CHECK(lines.at <= lines.end);
		line = next_line(&lines, &problem);
		FUZZ_CHECK(lines.at <= lines.end);
		if (!line)
			break;
		FUZZ_CHECK(problem || strlen(line) < TOOL_LINE_MAX);
		for (unsigned int with_pid = 0; with_pid < 2 && !problem; with_pid++) {
			struct tool_line parsed = { .pid = -7 };

			strcpy(copy, line);
			if (tool_line_parse(copy, with_pid, &parsed)) {
				FUZZ_CHECK(parsed.pid == -7);
				continue;
			}
			look_at(parsed.address, copy, copy + sizeof(copy));
			look_at(parsed.last, copy, copy + sizeof(copy));
			look_at(parsed.label, copy, copy + sizeof(copy));
			if (parsed.address)
				FUZZ_CHECK(strlen(parsed.written) < sizeof(parsed.written));
		}
	}
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t max, unsigned int seed)
{
	static const char *const words[] = { " ",       "-",    "#",    "0x", "sym:", "+0x10",
					     "r-xp",    "\t",   "\n",   "-0", "42",   "init_task",
					     "00:00 0", "\xff", "ffff", "+",  "..",   "[heap]" };
	struct fuzz_random random = { seed * UINT64_C(0x9e3779b97f4a7c15) };
	const char *word = words[fuzz_below(&random, sizeof(words) / sizeof(words[0]))];
	size_t length = strlen(word), at = fuzz_below(&random, bytes + 1);

	max = max < 8192 ? max : 8192;
	if (bytes + length > max || fuzz_below(&random, 2))
		return LLVMFuzzerMutate(data, bytes < max ? bytes : max, max);
	memmove(data + at + length, data + at, bytes - at);
	memcpy(data + at, word, length);
	return bytes + length;
}

void fuzz_seeds(fuzz_seed_fn take)
{
	static const char *const texts[] = {
		"42 7f00-7fff heap # why\n0x10\ninit_task+0x10 label\n",
		"7f0000000000-7f0000021000 r-xp 00000000 08:01 1234  /usr/bin/sh\n",
		"sym:dead-sym:beef\n1 2 3\n",
		"",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char name[16];

		snprintf(name, sizeof(name), "list-%zu", i);
		take(name, (const uint8_t *)texts[i], strlen(texts[i]));
	}
}
