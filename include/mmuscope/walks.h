/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file libmmuscope on tables: walks, leaves, ranges, formats, entries. See mmuscope.h. */
#ifndef MMUSCOPE_WALKS_H
#define MMUSCOPE_WALKS_H

#include "mmuscope/sessions.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------ walks */

/** A whole translation, made once and used for any number of walks. */
struct mmu_walk;
/** One entry on the way. */
struct mmu_step;

/** What came of a walk. */
struct mmu_walk_info {
	uint64_t va;
	enum mmu_result result;
	uint32_t nr_steps;
	uint64_t pa;         /**< of va itself, when has_pa */
	uint64_t page_bytes; /**< of the page that was hit, or of the hole's entry */
	uint64_t swap_offset;
	uint64_t target_pa;
	const struct mmu_regime
		*regime;                /**< the one that was walked; NULL: none has this address */
	const char *note;               /**< static text, or NULL */
	enum mmu_page_state page_state; /**< are the page's bytes in the image, when has_pa */
	uint8_t rights; /**< effective, of the whole path; 0 unless the page is there */
	uint8_t swap_type;
	bool has_pa;     /**< a page is behind the address: mapped, protnone, numa, hidden */
	bool has_swap;   /**< a swap-like entry: type and offset hold */
	bool has_target; /**< migration, hwpoison, device: the entry names a page frame */
	bool assumed;    /**< what a swap entry of this type means is a guess */
};

/** What was read for a step. */
struct mmu_step_info {
	uint32_t level;
	enum mmu_page_state slot_state;
	uint64_t table_pa;
	uint64_t index;
	uint64_t slot_pa;
	uint64_t raw;
	uint64_t second_pa; /**< slot of the second copy; meaningful when has_second */
	uint64_t second;
	const char *probe; /**< hashed: the group that was looked into, static text; else NULL */
	uint32_t nr_slots; /**< hashed: of the group, whose first is `index` unless one was hit */
	uint8_t effective; /**< AND of the rights so far */
	bool has_second;
	bool readable; /**< false: the slot's bytes are not in the image; of what follows slot_pa
				  nothing is filled in, and slot_state says why */
	/**
	 * Not readable, but all bytes of a little-endian entry but the last are in the image, as
	 * where AVML leaves a range's last byte out: so many; else 0. What holds whatever the last
	 * one is follows.
	 */
	uint8_t known_bytes;
	uint8_t known_kind;   /**< enum mmu_kind, when has_known_kind */
	uint8_t rights_least; /**< TABLE, LEAF: rights of this entry alone, when has_known_kind */
	uint8_t rights_most;
	bool has_known_kind;
	bool has_known_pa; /**< TABLE, LEAF: known_pa is where it leads */
	uint64_t known;    /**< the bytes, as a number */
	uint64_t known_pa;
};

/** @return MMU_ERROR_NO_MEMORY */
MMU_EXPORT struct mmu_error *mmu_walk_create(struct mmu_walk **ret);
/** Accepts NULL. */
MMU_EXPORT void mmu_walk_destroy(struct mmu_walk *walk);

/** Translate one address. Never fails: whatever happens is in the walk, in place of the last. */
MMU_EXPORT void mmu_space_walk(struct mmu_space *space, uint64_t va, struct mmu_walk *walk);

/**
 * Translate an address by the table that hardware looks into, where that is not the one that Linux
 * keeps (MMU_VIEW_HARDWARE).
 * @return false, with the walk untouched: hardware walks Linux's, or no such table is known
 */
MMU_EXPORT bool mmu_space_walk_hardware(struct mmu_space *space, uint64_t va,
					struct mmu_walk *walk);

/** @param answer  valid until this returns */
typedef void (*mmu_answer_fn)(const struct mmu_walk_info *answer, void *context);

/**
 * Translate many addresses: a long list takes a fraction of the time that so many walks take.
 * @param vas  nr of them, in any order
 * @param fn   called for each of them in turn, with what mmu_space_walk() would have said; but it
 *             has no steps, and nr_steps is 0
 */
MMU_EXPORT void mmu_space_answer(struct mmu_space *space, const uint64_t *vas, size_t nr,
				 mmu_answer_fn fn, void *context);

/** Valid as long as the walk, and each new walk changes it. */
MMU_EXPORT const struct mmu_walk_info *mmu_walk_get(const struct mmu_walk *walk);
/** The n-th step, the top table's first, or NULL; valid until the walk is used again. */
MMU_EXPORT const struct mmu_step *mmu_walk_step(const struct mmu_walk *walk, size_t n);
/** No level, but the regime: what it does not grant, no entry can. */
#define MMU_DENIED_BY_REGIME UINT8_MAX

