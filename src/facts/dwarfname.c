/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A type by its name: in the core unit, in those nearby, or where the kernel keeps it. */
#include <stdlib.h>
#include <string.h>

#include "facts/dwarf.h"

/* The units of kernel/ end in the first tenth of .debug_info, which takes 200 MB. */
#define WIDE_LIMIT (MMU_DEBUGSECTION_LIMIT / 4)

_Atomic uint64_t mmu_dwarf_late_searches;

/* Types that only a few source files of the kernel see, and a part of the names of these. */
static const char *source_of(const char *type)
{
	/* kernel/sched/sched.h, or kernel/sched.c before 3.3 */
	return strcmp(type, "rq") == 0 ? "kernel/sched" : NULL;
}

/* @param source  only in units whose names have this; NULL: in all of those nearby */
static struct mmu_error *search_units(struct mmu_dwarf *dwarf, const char *name, const char *source,
				      Dwarf_Off *ret)
{
	const int most = source ? MMU_DWARF_UNITS_MAX : MMU_DWARF_UNITS_NEAR;
	uint64_t at = 0;

	for (int i = 0; i < most && !*ret; i++) {
		MMU_DIE Dwarf_Die unit_die = NULL;
		const char *unit_name = NULL;
		struct mmu_error *error;
		struct mmu_dwarf_unit unit;

		if (mmu_dwarf_unit_read(dwarf, at, &unit) != MMU_UNIT_OK)
			return NULL;
		at = unit.end;
		if (unit.type != DW_UT_compile || unit.address_bytes != dwarf->address_bytes)
			continue;
		error = mmu_die_at(dwarf, unit.first + unit.header_bytes, &unit_die);
		if (!error && source)
			error = mmu_die_name(dwarf, unit_die, &unit_name);
		if (!error && (!source || (unit_name && strstr(unit_name, source))))
			error = mmu_dwarf_search_unit(dwarf, name, unit_die, ret);
		if (error)
			return error;
	}
	return NULL;
}

/*
 * A name that was not announced costs another pass over the unit, and over others: compilers omit
 * types that a unit does not use, and one nearby will have them.
 */
static struct mmu_error *search_late(struct mmu_dwarf *dwarf, const char *name, Dwarf_Off *ret)
{
	MMU_DIE Dwarf_Die unit_die = NULL;
	const char *source = source_of(name);
	struct mmu_error *error = NULL;

	mmu_dwarf_late_searches++;
	if (!source)
		error = mmu_die_at(dwarf, dwarf->unit_die, &unit_die);
	if (!error && !source)
		error = mmu_dwarf_search_unit(dwarf, name, unit_die, ret);
	if (!error && !*ret)
		error = search_units(dwarf, name, source, ret);
	return error;
}

/* libdwarf keeps what it has seen of a section: to show it more, the file is opened again. */
struct mmu_error *mmu_dwarf_reach(struct mmu_dwarf **dwarf, const char *type)
{
	const struct mmu_debugsection *info = &(*dwarf)->object.sections[MMU_DW_INFO];

	if (!source_of(type) || !info->cut || info->bytes.count >= WIDE_LIMIT)
		return NULL;
	if ((*dwarf)->wide) {
		*dwarf = (*dwarf)->wide;
		return NULL;
	}
	struct mmu_dwarf *wide = calloc(1, sizeof(*wide));
	struct mmu_error *error;

	if (!wide)
		return mmu_error_no_memory();
	error = mmu_dwarfobject_open((*dwarf)->object.file, WIDE_LIMIT, &wide->object);
	if (error) {
		free(wide);
		return error;
	}
	wide->address_bytes = (*dwarf)->address_bytes;
	(*dwarf)->wide = wide;
	*dwarf = wide;
	return NULL;
}

struct mmu_error *mmu_dwarf_type(struct mmu_dwarf *dwarf, const char *name, Dwarf_Off *ret)
{
	size_t i = mmu_names_find(&dwarf->names, (const uint8_t *)name, strlen(name) + 1);
	Dwarf_Off offset = 0;
	struct mmu_error *error = NULL;

	if (i != MMU_NAMES_NONE)
		offset = dwarf->found[i];
	else
		error = search_late(dwarf, name, &offset);
	if (error)
		return error;
	if (!offset)
		return mmu_error_new(MMU_ERROR_NOT_FOUND, "no type %s in the kernel's core unit%s",
				     name, i == MMU_NAMES_NONE ? ", nor in those nearby" : "");
	*ret = offset;
	return NULL;
}
