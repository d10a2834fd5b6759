/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Words of short descriptors that Linux never writes: whose copy a word can't be. */
#include "armv7.h"

/*
 * Words that Linux never writes. cpu_v7_set_pte_ext() clears bits 9:4 of its own word before it
 * sets AP0 and what the word asks for; PROT_NONE is read-only and not executable
 * (__PAGE_NONE in asm/pgtable.h).
 */
const char *arm_short_audit(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			    uint64_t second, uint64_t *ret_mask)
{
	if (level != PTE)
		return NULL;
	if (raw && (raw & (BIT(1) | BIT(4) | BITS(7, 8))) != (BIT(1) | BIT(4))) {
		*ret_mask = BIT(1) | BIT(4) | BITS(7, 8);
		return "hardware's word is none that Linux writes";
	}
	if (second & L_PRESENT && second & L_NONE &&
	    (second & (L_RDONLY | L_XN | L_USER)) != (L_RDONLY | L_XN)) {
		*ret_mask = L_NONE | L_RDONLY | L_XN | L_USER;
		return "Linux's word has NONE, but not what goes with it";
	}
	return NULL;
}
