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
static bool may_be_freed(const struct mmu_extraction *extract, uint64_t va)
{
	uint64_t first_va, end_va;

	return mmu_extract_fact(extract, "SYMBOL(__start_bss_decrypted)", &first_va) &&
	       mmu_extract_fact(extract, "SYMBOL(__end_bss_decrypted)", &end_va) &&
	       va >= first_va && va < end_va;
}

/*
 * Is this page of the kernel's data still the kernel's? What it frees after boot, others own then:
 * only what it keeps stays PG_reserved. Where that can't be known, the symbols decide.
 */
static bool is_reserved(struct mmu_extraction *extract, uint64_t va, uint64_t pa)
{
	struct mmu_memory *memory = &extract->memory;
	uint64_t pfn = pa >> memory->kernel->arch->page_lg2, bit, offset, flags;

	if (!extract->result.has_memmap || pfn < extract->memmap.first_pfn ||
	    !mmu_extract_fact(extract, "ENUM(pageflags.PG_reserved)", &bit) ||
	    !mmu_extract_fact(extract, "OFFSET(page.flags)", &offset) || bit > 63)
		return !may_be_freed(extract, va);
	struct mmu_error *error = mmu_memory_read_pointer(
		memory, mmu_memmap_va(&extract->memmap, pfn) + offset, "page.flags", &flags);
	mmu_error_destroy(error);
	return error ? !may_be_freed(extract, va) : flags >> bit & 1;
}

static struct mmu_error *keep_static_data(struct mmu_extraction *extract)
{
	static const char *const areas[][2] = {
		{ "SYMBOL(__start_rodata)", "SYMBOL(__end_rodata)" },
		{ "SYMBOL(_sdata)", "SYMBOL(_edata)" },
		{ "SYMBOL(__bss_start)", "SYMBOL(__bss_stop)" },
	};
	struct mmu_memory *memory = &extract->memory;
	uint64_t page_bytes = (uint64_t)1 << memory->kernel->arch->page_lg2;

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
			else if (is_reserved(extract, va, pa))
				mmu_keep_add(&extract->keep, MMU_EXTRACT_KERNEL, pa, here);
			else /* so that an extract of the extract knows it too */
				mmu_extract_struct_pages(extract, pa, here);
			va += here;
		}
	}
	return NULL;
}

/* The idle task of a CPU is on no list. */
static void keep_idle_task(struct mmu_extraction *extract, uint64_t cpu_offset)
{
	uint64_t va, task_va;

	if (!mmu_extract_fact(extract, "SYMBOL(idle_threads)", &va))
		return;
	struct mmu_error *error = mmu_memory_read_pointer(&extract->memory, va + cpu_offset,
							  "idle_threads", &task_va);
	if (!error && task_va)
		mmu_extract_task(extract, task_va);
	mmu_error_destroy(error);
}

struct percpu {
	struct mmu_extraction *extract;
	uint64_t first, bytes; /* as linked */
};

static struct mmu_error *keep_cpu(uint64_t cpu_offset, void *context)
{
	const struct percpu *percpu = context;

	mmu_extract_object(percpu->extract, MMU_EXTRACT_PERCPU, percpu->first + cpu_offset,
			   percpu->bytes);
	keep_idle_task(percpu->extract, cpu_offset);
	return NULL;
}

/* The static per-CPU variables of each CPU, as the linker laid them out. */
static void keep_percpu_data(struct mmu_extraction *extract)
{
	struct percpu percpu = { .extract = extract };
	uint64_t end;

	if (!mmu_extract_fact(extract, "SYMBOL(__per_cpu_start)", &percpu.first) ||
	    !mmu_extract_fact(extract, "SYMBOL(__per_cpu_end)", &end) || end < percpu.first ||
	    end - percpu.first > PERCPU_BYTES_MAX)
		return;
	percpu.bytes = end - percpu.first;
	mmu_error_destroy(mmu_memory_each_cpu(&extract->memory, keep_cpu, &percpu));
}

/* ------------------------------------------------------------------ lists that others follow */

/* A struct pid, with a number for each namespace that it is seen in. */
static void keep_pid(struct mmu_extraction *extract, uint64_t pid_va)
{
	uint64_t offset, level, bytes;

	mmu_extract_typed(extract, MMU_EXTRACT_TASKS, pid_va, "SIZE(pid)");
	struct mmu_error *error = mmu_memory_read_member(&extract->memory, pid_va, "pid.level",
							 &level);
	if (!error && level < PID_NAMESPACES_MAX &&
	    mmu_extract_fact(extract, "SIZE(upid)", &bytes) &&
	    mmu_extract_fact(extract, "OFFSET(pid.numbers)", &offset) && bytes <= 64)
		mmu_extract_object(extract, MMU_EXTRACT_TASKS, pid_va + offset,
				   (level + 1) * bytes);
	mmu_error_destroy(error);
}

/* What debuggers that list tasks by their pids read, and we where the list of tasks is broken. */
static bool visit_pid(const struct mmu_pid *pid, void *context)
{
	if (!pid->missing)
		keep_pid(context, pid->pid_va);
	return true;
}

static void keep_pids(struct mmu_extraction *extract)
{
	mmu_extract_watch(extract, MMU_EXTRACT_TASKS);
	mmu_error_destroy(mmu_pids_visit(&extract->memory, visit_pid, extract));
	mmu_extract_watch_no_more(extract);
}

/* The struct module of each module: its name, and where it lies. */
static void keep_modules(struct mmu_extraction *extract)
{
	struct mmu_memory *memory = &extract->memory;
	uint64_t head_va, offset, node_va;

	if (!mmu_extract_fact(extract, "SYMBOL(modules)", &head_va) ||
	    !mmu_extract_fact(extract, "OFFSET(module.list)", &offset))
		return;
	node_va = head_va;
	for (unsigned int i = 0; i < MODULES_MAX; i++) {
		struct mmu_error *error = mmu_memory_read_pointer(memory, node_va, "module.list",
								  &node_va);

		mmu_error_destroy(error);
		if (error || node_va == head_va)
			return;
		mmu_extract_typed(extract, MMU_EXTRACT_KERNEL, node_va - offset, "SIZE(module)");
	}
}

struct mmu_error *mmu_extract_kernel(struct mmu_extraction *extract)
{
	struct mmu_error *error = keep_static_data(extract);

	if (error)
		return error;
	keep_percpu_data(extract);
	keep_modules(extract);
	keep_pids(extract);
	return NULL;
}
