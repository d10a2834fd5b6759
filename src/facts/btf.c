/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Types from BTF (include/uapi/linux/btf.h, Documentation/bpf/btf.rst). */
#include <stdlib.h>
#include <string.h>

#include "facts/btf.h"
#include "facts/names.h"

#define BTF_MAGIC 0xeb9fu
#define HEADER_BYTES 24u
#define BYTES_MAX ((uint64_t)256 << 20)
/* chains of typedefs and qualifiers, nested anonymous members, dots in a path */
#define DEPTH_MAX 16u
/* looked at for one name; the largest structs of kernels have some hundreds */
#define MEMBERS_MAX (1u << 20)

enum btf_kind {
	KIND_INT = 1,
	KIND_PTR,
	KIND_ARRAY,
	KIND_STRUCT,
	KIND_UNION,
	KIND_ENUM,
	KIND_FWD,
	KIND_TYPEDEF,
	KIND_VOLATILE,
	KIND_CONST,
	KIND_RESTRICT,
	KIND_FUNC,
	KIND_FUNC_PROTO,
	KIND_VAR,
	KIND_DATASEC,
	KIND_FLOAT,
	KIND_DECL_TAG,
	KIND_TYPE_TAG,
	KIND_ENUM64,
};

struct mmu_btf {
	struct mmu_bytes types, strings;
	bool big_endian;
	uint32_t *offset; /* of type id n in `types`; [0] is void */
	uint32_t count;
	uint32_t pointer_bytes; /* those of long: BTF does not say how wide a pointer is */
	struct mmu_names names; /* the types that are wanted */
	uint32_t *found;        /* per name: its id, or 0 */
};

/* One type record. */
struct type {
	enum btf_kind kind;
	uint32_t name, size_or_type, nr;
	bool kind_flag;
	const uint8_t *more; /* nr records behind it, or what its kind has there */
};

static uint32_t word(const struct mmu_btf *btf, const uint8_t *at)
{
	return mmu_get_u32(at, btf->big_endian);
}

/* Bytes behind the 12 of a record. @return false: no such kind */
static bool trailing_bytes(enum btf_kind kind, uint32_t nr, uint64_t *ret)
{
	switch (kind) {
	case KIND_INT:
	case KIND_VAR:
	case KIND_DECL_TAG:
		*ret = 4;
		return true;
	case KIND_ARRAY:
		*ret = 12;
		return true;
	case KIND_STRUCT:
	case KIND_UNION:
	case KIND_DATASEC:
	case KIND_ENUM64:
		*ret = (uint64_t)nr * 12;
		return true;
	case KIND_ENUM:
	case KIND_FUNC_PROTO:
		*ret = (uint64_t)nr * 8;
		return true;
	default:
		*ret = 0;
		return kind >= KIND_PTR && kind <= KIND_TYPE_TAG;
	}
}

static struct type record(const struct mmu_btf *btf, uint32_t id)
{
	const uint8_t *at = btf->types.data + btf->offset[id];
	uint32_t info = word(btf, at + 4);

	return (struct type){ .kind = info >> 24 & 31,
			      .name = word(btf, at),
			      .size_or_type = word(btf, at + 8),
			      .nr = info & 0xffff,
			      .kind_flag = info >> 31,
			      .more = at + 12 };
}

/* @return false: no such type */
static bool get_type(const struct mmu_btf *btf, uint32_t id, struct type *ret)
{
	if (!id || id >= btf->count)
		return false;
	*ret = record(btf, id);
	return true;
}

static bool name_is(const struct mmu_btf *btf, uint32_t name, const char *text, size_t bytes)
{
	return mmu_bytes_fit(btf->strings.count, name, bytes + 1) &&
	       memcmp(btf->strings.data + name, text, bytes) == 0 &&
	       btf->strings.data[name + bytes] == '\0';
}

/* ------------------------------------------------------------------ opening */

