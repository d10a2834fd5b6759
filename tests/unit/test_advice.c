/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What the tool adds to the library's messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tool/advice.h"

static void test_debian(void **state)
{
	static const char *const flavours[] = { "-amd64", "-armmp-lpae", NULL };

	assert_true(tool_is_debian("6.1.0-56-cloud-amd64", flavours));
	assert_true(tool_is_debian("6.12.48+deb13-armmp-lpae", flavours));
	assert_false(tool_is_debian("6.8.0-45-generic", flavours));
	assert_false(tool_is_debian("6.1.0-56-cloud-amd64", NULL));
	assert_false(tool_is_debian("6.1.0-56-amd64x", flavours));
	assert_false(tool_is_debian("../-amd64", flavours));
	assert_false(tool_is_debian("-amd64", flavours));
	assert_false(tool_is_debian("", flavours));
}

static void expect(enum mmu_remedy remedy, const struct mmu_info *info, const char *text)
{
	char ret[400];

	tool_advise(remedy, info, ret, sizeof(ret));
	assert_string_equal(ret, text);
}

static void test_vmlinux(void **state)
{
	static const char *const flavours[] = { "-amd64", NULL };
	static const struct mmu_arch arch = { .flavours = flavours };
	struct mmu_info info = { .release = "", .build_id = "" };

	expect(MMU_REMEDY_VMLINUX, &info,
	       "; name its vmlinux with -s; without it walk --pgd PA --format NAME, entry and arch "
	       "work");
	info.usable = MMU_USABLE_PGD;
	info.build_id = "abcd";
	expect(MMU_REMEDY_VMLINUX, &info,
	       "; name the vmlinux with debug info of exactly this kernel with -s; without it walk "
	       "--pgd PA, entry and arch work");
	info.usable |= MMU_USABLE_KERNEL;
	info.release = "6.1.0-56-amd64";
	info.backend = &arch;
	expect(MMU_REMEDY_VMLINUX, &info,
	       "; install Debian's linux-image-6.1.0-56-amd64-dbg, or name its vmlinux with -s; "
	       "without it walk --kernel, walk --pgd PA, entry and arch work");
	expect(MMU_REMEDY_VMLINUX_LOST, &info,
	       "; a vmlinux named with -s finds only what is left; without it walk --kernel, walk "
	       "--pgd PA, entry and arch work");
}

static void test_others(void **state)
{
	expect(MMU_REMEDY_NONE, NULL, "");
	expect(MMU_REMEDY_VMLINUX, NULL, "");
	expect(MMU_REMEDY_FORCE, NULL, "; --force takes it all the same");
	expect((enum mmu_remedy)1000, NULL, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_debian),
					    cmocka_unit_test(test_vmlinux),
					    cmocka_unit_test(test_others) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
