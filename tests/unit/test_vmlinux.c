/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * The vmlinux reader over small vmlinux-like files, checked against what their compiler said.
 *
 *     test-vmlinux TREE_DIR KIND=FILE...
 */
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/vmlinux_like.h"
#include "facts/elffile.h"
#include "facts/vmlinux.h"

#define FLIPS 400
#define TRUNCATIONS 200

static const char *const symbols[] = { "init_task", "only_local",   "weak_object",
				       "twice",     "first_object", NULL };
static const char *const types[] = { "task_struct", "mm_struct", "list_head", "state",
				     "pgd_t",       "bits",      "absent",    NULL };
static const struct mmu_vmlinux_wants wants = { symbols, types };
static const struct mmu_vmlinux_wants no_wants = { NULL, NULL };

static char scratch[] = "/tmp/test-vmlinux-XXXXXX";

/* ------------------------------------------------- helpers */

static void expect_ok(struct mmu_error *error)
{
	if (error) {
		print_error("%s\n", mmu_error_message(error));
		mmu_error_destroy(error);
		fail();
	}
}

static void expect_error(struct mmu_error *error, enum mmu_error_code code, const char *part)
{
	assert_non_null(error);
	if (mmu_error_code(error) != code || !strstr(mmu_error_message(error), part) ||
	    strchr(mmu_error_message(error), '\n')) {
		print_error("code %d, not %d with \"%s\": %s\n", mmu_error_code(error), code, part,
			    mmu_error_message(error));
		fail();
	}
	mmu_error_destroy(error);
}

struct file {
	uint8_t *data;
	size_t bytes;
};

static struct file read_file(const char *path)
{
	struct file file;
	struct stat status;
	FILE *in = fopen(path, "rb");

	assert_non_null(in);
	assert_int_equal(fstat(fileno(in), &status), 0);
	file.bytes = (size_t)status.st_size;
	file.data = malloc(file.bytes + 1);
	assert_non_null(file.data);
	assert_int_equal(fread(file.data, 1, file.bytes, in), file.bytes);
	fclose(in);
	return file;
}

/* @return the path of a scratch file, static */
static const char *write_file(const char *name, const void *data, size_t bytes)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", scratch, name);
	for (char *slash = path + strlen(scratch) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	FILE *out = fopen(path, "wb");

	assert_non_null(out);
	assert_int_equal(fwrite(data, 1, bytes, out), bytes);
	fclose(out);
	return path;
}

static const char *copy_file(const char *name, const char *from)
{
	struct file file = read_file(from);
	const char *path = write_file(name, file.data, file.bytes);

	free(file.data);
	return path;
}

static void empty_scratch(void)
{
	char command[600];

	snprintf(command, sizeof(command), "rm -rf -- '%s' && mkdir -m 700 '%s'", scratch, scratch);
	assert_int_equal(system(command), 0);
}

static const void *marked(struct file file, const char *magic)
{
	const void *found = memmem(file.data, file.bytes, magic, strlen(magic) + 1);

	assert_non_null(found);
	return found;
}

/* ------------------------------------------------- a good file */

static void check_truth(struct mmu_vmlinux *vmlinux, const struct like_truth *truth)
{
	struct mmu_member member;
	uint64_t bytes = 0;

	if (!truth->path[0]) {
		expect_ok(mmu_vmlinux_size(vmlinux, truth->type, &bytes));
		assert_int_equal(bytes, truth->size_bytes);
		return;
	}
	expect_ok(mmu_vmlinux_member(vmlinux, truth->type, truth->path, &member));
	if (member.offset_bytes != truth->offset_bytes || member.size_bytes != truth->size_bytes ||
	    member.elements != truth->elements || member.bit_size)
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
	/* It is a type, but of another unit. */
	expect_error(mmu_vmlinux_size(vmlinux, "only_in_first", &bytes), MMU_ERROR_NOT_FOUND, "");
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

static void refuse(const char *path, enum mmu_error_code code, const char *part)
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
			     MMU_ERROR_UNSUPPORTED, "linux-image-" LIKE_RELEASE "-dbg");
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

/* ------------------------------------------------- damaged files */

static uint64_t random_state;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Ask for everything; whatever the answers are, nothing may crash, hang or leak. */
static void ask_everything(const char *path)
{
	static const char *const paths[] = {
		"mm",        "comm",          "deep", "named.inner", "pgds.pgd",
		"in_iowait", "count.counter", "c",    "y",           "nothing"
	};
	static const char *const asked[] = { "task_struct", "mm_struct",  "bits",   "packed_bits",
					     "pgds_t",      "either_way", "nothing" };
	struct mmu_vmlinux *vmlinux;
	struct mmu_member member;
	uint64_t number = 0;
	int64_t value = 0;
	struct mmu_error *error = mmu_vmlinux_open(path, &wants, &vmlinux);

	if (error) {
		assert_null(strchr(mmu_error_message(error), '\n'));
		mmu_error_destroy(error);
		return;
	}
	mmu_vmlinux_banner(vmlinux);
	for (size_t i = 0; symbols[i]; i++)
		mmu_vmlinux_symbol(vmlinux, symbols[i], &number, NULL);
	mmu_vmlinux_symbol(vmlinux, "late", &number, NULL);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		mmu_error_destroy(mmu_vmlinux_size(vmlinux, asked[i], &number));
		for (size_t k = 0; k < sizeof(paths) / sizeof(paths[0]); k++)
			mmu_error_destroy(mmu_vmlinux_member(vmlinux, asked[i], paths[k], &member));
	}
	mmu_error_destroy(mmu_vmlinux_enumerator(vmlinux, "state", "STATE_BIG", &value));
	mmu_error_destroy(mmu_vmlinux_enumerator(vmlinux, NULL, "nothing", &value));
	mmu_vmlinux_close(vmlinux);
}

