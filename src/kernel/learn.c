/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Learning a kernel, step by step, each step checked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/cleanup.h"
#include "base/hook.h"
#include "facts/debuginfod.h"
#include "kernel/hint.h"
#include "kernel/identity.h"
#include "kernel/layout.h"
#include "kernel/learn.h"
#include "kernel/self_described.h"
#include "kernel/tables.h"
#include "kernel/vmcoreinfo.h"

/* Of what a back-end reads while the kernel is learnt. */
static bool spend(void *context, uint64_t bytes)
{
	const struct mmu_kernel *kernel = context;

	return !kernel->latch ||
	       (!mmu_hook_latched(kernel->latch) &&
		!mmu_budget_ended(kernel->image->budget, MMU_BUDGET_READ) &&
		mmu_image_spend(kernel->image, bytes, "the search for the kernel's tables"));
}

struct mmu_error *mmu_kernel_init(struct mmu_kernel *kernel, struct mmu_image *image,
				  const char *const *facts)
{
	kernel->image = image;
	kernel->big_endian = image->big_endian;
	kernel->hooks = (struct mmu_fact_hooks){ mmu_translate, mmu_translate_next,
						 mmu_memory_read_alone, spend, kernel };
	struct mmu_error *error = mmu_fact_store_create(image, facts, &kernel->facts);
	if (!error)
		error = mmu_layouts_create(&kernel->layouts);
	if (!error)
		mmu_kernel_read_identity(kernel);
	return error;
}

void mmu_kernel_destroy(struct mmu_kernel *kernel)
{
	mmu_layouts_destroy(kernel->layouts);
	mmu_fact_store_destroy(kernel->facts);
	mmu_image_close(kernel->image);
	free(kernel->warning);
}

MMU_CLEANUP_TYPE(vmlinux, struct mmu_vmlinux *, mmu_vmlinux_close)

static size_t hex_to_bytes(const char *hex, uint8_t *ret, size_t max)
{
	size_t count = 0;

	for (; hex[0] && hex[1] && count < max; hex += 2)
		if (sscanf(hex, "%2hhx", &ret[count++]) != 1)
			return 0;
	return count;
}

/* Look for a vmlinux where the user named none. None is no error: the hint says so later. */
static struct mmu_error *find_vmlinux(struct mmu_memory *memory, char **ret)
{
	const struct mmu_kernel *kernel = memory->kernel;
	uint8_t id[20];
	struct mmu_bytes build_id = { id, hex_to_bytes(kernel->build_id, id, sizeof(id)) };
	struct mmu_error *error = NULL;

	if (build_id.count || kernel->release[0])
		error = mmu_vmlinux_find((const char *const *)kernel->options.debug_dirs, build_id,
					 kernel->release, ret, NULL);
	return error;
}

static bool fetch_stops(void *context, uint64_t done, uint64_t total)
{
	const struct mmu_kernel *kernel = context;

	return mmu_hook_stops(&kernel->options.hook, MMU_PHASE_FETCH, done, total);
}

static bool is_stopped(const struct mmu_error *error)
{
	return error && mmu_error_code(error) == MMU_ERROR_STOPPED;
}

/*
 * Ask servers for the vmlinux of this very build. What goes wrong is only told: without it the
 * kernel may describe itself. @param ret  NULL: there is none
 */
static struct mmu_error *fetch_vmlinux(struct mmu_kernel *kernel, struct mmu_vmlinux **ret)
{
	struct mmu_vmlinux *vmlinux MMU_CLEANUP(cleanup_vmlinux) = NULL;
	uint8_t id[20];
	struct mmu_bytes build_id = { id, hex_to_bytes(kernel->build_id, id, sizeof(id)) };
	char *path MMU_FREE = NULL;

	if (!kernel->options.debuginfod || build_id.count < 2)
		return NULL;
	struct mmu_error *error = mmu_debuginfod_fetch(build_id, fetch_stops, kernel, &path);
	struct mmu_error *stopped = mmu_hook_ask(&kernel->options.hook, MMU_PHASE_LEARN, 0, 0);
	if (stopped || is_stopped(error)) {
		mmu_error_destroy(is_stopped(error) ? stopped : error);
		return is_stopped(error) ? error : stopped;
	}
	if (!error && path)
		error = mmu_vmlinux_open(path, mmu_fact_store_wants(kernel->facts), &vmlinux);
	if (!error && vmlinux) {
		struct mmu_bytes theirs = mmu_vmlinux_build_id(vmlinux);

		if (theirs.count == build_id.count && !memcmp(theirs.data, id, theirs.count))
			*ret = mmu_steal(vmlinux);
		else
			error = mmu_error_new(MMU_ERROR_MISMATCH,
					      "%s is of another build-id: not used", path);
	}
	if (error)
		mmu_kernel_warn(kernel, mmu_error_message(error));
	mmu_error_destroy(error);
	return NULL;
}

/* What the user named may be a System.map. */
static struct mmu_error *open_system_map(struct mmu_kernel *kernel)
{
	struct mmu_symbol_text *map = NULL;
	struct mmu_error *error = mmu_system_map_open(
		kernel->options.vmlinux, mmu_fact_store_wants(kernel->facts)->symbols, &map);

