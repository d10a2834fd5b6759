/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * The vmlinux reader over small vmlinux-like files, checked against what their compiler said.
 *
 *     test-vmlinux KIND=FILE...
 */
#include <inttypes.h>

#include "facts/elffile.h"
#include "support/vmlinux_checks.h"

static const char *const symbols[] = { "init_task", "only_local",   "weak_object",
				       "twice",     "first_object", NULL };
static const char *const types[] = { "task_struct", "mm_struct", "list_head", "state",
				     "pgd_t",       "bits",      "absent",    NULL };
static const struct mmu_vmlinux_wants wants = { symbols, types };
static const struct mmu_vmlinux_wants no_wants = { NULL, NULL };

/* ------------------------------------------------- a good file */

static void check_truth(struct mmu_vmlinux *vmlinux, const struct like_truth *truth)
{
	bool big = mmu_vmlinux_big_endian(vmlinux);
	uint64_t expected = mmu_get_u64(&truth->size_bytes, big);
	struct mmu_member member;
	uint64_t bytes = 0;

	if (!truth->path[0]) {
		expect_ok(mmu_vmlinux_size(vmlinux, truth->type, &bytes));
		assert_int_equal(bytes, expected);
		return;
	}
	expect_ok(mmu_vmlinux_member(vmlinux, truth->type, truth->path, &member));
	if (member.offset_bytes != mmu_get_u64(&truth->offset_bytes, big) ||
	    member.size_bytes != expected ||
	    member.elements != mmu_get_u64(&truth->elements, big) || member.bit_size)
		fail_msg("%s.%s: %" PRIu64 " %" PRIu64 " %" PRIu64, truth->type, truth->path,
			 member.offset_bytes, member.size_bytes, member.elements);
}

static void check_all_truth(const char *path, const struct mmu_vmlinux_wants *names)
{
	struct file file = read_file(path);
	const struct like_truth_table *table = marked(file, LIKE_TRUTH_MAGIC);
	struct mmu_vmlinux *vmlinux;
	size_t checked = 0;

	expect_ok(mmu_vmlinux_open(path, names, &vmlinux));
	for (size_t i = 0; i < sizeof(table->truth) / sizeof(table->truth[0]); i++) {
		struct like_truth truth;

		memcpy(&truth,
		       (const char *)table + offsetof(struct like_truth_table, truth) +
			       i * sizeof(truth),
		       sizeof(truth));
		if (!truth.type[0])
			break;
		check_truth(vmlinux, &truth);
		checked++;
	}
	assert_true(checked > 40);
	mmu_vmlinux_close(vmlinux);
	free(file.data);
}

static void test_truth(void **state)
{
	check_all_truth(*state, &wants);
	check_all_truth(*state, &no_wants);
	check_all_truth(*state, NULL);
}

static void check_bits(struct mmu_vmlinux *vmlinux, const char *type, const char *path,
		       const void *object, uint8_t width, uint64_t expected)
{
	struct mmu_member member;
	uint64_t number;

	expect_ok(mmu_vmlinux_member(vmlinux, type, path, &member));
	assert_int_equal(member.bit_size, width);
	assert_int_equal(member.elements, 0);
	assert_true(member.size_bytes && member.size_bytes <= 8);
	number = mmu_get_uint((const char *)object + member.offset_bytes,
			      (unsigned int)member.size_bytes, mmu_vmlinux_big_endian(vmlinux));
	assert_int_equal(number >> member.bit_shift & (UINT64_MAX >> (64 - width)), expected);
}

static void test_bits(void **state)
{
	struct file file = read_file(*state);
	const char *object = marked(file, LIKE_BITS_MAGIC);
	const char *bits = object + offsetof(struct like_bits, bits);
	const char *packed = object + offsetof(struct like_bits, packed);
	struct mmu_vmlinux *vmlinux;

	expect_ok(mmu_vmlinux_open(*state, &wants, &vmlinux));
	check_bits(vmlinux, "bits", "a", bits, 3, LIKE_BITS_A);
	check_bits(vmlinux, "bits", "b", bits, 7, LIKE_BITS_B);
	check_bits(vmlinux, "bits", "c", bits, 33, LIKE_BITS_C);
	check_bits(vmlinux, "bits", "d", bits, 1, LIKE_BITS_D);
	check_bits(vmlinux, "bits", "e", bits, 5, LIKE_BITS_E);
	check_bits(vmlinux, "packed_bits", "y", packed, 50, LIKE_PACKED_Y);
	check_bits(vmlinux, "packed_bits", "z", packed, 20, LIKE_PACKED_Z);
	mmu_vmlinux_close(vmlinux);
	free(file.data);
}

