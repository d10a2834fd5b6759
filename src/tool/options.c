/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The options of every command, and how a command's own are parsed with them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

enum {
	KEY_JSON = 0x100,
	KEY_FORCE,
	KEY_RAW,
	KEY_ARCH,
	KEY_PLUGIN_DIR,
	KEY_FACT,
	KEY_DEBUG_DIR,
	KEY_PART,
	KEY_COLOR,
	KEY_BUDGET,
	KEY_NO_SANDBOX,
};

static const struct argp_option global_options[] = {
	{ NULL, 0, NULL, 0, "Options of every command:", 100 },
	{ "symbols", 's', "FILE", 0,
	  "The kernel's vmlinux, or its System.map (default: vmlinux, by build-id and release)",
	  100 },
	{ "debug-dir", KEY_DEBUG_DIR, "DIR", 0,
	  "Look for vmlinux below DIR, not in the system's places; repeatable", 100 },
	{ "force", KEY_FORCE, NULL, 0, "Accept a vmlinux or VMCOREINFO of another kernel", 100 },
	{ "fact", KEY_FACT, "KEY=VALUE", 0,
	  "Set a fact as VMCOREINFO would, as in NUMBER(phys_base)=0x1000; repeatable", 100 },
	{ "ram", KEY_RAW, "PA[:BYTES[:OFFSET[:FILE]]]", 0,
	  "The image is raw memory that begins at physical address PA; repeatable", 100 },
	{ "part", KEY_PART, "FILE", 0, "Another file of a split dump; repeatable", 100 },
	{ "arch", KEY_ARCH, "NAME", 0, "Architecture (default: as the image says)", 100 },
	{ "plugin-dir", KEY_PLUGIN_DIR, "DIR", 0, "Look for back-ends in DIR first", 100 },
	{ "budget", KEY_BUDGET, "FACTOR", 0,
	  "Searches may take FACTOR times the usual work and memory", 100 },
	{ "color", KEY_COLOR, "WHEN", 0, "Colours: always, never, auto (default: on a terminal)",
	  100 },
	{ "json", KEY_JSON, NULL, 0, "JSON Lines instead of text", 100 },
	{ "no-sandbox", KEY_NO_SANDBOX, NULL, 0,
	  "Do not confine the process: no Landlock, no seccomp, no limits", 100 },
	{ 0 },
};

/* PA[:BYTES[:OFFSET[:FILE]]]; the last part may hold colons */
static void parse_raw(struct tool *tool, const char *text, struct argp_state *state)
{
	struct mmu_raw_range *range = &tool->raw[tool->nr_raw];
	uint64_t *numbers[] = { &range->first_pa, &range->bytes, &range->file_offset };
	char *copy = strdupa(text), *at = copy;

	if (tool->nr_raw == TOOL_RAW_MAX)
		argp_error(state, "too many --ram ranges");
	for (size_t i = 0; at && i < 3; i++) {
		char *colon = strchr(at, ':');

		if (colon)
			*colon++ = '\0';
		if ((*at || !i) && !(i ? tool_bytes : tool_hex)(at, numbers[i]))
			argp_error(state, "--ram %s: '%s' is no number", text, at);
		at = colon;
	}
	range->path = at ? text + (at - copy) : NULL; /* argv lives as long as we do */
	range->size = sizeof(*range);
	tool->raw_list[tool->nr_raw++] = range;
	tool->options.raw = tool->raw_list;
}

static void add_to_list(const char **list, size_t *count, char *arg, struct argp_state *state)
{
	if (*count == TOOL_LIST_MAX)
		argp_error(state, "too many options of one kind");
	list[(*count)++] = arg;
}

static void parse_color(const char *arg, struct argp_state *state)
{
	static const char *const words[] = { "auto", "always", "never" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(arg, words[i]) == 0) {
			tool_set_colours((enum tool_colours)i);
			return;
		}
	}
	argp_error(state, "--color=%s: it is always, never or auto", arg);
}

