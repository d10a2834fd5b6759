/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * The store of facts: VMCOREINFO as kernels write it and as nobody should, the order of sources.
 *
 *     test-facts VMLINUX
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "facts/facts.h"
#include "support/memory_image.h"

/* A store over an image without memory that says `text`. */
struct fixture {
	struct mmu_image *image;
	struct mmu_fact_store *store;
};

static struct fixture open_bytes(const void *text, size_t bytes, const char *const *options)
{
	struct fixture f = { .image = memory_image_create(NULL, 0) };

	if (text)
		memory_image_set_vmcoreinfo(f.image, text, bytes);
	struct mmu_error *error = mmu_fact_store_create(f.image, options, &f.store);
	if (error)
		fail_msg("%s", mmu_error_message(error));
	return f;
}

static struct fixture open_text(const char *text, const char *const *options)
{
	return open_bytes(text, text ? strlen(text) : 0, options);
}

static void close_fixture(struct fixture *f)
{
	mmu_fact_store_destroy(f->store);
	mmu_image_close(f->image);
}

#define OPTIONS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define UNTOUCHED UINT64_C(0x5aa55aa55aa55aa5)
/* vmlinux-like is compiled for this very machine */
#if UINTPTR_MAX == UINT64_MAX
#define LIST_HEAD "SIZE(list_head)=16\n"
#else
#define LIST_HEAD "SIZE(list_head)=8\n"
#endif

static void expect(struct fixture *f, const char *key, uint64_t value)
{
	uint64_t seen = UNTOUCHED;

	if (!mmu_fact_get(f->store, key, &seen))
		fail_msg("%s is not known", key);
	assert_int_equal(seen, value);
}

static void expect_none(struct fixture *f, const char *key)
{
	uint64_t seen = UNTOUCHED;

	if (mmu_fact_get(f->store, key, &seen))
		fail_msg("%s is 0x%llx", key, (unsigned long long)seen);
	assert_int_equal(seen, UNTOUCHED);
}

static void expect_source(struct fixture *f, const char *key, const char *source)
{
	struct mmu_fact fact;

	for (size_t n = 0; mmu_fact_nth(f->store, n, &fact); n++) {
		if (strcmp(fact.key, key) == 0) {
			assert_string_equal(fact.source, source);
			return;
		}
	}
	fail_msg("%s is not on the list", key);
}

/* ------------------------------------------------------------------ VMCOREINFO */

/* Lines of Debian kernels: amd64 6.1, and a negative phys_base. */
static const char good[] = "OSRELEASE=6.1.0-35-amd64\n"
			   "BUILD-ID=0123456789abcdef0123456789abcdef01234567\n"
			   "PAGESIZE=4096\n"
			   "SYMBOL(init_uts_ns)=ffffffffa8a1d1c0\n"
			   "OFFSET(uts_namespace.name)=0\n"
			   "SYMBOL(mem_section)=ffff8e1ebff7f000\n"
			   "SIZE(page)=64\n"
			   "NUMBER(phys_base)=-421527552\n"
			   "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-257\n"
			   "NUMBER(VMALLOC_START)=0xffffb9e640000000\n"
			   "NUMBER(sme_mask)=0\n"
			   "LENGTH(mem_section)=2048\n"
			   "KERNELOFFSET=26000000\n"
			   "CONFIG_X86_PAE=y\n"
			   "CONFIG_NOT=n\n";

static void test_vmcoreinfo(void **state)
{
	struct fixture f = open_text(good, NULL);

	expect(&f, "PAGESIZE", 4096);
	/* symbols and the slide are hexadecimal without 0x */
	expect(&f, "SYMBOL(init_uts_ns)", UINT64_C(0xffffffffa8a1d1c0));
	expect(&f, "KERNELOFFSET", 0x26000000);
	/* all else is signed decimal, or says 0x */
	expect(&f, "OFFSET(uts_namespace.name)", 0);
	expect(&f, "SIZE(page)", 64);
	expect(&f, "LENGTH(mem_section)", 2048);
	expect(&f, "NUMBER(phys_base)", (uint64_t)-421527552);
	expect(&f, "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)", (uint64_t)-257);
	expect(&f, "NUMBER(VMALLOC_START)", UINT64_C(0xffffb9e640000000));
	expect(&f, "NUMBER(sme_mask)", 0);
	expect(&f, "CONFIG_X86_PAE", 1);
	expect_none(&f, "CONFIG_NOT");
	expect_source(&f, "PAGESIZE", "VMCOREINFO");
	/* this line holds the pointer's value, not the symbol's address */
	expect_none(&f, "SYMBOL(mem_section)");
	/* what is text, or is not there */
	expect_none(&f, "OSRELEASE");
	expect_none(&f, "BUILD-ID");
	expect_none(&f, "SYMBOL(init_task)");
	/* no prefix, no suffix, no part of a line */
	expect_none(&f, "PAGE");
	expect_none(&f, "SIZE");
	expect_none(&f, "phys_base)");
	expect_none(&f, "");
	close_fixture(&f);
}