static void test_signs(void **state)
{
	static const struct {
		const char *type, *path;
		bool is_signed;
	} cases[] = {
		{ "task_struct", "pid", true },
		{ "mm_struct", "users", true },
		{ "mm_struct", "count.counter", true },
		{ "mm_struct", "pgd", false },
		{ "bits", "a", false },
		{ "task_struct", "named", false },
	};
	struct mmu_vmlinux *vmlinux;

	expect_ok(mmu_vmlinux_open(*state, &wants, &vmlinux));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mmu_member member;

		expect_ok(mmu_vmlinux_member(vmlinux, cases[i].type, cases[i].path, &member));
		if (member.is_signed != cases[i].is_signed)
			fail_msg("%s: %s.%s", (const char *)*state, cases[i].type, cases[i].path);
	}
	mmu_vmlinux_close(vmlinux);
}

static void test_enumerators(void **state)
{
	static const struct {
		const char *type, *name;
		int64_t value;
	} cases[] = {
		{ "state", "STATE_NEGATIVE", -5 },
		{ "state", "STATE_ZERO", -4 },
		{ "state", "STATE_BIG", 0x7fffffff },
		{ "wide", "WIDE_ALL", (int64_t)0xfedcba9876543210 },
		{ "bytes", "BYTES_200", 200 },
		{ "bytes", "BYTES_40000", 40000 },
		{ "bytes", "BYTES_4G", 0xffffffff },
		{ NULL, "UNNAMED_SEVEN", 7 },
		{ NULL, "BYTES_200", 200 },
	};
	struct mmu_vmlinux *vmlinux;
	int64_t value = 0;

	expect_ok(mmu_vmlinux_open(*state, &wants, &vmlinux));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect_ok(mmu_vmlinux_enumerator(vmlinux, cases[i].type, cases[i].name, &value));
		assert_true(value == cases[i].value);
	}
	mmu_vmlinux_close(vmlinux);
}

/* Compilers leave out of the core unit what it does not use. */
static void test_nearby(void **state)
{
	struct mmu_vmlinux *vmlinux;
	uint64_t bytes = 0;

	expect_ok(mmu_vmlinux_open(*state, &wants, &vmlinux));
	expect_ok(mmu_vmlinux_size(vmlinux, "only_in_first", &bytes));
	assert_int_equal(bytes, mmu_vmlinux_class(vmlinux) == 1 ? 8 : 16); /* two pointers */
	mmu_vmlinux_close(vmlinux);
}

/* struct rq is known in kernel/sched/ alone, hundreds of units behind the core unit. */
static void test_far_away(void **state)
{
	struct mmu_vmlinux *vmlinux;
	struct mmu_member member = { .offset_bytes = 99 };
	uint64_t bytes = 0;

	expect_ok(mmu_vmlinux_open(*state, &wants, &vmlinux));
	expect_ok(mmu_vmlinux_member(vmlinux, "rq", "curr", &member));
	assert_int_equal(member.offset_bytes, 8);
	assert_int_equal(member.size_bytes, mmu_vmlinux_class(vmlinux) == 1 ? 4 : 8);
	expect_ok(mmu_vmlinux_size(vmlinux, "rq", &bytes));
	assert_int_equal(bytes, mmu_vmlinux_class(vmlinux) == 1 ? 12 : 16);
	expect_error(mmu_vmlinux_member(vmlinux, "rq", "cfs_tasks", &member), MMU_ERROR_NOT_FOUND,
		     "rq.cfs_tasks");
	/* what was there is there still */
	expect_ok(mmu_vmlinux_member(vmlinux, "task_struct", "mm", &member));
	expect_ok(mmu_vmlinux_size(vmlinux, "only_in_first", &bytes));
	mmu_vmlinux_close(vmlinux);
}

