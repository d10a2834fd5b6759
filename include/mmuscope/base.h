/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What all of libmmuscope is made of: results, errors, progress. See mmuscope.h. */
#ifndef MMUSCOPE_BASE_H
#define MMUSCOPE_BASE_H

#include <stdio.h>

#include "mmuscope/arch.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MMU_EXPORT __attribute__((visibility("default")))

/** Last in each enumeration: whatever values it has, it is as wide as this one needs. */
#define MMU_ENUM_32(NAME) NAME##_FORCE_32 = 0x7fffffff

#define MMUSCOPE_VERSION_MAJOR 0
#define MMUSCOPE_VERSION_MINOR 2
#define MMUSCOPE_VERSION_PATCH 0
/** Grows with every release, of this header. */
#define MMUSCOPE_VERSION                                                                           \
	(MMUSCOPE_VERSION_MAJOR * 10000 + MMUSCOPE_VERSION_MINOR * 100 + MMUSCOPE_VERSION_PATCH)

/** The version of the library that runs, as text: "0.2.0". */
MMU_EXPORT const char *mmu_version(void);

/* ------------------------------------------------------------------------------------ results */

/** Whether the bytes of a page are in the image. */
enum mmu_page_state {
	MMU_PAGE_PRESENT,
	MMU_PAGE_FILTERED,    /**< RAM that was left out on purpose: makedumpfile -d */
	MMU_PAGE_TRUNCATED,   /**< the headers promise it, but the file ends before */
	MMU_PAGE_OUTSIDE_RAM, /**< the image knows no memory at this address */
	/**
	 * It is there and can't be had: I/O error, damaged compression. Damage of a compressed page
	 * is found when its bytes are asked for: a walk that ends at the page says that it is
	 * present.
	 */
	MMU_PAGE_UNREADABLE,
	MMU_ENUM_32(MMU_PAGE),
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
	MMU_RESULT_TABLE,  /**< an entry that leads on; no walk ends so, see mmu_entry_decode() */
	MMU_RESULT_HIDDEN, /**< a kernel page that is there, but not in the kernel's own map */
	MMU_ENUM_32(MMU_RESULT),
};

/** @return NULL behind the last one, so that all can be gone through */
MMU_EXPORT const char *mmu_result_name(enum mmu_result result);

/** "rwxXu" with "-" for what is absent; `ret` has room for 6 bytes. @return ret */
MMU_EXPORT const char *mmu_rights_text(uint8_t rights, char *ret);

/* ------------------------------------------------------------------------------------ errors */

/** What kind of trouble an error object speaks of. */
enum mmu_error_kind {
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
	MMU_ERROR_STOPPED,     /**< cancelled by the caller: by struct mmu_hook */
	MMU_ERROR_BUDGET,      /**< a search or a file takes more than mmu_options.budget allows */
	MMU_ENUM_32(MMU_ERROR),
};

/** What the caller can do about an error. */
enum mmu_remedy {
	MMU_REMEDY_NONE,
	MMU_REMEDY_FORCE,        /**< MMU_OPEN_FORCE accepts it */
	MMU_REMEDY_VMLINUX,      /**< mmu_options.vmlinux names what is missing */
	MMU_REMEDY_VMLINUX_LOST, /**< likewise, but the image is cut short: it finds what is left */
	MMU_REMEDY_ARCH,         /**< mmu_options.arch or .vmlinux says it */
	MMU_REMEDY_RAW,          /**< mmu_options.raw says where raw memory lies */
	MMU_REMEDY_PARTS,        /**< mmu_options.parts names the other files */
	MMU_REMEDY_FACT,         /**< mmu_options.facts decides */
	MMU_REMEDY_ROOT,         /**< MMU_SPACE_PGD with a format needs no kernel */
	MMU_REMEDY_FORMAT,       /**< mmu_space_query.format is missing */
	MMU_REMEDY_KERNEL_SPACE, /**< MMU_SPACE_KERNEL has it */
	MMU_REMEDY_TASK_ROOT,  /**< MMU_SPACE_PID or MMU_SPACE_PGD has it, MMU_SPACE_CPU has not */
	MMU_REMEDY_PLUGIN_DIR, /**< mmu_options.plugin_dir names where it is */
	MMU_REMEDY_BUDGET,     /**< mmu_options.budget raises the limit */
	MMU_ENUM_32(MMU_REMEDY),
};

