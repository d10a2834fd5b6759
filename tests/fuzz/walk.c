/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Hostile tables of every format of every back-end: leaves say what walks say, walks what a plain
 * translation says, and a sweep makes the ranges that come of the leaves.
 *
 * An input is the number of a sample (2 bytes), flags (1), the part that is asked for (first
 * address and length, 8 bytes each), then entries of 12 bytes each, see put_entry().
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/memory.h"
#include "walk/leaves.h"
#include "walk/paths.h"
#include "walk/range.h"
#include "walk/sweep.h"

/* MMU_PLUGINS is P(x86_64) P(armv7) ...: the build's list. */
#define P(name) extern const struct mmu_arch mmu_arch_##name;
MMU_PLUGINS
#undef P
#define P(name) &mmu_arch_##name,
static const struct mmu_arch *const archs[] = { MMU_PLUGINS };
#undef P

#define FIRST_PA UINT64_C(0x40000000)
#define PAGES 64u
#define MAX_TABLES 12u
#define LEAVES_MAX 600u
#define RANGES_MAX 4096u
#define HEAD_BYTES 19u
#define ENTRY_BYTES 12u

/* ------------------------------------------------------------------ one world */

static struct memory *memory;
static struct mmu_cursor cursor;
static const struct mmu_arch *arch;
static struct mmu_regimes regimes;
static const struct mmu_format *format;
static struct mmu_walker walker;

static const struct mmu_sample *sample_of(uint64_t number, const struct mmu_arch **ret)
{
	size_t nr = 0;

	for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++)
		nr += archs[i]->nr_samples;
	number %= nr;
	for (size_t i = 0;; i++) {
		if (number < archs[i]->nr_samples) {
			*ret = archs[i];
			return archs[i]->samples[number];
		}
		number -= archs[i]->nr_samples;
	}
}

static void store(uint64_t pa, uint64_t raw)
{
	unsigned int bytes = format->entry_bytes;

	memory_write(memory, pa, bytes,
		     !format->big_endian ? raw
		     : bytes == 8        ? __builtin_bswap64(raw)
		     : bytes == 4        ? __builtin_bswap32((uint32_t)raw)
		     : bytes == 2        ? __builtin_bswap16((uint16_t)raw)
					 : raw);
}

static bool load(uint64_t pa, uint64_t *ret)
{
	unsigned int bytes = format->entry_bytes;

	if (!memory_read(memory, pa, bytes, ret))
		return false;
	if (format->big_endian)
		*ret = __builtin_bswap64(*ret) >> (64 - 8 * bytes);
	return true;
}

/*
 * A page's number (1 byte), a slot in it (2), how (1), the word (8). How: bit 0, the word leads to
 * a page of the memory; bits 1 to 3, so many neighbours (a power of two) go on where it leads; bits
 * 4 and 5, the page's state; bit 6, the second word instead, where the level has one.
 */
static void put_entry(struct fuzz_input *input)
{
	uint64_t page = fuzz_take(input, 1) % PAGES, index = fuzz_take(input, 2);
	unsigned int how = (unsigned int)fuzz_take(input, 1);
	uint64_t raw = fuzz_take(input, 8), slots = MEMORY_PAGE / format->slot_bytes;
	int32_t second = format->level[0].second_offset;

	if (how & 1)
		raw = (raw & ~UINT64_C(0xfffffffff000)) | FIRST_PA | (raw & (PAGES - 1) << 12);
	for (unsigned int i = 0; i < 1u << (how >> 1 & 7); i++) {
		uint64_t pa = FIRST_PA + page * MEMORY_PAGE +
			      (index + i) % slots * format->slot_bytes;

		store(how & 0x40 ? pa + (uint64_t)(int64_t)second : pa, raw + ((uint64_t)i << 12));
	}
	memory_set_state(memory, FIRST_PA + page * MEMORY_PAGE,
			 (enum mmu_page_state)(how >> 4 & 3));
}

/* ------------------------------------------------------------------ a plain translation */

struct plain {
	enum mmu_kind kind;
	bool readable;
	unsigned int nr_steps;
	uint64_t pa, page_bytes;
	uint8_t rights;
};

static bool load_entry(const struct mmu_regime *regime, unsigned int level, uint64_t pa,
		       struct mmu_entry *ret)
{
	int32_t offset = format->level[level].second_offset;
	uint64_t raw, second = 0;

	if (!load(pa, &raw) || (offset && !load(pa + (uint64_t)(int64_t)offset, &second)))
		return false;
	format->decode(regime, level, raw, second, ret);
	return true;
}

