/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Physical memory that inputs change: between runs it is made good again, page by page. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/memory.h"

static struct mmu_span memory_span(const struct mmu_image *image, struct mmu_cursor *cursor,
				   uint64_t pa)
{
	struct memory *memory = image->reader_data;
	uint64_t offset = pa - memory->first_pa, page = offset / MEMORY_PAGE;
	struct mmu_span span = { .state = MMU_PAGE_OUTSIDE_RAM, .bytes = 1 };

	for (size_t i = 0; i < memory->nr_writes; i++) {
		const struct memory_write *write = &memory->writes[i];

		if (write->at == memory->nr_read)
			memory_write(memory, write->pa, write->width, write->value);
	}
	memory->nr_read++;
	if (page >= memory->nr_pages)
		return span;
	span.state = (enum mmu_page_state)memory->state[page];
	span.bytes = MEMORY_PAGE - offset % MEMORY_PAGE;
	if (span.state != MMU_PAGE_PRESENT)
		return span;
	span.data = memory->bytes + offset;
	if (memory->torn) {
		memset(memory->copy, 0xa5, MEMORY_PAGE);
		memcpy(memory->copy + offset % MEMORY_PAGE, span.data, span.bytes);
		span.data = memory->copy + offset % MEMORY_PAGE;
		return span;
	}
	while (++page < memory->nr_pages && memory->state[page] == MMU_PAGE_PRESENT)
		span.bytes += MEMORY_PAGE;
	return span;
}

static void memory_close(struct mmu_image *image)
{
}

static const struct mmu_image_reader still_reader = {
	.name = "memory",
	.span = memory_span,
	.spans_last = true,
	.close = memory_close,
};

static const struct mmu_image_reader torn_reader = {
	.name = "memory that changes",
	.span = memory_span,
	.close = memory_close,
};

static void *must(void *block)
{
	FUZZ_CHECK(block);
	return block;
}

struct memory *memory_create(uint64_t first_pa, size_t nr_pages, bool big_endian)
{
	struct memory *memory = must(calloc(1, sizeof(*memory)));
	struct mmu_image *image = &memory->image;

	memory->first_pa = first_pa;
	memory->nr_pages = nr_pages;
	memory->bytes = must(calloc(nr_pages, MEMORY_PAGE));
	memory->good = must(calloc(nr_pages, MEMORY_PAGE));
	memory->state = must(calloc(nr_pages, 1));
	memory->dirty = must(calloc(nr_pages, sizeof(*memory->dirty)));
	memory->copy = must(malloc(MEMORY_PAGE));
	image->ram = must(calloc(1, sizeof(*image->ram)));
	image->ram[0] = (struct mmu_pa_range){ first_pa, first_pa + nr_pages * MEMORY_PAGE - 1 };
	image->nr_ram = 1;
	image->present_pages = image->most_pages = nr_pages;
	image->page_bytes = MEMORY_PAGE;
	image->big_endian = big_endian;
	image->reader_data = memory;
	image->format = "memory";
	image->file = (struct mmu_file){ .fd = -1, .path = must(strdup("memory")) };
	memory_keep(memory);
	memory_reset(memory);
	return memory;
}

void memory_keep(struct memory *memory)
{
	memcpy(memory->good, memory->bytes, memory->nr_pages * MEMORY_PAGE);
	memset(memory->dirty, 0, memory->nr_pages * sizeof(*memory->dirty));
}

void memory_reset(struct memory *memory)
{
	for (size_t i = 0; i < memory->nr_pages; i++) {
		size_t at = i * MEMORY_PAGE;

		if (memory->dirty[i])
			memcpy(memory->bytes + at, memory->good + at, MEMORY_PAGE);
		memory->dirty[i] = false;
	}
	memset(memory->state, MMU_PAGE_PRESENT, memory->nr_pages);
	memory->nr_writes = 0;
	memory->nr_read = 0;
	memory->torn = false;
	memory->image.live = false;
	memory->image.reader = &still_reader;
}

static uint8_t *find(const struct memory *memory, uint64_t pa, unsigned int width)
{
	uint64_t offset = pa - memory->first_pa, bytes = memory->nr_pages * MEMORY_PAGE;

	return offset < bytes && width <= bytes - offset ? memory->bytes + offset : NULL;
}

void memory_write(struct memory *memory, uint64_t pa, unsigned int width, uint64_t value)
{
	uint8_t *at = find(memory, pa, width);

	if (!at)
		return;
	memory->dirty[(pa - memory->first_pa) / MEMORY_PAGE] = true;
	memory->dirty[(pa + width - 1 - memory->first_pa) / MEMORY_PAGE] = true;
	mmu_put_uint(at, width, memory->image.big_endian, value);
}

void memory_write_at(struct memory *memory, uint32_t at, uint64_t pa, unsigned int width,
		     uint64_t value)
{
	memory->torn = true;
	memory->image.reader = &torn_reader;
	if (memory->nr_writes < MEMORY_WRITES_MAX)
		memory->writes[memory->nr_writes++] = (struct memory_write){ pa, value, at,
									     (uint8_t)width };
}

enum mmu_page_state memory_state(const struct memory *memory, uint64_t pa)
{
	uint64_t page = (pa - memory->first_pa) / MEMORY_PAGE;

	return page < memory->nr_pages ? (enum mmu_page_state)memory->state[page]
				       : MMU_PAGE_OUTSIDE_RAM;
}

void memory_set_state(struct memory *memory, uint64_t pa, enum mmu_page_state state)
{
	uint64_t page = (pa - memory->first_pa) / MEMORY_PAGE;

	if (page < memory->nr_pages)
		memory->state[page] = (uint8_t)state;
}

bool memory_read(const struct memory *memory, uint64_t pa, unsigned int width, uint64_t *ret)
{
	const uint8_t *at = find(memory, pa, width);

	*ret = 0;
	if (!at || memory_state(memory, pa) != MMU_PAGE_PRESENT ||
	    memory_state(memory, pa + width - 1) != MMU_PAGE_PRESENT)
		return false;
	*ret = mmu_get_uint(at, width, memory->image.big_endian);
	return true;
}
