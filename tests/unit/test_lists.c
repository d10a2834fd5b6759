/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Lines of lists (issue 9, 15), and cells of TSV: hostile text stays in its cell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tool/lists.h"

/* "pid|address|last|label", with "<" before a last that is exclusive; or what is wrong. */
static void expect(const char *text, bool with_pid, const char *wanted)
{
	char line[TOOL_LINE_MAX], got[TOOL_LINE_MAX];
	struct tool_line parsed = { .pid = -7 };

	snprintf(line, sizeof(line), "%s", text);
	const char *problem = tool_line_parse(line, with_pid, &parsed);
	if (problem)
		assert_int_equal(parsed.pid, -7); /* nothing is written */
	if (problem)
		snprintf(got, sizeof(got), "%s", problem);
	else
		snprintf(got, sizeof(got), "%d|%s|%s%s|%s", parsed.has_pid ? parsed.pid : -1,
			 parsed.address ? parsed.address : "", parsed.exclusive ? "<" : "",
			 parsed.last ? parsed.last : "", parsed.label);
	if (strncmp(got, wanted, strlen(wanted)) != 0 || (!problem && strcmp(got, wanted) != 0))
		fail_msg("'%s' is '%s', not '%s'", text, got, wanted);
}

static void test_15_address_and_label(void **state)
{
	(void)state;
	expect("7f00", false, "-1|7f00||");
	expect("  7f00\tfirst touch \r", false, "-1|7f00||first touch");
	expect("init_task+0x10 # why", false, "-1|init_task+0x10||");
	expect("7f00 a#b #c", false, "-1|7f00||a#b");
	expect("# 7f00", false, "-1|||");
	expect("", false, "-1|||");
	expect("400000 main", false, "-1|400000||main");
}

static void test_15_pid_and_address(void **state)
{
	(void)state;
	expect("42 7f00", true, "42|7f00||");
	expect("0 init_task the idle one", true, "0|init_task||the idle one");
	expect("42", true, "no address behind the pid");
	expect("7f00 main", true, "no pid");
	expect("0x2a 7f00", true, "no pid");
	expect("042 7f00", true, "no pid");
	expect("-1 7f00", true, "no pid");
	expect("4194305 7f00", true, "no pid");
	expect("99999999999999999999 7f00", true, "no pid");
	expect("# 42", true, "-1|||");
}

/* With --pid: a line that another list could have is refused, not answered for address 0x2a. */
static void test_15_ambiguous(void **state)
{
	(void)state;
	expect("42 7f00", false, "PID ADDRESS, or ADDRESS LABEL?");
	expect("42 0x7f00 label", false, "PID ADDRESS, or ADDRESS LABEL?");
	expect("42 7f00-7fff", false, "PID ADDRESS, or ADDRESS LABEL?");
	expect("42 sym:dead", false, "PID ADDRESS, or ADDRESS LABEL?");
	expect("0x42 7f00", false, "-1|0x42||7f00");
	expect("0042 7f00", false, "-1|0042||7f00");
	expect("7fff00 7f00", false, "-1|7fff00||7f00");
	expect("42 # 7f00", false, "-1|42||");
}

static void test_15_ranges(void **state)
{
	(void)state;
	expect("7f00-7fff", false, "-1|7f00|7fff|");
	expect("42 7f00-7fff heap", true, "42|7f00|7fff|heap");
	expect("_stext-_etext text", false, "-1|_stext|_etext|text");
	expect("init_task-0x10", false, "-1|init_task-0x10||");
	expect("init_task-16", false, "-1|init_task-16||");
	expect("init_task-beef", false, "-1|init_task|beef|");
	expect("dead-beef", false, "-1|dead|beef|");
	expect("-7f00", false, "-1|-7f00||");
	expect("7f00-", false, "-1|7f00||");
}

static void test_15_lines_of_maps(void **state)
{
	(void)state;
	expect("7f00000-7f01000 r-xp 00001000 08:02 1047 /usr/lib/a b.so", false,
	       "-1|7f00000|<7f01000|/usr/lib/a b.so");
	expect("7f00000-7f01000 rw-p 00000000 00:00 0", false, "-1|7f00000|<7f01000|");
	expect("42 7f00000-7f01000 rw-s 00000000 00:05 2 [heap]", true,
	       "42|7f00000|<7f01000|[heap]");
	expect("7f00000-7f01000 ---p", false, "-1|7f00000|<7f01000|");
	expect("7f00000-7f01000 rwxp of mine", false, "-1|7f00000|<7f01000|of mine");
	expect("7f00000-7f01000 rwxy", false, "-1|7f00000|7f01000|rwxy");
	expect("7f00000 r-xp", false, "-1|7f00000||r-xp");
}

static void test_15_written(void **state)
{
	char text[] = "42 _stext-_etext text", many[400];
	struct tool_line line;

	(void)state;
	assert_null(tool_line_parse(text, true, &line));
	assert_string_equal(line.written, "_stext-_etext");
	memset(many, 'x', sizeof(many));
	many[sizeof(many) - 1] = '\0';
	assert_null(tool_line_parse(many, false, &line));
	assert_int_equal(strlen(line.written), sizeof(line.written) - 1);
	assert_int_equal(strlen(line.address), sizeof(many) - 1);
}