/** What kind of address an error tells of. */
enum mmu_address_kind {
	MMU_ADDRESS_NONE,
	MMU_ADDRESS_VIRTUAL,  /**< of the kernel */
	MMU_ADDRESS_PHYSICAL, /**< mmu_error_page_state() says why it can't be read */
	MMU_ENUM_32(MMU_ADDRESS),
};

struct mmu_error;

MMU_EXPORT enum mmu_error_kind mmu_error_code(const struct mmu_error *error);
/** One line without a newline, outermost context first; valid as long as the error. */
MMU_EXPORT const char *mmu_error_message(const struct mmu_error *error);
/** What would help. */
MMU_EXPORT enum mmu_remedy mmu_error_get_remedy(const struct mmu_error *error);
/**
 * The address of the first byte that is missing.
 * @param ret  may be NULL; untouched for MMU_ADDRESS_NONE
 */
MMU_EXPORT enum mmu_address_kind mmu_error_address(const struct mmu_error *error, uint64_t *ret);
/** Why the bytes at a physical address can't be had; MMU_PAGE_PRESENT: that is not the trouble. */
MMU_EXPORT enum mmu_page_state mmu_error_page_state(const struct mmu_error *error);
/**
 * The kernel object that could not be read: "task_struct of pid 42".
 * @param ret_va  its address; may be NULL
 * @return NULL, with *ret_va untouched: the error tells of none; else valid as long as the error
 */
MMU_EXPORT const char *mmu_error_object(const struct mmu_error *error, uint64_t *ret_va);
/** Accepts NULL. */
MMU_EXPORT void mmu_error_destroy(struct mmu_error *error);

/* ------------------------------------------------------------------------------------ long work */

/** What a long call is doing. */
enum mmu_phase {
	MMU_PHASE_LEARN,   /**< finding the kernel, its symbols and types */
	MMU_PHASE_TASKS,   /**< done: tasks read */
	MMU_PHASE_TABLES,  /**< done: entries read that are not empty */
	MMU_PHASE_EXTRACT, /**< done: bytes written */
	MMU_PHASE_FETCH,   /**< done: bytes of a vmlinux from a debuginfod server */
	MMU_ENUM_32(MMU_PHASE),
};

/** How far a call has come. */
struct mmu_progress {
	enum mmu_phase phase;
	uint64_t done;
	uint64_t total; /**< 0: not known */
};

/** @return 0: go on; anything else: the call ends soon, with MMU_ERROR_STOPPED */
typedef int (*mmu_hook_fn)(const struct mmu_progress *progress, void *context);

/**
 * How a caller follows and cancels long calls. It is asked now and then, in the thread of the call,
 * and must not use what the call works on.
 */
struct mmu_hook {
	size_t size; /**< sizeof(struct mmu_hook) */
	mmu_hook_fn fn;
	void *context;
};

/* ------------------------------------------------------------------------------------ new files */

/**
 * A file that is being written, under another name beside its own. Nobody but its owner can read
 * it: it holds memory. It does not replace anything. A machine that loses power can leave a part of
 * it: nothing waits for the disk, as what it is made from is still there.
 */
struct mmu_new_file;

/** @return MMU_ERROR_OS, _NO_MEMORY; the message begins with the path */
MMU_EXPORT struct mmu_error *mmu_new_file_open(const char *path, struct mmu_new_file **ret);
/** To be written, not to be closed. */
MMU_EXPORT FILE *mmu_new_file_stream(struct mmu_new_file *file);
/**
 * Close the file, and give it its name; or remove it, where it is not to be kept, was not written
 * whole, or its name is taken. `file` is gone in any case, and a write that failed is told of.
 */
MMU_EXPORT struct mmu_error *mmu_new_file_close(struct mmu_new_file *file, bool keep);

#ifdef __cplusplus
}
#endif

#endif
