/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file One task, and what it runs on. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kernel/hint.h"
#include "kernel/object.h"
#include "objects/task.h"

/* include/linux/sched.h; the same value in 4.4 to 7.x */
#define PF_KTHREAD 0x00200000u
/* include/linux/sched.h: EXIT_DEAD | EXIT_ZOMBIE */
#define EXIT_ZOMBIE 0x20u
#define EXIT_GONE (0x10u | EXIT_ZOMBIE)
/*
 * include/linux/sched.h, of 4.14 to 7.x. Earlier kernels have other values from TASK_PARKED on;
 * those of them that mean something else here are of tasks that are gone, or just being woken.
 */
#define TASK_REPORT (0x1u | 0x2u | 0x4u | 0x8u)
#define TASK_PARKED 0x40u
#define TASK_IDLE (0x2u | 0x400u)
#define TASK_HELD (0x1000u | 0x8000u) /* TASK_RTLOCK_WAIT, TASK_FROZEN */
/* the most that any architecture's NR_CPUS allows */
#define CPUS_MAX 8192u
/* how many times a task is read that changes meanwhile */
#define LIVE_READS 4

/* ------------------------------------------------------------------ one task */

struct task_fields {
	struct mmu_field pid, tgid, flags, exit_state, mm, active_mm, comm;
};

static const struct mmu_field_def task_defs[] = {
	MMU_FIELD(struct task_fields, pid, "task_struct.pid", MMU_NEED),
	MMU_FIELD(struct task_fields, tgid, "task_struct.tgid", MMU_NEED),
	MMU_FIELD(struct task_fields, flags, "task_struct.flags", MMU_NEED),
	MMU_FIELD(struct task_fields, exit_state, "task_struct.exit_state", MMU_NEED),
	MMU_FIELD(struct task_fields, mm, "task_struct.mm", MMU_NEED),
	MMU_FIELD(struct task_fields, active_mm, "task_struct.active_mm", MMU_NEED),
	MMU_FIELD_BYTES(struct task_fields, comm, "task_struct.comm", 16, MMU_NEED),
};
static const struct mmu_layout task_layout = MMU_LAYOUT(TASK, "task_struct", struct task_fields,
							task_defs);

struct mmu_error *mmu_task_read(struct mmu_memory *memory, uint64_t task_va, const char *what,
				struct mmu_task *ret)
{
	struct mmu_task task = { .task_va = task_va, .ppid = -1, .cpu = -1 };
	struct mmu_copy copy;
	struct mmu_error *error = mmu_object_read(memory, &task_layout, task_va, what, &copy);

	if (error)
		return error;
	const struct task_fields *fields = copy.fields;
	uint64_t mm_va = mmu_copy_get(&copy, &fields->mm);

