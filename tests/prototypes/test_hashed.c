/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Random hashed tables: a walk finds what hardware would find, forwards, with the hash; an
 * enumeration says of every page what a walk says; and a sweep that stops on the way, in a space of
 * several hashed regimes, leaves nothing out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "prototypes/hash_forwards.h"
#include "support/memory_image.h"
#include "walk/leaves.h"
#include "walk/sweep.h"
#include "walk/walk.h"

extern const struct mmu_arch mmu_arch_ppc64;

#define ROOT_PA UINT64_C(0x40000000)
#define PIECES_MAX 24u
#define SPACES 3u
#define PAGES 6000u
#define ROUNDS 6u

/* What was put into the table: it may have been overwritten since. */
struct page {
	unsigned int space, regime;
	uint64_t va;
};

struct world {
	struct mmu_regimes spaces[SPACES];
	struct mmu_image *image;
	uint64_t nr_slots;
	uint8_t *bytes;
	bool *missing; /* for each 8 bytes */
	struct page pages[PAGES];
};

static uint64_t seed;
static uint64_t seen_pages, seen_holes, seen_unreadable, seen_secondary, seen_listed, seen_breaks;

static uint64_t any(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * UINT64_C(2685821657736338717);
}

/* ------------------------------------------------------------------ slots, forwards */

/* A segment has one base page size. */
static unsigned int base_of(const struct mmu_regime *regime, const struct hpt_place *place)
{
	static const unsigned int bases[] = { 16, 24, 12, 16 };

	return bases[(place->vsid ^ regime->space) & 3];
}

static uint64_t tag_of(const struct hpt_place *place, unsigned int base_lg2)
{
	uint64_t avpn = place->vsid << (hpt_segment_lg2(place->big) - 23) |
			(place->offset >> base_lg2 << base_lg2) >> 23;

	return avpn << HPT_AVPN_SHIFT | (uint64_t)place->big << HPT_SEGMENT_SHIFT;
}

static void put_page(struct world *w, struct page *page)
{
	const struct mmu_regime *regime;
	uint64_t span, index, v, r = any() & UINT64_C(0x8000000fffffffff);
	unsigned int base_lg2;

	page->space = any() % SPACES;
	page->regime = any() % w->spaces[page->space].nr;
	regime = &w->spaces[page->space].regime[page->regime];
	span = regime->last_va - regime->first_va;
	/* few segments, so that pages lie together; sometimes any address */
	page->va = regime->first_va + (any() % 8 ? any() & UINT64_C(0x300fffffff) : any()) % span;
	struct hpt_place place = hpt_place_of(regime->format->slot_va_bits, regime->space,
					      page->va);
	base_lg2 = base_of(regime, &place);
	bool secondary = any() % 4 == 0;
	uint64_t hash = hpt_hash(&place, base_lg2);
	index = ((secondary ? ~hash : hash) & (w->nr_slots / HPT_GROUP - 1)) * HPT_GROUP +
		any() % HPT_GROUP;
	v = tag_of(&place, base_lg2) | HPT_VALID | (secondary ? HPT_SECONDARY : 0) |
	    (base_lg2 == 12 ? 0 : HPT_LARGE);
	r = (r & ~UINT64_C(0xff000)) | (base_lg2 == 16   ? 0x1000
					: base_lg2 == 24 ? 0
							 : any() & 0xff000);
	if (any() % 8 == 0) /* a base page of 64 KiB in an actual one of 16 MiB */
		r = base_lg2 == 16 ? (r & ~UINT64_C(0xfff000)) | 0x8000 : r;
	mmu_put_uint(w->bytes + index * 16, 8, true, v);
	mmu_put_uint(w->bytes + index * 16 + 8, 8, true, r);
}

/* Slots that are not valid, that are elsewhere than hardware looks, and nonsense. */
static void spoil(struct world *w)
{
	for (unsigned int i = 0; i < 400; i++) {
		uint8_t *at = w->bytes + any() % w->nr_slots * 16;
		uint8_t *to = w->bytes + any() % w->nr_slots * 16;

		switch (any() % 3) {
		case 0:
			at[7] &= (uint8_t)~HPT_VALID;
			break;
		case 1:
			memmove(to, at, 16);
			break;
		default:
			mmu_put_uint(at + (any() & 8), 8, true, any());
		}
	}
}

