/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The entries of a table as rows: a row for neighbours that say nothing new. */
#include <inttypes.h>
#include <string.h>

#include "show.h"
#include "table_rows.h"

/* So wide that most flags begin in one column: "4 KiB page at 0x3e892000". */
#define TARGET_WIDTH 24

/* The page of this very entry: what one of a run maps by itself. */
static uint64_t own_pa(const struct mmu_regime *regime, const struct mmu_step_info *at,
		       const struct mmu_entry *entry)
{
	uint64_t in_run = at->index & (((uint64_t)1 << entry->run_lg2) - 1);

	return entry->pa +
	       (entry->kind == MMU_KIND_LEAF ? in_run << regime->shape[at->level].shift : 0);
}

static void begin_row(const struct table_rows *rows, const struct mmu_step *step,
		      struct table_row *ret)
{
	const struct mmu_regime *regime = rows->regime;
	const struct mmu_step_info *at = mmu_step_get(step);

	ret->first = ret->last = *at;
	ret->entry = *mmu_step_entry(step);
	ret->first_pa = ret->last_pa = own_pa(regime, at, &ret->entry);
	ret->equal = false;
	show_target(regime, step, ret->target);
	tool_flags(regime, step, false, ret->flags);
	ret->second_flags[0] = '\0';
	if (at->has_second && at->second)
		tool_flags(regime, step, true, ret->second_flags);
	mmu_entry_decode(rows->arch, regime, rows->level, at->raw,
			 at->has_second ? &at->second : NULL, rows->scratch);
	const struct mmu_walk_info *info = mmu_walk_get(rows->scratch);
	ret->result = info->result;
	ret->has_swap = info->has_swap;
	ret->swap_type = info->swap_type;
	ret->swap_offset = ret->first_swap_offset = info->swap_offset;
	ret->assumed = info->assumed;
	if (ret->entry.kind == MMU_KIND_SOFTWARE && info->has_pa)
		ret->first_pa = ret->last_pa = info->pa;
}

/* Does `next` lie behind the row's last, at the step that such entries have? */
static bool follows(const struct table_rows *rows, const struct table_row *row,
		    const struct table_row *next)
{
	uint64_t page = (uint64_t)1 << rows->regime->shape[rows->level].shift;

	switch (row->entry.kind) {
	case MMU_KIND_TABLE:
		return next->first_pa ==
		       row->last_pa + mmu_regime_table_bytes(rows->regime, rows->level - 1);
	case MMU_KIND_LEAF:
		return next->first_pa == row->last_pa + page;
	case MMU_KIND_SOFTWARE:
		if (row->result != next->result)
			return false;
		if (row->has_swap)
			return next->has_swap && next->swap_type == row->swap_type &&
			       next->swap_offset == row->swap_offset + 1;
		return row->first_pa && next->first_pa == row->last_pa + page;
	default:
		return false;
	}
}

/* Make the row longer by the next entry, if that says nothing new. */
static bool extend_row(const struct table_rows *rows, struct table_row *row,
		       const struct table_row *next)
{
	bool equal = next->first.raw == row->first.raw && next->first.second == row->first.second &&
		     next->first_pa == row->last_pa;
	bool alone = row->first.index == row->last.index;

	if (rows->regime->format->kind == MMU_FORMAT_HASHED || /* whose slots are no neighbours */
	    next->first.index != row->last.index + 1 || row->last.index == rows->used ||
	    next->first.index == rows->used || next->entry.kind != row->entry.kind ||
	    next->entry.rights != row->entry.rights || next->entry.note != row->entry.note ||
	    next->entry.run_lg2 != row->entry.run_lg2 || strcmp(next->flags, row->flags) != 0 ||
	    strcmp(next->second_flags, row->second_flags) != 0)
		return false;
	if (!(equal && (alone || row->equal)) &&
	    !((alone || !row->equal) && follows(rows, row, next)))
		return false;
	row->equal = equal;
	row->last = next->last;
	row->last_pa = next->last_pa;
	row->swap_offset = next->swap_offset;
	return true;
}

