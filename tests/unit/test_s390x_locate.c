/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file s390x: roots, depths, traits and mappings of kernels made of a few facts. */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mmuscope/arch.h"
#include "support/naive.h"

extern const struct mmu_arch mmu_arch_s390x;

#define BIT(n) (UINT64_C(1) << (n))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NR_PAGES 32u

/* Where the kernel's tables lie, and what an image of 1 MiB at SLIDE + 1 MiB is mapped to. */
#define ROOT BIT(20)
#define SEGMENTS (ROOT + 0x4000)
#define HIGH_SEGMENTS (ROOT + 0x8000)
#define PAGES (ROOT + 0xc000)
#define SLIDE (BIT(42) - 4 * BIT(20))
#define MM UINT64_C(0x200000)

static struct fake {
	struct {
		char key[48];
		uint64_t value;
	} facts[32];
	unsigned int nr_facts, nr_pages;
	struct {
		uint64_t pa;
		uint64_t words[512];
	} pages[NR_PAGES];
	uint64_t last_pa, link; /* of RAM; of swapper_pg_dir, 0: there is no vmlinux */
	uint8_t controls[128], status[336];
	bool has_controls, assumed;
} fake;

static void set(const char *key, uint64_t value)
{
	assert_true(fake.nr_facts < COUNT(fake.facts));
	snprintf(fake.facts[fake.nr_facts].key, sizeof(fake.facts[0].key), "%s", key);
	fake.facts[fake.nr_facts++].value = value;
}

static uint64_t *word(uint64_t pa)
{
	for (unsigned int i = 0; i < fake.nr_pages; i++)
		if (fake.pages[i].pa == pa >> 12)
			return &fake.pages[i].words[(pa & 4095) / 8];
	return NULL;
}

/* The word at a physical address; its page comes into being. */
static void put(uint64_t pa, uint64_t value)
{
	if (!word(pa)) {
		assert_true(fake.nr_pages < NR_PAGES);
		fake.pages[fake.nr_pages++].pa = pa >> 12;
	}
	*word(pa) = htobe64(value);
}

static bool fake_get(void *context, const char *key, uint64_t *ret)
{
	for (unsigned int i = 0; i < fake.nr_facts; i++) {
		if (strcmp(fake.facts[i].key, key))
			continue;
		*ret = fake.facts[i].value;
		return true;
	}
	return false;
}

static bool fake_link_symbol(void *context, const char *name, uint64_t *ret_va)
{
	*ret_va = fake.link;
	return fake.link && !strcmp(name, "swapper_pg_dir");
}

static bool fake_note(void *context, const char *name, uint32_t type, unsigned int n,
		      const uint8_t **ret_data, size_t *ret_bytes)
{
	bool controls = !strcmp(name, "LINUX") && type == 0x304,
	     status = !strcmp(name, "CORE") && type == 1;

	if (n || !fake.has_controls || (!controls && !status))
		return false;
	*ret_data = controls ? fake.controls : fake.status;
	*ret_bytes = controls ? sizeof(fake.controls) : sizeof(fake.status);
	return true;
}

static void set_control(unsigned int n, uint64_t value)
{
	fake.has_controls = true;
	value = htobe64(value);
	memcpy(fake.controls + (size_t)n * 8, &value, 8);
}

static void set_psw(uint64_t value)
{
	value = htobe64(value);
	memcpy(fake.status + 112, &value, 8);
}

static bool fake_ram(void *context, unsigned int n, uint64_t *ret_first_pa, uint64_t *ret_last_pa)
{
	*ret_first_pa = 0;
	*ret_last_pa = fake.last_pa;
	return fake.last_pa && (!n || n == MMU_RAM_LAST);
}

static bool fake_read(void *context, uint64_t pa, void *buf, size_t bytes)
{
	assert_true((pa & 4095) + bytes <= 4096);
	if (!word(pa))
		return false;
	memcpy(buf, (const uint8_t *)word(pa & ~UINT64_C(7)) + (pa & 7), bytes);
	return true;
}

static void fake_derived(void *context, const char *key, uint64_t value, const char *how,
			 uint32_t flags)
{
	uint64_t old;

	assert_true(*how);
	fake.assumed = flags & MMU_DERIVED_ASSUMED;
	if (!fake_get(NULL, key, &old))
		set(key, value);
}

static bool fake_walk(void *context, const struct mmu_regime *regime, uint64_t va, uint64_t *ret_pa)
{
	uint64_t bytes;

	return naive_walk(fake_read, regime, va, ret_pa, &bytes);
}

static bool fake_next_mapped(void *context, const struct mmu_regime *regime, uint64_t *va,
			     uint64_t last_va, uint64_t *ret_pa)
{
	return naive_next_mapped(fake_read, regime, va, last_va, ret_pa);
}

