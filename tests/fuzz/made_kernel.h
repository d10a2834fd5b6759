/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * A small made-up kernel with all that a session reads: tasks, pids, mms, VMAs, files, tables of
 * x86_64. An input changes its memory, before it is read or meanwhile.
 */
#ifndef MMU_FUZZ_MADE_KERNEL_H
#define MMU_FUZZ_MADE_KERNEL_H

#include "api/session.h"
#include "fuzz/fuzz.h"
#include "fuzz/memory.h"

/** Where all of physical memory, from 0 on, is mapped. */
#define MADE_BASE UINT64_C(0xffff888000000000)
#define MADE_PAGES 96u
#define MADE_TASKS 8u
/** A user address that is mapped in the processes 1 and 2. */
#define MADE_USER_VA UINT64_C(0x400000)

/** An input, taken apart: a head, then records that change memory. */
struct made {
	struct mmu_session *session;
	struct memory *memory;
	uint64_t asks;  /**< which questions, bit by bit */
	uint64_t value; /**< an address or a pid */
};

/**
 * The kernel as an input has it; valid until the next call. The input is flags (1 byte), asks (1),
 * value (8), then records: what (1 byte), when (2), page (1), offset (2), value (8).
 */
struct made made_kernel(const uint8_t *data, size_t bytes);

/** What was learnt of it is forgotten. */
void made_release(struct made *made);

/** What is known of it, over another image; to be closed, image and all. */
struct mmu_session *made_session_create(struct mmu_image *image, bool maple);

size_t made_mutate(uint8_t *data, size_t bytes, size_t max, unsigned int seed);

/** One input for each question, of memory that is as it should be, and one that is torn. */
void made_seeds(fuzz_seed_fn take);

/* Questions that several targets ask. An error must be one line. */

void made_error(struct mmu_error *error);
/** @return NULL: it can't be opened; else to be closed */
struct mmu_space *made_space(struct made *made, enum mmu_space_by by, uint64_t value);
/** @return how many there are */
unsigned int made_tasks(struct made *made, uint64_t flags);
/** Stops long work after some calls. */
extern const struct mmu_hook made_hook;
/** How many there were so far. */
extern unsigned int made_hook_calls;

#endif
