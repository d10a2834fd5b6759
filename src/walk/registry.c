/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Back-ends: one shared object an architecture, found by its exact name and loaded once. */
#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "image/lazy.h"
#include "walk/conformance.h"
#include "walk/plugindir.h"
#include "walk/registry.h"

#define PREFIX "mmuscope-arch-"
#define SUFFIX ".so"
#define ARCHES_MAX 64u
#define NAME_MAX_BYTES 32u

/* Loaded back-ends stay for the life of the process: their objects are referred to everywhere. */
static struct mmu_arch loaded[ARCHES_MAX];
static size_t nr_loaded;
static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;

/* The folders of plugins/ say so. */
static const struct machine {
	uint16_t machine;
	const char *name;
} machines[] = { MMU_MACHINES }, cpu_machines[] = { MMU_CPU_MACHINES };

static const char *name_of(uint16_t elf_machine, const struct machine *list, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (elf_machine && list[i].machine == elf_machine)
			return list[i].name;
	return NULL;
}

const char *mmu_arch_name_of_machine(uint16_t elf_machine)
{
	return name_of(elf_machine, machines, sizeof(machines) / sizeof(machines[0]));
}

const char *mmu_arch_name_of_cpus(uint16_t elf_machine)
{
	return name_of(elf_machine, cpu_machines, sizeof(cpu_machines) / sizeof(cpu_machines[0]));
}

/* A name becomes part of a path that is run as code. */
static bool name_is_sane(const char *name)
{
	size_t bytes = strlen(name);

	for (size_t i = 0; i < bytes; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_')
			return false;
	return bytes > 0 && bytes < NAME_MAX_BYTES;
}

bool mmu_arch_search_dir(const char *plugin_dir, unsigned int n, char *ret, size_t size)
{
	const char *path = secure_getenv("MMUSCOPE_PLUGIN_PATH");

	if (plugin_dir && n-- == 0) {
		snprintf(ret, size, "%s", plugin_dir);
		return true;
	}
	while (path && *path) {
		const char *colon = strchrnul(path, ':');

		if (colon > path && n-- == 0) {
			snprintf(ret, size, "%.*s", (int)(colon - path), path);
			return true;
		}
		path = *colon ? colon + 1 : NULL;
	}
	if (n == 0)
		mmu_plugin_dir(ret, size);
	return n == 0;
}

/* What the core relies on before it looks closer. A kind that it does not know is no fault. */
static struct mmu_error *check_formats(const struct mmu_arch *arch, const char *path)
{
	for (size_t i = 0; i < arch->nr_formats; i++) {
		const struct mmu_format *format = arch->formats[i];

		if (!format->name || format->size < MMU_FORMAT_BYTES_MIN || !format->nr_levels ||
		    format->nr_levels > MMU_LEVELS_MAX || !format->level)
			return mmu_error_new(MMU_ERROR_PLUGIN, "%s: format %zu has no sane levels",
					     path, i);
		if (!format->decode || !format->entry_bytes || !format->slot_bytes ||
		    (format->kind == MMU_FORMAT_HASHED && (!format->probes || !format->slot)))
			return mmu_error_new(MMU_ERROR_PLUGIN,
					     "%s: format %s lacks decode(), or what its kind needs",
					     path, format->name);
	}
	for (size_t i = 0; i < arch->nr_samples; i++) {
		const struct mmu_sample *sample = arch->samples[i];

		if (!sample->name || !sample->nr_regimes || sample->nr_regimes > MMU_REGIMES_MAX)
			return mmu_error_new(MMU_ERROR_PLUGIN, "%s: sample %zu has no regimes",
					     path, i);
	}
	return NULL;
}

/* What a file exports, of this ABI. The caller closes the handle. */
static struct mmu_error *open_object(const char *path, void **ret_handle,
				     const struct mmu_arch **ret)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		return mmu_error_new(MMU_ERROR_PLUGIN, "%s", dlerror());
	const struct mmu_arch *theirs = dlsym(handle, MMU_ARCH_SYMBOL);
	struct mmu_error *error = NULL;

	if (!theirs)
		error = mmu_error_new(MMU_ERROR_PLUGIN, "%s has no symbol %s: it is no back-end",
				      path, MMU_ARCH_SYMBOL);
	else if (theirs->abi != MMU_ARCH_ABI)
		error = mmu_error_new(MMU_ERROR_PLUGIN,
				      "%s speaks back-end ABI %u, this version speaks %u", path,
				      theirs->abi, MMU_ARCH_ABI);
	else if (theirs->size > sizeof(*theirs)) /* it may use what this version does not have */
		error = mmu_error_new(MMU_ERROR_PLUGIN,
				      "%s was built for a newer version of "
				      "mmuscope",
				      path);
	if (error) {
		dlclose(handle);
		return error;
	}
	*ret_handle = handle;
	*ret = theirs;
	return NULL;
}

