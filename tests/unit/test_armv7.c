/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file ARMv7: worked entries, most of them from real dumps, the rest by the Arm ARM. */
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

extern const struct mmu_arch mmu_arch_armv7;

#define BIT(n) (UINT64_C(1) << (n))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { PTE, PMD, PGD, SHORT_PGD = 1 };

/* Linux 6.1, and 6.12 with its exclusive mark in swap entries. */
enum { OLD, NEW };

static struct mmu_regime regime(const char *format, uint32_t traits)
{
	struct mmu_regime ret = *mmu_arch_sample(&mmu_arch_armv7, format)->regimes[0];

	ret.traits = traits;
	return ret;
}

static struct mmu_entry decode(const struct mmu_regime *r, unsigned int level, uint64_t raw,
			       uint64_t second)
{
	struct mmu_entry entry;

	print_message("# 0x%llx, 0x%llx\n", (unsigned long long)raw, (unsigned long long)second);
	r->format->decode(r, level, raw, second, &entry);
	return entry;
}

static struct mmu_software explain(const struct mmu_regime *r, unsigned int level, uint64_t raw,
				   uint64_t second)
{
	struct mmu_software software;

	assert_int_equal(decode(r, level, raw, second).kind, MMU_KIND_SOFTWARE);
	r->format->explain(r, level, raw, second, &software);
	return software;
}

static const char *flags(const struct mmu_regime *r, unsigned int level, enum mmu_kind kind,
			 bool second, uint64_t raw)
{
	static char text[300];
	struct flag_text names[24];
	size_t nr = flag_texts(r, level, kind, second, raw, names, 24);

	text[0] = '\0';
	for (size_t i = 0; i < nr; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "",
			 names[i].name);
	return text;
}

static void assert_note(const char *note, const char *part)
{
	if (!part)
		assert_null(note);
	else if (!note || !strstr(note, part))
		fail_msg("the note is '%s', not '...%s...'", note ? note : "", part);
}

/* ------------------------------------------------------------------ one word: leaves, tables */