/**
 * The level that first denies a right which the walk has not, or MMU_DENIED_BY_REGIME.
 * @param right  one bit
 */
MMU_EXPORT unsigned int mmu_walk_denied_by(const struct mmu_walk *walk, enum mmu_right right);

/** Valid as long as the step. */
MMU_EXPORT const struct mmu_step_info *mmu_step_get(const struct mmu_step *step);
/** The entry, decoded; valid as long as the step. */
MMU_EXPORT const struct mmu_entry *mmu_step_entry(const struct mmu_step *step);

/* ------------------------------------------------------------------------------------ meaning */

/** What the next access brings where nothing is (MMU_RESULT_EMPTY). */
enum mmu_next {
	MMU_NEXT_NOT_SAID,    /**< something is there, or it is not user memory, or not known */
	MMU_NEXT_ZERO,        /**< not touched yet, or dropped: a page of zeros */
	MMU_NEXT_FILE,        /**< not mapped now: a page of the file, as it is by then */
	MMU_NEXT_DRIVER,      /**< not mapped now: whatever a driver or the kernel puts there */
	MMU_NEXT_USERFAULTFD, /**< not mapped now: the program is asked that watches over it */
	MMU_NEXT_STACK,       /**< no VMA, but the stack above grows down to here, within limits */
	MMU_NEXT_SIGSEGV,     /**< no VMA, or one that allows nothing */
	MMU_ENUM_32(MMU_NEXT),
};

/** Why a page has other rights than its VMA: bits. Of several one or more hold; COMES_ALONG all. */
enum mmu_why {
	MMU_WHY_ZERO_PAGE = 1 << 0,     /**< a write brings a page of its own */
	MMU_WHY_COPY_ON_WRITE = 1 << 1, /**< so it does here */
	MMU_WHY_CLEAN = 1 << 2,         /**< shared: the first write is noted by the file system */
	MMU_WHY_SOFT_DIRTY = 1 << 3,    /**< the first write since clear_refs is noted */
	MMU_WHY_USERFAULTFD = 1 << 4,   /**< userfaultfd write-protected it */
	/** The format can't withhold reading; only a protection key (x86) could. */
	MMU_WHY_READ_COMES_ALONG = 1 << 5,
	/** The format can't withhold execution: its entries have no bit for it. */
	MMU_WHY_EXEC_COMES_ALONG = 1 << 6,
	MMU_ENUM_32(MMU_WHY),
};

enum mmu_zero_page {
	MMU_ZERO_PAGE_NONE, /**< it is none, or that is not known */
	MMU_ZERO_PAGE_BASE,
	MMU_ZERO_PAGE_HUGE,
	MMU_ENUM_32(MMU_ZERO_PAGE),
};

/** What an answer means for the process: the kernel's own word. */
struct mmu_meaning {
	const struct mmu_vma_info *vma; /**< as of mmu_space_vma() */
	uint64_t file_page;             /**< MMU_NEXT_FILE: its number, when has_file_page */
	uint64_t stack_first_va, stack_last_va; /**< MMU_NEXT_STACK: of the VMA above */
	enum mmu_next next;
	enum mmu_zero_page zero_page; /**< which one is mapped */
	uint32_t why_less, why_more;  /**< enum mmu_why bits; 0: not known */
	uint8_t allowed;              /**< by the VMA: MMU_RIGHT_READ, _WRITE, _EXEC */
	uint8_t less;                 /**< what the VMA allows and the page has not, of these */
	uint8_t more;                 /**< what the page has and the VMA does not allow */
	bool has_file_page;
	bool copies; /**< private: a write brings a copy of the file's page */
	bool keyed;  /**< a protection key is set: the thread's own register may allow less */
};

/**
 * What an answer means for the process.
 * @param walk  of this space
 * @param ret   valid until the next call on the space
 * @return as mmu_space_vma()
 */
MMU_EXPORT struct mmu_error *mmu_space_meaning(struct mmu_space *space, const struct mmu_walk *walk,
					       const struct mmu_meaning **ret);

/* ------------------------------------------------------------------------------------ tables */

struct mmu_entries;

/**
 * The entries of one table that are not empty.
 * @param regime  one of the space's
 * @return MMU_ERROR_INVALID (the regime has no such level), _NO_MEMORY
 */
