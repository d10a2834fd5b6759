/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The formats that libkdumpfile knows and we do not: DISKDUMP, LKCD, SADUMP, s390's, ... */
#include <elf.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <libkdumpfile/kdumpfile.h>

#include "base/cleanup.h"
#include "base/list.h"
#include "image/lazy.h"
#include "image/page_cache.h"
#include "image/reader.h"

#define RAM_RANGES_MAX ((size_t)1 << 20)
#define VMCOREINFO_BYTES_MAX ((size_t)64 << 20)
#define CACHE_PAGES 4

/* What we use of the library. */
#define FUNCTIONS(DO)                                                                              \
	DO(new)                                                                                    \
	DO(free)                                                                                   \
	DO(get_err)                                                                                \
	DO(set_attr)                                                                               \
	DO(get_attr)                                                                               \
	DO(read)                                                                                   \
	DO(bmp_find_set)                                                                           \
	DO(bmp_find_clear)                                                                         \
	DO(blob_pin)                                                                               \
	DO(blob_unpin)                                                                             \
	DO(blob_size)

struct kdumpfile {
#define DECLARE(name) __typeof__(&kdump_##name) name;
	FUNCTIONS(DECLARE)
#undef DECLARE
	kdump_ctx_t *ctx;
	bool opened;            /* the library has taken the file */
	struct kdumpfile *next; /* of those that are left to exit() */
	unsigned int page_lg2;
	bool knows_ram; /* what is in no range of image->ram need not be looked for */
	/* Held while the library works: one context is for one thread at a time (0.5.1). */
	pthread_mutex_t lock;
	bool odd; /* of the size of the library's cache */
};

/* A cursor's. */
struct place {
	struct mmu_page_cache *cache;
	uint64_t last_pfn;
	const uint8_t *last_page; /* NULL: there is none */
};

