/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file mmuscope tables: the tables themselves, level by level. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "show.h"

enum { KEY_LEVEL = 0x300, KEY_RANGE, KEY_RAW, KEY_EVERY };

struct tables {
	struct tool *tool;
	struct tool_space space;
	const char *image, *address, *raw_path;
	struct mmu_part part;
	bool has_range, every, raw;
	int level;         /* -1: all */
	uint64_t table_pa; /* text: of the table whose rows are printed */
	bool begun;
};

static const struct argp_option options[] = {
	{ "level", KEY_LEVEL, "N", 0, "Only this level: 0 is the lowest", 1 },
	{ "range", KEY_RANGE, "FIRST-LAST", 0, "Only what answers for these addresses", 1 },
	{ "every-entry", KEY_EVERY, NULL, 0, "Each entry by itself, not many that go on", 1 },
	{ "raw", KEY_RAW, "FILE", 0,
	  "With --level and an ADDRESS: write the table as it is to a new file, or to - for "
	  "standard output",
	  1 },
	TOOL_TSV_OPTION,
	{ 0 },
};

static void parse_range(struct tables *tables, const char *arg, struct argp_state *state)
{
	char *copy = strdup(arg), *dash = copy ? strchr(copy, '-') : NULL;

	if (dash)
		*dash++ = '\0';
	if (!dash || !tool_hex(copy, &tables->part.first_va) ||
	    !tool_hex(dash, &tables->part.last_va) || tables->part.first_va > tables->part.last_va)
		argp_error(state,
			   "--range %s: two addresses with a '-' between them, the lower "
			   "one first",
			   arg);
	tables->has_range = true;
	free(copy);
}

