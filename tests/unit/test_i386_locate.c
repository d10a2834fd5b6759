/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file i386: split, PAE, lowmem, roots and the search, of kernels made of a few words. */
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

extern const struct mmu_arch mmu_arch_i386;

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MIB(n) ((uint64_t)(n) << 20)
#define RAM_BYTES MIB(8)
#define SPLIT UINT64_C(0xc0000000)

enum { L1TF = 1, SAVED_DIRTY = 2 }; /* traits */

static struct {
	uint8_t ram[RAM_BYTES];
	struct {
		char key[48];
		uint64_t value;
	} facts[32];
	size_t nr_facts;
	uint64_t link_swapper; /* 0: not known */
	uint8_t cpu[440];      /* QEMUCPUState; 0: none */
} fake;

static void set(const char *key, uint64_t value)
{
	assert_true(fake.nr_facts < COUNT(fake.facts));
	snprintf(fake.facts[fake.nr_facts].key, sizeof(fake.facts[0].key), "%s", key);
	fake.facts[fake.nr_facts++].value = value;
}

static bool fake_get(void *context, const char *key, uint64_t *ret)
{
	for (size_t i = 0; i < fake.nr_facts; i++)
		if (!strcmp(fake.facts[i].key, key)) {
			*ret = fake.facts[i].value;
			return true;
		}
	return false;
}

static bool fake_link_symbol(void *context, const char *name, uint64_t *ret_va)
{
	*ret_va = fake.link_swapper;
	return fake.link_swapper && !strcmp(name, "swapper_pg_dir");
}

static bool fake_note(void *context, const char *name, uint32_t type, unsigned int n,
		      const uint8_t **ret_data, size_t *ret_bytes)
{
	*ret_data = fake.cpu;
	*ret_bytes = sizeof(fake.cpu);
	return !strcmp(name, "QEMU") && n == 0 && fake.cpu[0];
}

static bool fake_ram(void *context, unsigned int n, uint64_t *ret_first_pa, uint64_t *ret_last_pa)
{
	*ret_first_pa = 0;
	*ret_last_pa = RAM_BYTES - 1;
	return n == 0;
}

static bool fake_read(void *context, uint64_t pa, void *buf, size_t bytes)
{
	if (pa > RAM_BYTES || bytes > RAM_BYTES - pa)
		return false;
	memcpy(buf, fake.ram + pa, bytes);
	return true;
}

static bool fake_walk(void *context, const struct mmu_regime *regime, uint64_t va, uint64_t *ret_pa)
{
	uint64_t bytes;

	return naive_walk(fake_read, regime, va, ret_pa, &bytes);
}

static void fake_derived(void *context, const char *key, uint64_t value, const char *how,
			 uint32_t flags)
{
	uint64_t old;

	assert_true(*how);
	if (!fake_get(NULL, key, &old))
		set(key, value);
}

static const struct mmu_facts facts = { .size = sizeof(struct mmu_facts),
					.pointer_bytes = 4,
					.get = fake_get,
					.link_symbol = fake_link_symbol,
					.note = fake_note,
					.ram = fake_ram,
					.read_phys = fake_read,
					.walk = fake_walk,
					.derived = fake_derived };

static int setup(void **state)
{
	memset(&fake, 0, sizeof(fake));
	return 0;
}

static void put(uint64_t pa, unsigned int bytes, uint64_t value)
{
	value = htole64(value);
	memcpy(fake.ram + pa, &value, bytes);
}

static uint64_t fact(const char *key)
{
	uint64_t value = 0;

	assert_true(fake_get(NULL, key, &value));
	return value;
}

/* All of RAM from `split` on, in 4 MiB pages. */
static void two_levels(uint64_t root_pa, uint64_t split)
{
	for (uint64_t pa = 0; pa < RAM_BYTES; pa += MIB(4))
		put(root_pa + ((split + pa) >> 22) * 4, 4, pa | 0x1e3);
}

/* The same in 2 MiB pages, with a table of the last GiB at pmd_pa. */
static void pae(uint64_t root_pa, uint64_t pmd_pa)
{
	put(root_pa + 24, 8, pmd_pa | 1);
	for (uint64_t pa = 0; pa < RAM_BYTES; pa += MIB(2))
		put(pmd_pa + (pa >> 21) * 8, 8, pa | 0x1e3);
}

static const char *locate(enum mmu_root_kind kind, uint64_t value, bool user_half,
			  struct mmu_regime ret[2])
{
	const struct mmu_root root = { sizeof(root), kind, value, 0, user_half };
	size_t nr = 7;
	const char *text = mmu_arch_i386.locate(&facts, &root, ret, &nr);

