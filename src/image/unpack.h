/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Unpacking one compressed page. */
#ifndef MMU_IMAGE_UNPACK_H
#define MMU_IMAGE_UNPACK_H

#include "base/bytes.h"
#include "base/error.h"

/** How a page is packed; the values are those of a kdump page descriptor's flags. */
enum mmu_packing {
	MMU_PACKING_NONE = 0,
	MMU_PACKING_ZLIB = 0x1,
	MMU_PACKING_LZO = 0x2,
	MMU_PACKING_SNAPPY = 0x4,
	MMU_PACKING_ZSTD = 0x20,
};

#define MMU_PACKING_MASK 0x27

/** "zlib", "LZO", ...; "uncompressed"; NULL when it is none of the known ones. */
const char *mmu_packing_name(uint32_t packing);

struct mmu_unpacker;

/** One thread's. @return NULL: no memory */
struct mmu_unpacker *mmu_unpacker_new(void);
/** Accepts NULL. */
void mmu_unpacker_destroy(struct mmu_unpacker *unpacker);

/** Can this build, on this machine, unpack it? */
bool mmu_unpacker_can(struct mmu_unpacker *unpacker, uint32_t packing);

/**
 * The packed bytes may change meanwhile: nothing but `out` is written even then.
 * @return false, with `out` undefined, unless exactly `out_bytes` come out
 */
bool mmu_unpack(struct mmu_unpacker *unpacker, uint32_t packing, struct mmu_bytes in, void *out,
		uint32_t out_bytes);

#endif
