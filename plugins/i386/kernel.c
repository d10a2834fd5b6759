/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Finding an i386 kernel: format, split, lowmem, traits, roots. */
#include "i386.h"

#define MIB(n) ((uint64_t)(n) << 20)

/* 3G, 3G_OPT, 2G, 2G_OPT, 1G of arch/x86/Kconfig */
const uint64_t i386_splits[NR_SPLITS] = { 0xc0000000, 0xb0000000, 0x80000000, 0x78000000,
					  0x40000000 };

static bool get(const struct mmu_facts *facts, const char *key, uint64_t *ret)
{
	return facts->get(facts->context, key, ret);
}

struct mmu_regime i386_kernel_regime(const struct i386_kernel *kernel)
{
	struct mmu_regime regime = i386_regimes[kernel->format][KERNEL_HALF];

	regime.first_va = kernel->page_offset_va;
	regime.root_pa = kernel->root_pa;
	return regime;
}

bool i386_maps_itself(const struct mmu_facts *facts, const struct i386_kernel *kernel)
{
	struct mmu_regime regime = i386_kernel_regime(kernel);
	uint64_t pa;

	return facts->walk(facts->context, &regime, kernel->page_offset_va + kernel->root_pa,
			   &pa) &&
	       pa == kernel->root_pa;
}

/* Which formats there can be. Notes of a kernel with PAE have the line; types tell of both. */
static bool may_be(const struct mmu_facts *facts, unsigned int format)
{
	uint64_t value;

	if (get(facts, "CONFIG_X86_PAE", &value))
		return (value != 0) == (format == PAE);
	return !get(facts, "SIZE(pte_t)", &value) || (value == 8) == (format == PAE);
}

/*
 * No note says where the kernel's half begins, nor that there is no PAE. The kernel's top table
 * decides: read in the right way, it maps itself.
 */
static bool prove(const struct mmu_facts *facts, uint64_t swapper_va, struct i386_kernel *ret)
{
	struct i386_kernel kernel;
	uint64_t known;
	bool told = get(facts, "PAGE_OFFSET", &known);

	for (unsigned int i = 0; i < NR_SPLITS; i++) {
		kernel.page_offset_va = told ? known : i386_splits[i];
		if (swapper_va < kernel.page_offset_va || kernel.page_offset_va > UINT32_MAX)
			continue;
		kernel.root_pa = swapper_va - kernel.page_offset_va;
		for (kernel.format = TWO; kernel.format < NR_FORMATS; kernel.format++) {
			if (!may_be(facts, kernel.format) || !i386_maps_itself(facts, &kernel))
				continue;
			*ret = kernel;
			return true;
		}
	}
	return false;
}

const char *i386_find_kernel(const struct mmu_facts *facts, struct i386_kernel *ret)
{
	uint64_t va, known;

	if (!get(facts, "SYMBOL(swapper_pg_dir)", &va)) {
		uint64_t pa;

		if (!get(facts, KERNEL_ROOT, &pa) || !get(facts, "PAGE_OFFSET", &va))
			return "SYMBOL(swapper_pg_dir) is not known";
		va += pa;
	}
	if (!prove(facts, va, ret))
		return "swapper_pg_dir does not map itself, with no split and no format of tables";
	if (!get(facts, "PAGE_OFFSET", &known))
		facts->derived(facts->context, "PAGE_OFFSET", ret->page_offset_va,
			       "with this split swapper_pg_dir maps itself", 0);
	if (!get(facts, "CONFIG_X86_PAE", &known))
		facts->derived(facts->context, "CONFIG_X86_PAE", ret->format == PAE,
			       "read so, swapper_pg_dir maps itself", 0);
	return NULL;
}

/* ------------------------------------------------------------------ linear mapping */

