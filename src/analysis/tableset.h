/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A set of page tables. */
#ifndef MMU_ANALYSIS_TABLESET_H
#define MMU_ANALYSIS_TABLESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Zeroed to begin with. */
struct mmu_table_set {
	uint64_t *keys; /* address and level, 0: free; an open hash table */
	size_t nr, room;
};

/**
 * Add a table.
 * @param level  0 to 7; tables are aligned to 8 bytes or more
 * @return 1: it is new; 0: it was there; -1: no memory
 */
int mmu_table_set_add(struct mmu_table_set *set, unsigned int level, uint64_t table_pa);

void mmu_table_set_destroy(struct mmu_table_set *set);

#endif
