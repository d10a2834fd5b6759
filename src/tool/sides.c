/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The two sides of --with: which they are, and opening them. */
#include <string.h>

#include "confine.h"
#include "sides.h"

bool sides_parse(struct compare *compare, int argc, char **argv, const struct sides_parser *parser)
{
	struct compare_side *side = compare->side;
	char *name = argv[0], *with;
	int cut = 1;

	while (cut < argc && strcmp(argv[cut], "--with") != 0)
		cut++;
	tool_parse(compare->tool, cut, argv, parser->options, parser->parser, parser->args_doc,
		   parser->doc, parser->input[0], &side[0].space_options);
	if (cut == argc)
		return false;
	with = argv[cut];
	argv[cut] = name;
	tool_parse(&side[1].own, argc - cut, argv + cut, parser->options, parser->parser,
		   parser->args_doc, parser->doc, parser->input[1], &side[1].space_options);
	argv[cut] = with;
	return true;
}

int sides_usage(const char *command, const char *message)
{
	fprintf(stderr, "mmuscope %s: %s\n'mmuscope %s --help' tells more.\n", command, message,
		command);
	return TOOL_USAGE;
}

/* Does the second side have options that only an image has? */
static bool has_image_options(const struct tool *own)
{
	struct tool none;

	tool_init(&none);
	return memcmp(&own->options, &none.options, sizeof(none.options)) != 0;
}

bool sides_second_is_given(const struct compare *compare)
{
	const struct compare_side *second = &compare->side[1];

	/* options of an image without one: sides_complete() says what is wrong with these */
	return second->image || second->address || second->space_options.chosen ||
	       second->space_options.query.flags || has_image_options(&second->own);
}

int sides_complete(struct compare *compare, const char *command)
{
	struct compare_side *first = &compare->side[0], *second = &compare->side[1];
	struct mmu_space_query *query = &second->space_options.query;
	const struct mmu_options *image = &first->tool->options;

	if (!second->image && has_image_options(&second->own))
		return sides_usage(command, "after --with, options of an image go with --image");
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

int sides_open_images(struct compare *compare)
{
	struct tool *const tools[] = { compare->side[0].tool, compare->side[1].tool };
	const char *const images[] = { compare->side[0].image, compare->side[1].image };

	tools[0]->waits = tools[1]->waits = true;
	return tool_open_all(tools, images, compare->one_image ? 1 : 2);
}

int sides_open(struct compare_side *side)
{
	return tool_space_open(side->tool, &side->space_options, &side->space);
}

int sides_seal(const struct compare *compare)
{
	struct tool *const tools[] = { compare->side[0].tool, compare->side[1].tool };

	return tool_seal_all(tools, compare->one_image ? 1 : 2);
}

int sides_close(struct compare *compare, int status)
{
	for (unsigned int i = 0; i < 2; i++)
		mmu_space_close(compare->side[i].space);
	status = tool_check_image(&compare->side[1].own, status);
	tool_warn(compare->side[1].own.session);
	tool_close(&compare->side[1].own, status);
	return status;
}
