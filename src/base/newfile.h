/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The one way to write a file: new, private, there whole or not at all. */
#ifndef MMU_BASE_NEWFILE_H
#define MMU_BASE_NEWFILE_H

#include <stdbool.h>
#include <stdio.h>

/*
 * The functions here know libc alone, so that the tool can use them too. They return NULL, or a
 * static text that says what can't be done; errno says why.
 */

/**
 * A file that is being written, under another name beside its own. Nobody but its owner can read
 * it: it holds memory. It does not replace anything. A machine that loses power can leave a part of
 * it: nothing waits for the disk, as what it is made from is still there.
 */
struct mmu_new_file {
	FILE *file; /**< to be written, not to be closed */
	char *path, *partial;
};

/** @param ret  untouched on failure */
const char *mmu_new_file_open(const char *path, struct mmu_new_file *ret);

/**
 * Close the file, and give it its name; or remove it, where it is not to be kept, was not written
 * whole, or its name is taken. A write that failed is told of in any case.
 */
const char *mmu_new_file_close(struct mmu_new_file *file, bool keep);

#endif
