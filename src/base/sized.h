/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Structs that begin with their size: those of older and newer callers. */
#ifndef MMU_BASE_SIZED_H
#define MMU_BASE_SIZED_H

#include "base/error.h"

/**
 * Take a struct that a caller passed, whose first member is its size in bytes.
 * @param from   of any size; NULL: all zero
 * @param ret    gets what both know, and zero in what the caller does not know; its size is
 *               `bytes` then; untouched on failure
 * @param bytes  of the struct as this library knows it
 * @param name   of the struct, for the message
 * @return MMU_ERROR_INVALID: the size can't be one, or the caller asks for what is not known here
 */
struct mmu_error *mmu_sized_take(const void *from, void *ret, size_t bytes,
				 const char *name) MMU_MUST_CHECK;

/** As mmu_sized_take(), of `ret`'s own type. */
#define mmu_sized(from, ret)                                                                       \
	({                                                                                         \
		__typeof__(*(ret)) const *from_ = (from);                                          \
		mmu_sized_take(from_, (ret), sizeof(*(ret)), #from);                               \
	})

#endif
