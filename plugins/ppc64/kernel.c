/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Finding a ppc64 kernel: which MMU it runs, its trees, its hashed table. */
#include "ppc64.h"

#define RADIX_FEATURE BIT(6) /* asm/mmu.h: MMU_FTR_TYPE_RADIX */
#define VA68_FEATURE BIT(13) /* MMU_FTR_68_BIT_VA */
#define SLOTS_MAX BIT(44)
#define SLOTS_LOOKED_AT 65536u
#define LINEAR_VA_MASK BITS(0, 59)

static bool get(const struct mmu_facts *facts, const char *key, uint64_t *ret)
{
	return facts->get(facts->context, key, ret);
}

bool ppc64_linear_pa(uint64_t va, uint64_t *ret_pa)
{
	if (va - KERNEL_VA >= LINEAR_BYTES_MAX)
		return false;
	*ret_pa = va & LINEAR_VA_MASK;
	return true;
}

static uint64_t number_of(const struct mmu_facts *facts, const uint8_t *at, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes; i++)
		value = value << 8 | at[facts->big_endian ? i : bytes - 1 - i];
	return value;
}

bool ppc64_read_number(const struct mmu_facts *facts, uint64_t va, size_t bytes, uint64_t *ret)
{
	uint8_t raw[8];

	if (!facts->read_kernel(facts->context, va, raw, bytes))
		return false;
	*ret = number_of(facts, raw, bytes);
	return true;
}

/* The value of a variable of the kernel. */
static bool variable(const struct mmu_facts *facts, const char *symbol, size_t bytes, uint64_t *ret)
{
	uint64_t va;

	return get(facts, symbol, &va) && ppc64_read_number(facts, va, bytes, ret);
}

/* ------------------------------------------------------------------ which MMU */

static bool features(const struct mmu_facts *facts, uint64_t *ret)
{
	uint64_t spec, offset;

	/* 4 bytes, as asm/cputable.h has it */
	return get(facts, "OFFSET(cpu_spec.mmu_features)", &offset) &&
	       variable(facts, "SYMBOL(cur_cpu_spec)", 8, &spec) &&
	       ppc64_read_number(facts, spec + offset, 4, ret);
}

/* A radix kernel's tree has the linear mapping, and in it the tree itself. */
static bool maps_itself(const struct mmu_facts *facts, const struct ppc64_kernel *kernel)
{
	struct mmu_regime regime[1];
	size_t nr = 0;
	uint64_t pa;

	ppc64_kernel_regimes(kernel, regime, &nr);
	return facts->walk(facts->context, regime, KERNEL_VA + kernel->root_pa, &pa) &&
	       pa == kernel->root_pa;
}

static void set_bits(struct ppc64_kernel *kernel, uint8_t pte, uint8_t pmd, uint8_t pud,
		     uint8_t pgd)
{
	kernel->bits[PTE] = pte;
	kernel->bits[PMD] = pmd;
	kernel->bits[PUD] = pud;
	kernel->bits[PGD] = pgd;
}

/* asm/book3s/64/radix-4k.h and so on: as kernels since 5.2 are built. */
static void usual_bits(struct ppc64_kernel *kernel)
{
	if (!kernel->hash)
		set_bits(kernel, kernel->page_lg2 == 16 ? 5 : 9, 9, 9, 13);
	else if (kernel->page_lg2 == 16)
		set_bits(kernel, 8, 10, 10, 8);
	else
		set_bits(kernel, 9, 7, 9, 9);
}

/* The kernel keeps them as variables, for one that can run both. */
static bool read_bits(const struct mmu_facts *facts, struct ppc64_kernel *kernel)
{
	static const char *const names[NR_LEVELS] = { "SYMBOL(__pte_index_size)",
						      "SYMBOL(__pmd_index_size)",
						      "SYMBOL(__pud_index_size)",
						      "SYMBOL(__pgd_index_size)" };
	uint64_t bits[NR_LEVELS], sum = 0;

	for (unsigned int level = PTE; level < NR_LEVELS; level++) {
		if (!variable(facts, names[level], 8, &bits[level]) || !bits[level] ||
		    bits[level] > 16)
			return false;
		sum += bits[level];
	}
	if (sum + kernel->page_lg2 > 56)
		return false;
	set_bits(kernel, (uint8_t)bits[PTE], (uint8_t)bits[PMD], (uint8_t)bits[PUD],
		 (uint8_t)bits[PGD]);
	return true;
}

/* With no PAGESIZE: which page size makes the tree map itself, or fits the index of PTEs. */
static bool find_page(const struct mmu_facts *facts, struct ppc64_kernel *kernel)
{
	uint64_t bytes, bits;

	if (get(facts, "PAGESIZE", &bytes) && (bytes == BIT(12) || bytes == BIT(16))) {
		kernel->page_lg2 = bytes == BIT(12) ? 12 : 16;
		return true;
	}
	if (!variable(facts, "SYMBOL(__pte_index_size)", 8, &bits) || !bits || bits > 9)
		return false;
	kernel->page_lg2 = bits == 9 ? 12 : 16; /* 5 and 8: 64 KiB */
	facts->derived(facts->context, "PAGESIZE", BIT(kernel->page_lg2), "__pte_index_size", 0);
	return true;
}