/* Both formats where there is no second copy; .run 4 is a supersection or a contiguous range. */
static const struct {
	const char *format;
	unsigned int level;
	uint64_t raw;
	enum mmu_kind kind;
	unsigned int run_lg2;
	uint64_t pa;
	const char *rights, *flags, *note;
} words[] = {
	/* Linux's pairs of tables: user with PXN, kernel, vectors */
	{ "short", SHORT_PGD, 0x41f2d835, MMU_KIND_TABLE, 0, 0x41f2d800, "rwx-u",
	  "TABLE PXN BIT4 DOMAIN=1", NULL },
	{ "short", SHORT_PGD, 0x41f2dc35, MMU_KIND_TABLE, 0, 0x41f2dc00, "rwx-u",
	  "TABLE PXN BIT4 DOMAIN=1", NULL },
	{ "short", SHORT_PGD, 0x41e72811, MMU_KIND_TABLE, 0, 0x41e72800, "rwxXu", "TABLE BIT4",
	  NULL },
	{ "short", SHORT_PGD, 0x5eff6c41, MMU_KIND_TABLE, 0, 0x5eff6c00, "rwxXu", "TABLE DOMAIN=2",
	  NULL },
	/* Arm ARM figure B3-4: NS, all domain bits, the lowest address bit */
	{ "short", SHORT_PGD, 0x000005e9, MMU_KIND_TABLE, 0, 0x400, "rwxXu", "TABLE NS DOMAIN=15",
	  NULL },
	/* sections of 6.1: data, text, read-only data */
	{ "short", SHORT_PGD, 0x4001141e, MMU_KIND_LEAF, 0, 0x40000000, "rw---",
	  "SECTION WRITEALLOC XN AP0 S", NULL },
	{ "short", SHORT_PGD, 0x4031940e, MMU_KIND_LEAF, 0, 0x40300000, "r--X-",
	  "SECTION WRITEALLOC AP0 APX S", NULL },
	{ "short", SHORT_PGD, 0x40e1941e, MMU_KIND_LEAF, 0, 0x40e00000, "r----",
	  "SECTION WRITEALLOC XN AP0 APX S", NULL },
	/* bit 0 of a section is PXN; nG, NS, domain 15 */
	{ "short", SHORT_PGD, 0x80000c03, MMU_KIND_LEAF, 0, 0x80000000, "rwx-u",
	  "SECTION PXN UNCACHED AP0 AP1", NULL },
	{ "short", SHORT_PGD, 0xfff20de2, MMU_KIND_LEAF, 0, 0xfff00000, "rwxXu",
	  "SECTION UNCACHED DOMAIN=15 AP0 AP1 NG", NULL },
	{ "short", SHORT_PGD, 0x00080402, MMU_KIND_LEAF, 0, 0, "rw-X-", "SECTION UNCACHED AP0 NS",
	  NULL },
	/* supersections: bits 39:36 in 8:5, 35:32 in 23:20; no domain */
	{ "short", SHORT_PGD, 0x8005140e, MMU_KIND_LEAF, 4, 0x80000000, "rw-X-",
	  "SUPERSECTION WRITEALLOC AP0 S", NULL },
	{ "short", SHORT_PGD, 0x81a514be, MMU_KIND_LEAF, 4, 0x5a81000000, "rw---",
	  "SUPERSECTION WRITEALLOC XN AP0 S", NULL },
	{ "short", SHORT_PGD, 0xfff405e2, MMU_KIND_LEAF, 4, 0xffff000000, "rw-X-",
	  "SUPERSECTION UNCACHED AP0", NULL },
	/* memory types by TEX[0], C, B (Arm ARM B3.8.3, Linux's PRRR and NMRR) */
	{ "short", SHORT_PGD, 0x00000406, MMU_KIND_LEAF, 0, 0, "rw-X-", "SECTION BUFFERABLE AP0",
	  NULL },
	{ "short", SHORT_PGD, 0x0000040a, MMU_KIND_LEAF, 0, 0, "rw-X-", "SECTION WRITETHROUGH AP0",
	  NULL },
	{ "short", SHORT_PGD, 0x0000040e, MMU_KIND_LEAF, 0, 0, "rw-X-", "SECTION WRITEBACK AP0",
	  NULL },
	{ "short", SHORT_PGD, 0x00001402, MMU_KIND_LEAF, 0, 0, "rw-X-", "SECTION DEVICE AP0",
	  NULL },
	{ "short", SHORT_PGD, 0x00001406, MMU_KIND_LEAF, 0, 0, "rw-X-", "SECTION TYPE5 AP0", NULL },
	{ "short", SHORT_PGD, 0x0000140a, MMU_KIND_LEAF, 0, 0, "rw-X-", "SECTION TYPE6 AP0", NULL },
	/* TEX[2:1] choose nothing with TEX remap */
	{ "short", SHORT_PGD, 0x00006402, MMU_KIND_LEAF, 0, 0, "rw-X-",
	  "SECTION UNCACHED TEX1 TEX2 AP0", NULL },
	/* access permissions: Arm ARM table B3-8, from 000 to 111 */
	{ "short", SHORT_PGD, 0x00000002, MMU_KIND_LEAF, 0, 0, "-----", "SECTION UNCACHED",
	  "no access at all" },
	{ "short", SHORT_PGD, 0x00000402, MMU_KIND_LEAF, 0, 0, "rw-X-", "SECTION UNCACHED AP0",
	  NULL },
	{ "short", SHORT_PGD, 0x00000802, MMU_KIND_LEAF, 0, 0, "r-xXu", "SECTION UNCACHED AP1",
	  "the kernel may write" },
	{ "short", SHORT_PGD, 0x00000c02, MMU_KIND_LEAF, 0, 0, "rwxXu", "SECTION UNCACHED AP0 AP1",
	  NULL },
	{ "short", SHORT_PGD, 0x00008002, MMU_KIND_BAD, 0, 0, "-----", "SECTION UNCACHED APX",
	  "reserved: APX with AP 00" },
	{ "short", SHORT_PGD, 0x00008402, MMU_KIND_LEAF, 0, 0, "r--X-", "SECTION UNCACHED AP0 APX",
	  NULL },
	{ "short", SHORT_PGD, 0x00008802, MMU_KIND_LEAF, 0, 0, "r-xXu", "SECTION UNCACHED AP1 APX",
	  NULL },
	{ "short", SHORT_PGD, 0x00008c02, MMU_KIND_LEAF, 0, 0, "r-xXu",
	  "SECTION UNCACHED AP0 AP1 APX", NULL },
	{ "short", SHORT_PGD, 0x12345678, MMU_KIND_BAD, 0, 0, "-----", NULL, "bits 1:0 are 00" },
	/* hardware alone, with no Linux entry beside it: a small page, two large ones */
	{ "short", PTE, 0x4269bc7f, MMU_KIND_LEAF, 0, 0x4269b000, "rw--u",
	  "SMALL XN WRITEALLOC AP0 AP1 S NG", "Linux's entry is empty" },
	{ "short", PTE, 0x4269143d, MMU_KIND_LEAF, 4, 0x42690000, "rwxXu",
	  "LARGE WRITEALLOC AP0 AP1 S", "Linux's entry is empty" },
	{ "short", PTE, 0x4269863d, MMU_KIND_LEAF, 4, 0x42690000, "r---u",
	  "LARGE WRITEBACK AP0 AP1 APX S XN", "Linux's entry is empty" },
	{ "short", PTE, 0x00000202, MMU_KIND_BAD, 0, 0, "-----", "SMALL UNCACHED APX",
	  "reserved: APX with AP 00" },
	{ "short", PTE, 0x12345678, MMU_KIND_BAD, 0, 0, "-----", NULL, "bits 1:0 are 00" },

	/* LPAE, 6.1: a pgd of 32 bytes with the kernel's entry, tables above 4 GiB */
	{ "lpae", PGD, 0x0080000040207003, MMU_KIND_TABLE, 0, 0x40207000, "rwxXu", "TABLE SWAPPER",
	  NULL },
	{ "lpae", PMD, 0x000000017f8d9003, MMU_KIND_TABLE, 0, 0x17f8d9000, "rwxXu", "TABLE", NULL },
	/* hierarchical attributes (Arm ARM B3.6.1, B3.7.1, B3.7.2) */
	{ "lpae", PGD, 0x0800000040207003, MMU_KIND_TABLE, 0, 0x40207000, "rwx-u", "TABLE PXNTABLE",
	  NULL },
	{ "lpae", PMD, 0x1000000040207003, MMU_KIND_TABLE, 0, 0x40207000, "rw--u", "TABLE XNTABLE",
	  NULL },
	{ "lpae", PMD, 0x2000000040207003, MMU_KIND_TABLE, 0, 0x40207000, "rw-X-", "TABLE APTABLE0",
	  NULL },
	{ "lpae", PMD, 0x4000000040207003, MMU_KIND_TABLE, 0, 0x40207000, "r-xXu", "TABLE APTABLE1",
	  NULL },
	{ "lpae", PMD, 0xf800000040207003, MMU_KIND_TABLE, 0, 0x40207000, "r----",
	  "TABLE PXNTABLE XNTABLE APTABLE0 APTABLE1 NSTABLE", NULL },
	/* pages: written, read-only, text, clean, zero page, not young, device */
	{ "lpae", PTE, 0x00e0000041918f5f, MMU_KIND_LEAF, 0, 0x41918000, "rw--u",
	  "PAGE WRITEALLOC USER SH_INNER AF NG PXN XN DIRTY", NULL },
	{ "lpae", PTE, 0x04e0000041918fdf, MMU_KIND_LEAF, 0, 0x41918000, "r---u",
	  "PAGE WRITEALLOC USER AP2 SH_INNER AF NG PXN XN DIRTY RDONLY", NULL },
	{ "lpae", PTE, 0x04a0000041918fdf, MMU_KIND_LEAF, 0, 0x41918000, "r-x-u",
	  "PAGE WRITEALLOC USER AP2 SH_INNER AF NG PXN DIRTY RDONLY", NULL },
	{ "lpae", PTE, 0x0060000041918fdf, MMU_KIND_LEAF, 0, 0x41918000, "rw--u",
	  "PAGE WRITEALLOC USER AP2 SH_INNER AF NG PXN XN", "clean" },
	{ "lpae", PTE, 0x0560000041918fdf, MMU_KIND_LEAF, 0, 0x41918000, "r---u",
	  "PAGE WRITEALLOC USER AP2 SH_INNER AF NG PXN XN SPECIAL RDONLY", NULL },
	{ "lpae", PTE, 0x00e0000041918b5f, MMU_KIND_LEAF, 0, 0x41918000, "rw--u",
	  "PAGE WRITEALLOC USER SH_INNER NG PXN XN DIRTY", "not young" },
	{ "lpae", PTE, 0x016000000a000fc3, MMU_KIND_LEAF, 0, 0xa000000, "rw--u",
	  "PAGE UNCACHED USER AP2 SH_INNER AF NG PXN XN SPECIAL", "clean" },
	{ "lpae", PTE, 0x048000005eff47df, MMU_KIND_LEAF, 0, 0x5eff4000, "r-xXu",
	  "PAGE WRITEALLOC USER AP2 SH_INNER AF DIRTY RDONLY", NULL },
	/* nobody helps a kernel page that is clean */
	{ "lpae", PTE, 0x004000005eff479f, MMU_KIND_LEAF, 0, 0x5eff4000, "r----",
	  "PAGE WRITEALLOC AP2 SH_INNER AF XN", NULL },
	/* huge pages: THP, read-only THP, huge zero page; a kernel block; 1 GiB */
	{ "lpae", PMD, 0x00e000017e800f5d, MMU_KIND_LEAF, 0, 0x17e800000, "rw--u",
	  "BLOCK WRITEALLOC USER SH_INNER AF NG PXN XN DIRTY", NULL },
	{ "lpae", PMD, 0x04e000017e800fdd, MMU_KIND_LEAF, 0, 0x17e800000, "r---u",
	  "BLOCK WRITEALLOC USER AP2 SH_INNER AF NG PXN XN DIRTY RDONLY", NULL },
	{ "lpae", PMD, 0x0460000042000fdd, MMU_KIND_LEAF, 0, 0x42000000, "r---u",
	  "BLOCK WRITEALLOC USER AP2 SH_INNER AF NG PXN XN RDONLY", NULL },
	{ "lpae", PMD, 0x000004000071d, MMU_KIND_LEAF, 0, 0x40000000, "rw-X-",
	  "BLOCK WRITEALLOC SH_INNER AF", NULL },
	{ "lpae", PGD, 0xff4000071d, MMU_KIND_LEAF, 0, 0xff40000000, "rw-X-",
	  "BLOCK WRITEALLOC SH_INNER AF", NULL },
	/* contiguous hint: the run's first address, whichever entry it is */
	{ "lpae", PTE, 0x00f0000041917f5f, MMU_KIND_LEAF, 4, 0x41910000, "rw--u",
	  "PAGE WRITEALLOC USER SH_INNER AF NG CONT PXN XN DIRTY", NULL },
	{ "lpae", PMD, 0x001000004260071d, MMU_KIND_LEAF, 4, 0x42000000, "rw-X-",
	  "BLOCK WRITEALLOC SH_INNER AF CONT", NULL },
	/* AttrIndx, NS, shareability */
	{ "lpae", PTE, 0x0040000040000427, MMU_KIND_LEAF, 0, 0x40000000, "rw---",
	  "PAGE BUFFERABLE NS AF XN", NULL },
	{ "lpae", PTE, 0x004000004000060b, MMU_KIND_LEAF, 0, 0x40000000, "rw---",
	  "PAGE WRITETHROUGH SH_OUTER AF XN", NULL },
	{ "lpae", PTE, 0x004000004000050f, MMU_KIND_LEAF, 0, 0x40000000, "rw---",
	  "PAGE WRITEBACK SH_RESERVED AF XN", NULL },
	{ "lpae", PTE, 0x0040000040000413, MMU_KIND_LEAF, 0, 0x40000000, "rw---",
	  "PAGE DEVICE AF XN", NULL },
	/* what must not be */
	{ "lpae", PTE, 0x00e0000041918f5d, MMU_KIND_BAD, 0, 0, "-----", NULL, "never 01" },
	{ "lpae", PMD, 0x00e000017e801f5d, MMU_KIND_BAD, 0, 0, "-----", NULL, "inside the block" },
	{ "lpae", PGD, 0x00000000402071dd, MMU_KIND_BAD, 0, 0, "-----", NULL, "inside the block" },
	{ "lpae", PTE, 0x00e1000041918f5f, MMU_KIND_BAD, 0, 0, "-----", NULL, "beyond the 40" },
	{ "lpae", PMD, 0x0000010040207003, MMU_KIND_BAD, 0, 0, "-----", NULL, "beyond the 40" },
	{ "lpae", PGD, 0x0000000040207002, MMU_KIND_BAD, 0, 0, "-----", NULL, "not valid" },
};

