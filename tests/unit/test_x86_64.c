/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file x86_64: worked entries, most of them from real dumps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mmuscope/mmuscope.h"
#include "support/every_bit.h"
#include "support/flag_texts.h"

extern const struct mmu_arch mmu_arch_x86_64;

#define BIT(n) (UINT64_C(1) << (n))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { PTE, PMD, PUD, PGD, P4D = PGD, PGD5 };
enum { FOUR, FIVE };

static uint32_t trait(const char *name)
{
	for (size_t i = 0; i < mmu_arch_x86_64.nr_traits; i++)
		if (!strcmp(mmu_arch_x86_64.traits[i].name, name))
			return mmu_arch_x86_64.traits[i].bit;
	fail_msg("no trait %s", name);
	return 0;
}

/* Traits by their names, separated by spaces. */
static struct mmu_regime regime(unsigned int format, const char *names)
{
	struct mmu_regime ret = *mmu_arch_x86_64.samples[format]->regimes[0];
	char copy[100], *rest;

	ret.traits = 0;
	snprintf(copy, sizeof(copy), "%s", names);
	for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
		ret.traits |= trait(name);
	return ret;
}

static struct mmu_entry decode(const struct mmu_regime *r, unsigned int level, uint64_t raw)
{
	struct mmu_entry entry;

	r->format->decode(r, level, raw, 0, &entry);
	return entry;
}

static struct mmu_software explain(const struct mmu_regime *r, unsigned int level, uint64_t raw)
{
	struct mmu_software software;

	assert_int_equal(decode(r, level, raw).kind, MMU_KIND_SOFTWARE);
	r->format->explain(r, level, raw, 0, &software);
	return software;
}

static const char *flags(const struct mmu_regime *r, unsigned int level, uint64_t raw)
{
	static char text[200];
	struct flag_text names[20];
	size_t nr = flag_texts(r, level, decode(r, level, raw).kind, false, raw, names, 20);

	text[0] = '\0';
	for (size_t i = 0; i < nr; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "",
			 names[i].name);
	return text;
}

/* ------------------------------------------------------------------ present entries */

