/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The inner loops of a sweep: leaves by their templates, runs by compare alone. */
#include <string.h>

#include "walk/alike.h"
#include "walk/scan.h"
#include "walk/words.h"

/* A range of fewer entries is short, and after so many behind each other blocks() goes on. */
#define SHORT 4u
#define FEW 4u

/* Entries that blocks() takes at once. */
#define BLOCK 64u

/* So often another hash is tried for the templates of a level. */
#define HASHES 32u

/* Where the template of such words lies, if there is one. */
static ALWAYS_INLINE unsigned int place_of(const struct mmu_sweep_level *level, uint64_t other,
					   uint64_t second_other)
{
	uint64_t hash = (other ^ second_other << 1) * level->hash;

	return (unsigned int)(hash / (UINT64_MAX / MMU_TEMPLATES + 1));
}

/* Steps that a word's address can take without a carry out of it. */
static ALWAYS_INLINE uint64_t steps_left(const struct mmu_sweep_level *level, uint64_t word)
{
	return (~word & level->carry_free) >> level->step_lg2;
}

/* How many of the words from `index` on, `count` at most, go on from `word` step by step. */
static ALWAYS_INLINE uint64_t count_steps(const uint8_t *words, uint64_t index, uint64_t count,
					  const struct mmu_format *format, enum lie lie,
					  uint64_t word, uint64_t step)
{
	uint64_t done = 0;

	for (; lie != LIE_OTHER && done + 8 <= count; done += 8) {
		uint64_t differ = 0;

		for (unsigned int i = 0; i < 8; i++) {
			word += step;
			differ |= word_at(words, index + done + i, format, lie) ^ word;
		}
		if (differ) {
			word -= 8 * step;
			break;
		}
	}
	for (; done < count; done++) {
		word += step;
		if (word_at(words, index + done, format, lie) != word)
			break;
	}
	return done;
}

/* How many entries behind the one at `index`, `room` at most, map the pages behind its own. */
static ALWAYS_INLINE uint64_t run_of(const struct mmu_sweep_level *level, uint64_t index,
				     uint64_t room, enum lie lie, bool paired)
{
	const struct mmu_table *table = &level->table;
	const struct mmu_format *format = table->regime->format;
	uint64_t step = level->alike.step, raw = word_at(table->raw, index, format, lie);
	uint64_t left = steps_left(level, raw);

	room = count_steps(table->raw, index + 1, left < room ? left : room, format, lie, raw,
			   step);
	if (paired && room) {
		uint64_t second = word_at(table->second, index, format, lie);

		left = steps_left(level, second);
		room = count_steps(table->second, index + 1, left < room ? left : room, format, lie,
				   second, step);
	}
	return room;
}

typedef uint64_t (*run_fn)(const struct mmu_sweep_level *level, uint64_t index, uint64_t room);

/* The template that the words of an entry fit, or NULL. */
static ALWAYS_INLINE const struct mmu_leaf_template *
find_template(struct mmu_sweep_level *level, uint64_t raw, uint64_t second, bool paired)
{
	uint64_t address = level->alike.address;
	uint64_t other = raw & ~address, second_other = second & ~address;
	unsigned int place = place_of(level, other, second_other);
	const struct mmu_leaf_template *ret = &level->templates[place];

	if (level->others[place] != other)
		return NULL;
	if (paired && (!raw || !second || ret->second_other != second_other ||
		       (second & address) - (raw & address) != ret->between))
		return NULL;
	return ret;
}

/* No page begins here: pages have 512 bytes or more. */
#define NOWHERE 1u

/* Where the open range would go on, and with which page: a page of this level, mapped. */
static ALWAYS_INLINE uint64_t next_of(const struct mmu_sweep *sweep, uint64_t page_bytes,
				      uint64_t *ret_pa)
{
	const struct mmu_swept *open = sweep->nr ? &sweep->ranges[sweep->nr - 1] : NULL;

	if (!open || open->result != MMU_RESULT_MAPPED || open->page_bytes != page_bytes)
		return NOWHERE;
	*ret_pa = open->next_pa;
	return open->last_va + 1;
}