enum { PROCESS = 2 }; /* the trait */

/*
 * Issue 9, 8. That a page may be written on its first touch holds for a process of Linux; another
 * table says read-only. SPECIAL is a bit of PTEs alone (asm/pgtable-3level.h).
 */
static void test_9_8_lpae_of_others(void **state)
{
	static const uint64_t clean[] = { 0x0060000041918fdf, 0x0060000041a00fdd };
	char rights[6];

	for (unsigned int level = PTE; level <= PMD; level++) {
		struct mmu_regime r = regime("lpae", PROCESS);
		struct mmu_entry entry = decode(&r, level, clean[level], 0);

		assert_string_equal(mmu_rights_text(entry.rights, rights), "rw--u");
		assert_note(entry.note, "clean");
		r = regime("lpae", 0);
		entry = decode(&r, level, clean[level], 0);
		assert_string_equal(mmu_rights_text(entry.rights, rights), "r---u");
		assert_null(entry.note);
		entry = decode(&r, level, clean[level] | UINT64_C(1) << 56, 0);
		assert_int_equal(!!(entry.attrs & MMU_ATTR_SPECIAL), level == PTE);
		assert_int_equal(!!strstr(flags(&r, level, entry.kind, false,
						clean[level] | UINT64_C(1) << 56),
					  "SPECIAL"),
				 level == PTE);
	}
}

