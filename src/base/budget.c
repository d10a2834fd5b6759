/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What a session may spend, and what it has spent. */
#include "base/budget.h"

/*
 * A part for any file, and what comes for each byte on disk. The searches of an honest dump go
 * through its memory three or four times, and what is packed on disk becomes up to 30 times as much
 * (pages of a kdump file share their zeros, and cost a descriptor of 24 bytes). An entry of debug
 * info takes two bytes at least, packed a fifth of that, and a name that no unit has costs a pass
 * over some hundred units.
 */
static const struct {
	uint64_t any, each;
} limits[MMU_BUDGET_KINDS] = {
	[MMU_BUDGET_READ] = { (uint64_t)128 << 20, 256 },
	[MMU_BUDGET_MEMORY] = { (uint64_t)64 << 20, 32 },
	[MMU_BUDGET_ENTRIES] = { (uint64_t)4 << 20, 16 },
	[MMU_BUDGET_UNPACK] = { (uint64_t)64 << 20, 32 },
};

static void add(struct mmu_budget *budget, enum mmu_budget_kind kind, uint64_t bytes)
{
	uint64_t *sum = &budget->disk_bytes[kind];

	if (__builtin_add_overflow(*sum, bytes, sum))
		*sum = UINT64_MAX;
}

void mmu_budget_add_image(struct mmu_budget *budget, uint64_t bytes)
{
	if (!budget)
		return;
	add(budget, MMU_BUDGET_READ, bytes);
	add(budget, MMU_BUDGET_MEMORY, bytes);
}

void mmu_budget_add_symbols(struct mmu_budget *budget, uint64_t bytes)
{
	if (!budget)
		return;
	add(budget, MMU_BUDGET_ENTRIES, bytes);
	add(budget, MMU_BUDGET_UNPACK, bytes);
}

uint64_t mmu_budget_limit(const struct mmu_budget *budget, enum mmu_budget_kind kind)
{
	uint64_t factor = budget->factor ? budget->factor : 1, limit;

	if (__builtin_mul_overflow(budget->disk_bytes[kind], limits[kind].each, &limit) ||
	    __builtin_add_overflow(limit, limits[kind].any, &limit) ||
	    __builtin_mul_overflow(limit, factor, &limit))
		return UINT64_MAX;
	return limit;
}

bool mmu_budget_take(struct mmu_budget *budget, enum mmu_budget_kind kind, uint64_t amount,
		     const char *what)
{
	const char *nothing = NULL;

	if (!budget)
		return true;
	uint64_t limit = mmu_budget_limit(budget, kind);
	uint64_t before = __atomic_fetch_add(&budget->spent[kind], amount, __ATOMIC_RELAXED);
	if (before <= limit && amount <= limit - before)
		return true;
	/* what is left may do for something smaller */
	__atomic_fetch_sub(&budget->spent[kind], amount, __ATOMIC_RELAXED);
	__atomic_compare_exchange_n(&budget->given_up[kind], &nothing, what, false,
				    __ATOMIC_RELEASE, __ATOMIC_RELAXED);
	return false;
}

const char *mmu_budget_ended(const struct mmu_budget *budget, enum mmu_budget_kind kind)
{
	return budget ? __atomic_load_n(&budget->given_up[kind], __ATOMIC_ACQUIRE) : NULL;
}

const char *mmu_budget_given_up(const struct mmu_budget *budget)
{
	const char *what = NULL;

	for (unsigned int kind = 0; kind < MMU_BUDGET_KINDS && !what; kind++)
		what = mmu_budget_ended(budget, (enum mmu_budget_kind)kind);
	return what;
}

struct mmu_error *mmu_budget_error(const char *what)
{
	return mmu_error_remedy(mmu_error_new(MMU_ERROR_BUDGET,
					      "%s was given up: it takes more work or memory than "
					      "files of this "
					      "size on disk are worth",
					      what),
				MMU_REMEDY_BUDGET);
}
