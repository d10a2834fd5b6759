/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Kernel addresses: linear mappings first, then the kernel's own page tables. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "kernel/layout.h"
#include "kernel/memory.h"

/* the largest NR_CPUS */
#define CPUS_MAX 8192u

void mmu_memory_init(struct mmu_memory *memory, const struct mmu_kernel *kernel)
{
	*memory = (struct mmu_memory){ .kernel = kernel };
	mmu_cursor_init(&memory->cursor, kernel->image);
}

void mmu_memory_destroy(struct mmu_memory *memory)
{
	mmu_cursor_destroy(&memory->cursor);
	free(memory->cpu_offsets);
	memory->cpu_offsets = NULL;
}

struct mmu_span mmu_memory_span(struct mmu_memory *memory, uint64_t pa)
{
	return mmu_image_span(&memory->cursor, pa);
}

enum mmu_page_state mmu_memory_read_phys(struct mmu_memory *memory, uint64_t pa, void *buf,
					 size_t bytes, uint64_t *ret_pa)
{
	return mmu_image_pick(&memory->cursor, pa, buf, bytes, ret_pa);
}

struct mmu_walker mmu_memory_walker(struct mmu_memory *memory)
{
	return (struct mmu_walker){ .cursor = &memory->cursor,
				    .arch = memory->kernel->arch,
				    .regimes = &memory->kernel->regimes };
}

void mmu_memory_walk(struct mmu_memory *memory, uint64_t va, struct mmu_walk *ret)
{
	struct mmu_walker walker = mmu_memory_walker(memory);

	if (walker.regimes->nr)
		mmu_walker_walk(&walker, va, ret);
	else
		*ret = (struct mmu_walk){ .va = va, .result = MMU_RESULT_EMPTY };
}

/*
 * By the kernel's tables, of which those of a dump do not change. While the kernel is being learnt,
 * other tables may be tried.
 */
static bool walk_to_phys(struct mmu_memory *memory, uint64_t va, uint64_t *ret_pa)
{
	unsigned int page_lg2 = mmu_kernel_page_lg2(memory->kernel);
	uint64_t page_va = va >> page_lg2 << page_lg2;
	struct mmu_memory_page *page = &memory->pages[(va >> page_lg2) % MMU_MEMORY_PAGES];
	struct mmu_walk walk;

	if (memory->root_pa != memory->kernel->regimes.regime[0].root_pa)
		memset(memory->pages, 0, sizeof(memory->pages));
	memory->root_pa = memory->kernel->regimes.regime[0].root_pa;
	if (!page->known || page->va != page_va) {
		mmu_memory_walk(memory, page_va, &walk);
		if (walk.result != MMU_RESULT_MAPPED)
			return false;
		*page = (struct mmu_memory_page){ page_va, walk.pa, !memory->kernel->image->live };
	}
	*ret_pa = page->pa + (va - page_va);
	return true;
}

const struct mmu_linear *mmu_memory_linear(const struct mmu_memory *memory, uint64_t va)
{
	const struct mmu_kernel *kernel = memory->kernel;

	for (size_t i = 0; i < kernel->nr_linear; i++)
		if (va >= kernel->linear[i].first_va && va <= kernel->linear[i].last_va)
			return &kernel->linear[i];
	return NULL;
}

/* @param ret_last  from va on, how many bytes but one lie behind each other there */
static bool to_phys(struct mmu_memory *memory, uint64_t va, uint64_t *ret_pa, uint64_t *ret_last)
{
	const struct mmu_linear *linear = mmu_memory_linear(memory, va);

	if (linear) {
		*ret_pa = linear->first_pa + (va - linear->first_va);
		*ret_last = linear->last_va - va;
		return true;
	}
	*ret_last = ~va & (((uint64_t)1 << mmu_kernel_page_lg2(memory->kernel)) - 1);
	return memory->kernel->regimes.nr && walk_to_phys(memory, va, ret_pa);
}

bool mmu_memory_to_phys(struct mmu_memory *memory, uint64_t va, uint64_t *ret_pa)
{
	uint64_t last;

	return to_phys(memory, va, ret_pa, &last);
}

bool mmu_memory_in_place(struct mmu_memory *memory, uint64_t va, uint64_t bytes,
			 struct mmu_bytes *ret)
{
	const struct mmu_linear *linear = mmu_memory_linear(memory, va);
	struct mmu_bytes map = memory->kernel->image->file.map;

