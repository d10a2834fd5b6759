/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What this kernel looks like: one store of facts, each with the source it came from. */
#ifndef MMU_FACTS_FACTS_H
#define MMU_FACTS_FACTS_H

#include "facts/btf.h"
#include "facts/kallsyms.h"
#include "facts/live.h"
#include "facts/typefacts.h"
#include "facts/vmlinux.h"
#include "image/image.h"
#include "mmuscope/arch.h"

struct mmu_fact_store;

/**
 * A store over an image. The look-ups by name and mmu_fact_nth() may be called by several threads;
 * the setters belong to the one that learns.
 * @param image    must outlive the store
 * @param options  NULL-terminated "KEY=VALUE" from the user, copied; may be NULL
 * @return MMU_ERROR_INVALID for an option that is no fact, _NO_MEMORY
 */
struct mmu_error *mmu_fact_store_create(const struct mmu_image *image, const char *const *options,
					struct mmu_fact_store **ret) MMU_MUST_CHECK;
/** Accepts NULL. */
void mmu_fact_store_destroy(struct mmu_fact_store *store);

/** Let the store ask a vmlinux too. Takes ownership. */
void mmu_fact_store_set_vmlinux(struct mmu_fact_store *store, struct mmu_vmlinux *vmlinux);
/** As above, the kernel's own symbol table. NULL takes it away: the caller owns it again. */
void mmu_fact_store_set_kallsyms(struct mmu_fact_store *store, struct mmu_kallsyms *kallsyms);
/** Let the store ask the running kernel's symbols too. Takes ownership. */
void mmu_fact_store_set_live(struct mmu_fact_store *store, struct mmu_symbol_text *live);
/** Let the store ask a System.map too. Takes ownership. */
void mmu_fact_store_set_system_map(struct mmu_fact_store *store, struct mmu_symbol_text *map);
/**
 * Let the store ask the kernel's own types too. Takes ownership of both.
 * @param bytes  what it lies in, to be freed with it
 * @param name   what its facts are shown to come from; static text
 */
void mmu_fact_store_set_btf(struct mmu_fact_store *store, struct mmu_btf *btf, void *bytes,
			    const char *name);
struct mmu_vmlinux *mmu_fact_store_vmlinux(struct mmu_fact_store *store);
/** The path of the System.map, or NULL: there is none. */
const char *mmu_fact_store_system_map(const struct mmu_fact_store *store);

/**
 * Take another VMCOREINFO than the image's, and forget every answer so far.
 * @param text             copied; data NULL: there is none
 * @param found_in_memory  it is in no header of the image
 * @return MMU_ERROR_NO_MEMORY: nothing has changed
 */
struct mmu_error *mmu_fact_store_set_vmcoreinfo(struct mmu_fact_store *store, struct mmu_bytes text,
						bool found_in_memory) MMU_MUST_CHECK;
/**
 * The text without terminator, valid until the next is set; data NULL: there is none.
 * @param ret_found_in_memory  may be NULL
 */
struct mmu_bytes mmu_fact_store_vmcoreinfo(const struct mmu_fact_store *store,
					   bool *ret_found_in_memory);

/** Forget every answer so far. */
void mmu_fact_store_forget(struct mmu_fact_store *store);

/** As the back-end says; else as the ELF class of vmlinux or of the image says; else 8. */
uint8_t mmu_fact_store_pointer_bytes(const struct mmu_fact_store *store);

/** Why there is no vmlinux, for the messages of missing facts; copied. */
void mmu_fact_store_set_hint(struct mmu_fact_store *store, const char *hint,
			     enum mmu_remedy remedy);
/** The hint, or a general one: MMU_ERROR_NOT_FOUND. */
struct mmu_error *mmu_fact_store_hint(const struct mmu_fact_store *store) MMU_MUST_CHECK;

