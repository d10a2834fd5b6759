/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file mmuscope ps: the tasks in an image. */
#include <string.h>

#include "ps.h"

enum { KEY_COMM = 0x300, KEY_USER, KEY_CROSS };

struct ps {
	bool begun;
	struct tool *tool;
	const char *image;
	bool threads, user, cross;
	unsigned int digits;            /* of a kernel address */
	struct tool_column columns[16]; /* of the table */
	size_t nr_columns;
	int32_t pids[TOOL_LIST_MAX];
	bool found[TOOL_LIST_MAX];
	size_t nr_pids;
	const char *comms[TOOL_LIST_MAX];
	bool comm_found[TOOL_LIST_MAX];
	size_t nr_comms;
	uint64_t shown;
	int status;
};

static const struct argp_option options[] = {
	{ "threads", 't', NULL, 0, "Threads too, not only the leaders", 1 },
	{ "comm", KEY_COMM, "NAME", 0, "Only the tasks with this name; repeatable", 1 },
	{ "user", KEY_USER, NULL, 0, "Only tasks with an address space of their own", 1 },
	{ "cross", KEY_CROSS, NULL, 0,
	  "Compare the kernel's lists of tasks; show who is missing in one of them", 1 },
	TOOL_TSV_OPTION,
	{ 0 },
};

