/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Structs that begin with their size. */
#include <string.h>

#include "base/sized.h"

/* No struct of this or of any later version is larger: what is, was not set. */
#define SIZE_MAX_BYTES 4096u

static bool is_zero(const uint8_t *at, const uint8_t *end)
{
	while (at < end && !*at)
		at++;
	return at == end;
}

struct mmu_error *mmu_sized_take(const void *from, void *ret, size_t bytes, const char *name)
{
	size_t size = 0;

	if (from) {
		memcpy(&size, from, sizeof(size));
		if (size < sizeof(size) || size > SIZE_MAX_BYTES)
			return mmu_error_new(MMU_ERROR_INVALID,
					     "%s: its size is not set (%zu bytes)", name, size);
		if (size > bytes &&
		    !is_zero((const uint8_t *)from + bytes, (const uint8_t *)from + size))
			return mmu_error_new(MMU_ERROR_INVALID,
					     "%s: asks for something that this version of the "
					     "library does not know",
					     name);
	}
	memset(ret, 0, bytes);
	if (from)
		memcpy(ret, from, size < bytes ? size : bytes);
	memcpy(ret, &bytes, sizeof(bytes));
	return NULL;
}
