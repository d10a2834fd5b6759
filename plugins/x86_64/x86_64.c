/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * The x86_64 back-end: 4- and 5-level paging as Linux uses it; README.md has the bits by section.
 */
#include <string.h>

#include "x86_64.h"

static const struct mmu_trait traits[] = {
	{ L1TF, "l1tf", "entries that are not present hold their address inverted (4.19)" },
	{ SAVED_DIRTY, "saved-dirty", "bit 58 is SAVED_DIRTY, DEVMAP is bit 57 (6.6)" },
	{ NO_DEVMAP, "no-devmap", "no DEVMAP; bit 11 of a kernel page is KERNEL_4K (7.1)" },
	{ SWAP_SD7, "swap-sd7",
	  "a swap entry's soft-dirty mark is bit 7, not bit 1 (before 4.14)" },
	{ ENCRYPTION, "encryption", "bits missing in pa_mask are SME, SEV or TDX, not reserved" },
	{ PTI, "pti", "NX of user slots in the top table only guards the kernel's copy (KPTI)" },
};

/* clang-format off */
#define LV_PTE   (1u << PTE)
#define LV_LARGE (1u << PMD | 1u << PUD)
#define LV_LEAF  (LV_PTE | LV_LARGE)
#define LV_TOP   (3u << 3) /* whichever is the top: Linux sets no such bit in a P4D */
#define LV_ALL   0x1fu
#define K_LEAF   (MMU_KINDS(MMU_KIND_LEAF) | MMU_KINDS(MMU_KIND_BAD))
#define K_HELD   (MMU_KINDS(MMU_KIND_TABLE) | K_LEAF)
#define K_TABLE  MMU_KINDS(MMU_KIND_TABLE)
#define K_SOFT   MMU_KINDS(MMU_KIND_SOFTWARE)

/* Read by hardware / by Linux alone: bit, levels, kinds, if_traits, no_traits, name, what. */
#define HW(n, lv, k, if_, no, name, what) \
	{ BIT(n), BIT(n), name, NULL, what, if_, no, lv, k, false, false }
#define SW(n, lv, k, if_, no, name, what) \
	{ BIT(n), BIT(n), name, NULL, what, if_, no, lv, k, false, true }
/* In a software entry: `mask` must read `value` beside the bit. */
#define AMONG(n, mask, value, lv, if_, no, name, what) \
	{ BIT(n) | (mask), BIT(n) | (value), name, NULL, what, if_, no, lv, K_SOFT, false, true }
#define SWAP(n, if_, no, name, what) AMONG(n, PROTNONE | PSE, 0, LV_LEAF, if_, no, name, what)
/* Kept in a page without access, and in a huge page that is being split. */
#define KEPT(n, if_, no, name, what) \
	AMONG(n, PROTNONE, PROTNONE, LV_LEAF, if_, no, name, what), \
	AMONG(n, PROTNONE | PSE, PSE, LV_LARGE, if_, no, name, what)

