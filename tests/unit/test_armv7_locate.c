/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file ARMv7: formats, roots, traits and lowmem of kernels made of a few facts. */
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

extern const struct mmu_arch mmu_arch_armv7;

#define BIT(n) (UINT64_C(1) << (n))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MIB(n) ((uint64_t)(n) << 20)
#define NR_PAGES 24u

enum { SHORT, LPAE };
enum { EXCLUSIVE = 1, PROCESS = 2 }; /* traits */

static struct fake {
	struct {
		char key[48];
		uint64_t value;
	} facts[32];
	unsigned int nr_facts, nr_pages, nr_ram;
	struct {
		uint64_t pa;
		uint32_t words[1024];
	} pages[NR_PAGES];
	struct {
		uint64_t first_pa, last_pa;
	} ram[4];
	unsigned int reads;
	char how[80]; /* of PHYS_OFFSET */
	bool assumed; /* what was derived last */
} fake;

static void set(const char *key, uint64_t value)
{
	assert_true(fake.nr_facts < COUNT(fake.facts));
	snprintf(fake.facts[fake.nr_facts].key, sizeof(fake.facts[0].key), "%s", key);
	fake.facts[fake.nr_facts++].value = value;
}

static uint32_t *word(uint64_t pa)
{
	for (unsigned int i = 0; i < fake.nr_pages; i++)
		if (fake.pages[i].pa == pa >> 12)
			return &fake.pages[i].words[(pa & 4095) / 4];
	return NULL;
}

/* The word at a physical address; its page comes into being. */
static void put(uint64_t pa, uint32_t value)
{
	if (!word(pa)) {
		assert_true(fake.nr_pages < NR_PAGES);
		fake.pages[fake.nr_pages++].pa = pa >> 12;
	}
	*word(pa) = htole32(value);
}

static void put_long(uint64_t pa, uint64_t value)
{
	put(pa, (uint32_t)value);
	put(pa + 4, (uint32_t)(value >> 32));
}

static void ram(uint64_t first_pa, uint64_t last_pa)
{
	assert_true(fake.nr_ram < COUNT(fake.ram));
	fake.ram[fake.nr_ram].first_pa = first_pa;
	fake.ram[fake.nr_ram++].last_pa = last_pa;
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
	return false;
}

static bool fake_note(void *context, const char *name, uint32_t type, unsigned int n,
		      const uint8_t **ret_data, size_t *ret_bytes)
{
	return false;
}

static bool fake_ram(void *context, unsigned int n, uint64_t *ret_first_pa, uint64_t *ret_last_pa)
{
	if (n >= fake.nr_ram)
		return false;
	*ret_first_pa = fake.ram[n].first_pa;
	*ret_last_pa = fake.ram[n].last_pa;
	return true;
}

