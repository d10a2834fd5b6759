/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The reader of cores that can't be mapped, on files too big for that, as /proc/kcore is. */
#include <elf.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image/reader.h"
#include "support/image_checks.h"

#define PAGE 4096
#define VMCOREINFO "OSRELEASE=6.1.0-test\nPAGESIZE=4096\n"
/* Beyond what any process can map, within what a file in memory can have. */
#define FILE_BYTES ((off_t)1 << 61)
#define FAR_OFFSET ((uint64_t)1 << 46)
#define ALL_ONES UINT64_MAX
#define ROUNDS 3000

/* A program header; its bytes are put into the file unless `hollow`. */
struct load {
	uint64_t offset, first_pa, bytes;
	uint8_t change;
	bool hollow;
};

/* The layout of 6.1 on x86_64: text, vmalloc, the direct map twice, vmemmap. */
static const struct load like_x86_64[] = {
	{ 0x7fff80004000, 0x200000, 2 * PAGE, 0, false },
	{ 0x490000004000, ALL_ONES, 0x1fffffffffff, 0, true },
	{ 0x7fffc0004000, ALL_ONES, 0x3f000000, 0, true },
	{ FAR_OFFSET + 0x1000, 0x1000, 3 * PAGE, 0, false },
	{ FAR_OFFSET + 0x100000, 0x100000, 0x104000, 0, false },
	{ 0x6a0000004000, ALL_ONES, 0x1000000, 0, true },
};

#define NR_LIKE_X86_64 (sizeof(like_x86_64) / sizeof(like_x86_64[0]))

struct core {
	struct build_file file;
	size_t head_bytes;
	uint8_t *head;
};

static void put_loads(struct build_buffer *buffer, size_t phoff, bool wide,
		      const struct load *loads, size_t nr)
{
	unsigned int width = wide ? 8 : 4;

	for (size_t i = 0; i < nr; i++) {
		size_t at = phoff + (1 + i) * (wide ? 56 : 32);

		build_put_uint(buffer, at, 4, false, PT_LOAD);
		at += width;
		build_put_uint(buffer, at, width, false, loads[i].offset);
		build_put_uint(buffer, at + 2 * width, width, false, loads[i].first_pa);
		build_put_uint(buffer, at + 3 * width, width, false, loads[i].bytes);
		build_put_uint(buffer, at + 4 * width, width, false, loads[i].bytes);
	}
}

static void put_bytes(int fd, const struct load *load)
{
	uint8_t page[PAGE];

	for (uint64_t done = 0; done < load->bytes && !load->hollow; done += PAGE) {
		for (size_t i = 0; i < PAGE; i++)
			page[i] = (uint8_t)(build_byte(load->first_pa + done + i) + load->change);
		assert_int_equal(pwrite(fd, page, PAGE, (off_t)(load->offset + done)), PAGE);
	}
}

static struct core make_core(bool wide, const struct load *loads, size_t nr)
{
	struct build_buffer buffer = { 0 };
	struct core core = { 0 };

	/* the builder's empty segments make room for headers that are then written over */
	build_elf(&buffer, &(struct build_elf){ .wide = wide,
						.machine = EM_X86_64,
						.vmcoreinfo = VMCOREINFO,
						.nr_empty = nr });
	put_loads(&buffer, 128, wide, loads, nr);
	build_file_create(&core.file, &buffer);
	assert_int_equal(ftruncate(core.file.fd, FILE_BYTES), 0);
	for (size_t i = 0; i < nr; i++)
		put_bytes(core.file.fd, &loads[i]);
	core.head = buffer.data;
	core.head_bytes = buffer.bytes;
	return core;
}

static void drop_core(struct core *core)
{
	build_file_close(&core->file);
	free(core->head);
}

static struct mmu_image *open_core(const struct core *core)
{
	struct mmu_image *image = NULL;
	struct mmu_error *error = mmu_image_open(&(struct mmu_source){ .path = core->file.path },
						 &image);

	if (error)
		fail_msg("%s", mmu_error_message(error));
	return image;
}

static void refuse_core(struct core *core, enum mmu_error_kind code, const char *part)
{
	struct mmu_image *image = NULL;
	struct mmu_error *error = mmu_image_open(&(struct mmu_source){ .path = core->file.path },
						 &image);

	assert_non_null(error);
	assert_null(image);
	if (mmu_error_code(error) != code || !strstr(mmu_error_message(error), part) ||
	    strchr(mmu_error_message(error), '\n'))
		fail_msg("code %d: %s", mmu_error_code(error), mmu_error_message(error));
	mmu_error_destroy(error);
	drop_core(core);
}

