/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file ppc64: which MMU a kernel runs, its contexts, hashed tables that are and are not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "mmuscope/arch.h"

extern const struct mmu_arch mmu_arch_ppc64;

#define BASE UINT64_C(0xc000000000000000)
#define BYTES 0x80000u
#define ROOT 0x10000u
#define HTAB 0x40000u
#define VARIABLES 0x20000u
#define MM 0x30000u

static struct fake {
	struct {
		char key[48];
		uint64_t value;
	} facts[40];
	unsigned int nr;
	uint8_t memory[BYTES];
	bool radix; /* the tree maps itself */
	struct mmu_facts callbacks;
	char why[100]; /* of HASHED_TABLE */
} fake;

static void set(const char *key, uint64_t value)
{
	assert_true(fake.nr < sizeof(fake.facts) / sizeof(fake.facts[0]));
	snprintf(fake.facts[fake.nr].key, sizeof(fake.facts[0].key), "%s", key);
	fake.facts[fake.nr++].value = value;
}

/* A variable of 8 bytes, with its symbol. */
static void variable(const char *key, uint64_t value)
{
	uint64_t at = VARIABLES + 8 * fake.nr;

	mmu_put_uint(fake.memory + at, 8, fake.callbacks.big_endian, value);
	set(key, BASE + at);
}

static bool get(void *context, const char *key, uint64_t *ret)
{
	for (unsigned int i = 0; i < fake.nr; i++) {
		if (strcmp(fake.facts[i].key, key) != 0)
			continue;
		*ret = fake.facts[i].value;
		return true;
	}
	return false;
}

static bool read_phys(void *context, uint64_t pa, void *buf, size_t bytes)
{
	if (pa >= BYTES || bytes > BYTES - pa)
		return false;
	memcpy(buf, fake.memory + pa, bytes);
	return true;
}

static bool read_kernel(void *context, uint64_t va, void *buf, size_t bytes)
{
	return va >= BASE && read_phys(context, va - BASE, buf, bytes);
}

static bool ram(void *context, unsigned int n, uint64_t *ret_first_pa, uint64_t *ret_last_pa)
{
	*ret_first_pa = 0;
	*ret_last_pa = BYTES - 1;
	return n == 0 || n == MMU_RAM_LAST;
}

static bool walk(void *context, const struct mmu_regime *regime, uint64_t va, uint64_t *ret_pa)
{
	*ret_pa = va - BASE;
	return fake.radix;
}

static void derived(void *context, const char *key, uint64_t value, const char *how, uint32_t flags)
{
	set(key, value);
	if (strcmp(key, "HASHED_TABLE") == 0)
		snprintf(fake.why, sizeof(fake.why), "%s", how);
}

static void begin(bool big_endian)
{
	memset(&fake, 0, sizeof(fake));
	fake.callbacks = (struct mmu_facts){ .size = sizeof(struct mmu_facts),
					     .pointer_bytes = 8,
					     .big_endian = big_endian,
					     .get = get,
					     .ram = ram,
					     .read_phys = read_phys,
					     .read_kernel = read_kernel,
					     .walk = walk,
					     .derived = derived };
	set("SYMBOL(swapper_pg_dir)", BASE + ROOT);
	set("ENUM(pageflags.PG_anon_exclusive)", 1);
	set("OFFSET(mm_struct.context.id)", 16);
}

static size_t locate(enum mmu_root_kind kind, uint64_t value, struct mmu_regime *ret)
{
	const struct mmu_root root = { sizeof(root), kind, value, BASE + MM, false, NULL };
	size_t nr = 0;
	const char *missing = mmu_arch_ppc64.locate(&fake.callbacks, &root, ret, &nr);

	assert_null(missing);
	return nr;
}

static void test_radix(void **state)
{
	struct mmu_regime regimes[MMU_REGIMES_MAX];

	for (unsigned int lg2 = 12; lg2 <= 16; lg2 += 4) {
		begin(lg2 == 12);
		fake.radix = true;
		set("PAGESIZE", UINT64_C(1) << lg2);
		assert_int_equal(locate(MMU_ROOT_PGD_PA, 0x50000, regimes), 2);
		assert_string_equal(regimes[0].format->name, "radix");
		assert_int_equal(regimes[0].root_pa, 0x50000);
		assert_int_equal(regimes[0].shape[0].index_bits, lg2 == 12 ? 9 : 5);
		assert_int_equal(regimes[1].root_pa, ROOT);
		assert_int_equal(regimes[1].first_va, BASE);
		assert_int_equal(locate(MMU_ROOT_KERNEL, 0, regimes), 1);
		assert_int_equal(locate(MMU_ROOT_PGD_PA, ROOT, regimes), 1);
	}
}

static void hash_kernel(bool big_endian)
{
	begin(big_endian);
	set("PAGESIZE", 65536);
	variable("SYMBOL(__pte_index_size)", 8);
	variable("SYMBOL(__pmd_index_size)", 10);
	variable("SYMBOL(__pud_index_size)", 7); /* as before 4.17 */
	variable("SYMBOL(__pgd_index_size)", 8);
}

