/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The tables of a space, level by level. */
#ifndef MMU_TOOL_TABLE_LIST_H
#define MMU_TOOL_TABLE_LIST_H

#include "tool.h"

/** One table, as one entry leads to it. */
struct table_node {
	const struct mmu_regime *regime;
	uint64_t table_pa;
	uint64_t va;          /**< of index 0; of a hashed table 0 */
	uint64_t first, last; /**< the indices that count: those of the space's part */
	uint64_t used;        /**< the one through which a walk went, or UINT64_MAX */
	uint64_t tables, pages, software, bad; /**< entries that are not empty, by their kind */
	size_t first_child, nr_children;       /**< in the list of the level below */
	enum mmu_page_state state; /**< of the first entry that could not be read, or PRESENT */
	uint8_t level;
	uint8_t rights; /**< of the path to it */
	bool root;      /**< no entry leads to it */
	bool same_root; /**< the table of an earlier root, for other addresses */
	bool again;     /**< at this level another entry leads to it, too, and was first */
};

struct table_level {
	struct table_node *nodes;
	size_t nr;
};

struct table_list {
	struct table_level level[MMU_LEVELS_MAX];
	size_t nr;       /**< of all levels */
	bool too_many;   /**< there are more, which are not listed */
	bool unreadable; /**< some entry could not be read */
};

/** Addresses, ends inclusive. */
struct table_part {
	uint64_t first_va, last_va;
};

/**
 * List the tables that translate a part of a space, in the order of addresses. Each is read once;
 * one that is reached again is listed without being read. Ends early when SIGINT has come.
 * @param ret  to be released with table_list_release()
 */
void table_list_gather(struct mmu_space *space, const struct table_part *part,
		       struct table_list *ret);
/** The same of the tables that one walk went through. */
void table_list_gather_path(struct mmu_space *space, const struct table_part *part,
			    const struct mmu_walk *walk, struct table_list *ret);
void table_list_release(struct table_list *list);

/** Entries of the node that are not empty. */
static inline uint64_t table_node_used(const struct table_node *node)
{
	return node->tables + node->pages + node->software + node->bad;
}

#endif
