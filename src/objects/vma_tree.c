/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Where an mm keeps its VMAs: the maple tree of 6.1 and later, the red-black tree before. */
#include <inttypes.h>

#include "objects/vma_tree.h"

/* lib/maple_tree.c: a tree of 2^64 entries is far lower */
#define MAPLE_DEPTH_MAX MMU_VMA_NODES_MAX
#define MAPLE_NODE_MASK 0xffu
/* lib/maple_tree.c, include/linux/xarray.h: up to here an entry is a mark and no pointer */
#define MAPLE_MARK_MAX 4096u
/* a red-black tree of 2^32 nodes */
#define RB_DEPTH_MAX MMU_VMA_NODES_MAX

enum maple_type { MAPLE_DENSE, MAPLE_LEAF_64, MAPLE_RANGE_64, MAPLE_ARANGE_64 };

static const struct mmu_field_def vma_defs[] = {
	MMU_FIELD(struct mmu_vma_fields, start, "vm_area_struct.vm_start", MMU_NEED),
	MMU_FIELD(struct mmu_vma_fields, end, "vm_area_struct.vm_end", MMU_NEED),
	MMU_FIELD(struct mmu_vma_fields, flags, "vm_area_struct.vm_flags", MMU_NEED),
	MMU_FIELD(struct mmu_vma_fields, file, "vm_area_struct.vm_file", MMU_NEED),
	MMU_FIELD_POINTER(struct mmu_vma_fields, page_offset, "vm_area_struct.vm_pgoff",
			  MMU_OPTIONAL),
	MMU_FIELD_POINTER(struct mmu_vma_fields, ops, "vm_area_struct.vm_ops", MMU_OPTIONAL),
};
const struct mmu_layout mmu_vma_layout = MMU_LAYOUT(VMA, "vm_area_struct", struct mmu_vma_fields,
						    vma_defs);

struct mmu_error *mmu_vma_damaged(const char *what, uint64_t va)
{
	return mmu_error_new(MMU_ERROR_CORRUPT, "%s at 0x%" PRIx64 ": torn or damaged", what, va);
}

/* ------------------------------------------------------------------ maple tree */

struct maple_fields {
	struct mmu_field root;
};

static const struct mmu_field_def maple_defs[] = {
	MMU_FIELD(struct maple_fields, root, "maple_tree.ma_root", MMU_NEED),
};
static const struct mmu_layout maple_layout = MMU_LAYOUT(MAPLE, "mm_struct.mm_mt",
							 struct maple_fields, maple_defs);

/*
 * gcc describes the nodes in lib/maple_tree.c's unit alone, which would take a second to find.
 * Their shape follows from the node's 256 bytes and is the same in 6.1 to 7.x
 * (include/linux/maple_tree.h): a parent, slots - 1 pivots, the slots. What is found is checked
 * against the VMA's own bounds.
 */
static unsigned int maple_slots(enum maple_type type, unsigned int pointer_bytes)
{
	switch (type) {
	case MAPLE_ARANGE_64:
		return pointer_bytes == 8 ? 10 : 21;
	case MAPLE_LEAF_64:
	case MAPLE_RANGE_64:
		return pointer_bytes == 8 ? 16 : 32;
	default:
		return 0;
	}
}

/*
 * The slot of `va` in a node: the first whose (inclusive) pivot is not below it.
 * @param last_va  of the node; then of the slot
 */
static struct mmu_error *maple_slot(struct mmu_memory *memory, uint64_t node_va,
				    enum maple_type type, uint64_t va, uint64_t *last_va,
				    uint64_t *ret)
{
	unsigned int bytes = mmu_kernel_pointer_bytes(memory->kernel), slot;
	unsigned int slots = maple_slots(type, bytes);
	bool big = memory->kernel->big_endian;
	uint8_t node[MMU_VMA_NODE_BYTES];
	uint64_t before = 0;

	if (!slots)
		return mmu_vma_damaged("maple_node", node_va);
	struct mmu_error *error = mmu_memory_read_part(memory, node_va, bytes, node + bytes,
						       sizeof(node) - bytes, "maple_node");
	if (error)
		return error;
	for (slot = 0; slot < slots - 1; slot++) {
		uint64_t pivot = mmu_get_uint(node + bytes * (1 + slot), bytes, big);

		/* pivot 0 behind the first: the node ends here, this slot goes to its maximum */
		if (pivot == 0 && slot > 0)
			break;
		if (slot > 0 && pivot <= before)
			return mmu_vma_damaged("maple_node", node_va);
		if (pivot >= va) {
			*last_va = pivot < *last_va ? pivot : *last_va;
			break;
		}
		before = pivot;
	}
	*ret = mmu_get_uint(node + bytes * (slots + slot), bytes, big);
	return NULL;
}

static struct mmu_error *find_in_maple_tree(struct mmu_memory *memory, uint64_t tree_va,
					    uint64_t va, struct mmu_vma_place *ret)
{
	struct mmu_copy copy;
	struct mmu_error *error = mmu_object_read(memory, &maple_layout, tree_va, NULL, &copy);

	if (error)
		return error;
	uint64_t entry = mmu_copy_get(&copy, &((const struct maple_fields *)copy.fields)->root);
	/* the root is a node when bits 1:0 are 10 and it is no mark, else the one entry */
	bool node = (entry & 3) == 2 && entry > MAPLE_MARK_MAX;

	while (!error && node) {
		enum maple_type type = entry >> 3 & 0xf;
		uint64_t node_va = entry & ~(uint64_t)MAPLE_NODE_MASK;

		if (ret->nr_nodes == MAPLE_DEPTH_MAX)
			return mmu_vma_damaged("maple_node", node_va);
		ret->node_va[ret->nr_nodes++] = node_va;
		error = maple_slot(memory, node_va, type, va, &ret->last_va, &entry);
		node = type != MAPLE_LEAF_64;
	}
	if (!error)
		ret->vma_va = entry > MAPLE_MARK_MAX ? entry : 0;
	return error;
}

