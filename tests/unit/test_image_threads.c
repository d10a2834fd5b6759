/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Two threads that read one image of each kind, with a cursor each. */
#include <elf.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/image_checks.h"

#define PAGE UINT64_C(4096)
#define NR_PAGES 4096u
#define NR_THREADS 2u
#define ROUNDS 2u
#define READS 1500u
/* The high pages are more than a cache of unpacked pages holds, with what cursors share. */
#define LOW_PAGE 1u
#define NR_LOW 199u
#define HIGH_PAGE 1024u
#define NR_HIGH 2500u
#define UNMAPPABLE_BYTES ((off_t)1 << 62)

static uint8_t memory[NR_PAGES * PAGE];

struct kind {
	const char *name, *reader;
	void (*build)(struct build_buffer *buffer);
	const struct mmu_raw_range *raw;
	bool unmappable;
	size_t unpacked_bytes; /* of the source */
};

/* ------------------------------------------------------------------ images of that memory */

static void make_elf(struct build_buffer *buffer)
{
	const struct build_segment segments[] = {
		{ LOW_PAGE * PAGE, NR_LOW * PAGE, NR_LOW * PAGE, 0 },
		{ HIGH_PAGE * PAGE, NR_HIGH * PAGE, (NR_HIGH + 99) * PAGE, 0 },
	};

	build_elf(buffer, &(struct build_elf){ .wide = true,
					       .machine = EM_X86_64,
					       .segments = segments,
					       .nr_segments = 2 });
}

static void flatten(struct build_buffer *buffer, size_t record_bytes)
{
	struct build_buffer plain = *buffer;

	*buffer = (struct build_buffer){ 0 };
	build_flattened(buffer, &plain, record_bytes, true, true);
	free(plain.data);
}

static void make_flattened_elf(struct build_buffer *buffer)
{
	make_elf(buffer);
	flatten(buffer, 65536);
}

static void make_pages(struct build_buffer *buffer, uint32_t packing)
{
	char pages[NR_PAGES + 1] = "";

	for (unsigned int page = 0; page < NR_PAGES; page++)
		pages[page] = page - LOW_PAGE < NR_LOW     ? 'p'
			      : page - HIGH_PAGE < NR_HIGH ? page % 7 ? 'p' : 'f'
							   : '.';
	build_kdump(buffer, &(struct build_kdump){ .version = 6,
						   .block_bytes = PAGE,
						   .packing = packing,
						   .machine = "x86_64",
						   .notes = true,
						   .pages = pages });
}

static void make_kdump(struct build_buffer *buffer)
{
	make_pages(buffer, 1);
}

/* Records end within pages, whose data are put together in the cursor. */
static void make_flattened_kdump(struct build_buffer *buffer)
{
	make_pages(buffer, 1);
	flatten(buffer, 1000);
}

static void make_diskdump(struct build_buffer *buffer)
{
	make_pages(buffer, 1);
	build_put_text(buffer, 0, "DISKDUMP");
}

static void make_lime(struct build_buffer *buffer)
{
	build_lime_header(buffer, "EMiL", 1, false, LOW_PAGE * PAGE,
			  (LOW_PAGE + NR_LOW) * PAGE - 1);
	build_memory(buffer, LOW_PAGE * PAGE, NR_LOW * PAGE);
	build_lime_header(buffer, "EMiL", 1, false, HIGH_PAGE * PAGE,
			  (HIGH_PAGE + NR_HIGH) * PAGE - 1);
	build_memory(buffer, HIGH_PAGE * PAGE, NR_HIGH * PAGE);
}

#ifdef MMU_HAVE_SNAPPY
static void put_block(struct build_buffer *buffer, uint64_t first_pa, uint64_t bytes)
{
	size_t data = build_avml_start(buffer, first_pa, bytes);

	for (uint64_t done = 0, part; done < bytes; done += part) {
		part = bytes - done < 65536 ? bytes - done : 65536;
		build_chunk(buffer, true, first_pa + done, part);
	}
	build_avml_end(buffer, data);
}

