/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file The formats that libkdumpfile knows and we do not: DISKDUMP, LKCD, SADUMP, s390's, ... The
 * library runs in a process of its own (helper.h).
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/list.h"
#include "image/helper.h"
#include "image/page_cache.h"
#include "image/reader.h"

#define RAM_RANGES_MAX ((size_t)1 << 20)
#define VMCOREINFO_BYTES_MAX MMU_HELPER_WINDOW_BYTES

struct kdumpfile {
	struct mmu_helper *helper;
	unsigned int page_lg2;
	bool knows_ram; /* what is in no range of image->ram need not be looked for */
	/* Held while the helper works, and until its window is read. */
	pthread_mutex_t lock;
	struct mmu_error *failure; /* of the helper, once it has one */
};

/* A cursor's. */
struct place {
	struct mmu_page_cache *cache;
	uint64_t last_pfn;
	const uint8_t *last_page; /* NULL: there is none */
	uint64_t next_pfn;        /* who asks for it, reads on */
	uint32_t ahead;           /* pages that were asked for at once */
};

static struct mmu_error *read_vmcoreinfo(struct mmu_image *image, struct kdumpfile *lib,
					 uint64_t bytes)
{
	struct mmu_helper_reply reply;

	if (!bytes || bytes > VMCOREINFO_BYTES_MAX)
		return NULL;
	struct mmu_error *error = mmu_helper_ask(lib->helper, MMU_HELPER_VMCOREINFO, 0,
						 (uint32_t)bytes, &reply);
	if (error || !reply.count)
		return error;
	uint8_t *copy = mmu_image_own(image, malloc(reply.count));
	if (!copy)
		return mmu_error_no_memory();
	memcpy(copy, mmu_helper_window(lib->helper), reply.count);
	mmu_image_set_vmcoreinfo(image, (struct mmu_bytes){ copy, reply.count });
	return NULL;
}

static struct mmu_error *add_ram(struct mmu_image *image, uint64_t first_pa, uint64_t last_pa)
{
	if (!mmu_list_room(&image->ram, image->nr_ram, sizeof(*image->ram)))
		return mmu_error_no_memory();
	image->ram[image->nr_ram++] = (struct mmu_pa_range){ first_pa, last_pa };
	return NULL;
}

/*
 * Go over the ranges of one of the helper's maps, as far as they ascend.
 * @param image  gets them as memory; NULL: they are only counted
 */
static struct mmu_error *read_map(struct mmu_image *image, struct kdumpfile *lib,
				  enum mmu_helper_kind kind, uint64_t *ret_pages)
{
	uint64_t pfn = 0, most = UINT64_MAX >> lib->page_lg2;
	struct mmu_helper_range range;
	struct mmu_helper_reply reply;
	size_t nr = 0;

	do {
		struct mmu_error *error = mmu_helper_ask(lib->helper, kind, pfn, 0, &reply);

		for (uint32_t i = 0; !error && i < reply.count; i++) {
			memcpy(&range, mmu_helper_window(lib->helper) + i * sizeof(range),
			       sizeof(range));
			if (range.first_pfn < pfn || range.last_pfn < range.first_pfn ||
			    range.last_pfn >= most || ++nr > RAM_RANGES_MAX)
				return NULL;
			*ret_pages += range.last_pfn - range.first_pfn + 1;
			pfn = range.last_pfn + 1;
			if (image)
				error = add_ram(image, range.first_pfn << lib->page_lg2,
						(pfn << lib->page_lg2) - 1);
		}
		if (error)
			return error;
	} while (reply.count == MMU_HELPER_RANGES_MAX);
	return NULL;
}

static struct mmu_error *read_ram(struct mmu_image *image, struct kdumpfile *lib,
				  const struct mmu_helper_info *info)
{
	struct mmu_error *error = NULL;
	uint64_t pages = 0;

	if (info->has_ram_map) {
		error = read_map(image, lib, MMU_HELPER_RAM, &pages);
		lib->knows_ram = image->nr_ram && image->nr_ram < RAM_RANGES_MAX;
	}
	if (!error && !image->nr_ram) {
		pages = info->max_pfn;
		if (pages && pages <= UINT64_MAX >> lib->page_lg2)
			error = add_ram(image, 0, (pages << lib->page_lg2) - 1);
	}
	if (error || !info->has_file_map)
		return error;
	error = read_map(NULL, lib, MMU_HELPER_PRESENT, &image->present_pages);
	if (pages > image->present_pages)
		image->filtered_pages = pages - image->present_pages;
	return error;
}

/* ------------------------------------------------------------------ opening */

