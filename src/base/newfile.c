/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Writing new files: a partial one beside, which gets its name when it is whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/newfile.h"

static void release(struct mmu_new_file *file)
{
	free(file->path);
	free(file->partial);
	*file = (struct mmu_new_file){ 0 };
}

const char *mmu_new_file_open(const char *path, struct mmu_new_file *ret)
{
	struct mmu_new_file file = { .path = strdup(path) };
	int fd = -1, error = ENOMEM;

	if (file.path && asprintf(&file.partial, "%s.%ld.partial", path, (long)getpid()) < 0)
		file.partial = NULL;
	if (file.partial) {
		fd = open(file.partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		file.file = fd < 0 ? NULL : fdopen(fd, "w");
		error = errno;
	}
	if (file.file) {
		*ret = file;
		return NULL;
	}
	if (fd >= 0) {
		close(fd);
		unlink(file.partial);
	}
	release(&file);
	errno = error;
	return "can't make it";
}

/* Not every file system can both rename without replacing, and link. */
static bool rename_new(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return true;
	return errno == EINVAL && link(from, to) == 0 && unlink(from) == 0;
}

const char *mmu_new_file_close(struct mmu_new_file *file, bool keep)
{
	bool written = !ferror(file->file) && fflush(file->file) == 0;
	const char *problem = NULL;
	int error = errno;

	if (fclose(file->file) != 0 && written) {
		written = false;
		error = errno;
	}
	if (!written) {
		problem = "can't write it";
	} else if (keep && !rename_new(file->partial, file->path)) {
		problem = "can't give the file its name";
		error = errno;
	}
	if (!keep || problem)
		unlink(file->partial);
	release(file);
	errno = error;
	return problem;
}
