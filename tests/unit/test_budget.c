/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Files that promise much on few bytes: what a session does with them has an end. */
#include <elf.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/session.h"
#include "image/unpack.h"
#include "support/image_checks.h"

#define STATUS_OFFSET 424u /* in struct disk_dump_header, on 64 bits */
#define MIB ((uint64_t)1 << 20)
#define RSS_KIB_MAX (256 * 1024)
/* A loop without an end must not hang whoever runs the tests. */
#define HANG_SECONDS 240

/* ------------------------------------------------------------------ ELF files */

struct segment {
	uint32_t type;
	uint64_t offset, pa, file_bytes, memory_bytes;
};

static size_t put_elf(struct build_buffer *buffer, const struct segment *segments, size_t nr)
{
	const Elf64_Ehdr header = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = htole16(ET_CORE),
		.e_machine = htole16(EM_X86_64),
		.e_version = htole32(EV_CURRENT),
		.e_phoff = htole64(sizeof(header)),
		.e_ehsize = htole16(sizeof(header)),
		.e_phentsize = htole16(sizeof(Elf64_Phdr)),
		.e_phnum = htole16((uint16_t)nr),
	};

	build_put(buffer, 0, &header, sizeof(header));
	for (size_t i = 0; i < nr; i++) {
		const Elf64_Phdr phdr = {
			.p_type = htole32(segments[i].type),
			.p_offset = htole64(segments[i].offset),
			.p_paddr = htole64(segments[i].pa),
			.p_filesz = htole64(segments[i].file_bytes),
			.p_memsz = htole64(segments[i].memory_bytes),
		};

		build_put(buffer, sizeof(header) + i * sizeof(phdr), &phdr, sizeof(phdr));
	}
	return sizeof(header) + nr * sizeof(Elf64_Phdr);
}

/* ------------------------------------------------------------------ sessions on them */

struct session {
	struct build_file file;
	struct mmu_session *session;
	struct mmu_info info;
};

static long peak_kib(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_maxrss;
}

static void assert_within(const struct mmu_budget *budget)
{
	for (unsigned int kind = 0; kind < MMU_BUDGET_KINDS; kind++)
		assert_true(budget->spent[kind] <=
			    mmu_budget_limit(budget, (enum mmu_budget_kind)kind));
}

/* Do all that `info` does. @param factor  0: the usual */
static struct session learn_file(const struct build_buffer *buffer, uint64_t holes_bytes,
				 uint64_t factor)
{
	struct session s = { .session = NULL };
	long before = peak_kib();

	alarm(HANG_SECONDS);
	build_file_create(&s.file, buffer);
	if (holes_bytes)
		assert_int_equal(ftruncate(s.file.fd, (off_t)holes_bytes), 0);
	const struct mmu_options options = {
		.size = sizeof(options), .image = s.file.path, .arch = "x86_64", .budget = factor
	};
	assert_null(mmu_session_open(&options, &s.session));
	struct mmu_error *error = mmu_session_learn(s.session);
	if (!error)
		error = mmu_session_cross_check(s.session);
	mmu_error_destroy(error);
	s.info = *mmu_session_info(s.session);
	assert_within(&s.session->budget);
	assert_true(peak_kib() - before < RSS_KIB_MAX);
	alarm(0);
	return s;
}

static void end(struct session *s)
{
	mmu_session_close(s->session);
	build_file_close(&s->file);
}

/* ------------------------------------------------------------------ the budget itself */

