/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What a CPU translates with, by its control registers in the notes; no kernel is asked. */
#include "s390x.h"

#define NT_PRSTATUS 1u
#define NT_S390_CTRS 0x304u
#define CTRS_BYTES 128u
#define PRSTATUS_PSW 112u /* struct elf_prstatus: the registers begin with the PSW */

/* SA22-7832, chapter 4, "Program-Status-Word Format" */
#define PSW_DAT BIT(58)
#define PSW_SPACE BITS(46, 47)

uint64_t s390x_big(const uint8_t *data, unsigned int bytes)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < bytes; i++)
		value = value << 8 | data[i];
	return value;
}

bool s390x_control(const struct mmu_facts *facts, unsigned int cpu, unsigned int n, uint64_t *ret)
{
	const uint8_t *data;
	size_t bytes;

	if (!facts->note(facts->context, "LINUX", NT_S390_CTRS, cpu, &data, &bytes) ||
	    bytes < CTRS_BYTES)
		return false;
	*ret = s390x_big(data + (size_t)n * 8, 8);
	return true;
}

bool s390x_asce_regime(uint64_t asce, enum mmu_half half, struct mmu_regime *ret)
{
	if (asce & ASCE_REAL)
		return false;
	s390x_regime(half, PMD + (unsigned int)((asce & ASCE_TYPE) >> 2),
		     (unsigned int)(asce & ASCE_LENGTH) + 1, asce & ASCE_ORIGIN, ret);
	return true;
}

/* Which address space the PSW has chosen. Without a PSW: the home space, which is the kernel's. */
static const struct space {
	const char *mode, *name;
	unsigned int control;
} spaces[] = {
	{ "primary space", "CR1", 1 },
	{ "access registers, primary space", "CR1", 1 },
	{ "secondary space", "CR7", 7 },
	{ "home space", "CR13", 13 },
};

bool s390x_is_home(const struct mmu_cpu *cpu)
{
	return cpu->root_register == spaces[3].name;
}

bool s390x_cpu(const struct mmu_facts *facts, unsigned int n, struct mmu_cpu *ret)
{
	const struct space *space = &spaces[3];
	const uint8_t *status;
	bool translates = true;
	uint64_t asce, psw;
	size_t bytes;

	if (facts->note(facts->context, "CORE", NT_PRSTATUS, n, &status, &bytes) &&
	    bytes >= PRSTATUS_PSW + 8) {
		psw = s390x_big(status + PRSTATUS_PSW, 8);
		space = &spaces[(psw & PSW_SPACE) >> 46];
		translates = psw & PSW_DAT;
	}
	if (!s390x_control(facts, n, space->control, &asce))
		return false;
	*ret = (struct mmu_cpu){ .size = sizeof(*ret),
				 .mode = space->mode,
				 .root_register = space->name,
				 .root_value = asce,
				 .root_pa = asce & ASCE_ORIGIN };
	if (!translates)
		ret->mode = "real addresses, no translation";
	else if (asce & ASCE_REAL)
		ret->mode = "real space: virtual addresses are real ones";
	else
		ret->format = &s390x_formats[DAT];
	return true;
}