/* The helper's word, which goes to terminals: it ends where it stops being text. */
static void end_text(char *text, char lowest, size_t bytes)
{
	size_t i = 0;

	while (i < bytes - 1 && text[i] >= lowest && text[i] < 0x7f)
		i++;
	text[i] = '\0';
}

static struct mmu_error *take_info(struct mmu_image *image, struct kdumpfile *lib,
				   struct mmu_helper_info *info)
{
	uint64_t page_bytes = info->page_bytes;

	end_text(info->format, ' ', sizeof(info->format));
	end_text(info->release, ' ' + 1, sizeof(info->release));
	end_text(info->machine, ' ' + 1, sizeof(info->machine));
	if (page_bytes < 4096 || page_bytes > MMU_HELPER_WINDOW_BYTES ||
	    (page_bytes & (page_bytes - 1)))
		return mmu_error_new(MMU_ERROR_FORMAT,
				     "libkdumpfile finds pages of %" PRIu64 " bytes in it",
				     page_bytes);
	image->page_bytes = (uint32_t)page_bytes;
	lib->page_lg2 = (unsigned int)__builtin_ctzll(page_bytes);
	image->elf_class = info->elf_class <= 2 ? info->elf_class : 0;
	image->elf_machine = info->elf_machine;
	image->big_endian = info->big_endian != 0;
	memcpy(image->release, info->release, sizeof(image->release));
	memcpy(image->machine, info->machine, sizeof(image->machine));
	struct mmu_error *error = read_vmcoreinfo(image, lib, info->vmcoreinfo_bytes);
	if (!error)
		error = read_ram(image, lib, info);
	return error ? error : mmu_image_set_format(image, "%s, by libkdumpfile", info->format);
}

static bool kdumpfile_probe(const struct mmu_image *image, const struct mmu_source *source)
{
	/* The library says itself what it does not know, but has no records of flattened files. */
	return !image->view.extents;
}

/* The file is nothing of ours, and nobody can say whether it is something of libkdumpfile's. */
static struct mmu_error *without_helper(struct mmu_image *image, struct mmu_error *why)
{
	struct mmu_error *error = mmu_image_unknown(image);

	error = mmu_error_reword(error, "%s; libkdumpfile was not asked: %s",
				 mmu_error_message(error), mmu_error_message(why));
	mmu_error_destroy(why);
	return error;
}

static struct mmu_error *kdumpfile_open(struct mmu_image *image, const struct mmu_source *source)
{
	struct kdumpfile *lib = calloc(1, sizeof(*lib));
	char text[MMU_HELPER_TEXT_MAX];
	struct mmu_helper_reply reply;
	struct mmu_helper_info info;

	if (!lib)
		return mmu_error_no_memory();
	image->reader_data = lib;
	pthread_mutex_init(&lib->lock, NULL);
	struct mmu_error *error = mmu_helper_start(&image->file, &lib->helper);
	if (!error)
		error = mmu_helper_ask(lib->helper, MMU_HELPER_OPEN, 0, 0, &reply);
	if (error && mmu_error_code(error) == MMU_ERROR_UNSUPPORTED)
		return without_helper(image, error);
	if (error)
		return error;
	if (reply.status == MMU_HELPER_UNKNOWN_FILE)
		return mmu_image_unknown(image);
	if (reply.status == MMU_HELPER_FAILED) {
		memcpy(text, mmu_helper_window(lib->helper), sizeof(text));
		end_text(text, ' ', sizeof(text));
		return mmu_error_new(MMU_ERROR_FORMAT, "libkdumpfile can't open it: %s", text);
	}
	memcpy(&info, mmu_helper_window(lib->helper), sizeof(info));
	return take_info(image, lib, &info);
}

static void kdumpfile_close(struct mmu_image *image)
{
	struct kdumpfile *lib = image->reader_data;

	if (!lib)
		return;
	mmu_helper_stop(lib->helper);
	mmu_error_destroy(lib->failure);
	pthread_mutex_destroy(&lib->lock);
	free(lib);
}

static struct mmu_error *kdumpfile_failure(const struct mmu_image *image)
{
	struct kdumpfile *lib = image->reader_data;

	pthread_mutex_lock(&lib->lock);
	struct mmu_error *error = mmu_error_copy(lib->failure);
	pthread_mutex_unlock(&lib->lock);
	return error;
}

/* ------------------------------------------------------------------ reading */

