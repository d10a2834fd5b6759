/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file vmlinux as a source of facts: symbols by libelf, types by libdwarf or from BTF. */
#ifndef MMU_FACTS_VMLINUX_H
#define MMU_FACTS_VMLINUX_H

#include "base/budget.h"
#include "base/bytes.h"
#include "base/error.h"
#include "facts/member.h"

struct mmu_vmlinux;

/** Names that will be asked for: each table is scanned once, for all of them. */
struct mmu_vmlinux_wants {
	const char *const *symbols; /**< NULL-terminated */
	const char *const
		*types; /**< NULL-terminated; tags of structs, unions and enums, no prefix */
};

/**
 * Open a vmlinux (or a separate debug file). The debug file of a stripped one is followed when its
 * build-id is the same: .gnu_debuglink, or /usr/lib/debug/.build-id.
 * @param path   kept as given for messages
 * @param wants  copied by pointer: static data; may be NULL
 * @param ret    owned by the caller; untouched on failure
 * @return MMU_ERROR_OS; _FORMAT: not ELF, a core dump, truncated; _UNSUPPORTED: neither symbols nor
 *         debug info nor BTF (the message says what to install). Types are only looked at when
 *         first asked for, so a file with symbols and no usable types opens.
 */
struct mmu_error *mmu_vmlinux_open(const char *path, const struct mmu_vmlinux_wants *wants,
				   struct mmu_vmlinux **ret) MMU_MUST_CHECK;
void mmu_vmlinux_close(struct mmu_vmlinux *vmlinux);

/** Let it spend the session's budget, to which it adds its files; NULL: each has one of its own. */
void mmu_vmlinux_set_budget(struct mmu_vmlinux *vmlinux, struct mmu_budget *budget);

/** Load the libraries that its types take, if there are any and they can be: no file is opened by
 * later calls. */
void mmu_vmlinux_load_libraries(const struct mmu_vmlinux *vmlinux);

const char *mmu_vmlinux_path(const struct mmu_vmlinux *vmlinux);
uint16_t mmu_vmlinux_machine(const struct mmu_vmlinux *vmlinux);
uint8_t mmu_vmlinux_class(const struct mmu_vmlinux *vmlinux);
bool mmu_vmlinux_big_endian(const struct mmu_vmlinux *vmlinux);
/** The GNU build-id, from PT_NOTE or section notes (Xen's come first); count 0: there is none. */
struct mmu_bytes mmu_vmlinux_build_id(const struct mmu_vmlinux *vmlinux);
/** "Linux version ...", one line, by linux_banner or by search; "" when it is not in the file. */
const char *mmu_vmlinux_banner(struct mmu_vmlinux *vmlinux);

/**
 * A symbol's link-time address and size. Names outside `wants` are found too, more slowly. Global
 * symbols win over weak, weak over local ones.
 * @return false: no such symbol, or several that are equal in rank and differ in address (outputs
 *         untouched). Either output may be NULL.
 */
bool mmu_vmlinux_symbol(struct mmu_vmlinux *vmlinux, const char *name, uint64_t *ret_va,
			uint64_t *ret_bytes);

/** Once types were asked for: do they come from .BTF, for want of usable DWARF? */
bool mmu_vmlinux_has_btf(const struct mmu_vmlinux *vmlinux);

/**
 * Size of a struct, union, enum or typedef'd type. The file's .BTF answers where it has no DWARF
 * that can be used.
 * @return NULL; MMU_ERROR_NOT_FOUND (no such type in the kernel's core unit), _UNSUPPORTED (no
 *         types, a dwz alternate file, no unit with both task_struct and mm_struct), _CORRUPT
 *         (broken DWARF or BTF, with the section's name)
 */
struct mmu_error *mmu_vmlinux_size(struct mmu_vmlinux *vmlinux, const char *type,
				   uint64_t *ret_bytes) MMU_MUST_CHECK;

/**
 * A member by dotted path: "signal" or "rss_stat.count". An array on the way stands for its first
 * element; pointers are not followed. Errors as mmu_vmlinux_size().
 */
struct mmu_error *mmu_vmlinux_member(struct mmu_vmlinux *vmlinux, const char *type,
				     const char *path, struct mmu_member *ret) MMU_MUST_CHECK;

/**
 * An enumerator of an enum.
 * @param type  its tag; NULL: of any enum at the unit's outermost level, also one without a tag
 * @return as mmu_vmlinux_size()
 */
struct mmu_error *mmu_vmlinux_enumerator(struct mmu_vmlinux *vmlinux, const char *type,
					 const char *name, int64_t *ret) MMU_MUST_CHECK;

/**
 * Look for the vmlinux of a kernel: by build-id below the debug directories' .build-id, then by
 * release under the usual names. Only files whose build-id is the wanted one are taken, when one is
 * wanted.
 * @param debug_dirs  NULL-terminated roots, or NULL for the system's own (/usr/lib/debug, ...).
 *                    A root may also be a file system's, or a folder with just the file.
 * @param build_id    count 0: not known
 * @param release     "": not known. It may come from a hostile image.
 * @param ret_path    malloc'ed path, or NULL with no error when there is none; one with debug info
 *                    is preferred to one with symbols and BTF, that to one with either
 * @param ret_tried   malloc'ed list "a, b (why not)" of what was tried, or NULL: nothing was. May
 *                    be NULL.
 * @return MMU_ERROR_NO_MEMORY; *ret_tried is set whether or not a file was found
 */
struct mmu_error *mmu_vmlinux_find(const char *const *debug_dirs, struct mmu_bytes build_id,
				   const char *release, char **ret_path,
				   char **ret_tried) MMU_MUST_CHECK;

#endif
