/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Reads of what is only shown beside an answer: what is missing is not shown. */
#ifndef MMU_OBJECTS_PEEK_H
#define MMU_OBJECTS_PEEK_H

#include "kernel/object.h"

struct mmu_peek {
	struct mmu_memory *memory;
	mmu_piece_fn fn; /**< told of each piece that was read; may be NULL */
	void *context;   /**< of fn */
};

/** @return false: a fact or memory is missing */
bool mmu_peek_object(const struct mmu_peek *peek, const struct mmu_layout *layout, uint64_t va,
		     struct mmu_copy *ret);

/** @return false, with *ret untouched: it is not there */
bool mmu_peek_pointer(const struct mmu_peek *peek, uint64_t va, uint64_t *ret);

/** A number of 1, 2, 4 or 8 bytes. @return false, with *ret untouched: it is not there */
bool mmu_peek_number(const struct mmu_peek *peek, uint64_t va, unsigned int bytes, uint64_t *ret);

/**
 * A text that ends with NUL, cut to `size` with its end.
 * @return false: its end is neither there nor cut off; what could be read is in `ret`
 */
bool mmu_peek_text(const struct mmu_peek *peek, uint64_t va, char *ret, size_t size);

#endif
