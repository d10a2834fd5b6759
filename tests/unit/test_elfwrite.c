/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The ELF writer, read back by the reader: every byte, every state, and no leftovers. */
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/elfwrite.h"
#include "support/elf_little.h"
#include "support/image_checks.h"
#include "support/memory_image.h"

#define PAGE UINT64_C(0x1000)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char folder[] = "/tmp/test-elfwrite-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/out", folder);
	return 0;
}

static int remove_folder(void **state)
{
	return rmdir(folder);
}

static unsigned int files_in_folder(void)
{
	DIR *dir = opendir(folder);
	unsigned int nr = 0;

	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		nr += entry->d_name[0] != '.';
	closedir(dir);
	return nr;
}

/* Every byte is what build_byte() says, as expect_bytes() wants. */
static struct mmu_image *make_image(const struct memory_piece *pieces, size_t nr)
{
	struct mmu_image *image = memory_image_create(pieces, nr);

	for (size_t i = 0; i < nr; i++)
		for (uint64_t at = 0; pieces[i].state == MMU_PAGE_PRESENT && at < pieces[i].bytes;
		     at++)
			memory_image_put(image, pieces[i].first_pa + at, 1,
					 build_byte(pieces[i].first_pa + at));
	return image;
}

static struct mmu_elf_written write_image(struct mmu_image *image,
					  const struct mmu_elf_output *output)
{
	struct mmu_elf_written written;
	struct mmu_error *error = mmu_elf_write(memory_image_cursor(image), output, path, &written);

	if (error)
		fail_msg("%s", mmu_error_message(error));
	assert_int_equal(files_in_folder(), 1);
	return written;
}

static struct mmu_image *read_back(void)
{
	struct mmu_image *image;
	struct mmu_error *error = mmu_image_open(&(struct mmu_source){ .path = path }, &image);

	if (error)
		fail_msg("%s", mmu_error_message(error));
	unlink(path);
	assert_null(image->warning);
	return image;
}

/* What is kept is there, all else in the RAM is filtered, and outside of it is nothing. */
static void expect_kept(const struct mmu_image *image, const struct mmu_pa_range *ram,
			size_t nr_ram, const struct mmu_elf_output *output)
{
	struct mmu_cursor cursor;
	uint64_t pa = 0;
	size_t next = 0;

	mmu_cursor_init(&cursor, image);
	expect_ram(image, nr_ram, ram);
	for (size_t i = 0; i < nr_ram; i++) {
		expect_bytes(&cursor, pa, ram[i].first_pa - pa, MMU_PAGE_OUTSIDE_RAM, 0);
		for (pa = ram[i].first_pa; pa <= ram[i].last_pa && pa;) {
			const struct mmu_pa_range *kept = &output->kept[next];
			bool more = next < output->nr_kept && kept->first_pa <= ram[i].last_pa;
			uint64_t end = more ? kept->first_pa : ram[i].last_pa + 1;

			expect_bytes(&cursor, pa, end - pa, MMU_PAGE_FILTERED, 0);
			pa = end;
			if (!more)
				continue;
			expect_bytes(&cursor, pa, kept->last_pa - pa + 1, MMU_PAGE_PRESENT, 0);
			pa = kept->last_pa + 1;
			next++;
		}
	}
	if (pa)
		expect_bytes(&cursor, pa, -pa, MMU_PAGE_OUTSIDE_RAM, 0);
	mmu_cursor_destroy(&cursor);
	assert_int_equal(next, output->nr_kept);
}

/* Odd ends; a range without anything; within a page, several in one, across pages, up to an end. */
static const struct memory_piece odd_pieces[] = {
	{ .first_pa = 0x0123, .bytes = 0x8000 },
	{ .first_pa = 0x10001, .bytes = 0x2ffe },
	{ .first_pa = 0x20000, .bytes = 0x5000 },
};
static const struct mmu_pa_range odd_ram[] = {
	{ 0x0123, 0x8122 },
	{ 0x10001, 0x12ffe },
	{ 0x20000, 0x24fff },
};
static const struct mmu_pa_range odd_kept[] = {
	{ 0x0123, 0x0123 },   { 0x0125, 0x0200 },   { 0x0ffe, 0x1000 }, { 0x1003, 0x1fff },
	{ 0x2001, 0x5432 },   { 0x5434, 0x5434 },   { 0x8000, 0x8122 }, { 0x20010, 0x20017 },
	{ 0x20ff0, 0x21000 }, { 0x24fff, 0x24fff },
};

