/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file All tasks: the kernel's list, and other ways to them where it is broken. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/set.h"
#include "kernel/object.h"
#include "objects/pids.h"
#include "objects/task.h"
#include "objects/tasks.h"

/* PID_MAX_LIMIT of 64-bit kernels: no kernel has more */
#define TASKS_MAX ((size_t)4 << 20)
/* Missing objects that are named one by one. */
#define NAMED_MAX 16u
/* With more missing objects than this, give up on the pid table: it may be made to take long. */
#define MISSING_MAX ((uint64_t)1 << 16)
/* How many times the tasks of a running kernel are visited, as long as some of them change. */
#define LIVE_ROUNDS 8

/* ------------------------------------------------------------------ what leads to tasks */

struct list_fields {
	struct mmu_field tasks;
};

static const struct mmu_field_def list_defs[] = {
	MMU_FIELD_BYTES(struct list_fields, tasks, "task_struct.tasks", 0, MMU_NEED),
};
static const struct mmu_layout list_layout = MMU_LAYOUT(TASK_LIST, "task_struct",
							struct list_fields, list_defs);

/* The threads of a leader: signal->thread_head, which 4.4 to 7.x have. */
struct thread_fields {
	struct mmu_field node, head, signal;
};

static const struct mmu_field_def thread_defs[] = {
	MMU_FIELD_BYTES(struct thread_fields, node, "task_struct.thread_node", 0, MMU_NEED),
	MMU_FIELD_BYTES(struct thread_fields, head, "signal_struct.thread_head", 0, MMU_NEED),
	MMU_FIELD(struct thread_fields, signal, "task_struct.signal", MMU_NEED),
};
static const struct mmu_layout thread_layout = MMU_LAYOUT(THREADS, "task_struct",
							  struct thread_fields, thread_defs);

/* ------------------------------------------------------------------ what was visited */

/* @return MMU_ERROR_NO_MEMORY, or _CORRUPT: more than there can be */
static struct mmu_error *set_add(struct mmu_set *set, uint64_t key)
{
	if (set->nr >= TASKS_MAX)
		return mmu_error_new(MMU_ERROR_CORRUPT, "more than %zu tasks", TASKS_MAX);
	return mmu_set_add(set, key) < 0 ? mmu_error_no_memory() : NULL;
}

/* ------------------------------------------------------------------ one task */

struct list {
	uint64_t head_va, member_offset; /* of the list_head in task_struct */
	const char *head, *member;
};

struct visit {
	struct mmu_memory *memory;
	bool threads;
	mmu_task_fn fn;
	void *context;
	bool stopped;
	struct list tasks;
	struct mmu_set seen;
	uint64_t nr_given; /* tasks that the visitor got */
	uint64_t nr_missing;
	bool broken;   /* a list is, or a task in it */
	bool has_pids; /* the pid table was read then, except for what is missing */
	/* of a running kernel */
	struct mmu_set given;      /* pid_key() of those that the visitor got */
	uint64_t nr_torn, nr_gone; /* in this round: what changed as it was read, or went */
	bool by_pid;               /* threads come by their pids too */
	struct mmu_pid *pids;      /* to be visited in this round */
	size_t nr_pids, room_pids;
	int32_t last_pid; /* whoever has a higher one came later */
	/* the pid that is wanted, and why it can't be had */
	int32_t wanted;
	struct mmu_error *wanted_missing;
};

static void visit_problem(struct visit *visit, struct mmu_error *error)
{
	if (!error)
		return;
	if (!visit->stopped)
		visit->stopped = !visit->fn(NULL, error, visit->context);
	mmu_error_destroy(error);
}

static void visit_threads(struct visit *visit, const struct mmu_task *leader);

/* A task that was read, and where they are wanted its threads. */
static void visit_read(struct visit *visit, struct mmu_task *task)
{
	/* a task without a readable mm is still a task; that of another pid is no matter */
	if (visit->wanted < 0 || visit->wanted == task->pid)
		visit_problem(visit, mmu_task_read_mm(visit->memory, task));
	if (visit->stopped)
		return;
	visit->nr_given++;
	visit->stopped = !visit->fn(task, NULL, visit->context);
	if (visit->threads && task->leader && task->pid)
		visit_threads(visit, task);
}

