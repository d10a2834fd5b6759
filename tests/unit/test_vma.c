/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file VMAs of a small made-up kernel, whole and damaged: one, all of them, their names. */
#include "support/small_kernel.h"

/* ------------------------------------------------------------------ VMAs */

static void put_vma(struct mmu_session *session, uint64_t va, uint64_t start, uint64_t end,
		    uint64_t flags)
{
	put(session, va + VM_START, 8, start);
	put(session, va + VM_END, 8, end);
	put(session, va + VM_FLAGS, 8, flags);
}

/* ma_root: a node's address, its type in bits 6:3, and the root's mark */
static uint64_t node_entry(uint64_t node_va, unsigned int type, bool root)
{
	return node_va | type << 3 | (root ? 2 : 4);
}

static uint64_t pivot_at(uint64_t node_va, unsigned int n)
{
	return node_va + 8 + 8 * (uint64_t)n;
}

static uint64_t slot_at(uint64_t node_va, unsigned int slots, unsigned int n)
{
	return node_va + 8 * (uint64_t)(slots + n);
}

enum { LEAF_64 = 1, RANGE_64, ARANGE_64 };
#define TREE_MM (BASE + 0x8000)
#define NODE(n) (BASE + 0x20000 + 0x100 * (uint64_t)(n))
#define VMA(n) (BASE + 0x30000 + 0x100 * (uint64_t)(n))

static void set_root(struct mmu_session *session, uint64_t entry)
{
	put(session, TREE_MM + TREE + TREE_ROOT, 8, entry);
}

/* "-" for none, else its first and last address */
static const char *vma_at(struct mmu_session *session, uint64_t va)
{
	static char text[MMU_PATH_BYTES + 100];
	struct mmu_vma_name name;
	struct mmu_vma vma;
	bool found = false;

	mmu_error_destroy(mmu_vma_find_named(&session->memory, TREE_MM, va, &vma, &name, &found));
	if (!found)
		return "-";
	snprintf(text, sizeof(text), "%llx-%llx %llx%s%s", (unsigned long long)vma.first_va,
		 (unsigned long long)vma.last_va, (unsigned long long)vma.vm_flags,
		 name.text[0] ? " " : "", name.text);
	return text;
}

/*
 * Two levels: node 0 (allocation ranges) has node 1 up to 0xffff and node 2 above. Leaves: a gap,
 * VMA 0x1000-0x2fff, a gap, VMA 0x8000-0xffff | VMA 0x10000-0x10fff, a gap to the end.
 */
static struct mmu_session *open_maple(void)
{
	struct mmu_session *session = open_session();

	put_vma(session, VMA(0), 0x1000, 0x3000, 0x75);
	put_vma(session, VMA(1), 0x8000, 0x10000, 0x73);
	put_vma(session, VMA(2), 0x10000, 0x11000, 0);
	set_root(session, node_entry(NODE(0), ARANGE_64, true));
	put(session, pivot_at(NODE(0), 0), 8, 0xffff);
	put(session, slot_at(NODE(0), 10, 0), 8, node_entry(NODE(1), LEAF_64, false));
	put(session, slot_at(NODE(0), 10, 1), 8, node_entry(NODE(2), LEAF_64, false));
	put(session, pivot_at(NODE(1), 0), 8, 0xfff);
	put(session, pivot_at(NODE(1), 1), 8, 0x2fff);
	put(session, slot_at(NODE(1), 16, 1), 8, VMA(0));
	put(session, pivot_at(NODE(1), 2), 8, 0x7fff);
	put(session, pivot_at(NODE(1), 3), 8, 0xffff);
	put(session, slot_at(NODE(1), 16, 3), 8, VMA(1));
	put(session, pivot_at(NODE(2), 0), 8, 0x10fff);
	put(session, slot_at(NODE(2), 16, 0), 8, VMA(2));
	return session;
}

static void test_maple_tree(void **state)
{
	struct mmu_session *session = open_maple();

	assert_string_equal(vma_at(session, 0), "-");
	assert_string_equal(vma_at(session, 0xfff), "-");
	assert_string_equal(vma_at(session, 0x1000), "1000-2fff 75");
	assert_string_equal(vma_at(session, 0x2fff), "1000-2fff 75");
	assert_string_equal(vma_at(session, 0x3000), "-");
	assert_string_equal(vma_at(session, 0x7fff), "-");
	assert_string_equal(vma_at(session, 0x8000), "8000-ffff 73");
	assert_string_equal(vma_at(session, 0xffff), "8000-ffff 73");
	assert_string_equal(vma_at(session, 0x10000), "10000-10fff 0");
	assert_string_equal(vma_at(session, 0x10fff), "10000-10fff 0");
	assert_string_equal(vma_at(session, 0x11000), "-");
	assert_string_equal(vma_at(session, UINT64_MAX), "-");
	mmu_session_close(session);
}

