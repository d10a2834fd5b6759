/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The search for the core unit, and checked access to its entries. */
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "facts/dwarf.h"

#define SEARCH "the search for types in debug info"
/* Decompress this much of .debug_info first, and more if the unit is not in it. */
#define FIRST_LIMIT ((uint64_t)1 << 20)

/* ------------------------------------------------- entries */

struct mmu_error *mmu_die_corrupt(struct mmu_dwarf *dwarf, Dwarf_Die die, const char *what,
				  Dwarf_Error problem)
{
	Dwarf_Off offset = 0;
	Dwarf_Error ignored = NULL;
	const char *detail = problem ? dwarf_errmsg(problem) : NULL;

	if (die && dwarf_dieoffset(die, &offset, &ignored) != DW_DLV_OK && ignored)
		dwarf_dealloc_error(dwarf->object.dbg, ignored);
	struct mmu_error *error =
		mmu_dwarf_no_memory(problem)
			? mmu_error_no_memory()
			: mmu_error_new(MMU_ERROR_CORRUPT, ".debug_info at %#llx: %s%s%s", offset,
					what, detail ? ": " : "", detail ? detail : "");

	if (problem)
		dwarf_dealloc_error(dwarf->object.dbg, problem);
	return error;
}

static struct mmu_error *spend(struct mmu_dwarf *dwarf, Dwarf_Die die)
{
	(void)die;
	if (mmu_budget_take(dwarf->object.file->budget, MMU_BUDGET_ENTRIES, 1, SEARCH))
		return NULL;
	return mmu_budget_error(SEARCH);
}

enum mmu_dwarf_unit_status mmu_dwarf_unit_read(const struct mmu_dwarf *dwarf, uint64_t at,
					       struct mmu_dwarf_unit *ret)
{
	const struct mmu_debugsection *info = &dwarf->object.sections[MMU_DW_INFO];
	uint64_t abbrev_bytes = dwarf->object.sections[MMU_DW_ABBREV].bytes.count;
	bool big = dwarf->object.file->big_endian;
	enum mmu_dwarf_unit_status short_status = info->cut ? MMU_UNIT_CUT : MMU_UNIT_BAD;
	struct mmu_bytes head, body;
	unsigned int offset_bytes = 4;

	if (at == info->bytes.count)
		return info->cut ? MMU_UNIT_CUT : MMU_UNIT_END;
	if (!mmu_bytes_slice(info->bytes, at, 12, &head))
		return short_status;
	uint64_t length = mmu_get_u32(head.data, big);

	if (!length)
		return MMU_UNIT_END;
	if (length == UINT32_MAX) {
		offset_bytes = 8;
		length = mmu_get_u64(head.data + 4, big);
	}
	uint64_t body_at = at + (offset_bytes == 8 ? 12 : 4);

	if (!mmu_bytes_slice(info->bytes, body_at, length, &body))
		return short_status;
	if (length < 4u + 2 * offset_bytes)
		return MMU_UNIT_BAD;

	struct mmu_dwarf_unit unit = { .first = at,
				       .end = body_at + length,
				       .type = DW_UT_compile };

	unit.version = mmu_get_u16(body.data, big);
	bool v5 = unit.version == 5;
	unit.header_bytes = (uint8_t)(body_at - at + offset_bytes + (v5 ? 4 : 3));
	uint64_t abbrev = mmu_get_uint(body.data + (v5 ? 4 : 2), offset_bytes, big);

	if (v5)
		unit.type = body.data[2];
	unit.address_bytes = body.data[v5 ? 3 : 2 + offset_bytes];
	if (unit.version < 2 || unit.version > 5 || abbrev >= abbrev_bytes ||
	    (unit.address_bytes != 4 && unit.address_bytes != 8))
		return MMU_UNIT_BAD;
	*ret = unit;
	return MMU_UNIT_OK;
}

