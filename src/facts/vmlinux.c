/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A vmlinux: its file or debug file, its symbols, and its types when they are asked for. */
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "facts/btf.h"
#include "facts/debugfile.h"
#include "facts/dwarf.h"
#include "facts/dwarfobject.h"
#include "facts/symbols.h"
#include "image/inflate.h"
#include "image/lazy.h"

#define BANNER_START "Linux version "
#define BANNER_BYTES_MAX 512

struct mmu_vmlinux {
	struct mmu_elffile *file;
	struct mmu_elffile *debug; /* what a stripped file's link leads to, or NULL */
	const char *const *wanted_types;
	struct mmu_names names;     /* of symbols */
	struct mmu_symbol *symbols; /* per name */
	bool symbols_scanned;
	char *banner;
	struct mmu_dwarf *dwarf;
	struct mmu_debugsection btf_section;
	struct mmu_btf *btf;           /* where there is no usable DWARF */
	struct mmu_error *types_error; /* why there is neither */
};

/* ------------------------------------------------- symbols */

static bool has_symbols(const struct mmu_elffile *file)
{
	struct mmu_elfsection section;

	return file && mmu_elffile_typed(file, SHT_SYMTAB, &section);
}

static void scan(const struct mmu_vmlinux *vmlinux, const struct mmu_names *names,
		 struct mmu_symbol *ret)
{
	const struct mmu_elffile *file = vmlinux->file;

	if (!has_symbols(file))
		file = vmlinux->debug;
	if (has_symbols(file))
		mmu_symbols_scan(file, names, ret);
}

static bool late_symbol(const struct mmu_vmlinux *vmlinux, const char *name, struct mmu_symbol *ret)
{
	const char *const list[] = { name, NULL };
	struct mmu_names names;
	struct mmu_error *error = mmu_names_init(&names, list, NULL);

	if (error) {
		mmu_error_destroy(error);
		return false;
	}
	scan(vmlinux, &names, ret);
	mmu_names_destroy(&names);
	return true;
}

bool mmu_vmlinux_symbol(struct mmu_vmlinux *vmlinux, const char *name, uint64_t *ret_va,
			uint64_t *ret_bytes)
{
	size_t i = mmu_names_find(&vmlinux->names, (const uint8_t *)name, strlen(name) + 1);
	struct mmu_symbol symbol = { 0 };

	if (!vmlinux->symbols_scanned)
		scan(vmlinux, &vmlinux->names, vmlinux->symbols);
	vmlinux->symbols_scanned = true;
	if (i != MMU_NAMES_NONE)
		symbol = vmlinux->symbols[i];
	else if (!late_symbol(vmlinux, name, &symbol))
		return false;
	/* Ambiguous: either of two static objects may be meant. */
	if (!symbol.rank || symbol.ambiguous)
		return false;
	if (ret_va)
		*ret_va = symbol.va;
	if (ret_bytes)
		*ret_bytes = symbol.bytes;
	return true;
}

/* ------------------------------------------------- the banner */

/* @return malloc'ed, or NULL: no banner begins here, or no memory */
static char *banner_at(struct mmu_bytes at)
{
	size_t start = sizeof(BANNER_START) - 1;
	size_t length = 0;

	if (at.count <= start || memcmp(at.data, BANNER_START, start) || at.data[start] < '0' ||
	    at.data[start] > '9')
		return NULL;
	while (length < at.count && length < BANNER_BYTES_MAX && at.data[length] >= ' ')
		length++;
	char *banner = strndup((const char *)at.data, length);

	for (size_t i = 0; banner && i < length; i++)
		if (banner[i] >= 0x7f || banner[i] < ' ')
			banner[i] = '?';
	return banner;
}

static bool in_memory(const struct mmu_elfsection *section)
{
	return section->bytes.count && section->flags & SHF_ALLOC && section->type == SHT_PROGBITS;
}

static char *banner_by_symbol(struct mmu_vmlinux *vmlinux)
{
	struct mmu_elfsection section;
	struct mmu_bytes at;
	uint64_t va = 0;

	if (!mmu_vmlinux_symbol(vmlinux, "linux_banner", &va, NULL))
		return NULL;
	for (Elf_Scn *scn = NULL; mmu_elffile_next(vmlinux->file, &scn, &section);)
		if (in_memory(&section) && va >= section.va &&
		    va - section.va < section.bytes.count &&
		    mmu_bytes_slice(section.bytes, va - section.va,
				    section.bytes.count - (va - section.va), &at))
			return banner_at(at);
	return NULL;
}

/*
 * Since 6.1 the file may also hold a weak linux_banner that was compiled before the build had its
 * number (init/version.c): "# SMP" where the kernel's own says "#1 SMP".
 */
static bool has_build_number(const char *banner)
{
	const char *hash = strstr(banner, " #");

	return hash && hash[2] >= '0' && hash[2] <= '9';
}