static void test_maple_root(void **state)
{
	struct mmu_session *session = open_maple();

	set_root(session, 0); /* an empty tree */
	assert_string_equal(vma_at(session, 0), "-");
	set_root(session, VMA(0)); /* a single entry */
	assert_string_equal(vma_at(session, 0x1000), "1000-2fff 75");
	assert_string_equal(vma_at(session, 0x8000), "-");
	set_root(session, node_entry(NODE(1), LEAF_64, true)); /* one leaf */
	assert_string_equal(vma_at(session, 0x8000), "8000-ffff 73");
	mmu_session_close(session);
}

/* In a full leaf, the end of the last slot is the end of the node. */
static void test_maple_full_leaf(void **state)
{
	struct mmu_session *session = open_session();

	put(session, TREE_MM + START_STACK, 8, UINT64_MAX); /* else it is in the first VMA */
	set_root(session, node_entry(NODE(0), LEAF_64, true));
	for (unsigned int n = 0; n < 16; n++) {
		put_vma(session, VMA(n), 0x1000 * (uint64_t)n, 0x1000 * (uint64_t)(n + 1), n);
		put(session, slot_at(NODE(0), 16, n), 8, VMA(n));
		if (n < 15)
			put(session, pivot_at(NODE(0), n), 8, 0x1000 * (uint64_t)(n + 1) - 1);
	}
	assert_string_equal(vma_at(session, 0x0), "0-fff 0");
	assert_string_equal(vma_at(session, 0xe123), "e000-efff e");
	assert_string_equal(vma_at(session, 0xf123), "f000-ffff f");
	mmu_session_close(session);
}

static void test_damaged_maple_tree(void **state)
{
	struct mmu_session *session = open_maple();

	/* a node that is its own child */
	put(session, slot_at(NODE(0), 10, 1), 8, node_entry(NODE(0), ARANGE_64, false));
	assert_string_equal(vma_at(session, 0x10000), "-");
	/* a child that is nowhere, of no type, none */
	put(session, slot_at(NODE(0), 10, 1), 8, node_entry(NOWHERE, LEAF_64, false));
	assert_string_equal(vma_at(session, 0x10000), "-");
	put(session, slot_at(NODE(0), 10, 1), 8, node_entry(NODE(2), 9, false));
	assert_string_equal(vma_at(session, 0x10000), "-");
	put(session, slot_at(NODE(0), 10, 1), 8, 0);
	assert_string_equal(vma_at(session, 0x10000), "-");
	/* the mark of a fork that failed (XA_ZERO_ENTRY); a pointer to nowhere; another VMA */
	put(session, slot_at(NODE(1), 16, 1), 8, 0x406);
	assert_string_equal(vma_at(session, 0x1000), "-");
	put(session, slot_at(NODE(1), 16, 1), 8, NOWHERE);
	assert_string_equal(vma_at(session, 0x1000), "-");
	put(session, slot_at(NODE(1), 16, 1), 8, VMA(1));
	assert_string_equal(vma_at(session, 0x1000), "-");
	/* pivots that do not ascend */
	put(session, pivot_at(NODE(1), 2), 8, 0x1fff);
	assert_string_equal(vma_at(session, 0x8000), "-");
	set_root(session, node_entry(NOWHERE, ARANGE_64, true));
	assert_string_equal(vma_at(session, 0x8000), "-");
	mmu_session_close(session);
}

