/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What files below /proc/PID would have said. */
#ifndef MMU_TOOL_PROC_H
#define MMU_TOOL_PROC_H

#include <stdio.h>

#include "mmuscope/mmuscope.h"

/**
 * The line of a VMA in /proc/PID/maps, byte for byte, with its newline. What can't be read is a
 * question mark in its place: "??:?? ?" for device and inode, "?/sh" for a path without its front.
 */
void proc_maps_line(FILE *out, const struct mmu_space *space, const struct mmu_vma_info *vma);

#endif
