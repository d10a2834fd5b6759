/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Random tables of every back-end of the tree, in a memory with holes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/sanitized.h"
#include "property/world.h"
#include "walk/registry.h"

/* MMU_PLUGINS is P(x86_64) P(arm) ...: the build's list. */
#define P(name) extern const struct mmu_arch mmu_arch_##name;
MMU_PLUGINS
#undef P
#define P(name) &mmu_arch_##name,
const struct mmu_arch *const world_archs[] = { MMU_PLUGINS };
#undef P

const size_t world_nr_archs = sizeof(world_archs) / sizeof(world_archs[0]);

unsigned int world_rounds(size_t arch, unsigned int rounds)
{
	size_t samples = world_archs[arch]->nr_samples;

	rounds = TEST_SANITIZED ? (rounds + 3) / 4 : rounds;
	return samples <= 2 ? rounds : (unsigned int)((2 * rounds + samples - 1) / samples);
}

/* xorshift64*: the same numbers on every machine. */
uint64_t world_seed;

uint64_t any(void)
{
	world_seed ^= world_seed >> 12;
	world_seed ^= world_seed << 25;
	world_seed ^= world_seed >> 27;
	return world_seed * UINT64_C(2685821657736338717);
}

uint64_t below(uint64_t limit)
{
	return any() % limit;
}

bool one_in(unsigned int count)
{
	return below(count) == 0;
}

/* ------------------------------------------------------------------ the world of one round */

const struct mmu_format *format_of(const struct world *w)
{
	return w->regimes.regime[0].format;
}

unsigned int entry_bytes(const struct world *w)
{
	return format_of(w)->entry_bytes;
}

unsigned int top_level(const struct world *w)
{
	return w->regimes.regime[0].top_level;
}

unsigned int shift_of(const struct world *w, unsigned int level)
{
	return w->regimes.regime[0].shape[level].shift;
}

uint64_t entries_of(const struct world *w, unsigned int level)
{
	uint64_t count = 1;

	for (unsigned int i = 0; i < w->regimes.regime[0].shape[level].index_bits; i++)
		count += count;
	return count;
}

static void store(struct world *w, uint64_t pa, uint64_t value)
{
	for (unsigned int i = 0; i < entry_bytes(w); i++) {
		unsigned int at = format_of(w)->big_endian ? entry_bytes(w) - 1 - i : i;

		w->bytes[pa - FIRST_PA + at] = (uint8_t)(value >> 8 * i);
	}
}

static void store_entry(struct world *w, unsigned int level, uint64_t table_pa, uint64_t index,
			uint64_t raw, uint64_t second)
{
	uint64_t pa = table_pa + index * entry_bytes(w);

	store(w, pa, raw);
	if (format_of(w)->level[level].second_offset)
		store(w, pa + (uint64_t)(int64_t)format_of(w)->level[level].second_offset, second);
}

/* Tables of each level, each in a block of the memory that also holds its second copies. */
static void place_tables(struct world *w)
{
	uint64_t next = FIRST_PA;

	for (unsigned int level = 0; level <= top_level(w); level++) {
		uint64_t bytes = entries_of(w, level) * entry_bytes(w);
		uint64_t block = bytes < 8192 ? 8192 : 2 * bytes;

		for (unsigned int i = 0; i < TABLES_PER_LEVEL; i++) {
			uint64_t pa = next + block / 2;

			w->table_pa[level][i] = pa + (bytes - pa % bytes) % bytes;
			next += 2 * block;
		}
	}
	w->nr_bytes = next - FIRST_PA;
	w->bytes = calloc(1, w->nr_bytes);
	assert_non_null(w->bytes);
}

/* ------------------------------------------------------------------ random entries */

static uint64_t any_raw(const struct world *w)
{
	uint64_t raw = any();

	if (one_in(4))
		raw &= any() & any();
	if (one_in(4))
		raw |= any() | any();
	return entry_bytes(w) == 8 ? raw : raw % ((uint64_t)1 << 8 * entry_bytes(w));
}

/* A word that decodes as `kind`, if luck finds one. */
static bool raw_of_kind(const struct world *w, unsigned int level, enum mmu_kind kind,
			uint64_t *raw, uint64_t *second)
{
	for (unsigned int i = 0; i < 40; i++) {
		struct mmu_entry entry;

		*raw = any_raw(w);
		*second = format_of(w)->level[level].second_offset ? any_raw(w) : 0;
		format_of(w)->decode(w->regimes.regime, level, *raw, *second, &entry);
		if (entry.kind == kind)
			return true;
	}
	return false;
}