static void test_words(void **state)
{
	char rights[6];

	for (size_t i = 0; i < COUNT(words); i++) {
		const struct mmu_regime r = regime(words[i].format, PROCESS);
		struct mmu_entry entry = decode(&r, words[i].level, words[i].raw, 0);

		assert_int_equal(entry.kind, words[i].kind);
		assert_int_equal(entry.pa, words[i].pa);
		assert_int_equal(entry.run_lg2, words[i].run_lg2);
		assert_string_equal(mmu_rights_text(entry.rights, rights), words[i].rights);
		assert_note(entry.note, words[i].note);
		if (words[i].flags)
			assert_string_equal(
				flags(&r, words[i].level, entry.kind, false, words[i].raw),
				words[i].flags);
	}
}

/* ------------------------------------------------------------------ pairs of words */

/* The low 12 bits that a 6.1 kernel keeps: Linux's, hardware's. */
static const struct {
	const char *what;
	unsigned int linux_bits, hardware_bits;
	const char *rights, *flags, *note;
} pairs[] = {
	{ "anonymous, written", 0x75f, 0xc7f, "rw--u",
	  "PRESENT YOUNG MT_WRITEALLOC DIRTY USER XN SHARED", NULL },
	{ "read-only, or shared by copy on write", 0x7df, 0xe7f, "r---u",
	  "PRESENT YOUNG MT_WRITEALLOC DIRTY RDONLY USER XN SHARED", NULL },
	{ "text", 0x5df, 0xe7e, "r-xXu", "PRESENT YOUNG MT_WRITEALLOC DIRTY RDONLY USER SHARED",
	  NULL },
	{ "shared file, read so far", 0x71f, 0xe7f, "rw--u",
	  "PRESENT YOUNG MT_WRITEALLOC USER XN SHARED", "clean" },
	{ "private file, zero page", 0x79f, 0xe7f, "r---u",
	  "PRESENT YOUNG MT_WRITEALLOC RDONLY USER XN SHARED", NULL },
	{ "not young", 0x75d, 0, "rw--u", "PRESENT MT_WRITEALLOC DIRTY USER XN SHARED",
	  "not young" },
	{ "not young, private file", 0x79d, 0, "r---u",
	  "PRESENT MT_WRITEALLOC RDONLY USER XN SHARED", "not young" },
	{ "not young, in a fork's child", 0x7dd, 0, "r---u",
	  "PRESENT MT_WRITEALLOC DIRTY RDONLY USER XN SHARED", "not young" },
	{ "device", 0x703, 0xe33, "rw--u", "PRESENT YOUNG MT_UNCACHED USER XN SHARED", "clean" },
	{ "vectors", 0x5df, 0x67e, "r-xXu", "PRESENT YOUNG MT_WRITEALLOC DIRTY RDONLY USER SHARED",
	  NULL },
	{ "kernel text", 0x4df, 0x65e, "r--X-", "PRESENT YOUNG MT_WRITEALLOC DIRTY RDONLY SHARED",
	  NULL },
	{ "kernel data", 0x65f, 0x45f, "rw---", "PRESENT YOUNG MT_WRITEALLOC DIRTY XN SHARED",
	  NULL },
	{ "kernel data that is clean", 0x61f, 0x65f, "r----",
	  "PRESENT YOUNG MT_WRITEALLOC XN SHARED", NULL },
	/* memory types that hardware does not tell apart */
	{ "write-combining device", 0x667, 0x417, "rw---",
	  "PRESENT YOUNG MT_DEV_WC DIRTY XN SHARED", NULL },
	{ "non-shared device", 0x273, 0x053, "rw---", "PRESENT YOUNG MT_DEV_NONSHARED DIRTY XN",
	  NULL },
	{ "shared device", 0x253, 0x053, "rw---", "PRESENT YOUNG MT_DEV_SHARED DIRTY XN", NULL },
	{ "cached device", 0x26f, 0x01f, "rw---", "PRESENT YOUNG MT_DEV_CACHED DIRTY XN", NULL },
	{ "vectors by their own type", 0x5ff, 0x67e, "r-xXu",
	  "PRESENT YOUNG MT_VECTORS DIRTY RDONLY USER SHARED", NULL },
	/* one of the two is wrong */
	{ "old for Linux, mapped by hardware", 0x75d, 0xc7f, "rw--u",
	  "PRESENT MT_WRITEALLOC DIRTY USER XN SHARED", "though Linux's entry is not young" },
	{ "young for Linux, not mapped", 0x75f, 0, "rw--u",
	  "PRESENT YOUNG MT_WRITEALLOC DIRTY USER XN SHARED", "though Linux's entry is young" },
	{ "read-only for Linux, writable", 0x7df, 0xc7f, "r---u",
	  "PRESENT YOUNG MT_WRITEALLOC DIRTY RDONLY USER XN SHARED", "hardware's bits" },
};

