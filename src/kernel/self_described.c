/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What a kernel says of itself: kallsyms and BTF, in the image, or in files when it runs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/cleanup.h"
#include "base/hook.h"
#include "kernel/self_described.h"

/* vmlinux's BTF takes 3 to 10 MB; a module's, some KB. */
#define BTF_BYTES_MAX ((uint64_t)64 << 20)
#define BTF_TRIES_MAX 64u
#define BTF_PASSES 4u
#define BTF_SEARCH "the search for BTF"
#define CHUNK_BYTES 65536u
/* In bytes, for the budget: the way to them, though they are not there. */
#define READ_COST 64u
/* 1 GiB by pages of 4 KiB */
#define RUN_STEPS_MAX 262144u
/* No image takes more, and no range that is kept for images: x86_64's is 1 GiB. */
#define IMAGE_BYTES_MAX ((uint64_t)256 << 20)
#define IMAGE_RANGE_BYTES_MAX ((uint64_t)1 << 30)

static bool fact(struct mmu_memory *memory, const char *key, uint64_t *ret)
{
	return mmu_fact_get(memory->kernel->facts, key, ret);
}

static bool read_kernel(void *context, uint64_t va, void *buf, size_t bytes)
{
	struct mmu_memory *memory = context;

	if (mmu_hook_latched(memory->kernel->latch))
		return false;
	size_t there = mmu_memory_copy(memory, va, buf, bytes);
	return mmu_image_spend(memory->kernel->image, there + READ_COST,
			       "the search for what the kernel says of itself") &&
	       there == bytes;
}

/* ------------------------------------------------------------------ where the image is mapped */

/* Gets mapped kernel addresses, ends inclusive. @return true: enough */
typedef bool (*run_fn)(void *context, uint64_t first_va, uint64_t last_va);

/*
 * Where the image can lie in its linear mapping (struct mmu_arch, linear()), which on some machines
 * maps all memory. What it carries follows its text; its top table may lie at either end. BTF ends
 * the read-only data, which begin with .rodata, where kallsyms is, and mostly lie before the init
 * sections.
 */
static void image_range(struct mmu_memory *memory, uint64_t *ret_first_va, uint64_t *ret_last_va)
{
	const struct mmu_linear *linear = memory->kernel->linear;
	uint64_t anchor_va = linear->first_va, below_bytes = 0, bytes = IMAGE_BYTES_MAX, init_va;

	if (fact(memory, "SYMBOL(kallsyms_names)", &anchor_va) &&
	    fact(memory, "SYMBOL(_sinittext)", &init_va) && init_va > anchor_va &&
	    init_va - anchor_va < bytes)
		bytes = init_va - anchor_va;
	else if (!fact(memory, "SYMBOL(_stext)", &anchor_va) &&
		 fact(memory, "SYMBOL(swapper_pg_dir)", &anchor_va))
		below_bytes = IMAGE_BYTES_MAX;
	if (anchor_va <= linear->first_va || anchor_va > linear->last_va) {
		anchor_va = linear->first_va;
		bytes = IMAGE_RANGE_BYTES_MAX;
	}
	if (below_bytes > anchor_va - linear->first_va)
		below_bytes = anchor_va - linear->first_va;
	*ret_first_va = anchor_va - below_bytes;
	*ret_last_va = linear->last_va - anchor_va < bytes ? linear->last_va
							   : anchor_va + (bytes - 1);
}

/*
 * What the kernel's tables map of the range that holds the image: most of it is empty, or lies
 * behind the image. All of it, where no tables are known.
 */
