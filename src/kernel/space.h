/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Address spaces: from a pid, task, mm, pgd or CPU to a root that can be walked. */
#ifndef MMU_KERNEL_SPACE_H
#define MMU_KERNEL_SPACE_H

#include "kernel/session.h"
#include "kernel/vma.h"
#include "walk/leaves.h"
#include "walk/range.h"

struct mmu_space {
	struct mmu_session *session;
	struct mmu_walker walker;
	struct mmu_task task;
	bool has_task;
	uint64_t mm_va; /**< 0: a space without VMAs */
};

/** As mmu_space_open(). */
struct mmu_error *mmu_space_find(struct mmu_session *session, const struct mmu_space_query *query,
				 struct mmu_space **ret) MMU_MUST_CHECK;
/** Accepts NULL. */
void mmu_space_destroy(struct mmu_space *space);

/** As mmu_vma_find(), in a space that may have no mm and then no VMAs. */
struct mmu_error *mmu_space_find_vma(struct mmu_space *space, uint64_t va, struct mmu_vma *ret,
				     bool *ret_found) MMU_MUST_CHECK;

/** As mmu_space_walk(). */
void mmu_space_translate(struct mmu_space *space, uint64_t va, struct mmu_walk *ret);

/** As mmu_space_read(). */
bool mmu_space_copy(struct mmu_space *space, uint64_t va, void *buf, size_t bytes,
		    size_t *ret_bytes, struct mmu_walk *ret);

/** As mmu_walker_leaf_fn; the walk is whole. */
typedef bool (*mmu_leaf_fn)(const struct mmu_walk *walk, uint64_t last_va, void *context);

/** As mmu_walker_leaves(), with what the VMAs tell. */
void mmu_space_visit_leaves(struct mmu_space *space, uint64_t first_va, uint64_t last_va,
			    mmu_leaf_fn fn, void *context, struct mmu_tally *ret);

/** As mmu_space_extent(). */
struct mmu_va_range mmu_space_user_range(struct mmu_space *space);

#endif
