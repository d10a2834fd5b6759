/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The tables that a walk went through, as text: a line for entries that are alike. */
#include <inttypes.h>
#include <string.h>

#include "show.h"
#include "table_rows.h"

/* A table that is being shown. */
struct table {
	struct table_rows rows;
	uint64_t next;   /* of these, the first that no row has told yet */
	int index_width; /* of "273-511" */
};

struct show_part show_part_of_table(struct mmu_space *space, const struct mmu_regime *regime,
				    uint64_t va, const struct mmu_step_info *at, bool all)
{
	const struct mmu_shape *shape = &regime->shape[at->level];
	struct show_part ret = { 0, UINT64_MAX };
	struct mmu_probe probes[MMU_PROBES_MAX];
	uint64_t first_va, last_va, table_va;

	if (regime->format->kind == MMU_FORMAT_HASHED) {
		unsigned int nr = regime->format->probes(regime, va, probes);

		/* the whole table has the pages of every process, anywhere */
		for (unsigned int i = 0; i < nr && at->probe; i++)
			if (at->index - probes[i].first_slot < probes[i].nr_slots)
				ret = (struct show_part){ probes[i].first_slot,
							  probes[i].first_slot +
								  probes[i].nr_slots - 1 };
		return ret;
	}
	ret.last = ((uint64_t)1 << shape->index_bits) - 1;
	mmu_space_extent(space, &first_va, &last_va);
	va = (va & ~regime->ignored_va) | (regime->first_va & regime->ignored_va);
	if (all || va < first_va || va > last_va)
		return ret;
	table_va = va - (at->index << shape->shift) - (va & (((uint64_t)1 << shape->shift) - 1));
	if (first_va > table_va)
		ret.first = (first_va - table_va) >> shape->shift;
	if ((last_va - table_va) >> shape->shift < ret.last)
		ret.last = (last_va - table_va) >> shape->shift;
	return ret;
}

/* Entries up to this one are empty, or were not there to be read. */
static void print_gap(struct table *table, uint64_t end, enum mmu_page_state state)
{
	char index[48];

	if (end > table->next)
		printf("  %*s  %sempty%s%s%s\n", table->index_width,
		       table_rows_index(table->next, end - 1, index), tool_colour(TOOL_DIM),
		       state == MMU_PAGE_PRESENT ? "" : " or ",
		       state == MMU_PAGE_PRESENT ? "" : mmu_page_state_name(state),
		       tool_colour(TOOL_PLAIN));
	table->next = end;
}

static void begin_row(const struct table_row *row, const struct mmu_step *step,
		      enum mmu_page_state state, void *context)
{
	(void)step;
	print_gap(context, row->first.index, state);
}

static void end_row(struct table_row *row, void *context)
{
	struct table *table = context;

	table_rows_print(&table->rows, row, "", table->index_width);
	table->next = row->last.index + 1;
}

void show_table_text(const struct show *show, struct mmu_space *space,
		     const struct mmu_regime *regime, uint64_t va, const struct mmu_step_info *at)
{
	struct show_part part = show_part_of_table(space, regime, va, at, show->every_entry);
	struct show_part whole = show_part_of_table(space, regime, va, at, true);
	bool hashed = regime->format->kind == MMU_FORMAT_HASHED; /* a group may lack the page */
	struct table table = { .rows = { .arch = mmu_space_arch(space),
					 .regime = regime,
					 .level = at->level,
					 .table_pa = at->table_pa,
					 .used = hashed && !at->raw ? UINT64_MAX : at->index,
					 .first = part.first,
					 .last = part.last,
					 .every_entry = show->every_entry,
					 .scratch = tool_walk_create() },
			       .next = part.first };
	const struct table_rows_told told = { begin_row, end_row, &table };
	char index[48];

	table.index_width = 2 * (int)strlen(table_rows_index(whole.last, whole.last, index)) + 1;
	enum mmu_page_state state = table_rows_visit(&table.rows, space, &told);
	print_gap(&table, part.last + 1, state);
	if (part.last < whole.last)
		printf("  %*s  the kernel's: --tables=all shows them\n", table.index_width,
		       table_rows_index(part.last + 1, whole.last, index));
	if (state != MMU_PAGE_PRESENT)
		printf("     part of this table is %s\n", mmu_page_state_name(state));
	mmu_walk_destroy(table.rows.scratch);
}
