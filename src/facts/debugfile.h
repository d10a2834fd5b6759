/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Separate debug files: where to look, and which one belongs to a kernel. */
#ifndef MMU_FACTS_DEBUGFILE_H
#define MMU_FACTS_DEBUGFILE_H

#include "facts/elffile.h"

/**
 * The debug file of a stripped one: by .gnu_debuglink beside it, in .debug/ there, and by build-id
 * below /usr/lib/debug. Only one with the same build-id is taken.
 * @param ret  owned by the caller; NULL with no error: there is none
 */
struct mmu_error *mmu_debugfile_follow(const struct mmu_elffile *stripped,
				       struct mmu_elffile **ret) MMU_MUST_CHECK;

/** NULL-terminated: the system's own folders that are looked in. */
extern const char *const mmu_debugfile_places[];

/** Whether a release from a dump may become part of a path. */
bool mmu_debugfile_release_good(const char *release);

#endif
