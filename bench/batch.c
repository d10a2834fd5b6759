/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Measure the library in one process: batch IMAGE VMLINUX PID COUNT walk|list|facts.
 *
 * walk   walks COUNT addresses, and decodes every table of the process; one JSON object
 * list   prints the same COUNT addresses, one a line
 * facts  prints the facts that DWARF gave to find the process, "KEY VALUE" a line
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

int main(int argc, char **argv)
{
	struct bench bench;

	if (argc != 6) {
		fprintf(stderr, "usage: batch IMAGE VMLINUX PID COUNT walk|list|facts\n");
		return 2;
	}
	size_t count = strtoull(argv[4], NULL, 10);
	bench_open(&bench, argv[1], argv[2], argv[3]);
	if (strcmp(argv[5], "walk") == 0)
		walk(&bench, count);
	else if (strcmp(argv[5], "list") == 0)
		list(&bench, count);
	else
		list_facts(&bench);
	bench_close(&bench);
	return 0;
}
