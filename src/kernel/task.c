/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The task list, its threads, and what each task runs on. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kernel/task.h"

/* include/linux/sched.h; the same value in 4.4 to 7.x */
#define PF_KTHREAD 0x00200000u
/* include/linux/sched.h: EXIT_DEAD | EXIT_ZOMBIE */
#define EXIT_GONE (0x10u | 0x20u)
/* the largest NR_CPUS */
#define CPUS_MAX 8192u
/* PID_MAX_LIMIT of 64-bit kernels: no list is longer */
#define TASKS_MAX (4u << 20)

/* ------------------------------------------------------------------ one task */

static struct mmu_error *read_comm(struct mmu_session *session, uint64_t task_va, char ret[17])
{
	uint64_t offset;
	struct mmu_error *error = mmu_fact_need(session->facts, "OFFSET(task_struct.comm)",
						&offset);

	if (error)
		return error;
	memset(ret, 0, 17);
	return mmu_kernel_read(session, task_va + offset, ret, 16, "task_struct.comm");
}

struct mmu_error *mmu_task_read(struct mmu_session *session, uint64_t task_va, struct mmu_task *ret)
{
	struct mmu_task task = { .task_va = task_va };
	uint64_t pid, tgid, flags, exit_state, mm_va, active_mm_va;
	const struct {
		const char *member;
		uint64_t *to;
	} members[] = {
		{ "task_struct.pid", &pid },     { "task_struct.tgid", &tgid },
		{ "task_struct.flags", &flags }, { "task_struct.exit_state", &exit_state },
		{ "task_struct.mm", &mm_va },    { "task_struct.active_mm", &active_mm_va },
	};
	struct mmu_error *error;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		error = mmu_kernel_read_member(session, task_va, members[i].member, members[i].to);
		if (error)
			return mmu_error_context(error, "task 0x%" PRIx64, task_va);
	}
	error = read_comm(session, task_va, task.comm);
	if (error)
		return mmu_error_context(error, "task 0x%" PRIx64, task_va);
	task.pid = (int32_t)pid;
	task.tgid = (int32_t)tgid;
	task.leader = pid == tgid;
	task.kernel_thread = flags & PF_KTHREAD;
	task.zombie = exit_state & EXIT_GONE;
	/* a kernel thread that serves a process (kthread_use_mm) has an mm that is not its own */
	task.owner = task.kernel_thread || pid == 0 ? MMU_MM_BORROWED
		     : mm_va                        ? MMU_MM_OWN
						    : MMU_MM_NONE;
	task.mm_va = mm_va ? mm_va : task.owner == MMU_MM_BORROWED ? active_mm_va : 0;
	*ret = task;
	return NULL;
}

/* ------------------------------------------------------------------ its mm */

/* A plain count: struct mm_rss_stat, up to 6.1. */
static bool read_plain_rss(struct mmu_session *session, uint64_t count_va, int64_t *ret)
{
	unsigned int bytes = mmu_kernel_pointer_bytes(session);
	uint64_t value;
	struct mmu_error *error = mmu_kernel_read_uint(session, count_va, bytes,
						       "mm_struct.rss_stat", &value);

	if (!error)
		*ret = bytes == 4 ? (int32_t)value : (int64_t)value;
	mmu_error_destroy(error);
	return !error;
}

/* What each CPU has counted and not yet added; CPUs that can't be read add nothing. */
static int64_t read_percpu_deltas(struct mmu_session *session, uint64_t counters)
{
	unsigned int bytes = mmu_kernel_pointer_bytes(session);
	uint64_t offsets_va, cpus_va, cpus = 0, cpu_offset, delta;
	int64_t sum = 0;

	if (!mmu_fact_get(session->facts, "SYMBOL(__per_cpu_offset)", &offsets_va) ||
	    !mmu_fact_get(session->facts, "SYMBOL(nr_cpu_ids)", &cpus_va))
		return 0;
	struct mmu_error *error = mmu_kernel_read_uint(session, cpus_va, 4, "nr_cpu_ids", &cpus);
	for (uint64_t cpu = 0; !error && cpu < cpus && cpu < CPUS_MAX; cpu++) {
		error = mmu_kernel_read_uint(session, offsets_va + cpu * bytes, bytes,
					     "__per_cpu_offset", &cpu_offset);
		if (!error)
			error = mmu_kernel_read_uint(session, counters + cpu_offset, 4,
						     "percpu_counter.counters", &delta);
		sum += error ? 0 : (int32_t)delta;
	}
	mmu_error_destroy(error);
	return sum;
}

