/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The parts of mmu_confine(): files, and system calls. */
#ifndef MMU_API_CONFINE_H
#define MMU_API_CONFINE_H

#include <stdbool.h>

#include "mmuscope/confine.h"

/** Landlock, by what the options name. @return false: errno says why */
bool mmu_confine_files(const struct mmu_confine_options *options);

/** Whether one of the options asks servers, which takes a network. */
bool mmu_confine_asks_servers(const struct mmu_confine_options *options);

/**
 * The list of system calls while kernels are learnt.
 * @param writes  files may be made and renamed
 * @return false: errno says why
 */
bool mmu_confine_calls(bool writes);

/** The shorter list for all that comes then; likewise. */
bool mmu_confine_seal(bool writes);

#endif
