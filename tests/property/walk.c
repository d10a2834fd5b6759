/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Walks over random tables of every back-end of the tree agree with a translation written here,
 * which shares nothing with the walk loop but the back-end's decode() and explain().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/memory_image.h"
#include "walk/walk.h"

/* MMU_PLUGINS is P(x86_64) P(arm) ...: the build's list. */
#define P(name) extern const struct mmu_arch mmu_arch_##name;
MMU_PLUGINS
#undef P
#define P(name) &mmu_arch_##name,
static const struct mmu_arch *const archs[] = { MMU_PLUGINS };
#undef P

#define NR_ARCHS (sizeof(archs) / sizeof(archs[0]))
#define ROUNDS 12u
#define ADDRESSES 3000u
#define TABLES_PER_LEVEL 5u

/* xorshift64*: the same numbers on every machine. */
static uint64_t seed;

static uint64_t any(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * UINT64_C(2685821657736338717);
}

static uint64_t below(uint64_t limit)
{
	return any() % limit;
}

static bool one_in(unsigned int count)
{
	return below(count) == 0;
}

/* ------------------------------------------------------------------ the world of one round */

/* Memory is a row of pieces without gaps; some of them are not there. */
#define PIECES_MAX 64u
#define FIRST_PA UINT64_C(0x40000000)

struct world {
	const struct mmu_arch *arch;
	struct mmu_regime regime;
	uint8_t *bytes; /* of all pieces, also those that the image lacks */
	uint64_t nr_bytes;
	struct memory_piece pieces[PIECES_MAX];
	size_t nr_pieces;
	uint64_t table_pa[MMU_LEVELS_MAX][TABLES_PER_LEVEL];
	struct mmu_image *image;
};

static unsigned int entry_bytes(const struct world *w)
{
	return w->regime.format->entry_bytes;
}

static uint64_t entries_of(const struct world *w, unsigned int level)
{
	uint64_t count = 1;

	for (unsigned int i = 0; i < w->regime.format->level[level].index_bits; i++)
		count += count;
	return count;
}

static void store(struct world *w, uint64_t pa, uint64_t value)
{
	for (unsigned int i = 0; i < entry_bytes(w); i++) {
		unsigned int at = w->regime.format->big_endian ? entry_bytes(w) - 1 - i : i;

		w->bytes[pa - FIRST_PA + at] = (uint8_t)(value >> 8 * i);
	}
}

static void store_entry(struct world *w, unsigned int level, uint64_t table_pa, uint64_t index,
			uint64_t raw, uint64_t second)
{
	uint64_t pa = table_pa + index * entry_bytes(w);

	store(w, pa, raw);
	if (w->regime.format->level[level].second_offset)
		store(w, pa + (uint64_t)(int64_t)w->regime.format->level[level].second_offset,
		      second);
}

