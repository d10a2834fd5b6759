/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A file that a command writes: what the user is told when that can't be done. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "tool.h"

static int fail(const char *path)
{
	fflush(stdout);
	fprintf(stderr, "mmuscope: %s: %s\n", tool_safe(path), strerror(errno));
	return TOOL_UNUSABLE;
}

int tool_output_check(const char *path)
{
	struct stat status;

	if (lstat(path, &status) != 0)
		return TOOL_OK;
	errno = EEXIST;
	return fail(path);
}

int tool_output_open(const char *path, struct tool_output *ret)
{
	struct tool_output output = { .path = path };
	int status = tool_output_check(path);

	if (status)
		return status;
	if (mmu_new_file_open(path, &output.out))
		return fail(path);
	*ret = output;
	return TOOL_OK;
}

int tool_output_close(struct tool_output *output, bool keep)
{
	return mmu_new_file_close(&output->out, keep) ? fail(output->path) : TOOL_OK;
}