/* Memory of the kernel is mapped as it is. */
static const struct mmu_facts facts = { .size = sizeof(struct mmu_facts),
					.pointer_bytes = 8,
					.big_endian = true,
					.get = fake_get,
					.link_symbol = fake_link_symbol,
					.note = fake_note,
					.ram = fake_ram,
					.read_phys = fake_read,
					.read_kernel = fake_read,
					.walk = fake_walk,
					.next_mapped = fake_next_mapped,
					.derived = fake_derived };

static uint64_t fact(const char *key)
{
	uint64_t value = 0;

	assert_true(fake_get(NULL, key, &value));
	return value;
}

static int setup(void **state)
{
	memset(&fake, 0, sizeof(fake));
	fake.last_pa = BIT(28) - 1;
	return 0;
}

static const char *locate(enum mmu_root_kind kind, uint64_t value, uint64_t mm_va,
			  struct mmu_regime *ret)
{
	const struct mmu_root root = {
		.size = sizeof(root), .kind = kind, .value = value, .mm_va = mm_va
	};
	size_t nr = 7;
	const char *text = mmu_arch_s390x.locate(&facts, &root, ret, &nr);

	assert_int_equal(nr, text ? 7 : 1);
	return text;
}

/*
 * Three levels: memory at 0 in large pages but for the first, whose page table has the lowcore;
 * 1 MiB of image behind SLIDE. @param present  as entries that lead to page tables have it (6.14)
 */
static void make_tables(bool image, bool present)
{
	for (unsigned int i = 0; i < 2048; i++) {
		put(ROOT + i * 8, 0x24);
		put(SEGMENTS + i * 8, i && i < 256 ? (uint64_t)i << 20 | 0xf501 : 0x20);
		if (image)
			put(HIGH_SEGMENTS + i * 8, i == 2045 ? 0xf501 | ROOT : 0x20);
	}
	for (unsigned int i = 0; i < 256; i++)
		put(PAGES + i * 8, (uint64_t)i << 12 | 0x13d);
	put(ROOT, SEGMENTS | 7);
	put(SEGMENTS, PAGES | present);
	if (image)
		put(ROOT + 2047 * 8, HIGH_SEGMENTS | 7);
}

static void test_nothing_is_known(void **state)
{
	struct mmu_linear range[8];
	struct mmu_regime r;
	size_t nr;

	assert_non_null(strstr(locate(MMU_ROOT_KERNEL, 0, 0, &r), "swapper_pg_dir"));
	assert_non_null(strstr(locate(MMU_ROOT_CPU, 0, 0, &r), "control registers"));
	assert_non_null(strstr(locate(MMU_ROOT_PGD_PA, MM, 0, &r), "no ASCE"));
	assert_non_null(strstr(locate(MMU_ROOT_PGD_PA, MM + 8, 0, &r), "at a page"));
	set("SYMBOL(swapper_pg_dir)", ROOT);
	assert_non_null(strstr(mmu_arch_s390x.linear(&facts, range, &nr), "not in the image"));
}

static void test_depth_and_length(void **state)
{
	struct mmu_regime r;

	/* by the table itself: what is empty says it as well */
	put(MM, 0x2c);
	assert_null(locate(MMU_ROOT_PGD_PA, MM, 0, &r));
	assert_int_equal(r.top_level, 4);
	assert_int_equal(r.last_va, UINT64_MAX);
	assert_int_equal(r.half, MMU_HALF_USER);
	assert_string_equal(r.format->name, "dat");
	/* by the mm: half of a region third table */
	set("OFFSET(mm_struct.context.asce)", 16);
	put(MM + 16, MM | 0x1c5);
	assert_null(locate(MMU_ROOT_PGD_PA, MM, MM, &r));
	assert_int_equal(r.top_level, 2);
	assert_int_equal(r.last_va, BIT(41) - 1);
	/* the ASCE of another table says nothing */
	put(MM + 16, 0x1c5);
	assert_null(locate(MMU_ROOT_PGD_PA, MM, MM, &r));
	assert_int_equal(r.top_level, 4);
	/* of the bits behind 32, the second is has_pgste, or the first where alloc_pgste is gone */
	set("OFFSET(mm_struct.context.has_pgste)", 32);
	put(MM + 32, BIT(63));
	assert_null(locate(MMU_ROOT_PGD_PA, MM, MM, &r));
	assert_string_equal(r.format->name, "pgste");
	set("OFFSET(mm_struct.context.alloc_pgste)", 32);
	assert_null(locate(MMU_ROOT_PGD_PA, MM, MM, &r));
	assert_string_equal(r.format->name, "dat");
	put(MM + 32, BIT(62));
	assert_null(locate(MMU_ROOT_PGD_PA, MM, MM, &r));
	assert_string_equal(r.format->name, "pgste");
}

