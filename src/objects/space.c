/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Address spaces: from a pid, task, mm, pgd or CPU to a root that can be walked. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "kernel/object.h"
#include "objects/space.h"
#include "objects/swap.h"
#include "objects/task.h"
#include "objects/task_find.h"
#include "walk/answers.h"
#include "walk/paths.h"
#include "walk/step.h"

#define LIVE_WALKS 4

MMU_CLEANUP_TYPE(space, struct mmu_space *, mmu_space_destroy)

/* ------------------------------------------------------------------ finding the root */

/* Does the image tell what any CPU translated with? */
static bool has_cpus(const struct mmu_kernel *kernel)
{
	const struct mmu_facts *facts = mmu_fact_callbacks(kernel->facts);
	const uint8_t *data;
	size_t bytes;

	return facts->note(facts->context, "QEMU", 0, 0, &data, &bytes);
}

static struct mmu_error *locate(struct mmu_space *space, const struct mmu_root *root)
{
	const struct mmu_kernel *kernel = space->memory.kernel;
	const char *missing = mmu_locate(kernel->arch, mmu_fact_callbacks(kernel->facts), root,
					 &space->regimes);

	if (!missing)
		return NULL;
	if (root->kind != MMU_ROOT_CPU)
		return mmu_error_new(MMU_ERROR_NOT_FOUND, "%s", missing);
	struct mmu_error *error = mmu_error_new(MMU_ERROR_NO_TASK, "%s", missing);
	return has_cpus(kernel) ? error : mmu_error_remedy(error, MMU_REMEDY_TASK_ROOT);
}

/* The registers of a CPU say where it translates from, and in which format, whatever it runs. */
static struct mmu_error *open_cpu(struct mmu_space *space, const struct mmu_space_query *query)
{
	const struct mmu_kernel *kernel = space->memory.kernel;
	const struct mmu_arch *arch = kernel->arch;
	struct mmu_root root = { .size = sizeof(root),
				 .kind = MMU_ROOT_CPU,
				 .value = query->value,
				 .user_half = query->flags & MMU_SPACE_USER_HALF };
	struct mmu_cpu cpu = { .size = 0 };

	if (arch->cpu && query->value <= UINT32_MAX &&
	    arch->cpu(mmu_fact_callbacks(kernel->facts), (unsigned int)query->value, &cpu) &&
	    !cpu.format)
		return mmu_error_new(MMU_ERROR_UNSUPPORTED,
				     "CPU %" PRIu64 " is in %s (%s 0x%" PRIx64 "): back-end %s has "
				     "no format of that",
				     query->value, cpu.mode, cpu.root_register, cpu.root_value,
				     arch->name);
	root.format = cpu.format;
	struct mmu_error *error = locate(space, &root);
	if (error || kernel->regimes.nr)
		return error;
	if (asprintf(&space->warning,
		     "no Linux is known in the image: root and format are those of CPU %" PRIu64
		     " (%s, %s 0x%" PRIx64 "), and entries are read as Linux would write them",
		     query->value, cpu.mode, cpu.root_register, cpu.root_value) < 0)
		space->warning = NULL;
	space->foreign = true;
	return NULL;
}

static struct mmu_error *root_of_mm(struct mmu_space *space, bool user_half)
{
	struct mmu_root root = { .size = sizeof(root),
				 .kind = MMU_ROOT_PGD_PA,
				 .value = space->task.pgd_pa,
				 .mm_va = space->task.mm_va,
				 .user_half = user_half };

	space->mm_va = space->task.mm_va;
	return locate(space, &root);
}

/* The idle task, init_task too, has init_mm: the kernel's own tables (init/init_task.c). */
static struct mmu_error *root_of_idle(struct mmu_space *space, bool user_half)
{
	const struct mmu_root root = { .size = sizeof(root),
				       .kind = MMU_ROOT_KERNEL,
				       .user_half = user_half };

	space->task.mm_va = 0; /* it may have borrowed one */
	return locate(space, &root);
}

static struct mmu_error *refuse_without_mm(const struct mmu_task *task)
{
	if (task->kernel_thread || task->pid == 0)
		return mmu_error_remedy(mmu_error_new(MMU_ERROR_NO_MM,
						      "pid %d is a kernel thread and has no "
						      "address space of its own",
						      task->pid),
					MMU_REMEDY_KERNEL_SPACE);
	return mmu_error_new(MMU_ERROR_NO_MM, "pid %d has no address space any more (%s)",
			     task->pid, task->zombie ? "a zombie" : "it is exiting");
}