static void test_hash_has_a_regime_for_each_context(void **state)
{
	struct mmu_regime regimes[MMU_REGIMES_MAX];

	for (unsigned int big = 0; big < 2; big++) {
		hash_kernel(big);
		variable("SYMBOL(htab_address)", BASE + HTAB);
		variable("SYMBOL(htab_hash_mask)", 2047);
		mmu_put_uint(fake.memory + MM + 16, 8, big, 0x21);
		mmu_put_uint(fake.memory + MM + 32, 8, big, 0x22);
		fake.memory[HTAB + 16 * 5 + 7] = 1; /* a slot of ISA 2.07 with a segment of 1 TiB */
		fake.memory[HTAB + 16 * 5] = 0x40;
		assert_int_equal(locate(MMU_ROOT_PGD_PA, 0x50000, regimes), 4 + 4 + 4);
		assert_string_equal(regimes[0].format->name, "tree64k");
		assert_int_equal(regimes[0].shape[2].index_bits, 7);
		assert_int_equal(regimes[0].last_va, (UINT64_C(1) << 49) - 1);
		assert_string_equal(regimes[1].name, "HPT, below 1 TiB");
		assert_int_equal(regimes[1].space, 0x42);
		assert_int_equal(regimes[2].space, 0x43);
		assert_string_equal(regimes[3].name, "HPT, context 2");
		assert_int_equal(regimes[3].space, 0x45);
		assert_int_equal(regimes[3].root_pa, HTAB);
		assert_int_equal(regimes[3].nr_slots, 16384);
		assert_int_equal(regimes[3].traits, big ? 0 : 8); /* little */
		for (unsigned int i = 1; i < 12; i++)
			assert_true(regimes[i - 1].first_va <= regimes[i].first_va);
	}
}

static void test_segments_of_256_mib_and_isa_3(void **state)
{
	struct mmu_regime regimes[MMU_REGIMES_MAX];

	hash_kernel(false);
	variable("SYMBOL(htab_address)", BASE + HTAB);
	variable("SYMBOL(htab_hash_mask)", 2047);
	variable("SYMBOL(mmu_highuser_ssize)", 0);
	variable("SYMBOL(mmu_kernel_ssize)", 0);
	mmu_put_uint(fake.memory + MM + 16, 8, false, 0x21);
	fake.memory[HTAB + 16 * 700 + 7] = 1;
	fake.memory[HTAB + 16 * 700 + 8] = 0x04; /* B in the second word */
	locate(MMU_ROOT_PGD_PA, 0x50000, regimes);
	assert_int_equal(regimes[2].space, 0x42);
	assert_int_equal(regimes[3].space, 0x02);
	assert_int_equal(regimes[2].traits & 1, 1);
}

static void test_a_hypervisor_holds_the_table(void **state)
{
	struct mmu_regime regimes[MMU_REGIMES_MAX];

	hash_kernel(false);
	variable("SYMBOL(htab_address)", 0);
	assert_int_equal(locate(MMU_ROOT_PGD_PA, 0x50000, regimes), 2);
	assert_int_equal(regimes[1].view, MMU_VIEW_LINUX);
	assert_string_equal(fake.why, "the hypervisor holds the hashed table: it is not in the "
				      "image");
	/* nothing tells where it lies, or what it tells can't be */
	hash_kernel(false);
	assert_int_equal(locate(MMU_ROOT_KERNEL, 0, regimes), 1);
	assert_int_equal(fake.why[0], 0);
	hash_kernel(false);
	variable("SYMBOL(htab_address)", BASE + HTAB);
	variable("SYMBOL(htab_hash_mask)", 2046);
	assert_int_equal(locate(MMU_ROOT_KERNEL, 0, regimes), 1);
}

static void test_byte_order(void **state)
{
	static const struct {
		uint8_t word[4];
		bool known, big;
	} starts[] = { { { 0x60, 0, 0, 0 }, true, true },
		       { { 0, 0, 0, 0x60 }, true, false },
		       { { 0x08, 0, 0, 0x48 }, true, true },
		       { { 0x48, 0, 0, 0x08 }, true, false },
		       { { 0x48, 0, 0, 0 }, false, false } };

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		bool big = !starts[i].big, before = big;

		begin(false);
		memcpy(fake.memory, starts[i].word, 4);
		assert_int_equal(mmu_arch_ppc64.byte_order(&fake.callbacks, &big), starts[i].known);
		assert_int_equal(big, starts[i].known ? starts[i].big : before);
	}
}

static void test_linear_mapping(void **state)
{
	struct mmu_linear ranges[MMU_LINEAR_MAX];
	struct mmu_region regions[MMU_REGIONS_MAX];
	size_t nr;
	uint64_t va;

	hash_kernel(false);
	set("SYMBOL(vmemmap)", BASE + 0x1234);
	set("SYMBOL(_stext)", BASE);
	set("SYMBOL(_end)", BASE + 0x60000);
	assert_null(mmu_arch_ppc64.linear(&fake.callbacks, ranges, &nr));
	assert_int_equal(nr, 1);
	assert_int_equal(ranges[0].first_va, BASE);
	assert_int_equal(ranges[0].last_va, BASE + BYTES - 1);
	assert_int_equal(ranges[0].first_pa, 0);
	assert_true(get(NULL, "SYMBOL(vmemmap_base)", &va) && va == BASE + 0x1234);
	assert_int_equal(mmu_arch_ppc64.regions(&fake.callbacks, regions), 5);
	assert_string_equal(regions[0].name, "image");
	assert_int_equal(regions[1].first_va, BASE + 0x60000);
	assert_string_equal(regions[2].name, "vmalloc");
	assert_int_equal(regions[4].first_va, UINT64_C(0xc00c000000000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_radix),
		cmocka_unit_test(test_hash_has_a_regime_for_each_context),
		cmocka_unit_test(test_segments_of_256_mib_and_isa_3),
		cmocka_unit_test(test_a_hypervisor_holds_the_table),
		cmocka_unit_test(test_byte_order),
		cmocka_unit_test(test_linear_mapping),
	};

	return cmocka_run_group_tests_name("ppc64", tests, NULL, NULL);
}
