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
	assert_false(map->assumed);
	assert_string_equal(seen, types);
	assert_int_equal(map->pfn_bits, pfn_bits);
	assert_ptr_equal(map_of(kernel), map); /* made once */
	close_kernel(kernel);
}

#define FACTS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define HWPOISON "SYMBOL(memory_failure)=ffffffff81000000"
#define MIGRATION "SYMBOL(migrate_pages)=ffffffff81000100"
#define EXCLUSIVE "ENUM(pageflags.PG_anon_exclusive)=17"
#define VMA_SETUP "SYMBOL(migrate_vma_setup)=ffffffff81000200"
#define RANGE "SYMBOL(make_device_exclusive_range)=ffffffff81000300"
#define EXCLUSIVE_ENTRY "SYMBOL(make_device_exclusive)=ffffffff81000300"
#define TREE "SYMBOL(mas_find)=ffffffff81000400"
#define PLAIN_RSS "LENGTH(mm_struct.rss_stat.count)=4"
#define NEW TREE, "SYMBOL(do_vmi_munmap)=ffffffff81000500"
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
	struct mmu_kernel *kernel = kernel_with(FACTS("LENGTH(swap_info)=30", MIGRATION));

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

/* Issue 9 B. As kallsyms has it: the next symbol begins where the array of these kernels ends. */
static void test_9b_span_of_each_release(void **state)
{
	/* 5.10 cloud, and with device memory */
	expect(FACTS("SPAN(swap_info)=240", MIGRATION, BITS), "ssssssssssssssssssssssssssssssmm",
	       34);
	expect(FACTS("SPAN(swap_info)=216", HWPOISON, MIGRATION, VMA_SETUP, BITS),
	       "ssssssssssssssssssssssssssshmmdd", 34);
	/* 5.15 */
	expect(FACTS("SPAN(swap_info)=200", HWPOISON, MIGRATION, VMA_SETUP, RANGE, BITS),
	       "ssssssssssssssssssssssssshmmdddd", 34);
	/* 6.1 cloud: no hwpoison, but a swapin error; and with all */
	expect(FACTS("SPAN(swap_info)=216", MIGRATION, VMA_SETUP, TREE, PLAIN_RSS, BITS),
	       "sssssssssssssssssssssssssssmmmkk", 34);
	expect(FACTS("SPAN(swap_info)=176", HWPOISON, MIGRATION, RANGE, TREE, PLAIN_RSS, BITS),
	       "sssssssssssssssssssssshmmmddddkk", 34);
	/* 6.12: migrate_vma_setup() is there without device memory */
	expect(FACTS("SPAN(swap_info)=216", HWPOISON, MIGRATION, VMA_SETUP, NEW, BITS),
	       "ssssssssssssssssssssssssssshmmmk", 34);
	/* 6.12 rt: 8 bytes up to the next symbol, where 28 would fit, too */
	expect(FACTS("SPAN(swap_info)=224", HWPOISON, MIGRATION, VMA_SETUP, NEW, BITS),
	       "ssssssssssssssssssssssssssshmmmk", 34);
	/* 7.2 and 7.3 */
	expect(FACTS("SPAN(swap_info)=192", HWPOISON, MIGRATION, EXCLUSIVE_ENTRY, NEW, BITS),
	       "sssssssssssssssssssssssshmmmdddk", 34);
	/* as far as the next symbol may lie */
	expect(FACTS("SPAN(swap_info)=255", HWPOISON, MIGRATION, EXCLUSIVE_ENTRY, NEW, BITS),
	       "sssssssssssssssssssssssshmmmdddk", 34);
}

/* armhf 6.1 has no PTE markers, which only the length tells: 28 and not 27. */
static void test_9b_swapin_error_alone(void **state)
{
	static const struct mmu_arch narrow = { .name = "fake", .elf_class = 1 };
	static const char *const spans[] = { "SPAN(swap_info)=112", "SPAN(swap_info)=108" };
	uint64_t length;

	for (unsigned int i = 0; i < 2; i++) {
		struct mmu_kernel *kernel =
			kernel_with(FACTS(spans[i], MIGRATION, TREE, PLAIN_RSS));

		kernel->arch = &narrow;
		const struct mmu_swap_map *map = map_of(kernel);
		assert_true(map->known);
		assert_false(map->assumed);
		assert_true(mmu_fact_get(kernel->facts, "LENGTH(swap_info)", &length));
		assert_int_equal(length, 28 - i);
		assert_int_equal(map->result[27], i ? MMU_RESULT_MIGRATION : MMU_RESULT_SWAPPED);
		assert_int_equal(map->result[31], MMU_RESULT_MARKER);
		assert_non_null(strstr(map->note[31], "swap failed"));
		close_kernel(kernel);
	}
}

