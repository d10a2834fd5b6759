/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file mmuscope stat: what the tables of a space cost, and what they are used for. */
#include <stdlib.h>
#include <string.h>

#include "parallel.h"
#include "stat.h"

enum { KEY_ALL = 0x300, KEY_TLB, KEY_WITH, KEY_IMAGE };

struct stat_command {
	struct stat_options options;
	struct compare sides;     /* the second one: behind --with */
	struct tool_space *space; /* of the first */
	bool all, with;
	unsigned int threads;
	struct tool_process *processes;
	size_t nr_processes;
	/* the sum of all, as far as they have been told of */
	struct mmu_stat *sum;
	struct mmu_space *shown; /* a space whose regime names the levels */
	uint64_t spaces, counted_bytes;
	bool all_counted;
	int status;
};

static const struct argp_option options[] = {
	{ "all", KEY_ALL, NULL, 0, "Every process, a line each, and their sum", 1 },
	{ "tlb", KEY_TLB, "N,N", 0, "How far so many entries of a TLB reach at best", 1 },
	{ "with", KEY_WITH, NULL, 0,
	  "A second space begins here, to stand beside the first; what it leaves out, it takes "
	  "from that one",
	  1 },
	{ "image", KEY_IMAGE, "FILE", 0, "After --with: the second space's image", 1 },
	TOOL_THREADS_OPTION,
	TOOL_TSV_OPTION,
	{ 0 },
};

struct side_input {
	struct stat_command *command;
	unsigned int side;
};

static void parse_tlb(struct stat_options *ret, const char *arg, struct argp_state *state)
{
	char *at = strdupa(arg), *word;

	while ((word = strsep(&at, ","))) {
		if (ret->nr_tlb == STAT_TLB_MAX)
			argp_error(state, "--tlb: more than %d numbers", STAT_TLB_MAX);
		if (!tool_number(word, &ret->tlb[ret->nr_tlb]) || !ret->tlb[ret->nr_tlb])
			argp_error(state, "--tlb %s: '%s' is no number of entries", arg, word);
		ret->nr_tlb++;
	}
}

static void parse_image(const struct side_input *input, const char *arg, struct argp_state *state)
{
	struct compare_side *side = &input->command->sides.side[input->side];

	if (side->image)
		argp_error(state, "'%s' is too many: stat takes an image%s", arg,
			   input->side ? ", and one after --with" : "");
	side->image = arg;
}