/**
 * Look a fact up: the user's option, VMCOREINFO, vmlinux, System.map, the kernel's own kallsyms (in
 * the image, else of the running kernel) and BTF, derived values; in this order.
 * Keys are listed at struct mmu_facts in arch.h; also "SIZE(type.member)" and
 * "LENGTH(type.member)" of an array, and "SPAN(symbol)": the bytes up to the next symbol.
 * @return false when no source has it; *ret is then untouched
 */
bool mmu_fact_get(struct mmu_fact_store *store, const char *key, uint64_t *ret);

/** As mmu_fact_get(); a missing fact is MMU_ERROR_NOT_FOUND and names the key. */
struct mmu_error *mmu_fact_need(struct mmu_fact_store *store, const char *key,
				uint64_t *ret) MMU_MUST_CHECK;

/** A value of VMCOREINFO as text: "OSRELEASE". @return false when it is not there. */
bool mmu_fact_text(struct mmu_fact_store *store, const char *key, struct mmu_bytes *ret);

/** What the sources of types say of the member "type.member". @return false: none knows it */
bool mmu_fact_member(struct mmu_fact_store *store, const char *name, struct mmu_member *ret);

/** There was no memory for what is known of the kernel: callers may take it for not known. */
void mmu_fact_store_set_no_memory(struct mmu_fact_store *store);
/** Was there once no memory to look a fact up? Then what counts as not known may be known. */
bool mmu_fact_store_no_memory(const struct mmu_fact_store *store);

/**
 * How many look-ups by name there were: calls of mmu_fact_get(), _need(), _text() and _member(),
 * also by mmu_fields_resolve() and by plugins, and of the callback link_symbol().
 */
uint64_t mmu_fact_lookups(struct mmu_fact_store *store);

/**
 * Remember a value that was worked out. Without effect where the key is known already.
 * @param flags  enum mmu_derived bits
 */
void mmu_fact_derive(struct mmu_fact_store *store, const char *key, uint64_t value, const char *how,
		     uint32_t flags);

/**
 * The n-th fact in the order of first use. Its texts last until the store is told of another source
 * or VMCOREINFO.
 */
bool mmu_fact_nth(struct mmu_fact_store *store, size_t n, struct mmu_fact *ret);

/** What layers above answer for plugins; see struct mmu_facts. The cursor is the store's. */
struct mmu_fact_hooks {
	bool (*walk)(struct mmu_cursor *cursor, const struct mmu_regime *regime, uint64_t va,
		     uint64_t *ret_pa);
	bool (*next_mapped)(struct mmu_cursor *cursor, const struct mmu_regime *regime,
			    uint64_t *va, uint64_t last_va, uint64_t *ret_pa, uint64_t *ret_tables);
	bool (*read_kernel)(void *context, uint64_t va, void *buf, size_t bytes);
	/** Told before each read of physical memory: false ends a search through all of it. */
	bool (*spend)(void *context, uint64_t bytes);
	void *context; /* of read_kernel() and spend() */
};

/**
 * The back-end is known now: what it asks for is wanted too, and its questions are answered.
 * @return MMU_ERROR_NO_MEMORY
 */
struct mmu_error *mmu_fact_store_set_arch(struct mmu_fact_store *store, const struct mmu_arch *arch,
					  const struct mmu_fact_hooks *hooks) MMU_MUST_CHECK;

/** The byte order of the kernel, for the back-end; the image's, until it is told. */
void mmu_fact_store_set_byte_order(struct mmu_fact_store *store, bool big_endian);

/** The names that the core, and the back-end if it is known, ask of a kernel. */
const struct mmu_vmlinux_wants *mmu_fact_store_wants(const struct mmu_fact_store *store);

/** The store as the callback table that plugins get. */
const struct mmu_facts *mmu_fact_callbacks(struct mmu_fact_store *store);

/** The names that the core asks of a kernel. */
extern const struct mmu_vmlinux_wants mmu_fact_wants;

#endif