static bool each_run(struct mmu_memory *memory, run_fn fn, void *context)
{
	const struct mmu_linear *linear = memory->kernel->linear;
	uint64_t va, last_va, first_va = 0;
	bool inside = false;

	image_range(memory, &va, &last_va);
	if (!memory->kernel->regimes.nr)
		return fn(context, va, last_va);
	for (unsigned int steps = 0; steps < RUN_STEPS_MAX; steps++) {
		struct mmu_walk walk;

		mmu_memory_walk(memory, va, &walk);
		bool mapped = walk.result == MMU_RESULT_MAPPED &&
			      walk.pa == linear->first_pa + (va - linear->first_va);
		uint64_t mask = walk.page_bytes ? walk.page_bytes - 1 : 0;

		if (inside && va - first_va >= IMAGE_BYTES_MAX) /* all memory is mapped there */
			return fn(context, first_va, first_va + (IMAGE_BYTES_MAX - 1));
		if (inside && !mapped && fn(context, first_va, va - 1))
			return true;
		if (mapped && !inside)
			first_va = va;
		inside = mapped;
		if (last_va - va <= (mask & ~va) || !mask)
			return inside && fn(context, first_va, last_va);
		va = (va | mask) + 1;
	}
	return false;
}

/* ------------------------------------------------------------------ kallsyms */

/* VMCOREINFO tells the places since 6.0 (5fd8fea935a1); distributions brought it to 5.x. */
static bool find_place(struct mmu_memory *memory, struct mmu_kallsyms_place *ret)
{
	struct mmu_kallsyms_place place = {
		.pointer_bytes = mmu_kernel_pointer_bytes(memory->kernel),
		.big_endian = memory->kernel->big_endian,
	};

	if (!fact(memory, "SYMBOL(kallsyms_names)", &place.names_va) ||
	    !fact(memory, "SYMBOL(kallsyms_num_syms)", &place.num_syms_va) ||
	    !fact(memory, "SYMBOL(kallsyms_token_table)", &place.token_table_va) ||
	    !fact(memory, "SYMBOL(kallsyms_token_index)", &place.token_index_va))
		return false;
	if (fact(memory, "SYMBOL(kallsyms_offsets)", &place.offsets_va))
		fact(memory, "SYMBOL(kallsyms_relative_base)", &place.relative_base_va);
	else if (!fact(memory, "SYMBOL(kallsyms_addresses)", &place.addresses_va))
		return false;
	if (fact(memory, "SYMBOL(_stext)", &place.proof_va))
		place.proof = "_stext";
	*ret = place;
	return true;
}

/*
 * Does a whole table of symbols answer, a vmlinux's or kallsyms with data? What it does not know,
 * this kernel does not have. `_end` is in no VMCOREINFO, and in no kallsyms of text alone.
 */
static bool all_symbols_known(struct mmu_memory *memory)
{
	uint64_t va;

	return fact(memory, "SYMBOL(init_task)", &va) && fact(memory, "SYMBOL(_end)", &va);
}

struct finding {
	struct mmu_memory *memory;
	struct mmu_kallsyms *kallsyms;
	uint64_t names_va;
	uint64_t btf_va;
	unsigned int tries;
};

static bool read_for_finding(void *context, uint64_t va, void *buf, size_t bytes)
{
	return read_kernel(((struct finding *)context)->memory, va, buf, bytes);
}

static bool take_kallsyms(void *context, const struct mmu_kallsyms_place *found)
{
	struct finding *finding = context;
	struct mmu_kallsyms_place place = *found;

	if (fact(finding->memory, "SYMBOL(_stext)", &place.proof_va))
		place.proof = "_stext";
	struct mmu_error *error = mmu_kallsyms_open(
		&place, mmu_memory_read_alone, (void *)finding->memory->kernel,
		mmu_fact_store_wants(finding->memory->kernel->facts)->symbols, &finding->kallsyms);
	mmu_error_destroy(error);
	finding->names_va = place.names_va;
	return !error;
}

static bool find_kallsyms_in_run(void *context, uint64_t first_va, uint64_t last_va)
{
	struct finding *finding = context;
	const struct mmu_kallsyms_where where = { first_va, last_va,
						  mmu_kernel_pointer_bytes(finding->memory->kernel),
						  finding->memory->kernel->big_endian,
						  finding->memory->kernel->image->budget };

	return mmu_kallsyms_find(&where, read_for_finding, take_kallsyms, finding);
}

/* By the places that the notes tell, else by its shape. */
struct mmu_error *mmu_self_kallsyms(struct mmu_memory *memory, struct mmu_kallsyms **ret)
{
	struct finding finding = { .memory = memory };
	struct mmu_kallsyms_place place;
	struct mmu_error *error = NULL;

