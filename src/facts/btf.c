/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Types from BTF (include/uapi/linux/btf.h, Documentation/bpf/btf.rst). */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "facts/btf.h"
#include "facts/names.h"

#define BTF_MAGIC 0xeb9fu
#define HEADER_BYTES 24u
#define BYTES_MAX ((uint64_t)256 << 20)
/* chains of typedefs and qualifiers, nested anonymous members, dots in a path */
#define DEPTH_MAX 16u
/* members to look at for one name; the kernel's largest structs have some hundreds */
#define MEMBERS_MAX (1u << 20)
/* a kernel names some 20,000 types */
#define BUCKETS_LG2 14

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

/* A type that a name can mean. */
struct named {
	uint32_t id;
	uint32_t next; /* 1 + the next one of the same bucket */
};

struct mmu_btf {
	struct mmu_bytes types, strings;
	bool big_endian;
	uint32_t *offset; /* where the type with id n begins in `types`; [0] is void */
	uint32_t count;
	uint32_t pointer_bytes; /* BTF does not give the width of a pointer: the width of long */
	struct named *named;
	uint32_t nr_named;
	uint32_t bucket[1 << BUCKETS_LG2]; /* 1 + the last one with this hash of its name */
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

/*
 * Bytes of a record: the common 12, the kind's own, and those of each of its nr parts.
 * @return 0: no such kind
 */
static uint64_t record_bytes(uint32_t info)
{
	static const struct {
		uint8_t fixed, each;
	} sizes[32] = {
		[KIND_INT] = { 16, 0 },        [KIND_PTR] = { 12, 0 },
		[KIND_ARRAY] = { 24, 0 },      [KIND_STRUCT] = { 12, 12 },
		[KIND_UNION] = { 12, 12 },     [KIND_ENUM] = { 12, 8 },
		[KIND_FWD] = { 12, 0 },        [KIND_TYPEDEF] = { 12, 0 },
		[KIND_VOLATILE] = { 12, 0 },   [KIND_CONST] = { 12, 0 },
		[KIND_RESTRICT] = { 12, 0 },   [KIND_FUNC] = { 12, 0 },
		[KIND_FUNC_PROTO] = { 12, 8 }, [KIND_VAR] = { 16, 0 },
		[KIND_DATASEC] = { 12, 12 },   [KIND_FLOAT] = { 12, 0 },
		[KIND_DECL_TAG] = { 16, 0 },   [KIND_TYPE_TAG] = { 12, 0 },
		[KIND_ENUM64] = { 12, 12 },
	};
	unsigned int kind = info >> 24 & 31;

	return sizes[kind].fixed + (uint64_t)sizes[kind].each * (info & 0xffff);
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

/* pahole and clang name it differently. */
static bool is_long(const struct mmu_btf *btf, const struct type *type)
{
	return type->kind == KIND_INT &&
	       (name_is(btf, type->name, "long unsigned int", 17) ||
		name_is(btf, type->name, "unsigned long", 13) ||
		name_is(btf, type->name, "long int", 8) || name_is(btf, type->name, "long", 4));
}

static uint32_t *bucket_of(struct mmu_btf *btf, const uint8_t *name, uint64_t room)
{
	uint64_t key = mmu_names_key(name, room); /* the first characters */

	return &btf->bucket[key * 0x9E3779B97F4A7C15u >> (64 - BUCKETS_LG2)];
}

/* @return false: no memory */
static bool add_named(struct mmu_btf *btf, uint32_t id)
{
	struct type type = record(btf, id);

	if (is_long(btf, &type) && (type.size_or_type == 4 || type.size_or_type == 8))
		btf->pointer_bytes = type.size_or_type;
	if (type.kind == KIND_INT || type.name >= btf->strings.count)
		return true;
	if (!mmu_list_room(&btf->named, btf->nr_named, sizeof(*btf->named)))
		return false;
	uint32_t *bucket = bucket_of(btf, btf->strings.data + type.name,
				     btf->strings.count - type.name);
	btf->named[btf->nr_named] = (struct named){ id, *bucket };
	*bucket = ++btf->nr_named;
	return true;
}

/* Walk the records once and index them by number, and the named ones by name. */
static struct mmu_error *index_types(struct mmu_btf *btf)
{
	/* kinds with a name, and integers for long; forward declarations tell nothing */
	const unsigned int wanted = 1u << KIND_STRUCT | 1u << KIND_UNION | 1u << KIND_ENUM |
				    1u << KIND_ENUM64 | 1u << KIND_TYPEDEF | 1u << KIND_INT;
	const uint8_t *const data = btf->types.data;
	const uint64_t end = btf->types.count;
	uint32_t count = 1;

	btf->offset = malloc((end / 12 + 2) * sizeof(*btf->offset));
	if (!btf->offset)
		return mmu_error_no_memory();
	btf->offset[0] = 0;
	for (uint64_t at = 0; at < end; count++) {
		if (end - at < 12)
			return mmu_error_new(MMU_ERROR_CORRUPT, "BTF ends inside a type");
		uint32_t info = word(btf, data + at + 4);
		uint64_t bytes = record_bytes(info);
		if (!bytes || bytes > end - at)
			return mmu_error_new(MMU_ERROR_CORRUPT, "BTF type %u is damaged", count);
		btf->offset[count] = (uint32_t)at;
		if (wanted >> (info >> 24 & 31) & 1 && !add_named(btf, count))
			return mmu_error_no_memory();
		at += bytes;
	}
	btf->count = count;
	return NULL;
}

void mmu_btf_close(struct mmu_btf *btf)
{
	if (!btf)
		return;
	free(btf->named);
	free(btf->offset);
	free(btf);
}

struct mmu_error *mmu_btf_open(struct mmu_bytes bytes, bool big_endian, struct mmu_btf **ret)
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
	struct mmu_error *error = NULL;

	if (!mmu_bytes_slice(bytes, base + mmu_get_u32(bytes.data + 8, big_endian),
			     mmu_get_u32(bytes.data + 12, big_endian), &btf->types) ||
	    !mmu_bytes_slice(bytes, base + mmu_get_u32(bytes.data + 16, big_endian),
			     mmu_get_u32(bytes.data + 20, big_endian), &btf->strings))
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

/* The first one of its name. */
static struct mmu_error *find_type(struct mmu_btf *btf, const char *name, struct type *ret)
{
	size_t bytes = strlen(name);
	uint32_t found = 0;

	for (uint32_t at = *bucket_of(btf, (const uint8_t *)name, bytes + 1); at;
	     at = btf->named[at - 1].next)
		if (name_is(btf, record(btf, btf->named[at - 1].id).name, name, bytes))
			found = btf->named[at - 1].id;
	return get_type(btf, found, ret) ? NULL : not_found("type", name);
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

/* The size, and the number of elements of an array in all dimensions. */
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

/* Where a member begins, in bits. */
static uint32_t first_bit(const struct mmu_btf *btf, const struct type *type, const uint8_t *member)
{
	return word(btf, member + 8) & (type->kind_flag ? 0xffffff : UINT32_MAX);
}

/*
 * The number of bits, 0 for other members than bit-fields. Without the kind flag, up to Linux 5.0,
 * the type of a bit-field was an integer of so many bits.
 */
static uint32_t bits_of(const struct mmu_btf *btf, const struct type *type, const uint8_t *member,
			const struct type *of)
{
	if (type->kind_flag)
		return word(btf, member + 8) >> 24;
	if (of->kind != KIND_INT)
		return 0;
	uint32_t bits = word(btf, of->more) & 0xff;

	return bits == of->size_or_type * 8 ? 0 : bits;
}

/* @return false: an impossible bit-field */
static bool fill_member(const struct mmu_btf *btf, const struct type *type, const uint8_t *at,
			const struct type *of, struct mmu_member *ret)
{
	uint32_t first = first_bit(btf, type, at);
	struct mmu_member member = { .offset_bytes = first / 8 };
	struct type plain = *of;

	if (!measure(btf, *of, &member.size_bytes, &member.elements))
		member.size_bytes = 0;
	if (resolve(btf, &plain)) {
		uint32_t bits = bits_of(btf, type, at, &plain);

		if (bits && !mmu_member_place_bits(first, bits, member.size_bytes, btf->big_endian,
						   &member))
			return false;
		member.is_signed = plain.kind == KIND_INT ? word(btf, plain.more) >> 24 & 1
				   : plain.kind == KIND_ENUM || plain.kind == KIND_ENUM64
					   ? plain.kind_flag
					   : false;
	}
	member.offset_bytes += ret->offset_bytes;
	*ret = member;
	return true;
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
		if (name_is(btf, word(btf, at), lookup->name, lookup->name_bytes)) {
			if (!get_type(btf, word(btf, at + 4), &of))
				continue;
			if (!fill_member(btf, type, at, &of, ret))
				return false; /* the search may go on, in what `type` is */
			*ret_type = of;       /* which may be where `type` is */
			return true;
		}
		if (!name_is(btf, word(btf, at), "", 0) || depth == 0 ||
		    !get_type(btf, word(btf, at + 4), &of) || !resolve(btf, &of) ||
		    (of.kind != KIND_STRUCT && of.kind != KIND_UNION))
			continue;
		struct mmu_member inner = { .offset_bytes = ret->offset_bytes +
							    first_bit(btf, type, at) / 8 };
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

/* @return false: the type is no enum, or has no such enumerator */
static bool find_enumerator(struct mmu_btf *btf, const struct type *type, const char *name,
			    int64_t *ret)
{
	size_t bytes = strlen(name);

	if (type->kind != KIND_ENUM && type->kind != KIND_ENUM64)
		return false;
	for (uint32_t i = 0; i < type->nr; i++) {
		const uint8_t *at = type->more + i * (type->kind == KIND_ENUM ? 8 : 12);

		if (!name_is(btf, word(btf, at), name, bytes))
			continue;
		/* the kind flag says signed */
		uint32_t low = word(btf, at + 4);
		*ret = type->kind == KIND_ENUM64
			       ? (int64_t)((uint64_t)word(btf, at + 8) << 32 | low)
		       : type->kind_flag ? (int32_t)low
					 : (int64_t)low;
		return true;
	}
	return false;
}

struct mmu_error *mmu_btf_enumerator(struct mmu_btf *btf, const char *name, const char *enumerator,
				     int64_t *ret)
{
	struct type type = { .kind = 0 };

	for (uint32_t id = 1; !name && id <= btf->count; id++)
		if (get_type(btf, id, &type) && find_enumerator(btf, &type, enumerator, ret))
			return NULL;
	struct mmu_error *error = name ? find_type(btf, name, &type) : NULL;
	if (error)
		return error;
	if (name && (!resolve(btf, &type) || (type.kind != KIND_ENUM && type.kind != KIND_ENUM64)))
		return not_found("enum", name);
	if (name && find_enumerator(btf, &type, enumerator, ret))
		return NULL;
	return not_found("enumerator", enumerator);
}