static void expect_assumed(const char *const *facts, unsigned int max_swapfiles)
{
	struct mmu_kernel *kernel = kernel_with(facts);
	const struct mmu_swap_map *map = map_of(kernel);
	struct mmu_fact fact;
	uint64_t length = 0;

	assert_true(map->known);
	assert_true(map->assumed);
	assert_true(mmu_fact_get(kernel->facts, "LENGTH(swap_info)", &length));
	assert_int_equal(length, max_swapfiles);
	for (size_t i = 0; mmu_fact_nth(kernel->facts, i, &fact); i++)
		if (!strcmp(fact.key, "LENGTH(swap_info)"))
			assert_int_equal(fact.from, MMU_SOURCE_ASSUMED);
	close_kernel(kernel);
}

/* What symbols say and the span do not fit, or one of them is missing: a guess, shown as one. */
static void test_9b_doubt_is_kept(void **state)
{
	/* no function for device memory, but room for no less than 3 or 4 types: the exact one */
	expect_assumed(FACTS("SPAN(swap_info)=192", HWPOISON, MIGRATION, NEW, BITS), 24);
	expect_assumed(FACTS("SPAN(swap_info)=184", HWPOISON, MIGRATION, NEW, BITS), 23);
	/* kallsyms without data */
	expect_assumed(FACTS(HWPOISON, MIGRATION, NEW, BITS), 27);
	/* markers or not: neither fits exactly */
	expect_assumed(FACTS("SPAN(swap_info)=240", MIGRATION, TREE, PLAIN_RSS, BITS), 27);
}

/* No swap file has a type that special ones have: nr_swapfiles rules schemes out. */
static void test_9b_types_in_use(void **state)
{
	static const uint8_t used[] = { 24, 0, 0, 0 };
	const struct memory_piece piece = { 0x1000, sizeof(used), MMU_PAGE_PRESENT, used };
	struct mmu_kernel *kernel = calloc(1, sizeof(*kernel));
	uint64_t length;

	assert_non_null(kernel);
	assert_null(mmu_kernel_init(kernel, memory_image_create(&piece, 1),
				    FACTS("SPAN(swap_info)=184", HWPOISON, MIGRATION, NEW, BITS,
					  "SYMBOL(nr_swapfiles)=ffff000000001000")));
	kernel->arch = &arch;
	kernel->linear[0] = (struct mmu_linear){ 0xffff000000000000, 0xffff00000000ffff, 0,
						 "direct", MMU_LINEAR_IMAGE | MMU_LINEAR_DIRECT };
	kernel->nr_linear = 1;
	assert_false(map_of(kernel)->known); /* 23 would fit, but for the 24 that are in use */
	assert_false(mmu_fact_get(kernel->facts, "LENGTH(swap_info)", &length));
	close_kernel(kernel);
}

static void test_not_known(void **state)
{
	expect_unknown(NULL);
	expect_unknown(FACTS(EXCLUSIVE));
	expect_unknown(FACTS("SPAN(swap_info)=4097", HWPOISON, MIGRATION, EXCLUSIVE));
	expect_unknown(FACTS("SPAN(swap_info)=183", HWPOISON, MIGRATION, EXCLUSIVE));
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
		cmocka_unit_test(test_debian),
		cmocka_unit_test(test_older),
		cmocka_unit_test(test_everything_on),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_frame_bits),
		cmocka_unit_test(test_9b_span_of_each_release),
		cmocka_unit_test(test_9b_swapin_error_alone),
		cmocka_unit_test(test_9b_doubt_is_kept),
		cmocka_unit_test(test_9b_types_in_use),
		cmocka_unit_test(test_not_known),
	};

	return cmocka_run_group_tests_name("swap", tests, NULL, NULL);
}
