/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Where the library lies: what belongs to it is found from there. */
#ifndef MMU_BASE_PLACE_H
#define MMU_BASE_PLACE_H

#include <stdbool.h>
#include <sys/stat.h>

/**
 * The real path of the library that holds this code. The caller frees it. NULL: none is safe, or
 * the program itself is linked with us statically.
 */
char *mmu_own_path(void);

/**
 * Is what lies at `path` as trustworthy as the library? Whoever owns the library's file may run
 * code as us anyway, and so may root. What is anybody else's is not trusted: a library that was
 * copied to /tmp may find something beside it.
 * @param library  of the library's file
 * @param kind     S_IFDIR, S_IFREG
 */
bool mmu_place_is_trusted(const char *path, const struct stat *library, mode_t kind);

#endif
