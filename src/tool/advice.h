/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Which options help against an error. */
#ifndef MMU_TOOL_ADVICE_H
#define MMU_TOOL_ADVICE_H

#include "mmuscope/mmuscope.h"

/**
 * Is this a release of Debian's, whose vmlinux is in the package linux-image-RELEASE-dbg?
 * @param flavours  how the names of its kernels end, NULL-terminated; may be NULL
 */
bool tool_is_debian(const char *release, const char *const *flavours);

/**
 * What to add to an error's message.
 * @param info  of the session, NULL: there is none
 * @param ret   gets the text, with what goes between it and the message; "": there is none
 */
void tool_advise(enum mmu_remedy remedy, const struct mmu_info *info, char *ret, size_t bytes);

#endif
