/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Sessions: an image is opened, its kernel learnt once, and what is known of both. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/session.h"
#include "base/cleanup.h"
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

	session->kernel.options.force = options->force;
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

struct mmu_error *mmu_session_open(const struct mmu_options *options, struct mmu_session **ret)
{
	struct mmu_session *session = calloc(1, sizeof(*session));

	if (!session)
		return mmu_error_no_memory();
	struct mmu_image *image;
	struct mmu_error *error = copy_options(session, options);

	if (!error)
		error = mmu_image_open(&(struct mmu_source){ .path = options->image,
							     .raw = options->raw,
							     .nr_raw = options->nr_raw,
							     .parts = options->parts },
				       &image);
	if (!error)
		error = mmu_kernel_init(&session->kernel, image, options->facts);
	if (error) {
		mmu_session_close(session);
		return error;
	}
	mmu_memory_init(&session->memory, &session->kernel);
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
	mmu_error_destroy(session->init_task_error);
	for (char **dir = session->kernel.options.debug_dirs; dir && *dir; dir++)
		free(*dir);
	free(session->kernel.options.debug_dirs);
	free(session->kernel.options.vmlinux);
	free(session->kernel.options.arch);
	free(session->kernel.options.plugin_dir);
	free(session);
}

/* ------------------------------------------------------------------ learning */

struct mmu_error *mmu_session_learn(struct mmu_session *session)
{
	if (session->learnt == MMU_LEARN_NOT_YET) {
		session->learn_error = mmu_kernel_learn(&session->kernel);
		session->learnt = session->learn_error ? MMU_LEARN_FAILED : MMU_LEARN_DONE;
	}
	if (session->learnt == MMU_LEARN_DONE)
		return NULL;
	return mmu_error_new(mmu_error_code(session->learn_error), "%s",
			     mmu_error_message(session->learn_error));
}

static bool stop_at_mm(const struct mmu_task *task, const char *problem, void *context)
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
	session->kernel.asked_itself = true;
	error = mmu_self_learn(&session->memory);
	mmu_layouts_forget(session->kernel.layouts);
	return error;
}

/* ------------------------------------------------------------------ what is known */

/* Why no task can be found, or NULL. */
static const char *what_lacks(struct mmu_session *session)
{
	struct mmu_task task;

	if (!mmu_hint_tasks_known(&session->kernel))
		return mmu_fact_store_hint(session->kernel.facts);
	mmu_error_destroy(session->init_task_error);
	session->init_task_error = mmu_task_read_init(&session->memory, &task);
	return session->init_task_error ? mmu_error_message(session->init_task_error) : NULL;
}

void mmu_session_info(struct mmu_session *session, struct mmu_info *ret)
{
	const struct mmu_image *image = session->kernel.image;
	struct mmu_vmlinux *vmlinux = mmu_fact_store_vmlinux(session->kernel.facts);
	const struct mmu_facts *facts = mmu_fact_callbacks(session->kernel.facts);
	const uint8_t *data;
	uint64_t value;
	size_t bytes;

	memset(ret, 0, sizeof(*ret));
	ret->path = image->file.path;
	ret->image_format = image->format;
	ret->reader = image->reader->name;
	ret->arch = session->kernel.arch ? session->kernel.arch->name : "";
	ret->release = session->kernel.release;
	ret->build_id = session->kernel.build_id;
	ret->vmlinux = vmlinux ? mmu_vmlinux_path(vmlinux) : "";
	ret->warning = session->kernel.warning ? session->kernel.warning : image->warning;
	ret->lacks = session->learnt == MMU_LEARN_DONE ? what_lacks(session) : NULL;
	ret->kernel = session->kernel.regimes.nr ? &session->kernel.regimes.regime[0] : NULL;
	ret->has_kaslr_offset = mmu_fact_get(session->kernel.facts, "KERNELOFFSET",
					     &ret->kaslr_offset);
	/* as x86's VMCOREINFO calls it; ARM's PHYS_OFFSET is the same question's answer */
	ret->has_phys_base = mmu_fact_get(session->kernel.facts, "NUMBER(phys_base)", &value) ||
			     mmu_fact_get(session->kernel.facts, "PHYS_OFFSET", &value);
	ret->phys_base = ret->has_phys_base ? (int64_t)value : 0;
	ret->ram = image->ram;
	ret->nr_ram = image->nr_ram;
	ret->page_bytes = image->page_bytes;
	ret->present_pages = image->present_pages;
	ret->filtered_pages = image->filtered_pages;
	ret->truncated_pages = image->truncated_pages;
	ret->has_vmcoreinfo =
		mmu_fact_store_vmcoreinfo(session->kernel.facts, &ret->vmcoreinfo_found).data;
	ret->vmcoreinfo_refuted = session->kernel.vmcoreinfo_refuted;
	while (facts->note(facts->context, "QEMU", 0, ret->nr_cpu_states, &data, &bytes))
		ret->nr_cpu_states++;
	ret->linear = session->kernel.linear;
	ret->nr_linear = session->kernel.nr_linear;
}

bool mmu_session_fact(struct mmu_session *session, size_t n, struct mmu_fact *ret)
{
	return mmu_fact_nth(session->kernel.facts, n, ret, NULL);
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

struct mmu_error *mmu_session_tasks(struct mmu_session *session, bool threads, mmu_task_fn fn,
				    void *context)
{
	struct mmu_error *error = mmu_session_learn(session);

	return error ? error : mmu_tasks_visit(&session->memory, threads, fn, context);
}