static char *banner_by_search(const struct mmu_vmlinux *vmlinux)
{
	struct mmu_elfsection section;
	char *best = NULL;

	for (Elf_Scn *scn = NULL; mmu_elffile_next(vmlinux->file, &scn, &section);) {
		struct mmu_bytes rest = section.bytes;
		const uint8_t *found;

		if (!in_memory(&section))
			continue;
		while ((found = memmem(rest.data, rest.count, BANNER_START,
				       sizeof(BANNER_START) - 1))) {
			uint64_t skip = (uint64_t)(found - rest.data);
			char *banner = banner_at((struct mmu_bytes){ found, rest.count - skip });

			if (banner && (!best || has_build_number(banner))) {
				free(best);
				best = mmu_steal(banner);
			}
			free(banner);
			if (best && has_build_number(best))
				return best;
			rest = (struct mmu_bytes){ found + 1, rest.count - skip - 1 };
		}
	}
	return best;
}

const char *mmu_vmlinux_banner(struct mmu_vmlinux *vmlinux)
{
	if (!vmlinux->banner) {
		vmlinux->banner = banner_by_symbol(vmlinux);
		if (!vmlinux->banner)
			vmlinux->banner = banner_by_search(vmlinux);
		if (!vmlinux->banner)
			vmlinux->banner = strdup("");
	}
	return vmlinux->banner ? vmlinux->banner : "";
}

/* The package that a message names; `ret` has room for `bytes`. */
static const char *package_name(struct mmu_vmlinux *vmlinux, char *ret, size_t bytes)
{
	const char *banner = mmu_vmlinux_banner(vmlinux);
	const char *release = banner[0] ? banner + sizeof(BANNER_START) - 1 : "";
	int length = (int)strcspn(release, " ");

	if (!length || length > 64)
		snprintf(ret, bytes, "linux-image-<release>-dbg");
	else
		snprintf(ret, bytes, "linux-image-%.*s-dbg", length, release);
	return ret;
}

/* ------------------------------------------------- open and close */

void mmu_vmlinux_load_libraries(const struct mmu_vmlinux *vmlinux)
{
	const struct mmu_elffile *file = vmlinux->debug ? vmlinux->debug : vmlinux->file;
	struct mmu_elfsection info;

	if (!mmu_debugsection_exists(file, ".debug_info"))
		return;
	mmu_dwarfobject_load();
	if (mmu_elffile_named(file, ".debug_info", &info) && (info.flags & SHF_COMPRESSED)) {
		mmu_lazy_library(MMU_LAZY_ZSTD);
		mmu_zlib();
	}
}

static struct mmu_error *vmlinux_init(struct mmu_vmlinux *vmlinux, const char *path,
				      const struct mmu_vmlinux_wants *wants)
{
	static const char *const own[] = { "linux_banner", NULL };
	struct mmu_error *error = mmu_elffile_open(path, &vmlinux->file);
	bool debug_info;
	char package[128];

	if (!error)
		error = mmu_names_init(&vmlinux->names, own, wants ? wants->symbols : NULL);
	if (error)
		return error;
	vmlinux->wanted_types = wants ? wants->types : NULL;
	vmlinux->symbols = calloc(vmlinux->names.count, sizeof(*vmlinux->symbols));
	if (!vmlinux->symbols)
		return mmu_error_no_memory();
	debug_info = mmu_debugsection_exists(vmlinux->file, ".debug_info");
	if (!debug_info)
		error = mmu_debugfile_follow(vmlinux->file, &vmlinux->debug);
	if (error || debug_info || vmlinux->debug || has_symbols(vmlinux->file) ||
	    mmu_debugsection_exists(vmlinux->file, ".BTF"))
		return error;
	return mmu_error_new(MMU_ERROR_UNSUPPORTED,
			     "%s is stripped: it has neither symbols nor debug info nor BTF; the "
			     "vmlinux with debug info is needed (Debian: %s)",
			     path, package_name(vmlinux, package, sizeof(package)));
}

struct mmu_error *mmu_vmlinux_open(const char *path, const struct mmu_vmlinux_wants *wants,
				   struct mmu_vmlinux **ret)
{
	struct mmu_vmlinux *vmlinux = calloc(1, sizeof(*vmlinux));

	if (!vmlinux)
		return mmu_error_no_memory();
	struct mmu_error *error = vmlinux_init(vmlinux, path, wants);

	if (error)
		mmu_vmlinux_close(vmlinux);
	else
		*ret = vmlinux;
	return error;
}

void mmu_vmlinux_close(struct mmu_vmlinux *vmlinux)
{
	if (!vmlinux)
		return;
	mmu_dwarf_close(vmlinux->dwarf);
	mmu_btf_close(vmlinux->btf);
	mmu_debugsection_release(&vmlinux->btf_section);
	mmu_error_destroy(vmlinux->types_error);
	mmu_names_destroy(&vmlinux->names);
	free(vmlinux->symbols);
	free(vmlinux->banner);
	mmu_elffile_close(vmlinux->debug);
	mmu_elffile_close(vmlinux->file);
	free(vmlinux);
}

