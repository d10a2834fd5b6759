/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Where an arm64 kernel maps memory without looking at tables: its image, all memory. */
#include "arm64.h"

#define PROBE_BYTES BIT(16)     /* kernels are aligned to this: SEGMENT_ALIGN */
#define IMAGE_BYTES_MAX BIT(30) /* more than any kernel has */

static bool get(const struct mmu_facts *facts, const char *key, uint64_t *ret)
{
	return facts->get(facts->context, key, ret);
}

/* Symbols that VMCOREINFO has always had, all of them in the image. */
static const char *const known[] = { "SYMBOL(_text)",           "SYMBOL(_stext)",
				     "SYMBOL(swapper_pg_dir)",  "SYMBOL(init_uts_ns)",
				     "SYMBOL(node_online_map)", "SYMBOL(vmap_area_list)" };

/* Where the image begins and ends: by its symbols, or where tables stop being linear. */
static const char *find_image(const struct mmu_facts *facts, const struct mmu_regime *regime,
			      struct mmu_linear *ret)
{
	uint64_t first = UINT64_MAX, last = 0, va, pa, offset, step = BIT(regime->page_lg2);

	if (!get(facts, "NUMBER(kimage_voffset)", &offset))
		return "NUMBER(kimage_voffset) is not known";
	for (size_t i = 0; i < COUNT(known); i++) {
		if (!get(facts, known[i], &va) || va < regime->first_va)
			continue;
		first = va < first ? va : first;
		last = va > last ? va : last;
	}
	if (first > last || last - first >= IMAGE_BYTES_MAX)
		return "no symbol tells where the kernel's image lies";
	first &= ~(PROBE_BYTES - 1);
	if (get(facts, "SYMBOL(_end)", &va) && va > last && va - first < IMAGE_BYTES_MAX) {
		last = va - 1;
	} else {
		for (va = last & ~(step - 1); va - first < IMAGE_BYTES_MAX; va += step)
			if (!facts->walk(facts->context, regime, va, &pa) || pa != va - offset)
				break;
		last = va > last ? va - 1 : last;
	}
	*ret = (struct mmu_linear){ first, last, first - offset, "image", MMU_LINEAR_IMAGE };
	return NULL;
}

/* Does this put the top table where it is? The linear map has the image too, to read. */
static bool is_page_offset(const struct mmu_facts *facts, const struct mmu_regime *regime,
			   uint64_t base, uint64_t phys)
{
	uint64_t pa;

	return facts->walk(facts->context, regime, regime->root_pa - phys + base, &pa) &&
	       pa == regime->root_pa;
}

/*
 * asm/memory.h: the linear map has the lower half of the kernel's addresses since 5.4
 * (14c127c957c1), the upper half before. PHYS_OFFSET is memstart_addr, which KASLR and 52-bit
 * kernels on 48-bit processors move below 0; VA_BITS is the configured size for them.
 */
static bool page_offset(const struct mmu_facts *facts, uint64_t *ret)
{
	struct mmu_regime regime;
	uint64_t bits, phys;

	if (get(facts, "PAGE_OFFSET", ret))
		return true;
	if (arm64_kernel_regime(facts, &regime) || !get(facts, "NUMBER(VA_BITS)", &bits) ||
	    bits < 36 || bits > 52 || !get(facts, "NUMBER(PHYS_OFFSET)", &phys))
		return false;
	for (unsigned int half = 0; half < 2; half++) {
		*ret = -BIT(bits - half);
		if (!is_page_offset(facts, &regime, *ret, phys))
			continue;
		facts->derived(facts->context, "PAGE_OFFSET", *ret,
			       "the linear map has swapper_pg_dir where this says", 0);
		return true;
	}
	return false;
}

static bool find_direct_map(const struct mmu_facts *facts, const struct mmu_regime *regime,
			    struct mmu_linear *ret)
{
	uint64_t base, phys, pa, last, first_pa = UINT64_MAX, last_pa = 0;

	if (!page_offset(facts, &base) || !get(facts, "NUMBER(PHYS_OFFSET)", &phys))
		return false;
	for (unsigned int i = 0; i < 65536 && facts->ram(facts->context, i, &pa, &last); i++) {
		first_pa = pa < first_pa ? pa : first_pa;
		last_pa = last > last_pa ? last : last_pa;
	}
	base -= phys;
	if (first_pa > last_pa || base + first_pa < regime->first_va ||
	    base + last_pa < base + first_pa)
		return false;
	*ret = (struct mmu_linear){ base + first_pa, base + last_pa, first_pa, "direct map",
				    MMU_LINEAR_DIRECT };
	return true;
}

/* asm/pgtable.h: vmemmap has the struct page of frame 0, which PHYS_OFFSET moves. */
static void find_vmemmap(const struct mmu_facts *facts, const struct mmu_regime *regime)
{
	uint64_t first, phys, bytes, va;

	if (get(facts, "SYMBOL(vmemmap)", &va) || !get(facts, "NUMBER(VMEMMAP_START)", &first) ||
	    !get(facts, "NUMBER(PHYS_OFFSET)", &phys) || !get(facts, "SIZE(page)", &bytes))
		return;
	va = first - (uint64_t)((int64_t)phys >> regime->page_lg2) * bytes;
	facts->derived(facts->context, "SYMBOL(vmemmap)", va,
		       "NUMBER(VMEMMAP_START) and NUMBER(PHYS_OFFSET)", 0);
}

const char *arm64_linear(const struct mmu_facts *facts, struct mmu_linear *ret, size_t *ret_nr)
{
	struct mmu_linear image, direct;
	struct mmu_regime regime;
	const char *missing = arm64_kernel_regime(facts, &regime);

	if (!missing)
		missing = find_image(facts, &regime, &image);
	if (missing)
		return missing;
	find_vmemmap(facts, &regime);
	ret[0] = image;
	*ret_nr = 1;
	if (find_direct_map(facts, &regime, &direct) &&
	    (direct.last_va < image.first_va || direct.first_va > image.last_va))
		ret[(*ret_nr)++] = direct;
	return NULL;
}
