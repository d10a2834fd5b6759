/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Many jobs on several threads, whose results are told in order. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "parallel.h"

/* So many jobs a thread may be done and not told of: one that takes long holds up few others. */
#define AHEAD 4u

struct slot {
	void *result;
	bool done;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t done, room;
	size_t nr_jobs, next, told; /* next to be begun; how many were told of */
	size_t nr_slots;
	bool stop;
	struct slot *slots; /* job n is in slot n % nr_slots */
	tool_work_fn work;
	void *context;
};

static void *run_worker(void *argument)
{
	struct pool *pool = argument;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		while (!pool->stop && pool->next < pool->nr_jobs &&
		       pool->next >= pool->told + pool->nr_slots)
			pthread_cond_wait(&pool->room, &pool->lock);
		if (pool->stop || pool->next >= pool->nr_jobs)
			break;
		size_t job = pool->next++;
		pthread_mutex_unlock(&pool->lock);
		void *result = pool->work(job, pool->context);
		pthread_mutex_lock(&pool->lock);
		pool->slots[job % pool->nr_slots] = (struct slot){ result, true };
		pthread_cond_signal(&pool->done);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static bool tell_job(struct pool *pool, size_t job, tool_tell_fn tell)
{
	struct slot *slot = &pool->slots[job % pool->nr_slots];

	pthread_mutex_lock(&pool->lock);
	while (!slot->done)
		pthread_cond_wait(&pool->done, &pool->lock);
	void *result = slot->result;
	*slot = (struct slot){ NULL, false };
	pthread_mutex_unlock(&pool->lock);
	bool go_on = tell(job, result, pool->context);
	pthread_mutex_lock(&pool->lock);
	pool->told++;
	pool->stop = !go_on || tool_interrupted();
	pthread_cond_broadcast(&pool->room);
	pthread_mutex_unlock(&pool->lock);
	return !pool->stop;
}

static void run_alone(size_t nr_jobs, tool_work_fn work, tool_tell_fn tell, void *context)
{
	for (size_t job = 0; job < nr_jobs && !tool_interrupted(); job++)
		if (!tell(job, work(job, context), context))
			return;
}

static unsigned int cpus_at_hand(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	return (unsigned int)CPU_COUNT(&set);
}

unsigned int tool_threads(unsigned int wanted, size_t nr_jobs)
{
	if (!wanted)
		wanted = cpus_at_hand();
	if (wanted > TOOL_THREADS_MAX)
		wanted = TOOL_THREADS_MAX;
	return wanted > nr_jobs ? (unsigned int)nr_jobs : wanted;
}

static void run_threads(struct pool *pool, const pthread_t *threads, unsigned int nr,
			tool_tell_fn tell, void (*drop)(void *result))
{
	size_t job = 0;

	while (job < pool->nr_jobs && tell_job(pool, job, tell))
		job++;
	for (unsigned int i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < pool->nr_slots; i++)
		if (pool->slots[i].done)
			drop(pool->slots[i].result);
}

void tool_parallel(size_t nr_jobs, unsigned int threads, tool_work_fn work, tool_tell_fn tell,
		   void (*drop)(void *result), void *context)
{
	struct pool pool = { .nr_jobs = nr_jobs, .work = work, .context = context };
	pthread_t thread[TOOL_THREADS_MAX];
	unsigned int nr = 0;

	threads = tool_threads(threads, nr_jobs);
	pool.nr_slots = (size_t)threads * AHEAD;
	pool.slots = threads > 1 ? calloc(pool.nr_slots, sizeof(*pool.slots)) : NULL;
	if (!pool.slots) {
		run_alone(nr_jobs, work, tell, context);
		return;
	}
	pthread_mutex_init(&pool.lock, NULL);
	pthread_cond_init(&pool.done, NULL);
	pthread_cond_init(&pool.room, NULL);
	while (nr < threads && pthread_create(&thread[nr], NULL, run_worker, &pool) == 0)
		nr++;
	if (nr)
		run_threads(&pool, thread, nr, tell, drop);
	else /* the system has no thread left for us */
		run_alone(nr_jobs, work, tell, context);
	pthread_cond_destroy(&pool.room);
	pthread_cond_destroy(&pool.done);
	pthread_mutex_destroy(&pool.lock);
	free(pool.slots);
}

unsigned int tool_parse_threads(const char *arg, struct argp_state *state)
{
	uint64_t number;

	if (!tool_number(arg, &number) || !number || number > TOOL_THREADS_MAX)
		argp_error(state, "--threads %s: a number from 1 to %u", arg, TOOL_THREADS_MAX);
	return (unsigned int)number;
}

/* ------------------------------------------------------------------ processes */

static int ask_interrupted(const struct mmu_progress *progress, void *context)
{
	(void)progress;
	(void)context;
	return tool_interrupted();
}

const struct mmu_hook tool_worker_hook = { .size = sizeof(tool_worker_hook),
					   .fn = ask_interrupted };

static bool add_process(struct tool_process **list, size_t *nr, const struct mmu_task *task)
{
	if (!(*nr & (*nr - 1))) {
		void *more = reallocarray(*list, *nr ? 2 * *nr : 1, sizeof(**list));

		if (!more)
			return false;
		*list = more;
	}
	struct tool_process *process = &(*list)[(*nr)++];
	*process = (struct tool_process){ .pid = task->pid,
					  .task_va = task->task_va,
					  .table_bytes = task->table_bytes,
					  .has_counters = task->has_counters };
	memcpy(process->comm, task->comm, sizeof(process->comm));
	return true;
}

int tool_processes(struct tool *tool, struct tool_process **ret, size_t *ret_nr)
{
	const struct mmu_tasks_query query = { .size = sizeof(query) };
	struct tool_process *list = NULL;
	const struct mmu_error *problem;
	const struct mmu_task *task;
	struct mmu_tasks *tasks;
	int status = TOOL_OK;
	size_t nr = 0;
	struct mmu_error *error = mmu_tasks_open(tool->session, &query, &tasks);

	if (error)
		return tool_fail(tool, error);
	while ((task = mmu_tasks_next(tasks, &problem)) || problem) {
		if (!task) {
			fprintf(stderr, "mmuscope: warning: %s\n", tool_message(tool, problem));
			status = TOOL_ANSWERED;
		} else if (task->owner == MMU_MM_OWN && task->leader &&
			   !add_process(&list, &nr, task)) {
			tool_no_memory();
		}
	}
	mmu_tasks_close(tasks);
	if (tool_seal(tool))
		status = TOOL_UNUSABLE;
	*ret = list;
	*ret_nr = nr;
	return status;
}

struct mmu_error *tool_process_space(struct tool *tool, const struct tool_process *process,
				     uint32_t flags, struct mmu_space **ret)
{
	const struct mmu_space_query query = { .size = sizeof(query),
					       .value = process->task_va,
					       .hook = &tool_worker_hook,
					       .by = MMU_SPACE_TASK,
					       .flags = flags };

	return mmu_space_open(tool->session, &query, ret);
}

int tool_process_open(struct tool *tool, const struct tool_process *process, uint32_t flags,
		      struct mmu_space **ret)
{
	struct mmu_error *error = tool_process_space(tool, process, flags, ret);

	if (error)
		return tool_fail(tool, error);
	tool_space_warn(*ret);
	return TOOL_OK;
}
