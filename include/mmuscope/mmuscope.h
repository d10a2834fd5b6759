/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * libmmuscope: open a Linux memory image, learn the kernel in it, walk its page tables.
 *
 *     struct mmu_options options = { .size = sizeof(options), .image = "vmcore" };
 *     struct mmu_space_query query = { .size = sizeof(query), .by = MMU_SPACE_PID, .value = 42 };
 *     struct mmu_session *session = NULL;
 *     struct mmu_space *space = NULL;
 *     struct mmu_walk *walk = NULL;
 *     struct mmu_error *error = mmu_session_open(&options, &session);
 *     if (!error)
 *             error = mmu_space_open(session, &query, &space);
 *     if (!error)
 *             error = mmu_walk_create(&walk);
 *     if (!error) {
 *             mmu_space_walk(space, 0x7f0000000000, walk);
 *             puts(mmu_result_name(mmu_walk_get(walk)->result));
 *     }
 *
 * Words are those of the glossary in arch.h. What is not there (a hole, a page that the dump left
 * out) is a result, never an error.
 *
 * Errors. Functions that can fail return NULL, or an error object that the caller owns; on failure
 * their outputs are untouched.
 *
 * Growth. A struct that the caller passes begins with its size and grows at its end. Members that
 * an older caller does not know read as zero; members that this library does not know must be zero,
 * else, and with size 0, the answer is MMU_ERROR_INVALID. A struct that the library hands out is
 * const, is owned by the library, and also grows at its end, so callers keep pointers to it and no
 * copies or arrays. Everything else is opaque. Enumerations are 32 bits wide and get new values.
 *
 * Sequences are iterators: X_open(), X_next() until it gives NULL, X_close(). What X_next() gives
 * is valid until the next call on the iterator. An iterator is closed before what it was opened on.
 *
 * Threads. Any number of sessions may be used in any number of threads, one thread at a time each.
 * Once mmu_session_learn() has succeeded, spaces of one session may be opened, used and closed in
 * several threads, each space by one thread at a time; while they are, only mmu_space_open() and
 * mmu_session_regime() are called on the session. Of a compressed dump the library may start a
 * thread of its own, which unpacks tables ahead of their reader, takes no signals, and ends when
 * the session is closed.
 */
#ifndef MMUSCOPE_H
#define MMUSCOPE_H

#include "mmuscope/arch.h"
#include "mmuscope/base.h"
#include "mmuscope/confine.h"
#include "mmuscope/sessions.h"
#include "mmuscope/smaps.h"
#include "mmuscope/walks.h"
#include "mmuscope/analysis.h"
#include "mmuscope/maps.h"
#include "mmuscope/stat.h"

#endif
