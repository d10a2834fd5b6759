/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A map for people: what a space holds in all, then its VMAs or regions. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "maps.h"

/*
 * The totals stand first, and come from the one pass that the rows come from. So the rows are held
 * back, but not more than this: those of a map that is longer come at once, and the totals last.
 */
#define HELD_BYTES_MAX (64u << 10)

enum { ADDRESSES, VMA, RESULT, RIGHTS, PAGES, SIZE, PHYSICAL, NAME, NR_COLUMNS };

static const struct tool_column all_columns[NR_COLUMNS] = {
	[ADDRESSES] = { "ADDRESSES", -25, 0 }, [VMA] = { "VMA", -4, 1 },
	[RESULT] = { "RESULT", -11, 1 },       [RIGHTS] = { "RIGHT", -5, 1 },
	[PAGES] = { "PAGES", 8, 1 },           [SIZE] = { "SIZE", 4, 1 },
	[PHYSICAL] = { "PHYSICAL", -13, 1 },   [NAME] = { "NAME", 0, 1 },
};

/* ------------------------------------------------------------------ the head */

static void show_head(struct maps_text *text)
{
	const struct mmu_regime *regime = tool_linux_regime(text->space);
	const struct mmu_task *task = mmu_space_task(text->space);

	if (task)
		tool_row("process", "%d (%s)", task->pid, tool_safe(task->comm));
	tool_row("tables", "%s %s, root 0x%" PRIx64, mmu_space_arch(text->space)->name,
		 regime->format->name, regime->root_pa);
	text->head_shown = true;
}

static void column_head(const struct maps_text *text)
{
	struct tool_column columns[NR_COLUMNS];

	memcpy(columns, all_columns, sizeof(columns));
	columns[ADDRESSES].width = -(2 * text->digits + 1);
	tool_table_head(columns, NR_COLUMNS);
}

/* What was held back comes now, and what follows at once. */
static void release(struct maps_text *text)
{
	if (!text->real)
		return;
	bool failed = ferror(stdout);

	failed |= fclose(stdout) != 0 || !text->held;
	stdout = text->real;
	text->real = NULL;
	if (failed) /* rows are lost */
		tool_no_memory();
	if (text->held_bytes)
		column_head(text);
	fwrite(text->held, 1, text->held_bytes, stdout);
	free(text->held);
	text->held = NULL;
}

void maps_text_begin(struct maps_text *text, const struct mmu_space *space, bool every_range)
{
	const struct mmu_regime *regime;
	uint64_t first_va, last_va;

	*text = (struct maps_text){ .space = space, .every_range = every_range };
	mmu_space_extent((struct mmu_space *)space, &first_va, &last_va);
	for (size_t n = 0; (regime = mmu_space_regime(space, n)); n++)
		if (regime->last_va < last_va || !mmu_space_regime(space, n + 1))
			last_va = last_va < regime->last_va ? last_va : regime->last_va;
	for (text->digits = 8; text->digits < 16 && last_va >> (4 * text->digits);)
		text->digits += 4;
	text->real = stdout;
	stdout = open_memstream(&text->held, &text->held_bytes);
	if (!stdout)
		tool_no_memory();
}

/* ------------------------------------------------------------------ rows */

/* Two columns: how many pages of which size. */
static void pages_cells(const struct mmu_map_row *row, struct tool_cells *cells,
			uint64_t base_bytes)
{
	const struct mmu_range *range = &row->range;
	bool no_pages = range->result == MMU_RESULT_EMPTY ||
			(range->result >= MMU_RESULT_FILTERED &&
			 range->result <= MMU_RESULT_UNREADABLE);
	uint64_t bytes = no_pages || !range->page_bytes ? base_bytes : range->page_bytes;
	unsigned int unit = 0;

	tool_cell(cells, PAGES, "%" PRIu64, row->pages);
	for (; bytes % 1024 == 0 && unit < 4; unit++)
		bytes /= 1024;
	tool_cell(cells, SIZE, "%" PRIu64 "%c", bytes, "BKMGT"[unit]);
}