static void translate(const struct mmu_regime *regime, uint64_t va, struct plain *ret)
{
	uint64_t table_pa = regime->root_pa, first = 0, count = 0;

	*ret = (struct plain){ .kind = MMU_KIND_EMPTY, .readable = true, .rights = regime->rights };
	for (unsigned int level = regime->top_level;; level--) {
		const struct mmu_shape *shape = &regime->shape[level];
		uint64_t index = va >> shape->shift & ((UINT64_C(1) << shape->index_bits) - 1);
		struct mmu_entry entry = { .kind = MMU_KIND_EMPTY };

		ret->nr_steps++;
		ret->page_bytes = UINT64_C(1) << shape->shift;
		if (!count || (index >= first && index - first < count))
			ret->readable = load_entry(regime, level,
						   table_pa + index * format->slot_bytes, &entry);
		ret->kind = entry.kind;
		ret->rights &= entry.rights;
		if (!ret->readable || entry.kind != MMU_KIND_TABLE || !level) {
			ret->page_bytes <<= entry.kind == MMU_KIND_LEAF ? entry.run_lg2 : 0;
			ret->pa = entry.pa + va % ret->page_bytes;
			return;
		}
		table_pa = entry.pa;
		first = entry.next_first;
		count = entry.next_count;
	}
}

/* Formats that this translation does not know are left to the comparison with leaves. */
static bool is_plain(void)
{
	if (format->kind == MMU_FORMAT_HASHED)
		return false;
	for (unsigned int level = 0; level < format->nr_levels; level++)
		if (format->level[level].first_of_run)
			return false;
	return true;
}

static void check_plain(const struct mmu_walk *walk)
{
	struct plain plain;

	if (!walk->regime || !is_plain())
		return;
	translate(walk->regime, walk->va, &plain);
	FUZZ_CHECK(walk->nr_steps == plain.nr_steps);
	if (!plain.readable) {
		FUZZ_CHECK(walk->result == MMU_RESULT_FILTERED ||
			   walk->result == MMU_RESULT_TRUNCATED ||
			   walk->result == MMU_RESULT_OUTSIDE_RAM ||
			   walk->result == MMU_RESULT_UNREADABLE);
		return;
	}
	if (plain.kind == MMU_KIND_EMPTY)
		FUZZ_CHECK(walk->result == MMU_RESULT_EMPTY);
	if (plain.kind != MMU_KIND_LEAF)
		return;
	FUZZ_CHECK(walk->result == MMU_RESULT_MAPPED && walk->has_pa);
	FUZZ_CHECK(walk->pa == plain.pa && walk->page_bytes == plain.page_bytes);
	FUZZ_CHECK(walk->rights == plain.rights);
	FUZZ_CHECK(walk->page_state == memory_state(memory, plain.pa));
}

/* ------------------------------------------------------------------ walks, leaves, ranges */

/* Everything but the padding. */
static bool is_same_step(const struct mmu_step *a, const struct mmu_step *b)
{
	const struct mmu_entry *one = &a->entry, *other = &b->entry;

	return a->level == b->level && a->slot_state == b->slot_state &&
	       a->table_pa == b->table_pa && a->index == b->index && a->slot_pa == b->slot_pa &&
	       a->readable == b->readable &&
	       (!a->readable || (a->raw == b->raw && a->has_second == b->has_second &&
				 a->second == b->second && a->effective == b->effective &&
				 one->kind == other->kind && one->rights == other->rights &&
				 one->attrs == other->attrs && one->memory == other->memory &&
				 one->run_lg2 == other->run_lg2 && one->pa == other->pa &&
				 one->bad_mask == other->bad_mask && one->note == other->note));
}

static bool is_same_walk(const struct mmu_walk *a, const struct mmu_walk *b)
{
	if (a->va != b->va || a->result != b->result || a->nr_steps != b->nr_steps ||
	    a->pa != b->pa || a->page_bytes != b->page_bytes || a->swap_offset != b->swap_offset ||
	    a->target_pa != b->target_pa || a->regime != b->regime || a->note != b->note ||
	    a->page_state != b->page_state || a->rights != b->rights ||
	    a->swap_type != b->swap_type || a->has_pa != b->has_pa || a->has_swap != b->has_swap ||
	    a->has_target != b->has_target)
		return false;
	for (uint32_t i = 0; i < a->nr_steps; i++)
		if (!is_same_step(&a->steps[i], &b->steps[i]))
			return false;
	return true;
}

static struct mmu_paths *paths;

