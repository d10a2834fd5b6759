/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file i386: worked entries, most of them from real dumps, the rest by Intel's SDM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mmuscope/mmuscope.h"
#include "support/every_bit.h"

extern const struct mmu_arch mmu_arch_i386;

#define RIGHTS_RWXU                                                                                \
	(MMU_RIGHT_READ | MMU_RIGHT_WRITE | MMU_RIGHT_EXEC | MMU_RIGHT_EXEC_PRIV | MMU_RIGHT_USER)
#define RIGHTS_RWU (MMU_RIGHT_READ | MMU_RIGHT_WRITE | MMU_RIGHT_USER)

enum { PTE, LARGE, PDPT };
enum { USER, KERNEL };
enum { L1TF = 1, SAVED_DIRTY = 2 };

static struct mmu_regime regime(const char *format, unsigned int half, uint32_t traits)
{
	struct mmu_regime ret = *mmu_arch_sample(&mmu_arch_i386, format)->regimes[half];

	ret.traits = traits;
	return ret;
}

/* What an entry must be: a page, a table or bad. */
static const struct {
	const char *format;
	unsigned int level;
	uint64_t raw;
	enum mmu_kind kind;
	uint64_t pa; /* of BAD: the bits */
	uint8_t rights;
} held[] = {
	/* a 6.1 dump with two levels: no bit withholds execution */
	{ "2level", PTE, 0x1f80e025, MMU_KIND_LEAF, 0x1f80e000, RIGHTS_RWXU & ~MMU_RIGHT_WRITE },
	{ "2level", LARGE, 0x028000e7, MMU_KIND_LEAF, 0x2800000, RIGHTS_RWXU },
	{ "2level", LARGE, 0x01e63067, MMU_KIND_TABLE, 0x1e63000, RIGHTS_RWXU },
	/* SDM 4.3: bits 20 to 13 are address bits 39 to 32, bit 21 is 0 */
	{ "2level", LARGE, 0x101fe0e7, MMU_KIND_LEAF, 0xff10000000, RIGHTS_RWXU },
	{ "2level", LARGE, 0x102000e7, MMU_KIND_BAD, 0x200000, 0 },
	/* SDM 4.4 */
	{ "pae", PTE, 0x8000000123456067, MMU_KIND_LEAF, 0x123456000, RIGHTS_RWU },
	{ "pae", LARGE, 0x00000001234000e7, MMU_KIND_LEAF, 0x123400000, RIGHTS_RWXU },
	{ "pae", LARGE, 0x00000001234020e7, MMU_KIND_BAD, 0x2000, 0 },
	{ "pae", PTE, 0x0010000123456067, MMU_KIND_BAD, UINT64_C(1) << 52, 0 },
	{ "pae", PDPT, 0x0000000001abc001, MMU_KIND_TABLE, 0x1abc000, MMU_RIGHTS_ALL },
	{ "pae", PDPT, 0x0000000001abc021, MMU_KIND_TABLE, 0x1abc000, MMU_RIGHTS_ALL }, /* QEMU */
	{ "pae", PDPT, 0x0000000001abc007, MMU_KIND_BAD, 6, 0 },
	{ "pae", PDPT, 0x0000000001abc002, MMU_KIND_BAD, 0x1abc002, 0 },
	/* pte_none(): bits 5 and 6 count with two levels alone */
	{ "pae", PTE, 0x60, MMU_KIND_EMPTY, 0, 0 },
	{ "2level", PTE, 0, MMU_KIND_EMPTY, 0, 0 },
};

static void test_held(void **state)
{
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++) {
		struct mmu_regime r = regime(held[i].format, USER, L1TF | SAVED_DIRTY);
		struct mmu_entry entry;

		print_message("# 0x%llx\n", (unsigned long long)held[i].raw);
		r.format->decode(&r, held[i].level, held[i].raw, 0, &entry);
		assert_int_equal(entry.kind, held[i].kind);
		assert_int_equal(entry.kind == MMU_KIND_BAD ? entry.bad_mask : entry.pa,
				 held[i].pa);
		assert_int_equal(entry.rights, held[i].rights);
	}
}

