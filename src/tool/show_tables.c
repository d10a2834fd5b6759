/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The tables that a walk went through, as text: a line for entries that are alike. */
#include <inttypes.h>
#include <string.h>

#include "show.h"

/* So wide that most flags begin in one column: "4 KiB page at 0x3e892000". */
#define TARGET_WIDTH 24

/* What the rows of one table have in common. */
struct table {
	const struct show *show;
	const struct mmu_arch *arch;
	const struct mmu_regime *regime;
	unsigned int level;
	uint64_t used;        /* the index through which the walk went */
	uint64_t first, last; /* which entries are shown */
	uint64_t next;        /* of these, the first that no row has told yet */
	int index_width;      /* of "273-511" */
	struct mmu_walk *scratch;
};

/* Adjacent entries that one line shows: their first and their last. */
struct row {
	struct mmu_step_info first, last;
	struct mmu_entry entry; /* the last, but that of the first page */
	uint64_t first_pa, last_pa;
	enum mmu_result result;
	unsigned int swap_type;
	uint64_t swap_offset; /* the last one's */
	bool has_swap, equal; /* all words are equal: nothing follows anything */
	char target[128], flags[512], second_flags[512];
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

/* ------------------------------------------------------------------ rows */

/* The page of this very entry: what one of a run maps by itself. */
static uint64_t own_pa(const struct mmu_regime *regime, const struct mmu_step_info *at,
		       const struct mmu_entry *entry)
{
	uint64_t in_run = at->index & (((uint64_t)1 << entry->run_lg2) - 1);

	return entry->pa +
	       (entry->kind == MMU_KIND_LEAF ? in_run << regime->shape[at->level].shift : 0);
}

static void begin_row(const struct table *table, const struct mmu_step *step, struct row *ret)
{
	const struct mmu_regime *regime = table->regime;
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
	mmu_entry_decode(table->arch, regime, table->level, at->raw,
			 at->has_second ? &at->second : NULL, table->scratch);
	const struct mmu_walk_info *info = mmu_walk_get(table->scratch);
	ret->result = info->result;
	ret->has_swap = info->has_swap;
	ret->swap_type = info->swap_type;
	ret->swap_offset = info->swap_offset;
	if (ret->entry.kind == MMU_KIND_SOFTWARE && info->has_pa)
		ret->first_pa = ret->last_pa = info->pa;
}

/* Does `next` lie behind the row's last, at the step that such entries have? */
static bool follows(const struct table *table, const struct row *row, const struct row *next)
{
	uint64_t page = (uint64_t)1 << table->regime->shape[table->level].shift;

	switch (row->entry.kind) {
	case MMU_KIND_TABLE:
		return next->first_pa ==
		       row->last_pa + mmu_regime_table_bytes(table->regime, table->level - 1);
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
static bool extend_row(const struct table *table, struct row *row, const struct row *next)
{
	bool equal = next->first.raw == row->first.raw && next->first.second == row->first.second &&
		     next->first_pa == row->last_pa;
	bool alone = row->first.index == row->last.index;

	if (table->regime->format->kind == MMU_FORMAT_HASHED || /* whose slots are no neighbours */
	    next->first.index != row->last.index + 1 || row->last.index == table->used ||
	    next->first.index == table->used || next->entry.kind != row->entry.kind ||
	    next->entry.rights != row->entry.rights || next->entry.note != row->entry.note ||
	    next->entry.run_lg2 != row->entry.run_lg2 || strcmp(next->flags, row->flags) != 0 ||
	    strcmp(next->second_flags, row->second_flags) != 0)
		return false;
	if (!(equal && (alone || row->equal)) &&
	    !((alone || !row->equal) && follows(table, row, next)))
		return false;
	row->equal = equal;
	row->last = next->last;
	row->last_pa = next->last_pa;
	row->swap_offset = next->swap_offset;
	return true;
}

/* What the entries of a row are: "16 pages of 4 KiB from 0x7000". */
static const char *row_text(const struct table *table, struct row *row, char ret[160])
{
	uint64_t count = row->last.index - row->first.index + 1;
	uint64_t page = (uint64_t)1 << table->regime->shape[table->level].shift;

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
static const char *index_text(uint64_t first, uint64_t last, char ret[48])
{
	int out = snprintf(ret, 48, "%" PRIu64, first);

	if (last != first)
		snprintf(ret + out, 48 - (size_t)out, "-%" PRIu64, last);
	return ret;
}

/* The word, what it means, its flags: as many of them beside each other as there is room for. */
static void print_row(const struct table *table, struct row *row)
{
	unsigned int columns = tool_columns();
	int digits = 2 * table->regime->format->entry_bytes;
	bool used = row->first.index == table->used;
	char text[160], index[48], begin[96], blanks[96];
	int wide = snprintf(begin, sizeof(begin), " %s%*s  0x%0*" PRIx64 "  ", used ? ">" : " ",
			    table->index_width,
			    index_text(row->first.index, row->last.index, index), digits,
			    row->first.raw);

	row_text(table, row, text);
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
			 table->regime->format->second_name, digits, row->first.second,
			 row->second_flags[0] ? ": " : "", row->second_flags);
		tool_wrapped(second, blanks, (unsigned int)wide, columns);
	}
}

/* Entries up to this one are empty, or were not there to be read. */
static void print_gap(struct table *table, uint64_t end, enum mmu_page_state state)
{
	char index[48];

	if (end > table->next)
		printf("  %*s  %sempty%s%s%s\n", table->index_width,
		       index_text(table->next, end - 1, index), tool_colour(TOOL_DIM),
		       state == MMU_PAGE_PRESENT ? "" : " or ",
		       state == MMU_PAGE_PRESENT ? "" : mmu_page_state_name(state),
		       tool_colour(TOOL_PLAIN));
	table->next = end;
}

static void print_rows(struct table *table, struct mmu_entries *entries)
{
	struct row row, next;
	const struct mmu_step *step;
	bool begun = false;

	while ((step = mmu_entries_next(entries)) && mmu_step_get(step)->index <= table->last) {
		if (mmu_step_get(step)->index < table->first)
			continue;
		begin_row(table, step, &next);
		if (begun && !table->show->every_entry && extend_row(table, &row, &next))
			continue;
		if (begun) {
			print_row(table, &row);
			table->next = row.last.index + 1;
		}
		print_gap(table, next.first.index, mmu_entries_state(entries));
		row = next;
		begun = true;
	}
	if (begun) {
		print_row(table, &row);
		table->next = row.last.index + 1;
	}
	print_gap(table, table->last + 1, mmu_entries_state(entries));
}

void show_table_text(const struct show *show, struct mmu_space *space,
		     const struct mmu_regime *regime, uint64_t va, const struct mmu_step_info *at)
{
	struct show_part part = show_part_of_table(space, regime, va, at, show->every_entry);
	struct show_part whole = show_part_of_table(space, regime, va, at, true);
	struct mmu_entries *entries = tool_entries_open(space, regime, at->level, at->table_pa);
	bool hashed = regime->format->kind == MMU_FORMAT_HASHED; /* a group may lack the page */
	struct table table = { .show = show,
			       .arch = mmu_space_arch(space),
			       .regime = regime,
			       .level = at->level,
			       .used = hashed && !at->raw ? UINT64_MAX : at->index,
			       .first = part.first,
			       .last = part.last,
			       .next = part.first,
			       .scratch = tool_walk_create() };
	char index[48];

	table.index_width = 2 * (int)strlen(index_text(whole.last, whole.last, index)) + 1;
	print_rows(&table, entries);
	if (part.last < whole.last)
		printf("  %*s  the kernel's: --tables=all shows them\n", table.index_width,
		       index_text(part.last + 1, whole.last, index));
	if (mmu_entries_state(entries) != MMU_PAGE_PRESENT)
		printf("     part of this table is %s\n",
		       mmu_page_state_name(mmu_entries_state(entries)));
	mmu_walk_destroy(table.scratch);
	mmu_entries_close(entries);
}
