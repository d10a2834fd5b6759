/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Does a back-end keep the promises of arch.h? */
#ifndef MMU_WALK_CONFORMANCE_H
#define MMU_WALK_CONFORMANCE_H

#include "mmuscope/arch.h"

/**
 * Check a back-end against arch.h: its tables, and its functions over fixed pseudo-random input.
 * A bit that is wrong in decode() and encode() alike can't be seen here.
 * @param arch        of this or another ABI
 * @param report      called for each problem, a few times a rule at most; `problem` is one line
 *                    and only valid during the call. May be NULL.
 * @param ret_checks  how many single promises were looked at; may be NULL
 * @return true when all hold
 */
bool mmu_arch_conformance(const struct mmu_arch *arch,
			  void (*report)(void *context, const char *problem), void *context,
			  uint64_t *ret_checks);

#endif
