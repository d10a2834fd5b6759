/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the swap types of this kernel mean. */
#include "kernel/layout.h"
#include "objects/swap.h"

/* Fill `count` types from *type on. */
static void assign(struct mmu_swap_map *map, unsigned int *type, unsigned int count,
		   enum mmu_result result, const char *note)
{
	for (; count && *type < 32; count--, (*type)++) {
		map->result[*type] = result;
		map->note[*type] = note;
	}
}

static bool known(const struct mmu_kernel *kernel, const char *key)
{
	uint64_t value;

	return mmu_fact_get(kernel->facts, key, &value);
}

/*
 * 5.19 (6c287605fd56) brought PG_anon_exclusive, the third migration type and PTE markers. The
 * maple tree of 6.1 proves the same, and is at hand: the enum can be far away in the debug info.
 */
static bool has_exclusive(const struct mmu_kernel *kernel)
{
	return known(kernel, "OFFSET(mm_struct.mm_mt)") || known(kernel, "ENUM(pageflags.PG_anon_"
									 "exclusive)");
}

/*
 * kallsyms has no sizes: the next symbol may lie up to an alignment of 64 bytes behind the array.
 * Among the lengths that are left, one fits the special types that this kernel can have.
 */
static bool length_by_span(const struct mmu_kernel *kernel, uint64_t *ret)
{
	static const unsigned int nr_device[] = { 0, 2, 3, 4 };
	unsigned int pointer_bytes = mmu_kernel_pointer_bytes(kernel), fits = 0;
	uint64_t span, most, least, found = 0;

	if (!mmu_fact_get(kernel->facts, "SPAN(swap_info)", &span) || span > 4096)
		return false;
	most = span / pointer_bytes;
	least = most > 64 / pointer_bytes ? most - 64 / pointer_bytes + 1 : 0;
	bool exclusive = has_exclusive(kernel);
	unsigned int specials = known(kernel, "SYMBOL(memory_failure)") +
				(!known(kernel, "SYMBOL(migrate_pages)") ? 0
				 : exclusive                             ? 3
									 : 2);
	/* a marker since 5.19; a swapin error up to 6.1 (6.2 made RSS per-CPU counters) */
	if (exclusive)
		specials += 1 + known(kernel, "LENGTH(mm_struct.rss_stat.count)");
	for (size_t i = 0; i < sizeof(nr_device) / sizeof(nr_device[0]); i++) {
		uint64_t length = 32 - specials - nr_device[i];

		/* device types came in pairs before markers, and are 3 or 4 with them */
		if (nr_device[i] && (nr_device[i] > 2) != exclusive && nr_device[i] != 4)
			continue;
		if (length < least || length > most)
			continue;
		found = length;
		fits++;
	}
	if (fits != 1)
		return false;
	mmu_fact_derive(kernel->facts, "LENGTH(swap_info)", found,
			"its span in kallsyms, and the special types of this kernel", 0);
	*ret = found;
	return true;
}

/*
 * The special types lie above MAX_SWAPFILES in a fixed order (include/linux/swap.h): hwpoison,
 * migration, device, marker, swapin error. MAX_SWAPFILES is the length of swap_info[]; which of
 * them there are follows from what else the kernel has, and the rest by subtraction.
 */
static void make_map(const struct mmu_kernel *kernel, void *ret)
{
	struct mmu_swap_map *map = ret;
	uint64_t max_swapfiles, max_physmem_bits;
	unsigned int type;

	for (type = 0; type < 32; type++)
		map->result[type] = MMU_RESULT_SWAPPED;
	if ((!mmu_fact_get(kernel->facts, "LENGTH(swap_info)", &max_swapfiles) &&
	     !length_by_span(kernel, &max_swapfiles)) ||
	    max_swapfiles < 16 || max_swapfiles > 32)
		return;
	map->known = true;
	if (!mmu_fact_get(kernel->facts, "NUMBER(MAX_PHYSMEM_BITS)", &max_physmem_bits) ||
	    max_physmem_bits <= mmu_kernel_page_lg2(kernel) || max_physmem_bits > 64)
		/* without sparse memory all of a word: SWP_PFN_BITS in swapops.h */
		max_physmem_bits = kernel->arch->elf_class == 1 ? 32 : 52;
	/* since 5.19 (0d206b5d2e0d) the bits above the frame number say young and dirty */
	map->pfn_bits = (uint8_t)(max_physmem_bits - mmu_kernel_page_lg2(kernel));

	bool exclusive = has_exclusive(kernel);
	bool hwpoison = known(kernel, "SYMBOL(memory_failure)");
	bool migration = known(kernel, "SYMBOL(migrate_pages)");
	unsigned int left = 32 - (unsigned int)max_swapfiles;
	unsigned int nr_hwpoison = hwpoison && left ? 1 : 0;
	unsigned int nr_migration = !migration ? 0 : exclusive ? 3 : 2;
	unsigned int nr_device = 0, nr_marker = 0, nr_error = 0;

	if (nr_hwpoison + nr_migration > left) {
		map->known = false; /* not this scheme: say less rather than something wrong */
		return;
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
	assign(map, &type, nr_hwpoison, MMU_RESULT_HWPOISON, NULL);
	if (nr_migration == 3) {
		assign(map, &type, 1, MMU_RESULT_MIGRATION, "was read-only");
		assign(map, &type, 1, MMU_RESULT_MIGRATION, "was read-only, exclusive");
		assign(map, &type, 1, MMU_RESULT_MIGRATION, "was writable");
	} else {
		assign(map, &type, nr_migration ? 1 : 0, MMU_RESULT_MIGRATION, "was read-only");
		assign(map, &type, nr_migration ? 1 : 0, MMU_RESULT_MIGRATION, "was writable");
	}
	assign(map, &type, nr_device, MMU_RESULT_DEVICE, NULL);
	assign(map, &type, nr_marker, MMU_RESULT_MARKER,
	       "a PTE marker: offset bit 0 uffd-wp, 1 poisoned, 2 guard");
	assign(map, &type, nr_error, MMU_RESULT_MARKER, "reading it back from swap failed");
}

static const struct mmu_layout swap_layout = { .slot = MMU_LAYOUT_SWAP,
					       .what = "swap_info",
					       .bytes = sizeof(struct mmu_swap_map),
					       .make = make_map };

struct mmu_error *mmu_swap_map(const struct mmu_kernel *kernel, const struct mmu_swap_map **ret)
{
	const void *found;
	struct mmu_error *error = mmu_layout_need(kernel, &swap_layout, &found, NULL);

	if (!error)
		*ret = found;
	return error;
}