/* libdwarf reads the headers of all units before an offset, so they must be sane. */
static bool check_units_until(struct mmu_dwarf *dwarf, uint64_t offset)
{
	struct mmu_dwarf_unit unit;

	for (int i = 0; offset >= dwarf->checked_end; i++) {
		if (i == MMU_DWARF_UNITS_MAX ||
		    mmu_dwarf_unit_read(dwarf, dwarf->checked_end, &unit) != MMU_UNIT_OK)
			return false;
		dwarf->checked_end = unit.end;
	}
	return true;
}

struct mmu_error *mmu_die_at(struct mmu_dwarf *dwarf, Dwarf_Off offset, Dwarf_Die *ret)
{
	Dwarf_Error problem = NULL;
	Dwarf_Die die = NULL;
	struct mmu_error *error = spend(dwarf, NULL);

	if (error)
		return error;
	if (!check_units_until(dwarf, offset))
		return mmu_error_new(MMU_ERROR_CORRUPT,
				     ".debug_info: a reference to %#llx, where no unit is", offset);
	if (dwarf_offdie_b(dwarf->object.dbg, offset, true, &die, &problem) != DW_DLV_OK) {
		error = mmu_die_corrupt(dwarf, NULL, "no entry", problem);
		return mmu_error_context(error, "reference to %#llx", offset);
	}
	*ret = die;
	return NULL;
}

struct mmu_error *mmu_die_child(struct mmu_dwarf *dwarf, Dwarf_Die die, Dwarf_Die *ret)
{
	Dwarf_Error problem = NULL;
	Dwarf_Die child = NULL;
	struct mmu_error *error = spend(dwarf, die);

	if (error)
		return error;
	if (dwarf_child(die, &child, &problem) == DW_DLV_ERROR)
		return mmu_die_corrupt(dwarf, die, "its first child", problem);
	*ret = child;
	return NULL;
}

struct mmu_error *mmu_die_next(struct mmu_dwarf *dwarf, Dwarf_Die *die)
{
	Dwarf_Error problem = NULL;
	Dwarf_Die sibling = NULL;
	Dwarf_Off before = 0, after = 0;
	struct mmu_error *error = spend(dwarf, *die);

	if (error)
		return error;
	if (dwarf_siblingof_b(dwarf->object.dbg, *die, true, &sibling, &problem) == DW_DLV_ERROR)
		return mmu_die_corrupt(dwarf, *die, "its next sibling", problem);
	if (sibling &&
	    (dwarf_dieoffset(*die, &before, &problem) != DW_DLV_OK ||
	     dwarf_dieoffset(sibling, &after, &problem) != DW_DLV_OK || after <= before)) {
		mmu_die_release(&sibling);
		return mmu_die_corrupt(dwarf, *die, "its next sibling lies before it", problem);
	}
	mmu_die_release(die);
	*die = sibling;
	return NULL;
}

struct mmu_error *mmu_die_tag(struct mmu_dwarf *dwarf, Dwarf_Die die, Dwarf_Half *ret)
{
	Dwarf_Error problem = NULL;

	if (dwarf_tag(die, ret, &problem) != DW_DLV_OK)
		return mmu_die_corrupt(dwarf, die, "its tag", problem);
	return NULL;
}

/* @param ret  owned by the caller; NULL: the entry has no such attribute */
static struct mmu_error *get_attribute(struct mmu_dwarf *dwarf, Dwarf_Die die, Dwarf_Half attribute,
				       Dwarf_Attribute *ret, Dwarf_Half *ret_form)
{
	Dwarf_Error problem = NULL;
	Dwarf_Attribute found = NULL;
	int status = dwarf_attr(die, attribute, &found, &problem);

	if (status == DW_DLV_OK)
		status = dwarf_whatform(found, ret_form, &problem);
	if (status == DW_DLV_ERROR) {
		if (found)
			dwarf_dealloc_attribute(found);
		return mmu_die_corrupt(dwarf, die, "its attributes", problem);
	}
	*ret = found;
	return NULL;
}