static void make_avml(struct build_buffer *buffer)
{
	put_block(buffer, LOW_PAGE * PAGE, NR_LOW * PAGE);
	put_block(buffer, HIGH_PAGE * PAGE, NR_HIGH / 2 * PAGE);
	put_block(buffer, (HIGH_PAGE + NR_HIGH / 2) * PAGE, (NR_HIGH - NR_HIGH / 2) * PAGE);
}
#endif

static void make_raw(struct build_buffer *buffer)
{
	build_memory(buffer, LOW_PAGE * PAGE, NR_LOW * PAGE);
	build_memory(buffer, HIGH_PAGE * PAGE, NR_HIGH * PAGE);
}

static const struct mmu_raw_range raw_ranges[] = {
	{ 0, NULL, LOW_PAGE *PAGE, 0, NR_LOW *PAGE },
	{ 0, NULL, HIGH_PAGE *PAGE, NR_LOW *PAGE, NR_HIGH *PAGE },
};

static const struct kind kinds[] = {
	{ "elf", "elf", make_elf },
	{ "flattened elf", "elf", make_flattened_elf },
	{ "kdump", "kdump", make_kdump },
	{ "kdump, little memory", "kdump", make_kdump, .unpacked_bytes = 1 << 20 },
	{ "flattened kdump", "kdump", make_flattened_kdump },
	{ "lime", "lime", make_lime },
#ifdef MMU_HAVE_SNAPPY
	{ "avml", "avml", make_avml },
#endif
	{ "raw", "raw", make_raw, raw_ranges },
	{ "kcore", "kcore", make_elf, NULL, true },
	{ "libkdumpfile", "libkdumpfile", make_diskdump },
};

/* ------------------------------------------------------------------ reading it */

struct thread {
	pthread_t id;
	pthread_barrier_t *start;
	const struct mmu_image *image;
	const enum mmu_page_state *states; /* of every page */
	uint64_t random, wrong, read_bytes;
};

static uint64_t next_random(struct thread *thread)
{
	thread->random ^= thread->random << 13;
	thread->random ^= thread->random >> 7;
	thread->random ^= thread->random << 17;
	return thread->random;
}

/* Anything from a byte to three pages, from anywhere. */
static void read_once(struct thread *thread, struct mmu_cursor *cursor)
{
	uint64_t pa = next_random(thread) % (sizeof(memory) - 3 * PAGE), stop_pa = 0, there = 0;
	size_t bytes = 1 + next_random(thread) % (3 * PAGE);
	enum mmu_page_state expected = MMU_PAGE_PRESENT;
	uint8_t buf[3 * PAGE];

	while (there < bytes && expected == MMU_PAGE_PRESENT) {
		expected = thread->states[(pa + there) / PAGE];
		if (expected == MMU_PAGE_PRESENT)
			there += PAGE - (pa + there) % PAGE;
	}
	if (there > bytes)
		there = bytes;
	enum mmu_page_state state = mmu_image_read(cursor, pa, buf, bytes, &stop_pa);
	thread->wrong += state != expected || memcmp(buf, memory + pa, there) != 0;
	thread->wrong += state != MMU_PAGE_PRESENT && stop_pa != pa + there;
	thread->read_bytes += there;
}

/* No assertion here: they are for the thread that runs the tests. */
static void *read_alone(void *context)
{
	struct thread *thread = context;

	pthread_barrier_wait(thread->start);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct mmu_cursor cursor;

		mmu_cursor_init(&cursor, thread->image);
		for (unsigned int i = 0; i < READS; i++)
			read_once(thread, &cursor);
		mmu_cursor_destroy(&cursor);
	}
	return NULL;
}