/* Who hides a task may have left one of the two as it was. */
static void warn_of_task(struct mmu_space *space, enum mmu_task_known known)
{
	const char *text = known == MMU_TASK_UNLISTED
				   ? "the kernel's table of pids has it, but the list of tasks "
				     "does not lead to it"
				   : "the list of tasks has it, but the kernel's table of pids "
				     "does not";

	if (known != MMU_TASK_KNOWN &&
	    asprintf(&space->warning, "pid %d: %s", space->task.pid, text) < 0)
		space->warning = NULL;
}

static struct mmu_error *open_task(struct mmu_space *space, const struct mmu_space_query *query)
{
	struct mmu_memory *memory = &space->memory;
	enum mmu_task_known known;
	struct mmu_error *error;

	if (query->by == MMU_SPACE_PID) {
		if (query->value > INT32_MAX)
			return mmu_error_new(MMU_ERROR_NO_TASK, "no task has pid %" PRIu64,
					     query->value);
		error = mmu_task_find(memory, (int32_t)query->value, &space->task, &known);
		if (!error)
			warn_of_task(space, known);
	} else {
		error = mmu_task_read(memory, query->value, "task_struct", &space->task);
	}
	if (error)
		return error;
	space->has_task = true;
	if (query->by == MMU_SPACE_TASK && space->task.pid == 0)
		return root_of_idle(space, query->flags & MMU_SPACE_USER_HALF);
	if (space->task.owner != MMU_MM_OWN)
		return refuse_without_mm(&space->task);
	if (!space->task.pgd_va) /* else it was read with the task */
		error = mmu_task_read_mm(memory, &space->task);
	if (error && mmu_error_code(error) == MMU_ERROR_FAULT)
		error = mmu_error_as(error, MMU_ERROR_NO_MM);
	return error ? error : root_of_mm(space, query->flags & MMU_SPACE_USER_HALF);
}

/*
 * People paste CR3 or TTBR0 with all their bits, some of which say something else: by the manual,
 * or on this machine, where a bit of an address means that memory is encrypted (SME).
 */
static uint64_t register_pa(const struct mmu_arch *arch, const struct mmu_regime *regime,
			    uint64_t value)
{
	const struct mmu_sample *sample = mmu_arch_sample(arch, regime->format->name);
	uint64_t not_here = sample ? sample->regimes[0]->pa_mask & ~regime->pa_mask : 0;

	return value & ~(mmu_format_root_other_bits(regime->format) | not_here);
}

/* @param pgd_pa  in: what the query says; what counts of it comes back */
static struct mmu_error *take_pgd(const struct mmu_space *space, const struct mmu_regime *regime,
				  const struct mmu_space_query *query, uint64_t *pgd_pa)
{
	uint64_t table_bytes = mmu_table_span(regime, regime->top_level);

	if (query->flags & MMU_SPACE_REGISTER)
		*pgd_pa = register_pa(space->memory.kernel->arch, regime, *pgd_pa);
	if (!(*pgd_pa & (table_bytes - 1)))
		return NULL;
	return mmu_error_new(MMU_ERROR_INVALID,
			     "no top table begins at 0x%" PRIx64 ": those of format %s are aligned "
			     "to %" PRIu64 " bytes",
			     *pgd_pa, regime->format->name, table_bytes);
}

static struct mmu_error *open_learnt(struct mmu_space *space, const struct mmu_space_query *query)
{
	struct mmu_root root = { .size = sizeof(root),
				 .value = query->value,
				 .user_half = query->flags & MMU_SPACE_USER_HALF };
	struct mmu_error *error;

	switch (query->by) {
	case MMU_SPACE_PID:
	case MMU_SPACE_TASK:
		return open_task(space, query);
	case MMU_SPACE_MM:
		space->task.mm_va = query->value;
		error = mmu_task_read_mm(&space->memory, &space->task);
		return error ? error : root_of_mm(space, query->flags & MMU_SPACE_USER_HALF);
	case MMU_SPACE_KERNEL:
		root.kind = MMU_ROOT_KERNEL;
		break;
	case MMU_SPACE_CPU:
		return open_cpu(space, query);
	case MMU_SPACE_PGD:
		root.kind = MMU_ROOT_PGD_PA;
		error = take_pgd(space, &space->memory.kernel->regimes.regime[0], query,
				 &root.value);
		if (error)
			return error;
		break;
	case MMU_SPACE_FORCE_32:
		break;
	}
	return locate(space, &root);
}

