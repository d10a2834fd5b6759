/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * The ARMv7 back-end: short descriptors and LPAE as Linux uses them; README.md has the bits.
 */
#include <string.h>

#include "armv7.h"

/* ------------------------------------------------------------------ what both formats share */

static const struct mmu_trait traits[] = {
	{ ARM_SWAP_EXCLUSIVE, "swap-exclusive",
	  "a swap entry's bit 7 says exclusive, the offset begins at bit 8 (6.3)" },
};

/* clang-format off */
#define ALL_KINDS (MMU_KINDS(MMU_KIND_TABLE) | MMU_KINDS(MMU_KIND_LEAF) | MMU_KINDS(MMU_KIND_BAD))
#define K_TABLE   MMU_KINDS(MMU_KIND_TABLE)
#define K_LEAF    (MMU_KINDS(MMU_KIND_LEAF) | MMU_KINDS(MMU_KIND_BAD))
#define K_SOFT    MMU_KINDS(MMU_KIND_SOFTWARE)

/* Bit set: name. Several bits with one value; a field. Levels, kinds. */
#define FLAG(n, lv, k, name, what) \
	{ BIT(n), BIT(n), name, NULL, what, 0, 0, lv, k, false, false }
#define SOFT(n, lv, k, name, what) \
	{ BIT(n), BIT(n), name, NULL, what, 0, 0, lv, k, false, true }
#define VALUE(mask, value, lv, k, name, what) \
	{ mask, value, name, NULL, what, 0, 0, lv, k, false, false }
#define FIELD(first, last, lv, k, name, what) \
	{ BITS(first, last), 0, name, NULL, what, 0, 0, lv, k, true, false }

/* ------------------------------------------------------------------ short descriptors */

enum { L0 = 1, L1 = 2, L2 = 4 };

/*
 * TEX[0], C, B choose an entry of PRRR and NMRR, as Linux sets them with TEX remap
 * (arch/arm/mm/proc-v7-2level.S: 0xff0a81a8, 0x40e040e0).
 */
#define MEMORY_TYPES(tex0, lv) \
	VALUE(BIT(tex0) | BITS(2, 3), 0,                   lv, K_LEAF, "STRONGLY_ORDERED", "TEX[0] C B 000"), \
	VALUE(BIT(tex0) | BITS(2, 3), BIT(2),              lv, K_LEAF, "BUFFERABLE", "TEX[0] C B 001: normal, not cached"), \
	VALUE(BIT(tex0) | BITS(2, 3), BIT(3),              lv, K_LEAF, "WRITETHROUGH", "TEX[0] C B 010"), \
	VALUE(BIT(tex0) | BITS(2, 3), BITS(2, 3),          lv, K_LEAF, "WRITEBACK", "TEX[0] C B 011"), \
	VALUE(BIT(tex0) | BITS(2, 3), BIT(tex0),           lv, K_LEAF, "DEVICE", "TEX[0] C B 100"), \
	VALUE(BIT(tex0) | BITS(2, 3), BIT(tex0) | BIT(2),  lv, K_LEAF, "TYPE5", "TEX[0] C B 101"), \
	VALUE(BIT(tex0) | BITS(2, 3), BIT(tex0) | BIT(3),  lv, K_LEAF, "TYPE6", "TEX[0] C B 110: implementation defined"), \
	VALUE(BIT(tex0) | BITS(2, 3), BIT(tex0) | BITS(2, 3), lv, K_LEAF, "WRITEALLOC", "TEX[0] C B 111: write-back, write-allocate")

