/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Reading files that kernels tell of themselves in: made up by the running one, or kept. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "facts/live.h"

#define FIRST_BYTES 65536u

struct mmu_error *mmu_live_read(const char *path, uint64_t bytes_max, mmu_begins_fn begins,
				void **ret, uint64_t *ret_bytes)
{
	MMU_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *buf MMU_FREE = NULL;
	size_t have = 0, room = 0;
	ssize_t count;

	if (fd < 0)
		return mmu_error_os(errno, "%s", path);
	do {
		if (have == room) {
			room = room ? 2 * room : FIRST_BYTES;
			uint8_t *more = have > bytes_max ? NULL : realloc(buf, room);

			if (!more)
				return have > bytes_max ? mmu_error_new(MMU_ERROR_CORRUPT,
									"%s has no end", path)
							: mmu_error_no_memory();
			buf = more;
		}
		count = read(fd, buf + have, room - have);
		if (count < 0)
			return mmu_error_os(errno, "%s", path);
		if (begins && !have && !begins(buf, (uint64_t)count))
			return NULL;
		have += (size_t)count;
	} while (count);
	*ret = mmu_steal(buf);
	*ret_bytes = have;
	return NULL;
}

struct mmu_error *mmu_live_symbols_open(const char *path, const char *const *symbols,
					struct mmu_symbol_text **ret)
{
	uint64_t bytes = 0;
	void *text = NULL;
	struct mmu_error *error = mmu_live_read(path, MMU_SYMBOL_TEXT_BYTES_MAX, NULL, &text,
						&bytes);

	return error ? error
		     : mmu_symbol_text_open(path, MMU_SYMBOL_TEXT_KALLSYMS, text, bytes, symbols,
					    ret);
}

struct mmu_error *mmu_system_map_open(const char *path, const char *const *symbols,
				      struct mmu_symbol_text **ret)
{
	uint64_t bytes = 0;
	void *text = NULL;
	struct stat status;

	*ret = NULL;
	/* to open a pipe is to wait for its writer; what else it may be, the caller tells */
	if (stat(path, &status) != 0 || !S_ISREG(status.st_mode))
		return NULL;
	struct mmu_error *error = mmu_live_read(path, MMU_SYMBOL_TEXT_BYTES_MAX,
						mmu_symbol_text_recognise, &text, &bytes);

	return error || !text
		       ? error
		       : mmu_symbol_text_open(path, MMU_SYMBOL_TEXT_MAP, text, bytes, symbols, ret);
}
