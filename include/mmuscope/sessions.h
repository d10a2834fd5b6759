/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file libmmuscope on images and their kernels: sessions, tasks, spaces, VMAs. See mmuscope.h. */
#ifndef MMUSCOPE_SESSIONS_H
#define MMUSCOPE_SESSIONS_H

#include "mmuscope/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------ session */

/** A range of raw memory in a file that has no headers. */
struct mmu_raw_range {
	size_t size;      /**< sizeof(struct mmu_raw_range) */
	const char *path; /**< NULL: the image file itself */
	uint64_t first_pa;
	uint64_t file_offset;
	uint64_t bytes; /**< 0: to the end of the file */
};

/** Bits of mmu_options.flags. */
enum mmu_open_flag {
	MMU_OPEN_FORCE = 1 << 0, /**< take a vmlinux, or VMCOREINFO, of another kernel */
	/**
	 * Where no vmlinux is found, ask the servers that DEBUGINFOD_URLS names for it, through
	 * libdebuginfod.so.1. Nothing else here uses a network.
	 */
	MMU_OPEN_DEBUGINFOD = 1 << 1,
	MMU_ENUM_32(MMU_OPEN),
};

/** What the user says; zero means: find out. All is copied. */
struct mmu_options {
	size_t size;       /**< sizeof(struct mmu_options) */
	const char *image; /**< path of the image; must be given */
	/** NULL-terminated: the image is raw memory; NULL: it is not. */
	const struct mmu_raw_range *const *raw;
	const char *const *parts; /**< NULL-terminated: the other files of a split dump, or NULL */
	/** A path, or NULL: look for it. Of a System.map, too: vmlinux is looked for beside it. */
	const char *vmlinux;
	const char *const *debug_dirs; /**< NULL-terminated, or NULL: the system's */
	const char *arch;              /**< back-end name, or NULL: as the image says */
	const char *plugin_dir;        /**< looked in first; may be NULL */
	const char *const *facts;      /**< NULL-terminated "KEY=VALUE" in VMCOREINFO's notation */
	const struct mmu_hook *hook;   /**< for all long calls on the session and its spaces */
	uint64_t flags;                /**< enum mmu_open_flag */
	/**
	 * How many times the usual work and memory may be spent on searches, and on what files say
	 * of themselves; 0: once. The usual goes by what the files take on disk.
	 */
	uint64_t budget;
};

struct mmu_session;

/**
 * Open an image and read its headers and notes. The kernel is learnt when something first needs it.
 * @return MMU_ERROR_OS, _FORMAT, _UNSUPPORTED, _PLUGIN, _INVALID (options), _NO_MEMORY
 */
MMU_EXPORT struct mmu_error *mmu_session_open(const struct mmu_options *options,
					      struct mmu_session **ret);
/** Accepts NULL. Spaces and iterators of the session must be closed before. */
MMU_EXPORT void mmu_session_close(struct mmu_session *session);

/**
 * Learn the kernel: back-end, vmlinux, KASLR slide, linear mappings. Done once: every later call
 * has the answer of the first, MMU_ERROR_STOPPED too.
 * @return MMU_ERROR_NOT_FOUND (no vmlinux, a missing fact), _MISMATCH, _PLUGIN, _CORRUPT, _FAULT,
 *         _STOPPED
 */
MMU_EXPORT struct mmu_error *mmu_session_learn(struct mmu_session *session);

/**
 * Has the image's reader broken down, so that pages of it can no longer be read? That is so where
 * libkdumpfile, which runs in a process of its own, died of the file: what was found unreadable
 * since may be wrong. Likewise where once there was no memory to look a fact up, for what counts
 * as not known since may be known: MMU_ERROR_NO_MEMORY.
 * @return NULL: it has not; else why, owned by the caller
 */
MMU_EXPORT struct mmu_error *mmu_session_failure(const struct mmu_session *session);

/** Which spaces can be opened without any task: bits of mmu_info.usable. */
enum mmu_usable {
	MMU_USABLE_KERNEL = 1 << 0, /**< MMU_SPACE_KERNEL */
	MMU_USABLE_PGD = 1 << 1,    /**< MMU_SPACE_PGD without a format; with one it always can */
	MMU_ENUM_32(MMU_USABLE),
};