static void test_traits(void **state)
{
	struct mmu_regime r;

	set("SYMBOL(swapper_pg_dir)", ROOT);
	make_tables(false, false);
	set_control(0, 0);
	assert_null(locate(MMU_ROOT_KERNEL, 0, 0, &r));
	assert_int_equal(fact("TRAIT(low-rw)"), 1);
	assert_int_equal(fact("TRAIT(no-iep)"), 1);
	assert_int_equal(r.traits, 3);
	assert_false(fake.assumed);
	fake.nr_facts = 1;
	make_tables(false, true);
	set_control(0, BIT(20));
	assert_null(locate(MMU_ROOT_KERNEL, 0, 0, &r));
	assert_int_equal(r.traits, 0);
	fake.nr_facts = 1;
	fake.has_controls = false;
	assert_null(locate(MMU_ROOT_KERNEL, 0, 0, &r));
	assert_int_equal(r.traits, 0);
	assert_true(fake.assumed);
}

static void test_cpus(void **state)
{
	struct mmu_regime r;
	struct mmu_cpu cpu;

	set("SYMBOL(swapper_pg_dir)", ROOT);
	make_tables(false, true);
	set_control(1, MM | 0x1cf);
	set_control(13, ROOT | 7);
	set_psw(BIT(58) | BIT(47) | BIT(46)); /* home */
	assert_true(mmu_arch_s390x.cpu(&facts, 0, &cpu));
	assert_string_equal(cpu.root_register, "CR13");
	assert_null(locate(MMU_ROOT_CPU, 0, 0, &r));
	assert_int_equal(r.root_pa, ROOT);
	assert_int_equal(r.half, MMU_HALF_KERNEL);
	set_psw(BIT(58)); /* primary */
	assert_null(locate(MMU_ROOT_CPU, 0, 0, &r));
	assert_int_equal(r.root_pa, MM);
	assert_int_equal(r.half, MMU_HALF_USER);
	assert_int_equal(r.top_level, 4);
	set_psw(0);
	assert_true(mmu_arch_s390x.cpu(&facts, 0, &cpu));
	assert_null(cpu.format);
	assert_non_null(strstr(locate(MMU_ROOT_CPU, 0, 0, &r), "translates nothing"));
	assert_false(mmu_arch_s390x.cpu(&facts, 1, &cpu));
}

static void test_linear(void **state)
{
	struct mmu_linear range[8];
	size_t nr;

	/* before 6.10 all of it is memory as it is */
	make_tables(true, false);
	set("SYMBOL(swapper_pg_dir)", ROOT);
	assert_null(mmu_arch_s390x.linear(&facts, range, &nr));
	assert_int_equal(nr, 1);
	assert_int_equal(range[0].roles, MMU_LINEAR_IMAGE | MMU_LINEAR_DIRECT);
	assert_int_equal(range[0].last_va, fake.last_pa);
	/* since then the image has a place of its own */
	fake.nr_facts = 0;
	set("SYMBOL(swapper_pg_dir)", SLIDE + BIT(20));
	set("SYMBOL(_stext)", SLIDE + BIT(20));
	set("KERNELOFFSET", SLIDE);
	set("KERNELOFFPHYS", 0);
	assert_null(mmu_arch_s390x.linear(&facts, range, &nr));
	assert_int_equal(nr, 2);
	assert_int_equal(range[0].first_va, SLIDE + BIT(20));
	assert_int_equal(range[0].last_va, SLIDE + 2 * BIT(20) - 1);
	assert_int_equal(range[0].first_pa, ROOT);
	assert_int_equal(range[1].first_va, 0);
}

static void test_search(void **state)
{
	uint64_t pa = 0;

	make_tables(true, true);
	assert_true(mmu_arch_s390x.search(&facts, &pa));
	assert_int_equal(fact("PHYS(swapper_pg_dir)"), ROOT);
	assert_int_equal(fact("IDENTITYBASE"), 0);
	assert_int_equal(fact("KERNELOFFSET"), SLIDE);
	assert_int_equal(fact("KERNELOFFPHYS"), 0);
	assert_false(mmu_arch_s390x.search(&facts, &pa)); /* there is no other */
	/* a kernel that lies as memory does, by its vmlinux */
	setup(NULL);
	make_tables(false, false);
	fake.link = ROOT - 0x4000;
	pa = 0;
	assert_true(mmu_arch_s390x.search(&facts, &pa));
	assert_int_equal(fact("KERNELOFFSET"), 0x4000);
	/* what CPUs run on is another kernel's */
	fake.nr_facts = 0;
	set_control(13, MM | 7);
	pa = 0;
	assert_false(mmu_arch_s390x.search(&facts, &pa));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nothing_is_known, setup),
		cmocka_unit_test_setup(test_depth_and_length, setup),
		cmocka_unit_test_setup(test_traits, setup),
		cmocka_unit_test_setup(test_cpus, setup),
		cmocka_unit_test_setup(test_linear, setup),
		cmocka_unit_test_setup(test_search, setup),
	};

	return cmocka_run_group_tests_name("s390x-locate", tests, NULL, NULL);
}