static bool fake_read(void *context, uint64_t pa, void *buf, size_t bytes)
{
	fake.reads++;
	assert_true((pa & 4095) + bytes <= 4096);
	if (!word(pa))
		return false;
	memcpy(buf, (const uint8_t *)word(pa & ~UINT64_C(3)) + (pa & 3), bytes);
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
	if (!strcmp(key, "PHYS_OFFSET"))
		snprintf(fake.how, sizeof(fake.how), "%s", how);
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

static const struct mmu_facts facts = { .size = sizeof(struct mmu_facts),
					.pointer_bytes = 4,
					.get = fake_get,
					.link_symbol = fake_link_symbol,
					.note = fake_note,
					.ram = fake_ram,
					.read_phys = fake_read,
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
	return 0;
}

static const char *locate(enum mmu_root_kind kind, uint64_t value, bool user_half,
			  struct mmu_regime *ret)
{
	const struct mmu_root root = { sizeof(root), kind, value, 0, user_half };
	size_t nr = 7;
	const char *text = mmu_arch_armv7.locate(&facts, &root, ret, &nr);

	assert_int_equal(nr, text ? 7 : 1);
	return text;
}

static const char *linear(struct mmu_linear *ret)
{
	size_t nr = 7;
	const char *text = mmu_arch_armv7.linear(&facts, ret, &nr);

	assert_int_equal(nr, text ? 7 : 1);
	return text;
}

/* swapper_pg_dir at text_offset - 16 KiB, with 1 MiB sections for `mib` of lowmem. */
static void short_tables(uint64_t split, uint64_t offset, uint64_t text_offset, unsigned int mib)
{
	uint64_t root_pa = offset + text_offset - 0x4000;

	for (uint64_t i = 0; i < mib; i++)
		put(root_pa + ((split >> 20) + i) * 4, (uint32_t)(offset + MIB(i)) | 0x1141e);
	set("SYMBOL(swapper_pg_dir)", split + text_offset - 0x4000);
}

/* One page of 4 entries, then a table per GiB, with 2 MiB blocks for `mib` of lowmem. */
static void lpae_tables(uint64_t split, uint64_t offset, uint64_t text_offset, unsigned int mib)
{
	uint64_t root_pa = offset + text_offset - 0x5000;

	for (uint64_t i = 0; i < 4; i++)
		put_long(root_pa + i * 8, (root_pa + 0x1000 + i * 0x1000) | 3 | BIT(55));
	for (uint64_t i = 0; i < mib / 2; i++)
		put_long(root_pa + 0x1000 + ((split >> 21) + i) * 8, (offset + MIB(2) * i) | 0x71d);
	set("SYMBOL(swapper_pg_dir)", split + text_offset - 0x5000);
}

/* ------------------------------------------------------------------ what is known, what is not */

static void test_nothing_is_known(void **state)
{
	struct mmu_linear range;
	struct mmu_regime r = { .root_pa = 7 };

	assert_non_null(strstr(locate(MMU_ROOT_PGD_PA, 0x4000, false, &r), "short descriptors or"));
	assert_non_null(strstr(linear(&range), "PAGE_OFFSET"));
	set("SYMBOL(swapper_pg_dir)", 0xc0204000);
	assert_non_null(strstr(linear(&range), "PHYS_OFFSET"));
	assert_non_null(strstr(locate(MMU_ROOT_KERNEL, 0, false, &r), "PHYS_OFFSET"));
	set("PHYS_OFFSET", 0x40000000); /* the user's word, but nothing to read */
	assert_non_null(strstr(linear(&range), "lowmem's end"));
	assert_null(locate(MMU_ROOT_KERNEL, 0, false, &r));
	assert_int_equal(r.root_pa, 0x40204000);
}

static void test_cpus_have_no_registers_in_dumps(void **state)
{
	struct mmu_regime r;

	set("SYMBOL(swapper_pg_dir)", 0xc0204000);
	const char *text = locate(MMU_ROOT_CPU, 0, false, &r);
	assert_non_null(strstr(text, "TTBR0"));
	assert_non_null(strstr(text, "mm->pgd"));
	assert_non_null(locate(MMU_ROOT_PGD_PA, 0x4000, true, &r)); /* no user half */
}

static void test_roots_are_aligned(void **state)
{
	struct mmu_regime r;

	set("SIZE(pte_t)", 4);
	assert_null(locate(MMU_ROOT_PGD_PA, 0x41f54000, false, &r));
	assert_int_equal(r.root_pa, 0x41f54000);
	assert_non_null(strstr(locate(MMU_ROOT_PGD_PA, 0x41f5406a, false, &r), "31:14 of TTBR0"));
	fake.facts[0].value = 8;
	assert_null(locate(MMU_ROOT_PGD_PA, 0x426232c0, false, &r)); /* an object of 32 bytes */
	assert_int_equal(r.root_pa, 0x426232c0);
	assert_non_null(locate(MMU_ROOT_PGD_PA, 0x426232d0, false, &r));
	assert_non_null(strstr(locate(MMU_ROOT_PGD_PA, BIT(48) | 0x426232c8, false, &r), "39:5 of "
											 "TTBR0"));
}

static void test_formats(void **state)
{
	static const struct {
		const char *key;
		uint64_t value;
		unsigned int format;
	} cases[] = {
		{ "CONFIG_ARM_LPAE", 1, LPAE },
		{ "SIZE(pte_t)", 8, LPAE },
		{ "SIZE(pte_t)", 4, SHORT },
		/* no vmlinux: where the top table lies */
		{ "SYMBOL(swapper_pg_dir)", 0xc0203000, LPAE },
		{ "SYMBOL(swapper_pg_dir)", 0xc0204000, SHORT },
		{ "SYMBOL(swapper_pg_dir)", 0x80003000, LPAE },
		{ "SYMBOL(swapper_pg_dir)", 0x80004000, SHORT },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mmu_regime r;

		setup(state);
		set(cases[i].key, cases[i].value);
		assert_null(locate(MMU_ROOT_PGD_PA, 0x8000, false, &r));
		assert_ptr_equal(r.format, mmu_arch_armv7.formats[cases[i].format]);
		assert_int_equal(r.pa_mask, BIT(40) - 1);
	}
}

/*
 * Issue 9 A. The releases from 4.4 on as their VMCOREINFO, types and symbols are: 7.2 has
 * vm_area_struct.vm_flags without __vm_flags, as 6.1 had.
 */
static void test_9a_swap_entries_of_each_release(void **state)
{
	static const struct {
		const char *keys[4];
		uint32_t traits;
		bool assumed;
	} cases[] = {
		/* types and VMCOREINFO: 4.4, 4.9 to 6.2, 6.3 to 6.18, 7.2 */
		{ { "OFFSET(page._count)" }, 0, false },
		{ { "OFFSET(page._count)", "OFFSET(page.compound_dtor)" }, 0, false },
		{ { "OFFSET(page._refcount)", "OFFSET(page.compound_dtor)",
		    "OFFSET(vm_area_struct.vm_flags)", "SYMBOL(vmap_area_list)" },
		  0,
		  false },
		{ { "OFFSET(page._refcount)", "OFFSET(vm_area_struct.vm_flags)",
		    "OFFSET(vm_area_struct.__vm_flags)" },
		  EXCLUSIVE,
		  false },
		{ { "OFFSET(page._refcount)", "SYMBOL(vmap_area_list)" }, EXCLUSIVE, false },
		{ { "OFFSET(page._refcount)", "OFFSET(vm_area_struct.vm_flags)",
		    "OFFSET(vm_area_struct.flags)" },
		  EXCLUSIVE,
		  false },
		/* kallsyms alone */
		{ { "SYMBOL(__vma_adjust)" }, 0, false },
		{ { "SYMBOL(do_vmi_munmap)" }, EXCLUSIVE, false },
		/* nothing tells: the newest */
		{ { "OFFSET(vm_area_struct.vm_flags)" }, EXCLUSIVE, true },
		{ { "SYMBOL(vmap_area_list)" }, EXCLUSIVE, true },
		{ { "NUMBER(VMALLOC_START)" }, EXCLUSIVE, true },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mmu_regime r;

		setup(state);
		set("SIZE(pte_t)", 4);
		for (size_t j = 0; j < COUNT(cases[i].keys) && cases[i].keys[j]; j++)
			set(cases[i].keys[j], 16);
		assert_null(locate(MMU_ROOT_PGD_PA, 0x4000, false, &r));
		assert_int_equal(r.traits, cases[i].traits);
		assert_int_equal(!!fact("TRAIT(swap-exclusive)"), cases[i].traits);
		assert_int_equal(fake.assumed, cases[i].assumed);
	}
}

/* Issue 9, 8. A table that belongs to an mm_struct is a process's, and no other is. */
static void test_9_8_tables_of_processes(void **state)
{
	struct mmu_root root = { sizeof(root), MMU_ROOT_PGD_PA, 0x8000, 0, false };
	struct mmu_regime r;
	size_t nr;

	for (unsigned int i = 0; i < 4; i++) {
		setup(state);
		set("SIZE(pte_t)", i & 1 ? 8 : 4);
		root.mm_va = i & 2 ? 0xc1000000 : 0;
		assert_null(mmu_arch_armv7.locate(&facts, &root, &r, &nr));
		assert_int_equal(r.traits & PROCESS, i == 3 ? PROCESS : 0);
	}
}

/* The user's word stands. */
static void test_swap_entries_by_option(void **state)
{
	struct mmu_regime r;

	set("SIZE(pte_t)", 4);
	set("OFFSET(page.compound_dtor)", 16);
	set("TRAIT(swap-exclusive)", 1);
	assert_null(locate(MMU_ROOT_PGD_PA, 0x4000, false, &r));
	assert_int_equal(r.traits, EXCLUSIVE);
}

/* ------------------------------------------------------------------ where the kernel lies */

static void check_offset(unsigned int format, uint64_t split, uint64_t offset, const char *how)
{
	struct mmu_linear range;
	struct mmu_regime r;

	print_message("# split 0x%llx offset 0x%llx\n", (unsigned long long)split,
		      (unsigned long long)offset);
	assert_null(linear(&range));
	assert_int_equal(fact("PAGE_OFFSET"), split);
	assert_int_equal(fact("PHYS_OFFSET"), offset);
	assert_int_equal(fact("KERNELOFFSET"), 0);
	assert_non_null(strstr(fake.how, how));
	assert_int_equal(range.first_va, split);
	assert_int_equal(range.first_pa, offset);
	assert_null(locate(MMU_ROOT_KERNEL, 0, false, &r));
	assert_ptr_equal(r.format, mmu_arch_armv7.formats[format]);
	assert_int_equal(r.root_pa, fact("SYMBOL(swapper_pg_dir)") - split + offset);
}

/* Without any vmlinux: the kernel's tables are where they say that they are. */
static void test_offsets_by_tables(void **state)
{
	static const uint64_t splits[] = { 0xc0000000, 0xb0000000, 0x80000000, 0x40000000 };
	static const uint64_t offsets[] = { 0, 0x40000000, 0x80000000 };
	static const uint64_t text_offsets[] = { 0x8000, 0x208000, 0x308000 };
	struct mmu_linear range;

	for (size_t i = 0; i < COUNT(splits) * COUNT(offsets) * COUNT(text_offsets) * 2; i++) {
		uint64_t split = splits[i % 4], offset = offsets[i / 4 % 3];
		unsigned int format = i / 36;

		setup(state);
		(format ? lpae_tables : short_tables)(split, offset, text_offsets[i / 12 % 3], 32);
		if (offset)
			ram(0x14000000, 0x17ffffff); /* vexpress: flash comes first */
		ram(offset, offset + MIB(64) - 1);
		check_offset(format, split, offset, "maps itself");
		assert_null(linear(&range));
		assert_int_equal(range.last_va, split + MIB(32) - 1); /* where the tables end */
	}
}

static void test_offset_by_variable(void **state)
{
	struct mmu_linear range;

	ram(0x14000000, 0x17ffffff);
	ram(0x80000000, 0xbfffffff);
	set("SYMBOL(swapper_pg_dir)", 0xc0204000);
	set("SYMBOL(__pv_phys_pfn_offset)", 0xc1001000);
	set("SYMBOL(high_memory)", 0xc1001008);
	put(0x14000000 + 0x1001000, 0xffffffff);
	put(0x80000000 + 0x1001000, 0x80000);
	put(0x80000000 + 0x1001008, 0xf0000000);
	check_offset(SHORT, 0xc0000000, 0x80000000, "__pv_phys_pfn_offset");
	assert_null(linear(&range));
	assert_int_equal(range.last_va, 0xefffffff);
	/* high_memory is nonsense: the tables decide */
	put(0x80000000 + 0x1001008, 0x1234);
	short_tables(0xc0000000, 0x80000000, 0x208000, 48);
	assert_null(linear(&range));
	assert_int_equal(range.last_va, 0xc2ffffff);
}

/* Above 4 GiB: Keystone's memory lies at 0x800000000. */
static void test_offset_above_4_gib(void **state)
{
	ram(0x800000000, 0x83fffffff);
	lpae_tables(0xc0000000, 0x800000000, 0x8000, 32);
	check_offset(LPAE, 0xc0000000, 0x800000000, "maps itself");
	set("SYMBOL(__pv_phys_pfn_offset)", 0xc0001000);
	put(0x800001000, 0x800000);
	fake.how[0] = '\0';
	for (unsigned int i = 0; i < fake.nr_facts; i++)
		if (!strcmp(fake.facts[i].key, "PHYS_OFFSET"))
			fake.facts[i].key[0] = '-';
	check_offset(LPAE, 0xc0000000, 0x800000000, "__pv_phys_pfn_offset");
}

/* The range does not begin where the kernel's offset is. */
static void test_offset_beside_the_range(void **state)
{
	static const uint64_t firsts[] = {
		0x80001000,             /* a first page that firmware keeps */
		0x80200000,             /* and more: the loader rounds down to 128 MiB */
		0x87e00000, 0x60000000, /* the kernel lies in the middle */
		0x7fe01000,
	};

	for (size_t i = 0; i < COUNT(firsts); i++) {
		setup(state);
		ram(firsts[i], 0x9fffffff);
		short_tables(0xc0000000, 0x80000000, 0x208000, 16);
		check_offset(SHORT, 0xc0000000, 0x80000000, "maps itself");
	}
	/* nowhere: not without end */
	setup(state);
	set("SYMBOL(swapper_pg_dir)", 0xc0204000);
	ram(0, UINT64_MAX);
	struct mmu_linear range;

	assert_non_null(linear(&range));
	assert_true(fake.reads < 100000);
}

/* Neither the variable nor the tables can be read. */
static void test_offset_by_banner(void **state)
{
	static const char banner[] = "Linux version 6.1";
	uint32_t words[5] = { 0 };

	ram(0x40000000, 0x5fffffff);
	memcpy(words, banner, sizeof(banner));
	set("SYMBOL(swapper_pg_dir)", 0xc0204000);
	set("SYMBOL(linux_banner)", 0xc0f53840);
	set("SYMBOL(high_memory)", 0xc0f53800);
	put(0x40f53800, 0xe0000000);
	for (size_t i = 0; i < COUNT(words); i++)
		put(0x40f53840 + 4 * i, le32toh(words[i]));
	check_offset(SHORT, 0xc0000000, 0x40000000, "linux_banner");
}

/* A table that maps the kernel elsewhere refutes an offset; so does a variable, whatever else. */
static void test_offsets_are_refuted(void **state)
{
	struct mmu_linear range;

	ram(0x40000000, 0x5fffffff);
	short_tables(0xc0000000, 0x40000000, 0x208000, 16);
	for (unsigned int i = 0; i < 16; i++)
		put(0x40204000 + (0xc00 + i) * 4,
		    le32toh(*word(0x40204000 + (0xc00 + i) * 4)) + MIB(64));
	assert_non_null(strstr(linear(&range), "PHYS_OFFSET"));
	setup(state);
	ram(0x40000000, 0x5fffffff);
	short_tables(0xc0000000, 0x40000000, 0x208000, 16);
	set("SYMBOL(__pv_phys_pfn_offset)", 0xc0204000);
	put(0x40204000, 0x80000);
	assert_non_null(strstr(linear(&range), "PHYS_OFFSET"));
}

/* The text of an XIP kernel lies below PAGE_OFFSET. */
static void test_split_by_the_table_not_the_text(void **state)
{
	ram(0x40000000, 0x5fffffff);
	set("SYMBOL(_stext)", 0xbf088000);
	short_tables(0xc0000000, 0x40000000, 0x8000, 16);
	check_offset(SHORT, 0xc0000000, 0x40000000, "maps itself");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nothing_is_known, setup),
		cmocka_unit_test_setup(test_cpus_have_no_registers_in_dumps, setup),
		cmocka_unit_test_setup(test_roots_are_aligned, setup),
		cmocka_unit_test_setup(test_formats, setup),
		cmocka_unit_test_setup(test_9a_swap_entries_of_each_release, setup),
		cmocka_unit_test_setup(test_swap_entries_by_option, setup),
		cmocka_unit_test_setup(test_9_8_tables_of_processes, setup),
		cmocka_unit_test_setup(test_offsets_by_tables, setup),
		cmocka_unit_test_setup(test_offset_by_variable, setup),
		cmocka_unit_test_setup(test_offset_above_4_gib, setup),
		cmocka_unit_test_setup(test_offset_beside_the_range, setup),
		cmocka_unit_test_setup(test_offset_by_banner, setup),
		cmocka_unit_test_setup(test_offsets_are_refuted, setup),
		cmocka_unit_test_setup(test_split_by_the_table_not_the_text, setup),
	};

	return cmocka_run_group_tests_name("armv7-locate", tests, NULL, NULL);
}