static void test_pairs(void **state)
{
	const struct mmu_regime r = regime("short", 0);
	char rights[6];

	for (size_t i = 0; i < COUNT(pairs); i++) {
		uint64_t second = 0x4269b000 | pairs[i].linux_bits;
		uint64_t raw = pairs[i].hardware_bits ? 0x4269b000 | pairs[i].hardware_bits : 0;
		struct mmu_entry entry = decode(&r, PTE, raw, second);

		print_message("# %s\n", pairs[i].what);
		assert_int_equal(entry.kind, MMU_KIND_LEAF);
		assert_int_equal(entry.pa, 0x4269b000);
		assert_int_equal(entry.run_lg2, 0);
		assert_string_equal(mmu_rights_text(entry.rights, rights), pairs[i].rights);
		assert_string_equal(flags(&r, PTE, entry.kind, true, second), pairs[i].flags);
		assert_note(entry.note, pairs[i].note);
	}
	assert_note(decode(&r, PTE, 0x4269cc7f, 0x4269b75f).note, "another frame");
}

static const struct {
	const char *format;
	unsigned int level, release;
	uint64_t raw, second;
	enum mmu_software_kind kind;
	uint64_t pa, offset;
	uint8_t type;
	const char *flags;
} software_entries[] = {
	/* PROT_NONE: a page; with LPAE a page and a huge page */
	{ "short", PTE, OLD, 0, 0x4269bedf, MMU_SOFTWARE_NONE, 0x4269b000, 0, 0,
	  "PRESENT YOUNG MT_WRITEALLOC DIRTY RDONLY XN SHARED NONE" },
	{ "lpae", PTE, OLD, 0x06e0000041918f1e, 0, MMU_SOFTWARE_NONE, 0x41918000, 0, 0,
	  "WRITEALLOC SH_INNER AF NG PXN XN DIRTY NONE RDONLY" },
	{ "lpae", PMD, OLD, 0x06e000017e800f9c, 0, MMU_SOFTWARE_NONE, 0x17e800000, 0, 0,
	  "WRITEALLOC AP2 SH_INNER AF NG PXN XN DIRTY NONE RDONLY" },
	/* swap: 6.1 keeps the offset from bit 7 on, 6.12 from bit 8 on */
	{ "short", PTE, OLD, 0, 0x1480, MMU_SOFTWARE_SWAP, 0, 0x29, 0, "" },
	{ "short", PTE, OLD, 0, 0x80, MMU_SOFTWARE_SWAP, 0, 1, 0, "" },
	{ "short", PTE, NEW, 0, 0x180, MMU_SOFTWARE_SWAP, 0, 1, 0, "SWP_EXCLUSIVE" },
	{ "short", PTE, NEW, 0, 0x2980, MMU_SOFTWARE_SWAP, 0, 0x29, 0, "SWP_EXCLUSIVE" },
	{ "short", PTE, NEW, 0, 0x2904, MMU_SOFTWARE_SWAP, 0, 0x29, 1, "" },
	{ "short", PTE, OLD, 0, 0xfffffffc, MMU_SOFTWARE_SWAP, 0, 0x1ffffff, 31, "" },
	{ "lpae", PTE, OLD, 0x1480, 0, MMU_SOFTWARE_SWAP, 0, 0x29, 0, "" },
	{ "lpae", PTE, NEW, 0x2980, 0, MMU_SOFTWARE_SWAP, 0, 0x29, 0, "SWP_EXCLUSIVE" },
	{ "lpae", PTE, NEW, 0xfffffffc, 0, MMU_SOFTWARE_SWAP, 0, 0xffffff, 31, "SWP_EXCLUSIVE" },
	/* pmd_mkinvalid() of 0x00e000017e800f5d */
	{ "lpae", PMD, OLD, 0x00e000017e800f5c, 0, MMU_SOFTWARE_SPLIT, 0x17e800000, 0, 0,
	  "WRITEALLOC USER SH_INNER AF NG PXN XN DIRTY" },
	/* what nobody writes */
	{ "short", PTE, OLD, 0, 0x4269b00e, MMU_SOFTWARE_UNKNOWN, 0, 0, 0, "" },
	{ "lpae", PTE, OLD, 0x00e0000041918f5e, 0, MMU_SOFTWARE_UNKNOWN, 0, 0, 0,
	  "WRITEALLOC USER SH_INNER AF NG PXN XN DIRTY" },
	{ "lpae", PTE, OLD, 0x0000000100001480, 0, MMU_SOFTWARE_UNKNOWN, 0, 0, 0, "" },
	{ "lpae", PTE, OLD, 0x0200000041918f1c, 0, MMU_SOFTWARE_UNKNOWN, 0, 0, 0, "" },
	{ "lpae", PMD, OLD, 0x1480, 0, MMU_SOFTWARE_UNKNOWN, 0, 0, 0, "UNCACHED AF" },
	{ "lpae", PMD, OLD, 0x0000000040207002, 0, MMU_SOFTWARE_UNKNOWN, 0, 0, 0, "UNCACHED" },
};

