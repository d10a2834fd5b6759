/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The kernel's table of pids: init_pid_ns.idr, an xarray of struct pid. */
#include <inttypes.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "objects/pids.h"

/* PID_MAX_LIMIT of 64-bit kernels */
#define PIDS ((uint64_t)4 << 20)
/* include/linux/xarray.h: up to here an entry is no node */
#define XA_ENTRY_MAX 4096u
/* and XA_CHUNK_SIZE: 16 where the kernel is configured to be tiny */
#define XA_SLOTS 64u

struct table {
	struct mmu_memory *memory;
	mmu_pid_fn fn;
	mmu_piece_fn piece; /* NULL: nobody asks for the pieces */
	void *context;
	bool stopped;
	uint64_t shift_offset, slots_offset, nr_slots; /* of struct xa_node */
	uint64_t tasks_offset;                         /* of struct pid */
	uint64_t links_offset;                         /* of struct task_struct */
};

static void tell_piece(struct table *table, uint64_t va, uint64_t bytes)
{
	if (table->piece)
		table->piece(table->context, va, bytes);
}

static void tell(struct table *table, const struct mmu_pid *pid)
{
	if (!table->stopped)
		table->stopped = !table->fn(pid, table->context);
}

static void tell_missing(struct table *table, uint64_t first, uint64_t last,
			 struct mmu_error *error)
{
	const struct mmu_pid pid = { .first = (int32_t)first,
				     .last = (int32_t)last,
				     .missing = error };

	if (error)
		tell(table, &pid);
	mmu_error_destroy(error);
}

/* include/linux/pid.h: tasks[PIDTYPE_PID] is the task, tasks[PIDTYPE_TGID] a leader's too. */
static void visit_pid(struct table *table, uint64_t number, uint64_t pid_va)
{
	struct mmu_pid pid = { .first = (int32_t)number,
			       .last = (int32_t)number,
			       .pid_va = pid_va };
	uint64_t link_va, group_va;
	unsigned int bytes = mmu_kernel_pointer_bytes(table->memory->kernel);
	char what[32];

	tell_piece(table, pid_va + table->tasks_offset, 2 * bytes);
	snprintf(what, sizeof(what), "struct pid of pid %d", pid.first);
	struct mmu_error *error = mmu_memory_read_part_uint(
		table->memory, pid_va, table->tasks_offset, bytes, what, &link_va);
	if (!error)
		error = mmu_memory_read_part_uint(
			table->memory, pid_va, table->tasks_offset + bytes, bytes, what, &group_va);
	if (error) {
		tell_missing(table, number, number, error);
		return;
	}
	pid.node_va = link_va;
	pid.task_va = link_va - table->links_offset;
	pid.leader = group_va;
	if (link_va) /* else only a process group or a memory still has this number */
		tell(table, &pid);
}

static void visit_entry(struct table *table, uint64_t entry, uint64_t first, uint64_t end,
			unsigned int room_lg2);

/* Pids that can't be read are told together, as far as they stand in a row. */
static void visit_slots(struct table *table, uint64_t node_va, uint64_t first, uint64_t end,
			unsigned int shift)
{
	unsigned int bytes = mmu_kernel_pointer_bytes(table->memory->kernel);
	struct mmu_error *missing = NULL;
	uint64_t missing_first = 0, at = first, step = (uint64_t)1 << shift, entry;

	tell_piece(table, node_va + table->slots_offset, table->nr_slots * bytes);
	for (uint64_t i = 0; i < table->nr_slots && at < end && !table->stopped; i++, at += step) {
		struct mmu_error *error = mmu_memory_read_part_uint(
			table->memory, node_va, table->slots_offset + i * bytes, bytes,
			"xa_node of pids", &entry);
		if (error && !missing) {
			missing = error;
			missing_first = at;
		} else if (error) {
			mmu_error_destroy(error);
		} else {
			tell_missing(table, missing_first, at - 1, mmu_steal(missing));
			visit_entry(table, entry, at, at + step < end ? at + step : end, shift);
		}
	}
	tell_missing(table, missing_first, (at < end ? at : end) - 1, missing);
}

