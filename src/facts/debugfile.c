/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Looking for a kernel's vmlinux and its debug file. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "facts/debugfile.h"
#include "facts/debugsection.h"
#include "facts/vmlinux.h"

#define RELEASE_BYTES_MAX 64
#define BUILD_ID_BYTES_MAX 64
#define TRIED_BYTES_MAX 65536

static const char *const system_dirs[] = { "/usr/lib/debug", NULL };

const char *const mmu_debugfile_places[] = { "/usr/lib/debug", "/lib/modules", "/usr/lib/modules",
					     "/boot", NULL };

/* Below each directory; %s is the release. */
static const char *const below_dirs[] = {
	"boot/vmlinux-%s",
	"lib/modules/%s/vmlinux",
	"lib/modules/%s/vmlinux.debug",
	"lib/modules/%s/build/vmlinux",
	"usr/lib/modules/%s/vmlinux",
	"usr/lib/modules/%s/vmlinux.debug",
	"boot/vmlinux-%s.debug",
	"vmlinux-%s",
	"vmlinux-%s.debug",
};

/* The system's own, used when no directories are given. */
static const char *const in_system[] = {
	"/lib/modules/%s/build/vmlinux",
	"/lib/modules/%s/vmlinux",
	"/usr/lib/modules/%s/vmlinux",
	"/boot/vmlinux-%s",
};

/* Below the user's directories, which may be the root of a file system. */
static const char *const below_given[] = {
	"usr/lib/debug/boot/vmlinux-%s",
	"usr/lib/debug/lib/modules/%s/vmlinux",
	"usr/lib/debug/vmlinux-%s",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* How useful a file is, least useful first. */
enum use { USE_NONE, USE_PART, USE_SYMBOLS_AND_BTF, USE_DEBUG_INFO };

struct search {
	struct mmu_bytes build_id;
	const char *release; /* "": not known, or not fit for a path */
	char *best;
	enum use use; /* of the best */
	char *tried;  /* "a, b (why not), c" */
	size_t tried_bytes;
	bool no_memory;
};

bool mmu_debugfile_release_good(const char *release)
{
	size_t length = strnlen(release, RELEASE_BYTES_MAX + 1);

	if (!length || length > RELEASE_BYTES_MAX || release[0] == '.' || strstr(release, ".."))
		return false;
	for (size_t i = 0; i < length; i++)
		if (release[i] <= ' ' || release[i] >= 0x7f || release[i] == '/')
			return false;
	return true;
}

static void note(struct search *search, const char *path, const char *why)
{
	char *text = NULL;

	if (search->tried_bytes > TRIED_BYTES_MAX)
		return;
	int length = asprintf(&text, "%s%s%s%s%s%s", search->tried ? search->tried : "",
			      search->tried ? ", " : "", path, why ? " (" : "", why ? why : "",
			      why ? ")" : "");

	if (length < 0) {
		search->no_memory = true;
		return;
	}
	free(search->tried);
	search->tried = text;
	search->tried_bytes = (size_t)length;
}

static bool same_bytes(struct mmu_bytes a, struct mmu_bytes b)
{
	return a.count == b.count && !memcmp(a.data, b.data, a.count);
}

/* @return NULL, or why the file is not the one */
static const char *unfit(const struct search *search, const struct mmu_elffile *file,
			 enum use *ret_use)
{
	struct mmu_elfsection symtab;

	if (search->build_id.count && !file->build_id.count)
		return "no build-id";
	if (search->build_id.count && !same_bytes(search->build_id, file->build_id))
		return "another build-id";
	bool symbols = mmu_elffile_typed(file, SHT_SYMTAB, &symtab);
	bool btf = mmu_debugsection_exists(file, ".BTF");

	if (mmu_debugsection_exists(file, ".debug_info"))
		*ret_use = USE_DEBUG_INFO;
	else if (symbols || btf)
		*ret_use = symbols && btf ? USE_SYMBOLS_AND_BTF : USE_PART;
	else
		return "stripped";
	return NULL;
}

/* Takes `path`. */
static void consider(struct search *search, char *path)
{
	struct mmu_elffile *file = NULL;
	enum use use = USE_NONE;

	if (!path) {
		search->no_memory = true;
		return;
	}
	if (search->use == USE_DEBUG_INFO || access(path, F_OK)) {
		if (search->use != USE_DEBUG_INFO)
			note(search, path, NULL);
		free(path);
		return;
	}
	struct mmu_error *error = mmu_elffile_open(path, &file);
	const char *why = error ? "not readable, or not a vmlinux" : unfit(search, file, &use);

	mmu_error_destroy(error);
	mmu_elffile_close(file);
	note(search, path, why ? why : use == USE_DEBUG_INFO ? NULL : "no debug info");
	if (use > search->use) {
		free(search->best);
		search->best = mmu_steal(path);
		search->use = use;
	}
	free(path);
}

static MMU_PRINTF(1, 2) char *text(const char *format, ...)
{
	char *ret = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&ret, format, args) < 0)
		ret = NULL;
	va_end(args);
	return ret;
}