static void place_cell(const struct mmu_map_row *row, struct tool_cells *cells)
{
	const struct mmu_range *range = &row->range;
	const char *next = maps_next_word(row->next);

	if (next)
		tool_cell(cells, PHYSICAL, "next: %s", next);
	else if (row->runs > 1)
		tool_cell(cells, PHYSICAL, "%" PRIu64 " runs", row->runs);
	else if (range->has_pa)
		tool_cell(cells, PHYSICAL, "0x%" PRIx64, range->pa);
	else if (range->has_target)
		tool_cell(cells, PHYSICAL, "0x%" PRIx64, range->target_pa);
	else if (range->has_swap)
		tool_cell(cells, PHYSICAL, "swap %u:0x%" PRIx64, range->swap_type,
			  range->swap_offset);
}

static const char *area_name(const struct mmu_map_row *row)
{
	static char region[64];

	if (row->vma)
		return tool_vma_name(row->vma);
	if (row->region) {
		snprintf(region, sizeof(region), "%s%s", row->region->name,
			 row->region->assumed ? " (assumed)" : "");
		return region;
	}
	return row->vma_unknown ? "(VMA can't be read)" : "-";
}

static void print_cells(const struct maps_text *text, const struct mmu_map_row *row,
			struct tool_cells *cells)
{
	struct tool_column columns[NR_COLUMNS];
	char rights[5];

	if (row->vma)
		tool_cell(cells, VMA, "%s", tool_vma_rights(row->vma, rights));
	cells->cells[NAME] = area_name(row);
	memcpy(columns, all_columns, sizeof(columns));
	columns[ADDRESSES].width = -(2 * text->digits + 1);
	tool_table_row(columns, NR_COLUMNS, cells->cells);
}

/* @param ranges  0: the row is one; else a group of so many */
static void print_row(const struct maps_text *text, const struct mmu_map_row *row, uint64_t ranges)
{
	const struct mmu_range *range = &row->range;
	uint64_t base_bytes = UINT64_C(1) << tool_linux_regime(text->space)->page_lg2;
	struct tool_cells cells;
	char rights[6];

	for (size_t i = 0; i < NR_COLUMNS; i++)
		cells.cells[i] = "-";
	if (ranges)
		tool_cell(&cells, ADDRESSES, "  %" PRIu64 " range%s", ranges,
			  ranges == 1 ? "" : "s");
	else
		tool_cell(&cells, ADDRESSES, "%0*" PRIx64 "-%0*" PRIx64, text->digits,
			  range->first_va, text->digits, range->last_va);
	tool_cell(&cells, RESULT, "%s", mmu_result_name(range->result));
	if (range->rights || range->has_pa)
		tool_cell(&cells, RIGHTS, "%s", mmu_rights_text(range->rights, rights));
	pages_cells(row, &cells, base_bytes);
	place_cell(row, &cells);
	print_cells(text, row, &cells);
}

/* ------------------------------------------------------------------ VMAs and regions */

/* The whole of what is told in groups below. */
static void print_area(const struct maps_text *text)
{
	const struct mmu_map_row row = { .vma = text->has_vma ? &text->vma : NULL,
					 .region = text->has_region ? &text->region : NULL };
	struct tool_cells cells;

	for (size_t i = 0; i < NR_COLUMNS; i++)
		cells.cells[i] = "-";
	tool_cell(&cells, ADDRESSES, "%0*" PRIx64 "-%0*" PRIx64, text->digits,
		  row.vma ? row.vma->first_va : row.region->first_va, text->digits,
		  row.vma ? row.vma->last_va : row.region->last_va);
	print_cells(text, &row, &cells);
}