static void test_text(void **state)
{
	struct fixture f = open_text(good, NULL);
	struct mmu_bytes text = { (const uint8_t *)"kept", 4 };

	assert_false(mmu_fact_text(f.store, "RELEASE", &text));
	assert_memory_equal(text.data, "kept", 4);
	assert_true(mmu_fact_text(f.store, "OSRELEASE", &text));
	assert_int_equal(text.count, strlen("6.1.0-35-amd64"));
	assert_memory_equal(text.data, "6.1.0-35-amd64", text.count);
	assert_true(mmu_fact_text(f.store, "BUILD-ID", &text));
	assert_int_equal(text.count, 40);
	close_fixture(&f);
}

static void test_no_vmcoreinfo(void **state)
{
	struct fixture f = open_text(NULL, NULL);
	struct mmu_bytes text;

	expect_none(&f, "PAGESIZE");
	assert_false(mmu_fact_text(f.store, "OSRELEASE", &text));
	close_fixture(&f);
	f = open_bytes("", 0, NULL);
	expect_none(&f, "PAGESIZE");
	close_fixture(&f);
}

static void test_last_line_without_newline(void **state)
{
	struct fixture f = open_text("A=1\nNUMBER(x)=77", NULL);

	expect(&f, "A", 1);
	expect(&f, "NUMBER(x)", 77);
	close_fixture(&f);
	f = open_text("A=", NULL);
	expect_none(&f, "A");
	close_fixture(&f);
	f = open_text("A", NULL);
	expect_none(&f, "A");
	close_fixture(&f);
}

/*
 * Damaged or hostile: nothing is read beyond the text, nothing that is no number is one. (What
 * comes behind a NUL within a line, as in A and C, is not looked at.)
 */
static void test_hostile_text(void **state)
{
	static const char nuls[] = "A=1\0\n\0\0B=2\nC=3\0\n=4\n\nD==5\nE=6 \nF= "
				   "7\nG=0x\nH=-\nI=--1\n"
				   "J=18446744073709551616\nK=18446744073709551615\n"
				   "L=99999999999999999999999999999999999999999\nM=+1\nN=1e3\n"
				   "SYMBOL(o)=xyz\nSYMBOL(p)=-1\nSYMBOL(q)=1ffffffffffffffff\n"
				   "R=0x10\r\nS=\xff\nT=010\nU=-9223372036854775808\nV=0xZ";
	static const char *const none[] = { "B", "D", "E", "F", "G", "H",
					    "I", "J", "L", "M", "N", "SYMBOL(o)",
					    "R", "S", "V", "=", "1", "SYMBOL(q)" };
	struct fixture f = open_bytes(nuls, sizeof(nuls) - 1, NULL);

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		expect_none(&f, none[i]);
	expect(&f, "K", UINT64_MAX);
	expect(&f, "U", UINT64_C(1) << 63);
	close_fixture(&f);
}

static void test_long_lines(void **state)
{
	size_t bytes = 100000;
	char *text = malloc(bytes);
	char key[300];

	assert_non_null(text);
	memset(text, '1', bytes);
	memcpy(text, "LONG=", 5);
	memcpy(text + bytes - 7, "\nEND=5\n", 7);
	struct fixture f = open_bytes(text, bytes, NULL);
	expect_none(&f, "LONG");
	expect(&f, "END", 5);
	close_fixture(&f);
	/* a key that is longer than the text, and than any key that a source takes apart */
	f = open_text("A=1\n", NULL);
	memset(key, 'k', sizeof(key));
	memcpy(key, "SYMBOL(", 7);
	strcpy(key + sizeof(key) - 2, ")");
	expect_none(&f, key);
	expect_none(&f, "SYMBOL()");
	expect_none(&f, "SYMBOL(");
	expect_none(&f, "OFFSET(.)");
	expect_none(&f, "ENUM(a)");
	close_fixture(&f);
	free(text);
}

