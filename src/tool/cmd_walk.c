/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file mmuscope walk: translate addresses and show every level. */
#include <ctype.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "show.h"
#include "tool.h"

enum { KEY_TABLES = 0x300, KEY_VALUE };

struct walk {
	struct tool *tool;
	struct tool_space space_options;
	struct mmu_space *space;
	struct mmu_walk *result;
	const char *image;
	char **addresses;
	int nr_addresses;
	struct show show;
	int status;
};

static const struct argp_option options[] = {
	{ "tables", KEY_TABLES, NULL, 0, "Also the entries that are not empty of each table", 1 },
	{ "value", KEY_VALUE, "TYPE", 0,
	  "Also the value there: u8 to u64, s8 to s64, x8 to x64, int", 1 },
	{ "brief", 'b', NULL, 0, "One line an address", 1 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct walk *walk = state->input;

	switch (key) {
	case KEY_TABLES:
		walk->show.tables = true;
		return 0;
	case KEY_VALUE:
		walk->show.type = tool_type_find(arg);
		if (!walk->show.type)
			argp_error(state, "no type '%s': %s", arg, tool_type_names());
		return 0;
	case 'b':
		walk->show.brief = true;
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
		if (!walk->image)
			argp_error(state, "no image given");
		if (walk->show.brief && walk->show.tables)
			argp_error(state, "only one of --brief, --tables");
		if (!walk->addresses)
			argp_error(state, "no address given ('-' reads them from standard input)");
		if (!walk->space_options.chosen)
			argp_error(state, "whose tables? One of --pid, --task, --mm, --pgd, --cpu, "
					  "--kernel");
		for (int i = 0; strcmp(walk->image, "-") == 0 && i < walk->nr_addresses; i++)
			if (strcmp(walk->addresses[i], "-") == 0)
				argp_error(state, "standard input can't be both the image and the "
						  "addresses");
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

static void walk_one(struct walk *walk, uint64_t va)
{
	tool_catch_interrupt();
	mmu_space_walk(walk->space, va, walk->result);
	if (mmu_walk_get(walk->result)->result != MMU_RESULT_MAPPED)
		raise_status(walk, TOOL_ANSWERED);
	if (walk->tool->json)
		show_json(&walk->show, walk->space, walk->result);
	else
		show_text(&walk->show, walk->space, walk->result);
}

static void walk_text(struct walk *walk, const char *text)
{
	uint64_t va;
	int status = tool_address(walk->tool, text, &va);

	if (status)
		raise_status(walk, status);
	else
		walk_one(walk, va);
}

/* Addresses from standard input, one a line; answers stream out line by line. */
static void walk_stdin(struct walk *walk)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	struct stat status;
	bool pipe = fstat(STDIN_FILENO, &status) == 0 && !S_ISREG(status.st_mode);
	char *line = NULL;
	size_t size = 0;
	ssize_t bytes;

	while (!tool_interrupted() && (bytes = getline(&line, &size, stdin)) >= 0) {
		char *at = line;

		while (isspace((unsigned char)*at))
			at++;
		for (char *end = at + strlen(at); end > at && isspace((unsigned char)end[-1]);)
			*--end = '\0';
		if (*at)
			walk_text(walk, at);
		/* the reader may wait for this answer before it asks again */
		if (pipe && poll(&input, 1, 0) == 0)
			fflush(stdout);
	}
	free(line);
}

int tool_walk(struct tool *tool, int argc, char **argv)
{
	static const char doc[] =
		"Translate addresses and show every level: table, index, slot, raw value, flags, "
		"rights, and why an address is not there.\vAn ADDRESS is hexadecimal, or a "
		"kernel symbol with an offset (init_task+0x10); - reads addresses from standard "
		"input, one a line.\n\nRights are r w x X u: read, write, execute by user mode, "
		"execute by the kernel, user access; 'so far' is what the levels down to there "
		"allow "
		"together.";
	struct walk walk = { .tool = tool };

	tool_parse(tool, argc, argv, options, parse, "IMAGE ADDRESS...", doc, &walk,
		   &walk.space_options);
	walk.status = tool_open(tool, walk.image);
	if (walk.status)
		return walk.status;
	walk.status = tool_space_open(tool, &walk.space_options, &walk.space);
	if (walk.status)
		return walk.status;
	walk.result = tool_walk_create();
	walk.show.assumed = walk.space_options.query.format || mmu_space_warning(walk.space);
	walk.show.big_endian = mmu_session_info(tool->session)->big_endian;
	for (int i = 0; i < walk.nr_addresses && !tool_interrupted(); i++) {
		if (strcmp(walk.addresses[i], "-") == 0)
			walk_stdin(&walk);
		else
			walk_text(&walk, walk.addresses[i]);
	}
	mmu_walk_destroy(walk.result);
	mmu_space_close(walk.space);
	return walk.status;
}
