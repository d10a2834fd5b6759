/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file mmuscope compare: two walks, or two whole spaces, side by side. */
#include <stdlib.h>
#include <string.h>

#include "sides.h"

enum { KEY_WITH = 0x300, KEY_IMAGE, KEY_ALL, KEY_RANGE };

static const struct argp_option options[] = {
	{ "with", KEY_WITH, NULL, 0,
	  "The second side begins here; what it leaves out, it takes from the first", 1 },
	{ "image", KEY_IMAGE, "FILE", 0, "After --with: the second side's image", 1 },
	{ "range", KEY_RANGE, "FIRST-LAST", 0,
	  "Whole spaces: only these addresses (default: those of the process, or all of a space "
	  "that is none)",
	  1 },
	{ "all", 'a', NULL, 0, "Whole spaces: every difference and every shared frame", 1 },
	TOOL_TSV_OPTION,
	{ 0 },
};

/* ------------------------------------------------------------------ arguments */

struct side_input {
	struct compare *compare;
	unsigned int side;
};

static void parse_argument(const struct side_input *input, char *arg, struct argp_state *state)
{
	struct compare_side *side = &input->compare->side[input->side];

	if (input->side == 0 && !side->image)
		side->image = arg;
	else if (!side->address)
		side->address = arg;
	else
		argp_error(state,
			   "a side has one address: '%s' is too many; the second side "
			   "stands after --with",
			   arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct side_input *input = state->input;
	struct compare *compare = input->compare;

	switch (key) {
	case KEY_WITH: /* the first one was cut off before */
		argp_error(state, "--with stands once, and written out");
		return 0;
	case KEY_IMAGE:
		if (input->side == 0)
			argp_error(state, "--image stands after --with");
		compare->side[1].image = arg;
		return 0;
	case KEY_RANGE:
		compare->range_text = arg;
		return 0;
	case 'a':
		compare->all = true;
		return 0;
	case TOOL_KEY_TSV:
		compare->tool->tsv = true;
		return 0;
	case ARGP_KEY_ARG:
		parse_argument(input, arg, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int usage(const char *message)
{
	return sides_usage("compare", message);
}

/* The second side takes from the first what it leaves out. */
static int complete_second(struct compare *compare)
{
	struct compare_side *first = &compare->side[0], *second = &compare->side[1];
	int status;

	if (second->image || sides_second_is_given(compare)) {
		status = sides_complete(compare, "compare");
		if (status)
			return status;
	} else {
		return usage("compare with what? --with ADDRESS, --with --pid PID, --with --image "
			     "FILE");
	}
	if (second->address && !first->address)
		return usage("an address on the second side needs one on the first");
	if (!second->address)
		second->address = first->address;
	if (compare->tool->tsv && (second->address || compare->tool->json))
		return usage("--tsv is for whole spaces, without --json");
	return TOOL_OK;
}

static int parse_sides(struct compare *compare, int argc, char **argv)
{
	static const char doc[] =
		"Put two walks side by side, level by level, and say what makes the difference; "
		"or, without an ADDRESS, two whole spaces: which pages moved, appeared, went or "
		"have other rights, and which frames both map.\vThe first side stands left of "
		"--with, the second right of it: whose tables, and an ADDRESS (hexadecimal, or a "
		"kernel symbol). The second side takes from the first what it leaves out:\n\n"
		"  compare vmcore -p 1 0x400000 --with 0x401000\n"
		"  compare vmcore -p 1 0x400000 --with -p 2\n"
		"  compare vmcore -p 1 --with -p 2\n"
		"  compare before -p 1 --with --image after\n\n"
		"Exit status 0: they are the same; 1: they differ.";
	struct side_input inputs[2] = { { compare, 0 }, { compare, 1 } };
	const struct sides_parser parser = { .options = options,
					     .parser = parse,
					     .args_doc = "IMAGE [ADDRESS] --with [ADDRESS]",
					     .doc = doc,
					     .input = { &inputs[0], &inputs[1] } };
	struct compare_side *first = &compare->side[0];
	bool with = sides_parse(compare, argc, argv, &parser);

	if (!first->image)
		return usage("no image given");
	if (!first->space_options.chosen)
		return usage("whose tables? One of --pid, --comm, --task, --mm, --pgd, --cpu, "
			     "--kernel");
	if (!with)
		return usage("compare with what? The second side stands after --with");
	return complete_second(compare);
}

/* ------------------------------------------------------------------ both modes */

static int open_side(struct compare_side *side)
{
	uint64_t va;
	int status = sides_open(side);

	if (status || !side->address)
		return status;
	status = tool_address(side->tool, side->address, &va);
	if (status)
		return status;
	side->walk = tool_walk_create();
	mmu_space_walk(side->space, va, side->walk);
	return TOOL_OK;
}

static int open_sides(struct compare *compare)
{
	int status = sides_open_images(compare);

	for (unsigned int i = 0; i < 2 && !status; i++)
		status = open_side(&compare->side[i]);
	if (!status && compare->range_text)
		status = tool_range(compare->tool, compare->range_text, &compare->range[0].first_va,
				    &compare->range[0].last_va);
	compare->range[1] = compare->range[0];
	return status ? status : sides_seal(compare);
}

static int compare_walks(const struct compare *compare)
{
	struct compare_word words[COMPARE_WORDS_MAX];
	size_t nr = compare_words(compare, words);
	int status = TOOL_OK;

	if (compare->tool->json)
		compare_walks_json(compare, words, nr);
	else
		compare_walks_text(compare, words, nr);
	for (size_t i = 0; i < nr; i++)
		if (!words[i].same)
			status = TOOL_ANSWERED;
	return status;
}

/*
 * What is compared unless a range is given: the part of the process. But where one side is the half
 * that user mode runs on, and the other is not, it is the kernel's part that differs.
 */
static void choose_range(struct mmu_space *space, bool whole, struct mmu_part *ret)
{
	const struct mmu_regime *regime;

	mmu_space_extent(space, &ret->first_va, &ret->last_va);
	for (size_t i = 0; whole && (regime = mmu_space_regime(space, i)); i++)
		if (regime->last_va > ret->last_va)
			ret->last_va = regime->last_va;
}

static int compare_spaces(struct compare *compare)
{
	struct mmu_part *range = compare->range;
	const struct mmu_compare_query query = { .size = sizeof(query),
						 .first = &range[0],
						 .second = &range[1] };
	struct mmu_comparison *comparison;
	uint32_t halves = (compare->side[0].space_options.query.flags ^
			   compare->side[1].space_options.query.flags) &
			  MMU_SPACE_USER_HALF;

	for (unsigned int i = 0; i < 2; i++) {
		range[i].size = sizeof(range[i]);
		if (!compare->range_text)
			choose_range(compare->side[i].space, halves, &range[i]);
	}
	tool_catch_interrupt();
	struct mmu_error *error = mmu_compare_spaces(compare->side[0].space, compare->side[1].space,
						     &query, &comparison);
	if (error)
		return tool_fail(compare->tool, error);
	const struct mmu_comparison_info *info = mmu_comparison_get(comparison);
	int status = info->by_address && !info->nr_differences ? TOOL_OK : TOOL_ANSWERED;
	if (compare->tool->json)
		error = compare_spaces_json(compare, comparison);
	else if (compare->tool->tsv)
		error = compare_spaces_tsv(comparison);
	else
		error = compare_spaces_text(compare, comparison);
	mmu_comparison_destroy(comparison);
	return error ? tool_fail(compare->tool, error) : status;
}

int tool_compare(struct tool *tool, int argc, char **argv)
{
	struct compare own = { 0 }, *compare = &own;

	compare->tool = compare->side[0].tool = tool;
	tool_init(&compare->side[1].own);
	int status = parse_sides(compare, argc, argv);
	tool_fold(tool, 2);
	if (!status)
		status = open_sides(compare);
	if (!status)
		status = compare->side[0].address ? compare_walks(compare)
						  : compare_spaces(compare);
	for (unsigned int i = 0; i < 2; i++)
		mmu_walk_destroy(compare->side[i].walk);
	status = sides_close(compare, status);
	return status;
}
