/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Where the installed back-ends lie. */
#ifndef MMU_WALK_PLUGINDIR_H
#define MMU_WALK_PLUGINDIR_H

#include <stddef.h>

/**
 * The one directory of installed back-ends: the one beside the library, wherever the installed tree
 * was moved to, or else the one that the build configured. Code from there runs with the rights of
 * the process, so neither the environment nor the current directory has a say, and the one beside
 * the library must belong to root or to the library's owner.
 * @param ret   where the path goes
 * @param size  bytes there
 */
void mmu_plugin_dir(char *ret, size_t size);

#endif
