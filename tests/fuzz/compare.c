/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Comparing two spaces whose tables are hostile: differences add up, frames are shared. */
#include "fuzz/made_kernel.h"
#include "mmuscope/analysis.h"

#define ROWS_MAX 300u

static void differences(struct mmu_comparison *comparison, bool still)
{
	const struct mmu_difference *difference;
	struct mmu_differences *all = NULL;
	uint64_t nr = 0, next_va = 0;

	made_error(mmu_differences_open(comparison, &all));
	while (all && nr < ROWS_MAX) {
		struct mmu_error *error = mmu_differences_next(all, &difference);

		if (error) {
			made_error(error);
			nr = ROWS_MAX;
			break;
		}
		if (!difference)
			break;
		FUZZ_CHECK(difference->first_va <= difference->last_va && difference->changes);
		FUZZ_CHECK(!nr || difference->first_va >= next_va);
		FUZZ_CHECK(mmu_difference_side(difference, 0) ||
			   mmu_difference_side(difference, 1));
		next_va = difference->last_va + 1;
		nr++;
	}
	if (still && nr < ROWS_MAX)
		FUZZ_CHECK(nr == mmu_comparison_get(comparison)->nr_differences);
	mmu_differences_close(all);
}

static void shared(struct mmu_comparison *comparison)
{
	const struct mmu_shared_frames *frames;
	struct mmu_shared *all = NULL;
	uint64_t nr = 0;

	made_error(mmu_shared_open(comparison, &all));
	while (all && nr < ROWS_MAX && (frames = mmu_shared_next(all))) {
		FUZZ_CHECK(frames->first_pa <= frames->last_pa);
		for (unsigned int side = 0; side < 2; side++)
			FUZZ_CHECK(mmu_shared_frames_side(frames, side)->times);
		nr++;
	}
	mmu_shared_close(all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct made made = made_kernel(data, bytes);
	struct mmu_space *first = made_space(&made, MMU_SPACE_PID, 1);
	struct mmu_space *second = made_space(&made, MMU_SPACE_PID, 1 + made.value % 2);
	const struct mmu_part part = { .size = sizeof(part),
				       .first_va = made.value & ~UINT64_C(0xfff),
				       .last_va = UINT64_MAX };
	const struct mmu_compare_query query = { .size = sizeof(query),
						 .first = made.asks & 1 ? &part : NULL,
						 .second = made.asks & 1 ? &part : NULL };
	struct mmu_comparison *comparison = NULL;

	if (first && second)
		made_error(mmu_compare_spaces(first, second, &query, &comparison));
	if (comparison) {
		differences(comparison, !made.memory->nr_writes);
		shared(comparison);
	}
	mmu_comparison_destroy(comparison);
	mmu_space_close(first);
	mmu_space_close(second);
	made_release(&made);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t max, unsigned int seed)
{
	return made_mutate(data, bytes, max, seed);
}

void fuzz_seeds(fuzz_seed_fn take)
{
	made_seeds(take);
}