static const struct {
	unsigned int format, level;
	const char *traits;
	uint64_t raw;
	enum mmu_kind kind;
	uint64_t pa;
	const char *rights, *flags;
} present[] = {
	/* tables of a process, 6.1 */
	{ FOUR, PGD, "l1tf", 0x0000000002560067, MMU_KIND_TABLE, 0x2560000, "rwxXu",
	  "PRESENT RW USER ACCESSED DIRTY" },
	{ FIVE, PGD5, "l1tf", 0x0000000002560067, MMU_KIND_TABLE, 0x2560000, "rwxXu",
	  "PRESENT RW USER ACCESSED DIRTY" },
	{ FOUR, PMD, "l1tf", 0x800000003e9b5063, MMU_KIND_TABLE, 0x3e9b5000, "rw---",
	  "PRESENT RW ACCESSED DIRTY NX" },
	/* a user page, 6.1: written, soft-dirty */
	{ FOUR, PTE, "l1tf", 0x800000003e9b5867, MMU_KIND_LEAF, 0x3e9b5000, "rw--u",
	  "PRESENT RW USER ACCESSED DIRTY SOFT_DIRTY NX" },
	{ FOUR, PTE, "l1tf", 0x000000003ea5c025, MMU_KIND_LEAF, 0x3ea5c000, "r-xXu",
	  "PRESENT USER ACCESSED" },
	/* kernel text and data */
	{ FOUR, PMD, "l1tf", 0x00000000398001e1, MMU_KIND_LEAF, 0x39800000, "r--X-",
	  "PRESENT ACCESSED DIRTY PSE GLOBAL" },
	{ FOUR, PTE, "l1tf", 0x8000000000001173, MMU_KIND_LEAF, 0x1000, "rw---",
	  "PRESENT RW PCD ACCESSED DIRTY GLOBAL NX" },
	/* the huge zero page, 6.1 */
	{ FOUR, PMD, "l1tf", 0x80000000038000a5, MMU_KIND_LEAF, 0x3800000, "r---u",
	  "PRESENT USER ACCESSED PSE NX" },
	/* 1 GiB, and where large pages have their PAT bit */
	{ FOUR, PUD, "l1tf", 0x80000000c00000e7, MMU_KIND_LEAF, 0xc0000000, "rw--u",
	  "PRESENT RW USER ACCESSED DIRTY PSE NX" },
	{ FOUR, PUD, "l1tf", 0x80000000c00010e7, MMU_KIND_LEAF, 0xc0000000, "rw--u",
	  "PRESENT RW USER ACCESSED DIRTY PSE PAT NX" },
	{ FOUR, PTE, "l1tf", 0x80000000c00010e7, MMU_KIND_LEAF, 0xc0001000, "rw--u",
	  "PRESENT RW USER ACCESSED DIRTY PAT NX" },
	/* 6.12: bit 58 is SAVED_DIRTY; before, it was DEVMAP */
	{ FOUR, PTE, "l1tf saved-dirty", 0x840000000d4c1825, MMU_KIND_LEAF, 0xd4c1000, "r---u",
	  "PRESENT USER ACCESSED SOFT_DIRTY SAVED_DIRTY NX" },
	{ FOUR, PTE, "l1tf", 0x840000000d4c1825, MMU_KIND_LEAF, 0xd4c1000, "r---u",
	  "PRESENT USER ACCESSED SOFT_DIRTY DEVMAP NX" },
	{ FOUR, PTE, "l1tf saved-dirty", 0x820000000d4c1225, MMU_KIND_LEAF, 0xd4c1000, "r---u",
	  "PRESENT USER ACCESSED SPECIAL DEVMAP NX" },
	{ FOUR, PTE, "l1tf saved-dirty no-devmap", 0x820000000d4c1225, MMU_KIND_LEAF, 0xd4c1000,
	  "r---u", "PRESENT USER ACCESSED SPECIAL IGNORED57 NX" },
	{ FOUR, PGD, "l1tf saved-dirty", 0x8400000002560067, MMU_KIND_TABLE, 0x2560000, "rw--u",
	  "PRESENT RW USER ACCESSED DIRTY NOPTISHADOW NX" },
	/* protection keys: 2, and 1 as Linux uses it for execute-only memory */
	{ FOUR, PTE, "l1tf saved-dirty", 0x940000000d4c1825, MMU_KIND_LEAF, 0xd4c1000, "r---u",
	  "PRESENT USER ACCESSED SOFT_DIRTY SAVED_DIRTY PKEY=2 NX" },
	{ FOUR, PTE, "l1tf saved-dirty", 0x0c0000000d4c1825, MMU_KIND_LEAF, 0xd4c1000, "r-xXu",
	  "PRESENT USER ACCESSED SOFT_DIRTY SAVED_DIRTY PKEY=1" },
	/* userfaultfd, zero page */
	{ FOUR, PTE, "l1tf", 0x800000001a2b3c25, MMU_KIND_LEAF, 0x1a2b3000, "r---u",
	  "PRESENT USER ACCESSED UFFD_WP SOFT_DIRTY NX" },
	/* 7.2 */
	{ FOUR, PTE, "l1tf saved-dirty no-devmap", 0x8000000000001867, MMU_KIND_LEAF, 0x1000,
	  "rw--u", "PRESENT RW USER ACCESSED DIRTY SOFT_DIRTY NX" },
};

static void test_present_entries(void **state)
{
	char rights[6];

	for (size_t i = 0; i < COUNT(present); i++) {
		struct mmu_regime r = regime(present[i].format, present[i].traits);
		struct mmu_entry entry = decode(&r, present[i].level, present[i].raw);

		print_message("# 0x%016llx\n", (unsigned long long)present[i].raw);
		assert_int_equal(entry.kind, present[i].kind);
		assert_int_equal(entry.pa, present[i].pa);
		assert_int_equal(entry.run_lg2, 0);
		assert_string_equal(mmu_rights_text(entry.rights, rights), present[i].rights);
		assert_string_equal(flags(&r, present[i].level, present[i].raw), present[i].flags);
		assert_null(entry.note);
	}
}

