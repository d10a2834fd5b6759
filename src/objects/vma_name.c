/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What a VMA maps, as fs/proc/task_mmu.c and the architectures name it. */
#include <stdio.h>
#include <string.h>

#include "objects/vma_name.h"

/* With the NUL: ANON_VMA_NAME_MAX_LEN of mm_inline.h; the kernel's own names are shorter. */
#define NAME_BYTES 80u

struct more_fields {
	struct mmu_field ops, private_data, anon_name, shared;
};

static const struct mmu_field_def more_defs[] = {
	MMU_FIELD_POINTER(struct more_fields, ops, "vm_area_struct.vm_ops", MMU_OPTIONAL),
	MMU_FIELD_POINTER(struct more_fields, private_data, "vm_area_struct.vm_private_data",
			  MMU_OPTIONAL),
	MMU_FIELD_POINTER(struct more_fields, anon_name, "vm_area_struct.anon_name", MMU_OPTIONAL),
	MMU_FIELD_BYTES(struct more_fields, shared, "vm_area_struct.shared", 0, MMU_OPTIONAL),
};
static const struct mmu_layout more_layout = MMU_LAYOUT(VMA_MORE, "vm_area_struct",
							struct more_fields, more_defs);

/*
 * [vdso], [vvar], ...: install_special_mapping() in mm/mmap.c. The core unit of debug info does not
 * define struct vm_special_mapping; its name comes first in 3.15 to 7.x.
 */
struct special_fields {
	struct mmu_field namer, name, anon_text, ctime;
	struct mmu_number special;
};

static const struct mmu_field_def special_defs[] = {
	MMU_FIELD_BYTES(struct special_fields, namer, "vm_operations_struct.name", 0, MMU_OPTIONAL),
	MMU_FIELD_BYTES(struct special_fields, name, "vm_special_mapping.name", 0, MMU_OPTIONAL),
	MMU_FIELD_BYTES(struct special_fields, anon_text, "anon_vma_name.name", 0, MMU_OPTIONAL),
	/* 6.6 renamed it (13bc24457850); 6.6 also changed what a heap is (11250fd12eb8) */
	MMU_FIELD_BYTES(struct special_fields, ctime, "inode.i_ctime", 0, MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct special_fields, special, "SYMBOL(special_mapping_name)",
			 MMU_OPTIONAL),
};
static const struct mmu_layout special_layout = MMU_LAYOUT(SPECIAL, "vm_special_mapping",
							   struct special_fields, special_defs);

struct mm_fields {
	struct mmu_field brk, start_brk, start_stack, vdso;
};

static const struct mmu_field_def mm_defs[] = {
	MMU_FIELD(struct mm_fields, brk, "mm_struct.brk", MMU_NEED),
	MMU_FIELD(struct mm_fields, start_brk, "mm_struct.start_brk", MMU_NEED),
	MMU_FIELD(struct mm_fields, start_stack, "mm_struct.start_stack", MMU_NEED),
	MMU_FIELD_POINTER(struct mm_fields, vdso,
			  "mm_struct.context.vdso|mm_struct.context.vdso_base", MMU_OPTIONAL),
};
static const struct mmu_layout mm_layout = MMU_LAYOUT(MM_NAMES, "mm_struct", struct mm_fields,
						      mm_defs);

/* vma->vm_ops->name(): of all that have it, only a special mapping's is in an mm's tree. */
static bool special_name(const struct mmu_peek *peek, const struct special_fields *special,
			 const struct more_fields *more, const struct mmu_copy *vma,
			 struct mmu_vma_name *ret)
{
	uint64_t ops_va, namer_va, text_va;

	if (!special->namer.known || !special->special.known || !more->ops.known ||
	    !more->private_data.known)
		return false;
	ops_va = mmu_copy_get(vma, &more->ops);
	return ops_va && mmu_peek_pointer(peek, ops_va + special->namer.offset, &namer_va) &&
	       (namer_va | 1) == (special->special.value | 1) &&
	       mmu_peek_pointer(peek,
				mmu_copy_get(vma, &more->private_data) +
					(special->name.known ? special->name.offset : 0),
				&text_va) &&
	       mmu_peek_text(peek, text_va, ret->text, NAME_BYTES) && ret->text[0];
}

