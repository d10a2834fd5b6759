/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the measuring programs share. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench.h"

double bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double bench_cpu_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void *bench_alloc(size_t count, size_t size)
{
	void *ret = calloc(count ? count : 1, size);

	if (!ret) {
		fprintf(stderr, "bench: out of memory\n");
		exit(3);
	}
	return ret;
}

void bench_need(struct mmu_error *error)
{
	if (!error)
		return;
	fprintf(stderr, "bench: %s\n", mmu_error_message(error));
	exit(3);
}

struct mmu_session *bench_session(const char *image, const char *vmlinux)
{
	const struct mmu_options options = { .size = sizeof(options),
					     .image = image,
					     .vmlinux = vmlinux };
	struct mmu_session *ret;

	bench_need(mmu_session_open(&options, &ret));
	return ret;
}

void bench_open(struct bench *bench, const char *image, const char *vmlinux, const char *pid)
{
	const struct mmu_space_query query = { .size = sizeof(query),
					       .by = MMU_SPACE_PID,
					       .value = strtoull(pid, NULL, 10) };
	double start = bench_now();

	*bench = (struct bench){ 0 };
	bench->session = bench_session(image, vmlinux);
	bench_need(mmu_space_open(bench->session, &query, &bench->space));
	bench_need(mmu_walk_create(&bench->walk));
	bench->open_seconds = bench_now() - start;
}

void bench_close(struct bench *bench)
{
	mmu_walk_destroy(bench->walk);
	mmu_space_close(bench->space);
	mmu_session_close(bench->session);
	free(bench->tables);
	free(bench->leaves);
}

/* ------------------------------------------------------------------ visiting */

struct visit {
	struct bench *bench;
	const struct mmu_regime *regime;
	uint64_t va;     /* where the table begins */
	uint64_t end_va; /* the kernel's part begins here; 0: there is none in these tables */
	uint64_t entries;
	bool keep;
};

/* Grows by doubling whenever the count is a power of two. */
void *bench_grow(void *list, size_t count, size_t size)
{
	if (count & (count - 1))
		return list;
	list = reallocarray(list, count ? 2 * count : 1, size);
	if (!list)
		exit(3);
	return list;
}

static void visit_table(struct visit *visit, unsigned int level, uint64_t table_pa);

/* @return false: the rest is the kernel's */
static bool visit_entry(struct visit *visit, const struct mmu_step *step)
{
	const struct mmu_step_info *at = mmu_step_get(step);
	const struct mmu_entry *entry = mmu_step_entry(step);
	struct bench *bench = visit->bench;
	unsigned int shift = visit->regime->shape[at->level].shift;
	uint64_t va = visit->va + (at->index << shift);

	if (visit->end_va && va >= visit->end_va)
		return false;
	visit->entries++;
	if (entry->kind == MMU_KIND_TABLE && at->level > 0) {
		struct visit below = *visit;

		below.va = va;
		below.entries = 0;
		visit_table(&below, at->level - 1, entry->pa);
		visit->entries += below.entries;
	} else if (entry->kind == MMU_KIND_LEAF && visit->keep && !bench->tables_only) {
		bench->leaves = bench_grow(bench->leaves, bench->nr_leaves, sizeof(*bench->leaves));
		bench->leaves[bench->nr_leaves++] = (struct bench_leaf){ va, (uint64_t)1 << shift };
	}
	return true;
}

static void visit_table(struct visit *visit, unsigned int level, uint64_t table_pa)
{
	struct bench *bench = visit->bench;
	struct mmu_entries *entries;
	const struct mmu_step *step;

	if (visit->keep) {
		bench->tables = bench_grow(bench->tables, bench->nr_tables, sizeof(*bench->tables));
		bench->tables[bench->nr_tables++] = (struct bench_table){ table_pa, visit->va,
									  level };
	}
	bench_need(mmu_entries_open(bench->space, visit->regime, level, table_pa, &entries));
	while ((step = mmu_entries_next(entries)) && visit_entry(visit, step))
		;
	mmu_entries_close(entries);
}

uint64_t bench_visit(struct bench *bench, bool keep)
{
	const struct mmu_regime *regime = mmu_space_regime(bench->space, 0);
	struct visit visit = { .bench = bench, .regime = regime, .keep = keep };

	if (mmu_space_regime(bench->space, 1)) /* the user's half comes first */
		visit.end_va = regime->last_va + 1;
	visit_table(&visit, regime->top_level, regime->root_pa);
	return visit.entries;
}

/* ------------------------------------------------------------------ addresses */

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

uint64_t *bench_addresses(const struct bench *bench, size_t count)
{
	uint64_t *ret = bench_alloc(count, sizeof(*ret)), state = 88172645463325252u;

	if (!bench->nr_leaves) {
		fprintf(stderr, "bench: the process has nothing mapped\n");
		exit(3);
	}
	for (size_t i = 0; i < count; i++) {
		const struct bench_leaf *leaf =
			&bench->leaves[next_random(&state) % bench->nr_leaves];

		ret[i] = leaf->va + next_random(&state) % leaf->bytes;
	}
	return ret;
}
