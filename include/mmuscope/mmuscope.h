/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * libmmuscope: open a Linux memory image, learn the kernel in it, walk its page tables.
 *
 * Words are those of the glossary in arch.h. Functions that can fail return NULL or an error object
 * that the caller owns; on failure their outputs are untouched. What is not there (a hole, a page
 * that the dump left out) is a result, never an error. A session is used by one thread at a time.
 *
 *     struct mmu_session *session;
 *     struct mmu_options options = { .image = "vmcore" };
 *     struct mmu_error *error = mmu_session_open(&options, &session);
 *     struct mmu_space *space;
 *     if (!error)
 *             error = mmu_space_open(session, &(struct mmu_space_query){
 *                     .by = MMU_SPACE_PID, .value = 42 }, &space);
 *     struct mmu_walk walk;
 *     if (!error)
 *             mmu_walk(space, 0x7f0000000000, &walk);
 */
#ifndef MMUSCOPE_H
#define MMUSCOPE_H

#include "mmuscope/arch.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MMU_EXPORT __attribute__((visibility("default")))

/* ------------------------------------------------------------------------------------ errors */

/** What kind of trouble an error object speaks of. */
enum mmu_error_code {
	MMU_ERROR_OS = 1, /**< the operating system said no: open, mmap, read */
	MMU_ERROR_NO_MEMORY,
	MMU_ERROR_FORMAT,      /**< a file is not what it should be, or its headers are damaged */
	MMU_ERROR_CORRUPT,     /**< data inside the image or the debug info contradict themselves */
	MMU_ERROR_UNSUPPORTED, /**< understood, but not possible here */
	MMU_ERROR_MISMATCH,    /**< vmlinux and image are of different kernels */
	MMU_ERROR_NOT_FOUND,   /**< no such pid, symbol, type, architecture */
	MMU_ERROR_NO_TASK,     /**< no such task or CPU in the image */
	MMU_ERROR_NO_MM,       /**< the task has no address space of its own, or not in the image */
	MMU_ERROR_FAULT,       /**< memory that is needed is not in the image */
	MMU_ERROR_PLUGIN,      /**< a back-end can't be loaded */
	MMU_ERROR_INVALID,     /**< the caller's arguments */
	MMU_ERROR_STOPPED,     /**< the caller did not want to go on */
};

struct mmu_error;

MMU_EXPORT enum mmu_error_code mmu_error_code(const struct mmu_error *error);
/** One line without a newline, outermost context first; valid as long as the error. */
MMU_EXPORT const char *mmu_error_message(const struct mmu_error *error);
/** Accepts NULL. */
MMU_EXPORT void mmu_error_destroy(struct mmu_error *error);

/* ------------------------------------------------------------------------------------ results */

/** Whether the bytes of a page are in the image. */
enum mmu_page_state {
	MMU_PAGE_PRESENT,
	MMU_PAGE_FILTERED,    /**< RAM that was left out on purpose: makedumpfile -d */
	MMU_PAGE_TRUNCATED,   /**< the headers promise it, but the file ends before */
	MMU_PAGE_OUTSIDE_RAM, /**< the image knows no memory at this address */
	MMU_PAGE_UNREADABLE,  /**< it is there and can't be had: I/O error, damaged compression */
};

/** The word for a state, as in JSON: "present", "filtered", ... */
MMU_EXPORT const char *mmu_page_state_name(enum mmu_page_state state);

