/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file mmuscope maps: whole address spaces as ranges, with their VMAs or regions. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lists.h"
#include "maps.h"
#include "parallel.h"
#include "print_jobs.h"
#include "proc.h"

enum {
	KEY_RIGHTS = 0x300,
	KEY_RESULT,
	KEY_RANGE,
	KEY_PAGE_SIZE,
	KEY_VMA,
	KEY_BY_PAGE,
	KEY_BY_RANGE,
	KEY_RUNS,
	KEY_FLAT,
	KEY_ALL,
	KEY_PROC,
	KEY_SMAPS,
	KEY_HASH,
};

struct maps {
	struct tool *tool;
	struct tool_space space_options;
	const char *image;
	struct maps_filter filter;
	struct mmu_part range; /* of --range */
	uint32_t flags;        /* enum mmu_map_flag */
	bool by_range, all;
	bool proc, smaps; /* as files below /proc have it */
	bool hash;        /* the hashed table, not a space */
	unsigned int threads;
	struct tool_process *processes; /* of --all */
	/* each job's own */
	struct maps_text text;
	int status;
};

static const struct argp_option options[] = {
	{ "rights", KEY_RIGHTS, "RIGHTS", 0,
	  "Only pages with all of these rights, and without those behind a '-': wx, u, r-w", 1 },
	{ "result", KEY_RESULT, "WORD,...", 0, "Only these results: swapped, empty, filtered", 1 },
	{ "range", KEY_RANGE, "FIRST-LAST", 0,
	  "Only these addresses, ends inclusive; also of the other half", 1 },
	{ "page-size", KEY_PAGE_SIZE, "BYTES", 0, "Only pages of this size: 4K, 2M", 1 },
	{ "vma", KEY_VMA, "NAME", 0,
	  "Only VMAs and regions with NAME in their name: [heap], libc, vmalloc", 1 },
	{ "by-range", KEY_BY_RANGE, NULL, 0, "Text: each range, however scattered a VMA is", 1 },
	{ "runs", KEY_RUNS, NULL, 0, "Each piece of memory that is contiguous", 1 },
	{ "by-page", KEY_BY_PAGE, NULL, 0, "Each page; holes stay whole", 1 },
	{ "flat", KEY_FLAT, NULL, 0, "The tables alone: no VMAs, no regions, no holes", 1 },
	{ "proc", KEY_PROC, NULL, 0, "What /proc/PID/maps would have printed, byte for byte", 1 },
	{ "smaps", KEY_SMAPS, NULL, 0,
	  "What /proc/PID/smaps would have said of each VMA, and what was not touched", 1 },
	{ "hash", KEY_HASH, NULL, 0,
	  "The hashed (inverted) page table itself, slot by slot; with a choice below, its slots "
	  "alone",
	  1 },
	{ "all", KEY_ALL, NULL, 0, "Every process", 1 },
	TOOL_THREADS_OPTION,
	TOOL_TSV_OPTION,
	{ 0 },
};

static bool has_filter(const struct maps_filter *filter)
{
	return filter->with || filter->without || filter->results || filter->page_bytes ||
	       filter->vma || filter->range;
}

static void check_options(const struct maps *maps, struct argp_state *state)
{
	if (!maps->image)
		argp_error(state, "no image given");
	if (maps->tool->tsv && maps->tool->json)
		argp_error(state, "only one of --json, --tsv");
	if (maps->all && maps->space_options.chosen)
		argp_error(state, "--all is every process: no other one can be chosen");
	if (!maps->all && !maps->hash && !maps->space_options.chosen)
		argp_error(state, "whose map? %s, --all", tool_space_names);
	if (maps->proc && maps->smaps)
		argp_error(state, "only one of --proc, --smaps");
	if ((maps->proc || maps->smaps) &&
	    (maps->tool->tsv || maps->flags || maps->by_range || has_filter(&maps->filter)))
		argp_error(state, "--proc and --smaps show all VMAs, as text or with --json");
	if (maps->hash &&
	    (maps->proc || maps->smaps || maps->all || maps->flags || maps->by_range ||
	     maps->space_options.nr_pids > 1 || has_filter(&maps->filter)))
		argp_error(state, "--hash shows the whole table, or what one space has in it");
	if (maps->filter.vma && maps->flags & MMU_MAP_FLAT)
		argp_error(state, "--flat knows no VMAs: --vma chooses none");
}

