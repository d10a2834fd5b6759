/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Two walks side by side, as text in two columns. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "compare.h"
#include "show.h"

/* Two columns need this width; in less, one stands below the other. */
#define WIDTH 100u
#define LABEL 14u
#define COLUMN ((WIDTH - LABEL - 2) / 2)

/* ------------------------------------------------------------------ columns */

unsigned int compare_columns(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t number;

	if (columns && tool_number(columns, &number) && number >= 20 && number < 10000)
		return (unsigned int)number;
	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
	    size.ws_col >= 20)
		return size.ws_col;
	return WIDTH;
}

/*
 * The next line of *at that fits `width`, cut at a blank if it has one; the rest follows indented.
 * @return its length; 0 with *at at the end: there is no more
 */
static size_t next_line(const char **at, unsigned int width, bool *further, const char **ret)
{
	size_t bytes = strcspn(*at, "\n"), room = width - (*further ? 2 : 0), cut;

	*ret = *at;
	if (bytes <= room) {
		*at += bytes + ((*at)[bytes] == '\n');
		*further = false;
		return bytes;
	}
	for (cut = room; cut > 0 && (*at)[cut] != ' ';)
		cut--;
	if (!cut)
		cut = room;
	*at += cut + ((*at)[cut] == ' ');
	*further = true;
	return cut;
}

void compare_wrapped(const char *text, const char *first, const char *further, unsigned int width)
{
	bool goes_on = false;
	const char *line;

	while (*text) {
		const char *indent = goes_on ? further : first;
		/* next_line() leaves room for the two blanks of its own */
		size_t bytes = next_line(&text, width - (unsigned int)strlen(first), &goes_on,
					 &line);

		printf("%s%.*s\n", indent, (int)bytes, line);
	}
}

void compare_begin(struct compare_columns *columns)
{
	for (unsigned int i = 0; i < 2; i++) {
		columns->side[i] = open_memstream(&columns->text[i], &columns->bytes[i]);
		if (!columns->side[i])
			abort();
	}
}

static void print_side_by_side(const struct compare_columns *columns, const char *label)
{
	const char *at[2] = { columns->text[0], columns->text[1] };
	bool further[2] = { false, false };

	while (*at[0] || *at[1]) {
		char cells[2][COLUMN + 1];

		for (unsigned int i = 0; i < 2; i++) {
			bool indented = further[i];
			const char *line = "";
			size_t bytes = *at[i] ? next_line(&at[i], COLUMN, &further[i], &line) : 0;

			snprintf(cells[i], sizeof(cells[i]), "%s%.*s",
				 indented && bytes ? "  " : "", (int)bytes, line);
		}
		printf("%s%-*s%s", tool_colour(TOOL_BOLD), (int)LABEL, label,
		       tool_colour(TOOL_PLAIN));
		if (cells[1][0])
			printf(" %-*s %s\n", (int)COLUMN, cells[0], cells[1]);
		else
			printf(" %s\n", cells[0]);
		label = "";
	}
}

static void print_stacked(const struct compare_columns *columns, const char *label)
{
	printf("%s%s%s\n", tool_colour(TOOL_BOLD), label, tool_colour(TOOL_PLAIN));
	for (unsigned int i = 0; i < 2; i++) {
		printf("  %s%s%s\n", tool_colour(TOOL_DIM), compare_side_name(i),
		       tool_colour(TOOL_PLAIN));
		compare_wrapped(columns->text[i], "    ", "      ", columns->width);
	}
}

void compare_end(struct compare_columns *columns, const char *label)
{
	for (unsigned int i = 0; i < 2; i++)
		fclose(columns->side[i]);
	if (columns->bytes[0] || columns->bytes[1]) {
		if (columns->width >= WIDTH)
			print_side_by_side(columns, label);
		else
			print_stacked(columns, label);
	}
	for (unsigned int i = 0; i < 2; i++)
		free(columns->text[i]);
}

/* ------------------------------------------------------------------ what is compared */

