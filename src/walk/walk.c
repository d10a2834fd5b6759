/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The one walk loop, for every architecture. */
#include <stddef.h>
#include <string.h>

#include "walk/paths.h"
#include "walk/step.h"

/*
 * How many steps of the walk that this struct had before are those of a walk of `va`, too: they led
 * from table to table by the same bits of the address.
 */
static inline unsigned int kept_steps(const struct mmu_walker *walker, const struct mmu_walk *walk,
				      const struct mmu_regime *regime, uint64_t va)
{
	const struct mmu_shape *shape = &regime->shape[regime->top_level];
	unsigned int nr = 0;

	if (!walker->paths || walk->serial != walker->paths->serial || walk->regime != regime)
		return 0;
	for (uint64_t differ = walk->va ^ va; nr + 1 < walk->nr_steps && !(differ >> shape->shift);
	     nr++)
		shape--;
	return nr;
}

/* The last step of a walk: its table lies in place. */
static inline void take_leaf(const struct mmu_walker *walker, const struct mmu_path *path,
			     struct mmu_step *step, struct mmu_walk *walk)
{
	const struct mmu_regime *regime = path->regime;
	const struct mmu_format *format = regime->format;
	uint8_t rights = path->step.effective;
	uint64_t index = mmu_index_of(regime, 0, walk->va);
	uint64_t at = index * format->slot_bytes;
	uint64_t raw = mmu_get_uint(path->words + at, format->entry_bytes, format->big_endian);

	step->level = 0;
	step->slot_state = MMU_PAGE_PRESENT;
	step->table_pa = path->step.entry.pa;
	step->index = index;
	step->slot_pa = path->step.entry.pa + at;
	step->raw = raw;
	step->second_pa = step->second = 0;
	step->probe = NULL;
	step->nr_slots = 0;
	step->has_second = false;
	step->readable = true;
	step->known_bytes = 0;
	step->has_known_kind = step->has_known_pa = false;
	mmu_path_decode(path, raw, &step->entry);
	mmu_step_restrict(step, &rights);
	walk->nr_steps = regime->top_level + 1u;
	if (step->entry.kind == MMU_KIND_LEAF)
		mmu_step_map(walker, step, walk);
	else
		mmu_step_finish(walker, step, walk);
}

/* The table says that it ends before this index. */
static void set_outside(struct mmu_step *step)
{
	*step = (struct mmu_step){ .level = step->level,
				   .table_pa = step->table_pa,
				   .index = step->index,
				   .readable = true,
				   .entry.kind = MMU_KIND_EMPTY };
}

/* The step behind `before`, or the first one. @return false: the walk ends there */
static bool take_step(const struct mmu_walker *walker, const struct mmu_walk *walk,
		      const struct mmu_step *before, struct mmu_step *step)
{
	const struct mmu_regime *regime = walk->regime;
	uint8_t rights = before ? before->effective : regime->rights;
	uint64_t first = before ? before->entry.next_first : 0;
	uint64_t count = before ? before->entry.next_count : 0; /* of valid indices; 0: all */

	step->table_pa = before ? before->entry.pa : regime->root_pa;
	step->probe = NULL;
	step->nr_slots = 0;
	step->index = mmu_index_of(regime, step->level, walk->va);
	if (count && (step->index < first || step->index - first >= count))
		set_outside(step);
	else
		mmu_step_read(walker, regime, step);
	mmu_step_restrict(step, &rights);
	return step->readable && step->entry.kind == MMU_KIND_TABLE && step->level > 0;
}

/* @param kept  so many of its steps have been taken already */
static void walk_radix(const struct mmu_walker *walker, struct mmu_walk *walk, unsigned int kept)
{
	const struct mmu_regime *regime = walk->regime;
	unsigned int level = regime->top_level - kept;
	struct mmu_step *step = &walk->steps[kept];

	for (;; level--, step++) {
		const struct mmu_path *path = walker->paths && level
						      ? mmu_paths_find(walker->paths, regime, level,
								       walk->va)
						      : NULL;

		if (path) {
			*step = path->step;
		} else {
			step->level = level;
			if (!take_step(walker, walk, step > walk->steps ? step - 1 : NULL, step))
				break;
			if (!walker->paths)
				continue;
			path = mmu_paths_keep(walker, regime, walk->va, step);
		}
		if (path->words) {
			take_leaf(walker, path, step + 1, walk);
			return;
		}
	}
	walk->nr_steps = regime->top_level - level + 1;
	mmu_step_finish(walker, step, walk);
}

/* All but the steps, which are set when they are taken. */
static void clear(struct mmu_walk *walk, uint64_t va, const struct mmu_regime *regime)
{
	memset(walk, 0, offsetof(struct mmu_walk, steps));
	walk->serial = 0;
	walk->va = va;
	walk->regime = regime;
}

void mmu_walker_walk(const struct mmu_walker *walker, uint64_t va, struct mmu_walk *ret)
{
	const struct mmu_regime *regime = mmu_regimes_find(walker->regimes, va);

	if (regime && regime->format->kind == MMU_FORMAT_RADIX) { /* it fills all in */
		unsigned int kept = kept_steps(walker, ret, regime, va);

		ret->serial = walker->paths ? walker->paths->serial : 0;
		ret->va = va;
		ret->regime = regime;
		walk_radix(walker, ret, kept);
		return;
	}
	clear(ret, va, regime);
	if (regime)
		mmu_walk_hashed(walker, ret);
	else
		ret->result = MMU_RESULT_NONCANONICAL;
}

unsigned int mmu_walk_denied_by(const struct mmu_walk *walk, enum mmu_right right)
{
	if (walk->regime && !(walk->regime->rights & right))
		return MMU_DENIED_BY_REGIME;
	for (unsigned int i = 0; i < walk->nr_steps; i++)
		if (!(walk->steps[i].effective & right))
			return walk->steps[i].level;
	return 0;
}

bool mmu_translate(struct mmu_cursor *cursor, const struct mmu_regime *regime, uint64_t va,
		   uint64_t *ret_pa)
{
	const struct mmu_walker walker = { .cursor = cursor };
	struct mmu_walk walk;

	if (!mmu_regime_holds(regime, va))
		return false;
	clear(&walk, va, regime);
	if (regime->format->kind == MMU_FORMAT_HASHED)
		mmu_walk_hashed(&walker, &walk);
	else
		walk_radix(&walker, &walk, 0);
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
	uint8_t rights = regime->rights;
	walk->nr_steps = 1;
	step->level = level;
	step->raw = raw;
	step->has_second = has_second && second;
	step->second = step->has_second ? *second : 0;
	step->readable = true;
	regime->format->decode(regime, level, raw, step->second, &step->entry);
	mmu_step_restrict(step, &rights);
	if (step->entry.kind == MMU_KIND_TABLE)
		walk->result = MMU_RESULT_TABLE;
	else
		mmu_step_finish(&walker, step, walk);
	if (has_second && !second && step->entry.kind != MMU_KIND_BAD)
		step->entry.note = walk->note = NULL; /* it may speak of an empty copy */
}
