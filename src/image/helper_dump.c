/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The helper's side: a dump that libkdumpfile has opened. */
#include <elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <libkdumpfile/kdumpfile.h>

#include "image/helper_dump.h"
#include "mmuscope/mmuscope.h"

#define CACHE_PAGES 4
#define PAGE_BYTES_MIN 4096u

static struct dump {
	kdump_ctx_t *ctx;
	uint32_t page_bytes; /* 0: none is open */
	unsigned int page_lg2;
	bool odd; /* of the size of the library's cache */
} dump;

/* Not by kdump_get_typed_attr(): its arguments are others since 0.5.6. */
static bool get_attr(const char *key, kdump_attr_type_t type, kdump_attr_value_t *ret)
{
	kdump_attr_t attr;

	if (kdump_get_attr(dump.ctx, key, &attr) != KDUMP_OK || attr.type != type)
		return false;
	*ret = attr.val;
	return true;
}

static uint64_t get_number(const char *key, uint64_t otherwise)
{
	kdump_attr_value_t value;

	return get_attr(key, KDUMP_NUMBER, &value) ? value.number : otherwise;
}

static void get_text(const char *key, char to[65])
{
	kdump_attr_value_t value;

	if (get_attr(key, KDUMP_STRING, &value))
		snprintf(to, 65, "%s", value.string);
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

static uint16_t get_machine(void)
{
	kdump_attr_value_t value;

	if (!get_attr(KDUMP_ATTR_ARCH_NAME, KDUMP_STRING, &value))
		return EM_NONE;
	for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++) {
		if (!strcmp(value.string, archs[i].name))
			return archs[i].elf_machine;
	}
	return EM_NONE;
}

static void describe(struct mmu_helper_info *info)
{
	uint64_t width = get_number(KDUMP_ATTR_PTR_SIZE, 0);
	kdump_attr_value_t value;

	*info = (struct mmu_helper_info){
		.format = "unnamed format",
		.elf_class = width == 8   ? ELFCLASS64
			     : width == 4 ? ELFCLASS32
					  : ELFCLASSNONE,
		.big_endian = get_number(KDUMP_ATTR_BYTE_ORDER, KDUMP_LITTLE_ENDIAN) ==
			      KDUMP_BIG_ENDIAN,
		.elf_machine = get_machine(),
		.page_bytes = get_number(KDUMP_ATTR_PAGE_SIZE, PAGE_BYTES_MIN),
		.max_pfn = get_number("max_pfn", 0),
		.has_ram_map = get_attr(KDUMP_ATTR_MEMORY_PAGEMAP, KDUMP_BITMAP, &value),
		.has_file_map = get_attr(KDUMP_ATTR_FILE_PAGEMAP, KDUMP_BITMAP, &value),
	};
	get_text(KDUMP_ATTR_FILE_FORMAT, info->format);
	get_text("linux.uts.release", info->release);
	get_text("linux.uts.machine", info->machine);
	if (get_attr("linux.vmcoreinfo.raw", KDUMP_BLOB, &value))
		info->vmcoreinfo_bytes = kdump_blob_size(value.blob);
}

static void open_dump(uint8_t *window, struct mmu_helper_reply *reply)
{
	kdump_attr_t fd = { .type = KDUMP_NUMBER, .val.number = MMU_HELPER_DUMP };
	struct mmu_helper_info info;

	reply->status = MMU_HELPER_FAILED;
	snprintf((char *)window, MMU_HELPER_TEXT_MAX, "no memory");
	dump.ctx = dump.ctx ? NULL : kdump_new(); /* asked twice, somebody plays with us */
	if (!dump.ctx)
		return;
	kdump_status status = kdump_set_attr(dump.ctx, KDUMP_ATTR_FILE_FD, &fd);
	if (status == KDUMP_ERR_NOTIMPL) {
		reply->status = MMU_HELPER_UNKNOWN_FILE;
		return;
	}
	if (status != KDUMP_OK) {
		const char *text = kdump_get_err(dump.ctx);

		snprintf((char *)window, MMU_HELPER_TEXT_MAX, "%s", text ? text : "no reason");
		return;
	}
	describe(&info);
	memcpy(window, &info, sizeof(info));
	/* the other side refuses what is no such size */
	if (info.page_bytes >= PAGE_BYTES_MIN && info.page_bytes <= MMU_HELPER_WINDOW_BYTES &&
	    !(info.page_bytes & (info.page_bytes - 1))) {
		dump.page_bytes = (uint32_t)info.page_bytes;
		dump.page_lg2 = (unsigned int)__builtin_ctz(dump.page_bytes);
	}
	reply->status = MMU_HELPER_DONE;
	reply->count = sizeof(info);
}

