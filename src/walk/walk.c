/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The one walk loop, for every architecture. */
#include <string.h>

#include "walk/step.h"

bool mmu_format_canonical(const struct mmu_format *format, uint64_t va)
{
	uint64_t above;

	if (format->va_bits >= 64)
		return true;
	if (!format->sign_extended)
		return va >> format->va_bits == 0;
	above = (uint64_t)((int64_t)va >> (format->va_bits - 1));
	return above == 0 || above == UINT64_MAX;
}

uint64_t mmu_table_bytes(const struct mmu_format *format, unsigned int level)
{
	const struct mmu_level *shape = &format->level[level];

	return ((uint64_t)format->entry_bytes << shape->index_bits) *
	       (shape->second_offset ? 2 : 1);
}

static enum mmu_result result_of_state(enum mmu_page_state state)
{
	switch (state) {
	case MMU_PAGE_FILTERED:
		return MMU_RESULT_FILTERED;
	case MMU_PAGE_TRUNCATED:
		return MMU_RESULT_TRUNCATED;
	case MMU_PAGE_OUTSIDE_RAM:
		return MMU_RESULT_OUTSIDE_RAM;
	default:
		return MMU_RESULT_UNREADABLE;
	}
}

static enum mmu_page_state read_word(const struct mmu_walker *walker, uint64_t pa, uint64_t *ret)
{
	const struct mmu_format *format = walker->regime.format;
	struct mmu_span span = mmu_image_span(walker->cursor, pa);
	const uint8_t *at = span.data;
	uint8_t copy[8];

	if (span.state != MMU_PAGE_PRESENT)
		return span.state;
	if (span.bytes < format->entry_bytes) { /* across the end of a segment */
		enum mmu_page_state state = mmu_image_read(walker->cursor, pa, copy,
							   format->entry_bytes, NULL);

		if (state != MMU_PAGE_PRESENT)
			return state;
		at = copy;
	}
	*ret = mmu_get_uint(at, format->entry_bytes, format->big_endian);
	return MMU_PAGE_PRESENT;
}

void mmu_step_read(const struct mmu_walker *walker, struct mmu_step *step)
{
	const struct mmu_format *format = walker->regime.format;
	const struct mmu_level *level = &format->level[step->level];

	step->slot_pa = step->table_pa + step->index * format->entry_bytes;
	step->slot_state = read_word(walker, step->slot_pa, &step->raw);
	step->has_second = level->second_offset != 0;
	if (step->has_second && step->slot_state == MMU_PAGE_PRESENT) {
		step->second_pa = step->slot_pa + (uint64_t)(int64_t)level->second_offset;
		step->slot_state = read_word(walker, step->second_pa, &step->second);
	}
	step->readable = step->slot_state == MMU_PAGE_PRESENT;
	if (step->readable)
		walker->arch->decode(&walker->regime, step->level, step->raw, step->second,
				     &step->entry);
}

static void set_page(const struct mmu_walker *walker, struct mmu_walk *walk, uint64_t page_pa)
{
	walk->has_pa = true;
	walk->pa = page_pa + (walk->va & (walk->page_bytes - 1));
	if (walker->cursor)
		walk->page_state = mmu_image_span(walker->cursor, walk->pa).state;
}

static void set_swap(const struct mmu_walker *walker, struct mmu_walk *walk,
		     const struct mmu_software *software)
{
	const struct mmu_swap_map *map = walker->swap;
	unsigned int type = software->type & 31;

	walk->has_swap = true;
	walk->swap_type = software->type;
	walk->swap_offset = software->offset;
	walk->result = map && map->known ? map->result[type] : MMU_RESULT_SWAPPED;
	if (!map || !map->known) {
		if (type >= 22) /* the smallest MAX_SWAPFILES: 32 less every special type */
			walk->note = "a type this high may be special (migration, hwpoison, ...); "
				     "that depends on the kernel's configuration";
		return;
	}
	walk->note = map->note[type];
	if (walk->result == MMU_RESULT_MIGRATION || walk->result == MMU_RESULT_HWPOISON ||
	    walk->result == MMU_RESULT_DEVICE) {
		uint64_t pfn = software->offset & (((uint64_t)1 << map->pfn_bits) - 1);

		walk->has_target = true;
		walk->target_pa = pfn << walker->arch->page_lg2;
	}
}

