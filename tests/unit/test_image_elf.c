/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The ELF reader, with headers as they are written and as they should not be. */
#include <elf.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/elf_little.h"
#include "support/image_checks.h"

#define PAGE 4096
#define VMCOREINFO "OSRELEASE=6.1.0-test\nPAGESIZE=4096\n"

static const struct build_segment two_segments[] = {
	{ 0x100000, 4 * PAGE, 4 * PAGE, 0 },
	{ 0x1000, 2 * PAGE, 2 * PAGE, 0 },
};

static void check_two_segments(const struct build_elf *elf)
{
	struct build_buffer buffer = { 0 };

	build_elf(&buffer, elf);
	struct opened opened = open_bytes(&buffer);
	struct mmu_image *image = opened.image;
	struct mmu_cursor *cursor = &opened.cursor;

	assert_string_equal(image->reader->name, "elf");
	assert_int_equal(image->elf_class, elf->wide ? ELFCLASS64 : ELFCLASS32);
	assert_int_equal(image->elf_machine, elf->machine);
	assert_int_equal(image->big_endian, elf->big);
	assert_int_equal(image->nr_notes, 2);
	assert_string_equal(image->notes[0].name, "CORE");
	assert_int_equal(image->notes[0].type, NT_PRSTATUS);
	assert_int_equal(image->notes[0].desc.count, 9);
	assert_int_equal(image->vmcoreinfo.count, strlen(VMCOREINFO));
	assert_memory_equal(image->vmcoreinfo.data, VMCOREINFO, strlen(VMCOREINFO));
	expect_ram(image, 2, (struct mmu_pa_range[]){ { 0x1000, 0x2fff }, { 0x100000, 0x103fff } });
	expect_counts(image, 6, 0, 0);
	expect_bytes(cursor, 0, 0x1000, MMU_PAGE_OUTSIDE_RAM, 0);
	expect_bytes(cursor, 0x1000, 2 * PAGE, MMU_PAGE_PRESENT, 0);
	expect_bytes(cursor, 0x3000, 0x100000 - 0x3000, MMU_PAGE_OUTSIDE_RAM, 0);
	expect_bytes(cursor, 0x100000, 4 * PAGE, MMU_PAGE_PRESENT, 0);
	expect_bytes(cursor, 0x104000, UINT64_MAX - 0x104000, MMU_PAGE_OUTSIDE_RAM, 0);
	expect_bytes(cursor, UINT64_MAX, 1, MMU_PAGE_OUTSIDE_RAM, 0);
	assert_null(image->warning);
	close_opened(&opened);
	free(buffer.data);
}

static void classes_and_byte_orders(void **state)
{
	for (unsigned int i = 0; i < 8; i++)
		check_two_segments(&(struct build_elf){
			.wide = i & 1,
			.big = i & 2,
			.ehsize = i & 4 ? 8 : 0, /* QEMU */
			.machine = EM_PPC64,
			.vmcoreinfo = VMCOREINFO,
			.segments = two_segments,
			.nr_segments = 2,
		});
}

static void more_than_65535_segments(void **state)
{
	for (unsigned int wide = 0; wide < 2; wide++)
		check_two_segments(&(struct build_elf){
			.wide = wide,
			.machine = EM_X86_64,
			.vmcoreinfo = VMCOREINFO,
			.extended = true,
			.nr_empty = 70000,
			.segments = two_segments,
			.nr_segments = 2,
		});
}

static struct opened open_segments(const struct build_segment *segments, size_t nr, size_t cut)
{
	struct build_buffer buffer = { 0 };

	build_elf(&buffer, &(struct build_elf){ .wide = true,
						.machine = EM_X86_64,
						.segments = segments,
						.nr_segments = nr });
	buffer.bytes -= cut;
	struct opened opened = open_bytes(&buffer);
	free(buffer.data);
	return opened;
}

/* A full disk: makedumpfile -E had no more room for the memory that the last header tells of. */
static void unwritten_headers(void **state)
{
	struct build_buffer buffer = { 0 };

	build_elf(&buffer, &(struct build_elf){ .wide = true,
						.machine = EM_X86_64,
						.segments = two_segments,
						.nr_segments = 2 });
	Elf64_Ehdr header;
	memcpy(&header, buffer.data, sizeof(header));
	elf_little_ehdr(&header);
	memset(buffer.data + header.e_phoff + (header.e_phnum - 1) * sizeof(Elf64_Phdr), 0,
	       sizeof(Elf64_Phdr));
	struct opened opened = open_bytes(&buffer);
	struct mmu_image *image = opened.image;
	struct mmu_cursor *cursor = &opened.cursor;

	expect_bytes(cursor, 0x1000, 2 * PAGE, MMU_PAGE_TRUNCATED, 0);
	expect_bytes(cursor, 0x100000, 4 * PAGE, MMU_PAGE_PRESENT, 0);
	expect_bytes(cursor, 0x104000, PAGE, MMU_PAGE_TRUNCATED, 0);
	expect_ram(image, 1, (struct mmu_pa_range[]){ { 0x100000, 0x103fff } });
	expect_counts(image, 4, 0, 0);
	assert_non_null(strstr(image->warning, "1 of its 3 program headers were never written"));
	close_opened(&opened);
	free(buffer.data);
}