/* The first of several lines with one key counts; a later one can't change an answer. */
static void test_repeated_keys(void **state)
{
	struct fixture f = open_text("A=1\nA=2\n", NULL);

	expect(&f, "A", 1);
	expect(&f, "A", 1);
	close_fixture(&f);
}

/* ------------------------------------------------------------------ options */

static void test_options_override(void **state)
{
	struct fixture f = open_text(good, OPTIONS("NUMBER(phys_base)=0x1000", "KERNELOFFSET=1f",
						   "SYMBOL(init_task)=ffffffff82000000",
						   "SYMBOL(mem_section)=0xffffffff83000000",
						   "NEW=-1", "CONFIG_Y=y", "NEW=5"));

	expect(&f, "NUMBER(phys_base)", 0x1000);
	expect(&f, "KERNELOFFSET", 0x1f);
	expect(&f, "SYMBOL(init_task)", UINT64_C(0xffffffff82000000));
	expect(&f, "SYMBOL(mem_section)", UINT64_C(0xffffffff83000000));
	expect(&f, "NEW", UINT64_MAX);
	expect(&f, "CONFIG_Y", 1);
	expect(&f, "SIZE(page)", 64);
	expect_source(&f, "NUMBER(phys_base)", "option");
	expect_source(&f, "SIZE(page)", "VMCOREINFO");
	close_fixture(&f);
}

/* What is copied can go away. */
static void test_options_are_copied(void **state)
{
	char option[] = "A=1";
	struct fixture f = open_text("", OPTIONS(option));

	option[0] = 'B';
	option[2] = '2';
	expect(&f, "A", 1);
	expect_none(&f, "B");
	close_fixture(&f);
}

static void test_bad_options(void **state)
{
	static const char *const bad[] = {
		"",     "A",    "=1",    "A=",          "A=x",
		"A=1x", "A= 1", "A=1=2", "SYMBOL(a)=g", "A=18446744073709551616"
	};
	struct mmu_image *image = memory_image_create(NULL, 0);
	struct mmu_fact_store *store = (void *)image;
	char option[200];

	for (size_t i = 0; i <= sizeof(bad) / sizeof(bad[0]); i++) {
		memset(option, 'k', 150);
		strcpy(option + 150, "=1"); /* longer than a key may be */
		const char *text = i < sizeof(bad) / sizeof(bad[0]) ? bad[i] : option;
		struct mmu_error *error = mmu_fact_store_create(image, OPTIONS("X=1", text),
								&store);

		if (!error)
			fail_msg("'%s' was taken", text);
		assert_int_equal(mmu_error_code(error), MMU_ERROR_INVALID);
		assert_non_null(strstr(mmu_error_message(error), text));
		assert_ptr_equal(store, image); /* untouched */
		mmu_error_destroy(error);
	}
	mmu_image_close(image);
}

/* ------------------------------------------------------------------ derived facts, the list */

static void test_derived(void **state)
{
	struct fixture f = open_text("A=1\n", OPTIONS("B=2"));
	const struct mmu_facts *facts = mmu_fact_callbacks(f.store);
	char key[] = "C", how[] = "counting";
	uint64_t value;

	expect_none(&f, "C");
	facts->derived(facts->context, key, 3, how, 0);
	key[0] = how[0] = 'X';
	expect(&f, "C", 3);
	expect_source(&f, "C", "derived: counting");
	/* what a better source has said, or was derived before, stays */
	expect(&f, "A", 1);
	expect(&f, "B", 2);
	facts->derived(facts->context, "A", 9, "again", 0);
	facts->derived(facts->context, "B", 9, "again", 0);
	facts->derived(facts->context, "C", 9, "again", 0);
	expect(&f, "A", 1);
	expect(&f, "B", 2);
	expect(&f, "C", 3);
	assert_true(facts->get(facts->context, "C", &value));
	assert_int_equal(value, 3);
	close_fixture(&f);
}

