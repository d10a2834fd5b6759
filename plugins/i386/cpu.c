/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What a CPU translates with, by the registers in QEMU's notes; no kernel is asked. */
#include "i386.h"

/* QEMU's target/i386/arch_dump.c: struct QEMUCPUState, version 1. It has no EFER. */
#define STATE_BYTES 432u
#define STATE_CS_FLAGS 160u /* as the second word of a descriptor: bit 21 is L */
#define STATE_CR0 392u
#define STATE_CR3 416u
#define STATE_CR4 424u

/* SDM 2.5 */
#define CR0_PE BIT(0)
#define CR0_PG BIT(31)
#define CR4_PAE BIT(5)

bool i386_cpu(const struct mmu_facts *facts, unsigned int n, struct mmu_cpu *ret)
{
	const uint8_t *state;
	size_t bytes;

	if (!facts->note(facts->context, "QEMU", 0, n, &state, &bytes) || bytes < STATE_BYTES ||
	    i386_little(state, 4) != 1 || i386_little(state + 4, 4) < STATE_BYTES ||
	    i386_little(state + 4, 4) > bytes)
		return false;
	uint64_t cr0 = i386_little(state + STATE_CR0, 8);
	uint64_t cr3 = i386_little(state + STATE_CR3, 8);
	uint64_t cr4 = i386_little(state + STATE_CR4, 8);

	*ret = (struct mmu_cpu){ .size = sizeof(*ret), .root_register = "CR3", .root_value = cr3 };
	if (!(cr0 & CR0_PG)) {
		ret->mode = cr0 & CR0_PE ? "protected mode, no paging" : "real mode, no paging";
	} else if (i386_little(state + STATE_CS_FLAGS, 4) & BIT(21)) {
		ret->mode = "long mode"; /* of another back-end */
	} else if (cr4 & CR4_PAE) {
		ret->mode = "PAE paging";
		ret->format = &i386_formats[PAE];
		ret->root_pa = cr3 & BITS(5, 31);
	} else {
		ret->mode = "32-bit paging";
		ret->format = &i386_formats[TWO];
		ret->root_pa = cr3 & BITS(12, 31);
	}
	return true;
}
