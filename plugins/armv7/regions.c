/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The named regions of an ARM kernel's addresses: Documentation/arch/arm/memory.rst. */
#include "armv7.h"

#define MIB(n) ((uint64_t)(n) << 20)
#define VMALLOC_END UINT64_C(0xff800000)
#define VMALLOC_OFFSET MIB(8)
#define FIXADDR UINT64_C(0xffc80000)
#define FIXADDR_END UINT64_C(0xfff00000)
#define VECTORS UINT64_C(0xffff0000) /* with the page of stubs behind them */

static void add(struct mmu_region *regions, size_t *nr, uint64_t first_va, uint64_t last_va,
		const char *name, bool assumed)
{
	if (first_va <= last_va && (!*nr || regions[*nr - 1].last_va < first_va))
		regions[(*nr)++] = (struct mmu_region){ first_va, last_va, name, assumed };
}

size_t arm_regions(const struct mmu_facts *facts, struct mmu_region *ret)
{
	struct mmu_linear lowmem;
	uint64_t value, vmalloc;
	size_t nr_linear, nr = 0;

	if (arm_linear(facts, &lowmem, &nr_linear) || lowmem.first_va < MIB(16))
		return 0;
	/* pkmap is there with HIGHMEM alone; else modules reach up to lowmem */
	bool pkmap = facts->get(facts->context, "SYMBOL(pkmap_page_table)", &value);
	add(ret, &nr, lowmem.first_va - MIB(16), lowmem.first_va - (pkmap ? MIB(2) : 0) - 1,
	    "modules", true);
	if (pkmap)
		add(ret, &nr, lowmem.first_va - MIB(2), lowmem.first_va - 1, "pkmap", true);
	add(ret, &nr, lowmem.first_va, lowmem.last_va, "lowmem", false);
	vmalloc = (lowmem.last_va + 1 + VMALLOC_OFFSET) & ~(VMALLOC_OFFSET - 1);
	add(ret, &nr, vmalloc, VMALLOC_END - 1, "vmalloc", false);
	add(ret, &nr, VMALLOC_END, VMALLOC_END + MIB(4) - 1, "device tree", true); /* 5.10 */
	add(ret, &nr, FIXADDR, FIXADDR_END - 1, "fixmap", true);
	add(ret, &nr, VECTORS, VECTORS + 0x1fff, "vectors", false); /* Arm ARM, B1.8.1 */
	return nr;
}
