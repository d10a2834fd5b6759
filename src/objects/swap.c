/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the swap types of this kernel mean. */
#include "kernel/layout.h"
#include "kernel/memory.h"
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
 * maple tree of 6.1 proves the same, and is at hand: the enum can be far away in the debug info,
 * and kallsyms knows the tree's functions where nothing tells of types.
 */
static bool has_exclusive(const struct mmu_kernel *kernel)
{
	return known(kernel, "OFFSET(mm_struct.mm_mt)") ||
	       known(kernel, "ENUM(pageflags.PG_anon_exclusive)") ||
	       known(kernel, "SYMBOL(mas_find)");
}

/*
 * The special types lie above MAX_SWAPFILES in this order (include/linux/swap.h); how many there
 * are of each.
 */
struct specials {
	unsigned int hwpoison, migration, device, marker, error;
};

/* What the kernel's functions say. Each is there with the option that its types need. */
static struct specials told_by_symbols(const struct mmu_kernel *kernel, bool exclusive)
{
	struct specials told = { .hwpoison = known(kernel, "SYMBOL(memory_failure)"),
				 .marker = exclusive };

	if (known(kernel, "SYMBOL(migrate_pages)"))
		told.migration = exclusive ? 3 : 2;
	if (known(kernel, "SYMBOL(make_device_exclusive)")) /* 6.15: c25465eb7630 */
		told.device = 3;
	else if (known(kernel, "SYMBOL(make_device_exclusive_range)")) /* 5.14: b756a3b5e7ea */
		told.device = 4;
	else if (!exclusive && (known(kernel, "SYMBOL(migrate_vma_setup)") ||
				known(kernel, "SYMBOL(device_private_entry_fault)")))
		told.device = 2;
	/* up to 6.1; 6.2 made it a marker (15520a3f0469), and RSS per-CPU counters */
	if (exclusive && !known(kernel, "SYMBOL(do_vmi_munmap)"))
		told.error = known(kernel, "LENGTH(mm_struct.rss_stat.count)");
	return told;
}

/* MAX_SWAPFILES as the length of swap_info[]. */
struct length {
	uint64_t least, most;
	uint64_t span; /* up to the next symbol, in elements; 0: not known */
	bool exact;
};

/*
 * kallsyms has no sizes: the next symbol may lie up to an alignment of 64 bytes behind the array.
 * No type from nr_swapfiles on is in use for a swap file; those below all are, or were.
 */
static bool find_length(const struct mmu_kernel *kernel, struct length *ret)
{
	unsigned int pointer_bytes = mmu_kernel_pointer_bytes(kernel);
	uint64_t span, va;
	uint8_t bytes[4];

	*ret = (struct length){ .least = 16, .most = 32 };
	if (mmu_fact_get(kernel->facts, "LENGTH(swap_info)", &ret->least)) {
		ret->most = ret->least;
		ret->exact = true;
		return ret->least >= 16 && ret->least <= 32;
	}
	if (mmu_fact_get(kernel->facts, "SPAN(swap_info)", &span)) {
		ret->span = span / pointer_bytes;
		if (ret->span > 32 + 64 / pointer_bytes)
			return false;
		if (ret->span < 32)
			ret->most = ret->span;
		if (ret->span > 16 + 64 / pointer_bytes)
			ret->least = ret->span - 64 / pointer_bytes + 1;
	} else if (!known(kernel, "SYMBOL(migrate_pages)")) {
		return false; /* no symbols, or a kernel without any special type */
	}
	if (mmu_fact_get(kernel->facts, "SYMBOL(nr_swapfiles)", &va) &&
	    mmu_memory_read_alone((void *)kernel, va, bytes, sizeof(bytes))) {
		uint64_t used = mmu_get_uint(bytes, sizeof(bytes), kernel->big_endian);

		if (used > ret->least)
			ret->least = used;
	}
	return true;
}

/*
 * Which kinds a kernel can have at all: device types came in pairs before markers, and are 3 from
 * 6.15 on, long after the swapin error went.
 */