static void test_list(void **state)
{
	struct fixture f = open_text("A=1\nB=2\nC=3\n", NULL);
	struct mmu_fact fact;

	assert_false(mmu_fact_nth(f.store, 0, &fact));
	expect(&f, "C", 3);
	expect_none(&f, "D");
	expect(&f, "A", 1);
	expect(&f, "C", 3);
	assert_true(mmu_fact_nth(f.store, 0, &fact));
	assert_string_equal(fact.key, "C");
	assert_int_equal(fact.value, 3);
	assert_true(mmu_fact_nth(f.store, 1, &fact)); /* D, which is missing, is not one */
	assert_string_equal(fact.key, "A");
	assert_false(mmu_fact_nth(f.store, 2, &fact));
	assert_false(mmu_fact_nth(f.store, SIZE_MAX, &fact));
	close_fixture(&f);
}

/* A hostile back-end asks and derives without end. */
static void test_many(void **state)
{
	struct fixture f = open_text("A=1\nB=2\n", NULL);
	struct mmu_fact fact;
	char key[32];
	size_t count = 0;

	expect(&f, "A", 1);
	for (unsigned int i = 0; i < 6000; i++) {
		snprintf(key, sizeof(key), "K%u", i);
		expect_none(&f, key);
	}
	expect(&f, "B", 2); /* not kept any more, but answered */
	mmu_fact_derive(f.store, "C", 3, "after all", 0);
	expect(&f, "A", 1);
	expect(&f, "C", 3);
	while (mmu_fact_nth(f.store, count, &fact))
		count++;
	assert_true(count >= 2 && count < 5000);
	close_fixture(&f);
}

static void test_need(void **state)
{
	struct fixture f = open_text("A=1\n", NULL);
	uint64_t value = UNTOUCHED;
	struct mmu_error *error = mmu_fact_need(f.store, "SYMBOL(b)", &value);

	assert_non_null(error);
	assert_int_equal(mmu_error_code(error), MMU_ERROR_NOT_FOUND);
	assert_non_null(strstr(mmu_error_message(error), "SYMBOL(b)"));
	assert_int_equal(value, UNTOUCHED);
	mmu_error_destroy(error);
	mmu_fact_store_set_hint(f.store, "first", MMU_REMEDY_NONE);
	mmu_fact_store_set_hint(f.store, "look under the carpet", MMU_REMEDY_VMLINUX);
	error = mmu_fact_need(f.store, "SYMBOL(b)", &value);
	assert_non_null(error);
	assert_non_null(strstr(mmu_error_message(error), "look under the carpet"));
	assert_int_equal(mmu_error_get_remedy(error), MMU_REMEDY_VMLINUX);
	mmu_error_destroy(error);
	assert_null(mmu_fact_need(f.store, "A", &value));
	assert_int_equal(value, 1);
	close_fixture(&f);
}

/* ------------------------------------------------------------------ with a vmlinux */

static const char *vmlinux_path;

/* The user, then the dump, then vmlinux; a derived value only if none of them knows. */
static void test_order_of_sources(void **state)
{
	struct fixture f = open_text("KERNELOFFSET=100000\nSIZE(task_struct)=99\n"
				     "SYMBOL(linux_banner)=1234\n",
				     OPTIONS("SIZE(mm_struct)=7", "SYMBOL(linux_banner)=5678"));
	const struct mmu_facts *facts = mmu_fact_callbacks(f.store);
	struct mmu_vmlinux *vmlinux;
	uint64_t link_va, va;

	expect_none(&f, "SYMBOL(init_task)");
	expect_none(&f, "SIZE(list_head)");
	assert_false(facts->link_symbol(facts->context, "init_task", &va));
	assert_null(mmu_vmlinux_open(vmlinux_path, &mmu_fact_wants, &vmlinux));
	assert_true(mmu_vmlinux_symbol(vmlinux, "init_task", &link_va, NULL));
	mmu_fact_store_set_vmlinux(f.store, vmlinux);
	/* what was missing before is asked for again */
	expect(&f, "SYMBOL(init_task)", link_va + 0x100000);
	expect(&f, "SIZE(list_head)", 2 * sizeof(void *));
	expect(&f, "SIZE(task_struct)", 99);
	expect(&f, "SIZE(mm_struct)", 7);
	expect(&f, "SYMBOL(linux_banner)", 0x5678);
	expect_source(&f, "SYMBOL(init_task)", "vmlinux symtab");
	expect_source(&f, "SIZE(list_head)", "vmlinux DWARF");
	expect_source(&f, "SIZE(task_struct)", "VMCOREINFO");
	expect_source(&f, "SIZE(mm_struct)", "option");
	expect_source(&f, "SYMBOL(linux_banner)", "option");
	mmu_fact_derive(f.store, "SIZE(list_head)", 1, "a guess", 0);
	expect(&f, "SIZE(list_head)", 2 * sizeof(void *));
	assert_true(facts->link_symbol(facts->context, "init_task", &va));
	assert_int_equal(va, link_va);
	expect_none(&f, "SYMBOL(no_such_symbol)");
	expect_none(&f, "SIZE(no_such_type)");
	expect_none(&f, "OFFSET(list_head.no_such_member)");
	expect_none(&f, "OFFSET(list_head)");
	expect_none(&f, "LENGTH(list_head.next)");
	close_fixture(&f);
}

