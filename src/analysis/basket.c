/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What an extract holds so far: pieces of memory, by kernel address or as objects. */
#include <stdio.h>

#include "analysis/basket.h"

/* No struct that is kept whole is larger; all that says otherwise is a wrong fact. */
#define OBJECT_BYTES_MAX 65536u

#define NUMBER(to, key) MMU_FIELD_NUMBER(struct mmu_basket_fields, to, key, MMU_OPTIONAL)
#define PLACE(to, name) MMU_FIELD_BYTES(struct mmu_basket_fields, to, name, 0, MMU_OPTIONAL)

static const struct mmu_field_def defs[] = {
	NUMBER(task_bytes, "SIZE(task_struct)"),
	NUMBER(mm_bytes, "SIZE(mm_struct)"),
	NUMBER(signal_bytes, "SIZE(signal_struct)"),
	NUMBER(vma_bytes, "SIZE(vm_area_struct)"),
	NUMBER(pid_bytes, "SIZE(pid)"),
	NUMBER(upid_bytes, "SIZE(upid)"),
	NUMBER(module_bytes, "SIZE(module)"),
	MMU_FIELD_POINTER(struct mmu_basket_fields, signal, "task_struct.signal", MMU_OPTIONAL),
	MMU_FIELD(struct mmu_basket_fields, pid_level, "pid.level", MMU_OPTIONAL),
	PLACE(pid_numbers, "pid.numbers"),
	PLACE(module_list, "module.list"),
	MMU_FIELD_POINTER(struct mmu_basket_fields, page_flags, "page.flags", MMU_OPTIONAL),
	NUMBER(pg_reserved, "ENUM(pageflags.PG_reserved)"),
};

/* Where user mode's registers lie in a task_struct, as the back-end names the members. */
static void find_registers(struct mmu_basket *basket, const struct mmu_kernel *kernel)
{
	const char *const *member = kernel->arch->register_members;
	char key[128];

	for (; member && *member && basket->nr_registers < MMU_BASKET_REGISTERS_MAX; member++) {
		struct mmu_basket_hole *hole = &basket->registers[basket->nr_registers];

		snprintf(key, sizeof(key), "OFFSET(%s)", *member);
		if (!mmu_fact_get(kernel->facts, key, &hole->offset))
			continue;
		snprintf(key, sizeof(key), "SIZE(%s)", *member);
		basket->nr_registers += mmu_fact_get(kernel->facts, key, &hole->bytes);
	}
}

struct mmu_error *mmu_basket_init(struct mmu_basket *basket, const struct mmu_kernel *kernel)
{
	struct mmu_error *error = mmu_fields_resolve(
		kernel->facts, defs, sizeof(defs) / sizeof(defs[0]), &basket->fields);

	if (error)
		return error;
	find_registers(basket, kernel);
	mmu_memory_init(&basket->memory, kernel);
	return NULL;
}

void mmu_basket_destroy(struct mmu_basket *basket)
{
	mmu_memory_destroy(&basket->memory);
	mmu_keep_destroy(&basket->keep);
}

void mmu_basket_object(struct mmu_basket *basket, enum mmu_extract_kind kind, uint64_t va,
		       uint64_t bytes)
{
	uint64_t page_bytes = (uint64_t)1 << mmu_kernel_page_lg2(basket->memory.kernel);

	while (bytes) {
		uint64_t here = page_bytes - (va & (page_bytes - 1)), pa;

		here = here < bytes ? here : bytes;
		if (mmu_memory_to_phys(&basket->memory, va, &pa))
			mmu_keep_add(&basket->keep, kind, pa, here);
		va += here;
		bytes -= here;
	}
}

void mmu_basket_piece(void *context, uint64_t va, uint64_t bytes)
{
	struct mmu_basket *basket = context;

	if (bytes <= OBJECT_BYTES_MAX)
		mmu_basket_object(basket, basket->kind, va, bytes);
}

void mmu_basket_typed(struct mmu_basket *basket, enum mmu_extract_kind kind, uint64_t va,
		      const struct mmu_number *bytes)
{
	if (va && bytes->known && bytes->value <= OBJECT_BYTES_MAX)
		mmu_basket_object(basket, kind, va, bytes->value);
}

void mmu_basket_task(struct mmu_basket *basket, uint64_t task_va)
{
	const struct mmu_basket_fields *fields = &basket->fields;
	uint64_t bytes = fields->task_bytes.value, at = 0;

	if (!fields->task_bytes.known || bytes > OBJECT_BYTES_MAX)
		return;
	while (at < bytes) {
		uint64_t end = bytes, next = bytes;

		for (size_t i = 0; i < basket->nr_registers; i++) {
			const struct mmu_basket_hole *hole = &basket->registers[i];

			if (hole->offset + hole->bytes > at && hole->offset < end) {
				end = hole->offset;
				next = hole->offset + hole->bytes;
			}
		}
		if (end > at)
			mmu_basket_object(basket, MMU_EXTRACT_TASKS, task_va + at, end - at);
		at = next;
	}
}

void mmu_basket_struct_pages(struct mmu_basket *basket, uint64_t pa, uint64_t bytes)
{
	unsigned int page_lg2 = mmu_kernel_page_lg2(basket->memory.kernel);
	uint64_t mask = ((uint64_t)1 << page_lg2) - 1, pfn = pa >> page_lg2;
	uint64_t last_pfn = (pa + (bytes - 1)) >> page_lg2;

	if (!basket->has_memmap || pfn < basket->memmap.first_pfn || last_pfn < pfn)
		return;
	uint64_t va = mmu_memmap_va(&basket->memmap, pfn);
	uint64_t left = (last_pfn - pfn + 1) * basket->memmap.page_bytes;
	while (left) {
		uint64_t here = mask + 1 - (va & mask), at_pa;

		here = here < left ? here : left;
		if (!mmu_memory_to_phys(&basket->memory, va, &at_pa))
			return; /* frames that are no RAM have none */
		mmu_keep_add(&basket->keep, MMU_EXTRACT_MEMMAP, at_pa, here);
		va += here;
		left -= here;
	}
}

bool mmu_basket_fact(const struct mmu_basket *basket, const char *key, uint64_t *ret)
{
	return mmu_fact_get(basket->memory.kernel->facts, key, ret);
}
