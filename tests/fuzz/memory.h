/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Physical memory that inputs change: between runs it is made good again, page by page. */
#ifndef MMU_FUZZ_MEMORY_H
#define MMU_FUZZ_MEMORY_H

#include "image/image.h"

#define MEMORY_WRITES_MAX 64u
#define MEMORY_PAGE 4096u

/** A write that happens while others read. */
struct memory_write {
	uint64_t pa, value;
	uint32_t at; /**< before so many spans were handed out */
	uint8_t width;
};

struct memory {
	struct mmu_image image; /**< what the library reads */
	uint64_t first_pa;
	size_t nr_pages;
	uint8_t *bytes, *good; /**< as it is, as it was when memory_keep() was called */
	uint8_t *state;        /**< of each page, enum mmu_page_state */
	bool *dirty;
	bool torn;        /**< a span is a copy, whose bytes are lost with the next one */
	uint8_t *copy;    /**< of a page */
	uint32_t nr_read; /**< spans so far */
	struct memory_write writes[MEMORY_WRITES_MAX];
	size_t nr_writes;
};

/** Zeros. Kept until the process ends. */
struct memory *memory_create(uint64_t first_pa, size_t nr_pages, bool big_endian);

/** What is in it now is what memory_reset() brings back. */
void memory_keep(struct memory *memory);

/** Undo all that was written since, and all states. */
void memory_reset(struct memory *memory);

/** Write a number in the image's byte order; what lies outside is lost. */
void memory_write(struct memory *memory, uint64_t pa, unsigned int width, uint64_t value);

/** The same later, while the library reads. */
void memory_write_at(struct memory *memory, uint32_t at, uint64_t pa, unsigned int width,
		     uint64_t value);

/** Read a number. @return false, and 0: not all of it is there */
bool memory_read(const struct memory *memory, uint64_t pa, unsigned int width, uint64_t *ret);

/** The state of the page that an address is in. */
enum mmu_page_state memory_state(const struct memory *memory, uint64_t pa);
void memory_set_state(struct memory *memory, uint64_t pa, enum mmu_page_state state);

#endif
