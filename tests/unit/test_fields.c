/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Fields: tables looked up once, bits in either byte order, what is missing or can't be true.
 *
 *     test-fields VMLINUX
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "facts/facts.h"
#include "facts/fields.h"
#include "facts/wanted_names.h"
#include "support/btf_like.h"
#include "support/memory_image.h"
#include "support/vmlinux_like.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OPTIONS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const char *vmlinux_path;

static struct mmu_fact_store *open_store(struct mmu_image **ret_image, const char *const *options)
{
	struct mmu_fact_store *store;

	*ret_image = memory_image_create(NULL, 0);
	assert_null(mmu_fact_store_create(*ret_image, options, &store));
	return store;
}

static void close_store(struct mmu_fact_store *store, struct mmu_image *image)
{
	mmu_fact_store_destroy(store);
	mmu_image_close(image);
}

static void expect_error(struct mmu_error *error, enum mmu_error_kind code, const char *text)
{
	assert_non_null(error);
	assert_int_equal(mmu_error_code(error), code);
	assert_string_equal(mmu_error_message(error), text);
	mmu_error_destroy(error);
}

/* ------------------------------------------------------------------ numbers in copies */

static void test_get(void **state)
{
	const uint8_t bytes[] = { 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 0xff };
	const struct {
		struct mmu_field field;
		uint64_t little, big;
		int64_t little_signed, big_signed;
	} cases[] = {
		{ { 0, 1, 0, 8, true, false }, 0x12, 0x12, 0x12, 0x12 },
		{ { 4, 1, 0, 8, true, false }, 0x9a, 0x9a, -0x66, -0x66 },
		{ { 6, 2, 0, 16, true, true }, 0xf0de, 0xdef0, -0xf22, -0x2110 },
		{ { 1, 4, 0, 32, true, true }, 0x9a785634, 0x3456789a, -0x6587a9cc, 0x3456789a },
		{ { 0, 8, 0, 64, true, false },
		  0xf0debc9a78563412,
		  0x123456789abcdef0,
		  -0xf21436587a9cbee,
		  0x123456789abcdef0 },
		/* bits 4 to 6 of one byte; 12 bits of two; 33 of eight; all of them; the highest */
		{ { 5, 1, 4, 3, true, false }, 3, 3, 3, 3 },
		{ { 2, 2, 3, 12, true, false }, 0xf0a, 0xacf, -0xf6, -0x531 },
		{ { 0, 8, 20, 33, true, true },
		  0x1ebc9a785,
		  0x1456789ab,
		  0x1ebc9a785 - 0x200000000,
		  0x1456789ab - 0x200000000 },
		{ { 8, 1, 7, 1, true, true }, 1, 1, -1, -1 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct mmu_field *field = &cases[i].field;

		for (int big = 0; big < 2; big++) {
			uint64_t number = big ? cases[i].big : cases[i].little;
			int64_t with_sign = big ? cases[i].big_signed : cases[i].little_signed;
			/* a copy of nothing but the field's bytes reads the same */
			const struct mmu_object object = { bytes + field->offset,
							   { field->offset, field->bytes },
							   big };

			assert_int_equal(mmu_field_get(bytes, sizeof(bytes), field, big), number);
			assert_int_equal(mmu_object_get(&object, field), number);
			assert_true(mmu_field_get_signed(bytes, sizeof(bytes), field, big) ==
				    with_sign);
			assert_true(mmu_object_get_signed(&object, field) == with_sign);
			struct mmu_bytes seen = mmu_object_bytes(&object, field);
			assert_ptr_equal(seen.data, bytes + field->offset);
			assert_int_equal(seen.count, field->bytes);
		}
	}
}

/* Every bit-field of up to 20 bits at every place, against numbers made bit by bit. */
static void test_place_bits(void **state)
{
	for (unsigned int i = 0; i < 2 * 40 * 64; i++) {
		bool big = i & 1;
		unsigned int first = i / 2 % 40, bits = i / 80 + 1;
		uint8_t object[24] = { 0 };
		struct mmu_member member = { 0 };
		uint64_t pattern = 0xb6e3f1c5a9d24873 & UINT64_MAX >> (64 - bits);

		if (!mmu_member_place_bits(first, bits, 4, big, &member)) {
			assert_true(first % 8 + bits > 64);
			assert_int_equal(member.bit_size, 0);
			continue;
		}
		for (unsigned int bit = 0; bit < bits; bit++) {
			/* where the bit of this weight lies, as the ABIs of both orders say */
			unsigned int at = first + (big ? bits - 1 - bit : bit);
			unsigned int shift = big ? 7 - at % 8 : at % 8;

			object[at / 8] |= (uint8_t)((pattern >> bit & 1) << shift);
		}
		const struct mmu_field field = { (uint32_t)member.offset_bytes,
						 (uint8_t)member.size_bytes,
						 member.bit_shift,
						 member.bit_size,
						 true,
						 false };
		assert_true(member.size_bytes >= 4);
		assert_int_equal(mmu_field_get(object, sizeof(object), &field, big), pattern);
	}
	struct mmu_member member = { 0 };
	assert_false(mmu_member_place_bits(0, 0, 4, false, &member));
	assert_false(mmu_member_place_bits(0, 65, 8, false, &member));
	assert_false(mmu_member_place_bits(0, 3, 0, false, &member));
	assert_false(mmu_member_place_bits(0, 3, 16, false, &member));
}

/* ------------------------------------------------------------------ tables */

struct layout {
	struct mmu_field flags, pid, mm, comm, list, gone;
	struct mmu_number bytes, length;
};

static const struct mmu_field_def defs[] = {
	MMU_FIELD(struct layout, flags, "task.flags|task.__flags|task.old_flags", MMU_NEED),
	MMU_FIELD(struct layout, pid, "task.pid", MMU_OPTIONAL),
	MMU_FIELD_POINTER(struct layout, mm, "task.mm", MMU_NEED),
	MMU_FIELD_BYTES(struct layout, comm, "task.comm", 16, MMU_OPTIONAL),
	MMU_FIELD_BYTES(struct layout, list, "task.list", 0, MMU_OPTIONAL),
	MMU_FIELD(struct layout, gone, "task.gone|task.gone_too", MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct layout, bytes, "SIZE(task)", MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct layout, length, "LENGTH(task.stack)|SPAN(stack)", MMU_OPTIONAL),
};

static void expect_field(const struct mmu_field *field, struct mmu_field expected)
{
	assert_int_equal(field->offset, expected.offset);
	assert_int_equal(field->bytes, expected.bytes);
	assert_int_equal(field->shift, expected.shift);
	assert_int_equal(field->bits, expected.bits);
	assert_int_equal(field->known, expected.known);
	assert_int_equal(field->is_signed, expected.is_signed);
}

static void test_resolve(void **state)
{
	struct mmu_image *image;
	struct mmu_fact_store *store = open_store(
		&image, OPTIONS("OFFSET(task.__flags)=8", "SIZE(task.__flags)=4",
				"OFFSET(task.old_flags)=99", "SIZE(task.old_flags)=8",
				"OFFSET(task.mm)=40", "OFFSET(task.comm)=100", "SIZE(task.comm)=3",
				"OFFSET(task.list)=500", "OFFSET(task.pid)=600", "SPAN(stack)=0"));
	static const struct mmu_arch arch = { .elf_class = 1 };
	const struct mmu_fact_hooks none = { 0 };
	struct layout layout;

	memset(&layout, 0xee, sizeof(layout));
	assert_null(mmu_fact_store_set_arch(store, &arch, &none));
	assert_null(mmu_fields_resolve(store, defs, COUNT(defs), &layout));
	expect_field(&layout.flags, (struct mmu_field){ 8, 4, 0, 32, true, false });
	expect_field(&layout.mm, (struct mmu_field){ 40, 4, 0, 32, true, false });
	/* a text's width is the definition's */
	assert_true(layout.comm.known && layout.comm.offset == 100 && layout.comm.bytes == 16);
	/* only a place */
	assert_true(layout.list.known && layout.list.offset == 500 && !layout.list.bytes);
	/* without a width it can't be read */
	expect_field(&layout.pid, (struct mmu_field){ 0 });
	expect_field(&layout.gone, (struct mmu_field){ 0 });
	assert_false(layout.bytes.known);
	assert_true(layout.length.known);
	assert_int_equal(layout.length.value, 0);
	/* one read has them all but the place */
	struct mmu_object_parts parts;
	mmu_fields_parts(defs, COUNT(defs), &layout, &parts);
	assert_int_equal(parts.nr, 1);
	assert_int_equal(parts.part[0].first, 8);
	assert_int_equal(parts.part[0].bytes, 100 + 16 - 8);
	assert_memory_equal(&parts.whole, &parts.part[0], sizeof(parts.whole));
	memset(&layout, 0, sizeof(layout));
	mmu_fields_parts(defs, COUNT(defs), &layout, &parts);
	assert_int_equal(parts.nr, 0);
	assert_int_equal(parts.whole.bytes, 0);
	close_store(store, image);
}

/* Fields that lie far apart are read one by one, as long as there is room for parts. */
static void test_parts(void **state)
{
	struct apart {
		struct mmu_field field[MMU_OBJECT_PARTS_MAX + 2];
	} apart = { 0 };
	struct mmu_field_def far_defs[COUNT(apart.field)];
	struct mmu_object_parts parts;

	for (size_t i = 0; i < COUNT(far_defs); i++) {
		far_defs[i] = (struct mmu_field_def){
			.to = (uint32_t)(i * sizeof(struct mmu_field)),
			.width = MMU_WIDTH_POINTER,
		};
		apart.field[i] = (struct mmu_field){
			.offset = (uint32_t)(9 - i) * 1000, .bytes = 8, .bits = 64, .known = true
		};
	}
	mmu_fields_parts(far_defs, 2, &apart, &parts);
	assert_int_equal(parts.nr, 2);
	assert_int_equal(parts.part[0].first, 9000);
	assert_int_equal(parts.part[1].first, 8000);
	assert_int_equal(parts.part[1].bytes, 8);
	assert_int_equal(parts.whole.first, 8000);
	assert_int_equal(parts.whole.bytes, 1008);
	mmu_fields_parts(far_defs, COUNT(far_defs), &apart, &parts);
	assert_int_equal(parts.nr, MMU_OBJECT_PARTS_MAX);
	assert_int_equal(parts.part[MMU_OBJECT_PARTS_MAX - 1].first, 0);
	assert_int_equal(parts.part[MMU_OBJECT_PARTS_MAX - 1].bytes, 2008);
	assert_int_equal(parts.whole.bytes, 9008);
	/* near ones are one */
	apart.field[1].offset = 9000 - 100;
	mmu_fields_parts(far_defs, 2, &apart, &parts);
	assert_int_equal(parts.nr, 1);
	assert_int_equal(parts.part[0].first, 8900);
	assert_int_equal(parts.part[0].bytes, 108);
}

static void test_provenance(void **state)
{
	static const char *const keys[] = { "OFFSET(task.flags)", "SIZE(task.flags)",
					    "OFFSET(task.mm)" };
	struct mmu_image *image;
	struct mmu_fact_store *store = open_store(
		&image, OPTIONS("OFFSET(task.flags)=1", "SIZE(task.flags)=4", "OFFSET(task.mm)=8"));
	struct layout layout;
	struct mmu_fact fact;

	assert_null(mmu_fields_resolve(store, defs, COUNT(defs), &layout));
	for (size_t i = 0; i < COUNT(keys); i++) {
		assert_true(mmu_fact_nth(store, i, &fact));
		assert_string_equal(fact.key, keys[i]);
		assert_string_equal(fact.source, "option");
		assert_int_equal(fact.from, MMU_SOURCE_OPTION);
	}
	assert_false(mmu_fact_nth(store, COUNT(keys), &fact));
	close_store(store, image);
}

static void test_missing(void **state)
{
	const struct {
		const char *const *options;
		enum mmu_error_kind code;
		const char *message;
	} cases[] = {
		{ OPTIONS("OFFSET(task.mm)=0"), MMU_ERROR_NOT_FOUND,
		  "OFFSET(task.flags) is not known: there is no vmlinux" },
		{ OPTIONS("OFFSET(task.mm)=0", "OFFSET(task.__flags)=0"), MMU_ERROR_NOT_FOUND,
		  "SIZE(task.__flags) is not known: there is no vmlinux" },
		{ OPTIONS("OFFSET(task.flags)=0", "SIZE(task.flags)=4"), MMU_ERROR_NOT_FOUND,
		  "OFFSET(task.mm) is not known: there is no vmlinux" },
		{ OPTIONS("OFFSET(task.flags)=0", "SIZE(task.flags)=3"), MMU_ERROR_CORRUPT,
		  "SIZE(task.flags) is 3: no number is so wide" },
		{ OPTIONS("OFFSET(task.flags)=0", "SIZE(task.flags)=0x100000004"),
		  MMU_ERROR_CORRUPT, "SIZE(task.flags) is 4294967300: no number is so wide" },
		{ OPTIONS("OFFSET(task.flags)=-1", "SIZE(task.flags)=4"), MMU_ERROR_CORRUPT,
		  "OFFSET(task.flags) is 18446744073709551615: no object is so large" },
		{ OPTIONS("OFFSET(task.flags)=0", "SIZE(task.flags)=4", "OFFSET(task.mm)=0",
			  "OFFSET(task.list)=0x100000"),
		  MMU_ERROR_CORRUPT, "OFFSET(task.list) is 1048576: no object is so large" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mmu_image *image;
		struct mmu_fact_store *store = open_store(&image, cases[i].options);
		struct layout layout, untouched;

		memset(&layout, 0xee, sizeof(layout));
		memset(&untouched, 0xee, sizeof(untouched));
		expect_error(mmu_fields_resolve(store, defs, COUNT(defs), &layout), cases[i].code,
			     cases[i].message);
		assert_memory_equal(&layout, &untouched, sizeof(layout));
		close_store(store, image);
	}
}

/* ------------------------------------------------------------------ with a vmlinux */

struct bits_layout {
	struct mmu_field a, b, c, d, e, missing;
	struct mmu_number bytes;
};

static const struct mmu_field_def bits_defs[] = {
	MMU_FIELD(struct bits_layout, a, "bits.a", MMU_NEED),
	MMU_FIELD(struct bits_layout, b, "bits.no_such|bits.b", MMU_NEED),
	MMU_FIELD(struct bits_layout, c, "bits.c", MMU_NEED),
	MMU_FIELD(struct bits_layout, d, "bits.d", MMU_NEED),
	MMU_FIELD(struct bits_layout, e, "bits.e", MMU_NEED),
	MMU_FIELD(struct bits_layout, missing, "bits.no_such", MMU_OPTIONAL),
	MMU_FIELD_NUMBER(struct bits_layout, bytes, "SIZE(bits)", MMU_NEED),
};

static struct mmu_fact_store *open_with_vmlinux(struct mmu_image **ret_image,
						const char *const *options)
{
	struct mmu_fact_store *store = open_store(ret_image, options);
	struct mmu_vmlinux *vmlinux;

	assert_null(mmu_vmlinux_open(vmlinux_path, &mmu_fact_wants, &vmlinux));
	mmu_fact_store_set_vmlinux(store, vmlinux);
	return store;
}

/* As the compiler laid them out here, which is where vmlinux-like was compiled, too. */
static void test_bit_fields(void **state)
{
	const struct bits object = {
		LIKE_BITS_A, LIKE_BITS_B, LIKE_BITS_C, LIKE_BITS_D, { { -1, LIKE_BITS_E } }
	};
	struct mmu_image *image;
	struct mmu_fact_store *store = open_with_vmlinux(&image, NULL);
	struct bits_layout layout;

	assert_null(mmu_fields_resolve(store, bits_defs, COUNT(bits_defs), &layout));
	const struct {
		const struct mmu_field *field;
		unsigned int bits;
		uint64_t value;
	} cases[] = {
		{ &layout.a, 3, LIKE_BITS_A },  { &layout.b, 7, LIKE_BITS_B },
		{ &layout.c, 33, LIKE_BITS_C }, { &layout.d, 1, LIKE_BITS_D },
		{ &layout.e, 5, LIKE_BITS_E },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(cases[i].field->bits, cases[i].bits);
		assert_int_equal(
			mmu_field_get(&object, sizeof(object), cases[i].field, MMU_HOST_BIG),
			cases[i].value);
	}
	assert_false(layout.missing.known);
	assert_int_equal(layout.bytes.value, sizeof(object));
	close_store(store, image);
}

#define FLAGGED 0x80u /* with the kind flag: offsets hold the width in their top byte */
#define WIDTH(bits) ((uint32_t)(bits) << 24)

/*
 * struct s { int a : 3; unsigned b : 12; enum e c : 20; struct { long : 8, d : 33; }; int plain; };
 * struct old { int x : 5; int plain; }; enum e { E = -1 };
 */
static size_t make_bits(uint8_t *out, bool big)
{
	struct blob types = { .bytes = 0 }, strings = { .bytes = 1 };

	type(&types, name(&strings, "int"), 1, 0, 4); /* 1, signed */
	put(&types, 0x01000020);
	type(&types, name(&strings, "unsigned int"), 1, 0, 4); /* 2 */
	put(&types, 0x00000020);
	type(&types, name(&strings, "long"), 1, 0, 8); /* 3, signed */
	put(&types, 0x01000040);
	type(&types, 0, 1, 0, 4); /* 4: an int of 5 bits */
	put(&types, 0x01000005);
	type(&types, name(&strings, "e"), FLAGGED | 6, 1, 4); /* 5 */
	put(&types, name(&strings, "E")), put(&types, (uint32_t)-1);
	type(&types, 0, FLAGGED | 4, 1, 8); /* 6 */
	put(&types, name(&strings, "d")), put(&types, 3), put(&types, WIDTH(33) | 8);
	type(&types, name(&strings, "s"), FLAGGED | 4, 5, 24); /* 7 */
	put(&types, name(&strings, "a")), put(&types, 1), put(&types, WIDTH(3) | 0);
	put(&types, name(&strings, "b")), put(&types, 2), put(&types, WIDTH(12) | 3);
	put(&types, name(&strings, "c")), put(&types, 5), put(&types, WIDTH(20) | 32);
	put(&types, 0), put(&types, 6), put(&types, 64);
	put(&types, name(&strings, "plain")), put(&types, 1), put(&types, 128);
	type(&types, name(&strings, "old"), 4, 2, 8); /* 8 */
	put(&types, name(&strings, "x")), put(&types, 4), put(&types, 7);
	put(&types, name(&strings, "plain")), put(&types, 1), put(&types, 32);
	size_t bytes = btf_finish(&types, &strings, out);
	if (!big)
		return bytes;
	mmu_put_uint(out, 2, true, mmu_get_u16(out, false));
	for (size_t at = 4; at < 24 + types.bytes; at += 4)
		mmu_put_uint(out + at, 4, true, mmu_get_u32(out + at, false));
	return bytes;
}

/* BTF counts bits from the other end on big-endian machines, as DWARF does. */
static void test_btf_bits(void **state)
{
	static const struct {
		const char *type, *path;
		struct mmu_member little, big;
	} cases[] = {
		{ "s", "a", { 0, 4, 0, 3, 0, true }, { 0, 4, 0, 3, 29, true } },
		{ "s", "b", { 0, 4, 0, 12, 3, false }, { 0, 4, 0, 12, 17, false } },
		{ "s", "c", { 4, 4, 0, 20, 0, true }, { 4, 4, 0, 20, 12, true } },
		{ "s", "d", { 8, 8, 0, 33, 8, true }, { 8, 8, 0, 33, 23, true } },
		{ "s", "plain", { 16, 4, 0, 0, 0, true }, { 16, 4, 0, 0, 0, true } },
		{ "old", "x", { 0, 4, 0, 5, 7, true }, { 0, 4, 0, 5, 20, true } },
		{ "old", "plain", { 4, 4, 0, 0, 0, true }, { 4, 4, 0, 0, 0, true } },
	};

	for (int big = 0; big < 2; big++) {
		uint8_t data[8192];
		struct mmu_btf *btf;

		assert_null(
			mmu_btf_open((struct mmu_bytes){ data, make_bits(data, big) }, big, &btf));
		for (size_t i = 0; i < COUNT(cases); i++) {
			const struct mmu_member *good = big ? &cases[i].big : &cases[i].little;
			struct mmu_member member;

			assert_null(mmu_btf_member(btf, cases[i].type, cases[i].path, &member));
			assert_int_equal(member.offset_bytes, good->offset_bytes);
			assert_int_equal(member.size_bytes, good->size_bytes);
			assert_int_equal(member.elements, good->elements);
			assert_int_equal(member.bit_size, good->bit_size);
			assert_int_equal(member.bit_shift, good->bit_shift);
			assert_int_equal(member.is_signed, good->is_signed);
		}
		mmu_btf_close(btf);
	}
}

/* Another source has the place of a bit-field elsewhere: which bits are then meant is not known. */
static void test_bits_disputed(void **state)
{
	struct mmu_image *image;
	struct mmu_fact_store *store = open_with_vmlinux(&image, OPTIONS("OFFSET(bits.a)=4"));
	struct bits_layout layout;
	struct mmu_error *error = mmu_fields_resolve(store, bits_defs, COUNT(bits_defs), &layout);

	assert_int_equal(mmu_error_code(error), MMU_ERROR_CORRUPT);
	assert_non_null(strstr(mmu_error_message(error), "bits.a is a bit-field in 4 bytes at 0"));
	mmu_error_destroy(error);
	close_store(store, image);
}

/* ------------------------------------------------------------------ counts and threads */

static void test_lookups(void **state)
{
	struct mmu_image *image;
	struct mmu_fact_store *store = open_with_vmlinux(&image, OPTIONS("A=1"));
	const struct mmu_facts *facts = mmu_fact_callbacks(store);
	struct mmu_bytes text;
	struct mmu_member member;
	struct bits_layout layout;
	uint64_t value, before = mmu_fact_lookups(store);

	/* each of them counts, also what is known already or is not there */
	assert_true(mmu_fact_get(store, "A", &value));
	assert_true(mmu_fact_get(store, "A", &value));
	assert_int_equal(mmu_fact_lookups(store), before + 2);
	assert_null(mmu_fact_need(store, "A", &value));
	assert_int_equal(mmu_fact_lookups(store), before + 3);
	assert_false(mmu_fact_text(store, "OSRELEASE", &text));
	assert_int_equal(mmu_fact_lookups(store), before + 4);
	assert_true(facts->get(facts->context, "A", &value));
	assert_int_equal(mmu_fact_lookups(store), before + 5);
	assert_true(facts->link_symbol(facts->context, "init_task", &value));
	assert_int_equal(mmu_fact_lookups(store), before + 6);
	assert_true(mmu_fact_member(store, "bits.a", &member));
	assert_int_equal(mmu_fact_lookups(store), before + 7);
	assert_null(mmu_fields_resolve(store, bits_defs, COUNT(bits_defs), &layout));
	assert_true(mmu_fact_lookups(store) > before + 7 + COUNT(bits_defs));
	/* reading looks nothing up */
	before = mmu_fact_lookups(store);
	const struct bits object = { .a = 1 };
	mmu_field_get(&object, sizeof(object), &layout.a, MMU_HOST_BIG);
	mmu_fields_parts(bits_defs, COUNT(bits_defs), &layout, &(struct mmu_object_parts){ 0 });
	assert_int_equal(mmu_fact_lookups(store), before);
	close_store(store, image);
}

#define THREADS 4u
#define ROUNDS 200u

/* Each asks the same and its own keys, new ones and known ones. @return how many were wrong */
static void *ask(void *context)
{
	struct mmu_fact_store *store = context;
	uintptr_t wrong = 0;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct bits_layout layout = { .a = { .known = false } };
		struct mmu_fact fact;
		char key[40];
		uint64_t value;

		snprintf(key, sizeof(key), "NUMBER(none%u)", i);
		wrong += mmu_fact_get(store, key, &value);
		struct mmu_error *error = mmu_fields_resolve(store, bits_defs, COUNT(bits_defs),
							     &layout);
		wrong += error || layout.c.bits != 33;
		mmu_error_destroy(error);
		wrong += !mmu_fact_get(store, "SYMBOL(init_task)", &value);
		wrong += !mmu_fact_nth(store, 0, &fact) || !*fact.key;
	}
	return (void *)wrong;
}

static void test_threads(void **state)
{
	struct mmu_image *image;
	struct mmu_fact_store *store = open_with_vmlinux(&image, OPTIONS("KERNELOFFSET=0"));
	pthread_t threads[THREADS];
	uint64_t value, before;
	void *wrong;

	assert_true(mmu_fact_get(store, "KERNELOFFSET", &value));
	for (unsigned int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask, store), 0);
	for (unsigned int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
	/* none is lost, where all is known */
	before = mmu_fact_lookups(store);
	assert_null(ask(store));
	uint64_t each = mmu_fact_lookups(store) - before;
	for (unsigned int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask, store), 0);
	for (unsigned int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(mmu_fact_lookups(store) - before, (1 + THREADS) * each);
	close_store(store, image);
}

/* ------------------------------------------------------------------ wanted names */

static void test_wanted_names(void **state)
{
	static const char *const symbols[] = { "init_task", "stack", NULL };
	static const char *const more[] = { "stack", "_text", NULL };
	static const char *const types[] = { "page", NULL };
	static const char *const all_symbols[] = { "init_task", "stack", "_text", NULL };
	static const char *const all_types[] = { "page", "task", NULL };
	struct mmu_wanted_names names = { 0 };

	assert_null(mmu_wanted_names_lists(&names).symbols);
	assert_null(mmu_wanted_names_add(&names, symbols, NULL));
	assert_null(mmu_wanted_names_add(&names, more, types));
	assert_null(mmu_wanted_names_add_fields(&names, defs, COUNT(defs)));
	struct mmu_vmlinux_wants lists = mmu_wanted_names_lists(&names);
	for (size_t i = 0; i < COUNT(all_symbols) - 1; i++)
		assert_string_equal(lists.symbols[i], all_symbols[i]);
	assert_null(lists.symbols[COUNT(all_symbols) - 1]);
	for (size_t i = 0; i < COUNT(all_types) - 1; i++)
		assert_string_equal(lists.types[i], all_types[i]);
	assert_null(lists.types[COUNT(all_types) - 1]);
	mmu_wanted_names_destroy(&names);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get),           cmocka_unit_test(test_place_bits),
		cmocka_unit_test(test_resolve),       cmocka_unit_test(test_provenance),
		cmocka_unit_test(test_parts),         cmocka_unit_test(test_missing),
		cmocka_unit_test(test_bit_fields),    cmocka_unit_test(test_btf_bits),
		cmocka_unit_test(test_bits_disputed), cmocka_unit_test(test_lookups),
		cmocka_unit_test(test_threads),       cmocka_unit_test(test_wanted_names),
	};

	if (argc != 2)
		return 2;
	vmlinux_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
