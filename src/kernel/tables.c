/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Where nothing says where the kernel lies: its tables, found by their shape. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hook.h"
#include "kernel/identity.h"
#include "kernel/self_described.h"
#include "kernel/tables.h"

#define CANDIDATES_MAX 16u

struct candidate {
	uint64_t from_pa; /* the search that begins here finds it */
	uint64_t base, root_pa;
	bool proved;
};

/*
 * Does the kernel that these facts describe know itself? Its symbols say where the banner is, and
 * let the back-end hold its own variables to the tables. *ret_refuted: they contradict.
 */
static bool knows_itself(struct mmu_kernel *kernel, struct mmu_memory *memory, bool *ret_refuted)
{
	struct mmu_vmlinux *vmlinux = mmu_fact_store_vmlinux(kernel->facts);
	struct mmu_kallsyms *kallsyms = NULL;
	bool linked = vmlinux || mmu_fact_store_system_map(kernel->facts);
	char banner[MMU_BANNER_BYTES], seen[MMU_BANNER_BYTES];
	uint64_t va;
	bool known = false;

	*ret_refuted = false;
	if (linked && mmu_fact_get(kernel->facts, "SYMBOL(linux_banner)", &va)) {
		mmu_identity_banner(kernel, banner);
		size_t bytes = strlen(banner);
		struct mmu_error *error = mmu_memory_read(memory, va, seen, bytes, "banner");

		/* a separate debug file has no banner */
		known = !error && bytes && memcmp(seen, banner, bytes) == 0;
		*ret_refuted = !error && bytes && !known && !kernel->options.force;
		mmu_error_destroy(error);
		return known;
	}
	struct mmu_error *error = mmu_self_kallsyms(memory, &kallsyms);
	mmu_error_destroy(error);
	if (error)
		return false;
	*ret_refuted = mmu_kernel_find_mappings(kernel);
	mmu_fact_store_set_kallsyms(kernel->facts, NULL);
	mmu_kallsyms_close(kallsyms);
	return !*ret_refuted;
}

/* Which they are, in the words of the fact that decides between them. */
static struct mmu_error *several_kernels(const struct mmu_kernel *kernel,
					 const struct candidate *candidates, unsigned int nr,
					 bool others)
{
	char bases[CANDIDATES_MAX * 24 + 32] = "";
	size_t at = 0;

	for (unsigned int i = 0; i < nr; i++) {
		uint64_t base = candidates[i].base;
		bool negative = (int64_t)base < 0;

		at += (size_t)snprintf(bases + at, sizeof(bases) - at, "%s%s0x%" PRIx64,
				       i ? ", " : ": NUMBER(phys_base) is ", negative ? "-" : "",
				       negative ? -base : base);
	}
	return mmu_error_remedy(mmu_error_new(MMU_ERROR_MISMATCH,
					      "%s holds the tables of several kernels, and nothing "
					      "tells which of them ran last%s%s",
					      kernel->image->file.path, bases,
					      nr && others ? ", or another" : ""),
				MMU_REMEDY_FACT);
}

struct mmu_error *mmu_tables_find(struct mmu_kernel *kernel, struct mmu_memory *memory)
{
	const struct mmu_facts *facts = mmu_fact_callbacks(kernel->facts);
	struct candidate candidates[CANDIDATES_MAX]; /* none is better than the others */
	unsigned int nr = 0, tries;
	uint64_t pa = 0;

	if (!kernel->arch->search)
		return NULL;
	for (tries = 0; tries < CANDIDATES_MAX; tries++) {
		struct candidate here = { .from_pa = pa };
		bool refuted, known = false;

		mmu_fact_store_forget(kernel->facts);
		if (!kernel->arch->search(facts, &pa) || mmu_hook_latched(kernel->latch))
			break;
		if (mmu_kernel_find_mappings(kernel))
			continue;
		here.base = kernel->linear[0].first_pa;
		here.root_pa = kernel->regimes.regime[0].root_pa;
		here.proved = knows_itself(kernel, memory, &refuted);
		if (refuted || (nr && candidates[0].proved && !here.proved))
			continue;
		if (nr && here.proved && !candidates[0].proved)
			nr = 0;
		for (unsigned int i = 0; i < nr; i++)
			known |= candidates[i].base == here.base &&
				 candidates[i].root_pa == here.root_pa;
		if (!known)
			candidates[nr++] = here;
	}
	mmu_fact_store_forget(kernel->facts);
	if (nr > 1 || tries == CANDIDATES_MAX) /* others may follow */
		return several_kernels(kernel, candidates, nr, tries == CANDIDATES_MAX);
	if (nr)
		kernel->arch->search(facts, &candidates[0].from_pa);
	return NULL;
}
