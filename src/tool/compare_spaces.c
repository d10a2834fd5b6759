/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Two whole spaces side by side, as text: what they add up to, where they differ. */
#include <inttypes.h>
#include <string.h>

#include "sides.h"

/* Lines of a list without --all. */
#define LINES_MAX 20u

/* "12 pages, 48 KiB" */
static const char *amount(const struct compare *compare, uint64_t bytes)
{
	unsigned int page_lg2 = tool_linux_regime(compare->side[0].space)->page_lg2;
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
	uint64_t page_bytes, pages;

	fprintf(out, "%s\n", tool_size(mmu_totals_bytes(totals, MMU_RESULT_MAPPED, NULL)));
	for (size_t i = 0; mmu_totals_mapped(totals, i, &page_bytes, &pages); i++)
		fprintf(out, "%" PRIu64 " page%s of %s\n", pages, pages == 1 ? "" : "s",
			tool_size(page_bytes));
}

static void write_tables(FILE *out, const struct mmu_regime *regime,
			 const struct mmu_totals *totals)
{
	for (unsigned int level = regime->top_level + 1u; level-- > 0;) {
		uint64_t missing, tables = mmu_totals_tables(totals, level, &missing);

		fprintf(out, "%" PRIu64 " %s of %s", tables, regime->format->level[level].name,
			tool_size(mmu_regime_table_bytes(regime, level)));
		if (missing)
			fprintf(out, ", %" PRIu64 " not in the image", missing);
		fprintf(out, "\n");
	}
	fprintf(out, "%s in all\n", tool_size(mmu_totals_table_bytes(totals)));
	if (mmu_totals_ended(totals) == MMU_LEAVES_TOO_MANY)
		fprintf(out, "given up: more than the image has room for, so tables are used "
			     "again and again\n");
}

static void print_totals(const struct compare *compare, const struct mmu_comparison *comparison,
			 struct compare_columns *columns)
{
	const struct mmu_totals *totals[2] = { mmu_comparison_totals(comparison, 0),
					       mmu_comparison_totals(comparison, 1) };

	compare_begin(columns);
	for (unsigned int i = 0; i < 2; i++)
		fprintf(columns->side[i], "0x%" PRIx64 "-0x%" PRIx64 "\n",
			compare->range[i].first_va, compare->range[i].last_va);
	compare_end(columns, "addresses");
	compare_begin(columns);
	for (unsigned int i = 0; i < 2; i++)
		write_mapped(columns->side[i], totals[i]);
	compare_end(columns, "mapped");
	for (unsigned int result = MMU_RESULT_EMPTY; mmu_result_name(result); result++) {
		if (!mmu_totals_bytes(totals[0], result, NULL) &&
		    !mmu_totals_bytes(totals[1], result, NULL))
			continue;
		compare_begin(columns);
		for (unsigned int i = 0; i < 2; i++)
			fprintf(columns->side[i], "%s\n",
				tool_size(mmu_totals_bytes(totals[i], result, NULL)));
		compare_end(columns, mmu_result_name(result));
	}
	compare_begin(columns);
	for (unsigned int i = 0; i < 2; i++)
		write_tables(columns->side[i], tool_linux_regime(compare->side[i].space),
			     totals[i]);
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
	for (unsigned int change = 1; mmu_change_name(change); change <<= 1)
		if (changes & change)
			out += (size_t)sprintf(ret + out, "%s%s", out ? "," : "",
					       mmu_change_name(change));
	return ret;
}

/* Differences that one line holds. */
struct difference_line {
	struct mmu_difference whole; /* from the first to the last */
	struct mmu_range side[2];    /* of the first */
	bool scattered;              /* there are several */
};

