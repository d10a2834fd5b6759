/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The VMA around an address: the maple tree of 6.1 and later, the red-black tree before. */
#include <inttypes.h>
#include <string.h>

#include "objects/vma.h"

/* lib/maple_tree.c: 31 slots of 64 bits; a tree of 2^64 entries is far lower */
#define MAPLE_DEPTH_MAX 32u
#define MAPLE_NODE_MASK 0xffu
/* a red-black tree of 2^32 nodes */
#define RB_DEPTH_MAX 64u
/* so often a VMA of a running kernel is looked for, until it is found the same twice */
#define LIVE_TRIES 4

enum maple_type { MAPLE_DENSE, MAPLE_LEAF_64, MAPLE_RANGE_64, MAPLE_ARANGE_64 };

static bool fact(struct mmu_memory *memory, const char *key, uint64_t *ret)
{
	return mmu_fact_get(memory->kernel->facts, key, ret);
}

/* What is only shown beside the VMA: without it there is less to show. */
static bool pointer_at(struct mmu_memory *memory, uint64_t va, const char *what, uint64_t *ret)
{
	struct mmu_error *error = mmu_memory_read_pointer(memory, va, what, ret);

	mmu_error_destroy(error);
	return !error;
}

static bool member_of(struct mmu_memory *memory, uint64_t va, const char *member, uint64_t *ret)
{
	struct mmu_error *error = mmu_memory_read_member(memory, va, member, ret);

	mmu_error_destroy(error);
	return !error;
}

/* ------------------------------------------------------------------ maple tree */

struct maple_layout {
	uint64_t pivot_offset, slot_offset, slots;
};

/*
 * gcc describes the nodes in lib/maple_tree.c's unit alone, which would take a second to find.
 * Their shape follows from the node's 256 bytes and is the same in 6.1 to 7.x
 * (include/linux/maple_tree.h): a parent, slots - 1 pivots, the slots. What is found is checked
 * against the VMA's own bounds.
 */
static bool maple_layout(struct mmu_memory *memory, enum maple_type type, struct maple_layout *ret)
{
	unsigned int bytes = mmu_kernel_pointer_bytes(memory->kernel);

	if (type == MAPLE_ARANGE_64)
		ret->slots = bytes == 8 ? 10 : 21;
	else if (type == MAPLE_LEAF_64 || type == MAPLE_RANGE_64)
		ret->slots = bytes == 8 ? 16 : 32;
	else
		return false;
	ret->pivot_offset = bytes;
	ret->slot_offset = ret->slots * bytes;
	return true;
}

static struct mmu_error *damaged(const char *what, uint64_t va)
{
	return mmu_error_new(MMU_ERROR_CORRUPT, "%s at 0x%" PRIx64 ": torn or damaged", what, va);
}

/* The slot of `index` in a node: the first whose (inclusive) pivot is not below it. */
static struct mmu_error *maple_slot(struct mmu_memory *memory, uint64_t node_va, uint64_t index,
				    const struct maple_layout *layout, uint64_t *ret)
{
	unsigned int bytes = mmu_kernel_pointer_bytes(memory->kernel);
	uint64_t slot, pivot, last = 0;

	for (slot = 0; slot < layout->slots - 1; slot++) {
		struct mmu_error *error = mmu_memory_read_part_uint(
			memory, node_va, layout->pivot_offset + slot * bytes, bytes, "maple_node",
			&pivot);
		if (error)
			return error;
		/* pivot 0 behind the first: the node ends here, this slot goes to its maximum */
		if ((pivot == 0 && slot > 0) || pivot >= index)
			break;
		if (slot > 0 && pivot <= last)
			return damaged("maple_node", node_va);
		last = pivot;
	}
	return mmu_memory_read_part_uint(memory, node_va, layout->slot_offset + slot * bytes, bytes,
					 "maple_node", ret);
}

