/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What mmuscope stat counted, for programs; and how it agrees with the kernel's count. */
#include "stat.h"

struct stat_verdict stat_judge(const struct stat_answer *answer)
{
	const struct mmu_stat_info *info = mmu_stat_get(answer->stat);
	struct stat_verdict ret = { .how = STAT_NOT_KNOWN };
	uint64_t deposited;

	if (!answer->counted || !info->nr_levels)
		return ret;
	ret.difference_bytes = (int64_t)(answer->counted_bytes - info->linux_bytes);
	ret.how = ret.difference_bytes ? STAT_DIFFERS : STAT_EQUAL;
	if (ret.difference_bytes <= 0 || !info->page_tables)
		return ret;
	deposited = (uint64_t)ret.difference_bytes / info->page_tables;
	if (deposited * info->page_tables == (uint64_t)ret.difference_bytes &&
	    deposited <= info->huge_entries) {
		ret.how = STAT_DEPOSITED;
		ret.deposited = deposited;
	}
	return ret;
}

static const char *verdict_name(const struct stat_verdict *verdict)
{
	static const char *const names[] = { "not-known", "equal", "deposited", "differs" };

	return names[verdict->how];
}

static void levels_json(const struct stat_answer *answer)
{
	const struct mmu_stat_level *level;

	json_array("levels");
	for (unsigned int i = mmu_stat_get(answer->stat)->nr_levels; i-- > 0;) {
		level = mmu_stat_level_get(answer->stat, i);
		json_object(NULL);
		json_number("level", i);
		json_string("name", answer->regime->format->level[i].name);
		json_number("tables", (int64_t)level->tables);
		json_number("missing", (int64_t)level->missing);
		json_number("entries", (int64_t)level->entries);
		json_number("used", (int64_t)level->used);
		json_number("empty_tables", (int64_t)level->empty);
		json_number("table_bytes", (int64_t)level->table_bytes);
		json_array("fill");
		for (unsigned int n = 0; n < MMU_STAT_FILLS; n++)
			json_number(NULL, (int64_t)level->fill[n]);
		json_array_end();
		json_object_end();
	}
	json_array_end();
}

static void results_json(const struct mmu_stat *stat)
{
	uint64_t entries, bytes, pages, page_bytes;
	const char *name;

	json_array("by_result");
	for (unsigned int i = 0; (name = mmu_result_name((enum mmu_result)i)); i++) {
		bytes = mmu_stat_bytes(stat, (enum mmu_result)i, &entries);
		if (!entries)
			continue;
		json_object(NULL);
		json_string("result", name);
		json_number("entries", (int64_t)entries);
		json_number("bytes", (int64_t)bytes);
		json_object_end();
	}
	json_array_end();
	json_array("by_page_size");
	for (size_t n = 0; mmu_stat_mapped(stat, n, &page_bytes, &pages); n++) {
		json_object(NULL);
		json_number("page_size", (int64_t)page_bytes);
		json_number("pages", (int64_t)pages);
		json_object_end();
	}
	json_array_end();
}

static void memory_json(const struct stat_answer *answer)
{
	const struct mmu_stat_info *info = mmu_stat_get(answer->stat);
	struct stat_verdict verdict = stat_judge(answer);

	json_number("table_bytes", (int64_t)info->table_bytes);
	json_number("linux_bytes", (int64_t)info->linux_bytes);
	if (answer->counted)
		json_number("counted_bytes", (int64_t)answer->counted_bytes);
	else
		json_null("counted_bytes");
	json_string("accounting", verdict_name(&verdict));
	if (verdict.how == STAT_DEPOSITED)
		json_number("deposited_tables", (int64_t)verdict.deposited);
}

void stat_json(const struct stat_options *options, const struct stat_answer *answer)
{
	const struct mmu_stat_info *info = mmu_stat_get(answer->stat);

	json_begin("stat");
	if (answer->pid >= 0)
		json_number("pid", answer->pid);
	if (answer->comm)
		json_string("comm", answer->comm);
	json_number("spaces", (int64_t)answer->spaces);
	json_string("arch", answer->arch->name);
	json_string("format", answer->regime->format->name);
	levels_json(answer);
	results_json(answer->stat);
	memory_json(answer);
	json_number("mapped_pages", (int64_t)info->mapped_pages);
	json_number("mapped_bytes", (int64_t)info->mapped_bytes);
	json_number("page_reads", (int64_t)info->page_reads);
	json_number("byte_reads", (int64_t)info->byte_reads);
	json_number("base_page_size", (int64_t)1 << info->page_lg2);
	json_number("runs", (int64_t)info->runs);
	json_number("longest_run_bytes", (int64_t)info->longest_run_bytes);
	json_array("run_counts");
	for (unsigned int n = 0; n < MMU_STAT_RUNS; n++)
		json_number(NULL, (int64_t)info->run_counts[n]);
	json_array_end();
	json_array("tlb");
	for (size_t i = 0; i < options->nr_tlb && answer->spaces == 1; i++) {
		json_object(NULL);
		json_number("entries", (int64_t)options->tlb[i]);
		json_number("reach_bytes",
			    (int64_t)mmu_stat_tlb_reach(answer->stat, options->tlb[i]));
		json_object_end();
	}
	json_array_end();
	json_bool("complete", info->ended == MMU_LEAVES_ALL);
	json_end();
}

void stat_tsv_header(bool with)
{
	tsv_header(with ? "side pid comm level name tables missing entries used empty_tables "
			  "table_bytes linux_bytes counted_bytes accounting"
			: "pid comm level name tables missing entries used empty_tables "
			  "table_bytes linux_bytes counted_bytes accounting");
}

void stat_tsv(const struct stat_answer *answer, const char *side)
{
	const struct mmu_stat_info *info = mmu_stat_get(answer->stat);
	struct stat_verdict verdict = stat_judge(answer);

	for (unsigned int i = info->nr_levels; i-- > 0;) {
		const struct mmu_stat_level *level = mmu_stat_level_get(answer->stat, i);

		if (side)
			tsv_text(side);
		tsv_number(answer->pid >= 0, answer->pid);
		tsv_text(answer->comm);
		tsv_number(true, i);
		tsv_text(answer->regime->format->level[i].name);
		tsv_number(true, (int64_t)level->tables);
		tsv_number(true, (int64_t)level->missing);
		tsv_number(true, (int64_t)level->entries);
		tsv_number(true, (int64_t)level->used);
		tsv_number(true, (int64_t)level->empty);
		tsv_number(true, (int64_t)level->table_bytes);
		tsv_number(true, (int64_t)info->linux_bytes);
		tsv_number(answer->counted, (int64_t)answer->counted_bytes);
		tsv_text(verdict_name(&verdict));
		tsv_end();
	}
}
