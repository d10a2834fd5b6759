/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What mmuscope compare finds, as JSON Lines. */
#include "compare.h"
#include "show.h"

static void side_json(const struct compare_side *side, const char *image)
{
	const struct mmu_regime *regime = mmu_space_regime(side->space);

	json_string("image", image);
	json_string("arch", mmu_space_arch(side->space)->name);
	json_string("format", regime->format->name);
	json_hex("root_pa", regime->root_pa);
	if (mmu_space_task(side->space))
		json_number("pid", tool_space_pid(side->space));
}

static const char *image_of(const struct compare *compare, unsigned int side)
{
	return compare->side[compare->one_image ? 0 : side].image;
}

static void format_json(const struct compare *compare)
{
	char formats[320];

	if (compare_formats(compare, formats)[0])
		json_string("formats", formats);
	else
		json_null("formats");
}

/* ------------------------------------------------------------------ walks */

static void levels_json(const struct mmu_regime *regime)
{
	json_array("levels");
	for (unsigned int level = regime->top_level + 1u; level-- > 0;) {
		json_object(NULL);
		json_number("level", level);
		json_string("name", regime->format->level[level].name);
		json_number("shift", regime->shape[level].shift);
		json_number("index_bits", regime->shape[level].index_bits);
		json_number("table_bytes", (int64_t)mmu_table_bytes(regime, level));
		json_object_end();
	}
	json_array_end();
}

static void words_json(const struct compare_word *words, size_t nr, bool same)
{
	for (size_t i = 0; i < nr; i++) {
		if (words[i].same != same)
			continue;
		json_object(NULL);
		json_string("what", words[i].what);
		json_string("text", words[i].text);
		json_object_end();
	}
}

void compare_walks_json(const struct compare *compare, const struct compare_word *words,
			size_t nr_words)
{
	json_begin("compare");
	json_string("kind", "walks");
	json_array("sides");
	for (unsigned int i = 0; i < 2; i++) {
		const struct compare_side *side = &compare->side[i];
		const struct mmu_regime *regime = show_regime(side->space, &side->walk);

		json_object(NULL);
		side_json(side, image_of(compare, i));
		json_hex("va", side->walk.va);
		levels_json(regime);
		json_number("entries_read", side->walk.nr_steps);
		json_number("path_bytes", (int64_t)compare_path_bytes(side));
		json_array("steps");
		for (unsigned int step = 0; step < side->walk.nr_steps; step++)
			show_step_json(regime, &side->walk.steps[step]);
		json_array_end();
		show_result_json(&side->walk);
		json_object_end();
	}
	json_array_end();
	format_json(compare);
	json_array("common");
	words_json(words, nr_words, true);
	json_array_end();
	json_array("differences");
	words_json(words, nr_words, false);
	json_array_end();
	json_end();
}

/* ------------------------------------------------------------------ spaces */

static void totals_json(const struct mmu_regime *regime, const struct mmu_totals *totals)
{
	json_bool("complete", totals->leaves.end == MMU_LEAVES_ALL);
	json_array("tables");
	for (unsigned int level = regime->top_level + 1u; level-- > 0;) {
		json_object(NULL);
		json_number("level", level);
		json_string("name", regime->format->level[level].name);
		json_number("count", (int64_t)totals->leaves.tables[level]);
		json_number("missing", (int64_t)totals->leaves.missing[level]);
		json_object_end();
	}
	json_array_end();
	json_number("table_bytes", (int64_t)totals->table_bytes);
	json_array("page_sizes");
	for (unsigned int i = 0; i < totals->nr_mapped; i++) {
		json_object(NULL);
		json_number("page_size", (int64_t)totals->mapped[i].page_bytes);
		json_number("pages", (int64_t)totals->mapped[i].pages);
		json_object_end();
	}
	json_array_end();
	json_array("results");
	for (unsigned int result = 0; result < MMU_RESULT_COUNT; result++) {
		if (!totals->pages[result])
			continue;
		json_object(NULL);
		json_string("result", mmu_result_name(result));
		json_number("entries", (int64_t)totals->pages[result]);
		json_number("bytes", (int64_t)totals->bytes[result]);
		json_object_end();
	}
	json_array_end();
}

static void summary_json(const struct compare *compare, const struct mmu_comparison *comparison)
{
	json_begin("compare");
	json_string("kind", "spaces");
	json_array("sides");
	for (unsigned int i = 0; i < 2; i++) {
		const struct compare_side *side = &compare->side[i];

		json_object(NULL);
		side_json(side, image_of(compare, i));
		json_hex("first", compare->range[i].first_va);
		json_hex("last", compare->range[i].last_va);
		totals_json(mmu_space_regime(side->space), &comparison->totals[i]);
		json_object_end();
	}
	json_array_end();
	format_json(compare);
	json_bool("by_address", comparison->by_address);
	json_bool("by_frame", comparison->by_frame);
	json_number("same_bytes", (int64_t)comparison->same_bytes);
	json_array("changes");
	for (unsigned int bit = 0; bit < MMU_CHANGES_COUNT; bit++) {
		if (!comparison->changed_bytes[bit])
			continue;
		json_object(NULL);
		json_string("change", mmu_change_name(1u << bit));
		json_number("bytes", (int64_t)comparison->changed_bytes[bit]);
		json_object_end();
	}
	json_array_end();
	json_number("shared_bytes", (int64_t)comparison->shared_bytes);
	json_end();
}

static void range_json(const struct mmu_range *range)
{
	char rights[6];

	json_object(NULL);
	json_string("result", mmu_result_name(range->result));
	if (range->has_pa) {
		json_hex("pa", range->pa);
		json_number("page_size", (int64_t)range->page_bytes);
	}
	json_string("rights", mmu_rights_text(range->rights, rights));
	if (range->has_swap) {
		json_object("swap");
		json_number("type", range->swap_type);
		json_number("offset", (int64_t)range->swap_offset);
		json_object_end();
	}
	if (range->has_target)
		json_hex("target_pa", range->target_pa);
	json_object_end();
}

static void difference_json(const struct mmu_difference *difference)
{
	json_begin("compare");
	json_string("kind", "difference");
	json_hex("first", difference->first_va);
	json_hex("last", difference->last_va);
	json_array("changes");
	for (unsigned int bit = 0; bit < MMU_CHANGES_COUNT; bit++)
		if (difference->changes >> bit & 1)
			json_string(NULL, mmu_change_name(1u << bit));
	json_array_end();
	json_array("sides");
	for (unsigned int i = 0; i < 2; i++)
		range_json(&difference->side[i]);
	json_array_end();
	json_end();
}

static void shared_json(const struct mmu_shared_frames *frames)
{
	char rights[6];

	json_begin("compare");
	json_string("kind", "shared");
	json_hex("first_pa", frames->first_pa);
	json_hex("last_pa", frames->last_pa);
	json_array("sides");
	for (unsigned int i = 0; i < 2; i++) {
		json_object(NULL);
		json_hex("va", frames->va[i]);
		json_number("times", (int64_t)frames->times[i]);
		json_string("rights", mmu_rights_text(frames->rights[i], rights));
		json_object_end();
	}
	json_array_end();
	json_end();
}

void compare_spaces_json(const struct compare *compare, const struct mmu_comparison *comparison)
{
	summary_json(compare, comparison);
	for (size_t i = 0; i < comparison->nr_differences && !tool_interrupted(); i++)
		difference_json(&comparison->differences[i]);
	for (size_t i = 0; i < comparison->nr_shared && !tool_interrupted(); i++)
		shared_json(&comparison->shared[i]);
}
