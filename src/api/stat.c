/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the tables of a space are used for, and what they cost. */
#include <stdlib.h>

#include "analysis/stat.h"
#include "api/session.h"
#include "base/cleanup.h"
#include "base/sized.h"

struct mmu_error *mmu_space_stat(struct mmu_space *space, const struct mmu_part *part,
				 struct mmu_stat **ret)
{
	struct mmu_va_range range = mmu_space_user_range(space);
	struct mmu_stat *stat MMU_FREE = NULL;
	struct mmu_hook hook = space->hook;
	struct mmu_part own;
	struct mmu_error *error = mmu_sized(part, &own);

	if (!error && own.first_va > own.last_va)
		error = mmu_error_new(MMU_ERROR_INVALID, "the part ends before it begins");
	if (!error && own.hook)
		error = mmu_sized(own.hook, &hook);
	if (error)
		return error;
	if (part)
		range = (struct mmu_va_range){ own.first_va, own.last_va };
	stat = calloc(1, sizeof(*stat));
	error = stat ? mmu_stat_count(space, range, &hook, stat) : mmu_error_no_memory();
	if (!error)
		*ret = mmu_steal(stat);
	return error;
}

const struct mmu_stat_info *mmu_stat_get(const struct mmu_stat *stat)
{
	return (const struct mmu_stat_info *)stat;
}

const struct mmu_stat_level *mmu_stat_level_get(const struct mmu_stat *stat, unsigned int level)
{
	return level < stat->nr_levels ? &stat->level[level] : NULL;
}

uint64_t mmu_stat_bytes(const struct mmu_stat *stat, enum mmu_result result, uint64_t *ret_entries)
{
	return mmu_totals_bytes(&stat->totals, result, ret_entries);
}

bool mmu_stat_mapped(const struct mmu_stat *stat, size_t n, uint64_t *ret_page_bytes,
		     uint64_t *ret_pages)
{
	return mmu_totals_mapped(&stat->totals, n, ret_page_bytes, ret_pages);
}

uint64_t mmu_stat_tlb_reach(const struct mmu_stat *stat, uint64_t entries)
{
	uint64_t reach = 0;

	for (unsigned int n = stat->totals.nr_mapped; n-- > 0 && entries;) {
		const struct mmu_page_count *count = &stat->totals.mapped[n];
		uint64_t pages = count->pages < entries ? count->pages : entries;

		reach += pages * count->page_bytes;
		entries -= pages;
	}
	return reach < stat->mapped_bytes ? reach : stat->mapped_bytes;
}

static void add_level(struct mmu_stat_level *level, const struct mmu_stat_level *other)
{
	level->tables += other->tables;
	level->missing += other->missing;
	level->entries += other->entries;
	level->used += other->used;
	level->empty += other->empty;
	level->leaves += other->leaves;
	level->table_bytes += other->table_bytes;
	for (unsigned int i = 0; i < MMU_STAT_FILLS; i++)
		level->fill[i] += other->fill[i];
}

void mmu_stat_add(struct mmu_stat *stat, const struct mmu_stat *other)
{
	stat->table_bytes += other->table_bytes;
	stat->linux_bytes += other->linux_bytes;
	stat->huge_entries += other->huge_entries;
	stat->mapped_pages += other->mapped_pages;
	stat->mapped_bytes += other->mapped_bytes;
	stat->page_reads += other->page_reads;
	stat->byte_reads += other->byte_reads;
	stat->runs += other->runs;
	if (other->longest_run_bytes > stat->longest_run_bytes)
		stat->longest_run_bytes = other->longest_run_bytes;
	for (unsigned int i = 0; i < MMU_STAT_RUNS; i++)
		stat->run_counts[i] += other->run_counts[i];
	if (other->ended != MMU_LEAVES_ALL)
		stat->ended = other->ended;
	for (unsigned int i = 0; i < MMU_LEVELS_MAX; i++)
		add_level(&stat->level[i], &other->level[i]);
	if (other->nr_levels > stat->nr_levels)
		stat->nr_levels = other->nr_levels;
	mmu_totals_merge(&stat->totals, &other->totals);
}

void mmu_stat_destroy(struct mmu_stat *stat)
{
	free(stat);
}
