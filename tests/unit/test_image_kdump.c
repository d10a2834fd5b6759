/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The kdump reader: every packing, layout and byte order, damaged and flattened. */
#include <elf.h>
#include <stdlib.h>

#include "support/image_checks.h"

#define VMCOREINFO "OSRELEASE=6.1.0-test\nPAGESIZE=4096\n"

static const uint32_t packings[] = {
	0,    1,
#ifdef MMU_HAVE_LZO
	2,
#endif
#ifdef MMU_HAVE_SNAPPY
	4,
#endif
#ifdef MMU_HAVE_ZSTD
	0x20,
#endif
};
#define NR_PACKINGS (sizeof(packings) / sizeof(packings[0]))

/* What `pages` of struct build_kdump says, page by page, and around. */
static void check_pages(struct mmu_cursor *cursor, const struct build_kdump *kdump)
{
	uint64_t block = kdump->block_bytes, pa = kdump->first_pa;

	if (pa)
		expect_bytes(cursor, 0, pa, MMU_PAGE_OUTSIDE_RAM, 0);
	for (const char *page = kdump->pages; *page; page++, pa += block) {
		struct mmu_span span;

		switch (*page) {
		case 'z':
			span = mmu_image_span(cursor, pa);
			assert_int_equal(span.state, MMU_PAGE_PRESENT);
			assert_int_equal(span.bytes, block);
			assert_true(!span.data[0] && !memcmp(span.data, span.data + 1, block - 1));
			break;
		case 'p':
			expect_bytes(cursor, pa, block, MMU_PAGE_PRESENT, 0);
			break;
		case 'f':
			expect_bytes(cursor, pa, block, MMU_PAGE_FILTERED, 0);
			break;
		case 't':
			expect_bytes(cursor, pa, block, MMU_PAGE_TRUNCATED, 0);
			break;
		case 'x':
			expect_bytes(cursor, pa, block, MMU_PAGE_UNREADABLE, 0);
			break;
		default:
			expect_bytes(cursor, pa, block, MMU_PAGE_OUTSIDE_RAM, 0);
		}
	}
	expect_bytes(cursor, pa, UINT64_MAX - pa, MMU_PAGE_OUTSIDE_RAM, 0);
	expect_bytes(cursor, UINT64_MAX, 1, MMU_PAGE_OUTSIDE_RAM, 0);
}

static void check_kdump(const struct build_kdump *kdump, bool flatten)
{
	struct build_buffer buffer = { 0 }, flat = { 0 };

	build_kdump(&buffer, kdump);
	if (flatten)
		build_flattened(&flat, &buffer, 3000, true, true);
	struct opened opened = open_bytes(flatten ? &flat : &buffer);
	struct mmu_image *image = opened.image;
	struct mmu_cursor *cursor = &opened.cursor;

	assert_string_equal(image->reader->name, "kdump");
	assert_int_equal(image->elf_class, kdump->width == BUILD_64 ? ELFCLASS64 : ELFCLASS32);
	assert_int_equal(image->big_endian, kdump->big);
	assert_int_equal(image->page_bytes, kdump->block_bytes);
	assert_string_equal(image->release, "6.1.0-test");
	assert_string_equal(image->machine, kdump->machine);
	if (kdump->version >= 3) {
		assert_int_equal(image->vmcoreinfo.count, strlen(VMCOREINFO));
		assert_memory_equal(image->vmcoreinfo.data, VMCOREINFO, strlen(VMCOREINFO));
	}
	assert_int_equal(image->nr_notes, kdump->version >= 4 ? 2 : 0);
	check_pages(cursor, kdump);
	check_pages(cursor, kdump); /* from the cache */
	close_opened(&opened);
	free(buffer.data);
	free(flat.data);
}

static const struct build_kdump x86_64 = {
	.width = BUILD_64,
	.version = 6,
	.block_bytes = 4096,
	.packing = 1,
	.first_pa = 0x1000,
	.machine = "x86_64",
	.vmcoreinfo = VMCOREINFO,
	.notes = true,
	.pages = "ppzf..fffpz.pppppppppppppppppppppppppppppppppppppppppppppppppppppzpppppf",
};

static void packings_and_layouts(void **state)
{
	static const uint32_t blocks[] = { 4096, 16384, 65536 };
	struct build_kdump kdump = x86_64;

	for (size_t p = 0; p < NR_PACKINGS; p++) {
		for (unsigned int i = 0; i < 4 * 2 * 3 * 2; i++) {
			kdump.packing = packings[p];
			kdump.width = (enum build_width)(i % 4);
			kdump.big = i / 4 % 2;
			kdump.block_bytes = blocks[i / 8 % 3];
			kdump.first_pa = 7 * kdump.block_bytes;
			check_kdump(&kdump, i / 24);
		}
	}
}

static void header_versions(void **state)
{
	struct build_kdump kdump = x86_64;

	for (kdump.version = 0; kdump.version <= 7; kdump.version++) {
		for (unsigned int width = 0; width < 3; width++) {
			kdump.width = (enum build_width)width;
			check_kdump(&kdump, false);
		}
	}
}

