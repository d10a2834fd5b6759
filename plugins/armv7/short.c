/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Entries of short descriptors: the hardware's words and Linux's own beside them. */
#include <string.h>

#include "armv7.h"

/* ------------------------------------------------------------------ decode */

static void set_bad(struct mmu_entry *ret, uint64_t mask, const char *note)
{
	*ret = (struct mmu_entry){ .kind = MMU_KIND_BAD, .bad_mask = mask, .note = note };
}

/*
 * APX, AP1 and AP0, whose places are given (Arm ARM table B3-8; Linux keeps SCTLR.AFE 0). One bit
 * for writes has to do for both modes: where they differ, it is that of user mode.
 */
static void set_rights(struct mmu_entry *ret, uint32_t raw, unsigned int apx, unsigned int ap1,
		       bool xn, bool pxn)
{
	unsigned int ap = (raw >> apx & 1) << 2 | (raw >> ap1 & 1) << 1 | (raw >> (ap1 - 1) & 1);
	uint8_t rights = MMU_RIGHT_READ;

	if (ap == 4) {
		set_bad(ret, BIT(apx) | BITS(ap1 - 1, ap1), "reserved: APX with AP 00");
		return;
	}
	if (ap == 0) {
		ret->note = "no access at all";
		return;
	}
	if (ap == 2)
		ret->note = "the kernel may write, user mode may not";
	rights |= ap == 1 || ap == 3 ? MMU_RIGHT_WRITE : 0;
	rights |= ap & 2 ? MMU_RIGHT_USER : 0;
	ret->rights = arm_exec_rights(rights, xn, pxn);
}

/* By the hardware's word: where TEX[0] and nG lie. */
static void set_kind_of_memory(struct mmu_entry *ret, uint32_t raw, unsigned int tex0,
			       unsigned int ng)
{
	if (ret->kind != MMU_KIND_LEAF)
		return;
	ret->memory = arm_memory((raw >> tex0 & 1) << 2 | (raw >> 2 & 3));
	ret->attrs = raw >> ng & 1 ? 0 : MMU_ATTR_GLOBAL;
}

static void decode_section(const struct mmu_regime *regime, uint32_t raw, struct mmu_entry *ret)
{
	bool super = raw & BIT(18);

	ret->kind = MMU_KIND_LEAF;
	ret->pa = raw & BITS(20, 31);
	if (super) { /* bits 39:36 in 8:5 and 35:32 in 23:20 */
		ret->run_lg2 = 4;
		ret->pa = (raw & BITS(24, 31)) | (uint64_t)(raw >> 20 & 15) << 32 |
			  (uint64_t)(raw >> 5 & 15) << 36;
	}
	if (ret->pa & ~regime->pa_mask)
		set_bad(ret, raw & (super ? BITS(5, 8) | BITS(20, 31) : BITS(20, 31)),
			"address bits beyond the processor's physical address width");
	else
		set_rights(ret, raw, 15, 11, raw & BIT(4), raw & BIT(0));
	set_kind_of_memory(ret, raw, 12, 17);
}

static void decode_pgd(const struct mmu_regime *regime, uint32_t raw, struct mmu_entry *ret)
{
	if (raw & BIT(1)) { /* 11 is a section too: bit 0 is PXN */
		decode_section(regime, raw, ret);
	} else if (raw & BIT(0)) {
		ret->kind = MMU_KIND_TABLE;
		ret->pa = raw & BITS(10, 31);
		ret->rights = MMU_RIGHTS_ALL & ~(raw & BIT(2) ? MMU_RIGHT_EXEC_PRIV : 0);
	} else if (raw) {
		set_bad(ret, raw, "bits 1:0 are 00, yet the entry is not 0");
	}
}

/* What the processor reads, where Linux has no word of its own for the page. */
static void decode_hardware(uint32_t raw, struct mmu_entry *ret)
{
	bool small = raw & BIT(1);

	ret->kind = MMU_KIND_LEAF;
	ret->run_lg2 = small ? 0 : 4;
	ret->pa = raw & (small ? BITS(12, 31) : BITS(16, 31));
	ret->note = "hardware maps this, Linux's entry is empty";
	set_rights(ret, raw, 9, 5, raw & (small ? BIT(0) : BIT(15)), false);
	set_kind_of_memory(ret, raw, small ? 6 : 12, 11);
}

