/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Objects of the kernel, each read as a whole. */
#ifndef MMU_KERNEL_OBJECT_H
#define MMU_KERNEL_OBJECT_H

#include "kernel/layout.h"
#include "kernel/memory.h"

/** The part of an object that a table speaks of, copied out of memory. */
struct mmu_copy {
	const void *fields; /**< the layout's struct */
	struct mmu_object object;
	uint8_t bytes[MMU_COPY_BYTES_MAX];
};

/** Called with a piece of memory that an answer is made of: kernel address and size. */
typedef void (*mmu_piece_fn)(void *context, uint64_t va, uint64_t bytes);

/** Tell what mmu_object_read() reads of the object at va. */
void mmu_object_pieces(const struct mmu_kernel *kernel, const struct mmu_layout *layout,
		       uint64_t va, mmu_piece_fn fn, void *context);

/**
 * Copy what a table speaks of out of the object at va: with one translation, if all of it is there.
 * @param what  names it for the message; NULL: layout->what
 * @return as mmu_layout_need() and mmu_memory_read(): of the first field, in the order of the
 *         table, that can't be read
 */
struct mmu_error *mmu_object_read(struct mmu_memory *memory, const struct mmu_layout *layout,
				  uint64_t va, const char *what,
				  struct mmu_copy *ret) MMU_MUST_CHECK;

/** A field of a copy. */
static inline uint64_t mmu_copy_get(const struct mmu_copy *copy, const struct mmu_field *field)
{
	return mmu_object_get(&copy->object, field);
}

#endif
