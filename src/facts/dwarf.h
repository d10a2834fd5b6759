/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Types of the kernel's core compilation unit, by libdwarf. */
#ifndef MMU_FACTS_DWARF_H
#define MMU_FACTS_DWARF_H

#include "facts/dwarfobject.h"
#include "facts/names.h"
#include "facts/vmlinux.h"

/**
 * Units that are searched one by one: the second of a Debian kernel is the core unit; a look at all
 * of them takes a second and 200 MB.
 */
#define MMU_DWARF_UNITS_NEAR 256
/** More than any kernel has: the limit is for damaged ones. */
#define MMU_DWARF_UNITS_MAX 8192

/** A unit's header, checked before libdwarf sees it. */
struct mmu_dwarf_unit {
	uint64_t first, end; /**< in .debug_info; end exclusive */
	uint16_t version;
	uint8_t type;         /**< DW_UT_*; DW_UT_compile before DWARF 5 */
	uint8_t header_bytes; /**< of the header: the unit's entry follows */
	uint8_t address_bytes;
};

enum mmu_dwarf_unit_status {
	MMU_UNIT_OK,
	MMU_UNIT_END,
	MMU_UNIT_CUT, /**< it may be whole when more of the section is decompressed */
	MMU_UNIT_BAD,
};

/**
 * The one unit that is read: the first that defines both task_struct and mm_struct in full. A
 * type that was not announced is looked for in others too.
 * Offsets are those of .debug_info.
 */
/** How many structs' members are kept. */
#define MMU_DWARF_LISTS 8u

/** A named member of a struct, also of the structs without a name in it. */
struct mmu_dwarf_item {
	const char *name; /**< in the section */
	Dwarf_Off die;
	uint64_t base_bytes; /**< offset of the struct that contains it, in the outer one */
};

/** A struct that was asked for, and from the second question on its members. */
struct mmu_dwarf_list {
	Dwarf_Off outer; /**< 0: none */
	struct mmu_dwarf_item *items;
	size_t nr;
	bool listed;  /**< all of them are there */
	bool refused; /**< that was tried, and can't be */
};

/** Names that were looked for although nobody announced them, in this process; for tests. */
extern _Atomic uint64_t mmu_dwarf_late_searches;

struct mmu_dwarf {
	struct mmu_dwarfobject object;
	struct mmu_names names; /**< the types that are wanted */
	Dwarf_Off *found;       /**< per name: its definition in the unit, or 0 */
	Dwarf_Off unit_die;
	uint64_t checked_end; /**< unit headers before this are sane */
	uint64_t address_bytes;
	struct mmu_dwarf_list lists[MMU_DWARF_LISTS];
	unsigned int oldest; /**< of the lists */
	/** The same file, with more of .debug_info decompressed; NULL: nobody needed it. */
	struct mmu_dwarf *wide;
};

/**
 * Find the unit, and in it the types.
 * @param types  NULL-terminated static names that will be asked for; may be NULL
 * @param ret    owned by the caller, closed before `file`; untouched on failure
 * @return MMU_ERROR_UNSUPPORTED (no unit has the full definitions), _CORRUPT, _NO_MEMORY
 */
struct mmu_error *mmu_dwarf_open(const struct mmu_elffile *file, const char *const *types,
				 struct mmu_dwarf **ret) MMU_MUST_CHECK;
/** Accepts NULL. */
void mmu_dwarf_close(struct mmu_dwarf *dwarf);

/* As the functions of vmlinux.h. */
struct mmu_error *mmu_dwarf_size(struct mmu_dwarf *dwarf, const char *type,
				 uint64_t *ret_bytes) MMU_MUST_CHECK;
struct mmu_error *mmu_dwarf_member(struct mmu_dwarf *dwarf, const char *type, const char *path,
				   struct mmu_member *ret) MMU_MUST_CHECK;
