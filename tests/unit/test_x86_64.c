/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file x86_64: worked entries, most of them from real dumps, and kernels made of a few facts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mmuscope/mmuscope.h"

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
	struct mmu_regime ret = { .format = &mmu_arch_x86_64.formats[format],
				  .pa_mask = BIT(52) - 1 };
	char copy[100], *rest;

	snprintf(copy, sizeof(copy), "%s", names);
	for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
		ret.traits |= trait(name);
	return ret;
}

static struct mmu_entry decode(const struct mmu_regime *r, unsigned int level, uint64_t raw)
{
	struct mmu_entry entry;

	mmu_arch_x86_64.decode(r, level, raw, 0, &entry);
	return entry;
}

static struct mmu_software explain(const struct mmu_regime *r, unsigned int level, uint64_t raw)
{
	struct mmu_software software;

	assert_int_equal(decode(r, level, raw).kind, MMU_KIND_SOFTWARE);
	mmu_arch_x86_64.explain(r, level, raw, 0, &software);
	return software;
}

static const char *flags(const struct mmu_regime *r, unsigned int level, uint64_t raw)
{
	static char text[200];
	struct mmu_flag_text names[20];
	size_t nr = mmu_flag_texts(r, level, decode(r, level, raw).kind, false, raw, names, 20);

	text[0] = '\0';
	for (size_t i = 0; i < nr; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "",
			 names[i].name);
	return text;
}

/* ------------------------------------------------------------------ present entries */

static void test_present_entries(void **state)
{
	static const struct {
		unsigned int format, level;
		const char *traits;
		uint64_t raw;
		enum mmu_kind kind;
		uint64_t pa;
		const char *rights, *flags;
	} cases[] = {
		/* tables of a process, 6.1 */
		{ FOUR, PGD, "l1tf", 0x0000000002560067, MMU_KIND_TABLE, 0x2560000, "rwxXu",
		  "PRESENT RW USER ACCESSED" },
		{ FIVE, PGD5, "l1tf", 0x0000000002560067, MMU_KIND_TABLE, 0x2560000, "rwxXu",
		  "PRESENT RW USER ACCESSED" },
		{ FOUR, PMD, "l1tf", 0x800000003e9b5063, MMU_KIND_TABLE, 0x3e9b5000, "rw---",
		  "PRESENT RW ACCESSED NX" },
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
		{ FOUR, PTE, "l1tf saved-dirty", 0x840000000d4c1825, MMU_KIND_LEAF, 0xd4c1000,
		  "r---u", "PRESENT USER ACCESSED SOFT_DIRTY SAVED_DIRTY NX" },
		{ FOUR, PTE, "l1tf", 0x840000000d4c1825, MMU_KIND_LEAF, 0xd4c1000, "r---u",
		  "PRESENT USER ACCESSED SOFT_DIRTY DEVMAP NX" },
		{ FOUR, PTE, "l1tf saved-dirty", 0x820000000d4c1225, MMU_KIND_LEAF, 0xd4c1000,
		  "r---u", "PRESENT USER ACCESSED SPECIAL DEVMAP NX" },
		{ FOUR, PTE, "l1tf saved-dirty no-devmap", 0x820000000d4c1225, MMU_KIND_LEAF,
		  0xd4c1000, "r---u", "PRESENT USER ACCESSED SPECIAL NX" },
		{ FOUR, PGD, "l1tf saved-dirty", 0x8400000002560067, MMU_KIND_TABLE, 0x2560000,
		  "rw--u", "PRESENT RW USER ACCESSED NOPTISHADOW NX" },
		/* protection keys: 2, and 1 as Linux uses it for execute-only memory */
		{ FOUR, PTE, "l1tf saved-dirty", 0x940000000d4c1825, MMU_KIND_LEAF, 0xd4c1000,
		  "r---u", "PRESENT USER ACCESSED SOFT_DIRTY SAVED_DIRTY PKEY=2 NX" },
		{ FOUR, PTE, "l1tf saved-dirty", 0x0c0000000d4c1825, MMU_KIND_LEAF, 0xd4c1000,
		  "r-xXu", "PRESENT USER ACCESSED SOFT_DIRTY SAVED_DIRTY PKEY=1" },
		/* userfaultfd, zero page */
		{ FOUR, PTE, "l1tf", 0x800000001a2b3c25, MMU_KIND_LEAF, 0x1a2b3000, "r---u",
		  "PRESENT USER ACCESSED UFFD_WP SOFT_DIRTY NX" },
		/* 7.2 */
		{ FOUR, PTE, "l1tf saved-dirty no-devmap", 0x8000000000001963, MMU_KIND_LEAF,
		  0x1000, "rw---", "PRESENT RW ACCESSED DIRTY GLOBAL KERNEL_4K NX" },
		{ FOUR, PTE, "l1tf saved-dirty no-devmap", 0x8000000000001867, MMU_KIND_LEAF,
		  0x1000, "rw--u", "PRESENT RW USER ACCESSED DIRTY SOFT_DIRTY NX" },
	};
	char rights[6];

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mmu_regime r = regime(cases[i].format, cases[i].traits);
		struct mmu_entry entry = decode(&r, cases[i].level, cases[i].raw);

		print_message("# 0x%016llx\n", (unsigned long long)cases[i].raw);
		assert_int_equal(entry.kind, cases[i].kind);
		assert_int_equal(entry.pa, cases[i].pa);
		assert_int_equal(entry.run_lg2, 0);
		assert_string_equal(mmu_rights_text(entry.rights, rights), cases[i].rights);
		assert_string_equal(flags(&r, cases[i].level, cases[i].raw), cases[i].flags);
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

	assert_string_equal(decode(&new, PTE, raw).note, "shadow stack page");
	assert_null(decode(&old, PTE, raw).note);
	assert_null(decode(&new, PTE, raw | BIT(1)).note);
	assert_null(decode(&new, PTE, raw & ~BIT(2)).note);
	assert_null(decode(&new, PMD, raw).note); /* a table: bit 6 means nothing */
	assert_non_null(decode(&new, PMD, 0x8000000003a000e5).note);
}

