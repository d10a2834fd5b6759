/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file One task by its pid: the table of pids, an index of the list of tasks, or a search. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/list.h"
#include "objects/pids.h"
#include "objects/task.h"
#include "objects/task_find.h"
#include "objects/tasks.h"

/* A pid that no task has: PID_MAX_LIMIT is far below. */
#define NOBODY INT32_MAX

/* ------------------------------------------------------------------ an index of the list */

/*
 * Where the tasks of a dump lie by their pids, for kernels without a table of pids that we know
 * (before 4.20), and for pids that it does not have. A list that is damaged has no index: each
 * search there tells what is missing.
 */
struct index {
	struct row {
		uint64_t task_va;
		int32_t pid;
	} * rows; /* ascending by pid */
	size_t nr;
	bool whole; /* all tasks are in it; else it has none */
};

struct collection {
	struct index *index;
	bool no_memory;
};

static bool collect(const struct mmu_task *task, const struct mmu_error *problem, void *context)
{
	struct collection *all = context;
	struct index *index = all->index;

	(void)problem;
	if (!task)
		return true;
	if (!mmu_list_room(&index->rows, index->nr, sizeof(*index->rows)))
		all->no_memory = true;
	else
		index->rows[index->nr++] = (struct row){ task->task_va, task->pid };
	return !all->no_memory;
}

