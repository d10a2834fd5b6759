/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Finding a riscv64 kernel: mode, image, linear map, roots, regions. */
#include "riscv64.h"

#define IMAGE_BYTES_MAX BIT(31)  /* the kernel has the last 2 GiB */
#define DIRECT_BYTES_MAX BIT(55) /* half of Sv57's kernel half */
#define MMU_MODES "NUMBER(VA_BITS) is not known: no VMCOREINFO, and nothing of the kernel's tables"

static bool get(const struct mmu_facts *facts, const char *key, uint64_t *ret)
{
	return facts->get(facts->context, key, ret);
}

/* ------------------------------------------------------------------ mode, traits */

/* VMCOREINFO has what the kernel runs, not what it was built for. */
static bool mode_of(const struct mmu_facts *facts, unsigned int *ret)
{
	uint64_t bits;

	if (!get(facts, "NUMBER(VA_BITS)", &bits) || (bits != 39 && bits != 48 && bits != 57))
		return false;
	*ret = bits == 39 ? SV39 : bits == 48 ? SV48 : SV57;
	return true;
}

/*
 * 6.3 made swap entries say exclusive and moved their type by a bit; the same release took
 * compound_dtor out of struct page. PROT_NONE moved between 5.15 and 6.1; PG_anon_exclusive, of
 * 5.19, stands for that.
 */
static const struct sign {
	const char *key, *how;
	uint32_t traits;
} signs[] = {
	{ "OFFSET(page.compound_info)", "page.compound_info is newer", 0 },
	{ "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)", "PG_slab is a page type (6.10)", 0 },
	{ "ENUM(pageflags.PG_anon_exclusive)", NULL, 0 },
	{ "OFFSET(page.compound_dtor)", "page.compound_dtor went in the same release", SWAP6 },
};

static uint32_t find_traits(const struct mmu_facts *facts)
{
	const struct sign *sign = NULL;
	uint64_t value, dtor;
	uint32_t found = 0;

	if (get(facts, "TRAIT(swap6)", &value) || get(facts, "TRAIT(none-read)", &value)) {
		found |= get(facts, "TRAIT(swap6)", &value) && value ? SWAP6 : 0;
		return found | (get(facts, "TRAIT(none-read)", &value) && value ? NONE_READ : 0);
	}
	for (size_t i = 0; i < COUNT(signs) && !sign; i++)
		if (get(facts, signs[i].key, &value))
			sign = &signs[i];
	if (sign && !sign->how) { /* types are known: the two releases can be told apart */
		found = get(facts, "OFFSET(page.compound_dtor)", &dtor) ? SWAP6 : 0;
	} else if (sign) {
		found = sign->traits;
		if (found && get(facts, "ENUM(pageflags.PG_lru)", &value))
			found = NONE_READ; /* types are known, and PG_anon_exclusive is not there */
	}
	facts->derived(facts->context, "TRAIT(swap6)", !!(found & SWAP6),
		       sign ? sign->key : "nothing tells the release",
		       sign ? 0 : MMU_DERIVED_ASSUMED);
	facts->derived(facts->context, "TRAIT(none-read)", !!(found & NONE_READ),
		       sign ? sign->key : "nothing tells the release",
		       sign ? 0 : MMU_DERIVED_ASSUMED);
	return found;
}

/* ------------------------------------------------------------------ the kernel's own tables */

static const char *kernel_root(const struct mmu_facts *facts, uint64_t *ret_pa)
{
	uint64_t va, offset;

	if (!get(facts, "NUMBER(va_kernel_pa_offset)", &offset)) /* 6.0 */
		return "NUMBER(va_kernel_pa_offset) is not known";
	if (!get(facts, "SYMBOL(swapper_pg_dir)", &va))
		return "SYMBOL(swapper_pg_dir) is not known";
	*ret_pa = va - offset;
	return *ret_pa & BITS(0, 11) ? "swapper_pg_dir does not begin at a page" : NULL;
}

