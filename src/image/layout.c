/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Building and searching the pieces of the physical address space. */
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/list.h"
#include "image/layout.h"

#define PIECES_MAX ((size_t)1 << 24)

static struct mmu_error *push(struct mmu_layout *layout, struct mmu_piece piece)
{
	if (layout->nr >= PIECES_MAX)
		return mmu_error_new(MMU_ERROR_UNSUPPORTED, "memory lies in more than %zu pieces",
				     PIECES_MAX);
	if (!mmu_list_room(&layout->pieces, layout->nr, sizeof(*layout->pieces)))
		return mmu_error_no_memory();
	layout->pieces[layout->nr++] = piece;
	return NULL;
}

struct mmu_error *mmu_layout_add(struct mmu_layout *layout, uint64_t first_pa, uint64_t last_pa,
				 const uint8_t *data, enum mmu_page_state state)
{
	struct mmu_piece *before = layout->nr ? &layout->pieces[layout->nr - 1] : NULL;
	uint64_t next_pa = before ? before->last_pa + 1 : 0;

	if (next_pa < first_pa) {
		struct mmu_error *error = push(
			layout,
			(struct mmu_piece){ next_pa, first_pa - 1, NULL, MMU_PAGE_OUTSIDE_RAM });
		if (error)
			return error;
	} else if (before && before->state == state &&
		   (!data || before->data + (first_pa - before->first_pa) == data)) {
		before->last_pa = last_pa;
		return NULL;
	}
	return push(layout, (struct mmu_piece){ first_pa, last_pa, data, state });
}

/* Page counts while pieces go by in ascending order; one page may be touched by many. */
struct page_count {
	struct mmu_image *image;
	unsigned int page_lg2;
	bool any;
	uint64_t last_page;
	enum mmu_page_state last_state;
};

static uint64_t *counter(struct mmu_image *image, enum mmu_page_state state)
{
	switch (state) {
	case MMU_PAGE_PRESENT:
		return &image->present_pages;
	case MMU_PAGE_TRUNCATED:
		return &image->truncated_pages;
	default:
		return &image->filtered_pages;
	}
}

/* Which of two states a page has that shows both. */
static unsigned int preference(enum mmu_page_state state)
{
	return state == MMU_PAGE_PRESENT ? 2 : state == MMU_PAGE_TRUNCATED;
}

static void count_piece(struct page_count *count, const struct mmu_piece *piece)
{
	uint64_t first = piece->first_pa >> count->page_lg2;
	uint64_t last = piece->last_pa >> count->page_lg2;

	if (count->any && first == count->last_page) {
		if (preference(piece->state) > preference(count->last_state)) {
			(*counter(count->image, count->last_state))--;
			(*counter(count->image, piece->state))++;
			count->last_state = piece->state;
		}
		if (first == last)
			return;
		first++;
	}
	*counter(count->image, piece->state) += last - first + 1;
	count->any = true;
	count->last_page = last;
	count->last_state = piece->state;
}

struct mmu_error *mmu_layout_complete(struct mmu_layout *layout, struct mmu_image *image)
{
	struct page_count count = {
		.image = image,
		.page_lg2 = (unsigned int)__builtin_ctz(image->page_bytes),
	};
	MMU_FREE struct mmu_pa_range *ram = calloc(layout->nr + 1, sizeof(*ram));
	size_t nr_ram = 0;

	if (!ram)
		return mmu_error_no_memory();
	for (size_t i = 0; i < layout->nr; i++) {
		const struct mmu_piece *piece = &layout->pieces[i];

		if (piece->state == MMU_PAGE_OUTSIDE_RAM)
			continue;
		count_piece(&count, piece);
		if (nr_ram && ram[nr_ram - 1].last_pa + 1 == piece->first_pa)
			ram[nr_ram - 1].last_pa = piece->last_pa;
		else
			ram[nr_ram++] = (struct mmu_pa_range){ piece->first_pa, piece->last_pa };
	}
	image->ram = mmu_steal(ram);
	image->nr_ram = nr_ram;

	uint64_t last_pa = layout->nr ? layout->pieces[layout->nr - 1].last_pa : 0;
	if (last_pa == UINT64_MAX)
		return NULL;
	return push(layout, (struct mmu_piece){ layout->nr ? last_pa + 1 : 0, UINT64_MAX, NULL,
						MMU_PAGE_OUTSIDE_RAM });
}

size_t mmu_layout_find(const struct mmu_layout *layout, uint64_t pa)
{
	size_t low = 0, high = layout->nr - 1;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (layout->pieces[middle].last_pa < pa)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