static void test_software_entries(void **state)
{
	for (size_t i = 0; i < COUNT(software_entries); i++) {
		bool second = software_entries[i].second;
		uint64_t word = second ? software_entries[i].second : software_entries[i].raw;
		unsigned int level = software_entries[i].level;
		struct mmu_regime r = regime(software_entries[i].format,
					     software_entries[i].release);
		struct mmu_software software = explain(&r, level, software_entries[i].raw,
						       software_entries[i].second);

		assert_int_equal(software.kind, software_entries[i].kind);
		assert_int_equal(software.pa, software_entries[i].pa);
		assert_int_equal(software.offset, software_entries[i].offset);
		assert_int_equal(software.type, software_entries[i].type);
		if (software.kind != MMU_SOFTWARE_UNKNOWN)
			assert_string_equal(flags(&r, level, MMU_KIND_SOFTWARE, second, word),
					    software_entries[i].flags);
	}
}

static void test_software_notes(void **state)
{
	const struct mmu_regime brief = regime("short", 0), lpae = regime("lpae", 0);
	struct mmu_entry entry = decode(&brief, PTE, 0x4269bc7f, 0x4269bedf);

	assert_note(entry.note, "what Linux has taken away");
	assert_note(decode(&brief, PTE, 0, 0x4269bedf).note, NULL);
	entry = decode(&lpae, PMD, 0x00e000017e800f5c, 0); /* in the middle of a split */
	assert_note(entry.note, "being split");
	assert_int_equal(entry.rights, MMU_RIGHT_READ | MMU_RIGHT_WRITE | MMU_RIGHT_USER);
	assert_int_equal(decode(&lpae, PMD, 0x06e000017e800f9c, 0).rights, 0);
	for (unsigned int level = PTE; level <= PGD; level++)
		assert_int_equal(decode(&lpae, level, 0, 0).kind, MMU_KIND_EMPTY);
	for (unsigned int level = PTE; level <= SHORT_PGD; level++)
		assert_int_equal(decode(&brief, level, 0, 0).kind, MMU_KIND_EMPTY);
}