/* A variable of the kernel, which lies in lowmem. */
static bool variable(const struct mmu_facts *facts, const struct i386_kernel *kernel,
		     const char *key, uint64_t offset, unsigned int bytes, uint64_t *ret)
{
	uint8_t buf[8];
	uint64_t va;

	if (!get(facts, key, &va) || va < kernel->page_offset_va ||
	    !facts->read_phys(facts->context, va + offset - kernel->page_offset_va, buf, bytes))
		return false;
	*ret = i386_little(buf, bytes);
	return true;
}

/* Lowmem ends at high_memory; else where the kernel's tables stop being linear. */
static uint64_t lowmem_end(const struct mmu_facts *facts, const struct i386_kernel *kernel)
{
	struct mmu_regime regime = i386_kernel_regime(kernel);
	uint64_t va, pa, end;

	if (variable(facts, kernel, "SYMBOL(high_memory)", 0, 4, &end) &&
	    end > kernel->page_offset_va + kernel->root_pa)
		return end;
	va = (kernel->page_offset_va + kernel->root_pa) & ~(MIB(1) - 1);
	for (; va < UINT32_MAX; va += BIT(12))
		if (!facts->walk(facts->context, &regime, va, &pa) ||
		    pa != va - kernel->page_offset_va)
			break;
	return va;
}

const char *i386_linear(const struct mmu_facts *facts, struct mmu_linear *ret, size_t *ret_nr)
{
	struct i386_kernel kernel;
	const char *missing = i386_find_kernel(facts, &kernel);
	uint64_t end;

	if (missing)
		return missing;
	end = lowmem_end(facts, &kernel);
	if (end <= kernel.page_offset_va || end > BIT(32))
		return "lowmem's end: neither high_memory nor the kernel's tables can be read";
	/* KASLR moves the kernel within lowmem: it moves the image's physical address as well */
	ret[0] = (struct mmu_linear){ kernel.page_offset_va, end - 1, 0, "lowmem",
				      MMU_LINEAR_IMAGE | MMU_LINEAR_DIRECT };
	*ret_nr = 1;
	return NULL;
}

/* ------------------------------------------------------------------ traits */

/* A kernel has a trait when its key is known. "TRAIT(name)" decides, if it is given. */
static const struct {
	uint32_t bit;
	const char *key, *proof;
} eras[] = {
	{ L1TF, "TRAIT(l1tf)", "SYMBOL(l1tf_mitigation)" },
	{ SAVED_DIRTY, "TRAIT(saved-dirty)", "SYMBOL(arch_check_zapped_pte)" },
};

static uint32_t find_traits(const struct mmu_facts *facts, unsigned int format)
{
	uint64_t value;
	/* notes have the first alone, which is no data of kallsyms */
	bool symbols = get(facts, "SYMBOL(init_task)", &value);
	uint32_t found = 0;

	for (size_t i = 0; i < COUNT(eras); i++) {
		const char *how = symbols ? "by its symbols" : "no symbols tell the release";
		bool on = !symbols || get(facts, eras[i].proof, &value);

		if (eras[i].bit == L1TF && format != PAE)
			continue;
		if (get(facts, eras[i].key, &value))
			on = value;
		else
			facts->derived(facts->context, eras[i].key, on, how,
				       symbols ? 0 : MMU_DERIVED_ASSUMED);
		found |= on ? eras[i].bit : 0;
	}
	return found;
}

/* Which bits are address. A limit that is too low would condemn good entries: only a sane one. */
static uint64_t find_pa_mask(const struct mmu_facts *facts, const struct i386_kernel *kernel)
{
	uint64_t mask = i386_regimes[kernel->format][USER_HALF].pa_mask, value, offset;

	if (kernel->format == PAE && get(facts, "OFFSET(cpuinfo_x86.x86_phys_bits)", &offset) &&
	    variable(facts, kernel, "SYMBOL(boot_cpu_data)", offset, 1, &value) && value >= 36 &&
	    value <= 52)
		mask = BITS(0, (unsigned int)value - 1);
	return mask;
}

/* ------------------------------------------------------------------ roots */

/*
 * With KPTI (PAE alone) a top table begins a pair of pages: in the second, user mode's, the slots
 * of processes are the same and that of the kernel is another.
 */
