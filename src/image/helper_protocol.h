/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file What the library and the process that runs libkdumpfile say to each other: a request and a
 * reply at a time over a socket that keeps messages whole, and a window of memory that the helper
 * fills. Neither side trusts the other's lengths.
 */
#ifndef MMU_IMAGE_HELPER_PROTOCOL_H
#define MMU_IMAGE_HELPER_PROTOCOL_H

#include <stdint.h>

#define MMU_HELPER_NAME "mmuscope-kdumpfile"
/** Both sides are built from one tree; another one's helper is refused. */
#define MMU_HELPER_PROTOCOL 0x6d6d7501u

/** Descriptors of the helper; it has no others. */
enum {
	MMU_HELPER_SOCKET = 3,
	MMU_HELPER_DUMP = 4,
	MMU_HELPER_WINDOW = 5,
};

#define MMU_HELPER_WINDOW_BYTES ((uint32_t)1 << 20)
#define MMU_HELPER_PAGES_MAX 64u
#define MMU_HELPER_RANGES_MAX (MMU_HELPER_WINDOW_BYTES / sizeof(struct mmu_helper_range))
#define MMU_HELPER_TEXT_MAX 256

enum mmu_helper_kind {
	MMU_HELPER_OPEN = 1,   /**< fills the window with struct mmu_helper_info, or with a text */
	MMU_HELPER_VMCOREINFO, /**< `count` bytes from offset `first` on */
	MMU_HELPER_RAM,        /**< ranges of page frames from `first` on: what is memory */
	MMU_HELPER_PRESENT,    /**< the same of what the file has */
	MMU_HELPER_PAGES, /**< `count` pages from page frame `first` on, one behind the other */
};

enum mmu_helper_status {
	MMU_HELPER_DONE,
	MMU_HELPER_UNKNOWN_FILE, /**< no format that libkdumpfile knows */
	MMU_HELPER_FAILED,       /**< the window holds a text, with its terminator */
};

struct mmu_helper_request {
	uint32_t protocol, kind;
	uint64_t first;
	uint32_t count, reserved;
};

struct mmu_helper_reply {
	uint32_t protocol, status;
	uint32_t count; /**< bytes, ranges or pages that are in the window */
	uint32_t reserved;
	/** Of pages: enum mmu_page_state; what is not present is no byte of the window's. */
	uint8_t state[MMU_HELPER_PAGES_MAX];
};

/** Page frames, the last inclusive. */
struct mmu_helper_range {
	uint64_t first_pfn, last_pfn;
};

/** What an open file is. Texts are printable and end within. */
struct mmu_helper_info {
	char format[65], release[65], machine[65];
	uint8_t elf_class, big_endian, has_ram_map, has_file_map;
	uint16_t elf_machine;
	uint64_t page_bytes, max_pfn, vmcoreinfo_bytes;
};

#endif
