/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A file that a command writes: new, private, there whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

static int fail(const struct tool_output *output)
{
	fflush(stdout);
	fprintf(stderr, "mmuscope: %s: %s\n", tool_safe(output->path), strerror(errno));
	return TOOL_UNUSABLE;
}

int tool_output_check(const char *path)
{
	const struct tool_output output = { .path = path };
	struct stat status;

	if (lstat(path, &status) != 0)
		return TOOL_OK;
	errno = EEXIST;
	return fail(&output);
}

int tool_output_open(const char *path, struct tool_output *ret)
{
	struct tool_output output = { .path = path };
	int status = tool_output_check(path);

	if (status)
		return status;
	if (asprintf(&output.partial, "%s.%ld.partial", path, (long)getpid()) < 0)
		return TOOL_UNUSABLE;
	/* it will hold memory, which is private */
	int fd = open(output.partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	output.file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!output.file) {
		status = fail(&output);
		free(output.partial);
		return status;
	}
	*ret = output;
	return TOOL_OK;
}

/* Some file systems can't rename without replacing, and others can't link. */
static bool rename_new(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return true;
	return errno == EINVAL && link(from, to) == 0 && unlink(from) == 0;
}

int tool_output_close(struct tool_output *output, bool keep)
{
	bool written = !ferror(output->file) && fflush(output->file) == 0;
	int status = TOOL_OK;

	if (!written)
		status = fail(output);
	if (fclose(output->file) != 0 && written)
		status = fail(output);
	if (keep && !status && !rename_new(output->partial, output->path))
		status = fail(output);
	if (!keep || status)
		unlink(output->partial);
	free(output->partial);
	return status;
}
