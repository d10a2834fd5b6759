/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Random tables of every back-end of the tree, in a memory with holes. */
#ifndef MMU_PROPERTY_WORLD_H
#define MMU_PROPERTY_WORLD_H

#include "support/memory_image.h"
#include "walk/walk.h"

/** Every back-end that the tree builds. */
extern const struct mmu_arch *const world_archs[];
extern const size_t world_nr_archs;

/** Of these rounds, so many for each sample of a back-end: all if it has two, else a part. */
unsigned int world_rounds(size_t arch, unsigned int rounds);

/** A test sets it first: the same seed, the same worlds. */
extern uint64_t world_seed;
uint64_t any(void);
/** Less than `limit`. */
uint64_t below(uint64_t limit);
bool one_in(unsigned int count);

/* Memory is a row of adjacent pieces; the image lacks some of them. */
#define PIECES_MAX 64u
#define TABLES_PER_LEVEL 5u
#define FIRST_PA UINT64_C(0x40000000)

struct world {
	const struct mmu_arch *arch;
	struct mmu_regimes regimes; /* of one sample and its first format: one shape */
	uint8_t *bytes;             /* of all pieces, also those that the image lacks */
	uint64_t nr_bytes;
	struct memory_piece pieces[PIECES_MAX];
	size_t nr_pieces;
	uint64_t table_pa[MMU_LEVELS_MAX][TABLES_PER_LEVEL];
	struct mmu_image *image;
};

/** @param hostile  all entries point to tables, anywhere, aligned or not */
void world_create(struct world *w, const struct mmu_arch *arch, const struct mmu_sample *sample,
		  bool hostile);
void world_destroy(struct world *w);

const struct mmu_format *format_of(const struct world *w);
unsigned int entry_bytes(const struct world *w);
unsigned int top_level(const struct world *w);
/** Lowest address bit of a level's index. */
unsigned int shift_of(const struct world *w, unsigned int level);
/** Entries of a table of this level. */
uint64_t entries_of(const struct world *w, unsigned int level);
/** An address, now and then one that can't exist or lies at the end of something. */
uint64_t any_va(const struct world *w);

#endif
