/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What images of all readers share: what they own, say of themselves, and read. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>

#include "base/budget.h"
#include "base/cleanup.h"
#include "base/list.h"
#include "image/page_cache.h"
#include "image/reader.h"

#define WARNING_BYTES_MAX 1024
/* Searches let go of the file's mapping after so many bytes: holes take memory too. */
#define MAPPED_LG2 25

/*
 * What mmu_image_pick() reads at once, and keeps. Short at first: a walk with its VMA and the
 * file's path needs some dozen places, and each page of memory that is touched for the first time
 * costs more than a read. Whoever has read many goes on: over all tasks, whose slabs have 32 KiB.
 */
#define PICK_BYTES ((uint32_t)4 << 10)
#define PICKED_BYTES ((size_t)256 << 10)
#define PICKS_MANY (PICKED_BYTES / PICK_BYTES)
#define LONG_PICK_BYTES ((uint32_t)32 << 10)
/* More than that is worth the faults of a mapping. */
#define PEEK_BYTES ((size_t)1 << 20)

void *mmu_image_own(struct mmu_image *image, void *block)
{
	if (!block || !mmu_list_room(&image->owned, image->nr_owned, sizeof(*image->owned))) {
		free(block);
		return NULL;
	}
	image->owned[image->nr_owned++] = block;
	return block;
}

struct mmu_error *mmu_image_set_format(struct mmu_image *image, const char *text, ...)
{
	va_list args;
	char *format = NULL;

	va_start(args, text);
	if (vasprintf(&format, text, args) < 0)
		format = NULL;
	va_end(args);
	format = mmu_image_own(image, format);
	if (!format)
		return mmu_error_no_memory();
	image->format = format;
	return NULL;
}

void mmu_image_warn(struct mmu_image *image, const char *text, ...)
{
	MMU_FREE char *line = NULL;
	char *joined = NULL;
	va_list args;

	va_start(args, text);
	if (vasprintf(&line, text, args) < 0)
		line = NULL;
	va_end(args);
	/* what a thousand headers have in common is said once */
	if (!line || (image->warning &&
		      (strlen(image->warning) > WARNING_BYTES_MAX || strstr(image->warning, line))))
		return;
	if (!image->warning) {
		image->warning = mmu_steal(line);
	} else if (asprintf(&joined, "%s; %s", image->warning, line) >= 0) {
		free(image->warning);
		image->warning = joined;
	}
}

void mmu_image_tell_shared(struct mmu_image *image, uint64_t bytes, uint64_t nr, const char *what)
{
	if (!bytes)
		return;
	image->shared_bytes = bytes;
	mmu_image_warn(image,
		       "%" PRIu64 " %s share bytes of the file with others (0x%" PRIx64 " bytes): "
		       "no writer of dumps does that",
		       nr, what, bytes);
}

struct mmu_error *mmu_image_bytes(struct mmu_image *image, uint64_t offset, uint64_t count,
				  struct mmu_bytes *ret)
{
	struct mmu_bytes run = mmu_view_run(&image->view, NULL, offset);

	if (offset >= image->view.bytes) {
		*ret = (struct mmu_bytes){ NULL, 0 };
		return NULL;
	}
	if (count > image->view.bytes - offset)
		count = image->view.bytes - offset;
	if (run.data && run.count >= count) {
		*ret = (struct mmu_bytes){ run.data, count };
		return NULL;
	}
	if (count > image->view.map.count)
		count = image->view.map.count;
	if (!mmu_budget_take(image->budget, MMU_BUDGET_MEMORY, count, "copying notes and tables"))
		return mmu_budget_error("copying notes and tables out of the file");
	uint8_t *copy = mmu_image_own(image, malloc(count));
	if (!copy)
		return mmu_error_no_memory();
	*ret = (struct mmu_bytes){ copy, mmu_view_copy(&image->view, NULL, offset, copy, count) };
	return NULL;
}

struct mmu_error *mmu_image_survey(const struct mmu_image *image)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct mmu_error *error = NULL;

	if (mmu_image_is_surveyed(image))
		return NULL;
	pthread_mutex_lock(&lock);
	if (!image->surveyed) {
		/* Who reads what this fills in has called us: nobody sees it change. */
		struct mmu_image *own = (struct mmu_image *)image;

		error = image->reader->survey(own);
		__atomic_store_n(&own->surveyed, !error, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&lock);
	return error;
}

bool mmu_image_last_ram(const struct mmu_image *image, uint64_t *ret_first_pa,
			uint64_t *ret_last_pa)
{
	const struct mmu_pa_range *last = image->nr_ram ? &image->ram[image->nr_ram - 1] : NULL;

	if (image->reader && image->reader->last_ram)
		return image->reader->last_ram(image, ret_first_pa, ret_last_pa);
	if (!last)
		return false;
	uint64_t page_pa = last->last_pa & ~((uint64_t)image->page_bytes - 1);
	*ret_first_pa = page_pa > last->first_pa ? page_pa : last->first_pa;
	*ret_last_pa = last->last_pa;
	return true;
}

bool mmu_image_spend(const struct mmu_image *image, uint64_t bytes, const char *what)
{
	struct mmu_budget *budget = image->budget;

	if (!mmu_budget_take(budget, MMU_BUDGET_READ, bytes, what))
		return false;
	if (budget && image->file.map.data) {
		uint64_t after = __atomic_load_n(&budget->spent[MMU_BUDGET_READ], __ATOMIC_RELAXED);

		if (after >> MAPPED_LG2 != (after - bytes) >> MAPPED_LG2)
			madvise((void *)image->file.map.data, image->file.map.count, MADV_DONTNEED);
	}
	return true;
}

