/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What a CPU translates with, by the registers in QEMU's notes; no kernel is asked. */
#include "x86_64.h"

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
#define CR4_LA57 BIT(12)

#define NT_PRSTATUS 1u
#define PRSTATUS_32_BYTES 144u /* struct elf_prstatus of i386; x86-64's has 336 */

/*
 * Long mode shows in CS.L, but not while a CPU runs 32-bit code in it. Then the notes tell: QEMU
 * writes those of i386 for a machine whose first CPU is not in long mode.
 */
static bool is_long(const struct mmu_facts *facts, unsigned int n, const uint8_t *state)
{
	const uint8_t *data;
	size_t bytes;

	return x86_64_little(state + STATE_CS_FLAGS, 4) & BIT(21) ||
	       !facts->note(facts->context, "CORE", NT_PRSTATUS, n, &data, &bytes) ||
	       bytes != PRSTATUS_32_BYTES;
}

bool x86_64_cpu(const struct mmu_facts *facts, unsigned int n, struct mmu_cpu *ret)
{
	const uint8_t *state;
	size_t bytes;

	if (!facts->note(facts->context, "QEMU", 0, n, &state, &bytes) || bytes < STATE_BYTES ||
	    x86_64_little(state, 4) != 1 || x86_64_little(state + 4, 4) < STATE_BYTES ||
	    x86_64_little(state + 4, 4) > bytes)
		return false;
	uint64_t cr0 = x86_64_little(state + STATE_CR0, 8);
	uint64_t cr3 = x86_64_little(state + STATE_CR3, 8);
	uint64_t cr4 = x86_64_little(state + STATE_CR4, 8);

	*ret = (struct mmu_cpu){ .size = sizeof(*ret),
				 .root_register = "CR3",
				 .root_value = cr3,
				 .root_pa = cr3 & ADDRESS }; /* without PCID and LAM */
	if (!(cr0 & CR0_PG)) {
		ret->mode = cr0 & CR0_PE ? "protected mode, no paging" : "real mode, no paging";
	} else if (!(cr4 & CR4_PAE)) {
		ret->mode = "32-bit paging";
		ret->root_pa = cr3 & BITS(12, 31);
	} else if (!is_long(facts, n, state)) {
		ret->mode = "PAE paging";
		ret->root_pa = cr3 & BITS(5, 31);
	} else {
		ret->mode = cr4 & CR4_LA57 ? "5-level paging" : "4-level paging";
		ret->format = cr4 & CR4_LA57 ? &x86_64_format5 : &x86_64_format4;
	}
	return true;
}
