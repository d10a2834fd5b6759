/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file All ways to the tasks of a dump, held against each other. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hook.h"
#include "base/list.h"
#include "base/set.h"
#include "objects/pids.h"
#include "objects/task.h"
#include "objects/task_cross.h"
#include "objects/tasks.h"

/* A pid that no task has: PID_MAX_LIMIT is far below. */
#define NOBODY INT32_MAX
/* As in tasks.c: PID_MAX_LIMIT. Lists of mms are no longer either. */
#define TASKS_MAX ((size_t)4 << 20)

#define BIT_OF(way) ((uint32_t)1 << (way))
/* The ways that lead to all tasks, and to no others. */
#define LISTING                                                                                    \
	(BIT_OF(MMU_TASK_WAY_LIST) | BIT_OF(MMU_TASK_WAY_PIDS) | BIT_OF(MMU_TASK_WAY_CHILDREN))

/* ------------------------------------------------------------------ where the ways begin */

struct family_fields {
	struct mmu_field children, sibling;
};

static const struct mmu_field_def family_defs[] = {
	MMU_FIELD_BYTES(struct family_fields, children, "task_struct.children", 0, MMU_NEED),
	MMU_FIELD_BYTES(struct family_fields, sibling, "task_struct.sibling", 0, MMU_NEED),
};
static const struct mmu_layout family_layout = MMU_LAYOUT(FAMILY, "task_struct",
							  struct family_fields, family_defs);

/* kernel/sched/sched.h: cfs_tasks has what waits for a CPU and what runs, of the usual class. */
struct queue_fields {
	struct mmu_number queues_va, current, tasks, node;
};

static const struct mmu_field_def queue_defs[] = {
	MMU_FIELD_NUMBER(struct queue_fields, queues_va, "SYMBOL(runqueues)", MMU_NEED),
	MMU_FIELD_NUMBER(struct queue_fields, current, "OFFSET(rq.curr)", MMU_NEED),
	MMU_FIELD_NUMBER(struct queue_fields, tasks, "OFFSET(rq.cfs_tasks)", MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct queue_fields, node, "OFFSET(task_struct.se.group_node)",
			 MMU_OPTIONAL),
};
static const struct mmu_layout queue_layout = MMU_LAYOUT(RUN_QUEUES, "rq", struct queue_fields,
							 queue_defs);

/* mm/mmap.c, mm/swapfile.c: mms that have pages in swap. */
struct mm_list_fields {
	struct mmu_number init_mm_va, node, owner;
};

static const struct mmu_field_def mm_list_defs[] = {
	MMU_FIELD_NUMBER(struct mm_list_fields, init_mm_va, "SYMBOL(init_mm)", MMU_NEED),
	MMU_FIELD_NUMBER(struct mm_list_fields, node, "OFFSET(mm_struct.mmlist)", MMU_NEED),
	MMU_FIELD_NUMBER(struct mm_list_fields, owner, "OFFSET(mm_struct.owner)", MMU_NEED),
};
static const struct mmu_layout mm_list_layout = MMU_LAYOUT(MM_LIST, "mm_struct",
							   struct mm_list_fields, mm_list_defs);

/* ------------------------------------------------------------------ who knows what */

struct known {
	uint64_t task_va;
	uint32_t by;
};

struct cross {
	struct mmu_memory *memory;
	const struct mmu_hook *hook;
	struct mmu_cross_check *ret;
	uint64_t init_task_va;
	struct known *known; /* once for each way that leads to a task */
	size_t nr;
	struct mmu_set nodes;  /* of the lists on the way that is being gone */
	enum mmu_task_way way; /* that is being gone */
	const struct queue_fields *queues;
	struct mmu_error *error; /* which ends all */
};

static bool add(struct cross *cross, uint64_t task_va)
{
	if (cross->nr % MMU_HOOK_EVERY == 0)
		cross->error = mmu_hook_ask(cross->hook, MMU_PHASE_TASKS, cross->nr, 0);
	if (!cross->error && cross->nr >= MMU_TASK_WAYS * TASKS_MAX)
		cross->error = mmu_error_new(MMU_ERROR_CORRUPT, "more than %zu tasks", TASKS_MAX);
	if (!cross->error && !mmu_list_room(&cross->known, cross->nr, sizeof(*cross->known)))
		cross->error = mmu_error_no_memory();
	if (cross->error)
		return false;
	cross->known[cross->nr++] = (struct known){ task_va, BIT_OF(cross->way) };
	return true;
}

/* A way ends here. @param error  NULL: at its end */
static void end_way(struct cross *cross, struct mmu_error *error)
{
	struct mmu_error **why = &cross->ret->why_not[cross->way];

	mmu_set_destroy(&cross->nodes);
	if (!error && !*why && !cross->error) {
		cross->ret->whole |= BIT_OF(cross->way);
		return;
	}
	cross->ret->whole &= ~BIT_OF(cross->way);
	if (*why)
		mmu_error_destroy(error);
	else
		*why = error;
}

/* ------------------------------------------------------------------ the list, the table of pids */

