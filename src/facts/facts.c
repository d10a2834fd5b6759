/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The store of facts: asks its sources in order, remembers each answer with its source. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/cleanup.h"
#include "facts/facts.h"
#include "facts/store.h"

/* What back-ends ask for, in bytes read: see struct mmu_budget. */
#define PAGE_BYTES 4096u
#define MISSING_COST 32u
#define WALK_COST 512u

static void unlock(struct mmu_fact_store **store)
{
	pthread_mutex_unlock(&(*store)->mutex);
}

/* Until the end of the scope. */
#define LOCK(store)                                                                                \
	__attribute__((unused)) struct mmu_fact_store *locked MMU_CLEANUP(unlock) = (store);       \
	pthread_mutex_lock(&locked->mutex)

/* A look-up by name. */
#define LOCK_AND_COUNT(store)                                                                      \
	LOCK(store);                                                                               \
	(store)->lookups++

/* ------------------------------------------------------------------ the list of what is known */

/* A new value may answer what was missing before. */
static bool is_missing(const struct mmu_known_fact *fact)
{
	return fact->missing;
}

/* A new source also ends what was only assumed. */
static bool is_missing_or_assumed(const struct mmu_known_fact *fact)
{
	return fact->missing || fact->from == MMU_SOURCE_ASSUMED;
}

/*
 * Do sources that are trusted less say the same? SPAN and the LENGTH of an object are no answers to
 * compare: the next symbol and the size are estimates, and LENGTH(mem_section) in VMCOREINFO counts
 * what the pointer of that name leads to. Of `vmemmap` VMCOREINFO has the value, and symbols have
 * the place, where it is a variable.
 */
static void compare(struct mmu_fact_store *store, const char *key, enum mmu_place first,
		    enum mmu_place last)
{
	uint64_t value;

	if (strcmp(key, "SYMBOL(vmemmap)") == 0 || strncmp(key, "SPAN(", 5) == 0 ||
	    (strncmp(key, "LENGTH(", 7) == 0 && !strchr(key, '.')))
		return;
	for (unsigned int i = first; i <= last; i++) {
		enum mmu_fact_source source = mmu_store_sources[i](store, key, &value);
		/* the source may have moved the list */
		struct mmu_known_fact *fact = mmu_known_find(&store->known, key);

		if (source == MMU_SOURCE_NONE || !fact || fact->missing)
			continue;
		if (value == fact->value) {
			fact->seconded = true;
		} else if (!fact->other) {
			fact->other = mmu_store_source_name(store, source);
			fact->other_from = source;
			fact->other_value = value;
		}
	}
}

/* A new source: ask it again what was missing, and compare the rest with it. */
static void add_source(struct mmu_fact_store *store, enum mmu_place first, enum mmu_place last)
{
	mmu_known_drop(&store->known, is_missing_or_assumed);
	for (size_t i = 0; i < store->known.nr; i++)
		if (!store->known.facts[i].missing)
			compare(store, store->known.facts[i].key, first, last);
}

/* ------------------------------------------------------------------ look-ups */

bool mmu_fact_get(struct mmu_fact_store *store, const char *key, uint64_t *ret)
{
	LOCK_AND_COUNT(store);
	struct mmu_known_fact *fact = mmu_known_find(&store->known, key);
	enum mmu_fact_source source = MMU_SOURCE_NONE;
	unsigned int next = 0;
	uint64_t value = 0;

	if (fact) {
		if (!fact->missing)
			*ret = fact->value;
		return !fact->missing;
	}
	while (source == MMU_SOURCE_NONE && next < MMU_PLACES)
		source = mmu_store_sources[next++](store, key, &value);
	/* if there is no room, the answer is given but not kept */
	fact = mmu_known_find(&store->known, key);
	if (!fact)
		fact = mmu_known_add(&store->known, key);
	if (fact) {
		fact->source = mmu_store_source_name(store, source);
		fact->from = source;
		fact->value = value;
		fact->missing = source == MMU_SOURCE_NONE;
	}
	if (source == MMU_SOURCE_NONE)
		return false;
	compare(store, key, next, MMU_PLACES - 1);
	*ret = value;
	return true;
}

struct mmu_error *mmu_fact_need(struct mmu_fact_store *store, const char *key, uint64_t *ret)
{
	if (mmu_fact_get(store, key, ret))
		return NULL;
	LOCK(store);
	const struct mmu_vmlinux *vmlinux = store->vmlinux.vmlinux;
	bool itself = (store->kallsyms || store->live) && store->btf.btf;
	if (itself || (vmlinux && !store->hint))
		return mmu_error_new(MMU_ERROR_NOT_FOUND,
				     "%s is neither in VMCOREINFO nor in %s%s%s", key,
				     vmlinux ? mmu_vmlinux_path(vmlinux) : "",
				     vmlinux && itself ? " nor in " : "",
				     itself ? "the kallsyms and BTF of the kernel" : "");
	return mmu_error_context(mmu_fact_store_hint(store), "%s is not known", key);
}