static void cut(struct world *w)
{
	static const enum mmu_page_state states[] = { MMU_PAGE_FILTERED, MMU_PAGE_TRUNCATED,
						      MMU_PAGE_UNREADABLE };
	struct memory_piece pieces[PIECES_MAX];
	uint64_t bytes = w->nr_slots * 16, at = 0;
	size_t nr = 0;

	while (at < bytes) {
		uint64_t size = nr + 1 < PIECES_MAX ? 8 + any() % (bytes / 64) * 8 : bytes - at;
		bool missing = nr % 4 == 3;

		size = size < bytes - at ? size : bytes - at;
		size = missing && size > 4096 ? 4096 : size;
		pieces[nr++] = (struct memory_piece){
			.first_pa = ROOT_PA + at,
			.bytes = size,
			.state = missing ? states[any() % 3] : MMU_PAGE_PRESENT,
			.data = w->bytes + at,
		};
		for (uint64_t i = at; i < at + size; i += 8)
			w->missing[i / 8] = missing;
		at += size;
	}
	w->image = memory_image_create(pieces, nr);
}

static void create(struct world *w, const struct mmu_sample *sample)
{
	*w = (struct world){ .nr_slots = 0 };
	for (unsigned int i = 0; i < SPACES; i++) {
		for (size_t j = 0; j < sample->nr_regimes; j++) {
			struct mmu_regime regime = *sample->regimes[j];

			if (regime.format->kind != MMU_FORMAT_HASHED)
				continue;
			if (regime.half == MMU_HALF_USER)
				regime.space += i << 8;
			regime.root_pa = ROOT_PA;
			w->nr_slots = regime.nr_slots;
			w->spaces[i].regime[w->spaces[i].nr++] = regime;
		}
	}
	w->bytes = calloc(w->nr_slots, 16);
	w->missing = calloc(w->nr_slots, 2 * sizeof(bool));
	assert_true(w->bytes && w->missing);
	for (unsigned int i = 0; i < PAGES; i++)
		put_page(w, &w->pages[i]);
	spoil(w);
	cut(w);
}

static void destroy(struct world *w)
{
	mmu_image_close(w->image);
	free(w->bytes);
	free(w->missing);
}

/* ------------------------------------------------------------------ as hardware does it */

/* All slots that translate an address: where there are two, hardware may take either. */
struct naive {
	bool unreadable;
	unsigned int nr;
	struct {
		uint64_t pa;
		bool writable;
	} hit[8 * HPT_GROUP];
};

static void match(const struct world *w, uint64_t index, uint64_t tag, unsigned int base_lg2,
		  bool secondary, struct naive *ret)
{
	uint64_t v = mmu_get_uint(w->bytes + index * 16, 8, true);
	uint64_t r = mmu_get_uint(w->bytes + index * 16 + 8, 8, true);
	uint64_t ignored = base_lg2 > 23 ? ((UINT64_C(1) << (base_lg2 - 23)) - 1) << HPT_AVPN_SHIFT
					 : 0;
	unsigned int size = 0; /* of the page */

	if (w->missing[2 * index] || w->missing[2 * index + 1]) {
		ret->unreadable = true;
		return;
	}
	if (!(v & HPT_VALID) || !(v & HPT_SECONDARY) == secondary ||
	    ((v ^ tag) >> HPT_AVPN_SHIFT << HPT_AVPN_SHIFT & ~ignored) != 0)
		return;
	if (!(v & HPT_LARGE))
		size = base_lg2 == 12 ? 12 : 0;
	else if (base_lg2 == 16)
		size = (r >> 12 & 15) == 1 ? 16 : (r >> 12 & 255) == 8 ? 24 : 0;
	else if (base_lg2 == 24)
		size = (r >> 12 & 255) == 0 ? 24 : 0;
	else if (base_lg2 == 34)
		size = (r >> 12 & 255) == 3 ? 34 : 0;
	else
		size = (r >> 12 & 15) == 7 ? 16 : (r >> 12 & 255) == 0x38 ? 24 : 0;
	if (!size)
		return;
	ret->hit[ret->nr].pa = r & UINT64_C(0x0ffffffffffff000) & ~((UINT64_C(1) << size) - 1);
	ret->hit[ret->nr++].writable = !(r >> 63) && ((r & 3) == 0 || (r & 3) == 2);
	seen_secondary += secondary;
}

