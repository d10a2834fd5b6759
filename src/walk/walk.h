/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The one walk loop: an image, a regime and an address in, every step and the reason out. */
#ifndef MMU_WALK_WALK_H
#define MMU_WALK_WALK_H

#include "image/image.h"
#include "mmuscope/mmuscope.h"

/** How many values enum mmu_result has. */
#define MMU_RESULTS (MMU_RESULT_HIDDEN + 1u)

/** No walk has more steps. */
#define MMU_STEPS_MAX 12u

/* The public part of a struct is an unnamed member of it: what callers see is the struct itself. */

struct mmu_step {
	struct mmu_step_info;
	struct mmu_entry entry;
};

struct mmu_walk {
	struct mmu_walk_info;
	struct mmu_step steps[MMU_STEPS_MAX];
	uint64_t serial; /**< of the paths that the steps are of; 0: of none */
};

/**
 * What the swap types of one kernel mean. Types from MAX_SWAPFILES on are no swap files but
 * migration, hwpoison, ... (include/linux/swap.h): which, depends on its configuration.
 */
struct mmu_swap_map {
	enum mmu_result result[32];
	const char *note[32]; /**< static text for the walk, or NULL */
	uint8_t pfn_bits;     /**< low bits of the offset that are the page frame, for such types */
	bool known;           /**< false: all types are taken for swap files */
	bool assumed;         /**< which types are special is the best guess, and no more */
};

/** The regimes of a space, as locate() tells them. nr 0: not known. */
struct mmu_regimes {
	size_t nr;
	struct mmu_regime regime[MMU_REGIMES_MAX];
};

struct mmu_paths;

/** Everything that a translation needs. Plain data; nothing that it points to is owned. */
struct mmu_walker {
	struct mmu_cursor *cursor; /**< of the thread that walks */
	const struct mmu_arch *arch;
	const struct mmu_regimes *regimes;
	const struct mmu_swap_map *swap; /**< NULL: not known */
	/** Of this walker's regimes, for mmu_walker_walk() in this thread; NULL: all is read. */
	struct mmu_paths *paths;
};

/**
 * Translate one address. Every outcome is a result; *ret is filled in whole.
 * @param ret  where the walker has paths, it was a walk before, or its serial is 0
 */
void mmu_walker_walk(const struct mmu_walker *walker, uint64_t va, struct mmu_walk *ret);

/** The first of Linux's regimes: of its tables, as good as any for names and sizes. */
static inline const struct mmu_regime *mmu_walker_regime(const struct mmu_walker *walker)
{
	const struct mmu_regimes *regimes = walker->regimes;

	for (size_t i = 0; i < regimes->nr; i++)
		if (regimes->regime[i].view != MMU_VIEW_HARDWARE)
			return &regimes->regime[i];
	return &regimes->regime[0];
}

/** Bytes from the first slot of a table to behind the last; second words may lie elsewhere. */
static inline uint64_t mmu_table_span(const struct mmu_regime *regime, unsigned int level)
{
	return regime->format->kind == MMU_FORMAT_HASHED
		       ? regime->nr_slots * regime->format->slot_bytes
		       : (uint64_t)regime->format->slot_bytes << regime->shape[level].index_bits;
}

/** Which entry of a table of this level an address chooses. */
static inline uint64_t mmu_index_of(const struct mmu_regime *regime, unsigned int level,
				    uint64_t va)
{
	const struct mmu_shape *shape = &regime->shape[level];

	return va >> shape->shift & (((uint64_t)1 << shape->index_bits) - 1);
}

/** Bytes of one table, with the second words of its entries. */
uint64_t mmu_table_bytes(const struct mmu_regime *regime, unsigned int level);

/** Does the address belong to the regime? */
bool mmu_regime_holds(const struct mmu_regime *regime, uint64_t va);

/** The regime that answers for an address: Linux's, or the hardware's where Linux's have none. */
const struct mmu_regime *mmu_regimes_find(const struct mmu_regimes *regimes, uint64_t va);

/** The address without its tag, as the kernel's own tables of addresses (VMAs) have it. */
uint64_t mmu_regimes_plain(const struct mmu_regimes *regimes, uint64_t va);

/**
 * The regime that answers for the next addresses, tags aside.
 * @param va           where to begin; then the first address that is answered for
 * @param ret_last_va  the last one up to which it is this regime that answers
 * @return NULL, with the outputs untouched: there is none from there on
 */
const struct mmu_regime *mmu_regimes_next(const struct mmu_regimes *regimes, uint64_t *va,
					  uint64_t *ret_last_va);

/**
 * The regimes of a sample that one root serves: the first of the format, and those that have their
 * entries in other places of the same table, as x86's halves. What has a table of its own
 * (AArch64's kernel half) is left out: its addresses belong to no regime then, which is true. A
 * hashed table serves all of its format.
 */
void mmu_sample_regimes(const struct mmu_sample *sample, const struct mmu_format *format,
			uint64_t root_pa, struct mmu_regimes *ret);

/** Can this core walk the format? */
bool mmu_format_usable(const struct mmu_format *format);

/**
 * Ask a back-end for the regimes of a space.
 * @param ret  untouched on failure
 * @return NULL, or a text that says what is missing, valid until the thread's next call
 */
const char *mmu_locate(const struct mmu_arch *arch, const struct mmu_facts *facts,
		       const struct mmu_root *root, struct mmu_regimes *ret);

/**
 * What struct mmu_facts calls walk() and next_mapped(), over an image.
 * @param ret_tables  how many tables were read for it; always set
 */
bool mmu_translate(struct mmu_cursor *cursor, const struct mmu_regime *regime, uint64_t va,
		   uint64_t *ret_pa);
bool mmu_translate_next(struct mmu_cursor *cursor, const struct mmu_regime *regime, uint64_t *va,
			uint64_t last_va, uint64_t *ret_pa, uint64_t *ret_tables);

#endif