/* What the plugin did not know of when it was built reads as zero. */
static void copy_arch(const struct mmu_arch *theirs, struct mmu_arch *ret)
{
	memset(ret, 0, sizeof(*ret));
	memcpy(ret, theirs, theirs->size < sizeof(*ret) ? theirs->size : sizeof(*ret));
}

static struct mmu_error *accept_arch(const struct mmu_arch *theirs, const char *name,
				     const char *path, const struct mmu_arch **ret)
{
	struct mmu_arch *arch = &loaded[nr_loaded];

	copy_arch(theirs, arch);
	if (!arch->name || strcmp(arch->name, name) != 0)
		return mmu_error_new(MMU_ERROR_PLUGIN, "%s calls itself '%s'", path,
				     arch->name ? arch->name : "");
	if (!arch->nr_formats || !arch->nr_samples)
		return mmu_error_new(MMU_ERROR_PLUGIN, "%s has no formats or no samples", path);
	struct mmu_error *error = check_formats(arch, path);
	if (error)
		return error;
	nr_loaded++;
	*ret = arch;
	return NULL;
}

static struct mmu_error *open_arch(const char *path, const char *name, const struct mmu_arch **ret)
{
	const struct mmu_arch *theirs;
	void *handle;
	struct mmu_error *error = open_object(path, &handle, &theirs);

	if (error)
		return error;
	error = accept_arch(theirs, name, path, ret);
	if (error)
		dlclose(handle);
	return error;
}

struct reporter {
	mmu_text_fn fn;
	void *context;
};

static void report_problem(void *context, const char *problem)
{
	const struct reporter *reporter = context;

	reporter->fn(problem, reporter->context);
}

struct mmu_error *mmu_arch_conformance_file(const char *path, mmu_text_fn report, void *context,
					    bool *ret_conforms, uint64_t *ret_checks)
{
	struct reporter reporter = { report, context };
	const struct mmu_arch *theirs;
	char here[4096];
	struct mmu_arch arch;
	void *handle;

	/* without a slash dlopen() would search the system's library path */
	snprintf(here, sizeof(here), "%s%s", strchr(path, '/') ? "" : "./", path);
	struct mmu_error *error = open_object(here, &handle, &theirs);
	if (error)
		return error;
	copy_arch(theirs, &arch);
	*ret_conforms = mmu_arch_conformance(&arch, report ? report_problem : NULL, &reporter,
					     ret_checks);
	dlclose(handle);
	return NULL;
}