/* As a member of a set. */
static uint64_t pid_key(int32_t pid)
{
	return (uint64_t)(uint32_t)pid + 1;
}

/*
 * A task of a running kernel, once.
 * @param node_va  as of mmu_task_read_live()
 * @param pid  that it must have, or -1
 */
static void visit_live_task(struct visit *visit, uint64_t task_va, uint64_t node_va, int32_t pid)
{
	struct mmu_task task;
	struct mmu_error *error = NULL;
	enum mmu_task_live state = mmu_task_read_live(visit->memory, task_va, node_va, &task,
						      &error);
	bool torn = state == MMU_TASK_TORN ||
		    (state == MMU_TASK_HOLDS && pid != -1 && task.pid != pid);

	visit->nr_torn += torn;
	visit->nr_gone += state == MMU_TASK_GONE;
	if (state != MMU_TASK_HOLDS || torn) {
		mmu_error_destroy(error);
		return;
	}
	if (!mmu_set_has(&visit->given, pid_key(task.pid))) {
		visit_problem(visit, mmu_steal(error));
		visit_problem(visit, set_add(&visit->given, pid_key(task.pid)));
		if (!visit->stopped)
			visit->stopped = !visit->fn(&task, NULL, visit->context);
	}
	mmu_error_destroy(error);
	if (visit->threads && !visit->by_pid && !visit->stopped && task.leader && task.pid)
		visit_threads(visit, &task);
}

static void visit_task(struct visit *visit, uint64_t task_va)
{
	struct mmu_task task;
	struct mmu_error *error = mmu_task_read(visit->memory, task_va, "task_struct", &task);

	visit->broken |= error != NULL;
	if (error)
		visit_problem(visit, error); /* the rest of the list can still be followed */
	else
		visit_read(visit, &task);
}

/* ------------------------------------------------------------------ lists of tasks */

static struct mmu_error *read_next(struct visit *visit, const struct list *list, uint64_t node_va,
				   uint64_t *ret_va)
{
	bool head = node_va == list->head_va;
	struct mmu_error *error = mmu_memory_read_pointer(visit->memory, node_va,
							  head ? list->head : list->member, ret_va);

	if (!head)
		error = mmu_error_context(error, "the list is broken at task_struct 0x%" PRIx64,
					  node_va - list->member_offset);
	return error;
}

/*
 * In a running kernel a node that was found behind another must still lie there: what was freed and
 * used again lies at the end of the list, and would lead past all others.
 */
static struct mmu_error *check_prev(struct visit *visit, const struct list *list, uint64_t node_va,
				    uint64_t prev_va)
{
	unsigned int bytes = mmu_kernel_pointer_bytes(visit->memory->kernel);
	uint64_t back_va = prev_va;
	struct mmu_error *error = NULL;

	if (visit->memory->kernel->image->live)
		error = mmu_memory_read_pointer(visit->memory, node_va + bytes, list->member,
						&back_va);
	if (!error && back_va != prev_va)
		error = mmu_error_new(MMU_ERROR_CORRUPT, "%s: the list changed", list->member);
	return error;
}

/*
 * Visit the tasks of a list, but for `leader`, which is one of its own threads.
 * @return an error when the list is broken or loops
 */
static struct mmu_error *follow(struct visit *visit, const struct list *list, uint64_t leader_va)
{
	uint64_t prev_va = list->head_va, node_va, next_va;
	struct mmu_error *error = read_next(visit, list, prev_va, &node_va);