static void test_rb_tree(void **state)
{
	const struct memory_piece whole = { .bytes = BYTES };
	struct mmu_session *session = session_of(memory_image_create(&whole, 1), false);

	put_vma(session, VMA(0), 0x1000, 0x3000, 1);
	put_vma(session, VMA(1), 0x8000, 0x10000, 2);
	put_vma(session, VMA(2), 0x10000, 0x11000, 3);
	put(session, TREE_MM + MM_RB, 8, VMA(1) + VM_RB);
	put(session, VMA(1) + VM_RB + 8, 8, VMA(0) + VM_RB); /* left */
	put(session, VMA(1) + VM_RB, 8, VMA(2) + VM_RB);     /* right */
	assert_string_equal(vma_at(session, 0xfff), "-");
	assert_string_equal(vma_at(session, 0x1000), "1000-2fff 1");
	assert_string_equal(vma_at(session, 0x2fff), "1000-2fff 1");
	assert_string_equal(vma_at(session, 0x3000), "-");
	assert_string_equal(vma_at(session, 0xffff), "8000-ffff 2");
	assert_string_equal(vma_at(session, 0x10000), "10000-10fff 3"); /* right behind it */
	assert_string_equal(vma_at(session, 0x10fff), "10000-10fff 3");
	assert_string_equal(vma_at(session, 0x11000), "-");
	/* a loop, and a child that is nowhere */
	put(session, VMA(2) + VM_RB, 8, VMA(1) + VM_RB);
	assert_string_equal(vma_at(session, 0x11000), "-");
	put(session, VMA(2) + VM_RB, 8, NOWHERE);
	assert_string_equal(vma_at(session, 0x11000), "-");
	mmu_session_close(session);
}

/* ------------------------------------------------------------------ all VMAs */

/* The numbers of the VMAs in their order, with "..." in the place of those that can't be read. */
static const char *all_vmas(struct mmu_session *session)
{
	static char text[200];
	struct mmu_vma_walk vmas;
	struct mmu_vma vma;
	size_t used = 0;
	bool found = true;

	text[0] = '\0';
	mmu_vma_walk_init(&vmas, &session->memory, TREE_MM);
	while (found || !vmas.end) {
		struct mmu_error *error = mmu_vma_walk_next(&vmas, &vma, &found);

		assert_true(used + 20 < sizeof(text));
		if (found)
			used += (size_t)sprintf(text + used, "%s%lld", used ? " " : "",
						(long long)(vmas.place.vma_va - VMA(0)) / 0x100);
		else if (error)
			used += (size_t)sprintf(text + used, "%s...", used ? " " : "");
		mmu_error_destroy(error);
	}
	return text;
}

static void test_all_of_maple_tree(void **state)
{
	struct mmu_session *session = open_maple();

	assert_string_equal(all_vmas(session), "0 1 2");
	/* what lies behind the end of a node is not looked at; a reserved value is no VMA */
	put(session, slot_at(NODE(1), 16, 4), 8, VMA(7));
	put(session, slot_at(NODE(1), 16, 2), 8, 0x406);
	assert_string_equal(all_vmas(session), "0 1 2");
	/* of a child or a VMA that is nowhere, or of no type, only the others are there */
	put(session, slot_at(NODE(0), 10, 0), 8, node_entry(NOWHERE, LEAF_64, false));
	assert_string_equal(all_vmas(session), "... 2");
	put(session, slot_at(NODE(0), 10, 0), 8, node_entry(NODE(1), 9, false));
	assert_string_equal(all_vmas(session), "... 2");
	put(session, slot_at(NODE(0), 10, 0), 8, node_entry(NODE(1), LEAF_64, false));
	put(session, slot_at(NODE(1), 16, 1), 8, NOWHERE);
	assert_string_equal(all_vmas(session), "... 1 2");
	set_root(session, 0);
	assert_string_equal(all_vmas(session), "");
	put_vma(session, VMA(3), 0, UINT64_MAX, 0); /* it does not hold the last address */
	set_root(session, VMA(3));
	assert_string_equal(all_vmas(session), "3 ...");
	set_root(session, node_entry(NODE(2), LEAF_64, true));
	assert_string_equal(all_vmas(session), "... 2"); /* the leaf says that it begins at 0 */
	set_root(session, node_entry(NOWHERE, LEAF_64, true));
	assert_string_equal(all_vmas(session), "...");
	mmu_session_close(session);
}

/* Every slot of a node leads back to it: 10^32 ways. */
static void test_looping_maple_tree(void **state)
{
	struct mmu_session *session = open_session();

	set_root(session, node_entry(NODE(0), ARANGE_64, true));
	for (unsigned int n = 0; n < 10; n++) {
		put(session, slot_at(NODE(0), 10, n), 8, node_entry(NODE(0), ARANGE_64, false));
		if (n < 9)
			put(session, pivot_at(NODE(0), n), 8, n + 1);
	}
	/* up to each pivot nothing is known */
	assert_string_equal(all_vmas(session), "... ... ... ... ... ... ... ... ... ...");
	/* and a leaf that is there again and again */
	for (unsigned int n = 0; n < 10; n++)
		put(session, slot_at(NODE(0), 10, n), 8, node_entry(NODE(1), LEAF_64, false));
	put(session, slot_at(NODE(1), 16, 0), 8, VMA(0));
	put_vma(session, VMA(0), 0, 4, 0);
	assert_string_equal(all_vmas(session), "0");
	mmu_session_close(session);
}

