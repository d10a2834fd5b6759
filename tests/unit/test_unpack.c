/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Packed pages that change while they are unpacked: never more than a page comes out. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "image/unpack.h"
#include "support/image_checks.h"

#define PAGE 4096u
#define LONG_PAGE 65536u
#define ROUNDS 8000u
#define PACKED_MAX 8192u

struct change {
	uint8_t *place; /* what is unpacked */
	uint8_t good[PACKED_MAX], bad[PACKED_MAX];
	size_t bytes, changing;
	bool end;
};

/* As a file that another process writes: a page's data, data of much more, and again. */
static void *keep_changing(void *context)
{
	struct change *change = context;

	while (!__atomic_load_n(&change->end, __ATOMIC_RELAXED)) {
		memcpy(change->place, change->bad, change->changing);
		__asm__ volatile("" ::: "memory");
		memcpy(change->place, change->good, change->changing);
		__asm__ volatile("" ::: "memory");
	}
	return NULL;
}

/* @return bytes of the packed form, behind which are zeros */
static size_t pack(uint32_t packing, size_t bytes, uint8_t out[PACKED_MAX])
{
	struct build_kdump kdump = { .width = BUILD_64,
				     .version = 6,
				     .block_bytes = (uint32_t)bytes,
				     .packing = packing,
				     .machine = "x86_64",
				     .pages = "p" };
	uint8_t *memory = calloc(1, bytes);
	struct build_buffer buffer = { .data = NULL };

	memory[0] = 1; /* no page of zeros */
	kdump.memory = memory;
	build_kdump(&buffer, &kdump);
	/* the one descriptor lies behind two blocks of headers and two of bitmaps */
	const uint8_t *descriptor = buffer.data + 4 * bytes;
	uint64_t offset = mmu_get_u64(descriptor, false);
	uint32_t packed_bytes = mmu_get_u32(descriptor + 8, false);

	assert_int_equal(mmu_get_u32(descriptor + 12, false), packing);
	assert_true(packed_bytes <= PACKED_MAX);
	memset(out, 0, PACKED_MAX);
	memcpy(out, buffer.data + offset, packed_bytes);
	free(buffer.data);
	free(memory);
	return packed_bytes;
}

static void unpack_what_changes(uint32_t packing)
{
	struct mmu_unpacker *unpacker = mmu_unpacker_new();
	struct change change = { .end = false };
	pthread_t thread;
	size_t good = pack(packing, PAGE, change.good), bad = pack(packing, LONG_PAGE, change.bad);
	unsigned int whole = 0;
	/* the page ends where nobody may write */
	uint8_t *room = mmap(NULL, 2 * LONG_PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(room != MAP_FAILED);
	assert_int_equal(mprotect(room + LONG_PAGE, LONG_PAGE, PROT_NONE), 0);
	change.bytes = change.changing = good > bad ? good : bad;
	if (packing == MMU_PACKING_SNAPPY) {
		/* its length alone, in as many bytes: what is checked and then read once more */
		static const uint8_t page_length[] = { 0x80, 0xa0, 0x00 };

		memcpy(change.good, change.bad, change.bytes);
		memcpy(change.good, page_length, sizeof(page_length));
		change.changing = 4;
	}
	change.place = malloc(change.bytes);
	assert_non_null(change.place);
	memcpy(change.place, change.good, change.bytes);
	assert_int_equal(packing == MMU_PACKING_SNAPPY ||
				 mmu_unpack(unpacker, packing,
					    (struct mmu_bytes){ change.place, good },
					    room + LONG_PAGE - PAGE, PAGE),
			 true);
	assert_int_equal(pthread_create(&thread, NULL, keep_changing, &change), 0);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		size_t bytes = i % 2 ? good : change.bytes;

		room[LONG_PAGE - PAGE - 1] = 0x5a;
		whole += mmu_unpack(unpacker, packing, (struct mmu_bytes){ change.place, bytes },
				    room + LONG_PAGE - PAGE, PAGE);
		assert_int_equal(room[LONG_PAGE - PAGE - 1], 0x5a);
	}
	__atomic_store_n(&change.end, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	assert_true(whole <= ROUNDS);
	free(change.place);
	munmap(room, 2 * LONG_PAGE);
	mmu_unpacker_destroy(unpacker);
}

static void test_pages_that_change(void **state)
{
#ifdef __SANITIZE_THREAD__
	skip(); /* the race is the test */
#endif
	static const uint32_t packings[] = { MMU_PACKING_ZLIB, MMU_PACKING_LZO, MMU_PACKING_SNAPPY,
					     MMU_PACKING_ZSTD };

	for (size_t i = 0; i < sizeof(packings) / sizeof(packings[0]); i++) {
		struct mmu_unpacker *unpacker = mmu_unpacker_new();
		bool can = mmu_unpacker_can(unpacker, packings[i]);

		mmu_unpacker_destroy(unpacker);
		if (can)
			unpack_what_changes(packings[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_pages_that_change) };

	return cmocka_run_group_tests_name("unpack", tests, NULL, NULL);
}
