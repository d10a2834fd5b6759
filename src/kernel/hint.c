/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What to tell people when something is missing: what was looked for, and what helps. */
#include <inttypes.h>
#include <stdio.h>

#include "kernel/hint.h"

/* What works without any task. */
static const char *works_without(struct mmu_memory *memory)
{
	const struct mmu_regimes *regimes = &memory->kernel->regimes;

	if (!memory->kernel->nr_linear)
		return "walk --pgd PA --format NAME";
	if (regimes->nr &&
	    mmu_memory_span(memory, regimes->regime[0].root_pa).state != MMU_PAGE_PRESENT)
		return "walk --pgd PA";
	return "walk --kernel, walk --pgd PA";
}

#define TRUNCATED "the file is truncated: %" PRIu64 " pages are missing"

/* Is something missing that a whole file may have? */
static bool is_truncated(const struct mmu_kernel *kernel, const struct mmu_error *error)
{
	return kernel->image->truncated_pages && mmu_error_code(error) == MMU_ERROR_FAULT;
}

struct mmu_error *mmu_hint_truncated(const struct mmu_kernel *kernel, struct mmu_error *error)
{
	return !is_truncated(kernel, error)
		       ? error
		       : mmu_error_context(error, TRUNCATED, kernel->image->truncated_pages);
}

/*
 * What to say when a fact is missing: what was looked for, what would help, what works without.
 * @param itself  why the kernel in the image does not describe itself, or NULL: not asked yet
 */
void mmu_hint_set(struct mmu_memory *memory, const struct mmu_error *itself)
{
	const struct mmu_kernel *kernel = memory->kernel;
	struct mmu_vmlinux *vmlinux = mmu_fact_store_vmlinux(kernel->facts);
	const char *release = kernel->release, *id = kernel->build_id;
	const char *why = itself ? mmu_error_message(itself) : "";
	char reason[512], advice[256] = "name its vmlinux with -s", truncated[80] = "", hint[1024];
	uint64_t bytes;
	struct mmu_error *types = NULL;

	if (vmlinux)
		types = mmu_vmlinux_size(vmlinux, "task_struct", &bytes);
	if (types)
		snprintf(reason, sizeof(reason), "%s", mmu_error_message(types));
	else if (vmlinux)
		snprintf(reason, sizeof(reason), "%s has no symbols", mmu_vmlinux_path(vmlinux));
	else if (release[0] || id[0])
		snprintf(reason, sizeof(reason),
			 "no vmlinux with debug info was found for %s%s%s%s", release,
			 id[0] ? " (build-id " : "", id, id[0] ? ")" : "");
	else
		snprintf(reason, sizeof(reason), "the image does not say which kernel it holds");
	if (itself && is_truncated(kernel, itself)) {
		snprintf(truncated, sizeof(truncated), TRUNCATED "; ",
			 kernel->image->truncated_pages);
		snprintf(advice, sizeof(advice), "a vmlinux named with -s finds only what is left");
	} else if (mmu_vmlinux_is_debian(release, kernel->arch ? kernel->arch->flavours : NULL)) {
		snprintf(advice, sizeof(advice),
			 "install Debian's linux-image-%s-dbg, or name its vmlinux with -s",
			 release);
	} else if (release[0] || id[0]) {
		snprintf(advice, sizeof(advice),
			 "name the vmlinux with debug info of exactly this kernel with -s");
	}
	snprintf(hint, sizeof(hint), "%s%s%s%s; %s; without it %s, entry and arch work", truncated,
		 reason, itself ? ", and " : "", why, advice, works_without(memory));
	mmu_fact_store_set_hint(kernel->facts, hint);
	mmu_error_destroy(types);
}

/* What finding tasks begins with: one symbol, one type. */
bool mmu_hint_tasks_known(const struct mmu_kernel *kernel)
{
	uint64_t value;

	return mmu_fact_get(kernel->facts, "OFFSET(task_struct.tasks)", &value) &&
	       mmu_fact_get(kernel->facts, "SYMBOL(init_task)", &value);
}
