/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Finding VMCOREINFO in memory. */
#include <string.h>

#include "facts/scan.h"

#define PAGE_BYTES 4096u
/* The kernel's limit for the text is a page (include/linux/vmcore_info.h, VMCOREINFO_BYTES). */
#define TEXT_MAX_BYTES 4096u
/* namesz, descsz, type, "VMCOREINFO" and its padding */
#define NOTE_HEAD_BYTES 24u
/* In bytes read, for the budget: a text that is held to memory, and pages that are not there. */
#define TEXT_COST 65536u
#define MISSING_COST 64u
#define WHAT "the search for VMCOREINFO in memory"

static const char first_line[] = "OSRELEASE=";

/* The length of a text if it has the lines that every VMCOREINFO has, else 0. */
static size_t text_bytes(const uint8_t *at, size_t room)
{
	static const char *const needed[] = { "\nPAGESIZE=", "\nSYMBOL(init_uts_ns)=",
					      "\nSYMBOL(swapper_pg_dir)=" };
	size_t bytes = strnlen((const char *)at, room < TEXT_MAX_BYTES ? room : TEXT_MAX_BYTES);

	if (bytes < sizeof(first_line) || memcmp(at, first_line, sizeof(first_line) - 1) != 0)
		return 0;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!memmem(at, bytes, needed[i], strlen(needed[i])))
			return 0;
	return bytes;
}

/* The text at `at`, bare or behind the head of a note. */
static size_t find_text(const uint8_t *at, size_t room, bool big_endian, const uint8_t **ret)
{
	static const char name[12] = "VMCOREINFO";

	*ret = at;
	if (room > NOTE_HEAD_BYTES && mmu_get_u32(at, big_endian) == 11 &&
	    mmu_get_u32(at + 8, big_endian) == 0 && memcmp(at + 12, name, sizeof(name)) == 0) {
		*ret = at + NOTE_HEAD_BYTES;
		room -= NOTE_HEAD_BYTES;
	}
	return text_bytes(*ret, room);
}

/* One page, and the next one, into which a text can run. */
static bool scan_page(struct mmu_cursor *cursor, uint64_t pa, struct mmu_span span, mmu_scan_fn fn,
		      void *context)
{
	uint8_t copy[2 * PAGE_BYTES];
	const uint8_t *text;
	uint64_t stop_pa = pa;

	if (span.state != MMU_PAGE_PRESENT || span.bytes < NOTE_HEAD_BYTES ||
	    (span.data[0] != first_line[0] && memcmp(span.data + 12, "VMCOREINFO", 10) != 0))
		return false;
	size_t have = sizeof(copy);
	if (mmu_image_read(cursor, pa, copy, have, &stop_pa) != MMU_PAGE_PRESENT)
		have = stop_pa - pa;
	size_t bytes = find_text(copy, have, cursor->image->big_endian, &text);

	return bytes && mmu_image_spend(cursor->image, TEXT_COST, WHAT) &&
	       fn(context, (struct mmu_bytes){ text, bytes });
}

static bool spend(const struct mmu_image *image, struct mmu_span span)
{
	return mmu_image_spend(image, span.state == MMU_PAGE_PRESENT ? PAGE_BYTES : MISSING_COST,
			       WHAT);
}

/* @return how far to go on from an address */
static uint64_t step_bytes(struct mmu_span span)
{
	if (span.state == MMU_PAGE_PRESENT || span.bytes <= PAGE_BYTES)
		return PAGE_BYTES;
	return span.bytes & ~(uint64_t)(PAGE_BYTES - 1);
}

bool mmu_scan_vmcoreinfo(struct mmu_cursor *cursor, struct mmu_hook_latch *latch, mmu_scan_fn fn,
			 void *context)
{
	const struct mmu_image *image = cursor->image;

	/*
	 * Both copies begin at a page: vmcoreinfo_data always, the note since 4.14, where it became
	 * an allocation of its own.
	 */
	mmu_error_destroy(mmu_image_survey(image)); /* without memory we find nothing */
	for (size_t i = 0; i < image->nr_ram; i++) {
		uint64_t pa = (image->ram[i].first_pa + PAGE_BYTES - 1) &
			      ~(uint64_t)(PAGE_BYTES - 1);
		uint64_t step, last_pa = image->ram[i].last_pa;

		if (pa < image->ram[i].first_pa) /* a part of the last page below 2^64 */
			continue;
		for (; pa <= last_pa; pa += step) {
			struct mmu_span span = mmu_image_span(cursor, pa);

			step = step_bytes(span);
			if (mmu_hook_latched(latch) || !spend(image, span))
				return false;
			if (scan_page(cursor, pa, span, fn, context))
				return true;
			if (last_pa - pa < step) /* and pa + step may be beyond 2^64 */
				break;
		}
	}
	return false;
}