static void copy_vmcoreinfo(const struct mmu_helper_request *request, uint8_t *window,
			    struct mmu_helper_reply *reply)
{
	kdump_attr_value_t value;

	if (!get_attr("linux.vmcoreinfo.raw", KDUMP_BLOB, &value))
		return;
	const uint8_t *data = kdump_blob_pin(value.blob);
	uint64_t bytes = data ? kdump_blob_size(value.blob) : 0;
	if (request->first < bytes && request->count <= MMU_HELPER_WINDOW_BYTES) {
		uint64_t left = bytes - request->first;

		reply->count = left < request->count ? (uint32_t)left : request->count;
		memcpy(window, data + request->first, reply->count);
	}
	kdump_blob_unpin(value.blob);
}

/* The next run of set bits from *pfn on, which moves behind it. */
static bool next_run(kdump_bmp_t *map, uint64_t *pfn, uint64_t *ret_first)
{
	kdump_addr_t first = *pfn, end;

	if (kdump_bmp_find_set(map, &first) != KDUMP_OK || first < *pfn)
		return false;
	end = first;
	if (kdump_bmp_find_clear(map, &end) != KDUMP_OK || end <= first)
		return false;
	*ret_first = first;
	*pfn = end;
	return true;
}

static void list_ranges(const char *key, uint64_t pfn, uint8_t *window,
			struct mmu_helper_reply *reply)
{
	struct mmu_helper_range range;
	kdump_attr_value_t map;

	if (!get_attr(key, KDUMP_BITMAP, &map))
		return;
	while (reply->count < MMU_HELPER_RANGES_MAX &&
	       next_run(map.bitmap, &pfn, &range.first_pfn)) {
		range.last_pfn = pfn - 1;
		memcpy(window + reply->count++ * sizeof(range), &range, sizeof(range));
	}
}

/* The library tells the reasons for "no data" apart only by its words. */
static enum mmu_page_state state_of(kdump_status status)
{
	const char *text;

	switch (status) {
	case KDUMP_ERR_NODATA:
		text = kdump_get_err(dump.ctx);
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
static void renew_cache(void)
{
	kdump_attr_t size = { .type = KDUMP_NUMBER };

	dump.odd = !dump.odd;
	size.val.number = CACHE_PAGES + dump.odd;
	kdump_set_attr(dump.ctx, "cache.size", &size);
}

static void read_pages(const struct mmu_helper_request *request, uint8_t *window,
		       struct mmu_helper_reply *reply)
{
	if (!dump.page_bytes || request->count > MMU_HELPER_PAGES_MAX ||
	    request->count > MMU_HELPER_WINDOW_BYTES / dump.page_bytes ||
	    request->first > (UINT64_MAX >> dump.page_lg2) - request->count)
		return;
	for (uint32_t i = 0; i < request->count; i++) {
		size_t bytes = dump.page_bytes;
		kdump_status status = kdump_read(dump.ctx, KDUMP_MACHPHYSADDR,
						 (request->first + i) << dump.page_lg2,
						 window + (size_t)i * dump.page_bytes, &bytes);

		reply->state[i] = MMU_PAGE_PRESENT;
		if (status != KDUMP_OK || bytes != dump.page_bytes) {
			reply->state[i] = (uint8_t)state_of(status);
			renew_cache();
		}
	}
	reply->count = request->count;
}

void mmu_helper_answer(const struct mmu_helper_request *request, uint8_t *window,
		       struct mmu_helper_reply *reply)
{
	*reply = (struct mmu_helper_reply){ .protocol = MMU_HELPER_PROTOCOL };
	if (request->kind == MMU_HELPER_OPEN) {
		open_dump(window, reply);
		return;
	}
	if (!dump.ctx)
		return;
	switch (request->kind) {
	case MMU_HELPER_VMCOREINFO:
		copy_vmcoreinfo(request, window, reply);
		break;
	case MMU_HELPER_RAM:
		list_ranges(KDUMP_ATTR_MEMORY_PAGEMAP, request->first, window, reply);
		break;
	case MMU_HELPER_PRESENT:
		list_ranges(KDUMP_ATTR_FILE_PAGEMAP, request->first, window, reply);
		break;
	case MMU_HELPER_PAGES:
		read_pages(request, window, reply);
		break;
	default:
		break;
	}
}