struct mmu_error *mmu_image_failure(const struct mmu_image *image)
{
	return image->reader->failure
		       ? mmu_error_context(image->reader->failure(image), "%s", image->file.path)
		       : NULL;
}

void mmu_cursor_destroy(struct mmu_cursor *cursor)
{
	if (cursor->state)
		cursor->image->reader->stop(cursor->state);
	mmu_page_cache_destroy(cursor->picked);
	*cursor = (struct mmu_cursor){ 0 };
}

/* @return NULL: the file that is mapped ends in that piece */
static const uint8_t *read_piece(struct mmu_cursor *cursor, uint64_t number, uint32_t piece_bytes)
{
	uint8_t *taken;

	if (cursor->image->file.map.count / piece_bytes <= number)
		return NULL;
	taken = mmu_page_cache_take(cursor->picked, number);
	if (mmu_file_read(&cursor->image->file, taken, piece_bytes, number * piece_bytes) ==
	    (ssize_t)piece_bytes)
		return taken;
	mmu_page_cache_drop(cursor->picked);
	return NULL;
}

/* What lies there in the mapped file, as far as its piece goes. @return false: read_piece() */
static bool pick_run(struct mmu_cursor *cursor, uint64_t offset, struct mmu_bytes *ret)
{
	uint32_t piece_bytes = mmu_page_cache_page_bytes(cursor->picked);
	const uint8_t *piece = mmu_page_cache_find(cursor->picked, offset / piece_bytes);

	if (!piece) {
		if (piece_bytes < LONG_PICK_BYTES &&
		    mmu_page_cache_nr_taken(cursor->picked) >= PICKS_MANY)
			mmu_page_cache_lengthen(cursor->picked, LONG_PICK_BYTES);
		piece_bytes = mmu_page_cache_page_bytes(cursor->picked);
		piece = read_piece(cursor, offset / piece_bytes, piece_bytes);
	}
	if (!piece)
		return false;
	ret->data = piece + offset % piece_bytes;
	ret->count = piece_bytes - offset % piece_bytes;
	return true;
}

/* @return false: it must come from the mapping, if `from` lies in one */
static bool pick_bytes(struct mmu_cursor *cursor, const uint8_t *from, uint8_t *to, size_t bytes)
{
	const struct mmu_bytes *map = &cursor->image->file.map;
	uint64_t offset = (uintptr_t)from - (uintptr_t)map->data;
	struct mmu_bytes run;

	if (!map->data || offset >= map->count)
		return false;
	if (bytes > PICK_BYTES)
		return mmu_file_read(&cursor->image->file, to, bytes, offset) == (ssize_t)bytes;
	if (!cursor->picked)
		cursor->picked = mmu_page_cache_new(PICK_BYTES, PICKED_BYTES);
	while (cursor->picked && bytes) {
		if (!pick_run(cursor, offset, &run))
			return false;
		size_t part = run.count < bytes ? run.count : bytes;
		memcpy(to, run.data, part);
		to += part;
		offset += part;
		bytes -= part;
	}
	return !bytes;
}

/* Straight from the file. @return false: it must come from the mapping, if `from` lies in one */
static bool peek_bytes(struct mmu_cursor *cursor, const uint8_t *from, uint8_t *to, size_t bytes)
{
	const struct mmu_bytes *map = &cursor->image->file.map;
	uint64_t offset = (uintptr_t)from - (uintptr_t)map->data;

	return map->data && offset < map->count && bytes <= PEEK_BYTES &&
	       mmu_file_read(&cursor->image->file, to, bytes, offset) == (ssize_t)bytes;
}

typedef bool (*take_fn)(struct mmu_cursor *cursor, const uint8_t *from, uint8_t *to, size_t bytes);

/* @param take  how to have bytes without touching the mapping; NULL: it is touched */
static enum mmu_page_state read_spans(struct mmu_cursor *cursor, uint64_t pa, void *buf,
				      size_t bytes, uint64_t *ret_pa, take_fn take)
{
	uint8_t *out = buf;

	while (bytes) {
		struct mmu_span span = mmu_image_span(cursor, pa);

		if (span.state != MMU_PAGE_PRESENT) {
			if (ret_pa)
				*ret_pa = pa;
			return span.state;
		}
		size_t part = span.bytes < bytes ? span.bytes : bytes;
		if (!take || !take(cursor, span.data, out, part))
			memcpy(out, span.data, part);
		out += part;
		bytes -= part;
		/* Physical memory ends at 2^64: what follows is not its beginning. */
		if (bytes && pa + part < pa) {
			if (ret_pa)
				*ret_pa = UINT64_MAX;
			return MMU_PAGE_OUTSIDE_RAM;
		}
		pa += part;
	}
	return MMU_PAGE_PRESENT;
}

enum mmu_page_state mmu_image_read(struct mmu_cursor *cursor, uint64_t pa, void *buf, size_t bytes,
				   uint64_t *ret_pa)
{
	return read_spans(cursor, pa, buf, bytes, ret_pa, NULL);
}

enum mmu_page_state mmu_image_pick(struct mmu_cursor *cursor, uint64_t pa, void *buf, size_t bytes,
				   uint64_t *ret_pa)
{
	return read_spans(cursor, pa, buf, bytes, ret_pa, pick_bytes);
}

enum mmu_page_state mmu_image_peek(struct mmu_cursor *cursor, uint64_t pa, void *buf, size_t bytes,
				   uint64_t *ret_pa)
{
	return read_spans(cursor, pa, buf, bytes, ret_pa, peek_bytes);
}