static void walk_one(uint64_t va, struct mmu_walk *ret)
{
	static struct mmu_walk again;

	memset(ret, 0xa5, sizeof(*ret)); /* every field must be written */
	mmu_walker_walk(&walker, va, ret);
	FUZZ_CHECK(ret->va == va && ret->nr_steps <= MMU_STEPS_MAX);
	check_plain(ret);
	if (!paths)
		return;
	/* a walk that keeps upper entries says the same */
	struct mmu_walker other = walker;
	other.paths = paths;
	mmu_walker_walk(&other, va, &again);
	FUZZ_CHECK(is_same_walk(ret, &again));
}

/* What an enumeration has under another address: without its tag. */
static bool is_tagged(const struct mmu_regime *regime, uint64_t va)
{
	return regime && (va ^ regime->first_va) & regime->ignored_va;
}

static void expect_hole(uint64_t va)
{
	struct mmu_walk walk;

	walk_one(va, &walk);
	FUZZ_CHECK(is_tagged(walk.regime, va) || walk.result == MMU_RESULT_EMPTY ||
		   walk.result == MMU_RESULT_NONCANONICAL);
}

struct enumeration {
	uint64_t first_va, last_va, next_va;
	unsigned int nr_leaves;
	bool done;
	struct mmu_range_merger merger;
	struct mmu_range *ranges;
	size_t nr_ranges;
};

static void agree(const struct mmu_walk *leaf, uint64_t va)
{
	struct mmu_walk walk;

	walk_one(va, &walk);
	FUZZ_CHECK(walk.result == leaf->result && walk.nr_steps == leaf->nr_steps);
	FUZZ_CHECK(walk.rights == leaf->rights && walk.page_bytes == leaf->page_bytes);
	FUZZ_CHECK(walk.has_pa == leaf->has_pa && walk.has_swap == leaf->has_swap);
	FUZZ_CHECK(walk.swap_type == leaf->swap_type && walk.swap_offset == leaf->swap_offset);
	FUZZ_CHECK(walk.has_target == leaf->has_target && walk.target_pa == leaf->target_pa);
	FUZZ_CHECK(walk.note == leaf->note);
	if (walk.has_pa)
		FUZZ_CHECK(walk.pa == leaf->pa + (va - leaf->va));
}

static bool take_leaf(struct mmu_walk *leaf, uint64_t last_va, void *context)
{
	struct enumeration *all = context;

	FUZZ_CHECK(!all->done && leaf->va >= all->next_va && leaf->va <= last_va);
	FUZZ_CHECK(leaf->va >= all->first_va && last_va <= all->last_va);
	FUZZ_CHECK(leaf->result != MMU_RESULT_EMPTY);
	if (all->nr_leaves % 8 == 0) {
		if (leaf->va > all->next_va) {
			expect_hole(all->next_va);
			expect_hole(leaf->va - 1);
		}
		agree(leaf, leaf->va);
		agree(leaf, last_va);
		agree(leaf, leaf->va + (last_va - leaf->va) / 2);
	}
	all->next_va = last_va + 1;
	all->done = last_va == UINT64_MAX;
	mmu_range_merge(leaf, last_va, &all->merger);
	return ++all->nr_leaves < LEAVES_MAX;
}

static bool take_range(const struct mmu_range *range, void *context)
{
	struct enumeration *all = context;

	FUZZ_CHECK(all->nr_ranges < RANGES_MAX);
	all->ranges[all->nr_ranges++] = *range;
	return true;
}

static void same_range(const struct mmu_range *a, const struct mmu_range *b)
{
	FUZZ_CHECK(a->first_va == b->first_va && a->last_va == b->last_va);
	FUZZ_CHECK(a->result == b->result && a->rights == b->rights && a->note == b->note);
	FUZZ_CHECK(a->page_bytes == b->page_bytes && a->has_pa == b->has_pa && a->pa == b->pa);
	FUZZ_CHECK(a->has_swap == b->has_swap && a->swap_offset == b->swap_offset);
	FUZZ_CHECK(a->swap_type == b->swap_type && a->target_pa == b->target_pa);
}

/* The same by a sweep, as far as the enumeration came. */
static void sweep(const struct enumeration *all, bool whole, const struct mmu_tally *tally)
{
	static struct mmu_sweep sweep;
	size_t nr = 0;
	bool more;

	mmu_sweep_init(&sweep, &walker, all->first_va, all->last_va, MAX_TABLES, NULL, NULL);
	do {
		more = mmu_sweep_go_on(&sweep);
		/* where the enumeration was stopped, its last range may go on */
		for (size_t i = 0; i < sweep.nr_ready && nr + !whole < all->nr_ranges; i++)
			same_range((const struct mmu_range *)&sweep.ranges[i], &all->ranges[nr++]);
	} while (more && (whole || nr + 1 < all->nr_ranges));
	if (whole) {
		FUZZ_CHECK(nr == all->nr_ranges && sweep.tally.end == tally->end);
		FUZZ_CHECK(!memcmp(sweep.tally.tables, tally->tables, sizeof(tally->tables)));
		FUZZ_CHECK(!memcmp(sweep.tally.missing, tally->missing, sizeof(tally->missing)));
	}
	mmu_sweep_release(&sweep);
}