static void parse_pid(struct ps *ps, const char *arg, struct argp_state *state)
{
	uint64_t pid;

	if (!tool_number(arg, &pid) || pid > INT32_MAX)
		argp_error(state, "'%s' is no pid", arg);
	if (ps->nr_pids == TOOL_LIST_MAX)
		argp_error(state, "more than %d pids", TOOL_LIST_MAX);
	ps->pids[ps->nr_pids++] = (int32_t)pid;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct ps *ps = state->input;

	switch (key) {
	case 't':
		ps->threads = true;
		return 0;
	case KEY_COMM:
		if (ps->nr_comms == TOOL_LIST_MAX)
			argp_error(state, "more than %d names", TOOL_LIST_MAX);
		ps->comms[ps->nr_comms++] = arg;
		return 0;
	case KEY_USER:
		ps->user = true;
		return 0;
	case KEY_CROSS:
		ps->cross = true;
		return 0;
	case TOOL_KEY_TSV:
		ps->tool->tsv = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num)
			parse_pid(ps, arg, state);
		else
			ps->image = arg;
		return 0;
	case ARGP_KEY_END:
		if (!ps->image)
			argp_error(state, "no image given");
		if (ps->cross && (ps->threads || ps->user || ps->nr_pids || ps->nr_comms))
			argp_error(state, "--cross looks at all tasks");
		if (ps->tool->tsv && ps->tool->json)
			argp_error(state, "only one of --json, --tsv");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char *owner_name(const struct mmu_task *task)
{
	static const char *const owners[] = { "own", "none", "borrowed" };

	return owners[task->owner];
}

static void task_json(const struct mmu_task *task)
{
	bool own = task->owner == MMU_MM_OWN;
	const char state[2] = { task->state };

	json_begin("ps");
	json_number("pid", task->pid);
	json_number("tgid", task->tgid);
	if (task->ppid >= 0)
		json_number("ppid", task->ppid);
	json_string("comm", task->comm);
	if (task->state)
		json_string("state", state);
	if (task->cpu >= 0)
		json_number("cpu", task->cpu);
	json_hex("task", task->task_va);
	if (own)
		json_hex("mm", task->mm_va);
	else
		json_null("mm");
	if (own && task->pgd_va)
		json_hex("pgd_pa", task->pgd_pa);
	else
		json_null("pgd_pa");
	json_string("mm_owner", owner_name(task));
	if (task->owner == MMU_MM_BORROWED && task->mm_va)
		json_hex("active_mm", task->mm_va);
	json_bool("kernel_thread", task->kernel_thread);
	json_bool("zombie", task->zombie);
	if (own && task->has_counters) {
		json_number("table_bytes", (int64_t)task->table_bytes);
		json_number("rss_pages", task->rss_pages);
		json_number("swap_pages", task->swap_pages);
	}
	json_end();
}

static void task_tsv(const struct mmu_task *task)
{
	bool own = task->owner == MMU_MM_OWN, counted = own && task->has_counters;
	const char state[2] = { task->state };

	tsv_number(true, task->pid);
	tsv_number(true, task->tgid);
	tsv_number(task->ppid >= 0, task->ppid);
	tsv_text(task->comm);
	tsv_text(state);
	tsv_number(task->cpu >= 0, task->cpu);
	tsv_hex(true, task->task_va);
	tsv_hex(own, task->mm_va);
	tsv_hex(own && task->pgd_va, task->pgd_pa);
	tsv_text(owner_name(task));
	tsv_number(counted, (int64_t)task->table_bytes);
	tsv_number(counted, task->rss_pages);
	tsv_number(counted, task->swap_pages);
	tsv_end();
}

enum { PID, TGID, PPID, STATE, CPU, TASK, MM, PGD, TABLES, RSS, SWAP, COMM, NR_COLUMNS };

/* Addresses stand without 0x, so that a line has no more than 100 columns. */
static const struct tool_column all_columns[NR_COLUMNS] = {
	[PID] = { "PID", 5, 0 },    [TGID] = { "TGID", 6, 1 },     [PPID] = { "PPID", 6, 1 },
	[STATE] = { "S", -1, 1 },   [CPU] = { "CPU", 3, 1 },       [TASK] = { "TASK", -16, 1 },
	[MM] = { "MM", -16, 1 },    [PGD] = { "PGD phys", -9, 1 }, [TABLES] = { "PT KiB", 6, 1 },
	[RSS] = { "RSS pg", 7, 1 }, [SWAP] = { "SWP pg", 6, 1 },   [COMM] = { "COMM", 0, 1 },
};

/* The columns of this table: that of the thread group only where threads are listed. */
static void choose_columns(struct ps *ps)
{
	const struct mmu_arch *arch = mmu_session_brief(ps->tool->session)->backend;

	ps->digits = arch && arch->elf_class == 1 ? 8 : 16;
	for (size_t i = 0; i < NR_COLUMNS; i++)
		if (i != TGID || ps->threads)
			ps->columns[ps->nr_columns++] = all_columns[i];
	for (size_t i = 0; i < ps->nr_columns; i++)
		if (ps->columns[i].width == -16)
			ps->columns[i].width = -(int)ps->digits;
}

static void task_text(const struct ps *ps, const struct mmu_task *task)
{
	bool own = task->owner == MMU_MM_OWN;
	const char state[2] = { task->state };
	size_t nr = 0;
	struct tool_cells row;

	for (size_t i = 0; i < NR_COLUMNS; i++)
		row.cells[i] = own && i >= PGD ? "?" : "-";
	tool_cell_number(&row, PID, task->pid);
	tool_cell_number(&row, TGID, task->tgid);
	if (task->ppid >= 0)
		tool_cell_number(&row, PPID, task->ppid);
	if (task->state)
		row.cells[STATE] = state;
	if (task->cpu >= 0)
		tool_cell_number(&row, CPU, task->cpu);
	tool_cell_hex(&row, TASK, task->task_va, ps->digits);
	row.cells[MM] = task->owner != MMU_MM_NONE ? "(kernel)"
			: task->zombie             ? "(zombie)"
						   : "(exiting)";
	if (own)
		tool_cell_hex(&row, MM, task->mm_va, ps->digits);
	if (own && task->pgd_va)
		tool_cell_hex(&row, PGD, task->pgd_pa, 9);
	if (own && task->has_counters) {
		tool_cell_number(&row, TABLES, (int64_t)(task->table_bytes / 1024));
		tool_cell_number(&row, RSS, task->rss_pages);
		tool_cell_number(&row, SWAP, task->swap_pages);
	}
	row.cells[COMM] = tool_safe(task->comm);
	for (size_t i = 0; i < NR_COLUMNS; i++)
		if (i != TGID || ps->threads)
			row.cells[nr++] = row.cells[i];
	tool_table_row(ps->columns, nr, row.cells);
}

static void show_head(const struct ps *ps)
{
	if (ps->tool->tsv)
		tsv_header("pid tgid ppid comm state cpu task: mm: pgd_pa: mm_owner table_bytes "
			   "rss_pages swap_pages");
	else if (!ps->tool->json)
		tool_table_head(ps->columns, ps->nr_columns);
}

static void show_task(struct ps *ps, const struct mmu_task *task)
{
	if (!ps->begun)
		show_head(ps);
	ps->begun = true;
	ps->shown++;
	if (ps->tool->json)
		task_json(task);
	else if (ps->tool->tsv)
		task_tsv(task);
	else
		task_text(ps, task);
}

/* By its pid, or with -t by that of its leader. What was asked for is marked as found. */
static bool is_wanted_pid(struct ps *ps, const struct mmu_task *task)
{
	bool wanted = !ps->nr_pids && (task->leader || ps->threads);

	for (size_t i = 0; i < ps->nr_pids; i++) {
		bool same = ps->pids[i] == task->pid;

		ps->found[i] |= same;
		wanted |= same || (ps->threads && ps->pids[i] == task->tgid);
	}
	return wanted;
}

static bool is_wanted(struct ps *ps, const struct mmu_task *task)
{
	bool wanted = is_wanted_pid(ps, task), named = !ps->nr_comms;

	for (size_t i = 0; i < ps->nr_comms && wanted; i++) {
		bool same = tool_is_comm(task, ps->comms[i]);

		ps->comm_found[i] |= same;
		named |= same;
	}
	return wanted && named && (!ps->user || task->owner == MMU_MM_OWN);
}

static void show_tasks(struct ps *ps, struct mmu_tasks *tasks)
{
	const struct mmu_error *problem;
	const struct mmu_task *task;

	tool_catch_interrupt();
	while (!tool_interrupted() && ((task = mmu_tasks_next(tasks, &problem)) || problem)) {
		if (task && is_wanted(ps, task))
			show_task(ps, task);
		if (task)
			continue;
		fflush(stdout);
		fprintf(stderr, "mmuscope: warning: %s\n", tool_message(ps->tool, problem));
		ps->status = TOOL_ANSWERED;
	}
}

/* What was asked for and is not there. */
static void tell_missing(struct ps *ps)
{
	uint64_t said = 0;

	fflush(stdout);
	for (size_t i = 0; i < ps->nr_pids; i++)
		if (!ps->found[i]) {
			fprintf(stderr, "mmuscope: no task has pid %d\n", ps->pids[i]);
			said++;
		}
	for (size_t i = 0; i < ps->nr_comms; i++)
		if (!ps->comm_found[i]) {
			fprintf(stderr, "mmuscope: no task is called '%s'\n",
				tool_safe(ps->comms[i]));
			said++;
		}
	if (!said && !ps->shown && ps->user) {
		fprintf(stderr, "mmuscope: no such task has an address space of its own\n");
		said++;
	}
	if (said)
		ps->status = TOOL_ANSWERED;
}

int tool_ps(struct tool *tool, int argc, char **argv)
{
	struct ps ps = { .tool = tool };

	tool_parse(tool, argc, argv, options, parse, "IMAGE [PID...]",
		   "The tasks: pid, parent, state, CPU, task_struct, mm, physical address of the "
		   "top-level table, KiB of page tables as the kernel counts them, resident and "
		   "swapped pages, name.",
		   &ps, NULL);
	tool_fold(tool, 2);
	ps.status = tool_open(tool, ps.image);
	if (ps.status)
		return ps.status;
	if (ps.cross)
		return tool_ps_cross(tool);
	/* a pid may be a thread's */
	const struct mmu_tasks_query query = { .size = sizeof(query),
					       .flags = ps.threads || ps.nr_pids ? MMU_TASKS_THREADS
										 : 0 };
	struct mmu_tasks *tasks;
	struct mmu_error *error = mmu_tasks_open(tool->session, &query, &tasks);
	if (error)
		return tool_fail(tool, error);
	ps.status = tool_seal(tool);
	if (ps.status) {
		mmu_tasks_close(tasks);
		return ps.status;
	}
	choose_columns(&ps);
	if (tool->tsv) /* a table without rows is one */
		show_head(&ps);
	ps.begun = tool->tsv;
	show_tasks(&ps, tasks);
	mmu_tasks_close(tasks);
	if (!tool_interrupted())
		tell_missing(&ps);
	return ps.status;
}
