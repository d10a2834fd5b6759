/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Finding an x86_64 kernel that nothing describes, by the shape of its own tables. */
#include "x86_64.h"

/*
 * The last entry of a kernel's top table leads to level3_kernel_pgt (with 5 levels by way of
 * level4_kernel_pgt), whose entry 510 leads to level2_kernel_pgt, which maps the image
 * (arch/x86/kernel/head_64.S). All of them lie in the image that they map, and so does the kernel's
 * own top table, init_top_pgt; those of processes mostly do not. Of the tables of early boot, which
 * lie there too, none has the direct map that maps init_top_pgt.
 */
#define LAST 511u
#define IMAGE_SLOT 510u
#define PMD_BYTES BIT(21)
#define RANGES_MAX 65536u
#define CPUS_MAX 64u
#define TABLES_MAX (1u << 19)  /* read of all candidates: hostile memory must end too */
#define MISSING_MAX (1u << 24) /* pages that are not there, of 64 GiB: a second or two */

struct image {
	uint64_t first_va, last_va;
	uint64_t base; /* as phys_base: pa - (va - IMAGE_MAP) */
	uint64_t pmd_pa;
};

static bool leads_on(uint64_t raw)
{
	return (raw & (PRESENT | RW | PSE)) == (PRESENT | RW);
}

/* A table that an entry leads to. @return false: no entry of the kernel's own */
static bool follow(const struct mmu_facts *facts, uint64_t table_pa, unsigned int slot,
		   uint64_t *ret_pa)
{
	uint8_t buf[8];

	if (!facts->read_phys(facts->context, table_pa + slot * 8, buf, sizeof(buf)))
		return false;
	uint64_t raw = x86_64_little(buf, 8);
	*ret_pa = raw & ADDRESS;
	return leads_on(raw);
}

/* The base by the `slot`-th 2 MiB of the image. @return false: nothing is mapped there */
static bool base_of(const struct mmu_facts *facts, uint64_t raw, unsigned int slot,
		    unsigned int *budget, uint64_t *ret)
{
	uint8_t table[4096];

	if (!(raw & PRESENT))
		return false;
	*ret = (raw & ADDRESS & ~(PMD_BYTES - 1)) - slot * PMD_BYTES;
	if (raw & PSE)
		return true;
	if (!*budget || !facts->read_phys(facts->context, raw & ADDRESS, table, sizeof(table)))
		return false;
	--*budget;
	for (unsigned int i = 0; i < 512; i++) {
		uint64_t page = x86_64_little(table + i * 8, 8);

		*ret = (page & ADDRESS) - slot * PMD_BYTES - i * 4096;
		if (page & PRESENT)
			return true;
	}
	return false;
}

/* What this top table maps as the image: one piece with one base. */
static bool read_image(const struct mmu_facts *facts, uint64_t top_pa, bool five,
		       unsigned int *budget, struct image *ret)
{
	uint8_t table[4096];
	uint64_t pa = top_pa, base;
	bool found = false;

	if ((five && !follow(facts, pa, LAST, &pa)) || !follow(facts, pa, LAST, &pa) ||
	    !follow(facts, pa, IMAGE_SLOT, &ret->pmd_pa) ||
	    !facts->read_phys(facts->context, ret->pmd_pa, table, sizeof(table)))
		return false;
	for (unsigned int i = 0; i < 512; i++) {
		if (!base_of(facts, x86_64_little(table + i * 8, 8), i, budget, &base)) {
			if (found)
				break;
			continue;
		}
		if (found && base != ret->base)
			break;
		if (!found)
			ret->first_va = IMAGE_MAP + i * PMD_BYTES;
		ret->last_va = IMAGE_MAP + (i + 1) * PMD_BYTES - 1;
		ret->base = base;
		found = true;
	}
	return found;
}

/* Do these tables map a table of the image where the image has it? */
static bool maps(const struct mmu_facts *facts, const struct mmu_regime *regime,
		 const struct image *image, uint64_t pa)
{
	uint64_t va = IMAGE_MAP + pa - image->base, seen;

	return va >= image->first_va && va <= image->last_va &&
	       facts->walk(facts->context, regime, va, &seen) && seen == pa;
}

/* *ret_how: what else there is to say of it. @return false: CPUs run on another kernel */
static bool cpus_agree(const struct mmu_facts *facts, const struct image *image, bool five,
		       const char **ret_how)
{
	unsigned int budget = TABLES_MAX;
	struct mmu_cpu cpu;
	bool other = false;

	*ret_how = "top table by its shape: it maps itself in image and direct map";
	for (unsigned int n = 0; n < CPUS_MAX && x86_64_cpu(facts, n, &cpu); n++) {
		bool its_five = cpu.format == &x86_64_format5;
		struct image its;

		/* in user mode under KPTI bit 12 is set: the kernel's half is beside it */
		if (!cpu.format ||
		    (!read_image(facts, cpu.root_pa & ~BIT(12), its_five, &budget, &its) &&
		     !read_image(facts, cpu.root_pa, its_five, &budget, &its)))
			continue;
		if (its.base == image->base && its.pmd_pa == image->pmd_pa && its_five == five) {
			*ret_how = "top table by its shape: it maps itself in image and direct "
				   "map, and a CPU's CR3 maps the same image";
			return true;
		}
		other = true;
	}
	return !other;
}

/*
 * The slide, by a vmlinux: cleanup_highmap() leaves nothing below _text. Where the variable
 * phys_base is not what it should be, the vmlinux is another kernel's: the banner will show it.
 */