static struct mmu_error *find_arch(const char *name, const char *plugin_dir,
				   const struct mmu_arch **ret)
{
	char dir[4096], path[4096 + 64];

	if (!name_is_sane(name))
		return mmu_error_new(MMU_ERROR_NOT_FOUND, "'%s' is no back-end's name", name);
	for (size_t i = 0; i < nr_loaded; i++) {
		if (strcmp(loaded[i].name, name) == 0) {
			*ret = &loaded[i];
			return NULL;
		}
	}
	if (mmu_lazy_closed)
		return mmu_error_new(MMU_ERROR_NOT_FOUND,
				     "no back-end for architecture '%s' is loaded, and none can be "
				     "any more",
				     name);
	if (nr_loaded == ARCHES_MAX)
		return mmu_error_new(MMU_ERROR_PLUGIN, "too many back-ends");
	for (unsigned int n = 0; mmu_arch_search_dir(plugin_dir, n, dir, sizeof(dir)); n++) {
		snprintf(path, sizeof(path), "%s/" PREFIX "%s" SUFFIX, dir, name);
		/* without a slash dlopen() would search the system's library path */
		if (strchr(dir, '/') && access(path, F_OK) == 0)
			return open_arch(path, name, ret);
		if (!strchr(dir, '/')) {
			snprintf(path, sizeof(path), "./%s/" PREFIX "%s" SUFFIX, dir, name);
			if (access(path, F_OK) == 0)
				return open_arch(path, name, ret);
		}
	}
	mmu_plugin_dir(dir, sizeof(dir));
	return mmu_error_remedy(mmu_error_new(MMU_ERROR_NOT_FOUND,
					      "no back-end for architecture '%s' (" PREFIX
					      "%s" SUFFIX " is not in %s%sMMUSCOPE_PLUGIN_PATH or "
					      "%s)",
					      name, name, plugin_dir ? plugin_dir : "",
					      plugin_dir ? ", " : "", dir),
				MMU_REMEDY_PLUGIN_DIR);
}

struct mmu_error *mmu_arch_load(const char *name, const char *plugin_dir,
				const struct mmu_arch **ret)
{
	pthread_mutex_lock(&loading);
	struct mmu_error *error = find_arch(name, plugin_dir, ret);

	pthread_mutex_unlock(&loading);
	return error;
}

static int by_name(const void *one, const void *other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

/* Add the names that one directory holds to names[]. */
static size_t scan_dir(const char *dir, char names[][NAME_MAX_BYTES], size_t count)
{
	DIR *stream = opendir(dir);
	struct dirent *entry;

	while (stream && (entry = readdir(stream))) {
		size_t bytes = strlen(entry->d_name), fixed = strlen(PREFIX SUFFIX), i;
		char *name = names[count];

		if (count == ARCHES_MAX || bytes <= fixed || bytes - fixed >= NAME_MAX_BYTES ||
		    strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0 ||
		    strcmp(entry->d_name + bytes - strlen(SUFFIX), SUFFIX) != 0)
			continue;
		memcpy(name, entry->d_name + strlen(PREFIX), bytes - fixed);
		name[bytes - fixed] = '\0';
		for (i = 0; i < count && strcmp(names[i], name) != 0; i++)
			;
		if (i == count && name_is_sane(name))
			count++;
	}
	if (stream)
		closedir(stream);
	return count;
}

struct mmu_error *mmu_arch_list(const char *plugin_dir, char ***ret)
{
	char names[ARCHES_MAX + 1][NAME_MAX_BYTES], dir[4096];
	size_t count = 0;

	for (unsigned int n = 0; mmu_arch_search_dir(plugin_dir, n, dir, sizeof(dir)); n++)
		count = scan_dir(dir, names, count);
	/* one block: the pointers, then the texts */
	char **list = malloc((count + 1) * sizeof(*list) + count * NAME_MAX_BYTES);
	if (!list)
		return mmu_error_no_memory();
	for (size_t i = 0; i < count; i++) {
		list[i] = (char *)(list + count + 1) + i * NAME_MAX_BYTES;
		memcpy(list[i], names[i], NAME_MAX_BYTES);
	}
	list[count] = NULL;
	qsort(list, count, sizeof(*list), by_name);
	*ret = list;
	return NULL;
}