const char *mmu_space_format_names(const struct mmu_arch *arch, char ret[MMU_FORMAT_NAMES_BYTES])
{
	int at = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < arch->nr_formats && at < MMU_FORMAT_NAMES_BYTES; i++)
		at += snprintf(ret + at, (size_t)(MMU_FORMAT_NAMES_BYTES - at), "%s%s",
			       i ? ", " : "", arch->formats[i]->name);
	return ret;
}

/* All that a back-end found, or, where a sample was named, all but the shape, which it has. */
static void take_found(struct mmu_space *space, const struct mmu_regimes *found, bool whole)
{
	if (whole)
		space->regimes = *found;
	for (size_t i = 0; i < space->regimes.nr && !whole; i++) {
		struct mmu_regime *regime = &space->regimes.regime[i];

		regime->traits = found->regime[0].traits;
		regime->pa_mask = found->regime[0].pa_mask;
		memcpy(regime->word, found->regime[0].word, sizeof(regime->word));
	}
}

/*
 * A bare root in a named format needs no kernel; but what the user and the notes say of the machine
 * holds for its tables, too, as which bits are no part of an address.
 */
static struct mmu_error *open_bare(struct mmu_space *space, const struct mmu_space_query *query)
{
	const struct mmu_arch *arch = space->walker.arch;
	char names[MMU_FORMAT_NAMES_BYTES];

	const struct mmu_sample *sample = mmu_arch_sample(arch, query->format);
	if (!sample)
		return mmu_error_new(MMU_ERROR_INVALID, "back-end %s has no format '%s', but %s",
				     arch->name, query->format,
				     mmu_space_format_names(arch, names));
	const struct mmu_format *format = mmu_arch_format(arch, query->format);
	bool is_format = format;
	if (!is_format) /* the sample has a name of its own */
		format = sample->regimes[0]->format;
	if (!mmu_format_usable(format))
		return mmu_error_new(MMU_ERROR_UNSUPPORTED,
				     "format %s is of kind %d, which this version can't walk",
				     format->name, (int)format->kind);
	struct mmu_root root = { .size = sizeof(root),
				 .kind = MMU_ROOT_PGD_PA,
				 .value = query->value,
				 .format = format };
	struct mmu_regimes found;
	struct mmu_error *error = take_pgd(space, sample->regimes[0], query, &root.value);
	if (error)
		return error;
	mmu_sample_regimes(sample, format, root.value, &space->regimes);
	/* the first answer says which bits are none of an address on this machine */
	for (unsigned int i = 0; i < 2 && !error && arch->locate; i++) {
		if (mmu_locate(arch, mmu_fact_callbacks(space->memory.kernel->facts), &root,
			       &found) ||
		    found.regime[0].format != format)
			break;
		take_found(space, &found, is_format);
		error = take_pgd(space, &found.regime[0], query, &root.value);
	}
	return error;
}

/* ------------------------------------------------------------------ where the process ends */

struct size_fields {
	struct mmu_field task_size;
};

static const struct mmu_field_def size_defs[] = {
	MMU_FIELD(struct size_fields, task_size, "mm_struct.task_size", MMU_NEED),
};
static const struct mmu_layout size_layout = MMU_LAYOUT(TASK_SIZE, "mm_struct", struct size_fields,
							size_defs);

/* @param ret_va  as far as it is known: 0 where the mm does not say, or can't be read */
static struct mmu_error *task_size(struct mmu_space *space, uint64_t *ret_va)
{
	struct mmu_copy copy;
	struct mmu_error *error = mmu_object_read(&space->memory, &size_layout, space->mm_va, NULL,
						  &copy);

	*ret_va = error ? 0
			: mmu_copy_get(&copy,
				       &((const struct size_fields *)copy.fields)->task_size);
	if (!error || mmu_error_code(error) == MMU_ERROR_NO_MEMORY)
		return error; /* what can't be asked for now is not absent */
	mmu_error_destroy(error);
	return NULL;
}