static void check(const struct stat_command *command, struct argp_state *state)
{
	if (!command->sides.side[0].image)
		argp_error(state, "no image given");
	if (command->all && command->space->chosen)
		argp_error(state, "--all, or one of the options that choose a space");
	if (!command->all && !command->space->chosen)
		argp_error(state, "%s, or --all", tool_space_names);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	const struct side_input *input = state->input;
	struct stat_command *command = input->command;

	switch (key) {
	case KEY_ALL:
		command->all = true;
		return 0;
	case KEY_TLB:
		parse_tlb(&command->options, arg, state);
		return 0;
	case KEY_WITH: /* the first one was cut off before */
		argp_error(state, "--with stands once, and written out");
		return 0;
	case KEY_IMAGE:
		if (input->side == 0)
			argp_error(state, "--image stands after --with");
		parse_image(input, arg, state);
		return 0;
	case TOOL_KEY_THREADS:
		command->threads = tool_parse_threads(arg, state);
		return 0;
	case TOOL_KEY_TSV:
		command->options.tool->tsv = true;
		return 0;
	case ARGP_KEY_ARG:
		parse_image(input, arg, state);
		return 0;
	case ARGP_KEY_END:
		if (input->side == 0)
			check(command, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void tell(const struct stat_command *command, const struct stat_answer *answer)
{
	const struct tool *tool = command->options.tool;

	if (tool->json)
		stat_json(&command->options, answer);
	else if (tool->tsv)
		stat_tsv(answer, NULL);
	else if (command->all && answer->comm)
		stat_row(answer);
	else
		stat_text(&command->options, answer);
}

/* ------------------------------------------------------------------ one space, or two */

static struct stat_answer answer_of(const struct compare_side *side, const struct mmu_stat *stat)
{
	const struct mmu_task *task = mmu_space_task(side->space);
	bool own = task && task->owner == MMU_MM_OWN;

	return (struct stat_answer){
		.stat = stat,
		.regime = tool_linux_regime(side->space),
		.arch = mmu_space_arch(side->space),
		.comm = task ? task->comm : NULL,
		.pid = tool_space_pid(side->space),
		.spaces = 1,
		.counted = own && task->has_counters &&
			   !(side->space_options.query.flags & MMU_SPACE_USER_HALF),
		.counted_bytes = own ? task->table_bytes : 0,
	};
}

static int stat_one(struct stat_command *command)
{
	struct tool *tool = command->options.tool;
	struct compare_side *side = &command->sides.side[0];
	struct mmu_stat *stat = NULL;
	int status = tool_space_open(tool, &side->space_options, &side->space);

	if (status)
		return status;
	struct mmu_error *error = mmu_space_stat(side->space, NULL, &stat);
	if (error) {
		status = tool_fail(tool, error);
	} else {
		const struct stat_answer answer = answer_of(side, stat);

		tell(command, &answer);
	}
	mmu_stat_destroy(stat);
	mmu_space_close(side->space);
	return status;
}

static void tell_both(struct stat_command *command, const struct stat_answer answer[2])
{
	const struct tool *tool = command->options.tool;

	if (tool->json)
		stat_sides_json(&command->options, &command->sides, answer);
	else if (tool->tsv)
		stat_sides_tsv(answer);
	else
		stat_sides_text(&command->options, &command->sides, answer);
}

static int stat_both(struct stat_command *command)
{
	struct compare_side *side = command->sides.side;
	struct stat_answer answer[2];
	struct mmu_stat *stat[2] = { NULL, NULL };
	int status = sides_open_images(&command->sides);

	for (unsigned int i = 0; i < 2 && !status; i++)
		status = sides_open(&side[i]);
	if (!status)
		status = sides_seal(&command->sides);
	for (unsigned int i = 0; i < 2 && !status; i++) {
		struct mmu_error *error = mmu_space_stat(side[i].space, NULL, &stat[i]);

		if (error)
			status = tool_fail(side[i].tool, error);
		else
			answer[i] = answer_of(&side[i], stat[i]);
	}
	if (!status)
		tell_both(command, answer);
	for (unsigned int i = 0; i < 2; i++)
		mmu_stat_destroy(stat[i]);
	status = sides_close(&command->sides, status);
	return status;
}

/* ------------------------------------------------------------------ all */

struct job {
	struct mmu_error *error;
	struct mmu_space *space;
	struct mmu_stat *stat;
};

static void drop_job(void *result)
{
	struct job *job = result;

	mmu_error_destroy(job->error);
	mmu_stat_destroy(job->stat);
	mmu_space_close(job->space);
	free(job);
}

static void *count_process(size_t number, void *context)
{
	struct stat_command *command = context;
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		tool_no_memory();
	job->error = tool_process_space(command->options.tool, &command->processes[number],
					command->space->query.flags, &job->space);
	if (!job->error)
		job->error = mmu_space_stat(job->space, NULL, &job->stat);
	return job;
}

/* The first becomes the sum: it knows the levels. */
static void add_to_sum(struct stat_command *command, struct job *job,
		       const struct tool_process *process)
{
	command->spaces++;
	command->counted_bytes += process->table_bytes;
	command->all_counted &= process->has_counters;
	if (command->sum) {
		mmu_stat_add(command->sum, job->stat);
		return;
	}
	command->sum = job->stat;
	command->shown = job->space;
	job->stat = NULL;
	job->space = NULL;
}

static bool tell_process(size_t number, void *result, void *context)
{
	struct stat_command *command = context;
	const struct tool_process *process = &command->processes[number];
	struct job *job = result;

	if (job->error && mmu_error_code(job->error) == MMU_ERROR_STOPPED) {
		drop_job(job);
		return false;
	}
	if (job->error) {
		fflush(stdout);
		fprintf(stderr, "mmuscope: pid %d: %s\n", process->pid,
			tool_message(command->options.tool, job->error));
		command->status = TOOL_ANSWERED;
	} else {
		const struct stat_answer answer = {
			.stat = job->stat,
			.regime = tool_linux_regime(job->space),
			.arch = mmu_space_arch(job->space),
			.comm = process->comm,
			.pid = process->pid,
			.spaces = 1,
			.counted = process->has_counters &&
				   !(command->space->query.flags & MMU_SPACE_USER_HALF),
			.counted_bytes = process->table_bytes,
		};
		tell(command, &answer);
		add_to_sum(command, job, process);
	}
	drop_job(job);
	return true;
}

static void tell_sum(struct stat_command *command)
{
	const struct stat_answer answer = { .stat = command->sum,
					    .regime = tool_linux_regime(command->shown),
					    .arch = mmu_space_arch(command->shown),
					    .pid = -1,
					    .spaces = command->spaces,
					    .counted = command->all_counted,
					    .counted_bytes = command->counted_bytes };

	if (command->options.tool->tsv) /* rows of processes add up by themselves */
		return;
	if (!command->options.tool->json)
		printf("\n");
	tell(command, &answer);
}

static int stat_all(struct stat_command *command)
{
	struct tool *tool = command->options.tool;
	int status = tool_processes(tool, &command->processes, &command->nr_processes);

	if (status > TOOL_ANSWERED)
		return status;
	command->status = status;
	command->all_counted = !(command->space->query.flags & MMU_SPACE_USER_HALF);
	tool_catch_interrupt();
	if (!tool->json && !tool->tsv)
		stat_rows_head();
	tool_parallel(command->nr_processes, command->threads, count_process, tell_process,
		      drop_job, command);
	if (command->sum && !tool_interrupted())
		tell_sum(command);
	mmu_stat_destroy(command->sum);
	mmu_space_close(command->shown);
	free(command->processes);
	return command->status;
}

static int parse_sides(struct stat_command *command, int argc, char **argv)
{
	static const char doc[] =
		"What the tables of an address space cost, and what they are used for: tables "
		"and their fill by level, page sizes, what the kernel counts as VmPTE, entries "
		"read for a translation, physical runs. Of a process, the part below the "
		"kernel's. Two spaces stand side by side, of one image or of two, of whatever "
		"architectures:\v"
		"  stat vmcore -p 1 --with -p 2\n"
		"  stat vmcore -p 1 --with other-vmcore -s other-vmlinux";
	struct side_input inputs[2] = { { command, 0 }, { command, 1 } };
	const struct sides_parser parser = { .options = options,
					     .parser = parse,
					     .args_doc = "IMAGE [--with [IMAGE]]",
					     .doc = doc,
					     .input = { &inputs[0], &inputs[1] } };
	int status = TOOL_OK;

	command->with = sides_parse(&command->sides, argc, argv, &parser);
	if (command->with && command->all)
		return sides_usage("stat", "--all stands without --with");
	if (command->with && !sides_second_is_given(&command->sides))
		return sides_usage("stat", "beside what? --with --pid PID, --with IMAGE");
	if (command->with)
		status = sides_complete(&command->sides, "stat");
	if (status)
		return status;
	if (command->options.tool->tsv && command->options.tool->json)
		return sides_usage("stat", "only one of --json, --tsv");
	return TOOL_OK;
}

int tool_stat(struct tool *tool, int argc, char **argv)
{
	struct stat_command own = { 0 }, *command = &own;

	command->options.tool = command->sides.tool = command->sides.side[0].tool = tool;
	command->space = &command->sides.side[0].space_options;
	tool_init(&command->sides.side[1].own);
	int status = parse_sides(command, argc, argv);
	tool_fold(tool, 2);
	if (!status && !command->with)
		status = tool_open(tool, command->sides.side[0].image);
	if (!status && tool->tsv)
		stat_tsv_header(command->with);
	if (!status)
		status = command->with  ? stat_both(command)
			 : command->all ? stat_all(command)
					: stat_one(command);
	return status;
}
