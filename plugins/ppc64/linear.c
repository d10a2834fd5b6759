/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Where a ppc64 kernel maps memory without tables; its regions; its byte order. */
#include <string.h>

#include "ppc64.h"

static bool get(const struct mmu_facts *facts, const char *key, uint64_t *ret)
{
	return facts->get(facts->context, key, ret);
}

/* asm/page.h: __va() is PAGE_OFFSET | pa, on all kernels and wherever they were loaded. */
const char *ppc64_linear(const struct mmu_facts *facts, struct mmu_linear *ret, size_t *ret_nr)
{
	uint64_t first, last_pa, va;

	if (!facts->ram(facts->context, MMU_RAM_LAST, &first, &last_pa))
		return "no memory is known";
	if (last_pa >= LINEAR_BYTES_MAX)
		last_pa = LINEAR_BYTES_MAX - 1;
	/* relocated kernels tell it in their notes; without those nothing moved it */
	if (!get(facts, "KERNELOFFSET", &va))
		facts->derived(facts->context, "KERNELOFFSET", 0,
			       "kernels run where they are linked, if no note says otherwise",
			       MMU_DERIVED_ASSUMED);
	/* here it is a variable: that of x86 is called vmemmap_base */
	if (get(facts, "SYMBOL(vmemmap)", &va))
		facts->derived(facts->context, "SYMBOL(vmemmap_base)", va,
			       "vmemmap is the variable that says where", 0);
	ret[0] = (struct mmu_linear){ KERNEL_VA, KERNEL_VA + last_pa, 0, "linear",
				      MMU_LINEAR_IMAGE | MMU_LINEAR_DIRECT };
	*ret_nr = 1;
	return NULL;
}

/* ------------------------------------------------------------------ regions */

static void add(struct mmu_region *regions, size_t *nr, uint64_t first_va, uint64_t last_va,
		const char *name)
{
	if (first_va <= last_va && *nr < MMU_REGIONS_MAX &&
	    (!*nr || regions[*nr - 1].last_va < first_va))
		regions[(*nr)++] = (struct mmu_region){ first_va, last_va, name };
}

/* asm/book3s/64/hash.h and radix.h: vmalloc, I/O and vmemmap follow each other. */
size_t ppc64_regions(const struct mmu_facts *facts, struct mmu_region *ret)
{
	static const char *const names[] = { "vmalloc", "I/O", "vmemmap" };
	uint64_t image_va = 0, end_va = 0, first = UINT64_C(0xc008000000000000), bytes = BIT(49);
	struct mmu_linear linear;
	struct ppc64_kernel kernel;
	size_t nr = 0, unused;

	if (ppc64_linear(facts, &linear, &unused) || ppc64_find_kernel(facts, &kernel))
		return 0;
	if (kernel.hash && kernel.page_lg2 == 12) {
		first = UINT64_C(0xc0003d0000000000);
		bytes = BIT(40);
	}
	if (linear.last_va >= first)
		linear.last_va = first - 1;
	if (get(facts, "SYMBOL(_stext)", &image_va) && get(facts, "SYMBOL(_end)", &end_va) &&
	    image_va >= linear.first_va && image_va < end_va && end_va <= linear.last_va) {
		if (image_va > linear.first_va)
			add(ret, &nr, linear.first_va, image_va - 1, "direct map");
		add(ret, &nr, image_va, end_va - 1, "image");
		add(ret, &nr, end_va, linear.last_va, "direct map");
	} else {
		add(ret, &nr, linear.first_va, linear.last_va, "direct map");
	}
	for (size_t i = 0; i < COUNT(names); i++)
		add(ret, &nr, first + i * bytes, first + (i + 1) * bytes - 1, names[i]);
	return nr;
}

/* ------------------------------------------------------------------ byte order */

/*
 * head_64.S: a kernel begins with instructions that do nothing, either `nop` or, where firmware may
 * start it in the other order, `tdi 0,0,0x48`. The image's headers have the order of whoever wrote
 * them: QEMU's, that of the interrupts when the machine was made.
 */
bool ppc64_byte_order(const struct mmu_facts *facts, bool *ret_big)
{
	static const uint8_t starts[2][4] = { { 0x60, 0, 0, 0 }, { 0x08, 0, 0, 0x48 } };
	static const uint64_t places[] = { 0, 0x2000000, 0x4000000 }; /* a kdump kernel's, 32 MiB */
	uint8_t word[4], turned[4];

	for (size_t i = 0; i < COUNT(places); i++) {
		if (!facts->read_phys(facts->context, places[i], word, sizeof(word)))
			continue;
		for (unsigned int n = 0; n < 4; n++)
			turned[n] = word[3 - n];
		for (size_t n = 0; n < COUNT(starts); n++) {
			bool big = !memcmp(word, starts[n], sizeof(word));

			if (!big && memcmp(turned, starts[n], sizeof(word)) != 0)
				continue;
			*ret_big = big;
			return true;
		}
	}
	return false;
}
