/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Many jobs that print, on several threads: what they print comes in their order. */
#ifndef MMU_TOOL_PRINT_JOBS_H
#define MMU_TOOL_PRINT_JOBS_H

#include "tool.h"

/** Does a job on any thread; it may print. @return its exit status */
typedef int (*tool_print_fn)(size_t job, void *context);

/**
 * Do jobs 0 to nr_jobs - 1. What a job prints is kept until its turn has come, and comes at once
 * from then on; a job that prints much before waits for its turn, so memory does not grow with what
 * they print. Where tool_interrupted() says so, the job whose turn it is ends, and no other comes.
 * @param threads  0: as many as there are CPUs at hand; 1: no thread of our own is started
 * @return the greatest of their exit statuses
 */
int tool_print_jobs(size_t nr_jobs, unsigned int threads, tool_print_fn print, void *context);

/** In a job: an empty line between its text and that of the jobs before it, if they had any. */
void tool_print_gap(void);

/** Do a job for each of several pids, which opens its space; learns the kernel. Likewise. */
int tool_print_pids(struct tool *tool, struct tool_space *space, unsigned int threads,
		    tool_print_fn print, void *context);

#endif
