/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Kernel addresses: linear mappings first, then the kernel's own page tables. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kernel/memory.h"

/* the largest NR_CPUS */
#define CPUS_MAX 8192u

void mmu_memory_init(struct mmu_memory *memory, const struct mmu_kernel *kernel)
{
	memory->kernel = kernel;
}

void mmu_memory_destroy(struct mmu_memory *memory)
{
	memory->kernel = NULL;
}

struct mmu_span mmu_memory_span(struct mmu_memory *memory, uint64_t pa)
{
	return mmu_image_span(memory->kernel->image, pa);
}

enum mmu_page_state mmu_memory_read_phys(struct mmu_memory *memory, uint64_t pa, void *buf,
					 size_t bytes, uint64_t *ret_pa)
{
	return mmu_image_read(memory->kernel->image, pa, buf, bytes, ret_pa);
}

struct mmu_walker mmu_memory_walker(struct mmu_memory *memory)
{
	return (struct mmu_walker){ .image = memory->kernel->image, .arch = memory->kernel->arch };
}

void mmu_memory_walk(struct mmu_memory *memory, uint64_t va, struct mmu_walk *ret)
{
	struct mmu_walker walker = mmu_memory_walker(memory);

	walker.regime = memory->kernel->regime;
	if (walker.regime.format)
		mmu_walker_walk(&walker, va, ret);
	else
		*ret = (struct mmu_walk){ .va = va, .result = MMU_RESULT_EMPTY };
}

bool mmu_memory_to_phys(struct mmu_memory *memory, uint64_t va, uint64_t *ret_pa)
{
	struct mmu_walk walk;

	for (size_t i = 0; i < memory->kernel->nr_linear; i++) {
		const struct mmu_linear *linear = &memory->kernel->linear[i];

		if (va >= linear->first_va && va <= linear->last_va) {
			*ret_pa = linear->first_pa + (va - linear->first_va);
			return true;
		}
	}
	mmu_memory_walk(memory, va, &walk);
	if (walk.result != MMU_RESULT_MAPPED)
		return false;
	*ret_pa = walk.pa;
	return true;
}

/* Its page table may be what is missing. */
static struct mmu_error *not_mapped(struct mmu_memory *memory, const char *what, uint64_t object_va,
				    uint64_t va)
{
	struct mmu_walk walk;
	char where[32] = "";

	mmu_memory_walk(memory, va, &walk);
	if (va != object_va)
		snprintf(where, sizeof(where), "0x%" PRIx64 " is ", va);
	struct mmu_error *error = mmu_error_new(MMU_ERROR_FAULT,
						"%s at 0x%" PRIx64 ": %snot mapped (%s)", what,
						object_va, where, mmu_result_name(walk.result));
	return mmu_error_at_virt(mmu_error_of(error, what, object_va), va);
}

static struct mmu_error *not_there(const char *what, uint64_t object_va, uint64_t pa,
				   enum mmu_page_state state)
{
	struct mmu_error *error = mmu_error_new(MMU_ERROR_FAULT,
						"%s at 0x%" PRIx64 ": physical 0x%" PRIx64 " is %s",
						what, object_va, pa, mmu_page_state_name(state));

	return mmu_error_at_phys(mmu_error_of(error, what, object_va), pa, state);
}

struct mmu_error *mmu_memory_read_part(struct mmu_memory *memory, uint64_t object_va,
				       uint64_t offset, void *buf, size_t bytes, const char *what)
{
	uint8_t *out = buf;
	uint64_t page_bytes = (uint64_t)1 << memory->kernel->arch->page_lg2,
		 va = object_va + offset;

	while (bytes) {
		uint64_t pa, stop_pa, here = page_bytes - (va & (page_bytes - 1));
		size_t count = bytes < here ? bytes : (size_t)here;

		if (!mmu_memory_to_phys(memory, va, &pa))
			return not_mapped(memory, what, object_va, va);
		enum mmu_page_state state = mmu_memory_read_phys(memory, pa, out, count, &stop_pa);
		if (state != MMU_PAGE_PRESENT)
			return not_there(what, object_va, stop_pa, state);
		out += count;
		va += count;
		bytes -= count;
	}
	return NULL;
}

struct mmu_error *mmu_memory_read(struct mmu_memory *memory, uint64_t va, void *buf, size_t bytes,
				  const char *what)
{
	return mmu_memory_read_part(memory, va, 0, buf, bytes, what);
}

struct mmu_error *mmu_memory_read_part_uint(struct mmu_memory *memory, uint64_t object_va,
					    uint64_t offset, unsigned int bytes, const char *what,
					    uint64_t *ret)
{
	uint8_t buf[8];
	struct mmu_error *error = NULL;

	if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8)
		return mmu_error_new(MMU_ERROR_CORRUPT, "%s: a number of %u bytes", what, bytes);
	error = mmu_memory_read_part(memory, object_va, offset, buf, bytes, what);
	if (!error)
		*ret = mmu_get_uint(buf, bytes, memory->kernel->image->big_endian);
	return error;
}

struct mmu_error *mmu_memory_read_uint(struct mmu_memory *memory, uint64_t va, unsigned int bytes,
				       const char *what, uint64_t *ret)
{
	return mmu_memory_read_part_uint(memory, va, 0, bytes, what, ret);
}

struct mmu_error *mmu_memory_read_pointer(struct mmu_memory *memory, uint64_t va, const char *what,
					  uint64_t *ret)
{
	return mmu_memory_read_uint(memory, va, mmu_kernel_pointer_bytes(memory->kernel), what,
				    ret);
}

struct mmu_error *mmu_memory_each_cpu(struct mmu_memory *memory, mmu_cpu_fn fn, void *context)
{
	unsigned int bytes = mmu_kernel_pointer_bytes(memory->kernel);
	uint64_t offsets_va, cpus_va, cpus, cpu_offset;

	if (!mmu_fact_get(memory->kernel->facts, "SYMBOL(__per_cpu_offset)", &offsets_va) ||
	    !mmu_fact_get(memory->kernel->facts, "SYMBOL(nr_cpu_ids)", &cpus_va))
		return NULL;
	struct mmu_error *error = mmu_memory_read_uint(memory, cpus_va, 4, "nr_cpu_ids", &cpus);
	for (uint64_t cpu = 0; !error && cpu < cpus && cpu < CPUS_MAX; cpu++) {
		error = mmu_memory_read_uint(memory, offsets_va + cpu * bytes, bytes,
					     "__per_cpu_offset", &cpu_offset);
		if (!error)
			error = fn(cpu_offset, context);
	}
	return error;
}

struct mmu_error *mmu_memory_read_member_of(struct mmu_memory *memory, uint64_t va,
					    const char *member, const char *what, uint64_t *ret)
{
	uint64_t offset, bytes;
	char key[160];

	snprintf(key, sizeof(key), "OFFSET(%s)", member);
	struct mmu_error *error = mmu_fact_need(memory->kernel->facts, key, &offset);
	if (error)
		return error;
	snprintf(key, sizeof(key), "SIZE(%s)", member);
	error = mmu_fact_need(memory->kernel->facts, key, &bytes);
	if (error)
		return error;
	return mmu_memory_read_part_uint(memory, va, offset, (unsigned int)bytes, what, ret);
}

struct mmu_error *mmu_memory_read_member(struct mmu_memory *memory, uint64_t va, const char *member,
					 uint64_t *ret)
{
	char type[64];

	snprintf(type, sizeof(type), "%.*s", (int)strcspn(member, "."), member);
	return mmu_memory_read_member_of(memory, va, member, type, ret);
}
