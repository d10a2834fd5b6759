/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The line that says how far long work is, on a terminal and with a clock of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tool/progress.h"

static char seen[1024];
static uint64_t now;
static unsigned int width;

static void put(void *context, const char *text, size_t bytes)
{
	size_t at = strlen(seen);

	(void)context;
	assert_true(at + bytes < sizeof(seen));
	memcpy(seen + at, text, bytes);
	seen[at + bytes] = '\0';
}

static uint64_t now_ms(void *context)
{
	(void)context;
	return now;
}

static unsigned int columns(void *context)
{
	(void)context;
	return width;
}

static struct progress_line begin(void)
{
	struct progress_line line = { .put = put, .now_ms = now_ms, .columns = columns };

	seen[0] = '\0';
	now = 5000;
	width = 80;
	progress_line_begin(&line);
	return line;
}

/* What is new on the terminal. */
static void expect(const char *text)
{
	assert_string_equal(seen, text);
	seen[0] = '\0';
}

static void test_after_a_second(void **state)
{
	struct progress_line line = begin();

	(void)state;
	progress_line_tell(&line, "things", 1, 100);
	now += 999;
	progress_line_tell(&line, "things", 20, 100);
	expect("");
	now += 1;
	progress_line_tell(&line, "things", 25, 100);
	expect("\r\033[Kmmuscope: 25 of 100 things, about 4 s left");
	now += 199;
	progress_line_tell(&line, "things", 26, 100);
	expect("");
	now += 1;
	progress_line_tell(&line, "things", 99, 0);
	expect("\r\033[Kmmuscope: 99 things");
	progress_line_erase(&line);
	expect("\r\033[K");
	progress_line_erase(&line);
	expect("");
}

/* A command that counts by itself is not overruled by the library, which only lets time pass. */
static void test_phases(void **state)
{
	struct progress_line line = begin();
	struct mmu_progress progress = { MMU_PHASE_EXTRACT, 4096, 8192 };

	(void)state;
	now += 1000;
	progress_line_phase(&line, &progress);
	expect("\r\033[Kmmuscope: 4 of 8 KiB written");
	now += 1000;
	progress_line_tell(&line, "spaces", 3, 0);
	expect("\r\033[Kmmuscope: 3 spaces");
	progress = (struct mmu_progress){ MMU_PHASE_TABLES, 77, 0 };
	now += 1000;
	progress_line_phase(&line, &progress);
	expect("\r\033[Kmmuscope: 3 spaces");
	progress.phase = (enum mmu_phase)99; /* of a newer library */
	now += 1000;
	line.of_caller = false;
	progress_line_phase(&line, &progress);
	expect("\r\033[Kmmuscope: 3 spaces");
}

/* The rest takes longer than a number can say, or none is left, or more was done than there is. */
static void test_rest(void **state)
{
	struct progress_line line = begin();

	(void)state;
	progress_line_tell(&line, "things", 0, UINT64_MAX);
	now += 1000;
	progress_line_tell(&line, "things", 1, UINT64_MAX);
	expect("\r\033[Kmmuscope: 1 of 18446744073709551615 things");
	now += 1000;
	progress_line_tell(&line, "things", 1, 201);
	expect("\r\033[Kmmuscope: 1 of 201 things, about 7 min left");
	now += 1000;
	progress_line_tell(&line, "things", 5, 5);
	expect("\r\033[Kmmuscope: 5 of 5 things");
	now += 1000;
	progress_line_tell(&line, "things", 6, 5);
	expect("\r\033[Kmmuscope: 6 things");
}

static void test_narrow(void **state)
{
	struct progress_line line = begin();

	(void)state;
	width = 16;
	now += 1000;
	progress_line_tell(&line, "things that are told at length", 12345, 0);
	expect("\r\033[Kmmuscope: 12345");
}

/* In the middle of a line of output there is no place for another. */
static void test_output(void **state)
{
	struct progress_line line = begin();

	(void)state;
	line.mid_line = true;
	now += 1000;
	progress_line_tell(&line, "things", 1, 0);
	expect("");
	line.mid_line = false;
	progress_line_tell(&line, "things", 1, 0);
	expect("\r\033[Kmmuscope: 1 things");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_after_a_second), cmocka_unit_test(test_phases),
		cmocka_unit_test(test_rest),           cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_output),
	};

	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