/** What is known of an image; "" and 0: not known. */
struct mmu_info {
	const char *path;
	const char *image_format; /**< for people: "ELF vmcore, 64 bits" */
	const char *reader;       /**< "elf", "kcore", "kdump", "libkdumpfile", "raw", ... */
	const char *arch;
	const char *release;
	const char *vmlinux;
	const char *system_map;
	const char *build_id;           /**< of the kernel in the image, hexadecimal */
	const char *warning;            /**< about the image, or NULL */
	const struct mmu_error *lacks;  /**< why no task can be found, though a kernel was learnt */
	const struct mmu_arch *backend; /**< NULL: not loaded */
	uint64_t kaslr_offset;
	int64_t phys_base;
	/** Of page_bytes; all 0 beside some nr_ram: the format has no table of its pages. */
	uint64_t present_pages, filtered_pages, truncated_pages;
	uint32_t page_bytes;
	uint32_t nr_ram;        /**< see mmu_session_ram() */
	uint32_t nr_linear;     /**< see mmu_session_linear() */
	uint32_t nr_regimes;    /**< see mmu_session_regime() */
	uint32_t nr_cpu_states; /**< CPUs whose registers can be walked from */
	uint32_t usable;        /**< enum mmu_usable bits */
	bool has_kaslr_offset, has_phys_base;
	bool big_endian; /**< of the kernel */
	bool live;       /**< the memory of the running kernel: it changes as it is read */
	bool has_vmcoreinfo;
	bool vmcoreinfo_found;   /**< in memory, not in the image's notes */
	bool vmcoreinfo_refuted; /**< the notes' own does not fit memory; `warning` says so */
	/** Of the file, that stand for several places in memory, as far as it shows. */
	uint64_t shared_bytes;
	/** What ended early for want of mmu_options.budget: "the search for ..."; NULL: nothing. */
	const char *given_up;
};

/** What is known now; valid until the next call of mmu_session_info() or mmu_session_close(). */
MMU_EXPORT const struct mmu_info *mmu_session_info(struct mmu_session *session);

/**
 * The same, at once: nr_ram and the counts of pages may be 0 until mmu_session_info() was called,
 * which may have to read all tables of pages in the image: 1.5 GiB for a machine of 24 TiB.
 */
MMU_EXPORT const struct mmu_info *mmu_session_brief(struct mmu_session *session);

/** The n-th range of RAM, ends inclusive, ascending. @return false: there is none */
MMU_EXPORT bool mmu_session_ram(const struct mmu_session *session, size_t n, uint64_t *ret_first_pa,
				uint64_t *ret_last_pa);

/** The n-th linear mapping of a kernel that was learnt, or NULL; valid as long as the session. */
MMU_EXPORT const struct mmu_linear *mmu_session_linear(const struct mmu_session *session, size_t n);

/** The n-th of the kernel's own regimes, or NULL; valid as long as the session. */
MMU_EXPORT const struct mmu_regime *mmu_session_regime(const struct mmu_session *session, size_t n);

/**
 * What the n-th CPU ran on, by its registers in the image's notes; no kernel needs to be known.
 * @return NULL: the notes have no such CPU, or no back-end reads them; valid until the next call
 */
MMU_EXPORT const struct mmu_cpu *mmu_session_cpu(struct mmu_session *session, uint32_t n);

/**
 * Read the first task with an address space, and what the kernel carries about itself, although
 * vmlinux was enough: then facts have a second source, see struct mmu_fact.
 * @return mmu_session_learn()'s, or why the kernel's own symbols or types are unavailable; whatever
 *         is available is still compared
 */
MMU_EXPORT struct mmu_error *mmu_session_cross_check(struct mmu_session *session);

/** Run-time address of a kernel symbol. @return MMU_ERROR_NOT_FOUND, or mmu_session_learn()'s */
MMU_EXPORT struct mmu_error *mmu_session_symbol(struct mmu_session *session, const char *name,
						uint64_t *ret_va);

/**
 * Read physical memory.
 * @param ret_pa  where reading stopped, when not all was read; may be NULL
 * @return MMU_PAGE_PRESENT: all was read; else why the byte at *ret_pa can't be
 */
MMU_EXPORT enum mmu_page_state mmu_session_read_phys(struct mmu_session *session, uint64_t pa,
						     void *buf, size_t bytes, uint64_t *ret_pa);

/* ------------------------------------------------------------------------------------ facts */

