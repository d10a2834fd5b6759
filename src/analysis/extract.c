/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Extracts: what work with page tables needs of an image, written as an image of its own. */
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/extract.h"
#include "base/cleanup.h"
#include "base/list.h"
#include "image/elfwrite.h"
#include "objects/space.h"
#include "objects/tasks.h"
#include "objects/vma.h"
#include "walk/leaves.h"

const char *mmu_extract_kind_name(enum mmu_extract_kind kind)
{
	static const char *const names[] = {
		[MMU_EXTRACT_TABLES] = "page tables",  [MMU_EXTRACT_TASKS] = "tasks",
		[MMU_EXTRACT_VMAS] = "VMAs",           [MMU_EXTRACT_PERCPU] = "per-CPU data",
		[MMU_EXTRACT_KERNEL] = "kernel data",  [MMU_EXTRACT_MEMMAP] = "struct pages",
		[MMU_EXTRACT_CHOSEN] = "chosen pages",
	};

	return (size_t)kind < MMU_EXTRACT_KINDS ? names[kind] : NULL;
}

static bool asked_to_stop(struct mmu_extraction *extract)
{
	if (!extract->stopped && extract->entries++ % MMU_HOOK_EVERY == 0)
		extract->stopped = mmu_hook_stops(&extract->wish->hook, MMU_PHASE_EXTRACT,
						  extract->entries - 1, 0);
	return extract->stopped;
}

/* ------------------------------------------------------------------ objects of the kernel */

/* What the kernel model reads is what it will read again. */
static void note_read(void *context, uint64_t pa, size_t bytes)
{
	struct mmu_extraction *extract = context;

	mmu_keep_add(&extract->keep, extract->kind, pa, bytes);
}

void mmu_extract_watch(struct mmu_extraction *extract, enum mmu_extract_kind kind)
{
	struct mmu_image *image = extract->memory.kernel->image;

	extract->kind = kind;
	image->on_read_context = extract;
	image->on_read = note_read;
}

void mmu_extract_watch_no_more(struct mmu_extraction *extract)
{
	extract->memory.kernel->image->on_read = NULL;
}

/* Keep an object at a kernel address, as far as it is mapped. */
void mmu_extract_object(struct mmu_extraction *extract, enum mmu_extract_kind kind, uint64_t va,
			uint64_t bytes)
{
	uint64_t page_bytes = (uint64_t)1 << extract->memory.kernel->arch->page_lg2;

	while (bytes) {
		uint64_t here = page_bytes - (va & (page_bytes - 1)), pa;

		here = here < bytes ? here : bytes;
		if (mmu_memory_to_phys(&extract->memory, va, &pa))
			mmu_keep_add(&extract->keep, kind, pa, here);
		va += here;
		bytes -= here;
	}
}

bool mmu_extract_fact(const struct mmu_extraction *extract, const char *key, uint64_t *ret)
{
	return mmu_fact_get(extract->memory.kernel->facts, key, ret);
}

/* An object whose whole type is known. */
void mmu_extract_typed(struct mmu_extraction *extract, enum mmu_extract_kind kind, uint64_t va,
		       const char *size_key)
{
	uint64_t bytes;

	if (va && mmu_extract_fact(extract, size_key, &bytes) && bytes <= 65536)
		mmu_extract_object(extract, kind, va, bytes);
}

/*
 * A task_struct, but for the registers of user mode that some architectures save in it: they are
 * user data.
 */
void mmu_extract_task(struct mmu_extraction *extract, uint64_t task_va)
{
	static const char *const registers[][2] = {
		{ "OFFSET(task_struct.thread.fpu)", "SIZE(task_struct.thread.fpu)" },
		{ "OFFSET(task_struct.thread.uw)", "SIZE(task_struct.thread.uw)" },
		{ "OFFSET(task_struct.thread_info.fpstate)", "SIZE(task_struct.thread_info."
							     "fpstate)" },
		{ "OFFSET(task_struct.thread_info.vfpstate)", "SIZE(task_struct.thread_info."
							      "vfpstate)" },
	};
	uint64_t holes[4][2], bytes, at = 0;
	size_t nr = 0;

	if (!mmu_extract_fact(extract, "SIZE(task_struct)", &bytes) || bytes > 65536)
		return;
	for (size_t i = 0; i < 4; i++)
		nr += mmu_extract_fact(extract, registers[i][0], &holes[nr][0]) &&
		      mmu_extract_fact(extract, registers[i][1], &holes[nr][1]);
	while (at < bytes) {
		uint64_t end = bytes, next = bytes;

		for (size_t i = 0; i < nr; i++)
			if (holes[i][0] + holes[i][1] > at && holes[i][0] < end) {
				end = holes[i][0];
				next = holes[i][0] + holes[i][1];
			}
		if (end > at)
			mmu_extract_object(extract, MMU_EXTRACT_TASKS, task_va + at, end - at);
		at = next;
	}
}

