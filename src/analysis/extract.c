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
#include "walk/table.h"

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

/* ------------------------------------------------------------------ tasks and VMAs */

static bool visit_task(const struct mmu_task *task, const struct mmu_error *problem, void *context)
{
	struct mmu_extraction *extract = context;
	struct mmu_basket *basket = &extract->basket;
	const struct mmu_basket_fields *fields = &basket->fields;
	uint64_t signal_va;

	(void)problem;
	if (!task) {
		extract->result.problems++;
		return true;
	}
	extract->result.tasks++;
	basket->kind = MMU_EXTRACT_TASKS;
	mmu_tasks_pieces(&basket->memory, task, mmu_basket_piece, basket);
	mmu_basket_task(basket, task->task_va);
	mmu_basket_typed(basket, MMU_EXTRACT_TASKS, task->mm_va, &fields->mm_bytes);
	if (fields->signal.known) {
		struct mmu_error *error = mmu_memory_read_pointer(
			&basket->memory, task->task_va + fields->signal.offset, "task_struct",
			&signal_va);

		if (!error)
			mmu_basket_typed(basket, MMU_EXTRACT_TASKS, signal_va,
					 &fields->signal_bytes);
		mmu_error_destroy(error);
	}
	if (task->owner == MMU_MM_OWN && !extract->wish->nr_pids) {
		if (!mmu_list_room(&extract->chosen, extract->nr_chosen, sizeof(*extract->chosen)))
			extract->no_memory = true;
		else
			extract->chosen[extract->nr_chosen++] =
				(struct mmu_extract_process){ task->mm_va, task->pid };
	}
	return !extract->no_memory && !asked_to_stop(extract);
}

/* @return false: a part of the tree can't be read, or it never ends */
static bool keep_vmas(struct mmu_extraction *extract, uint64_t mm_va)
{
	struct mmu_basket *basket = &extract->basket;
	struct mmu_vma_walk vmas;
	struct mmu_vma vma;
	bool found = true, whole = true;

	basket->kind = MMU_EXTRACT_VMAS;
	mmu_vma_walk_init(&vmas, &basket->memory, mm_va);
	vmas.on_node = mmu_basket_piece;
	vmas.context = basket;
	while ((found || !vmas.end) && !asked_to_stop(extract)) {
		struct mmu_error *error = mmu_vma_walk_next(&vmas, &vma, &found);

		if (found)
			mmu_vma_walk_pieces(&vmas, &vma, mmu_basket_piece, basket);
		mmu_basket_typed(basket, MMU_EXTRACT_VMAS, vmas.place.vma_va,
				 &basket->fields.vma_bytes);
		whole &= !error || vmas.place.vma_va; /* a VMA may be missing, not the tree */
		mmu_error_destroy(error);
	}
	return whole;
}

/* ------------------------------------------------------------------ page tables */

struct descent {
	struct mmu_extraction *extract;
	struct mmu_space *space;
	const struct mmu_regime *regime;
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
	int32_t second_offset = descent->regime->format->level[level].second_offset;
	uint64_t bytes = mmu_table_span(descent->regime, level);

	int added = mmu_set_add(&extract->tables, mmu_table_key(level, table_pa));
	extract->no_memory |= added < 0;
	if (added <= 0 || asked_to_stop(extract))
		return;
	mmu_keep_add(&extract->basket.keep, MMU_EXTRACT_TABLES, table_pa, bytes);
	if (second_offset)
		mmu_keep_add(&extract->basket.keep, MMU_EXTRACT_TABLES,
			     table_pa + (uint64_t)(int64_t)second_offset, bytes);
	if (level && mmu_memory_span(&extract->basket.memory, table_pa).state == MMU_PAGE_PRESENT)
		mmu_walker_table(&descent->space->walker, descent->regime, level, table_pa,
				 visit_entry, descent);
}

static void keep_tables(struct mmu_extraction *extract, struct mmu_space *space)
{
	struct descent descent = { extract, space, NULL };

	for (size_t i = 0; i < space->regimes.nr; i++) {
		descent.regime = &space->regimes.regime[i];
		keep_table(&descent, descent.regime->top_level, descent.regime->root_pa);
	}
}

/* ------------------------------------------------------------------ struct pages */

MMU_CLEANUP_TYPE(space, struct mmu_space *, mmu_space_destroy)
MMU_CLEANUP_TYPE(sweep, struct mmu_space_sweep *, mmu_space_sweep_close)

/* Page by page: a page whose frames have no struct pages says nothing about the next one. */
static void keep_struct_pages_of_range(struct mmu_extraction *extract,
				       const struct mmu_swept *range)
{
	uint64_t left = range->last_va - range->first_va + 1, pa = range->pa;
	uint64_t here = range->page_bytes - (range->first_va & (range->page_bytes - 1));

	if (range->entries == 1)
		here = left; /* without tables one answer is for all addresses */
	for (; left; here = range->page_bytes) {
		here = here < left ? here : left;
		mmu_basket_struct_pages(&extract->basket, pa, here);
		pa += here;
		left -= here;
	}
}

