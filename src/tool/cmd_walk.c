/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file mmuscope walk: translate addresses and show every level. */
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lists.h"
#include "show.h"

enum { KEY_TABLES = 0x300, KEY_VALUE, KEY_SLOTS };

/* Processes of PID ADDRESS lines whose tables are kept open. */
#define OPEN_MAX TOOL_LIST_MAX
/* So many addresses of a list are answered in one go. */
#define NUMBERS_MAX 1024u

struct walk {
	struct tool *tool;
	struct tool_space space_options;
	struct mmu_space *spaces[OPEN_MAX]; /* whose tables each address is walked through */
	int32_t pids[OPEN_MAX];             /* of those, where lines name them */
	size_t nr_spaces, oldest;
	bool of_lines; /* each line names its pid */
	struct mmu_walk *result;
	const char *image;
	char **addresses;
	int nr_addresses;
	struct show show;
	uint64_t line; /* of standard input; 0: an argument */
	int status;
};

static const struct argp_option options[] = {
	{ "tables", KEY_TABLES, "all", OPTION_ARG_OPTIONAL,
	  "Also the entries of each table; of a process only those of the user half, many in a "
	  "line where they are alike; all: every entry that is not empty",
	  1 },
	{ "value", KEY_VALUE, "TYPE", 0,
	  "Also the value there: u8 to u64, s8 to s64, x8 to x64, int", 1 },
	{ "brief", 'b', NULL, 0, "One line an address", 1 },
	{ "slots", KEY_SLOTS, "va", 0,
	  "Also where the direct map has each slot, and the entry's number as Linux counts", 1 },
	TOOL_TSV_OPTION,
	{ 0 },
};

/* Do the addresses come with pids of their own? */
static bool may_have_pids(const struct walk *walk)
{
	for (int i = 0; i < walk->nr_addresses; i++)
		if (strcmp(walk->addresses[i], "-") == 0 || strpbrk(walk->addresses[i], " \t"))
			return true;
	return false;
}

