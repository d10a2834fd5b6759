/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The checksum of snappy's framing format. */
#ifndef MMU_IMAGE_CRC32C_H
#define MMU_IMAGE_CRC32C_H

#include "base/bytes.h"

/** CRC-32C (Castagnoli), as in iSCSI, RFC 3720 appendix B.4. */
uint32_t mmu_crc32c(struct mmu_bytes bytes);

#endif