	memcpy(task.comm, mmu_object_bytes(&copy.object, &fields->comm).data, 16);
	task.pid = (int32_t)mmu_copy_get(&copy, &fields->pid);
	task.tgid = (int32_t)mmu_copy_get(&copy, &fields->tgid);
	task.leader = task.pid == task.tgid;
	task.kernel_thread = mmu_copy_get(&copy, &fields->flags) & PF_KTHREAD;
	task.zombie = mmu_copy_get(&copy, &fields->exit_state) & EXIT_GONE;
	if (task.zombie)
		task.state = mmu_copy_get(&copy, &fields->exit_state) & EXIT_ZOMBIE ? 'Z' : 'X';
	/* a kernel thread that serves a process (kthread_use_mm) has an mm that is not its own */
	task.owner = task.kernel_thread || task.pid == 0 ? MMU_MM_BORROWED
		     : mm_va                             ? MMU_MM_OWN
							 : MMU_MM_NONE;
	task.mm_va = mm_va;
	if (!mm_va && task.owner == MMU_MM_BORROWED)
		task.mm_va = mmu_copy_get(&copy, &fields->active_mm);
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

/* ------------------------------------------------------------------ what else /proc shows */

/* No walk needs it, so a task is one without it: where it lies may be missing. */
struct status_fields {
	struct mmu_field state, real_parent, cpu, stack;
	struct mmu_number stack_cpu; /* in the thread_info at the end of the stack, */
	struct mmu_number in_task;   /* unless that is a part of task_struct */
	struct mmu_number tgid;
};

static const struct mmu_field_def status_defs[] = {
	/* 5.14 (2f064a59a11f) */
	MMU_FIELD(struct status_fields, state, "task_struct.__state|task_struct.state",
		  MMU_OPTIONAL),
	MMU_FIELD_POINTER(struct status_fields, real_parent, "task_struct.real_parent",
			  MMU_OPTIONAL),
	/* 5.16 (bcf9033e5449) moved it; without THREAD_INFO_IN_TASK it lies on the stack */
	MMU_FIELD_BYTES(struct status_fields, cpu, "task_struct.cpu|task_struct.thread_info.cpu", 4,
			MMU_OPTIONAL),
	MMU_FIELD_POINTER(struct status_fields, stack, "task_struct.stack", MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct status_fields, stack_cpu, "OFFSET(thread_info.cpu)", MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct status_fields, in_task, "OFFSET(task_struct.thread_info)",
			 MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct status_fields, tgid, "OFFSET(task_struct.tgid)", MMU_OPTIONAL),
};
static const struct mmu_layout status_layout = MMU_LAYOUT(TASK_STATUS, "task_struct",
							  struct status_fields, status_defs);

/* fs/proc/array.c: task_state_array, and __task_state_index() in include/linux/sched.h */
static char state_letter(uint64_t state)
{
	static const char letters[] = "RSDTt";

	if (state & TASK_HELD)
		return 'D';
	if ((state & TASK_IDLE) == TASK_IDLE)
		return 'I';
	if (state & TASK_PARKED)
		return 'P';
	state &= TASK_REPORT;
	return letters[state ? 32 - __builtin_clz((unsigned int)state) : 0];
}

/* @return false: it can't be read */
static bool read_number(struct mmu_memory *memory, uint64_t va, uint64_t *ret)
{
	uint8_t raw[4];

	if (mmu_memory_copy(memory, va, raw, sizeof(raw)) < sizeof(raw))
		return false;
	*ret = mmu_get_uint(raw, sizeof(raw), memory->kernel->big_endian);
	return true;
}

/* Where the thread_info with the CPU's number lies, or 0: in task_struct, or nowhere. */
static uint64_t stack_cpu_va(const struct mmu_copy *copy)
{
	const struct status_fields *fields = copy->fields;
	uint64_t stack_va;

	if (fields->cpu.known || fields->in_task.known || !fields->stack.known ||
	    !fields->stack_cpu.known)
		return 0;
	stack_va = mmu_copy_get(copy, &fields->stack);
	return stack_va ? stack_va + fields->stack_cpu.value : 0;
}

static void read_status(struct mmu_memory *memory, struct mmu_task *task)
{
	struct mmu_copy copy;
	uint64_t stack_va, value = CPUS_MAX;
	struct mmu_error *error = mmu_object_read(memory, &status_layout, task->task_va, NULL,
						  &copy);

	mmu_error_destroy(error);
	if (error)
		return;
	const struct status_fields *fields = copy.fields;

	if (fields->state.known && !task->state)
		task->state = state_letter(mmu_copy_get(&copy, &fields->state));
	stack_va = stack_cpu_va(&copy);
	if (fields->cpu.known)
		value = mmu_copy_get(&copy, &fields->cpu);
	else if (stack_va && !read_number(memory, stack_va, &value))
		value = CPUS_MAX;
	task->cpu = value < CPUS_MAX ? (int32_t)value : -1;
	if (!fields->real_parent.known || !fields->tgid.known)
		return;
	task->parent_va = mmu_copy_get(&copy, &fields->real_parent);
	if (task->parent_va && read_number(memory, task->parent_va + fields->tgid.value, &value))
		task->ppid = (int32_t)value;
}

/* ------------------------------------------------------------------ its mm */

struct counter_fields {
	struct mmu_field pgtables_bytes, nr_ptes, nr_pmds, rss_stat;
	struct mmu_number plain_counts; /* how many there are, of kernels that have plain ones */
};

/*
 * As VmPTE counts: pgtables_bytes since 4.15 (af5b0f6a09e4), before that nr_ptes and nr_pmds. Plain
 * counts of pages are those of struct mm_rss_stat, up to 6.1.
 */
static const struct mmu_field_def counter_defs[] = {
	MMU_FIELD_POINTER(struct counter_fields, pgtables_bytes, "mm_struct.pgtables_bytes",
			  MMU_OPTIONAL),
	MMU_FIELD_POINTER(struct counter_fields, nr_ptes, "mm_struct.nr_ptes", MMU_OPTIONAL),
	MMU_FIELD_POINTER(struct counter_fields, nr_pmds, "mm_struct.nr_pmds", MMU_OPTIONAL),
	MMU_FIELD_BYTES(struct counter_fields, rss_stat, "mm_struct.rss_stat", 0, MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct counter_fields, plain_counts, "LENGTH(mm_struct.rss_stat.count)",
			 MMU_OPTIONAL),
};
static const struct mmu_layout counter_layout = MMU_LAYOUT(COUNTERS, "mm_struct",
							   struct counter_fields, counter_defs);

/* mm->rss_stat[index]: an array of percpu_counter since 6.2 (f1a7941243c1). */
struct percpu_fields {
	struct mmu_number counts, bytes;
	struct mmu_field count, counters;
};

static const struct mmu_field_def percpu_defs[] = {
	MMU_FIELD_NUMBER(struct percpu_fields, counts, "LENGTH(mm_struct.rss_stat)", MMU_NEED),
	MMU_FIELD_NUMBER(struct percpu_fields, bytes, "SIZE(percpu_counter)", MMU_NEED),
	MMU_FIELD_BYTES(struct percpu_fields, count, "percpu_counter.count", 8, MMU_NEED),
	MMU_FIELD_POINTER(struct percpu_fields, counters, "percpu_counter.counters", MMU_NEED),
};
static const struct mmu_layout percpu_layout = MMU_LAYOUT(PERCPU_COUNTERS, "percpu_counter",
							  struct percpu_fields, percpu_defs);

/* The order of include/linux/mm_types_task.h. */
enum { RSS_FILE, RSS_ANON, RSS_SWAP, RSS_SHMEM, RSS_COUNT };

/* Of counters that are damaged the sum need not be a number of pages, but it must be one. */
static int64_t add_pages(int64_t sum, int64_t more)
{
	int64_t ret;

	if (__builtin_add_overflow(sum, more, &ret))
		return more < 0 ? INT64_MIN : INT64_MAX;
	return ret;
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
		deltas->sum = add_pages(deltas->sum, (int32_t)delta);
	return error;
}

/* @return false: it can't be read */
static bool read_percpu(struct mmu_memory *memory, uint64_t counter_va, int64_t *ret)
{
	struct mmu_copy copy;
	struct mmu_error *error = mmu_object_read(memory, &percpu_layout, counter_va, NULL, &copy);

	if (!error) {
		const struct percpu_fields *fields = copy.fields;
		struct deltas deltas = { .memory = memory };

		deltas.counters = mmu_copy_get(&copy, &fields->counters);
		deltas.sum = (int64_t)mmu_copy_get(&copy, &fields->count);
		error = mmu_memory_each_cpu(memory, add_delta, &deltas);
		if (!error)
			*ret = deltas.sum;
	}
	mmu_error_destroy(error);
	return !error;
}

static bool read_plain(struct mmu_memory *memory, uint64_t count_va, int64_t *ret)
{
	unsigned int bytes = mmu_kernel_pointer_bytes(memory->kernel);
	uint8_t raw[8];

	if (mmu_memory_copy(memory, count_va, raw, bytes) < bytes)
		return false;
	uint64_t value = mmu_get_uint(raw, bytes, memory->kernel->big_endian);
	*ret = bytes == 4 ? (int32_t)value : (int64_t)value;
	return true;
}

/* @return how many of them could be read, from the first on */
static unsigned int read_rss(struct mmu_memory *memory, uint64_t mm_va,
			     const struct counter_fields *fields, int64_t ret[RSS_COUNT])
{
	uint64_t at_va = mm_va + fields->rss_stat.offset;
	unsigned int bytes = mmu_kernel_pointer_bytes(memory->kernel), n = 0;
	const struct percpu_fields *percpu;
	const void *found;

	if (!fields->rss_stat.known)
		return 0;
	if (fields->plain_counts.known) {
		while (n < RSS_COUNT && n < fields->plain_counts.value &&
		       read_plain(memory, at_va + n * bytes, &ret[n]))
			n++;
		return n;
	}
	struct mmu_error *error = mmu_layout_need(memory->kernel, &percpu_layout, &found, NULL);
	mmu_error_destroy(error);
	if (error)
		return 0;
	percpu = found;
	while (n < RSS_COUNT && n < percpu->counts.value &&
	       read_percpu(memory, at_va + n * percpu->bytes.value, &ret[n]))
		n++;
	return n;
}

static void read_counters(struct mmu_memory *memory, struct mmu_task *task)
{
	int64_t rss[RSS_COUNT] = { 0 };
	struct mmu_copy copy;
	struct mmu_error *error = mmu_object_read(memory, &counter_layout, task->mm_va, NULL,
						  &copy);

	mmu_error_destroy(error);
	if (error)
		return;
	const struct counter_fields *fields = copy.fields;
	unsigned int page_lg2 = mmu_kernel_page_lg2(memory->kernel), nr;

	if (fields->pgtables_bytes.known) {
		task->table_bytes = mmu_copy_get(&copy, &fields->pgtables_bytes);
	} else {
		if (fields->nr_ptes.known)
			task->table_bytes = mmu_copy_get(&copy, &fields->nr_ptes) << page_lg2;
		if (fields->nr_pmds.known)
			task->table_bytes += mmu_copy_get(&copy, &fields->nr_pmds) << page_lg2;
	}
	nr = read_rss(memory, task->mm_va, fields, rss);
	task->has_counters = nr > RSS_SWAP && (fields->pgtables_bytes.known ||
					       fields->nr_ptes.known || fields->nr_pmds.known);
	task->swap_pages = rss[RSS_SWAP];
	/* a counter that another CPU is just lowering can be seen below 0; shmem came with 4.5 */
	for (unsigned int n = 0; n < RSS_COUNT; n++)
		if (n != RSS_SWAP && rss[n] > 0)
			task->rss_pages = add_pages(task->rss_pages, rss[n]);
}

struct mm_fields {
	struct mmu_field pgd;
};

static const struct mmu_field_def mm_defs[] = {
	MMU_FIELD(struct mm_fields, pgd, "mm_struct.pgd", MMU_NEED),
};
static const struct mmu_layout mm_layout = MMU_LAYOUT(MM, "mm_struct", struct mm_fields, mm_defs);

/* For messages: of the thousands of tasks that can be read nobody needs it. */
static const char *mm_name(const struct mmu_task *task, char ret[40])
{
	if (task->task_va)
		snprintf(ret, 40, "mm_struct of pid %d", task->pid);
	else
		snprintf(ret, 40, "mm_struct");
	return ret;
}

struct mmu_error *mmu_task_read_mm(struct mmu_memory *memory, struct mmu_task *task)
{
	uint64_t pgd_va, pgd_pa;
	struct mmu_copy copy;
	char name[40];