	for (; !error && !visit->stopped && node_va != list->head_va;
	     prev_va = node_va, node_va = next_va) {
		uint64_t task_va = node_va - list->member_offset;

		error = read_next(visit, list, node_va, &next_va);
		if (!error) /* and not before: what was read may be another's already */
			error = check_prev(visit, list, node_va, prev_va);
		if (error)
			break;
		if (task_va == leader_va) {
			leader_va = 0; /* once */
			continue;
		}
		if (mmu_set_has(&visit->seen, task_va))
			return mmu_error_new(MMU_ERROR_CORRUPT,
					     "%s: the list loops at 0x%" PRIx64 " without coming "
					     "back to its head",
					     list->member, node_va);
		error = set_add(&visit->seen, task_va);
		if (!error && visit->memory->kernel->image->live)
			visit_live_task(visit, task_va, node_va, -1);
		else if (!error)
			visit_task(visit, task_va);
	}
	return error;
}

/* The threads of a leader, without itself. */
static void visit_threads(struct visit *visit, const struct mmu_task *leader)
{
	struct mmu_memory *memory = visit->memory;
	struct list list = { .head = "signal_struct.thread_head",
			     .member = "task_struct.thread_node" };
	uint64_t signal_va = 0, head_offset = 0;
	struct mmu_copy copy;

	struct mmu_error *error = mmu_object_read(memory, &thread_layout, leader->task_va, NULL,
						  &copy);
	if (!error) {
		const struct thread_fields *fields = copy.fields;

		list.member_offset = fields->node.offset;
		head_offset = fields->head.offset;
		signal_va = mmu_copy_get(&copy, &fields->signal);
	}
	if (!error && signal_va) { /* else a task that is just being released */
		list.head_va = signal_va + head_offset;
		error = follow(visit, &list, leader->task_va);
	}
	if (error && memory->kernel->image->live) { /* so it is when the leader goes */
		visit->nr_torn++;
		mmu_error_destroy(error);
		return;
	}
	visit->broken |= error != NULL;
	visit_problem(visit, mmu_error_context(error, "threads of pid %d", leader->pid));
}

/* ------------------------------------------------------------------ where the list is broken */

/* The task next to one, which must say so too. @return 0: none that is not yet known */
static uint64_t neighbour(struct visit *visit, uint64_t task_va, bool back)
{
	unsigned int bytes = mmu_kernel_pointer_bytes(visit->memory->kernel);
	uint64_t offset = visit->tasks.member_offset, node_va, again_va;
	struct mmu_error *error = mmu_memory_read_pointer(visit->memory,
							  task_va + offset + (back ? bytes : 0),
							  visit->tasks.member, &node_va);
	if (!error && !mmu_set_has(&visit->seen, node_va - offset))
		error = mmu_memory_read_pointer(visit->memory, node_va + (back ? 0 : bytes),
						visit->tasks.member, &again_va);
	else
		again_va = 0;
	bool agreed = !error && again_va == task_va + offset;
	mmu_error_destroy(error);
	return agreed ? node_va - offset : 0;
}

/* The part of the list that a task lies in, from its first to its last. */
static struct mmu_error *visit_around(struct visit *visit, uint64_t task_va)
{
	MMU_FREE uint64_t *part = NULL;
	size_t nr = 0, room = 0;
	struct mmu_error *error = NULL;
	uint64_t at_va = task_va;

	if (mmu_set_has(&visit->seen, task_va)) /* the head */
		at_va = neighbour(visit, task_va, true);
	for (; at_va && !error; at_va = neighbour(visit, at_va, true)) {
		if (nr == room) {
			uint64_t *more = reallocarray(part, room ? 2 * room : 64, sizeof(*part));

			if (!more)
				return mmu_error_no_memory();
			part = more;
			room = room ? 2 * room : 64;
		}
		part[nr++] = at_va;
		error = set_add(&visit->seen, at_va);
	}
	while (nr-- && !error && !visit->stopped)
		visit_task(visit, part[nr]);
	while (!error && !visit->stopped && (task_va = neighbour(visit, task_va, false))) {
		error = set_add(&visit->seen, task_va);
		if (!error)
			visit_task(visit, task_va);
	}
	return error;
}

