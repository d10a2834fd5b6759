/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The entries of a space's tables, level by level. */
#ifndef MMU_ANALYSIS_RUNS_H
#define MMU_ANALYSIS_RUNS_H

#include "objects/space.h"

/**
 * @param levels  bits; 0: all
 * @param single  each entry by itself
 * @param ret     owned by the caller: mmu_runs_destroy()
 */
struct mmu_error *mmu_runs_create(struct mmu_space *space, struct mmu_va_range range,
				  const struct mmu_hook *hook, uint32_t levels, bool single,
				  struct mmu_runs **ret) MMU_MUST_CHECK;
/** As mmu_runs_next(). */
struct mmu_error *mmu_runs_advance(struct mmu_runs *runs,
				   const struct mmu_run **ret) MMU_MUST_CHECK;
enum mmu_leaves_end mmu_runs_end(const struct mmu_runs *runs);
/** Accepts NULL. */
void mmu_runs_destroy(struct mmu_runs *runs);

#endif
