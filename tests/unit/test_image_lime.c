/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file LiME files, and AVML's compressed ones: whole, cut, damaged. */
#include <stdlib.h>
#include <unistd.h>

#include "image/crc32c.h"
#include "support/image_checks.h"

#define PAGE 4096
#define HEADER 32
#define HIGH UINT64_C(0x100000000)

static void put_range(struct build_buffer *buffer, uint64_t first_pa, size_t bytes)
{
	build_lime_header(buffer, "EMiL", 1, false, first_pa, first_pa + bytes - 1);
	build_memory(buffer, first_pa, bytes);
}

/* ------------------------------------------------------------------------------------ LiME */

static void lime_ranges(void **state)
{
	struct build_buffer buffer = { 0 };

	put_range(&buffer, 0x1000, 0x9ec00); /* as a PC's first one: it ends inside a page */
	put_range(&buffer, HIGH, 2 * PAGE);
	put_range(&buffer, 0x100000, PAGE); /* nothing says that they ascend */
	put_range(&buffer, 0x101000, PAGE);
	struct opened opened = open_bytes(&buffer);
	assert_string_equal(opened.image->reader->name, "lime");
	assert_string_equal(opened.image->format, "LiME v1");
	assert_int_equal(opened.image->elf_machine, 0);
	assert_false(opened.image->big_endian);
	assert_null(opened.image->warning);
	expect_counts(opened.image, 0x9f + 4, 0, 0);
	expect_ram(opened.image, 3,
		   (struct mmu_pa_range[]){ { 0x1000, 0x9fbff },
					    { 0x100000, 0x101fff },
					    { HIGH, HIGH + 2 * PAGE - 1 } });
	expect_bytes(&opened.cursor, 0, 0x1000, MMU_PAGE_OUTSIDE_RAM, 0);
	expect_bytes(&opened.cursor, 0x1000, 0x9ec00, MMU_PAGE_PRESENT, 0);
	expect_bytes(&opened.cursor, 0x9fc00, 0x60400, MMU_PAGE_OUTSIDE_RAM, 0);
	expect_bytes(&opened.cursor, 0x100000, 2 * PAGE, MMU_PAGE_PRESENT, 0);
	expect_bytes(&opened.cursor, HIGH, 2 * PAGE, MMU_PAGE_PRESENT, 0);
	expect_bytes(&opened.cursor, HIGH + 2 * PAGE, PAGE, MMU_PAGE_OUTSIDE_RAM, 0);
	close_opened(&opened);
	free(buffer.data);
}

static void lime_big_endian(void **state)
{
	struct build_buffer buffer = { 0 };

	build_lime_header(&buffer, "LiME", 1, true, 0x3000, 0x3fff);
	build_memory(&buffer, 0x3000, PAGE);
	struct opened opened = open_bytes(&buffer);
	assert_true(opened.image->big_endian);
	expect_ram(opened.image, 1, (struct mmu_pa_range[]){ { 0x3000, 0x3fff } });
	expect_bytes(&opened.cursor, 0x3000, PAGE, MMU_PAGE_PRESENT, 0);
	close_opened(&opened);
	free(buffer.data);
}