static void find_slide(const struct mmu_facts *facts, const struct image *image)
{
	uint64_t text, at, slide;
	uint8_t buf[8];

	if (!facts->link_symbol(facts->context, "_stext", &text) ||
	    !facts->link_symbol(facts->context, "phys_base", &at))
		return;
	slide = image->first_va - (text & ~(PMD_BYTES - 1));
	if (facts->read_phys(facts->context, at + slide - IMAGE_MAP + image->base, buf, 8) &&
	    x86_64_little(buf, 8) == image->base)
		facts->derived(facts->context, "KERNELOFFSET", slide,
			       "first page that the tables map in the image; phys_base agrees", 0);
}

/*
 * How much speaks for the kernel's own one of the tops that show the same image: it has no user
 * slots, and each kernel slot of the others is a copy of one of its, made when they were.
 */
static unsigned int rank(const struct mmu_facts *facts, uint64_t top_pa)
{
	uint8_t table[4096];
	unsigned int slots[2] = { 0 };

	if (!facts->read_phys(facts->context, top_pa, table, sizeof(table)))
		return 0;
	for (unsigned int i = 0; i < 512; i++)
		slots[i >> 8] += x86_64_little(table + i * 8, 8) != 0;
	return slots[1] + (slots[0] ? 0 : 512);
}

/* The tables of one kernel: all tops that lie in its image and map it. */
struct family {
	uint64_t base, pmd_pa;
	uint64_t top_pa; /* the kernel's own, as far as one can tell */
	const char *doubt;
};

/*
 * Tops of processes lie in the image too, where the kernel gave the memory of its init sections
 * back; so do those of processes that are gone.
 */
static void find_own_top(const struct mmu_facts *facts, uint64_t top_pa, const struct image *image,
			 unsigned int *budget, struct family *ret)
{
	unsigned int best = rank(facts, top_pa);

	*ret = (struct family){ image->base, image->pmd_pa, top_pa, NULL };
	for (uint64_t va = image->first_va; va < image->last_va && *budget; va += 4096) {
		uint64_t pa = va - IMAGE_MAP + image->base;
		unsigned int here;

		--*budget;
		if (pa == top_pa || !x86_64_same_image(facts, pa, top_pa))
			continue;
		here = rank(facts, pa);
		if (here == best)
			ret->doubt = "the first of several that could be the kernel's own top "
				     "table";
		if (here < best || (here == best && ret->top_pa < pa))
			continue;
		if (here > best)
			ret->doubt = NULL;
		best = here;
		ret->top_pa = pa;
	}
}

/* Is this a kernel's own top table? Then tell of it. */
static bool take(const struct mmu_facts *facts, uint64_t top_pa, bool five, unsigned int *budget,
		 struct family *family)
{
	struct mmu_regime regime = x86_64_regimes[five][KERNEL_HALF];
	struct image image;
	uint64_t value, va;
	const char *how;

	regime.root_pa = top_pa;
	if (!read_image(facts, top_pa, five, budget, &image) ||
	    !maps(facts, &regime, &image, top_pa) || !maps(facts, &regime, &image, image.pmd_pa) ||
	    !x86_64_direct_map(facts, &regime, &value))
		return false;
	if ((facts->get(facts->context, "NUMBER(phys_base)", &value) && value != image.base) ||
	    (facts->get(facts->context, "NUMBER(pgtable_l5_enabled)", &value) && !value == five) ||
	    !cpus_agree(facts, &image, five, &how))
		return false;
	if (family->base != image.base || family->pmd_pa != image.pmd_pa)
		find_own_top(facts, top_pa, &image, budget, family);
	if (top_pa != family->top_pa)
		return false;
	facts->derived(facts->context, "NUMBER(phys_base)", image.base, how, 0);
	facts->derived(facts->context, "NUMBER(pgtable_l5_enabled)", five, how, 0);
	find_slide(facts, &image);
	if (x86_64_named_root(facts, &va, &value) && x86_64_same_image(facts, value, top_pa))
		top_pa = value;
	facts->derived(facts->context, KERNEL_ROOT, top_pa, family->doubt ? family->doubt : how, 0);
	if (image.last_va - IMAGE_MAP >= BIT(29))
		facts->derived(facts->context, "NUMBER(KERNEL_IMAGE_SIZE)", BIT(30),
			       "the tables map the image beyond 512 MiB", 0);
	return true;
}

bool x86_64_search(const struct mmu_facts *facts, uint64_t *pa)
{
	unsigned int missing = 0, budget = TABLES_MAX;
	struct family family = { .top_pa = UINT64_MAX };
	uint64_t first, last, again, end, from = *pa;
	uint8_t word[8];

	for (unsigned int n = 0; n < RANGES_MAX && facts->ram(facts->context, n, &first, &last);
	     n++) {
		first = first > from ? first : from;
		if (first > UINT64_MAX - 4095)
			break;
		first = (first + 4095) & ~UINT64_C(4095);
		last -= last > UINT64_MAX - 4096 ? 4096 : 0; /* beyond the last page comes 0 */
		for (; first <= last && last - first >= 4095; first += 4096) {
			/* one word a page says of nearly all that they are none */
			if (!facts->read_phys(facts->context, first + LAST * 8, word, 8)) {
				if (++missing == MISSING_MAX)
					return false;
				/* a search that is stopped has no more RAM */
				if (missing % 4096 == 0 &&
				    !facts->ram(facts->context, n, &again, &end))
					return false;
				continue;
			}
			if (!leads_on(x86_64_little(word, 8)) ||
			    (!take(facts, first, false, &budget, &family) &&
			     !take(facts, first, true, &budget, &family)))
				continue;
			*pa = first + 4096;
			return true;
		}
	}
	return false;
}
