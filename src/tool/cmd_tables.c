/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file mmuscope tables: the page tables themselves, level by level. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lists.h"
#include "parallel.h"
#include "print_jobs.h"
#include "show.h"
#include "show_tree.h"
#include "table_list.h"
#include "table_rows.h"

enum { KEY_ALL = 0x300, KEY_LEVEL, KEY_RANGE, KEY_RAW, KEY_TREE, KEY_EVERY };

struct tables {
	struct tool *tool;
	struct tool_space space_options;
	const char *image, *address, *level_text, *output;
	char *range_text;
	bool all, raw, tree, every_entry;
	struct table_part range;
	unsigned int threads;
	struct tool_process *processes; /* of --all */
	/* each job's own */
	struct mmu_walk *walk;
	struct mmu_space *space; /* that is being shown */
	int status;
	/* of the table that is being shown */
	const struct table_node *node;
	struct table_rows rows;
	int index_width, va_digits;
};

static const struct argp_option options[] = {
	{ "all", KEY_ALL, NULL, 0, "The tables of every process", 1 },
	{ "level", KEY_LEVEL, "LEVEL", 0, "Only the tables of this level: its name or number", 1 },
	{ "range", KEY_RANGE, "FIRST-LAST", 0, "Only entries that translate these addresses", 1 },
	{ "tree", KEY_TREE, NULL, 0, "A drawing of the tables, cut to fit a screen", 1 },
	{ "every-entry", KEY_EVERY, NULL, 0, "A row for each entry, even if many are alike", 1 },
	{ "raw", KEY_RAW, NULL, 0,
	  "The bytes of one table: of ADDRESS, the lowest on its way or that of --level", 1 },
	{ "output", 'o', "FILE", 0, "With --raw: into a new file", 1 },
	TOOL_THREADS_OPTION,
	TOOL_TSV_OPTION,
	{ 0 },
};