	assert_int_equal(nr, text ? 7 : 2);
	return text;
}

static void expect_kernel(const char *format, uint64_t root_pa, uint64_t split)
{
	struct mmu_regime regimes[2];
	struct mmu_linear linear;
	size_t nr;

	assert_null(locate(MMU_ROOT_KERNEL, 0, false, regimes));
	for (unsigned int half = 0; half < 2; half++) {
		assert_string_equal(regimes[half].format->name, format);
		assert_int_equal(regimes[half].root_pa, root_pa);
	}
	assert_int_equal(regimes[0].last_va, split - 1);
	assert_int_equal(regimes[1].first_va, split);
	assert_int_equal(fact("PAGE_OFFSET"), split);
	assert_int_equal(fact("CONFIG_X86_PAE"), !strcmp(format, "pae"));
	assert_null(mmu_arch_i386.linear(&facts, &linear, &nr));
	assert_int_equal(nr, 1);
	assert_int_equal(linear.first_va, split);
	assert_int_equal(linear.last_va, split + RAM_BYTES - 1);
	assert_int_equal(linear.first_pa, 0);
}

static void test_split_and_pae(void **state)
{
	static const uint64_t splits[] = { 0xc0000000, 0xb0000000, 0x80000000, 0x78000000,
					   0x40000000 };

	for (size_t i = 0; i < COUNT(splits); i++) {
		setup(state);
		two_levels(0x101000, splits[i]);
		set("SYMBOL(swapper_pg_dir)", splits[i] + 0x101000);
		expect_kernel("2level", 0x101000, splits[i]);
	}
	setup(state);
	pae(0x101020, 0x102000);
	set("SYMBOL(swapper_pg_dir)", SPLIT + 0x101020);
	expect_kernel("pae", 0x101020, SPLIT);
}

static void test_what_is_told(void **state)
{
	struct mmu_regime regimes[2];

	pae(0x101000, 0x102000);
	assert_non_null(locate(MMU_ROOT_KERNEL, 0, false, regimes)); /* no symbol */
	set("SYMBOL(swapper_pg_dir)", SPLIT + 0x101000);
	set("SIZE(pte_t)", 4);
	assert_non_null(locate(MMU_ROOT_KERNEL, 0, false, regimes)); /* types and tables disagree */
	fake.facts[1].value = 8;
	set("SYMBOL(init_task)", SPLIT + 0x1000);
	expect_kernel("pae", 0x101000, SPLIT);
	assert_null(locate(MMU_ROOT_PGD_PA, 0x3020, false, regimes));
	assert_int_equal(regimes[0].traits, 0); /* no symbol of newer kernels */
	set("SYMBOL(l1tf_mitigation)", SPLIT);
	fake.facts[fake.nr_facts - 1].value = SPLIT;
	assert_non_null(locate(MMU_ROOT_PGD_PA, 0x3010, false, regimes)); /* not 32 bytes */
}

static void test_traits(void **state)
{
	struct mmu_regime regimes[2];

	pae(0x101000, 0x102000);
	set("SYMBOL(swapper_pg_dir)", SPLIT + 0x101000);
	assert_null(locate(MMU_ROOT_KERNEL, 0, false, regimes));
	assert_int_equal(regimes[0].traits, L1TF | SAVED_DIRTY); /* nothing tells: the newest */
	setup(state);
	pae(0x101000, 0x102000);
	set("SYMBOL(swapper_pg_dir)", SPLIT + 0x101000);
	set("SYMBOL(init_task)", SPLIT + 0x1000);
	set("SYMBOL(l1tf_mitigation)", SPLIT + 0x2000);
	assert_null(locate(MMU_ROOT_KERNEL, 0, false, regimes));
	assert_int_equal(regimes[0].traits, L1TF);
	/* the processor's width, of a variable in lowmem */
	set("OFFSET(cpuinfo_x86.x86_phys_bits)", 0x20);
	set("SYMBOL(boot_cpu_data)", SPLIT + 0x3000);
	put(0x3020, 1, 40);
	assert_null(locate(MMU_ROOT_KERNEL, 0, false, regimes));
	assert_int_equal(regimes[0].pa_mask, (UINT64_C(1) << 40) - 1);
}

static void test_lowmem_ends_at_high_memory(void **state)
{
	struct mmu_linear linear;
	size_t nr;

	two_levels(0x101000, SPLIT);
	set("SYMBOL(swapper_pg_dir)", SPLIT + 0x101000);
	set("SYMBOL(high_memory)", SPLIT + 0x2000);
	put(0x2000, 4, SPLIT + MIB(6));
	assert_null(mmu_arch_i386.linear(&facts, &linear, &nr));
	assert_int_equal(linear.last_va, SPLIT + MIB(6) - 1);
}

