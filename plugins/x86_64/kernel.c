/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Finding an x86_64 kernel: levels, traits, roots. */
#include "x86_64.h"

static bool get(const struct mmu_facts *facts, const char *key, uint64_t *ret)
{
	return facts->get(facts->context, key, ret);
}

static bool read_phys(const struct mmu_facts *facts, uint64_t pa, unsigned int bytes, uint64_t *ret)
{
	uint8_t buf[8];

	if (!facts->read_phys(facts->context, pa, buf, bytes))
		return false;
	*ret = x86_64_little(buf, bytes);
	return true;
}

bool x86_64_variable(const struct mmu_facts *facts, const char *key, uint64_t offset,
		     unsigned int bytes, uint64_t *ret)
{
	uint64_t va, base;

	return get(facts, key, &va) && va >= IMAGE_MAP && get(facts, "NUMBER(phys_base)", &base) &&
	       read_phys(facts, va + offset - IMAGE_MAP + base, bytes, ret);
}

bool x86_64_named_root(const struct mmu_facts *facts, uint64_t *ret_va, uint64_t *ret_pa)
{
	uint64_t base;

	if (!get(facts, "NUMBER(phys_base)", &base) ||
	    (!get(facts, "SYMBOL(init_top_pgt)", ret_va) && /* 4.13 */
	     !get(facts, "SYMBOL(swapper_pg_dir)", ret_va) &&
	     !get(facts, "SYMBOL(init_level4_pgt)", ret_va)))
		return false;
	*ret_pa = *ret_va - IMAGE_MAP + base;
	return true;
}

const char *x86_64_kernel_root(const struct mmu_facts *facts, uint64_t *ret_va, uint64_t *ret_pa)
{
	uint64_t base;

	if (!get(facts, "NUMBER(phys_base)", &base))
		return "NUMBER(phys_base) is not known";
	if (x86_64_named_root(facts, ret_va, ret_pa))
		return NULL;
	if (!get(facts, KERNEL_ROOT, ret_pa))
		return "neither SYMBOL(init_top_pgt) nor SYMBOL(swapper_pg_dir) is known";
	*ret_va = *ret_pa - base + IMAGE_MAP;
	return NULL;
}

/* Which bits are address. A limit that is too low would condemn good entries: only a sane one. */
static void find_pa_mask(const struct mmu_facts *facts, struct mmu_regime *regime)
{
	uint64_t value, offset;

	regime->pa_mask = ADDRESS;
	if (x86_64_variable(facts, "SYMBOL(physical_mask)", 0, 8, &value) &&
	    !(BITS(12, 35) & ~value))
		regime->pa_mask &= value; /* 4.18; SME, SEV and TDX take their bit out of it */
	if ((get(facts, "NUMBER(sme_mask)", &value) ||
	     x86_64_variable(facts, "SYMBOL(sme_me_mask)", 0, 8, &value)) &&
	    !(value & BITS(12, 35)))
		regime->pa_mask &= ~value;
	if (regime->pa_mask != ADDRESS) /* then CPUID's width is no guide: SME lowers it */
		regime->traits |= ENCRYPTION;
	else if (get(facts, "OFFSET(cpuinfo_x86.x86_phys_bits)", &offset) &&
		 x86_64_variable(facts, "SYMBOL(boot_cpu_data)", offset, 1, &value) &&
		 value >= 36 && value <= 52)
		regime->pa_mask &= BITS(12, (unsigned int)value - 1);
}

/* @param masks  has the traits and pa_mask that entries are to be read with */
static const char *find_levels(const struct mmu_facts *facts, const struct mmu_regime *masks,
			       uint64_t *ret)
{
	struct mmu_regime four = x86_64_regimes[0][KERNEL_HALF];
	uint64_t five, va, pa;
	struct mmu_cpu cpu;
	const char *how = "variable __pgtable_l5_enabled";

	four.traits = masks->traits;
	four.pa_mask = masks->pa_mask;
	if (get(facts, "NUMBER(pgtable_l5_enabled)", &five)) { /* 4.17 */
		*ret = five != 0;
		return NULL;
	}
	if (x86_64_variable(facts, "SYMBOL(__pgtable_l5_enabled)", 0, 4, &five)) {
		five = five != 0;
	} else if (x86_64_cpu(facts, 0, &cpu) && cpu.format) {
		five = cpu.format == &x86_64_format5;
		how = "CR4.LA57 of CPU 0";
	} else if (!x86_64_kernel_root(facts, &va, &four.root_pa) &&
		   facts->walk(facts->context, &four, va, &pa) && pa == four.root_pa) {
		five = 0;
		how = "the kernel's top table maps itself when read as 4 levels";
	} else {
		return "4 or 5 levels: no NUMBER(pgtable_l5_enabled), no __pgtable_l5_enabled, no "
		       "CR4";
	}
	facts->derived(facts->context, "NUMBER(pgtable_l5_enabled)", five, how, 0);
	*ret = five;
	return NULL;
}

