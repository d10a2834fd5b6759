/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Whether a VMA may have transparent huge pages: __thp_vma_allowable_orders() in mm/huge_memory.c,
 * hugepage_vma_check() from 6.0 to 6.7, transparent_hugepage_active() before. What depends on how
 * the kernel was built, or on more than these functions have in common, stays unknown.
 */
#include "analysis/thp.h"
#include "objects/path.h"
#include "objects/vma.h"

/* include/linux/mm.h; these have had their bits since 4.20 */
#define VM_INCOMPLETE_STACK 0x18000u /* SEQ_READ and RAND_READ: execve() still fills it */
#define VM_DONTEXPAND 0x40000u
#define VM_MIXEDMAP 0x10000000u
#define VM_HUGEPAGE 0x20000000u
#define VM_NOHUGEPAGE 0x40000000u
#define VM_SPECIAL (MMU_VM_IO | VM_DONTEXPAND | MMU_VM_PFNMAP | VM_MIXEDMAP | MMU_VM_HUGETLB)

/*
 * include/linux/mm_types.h: MMF_DISABLE_THP, and what 6.18 has below it for memory without
 * MADV_HUGEPAGE. That bit was MMF_HUGE_ZERO_FOLIO before.
 */
#define NOT_AT_ALL_BIT 24
#define NOT_UNASKED_BIT 23

/* mm/shmem.c: shmem_huge, and shmem_sb_info.huge from 0 on */
enum { SHMEM_NEVER, SHMEM_ALWAYS, SHMEM_WITHIN_SIZE, SHMEM_ADVISE };
#define SHMEM_DENY (-1)

struct thp_fields {
	struct mmu_number flags, always_bit, madvise_bit, never_bit;
	struct mmu_number anon_always, anon_madvise, anon_inherit;
	struct mmu_number events, thp_events;
	struct mmu_field mm_flags, mmap_lock, maple;
};

static const struct mmu_field_def thp_defs[] = {
	MMU_FIELD_NUMBER(struct thp_fields, flags, "SYMBOL(transparent_hugepage_flags)",
			 MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct thp_fields, always_bit,
			 "ENUM(transparent_hugepage_flag.TRANSPARENT_HUGEPAGE_FLAG)", MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct thp_fields, madvise_bit,
			 "ENUM(transparent_hugepage_flag.TRANSPARENT_HUGEPAGE_REQ_MADV_FLAG)",
			 MMU_OPTIONAL),
	/* 6.6 renamed it */
	MMU_FIELD_NUMBER(struct thp_fields, never_bit,
			 "ENUM(transparent_hugepage_flag.TRANSPARENT_HUGEPAGE_UNSUPPORTED)|"
			 "ENUM(transparent_hugepage_flag.TRANSPARENT_HUGEPAGE_NEVER_DAX)",
			 MMU_OPTIONAL),
	/* 6.8: sizes below that of a PMD, each with a setting of its own */
	MMU_FIELD_NUMBER(struct thp_fields, anon_always, "SYMBOL(huge_anon_orders_always)",
			 MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct thp_fields, anon_madvise, "SYMBOL(huge_anon_orders_madvise)",
			 MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct thp_fields, anon_inherit, "SYMBOL(huge_anon_orders_inherit)",
			 MMU_OPTIONAL),
	/* a kernel built without huge pages does not count them */
	MMU_FIELD_NUMBER(struct thp_fields, events, "ENUM(vm_event_item.PGFREE)", MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct thp_fields, thp_events, "ENUM(vm_event_item.THP_FAULT_ALLOC)",
			 MMU_OPTIONAL),
	MMU_FIELD_POINTER(struct thp_fields, mm_flags, "mm_struct.flags", MMU_OPTIONAL),
	/* 5.8 renamed it; before 5.3 smaps did not look at a VMA's size */
	MMU_FIELD_BYTES(struct thp_fields, mmap_lock, "mm_struct.mmap_lock", 0, MMU_OPTIONAL),
	MMU_FIELD_BYTES(struct thp_fields, maple, "mm_struct.mm_mt", 0, MMU_OPTIONAL), /* 6.1 */
};
static const struct mmu_layout thp_layout = MMU_LAYOUT(THP, "transparent_hugepage_flags",
						       struct thp_fields, thp_defs);

