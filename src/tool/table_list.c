/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The tables of a space, level by level. */
#include <stdlib.h>

#include "show.h"
#include "table_list.h"

/* Tables of 8 GiB of memory, which map 4 TiB in pages of 4 KiB; a node has about 128 bytes. */
#define NODES_MAX ((size_t)1 << 21)

static bool is_hashed(const struct mmu_regime *regime)
{
	return regime->format->kind == MMU_FORMAT_HASHED;
}

/* Cut the table's indices to those that translate the part. @return false: none does */
static bool clip(struct table_node *node, const struct table_part *part)
{
	const struct mmu_shape *shape = &node->regime->shape[node->level];
	uint64_t first_va = part->first_va, last_va = part->last_va;
	uint64_t entry_last = ((uint64_t)1 << shape->shift) - 1;
	uint64_t node_last;

	if (is_hashed(node->regime))
		return true;
	if (first_va < node->regime->first_va)
		first_va = node->regime->first_va;
	if (last_va > node->regime->last_va)
		last_va = node->regime->last_va;
	node_last = node->va + (node->last << shape->shift) + entry_last;
	if (first_va > last_va || last_va < node->va + (node->first << shape->shift) ||
	    first_va > node_last)
		return false;
	if (first_va > node->va + (node->first << shape->shift))
		node->first = (first_va - node->va) >> shape->shift;
	if (last_va < node_last)
		node->last = (last_va - node->va) >> shape->shift;
	return true;
}

static struct table_node *append(struct table_list *list, const struct table_node *node)
{
	struct table_level *level = &list->level[node->level];

	if (list->nr == NODES_MAX) {
		list->too_many = true;
		return NULL;
	}
	if (!(level->nr & (level->nr - 1))) {
		level->nodes = reallocarray(level->nodes, level->nr ? 2 * level->nr : 1,
					    sizeof(*level->nodes));
		if (!level->nodes)
			tool_no_memory();
	}
	list->nr++;
	level->nodes[level->nr] = *node;
	return &level->nodes[level->nr++];
}

static void append_child(struct table_list *list, const struct table_part *part,
			 struct table_node *parent, const struct mmu_step *step)
{
	const struct mmu_step_info *at = mmu_step_get(step);
	const struct mmu_entry *entry = mmu_step_entry(step);
	const struct mmu_regime *regime = parent->regime;
	struct table_node node = {
		.regime = regime,
		.table_pa = entry->pa,
		.va = parent->va + (at->index << regime->shape[at->level].shift),
		.last = ((uint64_t)1 << regime->shape[at->level - 1].index_bits) - 1,
		.used = UINT64_MAX,
		.level = (uint8_t)(at->level - 1),
		.rights = parent->rights & entry->rights,
	};

	if (entry->next_count) { /* the table is shorter than its level */
		uint64_t last = entry->next_first + (entry->next_count - 1);

		node.first = entry->next_first;
		if (last >= node.first && last < node.last)
			node.last = last;
	}
	if (clip(&node, part) && append(list, &node))
		parent->nr_children++;
}

/* Count a table's entries, and list the tables that they lead to. */
static void read_node(struct table_list *list, const struct table_part *part,
		      struct mmu_space *space, struct table_node *node, bool descend)
{
	struct mmu_entries *entries = tool_entries_open(space, node->regime, node->level,
							node->table_pa);
	const struct mmu_step *step;

	node->first_child = node->level ? list->level[node->level - 1].nr : 0;
	while ((step = mmu_entries_next(entries)) && mmu_step_get(step)->index <= node->last) {
		if (mmu_step_get(step)->index < node->first)
			continue;
		switch (mmu_step_entry(step)->kind) {
		case MMU_KIND_TABLE:
			node->tables++;
			if (descend && node->level)
				append_child(list, part, node, step);
			break;
		case MMU_KIND_LEAF:
			node->pages++;
			break;
		case MMU_KIND_SOFTWARE:
			node->software++;
			break;
		default:
			node->bad++;
			break;
		}
	}
	node->state = mmu_entries_state(entries);
	list->unreadable |= node->state != MMU_PAGE_PRESENT;
	mmu_entries_close(entries);
}