/** Why an address is, or is not, there. The names are the words in text and JSON. */
enum mmu_result {
	MMU_RESULT_MAPPED,
	MMU_RESULT_EMPTY,
	MMU_RESULT_SWAPPED,
	MMU_RESULT_PROTNONE, /**< the page is there; mprotect(PROT_NONE) */
	MMU_RESULT_NUMA,     /**< the page is there; NUMA balancing waits for the next touch */
	MMU_RESULT_MIGRATION,
	MMU_RESULT_HWPOISON,
	MMU_RESULT_DEVICE,
	MMU_RESULT_MARKER,
	MMU_RESULT_BAD_ENTRY,
	MMU_RESULT_NONCANONICAL,
	MMU_RESULT_FILTERED, /**< a table page is not in the image, as in enum mmu_page_state */
	MMU_RESULT_TRUNCATED,
	MMU_RESULT_OUTSIDE_RAM,
	MMU_RESULT_UNREADABLE,
	MMU_RESULT_COUNT,
};

MMU_EXPORT const char *mmu_result_name(enum mmu_result result);

/* ------------------------------------------------------------------------------------ session */

/** A range of raw memory in a file that has no headers. */
struct mmu_raw_range {
	uint64_t first_pa;
	uint64_t file_offset;
	uint64_t bytes;   /**< 0: to the end of the file */
	const char *path; /**< NULL: the image file itself */
};

/** What the user says; zero means: find out. Strings are copied. */
struct mmu_options {
	const char *image;               /**< path of the image */
	const struct mmu_raw_range *raw; /**< not NULL: the image is raw memory */
	size_t nr_raw;
	const char *const *parts; /**< NULL-terminated: the other files of a split dump, or NULL */
	const char *vmlinux;      /**< path, or NULL: look for it */
	const char *const *debug_dirs; /**< NULL-terminated, or NULL: the system's */
	const char *arch;              /**< back-end name, or NULL: as the image says */
	const char *plugin_dir;        /**< looked in first; may be NULL */
	const char *const *facts;      /**< NULL-terminated "KEY=VALUE" in VMCOREINFO's notation */
	bool force;                    /**< take a vmlinux of another kernel */
};

struct mmu_session;

/**
 * Open an image and read its headers and notes. The kernel is learnt when something first needs it.
 * @return MMU_ERROR_OS, _FORMAT, _UNSUPPORTED, _PLUGIN, _INVALID (raw ranges, facts), _NO_MEMORY
 */
MMU_EXPORT struct mmu_error *mmu_session_open(const struct mmu_options *options,
					      struct mmu_session **ret);
/** Accepts NULL. Spaces of the session must be closed before. */
MMU_EXPORT void mmu_session_close(struct mmu_session *session);

/**
 * Learn the kernel: back-end, vmlinux, KASLR slide, linear mappings. Idempotent.
 * @return MMU_ERROR_NOT_FOUND (no vmlinux, a missing fact), _MISMATCH, _PLUGIN, _CORRUPT, _FAULT
 */
MMU_EXPORT struct mmu_error *mmu_session_learn(struct mmu_session *session);

/** A physical range, ends inclusive. */
struct mmu_pa_range {
	uint64_t first_pa, last_pa;
};

/** What is known of an image. Pointers stay valid as long as the session; "" and 0: not known. */
struct mmu_info {
	const char *path;
	const char *image_format; /**< for people: "ELF vmcore, 64 bits" */
	const char *reader;       /**< "elf", "kcore", "kdump", "libkdumpfile", "raw" */
	const char *arch;
	const char *release;
	const char *vmlinux;
	const char *build_id; /**< of the kernel in the image, hexadecimal */
	const char *warning;  /**< about the image, or NULL */
	const char *lacks;    /**< why no task can be found in a kernel that was learnt, or NULL */
	const struct mmu_regime *kernel; /**< the kernel's own regime, NULL when not found */
	bool has_kaslr_offset, has_phys_base;
	uint64_t kaslr_offset;
	int64_t phys_base;
	const struct mmu_pa_range *ram;
	size_t nr_ram;
	uint32_t page_bytes;
	uint64_t present_pages, filtered_pages, truncated_pages;
	bool has_vmcoreinfo;
	bool vmcoreinfo_found;      /**< in memory, not in the image's notes */
	unsigned int nr_cpu_states; /**< CPUs whose registers can be walked from */
	const struct mmu_linear *linear;
	size_t nr_linear;
	bool vmcoreinfo_refuted; /**< the notes' own does not fit memory; `warning` says so */
};

