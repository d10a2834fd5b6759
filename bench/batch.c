/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Measure the library in one process: batch IMAGE VMLINUX PID COUNT walk|list|facts|pids.
 *
 * walk   walks COUNT addresses, and decodes every table of the process; one JSON object
 * list   prints the same COUNT addresses, one a line
 * facts  prints the facts that DWARF gave to find the process, "KEY VALUE" a line
 * pids   opens the space of every process by its pid; one JSON object
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static void walk(struct bench *bench, size_t count)
{
	uint64_t *addresses, mapped = 0, sum = 0, entries = 0;
	unsigned int visits = 0;
	const struct mmu_walk_info *result = mmu_walk_get(bench->walk);

	bench_visit(bench, true);
	addresses = bench_addresses(bench, count);
	for (size_t i = 0; i < count / 10; i++) /* warm */
		mmu_space_walk(bench->space, addresses[i], bench->walk);
	double start = bench_now();
	for (size_t i = 0; i < count; i++) {
		mmu_space_walk(bench->space, addresses[i], bench->walk);
		mapped += result->result == MMU_RESULT_MAPPED;
		sum += result->pa;
	}
	double walk_seconds = bench_now() - start;
	start = bench_now();
	do
		entries += bench_visit(bench, false);
	while (++visits < 1000 && bench_now() - start < 0.2);
	double visit_seconds = (bench_now() - start) / visits;
	printf("{\"open_seconds\": %.9f, \"walks\": %zu, \"mapped\": %" PRIu64
	       ", \"pa_sum\": \"0x%" PRIx64 "\", \"walk_seconds\": %.9f, \"tables\": %zu, "
	       "\"entries\": %" PRIu64 ", \"visit_seconds\": %.9f}\n",
	       bench->open_seconds, count, mapped, sum, walk_seconds, bench->nr_tables,
	       entries / visits, visit_seconds);
	free(addresses);
}

static void list(struct bench *bench, size_t count)
{
	bench_visit(bench, true);
	uint64_t *addresses = bench_addresses(bench, count);

	for (size_t i = 0; i < count; i++)
		printf("0x%" PRIx64 "\n", addresses[i]);
	free(addresses);
}

static void list_facts(struct bench *bench)
{
	struct mmu_facts_iter *facts;
	const struct mmu_fact *fact;

	if (mmu_facts_open(bench->session, &facts))
		exit(3);
	while ((fact = mmu_facts_next(facts)))
		if (fact->from == MMU_SOURCE_DWARF)
			printf("%s %" PRIu64 "\n", fact->key, fact->value);
	mmu_facts_close(facts);
}

static int32_t *list_pids(struct bench *bench, size_t *ret_nr)
{
	struct mmu_tasks *tasks;
	const struct mmu_error *problem;
	const struct mmu_task *task;
	int32_t *pids = NULL;
	size_t nr = 0, room = 0;

	if (mmu_tasks_open(bench->session, NULL, &tasks))
		exit(3);
	while ((task = mmu_tasks_next(tasks, &problem)) || problem) {
		if (!task || task->owner != MMU_MM_OWN)
			continue;
		if (nr == room) {
			room = room ? 2 * room : 1024;
			pids = reallocarray(pids, room, sizeof(*pids));
			if (!pids)
				exit(3);
		}
		pids[nr++] = task->pid;
	}
	mmu_tasks_close(tasks);
	*ret_nr = nr;
	return pids;
}

static void open_pids(struct bench *bench)
{
	struct mmu_space_query query = { .size = sizeof(query), .by = MMU_SPACE_PID };
	uint64_t sum = 0;
	size_t nr;
	int32_t *pids = list_pids(bench, &nr);

	double start = bench_now();
	for (size_t i = 0; i < nr; i++) {
		struct mmu_space *space;

		query.value = (uint64_t)pids[i];
		if (mmu_space_open(bench->session, &query, &space))
			exit(3);
		sum += mmu_space_regime(space, 0)->root_pa;
		mmu_space_close(space);
	}
	printf("{\"pids\": %zu, \"root_sum\": \"0x%" PRIx64 "\", \"pids_seconds\": %.9f}\n", nr,
	       sum, bench_now() - start);
	free(pids);
}

int main(int argc, char **argv)
{
	struct bench bench;

	if (argc != 6) {
		fprintf(stderr, "usage: batch IMAGE VMLINUX PID COUNT walk|list|facts|pids\n");
		return 2;
	}
	size_t count = strtoull(argv[4], NULL, 10);
	bench_open(&bench, argv[1], argv[2], argv[3]);
	if (strcmp(argv[5], "walk") == 0)
		walk(&bench, count);
	else if (strcmp(argv[5], "list") == 0)
		list(&bench, count);
	else if (strcmp(argv[5], "pids") == 0)
		open_pids(&bench);
	else
		list_facts(&bench);
	bench_close(&bench);
	return 0;
}