static void overlaps(void **state)
{
	/* First in file order wins, but what is in the file beats what is not. */
	const struct build_segment segments[] = {
		{ 0x4000, 2 * PAGE, 8 * PAGE, 0 },
		{ 0x3000, 4 * PAGE, 4 * PAGE, 1 },
		{ 0x5800, 3 * PAGE, 3 * PAGE, 2 },
		{ 0x0, 16 * PAGE, 16 * PAGE, 3 },
	};
	struct opened opened = open_segments(segments, 4, 0);
	struct mmu_image *image = opened.image;
	struct mmu_cursor *cursor = &opened.cursor;

	expect_bytes(cursor, 0x0, 0x3000, MMU_PAGE_PRESENT, 3);
	expect_bytes(cursor, 0x3000, 0x1000, MMU_PAGE_PRESENT, 1);
	expect_bytes(cursor, 0x4000, 0x2000, MMU_PAGE_PRESENT, 0);
	expect_bytes(cursor, 0x6000, 0x1000, MMU_PAGE_PRESENT, 1);
	expect_bytes(cursor, 0x7000, 0x1800, MMU_PAGE_PRESENT, 2);
	expect_bytes(cursor, 0x8800, 0x7800, MMU_PAGE_PRESENT, 3);
	expect_counts(image, 16, 0, 0);
	expect_ram(image, 1, (struct mmu_pa_range[]){ { 0, 0xffff } });

	/* From one segment into the next. */
	uint8_t bytes[0x3000];
	uint64_t end_pa = 1;
	assert_int_equal(mmu_image_read(cursor, 0x2fff, bytes, sizeof(bytes), &end_pa),
			 MMU_PAGE_PRESENT);
	assert_int_equal(end_pa, 1);
	for (uint64_t i = 0; i < sizeof(bytes); i++) {
		uint8_t change = i < 1 ? 3 : i < 0x1001 ? 1 : 0;

		assert_int_equal(bytes[i], (uint8_t)(build_byte(0x2fff + i) + change));
	}
	assert_int_equal(mmu_image_read(cursor, 0xfff0, bytes, 32, &end_pa), MMU_PAGE_OUTSIDE_RAM);
	assert_int_equal(end_pa, 0x10000);
	assert_int_equal(bytes[15], (uint8_t)(build_byte(0xffff) + 3));
	close_opened(&opened);
}

static void ragged_ends(void **state)
{
	const struct build_segment segments[] = {
		{ 0x1000, 0xc00, 0xc00, 0 }, /* ends in a page, the next begins in the same one */
		{ 0x1e00, 0x400, 0x400, 0 },
		{ 0x5003, 0xffd, 0x2ffd, 0 }, /* present, then two pages that were left out */
	};
	struct opened opened = open_segments(segments, 3, 0);
	struct mmu_image *image = opened.image;
	struct mmu_cursor *cursor = &opened.cursor;

	expect_counts(image, 3, 2, 0);
	expect_ram(image, 3,
		   (struct mmu_pa_range[]){
			   { 0x1000, 0x1bff }, { 0x1e00, 0x21ff }, { 0x5003, 0x7fff } });
	expect_bytes(cursor, 0x1bff, 1, MMU_PAGE_PRESENT, 0);
	expect_bytes(cursor, 0x1c00, 0x200, MMU_PAGE_OUTSIDE_RAM, 0);
	expect_bytes(cursor, 0x1e00, 0x400, MMU_PAGE_PRESENT, 0);
	expect_bytes(cursor, 0x5003, 0xffd, MMU_PAGE_PRESENT, 0);
	expect_bytes(cursor, 0x6000, 0x2000, MMU_PAGE_FILTERED, 0);
	expect_bytes(cursor, 0x8000, 1, MMU_PAGE_OUTSIDE_RAM, 0);
	close_opened(&opened);
}

static void truncated_file(void **state)
{
	const struct build_segment segments[] = {
		{ 0x0, 2 * PAGE, 2 * PAGE, 0 },
		{ 0x10000, 4 * PAGE, 6 * PAGE, 0 },
	};
	struct opened opened = open_segments(segments, 2, 2 * PAGE + 0x800);
	struct mmu_image *image = opened.image;
	struct mmu_cursor *cursor = &opened.cursor;

	expect_counts(image, 2 + 2, 2, 2);
	expect_bytes(cursor, 0x10000, PAGE + 0x800, MMU_PAGE_PRESENT, 0);
	expect_bytes(cursor, 0x11800, 2 * PAGE + 0x800, MMU_PAGE_TRUNCATED, 0);
	expect_bytes(cursor, 0x14000, 2 * PAGE, MMU_PAGE_FILTERED, 0);
	assert_non_null(strstr(image->warning, "truncated: 2 pages"));
	close_opened(&opened);
}

