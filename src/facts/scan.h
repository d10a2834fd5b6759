/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Finding VMCOREINFO in memory, where no header of the image has it. */
#ifndef MMU_FACTS_SCAN_H
#define MMU_FACTS_SCAN_H

#include "base/hook.h"
#include "image/image.h"

/** Called for each text that looks like VMCOREINFO. @return true: this is it, stop */
typedef bool (*mmu_scan_fn)(void *context, struct mmu_bytes text);

/**
 * Look for VMCOREINFO in the pages of an image: the ELF note that the kernel keeps ready for a
 * crash, or the bare text. Several finds are normal: the two copies, an older boot's, page cache.
 * @param latch  asked at each page; NULL: nobody is
 * @param fn     gets a text that stays valid only during the call
 * @return true when fn took one
 */
bool mmu_scan_vmcoreinfo(struct mmu_cursor *cursor, struct mmu_hook_latch *latch, mmu_scan_fn fn,
			 void *context);

#endif