/* @param touches  a VMA that only touches the heap is one, too: before 6.6 */
static bool is_heap(const struct mmu_vma *vma, uint64_t start_brk, uint64_t brk, bool touches)
{
	return touches ? vma->first_va <= brk && vma->last_va + 1 >= start_brk
		       : vma->first_va < brk && vma->last_va >= start_brk;
}

/* As is_vdso, vma_is_initial_heap() and _stack() decide. */
static bool place_name(const struct mmu_peek *peek, uint64_t mm_va, const struct mmu_vma *vma,
		       bool old, struct mmu_vma_name *ret)
{
	struct mmu_copy copy;
	const char *name = NULL;

	if (!mmu_peek_object(peek, &mm_layout, mm_va, &copy))
		return false;
	const struct mm_fields *fields = copy.fields;
	uint64_t start_stack = mmu_copy_get(&copy, &fields->start_stack);
	if (fields->vdso.known && mmu_copy_get(&copy, &fields->vdso) == vma->first_va &&
	    vma->first_va)
		name = "[vdso]";
	else if (is_heap(vma, mmu_copy_get(&copy, &fields->start_brk),
			 mmu_copy_get(&copy, &fields->brk), old))
		name = "[heap]";
	else if (vma->first_va <= start_stack && vma->last_va + 1 >= start_stack)
		name = "[stack]";
	if (name)
		strcpy(ret->text, name);
	return name;
}

/* What prctl(PR_SET_VMA_ANON_NAME) gave it. @return false: nothing */
static bool anon_name(const struct mmu_peek *peek, const struct special_fields *special,
		      const struct more_fields *more, const struct mmu_copy *vma,
		      const char *format_text, struct mmu_vma_name *ret)
{
	char text[NAME_BYTES];
	uint64_t name_va;

	if (!special->anon_text.known || !more->anon_name.known)
		return false;
	name_va = mmu_copy_get(vma, &more->anon_name);
	if (!name_va ||
	    !mmu_peek_text(peek, name_va + special->anon_text.offset, text, sizeof(text)))
		return false;
	snprintf(ret->text, sizeof(ret->text), "[%s:%s]", format_text, text);
	return true;
}

struct mmu_error *mmu_vma_names_need(const struct mmu_kernel *kernel)
{
	const struct mmu_layout *const layouts[] = { &special_layout, &more_layout, &mm_layout };
	const void *fields;

	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		struct mmu_error *error = mmu_layout_need(kernel, layouts[i], &fields, NULL);

		if (error && mmu_error_code(error) == MMU_ERROR_NO_MEMORY)
			return error;
		mmu_error_destroy(error);
	}
	return NULL;
}

void mmu_vma_name_read(const struct mmu_peek *peek, uint64_t mm_va, const struct mmu_vma *vma,
		       struct mmu_vma_name *ret)
{
	const void *found = NULL;
	struct mmu_copy copy;

	ret->kind = MMU_VMA_NAME_SPECIAL;
	ret->text[0] = '\0';
	ret->file.known = false;
	ret->unknown = false;
	mmu_error_destroy(mmu_layout_need(peek->memory->kernel, &special_layout, &found, NULL));
	const struct special_fields *special = found;
	bool known = special && mmu_peek_object(peek, &more_layout, vma->vma_va, &copy);
	const struct more_fields *more = known ? copy.fields : NULL;

	if (vma->file_va) {
		mmu_file_id_read(peek, vma->file_va, &ret->file);
		/* before 6.2 (d09e8ca6cb93) the name shares its place with what files need */
		bool own = known && !(more->shared.known && more->anon_name.known &&
				      more->shared.offset == more->anon_name.offset);

		if (!own || !anon_name(peek, special, more, &copy, "anon_shmem", ret))
			ret->kind = mmu_path_read(peek, vma->file_va, ret->text);
	} else if (!(known && special_name(peek, special, more, &copy, ret)) &&
		   !place_name(peek, mm_va, vma, special && special->ctime.known, ret) &&
		   !(known && anon_name(peek, special, more, &copy, "anon", ret))) {
		ret->kind = MMU_VMA_NAME_NONE;
		ret->text[0] = '\0';
		/* a special mapping has operations; which ones, a symbol tells */
		ret->unknown = vma->has_ops && !(special && special->special.known);
	}
}
