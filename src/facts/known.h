/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The list of facts that were asked for, in the order of first use, found by their keys. */
#ifndef MMU_FACTS_KNOWN_H
#define MMU_FACTS_KNOWN_H

#include "facts/facts.h"

/** Many times what a session uses; a hostile plugin can't grow the list without end. */
#define MMU_KNOWN_MAX 4096u

struct mmu_known_fact {
	char *key;          /**< owned */
	const char *source; /**< static text, or `how` */
	char *how;          /**< owned: how it was derived, else NULL */
	enum mmu_fact_source from;
	uint64_t value;
	bool missing;  /**< asked for and not found: don't search again */
	bool seconded; /**< another source says the same */
	enum mmu_fact_source other_from;
	const char *other; /**< the first source that says otherwise; NULL: none does */
	uint64_t other_value;
};

/** All zeros to begin with. */
struct mmu_known {
	struct mmu_known_fact *facts;
	size_t nr;
	uint16_t slots[2 * MMU_KNOWN_MAX]; /* 1 + its index, by the hash of the key; 0: free */
};

/** @return NULL: it was not asked for. Valid until the next one is added or dropped. */
struct mmu_known_fact *mmu_known_find(const struct mmu_known *known, const char *key);
/** Add a key that is not there. @return NULL: no memory, or too many */
struct mmu_known_fact *mmu_known_add(struct mmu_known *known, const char *key);
/** Drop all facts of which `which` says so; NULL: all of them, with the memory of the list. */
void mmu_known_drop(struct mmu_known *known, bool (*which)(const struct mmu_known_fact *fact));

#endif
