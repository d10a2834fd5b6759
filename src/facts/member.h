/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What a source of types says of a member. */
#ifndef MMU_FACTS_MEMBER_H
#define MMU_FACTS_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

/** What is known of a member. */
struct mmu_member {
	uint64_t offset_bytes; /**< from the start of the outer type, through anonymous structs */
	uint64_t size_bytes;   /**< of the member, whole arrays included; 0 if not known */
	uint64_t elements;     /**< of an array: how many, in all dimensions; 0 for other types */
	/**
	 * Of a bit-field, else 0: its width, and the place of its lowest bit. The number of
	 * size_bytes (1, 2, 4, 8) at offset_bytes, read in the machine's byte order, is to be
	 * shifted right by bit_shift and cut to bit_size bits.
	 */
	uint8_t bit_size, bit_shift;
	bool is_signed; /**< an integer or enumeration of a signed type */
};

/**
 * Place a bit-field: fill offset_bytes, size_bytes, bit_size and bit_shift with the smallest
 * aligned number that holds all its bits and is no narrower than its type.
 * @param first       where it begins in its struct, in bits: from the lowest bit of the first byte
 *                    on little-endian machines, from the highest on big-endian ones
 * @param bits        its width
 * @param type_bytes  of its declared type
 * @return false: no number of up to 8 bytes holds it; *ret is then untouched
 */
bool mmu_member_place_bits(uint64_t first, uint64_t bits, uint64_t type_bytes, bool big_endian,
			   struct mmu_member *ret);

#endif