static bool visit_task(const struct mmu_task *task, const struct mmu_error *problem, void *context)
{
	struct mmu_extraction *extract = context;
	uint64_t signal_va = 0;

	(void)problem;
	if (!task) {
		extract->result.problems++;
		return true;
	}
	extract->result.tasks++;
	mmu_extract_task(extract, task->task_va);
	mmu_extract_typed(extract, MMU_EXTRACT_TASKS, task->mm_va, "SIZE(mm_struct)");
	mmu_error_destroy(mmu_memory_read_member(&extract->memory, task->task_va,
						 "task_struct.signal", &signal_va));
	mmu_extract_typed(extract, MMU_EXTRACT_TASKS, signal_va, "SIZE(signal_struct)");
	if (task->owner == MMU_MM_OWN && !extract->wish->nr_pids) {
		if (!mmu_list_room(&extract->chosen, extract->nr_chosen, sizeof(*extract->chosen)))
			extract->no_memory = true;
		else
			extract->chosen[extract->nr_chosen++] =
				(struct mmu_extract_process){ task->mm_va, task->pid };
	}
	return !extract->no_memory && !asked_to_stop(extract);
}

struct vmas {
	struct mmu_extraction *extract;
	uint64_t mm_va;
};

static bool visit_vma(uint64_t vma_va, void *context)
{
	const struct vmas *vmas = context;
	struct mmu_memory *memory = &vmas->extract->memory;
	uint64_t first_va;
	struct mmu_vma vma;
	bool found;

	mmu_extract_typed(vmas->extract, MMU_EXTRACT_VMAS, vma_va, "SIZE(vm_area_struct)");
	struct mmu_error *error = mmu_memory_read_member(memory, vma_va, "vm_area_struct.vm_start",
							 &first_va);
	if (!error) /* its name is read on the way */
		error = mmu_vma_find(memory, vmas->mm_va, first_va, &vma, &found);
	mmu_error_destroy(error);
	return !asked_to_stop(vmas->extract);
}

/* ------------------------------------------------------------------ page tables */

struct descent {
	struct mmu_extraction *extract;
	struct mmu_space *space;
};

static void keep_table(struct descent *descent, unsigned int level, uint64_t table_pa);

static bool visit_entry(const struct mmu_step *step, void *context)
{
	struct descent *descent = context;

	if (step->readable && step->entry.kind == MMU_KIND_TABLE && step->level)
		keep_table(descent, step->level - 1, step->entry.pa);
	return !descent->extract->stopped && !descent->extract->no_memory;
}

/* A table with all below it that is not there yet. */
static void keep_table(struct descent *descent, unsigned int level, uint64_t table_pa)
{
	struct mmu_extraction *extract = descent->extract;
	const struct mmu_format *format = descent->space->walker.regime.format;
	const struct mmu_level *shape = &format->level[level];
	uint64_t bytes = (uint64_t)format->entry_bytes << shape->index_bits;
	struct mmu_image *image = extract->memory.kernel->image;

	int added = mmu_set_add(&extract->tables, mmu_table_key(level, table_pa));
	extract->no_memory |= added < 0;
	if (added <= 0 || asked_to_stop(extract))
		return;
	mmu_keep_add(&extract->keep, MMU_EXTRACT_TABLES, table_pa, bytes);
	if (shape->second_offset)
		mmu_keep_add(&extract->keep, MMU_EXTRACT_TABLES,
			     table_pa + (uint64_t)(int64_t)shape->second_offset, bytes);
	if (level && mmu_image_span(image, table_pa).state == MMU_PAGE_PRESENT)
		mmu_walker_table(&descent->space->walker, level, table_pa, visit_entry, descent);
}

static void keep_tables(struct mmu_extraction *extract, struct mmu_space *space)
{
	const struct mmu_regime *regime = &space->walker.regime;
	struct descent descent = { extract, space };

	keep_table(&descent, regime->format->nr_levels - 1u, regime->root_pa);
}

