/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What an answer means for the process: what the next access brings, why rights differ. */
#include "mmuscope/mmuscope.h"
#include "objects/meaning.h"

#define ACCESSES (MMU_RIGHT_READ | MMU_RIGHT_WRITE | MMU_RIGHT_EXEC)

/* ------------------------------------------------------------------ the zero pages */

struct zero_fields {
	struct mmu_number zero, huge_zero;
};

static const struct mmu_field_def zero_defs[] = {
	/* renamed in 7.0 */
	MMU_FIELD_NUMBER(struct zero_fields, zero, "SYMBOL(zero_pfn)|SYMBOL(zero_page_pfn)",
			 MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct zero_fields, huge_zero, "SYMBOL(huge_zero_pfn)", MMU_OPTIONAL),
};
static const struct mmu_layout zero_layout = MMU_LAYOUT(ZERO_PAGES, "zero_pfn", struct zero_fields,
							zero_defs);

static bool is_frame(struct mmu_memory *memory, const struct mmu_number *symbol, uint64_t pfn)
{
	const struct mmu_peek peek = { .memory = memory };
	uint64_t value;

	return symbol->known && mmu_peek_pointer(&peek, symbol->value, &value) && value == pfn;
}

enum mmu_zero_page mmu_zero_page_of(struct mmu_space *space, const struct mmu_walk *walk)
{
	const void *found = NULL;

	/* of a bare root no kernel is known */
	if (walk->result != MMU_RESULT_MAPPED || !space->walker.swap)
		return MMU_ZERO_PAGE_NONE;
	mmu_error_destroy(mmu_layout_need(space->memory.kernel, &zero_layout, &found, NULL));
	const struct zero_fields *fields = found;
	unsigned int page_lg2 = mmu_kernel_page_lg2(space->memory.kernel);
	uint64_t pfn = (walk->pa & ~(walk->page_bytes - 1)) >> page_lg2;

	if (!fields)
		return MMU_ZERO_PAGE_NONE;
	if (walk->page_bytes >> page_lg2 > 1)
		return is_frame(&space->memory, &fields->huge_zero, pfn) ? MMU_ZERO_PAGE_HUGE
									 : MMU_ZERO_PAGE_NONE;
	return is_frame(&space->memory, &fields->zero, pfn) ? MMU_ZERO_PAGE_BASE
							    : MMU_ZERO_PAGE_NONE;
}

bool mmu_knows_huge_zero_page(struct mmu_space *space)
{
	const struct mmu_peek peek = { .memory = &space->memory };
	const struct zero_fields *fields;
	const void *found = NULL;
	uint64_t pfn;

	mmu_error_destroy(mmu_layout_need(space->memory.kernel, &zero_layout, &found, NULL));
	fields = found;
	return fields && fields->huge_zero.known &&
	       mmu_peek_pointer(&peek, fields->huge_zero.value, &pfn);
}

/* ------------------------------------------------------------------ where nothing is */

/* As mm/mmap.c: expand_stack() asks the next VMA above, and no other. */
static void without_vma(struct mmu_space *space, uint64_t va, struct mmu_meaning *ret)
{
	struct mmu_vma_walk vmas;
	struct mmu_vma vma;
	bool found;

	mmu_vma_walk_init(&vmas, &space->memory, space->mm_va);
	vmas.next_va = va;
	struct mmu_error *error = mmu_vma_walk_next(&vmas, &vma, &found);
	if (!error)
		ret->next = MMU_NEXT_SIGSEGV;
	if (!error && found && vma.vm_flags & MMU_VM_GROWSDOWN) {
		ret->next = MMU_NEXT_STACK;
		ret->stack_first_va = vma.first_va;
		ret->stack_last_va = vma.last_va;
	}
	mmu_error_destroy(error);
}

enum mmu_next mmu_meaning_next(const struct mmu_vma *vma)
{
	bool anonymous = vma->knows_ops
				 ? !vma->has_ops
				 : !vma->file_va && !(vma->vm_flags & (MMU_VM_PFNMAP | MMU_VM_IO));

	if (!(vma->vm_flags & (MMU_VM_READ | MMU_VM_WRITE | MMU_VM_EXEC)))
		return MMU_NEXT_SIGSEGV;
	if (vma->vm_flags & MMU_VM_UFFD_MISSING)
		return MMU_NEXT_USERFAULTFD;
	if (anonymous)
		return MMU_NEXT_ZERO;
	if (vma->file_va && !(vma->vm_flags & (MMU_VM_PFNMAP | MMU_VM_IO)))
		return MMU_NEXT_FILE;
	return MMU_NEXT_DRIVER;
}

static void where_nothing_is(struct mmu_space *space, uint64_t va, const struct mmu_vma *vma,
			     struct mmu_meaning *ret)
{
	if (!vma) {
		without_vma(space, va, ret);
		return;
	}
	ret->next = mmu_meaning_next(vma);
	ret->copies = !(vma->vm_flags & MMU_VM_SHARED);
	ret->has_file_page = ret->next == MMU_NEXT_FILE && vma->has_offset;
	if (ret->has_file_page)
		ret->file_page = (vma->offset_bytes + (va - vma->first_va)) >>
				 mmu_kernel_page_lg2(space->memory.kernel);
}

/* ------------------------------------------------------------------ where rights differ */

