/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Finding an arm64 kernel: granule, address bits, traits, roots. */
#include "arm64.h"

static bool get(const struct mmu_facts *facts, const char *key, uint64_t *ret)
{
	return facts->get(facts->context, key, ret);
}

/* ------------------------------------------------------------------ shape */

static bool page_lg2(const struct mmu_facts *facts, unsigned int *ret)
{
	uint64_t bytes;

	if (!get(facts, "PAGESIZE", &bytes) ||
	    (bytes != BIT(12) && bytes != BIT(14) && bytes != BIT(16)))
		return false;
	*ret = bytes == BIT(12) ? 12 : bytes == BIT(14) ? 14 : 16;
	return true;
}

/*
 * Bits that the tables translate. VA_BITS is what the kernel was built for. With 4 and 16 KiB pages
 * it runs on fewer levels where the processor has fewer bits; with 64 KiB its top table keeps its
 * size (TTBR1_BADDR_4852_OFFSET in kernel/head.S).
 */
static bool va_bits(const struct mmu_facts *facts, unsigned int page, unsigned int *ret)
{
	uint64_t value, unused;

	if (!get(facts, "NUMBER(VA_BITS)", &value))
		return false;
	if (page < 16 && get(facts, "NUMBER(TCR_EL1_T1SZ)", &unused) && unused >= 12 &&
	    unused <= 48)
		value = 64 - unused;
	*ret = (unsigned int)value;
	return value >= 36 && value <= 52;
}

/* What tells when software entries changed. The first that is known decides. */
struct sign {
	const char *key;
	bool on;
};

/* PG_slab became a page type in 6.10 (46df8e73a4a3), when PROT_NONE moved to bit 11. */
static const struct sign none_signs[] = {
	{ "NUMBER(PG_slab)", true },
	{ "ENUM(pageflags.PG_slab)", true },
	{ "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)", false },
	{ "SIZE(page)", false },
};
/*
 * 5.19 took a bit from the type to say exclusive, and called a page flag by that name. The ranges
 * of modules and vmalloc are in VMCOREINFO since 6.0.
 */
static const struct sign type_signs[] = {
	{ "ENUM(pageflags.PG_anon_exclusive)", false },
	{ "NUMBER(MODULES_VADDR)", false },
	{ "ENUM(pageflags.PG_swapbacked)", true },
	{ "NUMBER(VA_BITS)", true },
};

static uint32_t find_trait(const struct mmu_facts *facts, const char *key, uint32_t bit,
			   const struct sign *signs, size_t nr)
{
	uint64_t value;

	if (get(facts, key, &value))
		return value ? bit : 0;
	for (size_t i = 0; i < nr; i++) {
		if (!get(facts, signs[i].key, &value))
			continue;
		/* the last sign of each row is weak: it says no more than what is most likely */
		facts->derived(facts->context, key, signs[i].on, signs[i].key,
			       i + 1 == nr ? MMU_DERIVED_ASSUMED : 0);
		return signs[i].on ? bit : 0;
	}
	facts->derived(facts->context, key, 0, "nothing tells the release", MMU_DERIVED_ASSUMED);
	return 0;
}

static uint32_t find_traits(const struct mmu_facts *facts, unsigned int page, unsigned int bits)
{
	uint32_t traits = find_trait(facts, "TRAIT(none58)", OLD_NONE, none_signs,
				     COUNT(none_signs));
	uint64_t value;

	if (traits)
		traits |= find_trait(facts, "TRAIT(swap6)", SWAP6, type_signs, COUNT(type_signs));
	if (page < 16)
		return traits | (bits > 48 ? LPA2 : 0);
	/* where PA_BITS is 48 the bits are 0 anyhow */
	return traits | (get(facts, "NUMBER(MAX_PHYSMEM_BITS)", &value) && value <= 48 ? 0 : LPA);
}

/* ------------------------------------------------------------------ the kernel's own tables */

static bool image_pa(const struct mmu_facts *facts, const char *symbol, uint64_t *ret_va,
		     uint64_t *ret_pa)
{
	uint64_t offset;

	if (!get(facts, "NUMBER(kimage_voffset)", &offset) || !get(facts, symbol, ret_va))
		return false;
	*ret_pa = *ret_va - offset;
	return true;
}

/*
 * Linux set MAIR_EL1 (mm/proc.S) in two orders; the one since 5.11 has ordinary memory first, of
 * which the kernel's image is made. What is WT there was never used.
 */
