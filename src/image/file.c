/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Files, mapped read-only where that can be. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "image/image.h"

#define RETRIES 16
/* That are looked at: a file in more pieces counts as its blocks say. */
#define EXTENTS_MAX 1024u
#define LOCKDOWN_PATH "/sys/kernel/security/lockdown"

ssize_t mmu_file_read(const struct mmu_file *file, void *buf, size_t bytes, uint64_t offset)
{
	ssize_t count = -1;

	/* There is no way to ask for bytes behind 2^63: riscv shows vmalloc there, never RAM. */
	if (offset > (uint64_t)INT64_MAX - bytes) {
		errno = EOVERFLOW;
		return -1;
	}
	for (unsigned int i = 0; i < RETRIES; i++) {
		count = pread(file->fd, buf, bytes, (off_t)offset);
		if (count >= 0 || (errno != EINTR && errno != EAGAIN))
			break;
	}
	return count;
}

/*
 * What a file takes on disk. Where its blocks seem to be few, its holes are looked at: some file
 * systems count late, or count what they have packed. What has no holes is as large as it says.
 */
static uint64_t disk_bytes(int fd, const struct stat *status)
{
	uint64_t bytes = (uint64_t)status->st_size, blocks = (uint64_t)status->st_blocks * 512;
	uint64_t data = 0;
	off_t hole = 0;

	if (blocks >= bytes)
		return bytes;
	for (unsigned int i = 0; i < EXTENTS_MAX; i++) {
		off_t first = lseek(fd, hole, SEEK_DATA);

		if (first < 0 || (hole = lseek(fd, first, SEEK_HOLE)) <= first)
			break;
		data += (uint64_t)(hole - first);
	}
	return data > blocks ? data : blocks;
}

static struct mmu_error *file_size(const char *path, int fd, uint64_t *ret_bytes,
				   uint64_t *ret_disk_bytes)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return mmu_error_os(errno, "%s", path);
	if (S_ISREG(status.st_mode)) {
		*ret_bytes = (uint64_t)status.st_size;
		*ret_disk_bytes = disk_bytes(fd, &status);
		return NULL;
	}
	if (S_ISBLK(status.st_mode)) {
		uint64_t bytes;

		if (ioctl(fd, BLKGETSIZE64, &bytes) < 0)
			return mmu_error_os(errno, "%s: size of the block device", path);
		*ret_bytes = *ret_disk_bytes = bytes;
		return NULL;
	}
	return mmu_error_new(MMU_ERROR_FORMAT, "%s: %s", path,
			     S_ISDIR(status.st_mode)   ? "is a directory"
			     : S_ISCHR(status.st_mode) ? "is a character device, which has no size "
							 "and can't be mapped; the running "
							 "system's memory is /proc/kcore"
						       : "is a pipe or a socket, and must be a "
							 "file: its parts are read in any order; "
							 "save it first, as with cat > FILE");
}

const char *mmu_kcore_hint(int error, bool proc, bool root, const char *lockdown)
{
	switch (error) {
	case ENOENT:
		return !proc ? "; /proc is not mounted"
			     : "; this kernel has none: CONFIG_PROC_KCORE is off, or it is 32-bit "
			       "ARM before 6.14";
	case EACCES:
		return !root ? "; root is needed"
			     : "; the machine's own root is needed, not that of a container";
	case EPERM:
		if (!root)
			return "; root is needed";
		if (!lockdown)
			return "; CAP_SYS_RAWIO is needed, and no lockdown: see " LOCKDOWN_PATH;
		return !strstr(lockdown, "[confidentiality]")
			       ? "; CAP_SYS_RAWIO is needed, which a container rarely has"
			       : "; this kernel is locked down (confidentiality), which keeps its "
				 "memory from root too";
	default:
		return "";
	}
}

/* The open of a path failed. */
static struct mmu_error *open_error(const char *path, int code)
{
	const char *hint = "";
	char lockdown[128];

	if (strcmp(path, MMU_KCORE_PATH) == 0) {
		MMU_CLOSE int fd = open(LOCKDOWN_PATH, O_RDONLY | O_CLOEXEC);
		ssize_t count = fd < 0 ? -1 : read(fd, lockdown, sizeof(lockdown) - 1);

		lockdown[count > 0 ? count : 0] = '\0';
		hint = mmu_kcore_hint(code, access("/proc/self", F_OK) == 0, geteuid() == 0,
				      count > 0 ? lockdown : NULL);
	}
	return mmu_error_new(MMU_ERROR_OS, "%s: %s%s", path, strerror(code), hint);
}

/* Map it. What has no size can still have bytes: see whether the first can be read. */
static void map_file(struct mmu_file *file, uint64_t bytes)
{
	uint8_t byte;

	if (!bytes) {
		file->map_error = pread(file->fd, &byte, 1, 0) == 1 ? ENODEV : 0;
		return;
	}
	if (bytes > SIZE_MAX / 2) {
		file->map_error = EFBIG;
		return;
	}
	void *map = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, file->fd, 0);
	if (map == MAP_FAILED)
		file->map_error = errno;
	else
		file->map = (struct mmu_bytes){ map, bytes };
	return;
}

static struct mmu_error *open_file(const char *path, bool unmapped, struct mmu_file *ret)
{
	/* O_NONBLOCK: a FIFO without a writer must not hang us. */
	MMU_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct mmu_file file = { 0 };
	struct statfs system;
	uint64_t bytes = 0;

	if (fd < 0)
		return open_error(path, errno);
	file.procfs = fstatfs(fd, &system) == 0 && system.f_type == PROC_SUPER_MAGIC;
	if (!file.procfs && strcmp(path, MMU_KCORE_PATH) == 0)
		return mmu_error_new(MMU_ERROR_UNSUPPORTED,
				     "%s: is hidden here behind another file, as containers do",
				     path);
	struct mmu_error *error = file_size(path, fd, &bytes, &file.disk_bytes);
	if (error)
		return error;
	MMU_FREE char *name = strdup(path);
	if (!name)
		return mmu_error_no_memory();
	file.fd = fd;
	if (file.procfs) /* the running kernel's memory */
		file.disk_bytes = UINT64_MAX;
	map_file(&file, bytes);
	if (file.map_error && !unmapped)
		return mmu_error_os(file.map_error, "%s: can't be mapped", path);
	file.path = mmu_steal(name);
	*ret = file;
	fd = -1;
	return NULL;
}

struct mmu_error *mmu_file_open(const char *path, struct mmu_file *ret)
{
	return open_file(path, false, ret);
}

struct mmu_error *mmu_file_open_unmapped(const char *path, struct mmu_file *ret)
{
	return open_file(path, true, ret);
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
