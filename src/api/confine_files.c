/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Which files may be opened once the process is confined. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "api/confine.h"
#include "base/cleanup.h"
#include "base/landlock.h"
#include "facts/debugfile.h"
#include "facts/live.h"
#include "image/helper.h"
#include "image/image.h"
#include "walk/registry.h"

#define PATH_BYTES 4096

/* Where the loader finds libraries, and glibc of old the number of CPUs. */
static const char *const system_places[] = {
	"/lib",   "/lib64",     "/usr/lib",         "/usr/lib64",         "/usr/local/lib",
	"/lib32", "/usr/lib32", "/etc/ld.so.cache", "/etc/ld.so.preload", "/sys/devices/system/cpu",
	NULL,
};

/* What a fetch from a server needs beside: names, certificates, its configuration. */
static const char *const network_places[] = { "/etc", "/usr", "/run", "/dev/urandom", NULL };

/* What the running kernel tells. */
static const char *const live_places[] = {
	MMU_LIVE_KALLSYMS_PATH,
	MMU_LIVE_BTF_PATH,
	"/sys/kernel/security/lockdown",
	"/proc/self",
	NULL,
};

static const char loader_variable[] = "LD_LIBRARY_PATH";

static void allow(int rules, const char *path, unsigned int rights)
{
	/* What can't be allowed can't be opened: whoever needs it says so then. */
	if (path && *path)
		mmu_landlock_allow(rules, path, rights);
}

static void allow_all(int rules, const char *const *paths, unsigned int rights)
{
	for (; paths && *paths; paths++)
		allow(rules, *paths, rights);
}

static void allow_folder_of(int rules, const char *path)
{
	char *folder MMU_FREE = strdup(path);
	char *slash = folder ? strrchr(folder, '/') : NULL;

	if (slash)
		slash[1] = '\0';
	if (folder)
		allow(rules, slash ? folder : ".", MMU_LANDLOCK_READ);
}

/* The folder of a library that is there already: others of its kind lie beside it. */
static int allow_library(struct dl_phdr_info *info, size_t size, void *context)
{
	(void)size;
	const char *name = info->dlpi_name;

	/* most lie where all is allowed */
	if (name && strchr(name, '/') && strncmp(name, "/lib", 4) != 0 &&
	    strncmp(name, "/usr/lib", 8) != 0)
		allow_folder_of(*(int *)context, name);
	return 0;
}

/* Directories between colons. */
static void allow_list(int rules, const char *list)
{
	char *copy MMU_FREE = list ? strdup(list) : NULL;
	char *save = NULL;

	for (char *dir = copy ? strtok_r(copy, ":;", &save) : NULL; dir;
	     dir = strtok_r(NULL, ":;", &save))
		allow(rules, dir, MMU_LANDLOCK_READ);
}

static void allow_libraries(int rules)
{
	allow_all(rules, system_places, MMU_LANDLOCK_READ);
	dl_iterate_phdr(allow_library, &rules);
	allow_list(rules, secure_getenv(loader_variable));
}

/* The program that runs libkdumpfile, and the loader that starts it. */
static void allow_helper(int rules)
{
	char path[PATH_BYTES];
	Dl_info loader;

	mmu_helper_path(path, sizeof(path));
	allow(rules, path, MMU_LANDLOCK_READ | MMU_LANDLOCK_EXEC);
	if (dladdr((void *)getauxval(AT_BASE), &loader))
		allow(rules, loader.dli_fname, MMU_LANDLOCK_READ | MMU_LANDLOCK_EXEC);
}

/* A kernel's build folder is a link to wherever it was built. */
static void allow_built_kernels(int rules)
{
	DIR *modules = opendir("/lib/modules");
	char path[PATH_BYTES];
	struct dirent *entry;

	while (modules && (entry = readdir(modules))) {
		snprintf(path, sizeof(path), "/lib/modules/%s/build/vmlinux", entry->d_name);
		allow(rules, path, MMU_LANDLOCK_READ);
	}
	if (modules)
		closedir(modules);
}

/* As debuginfod_find_debuginfo(3) tells, the first of these that is set, or exists. */
static void allow_server_cache(int rules)
{
	static const struct {
		const char *variable, *below;
	} places[] = {
		{ "DEBUGINFOD_CACHE_PATH", "" },
		{ "XDG_CACHE_HOME", "" },
		{ "HOME", "/.cache" },
		{ "HOME", "/.debuginfod_client_cache" },
	};
	char path[PATH_BYTES];
	bool known = false;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const char *value = secure_getenv(places[i].variable);

		if (!value)
			continue;
		snprintf(path, sizeof(path), "%s%s", value, places[i].below);
		/* What is not there can't be allowed: libdebuginfod makes it when it has a file. */
		if (!known && access(path, F_OK) != 0 && strrchr(path, '/'))
			*strrchr(path, '/') = '\0';
		known = true;
		allow(rules, path, MMU_LANDLOCK_READ | MMU_LANDLOCK_WRITE | MMU_LANDLOCK_TREE);
	}
	allow_all(rules, network_places, MMU_LANDLOCK_READ);
}

static void allow_plugins(int rules, const char *plugin_dir)
{
	char dir[PATH_BYTES];

	for (unsigned int n = 0; mmu_arch_search_dir(plugin_dir, n, dir, sizeof(dir)); n++)
		allow(rules, dir, MMU_LANDLOCK_READ);
}

static void allow_session(int rules, const struct mmu_options *options)
{
	allow(rules, options->image, MMU_LANDLOCK_READ);
	if (options->image && strcmp(options->image, MMU_KCORE_PATH) == 0)
		allow_all(rules, live_places, MMU_LANDLOCK_READ);
	for (size_t i = 0; options->raw && options->raw[i]; i++)
		allow(rules, options->raw[i]->path, MMU_LANDLOCK_READ);
	allow_all(rules, options->parts, MMU_LANDLOCK_READ);
	if (options->vmlinux) {
		allow(rules, options->vmlinux, MMU_LANDLOCK_READ);
		allow_folder_of(rules, options->vmlinux); /* its debug file may lie there */
	}
	allow_all(rules, options->debug_dirs, MMU_LANDLOCK_READ);
	allow_all(rules, mmu_debugfile_places, MMU_LANDLOCK_READ);
	allow_built_kernels(rules);
	allow_plugins(rules, options->plugin_dir);
	if (options->flags & MMU_OPEN_DEBUGINFOD)
		allow_server_cache(rules);
}

bool mmu_confine_asks_servers(const struct mmu_confine_options *options)
{
	bool asks = false;

	for (size_t i = 0; options->options && options->options[i]; i++)
		asks |= (options->options[i]->flags & MMU_OPEN_DEBUGINFOD) != 0;
	return asks;
}

bool mmu_confine_files(const struct mmu_confine_options *options)
{
	MMU_CLOSE int rules = mmu_landlock_begin(mmu_confine_asks_servers(options));

	if (rules < 0)
		return false;
	allow_libraries(rules);
	allow_helper(rules);
	for (size_t i = 0; options->options && options->options[i]; i++)
		allow_session(rules, options->options[i]);
	allow_all(rules, options->writable, MMU_LANDLOCK_READ | MMU_LANDLOCK_WRITE);
	return mmu_landlock_enforce(rules);
}