MMU_EXPORT struct mmu_error *mmu_entries_open(struct mmu_space *space,
					      const struct mmu_regime *regime, unsigned int level,
					      uint64_t table_pa, struct mmu_entries **ret);
/** A step whose `effective` is the entry's own rights. @return NULL: there are no more */
MMU_EXPORT const struct mmu_step *mmu_entries_next(struct mmu_entries *entries);
/** MMU_PAGE_PRESENT, or the state of the first entry so far that could not be read. */
MMU_EXPORT enum mmu_page_state mmu_entries_state(const struct mmu_entries *entries);
/** Accepts NULL. */
MMU_EXPORT void mmu_entries_close(struct mmu_entries *entries);

/** Address bits that the tables of a regime translate: 48. */
MMU_EXPORT unsigned int mmu_regime_va_bits(const struct mmu_regime *regime);

/** Bytes of one table, with the second words of its entries; 0: there is no such level. */
MMU_EXPORT uint64_t mmu_regime_table_bytes(const struct mmu_regime *regime, unsigned int level);

/* ------------------------------------------------------------------------------------ leaves */

/** Which part of a space: any two addresses, ends inclusive. What can't exist is left out. */
struct mmu_part {
	size_t size; /**< sizeof(struct mmu_part) */
	uint64_t first_va, last_va;
	const struct mmu_hook *hook; /**< NULL: the space's */
};

/** How an enumeration ended. */
enum mmu_leaves_end {
	MMU_LEAVES_ALL,     /**< everything was visited */
	MMU_LEAVES_STOPPED, /**< it did not go so far */
	/** More than the image has room for: tables are used again and again, as in a loop. */
	MMU_LEAVES_TOO_MANY,
	MMU_ENUM_32(MMU_LEAVES),
};

struct mmu_leaves;

/**
 * Visit what is not empty in a part of a space, in address order. Each table is read once; holes
 * cost nothing. The first and the last entry are cut to the part.
 * @return MMU_ERROR_INVALID (the part), _NO_MEMORY
 */
MMU_EXPORT struct mmu_error *mmu_leaves_open(struct mmu_space *space, const struct mmu_part *part,
					     struct mmu_leaves **ret);
/**
 * The next entry that is not empty.
 * @param ret  NULL: there are no more, mmu_leaves_ended() says why. Else the walk of the first
 *             address that the entry answers for, as mmu_space_walk() has it; but whether the
 *             page's bytes are in the image is not looked for: page_state is without meaning.
 * @param ret_last_va  the last address that it answers for: all of a run, if its entries are equal;
 *                     all neighbours in a table that can't be read for the same reason
 * @return MMU_ERROR_STOPPED
 */
MMU_EXPORT struct mmu_error *mmu_leaves_next(struct mmu_leaves *leaves, const struct mmu_walk **ret,
					     uint64_t *ret_last_va);
/** MMU_LEAVES_STOPPED as long as more may follow. */
MMU_EXPORT enum mmu_leaves_end mmu_leaves_ended(const struct mmu_leaves *leaves);
/**
 * How many tables of a level were read so far, once for every entry that led there.
 * @param ret_missing  those of which not one entry could be read, not among the others; may be NULL
 */
MMU_EXPORT uint64_t mmu_leaves_tables(const struct mmu_leaves *leaves, unsigned int level,
				      uint64_t *ret_missing);
/** Accepts NULL. */
MMU_EXPORT void mmu_leaves_close(struct mmu_leaves *leaves);

/** Neighbouring addresses with one answer, ends inclusive. */
struct mmu_range {
	uint64_t first_va, last_va;
	enum mmu_result result;
	uint8_t rights;
	uint8_t swap_type;
	bool has_pa, has_swap, has_target;
	bool assumed;        /**< as of a walk */
	uint64_t page_bytes; /**< of each page in it, or of the entries that say nothing is there */
	uint64_t pa;         /**< of first_va; goes on with the addresses */
	uint64_t swap_offset; /**< of the first page; goes on page by page when it is swapped */
	uint64_t target_pa;   /**< of the first page; goes on likewise */
	const char *note;     /**< static text, or NULL */
};

struct mmu_ranges;

/** As mmu_leaves_open(), with neighbours of the same kind made one, as far as they go. */
MMU_EXPORT struct mmu_error *mmu_ranges_open(struct mmu_space *space, const struct mmu_part *part,
					     struct mmu_ranges **ret);