static void test_reserved_bits(void **state)
{
	static const struct {
		unsigned int format, level;
		uint64_t raw, bad;
		const char *note;
	} cases[] = {
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
	struct mmu_regime r;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mmu_entry entry;

		r = regime(cases[i].format, "l1tf");
		r.pa_mask = BIT(40) - 1;
		entry = decode(&r, cases[i].level, cases[i].raw);
		assert_int_equal(entry.kind, MMU_KIND_BAD);
		assert_int_equal(entry.bad_mask, cases[i].bad);
		assert_non_null(strstr(entry.note, cases[i].note));
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

/* ------------------------------------------------------------------ entries that are not present */

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

static void test_software_entries(void **state)
{
	static const struct {
		const char *traits;
		unsigned int level;
		uint64_t raw;
		enum mmu_software_kind kind;
		uint64_t pa, offset;
		uint8_t type;
		const char *flags;
	} cases[] = {
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
		{ "l1tf", PMD, 0xe7fffffff8bffe08, MMU_SOFTWARE_SWAP, 0, 0x3a000, 28,
		  "SWP_EXCLUSIVE" },
		/* 4.14: type in bits 9 to 13; 4.9: the soft-dirty mark in bit 7 */
		{ "", PTE, 0x29 << 14 | 3 << 9 | 2, MMU_SOFTWARE_SWAP, 0, 0x29, 3,
		  "SWP_SOFT_DIRTY" },
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

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mmu_regime r = regime(FOUR, cases[i].traits);
		struct mmu_software software = explain(&r, cases[i].level, cases[i].raw);

		print_message("# 0x%016llx\n", (unsigned long long)cases[i].raw);
		assert_int_equal(software.kind, cases[i].kind);
		assert_int_equal(software.pa, cases[i].pa);
		assert_int_equal(software.offset, cases[i].offset);
		assert_int_equal(software.type, cases[i].type);
		assert_string_equal(flags(&r, cases[i].level, cases[i].raw), cases[i].flags);
	}
}

/* ------------------------------------------------------------------ encode */

static void test_encode(void **state)
{
	static const struct {
		const char *traits;
		unsigned int level;
		enum mmu_kind kind;
		uint8_t rights;
		uint64_t pa, raw; /* raw 0: can't be said */
	} cases[] = {
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

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mmu_regime r = regime(FOUR, cases[i].traits);
		const struct mmu_entry entry = { .kind = cases[i].kind,
						 .rights = cases[i].rights,
						 .pa = cases[i].pa };
		uint64_t raw = 0, second = 1;

		print_message("# case %zu\n", i);
		assert_int_equal(mmu_arch_x86_64.encode(&r, cases[i].level, &entry, &raw, &second),
				 cases[i].raw != 0);
		assert_int_equal(raw, cases[i].raw);
		assert_int_equal(second, cases[i].raw == 0);
	}
}

/* ------------------------------------------------------------------ a kernel of a few facts */

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
	bool links; /* symbols by their link-time address */
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

/* The word at a physical address; its page comes into being. Hosts are little-endian here. */
static void put(uint64_t pa, uint64_t value)
{
	if (!word(pa)) {
		assert_true(fake.nr_pages < NR_PAGES);
		fake.pages[fake.nr_pages++].pa = pa >> 12;
	}
	*word(pa) = value;
}

static void cpu(unsigned int n, uint64_t cr3, uint64_t cr4)
{
	const uint32_t head[2] = { 1, 440 };

	memcpy(fake.notes[n], head, sizeof(head));
	memcpy(fake.notes[n] + 416, &cr3, 8);
	memcpy(fake.notes[n] + 424, &cr4, 8);
	fake.nr_notes = n + 1;
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
	return n == 0 && fake.last_ram_pa;
}

static bool fake_read(void *context, uint64_t pa, void *buf, size_t bytes)
{
	assert_true((pa & 4095) + bytes <= 4096);
	if (!word(pa))
		return false;
	memcpy(buf, (const uint8_t *)word(pa & ~UINT64_C(7)) + (pa & 7), bytes);
	return true;
}

static void fake_derived(void *context, const char *key, uint64_t value, const char *how)
{
	uint64_t old;

	assert_true(*how);
	if (!fake_get(NULL, key, &old))
		set(key, value);
}

static const struct mmu_facts facts = { NULL,     fake_get,  fake_link_symbol, fake_note,
					fake_ram, fake_read, fake_derived };

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
	const struct mmu_root root = { kind, value, user_half };

	return mmu_arch_x86_64.locate(&facts, &root, ret);
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
	assert_ptr_equal(r.format, &mmu_arch_x86_64.formats[FOUR]);
	assert_int_equal(r.traits, mmu_arch_x86_64.default_traits);
	assert_int_equal(r.pa_mask & ~UINT64_C(0xfff), BIT(52) - 4096);
	assert_int_equal(fact("TRAIT(saved-dirty)"), 1);
	assert_non_null(strstr(locate(MMU_ROOT_CPU, 0, false, &r), "registers"));
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
		assert_int_equal(r.traits, regime(FOUR, cases[i].traits).traits);
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
	assert_ptr_equal(r.format, &mmu_arch_x86_64.formats[FIVE]);
	assert_int_equal(r.root_pa, 0x255e000);
	assert_int_equal(fact("NUMBER(pgtable_l5_enabled)"), 1);
	setup_nothing(state);
	cpu(0, 0x255e000, BIT(12)); /* the variable goes first */
	set("NUMBER(phys_base)", 0);
	set("SYMBOL(__pgtable_l5_enabled)", IMAGE + 0x2004);
	put(0x2000, UINT64_C(1) << 32);
	assert_null(locate(MMU_ROOT_CPU, 0, false, &r));
	assert_ptr_equal(r.format, &mmu_arch_x86_64.formats[FIVE]);
	setup_nothing(state);
	set("SYMBOL(init_level4_pgt)", IMAGE);
	assert_null(locate(MMU_ROOT_PGD_PA, 0x1000, false, &r));
	assert_ptr_equal(r.format, &mmu_arch_x86_64.formats[FOUR]);
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
		assert_int_equal(r.root_pa, 0x8000);
		assert_true(r.traits & trait("pti"));
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

/* CR3 maps the image at a slide of 0x18400000 to physical 0x39a00000. */
static void map_image(uint64_t cr3)
{
	put(cr3 + 511 * 8, 0x11067);
	put(0x11000 + 510 * 8, 0x12067);
	put(0x12000 + 0x19400000 / 0x200000 * 8, 0x39a001e3);
	put(0x20600000 + 0x1ae1a010, 0x20600000); /* phys_base itself */
	fake.links = true;
}

static void test_phys_base_from_cr3(void **state)
{
	struct mmu_linear ranges[MMU_LINEAR_MAX];
	size_t nr;

	for (unsigned int i = 0; i < 2; i++) { /* the second time in user mode under KPTI */
		setup_nothing(state);
		cpu(0, i ? 0x9000 : 0x8000, 0);
		map_image(0x8000);
		if (i)
			put(0x9000 + 511 * 8, 0x13067); /* another, poorer, view of the kernel */
		assert_null(mmu_arch_x86_64.linear(&facts, ranges, &nr));
		assert_int_equal(fact("NUMBER(phys_base)"), 0x20600000);
		assert_int_equal(fact("KERNELOFFSET"), 0x18400000);
		assert_int_equal(nr, 1);
		assert_int_equal(ranges[0].first_va, IMAGE);
		assert_int_equal(ranges[0].last_va, IMAGE + BIT(30) - 1);
		assert_int_equal(ranges[0].first_pa, 0x20600000);
	}
	put(0x20600000 + 0x1ae1a010, 0x20800000); /* it disagrees: better no answer */
	fake.nr_facts = 0;
	assert_non_null(mmu_arch_x86_64.linear(&facts, ranges, &nr));
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
		cmocka_unit_test(test_present_entries),
		cmocka_unit_test(test_kpti_sets_nx_in_the_top_table_only),
		cmocka_unit_test(test_shadow_stacks),
		cmocka_unit_test(test_reserved_bits),
		cmocka_unit_test(test_encryption_bits_are_neither_address_nor_reserved),
		cmocka_unit_test(test_empty_and_impossible),
		cmocka_unit_test(test_software_entries),
		cmocka_unit_test(test_encode),
		cmocka_unit_test_setup(test_nothing_is_known, setup_nothing),
		cmocka_unit_test_setup(test_kernel_root_and_assumed_traits, setup),
		cmocka_unit_test_setup(test_traits_follow_symbols, setup),
		cmocka_unit_test_setup(test_old_swap_mark_went_with_the_l1tf_backports, setup),
		cmocka_unit_test_setup(test_levels_by_variable_and_by_cr4, setup_nothing),
		cmocka_unit_test_setup(test_address_width_and_encryption, setup),
		cmocka_unit_test_setup(test_kpti_pairs, setup),
		cmocka_unit_test_setup(test_phys_base_from_cr3, setup_nothing),
		cmocka_unit_test_setup(test_linear_by_variables, setup),
		cmocka_unit_test_setup(test_linear_by_tables, setup),
	};

	return cmocka_run_group_tests_name("x86_64", tests, NULL, NULL);
}
