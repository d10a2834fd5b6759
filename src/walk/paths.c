/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Paths through upper tables that walks have taken, where tables do not change. */
#include <stdatomic.h>
#include <stdlib.h>

#include "walk/paths.h"
#include "walk/scan.h"

struct mmu_paths *mmu_paths_create(const struct mmu_regimes *regimes)
{
	static _Atomic(uint64_t) serial;
	struct mmu_paths *paths = calloc(1, sizeof(*paths));

	if (paths)
		paths->serial = atomic_fetch_add(&serial, 1) + 1;
	for (size_t i = 0; paths && i < regimes->nr; i++) {
		const struct mmu_regime *regime = &regimes->regime[i];
		struct mmu_path_leaves *leaves = &paths->leaves[i];
		struct mmu_alike alike;

		leaves->known = mmu_scan_alike(regime, 0, &alike);
		leaves->address = leaves->known ? alike.address : 1;
		if (leaves->known)
			leaves->up = regime->shape[0].shift -
				     (unsigned int)__builtin_ctzll(alike.step);
		for (unsigned int j = 0; j < 1u << MMU_PATH_LEAVES_LG2; j++)
			leaves->leaf[j].other = leaves->address; /* no word has this beside it */
	}
	return paths;
}

void mmu_paths_destroy(struct mmu_paths *paths)
{
	free(paths);
}

/* The whole table below an entry of level 1, if it stays where it lies and has words of its own. */
static const uint8_t *words_of(const struct mmu_walker *walker, const struct mmu_regime *regime,
			       uint64_t table_pa)
{
	const struct mmu_level *level = &regime->format->level[0];

	if (level->second_offset || level->first_of_run)
		return NULL;
	struct mmu_span span = mmu_image_span(walker->cursor, table_pa);
	return span.state == MMU_PAGE_PRESENT && span.bytes >= mmu_table_span(regime, 0) &&
			       mmu_image_stays(walker->cursor, &span)
		       ? span.data
		       : NULL;
}

const struct mmu_path *mmu_paths_keep(const struct mmu_walker *walker,
				      const struct mmu_regime *regime, uint64_t va,
				      const struct mmu_step *step)
{
	uint64_t prefix = va >> regime->shape[step->level].shift;
	struct mmu_path *path = mmu_path_of(walker->paths, step->level, prefix);

	path->regime = regime;
	path->prefix = prefix;
	path->step = *step;
	path->words = NULL;
	path->leaves = NULL;
	if (step->level == 1 && !step->entry.next_count) {
		path->words = words_of(walker, regime, step->entry.pa);
		path->leaves = &walker->paths->leaves[regime - walker->regimes->regime];
	}
	return path;
}
