/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Measure every address space of an image: spaces IMAGE VMLINUX pids|rows|ranges|tables [THREADS].
 *
 * pids    opens the space of every process by its pid, one after the other
 * rows    makes the rows of a flat map of every process' own part, on THREADS threads
 * ranges  the same, but its single physical runs
 * tables  prints where the table pages of these lie, one address a line, for floor_pages
 *
 * All but the last print one JSON object: first_seconds of the first round, seconds of the best
 * one, cpu_seconds of the one with the least CPU time.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define ROUNDS 9u
#define THREADS_MAX 64u

struct process {
	uint64_t task_va;
	int32_t pid;
	struct mmu_space *space;
};

static struct process *processes;
static size_t nr_processes;
static struct mmu_session *session;
static atomic_size_t next_process;
static atomic_ullong nr_ranges, nr_pages;
static void (*visit)(struct process *process);

static void list_processes(void)
{
	const struct mmu_tasks_query query = { .size = sizeof(query) };
	const struct mmu_error *problem;
	const struct mmu_task *task;
	struct mmu_tasks *tasks;

	bench_need(mmu_tasks_open(session, &query, &tasks));
	while ((task = mmu_tasks_next(tasks, &problem)) || problem) {
		if (!task || task->owner != MMU_MM_OWN || !task->pgd_pa)
			continue;
		processes = bench_grow(processes, nr_processes, sizeof(*processes));
		processes[nr_processes++] = (struct process){ task->task_va, task->pid, NULL };
	}
	mmu_tasks_close(tasks);
}

static void open_space(struct process *process, bool by_pid)
{
	const struct mmu_space_query query = {
		.size = sizeof(query),
		.by = by_pid ? MMU_SPACE_PID : MMU_SPACE_TASK,
		.value = by_pid ? (uint64_t)process->pid : process->task_va,
	};

	bench_need(mmu_space_open(session, &query, &process->space));
}

static void close_spaces(void)
{
	for (size_t i = 0; i < nr_processes; i++) {
		mmu_space_close(processes[i].space);
		processes[i].space = NULL;
	}
}

/* ------------------------------------------------------------------ ranges */

static void visit_ranges(struct process *process)
{
	struct mmu_part part = { .size = sizeof(part) };
	const struct mmu_range *range;
	struct mmu_ranges *ranges;
	unsigned long long found = 0, pages = 0;

	mmu_space_extent(process->space, &part.first_va, &part.last_va);
	bench_need(mmu_ranges_open(process->space, &part, &ranges));
	for (;;) {
		bench_need(mmu_ranges_next(ranges, &range));
		if (!range)
			break;
		found++;
		if (range->result == MMU_RESULT_MAPPED)
			pages += (range->last_va - range->first_va + 1) / 4096;
	}
	mmu_ranges_close(ranges);
	atomic_fetch_add(&nr_ranges, found);
	atomic_fetch_add(&nr_pages, pages);
}

static void visit_rows(struct process *process)
{
	struct mmu_part part = { .size = sizeof(part) };
	const struct mmu_map_query query = { sizeof(query), &part, MMU_MAP_FLAT };
	const struct mmu_error *problem;
	const struct mmu_map_row *row;
	struct mmu_map *map;
	unsigned long long found = 0, pages = 0;

	mmu_space_extent(process->space, &part.first_va, &part.last_va);
	bench_need(mmu_map_open(process->space, &query, &map));
	for (;;) {
		bench_need(mmu_map_next(map, &row, &problem));
		if (!row)
			break;
		found++;
		if (row->range.result == MMU_RESULT_MAPPED)
			pages += (row->range.last_va - row->range.first_va + 1) / 4096;
	}
	mmu_map_close(map);
	atomic_fetch_add(&nr_ranges, found);
	atomic_fetch_add(&nr_pages, pages);
}

static void *work(void *unused)
{
	size_t i;

	while ((i = atomic_fetch_add(&next_process, 1)) < nr_processes) {
		if (!processes[i].space)
			open_space(&processes[i], false);
		visit(&processes[i]);
	}
	return unused;
}

static void run(unsigned int threads)
{
	pthread_t thread[THREADS_MAX];

	atomic_store(&next_process, 0);
	atomic_store(&nr_ranges, 0);
	atomic_store(&nr_pages, 0);
	for (unsigned int i = 1; i < threads; i++)
		if (pthread_create(&thread[i], NULL, work, NULL))
			exit(3);
	work(NULL);
	for (unsigned int i = 1; i < threads; i++)
		pthread_join(thread[i], NULL);
}

/* ------------------------------------------------------------------ the program */

static void list_tables(void)
{
	for (size_t i = 0; i < nr_processes; i++) {
		struct bench bench = { .session = session };

		open_space(&processes[i], false);
		bench.space = processes[i].space;
		bench_visit(&bench, true);
		for (size_t n = 0; n < bench.nr_tables; n++)
			printf("%" PRIx64 "\n", bench.tables[n].pa);
		free(bench.tables);
		free(bench.leaves);
	}
}

int main(int argc, char **argv)
{
	double first = 0, best = 0, best_cpu = 0;

	if (argc != 4 && argc != 5) {
		fprintf(stderr, "usage: spaces IMAGE VMLINUX pids|rows|ranges|tables [THREADS]\n");
		return 2;
	}
	unsigned int threads = argc == 5 ? (unsigned int)atoi(argv[4]) : 1;
	bool pids = strcmp(argv[3], "pids") == 0;
	visit = strcmp(argv[3], "rows") == 0 ? visit_rows : visit_ranges;
	if (threads < 1 || threads > THREADS_MAX)
		threads = 1;
	session = bench_session(argv[1], argv[2]);
	list_processes();
	if (strcmp(argv[3], "tables") == 0) {
		list_tables();
		close_spaces();
		mmu_session_close(session);
		return 0;
	}
	for (unsigned int round = 0; round < ROUNDS; round++) {
		double start = bench_now(), cpu_start = bench_cpu_now();

		if (pids)
			for (size_t i = 0; i < nr_processes; i++)
				open_space(&processes[i], true);
		else
			run(threads);
		double seconds = bench_now() - start, cpu = bench_cpu_now() - cpu_start;
		if (pids)
			close_spaces();
		if (!round)
			first = seconds;
		if (!round || seconds < best)
			best = seconds;
		if (!round || cpu < best_cpu)
			best_cpu = cpu;
	}
	printf("{\"processes\": %zu, \"ranges\": %llu, \"pages\": %llu, \"first_seconds\": %.9f, "
	       "\"seconds\": %.9f, \"cpu_seconds\": %.9f}\n",
	       nr_processes, atomic_load(&nr_ranges), atomic_load(&nr_pages), first, best,
	       best_cpu);
	close_spaces();
	mmu_session_close(session);
	return 0;
}