/* The entries from index 0 on, `end` at most, that lie whole before an address. */
static ALWAYS_INLINE uint64_t end_before(uint64_t break_va, uint64_t base_va, unsigned int shift,
					 uint64_t end)
{
	uint64_t room = break_va > base_va ? (break_va - base_va) >> shift : 0;

	return room < end ? room : end;
}

static ALWAYS_INLINE uint64_t page_of(const struct mmu_leaf_template *template,
				      const struct mmu_sweep_level *level, uint64_t raw)
{
	return template->pa + ((raw & level->alike.address) << level->up);
}

/* A range of one page, but for its note and next_pa. */
static ALWAYS_INLINE void begin_range(struct mmu_swept *range, uint64_t va, uint64_t pa,
				      uint64_t page_bytes, uint8_t rights)
{
	/* one by one: in one assignment the bytes between are cleared first, which takes longer */
	range->first_va = va;
	range->last_va = va + (page_bytes - 1);
	range->result = MMU_RESULT_MAPPED;
	range->rights = rights;
	range->swap_type = 0;
	range->has_pa = true;
	range->has_swap = range->has_target = range->assumed = false;
	range->page_bytes = page_bytes;
	range->pa = pa;
	range->swap_offset = range->target_pa = 0;
	range->entries = range->runs = 1;
}

/* Tell of the pages of entries that a template fits, from `index` on. */
static ALWAYS_INLINE void tell_pages(const struct mmu_sweep *sweep,
				     const struct mmu_sweep_level *level,
				     const struct mmu_leaf_template *template, uint64_t index,
				     uint64_t count, enum lie lie)
{
	const struct mmu_table *table = &level->table;
	const struct mmu_format *format = table->regime->format;
	const uint64_t address = level->alike.address, pa = template->pa;
	const uint8_t *words = table->raw;
	const unsigned int up = level->up;
	uint64_t pas[256];
	struct mmu_sweep_pages pages = { .va = level->base_va +
					       ((table->chunk_first + index) << level->shift),
					 .bytes = (uint64_t)1 << level->shift,
					 .pas = pas,
					 .rights = level->rights & template->rights };

	for (; count; count -= pages.nr, index += pages.nr, pages.va += pages.nr << level->shift) {
		pages.nr = count < 256 ? count : 256;
		for (size_t i = 0; i < pages.nr; i++)
			pas[i] = pa + ((word_at(words, index + i, format, lie) & address) << up);
		sweep->pages(&pages, sweep->pages_context);
	}
}

typedef void (*pages_fn)(const struct mmu_sweep *sweep, const struct mmu_sweep_level *level,
			 const struct mmu_leaf_template *template, uint64_t index, uint64_t count);

/* The index in the chunk behind the last entry that a scan may take. */
static ALWAYS_INLINE uint64_t end_of(const struct mmu_sweep *sweep,
				     const struct mmu_sweep_level *level, uint64_t base_va)
{
	uint64_t end = level->table.chunk_count, room = level->scan_end - level->table.chunk_first;

	if (end > room)
		end = room;
	return sweep->break_va ? end_before(sweep->break_va, base_va, level->shift, end) : end;
}

