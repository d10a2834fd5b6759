/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Two whole spaces side by side, as text: what they add up to, where they differ. */
#include <inttypes.h>
#include <string.h>

#include "compare.h"

/* Lines of a list without --all. */
#define LINES_MAX 20u

/* "12 pages, 48 KiB" */
static const char *amount(const struct compare *compare, uint64_t bytes)
{
	unsigned int page_lg2 = mmu_space_arch(compare->side[0].space)->page_lg2;
	uint64_t pages = bytes >> page_lg2;
	static char texts[4][64];
	static unsigned int next;
	char *ret = texts[next++ % 4];

	snprintf(ret, sizeof(texts[0]), "%" PRIu64 " page%s, %s", pages, pages == 1 ? "" : "s",
		 tool_size(bytes));
	return ret;
}

/* ------------------------------------------------------------------ totals */

static void write_mapped(FILE *out, const struct mmu_totals *totals)
{
	fprintf(out, "%s\n", tool_size(totals->bytes[MMU_RESULT_MAPPED]));
	for (unsigned int i = 0; i < totals->nr_mapped; i++)
		fprintf(out, "%" PRIu64 " page%s of %s\n", totals->mapped[i].pages,
			totals->mapped[i].pages == 1 ? "" : "s",
			tool_size(totals->mapped[i].page_bytes));
}

static void write_tables(FILE *out, const struct mmu_format *format,
			 const struct mmu_totals *totals)
{
	for (unsigned int level = format->nr_levels; level-- > 0;) {
		fprintf(out, "%" PRIu64 " %s of %s", totals->leaves.tables[level],
			format->level[level].name, tool_size(mmu_table_bytes(format, level)));
		if (totals->leaves.missing[level])
			fprintf(out, ", %" PRIu64 " not in the image",
				totals->leaves.missing[level]);
		fprintf(out, "\n");
	}
	fprintf(out, "%s in all\n", tool_size(totals->table_bytes));
	if (totals->leaves.end == MMU_LEAVES_TOO_MANY)
		fprintf(out, "given up: more than the image has room for, so tables are used "
			     "again and again\n");
}

static void print_totals(const struct compare *compare, const struct mmu_comparison *comparison,
			 struct compare_columns *columns)
{
	compare_begin(columns);
	for (unsigned int i = 0; i < 2; i++)
		fprintf(columns->side[i], "0x%" PRIx64 "-0x%" PRIx64 "\n",
			compare->range[i].first_va, compare->range[i].last_va);
	compare_end(columns, "addresses");
	compare_begin(columns);
	for (unsigned int i = 0; i < 2; i++)
		write_mapped(columns->side[i], &comparison->totals[i]);
	compare_end(columns, "mapped");
	for (unsigned int result = MMU_RESULT_EMPTY; result < MMU_RESULT_COUNT; result++) {
		if (!comparison->totals[0].bytes[result] && !comparison->totals[1].bytes[result])
			continue;
		compare_begin(columns);
		for (unsigned int i = 0; i < 2; i++)
			fprintf(columns->side[i], "%s\n",
				tool_size(comparison->totals[i].bytes[result]));
		compare_end(columns, mmu_result_name(result));
	}
	compare_begin(columns);
	for (unsigned int i = 0; i < 2; i++)
		write_tables(columns->side[i], mmu_space_regime(compare->side[i].space)->format,
			     &comparison->totals[i]);
	compare_end(columns, "tables");
}

/* ------------------------------------------------------------------ differences */

/* "rw--u 0x1234000"; "+": its pages are not one behind the other */
static const char *side_text(const struct mmu_range *range, bool scattered, char ret[64])
{
	char rights[6];

	if (range->result == MMU_RESULT_EMPTY)
		snprintf(ret, 64, "-");
	else if (range->result == MMU_RESULT_MAPPED)
		snprintf(ret, 64, "%s 0x%" PRIx64 "%s", mmu_rights_text(range->rights, rights),
			 range->pa, scattered ? "+" : "");
	else if (range->has_swap && !range->has_target)
		snprintf(ret, 64, "%s %u:0x%" PRIx64 "%s", mmu_result_name(range->result),
			 range->swap_type, range->swap_offset, scattered ? "+" : "");
	else if (range->has_pa)
		snprintf(ret, 64, "%s 0x%" PRIx64 "%s", mmu_result_name(range->result), range->pa,
			 scattered ? "+" : "");
	else
		snprintf(ret, 64, "%s", mmu_result_name(range->result));
	return ret;
}

static const char *changes_text(uint32_t changes, char ret[64])
{
	size_t out = 0;

	ret[0] = '\0';
	for (unsigned int bit = 0; bit < MMU_CHANGES_COUNT; bit++)
		if (changes >> bit & 1)
			out += (size_t)sprintf(ret + out, "%s%s", out ? "," : "",
					       mmu_change_name(1u << bit));
	return ret;
}

/* Does `b` begin where `a` ends, and differ only in its frames? Then one line holds both. */
static bool alike(const struct mmu_difference *a, const struct mmu_difference *b)
{
	if (b->first_va != a->last_va + 1 || a->changes != b->changes)
		return false;
	for (unsigned int i = 0; i < 2; i++)
		if (a->side[i].result != b->side[i].result ||
		    a->side[i].rights != b->side[i].rights)
			return false;
	return true;
}

static void print_difference(const struct mmu_difference *first, const struct mmu_difference *last)
{
	char changes[64], side[2][64];
	uint64_t bytes = last->last_va - first->first_va + 1;

	printf("  0x%012" PRIx64 "-0x%012" PRIx64 " %9s  %-14s %s -> %s\n", first->first_va,
	       last->last_va, bytes ? tool_size(bytes) : "all",
	       changes_text(first->changes, changes),
	       side_text(&first->side[0], first != last, side[0]),
	       side_text(&first->side[1], first != last, side[1]));
}

