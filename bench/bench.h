/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the measuring programs share: a process, its tables, and addresses to walk. */
#ifndef MMU_BENCH_H
#define MMU_BENCH_H

#include "mmuscope/mmuscope.h"

/** A table page of the process. */
struct bench_table {
	uint64_t pa, va; /**< va: the first address that it translates */
	unsigned int level;
};

/** What a leaf maps. */
struct bench_leaf {
	uint64_t va, bytes;
};

struct bench {
	bool tables_only; /**< bench_visit() keeps no leaves */
	struct mmu_session *session;
	struct mmu_space *space;
	struct mmu_walk *walk;
	double open_seconds; /**< from nothing to the open space: image, facts, task, root */
	struct bench_table *tables;
	size_t nr_tables;
	struct bench_leaf *leaves;
	size_t nr_leaves;
};

/** End the program when there is an error. */
void bench_need(struct mmu_error *error);

/** Open an image; ends the program when that fails. */
struct mmu_session *bench_session(const char *image, const char *vmlinux);

/** Open the space of a process; ends the program when that fails. */
void bench_open(struct bench *bench, const char *image, const char *vmlinux, const char *pid);
void bench_close(struct bench *bench);

/** Visit every table of the user's part; keep tables and leaves if `keep`. @return entries seen */
uint64_t bench_visit(struct bench *bench, bool keep);

/** `count` addresses in random leaves, the same in every run; malloc'ed. Needs bench_visit(). */
uint64_t *bench_addresses(const struct bench *bench, size_t count);

/** Monotonic seconds. */
double bench_now(void);
/** CPU time of the process: others slow it down, and hardly make it work more. */
double bench_cpu_now(void);

/** malloc() that ends the program when there is no memory. */
void *bench_alloc(size_t count, size_t size);

/** Room for one more in a list that doubles; ends the program when there is no memory. */
void *bench_grow(void *list, size_t count, size_t size);

#endif
