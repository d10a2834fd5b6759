/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * What the swap types of a kernel mean (include/linux/swap.h), for kernels whose numbers are known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/learn.h"
#include "objects/swap.h"
#include "support/memory_image.h"

static const struct mmu_arch arch = { .name = "fake", .elf_class = 2 };

static struct mmu_kernel *kernel_with(const char *const *facts)
{
	struct mmu_kernel *kernel = calloc(1, sizeof(*kernel));

	assert_non_null(kernel);
	assert_null(mmu_kernel_init(kernel, memory_image_create(NULL, 0), facts));
	kernel->arch = &arch;
	return kernel;
}

static const struct mmu_swap_map *map_of(const struct mmu_kernel *kernel)
{
	const struct mmu_swap_map *map;

	assert_null(mmu_swap_map(kernel, &map));
	return map;
}

static void close_kernel(struct mmu_kernel *kernel)
{
	mmu_kernel_destroy(kernel);
	free(kernel);
}

/* One letter a type: s swap file, h hwpoison, m migration, d device, k marker. */
static void expect(const char *const *facts, const char *types, unsigned int pfn_bits)
{
	static const char letters[MMU_RESULTS] = {
		[MMU_RESULT_SWAPPED] = 's',   [MMU_RESULT_HWPOISON] = 'h',
		[MMU_RESULT_MIGRATION] = 'm', [MMU_RESULT_DEVICE] = 'd',
		[MMU_RESULT_MARKER] = 'k',
	};
	struct mmu_kernel *kernel = kernel_with(facts);
	const struct mmu_swap_map *map = map_of(kernel);
	char seen[33] = "";

	for (unsigned int type = 0; type < 32; type++) {
		seen[type] = letters[map->result[type]];
		/* what one word can't say has a note */
		if (map->result[type] == MMU_RESULT_MIGRATION ||
		    map->result[type] == MMU_RESULT_MARKER)
			assert_non_null(map->note[type]);
	}
	assert_true(map->known);
	assert_string_equal(seen, types);
	assert_int_equal(map->pfn_bits, pfn_bits);
	assert_ptr_equal(map_of(kernel), map); /* made once */
	close_kernel(kernel);
}

#define FACTS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define HWPOISON "SYMBOL(memory_failure)=ffffffff81000000"
#define MIGRATION "SYMBOL(migrate_pages)=ffffffff81000100"
#define EXCLUSIVE "ENUM(pageflags.PG_anon_exclusive)=17"
#define BITS "NUMBER(MAX_PHYSMEM_BITS)=46"

static void test_debian(void **state)
{
	/* 6.1 amd64: hwpoison, 3 migration, marker, swapin error */
	expect(FACTS("LENGTH(swap_info)=26", HWPOISON, MIGRATION, EXCLUSIVE, BITS),
	       "sssssssssssssssssssssssssshmmmkk", 34);
	/* the same, where debug info has no enum pageflags at hand */
	expect(FACTS("LENGTH(swap_info)=26", HWPOISON, MIGRATION, "OFFSET(mm_struct.mm_mt)=64",
		     BITS),
	       "sssssssssssssssssssssssssshmmmkk", 34);
	/* 6.12 amd64 and arm64: hwpoison, 3 migration, marker */
	expect(FACTS("LENGTH(swap_info)=27", HWPOISON, MIGRATION, EXCLUSIVE, BITS),
	       "ssssssssssssssssssssssssssshmmmk", 34);
	/* 6.12 armhf: no hwpoison */
	expect(FACTS("LENGTH(swap_info)=28", MIGRATION, EXCLUSIVE, "NUMBER(MAX_PHYSMEM_BITS)=36"),
	       "ssssssssssssssssssssssssssssmmmk", 24);
}