static bool take_listed(const struct mmu_task *task, const struct mmu_error *problem, void *context)
{
	struct cross *cross = context;
	struct mmu_error **why = &cross->ret->why_not[MMU_TASK_WAY_LIST];

	if (task)
		return add(cross, task->task_va);
	if (!*why)
		*why = mmu_error_copy(problem);
	return true;
}

/* What is broken is told, and the rest of the tasks then come by their pids. */
static void go_list(struct cross *cross)
{
	struct mmu_tasks_seen seen = { .missing = NULL };
	struct mmu_error *error;

	cross->way = MMU_TASK_WAY_LIST;
	error = mmu_tasks_search(cross->memory, true, NOBODY, take_listed, cross, &seen);
	mmu_error_destroy(seen.missing);
	if (!error && !seen.whole && !cross->ret->why_not[MMU_TASK_WAY_LIST])
		error = mmu_error_new(MMU_ERROR_CORRUPT, "the list is broken");
	end_way(cross, error);
}

static bool take_pid(const struct mmu_pid *pid, void *context)
{
	struct cross *cross = context;
	struct mmu_error **why = &cross->ret->why_not[MMU_TASK_WAY_PIDS];

	if (!pid->missing)
		return add(cross, pid->task_va);
	if (!*why)
		*why = mmu_error_copy(pid->missing);
	return true;
}

static void go_pids(struct cross *cross)
{
	cross->way = MMU_TASK_WAY_PIDS;
	end_way(cross, mmu_pids_visit(cross->memory, take_pid, NULL, cross));
}

/* ------------------------------------------------------------------ lists within other objects */

/*
 * The tasks of a list.
 * @param node_offset  of the list_head in each
 * @param fn  gets each; false: stop
 */
static struct mmu_error *follow(struct cross *cross, uint64_t head_va, uint64_t node_offset,
				const char *what, bool (*fn)(struct cross *cross, uint64_t va))
{
	uint64_t node_va = head_va;

	for (;;) {
		struct mmu_error *error = mmu_memory_read_pointer(cross->memory, node_va, what,
								  &node_va);

		if (error || node_va == head_va)
			return error;
		/* nobody hangs in two lists of a kind, and no list has a way back into itself */
		int added = mmu_set_add(&cross->nodes, node_va ? node_va : 1);
		if (added < 0)
			return mmu_error_no_memory();
		if (!added || cross->nodes.nr > TASKS_MAX)
			return mmu_error_new(MMU_ERROR_CORRUPT,
					     "%s: the list of 0x%" PRIx64 " leads to 0x%" PRIx64
					     " a second time",
					     what, head_va, node_va);
		if (!fn(cross, node_va - node_offset))
			return NULL;
	}
}

/* ------------------------------------------------------------------ parents and children */

/* Children hang at the thread that made them, or at the one that took them over. */
static void go_children(struct cross *cross)
{
	struct mmu_set seen = { 0 };
	const void *found;
	struct mmu_error *error = mmu_layout_need(cross->memory->kernel, &family_layout, &found,
						  NULL);

	cross->way = MMU_TASK_WAY_CHILDREN;
	/* those that are found on the way have children too */
	for (size_t i = 0; !error && !cross->error && i <= cross->nr; i++) {
		const struct family_fields *fields = found;
		uint64_t va = i ? cross->known[i - 1].task_va : cross->init_task_va;
		/* whom a run queue or an mm alone still names may be no task any more */
		bool listed = !i || cross->known[i - 1].by & LISTING;
		int added = listed ? mmu_set_add(&seen, va) : 0;

		if (added < 0)
			cross->error = mmu_error_no_memory();
		if (added <= 0)
			continue;
		error = follow(cross, va + fields->children.offset, fields->sibling.offset,
			       "task_struct.children", add);
	}
	mmu_set_destroy(&seen);
	end_way(cross, error);
}

/* ------------------------------------------------------------------ run queues */

static struct mmu_error *go_queue(uint64_t cpu_offset, void *context)
{
	struct cross *cross = context;
	const struct queue_fields *fields = cross->queues;
	uint64_t queue_va = fields->queues_va.value + cpu_offset, task_va;
	struct mmu_error *error = mmu_memory_read_pointer(
		cross->memory, queue_va + fields->current.value, "rq.curr", &task_va);

	if (error || (task_va && !add(cross, task_va)))
		return error;
	if (!fields->tasks.known || !fields->node.known)
		return NULL;
	return follow(cross, queue_va + fields->tasks.value, fields->node.value, "rq.cfs_tasks",
		      add);
}

static void go_queues(struct cross *cross)
{
	const void *found;
	struct mmu_error *error = mmu_layout_need(cross->memory->kernel, &queue_layout, &found,
						  NULL);

	cross->way = MMU_TASK_WAY_RUN_QUEUES;
	if (!error) {
		cross->queues = found;
		error = mmu_memory_each_cpu(cross->memory, go_queue, cross);
		if (!error && !cross->memory->nr_cpus) /* a kernel for one CPU */
			error = go_queue(0, cross);
	}
	end_way(cross, error);
}

/* ------------------------------------------------------------------ mms */