static void check(const struct tables *tables, struct argp_state *state)
{
	bool rows = tables->tool->json || tables->tool->tsv;

	if (!tables->image)
		argp_error(state, "no image given");
	if (tables->tool->json && tables->tool->tsv)
		argp_error(state, "only one of --json, --tsv");
	if (tables->all == tables->space_options.chosen)
		argp_error(state,
			   tables->all ? "--all are all processes: no other can be chosen"
				       : "whose tables? %s, --all",
			   tool_space_names);
	if (tables->tree && (rows || tables->address || tables->raw))
		argp_error(state, "--tree is a drawing of a whole space");
	if (tables->raw && (rows || !tables->address || tables->range_text))
		argp_error(state, "--raw is the one table that --level and ADDRESS name");
	if (tables->output && !tables->raw)
		argp_error(state, "--output goes with --raw");
	if (tables->all && tables->address)
		argp_error(state, "ADDRESS goes with one space");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct tables *tables = state->input;

	switch (key) {
	case KEY_ALL:
		tables->all = true;
		return 0;
	case KEY_LEVEL:
		tables->level_text = arg;
		return 0;
	case KEY_RANGE:
		tables->range_text = arg;
		return 0;
	case KEY_TREE:
		tables->tree = true;
		return 0;
	case KEY_EVERY:
		tables->every_entry = true;
		return 0;
	case KEY_RAW:
		tables->raw = true;
		return 0;
	case 'o':
		tables->output = arg;
		return 0;
	case TOOL_KEY_THREADS:
		tables->threads = tool_parse_threads(arg, state);
		return 0;
	case TOOL_KEY_TSV:
		tables->tool->tsv = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 1)
			return ARGP_ERR_UNKNOWN;
		*(state->arg_num ? &tables->address : &tables->image) = arg;
		return 0;
	case ARGP_KEY_END:
		check(tables, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void raise_status(struct tables *tables, int status)
{
	if (status > tables->status)
		tables->status = status;
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

/* ------------------------------------------------------------------ rows */

static uint64_t first_va_of(const struct tables *tables, const struct table_row *row)
{
	return tables->node->va +
	       (row->first.index << tables->node->regime->shape[row->first.level].shift);
}

static uint64_t last_va_of(const struct tables *tables, const struct table_row *row)
{
	unsigned int shift = tables->node->regime->shape[row->first.level].shift;

	return tables->node->va + (row->last.index << shift) + (((uint64_t)1 << shift) - 1);
}

static bool is_hashed(const struct table_node *node)
{
	return node->regime->format->kind == MMU_FORMAT_HASHED;
}

static void begin_json(const struct tables *tables, const struct table_node *node)
{
	json_begin("tables");
	if (mmu_space_task(tables->space))
		json_number("pid", tool_space_pid(tables->space));
	json_string("format", node->regime->format->name);
	json_number("level", node->level);
	json_string("name", node->regime->format->level[node->level].name);
	json_hex("table_pa", node->table_pa);
}

static void begin_row(const struct table_row *row, const struct mmu_step *step,
		      enum mmu_page_state state, void *context)
{
	struct tables *tables = context;
	char rights[6];

	(void)state;
	if (!tables->tool->json)
		return;
	begin_json(tables, tables->node);
	if (!is_hashed(tables->node))
		json_hex("first_va", first_va_of(tables, row));
	json_number("index", (int64_t)row->first.index);
	json_hex("slot_pa", row->first.slot_pa);
	show_entry_json(tables->node->regime, step, false);
	json_string("effective", mmu_rights_text(tables->node->rights & row->entry.rights, rights));
	if (row->entry.kind == MMU_KIND_SOFTWARE) {
		json_string("result", mmu_result_name(row->result));
		if (row->has_swap)
			show_swap_json(row->swap_type, row->first_swap_offset, row->assumed);
		else if (row->first_pa)
			json_hex("target_pa", row->first_pa);
	}
}

static void tsv_row(const struct tables *tables, const struct table_row *row)
{
	const struct table_node *node = tables->node;
	const struct mmu_task *task = mmu_space_task(tables->space);
	char rights[6];

	tsv_number(task, tool_space_pid(tables->space));
	tsv_number(true, node->level);
	tsv_text(node->regime->format->level[node->level].name);
	tsv_hex(true, node->table_pa);
	tsv_hex(!is_hashed(node), first_va_of(tables, row));
	tsv_hex(!is_hashed(node), last_va_of(tables, row));
	tsv_number(true, (int64_t)row->first.index);
	tsv_number(true, (int64_t)row->last.index);
	tsv_hex(true, row->first.raw);
	tsv_hex(row->first.has_second, row->first.second);
	tsv_text(tool_kind(row->entry.kind));
	tsv_text(mmu_rights_text(row->entry.rights, rights));
	tsv_text(mmu_rights_text(node->rights & row->entry.rights, rights));
	tsv_hex(row->first_pa, row->first_pa);
	tsv_text(row->entry.kind == MMU_KIND_SOFTWARE ? mmu_result_name(row->result) : NULL);
	tsv_number(row->has_swap, row->swap_type);
	tsv_number(row->has_swap, (int64_t)row->first_swap_offset);
	tsv_text(row->flags);
	tsv_text(row->second_flags);
	tsv_end();
}

static void end_row(struct table_row *row, void *context)
{
	struct tables *tables = context;
	char before[32] = "";

	if (tables->tool->json) {
		json_number("last_index", (int64_t)row->last.index);
		json_number("count", (int64_t)(row->last.index - row->first.index + 1));
		json_bool("equal", row->equal);
		if (!is_hashed(tables->node))
			json_hex("last_va", last_va_of(tables, row));
		json_end();
	} else if (tables->tool->tsv) {
		tsv_row(tables, row);
	} else {
		if (!tool_narrow() && !is_hashed(tables->node))
			snprintf(before, sizeof(before), "%0*" PRIx64 " ", tables->va_digits,
				 first_va_of(tables, row));
		table_rows_print(&tables->rows, row, before, tables->index_width);
	}
}

/* ------------------------------------------------------------------ tables */

/* What does not stand in rows: why the table has none, or not all. */
static void tell_state(const struct tables *tables, const struct table_node *node)
{
	const char *state = mmu_page_state_name(node->state);

	if (!node->again && node->state == MMU_PAGE_PRESENT)
		return;
	if (tables->tool->json) {
		begin_json(tables, node);
		if (!is_hashed(node))
			json_hex("first_va", node->va);
		json_string("kind", node->again ? "again" : state);
		json_end();
	} else if (!tables->tool->tsv) {
		printf("  %s%s\n",
		       node->again ? "shown above: another entry leads there, too"
				   : "part of this table is ",
		       node->again ? "" : state);
	}
}

static void show_table(struct tables *tables, const struct table_node *node)
{
	const struct table_rows_told told = { begin_row, end_row, tables };
	const char *name = node->regime->format->level[node->level].name;
	uint64_t used = table_node_used(node);
	char index[48];

	tables->node = node;
	tables->rows = (struct table_rows){ .arch = mmu_space_arch(tables->space),
					    .regime = node->regime,
					    .level = node->level,
					    .table_pa = node->table_pa,
					    .used = node->used,
					    .first = node->first,
					    .last = node->last,
					    .every_entry = tables->every_entry,
					    .scratch = tables->walk };
	unsigned int va_bits = mmu_regime_va_bits(node->regime);
	tables->va_digits = va_bits <= 32 ? 8 : node->va >> 48 ? 16 : 12;
	tables->index_width = 2 * (int)strlen(table_rows_index(node->last, node->last, index)) + 1;
	if (!tables->tool->json && !tables->tool->tsv)
		printf("\n%s%s%s table at 0x%" PRIx64 ": %" PRIu64 " of %" PRIu64 " entries used\n",
		       tool_level_colour(node->level), name, tool_colour(TOOL_PLAIN),
		       node->table_pa, used, node->last - node->first + 1);
	if (!node->again)
		table_rows_visit(&tables->rows, tables->space, &told);
	tell_state(tables, node);
}

/* What a level has: "PTE: 12 tables, 4,096 entries: 380 pages, 7 not present" */
static void level_head(const struct table_list *list, unsigned int level)
{
	const struct table_level *at = &list->level[level];
	const struct mmu_regime *regime = at->nodes[0].regime;
	uint64_t tables = 0, pages = 0, software = 0, bad = 0, room = 0, nr = 0;

	for (size_t i = 0; i < at->nr; i++) {
		nr += !at->nodes[i].same_root;
		tables += at->nodes[i].tables;
		pages += at->nodes[i].pages;
		software += at->nodes[i].software;
		bad += at->nodes[i].bad;
		room += at->nodes[i].last - at->nodes[i].first + 1;
	}
	printf("\n%s%s%s, level %u: %" PRIu64 " table%s, %" PRIu64 " of %" PRIu64 " entries used",
	       tool_level_colour(level), regime->format->level[level].name, tool_colour(TOOL_PLAIN),
	       level, nr, plural(nr), tables + pages + software + bad, room);
	if (tables)
		printf(", %" PRIu64 " table%s", tables, plural(tables));
	if (pages)
		printf(", %" PRIu64 " page%s of %s", pages, plural(pages),
		       tool_size((uint64_t)1 << regime->shape[level].shift));
	if (software)
		printf(", %" PRIu64 " not present", software);
	if (bad)
		printf(", %" PRIu64 " bad", bad);
	printf("\n");
}

/* @return false: the level is not asked for */
static bool is_level_wanted(const struct tables *tables, const struct table_level *level,
			    unsigned int number)
{
	uint64_t wanted;

	if (!level->nr)
		return false;
	if (!tables->level_text)
		return true;
	if (tool_number(tables->level_text, &wanted))
		return wanted == number;
	return strcasecmp(level->nodes[0].regime->format->level[number].name, tables->level_text) ==
	       0;
}

static void space_head(const struct tables *tables, const struct table_list *list)
{
	const struct mmu_task *task = mmu_space_task(tables->space);
	const struct mmu_regime *regime = tool_linux_regime(tables->space);
	uint64_t bytes = 0, again = 0, nr = 0;

	for (unsigned int level = 0; level < MMU_LEVELS_MAX; level++)
		for (size_t i = 0; i < list->level[level].nr; i++) {
			const struct table_node *node = &list->level[level].nodes[i];

			again += node->again;
			if (node->again || node->same_root)
				continue;
			nr++;
			bytes += mmu_regime_table_bytes(node->regime, level);
		}
	tool_print_gap();
	if (task)
		printf("pid %d %s  ", task->pid, tool_safe(task->comm));
	printf("format %s, root 0x%" PRIx64 ": %" PRIu64 " table%s, %" PRIu64 " KiB",
	       regime->format->name, regime->root_pa, nr, plural(nr), bytes / 1024);
	if (again)
		printf(", %" PRIu64 " reached again", again);
	printf("\n");
}

static void show_list(struct tables *tables, const struct table_list *list)
{
	bool text = !tables->tool->json && !tables->tool->tsv, any = false;

	if (text)
		space_head(tables, list);
	if (tables->tree) {
		show_tree(list);
		any = true;
	}
	for (unsigned int number = MMU_LEVELS_MAX; !tables->tree && number-- > 0;) {
		const struct table_level *level = &list->level[number];

		if (!is_level_wanted(tables, level, number))
			continue;
		any = true;
		if (text && level->nr > 1)
			level_head(list, number);
		for (size_t i = 0; i < level->nr && !tool_interrupted(); i++)
			show_table(tables, &level->nodes[i]);
	}
	fflush(stdout);
	if (list->too_many)
		fprintf(stderr, "mmuscope: the space has more tables than %zu: not all are shown\n",
			list->nr);
	if (!any && list->nr)
		fprintf(stderr, "mmuscope: no table of level '%s'\n",
			tool_safe(tables->level_text));
	if (list->too_many || list->unreadable || !any)
		raise_status(tables, TOOL_ANSWERED);
}

/* ------------------------------------------------------------------ the bytes of one */

static const struct table_node *chosen_node(const struct tables *tables,
					    const struct table_list *list)
{
	for (unsigned int number = 0; number < MMU_LEVELS_MAX; number++)
		if (is_level_wanted(tables, &list->level[number], number))
			return &list->level[number].nodes[0];
	return NULL;
}

static int write_bytes(const struct tables *tables, const struct table_node *node, FILE *file)
{
	const struct mmu_regime *regime = node->regime;
	uint64_t bytes = (uint64_t)regime->format->slot_bytes
			 << regime->shape[node->level].index_bits;
	uint64_t stop_pa;
	unsigned char *copy = malloc(bytes);

	if (!copy)
		tool_no_memory();
	enum mmu_page_state state = mmu_session_read_phys(tables->tool->session, node->table_pa,
							  copy, bytes, &stop_pa);
	if (state == MMU_PAGE_PRESENT)
		fwrite(copy, 1, bytes, file);
	else
		fprintf(stderr, "mmuscope: %s table at 0x%" PRIx64 ": physical 0x%" PRIx64 ": %s\n",
			node->regime->format->level[node->level].name, node->table_pa, stop_pa,
			mmu_page_state_name(state));
	free(copy);
	return state == MMU_PAGE_PRESENT ? TOOL_OK : TOOL_ANSWERED;
}

static int write_raw(const struct tables *tables, const struct table_list *list)
{
	const struct table_node *node = chosen_node(tables, list);
	struct mmu_new_file *file;

	if (!node || is_hashed(node)) {
		fprintf(stderr, "mmuscope: there is no such table on the way to that address\n");
		return TOOL_ANSWERED;
	}
	if (!tables->output)
		return write_bytes(tables, node, stdout);
	struct mmu_error *error = mmu_new_file_open(tables->output, &file);
	if (error)
		return tool_fail(tables->tool, error);
	int status = write_bytes(tables, node, mmu_new_file_stream(file));
	error = mmu_new_file_close(file, status == TOOL_OK);
	return error ? tool_fail(tables->tool, error) : status;
}

/* ------------------------------------------------------------------ spaces */

static int show_space(struct tables *tables)
{
	struct table_part part = tables->range;
	struct table_list list;
	uint64_t first_va, last_va, va;

	mmu_space_extent(tables->space, &first_va, &last_va);
	if (!tables->range_text)
		part = (struct table_part){ first_va, last_va };
	if (tables->address) {
		int status = tool_address(tables->tool, tables->address, &va);

		if (status)
			return status;
		if (!tables->range_text && (va < first_va || va > last_va))
			part = (struct table_part){ 0, UINT64_MAX };
		mmu_space_walk(tables->space, va, tables->walk);
		table_list_gather_path(tables->space, &part, tables->walk, &list);
	} else {
		table_list_gather(tables->space, &part, &list);
	}
	if (tables->raw)
		raise_status(tables, write_raw(tables, &list));
	else
		show_list(tables, &list);
	table_list_release(&list);
	return TOOL_OK;
}

/* A job. @param status  of opening the space, which ends with it */
static int show_opened(const struct tables *tables, int status, struct mmu_space *space)
{
	struct tables own = *tables;

	if (status)
		return status;
	own.space = space;
	own.walk = tool_walk_create();
	raise_status(&own, show_space(&own));
	mmu_walk_destroy(own.walk);
	mmu_space_close(space);
	return own.status;
}

static int show_pid(size_t number, void *context)
{
	const struct tables *tables = context;
	struct mmu_space *space = NULL;
	int status = tool_space_open_pid(tables->tool, &tables->space_options,
					 tables->space_options.pids[number], &space);

	return show_opened(tables, status, space);
}

static int show_process(size_t number, void *context)
{
	const struct tables *tables = context;
	struct mmu_space *space = NULL;
	int status = tool_process_open(tables->tool, &tables->processes[number],
				       tables->space_options.query.flags, &space);

	return show_opened(tables, status, space);
}

static int show_all(struct tables *tables)
{
	size_t nr;
	int status = tool_processes(tables->tool, &tables->processes, &nr);

	if (status > TOOL_ANSWERED)
		return status;
	raise_status(tables, status);
	raise_status(tables, tool_print_jobs(nr, tables->threads, show_process, tables));
	free(tables->processes);
	return tables->status;
}

static int show_spaces(struct tables *tables)
{
	struct tool_space *chosen = &tables->space_options;
	struct mmu_space *space = NULL;
	int status = TOOL_OK;

	if (tables->range_text)
		status = tool_range(tables->tool, tables->range_text, &tables->range.first_va,
				    &tables->range.last_va);

	if (status)
		return status;
	if (tables->raw && !tables->output && isatty(STDOUT_FILENO)) {
		fprintf(stderr, "mmuscope: --raw is for a file or pipe, not for a terminal\n");
		return TOOL_USAGE;
	}
	tool_catch_interrupt();
	if (tables->tool->tsv)
		tsv_header("pid level name table_pa: va: last: index last_index raw: second: kind "
			   "rights effective target_pa: result swap_type swap_offset flags "
			   "second_flags");
	if (tables->all)
		return show_all(tables);
	if (chosen->nr_pids > 1)
		return tool_print_pids(tables->tool, chosen, tables->threads, show_pid, tables);
	status = tool_space_open(tables->tool, chosen, &space);
	return show_opened(tables, status, space);
}

int tool_tables(struct tool *tool, int argc, char **argv)
{
	struct tables tables = { .tool = tool, .space_options.many = true };

	tool_parse(tool, argc, argv, options, parse, "IMAGE [ADDRESS]",
		   "The page tables themselves: of every table the entries that are not empty, a "
		   "row for neighbours that go on, level by level. With ADDRESS, the tables on the "
		   "way to it.",
		   &tables, &tables.space_options);
	tool_fold(tool, 5);
	tool->output = tables.output;
	int status = tables.output ? tool_output_check(tables.output) : TOOL_OK;
	if (!status)
		status = tool_open(tool, tables.image);
	if (status)
		return status;
	return show_spaces(&tables);
}
