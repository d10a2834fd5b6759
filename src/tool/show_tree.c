/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The tables of a space as a drawing that fits a screen. */
#include <inttypes.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "show_tree.h"

/* Lines of a screen whose height nobody tells. */
#define LINES_USUAL 40u
/* What stands above the drawing, and the prompt below it. */
#define LINES_BESIDE 4u
#define CHILDREN_MOST 512u
#define BAR 16u

static unsigned int screen_lines(void)
{
	const char *lines = getenv("LINES");
	struct winsize size;
	uint64_t number;
	unsigned int ret = LINES_USUAL;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row)
		ret = size.ws_row;
	else if (lines && tool_number(lines, &number) && number && number < 10000)
		ret = (unsigned int)number;
	return ret > 2 * LINES_BESIDE ? ret - LINES_BESIDE : LINES_BESIDE;
}

static const struct table_node *child(const struct table_list *list, const struct table_node *node,
				      size_t n)
{
	return &list->level[node->level - 1].nodes[node->first_child + n];
}

/* Lines of a table and what is below it, if of each so many children are drawn. */
static size_t lines_of(const struct table_list *list, const struct table_node *node, size_t most)
{
	size_t ret = 1 + (node->nr_children > most);

	for (size_t i = 0; i < node->nr_children && i < most; i++)
		ret += lines_of(list, child(list, node, i), most);
	return ret;
}

static size_t lines_of_all(const struct table_list *list, size_t most)
{
	size_t ret = 0;

	for (unsigned int level = 0; level < MMU_LEVELS_MAX; level++)
		for (size_t i = 0; i < list->level[level].nr; i++)
			if (list->level[level].nodes[i].root)
				ret += lines_of(list, &list->level[level].nodes[i], most);
	return ret;
}

/* How full a table is: one mark at least where it is not empty. */
static void bar(const struct table_node *node, char ret[BAR + 1])
{
	uint64_t room = node->last - node->first + 1, used = table_node_used(node);
	uint64_t marks = used ? 1 + (used - 1) * BAR / (room ? room : 1) : 0;

	for (unsigned int i = 0; i < BAR; i++)
		ret[i] = i < marks ? '#' : '.';
	ret[BAR] = '\0';
}

static void line(const struct table_node *node, const char *before, const char *branch)
{
	const struct mmu_regime *regime = node->regime;
	uint64_t room = node->last - node->first + 1;
	unsigned int shift = regime->shape[node->level].shift;
	char marks[BAR + 1];

	bar(node, marks);
	printf("%s%s%s%s%s 0x%" PRIx64, before, branch, tool_level_colour(node->level),
	       regime->format->level[node->level].name, tool_colour(TOOL_PLAIN), node->table_pa);
	if (regime->format->kind != MMU_FORMAT_HASHED)
		printf("  for 0x%" PRIx64, node->va + (node->first << shift));
	if (node->again) {
		printf("  drawn above\n");
		return;
	}
	printf("  %s %" PRIu64 "/%" PRIu64, marks, table_node_used(node), room);
	if (node->pages)
		printf(", %" PRIu64 " x %s", node->pages, tool_size((uint64_t)1 << shift));
	if (node->software)
		printf(", %" PRIu64 " not present", node->software);
	if (node->bad)
		printf(", %" PRIu64 " bad", node->bad);
	if (node->state != MMU_PAGE_PRESENT)
		printf(", %s", mmu_page_state_name(node->state));
	printf("\n");
}

/* The tables from the n-th child on that are not drawn. */
static void rest(const struct table_list *list, const struct table_node *node, size_t n,
		 const char *before)
{
	uint64_t used = 0, of = 0;

	for (size_t i = n; i < node->nr_children; i++) {
		const struct table_node *at = child(list, node, i);

		used += table_node_used(at);
		of += at->last - at->first + 1;
	}
	printf("%s`- %zu more, with %" PRIu64 " of %" PRIu64 " entries used\n", before,
	       node->nr_children - n, used, of);
}

static void draw(const struct table_list *list, const struct table_node *node, size_t most,
		 const char *before, const char *branch)
{
	char below[4 * MMU_LEVELS_MAX + 1];

	line(node, before, branch);
	snprintf(below, sizeof(below), "%s%s", before,
		 !branch[0]         ? ""
		 : branch[0] == '|' ? "|  "
				    : "   ");
	for (size_t i = 0; i < node->nr_children && i < most; i++)
		draw(list, child(list, node, i), most, below,
		     i + 1 < node->nr_children ? "|- " : "`- ");
	if (node->nr_children > most)
		rest(list, node, most, below);
}

void show_tree(const struct table_list *list)
{
	unsigned int lines = screen_lines();
	size_t most = SIZE_MAX;

	while (most > 1 && lines_of_all(list, most) > lines)
		most = most > CHILDREN_MOST ? CHILDREN_MOST : most - 1 - most / 8;
	for (unsigned int level = MMU_LEVELS_MAX; level-- > 0;)
		for (size_t i = 0; i < list->level[level].nr; i++)
			if (list->level[level].nodes[i].root)
				draw(list, &list->level[level].nodes[i], most, "", "");
}
