/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The files of a dump that makedumpfile split, held to each other: no page gets lost. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "image/kdump_parts.h"
#include "image/reader.h"

#define VMCOREINFO_BYTES_MAX 65536u

/* As a flattened file or as it is. */
static struct mmu_error *look_at(struct mmu_kdump_part *part)
{
	char signature[sizeof(MMU_KDUMP_SIGNATURE) - 1];

	part->own_view = (struct mmu_view){ .map = part->file.map, .bytes = part->file.map.count };
	struct mmu_error *error = mmu_flattened_probe(&part->file)
					  ? mmu_flattened_open(&part->file, &part->own_view)
					  : mmu_file_recognize(&part->file);
	if (error)
		return error;
	if (mmu_view_copy(&part->own_view, NULL, 0, signature, sizeof(signature)) !=
		    sizeof(signature) ||
	    memcmp(signature, MMU_KDUMP_SIGNATURE, sizeof(signature)) != 0)
		return mmu_error_new(MMU_ERROR_FORMAT, "is no kdump-compressed file, as the parts "
						       "of a split dump are");
	return mmu_kdump_header_read(&part->own_view, &part->header);
}

static struct mmu_error *open_others(const char *const *paths, struct mmu_budget *budget,
				     struct mmu_kdump_parts *parts)
{
	struct mmu_error *error = NULL;

	for (; *paths && !error; paths++) {
		struct mmu_kdump_part *part = &parts->part[parts->nr];

		error = mmu_file_open(*paths, &part->file);
		if (error)
			return error; /* it names the file */
		parts->nr++;
		part->path = part->file.path;
		mmu_budget_add_image(budget, part->file.disk_bytes);
		error = mmu_error_context(look_at(part), "%s", part->path);
	}
	return error;
}

/* Where everything lies in the part's file. */
static struct mmu_error *lay_out(struct mmu_kdump_part *part)
{
	const struct mmu_kdump_header *header = &part->header;
	uint64_t bytes = (uint64_t)header->bitmap_blocks * header->block_bytes;
	uint64_t nr_pfns = bytes / 2 * 8;

	if (bytes / 2 > MMU_KDUMP_BITMAP_BYTES_MAX)
		return mmu_error_new(MMU_ERROR_FORMAT,
				     "damaged kdump header: page bitmaps of 0x%" PRIx64 " bytes",
				     bytes / 2);
	part->bitmaps = (1 + (uint64_t)header->sub_blocks) * header->block_bytes;
	part->descriptors = part->bitmaps + bytes;
	part->end_pfn = nr_pfns;
	if (!header->split)
		return NULL;
	if (header->first_pfn > header->end_pfn || header->end_pfn > nr_pfns)
		return mmu_error_new(MMU_ERROR_FORMAT,
				     "damaged kdump header: it has page frames 0x%" PRIx64
				     " to 0x%" PRIx64 " of 0x%" PRIx64,
				     header->first_pfn, header->end_pfn, nr_pfns);
	part->first_pfn = header->first_pfn;
	part->end_pfn = header->end_pfn;
	return NULL;
}

/* Do both views hold the same from here on? What one of them lacks is not the same. */
static bool same_bytes(const struct mmu_kdump_part *one, uint64_t one_offset,
		       const struct mmu_kdump_part *other, uint64_t other_offset, uint64_t bytes)
{
	uint8_t left[4096], right[sizeof(left)];

	for (uint64_t done = 0, part; done < bytes; done += part) {
		part = bytes - done < sizeof(left) ? bytes - done : sizeof(left);
		if (mmu_view_copy(one->view, NULL, one_offset + done, left, part) != part ||
		    mmu_view_copy(other->view, NULL, other_offset + done, right, part) != part ||
		    memcmp(left, right, part) != 0)
			return false;
	}
	return true;
}

/* What tells a part from those of other dumps, if anything does; NULL: it is one of this dump. */
static const char *difference(const struct mmu_kdump_part *one, const struct mmu_kdump_part *other)
{
	const struct mmu_kdump_header *left = &one->header, *right = &other->header;
	uint64_t bytes = left->vmcoreinfo_bytes;

	if (left->big_endian != right->big_endian || left->wide != right->wide ||
	    left->packed != right->packed || left->block_bytes != right->block_bytes ||
	    left->bitmap_blocks != right->bitmap_blocks || left->max_mapnr != right->max_mapnr ||
	    left->phys_base != right->phys_base || strcmp(left->release, right->release) != 0 ||
	    strcmp(left->machine, right->machine) != 0)
		return "the headers differ";
	/* it has the time of the crash */
	if (bytes != right->vmcoreinfo_bytes ||
	    !same_bytes(one, left->vmcoreinfo_offset, other, right->vmcoreinfo_offset,
			bytes < VMCOREINFO_BYTES_MAX ? bytes : VMCOREINFO_BYTES_MAX))
		return "VMCOREINFO differs";
	return same_bytes(one, one->bitmaps, other, other->bitmaps, one->descriptors - one->bitmaps)
		       ? NULL
		       : "the page bitmaps differ";
}