/* The hardware word that cpu_v7_set_pte_ext() makes of Linux's; nG depends on the address. */
static uint32_t hardware_of(uint32_t second)
{
	uint64_t raw = (second & (BITS(12, 31) | L_SHARED | BITS(2, 3))) | BIT(4) | BIT(1);

	if (!(second & L_YOUNG) || !(second & L_PRESENT) || second & L_NONE)
		return 0;
	raw |= second & BIT(4) ? BIT(6) : 0;
	raw |= second & L_RDONLY || !(second & L_DIRTY) ? BIT(9) : 0;
	raw |= second & L_USER ? BIT(5) : 0;
	return (uint32_t)(raw | (second & L_XN ? BIT(0) : 0));
}

/* What is to be said of a page in Linux's own words. */
static const char *note_on_pair(uint32_t raw, uint32_t second)
{
	uint32_t expected = hardware_of(second);

	if (raw && !expected)
		return "mismatch: hardware maps it, though Linux's entry is not young";
	if (!raw && expected)
		return "mismatch: hardware has 0, though Linux's entry is young";
	if ((raw ^ expected) & BITS(12, 31))
		return "mismatch: hardware maps another frame than Linux's entry";
	if ((raw ^ expected) & BITS(0, 10))
		return "mismatch: hardware's bits are not those that Linux's entry asks for";
	if (!expected)
		return "not young: hardware has 0 until the page is touched again";
	if ((second & (L_DIRTY | L_RDONLY | L_USER)) == L_USER)
		return "clean: hardware has it read-only until the first write";
	return NULL;
}

/* Linux's L_PTE_MT_*, by number; README.md has their names. */
static const uint8_t linux_memory[16] = {
	[0] = MMU_MEMORY_DEVICE,     [1] = MMU_MEMORY_COMBINING,  [2] = MMU_MEMORY_WRITETHROUGH,
	[3] = MMU_MEMORY_WRITEBACK,  [4] = MMU_MEMORY_DEVICE,     [7] = MMU_MEMORY_WRITEBACK,
	[9] = MMU_MEMORY_COMBINING,  [11] = MMU_MEMORY_WRITEBACK, [12] = MMU_MEMORY_DEVICE,
	[15] = MMU_MEMORY_WRITEBACK,
};

static void decode_pte(uint32_t raw, uint32_t second, struct mmu_entry *ret)
{
	/* the first write to a clean page faults, and Linux lets user mode have its way */
	bool write = !(second & L_RDONLY) && second & (L_DIRTY | L_USER);

	if (!second && !(raw & 3)) {
		if (raw)
			set_bad(ret, raw, "bits 1:0 are 00, yet the entry is not 0");
	} else if (!second) {
		decode_hardware(raw, ret);
	} else if (!(second & L_PRESENT) || second & L_NONE) {
		ret->kind = MMU_KIND_SOFTWARE;
		ret->note = raw ? "mismatch: hardware maps what Linux has taken away" : NULL;
	} else {
		ret->kind = MMU_KIND_LEAF;
		ret->pa = second & BITS(12, 31);
		ret->rights = MMU_RIGHT_READ | (write ? MMU_RIGHT_WRITE : 0) |
			      (second & L_USER ? MMU_RIGHT_USER : 0);
		ret->rights = arm_exec_rights(ret->rights, second & L_XN, false);
		ret->attrs = MMU_ATTR_KNOWN | (second & L_YOUNG ? MMU_ATTR_ACCESSED : 0) |
			     (second & L_DIRTY ? MMU_ATTR_DIRTY : 0) |
			     (raw && !(raw & BIT(11)) ? MMU_ATTR_GLOBAL : 0);
		ret->memory = linux_memory[second >> 2 & 15];
		ret->note = note_on_pair(raw, second);
	}
}

void arm_short_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		      uint64_t second, struct mmu_entry *ret)
{
	uint64_t word = level == PTE && second ? second : raw;

	memset(ret, 0, sizeof(*ret));
	if (level == SHORT_PGD)
		decode_pgd(regime, (uint32_t)raw, ret);
	else
		decode_pte((uint32_t)raw, (uint32_t)second, ret);
	if (ret->kind != MMU_KIND_BAD && ret->pa & ~regime->pa_mask)
		set_bad(ret, word & BITS(10, 31) & ~regime->pa_mask,
			"address bits beyond the processor's physical address width");
}

bool arm_short_alike(const struct mmu_regime *regime, unsigned int level, struct mmu_alike *ret)
{
	unsigned int shift = level == PTE ? 12 : 20;
	uint64_t address = BITS(shift, 31) & regime->pa_mask, step = BIT(shift);

	*ret = (struct mmu_alike){ .address = address, .step = step };
	if (level == PTE) {
		ret->second_address = address;
		ret->second_step = step;
	}
	return true;
}

