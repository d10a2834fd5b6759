/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Finding an s390x kernel: roots and their depth, traits. */
#include "s390x.h"

static bool get(const struct mmu_facts *facts, const char *key, uint64_t *ret)
{
	return facts->get(facts->context, key, ret);
}

static bool read_entry(const struct mmu_facts *facts, uint64_t pa, uint64_t *ret)
{
	uint8_t word[8];

	if (!facts->read_phys(facts->context, pa, word, sizeof(word)))
		return false;
	*ret = s390x_big(word, sizeof(word));
	return true;
}

/* ------------------------------------------------------------------ the kernel's own tables */

bool s390x_image_pa(const struct mmu_facts *facts, uint64_t va, uint64_t *ret_pa)
{
	uint64_t slide, phys;

	if (!get(facts, "KERNELOFFPHYS", &phys)) { /* 6.10; before, image and memory are the same */
		*ret_pa = va;
		return true;
	}
	if (!get(facts, "KERNELOFFSET", &slide) || va < slide)
		return false;
	*ret_pa = va - slide + phys;
	return true;
}

static const char *kernel_root(const struct mmu_facts *facts, uint64_t *ret_pa)
{
	uint64_t va;

	if (get(facts, KERNEL_ROOT, ret_pa))
		return NULL;
	if (!get(facts, "SYMBOL(swapper_pg_dir)", &va))
		return "SYMBOL(swapper_pg_dir) is not known";
	if (!s390x_image_pa(facts, va, ret_pa))
		return "KERNELOFFSET is not known, or is not below swapper_pg_dir";
	return *ret_pa & ~ASCE_ORIGIN ? "swapper_pg_dir does not begin at a page" : NULL;
}

/*
 * How deep a table is, by itself: each of its entries, the empty ones too, says the type of the
 * table that it is in (crst_table_init()).
 */
static bool top_of(const struct mmu_facts *facts, uint64_t root_pa, unsigned int *ret)
{
	uint64_t raw;

	if (!read_entry(facts, root_pa, &raw))
		return false;
	*ret = PMD + (unsigned int)((raw & UP_TYPE) >> 2);
	return true;
}

const char *s390x_kernel_regime(const struct mmu_facts *facts, struct mmu_regime *ret)
{
	unsigned int top;
	uint64_t pa;
	const char *missing = kernel_root(facts, &pa);

	if (missing)
		return missing;
	if (!top_of(facts, pa, &top))
		return "the kernel's top table is not in the image";
	s390x_regime(MMU_HALF_KERNEL, top, 4, pa, ret);
	return NULL;
}

/* ------------------------------------------------------------------ traits */

/*
 * 6.14 gave entries that lead to page tables a bit of their own, and moved READ and WRITE of large
 * ones. The kernel maps its lowcore at 0, so that the first entries show what it does.
 */
static bool shows_low_rw(const struct mmu_facts *facts, const struct mmu_regime *kernel, bool *ret)
{
	uint64_t raw = 0, pa = kernel->root_pa;

	for (unsigned int level = kernel->top_level; level >= PMD; level--) {
		if (!read_entry(facts, pa, &raw) || raw & UP_INVALID ||
		    (raw & UP_TYPE) != type_of(level))
			return false;
		if (level <= PUD && raw & UP_LARGE) {
			*ret = !(raw & UP_READ);
			return true;
		}
		pa = raw & ASCE_ORIGIN;
	}
	*ret = !(raw & PRESENT);
	return true;
}

static uint32_t find_traits(const struct mmu_facts *facts, const struct mmu_regime *kernel)
{
	uint64_t low, no_iep, cr0;
	bool shown = false, seen;

	if (!get(facts, "TRAIT(low-rw)", &low)) {
		seen = kernel && shows_low_rw(facts, kernel, &shown);
		low = seen && shown;
		facts->derived(facts->context, "TRAIT(low-rw)", low,
			       seen ? "the kernel's own entry for address 0"
				    : "no table of the kernel tells",
			       seen ? 0 : MMU_DERIVED_ASSUMED);
	}
	if (!get(facts, "TRAIT(no-iep)", &no_iep)) {
		seen = s390x_control(facts, 0, 0, &cr0);
		no_iep = seen && !(cr0 & CR0_IEP);
		facts->derived(facts->context, "TRAIT(no-iep)", no_iep,
			       seen ? "control register 0 of CPU 0" : "no control register 0",
			       seen ? 0 : MMU_DERIVED_ASSUMED);
	}
	return (low ? LOW_RW : 0) | (no_iep ? NO_IEP : 0);
}