/* ------------------------------------------------------------------ struct pages */

void mmu_extract_struct_pages(struct mmu_extraction *extract, uint64_t pa, uint64_t bytes)
{
	unsigned int page_lg2 = extract->memory.kernel->arch->page_lg2;
	uint64_t mask = ((uint64_t)1 << page_lg2) - 1, pfn = pa >> page_lg2;
	uint64_t last_pfn = (pa + (bytes - 1)) >> page_lg2;

	if (!extract->result.has_memmap || pfn < extract->memmap.first_pfn || last_pfn < pfn)
		return;
	uint64_t va = mmu_memmap_va(&extract->memmap, pfn);
	uint64_t left = (last_pfn - pfn + 1) * extract->memmap.page_bytes;
	while (left) {
		uint64_t here = mask + 1 - (va & mask);

		here = here < left ? here : left;
		if ((va & ~mask) != extract->memmap_va &&
		    !mmu_memory_to_phys(&extract->memory, va & ~mask, &extract->memmap_pa))
			return; /* frames that are no RAM have none */
		extract->memmap_va = va & ~mask;
		mmu_keep_add(&extract->keep, MMU_EXTRACT_MEMMAP, extract->memmap_pa + (va & mask),
			     here);
		va += here;
		left -= here;
	}
}

static bool visit_leaf(const struct mmu_walk *walk, uint64_t last_va, void *context)
{
	struct mmu_extraction *extract = context;

	if (walk->has_pa)
		mmu_extract_struct_pages(extract, walk->pa, last_va - walk->va + 1);
	return !asked_to_stop(extract);
}

/* Those of the tables: the list is sorted so far, and grows at its end. */
static struct mmu_error *keep_struct_pages_of_tables(struct mmu_extraction *extract)
{
	struct mmu_error *error = mmu_keep_finish(&extract->keep);
	size_t nr = extract->keep.nr;
	struct mmu_extent *tables MMU_FREE = calloc(nr + 1, sizeof(*tables));

	if (error || !tables)
		return error ? error : mmu_error_no_memory();
	memcpy(tables, extract->keep.list, nr * sizeof(*tables));
	for (size_t i = 0; i < nr; i++)
		if (tables[i].kind == MMU_EXTRACT_TABLES)
			mmu_extract_struct_pages(extract, tables[i].first,
						 tables[i].last - tables[i].first + 1);
	return NULL;
}

/* ------------------------------------------------------------------ processes */

static struct mmu_error *open_space(struct mmu_extraction *extract,
				    const struct mmu_space_query *query, struct mmu_space **ret)
{
	mmu_extract_watch(extract, MMU_EXTRACT_TASKS);
	struct mmu_error *error = mmu_space_find(extract->memory.kernel, NULL, query, ret);
	mmu_extract_watch_no_more(extract);
	return error;
}

MMU_CLEANUP_TYPE(space, struct mmu_space *, mmu_space_destroy)

/* The kernel's own copy of the tables, or what user mode runs on, if that is another. */
static struct mmu_error *keep_space(struct mmu_extraction *extract, uint64_t mm_va, bool user_half)
{
	struct mmu_space *space MMU_CLEANUP(cleanup_space) = NULL;
	const struct mmu_space_query query = { .by = MMU_SPACE_MM,
					       .value = mm_va,
					       .flags = user_half ? MMU_SPACE_USER_HALF : 0 };
	struct mmu_error *error = open_space(extract, &query, &space);

	if (error)
		return error;
	keep_tables(extract, space);
	if (!user_half) {
		struct mmu_va_range range = mmu_space_user_range(space);
		struct mmu_tally tally = { .goes_on = false };

		mmu_space_visit_leaves(space, range.first_va, range.last_va, visit_leaf, extract,
				       &tally);
	}
	return NULL;
}

static void keep_process(struct mmu_extraction *extract, uint64_t mm_va)
{
	struct vmas vmas = { extract, mm_va };

	struct mmu_error *error = keep_space(extract, mm_va, false);
	if (error) {
		extract->result.problems++;
		mmu_error_destroy(error);
		return;
	}
	extract->result.spaces++;
	/* that there is no such half is no error */
	mmu_error_destroy(keep_space(extract, mm_va, true));
	mmu_extract_watch(extract, MMU_EXTRACT_VMAS);
	extract->result.problems += !mmu_vma_visit(&extract->memory, mm_va, visit_vma, &vmas);
	mmu_extract_watch_no_more(extract);
}

