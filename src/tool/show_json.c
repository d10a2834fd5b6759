/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A walk as one JSON object. */
#include <stdlib.h>

#include "show.h"

void show_entry_json(const struct mmu_regime *regime, const struct mmu_step *step,
		     bool second_alone)
{
	const struct mmu_step_info *at = mmu_step_get(step);
	const struct mmu_entry *entry = mmu_step_entry(step);
	char rights[6];

	if (second_alone)
		json_null("raw");
	else
		json_hex("raw", at->raw);
	json_string("kind", tool_kind(entry->kind));
	json_flags("flags", regime, step, false);
	json_string("rights", mmu_rights_text(entry->rights, rights));
	if (entry->kind == MMU_KIND_TABLE || entry->kind == MMU_KIND_LEAF)
		json_hex("target_pa", entry->pa);
	if (entry->kind == MMU_KIND_BAD)
		json_hex("bad_bits", entry->bad_mask);
	if (entry->note && !second_alone) /* it may speak of the first word */
		json_string("note", entry->note);
	if (at->has_second) {
		json_object("second");
		json_string("name", regime->format->second_name);
		if (at->slot_pa || at->second_pa) /* a pasted entry has none */
			json_hex("slot_pa", at->second_pa);
		json_hex("raw", at->second);
		json_flags("flags", regime, step, true);
		json_object_end();
	}
}

/* Of an entry whose last byte the image lacks. */
static void known_json(const struct mmu_step_info *at)
{
	char rights[6];

	if (!at->known_bytes)
		return;
	json_object("partial");
	json_number("bytes", at->known_bytes);
	json_hex("raw", at->known);
	if (at->has_known_kind)
		json_string("kind", tool_kind((enum mmu_kind)at->known_kind));
	if (at->has_known_kind && at->has_known_pa)
		json_hex("target_pa", at->known_pa);
	if (at->has_known_kind && at->rights_most) {
		json_string("rights_least", mmu_rights_text(at->rights_least, rights));
		json_string("rights_most", mmu_rights_text(at->rights_most, rights));
	}
	json_object_end();
}

void show_step_json(const struct show *show, const struct mmu_regime *regime,
		    const struct mmu_step *step, uint64_t va)
{
	const struct mmu_step_info *at = mmu_step_get(step);
	char rights[6];

	json_object(NULL);
	json_number("level", at->level);
	json_string("name", regime->format->level[at->level].name);
	json_hex("table_pa", at->table_pa);
	if (at->probe)
		json_string("group", at->probe);
	json_number("index", (int64_t)at->index);
	json_hex("slot_pa", at->slot_pa);
	if (show && show->slots_va)
		show_slot_json(show, regime, at, va);
	if (at->readable) {
		show_entry_json(regime, step, false);
		json_string("effective", mmu_rights_text(at->effective, rights));
	} else {
		json_null("raw");
		json_string("kind", mmu_page_state_name(at->slot_state));
		json_array("flags");
		json_array_end();
		json_string("rights", "-----");
		known_json(at);
	}
	json_object_end();
}

void show_swap_json(unsigned int type, uint64_t offset, bool assumed)
{
	json_object("swap");
	json_number("type", type);
	json_number("offset", (int64_t)offset);
	if (assumed)
		json_bool("assumed", true);
	json_object_end();
}

void show_result_json(const struct mmu_walk *walk)
{
	const struct mmu_walk_info *info = mmu_walk_get(walk);
	char rights[6];

	json_string("result", mmu_result_name(info->result));
	if (info->has_pa) {
		json_hex("pa", info->pa);
		json_number("page_size", (int64_t)info->page_bytes);
		json_string("page_state", mmu_page_state_name(info->page_state));
	} else {
		json_null("page_size");
		if (info->page_bytes)
			json_number("hole_size", (int64_t)info->page_bytes);
	}
	json_string("rights", mmu_rights_text(info->rights, rights));
	if (info->has_swap)
		show_swap_json(info->swap_type, info->swap_offset, info->assumed);
	if (info->has_target)
		json_hex("target_pa", info->target_pa);
	if (info->note)
		json_string("note", info->note);
}

static void table_json(struct mmu_space *space, const struct mmu_regime *regime, uint64_t va,
		       const struct mmu_step_info *of)
{
	struct show_part part = show_part_of_table(space, regime, va, of, true);
	struct mmu_entries *entries = tool_entries_open(space, regime, of->level, of->table_pa);
	const struct mmu_step *step;

	json_object(NULL);
	json_number("level", of->level);
	json_hex("table_pa", of->table_pa);
	json_array("entries");
	while ((step = mmu_entries_next(entries)) && mmu_step_get(step)->index <= part.last) {
		if (mmu_step_get(step)->index < part.first)
			continue;
		json_object(NULL);
		json_number("index", (int64_t)mmu_step_get(step)->index);
		show_entry_json(regime, step, false);
		json_object_end();
	}
	json_array_end();
	json_string("state", mmu_page_state_name(mmu_entries_state(entries)));
	json_object_end();
	mmu_entries_close(entries);
}