static void test_kpti_sets_nx_in_the_top_table_only(void **state)
{
	const struct mmu_regime plain = regime(FOUR, ""), four = regime(FOUR, "pti"),
				five = regime(FIVE, "pti");
	const uint64_t raw = 0x8000000002560067;
	struct mmu_entry entry = decode(&four, PGD, raw);

	assert_int_equal(entry.rights, MMU_RIGHTS_ALL);
	assert_non_null(strstr(entry.note, "KPTI"));
	assert_int_equal(decode(&five, PGD5, raw).rights, MMU_RIGHTS_ALL);
	assert_false(decode(&plain, PGD, raw).rights & (MMU_RIGHT_EXEC | MMU_RIGHT_EXEC_PRIV));
	assert_false(decode(&five, P4D, raw).rights & (MMU_RIGHT_EXEC | MMU_RIGHT_EXEC_PRIV));
	assert_false(decode(&four, PUD, raw).rights & (MMU_RIGHT_EXEC | MMU_RIGHT_EXEC_PRIV));
	/* not for user mode: then NX is meant */
	assert_false(decode(&four, PGD, raw & ~BIT(2)).rights & MMU_RIGHT_EXEC_PRIV);
	assert_null(decode(&four, PGD, raw & ~BIT(63)).note);
}

static void test_shadow_stacks(void **state)
{
	const struct mmu_regime old = regime(FOUR, "l1tf"), new = regime(FOUR, "l1tf saved-dirty");
	const uint64_t raw = 0x800000000d4c1065;

	assert_non_null(strstr(decode(&new, PTE, raw).note, "a shadow stack page"));
	assert_null(decode(&old, PTE, raw).note);
	assert_null(decode(&new, PTE, raw | BIT(1)).note);
	assert_null(decode(&new, PTE, raw & ~BIT(2)).note);
	assert_null(decode(&new, PMD, raw).note); /* a table: bit 6 means nothing */
	assert_non_null(decode(&new, PMD, 0x8000000003a000e5).note);
}

static const struct {
	unsigned int format, level;
	uint64_t raw, bad;
	const char *note;
} reserved[] = {
	{ FOUR, PGD, 0x25600e7, 0x80, "bit 7" },
	{ FIVE, P4D, 0x25600e7, 0x80, "bit 7" },
	{ FIVE, PGD5, 0x25600e7, 0x80, "bit 7" },
	{ FOUR, PMD, 0x3a020e7, 0x2000, "bits 13 to 20" },
	{ FOUR, PMD, 0x3b000e7, 0x100000, "bits 13 to 20" },
	{ FOUR, PUD, 0xe00020e7, 0x20002000, "bits 13 to 29" },
	{ FOUR, PTE, BIT(40) | 0x12345067, BIT(40), "physical address width" },
	{ FOUR, PMD, BIT(51) | 0x12345067, BIT(51), "physical address width" },
	{ FOUR, PMD, BIT(51) | 0x3b000e7, BIT(51) | BIT(20), "physical address width" },
};

static void test_reserved_bits(void **state)
{
	struct mmu_regime r;

	for (size_t i = 0; i < COUNT(reserved); i++) {
		struct mmu_entry entry;

		r = regime(reserved[i].format, "l1tf");
		r.pa_mask = BIT(40) - 1;
		entry = decode(&r, reserved[i].level, reserved[i].raw);
		assert_int_equal(entry.kind, MMU_KIND_BAD);
		assert_int_equal(entry.bad_mask, reserved[i].bad);
		assert_non_null(strstr(entry.note, reserved[i].note));
	}
	/* the neighbours that are fine: PAT of large pages, the last address bit, ignored bits */
	assert_int_equal(decode(&r, PMD, 0x3a010e7).kind, MMU_KIND_LEAF);
	assert_int_equal(decode(&r, PUD, 0xc00010e7).kind, MMU_KIND_LEAF);
	assert_int_equal(decode(&r, PTE, BIT(39) | 0x67).pa, BIT(39));
	assert_int_equal(decode(&r, PMD, 0x7ff0000000000067 | 0xf40).kind, MMU_KIND_TABLE);
}

static void test_encryption_bits_are_neither_address_nor_reserved(void **state)
{
	for (unsigned int bit = 47; bit <= 51; bit += 4) {
		struct mmu_regime r = regime(FOUR, "l1tf encryption");
		uint64_t raw = 0x8000000012345067 | BIT(bit);

		r.pa_mask &= ~BIT(bit);
		assert_int_equal(decode(&r, PTE, raw).kind, MMU_KIND_LEAF);
		assert_int_equal(decode(&r, PTE, raw).pa, 0x12345000);
		assert_int_equal(decode(&r, PMD, raw).pa, 0x12345000);
		/* inverted addresses: physical_mask keeps the bit out of the inversion */
		assert_int_equal(explain(&r, PTE, 0x000fffffedcba120).pa, 0x12345000);
		assert_int_equal(explain(&r, PTE, 0x000fffffedcba120 ^ BIT(bit)).pa, 0x12345000);
		r.traits = trait("l1tf");
		assert_int_equal(decode(&r, PTE, raw).bad_mask, BIT(bit));
	}
}