static const struct mmu_flag short_flags[] = {
	/* level 1: tables (ARM ARM B3.5.1) */
	VALUE(BITS(0, 1), 1,       L1, K_TABLE, "TABLE", "bits 1:0 are 01"),
	FLAG(2,                    L1, K_TABLE, "PXN", "the kernel fetches no instructions below"),
	FLAG(3,                    L1, K_TABLE, "NS", "not secure"),
	FIELD(5, 8,                L1, K_TABLE, "DOMAIN", "domain: 0 kernel, 1 user, 2 I/O, 3 vectors"),
	/* level 1: sections and supersections */
	VALUE(BIT(1) | BIT(18), BIT(1),           L1, K_LEAF, "SECTION", "1 MiB"),
	VALUE(BIT(1) | BIT(18), BIT(1) | BIT(18), L1, K_LEAF, "SUPERSECTION", "16 MiB, 16 equal words"),
	FLAG(0,                    L1, K_LEAF, "PXN", "the kernel fetches no instructions"),
	MEMORY_TYPES(12,           L1),
	FLAG(4,                    L1, K_LEAF, "XN", "instructions are not fetched"),
	FIELD(5, 8,                L1, K_LEAF, "DOMAIN", "domain: 0 kernel, 1 user, 2 I/O, 3 vectors"),
	FLAG(10,                   L1, K_LEAF, "AP0", "access (with AP1, APX)"),
	FLAG(11,                   L1, K_LEAF, "AP1", "user mode has access"),
	FLAG(15,                   L1, K_LEAF, "APX", "read-only"),
	FLAG(16,                   L1, K_LEAF, "S", "shareable"),
	FLAG(17,                   L1, K_LEAF, "NG", "not global"),
	FLAG(19,                   L1, K_LEAF, "NS", "not secure"),
	/* level 0: small pages, and large ones, whose XN and TEX lie elsewhere */
	VALUE(BIT(1), BIT(1),      L0, K_LEAF, "SMALL", "4 KiB page"),
	VALUE(BITS(0, 1), BIT(0),  L0, K_LEAF, "LARGE", "64 KiB page, 16 equal words"),
	VALUE(BITS(0, 1), BITS(0, 1), L0, K_LEAF, "XN", "instructions are not fetched"),
	{ BITS(0, 1) | BIT(15), BIT(0) | BIT(15), "XN", NULL, "instructions are not fetched (large)",
	  0, 0, L0, K_LEAF, false, false },
	FLAG(4,                    L0, K_LEAF, "AP0", "access (with AP1, APX)"),
	FLAG(5,                    L0, K_LEAF, "AP1", "user mode has access"),
	MEMORY_TYPES(6,            L0),
	FLAG(9,                    L0, K_LEAF, "APX", "read-only"),
	FLAG(10,                   L0, K_LEAF, "S", "shareable"),
	FLAG(11,                   L0, K_LEAF, "NG", "not global"),
};

/* arch/arm/include/asm/pgtable-2level.h */
#define K_LINUX (MMU_KINDS(MMU_KIND_LEAF) | MMU_KINDS(MMU_KIND_BAD))
/* A software entry with PRESENT is a PROT_NONE page, one without it a swap entry. */
#define HELD(n, name, what) \
	SOFT(n, L0, K_LINUX, name, what), \
	{ BIT(n) | BIT(0), BIT(n) | BIT(0), name, NULL, what, 0, 0, L0, K_SOFT, false, true }
#define TYPE(value, name, what) \
	{ BITS(2, 5), (uint64_t)(value) << 2, name, NULL, what, 0, 0, L0, K_LINUX, false, true }

static const struct mmu_flag linux_flags[] = {
	HELD(0, "PRESENT", "the page is there"),
	HELD(1, "YOUNG", "was used; without it the hardware word is 0"),
	TYPE(0x0, "MT_UNCACHED", "memory type"), TYPE(0x1, "MT_BUFFERABLE", "memory type"),
	TYPE(0x2, "MT_WRITETHROUGH", "memory type"), TYPE(0x3, "MT_WRITEBACK", "memory type"),
	TYPE(0x4, "MT_DEV_SHARED", "memory type"), TYPE(0x7, "MT_WRITEALLOC", "memory type"),
	TYPE(0x9, "MT_DEV_WC", "memory type"), TYPE(0xb, "MT_DEV_CACHED", "memory type"),
	TYPE(0xc, "MT_DEV_NONSHARED", "memory type"), TYPE(0xf, "MT_VECTORS", "memory type"),
	HELD(6, "DIRTY", "was written to; without it hardware may not write"),
	{ BIT(7) | BIT(0), BIT(7), "SWP_EXCLUSIVE", NULL, "an anonymous page of this process alone",
	  ARM_SWAP_EXCLUSIVE, 0, L0, K_SOFT, false, true },
	HELD(7, "RDONLY", "writes are not allowed"),
	HELD(8, "USER", "user mode has access"),
	HELD(9, "XN", "instructions are not fetched"),
	HELD(10, "SHARED", "shared between CPUs"),
	HELD(11, "NONE", "the page is there without any access"),
};