/* Then one bit more makes the entry say so. */
bool mmu_can_be_soft_dirty(const struct mmu_regime *regime, const struct mmu_step *step)
{
	const struct mmu_format *format = regime->format;

	for (unsigned int bit = 0; bit < 8u * format->entry_bytes; bit++) {
		uint64_t raw = step->raw ^ UINT64_C(1) << bit;
		struct mmu_entry entry;

		format->decode(regime, step->level, raw, step->second, &entry);
		if (entry.kind == MMU_KIND_LEAF && entry.attrs & MMU_ATTR_SOFT_DIRTY)
			return true;
	}
	return false;
}

/* Can a leaf grant what this one does, without some of its rights? */
static bool can_withhold(const struct mmu_regime *regime, const struct mmu_step *step,
			 uint8_t rights)
{
	const struct mmu_format *format = regime->format;
	struct mmu_entry entry = step->entry;
	uint64_t raw, second = 0;

	entry.rights &= (uint8_t)~rights;
	if (!format->encode || !format->encode(regime, step->level, &entry, &raw, &second))
		return false;
	format->decode(regime, step->level, raw, second, &entry);
	return !(entry.rights & rights);
}

/* All of it comes along with what the VMA allows, or nothing is said. */
static uint32_t why_more(const struct mmu_walk *walk, const struct mmu_step *leaf, uint8_t more)
{
	uint32_t why = 0;

	if (more & MMU_RIGHT_READ) {
		if (can_withhold(walk->regime, leaf, MMU_RIGHT_READ))
			return 0;
		why |= MMU_WHY_READ_COMES_ALONG;
	}
	if (more & MMU_RIGHT_EXEC) {
		/* where one bit denies it to all, the kernel's must go as well */
		if (can_withhold(walk->regime, leaf, MMU_RIGHT_EXEC) ||
		    can_withhold(walk->regime, leaf, MMU_RIGHT_EXEC | MMU_RIGHT_EXEC_PRIV))
			return 0;
		why |= MMU_WHY_EXEC_COMES_ALONG;
	}
	return more & MMU_RIGHT_WRITE ? 0 : why;
}

static uint32_t why_no_write(const struct mmu_walk *walk, const struct mmu_step *leaf,
			     const struct mmu_vma *vma, enum mmu_zero_page zero)
{
	uint8_t attrs = leaf->entry.attrs;
	uint32_t why = 0;

	if (attrs & MMU_ATTR_UFFD_WP)
		return MMU_WHY_USERFAULTFD;
	if (zero != MMU_ZERO_PAGE_NONE)
		return MMU_WHY_ZERO_PAGE;
	if (!(vma->vm_flags & MMU_VM_SHARED))
		why |= MMU_WHY_COPY_ON_WRITE;
	else if (attrs & MMU_ATTR_KNOWN && !(attrs & MMU_ATTR_DIRTY))
		why |= MMU_WHY_CLEAN;
	/* a VMA that has the flag counts as written to, and is not watched */
	if (!(vma->vm_flags & MMU_VM_SOFTDIRTY) && !(attrs & MMU_ATTR_SOFT_DIRTY) &&
	    mmu_can_be_soft_dirty(walk->regime, leaf))
		why |= MMU_WHY_SOFT_DIRTY;
	return why;
}

static void compare_rights(const struct mmu_walk *walk, const struct mmu_vma *vma,
			   struct mmu_meaning *ret)
{
	const struct mmu_step *leaf = walk->nr_steps ? &walk->steps[walk->nr_steps - 1] : NULL;
	uint8_t granted = walk->rights & ACCESSES;

	if (!leaf || leaf->entry.kind != MMU_KIND_LEAF)
		return;
	if (!(walk->rights & MMU_RIGHT_USER))
		granted &= MMU_RIGHT_EXEC;
	ret->keyed = leaf->entry.attrs & MMU_ATTR_KEYED;
	ret->less = ret->allowed & (uint8_t)~granted;
	ret->more = granted & (uint8_t)~ret->allowed;
	if (ret->less == MMU_RIGHT_WRITE)
		ret->why_less = why_no_write(walk, leaf, vma, ret->zero_page);
	ret->why_more = why_more(walk, leaf, ret->more);
}

/* ------------------------------------------------------------------ all of it */

static uint8_t allowed_by(uint64_t vm_flags)
{
	return (uint8_t)((vm_flags & MMU_VM_READ ? MMU_RIGHT_READ : 0) |
			 (vm_flags & MMU_VM_WRITE ? MMU_RIGHT_WRITE : 0) |
			 (vm_flags & MMU_VM_EXEC ? MMU_RIGHT_EXEC : 0));
}

void mmu_meaning_find(struct mmu_space *space, const struct mmu_walk *walk,
		      const struct mmu_vma *vma, struct mmu_meaning *ret)
{
	*ret = (struct mmu_meaning){ .zero_page = mmu_zero_page_of(space, walk) };
	if (!space->mm_va)
		return;
	struct mmu_va_range user = mmu_space_user_range(space);
	if (walk->va < user.first_va || walk->va > user.last_va)
		return;
	if (vma)
		ret->allowed = allowed_by(vma->vm_flags);
	if (walk->result == MMU_RESULT_EMPTY)
		where_nothing_is(space, walk->va, vma, ret);
	if (walk->result == MMU_RESULT_MAPPED && vma)
		compare_rights(walk, vma, ret);
}
