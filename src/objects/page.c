/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What a struct page says of its frame: include/linux/mm_types.h, page-flags.h. */
#include <string.h>

#include "objects/page.h"

struct mmu_page_fields {
	/* of a struct page, or of the struct folio that has its place */
	struct mmu_field flags, mapping, mapcount, refcount, head, compound_mapcount;
	struct mmu_field entire; /* of a struct folio: in the struct page behind */
	struct mmu_number referenced, dirty, swap_backed, head_flag, young, double_map, idle_ops;
};

static const struct mmu_field_def page_defs[] = {
	MMU_FIELD_POINTER(struct mmu_page_fields, flags, "page.flags", MMU_NEED),
	MMU_FIELD_POINTER(struct mmu_page_fields, mapping, "page.mapping|folio.mapping", MMU_NEED),
	MMU_FIELD_BYTES(struct mmu_page_fields, mapcount, "page._mapcount|folio._mapcount", 4,
			MMU_NEED),
	MMU_FIELD_BYTES(struct mmu_page_fields, refcount, "page._refcount|folio._refcount", 4,
			MMU_NEED),
	/* 7.1 renamed it, and may keep a mask there */
	MMU_FIELD_POINTER(struct mmu_page_fields, head, "page.compound_head|page.compound_info",
			  MMU_NEED),
	MMU_FIELD_BYTES(struct mmu_page_fields, compound_mapcount, "page.compound_mapcount", 4,
			MMU_OPTIONAL),
	MMU_FIELD_BYTES(struct mmu_page_fields, entire, "folio._entire_mapcount", 4, MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct mmu_page_fields, referenced, "ENUM(pageflags.PG_referenced)",
			 MMU_NEED),
	MMU_FIELD_NUMBER(struct mmu_page_fields, dirty, "ENUM(pageflags.PG_dirty)", MMU_NEED),
	MMU_FIELD_NUMBER(struct mmu_page_fields, swap_backed, "ENUM(pageflags.PG_swapbacked)",
			 MMU_NEED),
	MMU_FIELD_NUMBER(struct mmu_page_fields, head_flag, "ENUM(pageflags.PG_head)", MMU_NEED),
	MMU_FIELD_NUMBER(struct mmu_page_fields, young, "ENUM(pageflags.PG_young)", MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct mmu_page_fields, double_map, "ENUM(pageflags.PG_double_map)",
			 MMU_OPTIONAL),
	/* 32 bits have no room for PG_young, and keep it elsewhere: mm/page_idle.c */
	MMU_FIELD_NUMBER(struct mmu_page_fields, idle_ops, "SYMBOL(page_idle_ops)", MMU_OPTIONAL),
};
static const struct mmu_layout page_layout = MMU_LAYOUT(PAGE, "page", struct mmu_page_fields,
							page_defs);

#define PAGE_BYTES_MAX 512u
/* So many struct pages tell of a compound page: 32 bits have folio._entire_mapcount in [2]. */
#define HEAD_PAGES 3u

struct raw_page {
	uint8_t bytes[HEAD_PAGES * PAGE_BYTES_MAX];
	size_t nr;
	bool big_endian;
};

static uint64_t get(const struct raw_page *raw, const struct mmu_field *field)
{
	return mmu_field_get(raw->bytes, raw->nr, field, raw->big_endian);
}

void mmu_pages_init(struct mmu_pages *pages, struct mmu_memory *memory)
{
	const void *fields = NULL;
	struct mmu_error *error = mmu_layout_need(memory->kernel, &page_layout, &fields, NULL);

	*pages = (struct mmu_pages){ .memory = memory, .fields = fields };
	if (!error)
		error = mmu_memmap_find(memory, &pages->map);
	pages->known = !error && pages->map.page_bytes <= PAGE_BYTES_MAX;
	mmu_error_destroy(error);
}

bool mmu_pages_are_old(const struct mmu_pages *pages)
{
	return pages->fields && pages->fields->double_map.known;
}