static error_t parse_global(int key, char *arg, struct argp_state *state)
{
	struct tool *tool = state->input;

	switch (key) {
	case 's':
		tool->options.vmlinux = arg;
		return 0;
	case KEY_JSON:
		tool->json = true;
		json_prepare();
		return 0;
	case KEY_NO_SANDBOX:
		tool->no_sandbox = true;
		return 0;
	case KEY_COLOR:
		parse_color(arg, state);
		return 0;
	case KEY_BUDGET:
		if (!tool_number(arg, &tool->options.budget) || !tool->options.budget)
			argp_error(state, "--budget %s: it is a number from 1 on", arg);
		return 0;
	case KEY_FORCE:
		tool->options.flags |= MMU_OPEN_FORCE;
		return 0;
	case KEY_RAW:
		parse_raw(tool, arg, state);
		return 0;
	case KEY_ARCH:
		tool->options.arch = arg;
		return 0;
	case KEY_PLUGIN_DIR:
		tool->options.plugin_dir = arg;
		return 0;
	case KEY_FACT:
		add_to_list(tool->facts, &tool->nr_facts, arg, state);
		tool->options.facts = tool->facts;
		return 0;
	case KEY_PART:
		add_to_list(tool->parts, &tool->nr_parts, arg, state);
		tool->options.parts = tool->parts;
		return 0;
	case KEY_DEBUG_DIR:
		add_to_list(tool->debug_dirs, &tool->nr_debug_dirs, arg, state);
		tool->options.debug_dirs = tool->debug_dirs;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp tool_global_argp = { .options = global_options, .parser = parse_global };

/* A command's parser, which gets `input`, and the global one, which gets the tool. */
struct parse_input {
	struct tool *tool;
	void *input;
	argp_parser_t parser;
	struct tool_space *space;
};

static error_t parse_command(int key, char *arg, struct argp_state *state)
{
	struct parse_input *input = state->input;

	if (key == ARGP_KEY_INIT) {
		state->child_inputs[0] = input->tool;
		if (input->space)
			state->child_inputs[1] = input->space;
		return 0;
	}
	/* the parser of the command must not see our own input */
	void *saved = state->input;
	state->input = input->input;
	error_t error = input->parser(key, arg, state);
	state->input = saved;
	return error;
}

void tool_must_parse(int error)
{
	if (!error)
		return;
	if (error == ENOMEM)
		tool_no_memory();
	fprintf(stderr, "mmuscope: %s\n", strerror(error));
	exit(TOOL_UNUSABLE);
}

void tool_parse(struct tool *tool, int argc, char **argv, const struct argp_option *options,
		argp_parser_t parser, const char *args_doc, const char *doc, void *input,
		struct tool_space *space)
{
	const struct argp_child children[] = {
		{ .argp = &tool_global_argp, .group = 100 },
		{ .argp = space ? &tool_space_argp : NULL, .group = 50 },
		{ 0 },
	};
	const struct argp argp = { .options = options,
				   .parser = parse_command,
				   .args_doc = args_doc,
				   .doc = doc,
				   .children = children };
	struct parse_input parse_input = {
		.tool = tool, .input = input, .parser = parser, .space = space
	};
	static char name[64]; /* becomes argv[0] */

	snprintf(name, sizeof(name), "mmuscope %s", argv[0]);
	argv[0] = name;
	tool_must_parse(argp_parse(&argp, argc, argv, 0, NULL, &parse_input));
}

int tool_refuse_image_options(const struct tool *tool)
{
	const char *given = tool->options.vmlinux  ? "--symbols"
			    : tool->nr_debug_dirs  ? "--debug-dir"
			    : tool->options.flags  ? "--force"
			    : tool->nr_facts       ? "--fact"
			    : tool->options.raw    ? "--ram"
			    : tool->nr_parts       ? "--part"
			    : tool->options.budget ? "--budget"
						   : NULL;

	if (!given)
		return TOOL_OK;
	fprintf(stderr, "mmuscope: %s is for an image, and this command opens none\n", given);
	return TOOL_USAGE;
}
