/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Finding an ARM kernel: physical offset, virtual split, short descriptors or LPAE. */
#include <string.h>

#include "armv7.h"

#define MIB(n) ((uint64_t)(n) << 20)
#define PROBES_MAX 16384u /* of PHYS_OFFSET: 32 GiB of memory by 2 MiB */
#define RANGES_MAX 4096u

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

/* Where the kernel's tables put an address. @return false: nowhere, or they can't be read */
static bool walk(const struct mmu_facts *facts, const struct mmu_regime *regime, uint64_t va,
		 uint64_t *ret_pa)
{
	return facts->walk(facts->context, regime, va, ret_pa);
}

/* ------------------------------------------------------------------ what kernel is it? */

/*
 * VMSPLIT_3G, _3G_OPT, _2G, _1G (arch/arm/Kconfig). The top table lies in the first MiBs behind
 * PAGE_OFFSET, wherever the text is: that of an XIP kernel lies below.
 */
static bool page_offset(const struct mmu_facts *facts, uint64_t *ret)
{
	static const uint64_t splits[] = { 0xc0000000, 0xb0000000, 0x80000000, 0x40000000 };
	uint64_t va;

	if (get(facts, "PAGE_OFFSET", ret))
		return true;
	if (!get(facts, "SYMBOL(swapper_pg_dir)", &va) && !get(facts, "SYMBOL(_stext)", &va))
		return false;
	for (size_t i = 0; i < COUNT(splits); i++) {
		if (va < splits[i])
			continue;
		*ret = splits[i];
		facts->derived(facts->context, "PAGE_OFFSET", *ret,
			       "the split that the kernel's symbols lie in", 0);
		return true;
	}
	return false;
}

static bool is_lpae(const struct mmu_facts *facts, bool *ret)
{
	uint64_t value;

	if (get(facts, "CONFIG_ARM_LPAE", &value)) { /* a line that VMCOREINFO has with LPAE only */
		*ret = value != 0;
		return true;
	}
	if (get(facts, "SIZE(pte_t)", &value)) {
		*ret = value == 8;
		return true;
	}
	/*
	 * The table ends where the text begins, at a multiple of 32 KiB (TEXT_OFFSET): one of
	 * 16 KiB begins on 16 KiB, LPAE's five pages 4 KiB before (kernel/head.S: PG_DIR_SIZE).
	 */
	if (!get(facts, "SYMBOL(swapper_pg_dir)", &value))
		return false;
	*ret = value & (BIT(14) - 1);
	return true;
}

/* The kernel's own regime, if its physical offset were this. */
static bool kernel_regime(const struct mmu_facts *facts, uint64_t split, uint64_t offset,
			  struct mmu_regime *ret, uint64_t *ret_swapper)
{
	bool lpae;

	if (!get(facts, "SYMBOL(swapper_pg_dir)", ret_swapper) || *ret_swapper < split ||
	    !is_lpae(facts, &lpae))
		return false;
	*ret = arm_regimes[lpae ? ARM_LPAE : ARM_SHORT];
	ret->root_pa = *ret_swapper - split + offset;
	return true;
}

/* ------------------------------------------------------------------ PHYS_OFFSET */

/* Does the kernel say that it lies here? @return what said so, or NULL; the first proof decides */
static const char *prove(const struct mmu_facts *facts, uint64_t split, uint64_t offset)
{
	static const char banner[] = "Linux version ";
	struct mmu_regime regime;
	uint64_t va, pa, pfn;
	char seen[sizeof(banner) - 1];

	/* kernel/head.S stores it when it patches the kernel (ARM_PATCH_PHYS_VIRT) */
	if (get(facts, "SYMBOL(__pv_phys_pfn_offset)", &va) && va >= split &&
	    read_u(facts, va - split + offset, 4, &pfn))
		return pfn << 12 == offset ? "a place where __pv_phys_pfn_offset says so" : NULL;
	if (kernel_regime(facts, split, offset, &regime, &va) && walk(facts, &regime, va, &pa))
		return pa == regime.root_pa ? "a place where swapper_pg_dir maps itself" : NULL;
	if (get(facts, "SYMBOL(linux_banner)", &va) && va >= split &&
	    facts->read_phys(facts->context, va - split + offset, seen, sizeof(seen)) &&
	    memcmp(seen, banner, sizeof(seen)) == 0)
		return "a place where linux_banner reads well";
	return NULL;
}

/*
 * PHYS_OFFSET is in no note. Where memory begins, most often; but the first range may be flash, and
 * the beginning may be kept from Linux: then it lies before the range, by 2 MiB (what
 * ARM_PATCH_PHYS_VIRT asks for) or by 128 MiB (AUTO_ZRELADDR), or anywhere inside.
 */
static bool phys_offset(const struct mmu_facts *facts, uint64_t split, uint64_t *ret)
{
	static const uint64_t steps[] = { MIB(2), MIB(128), 0 };
	const char *how = NULL;
	unsigned int probes = 0;
	uint64_t first, last, at = 0;

	if (get(facts, "PHYS_OFFSET", ret))
		return true;
	for (size_t i = 0; i < COUNT(steps); i++) {
		for (unsigned int n = 0; n < RANGES_MAX && !how && probes < PROBES_MAX; n++) {
			if (!facts->ram(facts->context, n, &first, &last))
				break;
			at = first & ~((steps[i] ? steps[i] : MIB(2)) - 1);
			do {
				how = prove(facts, split, at);
				probes++;
				at += how ? 0 : MIB(2);
			} while (!how && !steps[i] && at > first && at <= last &&
				 probes < PROBES_MAX);
		}
	}
	if (!how)
		return false;
	*ret = at;
	facts->derived(facts->context, "PHYS_OFFSET", at, how, 0);
	return true;
}