static void damaged_pages(void **state)
{
	struct build_kdump kdump = x86_64;
	struct build_buffer buffer = { 0 };

	kdump.pages = "pxpfzx.pptt";
	kdump.status = 8;
	for (size_t p = 0; p < NR_PACKINGS; p++) {
		kdump.packing = packings[p];
		check_kdump(&kdump, false);
	}
	build_kdump(&buffer, &kdump);
	struct opened opened = open_bytes(&buffer);
	expect_counts(opened.image, 7, 1, 2);
	assert_non_null(strstr(opened.image->warning, "incomplete"));
	assert_non_null(strstr(opened.image->warning, "2 pages"));
	close_opened(&opened);
	free(buffer.data);
}

/* Wherever the file ends, a page is right or truncated, and the counts agree. */
static void truncated_files(void **state)
{
	struct build_kdump kdump = x86_64;
	struct build_buffer whole = { 0 }, flat = { 0 };

	kdump.packing = 0;
	build_kdump(&whole, &kdump);
	build_flattened(&flat, &whole, 5000, false, true);
	for (unsigned int flatten = 0; flatten < 2; flatten++) {
		const struct build_buffer *from = flatten ? &flat : &whole;

		for (size_t bytes = flatten ? 25000 : 4 * 4096; bytes < from->bytes; bytes += 701) {
			struct build_buffer part = { from->data, bytes, 0 };
			struct opened opened = open_bytes(&part);
			struct mmu_image *image = opened.image;
			struct mmu_cursor *cursor = &opened.cursor;
			uint64_t count[5] = { 0 };

			for (uint64_t pa = 0; pa < 0x60000; pa += 4096) {
				struct mmu_span span = mmu_image_span(cursor, pa);

				count[span.state]++;
				if (span.state == MMU_PAGE_PRESENT && span.data[0])
					expect_bytes(cursor, pa, 4096, MMU_PAGE_PRESENT, 0);
			}
			assert_int_equal(count[MMU_PAGE_UNREADABLE], 0);
			assert_non_null(image->warning);
			expect_counts(image, count[MMU_PAGE_PRESENT], count[MMU_PAGE_FILTERED],
				      count[MMU_PAGE_TRUNCATED]);
			close_opened(&opened);
		}
	}
	struct build_buffer part = { whole.data, 3 * 4096, 0 };
	expect_refusal(&part, MMU_ERROR_FORMAT, "ends inside its page bitmaps");
	free(whole.data);
	free(flat.data);
}

static void arm_page_frames(void **state)
{
	struct build_kdump kdump = x86_64;

	/* makedumpfile: frames from phys_base on. */
	kdump.width = BUILD_32_NATURAL;
	kdump.machine = "armv7l";
	kdump.phys_base = kdump.first_pa = 0x40000000;
	check_kdump(&kdump, false);
	kdump.width = BUILD_32_NATURAL_TIME64;
	check_kdump(&kdump, true);
	/* QEMU: absolute. */
	kdump.width = BUILD_32_PACKED;
	check_kdump(&kdump, false);
	/* x86's phys_base is the kernel's, not RAM's. */
	kdump.width = BUILD_64;
	kdump.machine = "x86_64";
	kdump.first_pa = 0x1000;
	kdump.phys_base = 0x1000000;
	check_kdump(&kdump, false);
}