static void lime_cut(void **state)
{
	struct build_buffer buffer = { 0 };

	put_range(&buffer, 0x1000, 2 * PAGE);
	put_range(&buffer, 0x8000, 3 * PAGE);
	size_t second = HEADER + 2 * PAGE;

	/* In the data. */
	buffer.bytes = second + HEADER + PAGE + 5;
	struct opened opened = open_bytes(&buffer);
	assert_string_equal(opened.image->warning, "the file is truncated: 1 pages that its "
						   "headers promise are missing");
	expect_counts(opened.image, 4, 0, 1);
	expect_bytes(&opened.cursor, 0x8000, PAGE + 5, MMU_PAGE_PRESENT, 0);
	expect_bytes(&opened.cursor, 0x8000 + PAGE + 5, 2 * PAGE - 5, MMU_PAGE_TRUNCATED, 0);
	expect_bytes(&opened.cursor, 0xb000, PAGE, MMU_PAGE_OUTSIDE_RAM, 0);
	close_opened(&opened);

	/* Behind a header. */
	buffer.bytes = second + HEADER;
	opened = open_bytes(&buffer);
	expect_counts(opened.image, 2, 0, 3);
	expect_bytes(&opened.cursor, 0x8000, 3 * PAGE, MMU_PAGE_TRUNCATED, 0);
	close_opened(&opened);

	/* In a header. */
	buffer.bytes = second + HEADER - 1;
	opened = open_bytes(&buffer);
	assert_string_equal(opened.image->warning, "the file ends inside the header at file offset "
						   "0x2020: ranges are missing");
	expect_counts(opened.image, 2, 0, 0);
	close_opened(&opened);

	buffer.bytes = HEADER - 1;
	expect_refusal(&buffer, MMU_ERROR_FORMAT, "ends inside its first LiME header");
	buffer.bytes = 4;
	expect_refusal(&buffer, MMU_ERROR_FORMAT, "ends inside its first LiME header");
	free(buffer.data);
}

/* LiME writes the page in which a range begins from that page's beginning on. */
static void lime_shifted(void **state)
{
	struct build_buffer buffer = { 0 };

	put_range(&buffer, 0x1000, PAGE);
	put_range(&buffer, 0x5400, PAGE);
	struct opened opened = open_bytes(&buffer);
	assert_string_equal(opened.image->warning, "the range at physical 0x5400 begins within a "
						   "page: if LiME wrote it, "
						   "its bytes lie 0x400 too high");
	expect_bytes(&opened.cursor, 0x5400, PAGE, MMU_PAGE_PRESENT, 0);
	close_opened(&opened);
	free(buffer.data);
}

/* AVML's own writer takes the last address of a range for the first one behind it. */
static void avml_s_last_byte(void **state)
{
	for (unsigned int packed = 0; packed < 2; packed++) {
		struct build_buffer buffer = { 0 };

#ifndef MMU_HAVE_SNAPPY
		if (packed)
			break;
#endif
		if (packed) {
			size_t data = build_avml_start(&buffer, 0x1000, 2 * PAGE - 1);

			build_chunk(&buffer, true, 0x1000, 2 * PAGE - 1);
			build_avml_end(&buffer, data);
		} else {
			put_range(&buffer, 0x1000, 2 * PAGE - 1);
		}
		struct opened opened = open_bytes(&buffer);
		assert_non_null(opened.image->warning);
		assert_non_null(strstr(opened.image->warning, "AVML leaves out the last byte of "
							      "each range, as at "
							      "physical 0x2fff (1 in all)"));
		expect_bytes(&opened.cursor, 0x1000, 2 * PAGE - 1, MMU_PAGE_PRESENT, 0);
		expect_bytes(&opened.cursor, 0x2fff, 1, MMU_PAGE_OUTSIDE_RAM, 0);
		close_opened(&opened);
		free(buffer.data);
	}
}

/* avml-convert's LiME files have AVML's blocks, and its holes. */
static void lime_zeros(void **state)
{
	struct build_buffer buffer = { 0 };

	put_range(&buffer, 0x1000000, 16 << 20);
	struct opened opened = open_bytes(&buffer);
	assert_non_null(strstr(opened.image->warning, "may be zeros"));
	close_opened(&opened);
	put_range(&buffer, 0x2000000, PAGE);
	opened = open_bytes(&buffer);
	assert_null(opened.image->warning);
	close_opened(&opened);
	free(buffer.data);
}