/* By table, then as they came. */
static int by_table(const void *first, const void *second)
{
	const struct table_node *a = *(struct table_node *const *)first,
				*b = *(struct table_node *const *)second;

	if (a->regime != b->regime)
		return a->regime < b->regime ? -1 : 1;
	if (a->table_pa != b->table_pa)
		return a->table_pa < b->table_pa ? -1 : 1;
	return a < b ? -1 : a > b;
}

static void mark_again(struct table_level *level)
{
	struct table_node **order = calloc(level->nr + 1, sizeof(struct table_node *));

	if (!order)
		tool_no_memory();
	for (size_t i = 0; i < level->nr; i++)
		order[i] = &level->nodes[i];
	qsort(order, level->nr, sizeof(struct table_node *), by_table);
	for (size_t i = 1; i < level->nr; i++)
		order[i]->again = order[i]->regime == order[i - 1]->regime &&
				  order[i]->table_pa == order[i - 1]->table_pa;
	free(order);
}

static void append_root(struct table_list *list, const struct table_part *part,
			const struct mmu_regime *regime)
{
	unsigned int va_bits = mmu_regime_va_bits(regime);
	struct table_node node = { .regime = regime,
				   .table_pa = regime->root_pa,
				   .used = UINT64_MAX,
				   .root = true,
				   .level = regime->top_level,
				   .rights = regime->rights };

	if (is_hashed(regime)) {
		node.last = regime->nr_slots - 1;
	} else {
		node.va = va_bits < 64 ? regime->first_va & UINT64_MAX << va_bits : 0;
		node.last = ((uint64_t)1 << regime->shape[node.level].index_bits) - 1;
	}
	for (size_t i = 0; i < list->level[node.level].nr; i++)
		node.same_root |= list->level[node.level].nodes[i].table_pa == node.table_pa;
	if (clip(&node, part))
		append(list, &node);
}

void table_list_gather(struct mmu_space *space, const struct table_part *part,
		       struct table_list *ret)
{
	const struct mmu_regime *regime;

	*ret = (struct table_list){ .nr = 0 };
	for (size_t n = 0; (regime = mmu_space_regime(space, n)); n++)
		append_root(ret, part, regime);
	for (unsigned int level = MMU_LEVELS_MAX; level-- > 0;) {
		struct table_level *list = &ret->level[level];

		mark_again(list);
		for (size_t i = 0; i < list->nr && !tool_interrupted(); i++)
			if (!list->nodes[i].again)
				read_node(ret, part, space, &list->nodes[i], true);
	}
}

void table_list_gather_path(struct mmu_space *space, const struct table_part *part,
			    const struct mmu_walk *walk, struct table_list *ret)
{
	const struct mmu_walk_info *info = mmu_walk_get(walk);
	const struct mmu_regime *regime = info->regime;
	const struct mmu_step *step;
	uint8_t rights = regime ? regime->rights : 0;

	*ret = (struct table_list){ .nr = 0 };
	for (size_t n = 0; (step = mmu_walk_step(walk, n)); n++) {
		const struct mmu_step_info *at = mmu_step_get(step);
		const struct mmu_shape *shape = &regime->shape[at->level];
		struct table_node node = { .regime = regime,
					   .table_pa = at->table_pa,
					   .used = at->index,
					   .level = (uint8_t)at->level,
					   .rights = rights };

		struct show_part shown = show_part_of_table(space, regime, info->va, at, true);

		node.first = shown.first;
		node.last = shown.last;
		if (!is_hashed(regime))
			node.va = (info->va >> shape->shift << shape->shift) -
				  (at->index << shape->shift);
		rights = at->effective;
		if (!clip(&node, part))
			continue;
		struct table_node *kept = append(ret, &node);
		if (kept)
			read_node(ret, part, space, kept, false);
	}
}

void table_list_release(struct table_list *list)
{
	for (unsigned int level = 0; level < MMU_LEVELS_MAX; level++)
		free(list->level[level].nodes);
	*list = (struct table_list){ .nr = 0 };
}
