/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A vmlinux from a debuginfod server, through elfutils' library, where it is installed. */
#ifndef MMU_FACTS_DEBUGINFOD_H
#define MMU_FACTS_DEBUGINFOD_H

#include "base/bytes.h"
#include "base/error.h"

/** @param total  bytes, 0: not known. @return true: stop */
typedef bool (*mmu_fetch_fn)(void *context, uint64_t done, uint64_t total);

/**
 * Ask the servers of DEBUGINFOD_URLS, which the library reads, for the debug information of a
 * build-id. It keeps what it fetched in a folder of its own.
 * @param fn        asked now and then
 * @param ret_path  malloc'ed; NULL, without an error: the servers have none. What is in the file is
 *                  still to be checked.
 * @return MMU_ERROR_UNSUPPORTED (the library is not installed, or too old), _OS (a server does not
 *         answer), _STOPPED (fn said so), _NO_MEMORY
 */
struct mmu_error *mmu_debuginfod_fetch(struct mmu_bytes build_id, mmu_fetch_fn fn, void *context,
				       char **ret_path) MMU_MUST_CHECK;

#endif