/* A block device's bytes behind the image. */
static void lime_rest(void **state)
{
	struct build_buffer buffer = { 0 };

	put_range(&buffer, 0x1000, PAGE);
	build_put_uint(&buffer, buffer.bytes + PAGE, 1, false, 0);
	struct opened opened = open_bytes(&buffer);
	assert_non_null(strstr(opened.image->warning, "no LiME header at file offset 0x1020"));
	expect_counts(opened.image, 1, 0, 0);
	close_opened(&opened);
	free(buffer.data);
}

static void lime_odd_ranges(void **state)
{
	struct build_buffer buffer = { 0 };

	/* Empty ones, as early AVML writes them. */
	build_lime_header(&buffer, "EMiL", 1, false, 0x9000, 0x8fff);
	expect_refusal(&buffer, MMU_ERROR_FORMAT, "all its ranges are empty");
	put_range(&buffer, 0x1000, PAGE);
	struct opened opened = open_bytes(&buffer);
	expect_ram(opened.image, 1, (struct mmu_pa_range[]){ { 0x1000, 0x1fff } });
	close_opened(&opened);

	/* One byte. */
	put_range(&buffer, 0x3003, 1);
	opened = open_bytes(&buffer);
	expect_bytes(&opened.cursor, 0x3003, 1, MMU_PAGE_PRESENT, 0);
	expect_bytes(&opened.cursor, 0x3004, 1, MMU_PAGE_OUTSIDE_RAM, 0);
	close_opened(&opened);

	size_t whole = buffer.bytes;
	build_lime_header(&buffer, "EMiL", 1, false, 0x8000, 0x7ffe);
	expect_refusal(&buffer, MMU_ERROR_FORMAT, "runs backwards, from physical 0x8000 to 0x7ffe");
	buffer.bytes = whole;
	put_range(&buffer, 0x1fff, PAGE);
	expect_refusal(&buffer, MMU_ERROR_FORMAT,
		       "the ranges at physical 0x1000 (file offset 0x20) and 0x1fff (file offset "
		       "0x1061) overlap");

	/* To the end of the address space. */
	buffer.bytes = 0;
	build_lime_header(&buffer, "EMiL", 1, false, 0x1000, UINT64_MAX);
	build_memory(&buffer, 0x1000, PAGE);
	opened = open_bytes(&buffer);
	expect_counts(opened.image, 1, 0, (UINT64_C(1) << 52) - 2);
	expect_bytes(&opened.cursor, 0x1000, PAGE, MMU_PAGE_PRESENT, 0);
	expect_bytes(&opened.cursor, UINT64_MAX, 1, MMU_PAGE_TRUNCATED, 0);
	close_opened(&opened);
	buffer.bytes = 0;
	build_lime_header(&buffer, "EMiL", 1, false, 0, UINT64_MAX);
	opened = open_bytes(&buffer);
	expect_bytes(&opened.cursor, 0, PAGE, MMU_PAGE_TRUNCATED, 0);
	close_opened(&opened);

	buffer.bytes = 0;
	build_lime_header(&buffer, "EMiL", 2, false, 0, PAGE - 1);
	expect_refusal(&buffer, MMU_ERROR_UNSUPPORTED, "LiME headers of version 2 are not known");
	free(buffer.data);
}

static void checksum(void **state)
{
	uint8_t bytes[32];

	assert_int_equal(mmu_crc32c((struct mmu_bytes){ NULL, 0 }), 0);
	assert_int_equal(mmu_crc32c((struct mmu_bytes){ (const uint8_t *)"123456789", 9 }),
			 0xe3069283);
	/* RFC 3720, appendix B.4. */
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(mmu_crc32c((struct mmu_bytes){ bytes, 32 }), 0x8a9136aa);
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(mmu_crc32c((struct mmu_bytes){ bytes, 32 }), 0x62a8ab43);
	for (uint8_t i = 0; i < 32; i++)
		bytes[i] = i;
	assert_int_equal(mmu_crc32c((struct mmu_bytes){ bytes, 32 }), 0x46dd794e);
}

/* ------------------------------------------------------------------------------------ AVML */