static uint64_t any_table(const struct world *w, unsigned int level)
{
	if (one_in(12))
		return FIRST_PA + w->nr_bytes + below(64) * 0x10000; /* behind the memory */
	return w->table_pa[level][below(TABLES_PER_LEVEL)];
}

static void put_table(struct world *w, unsigned int level, uint64_t table_pa, uint64_t index)
{
	struct mmu_entry entry = { .kind = MMU_KIND_TABLE,
				   .rights = one_in(3) ? (uint8_t)below(32) : MMU_RIGHTS_ALL,
				   .pa = any_table(w, level - 1) };
	uint64_t raw, second = 0;

	if (!format_of(w)->encode(w->regimes.regime, level, &entry, &raw, &second)) {
		entry.rights = MMU_RIGHTS_ALL;
		if (!format_of(w)->encode(w->regimes.regime, level, &entry, &raw, &second))
			return;
	}
	store_entry(w, level, table_pa, index, raw, second);
}

/* The pages before this one, in the entries before its own. */
static void put_before(struct world *w, unsigned int level, uint64_t table_pa, uint64_t index,
		       const struct mmu_entry *entry)
{
	uint64_t bytes = (uint64_t)1 << shift_of(w, level), raw, second = 0;
	struct mmu_entry before = *entry;

	for (unsigned int left = 1 + (unsigned int)below(8); left && index; left--) {
		if (before.pa < bytes)
			return;
		before.pa -= bytes;
		index--;
		if (format_of(w)->encode(w->regimes.regime, level, &before, &raw, &second))
			store_entry(w, level, table_pa, index, raw, second);
	}
}

static void put_leaf(struct world *w, unsigned int level, uint64_t table_pa, uint64_t index)
{
	const struct mmu_level *shape = &format_of(w)->level[level];
	uint64_t run = shape->run_lg2 && one_in(3) ? shape->run_lg2 : 0;
	uint64_t raw, second = 0, count = (uint64_t)1 << run;

	for (unsigned int i = 0; i < 20; i++) {
		struct mmu_entry entry = {
			.kind = MMU_KIND_LEAF,
			.rights = (uint8_t)below(32),
			.run_lg2 = (uint8_t)run,
			.pa = any() % (w->regimes.regime[0].pa_mask / 2 + 1),
		};

		if (one_in(2)) /* into the memory, or just behind it */
			entry.pa = FIRST_PA + below(w->nr_bytes + 0x100000);
		entry.pa -= entry.pa % ((uint64_t)1 << (shift_of(w, level) + run));
		if (!format_of(w)->encode(w->regimes.regime, level, &entry, &raw, &second))
			continue;
		for (uint64_t j = 0; j < count; j++)
			store_entry(w, level, table_pa, index - index % count + j, raw, second);
		if (!run && one_in(3))
			put_before(w, level, table_pa, index, &entry);
		return;
	}
}

static void put_anything(struct world *w, unsigned int level, uint64_t table_pa, uint64_t index)
{
	static const enum mmu_kind kinds[] = { MMU_KIND_EMPTY, MMU_KIND_SOFTWARE, MMU_KIND_BAD,
					       MMU_KIND_TABLE, MMU_KIND_LEAF };
	uint64_t raw, second;

	switch (below(8)) {
	case 0:
		return; /* zero */
	case 1:
		if (raw_of_kind(w, level, kinds[below(5)], &raw, &second))
			store_entry(w, level, table_pa, index, raw, second);
		return;
	case 2:
	case 3:
		put_leaf(w, level, table_pa, index); /* does nothing where there are none */
		return;
	default:
		if (level > 0)
			put_table(w, level, table_pa, index);
		else
			put_leaf(w, level, table_pa, index);
		return;
	}
}

static void fill_tables(struct world *w)
{
	for (unsigned int level = 0; level <= top_level(w); level++)
		for (unsigned int i = 0; i < TABLES_PER_LEVEL; i++)
			for (uint64_t index = 0; index < entries_of(w, level); index++)
				put_anything(w, level, w->table_pa[level][i], index);
}