MMU_EXPORT void mmu_session_info(struct mmu_session *session, struct mmu_info *ret);

/** A fact and where it came from. */
struct mmu_fact {
	const char *key; /**< as VMCOREINFO writes it */
	uint64_t value;
	const char *source; /**< "option", "VMCOREINFO", "vmlinux DWARF", "derived: ..." */
	bool seconded;      /**< another source has it too */
	const char *other;  /**< the first source that says otherwise; NULL: none does */
	uint64_t other_value;
	bool disputed; /**< there is an other one, and no option of the user's settles it */
	bool assumed;  /**< a guess, for want of any source */
};

/** The n-th fact used so far, in the order of first use. @return false: there is none. */
MMU_EXPORT bool mmu_session_fact(struct mmu_session *session, size_t n, struct mmu_fact *ret);

/**
 * Read the first task with an address space, and what the kernel carries about itself, although
 * vmlinux was enough: then facts have a second source, see struct mmu_fact.
 * @return mmu_session_learn()'s, or why the kernel's own symbols or types can't be had; what could
 *         be had is compared all the same
 */
MMU_EXPORT struct mmu_error *mmu_session_cross_check(struct mmu_session *session);

/** Run-time address of a kernel symbol. @return MMU_ERROR_NOT_FOUND, or mmu_session_learn()'s */
MMU_EXPORT struct mmu_error *mmu_session_symbol(struct mmu_session *session, const char *name,
						uint64_t *ret_va);

/** Read physical memory; as mmu_space_read(). */
MMU_EXPORT enum mmu_page_state mmu_session_read_phys(struct mmu_session *session, uint64_t pa,
						     void *buf, size_t bytes, uint64_t *ret_pa);

/* ------------------------------------------------------------------------------------ tasks */

enum mmu_mm_owner {
	MMU_MM_OWN,      /**< the task runs in mm */
	MMU_MM_NONE,     /**< it has none: a zombie */
	MMU_MM_BORROWED, /**< a kernel thread; mm is the one that it last ran on, or 0 */
};

struct mmu_task {
	uint64_t task_va;
	uint64_t mm_va;  /**< 0: none */
	uint64_t pgd_va; /**< 0: none, or not readable */
	uint64_t pgd_pa;
	int32_t pid, tgid;
	char comm[17]; /**< raw bytes, NUL-terminated */
	enum mmu_mm_owner owner;
	bool leader; /**< pid == tgid */
	bool kernel_thread;
	bool zombie;
	bool has_counters;    /**< the following could be read */
	uint64_t table_bytes; /**< as the kernel accounts them (VmPTE) */
	int64_t rss_pages;    /**< file + anonymous + shared memory */
	int64_t swap_pages;
};

/**
 * Called for each task, and with task NULL and a `problem` for each object that is missing: a task
 * or its mm, part of the table of pids, and last the place where the list is broken.
 * @return false to stop.
 */
typedef bool (*mmu_task_fn)(const struct mmu_task *task, const char *problem, void *context);

/**
 * All tasks in the kernel's order, the idle task (pid 0) first; each once. Where the list is broken
 * those follow that are found from its end, then, with their parts of the list, by their pids.
 * Those of a running kernel come by their pids, threads among them. Each is told as it was at one
 * moment; one that was there all the time is left out only where a last `problem` says so.
 * @param threads  also the threads of each leader, right behind it; last those whose list is broken
 * @return errors of mmu_session_learn(); MMU_ERROR_FAULT: not even the first task is readable
 */
MMU_EXPORT struct mmu_error *mmu_session_tasks(struct mmu_session *session, bool threads,
					       mmu_task_fn fn, void *context);

/* ------------------------------------------------------------------------------------ spaces */