/* mm->rss_stat[index]: an array of percpu_counter since 6.2 (f1a7941243c1). */
static bool read_rss(struct mmu_session *session, uint64_t mm_va, unsigned int index, int64_t *ret)
{
	struct mmu_fact_store *facts = session->facts;
	uint64_t base, length, stride, count_offset, counters_offset, counters = 0;
	int64_t count;

	if (!mmu_fact_get(facts, "OFFSET(mm_struct.rss_stat)", &base))
		return false;
	if (mmu_fact_get(facts, "LENGTH(mm_struct.rss_stat.count)", &length))
		return index < length &&
		       read_plain_rss(session,
				      mm_va + base + index * mmu_kernel_pointer_bytes(session),
				      ret);
	if (!mmu_fact_get(facts, "LENGTH(mm_struct.rss_stat)", &length) || index >= length ||
	    !mmu_fact_get(facts, "SIZE(percpu_counter)", &stride) ||
	    !mmu_fact_get(facts, "OFFSET(percpu_counter.count)", &count_offset) ||
	    !mmu_fact_get(facts, "OFFSET(percpu_counter.counters)", &counters_offset))
		return false;
	uint64_t counter_va = mm_va + base + index * stride;
	struct mmu_error *error = mmu_kernel_read_uint(session, counter_va + count_offset, 8,
						       "percpu_counter.count", (uint64_t *)&count);
	if (!error)
		error = mmu_kernel_read_pointer(session, counter_va + counters_offset,
						"percpu_counter.counters", &counters);
	if (!error)
		*ret = count + read_percpu_deltas(session, counters);
	mmu_error_destroy(error);
	return !error;
}

/* As VmPTE counts: pgtables_bytes since 4.15 (af5b0f6a09e4), before that nr_ptes and nr_pmds. */
static bool read_table_bytes(struct mmu_session *session, uint64_t mm_va, uint64_t *ret)
{
	static const char *const members[] = { "mm_struct.pgtables_bytes", "mm_struct.nr_ptes",
					       "mm_struct.nr_pmds" };
	uint64_t offset, value, sum = 0;
	bool found = false;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		char key[64];

		snprintf(key, sizeof(key), "OFFSET(%s)", members[i]);
		if (!mmu_fact_get(session->facts, key, &offset))
			continue;
		struct mmu_error *error = mmu_kernel_read_pointer(session, mm_va + offset,
								  members[i], &value);
		mmu_error_destroy(error);
		if (error)
			return false;
		found = true;
		if (i == 0) {
			*ret = value;
			return true;
		}
		sum += value << session->arch->page_lg2;
	}
	*ret = sum;
	return found;
}

struct mmu_error *mmu_task_read_mm(struct mmu_session *session, struct mmu_task *task)
{
	int64_t file = 0, anon = 0, shmem = 0;
	uint64_t pgd_va, pgd_pa;

