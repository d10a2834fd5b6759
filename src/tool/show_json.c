/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A walk as one JSON object. */
#include <stdlib.h>

#include "show.h"

void show_entry_json(const struct mmu_regime *regime, const struct mmu_step *step)
{
	char rights[6];

	json_hex("raw", step->raw);
	json_string("kind", tool_kind(step->entry.kind));
	json_flags("flags", regime, step, false);
	json_string("rights", mmu_rights_text(step->entry.rights, rights));
	if (step->entry.kind == MMU_KIND_TABLE || step->entry.kind == MMU_KIND_LEAF)
		json_hex("target_pa", step->entry.pa);
	if (step->entry.kind == MMU_KIND_BAD)
		json_hex("bad_bits", step->entry.bad_mask);
	if (step->entry.note)
		json_string("note", step->entry.note);
	if (step->has_second) {
		json_object("second");
		json_string("name", regime->format->second_name);
		if (step->slot_pa || step->second_pa) /* a pasted entry has none */
			json_hex("slot_pa", step->second_pa);
		json_hex("raw", step->second);
		json_flags("flags", regime, step, true);
		json_object_end();
	}
}

void show_step_json(const struct mmu_regime *regime, const struct mmu_step *step)
{
	char rights[6];

	json_object(NULL);
	json_number("level", step->level);
	json_string("name", regime->format->level[step->level].name);
	json_hex("table_pa", step->table_pa);
	json_number("index", (int64_t)step->index);
	json_hex("slot_pa", step->slot_pa);
	if (step->readable) {
		show_entry_json(regime, step);
		json_string("effective", mmu_rights_text(step->effective, rights));
	} else {
		json_null("raw");
		json_string("kind", mmu_page_state_name(step->slot_state));
		json_array("flags");
		json_array_end();
		json_string("rights", "-----");
	}
	json_object_end();
}

void show_result_json(const struct mmu_walk *walk)
{
	char rights[6];

	json_string("result", mmu_result_name(walk->result));
	if (walk->has_pa) {
		json_hex("pa", walk->pa);
		json_number("page_size", (int64_t)walk->page_bytes);
		json_string("page_state", mmu_page_state_name(walk->page_state));
	} else {
		json_null("page_size");
		if (walk->page_bytes)
			json_number("hole_size", (int64_t)walk->page_bytes);
	}
	json_string("rights", mmu_rights_text(walk->rights, rights));
	if (walk->has_swap) {
		json_object("swap");
		json_number("type", walk->swap_type);
		json_number("offset", (int64_t)walk->swap_offset);
		json_object_end();
	}
	if (walk->has_target)
		json_hex("target_pa", walk->target_pa);
	if (walk->note)
		json_string("note", walk->note);
}

static bool table_entry_json(const struct mmu_step *step, void *context)
{
	struct mmu_space *space = context;

	json_object(NULL);
	json_number("index", (int64_t)step->index);
	show_entry_json(mmu_space_regime(space), step);
	json_object_end();
	return true;
}

static void tables_json(struct mmu_space *space, const struct mmu_walk *walk)
{
	json_array("tables");
	for (unsigned int i = 0; i < walk->nr_steps; i++) {
		const struct mmu_step *step = &walk->steps[i];

		json_object(NULL);
		json_number("level", step->level);
		json_hex("table_pa", step->table_pa);
		json_array("entries");
		enum mmu_page_state state = mmu_table_entries(space, step->level, step->table_pa,
							      table_entry_json, space);
		json_array_end();
		json_string("state", mmu_page_state_name(state));
		json_object_end();
	}
	json_array_end();
}

static void denied_json(const struct mmu_space *space, const struct mmu_walk *walk)
{
	static const char *const names[] = { "r", "w", "x", "X", "u" };
	const struct mmu_format *format = mmu_space_regime(space)->format;

	json_object("denied_by");
	for (unsigned int bit = 0; bit < MMU_RIGHTS_COUNT; bit++)
		if (walk->result == MMU_RESULT_MAPPED && !(walk->rights >> bit & 1))
			json_string(names[bit], format->level[walk->denied_by[bit]].name);
	json_object_end();
}

static void vma_json(struct mmu_space *space, uint64_t va)
{
	struct mmu_error *missing;
	struct mmu_vma vma;

	if (mmu_space_vma(space, va, &vma)) {
		json_object("vma");
		json_hex("first", vma.first_va);
		json_hex("last", vma.last_va);
		json_hex("flags", vma.vm_flags);
		json_string("name", vma.name);
		json_object_end();
	} else if ((missing = mmu_space_vma_missing(space, va))) {
		json_string("vma_missing", mmu_error_message(missing));
		mmu_error_destroy(missing);
	}
}

void show_assumed_json(const struct mmu_arch *arch, const struct mmu_regime *regime)
{
	json_array("assumed");
	for (size_t i = 0; i < arch->nr_traits; i++)
		if (regime->traits & arch->traits[i].bit)
			json_string(NULL, arch->traits[i].name);
	json_array_end();
}

void show_json(struct show *show, struct mmu_space *space, const struct mmu_walk *walk)
{
	const struct mmu_regime *regime = mmu_space_regime(space);
	unsigned char bytes[8];
	char text[64];
	size_t done;

	json_begin("walk");
	json_hex("va", walk->va);
	if (mmu_space_task(space))
		json_number("pid", tool_space_pid(space));
	json_string("arch", mmu_space_arch(space)->name);
	json_string("format", regime->format->name);
	json_hex("root_pa", regime->root_pa);
	if (show->assumed)
		show_assumed_json(mmu_space_arch(space), regime);
	json_array("steps");
	for (unsigned int i = 0; i < walk->nr_steps && !show->brief; i++)
		show_step_json(regime, &walk->steps[i]);
	json_array_end();
	show_result_json(walk);
	denied_json(space, walk);
	if (!show->brief)
		vma_json(space, walk->va);
	if (show->type) {
		if (mmu_space_read(space, walk->va, bytes, tool_type_bytes(show->type), &done,
				   NULL))
			json_string("value", tool_type_text(show->type, bytes, text));
		else
			json_null("value");
	}
	if (show->tables)
		tables_json(space, walk);
	json_end();
}