/* An address from vmlinux would be wrong without the slide. */
static void test_no_slide_no_symbol(void **state)
{
	struct fixture f = open_text("", NULL);
	struct mmu_vmlinux *vmlinux;

	assert_null(mmu_vmlinux_open(vmlinux_path, &mmu_fact_wants, &vmlinux));
	mmu_fact_store_set_vmlinux(f.store, vmlinux);
	expect_none(&f, "SYMBOL(init_task)");
	mmu_fact_derive(f.store, "KERNELOFFSET", 0, "a test", 0);
	uint64_t va;
	assert_true(mmu_fact_get(f.store, "SYMBOL(init_task)", &va));
	close_fixture(&f);
}

/* ------------------------------------------------------------------ sources that disagree */

static void expect_fact(struct fixture *f, const char *key, const char *other, uint64_t other_value,
			bool disputed)
{
	struct mmu_fact fact;

	for (size_t n = 0; mmu_fact_nth(f->store, n, &fact); n++)
		if (strcmp(fact.key, key) == 0)
			break;
	assert_string_equal(fact.key, key);
	assert_int_equal(fact.disputed, disputed);
	if (!other) {
		assert_null(fact.other);
		return;
	}
	assert_false(fact.seconded);
	assert_string_equal(fact.other, other);
	assert_int_equal(fact.other_value, other_value);
}

/* Whether the second source is there before the question or comes after it. */
static void test_disputes(void **state)
{
	static const char *const keys[] = { "SIZE(task_struct)",    "SIZE(list_head)",
					    "SIZE(mm_struct)",      "SYMBOL(init_task)",
					    "SYMBOL(linux_banner)", "LENGTH(init_task)",
					    "SIZE(atomic_t)",       "KERNELOFFSET" };
	struct mmu_vmlinux *vmlinux;
	uint64_t task_bytes, mm_bytes, task_va, value;

	assert_null(mmu_vmlinux_open(vmlinux_path, &mmu_fact_wants, &vmlinux));
	assert_null(mmu_vmlinux_size(vmlinux, "task_struct", &task_bytes));
	assert_null(mmu_vmlinux_size(vmlinux, "mm_struct", &mm_bytes));
	assert_true(mmu_vmlinux_symbol(vmlinux, "init_task", &task_va, NULL));
	mmu_vmlinux_close(vmlinux);
	for (int late = 0; late < 2; late++) {
		/* LENGTH of an object is no answer to compare, see compare() */
		struct fixture f = open_text("KERNELOFFSET=0\nSIZE(task_struct)=99\n" LIST_HEAD
					     "SYMBOL(init_task)=10\n"
					     "LENGTH(init_task)=1\nSYMBOL(linux_banner)=20\n",
					     OPTIONS("SIZE(mm_struct)=7", "SIZE(atomic_t)=4",
						     "SYMBOL(linux_banner)=30"));

		assert_null(mmu_vmlinux_open(vmlinux_path, &mmu_fact_wants, &vmlinux));
		if (!late)
			mmu_fact_store_set_vmlinux(f.store, vmlinux);
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			assert_true(mmu_fact_get(f.store, keys[i], &value));
		if (late)
			mmu_fact_store_set_vmlinux(f.store, vmlinux);
		/* what is believed does not change */
		expect(&f, "SIZE(task_struct)", 99);
		expect_fact(&f, "SIZE(task_struct)", "vmlinux DWARF", task_bytes, true);
		expect_fact(&f, "SYMBOL(init_task)", "vmlinux symtab", task_va, true);
		expect_fact(&f, "SIZE(list_head)", NULL, 0, false);
		expect_fact(&f, "LENGTH(init_task)", NULL, 0, false);
		expect_fact(&f, "KERNELOFFSET", NULL, 0, false);
		/* the user's word settles it; of several others the most trusted one is named */
		expect_fact(&f, "SIZE(mm_struct)", "vmlinux DWARF", mm_bytes, false);
		expect_fact(&f, "SYMBOL(linux_banner)", "VMCOREINFO", 0x20, false);
		expect_fact(&f, "SIZE(atomic_t)", NULL, 0, false);
		close_fixture(&f);
	}
}

