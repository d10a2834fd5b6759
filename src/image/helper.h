/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file A process of its own for libkdumpfile: a file that breaks it breaks nothing of ours. See
 * helper_protocol.h for what is said, helper_main.c for the program.
 */
#ifndef MMU_IMAGE_HELPER_H
#define MMU_IMAGE_HELPER_H

#include "image/helper_protocol.h"
#include "image/image.h"

struct mmu_helper;

/** Where the program lies; its directory is the library's, or as it was configured. */
void mmu_helper_path(char *ret, size_t size);

/**
 * Start it, with a descriptor of the file and nothing else.
 * @param ret  owned by the caller; untouched on failure
 * @return MMU_ERROR_UNSUPPORTED: the program is missing, or can't be started; _OS, _NO_MEMORY
 */
struct mmu_error *mmu_helper_start(const struct mmu_file *file,
				   struct mmu_helper **ret) MMU_MUST_CHECK;

/** Accepts NULL. The process has ended when this returns. */
void mmu_helper_stop(struct mmu_helper *helper);

/**
 * Ask for something; one thread at a time. Once the process has ended, or was ended because it gave
 * no answer or none that makes sense, all questions have that answer.
 * @param ret  untouched on failure; its count is never more than was asked for, or fits the window
 * @return MMU_ERROR_FORMAT: what became of the process
 */
struct mmu_error *mmu_helper_ask(struct mmu_helper *helper, enum mmu_helper_kind kind,
				 uint64_t first, uint32_t count,
				 struct mmu_helper_reply *ret) MMU_MUST_CHECK;

/** What the last answer is about. The process may change it at any time: copy, then look. */
const uint8_t *mmu_helper_window(const struct mmu_helper *helper);

#endif
