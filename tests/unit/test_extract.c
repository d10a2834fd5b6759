/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What an extract takes of the kernel itself, and leaves, of a made-up one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/extract.h"
#include "kernel/learn.h"
#include "support/memory_image.h"

/* Where all of physical memory is mapped. */
#define BASE UINT64_C(0xffff800000000000)
#define BYTES 0x40000
#define MEMMAP 0x20000
#define RESERVED UINT64_C(0x400)
#define NOWHERE (BASE + 0x7000000)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const registers[] = { "task_struct.thread.fpu", "task_struct.thread.uw",
					 "task_struct.thread_info.fpstate",
					 "task_struct.thread_info.vfpstate", NULL };
static const struct mmu_arch arch = { .name = "fake",
				      .elf_class = 2,
				      .register_members = registers };

struct world {
	struct mmu_kernel kernel;
	struct mmu_basket basket;
};

/* The static data of all; `more` facts come first, and so win. */
static const char *const facts_of_data[] = {
	"SYMBOL(__start_rodata)=ffff800000001000", "SYMBOL(__end_rodata)=ffff800000002800",
	"SYMBOL(_sdata)=ffff800000004000",         "SYMBOL(_edata)=ffff800000006000",
	"SYMBOL(__bss_start)=ffff800000008000",    "SYMBOL(__bss_stop)=ffff80000000a010",
	"ENUM(pageflags.PG_reserved)=10",          "OFFSET(page.flags)=8",
};

static void put(struct world *world, uint64_t pa, unsigned int width, uint64_t value)
{
	memory_image_put(world->kernel.image, pa, width, value);
}

static void open_world(struct world *world, const char *const *more, size_t nr)
{
	const struct memory_piece whole = { .bytes = BYTES };
	const char *facts[40] = { NULL };

	assert_true(nr + COUNT(facts_of_data) < COUNT(facts));
	memcpy(facts, facts_of_data, sizeof(facts_of_data));
	if (nr)
		memcpy(facts + COUNT(facts_of_data), more, nr * sizeof(*more));
	*world = (struct world){ .kernel.nr_linear = 1 };
	assert_null(mmu_kernel_init(&world->kernel, memory_image_create(&whole, 1), facts));
	world->kernel.arch = &arch;
	world->kernel.linear[0] = (struct mmu_linear){ BASE, BASE + 0x7ffffff, 0, "direct map",
						       MMU_LINEAR_DIRECT };
	assert_null(mmu_basket_init(&world->basket, &world->kernel));
	world->basket.memmap = (struct mmu_memmap){ BASE + MEMMAP, 0, 64 };
	world->basket.has_memmap = true;
	/* all pages are the kernel's own but 5 and 9 */
	for (uint64_t pfn = 0; pfn < BYTES >> 12; pfn++)
		put(world, MEMMAP + 64 * pfn + 8, 8,
		    RESERVED ^ (pfn == 5 || pfn == 9 ? UINT64_MAX : 0));
}

static void close_world(struct world *world)
{
	mmu_basket_destroy(&world->basket);
	mmu_kernel_destroy(&world->kernel);
}

/* "kind:first-last ..." of one kind, or of all (-1), as text. */
static const char *kept(struct world *world, int kind)
{
	static char text[1000];
	size_t used = 0;

	assert_null(mmu_keep_finish(&world->basket.keep));
	text[0] = '\0';
	for (size_t i = 0; i < world->basket.keep.nr; i++) {
		const struct mmu_extent *extent = &world->basket.keep.list[i];

		if (kind < 0 || extent->kind == (uint32_t)kind)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%llx-%llx",
						 used ? " " : "", (unsigned long long)extent->first,
						 (unsigned long long)extent->last);
		assert_true(used < sizeof(text));
	}
	return text;
}

static const char *kernel_of(struct world *world, int kind)
{
	struct mmu_error *error = mmu_extract_kernel(&world->basket);

	if (error)
		fail_msg("%s", mmu_error_message(error));
	return kept(world, kind);
}

/* ------------------------------------------------------------------ static data */

