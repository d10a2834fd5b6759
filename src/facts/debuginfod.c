/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Calls of libdebuginfod, which is looked for when it is needed: no build asks for it. */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "facts/debuginfod.h"

#define LIBRARY "libdebuginfod.so.1"

/* As elfutils' debuginfod.h declares them, since 0.179. */
struct debuginfod_client;
typedef int (*progress_fn)(struct debuginfod_client *client, long done, long total);

struct library {
	struct debuginfod_client *(*begin)(void);
	void (*end)(struct debuginfod_client *client);
	/* @return a descriptor, or -errno; *path is malloc'ed */
	int (*find)(struct debuginfod_client *client, const unsigned char *build_id, int bytes,
		    char **path);
	void (*set_progress)(struct debuginfod_client *client, progress_fn fn);
};

struct fetch {
	mmu_fetch_fn fn;
	void *context;
	bool stopped;
};

/* It stays for the life of the process: what it uses keeps threads and tables of its own. */
static struct mmu_error *load(struct library *ret)
{
	void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	const struct {
		const char *name;
		void *to;
	} functions[] = {
		{ "debuginfod_begin", &ret->begin },
		{ "debuginfod_end", &ret->end },
		{ "debuginfod_find_debuginfo", &ret->find },
		{ "debuginfod_set_progressfn", &ret->set_progress },
	};

	if (!handle)
		return mmu_error_new(MMU_ERROR_UNSUPPORTED, "%s", dlerror());
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *function = dlsym(handle, functions[i].name);

		if (!function)
			return mmu_error_new(MMU_ERROR_UNSUPPORTED, LIBRARY " has no %s()",
					     functions[i].name);
		memcpy(functions[i].to, &function, sizeof(function));
	}
	return NULL;
}

/* A fetch has one thread, which is asked in it. */
static _Thread_local struct fetch *current;

static int on_progress(struct debuginfod_client *client, long done, long total)
{
	struct fetch *fetch = current;

	(void)client;
	if (!fetch->stopped)
		fetch->stopped = fetch->fn(fetch->context, done > 0 ? (uint64_t)done : 0,
					   total > 0 ? (uint64_t)total : 0);
	return fetch->stopped;
}

struct mmu_error *mmu_debuginfod_fetch(struct mmu_bytes build_id, mmu_fetch_fn fn, void *context,
				       char **ret_path)
{
	struct fetch fetch = { .fn = fn, .context = context };
	struct library library;
	char *path = NULL;
	struct mmu_error *error = load(&library);

	if (error)
		return error;
	struct debuginfod_client *client = library.begin();
	if (!client)
		return mmu_error_no_memory();
	current = &fetch;
	library.set_progress(client, on_progress);
	int fd = library.find(client, build_id.data, (int)build_id.count, &path);
	library.end(client);
	current = NULL;
	if (fd >= 0) {
		close(fd);
		*ret_path = path;
		return NULL;
	}
	free(path);
	*ret_path = NULL;
	if (fetch.stopped)
		return mmu_error_new(MMU_ERROR_STOPPED, "cancelled by the caller");
	/* no server has it, or none is named */
	return fd == -ENOENT || fd == -ENOSYS ? NULL : mmu_error_os(-fd, "debuginfod");
}