static const struct mmu_level short_levels[] = {
	{ "PTE", 12, 8, true, 4, -2048 },
	{ "PGD", 20, 12, true, 4, 0 },
};

/* ------------------------------------------------------------------ LPAE */

/* AttrIndx names an attribute of MAIR0/1 as Linux fills them (proc-v7-3level.S). */
#define ATTRIBUTE(value, name) \
	VALUE(BITS(2, 4), (uint64_t)(value) << 2, L0 | L1 | L2, K_LEAF, name, "AttrIndx " #value)
#define LPAE_HELD(n, lv, name, what) \
	FLAG(n, lv, K_LEAF, name, what), \
	{ BIT(n) | BIT(57), BIT(n) | BIT(57), name, NULL, what, 0, 0, lv, K_SOFT, false, false }

static const struct mmu_flag lpae_flags[] = {
	/* tables (ARM ARM B3.6.1) */
	VALUE(BITS(0, 1), 3,       L1 | L2, K_TABLE, "TABLE", "bits 1:0 are 11"),
	SOFT(55,                   L2, K_TABLE, "SWAPPER", "shared with the kernel's own tables"),
	FLAG(59,                   L1 | L2, K_TABLE, "PXNTABLE", "the kernel fetches no instructions below"),
	FLAG(60,                   L1 | L2, K_TABLE, "XNTABLE", "no instructions are fetched below"),
	FLAG(61,                   L1 | L2, K_TABLE, "APTABLE0", "no user access below"),
	FLAG(62,                   L1 | L2, K_TABLE, "APTABLE1", "read-only below"),
	FLAG(63,                   L1 | L2, K_TABLE, "NSTABLE", "not secure below"),
	/* blocks and pages (ARM ARM B3.6.2) */
	VALUE(BITS(0, 1), 1,       L1 | L2, K_LEAF, "BLOCK", "bits 1:0 are 01"),
	VALUE(BITS(0, 1), 3,       L0, K_LEAF, "PAGE", "bits 1:0 are 11"),
	ATTRIBUTE(0, "MT_UNCACHED"), ATTRIBUTE(1, "MT_BUFFERABLE"), ATTRIBUTE(2, "MT_WRITETHROUGH"),
	ATTRIBUTE(3, "MT_WRITEBACK"), ATTRIBUTE(4, "MT_DEV_SHARED"), ATTRIBUTE(5, "MT_5"),
	ATTRIBUTE(6, "MT_6"), ATTRIBUTE(7, "MT_WRITEALLOC"),
	FLAG(5,                    L0 | L1 | L2, K_LEAF, "NS", "not secure"),
	LPAE_HELD(6,               L0 | L1 | L2, "USER", "AP[1]: user mode has access"),
	LPAE_HELD(7,               L0 | L1 | L2, "AP2", "AP[2]: hardware may not write"),
	FIELD(8, 9,                L0 | L1 | L2, K_LEAF, "SH", "shareability: 2 outer, 3 inner"),
	LPAE_HELD(10,              L0 | L1 | L2, "AF", "access flag: was used"),
	FLAG(11,                   L0 | L1 | L2, K_LEAF, "NG", "not global"),
	FLAG(52,                   L0 | L1 | L2, K_LEAF, "CONT", "one of 16 that map adjacent memory"),
	LPAE_HELD(53,              L0 | L1 | L2, "PXN", "the kernel fetches no instructions"),
	LPAE_HELD(54,              L0 | L1 | L2, "XN", "instructions are not fetched"),
	SOFT(55,                   L0 | L1, K_LEAF, "DIRTY", "was written to"),
	SOFT(56,                   L0 | L1, K_LEAF, "SPECIAL", "the page has no reference count to keep"),
	SOFT(57,                   L0 | L1, K_SOFT, "NONE", "the page is there without any access"),
	SOFT(58,                   L0 | L1, K_LEAF, "RDONLY", "writes are not allowed"),
	{ BITS(0, 1) | BIT(7) | BIT(57), BIT(7), "SWP_EXCLUSIVE", NULL,
	  "an anonymous page of this process alone", ARM_SWAP_EXCLUSIVE, 0, L0 | L1, K_SOFT, false, true },
};

static const struct mmu_level lpae_levels[] = {
	{ "PTE", 12, 9, true, 4, 0 },
	{ "PMD", 21, 9, true, 4, 0 },
	{ "PGD", 30, 2, true, 0, 0 },
};
/* clang-format on */

const struct mmu_format arm_formats[] = {
	{ .name = "short",
	  .title = "short descriptors (Arm ARM ARMv7-A, B3.5)",
	  .entry_bytes = 4,
	  .va_bits = 32,
	  .pa_bits = 40,
	  .nr_levels = 2,
	  .level = short_levels,
	  .flags = short_flags,
	  .nr_flags = COUNT(short_flags),
	  .second_name = "Linux",
	  .second_flags = linux_flags,
	  .nr_second_flags = COUNT(linux_flags) },
	{ .name = "lpae",
	  .title = "long descriptors, LPAE (Arm ARM ARMv7-A, B3.6)",
	  .entry_bytes = 8,
	  .va_bits = 32,
	  .pa_bits = 40,
	  .nr_levels = 3,
	  .level = lpae_levels,
	  .flags = lpae_flags,
	  .nr_flags = COUNT(lpae_flags) },
};

/* ------------------------------------------------------------------ short descriptors: entries */

enum { PTE, PGD };

/* Linux's PTE (pgtable-2level.h) */
#define L_PRESENT BIT(0)
#define L_YOUNG BIT(1)
#define L_DIRTY BIT(6)
#define L_RDONLY BIT(7)
#define L_USER BIT(8)
#define L_XN BIT(9)
#define L_SHARED BIT(10)
#define L_NONE BIT(11)

/* APX, AP1, AP0 (ARM ARM B3.7.1): who may do what. */
static uint8_t access_rights(bool apx, bool ap1, bool ap0, const char **note)
{
	uint8_t rights = MMU_RIGHT_READ;

	if (!apx && !ap1 && !ap0)
		return 0;
	if (ap1)
		rights |= MMU_RIGHT_USER;
	if (!apx && ap1 && !ap0)
		*note = "the kernel may write, user mode may not";
	else if (!apx)
		rights |= MMU_RIGHT_WRITE;
	return rights;
}

static uint8_t exec_rights(uint8_t rights, bool xn, bool pxn)
{
	if (xn || !(rights & MMU_RIGHT_READ))
		return rights;
	if (rights & MMU_RIGHT_USER)
		rights |= MMU_RIGHT_EXEC;
	return rights | (pxn ? 0 : MMU_RIGHT_EXEC_PRIV);
}

static void decode_section(uint64_t raw, struct mmu_entry *ret)
{
	bool super = raw & BIT(18);

	ret->kind = MMU_KIND_LEAF;
	if (super) { /* bits 39:36 in 8:5 and 35:32 in 23:20 */
		ret->run_lg2 = 4;
		ret->pa = (raw & BITS(24, 31)) | (raw >> 20 & 15) << 32 | (raw >> 5 & 15) << 36;
	} else {
		ret->pa = raw & BITS(20, 31);
	}
	ret->rights =
		exec_rights(access_rights(raw & BIT(15), raw & BIT(11), raw & BIT(10), &ret->note),
			    raw & BIT(4), raw & BIT(0));
}

static void decode_short_pgd(uint64_t raw, struct mmu_entry *ret)
{
	if (raw & BIT(1)) {
		decode_section(raw, ret);
	} else if (raw & BIT(0)) {
		ret->kind = MMU_KIND_TABLE;
		ret->pa = raw & BITS(10, 31);
		ret->rights = MMU_RIGHTS_ALL & ~(raw & BIT(2) ? MMU_RIGHT_EXEC_PRIV : 0);
	} else if (raw) {
		ret->kind = MMU_KIND_BAD;
		ret->bad_mask = raw;
		ret->note = "bits 1:0 are 00, yet the entry is not 0";
	}
}

/* What the processor reads, where Linux has no word of its own for the page. */
static void decode_hardware(uint64_t raw, struct mmu_entry *ret)
{
	bool small = raw & BIT(1);

	ret->kind = MMU_KIND_LEAF;
	ret->run_lg2 = small ? 0 : 4;
	ret->pa = raw & (small ? BITS(12, 31) : BITS(16, 31));
	ret->rights =
		exec_rights(access_rights(raw & BIT(9), raw & BIT(5), raw & BIT(4), &ret->note),
			    raw & (small ? BIT(0) : BIT(15)), false);
}

/* The hardware word that cpu_v7_set_pte_ext() derives from Linux's; nG depends on the address. */
static uint64_t hardware_of(uint64_t second)
{
	uint64_t raw = (second & ~BITS(0, 11)) | (second & (BITS(2, 3) | L_SHARED)) | 0x12;

	if (!(second & L_YOUNG) || !(second & L_PRESENT) || second & L_NONE)
		return 0;
	raw |= second & BIT(4) ? BIT(6) : 0;
	raw |= second & L_RDONLY || !(second & L_DIRTY) ? BIT(9) : 0;
	raw |= second & L_USER ? BIT(5) : 0;
	return raw | (second & L_XN ? BIT(0) : 0);
}

static void decode_short_pte(uint64_t raw, uint64_t second, struct mmu_entry *ret)
{
	if (!second) {
		if (raw & BITS(0, 1)) {
			decode_hardware(raw, ret);
			ret->note = "hardware maps this, Linux's entry is empty";
		} else if (raw) {
			ret->kind = MMU_KIND_BAD;
			ret->bad_mask = raw;
			ret->note = "bits 1:0 are 00, yet the entry is not 0";
		}
		return;
	}
	if (!(second & L_PRESENT) || second & L_NONE) {
		ret->kind = MMU_KIND_SOFTWARE;
		if (raw)
			ret->note = "hardware still maps what Linux has taken away";
		return;
	}
	ret->kind = MMU_KIND_LEAF;
	ret->pa = second & BITS(12, 31);
	ret->rights = MMU_RIGHT_READ | (second & L_RDONLY ? 0 : MMU_RIGHT_WRITE) |
		      (second & L_USER ? MMU_RIGHT_USER : 0);
	ret->rights = exec_rights(ret->rights, second & L_XN, false);
	if ((raw ^ hardware_of(second)) & ~BIT(11))
		ret->note = "the hardware entry is not what Linux's entry asks for";
	else if (!(second & L_YOUNG))
		ret->note = "not young: hardware has 0 until the page is touched again";
	else if (!(second & (L_DIRTY | L_RDONLY)))
		ret->note = "clean: hardware has it read-only until the first write";
}

static bool encode_short_pgd(const struct mmu_entry *entry, uint64_t *ret)
{
	bool read = entry->rights & MMU_RIGHT_READ, write = entry->rights & MMU_RIGHT_WRITE;
	bool user = entry->rights & MMU_RIGHT_USER, exec = entry->rights & MMU_RIGHT_EXEC;
	bool exec_priv = entry->rights & MMU_RIGHT_EXEC_PRIV;

	if (entry->kind == MMU_KIND_TABLE) {
		if (entry->pa & ~BITS(10, 31) ||
		    entry->rights != (MMU_RIGHTS_ALL & ~(exec_priv ? 0 : MMU_RIGHT_EXEC_PRIV)))
			return false;
		*ret = entry->pa | 1 | (exec_priv ? 0 : BIT(2));
		return true;
	}
	if (!read || (exec && !user) || (user && exec_priv && !exec) || entry->pa >> 40 ||
	    (!entry->run_lg2 && entry->pa >> 32) || (entry->run_lg2 && entry->run_lg2 != 4))
		return false;
	uint64_t raw = BIT(1) | BIT(10) | (user ? BIT(11) : 0) | (write ? 0 : BIT(15)) | BIT(16) |
		       BIT(12) | BITS(2, 3);

	raw |= exec || exec_priv ? 0 : BIT(4);
	raw |= exec && !exec_priv ? BIT(0) : 0;
	if (entry->run_lg2)
		raw |= BIT(18) | (entry->pa & BITS(24, 31)) | (entry->pa >> 32 & 15) << 20 |
		       (entry->pa >> 36 & 15) << 5;
	else
		raw |= entry->pa & BITS(20, 31);
	*ret = raw;
	return true;
}

static bool encode_short_pte(const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	bool user = entry->rights & MMU_RIGHT_USER, exec = entry->rights & MMU_RIGHT_EXEC;
	bool exec_priv = entry->rights & MMU_RIGHT_EXEC_PRIV;
	bool write = entry->rights & MMU_RIGHT_WRITE;
	uint64_t second;

	if (entry->kind != MMU_KIND_LEAF || entry->pa >> 32 || !(entry->rights & MMU_RIGHT_READ) ||
	    exec != (user && exec_priv) || (entry->run_lg2 && entry->run_lg2 != 4))
		return false;
	if (entry->run_lg2) { /* Linux makes none: hardware's word alone */
		*ret_raw = (entry->pa & BITS(16, 31)) | 1 | BIT(4) | BIT(6) | BITS(2, 3) | BIT(10) |
			   (user ? BIT(5) : 0) | (write ? 0 : BIT(9)) | (exec_priv ? 0 : BIT(15));
		*ret_second = 0;
		return true;
	}
	second = (entry->pa & BITS(12, 31)) | L_PRESENT | L_YOUNG | 7 << 2 | L_SHARED |
		 (write ? L_DIRTY : L_RDONLY) | (user ? L_USER : 0) | (exec_priv ? 0 : L_XN);
	*ret_raw = hardware_of(second) | (user ? BIT(11) : 0);
	*ret_second = second;
	return true;
}

/* ------------------------------------------------------------------ LPAE: entries */

#define LPAE_ADDRESS BITS(12, 39)
#define LPAE_USER BIT(6)
#define LPAE_AP2 BIT(7)
#define LPAE_AF BIT(10)
#define LPAE_CONT BIT(52)
#define LPAE_PXN BIT(53)
#define LPAE_XN BIT(54)
#define LPAE_DIRTY BIT(55)
#define LPAE_NONE BIT(57)
#define LPAE_RDONLY BIT(58)

static void decode_lpae_table(uint64_t raw, struct mmu_entry *ret)
{
	ret->kind = MMU_KIND_TABLE;
	ret->pa = raw & LPAE_ADDRESS;
	ret->rights = MMU_RIGHTS_ALL;
	if (raw & BIT(59))
		ret->rights &= ~MMU_RIGHT_EXEC_PRIV;
	if (raw & BIT(60))
		ret->rights &= ~(MMU_RIGHT_EXEC_PRIV | MMU_RIGHT_EXEC);
	if (raw & BIT(61))
		ret->rights &= ~(MMU_RIGHT_USER | MMU_RIGHT_EXEC);
	if (raw & BIT(62))
		ret->rights &= ~MMU_RIGHT_WRITE;
}

static void decode_lpae_leaf(unsigned int level, uint64_t raw, struct mmu_entry *ret)
{
	bool cont = raw & LPAE_CONT && level < 2;
	bool user = raw & LPAE_USER;
	/* AP[2] also marks a clean page, which Linux lets its user write (set_pte_ext) */
	bool clean = user && raw & LPAE_AP2 && !(raw & (LPAE_RDONLY | LPAE_DIRTY));

	ret->kind = MMU_KIND_LEAF;
	ret->run_lg2 = cont ? 4 : 0;
	ret->pa = raw & LPAE_ADDRESS & BITS(12 + 9 * level + ret->run_lg2, 39);
	ret->rights = MMU_RIGHT_READ | (raw & LPAE_AP2 && !clean ? 0 : MMU_RIGHT_WRITE) |
		      (user ? MMU_RIGHT_USER : 0);
	ret->rights = exec_rights(ret->rights, raw & LPAE_XN, raw & LPAE_PXN);
	if (!(raw & LPAE_AF))
		ret->note = "not young: the access flag makes the next touch fault";
	else if (clean)
		ret->note = "clean: hardware has it read-only until the first write";
}

static void decode_lpae(unsigned int level, uint64_t raw, struct mmu_entry *ret)
{
	if (!raw)
		return;
	if ((raw & 3) == 3) {
		if (level == 0)
			decode_lpae_leaf(level, raw, ret);
		else
			decode_lpae_table(raw, ret);
	} else if ((raw & 3) == 1 && level > 0) {
		decode_lpae_leaf(level, raw, ret);
		ret->bad_mask = raw & BITS(12, 11 + 9 * level);
		if (ret->bad_mask) {
			ret->kind = MMU_KIND_BAD;
			ret->note = "reserved: address bits inside the block must be 0";
		}
	} else if (level == 2 || (raw & 3) == 1) {
		ret->kind = MMU_KIND_BAD;
		ret->bad_mask = level == 2 ? raw : 3;
		ret->note = level == 2 ? "not valid, yet not 0: Linux keeps nothing at this level"
				       : "bits 1:0 are 01, which is reserved for a page";
	} else {
		ret->kind = MMU_KIND_SOFTWARE;
	}
}

static bool encode_lpae(unsigned int level, const struct mmu_entry *entry, uint64_t *ret)
{
	bool user = entry->rights & MMU_RIGHT_USER, exec = entry->rights & MMU_RIGHT_EXEC;
	bool exec_priv = entry->rights & MMU_RIGHT_EXEC_PRIV;
	bool write = entry->rights & MMU_RIGHT_WRITE, read = entry->rights & MMU_RIGHT_READ;

	if (entry->pa >> 40)
		return false;
	if (entry->kind == MMU_KIND_TABLE) {
		bool xn = !exec && !exec_priv, no_user = !user;

		if (level == 0 || entry->pa & ~LPAE_ADDRESS || !read || (exec && !user) ||
		    (!exec && user && exec_priv))
			return false;
		*ret = entry->pa | 3 | (write ? 0 : BIT(62)) | (no_user ? BIT(61) : 0) |
		       (xn ? BIT(60) : 0) | (!xn && !exec_priv ? BIT(59) : 0);
		return true;
	}
	if (!read || (exec && !user) || (user && exec_priv && !exec) ||
	    (entry->run_lg2 && (entry->run_lg2 != 4 || level == 2)))
		return false;
	*ret = (entry->pa & BITS(12 + 9 * level + entry->run_lg2, 39)) | (level ? 1 : 3) | 7 << 2 |
	       3 << 8 | LPAE_AF | (user ? LPAE_USER | BIT(11) : 0) |
	       (write ? LPAE_DIRTY : LPAE_AP2 | LPAE_RDONLY) | (exec || exec_priv ? 0 : LPAE_XN) |
	       (exec_priv || !(exec || exec_priv) ? 0 : LPAE_PXN) |
	       (entry->run_lg2 ? LPAE_CONT : 0);
	return true;
}

/* ------------------------------------------------------------------ the ABI's functions */

static bool is_lpae(const struct mmu_regime *regime)
{
	return regime->format == &arm_formats[ARM_LPAE];
}

static void decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		   uint64_t second, struct mmu_entry *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (is_lpae(regime))
		decode_lpae(level, raw, ret);
	else if (level == PGD)
		decode_short_pgd(raw & UINT32_MAX, ret);
	else
		decode_short_pte(raw & UINT32_MAX, second & UINT32_MAX, ret);
	if (ret->pa & ~regime->pa_mask) {
		ret->kind = MMU_KIND_BAD;
		/* of a supersection, bits 39:32 lie in 8:5 and 23:20 */
		ret->bad_mask = raw & (is_lpae(regime) ? LPAE_ADDRESS & ~regime->pa_mask
						       : BITS(5, 8) | BITS(20, 31));
		ret->note = "address bits beyond the processor's physical address width";
	}
	if (ret->kind == MMU_KIND_BAD)
		ret->run_lg2 = 0;
}