	if (!linear || !bytes || bytes - 1 > linear->last_va - va || !map.count)
		return false;
	struct mmu_span span = mmu_memory_span(memory, linear->first_pa + (va - linear->first_va));
	if (span.state != MMU_PAGE_PRESENT || span.bytes < bytes || span.data < map.data ||
	    span.data >= map.data + map.count)
		return false;
	*ret = (struct mmu_bytes){ span.data, bytes };
	return true;
}

/* Why a copy ended. */
struct stop {
	bool mapped; /* then: */
	uint64_t pa;
	enum mmu_page_state state;
};

static size_t copy(struct mmu_memory *memory, uint64_t va, uint8_t *buf, size_t bytes,
		   struct stop *ret)
{
	uint64_t pa, last;
	size_t done = 0;

	*ret = (struct stop){ .mapped = false };
	while (done < bytes && to_phys(memory, va + done, &pa, &last)) {
		size_t count = bytes - done <= last ? bytes - done : (size_t)last + 1;

		ret->state = mmu_memory_read_phys(memory, pa, buf + done, count, &ret->pa);
		if (ret->state != MMU_PAGE_PRESENT) {
			ret->mapped = true;
			return done + (size_t)(ret->pa - pa);
		}
		done += count;
	}
	return done;
}

size_t mmu_memory_copy(struct mmu_memory *memory, uint64_t va, void *buf, size_t bytes)
{
	struct stop stop;

	return copy(memory, va, buf, bytes, &stop);
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
	struct stop stop;
	size_t done = copy(memory, object_va + offset, buf, bytes, &stop);

	if (done == bytes)
		return NULL;
	if (!stop.mapped)
		return not_mapped(memory, what, object_va, object_va + offset + done);
	return not_there(what, object_va, stop.pa, stop.state);
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
		*ret = mmu_get_uint(buf, bytes, memory->kernel->big_endian);
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

bool mmu_memory_read_alone(void *context, uint64_t va, void *buf, size_t bytes)
{
	const struct mmu_kernel *kernel = context;
	struct mmu_memory memory;

	mmu_memory_init(&memory, kernel);
	memory.cursor.picked = mmu_layouts_take_picked(kernel->layouts);
	size_t done = mmu_memory_copy(&memory, va, buf, bytes);
	mmu_layouts_give_picked(kernel->layouts, mmu_steal(memory.cursor.picked));
	mmu_memory_destroy(&memory);
	return done == bytes;
}

/* ------------------------------------------------------------------ CPUs */

struct cpu_fields {
	struct mmu_number offsets, nr;
};

static const struct mmu_field_def cpu_defs[] = {
	MMU_FIELD_NUMBER(struct cpu_fields, offsets, "SYMBOL(__per_cpu_offset)", MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct cpu_fields, nr, "SYMBOL(nr_cpu_ids)", MMU_OPTIONAL),
};
static const struct mmu_layout cpu_layout = MMU_LAYOUT(CPUS, "__per_cpu_offset", struct cpu_fields,
						       cpu_defs);

/* They never change once the kernel has booted. */
static struct mmu_error *read_cpu_offsets(struct mmu_memory *memory)
{
	unsigned int bytes = mmu_kernel_pointer_bytes(memory->kernel);
	uint64_t nr = 0, *offsets;
	const void *found;

	struct mmu_error *error = mmu_layout_need(memory->kernel, &cpu_layout, &found, NULL);
	if (error)
		return error;
	const struct cpu_fields *fields = found;
	bool several = fields->offsets.known && fields->nr.known;
	if (several)
		error = mmu_memory_read_uint(memory, fields->nr.value, 4, "nr_cpu_ids", &nr);
	if (error)
		return error;
	nr = nr < CPUS_MAX ? nr : CPUS_MAX;
	offsets = calloc(nr + 1, sizeof(*offsets));
	if (!offsets) {
		/* callers may drop the error */
		mmu_fact_store_set_no_memory(memory->kernel->facts);
		return mmu_error_no_memory();
	}
	for (uint64_t cpu = 0; !error && cpu < nr; cpu++)
		error = mmu_memory_read_uint(memory, fields->offsets.value + cpu * bytes, bytes,
					     "__per_cpu_offset", &offsets[cpu]);
	if (error) {
		free(offsets);
		return error;
	}
	memory->cpu_offsets = offsets;
	memory->nr_cpus = nr;
	return NULL;
}

struct mmu_error *mmu_memory_each_cpu(struct mmu_memory *memory, mmu_cpu_fn fn, void *context)
{
	struct mmu_error *error = memory->cpu_offsets ? NULL : read_cpu_offsets(memory);

	for (size_t cpu = 0; !error && cpu < memory->nr_cpus; cpu++)
		error = fn(memory->cpu_offsets[cpu], context);
	return error;
}