static void segments_without_memory(void **state)
{
	const struct build_segment segments[] = {
		{ UINT64_MAX, PAGE, PAGE, 0 }, /* vmalloc in /proc/kcore */
		{ 0x2000, PAGE, PAGE, 0 },
		{ UINT64_MAX - 10, PAGE, PAGE, 0 },       /* runs past the end of memory */
		{ UINT64_MAX - PAGE + 1, PAGE, PAGE, 0 }, /* ends at it */
	};
	struct opened opened = open_segments(segments, 4, 0);

	expect_ram(opened.image, 2,
		   (struct mmu_pa_range[]){ { 0x2000, 0x2fff },
					    { UINT64_MAX - PAGE + 1, UINT64_MAX } });
	expect_bytes(&opened.cursor, UINT64_MAX - PAGE + 1, PAGE, MMU_PAGE_PRESENT, 0);
	assert_non_null(strstr(opened.image->warning, "2^64"));
	uint8_t bytes[2];
	uint64_t end_pa = 0;
	assert_int_equal(mmu_image_read(&opened.cursor, UINT64_MAX, bytes, 2, &end_pa),
			 MMU_PAGE_OUTSIDE_RAM);
	close_opened(&opened);
}

/* 5 GiB at 1 GiB, as QEMU writes it for 32-bit machines; the file is sparse. */
static void sizes_cut_to_32_bits(void **state)
{
	const uint64_t first_pa = 0x40000000, bytes = UINT64_C(0x140000000);
	const struct build_segment segments[] = { { 0, PAGE, PAGE, 0 }, { first_pa, 0, 0, 0 } };
	struct build_buffer buffer = { 0 };
	struct build_file file;
	struct mmu_cursor cursor;
	struct mmu_image *image;

	if (bytes > SIZE_MAX)
		return; /* no such file can be mapped here */
	build_elf(&buffer,
		  &(struct build_elf){ .machine = EM_ARM, .segments = segments, .nr_segments = 2 });
	size_t header = 128 + 2 * 32;
	build_put_uint(&buffer, header + 16, 4, false, bytes & UINT32_MAX);
	build_put_uint(&buffer, header + 20, 4, false, bytes & UINT32_MAX);
	build_file_create(&file, &buffer);
	uint8_t marks[3] = { 1, 2, 3 };
	uint64_t at[3] = { 0, bytes / 2, bytes - 1 };
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(pwrite(file.fd, &marks[i], 1, (off_t)(buffer.bytes + at[i])), 1);
	assert_int_equal(pwrite(file.fd, ".strtab", 8, (off_t)(buffer.bytes + bytes)), 8);

	struct mmu_error *error = mmu_image_open(&(struct mmu_source){ .path = file.path }, &image);
	assert_null(error);
	mmu_cursor_init(&cursor, image);
	expect_ram(image, 2,
		   (struct mmu_pa_range[]){ { 0, PAGE - 1 }, { first_pa, first_pa + bytes - 1 } });
	expect_counts(image, 1 + bytes / PAGE, 0, 0);
	assert_non_null(strstr(image->warning, "32 bits"));
	for (size_t i = 0; i < 3; i++) {
		struct mmu_span span = mmu_image_span(&cursor, first_pa + at[i]);

		assert_int_equal(span.state, MMU_PAGE_PRESENT);
		assert_int_equal(span.data[0], marks[i]);
	}
	mmu_cursor_destroy(&cursor);
	mmu_image_close(image);
	build_file_close(&file);
	free(buffer.data);
}

static void flattened(void **state)
{
	for (unsigned int shuffle = 0; shuffle < 2; shuffle++) {
		struct build_buffer buffer = { 0 }, flat = { 0 };

		build_elf(&buffer, &(struct build_elf){ .wide = true,
							.machine = EM_X86_64,
							.vmcoreinfo = VMCOREINFO,
							.segments = two_segments,
							.nr_segments = 2 });
		build_flattened(&flat, &buffer, 1000, shuffle, true);
		struct opened opened = open_bytes(&flat);
		assert_string_equal(opened.image->format, "ELF vmcore, 64 bits, flattened");
		expect_counts(opened.image, 6, 0, 0);
		expect_bytes(&opened.cursor, 0x1000, 2 * PAGE, MMU_PAGE_PRESENT, 0);
		expect_bytes(&opened.cursor, 0x100000, 4 * PAGE, MMU_PAGE_PRESENT, 0);
		assert_int_equal(opened.image->vmcoreinfo.count, strlen(VMCOREINFO));
		assert_memory_equal(opened.image->vmcoreinfo.data, VMCOREINFO, strlen(VMCOREINFO));
		close_opened(&opened);
		free(buffer.data);
		free(flat.data);
	}
}