struct shmem_fields {
	struct mmu_number setting, always, within_size, madvise, inherit;
	struct mmu_field of_super, huge;
};

static const struct mmu_field_def shmem_defs[] = {
	MMU_FIELD_NUMBER(struct shmem_fields, setting, "SYMBOL(shmem_huge)", MMU_NEED),
	/* 6.11: as those of anonymous memory */
	MMU_FIELD_NUMBER(struct shmem_fields, always, "SYMBOL(huge_shmem_orders_always)",
			 MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct shmem_fields, within_size, "SYMBOL(huge_shmem_orders_within_size)",
			 MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct shmem_fields, madvise, "SYMBOL(huge_shmem_orders_madvise)",
			 MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct shmem_fields, inherit, "SYMBOL(huge_shmem_orders_inherit)",
			 MMU_OPTIONAL),
	MMU_FIELD_POINTER(struct shmem_fields, of_super, "super_block.s_fs_info", MMU_NEED),
	MMU_FIELD_BYTES(struct shmem_fields, huge, "shmem_sb_info.huge", 1, MMU_NEED),
};
static const struct mmu_layout shmem_layout = MMU_LAYOUT(SHMEM, "shmem_sb_info",
							 struct shmem_fields, shmem_defs);

/* ------------------------------------------------------------------ settings */

struct asked {
	struct mmu_peek peek;
	const struct thp_fields *fields;
	struct mmu_vma vma;
	unsigned int page_lg2, pmd_order;
	bool always, enabled; /* by /sys/kernel/mm/transparent_hugepage/enabled */
	bool sized;           /* each size has a setting */
	bool huge;            /* MADV_HUGEPAGE */
	uint64_t mm_flags;
};

static bool read_long(const struct mmu_peek *peek, const struct mmu_number *symbol, uint64_t *ret)
{
	return symbol->known && mmu_peek_pointer(peek, symbol->value, ret);
}

/*
 * enum transparent_hugepage_flag, which few units of vmlinux have. 5.12 put one in front of the
 * two that matter.
 */
static bool find_bits(const struct thp_fields *fields, uint64_t *ret_never, uint64_t *ret_always,
		      uint64_t *ret_madvise)
{
	*ret_never = fields->never_bit.known ? UINT64_C(1) << (fields->never_bit.value & 63) : 0;
	*ret_always = UINT64_C(1) << (fields->always_bit.value & 63);
	*ret_madvise = UINT64_C(1) << (fields->madvise_bit.value & 63);
	if (fields->always_bit.known && fields->madvise_bit.known)
		return true;
	*ret_never = 1;
	*ret_always = 2;
	*ret_madvise = 4;
	return fields->maple.known;
}

static bool read_settings(struct asked *asked, uint64_t mm_va)
{
	const struct thp_fields *fields = asked->fields;
	uint64_t flags, never, always, madvise;

	if (!read_long(&asked->peek, &fields->flags, &flags) || !fields->mm_flags.known ||
	    !mmu_peek_pointer(&asked->peek, mm_va + fields->mm_flags.offset, &asked->mm_flags) ||
	    !find_bits(fields, &never, &always, &madvise))
		return false;
	if (flags & never) /* no hardware for them: what that means has changed */
		return false;
	asked->always = flags & always;
	asked->enabled = flags & (always | madvise);
	asked->sized = fields->anon_always.known;
	return true;
}

static bool allowed_by_settings(const struct asked *asked)
{
	return asked->always || (asked->enabled && asked->huge);
}

/*
 * transhuge_vma_suitable(), thp_vma_suitable_order(): is there room for one, at the end? Where a
 * VMA ends below the size of a page, these wrap around, and say yes.
 */
