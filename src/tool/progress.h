/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file How far long work is: one line on a terminal, written again in place. */
#ifndef MMU_TOOL_PROGRESS_H
#define MMU_TOOL_PROGRESS_H

#include "tool.h"

/** The terminal that the line stands on, and the clock: tests have their own. */
struct progress_line {
	void (*put)(void *context, const char *text, size_t bytes);
	uint64_t (*now_ms)(void *context);
	unsigned int (*columns)(void *context);
	void *context;
	/* what is known of the work: tool_progress() or the library's last phase */
	const char *what; /**< NULL: nothing was told yet */
	uint64_t done, total;
	uint64_t begun_ms; /**< of the whole command */
	uint64_t what_ms;  /**< of this `what` */
	uint64_t drawn_ms;
	bool shown;     /**< it stands on the terminal */
	bool mid_line;  /**< so does a line of output that has no end yet */
	bool of_caller; /**< the command counts, and not the library */
};

/** Begin to count the time. */
void progress_line_begin(struct progress_line *line);
/** So far it is; drawn after one second, and then again when a fifth of a second has passed. */
void progress_line_tell(struct progress_line *line, const char *what, uint64_t done,
			uint64_t total);
/** What the library tells; only the time counts where a command counts by itself. */
void progress_line_phase(struct progress_line *line, const struct mmu_progress *progress);
/** Output comes, or the end. */
void progress_line_erase(struct progress_line *line);

/** Standard error, if it is a terminal that can be written again in place; else nothing happens. */
void tool_progress_begin(void);
/** What the tool's hook hears. */
void tool_progress_phase(const struct mmu_progress *progress);

#endif
