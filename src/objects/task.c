/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file One task, and what it runs on. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kernel/hint.h"
#include "objects/task.h"

/* include/linux/sched.h; the same value in 4.4 to 7.x */
#define PF_KTHREAD 0x00200000u
/* include/linux/sched.h: EXIT_DEAD | EXIT_ZOMBIE */
#define EXIT_GONE (0x10u | 0x20u)
/* so often a task is read that changes meanwhile */
#define LIVE_READS 4

/* ------------------------------------------------------------------ one task */

static struct mmu_error *read_comm(struct mmu_memory *memory, uint64_t task_va, const char *what,
				   char ret[17])
{
	uint64_t offset;
	struct mmu_error *error = mmu_fact_need(memory->kernel->facts, "OFFSET(task_struct.comm)",
						&offset);

	if (error)
		return error;
	memset(ret, 0, 17);
	return mmu_memory_read_part(memory, task_va, offset, ret, 16, what);
}

struct mmu_error *mmu_task_read(struct mmu_memory *memory, uint64_t task_va, const char *what,
				struct mmu_task *ret)
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
		error = mmu_memory_read_member_of(memory, task_va, members[i].member, what,
						  members[i].to);
		if (error)
			return error;
	}
	error = read_comm(memory, task_va, what, task.comm);
	if (error)
		return error;
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

struct mmu_error *mmu_task_read_init(struct mmu_memory *memory, struct mmu_task *ret)
{
	uint64_t va;
	struct mmu_error *error = mmu_fact_need(memory->kernel->facts, "SYMBOL(init_task)", &va);

	if (!error)
		error = mmu_task_read(memory, va, "init_task", ret);
	return error ? mmu_hint_truncated(memory->kernel, error) : NULL;
}

/* ------------------------------------------------------------------ its mm */

/* A plain count: struct mm_rss_stat, up to 6.1. */
static bool read_plain_rss(struct mmu_memory *memory, uint64_t count_va, int64_t *ret)
{
	unsigned int bytes = mmu_kernel_pointer_bytes(memory->kernel);
	uint64_t value;
	struct mmu_error *error = mmu_memory_read_uint(memory, count_va, bytes,
						       "mm_struct.rss_stat", &value);

	if (!error)
		*ret = bytes == 4 ? (int32_t)value : (int64_t)value;
	mmu_error_destroy(error);
	return !error;
}

/* What the CPUs have counted and not yet added; a kernel for one CPU adds at once. */
struct deltas {
	struct mmu_memory *memory;
	uint64_t counters;
	int64_t sum;
};

static struct mmu_error *add_delta(uint64_t cpu_offset, void *context)
{
	struct deltas *deltas = context;
	uint64_t delta;
	struct mmu_error *error = mmu_memory_read_uint(deltas->memory,
						       deltas->counters + cpu_offset, 4,
						       "percpu_counter.counters", &delta);

	if (!error)
		deltas->sum += (int32_t)delta;
	return error;
}

static bool add_percpu_deltas(struct mmu_memory *memory, uint64_t counters, int64_t *sum)
{
	struct deltas deltas = { memory, counters, 0 };
	struct mmu_error *error = mmu_memory_each_cpu(memory, add_delta, &deltas);

	*sum += deltas.sum;
	mmu_error_destroy(error);
	return !error;
}

/* mm->rss_stat[index]: an array of percpu_counter since 6.2 (f1a7941243c1). */
static bool read_rss(struct mmu_memory *memory, uint64_t mm_va, unsigned int index, int64_t *ret)
{
	struct mmu_fact_store *facts = memory->kernel->facts;
	uint64_t base, length, stride, count_offset, counters_offset, counters = 0;
	int64_t count;

	if (!mmu_fact_get(facts, "OFFSET(mm_struct.rss_stat)", &base))
		return false;
	if (mmu_fact_get(facts, "LENGTH(mm_struct.rss_stat.count)", &length))
		return index < length &&
		       read_plain_rss(memory,
				      mm_va + base +
					      index * mmu_kernel_pointer_bytes(memory->kernel),
				      ret);
	if (!mmu_fact_get(facts, "LENGTH(mm_struct.rss_stat)", &length) || index >= length ||
	    !mmu_fact_get(facts, "SIZE(percpu_counter)", &stride) ||
	    !mmu_fact_get(facts, "OFFSET(percpu_counter.count)", &count_offset) ||
	    !mmu_fact_get(facts, "OFFSET(percpu_counter.counters)", &counters_offset))
		return false;
	uint64_t counter_va = mm_va + base + index * stride;
	struct mmu_error *error = mmu_memory_read_uint(memory, counter_va + count_offset, 8,
						       "percpu_counter.count", (uint64_t *)&count);
	if (!error)
		error = mmu_memory_read_pointer(memory, counter_va + counters_offset,
						"percpu_counter.counters", &counters);
	mmu_error_destroy(error);
	if (error || !add_percpu_deltas(memory, counters, &count))
		return false;
	*ret = count;
	return true;
}

