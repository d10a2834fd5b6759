/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Questions over whole spaces and kernels. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "analysis/compare.h"
#include "analysis/extract.h"
#include "api/session.h"
#include "base/cleanup.h"
#include "base/sized.h"

/* ------------------------------------------------------------------ extracts */

static struct mmu_error *take_pages(const struct mmu_extract_pages *const *from,
				    struct mmu_extract_wish *ret)
{
	struct mmu_error *error = NULL;
	size_t nr = 0;

	while (from && from[nr])
		nr++;
	ret->pages = calloc(nr + 1, sizeof(*ret->pages));
	if (!ret->pages)
		return mmu_error_no_memory();
	for (; ret->nr_pages < nr && !error; ret->nr_pages++) {
		struct mmu_extract_pages *pages = &ret->pages[ret->nr_pages];

		error = mmu_sized(from[ret->nr_pages], pages);
		if (!error &&
		    (pages->pid < 0 || pages->pid > INT32_MAX || pages->first_va > pages->last_va))
			error = mmu_error_new(MMU_ERROR_INVALID, "pages: no pid, or no range");
	}
	return error;
}

static struct mmu_error *write_extract(struct mmu_session *session,
				       const struct mmu_extract_options *options,
				       struct mmu_extract_wish *wish, const char *path,
				       struct mmu_extract *ret)
{
	struct mmu_error *error = take_pages(options->pages, wish);

	if (!error && options->hook)
		error = mmu_sized(options->hook, &wish->hook);
	if (!error && access(path, F_OK) == 0) /* before learning, which may take long */
		error = mmu_error_os(EEXIST, "%s", path);
	if (!error)
		error = mmu_session_learn(session);
	return error ? error : mmu_extract_write(&session->kernel, wish, path, ret);
}

struct mmu_error *mmu_session_extract(struct mmu_session *session,
				      const struct mmu_extract_options *options, const char *path,
				      struct mmu_extract **ret)
{
	struct mmu_extract_wish wish = { .hook = session->kernel.options.hook };
	struct mmu_extract *extract MMU_FREE = NULL;
	struct mmu_extract_options own;
	struct mmu_error *error = mmu_sized(options, &own);

	if (error)
		return error;
	wish.pids = own.pids;
	wish.nr_pids = own.nr_pids;
	extract = calloc(1, sizeof(*extract));
	error = extract ? write_extract(session, &own, &wish, path, extract)
			: mmu_error_no_memory();
	free(wish.pages);
	if (!error)
		*ret = mmu_steal(extract);
	return error;
}

const struct mmu_extract_info *mmu_extract_get(const struct mmu_extract *extract)
{
	return (const struct mmu_extract_info *)extract;
}

uint64_t mmu_extract_bytes(const struct mmu_extract *extract, enum mmu_extract_kind kind)
{
	return (size_t)kind < MMU_EXTRACT_KINDS ? extract->bytes[kind] : 0;
}

void mmu_extract_destroy(struct mmu_extract *extract)
{
	free(extract);
}

/* ------------------------------------------------------------------ comparing */

static struct mmu_error *take_range(struct mmu_space *space, const struct mmu_part *part,
				    struct mmu_va_range *ret)
{
	struct mmu_part own;
	struct mmu_error *error = mmu_sized(part, &own);

	if (!error && own.first_va > own.last_va)
		error = mmu_error_new(MMU_ERROR_INVALID, "the part ends before it begins");
	if (!error)
		*ret = part ? (struct mmu_va_range){ own.first_va, own.last_va }
			    : mmu_space_user_range(space);
	return error;
}

struct mmu_error *mmu_compare_spaces(struct mmu_space *first, struct mmu_space *second,
				     const struct mmu_compare_query *query,
				     struct mmu_comparison **ret)
{
	struct mmu_hook hook = first->hook;
	struct mmu_compare_query own;
	struct mmu_va_range range[2];
	struct mmu_error *error = mmu_sized(query, &own);

	if (!error && own.hook)
		error = mmu_sized(own.hook, &hook);
	if (!error)
		error = take_range(first, own.first, &range[0]);
	if (!error)
		error = take_range(second, own.second, &range[1]);
	return error ? error : mmu_spaces_compare(first, second, range, &hook, ret);
}

const struct mmu_comparison_info *mmu_comparison_get(const struct mmu_comparison *comparison)
{
	return (const struct mmu_comparison_info *)comparison;
}

uint64_t mmu_comparison_changed_bytes(const struct mmu_comparison *comparison,
				      enum mmu_change change)
{
	for (unsigned int bit = 0; bit < MMU_CHANGES; bit++)
		if (change == 1u << bit)
			return comparison->changed_bytes[bit];
	return 0;
}

const struct mmu_range *mmu_difference_side(const struct mmu_difference *difference,
					    unsigned int side)
{
	const struct mmu_whole_difference *whole = (const struct mmu_whole_difference *)difference;

	return &whole->side[side & 1];
}

const struct mmu_shared_side *mmu_shared_frames_side(const struct mmu_shared_frames *frames,
						     unsigned int side)
{
	const struct mmu_whole_frames *whole = (const struct mmu_whole_frames *)frames;

	return &whole->side[side & 1];
}

/* ------------------------------------------------------------------ totals */

const struct mmu_totals *mmu_comparison_totals(const struct mmu_comparison *comparison,
					       unsigned int side)
{
	return &comparison->totals[side & 1];
}

enum mmu_leaves_end mmu_totals_ended(const struct mmu_totals *totals)
{
	return totals->leaves.end;
}

uint64_t mmu_totals_tables(const struct mmu_totals *totals, unsigned int level,
			   uint64_t *ret_missing)
{
	if (ret_missing)
		*ret_missing = level < MMU_LEVELS_MAX ? totals->leaves.missing[level] : 0;
	return level < MMU_LEVELS_MAX ? totals->leaves.tables[level] : 0;
}

uint64_t mmu_totals_table_bytes(const struct mmu_totals *totals)
{
	return totals->table_bytes;
}

uint64_t mmu_totals_bytes(const struct mmu_totals *totals, enum mmu_result result,
			  uint64_t *ret_entries)
{
	bool known = (size_t)result < MMU_RESULTS;

	if (ret_entries)
		*ret_entries = known ? totals->pages[result] : 0;
	return known ? totals->bytes[result] : 0;
}

bool mmu_totals_mapped(const struct mmu_totals *totals, size_t n, uint64_t *ret_page_bytes,
		       uint64_t *ret_pages)
{
	if (n >= totals->nr_mapped)
		return false;
	*ret_page_bytes = totals->mapped[n].page_bytes;
	*ret_pages = totals->mapped[n].pages;
	return true;
}
