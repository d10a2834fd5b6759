/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Large blocks of memory that are used whole, in huge pages where the system has them. */
#ifndef MMU_BASE_HUGE_H
#define MMU_BASE_HUGE_H

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

/** What most machines have. Where it is another size this is an alignment that does no harm. */
#define MMU_HUGE_BYTES ((size_t)2 << 20)

/**
 * Memory for what is filled whole: a fault for each huge page instead of one for each small one.
 * Less than half a huge page is taken from the heap as it is.
 * @return to be freed with free(); NULL: no memory
 */
static inline void *mmu_huge_alloc(size_t bytes)
{
	if (bytes < MMU_HUGE_BYTES / 2 || bytes > SIZE_MAX - MMU_HUGE_BYTES)
		return malloc(bytes);
	size_t whole = (bytes + MMU_HUGE_BYTES - 1) & ~(MMU_HUGE_BYTES - 1);
	void *block = aligned_alloc(MMU_HUGE_BYTES, whole);
#ifdef MADV_HUGEPAGE
	if (block)
		madvise(block, whole, MADV_HUGEPAGE); /* where that is refused, no matter */
#endif
	return block;
}

#endif