static int compare_chosen(const void *left, const void *right)
{
	const struct mmu_extract_process *a = left, *b = right;

	return a->mm_va < b->mm_va ? -1 : a->mm_va > b->mm_va;
}

/* Processes can share an mm. */
static void keep_processes(struct mmu_extraction *extract)
{
	if (extract->nr_chosen)
		qsort(extract->chosen, extract->nr_chosen, sizeof(*extract->chosen),
		      compare_chosen);
	for (size_t i = 0; i < extract->nr_chosen && !extract->stopped; i++)
		if (!i || extract->chosen[i].mm_va != extract->chosen[i - 1].mm_va)
			keep_process(extract, extract->chosen[i].mm_va);
}

static struct mmu_error *choose(struct mmu_extraction *extract, int32_t pid, struct mmu_space **ret)
{
	const struct mmu_space_query query = { .by = MMU_SPACE_PID, .value = (uint64_t)pid };
	struct mmu_space *space MMU_CLEANUP(cleanup_space) = NULL;
	struct mmu_error *error = open_space(extract, &query, &space);

	if (error)
		return error;
	if (!mmu_list_room(&extract->chosen, extract->nr_chosen, sizeof(*extract->chosen)))
		return mmu_error_no_memory();
	extract->chosen[extract->nr_chosen++] = (struct mmu_extract_process){ space->task.mm_va,
									      pid };
	if (ret)
		*ret = mmu_steal(space);
	return NULL;
}

static bool visit_chosen_page(const struct mmu_walk *walk, uint64_t last_va, void *context)
{
	struct mmu_extraction *extract = context;

	if (walk->has_pa) {
		extract->chosen_pages++;
		mmu_keep_add(&extract->keep, MMU_EXTRACT_CHOSEN, walk->pa, last_va - walk->va + 1);
	}
	return !asked_to_stop(extract);
}

/* The processes that the caller names, and their pages. */
static struct mmu_error *keep_named(struct mmu_extraction *extract)
{
	const struct mmu_extract_wish *wish = extract->wish;
	uint64_t mask = ((uint64_t)1 << extract->memory.kernel->arch->page_lg2) - 1;
	struct mmu_error *error = NULL;

	for (size_t i = 0; i < wish->nr_pids && !error; i++)
		error = choose(extract, wish->pids[i], NULL);
	for (size_t i = 0; i < wish->nr_pages && !error; i++) {
		const struct mmu_extract_pages *pages = &wish->pages[i];
		struct mmu_space *space MMU_CLEANUP(cleanup_space) = NULL;
		struct mmu_tally tally = { .goes_on = false };

		error = choose(extract, pages->pid, &space);
		uint64_t before = extract->chosen_pages;
		if (!error)
			mmu_space_visit_leaves(space, pages->first_va & ~mask,
					       pages->last_va | mask, visit_chosen_page, extract,
					       &tally);
		extract->result.ranges_without_pages += !error && extract->chosen_pages == before;
	}
	return error;
}

/* ------------------------------------------------------------------ all of it */

static struct mmu_error *collect(struct mmu_extraction *extract)
{
	struct mmu_space *kernel MMU_CLEANUP(cleanup_space) = NULL;
	const struct mmu_space_query query = { .by = MMU_SPACE_KERNEL };
	struct mmu_error *error = open_space(extract, &query, &kernel);

	if (error)
		return error;
	struct mmu_error *no_memmap = mmu_memmap_find(&extract->memory, &extract->memmap);
	extract->result.has_memmap = !no_memmap;
	mmu_error_destroy(no_memmap);
	error = mmu_extract_kernel(extract);
	if (error)
		return error;
	mmu_extract_watch(extract, MMU_EXTRACT_TASKS);
	error = mmu_tasks_visit(&extract->memory, true, visit_task, extract);
	mmu_extract_watch_no_more(extract);
	if (!error)
		error = keep_named(extract);
	if (error)
		return error;
	keep_tables(extract, kernel);
	keep_processes(extract);
	return keep_struct_pages_of_tables(extract);
}

