/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Where the library lies: what belongs to it is found from there. */
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/place.h"

static char *own_path;

static void find_own_path(void)
{
	static const char here;
	struct link_map *map = NULL;
	Dl_info info;

	if (getauxval(AT_SECURE) || !dladdr1(&here, &info, (void **)&map, RTLD_DL_LINKMAP) || !map)
		return;
	/* "" is the program itself, linked statically with us. What is relative depends on the
	 * current directory. */
	if (map->l_name[0] == '/')
		own_path = realpath(map->l_name, NULL);
}

char *mmu_own_path(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, find_own_path); /* it stays where it is */
	return own_path ? strdup(own_path) : NULL;
}

bool mmu_place_is_trusted(const char *path, const struct stat *library, mode_t kind)
{
	struct stat status;

	return stat(path, &status) == 0 && (status.st_mode & S_IFMT) == kind &&
	       !(status.st_mode & S_IWOTH) &&
	       (status.st_uid == 0 || status.st_uid == library->st_uid);
}