/* What Linux keeps where hardware sees a hole. */
static void explain(const struct mmu_walker *walker, const struct mmu_step *step,
		    struct mmu_walk *walk)
{
	const struct mmu_format *format = walker->regime.format;
	struct mmu_software software = { .kind = MMU_SOFTWARE_UNKNOWN };

	if (walker->arch->explain)
		walker->arch->explain(&walker->regime, step->level, step->raw, step->second,
				      &software);
	/*
	 * Linux swaps no kernel memory: there, an entry that is not present is a page whose access
	 * was switched off (set_memory_np(), kfence, debug_pagealloc).
	 */
	if (format->sign_extended && walk->va >> 63 && software.kind != MMU_SOFTWARE_UNKNOWN &&
	    software.kind != MMU_SOFTWARE_SPLIT) {
		walk->result = MMU_RESULT_PROTNONE;
		walk->note = "a kernel entry without PRESENT: set_memory_np(), kfence, "
			     "debug_pagealloc";
		return;
	}
	switch (software.kind) {
	case MMU_SOFTWARE_SWAP:
		set_swap(walker, walk, &software);
		return;
	case MMU_SOFTWARE_NONE:
		walk->result = MMU_RESULT_PROTNONE;
		set_page(walker, walk, software.pa);
		return;
	case MMU_SOFTWARE_SPLIT:
		walk->result = MMU_RESULT_MAPPED;
		walk->rights = step->effective;
		set_page(walker, walk, software.pa);
		return;
	case MMU_SOFTWARE_UNKNOWN:
		walk->result = MMU_RESULT_BAD_ENTRY;
		walk->note = "not empty, not present and no form that Linux writes";
		return;
	}
}

void mmu_step_finish(const struct mmu_walker *walker, const struct mmu_step *step,
		     struct mmu_walk *walk)
{
	const struct mmu_format *format = walker->regime.format;

	walk->rights = walk->swap_type = 0;
	walk->has_pa = walk->has_swap = walk->has_target = false;
	walk->pa = walk->swap_offset = walk->target_pa = 0;
	walk->page_state = MMU_PAGE_PRESENT;
	walk->note = NULL;
	walk->page_bytes = (uint64_t)1 << format->level[step->level].shift;
	if (!step->readable) {
		walk->result = result_of_state(step->slot_state);
		return;
	}
	walk->note = step->entry.note;
	switch (step->entry.kind) {
	case MMU_KIND_EMPTY:
		walk->result = MMU_RESULT_EMPTY;
		return;
	case MMU_KIND_SOFTWARE:
		explain(walker, step, walk);
		return;
	case MMU_KIND_LEAF:
		walk->result = MMU_RESULT_MAPPED;
		walk->rights = step->effective;
		walk->page_bytes <<= step->entry.run_lg2;
		set_page(walker, walk, step->entry.pa);
		return;
	case MMU_KIND_TABLE: /* below level 0 there is none: the back-end is wrong, or hostile */
	case MMU_KIND_BAD:
		walk->result = MMU_RESULT_BAD_ENTRY;
		return;
	}
}

void mmu_step_restrict(struct mmu_step *step, uint8_t *rights, struct mmu_walk *walk)
{
	bool grants = step->readable && step->entry.kind != MMU_KIND_EMPTY &&
		      step->entry.kind != MMU_KIND_BAD;
	uint8_t now = grants ? *rights & step->entry.rights : 0;

	for (unsigned int bit = 0; bit < MMU_RIGHTS_COUNT; bit++)
		if ((*rights & ~now) >> bit & 1)
			walk->denied_by[bit] = (uint8_t)step->level;
	step->effective = *rights = now;
}