enum mmu_space_by {
	MMU_SPACE_KERNEL, /**< the kernel's own tables */
	MMU_SPACE_PID,    /**< value: a pid (leader or thread) */
	MMU_SPACE_TASK,   /**< value: address of a task_struct */
	MMU_SPACE_MM,     /**< value: address of an mm_struct */
	MMU_SPACE_PGD,    /**< value: physical address of a top table */
	MMU_SPACE_CPU,    /**< value: CPU number, as the dump's notes have its registers */
};

struct mmu_space_query {
	enum mmu_space_by by;
	uint64_t value;
	bool user_half;     /**< the tables that user mode runs on (x86 KPTI) */
	const char *format; /**< MMU_SPACE_PGD: a format's name instead of the kernel's own */
};

struct mmu_space;

/**
 * Find the tables of an address space.
 * @param ret  owned by the caller, to be closed before the session; untouched on failure
 * @return MMU_ERROR_NO_TASK (no such pid or CPU), _NO_MM; of an object that the image lacks the
 *         message says its name, place and why: "task_struct of pid 42 at 0x... (physical 0x...):
 *         filtered". _FAULT: so does that of an object given by its address. Or those of
 *         mmu_session_learn(). MMU_SPACE_PGD with a format needs no kernel; _INVALID: at value no
 *         top table begins, which is aligned to its size.
 */
MMU_EXPORT struct mmu_error *mmu_space_open(struct mmu_session *session,
					    const struct mmu_space_query *query,
					    struct mmu_space **ret);
/** Accepts NULL. */
MMU_EXPORT void mmu_space_close(struct mmu_space *space);

/** The first regime of a space. */
MMU_EXPORT const struct mmu_regime *mmu_space_regime(const struct mmu_space *space);
/** The n-th one, ascending by address. @return NULL: there are not so many */
MMU_EXPORT const struct mmu_regime *mmu_space_regime_at(const struct mmu_space *space, size_t n);
MMU_EXPORT const struct mmu_arch *mmu_space_arch(const struct mmu_space *space);
/** The task that it was opened through, or NULL. */
MMU_EXPORT const struct mmu_task *mmu_space_task(const struct mmu_space *space);

/** One VMA. Names are filled in where they are cheap: "[heap]", "[stack]", else "". */
struct mmu_vma {
	uint64_t first_va, last_va;
	uint64_t vm_flags;
	uint64_t file_va; /**< struct file, 0: anonymous */
	char name[256];   /**< file's last path component or special name; raw bytes */
};

/** The VMA around an address. @return false: none, or not readable, or the space has no mm. */
MMU_EXPORT bool mmu_space_vma(struct mmu_space *space, uint64_t va, struct mmu_vma *ret);

/**
 * Why mmu_space_vma() found none, where there may be one.
 * @return NULL: there is none; else an error that names what can't be read, owned by the caller
 */
MMU_EXPORT struct mmu_error *mmu_space_vma_missing(struct mmu_space *space, uint64_t va);

/* ------------------------------------------------------------------------------------ walks */

/** One entry on the way. */
struct mmu_step {
	unsigned int level;
	uint64_t table_pa;
	uint64_t index;
	uint64_t slot_pa;
	uint64_t raw;
	uint64_t second_pa; /**< slot of the second copy; meaningful when has_second */
	uint64_t second;
	bool has_second;
	bool readable; /**< false: the slot's bytes are not in the image; only the fields above
				  and slot_state are filled in */
	enum mmu_page_state slot_state;
	struct mmu_entry entry;
	uint8_t effective; /**< AND of the rights so far */
	const char *probe; /**< hashed: the group that was looked into, static text; else NULL */
	uint32_t nr_slots; /**< hashed: of the group, whose first is `index` unless one was hit */
};

/** No walk has more steps. */
#define MMU_STEPS_MAX 12u