static void tell_missing(struct visit *visit, const struct mmu_pid *pid, struct mmu_error *error)
{
	bool one = pid->first == pid->last;

	if (!one)
		error = mmu_error_context(error, "pids %d to %d", pid->first, pid->last);
	if (visit->wanted >= pid->first && visit->wanted <= pid->last && !visit->wanted_missing)
		visit->wanted_missing = mmu_error_as(mmu_error_reword(mmu_error_copy(error), "%s%s",
								      one ? ""
									  : "no such task was "
									    "found; it may be "
									    "among those that "
									    "are missing: ",
								      mmu_error_message(error)),
						     MMU_ERROR_NO_TASK);
	if (visit->nr_missing++ < NAMED_MAX)
		visit_problem(visit, error);
	else
		mmu_error_destroy(error);
}

static bool goes_on(const struct visit *visit)
{
	return !visit->stopped && visit->nr_missing < MISSING_MAX;
}

/* Leaders in a first round, as the lists of their threads may still be whole; threads then. */
static bool visit_pid(const struct mmu_pid *pid, void *context, bool leader)
{
	struct visit *visit = context;
	struct mmu_task task;
	char what[40];

	if (pid->missing) {
		if (leader)
			tell_missing(visit, pid, mmu_error_copy(pid->missing));
		return goes_on(visit);
	}
	/* who is wanted and was seen, but never found, could not be read */
	if (pid->leader != leader ||
	    (mmu_set_has(&visit->seen, pid->task_va) && pid->first != visit->wanted))
		return goes_on(visit);
	snprintf(what, sizeof(what), "task_struct of pid %d", pid->first);
	struct mmu_error *error = mmu_task_read(visit->memory, pid->task_va, what, &task);
	if (!error && task.pid != pid->first)
		error = mmu_error_new(MMU_ERROR_CORRUPT, "%s at 0x%" PRIx64 ": says pid %d", what,
				      pid->task_va, task.pid);
	if (error) {
		tell_missing(visit, pid, error);
		return goes_on(visit);
	}
	if (leader)
		visit_problem(visit, visit_around(visit, pid->task_va));
	else
		visit_read(visit, &task);
	return goes_on(visit);
}

static bool visit_leader(const struct mmu_pid *pid, void *context)
{
	return visit_pid(pid, context, true);
}

static bool visit_thread(const struct mmu_pid *pid, void *context)
{
	return visit_pid(pid, context, false);
}

/* @param found  how many tasks other routes led to; error: why their pids led nowhere, or NULL */
static void tell_gap(struct visit *visit, struct mmu_error *gap, uint64_t found,
		     const struct mmu_error *error)
{
	const char *and_not = error ? ", and not by their pids: " : "";

	visit_problem(visit, mmu_error_reword(gap, "%s; %" PRIu64 " more tasks were found%s%s",
					      mmu_error_message(gap), found, and_not,
					      error ? mmu_error_message(error) : ""));
}

/*
 * Every task that can be reached some other way, then what is missing.
 * @param gap  where the list of leaders is broken; NULL: only lists of threads are
 */
static void recover(struct visit *visit, uint64_t init_task_va, struct mmu_error *gap)
{
	uint64_t before = visit->nr_given;
	struct mmu_error *error = gap ? visit_around(visit, init_task_va) : NULL;

	if (!error)
		error = mmu_pids_visit(visit->memory, visit_leader, NULL, visit);
	if (!error && visit->threads)
		error = mmu_pids_visit(visit->memory, visit_thread, NULL, visit);
	visit->has_pids = !error && visit->nr_missing < MISSING_MAX;
	if (visit->nr_missing > NAMED_MAX)
		visit_problem(visit,
			      mmu_error_new(MMU_ERROR_FAULT, "and %" PRIu64 " more like these",
					    visit->nr_missing - NAMED_MAX));
	if (gap)
		tell_gap(visit, gap, visit->nr_given - before, error);
	mmu_error_destroy(error);
}

/* ------------------------------------------------------------------ of a running kernel */

