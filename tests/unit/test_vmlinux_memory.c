/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * libdwarf has no memory, at each of its calls in turn: that is no "not known".
 *
 *     test-vmlinux-memory good=FILE...
 */
#include "facts/dwarfobject.h"
#include "facts/typefacts.h"
#include "support/vmlinux_checks.h"

/* Every function below fails once, when this many calls have gone well. */
static int calls_left;
static struct mmu_dwarf_library real;
static char no_memory; /* a Dwarf_Error of our own is its address */

static bool has_no_memory(Dwarf_Error *problem)
{
	if (calls_left-- != 0)
		return false;
	*problem = (Dwarf_Error)(void *)&no_memory;
	return true;
}

static int attr(Dwarf_Die die, Dwarf_Half which, Dwarf_Attribute *ret, Dwarf_Error *problem)
{
	return has_no_memory(problem) ? DW_DLV_ERROR : real.attr(die, which, ret, problem);
}

static int child(Dwarf_Die die, Dwarf_Die *ret, Dwarf_Error *problem)
{
	return has_no_memory(problem) ? DW_DLV_ERROR : real.child(die, ret, problem);
}

static int offdie_b(Dwarf_Debug dbg, Dwarf_Off offset, Dwarf_Bool info, Dwarf_Die *ret,
		    Dwarf_Error *problem)
{
	return has_no_memory(problem) ? DW_DLV_ERROR
				      : real.offdie_b(dbg, offset, info, ret, problem);
}

static int siblingof_b(Dwarf_Debug dbg, Dwarf_Die die, Dwarf_Bool info, Dwarf_Die *ret,
		       Dwarf_Error *problem)
{
	return has_no_memory(problem) ? DW_DLV_ERROR
				      : real.siblingof_b(dbg, die, info, ret, problem);
}

static bool is_own(Dwarf_Error problem)
{
	return (void *)problem == &no_memory;
}

static Dwarf_Unsigned error_number(Dwarf_Error problem)
{
	return is_own(problem) ? DW_DLE_ALLOC_FAIL : real.error_number(problem);
}

static char *errmsg(Dwarf_Error problem)
{
	return is_own(problem) ? (char *)"no memory" : real.errmsg(problem);
}

static void dealloc_error(Dwarf_Debug dbg, Dwarf_Error problem)
{
	if (!is_own(problem))
		real.dealloc_error(dbg, problem);
}

static int begin(void **state)
{
	(void)state;
	mmu_dwarfobject_load();
	real = mmu_dwarf;
	mmu_dwarf.attr = attr;
	mmu_dwarf.child = child;
	mmu_dwarf.offdie_b = offdie_b;
	mmu_dwarf.siblingof_b = siblingof_b;
	mmu_dwarf.error_number = error_number;
	mmu_dwarf.errmsg = errmsg;
	mmu_dwarf.dealloc_error = dealloc_error;
	return 0;
}

/*
 * What a fresh file says of the members of one struct when a call fails.
 * @param ret_told  how many answers came, and were right
 * @return whether a call failed
 */
static bool ask(const char *path, int fails_at, unsigned int *ret_told, bool *ret_no_memory)
{
	static const char *const keys[] = { "OFFSET(task_struct.mm)", "SIZE(mm_struct)",
					    "OFFSET(task_struct.comm)",
					    "LENGTH(task_struct.comm)" };
	static uint64_t good[sizeof(keys) / sizeof(keys[0])];
	struct mmu_type_source source = { 0 };
	const bool first = fails_at < 0;

	*ret_told = 0;
	expect_ok(mmu_vmlinux_open(path, NULL, &source.vmlinux));
	calls_left = fails_at;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		uint64_t value = 0;

		if (!mmu_type_source_fact(&source, keys[i], &value))
			continue;
		++*ret_told;
		if (first)
			good[i] = value;
		assert_int_equal(value, good[i]);
	}
	*ret_no_memory = source.no_memory;
	mmu_vmlinux_close(source.vmlinux);
	return calls_left < 0 && !first;
}

static void test_each_call_in_turn(void **state)
{
	unsigned int all, told, lost = 0;
	bool no_memory_told;

	ask(*state, -1, &all, &no_memory_told);
	assert_int_equal(all, 4);
	assert_false(no_memory_told);
	for (int fails_at = 0; ask(*state, fails_at, &told, &no_memory_told); fails_at++) {
		/* a list of members that can't be made is none; all else was not answered */
		assert_true(told == all || no_memory_told);
		lost += told < all;
	}
	assert_int_equal(told, all);
	assert_true(lost > 10);
}

static void test_it_is_no_memory(void **state)
{
	struct mmu_vmlinux *vmlinux;
	struct mmu_member member;
	uint64_t bytes;

	expect_ok(mmu_vmlinux_open(*state, NULL, &vmlinux));
	calls_left = -1;
	expect_ok(mmu_vmlinux_size(vmlinux, "mm_struct", &bytes));
	calls_left = 0;
	expect_error(mmu_vmlinux_member(vmlinux, "task_struct", "mm", &member), MMU_ERROR_NO_MEMORY,
		     "out of memory");
	expect_ok(mmu_vmlinux_member(vmlinux, "task_struct", "mm", &member));
	mmu_vmlinux_close(vmlinux);
}

int main(int argc, char **argv)
{
	const char *path = NULL;

	for (int i = 1; i < argc && !path; i++)
		if (strncmp(argv[i], "good=", 5) == 0)
			path = argv[i] + 5;
	struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_each_call_in_turn, (void *)(uintptr_t)path),
		cmocka_unit_test_prestate(test_it_is_no_memory, (void *)(uintptr_t)path),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