static uint64_t find_mair(const struct mmu_facts *facts, const struct mmu_regime *regime)
{
	struct mmu_regime first = *regime;
	uint64_t va, pa, seen;

	first.format = &arm64_first_attr[regime->top_level - 1];
	if (!image_pa(facts, "SYMBOL(_stext)", &va, &pa))
		return 0;
	if (facts->walk(facts->context, &first, va, &seen) && seen == pa)
		return UINT64_C(0x000c04040044f0ff);
	if (facts->walk(facts->context, regime, va, &seen) && seen == pa)
		return UINT64_C(0x00f0bbff440c0400);
	return 0;
}

const char *arm64_kernel_regime(const struct mmu_facts *facts, struct mmu_regime *ret)
{
	unsigned int page, bits;
	uint64_t va, pa;

	if (!page_lg2(facts, &page))
		return "PAGESIZE is not known";
	if (!va_bits(facts, page, &bits))
		return "NUMBER(VA_BITS) is not known";
	if (!image_pa(facts, "SYMBOL(swapper_pg_dir)", &va, &pa))
		return "NUMBER(kimage_voffset) or SYMBOL(swapper_pg_dir) is not known";
	if (!arm64_regime(page, bits, find_traits(facts, page, bits), MMU_HALF_KERNEL, ret))
		return "Linux has no tables with this page size and so many address bits";
	if (pa & 63)
		return "swapper_pg_dir does not begin where a table can";
	ret->root_pa = pa;
	return NULL;
}

/* ------------------------------------------------------------------ roots */

/*
 * Without a kernel: the first sample of the format that was asked for has its shape. The root is
 * one half's: nothing tells where the other half's lies.
 */
static const char *bare_regimes(const struct mmu_facts *facts, const struct mmu_root *root,
				struct mmu_regime *ret, size_t *ret_nr)
{
	const struct mmu_format *format = mmu_root_format(root);
	unsigned int page;

	if (root->kind != MMU_ROOT_PGD_PA || !format)
		return "granule and address bits: PAGESIZE, NUMBER(VA_BITS) or "
		       "NUMBER(kimage_voffset) is not known";
	for (size_t i = 0; i < ARM64_NR_SAMPLES; i++) {
		const struct mmu_sample *sample = arm64_samples[i];

		if (sample->regimes[0]->format != format ||
		    (page_lg2(facts, &page) && page != sample->regimes[0]->page_lg2))
			continue;
		*ret = *sample->regimes[0];
		ret->root_pa = root->value;
		*ret_nr = 1;
		return NULL;
	}
	return "no granule of this page size has this many levels";
}

const char *arm64_locate(const struct mmu_facts *facts, const struct mmu_root *root,
			 struct mmu_regime *ret, size_t *ret_nr)
{
	struct mmu_regime kernel, user;
	const char *missing;
	uint64_t va;

	if (root->kind == MMU_ROOT_CPU)
		return "no dump holds TTBR0_EL1 or TTBR1_EL1 of an ARM CPU; Linux has mm->pgd in "
		       "TTBR0";
	if (root->kind == MMU_ROOT_PGD_PA && root->value & 63)
		return "the top table lies at a multiple of 64 bytes";
	missing = arm64_kernel_regime(facts, &kernel);
	if (missing || (mmu_root_format(root) && mmu_root_format(root) != kernel.format))
		return bare_regimes(facts, root, ret, ret_nr);
	kernel.word[MAIR] = find_mair(facts, &kernel);
	if (!arm64_regime(kernel.page_lg2,
			  kernel.shape[kernel.top_level].shift +
				  kernel.shape[kernel.top_level].index_bits,
			  kernel.traits, MMU_HALF_USER, &user))
		return "Linux has no tables with this page size and so many address bits";
	user.word[MAIR] = kernel.word[MAIR];
	user.root_pa = root->value;
	*ret_nr = 0;
	/* mm->pgd has the user's half alone; the kernel's own threads have none */
	if (root->kind == MMU_ROOT_PGD_PA && root->value != kernel.root_pa)
		ret[(*ret_nr)++] = user;
	if (root->user_half && !image_pa(facts, "SYMBOL(tramp_pg_dir)", &va, &kernel.root_pa))
		return "SYMBOL(tramp_pg_dir), which user mode runs on, is not known";
	ret[(*ret_nr)++] = kernel;
	return NULL;
}
