/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Walks and ranges as rows: the answers for a range, and all of them as TSV. */
#include <inttypes.h>

#include "show.h"

void show_tsv_header(void)
{
	tsv_header("pid comm va: last: result pa: page_size hole_size rights page_state swap_type "
		   "swap_offset target_pa: assumed value symbol label note");
}

/* From what a range says; of a walk more is known. */
static void row_tsv(const struct show *show, const struct mmu_space *space,
		    const struct mmu_range *row, const char *page_state, const char *value)
{
	const struct mmu_task *task = mmu_space_task(space);
	char rights[6];

	tsv_number(task, tool_space_pid(space));
	tsv_text(task ? task->comm : NULL);
	tsv_hex(true, row->first_va);
	tsv_hex(true, row->last_va);
	tsv_text(mmu_result_name(row->result));
	tsv_hex(row->has_pa, row->pa);
	tsv_number(row->has_pa, (int64_t)row->page_bytes);
	tsv_number(!row->has_pa && row->page_bytes, (int64_t)row->page_bytes);
	tsv_text(mmu_rights_text(row->rights, rights));
	tsv_text(page_state);
	tsv_number(row->has_swap, row->swap_type);
	tsv_number(row->has_swap, (int64_t)row->swap_offset);
	tsv_hex(row->has_target, row->target_pa);
	tsv_number(row->has_swap, row->assumed);
	tsv_text(value);
	tsv_text(show->symbol);
	tsv_text(show->label);
	tsv_text(row->note);
	tsv_end();
}

void show_tsv(struct show *show, struct mmu_space *space, const struct mmu_walk *walk)
{
	const struct mmu_walk_info *info = mmu_walk_get(walk);
	const struct mmu_range row = { .first_va = info->va,
				       .last_va = info->va,
				       .result = info->result,
				       .rights = info->rights,
				       .swap_type = info->swap_type,
				       .has_pa = info->has_pa,
				       .has_swap = info->has_swap,
				       .has_target = info->has_target,
				       .assumed = info->assumed,
				       .page_bytes = info->page_bytes,
				       .pa = info->pa,
				       .swap_offset = info->swap_offset,
				       .target_pa = info->target_pa,
				       .note = info->note };
	char text[64];
	const char *value = NULL;

	if (show->type)
		value = tool_type_read(show->type, show->big_endian, space, info->va, text, NULL);
	row_tsv(show, space, &row, info->has_pa ? mmu_page_state_name(info->page_state) : NULL,
		value);
}

/* The tables that an address belongs to; where it belongs to none, the space's first. */
static const struct mmu_regime *regime_of(const struct mmu_space *space, uint64_t va)
{
	const struct mmu_regime *regime;

	for (size_t n = 0; (regime = mmu_space_regime(space, n)); n++) {
		uint64_t plain = (va & ~regime->ignored_va) |
				 (regime->first_va & regime->ignored_va);

		if (regime->first_va <= plain && plain <= regime->last_va)
			return regime;
	}
	return tool_linux_regime(space);
}

static void range_json(const struct show *show, const struct mmu_space *space,
		       const struct mmu_range *range)
{
	const struct mmu_regime *regime = regime_of(space, range->first_va);
	char rights[6];

	json_begin("walk");
	json_hex("va", range->first_va);
	json_hex("last", range->last_va);
	show_names_json(show, space);
	json_string("arch", mmu_space_arch(space)->name);
	json_string("format", regime->format->name);
	json_hex("root_pa", regime->root_pa);
	json_array("steps");
	json_array_end();
	json_string("result", mmu_result_name(range->result));
	if (range->has_pa)
		json_hex("pa", range->pa);
	if (range->has_pa)
		json_number("page_size", (int64_t)range->page_bytes);
	else if (range->page_bytes)
		json_number("hole_size", (int64_t)range->page_bytes);
	json_string("rights", mmu_rights_text(range->rights, rights));
	if (range->has_swap)
		show_swap_json(range->swap_type, range->swap_offset, range->assumed);
	if (range->has_target)
		json_hex("target_pa", range->target_pa);
	if (range->note)
		json_string("note", range->note);
	json_end();
}

