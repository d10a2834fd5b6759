/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The whole physical address space as sorted pieces of mapped bytes and of absence. */
#ifndef MMU_IMAGE_LAYOUT_H
#define MMU_IMAGE_LAYOUT_H

#include "image/image.h"

struct mmu_piece {
	uint64_t first_pa, last_pa;
	const uint8_t *data; /**< of first_pa; NULL unless the state is MMU_PAGE_PRESENT */
	enum mmu_page_state state;
};

/** When complete, the pieces cover all of 0 to 2^64 - 1 without gap or overlap. */
struct mmu_layout {
	struct mmu_piece *pieces;
	size_t nr;
};

/**
 * Add a piece behind the others; what lies between becomes MMU_PAGE_OUTSIDE_RAM.
 * @param first_pa  above the last piece's last_pa
 * @return MMU_ERROR_NO_MEMORY, _UNSUPPORTED (too many)
 */
struct mmu_error *mmu_layout_add(struct mmu_layout *layout, uint64_t first_pa, uint64_t last_pa,
				 const uint8_t *data, enum mmu_page_state state) MMU_MUST_CHECK;

/** Cover the rest of the address space, and fill in the image's ram and page counts. */
struct mmu_error *mmu_layout_complete(struct mmu_layout *layout,
				      struct mmu_image *image) MMU_MUST_CHECK;

size_t mmu_layout_find(const struct mmu_layout *layout, uint64_t pa);

static inline const struct mmu_piece *mmu_layout_piece(const struct mmu_layout *layout,
						       struct mmu_cursor *cursor, uint64_t pa)
{
	const struct mmu_piece *piece = &layout->pieces[cursor->hit];

	if (__builtin_expect(pa < piece->first_pa || pa > piece->last_pa, 0)) {
		cursor->hit = mmu_layout_find(layout, pa);
		piece = &layout->pieces[cursor->hit];
	}
	return piece;
}

static inline struct mmu_span mmu_layout_span(const struct mmu_layout *layout,
					      struct mmu_cursor *cursor, uint64_t pa)
{
	const struct mmu_piece *piece = mmu_layout_piece(layout, cursor, pa);
	uint64_t behind = piece->last_pa - pa;
	return (struct mmu_span){
		.data = piece->data ? piece->data + (pa - piece->first_pa) : NULL,
		.bytes = behind + (behind != UINT64_MAX),
		.state = piece->state,
	};
}

#endif