static struct mmu_error *find_in_maple_tree(struct mmu_memory *memory, uint64_t tree_va,
					    uint64_t va, uint64_t *ret_va)
{
	struct maple_layout layout;
	uint64_t entry;
	struct mmu_error *error = mmu_memory_read_member_of(memory, tree_va, "maple_tree.ma_root",
							    "mm_struct.mm_mt", &entry);
	/* the root is a node when bits 1:0 are 10 and it is no small number, else the one entry */
	bool node = !error && (entry & 3) == 2 && entry > 4096;

	for (unsigned int depth = 0; !error && node; depth++) {
		enum maple_type type = entry >> 3 & 0xf;
		uint64_t node_va = entry & ~(uint64_t)MAPLE_NODE_MASK;

		if (depth == MAPLE_DEPTH_MAX || !maple_layout(memory, type, &layout))
			return damaged("maple_node", node_va);
		error = maple_slot(memory, node_va, va, &layout, &entry);
		node = type != MAPLE_LEAF_64;
	}
	if (!error)
		*ret_va = entry > 4096 ? entry : 0; /* NULL or a reserved value: a gap */
	return error;
}

/* ------------------------------------------------------------------ red-black tree */

static struct mmu_error *find_in_rb_tree(struct mmu_memory *memory, uint64_t mm_va, uint64_t va,
					 uint64_t *ret_va)
{
	struct mmu_fact_store *facts = memory->kernel->facts;
	uint64_t node_va, rb_offset, left_offset, right_offset, end, start;

	struct mmu_error *error = mmu_fact_need(facts, "OFFSET(vm_area_struct.vm_rb)", &rb_offset);
	if (!error)
		error = mmu_fact_need(facts, "OFFSET(rb_node.rb_left)", &left_offset);
	if (!error)
		error = mmu_fact_need(facts, "OFFSET(rb_node.rb_right)", &right_offset);
	if (!error)
		error = mmu_memory_read_member(memory, mm_va, "mm_struct.mm_rb", &node_va);
	*ret_va = 0;
	for (unsigned int depth = 0; !error && node_va; depth++) {
		uint64_t vma_va = node_va - rb_offset;

		if (depth == RB_DEPTH_MAX)
			return damaged("vm_area_struct", vma_va);
		error = mmu_memory_read_member_of(memory, vma_va, "vm_area_struct.vm_end",
						  "vm_area_struct", &end);
		if (!error)
			error = mmu_memory_read_member_of(memory, vma_va, "vm_area_struct.vm_start",
							  "vm_area_struct", &start);
		if (error)
			break;
		if (va >= start && va < end) {
			*ret_va = vma_va;
			break;
		}
		error = mmu_memory_read_part_uint(
			memory, vma_va, node_va - vma_va + (va < end ? left_offset : right_offset),
			mmu_kernel_pointer_bytes(memory->kernel), "vm_area_struct", &node_va);
	}
	return error;
}

/* ------------------------------------------------------------------ the VMA and its name */

/* The last component of the file's path: struct file -> dentry -> name. */
static void file_name(struct mmu_memory *memory, uint64_t file_va, char *ret, size_t size)
{
	uint64_t path_offset, dentry_offset, dentry_va, name_offset, text_offset, name_va;

	if (!fact(memory, "OFFSET(file.f_path)", &path_offset) ||
	    !fact(memory, "OFFSET(path.dentry)", &dentry_offset) ||
	    !fact(memory, "OFFSET(dentry.d_name)", &name_offset) ||
	    !fact(memory, "OFFSET(qstr.name)", &text_offset) ||
	    !pointer_at(memory, file_va + path_offset + dentry_offset, "file.f_path.dentry",
			&dentry_va) ||
	    !pointer_at(memory, dentry_va + name_offset + text_offset, "dentry.d_name", &name_va))
		return;
	for (size_t i = 0; i + 1 < size; i++) {
		uint64_t byte;
		struct mmu_error *error = mmu_memory_read_uint(memory, name_va + i, 1, "d_name",
							       &byte);

		mmu_error_destroy(error);
		if (error || !byte)
			return;
		ret[i] = (char)byte;
		ret[i + 1] = '\0';
	}
}

