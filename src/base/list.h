/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Lists that grow. */
#ifndef MMU_BASE_LIST_H
#define MMU_BASE_LIST_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/**
 * Make room for one element more.
 * @param items  pointer to a pointer to the first element, NULL at first
 * @param nr     elements in use; room is doubled when that is 0 or a power of two
 * @return false: no memory; the list stays as it is
 */
static inline bool mmu_list_room(void *items, size_t nr, size_t element_bytes)
{
	void *list;

	if (nr & (nr - 1))
		return true;
	memcpy(&list, items, sizeof(list));
	list = reallocarray(list, nr ? 2 * nr : 1, element_bytes);
	if (!list)
		return false;
	memcpy(items, &list, sizeof(list));
	return true;
}

#endif