static void test_kpti(void **state)
{
	struct mmu_regime regimes[2];

	pae(0x102000, 0x106000);
	set("SYMBOL(swapper_pg_dir)", SPLIT + 0x102000);
	/* a process: its slots are the same in both tables of the pair, the kernel's are not */
	put(0x104000, 8, 0x108001);
	put(0x105000, 8, 0x108021);
	put(0x104018, 8, 0x106001);
	put(0x105018, 8, 0x109001);
	assert_null(locate(MMU_ROOT_PGD_PA, 0x104000, true, regimes));
	assert_int_equal(regimes[0].root_pa, 0x105000);
	put(0x105000, 8, 0x107001);
	assert_non_null(locate(MMU_ROOT_PGD_PA, 0x104000, true, regimes));
	setup(state);
	two_levels(0x101000, SPLIT);
	set("SYMBOL(swapper_pg_dir)", SPLIT + 0x101000);
	assert_non_null(locate(MMU_ROOT_PGD_PA, 0x101000, true, regimes));
}

/* Processes map the same, and something of their own. */
static void test_search(void **state)
{
	uint64_t pa = 0;

	for (uint64_t root = 0x80000; root < 0x84000; root += 4096) {
		two_levels(root, SPLIT);
		put(root + 32 * 4, 4, 0x90067);
	}
	assert_false(mmu_arch_i386.search(&facts, &pa));
	two_levels(0x400000, SPLIT);
	fake.link_swapper = SPLIT + 0x200000;
	assert_true(mmu_arch_i386.search(&facts, &pa));
	assert_int_equal(pa, 0x401000);
	assert_int_equal(fact("PHYS(swapper_pg_dir)"), 0x400000);
	assert_int_equal(fact("KERNELOFFSET"), 0x200000);
	assert_false(mmu_arch_i386.search(&facts, &pa));
	expect_kernel("2level", 0x400000, SPLIT); /* no symbol is needed */
	setup(state);
	pae(0x400000, 0x402000);
	pa = 0;
	assert_true(mmu_arch_i386.search(&facts, &pa));
	expect_kernel("pae", 0x400000, SPLIT);
}

/* SDM 2.5: CR0, CR3 and CR4 of QEMU's notes */
static void cpu(uint32_t cr0, uint32_t cr3, uint32_t cr4)
{
	memset(fake.cpu, 0, sizeof(fake.cpu));
	fake.cpu[0] = 1;
	fake.cpu[4] = sizeof(fake.cpu) & 0xff;
	fake.cpu[5] = sizeof(fake.cpu) >> 8;
	cr0 = htole32(cr0);
	cr3 = htole32(cr3);
	cr4 = htole32(cr4);
	memcpy(fake.cpu + 392, &cr0, 4);
	memcpy(fake.cpu + 416, &cr3, 4);
	memcpy(fake.cpu + 424, &cr4, 4);
}

static void test_cpu(void **state)
{
	struct mmu_regime regimes[2];

	two_levels(0x101000, SPLIT);
	assert_non_null(locate(MMU_ROOT_CPU, 0, false, regimes));
	cpu(0x80000001, 0x101018, 0);
	assert_null(locate(MMU_ROOT_CPU, 0, false, regimes));
	assert_string_equal(regimes[0].format->name, "2level");
	assert_int_equal(regimes[0].root_pa, 0x101000);
	cpu(0x80000001, 0x101038, 1 << 5);
	assert_null(locate(MMU_ROOT_CPU, 0, false, regimes));
	assert_string_equal(regimes[0].format->name, "pae");
	assert_int_equal(regimes[0].root_pa, 0x101020);
	cpu(1, 0x101000, 0);
	assert_non_null(locate(MMU_ROOT_CPU, 0, false, regimes));
	assert_non_null(locate(MMU_ROOT_CPU, 1, false, regimes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_split_and_pae, setup),
		cmocka_unit_test_setup(test_what_is_told, setup),
		cmocka_unit_test_setup(test_traits, setup),
		cmocka_unit_test_setup(test_lowmem_ends_at_high_memory, setup),
		cmocka_unit_test_setup(test_kpti, setup),
		cmocka_unit_test_setup(test_search, setup),
		cmocka_unit_test_setup(test_cpu, setup),
	};

	return cmocka_run_group_tests_name("i386 locate", tests, NULL, NULL);
}
