/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Sessions: an image is opened, its kernel learnt once, and what is known of both. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/session.h"
#include "base/cleanup.h"
#include "base/hook.h"
#include "base/sized.h"
#include "image/reader.h"
#include "kernel/hint.h"
#include "kernel/layout.h"
#include "kernel/learn.h"
#include "kernel/self_described.h"
#include "objects/task.h"
#include "objects/tasks.h"

/* ------------------------------------------------------------------ opening */

static struct mmu_error *copy_options(struct mmu_session *session,
				      const struct mmu_options *options)
{
	const struct {
		const char *from;
		char **to;
	} texts[] = {
		{ options->vmlinux, &session->kernel.options.vmlinux },
		{ options->arch, &session->kernel.options.arch },
		{ options->plugin_dir, &session->kernel.options.plugin_dir },
	};
	size_t count = 0;

	session->kernel.options.force = options->flags & MMU_OPEN_FORCE;
	session->kernel.options.debuginfod = options->flags & MMU_OPEN_DEBUGINFOD;
	if (options->hook) {
		struct mmu_error *error = mmu_sized(options->hook, &session->kernel.options.hook);

		if (error)
			return error;
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].from && !(*texts[i].to = strdup(texts[i].from)))
			return mmu_error_no_memory();
	while (options->debug_dirs && options->debug_dirs[count])
		count++;
	if (!count)
		return NULL;
	session->kernel.options.debug_dirs = calloc(count + 1,
						    sizeof(*session->kernel.options.debug_dirs));
	for (size_t i = 0; session->kernel.options.debug_dirs && i < count; i++)
		if (!(session->kernel.options.debug_dirs[i] = strdup(options->debug_dirs[i])))
			return mmu_error_no_memory();
	return session->kernel.options.debug_dirs ? NULL : mmu_error_no_memory();
}

/* The readers take raw ranges as an array. @param ret  freed by the caller; NULL: none are given */
static struct mmu_error *copy_raw(const struct mmu_raw_range *const *from,
				  struct mmu_raw_range **ret, size_t *ret_nr)
{
	struct mmu_raw_range *raw MMU_FREE = NULL;
	struct mmu_error *error = NULL;
	size_t nr = 0;

	while (from && from[nr])
		nr++;
	raw = nr ? calloc(nr, sizeof(*raw)) : NULL;
	if (nr && !raw)
		return mmu_error_no_memory();
	for (size_t i = 0; i < nr && !error; i++)
		error = mmu_sized(from[i], &raw[i]);
	if (error)
		return error;
	*ret = mmu_steal(raw);
	*ret_nr = nr;
	return NULL;
}

static struct mmu_error *open_image(const struct mmu_options *options, struct mmu_budget *budget,
				    struct mmu_image **ret)
{
	struct mmu_raw_range *raw MMU_FREE = NULL;
	size_t nr_raw = 0;
	struct mmu_error *error = copy_raw(options->raw, &raw, &nr_raw);

	if (error)
		return error;
	return mmu_image_open(&(struct mmu_source){ .path = options->image,
						    .raw = raw,
						    .nr_raw = nr_raw,
						    .parts = options->parts,
						    .budget = budget },
			      ret);
}

static struct mmu_error *open_session(struct mmu_session *session,
				      const struct mmu_options *options)
{
	struct mmu_image *image;
	struct mmu_error *error = copy_options(session, options);

	session->budget.factor = options->budget;
	if (!error)
		error = open_image(options, &session->budget, &image);
	if (!error)
		error = mmu_kernel_init(&session->kernel, image, options->facts);
	if (!error)
		mmu_memory_init(&session->memory, &session->kernel);
	return error;
}

struct mmu_error *mmu_session_open(const struct mmu_options *options, struct mmu_session **ret)
{
	struct mmu_options own;
	struct mmu_session *session;
	struct mmu_error *error = mmu_sized(options, &own);

	if (!error && (!own.image || own.flags & ~(uint64_t)(MMU_OPEN_FORCE | MMU_OPEN_DEBUGINFOD)))
		error = mmu_error_new(MMU_ERROR_INVALID, "options: %s",
				      own.image ? "an unknown flag" : "no image is named");
	if (error)
		return error;
	session = calloc(1, sizeof(*session));
	if (!session)
		return mmu_error_no_memory();
	error = open_session(session, &own);
	if (error) {
		mmu_session_close(session);
		return error;
	}
	*ret = session;
	return NULL;
}