	if (error || !map)
		return error;
	mmu_fact_store_set_system_map(kernel->facts, map);
	return mmu_identity_check_map(kernel);
}

/* A System.map has no types, so that a vmlinux beside it is welcome. */
static struct mmu_error *open_symbols(struct mmu_kernel *kernel, struct mmu_memory *memory)
{
	char *found MMU_FREE = NULL;
	struct mmu_vmlinux *vmlinux MMU_CLEANUP(cleanup_vmlinux) = NULL;
	const char *path = kernel->options.vmlinux;
	struct mmu_error *error = path ? open_system_map(kernel) : NULL;

	if (!error && (!path || mmu_fact_store_system_map(kernel->facts))) {
		error = find_vmlinux(memory, &found);
		path = found;
	}
	if (!error && !path && !kernel->options.vmlinux)
		error = fetch_vmlinux(kernel, &vmlinux);
	if (!error && path)
		error = mmu_vmlinux_open(path, mmu_fact_store_wants(kernel->facts), &vmlinux);
	if (!error && path)
		error = mmu_identity_compare_ids(kernel, vmlinux);
	if (!error && !vmlinux)
		mmu_hint_set(kernel, NULL);
	if (!error && vmlinux)
		mmu_fact_store_set_vmlinux(kernel->facts, mmu_steal(vmlinux));
	return error;
}

/* Without a vmlinux that has symbols and types, the kernel in the image describes itself. */
static void take_from_itself(struct mmu_kernel *kernel, struct mmu_memory *memory)
{
	struct mmu_error *error = mmu_self_learn(memory);

	kernel->asked_itself = true;
	if (error && !mmu_hint_tasks_known(kernel))
		mmu_hint_set(kernel, error);
	mmu_error_destroy(error);
}

static struct mmu_error *learn(struct mmu_kernel *kernel, struct mmu_memory *memory)
{
	const char *missing;
	uint64_t value;

	mmu_vmcoreinfo_find(kernel, memory);
	bool searched = kernel->arch;
	struct mmu_error *error = mmu_hook_ask(&kernel->options.hook, MMU_PHASE_LEARN, 0, 0);
	if (!error)
		error = open_symbols(kernel, memory);
	if (!error)
		error = mmu_kernel_need_arch(kernel);
	if (error)
		return error;
	if (!searched) /* only vmlinux said the architecture, which the search needs */
		mmu_vmcoreinfo_find(kernel, memory);
	if (!kernel->arch->linear || !kernel->arch->locate)
		return mmu_error_remedy(mmu_error_new(MMU_ERROR_UNSUPPORTED,
						      "back-end %s knows formats but no kernels",
						      kernel->arch->name),
					MMU_REMEDY_ROOT);
	missing = mmu_kernel_find_mappings(kernel);
	if (missing) {
		error = mmu_tables_find(kernel, memory);
		if (error)
			return error;
		missing = mmu_kernel_find_mappings(kernel);
	}
	if (kernel->nr_linear && !mmu_hint_tasks_known(kernel)) {
		take_from_itself(kernel, memory);
		missing = mmu_kernel_find_mappings(kernel);
	}
	if (kernel->nr_linear) {
		error = mmu_identity_check_banner(kernel, memory);
		if (error)
			return error;
	}
	if (!missing)
		return NULL;
	kernel->regimes.nr = 0;
	error = mmu_fact_need(kernel->facts, "SYMBOL(init_task)", &value);
	return mmu_error_context(error ? error : mmu_error_new(MMU_ERROR_NOT_FOUND, "%s", missing),
				 "%s: can't find the kernel's mappings%s%s%s",
				 kernel->image->file.path,
				 kernel->vmcoreinfo_refuted ? "; the VMCOREINFO in the notes is "
							      "of another kernel or boot"
							    : "",
				 error ? "; " : "", error ? missing : "");
}

/* What could not be found may be there: the search for it ended early. */
static struct mmu_error *tell_given_up(const struct mmu_kernel *kernel, struct mmu_error *error)
{
	const char *what = mmu_budget_given_up(kernel->image->budget);

	if (!error || !what || mmu_error_code(error) == MMU_ERROR_BUDGET)
		return error;
	struct mmu_error *why = mmu_budget_error(what);
	error = mmu_error_reword(error, "%s; %s", mmu_error_message(error), mmu_error_message(why));
	mmu_error_destroy(why);
	return mmu_error_remedy(error, MMU_REMEDY_BUDGET);
}

struct mmu_error *mmu_kernel_learn(struct mmu_kernel *kernel)
{
	struct mmu_hook_latch latch = { .hook = &kernel->options.hook, .phase = MMU_PHASE_LEARN };
	struct mmu_memory memory;

	kernel->latch = &latch;
	mmu_memory_init(&memory, kernel);
	struct mmu_error *error = learn(kernel, &memory);
	/* the first space needs some of the same pages, and room for others */
	mmu_layouts_give_picked(kernel->layouts, mmu_steal(memory.cursor.picked));
	mmu_memory_destroy(&memory);
	kernel->latch = NULL;
	if (!latch.stopped)
		return tell_given_up(kernel, error);
	mmu_error_destroy(error);
	return mmu_error_new(MMU_ERROR_STOPPED, "cancelled by the caller");
}
