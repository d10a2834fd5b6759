/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Bits and format of the hashed table; README.md has the manual's sections. */
#include "ppc64.h"

/* clang-format off */
#define KINDS (MMU_KINDS(MMU_KIND_LEAF) | MMU_KINDS(MMU_KIND_BAD))

#define FLAG(n, sw, name, what) \
	{ BIT(n), BIT(n), 0, name, NULL, what, 0, 0, 1, KINDS, false, sw }
#define FIELD(first, last, if_, no, name, what) \
	{ BITS(first, last), 0, 0, name, NULL, what, if_, no, 1, KINDS, true, false }

static const struct mmu_flag v_flags[] = {
	FLAG(0, false, "V", "hardware looks at it"),
	FLAG(1, false, "H", "in the group of the inverted hash"),
	FLAG(2, false, "L", "a page of more than 4 KiB: LP tells how large"),
	FLAG(3, true, "LOCK", "Linux is changing it"),
	FLAG(4, true, "BOLTED", "Linux never evicts it"),
	FLAG(5, true, "SW5", "left to software"),
	FLAG(6, true, "SW6", "left to software"),
	FIELD(7, 61, 0, ISA3, "AVPN", "segment number and page, without the lowest 23 bits"),
	FIELD(7, 51, ISA3, 0, "AVPN", "segment number and page, without the lowest 23 bits"),
	FIELD(62, 63, 0, ISA3, "B", "segment: 0 of 256 MiB, 1 of 1 TiB"),
};

static const struct mmu_flag r_flags[] = {
	FIELD(0, 1, 0, 0, "PP", "0 kernel writes, 1 user reads, 2 user writes, 3 all read"),
	FLAG(2, false, "N", "may not be run"),
	FLAG(3, false, "G", "guarded: no reads ahead"),
	FLAG(4, false, "M", "coherent with other processors"),
	FLAG(5, false, "I", "not cached"),
	FLAG(6, false, "W", "written through; with I: strongly ordered"),
	FLAG(7, false, "C", "was written to"),
	FLAG(8, false, "R", "was used"),
	FIELD(9, 11, 0, 0, "KEY", "the key's lower bits"),
	FIELD(58, 59, ISA3, 0, "B", "segment: 0 of 256 MiB, 1 of 1 TiB"),
	FIELD(60, 61, 0, 0, "KEYHI", "the key's upper bits"),
	FLAG(63, false, "PP0", "with PP 2: the kernel reads, user mode has no access"),
};
/* clang-format on */

static const struct mmu_level hpt_levels[] = {
	{ .name = "HPTE", .may_be_leaf = true, .run_lg2 = 22, .second_offset = 8 },
};

const struct mmu_format ppc64_hpt = {
	.size = sizeof(struct mmu_format),
	.name = "hpt",
	.title = "hashed page table (Power ISA 2.07B, III-S 5.7.7)",
	.entry_bytes = 8,
	.slot_bytes = 16,
	.big_endian = true,
	.nr_levels = 1,
	.level = hpt_levels,
	.kind = MMU_FORMAT_HASHED,
	.slot_va_bits = HPT_VA_BITS,
	.flags = v_flags,
	.nr_flags = COUNT(v_flags),
	.second_name = "R",
	.second_flags = r_flags,
	.nr_second_flags = COUNT(r_flags),
	.decode = ppc64_hpt_decode,
	.encode = ppc64_hpt_encode,
	.probes = ppc64_probes,
	.slot = ppc64_slot,
};