/* A machine with fewer address bits. */
static void test_physical_width(void **state)
{
	struct mmu_regime brief = regime("short", 0), lpae = regime("lpae", 0);

	brief.pa_mask = lpae.pa_mask = BIT(36) - 1;
	assert_int_equal(decode(&brief, SHORT_PGD, 0x8005140e | 0xf00000, 0).pa, 0xf80000000);
	assert_int_equal(decode(&brief, SHORT_PGD, 0x8005140e | 0x20, 0).kind, MMU_KIND_BAD);
	assert_int_equal(decode(&lpae, PTE, 0x00e0000f41918f5f, 0).pa, 0xf41918000);
	assert_int_equal(decode(&lpae, PTE, 0x00e0001f41918f5f, 0).bad_mask, BIT(36));
	assert_int_equal(decode(&lpae, PMD, 0x0000001040207003, 0).bad_mask, BIT(36));
	brief.pa_mask = BIT(30) - 1;
	assert_int_equal(decode(&brief, PTE, 0x4269bc7f, 0x4269b75f).bad_mask, BIT(30));
	assert_int_equal(decode(&brief, SHORT_PGD, 0x41f2d835, 0).bad_mask, BIT(30));
}

/* ------------------------------------------------------------------ encode */

static const struct {
	const char *format;
	unsigned int level;
	enum mmu_kind kind;
	const char *rights;
	unsigned int run_lg2;
	uint64_t pa, raw, second; /* raw 0: can't be said */
} encoded[] = {
	{ "short", SHORT_PGD, MMU_KIND_TABLE, "rwxXu", 0, 0x41e72800, 0x41e72811, 0 },
	{ "short", SHORT_PGD, MMU_KIND_TABLE, "rwx-u", 0, 0x41f2dc00, 0x41f2dc35, 0 },
	{ "short", SHORT_PGD, MMU_KIND_TABLE, "rw-Xu", 0, 0x41f2dc00, 0, 0 },
	{ "short", SHORT_PGD, MMU_KIND_TABLE, "rwxXu", 0, 0x41f2da00, 0, 0 },
	{ "short", SHORT_PGD, MMU_KIND_LEAF, "rw---", 0, 0x40012345, 0x4001141e, 0 },
	{ "short", SHORT_PGD, MMU_KIND_LEAF, "r--X-", 0, 0x40300000, 0x4031940e, 0 },
	{ "short", SHORT_PGD, MMU_KIND_LEAF, "r----", 0, 0x40e00000, 0x40e1941e, 0 },
	{ "short", SHORT_PGD, MMU_KIND_LEAF, "rwx-u", 0, 0x40e00000, 0x40e11c0f, 0 },
	{ "short", SHORT_PGD, MMU_KIND_LEAF, "rw---", 4, 0x5a81000000, 0x81a514be, 0 },
	{ "short", SHORT_PGD, MMU_KIND_LEAF, "rw---", 0, BIT(32), 0, 0 },
	{ "short", PTE, MMU_KIND_LEAF, "rw--u", 0, 0x4269b123, 0x4269bc7f, 0x4269b75f },
	{ "short", PTE, MMU_KIND_LEAF, "r---u", 0, 0x4269b000, 0x4269be7f, 0x4269b7df },
	{ "short", PTE, MMU_KIND_LEAF, "r-xXu", 0, 0x4269b000, 0x4269be7e, 0x4269b5df },
	{ "short", PTE, MMU_KIND_LEAF, "r-x-u", 0, 0x4269b000, 0, 0 }, /* PXN is the table's */
	{ "short", PTE, MMU_KIND_LEAF, "rw---", 4, 0x42690000, 0x4269941d, 0 },
	{ "short", PTE, MMU_KIND_TABLE, "rwxXu", 0, 0x42690000, 0, 0 },
	{ "lpae", PGD, MMU_KIND_TABLE, "rwxXu", 0, 0x40207000, 0x40207003, 0 },
	{ "lpae", PMD, MMU_KIND_TABLE, "r----", 0, 0x40207000, 0x7000000040207003, 0 },
	{ "lpae", PMD, MMU_KIND_TABLE, "rwxXu", 0, 0x40207008, 0, 0 },
	{ "lpae", PTE, MMU_KIND_LEAF, "rw--u", 0, 0x41918000, 0x00e0000041918f5f, 0 },
	{ "lpae", PTE, MMU_KIND_LEAF, "r---u", 0, 0x41918000, 0x04e0000041918fdf, 0 },
	{ "lpae", PTE, MMU_KIND_LEAF, "r-x-u", 0, 0x41918000, 0x04a0000041918fdf, 0 },
	{ "lpae", PTE, MMU_KIND_LEAF, "r-xXu", 0, 0x41918000, 0x0480000041918fdf, 0 },
	{ "lpae", PTE, MMU_KIND_LEAF, "rw---", 0, 0x41918000, 0x00c000004191871f, 0 },
	{ "lpae", PMD, MMU_KIND_LEAF, "rw--u", 0, 0x17e812345, 0x00e000017e800f5d, 0 },
	/* the entries of a contiguous run each have their own address */
	{ "lpae", PTE, MMU_KIND_LEAF, "rw--u", 4, 0x41910000, 0x00f0000041910f5f, 0 },
	{ "lpae", PTE, MMU_KIND_LEAF, "rw--u", 4, 0x41917000, 0x00f0000041917f5f, 0 },
	{ "lpae", PGD, MMU_KIND_LEAF, "rw--u", 4, 0x40000000, 0, 0 },
	{ "lpae", PTE, MMU_KIND_LEAF, "-w--u", 0, 0x41918000, 0, 0 },
};

