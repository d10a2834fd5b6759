/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The ranges of a space, read off its tables: what goes on is compared, not decoded. */
#ifndef MMU_WALK_SWEEP_H
#define MMU_WALK_SWEEP_H

#include "walk/leaves.h"
#include "walk/range.h"
#include "walk/table.h"

struct mmu_sweep;

/** So many ranges are made at once. */
#define MMU_SWEEP_BATCH 128u

/** A range, and what it is made of. */
struct mmu_swept {
	struct mmu_range;
	uint64_t entries; /**< that mmu_walker_leaves() tells: a run counts once */
	uint64_t runs;    /**< of frames side by side: 1, unless the sweep merges */
	uint64_t next_pa; /**< has_pa: behind the last run */
};

/**
 * Correct the answer of an entry that is no leaf, as the caller knows better.
 * @param walk  what mmu_walker_leaves() tells, without its steps
 */
typedef void (*mmu_sweep_correct_fn)(struct mmu_walk *walk, void *context);

/** Pages side by side in a space, with the same rights, wherever they lie. */
struct mmu_sweep_pages {
	uint64_t va, bytes; /**< of the first one; of each */
	const uint64_t *pas;
	size_t nr;
	uint8_t rights;
};

/** @param pages  valid until this returns */
typedef void (*mmu_sweep_pages_fn)(const struct mmu_sweep_pages *pages, void *context);

/** How full a table is, or the part of it that was asked for. */
struct mmu_fill {
	uint64_t read;   /**< entries that could be read */
	uint64_t used;   /**< of these, not empty */
	uint64_t tables; /**< of these, leading to a table */
};

/** A table is behind us. */
typedef void (*mmu_sweep_left_fn)(const struct mmu_regime *regime, unsigned int level,
				  const struct mmu_fill *fill, void *context);

/**
 * What leaves of a level say whose words have these bits beside their addresses: decoded once. The
 * rule is that of mmu_format.alike().
 */
struct mmu_leaf_template {
	uint64_t second_other; /**< all bits of the second word but its address */
	uint64_t between;      /**< second word's address less the first one's, in steps */
	uint64_t pa;           /**< of the page whose word has the address 0 */
	const char *note;
	uint8_t rights;
};

/** Of a power of two. */
#define MMU_TEMPLATES 16u

/** Where a sweep is in the table of a level, and what it knows of that level. */
struct mmu_sweep_level {
	struct mmu_table table;
	uint64_t base_va;     /**< of index 0 */
	uint64_t index, last; /**< the entry that comes next; behind `last` the table is done */
	uint64_t scan_first, scan_end; /**< entries that are wanted whole; end: exclusive */
	uint8_t rights;                /**< of the path above it */
	bool readable;                 /**< some entry so far was */
	struct mmu_fill fill;          /**< of entries before `filled`, if anybody asks */
	uint64_t filled;
	unsigned int shift;
	struct mmu_alike alike; /**< step 0: not known */
	uint64_t carry_free;    /**< address bits from the step's on that lie side by side */
	uint8_t step_lg2, up;   /**< up: from a word's address to its page's */
	/** A template's word but its address; the level's address bits: there is none. */
	uint64_t others[MMU_TEMPLATES];
	struct mmu_leaf_template templates[MMU_TEMPLATES];
	uint64_t hash; /**< odd: says where a template lies */
	unsigned int hashes_left;
	/** Goes on over zeros and leaves with templates; stops at what must be decoded. */
	void (*scan)(struct mmu_sweep *sweep, struct mmu_sweep_level *level);
	/** See alike.h. */
	uint64_t (*count_alike)(const struct mmu_sweep_level *level, uint64_t index, uint64_t room,
				uint64_t *breaks);
};

/** One pass over a part of a space. Fields up to `nr_ready` are for callers. */
struct mmu_sweep {
	struct mmu_tally tally; /**< so far; its end is MMU_LEAVES_STOPPED until it is known */
	uint64_t tables_left;   /**< see mmu_sweep_init(); may be set again on the way */
	/**
	 * Pages of one size, with the same rights and side by side, are one range wherever they
	 * lie, as far as that takes no decoding: what is told in pieces is to be merged by the
	 * caller. false at first.
	 */
	bool merges;
	/**
	 * Nobody has read these tables yet, nor will soon: once there are many of them they are
	 * read, not mapped. false at first.
	 */
	bool picks;
	/** Is told of all pages of ranges that merge, in order of addresses; NULL: nobody. */
	mmu_sweep_pages_fn pages;
	void *pages_context;
	/**
	 * It stops before what begins here; then all ranges are complete, and it goes on when this
	 * was set again. What reaches over it is a range of one run. 0: nowhere.
	 */
	uint64_t break_va;
	/** Called for each table that was gone through, with left_context; NULL at first. */
	mmu_sweep_left_fn left;
	void *left_context;
	struct mmu_swept ranges[MMU_SWEEP_BATCH];
	size_t nr_ready; /**< of the ranges: these are complete */
	bool at_break;   /**< no more begins before break_va */
	bool went_on;    /**< a range that is not ready has more runs than the last time */
	/* its own */
	struct mmu_walker walker, answer; /* answer: without the image */
	mmu_sweep_correct_fn correct;
	void *context;
	size_t nr; /* of the ranges; the last one may go on */
	bool ended;
	uint64_t wanted_first_va, wanted_last_va; /* what is left */
	const struct mmu_regime *regime;          /* that is being visited; NULL: find the next */
	uint64_t first_va, last_va;               /* of this regime */
	uint64_t hashed_va;                       /* hashed: what comes before it was told */
	unsigned int at;                          /* the level */
	unsigned int work;                        /* until the caller is asked */
	struct mmu_walk walk;
	struct mmu_step step;
	struct mmu_sweep_level level[MMU_LEVELS_MAX];
};

/**
 * Begin. Tables are read once each, in address order, and nothing that one call of
 * mmu_walker_leaves() with mmu_range_merge() would tell otherwise.
 * @param sweep        need not be cleared; of an image it keeps the walker's cursor alone
 * @param max_tables   as of mmu_walker_leaves()
 * @param correct      called for each entry that is neither empty nor a leaf; NULL: nobody is asked
 */
void mmu_sweep_init(struct mmu_sweep *sweep, const struct mmu_walker *walker, uint64_t first_va,
		    uint64_t last_va, uint64_t max_tables, mmu_sweep_correct_fn correct,
		    void *context);

/**
 * Make the next ranges, in place of those that were ready.
 * @return true: there may be more, even when none is ready: after so much work the caller can ask
 *         whether to go on. false: these are the last ones
 */
bool mmu_sweep_go_on(struct mmu_sweep *sweep);

/** Release what it keeps. */
void mmu_sweep_release(struct mmu_sweep *sweep);

#endif
