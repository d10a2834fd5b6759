/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What a struct page says of its frame: whose it is, how often it is mapped. */
#ifndef MMU_OBJECTS_PAGE_H
#define MMU_OBJECTS_PAGE_H

#include "objects/memmap.h"
#include "objects/peek.h"

/** Reads struct pages. Set up with mmu_pages_init(); for one thread. */
struct mmu_pages {
	struct mmu_memory *memory;
	struct mmu_memmap map;
	const struct mmu_page_fields *fields;
	bool known; /**< false: where struct pages lie, or what is in them, is not known */
};

void mmu_pages_init(struct mmu_pages *pages, struct mmu_memory *memory);

struct mmu_page {
	bool anon, ksm;
	bool swap_backed, dirty, referenced;
	bool knows_referenced; /**< false: a bit that is kept elsewhere may say so all the same */
	bool large;            /**< a part of a compound page, of which the above speaks */
	int32_t refcount;      /**< of the compound page */
	int32_t mapcount;      /**< how often this page is mapped */
	bool knows_mapcount;   /**< false: this kernel does not count single pages of a large one */
	int32_t entire;        /**< how often the compound page is mapped as a whole */
};

/** @return false, with *ret untouched: it is not in the image, or not known */
bool mmu_page_read(struct mmu_pages *pages, uint64_t pfn, struct mmu_page *ret);

/** How a kernel of before 6.2 counts; it takes a page that is migrated for private. */
bool mmu_pages_are_old(const struct mmu_pages *pages);

/** Do several mms use this table, as hugetlb shares them? @return false: no, or not known */
bool mmu_table_is_shared(struct mmu_pages *pages, uint64_t table_pa);

/**
 * How many swap entries refer to a slot of a swap file.
 * @return false, with *ret untouched: it is not known
 */
bool mmu_swap_count(struct mmu_memory *memory, unsigned int type, uint64_t offset, uint64_t *ret);

#endif