bool mmu_fact_text(struct mmu_fact_store *store, const char *key, struct mmu_bytes *ret)
{
	LOCK_AND_COUNT(store);
	return mmu_store_line(store, key, ret);
}

bool mmu_fact_member(struct mmu_fact_store *store, const char *name, struct mmu_member *ret)
{
	LOCK_AND_COUNT(store);
	return mmu_type_source_member(&store->vmlinux, name, ret) ||
	       mmu_type_source_member(&store->btf, name, ret);
}

void mmu_fact_store_set_no_memory(struct mmu_fact_store *store)
{
	__atomic_store_n(&store->no_memory, true, __ATOMIC_RELAXED);
}

bool mmu_fact_store_no_memory(const struct mmu_fact_store *store)
{
	return __atomic_load_n(&store->no_memory, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&store->vmlinux.no_memory, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&store->btf.no_memory, __ATOMIC_RELAXED);
}

void mmu_fact_derive(struct mmu_fact_store *store, const char *key, uint64_t value, const char *how,
		     uint32_t flags)
{
	LOCK(store);
	uint64_t known;

	if (mmu_fact_get(store, key, &known))
		return; /* a real source outranks a derived value */
	mmu_known_drop(&store->known, is_missing);
	struct mmu_known_fact *fact = mmu_known_add(&store->known, key);
	if (!fact)
		return;
	bool assumed = flags & MMU_DERIVED_ASSUMED;
	if (asprintf(&fact->how, "derived: %s%.150s", assumed ? "assumed: " : "", how) < 0)
		fact->how = NULL;
	fact->source = fact->how ? fact->how : "derived";
	fact->from = assumed ? MMU_SOURCE_ASSUMED : MMU_SOURCE_DERIVED;
	fact->value = value;
}

uint64_t mmu_fact_lookups(struct mmu_fact_store *store)
{
	LOCK(store);
	return store->lookups;
}

