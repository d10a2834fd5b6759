/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The frames that two spaces share. */
#ifndef MMU_ANALYSIS_FRAMES_H
#define MMU_ANALYSIS_FRAMES_H

#include "analysis/compare.h"

/**
 * Find the frames that both of two lists of ranges lead to.
 * @param ranges,nr  per side; those without a page are passed over
 * @param ret        its shared, nr_shared and shared_bytes are filled in, also on failure: what is
 *                   there is the caller's
 * @return MMU_ERROR_NO_MEMORY
 */
struct mmu_error *mmu_frames_share(const struct mmu_range *const ranges[2], const size_t nr[2],
				   struct mmu_comparison *ret) MMU_MUST_CHECK;

#endif
