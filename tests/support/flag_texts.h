/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The flags of an entry as a list. */
#ifndef MMU_SUPPORT_FLAG_TEXTS_H
#define MMU_SUPPORT_FLAG_TEXTS_H

#include "mmuscope/mmuscope.h"

struct flag_text {
	const struct mmu_flag *flag;
	char name[32];
};

/** @return how many were written, `max` at most */
static inline size_t flag_texts(const struct mmu_regime *regime, unsigned int level,
				enum mmu_kind kind, bool second, uint64_t raw,
				struct flag_text *ret, size_t max)
{
	const struct mmu_flag *flag = NULL;
	size_t nr = 0;

	while (nr < max && (flag = mmu_flag_next(regime, level, kind, second, raw, flag,
						 ret[nr].name, sizeof(ret[nr].name))))
		ret[nr++].flag = flag;
	return nr;
}

#endif