/* An entry that answers for the 2^room_lg2 pids from `first` on, as far as they are below `end`. */
static void visit_entry(struct table *table, uint64_t entry, uint64_t first, uint64_t end,
			unsigned int room_lg2)
{
	uint64_t shift;

	if (!entry)
		return;
	/* lib/xarray.c: bits 1:0 of a node are 10; anything else is the item of the first index */
	if ((entry & 3) != 2 || entry <= XA_ENTRY_MAX) {
		if (!(entry & 3))
			visit_pid(table, first, entry);
		return;
	}
	tell_piece(table, entry - 2 + table->shift_offset, 1);
	struct mmu_error *error = mmu_memory_read_part_uint(
		table->memory, entry - 2, table->shift_offset, 1, "xa_node of pids", &shift);
	if (!error && shift >= room_lg2)
		error = mmu_error_new(MMU_ERROR_CORRUPT,
				      "xa_node of pids at 0x%" PRIx64 ": its shift %" PRIu64
				      " is not below its parent's",
				      entry - 2, shift);
	if (error)
		tell_missing(table, first, end - 1, error);
	else
		visit_slots(table, entry - 2, first, end, (unsigned int)shift);
}

/*
 * gcc describes the nodes in few units, and not in that of task_struct. Their shape is the same in
 * 4.20 to 7.x (include/linux/xarray.h): four bytes, of which the first is the shift, two pointers,
 * a list_head, the slots. What is found through them is checked against the task's own pid.
 */
static void learn_node(struct table *table)
{
	struct mmu_fact_store *facts = table->memory->kernel->facts;

	if (mmu_fact_get(facts, "OFFSET(xa_node.shift)", &table->shift_offset) &&
	    mmu_fact_get(facts, "OFFSET(xa_node.slots)", &table->slots_offset) &&
	    mmu_fact_get(facts, "LENGTH(xa_node.slots)", &table->nr_slots) &&
	    table->nr_slots <= XA_SLOTS)
		return;
	table->shift_offset = 0;
	table->slots_offset = 5 * mmu_kernel_pointer_bytes(table->memory->kernel);
	table->nr_slots = XA_SLOTS;
}

static struct mmu_error *read_head(struct table *table, uint64_t va, uint64_t *ret)
{
	tell_piece(table, va, mmu_kernel_pointer_bytes(table->memory->kernel));
	return mmu_memory_read_pointer(table->memory, va, "init_pid_ns.idr", ret);
}

/*
 * init_pid_ns.idr.idr_rt.xa_head. struct pid_namespace, too, is not described where task_struct is
 * in 6.1: there idr is the first member, or the second behind a kref before 5.11; what is no node
 * of an xarray tells one from the other.
 */
static struct mmu_error *read_root(struct table *table, uint64_t *ret)
{
	const struct mmu_kernel *kernel = table->memory->kernel;
	uint64_t namespace_va, offset, entry = 0;
	struct mmu_error *error = mmu_fact_need(kernel->facts, "SYMBOL(init_pid_ns)",
						&namespace_va);

	if (error)
		return error;
	if (mmu_fact_get(kernel->facts, "OFFSET(pid_namespace.idr.idr_rt.xa_head)", &offset))
		return read_head(table, namespace_va + offset, ret);
	error = mmu_fact_need(kernel->facts, "OFFSET(xarray.xa_head)", &offset);
	for (unsigned int first = 0; !error && first < 2; first++) {
		uint64_t idr = first * mmu_kernel_pointer_bytes(kernel);

		error = read_head(table, namespace_va + idr + offset, &entry);
		if (!error && (entry & 3) == 2 && entry > XA_ENTRY_MAX) {
			*ret = entry;
			return NULL;
		}
	}
	return error ? error
		     : mmu_error_new(MMU_ERROR_UNSUPPORTED,
				     "init_pid_ns at 0x%" PRIx64 " begins with no xarray",
				     namespace_va);
}

struct mmu_error *mmu_pids_visit(struct mmu_memory *memory, mmu_pid_fn fn, mmu_piece_fn piece,
				 void *context)
{
	struct table table = { .memory = memory, .fn = fn, .piece = piece, .context = context };
	uint64_t entry;

	struct mmu_error *error = mmu_fact_need(memory->kernel->facts, "OFFSET(pid.tasks)",
						&table.tasks_offset);
	if (!error)
		error = mmu_fact_need(memory->kernel->facts, "OFFSET(task_struct.pid_links)",
				      &table.links_offset);
	if (!error)
		error = read_root(&table, &entry);
	if (error)
		return error;
	learn_node(&table);
	visit_entry(&table, entry, 0, PIDS, 32);
	return NULL;
}
