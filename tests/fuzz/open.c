/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Opening images: every reader of ours, its pages and its notes.
 *
 * The first byte says how the rest is opened, see enum how.
 */
#include <elf.h>
#include <string.h>

#include "base/bytes.h"
#include "fuzz/files.h"
#include "fuzz/fuzz.h"
#include "fuzz/image_mutator.h"
#include "image/image.h"
#include "support/build_image.h"

enum how {
	HOW_FILE,
	HOW_UNMAPPED, /* as /proc/kcore: read in pieces */
	HOW_SPLIT,    /* a number of 2 bytes is the size of the first file; the second follows */
	HOW_RAW,      /* a range: its first address and its offset in the file */
	HOW_MODULO,
};

#define RANGES_MAX 64u
#define SPANS_MAX 24u
#define NOTES_MAX 64u

/* ------------------------------------------------------------------ what must hold */

static uint64_t sum; /* what is read must be read */

static void touch(const void *data, size_t bytes)
{
	const uint8_t *at = data;

	for (size_t i = 0; i < bytes; i++)
		sum += at[i];
}

static void look_at_page(struct mmu_cursor *cursor, uint64_t pa)
{
	static uint8_t one[4096], other[4096];
	enum mmu_page_state state = mmu_image_state(cursor, pa);
	struct mmu_span span = mmu_image_span(cursor, pa);
	uint64_t one_stop = 0, other_stop = 0;

	FUZZ_CHECK(span.bytes);
	FUZZ_CHECK(span.bytes - 1 <= UINT64_MAX - pa);
	FUZZ_CHECK(!span.data == (span.state != MMU_PAGE_PRESENT));
	FUZZ_CHECK(span.state == state ||
		   (state == MMU_PAGE_PRESENT && span.state == MMU_PAGE_UNREADABLE));
	size_t bytes = span.bytes < sizeof(one) ? span.bytes : sizeof(one);
	if (!span.data)
		return;
	touch(span.data, bytes);
	memcpy(other, span.data, bytes);
	enum mmu_page_state read = mmu_image_read(cursor, pa, one, sizeof(one), &one_stop);
	FUZZ_CHECK(memcmp(one, other, bytes) == 0);
	enum mmu_page_state picked = mmu_image_pick(cursor, pa, other, sizeof(other), &other_stop);
	FUZZ_CHECK(read == picked);
	if (read != MMU_PAGE_PRESENT)
		FUZZ_CHECK(one_stop == other_stop);
	else
		FUZZ_CHECK(memcmp(one, other, sizeof(one)) == 0);
}

static void look_at_pages(struct mmu_image *image)
{
	uint64_t end_pa = 0;
	struct mmu_cursor cursor;

	mmu_cursor_init(&cursor, image);
	look_at_page(&cursor, 0);
	look_at_page(&cursor, UINT64_MAX);
	for (size_t i = 0; i < image->nr_ram; i++) {
		struct mmu_pa_range range = image->ram[i];

		FUZZ_CHECK(range.first_pa <= range.last_pa);
		FUZZ_CHECK(!i || range.first_pa > end_pa);
		end_pa = range.last_pa;
		if (i >= RANGES_MAX)
			continue;
		look_at_page(&cursor, range.last_pa);
		look_at_page(&cursor, range.last_pa + 1);
		uint64_t pa = range.first_pa;
		for (unsigned int n = 0; n < SPANS_MAX; n++) {
			look_at_page(&cursor, pa);
			uint64_t bytes = mmu_image_span(&cursor, pa).bytes;
			if (bytes > range.last_pa - pa)
				break;
			pa += bytes;
		}
	}
	mmu_cursor_destroy(&cursor);
}

