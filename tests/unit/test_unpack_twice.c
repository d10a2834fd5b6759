/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Codecs that read their input twice, of a file that changes in between: what they write stays in
 * the page. The libraries are replaced by one that checks a length, changes the file, and reads the
 * length once more, so that nothing depends on who runs first. (test_unpack.c has the real ones.)
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "base/bytes.h"
#include "image/unpack.h"
#include "support/image_checks.h"

#define PAGE 4096u
#define GUARD 512u
#define MARK 0xee

/* ------------------------------------------------------------------ the codec */

static struct {
	uint8_t *shared; /* what somebody else can write, or NULL: */
	int fd;          /* a file, */
	off_t offset;    /* and where the length stands in it */
	unsigned int calls;
	uint32_t first, second; /* what it read */
} codec;

static void change_the_length(void)
{
	uint8_t more[4];

	mmu_put_uint(more, sizeof(more), false, PAGE + GUARD);
	if (codec.shared)
		memcpy(codec.shared, more, sizeof(more));
	else if (pwrite(codec.fd, more, sizeof(more), codec.offset) != sizeof(more))
		abort();
	__asm__ volatile("" ::: "memory");
}

/* Packed data is a length. @return bytes that were written to `out` */
static size_t unpack_twice(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes)
{
	assert_true(in_bytes >= 4);
	codec.calls++;
	codec.first = mmu_get_u32(in, false);
	if (codec.first > out_bytes)
		return 0;
	change_the_length();
	codec.second = mmu_get_u32(in, false);
	memset(out, MARK, codec.second);
	return codec.second;
}

static int snappy_twice(const char *in, size_t bytes, char *out, size_t *count)
{
	*count = unpack_twice((const uint8_t *)in, bytes, (uint8_t *)out, *count);
	return 0;
}

static int lzo_twice(const uint8_t *in, size_t bytes, uint8_t *out, size_t *count, void *work)
{
	*count = unpack_twice(in, bytes, out, *count);
	return 0;
}

static void *zstd_create(void)
{
	return &codec;
}

static size_t zstd_free(void *context)
{
	return 0;
}

static size_t zstd_twice(void *context, void *out, size_t room, const void *in, size_t bytes)
{
	return unpack_twice(in, bytes, out, room);
}

static int inflate_twice(z_stream *stream, int flush)
{
	size_t bytes = unpack_twice(stream->next_in, stream->avail_in, stream->next_out,
				    stream->avail_out);

	stream->avail_out -= bytes < stream->avail_out ? (uInt)bytes : stream->avail_out;
	return Z_STREAM_END;
}

/* The linker puts these in place of the real ones: see `wrap` in meson.build. */
void *__wrap_dlopen(const char *name, int flags);
void *__wrap_dlsym(void *library, const char *name);
void *__wrap_dlopen(const char *name, int flags)
{
	return &codec;
}

void *__wrap_dlsym(void *library, const char *name)
{
	static const struct {
		const char *name;
		void (*function)(void);
	} functions[] = {
		{ "inflateInit2_", (void (*)(void))inflateInit2_ },
		{ "inflateReset", (void (*)(void))inflateReset },
		{ "inflateEnd", (void (*)(void))inflateEnd },
		{ "adler32", (void (*)(void))adler32 },
		{ "inflate", (void (*)(void))inflate_twice },
		{ "snappy_uncompress", (void (*)(void))snappy_twice },
		{ "lzo1x_decompress_safe", (void (*)(void))lzo_twice },
		{ "ZSTD_createDCtx", (void (*)(void))zstd_create },
		{ "ZSTD_freeDCtx", (void (*)(void))zstd_free },
		{ "ZSTD_decompressDCtx", (void (*)(void))zstd_twice },
	};

	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (strcmp(name, functions[i].name) == 0)
			return (void *)functions[i].function;
	return NULL;
}

/* ------------------------------------------------------------------ a page */

static const uint32_t packings[] = { MMU_PACKING_ZLIB, MMU_PACKING_LZO, MMU_PACKING_SNAPPY,
				     MMU_PACKING_ZSTD };

