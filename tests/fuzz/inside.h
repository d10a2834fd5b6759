/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * The whole tool as a function: it opens no file and writes none, and its end is not the process's.
 */
#ifndef MMU_FUZZ_INSIDE_H
#define MMU_FUZZ_INSIDE_H

#include <stdbool.h>
#include <stddef.h>

struct mmu_session;

/** What the tool printed; more than there is room for is dropped. */
struct inside_text {
	size_t bytes;
	char text[16384];
};

struct inside_answer {
	int status;
	struct inside_text out, error;
};

/**
 * Run a command line.
 * @param words     as main() takes them
 * @param list      standard input
 * @param terminal  whether standard output passes for one, without colours
 * @param sessions  what the first and the second image are, whatever their names
 * @return valid until the next call
 */
const struct inside_answer *inside_run(int argc, char **words, const void *list, size_t list_bytes,
				       bool terminal, struct mmu_session *const sessions[2]);

#endif