/* Lowest bit first: this is the order in which they are shown. */
static const struct mmu_flag flags[] = {
	HW(0,  LV_ALL,   K_HELD, 0, 0, "PRESENT", "the entry is valid"),
	HW(1,  LV_ALL,   K_HELD, 0, 0, "RW", "writes are allowed"),
	SWAP(1,                  0, SWAP_SD7, "SWP_SOFT_DIRTY", "soft-dirty when swapped out"),
	AMONG(1, PROTNONE | PSE, PSE, LV_LARGE, 0, 0, "RW", "writes were allowed"),
	HW(2,  LV_ALL,   K_HELD, 0, 0, "USER", "user mode has access"),
	SWAP(2,                  0, 0, "SWP_UFFD_WP", "userfaultfd write-protected it"),
	AMONG(2, PROTNONE | PSE, PSE, LV_LARGE, 0, 0, "USER", "user mode had access"),
	HW(3,  LV_ALL,   K_HELD, 0, 0, "PWT", "write-through: bit 0 of the PAT index"),
	SWAP(3,                  0, 0, "SWP_EXCLUSIVE", "an anonymous page of this process alone"),
	HW(4,  LV_ALL,   K_HELD, 0, 0, "PCD", "not cached: bit 1 of the PAT index"),
	HW(5,  LV_ALL,   K_HELD, 0, 0, "ACCESSED", "was used"),
	KEPT(5,                  0, 0, "ACCESSED", "was used"),
	HW(6,  LV_LEAF,  K_LEAF, 0, 0, "DIRTY", "was written to"),
	KEPT(6,                  0, 0, "DIRTY", "was written to"),
	HW(7,  LV_PTE,   K_LEAF, 0, 0, "PAT", "bit 2 of the PAT index"),
	HW(7,  LV_ALL & ~LV_PTE, K_LEAF, 0, 0, "PSE", "maps a large page"),
	AMONG(7, PROTNONE, PROTNONE, LV_PTE, 0, 0, "PAT", "bit 2 of the PAT index"),
	AMONG(7, 0, 0, LV_LARGE, 0, 0, "PSE", "a large page"),
	AMONG(7, PROTNONE, 0, LV_PTE, SWAP_SD7, 0, "SWP_SOFT_DIRTY", "soft-dirty when swapped out"),
	HW(8,  LV_LEAF,  K_LEAF, 0, 0, "GLOBAL", "survives a change of address space in the TLB"),
	AMONG(8, 0, 0, LV_LEAF,  0, 0, "PROTNONE", "the page is there without any access"),
	SW(9,  LV_LEAF,  K_LEAF, 0, 0, "SPECIAL", "the page has no reference count to keep"),
	KEPT(9,                  0, 0, "SPECIAL", "the page has no reference count to keep"),
	SW(10, LV_LEAF,  K_LEAF, 0, 0, "UFFD_WP", "userfaultfd write-protected it"),
	KEPT(10,                 0, 0, "UFFD_WP", "userfaultfd write-protected it"),
	SW(11, LV_LEAF,  K_LEAF, 0, NO_DEVMAP, "SOFT_DIRTY", "written to since clear_refs"),
	{ BIT(11) | USER, BIT(11) | USER, "SOFT_DIRTY", NULL, "written to since clear_refs",
	  NO_DEVMAP, 0, LV_LEAF, K_LEAF, false, true },
	{ BIT(11) | USER, BIT(11), "KERNEL_4K", NULL, "not to be merged into a large page",
	  NO_DEVMAP, 0, LV_PTE, K_LEAF, false, true },
	KEPT(11,                 0, 0, "SOFT_DIRTY", "written to since clear_refs"),
	HW(12, LV_LARGE, K_LEAF, 0, 0, "PAT", "bit 2 of the PAT index"),
	SW(57, LV_LEAF,  K_LEAF, SAVED_DIRTY, NO_DEVMAP, "DEVMAP", "memory of a device (pmem)"),
	KEPT(57,                 SAVED_DIRTY, NO_DEVMAP, "DEVMAP", "memory of a device (pmem)"),
	SW(58, LV_LEAF,  K_LEAF, 0, SAVED_DIRTY, "DEVMAP", "memory of a device (pmem)"),
	KEPT(58,                 0, SAVED_DIRTY, "DEVMAP", "memory of a device (pmem)"),
	SW(58, LV_LEAF,  K_LEAF, SAVED_DIRTY, 0, "SAVED_DIRTY", "dirty, but write-protected since"),
	KEPT(58,                 SAVED_DIRTY, 0, "SAVED_DIRTY", "dirty, but write-protected since"),
	SW(58, LV_TOP,   K_TABLE, SAVED_DIRTY, 0, "NOPTISHADOW", "KPTI keeps no user copy"),
	{ BITS(59, 62), 0, "PKEY", NULL, "protection key", 0, 0, LV_LEAF, K_LEAF, true, false },
	HW(63, LV_ALL,   K_HELD, 0, 0, "NX", "instructions are not fetched"),
	AMONG(63, PROTNONE | PSE, PSE, LV_LARGE, 0, 0, "NX", "instructions were not fetched"),
};

