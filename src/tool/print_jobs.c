/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Many jobs that print, on several threads: what they print comes in their order. */
#include <pthread.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

#include "parallel.h"
#include "print_jobs.h"

/* So many jobs a thread may be done before their turn: one that takes long holds up few others. */
#define AHEAD 4u
/* What a job may print before its turn. */
#define KEPT_BYTES_MAX ((size_t)256 << 10)
#define STREAM_BYTES ((size_t)32 << 10)

enum piece_kind { TO_OUT, TO_ERROR, GAP };

/* Stands before the bytes of a piece of what is kept. */
struct piece {
	size_t bytes;
	enum piece_kind kind;
};

struct slot {
	char *kept;
	size_t bytes, room;
	bool done;
};

struct pool {
	pthread_mutex_t lock; /* of all below, and of the process's own streams */
	pthread_cond_t turned;
	size_t nr_jobs, next, turn; /* next to be begun; whose turn it is */
	size_t nr_slots;
	struct slot *slots; /* job n is in slot n % nr_slots */
	bool stop;
	int status;
	FILE *out, *error;
	tool_print_fn print;
	void *context;
};

struct worker {
	struct tool_streams streams;
	struct pool *pool;
	size_t job;
};

static _Thread_local struct worker *own_worker;
/* How many jobs have come that asked for a gap. */
static size_t nr_gaps;

static void put_gap(FILE *out)
{
	if (nr_gaps++)
		putc('\n', out);
}

/* ------------------------------------------------------------------ under the lock */

static void put_piece(struct pool *pool, const struct piece *piece, const char *bytes)
{
	switch (piece->kind) {
	case TO_OUT:
		fwrite(bytes, 1, piece->bytes, pool->out);
		break;
	case TO_ERROR:
		fflush(pool->out);
		fwrite(bytes, 1, piece->bytes, pool->error);
		break;
	case GAP:
		put_gap(pool->out);
		break;
	}
}

static void put_kept(struct pool *pool, struct slot *slot)
{
	struct piece piece;

	for (size_t at = 0; at < slot->bytes; at += piece.bytes) {
		memcpy(&piece, slot->kept + at, sizeof(piece));
		at += sizeof(piece);
		put_piece(pool, &piece, slot->kept + at);
	}
	slot->bytes = 0;
}

static void keep(struct slot *slot, const struct piece *piece, const char *bytes)
{
	size_t need = slot->bytes + sizeof(*piece) + piece->bytes;

	if (need > slot->room) {
		slot->room = 2 * need;
		slot->kept = realloc(slot->kept, slot->room);
		if (!slot->kept)
			tool_no_memory();
	}
	memcpy(slot->kept + slot->bytes, piece, sizeof(*piece));
	if (piece->bytes)
		memcpy(slot->kept + slot->bytes + sizeof(*piece), bytes, piece->bytes);
	slot->bytes = need;
}

/* Jobs that are done, and whose turn it is, are told; the one that goes on prints at once. */
static void go_on_turning(struct pool *pool)
{
	struct slot *slot = &pool->slots[pool->turn % pool->nr_slots];

	put_kept(pool, slot);
	while (slot->done && !pool->stop) {
		slot->done = false;
		pool->turn++;
		tool_progress("processes", pool->turn, pool->nr_jobs);
		slot = &pool->slots[pool->turn % pool->nr_slots];
		put_kept(pool, slot);
	}
	pthread_cond_broadcast(&pool->turned);
}

/* ------------------------------------------------------------------ workers */

static void take(struct worker *worker, enum piece_kind kind, const char *bytes, size_t count)
{
	const struct piece piece = { .bytes = count, .kind = kind };
	struct pool *pool = worker->pool;
	struct slot *slot = &pool->slots[worker->job % pool->nr_slots];

	pthread_mutex_lock(&pool->lock);
	while (worker->job != pool->turn && !pool->stop && slot->bytes + count > KEPT_BYTES_MAX)
		pthread_cond_wait(&pool->turned, &pool->lock);
	if (worker->job == pool->turn)
		put_piece(pool, &piece, bytes);
	else if (!pool->stop)
		keep(slot, &piece, bytes);
	pthread_mutex_unlock(&pool->lock);
}

static ssize_t take_out(void *cookie, const char *bytes, size_t count)
{
	take(cookie, TO_OUT, bytes, count);
	return (ssize_t)count;
}

static ssize_t take_error(void *cookie, const char *bytes, size_t count)
{
	take(cookie, TO_ERROR, bytes, count);
	return (ssize_t)count;
}