static bool is_pti_pair(const struct mmu_facts *facts, const struct mmu_regime *user,
			uint64_t page_offset_va)
{
	uint8_t kernels[32], users[32];
	uint64_t pa = user->root_pa;
	size_t slots = (size_t)(page_offset_va >> 30) * 8;

	if (pa & BITS(0, 12) || slots >= sizeof(kernels) ||
	    !facts->read_phys(facts->context, pa, kernels, sizeof(kernels)) ||
	    !facts->read_phys(facts->context, pa + 4096, users, sizeof(users)))
		return false;
	for (size_t i = 0; i < slots; i += 8)
		if ((i386_little(kernels + i, 8) ^ i386_little(users + i, 8)) & ~ACCESSED)
			return false;
	uint64_t theirs = i386_little(users + slots, 8), ours = i386_little(kernels + slots, 8);
	return theirs & PRESENT && ours & PRESENT && (theirs ^ ours) & BITS(12, 51) &&
	       !(theirs & (BITS(1, 2) | BITS(6, 8) | BITS(52, 63)));
}

static const char *find_root(const struct mmu_facts *facts, const struct mmu_root *root,
			     struct i386_kernel *kernel)
{
	struct mmu_cpu cpu;

	if (root->kind == MMU_ROOT_PGD_PA) {
		kernel->root_pa = root->value;
	} else if (root->kind == MMU_ROOT_CPU) {
		if (root->value > UINT32_MAX || !i386_cpu(facts, (unsigned int)root->value, &cpu))
			return "the image has no CR3 of this CPU (QEMU writes those of its CPUs, "
			       "others none)";
		if (!cpu.format)
			return "this CPU does not run 32-bit or PAE paging";
		kernel->root_pa = cpu.root_pa;
		kernel->format = cpu.format == &i386_formats[PAE] ? PAE : TWO;
	}
	if (kernel->root_pa & (kernel->format == PAE ? BITS(0, 4) : BITS(0, 11)))
		return kernel->format == PAE ? "a PDPT lies at a multiple of 32 bytes"
					     : "the top table does not begin at a page";
	return NULL;
}

const char *i386_locate(const struct mmu_facts *facts, const struct mmu_root *root,
			struct mmu_regime *ret, size_t *ret_nr)
{
	const struct mmu_format *format = mmu_root_format(root);
	struct i386_kernel kernel = { .page_offset_va = i386_splits[0] };
	const char *missing = i386_find_kernel(facts, &kernel);
	uint64_t pa_mask;
	uint32_t traits;

	/* where the format is told, tables can be read though no kernel is known */
	if (missing &&
	    (root->kind == MMU_ROOT_KERNEL || (root->kind == MMU_ROOT_PGD_PA && !format)))
		return missing;
	pa_mask = missing ? UINT64_MAX : find_pa_mask(facts, &kernel);
	if (format)
		kernel.format = format == &i386_formats[PAE] ? PAE : TWO;
	missing = find_root(facts, root, &kernel);
	if (missing)
		return missing;
	traits = find_traits(facts, kernel.format);
	for (unsigned int half = USER_HALF; half <= KERNEL_HALF; half++) {
		ret[half] = i386_regimes[kernel.format][half];
		ret[half].root_pa = kernel.root_pa;
		ret[half].pa_mask &= pa_mask;
		ret[half].traits = traits;
	}
	ret[USER_HALF].last_va = kernel.page_offset_va - 1;
	ret[KERNEL_HALF].first_va = kernel.page_offset_va;
	if (root->user_half) {
		if (kernel.format != PAE ||
		    !is_pti_pair(facts, &ret[USER_HALF], kernel.page_offset_va))
			return "the top table shows no sign of KPTI: user mode seems to run on it "
			       "too";
		ret[USER_HALF].root_pa += 4096;
		ret[KERNEL_HALF].root_pa += 4096;
	}
	*ret_nr = 2;
	return NULL;
}
