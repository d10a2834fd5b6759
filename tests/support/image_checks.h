/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Assertions about images that build_image.h built. */
#ifndef MMU_SUPPORT_IMAGE_CHECKS_H
#define MMU_SUPPORT_IMAGE_CHECKS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "image/image.h"
#include "support/build_image.h"

/** As mmu_page_state_name(), which lives in a layer above. */
static inline const char *state_text(enum mmu_page_state state)
{
	static const char *const names[] = { "present", "filtered", "truncated", "outside RAM",
					     "unreadable" };

	return names[state];
}

/** An image that was opened from a buffer, with its file. */
struct opened {
	struct build_file file;
	struct mmu_image *image;
	struct mmu_cursor cursor;
};

static inline struct opened open_bytes(const struct build_buffer *buffer)
{
	struct opened opened = { 0 };

	build_file_create(&opened.file, buffer);
	struct mmu_error *error = mmu_image_open(&(struct mmu_source){ .path = opened.file.path },
						 &opened.image);
	if (error)
		fail_msg("%s", mmu_error_message(error));
	mmu_cursor_init(&opened.cursor, opened.image);
	return opened;
}

static inline void close_opened(struct opened *opened)
{
	mmu_cursor_destroy(&opened->cursor);
	mmu_image_close(opened->image);
	build_file_close(&opened->file);
}

/** Opening must fail with a message that has `part` in it. */
static inline void expect_refusal(const struct build_buffer *buffer, enum mmu_error_kind code,
				  const char *part)
{
	struct mmu_image *image = (struct mmu_image *)buffer;
	struct build_file file;

	build_file_create(&file, buffer);
	struct mmu_error *error = mmu_image_open(&(struct mmu_source){ .path = file.path }, &image);
	assert_non_null(error);
	assert_ptr_equal(image, buffer); /* untouched */
	if (mmu_error_code(error) != code || !strstr(mmu_error_message(error), part) ||
	    strncmp(mmu_error_message(error), file.path, strlen(file.path)) != 0)
		fail_msg("code %d: %s", mmu_error_code(error), mmu_error_message(error));
	mmu_error_destroy(error);
	build_file_close(&file);
}

/* What is read in small pieces is the same. */
static inline void expect_picked(struct mmu_cursor *cursor, uint64_t first_pa, uint64_t bytes,
				 enum mmu_page_state state, uint8_t change)
{
	uint8_t piece[1021]; /* so that pieces lie across whatever there is */

	if (bytes > 1 << 16) /* of what is not there, there may be very much */
		bytes = 1 << 16;
	for (uint64_t done = 0; done < bytes; done += sizeof(piece)) {
		uint64_t part = bytes - done < sizeof(piece) ? bytes - done : sizeof(piece);

		assert_int_equal(mmu_image_pick(cursor, first_pa + done, piece, part, NULL), state);
		for (uint64_t i = 0; state == MMU_PAGE_PRESENT && i < part; i++)
			assert_int_equal(piece[i],
					 (uint8_t)(build_byte(first_pa + done + i) + change));
	}
}

/** [first_pa, first_pa + bytes) has one state, and the bytes that build_byte() says. */
static inline void expect_bytes(struct mmu_cursor *cursor, uint64_t first_pa, uint64_t bytes,
				enum mmu_page_state state, uint8_t change)
{
	for (uint64_t done = 0; done < bytes;) {
		struct mmu_span span = mmu_image_span(cursor, first_pa + done);
		uint64_t part = span.bytes < bytes - done ? span.bytes : bytes - done;

		if (span.state != state || !span.bytes)
			fail_msg("physical 0x%llx: %s instead of %s",
				 (unsigned long long)(first_pa + done), state_text(span.state),
				 state_text(state));
		assert_int_equal(!span.data, state != MMU_PAGE_PRESENT);
		for (uint64_t i = 0; span.data && i < part; i++) {
			if (span.data[i] != (uint8_t)(build_byte(first_pa + done + i) + change))
				fail_msg("physical 0x%llx: wrong byte",
					 (unsigned long long)(first_pa + done + i));
		}
		done += part;
	}
	expect_picked(cursor, first_pa, bytes, state, change);
}

static inline void expect_ram(const struct mmu_image *image, size_t nr,
			      const struct mmu_pa_range *ranges)
{
	assert_null(mmu_image_survey(image));
	assert_int_equal(image->nr_ram, nr);
	for (size_t i = 0; i < nr; i++) {
		assert_int_equal(image->ram[i].first_pa, ranges[i].first_pa);
		assert_int_equal(image->ram[i].last_pa, ranges[i].last_pa);
	}
}

static inline void expect_counts(const struct mmu_image *image, uint64_t present, uint64_t filtered,
				 uint64_t truncated)
{
	assert_null(mmu_image_survey(image));
	assert_true(image->most_pages >= present);
	assert_int_equal(image->present_pages, present);
	assert_int_equal(image->filtered_pages, filtered);
	assert_int_equal(image->truncated_pages, truncated);
}

#endif