static bool is_hash(const struct mmu_facts *facts, struct ppc64_kernel *kernel)
{
	uint64_t value;
	const char *how;

	if (get(facts, "TRAIT(radix)", &value))
		return !value;
	kernel->hash = false;
	usual_bits(kernel);
	if (maps_itself(facts, kernel)) {
		value = 1;
		how = "the radix tree maps itself";
	} else if (features(facts, &value)) {
		value = !!(value & RADIX_FEATURE);
		how = "cur_cpu_spec->mmu_features";
	} else {
		value = 0;
		how = "no radix tree maps the linear mapping";
	}
	facts->derived(facts->context, "TRAIT(radix)", value, how, 0);
	return !value;
}

/* ------------------------------------------------------------------ traits */

/*
 * ISA 3.0 moved B from the first word to the second. Nearly all segments have 1 TiB, so that some
 * slot says so, in the one place or in the other.
 */
static bool has_isa3_slots(const struct mmu_facts *facts, const struct ppc64_kernel *kernel)
{
	uint8_t slots[256 * 16];
	uint64_t value;
	bool ret = false, done = false;

	if (get(facts, "TRAIT(isa3)", &value))
		return value;
	for (uint64_t at = 0; !done && at < kernel->nr_slots && at < SLOTS_LOOKED_AT; at += 256) {
		if (!facts->read_phys(facts->context, kernel->table_pa + at * 16, slots,
				      sizeof(slots)))
			continue;
		for (size_t i = 0; !done && i < sizeof(slots); i += 16) {
			done = slots[i + 7] & HPT_VALID && (slots[i] >> 6 || slots[i + 8] & 0x0c);
			ret = done && !(slots[i] >> 6);
		}
	}
	facts->derived(facts->context, "TRAIT(isa3)", ret, "where slots have their B field",
		       done ? 0 : MMU_DERIVED_ASSUMED);
	return ret;
}

/* 5.19 called a page flag by the name of what it gave bit 5 to; soft-dirty was there before. */
static bool has_old_swap(const struct mmu_facts *facts)
{
	static const char *const newer[] = { "OFFSET(page.compound_info)",
					     "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)",
					     "ENUM(pageflags.PG_anon_exclusive)" };
	uint64_t value;
	bool known = false, old;

	if (get(facts, "TRAIT(old-swap)", &value))
		return value;
	for (size_t i = 0; i < COUNT(newer) && !known; i++)
		known = get(facts, newer[i], &value);
	old = !known && get(facts, "ENUM(pageflags.PG_lru)", &value);
	facts->derived(facts->context, "TRAIT(old-swap)", old, "PG_anon_exclusive and newer signs",
		       known || old ? 0 : MMU_DERIVED_ASSUMED);
	return old;
}

/* ------------------------------------------------------------------ the hashed table */

static void find_table(const struct mmu_facts *facts, struct ppc64_kernel *kernel)
{
	uint64_t va, mask, size;

	if (!variable(facts, "SYMBOL(htab_address)", 8, &va))
		return;
	if (!va) {
		facts->derived(facts->context, "HASHED_TABLE", 0,
			       "the hypervisor holds the hashed table: it is not in the image", 0);
		return;
	}
	if (!variable(facts, "SYMBOL(htab_hash_mask)", 8, &mask) || mask & (mask + 1) ||
	    mask >= SLOTS_MAX / HPT_GROUP || (mask + 1) * HPT_GROUP < HPT_SLOTS_MIN ||
	    !ppc64_linear_pa(va, &kernel->table_pa) || kernel->table_pa & BITS(0, 17))
		return;
	kernel->nr_slots = (mask + 1) * HPT_GROUP;
	kernel->big_user = !variable(facts, "SYMBOL(mmu_highuser_ssize)", 4, &size) || size == 1;
	kernel->big_kernel = !variable(facts, "SYMBOL(mmu_kernel_ssize)", 4, &size) || size == 1;
	kernel->traits |= has_isa3_slots(facts, kernel) ? ISA3 : 0;
	kernel->traits |= features(facts, &mask) && !(mask & VA68_FEATURE) ? VA65 : 0;
}

const char *ppc64_find_kernel(const struct mmu_facts *facts, struct ppc64_kernel *ret)
{
	struct ppc64_kernel kernel = { .page_lg2 = 0 };
	uint64_t va;

	if (!get(facts, "SYMBOL(swapper_pg_dir)", &va) || !ppc64_linear_pa(va, &kernel.root_pa) ||
	    kernel.root_pa & BITS(0, 11))
		return "SYMBOL(swapper_pg_dir) is not known";
	if (!find_page(facts, &kernel))
		return "PAGESIZE is not known";
	kernel.hash = is_hash(facts, &kernel);
	if (!read_bits(facts, &kernel))
		usual_bits(&kernel);
	kernel.traits = has_old_swap(facts) ? OLD_SWAP : 0;
	if (kernel.hash && !facts->big_endian)
		kernel.traits |= LITTLE;
	if (kernel.hash)
		find_table(facts, &kernel);
	*ret = kernel;
	return NULL;
}