static void range_text(const struct show *show, const struct mmu_space *space,
		       const struct mmu_range *range)
{
	char rights[6];

	show_pid_text(show, space);
	printf("0x%016" PRIx64 "-0x%016" PRIx64 " %s", range->first_va, range->last_va,
	       mmu_result_name(range->result));
	if (range->has_pa)
		printf(" 0x%" PRIx64 " %" PRIu64 " %s", range->pa, range->page_bytes,
		       mmu_rights_text(range->rights, rights));
	if (range->has_swap)
		printf(" type %u offset 0x%" PRIx64, range->swap_type, range->swap_offset);
	if (range->has_target)
		printf(" physical 0x%" PRIx64, range->target_pa);
	if (range->assumed)
		printf(" (assumed)");
	show_names_text(show);
	printf("\n");
}

static void show_range(const struct show *show, const struct mmu_space *space,
		       const struct mmu_range *range)
{
	if (show->json)
		range_json(show, space, range);
	else if (show->tsv)
		row_tsv(show, space, range, NULL, NULL);
	else
		range_text(show, space, range);
}

/* ------------------------------------------------------------------ what lies between */

/*
 * Nothing is mapped from first_va to last_va. Where a half of the address space ends, "empty" ends,
 * and addresses that can't exist begin.
 */
static void show_hole(const struct show *show, struct mmu_space *space, struct mmu_walk *walk,
		      uint64_t first_va, uint64_t last_va)
{
	const struct mmu_regime *regime;
	struct mmu_range hole = { .first_va = first_va };

	for (bool more = true; more && !tool_interrupted(); hole.first_va = hole.last_va + 1) {
		mmu_space_walk(space, hole.first_va, walk);
		const struct mmu_walk_info *info = mmu_walk_get(walk);

		hole.result = info->result;
		hole.last_va = last_va;
		if (info->regime && !info->regime->ignored_va && info->regime->last_va < last_va)
			hole.last_va = info->regime->last_va;
		for (size_t n = 0; !info->regime && (regime = mmu_space_regime(space, n)); n++)
			if (!regime->ignored_va && regime->first_va > hole.first_va &&
			    regime->first_va - 1 < hole.last_va)
				hole.last_va = regime->first_va - 1;
		show_range(show, space, &hole);
		more = hole.last_va < last_va;
	}
}

int show_ranges(const struct show *show, struct mmu_space *space, struct mmu_walk *walk,
		uint64_t first_va, uint64_t last_va, struct mmu_error **ret_error)
{
	const struct mmu_part part = { .size = sizeof(part),
				       .first_va = first_va,
				       .last_va = last_va };
	const struct mmu_range *range;
	struct mmu_ranges *ranges;
	uint64_t next_va = first_va;
	bool done = false;
	int status = TOOL_OK;
	struct mmu_error *error = mmu_ranges_open(space, &part, &ranges);

	if (error) {
		*ret_error = error;
		return TOOL_UNUSABLE;
	}
	while (!tool_interrupted() && !(error = mmu_ranges_next(ranges, &range)) && range) {
		if (range->first_va > next_va) {
			show_hole(show, space, walk, next_va, range->first_va - 1);
			status = TOOL_ANSWERED;
		}
		show_range(show, space, range);
		if (range->result != MMU_RESULT_MAPPED)
			status = TOOL_ANSWERED;
		done = range->last_va == last_va;
		next_va = range->last_va + 1;
	}
	bool loops = mmu_leaves_ended(mmu_ranges_leaves(ranges)) == MMU_LEAVES_TOO_MANY;
	mmu_ranges_close(ranges);
	*ret_error = error;
	if (error || tool_interrupted() || done)
		return status;
	if (loops) {
		fflush(stdout);
		fprintf(stderr,
			"mmuscope: from 0x%" PRIx64 " on: the tables lead to more entries "
			"than the image has room for\n",
			next_va);
	} else {
		show_hole(show, space, walk, next_va, last_va);
	}
	return TOOL_ANSWERED;
}
