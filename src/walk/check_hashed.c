/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Does a back-end keep the promises of arch.h? Hashed tables: probes() and slot(). */
#include "walk/checker.h"

#define ADDRESSES 20000u
#define SLOTS 100000u

static bool same_probes(const struct mmu_probe *a, const struct mmu_probe *b, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		if (a[i].first_slot != b[i].first_slot || a[i].nr_slots != b[i].nr_slots ||
		    a[i].name != b[i].name)
			return false;
	return true;
}

/* @return how many groups, 0: they can't be used */
static unsigned int check_probes(struct checker *c, const struct mmu_regime *regime, uint64_t va,
				 struct mmu_probe ret[MMU_PROBES_MAX])
{
	struct mmu_probe again[MMU_PROBES_MAX];
	unsigned int nr;

	memset(ret, 0xa5, sizeof(again));
	memset(again, 0x5a, sizeof(again));
	nr = regime->format->probes(regime, va, ret);
	look_at(c, "%s (%s): va 0x%llx", regime->format->name, regime->name,
		(unsigned long long)va);
	if (!holds(c, nr && nr <= MMU_PROBES_MAX, "1 to MMU_PROBES_MAX groups") ||
	    !holds(c,
		   regime->format->probes(regime, va, again) == nr && same_probes(ret, again, nr),
		   "probes() is pure and fills in every field"))
		return 0;
	for (unsigned int i = 0; i < nr; i++)
		holds(c,
		      ret[i].nr_slots && ret[i].first_slot < regime->nr_slots &&
			      ret[i].nr_slots <= regime->nr_slots - ret[i].first_slot &&
			      ret[i].name && *ret[i].name,
		      "a group lies within the table, is not empty and has a name");
	return nr;
}

/* Whatever the space: a slot lies where its own addresses are looked for. */
static void check_place(struct checker *c, const struct mmu_regime *regime, uint64_t index,
			const struct mmu_slot *slot)
{
	uint64_t mask = low_bits(regime->format->slot_va_bits);
	uint64_t va = ((regime->first_va & ~mask) | slot->va) +
		      (random_u64(c) & low_bits(slot->lg2));
	struct mmu_probe probes[MMU_PROBES_MAX];
	struct mmu_regime owner = *regime;
	bool found = false;

	if (va < regime->first_va || va > regime->last_va)
		return;
	owner.space = slot->space;
	unsigned int nr = check_probes(c, &owner, va, probes);
	for (unsigned int i = 0; i < nr; i++)
		found |= index - probes[i].first_slot < probes[i].nr_slots;
	look_at(c, "%s (%s): slot %llu, va 0x%llx", regime->format->name, regime->name,
		(unsigned long long)index, (unsigned long long)va);
	holds(c, found, "a slot lies in a group that is probed for its addresses");
}

static void check_slot(struct checker *c, const struct mmu_regime *regime, uint64_t raw,
		       uint64_t second)
{
	const struct mmu_format *format = regime->format;
	uint64_t index = random_u64(c) % regime->nr_slots;
	struct mmu_regime other = *regime;
	struct mmu_slot slot, again;

	memset(&slot, 0xa5, sizeof(slot));
	memset(&again, 0x5a, sizeof(again));
	other.space = ~regime->space;
	bool valid = format->slot(regime, index, raw, second, &slot);
	look_at(c, "%s (%s): slot %llu, raw 0x%llx, second 0x%llx", format->name, regime->name,
		(unsigned long long)index, (unsigned long long)raw, (unsigned long long)second);
	if (!holds(c, format->slot(&other, index, raw, second, &again) == valid,
		   "slot() is pure, and ignores regime.space") ||
	    !valid)
		return;
	holds(c, slot.space == again.space && slot.va == again.va && slot.lg2 == again.lg2,
	      "slot() fills in every field, and ignores regime.space");
	if (holds(c,
		  slot.lg2 <= format->slot_va_bits && !(slot.va & low_bits(slot.lg2)) &&
			  !(slot.va & ~low_bits(format->slot_va_bits)),
		  "what a slot serves is aligned to its size and lies within slot_va_bits"))
		check_place(c, regime, index, &slot);
}

void check_hashed(struct checker *c, const struct mmu_regime *regime)
{
	uint64_t width = low_bits(regime->format->entry_bytes * 8u);
	uint64_t span = regime->last_va - regime->first_va;
	struct mmu_probe probes[MMU_PROBES_MAX];

	for (unsigned int n = 0; n < ADDRESSES; n++)
		check_probes(c, regime,
			     regime->first_va + (span == UINT64_MAX ? random_u64(c)
								    : random_u64(c) % (span + 1)),
			     probes);
	for (unsigned int n = 0; n < SLOTS; n++) {
		uint64_t raw = random_u64(c) & width, second = random_u64(c) & width;

		raw &= n & 1 ? random_u64(c) : UINT64_MAX;
		second = regime->format->level[0].second_offset ? second : 0;
		check_slot(c, regime, raw, second);
	}
}
