/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The regimes of a kernel, and samples of those that there are. */
#include "ppc64.h"

#define KINDS_OF_PAGES 2 /* 64 KiB, 4 KiB */
#define CONTEXT(n) ((uint64_t)(n) << HPT_VA_BITS)
#define REGION(n) (KERNEL_VA + (UINT64_C(0x3d) << 40) + ((uint64_t)(n) << 40)) /* 4 KiB pages */

#define COMMON(page, text, first, last, which)                                                     \
	.size = sizeof(struct mmu_regime), .name = (text), .first_va = (first), .last_va = (last), \
	.pa_mask = PA_MASK, .page_lg2 = (page), .rights = MMU_RIGHTS_ALL, .half = (which)
/* clang-format off */
#define TREE(of, whose, page, text, first, last, which, ...) \
	{ COMMON(page, text, first, last, which), .format = &(of), .view = (whose), \
	  .top_level = PGD, .shape = { __VA_ARGS__ }, \
	  .traits = (whose) == MMU_VIEW_LINUX && (page) == 16 ? LITTLE : 0 }
#define TABLE(page, text, first, last, which, context, big) \
	{ COMMON(page, text, first, last, which), .format = &ppc64_hpt, \
	  .view = MMU_VIEW_HARDWARE, .shape = { { 12, 0 } }, .nr_slots = HPT_SLOTS_MIN, \
	  .space = HPT_SPACE(context, big) }
#define RADIX_64K { 16, 5 }, { 21, 9 }, { 30, 9 }, { 39, 13 }
#define RADIX_4K  { 12, 9 }, { 21, 9 }, { 30, 9 }, { 39, 13 }
#define TREE_64K  { 16, 8 }, { 24, 10 }, { 34, 10 }, { 44, 8 }
#define TREE_4K   { 12, 9 }, { 21, 7 }, { 28, 9 }, { 37, 9 }
/* clang-format on */
#define RADIX(page, text, first, which, shape)                                                     \
	TREE(ppc64_radix, MMU_VIEW_BOTH, page, text, first, (first) + BIT(52) - 1, which, shape)
#define USER MMU_HALF_USER
#define KERNEL MMU_HALF_KERNEL
#define OF_LINUX MMU_VIEW_LINUX

enum { USERS, KERNELS };
static const struct mmu_regime radix[KINDS_OF_PAGES][2] = {
	{ RADIX(16, "quadrant 0", 0, USER, RADIX_64K),
	  RADIX(16, "quadrant 3", KERNEL_VA, KERNEL, RADIX_64K) },
	{ RADIX(12, "quadrant 0", 0, USER, RADIX_4K),
	  RADIX(12, "quadrant 3", KERNEL_VA, KERNEL, RADIX_4K) },
};

/* Beside a hashed table Linux has a tree for users, and one that begins with vmalloc. */
static const struct mmu_regime trees[KINDS_OF_PAGES][2] = {
	{ TREE(ppc64_tree64k, OF_LINUX, 16, "user, Linux's", 0, BIT(52) - 1, USER, TREE_64K),
	  TREE(ppc64_tree64k, OF_LINUX, 16, "kernel, Linux's", KERNEL_VA + CONTEXT(4),
	       KERNEL_VA + CONTEXT(6) - 1, KERNEL, TREE_64K) },
	{ TREE(ppc64_tree4k, OF_LINUX, 12, "user, Linux's", 0, BIT(46) - 1, USER, TREE_4K),
	  TREE(ppc64_tree4k, OF_LINUX, 12, "kernel, Linux's", REGION(0), REGION(2) - 1, KERNEL,
	       TREE_4K) },
};

/* User mode's part of the hashed table. Below 1 TiB segments have 256 MiB. */
#define LOW(page, context) TABLE(page, "HPT, below 1 TiB", 0, BIT(40) - 1, USER, context, 0)
#define HIGH(n) TABLE(16, "HPT, context " #n, CONTEXT(n), CONTEXT(n + 1) - 1, USER, 16 + (n), 1)
static const struct mmu_regime users64k[] = {
	LOW(16, 16), TABLE(16, "HPT, context 0", BIT(40), CONTEXT(1) - 1, USER, 16, 1),
	HIGH(1),     HIGH(2),
	HIGH(3),     HIGH(4),
	HIGH(5),     HIGH(6),
	HIGH(7),
};
static const struct mmu_regime users4k[] = { LOW(12, 6), TABLE(12, "HPT, context 0", BIT(40),
							       BIT(46) - 1, USER, 6, 1) };

/* The kernel's: get_kernel_context() of asm/book3s/64/mmu-hash.h. */
#define PART(text, n)                                                                              \
	TABLE(16, text, KERNEL_VA + CONTEXT(n), KERNEL_VA + CONTEXT(n + 1) - 1, KERNEL, 1 + (n), 1)
static const struct mmu_regime kernels64k[] = {
	PART("HPT, linear 0", 0), PART("HPT, linear 1", 1), PART("HPT, linear 2", 2),
	PART("HPT, linear 3", 3), PART("HPT, vmalloc", 4),  PART("HPT, I/O", 5),
	PART("HPT, vmemmap", 6),
};
#define PART4K(text, n) TABLE(12, text, REGION(n), REGION(n + 1) - 1, KERNEL, 2 + (n), 1)
static const struct mmu_regime kernels4k[] = {
	TABLE(12, "HPT, linear", KERNEL_VA, REGION(0) - 1, KERNEL, 1, 1),
	PART4K("HPT, vmalloc", 0),
	PART4K("HPT, I/O", 1),
	PART4K("HPT, vmemmap", 2),
};

