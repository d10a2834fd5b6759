/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Scope cleanup: what a function owns is released wherever it returns. */
#ifndef MMU_BASE_CLEANUP_H
#define MMU_BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

#define MMU_CLEANUP(function) __attribute__((cleanup(function)))

static inline void mmu_cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void mmu_cleanup_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/** Release with free() at the end of the scope. */
#define MMU_FREE MMU_CLEANUP(mmu_cleanup_free)
/** Close at the end of the scope, unless negative. */
#define MMU_CLOSE MMU_CLEANUP(mmu_cleanup_fd)

/** Define cleanup_<name>() for variables of a pointer type whose release function takes NULL. */
#define MMU_CLEANUP_TYPE(name, type, release)                                                      \
	static inline void cleanup_##name(type *pointer)                                           \
	{                                                                                          \
		release(*pointer);                                                                 \
	}

/** Give `pointer` away: returns it and leaves NULL behind. */
#define mmu_steal(pointer)                                                                         \
	({                                                                                         \
		__auto_type stolen_ = (pointer);                                                   \
		(pointer) = NULL;                                                                  \
		stolen_;                                                                           \
	})

#endif
