/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The store of facts: asks its sources in order, remembers each answer with its source. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "facts/facts.h"
#include "facts/typefacts.h"

/* Many times what a session uses; a hostile plugin can't grow the store without end. */
#define FACTS_MAX 4096u
#define OPTION_SOURCE "option"

struct fact {
	char *key;
	char *source;
	uint64_t value;
	bool missing;      /* asked for and not found: don't search again */
	bool assumed;      /* a guess of the back-end's */
	bool seconded;     /* another source answered too */
	const char *other; /* the first one that says otherwise, NULL: none does */
	uint64_t other_value;
};

struct mmu_fact_store {
	struct mmu_image *image;
	struct mmu_vmlinux *vmlinux;
	struct mmu_kallsyms *kallsyms;
	struct mmu_live_symbols *live;
	struct mmu_btf *btf;
	void *btf_bytes; /* owned */
	const char *btf_source;
	char *hint;
	struct mmu_facts callbacks;
	struct mmu_fact_hooks hooks;
	struct mmu_vmlinux_wants wants; /* NULL: the core's own */
	struct fact *facts;             /* in the order of first use */
	size_t nr_facts, capacity;
	char **options;
	size_t nr_options;
};

/* ------------------------------------------------------------------ the list of what is known */

static struct fact *find(struct mmu_fact_store *store, const char *key)
{
	for (size_t i = 0; i < store->nr_facts; i++)
		if (strcmp(store->facts[i].key, key) == 0)
			return &store->facts[i];
	return NULL;
}

static void remember(struct mmu_fact_store *store, const char *key, bool missing, uint64_t value,
		     const char *source)
{
	struct fact *fact = find(store, key);

	if (!fact) {
		if (store->nr_facts == store->capacity) {
			size_t capacity = store->capacity ? 2 * store->capacity : 64;
			struct fact *facts = capacity > FACTS_MAX
						     ? NULL
						     : realloc(store->facts,
							       capacity * sizeof(*facts));

			if (!facts)
				return; /* the answer is still given, only not kept */
			store->facts = facts;
			store->capacity = capacity;
		}
		fact = &store->facts[store->nr_facts];
		*fact = (struct fact){ .key = strdup(key) };
		if (!fact->key)
			return;
		store->nr_facts++;
	}
	free(fact->source);
	fact->source = strdup(source);
	fact->value = value;
	fact->missing = missing;
	fact->assumed = false;
}

/*
 * What nobody knew may be known now: a source or a value has come. A new source also ends what was
 * only assumed without it.
 */
static void forget_missing(struct mmu_fact_store *store, bool new_source)
{
	size_t kept = 0;

	for (size_t i = 0; i < store->nr_facts; i++) {
		bool guess = new_source && store->facts[i].assumed;

		if (store->facts[i].missing || guess) {
			free(store->facts[i].key);
			free(store->facts[i].source);
		} else {
			store->facts[kept++] = store->facts[i];
		}
	}
	store->nr_facts = kept;
}

/* ------------------------------------------------------------------ KEY=VALUE sources */

/*
 * Numbers as kernel/vmcore_info.c prints them: symbols and KERNELOFFSET in hexadecimal without 0x,
 * all else in signed decimal or with 0x; "y" for a configuration.
 */
