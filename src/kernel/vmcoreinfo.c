/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file VMCOREINFO: the notes' own held to memory, or one that is found there. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "facts/scan.h"
#include "kernel/vmcoreinfo.h"

/* struct new_utsname: six texts of 65 bytes, the third is the release */
#define UTS_RELEASE_OFFSET (2 * 65)
#define CPUS_MAX 64u
#define REFUTED_TEXT                                                                               \
	"the VMCOREINFO in the notes is of another kernel or boot than the memory, and is not "    \
	"used"

/* ------------------------------------------------------------------ VMCOREINFO, held to memory */

enum proof {
	REFUTED, /* memory has something else where the text says its kernel is */
	UNKNOWN, /* the page that would tell is not in the image, or the text says too little */
	PROVED,  /* its kernel is in memory */
	RUNNING, /* and a CPU runs on that kernel's tables */
};

/* Does memory hold the release behind `va`? */
static enum proof prove_release(struct mmu_memory *memory, uint64_t va, struct mmu_bytes release)
{
	char seen[65 + 1];
	uint64_t pa, stop_pa;

	if (release.count >= 65)
		return REFUTED;
	va += UTS_RELEASE_OFFSET;
	if (!mmu_memory_to_phys(memory, va, &pa))
		return REFUTED;
	switch (mmu_memory_read_phys(memory, pa, seen, release.count + 1, &stop_pa)) {
	case MMU_PAGE_PRESENT:
		return memcmp(seen, release.data, release.count) == 0 && !seen[release.count]
			       ? PROVED
			       : REFUTED;
	case MMU_PAGE_OUTSIDE_RAM: /* but kcore before 4.11 does not say where memory lies */
		return memory->kernel->image->live ? UNKNOWN : REFUTED;
	default:
		return UNKNOWN;
	}
}

/* Do these tables lead from `va` to `pa`? What they don't map, or can't be read, tells nothing. */
static enum proof prove_walk(struct mmu_memory *memory, const struct mmu_root *root, uint64_t va,
			     uint64_t pa)
{
	const struct mmu_kernel *kernel = memory->kernel;
	struct mmu_walker walker = mmu_memory_walker(memory);
	struct mmu_regimes regimes;
	struct mmu_walk walk;

	if (mmu_locate(kernel->arch, mmu_fact_callbacks(kernel->facts), root, &regimes))
		return UNKNOWN;
	walker.regimes = &regimes;
	mmu_walker_walk(&walker, va, &walk);
	if (walk.result == MMU_RESULT_MAPPED)
		return walk.pa == pa ? PROVED : REFUTED;
	/* a CPU in user mode may run on tables that lack the kernel, the kernel does not */
	return walk.result == MMU_RESULT_EMPTY && root->kind == MMU_ROOT_KERNEL ? REFUTED : UNKNOWN;
}

/*
 * Is the kernel of the store's VMCOREINFO the one in memory? Its release must be where it says,
 * and its tables must say the same of that place: an older boot of the same kernel may have lain at
 * the same physical address.
 */
static enum proof prove_vmcoreinfo(struct mmu_kernel *kernel, struct mmu_memory *memory,
				   uint64_t *ret_va, uint64_t *ret_pa)
{
	const struct mmu_facts *facts = mmu_fact_callbacks(kernel->facts);
	struct mmu_root root = { .size = sizeof(root), .kind = MMU_ROOT_KERNEL };
	uint64_t offset;
	struct mmu_bytes release;
	enum proof proof;
	bool found;

	kernel->nr_linear = 0;
	if (kernel->arch->linear(facts, kernel->linear, &kernel->nr_linear) ||
	    !mmu_fact_get(kernel->facts, "SYMBOL(init_uts_ns)", ret_va) ||
	    !mmu_fact_text(kernel->facts, "OSRELEASE", &release))
		return UNKNOWN;
	/* the names come first since 5.11 (9a56493f6942), behind a counter before */
	if (mmu_fact_get(kernel->facts, "OFFSET(uts_namespace.name)", &offset)) {
		proof = prove_release(memory, *ret_va + offset, release);
	} else {
		proof = prove_release(memory, *ret_va, release);
		if (proof == REFUTED)
			proof = prove_release(memory, *ret_va + 4, release);
	}
	if (proof == REFUTED || !mmu_memory_to_phys(memory, *ret_va, ret_pa) ||
	    prove_walk(memory, &root, *ret_va, *ret_pa) == REFUTED)
		return REFUTED;
	/* which of several runs is asked only of those in memory: a note has no rival */
	mmu_fact_store_vmcoreinfo(kernel->facts, &found);
	if (proof == UNKNOWN || !found)
		return proof;
	root.kind = MMU_ROOT_CPU;
	for (root.value = 0; root.value < CPUS_MAX; root.value++)
		if (prove_walk(memory, &root, *ret_va, *ret_pa) == PROVED)
			return RUNNING;
	return PROVED;
}