/* Collect the pids that are still to be visited. */
static bool collect_pid(const struct mmu_pid *pid, void *context)
{
	struct visit *visit = context;

	if (pid->missing)
		return ++visit->nr_torn < MISSING_MAX;
	if ((!visit->threads && !pid->leader) || pid->first > visit->last_pid ||
	    mmu_set_has(&visit->given, pid_key(pid->first)))
		return true;
	if (visit->nr_pids == visit->room_pids) {
		size_t room = visit->room_pids ? 2 * visit->room_pids : 256;
		struct mmu_pid *more = reallocarray(visit->pids, room, sizeof(*more));

		if (!more) {
			visit->nr_torn++;
			return false;
		}
		visit->pids = more;
		visit->room_pids = room;
	}
	visit->pids[visit->nr_pids++] = *pid;
	return true;
}

/*
 * By the table of pids: a task that exists throughout keeps its place in it, whatever others do.
 * Pids ascend: those behind the last of the first round are of later tasks, and have no end.
 */
static struct mmu_error *visit_live_pids(struct visit *visit)
{
	visit->nr_pids = 0;
	struct mmu_error *error = mmu_pids_visit(visit->memory, collect_pid, NULL, visit);

	if (error)
		return error;
	if (!visit->nr_torn && visit->nr_pids && visit->last_pid == INT32_MAX)
		visit->last_pid = visit->pids[visit->nr_pids - 1].first;
	for (size_t i = 0; i < visit->nr_pids && !visit->stopped; i++)
		visit_live_task(visit, visit->pids[i].task_va, visit->pids[i].node_va,
				visit->pids[i].first);
	return NULL;
}

/* By the list, again from its head. */
static void visit_live_list(struct visit *visit)
{
	mmu_set_destroy(&visit->seen);
	struct mmu_error *error = follow(visit, &visit->tasks, 0);

	visit->nr_torn += error != NULL;
	mmu_error_destroy(error);
}

static void visit_live(struct visit *visit, uint64_t init_task_va)
{
	visit->by_pid = true;
	visit->last_pid = INT32_MAX;
	for (unsigned int round = 0; round < LIVE_ROUNDS; round++) {
		visit->nr_torn = visit->nr_gone = 0;
		visit_live_task(visit, init_task_va, 0, 0);
		if (visit->by_pid) {
			struct mmu_error *error = visit_live_pids(visit);

			visit->by_pid = !error; /* before 4.20 there is no such table */
			mmu_error_destroy(error);
		}
		if (!visit->by_pid)
			visit_live_list(visit);
		/* a pid whose task has gone may have another one: exec in a thread */
		if ((!visit->nr_torn && !visit->nr_gone) || visit->stopped)
			return;
	}
	if (!visit->nr_torn)
		return;
	visit->broken = true;
	visit_problem(visit, mmu_error_new(MMU_ERROR_CORRUPT, "tasks came and went while the list "
							      "was read, again and "
							      "again: some may not be listed"));
}

/* ------------------------------------------------------------------ all of them */

static struct mmu_error *visit_all(struct visit *visit)
{
	struct mmu_memory *memory = visit->memory;
	struct mmu_task task;
	uint64_t init_task_va;
	const void *found;

	visit->tasks.head = visit->tasks.member = "task_struct.tasks";
	struct mmu_error *error = mmu_task_read_init(memory, &task);
	if (!error)
		error = mmu_layout_need(memory->kernel, &list_layout, &found, NULL);
	if (error)
		return error;
	visit->tasks.member_offset = ((const struct list_fields *)found)->tasks.offset;
	init_task_va = task.task_va;
	visit->tasks.head_va = init_task_va + visit->tasks.member_offset;
	if (memory->kernel->image->live) {
		visit_live(visit, init_task_va);
		return NULL;
	}
	error = set_add(&visit->seen, init_task_va);
	if (error)
		return error;
	visit_read(visit, &task);
	error = follow(visit, &visit->tasks, 0);
	visit->broken |= error != NULL;
	if (visit->broken)
		recover(visit, init_task_va, error);
	return NULL;
}

