/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Answers without steps: the word of a leaf whose like was decoded before says all. */
#include "walk/answers.h"
#include "walk/step.h"

static const struct mmu_regime *regime_of(const struct mmu_regimes *regimes, uint64_t va)
{
	const struct mmu_regime *first = &regimes->regime[0];

	return regimes->nr && first->view != MMU_VIEW_HARDWARE && mmu_regime_holds(first, va)
		       ? first
		       : mmu_regimes_find(regimes, va);
}

void mmu_words_find(const struct mmu_walker *walker, const uint64_t *vas, size_t nr,
		    struct mmu_word *ret)
{
	for (size_t i = 0; i < nr; i++, ret++) {
		const struct mmu_regime *regime = walker->paths ? regime_of(walker->regimes, vas[i])
								: NULL;
		const struct mmu_path *path = NULL;

		if (regime && regime->format->kind == MMU_FORMAT_RADIX && regime->top_level)
			path = mmu_paths_find(walker->paths, regime, 1, vas[i]);
		ret->at = path ? path->words : NULL;
		if (!ret->at)
			continue;
		/* what is kept of the path may give way to another one before the word is read */
		ret->regime = regime;
		ret->leaves = path->leaves;
		ret->rights = path->step.effective;
		ret->at += mmu_index_of(regime, 0, vas[i]) * regime->format->slot_bytes;
		__builtin_prefetch(ret->at);
	}
}

bool mmu_word_answer(const struct mmu_walker *walker, const struct mmu_word *word, uint64_t va,
		     struct mmu_walk *ret)
{
	const struct mmu_format *format;
	const struct mmu_path_leaf *leaf;
	struct mmu_step step;
	uint64_t raw;

	if (!word->at)
		return false;
	format = word->regime->format;
	raw = mmu_get_uint(word->at, format->entry_bytes, format->big_endian);
	leaf = mmu_path_leaf_of(word->leaves, raw);
	if (!mmu_path_leaf_fits(word->leaves, leaf, raw))
		return false;
	step.level = 0;
	step.entry = mmu_path_leaf_entry(word->leaves, leaf, raw);
	step.effective = word->rights & step.entry.rights;
	ret->va = va;
	ret->regime = word->regime;
	ret->nr_steps = 0;
	mmu_step_map(walker, &step, ret);
	return true;
}