static bool is_scheme(const struct specials *s, bool exclusive)
{
	return exclusive ? s->device != 2 && s->marker + s->error && (s->device != 3 || !s->error)
			 : s->device != 3 && !s->marker && !s->error;
}

/*
 * The scheme that fits the length best: what symbols tell counts more than that the next symbol
 * begins where the array ends; but whether 5.19 to 6.1 have markers, only the length tells.
 * @return false: none fits, or not well; say less rather than something wrong
 */
static bool find_specials(const struct mmu_kernel *kernel, struct specials *ret, bool *ret_assumed)
{
	static const unsigned int nr_device[] = { 0, 2, 3, 4 };
	bool exclusive = has_exclusive(kernel);
	struct specials told = told_by_symbols(kernel, exclusive);
	unsigned int least_cost = UINT32_MAX, ties = 0;
	struct length length;

	if (!find_length(kernel, &length))
		return false;
	for (unsigned int i = 0; i < 16; i++) {
		struct specials s = { told.hwpoison, told.migration, nr_device[i >> 2], i & 1,
				      i >> 1 & 1 };
		uint64_t n = 32 - s.hwpoison - s.migration - s.device - s.marker - s.error;
		unsigned int cost = (s.device != told.device) * 4 + (s.error != told.error) * 4 +
				    (s.marker != told.marker) * (told.error ? 1 : 4) +
				    (n != length.span) * 2;

		if (!is_scheme(&s, exclusive) || n < length.least || n > length.most)
			continue;
		ties = cost == least_cost ? ties + 1 : cost < least_cost ? 0 : ties;
		if (cost < least_cost) {
			least_cost = cost;
			*ret = s;
		}
	}
	*ret_assumed = ties || (!length.exact && (!length.span || least_cost >= 4 ||
						  (told.error && least_cost >= 2)));
	return least_cost < (length.exact ? UINT32_MAX : 8);
}

static void make_map(const struct mmu_kernel *kernel, void *ret)
{
	struct mmu_swap_map *map = ret;
	struct specials s = { 0 };
	uint64_t max_physmem_bits;
	unsigned int type;

	for (type = 0; type < 32; type++)
		map->result[type] = MMU_RESULT_SWAPPED;
	map->known = find_specials(kernel, &s, &map->assumed);
	if (!map->known)
		return;
	type = 32 - s.hwpoison - s.migration - s.device - s.marker - s.error;
	mmu_fact_derive(kernel->facts, "LENGTH(swap_info)", type,
			"the special types that the kernel's symbols tell of, and its span",
			map->assumed ? MMU_DERIVED_ASSUMED : 0);
	if (!mmu_fact_get(kernel->facts, "NUMBER(MAX_PHYSMEM_BITS)", &max_physmem_bits) ||
	    max_physmem_bits <= mmu_kernel_page_lg2(kernel) || max_physmem_bits > 64)
		/* without sparse memory all of a word: SWP_PFN_BITS in swapops.h */
		max_physmem_bits = kernel->arch->elf_class == 1 ? 32 : 52;
	/* since 5.19 (0d206b5d2e0d) the bits above the frame number say young and dirty */
	map->pfn_bits = (uint8_t)(max_physmem_bits - mmu_kernel_page_lg2(kernel));

	assign(map, &type, s.hwpoison, MMU_RESULT_HWPOISON, NULL);
	assign(map, &type, s.migration > 0, MMU_RESULT_MIGRATION, "was read-only");
	assign(map, &type, s.migration > 2, MMU_RESULT_MIGRATION, "was read-only, exclusive");
	assign(map, &type, s.migration > 0, MMU_RESULT_MIGRATION, "was writable");
	assign(map, &type, s.device, MMU_RESULT_DEVICE, NULL);
	assign(map, &type, s.marker, MMU_RESULT_MARKER,
	       "a PTE marker: offset bit 0 uffd-wp, 1 poisoned, 2 guard");
	assign(map, &type, s.error, MMU_RESULT_MARKER, "reading it back from swap failed");
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
