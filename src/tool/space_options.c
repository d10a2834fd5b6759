/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The options that choose an address space. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

enum {
	KEY_TASK = TOOL_KEY_SPACE,
	KEY_MM,
	KEY_PGD,
	KEY_CPU,
	KEY_COMM,
	KEY_USER_HALF,
	KEY_FORMAT,
};

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "Whose tables:", 50 },
	{ "pid", 'p', "PID", 0,
	  "The process or thread with this pid (walk: PID,PID...; repeatable)", 50 },
	{ "comm", KEY_COMM, "NAME", 0,
	  "The task with this name; if several have it, they are listed", 50 },
	{ "task", KEY_TASK, "ADDR", 0, "The task_struct at this kernel address or symbol", 50 },
	{ "mm", KEY_MM, "ADDR", 0, "The mm_struct at this kernel address or symbol", 50 },
	{ "pgd", KEY_PGD, "PA", 0,
	  "The top-level table at this physical address, or what CR3 or TTBR0 held", 50 },
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

const char tool_space_names[] = "One of --pid, --comm, --task, --mm, --pgd, --cpu, --kernel";

/* "1,42"; the option may be given again, too */
static void add_pids(struct tool_space *space, const char *arg, struct argp_state *state)
{
	char *at = strdupa(arg), *word;
	uint64_t pid;

	while ((word = strsep(&at, ","))) {
		if (!tool_number(word, &pid))
			argp_error(state, "'%s' is no number", word);
		if (space->nr_pids && !space->many)
			argp_error(state, "one process at a time");
		if (space->nr_pids == TOOL_LIST_MAX)
			argp_error(state, "more than %d pids", TOOL_LIST_MAX);
		/* what is larger is nobody's, either */
		space->pids[space->nr_pids++] = pid > INT32_MAX ? INT32_MAX : (int32_t)pid;
	}
}

static void choose(struct tool_space *space, enum mmu_space_by by, const char *arg,
		   struct argp_state *state)
{
	bool again = by == MMU_SPACE_PID && space->nr_pids;