	if (find_place(memory, &place)) {
		error = mmu_kallsyms_open(&place, mmu_memory_read_alone, (void *)memory->kernel,
					  mmu_fact_store_wants(memory->kernel->facts)->symbols,
					  &finding.kallsyms);
		if (!error) {
			mmu_fact_store_set_kallsyms(memory->kernel->facts, finding.kallsyms);
			*ret = finding.kallsyms;
			return NULL;
		}
		if (mmu_error_code(error) == MMU_ERROR_FAULT)
			return error;
	}
	if (all_symbols_known(memory) || !each_run(memory, find_kallsyms_in_run, &finding))
		return error ? error
			     : mmu_error_new(MMU_ERROR_NOT_FOUND, "the notes do not say where the "
								  "kernel keeps "
								  "kallsyms, and no whole one is "
								  "in its image");
	mmu_error_destroy(error);
	mmu_fact_store_set_kallsyms(memory->kernel->facts, finding.kallsyms);
	*ret = finding.kallsyms;
	mmu_fact_derive(memory->kernel->facts, "SYMBOL(kallsyms_names)", finding.names_va,
			"kallsyms by its shape; what it says of itself and of the banner holds", 0);
	return NULL;
}

/* ------------------------------------------------------------------ BTF */

static struct mmu_error *has_kernel_types(struct mmu_btf *btf)
{
	struct mmu_member member;
	struct mmu_error *error = mmu_btf_member(btf, "task_struct", "mm", &member);

	return error ? error : mmu_btf_member(btf, "mm_struct", "pgd", &member);
}

/* As a copy, unless it lies in a mapped file as a whole. */
static struct mmu_error *open_btf(struct mmu_memory *memory, uint64_t first_va, uint64_t bytes)
{
	bool big = memory->kernel->big_endian;
	struct mmu_btf *btf = NULL;

	if (bytes < 24 || bytes > BTF_BYTES_MAX)
		return mmu_error_new(MMU_ERROR_CORRUPT,
				     "BTF at virtual 0x%" PRIx64 " takes %" PRIu64 " bytes",
				     first_va, bytes);
	/* it is gone through more than once */
	if (!mmu_image_spend(memory->kernel->image, BTF_PASSES * bytes, BTF_SEARCH))
		return mmu_budget_error(BTF_SEARCH);
	void *copy MMU_FREE = NULL;
	struct mmu_bytes there;
	struct mmu_error *error = NULL;
	if (!mmu_memory_in_place(memory, first_va, bytes, &there)) {
		copy = malloc(bytes);
		if (!copy)
			return mmu_error_no_memory();
		there = (struct mmu_bytes){ copy, bytes };
		error = mmu_memory_read(memory, first_va, copy, bytes, "BTF");
	}
	if (!error)
		error = mmu_btf_open(there, big, &btf);
	if (!error && !(error = has_kernel_types(btf)))
		mmu_fact_store_set_btf(memory->kernel->facts, btf, mmu_steal(copy),
				       "BTF in the image");
	else if (btf)
		mmu_btf_close(btf);
	return error;
}