static void enumerate(uint64_t first_va, uint64_t last_va)
{
	static struct mmu_range ranges[RANGES_MAX];
	struct mmu_tally tally = { .kept = false };
	struct enumeration all = {
		.first_va = first_va, .last_va = last_va, .next_va = first_va, .ranges = ranges
	};

	all.merger = (struct mmu_range_merger){ .fn = take_range,
						.context = &all,
						.page_lg2 = regimes.regime[0].page_lg2 };
	enum mmu_leaves_end end = mmu_walker_leaves(&walker, first_va, last_va, MAX_TABLES, false,
						    take_leaf, &all, &tally);
	mmu_range_flush(&all.merger);
	if (end == MMU_LEAVES_ALL && !all.done && all.next_va <= last_va) {
		expect_hole(all.next_va);
		expect_hole(last_va);
	}
	sweep(&all, end != MMU_LEAVES_STOPPED, &tally);
}

/* ------------------------------------------------------------------ the target */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input input = { data, bytes };
	const struct mmu_sample *sample = sample_of(fuzz_take(&input, 2), &arch);
	unsigned int flags = (unsigned int)fuzz_take(&input, 1);
	uint64_t first_va = fuzz_take(&input, 8), length = fuzz_take(&input, 8);
	struct mmu_walk walk;

	if (!memory)
		memory = memory_create(FIRST_PA, PAGES, false);
	memory_reset(memory);
	if (flags & 1)
		memory_write_at(memory, UINT32_MAX, 0, 1, 0);
	format = sample->regimes[0]->format;
	mmu_sample_regimes(sample, format, FIRST_PA, &regimes);
	while (input.bytes)
		put_entry(&input);
	mmu_cursor_init(&cursor, &memory->image);
	walker = (struct mmu_walker){ .cursor = &cursor, .arch = arch, .regimes = &regimes };
	paths = flags & 2 ? mmu_paths_create(&regimes) : NULL;
	walk_one(first_va, &walk);
	walk_one(first_va + length, &walk);
	walk_one(first_va ^ length, &walk);
	enumerate(first_va, length > UINT64_MAX - first_va ? UINT64_MAX : first_va + length);
	mmu_paths_destroy(paths);
	mmu_cursor_destroy(&cursor);
	return 0;
}

/* An address where a regime begins, ends, or somewhere within it. */
static uint64_t any_va(struct fuzz_random *random, const struct mmu_sample *sample)
{
	const struct mmu_regime *regime = sample->regimes[fuzz_below(random, sample->nr_regimes)];
	uint64_t little = fuzz_below(random, 1 << 22);

	switch (fuzz_below(random, 4)) {
	case 0:
		return regime->last_va - little;
	case 1:
		return regime->first_va +
		       (fuzz_next(random) & (regime->last_va - regime->first_va));
	default:
		return regime->first_va + little;
	}
}

/* A word of a kind, as the format encodes it, or any. */
static uint64_t any_raw(struct fuzz_random *random, const struct mmu_regime *regime)
{
	static const enum mmu_kind kinds[] = { MMU_KIND_TABLE, MMU_KIND_LEAF };
	unsigned int level = (unsigned int)fuzz_below(random, regime->top_level + 1u);
	struct mmu_entry entry = { .kind = kinds[fuzz_below(random, 2)],
				   .rights = fuzz_below(random, 2) ? MMU_RIGHTS_ALL
								   : (uint8_t)fuzz_next(random),
				   .pa = FIRST_PA + (fuzz_below(random, PAGES + 4) << 12) };
	uint64_t raw = fuzz_next(random), second = 0;

	if (fuzz_below(random, 8) && regime->format->encode)
		regime->format->encode(regime, level, &entry, &raw, &second);
	if (!fuzz_below(random, 6))
		raw ^= UINT64_C(1) << fuzz_below(random, 64);
	return fuzz_below(random, 12) ? raw : second;
}

