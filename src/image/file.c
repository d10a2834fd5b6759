/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Files, mapped read-only. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "image/image.h"

static struct mmu_error *file_size(const char *path, int fd, uint64_t *ret_bytes)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return mmu_error_os(errno, "%s", path);
	if (S_ISREG(status.st_mode)) {
		*ret_bytes = (uint64_t)status.st_size;
		return NULL;
	}
	if (S_ISBLK(status.st_mode)) {
		uint64_t bytes;

		if (ioctl(fd, BLKGETSIZE64, &bytes) < 0)
			return mmu_error_os(errno, "%s: size of the block device", path);
		*ret_bytes = bytes;
		return NULL;
	}
	if (S_ISDIR(status.st_mode))
		return mmu_error_new(MMU_ERROR_FORMAT, "%s: is a directory", path);
	return mmu_error_new(MMU_ERROR_FORMAT, "%s: is neither a regular file nor a block device",
			     path);
}

struct mmu_error *mmu_file_open(const char *path, struct mmu_file *ret)
{
	/* O_NONBLOCK: a FIFO without a writer must not hang us. */
	MMU_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	uint64_t bytes = 0;

	if (fd < 0)
		return mmu_error_os(errno, "%s", path);
	struct mmu_error *error = file_size(path, fd, &bytes);
	if (error)
		return error;
	MMU_FREE char *name = strdup(path);
	if (!name)
		return mmu_error_no_memory();

	const uint8_t *data = NULL;
	if (bytes) {
		if (bytes > SIZE_MAX / 2)
			return mmu_error_new(MMU_ERROR_UNSUPPORTED,
					     "%s: is too big for this machine's address space",
					     path);
		void *map = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, fd, 0);

		if (map == MAP_FAILED)
			return mmu_error_os(errno, "%s: can't be mapped", path);
		data = map;
	}
	*ret = (struct mmu_file){ mmu_steal(name), fd, { data, bytes } };
	fd = -1;
	return NULL;
}

void mmu_file_close(struct mmu_file *file)
{
	if (file->map.data)
		munmap((void *)file->map.data, file->map.count);
	if (file->path)
		close(file->fd);
	free(file->path);
	*file = (struct mmu_file){ .fd = -1 };
}