static void translate(const struct world *w, const struct mmu_regime *regime, uint64_t va,
		      struct naive *ret)
{
	static const unsigned int bases[] = { 16, 24, 12, 34 };
	struct hpt_place place = hpt_place_of(regime->format->slot_va_bits, regime->space, va);

	ret->nr = 0;
	ret->unreadable = false;
	for (unsigned int i = 0; i < (place.big ? 8 : 6); i++) {
		uint64_t tag = tag_of(&place, bases[i / 2]);
		uint64_t hash = hpt_hash(&place, bases[i / 2]);
		uint64_t group = (i & 1 ? ~hash : hash) % (w->nr_slots / HPT_GROUP);

		for (unsigned int j = 0; j < HPT_GROUP; j++)
			match(w, group * HPT_GROUP + j, tag, bases[i / 2], i & 1, ret);
	}
}

static bool is_hit(const struct naive *naive, const struct mmu_walk *walk)
{
	for (unsigned int i = 0; i < naive->nr; i++) {
		uint64_t pa = naive->hit[i].pa;

		if (pa & ~walk->regime->pa_mask
			    ? walk->result == MMU_RESULT_BAD_ENTRY
			    : walk->result == MMU_RESULT_MAPPED &&
				      walk->pa == pa + (walk->va & (walk->page_bytes - 1)) &&
				      !!(walk->rights & MMU_RIGHT_WRITE) == naive->hit[i].writable)
			return true;
	}
	return false;
}

static void compare(const struct world *w, const struct mmu_regimes *regimes,
		    const struct mmu_regime *regime, uint64_t va)
{
	const struct mmu_walker walker = { .cursor = memory_image_cursor(w->image),
					   .arch = &mmu_arch_ppc64,
					   .regimes = regimes };
	struct mmu_walk walk;
	struct naive naive;

	mmu_walker_walk(&walker, va, &walk);
	translate(w, regime, va, &naive);
	assert_true(walk.regime == regime);
	assert_true(walk.nr_steps >= 1 && walk.nr_steps <= 8);
	if (naive.nr) {
		assert_true(is_hit(&naive, &walk));
		seen_pages++;
	} else if (naive.unreadable) {
		assert_true(walk.result == MMU_RESULT_FILTERED ||
			    walk.result == MMU_RESULT_TRUNCATED ||
			    walk.result == MMU_RESULT_UNREADABLE);
		seen_unreadable++;
	} else {
		assert_int_equal(walk.result, MMU_RESULT_EMPTY);
		seen_holes++;
	}
}

/* ------------------------------------------------------------------ enumerations */

struct list {
	const struct world *w;
	const struct mmu_walker *walker;
	uint64_t *first_va, *last_va, *pa;
	size_t nr;
	uint64_t next_va;
};

/* What two slots translate, a walk may find here and there. */
static bool is_told_twice(const struct world *w, const struct mmu_regime *regime, uint64_t va)
{
	struct naive naive;

	translate(w, regime, va, &naive);
	return naive.nr > 1;
}

static bool add(struct mmu_walk *walk, uint64_t last_va, void *context)
{
	struct list *list = context;
	uint64_t inside = walk->va + any() % (last_va - walk->va + 1);
	struct mmu_walk again;

	assert_true(walk->va >= list->next_va && last_va >= walk->va);
	if (!is_told_twice(list->w, walk->regime, inside)) {
		mmu_walker_walk(list->walker, inside, &again);
		assert_int_equal(again.result, walk->result);
		assert_int_equal(again.rights, walk->rights);
		if (walk->has_pa)
			assert_int_equal(again.pa, walk->pa + (inside - walk->va));
	}
	list->next_va = last_va + 1;
	assert_true(list->nr < PAGES);
	list->first_va[list->nr] = walk->va;
	list->last_va[list->nr] = last_va;
	list->pa[list->nr++] = walk->has_pa ? walk->pa : UINT64_MAX;
	seen_listed++;
	return true;
}