static void test_older(void **state)
{
	/* 4.4 and 4.9: hwpoison, migration read and write */
	expect(FACTS("LENGTH(swap_info)=29", HWPOISON, MIGRATION, BITS),
	       "ssssssssssssssssssssssssssssshmm", 34);
	/* 4.14 to 5.10: 2 types for device memory; 5.15: 4 */
	expect(FACTS("LENGTH(swap_info)=27", HWPOISON, MIGRATION, BITS),
	       "ssssssssssssssssssssssssssshmmdd", 34);
	expect(FACTS("LENGTH(swap_info)=25", HWPOISON, MIGRATION, BITS),
	       "ssssssssssssssssssssssssshmmdddd", 34);
	/* neither hwpoison nor migration nor anything else */
	expect(FACTS("LENGTH(swap_info)=32", BITS), "ssssssssssssssssssssssssssssssss", 34);
}

static void test_everything_on(void **state)
{
	/* 6.12: hwpoison 23, migration 24 to 26, device 27 to 30, marker 31 */
	expect(FACTS("LENGTH(swap_info)=23", HWPOISON, MIGRATION, EXCLUSIVE, BITS),
	       "ssssssssssssssssssssssshmmmddddk", 34);
	/* 6.1: and the swapin error */
	expect(FACTS("LENGTH(swap_info)=22", HWPOISON, MIGRATION, EXCLUSIVE, BITS),
	       "sssssssssssssssssssssshmmmddddkk", 34);
	/* 7.2: one exclusive device type */
	expect(FACTS("LENGTH(swap_info)=24", HWPOISON, MIGRATION, EXCLUSIVE, BITS),
	       "sssssssssssssssssssssssshmmmdddk", 34);
}

static void test_notes(void **state)
{
	struct mmu_kernel *kernel =
		kernel_with(FACTS("LENGTH(swap_info)=26", HWPOISON, MIGRATION, EXCLUSIVE, BITS));
	const struct mmu_swap_map *map = map_of(kernel);

	/* read, read-exclusive, write: in this order (SWP_MIGRATION_READ, ...) */
	assert_non_null(strstr(map->note[27], "read-only"));
	assert_null(strstr(map->note[27], "exclusive"));
	assert_non_null(strstr(map->note[28], "exclusive"));
	assert_non_null(strstr(map->note[29], "writable"));
	assert_string_not_equal(map->note[30], map->note[31]);
	close_kernel(kernel);
}

/* Without MAX_PHYSMEM_BITS it is all that a word can hold (SWP_PFN_BITS in swapops.h). */
static void test_frame_bits(void **state)
{
	static const struct mmu_arch narrow = { .name = "fake", .elf_class = 1 };
	struct mmu_kernel *kernel = kernel_with(FACTS("LENGTH(swap_info)=29", MIGRATION));

	kernel->arch = &narrow;
	assert_int_equal(map_of(kernel)->pfn_bits, 20);
	close_kernel(kernel);
	expect(FACTS("LENGTH(swap_info)=30", MIGRATION), "ssssssssssssssssssssssssssssssmm", 40);
	/* nonsense is not believed */
	expect(FACTS("LENGTH(swap_info)=30", MIGRATION, "NUMBER(MAX_PHYSMEM_BITS)=12"),
	       "ssssssssssssssssssssssssssssssmm", 40);
	expect(FACTS("LENGTH(swap_info)=30", MIGRATION, "NUMBER(MAX_PHYSMEM_BITS)=-1"),
	       "ssssssssssssssssssssssssssssssmm", 40);
}

static void expect_unknown(const char *const *facts)
{
	struct mmu_kernel *kernel = kernel_with(facts);
	const struct mmu_swap_map *map = map_of(kernel);

	assert_false(map->known);
	for (unsigned int type = 0; type < 32; type++)
		assert_int_equal(map->result[type], MMU_RESULT_SWAPPED);
	close_kernel(kernel);
}

/*
 * kallsyms says where the next symbol begins: up to 63 bytes behind the array. Of the lengths that
 * this leaves, one must fit what the kernel can have: 27, 24 or 23 with exclusive pages, of which
 * none, 3 or 4 types are for devices; 29, 27 or 25 without, for 0, 2 or 4 of them.
 */