/* ------------------------------------------------------------------ not present */

static void test_empty_and_impossible(void **state)
{
	struct mmu_regime r = regime(FIVE, "l1tf");

	for (unsigned int level = PTE; level <= PGD5; level++) {
		assert_int_equal(decode(&r, level, 0).kind, MMU_KIND_EMPTY);
		assert_null(decode(&r, level, 0).note);
		for (uint64_t raw = 0x20; raw <= 0x60; raw += 0x20) { /* Xeon Phi's stray A and D */
			assert_int_equal(decode(&r, level, raw).kind, MMU_KIND_EMPTY);
			assert_non_null(decode(&r, level, raw).note);
		}
		assert_int_equal(decode(&r, level, 0x10).kind,
				 level <= PUD ? MMU_KIND_SOFTWARE : MMU_KIND_BAD);
	}
	assert_int_equal(decode(&r, PGD5, BIT(63) | 0x66).bad_mask, BIT(63) | 0x66);
}

static const struct {
	const char *traits;
	unsigned int level;
	uint64_t raw;
	enum mmu_software_kind kind;
	uint64_t pa, offset;
	uint8_t type;
	const char *flags;
} software_entries[] = {
	/* PROT_NONE, 6.1 and 6.12; the second one as a huge page; a 1 GiB page */
	{ "l1tf", PTE, 0x000fffffc170c960, MMU_SOFTWARE_NONE, 0x3e8f3000, 0, 0,
	  "ACCESSED DIRTY PROTNONE SOFT_DIRTY" },
	{ "l1tf saved-dirty", PTE, 0x040fffffc00dc920, MMU_SOFTWARE_NONE, 0x3ff23000, 0, 0,
	  "ACCESSED PROTNONE SOFT_DIRTY SAVED_DIRTY" },
	{ "l1tf", PMD, 0x000ffffffc4009e0, MMU_SOFTWARE_NONE, 0x3a00000, 0, 0,
	  "ACCESSED DIRTY PSE PROTNONE SOFT_DIRTY" },
	{ "l1tf", PMD, 0x000ffffffca009a0, MMU_SOFTWARE_NONE, 0x3400000, 0, 0,
	  "ACCESSED PSE PROTNONE SOFT_DIRTY" },
	{ "l1tf", PUD, 0x000fffff000001a0, MMU_SOFTWARE_NONE, 0xc0000000, 0, 0,
	  "ACCESSED PSE PROTNONE" },
	/* before 4.19 nothing was inverted */
	{ "", PTE, 0x0000000012345160, MMU_SOFTWARE_NONE, 0x12345000, 0, 0,
	  "ACCESSED DIRTY PROTNONE" },
	{ "", PMD, 0x00000000034001a0, MMU_SOFTWARE_NONE, 0x3400000, 0, 0,
	  "ACCESSED PSE PROTNONE" },
	/* swap: offsets 1 and 2 of the first file, from 6.1 */
	{ "l1tf", PTE, 0x07fffffffffffc02, MMU_SOFTWARE_SWAP, 0, 1, 0, "SWP_SOFT_DIRTY" },
	{ "l1tf", PTE, 0x07fffffffffffa02, MMU_SOFTWARE_SWAP, 0, 2, 0, "SWP_SOFT_DIRTY" },
	{ "l1tf", PTE, 0x07fffffffffffc0c, MMU_SOFTWARE_SWAP, 0, 1, 0,
	  "SWP_UFFD_WP SWP_EXCLUSIVE" },
	{ "l1tf", PTE, 0xdffffffff8bdb800, MMU_SOFTWARE_SWAP, 0, 0x3a123, 27, "" },
	{ "l1tf", PTE, 0xf800000000000000, MMU_SOFTWARE_SWAP, 0, BIT(50) - 1, 31, "" },
	{ "l1tf", PMD, 0xe7fffffff8bffe08, MMU_SOFTWARE_SWAP, 0, 0x3a000, 28, "SWP_EXCLUSIVE" },
	/* 4.14: type in bits 9 to 13; 4.9: the soft-dirty mark in bit 7 */
	{ "", PTE, 0x29 << 14 | 3 << 9 | 2, MMU_SOFTWARE_SWAP, 0, 0x29, 3, "SWP_SOFT_DIRTY" },
	{ "swap-sd7", PTE, 0x29 << 14 | 3 << 9 | 0x80, MMU_SOFTWARE_SWAP, 0, 0x29, 3,
	  "SWP_SOFT_DIRTY" },
	/* pmd_mkinvalid() of 0x8000000003a008e7 */
	{ "l1tf", PMD, 0x800ffffffc4008e6, MMU_SOFTWARE_SPLIT, 0x3a00000, 0, 0,
	  "RW USER ACCESSED DIRTY PSE SOFT_DIRTY NX" },
	{ "", PMD, 0x8000000003a008e6, MMU_SOFTWARE_SPLIT, 0x3a00000, 0, 0,
	  "RW USER ACCESSED DIRTY PSE SOFT_DIRTY NX" },
	/* PROT_NONE of a table: nobody writes that */
	{ "l1tf", PMD, 0x000ffffffc400160, MMU_SOFTWARE_UNKNOWN, 0, 0, 0,
	  "ACCESSED DIRTY PROTNONE" },
};