	if (!task->mm_va)
		return NULL;
	struct mmu_error *error = mmu_kernel_read_member(session, task->mm_va, "mm_struct.pgd",
							 &pgd_va);
	if (error)
		return mmu_error_context(error, "pid %d: mm 0x%" PRIx64, task->pid, task->mm_va);
	if (!mmu_kernel_to_phys(session, pgd_va, &pgd_pa))
		return mmu_error_new(MMU_ERROR_CORRUPT,
				     "pid %d: mm 0x%" PRIx64 ": pgd at virtual 0x%" PRIx64
				     " is not in the kernel's mappings",
				     task->pid, task->mm_va, pgd_va);
	task->pgd_va = pgd_va;
	task->pgd_pa = pgd_pa;
	/* the order of include/linux/mm_types_task.h: file, anonymous, swap, shared memory */
	task->has_counters = read_table_bytes(session, task->mm_va, &task->table_bytes) &&
			     read_rss(session, task->mm_va, 0, &file) &&
			     read_rss(session, task->mm_va, 1, &anon) &&
			     read_rss(session, task->mm_va, 2, &task->swap_pages);
	read_rss(session, task->mm_va, 3, &shmem); /* since 4.5 */
	/* a counter that another CPU is just lowering can be seen below 0 */
	task->rss_pages = (file > 0 ? file : 0) + (anon > 0 ? anon : 0) + (shmem > 0 ? shmem : 0);
	return NULL;
}

/* ------------------------------------------------------------------ lists of tasks */

struct list {
	struct mmu_session *session;
	uint64_t head_va, member_offset; /* of the list_head in task_struct */
	uint64_t next_va;
	/* Brent's cycle detection: compare with one node, which moves on at powers of two */
	uint64_t tortoise_va, steps, lap;
	const char *name;
};

static struct mmu_error *list_start(struct list *list)
{
	list->tortoise_va = list->head_va;
	list->lap = 1;
	return mmu_kernel_read_pointer(list->session, list->head_va, list->name, &list->next_va);
}

/* @return NULL with *ret_task_va 0 at the end; an error when the list is broken or loops */
static struct mmu_error *list_step(struct list *list, uint64_t *ret_task_va)
{
	uint64_t node_va = list->next_va;

	*ret_task_va = 0;
	if (node_va == list->head_va)
		return NULL;
	if (node_va == list->tortoise_va || list->steps >= TASKS_MAX)
		return mmu_error_new(MMU_ERROR_CORRUPT,
				     "%s: the list loops at virtual 0x%" PRIx64 " without coming "
				     "back to its head",
				     list->name, node_va);
	if (++list->steps == list->lap) {
		list->tortoise_va = node_va;
		list->lap *= 2;
	}
	struct mmu_error *error = mmu_kernel_read_pointer(list->session, node_va, list->name,
							  &list->next_va);
	if (!error)
		*ret_task_va = node_va - list->member_offset;
	return error;
}

/* The visitor's side of mmu_session_tasks(), with the list of leaders and that of threads. */
struct visit {
	struct mmu_session *session;
	mmu_task_fn fn;
	void *context;
	bool stopped;
};

static void visit_problem(struct visit *visit, struct mmu_error *error)
{
	if (!error)
		return;
	if (!visit->stopped)
		visit->stopped = !visit->fn(NULL, mmu_error_message(error), visit->context);
	mmu_error_destroy(error);
}

static struct mmu_error *visit_task(struct visit *visit, uint64_t task_va, struct mmu_task *ret)
{
	struct mmu_error *error = mmu_task_read(visit->session, task_va, ret);

	if (error)
		return error;
	/* a task without a readable mm is still a task */
	visit_problem(visit, mmu_task_read_mm(visit->session, ret));
	if (!visit->stopped)
		visit->stopped = !visit->fn(ret, NULL, visit->context);
	return NULL;
}

