/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The named regions of kernel addresses: boot/startup.c, setup_kernel_memory_layout(). */
#include "s390x.h"

#define SEGMENT_BYTES BIT(20)
#define MODULES_BYTES BIT(31)
#define LOWCORE_BYTES BIT(13)
#define SECTION_PAGES BIT(16) /* SECTION_SIZE_BITS is 28 */

static bool get(const struct mmu_facts *facts, const char *key, uint64_t *ret)
{
	return facts->get(facts->context, key, ret);
}

/* What a variable of the kernel holds. */
static bool variable(const struct mmu_facts *facts, const char *key, uint64_t *ret)
{
	uint8_t word[8];
	uint64_t va, pa;

	if (!get(facts, key, &va) || !s390x_image_pa(facts, va, &pa) ||
	    !facts->read_phys(facts->context, pa, word, sizeof(word)))
		return false;
	*ret = s390x_big(word, sizeof(word));
	return true;
}

struct list {
	struct mmu_region *regions;
	size_t nr;
};

/* Regions come from several sources; what overlaps one that is there is not added. */
static void add(struct list *list, uint64_t first_va, uint64_t last_va, const char *name,
		bool assumed)
{
	size_t at = 0;

	while (at < list->nr && list->regions[at].last_va < first_va)
		at++;
	if (first_va > last_va || list->nr == MMU_REGIONS_MAX ||
	    (at < list->nr && list->regions[at].first_va <= last_va))
		return;
	for (size_t i = list->nr++; i > at; i--)
		list->regions[i] = list->regions[i - 1];
	list->regions[at] = (struct mmu_region){ first_va, last_va, name, assumed };
}

static void add_between(struct list *list, bool known, uint64_t first_va, uint64_t end_va,
			const char *name, bool assumed)
{
	if (known && first_va < end_va)
		add(list, first_va, end_va - 1, name, assumed);
}

/* The vmemmap: VMCOREINFO has where it begins (6.9), a variable its size. */
static void add_vmemmap(const struct mmu_facts *facts, const struct mmu_linear *image,
			uint64_t last_pa, struct list *list)
{
	uint64_t first, bytes, page_bytes;
	bool sized = variable(facts, "SYMBOL(vmemmap_size)", &bytes);

	if (!get(facts, "SYMBOL(vmemmap)", &first) ||
	    (first >= image->first_va && first <= image->last_va &&
	     !variable(facts, "SYMBOL(vmemmap)", &first)))
		return;
	if (!sized && get(facts, "SIZE(page)", &page_bytes) && page_bytes <= 512) {
		bytes = ((last_pa >> 12) / SECTION_PAGES + 1) * SECTION_PAGES * page_bytes;
		sized = true;
	}
	add_between(list, sized, first, first + bytes, "vmemmap", false);
}

/* Modules end where the image begins, and vmalloc where they begin (6.10). */
static void add_vmalloc(const struct mmu_facts *facts, uint64_t slide, struct list *list)
{
	uint64_t modules = 0, modules_end = 0, vmalloc = 0, vmalloc_end = 0;
	bool told = variable(facts, "SYMBOL(MODULES_VADDR)", &modules) &&
		    variable(facts, "SYMBOL(MODULES_END)", &modules_end),
	     known = told || slide > MODULES_BYTES;

	if (!told) {
		modules_end = slide & ~(SEGMENT_BYTES - 1);
		modules = modules_end - MODULES_BYTES;
	}
	add_between(list, known, modules, modules_end, "modules", !told);
	if (variable(facts, "SYMBOL(VMALLOC_START)", &vmalloc) &&
	    variable(facts, "SYMBOL(VMALLOC_END)", &vmalloc_end))
		add_between(list, true, vmalloc, vmalloc_end, "vmalloc", false);
	else if (get(facts, "NUMBER(VMALLOC_START)", &vmalloc))
		add_between(list, known, vmalloc, modules, "vmalloc", !told);
}

size_t s390x_regions(const struct mmu_facts *facts, struct mmu_region *ret)
{
	struct mmu_linear linear[MMU_LINEAR_MAX];
	const struct mmu_linear *direct;
	struct list list = { ret, 0 };
	uint64_t first, slide = 0, nr_cpus;
	size_t nr_linear;

	if (s390x_linear(facts, linear, &nr_linear))
		return 0;
	direct = &linear[nr_linear - 1];
	/* each CPU's own: below 8 KiB an address is a real one, which the prefix register moves */
	add(&list, 0, LOWCORE_BYTES - 1, "lowcore", false);
	first = direct->first_va < LOWCORE_BYTES ? LOWCORE_BYTES : direct->first_va;
	add(&list, first, direct->last_va, direct->name, false);
	if (nr_linear > 1) {
		add(&list, linear[0].first_va, linear[0].last_va, linear[0].name, false);
		get(facts, "KERNELOFFSET", &slide);
	}
	add_vmemmap(facts, &linear[0], direct->last_va - direct->first_va, &list);
	add_vmalloc(facts, slide, &list);
	/* asm/abs_lowcore.h: room for all CPUs */
	if (variable(facts, "SYMBOL(__abs_lowcore)", &first) &&
	    get(facts, "LENGTH(lowcore_ptr)", &nr_cpus) && nr_cpus <= BIT(16))
		add_between(&list, true, first, first + LOWCORE_BYTES * nr_cpus, "lowcores", false);
	if (variable(facts, "SYMBOL(__memcpy_real_area)", &first) && first <= UINT64_MAX - 4095)
		add(&list, first, first + 4095, "real memory window", false);
	return list.nr;
}
