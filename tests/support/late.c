/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A part of a tool that tells at its end how many names it looked for in DWARF too late. */
#include <inttypes.h>
#include <stdio.h>

#include "facts/dwarf.h"

static __attribute__((destructor)) void tell(void)
{
	fprintf(stderr, "late searches: %" PRIu64 "\n", mmu_dwarf_late_searches);
}
