/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Which rows of a map are wanted. */
#include <stdlib.h>
#include <string.h>

#include "maps.h"

bool maps_filter_rights(struct maps_filter *filter, const char *text)
{
	static const char letters[] = "rwxXu"; /* in the order of the bits */
	uint8_t with = 0, without = 0;

	for (; *text; text++) {
		bool absent = *text == '-';

		text += absent;
		const char *letter = *text ? strchr(letters, *text) : NULL;
		if (!letter)
			return false;
		*(absent ? &without : &with) |= (uint8_t)(1u << (letter - letters));
	}
	filter->with |= with;
	filter->without |= without;
	return with | without;
}

const char *maps_filter_results(struct maps_filter *filter, const char *text)
{
	static char word[32];

	do {
		size_t bytes = strcspn(text, ",");
		const char *name;
		bool found = false;

		snprintf(word, sizeof(word), "%.*s", (int)bytes, text);
		for (unsigned int i = 0; (name = mmu_result_name((enum mmu_result)i)); i++)
			if (strcmp(name, word) == 0) {
				filter->results |= UINT32_C(1) << i;
				found = true;
			}
		if (!found)
			return word;
		text += bytes;
	} while (*text++ == ',');
	return NULL;
}

bool maps_filter_page_size(struct maps_filter *filter, const char *text)
{
	return tool_bytes(text, &filter->page_bytes) && filter->page_bytes;
}

bool maps_filter_wants(const struct maps_filter *filter, const struct mmu_map_row *row)
{
	const struct mmu_range *range = &row->range;

	if (filter->results && !(filter->results >> range->result & 1))
		return false;
	if (filter->page_bytes && (!range->has_pa || range->page_bytes != filter->page_bytes))
		return false;
	/* where no page is, none lacks a right */
	if ((filter->with | filter->without) && !range->has_pa)
		return false;
	return (range->rights & filter->with) == filter->with && !(range->rights & filter->without);
}

bool maps_filter_wants_area(const struct maps_filter *filter, const struct mmu_vma_info *vma,
			    const struct mmu_region *region)
{
	if (!filter->vma)
		return true;
	return strstr(vma ? tool_vma_name(vma) : region->name, filter->vma);
}
