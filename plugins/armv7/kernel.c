/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Finding an ARM kernel: physical offset, virtual split, short descriptors or LPAE. */
#include <string.h>

#include "armv7.h"

static bool get(const struct mmu_facts *facts, const char *key, uint64_t *ret)
{
	return facts->get(facts->context, key, ret);
}

static bool read_u(const struct mmu_facts *facts, uint64_t pa, unsigned int bytes, uint64_t *ret)
{
	uint8_t buf[8];
	uint64_t value = 0;

	if (!facts->read_phys(facts->context, pa, buf, bytes))
		return false;
	while (bytes-- > 0)
		value = value << 8 | buf[bytes];
	*ret = value;
	return true;
}

/* VMSPLIT_3G, _3G_OPT, _2G, _1G: the text begins in the first MiBs behind PAGE_OFFSET. */
static bool page_offset(const struct mmu_facts *facts, uint64_t *ret)
{
	static const uint64_t splits[] = { 0xc0000000, 0xb0000000, 0x80000000, 0x40000000 };
	uint64_t text_va;

	if (get(facts, "PAGE_OFFSET", ret))
		return true;
	if (!get(facts, "SYMBOL(_stext)", &text_va) &&
	    !get(facts, "SYMBOL(swapper_pg_dir)", &text_va))
		return false;
	for (size_t i = 0; i < COUNT(splits); i++) {
		if (text_va < splits[i])
			continue;
		*ret = splits[i];
		facts->derived(facts->context, "PAGE_OFFSET", *ret,
			       "the split that _stext lies in");
		return true;
	}
	return false;
}

static bool is_lpae(const struct mmu_facts *facts, bool *ret)
{
	uint64_t value;

	/* VMCOREINFO of an LPAE kernel has this line, that of another has none */
	if (get(facts, "CONFIG_ARM_LPAE", &value)) {
		*ret = value != 0;
		return true;
	}
	if (get(facts, "SIZE(pte_t)", &value)) {
		*ret = value == 8;
		return true;
	}
	*ret = false;
	return get(facts, "SYMBOL(swapper_pg_dir)", &value);
}

/* Does the kernel's own table, found with this offset, map PAGE_OFFSET to it? */
static bool tables_agree(const struct mmu_facts *facts, uint64_t split, uint64_t phys_offset)
{
	uint64_t swapper, raw, lpae_raw;
	bool lpae;

	if (!is_lpae(facts, &lpae) || !get(facts, "SYMBOL(swapper_pg_dir)", &swapper) ||
	    swapper < split)
		return false;
	swapper = swapper - split + phys_offset;
	if (!lpae) {
		if (!read_u(facts, swapper + (split >> 20) * 4, 4, &raw))
			return false;
		return (raw & 3) == 2 && (raw & BITS(20, 31)) == phys_offset;
	}
	if (!read_u(facts, swapper + (split >> 30) * 8, 8, &lpae_raw) || (lpae_raw & 3) != 3 ||
	    !read_u(facts, (lpae_raw & BITS(12, 39)) + (split >> 21 & 511) * 8, 8, &raw))
		return false;
	return (raw & 3) == 1 && (raw & BITS(21, 39)) == phys_offset;
}

/* arch/arm/kernel/head.S stores the offset when it patches the kernel: the best proof. */
static bool variable_agrees(const struct mmu_facts *facts, uint64_t split, uint64_t phys_offset)
{
	uint64_t va, pfn;

	return get(facts, "SYMBOL(__pv_phys_pfn_offset)", &va) && va >= split &&
	       read_u(facts, va - split + phys_offset, 4, &pfn) && pfn == phys_offset >> 12;
}

