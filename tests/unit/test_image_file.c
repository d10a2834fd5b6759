/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Files that are no image, or not yet: each is told what it is, and what to do. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "support/image_checks.h"

#define PAGE 4096

/* ------------------------------------------------------------------------------------ content */

struct content {
	const char *bytes;
	size_t count;
	const char *message;
};

#define BYTES(text) text, sizeof(text) - 1

static const struct content contents[] = {
	{ BYTES("\x1f\x8b\x08"), "is compressed (gzip); unpack it first: gzip -dc " },
	{ BYTES("\x28\xb5\x2f\xfd"), "is compressed (zstd); unpack it first: zstd -dc " },
	{ BYTES("\x50\x2a\x4d\x18"), "is compressed (zstd); unpack it first: zstd -dc " },
	{ BYTES("\xfd\x37zXZ\0"), "is compressed (xz); unpack it first: xz -dc " },
	{ BYTES("BZh91AY"), "is compressed (bzip2); unpack it first: bzip2 -dc " },
	{ BYTES("\x04\x22\x4d\x18"), "is compressed (lz4); unpack it first: lz4 -dc " },
	{ BYTES("\x02\x21\x4c\x18"), "is compressed (lz4); unpack it first: lz4 -dc " },
	{ BYTES("\x89LZO\0\r\n\x1a\n"), "is compressed (lzop); unpack it first: lzop -dc " },
	{ BYTES("\xff\x06\0\0sNaPpY"), "is compressed (snappy); unpack it first: snzip -dc " },
	{ BYTES("PK\x03\x04"), "is a zip archive; unpack it first: unzip " },
	{ BYTES("7z\xbc\xaf\x27\x1c"), "is a 7z archive; unpack it first: 7z x " },
	{ BYTES("QEVM"), "resume it and use dump-guest-memory" },
	{ BYTES("QFI\xfb"), "is a qcow2 disk" },
	/* what only begins so is nothing */
	{ BYTES("\x1f\x8b\x07"), "not a memory image that mmuscope knows" },
	{ BYTES("\x28\xb5\x2f"), "not a memory image that mmuscope knows" },
	{ BYTES("\x78\x9c"), "not a memory image that mmuscope knows" },
	{ BYTES("\x38\x8d\xff\xff\xff\xff"), "not a memory image that mmuscope knows" },
};

static void told_by_content(void **state)
{
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		struct build_buffer buffer = { 0 };

		/* the name says nothing: files in memory have none */
		build_put(&buffer, 0, contents[i].bytes, contents[i].count);
		build_put_uint(&buffer, 2 * PAGE, 1, false, 0);
		expect_refusal(&buffer, MMU_ERROR_FORMAT, contents[i].message);
		free(buffer.data);
	}
}

static void tar_archive(void **state)
{
	struct build_buffer buffer = { 0 };

	build_put_text(&buffer, 0, "vmcore");
	build_put_text(&buffer, 257, "ustar");
	build_put_uint(&buffer, PAGE, 1, false, 0);
	expect_refusal(&buffer, MMU_ERROR_FORMAT, "is a tar archive; unpack it first: tar -xf ");
	buffer.bytes = 261; /* it ends before */
	expect_refusal(&buffer, MMU_ERROR_FORMAT, "not a memory image that mmuscope knows");
	free(buffer.data);
}

/* As LiME does: all of the file is one stream, with a window of 2 KiB. */
static void pack_zlib(struct build_buffer *to, const struct build_buffer *from)
{
	z_stream stream = { .next_in = from->data, .avail_in = (uInt)from->bytes };
	uint8_t out[8 * PAGE];

	stream.next_out = out;
	stream.avail_out = sizeof(out);
	assert_int_equal(
		deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 11, 5, Z_DEFAULT_STRATEGY),
		Z_OK);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	build_put(to, 0, out, stream.total_out);
	deflateEnd(&stream);
}

static void lime_compressed(void **state)
{
	struct build_buffer lime = { 0 }, packed = { 0 };

	build_lime_header(&lime, "EMiL", 1, false, 0x1000, 0x2fff);
	build_memory(&lime, 0x1000, 2 * PAGE);
	pack_zlib(&packed, &lime);
	expect_refusal(&packed, MMU_ERROR_FORMAT,
		       "is compressed (zlib, a LiME file within: compress=1); unpack it first: "
		       "pigz -dc ");
	packed.bytes = 0;
	lime.data[0] = 'X'; /* as the raw and padded forms: without headers */
	pack_zlib(&packed, &lime);
	expect_refusal(&packed, MMU_ERROR_FORMAT,
		       "is compressed (zlib); unpack it first: pigz -dc ");
	packed.bytes = 20; /* nothing comes out */
	expect_refusal(&packed, MMU_ERROR_FORMAT, "not a memory image that mmuscope knows");
	free(lime.data);
	free(packed.data);
}

