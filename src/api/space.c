/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Address spaces of a session. */
#include <stdlib.h>

#include "api/session.h"
#include "base/sized.h"
#include "objects/meaning.h"

static struct mmu_error *take_query(const struct mmu_session *session,
				    const struct mmu_space_query *from, struct mmu_space_query *ret,
				    struct mmu_hook *ret_hook)
{
	struct mmu_error *error = mmu_sized(from, ret);

	*ret_hook = session->kernel.options.hook;
	if (!error && ((unsigned int)ret->by > MMU_SPACE_CPU ||
		       ret->flags & ~(MMU_SPACE_USER_HALF | MMU_SPACE_REGISTER)))
		error = mmu_error_new(MMU_ERROR_INVALID, "query: an unknown way to find a space");
	return error || !ret->hook ? error : mmu_sized(ret->hook, ret_hook);
}

/* Where no kernel could be learnt, its CPUs may still tell. @param why  it could not; taken */
static struct mmu_error *need_cpu(struct mmu_kernel *kernel, uint64_t n, struct mmu_error *why)
{
	const struct mmu_arch *arch = mmu_kernel_cpu_arch(kernel, n < UINT32_MAX ? (uint32_t)n
										 : UINT32_MAX);

	if (!arch || !arch->locate)
		return why;
	mmu_error_destroy(why);
	return kernel->arch == arch ? NULL : mmu_kernel_set_arch(kernel, arch);
}

struct mmu_error *mmu_space_open(struct mmu_session *session, const struct mmu_space_query *query,
				 struct mmu_space **ret)
{
	struct mmu_space_query own;
	struct mmu_hook hook;
	char names[MMU_FORMAT_NAMES_BYTES];
	struct mmu_error *error = take_query(session, query, &own, &hook);

	if (error)
		return error;
	bool bare = mmu_space_is_bare(&own);
	error = bare ? mmu_kernel_need_arch(&session->kernel) : mmu_session_learn(session);
	if (error && !bare && own.by == MMU_SPACE_PGD && session->kernel.arch)
		return mmu_error_remedy(
			mmu_error_context(error,
					  "the format of the tables (%s) is not given, and the "
					  "kernel can't tell it",
					  mmu_space_format_names(session->kernel.arch, names)),
			MMU_REMEDY_FORMAT);
	if (error && own.by == MMU_SPACE_CPU && mmu_error_code(error) == MMU_ERROR_NOT_FOUND)
		error = need_cpu(&session->kernel, own.value, error);
	if (!error)
		error = mmu_space_find(&session->kernel, &own, ret);
	if (!error)
		(*ret)->hook = hook;
	return error;
}

void mmu_space_close(struct mmu_space *space)
{
	mmu_space_destroy(space);
}

const struct mmu_regime *mmu_space_regime(const struct mmu_space *space, size_t n)
{
	return n < space->regimes.nr ? &space->regimes.regime[n] : NULL;
}

const struct mmu_arch *mmu_space_arch(const struct mmu_space *space)
{
	return space->walker.arch;
}

const char *mmu_space_warning(const struct mmu_space *space)
{
	return space->warning;
}

const struct mmu_task *mmu_space_task(const struct mmu_space *space)
{
	return space->has_task ? &space->task : NULL;
}

void mmu_space_extent(struct mmu_space *space, uint64_t *ret_first_va, uint64_t *ret_last_va)
{
	struct mmu_va_range range = mmu_space_user_range(space);

	*ret_first_va = range.first_va;
	*ret_last_va = range.last_va;
}

/* ------------------------------------------------------------------ VMAs */

const struct mmu_vma_info *mmu_vma_show(const struct mmu_vma *vma, const struct mmu_vma_name *name,
					struct mmu_vma_info *ret)
{
	*ret = (struct mmu_vma_info){ .first_va = vma->first_va,
				      .last_va = vma->last_va,
				      .vm_flags = vma->vm_flags,
				      .file_va = vma->file_va,
				      .name = name->text,
				      .offset_bytes = vma->offset_bytes,
				      .named = name->kind,
				      .has_offset = vma->has_offset,
				      .gate = vma->gate,
				      .name_unknown = name->unknown,
				      .has_inode = name->file.known,
				      .device_major = name->file.known ? name->file.major : 0,
				      .device_minor = name->file.known ? name->file.minor : 0,
				      .inode = name->file.known ? name->file.inode : 0 };
	return ret;
}

struct mmu_error *mmu_space_vma(struct mmu_space *space, uint64_t va,
				const struct mmu_vma_info **ret)
{
	bool found;

	/* lists of addresses ask of one VMA again and again; in a dump it is still the same */
	if (space->has_vma && va >= space->vma.first_va && va <= space->vma.last_va) {
		*ret = &space->vma_info;
		return NULL;
	}
	space->has_vma = false;
	struct mmu_error *error = mmu_space_find_named(space, va, &space->vma, &space->vma_name,
						       &found);
	if (error)
		return error;
	*ret = found ? mmu_vma_show(&space->vma, &space->vma_name, &space->vma_info) : NULL;
	space->has_vma = found && !space->memory.kernel->image->live;
	return NULL;
}

struct mmu_error *mmu_space_meaning(struct mmu_space *space, const struct mmu_walk *walk,
				    const struct mmu_meaning **ret)
{
	const struct mmu_vma_info *vma;
	struct mmu_error *error = mmu_space_vma(space, mmu_walk_get(walk)->va, &vma);

	if (error)
		return error;
	mmu_meaning_find(space, walk, vma ? &space->vma : NULL, &space->meaning);
	space->meaning.vma = vma;
	*ret = &space->meaning;
	return NULL;
}

struct mmu_vmas {
	struct mmu_vma_walk walk;
	bool has_mm, gate_told;
	struct mmu_vma vma;
	struct mmu_vma_name name;
	struct mmu_vma_info info;
};

struct mmu_error *mmu_vmas_open(struct mmu_space *space, struct mmu_vmas **ret)
{
	struct mmu_vmas *vmas = calloc(1, sizeof(*vmas));

	if (!vmas)
		return mmu_error_no_memory();
	vmas->has_mm = space->mm_va;
	if (space->mm_va)
		mmu_vma_walk_init(&vmas->walk, &space->memory, space->mm_va);
	else
		vmas->walk.end = true;
	*ret = vmas;
	return NULL;
}

struct mmu_error *mmu_vmas_next(struct mmu_vmas *vmas, const struct mmu_vma_info **ret)
{
	struct mmu_error *error = NULL;
	bool found = false, gate = false;

	if (!vmas->walk.end)
		error = mmu_vma_walk_next(&vmas->walk, &vmas->vma, &found);
	const struct mmu_peek peek = { .memory = vmas->walk.memory };
	if (found)
		mmu_vma_name_read(&peek, vmas->walk.mm_va, &vmas->vma, &vmas->name);
	if (!error && !found && vmas->has_mm && !vmas->gate_told) {
		vmas->gate_told = true;
		gate = mmu_vma_gate(vmas->walk.memory, vmas->walk.mm_va, &vmas->vma, &vmas->name);
	}
	if (error)
		return error;
	*ret = found || gate ? mmu_vma_show(&vmas->vma, &vmas->name, &vmas->info) : NULL;
	return NULL;
}

void mmu_vmas_close(struct mmu_vmas *vmas)
{
	free(vmas);
}
