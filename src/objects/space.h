/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Address spaces: from a pid, task, mm, pgd or CPU to a root that can be walked. */
#ifndef MMU_OBJECTS_SPACE_H
#define MMU_OBJECTS_SPACE_H

#include "kernel/memory.h"
#include "objects/vma.h"
#include "walk/sweep.h"

/** For one thread; other spaces of the kernel may be walked meanwhile. */
struct mmu_space {
	struct mmu_memory memory;
	struct mmu_regimes regimes;
	struct mmu_walker walker; /**< over them */
	unsigned int nr_walks;    /**< so far, up to where paths are kept */
	bool swept;               /**< there was a pass over a part of it */
	struct mmu_task task;
	bool has_task;
	char *warning;  /**< what its answers can't be trusted in, or NULL */
	bool foreign;   /**< no Linux is known there, and its entries are read as if */
	uint64_t mm_va; /**< 0: a space without VMAs */
	struct mmu_va_range user_range; /**< see mmu_space_extent() */
	struct mmu_hook hook;           /**< for long work on it */
	struct mmu_vma vma;             /**< what a caller was told last */
	bool has_vma;                   /**< and it holds still, with vma_name and vma_info */
	struct mmu_vma_name vma_name;
	struct mmu_vma_info vma_info;
	struct mmu_meaning meaning;
};

/** Does the query name a root and its format? Then no kernel needs to be learnt. */
static inline bool mmu_space_is_bare(const struct mmu_space_query *query)
{
	return query->by == MMU_SPACE_PGD && query->format;
}

/**
 * As mmu_space_open(), of a kernel that is learnt; for a bare query, and for a CPU where no kernel
 * could be learnt, its back-end is enough.
 */
struct mmu_error *mmu_space_find(const struct mmu_kernel *kernel,
				 const struct mmu_space_query *query,
				 struct mmu_space **ret) MMU_MUST_CHECK;
/** Accepts NULL. */
void mmu_space_destroy(struct mmu_space *space);

#define MMU_FORMAT_NAMES_BYTES 128
/** "short, lpae" */
const char *mmu_space_format_names(const struct mmu_arch *arch, char ret[MMU_FORMAT_NAMES_BYTES]);

/** As mmu_vma_find(), in a space that may have no mm and then no VMAs. */
struct mmu_error *mmu_space_find_vma(struct mmu_space *space, uint64_t va, struct mmu_vma *ret,
				     bool *ret_found) MMU_MUST_CHECK;

/** As mmu_space_find_vma(), with what it maps. */
struct mmu_error *mmu_space_find_named(struct mmu_space *space, uint64_t va, struct mmu_vma *ret,
				       struct mmu_vma_name *ret_name,
				       bool *ret_found) MMU_MUST_CHECK;

/** As mmu_space_walk(). */
void mmu_space_translate(struct mmu_space *space, uint64_t va, struct mmu_walk *ret);

/** As mmu_space_answer(). */
void mmu_space_tell(struct mmu_space *space, const uint64_t *vas, size_t nr, mmu_answer_fn fn,
		    void *context);

/** As mmu_space_read(). */
bool mmu_space_copy(struct mmu_space *space, uint64_t va, void *buf, size_t bytes,
		    size_t *ret_bytes, struct mmu_walk *ret);

/** As mmu_walker_leaf_fn; the walk is whole. @return false to stop */
typedef bool (*mmu_leaf_fn)(const struct mmu_walk *walk, uint64_t last_va, void *context);

/** As mmu_walker_leaves(), with what the VMAs tell. @param stretches as there */
void mmu_space_visit_leaves(struct mmu_space *space, uint64_t first_va, uint64_t last_va,
			    bool stretches, mmu_leaf_fn fn, void *context, struct mmu_tally *ret);

/** One pass over a part of a space, with what the VMAs tell. The space must stay. */
struct mmu_space_sweep {
	struct mmu_sweep sweep; /**< to be gone on with */
	/* its own */
	struct mmu_space *space;
	struct mmu_vma vma; /* the one that was asked for last */
	bool has_vma;
};

/** @return NULL: no memory; else to be closed with mmu_space_sweep_close() */
struct mmu_space_sweep *mmu_space_sweep_open(struct mmu_space *space, uint64_t first_va,
					     uint64_t last_va);
/** Begin another pass in place of one that was released with mmu_sweep_release(), or not begun. */
void mmu_space_sweep_begin(struct mmu_space_sweep *sweep, struct mmu_space *space,
			   uint64_t first_va, uint64_t last_va);
/** Accepts NULL. */
void mmu_space_sweep_close(struct mmu_space_sweep *sweep);

/** As mmu_space_extent(). */
struct mmu_va_range mmu_space_user_range(const struct mmu_space *space);

#endif