static void test_missing(void **state)
{
	struct mmu_vmlinux *vmlinux;
	struct mmu_member member = { .offset_bytes = 99 };
	uint64_t bytes = 99, va = 99;
	int64_t value = 99;

	expect_ok(mmu_vmlinux_open(*state, &wants, &vmlinux));
	expect_error(mmu_vmlinux_size(vmlinux, "absent", &bytes), MMU_ERROR_NOT_FOUND, "absent");
	expect_error(mmu_vmlinux_size(vmlinux, "nowhere", &bytes), MMU_ERROR_NOT_FOUND, "nowhere");
	expect_error(mmu_vmlinux_size(vmlinux, "", &bytes), MMU_ERROR_NOT_FOUND, "");
	expect_error(mmu_vmlinux_member(vmlinux, "task_struct", "nothing", &member),
		     MMU_ERROR_NOT_FOUND, "task_struct.nothing");
	expect_error(mmu_vmlinux_member(vmlinux, "task_struct", "pid.more", &member),
		     MMU_ERROR_NOT_FOUND, "not a struct");
	expect_error(mmu_vmlinux_member(vmlinux, "task_struct", "mm.pgd", &member),
		     MMU_ERROR_NOT_FOUND, "not a struct");
	expect_error(mmu_vmlinux_member(vmlinux, "task_struct", "tasks.", &member),
		     MMU_ERROR_NOT_FOUND, "");
	expect_error(mmu_vmlinux_member(vmlinux, "task_struct", "", &member), MMU_ERROR_NOT_FOUND,
		     "");
	expect_error(mmu_vmlinux_member(vmlinux, "state", "pid", &member), MMU_ERROR_NOT_FOUND,
		     "not a struct");
	expect_error(mmu_vmlinux_enumerator(vmlinux, "state", "WIDE_ONE", &value),
		     MMU_ERROR_NOT_FOUND, "WIDE_ONE");
	expect_error(mmu_vmlinux_enumerator(vmlinux, "task_struct", "pid", &value),
		     MMU_ERROR_NOT_FOUND, "");
	expect_error(mmu_vmlinux_enumerator(vmlinux, NULL, "NOWHERE", &value), MMU_ERROR_NOT_FOUND,
		     "NOWHERE");
	assert_false(mmu_vmlinux_symbol(vmlinux, "absent", &va, &bytes));
	assert_false(mmu_vmlinux_symbol(vmlinux, "", &va, &bytes));
	/* Two static objects of one name: which one is meant? */
	assert_false(mmu_vmlinux_symbol(vmlinux, "twice", &va, &bytes));
	assert_int_equal(bytes, 99);
	assert_int_equal(va, 99);
	assert_int_equal(value, 99);
	assert_int_equal(member.offset_bytes, 99);
	mmu_vmlinux_close(vmlinux);
}

static void check_symbols(struct mmu_vmlinux *vmlinux, struct file file)
{
	const uint8_t *table = memmem(file.data, file.bytes, "redress\0", 8);
	uint64_t truth[4] = { 0 }, va = 0, bytes = 0, task_bytes = 0;

	expect_ok(mmu_vmlinux_size(vmlinux, "task_struct", &task_bytes));
	assert_true(mmu_vmlinux_symbol(vmlinux, "init_task", &va, &bytes));
	assert_int_equal(bytes, task_bytes);
	assert_true(mmu_vmlinux_symbol(vmlinux, "linux_banner", NULL, NULL));
	if (!table)
		return;
	memcpy(truth, table, sizeof(truth));
	assert_int_equal(va, truth[1]);
	assert_true(mmu_vmlinux_symbol(vmlinux, "only_local", &va, NULL));
	assert_int_equal(va, truth[2]);
	assert_true(mmu_vmlinux_symbol(vmlinux, "weak_object", &va, &bytes));
	assert_int_equal(va, truth[3]);
	assert_int_equal(bytes, sizeof(int));
}

static void test_file(void **state)
{
	static const struct mmu_vmlinux_wants *const lists[] = { &wants, &no_wants };
	struct file file = read_file(*state);
	struct mmu_vmlinux *vmlinux;

	for (int i = 0; i < 2; i++) {
		expect_ok(mmu_vmlinux_open(*state, lists[i], &vmlinux));
		struct mmu_bytes id = mmu_vmlinux_build_id(vmlinux);

		assert_string_equal(mmu_vmlinux_path(vmlinux), *state);
		assert_int_equal(id.count, LIKE_BUILD_ID_BYTES);
		assert_memory_equal(id.data, LIKE_BUILD_ID, LIKE_BUILD_ID_BYTES);
		assert_string_equal(mmu_vmlinux_banner(vmlinux), LIKE_BANNER);
		assert_int_equal(mmu_vmlinux_class(vmlinux), file.data[EI_CLASS]);
		assert_int_equal(mmu_vmlinux_machine(vmlinux),
				 mmu_get_u16(file.data + 18, file.data[EI_DATA] == ELFDATA2MSB));
		check_symbols(vmlinux, file);
		mmu_vmlinux_close(vmlinux);
	}
	free(file.data);
}