/* Memory can begin with anything, so it is read; but a packed file is a likely mistake. */
static void taken_for_raw(void **state)
{
	struct build_buffer buffer = { 0 };
	struct mmu_raw_range range = { .first_pa = 0x1000 };
	struct mmu_cursor cursor;
	struct mmu_image *image = NULL;
	struct build_file file;

	build_memory(&buffer, 0x1000, PAGE);
	build_file_create(&file, &buffer);
	assert_null(mmu_image_open(
		&(struct mmu_source){ .path = file.path, .raw = &range, .nr_raw = 1 }, &image));
	assert_null(image->warning);
	mmu_image_close(image);
	assert_int_equal(pwrite(file.fd, "\x1f\x8b\x08", 3, 0), 3);
	assert_null(mmu_image_open(
		&(struct mmu_source){ .path = file.path, .raw = &range, .nr_raw = 1 }, &image));
	assert_non_null(image->warning);
	assert_non_null(strstr(image->warning, "taken for raw memory, looks as if it is compressed "
					       "(gzip); unpack it first: gzip -dc "));
	mmu_cursor_init(&cursor, image);
	expect_bytes(&cursor, 0x1003, PAGE - 3, MMU_PAGE_PRESENT, 0);
	mmu_cursor_destroy(&cursor);
	mmu_image_close(image);
	build_file_close(&file);
	free(buffer.data);
}

/* ------------------------------------------------------------------------------------ kinds */

/* Both as an image that is probed and as raw memory. */
static void refuse_path(const char *path, enum mmu_error_kind code, const char *message)
{
	struct mmu_raw_range range = { 0 };

	for (size_t nr_raw = 0; nr_raw < 2; nr_raw++) {
		struct mmu_image *image = NULL;
		struct mmu_error *error = mmu_image_open(
			&(struct mmu_source){
				.path = path, .raw = nr_raw ? &range : NULL, .nr_raw = nr_raw },
			&image);

		assert_non_null(error);
		assert_null(image);
		assert_int_equal(mmu_error_code(error), code);
		if (!strstr(mmu_error_message(error), message))
			fail_msg("%s", mmu_error_message(error));
		mmu_error_destroy(error);
	}
}

static void no_regular_files(void **state)
{
	char folder[] = "/tmp/test-image-file-XXXXXX", path[64];
	int pipes[2];

	assert_non_null(mkdtemp(folder));
	refuse_path(folder, MMU_ERROR_FORMAT, "is a directory");
	snprintf(path, sizeof(path), "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	/* at once, though nobody writes */
	refuse_path(path, MMU_ERROR_FORMAT, "is a pipe or a socket, and must be a file");
	unlink(path);
	rmdir(folder);
	assert_int_equal(pipe(pipes), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", pipes[0]);
	refuse_path(path, MMU_ERROR_FORMAT, "save it first, as with cat > FILE");
	close(pipes[0]);
	close(pipes[1]);
	refuse_path("/dev/null", MMU_ERROR_FORMAT, "is a character device");
	refuse_path("/dev/zero", MMU_ERROR_FORMAT, "the running system's memory is /proc/kcore");
}

/* ------------------------------------------------------------------------------------ kcore */

static void why_no_kcore(void **state)
{
	static const struct {
		int error;
		bool proc, root;
		const char *lockdown, *hint;
	} cases[] = {
		{ ENOENT, true, true, NULL, "this kernel has none: CONFIG_PROC_KCORE is off" },
		{ ENOENT, false, true, NULL, "/proc is not mounted" },
		{ EACCES, true, false, NULL, "; root is needed" },
		{ EACCES, true, true, NULL, "not that of a container" },
		{ EPERM, true, false, "none integrity [confidentiality]\n", "; root is needed" },
		{ EPERM, true, true, "none integrity [confidentiality]\n", "locked down" },
		{ EPERM, true, true, "[none] integrity confidentiality\n",
		  "; CAP_SYS_RAWIO is needed, which a container rarely has" },
		{ EPERM, true, true, "none [integrity] confidentiality\n",
		  "; CAP_SYS_RAWIO is needed, which a container rarely has" },
		{ EPERM, true, true, NULL, "and no lockdown: see /sys/kernel/security/lockdown" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *hint = mmu_kcore_hint(cases[i].error, cases[i].proc, cases[i].root,
						  cases[i].lockdown);

		if (!strstr(hint, cases[i].hint))
			fail_msg("case %zu: %s", i, hint);
	}
	assert_string_equal(mmu_kcore_hint(EIO, true, true, NULL), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told_by_content),  cmocka_unit_test(tar_archive),
		cmocka_unit_test(lime_compressed),  cmocka_unit_test(taken_for_raw),
		cmocka_unit_test(no_regular_files), cmocka_unit_test(why_no_kcore),
	};

	return cmocka_run_group_tests_name("image-file", tests, NULL, NULL);
}
