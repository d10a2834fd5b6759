/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Answers without steps, for lists of addresses: their words are fetched side by side. */
#ifndef MMU_WALK_ANSWERS_H
#define MMU_WALK_ANSWERS_H

#include "walk/paths.h"

/** So many are looked for at once: enough to hide how long memory takes. */
#define MMU_ANSWERS_MAX 64u

/** Where the last entry of a walk lies. */
struct mmu_word {
	const uint8_t *at; /**< NULL: only a walk can tell; nothing else is set then */
	const struct mmu_regime *regime;
	struct mmu_path_leaves *leaves;
	uint8_t rights; /**< of the path above it */
};

/** Look the words of some addresses up in the walker's paths, and have them fetched. */
void mmu_words_find(const struct mmu_walker *walker, const uint64_t *vas, size_t nr,
		    struct mmu_word *ret);

/**
 * What mmu_walker_walk() says, but without steps.
 * @param ret  all that stands before its steps is set; it has none
 * @return false, with *ret untouched: only a walk can tell
 */
bool mmu_word_answer(const struct mmu_walker *walker, const struct mmu_word *word, uint64_t va,
		     struct mmu_walk *ret);

#endif