static error_t parse_filter(struct maps *maps, int key, char *arg, struct argp_state *state)
{
	const char *word;

	switch (key) {
	case KEY_RIGHTS:
		if (!maps_filter_rights(&maps->filter, arg))
			argp_error(state,
				   "--rights '%s': letters of rwxXu, '-' before one that "
				   "must be absent",
				   arg);
		return 0;
	case KEY_RESULT:
		word = maps_filter_results(&maps->filter, arg);
		if (word)
			argp_error(state, "--result: '%s' is no result", word);
		return 0;
	case KEY_PAGE_SIZE:
		if (!maps_filter_page_size(&maps->filter, arg))
			argp_error(state, "--page-size '%s': no size", arg);
		return 0;
	case KEY_RANGE:
		maps->filter.range = arg;
		return 0;
	case KEY_VMA:
		maps->filter.vma = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct maps *maps = state->input;

	switch (key) {
	case KEY_BY_PAGE:
		maps->flags |= MMU_MAP_PAGES;
		maps->by_range = true;
		return 0;
	case KEY_RUNS:
		maps->flags |= MMU_MAP_RUNS;
		maps->by_range = true;
		return 0;
	case KEY_BY_RANGE:
		maps->by_range = true;
		return 0;
	case KEY_FLAT:
		maps->flags |= MMU_MAP_FLAT;
		return 0;
	case KEY_PROC:
		maps->proc = true;
		return 0;
	case KEY_SMAPS:
		maps->smaps = true;
		return 0;
	case KEY_HASH:
		maps->hash = true;
		return 0;
	case KEY_ALL:
		maps->all = true;
		return 0;
	case TOOL_KEY_THREADS:
		maps->threads = tool_parse_threads(arg, state);
		return 0;
	case TOOL_KEY_TSV:
		maps->tool->tsv = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num)
			argp_error(state, "one image at a time");
		maps->image = arg;
		return 0;
	case ARGP_KEY_END:
		check_options(maps, state);
		return 0;
	default:
		return parse_filter(maps, key, arg, state);
	}
}

static void raise_status(struct maps *maps, int status)
{
	if (status > maps->status)
		maps->status = status;
}

/* ------------------------------------------------------------------ one space */

static int stops(const struct mmu_progress *progress, void *context)
{
	(void)progress;
	(void)context;
	return tool_interrupted();
}

static const struct mmu_hook hook = { .size = sizeof(hook), .fn = stops };

static void show_row(struct maps *maps, const struct mmu_space *space,
		     const struct mmu_map_row *row)
{
	/* such a row may hide others that are wanted */
	if (row->range.result >= MMU_RESULT_FILTERED && row->range.result <= MMU_RESULT_UNREADABLE)
		raise_status(maps, TOOL_ANSWERED);
	if (!maps_filter_wants(&maps->filter, row))
		return;
	if (maps->tool->json)
		maps_row_json(space, row);
	else if (maps->tool->tsv)
		maps_row_tsv(space, row);
	else
		maps_text_row(&maps->text, row);
}

static void warn(struct maps *maps, const struct mmu_error *problem)
{
	fflush(stdout);
	fprintf(stderr, "mmuscope: warning: %s\n", tool_message(maps->tool, problem));
	raise_status(maps, TOOL_ANSWERED);
}

/* @return false: no more is wanted of this space */
static bool map_part(struct maps *maps, struct mmu_space *space, uint64_t first_va,
		     uint64_t last_va)
{
	const struct mmu_part part = { sizeof(part), first_va, last_va, &hook };
	const struct mmu_map_query query = { sizeof(query), &part, maps->flags };
	const struct mmu_error *problem;
	const struct mmu_map_row *row;
	struct mmu_map *map;
	struct mmu_error *error = mmu_map_open(space, &query, &map);

	if (error) {
		raise_status(maps, tool_fail(maps->tool, error));
		return false;
	}
	while (!tool_interrupted() && !(error = mmu_map_next(map, &row, &problem)) &&
	       (row || problem)) {
		if (row)
			show_row(maps, space, row);
		else
			warn(maps, problem);
	}
	if (!error && mmu_leaves_ended(mmu_map_leaves(map)) == MMU_LEAVES_TOO_MANY) {
		fflush(stdout);
		fprintf(stderr, "mmuscope: the tables lead to more entries than the image has room "
				"for\n");
		raise_status(maps, TOOL_ANSWERED);
	}
	mmu_map_close(map);
	if (error && mmu_error_code(error) != MMU_ERROR_STOPPED)
		raise_status(maps, tool_fail(maps->tool, error));
	else
		mmu_error_destroy(error);
	return !tool_interrupted();
}

/* The part of a VMA or region that --range leaves, if its name is wanted. */
static void map_area(struct maps *maps, struct mmu_space *space, const struct mmu_part *within,
		     uint64_t first_va, uint64_t last_va)
{
	if (first_va < within->first_va)
		first_va = within->first_va;
	if (last_va > within->last_va)
		last_va = within->last_va;
	if (first_va <= last_va && !tool_interrupted())
		map_part(maps, space, first_va, last_va);
}

