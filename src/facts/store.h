/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the store of facts is made of; for facts.c and sources.c. */
#ifndef MMU_FACTS_STORE_H
#define MMU_FACTS_STORE_H

#include <pthread.h>

#include "facts/facts.h"
#include "facts/known.h"
#include "facts/wanted_names.h"

struct mmu_fact_store {
	pthread_mutex_t mutex; /* recursive: a source may ask for facts while it answers */
	uint64_t lookups;
	bool no_memory; /* atomic: see mmu_fact_store_set_no_memory() */
	const struct mmu_image *image;
	struct mmu_cursor cursor;    /* for back-ends, under the mutex */
	uint64_t spent_page;         /* whose bytes were counted last, likewise */
	struct mmu_bytes vmcoreinfo; /* the image's, or `own_vmcoreinfo` */
	uint8_t *own_vmcoreinfo;
	bool vmcoreinfo_found;
	uint8_t pointer_bytes; /* 0: nobody said */
	struct mmu_type_source vmlinux, btf;
	struct mmu_kallsyms *kallsyms;
	struct mmu_symbol_text *system_map, *live;
	void *btf_bytes; /* owned */
	const char *btf_name;
	char *hint;
	enum mmu_remedy hint_remedy;
	struct mmu_facts callbacks;
	struct mmu_fact_hooks hooks;
	struct mmu_wanted_names wanted;
	struct mmu_vmlinux_wants wants; /* of `wanted`; NULL: the core's own */
	struct mmu_known known;
	char **options;
	size_t nr_options;
};

/** Where a key is looked up, the most trusted place first. */
enum mmu_place {
	MMU_PLACE_OPTIONS,
	MMU_PLACE_VMCOREINFO,
	MMU_PLACE_SYMTAB,
	MMU_PLACE_VMLINUX_TYPES,
	MMU_PLACE_SYSTEM_MAP,
	MMU_PLACE_KALLSYMS,
	MMU_PLACE_LIVE,
	MMU_PLACE_BTF,
	MMU_PLACES,
};

/** @return MMU_SOURCE_NONE: it does not know, or is not there; *ret is then untouched */
typedef enum mmu_fact_source (*mmu_source_fn)(struct mmu_fact_store *store, const char *key,
					      uint64_t *ret);

extern const mmu_source_fn mmu_store_sources[MMU_PLACES];

/** The words that `info` shows; static. */
const char *mmu_store_source_name(const struct mmu_fact_store *store, enum mmu_fact_source source);

/** A number as VMCOREINFO writes it for this key. @return false: it is none; *ret is untouched */
bool mmu_store_parse(const char *key, const char *text, uint64_t *ret);

/** A link-time address, by vmlinux or by System.map. @return false: it is not there or not known */
bool mmu_store_vmlinux_symbol(const struct mmu_fact_store *store, const char *name, uint64_t *ret);
bool mmu_store_map_symbol(const struct mmu_fact_store *store, const char *name, uint64_t *ret);

/** What follows "KEY=" in VMCOREINFO. */
bool mmu_store_line(const struct mmu_fact_store *store, const char *key, struct mmu_bytes *ret);

#endif