static void test_round_trip(void **state)
{
	for (unsigned int i = 0; i < 4; i++) {
		struct mmu_image *image = make_image(odd_pieces, COUNT(odd_pieces)), *back;
		struct mmu_elf_output output = { .elf_machine = EM_ARM,
						 .elf_class = i & 1 ? ELFCLASS64 : ELFCLASS32,
						 .kept = odd_kept,
						 .nr_kept = COUNT(odd_kept) };

		image->big_endian = i & 2;
		struct mmu_elf_written written = write_image(image, &output);
		struct stat stat;
		assert_int_equal(lstat(path, &stat), 0);
		assert_int_equal(stat.st_size, written.file_bytes);
		assert_int_equal(written.note_bytes, 0);
		back = read_back();
		assert_string_equal(back->reader->name, "elf");
		assert_int_equal(back->elf_class, output.elf_class);
		assert_int_equal(back->elf_machine, EM_ARM);
		assert_int_equal(back->big_endian, image->big_endian);
		assert_int_equal(back->view.bytes % PAGE, 0);
		expect_kept(back, odd_ram, COUNT(odd_ram), &output);
		mmu_image_close(back);
		mmu_image_close(image);
	}
}

static void test_nothing_kept(void **state)
{
	struct mmu_image *image = make_image(odd_pieces, COUNT(odd_pieces)), *back;
	const struct mmu_elf_output output = { .elf_class = ELFCLASS64 };

	assert_int_equal(write_image(image, &output).segments, COUNT(odd_ram));
	back = read_back();
	expect_kept(back, odd_ram, COUNT(odd_ram), &output);
	mmu_image_close(back);
	mmu_image_close(image);
}

/* In a page of the file that no segment has whole there are zeros, not its neighbours. */
static void test_zeros_around(void **state)
{
	const struct mmu_pa_range kept[] = { { 0x20010, 0x20017 }, { 0x20020, 0x20020 } };
	const struct mmu_elf_output output = { .elf_class = ELFCLASS64,
					       .kept = kept,
					       .nr_kept = 2 };
	struct mmu_image *image = make_image(odd_pieces, COUNT(odd_pieces)), *back;
	struct mmu_elf_written written = write_image(image, &output);

	back = read_back();
	const uint8_t *page = back->view.map.data + written.file_bytes - PAGE;
	for (uint64_t i = 0; i < PAGE; i++) {
		bool is_kept = (i >= 0x10 && i < 0x18) || i == 0x20;

		assert_int_equal(page[i], is_kept ? build_byte(0x20000 + i) : 0);
	}
	mmu_image_close(back);
	mmu_image_close(image);
}