static int compare_rows(const void *left, const void *right)
{
	const struct row *a = left, *b = right;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

static void make_index(const struct mmu_kernel *kernel, bool threads, struct index *index)
{
	struct collection all = { .index = index };
	struct mmu_tasks_seen seen = { .missing = NULL };
	struct mmu_memory memory;

	mmu_memory_init(&memory, kernel);
	struct mmu_error *error = mmu_tasks_search(&memory, threads, NOBODY, collect, &all, &seen);
	mmu_memory_destroy(&memory);
	index->whole = !error && !all.no_memory && seen.whole;
	if (!index->whole) {
		free(index->rows);
		*index = (struct index){ .rows = NULL };
	}
	if (index->nr)
		qsort(index->rows, index->nr, sizeof(*index->rows), compare_rows);
	mmu_error_destroy(seen.missing);
	mmu_error_destroy(error);
}

static void make_leaders(const struct mmu_kernel *kernel, void *ret)
{
	make_index(kernel, false, ret);
}

static void make_all(const struct mmu_kernel *kernel, void *ret)
{
	make_index(kernel, true, ret);
}

static void unmake_index(void *made)
{
	free(((struct index *)made)->rows);
}

/* most are leaders: the short list first */
static const struct mmu_layout indices[] = {
	{ .slot = MMU_LAYOUT_LEADERS,
	  .bytes = sizeof(struct index),
	  .make = make_leaders,
	  .unmake = unmake_index },
	{ .slot = MMU_LAYOUT_ALL_TASKS,
	  .bytes = sizeof(struct index),
	  .make = make_all,
	  .unmake = unmake_index },
};

/* @param ret_whole  the list has been read, so that who is not found is not in it */
static struct mmu_error *find_in_index(struct mmu_memory *memory, int32_t pid, uint64_t *ret_va,
				       bool *ret_whole)
{
	const struct row wanted = { .pid = pid };
	struct mmu_error *error = NULL;
	const void *found;

	*ret_va = 0;
	*ret_whole = true;
	for (size_t i = 0; i < 2 && !error && !*ret_va && *ret_whole; i++) {
		error = mmu_layout_need(memory->kernel, &indices[i], &found, NULL);
		if (error)
			break;
		const struct index *index = found;
		const struct row *row = index->nr ? bsearch(&wanted, index->rows, index->nr,
							    sizeof(*row), compare_rows)
						  : NULL;

		*ret_whole = index->whole;
		*ret_va = row ? row->task_va : 0;
	}
	return error;
}

/* ------------------------------------------------------------------ one look-up */

/* @return false: it is not that one, or can't be read: a search says what is wrong */
static bool read_task(struct mmu_memory *memory, int32_t pid, uint64_t task_va, uint64_t node_va,
		      struct mmu_task *ret)
{
	struct mmu_error *error = NULL;
	struct mmu_task task = { .pid = -1 };

	if (memory->kernel->image->live) {
		if (mmu_task_read_live(memory, task_va, node_va, &task, &error) != MMU_TASK_HOLDS)
			return false;
	} else {
		error = mmu_task_read(memory, task_va, "task_struct", &task);
		if (!error && task.pid == pid) /* a task without a readable mm is still a task */
			error = mmu_task_read_mm(memory, &task);
		else if (error)
			task.pid = -1;
	}
	mmu_error_destroy(error);
	if (task.pid != pid)
		return false;
	*ret = task;
	return true;
}

/* What the table of pids leads to. @param ret_is_in  the table says that there is such a pid */
static struct mmu_error *find_in_table(struct mmu_memory *memory, int32_t pid, bool quick,
				       bool *ret_is_in, bool *ret_found, struct mmu_task *ret)
{
	struct mmu_pid known;
	struct mmu_error *error = mmu_pids_find(memory, pid, quick, &known);

	*ret_is_in = !error && known.task_va;
	*ret_found = *ret_is_in && read_task(memory, pid, known.task_va, known.node_va, ret);
	return error;
}

/* @return MMU_ERROR_NO_TASK: neither the table nor the list has it */
static struct mmu_error *look_up(struct mmu_memory *memory, int32_t pid, bool *ret_found,
				 struct mmu_task *ret, enum mmu_task_known *ret_known)
{
	bool live = memory->kernel->image->live, is_in, whole, has_table;
	uint64_t task_va;

	struct mmu_error *no_table = find_in_table(memory, pid, true, &is_in, ret_found, ret);
	if (!*ret_found) {
		mmu_error_destroy(no_table);
		no_table = find_in_table(memory, pid, false, &is_in, ret_found, ret);
	}
	has_table = !no_table;
	mmu_error_destroy(no_table);
	if (*ret_found && !live && mmu_task_is_unlinked(memory, ret))
		*ret_known = MMU_TASK_UNLISTED;
	if (is_in)
		return NULL;
	if (live) /* whose list changes */
		return NULL;
	struct mmu_error *error = find_in_index(memory, pid, &task_va, &whole);
	if (error || (!task_va && !whole))
		return error;
	if (!task_va)
		return mmu_error_new(MMU_ERROR_NO_TASK, "no task has pid %d", pid);
	*ret_found = read_task(memory, pid, task_va, 0, ret);
	if (*ret_found && has_table)
		*ret_known = MMU_TASK_UNTABLED;
	return NULL;
}

/* ------------------------------------------------------------------ a search */

struct search {
	int32_t pid;
	bool found;
	struct mmu_task *ret;
	struct mmu_tasks_seen seen;
	char problem[400]; /* the last one */
};

static bool search_pid(const struct mmu_task *task, const struct mmu_error *problem, void *context)
{
	struct search *search = context;

	if (!task) {
		snprintf(search->problem, sizeof(search->problem), "%s",
			 mmu_error_message(problem));
		return true;
	}
	if (task->pid != search->pid)
		return true;
	*search->ret = *task;
	search->found = true;
	return false;
}

static struct mmu_error *search_all(struct mmu_memory *memory, bool threads, mmu_task_fn fn,
				    struct search *search)
{
	struct mmu_error *error = mmu_tasks_search(memory, threads, search->pid, fn, search,
						   &search->seen);

	if (search->seen.whole || search->seen.whole_otherwise)
		search->problem[0] = '\0'; /* a task that is in neither is in none */
	return error;
}

static struct mmu_error *not_found(struct search *search)
{
	struct mmu_error *error = mmu_steal(search->seen.missing);

	return error ? error
		     : mmu_error_new(MMU_ERROR_NO_TASK, "no task has pid %d%s%s", search->pid,
				     search->problem[0] ? ", but the list is not whole: " : "",
				     search->problem);
}

/* Where a look-up leads nowhere: all tasks, and what is missing. */
static struct mmu_error *search_task(struct mmu_memory *memory, int32_t pid, struct mmu_task *ret)
{
	struct search search = { .pid = pid, .ret = ret };

	struct mmu_error *error = search_all(memory, false, search_pid, &search);
	if (!error && !search.found && !search.seen.missing)
		error = search_all(memory, true, search_pid, &search);
	if (!error && !search.found)
		error = not_found(&search);
	mmu_error_destroy(search.seen.missing);
	return error;
}

/* ------------------------------------------------------------------ whose mm */

/* A thread of the same process that still has its mm. */
static bool search_mm(const struct mmu_task *task, const struct mmu_error *problem, void *context)
{
	struct search *search = context;
	struct mmu_task *leader = search->ret;

	(void)problem;
	if (!task || task->tgid != leader->tgid || task->owner != MMU_MM_OWN)
		return true;
	leader->mm_va = task->mm_va;
	leader->pgd_va = task->pgd_va;
	leader->pgd_pa = task->pgd_pa;
	leader->owner = MMU_MM_OWN;
	search->found = true;
	return false;
}

/* A leader that has left its mm behind gets that of a thread. */
static struct mmu_error *borrow_mm(struct mmu_memory *memory, struct mmu_task *leader)
{
	struct search search = { .pid = -1, .ret = leader };
	bool whole;
	struct mmu_error *error = mmu_task_threads(memory, leader, search_mm, &search, &whole);

	if (error || search.found || whole)
		return error;
	error = search_all(memory, true, search_mm, &search);
	mmu_error_destroy(search.seen.missing);
	if (!error && !search.found && !search.seen.whole)
		error = mmu_error_new(MMU_ERROR_NO_MM,
				      "pid %d has left its address space behind, and not all "
				      "threads can be read that may still have it",
				      leader->pid);
	return error;
}

struct mmu_error *mmu_task_find(struct mmu_memory *memory, int32_t pid, struct mmu_task *ret,
				enum mmu_task_known *ret_known)
{
	enum mmu_task_known known = MMU_TASK_KNOWN;
	struct mmu_error *error = NULL;
	bool found = false;
	struct mmu_task task;

	if (pid) /* the idle tasks have no struct pid; init_task is the first of all */
		error = look_up(memory, pid, &found, &task, &known);
	if (!error && !found)
		error = search_task(memory, pid, &task);
	if (!error && task.owner == MMU_MM_NONE && task.leader)
		error = borrow_mm(memory, &task);
	if (error)
		return error;
	*ret = task;
	if (ret_known)
		*ret_known = known;
	return NULL;
}
