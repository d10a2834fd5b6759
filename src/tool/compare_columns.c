/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Two sides in two columns: their width, their names, what is compared. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sides.h"

/* Two columns need this width; in less, one stands below the other. */
#define WIDTH 100u
#define LABEL 14u
#define COLUMN ((WIDTH - LABEL - 2) / 2)

const char *compare_side_name(unsigned int side)
{
	return side ? "second" : "first";
}

/* ------------------------------------------------------------------ columns */

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

void compare_begin(struct compare_columns *columns)
{
	for (unsigned int i = 0; i < 2; i++) {
		columns->side[i] = open_memstream(&columns->text[i], &columns->bytes[i]);
		if (!columns->side[i])
			tool_no_memory();
	}
}

static const char *label_colour(const struct compare_columns *columns)
{
	return columns->colour ? columns->colour : tool_colour(TOOL_BOLD);
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
		printf("%s%-*s%s", label_colour(columns), (int)LABEL, label,
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
	printf("%s%s%s\n", label_colour(columns), label, tool_colour(TOOL_PLAIN));
	for (unsigned int i = 0; i < 2; i++) {
		printf("  %s%s%s\n", tool_colour(TOOL_DIM), compare_side_name(i),
		       tool_colour(TOOL_PLAIN));
		tool_wrapped(columns->text[i], "    ", 6, columns->width);
	}
}

void compare_end(struct compare_columns *columns, const char *label)
{
	for (unsigned int i = 0; i < 2; i++) {
		bool failed = ferror(columns->side[i]);

		/* the end may need memory; only the text says that there was none */
		if (fclose(columns->side[i]) || failed || !columns->text[i])
			tool_no_memory();
	}
	if (columns->bytes[0] || columns->bytes[1]) {
		if (columns->width >= WIDTH)
			print_side_by_side(columns, label);
		else
			print_stacked(columns, label);
	}
	columns->colour = NULL;
	for (unsigned int i = 0; i < 2; i++)
		free(columns->text[i]);
}

/* ------------------------------------------------------------------ what is compared */

static void name_tables(FILE *out, const struct compare_side *side)
{
	const struct mmu_space_query *query = &side->space_options.query;
	const struct mmu_task *task = mmu_space_task(side->space);
	const char *half = query->flags & MMU_SPACE_USER_HALF ? ", user half" : "";

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
		const struct mmu_regime *regime = tool_linux_regime(compare->side[i].space);

		fprintf(columns->side[i], "%s %s, %u levels\nroot 0x%" PRIx64 "\n",
			mmu_space_arch(compare->side[i].space)->name, regime->format->name,
			regime->top_level + 1u, regime->root_pa);
	}
	compare_end(columns, "format");
}