struct mmu_error *mmu_dwarf_enumerator(struct mmu_dwarf *dwarf, const char *type, const char *name,
				       int64_t *ret) MMU_MUST_CHECK;

/* ------------------------------------------------- entries (DIEs) */

static inline void mmu_die_release(Dwarf_Die *die)
{
	if (*die)
		dwarf_dealloc_die(*die);
	*die = NULL;
}

/** Release at the end of the scope. */
#define MMU_DIE __attribute__((cleanup(mmu_die_release)))

/** Read the header of the unit at an offset of .debug_info. */
enum mmu_dwarf_unit_status mmu_dwarf_unit_read(const struct mmu_dwarf *dwarf, uint64_t at,
					       struct mmu_dwarf_unit *ret) MMU_MUST_CHECK;
/** Look for one name in a unit. @param ret  untouched or 0: it is not there */
struct mmu_error *mmu_dwarf_search_unit(struct mmu_dwarf *dwarf, const char *name,
					Dwarf_Die unit_die, Dwarf_Off *ret) MMU_MUST_CHECK;

/**
 * Where a type is to be read from: units that are far from the core unit may not be decompressed.
 * @param dwarf  replaced; what it becomes belongs to what it was
 */
struct mmu_error *mmu_dwarf_reach(struct mmu_dwarf **dwarf, const char *type) MMU_MUST_CHECK;
/** Find a named type's definition. @return MMU_ERROR_NOT_FOUND, _CORRUPT */
struct mmu_error *mmu_dwarf_type(struct mmu_dwarf *dwarf, const char *name,
				 Dwarf_Off *ret) MMU_MUST_CHECK;

/* Outputs are owned by the caller, untouched on failure: MMU_ERROR_CORRUPT, _BUDGET, _NO_MEMORY. */
struct mmu_error *mmu_die_at(struct mmu_dwarf *dwarf, Dwarf_Off offset,
			     Dwarf_Die *ret) MMU_MUST_CHECK;
/** The first child; NULL: none. */
struct mmu_error *mmu_die_child(struct mmu_dwarf *dwarf, Dwarf_Die die,
				Dwarf_Die *ret) MMU_MUST_CHECK;
/** Replace *die by its next sibling; NULL: it was the last. On failure it stays. */
struct mmu_error *mmu_die_next(struct mmu_dwarf *dwarf, Dwarf_Die *die) MMU_MUST_CHECK;
struct mmu_error *mmu_die_tag(struct mmu_dwarf *dwarf, Dwarf_Die die,
			      Dwarf_Half *ret) MMU_MUST_CHECK;
/** NULL: none. The name points into the section, and ends there. */
struct mmu_error *mmu_die_name(struct mmu_dwarf *dwarf, Dwarf_Die die,
			       const char **ret) MMU_MUST_CHECK;
struct mmu_error *mmu_die_has(struct mmu_dwarf *dwarf, Dwarf_Die die, Dwarf_Half attribute,
			      bool *ret) MMU_MUST_CHECK;
/** A constant; *ret_has is false, and *ret untouched, when there is none. */
struct mmu_error *mmu_die_number(struct mmu_dwarf *dwarf, Dwarf_Die die, Dwarf_Half attribute,
				 bool *ret_has, int64_t *ret) MMU_MUST_CHECK;
/** The entry that is referred to; *ret_has as above. */
struct mmu_error *mmu_die_reference(struct mmu_dwarf *dwarf, Dwarf_Die die, Dwarf_Half attribute,
				    bool *ret_has, Dwarf_Off *ret) MMU_MUST_CHECK;
/**
 * An error with the entry's place. Takes `problem`, which may be NULL.
 * @return MMU_ERROR_CORRUPT; _NO_MEMORY where that is the problem
 */
struct mmu_error *mmu_die_corrupt(struct mmu_dwarf *dwarf, Dwarf_Die die, const char *what,
				  Dwarf_Error problem) MMU_MUST_CHECK;

#endif
