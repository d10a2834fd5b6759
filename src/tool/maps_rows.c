/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A map as JSON Lines and as TSV: a line for each row. */
#include <inttypes.h>

#include "maps.h"
#include "show.h"

const char *maps_next_word(enum mmu_next next)
{
	static const char *const words[] = {
		[MMU_NEXT_ZERO] = "zeros",    [MMU_NEXT_FILE] = "file",
		[MMU_NEXT_DRIVER] = "driver", [MMU_NEXT_USERFAULTFD] = "userfaultfd",
		[MMU_NEXT_STACK] = "stack",   [MMU_NEXT_SIGSEGV] = "sigsegv",
	};

	return next < sizeof(words) / sizeof(words[0]) ? words[next] : NULL;
}

static void vma_json(const struct mmu_vma_info *vma)
{
	char rights[5];

	json_string("vma", vma->name);
	json_hex("vma_first", vma->first_va);
	json_hex("vma_last", vma->last_va);
	json_string("vma_rights", tool_vma_rights(vma, rights));
	json_hex("vma_flags", vma->vm_flags);
	if (vma->has_offset)
		json_number("vma_offset", (int64_t)vma->offset_bytes);
}

void maps_row_json(const struct mmu_space *space, const struct mmu_map_row *row)
{
	const struct mmu_task *task = mmu_space_task(space);
	const struct mmu_range *range = &row->range;
	char rights[6];

	json_begin("maps");
	if (task) {
		json_number("pid", task->pid);
		json_string("comm", task->comm);
	}
	json_hex("first", range->first_va);
	json_hex("last", range->last_va);
	json_string("result", mmu_result_name(range->result));
	if (range->has_pa) {
		json_hex("pa", range->pa);
		json_number("page_size", (int64_t)range->page_bytes);
	}
	json_string("rights", mmu_rights_text(range->rights, rights));
	json_number("pages", (int64_t)row->pages);
	json_number("runs", (int64_t)row->runs);
	if (range->has_swap)
		show_swap_json(range->swap_type, range->swap_offset, range->assumed);
	if (range->has_target)
		json_hex("target_pa", range->target_pa);
	if (maps_next_word(row->next))
		json_string("next", maps_next_word(row->next));
	if (row->has_file_page)
		json_number("file_page", (int64_t)row->file_page);
	if (row->vma)
		vma_json(row->vma);
	else if (row->vma_unknown)
		json_bool("vma_unknown", true);
	else if (!row->region)
		json_null("vma");
	if (row->region)
		json_string("region", row->region->name);
	if (row->region && row->region->assumed)
		json_bool("region_assumed", true);
	if (range->note)
		json_string("note", range->note);
	json_end();
}

void maps_tsv_header(void)
{
	tsv_header("pid comm first: last: result pa: page_size rights pages runs swap_type "
		   "swap_offset target_pa: assumed next file_page vma vma_first: vma_last: "
		   "vma_rights vma_offset region region_assumed note");
}

void maps_row_tsv(const struct mmu_space *space, const struct mmu_map_row *row)
{
	const struct mmu_task *task = mmu_space_task(space);
	const struct mmu_vma_info *vma = row->vma;
	const struct mmu_range *range = &row->range;
	char rights[6];

	tsv_number(task, tool_space_pid(space));
	tsv_text(task ? task->comm : NULL);
	tsv_hex(true, range->first_va);
	tsv_hex(true, range->last_va);
	tsv_text(mmu_result_name(range->result));
	tsv_hex(range->has_pa, range->pa);
	tsv_number(range->has_pa, (int64_t)range->page_bytes);
	tsv_text(mmu_rights_text(range->rights, rights));
	tsv_number(true, (int64_t)row->pages);
	tsv_number(true, (int64_t)row->runs);
	tsv_number(range->has_swap, range->swap_type);
	tsv_number(range->has_swap, (int64_t)range->swap_offset);
	tsv_hex(range->has_target, range->target_pa);
	tsv_number(range->has_swap, range->assumed);
	tsv_text(maps_next_word(row->next));
	tsv_number(row->has_file_page, (int64_t)row->file_page);
	tsv_text(vma ? vma->name : NULL);
	tsv_hex(vma, vma ? vma->first_va : 0);
	tsv_hex(vma, vma ? vma->last_va : 0);
	tsv_text(vma ? tool_vma_rights(vma, rights) : NULL);
	tsv_number(vma && vma->has_offset, vma ? (int64_t)vma->offset_bytes : 0);
	tsv_text(row->region ? row->region->name : NULL);
	tsv_number(row->region, row->region && row->region->assumed);
	tsv_text(range->note);
	tsv_end();
}
