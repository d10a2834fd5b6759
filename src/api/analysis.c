/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Questions over whole spaces and kernels. */
#include <errno.h>
#include <unistd.h>

#include "analysis/compare.h"
#include "analysis/extract.h"
#include "api/session.h"

struct mmu_error *mmu_compare_spaces(struct mmu_space *first, struct mmu_space *second,
				     const struct mmu_compare_query *query,
				     struct mmu_comparison **ret)
{
	return mmu_spaces_compare(first, second, query, ret);
}

struct mmu_error *mmu_session_extract(struct mmu_session *session,
				      const struct mmu_extract_options *options, const char *path,
				      struct mmu_extract *ret)
{
	if (access(path, F_OK) == 0) /* before learning, which may take long */
		return mmu_error_os(EEXIST, "%s", path);
	struct mmu_error *error = mmu_session_learn(session);

	return error ? error : mmu_extract_write(&session->kernel, options, path, ret);
}
