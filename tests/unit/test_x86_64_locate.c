/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file x86_64: formats, roots, traits and linear mappings of kernels made of a few facts. */
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

extern const struct mmu_arch mmu_arch_x86_64;

#define BIT(n) (UINT64_C(1) << (n))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { FOUR, FIVE };

static uint32_t trait(const char *name)
{
	for (size_t i = 0; i < mmu_arch_x86_64.nr_traits; i++)
		if (!strcmp(mmu_arch_x86_64.traits[i].name, name))
			return mmu_arch_x86_64.traits[i].bit;
	fail_msg("no trait %s", name);
	return 0;
}

/* Names, separated by spaces. */
static uint32_t traits(const char *names)
{
	char copy[100], *rest;
	uint32_t ret = 0;

	snprintf(copy, sizeof(copy), "%s", names);
	for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
		ret |= trait(name);
	return ret;
}

#define IMAGE UINT64_C(0xffffffff80000000)
#define NR_PAGES 16u

static struct fake {
	struct {
		char key[48];
		uint64_t value;
	} facts[32];
	unsigned int nr_facts, nr_pages, nr_notes;
	struct {
		uint64_t pa;
		uint64_t words[512];
	} pages[NR_PAGES];
	uint8_t notes[2][440];
	uint64_t last_ram_pa;
	bool links;            /* symbols by their link-time address */
	size_t prstatus_bytes; /* 0: no such notes */
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
	*word(pa) = htole64(value);
}

static void cpu_in_mode(unsigned int n, uint64_t cr0, uint64_t cr3, uint64_t cr4, uint32_t cs)
{
	const uint32_t head[2] = { htole32(1), htole32(440) };

	cr0 = htole64(cr0);
	cr3 = htole64(cr3);
	cr4 = htole64(cr4);
	cs = htole32(cs);
	memcpy(fake.notes[n], head, sizeof(head));
	memcpy(fake.notes[n] + 160, &cs, 4);
	memcpy(fake.notes[n] + 392, &cr0, 8);
	memcpy(fake.notes[n] + 416, &cr3, 8);
	memcpy(fake.notes[n] + 424, &cr4, 8);
	fake.nr_notes = n + 1;
}

/* In long mode; of CR4 only LA57 is told. */
static void cpu(unsigned int n, uint64_t cr3, uint64_t la57)
{
	cpu_in_mode(n, BIT(31) | BIT(0), cr3, la57 | BIT(5), 1u << 21);
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
	if (!fake.links || (strcmp(name, "_stext") && strcmp(name, "phys_base")))
		return false;
	*ret_va = !strcmp(name, "_stext") ? IMAGE + 0x1000000 : IMAGE + 0x2a1a010;
	return true;
}

static bool fake_note(void *context, const char *name, uint32_t type, unsigned int n,
		      const uint8_t **ret_data, size_t *ret_bytes)
{
	if (!strcmp(name, "CORE") && type == 1 && n < fake.nr_notes && fake.prstatus_bytes) {
		*ret_data = fake.notes[n];
		*ret_bytes = fake.prstatus_bytes;
		return true;
	}
	if (strcmp(name, "QEMU") || type != 0 || n >= fake.nr_notes)
		return false;
	*ret_data = fake.notes[n];
	*ret_bytes = sizeof(fake.notes[n]);
	return true;
}

