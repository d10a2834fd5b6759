/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What mmuscope stat counted, for people. */
#include <inttypes.h>
#include <string.h>

#include "stat.h"

const char *stat_amount(uint64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	static char texts[4][32];
	static unsigned int turn;
	double value = (double)bytes;
	unsigned int unit = 0;
	char *ret = texts[turn++ % 4];

	for (; value >= 1024 && unit < 6; unit++)
		value /= 1024;
	snprintf(ret, sizeof(texts[0]),
		 value < 100 && unit && value != (uint64_t)value ? "%.1f %s" : "%.0f %s", value,
		 units[unit]);
	return ret;
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void headline(const struct stat_answer *answer)
{
	const struct mmu_stat_info *info = mmu_stat_get(answer->stat);

	if (answer->spaces != 1)
		printf("%s%" PRIu64 " processes%s: ", tool_colour(TOOL_BOLD), answer->spaces,
		       tool_colour(TOOL_PLAIN));
	else if (answer->comm)
		printf("%spid %d (%s)%s: ", tool_colour(TOOL_BOLD), answer->pid,
		       tool_safe(answer->comm), tool_colour(TOOL_PLAIN));
	printf("%s mapped through %s of tables, %s %s\n", stat_amount(info->mapped_bytes),
	       stat_amount(info->table_bytes), answer->arch->name, answer->regime->format->name);
	if (info->ended == MMU_LEAVES_TOO_MANY)
		printf("The tables lead to each other in circles: not all was counted\n");
}

static void levels_text(const struct stat_answer *answer)
{
	static const struct tool_column columns[] = {
		{ "level", -7, 2 },   { "tables", 9, 1 }, { "memory", 9, 1 }, { "used", 11, 1 },
		{ "entries", 11, 1 }, { "fill", 6, 1 },   { "empty", 6, 1 },  { "not there", 9, 1 },
	};
	char text[7][24];
	const char *cells[8];

	tool_table_head(columns, 8);
	for (unsigned int i = mmu_stat_get(answer->stat)->nr_levels; i-- > 0;) {
		const struct mmu_stat_level *level = mmu_stat_level_get(answer->stat, i);

		cells[0] = answer->regime->format->level[i].name;
		snprintf(text[0], 24, "%" PRIu64, level->tables);
		snprintf(text[1], 24, "%s", stat_amount(level->table_bytes));
		snprintf(text[2], 24, "%" PRIu64, level->used);
		snprintf(text[3], 24, "%" PRIu64, level->entries);
		snprintf(text[4], 24, "%.1f%%", percent(level->used, level->entries));
		snprintf(text[5], 24, "%" PRIu64, level->empty);
		snprintf(text[6], 24, "%" PRIu64, level->missing);
		for (unsigned int n = 0; n < 7; n++)
			cells[n + 1] = text[n];
		if (!level->missing)
			cells[7] = "-";
		tool_table_row(columns, 8, cells);
	}
}

/* A bar of up to 40 marks; what is there has one at least. */
static void bar(const char *label, uint64_t count, uint64_t most)
{
	static const char marks[] = "########################################";
	int length = most ? (int)((double)count * 40 / (double)most + 0.5) : 0;

	if (count)
		printf("  %-14s %9" PRIu64 " %.*s\n", label, count, length ? length : 1, marks);
}

static void fill_text(const struct stat_answer *answer)
{
	static const char *const labels[MMU_STAT_FILLS] = { "empty",     "up to 25%",  "up to 50%",
							    "up to 75%", "below 100%", "full" };
	const struct mmu_stat_level *lowest = mmu_stat_level_get(answer->stat, 0);
	uint64_t most = 0;

	for (unsigned int n = 0; lowest && n < MMU_STAT_FILLS; n++)
		most = lowest->fill[n] > most ? lowest->fill[n] : most;
	if (!most)
		return;
	printf("\nTables of the lowest level, by fill\n");
	for (unsigned int n = 0; n < MMU_STAT_FILLS; n++)
		bar(labels[n], lowest->fill[n], most);
}

static void runs_text(const struct stat_answer *answer)
{
	const struct mmu_stat_info *info = mmu_stat_get(answer->stat);
	uint64_t most = 0;
	char label[40];

	if (!info->runs)
		return;
	for (unsigned int n = 0; n < MMU_STAT_RUNS; n++)
		most = info->run_counts[n] > most ? info->run_counts[n] : most;
	printf("\nPhysical runs, by length: %" PRIu64 ", the longest %s\n", info->runs,
	       stat_amount(info->longest_run_bytes));
	for (unsigned int n = 0; n < MMU_STAT_RUNS; n++) {
		bool longer = n == MMU_STAT_RUNS - 1;

		snprintf(label, sizeof(label), "%s%s",
			 longer ? "above "
			 : n    ? "up to "
				: "",
			 tool_size((UINT64_C(1) << (longer ? n - 1 : n)) << info->page_lg2));
		bar(label, info->run_counts[n], most);
	}
}

static void results_text(const struct mmu_stat *stat)
{
	uint64_t entries, bytes, pages, page_bytes, mapped = mmu_stat_get(stat)->mapped_bytes;
	const char *name;

	printf("\n");
	for (size_t n = 0; mmu_stat_mapped(stat, n, &page_bytes, &pages); n++)
		tool_row("mapped", "%" PRIu64 " x %s, %.1f%% of it", pages, tool_size(page_bytes),
			 percent(pages * page_bytes, mapped));
	for (unsigned int i = 0; (name = mmu_result_name((enum mmu_result)i)); i++) {
		bytes = mmu_stat_bytes(stat, (enum mmu_result)i, &entries);
		if (entries && i != MMU_RESULT_MAPPED)
			tool_row(name, "%" PRIu64 " %s, %s", entries,
				 entries == 1 ? "entry" : "entries", stat_amount(bytes));
	}
}

static void memory_text(const struct stat_answer *answer)
{
	const struct mmu_stat_info *info = mmu_stat_get(answer->stat);
	struct stat_verdict verdict = stat_judge(answer);

	if (!answer->counted || !info->nr_levels)
		return;
	switch (verdict.how) {
	case STAT_EQUAL:
		tool_row("VmPTE", "%s, as read: all tables but the top one",
			 stat_amount(answer->counted_bytes));
		return;
	case STAT_DEPOSITED:
		tool_row("VmPTE", "%s: %s read, and %" PRIu64 " x %s kept for huge pages",
			 stat_amount(answer->counted_bytes), stat_amount(info->linux_bytes),
			 verdict.deposited, stat_amount(info->page_tables));
		return;
	default:
		tool_row("VmPTE", "%s, but %s were read: %" PRId64 " bytes %s",
			 stat_amount(answer->counted_bytes), stat_amount(info->linux_bytes),
			 verdict.difference_bytes < 0 ? -verdict.difference_bytes
						      : verdict.difference_bytes,
			 verdict.difference_bytes < 0 ? "more" : "less");
	}
}

static void cost_text(const struct stat_options *options, const struct stat_answer *answer)
{
	const struct mmu_stat_info *info = mmu_stat_get(answer->stat);
	uint64_t base_pages = info->mapped_bytes >> info->page_lg2;

	if (!info->mapped_pages)
		return;
	tool_row("reads", "%.2f entries a translation, averaged over pages; %.2f over bytes",
		 (double)info->page_reads / (double)info->mapped_pages,
		 base_pages ? (double)info->byte_reads / (double)base_pages : 0);
	for (size_t i = 0; i < options->nr_tlb && answer->spaces == 1; i++) {
		uint64_t reach = mmu_stat_tlb_reach(answer->stat, options->tlb[i]);

		tool_row("TLB", "%" PRIu64 " entr%s reach%s %s at best, %.1f%% of what is mapped",
			 options->tlb[i], options->tlb[i] == 1 ? "y" : "ies",
			 options->tlb[i] == 1 ? "es" : "", stat_amount(reach),
			 percent(reach, info->mapped_bytes));
	}
}

void stat_text(const struct stat_options *options, const struct stat_answer *answer)
{
	headline(answer);
	if (mmu_stat_get(answer->stat)->nr_levels)
		levels_text(answer);
	else
		printf("One hashed table serves all spaces: its fill is not this one's\n");
	results_text(answer->stat);
	memory_text(answer);
	cost_text(options, answer);
	fill_text(answer);
	runs_text(answer);
}

/* ------------------------------------------------------------------ --all */

enum { PID, MAPPED, TABLES, COUNTED, VERDICT, HUGE_SHARE, READS, COMM, NR_COLUMNS };

static const struct tool_column row_columns[NR_COLUMNS] = {
	[PID] = { "PID", 7, 0 },         [MAPPED] = { "mapped", 10, 1 },
	[TABLES] = { "tables", 9, 1 },   [COUNTED] = { "VmPTE", 9, 1 },
	[VERDICT] = { "agrees", -9, 1 }, [HUGE_SHARE] = { "huge", 6, 1 },
	[READS] = { "reads", 5, 1 },     [COMM] = { "COMM", 0, 1 },
};

void stat_rows_head(void)
{
	tool_table_head(row_columns, NR_COLUMNS);
}

void stat_row(const struct stat_answer *answer)
{
	static const char *const words[] = { "-", "equal", "deposited", "DIFFERS" };
	const struct mmu_stat_info *info = mmu_stat_get(answer->stat);
	struct stat_verdict verdict = stat_judge(answer);
	const char *cells[NR_COLUMNS];
	char text[4][24];
	uint64_t page_bytes, pages, small = 0;

	for (size_t n = 0; mmu_stat_mapped(answer->stat, n, &page_bytes, &pages); n++)
		if (page_bytes == UINT64_C(1) << info->page_lg2)
			small += pages * page_bytes;
	snprintf(text[0], 24, "%d", answer->pid);
	snprintf(text[1], 24, "%.1f%%", percent(info->mapped_bytes - small, info->mapped_bytes));
	snprintf(text[2], 24, "%.2f",
		 info->mapped_pages ? (double)info->page_reads / (double)info->mapped_pages : 0);
	cells[PID] = text[0];
	cells[MAPPED] = stat_amount(info->mapped_bytes);
	cells[TABLES] = stat_amount(info->table_bytes);
	cells[COUNTED] = answer->counted ? stat_amount(answer->counted_bytes) : "-";
	cells[VERDICT] = words[verdict.how];
	cells[HUGE_SHARE] = info->mapped_bytes > small ? text[1] : "-";
	cells[READS] = info->mapped_pages ? text[2] : "-";
	cells[COMM] = tool_safe(answer->comm);
	tool_table_row(row_columns, NR_COLUMNS, cells);
}