/* Go on as far as it goes. @return true: runs are so short here that blocks() is to go on */
static ALWAYS_INLINE bool scan(struct mmu_sweep *sweep, struct mmu_sweep_level *level, enum lie lie,
			       bool paired, run_fn run, pages_fn pages)
{
	const struct mmu_table *table = &level->table;
	const struct mmu_format *format = table->regime->format;
	const uint64_t address = level->alike.address, first = table->chunk_first;
	const uint64_t page_bytes = (uint64_t)1 << level->shift;
	const bool merges = sweep->merges;
	const uint64_t base_va = level->base_va + (first << level->shift);
	const uint64_t end = end_of(sweep, level, base_va);
	uint64_t index = level->index - first, next_pa = 0;
	uint64_t next_va = next_of(sweep, page_bytes, &next_pa);
	const struct mmu_leaf_template *template = &level->templates[0];
	uint64_t template_other = level->others[0];
	struct mmu_swept *open = sweep->nr ? &sweep->ranges[sweep->nr - 1] : NULL;
	/* blocks() tells nobody of pages */
	const bool by_blocks = !paired && table->zero_is_empty && !sweep->pages;
	unsigned int few = 0;

	while (index < end) {
		uint64_t raw = word_at(table->raw, index, format, lie);
		uint64_t second = paired ? word_at(table->second, index, format, lie) : 0;

		if (paired || (raw & ~address) != template_other) {
			if (!(raw | second) && table->zero_is_empty) {
				if (++index < end && !word_at(table->raw, index, format, lie))
					index = mmu_table_skip_zeros(table, first + index) - first;
				continue;
			}
			const struct mmu_leaf_template *other = find_template(level, raw, second,
									      paired);
			if (!other)
				break;
			template = other;
			template_other = raw & ~address;
		}
		uint64_t va = base_va + (index << level->shift), count = 1;
		uint64_t pa = page_of(template, level, raw);
		uint8_t rights = level->rights & template->rights;
		bool alike = va == next_va && rights == open->rights;
		if (alike && (pa == next_pa || merges)) {
			uint64_t breaks = pa != next_pa;

			count += merges ? level->count_alike(level, index, end - index - 1, &breaks)
					: run(level, index, end - index - 1);
			open->last_va += count << level->shift;
			open->entries += count;
			open->runs += breaks;
			pa = page_of(template, level,
				     word_at(table->raw, index + count - 1, format, lie));
			if (open->note != template->note)
				open->note = NULL;
		} else if (sweep->nr == MMU_SWEEP_BATCH) {
			break;
		} else {
			/* pages that lie anywhere are foreseen well, holes and rights are not */
			if (!alike) {
				if (few == FEW)
					break;
				few = by_blocks && open && open->entries < SHORT ? few + 1 : 0;
			}
			open = &sweep->ranges[sweep->nr++];
			begin_range(open, va, pa, page_bytes, rights);
			open->note = template->note;
		}
		if (merges && sweep->pages)
			pages(sweep, level, template, index, count);
		index += count;
		next_va = va + (count << level->shift);
		open->next_pa = next_pa = pa + page_bytes;
	}
	level->index = first + (index < end ? index : end);
	return few == FEW && index < end && sweep->nr < MMU_SWEEP_BATCH;
}

/* Where the words are that are not 0: no branch, for nobody could foresee it. */
static ALWAYS_INLINE unsigned int find_words(const uint8_t *words, uint64_t index,
					     unsigned int count, const struct mmu_format *format,
					     enum lie lie, uint8_t *ret)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < count; i++) {
		ret[nr] = (uint8_t)i;
		nr += word_at(words, index + i, format, lie) != 0;
	}
	return nr;
}

/*
 * As scan(), for entries of which hardly two say the same.
 * @return true: ranges are longer here, scan() is to go on
 */
static ALWAYS_INLINE bool blocks(struct mmu_sweep *sweep, struct mmu_sweep_level *level,
				 enum lie lie)
{
	const struct mmu_table *table = &level->table;
	const struct mmu_format *format = table->regime->format;
	const uint64_t address = level->alike.address, first = table->chunk_first;
	const unsigned int shift = level->shift, up = level->up;
	const uint64_t page_bytes = (uint64_t)1 << shift;
	const uint64_t base_va = level->base_va + (first << shift);
	const uint64_t end = end_of(sweep, level, base_va);
	const bool merges = sweep->merges;
	const uint8_t path_rights = level->rights, *words = table->raw;
	uint64_t index = level->index - first, next_pa = 0;
	uint64_t next_va = next_of(sweep, page_bytes, &next_pa);
	struct mmu_swept *slot = &sweep->ranges[sweep->nr];
	uint8_t open_rights = sweep->nr ? slot[-1].rights : 0;
	bool known = true, many = true;

