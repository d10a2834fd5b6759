/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Where an x86_64 kernel maps memory without looking at tables: its image, all memory. */
#include "x86_64.h"

static bool get(const struct mmu_facts *facts, const char *key, uint64_t *ret)
{
	return facts->get(facts->context, key, ret);
}

bool x86_64_same_image(const struct mmu_facts *facts, uint64_t top_pa, uint64_t other_pa)
{
	const uint64_t last = 511 * 8, leads_on = PRESENT | RW;
	uint8_t one[8], other[8];

	if (!facts->read_phys(facts->context, top_pa + last, one, 8) ||
	    !facts->read_phys(facts->context, other_pa + last, other, 8))
		return false;
	uint64_t raw = x86_64_little(one, 8);
	return (raw & (leads_on | PSE)) == leads_on &&
	       !((raw ^ x86_64_little(other, 8)) & ~(ACCESSED | DIRTY));
}

bool x86_64_direct_map(const struct mmu_facts *facts, const struct mmu_regime *regime,
		       uint64_t *ret_va)
{
	uint64_t va = UINT64_C(0xffff880000000000), pa, first;

	if (regime->top_level > 3)
		va = UINT64_C(0xff10000000000000);
	if (!facts->next_mapped(facts->context, regime, &va, IMAGE_MAP - 1, &pa))
		return false;
	first = va - pa;
	if (!facts->walk(facts->context, regime, first + regime->root_pa, &pa) ||
	    pa != regime->root_pa)
		return false;
	*ret_va = first;
	return true;
}

/* The direct map begins at its variable (4.8), else where the tables say. */
static bool find_direct_map(const struct mmu_facts *facts, struct mmu_linear *ret)
{
	const struct mmu_root root = { .size = sizeof(root), .kind = MMU_ROOT_KERNEL };
	struct mmu_regime regimes[2];
	uint64_t first, last, pa, last_pa, size;
	size_t nr;

	if (x86_64_locate(facts, &root, regimes, &nr))
		return false;
	size = regimes[KERNEL_HALF].top_level > 3 ? BIT(55) : BIT(46);
	if (!x86_64_variable(facts, "SYMBOL(page_offset_base)", 0, 8, &first)) {
		if (!x86_64_direct_map(facts, &regimes[KERNEL_HALF], &first))
			return false;
		facts->derived(facts->context, "PAGE_OFFSET", first,
			       "lowest mapped page; the top table is where this says", 0);
	}
	if (!x86_64_variable(facts, "SYMBOL(vmalloc_base)", 0, 8, &last)) {
		if (!facts->ram(facts->context, MMU_RAM_LAST, &pa, &last_pa))
			last_pa = size - 1;
		last = first + last_pa + 1;
	}
	if (first & BITS(0, 11) || first < (UINT64_MAX << 56) || first >= last || last > IMAGE_MAP)
		return false;
	last = last - first > size ? first + size : last;
	*ret = (struct mmu_linear){ first, last - 1, 0, "direct map", MMU_LINEAR_DIRECT };
	return true;
}

/*
 * KERNEL_IMAGE_SIZE: 512 MiB, or 1 GiB with RANDOMIZE_BASE; the modules follow and lie elsewhere.
 * Where it is not told, a symbol beyond the smaller one decides, or a text that only KASLR moves so
 * far: the others lie at PHYSICAL_START, which is 16 MiB.
 */
static uint64_t image_bytes(const struct mmu_facts *facts)
{
	static const struct {
		const char *key;
		uint64_t limit_va;
	} symbols[] = {
		{ "SYMBOL(_text)", IMAGE_MAP + BIT(27) },
		{ "SYMBOL(_stext)", IMAGE_MAP + BIT(27) },
		{ "SYMBOL(_end)", IMAGE_MAP + BIT(29) },
		{ "SYMBOL(init_uts_ns)", IMAGE_MAP + BIT(29) },
		{ "SYMBOL(init_top_pgt)", IMAGE_MAP + BIT(29) },
		{ "SYMBOL(swapper_pg_dir)", IMAGE_MAP + BIT(29) },
	};
	uint64_t size, slide, va;

	if (get(facts, "NUMBER(KERNEL_IMAGE_SIZE)", &size) && size <= BIT(30) && size >= BIT(21))
		return size;
	if (get(facts, "KERNELOFFSET", &slide) && slide)
		return BIT(30);
	for (size_t i = 0; i < COUNT(symbols); i++)
		if (get(facts, symbols[i].key, &va) && va >= symbols[i].limit_va &&
		    va < IMAGE_MAP + BIT(30))
			return BIT(30);
	return BIT(29);
}

const char *x86_64_linear(const struct mmu_facts *facts, struct mmu_linear *ret, size_t *ret_nr)
{
	uint64_t base, va, known, found;

	if (!get(facts, "NUMBER(phys_base)", &base))
		return "NUMBER(phys_base) is not known";
	/* what was found by its shape must not contradict the kernel's own variable, symbol */
	if (get(facts, KERNEL_ROOT, &found) &&
	    ((x86_64_variable(facts, "SYMBOL(phys_base)", 0, 8, &known) && known != base) ||
	     x86_64_kernel_root(facts, &va, &known) ||
	     (known != found && !x86_64_same_image(facts, known, found))))
		return "the tables in memory and the kernel's variables contradict each other";
	ret[0] = (struct mmu_linear){ IMAGE_MAP, IMAGE_MAP + image_bytes(facts) - 1, base, "image",
				      MMU_LINEAR_IMAGE };
	*ret_nr = 1 + find_direct_map(facts, &ret[1]);
	return NULL;
}
