/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Sizes, members and enumerators of types. */
#include <stdlib.h>

#include "base/list.h"
#include "facts/dwarf.h"

/* typedef of const of typedef ...; anonymous structs in anonymous unions ... */
#define CHAIN_MAX 64
#define DEPTH_MAX 32
/* No struct of a kernel has a tenth of these members. */
#define LISTED_MAX ((size_t)1 << 16)

/* ------------------------------------------------- types */

static bool is_compound(Dwarf_Half tag)
{
	return tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

static bool is_transparent(Dwarf_Half tag)
{
	switch (tag) {
	case DW_TAG_typedef:
	case DW_TAG_const_type:
	case DW_TAG_volatile_type:
	case DW_TAG_restrict_type:
	case DW_TAG_atomic_type:
		return true;
	default:
		return false;
	}
}

/* The type behind typedefs and qualifiers. @param ret  owned by the caller; NULL: void */
static struct mmu_error *type_at(struct mmu_dwarf *dwarf, Dwarf_Off offset, Dwarf_Die *ret,
				 Dwarf_Half *ret_tag)
{
	MMU_DIE Dwarf_Die die = NULL;
	bool has = true;

	for (int i = 0; i < CHAIN_MAX; i++) {
		struct mmu_error *error;
		Dwarf_Half tag = 0;

		mmu_die_release(&die);
		if (!has) {
			*ret = NULL;
			*ret_tag = 0;
			return NULL;
		}
		error = mmu_die_at(dwarf, offset, &die);
		if (!error)
			error = mmu_die_tag(dwarf, die, &tag);
		if (!error && !is_transparent(tag)) {
			*ret = die;
			*ret_tag = tag;
			die = NULL;
			return NULL;
		}
		if (!error)
			error = mmu_die_reference(dwarf, die, DW_AT_type, &has, &offset);
		if (error)
			return error;
	}
	return mmu_die_corrupt(dwarf, die, "a type that is a name of itself", NULL);
}

/* As type_at(), of the type that an entry has. */
static struct mmu_error *type_of(struct mmu_dwarf *dwarf, Dwarf_Die die, Dwarf_Die *ret,
				 Dwarf_Half *ret_tag)
{
	Dwarf_Off offset = 0;
	bool has = false;
	struct mmu_error *error = mmu_die_reference(dwarf, die, DW_AT_type, &has, &offset);

	if (error)
		return error;
	if (has)
		return type_at(dwarf, offset, ret, ret_tag);
	*ret = NULL;
	*ret_tag = 0;
	return NULL;
}

/* 0: an array without a length, as the last member of a struct may be. */
static struct mmu_error *range_elements(struct mmu_dwarf *dwarf, Dwarf_Die range, uint64_t *ret)
{
	int64_t number = 0;
	bool has = false;
	struct mmu_error *error = mmu_die_number(dwarf, range, DW_AT_count, &has, &number);

	*ret = 0;
	if (error)
		return error;
	if (has) {
		*ret = (uint64_t)number;
		return NULL;
	}
	error = mmu_die_number(dwarf, range, DW_AT_upper_bound, &has, &number);
	/* The bound of no elements is -1, which old compilers write as wide as an address. */
	if (!error && has && number != -1 && number != UINT32_MAX)
		*ret = (uint64_t)number + 1;
	return error;
}

/* The number of elements in all dimensions. */
static struct mmu_error *array_elements(struct mmu_dwarf *dwarf, Dwarf_Die array, uint64_t *ret)
{
	MMU_DIE Dwarf_Die die = NULL;
	uint64_t total = 1, elements = 0;
	bool has = false;
	struct mmu_error *error = mmu_die_child(dwarf, array, &die);

	while (!error && die) {
		Dwarf_Half tag = 0;

		error = mmu_die_tag(dwarf, die, &tag);
		if (!error && tag == DW_TAG_subrange_type) {
			error = range_elements(dwarf, die, &elements);
			has = true;
			if (!error && __builtin_mul_overflow(total, elements, &total))
				error = mmu_die_corrupt(dwarf, die, "an impossible array", NULL);
		}
		if (!error)
			error = mmu_die_next(dwarf, &die);
	}
	if (!error)
		*ret = has ? total : 0;
	return error;
}

/* One step towards a size. @param ret_next  the type to go on with; NULL: *ret is the size */
static struct mmu_error *size_step(struct mmu_dwarf *dwarf, Dwarf_Die die, Dwarf_Half tag,
				   uint64_t *ret_factor, uint64_t *ret, Dwarf_Die *ret_next,
				   Dwarf_Half *ret_tag)
{
	int64_t number = 0;
	bool has = false;
	struct mmu_error *error;

	*ret_next = NULL;
	if (tag == DW_TAG_array_type) {
		error = array_elements(dwarf, die, ret_factor);
		return error ? error : type_of(dwarf, die, ret_next, ret_tag);
	}
	error = mmu_die_number(dwarf, die, DW_AT_byte_size, &has, &number);
	if (error)
		return error;
	if (has)
		*ret = (uint64_t)number;
	else if (tag == DW_TAG_pointer_type)
		*ret = dwarf->address_bytes;
	else if (tag == DW_TAG_enumeration_type)
		return type_of(dwarf, die, ret_next, ret_tag);
	return NULL;
}

/* 0: not known, as of a function or a type that is only declared. Takes `die`. */
static struct mmu_error *type_size(struct mmu_dwarf *dwarf, Dwarf_Die die_taken, Dwarf_Half tag,
				   uint64_t *ret)
{
	MMU_DIE Dwarf_Die die = die_taken;
	uint64_t total = 1;

	for (int i = 0; i < CHAIN_MAX; i++) {
		Dwarf_Die next = NULL;
		uint64_t factor = 1, bytes = 0;
		struct mmu_error *error = NULL;

		if (die)
			error = size_step(dwarf, die, tag, &factor, &bytes, &next, &tag);
		if (error)
			return error;
		if (!next)
			factor = bytes;
		if (__builtin_mul_overflow(total, factor, &total)) {
			mmu_die_release(&next);
			return mmu_die_corrupt(dwarf, die, "an impossible size", NULL);
		}
		mmu_die_release(&die);
		die = next;
		if (!die) {
			*ret = total;
			return NULL;
		}
	}
	return mmu_die_corrupt(dwarf, die, "an array of itself", NULL);
}

struct mmu_error *mmu_dwarf_size(struct mmu_dwarf *dwarf, const char *type, uint64_t *ret_bytes)
{
	Dwarf_Off offset = 0;
	Dwarf_Die die = NULL;
	Dwarf_Half tag = 0;
	uint64_t bytes = 0;
	struct mmu_error *error;

	error = mmu_dwarf_reach(&dwarf, type);
	if (!error)
		error = mmu_dwarf_type(dwarf, type, &offset);
	if (!error)
		error = type_at(dwarf, offset, &die, &tag);
	if (!error)
		error = type_size(dwarf, die, tag, &bytes);
	if (!error)
		*ret_bytes = bytes;
	return mmu_error_context(error, "%s: size of %s", dwarf->object.file->path, type);
}

/* ------------------------------------------------- members */

/* A member that was found. `base_bytes` is the offset of the struct that contains it. */
struct hit {
	Dwarf_Die die;
	uint64_t base_bytes;
};

/* DWARF 2 wrote an expression, DW_OP_plus_uconst N. @return false: it is another one */
static bool offset_expression(struct mmu_bytes expression, uint64_t *ret)
{
	uint64_t value = 0;

	if (expression.count < 2 || expression.data[0] != DW_OP_plus_uconst)
		return false;
	for (uint64_t i = 1; i < expression.count && i <= 9; i++) {
		value |= (uint64_t)(expression.data[i] & 0x7f) << (7 * (i - 1));
		if (!(expression.data[i] & 0x80)) {
			*ret = value;
			return i + 1 == expression.count;
		}
	}
	return false;
}

static struct mmu_error *old_location(struct mmu_dwarf *dwarf, Dwarf_Die die,
				      Dwarf_Attribute attribute, uint64_t *ret)
{
	Dwarf_Error problem = NULL;
	Dwarf_Unsigned bytes = 0;
	Dwarf_Ptr data = NULL;
	Dwarf_Block *block = NULL;
	struct mmu_bytes expression = { 0 };

	if (dwarf_formexprloc(attribute, &bytes, &data, &problem) == DW_DLV_OK) {
		expression = (struct mmu_bytes){ data, bytes };
	} else {
		if (problem)
			dwarf_dealloc_error(dwarf->object.dbg, problem);
		problem = NULL;
		if (dwarf_formblock(attribute, &block, &problem) != DW_DLV_OK)
			return mmu_die_corrupt(dwarf, die, "place of a member", problem);
		expression = (struct mmu_bytes){ block->bl_data, block->bl_len };
	}
	bool good = offset_expression(expression, ret);

	if (block)
		dwarf_dealloc(dwarf->object.dbg, block, DW_DLA_BLOCK);
	return good ? NULL : mmu_die_corrupt(dwarf, die, "unknown place of a member", NULL);
}

/* A member's offset in its own struct; 0 in a union and for newer bit-fields. */
static struct mmu_error *member_location(struct mmu_dwarf *dwarf, Dwarf_Die die, uint64_t *ret)
{
	Dwarf_Attribute attribute = NULL;
	Dwarf_Error problem = NULL;
	int64_t number = 0;
	bool has = false;
	struct mmu_error *error = mmu_die_number(dwarf, die, DW_AT_data_member_location, &has,
						 &number);

	*ret = (uint64_t)number;
	if (error || has)
		return error;
	switch (dwarf_attr(die, DW_AT_data_member_location, &attribute, &problem)) {
	case DW_DLV_NO_ENTRY:
		return NULL;
	case DW_DLV_OK:
		error = old_location(dwarf, die, attribute, ret);
		dwarf_dealloc_attribute(attribute);
		return error;
	default:
		return mmu_die_corrupt(dwarf, die, "its attributes", problem);
	}
}

/* @return false: this is the last one that is wanted */
typedef bool (*member_fn)(void *context, const char *name, Dwarf_Off die, uint64_t base_bytes);

struct members {
	struct mmu_dwarf *dwarf;
	member_fn fn;
	void *context;
	bool ended;
};

static struct mmu_error *visit_members(struct members *members, Dwarf_Die outer, uint64_t base,
				       int depth);

/* A member without a name: its members count as the outer struct's. */
static struct mmu_error *visit_inside(struct members *members, Dwarf_Die die, uint64_t base,
				      int depth)
{
	MMU_DIE Dwarf_Die inner = NULL;
	Dwarf_Half tag = 0;
	uint64_t offset = 0;
	struct mmu_error *error = type_of(members->dwarf, die, &inner, &tag);

	if (error || !inner || !is_compound(tag))
		return error;
	error = member_location(members->dwarf, die, &offset);
	return error ? error : visit_members(members, inner, base + offset, depth + 1);
}

static struct mmu_error *visit_member(struct members *members, Dwarf_Die die, uint64_t base,
				      int depth)
{
	Dwarf_Error problem = NULL;
	const char *name = NULL;
	Dwarf_Off offset = 0;
	struct mmu_error *error = mmu_die_name(members->dwarf, die, &name);

	if (error)
		return error;
	if (!name)
		return visit_inside(members, die, base, depth);
	if (dwarf_dieoffset(die, &offset, &problem) != DW_DLV_OK)
		return mmu_die_corrupt(members->dwarf, die, "its place", problem);
	members->ended = !members->fn(members->context, name, offset, base);
	return NULL;
}

static struct mmu_error *visit_members(struct members *members, Dwarf_Die outer, uint64_t base,
				       int depth)
{
	struct mmu_dwarf *dwarf = members->dwarf;
	MMU_DIE Dwarf_Die die = NULL;
	struct mmu_error *error;

	if (depth == DEPTH_MAX)
		return mmu_die_corrupt(dwarf, outer, "structs nested too deep", NULL);
	error = mmu_die_child(dwarf, outer, &die);
	while (!error && die && !members->ended) {
		Dwarf_Half tag = 0;

		error = mmu_die_tag(dwarf, die, &tag);
		if (!error && tag == DW_TAG_member)
			error = visit_member(members, die, base, depth);
		if (!error && !members->ended)
			error = mmu_die_next(dwarf, &die);
	}
	return error;
}

struct wanted {
	const char *name;
	size_t length;
	Dwarf_Off die; /* 0: not found */
	uint64_t base_bytes;
};

static bool is_wanted(void *context, const char *name, Dwarf_Off die, uint64_t base_bytes)
{
	struct wanted *wanted = context;

	if (strncmp(name, wanted->name, wanted->length) != 0 || name[wanted->length])
		return true;
	wanted->die = die;
	wanted->base_bytes = base_bytes;
	return false;
}

static bool list_one(void *context, const char *name, Dwarf_Off die, uint64_t base_bytes)
{
	struct mmu_dwarf_list *list = context;

	if (list->nr == LISTED_MAX ||
	    !mmu_list_room(&list->items, list->nr, sizeof(*list->items))) {
		list->listed = false;
		return false;
	}
	list->items[list->nr++] = (struct mmu_dwarf_item){ name, die, base_bytes };
	return true;
}

/*
 * The members of a struct that is asked for again. Who asks for one often asks for thirty, and each
 * search would read the struct's entries anew.
 * @return NULL: they are not listed; of a damaged struct, too, which a search may still serve
 */
static const struct mmu_dwarf_list *list_of(struct mmu_dwarf *dwarf, Dwarf_Die outer)
{
	struct mmu_dwarf_list *list = NULL;
	Dwarf_Error problem = NULL;
	Dwarf_Off offset = 0;

	if (dwarf_dieoffset(outer, &offset, &problem) != DW_DLV_OK) {
		dwarf_dealloc_error(dwarf->object.dbg, problem);
		return NULL;
	}
	for (unsigned int i = 0; i < MMU_DWARF_LISTS; i++)
		if (dwarf->lists[i].outer == offset)
			list = &dwarf->lists[i];
	if (!list) {
		list = &dwarf->lists[dwarf->oldest++ % MMU_DWARF_LISTS];
		free(list->items);
		*list = (struct mmu_dwarf_list){ .outer = offset };
		return NULL;
	}
	if (list->listed || list->refused)
		return list->listed ? list : NULL;
	struct members members = { .dwarf = dwarf, .fn = list_one, .context = list };
	list->listed = true;
	struct mmu_error *error = visit_members(&members, outer, 0, 0);
	list->listed = list->listed && !error;
	list->refused = !list->listed;
	mmu_error_destroy(error);
	return list->listed ? list : NULL;
}

/* @param ret  its die is owned by the caller; NULL: no such member */
static struct mmu_error *find_member(struct mmu_dwarf *dwarf, Dwarf_Die outer, const char *name,
				     size_t length, struct hit *ret)
{
	struct wanted wanted = { .name = name, .length = length };
	struct members members = { .dwarf = dwarf, .fn = is_wanted, .context = &wanted };
	const struct mmu_dwarf_list *list = list_of(dwarf, outer);
	struct mmu_error *error = NULL;

	*ret = (struct hit){ 0 };
	for (size_t i = 0; list && i < list->nr && !wanted.die; i++)
		is_wanted(&wanted, list->items[i].name, list->items[i].die,
			  list->items[i].base_bytes);
	if (!list)
		error = visit_members(&members, outer, 0, 0);
	if (!error && wanted.die)
		error = mmu_die_at(dwarf, wanted.die, &ret->die);
	ret->base_bytes = wanted.base_bytes;
	return error;
}

/*
 * Where a bit-field begins, counted as DWARF 4 does: from the lowest bit of the struct's first byte
 * on little-endian machines, from the highest on big-endian ones.
 */
static struct mmu_error *first_bit(struct mmu_dwarf *dwarf, Dwarf_Die die, int64_t bits,
				   uint64_t type_bytes, int64_t *ret)
{
	int64_t number = 0, unit_bytes = (int64_t)type_bytes;
	uint64_t location = 0;
	bool has = false;
	struct mmu_error *error = mmu_die_number(dwarf, die, DW_AT_data_bit_offset, &has, ret);

	if (error || has)
		return error;
	error = member_location(dwarf, die, &location);
	if (!error)
		error = mmu_die_number(dwarf, die, DW_AT_byte_size, &has, &unit_bytes);
	if (!error)
		error = mmu_die_number(dwarf, die, DW_AT_bit_offset, &has, &number);
	if (error)
		return error;
	if (location > INT32_MAX || unit_bytes < 1 || unit_bytes > 16 || number < -128 ||
	    number > 128)
		return mmu_die_corrupt(dwarf, die, "an impossible bit-field", NULL);
	*ret = (int64_t)location * 8;
	if (!has)
		return NULL;
	/* The old notation counts from the highest bit of a storage unit, on all machines. */
	*ret += dwarf->object.file->big_endian ? number : unit_bytes * 8 - number - bits;
	return NULL;
}

static struct mmu_error *describe_bits(struct mmu_dwarf *dwarf, Dwarf_Die die, int64_t bits,
				       struct mmu_member *member)
{
	int64_t first = 0;
	struct mmu_error *error = first_bit(dwarf, die, bits, member->size_bytes, &first);

	if (error)
		return error;
	if (bits < 1 || first < 0 || first > INT32_MAX * (int64_t)8 ||
	    !mmu_member_place_bits((uint64_t)first, (uint64_t)bits, member->size_bytes,
				   dwarf->object.file->big_endian, member))
		return mmu_die_corrupt(dwarf, die, "an impossible bit-field", NULL);
	return NULL;
}

/* Is a number of this type signed? If a compiler tells an enum's sign, the type beneath has it. */
static struct mmu_error *find_sign(struct mmu_dwarf *dwarf, Dwarf_Die die, Dwarf_Half tag,
				   bool *ret)
{
	MMU_DIE Dwarf_Die beneath = NULL;
	struct mmu_error *error = NULL;
	int64_t encoding = 0;
	bool has = false;

	if (tag == DW_TAG_enumeration_type) {
		error = type_of(dwarf, die, &beneath, &tag);
		die = beneath;
	}
	if (!error && die && tag == DW_TAG_base_type)
		error = mmu_die_number(dwarf, die, DW_AT_encoding, &has, &encoding);
	if (!error)
		*ret = has && (encoding == DW_ATE_signed || encoding == DW_ATE_signed_char);
	return error;
}

static struct mmu_error *describe(struct mmu_dwarf *dwarf, const struct hit *hit,
				  struct mmu_member *ret)
{
	struct mmu_member member = { 0 };
	Dwarf_Die type = NULL;
	Dwarf_Half tag = 0;
	int64_t bits = 0;
	bool has = false;
	struct mmu_error *error = type_of(dwarf, hit->die, &type, &tag);

	if (error)
		return error;
	if (tag == DW_TAG_array_type)
		error = array_elements(dwarf, type, &member.elements);
	else
		error = find_sign(dwarf, type, tag, &member.is_signed);
	if (error) {
		mmu_die_release(&type);
		return error;
	}
	error = type_size(dwarf, type, tag, &member.size_bytes);
	if (!error)
		error = mmu_die_number(dwarf, hit->die, DW_AT_bit_size, &has, &bits);
	if (!error)
		error = has ? describe_bits(dwarf, hit->die, bits, &member)
			    : member_location(dwarf, hit->die, &member.offset_bytes);
	if (error)
		return error;
	member.offset_bytes += hit->base_bytes;
	*ret = member;
	return NULL;
}

/* The struct in which to look up the path's next part; an array stands for its first element. */
static struct mmu_error *descend(struct mmu_dwarf *dwarf, struct hit *hit, Dwarf_Die *ret,
				 Dwarf_Half *ret_tag)
{
	MMU_DIE Dwarf_Die type = NULL;
	Dwarf_Half tag = 0;
	uint64_t offset = 0;
	struct mmu_error *error = member_location(dwarf, hit->die, &offset);

	if (!error)
		error = type_of(dwarf, hit->die, &type, &tag);
	for (int i = 0; !error && tag == DW_TAG_array_type && i < CHAIN_MAX; i++) {
		Dwarf_Die element = NULL;

		error = type_of(dwarf, type, &element, &tag);
		mmu_die_release(&type);
		type = element;
	}
	if (error)
		return error;
	hit->base_bytes += offset;
	*ret = type;
	*ret_tag = tag;
	type = NULL;
	return NULL;
}

static struct mmu_error *walk_path(struct mmu_dwarf *dwarf, const char *type, const char *path,
				   struct hit *ret)
{
	MMU_DIE Dwarf_Die outer = NULL;
	Dwarf_Off offset = 0;
	Dwarf_Half tag = 0;
	uint64_t base = 0;
	struct mmu_error *error = mmu_dwarf_type(dwarf, type, &offset);

	if (!error)
		error = type_at(dwarf, offset, &outer, &tag);
	while (!error) {
		size_t length = strcspn(path, ".");
		struct hit hit = { 0 };

		if (!outer || !is_compound(tag))
			return mmu_error_new(MMU_ERROR_NOT_FOUND,
					     "no member %s, for what is before it is not a struct "
					     "or union",
					     path);
		error = find_member(dwarf, outer, path, length, &hit);
		if (!error && !hit.die)
			error = mmu_error_new(MMU_ERROR_NOT_FOUND, "no member %.*s", (int)length,
					      path);
		if (error)
			return error;
		hit.base_bytes += base;
		if (!path[length]) {
			*ret = hit;
			return NULL;
		}
		mmu_die_release(&outer);
		error = descend(dwarf, &hit, &outer, &tag);
		base = hit.base_bytes;
		mmu_die_release(&hit.die);
		path += length + 1;
	}
	return error;
}

struct mmu_error *mmu_dwarf_member(struct mmu_dwarf *dwarf, const char *type, const char *path,
				   struct mmu_member *ret)
{
	struct hit hit = { 0 };
	struct mmu_error *error;

	error = mmu_dwarf_reach(&dwarf, type);
	if (!error)
		error = walk_path(dwarf, type, path, &hit);
	if (!error)
		error = describe(dwarf, &hit, ret);
	mmu_die_release(&hit.die);
	return mmu_error_context(error, "%s: %s.%s", dwarf->object.file->path, type, path);
}

/* ------------------------------------------------- enumerators */

static struct mmu_error *find_enumerator(struct mmu_dwarf *dwarf, Dwarf_Die enumeration,
					 const char *name, bool *ret_has, int64_t *ret)
{
	MMU_DIE Dwarf_Die die = NULL;
	struct mmu_error *error = mmu_die_child(dwarf, enumeration, &die);

	*ret_has = false;
	while (!error && die) {
		const char *found = NULL;

		error = mmu_die_name(dwarf, die, &found);
		if (!error && found && !strcmp(found, name))
			return mmu_die_number(dwarf, die, DW_AT_const_value, ret_has, ret);
		if (!error)
			error = mmu_die_next(dwarf, &die);
	}
	return error;
}

/* In the enums of the unit's outermost level, named or not. */
static struct mmu_error *find_in_all(struct mmu_dwarf *dwarf, const char *name, bool *ret_has,
				     int64_t *ret)
{
	MMU_DIE Dwarf_Die unit = NULL;
	MMU_DIE Dwarf_Die die = NULL;
	struct mmu_error *error = mmu_die_at(dwarf, dwarf->unit_die, &unit);

	if (!error)
		error = mmu_die_child(dwarf, unit, &die);
	while (!error && die) {
		Dwarf_Half tag = 0;

		error = mmu_die_tag(dwarf, die, &tag);
		if (!error && tag == DW_TAG_enumeration_type)
			error = find_enumerator(dwarf, die, name, ret_has, ret);
		if (error || *ret_has)
			return error;
		error = mmu_die_next(dwarf, &die);
	}
	return error;
}

struct mmu_error *mmu_dwarf_enumerator(struct mmu_dwarf *dwarf, const char *type, const char *name,
				       int64_t *ret)
{
	MMU_DIE Dwarf_Die die = NULL;
	Dwarf_Off offset = 0;
	Dwarf_Half tag = 0;
	int64_t value = 0;
	bool has = false;
	struct mmu_error *error = NULL;

	if (!type) {
		error = find_in_all(dwarf, name, &has, &value);
	} else {
		error = mmu_dwarf_type(dwarf, type, &offset);
		if (!error)
			error = type_at(dwarf, offset, &die, &tag);
		if (!error && tag == DW_TAG_enumeration_type)
			error = find_enumerator(dwarf, die, name, &has, &value);
	}
	if (!error && !has)
		error = mmu_error_new(MMU_ERROR_NOT_FOUND, "no such enumerator");
	if (error)
		return mmu_error_context(error, "%s: enumerator %s%s%s", dwarf->object.file->path,
					 type ? type : "", type ? "." : "", name);
	*ret = value;
	return NULL;
}