/* Entries that point anywhere in memory, aligned or not, with bits flipped at random. */
static void fill_hostile(struct world *w)
{
	for (uint64_t at = 0; at < w->nr_bytes; at += entry_bytes(w)) {
		unsigned int above = top_level(w);
		unsigned int level = above ? 1 + (unsigned int)below(above) : 0;
		uint64_t align = (uint64_t)64 << below(7);
		struct mmu_entry entry = { .kind = MMU_KIND_TABLE,
					   .rights = MMU_RIGHTS_ALL,
					   .pa = FIRST_PA + below(w->nr_bytes) / align * align };
		uint64_t raw = any_raw(w), second;

		if (!one_in(3))
			format_of(w)->encode(w->regimes.regime, level, &entry, &raw, &second);
		if (one_in(3))
			raw ^= (uint64_t)1 << below(8 * entry_bytes(w));
		store(w, FIRST_PA + at, raw);
	}
}

/* ------------------------------------------------------------------ what of it is there */

static void add_piece(struct world *w, uint64_t first, uint64_t bytes, enum mmu_page_state state)
{
	if (!bytes)
		return;
	assert_true(w->nr_pieces < PIECES_MAX);
	w->pieces[w->nr_pieces++] = (struct memory_piece){
		.first_pa = FIRST_PA + first,
		.bytes = bytes,
		.state = state,
		.data = w->bytes + first,
	};
}

/* Cuts at odd places, so that words lie across them; now and then a piece is missing. */
static void cut(struct world *w)
{
	uint64_t at = 0;

	while (at < w->nr_bytes) {
		uint64_t left = w->nr_bytes - at;
		uint64_t bytes = w->nr_pieces + 2 < PIECES_MAX ? 1 + below(w->nr_bytes / 16) : left;
		bool missing = one_in(8);

		bytes = bytes < left ? bytes : left;
		if (missing && one_in(2))
			bytes = bytes % 4096 + 1;
		add_piece(w, at, bytes,
			  missing ? (enum mmu_page_state)(1 + below(4)) : MMU_PAGE_PRESENT);
		at += bytes;
	}
	w->image = memory_image_create(w->pieces, w->nr_pieces);
}

void world_create(struct world *w, const struct mmu_arch *arch, const struct mmu_sample *sample,
		  bool hostile)
{
	uint64_t pa_mask = sample->regimes[0]->pa_mask, traits = sample->regimes[0]->traits;
	unsigned int pa_bits = 64u - (unsigned int)__builtin_clzll(pa_mask);

	*w = (struct world){ .arch = arch };
	for (size_t i = 0; i < arch->nr_traits; i++)
		if (one_in(2))
			traits ^= arch->traits[i].bit;
	if (one_in(3) && pa_bits > 40) /* a processor with fewer address bits */
		pa_mask &= ((uint64_t)1 << (36 + below(pa_bits - 36u))) - 1;
	for (size_t i = 0; i < sample->nr_regimes; i++) {
		struct mmu_regime *regime = &w->regimes.regime[w->regimes.nr];

		if (sample->regimes[i]->format != sample->regimes[0]->format)
			continue;
		*regime = *sample->regimes[i];
		regime->traits = (uint32_t)traits;
		regime->pa_mask = pa_mask;
		w->regimes.nr++;
	}
	place_tables(w);
	if (hostile)
		fill_hostile(w);
	else
		fill_tables(w);
	for (size_t i = 0; i < w->regimes.nr; i++) /* often, but not always, one for all */
		w->regimes.regime[i].root_pa =
			i && one_in(2)         ? w->regimes.regime[0].root_pa
			: hostile && one_in(2) ? FIRST_PA + below(w->nr_bytes)
					       : w->table_pa[top_level(w)][below(TABLES_PER_LEVEL)];
	cut(w);
}

void world_destroy(struct world *w)
{
	mmu_image_close(w->image);
	free(w->bytes);
}

uint64_t any_va(const struct world *w)
{
	const struct mmu_regime *regime = &w->regimes.regime[below(w->regimes.nr)];
	uint64_t va = any();

	if (one_in(16))
		return va;
	if (one_in(8)) /* the ends of tables and pages */
		va = one_in(2) ? va | (((uint64_t)1 << below(64)) - 1)
			       : va & -((uint64_t)1 << below(64));
	if (one_in(64)) /* the ends of regimes, and what lies behind */
		return one_in(2) ? regime->last_va + below(2) : regime->first_va - below(2);
	if (regime->last_va - regime->first_va < UINT64_MAX)
		va = regime->first_va + va % (regime->last_va - regime->first_va + 1);
	return one_in(8) ? va ^ (any() & regime->ignored_va) : va;
}