/** In mmu_walk.denied_by: not granted even before the first entry. */
#define MMU_DENIED_BY_REGIME UINT8_MAX

/** A whole translation. Plain data. */
struct mmu_walk {
	uint64_t va;
	enum mmu_result result;
	unsigned int nr_steps;
	struct mmu_step steps[MMU_STEPS_MAX];
	uint8_t rights; /**< effective, of the whole path; 0 unless the page is there */
	uint8_t denied_by[MMU_RIGHTS_COUNT]; /**< per right: the level that first denies it */
	bool has_pa;                    /**< a page is behind the address: mapped, protnone, numa */
	uint64_t pa;                    /**< of va itself, when has_pa */
	uint64_t page_bytes;            /**< of the page that was hit, or of the hole's entry */
	enum mmu_page_state page_state; /**< are the page's bytes in the image, when has_pa */
	bool has_swap;                  /**< a swap-like entry: type and offset hold */
	uint8_t swap_type;
	uint64_t swap_offset;
	bool has_target; /**< migration, hwpoison, device: the entry names a page frame */
	uint64_t target_pa;
	const char *note;                /**< static text, or NULL */
	const struct mmu_regime *regime; /**< whose tables these are, as long as the space is open;
					      NULL: the address belongs to none */
};

/** Translate one address. Never fails: whatever happens is in *ret. */
MMU_EXPORT void mmu_walk(struct mmu_space *space, uint64_t va, struct mmu_walk *ret);

/**
 * Read memory of a space, across pages.
 * @param ret_bytes  how many bytes were read
 * @param ret        the walk of the address where reading stopped; may be NULL. When that address
 *                   is mapped, its page_state says why the bytes are not there.
 * @return true when all were read
 */
MMU_EXPORT bool mmu_space_read(struct mmu_space *space, uint64_t va, void *buf, size_t bytes,
			       size_t *ret_bytes, struct mmu_walk *ret);

/**
 * Decode every entry of a table that is not empty.
 * @param regime  one of the space
 * @param fn  gets a step whose `effective` is the entry's own rights; returns false to stop
 * @return MMU_PAGE_PRESENT, or the state of the first byte that could not be read
 */
MMU_EXPORT enum mmu_page_state
mmu_table_entries(struct mmu_space *space, const struct mmu_regime *regime, unsigned int level,
		  uint64_t table_pa, bool (*fn)(const struct mmu_step *step, void *context),
		  void *context);

/** Bytes of one table, with the second words of its entries. */
MMU_EXPORT uint64_t mmu_table_bytes(const struct mmu_regime *regime, unsigned int level);

/** Address bits that the tables of a regime translate: 48. */
MMU_EXPORT unsigned int mmu_regime_va_bits(const struct mmu_regime *regime);

/* ------------------------------------------------------------------------------------ leaves */

/** How an enumeration ended. */
enum mmu_leaves_end {
	MMU_LEAVES_ALL,     /**< everything was visited */
	MMU_LEAVES_STOPPED, /**< the callback did not want more */
	/** More than the image has room for: tables are used again and again, as in a loop. */
	MMU_LEAVES_TOO_MANY,
};

/** What an enumeration came across. */
struct mmu_leaves {
	enum mmu_leaves_end end;
	uint64_t
		tables[MMU_LEVELS_MAX]; /**< per level: read, once for every entry that led there */
	uint64_t
		missing[MMU_LEVELS_MAX]; /**< per level: not one entry of the table could be read */
};

/**
 * Called for each entry that is not empty, in address order.
 * @param walk     the walk of the first address that the entry answers for, as mmu_walk() has it,
 *                 but whether the page's bytes are in the image is not looked for: page_state is
 *                 without meaning. Steps behind nr_steps too. Valid during the call.
 * @param last_va  the last address that it answers for: all of a run, if its entries are equal;
 *                 all neighbours in a table that can't be read for the same reason
 * @return false to stop
 */