static void machines(void **state)
{
	static const struct {
		const char *name;
		enum build_width width;
		bool big;
		uint16_t elf_machine;
	} cases[] = {
		{ "x86_64", BUILD_64, false, EM_X86_64 },
		{ "i686", BUILD_32_PACKED, false, EM_386 },
		{ "armv7l", BUILD_32_NATURAL, false, EM_ARM },
		{ "aarch64", BUILD_64, false, EM_AARCH64 },
		{ "riscv64", BUILD_64, false, EM_RISCV },
		{ "ppc64le", BUILD_64, false, EM_PPC64 },
		{ "s390x", BUILD_64, true, EM_S390 },
		/* By the size of the registers. */
		{ "Unknown", BUILD_32_PACKED, false, EM_ARM },
		{ "", BUILD_64, false, EM_X86_64 },
		{ "", BUILD_64, true, EM_S390 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct build_kdump kdump = x86_64;
		struct build_buffer buffer = { 0 };

		kdump.machine = cases[i].name;
		kdump.width = cases[i].width;
		kdump.big = cases[i].big;
		build_kdump(&buffer, &kdump);
		struct opened opened = open_bytes(&buffer);
		assert_int_equal(opened.image->elf_machine, cases[i].elf_machine);
		close_opened(&opened);
		free(buffer.data);
	}
}

static void counts_and_ranges(void **state)
{
	struct build_kdump kdump = x86_64;
	struct build_buffer buffer = { 0 };

	kdump.pages = "ppzf..fffp";
	build_kdump(&buffer, &kdump);
	struct opened opened = open_bytes(&buffer);
	expect_counts(opened.image, 4, 4, 0);
	expect_ram(opened.image, 2,
		   (struct mmu_pa_range[]){ { 0x1000, 0x4fff }, { 0x7000, 0xafff } });
	assert_string_equal(opened.image->format, "kdump-compressed v6, zlib");
	assert_null(opened.image->warning);
	/* Absence comes in runs. */
	assert_int_equal(mmu_image_span(&opened.cursor, 0x7000).bytes, 0x3000);
	assert_int_equal(mmu_image_span(&opened.cursor, 0x5800).bytes, 0x1800);
	close_opened(&opened);
	free(buffer.data);
}

static void refusals(void **state)
{
	struct build_kdump kdump = x86_64;
	struct build_buffer buffer = { 0 };

	kdump.split = 1;
	kdump.end_page = 3;
	build_kdump(&buffer, &kdump);
	expect_refusal(&buffer, MMU_ERROR_UNSUPPORTED, "is one part of a split dump");
	build_put_uint(&buffer, 428, 4, false, 4097);
	expect_refusal(&buffer, MMU_ERROR_FORMAT, "block size");
	build_put_uint(&buffer, 428, 4, false, 4096);
	build_put_uint(&buffer, 4096 + 12, 4, false, 0);
	build_put_uint(&buffer, 436, 4, false, 0x40000);
	expect_refusal(&buffer, MMU_ERROR_FORMAT, "ends inside its page bitmaps");
	build_put_uint(&buffer, 436, 4, false, 0xfffffffe);
	expect_refusal(&buffer, MMU_ERROR_FORMAT, "page bitmaps of 0x");
	build_put_uint(&buffer, 436, 4, false, 2);
	build_put_uint(&buffer, 440, 4, false, 0x100000);
	build_put_uint(&buffer, 4096 + 96, 8, false, 0x100000);
	expect_refusal(&buffer, MMU_ERROR_FORMAT, "1048576 pages, and bitmaps for 32768");
	free(buffer.data);
}

/* A header, and no page that it could be about: libkdumpfile opens such files, too. */
static void a_dump_without_any_page(void **state)
{
	for (unsigned int way = 0; way < 8; way++) {
		struct build_kdump kdump = x86_64;
		struct build_buffer buffer = { 0 };

		kdump.width = way & 1 ? BUILD_32_NATURAL : BUILD_64;
		kdump.big = way & 2;
		kdump.pages = "";
		build_kdump(&buffer, &kdump);
		size_t status = kdump.width == BUILD_64 ? 424 : 412;
		for (unsigned int i = way & 4 ? 12 : 8; i <= 16; i += 4)
			build_put_uint(&buffer, status + i, 4, kdump.big, 0);
		build_put_uint(&buffer, 4096 + (kdump.width == BUILD_64 ? 96 : 88), 8, kdump.big,
			       0);
		struct opened opened = open_bytes(&buffer);
		assert_string_equal(opened.image->reader->name, "kdump");
		assert_int_equal(opened.image->big_endian, kdump.big);
		assert_string_equal(opened.image->release, "6.1.0-test");
		assert_null(mmu_image_survey(opened.image));
		assert_int_equal(opened.image->nr_ram, 0);
		assert_int_equal(opened.image->present_pages + opened.image->filtered_pages +
					 opened.image->truncated_pages,
				 0);
		expect_bytes(&opened.cursor, 0, 4096, MMU_PAGE_OUTSIDE_RAM, 0);
		expect_bytes(&opened.cursor, UINT64_MAX, 1, MMU_PAGE_OUTSIDE_RAM, 0);
		close_opened(&opened);
		free(buffer.data);
	}
}

/* The same bytes under the older signature go through libkdumpfile, and must agree. */
static void the_other_reader(void **state)
{
	struct build_kdump kdump = x86_64;
	struct build_buffer buffer = { 0 };

	kdump.first_pa = 0;
	build_kdump(&buffer, &kdump);
	build_put_text(&buffer, 0, "DISKDUMP");
	struct opened opened = open_bytes(&buffer);
	assert_string_equal(opened.image->reader->name, "libkdumpfile");
	assert_int_equal(opened.image->elf_machine, EM_X86_64);
	assert_int_equal(opened.image->vmcoreinfo.count, strlen(VMCOREINFO));
	check_pages(&opened.cursor, &kdump);
	close_opened(&opened);
	free(buffer.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packings_and_layouts),    cmocka_unit_test(header_versions),
		cmocka_unit_test(damaged_pages),           cmocka_unit_test(truncated_files),
		cmocka_unit_test(arm_page_frames),         cmocka_unit_test(machines),
		cmocka_unit_test(counts_and_ranges),       cmocka_unit_test(refusals),
		cmocka_unit_test(a_dump_without_any_page), cmocka_unit_test(the_other_reader),
	};

	return cmocka_run_group_tests_name("image-kdump", tests, NULL, NULL);
}