static bool has_room(const struct asked *asked, unsigned int order, bool anonymous)
{
	const struct mmu_vma *vma = &asked->vma;
	uint64_t bytes = UINT64_C(1) << (asked->page_lg2 + order), end = vma->last_va + 1;

	if (!anonymous && ((vma->first_va - vma->offset_bytes) & (bytes - 1)))
		return false;
	return end < bytes || ((end - bytes) & ~(bytes - 1)) >= vma->first_va;
}

/* ------------------------------------------------------------------ kinds of VMAs */

static enum mmu_thp of_anonymous(const struct asked *asked)
{
	const struct thp_fields *fields = asked->fields;
	uint64_t always, madvise, inherit, orders = UINT64_C(1) << asked->pmd_order;
	bool room = false;

	if (asked->sized) {
		if (!read_long(&asked->peek, &fields->anon_always, &always) ||
		    !read_long(&asked->peek, &fields->anon_madvise, &madvise) ||
		    !read_long(&asked->peek, &fields->anon_inherit, &inherit))
			return MMU_THP_UNKNOWN;
		orders = always | (asked->huge ? madvise : 0) |
			 (allowed_by_settings(asked) ? inherit : 0);
	} else if (!allowed_by_settings(asked)) {
		return MMU_THP_NO;
	}
	for (unsigned int order = 1; order <= asked->pmd_order; order++)
		room |= orders >> order & 1 && has_room(asked, order, true);
	if (!room || asked->mm_flags >> NOT_AT_ALL_BIT & 1 ||
	    (asked->vma.vm_flags & MMU_VM_GROWSDOWN &&
	     (asked->vma.vm_flags & VM_INCOMPLETE_STACK) == VM_INCOMPLETE_STACK))
		return MMU_THP_NO;
	if (asked->sized && !asked->huge && asked->mm_flags >> NOT_UNASKED_BIT & 1)
		return MMU_THP_UNKNOWN;
	return MMU_THP_YES;
}

/* No page-cache pages, whatever shmem's many settings say. */
static bool shmem_says_no(const struct asked *asked, const struct shmem_fields *fields, int setting,
			  uint64_t of_super)
{
	uint64_t always, within_size, madvise;

	if (setting == SHMEM_DENY)
		return true;
	if (setting < 0 || of_super == SHMEM_ALWAYS || of_super == SHMEM_WITHIN_SIZE ||
	    (of_super == SHMEM_ADVISE && asked->huge))
		return false;
	if (!asked->sized)
		return true;
	return read_long(&asked->peek, &fields->always, &always) && !always &&
	       read_long(&asked->peek, &fields->within_size, &within_size) && !within_size &&
	       read_long(&asked->peek, &fields->madvise, &madvise) && (!madvise || !asked->huge);
}

/* shmem_is_huge(), shmem_allowable_huge_orders() */
static enum mmu_thp of_shmem(const struct asked *asked, const struct mmu_inode *inode)
{
	const struct mmu_peek *peek = &asked->peek;
	uint64_t raw, info_va, of_super, inherit = 1;
	const struct shmem_fields *fields;
	const void *found = NULL;
	bool pmd_room = has_room(asked, asked->pmd_order, false);

	if (asked->sized ? !has_room(asked, 1, false) : !pmd_room)
		return MMU_THP_NO;
	mmu_error_destroy(mmu_layout_need(peek->memory->kernel, &shmem_layout, &found, NULL));
	fields = found;
	if (!fields || !mmu_peek_number(peek, fields->setting.value, 4, &raw) ||
	    !mmu_peek_pointer(peek, inode->super_va + fields->of_super.offset, &info_va) ||
	    !mmu_peek_number(peek, info_va + fields->huge.offset, 1, &of_super))
		return MMU_THP_UNKNOWN;
	if (shmem_says_no(asked, fields, (int32_t)raw, of_super))
		return MMU_THP_NO;
	/* before 6.0 it was not so for System V's shared memory */
	bool asks = of_super == SHMEM_ALWAYS || (of_super == SHMEM_ADVISE && asked->huge);
	if (!asks || (int32_t)raw < 0 || !pmd_room || !asked->fields->maple.known ||
	    asked->mm_flags >> NOT_UNASKED_BIT & 3)
		return MMU_THP_UNKNOWN;
	if (asked->sized &&
	    (!read_long(peek, &fields->inherit, &inherit) || !(inherit >> asked->pmd_order & 1)))
		return MMU_THP_UNKNOWN;
	return MMU_THP_YES;
}