/** @param ret NULL: there are no more, see mmu_ranges_leaves(). @return MMU_ERROR_STOPPED */
MMU_EXPORT struct mmu_error *mmu_ranges_next(struct mmu_ranges *ranges,
					     const struct mmu_range **ret);
/** What they are made of: how it ended, how many tables. Valid as long as the ranges. */
MMU_EXPORT const struct mmu_leaves *mmu_ranges_leaves(const struct mmu_ranges *ranges);
/** Accepts NULL. */
MMU_EXPORT void mmu_ranges_close(struct mmu_ranges *ranges);

/* ------------------------------------------------------------------------------------ formats */

/**
 * Load a back-end by name.
 * @param plugin_dir  looked in first; may be NULL
 * @return MMU_ERROR_PLUGIN, MMU_ERROR_NOT_FOUND; back-ends stay loaded until the process ends
 */
MMU_EXPORT struct mmu_error *mmu_arch_load(const char *name, const char *plugin_dir,
					   const struct mmu_arch **ret);

struct mmu_arches;

/** Names of the back-ends that can be found, sorted. @return MMU_ERROR_NO_MEMORY, _OS */
MMU_EXPORT struct mmu_error *mmu_arches_open(const char *plugin_dir, struct mmu_arches **ret);
/** @return a name that is valid until mmu_arches_close(); NULL: there are no more */
MMU_EXPORT const char *mmu_arches_next(struct mmu_arches *arches);
/** Accepts NULL. */
MMU_EXPORT void mmu_arches_close(struct mmu_arches *arches);

/** Told of a text of one line, which is valid during the call only. */
typedef void (*mmu_text_fn)(const char *text, void *context);

/**
 * Does a back-end keep the promises of arch.h? The file's code runs; nothing of it stays loaded.
 * @param path          of a shared object, ours or a stranger's, whatever its name
 * @param report        called for each problem, a few times a rule at most. May be NULL.
 * @param ret_conforms  whether all promises hold
 * @param ret_checks    how many single promises were looked at
 * @return MMU_ERROR_PLUGIN: it can't be loaded, is no back-end, or speaks another ABI
 */
MMU_EXPORT struct mmu_error *mmu_arch_conformance_file(const char *path, mmu_text_fn report,
						       void *context, bool *ret_conforms,
						       uint64_t *ret_checks);

/** @return NULL when the back-end has no format of this name. */
MMU_EXPORT const struct mmu_format *mmu_arch_format(const struct mmu_arch *arch, const char *name);

/**
 * A space as it occurs, for work without any kernel; never NULL for a format's own name.
 * @param name  of a sample, or of a format: the newest sample that is in it
 * @return NULL when the back-end has none of this name
 */
MMU_EXPORT const struct mmu_sample *mmu_arch_sample(const struct mmu_arch *arch, const char *name);

/**
 * A copy of a regime, with other traits.
 * @param ret  owned by the caller: mmu_regime_destroy()
 * @return MMU_ERROR_NO_MEMORY
 */
MMU_EXPORT struct mmu_error *mmu_regime_create(const struct mmu_regime *from, uint32_t set_traits,
					       uint32_t clear_traits, struct mmu_regime **ret);
/** Accepts NULL. */
MMU_EXPORT void mmu_regime_destroy(struct mmu_regime *regime);

/**
 * The flags of an entry that are to be shown, lowest bit first, one a call.
 * @param second  take the second copy's table of names
 * @param after   the flag of the last call; NULL: begin
 * @param ret     room for `bytes`, 32 is enough: "RW", "PKEY=2"
 * @return NULL: there are no more
 */
MMU_EXPORT const struct mmu_flag *mmu_flag_next(const struct mmu_regime *regime, unsigned int level,
						enum mmu_kind kind, bool second, uint64_t raw,
						const struct mmu_flag *after, char *ret,
						size_t bytes);

/**
 * What a raw entry is, without any image: a walk of one step, whose place is not filled in. Of a
 * software entry it has the result, swap and page fields; of one that leads to a table the result
 * is MMU_RESULT_TABLE.
 * @param second  the second copy, which is not read where the level has none; NULL: not known, and
 *                then nothing is noted that came of it
 */
MMU_EXPORT void mmu_entry_decode(const struct mmu_arch *arch, const struct mmu_regime *regime,
				 unsigned int level, uint64_t raw, const uint64_t *second,
				 struct mmu_walk *walk);

#ifdef __cplusplus
}
#endif

#endif