/* Those of what the user part of a space maps. */
static struct mmu_error *keep_struct_pages(struct mmu_extraction *extract, struct mmu_space *space)
{
	struct mmu_va_range user = mmu_space_user_range(space);
	struct mmu_space_sweep *sweep MMU_CLEANUP(cleanup_sweep) =
		mmu_space_sweep_open(space, user.first_va, user.last_va);
	bool more = sweep;

	if (!sweep)
		return mmu_error_no_memory();
	while (more && !extract->stopped) {
		more = mmu_sweep_go_on(&sweep->sweep);
		for (size_t i = 0; i < sweep->sweep.nr_ready; i++) {
			const struct mmu_swept *range = &sweep->sweep.ranges[i];

			extract->entries += range->entries;
			if (range->has_pa)
				keep_struct_pages_of_range(extract, range);
		}
		extract->stopped = mmu_hook_stops(&extract->wish->hook, MMU_PHASE_EXTRACT,
						  extract->entries, 0);
	}
	return NULL;
}

/* Those of the tables: the list is sorted so far, and grows at its end. */
static struct mmu_error *keep_struct_pages_of_tables(struct mmu_extraction *extract)
{
	struct mmu_error *error = mmu_keep_finish(&extract->basket.keep);
	size_t nr = extract->basket.keep.nr;
	struct mmu_extent *tables MMU_FREE = calloc(nr + 1, sizeof(*tables));

	if (error || !tables)
		return error ? error : mmu_error_no_memory();
	memcpy(tables, extract->basket.keep.list, nr * sizeof(*tables));
	for (size_t i = 0; i < nr; i++)
		if (tables[i].kind == MMU_EXTRACT_TABLES)
			mmu_basket_struct_pages(&extract->basket, tables[i].first,
						tables[i].last - tables[i].first + 1);
	return NULL;
}

/* ------------------------------------------------------------------ processes */

/* The kernel's own copy of the tables, or what user mode runs on, if that is another. */
static struct mmu_error *keep_space(struct mmu_extraction *extract, uint64_t mm_va, bool user_half)
{
	struct mmu_space *space MMU_CLEANUP(cleanup_space) = NULL;
	const struct mmu_space_query query = { .by = MMU_SPACE_MM,
					       .value = mm_va,
					       .flags = user_half ? MMU_SPACE_USER_HALF : 0 };
	struct mmu_error *error = mmu_space_find(extract->basket.memory.kernel, &query, &space);

	if (error)
		return error;
	keep_tables(extract, space);
	return user_half ? NULL : keep_struct_pages(extract, space);
}

static void keep_process(struct mmu_extraction *extract, uint64_t mm_va)
{
	struct mmu_error *error = keep_space(extract, mm_va, false);
	if (error) {
		extract->result.problems++;
		mmu_error_destroy(error);
		return;
	}
	extract->result.spaces++;
	/* that there is no such half is no error */
	mmu_error_destroy(keep_space(extract, mm_va, true));
	extract->result.problems += !keep_vmas(extract, mm_va);
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
	struct mmu_error *error = mmu_space_find(extract->basket.memory.kernel, &query, &space);

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
		mmu_keep_add(&extract->basket.keep, MMU_EXTRACT_CHOSEN, walk->pa,
			     last_va - walk->va + 1);
	}
	return !asked_to_stop(extract);
}

/* The processes that the caller names, and their pages. */
static struct mmu_error *keep_named(struct mmu_extraction *extract)
{
	const struct mmu_extract_wish *wish = extract->wish;
	uint64_t mask = ((uint64_t)1 << mmu_kernel_page_lg2(extract->basket.memory.kernel)) - 1;
	struct mmu_error *error = NULL;

	for (size_t i = 0; i < wish->nr_pids && !error; i++)
		error = choose(extract, wish->pids[i], NULL);
	for (size_t i = 0; i < wish->nr_pages && !error; i++) {
		const struct mmu_extract_pages *pages = &wish->pages[i];
		struct mmu_space *space MMU_CLEANUP(cleanup_space) = NULL;
		struct mmu_tally tally = { .kept = false };

		error = choose(extract, pages->pid, &space);
		uint64_t before = extract->chosen_pages;
		if (!error)
			mmu_space_visit_leaves(space, pages->first_va & ~mask,
					       pages->last_va | mask, false, visit_chosen_page,
					       extract, &tally);
		extract->result.ranges_without_pages += !error && extract->chosen_pages == before;
	}
	return error;
}