/* CONFIG_READ_ONLY_THP_FOR_FS would have to be known to say yes. */
static enum mmu_thp of_file(const struct asked *asked)
{
	struct mmu_inode inode;
	uint64_t pages_va;

	if (!asked->vma.has_offset ||
	    !mmu_file_object_read(&asked->peek, asked->vma.file_va, &inode, &pages_va) ||
	    !inode.magic)
		return MMU_THP_UNKNOWN;
	if (inode.magic == MMU_TMPFS_MAGIC)
		return of_shmem(asked, &inode);
	if (!asked->sized && !has_room(asked, asked->pmd_order, false))
		return MMU_THP_NO;
	/* kernels from 5.14 to 5.19 ask for no setting, but for executable memory */
	if (!asked->fields->maple.known)
		return asked->vma.vm_flags & MMU_VM_EXEC ? MMU_THP_UNKNOWN : MMU_THP_NO;
	return allowed_by_settings(asked) ? MMU_THP_UNKNOWN : MMU_THP_NO;
}

static enum mmu_thp of_special(const struct asked *asked)
{
	/* before 6.0 an anonymous one could be eligible if all are */
	return asked->fields->maple.known || asked->vma.has_ops || !allowed_by_settings(asked)
		       ? MMU_THP_NO
		       : MMU_THP_UNKNOWN;
}

/* HPAGE_PMD_ORDER. @return 0: the format has no such level */
static unsigned int pmd_order(const struct mmu_space *space, unsigned int page_lg2)
{
	const struct mmu_regime *regime = mmu_walker_regime(&space->walker);

	if (regime->format->kind == MMU_FORMAT_HASHED || regime->top_level < 1 ||
	    regime->shape[1].shift <= page_lg2)
		return 0;
	return regime->shape[1].shift - page_lg2;
}

enum mmu_thp mmu_thp_eligible(struct mmu_space *space, const struct mmu_vma_info *info)
{
	struct asked asked = { .peek = { .memory = &space->memory },
			       .page_lg2 = mmu_kernel_page_lg2(space->memory.kernel),
			       .huge = info->vm_flags & VM_HUGEPAGE };
	const void *found = NULL;
	bool is_there = false;

	if (info->gate)
		return MMU_THP_NO;
	mmu_error_destroy(mmu_layout_need(space->memory.kernel, &thp_layout, &found, NULL));
	asked.fields = found;
	if (!asked.fields || !asked.fields->mmap_lock.known)
		return MMU_THP_UNKNOWN;
	if (asked.fields->events.known && !asked.fields->thp_events.known)
		return MMU_THP_NO;
	asked.pmd_order = pmd_order(space, asked.page_lg2);
	mmu_error_destroy(
		mmu_vma_find(&space->memory, space->mm_va, info->first_va, &asked.vma, &is_there));
	if (!is_there || !asked.vma.knows_ops || !asked.pmd_order ||
	    !read_settings(&asked, space->mm_va))
		return MMU_THP_UNKNOWN;
	if (info->vm_flags & VM_NOHUGEPAGE)
		return MMU_THP_NO;
	if (info->vm_flags & VM_SPECIAL)
		return of_special(&asked);
	if (!asked.vma.has_ops)
		return of_anonymous(&asked);
	return asked.vma.file_va ? of_file(&asked) : MMU_THP_UNKNOWN;
}