static void test_static_data(void **state)
{
	struct world world;

	open_world(&world, NULL, 0);
	assert_string_equal(kernel_of(&world, MMU_EXTRACT_KERNEL), "1000-27ff 4000-4fff 8000-8fff "
								   "a000-a00f");
	/* of freed pages, the proof */
	assert_string_equal(kept(&world, MMU_EXTRACT_MEMMAP), "20140-2017f 20240-2027f");
	close_world(&world);
	/* where nothing is known of that, all of it */
	open_world(&world, NULL, 0);
	world.basket.has_memmap = false;
	assert_string_equal(kernel_of(&world, -1), "1000-27ff 4000-5fff 8000-a00f");
	close_world(&world);
	/* but not what x86 gives away within .bss */
	static const char *const decrypted[] = {
		"SYMBOL(__start_bss_decrypted)=ffff800000009000",
		"SYMBOL(__end_bss_decrypted)=ffff80000000a000",
	};
	open_world(&world, decrypted, COUNT(decrypted));
	world.basket.has_memmap = false;
	assert_string_equal(kernel_of(&world, -1), "1000-27ff 4000-5fff 8000-8fff a000-a00f");
	close_world(&world);
	/* a page that is not mapped hides none behind it */
	open_world(&world, NULL, 0);
	world.kernel.linear[0].last_va = BASE + 0x3fff;
	world.kernel.linear[1] = (struct mmu_linear){ BASE + 0x5000, BASE + 0x7ffffff, 0x5000,
						      "more" };
	world.kernel.nr_linear = 2;
	put(&world, MEMMAP + 64 * 5 + 8, 8, RESERVED);
	assert_string_equal(kernel_of(&world, MMU_EXTRACT_KERNEL), "1000-27ff 5000-5fff 8000-8fff "
								   "a000-a00f");
	close_world(&world);
}

static void test_symbols_that_lie(void **state)
{
	static const struct {
		const char *facts[6];
		enum mmu_error_kind code;
	} cases[] = {
		{ { "SYMBOL(__start_rodata)=ffff800000001000" }, MMU_ERROR_NOT_FOUND },
		{ { "SYMBOL(__start_rodata)=ffff800000001000", "SYMBOL(__end_rodata)="
							       "ffff800000000fff" },
		  MMU_ERROR_CORRUPT },
		{ { "SYMBOL(__start_rodata)=0", "SYMBOL(__end_rodata)=ffffffffffffffff" },
		  MMU_ERROR_CORRUPT },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct world world;

		open_world(&world, NULL, 0);
		mmu_fact_store_destroy(world.kernel.facts);
		assert_null(mmu_fact_store_create(world.kernel.image, cases[i].facts,
						  &world.kernel.facts));
		struct mmu_error *error = mmu_extract_kernel(&world.basket);
		assert_non_null(error);
		assert_int_equal(mmu_error_code(error), cases[i].code);
		mmu_error_destroy(error);
		close_world(&world);
	}
}

/* ------------------------------------------------------------------ CPUs and tasks */

static void test_task_without_registers(void **state)
{
	static const char *const facts[] = {
		"SIZE(task_struct)=256",
		"OFFSET(task_struct.thread.fpu)=128",
		"SIZE(task_struct.thread.fpu)=64",
		"OFFSET(task_struct.thread_info.vfpstate)=16",
		"SIZE(task_struct.thread_info.vfpstate)=4",
	};
	struct world world;

	open_world(&world, facts, COUNT(facts));
	mmu_basket_task(&world.basket, BASE + 0x2f80);
	assert_string_equal(kept(&world, MMU_EXTRACT_TASKS), "2f80-2f8f 2f94-2fff 3040-307f");
	close_world(&world);
	open_world(&world, facts, 1);
	mmu_basket_task(&world.basket, BASE + 0x2f80);
	assert_string_equal(kept(&world, MMU_EXTRACT_TASKS), "2f80-307f");
	close_world(&world);
}

static void test_percpu_data(void **state)
{
	static const char *const facts[] = {
		"SYMBOL(__per_cpu_start)=100",
		"SYMBOL(__per_cpu_end)=300",
		"SYMBOL(__per_cpu_offset)=ffff80000000b000",
		"SYMBOL(nr_cpu_ids)=ffff80000000c000",
		"SYMBOL(idle_threads)=200",
		"SIZE(task_struct)=256",
	};
	struct world world;

	open_world(&world, facts, COUNT(facts));
	put(&world, 0xc000, 4, 2);
	put(&world, 0xb000, 8, BASE + 0x10000);
	put(&world, 0xb008, 8, BASE + 0x11f00);
	put(&world, 0x10200, 8, BASE + 0x30000);
	put(&world, 0x12100, 8, NOWHERE);
	assert_string_equal(kernel_of(&world, MMU_EXTRACT_PERCPU), "10100-102ff 12000-121ff");
	assert_string_equal(kept(&world, MMU_EXTRACT_TASKS), "30000-300ff 7000000-70000ff");
	/* more CPUs than any kernel has: as many as there are offsets */
	put(&world, 0xc000, 4, UINT32_MAX);
	kernel_of(&world, MMU_EXTRACT_PERCPU);
	close_world(&world);
}