static void what_is_no_image(void **state)
{
	static const struct {
		const char *text, *message;
	} strangers[] = {
		{ "", "is empty" },
		{ "# not a dump\n", "is text, not a memory image that mmuscope knows" },
		{ "\x01\x02\x03\x04", "not a memory image that mmuscope knows" },
		{ "\x7f"
		  "ELF",
		  "ends inside its ELF header" },
		{ "\x7f"
		  "ELF\x07\x01",
		  "class 7" },
		{ "\x7f"
		  "ELF\x01\x07",
		  "byte order 7" },
		{ "KDUMP   ", "ends inside its kdump header" },
	};
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		struct build_buffer buffer = { 0 };

		build_put_text(&buffer, 0, strangers[i].text);
		expect_refusal(&buffer, MMU_ERROR_FORMAT, strangers[i].message);
		free(buffer.data);
	}
	struct mmu_image *image = NULL;
	struct mmu_error *error = mmu_image_open(&(struct mmu_source){ .path = "/" }, &image);
	assert_string_equal(mmu_error_message(error), "/: is a directory");
	mmu_error_destroy(error);
	error = mmu_image_open(&(struct mmu_source){ .path = "/nonexistent/vmcore" }, &image);
	assert_int_equal(mmu_error_code(error), MMU_ERROR_OS);
	mmu_error_destroy(error);
}

static void damaged_headers(void **state)
{
	struct build_elf elf = { .wide = true,
				 .type = ET_EXEC,
				 .machine = EM_X86_64,
				 .segments = two_segments,
				 .nr_segments = 2 };
	struct build_buffer buffer = { 0 };

	build_elf(&buffer, &elf);
	expect_refusal(&buffer, MMU_ERROR_FORMAT, "is an ELF executable (a vmlinux?)");
	build_put_uint(&buffer, 16, 2, false, ET_CORE);
	build_put_uint(&buffer, 54, 2, false, 8);
	expect_refusal(&buffer, MMU_ERROR_FORMAT, "program headers of 8 bytes");
	build_put_uint(&buffer, 54, 2, false, 56);
	build_put_uint(&buffer, 32, 8, false, UINT64_MAX - 10);
	expect_refusal(&buffer, MMU_ERROR_FORMAT, "ends before its 3 program headers");
	build_put_uint(&buffer, 32, 8, false, 128);
	build_put_uint(&buffer, 56, 2, false, 1);
	expect_refusal(&buffer, MMU_ERROR_FORMAT, "without any physical memory");
	free(buffer.data);

	const struct build_segment process[] = { { 0, PAGE, PAGE, 0 }, { 0, PAGE, PAGE, 0 } };
	buffer = (struct build_buffer){ 0 };
	elf.type = ET_CORE;
	elf.segments = process;
	build_elf(&buffer, &elf);
	expect_refusal(&buffer, MMU_ERROR_FORMAT, "is the core of a process");
	free(buffer.data);
}

static void damaged_notes(void **state)
{
	static const uint32_t sizes[][2] = {
		{ UINT32_MAX, 9 }, { 5, UINT32_MAX }, { 300, 9 }, { 5, 40 }, { UINT32_MAX - 2, 0 },
	};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct build_buffer buffer = { 0 };
		size_t notes = 128 + 3 * 56;

		build_elf(&buffer, &(struct build_elf){ .wide = true,
							.segments = two_segments,
							.nr_segments = 2 });
		build_put_uint(&buffer, notes, 4, false, sizes[i][0]);
		build_put_uint(&buffer, notes + 4, 4, false, sizes[i][1]);
		struct opened opened = open_bytes(&buffer);
		assert_int_equal(opened.image->nr_notes, 0);
		assert_non_null(strstr(opened.image->warning, "makes no sense"));
		expect_counts(opened.image, 6, 0, 0);
		close_opened(&opened);
		free(buffer.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes_and_byte_orders),
		cmocka_unit_test(more_than_65535_segments),
		cmocka_unit_test(unwritten_headers),
		cmocka_unit_test(overlaps),
		cmocka_unit_test(ragged_ends),
		cmocka_unit_test(truncated_file),
		cmocka_unit_test(segments_without_memory),
		cmocka_unit_test(sizes_cut_to_32_bits),
		cmocka_unit_test(flattened),
		cmocka_unit_test(what_is_no_image),
		cmocka_unit_test(damaged_headers),
		cmocka_unit_test(damaged_notes),
	};

	return cmocka_run_group_tests_name("image-elf", tests, NULL, NULL);
}