static const char *kernel_regime(const struct mmu_facts *facts, struct mmu_regime *ret)
{
	unsigned int mode;
	uint64_t pa;
	const char *missing = kernel_root(facts, &pa);

	if (missing)
		return missing;
	if (!mode_of(facts, &mode))
		return MMU_MODES;
	*ret = riscv64_regimes[mode][KERNEL_HALF];
	ret->root_pa = pa;
	return NULL;
}

/* ------------------------------------------------------------------ linear mappings */

/* The image ends at _end, or where the tables stop being linear behind its last known symbol. */
static const char *find_image(const struct mmu_facts *facts, const struct mmu_regime *regime,
			      struct mmu_linear *ret)
{
	static const char *const known[] = { "SYMBOL(_stext)", "SYMBOL(swapper_pg_dir)",
					     "SYMBOL(init_uts_ns)", "SYMBOL(node_online_map)",
					     "SYMBOL(vmap_area_list)" };
	uint64_t first = UINT64_MAX, last = 0, va, pa, offset;

	if (!get(facts, "NUMBER(va_kernel_pa_offset)", &offset))
		return "NUMBER(va_kernel_pa_offset) is not known";
	for (size_t i = 0; i < COUNT(known); i++) {
		if (!get(facts, known[i], &va) || va < UINT64_MAX - IMAGE_BYTES_MAX + 1)
			continue;
		first = va < first ? va : first;
		last = va > last ? va : last;
	}
	if (first > last)
		return "no symbol tells where the kernel's image lies";
	first &= ~(BIT(21) - 1);
	if (get(facts, "SYMBOL(_end)", &va) && va > last) {
		last = va - 1;
	} else {
		for (va = last & ~BITS(0, 11); va > first && va < UINT64_MAX - BIT(21);
		     va += BIT(12))
			if (!facts->walk(facts->context, regime, va, &pa) || pa != va - offset)
				break;
		last = va > last ? va - 1 : last;
	}
	*ret = (struct mmu_linear){ first, last, first - offset, "image", MMU_LINEAR_IMAGE };
	return NULL;
}

static bool find_direct_map(const struct mmu_facts *facts, struct mmu_linear *ret)
{
	uint64_t base, phys, pa, last, last_pa = 0;

	if (!get(facts, "NUMBER(PAGE_OFFSET)", &base) ||
	    !get(facts, "NUMBER(phys_ram_base)", &phys))
		return false;
	for (unsigned int i = 0; i < 65536 && facts->ram(facts->context, i, &pa, &last); i++)
		last_pa = last > last_pa ? last : last_pa;
	if (last_pa <= phys || last_pa - phys >= DIRECT_BYTES_MAX || base < UINT64_MAX << 56 ||
	    base + (last_pa - phys) < base)
		return false;
	*ret = (struct mmu_linear){ base, base + (last_pa - phys), phys, "direct map",
				    MMU_LINEAR_DIRECT };
	return true;
}

/*
 * asm/pgtable.h: vmemmap has the struct page of frame 0; the first frame of RAM is rounded down to
 * a section (128 MiB) since 6.9. Where that makes a difference nothing is said.
 */
static void find_vmemmap(const struct mmu_facts *facts)
{
	uint64_t first, phys, bytes, va;

	if (get(facts, "SYMBOL(vmemmap)", &va) || !get(facts, "NUMBER(VMEMMAP_START)", &first) ||
	    !get(facts, "NUMBER(phys_ram_base)", &phys) || phys & BITS(0, 26) ||
	    !get(facts, "SIZE(page)", &bytes))
		return;
	facts->derived(facts->context, "SYMBOL(vmemmap)", first - (phys >> 12) * bytes,
		       "NUMBER(VMEMMAP_START) and NUMBER(phys_ram_base)", 0);
}

