/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Where the kernel lies: VMCOREINFO held to memory, or tables found by their shape. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "facts/scan.h"
#include "image/reader.h"
#include "kernel/session.h"

/* struct new_utsname: six texts of 65 bytes, the third is the release */
#define UTS_RELEASE_OFFSET (2 * 65)
#define CPUS_MAX 64u
#define CANDIDATES_MAX 16u

/* ------------------------------------------------------------------ VMCOREINFO, held to memory */

enum proof {
	REFUTED, /* memory has something else where the text says its kernel is */
	UNKNOWN, /* the page that would tell is not in the image, or the text says too little */
	PROVED,  /* its kernel is in memory */
	RUNNING, /* and a CPU runs on that kernel's tables */
};

/* Does memory hold the release behind `va`? */
static enum proof prove_release(struct mmu_session *session, uint64_t va, struct mmu_bytes release)
{
	char seen[65 + 1];
	uint64_t pa, stop_pa;

	if (release.count >= 65)
		return REFUTED;
	va += UTS_RELEASE_OFFSET;
	if (!mmu_kernel_to_phys(session, va, &pa))
		return REFUTED;
	switch (mmu_image_read(session->image, pa, seen, release.count + 1, &stop_pa)) {
	case MMU_PAGE_PRESENT:
		return memcmp(seen, release.data, release.count) == 0 && !seen[release.count]
			       ? PROVED
			       : REFUTED;
	case MMU_PAGE_OUTSIDE_RAM: /* but kcore before 4.11 does not say where memory lies */
		return session->image->live ? UNKNOWN : REFUTED;
	default:
		return UNKNOWN;
	}
}

/* Do these tables lead from `va` to `pa`? What they don't map, or can't be read, tells nothing. */
static enum proof prove_walk(struct mmu_session *session, const struct mmu_root *root, uint64_t va,
			     uint64_t pa)
{
	struct mmu_regimes regimes;
	const struct mmu_walker walker = { .image = session->image,
					   .arch = session->arch,
					   .regimes = &regimes };
	struct mmu_walk walk;

	if (mmu_locate(session->arch, mmu_fact_callbacks(session->facts), root, &regimes))
		return UNKNOWN;
	mmu_walker_walk(&walker, va, &walk);
	if (walk.result == MMU_RESULT_MAPPED)
		return walk.pa == pa ? PROVED : REFUTED;
	/* a CPU in user mode may run on tables that lack the kernel, the kernel does not */
	return walk.result == MMU_RESULT_EMPTY && root->kind == MMU_ROOT_KERNEL ? REFUTED : UNKNOWN;
}

/*
 * Is the kernel of session->image->vmcoreinfo the one in memory? Its release must be where it says,
 * and its tables must say the same of that place: an older boot of the same kernel may have lain at
 * the same physical address.
 */
static enum proof prove_vmcoreinfo(struct mmu_session *session, uint64_t *ret_va, uint64_t *ret_pa)
{
	const struct mmu_facts *facts = mmu_fact_callbacks(session->facts);
	struct mmu_root root = { .kind = MMU_ROOT_KERNEL };
	uint64_t offset;
	struct mmu_bytes release;
	enum proof proof;

	session->nr_linear = 0;
	if (session->arch->linear(facts, session->linear, &session->nr_linear) ||
	    !mmu_fact_get(session->facts, "SYMBOL(init_uts_ns)", ret_va) ||
	    !mmu_fact_text(session->facts, "OSRELEASE", &release))
		return UNKNOWN;
	/* the names come first since 5.11 (9a56493f6942), behind a counter before */
	if (mmu_fact_get(session->facts, "OFFSET(uts_namespace.name)", &offset)) {
		proof = prove_release(session, *ret_va + offset, release);
	} else {
		proof = prove_release(session, *ret_va, release);
		if (proof == REFUTED)
			proof = prove_release(session, *ret_va + 4, release);
	}
	if (proof == REFUTED || !mmu_kernel_to_phys(session, *ret_va, ret_pa) ||
	    prove_walk(session, &root, *ret_va, *ret_pa) == REFUTED)
		return REFUTED;
	/* which of several runs is asked only of those in memory: a note has no rival */
	if (proof == UNKNOWN || !session->image->vmcoreinfo_found)
		return proof;
	root.kind = MMU_ROOT_CPU;
	for (root.value = 0; root.value < CPUS_MAX; root.value++)
		if (prove_walk(session, &root, *ret_va, *ret_pa) == PROVED)
			return RUNNING;
	return PROVED;
}

/* What was learnt from one text is no fact of the next. */
static enum proof try_vmcoreinfo(struct mmu_session *session, struct mmu_bytes text, bool found,
				 uint64_t *ret_va, uint64_t *ret_pa)
{
	session->image->vmcoreinfo = text;
	session->image->vmcoreinfo_found = found;
	mmu_fact_store_forget(session->facts);
	enum proof proof = prove_vmcoreinfo(session, ret_va, ret_pa);
	session->nr_linear = 0;
	mmu_fact_store_forget(session->facts);
	return proof;
}

/* ------------------------------------------------------------------ VMCOREINFO in memory */

struct hunt {
	struct mmu_session *session;
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
	enum proof proof = try_vmcoreinfo(hunt->session, (struct mmu_bytes){ copy, text.count },
					  true, &va, &pa);
	if (proof == RUNNING || (proof == PROVED && !hunt->text)) {
		free(hunt->text);
		*hunt = (struct hunt){ hunt->session, copy, text.count, va, pa, false };
		return proof == RUNNING;
	}
	hunt->several |= proof == PROVED && (va != hunt->va || pa != hunt->pa);
	free(copy);
	return false;
}