static uint8_t rights_of(const char *text)
{
	uint8_t rights = 0;

	for (unsigned int i = 0; i < MMU_RIGHTS_COUNT; i++)
		rights |= text[i] == '-' ? 0 : 1u << i;
	return rights;
}

static void test_encode(void **state)
{
	for (size_t i = 0; i < COUNT(encoded); i++) {
		const struct mmu_regime r = regime(encoded[i].format, 0);
		const struct mmu_entry entry = { .kind = encoded[i].kind,
						 .rights = rights_of(encoded[i].rights),
						 .run_lg2 = encoded[i].run_lg2,
						 .pa = encoded[i].pa };
		uint64_t raw = 0, second = 0;
		bool said = r.format->encode(&r, encoded[i].level, &entry, &raw, &second);

		print_message("# %s 0x%llx\n", encoded[i].rights, (unsigned long long)entry.pa);
		assert_int_equal(said, encoded[i].raw != 0);
		assert_int_equal(raw, encoded[i].raw);
		assert_int_equal(second, encoded[i].second);
	}
}

/* Issue 9, 9 */
static void test_9_9_every_bit_has_a_name(void **state)
{
	every_bit_has_a_name(&mmu_arch_armv7, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_9_8_lpae_of_others),
		cmocka_unit_test(test_9_9_every_bit_has_a_name),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_software_entries),
		cmocka_unit_test(test_software_notes),
		cmocka_unit_test(test_physical_width),
		cmocka_unit_test(test_encode),
	};

	return cmocka_run_group_tests_name("armv7", tests, NULL, NULL);
}
