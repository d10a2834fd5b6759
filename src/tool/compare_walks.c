/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Two walks side by side, as text in two columns. */
#include <inttypes.h>

#include "sides.h"
#include "show.h"

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
	const struct mmu_step_info *at = mmu_step_get(step);
	const struct mmu_entry *entry = mmu_step_entry(step);
	const struct mmu_format *format = regime->format;
	char target[128], rights[6];

	fprintf(out, "%s\n", show_target(regime, step, target));
	if (entry->kind == MMU_KIND_TABLE || entry->kind == MMU_KIND_LEAF) {
		fprintf(out, "rights %s", mmu_rights_text(entry->rights, rights));
		fprintf(out, "  so far %s\n", mmu_rights_text(at->effective, rights));
	}
	write_flags(out, regime, step, false);
	if (at->has_second) {
		fprintf(out, "%s at 0x%" PRIx64 "\n  = 0x%0*" PRIx64 "\n", format->second_name,
			at->second_pa, 2 * format->entry_bytes, at->second);
		write_flags(out, regime, step, true);
	}
	if (entry->note && entry->kind != MMU_KIND_BAD)
		fprintf(out, "note: %s\n", entry->note);
}

static void write_level(FILE *out, const struct compare_side *side, unsigned int number)
{
	const struct mmu_regime *regime = tool_regime(side->space, side->walk);
	const struct mmu_format *format = regime->format;
	const struct mmu_shape *shape = &regime->shape[number];
	const struct mmu_step_info *at;
	const struct mmu_step *step;

	if (number > regime->top_level) {
		fprintf(out, "-\n");
		return;
	}
	fprintf(out, "%s  bits %u:%u  %s of table\n", format->level[number].name,
		shape->shift + shape->index_bits - 1u, shape->shift,
		tool_size(mmu_regime_table_bytes(regime, number)));
	step = mmu_walk_step(side->walk, regime->top_level - number);
	if (!step) {
		fprintf(out, "not reached\n");
		return;
	}
	at = mmu_step_get(step);
	fprintf(out, "table 0x%09" PRIx64 " [%" PRIu64 "]\nslot 0x%" PRIx64 "\n", at->table_pa,
		at->index, at->slot_pa);
	if (!at->readable) {
		fprintf(out, "%s\n", mmu_page_state_name(at->slot_state));
		return;
	}
	fprintf(out, "= 0x%0*" PRIx64 "\n", 2 * format->entry_bytes, at->raw);
	write_entry(out, regime, step);
}

/* ------------------------------------------------------------------ the answer */

static void write_result(FILE *out, const struct compare_side *side)
{
	const struct mmu_walk_info *walk = mmu_walk_get(side->walk);
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
	const struct mmu_vma_info *vma;
	struct mmu_error *error = mmu_space_vma(space, va, &vma);
	char rights[5];

	if (error)
		fprintf(out, "not known: %s\n", mmu_error_message(error));
	else if (vma)
		fprintf(out, "%s %s\n", tool_vma_rights(vma, rights), tool_vma_name(vma));
	mmu_error_destroy(error);
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
		tool_wrapped(words[i].text, "  - ", 4, width);
	}
	if (!any && !same)
		printf("no difference\n");
}

void compare_walks_text(const struct compare *compare, const struct compare_word *words,
			size_t nr_words)
{
	const struct compare_side *side = compare->side;
	struct compare_columns columns = { .width = tool_columns() };
	const struct mmu_walk_info *info[2] = { mmu_walk_get(side[0].walk),
						mmu_walk_get(side[1].walk) };
	unsigned int levels = 0;

	/* the answer first; what it comes from fills a screen */
	print_words(words, nr_words, false, columns.width);
	print_words(words, nr_words, true, columns.width);
	printf("\n");
	compare_head(compare, &columns);
	compare_begin(&columns);
	for (unsigned int i = 0; i < 2; i++) {
		unsigned int own = tool_regime(side[i].space, side[i].walk)->top_level + 1u;

		levels = own > levels ? own : levels;
		fprintf(columns.side[i], "0x%" PRIx64 "\n", info[i]->va);
		write_vma(columns.side[i], side[i].space, info[i]->va);
	}
	compare_end(&columns, "address");
	compare_translations_text(compare, &columns);
	for (unsigned int i = 0; i < 2; i++) {
		printf("\n%s 0x%" PRIx64 "\n", compare_side_name(i), info[i]->va);
		show_ruler(mmu_space_arch(side[i].space), tool_regime(side[i].space, side[i].walk),
			   info[i]->va);
	}
	for (unsigned int level = levels; level-- > 0;) {
		char label[32];

		snprintf(label, sizeof(label), "level %u", level);
		printf("\n");
		compare_begin(&columns);
		for (unsigned int i = 0; i < 2; i++)
			write_level(columns.side[i], &side[i], level);
		columns.colour = tool_level_colour(level);
		compare_end(&columns, label);
	}
	printf("\n");
	compare_begin(&columns);
	for (unsigned int i = 0; i < 2; i++)
		fprintf(columns.side[i], "%u entries read, %s of tables\n", info[i]->nr_steps,
			tool_size(compare_path_bytes(&side[i])));
	compare_end(&columns, "path");
	compare_begin(&columns);
	for (unsigned int i = 0; i < 2; i++)
		write_result(columns.side[i], &side[i]);
	compare_end(&columns, "result");
}