struct mmu_error *mmu_die_has(struct mmu_dwarf *dwarf, Dwarf_Die die, Dwarf_Half attribute,
			      bool *ret)
{
	Dwarf_Error problem = NULL;
	Dwarf_Bool has = 0;

	if (dwarf_hasattr(die, attribute, &has, &problem) == DW_DLV_ERROR)
		return mmu_die_corrupt(dwarf, die, "its attributes", problem);
	*ret = has;
	return NULL;
}

struct mmu_error *mmu_die_number(struct mmu_dwarf *dwarf, Dwarf_Die die, Dwarf_Half attribute,
				 bool *ret_has, int64_t *ret)
{
	Dwarf_Attribute found = NULL;
	Dwarf_Error problem = NULL;
	Dwarf_Unsigned number = 0;
	Dwarf_Signed signed_number = 0;
	Dwarf_Half form = 0;
	int status = DW_DLV_NO_ENTRY;
	struct mmu_error *error = get_attribute(dwarf, die, attribute, &found, &form);

	if (error)
		return error;
	switch (found ? form : 0) {
	case DW_FORM_data1:
	case DW_FORM_data2:
	case DW_FORM_data4:
	case DW_FORM_data8:
	case DW_FORM_udata:
		status = dwarf_formudata(found, &number, &problem);
		signed_number = (Dwarf_Signed)number;
		break;
	case DW_FORM_sdata:
	case DW_FORM_implicit_const:
		status = dwarf_formsdata(found, &signed_number, &problem);
		break;
	default:
		break;
	}
	if (status == DW_DLV_ERROR)
		error = mmu_die_corrupt(dwarf, die, "a number", problem);
	if (found)
		dwarf_dealloc_attribute(found);
	if (error)
		return error;
	*ret_has = status == DW_DLV_OK;
	if (*ret_has)
		*ret = signed_number;
	return NULL;
}

struct mmu_error *mmu_die_reference(struct mmu_dwarf *dwarf, Dwarf_Die die, Dwarf_Half attribute,
				    bool *ret_has, Dwarf_Off *ret)
{
	Dwarf_Attribute found = NULL;
	Dwarf_Error problem = NULL;
	Dwarf_Half form = 0;
	Dwarf_Off offset = 0;
	struct mmu_error *error = get_attribute(dwarf, die, attribute, &found, &form);

	if (error)
		return error;
	if (!found) {
		*ret_has = false;
		return NULL;
	}
	switch (form) {
	case DW_FORM_ref_sig8:
	case DW_FORM_GNU_ref_alt:
	case DW_FORM_ref_sup4:
	case DW_FORM_ref_sup8:
		error = mmu_error_new(MMU_ERROR_UNSUPPORTED,
				      "a reference to a type unit or another file (form %#x) "
				      "is not supported",
				      form);
		break;
	default:
		if (dwarf_global_formref(found, &offset, &problem) != DW_DLV_OK)
			error = mmu_die_corrupt(dwarf, die, "a reference", problem);
	}
	dwarf_dealloc_attribute(found);
	if (error)
		return error;
	*ret_has = true;
	*ret = offset;
	return NULL;
}

/* dwarf_diename() would say that there is no name where there is no memory to ask for it. */
static struct mmu_error *own_name(struct mmu_dwarf *dwarf, Dwarf_Die die, const char **ret)
{
	Dwarf_Attribute found = NULL;
	Dwarf_Error problem = NULL;
	char *name = NULL;
	int status = dwarf_attr(die, DW_AT_name, &found, &problem);

	if (status == DW_DLV_OK)
		status = dwarf_formstring(found, &name, &problem);
	if (found)
		dwarf_dealloc_attribute(found);
	if (status == DW_DLV_ERROR)
		return mmu_die_corrupt(dwarf, die, "its name", problem);
	*ret = status == DW_DLV_OK ? name : NULL;
	return NULL;
}