void mmu_walker_walk(const struct mmu_walker *walker, uint64_t va, struct mmu_walk *ret)
{
	const struct mmu_format *format = walker->regime.format;
	uint64_t table_pa = walker->regime.root_pa;
	uint64_t first = 0, count = 0; /* the window of valid indices; count 0: all */
	uint8_t rights = MMU_RIGHTS_ALL;

	memset(ret, 0, sizeof(*ret));
	ret->va = va;
	ret->regime = &walker->regime;
	if (!mmu_format_canonical(format, va)) {
		ret->result = MMU_RESULT_NONCANONICAL;
		return;
	}
	for (unsigned int level = format->nr_levels; level-- > 0;) {
		const struct mmu_level *shape = &format->level[level];
		struct mmu_step *step = &ret->steps[ret->nr_steps++];

		step->level = level;
		step->table_pa = table_pa;
		step->index = va >> shape->shift & (((uint64_t)1 << shape->index_bits) - 1);
		if (count && (step->index < first || step->index - first >= count)) {
			step->readable = true; /* the table says that it ends before this index */
			step->entry.kind = MMU_KIND_EMPTY;
		} else {
			mmu_step_read(walker, step);
		}
		mmu_step_restrict(step, &rights, ret);
		if (!step->readable || step->entry.kind != MMU_KIND_TABLE || level == 0) {
			mmu_step_finish(walker, step, ret);
			return;
		}
		table_pa = step->entry.pa;
		first = step->entry.next_first;
		count = step->entry.next_count;
	}
}

enum mmu_page_state mmu_walker_table(const struct mmu_walker *walker, unsigned int level,
				     uint64_t table_pa,
				     bool (*fn)(const struct mmu_step *step, void *context),
				     void *context)
{
	const struct mmu_level *shape = &walker->regime.format->level[level];
	enum mmu_page_state state = MMU_PAGE_PRESENT;

	for (uint64_t index = 0; index < (uint64_t)1 << shape->index_bits; index++) {
		struct mmu_step step = { .level = level, .table_pa = table_pa, .index = index };

		mmu_step_read(walker, &step);
		if (!step.readable) {
			if (state == MMU_PAGE_PRESENT)
				state = step.slot_state;
			continue;
		}
		if (step.entry.kind == MMU_KIND_EMPTY)
			continue;
		step.effective = step.entry.rights;
		if (!fn(&step, context))
			break;
	}
	return state;
}

/* ------------------------------------------------------------------ without an image */

void mmu_entry_decode(const struct mmu_arch *arch, const struct mmu_regime *regime,
		      unsigned int level, uint64_t raw, const uint64_t *second,
		      struct mmu_walk *walk)
{
	struct mmu_walker walker = { .arch = arch, .regime = *regime };
	struct mmu_step *step = &walk->steps[0];
	bool has_second = regime->format->level[level].second_offset;
	uint8_t rights = MMU_RIGHTS_ALL;

	memset(walk, 0, sizeof(*walk));
	walk->regime = regime;
	walk->nr_steps = 1;
	step->level = level;
	step->raw = raw;
	step->has_second = has_second && second;
	step->second = step->has_second ? *second : 0;
	step->readable = true;
	arch->decode(regime, level, raw, step->second, &step->entry);
	mmu_step_restrict(step, &rights, walk);
	if (step->entry.kind == MMU_KIND_TABLE)
		walk->result = MMU_RESULT_TABLE;
	else
		mmu_step_finish(&walker, step, walk);
	if (has_second && !second && step->entry.kind != MMU_KIND_BAD)
		step->entry.note = walk->note = NULL; /* it may speak of an empty copy */
}