static void map_named(struct maps *maps, struct mmu_space *space, const struct mmu_part *within)
{
	const struct mmu_map_query query = { .size = sizeof(query), .part = within };
	const struct mmu_vma_info *vma;
	const struct mmu_region *region;
	struct mmu_vmas *vmas = NULL;
	struct mmu_map *map = NULL;
	struct mmu_error *error = mmu_vmas_open(space, &vmas);

	for (bool more = !error; more && !tool_interrupted();) {
		struct mmu_error *problem = mmu_vmas_next(vmas, &vma);

		if (problem)
			warn(maps, problem);
		else if (vma && maps_filter_wants_area(&maps->filter, vma, NULL))
			map_area(maps, space, within, vma->first_va, vma->last_va);
		more = problem || vma;
		mmu_error_destroy(problem);
	}
	mmu_vmas_close(vmas);
	if (!error)
		error = mmu_map_open(space, &query, &map);
	for (size_t n = 0; map && (region = mmu_map_region(map, n)); n++)
		if (maps_filter_wants_area(&maps->filter, NULL, region))
			map_area(maps, space, within, region->first_va, region->last_va);
	mmu_map_close(map);
	if (error)
		raise_status(maps, tool_fail(maps->tool, error));
}

static void map_space(struct maps *maps, struct mmu_space *space)
{
	struct mmu_part within = maps->range;
	bool text = !maps->tool->json && !maps->tool->tsv;

	if (!maps->filter.range)
		mmu_space_extent(space, &within.first_va, &within.last_va);
	within.size = sizeof(within);
	if (text)
		tool_print_gap();
	if (maps->proc || maps->smaps) {
		raise_status(maps, proc_print(maps->tool, space, maps->smaps));
		return;
	}
	if (text)
		maps_text_begin(&maps->text, space, maps->by_range || maps->flags & MMU_MAP_FLAT);
	if (maps->filter.vma)
		map_named(maps, space, &within);
	else
		map_part(maps, space, within.first_va, within.last_va);
	if (text)
		maps_text_end(&maps->text);
}

/* ------------------------------------------------------------------ which spaces */

/* A job: the space is the caller's; so is the status of opening it. */
static int show_space(const struct maps *maps, int status, struct mmu_space *space)
{
	struct maps own = *maps;

	own.status = status;
	if (!status) {
		map_space(&own, space);
		mmu_space_close(space);
	}
	return own.status;
}

static int map_process(size_t number, void *context)
{
	const struct maps *maps = context;
	struct mmu_space *space = NULL;
	int status = tool_process_open(maps->tool, &maps->processes[number],
				       maps->space_options.query.flags, &space);

	return show_space(maps, status, space);
}

static int map_pid(size_t number, void *context)
{
	const struct maps *maps = context;
	struct mmu_space *space = NULL;
	int status = tool_space_open_pid(maps->tool, &maps->space_options,
					 maps->space_options.pids[number], &space);

	return show_space(maps, status, space);
}

static int map_all(struct maps *maps)
{
	size_t nr;
	int status = tool_processes(maps->tool, &maps->processes, &nr);

	if (status > TOOL_ANSWERED)
		return status;
	tool_catch_interrupt();
	raise_status(maps, status);
	raise_status(maps, tool_print_jobs(nr, maps->threads, map_process, maps));
	free(maps->processes);
	return maps->status;
}

static int map_chosen(struct maps *maps)
{
	struct tool_space *chosen = &maps->space_options;
	struct mmu_space *space = NULL;

	if (chosen->nr_pids > 1)
		return tool_print_pids(maps->tool, chosen, maps->threads, map_pid, maps);
	int status = tool_space_open(maps->tool, chosen, &space);
	tool_catch_interrupt();
	return show_space(maps, status, space);
}

static int map_hash(struct maps *maps)
{
	struct tool_space *chosen = &maps->space_options;
	bool only = chosen->chosen;
	struct mmu_space *space;

	if (!only)
		chosen->query.by = MMU_SPACE_KERNEL;
	int status = tool_space_open(maps->tool, chosen, &space);
	if (status)
		return status;
	tool_catch_interrupt();
	status = maps_hash(maps->tool, space, only);
	mmu_space_close(space);
	return status;
}

int tool_maps(struct tool *tool, int argc, char **argv)
{
	static const char doc[] =
		"A whole address space: what is mapped where, with which rights and pages, and "
		"what is not there and why.\vA row is a range of addresses of one VMA, or of one "
		"region of the kernel's, with one result, rights and page size: RESULT is a word "
		"of walk's, RIGHT r w x X u as there. PHYSICAL is where it begins if it is one run "
		"of frames, else how many there are; of what is not there, what the next access "
		"brings. Text tells a VMA in more than 8 ranges as one row for each kind; "
		"--by-range has them all.";
	struct maps maps = { .tool = tool, .space_options.many = true };

	tool_parse(tool, argc, argv, options, parse, "IMAGE", doc, &maps, &maps.space_options);
	tool_fold(tool, 2);
	maps.status = tool_open(tool, maps.image);
	if (!maps.status && maps.filter.range)
		maps.status = tool_range(tool, maps.filter.range, &maps.range.first_va,
					 &maps.range.last_va);
	if (maps.status)
		return maps.status;
	if (maps.hash)
		return map_hash(&maps);
	if (tool->tsv)
		maps_tsv_header();
	return maps.all ? map_all(&maps) : map_chosen(&maps);
}
