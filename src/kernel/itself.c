/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What a kernel says of itself: kallsyms and BTF, in the image, or in files when it runs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "kernel/session.h"

/* vmlinux's BTF takes 3 to 10 MB; a module's, some KB. */
#define BTF_BYTES_MAX ((uint64_t)64 << 20)

static bool fact(struct mmu_session *session, const char *key, uint64_t *ret)
{
	return mmu_fact_get(session->facts, key, ret);
}

static bool read_kernel(void *context, uint64_t va, void *buf, size_t bytes)
{
	struct mmu_error *error = mmu_kernel_read(context, va, buf, bytes, "kallsyms");

	mmu_error_destroy(error);
	return !error;
}

/* VMCOREINFO tells the places since 6.0 (5fd8fea935a1); distributions brought it to 5.x. */
static bool find_place(struct mmu_session *session, struct mmu_kallsyms_place *ret)
{
	struct mmu_kallsyms_place place = {
		.pointer_bytes = mmu_kernel_pointer_bytes(session),
		.big_endian = session->image->big_endian,
	};

	if (!fact(session, "SYMBOL(kallsyms_names)", &place.names_va) ||
	    !fact(session, "SYMBOL(kallsyms_num_syms)", &place.num_syms_va) ||
	    !fact(session, "SYMBOL(kallsyms_token_table)", &place.token_table_va) ||
	    !fact(session, "SYMBOL(kallsyms_token_index)", &place.token_index_va))
		return false;
	if (fact(session, "SYMBOL(kallsyms_offsets)", &place.offsets_va))
		fact(session, "SYMBOL(kallsyms_relative_base)", &place.relative_base_va);
	else if (!fact(session, "SYMBOL(kallsyms_addresses)", &place.addresses_va))
		return false;
	if (fact(session, "SYMBOL(_stext)", &place.proof_va))
		place.proof = "_stext";
	*ret = place;
	return true;
}

/* In place where the image holds it in one piece, else as a copy. */
static struct mmu_error *open_btf(struct mmu_session *session, uint64_t first_va, uint64_t bytes)
{
	bool big = session->image->big_endian;
	void *copy MMU_FREE = NULL;
	struct mmu_btf *btf;
	uint64_t pa;

	if (bytes < 24 || bytes > BTF_BYTES_MAX || !mmu_kernel_to_phys(session, first_va, &pa))
		return mmu_error_new(MMU_ERROR_CORRUPT,
				     "BTF at virtual 0x%" PRIx64 " takes %" PRIu64 " bytes",
				     first_va, bytes);
	struct mmu_span span = mmu_image_span(session->image, pa);
	struct mmu_bytes view = { span.data, bytes };
	if (span.state != MMU_PAGE_PRESENT || span.bytes < bytes) {
		copy = malloc(bytes);
		if (!copy)
			return mmu_error_no_memory();
		struct mmu_error *error = mmu_kernel_read(session, first_va, copy, bytes, "BTF");
		if (error)
			return error;
		view.data = copy;
	}
	struct mmu_error *error = mmu_btf_open(view, big, mmu_fact_wants.types, &btf);
	if (!error)
		mmu_fact_store_set_btf(session->facts, btf, mmu_steal(copy), "BTF in the image");
	return error;
}

/* The kernel that runs here also tells of itself in files. */
static struct mmu_error *learn_from_live(struct mmu_session *session)
{
	struct mmu_live_symbols *live;
	void *bytes MMU_FREE = NULL;
	struct mmu_btf *btf;
	uint64_t count;
	struct mmu_error *error = mmu_live_symbols_open(MMU_LIVE_KALLSYMS_PATH,
							mmu_fact_wants.symbols, &live);

	if (error)
		return error;
	mmu_fact_store_set_live(session->facts, live);
	error = mmu_live_read(MMU_LIVE_BTF_PATH, BTF_BYTES_MAX, &bytes, &count);
	if (error)
		return error;
	error = mmu_btf_open((struct mmu_bytes){ bytes, count }, session->image->big_endian,
			     mmu_fact_wants.types, &btf);
	if (error)
		return mmu_error_context(error, "%s", MMU_LIVE_BTF_PATH);
	mmu_fact_store_set_btf(session->facts, btf, mmu_steal(bytes), MMU_LIVE_BTF_PATH);
	return NULL;
}

static struct mmu_error *learn_from_image(struct mmu_session *session)
{
	struct mmu_kallsyms_place place;
	struct mmu_kallsyms *kallsyms;
	uint64_t first_va, stop_va;

	if (!find_place(session, &place))
		return mmu_error_new(MMU_ERROR_NOT_FOUND, "the notes do not say where the kernel "
							  "keeps kallsyms");
	struct mmu_error *error = mmu_kallsyms_open(&place, read_kernel, session,
						    mmu_fact_wants.symbols, &kallsyms);
	if (error)
		return error;
	mmu_fact_store_set_kallsyms(session->facts, kallsyms);
	if (!fact(session, "SYMBOL(__start_BTF)", &first_va) ||
	    !fact(session, "SYMBOL(__stop_BTF)", &stop_va) || stop_va < first_va)
		return mmu_error_new(MMU_ERROR_NOT_FOUND, "the kernel carries no BTF");
	return mmu_error_context(open_btf(session, first_va, stop_va - first_va), "the kernel's "
										  "BTF");
}

struct mmu_error *mmu_session_learn_from_itself(struct mmu_session *session)
{
	struct mmu_error *error;

	session->asked_itself = true;
	error = learn_from_image(session);
	if (!error || !session->image->live)
		return error;
	struct mmu_error *live = learn_from_live(session);
	if (live)
		live = mmu_error_context(live, "%s; and", mmu_error_message(error));
	mmu_error_destroy(error);
	return live;
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
	mmu_error_destroy(mmu_session_tasks(session, false, stop_at_mm, NULL));
	return session->asked_itself ? NULL : mmu_session_learn_from_itself(session);
}
