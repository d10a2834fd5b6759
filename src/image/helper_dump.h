/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The helper's side: a dump that libkdumpfile has opened. */
#ifndef MMU_IMAGE_HELPER_DUMP_H
#define MMU_IMAGE_HELPER_DUMP_H

#include "image/helper_protocol.h"

/**
 * Answer a request: fill the reply, and the window with what it speaks of.
 * @param request  as it came: nothing of it has been checked
 */
void mmu_helper_answer(const struct mmu_helper_request *request, uint8_t *window,
		       struct mmu_helper_reply *reply);

#endif