static void look_at_image(struct mmu_image *image)
{
	FUZZ_CHECK(image->format && image->reader && image->page_bytes);
	touch(image->format, strlen(image->format));
	touch(image->vmcoreinfo.data, image->vmcoreinfo.count);
	for (size_t i = 0; i < image->nr_notes && i < NOTES_MAX; i++) {
		touch(image->notes[i].name, strlen(image->notes[i].name));
		touch(image->notes[i].desc.data, image->notes[i].desc.count);
	}
	if (image->warning)
		FUZZ_CHECK(!strchr(image->warning, '\n'));
	struct mmu_error *error = mmu_image_survey(image);
	FUZZ_CHECK(!error);
	look_at_pages(image);
}

static void open_source(const struct mmu_source *source)
{
	struct mmu_image *image = NULL;
	struct mmu_error *error = mmu_image_open(source, &image);

	if (!error) {
		look_at_image(image);
		mmu_image_close(image);
		return;
	}
	FUZZ_CHECK(!image && !strchr(mmu_error_message(error), '\n'));
	mmu_error_destroy(error);
}

/* ------------------------------------------------------------------ the target */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input input = { data, bytes };
	enum how how = (enum how)(fuzz_take(&input, 1) % HOW_MODULO);
	const char *parts[] = { "second", NULL };
	struct mmu_source source = { .path = "image" };

	if (how == HOW_SPLIT) {
		size_t first = fuzz_take(&input, 2);

		first = first < input.bytes ? first : input.bytes;
		files_put("second", input.data + first, input.bytes - first, false);
		input.bytes = first;
		source.parts = parts;
	}
	struct mmu_raw_range range = { .size = sizeof(range) };
	if (how == HOW_RAW) {
		range.first_pa = fuzz_take(&input, 8);
		range.file_offset = fuzz_take(&input, 4);
		source.raw = &range;
		source.nr_raw = 1;
	}
	files_put("image", input.data, input.bytes, how == HOW_UNMAPPED);
	open_source(&source);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t max, unsigned int seed)
{
	struct fuzz_random random = { seed * UINT64_C(0x9e3779b97f4a7c15) };

	if (bytes < 4 || !fuzz_below(&random, 4))
		return LLVMFuzzerMutate(data, bytes, max);
	size_t skip = data[0] % HOW_MODULO == HOW_SPLIT ? 3
		      : data[0] % HOW_MODULO == HOW_RAW ? 13
							: 1;
	if (skip == 3 && fuzz_below(&random, 2))
		skip += fuzz_get(data, bytes, 1, 2, false);
	if (skip < bytes)
		for (uint64_t n = 1 + fuzz_below(&random, 3); n; n--)
			image_mutate(&random, data + skip, bytes - skip);
	return bytes;
}

/* ------------------------------------------------------------------ seeds */

#define VMCOREINFO "OSRELEASE=6.1.0-test\nPAGESIZE=4096\n"

static fuzz_seed_fn take_seed;

static void seed(const char *name, enum how how, const struct build_buffer *buffer)
{
	struct build_buffer whole = { 0 };

	build_put_uint(&whole, 0, 1, false, how);
	build_put(&whole, 1, buffer->data, buffer->bytes);
	take_seed(name, whole.data, whole.bytes);
	free(whole.data);
}

/* As it is, and flattened. */
static void seed_both(const char *name, struct build_buffer *buffer)
{
	struct build_buffer flat = { 0 };
	char text[64];

	seed(name, HOW_FILE, buffer);
	build_flattened(&flat, buffer, 3000, true, true);
	snprintf(text, sizeof(text), "%s-flat", name);
	seed(text, HOW_FILE, &flat);
	free(flat.data);
	free(buffer->data);
	*buffer = (struct build_buffer){ 0 };
}

