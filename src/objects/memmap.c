/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Finding the array of struct pages. */
#include "objects/memmap.h"

/* Even a kernel with every debug option keeps to this. */
#define STRUCT_PAGE_BYTES_MAX 512u

/*
 * `vmemmap` is a value, which some architectures compute and VMCOREINFO has (6.9). On others it is
 * a variable, whose address the symbols have: it lies where memory is mapped as it is, and no
 * memmap does.
 */
static struct mmu_error *read_vmemmap(struct mmu_memory *memory, uint64_t va, uint64_t *ret)
{
	const struct mmu_kernel *kernel = memory->kernel;

	for (size_t i = 0; i < kernel->nr_linear; i++)
		if (va >= kernel->linear[i].first_va && va <= kernel->linear[i].last_va)
			return mmu_memory_read_pointer(memory, va, "vmemmap", ret);
	*ret = va;
	return NULL;
}

struct mmu_error *mmu_memmap_find(struct mmu_memory *memory, struct mmu_memmap *ret)
{
	struct mmu_fact_store *facts = memory->kernel->facts;
	struct mmu_memmap map = { 0 };
	struct mmu_error *error = mmu_fact_need(facts, "SIZE(page)", &map.page_bytes);
	uint64_t va;

	if (error)
		return error;
	if (map.page_bytes < 16 || map.page_bytes > STRUCT_PAGE_BYTES_MAX)
		return mmu_error_new(MMU_ERROR_CORRUPT, "a struct page of %llu bytes",
				     (unsigned long long)map.page_bytes);
	if (mmu_fact_get(facts, "SYMBOL(vmemmap_base)", &va)) {
		error = mmu_memory_read_pointer(memory, va, "vmemmap_base", &map.first_va);
	} else if (mmu_fact_get(facts, "SYMBOL(vmemmap)", &va)) {
		/* before mem_map, which kernels for one node have beside it, and leave 0 */
		error = read_vmemmap(memory, va, &map.first_va);
	} else if (mmu_fact_get(facts, "SYMBOL(mem_map)", &va)) {
		/* FLATMEM: it begins with the first frame of the linear mapping */
		map.first_pfn = memory->kernel->linear[0].first_pa >>
				mmu_kernel_page_lg2(memory->kernel);
		error = mmu_memory_read_pointer(memory, va, "mem_map", &map.first_va);
	} else {
		error = mmu_error_new(MMU_ERROR_NOT_FOUND, "neither vmemmap_base nor mem_map is "
							   "known");
	}
	if (!error)
		*ret = map;
	return error;
}