/* A kernel has a trait when one of its keys is known. "TRAIT(name)" decides, if it is given. */
static const struct {
	uint32_t bit;
	const char *key, *proofs[2];
} eras[] = {
	{ L1TF, "TRAIT(l1tf)", { "SYMBOL(l1tf_mitigation)", "NUMBER(sme_mask)" } },
	{ SAVED_DIRTY, "TRAIT(saved-dirty)", { "SYMBOL(arch_check_zapped_pte)" } },
	{ NO_DEVMAP, "TRAIT(no-devmap)", { "OFFSET(page.compound_info)" } },
	{ SWAP_SD7, "TRAIT(swap-sd7)", { "SYMBOL(init_level4_pgt)" } },
};

static void find_traits(const struct mmu_facts *facts, struct mmu_regime *regime)
{
	uint64_t value;
	bool symbols = get(facts, "SYMBOL(init_task)", &value); /* in no VMCOREINFO */

	for (size_t i = 0; i < COUNT(eras); i++) {
		const char *how = symbols ? "by its symbols" : "no symbols tell the release";
		uint32_t flags = symbols ? 0 : MMU_DERIVED_ASSUMED;
		uint64_t on = !symbols && DEFAULT_TRAITS & eras[i].bit;

		for (size_t j = 0; j < COUNT(eras[i].proofs) && eras[i].proofs[j]; j++) {
			if (!get(facts, eras[i].proofs[j], &value))
				continue;
			on = 1;
			how = eras[i].proofs[j];
			flags = 0;
		}
		if (eras[i].bit == SWAP_SD7 && regime->traits & L1TF)
			on = 0; /* its backports brought bit 1 along */
		if (get(facts, eras[i].key, &value))
			on = value;
		else
			facts->derived(facts->context, eras[i].key, on, how, flags);
		regime->traits |= on ? eras[i].bit : 0;
	}
}

/*
 * Is this the kernel's copy of a KPTI pair? It has NX in present user slots, and the page after it
 * repeats them without. Linux sets NX there for no other reason, so without that page NX suffices.
 */
static bool is_pti_pair(const struct mmu_facts *facts, uint64_t root_pa)
{
	uint8_t kernel[2048], user[8];

	if (root_pa & BIT(12) || !facts->read_phys(facts->context, root_pa, kernel, sizeof(kernel)))
		return false;
	for (size_t i = 0; i < sizeof(kernel); i += 8) {
		/* the lowest byte and the highest, of slots that are mostly empty */
		if ((kernel[i] & (PRESENT | USER)) != (PRESENT | USER) || !(kernel[i + 7] >> 7))
			continue;
		uint64_t raw = x86_64_little(kernel + i, 8);
		if (!facts->read_phys(facts->context, (root_pa | BIT(12)) + i, user,
				      sizeof(user)) ||
		    ((raw ^ x86_64_little(user, 8)) & ~(ACCESSED | DIRTY)) == NX)
			return true;
	}
	return false;
}

static const char *find_root(const struct mmu_facts *facts, const struct mmu_root *root,
			     struct mmu_regime *regime)
{
	uint64_t value = root->value, other;
	const char *missing;

	if (root->kind == MMU_ROOT_KERNEL) {
		missing = x86_64_kernel_root(facts, &other, &value);
		if (missing)
			return missing;
	} else if (root->kind == MMU_ROOT_CPU) {
		struct mmu_cpu cpu;

		if (value > UINT32_MAX || !x86_64_cpu(facts, (unsigned int)value, &cpu))
			return "the image has no CR3 of this CPU (QEMU writes those of its CPUs, "
			       "others none)";
		if (!cpu.format)
			return "this CPU is not in long mode";
		value = cpu.root_pa & address_bits(regime); /* without the C-bit */
	}
	regime->root_pa = value;
	return value & BITS(0, 11) ? "the top table does not begin at a page" : NULL;
}

const char *x86_64_locate(const struct mmu_facts *facts, const struct mmu_root *root,
			  struct mmu_regime *ret, size_t *ret_nr)
{
	struct mmu_regime regime = { .traits = 0 };
	const char *missing;
	uint64_t pair_pa, five;

	find_pa_mask(facts, &regime);
	missing = find_root(facts, root, &regime);
	if (missing)
		return missing;
	five = mmu_root_format(root) == &x86_64_format5;
	missing = mmu_root_format(root) ? NULL : find_levels(facts, &regime, &five);
	if (missing)
		return missing;
	find_traits(facts, &regime);
	/* a CPU in user mode runs on the second table of the pair: then that is what is shown */
	pair_pa = root->kind == MMU_ROOT_CPU ? regime.root_pa & ~BIT(12) : regime.root_pa;
	if (is_pti_pair(facts, pair_pa)) {
		facts->derived(facts->context, "TRAIT(pti)", 1,
			       "NX in user slots of a top table, which the next page lacks", 0);
		if (root->user_half)
			regime.root_pa |= BIT(12);
		else if (!(regime.root_pa & BIT(12)))
			regime.traits |= PTI;
	} else if (root->user_half) {
		return "the top table shows no sign of KPTI: user mode seems to run on it too";
	}
	for (unsigned int half = USER_HALF; half <= KERNEL_HALF; half++) {
		ret[half] = x86_64_regimes[five][half];
		ret[half].root_pa = regime.root_pa;
		ret[half].pa_mask = regime.pa_mask;
		ret[half].traits = regime.traits;
	}
	*ret_nr = 2;
	return NULL;
}