typedef bool (*mmu_leaf_fn)(const struct mmu_walk *walk, uint64_t last_va, void *context);

/**
 * Visit what is not empty in a part of a space. Each table is read once as a whole; holes cost
 * nothing. The first and the last entry are cut to the part that was asked for.
 * @param first_va,last_va  ends inclusive, any two addresses: what can't exist is left out
 * @param ret               filled in whole; may be NULL
 * @return ret->end
 */
MMU_EXPORT enum mmu_leaves_end mmu_space_leaves(struct mmu_space *space, uint64_t first_va,
						uint64_t last_va, mmu_leaf_fn fn, void *context,
						struct mmu_leaves *ret);

/** Neighbouring addresses with one answer, ends inclusive. */
struct mmu_range {
	uint64_t first_va, last_va;
	enum mmu_result result;
	uint8_t rights;
	uint8_t swap_type;
	bool has_pa, has_swap, has_target;
	uint64_t page_bytes; /**< of each page in it, or of the entries that say nothing is there */
	uint64_t pa;         /**< of first_va; goes on with the addresses */
	uint64_t swap_offset; /**< of the first page; goes on page by page when it is swapped */
	uint64_t target_pa;   /**< of the first page; goes on likewise */
	const char *note;     /**< static text, or NULL */
};

/** @return false to stop. */
typedef bool (*mmu_range_fn)(const struct mmu_range *range, void *context);

/** As mmu_space_leaves(), with neighbours of the same kind made one, as far as they go. */
MMU_EXPORT enum mmu_leaves_end mmu_space_ranges(struct mmu_space *space, uint64_t first_va,
						uint64_t last_va, mmu_range_fn fn, void *context,
						struct mmu_leaves *ret);

/** Addresses, ends inclusive. */
struct mmu_va_range {
	uint64_t first_va, last_va;
};

/**
 * The addresses that belong to a process and not to the kernel; all, for a space that was not
 * opened through a process or its mm.
 */
MMU_EXPORT struct mmu_va_range mmu_space_extent(struct mmu_space *space);

/* ------------------------------------------------------------------------------------ extracts */

/** What an extract is made of. What is of two kinds counts as the first of them. */
enum mmu_extract_kind {
	MMU_EXTRACT_TABLES, /**< page tables: the kernel's, and those of the chosen processes */
	MMU_EXTRACT_TASKS,  /**< all tasks and their mms, without user mode's registers */
	MMU_EXTRACT_VMAS,   /**< VMAs of the chosen processes, with the names of their files */
	MMU_EXTRACT_PERCPU, /**< the kernel's static per-CPU variables */
	MMU_EXTRACT_KERNEL, /**< the kernel's static data; BTF and kallsyms are in it */
	MMU_EXTRACT_MEMMAP, /**< struct pages of tables and of the chosen processes' pages */
	MMU_EXTRACT_CHOSEN, /**< user pages that were asked for */
	MMU_EXTRACT_KIND_COUNT,
};

/** "page tables", "tasks", ...: for people. */
MMU_EXPORT const char *mmu_extract_kind_name(enum mmu_extract_kind kind);

/** User pages that are wanted. */
struct mmu_extract_pages {
	int32_t pid;
	uint64_t first_va, last_va; /**< ends inclusive */
};

struct mmu_extract_options {
	const int32_t *pids; /**< whose tables, VMAs and struct pages */
	size_t nr_pids;      /**< 0: of all processes */
	const struct mmu_extract_pages *pages;
	size_t nr_pages;
	/** Asked now and then: true ends it with MMU_ERROR_STOPPED and no file. May be NULL. */
	bool (*stop)(void *context);
	void *context;
};

