/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Hashed tables: a walk looks into groups of slots; one pass over the table finds all. */
#include <stdlib.h>

#include "walk/hashed.h"
#include "walk/step.h"
#include "walk/table.h"

static uint64_t low_bits(unsigned int count)
{
	return count >= 64 ? UINT64_MAX : ((uint64_t)1 << count) - 1;
}

/* The address that a slot of this regime's space serves first. */
uint64_t mmu_hashed_va(const struct mmu_regime *regime, const struct mmu_slot *slot)
{
	uint64_t mask = low_bits(regime->format->slot_va_bits);

	return (regime->first_va & ~mask) | (slot->va & mask);
}

/* ------------------------------------------------------------------ one address */

/*
 * Look through one group. @return true: a slot of it serves the address, and *step is the entry
 * there; else *step says whether the whole group could be read
 */
static bool look_into(const struct mmu_walker *walker, const struct mmu_walk *walk,
		      const struct mmu_probe *probe, struct mmu_step *step)
{
	const struct mmu_regime *regime = walk->regime;
	uint64_t end = probe->first_slot + probe->nr_slots;
	struct mmu_step all = { .table_pa = regime->root_pa,
				.index = probe->first_slot,
				.probe = probe->name,
				.nr_slots = probe->nr_slots,
				.readable = true };

	all.slot_pa = all.table_pa + all.index * regime->format->slot_bytes;
	if (end > regime->nr_slots)
		end = regime->nr_slots;
	for (uint64_t index = probe->first_slot; index < end; index++) {
		struct mmu_slot slot;

		*step = all;
		step->index = index;
		mmu_step_read(walker, regime, step);
		if (!step->readable && all.readable) {
			all.readable = false;
			all.slot_state = step->slot_state;
		}
		if (step->readable &&
		    regime->format->slot(regime, index, step->raw, step->second, &slot) &&
		    slot.space == regime->space &&
		    walk->va - mmu_hashed_va(regime, &slot) <= low_bits(slot.lg2))
			return true;
	}
	*step = all;
	return false;
}

void mmu_walk_hashed(const struct mmu_walker *walker, struct mmu_walk *walk)
{
	const struct mmu_regime *regime = walk->regime;
	struct mmu_probe probes[MMU_PROBES_MAX];
	unsigned int nr = regime->format->probes(regime, walk->va, probes);
	uint8_t rights = regime->rights;
	struct mmu_step *last = NULL; /* what the answer is taken from */

	for (unsigned int i = 0; i < nr && i < MMU_PROBES_MAX; i++) {
		struct mmu_step *step = &walk->steps[walk->nr_steps++];

		if (look_into(walker, walk, &probes[i], step)) {
			last = step;
			break;
		}
		if (!last || last->readable) /* what can't be read might have been it */
			last = step;
	}
	if (!last) { /* a back-end that breaks its promise */
		walk->result = MMU_RESULT_EMPTY;
		return;
	}
	mmu_step_restrict(last, &rights);
	mmu_step_finish(walker, last, walk);
}

/* ------------------------------------------------------------------ all addresses */

static bool add(struct mmu_hashed_list *list, uint64_t va, uint64_t bytes)
{
	if (list->nr == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 1024;
		struct mmu_hashed_page *pages = realloc(list->pages, capacity * sizeof(*pages));

		if (!pages)
			return false;
		list->pages = pages;
		list->capacity = capacity;
	}
	list->pages[list->nr++] = (struct mmu_hashed_page){ va, bytes };
	return true;
}

/* Tell the slot to every regime that it belongs to. */
static bool sort_in(const struct mmu_regimes *regimes, const struct mmu_regime *table,
		    const struct mmu_slot *slot, struct mmu_hashed_list *list)
{
	for (size_t i = 0; i < regimes->nr; i++) {
		const struct mmu_regime *regime = &regimes->regime[i];
		uint64_t va = mmu_hashed_va(regime, slot);

		if (regime->format == table->format && regime->root_pa == table->root_pa &&
		    regime->space == slot->space && va >= regime->first_va &&
		    va <= regime->last_va && !add(list, va, low_bits(slot->lg2) + 1))
			return false;
	}
	return true;
}

static int by_va(const void *one, const void *other)
{
	const struct mmu_hashed_page *a = one, *b = other;

	return a->va < b->va ? -1 : a->va > b->va;
}

/* What slots hold. If they can't be read as one, each is read alone: a walk finds those as well. */
static bool gather_slots(const struct mmu_walker *walker, const struct mmu_regime *table,
			 uint64_t first, uint64_t count, struct mmu_hashed_list *ret)
{
	const struct mmu_format *format = table->format;
	const struct mmu_level *level = &format->level[0];
	uint64_t pa = table->root_pa + first * format->slot_bytes;
	uint8_t raw[MMU_CHUNK_BYTES], second[MMU_CHUNK_BYTES];
	struct mmu_slot slot;

	if (!mmu_words_read(walker, format, level, pa, count, raw, second)) {
		ret->incomplete |= count == 1;
		for (uint64_t i = 0; count > 1 && i < count; i++)
			if (!gather_slots(walker, table, first + i, 1, ret))
				return false;
		return true;
	}
	for (uint64_t i = 0; i < count; i++) {
		size_t at = (size_t)(i * format->slot_bytes);
		uint64_t word = mmu_get_uint(raw + at, format->entry_bytes, format->big_endian);
		uint64_t other = level->second_offset
					 ? mmu_get_uint(second + at, format->entry_bytes,
							format->big_endian)
					 : 0;

		if (format->slot(table, first + i, word, other, &slot) &&
		    !sort_in(walker->regimes, table, &slot, ret))
			return false;
	}
	return true;
}

bool mmu_hashed_gather(const struct mmu_walker *walker, const struct mmu_regime *table,
		       struct mmu_hashed_list *ret)
{
	uint64_t per_chunk = MMU_CHUNK_BYTES / table->format->slot_bytes;

	for (uint64_t first = 0; first < table->nr_slots; first += per_chunk) {
		uint64_t left = table->nr_slots - first;

		if (!gather_slots(walker, table, first, left < per_chunk ? left : per_chunk, ret))
			return false;
	}
	if (ret->nr)
		qsort(ret->pages, ret->nr, sizeof(*ret->pages), by_va);
	return true;
}