/* Tables of each level, each in a block of the memory that also holds its second copies. */
static void place_tables(struct world *w)
{
	uint64_t next = FIRST_PA;

	for (unsigned int level = 0; level < w->regime.format->nr_levels; level++) {
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
		*second = w->regime.format->level[level].second_offset ? any_raw(w) : 0;
		w->arch->decode(&w->regime, level, *raw, *second, &entry);
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

	if (!w->arch->encode(&w->regime, level, &entry, &raw, &second)) {
		entry.rights = MMU_RIGHTS_ALL;
		if (!w->arch->encode(&w->regime, level, &entry, &raw, &second))
			return;
	}
	store_entry(w, level, table_pa, index, raw, second);
}

static void put_leaf(struct world *w, unsigned int level, uint64_t table_pa, uint64_t index)
{
	const struct mmu_level *shape = &w->regime.format->level[level];
	uint64_t run = shape->run_lg2 && one_in(3) ? shape->run_lg2 : 0;
	uint64_t raw, second = 0, count = (uint64_t)1 << run;

	for (unsigned int i = 0; i < 20; i++) {
		struct mmu_entry entry = {
			.kind = MMU_KIND_LEAF,
			.rights = (uint8_t)below(32),
			.run_lg2 = (uint8_t)run,
			.pa = any() % ((uint64_t)1 << (w->regime.format->pa_bits - 1)),
		};

		if (one_in(2)) /* into the memory, or just behind it */
			entry.pa = FIRST_PA + below(w->nr_bytes + 0x100000);
		entry.pa -= entry.pa % ((uint64_t)1 << (shape->shift + run));
		if (!w->arch->encode(&w->regime, level, &entry, &raw, &second))
			continue;
		for (uint64_t j = 0; j < count; j++)
			store_entry(w, level, table_pa, index - index % count + j, raw, second);
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
	for (unsigned int level = 0; level < w->regime.format->nr_levels; level++)
		for (unsigned int i = 0; i < TABLES_PER_LEVEL; i++)
			for (uint64_t index = 0; index < entries_of(w, level); index++)
				put_anything(w, level, w->table_pa[level][i], index);
}

/* Entries that lead anywhere in the memory, aligned or not, with bits turned at random. */
static void fill_hostile(struct world *w)
{
	for (uint64_t at = 0; at < w->nr_bytes; at += entry_bytes(w)) {
		unsigned int level = 1 + (unsigned int)below(w->regime.format->nr_levels - 1u);
		uint64_t align = (uint64_t)64 << below(7);
		struct mmu_entry entry = { .kind = MMU_KIND_TABLE,
					   .rights = MMU_RIGHTS_ALL,
					   .pa = FIRST_PA + below(w->nr_bytes) / align * align };
		uint64_t raw = any_raw(w), second;

		if (!one_in(3))
			w->arch->encode(&w->regime, level, &entry, &raw, &second);
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

static void world_create(struct world *w, const struct mmu_arch *arch,
			 const struct mmu_format *format, bool hostile)
{
	*w = (struct world){ .arch = arch, .regime = mmu_arch_regime(arch, format) };
	for (size_t i = 0; i < arch->nr_traits; i++)
		if (one_in(2))
			w->regime.traits ^= arch->traits[i].bit;
	if (one_in(3) && format->pa_bits > 40) /* a processor with fewer address bits */
		w->regime.pa_mask &= ((uint64_t)1 << (36 + below(format->pa_bits - 36u))) - 1;
	place_tables(w);
	if (hostile)
		fill_hostile(w);
	else
		fill_tables(w);
	w->regime.root_pa = hostile && one_in(2)
				    ? FIRST_PA + below(w->nr_bytes)
				    : w->table_pa[format->nr_levels - 1][below(TABLES_PER_LEVEL)];
	cut(w);
}

static void world_destroy(struct world *w)
{
	mmu_image_close(w->image);
	free(w->bytes);
}

/* ------------------------------------------------------------------ the naive translation */

static enum mmu_page_state load_byte(const struct world *w, uint64_t pa, uint8_t *ret)
{
	for (size_t i = 0; i < w->nr_pieces; i++) {
		const struct memory_piece *piece = &w->pieces[i];

		if (pa < piece->first_pa || pa > piece->first_pa + (piece->bytes - 1))
			continue;
		*ret = w->bytes[pa - FIRST_PA];
		return piece->state;
	}
	return MMU_PAGE_OUTSIDE_RAM;
}

static enum mmu_page_state load(const struct world *w, uint64_t pa, uint64_t *ret)
{
	*ret = 0;
	for (unsigned int i = 0; i < entry_bytes(w); i++) {
		unsigned int place = w->regime.format->big_endian ? entry_bytes(w) - 1 - i : i;
		enum mmu_page_state state;
		uint8_t byte;

		state = load_byte(w, pa + i, &byte);
		if (state != MMU_PAGE_PRESENT)
			return state;
		*ret |= (uint64_t)byte << 8 * place;
	}
	return MMU_PAGE_PRESENT;
}

struct naive {
	enum mmu_result result;
	unsigned int nr_steps;
	struct mmu_entry entries[MMU_LEVELS_MAX];
	uint64_t page_bytes;
	bool has_pa;
	uint64_t pa;
	uint8_t rights;
	uint8_t denied_by[MMU_RIGHTS_COUNT];
};

static enum mmu_page_state load_entry(const struct world *w, unsigned int level, uint64_t pa,
				      uint64_t *raw, uint64_t *second, struct mmu_entry *entry)
{
	int offset = w->regime.format->level[level].second_offset;
	enum mmu_page_state state = load(w, pa, raw);

	*second = 0;
	if (state == MMU_PAGE_PRESENT && offset > 0)
		state = load(w, pa + (unsigned int)offset, second);
	else if (state == MMU_PAGE_PRESENT && offset < 0)
		state = load(w, pa - (unsigned int)-offset, second);
	if (state == MMU_PAGE_PRESENT)
		w->arch->decode(&w->regime, level, *raw, *second, entry);
	return state;
}

static uint64_t index_of(const struct world *w, unsigned int level, uint64_t va)
{
	for (unsigned int i = 0; i < w->regime.format->level[level].shift; i++)
		va /= 2;
	return va % entries_of(w, level);
}

/* All bits above the address must be copies of its top bit, or zeros. */
static bool is_canonical(const struct mmu_format *format, uint64_t va)
{
	for (unsigned int bit = format->va_bits; bit < 64; bit++)
		if ((va >> bit & 1) !=
		    (format->sign_extended ? va >> (format->va_bits - 1) & 1 : 0))
			return false;
	return true;
}

static void naive_page(struct naive *n, uint64_t page_pa, uint64_t va)
{
	n->has_pa = true;
	n->pa = page_pa + va % n->page_bytes;
}

/* As the core says of an entry that hardware takes for a hole. */
static void naive_software(const struct world *w, struct naive *n, unsigned int level, uint64_t va,
			   uint64_t raw, uint64_t second)
{
	struct mmu_software software = { .kind = MMU_SOFTWARE_UNKNOWN };
	bool kernel = w->regime.format->sign_extended && va >> 63;

	if (w->arch->explain)
		w->arch->explain(&w->regime, level, raw, second, &software);
	if (software.kind == MMU_SOFTWARE_UNKNOWN) {
		n->result = MMU_RESULT_BAD_ENTRY;
	} else if (software.kind == MMU_SOFTWARE_SPLIT) {
		n->result = MMU_RESULT_MAPPED;
		naive_page(n, software.pa, va);
	} else if (kernel || software.kind == MMU_SOFTWARE_NONE) {
		n->result = MMU_RESULT_PROTNONE;
		if (!kernel)
			naive_page(n, software.pa, va);
	} else {
		n->result = MMU_RESULT_SWAPPED;
	}
}

static enum mmu_result result_of(enum mmu_page_state state)
{
	return state == MMU_PAGE_FILTERED      ? MMU_RESULT_FILTERED
	       : state == MMU_PAGE_TRUNCATED   ? MMU_RESULT_TRUNCATED
	       : state == MMU_PAGE_OUTSIDE_RAM ? MMU_RESULT_OUTSIDE_RAM
					       : MMU_RESULT_UNREADABLE;
}

static void naive_translate(const struct world *w, uint64_t va, struct naive *n)
{
	const struct mmu_format *format = w->regime.format;
	uint64_t table_pa = w->regime.root_pa, raw, second;
	uint64_t first = 0, count = 0;

	*n = (struct naive){ .result = MMU_RESULT_NONCANONICAL };
	if (!is_canonical(format, va))
		return;
	for (unsigned int level = format->nr_levels - 1u;; level--) {
		struct mmu_entry *entry = &n->entries[n->nr_steps++];
		uint64_t index = index_of(w, level, va);
		enum mmu_page_state state = MMU_PAGE_PRESENT;

		raw = second = 0;
		*entry = (struct mmu_entry){ .kind = MMU_KIND_EMPTY };
		n->page_bytes = (uint64_t)1 << format->level[level].shift;
		if (!count || (index >= first && index - first < count))
			state = load_entry(w, level, table_pa + index * entry_bytes(w), &raw,
					   &second, entry);
		if (state != MMU_PAGE_PRESENT) {
			n->result = result_of(state);
			return;
		}
		if (entry->kind == MMU_KIND_TABLE && level > 0) {
			table_pa = entry->pa;
			first = entry->next_first;
			count = entry->next_count;
			continue;
		}
		if (entry->kind == MMU_KIND_LEAF) {
			n->result = MMU_RESULT_MAPPED;
			n->page_bytes <<= entry->run_lg2;
			naive_page(n, entry->pa, va);
		} else if (entry->kind == MMU_KIND_SOFTWARE) {
			naive_software(w, n, level, va, raw, second);
		} else {
			n->result = entry->kind == MMU_KIND_EMPTY ? MMU_RESULT_EMPTY
								  : MMU_RESULT_BAD_ENTRY;
		}
		return;
	}
}

/* A mapped page has a right when no level on the way denies it. */
static void naive_rights(const struct world *w, struct naive *n)
{
	if (n->result != MMU_RESULT_MAPPED)
		return;
	for (unsigned int bit = 0; bit < MMU_RIGHTS_COUNT; bit++) {
		unsigned int step = 0;

		while (step < n->nr_steps && n->entries[step].rights >> bit & 1)
			step++;
		if (step == n->nr_steps)
			n->rights |= (uint8_t)(1u << bit);
		else
			n->denied_by[bit] = (uint8_t)(w->regime.format->nr_levels - 1u - step);
	}
}

/* ------------------------------------------------------------------ comparison */

/* What has been seen: a test that never meets a case proves nothing about it. */
static uint64_t seen[MMU_RESULT_COUNT];
static uint64_t seen_denials[MMU_LEVELS_MAX], seen_depth[MMU_LEVELS_MAX + 1];

#define AGREE(field)                                                                               \
	do {                                                                                       \
		if ((uint64_t)walk.field != (uint64_t)naive.field)                                 \
			fail_msg("%s %s, va 0x%llx: " #field " is 0x%llx, naively 0x%llx",         \
				 w->arch->name, w->regime.format->name, (unsigned long long)va,    \
				 (unsigned long long)walk.field, (unsigned long long)naive.field); \
	} while (0)

static void compare(const struct world *w, uint64_t va)
{
	const struct mmu_walker walker = { .image = w->image,
					   .arch = w->arch,
					   .regime = w->regime };
	struct mmu_walk walk;
	struct naive naive;
	uint8_t byte;

	memset(&walk, 0xa5, sizeof(walk)); /* every field must be written */
	mmu_walker_walk(&walker, va, &walk);
	naive_translate(w, va, &naive);
	naive_rights(w, &naive);
	AGREE(result);
	AGREE(nr_steps);
	AGREE(page_bytes);
	AGREE(has_pa);
	AGREE(rights);
	assert_true(walk.nr_steps <= w->regime.format->nr_levels);
	assert_int_equal(walk.va, va);
	if (naive.has_pa) {
		AGREE(pa);
		assert_int_equal(walk.page_state, load_byte(w, naive.pa, &byte));
	}
	for (unsigned int bit = 0; naive.result == MMU_RESULT_MAPPED && bit < MMU_RIGHTS_COUNT;
	     bit++) {
		if (naive.rights >> bit & 1)
			continue;
		AGREE(denied_by[bit]);
		seen_denials[naive.denied_by[bit]]++;
	}
	for (unsigned int i = 0; i < walk.nr_steps; i++)
		assert_int_equal(walk.steps[i].level, w->regime.format->nr_levels - 1u - i);
	seen[walk.result]++;
	seen_depth[walk.nr_steps]++;
}

static uint64_t any_va(const struct mmu_format *format)
{
	uint64_t va = any();

	if (one_in(16))
		return va;
	if (one_in(8)) /* the ends of tables and pages */
		va = one_in(2) ? va | (((uint64_t)1 << below(64)) - 1)
			       : va & -((uint64_t)1 << below(64));
	if (format->va_bits == 64)
		return va;
	va %= (uint64_t)1 << format->va_bits;
	if (format->sign_extended && va >> (format->va_bits - 1))
		va |= UINT64_MAX << format->va_bits;
	return va;
}

/* ------------------------------------------------------------------ whole tables */

struct listing {
	const struct world *w;
	unsigned int level;
	uint64_t table_pa;
	uint64_t next, stop_at, calls; /* indices; calls until it says no */
};

static bool next_listed(const struct mmu_step *step, void *context)
{
	struct listing *list = context;
	uint64_t raw, second, pa;
	struct mmu_entry entry;

	assert_true(step->index >= list->next);
	assert_int_equal(step->level, list->level);
	for (; list->next <= step->index; list->next++) { /* what is left out must be empty */
		pa = list->table_pa + list->next * entry_bytes(list->w);
		if (load_entry(list->w, list->level, pa, &raw, &second, &entry) !=
		    MMU_PAGE_PRESENT) {
			assert_true(list->next < step->index);
			continue;
		}
		if (list->next < step->index)
			assert_int_equal(entry.kind, MMU_KIND_EMPTY);
	}
	assert_int_not_equal(entry.kind, MMU_KIND_EMPTY);
	assert_int_equal(step->slot_pa, pa);
	assert_int_equal(step->raw, raw);
	assert_true(!step->has_second || step->second == second);
	assert_int_equal(step->entry.kind, entry.kind);
	assert_int_equal(step->entry.pa, entry.pa);
	assert_int_equal(step->effective, entry.rights);
	return ++list->calls < list->stop_at;
}

static void compare_table(const struct world *w, unsigned int level, uint64_t table_pa)
{
	const struct mmu_walker walker = { .image = w->image,
					   .arch = w->arch,
					   .regime = w->regime };
	struct listing list = { w, level, table_pa, 0, UINT64_MAX, 0 };
	enum mmu_page_state state, first = MMU_PAGE_PRESENT;
	uint64_t raw, second, count = 0;
	struct mmu_entry entry;

	for (uint64_t index = 0; index < entries_of(w, level); index++) {
		state = load_entry(w, level, table_pa + index * entry_bytes(w), &raw, &second,
				   &entry);
		count += state == MMU_PAGE_PRESENT && entry.kind != MMU_KIND_EMPTY;
		first = first == MMU_PAGE_PRESENT ? state : first;
	}
	assert_int_equal(mmu_walker_table(&walker, level, table_pa, next_listed, &list), first);
	assert_int_equal(list.calls, count);
	if (count < 2)
		return;
	list = (struct listing){ w, level, table_pa, 0, 1 + below(count), 0 };
	mmu_walker_table(&walker, level, table_pa, next_listed, &list);
	assert_int_equal(list.calls, list.stop_at);
}

/* ------------------------------------------------------------------ the tests */

static void run(bool hostile)
{
	memset(seen, 0, sizeof(seen));
	memset(seen_denials, 0, sizeof(seen_denials));
	memset(seen_depth, 0, sizeof(seen_depth));
	seed = UINT64_C(0x9e3779b97f4a7c15);
	for (size_t i = 0; i < NR_ARCHS; i++) {
		for (size_t j = 0; j < archs[i]->nr_formats * ROUNDS; j++) {
			const struct mmu_format *format = &archs[i]->formats[j / ROUNDS];
			struct world w;

			world_create(&w, archs[i], format, hostile);
			for (unsigned int k = 0; k < ADDRESSES; k++)
				compare(&w, any_va(format));
			for (unsigned int level = 0; level < format->nr_levels; level++)
				for (unsigned int k = 0; k < TABLES_PER_LEVEL; k++)
					compare_table(&w, level,
						      w.table_pa[level][k] -
							      (hostile ? below(16) : 0));
			world_destroy(&w);
		}
	}
}

static void test_random_tables(void **state)
{
	static const enum mmu_result results[] = {
		MMU_RESULT_MAPPED,     MMU_RESULT_EMPTY,     MMU_RESULT_SWAPPED,
		MMU_RESULT_PROTNONE,   MMU_RESULT_BAD_ENTRY, MMU_RESULT_NONCANONICAL,
		MMU_RESULT_FILTERED,   MMU_RESULT_TRUNCATED, MMU_RESULT_OUTSIDE_RAM,
		MMU_RESULT_UNREADABLE,
	};

	run(false);
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		if (seen[results[i]] < 50)
			fail_msg("only %llu walks ended with '%s'",
				 (unsigned long long)seen[results[i]], mmu_result_name(results[i]));
	for (unsigned int level = 0; level < 4; level++) {
		assert_true(seen_denials[level] > 50);
		assert_true(seen_depth[level + 1] > 50);
	}
}

static void test_hostile_tables(void **state)
{
	run(true);
	assert_true(seen[MMU_RESULT_MAPPED] > 50);
	assert_true(seen_depth[4] > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_tables),
		cmocka_unit_test(test_hostile_tables),
	};

	return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