static bool read_raw(struct mmu_pages *pages, uint64_t va, unsigned int nr, struct raw_page *ret)
{
	ret->nr = nr * pages->map.page_bytes;
	ret->big_endian = pages->memory->kernel->big_endian;
	return mmu_memory_copy(pages->memory, va, ret->bytes, ret->nr) == ret->nr;
}

static bool flag(const struct mmu_number *number, uint64_t flags)
{
	return number->known && number->value < 64 && flags >> number->value & 1;
}

/*
 * The compound page that a page belongs to. From 7.1 on what tells may be a mask for the page's own
 * address: all ones above the size of the compound page.
 */
static uint64_t head_of(const struct mmu_pages *pages, const struct raw_page *raw, uint64_t va)
{
	uint64_t told = get(raw, &pages->fields->head), head_va;
	uint64_t span = UINT64_C(1) << 18; /* struct pages of 1 GiB */

	if (!(told & 1))
		return va;
	head_va = told - 1;
	if (head_va <= va && (va - head_va) / pages->map.page_bytes < span)
		return head_va;
	if (mmu_kernel_pointer_bytes(pages->memory->kernel) == 4)
		told |= ~(uint64_t)UINT32_MAX;
	return va & told & ~UINT64_C(1);
}

/*
 * Where folio._entire_mapcount is in the third struct page, a folio of two pages has none, and is
 * never mapped as a whole. Its order is in the lowest byte of the second one's flags (6.6).
 */
static bool has_entire(const struct mmu_pages *pages, const struct raw_page *head)
{
	struct mmu_field second = pages->fields->flags;

	second.offset += (uint32_t)pages->map.page_bytes;
	return !pages->fields->entire.known ||
	       pages->fields->entire.offset < 2 * pages->map.page_bytes ||
	       (get(head, &second) & 0xff) != 1;
}

/*
 * folio_precise_page_mapcount(); before 6.2 __page_mapcount() in mm/util.c. What a page has there
 * that is not mapped, such as a type, is far below -1.
 */
static void count_maps(const struct mmu_pages *pages, const struct raw_page *own,
		       const struct raw_page *head, struct mmu_page *page)
{
	const struct mmu_page_fields *fields = pages->fields;
	struct mmu_field second = fields->compound_mapcount;
	int32_t mapcount = (int32_t)(uint32_t)get(own, &fields->mapcount);

	page->mapcount = mapcount < -1 ? 0 : mapcount + 1;
	page->knows_mapcount = true;
	if (!page->large)
		return;
	second.offset += (uint32_t)pages->map.page_bytes;
	const struct mmu_field *entire = fields->entire.known ? &fields->entire : &second;
	if (!entire->known || entire->offset + entire->bytes > head->nr) {
		page->knows_mapcount = false;
		return;
	}
	if (!has_entire(pages, head))
		return;
	page->entire = (int32_t)(uint32_t)get(head, entire) + 1;
	if (!fields->double_map.known) {
		page->mapcount += page->entire;
		return;
	}
	if (!page->anon && page->mapcount)
		return; /* of a file's: all that maps it is in here, but for hugetlb */
	second = fields->flags;
	second.offset += (uint32_t)pages->map.page_bytes;
	page->mapcount += page->entire - flag(&fields->double_map, get(head, &second));
}

bool mmu_page_read(struct mmu_pages *pages, uint64_t pfn, struct mmu_page *ret)
{
	const struct mmu_page_fields *fields = pages->fields;
	struct raw_page own, head;
	struct mmu_page page = { 0 };

	if (!pages->known || pfn < pages->map.first_pfn)
		return false;
	uint64_t va = mmu_memmap_va(&pages->map, pfn);
	if (!read_raw(pages, va, 1, &own))
		return false;
	uint64_t head_va = head_of(pages, &own, va);
	const struct raw_page *main = &own;
	page.large = head_va != va || flag(&fields->head_flag, get(&own, &fields->flags));
	if (page.large) {
		bool far = fields->entire.known &&
			   fields->entire.offset >= 2 * pages->map.page_bytes;

		if (!read_raw(pages, head_va, far ? HEAD_PAGES : 2, &head))
			return false;
		main = &head;
	}
	uint64_t flags = get(main, &fields->flags), mapping = get(main, &fields->mapping);
	/* PAGE_MAPPING_ANON, PAGE_MAPPING_KSM */
	page.anon = mapping & 1;
	page.ksm = (mapping & 3) == 3;
	page.swap_backed = flag(&fields->swap_backed, flags);
	page.dirty = flag(&fields->dirty, flags);
	page.referenced = flag(&fields->referenced, flags) || flag(&fields->young, flags);
	page.knows_referenced = page.referenced || fields->young.known || !fields->idle_ops.known;
	page.refcount = (int32_t)(uint32_t)get(main, &fields->refcount);
	count_maps(pages, &own, main, &page);
	*ret = page;
	return true;
}