static bool encode(const struct mmu_regime *regime, unsigned int level,
		   const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	uint64_t raw = 0, second = 0;

	if ((entry->kind != MMU_KIND_TABLE && entry->kind != MMU_KIND_LEAF) || entry->next_first ||
	    entry->next_count || entry->rights & ~MMU_RIGHTS_ALL ||
	    (entry->kind == MMU_KIND_TABLE && entry->run_lg2))
		return false;
	if (is_lpae(regime) ? !encode_lpae(level, entry, &raw)
	    : level == PGD  ? !encode_short_pgd(entry, &raw)
			    : !encode_short_pte(entry, &raw, &second))
		return false;
	*ret_raw = raw;
	*ret_second = second;
	return true;
}

static void explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		    uint64_t second, struct mmu_software *ret)
{
	uint64_t word = is_lpae(regime) ? raw : second;
	unsigned int offset_shift = regime->traits & ARM_SWAP_EXCLUSIVE ? 8 : 7;

	memset(ret, 0, sizeof(*ret));
	if (is_lpae(regime) && (raw & LPAE_NONE || raw & BIT(1) || (level == 1 && raw >> 52))) {
		/* PROT_NONE has bits 1:0 10 in a PTE and 00 in a PMD; a PMD in mid-split 00 too */
		ret->kind = raw & LPAE_NONE ? MMU_SOFTWARE_NONE
			    : level == 1    ? MMU_SOFTWARE_SPLIT
					    : MMU_SOFTWARE_UNKNOWN;
		ret->pa = raw & LPAE_ADDRESS & BITS(12 + 9 * level, 39);
		return;
	}
	if (!is_lpae(regime) && word & L_PRESENT) {
		ret->kind = MMU_SOFTWARE_NONE;
		ret->pa = word & BITS(12, 31);
		return;
	}
	if (word & 3 || word >> 32)
		return; /* MMU_SOFTWARE_UNKNOWN */
	ret->kind = MMU_SOFTWARE_SWAP;
	ret->type = word >> 2 & 31;
	ret->offset = word >> offset_shift;
}

__attribute__((visibility("default"))) const struct mmu_arch mmu_arch_plugin = {
	.abi = MMU_ARCH_ABI,
	.size = sizeof(struct mmu_arch),
	.name = "armv7",
	.title = "ARMv7-A",
	.elf_machine = 40, /* EM_ARM */
	.elf_class = 1,
	.page_lg2 = 12,
	.formats = arm_formats,
	.nr_formats = 2,
	.traits = traits,
	.nr_traits = COUNT(traits),
	.default_traits = ARM_SWAP_EXCLUSIVE,
	.decode = decode,
	.encode = encode,
	.explain = explain,
	.locate = arm_locate,
	.linear = arm_linear,
};