/* ------------------------------------------------- files that are refused */

static void refuse(const char *path, enum mmu_error_kind code, const char *part)
{
	struct mmu_vmlinux *vmlinux = (void *)&scratch;

	expect_error(mmu_vmlinux_open(path, &wants, &vmlinux), code, part);
	assert_ptr_equal(vmlinux, &scratch);
}

static void test_not_elf(void **state)
{
	static const char text[] = "This is a text file, not a kernel.\n";
	char image[0x400] = "MZ";

	refuse(write_file("empty", "", 0), MMU_ERROR_FORMAT, "is empty");
	refuse(write_file("text", text, sizeof(text)), MMU_ERROR_FORMAT, "is not an ELF file");
	refuse(write_file("short", ELFMAG, 4), MMU_ERROR_FORMAT, "not");
	refuse(write_file("kdump", "KDUMP   xxxxxxxxxxxxxxxx", 24), MMU_ERROR_FORMAT,
	       "memory dump");
	refuse(write_file("efi", image, sizeof(image)), MMU_ERROR_FORMAT, "bootable kernel image");
	memcpy(image + 0x202, "HdrS", 4);
	refuse(write_file("bz", image, sizeof(image)), MMU_ERROR_FORMAT,
	       "linux-image-<release>-dbg");
	image[0x20f] = 1;
	memcpy(image + 0x300, "6.1.0-7-amd64 (someone) #1", 27);
	refuse(write_file("bz", image, sizeof(image)), MMU_ERROR_FORMAT,
	       "a compressed kernel image (bzImage), not a vmlinux");
	refuse(write_file("bz", image, sizeof(image)), MMU_ERROR_FORMAT,
	       "linux-image-6.1.0-7-amd64-dbg");
	image[0x20e] = image[0x20f] = (char)0xff;
	refuse(write_file("bz", image, sizeof(image)), MMU_ERROR_FORMAT,
	       "linux-image-<release>-dbg");
	refuse(scratch, MMU_ERROR_FORMAT, "is not a regular file");
	refuse("/nowhere/vmlinux", MMU_ERROR_OS, "/nowhere/vmlinux");
}

static void refuse_type(struct file file, uint16_t type, const char *part)
{
	struct file copy = { malloc(file.bytes), file.bytes };

	assert_non_null(copy.data);
	memcpy(copy.data, file.data, file.bytes);
	mmu_put_uint(copy.data + 16, 2, file.data[EI_DATA] == ELFDATA2MSB, type);
	refuse(write_file("type", copy.data, copy.bytes), MMU_ERROR_FORMAT, part);
	free(copy.data);
}

static void test_wrong_elf(void **state)
{
	struct file file = read_file(*state);

	refuse_type(file, ET_CORE, "is a core dump, not a vmlinux");
	refuse_type(file, ET_REL, "kernel module");
	refuse_type(file, 0x4242, "ELF type");
	refuse(write_file("cut", file.data, file.bytes / 2), MMU_ERROR_FORMAT, "is truncated");
	refuse(write_file("cut", file.data, file.bytes - 1), MMU_ERROR_FORMAT, "is truncated");
	free(file.data);
}

static void test_no_debug_info(void **state)
{
	struct mmu_vmlinux *vmlinux;
	uint64_t bytes = 0;

	expect_ok(mmu_vmlinux_open(*state, &wants, &vmlinux));
	assert_true(mmu_vmlinux_symbol(vmlinux, "init_task", NULL, &bytes));
	for (int i = 0; i < 2; i++)
		expect_error(mmu_vmlinux_size(vmlinux, "task_struct", &bytes),
			     MMU_ERROR_UNSUPPORTED, "has no types");
	mmu_vmlinux_close(vmlinux);
}

static void test_dwz(void **state)
{
	struct mmu_vmlinux *vmlinux;
	uint64_t bytes = 0;

	expect_ok(mmu_vmlinux_open(*state, &wants, &vmlinux));
	assert_true(mmu_vmlinux_symbol(vmlinux, "init_task", NULL, NULL));
	expect_error(mmu_vmlinux_size(vmlinux, "task_struct", &bytes), MMU_ERROR_UNSUPPORTED,
		     ".gnu_debugaltlink");
	mmu_vmlinux_close(vmlinux);
}

