/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Which anonymous VMAs may have huge pages, by flags, room and settings. */
#include "analysis/thp.h"
#include "support/small_kernel.h"

/* A huge page is 16 pages. */
#define FIRST UINT64_C(0x100000)
#define HUGE_PAGE UINT64_C(0x10000)

enum {
	MM_AT = 0x2000,
	NODE_AT = 0x3000,
	VMA_AT = 0x4000,
	SETTINGS_AT = 0x5000,
	MM_FLAGS = 104,
	VM_OPS = 48,
};

#define HUGEPAGE UINT64_C(0x20000000)
#define NOHUGEPAGE UINT64_C(0x40000000)
#define DONTEXPAND UINT64_C(0x40000)
#define ALWAYS 2u
#define MADVISE 4u

static const char *const facts_plain[] = {
	"SYMBOL(transparent_hugepage_flags)=ffff800000005000",
	"OFFSET(mm_struct.mmap_lock)=112",
	"OFFSET(mm_struct.flags)=104",
	"OFFSET(vm_area_struct.vm_ops)=48",
	NULL,
};
static const char *const facts_sized[] = {
	"SYMBOL(transparent_hugepage_flags)=ffff800000005000",
	"SYMBOL(huge_anon_orders_always)=ffff800000005008",
	"SYMBOL(huge_anon_orders_madvise)=ffff800000005010",
	"SYMBOL(huge_anon_orders_inherit)=ffff800000005018",
	"OFFSET(mm_struct.mmap_lock)=112",
	"OFFSET(mm_struct.flags)=104",
	"OFFSET(vm_area_struct.vm_ops)=48",
	NULL,
};

struct thp_case {
	const char *const *facts;
	bool maple;
	uint64_t first_va, bytes, vm_flags, ops, mm_flags;
	uint64_t settings, always, madvise, inherit; /* below /sys */
	enum mmu_thp expected;
};

static enum mmu_thp ask(const struct thp_case *c)
{
	static const struct mmu_level levels[2] = { { .name = "L0", .may_be_leaf = true },
						    { .name = "L1", .may_be_leaf = true } };
	struct mmu_format two = format;
	const struct memory_piece whole = { .bytes = BYTES };
	struct mmu_session *session = session_with(memory_image_create(&whole, 1), c->maple,
						   c->facts);
	struct mmu_space space = { .mm_va = BASE + MM_AT };
	uint64_t mm = BASE + MM_AT, node = BASE + NODE_AT, vma = BASE + VMA_AT;
	uint64_t settings = BASE + SETTINGS_AT, end = c->first_va + c->bytes;

	two.nr_levels = 2;
	two.level = levels;
	regimes_of(&space.regimes, &two, 0, false);
	space.walker.regimes = &space.regimes;
	mmu_memory_init(&space.memory, &session->kernel);
	put(session, mm + MM_FLAGS, 8, c->mm_flags);
	put(session, mm + (c->maple ? TREE + TREE_ROOT : MM_RB), 8,
	    c->maple ? node | 1 << 3 | 2 : vma + VM_RB);
	put(session, node + 8, 8, c->first_va - 1);
	put(session, node + 16, 8, end - 1);
	put(session, node + 24, 8, UINT64_MAX);
	put(session, node + 8 * 17, 8, vma);
	put(session, vma + VM_START, 8, c->first_va);
	put(session, vma + VM_END, 8, end);
	put(session, vma + VM_FLAGS, 8, c->vm_flags);
	put(session, vma + VM_OPS, 8, c->ops);
	put(session, settings, 8, c->settings);
	put(session, settings + 8, 8, c->always);
	put(session, settings + 16, 8, c->madvise);
	put(session, settings + 24, 8, c->inherit);
	const struct mmu_vma_info info = { .first_va = c->first_va,
					   .last_va = end - 1,
					   .vm_flags = c->vm_flags };
	enum mmu_thp ret = mmu_thp_eligible(&space, &info);
	mmu_memory_destroy(&space.memory);
	mmu_session_close(session);
	return ret;
}

static void expect(const struct thp_case *cases, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		enum mmu_thp found = ask(&cases[i]);

		if (found != cases[i].expected)
			fail_msg("case %zu: %d, expected %d", i, found, cases[i].expected);
	}
}

#define ONE_SIZE .facts = facts_plain, .maple = true, .first_va = FIRST