static void reads_by_physical_address(void **state)
{
	struct core core = make_core(true, like_x86_64, NR_LIKE_X86_64);
	struct mmu_image *image = open_core(&core);
	struct mmu_cursor cursor;

	mmu_cursor_init(&cursor, image);
	assert_string_equal(image->reader->name, "kcore");
	assert_false(image->live); /* a copy */
	assert_int_equal(image->elf_machine, EM_X86_64);
	assert_int_equal(image->nr_notes, 2);
	assert_string_equal(image->notes[0].name, "CORE");
	assert_int_equal(image->vmcoreinfo.count, strlen(VMCOREINFO));
	expect_ram(image, 2, (struct mmu_pa_range[]){ { 0x1000, 0x3fff }, { 0x100000, 0x203fff } });
	expect_counts(image, 3 + 0x104, 0, 0);
	expect_bytes(&cursor, 0, 0x1000, MMU_PAGE_OUTSIDE_RAM, 0);
	expect_bytes(&cursor, 0x1000, 3 * PAGE, MMU_PAGE_PRESENT, 0);
	expect_bytes(&cursor, 0x1ffd, 0x1007, MMU_PAGE_PRESENT, 0);
	expect_bytes(&cursor, 0x4000, 0x100000 - 0x4000, MMU_PAGE_OUTSIDE_RAM, 0);
	expect_bytes(&cursor, 0x100000, 0x104000, MMU_PAGE_PRESENT, 0);
	expect_bytes(&cursor, 0x204000, UINT64_MAX - 0x204000, MMU_PAGE_OUTSIDE_RAM, 0);
	expect_bytes(&cursor, UINT64_MAX, 1, MMU_PAGE_OUTSIDE_RAM, 0);
	assert_null(image->warning);
	mmu_cursor_destroy(&cursor);
	mmu_image_close(image);
	drop_core(&core);
}

/* Memory changes: what was read once must not be told again. */
static void nothing_is_kept(void **state)
{
	struct core core = make_core(true, like_x86_64, NR_LIKE_X86_64);
	struct mmu_image *image = open_core(&core);
	struct mmu_cursor cursor;
	uint8_t byte = (uint8_t)(build_byte(0x1234) + 1);

	mmu_cursor_init(&cursor, image);
	expect_bytes(&cursor, 0x1234, 1, MMU_PAGE_PRESENT, 0);
	assert_int_equal(pwrite(core.file.fd, &byte, 1, (off_t)(FAR_OFFSET + 0x1234)), 1);
	expect_bytes(&cursor, 0x1234, 1, MMU_PAGE_PRESENT, 1);
	mmu_cursor_destroy(&cursor);
	mmu_image_close(image);
	drop_core(&core);
}

/* Memory after the end of the file, or after a fault, is unreadable. */
static void unreadable_memory(void **state)
{
	const struct load loads[] = {
		{ FAR_OFFSET, 0x1000, 2 * PAGE, 0, false },
		{ (uint64_t)FILE_BYTES, 0x8000, PAGE, 0, true },
		{ (uint64_t)FILE_BYTES - 0x800, 0x10000, PAGE, 0, true },
		{ (uint64_t)INT64_MAX - 0x10, 0x20000, PAGE, 0, true },
		{ UINT64_MAX - 0x800, 0x30000, PAGE, 0, true },
		{ (uint64_t)1 << 63, 0x40000, PAGE, 0, true },
	};
	struct core core = make_core(true, loads, 6);
	struct mmu_image *image = open_core(&core);
	struct mmu_cursor cursor;
	uint8_t buf[0x900];
	uint64_t stop_pa = 0;

	mmu_cursor_init(&cursor, image);
	expect_bytes(&cursor, 0x1000, 2 * PAGE, MMU_PAGE_PRESENT, 0);
	expect_bytes(&cursor, 0x8000, PAGE, MMU_PAGE_UNREADABLE, 0);
	expect_bytes(&cursor, 0x20000, PAGE, MMU_PAGE_UNREADABLE, 0);
	expect_bytes(&cursor, 0x40000, PAGE, MMU_PAGE_UNREADABLE, 0);
	assert_int_equal(mmu_image_read(&cursor, 0x10000, buf, sizeof(buf), &stop_pa),
			 MMU_PAGE_UNREADABLE);
	assert_int_equal(stop_pa, 0x10800);
	assert_int_equal(mmu_image_span(&cursor, 0x30000).state, MMU_PAGE_UNREADABLE);
	mmu_cursor_destroy(&cursor);
	mmu_image_close(image);
	drop_core(&core);
}

static void without_physical_addresses(void **state)
{
	const struct load old[] = { { FAR_OFFSET, 0, PAGE, 0, true },
				    { 2 * FAR_OFFSET, 0, PAGE, 0, true } };
	const struct load none[] = { { FAR_OFFSET, ALL_ONES, PAGE, 0, true } };
	struct core core = make_core(true, old, 2);

	refuse_core(&core, MMU_ERROR_UNSUPPORTED, "gives no physical addresses: they are all 0");
	core = make_core(true, none, 1);
	refuse_core(&core, MMU_ERROR_UNSUPPORTED, "shows no RAM");
}

/* A core as it is when it is found at /proc/kcore. */
static struct mmu_error *open_live(const struct core *core, struct mmu_image *image)
{
	*image = (struct mmu_image){ .reader = &mmu_reader_kcore, .page_bytes = PAGE };
	assert_null(mmu_file_open_unmapped(core->file.path, &image->file));
	free(image->file.path);
	image->file.path = strdup(MMU_KCORE_PATH);
	image->file.procfs = true;
	return mmu_reader_kcore.open(image, NULL);
}