/* ------------------------------------------------------------------ lists */

static void test_modules(void **state)
{
	static const char *const facts[] = {
		"SYMBOL(modules)=ffff80000000d000",
		"OFFSET(module.list)=8",
		"SIZE(module)=64",
	};
	struct world world;

	open_world(&world, facts, COUNT(facts));
	put(&world, 0xd000, 8, BASE + 0x31008);
	put(&world, 0x31008, 8, BASE + 0x32008);
	put(&world, 0x32008, 8, BASE + 0xd000);
	kernel_of(&world, -1);
	assert_non_null(strstr(kept(&world, MMU_EXTRACT_KERNEL), " 31000-3103f 32000-3203f"));
	/* a loop without the head, and a way to nowhere */
	put(&world, 0x32008, 8, BASE + 0x31008);
	kernel_of(&world, -1);
	put(&world, 0x32008, 8, NOWHERE);
	kernel_of(&world, -1);
	close_world(&world);
}

static void test_pids(void **state)
{
	static const char *const facts[] = {
		"SYMBOL(init_pid_ns)=ffff80000000e000",
		"OFFSET(pid_namespace.idr.idr_rt.xa_head)=16",
		"OFFSET(xa_node.shift)=0",
		"OFFSET(xa_node.slots)=8",
		"LENGTH(xa_node.slots)=4",
		"OFFSET(pid.tasks)=8",
		"OFFSET(task_struct.pid_links)=0",
		"OFFSET(pid.level)=4",
		"SIZE(pid.level)=4",
		"SIZE(pid)=32",
		"OFFSET(pid.numbers)=32",
		"SIZE(upid)=16",
	};
	struct world world;

	open_world(&world, facts, COUNT(facts));
	put(&world, 0xe010, 8, BASE + 0x33000 + 2);
	put(&world, 0x33000, 1, 2);
	put(&world, 0x33008, 8, BASE + 0x34000 + 2);
	put(&world, 0x33010, 8, BASE + 0x35000);
	put(&world, 0x34018, 8, BASE + 0x36000);
	put(&world, 0x35004, 4, 1); /* two numbers */
	put(&world, 0x35008, 8, BASE + 0x37000);
	put(&world, 0x36004, 4, 100); /* more namespaces than can be */
	put(&world, 0x36008, 8, BASE + 0x37000);
	assert_string_equal(kernel_of(&world, MMU_EXTRACT_TASKS), "e010-e017 33000-33000 "
								  "33008-33027 34000-34000 "
								  "34008-34027 "
								  "35000-3503f 36000-3601f");
	close_world(&world);
}

static void test_struct_pages(void **state)
{
	struct world world;

	open_world(&world, NULL, 0);
	world.basket.memmap = (struct mmu_memmap){ BASE + 0x20fc0, 16, 56 };
	mmu_basket_struct_pages(&world.basket, 0x11fff, 2); /* two pages, over an edge */
	mmu_basket_struct_pages(&world.basket, 0xffff, 1);  /* before the first */
	mmu_basket_struct_pages(&world.basket, UINT64_MAX - 0xfff, 0x1000);
	assert_string_equal(kept(&world, MMU_EXTRACT_MEMMAP), "20ff8-21067");
	world.basket.has_memmap = false;
	mmu_basket_struct_pages(&world.basket, 0x20000, 1);
	assert_string_equal(kept(&world, MMU_EXTRACT_MEMMAP), "20ff8-21067");
	close_world(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_static_data),
		cmocka_unit_test(test_symbols_that_lie),
		cmocka_unit_test(test_task_without_registers),
		cmocka_unit_test(test_percpu_data),
		cmocka_unit_test(test_modules),
		cmocka_unit_test(test_pids),
		cmocka_unit_test(test_struct_pages),
	};

	return cmocka_run_group_tests_name("extract", tests, NULL, NULL);
}
