/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Landlock: which files a process may open from now on (Linux 5.13, and later ABIs). */
#ifndef MMU_BASE_LANDLOCK_H
#define MMU_BASE_LANDLOCK_H

#include <stdbool.h>

/** What a rule allows below a path. */
enum mmu_landlock_right {
	MMU_LANDLOCK_READ = 1,  /**< files, and what directories hold */
	MMU_LANDLOCK_EXEC = 2,  /**< programs, with READ */
	MMU_LANDLOCK_WRITE = 4, /**< make, write, rename and remove files */
	MMU_LANDLOCK_TREE = 8,  /**< make and remove directories */
};

/** The kernel's ABI of Landlock; 0: it has none, or it is off. */
int mmu_landlock_abi(void);

/**
 * Begin a set of rules, which forbids everything that this kernel's Landlock knows.
 * @param network  leave TCP alone, and whom signals and abstract sockets reach
 * @return a descriptor, closed by the caller; -1: errno
 */
int mmu_landlock_begin(bool network);

/** Allow rights below `path`; what is not there needs no rule. @return false: errno says why */
bool mmu_landlock_allow(int rules, const char *path, unsigned int rights);

/**
 * From now on the rules hold for this thread and those it starts; no_new_privs must be set.
 * @return false: errno says why
 */
bool mmu_landlock_enforce(int rules);

#endif