#ifdef MMU_HAVE_SNAPPY
#define LOW_BYTES (65536 + 3 * PAGE)
#define HIGH_BYTES (65536 + 100)

struct places {
	size_t low, low_second, high, high_second, end; /* file offsets */
};

/* Two blocks of chunks of all kinds. */
static struct places put_blocks(struct build_buffer *buffer)
{
	struct places at = { .low = buffer->bytes };
	size_t data = build_avml_start(buffer, 0x10000, LOW_BYTES);

	build_chunk(buffer, true, 0x10000, 65536);
	at.low_second = buffer->bytes;
	build_chunk_header(buffer, 0xfe, 300);
	build_put_uint(buffer, buffer->bytes + 299, 1, false, 0);
	build_chunk(buffer, false, 0x20000, PAGE + 7);
	build_chunk(buffer, true, 0x20000 + PAGE + 7, 2 * PAGE - 7);
	build_chunk_header(buffer, 0x80, 0);
	build_avml_end(buffer, data);
	at.high = buffer->bytes;
	data = build_avml_start(buffer, HIGH, HIGH_BYTES);
	build_chunk(buffer, false, HIGH, 65536);
	at.high_second = buffer->bytes;
	build_chunk(buffer, true, HIGH + 65536, 100);
	build_avml_end(buffer, data);
	at.end = buffer->bytes;
	return at;
}

static void expect_blocks(struct mmu_cursor *cursor)
{
	for (unsigned int i = 0; i < 2; i++) {
		expect_bytes(cursor, 0x10000, LOW_BYTES, MMU_PAGE_PRESENT, 0);
		expect_bytes(cursor, HIGH, HIGH_BYTES, MMU_PAGE_PRESENT, 0);
		expect_bytes(cursor, 0x10000 + LOW_BYTES, PAGE, MMU_PAGE_OUTSIDE_RAM, 0);
		expect_bytes(cursor, 0x20000 + PAGE + 6, 2, MMU_PAGE_PRESENT, 0);
	}
}

static void avml_blocks(void **state)
{
	struct build_buffer buffer = { 0 };
	struct places at = put_blocks(&buffer);
	struct opened opened = open_bytes(&buffer);

	assert_string_equal(opened.image->reader->name, "avml");
	assert_string_equal(opened.image->format, "AVML v2, snappy");
	assert_null(opened.image->warning);
	expect_counts(opened.image, 16 + 3 + 16 + 1, 0, 0);
	expect_ram(opened.image, 2,
		   (struct mmu_pa_range[]){ { 0x10000, 0x10000 + LOW_BYTES - 1 },
					    { HIGH, HIGH + HIGH_BYTES - 1 } });
	expect_blocks(&opened.cursor);
	close_opened(&opened);

	/* Something behind it: found from the front, with the same answers. */
	build_put_uint(&buffer, at.end + 100, 1, false, 0);
	opened = open_bytes(&buffer);
	assert_non_null(strstr(opened.image->warning, "no AVML header at file offset"));
	expect_counts(opened.image, 36, 0, 0);
	expect_blocks(&opened.cursor);
	close_opened(&opened);

	/* Empty blocks, which have no stream at all. */
	buffer.bytes = at.end;
	build_avml_end(&buffer, build_lime_header(&buffer, "AVML", 2, false, 0x5000, 0x4fff));
	build_avml_end(&buffer, build_lime_header(&buffer, "AVML", 2, false, 0, UINT64_MAX));
	opened = open_bytes(&buffer);
	assert_null(opened.image->warning);
	expect_counts(opened.image, 36, 0, 0);
	expect_blocks(&opened.cursor);
	close_opened(&opened);
	free(buffer.data);
}

