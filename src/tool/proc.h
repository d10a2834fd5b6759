/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What files below /proc/PID would have said. */
#ifndef MMU_TOOL_PROC_H
#define MMU_TOOL_PROC_H

#include "tool.h"

/**
 * The line of a VMA in /proc/PID/maps, byte for byte, with its newline. What can't be read is a
 * question mark in its place: "??:?? ?" for device and inode, "?/sh" for a path without its front.
 */
void proc_maps_line(FILE *out, const struct mmu_space *space, const struct mmu_vma_info *vma);

/**
 * The lines of a VMA in /proc/PID/smaps; "unknown" in place of a figure that can't be known, and
 * two lines more: what was not touched, what is soft-dirty.
 */
void proc_smaps_text(FILE *out, const struct mmu_space *space, const struct mmu_vma_info *vma,
		     const struct mmu_smaps *smaps);

/**
 * All VMAs of a space on standard output, as /proc/PID/maps or smaps has them, or an object of JSON
 * each. What can't be read is told on standard error.
 * @return the exit status
 */
int proc_print(const struct tool *tool, struct mmu_space *space, bool with_smaps);

#endif
