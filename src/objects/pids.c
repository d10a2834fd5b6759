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

/* ------------------------------------------------------------------ where it lies */

struct pids_fields {
	struct mmu_number namespace_va, tasks_offset, links_offset;
};

static const struct mmu_field_def pids_defs[] = {
	MMU_FIELD_NUMBER(struct pids_fields, tasks_offset, "OFFSET(pid.tasks)", MMU_NEED),
	MMU_FIELD_NUMBER(struct pids_fields, links_offset, "OFFSET(task_struct.pid_links)",
			 MMU_NEED),
	MMU_FIELD_NUMBER(struct pids_fields, namespace_va, "SYMBOL(init_pid_ns)", MMU_NEED),
};
static const struct mmu_layout pids_layout = MMU_LAYOUT(PIDS, "pid", struct pids_fields, pids_defs);

/*
 * gcc describes the nodes in few units, and not in that of task_struct; nor struct pid_namespace in
 * 6.1. To look for them in the others takes longer than all else that one answer needs.
 */
struct shape_fields {
	struct mmu_number head, shift, slots, nr_slots;
};

static const struct mmu_field_def shape_defs[] = {
	MMU_FIELD_NUMBER(struct shape_fields, head, "OFFSET(pid_namespace.idr.idr_rt.xa_head)",
			 MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct shape_fields, shift, "OFFSET(xa_node.shift)", MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct shape_fields, slots, "OFFSET(xa_node.slots)", MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct shape_fields, nr_slots, "LENGTH(xa_node.slots)", MMU_OPTIONAL),
};
static const struct mmu_layout shape_layout = MMU_LAYOUT(PIDS_SHAPE, "xa_node", struct shape_fields,
							 shape_defs);

struct shape_guess {
	struct mmu_number head;
};

static const struct mmu_field_def guess_defs[] = {
	MMU_FIELD_NUMBER(struct shape_guess, head, "OFFSET(xarray.xa_head)", MMU_NEED),
};
static const struct mmu_layout guess_layout = MMU_LAYOUT(PIDS_GUESS, "xarray", struct shape_guess,
							 guess_defs);

struct table {
	struct mmu_memory *memory;
	mmu_pid_fn fn;
	mmu_piece_fn piece; /* NULL: nobody asks for the pieces */
	void *context;
	bool stopped;
	unsigned int pointer_bytes;
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
static struct mmu_error *read_pid(struct table *table, uint64_t number, uint64_t pid_va,
				  struct mmu_pid *ret)
{
	struct mmu_pid pid = { .first = (int32_t)number,
			       .last = (int32_t)number,
			       .pid_va = pid_va };
	uint64_t link_va, group_va;
	unsigned int bytes = table->pointer_bytes;
	char what[32];

	tell_piece(table, pid_va + table->tasks_offset, 2 * bytes);
	snprintf(what, sizeof(what), "struct pid of pid %d", pid.first);
	struct mmu_error *error = mmu_memory_read_part_uint(
		table->memory, pid_va, table->tasks_offset, bytes, what, &link_va);
	if (!error)
		error = mmu_memory_read_part_uint(
			table->memory, pid_va, table->tasks_offset + bytes, bytes, what, &group_va);
	if (error)
		return error;
	pid.node_va = link_va;
	/* without it only a process group or a memory still has this number */
	pid.task_va = link_va ? link_va - table->links_offset : 0;
	pid.leader = group_va;
	*ret = pid;
	return NULL;
}

static void visit_pid(struct table *table, uint64_t number, uint64_t pid_va)
{
	struct mmu_pid pid;
	struct mmu_error *error = read_pid(table, number, pid_va, &pid);

	if (error)
		tell_missing(table, number, number, error);
	else if (pid.task_va)
		tell(table, &pid);
}

static bool is_node(uint64_t entry)
{
	/* lib/xarray.c: bits 1:0 of a node are 10 */
	return (entry & 3) == 2 && entry > XA_ENTRY_MAX;
}

static struct mmu_error *read_shift(struct table *table, uint64_t node_va, unsigned int room_lg2,
				    uint64_t *ret)
{
	tell_piece(table, node_va + table->shift_offset, 1);
	struct mmu_error *error = mmu_memory_read_part_uint(
		table->memory, node_va, table->shift_offset, 1, "xa_node of pids", ret);
	if (!error && *ret >= room_lg2)
		error = mmu_error_new(MMU_ERROR_CORRUPT,
				      "xa_node of pids at 0x%" PRIx64 ": its shift %" PRIu64
				      " is not below its parent's",
				      node_va, *ret);
	return error;
}

static struct mmu_error *read_slot(struct table *table, uint64_t node_va, uint64_t slot,
				   uint64_t *ret)
{
	return mmu_memory_read_part_uint(table->memory, node_va,
					 table->slots_offset + slot * table->pointer_bytes,
					 table->pointer_bytes, "xa_node of pids", ret);
}

/*
 * A node whose slot is empty must have others that are not: its count stands two bytes behind its
 * shift (include/linux/xarray.h, since 4.20). Zeros in the place of memory that was not dumped have
 * none, and say nothing of any pid.
 */
static struct mmu_error *check_count(struct table *table, uint64_t node_va)
{
	uint64_t count;
	struct mmu_error *error = mmu_memory_read_part_uint(
		table->memory, node_va, table->shift_offset + 2, 1, "xa_node of pids", &count);