/* What was learnt from one text is no fact of the next. */
static enum proof try_vmcoreinfo(struct mmu_kernel *kernel, struct mmu_memory *memory,
				 struct mmu_bytes text, bool found, uint64_t *ret_va,
				 uint64_t *ret_pa)
{
	struct mmu_error *error = mmu_fact_store_set_vmcoreinfo(kernel->facts, text, found);

	mmu_error_destroy(error);
	if (error)
		return UNKNOWN;
	enum proof proof = prove_vmcoreinfo(kernel, memory, ret_va, ret_pa);
	kernel->nr_linear = 0;
	mmu_fact_store_forget(kernel->facts);
	return proof;
}

/* ------------------------------------------------------------------ VMCOREINFO in memory */

struct hunt {
	struct mmu_kernel *kernel;
	struct mmu_memory *memory;
	uint8_t *text; /* owned: the one that is taken so far */
	uint64_t bytes, va, pa;
	bool several; /* kernels, none of which is known to run */
};

/*
 * Several texts are of kernels that are in memory: the two copies of one, or a kernel that ran
 * before and has not been overwritten. Which one runs, only a CPU tells.
 */
static bool take_vmcoreinfo(void *context, struct mmu_bytes text)
{
	struct hunt *hunt = context;
	uint8_t *copy = malloc(text.count);
	uint64_t va = 0, pa = 0;

	if (!copy)
		return false;
	memcpy(copy, text.data, text.count);
	enum proof proof = try_vmcoreinfo(hunt->kernel, hunt->memory,
					  (struct mmu_bytes){ copy, text.count }, true, &va, &pa);
	if (proof == RUNNING || (proof == PROVED && !hunt->text)) {
		free(hunt->text);
		*hunt = (struct hunt){
			hunt->kernel, hunt->memory, copy, text.count, va, pa, false
		};
		return proof == RUNNING;
	}
	hunt->several |= proof == PROVED && (va != hunt->va || pa != hunt->pa);
	free(copy);
	return false;
}

static void hunt_vmcoreinfo(struct mmu_kernel *kernel, struct mmu_memory *memory)
{
	struct hunt hunt = { .kernel = kernel, .memory = memory };

	mmu_scan_vmcoreinfo(&memory->cursor, kernel->latch, take_vmcoreinfo, &hunt);
	if (hunt.several) {
		mmu_kernel_warn(kernel, "memory holds VMCOREINFO of several kernels, and nothing "
					"tells which of them ran last: none is taken");
		free(hunt.text);
		hunt.text = NULL;
	}
	mmu_error_destroy(mmu_fact_store_set_vmcoreinfo(
		kernel->facts, (struct mmu_bytes){ hunt.text, hunt.text ? hunt.bytes : 0 },
		hunt.text));
	free(hunt.text);
}

void mmu_vmcoreinfo_find(struct mmu_kernel *kernel, struct mmu_memory *memory)
{
	struct mmu_bytes noted = kernel->image->vmcoreinfo;
	struct mmu_error *error = mmu_kernel_need_arch(kernel);
	uint64_t va = 0, pa = 0;
	bool found;

	mmu_error_destroy(error); /* it comes again, where it matters */
	if (error || !kernel->arch->linear)
		return;
	struct mmu_bytes release;
	/* a note that is empty is none */
	if (mmu_fact_text(kernel->facts, "OSRELEASE", &release)) {
		if (kernel->options.force ||
		    try_vmcoreinfo(kernel, memory, noted, false, &va, &pa) != REFUTED)
			return;
		kernel->vmcoreinfo_refuted = true;
		kernel->release[0] = kernel->build_id[0] = '\0';
	}
	hunt_vmcoreinfo(kernel, memory);
	mmu_fact_store_vmcoreinfo(kernel->facts, &found);
	if (!found && !kernel->vmcoreinfo_refuted)
		mmu_error_destroy(mmu_fact_store_set_vmcoreinfo(kernel->facts, noted, false));
	mmu_kernel_read_identity(kernel);
	if (kernel->vmcoreinfo_refuted)
		mmu_kernel_warn(kernel, found ? REFUTED_TEXT ": one in memory fits" : REFUTED_TEXT);
}