static bool load_library(struct kdumpfile *lib)
{
	void *library = mmu_lazy_library(MMU_LAZY_KDUMPFILE);

#define LOAD(name)                                                                                 \
	if (!mmu_lazy_function(library, "kdump_" #name, &lib->name))                               \
		return false;
	FUNCTIONS(LOAD)
#undef LOAD
	return true;
}

/* Not by kdump_get_typed_attr(): its arguments are others since 0.5.6. */
static bool get_attr(struct kdumpfile *lib, const char *key, kdump_attr_type_t type,
		     kdump_attr_value_t *ret)
{
	kdump_attr_t attr;

	if (lib->get_attr(lib->ctx, key, &attr) != KDUMP_OK || attr.type != type)
		return false;
	*ret = attr.val;
	return true;
}

static uint64_t get_number(struct kdumpfile *lib, const char *key, uint64_t otherwise)
{
	kdump_attr_value_t value;

	return get_attr(lib, key, KDUMP_NUMBER, &value) ? value.number : otherwise;
}

static void get_name(struct kdumpfile *lib, const char *key, char to[65])
{
	kdump_attr_value_t value;
	size_t i = 0;

	if (!get_attr(lib, key, KDUMP_STRING, &value))
		return;
	/* It goes to terminals: end it where it stops being text. */
	for (; i < 64 && value.string[i] > ' ' && value.string[i] < 0x7f; i++)
		to[i] = value.string[i];
	to[i] = '\0';
}

static const struct {
	const char *name;
	uint16_t elf_machine;
} archs[] = {
	{ KDUMP_ARCH_X86_64, EM_X86_64 }, { KDUMP_ARCH_IA32, EM_386 },
	{ KDUMP_ARCH_ARM, EM_ARM },       { KDUMP_ARCH_AARCH64, EM_AARCH64 },
	{ KDUMP_ARCH_PPC64, EM_PPC64 },   { KDUMP_ARCH_PPC, EM_PPC },
	{ KDUMP_ARCH_S390X, EM_S390 },    { KDUMP_ARCH_S390, EM_S390 },
	{ KDUMP_ARCH_IA64, EM_IA_64 },    { KDUMP_ARCH_ALPHA, EM_ALPHA },
	{ KDUMP_ARCH_MIPS, EM_MIPS },
};

static void read_machine(struct mmu_image *image, struct kdumpfile *lib)
{
	kdump_attr_value_t value;
	uint64_t width = get_number(lib, KDUMP_ATTR_PTR_SIZE, 0);

	image->elf_class = width == 8 ? ELFCLASS64 : width == 4 ? ELFCLASS32 : ELFCLASSNONE;
	image->big_endian = get_number(lib, KDUMP_ATTR_BYTE_ORDER, KDUMP_LITTLE_ENDIAN) ==
			    KDUMP_BIG_ENDIAN;
	get_name(lib, "linux.uts.release", image->release);
	get_name(lib, "linux.uts.machine", image->machine);
	if (!get_attr(lib, KDUMP_ATTR_ARCH_NAME, KDUMP_STRING, &value))
		return;
	for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++) {
		if (!strcmp(value.string, archs[i].name))
			image->elf_machine = archs[i].elf_machine;
	}
}

static struct mmu_error *read_vmcoreinfo(struct mmu_image *image, struct kdumpfile *lib)
{
	struct mmu_error *error = NULL;
	kdump_attr_value_t value;

	if (!get_attr(lib, "linux.vmcoreinfo.raw", KDUMP_BLOB, &value))
		return NULL;
	const void *data = lib->blob_pin(value.blob);
	size_t bytes = data ? lib->blob_size(value.blob) : 0;
	if (bytes && bytes <= VMCOREINFO_BYTES_MAX) {
		uint8_t *copy = mmu_image_own(image, malloc(bytes));

		if (copy) {
			memcpy(copy, data, bytes);
			mmu_image_set_vmcoreinfo(image, (struct mmu_bytes){ copy, bytes });
		} else {
			error = mmu_error_no_memory();
		}
	}
	lib->blob_unpin(value.blob);
	return error;
}

static struct mmu_error *add_ram(struct mmu_image *image, uint64_t first_pa, uint64_t last_pa)
{
	if (!mmu_list_room(&image->ram, image->nr_ram, sizeof(*image->ram)))
		return mmu_error_no_memory();
	image->ram[image->nr_ram++] = (struct mmu_pa_range){ first_pa, last_pa };
	return NULL;
}

/* The next run of set bits from *pfn on, which moves behind it. */
static bool next_run(struct kdumpfile *lib, kdump_bmp_t *map, uint64_t *pfn, uint64_t *ret_first)
{
	kdump_addr_t first = *pfn, end;

	if (lib->bmp_find_set(map, &first) != KDUMP_OK || first < *pfn)
		return false;
	end = first;
	if (lib->bmp_find_clear(map, &end) != KDUMP_OK || end <= first ||
	    end > UINT64_MAX >> lib->page_lg2)
		return false;
	*ret_first = first;
	*pfn = end;
	return true;
}

static struct mmu_error *read_ram(struct mmu_image *image, struct kdumpfile *lib)
{
	struct mmu_error *error = NULL;
	uint64_t pages = 0, pfn = 0, first;
	kdump_attr_value_t map;

	if (get_attr(lib, KDUMP_ATTR_MEMORY_PAGEMAP, KDUMP_BITMAP, &map)) {
		while (!error && image->nr_ram < RAM_RANGES_MAX &&
		       next_run(lib, map.bitmap, &pfn, &first)) {
			pages += pfn - first;
			error = add_ram(image, first << lib->page_lg2, (pfn << lib->page_lg2) - 1);
		}
		lib->knows_ram = image->nr_ram && image->nr_ram < RAM_RANGES_MAX;
	}
	if (!error && !image->nr_ram) {
		pages = get_number(lib, "max_pfn", 0);
		if (pages && pages <= UINT64_MAX >> lib->page_lg2)
			error = add_ram(image, 0, (pages << lib->page_lg2) - 1);
	}
	if (error || !get_attr(lib, KDUMP_ATTR_FILE_PAGEMAP, KDUMP_BITMAP, &map))
		return error;
	pfn = 0;
	for (size_t i = 0; i < RAM_RANGES_MAX && next_run(lib, map.bitmap, &pfn, &first); i++)
		image->present_pages += pfn - first;
	if (pages > image->present_pages)
		image->filtered_pages = pages - image->present_pages;
	return NULL;
}

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

/* The library tells the reasons for "no data" apart only by its words. */
static enum mmu_page_state state_of(struct kdumpfile *lib, kdump_status status)
{
	const char *text;

	switch (status) {
	case KDUMP_ERR_NODATA:
		text = lib->get_err(lib->ctx);
		return text && strstr(text, "xcluded") ? MMU_PAGE_FILTERED : MMU_PAGE_OUTSIDE_RAM;
	case KDUMP_ERR_EOF:
		return MMU_PAGE_TRUNCATED;
	default:
		return MMU_PAGE_UNREADABLE;
	}
}

/*
 * A page that can't be had damages the cache of 0.5.1: later reads fail or crash, in evict_prec()
 * of its cache.c. A change of its size makes a new one. It may be small: cursors have their own.
 */
static void renew_cache(struct kdumpfile *lib)
{
	kdump_attr_t size = { .type = KDUMP_NUMBER };

	lib->odd = !lib->odd;
	size.val.number = CACHE_PAGES + lib->odd;
	lib->set_attr(lib->ctx, "cache.size", &size);
}

static enum mmu_page_state read_page(struct kdumpfile *lib, uint64_t pfn, uint32_t page_bytes,
				     uint8_t *page)
{
	enum mmu_page_state state = MMU_PAGE_PRESENT;
	size_t bytes = page_bytes;

	pthread_mutex_lock(&lib->lock);
	kdump_status status = lib->read(lib->ctx, KDUMP_MACHPHYSADDR, pfn << lib->page_lg2, page,
					&bytes);
	if (status != KDUMP_OK || bytes != page_bytes) {
		state = state_of(lib, status);
		renew_cache(lib);
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
		uint8_t *page = mmu_page_cache_take(place->cache, pfn);
		enum mmu_page_state state = read_page(lib, pfn, image->page_bytes, page);

		if (state != MMU_PAGE_PRESENT) {
			mmu_page_cache_drop(place->cache);
			return (struct mmu_span){ NULL, left, state };
		}
		place->last_page = page;
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

static bool kdumpfile_probe(const struct mmu_image *image, const struct mmu_source *source)
{
	/* The library says itself what it does not know, but has no records of flattened files. */
	return !image->view.extents;
}

static struct mmu_error *read_attributes(struct mmu_image *image, struct kdumpfile *lib)
{
	uint64_t page_bytes = get_number(lib, KDUMP_ATTR_PAGE_SIZE, 4096);
	kdump_attr_value_t format;

	if (page_bytes < 4096 || page_bytes > (1u << 20) || (page_bytes & (page_bytes - 1)))
		return mmu_error_new(MMU_ERROR_FORMAT,
				     "libkdumpfile finds pages of %" PRIu64 " bytes in it",
				     page_bytes);
	image->page_bytes = (uint32_t)page_bytes;
	lib->page_lg2 = (unsigned int)__builtin_ctzll(page_bytes);
	read_machine(image, lib);
	struct mmu_error *error = read_vmcoreinfo(image, lib);
	if (!error)
		error = read_ram(image, lib);
	if (error)
		return error;
	if (!get_attr(lib, KDUMP_ATTR_FILE_FORMAT, KDUMP_STRING, &format))
		format.string = "unnamed format";
	return mmu_image_set_format(image, "%.64s, by libkdumpfile", format.string);
}

static struct mmu_error *kdumpfile_open(struct mmu_image *image, const struct mmu_source *source)
{
	struct kdumpfile *lib = calloc(1, sizeof(*lib));

	if (!lib)
		return mmu_error_no_memory();
	image->reader_data = lib;
	pthread_mutex_init(&lib->lock, NULL);
	if (!load_library(lib))
		return mmu_image_unknown(image);
	lib->ctx = lib->new ();
	if (!lib->ctx)
		return mmu_error_no_memory();
	kdump_attr_t fd = { .type = KDUMP_NUMBER, .val.number = (kdump_num_t)image->file.fd };
	kdump_status status = lib->set_attr(lib->ctx, KDUMP_ATTR_FILE_FD, &fd);
	lib->opened = status == KDUMP_OK;
	if (status == KDUMP_ERR_NOTIMPL)
		return mmu_image_unknown(image);
	if (status != KDUMP_OK)
		return mmu_error_new(MMU_ERROR_FORMAT, "libkdumpfile can't open it: %s",
				     lib->get_err(lib->ctx));
	return read_attributes(image, lib);
}

/*
 * kdump_free() of 0.5.1 uses what it has freed before, once a file was opened (valgrind: DISKDUMP
 * files). Such a context is left to exit(), in a list that keeps it from being called a leak.
 */
static struct kdumpfile *left_to_exit;

static void kdumpfile_close(struct mmu_image *image)
{
	struct kdumpfile *lib = image->reader_data;

	if (!lib)
		return;
	if (lib->opened) {
		lib->next = __atomic_exchange_n(&left_to_exit, lib, __ATOMIC_ACQ_REL);
		return;
	}
	if (lib->ctx)
		lib->free(lib->ctx);
	free(lib);
}

const struct mmu_image_reader mmu_reader_kdumpfile = {
	.name = "libkdumpfile",
	.probe = kdumpfile_probe,
	.open = kdumpfile_open,
	.span = kdumpfile_span,
	.close = kdumpfile_close,
	.start = kdumpfile_start,
	.stop = kdumpfile_stop,
};
