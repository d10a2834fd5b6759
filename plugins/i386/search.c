/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Finding an i386 kernel that nothing describes, by the shape of its own top table. */
#include <string.h>

#include "i386.h"

#define RANGES_MAX 65536u
#define LOWMEM_MAX BIT(30) /* less is direct-mapped, whatever the split */

/* Is this slot of a top table one that a kernel's own may have? */
static bool leads_on(uint64_t raw, unsigned int format)
{
	return format == PAE ? (raw & BITS(0, 2)) == PRESENT && !(raw & BITS(52, 63))
			     : (raw & (PRESENT | RW)) == (PRESENT | RW);
}

/*
 * Processes share the kernel's half, and their top tables lie in lowmem: they map themselves as
 * well. The kernel's own has nothing in the user half.
 */
static bool is_own(const struct mmu_facts *facts, const uint8_t table[4096],
		   const struct i386_kernel *kernel)
{
	static const uint8_t zeros[4096];
	bool pae = kernel->format == PAE;
	size_t entry = pae ? 8 : 4;
	size_t user = (size_t)(kernel->page_offset_va >> (pae ? 30 : 22)) * entry;
	uint64_t va = kernel->page_offset_va + kernel->root_pa;

	if (va > UINT32_MAX)
		return false;
	size_t slot = (size_t)(va >> (pae ? 30 : 22)) * entry;
	return leads_on(i386_little(table + slot, (unsigned int)entry), kernel->format) &&
	       memcmp(table, zeros, user) == 0 && i386_maps_itself(facts, kernel);
}

/* With a vmlinux the table tells the slide, which moves the image in lowmem. */
static bool tell(const struct mmu_facts *facts, const struct i386_kernel *kernel)
{
	const char *how = "top table by its shape: it maps itself, and no process's memory";
	uint64_t value, link;

	if ((facts->get(facts->context, "PAGE_OFFSET", &value) &&
	     value != kernel->page_offset_va) ||
	    (facts->get(facts->context, "CONFIG_X86_PAE", &value) &&
	     (value != 0) != (kernel->format == PAE)))
		return false;
	if (facts->link_symbol(facts->context, "swapper_pg_dir", &link)) {
		value = kernel->page_offset_va + kernel->root_pa - link;
		if (value & BITS(0, 12)) /* CONFIG_PHYSICAL_ALIGN is no less */
			return false;
		facts->derived(facts->context, "KERNELOFFSET", value, how, 0);
	}
	facts->derived(facts->context, KERNEL_ROOT, kernel->root_pa, how, 0);
	facts->derived(facts->context, "PAGE_OFFSET", kernel->page_offset_va, how, 0);
	facts->derived(facts->context, "CONFIG_X86_PAE", kernel->format == PAE, how, 0);
	return true;
}

bool i386_search(const struct mmu_facts *facts, uint64_t *pa)
{
	uint64_t first, last, from = *pa;

	for (unsigned int n = 0; n < RANGES_MAX && facts->ram(facts->context, n, &first, &last);
	     n++) {
		first = first > from ? first : from;
		first = (first + 4095) & ~UINT64_C(4095);
		for (; first < LOWMEM_MAX && first <= last && last - first >= 4095; first += 4096) {
			struct i386_kernel kernel = { .root_pa = first };
			uint8_t table[4096];

			/* with every split the lower GiB is the user's */
			if (!facts->read_phys(facts->context, first, table, 8) ||
			    i386_little(table, 8) ||
			    !facts->read_phys(facts->context, first, table, sizeof(table)))
				continue;
			for (unsigned int i = 0; i < NR_SPLITS * NR_FORMATS; i++) {
				kernel.format = i % NR_FORMATS;
				kernel.page_offset_va = i386_splits[i / NR_FORMATS];
				if (!is_own(facts, table, &kernel) || !tell(facts, &kernel))
					continue;
				*pa = first + 4096;
				return true;
			}
		}
	}
	return false;
}
