/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file How a walk is shown. */
#ifndef MMU_TOOL_SHOW_H
#define MMU_TOOL_SHOW_H

#include "tool.h"

struct show {
	bool tables, brief;
	bool every_entry;             /**< of tables: the kernel's too, each in a line of its own */
	bool assumed;                 /**< no kernel is known: the traits are a guess */
	const struct tool_type *type; /**< read a value there; NULL: don't */
	bool big_endian;              /**< the kernel that wrote the value */
	unsigned int shown;           /**< walks so far: blank lines go between them */
	bool json, tsv;
	bool with_pid; /**< one line can be another process's than the next one */
	bool slots_va; /**< also where the direct map has each slot, and Linux's numbers */
	const char *symbol, *label;  /**< what the address was asked for as; NULL: nothing */
	struct mmu_session *session; /**< for slots_va */
};

void show_text(struct show *show, struct mmu_space *space, const struct mmu_walk *walk);
void show_json(struct show *show, struct mmu_space *space, const struct mmu_walk *walk);
void show_tsv(struct show *show, struct mmu_space *space, const struct mmu_walk *walk);
void show_tsv_header(void);

/**
 * What a range of addresses holds, a line for each stretch with one answer, holes too.
 * @param walk       to be used
 * @param ret_error  why it ended early, or NULL
 * @return the exit status
 */
int show_ranges(const struct show *show, struct mmu_space *space, struct mmu_walk *walk,
		uint64_t first_va, uint64_t last_va, struct mmu_error **ret_error);

/** A line about an answer. */
void show_brief(const struct show *show, struct mmu_space *space, const struct mmu_walk_info *info);

/** What stands in the lines of answers that say the same of other addresses. */
struct show_words {
	bool known, has_pa;
	uint8_t rights;
	enum mmu_result result;
	uint64_t page_bytes;
	unsigned int before_bytes, behind_bytes;
	char before[24], behind[40]; /* of the page's address */
};

/** Lines of a list without labels, symbols, values and pids, of one space. */
struct show_lines {
	const struct show *show;
	struct mmu_space *space;
	bool all_mapped; /**< so far; true at first */
	struct show_words words;
	size_t bytes; /**< that are not printed yet */
	char text[16 << 10];
};

/** As show_brief(), of each answer; a mmu_answer_fn. @param lines  struct show_lines */
void show_lines_add(const struct mmu_walk_info *info, void *lines);
void show_lines_flush(struct show_lines *lines);

/** "pid 42 ", where lines of several processes follow each other. */
void show_pid_text(const struct show *show, const struct mmu_space *space);
/** " symbol init_task+0x10 label ...", of a line. */
void show_names_text(const struct show *show);
/** The keys pid, symbol, label. */
void show_names_json(const struct show *show, const struct mmu_space *space);
/** Why the value at an address can't be read: a word for a page or for an address. */
const char *show_missing_value(const struct show *show, struct mmu_space *space, uint64_t va);

/** Some entries of a table, by their numbers. */
struct show_part {
	uint64_t first, last;
};

/**
 * Which entries of a table a walk is shown with: of a hashed table the group that it looked into;
 * of a process the user half, if that is where the address lies.
 * @param at   the step of the walk that went through the table
 * @param all  both halves
 */
struct show_part show_part_of_table(struct mmu_space *space, const struct mmu_regime *regime,
				    uint64_t va, const struct mmu_step_info *at, bool all);
/** The entries of a table that a walk went through, where they are alike many in a line. */
void show_table_text(const struct show *show, struct mmu_space *space,
		     const struct mmu_regime *regime, uint64_t va, const struct mmu_step_info *at);

/** The bits of an address, field by field; where they don't fit, in several pieces. */
void show_ruler(const struct mmu_arch *arch, const struct mmu_regime *regime, uint64_t va);
/** What denies the right of this number, counted from 0: a level's name, or the regime's. */
const char *show_denier(const struct mmu_regime *regime, const struct mmu_walk *walk,
			unsigned int bit);
/** What an entry points to, and its rights. @param so_far  what the walk allows, or NULL */
void show_target_text(const struct mmu_regime *regime, const struct mmu_step *step,
		      const char *so_far);
/** The lines of one entry: flags, rights. `prefix` indents them. */
void show_entry_text(const struct mmu_regime *regime, const struct mmu_step *step,
		     const char *prefix);
/**
 * The entry's keys of JSON: raw, kind, flags, rights, ...
 * @param second_alone  the first word is not known
 */
void show_entry_json(const struct mmu_regime *regime, const struct mmu_step *step,
		     bool second_alone);
/** A step as an element of an array of JSON, on the way to va; show may be NULL. */
void show_step_json(const struct show *show, const struct mmu_regime *regime,
		    const struct mmu_step *step, uint64_t va);
/** The lines of a step on the way to va. */
void show_step_text(const struct show *show, struct mmu_space *space,
		    const struct mmu_regime *regime, uint64_t va, const struct mmu_step *step);
/** Does hardware's table allow no more than Linux's tree, and lead to the same place? */
bool show_hardware_agrees(const struct mmu_walk_info *linux_walk,
			  const struct mmu_walk_info *hardware);
/** The same in words. */
const char *show_hardware_verdict(const struct mmu_walk *walk, const struct mmu_walk *hardware);
/** The line, or the keys, of --slots=va: where the direct map has a slot, Linux's number. */
void show_slot_text(const struct show *show, const struct mmu_regime *regime,
		    const struct mmu_step_info *at, uint64_t va);
void show_slot_json(const struct show *show, const struct mmu_regime *regime,
		    const struct mmu_step_info *at, uint64_t va);
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
