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

/**
 * Open the debug info of a file.
 * @param limit  decompress so much of .debug_info
 * @param ret    to be closed when this succeeds; must outlive nothing of `file`
 * @return MMU_ERROR_CORRUPT, _UNSUPPORTED, _NO_MEMORY; sections that are missing are empty
 */
struct mmu_error *mmu_dwarfobject_open(const struct mmu_elffile *file, uint64_t limit,
				       struct mmu_dwarfobject *ret) MMU_MUST_CHECK;
void mmu_dwarfobject_close(struct mmu_dwarfobject *object);

#endif
