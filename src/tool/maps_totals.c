/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What a map adds up to: how much is there, in which pages, with which rights. */
#include <inttypes.h>
#include <string.h>

#include "maps.h"

static void add_size(struct maps_totals *totals, uint64_t page_bytes, uint64_t pages)
{
	size_t at = 0;

	while (at < totals->nr_sizes && totals->sizes[at].page_bytes < page_bytes)
		at++;
	if (at == totals->nr_sizes || totals->sizes[at].page_bytes != page_bytes) {
		if (totals->nr_sizes == MAPS_SIZES)
			return;
		memmove(&totals->sizes[at + 1], &totals->sizes[at],
			(totals->nr_sizes - at) * sizeof(totals->sizes[0]));
		totals->sizes[at] = (struct maps_size){ .page_bytes = page_bytes };
		totals->nr_sizes++;
	}
	totals->sizes[at].pages += pages;
}

void maps_totals_add(struct maps_totals *totals, const struct mmu_map_row *row)
{
	const struct mmu_range *range = &row->range;
	/* all of 2^64 is no sum, but nothing but a hole is so large */
	uint64_t bytes = range->last_va - range->first_va + 1;
	bool new_vma = row->vma && (!totals->vmas || totals->last_vma_va != row->vma->first_va);

	if (range->result < MAPS_RESULTS) {
		totals->bytes[range->result] += bytes;
		totals->pages[range->result] += row->pages;
	}
	if (range->result == MMU_RESULT_EMPTY && row->next < MAPS_NEXTS)
		totals->next_bytes[row->next] += bytes;
	if (range->result == MMU_RESULT_MAPPED) {
		totals->rights_bytes[range->rights & MMU_RIGHTS_ALL] += bytes;
		add_size(totals, range->page_bytes, row->pages);
	}
	if (!new_vma)
		return;
	totals->vmas++;
	totals->vma_bytes += row->vma->last_va - row->vma->first_va + 1;
	totals->last_vma_va = row->vma->first_va;
}

/* "3.0 GiB": what people compare. Up to four calls can be alive. */
static const char *about(uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	static _Thread_local char texts[4][32];
	static _Thread_local unsigned int next;
	char *ret = texts[next++ % 4];
	unsigned int unit = 0;
	double value = (double)bytes / 1024;

	for (; value >= 1024 && unit < 5; unit++)
		value /= 1024;
	snprintf(ret, sizeof(texts[0]), value == (double)(uint64_t)value ? "%.0f %s" : "%.1f %s",
		 value, units[unit]);
	return ret;
}

static void mapped_text(const struct maps_totals *totals)
{
	const char *before = ": ";
	uint64_t pages = totals->pages[MMU_RESULT_MAPPED];
	char rights[6];

	tool_label("mapped");
	printf("%s, %" PRIu64 " page%s", about(totals->bytes[MMU_RESULT_MAPPED]), pages,
	       pages == 1 ? "" : "s");
	for (size_t i = 0; i < totals->nr_sizes; i++) {
		printf("%s%" PRIu64 " of %s", before, totals->sizes[i].pages,
		       tool_size(totals->sizes[i].page_bytes));
		before = ", ";
	}
	printf("\n");
	before = "";
	if (!pages)
		return;
	tool_label("rights");
	for (unsigned int i = 0; i <= MMU_RIGHTS_ALL; i++)
		if (totals->rights_bytes[i]) {
			printf("%s%s %s", before, mmu_rights_text((uint8_t)i, rights),
			       about(totals->rights_bytes[i]));
			before = ", ";
		}
	printf("\n");
}

static void holes_text(const struct maps_totals *totals)
{
	static const struct {
		enum mmu_next next;
		const char *text;
	} kinds[] = {
		{ MMU_NEXT_ZERO, "page of zeros" },
		{ MMU_NEXT_FILE, "page of a file" },
		{ MMU_NEXT_DRIVER, "what a driver or the kernel puts there" },
		{ MMU_NEXT_USERFAULTFD, "userfaultfd" },
		{ MMU_NEXT_SIGSEGV, "SIGSEGV" },
	};
	uint64_t bytes = 0;
	const char *before = " (the next access brings: ";

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		bytes += totals->next_bytes[kinds[i].next];
	if (!bytes)
		return;
	tool_label("not there");
	printf("%s", about(bytes));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		uint64_t part = totals->next_bytes[kinds[i].next];

		if (!part)
			continue;
		printf("%s%s %s", before, kinds[i].text, about(part));
		before = ", ";
	}
	printf(")\n");
}

void maps_totals_text(const struct maps_totals *totals)
{
	if (totals->vmas)
		tool_row("VMAs", "%" PRIu64 ", %s", totals->vmas, about(totals->vma_bytes));
	mapped_text(totals);
	holes_text(totals);
	for (unsigned int i = 0; i < MAPS_RESULTS; i++) {
		const char *name = totals->bytes[i] ? mmu_result_name((enum mmu_result)i) : NULL;

		if (!name || i == MMU_RESULT_MAPPED || i == MMU_RESULT_EMPTY)
			continue;
		if (i >= MMU_RESULT_FILTERED && i <= MMU_RESULT_UNREADABLE)
			tool_row(name, "%s, of which the tables can't be read",
				 about(totals->bytes[i]));
		else
			tool_row(name, "%s, %" PRIu64 " page%s", about(totals->bytes[i]),
				 totals->pages[i], totals->pages[i] == 1 ? "" : "s");
	}
}