static void avml_many_blocks(void **state)
{
	struct build_buffer buffer = { 0 };

	/* More than the cache holds, from the top down. */
	for (uint64_t pa = UINT64_C(0x3000000); pa; pa -= 0x10000) {
		size_t data = build_avml_start(&buffer, pa, 16 * PAGE);

		build_chunk(&buffer, true, pa, 16 * PAGE);
		build_avml_end(&buffer, data);
	}
	struct opened opened = open_bytes(&buffer);
	expect_ram(opened.image, 1, (struct mmu_pa_range[]){ { 0x10000, 0x300ffff } });
	expect_bytes(&opened.cursor, 0x10000, 0x3000000, MMU_PAGE_PRESENT, 0);
	expect_bytes(&opened.cursor, 0x10000, 0x20000, MMU_PAGE_PRESENT, 0);
	close_opened(&opened);
	free(buffer.data);
}

/* AVML leaves out zeros, in blocks of 16 MiB. */
static void avml_zeros(void **state)
{
	struct build_buffer buffer = { 0 };
	size_t data = build_avml_start(&buffer, 0x1000, 16 << 20);

	for (uint64_t i = 0; i < 256; i++)
		build_chunk(&buffer, true, 0x1000 + i * 65536, 65536);
	build_avml_end(&buffer, data);
	struct opened opened = open_bytes(&buffer);
	expect_bytes(&opened.cursor, 0x1000, 16 << 20, MMU_PAGE_PRESENT, 0);
	assert_non_null(strstr(opened.image->warning, "may be zeros"));
	close_opened(&opened);

	data = build_avml_start(&buffer, 0x1001000, PAGE);
	build_chunk(&buffer, true, 0x1001000, PAGE);
	build_avml_end(&buffer, data);
	opened = open_bytes(&buffer);
	assert_null(opened.image->warning);
	close_opened(&opened);
	free(buffer.data);
}

static void avml_cut(void **state)
{
	struct build_buffer buffer = { 0 };
	struct places at = put_blocks(&buffer);

	/* In the last chunk's data, in its header, at it. */
	for (unsigned int i = 0; i < 3; i++) {
		buffer.bytes = at.high_second + (i ? 2 * i - 2 : 20);
		struct opened opened = open_bytes(&buffer);

		expect_counts(opened.image, 35, 0, 1);
		expect_bytes(&opened.cursor, 0x10000, LOW_BYTES, MMU_PAGE_PRESENT, 0);
		expect_bytes(&opened.cursor, HIGH, 65536, MMU_PAGE_PRESENT, 0);
		expect_bytes(&opened.cursor, HIGH + 65536, 100, MMU_PAGE_TRUNCATED, 0);
		expect_bytes(&opened.cursor, HIGH + HIGH_BYTES, 1, MMU_PAGE_OUTSIDE_RAM, 0);
		close_opened(&opened);
	}
	buffer.bytes = at.end - 1;
	struct opened opened = open_bytes(&buffer);
	assert_non_null(strstr(opened.image->warning, "ends inside a block: others may be "
						      "missing"));
	expect_blocks(&opened.cursor);
	close_opened(&opened);

	buffer.bytes = at.high + 7;
	opened = open_bytes(&buffer);
	assert_non_null(strstr(opened.image->warning, "ends inside the header"));
	expect_counts(opened.image, 19, 0, 0);
	close_opened(&opened);

	buffer.bytes = at.low + HEADER;
	opened = open_bytes(&buffer);
	expect_bytes(&opened.cursor, 0x10000, LOW_BYTES, MMU_PAGE_TRUNCATED, 0);
	close_opened(&opened);

	buffer.bytes = HEADER - 1;
	expect_refusal(&buffer, MMU_ERROR_FORMAT, "ends inside its first AVML header");
	free(buffer.data);
}