/* PHYS_OFFSET is in no note: each range of memory is a candidate, and must prove itself. */
static bool phys_offset(const struct mmu_facts *facts, uint64_t split, uint64_t *ret)
{
	uint64_t first, last;

	if (get(facts, "PHYS_OFFSET", ret))
		return true;
	for (unsigned int i = 0; i < 65536 && facts->ram(facts->context, i, &first, &last); i++) {
		first &= ~BITS(0,
			       20); /* the kernel needs it aligned to 2 MiB (ARM_PATCH_PHYS_VIRT) */
		bool proven = variable_agrees(facts, split, first);

		if (!proven && !tables_agree(facts, split, first))
			continue;
		*ret = first;
		facts->derived(facts->context, "PHYS_OFFSET", first,
			       proven ? "a range of memory in which __pv_phys_pfn_offset says so"
				      : "a range of memory in which swapper_pg_dir maps "
					"PAGE_OFFSET to it");
		return true;
	}
	return false;
}

const char *arm_linear(const struct mmu_facts *facts, struct mmu_linear *ret, size_t *ret_nr)
{
	uint64_t split, offset, high, va, slide;

	if (!get(facts, "KERNELOFFSET", &slide))
		facts->derived(facts->context, "KERNELOFFSET", 0, "ARM kernels have no KASLR");
	if (!page_offset(facts, &split))
		return "PAGE_OFFSET: neither SYMBOL(_stext) nor SYMBOL(swapper_pg_dir) is known";
	if (!phys_offset(facts, split, &offset))
		return "PHYS_OFFSET: no range of memory holds a kernel that says it lies there";
	/* lowmem ends at high_memory; above it the tables decide */
	if (!get(facts, "SYMBOL(high_memory)", &va) || va < split ||
	    !read_u(facts, va - split + offset, 4, &high) || high <= split)
		high = split >= 0xc0000000 ? 0xf0000000 : split + 0x30000000;
	if (split > UINT32_MAX || high <= split || high - 1 > UINT32_MAX)
		return "PAGE_OFFSET is no address of 32 bits, or lowmem ends before it";
	ret[0] = (struct mmu_linear){ split, high - 1, offset, "lowmem" };
	*ret_nr = 1;
	return NULL;
}

const char *arm_locate(const struct mmu_facts *facts, const struct mmu_root *root,
		       struct mmu_regime *ret)
{
	struct mmu_regime regime = { .pa_mask = BITS(0, 39), .root_pa = root->value };
	uint64_t split, offset, swapper, value;
	bool lpae;

	if (root->kind == MMU_ROOT_CPU)
		return "no dump holds TTBR0, TTBR1 or TTBCR of an ARM CPU; Linux has mm->pgd in "
		       "TTBR0, "
		       "which --pid finds and --pgd takes";
	if (root->user_half)
		return "ARM has one table for both halves";
	if (!is_lpae(facts, &lpae))
		return "short descriptors or LPAE? Neither VMCOREINFO nor SIZE(pte_t) is known";
	if (root->kind == MMU_ROOT_KERNEL) {
		if (!get(facts, "SYMBOL(swapper_pg_dir)", &swapper) ||
		    !page_offset(facts, &split) || !phys_offset(facts, split, &offset))
			return "SYMBOL(swapper_pg_dir) or PHYS_OFFSET is not known";
		regime.root_pa = swapper - split + offset;
	}
	regime.format = &arm_formats[lpae ? ARM_LPAE : ARM_SHORT];
	/*
	 * 6.3 made swap entries say exclusive (20aae9eff5ac) and VMAs keep __vm_flags (bc292ab00f6c):
	 * the member shows the release where the entry can't.
	 */
	if (get(facts, "TRAIT(swap-exclusive)", &value)) {
		regime.traits = value ? ARM_SWAP_EXCLUSIVE : 0;
	} else {
		bool known = get(facts, "OFFSET(vm_area_struct.vm_flags)", &value);
		bool exclusive = get(facts, "OFFSET(vm_area_struct.__vm_flags)", &value);

		regime.traits = exclusive || !known ? ARM_SWAP_EXCLUSIVE : 0;
		facts->derived(facts->context, "TRAIT(swap-exclusive)", regime.traits,
			       known ? "vm_area_struct.__vm_flags came in the same release"
				     : "assumed: no types to tell the release");
	}
	*ret = regime;
	return NULL;
}
