/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file vmlinux as a source of facts: symbols by libelf, types by libdwarf. */
#ifndef MMU_FACTS_VMLINUX_H
#define MMU_FACTS_VMLINUX_H

#include "base/bytes.h"
#include "base/error.h"

struct mmu_vmlinux;

/** Names that will be asked for: each table is scanned once, for all of them. */
struct mmu_vmlinux_wants {
	const char *const *symbols; /**< NULL-terminated */
	const char *const
		*types; /**< NULL-terminated; tags of structs, unions and enums, no prefix */
};

/**
 * Open a vmlinux (or a separate debug file).
 * @param path   kept as given for messages
 * @param wants  copied by pointer: static data
 * @param ret    owned by the caller; untouched on failure
 * @return MMU_ERROR_OS; _FORMAT: not ELF, a core dump, truncated; _UNSUPPORTED: neither symbols nor
 *         debug info (the message says what to install), a dwz alternate file. Types are only
 *         looked at when first asked for, so a file with symbols and no DWARF opens.
 */
struct mmu_error *mmu_vmlinux_open(const char *path, const struct mmu_vmlinux_wants *wants,
				   struct mmu_vmlinux **ret) MMU_MUST_CHECK;
void mmu_vmlinux_close(struct mmu_vmlinux *vmlinux);

const char *mmu_vmlinux_path(const struct mmu_vmlinux *vmlinux);
uint16_t mmu_vmlinux_machine(const struct mmu_vmlinux *vmlinux);
uint8_t mmu_vmlinux_class(const struct mmu_vmlinux *vmlinux);
bool mmu_vmlinux_big_endian(const struct mmu_vmlinux *vmlinux);
/** The GNU build-id, from PT_NOTE or section notes (Xen's come first); count 0 when there is none. */
struct mmu_bytes mmu_vmlinux_build_id(const struct mmu_vmlinux *vmlinux);
/** The text of linux_banner in the file ("Linux version ..."), "" when it is not there. */
const char *mmu_vmlinux_banner(struct mmu_vmlinux *vmlinux);

/**
 * A symbol's link-time address and size. Names outside `wants` are found too, more slowly.
 * @return false: no such symbol (outputs untouched). Either output may be NULL.
 */
bool mmu_vmlinux_symbol(struct mmu_vmlinux *vmlinux, const char *name, uint64_t *ret_va,
			uint64_t *ret_bytes);

/**
 * Size of a struct, union, enum or typedef'd type.
 * @return NULL; MMU_ERROR_NOT_FOUND (no such type in the kernel's core unit), _UNSUPPORTED (no debug
 *         info; the message says what to install), _CORRUPT (broken DWARF, with the section's name)
 */
struct mmu_error *mmu_vmlinux_size(struct mmu_vmlinux *vmlinux, const char *type,
				   uint64_t *ret_bytes) MMU_MUST_CHECK;

/** What is known of a member. */
struct mmu_member {
	uint64_t offset_bytes; /**< from the start of the outer type, through anonymous structs */
	uint64_t size_bytes; /**< of the member, whole arrays included; 0 if not known */
	uint64_t elements; /**< of an array: its length; 0 for other types */
	uint8_t bit_size, bit_shift; /**< of a bit-field: width, and its lowest bit counted from
				      offset_bytes in the machine's order; else 0 */
};

/** A member by dotted path: "signal" or "rss_stat.count". Errors as mmu_vmlinux_size(). */
struct mmu_error *mmu_vmlinux_member(struct mmu_vmlinux *vmlinux, const char *type,
				     const char *path, struct mmu_member *ret) MMU_MUST_CHECK;

/** An enumerator of a named enum. Errors as mmu_vmlinux_size(). */
struct mmu_error *mmu_vmlinux_enumerator(struct mmu_vmlinux *vmlinux, const char *type,
					 const char *name, int64_t *ret) MMU_MUST_CHECK;

/**
 * Look for the vmlinux of a kernel: by build-id below the debug directories' .build-id, then by
 * release under the usual names. Only files whose build-id is the wanted one are taken, when one is
 * wanted.
 * @param debug_dirs  NULL-terminated roots, or NULL for the system's own (/usr/lib/debug, ...)
 * @param build_id    count 0: not known
 * @param release     "" : not known
 * @param ret_path    malloc'ed path, or NULL with no error when there is none
 * @param ret_tried   malloc'ed list of what was tried, for the message; may be NULL
 */
struct mmu_error *mmu_vmlinux_find(const char *const *debug_dirs, struct mmu_bytes build_id,
				   const char *release, char **ret_path,
				   char **ret_tried) MMU_MUST_CHECK;

#endif