/** Where a fact comes from, in the order of trust. */
enum mmu_fact_source {
	MMU_SOURCE_NONE,
	MMU_SOURCE_OPTION,           /**< the user's */
	MMU_SOURCE_VMCOREINFO,       /**< in the image's notes or header */
	MMU_SOURCE_VMCOREINFO_FOUND, /**< found in memory */
	MMU_SOURCE_SLIDE,            /**< _stext in VMCOREINFO less _stext in vmlinux, System.map */
	MMU_SOURCE_SYMTAB,           /**< vmlinux's symbols */
	MMU_SOURCE_DWARF,            /**< vmlinux's types */
	MMU_SOURCE_VMLINUX_BTF,      /**< likewise, where it has no usable DWARF */
	MMU_SOURCE_SYSTEM_MAP,       /**< System.map's symbols */
	MMU_SOURCE_KALLSYMS,         /**< the kernel's own symbols, in the image */
	MMU_SOURCE_LIVE,             /**< the running kernel's symbols, in a file */
	MMU_SOURCE_BTF,              /**< the kernel's own types, in the image or in a file */
	MMU_SOURCE_DERIVED,          /**< worked out from others, or from memory */
	MMU_SOURCE_ASSUMED,          /**< a guess, for want of a source */
	MMU_ENUM_32(MMU_SOURCE),
};

/** A fact that was used, and where it came from. */
struct mmu_fact {
	const char *key; /**< as VMCOREINFO writes it */
	uint64_t value;
	enum mmu_fact_source from;
	enum mmu_fact_source other_from; /**< MMU_SOURCE_NONE: there is no `other` */
	const char *source;              /**< `from` in words: "VMCOREINFO", "derived: ..." */
	const char *other; /**< the first source that says otherwise; NULL: none does */
	uint64_t other_value;
	bool seconded; /**< another source says the same */
	bool disputed; /**< there is an other one, and no option of the user's settles it */
};

struct mmu_facts_iter;

/** The facts used so far, in the order of first use. @return MMU_ERROR_NO_MEMORY */
MMU_EXPORT struct mmu_error *mmu_facts_open(struct mmu_session *session,
					    struct mmu_facts_iter **ret);
/** @return NULL: there are no more */
MMU_EXPORT const struct mmu_fact *mmu_facts_next(struct mmu_facts_iter *facts);
/** Accepts NULL. */
MMU_EXPORT void mmu_facts_close(struct mmu_facts_iter *facts);

/* ------------------------------------------------------------------------------------ tasks */

enum mmu_mm_owner {
	MMU_MM_OWN,      /**< the task runs in mm */
	MMU_MM_NONE,     /**< it has none: a zombie */
	MMU_MM_BORROWED, /**< a kernel thread; mm is the one that it last ran on, or 0 */
	MMU_ENUM_32(MMU_MM),
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
	uint64_t parent_va; /**< task_struct.real_parent; 0: not known */
	int32_t ppid;       /**< its thread group, as getppid() has it; -1: not known */
	int32_t cpu;        /**< the one that it runs on or ran on last; -1: not known */
	/** As in /proc/PID/stat: R S D T t Z X I P; '\0': not known. */
	char state;
};

/** Bits of mmu_tasks_query.flags. */
enum mmu_tasks_flag {
	/** Also the threads of each leader, right behind it; last those whose list is broken. */
	MMU_TASKS_THREADS = 1 << 0,
	MMU_ENUM_32(MMU_TASKS),
};

struct mmu_tasks_query {
	size_t size;                 /**< sizeof(struct mmu_tasks_query) */
	const struct mmu_hook *hook; /**< NULL: the session's */
	uint64_t flags;              /**< enum mmu_tasks_flag */
};

struct mmu_tasks;

/**
 * Read all tasks in the kernel's order, the idle task (pid 0) first; each once. If the list is
 * broken, tasks reachable from its other end follow, then those found through the pid table with
 * their list neighbours. Those of a running kernel come by their pids, threads among them. Each is
 * told as it was at one moment; one that was there all the time is left out only where a last
 * problem says so.
 * @return errors of mmu_session_learn(); MMU_ERROR_FAULT: not even the first task is readable;
 *         _INVALID, _STOPPED, _NO_MEMORY
 */
MMU_EXPORT struct mmu_error *mmu_tasks_open(struct mmu_session *session,
					    const struct mmu_tasks_query *query,
					    struct mmu_tasks **ret);
/**
 * The next task, or the next problem: an object that is missing (a task or its mm, part of the
 * table of pids), and last the place where the list is broken.
 * @param ret_problem  NULL, unless there is a problem in place of a task
 * @return NULL, with *ret_problem NULL: there are no more. Both are valid until mmu_tasks_close().
 */
MMU_EXPORT const struct mmu_task *mmu_tasks_next(struct mmu_tasks *tasks,
						 const struct mmu_error **ret_problem);
/** Accepts NULL. */
MMU_EXPORT void mmu_tasks_close(struct mmu_tasks *tasks);

