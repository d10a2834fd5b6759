/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What to tell people when something is missing: what was looked for, and what helps. */
#include <inttypes.h>
#include <stdio.h>

#include "base/budget.h"
#include "kernel/hint.h"

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

void mmu_hint_set(const struct mmu_kernel *kernel, const struct mmu_error *itself)
{
	struct mmu_vmlinux *vmlinux = mmu_fact_store_vmlinux(kernel->facts);
	const char *map = mmu_fact_store_system_map(kernel->facts);
	const char *release = kernel->release, *id = kernel->build_id;
	const char *why = itself ? mmu_error_message(itself) : "";
	bool truncated = itself && is_truncated(kernel, itself);
	char reason[512], lost[80] = "", hint[1024];
	uint64_t bytes;
	struct mmu_member member;
	struct mmu_error *types = NULL;

	if (vmlinux)
		types = mmu_vmlinux_size(vmlinux, "task_struct", &bytes);
	if (vmlinux && !types) /* the budget may have ended between the two */
		types = mmu_vmlinux_member(vmlinux, "task_struct", "tasks", &member);
	if (types)
		snprintf(reason, sizeof(reason), "%s", mmu_error_message(types));
	else if (vmlinux)
		snprintf(reason, sizeof(reason), "%s has no symbols", mmu_vmlinux_path(vmlinux));
	else if (map)
		snprintf(reason, sizeof(reason), "%s has symbols and no types", map);
	else if (release[0] || id[0])
		snprintf(reason, sizeof(reason),
			 "no vmlinux with debug info was found for %s%s%s%s", release,
			 id[0] ? " (build-id " : "", id, id[0] ? ")" : "");
	else
		snprintf(reason, sizeof(reason), "the image does not say which kernel it holds");
	if (truncated)
		snprintf(lost, sizeof(lost), TRUNCATED "; ", kernel->image->truncated_pages);
	snprintf(hint, sizeof(hint), "%s%s%s%s", lost, reason, itself ? ", and " : "", why);
	mmu_fact_store_set_hint(kernel->facts, hint,
				truncated ? MMU_REMEDY_VMLINUX_LOST
				: mmu_budget_given_up(kernel->image->budget) ? MMU_REMEDY_BUDGET
									     : MMU_REMEDY_VMLINUX);
	mmu_error_destroy(types);
}

/* What finding tasks begins with: one symbol, one type. */
bool mmu_hint_tasks_known(const struct mmu_kernel *kernel)
{
	uint64_t value;

	return mmu_fact_get(kernel->facts, "OFFSET(task_struct.tasks)", &value) &&
	       mmu_fact_get(kernel->facts, "SYMBOL(init_task)", &value);
}