static void print_differences(const struct compare *compare,
			      const struct mmu_comparison *comparison)
{
	const struct mmu_difference *first = comparison->differences;
	const struct mmu_difference *end = first + comparison->nr_differences;
	unsigned int lines = 0;
	size_t left = 0;

	for (unsigned int bit = 0; bit < MMU_CHANGES_COUNT; bit++)
		if (comparison->changed_bytes[bit])
			printf("  %-9s %s\n", mmu_change_name(1u << bit),
			       amount(compare, comparison->changed_bytes[bit]));
	printf("\n");
	while (first < end) {
		const struct mmu_difference *last = first;

		while (last + 1 < end && alike(last, last + 1))
			last++;
		if (compare->all || lines < LINES_MAX)
			print_difference(first, last);
		else
			left++;
		lines++;
		first = last + 1;
	}
	if (left)
		printf("  ... and %zu more; --all shows them\n", left);
}

/* ------------------------------------------------------------------ shared frames */

static void print_shared(const struct compare *compare, const struct mmu_comparison *comparison)
{
	size_t nr = comparison->nr_shared, shown = compare->all || nr < LINES_MAX ? nr : LINES_MAX;

	printf("\n%sframes that both map%s: %s\n", tool_colour(TOOL_BOLD), tool_colour(TOOL_PLAIN),
	       nr ? amount(compare, comparison->shared_bytes) : "none");
	for (size_t i = 0; i < shown; i++) {
		const struct mmu_shared_frames *frames = &comparison->shared[i];
		char side[2][64], rights[6];

		for (unsigned int j = 0; j < 2; j++) {
			int out = snprintf(side[j], sizeof(side[j]), "%s 0x%" PRIx64,
					   mmu_rights_text(frames->rights[j], rights),
					   frames->va[j]);

			if (frames->times[j] > 1)
				snprintf(side[j] + out, sizeof(side[j]) - (size_t)out,
					 " (%" PRIu64 " times)", frames->times[j]);
		}
		printf("  0x%09" PRIx64 "-0x%09" PRIx64 " %9s  %s and %s\n", frames->first_pa,
		       frames->last_pa, tool_size(frames->last_pa - frames->first_pa + 1), side[0],
		       side[1]);
	}
	if (shown < nr)
		printf("  ... and %zu more; --all shows them\n", nr - shown);
}

/* The totals in words. */
static void print_total_words(const struct compare *compare,
			      const struct mmu_comparison *comparison, unsigned int width)
{
	const struct mmu_totals *totals = comparison->totals;
	uint64_t mapped[2], per_mille[2];
	unsigned int levels[2];
	char text[256];

	for (unsigned int i = 0; i < 2; i++) {
		mapped[i] = totals[i].bytes[MMU_RESULT_MAPPED];
		per_mille[i] = mapped[i] ? totals[i].table_bytes * 1000 / mapped[i] : 0;
		levels[i] = mmu_space_regime(compare->side[i].space)->format->nr_levels;
	}
	if (levels[0] != levels[1]) {
		snprintf(text, sizeof(text),
			 "up to %u entries are read per translation, against %u", levels[0],
			 levels[1]);
		compare_wrapped(text, "  - ", "    ", width);
	}
	if (mapped[0] != mapped[1]) {
		snprintf(text, sizeof(text), "%s are mapped, against %s", tool_size(mapped[0]),
			 tool_size(mapped[1]));
		compare_wrapped(text, "  - ", "    ", width);
	}
	if (totals[0].table_bytes != totals[1].table_bytes) {
		snprintf(text, sizeof(text),
			 "%s of tables, against %s: %" PRIu64 ".%" PRIu64
			 "%% of what is mapped, against %" PRIu64 ".%" PRIu64 "%%",
			 tool_size(totals[0].table_bytes), tool_size(totals[1].table_bytes),
			 per_mille[0] / 10, per_mille[0] % 10, per_mille[1] / 10,
			 per_mille[1] % 10);
		compare_wrapped(text, "  - ", "    ", width);
	}
}

void compare_spaces_text(const struct compare *compare, const struct mmu_comparison *comparison)
{
	struct compare_columns columns = { .width = compare_columns() };
	char formats[320];

	compare_head(compare, &columns);
	print_totals(compare, comparison, &columns);
	printf("\n");
	if (!comparison->by_address) {
		compare_wrapped("two architectures: their addresses are not compared one by one",
				"", "  ", columns.width);
		printf("%sdifferences%s\n", tool_colour(TOOL_BOLD), tool_colour(TOOL_PLAIN));
		if (compare_formats(compare, formats)[0])
			compare_wrapped(formats, "  - ", "    ", columns.width);
		print_total_words(compare, comparison, columns.width);
		return;
	}
	if (compare_formats(compare, formats)[0])
		compare_wrapped(formats, "", "  ", columns.width);
	printf("%sthe same in both%s: %s\n", tool_colour(TOOL_BOLD), tool_colour(TOOL_PLAIN),
	       amount(compare, comparison->same_bytes));
	if (comparison->nr_differences) {
		printf("%sdifferences%s\n", tool_colour(TOOL_BOLD), tool_colour(TOOL_PLAIN));
		print_differences(compare, comparison);
	} else {
		printf("no difference\n");
	}
	if (comparison->by_frame)
		print_shared(compare, comparison);
	else
		compare_wrapped("two images: a frame of one is not the same memory as that of the "
				"other, so no frames are shared",
				"\n", "  ", columns.width);
}
