/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file How two spaces differ, and two ranges at the same addresses. */
#ifndef MMU_ANALYSIS_COMPARE_H
#define MMU_ANALYSIS_COMPARE_H

#include "analysis/frames.h"
#include "analysis/same.h"
#include "analysis/totals.h"
#include "base/hook.h"
#include "objects/space.h"

/** How many bits enum mmu_change has. */
#define MMU_CHANGES 7u

struct mmu_whole_difference {
	struct mmu_difference;
	struct mmu_range side[2];
};

struct mmu_whole_frames {
	struct mmu_shared_frames;
	struct mmu_shared_side side[2];
};

/** What is compared, and what came of it: no difference is kept. */
struct mmu_comparison {
	struct mmu_comparison_info;
	struct mmu_totals totals[2];
	uint64_t changed_bytes[MMU_CHANGES]; /**< by number of the enum mmu_change bit */
	struct mmu_space *space[2];
	struct mmu_va_range range[2];
	struct mmu_hook hook;
	struct mmu_frame_index
		*frames[2];        /**< when by_frame; one for both where both say the same */
	struct mmu_frame_set *set; /**< in place of these: both are one space, see same.h */
};

/**
 * As mmu_compare_spaces().
 * @param range  what is compared of each
 */
struct mmu_error *mmu_spaces_compare(struct mmu_space *first, struct mmu_space *second,
				     const struct mmu_va_range range[2],
				     const struct mmu_hook *hook,
				     struct mmu_comparison **ret) MMU_MUST_CHECK;

/** As mmu_shared_next(): the shared frames, one after the other. Zeroed at first. */
struct mmu_shared {
	struct mmu_frames_iter iter[2];
	struct mmu_frames now[2];
	bool has[2], has_open; /* of now, of open */
	struct mmu_whole_frames open, told;
	struct mmu_same_frames same; /**< of a comparison that has a set, in place of the others */
};

/** Begin. */
void mmu_shared_init(struct mmu_shared *shared, struct mmu_frame_index *const frames[2]);
/** @return false: there are no more; else shared->told is the next */
bool mmu_shared_step(struct mmu_shared *shared);

/** All that two indexes share: how many mmu_shared_step() tells, and what they add up to. */
void mmu_shared_sum(struct mmu_frame_index *const frames[2], uint64_t *ret_nr, uint64_t *ret_bytes);

/** Is it not known what the addresses of such a range have? */
static inline bool mmu_result_is_unknown(enum mmu_result result)
{
	return result >= MMU_RESULT_FILTERED && result <= MMU_RESULT_UNREADABLE;
}

/** enum mmu_change bits between two ranges that cover the same addresses; 0: the same. */
uint32_t mmu_range_changes(const struct mmu_range *first, const struct mmu_range *second);

#endif
