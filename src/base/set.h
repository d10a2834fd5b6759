/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Sets of numbers other than 0. */
#ifndef MMU_BASE_SET_H
#define MMU_BASE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Zeroed to begin with. */
struct mmu_set {
	uint64_t *keys; /* 0: free; an open hash table */
	size_t nr, room;
};

bool mmu_set_has(const struct mmu_set *set, uint64_t key);

/** Add a number other than 0. @return 1: it is new; 0: it was there; -1: no memory */
int mmu_set_add(struct mmu_set *set, uint64_t key);

/** Empty it, and release what it holds. */
void mmu_set_destroy(struct mmu_set *set);

#endif
