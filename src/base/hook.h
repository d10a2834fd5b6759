/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Asking the caller, in the middle of long work, whether to go on. */
#ifndef MMU_BASE_HOOK_H
#define MMU_BASE_HOOK_H

#include "base/error.h"

/** Loops whose rounds are short ask once for so many; a power of two. */
#define MMU_HOOK_EVERY 4096u

/**
 * Tell how far a call has come.
 * @param hook  NULL, or without fn: nobody is asked
 * @return MMU_ERROR_STOPPED: the caller wants no more
 */
static inline struct mmu_error *mmu_hook_ask(const struct mmu_hook *hook, enum mmu_phase phase,
					     uint64_t done, uint64_t total)
{
	const struct mmu_progress progress = { .phase = phase, .done = done, .total = total };

	if (!hook || !hook->fn || !hook->fn(&progress, hook->context))
		return NULL;
	return mmu_error_new(MMU_ERROR_STOPPED, "cancelled by the caller");
}

/** As mmu_hook_ask(), where an error has no way out: whoever sees `true` says STOPPED himself. */
static inline bool mmu_hook_stops(const struct mmu_hook *hook, enum mmu_phase phase, uint64_t done,
				  uint64_t total)
{
	const struct mmu_progress progress = { .phase = phase, .done = done, .total = total };

	return hook && hook->fn && hook->fn(&progress, hook->context);
}

/** For searches through many small functions: once the caller has said stop, it is stop. */
struct mmu_hook_latch {
	const struct mmu_hook *hook;
	enum mmu_phase phase;
	uint64_t done;
	bool stopped;
};

/** Pieces of a search ask the caller once for so many; a power of two. */
#define MMU_HOOK_PIECES 256u

/** A piece more was looked through; NULL: nobody is asked. @return true: the caller says stop */
static inline bool mmu_hook_latched(struct mmu_hook_latch *latch)
{
	if (latch && !latch->stopped && latch->done++ % MMU_HOOK_PIECES == 0)
		latch->stopped = mmu_hook_stops(latch->hook, latch->phase, latch->done - 1, 0);
	return latch && latch->stopped;
}

#endif