/* ------------------------------------------------------------------ of a kernel */

static unsigned int kind_of(const struct ppc64_kernel *kernel)
{
	return kernel->page_lg2 == 16 ? 0 : 1;
}

size_t ppc64_nr_contexts(const struct ppc64_kernel *kernel)
{
	return kernel->page_lg2 == 16 ? COUNT(users64k) - 1 : 1;
}

static void add_tree(const struct ppc64_kernel *kernel, const struct mmu_regime *pattern,
		     uint64_t root_pa, struct mmu_regime *ret, size_t *nr)
{
	struct mmu_regime *regime = &ret[(*nr)++];
	unsigned int shift = kernel->page_lg2;

	*regime = *pattern;
	regime->root_pa = root_pa;
	regime->traits = kernel->traits;
	for (unsigned int level = PTE; level < NR_LEVELS; level++) {
		regime->shape[level] = (struct mmu_shape){ (uint8_t)shift, kernel->bits[level] };
		shift += kernel->bits[level];
	}
	/* an older kernel's tree is smaller */
	if (shift < 64 && regime->last_va - regime->first_va >= BIT(shift))
		regime->last_va = regime->first_va + BIT(shift) - 1;
}

static void add_table(const struct ppc64_kernel *kernel, const struct mmu_regime *pattern,
		      uint64_t context, struct mmu_regime *ret, size_t *nr)
{
	struct mmu_regime *regime = &ret[(*nr)++];
	bool big = pattern->half == MMU_HALF_USER ? kernel->big_user && pattern->space & 1
						  : kernel->big_kernel;

	*regime = *pattern;
	regime->root_pa = kernel->table_pa;
	regime->nr_slots = kernel->nr_slots;
	regime->traits = kernel->traits;
	regime->space = HPT_SPACE(context, big);
}

void ppc64_user_regimes(const struct ppc64_kernel *kernel, uint64_t root_pa,
			const uint64_t *contexts, size_t nr_contexts, struct mmu_regime *ret,
			size_t *nr)
{
	const struct mmu_regime *patterns = kernel->page_lg2 == 16 ? users64k : users4k;

	add_tree(kernel, &(kernel->hash ? trees : radix)[kind_of(kernel)][USERS], root_pa, ret, nr);
	if (!kernel->hash || !kernel->nr_slots)
		return;
	for (size_t i = 0; i < nr_contexts; i++) {
		if (contexts[i] && i == 0)
			add_table(kernel, &patterns[0], contexts[i], ret, nr);
		if (contexts[i])
			add_table(kernel, &patterns[i + 1], contexts[i], ret, nr);
	}
}

void ppc64_kernel_regimes(const struct ppc64_kernel *kernel, struct mmu_regime *ret, size_t *nr)
{
	const struct mmu_regime *patterns = kernel->page_lg2 == 16 ? kernels64k : kernels4k;
	size_t nr_patterns = kernel->page_lg2 == 16 ? COUNT(kernels64k) : COUNT(kernels4k);
	const struct mmu_regime *tree = &(kernel->hash ? trees : radix)[kind_of(kernel)][KERNELS];
	bool added = false;

	for (size_t i = 0; kernel->hash && kernel->nr_slots && i < nr_patterns; i++) {
		if (!added && patterns[i].first_va >= tree->first_va) {
			add_tree(kernel, tree, kernel->root_pa, ret, nr);
			added = true;
		}
		add_table(kernel, &patterns[i], patterns[i].space >> 1, ret, nr);
	}
	if (!added)
		add_tree(kernel, tree, kernel->root_pa, ret, nr);
}

/* ------------------------------------------------------------------ samples */

#define R(kind) &radix[kind][USERS], &radix[kind][KERNELS]
static const struct mmu_regime *const radix64k[] = { R(0) }, *const radix4k[] = { R(1) };
static const struct mmu_regime *const hash64k[] = {
	&trees[0][USERS], &users64k[0],   &users64k[1],   &users64k[2],   &users64k[3],
	&users64k[4],     &users64k[5],   &users64k[6],   &users64k[7],   &users64k[8],
	&kernels64k[0],   &kernels64k[1], &kernels64k[2], &kernels64k[3], &trees[0][KERNELS],
	&kernels64k[4],   &kernels64k[5], &kernels64k[6],
};
static const struct mmu_regime *const hash4k[] = {
	&trees[1][USERS],   &users4k[0],   &users4k[1],   &kernels4k[0],
	&trees[1][KERNELS], &kernels4k[1], &kernels4k[2], &kernels4k[3],
};

#define SAMPLE(id)                                                                                 \
	static const struct mmu_sample sample_##id = { sizeof(struct mmu_sample), #id, id,         \
						       COUNT(id) }
SAMPLE(radix64k);
SAMPLE(radix4k);
SAMPLE(hash64k);
SAMPLE(hash4k);

const struct mmu_sample *const ppc64_samples[PPC64_NR_SAMPLES] = { &sample_radix64k,
								   &sample_radix4k, &sample_hash64k,
								   &sample_hash4k };
