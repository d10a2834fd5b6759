/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * The hash of POWER's hashed page table, written once more, for the tests that fill such tables.
 *
 * Power ISA 2.07, Book III-S, 5.7.7 (virtual to real translation);
 * arch/powerpc/include/asm/book3s/64/mmu-hash.h for how Linux makes a VSID of a context.
 */
#ifndef MMU_PROTOTYPES_HASH_FORWARDS_H
#define MMU_PROTOTYPES_HASH_FORWARDS_H

#include "mmuscope/arch.h"

#define HPT_VALID (UINT64_C(1) << 0)
#define HPT_SECONDARY (UINT64_C(1) << 1)
#define HPT_LARGE (UINT64_C(1) << 2)
#define HPT_AVPN_SHIFT 7 /* address bits from 23 on */
#define HPT_SEGMENT_SHIFT 62

#define HPT_GROUP 8u /* slots */

/**
 * A regime's `space`: its context number, and in bit 0 whether its segments have 1 TiB or 256 MiB.
 * So a slot says which, and a regime that has both kinds is two.
 */
#define HPT_SPACE(context, big) ((uint64_t)(context) << 1 | (big))

/** One address, as the hash takes it. */
struct hpt_place {
	uint64_t vsid;
	uint64_t offset; /**< within the segment */
	bool big;        /**< 1 TiB */
};

static inline unsigned int hpt_segment_lg2(bool big)
{
	return big ? 40 : 28;
}

static inline unsigned int hpt_vsid_bits(bool big)
{
	return 68 - hpt_segment_lg2(big);
}

/** a * b modulo 2^bits - 1, of factors below that; at most 40 bits. */
static inline uint64_t hpt_multiply(uint64_t a, uint64_t b, unsigned int bits)
{
	uint64_t modulus = ((uint64_t)1 << bits) - 1;
	uint64_t high = a * (b >> 20) % modulus;

	return ((high << 20) % modulus + a * (b & 0xfffff) % modulus) % modulus;
}

/** @param va_bits  address bits of one context */
static inline struct hpt_place hpt_place_of(unsigned int va_bits, uint64_t space, uint64_t va)
{
	bool big = space & 1;
	unsigned int lg2 = hpt_segment_lg2(big), bits = hpt_vsid_bits(big);
	uint64_t segment = (va & (((uint64_t)1 << va_bits) - 1)) >> lg2;
	uint64_t number = ((space >> 1 << (va_bits - lg2)) | segment) & (((uint64_t)1 << bits) - 1);

	return (struct hpt_place){ hpt_multiply(number, 12538073, bits),
				   va & (((uint64_t)1 << lg2) - 1), big };
}

static inline uint64_t hpt_hash(const struct hpt_place *place, unsigned int base_lg2)
{
	uint64_t hash = place->vsid ^ place->offset >> base_lg2;

	if (place->big)
		hash ^= place->vsid << 25;
	return hash & UINT64_C(0x7fffffffff);
}

#endif