/* Of each range what is in the image, as the writer wants it; and the sums. */
static struct mmu_error *take_present(struct mmu_extraction *extract, struct mmu_pa_range **ret,
				      size_t *ret_nr)
{
	struct mmu_pa_range *list MMU_FREE = NULL;
	size_t nr = 0;

	for (size_t i = 0; i < extract->keep.nr; i++) {
		const struct mmu_extent *extent = &extract->keep.list[i];
		uint64_t pa = extent->first, left = extent->last - extent->first + 1;

		while (left) {
			struct mmu_span span = mmu_memory_span(&extract->memory, pa);
			uint64_t here = span.bytes < left ? span.bytes : left;

			if (span.state != MMU_PAGE_PRESENT) {
				extract->result.missing_bytes += here;
			} else if (nr && list[nr - 1].last_pa + 1 == pa) {
				list[nr - 1].last_pa += here;
			} else {
				if (!mmu_list_room(&list, nr, sizeof(*list)))
					return mmu_error_no_memory();
				list[nr++] = (struct mmu_pa_range){ pa, pa + here - 1 };
			}
			if (span.state == MMU_PAGE_PRESENT)
				extract->result.bytes[extent->kind] += here;
			pa += here;
			left -= here;
		}
	}
	*ret = mmu_steal(list);
	*ret_nr = nr;
	return NULL;
}

/* Registers of floating point and vectors are whoever's ran; no walk needs them. */
static bool wants_note(const struct mmu_note *note)
{
	return strcmp(note->name, "LINUX") != 0 &&
	       (strcmp(note->name, "CORE") != 0 || note->type == NT_PRSTATUS);
}

/* Where readers look that know memory by its virtual address. */
static void find_virtual_addresses(const struct mmu_extraction *extract,
				   struct mmu_elf_output *output)
{
	const struct mmu_memory *memory = &extract->memory;
	uint64_t first_va, end_va;
	bool sized = mmu_extract_fact(extract, "SYMBOL(__start_rodata)", &first_va) &&
		     mmu_extract_fact(extract, "SYMBOL(__bss_stop)", &end_va) && first_va < end_va;

	for (size_t i = 0; i < memory->kernel->nr_linear; i++) {
		const struct mmu_linear *linear = &memory->kernel->linear[i];
		uint64_t distance = linear->first_va - linear->first_pa;

		if (strcmp(linear->name, "direct map") == 0)
			output->direct_map_va = distance;
		if (strcmp(linear->name, "image") != 0 || !sized)
			continue;
		output->image_va = distance;
		output->image = (struct mmu_pa_range){ first_va - distance, end_va - 1 - distance };
	}
}

static bool stop_writing(void *context)
{
	return mmu_hook_stops(context, MMU_PHASE_EXTRACT, 0, 0);
}

static struct mmu_error *write_out(struct mmu_extraction *extract, const char *path)
{
	struct mmu_memory *memory = &extract->memory;
	struct mmu_pa_range *kept MMU_FREE = NULL;
	struct mmu_elf_output output = { .elf_machine = memory->kernel->arch->elf_machine,
					 .elf_class = memory->kernel->image->elf_class,
					 .vmcoreinfo = mmu_fact_store_vmcoreinfo(
						 memory->kernel->facts, NULL),
					 .wants_note = wants_note,
					 .stop = stop_writing,
					 .context = (void *)&extract->wish->hook };
	struct mmu_elf_written written;
	struct mmu_error *error = mmu_keep_finish(&extract->keep);

	if (!error)
		error = take_present(extract, &kept, &output.nr_kept);
	if (error)
		return error;
	output.kept = kept;
	if (!output.elf_class)
		output.elf_class = memory->kernel->arch->elf_class;
	find_virtual_addresses(extract, &output);
	error = mmu_elf_write(memory->kernel->image, &output, path, &written);
	if (error)
		return error;
	extract->result.note_bytes = written.note_bytes;
	extract->result.file_bytes = written.file_bytes;
	extract->result.segments = written.segments;
	return NULL;
}

struct mmu_error *mmu_extract_write(const struct mmu_kernel *kernel,
				    const struct mmu_extract_wish *wish, const char *path,
				    struct mmu_extract *ret)
{
	struct mmu_extraction extract = { .wish = wish };

	mmu_memory_init(&extract.memory, kernel);
	struct mmu_error *error = collect(&extract);
	if (!error && extract.stopped)
		error = mmu_error_new(MMU_ERROR_STOPPED, "cancelled by the caller");
	if (!error && extract.no_memory)
		error = mmu_error_no_memory();
	if (!error)
		error = write_out(&extract, path);
	if (!error)
		*ret = extract.result;
	mmu_memory_destroy(&extract.memory);
	mmu_keep_destroy(&extract.keep);
	mmu_set_destroy(&extract.tables);
	free(extract.chosen);
	return error;
}