/* ------------------------------------------------------------------ encode */

static bool encode_table(const struct mmu_entry *entry, uint64_t *ret)
{
	bool pxn = !(entry->rights & MMU_RIGHT_EXEC_PRIV);

	if (entry->pa & ~BITS(10, 31) ||
	    entry->rights != (MMU_RIGHTS_ALL & ~(pxn ? MMU_RIGHT_EXEC_PRIV : 0)))
		return false;
	/* bit 4 and the domain as Linux has them: PXN is for user tables (_PAGE_USER_TABLE) */
	*ret = entry->pa | BIT(4) | 1 | (pxn ? BIT(5) | BIT(2) : 0);
	return true;
}

static bool encode_section(const struct mmu_entry *entry, uint64_t *ret)
{
	bool user = entry->rights & MMU_RIGHT_USER, exec = entry->rights & MMU_RIGHT_EXEC;
	bool exec_priv = entry->rights & MMU_RIGHT_EXEC_PRIV;
	uint64_t raw = BIT(16) | BIT(12) | BIT(10) | BITS(1, 3), pa = entry->pa;

	if ((exec && !user) || (user && exec_priv && !exec) || pa >> (entry->run_lg2 ? 40 : 32))
		return false;
	raw |= user ? BIT(11) : 0;
	raw |= entry->rights & MMU_RIGHT_WRITE ? 0 : BIT(15);
	raw |= exec || exec_priv ? 0 : BIT(4);
	raw |= exec && !exec_priv ? BIT(0) : 0;
	if (entry->run_lg2)
		raw |= BIT(18) | (pa & BITS(24, 31)) | (pa >> 32 & 15) << 20 | pa >> 36 << 5;
	else
		raw |= pa & BITS(20, 31);
	*ret = raw;
	return true;
}

static bool encode_page(const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	bool user = entry->rights & MMU_RIGHT_USER, write = entry->rights & MMU_RIGHT_WRITE;
	bool exec_priv = entry->rights & MMU_RIGHT_EXEC_PRIV;
	uint64_t second;

	/* a page has no PXN of its own */
	if (entry->pa >> 32 || !!(entry->rights & MMU_RIGHT_EXEC) != (user && exec_priv))
		return false;
	if (entry->run_lg2) { /* Linux makes none: hardware's word alone */
		*ret_raw = (entry->pa & BITS(16, 31)) | BIT(12) | BIT(10) | BITS(2, 4) | BIT(0) |
			   (user ? BIT(11) | BIT(5) : 0) | (write ? 0 : BIT(9)) |
			   (exec_priv ? 0 : BIT(15));
		*ret_second = 0;
		return true;
	}
	second = (entry->pa & BITS(12, 31)) | L_PRESENT | L_YOUNG | L_WRITEALLOC | L_SHARED |
		 L_DIRTY | (write ? 0 : L_RDONLY) | (user ? L_USER : 0) | (exec_priv ? 0 : L_XN);
	*ret_raw = hardware_of((uint32_t)second) | (user ? BIT(11) : 0);
	*ret_second = second;
	return true;
}

bool arm_short_encode(const struct mmu_regime *regime, unsigned int level,
		      const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	uint64_t raw, second = 0;
	bool said;

	if (!arm_may_encode(regime, entry))
		return false;
	if (entry->kind == MMU_KIND_TABLE)
		said = level == SHORT_PGD && encode_table(entry, &raw);
	else if (!(entry->rights & MMU_RIGHT_READ) || (entry->run_lg2 && entry->run_lg2 != 4))
		said = false;
	else
		said = level == SHORT_PGD ? encode_section(entry, &raw)
					  : encode_page(entry, &raw, &second);
	if (said) {
		*ret_raw = raw;
		*ret_second = second;
	}
	return said;
}

/* ------------------------------------------------------------------ explain */

void arm_short_explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		       uint64_t second, struct mmu_software *ret)
{
	memset(ret, 0, sizeof(*ret)); /* MMU_SOFTWARE_UNKNOWN */
	if (second & L_PRESENT) {
		ret->kind = MMU_SOFTWARE_NONE;
		ret->pa = second & BITS(12, 31);
	} else if (!(second & L_YOUNG)) { /* else: bits 1:0 are 10, which nobody writes */
		arm_swap(regime, second, ret);
	}
}
