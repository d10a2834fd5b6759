/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What mmuscope compare finds, as JSON Lines. */
#include "sides.h"
#include "show.h"

static void side_json(const struct compare_side *side, const char *image)
{
	const struct mmu_regime *regime = tool_linux_regime(side->space);

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
		const struct mmu_regime *regime = tool_regime(side->space, side->walk);
		const struct mmu_walk_info *info = mmu_walk_get(side->walk);
		const struct mmu_step *step;

		json_object(NULL);
		side_json(side, image_of(compare, i));
		json_hex("va", info->va);
		compare_translation_json(regime);
		json_number("entries_read", info->nr_steps);
		json_number("path_bytes", (int64_t)compare_path_bytes(side));
		json_array("steps");
		for (size_t n = 0; (step = mmu_walk_step(side->walk, n)); n++)
			show_step_json(NULL, regime, step, 0);
		json_array_end();
		show_result_json(side->walk);
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
	uint64_t missing, page_bytes, pages, entries;

	json_bool("complete", mmu_totals_ended(totals) == MMU_LEAVES_ALL);
	json_array("tables");
	for (unsigned int level = regime->top_level + 1u; level-- > 0;) {
		json_object(NULL);
		json_number("level", level);
		json_string("name", regime->format->level[level].name);
		json_number("count", (int64_t)mmu_totals_tables(totals, level, &missing));
		json_number("missing", (int64_t)missing);
		json_object_end();
	}
	json_array_end();
	json_number("table_bytes", (int64_t)mmu_totals_table_bytes(totals));
	json_array("page_sizes");
	for (size_t i = 0; mmu_totals_mapped(totals, i, &page_bytes, &pages); i++) {
		json_object(NULL);
		json_number("page_size", (int64_t)page_bytes);
		json_number("pages", (int64_t)pages);
		json_object_end();
	}
	json_array_end();
	json_array("results");
	for (unsigned int result = 0; mmu_result_name(result); result++) {
		uint64_t bytes = mmu_totals_bytes(totals, result, &entries);

		if (!entries)
			continue;
		json_object(NULL);
		json_string("result", mmu_result_name(result));
		json_number("entries", (int64_t)entries);
		json_number("bytes", (int64_t)bytes);
		json_object_end();
	}
	json_array_end();
}

static void would_take_json(bool fits, uint64_t bytes)
{
	if (fits)
		json_number("would_take_bytes", (int64_t)bytes);
	else
		json_null("would_take_bytes");
}

static struct mmu_error *summary_json(const struct compare *compare,
				      const struct mmu_comparison *comparison)
{
	const struct mmu_comparison_info *info = mmu_comparison_get(comparison);
	bool fits[2] = { false };
	uint64_t taken[2] = { 0 };
	struct mmu_error *error = NULL;

	for (unsigned int i = 0; i < 2 && !error && !compare_one_format(compare); i++)
		error = compare_tables_of_other(compare, !i, &fits[i], &taken[i]);
	if (error)
		return error;
	json_begin("compare");
	json_string("kind", "spaces");
	json_array("sides");
	for (unsigned int i = 0; i < 2; i++) {
		const struct compare_side *side = &compare->side[i];

		json_object(NULL);
		side_json(side, image_of(compare, i));
		json_hex("first", compare->range[i].first_va);
		json_hex("last", compare->range[i].last_va);
		compare_translation_json(tool_linux_regime(side->space));
		totals_json(tool_linux_regime(side->space), mmu_comparison_totals(comparison, i));
		would_take_json(fits[i], taken[i]);
		json_object_end();
	}
	json_array_end();
	format_json(compare);
	json_bool("by_address", info->by_address);
	json_bool("by_frame", info->by_frame);
	json_number("same_bytes", (int64_t)info->same_bytes);
	json_array("changes");
	for (unsigned int change = 1; mmu_change_name(change); change <<= 1) {
		uint64_t bytes = mmu_comparison_changed_bytes(comparison, change);

		if (!bytes)
			continue;
		json_object(NULL);
		json_string("change", mmu_change_name(change));
		json_number("bytes", (int64_t)bytes);
		json_object_end();
	}
	json_array_end();
	json_number("shared_bytes", (int64_t)info->shared_bytes);
	json_end();
	return NULL;
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
	if (range->has_swap)
		show_swap_json(range->swap_type, range->swap_offset, range->assumed);
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
	for (unsigned int change = 1; mmu_change_name(change); change <<= 1)
		if (difference->changes & change)
			json_string(NULL, mmu_change_name(change));
	json_array_end();
	json_array("sides");
	for (unsigned int i = 0; i < 2; i++)
		range_json(mmu_difference_side(difference, i));
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
		const struct mmu_shared_side *side = mmu_shared_frames_side(frames, i);

		json_object(NULL);
		json_hex("va", side->va);
		json_number("times", (int64_t)side->times);
		json_string("rights", mmu_rights_text(side->rights, rights));
		json_object_end();
	}
	json_array_end();
	json_end();
}

struct mmu_error *compare_spaces_json(const struct compare *compare,
				      struct mmu_comparison *comparison)
{
	const struct mmu_difference *difference = NULL;
	const struct mmu_shared_frames *frames;
	struct mmu_differences *differences = NULL;
	struct mmu_shared *shared = NULL;
	struct mmu_error *error = summary_json(compare, comparison);

	if (!error)
		error = mmu_differences_open(comparison, &differences);
	while (!error && !tool_interrupted() &&
	       !(error = mmu_differences_next(differences, &difference)) && difference)
		difference_json(difference);
	mmu_differences_close(differences);
	if (!error)
		error = mmu_shared_open(comparison, &shared);
	while (!error && !tool_interrupted() && (frames = mmu_shared_next(shared)))
		shared_json(frames);
	mmu_shared_close(shared);
	return error;
}
