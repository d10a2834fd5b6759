/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The inner loops of a sweep: leaves by their templates, runs by compare alone. */
#ifndef MMU_WALK_SCAN_H
#define MMU_WALK_SCAN_H

#include "walk/sweep.h"

/** How mmu_sweep_level.scan goes through entries of this format; second words or not. */
typedef void (*mmu_scan_fn)(struct mmu_sweep *sweep, struct mmu_sweep_level *level);
mmu_scan_fn mmu_scan_of(const struct mmu_format *format, bool paired);

/**
 * What mmu_format.alike() says of a level, where words can be told by it.
 * @param ret  without meaning when the answer is no
 */
bool mmu_scan_alike(const struct mmu_regime *regime, unsigned int number, struct mmu_alike *ret);

/** A level of a regime begins: no template is known. Sets all that does not depend on a table. */
void mmu_scan_prepare(struct mmu_sweep_level *level, const struct mmu_regime *regime,
		      unsigned int number);

/**
 * Keep what a leaf says that has no run.
 * @return false: it can't be kept, and is to be told alone
 */
bool mmu_scan_learn(struct mmu_sweep_level *level, const struct mmu_step *step);

#endif