/* What came of a VMA or region: all of it is known now. */
static void end_area(struct maps_text *text)
{
	if (text->nr_rows > MAPS_ROWS_MAX) {
		print_area(text);
		for (size_t i = 0; i < text->nr_groups; i++)
			print_row(text, &text->groups[i].row, text->groups[i].ranges);
	} else {
		for (size_t i = 0; i < text->nr_rows; i++)
			print_row(text, &text->rows[i], 0);
	}
	free(text->name);
	text->name = NULL;
	text->nr_rows = text->nr_groups = 0;
	text->has_vma = text->has_region = false;
}

static void begin_area(struct maps_text *text, const struct mmu_map_row *row)
{
	text->has_vma = row->vma;
	text->has_region = row->region;
	if (row->region)
		text->region = *row->region;
	if (!row->vma)
		return;
	text->vma = *row->vma;
	text->name = strdup(row->vma->name);
	if (!text->name)
		tool_no_memory();
	text->vma.name = text->name;
}

static bool same_area(const struct maps_text *text, const struct mmu_map_row *row)
{
	if (row->vma)
		return text->has_vma && text->vma.first_va == row->vma->first_va;
	return row->region && text->has_region && text->region.first_va == row->region->first_va;
}

static void point_to_area(const struct maps_text *text, struct mmu_map_row *row)
{
	row->vma = text->has_vma ? &text->vma : NULL;
	row->region = text->has_region ? &text->region : NULL;
}

static bool same_group(const struct mmu_map_row *one, const struct mmu_map_row *other)
{
	return one->range.result == other->range.result &&
	       one->range.rights == other->range.rights &&
	       one->range.page_bytes == other->range.page_bytes &&
	       one->range.has_pa == other->range.has_pa &&
	       one->range.swap_type == other->range.swap_type && one->next == other->next;
}

static void add_to_group(struct maps_text *text, const struct mmu_map_row *row)
{
	size_t i = 0;

	while (i < text->nr_groups && !same_group(&text->groups[i].row, row))
		i++;
	if (i == MAPS_GROUPS_MAX)
		i--; /* there are fewer kinds of rows, unless an image is full of nonsense */
	if (i == text->nr_groups) {
		text->groups[i] = (struct maps_group){ .row = *row, .ranges = 1 };
		point_to_area(text, &text->groups[i].row);
		text->nr_groups++;
		return;
	}
	text->groups[i].row.pages += row->pages;
	text->groups[i].row.runs += row->runs;
	text->groups[i].ranges++;
}

/* ------------------------------------------------------------------ all of it */

void maps_text_row(struct maps_text *text, const struct mmu_map_row *row)
{
	maps_totals_add(&text->totals, row);
	if (!same_area(text, row)) {
		end_area(text);
		begin_area(text, row);
	}
	if (text->every_range || (!row->vma && !row->region)) {
		print_row(text, row, 0);
	} else if (text->nr_rows < MAPS_ROWS_MAX) {
		text->rows[text->nr_rows] = *row;
		point_to_area(text, &text->rows[text->nr_rows++]);
	} else {
		for (size_t i = 0; text->nr_rows == MAPS_ROWS_MAX && i < MAPS_ROWS_MAX; i++)
			add_to_group(text, &text->rows[i]);
		text->nr_rows = MAPS_ROWS_MAX + 1;
		add_to_group(text, row);
	}
	if (text->real && ftell(stdout) > (long)HELD_BYTES_MAX) {
		FILE *held = stdout;

		stdout = text->real;
		show_head(text);
		printf("\n");
		stdout = held;
		release(text);
	}
}

void maps_text_end(struct maps_text *text)
{
	end_area(text);
	if (text->real) {
		FILE *held = stdout;

		fflush(held);
		stdout = text->real;
		show_head(text);
		maps_totals_text(&text->totals);
		if (text->held_bytes)
			printf("\n");
		stdout = held;
		release(text);
	} else {
		printf("\n");
		maps_totals_text(&text->totals);
	}
}
