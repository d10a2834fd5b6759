/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file libmmuscope on its own process: what it may still do. See mmuscope.h. */
#ifndef MMUSCOPE_CONFINE_H
#define MMUSCOPE_CONFINE_H

#include "mmuscope/sessions.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What confines the process: bits. Each holds from its call on, for the calling thread and those
 * that it starts, and can't be taken back. The library does nothing of this by itself.
 */
enum mmu_confine_part {
	/**
	 * Before a session is opened: no new privileges; Landlock lets no file be opened but what
	 * the options name, debug files, back-ends, libraries, and what may be written; no TCP.
	 */
	MMU_CONFINE_FILES = 1 << 0,
	/** With FILES: memory and processor time are limited, by the size of the images. */
	MMU_CONFINE_LIMITS = 1 << 1,
	/**
	 * When all images are open: seccomp ends the process with SIGSYS when it starts a program,
	 * uses a network, or opens a file to write. Left out where a debuginfod server is asked.
	 */
	MMU_CONFINE_CALLS = 1 << 2,
	/**
	 * When all sessions have learnt: seccomp lets no file be opened at all, but for what is
	 * written; root has no capabilities any more. What has not learnt yet may still have to
	 * open files: the part does not hold then, and may be asked for again.
	 */
	MMU_CONFINE_SEALED = 1 << 3,
	MMU_ENUM_32(MMU_CONFINE),
};

/** What is asked for. All is looked at during the call only. */
struct mmu_confine_options {
	size_t size;    /**< sizeof(struct mmu_confine_options) */
	uint64_t parts; /**< enum mmu_confine_part */
	/** NULL-terminated: what sessions will be opened from. For FILES and CALLS. */
	const struct mmu_options *const *options;
	/** NULL-terminated: the open sessions. For SEALED. */
	struct mmu_session *const *sessions;
	/** NULL-terminated directories in which files are made; NULL: none. For all but LIMITS. */
	const char *const *writable;
};

/** What holds. */
struct mmu_confinement {
	uint64_t parts;         /**< enum mmu_confine_part */
	uint32_t landlock_abi;  /**< of the rules that hold; 0: none do */
	uint32_t no_privileges; /**< the thread has no capabilities, but to write where it must */
	uint64_t data_bytes;    /**< limit of its memory; 0: none of ours */
	uint64_t cpu_seconds;   /**< after which SIGXCPU comes; 0: never by us */
	const char *lacks;      /**< why a part does not hold, static text; NULL: nothing lacks */
};

/**
 * Confine this process, as far as the system can: what it lacks is no error, see
 * mmu_confinement_get(). A program that does more than to read images should think twice, and
 * start a process for it.
 * @return MMU_ERROR_INVALID; MMU_ERROR_OS: the system has it, and refuses
 */
MMU_EXPORT struct mmu_error *mmu_confine(const struct mmu_confine_options *options);

/** What holds in this process, by mmu_confine(); never NULL. */
MMU_EXPORT const struct mmu_confinement *mmu_confinement_get(void);

#ifdef __cplusplus
}
#endif

#endif