static bool parse_value(const char *key, const char *text, uint64_t *ret)
{
	bool hexadecimal = strncmp(key, "SYMBOL(", 7) == 0 || strcmp(key, "KERNELOFFSET") == 0;
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

bool mmu_fact_text(struct mmu_fact_store *store, const char *key, struct mmu_bytes *ret)
{
	const char *at = (const char *)store->image->vmcoreinfo.data;
	const char *end = at ? at + store->image->vmcoreinfo.count : NULL;
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
	if (!mmu_fact_text(store, key, &text) || text.count >= sizeof(copy))
		return false;
	memcpy(copy, text.data, text.count);
	copy[text.count] = '\0';
	return strlen(copy) == text.count && parse_value(key, copy, ret);
}

static const char *from_vmcoreinfo(struct mmu_fact_store *store, const char *key, uint64_t *ret)
{
	if (!vmcoreinfo_number(store, key, ret))
		return NULL;
	return store->image->vmcoreinfo_found ? "VMCOREINFO, found in memory" : "VMCOREINFO";
}

static const char *from_options(struct mmu_fact_store *store, const char *key, uint64_t *ret)
{
	size_t key_bytes = strlen(key);

	for (size_t i = 0; i < store->nr_options; i++)
		if (strncmp(store->options[i], key, key_bytes) == 0 &&
		    store->options[i][key_bytes] == '=')
			return parse_value(key, store->options[i] + key_bytes + 1, ret)
				       ? OPTION_SOURCE
				       : NULL;
	return NULL;
}

/* ------------------------------------------------------------------ vmlinux */

/*
 * The slide of a symbol: what lies below the kernel's text is a per-CPU offset or an absolute
 * number, which KASLR does not move.
 */
static bool symbol_from_vmlinux(struct mmu_fact_store *store, const char *name, uint64_t *ret)
{
	uint64_t va, text_va, slide;

	if (!mmu_vmlinux_symbol(store->vmlinux, name, &va, NULL) ||
	    !mmu_fact_get(store, "KERNELOFFSET", &slide))
		return false;
	if (mmu_vmlinux_symbol(store->vmlinux, "_text", &text_va, NULL) && va < text_va)
		slide = 0;
	*ret = va + slide;
	return true;
}

/*
 * The KASLR slide where VMCOREINFO has no KERNELOFFSET but an address: both name the same symbol.
 */
static bool slide_from_vmlinux(struct mmu_fact_store *store, uint64_t *ret)
{
	uint64_t run_va, link_va;

	if (!vmcoreinfo_number(store, "SYMBOL(_stext)", &run_va) ||
	    !mmu_vmlinux_symbol(store->vmlinux, "_stext", &link_va, NULL))
		return false;
	*ret = run_va - link_va;
	return true;
}

static const char *from_symtab(struct mmu_fact_store *store, const char *key, uint64_t *ret)
{
	char body[MMU_FACT_KEY_MAX];
	uint64_t bytes;

	if (!store->vmlinux)
		return NULL;
	if (strcmp(key, "KERNELOFFSET") == 0)
		return slide_from_vmlinux(store, ret) ? "VMCOREINFO _stext - vmlinux _stext" : NULL;
	if (mmu_fact_split(key, "SYMBOL", body))
		return symbol_from_vmlinux(store, body, ret) ? "vmlinux symtab" : NULL;
	/* the arrays that are asked for hold pointers; their types would need another DWARF unit */
	if (mmu_fact_split(key, "LENGTH", body) && !strchr(body, '.') &&
	    mmu_vmlinux_symbol(store->vmlinux, body, NULL, &bytes) && bytes) {
		*ret = bytes / (mmu_vmlinux_class(store->vmlinux) == 1 ? 4 : 8);
		return "vmlinux symtab";
	}
	return NULL;
}

static const char *from_vmlinux_types(struct mmu_fact_store *store, const char *key, uint64_t *ret)
{
	if (!store->vmlinux || !mmu_fact_from_vmlinux(store->vmlinux, key, ret))
		return NULL;
	return mmu_vmlinux_types_source(store->vmlinux);
}

/* ------------------------------------------------------------------ what the kernel carries */

static const char *from_kallsyms(struct mmu_fact_store *store, const char *key, uint64_t *ret)
{
	uint64_t va, next_va;
	char body[MMU_FACT_KEY_MAX];

	if (!store->kallsyms)
		return NULL;
	if (mmu_fact_split(key, "SYMBOL", body))
		return mmu_kallsyms_symbol(store->kallsyms, body, ret) ? "kallsyms in the image"
								       : NULL;
	if (mmu_fact_split(key, "SPAN", body) && mmu_kallsyms_symbol(store->kallsyms, body, &va) &&
	    mmu_kallsyms_next(store->kallsyms, va, &next_va)) {
		*ret = next_va - va;
		return "kallsyms in the image";
	}
	return NULL;
}

static const char *from_btf(struct mmu_fact_store *store, const char *key, uint64_t *ret)
{
	return store->btf && mmu_fact_from_btf(store->btf, key, ret) ? store->btf_source : NULL;
}

static const char *from_live(struct mmu_fact_store *store, const char *key, uint64_t *ret)
{
	uint64_t va, next_va;
	char body[MMU_FACT_KEY_MAX];

	if (!store->live)
		return NULL;
	if (mmu_fact_split(key, "SYMBOL", body))
		return mmu_live_symbol(store->live, body, ret) ? MMU_LIVE_KALLSYMS_PATH : NULL;
	if (mmu_fact_split(key, "SPAN", body) && mmu_live_symbol(store->live, body, &va) &&
	    mmu_live_next(store->live, va, &next_va)) {
		*ret = next_va - va;
		return MMU_LIVE_KALLSYMS_PATH;
	}
	return NULL;
}

/* ------------------------------------------------------------------ all of them, in order */

enum source {
	SOURCE_OPTIONS,
	SOURCE_VMCOREINFO,
	SOURCE_SYMTAB,
	SOURCE_VMLINUX_TYPES,
	SOURCE_KALLSYMS,
	SOURCE_LIVE,
	SOURCE_BTF,
	SOURCE_COUNT
};

/* @return the name that the answer goes by, static; NULL: the source has none, or is not there */
static const char *(*const sources[SOURCE_COUNT])(struct mmu_fact_store *store, const char *key,
						  uint64_t *ret) = {
	[SOURCE_OPTIONS] = from_options,   [SOURCE_VMCOREINFO] = from_vmcoreinfo,
	[SOURCE_SYMTAB] = from_symtab,     [SOURCE_VMLINUX_TYPES] = from_vmlinux_types,
	[SOURCE_KALLSYMS] = from_kallsyms, [SOURCE_LIVE] = from_live,
	[SOURCE_BTF] = from_btf,
};

/*
 * Do sources that are trusted less say the same? SPAN and the LENGTH of an object are no answers to
 * compare: the next symbol and the size are estimates, and LENGTH(mem_section) in VMCOREINFO counts
 * what the pointer of that name leads to.
 */
static void compare(struct mmu_fact_store *store, const char *key, enum source first,
		    enum source last)
{
	uint64_t value;

	if (strncmp(key, "SPAN(", 5) == 0 || (strncmp(key, "LENGTH(", 7) == 0 && !strchr(key, '.')))
		return;
	for (unsigned int i = first; i <= last; i++) {
		const char *source = sources[i](store, key, &value);
		struct fact *fact = find(store, key); /* the source may have moved the list */

		if (!source || !fact || fact->missing)
			continue;
		fact->seconded = true;
		if (value == fact->value || fact->other)
			continue;
		fact->other = source;
		fact->other_value = value;
	}
}

/* A source has come: what it could have answered before, and whether it agrees with others. */
static void add_source(struct mmu_fact_store *store, enum source first, enum source last)
{
	forget_missing(store, true);
	for (size_t i = 0; i < store->nr_facts; i++)
		if (!store->facts[i].missing)
			compare(store, store->facts[i].key, first, last);
}

/* ------------------------------------------------------------------ look-ups */

bool mmu_fact_get(struct mmu_fact_store *store, const char *key, uint64_t *ret)
{
	struct fact *known = find(store, key);
	const char *source = NULL;
	unsigned int next = 0;
	uint64_t value = 0;

	if (known) {
		if (!known->missing)
			*ret = known->value;
		return !known->missing;
	}
	while (!source && next < SOURCE_COUNT)
		source = sources[next++](store, key, &value);
	remember(store, key, !source, value, source ? source : "");
	if (!source)
		return false;
	compare(store, key, next, SOURCE_COUNT - 1);
	*ret = value;
	return true;
}

struct mmu_error *mmu_fact_need(struct mmu_fact_store *store, const char *key, uint64_t *ret)
{
	if (mmu_fact_get(store, key, ret))
		return NULL;
	bool itself = (store->kallsyms || store->live) && store->btf;
	if (itself || (store->vmlinux && !store->hint))
		return mmu_error_new(MMU_ERROR_NOT_FOUND,
				     "%s is neither in VMCOREINFO nor in %s%s%s", key,
				     store->vmlinux ? mmu_vmlinux_path(store->vmlinux) : "",
				     store->vmlinux && itself ? " nor in " : "",
				     itself ? "the kallsyms and BTF of the kernel" : "");
	return mmu_error_new(MMU_ERROR_NOT_FOUND, "%s is not known: %s", key,
			     mmu_fact_store_hint(store));
}

void mmu_fact_derive(struct mmu_fact_store *store, const char *key, uint64_t value, const char *how)
{
	mmu_fact_derive_as(store, key, value, how, 0);
}

void mmu_fact_derive_as(struct mmu_fact_store *store, const char *key, uint64_t value,
			const char *how, uint32_t flags)
{
	bool assumed = flags & MMU_DERIVED_ASSUMED;
	struct fact *fact;
	char source[160];
	uint64_t known;

	if (mmu_fact_get(store, key, &known))
		return; /* what a source says is no matter of derivation */
	snprintf(source, sizeof(source), "derived: %s%s", assumed ? "assumed: " : "", how);
	forget_missing(store, false);
	remember(store, key, false, value, source);
	fact = find(store, key);
	if (fact)
		fact->assumed = assumed;
}

bool mmu_fact_nth(struct mmu_fact_store *store, size_t n, struct mmu_fact *ret)
{
	for (size_t i = 0; i < store->nr_facts; i++) {
		const struct fact *fact = &store->facts[i];

		if (fact->missing || n--)
			continue;
		*ret = (struct mmu_fact){ .key = fact->key,
					  .value = fact->value,
					  .source = fact->source ? fact->source : "",
					  .seconded = fact->seconded,
					  .other = fact->other,
					  .other_value = fact->other_value,
					  .assumed = fact->assumed };
		ret->disputed = ret->other && strcmp(ret->source, OPTION_SOURCE) != 0;
		return true;
	}
	return false;
}

/* ------------------------------------------------------------------ what plugins see */

static bool cb_get(void *context, const char *key, uint64_t *ret)
{
	return mmu_fact_get(context, key, ret);
}

static bool cb_link_symbol(void *context, const char *name, uint64_t *ret_va)
{
	struct mmu_fact_store *store = context;

	return store->vmlinux && mmu_vmlinux_symbol(store->vmlinux, name, ret_va, NULL);
}

static bool cb_note(void *context, const char *name, uint32_t type, unsigned int n,
		    const uint8_t **ret_data, size_t *ret_bytes)
{
	const struct mmu_image *image = ((struct mmu_fact_store *)context)->image;

	for (size_t i = 0; i < image->nr_notes; i++) {
		const struct mmu_note *note = &image->notes[i];

		if (note->type != type || strcmp(note->name, name) != 0 || n--)
			continue;
		*ret_data = note->desc.data;
		*ret_bytes = note->desc.count;
		return true;
	}
	return false;
}

static bool cb_ram(void *context, unsigned int n, uint64_t *ret_first_pa, uint64_t *ret_last_pa)
{
	const struct mmu_image *image = ((struct mmu_fact_store *)context)->image;

	if (n >= image->nr_ram)
		return false;
	*ret_first_pa = image->ram[n].first_pa;
	*ret_last_pa = image->ram[n].last_pa;
	return true;
}

static bool cb_read_phys(void *context, uint64_t pa, void *buf, size_t bytes)
{
	struct mmu_fact_store *store = context;

	return mmu_image_read(store->image, pa, buf, bytes, NULL) == MMU_PAGE_PRESENT;
}

static bool cb_read_kernel(void *context, uint64_t va, void *buf, size_t bytes)
{
	const struct mmu_fact_hooks *hooks = &((struct mmu_fact_store *)context)->hooks;

	return hooks->read_kernel && hooks->read_kernel(hooks->context, va, buf, bytes);
}

static bool cb_walk(void *context, const struct mmu_regime *regime, uint64_t va, uint64_t *ret_pa)
{
	struct mmu_fact_store *store = context;

	return store->hooks.walk && store->hooks.walk(store->image, regime, va, ret_pa);
}

static bool cb_next_mapped(void *context, const struct mmu_regime *regime, uint64_t *va,
			   uint64_t last_va, uint64_t *ret_pa)
{
	struct mmu_fact_store *store = context;

	return store->hooks.next_mapped &&
	       store->hooks.next_mapped(store->image, regime, va, last_va, ret_pa);
}

static void cb_derived(void *context, const char *key, uint64_t value, const char *how,
		       uint32_t flags)
{
	mmu_fact_derive_as(context, key, value, how, flags);
}

const struct mmu_facts *mmu_fact_callbacks(struct mmu_fact_store *store)
{
	return &store->callbacks;
}

/* "Core's, then theirs", as one list. */
static const char *const *join(const char *const *core, const char *const *theirs)
{
	const char **list;
	size_t nr = 0, more = 0;

	while (core[nr])
		nr++;
	while (theirs && theirs[more])
		more++;
	list = malloc((nr + more + 1) * sizeof(*list));
	if (!list)
		return NULL;
	memcpy(list, core, nr * sizeof(*list));
	if (more)
		memcpy(list + nr, theirs, more * sizeof(*list));
	list[nr + more] = NULL;
	return list;
}

struct mmu_error *mmu_fact_store_set_arch(struct mmu_fact_store *store, const struct mmu_arch *arch,
					  const struct mmu_fact_hooks *hooks)
{
	free((void *)store->wants.symbols);
	free((void *)store->wants.types);
	store->wants.symbols = join(mmu_fact_wants.symbols, arch->symbols);
	store->wants.types = join(mmu_fact_wants.types, arch->types);
	if (!store->wants.symbols || !store->wants.types)
		return mmu_error_no_memory();
	store->hooks = *hooks;
	store->callbacks.pointer_bytes = arch->elf_class == 1 ? 4 : 8;
	store->callbacks.big_endian = store->image->big_endian || arch->elf_data == 2;
	return NULL;
}

const struct mmu_vmlinux_wants *mmu_fact_store_wants(const struct mmu_fact_store *store)
{
	return store->wants.types ? &store->wants : &mmu_fact_wants;
}

/* ------------------------------------------------------------------ life */

void mmu_fact_store_forget(struct mmu_fact_store *store)
{
	for (size_t i = 0; i < store->nr_facts; i++) {
		free(store->facts[i].key);
		free(store->facts[i].source);
	}
	store->nr_facts = 0;
}

void mmu_fact_store_set_vmlinux(struct mmu_fact_store *store, struct mmu_vmlinux *vmlinux)
{
	store->vmlinux = vmlinux;
	add_source(store, SOURCE_SYMTAB, SOURCE_VMLINUX_TYPES);
}

void mmu_fact_store_set_kallsyms(struct mmu_fact_store *store, struct mmu_kallsyms *kallsyms)
{
	store->kallsyms = kallsyms;
	add_source(store, SOURCE_KALLSYMS, SOURCE_KALLSYMS);
}

void mmu_fact_store_set_live(struct mmu_fact_store *store, struct mmu_live_symbols *live)
{
	store->live = live;
	add_source(store, SOURCE_LIVE, SOURCE_LIVE);
}

void mmu_fact_store_set_btf(struct mmu_fact_store *store, struct mmu_btf *btf, void *bytes,
			    const char *source)
{
	store->btf = btf;
	store->btf_bytes = bytes;
	store->btf_source = source;
	add_source(store, SOURCE_BTF, SOURCE_BTF);
}

struct mmu_vmlinux *mmu_fact_store_vmlinux(struct mmu_fact_store *store)
{
	return store->vmlinux;
}

const char *mmu_fact_store_hint(const struct mmu_fact_store *store)
{
	return store->hint ? store->hint : "there is no vmlinux";
}

void mmu_fact_store_set_hint(struct mmu_fact_store *store, const char *hint)
{
	char *copy = strdup(hint); /* it may be made of the old one */

	free(store->hint);
	store->hint = copy;
}

void mmu_fact_store_destroy(struct mmu_fact_store *store)
{
	if (!store)
		return;
	mmu_fact_store_forget(store);
	for (size_t i = 0; i < store->nr_options; i++)
		free(store->options[i]);
	mmu_vmlinux_close(store->vmlinux);
	mmu_kallsyms_close(store->kallsyms);
	mmu_live_symbols_close(store->live);
	mmu_btf_close(store->btf);
	free(store->btf_bytes);
	free((void *)store->wants.symbols);
	free((void *)store->wants.types);
	free(store->facts);
	free(store->options);
	free(store->hint);
	free(store);
}

static struct mmu_error *copy_options(struct mmu_fact_store *store, const char *const *options)
{
	size_t count = 0;

	while (options && options[count])
		count++;
	store->options = calloc(count + 1, sizeof(*store->options));
	if (!store->options)
		return mmu_error_no_memory();
	for (size_t i = 0; i < count; i++) {
		const char *equals = strchr(options[i], '=');
		char key[MMU_FACT_KEY_MAX];
		uint64_t value;

		if (!equals || equals == options[i] ||
		    (size_t)(equals - options[i]) >= MMU_FACT_KEY_MAX)
			return mmu_error_new(MMU_ERROR_INVALID, "fact '%s' is not KEY=VALUE",
					     options[i]);
		memcpy(key, options[i], (size_t)(equals - options[i]));
		key[equals - options[i]] = '\0';
		if (!parse_value(key, equals + 1, &value))
			return mmu_error_new(MMU_ERROR_INVALID, "fact '%s': no number after '='",
					     options[i]);
		store->options[i] = strdup(options[i]);
		if (!store->options[i])
			return mmu_error_no_memory();
		store->nr_options++;
	}
	return NULL;
}

struct mmu_error *mmu_fact_store_create(struct mmu_image *image, const char *const *options,
					struct mmu_fact_store **ret)
{
	struct mmu_fact_store *store = calloc(1, sizeof(*store));

	if (!store)
		return mmu_error_no_memory();
	store->image = image;
	store->callbacks = (struct mmu_facts){ .size = sizeof(struct mmu_facts),
					       .big_endian = image->big_endian,
					       .context = store,
					       .get = cb_get,
					       .link_symbol = cb_link_symbol,
					       .note = cb_note,
					       .ram = cb_ram,
					       .read_phys = cb_read_phys,
					       .read_kernel = cb_read_kernel,
					       .walk = cb_walk,
					       .next_mapped = cb_next_mapped,
					       .derived = cb_derived };
	struct mmu_error *error = copy_options(store, options);
	if (error) {
		mmu_fact_store_destroy(store);
		return error;
	}
	*ret = store;
	return NULL;
}