	while (known && many && index < end && slot < sweep->ranges + MMU_SWEEP_BATCH) {
		unsigned int count = end - index < BLOCK ? (unsigned int)(end - index) : BLOCK;
		unsigned int room = (unsigned int)(sweep->ranges + MMU_SWEEP_BATCH - slot), k;
		uint8_t places[BLOCK + 1];
		unsigned int nr = find_words(words, index, count, format, lie, places);
		const struct mmu_swept *begun = slot;

		if (nr > room) {
			nr = room;
			count = places[room];
		}
		for (k = 0; k < nr; k++) {
			uint64_t at = index + places[k];
			uint64_t raw = word_at(words, at, format, lie), other = raw & ~address;
			unsigned int place = place_of(level, other, 0);
			const struct mmu_leaf_template *template = &level->templates[place];

			if (level->others[place] != other)
				break;
			uint64_t va = base_va + (at << shift);
			uint64_t pa = template->pa + ((raw & address) << up);
			uint8_t rights = path_rights & template->rights;

			if ((va == next_va) & (rights == open_rights) &
			    ((pa == next_pa) | merges)) {
				slot[-1].last_va += page_bytes;
				slot[-1].entries++;
				slot[-1].runs += pa != next_pa;
				if (slot[-1].note != template->note)
					slot[-1].note = NULL;
			} else {
				begin_range(slot, va, pa, page_bytes, rights);
				slot->note = template->note;
				slot++;
			}
			next_va = va + page_bytes;
			slot[-1].next_pa = next_pa = pa + page_bytes;
			open_rights = rights;
		}
		known = k == nr;
		many = (unsigned int)(slot - begun) * SHORT >= k;
		index += known ? count : places[k];
	}
	sweep->nr = (size_t)(slot - sweep->ranges);
	level->index = first + index;
	return known && index < end && sweep->nr < MMU_SWEEP_BATCH;
}

