/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Where a thread prints to: standard output and standard error, or what is kept of them for later.
 *
 * All of the tool is built with this, so that whatever shows a space can do so in any thread: the
 * names of stdio.h mean the thread's own streams.
 */
#ifndef MMU_TOOL_STREAMS_H
#define MMU_TOOL_STREAMS_H

#include <stdio.h>

/** A thread's own streams; NULL: the process's. */
struct tool_streams {
	FILE *out, *error;
};

extern _Thread_local struct tool_streams *tool_thread_streams;

/** The variables that say where this thread prints to. */
FILE **tool_out(void);
FILE **tool_error(void);

#undef stdout
#undef stderr
#define stdout (*tool_out())
#define stderr (*tool_error())
#define printf(...) fprintf(stdout, __VA_ARGS__)
#define vprintf(format, args) vfprintf(stdout, format, args)
#define putchar(byte) putc(byte, stdout)

#endif