/* However many there seem to be. */
static void test_budget(void **state)
{
	struct mmu_session *session = open_maple();
	struct mmu_vma_walk vmas;
	struct mmu_vma vma;
	bool found;

	mmu_vma_walk_init(&vmas, &session->memory, TREE_MM);
	assert_true(vmas.budget >= 1 << 17);
	vmas.budget = 2; /* the gap, and the VMA behind it */
	assert_null(mmu_vma_walk_next(&vmas, &vma, &found));
	assert_true(found);
	struct mmu_error *error = mmu_vma_walk_next(&vmas, &vma, &found);
	assert_non_null(error);
	assert_int_equal(mmu_error_code(error), MMU_ERROR_CORRUPT);
	assert_true(vmas.end && !found);
	mmu_error_destroy(error);
	assert_null(mmu_vma_walk_next(&vmas, &vma, &found));
	assert_false(found);
	mmu_session_close(session);
}

static void test_all_of_rb_tree(void **state)
{
	const struct memory_piece whole = { .bytes = BYTES };
	struct mmu_session *session = session_of(memory_image_create(&whole, 1), false);

	assert_string_equal(all_vmas(session), "");
	for (unsigned int n = 0; n < 4; n++) /* 0 and 1 are neighbours, and 2 and 3 */
		put_vma(session, VMA(n), 0x1000 * (n + 1 + n / 2), 0x1000 * (n + 2 + n / 2), n);
	put(session, TREE_MM + MM_RB, 8, VMA(1) + VM_RB);
	put(session, VMA(1) + VM_RB + 8, 8, VMA(0) + VM_RB); /* left */
	put(session, VMA(1) + VM_RB, 8, VMA(3) + VM_RB);     /* right */
	put(session, VMA(3) + VM_RB + 8, 8, VMA(2) + VM_RB);
	assert_string_equal(all_vmas(session), "0 1 2 3");
	/* a child that is nowhere, between two VMAs that leave no room for it, is not missed */
	put(session, VMA(0) + VM_RB, 8, NOWHERE);
	assert_string_equal(all_vmas(session), "0 1 2 3");
	put(session, VMA(0) + VM_RB + 8, 8, NOWHERE);
	put(session, VMA(3) + VM_RB, 8, NOWHERE);
	assert_string_equal(all_vmas(session), "... 0 1 2 3 ...");
	/* a node that is its own child, on both sides: 2^64 ways */
	put(session, VMA(3) + VM_RB, 8, VMA(3) + VM_RB);
	put(session, VMA(3) + VM_RB + 8, 8, VMA(3) + VM_RB);
	put(session, VMA(0) + VM_RB + 8, 8, 0);
	assert_string_equal(all_vmas(session), "0 1 ... 3 ...");
	mmu_session_close(session);
}

/* ------------------------------------------------------------------ names, hints */

static void test_vma_names(void **state)
{
	struct mmu_session *session = open_maple();
	const uint64_t file_va = BASE + 0x38000, dentry_va = BASE + 0x38100;
	uint64_t name_va = BASE + 0x38ff8;

	put(session, TREE_MM + START_BRK, 8, 0x2000);
	put(session, TREE_MM + BRK, 8, 0x2800);
	put(session, TREE_MM + START_STACK, 8, 0xfff0);
	assert_string_equal(vma_at(session, 0x1000), "1000-2fff 75 [heap]");
	assert_string_equal(vma_at(session, 0x8000), "8000-ffff 73 [stack]");
	put(session, VMA(0) + VM_FILE, 8, file_va);
	put(session, file_va + 16, 8, dentry_va);
	put(session, dentry_va + 24, 8, name_va);
	memcpy(memory_image_at(session->kernel.image, name_va - BASE, 16), "libexample.so.1", 16);
	assert_string_equal(vma_at(session, 0x1000), "1000-2fff 75 libexample.so.1");
	/* a name without a final NUL is cut; one that is not in memory is empty */
	memset(memory_image_at(session->kernel.image, name_va - BASE, 1000), 'n', 1000);
	assert_int_equal(strlen(vma_at(session, 0x1000)), strlen("1000-2fff 75 ") + 255);
	put(session, dentry_va + 24, 8, NOWHERE);
	assert_string_equal(vma_at(session, 0x1000), "1000-2fff 75");
	put(session, file_va + 16, 8, BASE + BYTES - 8);
	assert_string_equal(vma_at(session, 0x1000), "1000-2fff 75");
	mmu_session_close(session);
}