/* Runs are counted in a function of their own, for the registers of what has none. */
#define SCAN(name, lie, paired)                                                                    \
	static __attribute__((__noinline__))                                                       \
	uint64_t name##_run(const struct mmu_sweep_level *level, uint64_t index, uint64_t room)    \
	{                                                                                          \
		return run_of(level, index, room, lie, paired);                                    \
	}                                                                                          \
	static __attribute__((__noinline__)) void name##_pages(                                    \
		const struct mmu_sweep *sweep, const struct mmu_sweep_level *level,                \
		const struct mmu_leaf_template *template, uint64_t index, uint64_t count)          \
	{                                                                                          \
		tell_pages(sweep, level, template, index, count, lie);                             \
	}                                                                                          \
	static __attribute__((__noinline__)) bool name##_blocks(struct mmu_sweep *sweep,           \
								struct mmu_sweep_level *level)     \
	{                                                                                          \
		return blocks(sweep, level, lie);                                                  \
	}                                                                                          \
	static void name(struct mmu_sweep *sweep, struct mmu_sweep_level *level)                   \
	{                                                                                          \
		while (scan(sweep, level, lie, paired, name##_run, name##_pages) &&                \
		       name##_blocks(sweep, level))                                                \
			;                                                                          \
	}
SCAN(scan_8, LIE_8, false)
SCAN(scan_8_swapped, LIE_8_SWAPPED, false)
SCAN(scan_4, LIE_4, false)
SCAN(scan_4_swapped, LIE_4_SWAPPED, false)
SCAN(scan_other, LIE_OTHER, false)
SCAN(scan_8_pairs, LIE_8, true)
SCAN(scan_8_swapped_pairs, LIE_8_SWAPPED, true)
SCAN(scan_4_pairs, LIE_4, true)
SCAN(scan_4_swapped_pairs, LIE_4_SWAPPED, true)
SCAN(scan_other_pairs, LIE_OTHER, true)

mmu_scan_fn mmu_scan_of(const struct mmu_format *format, bool paired)
{
	static const mmu_scan_fn scans[][2] = {
		[LIE_8] = { scan_8, scan_8_pairs },
		[LIE_8_SWAPPED] = { scan_8_swapped, scan_8_swapped_pairs },
		[LIE_4] = { scan_4, scan_4_pairs },
		[LIE_4_SWAPPED] = { scan_4_swapped, scan_4_swapped_pairs },
		[LIE_OTHER] = { scan_other, scan_other_pairs },
	};

	return scans[lie_of(format)][paired];
}

/* ------------------------------------------------------------------ templates */

/* Does no bit of an address leave 64 bits on the way to its page? */
static bool keeps_bits(const struct mmu_alike *alike, unsigned int shift)
{
	unsigned int up = shift - (unsigned int)__builtin_ctzll(alike->step);

	return alike->address << up >> up == alike->address;
}

/* Is it a rule that words can be told by: one step in the lowest bit of one kind of address? */
static bool is_plain(const struct mmu_alike *alike, bool paired, unsigned int shift)
{
	return alike->address && alike->step == (alike->address & -alike->address) &&
	       alike->step <= (uint64_t)1 << shift && keeps_bits(alike, shift) &&
	       (!paired ||
		(alike->second_address == alike->address && alike->second_step == alike->step));
}

bool mmu_scan_alike(const struct mmu_regime *regime, unsigned int number, struct mmu_alike *ret)
{
	bool paired = regime->format->level[number].second_offset;

	memset(ret, 0, sizeof(*ret));
	return regime->format->alike && regime->format->alike(regime, number, ret) &&
	       is_plain(ret, paired, regime->shape[number].shift);
}

static void forget(struct mmu_sweep_level *level)
{
	for (unsigned int i = 0; i < MMU_TEMPLATES; i++) /* no word has this beside its address */
		level->others[i] = level->alike.address;
}

void mmu_scan_prepare(struct mmu_sweep_level *level, const struct mmu_regime *regime,
		      unsigned int number)
{
	bool paired = regime->format->level[number].second_offset;
	struct mmu_alike *alike = &level->alike;

	level->shift = regime->shape[number].shift;
	level->scan = mmu_scan_of(regime->format, paired);
	level->count_alike = mmu_alike_of(regime->format, paired);
	if (!mmu_scan_alike(regime, number, alike))
		*alike = (struct mmu_alike){ .address = 1, .step = 0 }; /* no template is made */
	level->step_lg2 = alike->step ? (uint8_t)__builtin_ctzll(alike->step) : 0;
	level->up = (uint8_t)(level->shift - level->step_lg2);
	level->carry_free = alike->address & ~(alike->address + alike->step);
	level->hash = UINT64_C(0x9e3779b97f4a7c15);
	level->hashes_left = HASHES;
	forget(level);
}

/* Find places for the templates by another hash. Of two that have one place now, one is lost. */
static void hash_again(struct mmu_sweep_level *level)
{
	struct mmu_leaf_template templates[MMU_TEMPLATES];
	uint64_t others[MMU_TEMPLATES];

	memcpy(others, level->others, sizeof(others));
	memcpy(templates, level->templates, sizeof(templates));
	level->hashes_left--;
	level->hash *= UINT64_C(0xd1342543de82ef95);
	forget(level);
	for (unsigned int i = 0; i < MMU_TEMPLATES; i++) {
		if (others[i] == level->alike.address)
			continue;
		unsigned int place = place_of(level, others[i], templates[i].second_other);
		level->others[place] = others[i];
		level->templates[place] = templates[i];
	}
}

bool mmu_scan_learn(struct mmu_sweep_level *level, const struct mmu_step *step)
{
	const struct mmu_entry *entry = &step->entry;
	uint64_t address = level->alike.address, other = step->raw & ~address;
	uint64_t second_other = step->second & ~address;
	unsigned int place;

	if (!level->alike.step || entry->run_lg2 || (!other && level->table.zero_is_empty) ||
	    (step->has_second && (!step->raw || !step->second)))
		return false;
	/* two that take turns in one place would be decoded each time */
	while (level->others[place_of(level, other, second_other)] != address && level->hashes_left)
		hash_again(level);
	place = place_of(level, other, second_other);
	level->others[place] = other;
	level->templates[place] = (struct mmu_leaf_template){
		.second_other = second_other,
		.between = (step->second & address) - (step->raw & address),
		.pa = entry->pa - ((step->raw & address) << level->up),
		.note = entry->note,
		.rights = entry->rights,
	};
	return true;
}