static void check_listed(const struct list *list, const struct mmu_walk *walk)
{
	for (size_t i = 0; i < list->nr; i++) {
		if (walk->va < list->first_va[i] || walk->va > list->last_va[i])
			continue;
		assert_int_equal(walk->pa, list->pa[i] + (walk->va - list->first_va[i]));
		return;
	}
	fail_msg("0x%llx is mapped and not listed", (unsigned long long)walk->va);
}

static void compare_list(struct world *w, unsigned int space)
{
	const struct mmu_walker walker = { .cursor = memory_image_cursor(w->image),
					   .arch = &mmu_arch_ppc64,
					   .regimes = &w->spaces[space] };
	uint64_t *numbers = calloc(PAGES, 3 * sizeof(*numbers));
	struct list list = { w, &walker, numbers, numbers + PAGES, numbers + 2 * PAGES, 0, 0 };
	struct mmu_tally ignored = { .kept = false };

	assert_non_null(numbers);
	assert_int_equal(mmu_walker_leaves(&walker, 0, UINT64_MAX, mmu_walker_max_tables(&walker),
					   true, add, &list, &ignored),
			 MMU_LEAVES_ALL);
	for (unsigned int i = 0; i < PAGES; i++) {
		struct mmu_walk walk;

		if (w->pages[i].space != space)
			continue;
		mmu_walker_walk(&walker, w->pages[i].va, &walk);
		if (walk.result == MMU_RESULT_MAPPED && !is_told_twice(w, walk.regime, walk.va))
			check_listed(&list, &walk);
	}
	free(numbers);
}

/* ------------------------------------------------------------------ sweeps that stop on the way */

#define BREAKS_MAX 64u

struct swept {
	struct mmu_swept *ranges;
	size_t nr;
};

static void keep_ready(const struct mmu_sweep *sweep, struct swept *ret)
{
	for (size_t i = 0; i < sweep->nr_ready; i++) {
		assert_true(ret->nr < PAGES);
		ret->ranges[ret->nr++] = sweep->ranges[i];
	}
}

static int ascending(const void *one, const void *other)
{
	uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;

	return (a > b) - (a < b);
}

/* Where regimes begin and end, and where ranges do. */
static size_t choose_breaks(const struct mmu_regimes *regimes, const struct swept *all,
			    uint64_t *ret)
{
	size_t nr = 0;

	for (size_t i = 0; i < regimes->nr; i++) {
		if (regimes->regime[i].first_va) /* 0 is no break */
			ret[nr++] = regimes->regime[i].first_va;
		if (regimes->regime[i].last_va < UINT64_MAX)
			ret[nr++] = regimes->regime[i].last_va + 1;
	}
	for (size_t i = 0; all->nr && i < 20; i++) {
		uint64_t va = all->ranges[any() % all->nr].first_va;

		if (va)
			ret[nr++] = va;
	}
	assert_true(nr <= BREAKS_MAX);
	qsort(ret, nr, sizeof(*ret), ascending);
	return nr;
}