static void test_no_core_unit(void **state)
{
	struct mmu_vmlinux *vmlinux;
	uint64_t bytes = 0;

	expect_ok(mmu_vmlinux_open(*state, &wants, &vmlinux));
	expect_error(mmu_vmlinux_size(vmlinux, "task_struct", &bytes), MMU_ERROR_UNSUPPORTED,
		     "none of the 1 units");
	mmu_vmlinux_close(vmlinux);
}

/* ------------------------------------------------- debug files */

static const char *stripped_path, *debug_path, *good_path;

static void test_stripped(void **state)
{
	struct mmu_vmlinux *vmlinux;
	uint64_t bytes = 0;

	empty_scratch();
	refuse(copy_file("vmlinux", stripped_path), MMU_ERROR_UNSUPPORTED,
	       "linux-image-" LIKE_RELEASE "-dbg");
	for (int i = 0; i < 2; i++) {
		copy_file(i ? ".debug/like.debug" : "like.debug", debug_path);
		expect_ok(mmu_vmlinux_open(copy_file("vmlinux", stripped_path), &wants, &vmlinux));
		expect_ok(mmu_vmlinux_size(vmlinux, "task_struct", &bytes));
		assert_true(mmu_vmlinux_symbol(vmlinux, "init_task", NULL, NULL));
		assert_string_equal(mmu_vmlinux_banner(vmlinux), LIKE_BANNER);
		mmu_vmlinux_close(vmlinux);
		empty_scratch();
	}
	/* A debug file of another kernel, and something that is none. */
	struct file file = read_file(debug_path);
	uint8_t *id = memmem(file.data, file.bytes, LIKE_BUILD_ID, LIKE_BUILD_ID_BYTES);

	assert_non_null(id);
	id[3] ^= 1;
	write_file("like.debug", file.data, file.bytes);
	refuse(copy_file("vmlinux", stripped_path), MMU_ERROR_UNSUPPORTED, "is stripped");
	write_file("like.debug", "text", 4);
	refuse(copy_file("vmlinux", stripped_path), MMU_ERROR_UNSUPPORTED, "is stripped");
	free(file.data);
}

static void expect_found(const char *release, bool by_id, const char *name)
{
	const char *const dirs[] = { "/nowhere", scratch, NULL };
	struct mmu_bytes id = { (const uint8_t *)LIKE_BUILD_ID, by_id ? LIKE_BUILD_ID_BYTES : 0 };
	char *path = NULL, *tried = NULL, expected[512];

	expect_ok(mmu_vmlinux_find(dirs, id, release, &path, &tried));
	if (name) {
		snprintf(expected, sizeof(expected), "%s/%s", scratch, name);
		assert_non_null(path);
		assert_string_equal(path, expected);
	} else {
		assert_null(path);
	}
	assert_true(!tried || !strstr(tried, "etc"));
	free(path);
	free(tried);
}

static void test_find(void **state)
{
	static const char by_id[] = ".build-id/01/23456789abcdeffedcba987654321055aa5aa5.debug";
	static const char *const names[] = {
		by_id,
		"usr/lib/debug/.build-id/01/23456789abcdeffedcba987654321055aa5aa5.debug",
		"boot/vmlinux-6.1",
		"lib/modules/6.1/vmlinux",
		"lib/modules/6.1/build/vmlinux",
		"usr/lib/debug/lib/modules/6.1/vmlinux",
		"vmlinux-6.1",
		"vmlinux",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		empty_scratch();
		expect_found("6.1", true, NULL);
		copy_file(names[i], debug_path);
		expect_found("6.1", true, names[i]);
	}
	/* Without a build-id the name with the release must do, and a name without one does not. */
	expect_found("6.1", false, NULL);
	copy_file("boot/vmlinux-6.1", good_path);
	expect_found("6.1", false, "boot/vmlinux-6.1");
	expect_found("6.2", false, NULL);
}

