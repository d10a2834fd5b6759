/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The tool: its commands, and what is asked of it without one. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

static const struct tool_command commands[] = {
	{ "info", "what is this image, and what is known of its kernel", tool_info },
	{ "ps", "tasks: pid, mm, pgd, table pages, RSS", tool_ps },
	{ "walk", "one or many addresses: every level of the translation", tool_walk },
	{ "read", "bytes, strings or values at virtual addresses", tool_read },
	{ "maps", "whole address spaces: ranges, rights, page sizes, holes, VMAs", tool_maps },
	{ "compare", "two walks, or two whole spaces, side by side", tool_compare },
	{ "tables", "the tables themselves, level by level", tool_tables },
	{ "stat", "what tables cost: fill, page sizes, memory, TLB reach", tool_stat },
	{ "extract", "write a small vmcore without user data, for a bug report", tool_extract },
	{ "entry", "decode a raw entry, without any image", tool_entry },
	{ "arch", "back-ends, their formats, levels and bits", tool_arch },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

const char *argp_program_bug_address;

/* Another process truncated a mapped file, and a read hit the hole. */
static void on_bus_error(int signal)
{
	static const char text[] = "mmuscope: the image or vmlinux was cut short while it was "
				   "being read\n";

	(void)signal;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(TOOL_UNUSABLE);
	_exit(TOOL_UNUSABLE);
}

static void print_version(FILE *stream, struct argp_state *state)
{
	(void)state;
	fprintf(stream, "mmuscope %s\n", mmu_version());
}

static void print_commands(FILE *stream)
{
	fprintf(stream, "Commands:\n");
	for (size_t i = 0; i < NR_COMMANDS; i++)
		fprintf(stream, "  %-7s %s\n", commands[i].name, commands[i].summary);
	fprintf(stream, "\n'mmuscope COMMAND --help' tells the options of a command.\n\n"
			"Exit status:\n"
			"  0  all that was asked is mapped; compare: no difference\n"
			"  1  answered, but something is not mapped, not there or different\n"
			"  2  usage\n"
			"  3  the image, the symbols, a back-end or a file can't be used\n");
}

static error_t parse_main(int key, char *arg, struct argp_state *state)
{
	struct tool_main {
		struct tool *tool;
		int command_at;
	} *input = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = input->tool;
		return 0;
	case ARGP_KEY_ARG:
		input->command_at = state->next - 1;
		state->next = state->argc; /* the command parses the rest */
		return 0;
	default:
		(void)arg;
		return ARGP_ERR_UNKNOWN;
	}
}

static char *main_help_filter(int key, const char *text, void *input)
{
	char *more = NULL;
	size_t bytes;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	FILE *stream = open_memstream(&more, &bytes);
	if (!stream)
		return (char *)text;
	print_commands(stream);
	fclose(stream);
	return more;
}

int main(int argc, char **argv)
{
	static const struct argp_child children[] = { { .argp = &tool_global_argp, .group = 100 },
						      { 0 } };
	static const struct argp argp = {
		.parser = parse_main,
		.args_doc = "COMMAND IMAGE [ARGUMENT...]",
		.doc = "Walk the page tables in a Linux memory image.\v ",
		.children = children,
		.help_filter = main_help_filter,
	};
	struct tool tool;
	struct {
		struct tool *tool;
		int command_at;
	} input = { &tool, 0 };
	int status = -1;

	tool_init(&tool);
	argp_err_exit_status = TOOL_USAGE;
	program_invocation_name = (char *)"mmuscope"; /* argp's messages begin with it */
	signal(SIGBUS, on_bus_error);
	argp_program_version_hook = print_version;
	tool_must_parse(argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &input));
	if (!input.command_at) {
		fprintf(stderr, "mmuscope: no command given; 'mmuscope --help' lists them\n");
		return TOOL_USAGE;
	}
	for (size_t i = 0; i < NR_COMMANDS && status < 0; i++)
		if (strcmp(commands[i].name, argv[input.command_at]) == 0) {
			status = commands[i].run(&tool, argc - input.command_at,
						 argv + input.command_at);
			status = tool_check_image(&tool, status);
			if (commands[i].run != tool_info) /* info shows it itself */
				tool_warn(tool.session);
		}
	if (status < 0) {
		fprintf(stderr, "mmuscope: no command '%s'; 'mmuscope --help' lists them\n",
			tool_safe(argv[input.command_at]));
		return TOOL_USAGE;
	}
	tool_progress_end();
	tool_close(&tool, status);
	json_release();
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("mmuscope: standard output");
		return TOOL_UNUSABLE;
	}
	return tool_interrupted() ? 128 + SIGINT : status;
}
