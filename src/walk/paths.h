/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Paths through upper tables that walks have taken, where tables do not change. */
#ifndef MMU_WALK_PATHS_H
#define MMU_WALK_PATHS_H

#include "walk/walk.h"

/** What the leaves of a level say whose words have these bits beside their addresses. */
struct mmu_path_leaf {
	uint64_t other;
	struct mmu_entry entry; /**< of the word whose address is 0 */
};

/** Of a power of two. */
#define MMU_PATH_LEAVES_LG2 4u

/** Leaves of level 0 of a regime, decoded once. */
struct mmu_path_leaves {
	uint64_t address; /**< the bits of a word that are its address: see mmu_format.alike() */
	unsigned int up;  /**< from there to where its page lies */
	bool known;       /**< else nothing is decoded once */
	struct mmu_path_leaf leaf[1u << MMU_PATH_LEAVES_LG2];
};

/** An entry that leads to a table, and what a walk that came there knows. */
struct mmu_path {
	const struct mmu_regime *regime; /**< NULL: not used */
	uint64_t prefix;                 /**< the address without what the tables below translate */
	/** The table that it leads to, if that has leaves alone and lies in place; else NULL. */
	const uint8_t *words;
	struct mmu_path_leaves *leaves; /**< beside words */
	struct mmu_step step;
};

/** Of a power of two: as many tables of leaves, 4 GiB in pages of 4 KiB. */
#define MMU_PATHS_LG2 11u

/** For one thread. Large, and mostly not touched: only who walks often should have it. */
struct mmu_paths {
	uint64_t serial; /**< no other paths have or had it; never 0 */
	struct mmu_path path[1u << MMU_PATHS_LG2];
	struct mmu_path_leaves leaves[MMU_REGIMES_MAX];
};

/**
 * Paths of the regimes that a walker has, in an image that is not live: nothing is read again.
 * @return NULL: no memory
 */
struct mmu_paths *mmu_paths_create(const struct mmu_regimes *regimes);
/** Accepts NULL. */
void mmu_paths_destroy(struct mmu_paths *paths);

static inline struct mmu_path *mmu_path_of(struct mmu_paths *paths, unsigned int level,
					   uint64_t prefix)
{
	/* neighbours lie side by side; upper levels, which are few, apart from them */
	return &paths->path[(prefix + level * 389u) & ((1u << MMU_PATHS_LG2) - 1)];
}

/** The entry that a walk of `va` meets at a level above 0; NULL: it must be read. */
static inline const struct mmu_path *mmu_paths_find(struct mmu_paths *paths,
						    const struct mmu_regime *regime,
						    unsigned int level, uint64_t va)
{
	uint64_t prefix = va >> regime->shape[level].shift;
	const struct mmu_path *path = mmu_path_of(paths, level, prefix);

	return path->prefix == prefix && path->regime == regime && path->step.level == level ? path
											     : NULL;
}

/** Keep a step that led to a table, restricted. @return where it is kept */
const struct mmu_path *mmu_paths_keep(const struct mmu_walker *walker,
				      const struct mmu_regime *regime, uint64_t va,
				      const struct mmu_step *step);

static inline struct mmu_path_leaf *mmu_path_leaf_of(struct mmu_path_leaves *leaves, uint64_t raw)
{
	uint64_t hash = (raw & ~leaves->address) * UINT64_C(0x9e3779b97f4a7c15);

	return &leaves->leaf[hash >> (64 - MMU_PATH_LEAVES_LG2)];
}

/** Does a leaf say what this word says, but for its address? */
static inline bool mmu_path_leaf_fits(const struct mmu_path_leaves *leaves,
				      const struct mmu_path_leaf *leaf, uint64_t raw)
{
	return leaf->other == (raw & ~leaves->address);
}

/** As decode(), of a word that a leaf fits. */
static inline struct mmu_entry mmu_path_leaf_entry(const struct mmu_path_leaves *leaves,
						   const struct mmu_path_leaf *leaf, uint64_t raw)
{
	struct mmu_entry ret = leaf->entry;

	ret.pa += (raw & leaves->address) << leaves->up;
	return ret;
}

/** As decode(), of an entry of level 0 for which `path->words` is there. */
static inline void mmu_path_decode(const struct mmu_path *path, uint64_t raw, struct mmu_entry *ret)
{
	struct mmu_path_leaves *leaves = path->leaves;
	struct mmu_path_leaf *leaf = mmu_path_leaf_of(leaves, raw);

	if (mmu_path_leaf_fits(leaves, leaf, raw)) {
		*ret = mmu_path_leaf_entry(leaves, leaf, raw);
		return;
	}
	path->regime->format->decode(path->regime, 0, raw, 0, ret);
	/* a word of zeros may be empty where others with nothing beside their address are not */
	if (!leaves->known || ret->kind != MMU_KIND_LEAF || ret->run_lg2 ||
	    !(raw & ~leaves->address))
		return;
	leaf->other = raw & ~leaves->address;
	leaf->entry = *ret;
	leaf->entry.pa -= (raw & leaves->address) << leaves->up;
}

#endif