static void test_counting(void **state)
{
	struct mmu_budget budget = { .factor = 0 };
	uint64_t limit = mmu_budget_limit(&budget, MMU_BUDGET_READ), doubled;

	assert_true(mmu_budget_take(&budget, MMU_BUDGET_READ, limit - 1, "one"));
	assert_null(mmu_budget_given_up(&budget));
	assert_false(mmu_budget_take(&budget, MMU_BUDGET_READ, 2, "two"));
	assert_string_equal(mmu_budget_given_up(&budget), "two");
	/* the first that ended is told; what fits still goes */
	assert_true(mmu_budget_take(&budget, MMU_BUDGET_READ, 1, "three"));
	assert_false(mmu_budget_take(&budget, MMU_BUDGET_READ, 1, "four"));
	assert_string_equal(mmu_budget_given_up(&budget), "two");
	assert_null(mmu_budget_ended(&budget, MMU_BUDGET_ENTRIES));
	assert_true(mmu_budget_take(&budget, MMU_BUDGET_ENTRIES, 1, "five"));
	assert_false(mmu_budget_take(&budget, MMU_BUDGET_MEMORY, UINT64_MAX, "six"));
	assert_int_equal(budget.spent[MMU_BUDGET_MEMORY], 0);
	/* files and the caller raise it, up to no limit at all */
	mmu_budget_add_image(&budget, MIB);
	assert_true(mmu_budget_limit(&budget, MMU_BUDGET_READ) > limit);
	assert_true(mmu_budget_take(&budget, MMU_BUDGET_READ, MIB, "seven"));
	doubled = 2 * mmu_budget_limit(&budget, MMU_BUDGET_READ);
	budget.factor = 2;
	assert_int_equal(mmu_budget_limit(&budget, MMU_BUDGET_READ), doubled);
	mmu_budget_add_image(&budget, UINT64_MAX);
	mmu_budget_add_image(&budget, UINT64_MAX);
	assert_true(mmu_budget_limit(&budget, MMU_BUDGET_READ) == UINT64_MAX);
	assert_true(mmu_budget_take(NULL, MMU_BUDGET_READ, UINT64_MAX, "eight"));
	assert_null(mmu_budget_given_up(NULL));
}

/* ------------------------------------------------------------------ hostile images */

/* RAM up to the last byte that has an address: what goes through it must stop there. */
static void test_ram_to_the_end(void **state)
{
	static const struct segment all[] = {
		{ PT_LOAD, 0, 0, 0, (uint64_t)1 << 63 },
		{ PT_LOAD, 0, (uint64_t)1 << 63, 0, (uint64_t)1 << 63 },
	};
	/* the last pages alone */
	static const struct segment end_only[] = { { PT_LOAD, 0x1000, -(uint64_t)0x3000, 0x3000,
						     0x3000 } };
	struct build_buffer buffer = { .data = NULL };

	put_elf(&buffer, all, 2);
	struct session s = learn_file(&buffer, 0, 0);
	assert_int_equal(s.info.filtered_pages, (uint64_t)1 << 52);
	assert_int_equal(s.info.present_pages, 0);
	end(&s);
	free(buffer.data);

	buffer = (struct build_buffer){ .data = NULL };
	put_elf(&buffer, end_only, 1);
	build_put_uint(&buffer, 0x3fff, 1, false, 0);
	s = learn_file(&buffer, 0, 0);
	assert_int_equal(s.info.present_pages, 3);
	assert_null(s.info.given_up);
	end(&s);
	free(buffer.data);

	buffer = (struct build_buffer){ .data = NULL };
	build_lime_header(&buffer, "EMiL", 1, false, 0, UINT64_MAX);
	build_memory(&buffer, 0, 4096);
	s = learn_file(&buffer, 0, 0);
	assert_int_equal(s.info.present_pages, 1);
	assert_int_equal(s.info.truncated_pages, ((uint64_t)1 << 52) - 1);
	end(&s);
	free(buffer.data);
}

#define ALIASES 2000u

/* The same bytes of the file as all of memory; each page a table that leads on. */
static void test_segments_share_bytes(void **state)
{
	struct segment *segments = calloc(ALIASES, sizeof(*segments));
	struct build_buffer buffer = { .data = NULL };

	for (size_t i = 0; i < ALIASES; i++)
		segments[i] = (struct segment){ PT_LOAD, 0x20000, i * MIB, MIB, MIB };
	put_elf(&buffer, segments, ALIASES);
	for (size_t word = 0; word < MIB / 8; word++)
		build_put_uint(&buffer, 0x20000 + word * 8, 8, false,
			       (word * 4096 % (ALIASES * MIB)) | 3);
	struct session s = learn_file(&buffer, 0, 0);
	assert_int_equal(s.info.shared_bytes, (ALIASES - 1) * MIB);
	assert_non_null(strstr(s.info.warning, "1999 segments share bytes of the file"));
	assert_non_null(s.info.given_up);
	uint64_t spent = s.session->budget.spent[MMU_BUDGET_READ];
	end(&s);
	/* who asks for more gets it */
	s = learn_file(&buffer, 0, 2);
	assert_true(s.session->budget.spent[MMU_BUDGET_READ] > spent + spent / 2);
	end(&s);
	free(buffer.data);
	free(segments);
}