/** Ways to the tasks of a kernel. */
enum mmu_task_way {
	MMU_TASK_WAY_LIST,       /**< the list of all processes, and of the threads of each */
	MMU_TASK_WAY_PIDS,       /**< the table of pids */
	MMU_TASK_WAY_CHILDREN,   /**< the children of each task, which are processes */
	MMU_TASK_WAY_RUN_QUEUES, /**< who runs, and who waits for a CPU */
	MMU_TASK_WAY_MM_LIST,    /**< the owners of mms with pages in swap */
	MMU_TASK_WAYS,
	MMU_ENUM_32(MMU_TASK_WAY),
};

/** "list", "pid table", "children", ...: for people. @return NULL behind the last one */
MMU_EXPORT const char *mmu_task_way_name(enum mmu_task_way way);

/** A task that some ways lead to, and others, which should, do not. */
struct mmu_cross_task {
	struct mmu_task task;
	uint32_t known_by, lacked_by; /**< bits 1 << enum mmu_task_way */
};

struct mmu_cross;

/**
 * Go all ways to the tasks of a dump, threads too, and compare them: a task that was taken out of
 * one list is still in the others. Run queues and the list of mms only show tasks; the others have
 * to have all. A way that is broken, or that the facts don't tell of, lacks no task.
 * @param hook  NULL: the session's
 * @return errors of mmu_tasks_open(); MMU_ERROR_UNSUPPORTED: a running kernel, whose tasks change
 */
MMU_EXPORT struct mmu_error *mmu_cross_open(struct mmu_session *session,
					    const struct mmu_hook *hook, struct mmu_cross **ret);
/** The next task that something lacks, by pid. @return NULL: no more; valid until _close() */
MMU_EXPORT const struct mmu_cross_task *mmu_cross_next(struct mmu_cross *cross);
/** How many tasks anything knows. */
MMU_EXPORT uint64_t mmu_cross_tasks(const struct mmu_cross *cross);
/** Why a way was not gone to its end; NULL: it was. Valid until mmu_cross_close(). */
MMU_EXPORT const struct mmu_error *mmu_cross_why_not(const struct mmu_cross *cross,
						     enum mmu_task_way way);
/** Accepts NULL. */
MMU_EXPORT void mmu_cross_close(struct mmu_cross *cross);

/* ------------------------------------------------------------------------------------ spaces */

enum mmu_space_by {
	MMU_SPACE_KERNEL, /**< the kernel's own tables */
	MMU_SPACE_PID,    /**< value: a pid (leader or thread) */
	MMU_SPACE_TASK,   /**< value: address of a task_struct; an idle task has the kernel's own */
	MMU_SPACE_MM,     /**< value: address of an mm_struct */
	MMU_SPACE_PGD,    /**< value: physical address of a top table */
	MMU_SPACE_CPU,    /**< value: CPU number, as the dump's notes have its registers */
	MMU_ENUM_32(MMU_SPACE),
};

/** Bits of mmu_space_query.flags. */
enum mmu_space_flag {
	MMU_SPACE_USER_HALF = 1 << 0, /**< the tables that user mode runs on (x86 KPTI) */
	/**
	 * MMU_SPACE_PGD: value is what a register (CR3, TTBR0) held. Its bits that are no part of
	 * an address don't count: the regime's root_pa tells which did.
	 */
	MMU_SPACE_REGISTER = 1 << 1,
	MMU_ENUM_32(MMU_SPACE_FLAG),
};

struct mmu_space_query {
	size_t size; /**< sizeof(struct mmu_space_query) */
	uint64_t value;
	const char *format; /**< MMU_SPACE_PGD: a format's name instead of the kernel's own */
	const struct mmu_hook *hook; /**< for long calls on the space; NULL: the session's */
	enum mmu_space_by by;
	uint32_t flags; /**< enum mmu_space_flag */
};

struct mmu_space;
struct mmu_walk;

/**
 * Find the tables of an address space.
 * @param ret  owned by the caller, to be closed before the session; untouched on failure
 * @return MMU_ERROR_NO_TASK (no such pid or CPU), _NO_MM; of an object that the image lacks the
 *         message says its name, place and why: "task_struct of pid 42 at 0x... (physical 0x...):
 *         filtered". _FAULT: so does that of an object given by its address. Or those of
 *         mmu_session_learn(). MMU_SPACE_PGD with a format needs no kernel; _INVALID: the query, or
 *         at value no top table begins, which is aligned to its size.
 */