static void name_tables(FILE *out, const struct compare_side *side)
{
	const struct mmu_space_query *query = &side->space_options.query;
	const struct mmu_task *task = mmu_space_task(side->space);
	const char *half = query->user_half ? ", user half" : "";

	if (task) {
		fprintf(out, "pid %d (%s)%s\n", task->pid, tool_safe(task->comm), half);
		return;
	}
	switch (query->by) {
	case MMU_SPACE_MM:
		fprintf(out, "mm 0x%" PRIx64 "%s\n", query->value, half);
		return;
	case MMU_SPACE_CPU:
		fprintf(out, "CPU %" PRIu64 "%s\n", query->value, half);
		return;
	case MMU_SPACE_PGD:
		fprintf(out, "the top table at 0x%" PRIx64 "%s\n", query->value, half);
		return;
	default:
		fprintf(out, "the kernel%s\n", half);
		return;
	}
}

void compare_head(const struct compare *compare, struct compare_columns *columns)
{
	compare_begin(columns);
	for (unsigned int i = 0; i < 2 && columns->width >= WIDTH; i++)
		fprintf(columns->side[i], "%s\n", compare_side_name(i));
	compare_end(columns, "");
	if (!compare->one_image) {
		compare_begin(columns);
		for (unsigned int i = 0; i < 2; i++)
			fprintf(columns->side[i], "%s\n", tool_safe(compare->side[i].image));
		compare_end(columns, "image");
	}
	compare_begin(columns);
	for (unsigned int i = 0; i < 2; i++)
		name_tables(columns->side[i], &compare->side[i]);
	compare_end(columns, "tables of");
	compare_begin(columns);
	for (unsigned int i = 0; i < 2; i++) {
		const struct mmu_regime *regime = mmu_space_regime(compare->side[i].space);

		fprintf(columns->side[i], "%s %s, %u levels\nroot 0x%" PRIx64 "\n",
			mmu_space_arch(compare->side[i].space)->name, regime->format->name,
			regime->format->nr_levels, regime->root_pa);
	}
	compare_end(columns, "format");
}

/* ------------------------------------------------------------------ levels */

static void write_flags(FILE *out, const struct mmu_regime *regime, const struct mmu_step *step,
			bool second)
{
	char flags[512];

	tool_flags(regime, step, second, flags);
	if (flags[0])
		fprintf(out, "%s\n", flags);
}

static void write_entry(FILE *out, const struct mmu_regime *regime, const struct mmu_step *step)
{
	const struct mmu_format *format = regime->format;
	char target[128], rights[6];

	fprintf(out, "%s\n", show_target(regime, step, target));
	if (step->entry.kind == MMU_KIND_TABLE || step->entry.kind == MMU_KIND_LEAF) {
		fprintf(out, "rights %s", mmu_rights_text(step->entry.rights, rights));
		fprintf(out, "  so far %s\n", mmu_rights_text(step->effective, rights));
	}
	write_flags(out, regime, step, false);
	if (step->has_second) {
		fprintf(out, "%s at 0x%" PRIx64 "\n  = 0x%0*" PRIx64 "\n", format->second_name,
			step->second_pa, 2 * format->entry_bytes, step->second);
		write_flags(out, regime, step, true);
	}
	if (step->entry.note && step->entry.kind != MMU_KIND_BAD)
		fprintf(out, "note: %s\n", step->entry.note);
}

static void write_level(FILE *out, const struct compare_side *side, unsigned int number)
{
	const struct mmu_regime *regime = mmu_space_regime(side->space);
	const struct mmu_format *format = regime->format;
	const struct mmu_level *level;
	const struct mmu_step *step;

	if (number >= format->nr_levels) {
		fprintf(out, "-\n");
		return;
	}
	level = &format->level[number];
	fprintf(out, "%s  bits %u:%u  %s of table\n", level->name,
		level->shift + level->index_bits - 1u, level->shift,
		tool_size(mmu_table_bytes(format, number)));
	if (format->nr_levels - number > side->walk.nr_steps) {
		fprintf(out, "not reached\n");
		return;
	}
	step = &side->walk.steps[format->nr_levels - number - 1];
	fprintf(out, "table 0x%09" PRIx64 " [%" PRIu64 "]\nslot 0x%" PRIx64 "\n", step->table_pa,
		step->index, step->slot_pa);
	if (!step->readable) {
		fprintf(out, "%s\n", mmu_page_state_name(step->slot_state));
		return;
	}
	fprintf(out, "= 0x%0*" PRIx64 "\n", 2 * format->entry_bytes, step->raw);
	write_entry(out, regime, step);
}