/* The index of the range that holds `pa`, or of the first behind it. */
static size_t find_ram(const struct mmu_image *image, uint64_t pa)
{
	size_t low = 0, high = image->nr_ram;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (image->ram[middle].last_pa < pa)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* An address that lies in no range of RAM. */
static struct mmu_span outside_ram(const struct mmu_image *image, uint64_t pa, size_t next)
{
	if (next < image->nr_ram)
		return (struct mmu_span){ NULL, image->ram[next].first_pa - pa,
					  MMU_PAGE_OUTSIDE_RAM };
	return (struct mmu_span){ NULL, pa ? -pa : UINT64_MAX, MMU_PAGE_OUTSIDE_RAM };
}

/* Who reads one page behind the other gets more at a time. */
static uint32_t pages_to_ask(const struct mmu_image *image, struct place *place, uint64_t pfn)
{
	uint32_t most = MMU_HELPER_WINDOW_BYTES / image->page_bytes;
	uint64_t end = UINT64_MAX / image->page_bytes; /* no page of ours is the last there is */

	if (most > MMU_HELPER_PAGES_MAX)
		most = MMU_HELPER_PAGES_MAX;
	place->ahead = place->next_pfn == pfn && pfn ? 2 * place->ahead : 1;
	if (place->ahead > most)
		place->ahead = most;
	if (pfn < end && place->ahead > end - pfn)
		place->ahead = (uint32_t)(end - pfn);
	place->next_pfn = pfn + place->ahead;
	return place->ahead;
}

/* Fill the cache. The page that was asked for comes last, so that it stays. */
static const uint8_t *take_pages(struct place *place, const struct mmu_helper_reply *reply,
				 uint64_t pfn, uint32_t page_bytes, const uint8_t *window)
{
	for (uint32_t i = reply->count; i-- > 0;) {
		if (reply->state[i] != MMU_PAGE_PRESENT ||
		    (i && mmu_page_cache_find(place->cache, pfn + i)))
			continue;
		uint8_t *page = mmu_page_cache_take(place->cache, pfn + i);

		memcpy(page, window + (size_t)i * page_bytes, page_bytes);
		if (!i)
			return page;
	}
	return NULL;
}

static enum mmu_page_state read_page(const struct mmu_image *image, struct place *place,
				     uint64_t pfn)
{
	struct kdumpfile *lib = image->reader_data;
	enum mmu_page_state state = MMU_PAGE_UNREADABLE;
	struct mmu_helper_reply reply;
	uint32_t count = pages_to_ask(image, place, pfn);

	pthread_mutex_lock(&lib->lock);
	if (!lib->failure)
		lib->failure = mmu_helper_ask(lib->helper, MMU_HELPER_PAGES, pfn, count, &reply);
	if (!lib->failure) {
		state = (enum mmu_page_state)reply.state[0];
		place->last_page = take_pages(place, &reply, pfn, image->page_bytes,
					      mmu_helper_window(lib->helper));
	}
	pthread_mutex_unlock(&lib->lock);
	return state;
}

static struct mmu_span kdumpfile_span(const struct mmu_image *image, struct mmu_cursor *cursor,
				      uint64_t pa)
{
	struct kdumpfile *lib = image->reader_data;
	struct place *place = mmu_cursor_state(cursor);
	uint64_t pfn = pa >> lib->page_lg2, in_page = pa & (image->page_bytes - 1);
	uint64_t left = image->page_bytes - in_page;

	if (!place)
		return (struct mmu_span){ NULL, left, MMU_PAGE_UNREADABLE };
	if (place->last_page && pfn == place->last_pfn)
		return (struct mmu_span){ place->last_page + in_page, left, MMU_PAGE_PRESENT };
	place->last_page = mmu_page_cache_find(place->cache, pfn);
	if (!place->last_page) {
		size_t range = find_ram(image, pa);

		if (lib->knows_ram && (range == image->nr_ram || pa < image->ram[range].first_pa))
			return outside_ram(image, pa, range);
		enum mmu_page_state state = read_page(image, place, pfn);

		if (state != MMU_PAGE_PRESENT)
			return (struct mmu_span){ NULL, left, state };
	}
	place->last_pfn = pfn;
	return (struct mmu_span){ place->last_page + in_page, left, MMU_PAGE_PRESENT };
}

static void kdumpfile_stop(void *state)
{
	struct place *place = state;

	mmu_page_cache_destroy(place->cache);
	free(place);
}

static void *kdumpfile_start(const struct mmu_image *image)
{
	struct place *place = calloc(1, sizeof(*place));

	if (!place)
		return NULL;
	place->cache = mmu_page_cache_new(image->page_bytes, MMU_PAGE_CACHE_BYTES);
	if (place->cache)
		return place;
	free(place);
	return NULL;
}

const struct mmu_image_reader mmu_reader_kdumpfile = {
	.name = "libkdumpfile",
	.probe = kdumpfile_probe,
	.open = kdumpfile_open,
	.span = kdumpfile_span,
	.close = kdumpfile_close,
	.failure = kdumpfile_failure,
	.start = kdumpfile_start,
	.stop = kdumpfile_stop,
};