/* What Linux keeps in an entry without PRESENT. */
static const struct {
	const char *format;
	unsigned int half, traits, level;
	uint64_t raw;
	enum mmu_software_kind kind;
	uint64_t value; /* the page, or the offset in swap */
	uint8_t type;
} kept[] = {
	/* words of 6.1 dumps */
	{ "2level", USER, 0, PTE, 0x047da160, MMU_SOFTWARE_NONE, 0x47da000, 0 },
	{ "2level", USER, 0, PTE, 0x00005200, MMU_SOFTWARE_SWAP, 0x29, 0 },
	{ "pae", USER, L1TF, PTE, 0x000fffff40226160, MMU_SOFTWARE_NONE, 0xbfdd9000, 0 },
	{ "pae", USER, L1TF, PTE, 0x07ffffffffffac00, MMU_SOFTWARE_SWAP, 0x29, 0 },
	{ "pae", USER, L1TF, LARGE, 0x000ffffe810001e0, MMU_SOFTWARE_NONE, 0x17ee00000, 0 },
	/* by asm/pgtable-2level.h and -3level.h */
	{ "2level", USER, 0, PTE, 0x0000068a, MMU_SOFTWARE_SWAP, 3, 5 }, /* and exclusive */
	{ "2level", USER, 0, PTE, 0x60, MMU_SOFTWARE_SWAP, 0, 16 },
	{ "2level", USER, 0, LARGE, 0x104000e6, MMU_SOFTWARE_SPLIT, 0x10400000, 0 },
	{ "2level", USER, 0, LARGE, 0x10600160, MMU_SOFTWARE_UNKNOWN, 0, 0 },
	{ "pae", USER, 0, PTE, 0x0000012300000000, MMU_SOFTWARE_SWAP, 9, 3 },
	{ "pae", USER, 0, PTE, 0x0000000010003160, MMU_SOFTWARE_NONE, 0x10003000, 0 },
	/* the kernel's half: nothing is swapped */
	{ "2level", KERNEL, 0, PTE, 0x10401062, MMU_SOFTWARE_NONE, 0x10401000, 0 },
	{ "pae", KERNEL, L1TF, PTE, 0x800ffffeefbfe062, MMU_SOFTWARE_NONE, 0x110401000, 0 },
};

static void test_kept(void **state)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		struct mmu_regime r = regime(kept[i].format, kept[i].half, kept[i].traits);
		struct mmu_software software;
		struct mmu_entry entry;

		print_message("# 0x%llx\n", (unsigned long long)kept[i].raw);
		r.format->decode(&r, kept[i].level, kept[i].raw, 0, &entry);
		assert_int_equal(entry.kind, MMU_KIND_SOFTWARE);
		r.format->explain(&r, kept[i].level, kept[i].raw, 0, &software);
		assert_int_equal(software.kind, kept[i].kind);
		assert_int_equal(software.kind == MMU_SOFTWARE_SWAP ? software.offset : software.pa,
				 kept[i].value);
		assert_int_equal(software.type, kept[i].type);
	}
}

/* 6.6 keeps "dirty" elsewhere when it takes the right to write away. */
static void test_saved_dirty(void **state)
{
	struct mmu_regime r = regime("2level", USER, SAVED_DIRTY);
	struct mmu_entry entry;

	r.format->decode(&r, PTE, 0x1f80e425, 0, &entry);
	assert_true(entry.attrs & MMU_ATTR_DIRTY);
	r.traits = 0;
	r.format->decode(&r, PTE, 0x1f80e425, 0, &entry);
	assert_false(entry.attrs & MMU_ATTR_DIRTY);
}

static void test_every_bit_has_a_name(void **state)
{
	every_bit_has_a_name(&mmu_arch_i386, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_saved_dirty),
		cmocka_unit_test(test_every_bit_has_a_name),
	};

	return cmocka_run_group_tests_name("i386", tests, NULL, NULL);
}
