/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Images with wrong bytes and wrong ends: whatever is said of them, nothing must break. */
#include <elf.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/image_checks.h"

#define ROUNDS 400
#define READ_BYTES_MAX ((uint64_t)1 << 20)

static uint64_t random_state = 88172645463325252u;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Touch everything an image offers; its size may be nonsense, so only so much of it. */
static void read_all(const struct mmu_image *image)
{
	struct mmu_cursor cursor;
	uint64_t pa = 0, read = 0, sum = 0;

	mmu_cursor_init(&cursor, image);
	for (size_t i = 0; i < image->nr_notes; i++) {
		sum += strlen(image->notes[i].name);
		for (uint64_t k = 0; k < image->notes[i].desc.count; k++)
			sum += image->notes[i].desc.data[k];
	}
	for (uint64_t k = 0; k < image->vmcoreinfo.count; k++)
		sum += image->vmcoreinfo.data[k];
	assert_null(mmu_image_survey(image));
	for (size_t i = 0; i < image->nr_ram; i++)
		assert_true(image->ram[i].first_pa <= image->ram[i].last_pa &&
			    (!i || image->ram[i - 1].last_pa < image->ram[i].first_pa));
	for (unsigned int i = 0; i < 4096 && read < READ_BYTES_MAX; i++) {
		struct mmu_span span = mmu_image_span(&cursor, pa);
		uint64_t part = span.bytes < 65536 ? span.bytes : 65536;

		assert_true(span.bytes);
		assert_int_equal(!span.data, span.state != MMU_PAGE_PRESENT);
		for (uint64_t k = 0; span.data && k < part; k++)
			sum += span.data[k];
		if (span.data)
			read += part;
		if (span.bytes - 1 >= UINT64_MAX - pa)
			break;
		pa += span.bytes;
	}
	mmu_image_span(&cursor, UINT64_MAX);
	mmu_image_span(&cursor, next_random());
	mmu_cursor_destroy(&cursor);
	assert_true(sum || !sum);
}

static void try_file(const struct build_file *file)
{
	struct mmu_image *image = NULL;
	struct mmu_error *error = mmu_image_open(&(struct mmu_source){ .path = file->path },
						 &image);

	if (!error) {
		assert_non_null(image->format);
		read_all(image);
		mmu_image_close(image);
		return;
	}
	assert_null(strchr(mmu_error_message(error), '\n'));
	assert_true(strlen(mmu_error_message(error)) > strlen(file->path));
	mmu_error_destroy(error);
}

/* Damage concentrates on the headers: `dense` bytes at the start, more or less. */
static size_t random_offset(const struct build_buffer *buffer, size_t dense)
{
	size_t limit = next_random() % 4 && dense < buffer->bytes ? dense : buffer->bytes;

	return next_random() % limit;
}

static void torture(const struct build_buffer *buffer, size_t dense)
{
	static const uint8_t bytes[] = { 0, 1, 0x7f, 0x80, 0xfe, 0xff };
	struct build_file file;

	build_file_create(&file, buffer);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		unsigned int nr = 1 + next_random() % 4;
		size_t at[4];

		for (unsigned int i = 0; i < nr; i++) {
			uint8_t byte = next_random() % 2 ? (uint8_t)next_random()
							 : bytes[next_random() % sizeof(bytes)];

			at[i] = random_offset(buffer, dense);
			assert_int_equal(pwrite(file.fd, &byte, 1, (off_t)at[i]), 1);
		}
		if (!(round % 8))
			assert_int_equal(
				ftruncate(file.fd, (off_t)random_offset(buffer, dense * 2)), 0);
		try_file(&file);
		if (!(round % 8)) {
			assert_int_equal(pwrite(file.fd, buffer->data, buffer->bytes, 0) ==
						 (ssize_t)buffer->bytes,
					 1);
			continue;
		}
		for (unsigned int i = 0; i < nr; i++)
			assert_int_equal(pwrite(file.fd, &buffer->data[at[i]], 1, (off_t)at[i]), 1);
	}
	build_file_close(&file);
}

static void elf_files(void **state)
{
	const struct build_segment segments[] = {
		{ 0x4000, 8192, 32768, 0 },
		{ 0x3000, 16384, 16384, 1 },
		{ 0x100000, 4096, 4096, 2 },
	};
	for (unsigned int i = 0; i < 8; i++) {
		struct build_buffer buffer = { 0 }, flat = { 0 };

		build_elf(&buffer, &(struct build_elf){ .wide = i & 1,
							.big = i & 2,
							.machine = EM_X86_64,
							.extended = i == 1,
							.vmcoreinfo = "OSRELEASE=6\nPAGESIZE="
								      "4096\n",
							.segments = segments,
							.nr_segments = 3 });
		if (i & 4)
			build_flattened(&flat, &buffer, 3000, true, true);
		torture(i & 4 ? &flat : &buffer, i & 4 ? 4700 : 450);
		free(buffer.data);
		free(flat.data);
	}
}

static void kdump_files(void **state)
{
	for (unsigned int i = 0; i < 12; i++) {
		struct build_buffer buffer = { 0 }, flat = { 0 };
		static const uint32_t packings[] = {
			0,    1,
#ifdef MMU_HAVE_LZO
			2,
#endif
#ifdef MMU_HAVE_SNAPPY
			4,
#endif
#ifdef MMU_HAVE_ZSTD
			0x20,
#endif
		};

		build_kdump(
			&buffer,
			&(struct build_kdump){
				.width = (enum build_width)(i % 4),
				.big = i == 2,
				.version = 6,
				.block_bytes = 4096,
				.packing = packings[i % (sizeof(packings) / sizeof(packings[0]))],
				.machine = i % 4 ? "armv7l" : "x86_64",
				.vmcoreinfo = "OSRELEASE=6\n",
				.notes = true,
				.pages = "ppzff..pxpztpppp" });
		if (i & 1)
			build_flattened(&flat, &buffer, 3000, true, true);
		torture(i & 1 ? &flat : &buffer, 17000);
		free(buffer.data);
		free(flat.data);
	}
}

static void lime_files(void **state)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct build_buffer buffer = { 0 };

		for (uint64_t pa = 0x1000; pa < 0x9000; pa += 0x2000) {
			build_lime_header(&buffer, i ? "LiME" : "EMiL", 1, i, pa, pa + 0xfff);
			build_memory(&buffer, pa, 0x1000);
		}
		torture(&buffer, 32);
		free(buffer.data);
	}
}

#ifdef MMU_HAVE_SNAPPY
static void avml_files(void **state)
{
	/* With its end: found from there; without it: from the front. */
	for (unsigned int i = 0; i < 2; i++) {
		struct build_buffer buffer = { 0 };

		for (uint64_t pa = 0x1000; pa < 0x9000; pa += 0x2000) {
			size_t data = build_avml_start(&buffer, pa, 0x1800);

			build_chunk(&buffer, true, pa, 0x1000);
			build_chunk_header(&buffer, 0xfe, 0);
			build_chunk(&buffer, false, pa + 0x1000, 100);
			build_chunk(&buffer, true, pa + 0x1064, 0x79c);
			build_avml_end(&buffer, data);
		}
		buffer.bytes -= i;
		torture(&buffer, 80);
		torture(&buffer, buffer.bytes);
		free(buffer.data);
	}
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elf_files),
		cmocka_unit_test(kdump_files),
		cmocka_unit_test(lime_files),
#ifdef MMU_HAVE_SNAPPY
		cmocka_unit_test(avml_files),
#endif
	};

	return cmocka_run_group_tests_name("image-hostile", tests, NULL, NULL);
}
