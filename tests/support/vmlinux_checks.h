/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the tests of the vmlinux reader share: files, errors, a table of cases. */
#ifndef VMLINUX_CHECKS_H
#define VMLINUX_CHECKS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "facts/vmlinux.h"
#include "support/vmlinux_like.h"

/** A folder of the test's own. */
static char scratch[] = "/tmp/test-vmlinux-XXXXXX";

static inline void expect_ok(struct mmu_error *error)
{
	if (error) {
		print_error("%s\n", mmu_error_message(error));
		mmu_error_destroy(error);
		fail();
	}
}

static inline void expect_error(struct mmu_error *error, enum mmu_error_kind code, const char *part)
{
	assert_non_null(error);
	if (mmu_error_code(error) != code || !strstr(mmu_error_message(error), part) ||
	    strchr(mmu_error_message(error), '\n')) {
		print_error("code %d, not %d with \"%s\": %s\n", mmu_error_code(error), code, part,
			    mmu_error_message(error));
		fail();
	}
	mmu_error_destroy(error);
}

struct file {
	uint8_t *data;
	size_t bytes;
};

static inline struct file read_file(const char *path)
{
	struct file file;
	struct stat status;
	FILE *in = fopen(path, "rb");

	assert_non_null(in);
	assert_int_equal(fstat(fileno(in), &status), 0);
	file.bytes = (size_t)status.st_size;
	file.data = malloc(file.bytes + 1);
	assert_non_null(file.data);
	assert_int_equal(fread(file.data, 1, file.bytes, in), file.bytes);
	fclose(in);
	return file;
}

/* @return the path of a scratch file, static */
static inline const char *write_file(const char *name, const void *data, size_t bytes)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", scratch, name);
	for (char *slash = path + strlen(scratch) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	/* ext4 flushes a file that is truncated and written again, which takes much longer. */
	unlink(path);
	FILE *out = fopen(path, "wb");

	assert_non_null(out);
	assert_int_equal(fwrite(data, 1, bytes, out), bytes);
	fclose(out);
	return path;
}

static inline const char *copy_file(const char *name, const char *from)
{
	struct file file = read_file(from);
	const char *path = write_file(name, file.data, file.bytes);

	free(file.data);
	return path;
}

static inline void empty_scratch(void)
{
	char command[600];

	snprintf(command, sizeof(command), "rm -rf -- '%s' && mkdir -m 700 '%s'", scratch, scratch);
	assert_int_equal(system(command), 0);
}

static inline const void *marked(struct file file, const char *magic)
{
	const void *found = memmem(file.data, file.bytes, magic, strlen(magic) + 1);

	assert_non_null(found);
	return found;
}

/* ------------------------------------------------- cases */

/** Cases for the files of one kind; each gets its file's path as its state. */
struct kind {
	const char *name;
	const struct CMUnitTest *tests;
	size_t count;
};

#define KIND(name, list)                                                                           \
	{                                                                                          \
		name, list, sizeof(list) / sizeof((list)[0])                                       \
	}

static inline size_t add_cases(const struct kind *kind, const char *path, struct CMUnitTest *ret,
			       size_t max)
{
	const char *slash = strrchr(path, '/');
	size_t count = 0;

	for (; count < kind->count && count < max; count++) {
		char *name = NULL;

		if (asprintf(&name, "%s %s", slash ? slash + 1 : path, kind->tests[count].name) < 0)
			abort();
		ret[count] = kind->tests[count];
		ret[count].name = name;
		ret[count].initial_state = (void *)(uintptr_t)path;
	}
	return count;
}

/** main() of a test that is given KIND=FILE ... @return its exit status */
static inline int run_cases(const char *group, const struct kind *kinds, size_t nr_kinds, int argc,
			    char **argv)
{
	struct CMUnitTest tests[256];
	size_t count = 0, max = sizeof(tests) / sizeof(tests[0]);

	if (!mkdtemp(scratch))
		return 1;
	for (int i = 1; i < argc; i++) {
		size_t length = strcspn(argv[i], "=");

		for (size_t k = 0; k < nr_kinds && argv[i][length]; k++)
			if (strlen(kinds[k].name) == length &&
			    !strncmp(kinds[k].name, argv[i], length))
				count += add_cases(&kinds[k], argv[i] + length + 1, tests + count,
						   max - count);
	}
	int status = _cmocka_run_group_tests(group, tests, count, NULL, NULL);

	for (size_t i = 0; i < count; i++)
		free((void *)(uintptr_t)tests[i].name);
	empty_scratch();
	rmdir(scratch);
	return status;
}

#endif
