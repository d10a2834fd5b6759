/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file VMAs and their names. */
#include <inttypes.h>
#include <string.h>

#include "objects/vma.h"

/* how many times a VMA of a running kernel is looked for, until it is found the same twice */
#define LIVE_TRIES 4
/* No node and no VMA is smaller; and some images don't say how much they hold. */
#define NODE_BYTES_MIN 64u
#define NODES_MIN (UINT64_C(1) << 17)

/* ------------------------------------------------------------------ names */

struct file_fields {
	struct mmu_field path, dentry, name, text;
};

static const struct mmu_field_def file_defs[] = {
	MMU_FIELD_BYTES(struct file_fields, path, "file.f_path", 0, MMU_NEED),
	MMU_FIELD_BYTES(struct file_fields, dentry, "path.dentry", 0, MMU_NEED),
	MMU_FIELD_BYTES(struct file_fields, name, "dentry.d_name", 0, MMU_NEED),
	MMU_FIELD_BYTES(struct file_fields, text, "qstr.name", 0, MMU_NEED),
};
static const struct mmu_layout file_layout = MMU_LAYOUT(FILE, "file", struct file_fields,
							file_defs);

/* What the last component of a file's path lies in: struct file -> dentry -> text. */
struct file_name {
	uint64_t dentry_at_va, text_at_va; /* pointers; 0: not known */
	uint64_t text_va;
	char text[sizeof(((struct mmu_vma *)NULL)->name)];
	size_t bytes; /* of the text that were read, its end included */
};

/* A pointer of what is only shown beside the VMA: without it there is less to show. */
static bool pointer_at(struct mmu_memory *memory, uint64_t va, uint64_t *ret)
{
	unsigned int bytes = mmu_kernel_pointer_bytes(memory->kernel);
	uint8_t raw[8];

	if (mmu_memory_copy(memory, va, raw, bytes) < bytes)
		return false;
	*ret = mmu_get_uint(raw, bytes, memory->kernel->image->big_endian);
	return true;
}

static void read_text(struct mmu_memory *memory, struct file_name *name)
{
	size_t max = sizeof(name->text) - 1;
	size_t there = mmu_memory_copy(memory, name->text_va, name->text, max);
	size_t bytes = strnlen(name->text, there);

	name->text[bytes] = '\0';
	name->bytes = bytes < there ? bytes + 1 : there;
}

static void read_file_name(struct mmu_memory *memory, uint64_t file_va, struct file_name *ret)
{
	uint64_t dentry_va;
	const void *found;
	struct mmu_error *error = mmu_layout_need(memory->kernel, &file_layout, &found, NULL);

	ret->text[0] = '\0';
	ret->bytes = 0;
	ret->dentry_at_va = ret->text_at_va = 0;
	mmu_error_destroy(error);
	if (error)
		return;
	const struct file_fields *fields = found;
	ret->dentry_at_va = file_va + fields->path.offset + fields->dentry.offset;
	if (!pointer_at(memory, ret->dentry_at_va, &dentry_va))
		return;
	ret->text_at_va = dentry_va + fields->name.offset + fields->text.offset;
	if (pointer_at(memory, ret->text_at_va, &ret->text_va))
		read_text(memory, ret);
}

struct name_fields {
	struct mmu_field brk, start_brk, start_stack;
};

static const struct mmu_field_def name_defs[] = {
	MMU_FIELD(struct name_fields, brk, "mm_struct.brk", MMU_NEED),
	MMU_FIELD(struct name_fields, start_brk, "mm_struct.start_brk", MMU_NEED),
	MMU_FIELD(struct name_fields, start_stack, "mm_struct.start_stack", MMU_NEED),
};
static const struct mmu_layout name_layout = MMU_LAYOUT(MM_NAMES, "mm_struct", struct name_fields,
							name_defs);

/* Names as fs/proc/task_mmu.c gives them to memory without a file. */
static void special_name(struct mmu_memory *memory, uint64_t mm_va, struct mmu_vma *vma)
{
	struct mmu_copy copy;
	struct mmu_error *error = mmu_object_read(memory, &name_layout, mm_va, NULL, &copy);

	mmu_error_destroy(error);
	if (error)
		return;
	const struct name_fields *fields = copy.fields;
	uint64_t start_stack = mmu_copy_get(&copy, &fields->start_stack);
	if (vma->first_va < mmu_copy_get(&copy, &fields->brk) &&
	    vma->last_va >= mmu_copy_get(&copy, &fields->start_brk))
		strcpy(vma->name, "[heap]");
	else if (start_stack >= vma->first_va && start_stack <= vma->last_va)
		strcpy(vma->name, "[stack]");
}

/* ------------------------------------------------------------------ one VMA */

static void read_name(struct mmu_memory *memory, uint64_t mm_va, struct mmu_vma *vma)
{
	struct file_name name;

	if (!vma->file_va) {
		special_name(memory, mm_va, vma);
		return;
	}
	read_file_name(memory, vma->file_va, &name);
	memcpy(vma->name, name.text, sizeof(vma->name));
}