/* QEMU tells of a page once for each address that it is mapped at: the same memory. */
static void test_same_memory_twice(void **state)
{
	static const struct segment segments[] = {
		{ PT_LOAD, 0x1000, 0x10000, 0x4000, 0x4000 },
		{ PT_LOAD, 0x2000, 0x11000, 0x1000, 0x1000 },
		{ PT_LOAD, 0x1000, 0x10000, 0x4000, 0x4000 },
	};
	struct build_buffer buffer = { .data = NULL };

	put_elf(&buffer, segments, 3);
	build_put_uint(&buffer, 0x4fff, 1, false, 0);
	struct session s = learn_file(&buffer, 0, 0);
	assert_int_equal(s.info.shared_bytes, 0);
	end(&s);
	free(buffer.data);
}

/* Each page a text that must be held to memory. */
static void test_many_vmcoreinfos(void **state)
{
	static const char text[] = "OSRELEASE=6.1\nPAGESIZE=4096\nSYMBOL(init_uts_ns)=ffffffff82"
				   "000000\nSYMBOL(swapper_pg_dir)=ffffffff82001000\n";
	struct segment *segments = calloc(60000, sizeof(*segments));
	struct build_buffer buffer = { .data = NULL };
	size_t at = 0x340000;

	for (size_t i = 0; i < 60000; i++)
		segments[i] = (struct segment){ PT_LOAD, at, i * 4096, 4096, 4096 };
	put_elf(&buffer, segments, 60000);
	build_put(&buffer, at, text, sizeof(text));
	build_put_uint(&buffer, at + 4095, 1, false, 0);
	struct session s = learn_file(&buffer, 0, 0);
	assert_string_equal(s.info.given_up, "the search for VMCOREINFO in memory");
	assert_int_equal(s.info.shared_bytes, 59999 * 4096);
	end(&s);
	free(buffer.data);
	free(segments);
}

/* Notes over holes of a flattened file: each copy has the size of the file. */
static void test_notes_over_holes(void **state)
{
	struct segment segments[2000] = { { PT_LOAD, 0x1000, 0, 0x1000, 0x1000 } };
	struct build_buffer elf = { .data = NULL }, flat = { .data = NULL };
	static const uint8_t zeros[65536];

	for (size_t i = 1; i < 2000; i++)
		segments[i] = (struct segment){ PT_NOTE, (uint64_t)1 << 30, 0, 128 * MIB, 0 };
	put_elf(&elf, segments, 2000);
	build_put(&elf, elf.bytes, zeros, sizeof(zeros));
	build_flattened(&flat, &elf, 65536, false, false);
	build_put_uint(&flat, flat.bytes, 8, true, (uint64_t)2 << 30); /* one behind the holes */
	build_put_uint(&flat, flat.bytes, 8, true, 1);
	build_put_uint(&flat, flat.bytes, 1, true, 1);
	build_put_uint(&flat, flat.bytes, 8, true, UINT64_MAX);
	build_put_uint(&flat, flat.bytes, 8, true, UINT64_MAX);
	struct session s = learn_file(&flat, 0, 0);
	assert_non_null(strstr(s.info.warning, "notes are left out"));
	assert_non_null(mmu_budget_ended(&s.session->budget, MMU_BUDGET_MEMORY));
	end(&s);
	free(elf.data);
	free(flat.data);
}

