/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file SIGINT: whom it ends at once, and who ends when asked. */
#include <signal.h>

#include "progress.h"

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

void tool_catch_interrupt(void)
{
	/* without SA_RESTART a read of standard input ends too; a second SIGINT ends the process */
	static const struct sigaction interrupt = { .sa_handler = on_interrupt,
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

/* What is cancelled while the kernel is learnt leaves nothing behind: SIGINT ends the process. */
static int hook(const struct mmu_progress *progress, void *context)
{
	(void)context;
	tool_progress_phase(progress);
	if (progress->phase != MMU_PHASE_LEARN)
		tool_catch_interrupt();
	return interrupted;
}

const struct mmu_hook *tool_progress_hook(void)
{
	static const struct mmu_hook tool_hook = { .size = sizeof(tool_hook), .fn = hook };

	return &tool_hook;
}

void tool_init(struct tool *tool)
{
	tool_progress_begin();
	*tool = (struct tool){ .options = { .size = sizeof(tool->options),
					    .hook = tool_progress_hook() } };
}