/* As VmPTE counts: pgtables_bytes since 4.15 (af5b0f6a09e4), before that nr_ptes and nr_pmds. */
static bool read_table_bytes(struct mmu_memory *memory, uint64_t mm_va, uint64_t *ret)
{
	static const char *const members[] = { "mm_struct.pgtables_bytes", "mm_struct.nr_ptes",
					       "mm_struct.nr_pmds" };
	uint64_t offset, value, sum = 0;
	bool found = false;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		char key[64];

		snprintf(key, sizeof(key), "OFFSET(%s)", members[i]);
		if (!mmu_fact_get(memory->kernel->facts, key, &offset))
			continue;
		struct mmu_error *error = mmu_memory_read_pointer(memory, mm_va + offset,
								  members[i], &value);
		mmu_error_destroy(error);
		if (error)
			return false;
		found = true;
		if (i == 0) {
			*ret = value;
			return true;
		}
		sum += value << memory->kernel->arch->page_lg2;
	}
	*ret = sum;
	return found;
}

struct mmu_error *mmu_task_read_mm(struct mmu_memory *memory, struct mmu_task *task)
{
	int64_t file = 0, anon = 0, shmem = 0;
	uint64_t pgd_va, pgd_pa;
	char what[40];

	if (!task->mm_va)
		return NULL;
	if (task->task_va)
		snprintf(what, sizeof(what), "mm_struct of pid %d", task->pid);
	else
		snprintf(what, sizeof(what), "mm_struct");
	struct mmu_error *error = mmu_memory_read_member_of(memory, task->mm_va, "mm_struct.pgd",
							    what, &pgd_va);
	if (error)
		return error;
	if (!mmu_memory_to_phys(memory, pgd_va, &pgd_pa))
		return mmu_error_new(MMU_ERROR_CORRUPT,
				     "%s at 0x%" PRIx64 ": its pgd at 0x%" PRIx64 " is not mapped",
				     what, task->mm_va, pgd_va);
	task->pgd_va = pgd_va;
	task->pgd_pa = pgd_pa;
	/* the order of include/linux/mm_types_task.h: file, anonymous, swap, shared memory */
	task->has_counters = read_table_bytes(memory, task->mm_va, &task->table_bytes) &&
			     read_rss(memory, task->mm_va, 0, &file) &&
			     read_rss(memory, task->mm_va, 1, &anon) &&
			     read_rss(memory, task->mm_va, 2, &task->swap_pages);
	read_rss(memory, task->mm_va, 3, &shmem); /* since 4.5 */
	/* a counter that another CPU is just lowering can be seen below 0 */
	task->rss_pages = (file > 0 ? file : 0) + (anon > 0 ? anon : 0) + (shmem > 0 ? shmem : 0);
	return NULL;
}

/* ------------------------------------------------------------------ of a running kernel */

/*
 * Behind the next pointer of a list_head or hlist_node stands where that points to it from. What
 * leaves a list has a poison there, and what was freed and used again leads elsewhere.
 */
static bool is_linked(struct mmu_memory *memory, uint64_t node_va)
{
	uint64_t from_va, to_va = 0;
	struct mmu_error *error = mmu_memory_read_pointer(
		memory, node_va + mmu_kernel_pointer_bytes(memory->kernel), "list", &from_va);

	if (!error)
		error = mmu_memory_read_pointer(memory, from_va, "list", &to_va);
	mmu_error_destroy(error);
	return !error && to_va == node_va;
}

/* Is a task still what it was? Only a borrowed mm may have changed: then it has none. */
static bool read_again(struct mmu_memory *memory, struct mmu_task *task)
{
	struct mmu_task now;
	struct mmu_error *error = mmu_task_read(memory, task->task_va, "task_struct", &now);

	mmu_error_destroy(error);
	if (error || now.pid != task->pid || now.tgid != task->tgid || now.owner != task->owner ||
	    now.kernel_thread != task->kernel_thread || now.zombie != task->zombie ||
	    memcmp(now.comm, task->comm, sizeof(now.comm)) != 0)
		return false;
	if (now.mm_va == task->mm_va)
		return true;
	if (task->owner != MMU_MM_BORROWED)
		return false;
	now.mm_va = 0; /* it was another's, and is another one at each switch of tasks */
	*task = now;
	return true;
}

enum mmu_task_live mmu_task_read_live(struct mmu_memory *memory, uint64_t task_va, uint64_t node_va,
				      struct mmu_task *ret, struct mmu_error **ret_error)
{
	bool linked = false;

	for (unsigned int i = 0; i < LIVE_READS; i++) {
		struct mmu_task task;
		struct mmu_error *mm_error = NULL;
		struct mmu_error *error = mmu_task_read(memory, task_va, "task_struct", &task);

		if (!error)
			mm_error = mmu_task_read_mm(memory, &task);
		/* An mm lives as long as its task has it: read again, it had it meanwhile. */
		linked = !node_va || is_linked(memory, node_va);
		if (!error && linked && read_again(memory, &task)) {
			if (!task.mm_va) {
				mmu_error_destroy(mm_error);
				mm_error = NULL;
			}
			*ret = task;
			*ret_error = mm_error;
			return MMU_TASK_HOLDS;
		}
		mmu_error_destroy(error);
		mmu_error_destroy(mm_error);
	}
	return linked ? MMU_TASK_TORN : MMU_TASK_GONE;
}

bool mmu_task_has_mm(struct mmu_memory *memory, const struct mmu_task *task)
{
	uint64_t pid, mm_va;
	struct mmu_error *error = mmu_memory_read_member(memory, task->task_va, "task_struct.pid",
							 &pid);
	if (!error)
		error = mmu_memory_read_member(memory, task->task_va, "task_struct.mm", &mm_va);
	mmu_error_destroy(error);
	return !error && (int32_t)pid == task->pid && mm_va == task->mm_va;
}
