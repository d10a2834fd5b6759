/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Writing new files: a partial one beside, which gets its name when it is whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

struct mmu_new_file {
	FILE *file;
	char *path, *partial;
};

static struct mmu_error *give_up(struct mmu_new_file *file, int os_errno)
{
	struct mmu_error *error = os_errno ? mmu_error_os(os_errno, "%s", file->path) : NULL;

	free(file->path);
	free(file->partial);
	free(file);
	return error;
}

struct mmu_error *mmu_new_file_open(const char *path, struct mmu_new_file **ret)
{
	struct mmu_new_file *file = calloc(1, sizeof(*file));

	if (!file)
		return mmu_error_no_memory();
	file->path = strdup(path);
	if (!file->path || asprintf(&file->partial, "%s.%ld.partial", path, (long)getpid()) < 0) {
		file->partial = NULL;
		give_up(file, 0);
		return mmu_error_no_memory();
	}
	int fd = open(file->partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return give_up(file, errno);
	file->file = fdopen(fd, "w");
	if (!file->file) {
		int os_errno = errno;

		close(fd);
		unlink(file->partial);
		return give_up(file, os_errno);
	}
	*ret = file;
	return NULL;
}

FILE *mmu_new_file_stream(struct mmu_new_file *file)
{
	return file->file;
}

/* Not every file system can both rename without replacing, and link. */
static bool rename_new(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return true;
	return errno == EINVAL && link(from, to) == 0 && unlink(from) == 0;
}

struct mmu_error *mmu_new_file_close(struct mmu_new_file *file, bool keep)
{
	int os_errno = ferror(file->file) || fflush(file->file) != 0 ? errno : 0;

	if (fclose(file->file) != 0 && !os_errno)
		os_errno = errno;
	if (!os_errno && keep && !rename_new(file->partial, file->path))
		os_errno = errno;
	if (!keep || os_errno)
		unlink(file->partial);
	return give_up(file, os_errno);
}