static void check_options(const struct walk *walk, struct argp_state *state)
{
	if (!walk->image)
		argp_error(state, "no image given");
	if (walk->show.brief && walk->show.tables)
		argp_error(state, "only one of --brief, --tables");
	if (walk->show.tsv && (walk->show.tables || walk->show.slots_va))
		argp_error(state, "a row of --tsv has no room for --tables or --slots");
	if (walk->show.tsv && walk->tool->json)
		argp_error(state, "only one of --json, --tsv");
	if (!walk->addresses)
		argp_error(state, "no address given ('-' reads them from standard input)");
	if (!walk->space_options.chosen && !may_have_pids(walk))
		argp_error(state, "whose tables? %s", tool_space_names);
	for (int i = 0; strcmp(walk->image, "-") == 0 && i < walk->nr_addresses; i++)
		if (strcmp(walk->addresses[i], "-") == 0)
			argp_error(state, "standard input can't be both the image and the "
					  "addresses");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct walk *walk = state->input;

	switch (key) {
	case KEY_TABLES:
		walk->show.tables = true;
		walk->show.every_entry = arg;
		if (arg && strcmp(arg, "all") != 0)
			argp_error(state, "--tables=%s: only 'all' can stand there", arg);
		return 0;
	case KEY_VALUE:
		walk->show.type = tool_type_find(arg);
		if (!walk->show.type)
			argp_error(state, "no type '%s': %s", arg, tool_type_names());
		return 0;
	case 'b':
		walk->show.brief = true;
		return 0;
	case KEY_SLOTS:
		if (strcmp(arg, "va") != 0)
			argp_error(state, "--slots=va is all that there is");
		walk->show.slots_va = true;
		return 0;
	case TOOL_KEY_TSV:
		walk->show.tsv = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num == 0) {
			walk->image = arg;
			return 0;
		}
		return ARGP_ERR_UNKNOWN;
	case ARGP_KEY_ARGS:
		walk->addresses = state->argv + state->next;
		walk->nr_addresses = state->argc - state->next;
		return 0;
	case ARGP_KEY_END:
		check_options(walk, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void raise_status(struct walk *walk, int status)
{
	if (status > walk->status)
		walk->status = status;
}

static void walk_one(struct walk *walk, struct mmu_space *space, uint64_t va)
{
	mmu_space_walk(space, va, walk->result);
	if (mmu_walk_get(walk->result)->result != MMU_RESULT_MAPPED)
		raise_status(walk, TOOL_ANSWERED);
	if (walk->tool->json)
		show_json(&walk->show, space, walk->result);
	else if (walk->show.tsv)
		show_tsv(&walk->show, space, walk->result);
	else
		show_text(&walk->show, space, walk->result);
}

static void walk_range(struct walk *walk, struct mmu_space *space, uint64_t first_va,
		       uint64_t last_va)
{
	struct mmu_error *error;

	raise_status(walk,
		     show_ranges(&walk->show, space, walk->result, first_va, last_va, &error));
	if (error)
		raise_status(walk, tool_fail(walk->tool, error));
}

/* ------------------------------------------------------------------ whose tables */

/* What the options choose, once for all addresses. A pid that is none is told, and left out. */
static int open_spaces(struct walk *walk)
{
	const struct tool_space *chosen = &walk->space_options;
	int status = TOOL_OK;

	if (chosen->nr_pids < 2) {
		status = tool_space_open(walk->tool, chosen, &walk->spaces[0]);
		walk->nr_spaces = !status;
		return status;
	}
	walk->show.with_pid = true;
	for (size_t i = 0; i < chosen->nr_pids; i++) {
		int one = tool_space_open_pid(walk->tool, chosen, chosen->pids[i],
					      &walk->spaces[walk->nr_spaces]);

		if (one > TOOL_ANSWERED)
			return one;
		walk->nr_spaces += !one;
		status = one ? one : status;
	}
	raise_status(walk, status);
	return walk->nr_spaces ? TOOL_OK : status;
}

/* The process that a line names: those that came last are still open. @return NULL: none */
static struct mmu_space *space_of_line(struct walk *walk, int32_t pid)
{
	size_t at = walk->nr_spaces < OPEN_MAX ? walk->nr_spaces : walk->oldest;
	struct mmu_space *space;

	for (size_t i = 0; i < walk->nr_spaces; i++)
		if (walk->pids[i] == pid)
			return walk->spaces[i];
	int status = tool_space_open_pid(walk->tool, &walk->space_options, pid, &space);
	if (status) {
		raise_status(walk, status);
		return NULL;
	}
	if (at == walk->nr_spaces) {
		walk->nr_spaces++;
	} else {
		mmu_space_close(walk->spaces[at]);
		walk->oldest = (at + 1) % OPEN_MAX;
	}
	walk->spaces[at] = space;
	walk->pids[at] = pid;
	return space;
}

/* ------------------------------------------------------------------ lists */

static void refuse(struct walk *walk, const char *text, const char *problem)
{
	fflush(stdout);
	if (walk->line)
		fprintf(stderr, "mmuscope: line %" PRIu64 ": '%s': %s\n", walk->line,
			tool_safe(text), problem);
	else
		fprintf(stderr, "mmuscope: '%s': %s\n", tool_safe(text), problem);
	raise_status(walk, TOOL_USAGE);
}

/* Both ends of a range. @return false: told */
static bool range_of(struct walk *walk, const struct tool_line *line, uint64_t *ret_first_va,
		     uint64_t *ret_last_va)
{
	int status = tool_address(walk->tool, line->last, ret_last_va);

	if (status) {
		raise_status(walk, status);
		return false;
	}
	if (*ret_last_va < *ret_first_va || (line->exclusive && *ret_last_va == *ret_first_va)) {
		refuse(walk, line->written, "the range ends before it begins");
		return false;
	}
	*ret_last_va -= line->exclusive;
	if (!walk->show.tables && !walk->show.type)
		return true;
	refuse(walk, line->written, "--tables and --value are for single addresses");
	return false;
}

static void walk_line(struct walk *walk, char *text)
{
	struct tool_line line;
	uint64_t first_va, last_va, number;
	char whole[80];

	snprintf(whole, sizeof(whole), "%s", text);
	const char *problem = tool_line_parse(text, walk->of_lines, &line);
	if (problem) {
		refuse(walk, whole, problem);
		return;
	}
	if (!line.address) {
		if (!walk->line)
			refuse(walk, whole, "no address");
		return;
	}
	int status = tool_address(walk->tool, line.address, &first_va);
	if (status) {
		raise_status(walk, status);
		return;
	}
	if (line.last && !range_of(walk, &line, &first_va, &last_va))
		return;
	bool numbers = tool_hex(line.address, &number) &&
		       (!line.last || tool_hex(line.last, &number));
	walk->show.symbol = numbers ? NULL : line.written;
	walk->show.label = line.label;
	struct mmu_space *named = line.has_pid ? space_of_line(walk, line.pid) : NULL;
	for (size_t i = 0; i < (line.has_pid ? named != NULL : walk->nr_spaces); i++) {
		struct mmu_space *space = named ? named : walk->spaces[i];

		tool_catch_interrupt();
		if (line.last)
			walk_range(walk, space, first_va, last_va);
		else
			walk_one(walk, space, first_va);
	}
}

/* Has nobody written the next line yet? Then somebody may wait for what was answered so far. */
static void flush_for(struct pollfd *input)
{
	if (poll(input, 1, 0) == 0)
		fflush(stdout);
}

/*
 * Lines that are numbers alone, as most are in a long list: those that are there.
 * @return how many
 */
static size_t take_numbers(struct tool_lines *lines, uint64_t vas[NUMBERS_MAX])
{
	size_t nr = 0;

	while (nr < NUMBERS_MAX && tool_lines_take_number(lines, &vas[nr]))
		nr++;
	return nr;
}

static void walk_numbers(struct walk *walk, const uint64_t *vas, size_t nr)
{
	struct show_lines lines;

	if (!nr)
		return;
	walk->show.symbol = walk->show.label = NULL;
	tool_catch_interrupt();
	if (walk->nr_spaces == 1 && walk->show.brief && !walk->show.type && !walk->show.with_pid &&
	    !walk->show.json && !walk->show.tsv) {
		lines.show = &walk->show;
		lines.space = walk->spaces[0];
		lines.all_mapped = true;
		lines.words.known = false;
		lines.bytes = 0;
		mmu_space_answer(lines.space, vas, nr, show_lines_add, &lines);
		show_lines_flush(&lines);
		if (!lines.all_mapped)
			raise_status(walk, TOOL_ANSWERED);
		return;
	}
	for (size_t n = 0; n < nr && !tool_interrupted(); n++)
		for (size_t i = 0; i < walk->nr_spaces; i++)
			walk_one(walk, walk->spaces[i], vas[n]);
}

/* Addresses from standard input, one a line; answers stream out line by line. */
static void walk_stdin(struct walk *walk)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	struct stat status;
	bool pipe = fstat(STDIN_FILENO, &status) == 0 && !S_ISREG(status.st_mode), more = true;
	struct tool_lines lines;
	uint64_t vas[NUMBERS_MAX];
	const char *problem;

	tool_lines_begin(&lines, STDIN_FILENO);
	walk->line = 1;
	while (more && !tool_interrupted()) {
		size_t nr = walk->of_lines ? 0 : take_numbers(&lines, vas);

		walk_numbers(walk, vas, nr);
		walk->line += nr;
		char *line = nr == NUMBERS_MAX ? NULL : tool_lines_take(&lines, &problem);
		if (line && problem)
			refuse(walk, "", problem);
		else if (line)
			walk_line(walk, line);
		walk->line += !!line;
		tool_progress("lines", walk->line - 1, 0);
		if (line || nr == NUMBERS_MAX)
			continue;
		if (pipe)
			flush_for(&input);
		more = tool_lines_read(&lines);
	}
	walk->line = 0;
	tool_progress_end();
}

static void walk_all(struct walk *walk)
{
	if (walk->show.tsv)
		show_tsv_header();
	for (int i = 0; i < walk->nr_addresses && !tool_interrupted(); i++) {
		if (strcmp(walk->addresses[i], "-") == 0)
			walk_stdin(walk);
		else
			walk_line(walk, walk->addresses[i]);
	}
}

int tool_walk(struct tool *tool, int argc, char **argv)
{
	static const char doc[] =
		"Translate addresses and show every level: table, index, slot, raw value, flags, "
		"rights, and why an address is not there.\vAn ADDRESS is hexadecimal, or a "
		"kernel symbol with an offset (init_task+0x10), or a range FIRST-LAST; - reads "
		"lines ADDRESS [LABEL] from standard input, or PID ADDRESS [LABEL] if no option "
		"says whose tables.\n\nRights are r w x X u: read, write, execute by user mode, "
		"execute by the kernel, user access; 'so far' is what the levels down to there "
		"allow "
		"together.";
	struct walk walk = { .tool = tool, .space_options.many = true };

	tool_parse(tool, argc, argv, options, parse, "IMAGE ADDRESS...", doc, &walk,
		   &walk.space_options);
	if (!walk.show.brief) /* which promises a line for each address */
		tool_fold(tool, 5);
	walk.status = tool_open(tool, walk.image);
	if (walk.status)
		return walk.status;
	walk.of_lines = walk.show.with_pid = !walk.space_options.chosen;
	walk.status = TOOL_OK;
	int status = walk.of_lines ? TOOL_OK : open_spaces(&walk);
	walk.result = tool_walk_create();
	walk.show.json = tool->json;
	walk.show.session = tool->session;
	walk.show.assumed = walk.space_options.query.format ||
			    (walk.nr_spaces && !mmu_space_task(walk.spaces[0]) &&
			     mmu_space_warning(walk.spaces[0]));
	walk.show.big_endian = mmu_session_brief(tool->session)->big_endian;
	if (status)
		raise_status(&walk, status);
	else
		walk_all(&walk);
	mmu_walk_destroy(walk.result);
	for (size_t i = 0; i < walk.nr_spaces; i++)
		mmu_space_close(walk.spaces[i]);
	return walk.status;
}