/* As much as a codec is given, with the length where it looks for it. @return where that is */
static size_t put_length(uint32_t packing, uint8_t *packed)
{
	static const uint8_t zlib_head[] = { 0x78, 0x9c };
	size_t at = packing == MMU_PACKING_ZLIB ? sizeof(zlib_head) : 0;

	memcpy(packed, zlib_head, at);
	mmu_put_uint(packed + at, 4, false, PAGE);
	return at;
}

static void expect_guard(const uint8_t *guard, uint8_t byte)
{
	for (size_t i = 0; i < GUARD; i++)
		assert_int_equal(guard[i], byte);
}

/* That codec does write past a page when its input changes: else this would be no test. */
static void test_the_codec_writes_more(void **state)
{
	uint8_t packed[16] = { 0 }, room[PAGE + GUARD] = { 0 };

	put_length(MMU_PACKING_SNAPPY, packed);
	memset(&codec, 0, sizeof(codec));
	codec.shared = packed;
	assert_int_equal(unpack_twice(packed, sizeof(packed), room, PAGE), PAGE + GUARD);
	expect_guard(room + PAGE, MARK);
}

static void test_what_changes_is_not_what_is_unpacked(void **state)
{
	for (size_t i = 0; i < sizeof(packings) / sizeof(packings[0]); i++) {
		struct mmu_unpacker *unpacker = mmu_unpacker_new();
		uint8_t packed[16] = { 0 }, room[PAGE + GUARD] = { 0 };

		memset(&codec, 0, sizeof(codec));
		codec.shared = packed + put_length(packings[i], packed);
		if (mmu_unpacker_can(unpacker, packings[i])) {
			mmu_unpack(unpacker, packings[i],
				   (struct mmu_bytes){ packed, sizeof(packed) }, room, PAGE);
			assert_int_equal(codec.calls, 1);
			assert_int_equal(mmu_get_u32(codec.shared, false), PAGE + GUARD);
			expect_guard(room + PAGE, 0);
			assert_int_equal(room[PAGE - 1], MARK);
		}
		mmu_unpacker_destroy(unpacker);
	}
}

/* ------------------------------------------------------------------ a file */

static void read_page_of_kdump(uint32_t packing)
{
	struct build_buffer buffer = { .data = NULL };
	uint8_t page[PAGE];
	uint64_t stop_pa;

	build_kdump(&buffer, &(struct build_kdump){ .width = BUILD_64,
						    .version = 6,
						    .block_bytes = PAGE,
						    .packing = packing,
						    .machine = "x86_64",
						    .pages = "p" });
	/* the one descriptor lies behind two blocks of headers and two of bitmaps */
	uint64_t offset = mmu_get_u64(buffer.data + 4 * (size_t)PAGE, false);
	size_t at = put_length(packing, buffer.data + offset);
	struct opened opened = open_bytes(&buffer);

	memset(&codec, 0, sizeof(codec));
	codec.fd = opened.file.fd;
	codec.offset = (off_t)(offset + at);
	mmu_image_read(&opened.cursor, 0, page, sizeof(page), &stop_pa);
	assert_int_equal(codec.calls, 1);
	assert_int_equal(codec.first, PAGE);
	/* the reader's own view of the file has changed, and the codec's has not */
	assert_int_equal(mmu_get_u32(opened.image->file.map.data + codec.offset, false),
			 PAGE + GUARD);
	assert_int_equal(codec.second, PAGE);
	close_opened(&opened);
	free(buffer.data);
}

static void test_a_file_that_changes(void **state)
{
	for (size_t i = 0; i < sizeof(packings) / sizeof(packings[0]); i++) {
		struct mmu_unpacker *unpacker = mmu_unpacker_new();
		bool can = mmu_unpacker_can(unpacker, packings[i]);

		mmu_unpacker_destroy(unpacker);
		if (can)
			read_page_of_kdump(packings[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_codec_writes_more),
		cmocka_unit_test(test_what_changes_is_not_what_is_unpacked),
		cmocka_unit_test(test_a_file_that_changes),
	};

	return cmocka_run_group_tests_name("unpack-twice", tests, NULL, NULL);
}