static struct mmu_error *check_part(const struct mmu_kdump_part *first,
				    const struct mmu_kdump_part *part)
{
	const char *why;

	if (!part->header.split)
		return mmu_error_new(MMU_ERROR_MISMATCH,
				     "%s is a whole dump, no part of a split one", part->path);
	if (part->view->bytes < part->descriptors)
		return mmu_error_new(MMU_ERROR_FORMAT, "%s ends inside its page bitmaps",
				     part->path);
	why = part == first ? NULL : difference(first, part);
	return why ? mmu_error_new(MMU_ERROR_MISMATCH, "%s is a part of another dump than %s: %s",
				   part->path, first->path, why)
		   : NULL;
}

static int by_pfn(const void *left, const void *right)
{
	const struct mmu_kdump_part *one = left, *other = right;

	if (one->first_pfn != other->first_pfn)
		return one->first_pfn < other->first_pfn ? -1 : 1;
	return one->end_pfn < other->end_pfn ? -1 : one->end_pfn > other->end_pfn;
}

/* makedumpfile also writes parts for which no page frames were left. */
static struct mmu_error *check_order(const struct mmu_kdump_parts *parts)
{
	const struct mmu_kdump_part *before = NULL;

	for (size_t i = 0; i < parts->nr; i++) {
		const struct mmu_kdump_part *part = &parts->part[i];

		if (part->first_pfn == part->end_pfn)
			continue;
		if (before && part->first_pfn < before->end_pfn)
			return mmu_error_new(MMU_ERROR_MISMATCH,
					     "%s and %s both have page frames 0x%" PRIx64
					     " to 0x%" PRIx64 ": a part is named twice",
					     before->path, part->path, part->first_pfn,
					     (part->end_pfn < before->end_pfn ? part->end_pfn
									      : before->end_pfn) -
						     1);
		before = part;
	}
	return NULL;
}

static void set_views(const struct mmu_image *image, struct mmu_kdump_parts *parts)
{
	for (size_t i = 0; i < parts->nr; i++)
		parts->part[i].view = parts->part[i].file.path ? &parts->part[i].own_view
							       : &image->view;
}

struct mmu_error *mmu_kdump_parts_open(const struct mmu_image *image,
				       const struct mmu_source *source,
				       const struct mmu_kdump_header *header,
				       struct mmu_kdump_parts *ret)
{
	size_t count = 1;
	struct mmu_error *error = NULL;

	while (mmu_source_is_split(source) && source->parts[count - 1])
		count++;
	ret->part = calloc(count, sizeof(*ret->part));
	if (!ret->part)
		return mmu_error_no_memory();
	ret->part[0] = (struct mmu_kdump_part){ .path = image->file.path, .header = *header };
	ret->nr = 1;
	if (count > 1)
		error = open_others(source->parts, image->budget, ret);
	set_views(image, ret);
	for (size_t i = 0; i < ret->nr && !error; i++) {
		error = lay_out(&ret->part[i]);
		if (!error && count > 1)
			error = check_part(&ret->part[0], &ret->part[i]);
	}
	if (error)
		return error;
	qsort(ret->part, ret->nr, sizeof(*ret->part), by_pfn);
	set_views(image, ret);
	return check_order(ret);
}

void mmu_kdump_parts_close(struct mmu_kdump_parts *parts)
{
	for (size_t i = 0; i < parts->nr; i++) {
		if (!parts->part[i].file.path)
			continue;
		mmu_view_close(&parts->part[i].own_view);
		mmu_file_close(&parts->part[i].file);
	}
	free(parts->part);
	*parts = (struct mmu_kdump_parts){ 0 };
}

const struct mmu_kdump_part *mmu_kdump_part_of(const struct mmu_kdump_parts *parts, uint64_t pfn)
{
	size_t low = 0, high = parts->nr;

	/* the first that ends behind it */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (parts->part[middle].end_pfn <= pfn)
			low = middle + 1;
		else
			high = middle;
	}
	return low < parts->nr && parts->part[low].first_pfn <= pfn ? &parts->part[low] : NULL;
}