static const char *next_line(struct tool_lines *lines, const char **ret_problem)
{
	const char *line;

	*ret_problem = NULL;
	while (!(line = tool_lines_take(lines, ret_problem)) && tool_lines_read(lines))
		continue;
	return line;
}

static void test_15_reading_lines(void **state)
{
	static struct tool_lines lines;
	FILE *file = tmpfile();
	const char *problem;

	(void)state;
	assert_non_null(file);
	fputs("one\n\n", file);
	for (int i = 0; i < TOOL_LINE_MAX; i++)
		fputc('x', file);
	fputs("\n", file);
	for (int i = 0; i < TOOL_LINE_MAX - 1; i++) /* the longest that is none too long */
		fputc('z', file);
	fputs("\n", file);
	for (int i = 0; i < 3 * (int)sizeof(lines.bytes); i++)
		fputc('y', file);
	fwrite("\na\0b\nlast", 1, 9, file);
	rewind(file);
	tool_lines_begin(&lines, fileno(file));
	assert_string_equal(next_line(&lines, &problem), "one");
	assert_string_equal(next_line(&lines, &problem), "");
	assert_null(problem);
	assert_non_null(next_line(&lines, &problem));
	assert_string_equal(problem, "the line is too long");
	assert_int_equal(strlen(next_line(&lines, &problem)), TOOL_LINE_MAX - 1);
	assert_null(problem);
	assert_non_null(next_line(&lines, &problem));
	assert_string_equal(problem, "the line is too long");
	assert_non_null(next_line(&lines, &problem));
	assert_string_equal(problem, "a byte 0 is no text");
	assert_string_equal(next_line(&lines, &problem), "last");
	assert_null(problem);
	assert_null(next_line(&lines, &problem));
	assert_null(next_line(&lines, &problem));
	fclose(file);
}

/* What is no number alone is left to tool_lines_take(), whole. */
static void test_15_reading_numbers(void **state)
{
	static const struct {
		const char *line;
		bool number;
		uint64_t value;
	} cases[] = {
		{ "0\n", true, 0 },
		{ "0x7fC0\n", true, 0x7fc0 },
		{ "0X1\n", true, 1 },
		{ "ffffffffffffffff\n", true, UINT64_MAX },
		{ "0xffffffffffffffff\n", true, UINT64_MAX },
		{ "10000000000000000\n", false, 0 },
		{ "00000000000000001\n", false, 0 },
		{ "0x\n", false, 0 },
		{ "\n", false, 0 },
		{ " 1\n", false, 0 },
		{ "1 \n", false, 0 },
		{ "1\r\n", false, 0 },
		{ "1g\n", false, 0 },
		{ "1 label\n", false, 0 },
		{ "1-2\n", false, 0 },
		{ "1", false, 0 }, /* there may be more of it */
	};
	static struct tool_lines lines;
	FILE *file = tmpfile();
	const char *problem;

	(void)state;
	assert_non_null(file);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		fputs(cases[i].line, file);
	rewind(file);
	tool_lines_begin(&lines, fileno(file));
	assert_false(tool_lines_take_number(&lines, &(uint64_t){ 0 }));
	assert_true(tool_lines_read(&lines));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = 0;
		const char *line = NULL;

		assert_int_equal(tool_lines_take_number(&lines, &value), cases[i].number);
		if (!cases[i].number)
			line = next_line(&lines, &problem);
		assert_int_equal(line ? strncmp(line, cases[i].line, strlen(line)) : 0, 0);
		if (cases[i].number)
			assert_int_equal(value, cases[i].value);
	}
	assert_null(next_line(&lines, &problem));
	fclose(file);
}

/* A name is what a process calls itself: it must not end its cell or its row. */
static void test_15_tsv(void **state)
{
	char text[400] = "";
	FILE *saved = stdout, *file = tmpfile();

	(void)state;
	assert_non_null(file);
	stdout = file;
	tsv_header("pid va: name");
	tsv_number(true, -1);
	tsv_hex(true, UINT64_MAX);
	tsv_text("a\tb\nc\\d\x1b\xff\x7f");
	tsv_end();
	tsv_number(false, 7);
	tsv_hex(false, 7);
	tsv_text(NULL);
	tsv_end();
	stdout = saved;
	rewind(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(text, "pid\tva\tva_dec\tname\n"
				  "-1\t0xffffffffffffffff\t18446744073709551615\t"
				  "a\\tb\\nc\\\\d\\x1b\\xff\\x7f\n"
				  "\t\t\t\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_15_address_and_label),
		cmocka_unit_test(test_15_pid_and_address),
		cmocka_unit_test(test_15_ambiguous),
		cmocka_unit_test(test_15_ranges),
		cmocka_unit_test(test_15_lines_of_maps),
		cmocka_unit_test(test_15_written),
		cmocka_unit_test(test_15_reading_lines),
		cmocka_unit_test(test_15_reading_numbers),
		cmocka_unit_test(test_15_tsv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
