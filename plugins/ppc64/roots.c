/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The regimes of a space: where its trees lie, which contexts it has in the hashed table. */
#include "ppc64.h"

/* mm->context: extended_id[0] is id; radix kernels have but that, as PID. */
static void find_contexts(const struct mmu_facts *facts, uint64_t mm_va, uint64_t *ret, size_t nr)
{
	uint64_t offset;

	for (size_t i = 0; i < nr; i++) {
		ret[i] = 0;
		if (mm_va && facts->get(facts->context, "OFFSET(mm_struct.context.id)", &offset) &&
		    !ppc64_read_number(facts, mm_va + offset + 8 * i, 8, &ret[i]))
			ret[i] = 0;
	}
}

/* Without a kernel: the first sample that has the format, as far as one root leads. */
static const char *bare_regimes(const struct mmu_root *root, struct mmu_regime *ret, size_t *ret_nr)
{
	for (size_t i = 0; i < PPC64_NR_SAMPLES; i++) {
		const struct mmu_sample *sample = ppc64_samples[i];

		if (sample->regimes[0]->format != mmu_root_format(root))
			continue;
		*ret = *sample->regimes[0];
		ret->root_pa = root->value;
		*ret_nr = 1;
		return NULL;
	}
	return "no system has a tree of this format";
}

const char *ppc64_locate(const struct mmu_facts *facts, const struct mmu_root *root,
			 struct mmu_regime *ret, size_t *ret_nr)
{
	uint64_t contexts[CONTEXTS_MAX];
	struct ppc64_kernel kernel;
	const char *missing;
	size_t nr = 0;

	if (root->kind == MMU_ROOT_CPU)
		return "no dump holds PTCR and PIDR of a POWER CPU; Linux has mm->pgd in the "
		       "process table";
	if (root->user_half)
		return "POWER has no tables of user mode's own";
	if (root->kind == MMU_ROOT_PGD_PA && root->value & BITS(0, 7))
		return "the top table lies at a multiple of 256 bytes";
	missing = ppc64_find_kernel(facts, &kernel);
	if (missing)
		return root->kind == MMU_ROOT_PGD_PA && mmu_root_format(root)
			       ? bare_regimes(root, ret, ret_nr)
			       : missing;
	if (root->kind == MMU_ROOT_PGD_PA && root->value != kernel.root_pa) {
		find_contexts(facts, kernel.hash ? root->mm_va : 0, contexts,
			      ppc64_nr_contexts(&kernel));
		ppc64_user_regimes(&kernel, root->value, contexts, ppc64_nr_contexts(&kernel), ret,
				   &nr);
		if (mmu_root_format(root) && mmu_root_format(root) != ret[0].format)
			return bare_regimes(root, ret, ret_nr);
	}
	ppc64_kernel_regimes(&kernel, ret, &nr);
	*ret_nr = nr;
	return NULL;
}
