/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Reads of what is only shown beside an answer. */
#include <string.h>

#include "objects/peek.h"

static void tell(const struct mmu_peek *peek, uint64_t va, uint64_t bytes)
{
	if (peek->fn && bytes)
		peek->fn(peek->context, va, bytes);
}

bool mmu_peek_object(const struct mmu_peek *peek, const struct mmu_layout *layout, uint64_t va,
		     struct mmu_copy *ret)
{
	struct mmu_error *error = mmu_object_read(peek->memory, layout, va, NULL, ret);

	mmu_error_destroy(error);
	if (!error && peek->fn)
		mmu_object_pieces(peek->memory->kernel, layout, va, peek->fn, peek->context);
	return !error;
}

bool mmu_peek_number(const struct mmu_peek *peek, uint64_t va, unsigned int bytes, uint64_t *ret)
{
	uint8_t raw[8];

	if (mmu_memory_copy(peek->memory, va, raw, bytes) < bytes)
		return false;
	tell(peek, va, bytes);
	*ret = mmu_get_uint(raw, bytes, peek->memory->kernel->big_endian);
	return true;
}

bool mmu_peek_pointer(const struct mmu_peek *peek, uint64_t va, uint64_t *ret)
{
	return mmu_peek_number(peek, va, mmu_kernel_pointer_bytes(peek->memory->kernel), ret);
}

bool mmu_peek_text(const struct mmu_peek *peek, uint64_t va, char *ret, size_t size)
{
	size_t there = mmu_memory_copy(peek->memory, va, ret, size - 1);
	size_t bytes = strnlen(ret, there);

	ret[bytes] = '\0';
	tell(peek, va, bytes < there ? bytes + 1 : there);
	return bytes < there || there == size - 1;
}
