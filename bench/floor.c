/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * The floor under batch.c: the same bytes through mmu_session_read_phys(), summed, nothing decoded.
 *
 *     floor IMAGE VMLINUX PID COUNT
 *
 * slots   the entries that the walks of the same COUNT addresses read, one by one
 * pages   every table page of the process, whole
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

/* No walk has more. */
#define STEPS_MAX 12u

static uint64_t sum_of(const uint64_t *words, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += words[i];
	return sum;
}

static uint64_t sum_slots(struct mmu_session *session, const uint64_t *slots, size_t count,
			  unsigned int bytes)
{
	uint64_t sum = 0, word = 0;

	for (size_t i = 0; i < count; i++)
		if (mmu_session_read_phys(session, slots[i], &word, bytes, NULL) ==
		    MMU_PAGE_PRESENT)
			sum += word;
	return sum;
}

static uint64_t sum_pages(const struct bench *bench, const struct mmu_regime *regime)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < bench->nr_tables; i++) {
		static uint64_t page[8192];
		unsigned int level = bench->tables[i].level;
		size_t bytes = (size_t)regime->format->slot_bytes
			       << regime->shape[level].index_bits;

		if (bytes <= sizeof(page) &&
		    mmu_session_read_phys(bench->session, bench->tables[i].pa, page, bytes, NULL) ==
			    MMU_PAGE_PRESENT)
			sum += sum_of(page, bytes / sizeof(page[0]));
	}
	return sum;
}

int main(int argc, char **argv)
{
	struct bench bench;
	const struct mmu_step *step;
	size_t nr_slots = 0;
	unsigned int rounds = 0;

	if (argc != 5) {
		fprintf(stderr, "usage: floor IMAGE VMLINUX PID COUNT\n");
		return 2;
	}
	size_t count = strtoull(argv[4], NULL, 10);
	bench_open(&bench, argv[1], argv[2], argv[3]);
	bench_visit(&bench, true);
	uint64_t *addresses = bench_addresses(&bench, count);
	uint64_t *slots = bench_alloc(count * STEPS_MAX, sizeof(*slots));
	for (size_t i = 0; i < count; i++) {
		mmu_space_walk(bench.space, addresses[i], bench.walk);
		for (size_t n = 0; (step = mmu_walk_step(bench.walk, n)); n++)
			slots[nr_slots++] = mmu_step_get(step)->slot_pa;
	}
	const struct mmu_regime *regime = mmu_space_regime(bench.space, 0);

	sum_slots(bench.session, slots, nr_slots / 10, regime->format->entry_bytes); /* warm */
	double start = bench_now();
	uint64_t sum = sum_slots(bench.session, slots, nr_slots, regime->format->entry_bytes);
	double slot_seconds = bench_now() - start;
	start = bench_now();
	do
		sum += sum_pages(&bench, regime);
	while (++rounds < 1000 && bench_now() - start < 0.2);
	printf("{\"walks\": %zu, \"slots\": %zu, \"slot_seconds\": %.9f, \"tables\": %zu, "
	       "\"page_seconds\": %.9f, \"sum\": %llu}\n",
	       count, nr_slots, slot_seconds, bench.nr_tables, (bench_now() - start) / rounds,
	       (unsigned long long)sum);
	free(addresses);
	free(slots);
	bench_close(&bench);
	return 0;
}
