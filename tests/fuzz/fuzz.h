/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What a fuzz target is: one input at a time, its seeds, its mutator. */
#ifndef MMU_FUZZ_FUZZ_H
#define MMU_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* A target is one C file that defines these three. libFuzzer calls the first two by these names. */

/** Run one input. Whatever must not be ends the process, by abort() or a sanitizer. @return 0 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/** Change an input in place, with regard to what its bytes mean. @return its new size, <= max */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t max, unsigned int seed);

typedef void (*fuzz_seed_fn)(const char *name, const uint8_t *data, size_t bytes);

/** Hand out the inputs to begin with. */
void fuzz_seeds(fuzz_seed_fn take);

/** libFuzzer's own mutation, which knows of no structure; the replay program has one like it. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t bytes, size_t max);

/** Inputs are no longer than this. */
#define FUZZ_BYTES_MAX 65536u

/** State what holds for every input. */
#define FUZZ_CHECK(condition)                                                                      \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__,          \
				#condition);                                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* ------------------------------------------------------------------ helpers, common.c */

/** Numbers that look random: xorshift. A seed of 0 is taken for 1. */
struct fuzz_random {
	uint64_t state;
};

uint64_t fuzz_next(struct fuzz_random *random);
/** @return 0 to below - 1; 0 when below is 0 */
uint64_t fuzz_below(struct fuzz_random *random, uint64_t below);

/**
 * A number near one where code changes its mind: 0, all ones, powers of two, the size of the input,
 * `old` and a little more or less, another one that stands in the input.
 */
uint64_t fuzz_number(struct fuzz_random *random, const uint8_t *data, size_t bytes, uint64_t old);

/** Numbers that stand in the input in 1, 2, 4 or 8 bytes; beyond its end they read as 0. */
uint64_t fuzz_get(const uint8_t *data, size_t bytes, size_t offset, unsigned int width, bool big);
/** Beyond its end nothing is written. */
void fuzz_put(uint8_t *data, size_t bytes, size_t offset, unsigned int width, bool big,
	      uint64_t value);

/** Replace a number by fuzz_number(). */
void fuzz_change(struct fuzz_random *random, uint8_t *data, size_t bytes, size_t offset,
		 unsigned int width, bool big);

/** An input that is taken apart from its front; behind its end all is 0. */
struct fuzz_input {
	const uint8_t *data;
	size_t bytes;
};

uint64_t fuzz_take(struct fuzz_input *input, unsigned int width);

#endif
