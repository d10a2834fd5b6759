/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Where names stand in a table of strings: the search is held to a look at each place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "facts/name_places.h"

/* More than one window of the search, which has 32 KiB. */
#define TABLE_BYTES 100000u
#define WINDOW_BYTES 32768u

static const char *const wanted[] = { "_end",      "init_task", "swapper_pg_dir", "pg_dir",
				      "task_list", "_text",     "init_task",      NULL };

struct file {
	struct mmu_elffile elf;
	struct mmu_bytes strings;
};

static void open_file(struct file *file, const uint8_t *table, size_t bytes)
{
	int fd = memfd_create("strings", MFD_CLOEXEC);

	assert_true(fd >= 0 && write(fd, table, bytes) == (ssize_t)bytes);
	void *map = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_true(map != MAP_FAILED);
	*file = (struct file){ .elf = { .fd = fd, .map = { map, bytes } },
			       .strings = { map, bytes } };
}

static void close_file(struct file *file)
{
	munmap((void *)file->strings.data, file->strings.count);
	close(file->elf.fd);
}

/* @return how many places have a name */
static size_t check(const uint8_t *table, size_t bytes)
{
	struct mmu_name_places places;
	struct mmu_names names;
	struct file file;
	size_t nr = 0;

	open_file(&file, table, bytes);
	assert_null(mmu_names_init(&names, wanted, NULL));
	assert_true(mmu_name_places_search(&file.elf, file.strings, &names, &places));
	for (size_t i = 0; i < bytes; i++) {
		size_t found = mmu_names_find(&names, table + i, bytes - i);

		assert_int_equal(mmu_name_places_find(&places, (uint32_t)i), found);
		nr += found != MMU_NAMES_NONE;
	}
	assert_int_equal(places.nr, nr);
	assert_int_equal(mmu_name_places_find(&places, (uint32_t)bytes), MMU_NAMES_NONE);
	assert_int_equal(mmu_name_places_find(&places, UINT32_MAX), MMU_NAMES_NONE);
	mmu_name_places_destroy(&places);
	mmu_names_destroy(&names);
	close_file(&file);
	return nr;
}

/* Names, ends of names, and other text, each with its NUL. */
static void fill(uint8_t *table, size_t bytes)
{
	static const char *const others[] = {
		"", "x", "_en", "end", "task", "initcall_start", "swapper_pg_dir_", "dir"
	};
	const size_t nr_wanted = sizeof(wanted) / sizeof(wanted[0]) - 1;

	memset(table, 0, bytes);
	for (size_t at = 0; at < bytes;) {
		unsigned int kind = (unsigned int)rand() % 64;
		const char *text = kind < nr_wanted ? wanted[kind] : others[kind % 8];
		size_t length = strlen(text) +
				(kind & 1); /* without its NUL the next one goes on */

		length = length < bytes - at ? length : bytes - at;
		memcpy(table + at, text, length);
		at += length;
	}
}

static void test_random_tables(void **state)
{
	uint8_t *table = malloc(TABLE_BYTES);
	size_t found = 0;

	assert_non_null(table);
	srand(1);
	for (size_t bytes = 1; bytes <= TABLE_BYTES; bytes = bytes * 7 + 3) {
		fill(table, bytes);
		found += check(table, bytes);
	}
	assert_true(found > 100);
	free(table);
}

/* A name that begins in one window and ends in the next, and one that no NUL ends. */
static void test_edges(void **state)
{
	uint8_t *table = malloc(TABLE_BYTES);

	assert_non_null(table);
	for (size_t before = 0; before <= sizeof("init_task"); before++) {
		memset(table, 'a', TABLE_BYTES);
		memcpy(table + WINDOW_BYTES - before, "init_task", sizeof("init_task"));
		memcpy(table + TABLE_BYTES - 4, "_end", 4);
		assert_int_equal(check(table, TABLE_BYTES), 1);
	}
	free(table);
}

/* Then each string has to be looked at itself: too many places, a short name, a long one. */
static void test_refused(void **state)
{
	static char long_name[600];
	const char *const lists[][2] = { { "_end", NULL }, { "end", NULL }, { long_name, NULL } };
	uint8_t *table = malloc(TABLE_BYTES);

	assert_non_null(table);
	memset(long_name, 'a', sizeof(long_name) - 1);
	for (size_t i = 0; i < TABLE_BYTES; i++)
		table[i] = (uint8_t) "_end"[i % 5];
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct mmu_name_places places;
		struct mmu_names names;
		struct file file;

		open_file(&file, table, TABLE_BYTES);
		assert_null(mmu_names_init(&names, lists[i], NULL));
		assert_false(mmu_name_places_search(&file.elf, file.strings, &names, &places));
		mmu_name_places_destroy(&places);
		mmu_names_destroy(&names);
		close_file(&file);
	}
	free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_tables),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