#define LEVEL(name, shift, leaf) { name, shift, 9, leaf, 0, 0 }
static const struct mmu_level levels4[] = {
	LEVEL("PTE", 12, true), LEVEL("PMD", 21, true), LEVEL("PUD", 30, true),
	LEVEL("PGD", 39, false),
};
static const struct mmu_level levels5[] = {
	LEVEL("PTE", 12, true), LEVEL("PMD", 21, true), LEVEL("PUD", 30, true),
	LEVEL("P4D", 39, false), LEVEL("PGD", 48, false),
};

#define FORMAT(text, about, bits, rows) \
	{ .name = text, .title = about, .entry_bytes = 8, .va_bits = bits, .pa_bits = 52, \
	  .sign_extended = true, .nr_levels = COUNT(rows), .level = rows, \
	  .flags = flags, .nr_flags = COUNT(flags) }
const struct mmu_format x86_64_formats[] = {
	FORMAT("4level", "4-level paging (Intel SDM Vol. 3A, chapter 4.5)", 48, levels4),
	FORMAT("5level", "5-level paging (Intel SDM Vol. 3A, chapter 4.5)", 57, levels5),
};
/* clang-format on */

/* ------------------------------------------------------------------ entries */

/* Is this a slot in which KPTI may set NX for its own ends? pti.c:__pti_set_user_pgtbl() */
static bool is_guarded(const struct mmu_regime *regime, unsigned int level, bool user)
{
	return regime->traits & PTI && level + 1u == regime->format->nr_levels && user;
}

static uint8_t rights_of(uint64_t raw, bool nx)
{
	return MMU_RIGHT_READ | (raw & RW ? MMU_RIGHT_WRITE : 0) |
	       (raw & USER ? MMU_RIGHT_USER : 0) | (nx ? 0 : MMU_RIGHT_EXEC_PRIV) |
	       (raw & USER && !nx ? MMU_RIGHT_EXEC : 0);
}

static void decode_absent(unsigned int level, uint64_t raw, struct mmu_entry *ret)
{
	if (!(raw & ~(ACCESSED | DIRTY))) { /* as pte_none(): _PAGE_KNL_ERRATUM_MASK, 4.8 */
		if (raw)
			ret->note = "only bits 5 and 6, which Xeon Phi may set by mistake";
	} else if (level <= PUD) {
		ret->kind = MMU_KIND_SOFTWARE;
		if (level > PTE && (raw & (PSE | PROTNONE)) == PSE) { /* as pmd_present() */
			ret->rights = rights_of(raw, raw & NX);
			ret->note = "a huge page that is just being split";
		}
	} else {
		ret->kind = MMU_KIND_BAD;
		ret->bad_mask = raw;
		ret->note = "not present, yet not 0: Linux keeps nothing at this level";
	}
}

static const char *bad_note(unsigned int level, uint64_t bad, uint64_t beyond)
{
	if (bad & beyond)
		return "reserved: address bits beyond the processor's physical address width";
	if (level > PUD)
		return "reserved: bit 7 must be 0 in this table";
	return level == PMD ? "reserved: bits 13 to 20 of a 2 MiB page must be 0"
			    : "reserved: bits 13 to 29 of a 1 GiB page must be 0";
}

void x86_64_decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		   uint64_t second, struct mmu_entry *ret)
{
	bool leaf = level == PTE || (level <= PUD && raw & PSE);
	bool large = leaf && level > PTE;
	bool guarded = is_guarded(regime, level, raw & USER);
	bool nx = raw & NX && !guarded;
	uint64_t beyond = address_bits(regime) & ~regime->pa_mask;

	(void)second;
	memset(ret, 0, sizeof(*ret));
	if (!(raw & PRESENT)) {
		decode_absent(level, raw, ret);
		return;
	}
	ret->bad_mask = raw & (beyond | (large ? BITS(13, 11 + 9 * level) : level > PUD ? PSE : 0));
	if (ret->bad_mask) {
		ret->kind = MMU_KIND_BAD;
		ret->note = bad_note(level, ret->bad_mask, beyond);
		return;
	}
	ret->kind = leaf ? MMU_KIND_LEAF : MMU_KIND_TABLE;
	ret->pa = raw & regime->pa_mask & (leaf ? BITS(12 + 9 * level, 51) : ADDRESS);
	ret->rights = rights_of(raw, nx);
	/* SDM Vol. 3A, 4.6.1: R/W 0 with D 1 */
	if (leaf && regime->traits & SAVED_DIRTY && (raw & (RW | USER | DIRTY)) == (USER | DIRTY))
		ret->note = "a shadow stack page (before 6.6: just read-only and dirty)";
	else if (guarded && raw & NX)
		ret->note = "NX only guards the kernel's copy of this table (KPTI)";
}