static void test_find_wrong(void **state)
{
	struct file file = read_file(debug_path);
	uint8_t *id = memmem(file.data, file.bytes, LIKE_BUILD_ID, LIKE_BUILD_ID_BYTES);
	const char *const dirs[] = { scratch, NULL };
	struct mmu_bytes wanted = { (const uint8_t *)LIKE_BUILD_ID, LIKE_BUILD_ID_BYTES };
	char *path = NULL, *tried = NULL;

	assert_non_null(id);
	id[0] ^= 0x80;
	empty_scratch();
	write_file("boot/vmlinux-6.1", file.data, file.bytes);
	free(file.data);
	write_file("vmlinux-6.1", "text", 4);
	copy_file("vmlinux", stripped_path);
	expect_ok(mmu_vmlinux_find(dirs, wanted, "6.1", &path, &tried));
	assert_null(path);
	assert_non_null(strstr(tried, "boot/vmlinux-6.1 (another build-id)"));
	assert_non_null(strstr(tried, "vmlinux-6.1 (not readable, or not a vmlinux)"));
	assert_non_null(strstr(tried, "vmlinux (stripped)"));
	free(tried);
	expect_ok(mmu_vmlinux_find(dirs, wanted, "6.1", &path, NULL));
	assert_null(path);
}

static void test_find_hostile(void **state)
{
	static const char *const releases[] = {
		"../../etc/passwd", "..",    "a/b",     "",        "6.1\n", "6 1",
		"\x1b[31m",         "6\xff", ".hidden", "6..1/..", NULL
	};
	char longest[300];

	empty_scratch();
	copy_file("boot/vmlinux-a/b", debug_path);
	copy_file("vmlinux-.hidden", debug_path);
	for (size_t i = 0; releases[i]; i++)
		expect_found(releases[i], false, NULL);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	expect_found(longest, false, NULL);
}

/* ------------------------------------------------- main */

static const struct CMUnitTest good_tests[] = {
	{ "file", test_file, NULL, NULL, NULL },
	{ "truth", test_truth, NULL, NULL, NULL },
	{ "bits", test_bits, NULL, NULL, NULL },
	{ "signs", test_signs, NULL, NULL, NULL },
	{ "enumerators", test_enumerators, NULL, NULL, NULL },
	{ "nearby", test_nearby, NULL, NULL, NULL },
	{ "missing", test_missing, NULL, NULL, NULL },
	{ "wrong-elf", test_wrong_elf, NULL, NULL, NULL },
};
static const struct CMUnitTest bulky_tests[] = {
	{ "truth", test_truth, NULL, NULL, NULL },
	{ "bits", test_bits, NULL, NULL, NULL },
	{ "enumerators", test_enumerators, NULL, NULL, NULL },
};
static const struct CMUnitTest sched_tests[] = {
	{ "truth", test_truth, NULL, NULL, NULL },
	{ "far-away", test_far_away, NULL, NULL, NULL },
};
static const struct CMUnitTest nodebug_tests[] = {
	{ "no-debug-info", test_no_debug_info, NULL, NULL, NULL },
};
static const struct CMUnitTest dwz_tests[] = {
	{ "dwz", test_dwz, NULL, NULL, NULL },
};
static const struct CMUnitTest nocore_tests[] = {
	{ "no-core-unit", test_no_core_unit, NULL, NULL, NULL },
};
static const struct CMUnitTest debug_tests[] = {
	{ "stripped", test_stripped, NULL, NULL, NULL },
	{ "find", test_find, NULL, NULL, NULL },
	{ "find-wrong", test_find_wrong, NULL, NULL, NULL },
	{ "find-hostile", test_find_hostile, NULL, NULL, NULL },
	{ "not-elf", test_not_elf, NULL, NULL, NULL },
};

static const struct kind kinds[] = {
	KIND("good", good_tests),   KIND("bulky", bulky_tests),   KIND("nodebug", nodebug_tests),
	KIND("dwz", dwz_tests),     KIND("nocore", nocore_tests), KIND("debug", debug_tests),
	KIND("sched", sched_tests),
};

/* The path of the first file of a kind; NULL: there is none. */
static const char *path_of(const char *kind, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strncmp(argv[i], kind, strlen(kind)) && argv[i][strlen(kind)] == '=')
			return argv[i] + strlen(kind) + 1;
	return NULL;
}

int main(int argc, char **argv)
{
	stripped_path = path_of("stripped", argc, argv);
	debug_path = path_of("debug", argc, argv);
	good_path = path_of("good", argc, argv);
	return run_cases("vmlinux", kinds, sizeof(kinds) / sizeof(kinds[0]), argc, argv);
}