uint64_t mmu_btf_bytes(struct mmu_bytes header, bool big_endian)
{
	if (header.count < HEADER_BYTES || mmu_get_u16(header.data, big_endian) != BTF_MAGIC ||
	    header.data[2] != 1)
		return 0;
	uint64_t header_bytes = mmu_get_u32(header.data + 4, big_endian);
	uint64_t types_end = (uint64_t)mmu_get_u32(header.data + 8, big_endian) +
			     mmu_get_u32(header.data + 12, big_endian);
	uint64_t strings_end = (uint64_t)mmu_get_u32(header.data + 16, big_endian) +
			       mmu_get_u32(header.data + 20, big_endian);
	uint64_t end = header_bytes + (types_end > strings_end ? types_end : strings_end);

	return header_bytes < HEADER_BYTES || end > BYTES_MAX ? 0 : end;
}

/* What a name can mean; forward declarations say nothing. */
static bool is_named(enum btf_kind kind)
{
	const unsigned int named = 1u << KIND_STRUCT | 1u << KIND_UNION | 1u << KIND_ENUM |
				   1u << KIND_ENUM64 | 1u << KIND_TYPEDEF;

	return named >> kind & 1;
}

/* pahole and clang name it differently. */
static bool is_long(const struct mmu_btf *btf, const struct type *type)
{
	return type->kind == KIND_INT &&
	       (name_is(btf, type->name, "long unsigned int", 17) ||
		name_is(btf, type->name, "unsigned long", 13) ||
		name_is(btf, type->name, "long int", 8) || name_is(btf, type->name, "long", 4));
}

static void note_wanted(struct mmu_btf *btf, uint32_t id)
{
	struct type type = record(btf, id);

	if (is_long(btf, &type) && (type.size_or_type == 4 || type.size_or_type == 8))
		btf->pointer_bytes = type.size_or_type;
	if (!is_named(type.kind) || type.name >= btf->strings.count)
		return;
	size_t name = mmu_names_find(&btf->names, btf->strings.data + type.name,
				     btf->strings.count - type.name);
	if (name != MMU_NAMES_NONE && !btf->found[name])
		btf->found[name] = id;
}

/* Walk the records once, to find each by its number, and the wanted ones by name. */
static struct mmu_error *index_types(struct mmu_btf *btf)
{
	uint64_t at = 0, capacity = btf->types.count / 12 + 2, more;

	btf->offset = malloc(capacity * sizeof(*btf->offset));
	if (!btf->offset)
		return mmu_error_no_memory();
	btf->offset[0] = 0;
	btf->count = 1;
	while (at < btf->types.count) {
		if (!mmu_bytes_fit(btf->types.count, at, 12))
			return mmu_error_new(MMU_ERROR_CORRUPT, "BTF ends inside a type");
		uint32_t info = word(btf, btf->types.data + at + 4);

		if (!trailing_bytes(info >> 24 & 31, info & 0xffff, &more) ||
		    !mmu_bytes_fit(btf->types.count, at + 12, more))
			return mmu_error_new(MMU_ERROR_CORRUPT, "BTF type %u is damaged",
					     btf->count);
		btf->offset[btf->count++] = (uint32_t)at;
		note_wanted(btf, btf->count - 1);
		at += 12 + more;
	}
	return NULL;
}

void mmu_btf_close(struct mmu_btf *btf)
{
	if (!btf)
		return;
	mmu_names_destroy(&btf->names);
	free(btf->found);
	free(btf->offset);
	free(btf);
}

struct mmu_error *mmu_btf_open(struct mmu_bytes bytes, bool big_endian, const char *const *types,
			       struct mmu_btf **ret)
{
	uint64_t total = mmu_btf_bytes(bytes, big_endian);

	if (!total || total > bytes.count)
		return mmu_error_new(MMU_ERROR_CORRUPT, "BTF header is damaged");
	uint64_t base = mmu_get_u32(bytes.data + 4, big_endian);
	struct mmu_btf *btf = calloc(1, sizeof(*btf));
	if (!btf)
		return mmu_error_no_memory();
	btf->big_endian = big_endian;
	btf->pointer_bytes = 8;
	struct mmu_error *error = mmu_names_init(&btf->names, types, NULL);
	if (!error) {
		btf->found = calloc(btf->names.count + 1, sizeof(*btf->found));
		error = btf->found ? NULL : mmu_error_no_memory();
	}
	if (!error && (!mmu_bytes_slice(bytes, base + mmu_get_u32(bytes.data + 8, big_endian),
					mmu_get_u32(bytes.data + 12, big_endian), &btf->types) ||
		       !mmu_bytes_slice(bytes, base + mmu_get_u32(bytes.data + 16, big_endian),
					mmu_get_u32(bytes.data + 20, big_endian), &btf->strings)))
		error = mmu_error_new(MMU_ERROR_CORRUPT, "BTF header is damaged");
	if (!error)
		error = index_types(btf);
	if (error) {
		mmu_btf_close(btf);
		return error;
	}
	*ret = btf;
	return NULL;
}

