/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Tables of fields: looked up by name once, then read from copies of objects. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "facts/facts.h"
#include "facts/fields.h"

/* ------------------------------------------------------------------ looking up */

/* The n-th alternative, with "HEAD(" and ")" around it unless the head is empty. */
static bool key_of(const struct mmu_field_def *def, unsigned int n, const char *head,
		   char key[MMU_FACT_KEY_MAX])
{
	const char *name = def->names;

	for (; n; n--) {
		name = strchr(name, '|');
		if (!name)
			return false;
		name++;
	}
	int length = snprintf(key, MMU_FACT_KEY_MAX, "%s%s%.*s%s", head, *head ? "(" : "",
			      (int)strcspn(name, "|"), name, *head ? ")" : "");

	assert(length > 0 && length < (int)MMU_FACT_KEY_MAX);
	return true;
}

/* @return which alternative is known; a needed one without any is an error */
static struct mmu_error *choose(struct mmu_fact_store *store, const struct mmu_field_def *def,
				const char *head, unsigned int *ret_n, bool *ret_known,
				uint64_t *ret)
{
	char key[MMU_FACT_KEY_MAX];

	for (unsigned int n = 0; key_of(def, n, head, key); n++) {
		*ret_known = mmu_fact_get(store, key, ret);
		*ret_n = n;
		if (*ret_known)
			return NULL;
	}
	if (def->need != MMU_NEED)
		return NULL;
	key_of(def, 0, head, key);
	return mmu_fact_need(store, key, ret);
}

/* The width that its type says, and which of the bits. */
static struct mmu_error *resolve_type(struct mmu_fact_store *store, const struct mmu_field_def *def,
				      unsigned int n, struct mmu_field *field)
{
	char key[MMU_FACT_KEY_MAX];
	struct mmu_member member = { 0 };
	uint64_t bytes;

	key_of(def, n, "SIZE", key);
	if (!mmu_fact_get(store, key, &bytes)) {
		field->known = false;
		return def->need == MMU_NEED ? mmu_fact_need(store, key, &bytes) : NULL;
	}
	if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8)
		return mmu_error_new(MMU_ERROR_CORRUPT, "%s is %" PRIu64 ": no number is so wide",
				     key, bytes);
	field->bytes = (uint8_t)bytes;
	field->bits = (uint8_t)(8 * bytes);
	key_of(def, n, "", key);
	if (!mmu_fact_member(store, key, &member))
		return NULL;
	field->is_signed = member.is_signed;
	if (!member.bit_size)
		return NULL;
	/* another source may have another number around the same bits */
	if (field->offset != member.offset_bytes || bytes != member.size_bytes)
		return mmu_error_new(MMU_ERROR_CORRUPT,
				     "%s is a bit-field in %" PRIu64 " bytes at %" PRIu64
				     ", not in %" PRIu64 " at %" PRIu32,
				     key, member.size_bytes, member.offset_bytes, bytes,
				     field->offset);
	field->shift = member.bit_shift;
	field->bits = member.bit_size;
	return NULL;
}

static struct mmu_error *resolve_field(struct mmu_fact_store *store,
				       const struct mmu_field_def *def, struct mmu_field *ret)
{
	struct mmu_field field = { .bytes = def->bytes };
	uint64_t offset = 0;
	unsigned int n = 0;
	struct mmu_error *error = choose(store, def, "OFFSET", &n, &field.known, &offset);

	if (!error && field.known && offset >= MMU_OBJECT_BYTES_MAX) {
		char key[MMU_FACT_KEY_MAX];

		key_of(def, n, "OFFSET", key);
		error = mmu_error_new(MMU_ERROR_CORRUPT, "%s is %" PRIu64 ": no object is so large",
				      key, offset);
	}
	field.offset = (uint32_t)offset;
	if (!error && field.known && def->width == MMU_WIDTH_TYPE)
		error = resolve_type(store, def, n, &field);
	if (error)
		return error;
	if (def->width == MMU_WIDTH_POINTER)
		field.bytes = mmu_fact_store_pointer_bytes(store);
	if (def->width != MMU_WIDTH_TYPE)
		field.bits = field.bytes <= 8 ? (uint8_t)(8 * field.bytes) : 0;
	*ret = field.known ? field : (struct mmu_field){ 0 };
	return NULL;
}

