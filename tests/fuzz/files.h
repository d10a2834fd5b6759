/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Files in memory: what the library opens by name, without a system call. */
#ifndef MMU_FUZZ_FILES_H
#define MMU_FUZZ_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The linker has to wrap what the library opens files by: see `files_wrap` in meson.build. */
#define FILES_MAX 4u

/**
 * Put a file at a path, instead of the one that is there; copied.
 * @param path      kept as it is; is a name and needs no folder
 * @param unmapped  it can't be mapped, as /proc/kcore can't
 */
void files_put(const char *path, const void *data, size_t bytes, bool unmapped);

/** What all of them have for a descriptor: -1, or one that is good for nothing but being copied. */
extern int files_fd;

#endif