struct mmu_error *mmu_die_name(struct mmu_dwarf *dwarf, Dwarf_Die die, const char **ret)
{
	bool has = false;
	Dwarf_Off declaration = 0;
	struct mmu_error *error = own_name(dwarf, die, ret);

	if (error || *ret)
		return error;

	/* If a definition is separate from its declaration, only the declaration has the name. */
	MMU_DIE Dwarf_Die other = NULL;
	error = mmu_die_reference(dwarf, die, DW_AT_specification, &has, &declaration);
	if (!error && has)
		error = mmu_die_at(dwarf, declaration, &other);
	return error || !has ? error : own_name(dwarf, other, ret);
}

/* ------------------------------------------------- the unit */

/* A search for named types among a unit's outermost entries. */
struct search {
	const struct mmu_names *names;
	Dwarf_Off *tags, *aliases; /* per name: struct, union or enum; typedef or base type */
	size_t missing;
};

static struct mmu_error *search_begin(struct search *search, const struct mmu_names *names)
{
	*search = (struct search){
		.names = names,
		.tags = calloc(names->count + 1, sizeof(*search->tags)),
		.aliases = calloc(names->count + 1, sizeof(*search->aliases)),
	};
	return search->tags && search->aliases ? NULL : mmu_error_no_memory();
}

static void search_reset(struct search *search)
{
	size_t bytes = search->names->count * sizeof(*search->tags);

	memset(search->tags, 0, bytes);
	memset(search->aliases, 0, bytes);
	search->missing = search->names->count;
}

static void search_end(struct search *search)
{
	free(search->tags);
	free(search->aliases);
}

static size_t find_name(const struct mmu_names *names, const char *name)
{
	return mmu_names_find(names, (const uint8_t *)name, strlen(name) + 1);
}

static struct mmu_error *search_entry(struct mmu_dwarf *dwarf, struct search *search, Dwarf_Die die)
{
	bool declaration = false;
	const char *name = NULL;
	Dwarf_Error problem = NULL;
	Dwarf_Off *slot;
	Dwarf_Half tag = 0;
	struct mmu_error *error = mmu_die_tag(dwarf, die, &tag);

	if (error)
		return error;
	switch (tag) {
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
		slot = search->tags;
		break;
	case DW_TAG_typedef:
	case DW_TAG_base_type:
		slot = search->aliases;
		break;
	default:
		return NULL;
	}
	error = mmu_die_name(dwarf, die, &name);
	if (error || !name)
		return error;
	size_t i = find_name(search->names, name);

	if (i == MMU_NAMES_NONE || slot[i])
		return NULL;
	error = mmu_die_has(dwarf, die, DW_AT_declaration, &declaration);
	if (error || declaration)
		return error;
	if (dwarf_dieoffset(die, &slot[i], &problem) != DW_DLV_OK)
		return mmu_die_corrupt(dwarf, die, "its offset", problem);
	if (slot == search->tags)
		search->missing--;
	return NULL;
}

/* Ends early when all names are found as tags: a typedef's name may also be that of a later tag. */
static struct mmu_error *search_unit(struct mmu_dwarf *dwarf, struct search *search,
				     Dwarf_Die unit_die)
{
	MMU_DIE Dwarf_Die die = NULL;
	struct mmu_error *error = mmu_die_child(dwarf, unit_die, &die);

	search_reset(search);
	while (!error && die && search->missing) {
		error = search_entry(dwarf, search, die);
		if (!error)
			error = mmu_die_next(dwarf, &die);
	}
	return error;
}

