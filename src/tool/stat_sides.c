/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file mmuscope stat --with: what the tables of two spaces cost, side by side. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "stat.h"

/* ------------------------------------------------------------------ which levels go together */

uint64_t stat_reach(const struct stat_answer *answer, int level)
{
	return UINT64_C(1) << answer->regime->shape[level].shift;
}

static const char *level_name(const struct stat_answer *answer, int level)
{
	return answer->regime->format->level[level].name;
}

/* How well two levels go together: by reach, better than by name, better than not at all (0). */
static unsigned int likeness(const struct stat_answer answer[2], int first, int second)
{
	bool reach = stat_reach(&answer[0], first) == stat_reach(&answer[1], second);
	bool name = strcmp(level_name(&answer[0], first), level_name(&answer[1], second)) == 0;

	return reach * 3u + name * 2u;
}

/* The choice that is best in all, of those that do not cross: best[i][j] is for i and j levels. */
size_t stat_pairs(const struct stat_answer answer[2], struct stat_pair ret[STAT_PAIRS_MAX])
{
	unsigned int best[MMU_LEVELS_MAX + 1][MMU_LEVELS_MAX + 1] = { { 0 } };
	int i = (int)mmu_stat_get(answer[0].stat)->nr_levels;
	int j = (int)mmu_stat_get(answer[1].stat)->nr_levels;
	size_t nr = 0;

	for (int a = 1; a <= i; a++) {
		for (int b = 1; b <= j; b++) {
			unsigned int like = likeness(answer, a - 1, b - 1);
			unsigned int apart = best[a - 1][b] > best[a][b - 1] ? best[a - 1][b]
									     : best[a][b - 1];

			best[a][b] = like && like + best[a - 1][b - 1] > apart
					     ? like + best[a - 1][b - 1]
					     : apart;
		}
	}
	while (i || j) {
		struct stat_pair *pair = &ret[nr++];

		*pair = (struct stat_pair){ { -1, -1 } };
		if (i && (!j || best[i][j] == best[i - 1][j]))
			pair->level[0] = --i;
		else if (j && (!i || best[i][j] == best[i][j - 1]))
			pair->level[1] = --j;
		else
			*pair = (struct stat_pair){ { --i, --j } };
	}
	return nr;
}

/* ------------------------------------------------------------------ text */

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void write_level(FILE *out, const struct stat_answer *answer, int level)
{
	if (level < 0)
		return;
	const struct mmu_stat_level *of = mmu_stat_level_get(answer->stat, (unsigned int)level);

	fprintf(out, "%s, %s an entry\n", level_name(answer, level),
		tool_size(stat_reach(answer, level)));
	fprintf(out, "%" PRIu64 " table%s, %s\n", of->tables, of->tables == 1 ? "" : "s",
		stat_amount(of->table_bytes));
	fprintf(out, "%" PRIu64 " of %" PRIu64 " used, %.1f%%", of->used, of->entries,
		percent(of->used, of->entries));
	if (of->empty)
		fprintf(out, ", %" PRIu64 " empty", of->empty);
	fprintf(out, "\n");
	if (of->missing)
		fprintf(out, "%" PRIu64 " not in the image\n", of->missing);
}

static void levels_text(const struct stat_answer answer[2], struct compare_columns *columns)
{
	struct stat_pair pairs[STAT_PAIRS_MAX];
	size_t nr = stat_pairs(answer, pairs);

	for (size_t n = 0; n < nr; n++) {
		const int *level = pairs[n].level;
		bool in_first = level[0] >= 0, in_second = level[1] >= 0;
		const char *name[2] = { in_first ? level_name(&answer[0], level[0]) : "",
					in_second ? level_name(&answer[1], level[1]) : "" };
		char label[64];

		if (in_first && in_second && strcmp(name[0], name[1]) != 0)
			snprintf(label, sizeof(label), "%s, %s", name[0], name[1]);
		else
			snprintf(label, sizeof(label), "%s", name[in_first ? 0 : 1]);
		compare_begin(columns);
		for (unsigned int i = 0; i < 2; i++)
			write_level(columns->side[i], &answer[i], level[i]);
		columns->colour = tool_level_colour((unsigned int)(in_first ? level[0] : level[1]));
		compare_end(columns, label);
	}
}