/* A 32-bit machine's memory above 4 GiB, up to it, and up to the last byte that there can be. */
static void test_wide_numbers(void **state)
{
	static const struct {
		struct memory_piece piece;
		struct mmu_pa_range kept;
		uint8_t elf_class;
	} cases[] = {
		{ { .first_pa = 0xffffe000, .bytes = 0x2000 }, { 0xfffff000, 0xffffffff }, 1 },
		{ { .first_pa = 0xffffe000, .bytes = 0x2001 }, { 0xffffffff, 0x100000000 }, 2 },
		{ { .first_pa = 0x100000000, .bytes = 0x1000 }, { 0x100000000, 0x100000000 }, 2 },
		{ { .first_pa = UINT64_MAX - 0xfff, .bytes = 0x1000 },
		  { UINT64_MAX - 1, UINT64_MAX },
		  2 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct mmu_pa_range ram = { cases[i].piece.first_pa,
						  cases[i].piece.first_pa +
							  (cases[i].piece.bytes - 1) };
		struct mmu_image *image = make_image(&cases[i].piece, 1), *back;
		const struct mmu_elf_output output = { .elf_class = ELFCLASS32,
						       .kept = &cases[i].kept,
						       .nr_kept = 1 };

		write_image(image, &output);
		back = read_back();
		assert_int_equal(back->elf_class, cases[i].elf_class);
		expect_kept(back, &ram, 1, &output);
		mmu_image_close(back);
		mmu_image_close(image);
	}
}

/* All of 4 GiB, of which nothing is kept: a size that 32 bits can't hold. */
static void test_wide_size(void **state)
{
	const struct memory_piece all = { .bytes = UINT64_C(1) << 32, .state = MMU_PAGE_FILTERED };
	const struct mmu_elf_output output = { .elf_class = ELFCLASS32 };
	struct mmu_image *image = memory_image_create(&all, 1), *back;

	write_image(image, &output);
	back = read_back();
	expect_kept(back, &(struct mmu_pa_range){ 0, UINT32_MAX }, 1, &output);
	mmu_image_close(back);
	mmu_image_close(image);
}

static void test_many_segments(void **state)
{
	enum { NR = 66000 };
	const struct memory_piece memory = { .first_pa = PAGE, .bytes = 16 * NR };
	struct mmu_pa_range *kept = calloc(NR, sizeof(*kept));
	struct mmu_image *image = make_image(&memory, 1), *back;

	assert_non_null(kept);
	for (uint64_t i = 0; i < NR; i++)
		kept[i] = (struct mmu_pa_range){ PAGE + 16 * i, PAGE + 16 * i + 7 };
	for (unsigned int class = ELFCLASS32; class <= ELFCLASS64; class ++) {
		const struct mmu_elf_output output = { .elf_class = (uint8_t) class,
						       .kept = kept,
						       .nr_kept = NR };

		assert_int_equal(write_image(image, &output).segments, NR);
		back = read_back();
		expect_kept(back, &(struct mmu_pa_range){ PAGE, PAGE + 16 * NR - 1 }, 1, &output);
		mmu_image_close(back);
	}
	mmu_image_close(image);
	free(kept);
}

static void test_virtual_addresses(void **state)
{
	const struct mmu_pa_range kept = { 0x20000, 0x20fff };
	const struct mmu_elf_output output = { .elf_class = ELFCLASS64,
					       .kept = &kept,
					       .nr_kept = 1,
					       .direct_map_va = UINT64_C(0xffff888000000000),
					       .image = { 0x20000, 0x2ffff },
					       .image_va = UINT64_C(0xffffffff90000000) };
	struct mmu_image *image = make_image(odd_pieces, COUNT(odd_pieces)), *back;

	uint64_t nr = write_image(image, &output).segments;
	back = read_back();
	Elf64_Ehdr header;
	Elf64_Phdr phdr[8];
	memcpy(&header, back->view.map.data, sizeof(header));
	elf_little_ehdr(&header);
	assert_int_equal(header.e_phnum, nr + 1);
	assert_true(header.e_phnum <= COUNT(phdr));
	memcpy(phdr, back->view.map.data + header.e_phoff, header.e_phnum * sizeof(phdr[0]));
	for (size_t i = 0; i < header.e_phnum; i++)
		elf_little_phdr(&phdr[i]);
	assert_int_equal(phdr[0].p_type, PT_NOTE);
	for (uint64_t i = 1; i <= nr; i++) {
		uint64_t distance = i == nr ? output.image_va : output.direct_map_va;

		assert_int_equal(phdr[i].p_type, PT_LOAD);
		assert_int_equal(phdr[i].p_vaddr, phdr[i].p_paddr + distance);
		assert_int_equal(phdr[i].p_align, 0);
	}
	/* the kernel's image is there twice, and in the file once */
	assert_int_equal(phdr[nr].p_paddr, kept.first_pa);
	assert_int_equal(phdr[nr].p_filesz, 0x1000);
	assert_int_equal(phdr[nr].p_memsz, 0x1000);
	assert_int_equal(back->view.bytes, phdr[nr].p_offset + 0x1000);
	mmu_image_close(back);
	mmu_image_close(image);
}

/* ------------------------------------------------------------------ notes */

static bool no_linux_notes(const struct mmu_note *note, void *context)
{
	(void)context;
	return strcmp(note->name, "LINUX") != 0;
}

/* memory_image.h knows no notes. */
static void set_notes(struct mmu_image *image, const struct mmu_note *notes, size_t nr)
{
	image->notes = calloc(nr, sizeof(*notes));
	assert_non_null(image->notes);
	for (size_t i = 0; i < nr; i++) {
		image->notes[i] = notes[i];
		image->notes[i].name = strdup(notes[i].name);
	}
	image->nr_notes = nr;
}

static void test_notes(void **state)
{
	static const char info[] = "OSRELEASE=6.1.0-test\nPAGESIZE=4096\n";
	const struct mmu_note notes[] = {
		{ "CORE", NT_PRSTATUS, { (const uint8_t *)"registers", 9 } },
		{ "LINUX", NT_ARM_VFP, { (const uint8_t *)"secret", 6 } },
		{ "", 7, { (const uint8_t *)"", 0 } },
		{ "VMCOREINFO", 0, { (const uint8_t *)info, sizeof(info) - 1 } },
	};

	/* all; a note is left out; VMCOREINFO was found in memory; there is none */
	for (unsigned int i = 0; i < 8; i++) {
		bool some = i & 1, found = i & 2;
		struct mmu_image *image = make_image(odd_pieces, COUNT(odd_pieces)), *back;
		const struct mmu_elf_output output = { .elf_class = i & 4 ? ELFCLASS64 : ELFCLASS32,
						       .vmcoreinfo = notes[3].desc,
						       .wants_note = some ? no_linux_notes : NULL };

		set_notes(image, notes, found ? 3 : 4);
		write_image(image, &output);
		back = read_back();
		assert_int_equal(back->nr_notes, some ? 3 : 4);
		for (size_t n = 0, at = 0; n < COUNT(notes); n++) {
			if (some && n == 1)
				continue;
			assert_string_equal(back->notes[at].name, notes[n].name);
			assert_int_equal(back->notes[at].type, notes[n].type);
			assert_int_equal(back->notes[at].desc.count, notes[n].desc.count);
			assert_memory_equal(back->notes[at].desc.data, notes[n].desc.data,
					    notes[n].desc.count);
			at++;
		}
		assert_int_equal(back->vmcoreinfo.count, sizeof(info) - 1);
		assert_int_equal(back->page_bytes, 4096);
		expect_kept(back, odd_ram, COUNT(odd_ram), &output);
		mmu_image_close(back);
		mmu_image_close(image);
	}
}

/* ------------------------------------------------------------------ what can't be written */

static void expect_failure(struct mmu_image *image, const struct mmu_elf_output *output,
			   const char *where, enum mmu_error_kind code, const char *part)
{
	struct mmu_elf_written written = { 1, 2, 3 };
	struct mmu_error *error = mmu_elf_write(memory_image_cursor(image), output, where,
						&written);

	assert_non_null(error);
	if (mmu_error_code(error) != code || !strstr(mmu_error_message(error), part) ||
	    strncmp(mmu_error_message(error), where, strlen(where)) != 0)
		fail_msg("code %d: %s", mmu_error_code(error), mmu_error_message(error));
	mmu_error_destroy(error);
	assert_int_equal(written.file_bytes, 1); /* untouched */
}

static void test_paths(void **state)
{
	const struct mmu_elf_output output = { .elf_class = ELFCLASS64 };
	struct mmu_image *image = make_image(odd_pieces, COUNT(odd_pieces));
	char nowhere[80];
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs("mine", file);
	fclose(file);
	expect_failure(image, &output, path, MMU_ERROR_OS, "File exists");
	assert_int_equal(files_in_folder(), 1);
	char text[8] = "";
	file = fopen(path, "r");
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	assert_string_equal(text, "mine");
	unlink(path);
	assert_int_equal(symlink("nowhere", path), 0);
	expect_failure(image, &output, path, MMU_ERROR_OS, "File exists");
	unlink(path);
	snprintf(nowhere, sizeof(nowhere), "%s/none/out", folder);
	expect_failure(image, &output, nowhere, MMU_ERROR_OS, "No such file");
	expect_failure(image, &output, "/proc/none", MMU_ERROR_OS, "No such file");
	assert_int_equal(files_in_folder(), 0);
	mmu_image_close(image);
}

static bool stop_after(void *context)
{
	unsigned int *left = context;

	return !(*left)--;
}

static void test_stop(void **state)
{
	struct mmu_image *image = make_image(odd_pieces, COUNT(odd_pieces));

	for (unsigned int n = 0; n < COUNT(odd_kept); n++) {
		unsigned int left = n;
		const struct mmu_elf_output output = { .elf_class = ELFCLASS64,
						       .kept = odd_kept,
						       .nr_kept = COUNT(odd_kept),
						       .stop = stop_after,
						       .context = &left };

		expect_failure(image, &output, path, MMU_ERROR_STOPPED, "stopped");
		assert_int_equal(files_in_folder(), 0);
	}
	mmu_image_close(image);
}

/* A disk that is full, at each place where something is written. */
static void test_full_disk(void **state)
{
	const struct memory_piece memory = { .bytes = 0x40000 };
	const struct mmu_pa_range kept[] = { { 0, 0xfff }, { 0x2000, 0x3ffff } };
	const struct mmu_elf_output output = { .elf_class = ELFCLASS64,
					       .kept = kept,
					       .nr_kept = 2 };
	struct mmu_image *image = make_image(&memory, 1);
	struct rlimit limit, small;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	for (rlim_t bytes = 0; bytes < 0x40000; bytes += 0x7ff) {
		small = (struct rlimit){ bytes, limit.rlim_max };
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
		expect_failure(image, &output, path, MMU_ERROR_OS, "too large");
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
		assert_int_equal(files_in_folder(), 0);
	}
	mmu_image_close(image);
}

static void test_bytes_that_went(void **state)
{
	const struct memory_piece pieces[] = {
		{ .first_pa = 0, .bytes = 0x1000 },
		{ .first_pa = 0x1000, .bytes = 0x1000, .state = MMU_PAGE_UNREADABLE },
	};
	const struct mmu_pa_range kept = { 0x800, 0x1000 };
	const struct mmu_elf_output output = { .elf_class = ELFCLASS64,
					       .kept = &kept,
					       .nr_kept = 1 };
	struct mmu_image *image = make_image(pieces, 2);

	/* one RAM, as the readers have it */
	image->nr_ram = 1;
	image->ram[0].last_pa = 0x1fff;
	expect_failure(image, &output, path, MMU_ERROR_FAULT, "physical 0x1000");
	assert_int_equal(files_in_folder(), 0);
	mmu_image_close(image);
}

/* What lies outside of the RAM, or across its ends: some readers don't know all of it. */
static void test_outside_of_ram(void **state)
{
	static const struct mmu_pa_range kept[] = { { 0, 0 },
						    { 0x100, 0x123 },
						    { 0x8122, 0x8123 },
						    { 0x9000, 0x9000 },
						    { 0x12fff, 0x12fff },
						    { 0x8122, 0x20000 },
						    { 0x25000, 0x25000 },
						    { UINT64_MAX, UINT64_MAX } };
	struct mmu_image *image = make_image(odd_pieces, COUNT(odd_pieces));

	for (size_t i = 0; i < COUNT(kept); i++) {
		const struct mmu_elf_output output = { .elf_class = ELFCLASS64,
						       .kept = &kept[i],
						       .nr_kept = 1 };

		expect_failure(image, &output, path, MMU_ERROR_UNSUPPORTED, "not in what");
	}
	image->nr_ram = 0;
	const struct mmu_elf_output output = { .elf_class = ELFCLASS64,
					       .kept = kept,
					       .nr_kept = 1 };
	expect_failure(image, &output, path, MMU_ERROR_UNSUPPORTED, "not in what");
	assert_int_equal(files_in_folder(), 0);
	mmu_image_close(image);
}

static void test_too_many(void **state)
{
	const struct mmu_elf_output output = { .elf_class = ELFCLASS64,
					       .kept = odd_kept,
					       .nr_kept = (size_t)1 << 20 }; /* never read */
	struct mmu_image *image = make_image(odd_pieces, COUNT(odd_pieces));

	expect_failure(image, &output, path, MMU_ERROR_UNSUPPORTED, "too many");
	mmu_image_close(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_nothing_kept),
		cmocka_unit_test(test_zeros_around),
		cmocka_unit_test(test_wide_numbers),
		cmocka_unit_test(test_wide_size),
		cmocka_unit_test(test_many_segments),
		cmocka_unit_test(test_virtual_addresses),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_bytes_that_went),
		cmocka_unit_test(test_outside_of_ram),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests_name("elfwrite", tests, make_folder, remove_folder);
}
