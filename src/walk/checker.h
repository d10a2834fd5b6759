/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the checks of a back-end share: what is looked at, what was found, random numbers. */
#ifndef MMU_WALK_CHECKER_H
#define MMU_WALK_CHECKER_H

#include <string.h>

#include "mmuscope/arch.h"

#define BIT(n) (UINT64_C(1) << (n))
#define CHECK_RULES_MAX 160u

/** One case: a regime, a level, and the words. */
struct trial {
	struct mmu_regime regime;
	unsigned int level;
	uint64_t raw, second;
	uint64_t widest; /**< address bits of the sample, where those of the regime are fewer */
};

struct checker {
	const struct mmu_arch *arch;
	void (*report)(void *context, const char *problem);
	void *context;
	uint64_t checks, problems;
	uint64_t random;
	char at[160];       /**< what is being looked at, unless it is a trial */
	struct trial trial; /**< regime.format NULL: none */
	struct mmu_entry entry;
	struct {
		const char *text; /**< a string literal: its address is the rule */
		unsigned int count;
	} broken[CHECK_RULES_MAX];
};

/** Note that one promise was looked at. @return kept, so that callers can stop. */
bool holds(struct checker *c, bool kept, const char *rule);

__attribute__((__format__(__printf__, 2, 3))) void look_at(struct checker *c, const char *format,
							   ...);
void look_at_trial(struct checker *c, const struct trial *trial, const struct mmu_entry *entry);

/** The same numbers on every machine. */
uint64_t random_u64(struct checker *c);

static inline uint64_t low_bits(unsigned int count)
{
	return count >= 64 ? UINT64_MAX : BIT(count) - 1;
}

/** Number of the highest bit, and one. */
static inline unsigned int width_of(uint64_t mask)
{
	return mask ? 64u - (unsigned int)__builtin_clzll(mask) : 0;
}

uint32_t all_traits(const struct mmu_arch *arch);

/** The object, its formats and samples. @return false: its functions can't be tried */
bool check_object(struct checker *c);
/** The regimes of a space, of a sample or as locate() told them. @return false: not usable */
bool check_regimes(struct checker *c, const struct mmu_regime *const *regimes, size_t nr);
/** probes() and slot(). */
void check_hashed(struct checker *c, const struct mmu_regime *regime);
/** locate(), linear(), regions(), when nothing or nonsense is known. */
void check_facts(struct checker *c);

#endif