/* An mm outlives its process while others use it: its owner must still have it. */
static bool take_mm(struct cross *cross, uint64_t mm_va)
{
	const struct mmu_memory *memory = cross->memory;
	const void *found;
	struct mmu_task task = { .pid = 0 };
	uint64_t owner_va = 0;
	struct mmu_error *error = mmu_layout_need(memory->kernel, &mm_list_layout, &found, NULL);

	if (!error)
		error = mmu_memory_read_pointer(
			cross->memory, mm_va + ((const struct mm_list_fields *)found)->owner.value,
			"mm_struct.owner", &owner_va);
	if (!error && owner_va)
		error = mmu_task_read(cross->memory, owner_va, "mm_struct.owner", &task);
	mmu_error_destroy(error);
	if (error || !task.pid || task.mm_va != mm_va)
		return true;
	return add(cross, owner_va);
}

static void go_mms(struct cross *cross)
{
	const void *found;
	struct mmu_error *error = mmu_layout_need(cross->memory->kernel, &mm_list_layout, &found,
						  NULL);

	cross->way = MMU_TASK_WAY_MM_LIST;
	if (!error) {
		const struct mm_list_fields *fields = found;

		error = follow(cross, fields->init_mm_va.value + fields->node.value,
			       fields->node.value, "mm_struct.mmlist", take_mm);
	}
	end_way(cross, error);
}

/* ------------------------------------------------------------------ all against all */

static int by_place(const void *left, const void *right)
{
	const struct known *a = left, *b = right;

	return (a->task_va > b->task_va) - (a->task_va < b->task_va);
}

static int by_pid(const void *left, const void *right)
{
	const struct mmu_cross_task *a = left, *b = right;

	return (a->task.pid > b->task.pid) - (a->task.pid < b->task.pid);
}

/*
 * What must have a task: all lists and tables have all tasks, but for the idle ones; only leaders
 * have a place among their parent's children (kernel/fork.c: copy_process()). A run queue has who
 * wants to run, and the list of mms those with pages in swap: they lack nobody.
 */
static uint32_t must_know(const struct mmu_task *task)
{
	uint32_t ways = BIT_OF(MMU_TASK_WAY_LIST) | BIT_OF(MMU_TASK_WAY_PIDS);

	if (!task->pid)
		return 0;
	/* its last run, after release_task() took it out of everything */
	if (task->state == 'X')
		return 0;
	return task->leader ? ways | BIT_OF(MMU_TASK_WAY_CHILDREN) : ways;
}

static struct mmu_error *compare(struct cross *cross, const struct known *known)
{
	struct mmu_cross_check *check = cross->ret;
	struct mmu_cross_task here = { .known_by = known->by };
	struct mmu_error *error = mmu_task_read(cross->memory, known->task_va, "task_struct",
						&here.task);

	if (error) { /* then it is also missing where it is read, and that is told */
		mmu_error_destroy(error);
		return NULL;
	}
	here.lacked_by = must_know(&here.task) & check->whole & ~known->by;
	check->nr_tasks++;
	if (!here.lacked_by)
		return NULL;
	/* a task without a readable mm is still a task */
	mmu_error_destroy(mmu_task_read_mm(cross->memory, &here.task));
	if (!mmu_list_room(&check->tasks, check->nr, sizeof(*check->tasks)))
		return mmu_error_no_memory();
	check->tasks[check->nr++] = here;
	return NULL;
}

static struct mmu_error *compare_all(struct cross *cross)
{
	struct mmu_error *error = NULL;

	if (cross->nr)
		qsort(cross->known, cross->nr, sizeof(*cross->known), by_place);
	for (size_t i = 0; i < cross->nr && !error; i++) {
		struct known here = cross->known[i];

		while (i + 1 < cross->nr && cross->known[i + 1].task_va == here.task_va)
			here.by |= cross->known[++i].by;
		error = compare(cross, &here);
	}
	if (cross->ret->nr)
		qsort(cross->ret->tasks, cross->ret->nr, sizeof(*cross->ret->tasks), by_pid);
	return error;
}

struct mmu_error *mmu_tasks_cross(struct mmu_memory *memory, const struct mmu_hook *hook,
				  struct mmu_cross_check *ret)
{
	static void (*const ways[])(struct cross * cross) = { go_list, go_pids, go_queues, go_mms,
							      go_children };
	struct cross cross = { .memory = memory, .hook = hook, .ret = ret };
	struct mmu_task init;

	if (memory->kernel->image->live)
		return mmu_error_new(MMU_ERROR_UNSUPPORTED, "the tasks of a running kernel come "
							    "and go while they are "
							    "compared: a dump is needed");
	struct mmu_error *error = mmu_task_read_init(memory, &init);
	if (error)
		return error;
	cross.init_task_va = init.task_va;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]) && !cross.error; i++)
		ways[i](&cross);
	error = cross.error ? cross.error : compare_all(&cross);
	free(cross.known);
	return error;
}

void mmu_cross_check_destroy(struct mmu_cross_check *check)
{
	for (size_t i = 0; i < MMU_TASK_WAYS; i++)
		mmu_error_destroy(check->why_not[i]);
	free(check->tasks);
	*check = (struct mmu_cross_check){ .tasks = NULL };
}
