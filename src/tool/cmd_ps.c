/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file mmuscope ps: the tasks in an image. */
#include <inttypes.h>

#include "tool.h"

struct ps {
	bool begun;
	struct tool *tool;
	const char *image;
	bool threads;
	int status;
};

static const struct argp_option options[] = {
	{ "threads", 't', NULL, 0, "Threads too, not only the leaders", 1 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct ps *ps = state->input;

	switch (key) {
	case 't':
		ps->threads = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num)
			argp_error(state, "one image at a time");
		ps->image = arg;
		return 0;
	case ARGP_KEY_END:
		if (!ps->image)
			argp_error(state, "no image given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void task_json(const struct mmu_task *task)
{
	static const char *const owners[] = { "own", "none", "borrowed" };
	bool own = task->owner == MMU_MM_OWN;

	json_begin("ps");
	json_number("pid", task->pid);
	json_number("tgid", task->tgid);
	json_string("comm", task->comm);
	json_hex("task", task->task_va);
	if (own)
		json_hex("mm", task->mm_va);
	else
		json_null("mm");
	if (own && task->pgd_va)
		json_hex("pgd_pa", task->pgd_pa);
	else
		json_null("pgd_pa");
	json_string("mm_owner", owners[task->owner]);
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

static const struct tool_column columns[] = {
	{ "PID", 6, 0 },    { "TGID", 6, 1 },   { "MM", -18, 2 },   { "PGD (phys)", -12, 1 },
	{ "PT KiB", 7, 1 }, { "RSS pg", 8, 1 }, { "SWP pg", 7, 1 }, { "COMM", 0, 2 },
};

#define NR_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void task_text(const struct mmu_task *task)
{
	bool own = task->owner == MMU_MM_OWN;
	const char *unknown = own ? "?" : "-";
	char text[NR_COLUMNS][24];
	const char *cells[NR_COLUMNS];

	for (size_t i = 0; i < NR_COLUMNS; i++) {
		snprintf(text[i], sizeof(text[i]), "%s", unknown);
		cells[i] = text[i];
	}
	snprintf(text[0], sizeof(text[0]), "%d", task->pid);
	snprintf(text[1], sizeof(text[1]), "%d", task->tgid);
	if (own)
		snprintf(text[2], sizeof(text[2]), "0x%016" PRIx64, task->mm_va);
	else
		cells[2] = task->owner != MMU_MM_NONE ? "(kernel)"
			   : task->zombie             ? "(zombie)"
						      : "(exiting)";
	if (own && task->pgd_va)
		snprintf(text[3], sizeof(text[3]), "0x%010" PRIx64, task->pgd_pa);
	if (own && task->has_counters) {
		snprintf(text[4], sizeof(text[4]), "%" PRIu64, task->table_bytes / 1024);
		snprintf(text[5], sizeof(text[5]), "%" PRId64, task->rss_pages);
		snprintf(text[6], sizeof(text[6]), "%" PRId64, task->swap_pages);
	}
	cells[7] = tool_safe(task->comm);
	tool_table_row(columns, NR_COLUMNS, cells);
}

static void show_task(struct ps *ps, const struct mmu_task *task)
{
	if (ps->tool->json) {
		task_json(task);
		return;
	}
	if (!ps->begun)
		tool_table_head(columns, NR_COLUMNS);
	ps->begun = true;
	task_text(task);
}

static void show_tasks(struct ps *ps, struct mmu_tasks *tasks)
{
	const struct mmu_error *problem;
	const struct mmu_task *task;

	tool_catch_interrupt();
	while (!tool_interrupted() && ((task = mmu_tasks_next(tasks, &problem)) || problem)) {
		if (task) {
			show_task(ps, task);
			continue;
		}
		fflush(stdout);
		fprintf(stderr, "mmuscope: warning: %s\n", tool_message(ps->tool, problem));
		ps->status = TOOL_ANSWERED;
	}
}

int tool_ps(struct tool *tool, int argc, char **argv)
{
	struct ps ps = { .tool = tool };

	tool_parse(tool, argc, argv, options, parse, "IMAGE",
		   "The tasks: pid, thread group, mm, physical address of the top-level table, KiB "
		   "of page tables as the kernel counts them, resident and swapped pages, name.",
		   &ps, NULL);
	tool_fold(tool, 2);
	ps.status = tool_open(tool, ps.image);
	if (ps.status)
		return ps.status;
	const struct mmu_tasks_query query = { .size = sizeof(query),
					       .flags = ps.threads ? MMU_TASKS_THREADS : 0 };
	struct mmu_tasks *tasks;
	struct mmu_error *error = mmu_tasks_open(tool->session, &query, &tasks);
	if (error)
		return tool_fail(tool, error);
	show_tasks(&ps, tasks);
	mmu_tasks_close(tasks);
	return ps.status;
}