static void write_mapped(FILE *out, const struct mmu_stat *stat)
{
	uint64_t page_bytes, pages;

	fprintf(out, "%s\n", stat_amount(mmu_stat_get(stat)->mapped_bytes));
	for (size_t n = 0; mmu_stat_mapped(stat, n, &page_bytes, &pages); n++)
		fprintf(out, "%" PRIu64 " x %s\n", pages, tool_size(page_bytes));
}

static void write_tables(FILE *out, const struct stat_answer *answer)
{
	const struct mmu_stat_info *info = mmu_stat_get(answer->stat);

	fprintf(out, "%s\n", stat_amount(info->table_bytes));
	if (!info->nr_levels)
		fprintf(out, "one hashed table serves all spaces\n");
	else if (info->mapped_bytes)
		fprintf(out, "%.2f%% of what is mapped\n",
			percent(info->table_bytes, info->mapped_bytes));
	if (info->ended == MMU_LEAVES_TOO_MANY)
		fprintf(out, "in circles: not all was counted\n");
}

static void write_accounting(FILE *out, const struct stat_answer *answer)
{
	struct stat_verdict verdict = stat_judge(answer);

	if (!answer->counted)
		return;
	fprintf(out, "%s", stat_amount(answer->counted_bytes));
	if (verdict.how == STAT_EQUAL)
		fprintf(out, ", as read");
	else if (verdict.how == STAT_DEPOSITED)
		fprintf(out, ", %" PRIu64 " tables kept for huge pages", verdict.deposited);
	else if (verdict.how == STAT_DIFFERS)
		fprintf(out, ", but %s were read",
			stat_amount(mmu_stat_get(answer->stat)->linux_bytes));
	fprintf(out, "\n");
}

static void write_reads(FILE *out, const struct mmu_stat *stat)
{
	const struct mmu_stat_info *info = mmu_stat_get(stat);

	if (info->mapped_pages)
		fprintf(out, "%.2f entries a translation\n",
			(double)info->page_reads / (double)info->mapped_pages);
}

static void write_runs(FILE *out, const struct mmu_stat *stat)
{
	const struct mmu_stat_info *info = mmu_stat_get(stat);

	if (info->runs)
		fprintf(out, "%" PRIu64 ", longest %s, average %s\n", info->runs,
			stat_amount(info->longest_run_bytes),
			stat_amount(info->mapped_bytes / info->runs));
}

static void results_text(const struct stat_answer answer[2], struct compare_columns *columns)
{
	const char *name;

	for (unsigned int result = 0; (name = mmu_result_name((enum mmu_result)result)); result++) {
		if (result == MMU_RESULT_MAPPED)
			continue;
		compare_begin(columns);
		for (unsigned int i = 0; i < 2; i++) {
			uint64_t entries, bytes = mmu_stat_bytes(answer[i].stat,
								 (enum mmu_result)result, &entries);

			if (entries)
				fprintf(columns->side[i], "%" PRIu64 " %s, %s\n", entries,
					entries == 1 ? "entry" : "entries", stat_amount(bytes));
		}
		compare_end(columns, name);
	}
}

static void tlb_text(const struct stat_options *options, const struct stat_answer answer[2],
		     struct compare_columns *columns)
{
	char label[40];

	for (size_t n = 0; n < options->nr_tlb; n++) {
		compare_begin(columns);
		for (unsigned int i = 0; i < 2; i++) {
			uint64_t reach = mmu_stat_tlb_reach(answer[i].stat, options->tlb[n]);

			fprintf(columns->side[i], "%s at best, %.1f%% of what is mapped\n",
				stat_amount(reach),
				percent(reach, mmu_stat_get(answer[i].stat)->mapped_bytes));
		}
		snprintf(label, sizeof(label), "TLB of %" PRIu64, options->tlb[n]);
		compare_end(columns, label);
	}
}

