/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The kernel's part of an extract: static data, and lists that debuggers follow. */
#include "analysis/extract.h"
#include "objects/pids.h"

#define MODULES_MAX 65536u
/* MAX_PID_NS_LEVEL, and one */
#define PID_NAMESPACES_MAX 33u
#define PERCPU_BYTES_MAX (UINT64_C(1) << 22)
/* arch/x86: KERNEL_IMAGE_SIZE; others have less */
#define DATA_BYTES_MAX (UINT64_C(1) << 30)

/* ------------------------------------------------------------------ the kernel's own data */

/*
 * x86 gives this part of .bss away when memory is not encrypted (mem_encrypt_free_decrypted_mem());
 * nothing else between the symbols that keep_static_data() names is ever freed.
 */
static bool may_be_freed(const struct mmu_basket *basket, uint64_t va)
{
	uint64_t first_va, end_va;

	return mmu_basket_fact(basket, "SYMBOL(__start_bss_decrypted)", &first_va) &&
	       mmu_basket_fact(basket, "SYMBOL(__end_bss_decrypted)", &end_va) && va >= first_va &&
	       va < end_va;
}

/*
 * Is this page of the kernel's data still the kernel's? What it frees after boot, others own then:
 * only what it keeps stays PG_reserved. Where that can't be known, the symbols decide.
 */
static bool is_reserved(struct mmu_basket *basket, uint64_t va, uint64_t pa)
{
	const struct mmu_basket_fields *fields = &basket->fields;
	uint64_t pfn = pa >> mmu_kernel_page_lg2(basket->memory.kernel), flags;

	if (!basket->has_memmap || pfn < basket->memmap.first_pfn || !fields->page_flags.known ||
	    !fields->pg_reserved.known || fields->pg_reserved.value > 63)
		return !may_be_freed(basket, va);
	struct mmu_error *error = mmu_memory_read_pointer(
		&basket->memory, mmu_memmap_va(&basket->memmap, pfn) + fields->page_flags.offset,
		"page.flags", &flags);
	mmu_error_destroy(error);
	return error ? !may_be_freed(basket, va) : flags >> fields->pg_reserved.value & 1;
}

static struct mmu_error *keep_static_data(struct mmu_basket *basket)
{
	static const char *const areas[][2] = {
		{ "SYMBOL(__start_rodata)", "SYMBOL(__end_rodata)" },
		{ "SYMBOL(_sdata)", "SYMBOL(_edata)" },
		{ "SYMBOL(__bss_start)", "SYMBOL(__bss_stop)" },
	};
	struct mmu_memory *memory = &basket->memory;
	uint64_t page_bytes = (uint64_t)1 << mmu_kernel_page_lg2(memory->kernel);

	for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++) {
		uint64_t va, end_va, pa;
		struct mmu_error *error = mmu_fact_need(memory->kernel->facts, areas[i][0], &va);

		if (!error)
			error = mmu_fact_need(memory->kernel->facts, areas[i][1], &end_va);
		if (!error && end_va - va > DATA_BYTES_MAX)
			error = mmu_error_new(MMU_ERROR_CORRUPT, "%s lies far behind %s",
					      areas[i][1], areas[i][0]);
		if (error)
			return error;
		while (va < end_va) {
			uint64_t here = page_bytes - (va & (page_bytes - 1));

			here = here < end_va - va ? here : end_va - va;
			if (!mmu_memory_to_phys(memory, va, &pa))
				;
			else if (is_reserved(basket, va, pa))
				mmu_keep_add(&basket->keep, MMU_EXTRACT_KERNEL, pa, here);
			else /* so that an extract of the extract knows it too */
				mmu_basket_struct_pages(basket, pa, here);
			va += here;
		}
	}
	return NULL;
}

/* The idle task of a CPU is on no list. */
static void keep_idle_task(struct mmu_basket *basket, uint64_t cpu_offset)
{
	uint64_t va, task_va;

	if (!mmu_basket_fact(basket, "SYMBOL(idle_threads)", &va))
		return;
	struct mmu_error *error = mmu_memory_read_pointer(&basket->memory, va + cpu_offset,
							  "idle_threads", &task_va);
	if (!error && task_va)
		mmu_basket_task(basket, task_va);
	mmu_error_destroy(error);
}

