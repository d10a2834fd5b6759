/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What a kernel and a process have: facts and tasks. */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "api/session.h"
#include "base/cleanup.h"
#include "base/hook.h"
#include "base/sized.h"
#include "objects/task_cross.h"
#include "objects/tasks.h"

/* ------------------------------------------------------------------ facts */

struct mmu_facts_iter {
	struct mmu_session *session;
	size_t next;
	struct mmu_fact fact;
};

struct mmu_error *mmu_facts_open(struct mmu_session *session, struct mmu_facts_iter **ret)
{
	struct mmu_facts_iter *facts = calloc(1, sizeof(*facts));

	if (!facts)
		return mmu_error_no_memory();
	facts->session = session;
	*ret = facts;
	return NULL;
}

const struct mmu_fact *mmu_facts_next(struct mmu_facts_iter *facts)
{
	if (!mmu_fact_nth(facts->session->kernel.facts, facts->next, &facts->fact))
		return NULL;
	facts->next++;
	return &facts->fact;
}

void mmu_facts_close(struct mmu_facts_iter *facts)
{
	free(facts);
}

/* ------------------------------------------------------------------ tasks */

/* A task, or what is missing in its place. */
struct item {
	struct mmu_task task;
	struct mmu_error *problem;
};

struct mmu_tasks {
	struct mmu_hook hook;
	struct mmu_error *error; /* why reading ended early */
	struct item *items;
	size_t nr, at;
};

static bool keep_item(const struct mmu_task *task, const struct mmu_error *problem, void *context)
{
	struct mmu_tasks *tasks = context;

	tasks->error = mmu_hook_ask(&tasks->hook, MMU_PHASE_TASKS, tasks->nr, 0);
	if (!tasks->error && !mmu_list_room(&tasks->items, tasks->nr, sizeof(*tasks->items)))
		tasks->error = mmu_error_no_memory();
	if (tasks->error)
		return false;
	tasks->items[tasks->nr++] = (struct item){ .task = task ? *task : (struct mmu_task){ 0 },
						   .problem = mmu_error_copy(problem) };
	return true;
}

struct mmu_error *mmu_tasks_open(struct mmu_session *session, const struct mmu_tasks_query *query,
				 struct mmu_tasks **ret)
{
	struct mmu_tasks *tasks = NULL;
	struct mmu_tasks_query own;
	struct mmu_error *error = mmu_sized(query, &own);

	if (!error && own.flags & ~(uint64_t)MMU_TASKS_THREADS)
		error = mmu_error_new(MMU_ERROR_INVALID, "tasks: an unknown flag");
	if (!error && !(tasks = calloc(1, sizeof(*tasks))))
		error = mmu_error_no_memory();
	if (error)
		return error;
	tasks->hook = session->kernel.options.hook;
	error = own.hook ? mmu_sized(own.hook, &tasks->hook) : NULL;
	if (!error)
		error = mmu_session_learn(session);
	if (!error)
		error = mmu_tasks_visit(&session->memory, own.flags & MMU_TASKS_THREADS, keep_item,
					tasks);
	if (!error)
		error = mmu_steal(tasks->error);
	if (error) {
		mmu_tasks_close(tasks);
		return error;
	}
	*ret = tasks;
	return NULL;
}

const struct mmu_task *mmu_tasks_next(struct mmu_tasks *tasks, const struct mmu_error **ret_problem)
{
	const struct item *item = tasks->at < tasks->nr ? &tasks->items[tasks->at++] : NULL;

	*ret_problem = item ? item->problem : NULL;
	return item && !item->problem ? &item->task : NULL;
}

void mmu_tasks_close(struct mmu_tasks *tasks)
{
	if (!tasks)
		return;
	for (size_t i = 0; i < tasks->nr; i++)
		mmu_error_destroy(tasks->items[i].problem);
	mmu_error_destroy(tasks->error);
	free(tasks->items);
	free(tasks);
}

/* ------------------------------------------------------------------ who knows each task */

struct mmu_cross {
	struct mmu_cross_check check;
	size_t at;
};

const char *mmu_task_way_name(enum mmu_task_way way)
{
	static const char *const names[MMU_TASK_WAYS] = {
		[MMU_TASK_WAY_LIST] = "list",         [MMU_TASK_WAY_PIDS] = "pid table",
		[MMU_TASK_WAY_CHILDREN] = "children", [MMU_TASK_WAY_RUN_QUEUES] = "run queues",
		[MMU_TASK_WAY_MM_LIST] = "mm list",
	};

	return (unsigned int)way < MMU_TASK_WAYS ? names[way] : NULL;
}

struct mmu_error *mmu_cross_open(struct mmu_session *session, const struct mmu_hook *hook,
				 struct mmu_cross **ret)
{
	struct mmu_hook own = session->kernel.options.hook;
	struct mmu_error *error = hook ? mmu_sized(hook, &own) : NULL;

	if (!error)
		error = mmu_session_learn(session);
	if (error)
		return error;
	struct mmu_cross *cross = calloc(1, sizeof(*cross));
	if (!cross)
		return mmu_error_no_memory();
	error = mmu_tasks_cross(&session->memory, &own, &cross->check);
	if (error)
		mmu_cross_close(cross);
	else
		*ret = cross;
	return error;
}

const struct mmu_cross_task *mmu_cross_next(struct mmu_cross *cross)
{
	return cross->at < cross->check.nr ? &cross->check.tasks[cross->at++] : NULL;
}

uint64_t mmu_cross_tasks(const struct mmu_cross *cross)
{
	return cross->check.nr_tasks;
}

const struct mmu_error *mmu_cross_why_not(const struct mmu_cross *cross, enum mmu_task_way way)
{
	return (unsigned int)way < MMU_TASK_WAYS ? cross->check.why_not[way] : NULL;
}

void mmu_cross_close(struct mmu_cross *cross)
{
	if (!cross)
		return;
	mmu_cross_check_destroy(&cross->check);
	free(cross);
}