static struct mmu_error *next_unit(struct mmu_dwarf *dwarf, const struct mmu_dwarf_unit *unit,
				   Dwarf_Die *ret)
{
	Dwarf_Unsigned length = 0, type_offset = 0, next = 0;
	Dwarf_Half version = 0, address = 0, length_bytes = 0, extension = 0, type = 0;
	Dwarf_Off abbrev = 0;
	Dwarf_Sig8 signature;
	Dwarf_Error problem = NULL;
	Dwarf_Die die = NULL;
	int status = dwarf_next_cu_header_d(dwarf->object.dbg, true, &length, &version, &abbrev,
					    &address, &length_bytes, &extension, &signature,
					    &type_offset, &next, &type, &problem);

	if (status == DW_DLV_OK && next != unit->end)
		status = DW_DLV_ERROR;
	if (status == DW_DLV_OK)
		status = dwarf_siblingof_b(dwarf->object.dbg, NULL, true, &die, &problem);
	if (status == DW_DLV_ERROR) {
		struct mmu_error *error = mmu_die_corrupt(dwarf, NULL, "no unit", problem);

		return mmu_error_context(error, "unit at %#" PRIx64, unit->first);
	}
	*ret = status == DW_DLV_OK ? die : NULL;
	return NULL;
}

static struct mmu_error *no_core_unit(int units, bool split)
{
	return mmu_error_new(MMU_ERROR_UNSUPPORTED,
			     "none of the %s%d units of debug info defines both task_struct "
			     "and mm_struct%s",
			     units == MMU_DWARF_UNITS_NEAR ? "first " : "", units,
			     split ? " (CONFIG_DEBUG_INFO_SPLIT: the types are in .dwo files)"
				   : " (is it a kernel's, or one with CONFIG_DEBUG_INFO_REDUCED?)");
}

static struct mmu_error *take_unit(struct mmu_dwarf *dwarf, const struct mmu_dwarf_unit *unit,
				   Dwarf_Die unit_die, const struct search *search)
{
	Dwarf_Error problem = NULL;

	if (dwarf_dieoffset(unit_die, &dwarf->unit_die, &problem) != DW_DLV_OK)
		return mmu_die_corrupt(dwarf, unit_die, "its offset", problem);
	dwarf->address_bytes = unit->address_bytes;
	for (size_t i = 0; i < search->names->count; i++)
		dwarf->found[i] = search->tags[i] ? search->tags[i] : search->aliases[i];
	return NULL;
}

/* A unit without types in the file: its skeleton, in DWARF 5 by type, before by an attribute. */
static struct mmu_error *is_skeleton(struct mmu_dwarf *dwarf, const struct mmu_dwarf_unit *unit,
				     Dwarf_Die unit_die, bool *ret)
{
	*ret = unit->type == DW_UT_skeleton;
	if (!unit_die || unit->version != 4)
		return NULL;
	return mmu_die_has(dwarf, unit_die, DW_AT_GNU_dwo_name, ret);
}

/* @param ret_found  it is the core unit, and taken */
static struct mmu_error *try_unit(struct mmu_dwarf *dwarf, const struct mmu_dwarf_unit *unit,
				  struct search *search, bool *ret_found, bool *ret_split)
{
	MMU_DIE Dwarf_Die unit_die = NULL;
	bool skeleton = false;
	struct mmu_error *error = next_unit(dwarf, unit, &unit_die);

	*ret_found = false;
	if (!error)
		error = is_skeleton(dwarf, unit, unit_die, &skeleton);
	if (error || !unit_die || skeleton || unit->type != DW_UT_compile) {
		*ret_split |= skeleton;
		return error;
	}
	error = search_unit(dwarf, search, unit_die);
	if (error || !search->tags[find_name(search->names, "task_struct")] ||
	    !search->tags[find_name(search->names, "mm_struct")])
		return error;
	*ret_found = true;
	return take_unit(dwarf, unit, unit_die, search);
}

/* @param ret_more  not found, and only a part of .debug_info was searched */
static struct mmu_error *choose_unit(struct mmu_dwarf *dwarf, struct search *search, bool *ret_more)
{
	bool split = false, found = false;
	int units = 0;

