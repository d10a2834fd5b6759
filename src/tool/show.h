/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file How a walk is shown. */
#ifndef MMU_TOOL_SHOW_H
#define MMU_TOOL_SHOW_H

#include "tool.h"

struct show {
	bool tables, brief;
	bool assumed;                 /**< no kernel is known: the traits are a guess */
	const struct tool_type *type; /**< read a value there; NULL: don't */
	bool big_endian;              /**< the kernel that wrote the value */
	unsigned int shown;           /**< walks so far: blank lines go between them */
};

void show_text(struct show *show, struct mmu_space *space, const struct mmu_walk *walk);
void show_json(struct show *show, struct mmu_space *space, const struct mmu_walk *walk);

/**
 * The bits of an address, field by field.
 * @param columns  of the terminal: a longer ruler continues in further lines; 0: no limit
 */
void show_ruler(const struct mmu_arch *arch, const struct mmu_regime *regime, uint64_t va,
		unsigned int columns);
/** What denies the right of this number, counted from 0: a level's name, or the regime's. */
const char *show_denier(const struct mmu_regime *regime, const struct mmu_walk *walk,
			unsigned int bit);
/** The lines of one entry: flags, rights. `prefix` indents them. */
void show_entry_text(const struct mmu_regime *regime, const struct mmu_step *step,
		     const char *prefix);
/** The entry's keys of JSON: raw, kind, flags, rights, ... */
void show_entry_json(const struct mmu_regime *regime, const struct mmu_step *step);
/** A step as an element of an array of JSON. */
void show_step_json(const struct mmu_regime *regime, const struct mmu_step *step);
/** Where an entry points, in words: "table at 0x...", "4 KiB page at 0x...". */
const char *show_target(const struct mmu_regime *regime, const struct mmu_step *step,
			char ret[128]);
/** Print which traits are assumed: without a kernel, those of the newest. */
void show_assumed_text(const struct mmu_arch *arch, const struct mmu_regime *regime);
/** The same as an array of JSON. */
void show_assumed_json(const struct mmu_arch *arch, const struct mmu_regime *regime);
/**
 * The result of a walk in one line of words: "swapped: type 0, offset 0x20", and what it means.
 * @param meaning  NULL: not known
 */
void show_result_text(const struct mmu_regime *regime, const struct mmu_walk *walk,
		      const struct mmu_meaning *meaning);
/** What the next access brings. @return false, with nothing printed: it is not said */
bool show_next(const struct mmu_meaning *meaning);
/** Lines on rights that the VMA and the page do not share, and on the zero page. */
void show_meaning_text(const struct mmu_meaning *meaning);
/** The object "meaning"; nothing, where there is nothing to say. */
void show_meaning_json(const struct mmu_meaning *meaning);
/** The object "swap". @param assumed  what the type means is a guess */
void show_swap_json(unsigned int type, uint64_t offset, bool assumed);
/** The keys of a result: result, pa, page_size, swap, ... */
void show_result_json(const struct mmu_walk *walk);

#endif