/* ------------------------------------------------------------------ all of it */

static struct mmu_error *collect(struct mmu_extraction *extract)
{
	struct mmu_space *kernel MMU_CLEANUP(cleanup_space) = NULL;
	const struct mmu_space_query query = { .by = MMU_SPACE_KERNEL };
	struct mmu_error *error = mmu_space_find(extract->basket.memory.kernel, &query, &kernel);

	if (error)
		return error;
	struct mmu_basket *basket = &extract->basket;
	struct mmu_error *no_memmap = mmu_memmap_find(&basket->memory, &basket->memmap);
	basket->has_memmap = extract->result.has_memmap = !no_memmap;
	mmu_error_destroy(no_memmap);
	error = mmu_extract_kernel(&extract->basket);
	if (error)
		return error;
	error = mmu_tasks_visit(&extract->basket.memory, true, visit_task, extract);
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

	for (size_t i = 0; i < extract->basket.keep.nr; i++) {
		const struct mmu_extent *extent = &extract->basket.keep.list[i];
		uint64_t pa = extent->first, left = extent->last - extent->first + 1;

		while (left) {
			struct mmu_span span = mmu_memory_span(&extract->basket.memory, pa);
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

/*
 * Registers of floating point and vectors are whoever's ran; no walk needs them. What a CPU
 * translates with, the back-end names.
 */
static bool wants_note(const struct mmu_note *note, void *context)
{
	const struct mmu_extraction *extract = context;
	const uint32_t *type = extract->basket.memory.kernel->arch->cpu_notes;

	if (strcmp(note->name, "LINUX") != 0)
		return strcmp(note->name, "CORE") != 0 || note->type == NT_PRSTATUS;
	while (type && *type && *type != note->type)
		type++;
	return type && *type;
}

/* Where readers look that know memory by its virtual address. */
static void find_virtual_addresses(const struct mmu_extraction *extract,
				   struct mmu_elf_output *output)
{
	const struct mmu_memory *memory = &extract->basket.memory;
	uint64_t first_va, end_va;
	bool sized = mmu_basket_fact(&extract->basket, "SYMBOL(__start_rodata)", &first_va) &&
		     mmu_basket_fact(&extract->basket, "SYMBOL(__bss_stop)", &end_va) &&
		     first_va < end_va;

	for (size_t i = 0; i < memory->kernel->nr_linear; i++) {
		const struct mmu_linear *linear = &memory->kernel->linear[i];
		uint64_t distance = linear->first_va - linear->first_pa;

		if (linear->roles & MMU_LINEAR_DIRECT)
			output->direct_map_va = distance;
		if (!(linear->roles & MMU_LINEAR_IMAGE) || !sized)
			continue;
		output->image_va = distance;
		output->image = (struct mmu_pa_range){ first_va - distance, end_va - 1 - distance };
	}
}

static bool stop_writing(void *context)
{
	const struct mmu_extraction *extract = context;

	return mmu_hook_stops(&extract->wish->hook, MMU_PHASE_EXTRACT, 0, 0);
}

static struct mmu_error *write_out(struct mmu_extraction *extract, const char *path)
{
	struct mmu_memory *memory = &extract->basket.memory;
	struct mmu_pa_range *kept MMU_FREE = NULL;
	struct mmu_elf_output output = { .elf_machine = memory->kernel->arch->elf_machine,
					 .elf_class = memory->kernel->image->elf_class,
					 .vmcoreinfo = mmu_fact_store_vmcoreinfo(
						 memory->kernel->facts, NULL),
					 .wants_note = wants_note,
					 .stop = stop_writing,
					 .context = extract };
	struct mmu_elf_written written;
	struct mmu_error *error = mmu_keep_finish(&extract->basket.keep);

	if (!error)
		error = take_present(extract, &kept, &output.nr_kept);
	if (error)
		return error;
	output.kept = kept;
	if (!output.elf_class)
		output.elf_class = memory->kernel->arch->elf_class;
	find_virtual_addresses(extract, &output);
	if (mmu_fact_store_no_memory(memory->kernel->facts))
		return mmu_error_no_memory(); /* what should be in the file may not be known */
	error = mmu_elf_write(&memory->cursor, &output, path, &written);
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

	struct mmu_error *error = mmu_basket_init(&extract.basket, kernel);
	if (error)
		return error;
	error = collect(&extract);
	if (!error && extract.stopped)
		error = mmu_error_new(MMU_ERROR_STOPPED, "cancelled by the caller");
	if (!error && extract.no_memory)
		error = mmu_error_no_memory();
	if (!error)
		error = write_out(&extract, path);
	if (!error)
		*ret = extract.result;
	mmu_basket_destroy(&extract.basket);
	mmu_set_destroy(&extract.tables);
	free(extract.chosen);
	return error;
}
