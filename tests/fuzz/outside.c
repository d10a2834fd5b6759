/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * What is otherwise than in the tool. Targets don't reach libkdumpfile, whose faults are its own,
 * nor other programs. Caches have four pages: larger ones cost most of the time, and hide more.
 */
#include <dlfcn.h>
#include <errno.h>
#include <spawn.h>
#include <string.h>

#include "image/page_cache.h"

const char *__asan_default_options(void);

/* What is freed is kept for a while: 256 MB of it would be most of the work. */
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=4:malloc_context_size=12:max_malloc_fill_size=256:"
	       "allocator_may_return_null=1";
}

void *__real_dlopen(const char *name, int flags);
void *__wrap_dlopen(const char *name, int flags);
int __wrap_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		       const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]);
struct mmu_page_cache *__real_mmu_page_cache_new(uint32_t page_bytes, size_t bytes);
struct mmu_page_cache *__wrap_mmu_page_cache_new(uint32_t page_bytes, size_t bytes);

struct mmu_page_cache *__wrap_mmu_page_cache_new(uint32_t page_bytes, size_t bytes)
{
	return __real_mmu_page_cache_new(page_bytes, 0);
}

void *__wrap_dlopen(const char *name, int flags)
{
	if (name && strstr(name, "libkdumpfile"))
		return NULL;
	return __real_dlopen(name, flags);
}

/* A target may have one of its own. */
__attribute__((weak)) int __wrap_posix_spawn(pid_t *pid, const char *path,
					     const posix_spawn_file_actions_t *actions,
					     const posix_spawnattr_t *attributes,
					     char *const argv[], char *const envp[])
{
	return ENOENT;
}
