/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Where a thread prints to, and the end where there is no memory. */
#include <stdlib.h>

#include "tool.h"

/* Here they are the process's own. */
#undef stdout
#undef stderr

_Thread_local struct tool_streams *tool_thread_streams;

FILE **tool_out(void)
{
	return tool_thread_streams ? &tool_thread_streams->out : &stdout;
}

FILE **tool_error(void)
{
	return tool_thread_streams ? &tool_thread_streams->error : &stderr;
}

void tool_no_memory(void)
{
	fprintf(stderr, "mmuscope: out of memory\n");
	exit(TOOL_UNUSABLE);
}