/* From 6.1 to 6.7: one size, one setting. */
static void test_one_size(void **state)
{
	static const struct thp_case cases[] = {
		{ ONE_SIZE, .bytes = HUGE_PAGE, .settings = ALWAYS, .expected = MMU_THP_YES },
		{ ONE_SIZE, .bytes = HUGE_PAGE, .settings = MADVISE, .expected = MMU_THP_NO },
		{ ONE_SIZE, .bytes = HUGE_PAGE, .settings = 0, .vm_flags = HUGEPAGE,
		  .expected = MMU_THP_NO },
		{ ONE_SIZE, .bytes = HUGE_PAGE, .settings = MADVISE, .vm_flags = HUGEPAGE,
		  .expected = MMU_THP_YES },
		{ ONE_SIZE, .bytes = HUGE_PAGE, .settings = ALWAYS, .vm_flags = NOHUGEPAGE,
		  .expected = MMU_THP_NO },
		{ ONE_SIZE, .bytes = HUGE_PAGE, .settings = ALWAYS, .vm_flags = DONTEXPAND,
		  .expected = MMU_THP_NO },
		/* no room: too small, and large enough but not aligned */
		{ ONE_SIZE, .bytes = HUGE_PAGE - 4096, .settings = ALWAYS, .expected = MMU_THP_NO },
		{ .facts = facts_plain,
		  .maple = true,
		  .first_va = FIRST + 4096,
		  .bytes = 2 * HUGE_PAGE - 8192,
		  .settings = ALWAYS,
		  .expected = MMU_THP_NO },
		/* prctl(PR_SET_THP_DISABLE); the bit below means nothing yet */
		{ ONE_SIZE, .bytes = HUGE_PAGE, .settings = ALWAYS, .mm_flags = 1 << 24,
		  .expected = MMU_THP_NO },
		{ ONE_SIZE, .bytes = HUGE_PAGE, .settings = ALWAYS, .mm_flags = 1 << 23,
		  .expected = MMU_THP_YES },
		/* a stack that execve() still fills */
		{ ONE_SIZE, .bytes = HUGE_PAGE, .settings = ALWAYS, .vm_flags = 0x18100,
		  .expected = MMU_THP_NO },
		/* the hardware has none; a VMA of some driver's */
		{ ONE_SIZE, .bytes = HUGE_PAGE, .settings = ALWAYS | 1,
		  .expected = MMU_THP_UNKNOWN },
		{ ONE_SIZE, .bytes = HUGE_PAGE, .settings = ALWAYS, .ops = NOWHERE,
		  .expected = MMU_THP_UNKNOWN },
	};

	expect(cases, COUNT(cases));
}

#define SIZES .facts = facts_sized, .maple = true, .first_va = FIRST

/* From 6.8 on each size has a setting, which may be to do as the one for all says. */
static void test_sizes(void **state)
{
	static const struct thp_case cases[] = {
		{ SIZES, .bytes = 0x4000, .always = 1 << 2, .expected = MMU_THP_YES },
		{ SIZES, .bytes = 0x3000, .always = 1 << 2, .expected = MMU_THP_NO },
		{ SIZES, .bytes = 0x4000, .always = 1 << 3, .expected = MMU_THP_NO },
		{ SIZES, .bytes = 0x4000, .madvise = 1 << 2, .expected = MMU_THP_NO },
		{ SIZES, .bytes = 0x4000, .madvise = 1 << 2, .vm_flags = HUGEPAGE,
		  .expected = MMU_THP_YES },
		{ SIZES, .bytes = HUGE_PAGE, .inherit = 1 << 4, .settings = ALWAYS,
		  .expected = MMU_THP_YES },
		{ SIZES, .bytes = HUGE_PAGE, .inherit = 1 << 4, .settings = MADVISE,
		  .expected = MMU_THP_NO },
		{ SIZES, .bytes = HUGE_PAGE, .settings = ALWAYS, .expected = MMU_THP_NO },
		/* "except if advised", or a huge page of zeros was once used: 6.18 moved the bit */
		{ SIZES, .bytes = 0x4000, .always = 1 << 2, .mm_flags = 1 << 23,
		  .expected = MMU_THP_UNKNOWN },
		{ SIZES, .bytes = 0x4000, .madvise = 1 << 2, .vm_flags = HUGEPAGE,
		  .mm_flags = 1 << 23, .expected = MMU_THP_YES },
	};

	expect(cases, COUNT(cases));
}

/* Before 6.1 only the enum tells which bits of the settings are which. */
static void test_without_facts(void **state)
{
	static const char *const named[] = {
		"SYMBOL(transparent_hugepage_flags)=ffff800000005000",
		"ENUM(transparent_hugepage_flag.TRANSPARENT_HUGEPAGE_FLAG)=0",
		"ENUM(transparent_hugepage_flag.TRANSPARENT_HUGEPAGE_REQ_MADV_FLAG)=1",
		"OFFSET(mm_struct.mmap_lock)=112",
		"OFFSET(mm_struct.flags)=104",
		"OFFSET(vm_area_struct.vm_ops)=48",
		NULL,
	};
	static const char *const without[] = { "ENUM(vm_event_item.PGFREE)=19",
					       "OFFSET(mm_struct.mmap_lock)=112", NULL };
	static const struct thp_case cases[] = {
		{ .facts = facts_plain,
		  .first_va = FIRST,
		  .bytes = HUGE_PAGE,
		  .settings = ALWAYS,
		  .expected = MMU_THP_UNKNOWN },
		{ .facts = named,
		  .first_va = FIRST,
		  .bytes = HUGE_PAGE,
		  .settings = 1,
		  .expected = MMU_THP_YES },
		{ .facts = named,
		  .first_va = FIRST,
		  .bytes = HUGE_PAGE,
		  .settings = 2,
		  .expected = MMU_THP_NO },
		/* what 6.0 refuses, an older one may not */
		{ .facts = named,
		  .first_va = FIRST,
		  .bytes = HUGE_PAGE,
		  .settings = 1,
		  .vm_flags = DONTEXPAND,
		  .expected = MMU_THP_UNKNOWN },
		{ .facts = without, .first_va = FIRST, .bytes = HUGE_PAGE, .expected = MMU_THP_NO },
	};

	expect(cases, COUNT(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_size),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_without_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
