/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Error objects: a typed code, a message to which callers add context outward. */
#ifndef MMU_BASE_ERROR_H
#define MMU_BASE_ERROR_H

#include <stdarg.h>

#include "mmuscope/mmuscope.h"

#define MMU_PRINTF(at, first) __attribute__((__format__(__printf__, at, first)))
#define MMU_MUST_CHECK __attribute__((warn_unused_result))

/** A new error; never NULL: without memory it is a static object. Owned by the caller. */
struct mmu_error *mmu_error_new(enum mmu_error_code code, const char *format, ...)
	MMU_PRINTF(2, 3) MMU_MUST_CHECK;

/** As mmu_error_new() with code MMU_ERROR_OS and ": " + strerror(os_errno) added. */
struct mmu_error *mmu_error_os(int os_errno, const char *format, ...)
	MMU_PRINTF(2, 3) MMU_MUST_CHECK;

/** The static out-of-memory object. */
struct mmu_error *mmu_error_no_memory(void) MMU_MUST_CHECK;

/** Put "context: " in front of the message. Takes `error` and gives it back; NULL stays NULL. */
struct mmu_error *mmu_error_context(struct mmu_error *error, const char *format, ...)
	MMU_PRINTF(2, 3) MMU_MUST_CHECK;

/** Give it another code: what it means to whom it is handed on. Takes `error` and gives it back. */
struct mmu_error *mmu_error_as(struct mmu_error *error, enum mmu_error_code code) MMU_MUST_CHECK;

#endif
