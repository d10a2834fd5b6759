/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file ELF cores that can't be mapped: above all /proc/kcore, the running kernel's memory. */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "image/elfcore.h"
#include "image/layout.h"
#include "image/reader.h"

/* /proc/kcore has its headers and notes, a few KiB, in front of everything. */
#define HEAD_BYTES_MAX ((size_t)1 << 20)
/* One read(2) of memory that changes: pages are what the kernel hands out without a pause. */
#define CHUNK_BYTES ((uint64_t)4096)

struct kcore {
	struct mmu_extent *extents; /* kind is a page state, at a file offset */
	size_t nr;
};

static bool kcore_probe(const struct mmu_image *image, const struct mmu_source *source)
{
	return image->file.map_error; /* how it can be read decides, not what is in it */
}

/* What can be read of the file's head. */
static struct mmu_error *read_head(struct mmu_image *image)
{
	uint8_t *head = mmu_image_own(image, malloc(HEAD_BYTES_MAX));
	size_t have = 0;

	if (!head)
		return mmu_error_no_memory();
	while (have < HEAD_BYTES_MAX) {
		ssize_t count = mmu_file_read(&image->file, head + have, HEAD_BYTES_MAX - have,
					      have);

		if (count < 0 && !have)
			return mmu_error_os(errno, "can't be read");
		if (count <= 0)
			break;
		have += (size_t)count;
	}
	if (have < SELFMAG || memcmp(head, ELFMAG, SELFMAG) != 0)
		return mmu_error_new(MMU_ERROR_FORMAT,
				     "can't be mapped (%s), and is no ELF core that could be read "
				     "in pieces",
				     strerror(image->file.map_error));
	image->view = (struct mmu_view){ .map = { head, have }, .bytes = have };
	return NULL;
}

/* The headers' memory, and in image->ram and the page counts what they say of it. */
static struct mmu_error *make_extents(struct mmu_image *image, struct kcore *kcore,
				      const struct mmu_elf_segment *segments, size_t nr_segments)
{
	struct mmu_layout layout = { 0 };
	struct mmu_error *error;

	kcore->extents = calloc(nr_segments + 1, 3 * sizeof(*kcore->extents));
	if (!kcore->extents)
		return mmu_error_no_memory();
	kcore->nr = mmu_elf_extents(segments, nr_segments, UINT64_MAX, kcore->extents);
	error = mmu_extents_resolve(&kcore->extents, &kcore->nr);
	for (size_t i = 0; i < kcore->nr && !error; i++)
		error = mmu_layout_add(&layout, kcore->extents[i].first, kcore->extents[i].last,
				       NULL, (enum mmu_page_state)kcore->extents[i].kind);
	if (!error)
		error = mmu_layout_complete(&layout, image);
	free(layout.pieces);
	return error;
}

/* By any path: only /proc/kcore carries the task_struct of the task that reads it. */
static bool is_live(const struct mmu_image *image)
{
	if (strcmp(image->file.path, MMU_KCORE_PATH) == 0)
		return image->file.procfs;
	for (size_t i = 0; i < image->nr_notes; i++)
		if (image->notes[i].type == NT_TASKSTRUCT &&
		    strcmp(image->notes[i].name, "CORE") == 0)
			return image->file.procfs;
	return false;
}

static struct mmu_error *open_segments(struct mmu_image *image, struct kcore *kcore)
{
	struct mmu_elf_segment *segments MMU_FREE = NULL;
	size_t nr;
	struct mmu_error *error = mmu_elf_read_headers(image, &segments, &nr);

	if (error)
		return error;
	image->live = is_live(image);
	if (!nr)
		return mmu_error_new(MMU_ERROR_UNSUPPORTED, "shows no RAM: none of its segments "
							    "has a physical address");
	if (mmu_elf_without_addresses(segments, nr))
		return mmu_error_new(MMU_ERROR_UNSUPPORTED,
				     "gives no physical addresses: they are all 0%s",
				     /* 464920104bf7 */
				     image->live ? ", as in kernels before 4.11" : "");
	return make_extents(image, kcore, segments, nr);
}

static struct mmu_error *kcore_open(struct mmu_image *image, const struct mmu_source *source)
{
	struct kcore *kcore = calloc(1, sizeof(*kcore));

	if (!kcore)
		return mmu_error_no_memory();
	image->reader_data = kcore;
	struct mmu_error *error = read_head(image);
	if (!error)
		error = open_segments(image, kcore);
	if (error)
		return error;
	image->view = (struct mmu_view){ 0 }; /* the head was no view of the file */
	image->page_bytes = mmu_image_vmcoreinfo_page_bytes(image);
	if (image->live && image->elf_class == ELFCLASS32)
		mmu_image_warn(image, "a 32-bit kernel shows only its low memory: page tables "
				      "and pages in high memory are outside of it");
	return mmu_image_set_format(image, "%s, %d bits",
				    image->live ? "live /proc/kcore" : "ELF core, not mapped",
				    image->elf_class == ELFCLASS64 ? 64 : 32);
}

static struct mmu_span kcore_span(const struct mmu_image *image, struct mmu_cursor *cursor,
				  uint64_t pa)
{
	const struct kcore *kcore = image->reader_data;
	size_t i = mmu_extents_find(kcore->extents, kcore->nr, pa);
	const struct mmu_extent *extent = &kcore->extents[i];

	if (i == kcore->nr || pa < extent->first) {
		uint64_t last = i == kcore->nr ? UINT64_MAX : extent->first - 1, behind = last - pa;

		return (struct mmu_span){ NULL, behind + (behind != UINT64_MAX),
					  MMU_PAGE_OUTSIDE_RAM };
	}
	uint64_t behind = extent->last - pa, bytes = behind + (behind != UINT64_MAX);
	if (extent->kind != MMU_PAGE_PRESENT)
		return (struct mmu_span){ NULL, bytes, (enum mmu_page_state)extent->kind };
	uint64_t room = CHUNK_BYTES - (pa & (CHUNK_BYTES - 1));
	if (bytes > room)
		bytes = room;
	uint8_t *chunk = mmu_cursor_state(cursor);
	ssize_t count = chunk ? mmu_file_read(&image->file, chunk, bytes,
					      extent->at + (pa - extent->first))
			      : -1;
	if (count <= 0)
		return (struct mmu_span){ NULL, bytes, MMU_PAGE_UNREADABLE };
	return (struct mmu_span){ chunk, (uint64_t)count, MMU_PAGE_PRESENT };
}

/* The bytes of the last span; never used again: memory changes. */
static void *kcore_start(const struct mmu_image *image)
{
	return malloc(CHUNK_BYTES);
}

static void kcore_close(struct mmu_image *image)
{
	struct kcore *kcore = image->reader_data;

	if (!kcore)
		return;
	free(kcore->extents);
	free(kcore);
}

const struct mmu_image_reader mmu_reader_kcore = {
	.name = "kcore",
	.probe = kcore_probe,
	.open = kcore_open,
	.span = kcore_span,
	.close = kcore_close,
	.start = kcore_start,
	.stop = free,
};