	if (task->task_va)
		read_status(memory, task);
	if (!task->mm_va)
		return NULL;
	struct mmu_error *error = mmu_object_read(memory, &mm_layout, task->mm_va, "mm_struct",
						  &copy);
	if (error) {
		mmu_error_destroy(error);
		error = mmu_object_read(memory, &mm_layout, task->mm_va, mm_name(task, name),
					&copy);
	}
	if (error)
		return error;
	pgd_va = mmu_copy_get(&copy, &((const struct mm_fields *)copy.fields)->pgd);
	if (!mmu_memory_to_phys(memory, pgd_va, &pgd_pa))
		return mmu_error_new(MMU_ERROR_CORRUPT,
				     "%s at 0x%" PRIx64 ": its pgd at 0x%" PRIx64 " is not mapped",
				     mm_name(task, name), task->mm_va, pgd_va);
	task->pgd_va = pgd_va;
	task->pgd_pa = pgd_pa;
	read_counters(memory, task);
	return NULL;
}

/* ------------------------------------------------------------------ what it is made of */

struct pieces {
	mmu_piece_fn fn;
	void *context;
	uint64_t counters;
};

static struct mmu_error *tell_delta(uint64_t cpu_offset, void *context)
{
	const struct pieces *pieces = context;

	pieces->fn(pieces->context, pieces->counters + cpu_offset, 4);
	return NULL;
}

static void tell_counters(struct mmu_memory *memory, uint64_t mm_va, struct pieces *pieces)
{
	const void *found, *percpu_found;
	struct mmu_copy copy;
	unsigned int bytes = mmu_kernel_pointer_bytes(memory->kernel);
	struct mmu_error *error = mmu_layout_need(memory->kernel, &counter_layout, &found, NULL);
	const struct counter_fields *fields = error ? NULL : found;
	uint64_t at_va = error ? 0 : mm_va + fields->rss_stat.offset;

	if (!error && fields->plain_counts.known) {
		pieces->fn(pieces->context, at_va, RSS_COUNT * bytes);
		return;
	}
	if (!error)
		error = mmu_layout_need(memory->kernel, &percpu_layout, &percpu_found, NULL);
	if (error) {
		mmu_error_destroy(error);
		return;
	}
	const struct percpu_fields *percpu = percpu_found;

	for (unsigned int n = 0; n < RSS_COUNT && n < percpu->counts.value; n++) {
		uint64_t counter_va = at_va + n * percpu->bytes.value;

		mmu_object_pieces(memory->kernel, &percpu_layout, counter_va, pieces->fn,
				  pieces->context);
		error = mmu_object_read(memory, &percpu_layout, counter_va, NULL, &copy);
		if (!error) {
			pieces->counters = mmu_copy_get(&copy, &percpu->counters);
			error = mmu_memory_each_cpu(memory, tell_delta, pieces);
		}
		mmu_error_destroy(error);
	}
}

static void tell_status(struct mmu_memory *memory, const struct mmu_task *task,
			struct pieces *pieces)
{
	struct mmu_copy copy;
	struct mmu_error *error = mmu_object_read(memory, &status_layout, task->task_va, NULL,
						  &copy);

