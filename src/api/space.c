/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Address spaces of a session. */
#include "api/session.h"
#include "objects/space.h"
#include "walk/range.h"

struct mmu_error *mmu_space_open(struct mmu_session *session, const struct mmu_space_query *query,
				 struct mmu_space **ret)
{
	bool bare = mmu_space_is_bare(query);
	char names[MMU_FORMAT_NAMES_BYTES];
	struct mmu_error *error = bare ? mmu_kernel_need_arch(&session->kernel)
				       : mmu_session_learn(session);

	if (!error)
		return mmu_space_find(&session->kernel, query, ret);
	if (bare || query->by != MMU_SPACE_PGD || !session->kernel.arch)
		return error;
	return mmu_error_context(error,
				 "the format of the tables (--format: %s) is not given, and the "
				 "kernel can't tell it",
				 mmu_space_format_names(session->kernel.arch, names));
}

void mmu_space_close(struct mmu_space *space)
{
	mmu_space_destroy(space);
}

const struct mmu_regime *mmu_space_regime(const struct mmu_space *space)
{
	return &space->regimes.regime[0];
}

const struct mmu_arch *mmu_space_arch(const struct mmu_space *space)
{
	return space->walker.arch;
}

const struct mmu_task *mmu_space_task(const struct mmu_space *space)
{
	return space->has_task ? &space->task : NULL;
}

bool mmu_space_vma(struct mmu_space *space, uint64_t va, struct mmu_vma *ret)
{
	bool found;

	mmu_error_destroy(mmu_space_find_vma(space, va, ret, &found));
	return found;
}

struct mmu_error *mmu_space_vma_missing(struct mmu_space *space, uint64_t va)
{
	struct mmu_vma vma;
	bool found;

	return mmu_space_find_vma(space, va, &vma, &found);
}

void mmu_walk(struct mmu_space *space, uint64_t va, struct mmu_walk *ret)
{
	mmu_space_translate(space, va, ret);
}

bool mmu_space_read(struct mmu_space *space, uint64_t va, void *buf, size_t bytes,
		    size_t *ret_bytes, struct mmu_walk *ret)
{
	return mmu_space_copy(space, va, buf, bytes, ret_bytes, ret);
}

const struct mmu_regime *mmu_space_regime_at(const struct mmu_space *space, size_t n)
{
	return n < space->regimes.nr ? &space->regimes.regime[n] : NULL;
}

enum mmu_page_state mmu_table_entries(struct mmu_space *space, const struct mmu_regime *regime,
				      unsigned int level, uint64_t table_pa,
				      bool (*fn)(const struct mmu_step *step, void *context),
				      void *context)
{
	return mmu_walker_table(&space->walker, regime, level, table_pa, fn, context);
}

enum mmu_leaves_end mmu_space_leaves(struct mmu_space *space, uint64_t first_va, uint64_t last_va,
				     mmu_leaf_fn fn, void *context, struct mmu_leaves *ret)
{
	struct mmu_leaves result;

	mmu_space_visit_leaves(space, first_va, last_va, fn, context, &result);
	if (ret)
		*ret = result;
	return result.end;
}

enum mmu_leaves_end mmu_space_ranges(struct mmu_space *space, uint64_t first_va, uint64_t last_va,
				     mmu_range_fn fn, void *context, struct mmu_leaves *ret)
{
	struct mmu_range_merger merger = { .fn = fn,
					   .context = context,
					   .page_lg2 = space->regimes.regime[0].page_lg2 };
	struct mmu_leaves leaves;

	mmu_space_visit_stretches(space, first_va, last_va, mmu_range_merge, &merger, &leaves);
	if (ret)
		*ret = leaves;
	enum mmu_leaves_end end = leaves.end;

	if (end != MMU_LEAVES_STOPPED && !mmu_range_flush(&merger)) {
		end = MMU_LEAVES_STOPPED;
		if (ret)
			ret->end = end;
	}
	return end;
}

struct mmu_va_range mmu_space_extent(struct mmu_space *space)
{
	return mmu_space_user_range(space);
}
