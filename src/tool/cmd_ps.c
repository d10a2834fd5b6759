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

static void task_text(const struct mmu_task *task)
{
	printf("%6d %6d  ", task->pid, task->tgid);
	if (task->owner == MMU_MM_OWN) {
		printf("0x%016" PRIx64, task->mm_va);
		if (task->pgd_va)
			printf(" 0x%010" PRIx64, task->pgd_pa);
		else
			printf(" %-12s", "?");
		if (task->has_counters)
			printf(" %7" PRIu64 " %8" PRId64 " %7" PRId64, task->table_bytes / 1024,
			       task->rss_pages, task->swap_pages);
		else
			printf(" %7s %8s %7s", "?", "?", "?");
	} else {
		printf("%-18s %-12s %7s %8s %7s",
		       task->owner == MMU_MM_NONE ? (task->zombie ? "(zombie)" : "(exiting)")
						  : "(kernel)",
		       "-", "-", "-", "-");
	}
	printf("  %s\n", tool_safe(task->comm));
}

static void show_task(struct ps *ps, const struct mmu_task *task)
{
	if (ps->tool->json) {
		task_json(task);
		return;
	}
	if (!ps->begun)
		printf("%6s %6s  %-18s %-12s %7s %8s %7s  %s\n", "PID", "TGID", "MM", "PGD (phys)",
		       "PT KiB", "RSS pg", "SWP pg", "COMM");
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