static void drop_live(struct core *core, struct mmu_image *image)
{
	struct mmu_image *copy = malloc(sizeof(*copy)); /* closing frees it */

	*copy = *image;
	mmu_image_close(copy);
	drop_core(core);
}

static void of_the_running_kernel(void **state)
{
	const struct load old[] = { { FAR_OFFSET, 0, PAGE, 0, true },
				    { 2 * FAR_OFFSET, 0, PAGE, 0, true } };
	const struct load low[] = { { 0x37404000, UINT32_MAX, 0x800000, 0, true },
				    { 0x1000, 0, 4 * PAGE, 0, false } };
	struct core core = make_core(true, old, 2);
	struct mmu_image image;
	struct mmu_error *error = open_live(&core, &image);

	assert_non_null(error);
	assert_string_equal(mmu_error_message(error), "gives no physical addresses: they are all "
						      "0, as in kernels before 4.11");
	mmu_error_destroy(error);
	drop_live(&core, &image);

	core = make_core(false, low, 2);
	assert_null(open_live(&core, &image));
	assert_true(image.live);
	assert_string_equal(image.format, "live /proc/kcore, 32 bits");
	assert_non_null(strstr(image.warning, "page tables and pages in high memory are outside"));
	drop_live(&core, &image);

	core = make_core(true, like_x86_64, NR_LIKE_X86_64);
	assert_null(open_live(&core, &image));
	assert_true(image.live);
	assert_null(image.warning);
	drop_live(&core, &image);
}

static void thirty_two_bits(void **state)
{
	const struct load loads[] = { { 0x37404000, UINT32_MAX, 0x800000, 0, true },
				      { 0x1000, 0, 4 * PAGE, 0, false } };
	struct core core = make_core(false, loads, 2);
	struct mmu_image *image = open_core(&core);
	struct mmu_cursor cursor;

	mmu_cursor_init(&cursor, image);
	assert_int_equal(image->elf_class, ELFCLASS32);
	expect_ram(image, 1, (struct mmu_pa_range[]){ { 0, 0x3fff } });
	expect_bytes(&cursor, 0, 4 * PAGE, MMU_PAGE_PRESENT, 0);
	mmu_cursor_destroy(&cursor);
	mmu_image_close(image);
	drop_core(&core);
}

static void no_core_at_all(void **state)
{
	struct core core = make_core(true, like_x86_64, 1);

	assert_int_equal(pwrite(core.file.fd, "none", 4, 0), 4);
	refuse_core(&core, MMU_ERROR_FORMAT, "is no ELF core");
	core = make_core(true, like_x86_64, 1);
	assert_int_equal(pwrite(core.file.fd, &(uint8_t){ ET_EXEC }, 1, 16), 1);
	refuse_core(&core, MMU_ERROR_FORMAT, "not a memory image");
}

/* Whatever a header says, reading ends and stays within what was read. */
static void hostile_headers(void **state)
{
	struct core core = make_core(true, like_x86_64, NR_LIKE_X86_64);
	uint64_t random = 88172645463325252u;
	unsigned int opened = 0;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct mmu_image *image = NULL;
		struct mmu_cursor cursor;
		uint64_t pa = 0;

		for (unsigned int i = 0; i < 3; i++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			uint8_t byte = random & 256 ? (uint8_t)random : random & 512 ? 0xff : 0;
			assert_int_equal(pwrite(core.file.fd, &byte, 1,
						(off_t)((random >> 20) % core.head_bytes)),
					 1);
		}
		struct mmu_error *error =
			mmu_image_open(&(struct mmu_source){ .path = core.file.path }, &image);
		mmu_cursor_init(&cursor, image);
		for (unsigned int i = 0; !error && i < 600; i++) {
			struct mmu_span span = mmu_image_span(&cursor, pa);

			assert_true(span.bytes);
			assert_int_equal(!span.data, span.state != MMU_PAGE_PRESENT);
			assert_true(!span.data || span.bytes <= PAGE);
			if (span.data)
				memcpy((uint8_t[PAGE]){ 0 }, span.data, span.bytes);
			if (span.bytes - 1 >= UINT64_MAX - pa)
				break;
			pa += span.bytes;
		}
		opened += !error;
		if (error)
			assert_null(strchr(mmu_error_message(error), '\n'));
		mmu_error_destroy(error);
		mmu_cursor_destroy(&cursor);
		mmu_image_close(image);
		assert_int_equal(pwrite(core.file.fd, core.head, core.head_bytes, 0),
				 core.head_bytes);
	}
	assert_in_range(opened, ROUNDS / 10, ROUNDS - ROUNDS / 50);
	drop_core(&core);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_by_physical_address),
		cmocka_unit_test(nothing_is_kept),
		cmocka_unit_test(unreadable_memory),
		cmocka_unit_test(without_physical_addresses),
		cmocka_unit_test(of_the_running_kernel),
		cmocka_unit_test(thirty_two_bits),
		cmocka_unit_test(no_core_at_all),
		cmocka_unit_test(hostile_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