static void tables_json(struct mmu_space *space, const struct mmu_walk *walk)
{
	const struct mmu_step *step;

	json_array("tables");
	for (size_t i = 0; (step = mmu_walk_step(walk, i)); i++)
		table_json(space, tool_regime(space, walk), mmu_walk_get(walk)->va,
			   mmu_step_get(step));
	json_array_end();
}

static void denied_json(const struct mmu_space *space, const struct mmu_walk *walk)
{
	const struct mmu_walk_info *info = mmu_walk_get(walk);
	static const char *const names[] = { "r", "w", "x", "X", "u" };
	const struct mmu_regime *regime = tool_regime(space, walk);

	json_object("denied_by");
	for (unsigned int bit = 0; bit < MMU_RIGHTS_COUNT; bit++)
		if (info->result == MMU_RESULT_MAPPED && !(info->rights >> bit & 1))
			json_string(names[bit], show_denier(regime, walk, bit));
	json_object_end();
}

static void vma_json(struct mmu_space *space, const struct mmu_walk *walk)
{
	const struct mmu_meaning *meaning;
	struct mmu_error *error = mmu_space_meaning(space, walk, &meaning);
	const struct mmu_vma_info *vma = error ? NULL : meaning->vma;

	if (error)
		json_string("vma_missing", mmu_error_message(error));
	if (vma) {
		json_object("vma");
		json_hex("first", vma->first_va);
		json_hex("last", vma->last_va);
		json_hex("flags", vma->vm_flags);
		json_string("name", vma->name);
		if (vma->named == MMU_VMA_NAME_PART)
			json_bool("name_incomplete", true);
		if (vma->has_offset)
			json_hex("offset", vma->offset_bytes);
		json_object_end();
	}
	if (!error)
		show_meaning_json(meaning);
	mmu_error_destroy(error);
}

void show_assumed_json(const struct mmu_arch *arch, const struct mmu_regime *regime)
{
	json_array("assumed");
	for (size_t i = 0; i < arch->nr_traits; i++)
		if (regime->traits & arch->traits[i].bit)
			json_string(NULL, arch->traits[i].name);
	json_array_end();
}

void show_names_json(const struct show *show, const struct mmu_space *space)
{
	if (mmu_space_task(space))
		json_number("pid", tool_space_pid(space));
	if (show->symbol)
		json_string("symbol", show->symbol);
	if (show->label && *show->label)
		json_string("label", show->label);
}

static void hardware_json(const struct show *show, struct mmu_space *space,
			  const struct mmu_walk *walk)
{
	uint64_t va = mmu_walk_get(walk)->va;
	struct mmu_walk *hardware = tool_walk_create();

	if (mmu_space_walk_hardware(space, va, hardware)) {
		const struct mmu_walk_info *info = mmu_walk_get(hardware);

		json_object("hardware");
		json_string("format", info->regime->format->name);
		json_string("regime", info->regime->name);
		json_hex("root_pa", info->regime->root_pa);
		json_array("steps");
		for (unsigned int i = 0; i < info->nr_steps; i++)
			show_step_json(show, info->regime, mmu_walk_step(hardware, i), va);
		json_array_end();
		show_result_json(hardware);
		json_bool("agrees", info->result == MMU_RESULT_EMPTY ||
					    show_hardware_agrees(mmu_walk_get(walk), info));
		json_object_end();
	} else {
		json_null("hardware");
	}
	mmu_walk_destroy(hardware);
}

void show_json(struct show *show, struct mmu_space *space, const struct mmu_walk *walk)
{
	const struct mmu_walk_info *info = mmu_walk_get(walk);
	const struct mmu_regime *regime = tool_regime(space, walk);
	char text[64];

	json_begin("walk");
	json_hex("va", info->va);
	show_names_json(show, space);
	json_string("arch", mmu_space_arch(space)->name);
	json_string("format", regime->format->name);
	json_hex("root_pa", regime->root_pa);
	if (show->assumed)
		show_assumed_json(mmu_space_arch(space), regime);
	json_array("steps");
	for (unsigned int i = 0; i < info->nr_steps && !show->brief; i++)
		show_step_json(show, regime, mmu_walk_step(walk, i), info->va);
	json_array_end();
	show_result_json(walk);
	denied_json(space, walk);
	if (!show->brief)
		vma_json(space, walk);
	if (!show->brief && regime->view == MMU_VIEW_LINUX)
		hardware_json(show, space, walk);
	if (show->type) {
		if (tool_type_read(show->type, show->big_endian, space, info->va, text, NULL)) {
			json_string("value", text);
		} else {
			json_null("value");
			json_string("value_missing", show_missing_value(show, space, info->va));
		}
	}
	if (show->tables)
		tables_json(space, walk);
	json_end();
}