/* Where damage hurts: half of the flips are spread over all, half hit one of these. */
static size_t pick_offset(const struct mmu_elffile *file)
{
	static const char *const names[] = { ".debug_info", ".debug_abbrev", ".debug_str",
					     ".symtab", ".notes" };
	struct mmu_elfsection section;
	uint64_t random = next_random();
	uint64_t choice = random % (2 * (sizeof(names) / sizeof(names[0])) + 2);

	random >>= 8;
	if (choice < sizeof(names) / sizeof(names[0]) &&
	    mmu_elffile_named(file, names[choice], &section))
		return (size_t)(section.bytes.data - file->map.data + random % section.bytes.count);
	if (choice == sizeof(names) / sizeof(names[0]))
		return (size_t)(random % 64);
	return (size_t)(random % file->map.count);
}

static void test_flips(void **state)
{
	struct file file = read_file(*state);
	uint8_t *copy = malloc(file.bytes);
	struct mmu_elffile *elf;

	assert_non_null(copy);
	expect_ok(mmu_elffile_open(*state, &elf));
	random_state = 0x6d6d7573636f7065;
	const char *more = getenv("MMUSCOPE_TEST_FLIPS");
	int rounds = more ? atoi(more) : FLIPS;

	for (int i = 0; i < rounds; i++) {
		int flips = 1 + (int)(next_random() % 4);

		memcpy(copy, file.data, file.bytes);
		for (int k = 0; k < flips; k++) {
			size_t at = pick_offset(elf);
			uint64_t how = next_random();

			copy[at] = how & 1 ? (uint8_t)(how >> 8)
					   : copy[at] ^ (1u << (how >> 8 & 7));
		}
		ask_everything(write_file("flipped", copy, file.bytes));
	}
	mmu_elffile_close(elf);
	free(copy);
	free(file.data);
}

static void test_truncations(void **state)
{
	struct file file = read_file(*state);

	random_state = 0x7472756e63617465;
	for (int i = 0; i < TRUNCATIONS; i++)
		ask_everything(write_file("cut", file.data, next_random() % file.bytes));
	free(file.data);
}

/* ------------------------------------------------- main */

struct kind {
	const char *name;
	const struct CMUnitTest *tests;
	size_t count;
};

#define KIND(name, list)                                                                           \
	{                                                                                          \
		name, list, sizeof(list) / sizeof((list)[0])                                       \
	}

static const struct CMUnitTest good_tests[] = {
	{ "file", test_file, NULL, NULL, NULL },
	{ "truth", test_truth, NULL, NULL, NULL },
	{ "bits", test_bits, NULL, NULL, NULL },
	{ "enumerators", test_enumerators, NULL, NULL, NULL },
	{ "missing", test_missing, NULL, NULL, NULL },
	{ "flips", test_flips, NULL, NULL, NULL },
	{ "truncations", test_truncations, NULL, NULL, NULL },
	{ "wrong-elf", test_wrong_elf, NULL, NULL, NULL },
};
/* Too big to be damaged thousands of times. */
static const struct CMUnitTest bulky_tests[] = {
	{ "truth", test_truth, NULL, NULL, NULL },
	{ "bits", test_bits, NULL, NULL, NULL },
	{ "enumerators", test_enumerators, NULL, NULL, NULL },
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
	KIND("good", good_tests), KIND("bulky", bulky_tests),   KIND("nodebug", nodebug_tests),
	KIND("dwz", dwz_tests),   KIND("nocore", nocore_tests), KIND("debug", debug_tests),
};

static size_t add_tests(const char *kind, const char *path, struct CMUnitTest *ret, size_t max)
{
	const char *slash = strrchr(path, '/');
	size_t count = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, kind))
			continue;
		for (size_t k = 0; k < kinds[i].count && count < max; k++) {
			struct CMUnitTest test = kinds[i].tests[k];
			char *name = NULL;

			if (asprintf(&name, "%s %s", slash ? slash + 1 : path, test.name) < 0)
				abort();
			test.name = name;
			test.initial_state = (void *)(uintptr_t)path;
			ret[count++] = test;
		}
	}
	return count;
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[128];
	size_t count = 0;

	if (!mkdtemp(scratch))
		return 1;
	for (int i = 1; i < argc; i++) {
		char *equals = strchr(argv[i], '=');

		if (!equals)
			return 1;
		*equals = '\0';
		const char *path = equals + 1;

		if (!strcmp(argv[i], "stripped"))
			stripped_path = path;
		if (!strcmp(argv[i], "debug"))
			debug_path = path;
		if (!strcmp(argv[i], "good"))
			good_path = path;
		count += add_tests(argv[i], path, tests + count,
				   sizeof(tests) / sizeof(tests[0]) - count);
	}
	int status = _cmocka_run_group_tests("vmlinux", tests, count, NULL, NULL);

	for (size_t i = 0; i < count; i++)
		free((void *)(uintptr_t)tests[i].name);
	empty_scratch();
	rmdir(scratch);
	return status;
}