static void check_arguments(const struct tables *tables, struct argp_state *state)
{
	if (!tables->image)
		argp_error(state, "no image given");
	if (!tables->space.chosen)
		argp_error(state, "whose tables? %s", tool_space_names);
	if (tables->tool->tsv && tables->tool->json)
		argp_error(state, "only one of --json, --tsv");
	if (tables->address && tables->has_range)
		argp_error(state, "an ADDRESS, or --range");
	if (tables->raw_path && (tables->level < 0 || !tables->address))
		argp_error(state, "--raw writes one table: --level and an ADDRESS say which");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct tables *tables = state->input;
	uint64_t number;

	switch (key) {
	case KEY_LEVEL:
		if (!tool_number(arg, &number) || number >= MMU_LEVELS_MAX)
			argp_error(state, "--level %s: no such level", arg);
		tables->level = (int)number;
		return 0;
	case KEY_RANGE:
		parse_range(tables, arg, state);
		return 0;
	case KEY_EVERY:
		tables->every = true;
		return 0;
	case KEY_RAW:
		tables->raw_path = arg;
		return 0;
	case TOOL_KEY_TSV:
		tables->tool->tsv = true;
		return 0;
	case ARGP_KEY_ARG:
		if (!tables->image)
			tables->image = arg;
		else if (!tables->address)
			tables->address = arg;
		else
			argp_error(state, "'%s' is too many: one ADDRESS", arg);
		return 0;
	case ARGP_KEY_END:
		check_arguments(tables, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ------------------------------------------------------------------ rows */

static uint64_t count_of(const struct mmu_run *run)
{
	return run->last_index - mmu_step_get(run->step)->index + 1;
}

static void run_json(const struct tables *tables, struct mmu_space *space,
		     const struct mmu_run *run)
{
	const struct mmu_step_info *at = mmu_step_get(run->step);
	const struct mmu_entry *entry = mmu_step_entry(run->step);
	char rights[6];

	(void)tables;
	json_begin("tables");
	if (tool_space_pid(space) >= 0)
		json_number("pid", tool_space_pid(space));
	json_string("format", run->regime->format->name);
	json_hex("table_pa", at->table_pa);
	json_number("level", at->level);
	json_string("name", run->regime->format->level[at->level].name);
	json_hex("first_va", run->first_va);
	json_hex("last_va", run->last_va);
	json_number("index", (int64_t)at->index);
	json_number("last_index", (int64_t)run->last_index);
	json_number("count", (int64_t)count_of(run));
	if (at->readable) {
		show_entry_json(run->regime, run->step, false);
		json_string("effective", mmu_rights_text(run->effective, rights));
		if (entry->kind == MMU_KIND_TABLE || entry->kind == MMU_KIND_LEAF)
			json_hex("target_pa", run->target_pa);
		if (run->equal)
			json_bool("equal", true);
	} else {
		json_string("slot_state", mmu_page_state_name(at->slot_state));
	}
	json_end();
}

static void run_tsv(struct mmu_space *space, const struct mmu_run *run)
{
	const struct mmu_step_info *at = mmu_step_get(run->step);
	const struct mmu_entry *entry = mmu_step_entry(run->step);
	bool leads = at->readable &&
		     (entry->kind == MMU_KIND_TABLE || entry->kind == MMU_KIND_LEAF);
	char rights[6], effective[6], flags[512];

	tsv_number(tool_space_pid(space) >= 0, tool_space_pid(space));
	tsv_number(true, at->level);
	tsv_text(run->regime->format->level[at->level].name);
	tsv_hex(true, at->table_pa);
	tsv_number(true, (int64_t)at->index);
	tsv_number(true, (int64_t)run->last_index);
	tsv_hex(true, run->first_va);
	tsv_hex(true, run->last_va);
	tsv_hex(at->readable, at->raw);
	tsv_hex(at->readable && at->has_second, at->second);
	tsv_text(at->readable ? tool_kind(entry->kind) : mmu_page_state_name(at->slot_state));
	tsv_text(at->readable ? mmu_rights_text(entry->rights, rights) : NULL);
	tsv_text(at->readable ? mmu_rights_text(run->effective, effective) : NULL);
	tsv_hex(leads, run->target_pa);
	tsv_text(at->readable ? tool_flags(run->regime, run->step, false, flags) : NULL);
	tsv_end();
}

/* "16 x 4 KiB from 0x7000" */
static void target_text(const struct mmu_run *run, char ret[160])
{
	const struct mmu_step_info *at = mmu_step_get(run->step);
	const struct mmu_entry *entry = mmu_step_entry(run->step);
	uint64_t count = count_of(run);
	char one[128];

	if (!at->readable) {
		snprintf(ret, 160, "%" PRIu64 " %s", count, mmu_page_state_name(at->slot_state));
		return;
	}
	show_target(run->regime, run->step, one);
	if (count == 1)
		snprintf(ret, 160, "%s", one);
	else if (run->equal || entry->kind == MMU_KIND_SOFTWARE)
		snprintf(ret, 160, "%" PRIu64 " x %s", count, one);
	else if (entry->kind == MMU_KIND_TABLE)
		snprintf(ret, 160, "%" PRIu64 " tables from 0x%" PRIx64, count, run->target_pa);
	else
		snprintf(ret, 160, "%" PRIu64 " x %s from 0x%" PRIx64, count,
			 tool_size((uint64_t)1 << run->regime->shape[at->level].shift),
			 run->target_pa);
}

/* A table begins: its level, where it lies. */
static void table_head(struct tables *tables, const struct mmu_run *run)
{
	const struct mmu_step_info *at = mmu_step_get(run->step);

	if (tables->begun && tables->table_pa == at->table_pa)
		return;
	printf("%s%s%s table at 0x%" PRIx64 "\n", tables->begun ? "\n" : "",
	       tool_level_colour(at->level), run->regime->format->level[at->level].name,
	       at->table_pa);
	printf("%s", tool_colour(TOOL_PLAIN));
	tables->begun = true;
	tables->table_pa = at->table_pa;
}

static void run_text(struct tables *tables, const struct mmu_run *run)
{
	const struct mmu_step_info *at = mmu_step_get(run->step);
	int digits = 2 * run->regime->format->entry_bytes;
	char index[48], target[160], begin[640], rights[6], flags[512], blanks[32];
	int width;

	table_head(tables, run);
	snprintf(index, sizeof(index), "%" PRIu64, at->index);
	if (run->last_index != at->index)
		snprintf(index, sizeof(index), "%" PRIu64 "-%" PRIu64, at->index, run->last_index);
	target_text(run, target);
	if (!at->readable) {
		printf("  %9s  0x%012" PRIx64 "  %s\n", index, run->first_va, target);
		return;
	}
	width = snprintf(begin, sizeof(begin), "  %9s  0x%0*" PRIx64 "  0x%0*" PRIx64 "  %s  ",
			 index, digits == 16 ? 12 : 8, run->first_va, digits, at->raw,
			 mmu_rights_text(mmu_step_entry(run->step)->rights, rights));
	tool_wrapped(target, begin, (unsigned int)width, tool_columns());
	snprintf(blanks, sizeof(blanks), "%13s", "");
	tool_wrapped(tool_flags(run->regime, run->step, false, flags), blanks, 13, tool_columns());
	if (at->has_second && at->second) {
		snprintf(begin, sizeof(begin), "%13s%s 0x%0*" PRIx64 " ", "",
			 run->regime->format->second_name, digits, at->second);
		tool_wrapped(tool_flags(run->regime, run->step, true, flags), begin, 15,
			     tool_columns());
	}
}

/* ------------------------------------------------------------------ raw */

static struct mmu_error *write_new(const char *path, const void *bytes, size_t nr)
{
	struct mmu_new_file *file;
	struct mmu_error *error = mmu_new_file_open(path, &file);

	if (error)
		return error;
	bool whole = fwrite(bytes, 1, nr, mmu_new_file_stream(file)) == nr;
	return mmu_new_file_close(file, whole);
}

static int write_bytes(const struct tables *tables, const struct mmu_step_info *at, size_t nr)
{
	unsigned char *bytes = malloc(nr);
	struct mmu_error *error = NULL;
	int status = TOOL_OK;
	enum mmu_page_state state;
	uint64_t stop_pa = 0;

	if (!bytes)
		return TOOL_UNUSABLE;
	state = mmu_session_read_phys(tables->tool->session, at->table_pa, bytes, nr, &stop_pa);
	if (state != MMU_PAGE_PRESENT) {
		fprintf(stderr, "mmuscope: table at 0x%" PRIx64 ": 0x%" PRIx64 " is %s\n",
			at->table_pa, stop_pa, mmu_page_state_name(state));
		status = TOOL_ANSWERED;
	} else if (strcmp(tables->raw_path, "-") == 0) {
		fwrite(bytes, 1, nr, stdout);
	} else {
		error = write_new(tables->raw_path, bytes, nr);
	}
	free(bytes);
	return error ? tool_fail(tables->tool, error) : status;
}

static int write_raw(const struct tables *tables, struct mmu_space *space)
{
	struct mmu_walk *walk = tool_walk_create();
	const struct mmu_step *step;
	int status = TOOL_ANSWERED;

	mmu_space_walk(space, tables->part.first_va, walk);
	for (size_t n = 0; (step = mmu_walk_step(walk, n)); n++)
		if (mmu_step_get(step)->level == (unsigned int)tables->level)
			break;
	if (step) {
		const struct mmu_regime *regime = tool_regime(space, walk);
		unsigned int level = (unsigned int)tables->level;
		/* the hardware's words; the second copy of ARM's lies elsewhere */
		uint64_t bytes = ((uint64_t)1 << regime->shape[level].index_bits) *
				 regime->format->slot_bytes;

		status = write_bytes(tables, mmu_step_get(step), (size_t)bytes);
	} else {
		fprintf(stderr, "mmuscope: the walk of 0x%" PRIx64 " reaches no level %d\n",
			tables->part.first_va, tables->level);
	}
	mmu_walk_destroy(walk);
	return status;
}

/* ------------------------------------------------------------------ one space */

static int show_runs(struct tables *tables, struct mmu_space *space)
{
	const struct mmu_runs_query query = {
		.size = sizeof(query),
		.part = tables->has_range ? &tables->part : NULL,
		.levels = tables->level < 0 ? 0 : UINT32_C(1) << tables->level,
		.single = tables->every,
	};
	const struct mmu_run *run = NULL;
	struct mmu_runs *runs;
	uint64_t shown = 0;
	int status = TOOL_OK;
	struct mmu_error *error = mmu_runs_open(space, &query, &runs);

	if (error)
		return tool_fail(tables->tool, error);
	tool_catch_interrupt();
	while (!tool_interrupted() && !(error = mmu_runs_next(runs, &run)) && run) {
		shown++;
		if (!mmu_step_get(run->step)->readable)
			status = TOOL_ANSWERED;
		if (tables->tool->json)
			run_json(tables, space, run);
		else if (tables->tool->tsv)
			run_tsv(space, run);
		else
			run_text(tables, run);
	}
	fflush(stdout);
	if (mmu_runs_ended(runs) == MMU_LEAVES_TOO_MANY) {
		fprintf(stderr, "mmuscope: the tables lead to each other in circles: not all are "
				"shown\n");
		status = TOOL_ANSWERED;
	}
	mmu_runs_close(runs);
	if (error)
		return tool_fail(tables->tool, error);
	if (!shown) {
		fprintf(stderr, "mmuscope: no entry there that is not empty\n");
		status = TOOL_ANSWERED;
	}
	return status;
}

int tool_tables(struct tool *tool, int argc, char **argv)
{
	struct tables tables = { .tool = tool,
				 .part = { .size = sizeof(tables.part) },
				 .level = -1 };
	struct mmu_space *space = NULL;

	tool_parse(tool, argc, argv, options, parse, "IMAGE [ADDRESS]",
		   "The entries of the tables that are not empty, level by level; neighbours that "
		   "go on are one row. With an ADDRESS, only the entries on the way to it; of a "
		   "process, the part below the kernel's.",
		   &tables, &tables.space);
	tool_fold(tool, 2);
	if (tables.raw_path && strcmp(tables.raw_path, "-") == 0 && isatty(STDOUT_FILENO)) {
		fprintf(stderr, "mmuscope: --raw -: a table is no text for a terminal\n");
		return TOOL_USAGE;
	}
	int status = tool_open(tool, tables.image);
	if (!status)
		status = tool_space_open(tool, &tables.space, &space);
	if (!status && tables.address) {
		status = tool_address(tool, tables.address, &tables.part.first_va);
		tables.part.last_va = tables.part.first_va;
		tables.has_range = true;
	}
	if (!status && tables.raw_path)
		status = write_raw(&tables, space);
	else if (!status) {
		if (tool->tsv)
			tsv_header("pid level name table_pa: index last_index first_va: last_va: "
				   "raw: second: kind rights effective target_pa: flags");
		status = show_runs(&tables, space);
	}
	mmu_space_close(space);
	return status;
}