/* A terabyte of holes is worth no more than the few bytes that somebody wrote. */
static void test_sparse_elf(void **state)
{
	const uint64_t bytes = (uint64_t)1 << 40;
	const struct segment segment = { PT_LOAD, 0x1000, 0, bytes - 0x1000, bytes - 0x1000 };
	struct build_buffer buffer = { .data = NULL };

	put_elf(&buffer, &segment, 1);
	struct session s = learn_file(&buffer, bytes, 0);
	assert_non_null(s.info.given_up);
	assert_true(s.session->budget.disk_bytes[MMU_BUDGET_READ] < MIB);
	end(&s);
	free(buffer.data);
}

static void test_sparse_kdump(void **state)
{
	struct build_kdump kdump = { .width = BUILD_64,
				     .version = 6,
				     .block_bytes = 4096,
				     .packing = 1,
				     .machine = "x86_64",
				     .pages = "pp" };
	struct build_buffer buffer = { .data = NULL };
	struct build_file file;
	struct mmu_session *session = NULL;

	build_kdump(&buffer, &kdump);
	/* struct disk_dump_header on 64 bits: bitmap_blocks */
	build_put_uint(&buffer, STATUS_OFFSET + 12, 4, false, 200000);
	buffer.bytes = 8192;
	build_file_create(&file, &buffer);
	assert_int_equal(ftruncate(file.fd, (off_t)1 << 40), 0);
	const struct mmu_options options = { .size = sizeof(options), .image = file.path };
	/* holes are passed over, not read */
	assert_null(mmu_session_open(&options, &session));
	assert_int_equal(mmu_session_info(session)->present_pages, 0);
	assert_null(mmu_session_info(session)->given_up);
	assert_true(session->budget.spent[MMU_BUDGET_READ] < MIB);
	mmu_session_close(session);
	build_file_close(&file);
	free(buffer.data);
}

/* What AVML's header promises, and its chunks can't hold. */
static void test_avml_promises(void **state)
{
#ifdef MMU_HAVE_SNAPPY
	struct build_buffer buffer = { .data = NULL };
	size_t data = build_avml_start(&buffer, 0, (uint64_t)1 << 46);

	build_chunk(&buffer, true, 0, 65536);
	build_avml_end(&buffer, data);
	struct session s = learn_file(&buffer, 0, 0);
	assert_int_equal(s.info.present_pages, 16);
	assert_int_equal(s.info.truncated_pages, ((uint64_t)1 << 34) - 16);
	end(&s);
	free(buffer.data);
#else
	skip();
#endif
}

/* Bitmaps that promise more pages than there are descriptors. */
static void test_kdump_promises(void **state)
{
	struct build_kdump kdump = { .width = BUILD_64,
				     .version = 6,
				     .block_bytes = 4096,
				     .machine = "x86_64",
				     .pages = "ppppzpzp" };
	struct build_buffer buffer = { .data = NULL };

	build_kdump(&buffer, &kdump);
	struct session s = learn_file(&buffer, 0, 0);
	assert_int_equal(s.info.present_pages, 8);
	assert_int_equal(s.info.truncated_pages, 0);
	assert_int_equal(s.info.shared_bytes, 0);
	end(&s);
	/* the bitmaps lie behind two blocks of headers: RAM, and dumped */
	memset(buffer.data + 2 * 4096, 0xff, 2048);
	memset(buffer.data + 3 * 4096, 0xff, 2048);
	s = learn_file(&buffer, 0, 0);
	assert_int_equal(s.info.present_pages + s.info.truncated_pages, 2048 * 8);
	assert_true(s.info.present_pages <= 8);
	assert_non_null(s.info.warning);
	end(&s);
	free(buffer.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counting),
		cmocka_unit_test(test_ram_to_the_end),
		cmocka_unit_test(test_segments_share_bytes),
		cmocka_unit_test(test_same_memory_twice),
		cmocka_unit_test(test_many_vmcoreinfos),
		cmocka_unit_test(test_notes_over_holes),
		cmocka_unit_test(test_sparse_elf),
		cmocka_unit_test(test_sparse_kdump),
		cmocka_unit_test(test_avml_promises),
		cmocka_unit_test(test_kdump_promises),
	};

	return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