/* PROT_NONE and a NUMA hint look alike in the table: what the VMA allows tells them apart. */
static void test_numa_hint(void **state)
{
	const struct mmu_space_query query = { .size = sizeof(query),
					       .by = MMU_SPACE_MM,
					       .value = TREE_MM };
	struct mmu_session *session = open_maple();
	struct mmu_space *space;
	struct mmu_walk walk;

	put(session, TREE_MM + PGD, 8, BASE + 0x10000);
	put_vma(session, VMA(1), 0x8000, 0x10000, 0x70); /* no access */
	put(session, BASE + 0x10000 + 8, 8, 0x5000 | 2);
	put(session, BASE + 0x10000 + 8 * 8, 8, 0x6000 | 2);
	put(session, BASE + 0x10000 + 4 * 8, 8, 0x7000 | 2);
	assert_null(mmu_space_open(session, &query, &space));
	mmu_space_walk(space, 0x1234, &walk);
	assert_int_equal(walk.result, MMU_RESULT_NUMA);
	assert_int_equal(walk.pa, 0x5234);
	mmu_space_walk(space, 0x8234, &walk);
	assert_int_equal(walk.result, MMU_RESULT_PROTNONE);
	mmu_space_walk(space, 0x4000, &walk); /* without a VMA nothing is known */
	assert_int_equal(walk.result, MMU_RESULT_PROTNONE);
	assert_null(walk.note);
	/* nor where it can't be read; but then it is said */
	set_root(session, node_entry(NOWHERE, ARANGE_64, true));
	mmu_space_walk(space, 0x8234, &walk);
	assert_int_equal(walk.result, MMU_RESULT_PROTNONE);
	assert_non_null(strstr(walk.note, "or numa"));
	mmu_space_close(space);
	mmu_session_close(session);
}

/* Issue 9 E. The direct map says where a page lies that was taken out of it; else the entry. */
static void test_9e_hidden_page_of_the_direct_map(void **state)
{
	const struct mmu_space_query query = { .size = sizeof(query),
					       .by = MMU_SPACE_MM,
					       .value = TREE_MM };
	struct mmu_session *session = open_maple();
	struct mmu_space *space;
	struct mmu_walk walk;

	put(session, TREE_MM + PGD, 8, BASE + 0x10000);
	put(session, BASE + 0x10000 + 8, 8, 0x5000 | 2);
	put(session, BASE + 0x10000 + 8 * 8, 8, 0x6000 | 2);
	assert_null(mmu_space_open(session, &query, &space));
	space->regimes.regime[0].half = MMU_HALF_KERNEL;
	session->kernel.linear[session->kernel.nr_linear++] =
		(struct mmu_linear){ 0x1000, 0x1fff, 0x9000, "direct", MMU_LINEAR_DIRECT };
	mmu_space_walk(space, 0x1234, &walk);
	assert_int_equal(walk.result, MMU_RESULT_HIDDEN);
	assert_true(walk.has_pa);
	assert_int_equal(walk.pa, 0x9234);
	assert_int_equal(walk.page_state, MMU_PAGE_PRESENT);
	mmu_space_walk(space, 0x8234, &walk);
	assert_int_equal(walk.result, MMU_RESULT_HIDDEN);
	assert_int_equal(walk.pa, 0x6234);
	mmu_space_close(space);
	mmu_session_close(session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_maple_tree),
		cmocka_unit_test(test_maple_root),
		cmocka_unit_test(test_maple_full_leaf),
		cmocka_unit_test(test_damaged_maple_tree),
		cmocka_unit_test(test_rb_tree),
		cmocka_unit_test(test_all_of_maple_tree),
		cmocka_unit_test(test_looping_maple_tree),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_all_of_rb_tree),
		cmocka_unit_test(test_vma_names),
		cmocka_unit_test(test_numa_hint),
		cmocka_unit_test(test_9e_hidden_page_of_the_direct_map),
	};

	return cmocka_run_group_tests_name("vma", tests, NULL, NULL);
}
