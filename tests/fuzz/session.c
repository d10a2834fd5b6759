/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A session over a small kernel whose memory is hostile, and changes while it is read. */
#include <string.h>

#include "fuzz/made_kernel.h"
#include "mmuscope/maps.h"
#include "mmuscope/stat.h"

enum {
	ASK_TASKS = 1,
	ASK_PID = 2,
	ASK_WALK = 4,
	ASK_RANGES = 8,
	ASK_VMAS = 16,
	ASK_MAP = 32,
	ASK_STAT = 64,
	ASK_TASK = 128,
};
#define ROWS_MAX 256u

static void walk(struct mmu_space *space, uint64_t va)
{
	const struct mmu_meaning *meaning;
	struct mmu_walk *one = NULL;
	uint8_t bytes[64];
	size_t nr = 0;

	made_error(mmu_walk_create(&one));
	FUZZ_CHECK(one);
	mmu_space_walk(space, va, one);
	FUZZ_CHECK(mmu_walk_get(one)->va == va);
	for (size_t i = 0; mmu_walk_step(one, i); i++)
		FUZZ_CHECK(i < mmu_walk_get(one)->nr_steps);
	made_error(mmu_space_meaning(space, one, &meaning));
	mmu_space_read(space, va, bytes, sizeof(bytes), &nr, one);
	FUZZ_CHECK(nr <= sizeof(bytes));
	mmu_walk_destroy(one);
}

static void ranges(struct mmu_space *space, uint64_t first_va)
{
	const struct mmu_part part = { .size = sizeof(part),
				       .first_va = first_va,
				       .last_va = UINT64_MAX };
	const struct mmu_range *range;
	struct mmu_ranges *all = NULL;
	uint64_t next_va = first_va;

	made_error(mmu_ranges_open(space, &part, &all));
	for (unsigned int i = 0; all && i < ROWS_MAX; i++) {
		struct mmu_error *error = mmu_ranges_next(all, &range);

		if (error || !range) {
			made_error(error);
			break;
		}
		FUZZ_CHECK(range->first_va >= next_va && range->last_va >= range->first_va);
		next_va = range->last_va + 1;
		if (!next_va)
			break;
	}
	mmu_ranges_close(all);
}

static void vmas(struct mmu_space *space)
{
	const struct mmu_vma_info *vma;
	struct mmu_vmas *all = NULL;

	made_error(mmu_vmas_open(space, &all));
	for (unsigned int i = 0; all && i < ROWS_MAX; i++) {
		struct mmu_error *error = mmu_vmas_next(all, &vma);

		if (error) {
			made_error(error);
			continue;
		}
		if (!vma)
			break;
		FUZZ_CHECK(vma->name && strlen(vma->name) < 8192);
		FUZZ_CHECK(vma->first_va <= vma->last_va);
	}
	mmu_vmas_close(all);
}

static void map(struct mmu_space *space, uint64_t value)
{
	const struct mmu_map_query query = { .size = sizeof(query), .flags = value & 7 };
	const struct mmu_error *problem;
	const struct mmu_map_row *row;
	struct mmu_map *all = NULL;

	made_error(mmu_map_open(space, &query, &all));
	for (unsigned int i = 0; all && i < ROWS_MAX; i++) {
		struct mmu_error *error = mmu_map_next(all, &row, &problem);

		if (error || (!row && !problem)) {
			made_error(error);
			break;
		}
		if (row)
			FUZZ_CHECK(row->range.first_va <= row->range.last_va);
	}
	mmu_map_close(all);
}

static void ask(struct made *made, struct mmu_space *space)
{
	struct mmu_stat *stat = NULL;

	if (made->asks & ASK_WALK) {
		walk(space, made->value);
		walk(space, MADE_USER_VA);
	}
	if (made->asks & ASK_RANGES)
		ranges(space, made->value);
	if (made->asks & ASK_VMAS)
		vmas(space);
	if (made->asks & ASK_MAP)
		map(space, made->value);
	if (made->asks & ASK_STAT)
		made_error(mmu_space_stat(space, NULL, &stat));
	mmu_stat_destroy(stat);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct made made = made_kernel(data, bytes);
	struct mmu_space *space = NULL;

	if (made.asks & ASK_TASKS)
		made_tasks(&made, made.value % 2);
	if (made.asks & ASK_PID)
		mmu_space_close(made_space(&made, MMU_SPACE_PID, made.value % (MADE_TASKS + 2)));
	if (made.asks & ASK_TASK)
		space = made_space(&made, made.value % 2 ? MMU_SPACE_TASK : MMU_SPACE_MM,
				   made.value & ~UINT64_C(1));
	else if (made.asks & (ASK_WALK | ASK_RANGES | ASK_VMAS | ASK_MAP | ASK_STAT))
		space = made_space(&made, MMU_SPACE_PID, 1 + (made.value >> 12) % 2);
	if (space)
		ask(&made, space);
	mmu_space_close(space);
	made_release(&made);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t max, unsigned int seed)
{
	return made_mutate(data, bytes, max, seed);
}

/* It is a kernel, with either kind of tree: else all that follows would find nothing, and fast. */
static void check_kernel(uint8_t flags)
{
	const uint8_t data[] = { flags };
	struct made made = made_kernel(data, sizeof(data));
	struct mmu_space *space = made_space(&made, MMU_SPACE_PID, 1);
	const struct mmu_vma_info *vma = NULL;
	struct mmu_walk *one = NULL;

	FUZZ_CHECK(space && !mmu_space_warning(space));
	made_error(mmu_walk_create(&one));
	mmu_space_walk(space, MADE_USER_VA, one);
	FUZZ_CHECK(mmu_walk_get(one)->result == MMU_RESULT_MAPPED);
	made_error(mmu_space_vma(space, MADE_USER_VA, &vma));
	FUZZ_CHECK(vma && vma->first_va == MADE_USER_VA && vma->file_va);
	FUZZ_CHECK(strcmp(vma->name, "name") == 0);
	made_error(mmu_space_vma(space, 0x600000, &vma));
	FUZZ_CHECK(vma && vma->last_va == 0x600fff);
	FUZZ_CHECK(made_tasks(&made, 0) == MADE_TASKS);
	mmu_walk_destroy(one);
	mmu_space_close(space);
	made_release(&made);
}

void fuzz_seeds(fuzz_seed_fn take)
{
	check_kernel(0);
	check_kernel(1);
	made_seeds(take);
}
