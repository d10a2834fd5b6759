/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file mmuscope compare: two walks, or two whole spaces, side by side. */
#include <stdlib.h>
#include <string.h>

#include "confine.h"
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

static void parse_range(struct compare *compare, const char *arg, struct argp_state *state)
{
	char *copy = strdup(arg), *dash = copy ? strchr(copy, '-') : NULL;

	if (dash)
		*dash++ = '\0';
	if (!dash || !tool_hex(copy, &compare->range[0].first_va) ||
	    !tool_hex(dash, &compare->range[0].last_va) ||
	    compare->range[0].first_va > compare->range[0].last_va)
		argp_error(state,
			   "--range %s: two addresses with a '-' between them, the lower "
			   "one first",
			   arg);
	compare->range[1] = compare->range[0];
	compare->has_range = true;
	free(copy);
}

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
		parse_range(compare, arg, state);
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
	fprintf(stderr, "mmuscope compare: %s\n'mmuscope compare --help' tells more.\n", message);
	return TOOL_USAGE;
}

/* Does the second side have options that only an image has? */
static bool has_image_options(const struct tool *own)
{
	struct tool none;

	tool_init(&none);
	return memcmp(&own->options, &none.options, sizeof(none.options)) != 0;
}

/* The second side takes from the first what it leaves out. */
static int complete_second(struct compare *compare)
{
	struct compare_side *first = &compare->side[0], *second = &compare->side[1];
	struct mmu_space_query *query = &second->space_options.query;
	const struct mmu_options *image = &first->tool->options;

	if (!second->image && has_image_options(&second->own))
		return usage("after --with, options of an image go with --image");
	if (!second->image && !second->address && !second->space_options.chosen && !query->flags)
		return usage("compare with what? --with ADDRESS, --with --pid PID, --with --image "
			     "FILE");
	if (second->address && !first->address)
		return usage("an address on the second side needs one on the first");
	if (!second->address)
		second->address = first->address;
	if (compare->tool->tsv && (second->address || compare->tool->json || second->own.json))
		return usage("--tsv is for whole spaces, without --json");
	if (!second->space_options.chosen) {
		uint32_t flags = query->flags;

		second->space_options = first->space_options;
		query->flags |= flags;
	} else if (!second->image && query->by == MMU_SPACE_PGD && !query->format) {
		query->format = first->space_options.query.format;
	}
	compare->tool->json |= second->own.json;
	compare->tool->no_sandbox |= second->own.no_sandbox;
	compare->one_image = !second->image;
	second->tool = second->image ? &second->own : first->tool;
	if (compare->one_image)
		return TOOL_OK;
	/* where to look depends on this machine; --ram, --arch and --fact belong to one image */
	if (!second->own.options.vmlinux)
		second->own.options.vmlinux = image->vmlinux;
	if (!second->own.options.plugin_dir)
		second->own.options.plugin_dir = image->plugin_dir;
	if (!second->own.options.debug_dirs)
		second->own.options.debug_dirs = image->debug_dirs;
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
	static const char args_doc[] = "IMAGE [ADDRESS] --with [ADDRESS]";
	struct side_input inputs[2] = { { compare, 0 }, { compare, 1 } };
	struct compare_side *first = &compare->side[0], *second = &compare->side[1];
	int cut = 1;

	while (cut < argc && strcmp(argv[cut], "--with") != 0)
		cut++;
	tool_parse(compare->tool, cut, argv, options, parse, args_doc, doc, &inputs[0],
		   &first->space_options);
	if (!first->image)
		return usage("no image given");
	if (!first->space_options.chosen)
		return usage("whose tables? One of --pid, --comm, --task, --mm, --pgd, --cpu, "
			     "--kernel");
	if (cut == argc)
		return usage("compare with what? The second side stands after --with");
	static char name[] = "compare";
	char *saved = argv[cut];
	argv[cut] = name;
	tool_parse(&second->own, argc - cut, argv + cut, options, parse, args_doc, doc, &inputs[1],
		   &second->space_options);
	argv[cut] = saved;
	return complete_second(compare);
}

/* ------------------------------------------------------------------ both modes */

static int open_side(struct compare_side *side)
{
	uint64_t va;
	int status = tool_space_open(side->tool, &side->space_options, &side->space);
	if (status || !side->address)
		return status;
	status = tool_address(side->tool, side->address, &va);
	if (status)
		return status;
	side->walk = tool_walk_create();
	mmu_space_walk(side->space, va, side->walk);
	return TOOL_OK;
}

/* Both images before any kernel is learnt, for then no more can be opened. */
static int open_sides(struct compare *compare)
{
	struct tool *const tools[] = { compare->side[0].tool, compare->side[1].tool };
	const char *const images[] = { compare->side[0].image, compare->side[1].image };
	size_t nr = compare->one_image ? 1 : 2;
	int status = tool_open_all(tools, images, nr);

	for (unsigned int i = 0; i < 2 && !status; i++) {
		tools[0]->waits = tools[1]->waits = true;
		status = open_side(&compare->side[i]);
	}
	return status ? status : tool_seal_all(tools, nr);
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
		if (!compare->has_range)
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
	struct compare *compare = calloc(1, sizeof(*compare));

	if (!compare)
		return TOOL_UNUSABLE;
	compare->tool = compare->side[0].tool = tool;
	tool_init(&compare->side[1].own);
	int status = parse_sides(compare, argc, argv);
	tool_fold(tool, 2);
	if (!status)
		status = open_sides(compare);
	if (!status)
		status = compare->side[0].address ? compare_walks(compare)
						  : compare_spaces(compare);
	for (unsigned int i = 0; i < 2; i++) {
		mmu_walk_destroy(compare->side[i].walk);
		mmu_space_close(compare->side[i].space);
	}
	status = tool_check_image(&compare->side[1].own, status);
	tool_warn(compare->side[1].own.session);
	tool_close(&compare->side[1].own, status);
	free(compare);
	return status;
}