/* The threads of a leader, without itself: signal->thread_head, which 4.4 to 7.x have. */
static void visit_threads(struct visit *visit, const struct mmu_task *leader)
{
	struct mmu_session *session = visit->session;
	struct list list = { .session = session, .name = "signal_struct.thread_head" };
	uint64_t signal_va, head_offset, task_va;

	struct mmu_error *error = mmu_fact_need(session->facts, "OFFSET(task_struct.thread_node)",
						&list.member_offset);
	if (!error)
		error = mmu_fact_need(session->facts, "OFFSET(signal_struct.thread_head)",
				      &head_offset);
	if (!error)
		error = mmu_kernel_read_member(session, leader->task_va, "task_struct.signal",
					       &signal_va);
	if (!error && !signal_va)
		return; /* a task that is just being released */
	if (!error) {
		list.head_va = signal_va + head_offset;
		error = list_start(&list);
	}
	while (!error && !visit->stopped) {
		struct mmu_task thread;

		error = list_step(&list, &task_va);
		if (error || !task_va)
			break;
		if (task_va != leader->task_va)
			error = visit_task(visit, task_va, &thread);
	}
	visit_problem(visit, mmu_error_context(error, "threads of pid %d", leader->pid));
}

struct mmu_error *mmu_session_tasks(struct mmu_session *session, bool threads, mmu_task_fn fn,
				    void *context)
{
	struct visit visit = { .session = session, .fn = fn, .context = context };
	struct list list = { .session = session, .name = "task_struct.tasks" };
	uint64_t init_task_va, task_va;
	struct mmu_task task;

	struct mmu_error *error = mmu_session_learn(session);
	if (!error)
		error = mmu_fact_need(session->facts, "SYMBOL(init_task)", &init_task_va);
	if (!error)
		error = mmu_fact_need(session->facts, "OFFSET(task_struct.tasks)",
				      &list.member_offset);
	if (error)
		return error;
	list.head_va = init_task_va + list.member_offset;
	error = list_start(&list);
	if (!error)
		error = visit_task(&visit, init_task_va, &task);
	if (error)
		return mmu_error_context(error, "init_task");
	while (!visit.stopped) {
		error = list_step(&list, &task_va);
		if (error || !task_va)
			break;
		error = visit_task(&visit, task_va, &task);
		if (error) { /* the list goes on even where one task can't be read */
			visit_problem(&visit, error);
			error = NULL;
			continue;
		}
		if (threads && !visit.stopped)
			visit_threads(&visit, &task);
	}
	visit_problem(&visit, error);
	return NULL;
}

/* ------------------------------------------------------------------ one pid */

struct search {
	int32_t pid;
	bool found;
	struct mmu_task *ret;
	char problem[256]; /* the last one: it may be the reason for not finding */
};

static bool search_pid(const struct mmu_task *task, const char *problem, void *context)
{
	struct search *search = context;

	if (!task) {
		snprintf(search->problem, sizeof(search->problem), "%s", problem);
		return true;
	}
	if (task->pid != search->pid)
		return true;
	*search->ret = *task;
	search->found = true;
	return false;
}

/* A thread of the same process that still has its mm. */
static bool search_mm(const struct mmu_task *task, const char *problem, void *context)
{
	struct mmu_task *leader = context;

	(void)problem;
	if (!task || task->tgid != leader->tgid || task->owner != MMU_MM_OWN)
		return true;
	leader->mm_va = task->mm_va;
	leader->pgd_va = task->pgd_va;
	leader->pgd_pa = task->pgd_pa;
	leader->owner = MMU_MM_OWN;
	return false;
}

struct mmu_error *mmu_task_find(struct mmu_session *session, int32_t pid, struct mmu_task *ret)
{
	struct mmu_task task;
	struct search search = { .pid = pid, .ret = &task };

	/* most are leaders: the short list first */
	struct mmu_error *error = mmu_session_tasks(session, false, search_pid, &search);
	if (!error && !search.found)
		error = mmu_session_tasks(session, true, search_pid, &search);
	if (error)
		return error;
	if (!search.found)
		return mmu_error_new(MMU_ERROR_NO_TASK, "no task has pid %d%s%s", pid,
				     search.problem[0] ? ", but the list is not whole: " : "",
				     search.problem);
	if (task.owner == MMU_MM_NONE && task.leader) {
		struct visit visit = { .session = session, .fn = search_mm, .context = &task };

		visit_threads(&visit, &task);
	}
	*ret = task;
	return NULL;
}
