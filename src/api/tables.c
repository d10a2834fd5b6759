/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The entries of a space's tables, level by level. */
#include "analysis/runs.h"
#include "api/session.h"
#include "base/sized.h"

struct mmu_error *mmu_runs_open(struct mmu_space *space, const struct mmu_runs_query *query,
				struct mmu_runs **ret)
{
	struct mmu_va_range range = mmu_space_user_range(space);
	struct mmu_hook hook = space->hook;
	struct mmu_runs_query own;
	struct mmu_part part;
	struct mmu_error *error = mmu_sized(query, &own);

	if (!error)
		error = mmu_sized(own.part, &part);
	if (!error && part.first_va > part.last_va)
		error = mmu_error_new(MMU_ERROR_INVALID, "the part ends before it begins");
	if (!error && own.part && part.hook)
		error = mmu_sized(part.hook, &hook);
	if (error)
		return error;
	if (own.part)
		range = (struct mmu_va_range){ part.first_va, part.last_va };
	return mmu_runs_create(space, range, &hook, own.levels, own.single, ret);
}

struct mmu_error *mmu_runs_next(struct mmu_runs *runs, const struct mmu_run **ret)
{
	return mmu_runs_advance(runs, ret);
}

enum mmu_leaves_end mmu_runs_ended(const struct mmu_runs *runs)
{
	return mmu_runs_end(runs);
}

void mmu_runs_close(struct mmu_runs *runs)
{
	mmu_runs_destroy(runs);
}