/* Does it begin where the line ends, and differ only in its frames? */
static bool alike(const struct difference_line *line, const struct mmu_difference *next)
{
	if (next->first_va != line->whole.last_va + 1 || line->whole.changes != next->changes)
		return false;
	for (unsigned int i = 0; i < 2; i++) {
		const struct mmu_range *other = mmu_difference_side(next, i);

		if (line->side[i].result != other->result || line->side[i].rights != other->rights)
			return false;
	}
	return true;
}

static void print_line(const struct difference_line *line)
{
	uint64_t bytes = line->whole.last_va - line->whole.first_va + 1;
	char changes[64], side[2][64];

	printf("  0x%012" PRIx64 "-0x%012" PRIx64 " %9s  %-14s %s -> %s\n", line->whole.first_va,
	       line->whole.last_va, bytes ? tool_size(bytes) : "all",
	       changes_text(line->whole.changes, changes),
	       side_text(&line->side[0], line->scattered, side[0]),
	       side_text(&line->side[1], line->scattered, side[1]));
}

static struct mmu_error *print_lines(const struct compare *compare,
				     struct mmu_differences *differences)
{
	const struct mmu_difference *next = NULL;
	struct difference_line line = { .scattered = false };
	uint64_t lines = 0;
	struct mmu_error *error;

	for (;;) {
		error = mmu_differences_next(differences, &next);
		if (error)
			return error;
		if (lines && next && alike(&line, next)) {
			line.whole.last_va = next->last_va;
			line.scattered = true;
			continue;
		}
		if (lines && (compare->all || lines <= LINES_MAX))
			print_line(&line);
		if (!next || tool_interrupted())
			break;
		line = (struct difference_line){ .whole = *next,
						 .side = { *mmu_difference_side(next, 0),
							   *mmu_difference_side(next, 1) } };
		lines++;
	}
	if (!compare->all && lines > LINES_MAX)
		printf("  ... and %" PRIu64 " more; --all shows them\n", lines - LINES_MAX);
	return NULL;
}

static struct mmu_error *print_differences(const struct compare *compare,
					   struct mmu_comparison *comparison)
{
	struct mmu_differences *differences;
	struct mmu_error *error;

	for (unsigned int change = 1; mmu_change_name(change); change <<= 1) {
		uint64_t bytes = mmu_comparison_changed_bytes(comparison, change);

		if (bytes)
			printf("  %-9s %s\n", mmu_change_name(change), amount(compare, bytes));
	}
	printf("\n");
	error = mmu_differences_open(comparison, &differences);
	if (error)
		return error;
	error = print_lines(compare, differences);
	mmu_differences_close(differences);
	return error;
}

/* ------------------------------------------------------------------ shared frames */

static const char *shared_text(const struct mmu_shared_side *side, char ret[64])
{
	char rights[6];
	int out = snprintf(ret, 64, "%s 0x%" PRIx64, mmu_rights_text(side->rights, rights),
			   side->va);

	if (side->times > 1)
		snprintf(ret + out, 64 - (size_t)out, " (%" PRIu64 " times)", side->times);
	return ret;
}

static struct mmu_error *print_shared(const struct compare *compare,
				      const struct mmu_comparison *comparison)
{
	const struct mmu_comparison_info *info = mmu_comparison_get(comparison);
	const struct mmu_shared_frames *frames;
	struct mmu_shared *shared;
	uint64_t shown = 0;
	char side[2][64];
	struct mmu_error *error = mmu_shared_open(comparison, &shared);

	if (error)
		return error;

	printf("\n%sframes that both map%s: %s\n", tool_colour(TOOL_BOLD), tool_colour(TOOL_PLAIN),
	       info->nr_shared ? amount(compare, info->shared_bytes) : "none");
	for (; (compare->all || shown < LINES_MAX) && (frames = mmu_shared_next(shared)); shown++)
		printf("  0x%09" PRIx64 "-0x%09" PRIx64 " %9s  %s and %s\n", frames->first_pa,
		       frames->last_pa, tool_size(frames->last_pa - frames->first_pa + 1),
		       shared_text(mmu_shared_frames_side(frames, 0), side[0]),
		       shared_text(mmu_shared_frames_side(frames, 1), side[1]));
	if (shown < info->nr_shared)
		printf("  ... and %" PRIu64 " more; --all shows them\n", info->nr_shared - shown);
	mmu_shared_close(shared);
	return NULL;
}