/** What went into the file. */
struct mmu_extract {
	uint64_t bytes[MMU_EXTRACT_KIND_COUNT]; /**< each byte counts once */
	uint64_t missing_bytes;                 /**< wanted, and not in the image either */
	uint64_t note_bytes, file_bytes, segments;
	uint64_t tasks, spaces; /**< spaces: address spaces whose tables are in it */
	uint64_t problems;      /**< tasks or trees of VMAs that could not be read as a whole */
	uint64_t ranges_without_pages; /**< of those that were asked for: nothing is mapped there */
	bool has_memmap;               /**< false: where the struct pages lie is not known */
};

/**
 * Write a small ELF vmcore of the same kernel: what work with page tables needs, and no user data
 * but the pages that are asked for. Objects are kept byte by byte, not with their neighbours in a
 * page; what is left out reads as filtered. Notes go in but for registers of floating point and
 * vectors.
 * @param path  of a file that does not exist yet; it appears whole or not at all
 * @return MMU_ERROR_OS, _NO_TASK, _NO_MM (a chosen pid), _NOT_FOUND (facts), _UNSUPPORTED, _FAULT,
 *         _CORRUPT (facts that can't be true), _STOPPED, or those of mmu_session_learn()
 */
MMU_EXPORT struct mmu_error *mmu_session_extract(struct mmu_session *session,
						 const struct mmu_extract_options *options,
						 const char *path, struct mmu_extract *ret);

/* ------------------------------------------------------------------------------------ comparing */

/** How two spaces differ at an address. Several can hold. */
enum mmu_change {
	MMU_CHANGE_APPEARED = 1 << 0, /**< empty in the first */
	MMU_CHANGE_WENT = 1 << 1,     /**< empty in the second */
	MMU_CHANGE_RESULT = 1 << 2,   /**< mapped here, swapped there, ... */
	MMU_CHANGE_MOVED = 1 << 3,    /**< another frame, or another place in swap */
	MMU_CHANGE_RIGHTS = 1 << 4,
	MMU_CHANGE_SIZE = 1 << 5,    /**< a page of another size */
	MMU_CHANGE_UNKNOWN = 1 << 6, /**< a table page is not in an image, or tables never end */
};
#define MMU_CHANGES_COUNT 7u

/** "appeared", "went", "result", "moved", "rights", "size", "unknown". */
MMU_EXPORT const char *mmu_change_name(enum mmu_change change);

/** Neighbouring addresses that differ in one way; as long as both sides are one range. */
struct mmu_difference {
	uint64_t first_va, last_va;
	uint32_t changes; /**< enum mmu_change bits */
	struct mmu_range side[2];
};

/** Frames that both spaces map, each frame once. */
struct mmu_shared_frames {
	uint64_t first_pa, last_pa;
	uint64_t va[2];    /**< of first_pa; one of its mappings when there are several */
	uint64_t times[2]; /**< how many mappings of these frames the side has */
	uint8_t rights[2]; /**< of the mapping at va */
};

/** What one space adds up to. */
struct mmu_totals {
	struct mmu_leaves leaves;
	uint64_t table_bytes;             /**< of all tables that were read, the top one included */
	uint64_t pages[MMU_RESULT_COUNT]; /**< entries with this result; a run counts once */
	uint64_t bytes[MMU_RESULT_COUNT]; /**< addresses with this result */
	struct mmu_page_count {
		uint64_t page_bytes, pages;
	} mapped[2 * MMU_LEVELS_MAX]; /**< mapped pages by size, ascending */
	unsigned int nr_mapped;
};

struct mmu_compare_query {
	struct mmu_va_range range[2]; /**< what is compared of each */
	bool (*stop)(void *context);  /**< asked now and then; true: give up. May be NULL */
	void *context;
};

/** Two spaces, compared. */
struct mmu_comparison {
	struct mmu_totals totals[2];
	bool by_address;     /**< of one architecture: there are differences, address by address */
	bool by_frame;       /**< in one image: there are shared frames */
	bool stopped;        /**< query.stop() said so: nothing here is complete */
	uint64_t same_bytes; /**< addresses where both have the same, and not nothing */
	uint64_t changed_bytes[MMU_CHANGES_COUNT]; /**< by number of the enum mmu_change bit */
	struct mmu_difference *differences;        /**< ascending */
	size_t nr_differences;
	uint64_t shared_bytes;
	struct mmu_shared_frames *shared; /**< ascending */
	size_t nr_shared;
};