/* Names as fs/proc/task_mmu.c gives them to memory without a file. */
static void special_name(struct mmu_memory *memory, uint64_t mm_va, struct mmu_vma *vma)
{
	uint64_t brk, start_brk, start_stack;

	if (member_of(memory, mm_va, "mm_struct.brk", &brk) &&
	    member_of(memory, mm_va, "mm_struct.start_brk", &start_brk) && vma->first_va < brk &&
	    vma->last_va >= start_brk)
		strcpy(vma->name, "[heap]");
	else if (member_of(memory, mm_va, "mm_struct.start_stack", &start_stack) &&
		 start_stack >= vma->first_va && start_stack <= vma->last_va)
		strcpy(vma->name, "[stack]");
}

static struct mmu_error *read_vma(struct mmu_memory *memory, uint64_t vma_va, struct mmu_vma *ret)
{
	uint64_t end = 0;
	const struct {
		const char *member;
		uint64_t *to;
	} members[] = {
		{ "vm_area_struct.vm_start", &ret->first_va },
		{ "vm_area_struct.vm_end", &end },
		{ "vm_area_struct.vm_flags", &ret->vm_flags },
		{ "vm_area_struct.vm_file", &ret->file_va },
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		struct mmu_error *error = mmu_memory_read_member_of(
			memory, vma_va, members[i].member, "vm_area_struct", members[i].to);
		if (error)
			return error;
	}
	ret->last_va = end - 1;
	return NULL;
}

/* `ret` is all zeros where there is no VMA. */
static struct mmu_error *find_once(struct mmu_memory *memory, uint64_t mm_va, uint64_t va,
				   struct mmu_vma *ret, bool *ret_found)
{
	struct mmu_vma vma = { 0 };
	uint64_t tree_offset, vma_va = 0;
	struct mmu_error *error;

	if (fact(memory, "OFFSET(mm_struct.mm_mt)", &tree_offset))
		error = find_in_maple_tree(memory, mm_va + tree_offset, va, &vma_va);
	else
		error = find_in_rb_tree(memory, mm_va, va, &vma_va);
	if (!error && vma_va)
		error = read_vma(memory, vma_va, &vma);
	if (!error && vma_va && (va < vma.first_va || va > vma.last_va))
		error = damaged("vm_area_struct", vma_va); /* the tree and its leaf disagree */
	if (error)
		return error;
	if (vma_va && vma.file_va)
		file_name(memory, vma.file_va, vma.name, sizeof(vma.name));
	else if (vma_va)
		special_name(memory, mm_va, &vma);
	*ret = vma;
	*ret_found = vma_va;
	return NULL;
}

static bool same_vma(const struct mmu_vma *one, const struct mmu_vma *other)
{
	return one->first_va == other->first_va && one->last_va == other->last_va &&
	       one->vm_flags == other->vm_flags && one->file_va == other->file_va &&
	       strcmp(one->name, other->name) == 0;
}

struct mmu_error *mmu_vma_find(struct mmu_memory *memory, uint64_t mm_va, uint64_t va,
			       struct mmu_vma *ret, bool *ret_found)
{
	struct mmu_vma vma = { 0 }, before;
	bool found = false, found_before, settled = !memory->kernel->image->live;
	struct mmu_error *error = find_once(memory, mm_va, va, &vma, &found);

	/* what a tree says that changes as it is read holds when it says so twice */
	for (unsigned int i = 1; !settled && i < LIVE_TRIES; i++) {
		bool failed = error;

		before = vma;
		found_before = found;
		mmu_error_destroy(error);
		error = find_once(memory, mm_va, va, &vma, &found);
		settled = !error && !failed && found == found_before && same_vma(&vma, &before);
	}
	if (!error && !settled)
		error = mmu_error_new(MMU_ERROR_CORRUPT,
				      "the VMA at 0x%" PRIx64 ": changed while it was read, again "
				      "and again",
				      va);
	if (error)
		return error;
	*ret_found = found;
	if (found)
		*ret = vma;
	return NULL;
}

/* ------------------------------------------------------------------ all VMAs */

#define MAPLE_NODE_BYTES 256u
/* No node and no VMA is smaller; and some images don't say how much they hold. */
#define NODE_BYTES_MIN 64u
#define NODES_MIN (UINT64_C(1) << 17)