/* ------------------------------------------------------------------ tables */

struct ptdesc_fields {
	struct mmu_field share_count, refcount;
};

static const struct mmu_field_def ptdesc_defs[] = {
	/* 6.13 (59d9094df3d7), and stable releases */
	MMU_FIELD_BYTES(struct ptdesc_fields, share_count,
			"ptdesc.pt_share_count|page.pt_share_count", 4, MMU_OPTIONAL),
	MMU_FIELD_BYTES(struct ptdesc_fields, refcount, "page._refcount", 4, MMU_NEED),
};
static const struct mmu_layout ptdesc_layout = MMU_LAYOUT(PTDESC, "ptdesc", struct ptdesc_fields,
							  ptdesc_defs);

bool mmu_table_is_shared(struct mmu_pages *pages, uint64_t table_pa)
{
	uint64_t pfn = table_pa >> mmu_kernel_page_lg2(pages->memory->kernel);
	const struct ptdesc_fields *fields;
	const void *found = NULL;
	struct raw_page raw;

	mmu_error_destroy(mmu_layout_need(pages->memory->kernel, &ptdesc_layout, &found, NULL));
	fields = found;
	if (!fields || !pages->known || pfn < pages->map.first_pfn ||
	    !read_raw(pages, mmu_memmap_va(&pages->map, pfn), 1, &raw))
		return false;
	return fields->share_count.known ? get(&raw, &fields->share_count) > 0
					 : get(&raw, &fields->refcount) > 1;
}

/* ------------------------------------------------------------------ swap */

struct swap_fields {
	struct mmu_number info;
	struct mmu_field map;
};

static const struct mmu_field_def swap_defs[] = {
	MMU_FIELD_NUMBER(struct swap_fields, info, "SYMBOL(swap_info)", MMU_NEED),
	MMU_FIELD_BYTES(struct swap_fields, map, "swap_info_struct.swap_map", 0, MMU_NEED),
};
static const struct mmu_layout swap_layout = MMU_LAYOUT(SWAP_COUNT, "swap_info_struct",
							struct swap_fields, swap_defs);

/* include/linux/swap.h */
#define SWAP_HAS_CACHE 0x40u
#define SWAP_MAP_MAX 0x3eu

bool mmu_swap_count(struct mmu_memory *memory, unsigned int type, uint64_t offset, uint64_t *ret)
{
	const struct mmu_peek peek = { .memory = memory };
	unsigned int bytes = mmu_kernel_pointer_bytes(memory->kernel);
	const struct swap_fields *fields;
	const void *found = NULL;
	uint64_t info_va, map_va, count;

	mmu_error_destroy(mmu_layout_need(memory->kernel, &swap_layout, &found, NULL));
	fields = found;
	if (!fields || !mmu_peek_pointer(&peek, fields->info.value + type * bytes, &info_va) ||
	    !info_va || !mmu_peek_pointer(&peek, info_va + fields->map.offset, &map_va) ||
	    !map_va || !mmu_peek_number(&peek, map_va + offset, 1, &count))
		return false;
	count &= ~(uint64_t)SWAP_HAS_CACHE;
	if (count > SWAP_MAP_MAX)
		return false; /* it goes on elsewhere, or is no count */
	*ret = count;
	return true;
}