/* ------------------------------------------------------------------ the answer */

static void write_result(FILE *out, const struct compare_side *side)
{
	const struct mmu_walk *walk = &side->walk;
	char rights[6];

	fprintf(out, "%s\n", mmu_result_name(walk->result));
	if (walk->has_swap)
		fprintf(out, "type %u, offset 0x%" PRIx64 "\n", walk->swap_type, walk->swap_offset);
	if (walk->has_target)
		fprintf(out, "physical 0x%" PRIx64 "\n", walk->target_pa);
	if (walk->has_pa)
		fprintf(out, "physical 0x%" PRIx64 ", %s page\n", walk->pa,
			tool_size(walk->page_bytes));
	if (walk->result == MMU_RESULT_MAPPED)
		fprintf(out, "rights %s\n", mmu_rights_text(walk->rights, rights));
	if (walk->has_pa && walk->page_state != MMU_PAGE_PRESENT)
		fprintf(out, "its bytes: %s\n", mmu_page_state_name(walk->page_state));
}

static void write_vma(FILE *out, struct mmu_space *space, uint64_t va)
{
	struct mmu_error *missing = NULL;
	struct mmu_vma vma;

	if (mmu_space_vma(space, va, &vma))
		fprintf(out, "%c%c%c%c %s\n", vma.vm_flags & 1 ? 'r' : '-',
			vma.vm_flags & 2 ? 'w' : '-', vma.vm_flags & 4 ? 'x' : '-',
			vma.vm_flags & 8 ? 's' : 'p', tool_vma_name(&vma));
	else if ((missing = mmu_space_vma_missing(space, va)))
		fprintf(out, "not known: %s\n", mmu_error_message(missing));
	mmu_error_destroy(missing);
}

static void print_words(const struct compare_word *words, size_t nr, bool same, unsigned int width)
{
	bool any = false;

	for (size_t i = 0; i < nr; i++) {
		if (words[i].same != same)
			continue;
		if (!any)
			printf("%s%s%s\n", tool_colour(TOOL_BOLD),
			       same ? "in common" : "differences", tool_colour(TOOL_PLAIN));
		any = true;
		compare_wrapped(words[i].text, "  - ", "    ", width);
	}
	if (!any && !same)
		printf("no difference\n");
}

void compare_walks_text(const struct compare *compare, const struct compare_word *words,
			size_t nr_words)
{
	const struct compare_side *side = compare->side;
	struct compare_columns columns = { .width = compare_columns() };
	unsigned int levels = 0;

	compare_head(compare, &columns);
	compare_begin(&columns);
	for (unsigned int i = 0; i < 2; i++) {
		unsigned int own = mmu_space_regime(side[i].space)->format->nr_levels;

		levels = own > levels ? own : levels;
		fprintf(columns.side[i], "0x%" PRIx64 "\n", side[i].walk.va);
		write_vma(columns.side[i], side[i].space, side[i].walk.va);
	}
	compare_end(&columns, "address");
	for (unsigned int i = 0; i < 2; i++) {
		printf("\n%s 0x%" PRIx64 "\n", compare_side_name(i), side[i].walk.va);
		show_ruler(mmu_space_regime(side[i].space)->format, side[i].walk.va, columns.width);
	}
	for (unsigned int level = levels; level-- > 0;) {
		char label[32];

		snprintf(label, sizeof(label), "level %u", level);
		printf("\n");
		compare_begin(&columns);
		for (unsigned int i = 0; i < 2; i++)
			write_level(columns.side[i], &side[i], level);
		compare_end(&columns, label);
	}
	printf("\n");
	compare_begin(&columns);
	for (unsigned int i = 0; i < 2; i++)
		fprintf(columns.side[i], "%u entries read, %s of tables\n", side[i].walk.nr_steps,
			tool_size(compare_path_bytes(&side[i])));
	compare_end(&columns, "path");
	compare_begin(&columns);
	for (unsigned int i = 0; i < 2; i++)
		write_result(columns.side[i], &side[i]);
	compare_end(&columns, "result");
	printf("\n");
	print_words(words, nr_words, true, columns.width);
	print_words(words, nr_words, false, columns.width);
}