/* ------------------------------------------------------------------ types by name */

static struct mmu_error *not_found(const char *what, const char *name)
{
	return mmu_error_new(MMU_ERROR_NOT_FOUND, "no %s %s in BTF", what, name);
}

static struct mmu_error *find_type(const struct mmu_btf *btf, const char *name, struct type *ret)
{
	size_t bytes = strlen(name);
	size_t known = mmu_names_find(&btf->names, (const uint8_t *)name, bytes + 1);

	if (known != MMU_NAMES_NONE)
		return get_type(btf, btf->found[known], ret) ? NULL : not_found("type", name);
	for (uint32_t id = 1; id < btf->count; id++) {
		struct type type = record(btf, id);

		if (is_named(type.kind) && name_is(btf, type.name, name, bytes)) {
			*ret = type;
			return NULL;
		}
	}
	return not_found("type", name);
}

/* Through typedefs and qualifiers. */
static bool resolve(const struct mmu_btf *btf, struct type *type)
{
	const unsigned int through = 1u << KIND_TYPEDEF | 1u << KIND_VOLATILE | 1u << KIND_CONST |
				     1u << KIND_RESTRICT | 1u << KIND_TYPE_TAG;

	for (unsigned int i = 0; i < DEPTH_MAX; i++) {
		if (!(through >> type->kind & 1))
			return true;
		if (!get_type(btf, type->size_or_type, type))
			return false;
	}
	return false;
}

/* Size and, of an array, the number of elements in all dimensions. */
static bool measure(const struct mmu_btf *btf, struct type type, uint64_t *ret_bytes,
		    uint64_t *ret_elements)
{
	uint64_t elements = 1;
	bool array = false;

	for (unsigned int i = 0; i < DEPTH_MAX; i++) {
		if (!resolve(btf, &type))
			return false;
		if (type.kind != KIND_ARRAY)
			break;
		uint32_t length = word(btf, type.more + 8);
		if (__builtin_mul_overflow(elements, (uint64_t)length, &elements))
			return false;
		array = true;
		if (!get_type(btf, word(btf, type.more), &type))
			return false;
	}
	if (array)
		*ret_elements = elements;
	switch (type.kind) {
	case KIND_INT:
	case KIND_STRUCT:
	case KIND_UNION:
	case KIND_ENUM:
	case KIND_ENUM64:
	case KIND_FLOAT:
		return !__builtin_mul_overflow(elements, (uint64_t)type.size_or_type, ret_bytes);
	case KIND_PTR:
		return !__builtin_mul_overflow(elements, (uint64_t)btf->pointer_bytes, ret_bytes);
	default:
		return false;
	}
}

struct mmu_error *mmu_btf_size(struct mmu_btf *btf, const char *name, uint64_t *ret_bytes)
{
	struct type type = { .kind = 0 };
	uint64_t bytes = 0, elements = 0;
	struct mmu_error *error = find_type(btf, name, &type);

	if (error)
		return error;
	if (!measure(btf, type, &bytes, &elements))
		return mmu_error_new(MMU_ERROR_CORRUPT, "BTF type %s has no size", name);
	*ret_bytes = bytes;
	return NULL;
}

/* ------------------------------------------------------------------ members */

static void fill_member(const struct mmu_btf *btf, const struct type *type, const uint8_t *at,
			const struct type *of, struct mmu_member *ret)
{
	uint32_t offset = word(btf, at + 8);
	uint32_t bits = type->kind_flag ? offset & 0xffffff : offset;
	struct mmu_member member = { .offset_bytes = ret->offset_bytes + bits / 8 };

	if (!measure(btf, *of, &member.size_bytes, &member.elements))
		member.size_bytes = 0;
	if (type->kind_flag && offset >> 24) {
		member.bit_size = (uint8_t)(offset >> 24);
		member.bit_shift = (uint8_t)(bits % 8);
	}
	*ret = member;
}