	if (!error) {
		const struct status_fields *fields = copy.fields;
		uint64_t stack_va = stack_cpu_va(&copy);

		if (task->parent_va && fields->tgid.known)
			pieces->fn(pieces->context, task->parent_va + fields->tgid.value, 4);
		if (stack_va)
			pieces->fn(pieces->context, stack_va, 4);
	}
	mmu_error_destroy(error);
	mmu_object_pieces(memory->kernel, &status_layout, task->task_va, pieces->fn,
			  pieces->context);
}

void mmu_task_pieces(struct mmu_memory *memory, const struct mmu_task *task, mmu_piece_fn fn,
		     void *context)
{
	struct pieces pieces = { .fn = fn, .context = context };

	mmu_object_pieces(memory->kernel, &task_layout, task->task_va, fn, context);
	tell_status(memory, task, &pieces);
	if (!task->mm_va)
		return;
	mmu_object_pieces(memory->kernel, &mm_layout, task->mm_va, fn, context);
	mmu_object_pieces(memory->kernel, &counter_layout, task->mm_va, fn, context);
	tell_counters(memory, task->mm_va, &pieces);
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
	now.state = task->state;
	now.cpu = task->cpu;
	now.parent_va = task->parent_va;
	now.ppid = task->ppid;
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
	struct mmu_copy copy;
	struct mmu_error *error = mmu_object_read(memory, &task_layout, task->task_va, NULL, &copy);

	mmu_error_destroy(error);
	if (error)
		return false;
	const struct task_fields *fields = copy.fields;
	return (int32_t)mmu_copy_get(&copy, &fields->pid) == task->pid &&
	       mmu_copy_get(&copy, &fields->mm) == task->mm_va;
}