static void hunt_vmcoreinfo(struct mmu_session *session)
{
	struct hunt hunt = { .session = session };

	mmu_scan_vmcoreinfo(session->image, take_vmcoreinfo, &hunt);
	if (hunt.several) {
		mmu_image_warn(session->image, "memory holds VMCOREINFO of several kernels, and "
					       "nothing tells which "
					       "of them ran last: none is taken");
		free(hunt.text);
		hunt.text = NULL;
	}
	session->found_vmcoreinfo = hunt.text;
	session->image->vmcoreinfo = (struct mmu_bytes){ hunt.text, hunt.text ? hunt.bytes : 0 };
	session->image->vmcoreinfo_found = hunt.text;
	mmu_fact_store_forget(session->facts);
}

void mmu_session_find_vmcoreinfo(struct mmu_session *session)
{
	struct mmu_bytes noted = session->image->vmcoreinfo;
	struct mmu_error *error = mmu_session_need_arch(session);
	uint64_t va = 0, pa = 0;

	mmu_error_destroy(error); /* it comes again, where it matters */
	if (error || !session->arch->linear)
		return;
	struct mmu_bytes release;
	/* a note that is empty is none */
	if (mmu_fact_text(session->facts, "OSRELEASE", &release)) {
		if (session->force ||
		    try_vmcoreinfo(session, noted, session->image->vmcoreinfo_found, &va, &pa) !=
			    REFUTED)
			return;
		session->vmcoreinfo_refuted = true;
		session->release[0] = session->build_id[0] = '\0';
	}
	hunt_vmcoreinfo(session);
	if (!session->found_vmcoreinfo && !session->vmcoreinfo_refuted)
		session->image->vmcoreinfo = noted;
	mmu_session_read_identity(session);
	if (session->vmcoreinfo_refuted)
		mmu_image_warn(session->image,
			       "the VMCOREINFO in the notes is of another kernel or boot than the "
			       "memory, and is not used%s",
			       session->found_vmcoreinfo ? ": one in memory fits" : "");
}

/* ------------------------------------------------------------------ tables by their shape */

struct candidate {
	uint64_t from_pa; /* the search that begins here finds it */
	uint64_t first_pa, root_pa;
	bool proved;
};

/*
 * Does the kernel that these facts describe know itself? Its symbols say where the banner is, and
 * let the back-end hold its own variables to the tables. *ret_refuted: they contradict.
 */
static bool knows_itself(struct mmu_session *session, bool *ret_refuted)
{
	struct mmu_vmlinux *vmlinux = mmu_fact_store_vmlinux(session->facts);
	struct mmu_kallsyms *kallsyms = NULL;
	char seen[256];
	uint64_t va;
	bool known = false;

	*ret_refuted = false;
	if (vmlinux && mmu_fact_get(session->facts, "SYMBOL(linux_banner)", &va)) {
		const char *banner = mmu_vmlinux_banner(vmlinux);
		size_t bytes = strnlen(banner, sizeof(seen));
		struct mmu_error *error = mmu_kernel_read(session, va, seen, bytes, "banner");

		/* a separate debug file has no banner */
		known = !error && bytes && memcmp(seen, banner, bytes) == 0;
		*ret_refuted = !error && bytes && !known && !session->force;
		mmu_error_destroy(error);
		return known;
	}
	struct mmu_error *error = mmu_session_learn_kallsyms(session, &kallsyms);
	mmu_error_destroy(error);
	if (error)
		return false;
	*ret_refuted = mmu_session_find_mappings(session);
	mmu_fact_store_set_kallsyms(session->facts, NULL);
	mmu_kallsyms_close(kallsyms);
	return !*ret_refuted;
}

struct mmu_error *mmu_session_find_by_tables(struct mmu_session *session)
{
	const struct mmu_facts *facts = mmu_fact_callbacks(session->facts);
	struct candidate best = { .proved = false };
	bool found = false, several = false;
	unsigned int nr;
	uint64_t pa = 0;

	if (!session->arch->search)
		return NULL;
	for (nr = 0; nr < CANDIDATES_MAX; nr++) {
		struct candidate here = { .from_pa = pa };
		bool refuted;

		mmu_fact_store_forget(session->facts);
		if (!session->arch->search(facts, &pa))
			break;
		if (mmu_session_find_mappings(session))
			continue;
		here.first_pa = session->linear[0].first_pa;
		here.root_pa = session->regimes.regime[0].root_pa;
		here.proved = knows_itself(session, &refuted);
		if (refuted || (found && best.proved && !here.proved))
			continue;
		several = found && best.proved == here.proved &&
			  (several || here.first_pa != best.first_pa ||
			   here.root_pa != best.root_pa);
		best = here;
		found = true;
	}
	mmu_fact_store_forget(session->facts);
	if (several || nr == CANDIDATES_MAX) /* others may follow */
		return mmu_error_new(MMU_ERROR_MISMATCH,
				     "%s holds the tables of several kernels, and nothing tells "
				     "which of them ran last; --fact can name the right one, as in "
				     "NUMBER(phys_base)",
				     session->image->file.path);
	if (found)
		session->arch->search(facts, &best.from_pa);
	return NULL;
}
