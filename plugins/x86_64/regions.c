/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The named regions of an x86_64 kernel's half: Documentation/arch/x86/x86_64/mm.rst. */
#include "x86_64.h"

/* What lies at the same place in all kernels with 4 or with 5 levels, unless it is randomized. */
static const struct layout {
	uint64_t ldt_va, ldt_bytes;
	uint64_t direct_va[2]; /* before and since the LDT remap lies below it (4.20) */
	uint64_t vmalloc_va, vmalloc_bytes, vmemmap_va, vmemmap_bytes, kasan_va;
} layouts[] = {
	{ UINT64_C(0xffff880000000000),
	  BIT(39),
	  { UINT64_C(0xffff880000000000), UINT64_C(0xffff888000000000) },
	  UINT64_C(0xffffc90000000000),
	  BIT(45),
	  UINT64_C(0xffffea0000000000),
	  BIT(40),
	  UINT64_C(0xffffec0000000000) },
	{ UINT64_C(0xff10000000000000),
	  BIT(48),
	  { UINT64_C(0xff10000000000000), UINT64_C(0xff11000000000000) },
	  UINT64_C(0xffa0000000000000),
	  12800 * BIT(40),
	  UINT64_C(0xffd4000000000000),
	  BIT(49),
	  UINT64_C(0xffdf000000000000) },
};

#define KASAN_END UINT64_C(0xfffffc0000000000)
#define CPU_ENTRY_AREA UINT64_C(0xfffffe0000000000)
#define ESPFIX UINT64_C(0xffffff0000000000)
#define EFI UINT64_C(0xffffffef00000000)
#define MODULES_END UINT64_C(0xffffffffff000000)
#define VSYSCALL UINT64_C(0xffffffffff600000)

struct list {
	struct mmu_region *regions;
	size_t nr;
};

/* The last region gives way: how far it may grow is known, not how far it does. */
static void add(struct list *list, uint64_t first_va, uint64_t last_va, const char *name,
		bool assumed)
{
	struct mmu_region *before = list->nr ? &list->regions[list->nr - 1] : NULL;

	if (first_va > last_va || list->nr == MMU_REGIONS_MAX ||
	    (before && before->first_va >= first_va))
		return;
	if (before && before->last_va >= first_va)
		before->last_va = first_va - 1;
	list->regions[list->nr++] = (struct mmu_region){ first_va, last_va, name, assumed };
}

static bool knows(const struct mmu_facts *facts, const char *key)
{
	uint64_t value;

	return facts->get(facts->context, key, &value);
}

/*
 * A region that begins where its variable says (4.9), else where it does in kernels that randomize
 * nothing.
 */
static void add_at(const struct mmu_facts *facts, struct list *list, const char *key, bool is_fixed,
		   uint64_t fixed_va, uint64_t bytes, const char *name)
{
	uint64_t va = fixed_va;

	if (!knows(facts, key) && is_fixed)
		add(list, va, va + bytes - 1, name, true);
	else if (knows(facts, key) && x86_64_variable(facts, key, 0, 8, &va) &&
		 va >= UINT64_MAX << 56 && va < IMAGE_MAP)
		add(list, va, va + bytes - 1, name, false);
}

static void add_sized(const struct mmu_facts *facts, struct list *list, const struct layout *layout,
		      uint64_t direct_va)
{
	bool is_fixed = direct_va == layout->direct_va[0] || direct_va == layout->direct_va[1];

	add_at(facts, list, "SYMBOL(vmalloc_base)", is_fixed, layout->vmalloc_va,
	       layout->vmalloc_bytes, "vmalloc");
	add_at(facts, list, "SYMBOL(vmemmap_base)", is_fixed, layout->vmemmap_va,
	       layout->vmemmap_bytes, "vmemmap");
	if (knows(facts, "SYMBOL(kasan_early_shadow_page)") || knows(facts, "SYMBOL(kasan_zero_"
									    "page)"))
		add(list, layout->kasan_va, KASAN_END - 1, "KASAN shadow", true);
}

size_t x86_64_regions(const struct mmu_facts *facts, struct mmu_region *ret)
{
	const struct mmu_root root = { .size = sizeof(root), .kind = MMU_ROOT_KERNEL };
	struct mmu_linear linear[MMU_LINEAR_MAX];
	struct mmu_regime regimes[MMU_REGIMES_MAX];
	struct list list = { .regions = ret };
	size_t nr_linear, nr_regimes;

	if (x86_64_linear(facts, linear, &nr_linear) ||
	    x86_64_locate(facts, &root, regimes, &nr_regimes))
		return 0;
	const struct layout *layout = &layouts[regimes[KERNEL_HALF].top_level > 3];
	if (nr_linear > 1) {
		if (linear[1].first_va >= layout->direct_va[1])
			add(&list, layout->ldt_va, layout->ldt_va + layout->ldt_bytes - 1,
			    "LDT remap", true);
		add(&list, linear[1].first_va, linear[1].last_va, "direct map", false);
		add_sized(facts, &list, layout, linear[1].first_va);
	}
	if (knows(facts, "SYMBOL(get_cpu_entry_area)") || /* 4.15 */
	    knows(facts, "SYMBOL(__pgtable_l5_enabled)")) /* 4.17 */
		add(&list, CPU_ENTRY_AREA, CPU_ENTRY_AREA + BIT(39) - 1, "cpu_entry_area", true);
	if (knows(facts, "SYMBOL(init_espfix_ap)"))
		add(&list, ESPFIX, ESPFIX + BIT(39) - 1, "espfix", true);
	add(&list, EFI, EFI + 64 * BIT(30) - 1, "EFI run time", true);
	add(&list, linear[0].first_va, linear[0].last_va, "image", false);
	add(&list, linear[0].last_va + 1, MODULES_END - 1, "modules", true);
	add(&list, MODULES_END, VSYSCALL - 1, "fixmap", true);
	/* programs rely on this address */
	add(&list, VSYSCALL, VSYSCALL + BIT(12) - 1, "vsyscall", false);
	return list.nr;
}
