/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Reading the files in which the running kernel tells of itself. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "facts/live.h"
#include "facts/names.h"

/* The largest kernels have some 300,000. The limit ends a file that has no end. */
#define LINES_MAX (8u << 20)
#define FIRST_BYTES 65536u

struct mmu_live_symbols {
	const char *path;
	struct mmu_names names; /* the symbols that are wanted */
	uint64_t *va;           /* per name */
	bool *known, *global;
};

/* ------------------------------------------------------------------ lines of kallsyms */

struct line {
	uint64_t va;
	char type;
	const char *name; /* NUL-terminated */
	size_t bytes;     /* with the NUL */
};

/* @return false to stop */
typedef bool (*line_fn)(const struct line *line, void *context);

/* "ffffffff81000000 T _stext", and a module's name in brackets. */
static bool parse_line(char *text, struct line *ret)
{
	char *end;
	uint64_t va = strtoull(text, &end, 16);

	if (end == text || end[0] != ' ' || !end[1] || end[2] != ' ')
		return false;
	char *name = end + 3;
	size_t bytes = strcspn(name, "\t\n");
	if (!bytes || name[bytes] == '\t')
		return false; /* of a module, or of BPF */
	name[bytes] = '\0';
	*ret = (struct line){ va, end[1], name, bytes + 1 };
	return true;
}

static struct mmu_error *visit(const char *path, line_fn fn, void *context)
{
	FILE *file = fopen(path, "re");
	char text[1024];
	struct line line;

	if (!file)
		return mmu_error_os(errno, "%s", path);
	for (unsigned int i = 0; i < LINES_MAX && fgets(text, sizeof(text), file); i++)
		if (parse_line(text, &line) && !fn(&line, context))
			break;
	fclose(file);
	return NULL;
}

/* ------------------------------------------------------------------ symbols */

static bool is_global(char type)
{
	return type >= 'A' && type <= 'Z';
}

struct first_pass {
	struct mmu_live_symbols *live;
	bool any, any_address;
};

static bool note_wanted(const struct line *line, void *context)
{
	struct first_pass *pass = context;
	struct mmu_live_symbols *live = pass->live;
	size_t found = mmu_names_find(&live->names, (const uint8_t *)line->name, line->bytes);

	pass->any = true;
	pass->any_address |= line->va != 0;
	/* a global symbol is better than a static one of the same name */
	if (found == MMU_NAMES_NONE || (live->known[found] && !is_global(line->type)) ||
	    live->global[found])
		return true;
	live->va[found] = line->va;
	live->known[found] = true;
	live->global[found] = is_global(line->type);
	return true;
}

struct search {
	const char *name;
	uint64_t va;
	bool found, ambiguous;
};

static bool match_name(const struct line *line, void *context)
{
	struct search *search = context;

	if (strcmp(line->name, search->name) != 0)
		return true;
	search->ambiguous = !is_global(line->type) &&
			    (search->ambiguous || (search->found && search->va != line->va));
	search->va = line->va;
	search->found = true;
	return !is_global(line->type);
}

struct next {
	uint64_t va, best;
};

static bool match_next(const struct line *line, void *context)
{
	struct next *next = context;

	if (line->va > next->va && line->va < next->best)
		next->best = line->va;
	return true;
}

bool mmu_live_symbol(struct mmu_live_symbols *live, const char *name, uint64_t *ret_va)
{
	size_t known = mmu_names_find(&live->names, (const uint8_t *)name, strlen(name) + 1);
	struct search search = { .name = name };

	if (known != MMU_NAMES_NONE) {
		search.found = live->known[known];
		search.va = live->va[known];
	} else {
		mmu_error_destroy(visit(live->path, match_name, &search));
	}
	/* ambiguous: either of two static objects may be meant */
	if (!search.found || search.ambiguous)
		return false;
	*ret_va = search.va;
	return true;
}

bool mmu_live_next(struct mmu_live_symbols *live, uint64_t va, uint64_t *ret_va)
{
	struct next next = { va, UINT64_MAX };

	mmu_error_destroy(visit(live->path, match_next, &next));
	if (next.best != UINT64_MAX)
		*ret_va = next.best;
	return next.best != UINT64_MAX;
}

void mmu_live_symbols_close(struct mmu_live_symbols *live)
{
	if (!live)
		return;
	mmu_names_destroy(&live->names);
	free(live->va);
	free(live->known);
	free(live->global);
	free(live);
}

MMU_CLEANUP_TYPE(live, struct mmu_live_symbols *, mmu_live_symbols_close)

struct mmu_error *mmu_live_symbols_open(const char *path, const char *const *symbols,
					struct mmu_live_symbols **ret)
{
	struct mmu_live_symbols *live MMU_CLEANUP(cleanup_live) = calloc(1, sizeof(*live));

	if (!live)
		return mmu_error_no_memory();
	live->path = path;
	struct mmu_error *error = mmu_names_init(&live->names, symbols, NULL);
	if (error)
		return error;
	live->va = calloc(live->names.count + 1, sizeof(*live->va));
	live->known = calloc(live->names.count + 1, sizeof(*live->known));
	live->global = calloc(live->names.count + 1, sizeof(*live->global));
	if (!live->va || !live->known || !live->global)
		return mmu_error_no_memory();
	struct first_pass pass = { .live = live };
	error = visit(path, note_wanted, &pass);
	if (error)
		return error;
	if (!pass.any_address)
		return mmu_error_new(MMU_ERROR_NOT_FOUND, "%s %s", path,
				     pass.any ? "hides its addresses: see "
						"/proc/sys/kernel/kptr_restrict"
					      : "has no symbols in it");
	*ret = mmu_steal(live);
	return NULL;
}

/* ------------------------------------------------------------------ whole files */

struct mmu_error *mmu_live_read(const char *path, uint64_t bytes_max, void **ret,
				uint64_t *ret_bytes)
{
	MMU_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *buf MMU_FREE = NULL;
	size_t have = 0, room = 0;
	ssize_t count;

	if (fd < 0)
		return mmu_error_os(errno, "%s", path);
	do {
		if (have == room) {
			room = room ? 2 * room : FIRST_BYTES;
			uint8_t *more = have > bytes_max ? NULL : realloc(buf, room);

			if (!more)
				return have > bytes_max ? mmu_error_new(MMU_ERROR_CORRUPT,
									"%s has no end", path)
							: mmu_error_no_memory();
			buf = more;
		}
		count = read(fd, buf + have, room - have);
		if (count < 0)
			return mmu_error_os(errno, "%s", path);
		have += (size_t)count;
	} while (count);
	*ret = mmu_steal(buf);
	*ret_bytes = have;
	return NULL;
}