void mmu_session_close(struct mmu_session *session)
{
	if (!session)
		return;
	mmu_memory_destroy(&session->memory);
	mmu_kernel_destroy(&session->kernel);
	mmu_error_destroy(session->learn_error);
	mmu_error_destroy(session->lacks);
	for (char **dir = session->kernel.options.debug_dirs; dir && *dir; dir++)
		free(*dir);
	free(session->kernel.options.debug_dirs);
	free(session->kernel.options.vmlinux);
	free(session->kernel.options.arch);
	free(session->kernel.options.plugin_dir);
	free(session);
}

/* ------------------------------------------------------------------ learning */

struct mmu_error *mmu_session_failure(const struct mmu_session *session)
{
	if (mmu_fact_store_no_memory(session->kernel.facts))
		return mmu_error_no_memory();
	return mmu_image_failure(session->kernel.image);
}

struct mmu_error *mmu_session_learn(struct mmu_session *session)
{
	if (session->learnt == MMU_LEARN_NOT_YET) {
		session->learn_error = mmu_kernel_learn(&session->kernel);
		/* where nothing can be read any more, all else that went wrong is of no interest */
		struct mmu_error *failure = mmu_session_failure(session);
		if (failure) {
			mmu_error_destroy(session->learn_error);
			session->learn_error = failure;
		}
		session->learnt = session->learn_error ? MMU_LEARN_FAILED : MMU_LEARN_DONE;
	}
	return mmu_error_copy(session->learn_error);
}

static bool stop_at_mm(const struct mmu_task *task, const struct mmu_error *problem, void *context)
{
	(void)problem;
	(void)context;
	return task && task->owner != MMU_MM_OWN;
}

struct mmu_error *mmu_session_cross_check(struct mmu_session *session)
{
	struct mmu_error *error = mmu_session_learn(session);

	if (error)
		return error;
	/* the facts about tasks, which learning does not need */
	mmu_error_destroy(mmu_tasks_visit(&session->memory, false, stop_at_mm, NULL));
	if (session->kernel.asked_itself)
		return NULL;
	struct mmu_hook_latch latch = { .hook = &session->kernel.options.hook,
					.phase = MMU_PHASE_LEARN };
	session->kernel.asked_itself = true;
	session->kernel.latch = &latch;
	error = mmu_self_learn(&session->memory);
	session->kernel.latch = NULL;
	if (latch.stopped) {
		mmu_error_destroy(error);
		error = mmu_error_new(MMU_ERROR_STOPPED, "cancelled by the caller");
	}
	mmu_layouts_forget(session->kernel.layouts);
	return error;
}

/* ------------------------------------------------------------------ what is known */

/* Why no task can be found, or NULL; owned by the session. */
static const struct mmu_error *what_lacks(struct mmu_session *session)
{
	struct mmu_task task;

	mmu_error_destroy(session->lacks);
	if (mmu_hint_tasks_known(&session->kernel))
		session->lacks = mmu_task_read_init(&session->memory, &task);
	else
		session->lacks = mmu_fact_store_hint(session->kernel.facts);
	return session->lacks;
}

static uint32_t what_is_usable(struct mmu_session *session)
{
	const struct mmu_regimes *regimes = &session->kernel.regimes;
	bool readable = true;

	if (session->learnt != MMU_LEARN_DONE || !session->kernel.nr_linear)
		return 0;
	for (size_t i = 0; i < regimes->nr; i++)
		readable &= mmu_memory_span(&session->memory, regimes->regime[i].root_pa).state ==
			    MMU_PAGE_PRESENT;
	return readable ? MMU_USABLE_KERNEL | MMU_USABLE_PGD : MMU_USABLE_PGD;
}

/* @param survey  also what a pass over the whole image's tables says */
static void tell_image(const struct mmu_image *image, bool survey, struct mmu_info *ret)
{
	ret->path = image->file.path;
	ret->image_format = image->format;
	ret->reader = image->reader->name;
	ret->warning = image->warning;
	ret->page_bytes = image->page_bytes;
	ret->live = image->live;
	ret->shared_bytes = image->shared_bytes;
	ret->given_up = mmu_budget_given_up(image->budget);
	if (!survey && !mmu_image_is_surveyed(image))
		return;
	mmu_error_destroy(mmu_image_survey(image)); /* without memory it stays unknown */
	ret->nr_ram = (uint32_t)image->nr_ram;
	ret->present_pages = image->present_pages;
	ret->filtered_pages = image->filtered_pages;
	ret->truncated_pages = image->truncated_pages;
	if (!ret->warning)
		ret->warning = image->survey_warning;
}