/* A search for a member's name. Anonymous types of a damaged BTF can lead back to themselves. */
struct lookup {
	const struct mmu_btf *btf;
	const char *name;
	size_t name_bytes;
	uint32_t members_left;
};

/*
 * The member of a struct, also inside its anonymous structs and unions. ret->offset_bytes comes in
 * as the offset of the struct itself.
 */
static bool find_member(struct lookup *lookup, const struct type *type, unsigned int depth,
			struct mmu_member *ret, struct type *ret_type)
{
	const struct mmu_btf *btf = lookup->btf;

	for (uint32_t i = 0; i < type->nr && lookup->members_left; i++) {
		const uint8_t *at = type->more + i * 12;
		struct type of;

		lookup->members_left--;
		if (!get_type(btf, word(btf, at + 4), &of))
			continue;
		if (name_is(btf, word(btf, at), lookup->name, lookup->name_bytes)) {
			fill_member(btf, type, at, &of, ret);
			*ret_type = of;
			return true;
		}
		if (!name_is(btf, word(btf, at), "", 0) || depth == 0 || !resolve(btf, &of) ||
		    (of.kind != KIND_STRUCT && of.kind != KIND_UNION))
			continue;
		struct mmu_member inner = {
			.offset_bytes =
				ret->offset_bytes +
				(word(btf, at + 8) & (type->kind_flag ? 0xffffff : UINT32_MAX)) / 8
		};
		if (find_member(lookup, &of, depth - 1, &inner, ret_type)) {
			*ret = inner;
			return true;
		}
	}
	return false;
}

/* What a path can step into: a struct or union, or an array of them (its first element). */
static bool step_into(const struct mmu_btf *btf, struct type *type)
{
	for (unsigned int i = 0; i < DEPTH_MAX; i++) {
		if (!resolve(btf, type))
			return false;
		if (type->kind != KIND_ARRAY)
			return type->kind == KIND_STRUCT || type->kind == KIND_UNION;
		if (!get_type(btf, word(btf, type->more), type))
			return false;
	}
	return false;
}

struct mmu_error *mmu_btf_member(struct mmu_btf *btf, const char *name, const char *path,
				 struct mmu_member *ret)
{
	struct mmu_member member = { 0 };
	struct type type = { .kind = 0 };
	const char *at = path;
	struct mmu_error *error = find_type(btf, name, &type);

	if (error)
		return error;
	for (unsigned int i = 0; i < DEPTH_MAX; i++) {
		struct lookup lookup = { btf, at, strcspn(at, "."), MEMBERS_MAX };

		if (!step_into(btf, &type) ||
		    !find_member(&lookup, &type, DEPTH_MAX, &member, &type))
			break;
		if (!at[lookup.name_bytes]) {
			*ret = member;
			return NULL;
		}
		at += lookup.name_bytes + 1;
	}
	return mmu_error_new(MMU_ERROR_NOT_FOUND, "no member %s.%s in BTF", name, path);
}

struct mmu_error *mmu_btf_enumerator(struct mmu_btf *btf, const char *name, const char *enumerator,
				     int64_t *ret)
{
	struct type type = { .kind = 0 };
	size_t bytes = strlen(enumerator);
	struct mmu_error *error = find_type(btf, name, &type);

	if (error)
		return error;
	if (!resolve(btf, &type) || (type.kind != KIND_ENUM && type.kind != KIND_ENUM64))
		return not_found("enum", name);
	for (uint32_t i = 0; i < type.nr; i++) {
		const uint8_t *at = type.more + i * (type.kind == KIND_ENUM ? 8 : 12);

		if (!name_is(btf, word(btf, at), enumerator, bytes))
			continue;
		/* the kind flag says signed */
		uint32_t low = word(btf, at + 4);
		*ret = type.kind == KIND_ENUM64 ? (int64_t)((uint64_t)word(btf, at + 8) << 32 | low)
		       : type.kind_flag         ? (int32_t)low
						: (int64_t)low;
		return NULL;
	}
	return not_found("enumerator", enumerator);
}