static bool fake_ram(void *context, unsigned int n, uint64_t *ret_first_pa, uint64_t *ret_last_pa)
{
	*ret_first_pa = 0;
	*ret_last_pa = fake.last_ram_pa;
	return (n == 0 || n == MMU_RAM_LAST) && fake.last_ram_pa;
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

static const struct mmu_facts facts = { .size = sizeof(struct mmu_facts),
					.pointer_bytes = 8,
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

/* VMCOREINFO of a 6.1 kernel. */
static int setup(void **state)
{
	memset(&fake, 0, sizeof(fake));
	set("NUMBER(phys_base)", 0x20600000);
	set("SYMBOL(swapper_pg_dir)", IMAGE + 0x1ae10000);
	set("NUMBER(pgtable_l5_enabled)", 0);
	set("KERNELOFFSET", 0x18400000);
	return 0;
}

static int setup_nothing(void **state)
{
	memset(&fake, 0, sizeof(fake));
	return 0;
}

static const char *locate(enum mmu_root_kind kind, uint64_t value, bool user_half,
			  struct mmu_regime *ret)
{
	const struct mmu_root root = { sizeof(root), kind, value, 0, user_half };
	struct mmu_regime halves[2];
	size_t nr = 7;
	const char *text = mmu_arch_x86_64.locate(&facts, &root, halves, &nr);

	if (text) {
		assert_int_equal(nr, 7);
		return text;
	}
	assert_int_equal(nr, 2);
	assert_int_equal(halves[0].half, MMU_HALF_USER);
	assert_int_equal(halves[0].first_va, 0);
	assert_int_equal(halves[1].half, MMU_HALF_KERNEL);
	assert_int_equal(halves[1].first_va, ~halves[0].last_va);
	assert_int_equal(halves[1].last_va, UINT64_MAX);
	assert_int_equal(halves[0].root_pa, halves[1].root_pa);
	assert_int_equal(halves[0].traits, halves[1].traits);
	assert_int_equal(halves[0].pa_mask, halves[1].pa_mask);
	assert_ptr_equal(halves[0].format, halves[1].format);
	*ret = halves[0];
	return NULL;
}

static void test_nothing_is_known(void **state)
{
	struct mmu_regime r = { .root_pa = 7 };
	struct mmu_linear ranges[MMU_LINEAR_MAX];
	size_t nr = 7;

	assert_non_null(strstr(locate(MMU_ROOT_PGD_PA, 0x1000, false, &r), "4 or 5 levels"));
	assert_non_null(mmu_arch_x86_64.linear(&facts, ranges, &nr));
	assert_int_equal(r.root_pa, 7);
	assert_int_equal(nr, 7);
}

static void test_kernel_root_and_assumed_traits(void **state)
{
	struct mmu_regime r;

	assert_null(locate(MMU_ROOT_KERNEL, 0, false, &r));
	assert_int_equal(r.root_pa, 0x3b410000);
	assert_ptr_equal(r.format, mmu_arch_x86_64.formats[FOUR]);
	assert_int_equal(r.traits, mmu_arch_x86_64.samples[0]->regimes[0]->traits);
	assert_int_equal(r.pa_mask & ~UINT64_C(0xfff), BIT(52) - 4096);
	assert_int_equal(fact("TRAIT(saved-dirty)"), 1);
	assert_non_null(strstr(locate(MMU_ROOT_CPU, 0, false, &r), "CR3"));
	assert_non_null(strstr(locate(MMU_ROOT_PGD_PA, 0x1008, false, &r), "page"));
	assert_non_null(strstr(locate(MMU_ROOT_PGD_PA, 0x1000, true, &r), "KPTI"));
}

static void test_traits_follow_symbols(void **state)
{
	static const struct {
		const char *key, *traits;
	} cases[] = {
		{ "SYMBOL(vfs_read)", "" },
		{ "SYMBOL(init_level4_pgt)", "swap-sd7" },
		{ "SYMBOL(l1tf_mitigation)", "l1tf" },
		{ "SYMBOL(arch_check_zapped_pte)", "l1tf saved-dirty" },
		{ "OFFSET(page.compound_info)", "l1tf saved-dirty no-devmap" },
	};
	struct mmu_regime r;

	for (size_t i = 0; i < COUNT(cases); i++) {
		setup(state);
		set("SYMBOL(init_task)", IMAGE + 0x1ae1aa40);
		for (size_t j = i < 2 ? i : 2; j <= i; j++)
			set(cases[j].key, IMAGE);
		assert_null(locate(MMU_ROOT_KERNEL, 0, false, &r));
		assert_int_equal(r.traits, traits(cases[i].traits));
	}
	setup(state);
	set("TRAIT(l1tf)", 0); /* the user knows better */
	assert_null(locate(MMU_ROOT_KERNEL, 0, false, &r));
	assert_false(r.traits & trait("l1tf"));
}

static void test_old_swap_mark_went_with_the_l1tf_backports(void **state)
{
	struct mmu_regime r;

	set("SYMBOL(init_task)", IMAGE);
	set("SYMBOL(init_level4_pgt)", IMAGE + 0x1ae10000);
	set("SYMBOL(l1tf_mitigation)", IMAGE);
	assert_null(locate(MMU_ROOT_KERNEL, 0, false, &r));
	assert_int_equal(r.traits, trait("l1tf"));
}

static void test_levels_by_variable_and_by_cr4(void **state)
{
	struct mmu_regime r;

	setup_nothing(state);
	cpu(0, 0x255e000, BIT(12));
	assert_null(locate(MMU_ROOT_CPU, 0, false, &r));
	assert_ptr_equal(r.format, mmu_arch_x86_64.formats[FIVE]);
	assert_int_equal(r.root_pa, 0x255e000);
	assert_int_equal(fact("NUMBER(pgtable_l5_enabled)"), 1);
	setup_nothing(state);
	cpu(0, 0x255e000, BIT(12)); /* the variable goes first */
	set("NUMBER(phys_base)", 0);
	set("SYMBOL(__pgtable_l5_enabled)", IMAGE + 0x2004);
	put(0x2000, UINT64_C(1) << 32);
	assert_null(locate(MMU_ROOT_CPU, 0, false, &r));
	assert_ptr_equal(r.format, mmu_arch_x86_64.formats[FIVE]);
	setup_nothing(state); /* no variable, no CPU: the table at IMAGE + 0x600000 maps itself */
	set("SYMBOL(init_level4_pgt)", IMAGE + 0x600000);
	set("NUMBER(phys_base)", 0);
	put(0x600000 + 511 * 8, 0x11067);
	put(0x11000 + 510 * 8, 0x12067);
	put(0x12000 + 3 * 8, 0x6001e3);
	assert_null(locate(MMU_ROOT_PGD_PA, 0x1000, false, &r));
	assert_ptr_equal(r.format, mmu_arch_x86_64.formats[FOUR]);
	fake.nr_facts = 2;
	put(0x12000 + 3 * 8, 0xa001e3);
	assert_non_null(locate(MMU_ROOT_PGD_PA, 0x1000, false, &r));
}

/* Before 4.17 VMCOREINFO has no levels, and under SME each entry of the kernel has the C-bit. */
static void test_levels_of_an_old_kernel_with_sme(void **state)
{
	const uint64_t c_bit = BIT(47);
	struct mmu_regime r;

	set("SYMBOL(init_top_pgt)", IMAGE + 0x600000);
	set("NUMBER(phys_base)", 0);
	set("NUMBER(sme_mask)", c_bit);
	put(0x600000 + 511 * 8, c_bit | 0x11067);
	put(0x11000 + 510 * 8, c_bit | 0x12067);
	put(0x12000 + 3 * 8, c_bit | 0x6001e3);
	assert_null(locate(MMU_ROOT_KERNEL, 0, false, &r));
	assert_ptr_equal(r.format, mmu_arch_x86_64.formats[FOUR]);
	assert_int_equal(r.root_pa, 0x600000);
	assert_int_equal(r.pa_mask & c_bit, 0);
}

static void test_address_width_and_encryption(void **state)
{
	static const struct {
		const char *key;
		uint64_t value; /* of the word at IMAGE + 0x1000 */
		uint64_t mask;
		bool encryption;
	} cases[] = {
		{ "SYMBOL(boot_cpu_data)", 40, BIT(40) - 4096, false },
		{ "SYMBOL(boot_cpu_data)", 52, BIT(52) - 4096, false },
		{ "SYMBOL(boot_cpu_data)", 35, BIT(52) - 4096, false }, /* not sane */
		{ "SYMBOL(boot_cpu_data)", 0, BIT(52) - 4096, false },
		{ "SYMBOL(physical_mask)", BIT(52) - 1, BIT(52) - 4096, false },
		{ "SYMBOL(physical_mask)", BIT(52) - 1 - BIT(47), BIT(52) - 4096 - BIT(47), true },
		{ "SYMBOL(physical_mask)", 0x1234, BIT(52) - 4096, false }, /* not sane */
		{ "SYMBOL(sme_me_mask)", BIT(51), BIT(51) - 4096, true },
		{ "SYMBOL(sme_me_mask)", 0, BIT(52) - 4096, false },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mmu_regime r;

		setup(state);
		set("OFFSET(cpuinfo_x86.x86_phys_bits)", 0);
		set(cases[i].key, IMAGE + 0x1000);
		put(0x20601000, cases[i].value);
		assert_null(locate(MMU_ROOT_PGD_PA, 0x5000, false, &r));
		assert_int_equal(r.pa_mask, cases[i].mask);
		assert_int_equal(!!(r.traits & trait("encryption")), cases[i].encryption);
	}
	setup(state);
	set("NUMBER(sme_mask)", BIT(47));
	cpu(0, BIT(61) | BIT(47) | 0x255e003, 0); /* LAM, the C-bit and a PCID */
	struct mmu_regime r;

	assert_null(locate(MMU_ROOT_CPU, 0, false, &r));
	assert_int_equal(r.root_pa, 0x255e000);
	assert_true(r.traits & trait("encryption"));
}

/* Point 20 of issue 9: format and root by the registers alone. */
static void test_20_cpu_modes(void **state)
{
	static const struct {
		uint64_t cr0, cr4;
		uint32_t cs;
		size_t prstatus_bytes;
		const char *mode, *format; /* NULL: none */
		uint64_t root_pa;
	} cases[] = {
		{ 0x60000010, 0, 0x9b00, 144, "real mode, no paging", NULL, 0 },
		{ 0x60000011, 0x20, 0xcf9b00, 144, "protected mode, no paging", NULL, 0 },
		{ 0x80000011, 0x10, 0xcf9b00, 144, "32-bit paging", NULL, 0x12345000 },
		{ 0x80000011, 0x30, 0xcf9b00, 144, "PAE paging", NULL, 0x12345660 },
		{ 0x80000011, 0x30, 0xaf9b00, 144, "4-level paging", "4level", 0x8812345000 },
		{ 0x80000011, 0x30, 0xcffb00, 336, "4-level paging", "4level", 0x8812345000 },
		{ 0x80000011, 0x30, 0xcffb00, 0, "4-level paging", "4level", 0x8812345000 },
		{ 0x80000011, 0x1030, 0xaf9b00, 336, "5-level paging", "5level", 0x8812345000 },
		{ 0x80000011, 0x1030, 0xcf9b00, 144, "PAE paging", NULL, 0x12345660 },
	};
	struct mmu_cpu seen;

	for (unsigned int i = 0; i < COUNT(cases); i++) {
		fake.prstatus_bytes = cases[i].prstatus_bytes;
		cpu_in_mode(0, cases[i].cr0, 0x8812345678, cases[i].cr4, cases[i].cs);
		assert_true(mmu_arch_x86_64.cpu(&facts, 0, &seen));
		assert_string_equal(seen.mode, cases[i].mode);
		assert_string_equal(seen.root_register, "CR3");
		assert_int_equal(seen.root_value, 0x8812345678);
		assert_int_equal(seen.size, sizeof(seen));
		assert_true(!seen.format == !cases[i].format);
		if (cases[i].format)
			assert_string_equal(seen.format->name, cases[i].format);
		if (cases[i].root_pa)
			assert_int_equal(seen.root_pa, cases[i].root_pa);
		assert_false(mmu_arch_x86_64.cpu(&facts, 1, &seen));
	}
	memset(fake.notes[0], 0xff, 8); /* another version */
	assert_false(mmu_arch_x86_64.cpu(&facts, 0, &seen));
}

static void test_kpti_pairs(void **state)
{
	const uint64_t entry = 0x2560067;
	struct mmu_regime r;

	put(0x8000 + 255 * 8, entry | BIT(63));
	put(0x9000 + 255 * 8, entry & ~UINT64_C(0x40));
	assert_null(locate(MMU_ROOT_PGD_PA, 0x8000, false, &r));
	assert_int_equal(r.root_pa, 0x8000);
	assert_true(r.traits & trait("pti"));
	assert_int_equal(fact("TRAIT(pti)"), 1);
	assert_null(locate(MMU_ROOT_PGD_PA, 0x8000, true, &r));
	assert_int_equal(r.root_pa, 0x9000);
	assert_false(r.traits & trait("pti"));
	assert_null(locate(MMU_ROOT_PGD_PA, 0x9000, false, &r)); /* the user's copy itself */
	assert_false(r.traits & trait("pti"));

	cpu(0, 0x9801, 0); /* in user mode, with a PCID */
	cpu(1, 0x8001, 0);
	for (unsigned int n = 0; n < 2; n++) {
		assert_null(locate(MMU_ROOT_CPU, n, false, &r));
		assert_int_equal(r.root_pa, n ? 0x8000 : 0x9000);
		assert_int_equal(!!(r.traits & trait("pti")), n);
		assert_null(locate(MMU_ROOT_CPU, n, true, &r));
		assert_int_equal(r.root_pa, 0x9000);
		assert_false(r.traits & trait("pti"));
	}
	/* the next page is something else: then NX is what the process wants */
	put(0x9000 + 255 * 8, 0x1234);
	assert_null(locate(MMU_ROOT_PGD_PA, 0x8000, false, &r));
	assert_false(r.traits & trait("pti"));
	assert_null(locate(MMU_ROOT_CPU, 0, false, &r)); /* an odd page, and no KPTI */
	assert_int_equal(r.root_pa, 0x9000);
	/* the next page is not in the image: nothing else sets NX there */
	put(0xa000 + 255 * 8, entry | BIT(63));
	assert_null(locate(MMU_ROOT_PGD_PA, 0xa000, false, &r));
	assert_true(r.traits & trait("pti"));
	/* kernel slots don't count */
	put(0xc000 + 256 * 8, entry | BIT(63));
	assert_null(locate(MMU_ROOT_PGD_PA, 0xc000, false, &r));
	assert_false(r.traits & trait("pti"));
}

#define TOP UINT64_C(0x3b410000)

/*
 * A kernel of nothing but its tables, which lie in its image: at a slide of 0x18400000, from
 * physical 0x39a00000 on, with the direct map at 0xffff8d1140000000.
 */
static void kernel_tables(bool five)
{
	uint64_t pud_pa = 0x3b412000, pmd_pa = 0x3b413000, top = TOP;

	fake.last_ram_pa = 0x3fffffff;
	if (five) {
		put(TOP + 511 * 8, 0x3b411067); /* level4_kernel_pgt */
		put(TOP + 273 * 8, 0x15067);    /* 0xff11000000000000, but for the lower bits */
		put(0x15000, 0x14067);
		put(0x14000 + 69 * 8, 0x1e3);
		top = 0x3b411000;
	} else {
		put(TOP + 282 * 8, 0x14067);  /* 0xffff8d0000000000 */
		put(0x14000 + 69 * 8, 0x1e3); /* a 1 GiB page at physical 0 */
	}
	put(top + 511 * 8, pud_pa | 0x67);
	put(pud_pa + 510 * 8, pmd_pa | 0x63);
	for (uint64_t va = 0x19400000; va < 0x1b000000; va += 0x200000)
		put(pmd_pa + va / 0x200000 * 8, (0x20600000 + va) | 0x1e3);
}

static bool search(uint64_t *pa)
{
	return mmu_arch_x86_64.search(&facts, pa);
}

static void test_search(void **state)
{
	for (unsigned int five = 0; five < 2; five++) {
		struct mmu_linear ranges[MMU_LINEAR_MAX];
		struct mmu_regime r;
		uint64_t pa = 0;
		size_t nr;

		setup_nothing(state);
		kernel_tables(five);
		assert_true(search(&pa));
		assert_int_equal(pa, TOP + 4096);
		assert_int_equal(fact("NUMBER(phys_base)"), 0x20600000);
		assert_int_equal(fact("NUMBER(pgtable_l5_enabled)"), five);
		assert_null(mmu_arch_x86_64.linear(&facts, ranges, &nr));
		assert_int_equal(nr, 2);
		assert_int_equal(ranges[0].first_pa, 0x20600000);
		assert_int_equal(ranges[1].first_va,
				 five ? 0xff11001140000000 : 0xffff8d1140000000);
		assert_null(locate(MMU_ROOT_KERNEL, 0, false, &r));
		assert_int_equal(r.root_pa, TOP);
		assert_ptr_equal(r.format, mmu_arch_x86_64.formats[five]);
		assert_false(search(&pa)); /* there is no other */
		/* symbols have come: they must agree */
		set("SYMBOL(phys_base)", IMAGE + 0x1ae1a010);
		put(0x20600000 + 0x1ae1a010, 0x20600000);
		set("SYMBOL(init_top_pgt)", TOP - 0x20600000 + IMAGE);
		assert_null(mmu_arch_x86_64.linear(&facts, ranges, &nr));
		put(0x20600000 + 0x1ae1a010, 0x20800000);
		assert_non_null(mmu_arch_x86_64.linear(&facts, ranges, &nr));
		put(0x20600000 + 0x1ae1a010, 0x20600000);
		fake.facts[fake.nr_facts - 1].value += 4096;
		assert_non_null(mmu_arch_x86_64.linear(&facts, ranges, &nr));
	}
}

static void test_search_tells_tables_apart(void **state)
{
	uint64_t pa = 0;

	kernel_tables(false);
	put(0x8000 + 511 * 8, 0x3b412067); /* of a process */
	put(0x8000 + 282 * 8, 0x14067);
	put(TOP - 4096 + 511 * 8, 0x3b412067); /* of early boot: no direct map */
	put(TOP + 511 * 8, 0);
	assert_false(search(&pa));
	/* KPTI's user half: tables of its own, which are no part of the image */
	put(TOP + 511 * 8, 0x16067);
	put(0x16000 + 510 * 8, 0x17067);
	put(0x17000 + 0x1b000000 / 0x200000 * 8, 0x3b6001e3);
	pa = 0;
	assert_false(search(&pa));
	/* the image is somewhere else, so these tables are an older kernel's */
	setup_nothing(state);
	kernel_tables(false);
	put(0x14000 + 69 * 8, 0x400001e3); /* the direct map has another page there */
	pa = 0;
	assert_false(search(&pa));
	put(0x14000 + 69 * 8, 0x1e3);
	put(0x3b412000 + 510 * 8, 0x18063); /* level2_kernel_pgt is no part of the image */
	put(0x18000, 0);
	memcpy(word(0x18000), word(0x3b413000), 4096);
	pa = 0;
	assert_false(search(&pa));
	put(0x3b412000 + 510 * 8, 0x3b413063);
	pa = 0;
	assert_true(search(&pa));
	fake.nr_facts = 0;
	put(0x3b413000 + (TOP - 0x20600000) / 0x200000 * 8, 0x3b2001e3); /* and the image */
	pa = 0;
	assert_false(search(&pa));
}

static void test_search_follows_what_is_known(void **state)
{
	uint64_t pa = 0;

	kernel_tables(false);
	set("NUMBER(phys_base)", 0x20800000);
	assert_false(search(&pa));
	fake.facts[0].value = 0x20600000;
	set("NUMBER(pgtable_l5_enabled)", 1);
	pa = 0;
	assert_false(search(&pa));
	fake.facts[1].value = 0;
	pa = 0;
	assert_true(search(&pa));
	/* a CPU runs on a kernel elsewhere */
	fake.nr_facts = 0;
	cpu(0, 0x8000, 0);
	put(0x8000 + 511 * 8, 0x11067);
	put(0x11000 + 510 * 8, 0x12067);
	put(0x12000 + 0x19400000 / 0x200000 * 8, 0x1a001e3);
	pa = 0;
	assert_false(search(&pa));
	/* another one on this kernel, in user mode under KPTI */
	cpu(1, 0x9000, 0);
	put(0x8000 + 511 * 8, 0x3b412067);
	pa = 0;
	assert_true(search(&pa));
	assert_int_equal(fact("NUMBER(phys_base)"), 0x20600000);
}

static void test_search_finds_the_slide(void **state)
{
	uint64_t pa = 0;

	kernel_tables(false);
	fake.links = true;
	put(0x20600000 + 0x1ae1a010, 0x20600000); /* phys_base itself */
	assert_true(search(&pa));
	assert_int_equal(fact("KERNELOFFSET"), 0x18400000);
	put(0x20600000 + 0x1ae1a010, 0x20800000); /* it disagrees: a vmlinux of another kernel */
	fake.nr_facts = 0;
	pa = 0;
	assert_true(search(&pa));
	assert_false(fake_get(NULL, "KERNELOFFSET", &pa));
}

static void test_linear_by_variables(void **state)
{
	struct mmu_linear ranges[MMU_LINEAR_MAX];
	size_t nr;

	set("NUMBER(KERNEL_IMAGE_SIZE)", BIT(29));
	set("SYMBOL(page_offset_base)", IMAGE + 0x1000);
	set("SYMBOL(vmalloc_base)", IMAGE + 0x1008);
	put(0x20601000, 0xffff8d1140000000);
	put(0x20601008, 0xffff9d1140000000);
	assert_null(mmu_arch_x86_64.linear(&facts, ranges, &nr));
	assert_int_equal(nr, 2);
	assert_int_equal(ranges[0].last_va, IMAGE + BIT(29) - 1);
	assert_int_equal(ranges[1].first_va, 0xffff8d1140000000);
	assert_int_equal(ranges[1].last_va, 0xffff9d113fffffff);
	assert_int_equal(ranges[1].first_pa, 0);
	put(0x20601008, 0xffffed1140000000); /* further than 64 TiB */
	assert_null(mmu_arch_x86_64.linear(&facts, ranges, &nr));
	assert_int_equal(ranges[1].last_va, 0xffffcd113fffffff);
	put(0x20601000, 0x1234); /* not sane */
	assert_null(mmu_arch_x86_64.linear(&facts, ranges, &nr));
	assert_int_equal(nr, 1);
}

/* Nothing tells KERNEL_IMAGE_SIZE: the image's mapping has all of the kernel, and no modules. */
static void test_image_holds_the_kernel_s_symbols(void **state)
{
	static const struct {
		const char *key;
		uint64_t va, last_va;
	} cases[] = {
		{ "SYMBOL(swapper_pg_dir)", IMAGE + 0x1ae10000, IMAGE + BIT(29) - 1 },
		{ "SYMBOL(swapper_pg_dir)", IMAGE + 0x20e10000, IMAGE + BIT(30) - 1 },
		{ "SYMBOL(init_uts_ns)", IMAGE + 0x3fe10000, IMAGE + BIT(30) - 1 },
		{ "SYMBOL(_end)", IMAGE + 0x20000000, IMAGE + BIT(30) - 1 },
		{ "SYMBOL(_stext)", IMAGE + 0x1000000, IMAGE + BIT(29) - 1 },
		{ "SYMBOL(_stext)", IMAGE + 0x1f400000,
		  IMAGE + BIT(30) - 1 }, /* its end is behind */
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mmu_linear ranges[MMU_LINEAR_MAX];
		size_t nr;

		setup_nothing(state);
		set("NUMBER(phys_base)", 0);
		set(cases[i].key, cases[i].va);
		assert_null(mmu_arch_x86_64.linear(&facts, ranges, &nr));
		assert_int_equal(ranges[0].last_va, cases[i].last_va);
	}
}

static void test_linear_by_tables(void **state)
{
	struct mmu_linear ranges[MMU_LINEAR_MAX];
	size_t nr;

	fake.last_ram_pa = 0x3fffffff;
	put(0x3b410000 + 282 * 8, 0x14067); /* 0xffff8d0000000000 */
	put(0x14000 + 69 * 8, 0x1e3);       /* a 1 GiB page at physical 0 */
	assert_null(mmu_arch_x86_64.linear(&facts, ranges, &nr));
	assert_int_equal(nr, 2);
	assert_int_equal(ranges[1].first_va, 0xffff8d1140000000);
	assert_int_equal(ranges[1].last_va, 0xffff8d117fffffff);
	put(0x14000 + 69 * 8, 0x400001e3); /* the top table is not where that would put it */
	assert_null(mmu_arch_x86_64.linear(&facts, ranges, &nr));
	assert_int_equal(nr, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nothing_is_known, setup_nothing),
		cmocka_unit_test_setup(test_kernel_root_and_assumed_traits, setup),
		cmocka_unit_test_setup(test_traits_follow_symbols, setup),
		cmocka_unit_test_setup(test_old_swap_mark_went_with_the_l1tf_backports, setup),
		cmocka_unit_test_setup(test_levels_by_variable_and_by_cr4, setup_nothing),
		cmocka_unit_test_setup(test_levels_of_an_old_kernel_with_sme, setup_nothing),
		cmocka_unit_test_setup(test_address_width_and_encryption, setup),
		cmocka_unit_test_setup(test_20_cpu_modes, setup),
		cmocka_unit_test_setup(test_kpti_pairs, setup),
		cmocka_unit_test_setup(test_search, setup_nothing),
		cmocka_unit_test_setup(test_search_tells_tables_apart, setup_nothing),
		cmocka_unit_test_setup(test_search_follows_what_is_known, setup_nothing),
		cmocka_unit_test_setup(test_search_finds_the_slide, setup_nothing),
		cmocka_unit_test_setup(test_linear_by_variables, setup),
		cmocka_unit_test_setup(test_image_holds_the_kernel_s_symbols, setup_nothing),
		cmocka_unit_test_setup(test_linear_by_tables, setup),
	};

	return cmocka_run_group_tests_name("x86_64-locate", tests, NULL, NULL);
}
