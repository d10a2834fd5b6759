/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Memory images built in memory, well-formed and odd, for tests. */
#ifndef MMU_SUPPORT_BUILD_IMAGE_H
#define MMU_SUPPORT_BUILD_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes that grow as they are written; free with free(data). Writers abort without memory. */
struct build_buffer {
	uint8_t *data;
	size_t bytes, room;
};

void build_put(struct build_buffer *buffer, size_t offset, const void *data, size_t bytes);
void build_put_uint(struct build_buffer *buffer, size_t offset, unsigned int width, bool big,
		    uint64_t value);
void build_put_text(struct build_buffer *buffer, size_t offset, const char *text);

/** The byte that every built image has at a physical address. */
uint8_t build_byte(uint64_t pa);

/** A note as in a PT_NOTE segment, padded. @return the offset behind it */
size_t build_note(struct build_buffer *buffer, size_t offset, bool big, const char *name,
		  uint32_t type, const void *desc, uint32_t bytes);

struct build_segment {
	uint64_t first_pa;
	uint64_t file_bytes, memory_bytes;
	uint8_t change; /**< added to every byte: tells overlapping segments apart */
};

struct build_elf {
	bool wide, big;
	uint16_t type; /**< 0: ET_CORE */
	uint16_t machine;
	uint16_t ehsize;        /**< 0: as it should be */
	bool extended;          /**< count the program headers in section header 0 */
	bool cut32;             /**< QEMU's 32-bit headers: every number modulo 2^32 */
	const char *vmcoreinfo; /**< NULL: none */
	const struct build_segment *segments;
	size_t nr_segments;
	size_t nr_empty; /**< further PT_LOADs without memory, before the others */
};

void build_elf(struct build_buffer *buffer, const struct build_elf *elf);

enum build_width {
	BUILD_64,
	BUILD_32_NATURAL,
	BUILD_32_PACKED,
	BUILD_32_NATURAL_TIME64,
};

struct build_kdump {
	enum build_width width;
	bool big;
	uint32_t version;
	uint32_t block_bytes;
	uint32_t packing; /**< as in the page descriptors: 0, 1 zlib, 2 LZO, 4 snappy, 0x20 zstd */
	uint32_t status;  /**< or-ed to the packing */
	uint32_t split;
	size_t first_page, end_page; /**< split: which of `pages` are in this part */
	uint64_t phys_base;
	uint64_t first_pa; /**< of the first page in `pages` */
	const char *machine;
	const char *vmcoreinfo;
	bool notes; /**< one NT_PRSTATUS, and VMCOREINFO */
	/**
	 * One character a page: '.' not RAM, 'p' present, 'f' filtered, 'z' present and zero (all
	 * share one copy), 't' promised and never written, 'x' with damaged data.
	 */
	const char *pages;
	const uint8_t *memory; /**< what is in pages of kind 'p'; NULL: as build_byte() says */
	uint64_t max_mapnr;    /**< when there are page frames behind those in `pages`; else 0 */
};

void build_kdump(struct build_buffer *buffer, const struct build_kdump *kdump);

/**
 * Flatten a file.
 * @param record_bytes  size of the records
 * @param shuffle       write them in odd order, some twice, the first time with wrong bytes
 * @param end           write the end record
 */
void build_flattened(struct build_buffer *to, const struct build_buffer *from, size_t record_bytes,
		     bool shuffle, bool end);

/** The bytes that build_byte() says, at the end. */
void build_memory(struct build_buffer *buffer, uint64_t first_pa, size_t bytes);

/** The header of a range of LiME or AVML, at the end. @return the offset behind it */
size_t build_lime_header(struct build_buffer *buffer, const char *magic, uint32_t version, bool big,
			 uint64_t first_pa, uint64_t last_pa);

/** A block of AVML's, up to its first chunk. @return what build_avml_end() wants */
size_t build_avml_start(struct build_buffer *buffer, uint64_t first_pa, uint64_t bytes);
void build_avml_end(struct build_buffer *buffer, size_t data);

/** The header of a chunk of snappy's framing format, at the end. */
void build_chunk_header(struct build_buffer *buffer, uint8_t type, size_t bytes);

/** A chunk of at most 64 KiB, at the end; aborts without snappy when packed. */
void build_chunk_of(struct build_buffer *buffer, bool packed, const void *data, size_t bytes);
/** The same of the bytes that build_byte() says. */
void build_chunk(struct build_buffer *buffer, bool packed, uint64_t first_pa, size_t bytes);

/** An image as a file in memory. */
struct build_file {
	int fd;
	char path[32];
};

void build_file_create(struct build_file *file, const struct build_buffer *buffer);
void build_file_close(struct build_file *file);

#endif