static void test_span(void **state)
{
#define NEW HWPOISON, MIGRATION, EXCLUSIVE, BITS
#define OLD HWPOISON, MIGRATION, BITS
	static const struct mmu_arch narrow = { .name = "fake", .elf_class = 1 };
	uint64_t length;

	/* the largest array ends at the next symbol, the smallest one 56 bytes before it */
	expect(FACTS("SPAN(swap_info)=184", NEW), "sssssssssssssssssssssssshmmmddddk" + 1, 34);
	expect_unknown(FACTS("SPAN(swap_info)=183", NEW));
	expect(FACTS("SPAN(swap_info)=191", NEW), "sssssssssssssssssssssssshmmmddddk" + 1, 34);
	expect_unknown(FACTS("SPAN(swap_info)=192", NEW)); /* 23 or 24 */
	expect_unknown(FACTS("SPAN(swap_info)=216", NEW)); /* 24 or 27, as far as 248 */
	expect_unknown(FACTS("SPAN(swap_info)=248", NEW));
	expect(FACTS("SPAN(swap_info)=272", NEW), "ssssssssssssssssssssssssssshmmmk", 34);
	expect_unknown(FACTS("SPAN(swap_info)=280", NEW));
	expect_unknown(FACTS("SPAN(swap_info)=4097", NEW));
	/* 2 device types come without exclusive pages, 3 with them */
	expect(FACTS("SPAN(swap_info)=256", NEW), "ssssssssssssssssssssssssssshmmmk", 34);
	expect(FACTS("SPAN(swap_info)=208", OLD), "ssssssssssssssssssssssssshmmdddd", 34);
	expect(FACTS("SPAN(swap_info)=288", OLD), "ssssssssssssssssssssssssssssshmm", 34);
	/* a swapin error where RSS is counted plainly */
	expect(FACTS("SPAN(swap_info)=264", "LENGTH(mm_struct.rss_stat.count)=4", NEW),
	       "sssssssssssssssssssssssssshmmmkk", 34);
	/* half as wide, and twice as many in 64 bytes; the length is shown as worked out */
	struct mmu_kernel *kernel = kernel_with(FACTS("SPAN(swap_info)=112", MIGRATION));
	kernel->arch = &narrow;
	assert_false(map_of(kernel)->known); /* 26 or 28 */
	close_kernel(kernel);
	kernel = kernel_with(FACTS("SPAN(swap_info)=176", MIGRATION));
	kernel->arch = &narrow;
	assert_true(map_of(kernel)->known);
	assert_true(mmu_fact_get(kernel->facts, "LENGTH(swap_info)", &length));
	assert_int_equal(length, 30);
	close_kernel(kernel);
}

static void test_not_known(void **state)
{
	expect_unknown(NULL);
	expect_unknown(FACTS(HWPOISON, MIGRATION, EXCLUSIVE));
	expect_unknown(FACTS("LENGTH(swap_info)=15", HWPOISON));
	expect_unknown(FACTS("LENGTH(swap_info)=33", HWPOISON));
	expect_unknown(FACTS("LENGTH(swap_info)=-1", HWPOISON));
	/* fewer special types than the kernel's features need: some other scheme */
	expect_unknown(FACTS("LENGTH(swap_info)=30", HWPOISON, MIGRATION));
	expect_unknown(FACTS("LENGTH(swap_info)=29", HWPOISON, MIGRATION, EXCLUSIVE));
	expect_unknown(FACTS("LENGTH(swap_info)=32", MIGRATION));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_debian),        cmocka_unit_test(test_older),
		cmocka_unit_test(test_everything_on), cmocka_unit_test(test_notes),
		cmocka_unit_test(test_frame_bits),    cmocka_unit_test(test_span),
		cmocka_unit_test(test_not_known),
	};

	return cmocka_run_group_tests_name("swap", tests, NULL, NULL);
}
