/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The tables of a space as a drawing that fits a screen. */
#ifndef MMU_TOOL_SHOW_TREE_H
#define MMU_TOOL_SHOW_TREE_H

#include "table_list.h"

/** Draw them; of too many below one table only the first are drawn, and how many more is said. */
void show_tree(const struct table_list *list);

#endif