static FILE *open_stream(struct worker *worker, cookie_write_function_t *function, int mode)
{
	FILE *stream = fopencookie(worker, "w", (cookie_io_functions_t){ .write = function });

	if (!stream)
		tool_no_memory();
	setvbuf(stream, NULL, mode, STREAM_BYTES);
	__fsetlocking(stream, FSETLOCKING_BYCALLER); /* no other thread has it */
	return stream;
}

static void end_job(struct worker *worker, int status)
{
	struct pool *pool = worker->pool;
	struct slot *slot = &pool->slots[worker->job % pool->nr_slots];

	fflush(worker->streams.out);
	fflush(worker->streams.error);
	pthread_mutex_lock(&pool->lock);
	pool->status = status > pool->status ? status : pool->status;
	if (tool_interrupted())
		pool->stop = true;
	slot->done = true;
	if (worker->job == pool->turn || pool->stop)
		go_on_turning(pool);
	pthread_mutex_unlock(&pool->lock);
}

/* @return false: there are no more */
static bool begin_job(struct worker *worker)
{
	struct pool *pool = worker->pool;

	pthread_mutex_lock(&pool->lock);
	while (!pool->stop && pool->next < pool->nr_jobs &&
	       pool->next >= pool->turn + pool->nr_slots)
		pthread_cond_wait(&pool->turned, &pool->lock);
	bool more = !pool->stop && pool->next < pool->nr_jobs && !tool_interrupted();
	if (more)
		worker->job = pool->next++;
	pthread_mutex_unlock(&pool->lock);
	return more;
}

static void *run_worker(void *argument)
{
	struct worker worker = { .pool = argument };

	worker.streams.out = open_stream(&worker, take_out, _IOFBF);
	worker.streams.error = open_stream(&worker, take_error, _IOLBF);
	tool_thread_streams = &worker.streams;
	own_worker = &worker;
	while (begin_job(&worker))
		end_job(&worker, worker.pool->print(worker.job, worker.pool->context));
	tool_thread_streams = NULL;
	own_worker = NULL;
	json_release();
	fclose(worker.streams.out);
	fclose(worker.streams.error);
	return NULL;
}

void tool_print_gap(void)
{
	if (own_worker) {
		fflush(own_worker->streams.out);
		take(own_worker, GAP, NULL, 0);
	} else {
		put_gap(stdout);
	}
}

/* ------------------------------------------------------------------ all of them */

static int run_alone(size_t nr_jobs, tool_print_fn print, void *context)
{
	int status = TOOL_OK;

	for (size_t job = 0; job < nr_jobs && !tool_interrupted(); job++) {
		int next = print(job, context);

		status = next > status ? next : status;
		if (nr_jobs > 1)
			tool_progress("processes", job + 1, nr_jobs);
	}
	tool_progress_end();
	return status;
}

static void release(struct pool *pool)
{
	for (size_t i = 0; i < pool->nr_slots; i++)
		free(pool->slots[i].kept);
	free(pool->slots);
	pthread_cond_destroy(&pool->turned);
	pthread_mutex_destroy(&pool->lock);
}

int tool_print_jobs(size_t nr_jobs, unsigned int threads, tool_print_fn print, void *context)
{
	struct pool pool = { .nr_jobs = nr_jobs,
			     .out = stdout,
			     .error = stderr,
			     .print = print,
			     .context = context };
	pthread_t thread[TOOL_THREADS_MAX];
	unsigned int nr = 0;

	nr_gaps = 0;
	threads = tool_threads(threads, nr_jobs);
	pool.nr_slots = (size_t)threads * AHEAD;
	pool.slots = threads > 1 ? calloc(pool.nr_slots, sizeof(*pool.slots)) : NULL;
	if (!pool.slots)
		return run_alone(nr_jobs, print, context);
	pthread_mutex_init(&pool.lock, NULL);
	pthread_cond_init(&pool.turned, NULL);
	while (nr < threads && pthread_create(&thread[nr], NULL, run_worker, &pool) == 0)
		nr++;
	for (unsigned int i = 0; i < nr; i++)
		pthread_join(thread[i], NULL);
	release(&pool);
	tool_progress_end();
	/* the system has no thread left for us */
	return nr ? pool.status : run_alone(nr_jobs, print, context);
}

int tool_print_pids(struct tool *tool, struct tool_space *space, unsigned int threads,
		    tool_print_fn print, void *context)
{
	struct mmu_error *error = mmu_session_learn(tool->session);

	if (error) /* each of them says so, and it is not learnt while several open a space */
		threads = 1;
	mmu_error_destroy(error);
	int status = tool_seal(tool);
	if (status)
		return status;
	tool_catch_interrupt();
	space->query.hook = &tool_worker_hook;
	return tool_print_jobs(space->nr_pids, threads, print, context);
}