struct all {
	struct mmu_memory *memory;
	mmu_vma_fn fn;
	void *context;
	uint64_t budget; /* nodes and VMAs that may still come */
	bool whole, stopped;
	uint64_t rb_offset, left_offset, right_offset;
};

/* @return false: not one more */
static bool take_one(struct all *all)
{
	if (!all->budget) {
		all->whole = false;
		all->stopped = true;
		return false;
	}
	all->budget--;
	return !all->stopped;
}

static void all_in_maple_node(struct all *all, uint64_t entry, uint64_t last_va, unsigned int depth)
{
	unsigned int bytes = mmu_kernel_pointer_bytes(all->memory->kernel);
	bool big = all->memory->kernel->image->big_endian;
	enum maple_type type = entry >> 3 & 0xf;
	uint8_t node[MAPLE_NODE_BYTES];
	struct maple_layout layout;

	struct mmu_error *error = mmu_memory_read(all->memory, entry & ~(uint64_t)MAPLE_NODE_MASK,
						  node, sizeof(node), "maple_node");
	mmu_error_destroy(error);
	if (error || depth == MAPLE_DEPTH_MAX || !maple_layout(all->memory, type, &layout)) {
		all->whole = false;
		return;
	}
	for (uint64_t slot = 0; slot < layout.slots; slot++) {
		uint64_t pivot = last_va, child;

		if (slot + 1 < layout.slots)
			pivot = mmu_get_uint(node + layout.pivot_offset + slot * bytes, bytes, big);
		bool last = (pivot == 0 && slot > 0) || pivot >= last_va;
		child = mmu_get_uint(node + layout.slot_offset + slot * bytes, bytes, big);
		if (child > 4096 && !take_one(all))
			return;
		if (child > 4096 && type == MAPLE_LEAF_64)
			all->stopped = !all->fn(child, all->context);
		else if (child > 4096)
			all_in_maple_node(all, child, last ? last_va : pivot, depth + 1);
		if (last || all->stopped)
			return;
	}
}

static void all_in_rb_tree(struct all *all, uint64_t node_va, unsigned int depth)
{
	uint64_t left_va, right_va;

	if (!node_va || !take_one(all))
		return;
	if (depth == RB_DEPTH_MAX ||
	    !pointer_at(all->memory, node_va + all->left_offset, "rb_node", &left_va) ||
	    !pointer_at(all->memory, node_va + all->right_offset, "rb_node", &right_va)) {
		all->whole = false;
		return;
	}
	all_in_rb_tree(all, left_va, depth + 1);
	if (!all->stopped)
		all->stopped = !all->fn(node_va - all->rb_offset, all->context);
	all_in_rb_tree(all, right_va, depth + 1);
}

bool mmu_vma_visit(struct mmu_memory *memory, uint64_t mm_va, mmu_vma_fn fn, void *context)
{
	struct all all = { .memory = memory, .fn = fn, .context = context, .whole = true };
	uint64_t tree_offset, entry;

	all.budget = memory->kernel->image->present_pages * memory->kernel->image->page_bytes /
		     NODE_BYTES_MIN;
	if (all.budget < NODES_MIN)
		all.budget = NODES_MIN;
	if (fact(memory, "OFFSET(mm_struct.mm_mt)", &tree_offset)) {
		if (!member_of(memory, mm_va + tree_offset, "maple_tree.ma_root", &entry))
			return false;
		if ((entry & 3) == 2 && entry > 4096)
			all_in_maple_node(&all, entry, UINT64_MAX, 0);
		else if (entry > 4096)
			fn(entry, context);
		return all.whole;
	}
	if (!fact(memory, "OFFSET(vm_area_struct.vm_rb)", &all.rb_offset) ||
	    !fact(memory, "OFFSET(rb_node.rb_left)", &all.left_offset) ||
	    !fact(memory, "OFFSET(rb_node.rb_right)", &all.right_offset) ||
	    !member_of(memory, mm_va, "mm_struct.mm_rb", &entry))
		return false;
	all_in_rb_tree(&all, entry, 0);
	return all.whole;
}