/*
 * Where the kernel has regimes of its own in the space, all others are the process's. Else the mm
 * says where it ends (mm_struct.task_size), or the lowest linear mapping does.
 */
static struct mmu_error *find_user_range(struct mmu_space *space)
{
	const struct mmu_kernel *kernel = space->memory.kernel;
	uint64_t last_va = 0, user_last_va = 0, end_va;
	bool halves = false;

	for (size_t i = 0; i < space->regimes.nr; i++) {
		const struct mmu_regime *regime = &space->regimes.regime[i];

		halves |= regime->half == MMU_HALF_KERNEL;
		if (regime->last_va > last_va)
			last_va = regime->last_va;
		if (regime->half == MMU_HALF_USER && regime->last_va > user_last_va)
			user_last_va = regime->last_va;
	}
	space->user_range.last_va = space->mm_va && halves ? user_last_va : last_va;
	if (!space->mm_va || halves)
		return NULL;
	struct mmu_error *error = task_size(space, &end_va);
	if (error)
		return error;
	if (end_va && end_va - 1 < last_va) {
		space->user_range.last_va = end_va - 1;
		return NULL;
	}
	for (size_t i = 0; i < kernel->nr_linear; i++)
		if (kernel->linear[i].first_va && kernel->linear[i].first_va - 1 < last_va)
			last_va = kernel->linear[i].first_va - 1;
	space->user_range.last_va = last_va;
	return NULL;
}

struct mmu_va_range mmu_space_user_range(const struct mmu_space *space)
{
	return space->user_range;
}

struct mmu_error *mmu_space_find(const struct mmu_kernel *kernel,
				 const struct mmu_space_query *query, struct mmu_space **ret)
{
	struct mmu_space *space MMU_CLEANUP(cleanup_space) = calloc(1, sizeof(*space));

	if (!space)
		return mmu_error_no_memory();
	mmu_memory_init(&space->memory, kernel);
	space->memory.cursor.picked = mmu_layouts_take_picked(kernel->layouts);
	space->walker = mmu_memory_walker(&space->memory);
	space->walker.regimes = &space->regimes;
	struct mmu_error *error = mmu_space_is_bare(query) ? open_bare(space, query)
							   : open_learnt(space, query);
	if (!error && !mmu_space_is_bare(query) && !space->foreign)
		error = mmu_swap_map(kernel, &space->walker.swap);
	if (!error)
		error = find_user_range(space);
	if (!error)
		*ret = mmu_steal(space);
	return error;
}

void mmu_space_destroy(struct mmu_space *space)
{
	if (!space)
		return;
	mmu_layouts_give_picked(space->memory.kernel->layouts,
				mmu_steal(space->memory.cursor.picked));
	mmu_paths_destroy(space->walker.paths);
	mmu_memory_destroy(&space->memory);
	free(space->warning);
	free(space);
}

/* ------------------------------------------------------------------ using it */

struct mmu_error *mmu_space_find_vma(struct mmu_space *space, uint64_t va, struct mmu_vma *ret,
				     bool *ret_found)
{
	*ret_found = false;
	va = mmu_regimes_plain(&space->regimes, va);
	return space->mm_va ? mmu_vma_find(&space->memory, space->mm_va, va, ret, ret_found) : NULL;
}

struct mmu_error *mmu_space_find_named(struct mmu_space *space, uint64_t va, struct mmu_vma *ret,
				       struct mmu_vma_name *ret_name, bool *ret_found)
{
	*ret_found = false;
	va = mmu_regimes_plain(&space->regimes, va);
	return space->mm_va ? mmu_vma_find_named(&space->memory, space->mm_va, va, ret, ret_name,
						 ret_found)
			    : NULL;
}

/*
 * PROT_NONE and a NUMA hint look alike in the table. The VMA tells them apart: what it allows, only
 * NUMA balancing can have taken away.
 */
static void tell_numa(struct mmu_walk *walk, const struct mmu_vma *vma,
		      const struct mmu_error *missing)
{
	if (vma && vma->vm_flags & (MMU_VM_READ | MMU_VM_WRITE | MMU_VM_EXEC))
		walk->result = MMU_RESULT_NUMA;
	else if (missing)
		walk->note = "or numa: its VMA can't be read, which would tell";
}

