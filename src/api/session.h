/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A session: one kernel, whether it is learnt, and the memory for its own calls. */
#ifndef MMU_API_SESSION_H
#define MMU_API_SESSION_H

#include "base/budget.h"
#include "objects/space.h"

enum mmu_learn_state { MMU_LEARN_NOT_YET, MMU_LEARN_DONE, MMU_LEARN_FAILED };

struct mmu_session {
	struct mmu_budget budget; /* of its image, its vmlinux, and what is searched for in them */
	struct mmu_kernel kernel;
	struct mmu_memory memory;
	enum mmu_learn_state learnt;
	struct mmu_error *learn_error; /* what every later call is told again */
	struct mmu_error *lacks;       /* why no task can be found, as it was told last */
	struct mmu_info info;          /* likewise */
	struct mmu_cpu cpu;            /* likewise */
};

/** A VMA as callers see it: it points into `name`. @return ret */
const struct mmu_vma_info *mmu_vma_show(const struct mmu_vma *vma, const struct mmu_vma_name *name,
					struct mmu_vma_info *ret);

#endif