static void avml_damaged(void **state)
{
	struct build_buffer buffer = { 0 };
	struct places at = put_blocks(&buffer);
	size_t first = at.low + HEADER + 10; /* behind the identifier */
	static const struct {
		size_t in_chunk;
		uint8_t value;
		bool alone; /* the other chunks of its block are not lost */
	} cases[] = {
		{ 4, 0x55, true },   /* checksum */
		{ 200, 0x55, true }, /* data */
		{ 8, 0xff, false },  /* how many bytes will come out */
		{ 0, 0x02, false },  /* a type that may not be skipped */
		{ 1, 0x00, false },  /* bytes */
		{ 3, 0xff, false },  /* many bytes */
		{ 0, 0x80, false },  /* memory is missing at the end */
		{ 0, 0x01, false },  /* more than 65536 bytes or another number of them */
		{ 0, 0xff, false },  /* an identifier, and none */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t *byte = &buffer.data[first + cases[i].in_chunk], before = *byte;

		*byte = cases[i].value == before ? (uint8_t)~before : cases[i].value;
		struct opened opened = open_bytes(&buffer);
		*byte = before;
		expect_bytes(&opened.cursor, HIGH, HIGH_BYTES, MMU_PAGE_PRESENT, 0);
		if (cases[i].alone) {
			expect_bytes(&opened.cursor, 0x10000, 65536, MMU_PAGE_UNREADABLE, 0);
			expect_bytes(&opened.cursor, 0x20000, 3 * PAGE, MMU_PAGE_PRESENT, 0);
		} else if (cases[i].value != 0x80 && cases[i].value != 0x01) {
			expect_bytes(&opened.cursor, 0x10000, LOW_BYTES, MMU_PAGE_UNREADABLE, 0);
		}
		assert_int_equal(mmu_image_span(&opened.cursor, 0x10000 + LOW_BYTES - 1).state ==
					 MMU_PAGE_PRESENT,
				 cases[i].alone);
		close_opened(&opened);
	}

	/* In a file that is read from the front, the blocks behind the damage are lost. */
	buffer.data[at.low_second] = 0x02;
	buffer.bytes = at.end - 1;
	struct opened opened = open_bytes(&buffer);
	assert_non_null(strstr(opened.image->warning, "the blocks behind it can't be found"));
	expect_bytes(&opened.cursor, 0x10000, 65536, MMU_PAGE_PRESENT, 0);
	expect_bytes(&opened.cursor, 0x20000, 3 * PAGE, MMU_PAGE_UNREADABLE, 0);
	expect_bytes(&opened.cursor, HIGH, 1, MMU_PAGE_OUTSIDE_RAM, 0);
	close_opened(&opened);

	buffer.bytes = at.end;
	build_put_uint(&buffer, at.high + 8, 8, false, 0x20000);
	build_put_uint(&buffer, at.high + 16, 8, false, 0x20000 + HIGH_BYTES - 1);
	expect_refusal(&buffer, MMU_ERROR_FORMAT, "overlap");
	build_put_uint(&buffer, at.high + 16, 8, false, 0x100);
	expect_refusal(&buffer, MMU_ERROR_FORMAT, "runs backwards");
	buffer.bytes = at.high;
	build_put_uint(&buffer, 4, 4, false, 3);
	expect_refusal(&buffer, MMU_ERROR_UNSUPPORTED, "AVML headers of version 3 are not known");
	free(buffer.data);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lime_ranges),     cmocka_unit_test(lime_big_endian),
		cmocka_unit_test(lime_cut),        cmocka_unit_test(lime_rest),
		cmocka_unit_test(lime_odd_ranges), cmocka_unit_test(checksum),
		cmocka_unit_test(lime_shifted),    cmocka_unit_test(avml_s_last_byte),
		cmocka_unit_test(lime_zeros),
#ifdef MMU_HAVE_SNAPPY
		cmocka_unit_test(avml_blocks),     cmocka_unit_test(avml_many_blocks),
		cmocka_unit_test(avml_zeros),      cmocka_unit_test(avml_cut),
		cmocka_unit_test(avml_damaged),
#endif
	};

	return cmocka_run_group_tests_name("image-lime", tests, NULL, NULL);
}
