/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What belongs to mmuscope ps alone. */
#ifndef MMU_TOOL_PS_H
#define MMU_TOOL_PS_H

#include "tool.h"

/** Print the tasks that one list of the kernel has and another lacks. @return the exit status */
int tool_ps_cross(struct tool *tool);

#endif