static void seed_elf(void)
{
	static const struct build_segment segments[] = { { 0x1000, 0x2000, 0x2000, 0 },
							 { 0x100000, 0x800, 0x1800, 1 },
							 { 0x101000, 0x400, 0x400, 2 } };
	static const char *const names[] = { "elf32", "elf64", "elf32-big", "elf64-big" };

	for (unsigned int i = 0; i < 4; i++) {
		struct build_buffer buffer = { 0 };

		build_elf(&buffer, &(struct build_elf){ .wide = i % 2,
							.big = i >= 2,
							.machine = i % 2 ? EM_X86_64 : EM_ARM,
							.extended = i == 1,
							.cut32 = i == 0,
							.vmcoreinfo = VMCOREINFO,
							.segments = segments,
							.nr_segments = 3,
							.nr_empty = i });
		if (i < 2)
			seed(i ? "kcore64" : "kcore32", HOW_UNMAPPED, &buffer);
		seed_both(names[i], &buffer);
	}
}

static const struct build_kdump kdump = {
	.width = BUILD_64,
	.version = 6,
	.block_bytes = 4096,
	.first_pa = 0x3000,
	.machine = "x86_64",
	.vmcoreinfo = VMCOREINFO,
	.notes = true,
	.pages = "pf.zt",
};

static void seed_kdump(void)
{
	static const uint32_t packings[] = { 0, 1,
#ifdef MMU_HAVE_LZO
					     2,
#endif
#ifdef MMU_HAVE_SNAPPY
					     4,
#endif
#ifdef MMU_HAVE_ZSTD
					     0x20
#endif
	};
	struct build_buffer buffer = { 0 };
	char name[32];

	for (size_t i = 0; i < sizeof(packings) / sizeof(packings[0]); i++) {
		struct build_kdump one = kdump;

		one.packing = packings[i];
		one.width = (enum build_width)(i % 4);
		one.big = i == 3;
		build_kdump(&buffer, &one);
		snprintf(name, sizeof(name), "kdump-%zu", i);
		seed_both(name, &buffer);
	}
	/* two parts, each with some of the pages */
	struct build_kdump part = kdump;
	struct build_buffer split = { 0 };
	part.split = 1;
	part.packing = 1;
	part.end_page = 2;
	build_kdump(&buffer, &part);
	build_put_uint(&split, 0, 2, false, buffer.bytes);
	build_put(&split, 2, buffer.data, buffer.bytes);
	free(buffer.data);
	buffer = (struct build_buffer){ 0 };
	part.first_page = 2;
	part.end_page = 5;
	build_kdump(&buffer, &part);
	build_put(&split, split.bytes, buffer.data, buffer.bytes);
	seed("split", HOW_SPLIT, &split);
	free(split.data);
	free(buffer.data);
}

static void seed_ranges(void)
{
	struct build_buffer buffer = { 0 };

	build_lime_header(&buffer, "EMiL", 1, false, 0x1000, 0x1fff);
	build_memory(&buffer, 0x1000, 0x1000);
	build_lime_header(&buffer, "EMiL", 1, false, 0x5000, 0x5fff);
	build_memory(&buffer, 0x5000, 0x1000);
	seed_both("lime", &buffer);
	build_lime_header(&buffer, "LMVA", 1, false, 0x1000, 0x1fff);
	build_memory(&buffer, 0x1000, 0x1000);
#ifdef MMU_HAVE_SNAPPY
	for (unsigned int i = 0; i < 2; i++) {
		uint64_t first_pa = 0x2000 + i * UINT64_C(0x4000);
		size_t data = build_avml_start(&buffer, first_pa, 0x2000);

		build_chunk(&buffer, true, first_pa, 0x1000);
		build_chunk(&buffer, i, first_pa + 0x1000, 0x1000);
		build_avml_end(&buffer, data);
	}
#endif
	seed("avml", HOW_FILE, &buffer);
	free(buffer.data);
	struct build_buffer raw = { 0 };
	build_put_uint(&raw, 0, 8, false, 0x40000000);
	build_put_uint(&raw, 8, 4, false, 0x800);
	build_memory(&raw, 0, 0x2000);
	seed("raw", HOW_RAW, &raw);
	free(raw.data);
}

void fuzz_seeds(fuzz_seed_fn take)
{
	take_seed = take;
	seed_elf();
	seed_kdump();
	seed_ranges();
}