/* A slot on the way of the part's first address, or any. */
static void put_record(struct fuzz_random *random, uint8_t *data, size_t bytes, size_t at,
		       const struct mmu_sample *sample)
{
	const struct mmu_regime *regime = sample->regimes[0];
	unsigned int level = (unsigned int)fuzz_below(random, regime->top_level + 1u);
	uint64_t va = fuzz_get(data, bytes, 3, 8, false);
	uint64_t index = va >> regime->shape[level].shift;
	uint64_t page = fuzz_below(random, 3) ? fuzz_below(random, 6) : fuzz_below(random, PAGES);

	if (fuzz_below(random, 4) == 0)
		index = fuzz_next(random);
	fuzz_put(data, bytes, at, 1, false, page);
	fuzz_put(data, bytes, at + 1, 2, false, index + fuzz_below(random, 3));
	fuzz_put(data, bytes, at + 3, 1, false,
		 fuzz_below(random, 5) ? fuzz_below(random, 16) : fuzz_next(random));
	fuzz_put(data, bytes, at + 4, 8, false, any_raw(random, regime));
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t max, unsigned int seed)
{
	struct fuzz_random random = { seed * UINT64_C(0x9e3779b97f4a7c15) };
	const struct mmu_arch *its;

	if (bytes < HEAD_BYTES || !fuzz_below(&random, 5))
		return LLVMFuzzerMutate(data, bytes, max < 2048 ? max : 2048);
	const struct mmu_sample *sample = sample_of(fuzz_get(data, bytes, 0, 2, false), &its);
	for (uint64_t n = 1 + fuzz_below(&random, 4); n; n--) {
		size_t records = (bytes - HEAD_BYTES) / ENTRY_BYTES;

		switch (fuzz_below(&random, 8)) {
		case 0:
			fuzz_put(data, bytes, 3, 8, false, any_va(&random, sample));
			break;
		case 1:
			fuzz_put(data, bytes, 11, 8, false,
				 fuzz_next(&random) >> fuzz_below(&random, 64));
			break;
		case 2:
			fuzz_put(data, bytes, 0, 2, false, fuzz_next(&random));
			break;
		case 3:
		case 4:
			put_record(&random, data, bytes,
				   HEAD_BYTES + ENTRY_BYTES * fuzz_below(&random, records), sample);
			break;
		default:
			if (bytes + ENTRY_BYTES > max || records > 100)
				break;
			memset(data + bytes, 0, ENTRY_BYTES);
			bytes += ENTRY_BYTES;
			put_record(&random, data, bytes, HEAD_BYTES + ENTRY_BYTES * records,
				   sample);
		}
	}
	return bytes;
}

/* For each sample a path from the root to a leaf. */
void fuzz_seeds(fuzz_seed_fn take)
{
	const struct mmu_arch *its;
	size_t nr = 0;

	for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++)
		nr += archs[i]->nr_samples;
	for (size_t i = 0; i < nr; i++) {
		const struct mmu_regime *regime = sample_of(i, &its)->regimes[0];
		uint8_t data[HEAD_BYTES + MMU_LEVELS_MAX * ENTRY_BYTES] = { 0 };
		size_t bytes = HEAD_BYTES;
		uint64_t va = regime->first_va + 0x12345000;
		char name[64];

		fuzz_put(data, sizeof(data), 0, 2, false, i);
		fuzz_put(data, sizeof(data), 3, 8, false, va);
		fuzz_put(data, sizeof(data), 11, 8, false, 0x200000);
		for (unsigned int level = regime->top_level, page = 0; regime->format->encode;
		     level--, page += 4) {
			struct mmu_entry entry = { .kind = level ? MMU_KIND_TABLE : MMU_KIND_LEAF,
						   .rights = MMU_RIGHTS_ALL,
						   .pa = FIRST_PA + ((page + 4) << 12) };
			uint64_t index = va >> regime->shape[level].shift, raw = 0, second = 0;

			index &= (UINT64_C(1) << regime->shape[level].index_bits) - 1;
			uint64_t at = index * regime->format->slot_bytes;
			regime->format->encode(regime, level, &entry, &raw, &second);
			fuzz_put(data, sizeof(data), bytes, 1, false, page + at / MEMORY_PAGE);
			fuzz_put(data, sizeof(data), bytes + 1, 2, false, index);
			fuzz_put(data, sizeof(data), bytes + 3, 1, false, level ? 0 : 6);
			fuzz_put(data, sizeof(data), bytes + 4, 8, false, raw);
			bytes += ENTRY_BYTES;
			if (!level)
				break;
		}
		snprintf(name, sizeof(name), "%s-%zu", its->name, i);
		take(name, data, bytes);
	}
}
