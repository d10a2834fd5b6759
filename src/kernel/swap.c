/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the swap types of this kernel mean. */
#include "kernel/session.h"

/* Fill `count` types from *type on. */
static void assign(struct mmu_swap_map *map, unsigned int *type, unsigned int count,
		   enum mmu_result result, const char *note)
{
	for (; count && *type < 32; count--, (*type)++) {
		map->result[*type] = result;
		map->note[*type] = note;
	}
}

static bool known(struct mmu_session *session, const char *key)
{
	uint64_t value;

	return mmu_fact_get(session->facts, key, &value);
}

/*
 * The special types lie above MAX_SWAPFILES in a fixed order (include/linux/swap.h): hwpoison,
 * migration, device, marker, swapin error. MAX_SWAPFILES is the length of swap_info[]; which of
 * them there are follows from what else the kernel has, and the rest by subtraction.
 */
const struct mmu_swap_map *mmu_session_swap_map(struct mmu_session *session)
{
	struct mmu_swap_map *map = &session->swap;
	uint64_t max_swapfiles, max_physmem_bits;
	unsigned int type;

	if (session->swap_made)
		return map;
	session->swap_made = true;
	for (type = 0; type < 32; type++)
		map->result[type] = MMU_RESULT_SWAPPED;
	if (!mmu_fact_get(session->facts, "LENGTH(swap_info)", &max_swapfiles) ||
	    max_swapfiles < 16 || max_swapfiles > 32)
		return map;
	map->known = true;
	if (!mmu_fact_get(session->facts, "NUMBER(MAX_PHYSMEM_BITS)", &max_physmem_bits) ||
	    max_physmem_bits <= session->arch->page_lg2 || max_physmem_bits > 64)
		/* without sparse memory all of a word: SWP_PFN_BITS in swapops.h */
		max_physmem_bits = session->arch->elf_class == 1 ? 32 : 52;
	/* since 5.19 (0d206b5d2e0d) the bits above the frame number say young and dirty */
	map->pfn_bits = (uint8_t)(max_physmem_bits - session->arch->page_lg2);

	/* 5.19 (6c287605fd56) brought this flag, the third migration type and PTE markers */
	bool exclusive = known(session, "ENUM(pageflags.PG_anon_exclusive)");
	bool hwpoison = known(session, "SYMBOL(memory_failure)");
	bool migration = known(session, "SYMBOL(migrate_pages)");
	unsigned int left = 32 - (unsigned int)max_swapfiles;
	unsigned int nr_hwpoison = hwpoison && left ? 1 : 0;
	unsigned int nr_migration = !migration ? 0 : exclusive ? 3 : 2;
	unsigned int nr_device = 0, nr_marker = 0, nr_error = 0;

	if (nr_hwpoison + nr_migration > left) {
		map->known = false; /* not this scheme: say less rather than something wrong */
		return map;
	}
	left -= nr_hwpoison + nr_migration;
	if (exclusive) {
		/* device: 4 types, 3 from 7.2; marker: 1; swapin error: 1 in 5.19 to 6.1 */
		nr_device = left >= 5 ? 4 : left >= 3 ? 3 : 0;
		nr_marker = left - nr_device >= 1;
		nr_error = left - nr_device - nr_marker;
	} else {
		nr_device = left; /* 2, or 4 since 5.14 (b756a3b5e7ea) */
	}
	type = (unsigned int)max_swapfiles;
	assign(map, &type, nr_hwpoison, MMU_RESULT_HWPOISON, "the page's memory is broken");
	if (nr_migration == 3) {
		assign(map, &type, 1, MMU_RESULT_MIGRATION, "being migrated; was read-only");
		assign(map, &type, 1, MMU_RESULT_MIGRATION,
		       "being migrated; was read-only, exclusive");
		assign(map, &type, 1, MMU_RESULT_MIGRATION, "being migrated; was writable");
	} else {
		assign(map, &type, nr_migration ? 1 : 0, MMU_RESULT_MIGRATION,
		       "being migrated; was read-only");
		assign(map, &type, nr_migration ? 1 : 0, MMU_RESULT_MIGRATION,
		       "being migrated; was writable");
	}
	assign(map, &type, nr_device, MMU_RESULT_DEVICE, "in a device's private memory");
	assign(map, &type, nr_marker, MMU_RESULT_MARKER,
	       "a PTE marker: offset bit 0 uffd-wp, 1 poisoned, 2 guard");
	assign(map, &type, nr_error, MMU_RESULT_MARKER, "reading it back from swap failed");
	return map;
}
