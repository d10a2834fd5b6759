/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The directory of installed back-ends, found from where the library itself lies. */
#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "walk/plugindir.h"

/* The real path of the library that holds this code. The caller frees it. NULL: none is safe. */
static char *own_path(void)
{
	static const char here;
	struct link_map *map = NULL;
	Dl_info info;

	if (getauxval(AT_SECURE) || !dladdr1(&here, &info, (void **)&map, RTLD_DL_LINKMAP) || !map)
		return NULL;
	/* "" is the program itself, linked statically with us. What is relative depends on the
	 * current directory. */
	return map->l_name[0] == '/' ? realpath(map->l_name, NULL) : NULL;
}

/*
 * Whoever owns the library's file may run code as us anyway, and so may root. A directory that is
 * anybody else's is not trusted: a library that was copied to /tmp may find one beside it.
 */
static bool is_trusted(const char *dir, const struct stat *library)
{
	struct stat status;

	return stat(dir, &status) == 0 && S_ISDIR(status.st_mode) && !(status.st_mode & S_IWOTH) &&
	       (status.st_uid == 0 || status.st_uid == library->st_uid);
}

/* The directory of back-ends in the library's own directory. The caller frees it. NULL: none. */
static char *beside_library(void)
{
	char *library MMU_FREE = own_path();
	char *dir MMU_FREE = NULL;
	struct stat status;

	if (!library || stat(library, &status) < 0)
		return NULL;
	*strrchr(library, '/') = '\0';
	if (!is_trusted(library, &status) || asprintf(&dir, "%s/" MMU_PLUGIN_SUBDIR, library) < 0)
		return NULL;
	char *real MMU_FREE = realpath(dir, NULL);
	return real && is_trusted(real, &status) ? mmu_steal(real) : NULL;
}

void mmu_plugin_dir(char *ret, size_t size)
{
	/* the build names no subdirectory when it was told to use a fixed place */
	char *beside MMU_FREE = MMU_PLUGIN_SUBDIR[0] ? beside_library() : NULL;

	snprintf(ret, size, "%s", beside && strlen(beside) < size ? beside : MMU_PLUGIN_DIR);
}