MMU_EXPORT struct mmu_error *mmu_space_open(struct mmu_session *session,
					    const struct mmu_space_query *query,
					    struct mmu_space **ret);
/** Accepts NULL. */
MMU_EXPORT void mmu_space_close(struct mmu_space *space);

/** The n-th regime, ascending by address, or NULL; valid as long as the space. Each has one. */
MMU_EXPORT const struct mmu_regime *mmu_space_regime(const struct mmu_space *space, size_t n);
MMU_EXPORT const struct mmu_arch *mmu_space_arch(const struct mmu_space *space);
/**
 * What to know before its answers are believed, or NULL: MMU_SPACE_CPU walks what a CPU's registers
 * name where no Linux is known, too; the kernel's table of pids may know a pid that its list of
 * tasks does not, or the other way round. Valid as long as the space.
 */
MMU_EXPORT const char *mmu_space_warning(const struct mmu_space *space);
/** The task that it was opened through, or NULL; valid as long as the space. */
MMU_EXPORT const struct mmu_task *mmu_space_task(const struct mmu_space *space);

/**
 * The addresses that belong to a process and not to the kernel, ends inclusive; all, for a space
 * that was not opened through a process or its mm.
 */
MMU_EXPORT void mmu_space_extent(struct mmu_space *space, uint64_t *ret_first_va,
				 uint64_t *ret_last_va);

/**
 * Read memory of a space, across pages.
 * @param ret_bytes  how many bytes were read
 * @param walk       gets the walk of the address where reading stopped; may be NULL. When that
 *                   address is mapped, its page_state says why the bytes are not there.
 * @return true when all were read
 */
MMU_EXPORT bool mmu_space_read(struct mmu_space *space, uint64_t va, void *buf, size_t bytes,
			       size_t *ret_bytes, struct mmu_walk *walk);

/* ------------------------------------------------------------------------------------ VMAs */

/** What the name of a VMA is. */
enum mmu_vma_named {
	MMU_VMA_NAME_NONE,    /**< it has none, or it can't be read: "" */
	MMU_VMA_NAME_SPECIAL, /**< "[heap]", "[vdso]", "[anon:NAME]" */
	/** As /proc/PID/maps has it, from the root of the mount namespace: "/usr/bin/sh",
	 *  "/memfd:x (deleted)" */
	MMU_VMA_NAME_PATH,
	MMU_VMA_NAME_PART, /**< a path of which the front is missing: "bin/sh" */
	MMU_VMA_NAME_LAST, /**< a path's last component: the facts tell no more */
	MMU_ENUM_32(MMU_VMA_NAME),
};

/** One VMA. */
struct mmu_vma_info {
	uint64_t first_va, last_va;
	uint64_t vm_flags;
	uint64_t file_va;         /**< struct file, 0: anonymous */
	const char *name;         /**< what it maps; raw bytes */
	uint64_t offset_bytes;    /**< of first_va in the file, when has_offset */
	enum mmu_vma_named named; /**< what `name` is */
	bool has_offset;
	bool name_unknown; /**< MMU_VMA_NAME_NONE, but it may have one: no fact tells */
	bool has_inode;    /**< the following three could be read; never of an anonymous one */
	bool gate;         /**< [vsyscall], [vectors]: all processes share it, no mm lists it */
	uint32_t device_major, device_minor; /**< of the file system: not always what stat() says */
	uint64_t inode;
};

/**
 * The VMA around an address.
 * @param ret  NULL: there is none, or the space has no mm; valid until the next call on the space
 * @return why it can't be told: MMU_ERROR_FAULT or _CORRUPT of an object, _NOT_FOUND (facts)
 */
MMU_EXPORT struct mmu_error *mmu_space_vma(struct mmu_space *space, uint64_t va,
					   const struct mmu_vma_info **ret);

struct mmu_vmas;

/**
 * All VMAs of a space, ascending, as /proc/PID/maps has them; none, if it has no mm.
 * @return MMU_ERROR_NO_MEMORY
 */
MMU_EXPORT struct mmu_error *mmu_vmas_open(struct mmu_space *space, struct mmu_vmas **ret);
/**
 * @param ret  NULL: there are no more
 * @return as mmu_space_vma(): some that may be there can't be read; the next call goes on behind
 */
MMU_EXPORT struct mmu_error *mmu_vmas_next(struct mmu_vmas *vmas, const struct mmu_vma_info **ret);
/** Accepts NULL. */
MMU_EXPORT void mmu_vmas_close(struct mmu_vmas *vmas);

#ifdef __cplusplus
}
#endif

#endif