const char *riscv64_linear(const struct mmu_facts *facts, struct mmu_linear *ret, size_t *ret_nr)
{
	struct mmu_linear image, direct;
	struct mmu_regime regime;
	const char *missing = kernel_regime(facts, &regime);
	uint64_t slide;

	if (!missing)
		missing = find_image(facts, &regime, &image);
	if (missing)
		return missing;
	/* 6.6 brought KASLR, and KERNELOFFSET */
	if (!get(facts, "KERNELOFFSET", &slide))
		facts->derived(facts->context, "KERNELOFFSET", 0, "kernels without it don't move",
			       0);
	find_vmemmap(facts);
	ret[0] = image;
	*ret_nr = 1;
	if (find_direct_map(facts, &direct) && direct.last_va < image.first_va)
		ret[(*ret_nr)++] = direct;
	return NULL;
}

/* ------------------------------------------------------------------ roots, regions */

const char *riscv64_locate(const struct mmu_facts *facts, const struct mmu_root *root,
			   struct mmu_regime *ret, size_t *ret_nr)
{
	uint64_t root_pa = root->value;
	unsigned int mode = NR_MODES;
	const char *missing;
	uint32_t traits;

	if (root->kind == MMU_ROOT_CPU)
		return "no dump holds satp of a RISC-V CPU";
	if (root->user_half)
		return "RISC-V has one table for both halves";
	for (unsigned int i = 0; i < NR_MODES; i++)
		if (mmu_root_format(root) == &riscv64_formats[i])
			mode = i;
	if (mode == NR_MODES && !mode_of(facts, &mode))
		return MMU_MODES;
	missing = root->kind == MMU_ROOT_KERNEL ? kernel_root(facts, &root_pa) : NULL;
	if (missing)
		return missing;
	if (root_pa & BITS(0, 11))
		return "the top table does not begin at a page";
	traits = find_traits(facts);
	for (unsigned int half = USER_HALF; half <= KERNEL_HALF; half++) {
		ret[half] = riscv64_regimes[mode][half];
		ret[half].root_pa = root_pa;
		ret[half].traits = traits;
	}
	*ret_nr = 2;
	return NULL;
}

static void add(struct mmu_region *regions, size_t *nr, uint64_t first_va, uint64_t last_va,
		const char *name)
{
	if (first_va <= last_va && *nr < MMU_REGIONS_MAX &&
	    (!*nr || regions[*nr - 1].last_va < first_va))
		regions[(*nr)++] = (struct mmu_region){ first_va, last_va, name };
}

/* Documentation/arch/riscv/vm-layout.rst; VMCOREINFO has the borders since 6.0. */
size_t riscv64_regions(const struct mmu_facts *facts, struct mmu_region *ret)
{
	static const struct {
		const char *first, *end, *name;
	} told[] = { { "NUMBER(VMEMMAP_START)", "NUMBER(VMEMMAP_END)", "vmemmap" },
		     { "NUMBER(VMALLOC_START)", "NUMBER(VMALLOC_END)", "vmalloc" } };
	struct mmu_linear linear[MMU_LINEAR_MAX];
	uint64_t first, end;
	size_t nr_linear, nr = 0;

	if (riscv64_linear(facts, linear, &nr_linear))
		return 0;
	for (size_t i = 0; i < COUNT(told); i++)
		if (get(facts, told[i].first, &first) && get(facts, told[i].end, &end) &&
		    first < end)
			add(ret, &nr, first, end - 1, told[i].name);
	if (nr_linear > 1)
		add(ret, &nr, linear[1].first_va, linear[1].last_va, "direct map");
	if (get(facts, "NUMBER(MODULES_VADDR)", &first) &&
	    get(facts, "NUMBER(MODULES_END)", &end) && first < end)
		add(ret, &nr, first, end - 1, "modules");
	add(ret, &nr, linear[0].first_va, linear[0].last_va, "image");
	return nr;
}
