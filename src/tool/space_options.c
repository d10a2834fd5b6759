/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The options that choose an address space. */
#include <stdlib.h>

#include "tool.h"

enum {
	KEY_TASK = TOOL_KEY_SPACE,
	KEY_MM,
	KEY_PGD,
	KEY_CPU,
	KEY_USER_HALF,
	KEY_FORMAT,
};

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "Whose tables:", 50 },
	{ "pid", 'p', "PID", 0, "The process or thread with this pid", 50 },
	{ "task", KEY_TASK, "ADDR", 0, "The task_struct at this kernel address", 50 },
	{ "mm", KEY_MM, "ADDR", 0, "The mm_struct at this kernel address", 50 },
	{ "pgd", KEY_PGD, "PA", 0, "The top-level table at this physical address", 50 },
	{ "cpu", KEY_CPU, "N", 0, "What CPU N translated with, by the registers in the image", 50 },
	{ "kernel", 'k', NULL, 0, "The kernel's own tables", 50 },
	{ "user-half", KEY_USER_HALF, NULL, 0,
	  "The tables that user mode runs on (x86 page-table isolation)", 50 },
	{ "format", KEY_FORMAT, "NAME", 0,
	  "With --pgd: the format (arch lists them); no kernel needs to be known", 50 },
	{ 0 },
};

static const struct {
	int key;
	enum mmu_space_by by;
} kinds[] = {
	{ 'p', MMU_SPACE_PID },     { KEY_TASK, MMU_SPACE_TASK }, { KEY_MM, MMU_SPACE_MM },
	{ KEY_PGD, MMU_SPACE_PGD }, { KEY_CPU, MMU_SPACE_CPU },   { 'k', MMU_SPACE_KERNEL },
};

static void choose(struct tool_space *space, enum mmu_space_by by, const char *arg,
		   struct argp_state *state)
{
	if (space->chosen)
		argp_error(state, "only one of --pid, --task, --mm, --pgd, --cpu, --kernel");
	space->chosen = true;
	space->query.by = by;
	bool counts = by == MMU_SPACE_PID || by == MMU_SPACE_CPU;

	if (arg && !(counts ? tool_number : tool_hex)(arg, &space->query.value))
		argp_error(state, "'%s' is no %s", arg,
			   counts ? "number" : "address (hexadecimal)");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct tool_space *space = state->input;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].key == key) {
			choose(space, kinds[i].by, arg, state);
			return 0;
		}
	}
	switch (key) {
	case KEY_USER_HALF:
		space->query.flags |= MMU_SPACE_USER_HALF;
		return 0;
	case KEY_FORMAT:
		space->query.format = arg;
		return 0;
	case ARGP_KEY_END:
		if (space->query.format && space->query.by != MMU_SPACE_PGD)
			argp_error(state, "--format goes with --pgd");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp tool_space_argp = { .options = options, .parser = parse };

int tool_space_open(struct tool *tool, struct tool_space *space, struct mmu_space **ret)
{
	space->query.size = sizeof(space->query);
	struct mmu_error *error = mmu_space_open(tool->session, &space->query, ret);

	if (error)
		return tool_fail(tool, error);
	if (mmu_space_warning(*ret)) {
		fflush(stdout);
		fprintf(stderr, "mmuscope: warning: %s\n", tool_safe(mmu_space_warning(*ret)));
	}
	return TOOL_OK;
}

struct mmu_walk *tool_walk_create(void)
{
	struct mmu_walk *walk = NULL;

	if (mmu_walk_create(&walk))
		abort();
	return walk;
}

struct mmu_entries *tool_entries_open(struct mmu_space *space, const struct mmu_regime *regime,
				      unsigned int level, uint64_t table_pa)
{
	struct mmu_entries *entries = NULL;

	if (mmu_entries_open(space, regime, level, table_pa, &entries))
		abort();
	return entries;
}

const struct mmu_regime *tool_regime(const struct mmu_space *space, const struct mmu_walk *walk)
{
	const struct mmu_regime *regime = mmu_walk_get(walk)->regime;

	return regime ? regime : mmu_space_regime(space, 0);
}

int tool_space_pid(const struct mmu_space *space)
{
	const struct mmu_task *task = mmu_space_task(space);

	return task ? task->pid : -1;
}