/* As a map of regions does it: at each break, all that begins before it was told. */
static void compare_sweeps(const struct world *w, unsigned int space)
{
	const struct mmu_walker walker = { .cursor = memory_image_cursor(w->image),
					   .arch = &mmu_arch_ppc64,
					   .regimes = &w->spaces[space] };
	uint64_t breaks[BREAKS_MAX], max_tables = mmu_walker_max_tables(&walker);
	struct mmu_sweep *sweep = malloc(sizeof(*sweep));
	struct swept all = { calloc(PAGES, sizeof(*all.ranges)), 0 };
	struct swept part = { calloc(PAGES, sizeof(*part.ranges)), 0 };
	size_t nr, at = 0;
	bool more;

	assert_true(sweep && all.ranges && part.ranges);
	mmu_sweep_init(sweep, &walker, 0, UINT64_MAX, max_tables, NULL, NULL);
	do {
		more = mmu_sweep_go_on(sweep);
		keep_ready(sweep, &all);
	} while (more);
	mmu_sweep_release(sweep);
	nr = choose_breaks(walker.regimes, &all, breaks);
	mmu_sweep_init(sweep, &walker, 0, UINT64_MAX, max_tables, NULL, NULL);
	do {
		sweep->break_va = at < nr ? breaks[at] : 0;
		more = mmu_sweep_go_on(sweep);
		keep_ready(sweep, &part);
		if (sweep->at_break && part.nr < all.nr)
			assert_true(all.ranges[part.nr].first_va >= sweep->break_va);
		seen_breaks += sweep->at_break;
		at += sweep->at_break;
	} while (more);
	mmu_sweep_release(sweep);
	assert_int_equal(part.nr, all.nr);
	for (size_t i = 0; i < all.nr; i++) {
		assert_int_equal(part.ranges[i].first_va, all.ranges[i].first_va);
		assert_int_equal(part.ranges[i].last_va, all.ranges[i].last_va);
		assert_int_equal(part.ranges[i].result, all.ranges[i].result);
		assert_int_equal(part.ranges[i].pa, all.ranges[i].pa);
	}
	free(sweep);
	free(all.ranges);
	free(part.ranges);
}

/* ------------------------------------------------------------------ the tests */

static void test_random_tables(void **state)
{
	static const char *const samples[] = { "hash64k", "hash4k" };

	seed = UINT64_C(0x9e3779b97f4a7c15);
	for (unsigned int i = 0; i < ROUNDS * 2; i++) {
		static struct world w;

		create(&w, mmu_arch_sample(&mmu_arch_ppc64, samples[i / ROUNDS]));
		for (unsigned int j = 0; j < PAGES; j++) {
			const struct mmu_regimes *regimes = &w.spaces[w.pages[j].space];

			compare(&w, regimes, &regimes->regime[w.pages[j].regime], w.pages[j].va);
			compare(&w, regimes, &regimes->regime[w.pages[j].regime],
				w.pages[j].va ^ (any() & 0xffff));
		}
		for (unsigned int j = 0; j < SPACES; j++) {
			compare_list(&w, j);
			compare_sweeps(&w, j);
		}
		destroy(&w);
	}
	assert_true(seen_pages > 1000);
	assert_true(seen_secondary > 1000);
	assert_true(seen_holes > 1000);
	assert_true(seen_unreadable > 100);
	assert_true(seen_listed > 1000);
	assert_true(seen_breaks > 100);
}

/* The conformance test meets few valid slots by luck; these are valid, there and back. */
static void test_slots_lie_where_they_are_looked_for(void **state)
{
	static struct world w;
	uint64_t found = 0;

	seed = 1;
	create(&w, mmu_arch_sample(&mmu_arch_ppc64, "hash64k"));
	for (uint64_t index = 0; index < w.nr_slots; index++) {
		const struct mmu_regime *regime = &w.spaces[0].regime[0];
		uint64_t v = mmu_get_uint(w.bytes + index * 16, 8, true);
		uint64_t r = mmu_get_uint(w.bytes + index * 16 + 8, 8, true);
		struct mmu_regime owner = *regime;
		struct mmu_probe probes[MMU_PROBES_MAX];
		struct mmu_slot slot;
		bool probed = false;

		if (!regime->format->slot(regime, index, v, r, &slot))
			continue;
		owner.space = slot.space;
		for (unsigned int i = regime->format->probes(&owner, slot.va, probes); i-- > 0;)
			probed |= index - probes[i].first_slot < probes[i].nr_slots;
		assert_true(probed);
		found++;
	}
	assert_true(found > 1000);
	destroy(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_tables),
		cmocka_unit_test(test_slots_lie_where_they_are_looked_for),
	};

	return cmocka_run_group_tests_name("hashed", tests, NULL, NULL);
}