	if (space->chosen && !again)
		argp_error(state, "only one of %s", tool_space_names + strlen("One of "));
	space->chosen = true;
	space->query.by = by;
	switch (by) {
	case MMU_SPACE_PID:
		add_pids(space, arg, state);
		return;
	case MMU_SPACE_TASK:
	case MMU_SPACE_MM:
		space->text = arg;
		return;
	case MMU_SPACE_PGD:
		if (!tool_hex(arg, &space->query.value))
			argp_error(state, "'%s' is no address (hexadecimal)", arg);
		space->query.flags |= MMU_SPACE_REGISTER;
		return;
	default:
		if (arg && !tool_number(arg, &space->query.value))
			argp_error(state, "'%s' is no number", arg);
		return;
	}
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
	case KEY_COMM:
		if (space->chosen)
			argp_error(state, "only one of %s", tool_space_names + strlen("One of "));
		space->chosen = true;
		space->query.by = MMU_SPACE_PID;
		space->comm = arg;
		return 0;
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

/* ------------------------------------------------------------------ by name */

bool tool_is_comm(const struct mmu_task *task, const char *name)
{
	return strncmp(task->comm, name, sizeof(task->comm) - 2) == 0;
}

/* The tasks of a name: how many there are, and the pid of the first; `list` prints them. */
static struct mmu_error *find_comm(struct tool *tool, const char *comm, bool threads, bool list,
				   uint64_t *ret_nr, int32_t *ret_pid)
{
	const struct mmu_tasks_query query = { .size = sizeof(query),
					       .flags = threads ? MMU_TASKS_THREADS : 0 };
	const struct mmu_error *problem;
	const struct mmu_task *task;
	struct mmu_tasks *tasks;
	struct mmu_error *error = mmu_tasks_open(tool->session, &query, &tasks);

	*ret_nr = 0;
	if (error)
		return error;
	while ((task = mmu_tasks_next(tasks, &problem)) || problem) {
		if (!task || !tool_is_comm(task, comm))
			continue;
		if (!(*ret_nr)++)
			*ret_pid = task->pid;
		if (list)
			fprintf(stderr, "  %7d  %s\n", task->pid, tool_safe(task->comm));
	}
	mmu_tasks_close(tasks);
	return NULL;
}

static int pid_of_comm(struct tool *tool, const char *comm, int32_t *ret)
{
	bool threads = false;
	uint64_t nr;
	int32_t pid = 0;
	struct mmu_error *error = find_comm(tool, comm, false, false, &nr, &pid);

	if (!error && !nr) { /* a thread may have a name of its own */
		threads = true;
		error = find_comm(tool, comm, true, false, &nr, &pid);
	}
	if (error)
		return tool_fail(tool, error);
	if (nr == 1) {
		*ret = pid;
		return TOOL_OK;
	}
	fflush(stdout);
	if (!nr) {
		fprintf(stderr, "mmuscope: no task is called '%s'\n", tool_safe(comm));
		return TOOL_ANSWERED;
	}
	fprintf(stderr, "mmuscope: %" PRIu64 " tasks are called '%s'; --pid chooses one:\n", nr,
		tool_safe(comm));
	mmu_error_destroy(find_comm(tool, comm, threads, true, &nr, &pid));
	return TOOL_USAGE;
}

/* ------------------------------------------------------------------ opening */

/* Say which bits of a pasted register are no part of an address. */
static void tell_ignored(const struct mmu_space *space, const struct mmu_space_query *query)
{
	uint64_t root_pa = mmu_space_regime(space, 0)->root_pa;

	if (!(query->value & ~root_pa))
		return;
	fflush(stdout);
	fprintf(stderr,
		"mmuscope: --pgd 0x%" PRIx64 ": the table is at 0x%" PRIx64
		"; the other bits, 0x%" PRIx64 ", are no part of its address\n",
		query->value, root_pa & query->value, query->value & ~root_pa);
}

void tool_space_warn(const struct mmu_space *space)
{
	if (!mmu_space_warning(space))
		return;
	fflush(stdout);
	fprintf(stderr, "mmuscope: warning: %s\n", tool_safe(mmu_space_warning(space)));
}

static int open_query(struct tool *tool, struct mmu_space_query *query, struct mmu_space **ret)
{
	query->size = sizeof(*query);
	struct mmu_error *error = mmu_space_open(tool->session, query, ret);

	if (error)
		return tool_fail(tool, error);
	if (query->flags & MMU_SPACE_REGISTER)
		tell_ignored(*ret, query);
	tool_space_warn(*ret);
	int status = tool_seal(tool);
	if (status) {
		mmu_space_close(*ret);
		*ret = NULL;
	}
	return status;
}

int tool_space_open_pid(struct tool *tool, const struct tool_space *space, int32_t pid,
			struct mmu_space **ret)
{
	struct mmu_space_query query = space->query;

	query.by = MMU_SPACE_PID;
	query.value = (uint64_t)pid;
	return open_query(tool, &query, ret);
}

int tool_space_open(struct tool *tool, const struct tool_space *space, struct mmu_space **ret)
{
	struct mmu_space_query query = space->query;
	int32_t pid = 0;
	int status = TOOL_OK;

	if (space->nr_pids)
		return tool_space_open_pid(tool, space, space->pids[0], ret);
	if (space->text)
		status = tool_address(tool, space->text, &query.value);
	else if (space->comm && !(status = pid_of_comm(tool, space->comm, &pid)))
		query.value = (uint64_t)pid;
	return status ? status : open_query(tool, &query, ret);
}

struct mmu_walk *tool_walk_create(void)
{
	struct mmu_walk *walk = NULL;

	if (mmu_walk_create(&walk))
		tool_no_memory();
	return walk;
}

struct mmu_entries *tool_entries_open(struct mmu_space *space, const struct mmu_regime *regime,
				      unsigned int level, uint64_t table_pa)
{
	struct mmu_entries *entries = NULL;

	if (mmu_entries_open(space, regime, level, table_pa, &entries))
		tool_no_memory();
	return entries;
}

const struct mmu_regime *tool_regime(const struct mmu_space *space, const struct mmu_walk *walk)
{
	const struct mmu_regime *regime = mmu_walk_get(walk)->regime;

	return regime ? regime : tool_linux_regime(space);
}

const struct mmu_regime *tool_linux_regime(const struct mmu_space *space)
{
	const struct mmu_regime *regime;

	for (size_t n = 0; (regime = mmu_space_regime(space, n)); n++)
		if (regime->view != MMU_VIEW_HARDWARE)
			return regime;
	return mmu_space_regime(space, 0);
}

int tool_space_pid(const struct mmu_space *space)
{
	const struct mmu_task *task = mmu_space_task(space);

	return task ? task->pid : -1;
}