/* Where a page lies that was taken out of a linear mapping, the mapping says, whatever it left. */
static void tell_hidden(struct mmu_space *space, struct mmu_walk *walk)
{
	const struct mmu_linear *linear = mmu_memory_linear(&space->memory, walk->va);

	if (!linear)
		return;
	walk->has_pa = true;
	walk->pa = linear->first_pa + (walk->va - linear->first_va);
	walk->page_state = mmu_image_state(&space->memory.cursor, walk->pa);
}

/* Are the entries that a walk read still what they were? */
static bool still_true(const struct mmu_space *space, const struct mmu_walk *walk)
{
	for (unsigned int i = 0; i < walk->nr_steps; i++) {
		const struct mmu_step *then = &walk->steps[i];
		struct mmu_step now = { .level = then->level,
					.table_pa = then->table_pa,
					.index = then->index };

		if (then->readable && !then->slot_pa)
			continue; /* behind the end of its table: it was never read */
		if (then->probe && !then->raw)
			continue; /* a group in which nothing was found */
		mmu_step_read(&space->walker, walk->regime, &now);
		if (now.slot_state != then->slot_state || now.raw != then->raw ||
		    now.second != then->second)
			return false;
	}
	return true;
}

/* The tables of a running kernel change under a walk: a path must hold from its root to its end. */
static __attribute__((__noinline__)) void walk_live(struct mmu_space *space, uint64_t va,
						    struct mmu_walk *ret)
{
	for (unsigned int i = 0; i < LIVE_WALKS; i++) {
		mmu_walker_walk(&space->walker, va, ret);
		if (!still_true(space, ret))
			continue;
		/* a leader that is a zombie has the mm of one of its threads */
		if (space->has_task && !space->task.zombie &&
		    !mmu_task_has_mm(&space->memory, &space->task))
			ret->note = "the task has left this address space: its tables may be gone";
		return;
	}
	ret->note = "changed while it was read, again and again";
}

/* Who walks this often goes on to: paths then pay for the memory that they take. */
#define PATHS_FROM 16u

/* The tables of a dump do not change: what a walk has read of them serves the next. */
static void walk_still(struct mmu_space *space, uint64_t va, struct mmu_walk *ret)
{
	if (space->nr_walks < PATHS_FROM && ++space->nr_walks == PATHS_FROM)
		space->walker.paths = mmu_paths_create(&space->regimes);
	mmu_walker_walk(&space->walker, va, ret);
}

/* Is it the kernel's word on an entry that hardware does not use? */
static bool is_software(enum mmu_result result)
{
	return (result >= MMU_RESULT_SWAPPED && result <= MMU_RESULT_MARKER) ||
	       result == MMU_RESULT_HIDDEN;
}

/* What the tables alone don't tell of an address that is not mapped. */
static __attribute__((__noinline__)) void tell_rest(struct mmu_space *space, struct mmu_walk *ret)
{
	struct mmu_vma vma;
	bool found;

	if (ret->result == MMU_RESULT_HIDDEN)
		tell_hidden(space, ret);
	if (space->foreign && is_software(ret->result) && !ret->note)
		ret->note = "hardware sees a hole: what it means is Linux's reading";
	if (ret->result != MMU_RESULT_PROTNONE)
		return;
	struct mmu_error *missing = mmu_space_find_vma(space, ret->va, &vma, &found);
	tell_numa(ret, found ? &vma : NULL, missing);
	mmu_error_destroy(missing);
}

void mmu_space_translate(struct mmu_space *space, uint64_t va, struct mmu_walk *ret)
{
	if (space->memory.kernel->image->live)
		walk_live(space, va, ret);
	else
		walk_still(space, va, ret);
	if (ret->result != MMU_RESULT_MAPPED)
		tell_rest(space, ret);
}

void mmu_space_tell(struct mmu_space *space, const uint64_t *vas, size_t nr, mmu_answer_fn fn,
		    void *context)
{
	struct mmu_word words[MMU_ANSWERS_MAX];
	struct mmu_walk walk;

	walk.serial = 0;
	for (size_t count; nr; vas += count, nr -= count) {
		count = nr < MMU_ANSWERS_MAX ? nr : MMU_ANSWERS_MAX;
		mmu_words_find(&space->walker, vas, count, words);
		for (size_t i = 0; i < count; i++) {
			if (!mmu_word_answer(&space->walker, &words[i], vas[i], &walk)) {
				mmu_space_translate(space, vas[i], &walk);
				walk.nr_steps = 0;
			}
			fn((const struct mmu_walk_info *)&walk, context);
		}
	}
}

