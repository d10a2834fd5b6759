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

/* ------------------------------------------------------------------ one VMA */

static struct mmu_vma vma_of(const struct mmu_memory *memory, uint64_t vma_va,
			     const struct mmu_copy *copy)
{
	const struct mmu_vma_fields *fields = copy->fields;
	struct mmu_vma vma = { .vma_va = vma_va,
			       .first_va = mmu_copy_get(copy, &fields->start),
			       .last_va = mmu_copy_get(copy, &fields->end) - 1,
			       .vm_flags = mmu_copy_get(copy, &fields->flags),
			       .file_va = mmu_copy_get(copy, &fields->file) };

	vma.knows_ops = fields->ops.known;
	vma.has_ops = vma.knows_ops && mmu_copy_get(copy, &fields->ops);
	vma.has_offset = vma.file_va && fields->page_offset.known;
	if (vma.has_offset)
		vma.offset_bytes = mmu_copy_get(copy, &fields->page_offset)
				   << mmu_kernel_page_lg2(memory->kernel);
	return vma;
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
	struct mmu_vma vma = vma_of(memory, place->vma_va, &copy);
	if (va >= vma.first_va && va <= vma.last_va) {
		*ret = vma;
		return NULL;
	}
	/* the tree and its leaf disagree */
	if (vma.first_va > va && vma.first_va <= place->last_va)
		place->last_va = vma.first_va - 1;
	return mmu_vma_damaged("vm_area_struct", place->vma_va);
}

static void read_name(struct mmu_memory *memory, uint64_t mm_va, const struct mmu_vma *vma,
		      struct mmu_vma_name *ret)
{
	const struct mmu_peek peek = { .memory = memory };

	ret->text[0] = '\0';
	if (vma->vma_va)
		mmu_vma_name_read(&peek, mm_va, vma, ret);
}

static bool same_vma(const struct mmu_vma *one, const struct mmu_vma *other)
{
	return one->vma_va == other->vma_va && one->first_va == other->first_va &&
	       one->last_va == other->last_va && one->vm_flags == other->vm_flags &&
	       one->file_va == other->file_va && one->offset_bytes == other->offset_bytes;
}

/* What a tree says that changes as it is read holds when it says so twice. */
static struct mmu_error *find_live(struct mmu_memory *memory, uint64_t mm_va, uint64_t va,
				   struct mmu_vma *ret, struct mmu_vma_name *ret_name)
{
	struct mmu_vma_name name_before;
	struct mmu_vma_place place;
	struct mmu_vma before;
	struct mmu_error *error = NULL;

	for (unsigned int i = 0; i < LIVE_TRIES; i++) {
		bool failed = i == 0 || error;

		before = *ret;
		if (ret_name && i)
			strcpy(name_before.text, ret_name->text);
		mmu_error_destroy(error);
		error = find_once(memory, mm_va, va, &place, ret);
		if (!error && ret_name)
			read_name(memory, mm_va, ret, ret_name);
		if (!error && !failed && same_vma(ret, &before) &&
		    (!ret_name || strcmp(ret_name->text, name_before.text) == 0))
			return NULL;
	}
	return error ? error
		     : mmu_error_new(MMU_ERROR_CORRUPT,
				     "the VMA at 0x%" PRIx64 ": changed while it was read, again "
				     "and again",
				     va);
}

static struct mmu_error *find(struct mmu_memory *memory, uint64_t mm_va, uint64_t va,
			      struct mmu_vma *ret, struct mmu_vma_name *ret_name)
{
	struct mmu_vma_place place;

	if (memory->kernel->image->live)
		return find_live(memory, mm_va, va, ret, ret_name);
	struct mmu_error *error = find_once(memory, mm_va, va, &place, ret);
	if (!error && ret_name)
		read_name(memory, mm_va, ret, ret_name);
	return error;
}

struct mmu_error *mmu_vma_find(struct mmu_memory *memory, uint64_t mm_va, uint64_t va,
			       struct mmu_vma *ret, bool *ret_found)
{
	struct mmu_vma vma;
	struct mmu_error *error = find(memory, mm_va, va, &vma, NULL);

	if (error)
		return error;
	*ret_found = vma.vma_va;
	if (vma.vma_va)
		*ret = vma;
	return NULL;
}

/* ------------------------------------------------------------------ the gate */

struct gate_fields {
	struct mmu_field flags, compat; /* of an mm_struct */
	struct mmu_number gate, mode;
};

static const struct mmu_field_def gate_defs[] = {
	MMU_FIELD_POINTER(struct gate_fields, flags, "mm_struct.context.flags", MMU_OPTIONAL),
	MMU_FIELD(struct gate_fields, compat, "mm_struct.context.ia32_compat", MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct gate_fields, gate, "SYMBOL(gate_vma)", MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct gate_fields, mode, "SYMBOL(vsyscall_mode)", MMU_OPTIONAL),
};
static const struct mmu_layout gate_layout = MMU_LAYOUT(GATE, "gate_vma", struct gate_fields,
							gate_defs);

/* enum vsyscall_mode in arch/x86/entry/vsyscall/vsyscall_64.c */
#define VSYSCALL_NONE 2u
/* arch/x86/include/asm/mmu.h; 5.12 brought it in place of ia32_compat (5d31f596d5c7) */
#define MM_CONTEXT_HAS_VSYSCALL 0x2u