struct percpu {
	struct mmu_basket *basket;
	uint64_t first, bytes; /* as linked */
};

static struct mmu_error *keep_cpu(uint64_t cpu_offset, void *context)
{
	const struct percpu *percpu = context;

	mmu_basket_object(percpu->basket, MMU_EXTRACT_PERCPU, percpu->first + cpu_offset,
			  percpu->bytes);
	keep_idle_task(percpu->basket, cpu_offset);
	return NULL;
}

/* The static per-CPU variables of each CPU, as the linker laid them out. */
static void keep_percpu_data(struct mmu_basket *basket)
{
	struct percpu percpu = { .basket = basket };
	uint64_t end;

	if (!mmu_basket_fact(basket, "SYMBOL(__per_cpu_start)", &percpu.first) ||
	    !mmu_basket_fact(basket, "SYMBOL(__per_cpu_end)", &end) || end < percpu.first ||
	    end - percpu.first > PERCPU_BYTES_MAX)
		return;
	percpu.bytes = end - percpu.first;
	mmu_error_destroy(mmu_memory_each_cpu(&basket->memory, keep_cpu, &percpu));
}

/* ------------------------------------------------------------------ lists that others follow */

/* A struct pid, with a number for each namespace that it is seen in. */
static void keep_pid(struct mmu_basket *basket, uint64_t pid_va)
{
	const struct mmu_basket_fields *fields = &basket->fields;
	uint64_t level;

	mmu_basket_typed(basket, MMU_EXTRACT_TASKS, pid_va, &fields->pid_bytes);
	if (!fields->pid_level.known || !fields->pid_numbers.known || !fields->upid_bytes.known ||
	    fields->upid_bytes.value > 64)
		return;
	mmu_basket_object(basket, MMU_EXTRACT_TASKS, pid_va + fields->pid_level.offset,
			  fields->pid_level.bytes);
	struct mmu_error *error = mmu_memory_read_uint(&basket->memory,
						       pid_va + fields->pid_level.offset,
						       fields->pid_level.bytes, "pid", &level);
	if (!error && level < PID_NAMESPACES_MAX)
		mmu_basket_object(basket, MMU_EXTRACT_TASKS, pid_va + fields->pid_numbers.offset,
				  (level + 1) * fields->upid_bytes.value);
	mmu_error_destroy(error);
}

/* What debuggers that list tasks by their pids read, and we where the list of tasks is broken. */
static bool visit_pid(const struct mmu_pid *pid, void *context)
{
	if (!pid->missing)
		keep_pid(context, pid->pid_va);
	return true;
}

static void keep_pids(struct mmu_basket *basket)
{
	basket->kind = MMU_EXTRACT_TASKS;
	mmu_error_destroy(mmu_pids_visit(&basket->memory, visit_pid, mmu_basket_piece, basket));
}

/* The struct module of each module: its name, and where it lies. */
static void keep_modules(struct mmu_basket *basket)
{
	const struct mmu_basket_fields *fields = &basket->fields;
	uint64_t head_va, node_va;

	if (!mmu_basket_fact(basket, "SYMBOL(modules)", &head_va) || !fields->module_list.known)
		return;
	node_va = head_va;
	for (unsigned int i = 0; i < MODULES_MAX; i++) {
		struct mmu_error *error = mmu_memory_read_pointer(&basket->memory, node_va,
								  "module.list", &node_va);

		mmu_error_destroy(error);
		if (error || node_va == head_va)
			return;
		mmu_basket_typed(basket, MMU_EXTRACT_KERNEL, node_va - fields->module_list.offset,
				 &fields->module_bytes);
	}
}

struct mmu_error *mmu_extract_kernel(struct mmu_basket *basket)
{
	struct mmu_error *error = keep_static_data(basket);

	if (error)
		return error;
	keep_percpu_data(basket);
	keep_modules(basket);
	keep_pids(basket);
	return NULL;
}