/* ------------------------------------------------------------------ red-black tree */

struct rb_fields {
	struct mmu_field in_vma, left, right, root;
};

static const struct mmu_field_def rb_defs[] = {
	MMU_FIELD_BYTES(struct rb_fields, in_vma, "vm_area_struct.vm_rb", 0, MMU_NEED),
	MMU_FIELD_BYTES(struct rb_fields, left, "rb_node.rb_left", 0, MMU_NEED),
	MMU_FIELD_BYTES(struct rb_fields, right, "rb_node.rb_right", 0, MMU_NEED),
	MMU_FIELD(struct rb_fields, root, "mm_struct.mm_rb", MMU_NEED),
};
static const struct mmu_layout rb_layout = MMU_LAYOUT(RB, "mm_struct", struct rb_fields, rb_defs);

static struct mmu_error *find_in_rb_tree(struct mmu_memory *memory, uint64_t mm_va, uint64_t va,
					 struct mmu_vma_place *ret)
{
	unsigned int bytes = mmu_kernel_pointer_bytes(memory->kernel);
	struct mmu_copy copy;
	struct mmu_error *error = mmu_object_read(memory, &rb_layout, mm_va, NULL, &copy);

	if (error)
		return error;
	const struct rb_fields *rb = copy.fields;
	uint64_t node_va = mmu_copy_get(&copy, &rb->root);
	for (unsigned int depth = 0; !error && node_va; depth++) {
		uint64_t vma_va = node_va - rb->in_vma.offset;

		if (depth == RB_DEPTH_MAX)
			return mmu_vma_damaged("vm_area_struct", vma_va);
		ret->node_va[ret->nr_nodes++] = vma_va;
		error = mmu_object_read(memory, &mmu_vma_layout, vma_va, NULL, &copy);
		if (error)
			break;
		const struct mmu_vma_fields *vma = copy.fields;
		uint64_t start = mmu_copy_get(&copy, &vma->start);
		uint64_t end = mmu_copy_get(&copy, &vma->end);
		if (va >= start && va < end) {
			ret->vma_va = vma_va;
			return NULL;
		}
		if (va < start && start - 1 < ret->last_va)
			ret->last_va = start - 1;
		error = mmu_memory_read_part_uint(
			memory, vma_va,
			rb->in_vma.offset + (va < start ? rb->left.offset : rb->right.offset),
			bytes, "vm_area_struct", &node_va);
	}
	return error;
}

/* ------------------------------------------------------------------ whichever it is */

struct tree_fields {
	struct mmu_field maple;
};

static const struct mmu_field_def tree_defs[] = {
	MMU_FIELD_BYTES(struct tree_fields, maple, "mm_struct.mm_mt", 0, MMU_OPTIONAL),
};
static const struct mmu_layout tree_layout = MMU_LAYOUT(VMA_TREE, "mm_struct", struct tree_fields,
							tree_defs);

struct mmu_error *mmu_vma_tree_find(struct mmu_memory *memory, uint64_t mm_va, uint64_t va,
				    struct mmu_vma_place *ret)
{
	/* ULONG_MAX of the kernel: behind it nodes have neither pivots nor slots */
	uint64_t tree_last_va = mmu_kernel_pointer_bytes(memory->kernel) == 8 ? UINT64_MAX
									      : UINT32_MAX;
	const void *found;

	ret->vma_va = 0;
	ret->last_va = va <= tree_last_va ? tree_last_va : UINT64_MAX;
	ret->nr_nodes = 0;
	ret->in_vmas = false;
	if (va > tree_last_va)
		return NULL;
	struct mmu_error *error = mmu_layout_need(memory->kernel, &tree_layout, &found, NULL);
	if (error)
		return error;
	const struct tree_fields *fields = found;
	ret->in_vmas = !fields->maple.known;
	return fields->maple.known
		       ? find_in_maple_tree(memory, mm_va + fields->maple.offset, va, ret)
		       : find_in_rb_tree(memory, mm_va, va, ret);
}

void mmu_vma_place_pieces(const struct mmu_kernel *kernel, const struct mmu_vma_place *place,
			  mmu_piece_fn fn, void *context)
{
	unsigned int bytes = mmu_kernel_pointer_bytes(kernel);
	const struct rb_fields *rb = NULL;
	const void *found;

	if (place->in_vmas) {
		struct mmu_error *error = mmu_layout_need(kernel, &rb_layout, &found, NULL);

		if (!error)
			rb = found;
		mmu_error_destroy(error);
	}
	for (unsigned int i = 0; i < place->nr_nodes; i++) {
		uint64_t va = place->node_va[i];

		if (!place->in_vmas)
			fn(context, va, MMU_VMA_NODE_BYTES);
		if (!rb)
			continue;
		mmu_object_pieces(kernel, &mmu_vma_layout, va, fn, context);
		fn(context, va + rb->in_vma.offset + rb->left.offset, bytes);
		fn(context, va + rb->in_vma.offset + rb->right.offset, bytes);
	}
}