/* `ret` is all zeros where there is no VMA. Also on failure *place says how far that goes. */
static struct mmu_error *find_once(struct mmu_memory *memory, uint64_t mm_va, uint64_t va,
				   struct mmu_vma_place *place, struct mmu_vma *ret)
{
	struct mmu_copy copy;
	struct mmu_error *error = mmu_vma_tree_find(memory, mm_va, va, place);

	*ret = (struct mmu_vma){ 0 };
	if (error || !place->vma_va)
		return error;
	error = mmu_object_read(memory, &mmu_vma_layout, place->vma_va, NULL, &copy);
	if (error)
		return error;
	const struct mmu_vma_fields *fields = copy.fields;
	struct mmu_vma vma = { .first_va = mmu_copy_get(&copy, &fields->start),
			       .last_va = mmu_copy_get(&copy, &fields->end) - 1,
			       .vm_flags = mmu_copy_get(&copy, &fields->flags),
			       .file_va = mmu_copy_get(&copy, &fields->file) };
	if (va >= vma.first_va && va <= vma.last_va) {
		read_name(memory, mm_va, &vma);
		*ret = vma;
		return NULL;
	}
	/* the tree and its leaf disagree */
	if (vma.first_va > va && vma.first_va <= place->last_va)
		place->last_va = vma.first_va - 1;
	return mmu_vma_damaged("vm_area_struct", place->vma_va);
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
	struct mmu_vma_place place;
	struct mmu_vma vma, before;
	bool found_before, settled = !memory->kernel->image->live;
	struct mmu_error *error = find_once(memory, mm_va, va, &place, &vma);

	/* what a tree says that changes as it is read holds when it says so twice */
	for (unsigned int i = 1; !settled && i < LIVE_TRIES; i++) {
		bool failed = error;

		before = vma;
		found_before = place.vma_va;
		mmu_error_destroy(error);
		error = find_once(memory, mm_va, va, &place, &vma);
		settled = !error && !failed && !place.vma_va == !found_before &&
			  same_vma(&vma, &before);
	}
	if (!error && !settled)
		error = mmu_error_new(MMU_ERROR_CORRUPT,
				      "the VMA at 0x%" PRIx64 ": changed while it was read, again "
				      "and again",
				      va);
	if (error)
		return error;
	*ret_found = place.vma_va;
	if (place.vma_va)
		*ret = vma;
	return NULL;
}

/* ------------------------------------------------------------------ all VMAs */

void mmu_vma_walk_init(struct mmu_vma_walk *vmas, struct mmu_memory *memory, uint64_t mm_va)
{
	const struct mmu_image *image = memory->kernel->image;
	uint64_t budget = image->present_pages * image->page_bytes / NODE_BYTES_MIN;

	*vmas = (struct mmu_vma_walk){ .memory = memory,
				       .mm_va = mm_va,
				       .budget = budget < NODES_MIN ? NODES_MIN : budget };
}

struct mmu_error *mmu_vma_walk_next(struct mmu_vma_walk *vmas, struct mmu_vma *ret, bool *ret_found)
{
	struct mmu_vma vma = { 0 };
	struct mmu_error *error = NULL;

	*ret_found = false;
	while (!vmas->end && !error && !*ret_found) {
		if (!vmas->budget--) {
			vmas->end = true;
			return mmu_error_new(MMU_ERROR_CORRUPT,
					     "the VMAs of the mm_struct at 0x%" PRIx64
					     " are more than the image has room for",
					     vmas->mm_va);
		}
		error = find_once(vmas->memory, vmas->mm_va, vmas->next_va, &vmas->place, &vma);
		*ret_found = !error && vmas->place.vma_va;
		uint64_t last_va = *ret_found ? vma.last_va : vmas->place.last_va;
		vmas->end = last_va == UINT64_MAX;
		vmas->next_va = last_va + 1;
	}
	if (*ret_found)
		*ret = vma;
	return error;
}

void mmu_vma_walk_pieces(struct mmu_vma_walk *vmas, const struct mmu_vma *vma, mmu_piece_fn fn,
			 void *context)
{
	unsigned int bytes = mmu_kernel_pointer_bytes(vmas->memory->kernel);
	struct file_name name;

	for (unsigned int i = 0; i < vmas->place.nr_nodes; i++)
		fn(context, vmas->place.node_va[i], MMU_VMA_NODE_BYTES);
	if (!vma)
		return;
	mmu_object_pieces(vmas->memory->kernel, &mmu_vma_layout, vmas->place.vma_va, fn, context);
	if (!vma->file_va)
		return;
	read_file_name(vmas->memory, vma->file_va, &name);
	if (name.dentry_at_va)
		fn(context, name.dentry_at_va, bytes);
	if (name.text_at_va)
		fn(context, name.text_at_va, bytes);
	if (name.bytes)
		fn(context, name.text_va, name.bytes);
}