/* ------------------------------------------------------------------ roots */

/*
 * Does this process keep KVM's words behind its page tables? mm_context_t has bits for it, the
 * first in the highest place; alloc_pgste stands before has_pgste where there is one.
 */
static bool has_pgste(const struct mmu_facts *facts, uint64_t mm_va)
{
	uint64_t offset, first;
	uint8_t bits;

	return mm_va && get(facts, "OFFSET(mm_struct.context.has_pgste)", &offset) &&
	       facts->read_kernel(facts->context, mm_va + offset, &bits, 1) &&
	       bits & (get(facts, "OFFSET(mm_struct.context.alloc_pgste)", &first) ? 0x40 : 0x80);
}

/* mm->context.asce, where it fits the table; else the table itself says how deep it is. */
static const char *process_regime(const struct mmu_facts *facts, const struct mmu_root *root,
				  struct mmu_regime *ret)
{
	uint64_t offset, asce;
	unsigned int top;
	uint8_t word[8];

	if (root->value & ~ASCE_ORIGIN)
		return "the top table does not begin at a page";
	if (root->mm_va && get(facts, "OFFSET(mm_struct.context.asce)", &offset) &&
	    facts->read_kernel(facts->context, root->mm_va + offset, word, sizeof(word))) {
		asce = s390x_big(word, sizeof(word));
		if ((asce & ASCE_ORIGIN) == root->value &&
		    s390x_asce_regime(asce, MMU_HALF_USER, ret))
			return NULL;
	}
	if (!top_of(facts, root->value, &top))
		return "the top table is not in the image, and no ASCE says how deep it is";
	s390x_regime(MMU_HALF_USER, top, 4, root->value, ret);
	return NULL;
}

static const char *cpu_regime(const struct mmu_facts *facts, const struct mmu_root *root,
			      const struct mmu_regime *kernel, struct mmu_regime *ret)
{
	enum mmu_half half = MMU_HALF_USER;
	struct mmu_cpu cpu;

	if (root->value > UINT32_MAX || !s390x_cpu(facts, (unsigned int)root->value, &cpu))
		return "the image has no control registers of this CPU";
	if (!cpu.format)
		return "this CPU translates nothing: virtual addresses are real ones";
	/* the kernel runs in its home space */
	if (kernel ? kernel->root_pa == cpu.root_pa : s390x_is_home(&cpu))
		half = MMU_HALF_KERNEL;
	s390x_asce_regime(cpu.root_value, half, ret);
	return NULL;
}

const char *s390x_locate(const struct mmu_facts *facts, const struct mmu_root *root,
			 struct mmu_regime *ret, size_t *ret_nr)
{
	struct mmu_regime kernel, regime;
	const char *missing = s390x_kernel_regime(facts, &kernel);
	const struct mmu_regime *known = missing ? NULL : &kernel;

	if (root->user_half)
		return "user mode runs on the one table that a process has";
	if (root->kind == MMU_ROOT_CPU) {
		missing = cpu_regime(facts, root, known, &regime);
	} else if (root->kind == MMU_ROOT_PGD_PA && !(known && kernel.root_pa == root->value)) {
		missing = process_regime(facts, root, &regime);
		if (!missing && (mmu_root_format(root) == &s390x_formats[PGSTE] ||
				 has_pgste(facts, root->mm_va)))
			regime.format = &s390x_formats[PGSTE];
	} else {
		regime = kernel;
	}
	if (missing)
		return missing;
	regime.traits = find_traits(facts, known);
	*ret = regime;
	*ret_nr = 1;
	return NULL;
}