/* Pages that are expected are there some time, without anybody asking for one of them. */
static void expect_some(const struct kind *kind, struct mmu_image *image)
{
	uint64_t pas[NR_LOW];

	for (unsigned int i = 0; i < NR_LOW; i++)
		pas[i] = (LOW_PAGE + i) * PAGE;
	assert_int_equal(mmu_image_expects(image, pas[0]), strcmp(kind->reader, "kdump") == 0);
	if (!mmu_image_expect(image, pas, NR_LOW))
		return;
	for (unsigned int i = 0; i < NR_LOW; i++)
		while (mmu_image_expects(image, pas[i]))
			sched_yield();
	/* the thread goes on with these while others read */
	for (unsigned int i = 0; i < NR_LOW; i++)
		pas[i] = (HIGH_PAGE + 1 + 7 * i) * PAGE;
	mmu_image_expect(image, pas, NR_LOW);
}

static void read_together(const struct kind *kind, const struct mmu_image *image,
			  const enum mmu_page_state *states)
{
	struct thread threads[NR_THREADS];
	pthread_barrier_t start;

	assert_int_equal(pthread_barrier_init(&start, NULL, NR_THREADS), 0);
	for (unsigned int i = 0; i < NR_THREADS; i++) {
		threads[i] = (struct thread){ .start = &start,
					      .image = image,
					      .states = states,
					      .random = 88172645463325252u + i };
		assert_int_equal(pthread_create(&threads[i].id, NULL, read_alone, &threads[i]), 0);
	}
	for (unsigned int i = 0; i < NR_THREADS; i++)
		assert_int_equal(pthread_join(threads[i].id, NULL), 0);
	pthread_barrier_destroy(&start);
	for (unsigned int i = 0; i < NR_THREADS; i++) {
		if (threads[i].wrong)
			fail_msg("%s, thread %u: %llu reads went wrong", kind->name, i,
				 (unsigned long long)threads[i].wrong);
		assert_true(threads[i].read_bytes > ROUNDS * READS * PAGE / 4);
	}
}

static void read_kind(const struct kind *kind)
{
	static enum mmu_page_state states[NR_PAGES];
	struct mmu_image *image = NULL;
	struct build_buffer buffer = { 0 };
	struct mmu_cursor cursor;
	struct build_file file;

	kind->build(&buffer);
	build_file_create(&file, &buffer);
	if (kind->unmappable)
		assert_int_equal(ftruncate(file.fd, UNMAPPABLE_BYTES), 0);
	const struct mmu_source source = { .path = file.path,
					   .raw = kind->raw,
					   .unpacked_bytes = kind->unpacked_bytes,
					   .nr_raw = kind->raw ? 2 : 0 };
	struct mmu_error *error = mmu_image_open(&source, &image);
	if (error)
		fail_msg("%s: %s", kind->name, mmu_error_message(error));
	assert_string_equal(image->reader->name, kind->reader);
	expect_some(kind, image);
	mmu_cursor_init(&cursor, image);
	for (unsigned int page = 0; page < NR_PAGES; page++) {
		bool low = page - LOW_PAGE < NR_LOW, high = page - HIGH_PAGE < NR_HIGH;
		uint8_t buf[PAGE];

		states[page] = mmu_image_read(&cursor, page * PAGE, buf, PAGE, NULL);
		if (low || (high && page % 7))
			assert_int_equal(states[page], MMU_PAGE_PRESENT);
		if (states[page] == MMU_PAGE_PRESENT)
			assert_memory_equal(buf, memory + page * PAGE, PAGE);
	}
	read_together(kind, image, states);
	/* a cursor in the middle of all that stays as it was */
	assert_int_equal(mmu_image_span(&cursor, LOW_PAGE * PAGE).data[0], memory[PAGE]);
	mmu_cursor_destroy(&cursor);
	mmu_image_close(image);
	build_file_close(&file);
	free(buffer.data);
}

static void all_kinds(void **state)
{
	for (uint64_t pa = 0; pa < sizeof(memory); pa++)
		memory[pa] = build_byte(pa);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		read_kind(&kinds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(all_kinds) };

	return cmocka_run_group_tests_name("image-threads", tests, NULL, NULL);
}
