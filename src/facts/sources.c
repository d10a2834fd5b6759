/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The sources of facts, in the order in which they are asked. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "facts/store.h"

/* ------------------------------------------------------------------ KEY=VALUE sources */

/* What architectures print with %lx and without 0x. */
static bool is_hexadecimal(const char *key)
{
	static const char *const keys[] = { "KERNELOFFSET", "KERNELOFFPHYS", "IDENTITYBASE" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return strncmp(key, "SYMBOL(", 7) == 0;
}

/*
 * Numbers as kernel/vmcore_info.c prints them: symbols and offsets in hexadecimal without 0x, all
 * else in signed decimal or with 0x; "y" for a configuration.
 */
bool mmu_store_parse(const char *key, const char *text, uint64_t *ret)
{
	bool hexadecimal = is_hexadecimal(key);
	bool negative = text[0] == '-';
	char *end;

	if (strcmp(text, "y") == 0) {
		*ret = 1;
		return true;
	}
	if (!isxdigit((unsigned char)text[negative]))
		return false;
	errno = 0;
	bool prefixed = strncmp(text + negative, "0x", 2) == 0;
	uint64_t value = strtoull(text + negative, &end, hexadecimal || prefixed ? 16 : 10);
	if (errno || *end)
		return false;
	*ret = negative ? -value : value;
	return true;
}

bool mmu_store_line(const struct mmu_fact_store *store, const char *key, struct mmu_bytes *ret)
{
	const char *at = (const char *)store->vmcoreinfo.data;
	const char *end = at ? at + store->vmcoreinfo.count : NULL;
	size_t key_bytes = strlen(key);

	while (key_bytes && at && at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;

		if ((size_t)(stop - at) > key_bytes && at[key_bytes] == '=' &&
		    memcmp(at, key, key_bytes) == 0) {
			at += key_bytes + 1;
			*ret = (struct mmu_bytes){ (const uint8_t *)at, (uint64_t)(stop - at) };
			return true;
		}
		at = newline ? newline + 1 : NULL;
	}
	return false;
}

/* A line of VMCOREINFO that is a number. */
static bool vmcoreinfo_number(struct mmu_fact_store *store, const char *key, uint64_t *ret)
{
	struct mmu_bytes text;
	char copy[32];

	/* this line holds the pointer's value, not its address (since 4.15, 83e3c48729d9) */
	if (strcmp(key, "SYMBOL(mem_section)") == 0)
		return false;
	if (!mmu_store_line(store, key, &text) || text.count >= sizeof(copy))
		return false;
	memcpy(copy, text.data, text.count);
	copy[text.count] = '\0';
	return strlen(copy) == text.count && mmu_store_parse(key, copy, ret);
}

static enum mmu_fact_source from_vmcoreinfo(struct mmu_fact_store *store, const char *key,
					    uint64_t *ret)
{
	if (!vmcoreinfo_number(store, key, ret))
		return MMU_SOURCE_NONE;
	return store->vmcoreinfo_found ? MMU_SOURCE_VMCOREINFO_FOUND : MMU_SOURCE_VMCOREINFO;
}

static enum mmu_fact_source from_options(struct mmu_fact_store *store, const char *key,
					 uint64_t *ret)
{
	size_t key_bytes = strlen(key);

	for (size_t i = 0; i < store->nr_options; i++)
		if (strncmp(store->options[i], key, key_bytes) == 0 &&
		    store->options[i][key_bytes] == '=')
			return mmu_store_parse(key, store->options[i] + key_bytes + 1, ret)
				       ? MMU_SOURCE_OPTION
				       : MMU_SOURCE_NONE;
	return MMU_SOURCE_NONE;
}

/* ------------------------------------------------------------------ vmlinux */

bool mmu_store_vmlinux_symbol(const struct mmu_fact_store *store, const char *name, uint64_t *ret)
{
	return store->vmlinux.vmlinux &&
	       mmu_vmlinux_symbol(store->vmlinux.vmlinux, name, ret, NULL);
}

bool mmu_store_map_symbol(const struct mmu_fact_store *store, const char *name, uint64_t *ret)
{
	return store->system_map && mmu_symbol_text_find(store->system_map, name, ret);
}

/** One of the two. */
typedef bool (*link_fn)(const struct mmu_fact_store *store, const char *name, uint64_t *ret);

/*
 * The slide of a symbol: what lies below the kernel's text is a per-CPU offset or an absolute
 * number, which KASLR does not move.
 */
static bool moved_symbol(struct mmu_fact_store *store, link_fn link, const char *name,
			 uint64_t *ret)
{
	uint64_t va, text_va, slide;

	/* the slide may be another source's to tell: ask the store, as a back-end does */
	if (!link(store, name, &va) || !store->callbacks.get(store, "KERNELOFFSET", &slide))
		return false;
	if (link(store, "_text", &text_va) && va < text_va)
		slide = 0;
	*ret = va + slide;
	return true;
}

/*
 * The KASLR slide where VMCOREINFO has no KERNELOFFSET but an address: both name the same symbol.
 */
static bool slide_of(struct mmu_fact_store *store, link_fn link, uint64_t *ret)
{
	uint64_t run_va, link_va;

	if (!vmcoreinfo_number(store, "SYMBOL(_stext)", &run_va) ||
	    !link(store, "_stext", &link_va))
		return false;
	*ret = run_va - link_va;
	return true;
}

/* What both sources of link-time symbols know. */
static enum mmu_fact_source from_link(struct mmu_fact_store *store, link_fn link,
				      enum mmu_fact_source source, const char *key, uint64_t *ret)
{
	char body[MMU_FACT_KEY_MAX];

	if (strcmp(key, "KERNELOFFSET") == 0)
		return slide_of(store, link, ret) ? MMU_SOURCE_SLIDE : MMU_SOURCE_NONE;
	return mmu_fact_split(key, "SYMBOL", body) && moved_symbol(store, link, body, ret)
		       ? source
		       : MMU_SOURCE_NONE;
}

static enum mmu_fact_source from_symtab(struct mmu_fact_store *store, const char *key,
					uint64_t *ret)
{
	struct mmu_vmlinux *vmlinux = store->vmlinux.vmlinux;
	char body[MMU_FACT_KEY_MAX];
	uint64_t bytes;

	if (!vmlinux)
		return MMU_SOURCE_NONE;
	/* these arrays hold pointers; to find their types would take another DWARF unit */
	if (mmu_fact_split(key, "LENGTH", body) && !strchr(body, '.') &&
	    mmu_vmlinux_symbol(vmlinux, body, NULL, &bytes) && bytes) {
		*ret = bytes / (mmu_vmlinux_class(vmlinux) == 1 ? 4 : 8);
		return MMU_SOURCE_SYMTAB;
	}
	return from_link(store, mmu_store_vmlinux_symbol, MMU_SOURCE_SYMTAB, key, ret);
}

static enum mmu_fact_source from_vmlinux_types(struct mmu_fact_store *store, const char *key,
					       uint64_t *ret)
{
	if (!mmu_type_source_fact(&store->vmlinux, key, ret))
		return MMU_SOURCE_NONE;
	return mmu_vmlinux_has_btf(store->vmlinux.vmlinux) ? MMU_SOURCE_VMLINUX_BTF
							   : MMU_SOURCE_DWARF;
}

/* ------------------------------------------------------------------ what the kernel carries */

static enum mmu_fact_source from_kallsyms(struct mmu_fact_store *store, const char *key,
					  uint64_t *ret)
{
	uint64_t va, next_va;
	char body[MMU_FACT_KEY_MAX];

	if (!store->kallsyms)
		return MMU_SOURCE_NONE;
	if (mmu_fact_split(key, "SYMBOL", body))
		return mmu_kallsyms_symbol(store->kallsyms, body, ret) ? MMU_SOURCE_KALLSYMS
								       : MMU_SOURCE_NONE;
	if (!mmu_fact_split(key, "SPAN", body) ||
	    !mmu_kallsyms_symbol(store->kallsyms, body, &va) ||
	    !mmu_kallsyms_next(store->kallsyms, va, &next_va))
		return MMU_SOURCE_NONE;
	*ret = next_va - va;
	return MMU_SOURCE_KALLSYMS;
}

/* The distance to the next symbol. */
static bool span(const struct mmu_symbol_text *symbols, const char *key, uint64_t *ret)
{
	uint64_t va, next_va;
	char body[MMU_FACT_KEY_MAX];

	if (!mmu_fact_split(key, "SPAN", body) || !mmu_symbol_text_find(symbols, body, &va) ||
	    !mmu_symbol_text_next(symbols, va, &next_va))
		return false;
	*ret = next_va - va;
	return true;
}

static enum mmu_fact_source from_live(struct mmu_fact_store *store, const char *key, uint64_t *ret)
{
	char body[MMU_FACT_KEY_MAX];

	if (!store->live)
		return MMU_SOURCE_NONE;
	if (mmu_fact_split(key, "SYMBOL", body))
		return mmu_symbol_text_find(store->live, body, ret) ? MMU_SOURCE_LIVE
								    : MMU_SOURCE_NONE;
	return span(store->live, key, ret) ? MMU_SOURCE_LIVE : MMU_SOURCE_NONE;
}

static enum mmu_fact_source from_system_map(struct mmu_fact_store *store, const char *key,
					    uint64_t *ret)
{
	if (!store->system_map)
		return MMU_SOURCE_NONE;
	return span(store->system_map, key, ret)
		       ? MMU_SOURCE_SYSTEM_MAP
		       : from_link(store, mmu_store_map_symbol, MMU_SOURCE_SYSTEM_MAP, key, ret);
}

static enum mmu_fact_source from_btf(struct mmu_fact_store *store, const char *key, uint64_t *ret)
{
	return mmu_type_source_fact(&store->btf, key, ret) ? MMU_SOURCE_BTF : MMU_SOURCE_NONE;
}

/* ------------------------------------------------------------------ all of them, in order */

const mmu_source_fn mmu_store_sources[MMU_PLACES] = {
	[MMU_PLACE_OPTIONS] = from_options,
	[MMU_PLACE_VMCOREINFO] = from_vmcoreinfo,
	[MMU_PLACE_SYMTAB] = from_symtab,
	[MMU_PLACE_VMLINUX_TYPES] = from_vmlinux_types,
	[MMU_PLACE_SYSTEM_MAP] = from_system_map,
	[MMU_PLACE_KALLSYMS] = from_kallsyms,
	[MMU_PLACE_LIVE] = from_live,
	[MMU_PLACE_BTF] = from_btf,
};

/* The words that `info` shows. */
const char *mmu_store_source_name(const struct mmu_fact_store *store, enum mmu_fact_source source)
{
	static const char *const names[] = {
		[MMU_SOURCE_NONE] = "",
		[MMU_SOURCE_OPTION] = "option",
		[MMU_SOURCE_VMCOREINFO] = "VMCOREINFO",
		[MMU_SOURCE_VMCOREINFO_FOUND] = "VMCOREINFO, found in memory",
		[MMU_SOURCE_SLIDE] = "VMCOREINFO _stext - vmlinux _stext",
		[MMU_SOURCE_SYMTAB] = "vmlinux symtab",
		[MMU_SOURCE_DWARF] = "vmlinux DWARF",
		[MMU_SOURCE_VMLINUX_BTF] = "vmlinux BTF",
		[MMU_SOURCE_SYSTEM_MAP] = "System.map",
		[MMU_SOURCE_KALLSYMS] = "kallsyms in the image",
		[MMU_SOURCE_LIVE] = MMU_LIVE_KALLSYMS_PATH,
	};

	if (source == MMU_SOURCE_SLIDE && !store->vmlinux.vmlinux)
		return "VMCOREINFO _stext - System.map _stext";
	return source == MMU_SOURCE_BTF ? store->btf_name : names[source];
}