/* The totals in words. */
static void print_total_words(const struct compare *compare,
			      const struct mmu_comparison *comparison, unsigned int width)
{
	uint64_t mapped[2], table_bytes[2], per_mille[2];
	unsigned int levels[2];
	char text[256];

	for (unsigned int i = 0; i < 2; i++) {
		const struct mmu_totals *totals = mmu_comparison_totals(comparison, i);

		mapped[i] = mmu_totals_bytes(totals, MMU_RESULT_MAPPED, NULL);
		table_bytes[i] = mmu_totals_table_bytes(totals);
		per_mille[i] = mapped[i] ? table_bytes[i] * 1000 / mapped[i] : 0;
		levels[i] = tool_linux_regime(compare->side[i].space)->top_level + 1u;
	}
	if (levels[0] != levels[1]) {
		snprintf(text, sizeof(text),
			 "up to %u entries are read per translation, against %u", levels[0],
			 levels[1]);
		tool_wrapped(text, "  - ", 4, width);
	}
	if (mapped[0] != mapped[1]) {
		snprintf(text, sizeof(text), "%s are mapped, against %s", tool_size(mapped[0]),
			 tool_size(mapped[1]));
		tool_wrapped(text, "  - ", 4, width);
	}
	if (table_bytes[0] != table_bytes[1]) {
		snprintf(text, sizeof(text),
			 "%s of tables, against %s: %" PRIu64 ".%" PRIu64
			 "%% of what is mapped, against %" PRIu64 ".%" PRIu64 "%%",
			 tool_size(table_bytes[0]), tool_size(table_bytes[1]), per_mille[0] / 10,
			 per_mille[0] % 10, per_mille[1] / 10, per_mille[1] % 10);
		tool_wrapped(text, "  - ", 4, width);
	}
}

struct mmu_error *compare_spaces_text(const struct compare *compare,
				      struct mmu_comparison *comparison)
{
	struct compare_columns columns = { .width = tool_columns() };
	const struct mmu_comparison_info *info = mmu_comparison_get(comparison);
	struct mmu_error *error = NULL;
	char formats[320];

	compare_head(compare, &columns);
	print_totals(compare, comparison, &columns);
	error = compare_same_pages_text(compare, &columns);
	if (error)
		return error;
	compare_translations_text(compare, &columns);
	printf("\n");
	if (!info->by_address) {
		tool_wrapped("two architectures: their addresses are not compared one by one", "",
			     2, columns.width);
		printf("%sdifferences%s\n", tool_colour(TOOL_BOLD), tool_colour(TOOL_PLAIN));
		if (compare_formats(compare, formats)[0])
			tool_wrapped(formats, "  - ", 4, columns.width);
		print_total_words(compare, comparison, columns.width);
		return NULL;
	}
	if (compare_formats(compare, formats)[0])
		tool_wrapped(formats, "", 2, columns.width);
	printf("%sthe same in both%s: %s\n", tool_colour(TOOL_BOLD), tool_colour(TOOL_PLAIN),
	       amount(compare, info->same_bytes));
	if (info->nr_differences) {
		printf("%sdifferences%s\n", tool_colour(TOOL_BOLD), tool_colour(TOOL_PLAIN));
		error = print_differences(compare, comparison);
	} else {
		printf("no difference\n");
	}
	if (error)
		return error;
	if (info->by_frame)
		return print_shared(compare, comparison);
	tool_wrapped("two images: a frame of one is not the same memory as that of the "
		     "other, so no frames are shared",
		     "\n", 2, columns.width);
	return NULL;
}