/* Does this mm see x86's gate, as get_gate_vma() decides? Programs of 32 bits have none. */
static bool has_vsyscall(const struct mmu_peek *peek, const struct gate_fields *fields,
			 uint64_t mm_va)
{
	struct mmu_copy copy;

	if (!fields->flags.known && !fields->compat.known)
		return true;
	if (!mmu_peek_object(peek, &gate_layout, mm_va, &copy))
		return false;
	return fields->flags.known ? mmu_copy_get(&copy, &fields->flags) & MM_CONTEXT_HAS_VSYSCALL
				   : !mmu_copy_get(&copy, &fields->compat);
}

/*
 * The one VMA that is in no tree, though /proc/PID/maps shows it: x86's [vsyscall], unless the
 * kernel does without, and ARM's [vectors].
 */
bool mmu_vma_gate(struct mmu_memory *memory, uint64_t mm_va, struct mmu_vma *ret,
		  struct mmu_vma_name *ret_name)
{
	const void *found = NULL;
	struct mmu_copy copy;
	uint64_t mode = VSYSCALL_NONE;
	const struct mmu_peek peek = { .memory = memory };

	mmu_error_destroy(mmu_layout_need(memory->kernel, &gate_layout, &found, NULL));
	const struct gate_fields *fields = found;
	if (!fields || !fields->gate.known ||
	    !mmu_peek_object(&peek, &mmu_vma_layout, fields->gate.value, &copy))
		return false;
	struct mmu_vma vma = vma_of(memory, fields->gate.value, &copy);
	if (fields->mode.known) {
		if (!has_vsyscall(&peek, fields, mm_va))
			return false;
		mmu_error_destroy(mmu_memory_read_uint(memory, fields->mode.value, 4,
						       "vsyscall_mode", &mode));
		if (mode >= VSYSCALL_NONE)
			return false;
	}
	strcpy(ret_name->text, fields->mode.known ? "[vsyscall]" : "[vectors]");
	ret_name->kind = MMU_VMA_NAME_SPECIAL;
	ret_name->file.known = false;
	ret_name->unknown = false;
	vma.gate = true;
	*ret = vma;
	return true;
}

static bool find_gate(struct mmu_memory *memory, uint64_t mm_va, uint64_t va, struct mmu_vma *ret,
		      struct mmu_vma_name *ret_name)
{
	struct mmu_vma vma;

	if (!mmu_vma_gate(memory, mm_va, &vma, ret_name) || va < vma.first_va || va > vma.last_va)
		return false;
	*ret = vma;
	return true;
}

struct mmu_error *mmu_vma_find_named(struct mmu_memory *memory, uint64_t mm_va, uint64_t va,
				     struct mmu_vma *ret, struct mmu_vma_name *ret_name,
				     bool *ret_found)
{
	struct mmu_vma_name name = { .kind = MMU_VMA_NAME_NONE };
	struct mmu_vma vma;
	struct mmu_error *error = mmu_vma_names_need(memory->kernel);

	if (!error)
		error = find(memory, mm_va, va, &vma, &name);
	if (error)
		return error;
	*ret_found = vma.vma_va || find_gate(memory, mm_va, va, &vma, &name);
	if (*ret_found) {
		*ret = vma;
		*ret_name = name;
	}
	return NULL;
}

/* ------------------------------------------------------------------ all VMAs */

void mmu_vma_walk_init(struct mmu_vma_walk *vmas, struct mmu_memory *memory, uint64_t mm_va)
{
	const struct mmu_image *image = memory->kernel->image;
	uint64_t budget = image->most_pages * image->page_bytes / NODE_BYTES_MIN;

	*vmas = (struct mmu_vma_walk){ .memory = memory,
				       .mm_va = mm_va,
				       .budget = budget < NODES_MIN ? NODES_MIN : budget };
}

struct mmu_error *mmu_vma_walk_next(struct mmu_vma_walk *vmas, struct mmu_vma *ret, bool *ret_found)
{
	struct mmu_vma vma = { 0 };
	struct mmu_error *error = mmu_vma_names_need(vmas->memory->kernel);

	*ret_found = false;
	vmas->end |= error != NULL;
	while (!vmas->end && !error && !*ret_found) {
		if (!vmas->budget--) {
			vmas->end = true;
			return mmu_error_new(MMU_ERROR_CORRUPT,
					     "the VMAs of the mm_struct at 0x%" PRIx64
					     " are more than the image has room for",
					     vmas->mm_va);
		}
		error = find_once(vmas->memory, vmas->mm_va, vmas->next_va, &vmas->place, &vma);
		/* also what leads to no VMA */
		if (vmas->on_node)
			mmu_vma_place_pieces(vmas->memory->kernel, &vmas->place, vmas->on_node,
					     vmas->context);
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
	const struct mmu_peek peek = { vmas->memory, fn, context };
	struct mmu_vma_name name;

	mmu_object_pieces(vmas->memory->kernel, &mmu_vma_layout, vmas->place.vma_va, fn, context);
	mmu_vma_name_read(&peek, vmas->mm_va, vma, &name);
}
