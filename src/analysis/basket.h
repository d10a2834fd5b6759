/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What an extract holds so far: pieces of memory, by kernel address or as objects. */
#ifndef MMU_ANALYSIS_BASKET_H
#define MMU_ANALYSIS_BASKET_H

#include "analysis/keep.h"
#include "kernel/object.h"
#include "objects/memmap.h"

/** Sizes and members of what is kept; looked up once. */
struct mmu_basket_fields {
	struct mmu_number task_bytes, mm_bytes, signal_bytes, vma_bytes, pid_bytes, upid_bytes,
		module_bytes;
	struct mmu_field signal, pid_level, pid_numbers, module_list, page_flags;
	struct mmu_number pg_reserved;
};

/** No back-end names more members with registers. */
#define MMU_BASKET_REGISTERS_MAX 16u

struct mmu_basket {
	struct mmu_memory memory;
	struct mmu_basket_fields fields;
	struct mmu_basket_hole {
		uint64_t offset, bytes;
	} registers[MMU_BASKET_REGISTERS_MAX]; /**< of user mode, in a task_struct: user data */
	size_t nr_registers;
	struct mmu_keep keep;
	enum mmu_extract_kind kind; /**< of the pieces that mmu_basket_piece() gets */
	struct mmu_memmap memmap;
	bool has_memmap;
};

/**
 * @param kernel  is learnt
 * @return MMU_ERROR_CORRUPT (facts that can't be true): there is nothing to destroy
 */
struct mmu_error *mmu_basket_init(struct mmu_basket *basket,
				  const struct mmu_kernel *kernel) MMU_MUST_CHECK;
void mmu_basket_destroy(struct mmu_basket *basket);

/** Keep an object at a kernel address, as far as it is mapped. */
void mmu_basket_object(struct mmu_basket *basket, enum mmu_extract_kind kind, uint64_t va,
		       uint64_t bytes);

/** As mmu_basket_object(), of basket->kind: an mmu_piece_fn. @param context  the basket */
void mmu_basket_piece(void *context, uint64_t va, uint64_t bytes);

/** Keep an object of a type of known size. Nothing where that is not known, or va is 0. */
void mmu_basket_typed(struct mmu_basket *basket, enum mmu_extract_kind kind, uint64_t va,
		      const struct mmu_number *bytes);

/** Keep a task_struct, without the registers of user mode that some architectures save in it. */
void mmu_basket_task(struct mmu_basket *basket, uint64_t task_va);

/** Keep the struct pages of [pa, pa + bytes), as far as there are any. */
void mmu_basket_struct_pages(struct mmu_basket *basket, uint64_t pa, uint64_t bytes);

/** As mmu_fact_get(): for what is asked once. */
bool mmu_basket_fact(const struct mmu_basket *basket, const char *key, uint64_t *ret);

#endif