static void test_software_entries(void **state)
{
	for (size_t i = 0; i < COUNT(software_entries); i++) {
		struct mmu_regime r = regime(FOUR, software_entries[i].traits);
		struct mmu_software software = explain(&r, software_entries[i].level,
						       software_entries[i].raw);

		print_message("# 0x%016llx\n", (unsigned long long)software_entries[i].raw);
		assert_int_equal(software.kind, software_entries[i].kind);
		assert_int_equal(software.pa, software_entries[i].pa);
		assert_int_equal(software.offset, software_entries[i].offset);
		assert_int_equal(software.type, software_entries[i].type);
		assert_string_equal(flags(&r, software_entries[i].level, software_entries[i].raw),
				    software_entries[i].flags);
	}
}

/*
 * Issue 9, E and 5. In the kernel's half nothing is swapped: the page is there, and the flags are
 * those of a kernel page.
 */
static void test_9e_hidden_pages(void **state)
{
	static const struct {
		unsigned int level;
		uint64_t raw, pa;
		const char *flags;
	} cases[] = {
		/* set_memory_np() of 0x8000000000400163, memfd_secret() of 0x800000003e8f3963 */
		{ PTE, 0x800fffffffbff062, 0x400000, "RW ACCESSED DIRTY NX" },
		{ PTE, 0x800fffffc170c860, 0x3e8f3000, "ACCESSED DIRTY KERNEL_4K NX" },
		/* before pgprot_clear_protnone_bits() GLOBAL stayed */
		{ PTE, 0x800fffffffbff162, 0x400000, "RW ACCESSED DIRTY GLOBAL NX" },
		/* kfence before 7.0: only PRESENT is gone */
		{ PTE, 0x800000003e8f3162, 0x3e8f3000, "RW ACCESSED DIRTY GLOBAL NX" },
		/* 2 MiB by pfn_pte(), and with the frame's bits alone */
		{ PMD, 0x800fffffff9ff062, 0x600000, "RW ACCESSED DIRTY BIT12 NX" },
		{ PMD, 0x800fffffff800062, 0x600000, "RW ACCESSED DIRTY NX" },
		{ PUD, 0x800fffff3ffff0e2, 0xc0000000, "RW ACCESSED DIRTY PSE BIT12 NX" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mmu_regime r = regime(FOUR, "l1tf no-devmap");
		r.half = MMU_HALF_KERNEL;
		struct mmu_software software = explain(&r, cases[i].level, cases[i].raw);

		print_message("# 0x%016llx\n", (unsigned long long)cases[i].raw);
		assert_int_equal(software.kind, MMU_SOFTWARE_NONE);
		assert_int_equal(software.pa, cases[i].pa);
		assert_int_equal(decode(&r, cases[i].level, cases[i].raw).rights, 0);
		assert_string_equal(flags(&r, cases[i].level, cases[i].raw), cases[i].flags);
		/* with the C-bit aside, as without */
		r.traits |= trait("encryption");
		r.pa_mask &= ~BIT(51);
		if (!(cases[i].raw >> 51 & 1))
			assert_int_equal(explain(&r, cases[i].level, cases[i].raw).pa, cases[i].pa);
	}
}

/*
 * Issue 9, 4. pud_present() asks for PRESENT alone; a frame must be aligned: with the bits below it
 * as they were (pmd_modify()), or all inverted (pte_modify(), hugetlb).
 */
static void test_9_4_huge_pages_without_present(void **state)
{
	static const struct {
		unsigned int level;
		uint64_t raw;
		enum mmu_software_kind kind;
		uint64_t pa;
	} cases[] = {
		{ PMD, 0x800ffffffc4008e6, MMU_SOFTWARE_SPLIT, 0x3a00000 },
		{ PUD, 0x800fffff000000e6, MMU_SOFTWARE_UNKNOWN, 0 },
		{ PUD, 0x00000000000000e6, MMU_SOFTWARE_UNKNOWN, 0 },
		{ PUD, 0x000fffff000001a0, MMU_SOFTWARE_NONE, 0xc0000000 },
		{ PUD, 0x000fffff3ffff1a0, MMU_SOFTWARE_NONE, 0xc0000000 },
		{ PUD, 0x000fffff002001a0, MMU_SOFTWARE_UNKNOWN, 0 },
		{ PMD, 0x000ffffffc5ff9e0, MMU_SOFTWARE_NONE, 0x3a00000 },
		{ PMD, 0x000ffffffc4019e0, MMU_SOFTWARE_NONE, 0x3a00000 }, /* bit 12 is PAT */
		{ PMD, 0x000ffffffc4029e0, MMU_SOFTWARE_UNKNOWN, 0 },
		{ PMD, 0x000ffffffc5fd9e0, MMU_SOFTWARE_UNKNOWN, 0 },
		{ PMD, 0x800ffffffc4028e6, MMU_SOFTWARE_UNKNOWN, 0 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mmu_regime r = regime(FOUR, "l1tf");
		struct mmu_software software = explain(&r, cases[i].level, cases[i].raw);
		bool split = cases[i].kind == MMU_SOFTWARE_SPLIT;

		print_message("# 0x%016llx\n", (unsigned long long)cases[i].raw);
		assert_int_equal(software.kind, cases[i].kind);
		assert_int_equal(software.pa, cases[i].pa);
		assert_int_equal(!!decode(&r, cases[i].level, cases[i].raw).rights, split);
	}
}

/*
 * Issue 9, 8. KERNEL_4K came in 6.15, two releases before DEVMAP went: the half tells it from
 * SOFT_DIRTY, which no kernel page has. NOPTISHADOW is a bit of the top level alone.
 */
static void test_9_8_software_bits(void **state)
{
	static const char *const traits[] = { "l1tf saved-dirty", "l1tf saved-dirty no-devmap" };
	const uint64_t raw = 0x8000000000001963, table = 0x0400000000101067;

	for (size_t i = 0; i < COUNT(traits); i++) {
		struct mmu_regime r = regime(FIVE, traits[i]);

		assert_string_equal(flags(&r, PTE, raw), "PRESENT RW ACCESSED DIRTY GLOBAL "
							 "SOFT_DIRTY NX");
		assert_true(decode(&r, PTE, raw).attrs & MMU_ATTR_SOFT_DIRTY);
		r.half = MMU_HALF_KERNEL;
		assert_string_equal(flags(&r, PTE, raw), "PRESENT RW ACCESSED DIRTY GLOBAL "
							 "KERNEL_4K NX");
		assert_false(decode(&r, PTE, raw).attrs & MMU_ATTR_SOFT_DIRTY);
		assert_non_null(strstr(flags(&r, PGD5, table), "NOPTISHADOW"));
		assert_null(strstr(flags(&r, P4D, table), "NOPTISHADOW"));
		r = regime(FOUR, traits[i]);
		assert_non_null(strstr(flags(&r, PGD, table), "NOPTISHADOW"));
	}
}

static void test_9_14_protection_key(void **state)
{
	const uint64_t raw = UINT64_C(0x94000000036cd825); /* PKEY 2 */
	struct mmu_regime r = regime(FOUR, "l1tf");

	assert_true(decode(&r, PTE, raw).attrs & MMU_ATTR_KEYED);
	assert_false(decode(&r, PTE, raw & ~(UINT64_C(15) << 59)).attrs & MMU_ATTR_KEYED);
	r.half = MMU_HALF_KERNEL;
	assert_false(decode(&r, PTE, raw).attrs & MMU_ATTR_KEYED);
}

/* ------------------------------------------------------------------ encode */

static const struct {
	const char *traits;
	unsigned int level;
	enum mmu_kind kind;
	uint8_t rights;
	uint64_t pa, raw; /* raw 0: can't be said */
} encoded[] = {
	{ "", PGD, MMU_KIND_TABLE, MMU_RIGHTS_ALL, 0x2560000, 0x2560067 },
	{ "", PMD, MMU_KIND_TABLE, 0x0b, 0x2560000, 0x2560063 },
	{ "", PTE, MMU_KIND_LEAF, 0x13, 0x12345000, 0x8000000012345067 },
	{ "", PTE, MMU_KIND_LEAF, 0x13, 0x12345abc, 0x8000000012345067 },
	{ "", PTE, MMU_KIND_LEAF, 0x1d, 0x12345000, 0x12345025 },
	{ "", PMD, MMU_KIND_LEAF, 0x09, 0x3a12345, 0x3a000a1 },
	{ "", PUD, MMU_KIND_LEAF, 0x13, 0xc0000000, 0x80000000c00000e7 },
	{ "pti", PGD, MMU_KIND_TABLE, MMU_RIGHTS_ALL, 0x2560000, 0x8000000002560067 },
	{ "pti", PGD, MMU_KIND_TABLE, 0x0b, 0x2560000, 0x2560063 },
	{ "pti", PGD, MMU_KIND_TABLE, 0x13, 0x2560000, 0 }, /* NX would not count */
	{ "", PGD, MMU_KIND_LEAF, 0x13, 0, 0 },
	{ "", PTE, MMU_KIND_TABLE, 0x1f, 0x2560000, 0 },
	{ "", PMD, MMU_KIND_TABLE, 0x1f, 0x2560008, 0 },
	{ "", PTE, MMU_KIND_LEAF, 0x12, 0x12345000, 0 }, /* no READ */
	{ "", PTE, MMU_KIND_LEAF, 0x15, 0x12345000, 0 }, /* EXEC without EXEC_PRIV */
	{ "", PTE, MMU_KIND_LEAF, 0x0d, 0x12345000, 0 }, /* EXEC without USER */
	{ "", PTE, MMU_KIND_LEAF, 0x19, 0x12345000, 0 }, /* USER, EXEC_PRIV, not EXEC */
	{ "", PTE, MMU_KIND_LEAF, 0x13, BIT(52), 0 },
	{ "", PTE, MMU_KIND_SOFTWARE, 0x13, 0x12345000, 0 },
};

static void test_encode(void **state)
{
	for (size_t i = 0; i < COUNT(encoded); i++) {
		struct mmu_regime r = regime(FOUR, encoded[i].traits);
		const struct mmu_entry entry = { .kind = encoded[i].kind,
						 .rights = encoded[i].rights,
						 .pa = encoded[i].pa };
		uint64_t raw = 0, second = 1;

		print_message("# case %zu\n", i);
		assert_int_equal(r.format->encode(&r, encoded[i].level, &entry, &raw, &second),
				 encoded[i].raw != 0);
		assert_int_equal(raw, encoded[i].raw);
		assert_int_equal(second, encoded[i].raw == 0);
	}
}

/* Issue 9, 9 */
static void test_9_9_every_bit_has_a_name(void **state)
{
	every_bit_has_a_name(&mmu_arch_x86_64, trait("encryption"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_present_entries),
		cmocka_unit_test(test_kpti_sets_nx_in_the_top_table_only),
		cmocka_unit_test(test_shadow_stacks),
		cmocka_unit_test(test_reserved_bits),
		cmocka_unit_test(test_encryption_bits_are_neither_address_nor_reserved),
		cmocka_unit_test(test_empty_and_impossible),
		cmocka_unit_test(test_software_entries),
		cmocka_unit_test(test_9e_hidden_pages),
		cmocka_unit_test(test_9_4_huge_pages_without_present),
		cmocka_unit_test(test_9_8_software_bits),
		cmocka_unit_test(test_9_9_every_bit_has_a_name),
		cmocka_unit_test(test_9_14_protection_key),
		cmocka_unit_test(test_encode),
	};

	return cmocka_run_group_tests_name("x86_64", tests, NULL, NULL);
}