void mmu_vmlinux_set_budget(struct mmu_vmlinux *vmlinux, struct mmu_budget *budget)
{
	struct mmu_elffile *const files[] = { vmlinux->file, vmlinux->debug };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && budget; i++) {
		if (!files[i])
			continue;
		files[i]->budget = budget;
		mmu_budget_add_symbols(budget, files[i]->disk_bytes);
	}
}

const char *mmu_vmlinux_path(const struct mmu_vmlinux *vmlinux)
{
	return vmlinux->file->path;
}

uint16_t mmu_vmlinux_machine(const struct mmu_vmlinux *vmlinux)
{
	return vmlinux->file->machine;
}

uint8_t mmu_vmlinux_class(const struct mmu_vmlinux *vmlinux)
{
	return vmlinux->file->elf_class;
}

bool mmu_vmlinux_big_endian(const struct mmu_vmlinux *vmlinux)
{
	return vmlinux->file->big_endian;
}

struct mmu_bytes mmu_vmlinux_build_id(const struct mmu_vmlinux *vmlinux)
{
	return vmlinux->file->build_id;
}

/* ------------------------------------------------- types */

static struct mmu_error *open_dwarf(struct mmu_vmlinux *vmlinux)
{
	const struct mmu_elffile *file = vmlinux->debug ? vmlinux->debug : vmlinux->file;
	struct mmu_elfsection section;

	if (!mmu_debugsection_exists(file, ".debug_info"))
		return mmu_error_new(MMU_ERROR_UNSUPPORTED,
				     "%s has no types (neither .debug_info nor .BTF)", file->path);
	if (mmu_elffile_named(file, ".gnu_debugaltlink", &section))
		return mmu_error_new(MMU_ERROR_UNSUPPORTED,
				     "%s: part of its debug info is in another file (dwz: "
				     ".gnu_debugaltlink), which is not supported",
				     file->path);
	return mmu_dwarf_open(file, vmlinux->wanted_types, &vmlinux->dwarf);
}

/* BTF is loaded with the kernel, so strip keeps it; a separate debug file does not contain it. */
static struct mmu_error *open_btf(struct mmu_vmlinux *vmlinux)
{
	struct mmu_error *error = mmu_debugsection_get(vmlinux->file, ".BTF", UINT64_MAX,
						       &vmlinux->btf_section);

	if (!error)
		error = mmu_btf_open(vmlinux->btf_section.bytes, vmlinux->file->big_endian,
				     &vmlinux->btf);
	return mmu_error_context(error, "%s: .BTF", vmlinux->file->path);
}

static struct mmu_error *open_types(struct mmu_vmlinux *vmlinux)
{
	struct mmu_error *error = open_dwarf(vmlinux);

	if (!error || mmu_error_code(error) == MMU_ERROR_NO_MEMORY ||
	    !mmu_debugsection_exists(vmlinux->file, ".BTF"))
		return error;
	struct mmu_error *btf = open_btf(vmlinux);
	bool none = !mmu_debugsection_exists(vmlinux->debug ? vmlinux->debug : vmlinux->file,
					     ".debug_info");
	if (btf && !none) /* both are broken: the error of the better one comes first */
		btf = mmu_error_context(btf, "%s; and", mmu_error_message(error));
	mmu_error_destroy(error);
	return btf;
}

/* Opens the types once, and keeps a failure. */
static struct mmu_error *need_types(struct mmu_vmlinux *vmlinux)
{
	if (!vmlinux->dwarf && !vmlinux->btf && !vmlinux->types_error)
		vmlinux->types_error = open_types(vmlinux);
	if (!vmlinux->types_error)
		return NULL;
	return mmu_error_new(mmu_error_code(vmlinux->types_error), "%s",
			     mmu_error_message(vmlinux->types_error));
}

bool mmu_vmlinux_has_btf(const struct mmu_vmlinux *vmlinux)
{
	return vmlinux->btf;
}

struct mmu_error *mmu_vmlinux_size(struct mmu_vmlinux *vmlinux, const char *type,
				   uint64_t *ret_bytes)
{
	struct mmu_error *error = need_types(vmlinux);

	if (error)
		return error;
	return vmlinux->btf ? mmu_btf_size(vmlinux->btf, type, ret_bytes)
			    : mmu_dwarf_size(vmlinux->dwarf, type, ret_bytes);
}

struct mmu_error *mmu_vmlinux_member(struct mmu_vmlinux *vmlinux, const char *type,
				     const char *path, struct mmu_member *ret)
{
	struct mmu_error *error = need_types(vmlinux);

	if (error)
		return error;
	return vmlinux->btf ? mmu_btf_member(vmlinux->btf, type, path, ret)
			    : mmu_dwarf_member(vmlinux->dwarf, type, path, ret);
}

struct mmu_error *mmu_vmlinux_enumerator(struct mmu_vmlinux *vmlinux, const char *type,
					 const char *name, int64_t *ret)
{
	struct mmu_error *error = need_types(vmlinux);

	if (error)
		return error;
	return vmlinux->btf ? mmu_btf_enumerator(vmlinux->btf, type, name, ret)
			    : mmu_dwarf_enumerator(vmlinux->dwarf, type, name, ret);
}
