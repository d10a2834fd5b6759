/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file SIGINT: whom it ends at once, and who ends when asked. */
#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

#include "tool.h"

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

void tool_catch_interrupt(void)
{
	/* without SA_RESTART a read of standard input ends too; a second SIGINT ends the process */
	const struct sigaction interrupt = { .sa_handler = on_interrupt,
					     .sa_flags = (int)SA_RESETHAND };
	static bool caught;

	if (!caught)
		sigaction(SIGINT, &interrupt, NULL);
	caught = true;
}

bool tool_interrupted(void)
{
	return interrupted;
}

/* A kernel's debug information is large. The line goes when something else begins. */
static void show_fetch(const struct mmu_progress *progress)
{
	static bool shown;
	bool fetches = progress->phase == MMU_PHASE_FETCH;

	if ((!fetches && !shown) || !isatty(STDERR_FILENO))
		return;
	fputs("\r\033[K", stderr);
	if (fetches)
		fprintf(stderr, "mmuscope: debuginfod: %" PRIu64 " KiB", progress->done >> 10);
	if (fetches && progress->total)
		fprintf(stderr, " of %" PRIu64, progress->total >> 10);
	fflush(stderr);
	shown = fetches;
}

/* What is cancelled while the kernel is learnt leaves nothing behind: SIGINT ends the process. */
static int hook(const struct mmu_progress *progress, void *context)
{
	(void)context;
	show_fetch(progress);
	if (progress->phase != MMU_PHASE_LEARN)
		tool_catch_interrupt();
	return interrupted;
}

void tool_init(struct tool *tool)
{
	static const struct mmu_hook tool_hook = { .size = sizeof(tool_hook), .fn = hook };

	*tool = (struct tool){ .options = { .size = sizeof(tool->options), .hook = &tool_hook } };
}
