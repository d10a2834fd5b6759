/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The named regions of an i386 kernel's half: asm/pgtable_32_areas.h, asm/fixmap.h. */
#include "i386.h"

#define VMALLOC_OFFSET BIT(23)
#define GUARD (2 * BIT(12))

struct list {
	struct mmu_region *regions;
	size_t nr;
};

static void add(struct list *list, uint64_t first_va, uint64_t end_va, const char *name,
		bool assumed)
{
	if (first_va < end_va && list->nr < MMU_REGIONS_MAX &&
	    (!list->nr || list->regions[list->nr - 1].last_va < first_va))
		list->regions[list->nr++] = (struct mmu_region){ first_va, end_va - 1, name,
								 assumed };
}

static bool word(const struct mmu_facts *facts, uint64_t pa, unsigned int bytes, uint64_t *ret)
{
	uint8_t buf[8];

	if (!facts->read_phys(facts->context, pa, buf, bytes))
		return false;
	*ret = i386_little(buf, bytes);
	return true;
}

static bool variable(const struct mmu_facts *facts, const struct mmu_linear *lowmem,
		     const char *key, uint64_t *ret)
{
	uint64_t va;

	return facts->get(facts->context, key, &va) && va >= lowmem->first_va &&
	       va <= lowmem->last_va - 3 && word(facts, va - lowmem->first_va, 4, ret);
}

/*
 * Where highmem pages are mapped for a moment: what the table does that pkmap_page_table points to.
 * It fills one entry of the level above, which tells where.
 */
static bool find_pkmap(const struct mmu_facts *facts, const struct mmu_linear *lowmem,
		       const struct i386_kernel *kernel, uint64_t *ret_va, uint64_t *ret_bytes)
{
	bool pae = kernel->format == PAE;
	uint64_t table, raw, upper_pa = kernel->root_pa;
	unsigned int bytes = pae ? 8 : 4;

	*ret_bytes = pae ? BIT(21) : BIT(22);
	if (!variable(facts, lowmem, "SYMBOL(pkmap_page_table)", &table) ||
	    table < lowmem->first_va || table > lowmem->last_va)
		return false;
	table = (table - lowmem->first_va) & ~BITS(0, 11);
	if (pae) { /* the last GiB has one PMD page */
		if (!word(facts, upper_pa + 24, 8, &raw) || !(raw & PRESENT))
			return false;
		upper_pa = raw & BITS(12, 51);
	}
	for (uint64_t va = pae ? 3 * BIT(30) : 0; va <= UINT32_MAX; va += *ret_bytes) {
		uint64_t index = (va & (pae ? BITS(0, 29) : BITS(0, 31))) / *ret_bytes;

		if (va <= lowmem->last_va || !word(facts, upper_pa + index * bytes, bytes, &raw) ||
		    !(raw & PRESENT) || raw & PSE || (raw & BITS(12, 51)) != table)
			continue;
		*ret_va = va;
		return true;
	}
	return false;
}

size_t i386_regions(const struct mmu_facts *facts, struct mmu_region *ret)
{
	uint64_t pkmap, large, vmalloc, top = UINT32_MAX - 4095, slots, fixmap;
	struct list list = { .regions = ret };
	struct i386_kernel kernel;
	struct mmu_linear lowmem;
	size_t nr;

	if (i386_find_kernel(facts, &kernel) || i386_linear(facts, &lowmem, &nr))
		return 0;
	vmalloc = lowmem.last_va + 1 + VMALLOC_OFFSET;
	variable(facts, &lowmem, "SYMBOL(__FIXADDR_TOP)", &top);
	fixmap = top;
	if (facts->get(facts->context, "ENUM(fixed_addresses.__end_of_fixed_addresses)", &slots) &&
	    slots < BIT(15))
		fixmap -= slots << 12;
	add(&list, lowmem.first_va, lowmem.last_va + 1, "lowmem", false);
	if (find_pkmap(facts, &lowmem, &kernel, &pkmap, &large)) {
		add(&list, vmalloc, pkmap - GUARD, "vmalloc", false);
		add(&list, pkmap, pkmap + large, "pkmap", false);
		/* 4.15 put both between pkmap and the fixmap */
		if (facts->get(facts->context, "SYMBOL(get_cpu_entry_area)", &slots)) {
			add(&list, pkmap + large, pkmap + 2 * large, "LDT remap", true);
			add(&list, pkmap + 2 * large, fixmap, "cpu_entry_area", true);
		}
	} else {
		add(&list, vmalloc, fixmap < top ? fixmap : top, "vmalloc and above", true);
	}
	add(&list, fixmap, top, "fixmap", false);
	return list.nr;
}