static const struct mmu_info *tell(struct mmu_session *session, bool survey)
{
	struct mmu_kernel *kernel = &session->kernel;
	struct mmu_vmlinux *vmlinux = mmu_fact_store_vmlinux(kernel->facts);
	const struct mmu_facts *facts = mmu_fact_callbacks(kernel->facts);
	struct mmu_info *ret = &session->info;
	const uint8_t *data;
	uint64_t value;
	size_t bytes;

	memset(ret, 0, sizeof(*ret));
	tell_image(kernel->image, survey, ret);
	ret->big_endian = kernel->big_endian;
	ret->arch = kernel->arch ? kernel->arch->name : "";
	ret->backend = kernel->arch;
	ret->release = kernel->release;
	ret->build_id = kernel->build_id;
	ret->vmlinux = vmlinux ? mmu_vmlinux_path(vmlinux) : "";
	ret->system_map = mmu_fact_store_system_map(kernel->facts);
	if (!ret->system_map)
		ret->system_map = "";
	if (kernel->warning)
		ret->warning = kernel->warning;
	ret->lacks = session->learnt == MMU_LEARN_DONE ? what_lacks(session) : NULL;
	ret->usable = what_is_usable(session);
	ret->nr_regimes = (uint32_t)kernel->regimes.nr;
	ret->nr_linear = (uint32_t)kernel->nr_linear;
	ret->has_kaslr_offset = mmu_fact_get(kernel->facts, "KERNELOFFSET", &ret->kaslr_offset);
	/* as x86's VMCOREINFO calls it; ARM's PHYS_OFFSET is the same question's answer */
	ret->has_phys_base = mmu_fact_get(kernel->facts, "NUMBER(phys_base)", &value) ||
			     mmu_fact_get(kernel->facts, "PHYS_OFFSET", &value);
	ret->phys_base = ret->has_phys_base ? (int64_t)value : 0;
	ret->has_vmcoreinfo = mmu_fact_store_vmcoreinfo(kernel->facts, &ret->vmcoreinfo_found).data;
	ret->vmcoreinfo_refuted = kernel->vmcoreinfo_refuted;
	while (facts->note(facts->context, "QEMU", 0, ret->nr_cpu_states, &data, &bytes))
		ret->nr_cpu_states++;
	return ret;
}

const struct mmu_info *mmu_session_info(struct mmu_session *session)
{
	return tell(session, true);
}

const struct mmu_info *mmu_session_brief(struct mmu_session *session)
{
	return tell(session, false);
}

bool mmu_session_ram(const struct mmu_session *session, size_t n, uint64_t *ret_first_pa,
		     uint64_t *ret_last_pa)
{
	const struct mmu_image *image = session->kernel.image;

	mmu_error_destroy(mmu_image_survey(image));
	if (n >= image->nr_ram)
		return false;
	*ret_first_pa = image->ram[n].first_pa;
	*ret_last_pa = image->ram[n].last_pa;
	return true;
}

const struct mmu_linear *mmu_session_linear(const struct mmu_session *session, size_t n)
{
	return n < session->kernel.nr_linear ? &session->kernel.linear[n] : NULL;
}

const struct mmu_regime *mmu_session_regime(const struct mmu_session *session, size_t n)
{
	return n < session->kernel.regimes.nr ? &session->kernel.regimes.regime[n] : NULL;
}

const struct mmu_cpu *mmu_session_cpu(struct mmu_session *session, uint32_t n)
{
	const struct mmu_arch *arch = mmu_kernel_cpu_arch(&session->kernel, n);

	return arch && arch->cpu &&
			       arch->cpu(mmu_fact_callbacks(session->kernel.facts), n,
					 &session->cpu)
		       ? &session->cpu
		       : NULL;
}

struct mmu_error *mmu_session_symbol(struct mmu_session *session, const char *name,
				     uint64_t *ret_va)
{
	char key[128];
	struct mmu_error *error = mmu_session_learn(session);

	if (error)
		return error;
	snprintf(key, sizeof(key), "SYMBOL(%s)", name);
	return mmu_fact_need(session->kernel.facts, key, ret_va);
}

enum mmu_page_state mmu_session_read_phys(struct mmu_session *session, uint64_t pa, void *buf,
					  size_t bytes, uint64_t *ret_pa)
{
	return mmu_memory_read_phys(&session->memory, pa, buf, bytes, ret_pa);
}
