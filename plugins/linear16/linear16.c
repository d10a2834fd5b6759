/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * The textbook's page table as a complete back-end: 16 entries, one level, no kernel.
 *
 * Two functions suffice. Worked example of docs/adding-an-architecture.md.
 */
#include "mmuscope/arch.h"

#define PRESENT 1u
#define FRAME (7u << 1) /* frame number in bits 3:1 */

/* Each bit by name: mask, value, bits that must be absent, name, name when clear, meaning, traits,
 * levels, kinds, field. */
static const struct mmu_flag flags[] = {
	{ PRESENT, PRESENT, 0, "PRESENT", NULL, "the page is in memory", 0, 0, 1u << 0,
	  MMU_KINDS(MMU_KIND_LEAF) | MMU_KINDS(MMU_KIND_BAD), false, false },
	{ FRAME, 0, 0, "FRAME", NULL, "frame number", 0, 0, 1u << 0,
	  MMU_KINDS(MMU_KIND_LEAF) | MMU_KINDS(MMU_KIND_BAD), true, false },
};

/* Level 0 is the only one; each of its entries may map. */
static const struct mmu_level levels[] = {
	{ .name = "PTE", .may_be_leaf = true },
};

/* Decode any word, and write every field of *ret. */
static void decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		   uint64_t second, struct mmu_entry *ret)
{
	*ret = (struct mmu_entry){ .kind = MMU_KIND_EMPTY };
	if (!(raw & PRESENT)) /* then the textbook's frame number means nothing */
		return;
	ret->bad_mask = raw & ~(uint64_t)(FRAME | PRESENT);
	if (ret->bad_mask) {
		ret->kind = MMU_KIND_BAD;
		ret->note = "an entry has 4 bits";
		return;
	}
	ret->kind = MMU_KIND_LEAF;
	ret->pa = (raw & FRAME) >> 1 << 12;
	ret->rights = MMU_RIGHTS_ALL; /* no entry can deny anything */
}

/* The inverse; it refuses what an entry can't hold. Tests build their tables with it. */
static bool encode(const struct mmu_regime *regime, unsigned int level,
		   const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	if (entry->kind != MMU_KIND_LEAF || entry->rights != MMU_RIGHTS_ALL || entry->run_lg2 ||
	    entry->next_first || entry->next_count || entry->pa & ~regime->pa_mask)
		return false;
	*ret_raw = entry->pa >> 12 << 1 | PRESENT;
	*ret_second = 0;
	return true;
}

/* How pages that lie behind each other look, for speed: only the frame number goes on. */
static bool alike(const struct mmu_regime *regime, unsigned int level, struct mmu_alike *ret)
{
	*ret = (struct mmu_alike){ .address = FRAME, .step = 2 };
	return true;
}

/* No explain(): there are no software entries. */
static const struct mmu_format flat = {
	.size = sizeof(struct mmu_format),
	.name = "flat",
	.title = "one table of 16 entries, 16-bit addresses",
	.kind = MMU_FORMAT_RADIX,
	.entry_bytes = 1,
	.slot_bytes = 1,
	.nr_levels = 1,
	.level = levels,
	.flags = flags,
	.nr_flags = sizeof(flags) / sizeof(flags[0]),
	.decode = decode,
	.encode = encode,
	.alike = alike,
};

/* How it is run: bits 15:12 of the address choose one of 2^4 entries. */
static const struct mmu_regime all = {
	.size = sizeof(struct mmu_regime),
	.format = &flat,
	.name = "all",
	.last_va = 0xffff,
	.pa_mask = 0x7fff, /* 3 bits of frame, 12 of offset */
	.page_lg2 = 12,
	.rights = MMU_RIGHTS_ALL,
	.shape = { { .shift = 12, .index_bits = 4 } },
};

static const struct mmu_format *const formats[] = { &flat };
static const struct mmu_regime *const regimes[] = { &all };
static const struct mmu_sample sample = { sizeof(struct mmu_sample), "flat", regimes, 1 };
static const struct mmu_sample *const samples[] = { &sample };

/* No locate(), no linear(): there is no kernel. */
__attribute__((visibility("default"))) const struct mmu_arch mmu_arch_plugin = {
	.abi = MMU_ARCH_ABI,
	.size = sizeof(struct mmu_arch),
	.name = "linear16",
	.title = "the textbook's 16-bit machine",
	.formats = formats,
	.nr_formats = 1,
	.samples = samples,
	.nr_samples = 1,
};
