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

static void test_15_reading_lines(void **state)
{
	char line[TOOL_LINE_MAX];
	const char *problem;
	FILE *file = tmpfile();

	(void)state;
	assert_non_null(file);
	fprintf(file, "one\n\n");
	for (unsigned int i = 0; i < 3 * TOOL_LINE_MAX; i++)
		fputc('y', file);
	fwrite("\na\0b\nlast", 1, 9, file);
	rewind(file);
	assert_true(tool_line_read(file, line, &problem));
	assert_string_equal(line, "one");
	assert_true(tool_line_read(file, line, &problem));
	assert_string_equal(line, "");
	assert_null(problem);
	assert_true(tool_line_read(file, line, &problem));
	assert_string_equal(problem, "the line is too long");
	assert_true(tool_line_read(file, line, &problem));
	assert_string_equal(problem, "a byte 0 is no text");
	assert_true(tool_line_read(file, line, &problem));
	assert_null(problem);
	assert_string_equal(line, "last");
	assert_false(tool_line_read(file, line, &problem));
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
		cmocka_unit_test(test_15_tsv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
