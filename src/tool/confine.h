/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The tool confines itself, step by step: see mmu_confine(). */
#ifndef MMU_TOOL_CONFINE_H
#define MMU_TOOL_CONFINE_H

#include "tool.h"

/*
 * All take the tools (one, or compare's two) whose sessions are concerned; the first one's options
 * say whether anything is done. They return TOOL_OK, or another status after one line on stderr.
 */

/** Before the first image is opened. */
int tool_confine_files(struct tool *const *tools, size_t nr);

/** When all images are open, before back-ends are loaded. */
int tool_confine_calls(struct tool *const *tools, size_t nr);

/** When all sessions have learnt; does nothing before, or once it is done. */
int tool_seal_all(struct tool *const *tools, size_t nr);

/** What holds, in words. */
void tool_confinement_words(const struct tool *tool, char ret[TOOL_TEXT_MAX]);

/** The same as a member "confinement" of the JSON object. */
void tool_confinement_json(const struct tool *tool);

#endif