/**
 * Compare two spaces, of one session or of two.
 * @param ret  owned by the caller: mmu_comparison_destroy(); untouched on failure
 * @return MMU_ERROR_NO_MEMORY
 */
MMU_EXPORT struct mmu_error *mmu_compare_spaces(struct mmu_space *first, struct mmu_space *second,
						const struct mmu_compare_query *query,
						struct mmu_comparison **ret);
/** Accepts NULL. */
MMU_EXPORT void mmu_comparison_destroy(struct mmu_comparison *comparison);

/* ------------------------------------------------------------------------------------ formats */

/**
 * Load a back-end by name.
 * @param plugin_dir  looked in first; may be NULL
 * @return MMU_ERROR_PLUGIN, MMU_ERROR_NOT_FOUND; back-ends stay loaded until the process ends
 */
MMU_EXPORT struct mmu_error *mmu_arch_load(const char *name, const char *plugin_dir,
					   const struct mmu_arch **ret);

/**
 * Names of the back-ends that can be found, sorted.
 * @return MMU_ERROR_NO_MEMORY, _OS; *ret is a NULL-terminated list, freed with free() as one block
 */
MMU_EXPORT struct mmu_error *mmu_arch_list(const char *plugin_dir, char ***ret);

/**
 * Does a back-end keep the promises of arch.h? The file's code runs; nothing of it stays loaded.
 * @param path          of a shared object, ours or a stranger's, whatever its name
 * @param report        called for each problem, a few times a rule at most; `problem` is one line
 *                      and only valid during the call. May be NULL.
 * @param ret_conforms  whether all promises hold
 * @param ret_checks    how many single promises were looked at
 * @return MMU_ERROR_PLUGIN: it can't be loaded, is no back-end, or speaks another ABI
 */
MMU_EXPORT struct mmu_error *
mmu_arch_conformance_file(const char *path, void (*report)(void *context, const char *problem),
			  void *context, bool *ret_conforms, uint64_t *ret_checks);

/** A sample by name, or the first one in the format of this name. @return NULL: there is none */
MMU_EXPORT const struct mmu_sample *mmu_arch_sample(const struct mmu_arch *arch, const char *name);

/** @return NULL when the back-end has no format of this name. */
MMU_EXPORT const struct mmu_format *mmu_arch_format(const struct mmu_arch *arch, const char *name);

/** A flag of an entry as it is shown. */
struct mmu_flag_text {
	const struct mmu_flag *flag;
	char name[32]; /**< "RW", "PKEY=2" */
};

/**
 * The names of an entry's flags, lowest bit first.
 * @param second  take the second copy's table of names
 * @param ret     room for `max`
 * @return how many were written
 */
MMU_EXPORT size_t mmu_flag_texts(const struct mmu_regime *regime, unsigned int level,
				 enum mmu_kind kind, bool second, uint64_t raw,
				 struct mmu_flag_text *ret, size_t max);

/** What a raw entry is, without any image: fills in entry, and for software entries the result,
 *  swap and page fields of a walk of one step. */
MMU_EXPORT void mmu_entry_decode(const struct mmu_arch *arch, const struct mmu_regime *regime,
				 unsigned int level, uint64_t raw, uint64_t second,
				 struct mmu_walk *ret);

/** "rwxXu" with "-" for what is absent; `ret` has room for 6 bytes. */
MMU_EXPORT const char *mmu_rights_text(uint8_t rights, char ret[6]);

/** The library's version, "0.1.0". */
MMU_EXPORT const char *mmu_version(void);

#ifdef __cplusplus
}
#endif

#endif
