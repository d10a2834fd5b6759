/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Files in memory: what the library opens by name, without a system call. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/files.h"
#include "fuzz/fuzz.h"
#include "image/image.h"

static struct put {
	const char *path;
	uint8_t *data; /* a block of its very size, so that a sanitizer sees reads past its end */
	size_t bytes;
	bool unmapped;
} files[FILES_MAX];

int files_fd = -1;

struct mmu_error *__wrap_mmu_file_open(const char *path, struct mmu_file *ret);
struct mmu_error *__wrap_mmu_file_open_unmapped(const char *path, struct mmu_file *ret);
void __wrap_mmu_file_close(struct mmu_file *file);
ssize_t __wrap_mmu_file_read(const struct mmu_file *file, void *buf, size_t bytes, uint64_t offset);

void files_put(const char *path, const void *data, size_t bytes, bool unmapped)
{
	struct put *put = files;

	while (put->path && strcmp(put->path, path) != 0)
		put++;
	FUZZ_CHECK(put < files + FILES_MAX);
	if (!put->data || put->bytes != bytes) {
		free(put->data);
		put->data = malloc(bytes + !bytes);
		FUZZ_CHECK(put->data);
	}
	*put = (struct put){ path, put->data, bytes, unmapped };
	memcpy(put->data, data, bytes);
}

static const struct put *find(const char *path)
{
	for (size_t i = 0; i < FILES_MAX; i++)
		if (files[i].path && strcmp(files[i].path, path) == 0)
			return &files[i];
	return NULL;
}

static struct mmu_error *open_put(const char *path, bool unmapped, struct mmu_file *ret)
{
	const struct put *put = find(path);
	struct mmu_file file = { .fd = files_fd };

	if (!put)
		return mmu_error_os(ENOENT, "%s", path);
	if (put->unmapped && !unmapped)
		return mmu_error_os(ENODEV, "%s: can't be mapped", path);
	file.path = strdup(path);
	FUZZ_CHECK(file.path);
	if (put->unmapped)
		file.map_error = ENODEV;
	else if (put->bytes)
		file.map = (struct mmu_bytes){ put->data, put->bytes };
	*ret = file;
	return NULL;
}

struct mmu_error *__wrap_mmu_file_open(const char *path, struct mmu_file *ret)
{
	return open_put(path, false, ret);
}

struct mmu_error *__wrap_mmu_file_open_unmapped(const char *path, struct mmu_file *ret)
{
	return open_put(path, true, ret);
}

void __wrap_mmu_file_close(struct mmu_file *file)
{
	free(file->path);
	*file = (struct mmu_file){ .fd = -1 };
}

ssize_t __wrap_mmu_file_read(const struct mmu_file *file, void *buf, size_t bytes, uint64_t offset)
{
	const struct put *put = find(file->path);

	FUZZ_CHECK(put);
	if (offset > (uint64_t)INT64_MAX - bytes) {
		errno = EOVERFLOW;
		return -1;
	}
	if (offset >= put->bytes)
		return 0;
	if (bytes > put->bytes - offset)
		bytes = put->bytes - offset;
	memcpy(buf, put->data + offset, bytes);
	return (ssize_t)bytes;
}