void stat_sides_text(const struct stat_options *options, const struct compare *sides,
		     const struct stat_answer answer[2])
{
	struct compare_columns columns = { .width = tool_columns() };

	compare_head(sides, &columns);
	compare_begin(&columns);
	for (unsigned int i = 0; i < 2; i++)
		write_mapped(columns.side[i], answer[i].stat);
	compare_end(&columns, "mapped");
	results_text(answer, &columns);
	compare_begin(&columns);
	for (unsigned int i = 0; i < 2; i++)
		write_tables(columns.side[i], &answer[i]);
	compare_end(&columns, "tables");
	levels_text(answer, &columns);
	compare_begin(&columns);
	for (unsigned int i = 0; i < 2; i++)
		write_accounting(columns.side[i], &answer[i]);
	compare_end(&columns, "VmPTE");
	compare_begin(&columns);
	for (unsigned int i = 0; i < 2; i++)
		write_reads(columns.side[i], answer[i].stat);
	compare_end(&columns, "reads");
	tlb_text(options, answer, &columns);
	compare_begin(&columns);
	for (unsigned int i = 0; i < 2; i++)
		write_runs(columns.side[i], answer[i].stat);
	compare_end(&columns, "runs");
}

/* ------------------------------------------------------------------ JSON */

static void level_json(const struct stat_answer *answer, int level)
{
	if (level < 0) {
		json_null(NULL);
		return;
	}
	const struct mmu_stat_level *of = mmu_stat_level_get(answer->stat, (unsigned int)level);

	json_object(NULL);
	json_number("level", level);
	json_string("name", level_name(answer, level));
	json_number("entry_reach", (int64_t)stat_reach(answer, level));
	json_number("tables", (int64_t)of->tables);
	json_number("entries", (int64_t)of->entries);
	json_number("used", (int64_t)of->used);
	json_number("table_bytes", (int64_t)of->table_bytes);
	json_object_end();
}

static void both_json(const char *key, uint64_t first, uint64_t second)
{
	json_array(key);
	json_number(NULL, (int64_t)first);
	json_number(NULL, (int64_t)second);
	json_array_end();
}

void stat_sides_json(const struct stat_options *options, const struct compare *sides,
		     const struct stat_answer answer[2])
{
	const struct mmu_stat_info *info[2] = { mmu_stat_get(answer[0].stat),
						mmu_stat_get(answer[1].stat) };
	struct stat_pair pairs[STAT_PAIRS_MAX];
	size_t nr = stat_pairs(answer, pairs);

	for (unsigned int i = 0; i < 2; i++)
		stat_json(options, &answer[i]);
	json_begin("stat_compare");
	json_array("images");
	for (unsigned int i = 0; i < 2; i++)
		json_string(NULL, sides->side[sides->one_image ? 0 : i].image);
	json_array_end();
	json_array("levels");
	for (size_t n = 0; n < nr; n++) {
		json_object(NULL);
		json_array("sides");
		for (unsigned int i = 0; i < 2; i++)
			level_json(&answer[i], pairs[n].level[i]);
		json_array_end();
		json_object_end();
	}
	json_array_end();
	both_json("mapped_bytes", info[0]->mapped_bytes, info[1]->mapped_bytes);
	both_json("mapped_pages", info[0]->mapped_pages, info[1]->mapped_pages);
	both_json("table_bytes", info[0]->table_bytes, info[1]->table_bytes);
	both_json("page_reads", info[0]->page_reads, info[1]->page_reads);
	both_json("runs", info[0]->runs, info[1]->runs);
	json_end();
}

/* ------------------------------------------------------------------ TSV */

void stat_sides_tsv(const struct stat_answer answer[2])
{
	for (unsigned int i = 0; i < 2; i++)
		stat_tsv(&answer[i], compare_side_name(i));
}
