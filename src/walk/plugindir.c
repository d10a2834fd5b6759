/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The directory of installed back-ends, found from where the library itself lies. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/place.h"
#include "walk/plugindir.h"

/* The directory of back-ends in the library's own directory. The caller frees it. NULL: none. */
static char *beside_library(void)
{
	char *library MMU_FREE = mmu_own_path();
	char *dir MMU_FREE = NULL;
	struct stat status;

	if (!library || stat(library, &status) < 0)
		return NULL;
	*strrchr(library, '/') = '\0';
	if (!mmu_place_is_trusted(library, &status, S_IFDIR) ||
	    asprintf(&dir, "%s/" MMU_PLUGIN_SUBDIR, library) < 0)
		return NULL;
	char *real MMU_FREE = realpath(dir, NULL);
	return real && mmu_place_is_trusted(real, &status, S_IFDIR) ? mmu_steal(real) : NULL;
}

void mmu_plugin_dir(char *ret, size_t size)
{
	/* the build names no subdirectory when it was told to use a fixed place */
	char *beside MMU_FREE = MMU_PLUGIN_SUBDIR[0] ? beside_library() : NULL;

	snprintf(ret, size, "%s", beside && strlen(beside) < size ? beside : MMU_PLUGIN_DIR);
}