static void end(struct visit *visit)
{
	mmu_set_destroy(&visit->seen);
	mmu_set_destroy(&visit->given);
	free(visit->pids);
	mmu_error_destroy(visit->wanted_missing);
}

struct mmu_error *mmu_tasks_visit(struct mmu_memory *memory, bool threads, mmu_task_fn fn,
				  void *context)
{
	struct visit visit = {
		.memory = memory, .threads = threads, .fn = fn, .context = context, .wanted = -1
	};
	struct mmu_error *error = visit_all(&visit);

	end(&visit);
	return error;
}

/* ------------------------------------------------------------------ for the sake of one pid */

struct mmu_error *mmu_tasks_search(struct mmu_memory *memory, bool threads, int32_t pid,
				   mmu_task_fn fn, void *context, struct mmu_tasks_seen *ret)
{
	struct visit visit = {
		.memory = memory, .threads = threads, .fn = fn, .context = context, .wanted = pid
	};
	struct mmu_error *error = visit_all(&visit);

	ret->missing = mmu_steal(visit.wanted_missing);
	ret->whole = !visit.broken && !visit.nr_missing;
	ret->whole_otherwise = visit.has_pids;
	end(&visit);
	return error;
}

struct mmu_error *mmu_task_threads(struct mmu_memory *memory, const struct mmu_task *leader,
				   mmu_task_fn fn, void *context, bool *ret_whole)
{
	struct visit visit = { .memory = memory, .fn = fn, .context = context, .wanted = -1 };
	struct mmu_error *error = set_add(&visit.seen, leader->task_va);

	if (!error)
		visit_threads(&visit, leader);
	*ret_whole = !error && !visit.broken && !visit.nr_torn;
	end(&visit);
	return error;
}

/* Where the list_head lies that a task must hang by: among leaders, or among its threads. */
static struct mmu_error *link_offset(const struct mmu_kernel *kernel, bool leader, uint64_t *ret)
{
	const void *found;
	struct mmu_error *error = mmu_layout_need(kernel, leader ? &list_layout : &thread_layout,
						  &found, NULL);

	if (!error)
		*ret = leader ? ((const struct list_fields *)found)->tasks.offset
			      : ((const struct thread_fields *)found)->node.offset;
	return error;
}

bool mmu_task_is_unlinked(struct mmu_memory *memory, const struct mmu_task *task)
{
	uint64_t offset, next_va, back_va;
	struct mmu_error *error = link_offset(memory->kernel, task->leader, &offset);

	if (!error)
		error = mmu_memory_read_pointer(memory, task->task_va + offset, "task_struct",
						&next_va);
	if (!error)
		error = mmu_memory_read_pointer(memory,
						next_va + mmu_kernel_pointer_bytes(memory->kernel),
						"task_struct", &back_va);
	bool unlinked = !error && back_va != task->task_va + offset;
	mmu_error_destroy(error);
	return unlinked;
}

/* ------------------------------------------------------------------ what a task is made of */

void mmu_tasks_pieces(struct mmu_memory *memory, const struct mmu_task *task, mmu_piece_fn fn,
		      void *context)
{
	unsigned int bytes = mmu_kernel_pointer_bytes(memory->kernel);
	const void *found;
	struct mmu_copy copy;
	struct mmu_error *error = mmu_layout_need(memory->kernel, &list_layout, &found, NULL);

	mmu_task_pieces(memory, task, fn, context);
	if (!error)
		fn(context, task->task_va + ((const struct list_fields *)found)->tasks.offset,
		   2 * bytes);
	mmu_error_destroy(error);
	error = mmu_object_read(memory, &thread_layout, task->task_va, NULL, &copy);
	if (!error) {
		const struct thread_fields *fields = copy.fields;
		uint64_t signal_va = mmu_copy_get(&copy, &fields->signal);

		mmu_object_pieces(memory->kernel, &thread_layout, task->task_va, fn, context);
		fn(context, task->task_va + fields->node.offset, 2 * bytes);
		if (signal_va)
			fn(context, signal_va + fields->head.offset, 2 * bytes);
	}
	mmu_error_destroy(error);
}
