/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Hashed tables: slot by slot, and what hardware finds in them. */
#include <stdlib.h>

#include "api/session.h"
#include "base/hook.h"
#include "walk/hashed.h"
#include "walk/table.h"

#define SLOTS_BETWEEN_HOOKS 4096u

struct mmu_hash {
	struct mmu_space *space;
	struct mmu_table table;
	struct mmu_step step;
	struct mmu_hash_row row;
	uint64_t next, valid, unreadable;
};

static const struct mmu_regime *table_of(const struct mmu_space *space)
{
	for (size_t i = 0; i < space->regimes.nr; i++)
		if (space->regimes.regime[i].format->kind == MMU_FORMAT_HASHED)
			return &space->regimes.regime[i];
	return NULL;
}

struct mmu_error *mmu_hash_open(struct mmu_space *space, struct mmu_hash **ret)
{
	const struct mmu_regime *regime = table_of(space);

	if (!regime)
		return mmu_error_new(MMU_ERROR_NOT_FOUND, "no hashed table is known");
	struct mmu_hash *hash = calloc(1, sizeof(*hash));
	if (!hash)
		return mmu_error_no_memory();
	hash->space = space;
	mmu_table_init(&hash->table, &space->walker, regime, 0, regime->root_pa);
	*ret = hash;
	return NULL;
}

const struct mmu_regime *mmu_hash_table(const struct mmu_hash *hash)
{
	return hash->table.regime;
}

/* The regime of the space that a slot belongs to; without one, the address as slots have it. */
static void find_owner(const struct mmu_hash *hash, const struct mmu_slot *slot,
		       struct mmu_hash_row *ret)
{
	const struct mmu_regimes *regimes = &hash->space->regimes;

	ret->space = slot->space;
	ret->first_va = slot->va;
	ret->regime = NULL;
	for (size_t i = 0; i < regimes->nr && !ret->regime; i++) {
		const struct mmu_regime *regime = &regimes->regime[i];
		uint64_t va = mmu_hashed_va(regime, slot);

		if (regime->format != hash->table.regime->format ||
		    regime->root_pa != hash->table.regime->root_pa ||
		    regime->space != slot->space || va < regime->first_va || va > regime->last_va)
			continue;
		ret->regime = regime;
		ret->first_va = va;
	}
	ret->last_va = ret->first_va + (((uint64_t)1 << slot->lg2) - 1);
}

static void fill_row(struct mmu_hash *hash)
{
	const struct mmu_regime *regime = hash->table.regime;
	const struct mmu_step *step = &hash->step;
	struct mmu_slot slot = { .space = 0 };

	hash->row = (struct mmu_hash_row){ .step = step };
	hash->row.served = regime->format->slot(regime, step->index, step->raw, step->second,
						&slot) &&
			   slot.lg2 < 64;
	if (hash->row.served)
		find_owner(hash, &slot, &hash->row);
}

struct mmu_error *mmu_hash_next(struct mmu_hash *hash, const struct mmu_hash_row **ret)
{
	struct mmu_error *error = NULL;

	while (!error && hash->next < hash->table.nr) {
		if (hash->next % SLOTS_BETWEEN_HOOKS == 0)
			error = mmu_hook_ask(&hash->space->hook, MMU_PHASE_TABLES, hash->valid, 0);
		if (error || !mmu_table_entry(&hash->table, hash->next++, &hash->step))
			continue;
		hash->unreadable += !hash->step.readable;
		if (!hash->step.readable || hash->step.entry.kind == MMU_KIND_EMPTY)
			continue;
		hash->step.effective = hash->step.entry.rights;
		hash->valid++;
		fill_row(hash);
		*ret = &hash->row;
		return NULL;
	}
	if (!error)
		*ret = NULL;
	return error;
}

uint64_t mmu_hash_unreadable(const struct mmu_hash *hash)
{
	return hash->unreadable;
}

void mmu_hash_close(struct mmu_hash *hash)
{
	free(hash);
}

bool mmu_space_walk_hardware(struct mmu_space *space, uint64_t va, struct mmu_walk *ret)
{
	for (size_t i = 0; i < space->regimes.nr; i++) {
		const struct mmu_regime *regime = &space->regimes.regime[i];
		const struct mmu_regimes one = { .nr = 1, .regime = { *regime } };
		struct mmu_walker walker = space->walker;

		if (regime->view != MMU_VIEW_HARDWARE || !mmu_regime_holds(regime, va))
			continue;
		walker.regimes = &one;
		walker.paths = NULL;
		ret->serial = 0;
		mmu_walker_walk(&walker, va, ret);
		ret->regime = regime; /* the copy goes */
		return true;
	}
	return false;
}
