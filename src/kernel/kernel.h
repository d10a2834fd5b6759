/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file One kernel: what was learnt of it. Written while it is learnt, only read afterwards. */
#ifndef MMU_KERNEL_KERNEL_H
#define MMU_KERNEL_KERNEL_H

#include "facts/facts.h"
#include "image/image.h"
#include "walk/walk.h"

/** What the user says of a kernel; zero means: find out. Owned by the caller. */
struct mmu_kernel_options {
	char *vmlinux, *arch, *plugin_dir;
	char **debug_dirs;    /**< NULL-terminated, or NULL: the system's */
	struct mmu_hook hook; /**< of the caller */
	bool force;           /**< take a vmlinux of another kernel */
	bool debuginfod;      /**< fetch one from a server */
};

struct mmu_hook_latch;
struct mmu_layouts;

struct mmu_kernel {
	struct mmu_kernel_options options;
	struct mmu_image *image; /**< owned; open, and read only */
	struct mmu_fact_store *facts;
	const struct mmu_arch *arch; /**< NULL until it is known */
	struct mmu_layouts *layouts; /**< what is looked up by name once; see layout.h */
	struct mmu_linear linear[MMU_LINEAR_MAX];
	size_t nr_linear;
	struct mmu_regimes regimes;   /**< of its own space; none until they are found */
	struct mmu_fact_hooks hooks;  /**< for its back-end */
	struct mmu_hook_latch *latch; /**< while it is learnt; else NULL */
	char release[65], build_id[41];
	bool big_endian;         /**< its own objects, which the image's headers may not tell */
	bool vmcoreinfo_refuted; /**< the notes' own does not fit memory, and was put aside */
	bool asked_itself;       /**< what it carries about itself was looked for */
	char *warning; /**< the image's, and what is odd about the kernel in it, or NULL */
};

/** Add to kernel->warning; several are joined with "; ". Without memory it is lost. */
void mmu_kernel_warn(struct mmu_kernel *kernel, const char *text);

/** Bytes of a pointer in this kernel: 4 or 8. */
unsigned int mmu_kernel_pointer_bytes(const struct mmu_kernel *kernel);

/** PAGE_SHIFT, as far as it is known: else as the back-end has it by default. */
static inline unsigned int mmu_kernel_page_lg2(const struct mmu_kernel *kernel)
{
	if (kernel->regimes.nr)
		return kernel->regimes.regime[0].page_lg2;
	return kernel->arch->nr_samples ? kernel->arch->samples[0]->regimes[0]->page_lg2 : 12;
}

/** Take this back-end: the facts then answer its questions. @return MMU_ERROR_NO_MEMORY */
struct mmu_error *mmu_kernel_set_arch(struct mmu_kernel *kernel,
				      const struct mmu_arch *arch) MMU_MUST_CHECK;

/**
 * Load the back-end that the options or the image name; nothing else needs to be known. Idempotent.
 * @return MMU_ERROR_NOT_FOUND, _PLUGIN, _MISMATCH: vmlinux or the image are of another machine
 */
struct mmu_error *mmu_kernel_need_arch(struct mmu_kernel *kernel) MMU_MUST_CHECK;

/**
 * The back-end that reads the registers of the image's CPU n, although it may not know its tables;
 * or NULL. Of two that read them, the one with a format for what this CPU runs.
 */
const struct mmu_arch *mmu_kernel_cpu_arch(const struct mmu_kernel *kernel, uint32_t n);

/** Take release and build-id from VMCOREINFO, else from the image's headers. */
void mmu_kernel_read_identity(struct mmu_kernel *kernel);

/**
 * Ask the back-end for the linear mappings and for the kernel's own tables, as far as the facts go.
 * @return what is missing of the two, static text, or NULL
 */
const char *mmu_kernel_find_mappings(struct mmu_kernel *kernel);

#endif
