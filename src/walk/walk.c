/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The one walk loop, for every architecture. */
#include <stddef.h>
#include <string.h>

#include "walk/step.h"

/*
 * How many steps of the walk that this struct had before are those of a walk of `va`, too: they led
 * from table to table by the same bits of the address. Lists of addresses are mostly of one
 * process, whose upper tables are few.
 */
static unsigned int kept_steps(const struct mmu_walker *walker, const struct mmu_walk *walk,
			       const struct mmu_regime *regime, uint64_t va)
{
	unsigned int nr = 0;

	if (!walker->serial || walk->serial != walker->serial || walk->regime != regime ||
	    !regime || regime->format->kind != MMU_FORMAT_RADIX)
		return 0;
	while (nr + 1u < walk->nr_steps &&
	       !((walk->va ^ va) >> regime->shape[walk->steps[nr].level].shift))
		nr++;
	return nr;
}

/* @param kept  so many of its steps have been taken already */
static void walk_radix(const struct mmu_walker *walker, struct mmu_walk *walk, unsigned int kept)
{
	const struct mmu_regime *regime = walk->regime;
	uint64_t table_pa = regime->root_pa;
	uint64_t first = 0, count = 0; /* the window of valid indices; count 0: all */
	uint8_t rights = mmu_walk_begin(walk);

	for (unsigned int level = regime->top_level + 1u; level-- > 0;) {
		const struct mmu_shape *shape = &regime->shape[level];
		struct mmu_step *step = &walk->steps[walk->nr_steps++];

		if (walk->nr_steps <= kept) {
			mmu_step_restrict(step, &rights, walk);
			table_pa = step->entry.pa;
			first = step->entry.next_first;
			count = step->entry.next_count;
			continue;
		}
		step->level = level;
		step->table_pa = table_pa;
		step->probe = NULL;
		step->nr_slots = 0;
		step->index = walk->va >> shape->shift & (((uint64_t)1 << shape->index_bits) - 1);
		if (count && (step->index < first || step->index - first >= count)) {
			/* the table says that it ends before this index */
			*step = (struct mmu_step){ .level = level,
						   .table_pa = table_pa,
						   .index = step->index,
						   .readable = true,
						   .entry.kind = MMU_KIND_EMPTY };
		} else {
			mmu_step_read(walker, regime, step);
		}
		mmu_step_restrict(step, &rights, walk);
		if (!step->readable || step->entry.kind != MMU_KIND_TABLE || level == 0) {
			mmu_step_finish(walker, step, walk);
			return;
		}
		table_pa = step->entry.pa;
		first = step->entry.next_first;
		count = step->entry.next_count;
	}
}

void mmu_walk_radix(const struct mmu_walker *walker, struct mmu_walk *walk)
{
	walk_radix(walker, walk, 0);
}

/* All but the steps, which are set when they are taken. */
static void clear(struct mmu_walk *walk, uint64_t va, const struct mmu_regime *regime)
{
	memset(walk, 0, offsetof(struct mmu_walk, steps));
	walk->serial = 0;
	walk->va = va;
	walk->regime = regime;
}

static void walk_in(const struct mmu_walker *walker, struct mmu_walk *walk, unsigned int kept)
{
	if (walk->regime->format->kind == MMU_FORMAT_HASHED)
		mmu_walk_hashed(walker, walk);
	else
		walk_radix(walker, walk, kept);
}

void mmu_walker_walk_again(const struct mmu_walker *walker, uint64_t va, struct mmu_walk *ret)
{
	const struct mmu_regime *regime = mmu_regimes_find(walker->regimes, va);
	unsigned int kept = kept_steps(walker, ret, regime, va);

	clear(ret, va, regime);
	if (ret->regime) {
		walk_in(walker, ret, kept);
		ret->serial = walker->serial;
	} else {
		ret->result = MMU_RESULT_NONCANONICAL;
	}
}

void mmu_walker_walk(const struct mmu_walker *walker, uint64_t va, struct mmu_walk *ret)
{
	ret->serial = 0;
	mmu_walker_walk_again(walker, va, ret);
}

bool mmu_translate(struct mmu_cursor *cursor, const struct mmu_regime *regime, uint64_t va,
		   uint64_t *ret_pa)
{
	const struct mmu_walker walker = { .cursor = cursor };
	struct mmu_walk walk;

	if (!mmu_regime_holds(regime, va))
		return false;
	clear(&walk, va, regime);
	walk_in(&walker, &walk, 0);
	if (walk.result != MMU_RESULT_MAPPED)
		return false;
	*ret_pa = walk.pa;
	return true;
}

/* ------------------------------------------------------------------ without an image */

void mmu_entry_decode(const struct mmu_arch *arch, const struct mmu_regime *regime,
		      unsigned int level, uint64_t raw, const uint64_t *second,
		      struct mmu_walk *walk)
{
	const struct mmu_walker walker = { .arch = arch };
	struct mmu_step *step = &walk->steps[0];
	bool has_second = regime->format->level[level].second_offset;

	memset(walk, 0, sizeof(*walk));
	walk->regime = regime;
	uint8_t rights = mmu_walk_begin(walk);
	walk->nr_steps = 1;
	step->level = level;
	step->raw = raw;
	step->has_second = has_second && second;
	step->second = step->has_second ? *second : 0;
	step->readable = true;
	regime->format->decode(regime, level, raw, step->second, &step->entry);
	mmu_step_restrict(step, &rights, walk);
	if (step->entry.kind == MMU_KIND_TABLE)
		walk->result = MMU_RESULT_TABLE;
	else
		mmu_step_finish(&walker, step, walk);
	if (has_second && !second && step->entry.kind != MMU_KIND_BAD)
		step->entry.note = walk->note = NULL; /* it may speak of an empty copy */
}