/* What the entries of a row are: "16 pages of 4 KiB from 0x7000". */
static const char *row_text(const struct table_rows *rows, struct table_row *row, char ret[160])
{
	uint64_t count = row->last.index - row->first.index + 1;
	uint64_t page = (uint64_t)1 << rows->regime->shape[rows->level].shift;

	if (count == 1)
		snprintf(ret, 160, "%s", row->target);
	else if (row->equal || row->entry.kind == MMU_KIND_SOFTWARE)
		snprintf(ret, 160, "%" PRIu64 " x %s", count, row->target);
	else if (row->entry.kind == MMU_KIND_TABLE)
		snprintf(ret, 160, "%" PRIu64 " tables from 0x%" PRIx64, count, row->first_pa);
	else
		snprintf(ret, 160, "%" PRIu64 " x %s from 0x%" PRIx64, count, tool_size(page),
			 row->first_pa);
	return ret;
}

/* "17", or "17-31" */
const char *table_rows_index(uint64_t first, uint64_t last, char ret[48])
{
	int out = snprintf(ret, 48, "%" PRIu64, first);

	if (last != first)
		snprintf(ret + out, 48 - (size_t)out, "-%" PRIu64, last);
	return ret;
}

void table_rows_print(const struct table_rows *rows, struct table_row *row, const char *before,
		      int index_width)
{
	unsigned int columns = tool_columns();
	int digits = 2 * rows->regime->format->entry_bytes;
	char text[160], index[48], begin[128], blanks[128];
	int wide = snprintf(begin, sizeof(begin), " %s%s%*s  0x%0*" PRIx64 "  ",
			    row->first.index == rows->used ? ">" : " ", before, index_width,
			    table_rows_index(row->first.index, row->last.index, index), digits,
			    row->first.raw);

	row_text(rows, row, text);
	int text_width = strlen(text) < TARGET_WIDTH ? TARGET_WIDTH : (int)strlen(text);
	if (!tool_narrow() && row->flags[0] &&
	    (size_t)(wide + text_width + 1) + strlen(row->flags) <= columns) {
		printf("%s%-*s %s\n", begin, TARGET_WIDTH, text, row->flags);
		row->flags[0] = '\0';
	} else if (tool_narrow()) {
		bool beside = (unsigned int)wide + strlen(text) <= columns;

		printf("%.*s%s\n", beside ? wide : wide - 2, begin, beside ? text : "");
		wide = 7;
		if (!beside)
			tool_wrapped(text, "       ", 7, columns);
	} else {
		tool_wrapped(text, begin, (unsigned int)wide, columns);
	}
	snprintf(blanks, sizeof(blanks), "%*s", wide, "");
	tool_wrapped(row->flags, blanks, (unsigned int)wide, columns);
	if (row->first.second) {
		char second[1200];

		snprintf(second, sizeof(second), "%s 0x%0*" PRIx64 "%s%s",
			 rows->regime->format->second_name, digits, row->first.second,
			 row->second_flags[0] ? ": " : "", row->second_flags);
		tool_wrapped(second, blanks, (unsigned int)wide, columns);
	}
}

enum mmu_page_state table_rows_visit(const struct table_rows *rows, struct mmu_space *space,
				     const struct table_rows_told *told)
{
	struct mmu_entries *entries = tool_entries_open(space, rows->regime, rows->level,
							rows->table_pa);
	struct table_row row, next;
	const struct mmu_step *step;
	bool begun = false;

	while (!tool_interrupted() && (step = mmu_entries_next(entries)) &&
	       mmu_step_get(step)->index <= rows->last) {
		if (mmu_step_get(step)->index < rows->first)
			continue;
		begin_row(rows, step, &next);
		if (begun && !rows->every_entry && extend_row(rows, &row, &next))
			continue;
		if (begun)
			told->end(&row, told->context);
		told->begin(&next, step, mmu_entries_state(entries), told->context);
		row = next;
		begun = true;
	}
	if (begun)
		told->end(&row, told->context);
	enum mmu_page_state state = mmu_entries_state(entries);
	mmu_entries_close(entries);
	return state;
}