/* A header whose sections have what only the kernel's own BTF has: no module's, no program's. */
static bool find_btf_in_run(void *context, uint64_t first_va, uint64_t last_va)
{
	struct finding *finding = context;
	struct mmu_memory *memory = finding->memory;
	bool big = memory->kernel->big_endian;
	uint8_t magic[8] = { [2] = 1 }, *chunk MMU_FREE = malloc(CHUNK_BYTES + sizeof(magic));

	mmu_put_uint(magic, 2, big, 0xeb9f);
	mmu_put_uint(magic + 4, 4, big, 24); /* bytes of the header */
	for (uint64_t va = first_va; chunk; va += CHUNK_BYTES) {
		uint64_t left = last_va - va;
		size_t bytes = left < CHUNK_BYTES + sizeof(magic) ? (size_t)left + 1
								  : CHUNK_BYTES + sizeof(magic);
		const uint8_t *hit = chunk, *end = chunk + bytes;

		if (!read_kernel(memory, va, chunk, bytes))
			end = chunk; /* what lies in pieces is no whole BTF */
		while (finding->tries < BTF_TRIES_MAX &&
		       (hit = memmem(hit, (size_t)(end - hit), magic, sizeof(magic)))) {
			uint8_t header[24];
			uint64_t at_va = va + (uint64_t)(hit++ - chunk);

			finding->tries++;
			if (!read_kernel(memory, at_va, header, sizeof(header)))
				continue;
			struct mmu_error *error = open_btf(
				memory, at_va,
				mmu_btf_bytes((struct mmu_bytes){ header, sizeof(header) }, big));
			mmu_error_destroy(error);
			finding->btf_va = at_va;
			if (!error)
				return true;
		}
		if (left < CHUNK_BYTES)
			return false;
	}
	return false;
}

static struct mmu_error *learn_btf(struct mmu_memory *memory)
{
	struct finding finding = { .memory = memory };
	uint64_t first_va, stop_va;

	/* the first names are those of 5.6 (90ceddcb4950), the others those of 5.4 and 5.5 */
	if (((fact(memory, "SYMBOL(__start_BTF)", &first_va) &&
	      fact(memory, "SYMBOL(__stop_BTF)", &stop_va)) ||
	     (fact(memory, "SYMBOL(_binary__btf_vmlinux_bin_start)", &first_va) &&
	      fact(memory, "SYMBOL(_binary__btf_vmlinux_bin_end)", &stop_va))) &&
	    stop_va >= first_va)
		return mmu_error_context(open_btf(memory, first_va, stop_va - first_va), "the "
											 "kernel'"
											 "s BTF");
	if (all_symbols_known(memory) || !each_run(memory, find_btf_in_run, &finding))
		return mmu_error_new(MMU_ERROR_NOT_FOUND, "the kernel carries no BTF");
	mmu_fact_derive(memory->kernel->facts, "SYMBOL(__start_BTF)", finding.btf_va,
			"BTF by its header; it has task_struct and mm_struct", 0);
	return NULL;
}

/* The kernel that runs here also tells of itself in files. */
static struct mmu_error *learn_from_live(struct mmu_memory *memory)
{
	struct mmu_symbol_text *live;
	void *bytes MMU_FREE = NULL;
	struct mmu_btf *btf;
	uint64_t count;
	struct mmu_error *error =
		mmu_live_symbols_open(MMU_LIVE_KALLSYMS_PATH,
				      mmu_fact_store_wants(memory->kernel->facts)->symbols, &live);

	if (error)
		return error;
	mmu_fact_store_set_live(memory->kernel->facts, live);
	error = mmu_live_read(MMU_LIVE_BTF_PATH, BTF_BYTES_MAX, NULL, &bytes, &count);
	if (error)
		return error;
	error = mmu_btf_open((struct mmu_bytes){ bytes, count }, memory->kernel->big_endian, &btf);
	if (error)
		return mmu_error_context(error, "%s", MMU_LIVE_BTF_PATH);
	mmu_fact_store_set_btf(memory->kernel->facts, btf, mmu_steal(bytes), MMU_LIVE_BTF_PATH);
	return NULL;
}

static struct mmu_error *learn_from_image(struct mmu_memory *memory)
{
	struct mmu_kallsyms *kallsyms;
	struct mmu_error *error = mmu_self_kallsyms(memory, &kallsyms);
	struct mmu_error *btf_error = learn_btf(memory);

	if (!error)
		return btf_error;
	mmu_error_destroy(btf_error); /* the first of two is enough */
	return error;
}

struct mmu_error *mmu_self_learn(struct mmu_memory *memory)
{
	struct mmu_error *error;

	error = learn_from_image(memory);
	if (!error || !memory->kernel->image->live)
		return error;
	struct mmu_error *live = learn_from_live(memory);
	if (live)
		live = mmu_error_context(live, "%s; and", mmu_error_message(error));
	mmu_error_destroy(error);
	return live;
}