/* ------------------------------------------------------------------ the other callbacks */

static void test_callbacks(void **state)
{
	const struct memory_piece pieces[] = {
		{ .first_pa = 0x1000, .bytes = 0x1000, .state = MMU_PAGE_PRESENT },
		{ .first_pa = 0x4000, .bytes = 0x1000, .state = MMU_PAGE_FILTERED },
	};
	struct fixture f = { .image = memory_image_create(pieces, 2) };
	uint64_t first, last;
	const uint8_t *data;
	size_t bytes;
	uint8_t buf[4];

	f.image->notes = calloc(3, sizeof(*f.image->notes));
	assert_non_null(f.image->notes);
	f.image->nr_notes = 3;
	for (size_t i = 0; i < 3; i++)
		f.image->notes[i] = (struct mmu_note){ strdup(i == 1 ? "CORE" : "QEMU"),
						       7,
						       { (const uint8_t *)"abc" + i, 1 } };
	assert_null(mmu_fact_store_create(f.image, NULL, &f.store));
	const struct mmu_facts *facts = mmu_fact_callbacks(f.store);
	void *context = facts->context;

	assert_true(facts->note(context, "QEMU", 7, 0, &data, &bytes));
	assert_int_equal(*data, 'a');
	assert_true(facts->note(context, "QEMU", 7, 1, &data, &bytes));
	assert_int_equal(*data, 'c');
	assert_int_equal(bytes, 1);
	assert_false(facts->note(context, "QEMU", 7, 2, &data, &bytes));
	assert_false(facts->note(context, "QEMU", 8, 0, &data, &bytes));
	assert_false(facts->note(context, "QEM", 7, 0, &data, &bytes));
	assert_true(facts->ram(context, 1, &first, &last));
	assert_int_equal(first, 0x4000);
	assert_int_equal(last, 0x4fff);
	assert_false(facts->ram(context, 2, &first, &last));
	assert_true(facts->ram(context, MMU_RAM_LAST, &first, &last));
	assert_int_equal(first, 0x4000);
	assert_int_equal(last, 0x4fff);
	memory_image_put(f.image, 0x1ffc, 4, 0x04030201);
	assert_true(facts->read_phys(context, 0x1ffc, buf, 4));
	assert_memory_equal(buf, "\1\2\3\4", 4);
	assert_false(facts->read_phys(context, 0x1ffd, buf, 4));
	assert_false(facts->read_phys(context, 0x4000, buf, 1));
	assert_false(facts->link_symbol(context, "_text", &first));
	close_fixture(&f);
}

/* Even when nobody has asked for it yet, a source that is trusted more wins. */
static void test_derived_before_use(void **state)
{
	struct fixture f = open_text("A=1\n", OPTIONS("B=2"));

	mmu_fact_derive(f.store, "A", 9, "too early", 0);
	mmu_fact_derive(f.store, "B", 9, "too early", 0);
	expect(&f, "A", 1);
	expect(&f, "B", 2);
	close_fixture(&f);
}

/* A leading zero is no octal; a line without a key is none. */
static void test_odd_numbers(void **state)
{
	struct fixture f = open_text("X=010\n=4\n", NULL);
	uint64_t value;

	expect(&f, "X", 10);
	assert_false(mmu_fact_get(f.store, "", &value));
	close_fixture(&f);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vmcoreinfo),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_no_vmcoreinfo),
		cmocka_unit_test(test_last_line_without_newline),
		cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_repeated_keys),
		cmocka_unit_test(test_options_override),
		cmocka_unit_test(test_options_are_copied),
		cmocka_unit_test(test_bad_options),
		cmocka_unit_test(test_derived),
		cmocka_unit_test(test_derived_before_use),
		cmocka_unit_test(test_odd_numbers),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_need),
		cmocka_unit_test(test_order_of_sources),
		cmocka_unit_test(test_no_slide_no_symbol),
		cmocka_unit_test(test_disputes),
		cmocka_unit_test(test_callbacks),
	};

	if (argc != 2)
		return 2;
	vmlinux_path = argv[1];
	return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}
