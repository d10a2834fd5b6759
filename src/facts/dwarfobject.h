/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * libdwarf over a mapped file. Its own way to open a file reads whole sections with malloc() and
 * applies relocations: 1 s and 770 MB for a vmlinux that was linked with --emit-relocs.
 */
#ifndef MMU_FACTS_DWARFOBJECT_H
#define MMU_FACTS_DWARFOBJECT_H

#if __has_include(<libdwarf/libdwarf.h>)
#include <libdwarf/dwarf.h>
#include <libdwarf/libdwarf.h>
#elif __has_include(<libdwarf-0/libdwarf.h>)
#include <libdwarf-0/dwarf.h>
#include <libdwarf-0/libdwarf.h>
#else
#include <dwarf.h>
#include <libdwarf.h>
#endif

#include "facts/debugsection.h"

/* What we use of libdwarf, which is loaded at first need: see image/lazy.h. */
#define MMU_DWARF_FUNCTIONS(DO)                                                                    \
	DO(attr)                                                                                   \
	DO(child)                                                                                  \
	DO(dealloc)                                                                                \
	DO(dealloc_attribute)                                                                      \
	DO(dealloc_error)                                                                          \
	DO(dealloc_die)                                                                            \
	DO(dieoffset)                                                                              \
	DO(errmsg)                                                                                 \
	DO(formblock)                                                                              \
	DO(formexprloc)                                                                            \
	DO(formsdata)                                                                              \
	DO(formstring)                                                                             \
	DO(formudata)                                                                              \
	DO(global_formref)                                                                         \
	DO(hasattr)                                                                                \
	DO(next_cu_header_d)                                                                       \
	DO(object_finish)                                                                          \
	DO(object_init_b)                                                                          \
	DO(offdie_b)                                                                               \
	DO(siblingof_b)                                                                            \
	DO(tag)                                                                                    \
	DO(whatform)

struct mmu_dwarf_library {
#define DECLARE(name) __typeof__(&dwarf_##name) name;
	MMU_DWARF_FUNCTIONS(DECLARE)
#undef DECLARE
	__typeof__(&dwarf_errno) error_number; /* errno is a macro, and can not be in the list */
};
extern struct mmu_dwarf_library mmu_dwarf;

#define dwarf_attr mmu_dwarf.attr
#define dwarf_child mmu_dwarf.child
#define dwarf_dealloc mmu_dwarf.dealloc
#define dwarf_dealloc_attribute mmu_dwarf.dealloc_attribute
#define dwarf_dealloc_die mmu_dwarf.dealloc_die
#define dwarf_dealloc_error mmu_dwarf.dealloc_error
#define dwarf_dieoffset mmu_dwarf.dieoffset
#define dwarf_errmsg mmu_dwarf.errmsg
#define dwarf_errno mmu_dwarf.error_number
#define dwarf_formblock mmu_dwarf.formblock
#define dwarf_formexprloc mmu_dwarf.formexprloc
#define dwarf_formsdata mmu_dwarf.formsdata
#define dwarf_formstring mmu_dwarf.formstring
#define dwarf_formudata mmu_dwarf.formudata
#define dwarf_global_formref mmu_dwarf.global_formref
#define dwarf_hasattr mmu_dwarf.hasattr
#define dwarf_next_cu_header_d mmu_dwarf.next_cu_header_d
#define dwarf_object_finish mmu_dwarf.object_finish
#define dwarf_object_init_b mmu_dwarf.object_init_b
#define dwarf_offdie_b mmu_dwarf.offdie_b
#define dwarf_siblingof_b mmu_dwarf.siblingof_b
#define dwarf_tag mmu_dwarf.tag
#define dwarf_whatform mmu_dwarf.whatform

/* Two APIs under one SONAME: 2021's has no version macro and unadorned names. */
#ifdef DW_LIBDWARF_VERSION
typedef Dwarf_Obj_Access_Interface_a mmu_dw_interface;
#else
typedef Dwarf_Obj_Access_Interface mmu_dw_interface;
#endif

enum mmu_dw_section {
	MMU_DW_NULL, /**< ELF's section 0 */
	MMU_DW_INFO,
	MMU_DW_ABBREV,
	MMU_DW_STR,
	MMU_DW_LINE_STR,
	MMU_DW_STR_OFFSETS,
	MMU_DW_ADDR,
	MMU_DW_COUNT,
};

/** An open file as libdwarf sees it. Must not move: libdwarf keeps pointers into it. */
struct mmu_dwarfobject {
	const struct mmu_elffile *file;
	struct mmu_debugsection sections[MMU_DW_COUNT];
	mmu_dw_interface interface;
	Dwarf_Debug dbg;
};

/** Load libdwarf now, if it can be. */
void mmu_dwarfobject_load(void);

/**
 * Open the debug info of a file.
 * @param limit  decompress so much of .debug_info
 * @param ret    to be closed when this succeeds; must outlive nothing of `file`
 * @return MMU_ERROR_CORRUPT, _UNSUPPORTED, _NO_MEMORY; sections that are missing are empty
 */
struct mmu_error *mmu_dwarfobject_open(const struct mmu_elffile *file, uint64_t limit,
				       struct mmu_dwarfobject *ret) MMU_MUST_CHECK;
/** Does this problem of libdwarf's say that it had no memory? @param problem  may be NULL */
bool mmu_dwarf_no_memory(Dwarf_Error problem);
void mmu_dwarfobject_close(struct mmu_dwarfobject *object);

#endif
