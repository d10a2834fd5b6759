/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the environment says where no option does. The library asks it nothing of this. */
#include <stdlib.h>
#include <string.h>

#include "tool.h"

/* Like MMUSCOPE_PLUGIN_PATH: separated by colons, and what is empty is left out. */
static void take_debug_dirs(struct tool *tool, const char *list)
{
	char *save = NULL;

	tool->environment = strdup(list);
	if (!tool->environment)
		tool_no_memory();
	for (char *dir = strtok_r(tool->environment, ":", &save);
	     dir && tool->nr_debug_dirs < TOOL_LIST_MAX; dir = strtok_r(NULL, ":", &save))
		tool->debug_dirs[tool->nr_debug_dirs++] = dir;
	if (tool->nr_debug_dirs)
		tool->options.debug_dirs = tool->debug_dirs;
}

void tool_take_environment(struct tool *tool)
{
	const char *symbols = secure_getenv("MMUSCOPE_SYMBOLS");
	const char *debug_dirs = secure_getenv("MMUSCOPE_DEBUG_DIR");
	const char *servers = secure_getenv("DEBUGINFOD_URLS");

	if (servers && servers[strspn(servers, " ")])
		tool->options.flags |= MMU_OPEN_DEBUGINFOD;
	if (!tool->options.vmlinux && symbols && *symbols)
		tool->options.vmlinux = symbols;
	if (!tool->options.debug_dirs && debug_dirs && !tool->environment)
		take_debug_dirs(tool, debug_dirs);
}
