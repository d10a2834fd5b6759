/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file XArrays of pages: lib/xarray.c. */
#include "objects/xarray.h"

/* include/linux/xarray.h: 6 bits a node, or 4 with CONFIG_BASE_SMALL */
#define SLOTS_MAX 64u
/* bits 1:0 of a node, a sibling or a mark are 10; of a value bit 0 is set */
#define ENTRY_INTERNAL 2u
#define SIBLING_MAX ((62u << 2) | 2u)
#define MARK_MAX 4096u

struct range {
	struct mmu_memory *memory;
	uint64_t first, last, values;
	/* of struct xa_node */
	uint64_t shift_offset, slots_offset, nr_slots;
};

struct node_fields {
	struct mmu_field shift, slots;
	struct mmu_number nr;
};

static const struct mmu_field_def node_defs[] = {
	MMU_FIELD_BYTES(struct node_fields, shift, "xa_node.shift", 1, MMU_OPTIONAL),
	MMU_FIELD_BYTES(struct node_fields, slots, "xa_node.slots", 0, MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct node_fields, nr, "LENGTH(xa_node.slots)", MMU_OPTIONAL),
};
static const struct mmu_layout node_layout = MMU_LAYOUT(XA_NODE, "xa_node", struct node_fields,
							node_defs);

/* Where no type tells: four bytes, of which the first is the shift, two pointers, a list_head. */
static void learn_node(struct range *range)
{
	const void *found = NULL;

	mmu_error_destroy(mmu_layout_need(range->memory->kernel, &node_layout, &found, NULL));
	const struct node_fields *fields = found;
	bool told = fields && fields->shift.known && fields->slots.known && fields->nr.known &&
		    fields->nr.value <= SLOTS_MAX;
	range->shift_offset = told ? fields->shift.offset : 0;
	range->slots_offset = told ? fields->slots.offset
				   : 5 * mmu_kernel_pointer_bytes(range->memory->kernel);
	range->nr_slots = told ? fields->nr.value : SLOTS_MAX;
}

/* Pages from `first` on for which an entry answers, as far as they are asked for. */
static uint64_t pages_inside(const struct range *range, uint64_t first, uint64_t pages)
{
	uint64_t last = first + pages - 1;

	first = first > range->first ? first : range->first;
	last = last < range->last ? last : range->last;
	return first <= last ? last - first + 1 : 0;
}

static bool count_entry(struct range *range, uint64_t entry, uint64_t first, unsigned int room_lg2);

static bool count_slots(struct range *range, uint64_t node_va, uint64_t first, unsigned int shift)
{
	unsigned int bytes = mmu_kernel_pointer_bytes(range->memory->kernel);
	uint8_t slots[SLOTS_MAX * 8];
	size_t all = range->nr_slots * bytes;
	uint64_t step = (uint64_t)1 << shift;

	if (mmu_memory_copy(range->memory, node_va + range->slots_offset, slots, all) < all)
		return false;
	for (uint64_t i = 0; i < range->nr_slots; i++, first += step) {
		bool big = range->memory->kernel->big_endian;
		uint64_t entry = mmu_get_uint(slots + i * bytes, bytes, big);

		if (!pages_inside(range, first, step))
			continue;
		/* what a large entry covers beside its first slot points back to that */
		if ((entry & 3) == ENTRY_INTERNAL && entry <= SIBLING_MAX)
			entry = mmu_get_uint(slots + (entry >> 2) % range->nr_slots * bytes, bytes,
					     big);
		if (!count_entry(range, entry, first, shift))
			return false;
	}
	return true;
}

static bool count_entry(struct range *range, uint64_t entry, uint64_t first, unsigned int room_lg2)
{
	const struct mmu_peek peek = { .memory = range->memory };
	uint64_t shift;

	if (entry & 1) {
		range->values += pages_inside(range, first, (uint64_t)1 << room_lg2);
		return true;
	}
	if ((entry & 3) != ENTRY_INTERNAL || entry <= MARK_MAX)
		return true;
	uint64_t node_va = entry - ENTRY_INTERNAL;
	if (!mmu_peek_number(&peek, node_va + range->shift_offset, 1, &shift) || shift >= room_lg2)
		return false;
	return count_slots(range, node_va, first, (unsigned int)shift);
}

bool mmu_xarray_count_values(struct mmu_memory *memory, uint64_t head_va, uint64_t first,
			     uint64_t last, uint64_t *ret)
{
	const struct mmu_peek peek = { .memory = memory };
	struct range range = { .memory = memory, .first = first, .last = last };
	uint64_t head;

	if (!mmu_peek_pointer(&peek, head_va, &head))
		return false;
	learn_node(&range);
	/* a head that is no node is the entry of index 0 alone */
	bool node = (head & 3) == ENTRY_INTERNAL && head > MARK_MAX;
	if (!count_entry(&range, head, 0, node ? 63 : 0))
		return false;
	*ret = range.values;
	return true;
}
