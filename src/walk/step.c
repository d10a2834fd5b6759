/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file One step of a walk: an entry read and decoded, and what it means as the last one. */
#include <stddef.h>
#include <string.h>

#include "walk/step.h"

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

static inline enum mmu_page_state read_word(const struct mmu_walker *walker,
					    const struct mmu_format *format, uint64_t pa,
					    uint64_t *ret)
{
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

/* What all entries say that end in any byte, but those that nothing would write. */
static __attribute__((__cold__, __noinline__)) void find_common(const struct mmu_regime *regime,
								struct mmu_step *step)
{
	unsigned int shift = 8u * step->known_bytes, nr = 0;

	for (unsigned int last = 0; last < 256; last++) {
		struct mmu_entry entry;

		regime->format->decode(regime, step->level, step->known | (uint64_t)last << shift,
				       0, &entry);
		if (entry.kind == MMU_KIND_BAD)
			continue;
		if (!nr++) {
			step->has_known_kind = true;
			step->has_known_pa = entry.kind == MMU_KIND_TABLE ||
					     entry.kind == MMU_KIND_LEAF;
			step->known_kind = (uint8_t)entry.kind;
			step->known_pa = entry.pa;
			step->rights_least = step->rights_most = entry.rights;
		}
		step->has_known_kind &= entry.kind == (enum mmu_kind)step->known_kind;
		step->has_known_pa &= step->has_known_kind && entry.pa == step->known_pa;
		step->rights_least &= entry.rights;
		step->rights_most |= entry.rights;
	}
}

/*
 * AVML leaves out the last byte of each range: the highest of the last entry of a table there. Such
 * an entry is not made whole, since that byte says what nothing else does: of x86_64 it has NX, the
 * protection key and half of a swap entry, of LPAE the rights that a table withholds.
 */
static __attribute__((__cold__, __noinline__)) void
read_known_bytes(const struct mmu_walker *walker, const struct mmu_regime *regime,
		 struct mmu_step *step)
{
	const struct mmu_format *format = regime->format;
	uint8_t bytes[8];
	uint64_t stop_pa = step->slot_pa;

	if (format->big_endian || step->has_second || !walker->cursor ||
	    mmu_image_span(walker->cursor, step->slot_pa).state != MMU_PAGE_PRESENT)
		return;
	mmu_image_read(walker->cursor, step->slot_pa, bytes, format->entry_bytes, &stop_pa);
	if (stop_pa - step->slot_pa != format->entry_bytes - 1u)
		return;
	step->known_bytes = (uint8_t)(format->entry_bytes - 1);
	step->known = 0;
	for (unsigned int i = step->known_bytes; i-- > 0;)
		step->known = step->known << 8 | bytes[i];
	find_common(regime, step);
}

static inline void read_entry(const struct mmu_walker *walker, const struct mmu_regime *regime,
			      struct mmu_step *step)
{
	const struct mmu_format *format = regime->format;
	int32_t second_offset = format->level[step->level].second_offset;

	step->raw = step->second = step->second_pa = 0;
	step->effective = step->known_bytes = 0;
	step->has_known_kind = step->has_known_pa = false;
	step->slot_pa = step->table_pa + step->index * format->slot_bytes;
	step->slot_state = read_word(walker, format, step->slot_pa, &step->raw);
	step->has_second = second_offset != 0;
	if (step->has_second && step->slot_state == MMU_PAGE_PRESENT) {
		step->second_pa = step->slot_pa + (uint64_t)(int64_t)second_offset;
		step->slot_state = read_word(walker, format, step->second_pa, &step->second);
	}
	step->readable = step->slot_state == MMU_PAGE_PRESENT;
	if (step->readable)
		format->decode(regime, step->level, step->raw, step->second, &step->entry);
	else {
		step->entry = (struct mmu_entry){ .kind = MMU_KIND_EMPTY };
		read_known_bytes(walker, regime, step);
	}
}

void mmu_step_read(const struct mmu_walker *walker, const struct mmu_regime *regime,
		   struct mmu_step *step)
{
	read_entry(walker, regime, step);
	if (!regime->format->level[step->level].first_of_run)
		return;
	uint64_t run_mask = ((uint64_t)1 << step->entry.run_lg2) - 1;
	if (!(step->index & run_mask))
		return;
	/* what is said of a run counts in its first entry, if it is one */
	struct mmu_step first = { .level = step->level,
				  .table_pa = step->table_pa,
				  .index = step->index & ~run_mask };
	read_entry(walker, regime, &first);
	if (first.readable && first.entry.kind == MMU_KIND_LEAF &&
	    first.entry.run_lg2 == step->entry.run_lg2)
		step->entry = first.entry;
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
	/* the smallest MAX_SWAPFILES: 32 less every special type */
	walk->assumed = type >= 22 && (!map || !map->known || map->assumed);
	if (!map || !map->known) {
		if (walk->assumed)
			walk->note = "a type this high may be special (migration, hwpoison, ...); "
				     "that depends on the kernel's configuration";
		return;
	}
	walk->note = map->note[type];
	if (walk->result == MMU_RESULT_MIGRATION || walk->result == MMU_RESULT_HWPOISON ||
	    walk->result == MMU_RESULT_DEVICE) {
		uint64_t pfn = software->offset & (((uint64_t)1 << map->pfn_bits) - 1);

		walk->has_target = true;
		walk->target_pa = pfn << walk->regime->page_lg2;
	}
}

/* What Linux keeps where hardware sees a hole. */
static __attribute__((__noinline__)) void
explain(const struct mmu_walker *walker, const struct mmu_step *step, struct mmu_walk *walk)
{
	const struct mmu_regime *regime = walk->regime;
	struct mmu_software software = { .kind = MMU_SOFTWARE_UNKNOWN };

	if (regime->format->explain)
		regime->format->explain(regime, step->level, step->raw, step->second, &software);
	/*
	 * Linux swaps no kernel memory: there, an entry that is not present is a page that was
	 * taken out of the kernel's map.
	 */
	if (regime->half == MMU_HALF_KERNEL &&
	    (software.kind == MMU_SOFTWARE_SWAP || software.kind == MMU_SOFTWARE_NONE)) {
		walk->result = MMU_RESULT_HIDDEN;
		walk->note = "a kernel entry without PRESENT: memfd_secret(), set_memory_np(), "
			     "kfence, debug_pagealloc";
		if (software.kind == MMU_SOFTWARE_NONE)
			mmu_walk_set_page(walker, walk, software.pa);
		return;
	}
	switch (software.kind) {
	case MMU_SOFTWARE_SWAP:
		set_swap(walker, walk, &software);
		return;
	case MMU_SOFTWARE_NONE:
		walk->result = MMU_RESULT_PROTNONE;
		mmu_walk_set_page(walker, walk, software.pa);
		return;
	case MMU_SOFTWARE_SPLIT:
		walk->result = MMU_RESULT_MAPPED;
		walk->rights = step->effective;
		mmu_walk_set_page(walker, walk, software.pa);
		return;
	case MMU_SOFTWARE_UNKNOWN:
		break;
	}
	walk->result = MMU_RESULT_BAD_ENTRY;
	walk->note = "not empty, not present and no form that Linux writes";
}

void mmu_step_finish(const struct mmu_walker *walker, const struct mmu_step *step,
		     struct mmu_walk *walk)
{
	if (step->readable && step->entry.kind == MMU_KIND_LEAF) {
		mmu_step_map(walker, step, walk);
		return;
	}
	mmu_walk_set_hole(step, walk);
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
	case MMU_KIND_LEAF:  /* is none of these */
	case MMU_KIND_TABLE: /* below level 0 there is none: the back-end is wrong, or hostile */
	case MMU_KIND_BAD:
		walk->result = MMU_RESULT_BAD_ENTRY;
		return;
	}
}