/* ------------------------------------------------------------------ linear mapping */

/* Lowmem ends at high_memory; else where the kernel's tables stop being linear. */
static bool lowmem_end(const struct mmu_facts *facts, uint64_t split, uint64_t offset,
		       uint64_t *ret)
{
	struct mmu_regime regime;
	uint64_t va, pa;

	if (get(facts, "SYMBOL(high_memory)", &va) && va >= split &&
	    read_u(facts, va - split + offset, 4, ret) && *ret > split)
		return true;
	if (!kernel_regime(facts, split, offset, &regime, &va))
		return false;
	va &= ~(MIB(1) - 1);
	for (*ret = va; *ret < UINT32_MAX; *ret += MIB(1))
		if (!walk(facts, &regime, *ret, &pa) || pa != *ret - split + offset)
			break;
	return *ret > va;
}

const char *arm_linear(const struct mmu_facts *facts, struct mmu_linear *ret, size_t *ret_nr)
{
	uint64_t split, offset, end, slide;

	if (!get(facts, "KERNELOFFSET", &slide))
		facts->derived(facts->context, "KERNELOFFSET", 0, "ARM kernels have no KASLR", 0);
	if (!page_offset(facts, &split))
		return "PAGE_OFFSET: neither SYMBOL(swapper_pg_dir) nor SYMBOL(_stext) is known";
	if (!phys_offset(facts, split, &offset))
		return "PHYS_OFFSET: no range of memory holds a kernel that says it lies there";
	if (!lowmem_end(facts, split, offset, &end))
		return "lowmem's end: neither high_memory nor the kernel's tables can be read";
	if (split > UINT32_MAX || end <= split || end - 1 > UINT32_MAX)
		return "PAGE_OFFSET is no address of 32 bits, or lowmem ends before it";
	ret[0] = (struct mmu_linear){ split, end - 1, offset, "lowmem",
				      MMU_LINEAR_IMAGE | MMU_LINEAR_DIRECT };
	*ret_nr = 1;
	return NULL;
}

/* ------------------------------------------------------------------ roots */

/*
 * 6.3 made swap entries say exclusive (20aae9eff5ac), which no type or symbol shows. The same
 * release took compound_dtor out of struct page, and out of VMCOREINFO (1c5509be58f6), brought
 * do_vmi_munmap() (183654ce26a5) and ended __vma_adjust() (0503ea8f5ba7). page._refcount is there
 * since 4.7: where it is known and compound_dtor is not, the kernel is newer.
 */
static const struct swap_sign {
	const char *key, *how;
	bool on;
} swap_signs[] = {
	{ "OFFSET(page.compound_dtor)", "page.compound_dtor went in the same release", false },
	{ "OFFSET(page._count)", "page._count is older", false },
	{ "OFFSET(page._refcount)", "page.compound_dtor went in the same release", true },
	{ "SYMBOL(__vma_adjust)", "__vma_adjust() went in the same release", false },
	{ "SYMBOL(do_vmi_munmap)", "do_vmi_munmap() came in the same release", true },
};

static uint32_t find_traits(const struct mmu_facts *facts)
{
	/* not known: the newest kernels' */
	static const struct swap_sign newest = { NULL, "no type or symbol tells the release",
						 true };
	const struct swap_sign *sign = &newest;
	uint64_t value;

	if (get(facts, "TRAIT(swap-exclusive)", &value))
		return value ? ARM_SWAP_EXCLUSIVE : 0;
	for (size_t i = 0; i < COUNT(swap_signs) && !sign->key; i++)
		if (get(facts, swap_signs[i].key, &value))
			sign = &swap_signs[i];
	facts->derived(facts->context, "TRAIT(swap-exclusive)", sign->on, sign->how,
		       sign->key ? 0 : MMU_DERIVED_ASSUMED);
	return sign->on ? ARM_SWAP_EXCLUSIVE : 0;
}

const char *arm_locate(const struct mmu_facts *facts, const struct mmu_root *root,
		       struct mmu_regime *ret, size_t *ret_nr)
{
	struct mmu_regime regime;
	uint64_t split, offset, swapper;
	bool lpae;

	if (root->kind == MMU_ROOT_CPU)
		return "no dump holds TTBR0, TTBR1 or TTBCR of an ARM CPU; Linux has mm->pgd in "
		       "TTBR0";
	if (root->user_half)
		return "ARM has one table for both halves";
	lpae = mmu_root_format(root) == arm_regimes[ARM_LPAE].format;
	if (!mmu_root_format(root) && !is_lpae(facts, &lpae))
		return "short descriptors or LPAE? None of CONFIG_ARM_LPAE, SIZE(pte_t) and "
		       "SYMBOL(swapper_pg_dir) is known";
	regime = arm_regimes[lpae ? ARM_LPAE : ARM_SHORT];
	regime.root_pa = root->value;
	if (root->kind == MMU_ROOT_KERNEL &&
	    (!page_offset(facts, &split) || !phys_offset(facts, split, &offset) ||
	     !kernel_regime(facts, split, offset, &regime, &swapper)))
		return "SYMBOL(swapper_pg_dir) or PHYS_OFFSET is not known";
	/* TTBCR.N is 0 with Linux: 4096 words. With LPAE mm->pgd is an object of 32 bytes. */
	if (regime.root_pa & ~(lpae ? BITS(5, 39) : BITS(14, 31)))
		return lpae ? "the top table lies at a multiple of 32 bytes: bits 39:5 of TTBR0"
			    : "the top table lies at a multiple of 16 KiB: bits 31:14 of TTBR0";
	regime.traits = find_traits(facts) | (lpae && root->mm_va ? ARM_PROCESS : 0);
	*ret = regime;
	*ret_nr = 1;
	return NULL;
}