	for (*ret_more = false; units < MMU_DWARF_UNITS_NEAR; units++) {
		struct mmu_error *error;
		struct mmu_dwarf_unit unit;

		switch (mmu_dwarf_unit_read(dwarf, dwarf->checked_end, &unit)) {
		case MMU_UNIT_BAD:
			return mmu_error_new(MMU_ERROR_CORRUPT,
					     ".debug_info at %#" PRIx64 ": damaged unit header",
					     dwarf->checked_end);
		case MMU_UNIT_CUT:
			*ret_more = true;
			return NULL;
		case MMU_UNIT_END:
			return no_core_unit(units, split);
		case MMU_UNIT_OK:
			break;
		}
		dwarf->checked_end = unit.end;
		error = try_unit(dwarf, &unit, search, &found, &split);
		if (error || found)
			return error;
	}
	return no_core_unit(units, split);
}

/* libdwarf keeps what it has seen of a section: to show it more, open it again. */
static struct mmu_error *open_enough(struct mmu_dwarf *dwarf, const struct mmu_elffile *file,
				     struct search *search)
{
	bool more = true;

	for (uint64_t limit = FIRST_LIMIT; more; limit *= 4) {
		if (limit > MMU_DEBUGSECTION_LIMIT)
			return mmu_error_new(MMU_ERROR_UNSUPPORTED,
					     "no unit that defines both task_struct and mm_struct "
					     "in the first %" PRIu64 " MB of .debug_info",
					     MMU_DEBUGSECTION_LIMIT >> 20);
		struct mmu_error *error = mmu_dwarfobject_open(file, limit, &dwarf->object);

		if (error)
			return error;
		dwarf->checked_end = 0;
		search_reset(search);
		error = choose_unit(dwarf, search, &more);
		if (error || more)
			mmu_dwarfobject_close(&dwarf->object);
		if (error)
			return error;
	}
	return NULL;
}

struct mmu_error *mmu_dwarf_open(const struct mmu_elffile *file, const char *const *types,
				 struct mmu_dwarf **ret)
{
	static const char *const core[] = { "task_struct", "mm_struct", NULL };
	struct mmu_dwarf *dwarf = calloc(1, sizeof(*dwarf));
	struct search search = { 0 };
	struct mmu_error *error = NULL;

	if (!dwarf)
		return mmu_error_no_memory();
	error = mmu_names_init(&dwarf->names, core, types);
	if (!error)
		error = search_begin(&search, &dwarf->names);
	if (!error) {
		dwarf->found = calloc(dwarf->names.count, sizeof(*dwarf->found));
		error = dwarf->found ? open_enough(dwarf, file, &search) : mmu_error_no_memory();
	}
	search_end(&search);
	if (error) {
		free(dwarf->found);
		mmu_names_destroy(&dwarf->names);
		free(dwarf);
		return mmu_error_context(error, "%s", file->path);
	}
	*ret = dwarf;
	return NULL;
}

void mmu_dwarf_close(struct mmu_dwarf *dwarf)
{
	if (!dwarf)
		return;
	for (unsigned int i = 0; i < MMU_DWARF_LISTS; i++)
		free(dwarf->lists[i].items);
	mmu_dwarf_close(dwarf->wide);
	mmu_dwarfobject_close(&dwarf->object);
	mmu_names_destroy(&dwarf->names);
	free(dwarf->found);
	free(dwarf);
}

struct mmu_error *mmu_dwarf_search_unit(struct mmu_dwarf *dwarf, const char *name,
					Dwarf_Die unit_die, Dwarf_Off *ret)
{
	const char *const list[] = { name, NULL };
	struct mmu_names names;
	struct search search = { 0 };
	struct mmu_error *error = mmu_names_init(&names, list, NULL);

	if (!error)
		error = search_begin(&search, &names);
	if (!error)
		error = search_unit(dwarf, &search, unit_die);
	if (!error)
		*ret = search.tags[0] ? search.tags[0] : search.aliases[0];
	search_end(&search);
	mmu_names_destroy(&names);
	return error;
}
