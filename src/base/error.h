/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Error objects: a typed code, a message to which callers add context outward. */
#ifndef MMU_BASE_ERROR_H
#define MMU_BASE_ERROR_H

#include <stdarg.h>

#include "mmuscope/mmuscope.h"

#define MMU_PRINTF(at, first) __attribute__((__format__(__printf__, at, first)))
#define MMU_MUST_CHECK __attribute__((warn_unused_result))
/* so a compiler sees that who gets no error has gotten the results */
#define MMU_NEW_ERROR __attribute__((warn_unused_result, returns_nonnull))

/** A new error; never NULL: without memory it is a static object. Owned by the caller. */
struct mmu_error *mmu_error_new(enum mmu_error_kind code, const char *format, ...)
	MMU_PRINTF(2, 3) MMU_NEW_ERROR;

/** As mmu_error_new() with code MMU_ERROR_OS and ": " + strerror(os_errno) added. */
struct mmu_error *mmu_error_os(int os_errno, const char *format, ...)
	MMU_PRINTF(2, 3) MMU_NEW_ERROR;

/** The static out-of-memory object. */
struct mmu_error *mmu_error_no_memory(void) MMU_NEW_ERROR;

/** Put "context: " in front of the message. Takes `error` and gives it back; NULL stays NULL. */
struct mmu_error *mmu_error_context(struct mmu_error *error, const char *format, ...)
	MMU_PRINTF(2, 3) MMU_MUST_CHECK;

/** Another message in place of its own; all else stays. Takes `error` and gives it back. */
struct mmu_error *mmu_error_reword(struct mmu_error *error, const char *format, ...)
	MMU_PRINTF(2, 3) MMU_MUST_CHECK;

/** Give it another code: what it means to whom it is handed on. Takes `error` and gives it back. */
struct mmu_error *mmu_error_as(struct mmu_error *error, enum mmu_error_kind code) MMU_MUST_CHECK;

/** Say what would help, in place of what was said before. Takes `error` and gives it back. */
struct mmu_error *mmu_error_remedy(struct mmu_error *error, enum mmu_remedy remedy) MMU_MUST_CHECK;

/** The byte at `pa` is missing, for that reason. Takes `error` and gives it back. */
struct mmu_error *mmu_error_at_phys(struct mmu_error *error, uint64_t pa,
				    enum mmu_page_state state) MMU_MUST_CHECK;

/** The kernel address `va` leads nowhere. Takes `error` and gives it back. */
struct mmu_error *mmu_error_at_virt(struct mmu_error *error, uint64_t va) MMU_MUST_CHECK;

/** It is this kernel object that can't be read; copied. Takes `error` and gives it back. */
struct mmu_error *mmu_error_of(struct mmu_error *error, const char *object,
			       uint64_t object_va) MMU_MUST_CHECK;

/** The same once more, owned by the caller; NULL stays NULL. */
struct mmu_error *mmu_error_copy(const struct mmu_error *error) MMU_MUST_CHECK;

#endif