struct mmu_error *mmu_fields_resolve(struct mmu_fact_store *store, const struct mmu_field_def *defs,
				     size_t nr, void *ret_layout)
{
	/* the first pass finds what is missing, before anything is written */
	for (size_t i = 0; i < 2 * nr; i++) {
		const struct mmu_field_def *def = &defs[i % nr];
		struct mmu_number number = { 0 };
		struct mmu_field field = { 0 };
		bool is_number = def->width == MMU_WIDTH_NUMBER;
		unsigned int n;
		struct mmu_error *error = is_number ? choose(store, def, "", &n, &number.known,
							     &number.value)
						    : resolve_field(store, def, &field);

		if (error)
			return error;
		if (i < nr)
			continue;
		if (is_number)
			memcpy((char *)ret_layout + def->to, &number, sizeof(number));
		else
			memcpy((char *)ret_layout + def->to, &field, sizeof(field));
	}
	return NULL;
}

/* ------------------------------------------------------------------ reading */

/* A cache line or two that nobody needs cost less than a part of their own. */
#define GAP_BYTES 128u

static void extend(struct mmu_object_part *part, const struct mmu_field *field)
{
	uint32_t end = part->first + part->bytes, field_end = field->offset + field->bytes;

	if (!part->bytes || field->offset < part->first)
		part->first = field->offset;
	part->bytes = (field_end > end ? field_end : end) - part->first;
}

static bool is_near(const struct mmu_object_part *part, const struct mmu_field *field)
{
	return field->offset <= part->first + part->bytes + GAP_BYTES &&
	       part->first <= field->offset + field->bytes + GAP_BYTES;
}

void mmu_fields_parts(const struct mmu_field_def *defs, size_t nr, const void *layout,
		      struct mmu_object_parts *ret)
{
	struct mmu_object_parts parts = { .nr = 0 };

	for (size_t i = 0; i < nr; i++) {
		struct mmu_field field;
		size_t at = 0;

		if (defs[i].width == MMU_WIDTH_NUMBER)
			continue;
		memcpy(&field, (const char *)layout + defs[i].to, sizeof(field));
		if (!field.known || !field.bytes)
			continue;
		extend(&parts.whole, &field);
		while (at < parts.nr && !is_near(&parts.part[at], &field))
			at++;
		if (at == MMU_OBJECT_PARTS_MAX)
			at--;
		else if (at == parts.nr)
			parts.nr++;
		extend(&parts.part[at], &field);
	}
	*ret = parts;
}

/* Programming errors assert; where assertions are off, they read nothing. */
static bool is_inside(uint64_t object_bytes, const struct mmu_field *field)
{
	bool good = field->known && field->bytes &&
		    mmu_bytes_fit(object_bytes, field->offset, field->bytes);

	assert(good);
	return good;
}

uint64_t mmu_field_get(const void *object, size_t object_bytes, const struct mmu_field *field,
		       bool big_endian)
{
	assert(field->bits && field->shift + field->bits <= 8 * field->bytes);
	if (!is_inside(object_bytes, field) || !field->bits)
		return 0;
	uint64_t number = mmu_get_uint((const uint8_t *)object + field->offset, field->bytes,
				       big_endian);

	return number >> field->shift & UINT64_MAX >> (64 - field->bits);
}

int64_t mmu_field_get_signed(const void *object, size_t object_bytes, const struct mmu_field *field,
			     bool big_endian)
{
	uint64_t number = mmu_field_get(object, object_bytes, field, big_endian);
	uint64_t sign = field->bits ? (uint64_t)1 << (field->bits - 1) : 0;

	return (int64_t)((number ^ sign) - sign);
}

/* The field as it lies in the copy; one before the copy's start wraps, and is outside. */
static struct mmu_field in_copy(const struct mmu_object *object, const struct mmu_field *field)
{
	struct mmu_field here = *field;

	here.offset -= object->part.first;
	return here;
}

uint64_t mmu_object_get(const struct mmu_object *object, const struct mmu_field *field)
{
	struct mmu_field here = in_copy(object, field);

	return mmu_field_get(object->copy, object->part.bytes, &here, object->big_endian);
}

int64_t mmu_object_get_signed(const struct mmu_object *object, const struct mmu_field *field)
{
	struct mmu_field here = in_copy(object, field);

	return mmu_field_get_signed(object->copy, object->part.bytes, &here, object->big_endian);
}

struct mmu_bytes mmu_object_bytes(const struct mmu_object *object, const struct mmu_field *field)
{
	struct mmu_field here = in_copy(object, field);

	if (!is_inside(object->part.bytes, &here))
		return (struct mmu_bytes){ NULL, 0 };
	return (struct mmu_bytes){ (const uint8_t *)object->copy + here.offset, here.bytes };
}