bool mmu_space_copy(struct mmu_space *space, uint64_t va, void *buf, size_t bytes,
		    size_t *ret_bytes, struct mmu_walk *ret)
{
	struct mmu_walk walk;
	uint8_t *out = buf;
	size_t done = 0;

	walk.serial = 0;
	while (done < bytes) {
		uint64_t stop_pa, here;

		mmu_space_translate(space, va + done, &walk);
		here = walk.page_bytes - (walk.pa & (walk.page_bytes - 1));
		size_t count = bytes - done < here ? bytes - done : (size_t)here;
		if (!walk.has_pa)
			break;
		walk.page_state = mmu_memory_read_phys(&space->memory, walk.pa, out + done, count,
						       &stop_pa);
		if (walk.page_state != MMU_PAGE_PRESENT) {
			done += (size_t)(stop_pa - walk.pa);
			walk.va += stop_pa - walk.pa;
			walk.pa = stop_pa;
			break;
		}
		done += count;
	}
	*ret_bytes = done;
	if (done < bytes && ret)
		*ret = walk;
	return done == bytes;
}

/* ------------------------------------------------------------------ whole spaces */

/* What a walk can't know, the VMAs and the linear mappings tell. */
static void tell_more(struct mmu_space *space, struct mmu_walk *walk, struct mmu_vma *vma,
		      bool *has_vma)
{
	struct mmu_error *missing = NULL;

	if (walk->result == MMU_RESULT_HIDDEN)
		tell_hidden(space, walk);
	if (walk->result == MMU_RESULT_PROTNONE) {
		if (!*has_vma || walk->va < vma->first_va || walk->va > vma->last_va)
			missing = mmu_space_find_vma(space, walk->va, vma, has_vma);
		tell_numa(walk, *has_vma ? vma : NULL, missing);
		mmu_error_destroy(missing);
	}
}

struct leaves_context {
	struct mmu_space *space;
	mmu_leaf_fn fn;
	void *context;
	struct mmu_vma vma;
	bool has_vma;
};

static bool hand_on(struct mmu_walk *walk, uint64_t last_va, void *context)
{
	struct leaves_context *leaves = context;

	tell_more(leaves->space, walk, &leaves->vma, &leaves->has_vma);
	return leaves->fn(walk, last_va, leaves->context);
}

void mmu_space_visit_leaves(struct mmu_space *space, uint64_t first_va, uint64_t last_va,
			    bool stretches, mmu_leaf_fn fn, void *context, struct mmu_tally *ret)
{
	struct leaves_context leaves = { .space = space, .fn = fn, .context = context };

	mmu_walker_leaves(&space->walker, first_va, last_va, mmu_walker_max_tables(&space->walker),
			  stretches, hand_on, &leaves, ret);
}

static void correct(struct mmu_walk *walk, void *context)
{
	struct mmu_space_sweep *sweep = context;

	tell_more(sweep->space, walk, &sweep->vma, &sweep->has_vma);
}

void mmu_space_sweep_begin(struct mmu_space_sweep *sweep, struct mmu_space *space,
			   uint64_t first_va, uint64_t last_va)
{
	sweep->space = space;
	sweep->has_vma = false;
	mmu_sweep_init(&sweep->sweep, &space->walker, first_va, last_va,
		       mmu_walker_max_tables(&space->walker), correct, sweep);
	sweep->sweep.picks = !space->swept;
	space->swept = true;
}

struct mmu_space_sweep *mmu_space_sweep_open(struct mmu_space *space, uint64_t first_va,
					     uint64_t last_va)
{
	struct mmu_space_sweep *ret = malloc(sizeof(*ret)); /* large, and mostly not used */

	if (ret)
		mmu_space_sweep_begin(ret, space, first_va, last_va);
	return ret;
}

void mmu_space_sweep_close(struct mmu_space_sweep *sweep)
{
	if (!sweep)
		return;
	mmu_sweep_release(&sweep->sweep);
	free(sweep);
}