/* The formats of the tables above have one %s each. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void consider_release(struct search *search, const char *dir, const char *format)
{
	char *name = NULL;

	if (!search->release[0])
		return;
	if (asprintf(&name, format, search->release) < 0)
		name = NULL;
	consider(search, !name ? NULL : dir ? text("%s/%s", dir, name) : strdup(name));
	free(name);
}
#pragma GCC diagnostic pop

/* @return malloc'ed "DIR/.build-id/ab/cdef.debug", NULL without memory */
static char *build_id_path(const char *dir, struct mmu_bytes build_id)
{
	char hex[2 * BUILD_ID_BYTES_MAX + 1] = "";

	for (uint64_t i = 0; i < build_id.count; i++)
		snprintf(hex + 2 * i, 3, "%02x", build_id.data[i]);
	return text("%s/.build-id/%.2s/%s.debug", dir, hex, hex + 2);
}

static bool build_id_good(struct mmu_bytes build_id)
{
	return build_id.count >= 2 && build_id.count <= BUILD_ID_BYTES_MAX;
}

static void look(struct search *search, const char *const *dirs)
{
	const char *const *roots = dirs ? dirs : system_dirs;

	for (size_t i = 0; roots[i] && build_id_good(search->build_id); i++)
		consider(search, build_id_path(roots[i], search->build_id));
	for (size_t i = 0; dirs && dirs[i] && build_id_good(search->build_id); i++) {
		char *below = text("%s/usr/lib/debug", dirs[i]);

		consider(search, below ? build_id_path(below, search->build_id) : NULL);
		free(below);
	}
	for (size_t i = 0; roots[i]; i++) {
		for (size_t k = 0; k < COUNT(below_dirs); k++)
			consider_release(search, roots[i], below_dirs[k]);
		for (size_t k = 0; dirs && k < COUNT(below_given); k++)
			consider_release(search, roots[i], below_given[k]);
	}
	for (size_t k = 0; !dirs && k < COUNT(in_system); k++)
		consider_release(search, NULL, in_system[k]);
	/* A name without a release says nothing unless the build-id proves it. */
	for (size_t i = 0; dirs && dirs[i] && search->build_id.count; i++)
		consider(search, text("%s/vmlinux", dirs[i]));
}

struct mmu_error *mmu_vmlinux_find(const char *const *debug_dirs, struct mmu_bytes build_id,
				   const char *release, char **ret_path, char **ret_tried)
{
	struct search search = { .build_id = build_id, .release = release };

	if (release[0] && !mmu_debugfile_release_good(release)) {
		note(&search, "no names by release", "the release in the image is not a file name");
		search.release = "";
	}
	look(&search, debug_dirs);
	if (search.no_memory) {
		free(search.best);
		free(search.tried);
		return mmu_error_no_memory();
	}
	*ret_path = search.best;
	if (ret_tried)
		*ret_tried = search.tried;
	else
		free(search.tried);
	return NULL;
}

/* ------------------------------------------------- .gnu_debuglink */

/* Takes `path`. @param ret  set when the file is the one; NULL: it isn't */
static struct mmu_error *follow(const struct mmu_elffile *stripped, char *path_taken,
				struct mmu_elffile **ret)
{
	MMU_FREE char *path = path_taken;
	struct mmu_elffile *file = NULL;

	if (!path)
		return mmu_error_no_memory();
	if (*ret || access(path, F_OK))
		return NULL;
	struct mmu_error *error = mmu_elffile_open(path, &file);

	if (error) {
		/* This file is something else; the stripped file's own message is better. */
		mmu_error_destroy(error);
		return NULL;
	}
	bool same = same_bytes(stripped->build_id, file->build_id);

	if (same && mmu_debugsection_exists(file, ".debug_info"))
		*ret = file;
	else
		mmu_elffile_close(file);
	return NULL;
}

/* The link's name, without a directory. @return NULL: no link, or a bad one */
static const char *link_name(const struct mmu_elffile *stripped)
{
	struct mmu_elfsection section;

	if (!mmu_elffile_named(stripped, ".gnu_debuglink", &section))
		return NULL;
	const char *name = (const char *)section.bytes.data;
	size_t length = strnlen(name, section.bytes.count);

	if (!length || length == section.bytes.count || length > 255 || strchr(name, '/') ||
	    !strcmp(name, ".") || !strcmp(name, ".."))
		return NULL;
	return name;
}

struct mmu_error *mmu_debugfile_follow(const struct mmu_elffile *stripped, struct mmu_elffile **ret)
{
	const char *name = link_name(stripped);
	const char *slash = strrchr(stripped->path, '/');
	int dir_bytes = slash ? (int)(slash - stripped->path) + 1 : 0;
	struct mmu_elffile *found = NULL;
	struct mmu_error *error = NULL;

	*ret = NULL;
	if (!build_id_good(stripped->build_id))
		return NULL;
	if (name) {
		error = follow(stripped, text("%.*s%s", dir_bytes, stripped->path, name), &found);
		if (!error)
			error = follow(stripped,
				       text("%.*s.debug/%s", dir_bytes, stripped->path, name),
				       &found);
	}
	if (!error)
		error = follow(stripped, build_id_path(system_dirs[0], stripped->build_id), &found);
	if (error)
		mmu_elffile_close(found);
	else
		*ret = found;
	return error;
}