bool mmu_fact_nth(struct mmu_fact_store *store, size_t n, struct mmu_fact *ret)
{
	LOCK(store);
	for (size_t i = 0; i < store->known.nr; i++) {
		const struct mmu_known_fact *fact = &store->known.facts[i];

		if (fact->missing || n--)
			continue;
		*ret = (struct mmu_fact){ .key = fact->key,
					  .value = fact->value,
					  .from = fact->from,
					  .source = fact->source,
					  .other_from = fact->other_from,
					  .seconded = fact->seconded,
					  .other = fact->other,
					  .other_value = fact->other_value };
		ret->disputed = ret->other && fact->from != MMU_SOURCE_OPTION;
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
	LOCK_AND_COUNT(store);

	return mmu_store_vmlinux_symbol(store, name, ret_va) ||
	       mmu_store_map_symbol(store, name, ret_va);
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

/* Whoever has learnt the kernel spends nothing. @return false: no more */
static bool spend(const struct mmu_fact_store *store, uint64_t bytes)
{
	return !store->hooks.spend || store->hooks.spend(store->hooks.context, bytes);
}

static bool cb_ram(void *context, unsigned int n, uint64_t *ret_first_pa, uint64_t *ret_last_pa)
{
	const struct mmu_fact_store *store = context;
	const struct mmu_image *image = store->image;

	if (n == MMU_RAM_LAST)
		return mmu_image_last_ram(image, ret_first_pa, ret_last_pa);
	mmu_error_destroy(mmu_image_survey(image));
	if (n >= image->nr_ram || !spend(store, 0)) /* a search that has to end has no more RAM */
		return false;
	*ret_first_pa = image->ram[n].first_pa;
	*ret_last_pa = image->ram[n].last_pa;
	return true;
}

/* A word of a page costs the page, which is unpacked, or comes from the disk. */
static bool spend_page(struct mmu_fact_store *store, uint64_t pa, uint64_t bytes)
{
	uint64_t page = pa / PAGE_BYTES;
	bool again = page == store->spent_page;

	if (!again && mmu_image_state(&store->cursor, pa) != MMU_PAGE_PRESENT)
		return spend(store, MISSING_COST);
	store->spent_page = page;
	return spend(store, again || bytes > PAGE_BYTES ? bytes : PAGE_BYTES);
}

static bool cb_read_phys(void *context, uint64_t pa, void *buf, size_t bytes)
{
	struct mmu_fact_store *store = context;

	if (mmu_budget_ended(store->image->budget, MMU_BUDGET_READ) && !spend(store, 0))
		return false;
	LOCK(store); /* of the cursor, too */
	/* whole tables are looked at once, and not worth the first touch of a page in a mapping */
	return spend_page(store, pa, bytes) &&
	       (bytes < 1024 ? mmu_image_read : mmu_image_peek)(&store->cursor, pa, buf, bytes,
								NULL) == MMU_PAGE_PRESENT;
}

static bool cb_read_kernel(void *context, uint64_t va, void *buf, size_t bytes)
{
	struct mmu_fact_store *store = context;

	LOCK(store);
	return store->hooks.read_kernel &&
	       store->hooks.read_kernel(store->hooks.context, va, buf, bytes);
}

static bool cb_walk(void *context, const struct mmu_regime *regime, uint64_t va, uint64_t *ret_pa)
{
	struct mmu_fact_store *store = context;

	LOCK(store);
	return store->hooks.walk && spend(store, WALK_COST) &&
	       store->hooks.walk(&store->cursor, regime, va, ret_pa);
}

static bool cb_next_mapped(void *context, const struct mmu_regime *regime, uint64_t *va,
			   uint64_t last_va, uint64_t *ret_pa)
{
	struct mmu_fact_store *store = context;
	uint64_t tables = 0;

	LOCK(store);
	if (!store->hooks.next_mapped || !spend(store, WALK_COST))
		return false;
	bool found = store->hooks.next_mapped(&store->cursor, regime, va, last_va, ret_pa, &tables);
	return spend(store, tables * PAGE_BYTES) && found;
}

static void cb_derived(void *context, const char *key, uint64_t value, const char *how,
		       uint32_t flags)
{
	mmu_fact_derive(context, key, value, how, flags);
}

const struct mmu_facts *mmu_fact_callbacks(struct mmu_fact_store *store)
{
	return &store->callbacks;
}

struct mmu_error *mmu_fact_store_set_arch(struct mmu_fact_store *store, const struct mmu_arch *arch,
					  const struct mmu_fact_hooks *hooks)
{
	LOCK(store);
	struct mmu_error *error = mmu_wanted_names_add(&store->wanted, mmu_fact_wants.symbols,
						       mmu_fact_wants.types);

	if (!error)
		error = mmu_wanted_names_add(&store->wanted, arch->symbols, arch->types);
	if (error)
		return error;
	store->hooks = *hooks;
	store->wants = mmu_wanted_names_lists(&store->wanted);
	store->pointer_bytes = arch->elf_class == 1 ? 4 : 8;
	store->callbacks.pointer_bytes = store->pointer_bytes;
	return NULL;
}

void mmu_fact_store_set_byte_order(struct mmu_fact_store *store, bool big_endian)
{
	LOCK(store);
	store->callbacks.big_endian = big_endian;
}

const struct mmu_vmlinux_wants *mmu_fact_store_wants(const struct mmu_fact_store *store)
{
	return store->wants.types ? &store->wants : &mmu_fact_wants;
}

/* ------------------------------------------------------------------ life */

void mmu_fact_store_forget(struct mmu_fact_store *store)
{
	LOCK(store);
	mmu_known_drop(&store->known, NULL);
}

struct mmu_error *mmu_fact_store_set_vmcoreinfo(struct mmu_fact_store *store, struct mmu_bytes text,
						bool found_in_memory)
{
	LOCK(store);
	uint8_t *copy = malloc(text.count + 1);

	if (!copy)
		return mmu_error_no_memory();
	if (text.data)
		memcpy(copy, text.data, text.count);
	free(store->own_vmcoreinfo);
	store->own_vmcoreinfo = copy;
	store->vmcoreinfo = (struct mmu_bytes){ text.data ? copy : NULL, text.count };
	store->vmcoreinfo_found = found_in_memory;
	mmu_known_drop(&store->known, NULL);
	return NULL;
}

struct mmu_bytes mmu_fact_store_vmcoreinfo(const struct mmu_fact_store *store,
					   bool *ret_found_in_memory)
{
	if (ret_found_in_memory)
		*ret_found_in_memory = store->vmcoreinfo_found;
	return store->vmcoreinfo;
}

void mmu_fact_store_set_vmlinux(struct mmu_fact_store *store, struct mmu_vmlinux *vmlinux)
{
	LOCK(store);
	mmu_vmlinux_set_budget(vmlinux, store->image->budget);
	store->vmlinux = (struct mmu_type_source){ .vmlinux = vmlinux,
						   .no_memory = store->vmlinux.no_memory };
	add_source(store, MMU_PLACE_SYMTAB, MMU_PLACE_VMLINUX_TYPES);
}

void mmu_fact_store_set_kallsyms(struct mmu_fact_store *store, struct mmu_kallsyms *kallsyms)
{
	LOCK(store);
	store->kallsyms = kallsyms;
	add_source(store, MMU_PLACE_KALLSYMS, MMU_PLACE_KALLSYMS);
}

void mmu_fact_store_set_system_map(struct mmu_fact_store *store, struct mmu_symbol_text *map)
{
	LOCK(store);
	store->system_map = map;
	add_source(store, MMU_PLACE_SYSTEM_MAP, MMU_PLACE_SYSTEM_MAP);
}

void mmu_fact_store_set_live(struct mmu_fact_store *store, struct mmu_symbol_text *live)
{
	LOCK(store);
	store->live = live;
	add_source(store, MMU_PLACE_LIVE, MMU_PLACE_LIVE);
}

void mmu_fact_store_set_btf(struct mmu_fact_store *store, struct mmu_btf *btf, void *bytes,
			    const char *name)
{
	LOCK(store);
	store->btf = (struct mmu_type_source){ .btf = btf, .no_memory = store->btf.no_memory };
	store->btf_bytes = bytes;
	store->btf_name = name;
	add_source(store, MMU_PLACE_BTF, MMU_PLACE_BTF);
}

struct mmu_vmlinux *mmu_fact_store_vmlinux(struct mmu_fact_store *store)
{
	return store->vmlinux.vmlinux;
}

const char *mmu_fact_store_system_map(const struct mmu_fact_store *store)
{
	return store->system_map ? mmu_symbol_text_path(store->system_map) : NULL;
}

uint8_t mmu_fact_store_pointer_bytes(const struct mmu_fact_store *store)
{
	const struct mmu_vmlinux *vmlinux = store->vmlinux.vmlinux;
	uint8_t elf_class = vmlinux ? mmu_vmlinux_class(vmlinux) : store->image->elf_class;

	return store->pointer_bytes ? store->pointer_bytes : elf_class == 1 ? 4 : 8;
}

struct mmu_error *mmu_fact_store_hint(const struct mmu_fact_store *store)
{
	return mmu_error_remedy(mmu_error_new(MMU_ERROR_NOT_FOUND, "%s",
					      store->hint ? store->hint : "there is no vmlinux"),
				store->hint ? store->hint_remedy : MMU_REMEDY_NONE);
}

void mmu_fact_store_set_hint(struct mmu_fact_store *store, const char *hint, enum mmu_remedy remedy)
{
	LOCK(store);
	char *copy = strdup(hint); /* it may be made of the old one */

	free(store->hint);
	store->hint = copy;
	store->hint_remedy = remedy;
}

void mmu_fact_store_destroy(struct mmu_fact_store *store)
{
	if (!store)
		return;
	mmu_known_drop(&store->known, NULL);
	for (size_t i = 0; i < store->nr_options; i++)
		free(store->options[i]);
	mmu_cursor_destroy(&store->cursor);
	mmu_vmlinux_close(store->vmlinux.vmlinux);
	mmu_kallsyms_close(store->kallsyms);
	mmu_symbol_text_close(store->system_map);
	mmu_symbol_text_close(store->live);
	mmu_btf_close(store->btf.btf);
	free(store->btf_bytes);
	mmu_wanted_names_destroy(&store->wanted);
	free(store->own_vmcoreinfo);
	free(store->options);
	free(store->hint);
	pthread_mutex_destroy(&store->mutex);
	mmu_cursor_destroy(&store->cursor);
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
		if (!mmu_store_parse(key, equals + 1, &value))
			return mmu_error_new(MMU_ERROR_INVALID, "fact '%s': no number after '='",
					     options[i]);
		store->options[i] = strdup(options[i]);
		if (!store->options[i])
			return mmu_error_no_memory();
		store->nr_options++;
	}
	return NULL;
}

static void init_mutex(pthread_mutex_t *mutex)
{
	pthread_mutexattr_t recursive;

	pthread_mutexattr_init(&recursive);
	pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(mutex, &recursive);
	pthread_mutexattr_destroy(&recursive);
}

struct mmu_error *mmu_fact_store_create(const struct mmu_image *image, const char *const *options,
					struct mmu_fact_store **ret)
{
	struct mmu_fact_store *store = calloc(1, sizeof(*store));

	if (!store)
		return mmu_error_no_memory();
	init_mutex(&store->mutex);
	store->image = image;
	mmu_cursor_init(&store->cursor, image);
	store->vmcoreinfo = image->vmcoreinfo;
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
