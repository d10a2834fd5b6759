/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Maps: the ranges, VMAs and regions of a space, one after the other. */
#include <stdlib.h>

#include "analysis/space_map.h"
#include "api/ranges.h"
#include "api/session.h"
#include "base/sized.h"
#include "objects/meaning.h"

struct mmu_map {
	struct mmu_space *space;
	struct mmu_ranges *ranges;
	struct mmu_vma_walk vmas;
	struct mmu_vma vma; /* what came last, as below */
	struct mmu_vma_name name;
	struct mmu_vma_info info;
	uint64_t unknown_va; /* with `error`: VMAs from here on can't be read */
	bool has_unknown;
	struct mmu_error *error;
	struct mmu_region regions[MMU_REGIONS_MAX];
	size_t nr_regions, next_region;
	bool has_regions; /* they were looked for */
	struct mmu_map_join join;
};

static struct mmu_error *next_ranges(void *context, uint64_t break_va, const struct mmu_swept **ret,
				     size_t *ret_nr, bool *ret_end)
{
	struct mmu_map *map = context;

	return mmu_ranges_next_before(map->ranges, break_va, ret, ret_nr, ret_end);
}

/* ------------------------------------------------------------------ VMAs, then regions */

static void vma_area(struct mmu_map *map, struct mmu_map_area *ret)
{
	const struct mmu_peek peek = { .memory = &map->space->memory };

	mmu_vma_name_read(&peek, map->space->mm_va, &map->vma, &map->name);
	*ret = (struct mmu_map_area){ .first_va = map->vma.first_va,
				      .last_va = map->vma.last_va,
				      .vma = mmu_vma_show(&map->vma, &map->name, &map->info),
				      .next = mmu_meaning_next(&map->vma),
				      .holes = true };
}

/* @return false: there are no more VMAs */
static bool next_vma(struct mmu_map *map, struct mmu_map_area *ret,
		     const struct mmu_error **ret_problem)
{
	uint64_t first_va = map->vmas.next_va;
	bool found;

	if (map->has_unknown) { /* told the last time */
		*ret = (struct mmu_map_area){ .first_va = map->unknown_va,
					      .last_va = map->vmas.end ? map->join.last_va
								       : map->vmas.next_va - 1,
					      .unknown = true };
		map->has_unknown = false;
		return ret->first_va <= ret->last_va || next_vma(map, ret, ret_problem);
	}
	if (map->vmas.end)
		return false;
	mmu_error_destroy(map->error);
	map->error = mmu_vma_walk_next(&map->vmas, &map->vma, &found);
	if (map->error) {
		*ret_problem = map->error;
		map->unknown_va = first_va;
		map->has_unknown = true;
		return true;
	}
	if (found)
		vma_area(map, ret);
	return found;
}

/*
 * Regions are of Linux, whose tables a space of a bare root need not be. Back-ends read memory to
 * find them, which a flat map has no need of.
 */
static void find_regions(struct mmu_map *map)
{
	const struct mmu_kernel *kernel = map->space->memory.kernel;
	const struct mmu_arch *arch = map->space->walker.arch;
	uint64_t user_last_va = 0;

	if (map->has_regions)
		return;
	map->has_regions = true;
	if (!map->space->walker.swap || !arch->regions || arch != kernel->arch)
		return;
	map->nr_regions = arch->regions(mmu_fact_callbacks(kernel->facts), map->regions);
	/* what is the process's own is told by its VMAs */
	if (map->space->mm_va)
		user_last_va = mmu_space_user_range(map->space).last_va;
	while (map->next_region < map->nr_regions &&
	       map->regions[map->next_region].last_va <= user_last_va)
		map->next_region++;
}

static bool next_area(void *context, struct mmu_map_area *ret, const struct mmu_error **ret_problem)
{
	struct mmu_map *map = context;

	if (next_vma(map, ret, ret_problem))
		return true;
	find_regions(map);
	if (map->next_region == map->nr_regions)
		return false;
	const struct mmu_region *region = &map->regions[map->next_region++];
	*ret = (struct mmu_map_area){ .first_va = region->first_va,
				      .last_va = region->last_va,
				      .region = region };
	return true;
}

/* ------------------------------------------------------------------ opening */

static struct mmu_error *take_query(struct mmu_space *space, const struct mmu_map_query *from,
				    struct mmu_map_query *ret, struct mmu_part *ret_part)
{
	const uint32_t known = MMU_MAP_FLAT | MMU_MAP_RUNS | MMU_MAP_PAGES;
	struct mmu_error *error = mmu_sized(from, ret);

	if (!error && ret->flags & ~known)
		error = mmu_error_new(MMU_ERROR_INVALID, "query: an unknown flag");
	if (!error && ret->part)
		error = mmu_sized(ret->part, ret_part);
	if (!error && !ret->part) {
		struct mmu_va_range extent = mmu_space_user_range(space);

		ret_part->first_va = extent.first_va;
		ret_part->last_va = extent.last_va;
	}
	return error;
}

struct mmu_error *mmu_map_open(struct mmu_space *space, const struct mmu_map_query *query,
			       struct mmu_map **ret)
{
	struct mmu_map_query own;
	struct mmu_part part = { .size = sizeof(part) };
	struct mmu_error *error = take_query(space, query, &own, &part);
	struct mmu_map *map = error ? NULL : calloc(1, sizeof(*map));

	if (!error && !map)
		error = mmu_error_no_memory();
	if (!error)
		error = mmu_ranges_open(space, &part, &map->ranges);
	if (error) {
		free(map);
		return error;
	}
	if (!(own.flags & (MMU_MAP_RUNS | MMU_MAP_PAGES)))
		mmu_ranges_merge(map->ranges);
	map->space = space;
	map->vmas.end = true;
	map->join = (struct mmu_map_join){ .source = { map, next_ranges, next_area },
					   .next_va = part.first_va,
					   .last_va = part.last_va,
					   .page_lg2 = space->regimes.regime[0].page_lg2,
					   .flags = own.flags,
					   .areas_end = own.flags & MMU_MAP_FLAT };
	if (space->mm_va) {
		mmu_vma_walk_init(&map->vmas, &space->memory, space->mm_va);
		map->vmas.next_va = part.first_va;
	}
	*ret = map;
	return NULL;
}

struct mmu_error *mmu_map_next(struct mmu_map *map, const struct mmu_map_row **ret,
			       const struct mmu_error **ret_problem)
{
	return mmu_map_join_next(&map->join, ret, ret_problem);
}

const struct mmu_leaves *mmu_map_leaves(const struct mmu_map *map)
{
	return mmu_ranges_leaves(map->ranges);
}

const struct mmu_region *mmu_map_region(const struct mmu_map *map, size_t n)
{
	struct mmu_map *own = (struct mmu_map *)(uintptr_t)map; /* const to callers alone */

	find_regions(own);
	return n < own->nr_regions ? &own->regions[n] : NULL;
}

void mmu_map_close(struct mmu_map *map)
{
	if (!map)
		return;
	mmu_ranges_close(map->ranges);
	mmu_error_destroy(map->error);
	free(map);
}
