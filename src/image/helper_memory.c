/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * The helper's own malloc(): each block ends at a page that can't be touched, and one that was
 * freed is gone. What libkdumpfile writes behind a buffer, or to one that it has freed, ends the
 * helper, where it would silently damage what else is on the heap. The library asks for some
 * hundred blocks for a dump.
 */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/instrumented.h"

#if !MMU_INSTRUMENTED /* a sanitizer has its own, which sees more */

#define MAGIC ((uintptr_t)0x6d6d7502)

/* Stands right before the block, and is as long as malloc() must align. */
struct head {
	_Alignas(max_align_t) size_t bytes;
	void *map;
	size_t map_bytes;
	uintptr_t check;
};

static void *new_block(size_t align, size_t bytes)
{
	const size_t page_bytes = (size_t)getpagesize();
	size_t slack = sizeof(struct head) + align + page_bytes;

	if (align > page_bytes || bytes > SIZE_MAX / 2)
		goto no_memory;
	size_t inside = (bytes + slack - 1) / page_bytes * page_bytes;
	uint8_t *map = mmap(NULL, inside + page_bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		goto no_memory;
	if (mprotect(map + inside, page_bytes, PROT_NONE) < 0) {
		munmap(map, inside + page_bytes);
		goto no_memory;
	}
	uint8_t *block = map + (inside - bytes) / align * align;

	((struct head *)(void *)block)[-1] = (struct head){
		.bytes = bytes,
		.map = map,
		.map_bytes = inside + page_bytes,
		.check = (uintptr_t)block ^ MAGIC,
	};
	return block;

no_memory:
	errno = ENOMEM;
	return NULL;
}

static struct head *head_of(void *block)
{
	struct head *head = &((struct head *)block)[-1];

	if (head->check != ((uintptr_t)block ^ MAGIC))
		__builtin_trap(); /* abort() makes calls that are forbidden here */
	return head;
}

#pragma GCC visibility push(default) /* libraries take these for the C library's */

void *malloc(size_t bytes)
{
	return new_block(_Alignof(max_align_t), bytes);
}

void *calloc(size_t count, size_t bytes)
{
	size_t whole;

	if (__builtin_mul_overflow(count, bytes, &whole))
		whole = SIZE_MAX;
	return new_block(_Alignof(max_align_t), whole); /* new mappings are zero */
}

void free(void *block)
{
	if (block) {
		const struct head *head = head_of(block);

		munmap(head->map, head->map_bytes);
	}
}

void *realloc(void *old, size_t bytes)
{
	if (old && !bytes) {
		free(old);
		return NULL;
	}
	void *block = new_block(_Alignof(max_align_t), bytes);

	if (block && old) {
		size_t had = head_of(old)->bytes;

		memcpy(block, old, had < bytes ? had : bytes);
		free(old);
	}
	return block;
}

void *reallocarray(void *old, size_t count, size_t bytes)
{
	size_t whole;

	if (__builtin_mul_overflow(count, bytes, &whole)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(old, whole);
}

static size_t at_least_usual(size_t align)
{
	return align < _Alignof(max_align_t) ? _Alignof(max_align_t) : align;
}

void *memalign(size_t align, size_t bytes)
{
	return new_block(at_least_usual(align), bytes);
}

void *aligned_alloc(size_t align, size_t bytes)
{
	return memalign(align, bytes);
}

int posix_memalign(void **ret, size_t align, size_t bytes)
{
	void *block = memalign(align, bytes);

	if (!block)
		return ENOMEM;
	*ret = block;
	return 0;
}

#pragma GCC visibility pop
#endif
