/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Opening images, confined to what was asked for. */
#include <string.h>

#include "confine.h"

static void name_image(struct tool *tool, const char *image)
{
	tool_take_environment(tool);
	/* a file of such a name is written ./live or ./- */
	tool->options.image = strcmp(image, "live") == 0 ? "/proc/kcore"
			      : strcmp(image, "-") == 0  ? "/dev/stdin"
							 : image;
}

int tool_open_all(struct tool *const *tools, const char *const *images, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		name_image(tools[i], images[i]);
	int status = tool_confine_files(tools, nr);
	for (size_t i = 0; i < nr && !status; i++) {
		struct mmu_error *error = mmu_session_open(&tools[i]->options, &tools[i]->session);

		if (error)
			status = tool_fail(tools[i], error);
	}
	return status ? status : tool_confine_calls(tools, nr);
}

int tool_open(struct tool *tool, const char *image)
{
	return tool_open_all(&tool, &image, 1);
}
