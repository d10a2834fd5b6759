/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The named regions of an arm64 kernel's half: Documentation/arch/arm64/memory.rst. */
#include "arm64.h"

static void add(struct mmu_region *regions, size_t *nr, uint64_t first_va, uint64_t last_va,
		const char *name)
{
	if (first_va <= last_va && *nr < MMU_REGIONS_MAX &&
	    (!*nr || regions[*nr - 1].last_va < first_va))
		regions[(*nr)++] = (struct mmu_region){ first_va, last_va, name };
}

/* A range that VMCOREINFO has since 6.0; its end is exclusive. */
static bool told(const struct mmu_facts *facts, const char *first, const char *end,
		 uint64_t *ret_first, uint64_t *ret_end)
{
	return facts->get(facts->context, first, ret_first) &&
	       facts->get(facts->context, end, ret_end) && *ret_first < *ret_end;
}

/*
 * The image lies among vmalloc or the modules, wherever KASLR put it: the region around it is in
 * two pieces.
 */
static void add_around(struct mmu_region *regions, size_t *nr, uint64_t first, uint64_t last,
		       const struct mmu_linear *image, const char *name)
{
	if (image->last_va < first || image->first_va > last) {
		add(regions, nr, first, last, name);
		return;
	}
	add(regions, nr, first, image->first_va - 1, name);
	add(regions, nr, image->first_va, image->last_va, "image");
	add(regions, nr, image->last_va + 1, last, name);
}

size_t arm64_regions(const struct mmu_facts *facts, struct mmu_region *ret)
{
	struct mmu_linear linear[MMU_LINEAR_MAX];
	uint64_t first, end;
	size_t nr_linear, nr = 0;

	if (arm64_linear(facts, linear, &nr_linear))
		return 0;
	if (nr_linear > 1)
		add(ret, &nr, linear[1].first_va, linear[1].last_va, "direct map");
	if (told(facts, "NUMBER(MODULES_VADDR)", "NUMBER(MODULES_END)", &first, &end))
		add_around(ret, &nr, first, end - 1, &linear[0], "modules");
	if (told(facts, "NUMBER(VMALLOC_START)", "NUMBER(VMALLOC_END)", &first, &end))
		add_around(ret, &nr, first, end - 1, &linear[0], "vmalloc");
	else
		add(ret, &nr, linear[0].first_va, linear[0].last_va, "image");
	if (told(facts, "NUMBER(VMEMMAP_START)", "NUMBER(VMEMMAP_END)", &first, &end))
		add(ret, &nr, first, end - 1, "vmemmap");
	return nr;
}