	if (!error && !count)
		error = mmu_error_new(MMU_ERROR_CORRUPT,
				      "xa_node of pids at 0x%" PRIx64 " is not in use", node_va);
	return error;
}

static void visit_entry(struct table *table, uint64_t entry, uint64_t first, uint64_t end,
			unsigned int room_lg2);

/* Pids that can't be read are told together, as far as they stand in a row. */
static void visit_slots(struct table *table, uint64_t node_va, uint64_t first, uint64_t end,
			unsigned int shift)
{
	struct mmu_error *missing = NULL;
	uint64_t missing_first = 0, at = first, step = (uint64_t)1 << shift, entry;

	tell_piece(table, node_va + table->slots_offset, table->nr_slots * table->pointer_bytes);
	for (uint64_t i = 0; i < table->nr_slots && at < end && !table->stopped; i++, at += step) {
		struct mmu_error *error = read_slot(table, node_va, i, &entry);

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
	if (!is_node(entry)) { /* the item of the first index, or a mark */
		if (!(entry & 3))
			visit_pid(table, first, entry);
		return;
	}
	struct mmu_error *error = read_shift(table, entry - 2, room_lg2, &shift);
	if (error)
		tell_missing(table, first, end - 1, error);
	else
		visit_slots(table, entry - 2, first, end, (unsigned int)shift);
}

/* ------------------------------------------------------------------ its root */

/*
 * The shape of a node is the same in 4.20 to 7.x (include/linux/xarray.h): four bytes, of which the
 * first is the shift, two pointers, a list_head, the slots. What is found through them is checked
 * against the task's own pid.
 */
static void take_node(struct table *table, const struct shape_fields *shape)
{
	bool known = shape && shape->shift.known && shape->slots.known && shape->nr_slots.known &&
		     shape->nr_slots.value <= XA_SLOTS;

	table->shift_offset = known ? shape->shift.value : 0;
	table->slots_offset = known ? shape->slots.value : 5 * table->pointer_bytes;
	table->nr_slots = known ? shape->nr_slots.value : XA_SLOTS;
}

static struct mmu_error *read_head(struct table *table, uint64_t va, uint64_t *ret)
{
	tell_piece(table, va, table->pointer_bytes);
	return mmu_memory_read_pointer(table->memory, va, "init_pid_ns.idr", ret);
}

/*
 * init_pid_ns.idr.idr_rt.xa_head. Where struct pid_namespace is not described, idr is its first
 * member, or the second behind a kref before 5.11; what is no node of an xarray tells one from the
 * other.
 */
static struct mmu_error *guess_root(struct table *table, uint64_t namespace_va, uint64_t *ret)
{
	uint64_t entry = 0;
	const void *found;
	struct mmu_error *error = mmu_layout_need(table->memory->kernel, &guess_layout, &found,
						  NULL);

	for (unsigned int first = 0; !error && first < 2; first++) {
		const struct shape_guess *guess = found;

		error = read_head(table,
				  namespace_va + first * table->pointer_bytes + guess->head.value,
				  &entry);
		if (!error && is_node(entry)) {
			*ret = entry;
			return NULL;
		}
	}
	return error ? error
		     : mmu_error_new(MMU_ERROR_UNSUPPORTED,
				     "init_pid_ns at 0x%" PRIx64 " begins with no xarray",
				     namespace_va);
}

static struct mmu_error *find_table(struct table *table, bool quick, uint64_t *ret_root)
{
	const struct mmu_kernel *kernel = table->memory->kernel;
	const struct shape_fields *shape = NULL;
	const void *found;
	struct mmu_error *error = mmu_layout_need(kernel, &pids_layout, &found, NULL);

	if (error)
		return error;
	const struct pids_fields *fields = found;

	table->pointer_bytes = mmu_kernel_pointer_bytes(kernel);
	table->tasks_offset = fields->tasks_offset.value;
	table->links_offset = fields->links_offset.value;
	if (!quick) {
		error = mmu_layout_need(kernel, &shape_layout, &found, NULL);
		if (error)
			return error;
		shape = found;
	}
	take_node(table, shape);
	if (shape && shape->head.known)
		return read_head(table, fields->namespace_va.value + shape->head.value, ret_root);
	return guess_root(table, fields->namespace_va.value, ret_root);
}

struct mmu_error *mmu_pids_visit(struct mmu_memory *memory, mmu_pid_fn fn, mmu_piece_fn piece,
				 void *context)
{
	struct table table = { .memory = memory, .fn = fn, .piece = piece, .context = context };
	uint64_t entry;

	struct mmu_error *error = find_table(&table, false, &entry);
	if (!error)
		visit_entry(&table, entry, 0, PIDS, 32);
	return error;
}

struct mmu_error *mmu_pids_find(struct mmu_memory *memory, int32_t pid, bool quick,
				struct mmu_pid *ret)
{
	struct table table = { .memory = memory };
	uint64_t left = (uint32_t)pid, entry, shift;
	unsigned int room_lg2 = 32;

	struct mmu_error *error = find_table(&table, quick, &entry);
	while (!error && is_node(entry)) {
		uint64_t node_va = entry - 2;

		error = read_shift(&table, node_va, room_lg2, &shift);
		if (error)
			return error;
		room_lg2 = (unsigned int)shift;
		entry = 0;
		if (left >> shift < table.nr_slots) /* else beyond the highest pid */
			error = read_slot(&table, node_va, left >> shift, &entry);
		if (!error && !entry)
			error = check_count(&table, node_va);
		left &= ((uint64_t)1 << shift) - 1;
	}
	if (error)
		return error;
	if (entry && !(entry & 3) && !left)
		return read_pid(&table, (uint32_t)pid, entry, ret);
	*ret = (struct mmu_pid){ .first = pid, .last = pid };
	return NULL;
}