static bool encode(const struct mmu_regime *regime, unsigned int level,
		   const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	bool table = entry->kind == MMU_KIND_TABLE;
	bool user = entry->rights & MMU_RIGHT_USER, exec = entry->rights & MMU_RIGHT_EXEC_PRIV;
	bool guarded = is_guarded(regime, level, user);
	uint64_t pa = table ? entry->pa : entry->pa & BITS(12 + 9 * level, 63);
	uint64_t raw = PRESENT | ACCESSED | pa;

	if ((!table && entry->kind != MMU_KIND_LEAF) || (table ? level == PTE : level > PUD) ||
	    entry->run_lg2 || entry->next_first || entry->next_count ||
	    pa & ~(regime->pa_mask & ADDRESS) || !(entry->rights & MMU_RIGHT_READ) ||
	    !!(entry->rights & MMU_RIGHT_EXEC) != (user && exec) || (guarded && !exec) ||
	    entry->rights & ~MMU_RIGHTS_ALL)
		return false;
	raw |= (entry->rights & MMU_RIGHT_WRITE ? RW : 0) | (user ? USER : 0);
	raw |= exec && !guarded ? 0 : NX;
	/* Linux sets DIRTY in tables (_PAGE_TABLE); in a leaf without RW it is a shadow stack. */
	raw |= table || raw & RW ? DIRTY : 0;
	raw |= !table && level > PTE ? PSE : 0;
	*ret_raw = raw;
	*ret_second = 0;
	return true;
}

static void explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		    uint64_t second, struct mmu_software *ret)
{
	/* pgtable-invert.h: whatever is not present and not 0; by pmd_mkinvalid(), a split too */
	bool inverted = regime->traits & L1TF;
	bool large = level > PTE && raw & PSE;

	(void)second;
	memset(ret, 0, sizeof(*ret));
	if (level > PUD || (raw & PROTNONE && level > PTE && !large))
		return; /* MMU_SOFTWARE_UNKNOWN */
	if (raw & PROTNONE || large) {
		ret->kind = raw & PROTNONE ? MMU_SOFTWARE_NONE : MMU_SOFTWARE_SPLIT;
		ret->pa = (inverted ? ~raw : raw) & address_bits(regime) & BITS(12 + 9 * level, 51);
		return;
	}
	ret->kind = MMU_SOFTWARE_SWAP;
	ret->type = (uint8_t)(inverted ? raw >> 59 : raw >> 9 & 31);
	ret->offset = inverted ? ~raw << 5 >> 14 : raw >> 14;
}

__attribute__((visibility("default"))) const struct mmu_arch mmu_arch_plugin = {
	.abi = MMU_ARCH_ABI,
	.size = sizeof(struct mmu_arch),
	.name = "x86_64",
	.title = "x86-64 (Intel 64, AMD64)",
	.elf_machine = 62, /* EM_X86_64 */
	.elf_class = 2,
	.page_lg2 = 12,
	.formats = x86_64_formats,
	.nr_formats = COUNT(x86_64_formats),
	.traits = traits,
	.nr_traits = COUNT(traits),
	.default_traits = DEFAULT_TRAITS,
	.decode = x86_64_decode,
	.encode = encode,
	.explain = explain,
	.locate = x86_64_locate,
	.linear = x86_64_linear,
	.search = x86_64_search,
};
