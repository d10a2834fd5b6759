/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Many jobs on several threads, whose results are told in order. */
#ifndef MMU_TOOL_PARALLEL_H
#define MMU_TOOL_PARALLEL_H

#include "tool.h"

/** More would not help: a job reads memory. */
#define TOOL_THREADS_MAX 256u

/** Does a job on any thread. It prints nothing. @return what is told of it, owned by tell() */
typedef void *(*tool_work_fn)(size_t job, void *context);
/** Tells of a job, on the caller's thread, in the order of the jobs. @return false: no more */
typedef bool (*tool_tell_fn)(size_t job, void *result, void *context);

/**
 * Do jobs 0 to nr_jobs - 1. At most a few jobs a thread are done and not told of, so that memory
 * does not grow with their number. Ends early where tool_interrupted() says so.
 * @param threads  0: as many as there are CPUs at hand; 1: no thread of our own is started
 * @param drop     releases the result of a job that is not told of any more
 */
void tool_parallel(size_t nr_jobs, unsigned int threads, tool_work_fn work, tool_tell_fn tell,
		   void (*drop)(void *result), void *context);

/** How many threads to start. @param wanted  0: as many as there are CPUs at hand */
unsigned int tool_threads(unsigned int wanted, size_t nr_jobs);

/** The option --threads N of commands that have many jobs. */
enum { TOOL_KEY_THREADS = 0x410 };
#define TOOL_THREADS_OPTION                                                                        \
	{                                                                                          \
		"threads", TOOL_KEY_THREADS, "N", 0,                                               \
			"Of many processes: work on N threads (default: the CPUs at hand)", 1      \
	}

/** Its value. */
unsigned int tool_parse_threads(const char *arg, struct argp_state *state);

/** A hook for spaces that other threads use: it only asks tool_interrupted(). */
extern const struct mmu_hook tool_worker_hook;

/** What is kept of a process, for a job of its own. */
struct tool_process {
	int32_t pid;
	char comm[17];
	uint64_t task_va, table_bytes;
	bool has_counters;
};

/**
 * The processes that have an address space of their own, in the kernel's order; learns the kernel.
 * @param ret  owned by the caller: free()
 * @return the exit status so far, or TOOL_UNUSABLE after lines on stderr, with nothing in *ret
 */
int tool_processes(struct tool *tool, struct tool_process **ret, size_t *ret_nr);

/** Open the space of one, on any thread. @param flags  of the query */
struct mmu_error *tool_process_space(struct tool *tool, const struct tool_process *process,
				     uint32_t flags, struct mmu_space **ret);

/** Likewise, with lines on stderr. @return the exit status */
int tool_process_open(struct tool *tool, const struct tool_process *process, uint32_t flags,
		      struct mmu_space **ret);

#endif
